//! C-12: a CA certificate is past its expiration, or within 30 days of it.

use crate::audit::catalog::AuditCheck;
use crate::audit::inspection::{Check, Inspected, Scene};
use crate::audit::resource::Resource;
use crate::time::Millis;

use super::{expiration, permissions};

/// Not configurable.
const THRESHOLD: Millis = Millis::days(30);

pub(super) struct CaCertificateExpiring;

impl Check for CaCertificateExpiring {
    fn check(&self) -> AuditCheck {
        AuditCheck::CaCertificateExpiring
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::CA_CERTIFICATES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        let account = scene.account;
        // Every CA in scope, whether devices register themselves through it or not.
        for ca in account.ca_certificates().filter_map(|ca| account.ca_certificate(ca)) {
            if ca.status().is_in_scope() {
                inspected.total += 1;
                let resource = || Resource::CaCertificate(ca.id());
                expiration::judge(ca.facts().not_after, scene.at, THRESHOLD, resource, &mut inspected);
            }
        }
        inspected
    }
}

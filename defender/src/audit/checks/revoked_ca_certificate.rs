//! C-02: a CA certificate that its issuer revoked is still active.

use crate::account::Revocation;
use crate::audit::catalog::{AuditCheck, ReasonCode};
use crate::audit::inspection::{Check, Inspected, Scene};
use crate::audit::resource::Resource;

use super::permissions;

pub(super) struct RevokedCaCertificate;

impl Check for RevokedCaCertificate {
    fn check(&self) -> AuditCheck {
        AuditCheck::RevokedCaCertificateStillActive
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::CA_CERTIFICATES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        let mut without_data = 0;
        let account = scene.account;
        for ca in account.ca_certificates().filter_map(|ca| account.ca_certificate(ca)) {
            if !ca.status().is_in_scope() {
                continue;
            }
            inspected.total += 1;
            let facts = ca.facts();
            // A CA that signed itself can stand in its own list only.
            match account.revocation(facts.issuer.or(facts.as_issuer), facts.serial, scene.at) {
                Revocation::Revoked { .. } => {
                    inspected.find(
                        Resource::CaCertificate(ca.id()),
                        ReasonCode::CertificateRevokedByIssuer,
                        "Certificate was revoked by its issuer.",
                    );
                }
                Revocation::NoData => without_data += 1,
                Revocation::NotRevoked => {}
            }
        }
        inspected.without_revocation_data(without_data);
        inspected
    }
}

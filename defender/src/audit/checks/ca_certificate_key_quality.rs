//! C-05: a CA certificate's key shows a known weakness.

use crate::audit::catalog::AuditCheck;
use crate::audit::inspection::{Check, Inspected, Scene};
use crate::audit::resource::Resource;

use super::key_quality::KeyQuality;
use super::permissions;

pub(super) struct CaCertificateKeyQuality;

impl Check for CaCertificateKeyQuality {
    fn check(&self) -> AuditCheck {
        AuditCheck::CaCertificateKeyQuality
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::CA_CERTIFICATES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        let mut quality = KeyQuality::new(scene.key_block_list);
        let account = scene.account;
        for ca in account.ca_certificates().filter_map(|ca| account.ca_certificate(ca)) {
            if ca.status().is_in_scope() {
                inspected.total += 1;
                let facts = ca.facts();
                let resource = || Resource::CaCertificate(ca.id());
                quality.judge(facts.key, facts.text.as_deref(), resource, &mut inspected);
            }
        }
        quality.finish(&mut inspected);
        inspected
    }
}

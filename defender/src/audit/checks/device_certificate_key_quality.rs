//! C-04: a device certificate's key shows a known weakness.

use crate::audit::catalog::AuditCheck;
use crate::audit::inspection::{Check, Inspected, Scene};
use crate::audit::resource::Resource;

use super::key_quality::KeyQuality;
use super::permissions;

pub(super) struct DeviceCertificateKeyQuality;

impl Check for DeviceCertificateKeyQuality {
    fn check(&self) -> AuditCheck {
        AuditCheck::DeviceCertificateKeyQuality
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::CERTIFICATES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        let mut quality = KeyQuality::new(scene.key_block_list);
        for (_, certificate) in scene.certificates_in_scope() {
            inspected.total += 1;
            let resource = || Resource::DeviceCertificate(certificate.id());
            quality.judge(certificate.key(), certificate.text(), resource, &mut inspected);
        }
        quality.finish(&mut inspected);
        inspected
    }
}

//! C-14: a device certificate is past its expiration, or close to it.

use crate::audit::catalog::AuditCheck;
use crate::audit::inspection::{Check, Inspected, Scene};
use crate::audit::resource::Resource;

use super::{expiration, permissions};

pub(super) struct DeviceCertificateExpiring;

impl Check for DeviceCertificateExpiring {
    fn check(&self) -> AuditCheck {
        AuditCheck::DeviceCertificateExpiring
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::CERTIFICATES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        for (_, certificate) in scene.certificates_in_scope() {
            inspected.total += 1;
            let resource = || Resource::DeviceCertificate(certificate.id());
            expiration::judge(certificate.not_after(), scene.at, scene.expiration_threshold, resource, &mut inspected);
        }
        inspected
    }
}

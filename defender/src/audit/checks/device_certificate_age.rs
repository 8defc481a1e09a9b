//! C-15: a device certificate has been active for too long.

use crate::audit::catalog::{AuditCheck, ReasonCode};
use crate::audit::inspection::{Check, Inspected, Scene};
use crate::audit::resource::Resource;

use super::permissions;

pub(super) struct DeviceCertificateAge;

impl Check for DeviceCertificateAge {
    fn check(&self) -> AuditCheck {
        AuditCheck::DeviceCertificateAge
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::CERTIFICATES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        for (_, certificate) in scene.certificates_in_scope() {
            inspected.total += 1;
            let since = certificate.activation_date().unwrap_or(certificate.creation_date());
            if scene.at - since >= scene.age_threshold {
                inspected.find(
                    Resource::DeviceCertificate(certificate.id()),
                    ReasonCode::CertificatePastAgeThreshold,
                    "Certificate is past its age threshold.",
                );
            }
        }
        inspected
    }
}

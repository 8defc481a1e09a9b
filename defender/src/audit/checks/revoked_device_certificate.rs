//! C-16: a device certificate that its issuer revoked is still active here.

use crate::account::{CertificateStatus, Revocation};
use crate::audit::catalog::{AuditCheck, ReasonCode};
use crate::audit::inspection::{Check, Inspected, Scene};
use crate::audit::resource::Resource;
use crate::error::Compatibility;

use super::permissions;

pub(super) struct RevokedDeviceCertificate;

impl Check for RevokedDeviceCertificate {
    fn check(&self) -> AuditCheck {
        AuditCheck::RevokedDeviceCertificateStillActive
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::CERTIFICATES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        let mut without_data = 0;
        for (_, certificate) in scene.certificates_in_scope() {
            inspected.total += 1;
            match scene.account.revocation(certificate.issuer(), certificate.serial(), scene.at) {
                Revocation::Revoked { .. } => {
                    inspected.find(
                        Resource::DeviceCertificate(certificate.id()),
                        ReasonCode::CertificateRevokedByIssuer,
                        "Certificate was revoked by its issuer.",
                    );
                }
                Revocation::NoData => without_data += 1,
                Revocation::NotRevoked => {}
            }
        }
        inspected.without_revocation_data(without_data);
        if scene.mode == Compatibility::Lenient {
            lint_things_with_revoked_certificates(scene, &mut inspected);
        }
        inspected
    }
}

/// what the check does not look for, since such a certificate cannot connect.
fn lint_things_with_revoked_certificates(scene: &Scene<'_>, inspected: &mut Inspected) {
    let account = scene.account;
    for index in account.certificates() {
        let revoked = account.certificate(index).filter(|row| row.status() == CertificateStatus::Revoked);
        let Some(certificate) = revoked else { continue };
        for thing in account.things_of_certificate(index) {
            let (thing, id) = (account.thing_name(thing), certificate.id());
            let message = format!("the thing `{thing}` has the certificate `{id}`, whose status is `REVOKED`");
            inspected.diagnose("THING_WITH_REVOKED_CERTIFICATE", message, None);
        }
    }
}

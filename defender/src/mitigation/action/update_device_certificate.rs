//! UPDATE_DEVICE_CERTIFICATE: the certificate becomes `INACTIVE`, never `REVOKED` (M-09, M-10, X-13, CH-104, CH-108).

use std::sync::Arc;

use super::{Action, Failure, Parameters, Reach, Scene, Subject, Undo, all_or_first, certificates};
use crate::account::CertificateStatus;
use crate::error::ServiceError;
use crate::ids::CertificateIndex;
use crate::mitigation::wire::MitigationActionParams;
use crate::time::Timestamp;

#[derive(Debug)]
struct UpdateDeviceCertificate;

pub(super) fn read(params: &MitigationActionParams) -> Parameters {
    let given = params.update_device_certificate_params.as_ref()?;
    Some(if given.action == "DEACTIVATE" {
        Ok(Arc::new(UpdateDeviceCertificate))
    } else {
        Err(ServiceError::invalid(format!("action must be `DEACTIVATE`, found `{}`", given.action)))
    })
}

impl Action for UpdateDeviceCertificate {
    /// Of an issuer's finding, every certificate in scope is tried (CH-104).
    fn apply(&self, now: Timestamp, subject: Subject<'_>, scene: &mut Scene<'_>) -> Result<(), Failure> {
        scene.need("iot:UpdateCertificate")?;
        let certificates = certificates(&subject.finding()?, scene.account, Reach::InScope)?;
        let tried = certificates.len();
        let failures = certificates.into_iter().filter_map(|certificate| deactivate(now, certificate, scene).err());
        all_or_first(failures.collect(), tried)
    }
}

fn deactivate(now: Timestamp, certificate: CertificateIndex, scene: &mut Scene<'_>) -> Result<(), Failure> {
    let row = scene.account.certificate(certificate);
    let row = row.ok_or_else(|| Failure::not_found("the certificate does not exist"))?;
    match row.status() {
        CertificateStatus::Inactive => Ok(()),
        was @ (CertificateStatus::Revoked | CertificateStatus::PendingTransfer) => {
            Err(Failure::invalid_state(format!("certificate `{}` is `{was}` and cannot be deactivated", row.id())))
        }
        was => {
            scene.account.update_certificate(now, certificate, CertificateStatus::Inactive)?;
            scene.undo.push(Undo::DeviceCertificate { certificate, was });
            Ok(())
        }
    }
}

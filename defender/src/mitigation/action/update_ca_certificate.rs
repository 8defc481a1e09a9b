//! UPDATE_CA_CERTIFICATE: no new registrations through the CA; device certificates stay as they are (M-11).

use std::sync::Arc;

use super::{Action, Failure, Parameters, Scene, Subject, Undo};
use crate::account::CaCertificateStatus;
use crate::error::ServiceError;
use crate::mitigation::findings::NonCompliant;
use crate::mitigation::wire::MitigationActionParams;
use crate::time::Timestamp;

#[derive(Debug)]
struct UpdateCaCertificate;

pub(super) fn read(params: &MitigationActionParams) -> Parameters {
    let given = params.update_ca_certificate_params.as_ref()?;
    Some(if given.action == "DEACTIVATE" {
        Ok(Arc::new(UpdateCaCertificate))
    } else {
        Err(ServiceError::invalid(format!("action must be `DEACTIVATE`, found `{}`", given.action)))
    })
}

impl Action for UpdateCaCertificate {
    fn apply(&self, now: Timestamp, subject: Subject<'_>, scene: &mut Scene<'_>) -> Result<(), Failure> {
        scene.need("iot:UpdateCACertificate")?;
        let NonCompliant::CaCertificate(id) = subject.finding()?.resource else {
            return Err(Failure::not_found("the finding names no CA certificate"));
        };
        let missing = || Failure::not_found(format!("CA certificate `{id}` does not exist"));
        let ca = scene.account.ca_certificate_of_id(&id).ok_or_else(missing)?;
        let was = scene.account.ca_certificate(ca).ok_or_else(missing)?.status();
        if was != CaCertificateStatus::Inactive {
            scene.account.update_ca_certificate(now, ca, Some(CaCertificateStatus::Inactive), None)?;
            scene.undo.push(Undo::CaCertificate { ca, was });
        }
        Ok(())
    }
}

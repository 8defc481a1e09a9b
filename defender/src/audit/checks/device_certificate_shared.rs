//! C-03: one certificate was used by several connections at a time.

use crate::account::Principal;
use crate::audit::catalog::{AuditCheck, ReasonCode};
use crate::audit::inspection::{Check, Inspected, LOOK_BACK, Related, RelatedSession, Scene};
use crate::audit::resource::Resource;
use crate::time::Millis;

use super::permissions;

/// How far the window lags behind the audit.
const LAG: Millis = Millis::hours(2);

pub(super) struct DeviceCertificateShared;

impl Check for DeviceCertificateShared {
    fn check(&self) -> AuditCheck {
        AuditCheck::DeviceCertificateShared
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::CERTIFICATES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        let account = scene.account;
        let from = scene.previous_start.map_or(scene.at - LOOK_BACK, |previous| previous - LAG);
        let to = scene.at - LAG;
        // A certificate that is no longer in the account gives no finding (CH-19).
        for index in account.certificates() {
            let principal = Principal::Certificate(index);
            if !account.was_connected(principal, from, to) {
                continue;
            }
            inspected.total += 1;
            let sessions = account.shared_sessions(principal, from, to);
            let Some(certificate) = account.certificate(index).filter(|_| !sessions.is_empty()) else { continue };
            let related = sessions.into_iter().map(|session| RelatedSession {
                client: account.client_id(session.client).into(),
                connect_time: session.connect_time,
                disconnect_time: session.disconnect_time,
            });
            inspected
                .find(
                    Resource::DeviceCertificate(certificate.id()),
                    ReasonCode::CertificateSharedByMultipleDevices,
                    "Certificate shared by one or more devices.",
                )
                .related = Related::Sessions(related.collect());
        }
        inspected
    }
}

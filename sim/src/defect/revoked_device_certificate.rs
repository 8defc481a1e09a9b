//! Device certificates that their authority revoked are still active here (C-16).

use std::sync::Arc;

use defender::account::RevocationReason;
use defender::error::ServiceError;

use super::{Defect, Entry, Targets};
use crate::alteration::{Alter, Scene, Wrong};

pub(super) const ENTRY: Entry = Entry {
    name: "revoked-device-certificate",
    summary: "Device certificates are in their authority's revocation list, and still active in the account.",
    examples: &["{ count = 20 }"],
    read: |fields| Arc::new(RevokedDeviceCertificate { targets: Targets::read(fields) }),
};

#[derive(Debug)]
struct RevokedDeviceCertificate {
    targets: Targets,
}

impl Alter for RevokedDeviceCertificate {
    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let devices = scene.devices;
        revoke(scene, devices, RevocationReason::KeyCompromise);
        for device in devices {
            let wrong = Wrong::Certificate(scene.certificate(*device));
            scene.wrong_on(*device, self.checks()[0], wrong);
        }
        Ok(())
    }
}

/// Puts the certificates of devices on the revocation lists of their issuers.
pub(crate) fn revoke(scene: &mut Scene<'_>, devices: &[u32], reason: RevocationReason) {
    for device in devices {
        let account = &scene.fleet.account;
        let entry = account.certificate(scene.certificate(*device)).and_then(|certificate| {
            let issuer = account.issuer(certificate.issuer()?)?;
            Some((issuer.subject.clone(), certificate.serial()))
        });
        if let Some((issuer, serial)) = entry {
            scene.revoke(issuer, serial, reason);
        }
    }
}

impl Defect for RevokedDeviceCertificate {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK"]
    }

    fn targets(&self) -> Option<&Targets> {
        Some(&self.targets)
    }
}

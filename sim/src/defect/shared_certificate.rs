//! One certificate on several devices (C-03): an image that was flashed with the key in it.

use std::sync::Arc;

use defender::account::Principal;
use defender::error::ServiceError;
use defender::ids::ThingId;
use defender::time::Millis;

use super::{Defect, Entry, Targets};
use crate::alteration::{Alter, Scene, Wrong};

pub(super) const ENTRY: Entry = Entry {
    name: "shared-certificate",
    summary: "Devices were provisioned with one certificate between several of them.",
    examples: &["{ count = 20 }", "{ count = 12, sharers = 4 }"],
    read: |fields| {
        Arc::new(SharedCertificate {
            sharers: fields.or_in("sharers", 2, 2.., "how many devices have one certificate between them"),
            targets: Targets::read(fields),
        })
    },
};

/// How long the sessions have been open at the onset: C-03 looks no closer than two hours back.
const OPEN_FOR: Millis = Millis::hours(3);

#[derive(Debug)]
struct SharedCertificate {
    sharers: u32,
    targets: Targets,
}

impl Alter for SharedCertificate {
    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let devices = scene.devices;
        for sharers in devices.chunks(self.sharers as usize).filter(|sharers| sharers.len() > 1) {
            let certificate = scene.certificate(sharers[0]);
            let until = scene.fleet.devices[sharers[0] as usize].valid_until;
            for device in &sharers[1..] {
                scene.hand_over(*device, certificate)?;
                scene.valid_until(*device, until);
            }
            for device in sharers {
                let client = scene.fleet.account.thing_name(ThingId(*device)).to_owned();
                scene.open_session(&client, Principal::Certificate(certificate), scene.now - OPEN_FOR);
            }
            // A finding names the first of the things that the certificate is attached to.
            scene.wrong_on(sharers[0], self.checks()[0], Wrong::Certificate(certificate));
        }
        Ok(())
    }
}

impl Defect for SharedCertificate {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["DEVICE_CERTIFICATE_SHARED_CHECK"]
    }

    fn targets(&self) -> Option<&Targets> {
        Some(&self.targets)
    }
}

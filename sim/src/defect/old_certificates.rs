//! Device certificates that have been active for too long (C-15).

use std::sync::Arc;

use defender::error::ServiceError;
use defender::time::Millis;

use super::{Defect, Entry, Targets};
use crate::alteration::{Alter, Scene, Wrong};

pub(super) const ENTRY: Entry = Entry {
    name: "old-certificates",
    summary: "Devices have used the same certificate for longer than the account allows.",
    examples: &["{ count = 20 }", r#"{ count = 20, age = "900d" }"#],
    read: |fields| {
        Arc::new(OldCertificates {
            age: fields.or("age", Millis::days(400), "how long they have been active; audits allow 365d by default"),
            targets: Targets::read(fields),
        })
    },
};

#[derive(Debug)]
struct OldCertificates {
    age: Millis,
    targets: Targets,
}

impl Alter for OldCertificates {
    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (devices, since) = (scene.devices, scene.now - self.age);
        for device in devices {
            let certificate = scene.reissue(*device, |facts| {
                facts.not_before = facts.not_before.min(since);
                facts.creation_date = Some(since);
                facts.activation_date = Some(since);
            })?;
            scene.wrong_on(*device, self.checks()[0], Wrong::Certificate(certificate));
        }
        Ok(())
    }
}

impl Defect for OldCertificates {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["DEVICE_CERTIFICATE_AGE_CHECK"]
    }

    fn targets(&self) -> Option<&Targets> {
        Some(&self.targets)
    }
}

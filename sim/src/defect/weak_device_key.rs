//! Devices whose keys can be computed by others (C-04).

use std::sync::Arc;

use defender::account::{KeyFacts, KeyVulnerability};
use defender::error::ServiceError;

use super::{Defect, Entry, Targets};
use crate::alteration::{Alter, Scene, Wrong};
use crate::scenario::fields::Fields;

pub(super) const ENTRY: Entry = Entry {
    name: "weak-device-key",
    summary: "Devices have RSA keys from a generator that is known to be broken.",
    examples: &["{ count = 20 }", r#"{ count = 20, weakness = "debian" }"#],
    read: |fields| Arc::new(WeakDeviceKey { weakness: vulnerability(fields), targets: Targets::read(fields) }),
};

/// Which generator.
pub(super) fn vulnerability(fields: &mut Fields<'_>) -> KeyVulnerability {
    fields.keyword(
        "weakness",
        Some("roca"),
        &[("roca", KeyVulnerability::Roca), ("debian", KeyVulnerability::DebianOpenssl)],
        "CVE-2017-15361 (`roca`) or CVE-2008-0166 (`debian`)",
    )
}

#[derive(Debug)]
struct WeakDeviceKey {
    weakness: KeyVulnerability,
    targets: Targets,
}

impl Alter for WeakDeviceKey {
    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let devices = scene.devices;
        for device in devices {
            let certificate = scene.reissue(*device, |facts| facts.key = KeyFacts::RSA_2048.with(self.weakness))?;
            scene.wrong_on(*device, self.checks()[0], Wrong::Certificate(certificate));
        }
        Ok(())
    }
}

impl Defect for WeakDeviceKey {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["DEVICE_CERTIFICATE_KEY_QUALITY_CHECK"]
    }

    fn targets(&self) -> Option<&Targets> {
        Some(&self.targets)
    }
}

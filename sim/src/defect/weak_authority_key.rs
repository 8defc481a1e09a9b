//! A certificate authority whose key can be computed by others (C-05).

use std::sync::Arc;

use defender::account::{KeyFacts, KeyVulnerability};
use defender::error::ServiceError;
use defender::time::Millis;

use super::weak_device_key::vulnerability;
use super::{Defect, Entry};
use crate::alteration::{Alter, Scene, Wrong};

pub(super) const ENTRY: Entry = Entry {
    name: "weak-authority-key",
    summary: "One more authority is registered, and its RSA key comes from a generator that is known to be broken.",
    examples: &["{}", r#"{ weakness = "debian" }"#],
    read: |fields| Arc::new(WeakAuthorityKey { weakness: vulnerability(fields) }),
};

#[derive(Debug)]
struct WeakAuthorityKey {
    weakness: KeyVulnerability,
}

impl Alter for WeakAuthorityKey {
    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, name) = (scene.now, scene.label());
        let (from, to) = (now - Millis::days(1_000), now + Millis::days(2_650));
        let ca = scene
            .fleet
            .add_authority(now, &name, from, to, |facts| facts.key = KeyFacts::RSA_2048.with(self.weakness))?;
        scene.wrong_with(&name, self.checks()[0], Wrong::CaCertificate(ca));
        Ok(())
    }
}

impl Defect for WeakAuthorityKey {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["CA_CERTIFICATE_KEY_QUALITY_CHECK"]
    }
}

//! A certificate authority that its issuer revoked is still active here (C-02).

use std::sync::Arc;

use defender::account::RevocationReason;
use defender::error::ServiceError;
use defender::time::Millis;

use super::{Defect, Entry};
use crate::alteration::{Alter, Name, Noun, Scene, Wrong};
use crate::fleet::subject;

pub(super) const ENTRY: Entry = Entry {
    name: "revoked-authority",
    summary: "An authority is in the revocation list, and still active in the account: one of the scenario, or one \
              that nobody looked after.",
    examples: &["{}", r#"{ authority = "device-ca-1" }"#],
    read: |fields| {
        Arc::new(RevokedAuthority {
            authority: fields.optional("authority", "an authority of the scenario; one more unless given"),
        })
    },
};

#[derive(Debug)]
struct RevokedAuthority {
    authority: Option<Name>,
}

impl Alter for RevokedAuthority {
    fn names(&self) -> Vec<(Noun, &Name)> {
        self.authority.iter().map(|name| (Noun::Authority, name)).collect()
    }

    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let name = self.authority.as_ref().map_or_else(|| scene.label(), |name| name.as_str().to_owned());
        if self.authority.is_none() {
            let now = scene.now;
            let (from, to) = (now - Millis::days(1_000), now + Millis::days(2_650));
            scene.fleet.add_authority(now, &name, from, to, |_| {})?;
        }
        let ca = revoke(scene, &name)?;
        scene.wrong_with(&name, self.checks()[0], Wrong::CaCertificate(ca));
        Ok(())
    }
}

/// Puts an authority on its own revocation list.
pub(crate) fn revoke(scene: &mut Scene<'_>, name: &str) -> Result<defender::ids::CaCertificateIndex, ServiceError> {
    let missing = || ServiceError::not_found("CA certificate", name);
    let ca = scene.fleet.authority(name).ok_or_else(missing)?;
    let serial = scene.fleet.account.ca_certificate(ca).ok_or_else(missing)?.facts().serial;
    scene.revoke(subject(name), serial, RevocationReason::CaCompromise);
    Ok(ca)
}

impl Defect for RevokedAuthority {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK"]
    }
}

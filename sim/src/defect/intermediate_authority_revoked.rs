//! An intermediate authority was revoked by its own issuer, and certificates that it signed are still in use (C-01).

use std::sync::Arc;

use defender::account::{IssuerFacts, RevocationReason};
use defender::error::ServiceError;

use super::{Defect, Entry, Targets};
use crate::alteration::{Alter, Scene, Wrong};
use crate::fleet::{certificate_id, serial, subject};

pub(super) const ENTRY: Entry = Entry {
    name: "intermediate-authority-revoked",
    summary: "An intermediate authority is in its issuer's revocation list, and devices still use certificates that it \
              signed.",
    examples: &["{ count = 20 }"],
    read: |fields| Arc::new(IntermediateAuthorityRevoked { targets: Targets::read(fields) }),
};

#[derive(Debug)]
struct IntermediateAuthorityRevoked {
    targets: Targets,
}

impl Alter for IntermediateAuthorityRevoked {
    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, label) = (scene.now, scene.label());
        let facts = |name: String, issuer| {
            let id = certificate_id(&[b"issuer", name.as_bytes()]);
            IssuerFacts { subject: subject(&name), id: id.to_string(), key_id: None, serial: serial(&id), issuer }
        };
        let root = facts(format!("{label}-root"), None);
        let list = root.subject.clone();
        let root = scene.account().register_issuer(now, root)?;
        let intermediate = facts(label, Some(root));
        let (name, number) = (intermediate.subject.clone(), intermediate.serial);
        let intermediate = scene.account().register_issuer(now, intermediate)?;
        let devices = scene.devices;
        for device in devices {
            scene.reissue(*device, |facts| facts.issuer = Some(intermediate))?;
        }
        scene.revoke(list, number, RevocationReason::CaCompromise);
        scene.wrong_with(&name, self.checks()[0], Wrong::Issuer(intermediate));
        Ok(())
    }
}

impl Defect for IntermediateAuthorityRevoked {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK"]
    }

    fn targets(&self) -> Option<&Targets> {
        Some(&self.targets)
    }
}

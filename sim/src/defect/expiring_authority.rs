//! The certificate of an authority expires (C-12).

use std::sync::Arc;

use defender::error::ServiceError;
use defender::time::Millis;

use super::{Declared, Defect, Entry};
use crate::alteration::{Alter, Name, Noun, Scene, Wrong};
use crate::scenario::Scenario;

/// How long before its end the audit sees it (C-12).
const NOTICE: Millis = Millis::days(30);

pub(super) const ENTRY: Entry = Entry {
    name: "expiring-authority",
    summary: "The certificate of an authority expires soon or during the run: one of the scenario, or one that nobody \
              looked after.",
    examples: &["{}", r#"{ authority = "device-ca-1" }"#],
    read: |fields| {
        Arc::new(ExpiringAuthority {
            authority: fields.optional("authority", "an authority of the scenario; one more unless given"),
            expires_in: fields.or("expires-in", Millis::days(10), "of one more: how long it is still valid"),
        })
    },
};

#[derive(Debug)]
struct ExpiringAuthority {
    authority: Option<Name>,
    expires_in: Millis,
}

impl Alter for ExpiringAuthority {
    fn names(&self) -> Vec<(Noun, &Name)> {
        self.authority.iter().map(|name| (Noun::Authority, name)).collect()
    }

    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, label) = (scene.now, scene.label());
        let (name, ca) = match &self.authority {
            Some(name) => (name.as_str().to_owned(), scene.fleet.authority(name.as_str())),
            None => {
                let (from, to) = (now - Millis::days(3_640), now + self.expires_in);
                let ca = scene.fleet.add_authority(now, &label, from, to, |_| {})?;
                (label, Some(ca))
            }
        };
        let ca = ca.ok_or_else(|| ServiceError::not_found("CA certificate", &name))?;
        scene.wrong_with(&name, self.checks()[0], Wrong::CaCertificate(ca));
        Ok(())
    }
}

impl Defect for ExpiringAuthority {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["CA_CERTIFICATE_EXPIRING_CHECK"]
    }

    fn declares(&self) -> Option<Declared<'_>> {
        self.authority.as_ref().map(|name| Declared::Authority(name.as_str()))
    }

    fn is_void(&self, scenario: &Scenario, _: bool) -> Option<String> {
        let name = self.authority.as_ref()?;
        let plan = scenario.authorities.iter().find(|plan| plan.name == name.as_str())?;
        (plan.not_after > scenario.end() + NOTICE)
            .then(|| format!("the certificate of `{}` is valid until {}", plan.name, plan.not_after))
    }
}

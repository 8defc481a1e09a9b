//! Device certificates expire (C-14): first an audit says so, then devices fall silent.

use std::sync::Arc;

use defender::error::ServiceError;
use defender::time::Millis;

use super::{Declared, Defect, Entry, Targets};
use crate::alteration::{Alter, Mark, Name, Noun, Place, Scene, Wrong};
use crate::scenario::Scenario;

/// How long before its end a certificate's coming expiry is a defect (the default of C-14).
pub(crate) const NOTICE: Millis = Millis::days(30);

/// Unit of the harm that expiring certificates do.
pub(crate) const OUTAGE: &str = "outage seconds";

pub(super) const ENTRY: Entry = Entry {
    name: "expiring-certificates",
    summary: "Device certificates expire soon or during the run: those of a cohort, or of some devices.",
    examples: &["{ count = 20 }", r#"{ cohort = "meters-2024" }"#, r#"{ count = 50, expires-in = "12h" }"#],
    read: |fields| {
        let cohort: Option<Name> = fields.optional(
            "cohort",
            "the certificates of this cohort, as the scenario has them; without it, some devices get others",
        );
        let wave = Wave {
            expires_in: fields.or("expires-in", Millis::days(5), "without a cohort: how long they are still valid"),
            spread: fields.or("spread", Millis(0), "without a cohort: over how long a time they expire"),
            targets: Targets::of_classes(fields, "without a cohort: how many devices"),
        };
        Arc::new(match cohort {
            Some(cohort) => ExpiringCertificates { cohort: Some(cohort), wave: None },
            None => ExpiringCertificates { cohort: None, wave: Some(wave) },
        })
    },
};

#[derive(Debug)]
struct ExpiringCertificates {
    cohort: Option<Name>,
    wave: Option<Wave>,
}

#[derive(Debug)]
struct Wave {
    expires_in: Millis,
    spread: Millis,
    targets: Targets,
}

impl Alter for ExpiringCertificates {
    fn names(&self) -> Vec<(Noun, &Name)> {
        self.cohort.iter().map(|name| (Noun::Cohort, name)).collect()
    }

    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, end) = (scene.now, scene.scenario.end());
        let devices: Vec<u32> = match &self.cohort {
            Some(cohort) => {
                let ranges = scene.fleet.cohorts.iter().filter(|(_, name, _)| *name == cohort.as_str());
                ranges.flat_map(|(_, _, range)| range.clone()).collect()
            }
            None => scene.devices.to_vec(),
        };
        for device in devices {
            if let Some(wave) = &self.wave {
                let delay = scene.dice(u64::from(device)).below(wave.spread.0.max(1) as u64) as i64 / 1_000 * 1_000;
                let until = now + wave.expires_in + Millis(delay);
                scene.reissue(device, |facts| {
                    facts.not_before = facts.not_before.min(now - Millis::DAY);
                    facts.not_after = until;
                })?;
            }
            let expiry = scene.fleet.devices[device as usize].valid_until;
            let since = (expiry - NOTICE).max(now);
            if since < end {
                scene.marks.push(Mark {
                    wrong: Wrong::Certificate(scene.certificate(device)),
                    check: self.checks()[0],
                    place: Place::Device(device),
                    since,
                    harm_planned: ((end - expiry).0.max(0) / 1_000) as u64,
                });
            }
        }
        Ok(())
    }
}

impl Defect for ExpiringCertificates {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["DEVICE_CERTIFICATE_EXPIRING_CHECK"]
    }

    fn targets(&self) -> Option<&Targets> {
        self.wave.as_ref().map(|wave| &wave.targets)
    }

    fn declares(&self) -> Option<Declared<'_>> {
        self.cohort.as_ref().map(|name| Declared::Cohort(name.as_str()))
    }

    fn is_void(&self, scenario: &Scenario, _: bool) -> Option<String> {
        let name = self.cohort.as_ref()?;
        let plan = scenario.classes.iter().flat_map(|class| &class.cohorts).find(|plan| plan.name == name.as_str())?;
        let first_end = plan.not_before + plan.lifetime;
        (first_end > scenario.end() + NOTICE)
            .then(|| format!("the certificates of `{}` are valid until {first_end} and later", plan.name))
    }

    fn harm_unit(&self) -> &'static str {
        OUTAGE
    }
}

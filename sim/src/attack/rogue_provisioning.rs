//! Mass provisioning with a stolen authority: whoever has its key signs certificates for devices that nobody built,
//! registers them, and they connect and talk like the others.

use std::sync::Arc;

use defender::account::{CertificateFacts, CertificateStatus};
use defender::error::ServiceError;
use defender::ids::ThingId;
use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::alteration::{Alter, Name, Noun, Scene, repeatedly};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::fleet::{certificate_id, serial};
use crate::outcome::Channel;
use crate::scenario::quantity::{Bytes, PerMinute};

pub(super) const ENTRY: Entry = Entry {
    name: "rogue-provisioning",
    summary: "With the stolen key of an authority, impostors are provisioned and publish. The targets are the \
              impostors: a class of its own, whose things have no certificate that works before their turn.",
    examples: &[
        r#"{ authority = "ca", pace = "30/h", rate = "10/min" }"#,
        r#"{ authority = "ca", pace = "2/h", rate = "4/h", topic = "devices/{other}/telemetry" }"#,
    ],
    read: |fields| {
        Arc::new(RogueProvisioning {
            authority: fields.required("authority", "the authority whose key was stolen, by name"),
            pace: fields.required::<PerMinute>("pace", "impostors that are provisioned; evasive: few").0,
            rate: fields.required::<PerMinute>("rate", "false messages of each, beside what its class does").0 / 60.0,
            topic: fields.optional("topic", "topic they go to; the impostor's own unless given"),
            size: fields.or("message-size", Bytes(256), "payload of each of them").0,
        })
    },
};

/// How often the intruder's script runs.
const EVERY: Millis = Millis::minutes(5);
/// Validity of the certificates.
const LIFETIME: Millis = Millis::days(365);

#[derive(Debug)]
struct RogueProvisioning {
    authority: Name,
    /// Impostors per minute.
    pace: f64,
    /// Messages per second.
    rate: f64,
    topic: Option<String>,
    size: u64,
}

impl Alter for RogueProvisioning {
    fn names(&self) -> Vec<(Noun, &Name)> {
        vec![(Noun::Authority, &self.authority)]
    }

    fn prepare(&self, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, devices) = (scene.now, scene.devices);
        for device in devices {
            let certificate = scene.certificate(*device);
            scene.account().update_certificate(now, certificate, CertificateStatus::Inactive)?;
        }
        Ok(())
    }

    fn steps(&self, duration: Millis) -> Vec<Millis> {
        repeatedly(EVERY, duration)
    }

    fn step(&self, number: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, name, devices) = (scene.now, self.authority.as_str(), scene.devices);
        let ca = scene.fleet.authority(name).ok_or_else(|| ServiceError::not_found("CA certificate", name))?;
        let issuer = scene.fleet.account.ca_certificate(ca).and_then(|ca| ca.facts().as_issuer);
        let by = |runs: usize| (runs as f64 * self.pace * EVERY.0 as f64 / 60_000.0) as usize;
        for device in devices.iter().take(by(number + 1)).skip(by(number)) {
            let thing = scene.fleet.account.thing_name(ThingId(*device)).to_owned();
            let id = certificate_id(&[b"impostor", scene.name.as_bytes(), thing.as_bytes()]);
            let facts = CertificateFacts {
                ca: Some(ca),
                issuer,
                serial: serial(&id),
                ..CertificateFacts::new(id, now, now + LIFETIME)
            };
            let certificate = scene.account().register_certificate(now, facts)?;
            scene.hand_over(*device, certificate)?;
            scene.valid_until(*device, now + LIFETIME);
            scene.begins_on(*device);
        }
        Ok(())
    }
}

impl Disturb for RogueProvisioning {
    fn topics(&self) -> Vec<Option<String>> {
        vec![self.topic.clone()]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let messages = span.events(self.rate);
        to.publishing.push(Publishing { messages, size: self.size, harm: 1, ..Publishing::default() });
    }
}

impl Attack for RogueProvisioning {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: Channel::Broker,
            techniques: &["T1552.004", "T1649", "T1136.003"],
            disturbs: &[Metric::NumMessagesSent, Metric::NumConnectionAttempts, Metric::SourceIpAddress],
            checks: &[],
            harm_unit: "false messages",
            blind_spots: "no audit counts things that nobody ordered; impostors that talk as little as the others, \
                          from the others' networks",
        }
    }

    fn alteration(&self) -> Option<&dyn Alter> {
        Some(self)
    }

    fn picks_devices(&self) -> bool {
        true
    }
}

//! An expiry wave: whoever provisions devices (careless, or paid for it) gives some of them certificates that end
//! early. Nothing happens for a while, and then they fall silent together.

use std::sync::Arc;

use defender::error::ServiceError;
use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::alteration::{Alter, Mark, Place, Scene, Wrong};
use crate::defect::{EXPIRY_NOTICE, OUTAGE};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::outcome::Channel;

pub(super) const ENTRY: Entry = Entry {
    name: "certificate-expiry",
    summary: "A supplier gives the devices certificates that end early: they fall silent in a wave, unless somebody \
              gives them others in time.",
    examples: &[
        r#"{ expires-in = "3d" }"#,
        r#"{ expires-in = "3d", own-authority = true }"#,
        r#"{ expires-in = "20h" }"#,
    ],
    read: |fields| {
        Arc::new(CertificateExpiry {
            expires_in: fields.or_in(
                "expires-in",
                Millis::days(3),
                Millis::HOUR..,
                "how long after its onset a device's certificate ends; evasive: before the next daily audit",
            ),
            own_authority: fields.or(
                "own-authority",
                false,
                "the certificates come from an authority of their own, which ends with the last of them",
            ),
        })
    },
};

#[derive(Debug)]
struct CertificateExpiry {
    expires_in: Millis,
    own_authority: bool,
}

impl Alter for CertificateExpiry {
    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, end, devices) = (scene.now, scene.scenario.end(), scene.devices);
        // Certificates are dated to the second.
        let until = |onset: defender::time::Timestamp| {
            let until = onset + self.expires_in;
            until - Millis(until.0.rem_euclid(1_000))
        };
        let ends: Vec<_> = (0..devices.len()).map(|position| until(scene.onset(position))).collect();
        let mut signer = None;
        if let (true, Some(last)) = (self.own_authority, ends.iter().max()) {
            let label = scene.label();
            let ca = scene.fleet.add_authority(now, &label, now - Millis::DAY, *last, |_| {})?;
            let issuer = scene.fleet.account.ca_certificate(ca).and_then(|ca| ca.facts().as_issuer);
            signer = Some((ca, issuer));
            scene.wrong_with(&label, "CA_CERTIFICATE_EXPIRING_CHECK", Wrong::CaCertificate(ca));
        }
        for (device, until) in devices.iter().zip(ends) {
            let certificate = scene.reissue(*device, |facts| {
                facts.not_before = facts.not_before.min(now - Millis::DAY);
                facts.not_after = until;
                if let Some((ca, issuer)) = signer {
                    (facts.ca, facts.issuer) = (Some(ca), issuer);
                }
            })?;
            let since = (until - EXPIRY_NOTICE).max(now);
            if since < end {
                scene.marks.push(Mark {
                    wrong: Wrong::Certificate(certificate),
                    check: "DEVICE_CERTIFICATE_EXPIRING_CHECK",
                    place: Place::Device(*device),
                    since,
                    harm_planned: 0,
                });
            }
        }
        Ok(())
    }
}

impl Disturb for CertificateExpiry {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        if let Some(expired) = span.phase(self.expires_in, Millis(i64::MAX)) {
            to.absence_harm += expired.events(1.0);
        }
    }

    fn deprives(&self) -> bool {
        true
    }
}

impl Attack for CertificateExpiry {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: Channel::Account,
            techniques: &["T1195.003", "T1531", "T0826"],
            disturbs: &[Metric::DisconnectDuration],
            checks: &["DEVICE_CERTIFICATE_EXPIRING_CHECK", "CA_CERTIFICATE_EXPIRING_CHECK"],
            harm_unit: OUTAGE,
            blind_spots: "certificates that end before the next audit; devices that sleep for longer than a behavior \
                          on `aws:disconnect-duration` allows anyway",
        }
    }

    fn alteration(&self) -> Option<&dyn Alter> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    #[test]
    fn it_does_harm_from_the_end_of_the_certificate_on() {
        let wave = read_inline(ENTRY.examples[0], ENTRY.read);
        assert_eq!(done(&*wave, Millis(0), Millis::days(3)).planned_harm(), 0);
        assert_eq!(done(&*wave, Millis::days(3), Millis::days(3) + Millis::HOUR).planned_harm(), 3_600);
    }
}

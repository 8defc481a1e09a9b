//! Issuer revocation: an authority that devices depend on is withdrawn, by its issuer or by an intruder.
//!
//! The two are very different. What an issuer writes into its revocation list is seen by audits and by nothing else:
//! devices go on as before. An intruder who deactivates the authority keeps new devices out, and nothing more (V-23);
//! so this one goes on to the certificates that it signed.

use std::sync::Arc;

use defender::account::{CaCertificateStatus, CertificateStatus, RevocationReason};
use defender::error::ServiceError;
use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::alteration::{Alter, Name, Noun, Scene, Wrong, repeatedly};
use crate::defect::{OUTAGE, revoke_authority, revoke_certificates};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::PerMinute;

pub(super) const ENTRY: Entry = Entry {
    name: "issuer-revocation",
    summary: "An authority is withdrawn: an intruder deactivates it and then, one after the other, the certificates of \
              the targets that it signed; or its issuer puts it and them on its revocation list.",
    examples: &[
        r#"{ authority = "ca" }"#,
        r#"{ authority = "ca", pace = "2/h", for-good = true }"#,
        r#"{ authority = "ca", by = "issuer" }"#,
    ],
    read: |fields| {
        let pace: PerMinute = fields.or("pace", PerMinute(60.0), "certificates that an intruder gets at; evasive: few");
        Arc::new(IssuerRevocation {
            authority: fields.required("authority", "the authority, by name"),
            by_issuer: fields.keyword(
                "by",
                Some("intruder"),
                &[("intruder", false), ("issuer", true)],
                "who withdraws it",
            ),
            pace: pace.0,
            for_good: fields.or(
                "for-good",
                false,
                "an intruder revokes certificates, which is final, instead of deactivating them",
            ),
        })
    },
};

/// How often the intruder's script runs.
const EVERY: Millis = Millis::minutes(5);

#[derive(Debug)]
struct IssuerRevocation {
    authority: Name,
    by_issuer: bool,
    /// Certificates per minute.
    pace: f64,
    for_good: bool,
}

impl IssuerRevocation {
    fn withdrawn_by_issuer(&self, scene: &mut Scene<'_>, devices: &[u32]) -> Result<(), ServiceError> {
        let name = self.authority.as_str();
        let ca = revoke_authority(scene, name)?;
        scene.wrong_with(name, "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK", Wrong::CaCertificate(ca));
        revoke_certificates(scene, devices, RevocationReason::CaCompromise);
        for device in devices {
            let wrong = Wrong::Certificate(scene.certificate(*device));
            scene.wrong_on(*device, "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK", wrong);
        }
        Ok(())
    }
}

impl Alter for IssuerRevocation {
    fn names(&self) -> Vec<(Noun, &Name)> {
        vec![(Noun::Authority, &self.authority)]
    }

    fn steps(&self, duration: Millis) -> Vec<Millis> {
        if self.by_issuer { vec![Millis(0)] } else { repeatedly(EVERY, duration) }
    }

    fn step(&self, number: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, name) = (scene.now, self.authority.as_str());
        let ca = scene.fleet.authority(name).ok_or_else(|| ServiceError::not_found("CA certificate", name))?;
        let signed = |device: &&u32| {
            let certificate = scene.fleet.account.certificate(scene.certificate(**device));
            certificate.is_some_and(|certificate| certificate.ca() == Some(ca))
        };
        let signed: Vec<u32> = scene.devices.iter().filter(signed).copied().collect();
        if self.by_issuer {
            return self.withdrawn_by_issuer(scene, &signed);
        }
        if number == 0 {
            scene.account().update_ca_certificate(now, ca, Some(CaCertificateStatus::Inactive), None)?;
        }
        let status = if self.for_good { CertificateStatus::Revoked } else { CertificateStatus::Inactive };
        let by = |runs: usize| (runs as f64 * self.pace * EVERY.0 as f64 / 60_000.0) as usize;
        for device in signed.iter().take(by(number + 1)).skip(by(number)) {
            let certificate = scene.certificate(*device);
            scene.account().update_certificate(now, certificate, status)?;
            scene.begins_on(*device);
        }
        Ok(())
    }
}

impl Disturb for IssuerRevocation {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        to.absence_harm += span.events(1.0);
    }

    fn deprives(&self) -> bool {
        true
    }
}

impl Attack for IssuerRevocation {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        let checks: &[_] =
            &["REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK", "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK"];
        Facts {
            channel: Channel::Account,
            techniques: &["T1078.004", "T1531", "T0826"],
            disturbs: &[Metric::DisconnectDuration],
            checks: if self.by_issuer { checks } else { &[] },
            harm_unit: OUTAGE,
            blind_spots: "an intruder who takes few certificates at a time; no audit asks whether an authority that is \
                          inactive should be; what is on a revocation list still connects",
        }
    }

    fn alteration(&self) -> Option<&dyn Alter> {
        Some(self)
    }

    fn acts_on_devices(&self) -> bool {
        !self.by_issuer
    }

    fn picks_devices(&self) -> bool {
        !self.by_issuer
    }
}

//! Cloned credentials: somebody copied a device's key. Under the device's client id, original and clone throw each
//! other out, since a broker lets one connection per client id live (V-37). Under another client id they live side by
//! side, if a policy lets the clone in: it is no attached thing (P-13), so what belongs to the thing (its topics by
//! policy variables, the groups that it is in, quarantine among them) does not concern the clone.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use defender::account::Principal;
use defender::error::ServiceError;
use defender::ids::ThingId;
use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::alteration::{Alter, Scene, Wrong, repeatedly};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::{Bytes, PerMinute};
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "cloned-credentials",
    summary: "A copy of the device's key connects: under its client id, so that the two keep kicking each other out, or \
              under one of its own; from another network or the device's own.",
    examples: &[
        r#"{ rate = "2/min" }"#,
        r#"{ rate = "1/h", visit = "10m", topic = "fleet/{other}/command" }"#,
        r#"{ rate = "2/min", client-id = "new" }"#,
        r#"{ rate = "1/h", visit = "6h", network = "own" }"#,
    ],
    read: |fields| {
        let visit = fields.or("visit", Millis(0), "evasive: connect once in this time only; 0 s: as often as possible");
        let own = fields.keyword(
            "network",
            Some("new"),
            &[("new", false), ("own", true)],
            "where the clone connects from; evasive: the device's own network",
        );
        let address = fields.or("address", IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)), "its address in a new network");
        Arc::new(ClonedCredentials {
            new_client: fields.keyword(
                "client-id",
                Some("same"),
                &[("same", false), ("new", true)],
                "whether the clone calls itself as the device does, or DEVICE-copy",
            ),
            back_off: fields.or("back-off", Millis::seconds(30), "how soon whoever was thrown out comes back"),
            visit,
            address: (!own).then_some(address),
            rate: fields.required::<PerMinute>("rate", "messages that the clone publishes in the device's name").0
                / 60.0,
            size: fields.or("message-size", Bytes(256), "payload of each of them").0,
            topic: fields.optional("topic", "topic they go to; default: the device's own"),
        })
    },
};

/// How often the account hears of the clone's sessions.
const LOOK: Millis = Millis::HOUR;
/// The clone's own client id.
const COPY: &str = "{thing}-copy";

#[derive(Debug)]
struct ClonedCredentials {
    new_client: bool,
    back_off: Millis,
    visit: Millis,
    address: Option<IpAddr>,
    rate: f64,
    size: u64,
    topic: Option<String>,
}

impl Alter for ClonedCredentials {
    fn steps(&self, duration: Millis) -> Vec<Millis> {
        repeatedly(LOOK, duration)
    }

    fn step(&self, number: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let devices = scene.devices;
        for (position, device) in devices.iter().enumerate() {
            if scene.onset(position) > scene.now + LOOK || !Wrong::Client(*device).stands(scene.fleet, scene.now) {
                continue;
            }
            let thing = scene.fleet.account.thing_name(ThingId(*device)).to_owned();
            let certificate = scene.certificate(*device);
            let principal = Principal::Certificate(certificate);
            if self.new_client {
                let copy = COPY.replace("{thing}", &thing);
                if scene.may_connect(*device, &copy) {
                    scene.open_session(&thing, principal, scene.now);
                    scene.open_session(&copy, principal, scene.now);
                    if number == 0 {
                        scene.wrong_on(*device, SHARED, Wrong::Certificate(certificate));
                    }
                }
                continue;
            }
            // It comes less often than we look, or more often: in either case once per look is enough to know.
            let share = LOOK.0 as f64 / self.visit.max(Millis(self.back_off.0 * 2)).0 as f64;
            if number == 0 || scene.dice(u64::from(*device) << 32 | number as u64).unit() < share {
                scene.displace(&thing, principal);
            }
            if number == 0 {
                scene.wrong_on(*device, CONFLICTING, Wrong::Client(*device));
            }
        }
        Ok(())
    }
}

/// The audit checks that find it.
const SHARED: &str = "DEVICE_CERTIFICATE_SHARED_CHECK";
const CONFLICTING: &str = "CONFLICTING_CLIENT_IDS_CHECK";

impl Disturb for ClonedCredentials {
    fn topics(&self) -> Vec<Option<String>> {
        vec![self.topic.clone()]
    }

    fn connects_as(&self) -> Option<&str> {
        self.new_client.then_some(COPY)
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let messages = Tempo::Steady.events(span, self.rate);
        to.publishing.push(Publishing { messages, size: self.size, harm: 1, ..Publishing::default() });
        if self.new_client {
            return;
        }
        // A round: the clone connects and the device falls, the device connects and the clone falls.
        let rounds = span.occasions(self.visit.max(Millis(self.back_off.0 * 2)), 0.5).count() as u64;
        to.connection_attempts += 2 * rounds;
        to.disconnects += 2 * rounds;
        if rounds > 0 {
            to.sources.extend(self.address);
        }
    }
}

impl Attack for ClonedCredentials {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: Channel::Broker,
            techniques: &["T1552.004", "T1649", "T1078"],
            disturbs: &[Metric::NumConnectionAttempts, Metric::NumDisconnects, Metric::SourceIpAddress],
            checks: if self.new_client { &[SHARED] } else { &[CONFLICTING] },
            harm_unit: "messages in the device's name",
            blind_spots: "a clone that comes while the device sleeps, from the device's own network; a clone under \
                          another client id shows in no metric of the device, and quarantine does not reach it",
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
    fn each_round_costs_both_sides_a_connection() {
        let flapping = done(&*read_inline(ENTRY.examples[0], ENTRY.read), Millis(0), Millis::minutes(5));
        assert_eq!((flapping.connection_attempts, flapping.disconnects), (10, 10));
        let visits = done(&*read_inline(ENTRY.examples[1], ENTRY.read), Millis(0), Millis::hours(1));
        assert_eq!((visits.connection_attempts, visits.publishing[0].messages), (12, 1));
    }

    #[test]
    fn a_clone_with_a_client_id_of_its_own_disturbs_no_connection() {
        let apart = done(&*read_inline(ENTRY.examples[2], ENTRY.read), Millis(0), Millis::hours(1));
        assert_eq!((apart.connection_attempts, apart.disconnects, apart.sources.len()), (0, 0, 0));
        assert_eq!(apart.planned_harm(), 120);
        let near = done(&*read_inline(ENTRY.examples[3], ENTRY.read), Millis(0), Millis::hours(6));
        assert_eq!((near.connection_attempts, near.sources.len()), (2, 0));
    }
}

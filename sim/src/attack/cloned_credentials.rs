//! Cloned credentials: somebody copied a device's key, and connects as the device from elsewhere. A broker lets one
//! connection per client id live (V-37), so original and clone throw each other out.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::{Bytes, PerMinute};
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "cloned-credentials",
    summary: "A copy of the device's key connects under its client id from another network; the two keep kicking each \
              other out.",
    examples: &[r#"{ rate = "2/min" }"#, r#"{ rate = "1/h", visit = "10m", topic = "fleet/{other}/command" }"#],
    read: |fields| {
        let visit = fields.or("visit", Millis(0), "evasive: connect once in this time only; 0 s: as often as possible");
        Arc::new(ClonedCredentials {
            back_off: fields.or("back-off", Millis::seconds(30), "how soon whoever was thrown out comes back"),
            visit,
            address: fields.or("address", IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)), "where the clone connects from"),
            rate: fields.required::<PerMinute>("rate", "messages that the clone publishes in the device's name").0
                / 60.0,
            size: fields.or("message-size", Bytes(256), "payload of each of them").0,
            topic: fields.optional("topic", "topic they go to; default: the device's own"),
        })
    },
};

#[derive(Debug)]
struct ClonedCredentials {
    back_off: Millis,
    visit: Millis,
    address: IpAddr,
    rate: f64,
    size: u64,
    topic: Option<String>,
}

impl Disturb for ClonedCredentials {
    fn topics(&self) -> Vec<Option<String>> {
        vec![self.topic.clone()]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        // A round: the clone connects and the device falls, the device connects and the clone falls.
        let rounds = span.occasions(self.visit.max(Millis(self.back_off.0 * 2)), 0.5).count() as u64;
        to.connection_attempts += 2 * rounds;
        to.disconnects += 2 * rounds;
        if rounds > 0 {
            to.sources.push(self.address);
        }
        let messages = Tempo::Steady.events(span, self.rate);
        to.publishing.push(Publishing { messages, size: self.size, harm: 1, ..Publishing::default() });
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
            checks: &[],
            harm_unit: "messages in the device's name",
            blind_spots: "a clone that comes while the device sleeps, from the device's own network; a clone under \
                          another client id, which a policy without the attached-thing condition lets in",
        }
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
}

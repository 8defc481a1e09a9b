//! Data exfiltration: a compromised device sends out what it should not, through the broker or straight to an
//! address.

use std::net::IpAddr;
use std::sync::Arc;

use defender::metric::Metric;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::{Bytes, BytesPerSecond};
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "exfiltration",
    summary: "A compromised device sends data out, through the broker or straight to an address.",
    examples: &[
        r#"{ rate = "4 KiB/s", message-size = "8 KiB" }"#,
        r#"{ rate = "4 KiB/s", address = "203.0.113.7" }"#,
        r#"{ rate = "40 B/s", message-size = "512 B", peak = "14h" }"#,
        r#"{ rate = "500 B/s", address = "203.0.113.7", ramp = "12h" }"#,
    ],
    read: |fields| {
        Arc::new(Exfiltration {
            rate: fields.required::<BytesPerSecond>("rate", "how much each device sends out").0,
            message_size: fields
                .or("message-size", Bytes(8_192), "payload of each message through the broker")
                .0
                .max(1),
            topic: fields.optional("topic", "topic it publishes to; `{thing}` is the device; default: its own topic"),
            address: fields.optional("address", "send straight to this address instead of through the broker"),
            tempo: Tempo::read(fields),
        })
    },
};

#[derive(Debug)]
struct Exfiltration {
    rate: f64,
    message_size: u64,
    topic: Option<String>,
    address: Option<IpAddr>,
    tempo: Tempo,
}

impl Disturb for Exfiltration {
    fn topics(&self) -> Vec<Option<String>> {
        // A raw socket asks no broker.
        if self.address.is_some() { Vec::new() } else { vec![self.topic.clone()] }
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        if let Some(address) = self.address {
            to.network_harm += to.send(span, &self.tempo, self.rate);
            to.connections += u64::from(self.tempo.acts_at_the_end_of(span));
            if self.tempo.acts_in(span) {
                to.destinations.push(address);
            }
        } else {
            let (size, rate) = (self.message_size, self.rate / self.message_size as f64);
            let messages = self.tempo.events(span, rate);
            to.publishing.push(Publishing { messages, size, harm: size, ..Publishing::default() });
        }
    }
}

impl Attack for Exfiltration {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        let direct = self.address.is_some();
        Facts {
            channel: if direct { Channel::Network } else { Channel::Broker },
            techniques: if direct { &["T1041", "T1048"] } else { &["T1567", "T1071.005"] },
            disturbs: if direct {
                &[
                    Metric::AllBytesOut,
                    Metric::AllPacketsOut,
                    Metric::NumEstablishedTcpConnections,
                    Metric::DestinationIpAddresses,
                ]
            } else {
                &[Metric::NumMessagesSent, Metric::MessageByteSize, Metric::AllBytesOut, Metric::AllPacketsOut]
            },
            checks: &[],
            harm_unit: "bytes",
            blind_spots: "a rate inside the device's ordinary variation, spread over enough time",
        }
    }
}

#[cfg(test)]
mod tests {
    use defender::time::Millis;

    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    #[test]
    fn evasion_changes_when_not_how_much() {
        let [_, steady, _, ramp] = [0, 1, 2, 3].map(|i| read_inline(ENTRY.examples[i], ENTRY.read));
        assert_eq!(done(&*steady, Millis(0), Millis::hours(1)).network_harm, 4 * 1_024 * 3_600);
        let first = done(&*ramp, Millis(0), Millis::hours(1)).network_harm;
        let last = done(&*ramp, Millis::hours(12), Millis::hours(13)).network_harm;
        assert_eq!((first, last), (75_000, 1_800_000));
    }
}

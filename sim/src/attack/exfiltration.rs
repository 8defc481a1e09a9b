//! Data exfiltration: a compromised device sends out what it should not, through the broker or straight to an
//! address.

use std::net::IpAddr;
use std::sync::Arc;

use defender::metric::Metric;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::{Bytes, BytesPerSecond};

pub(super) const ENTRY: Entry = Entry {
    name: "exfiltration",
    summary: "A compromised device sends data out, through the broker or straight to an address.",
    read: |fields| {
        Arc::new(Exfiltration {
            rate: fields.required::<BytesPerSecond>("rate", "how much each device sends out").0,
            message_size: fields
                .or("message-size", Bytes(8_192), "payload of each message through the broker")
                .0
                .max(1),
            topic: fields.optional("topic", "topic it publishes to; `{thing}` is the device; default: its own topic"),
            address: fields.optional("address", "send straight to this address instead of through the broker"),
        })
    },
};

/// Bytes of a full-size TCP segment, to turn volumes into packets.
pub(super) const SEGMENT: u64 = 1_400;

#[derive(Debug)]
struct Exfiltration {
    rate: f64,
    message_size: u64,
    topic: Option<String>,
    address: Option<IpAddr>,
}

impl Disturb for Exfiltration {
    fn topics(&self) -> Vec<Option<String>> {
        vec![self.topic.clone()]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        if let Some(address) = self.address {
            let bytes = span.events(self.rate);
            to.bytes_out += bytes;
            to.packets_out += bytes.div_ceil(SEGMENT);
            to.packets_in += bytes.div_ceil(2 * SEGMENT);
            to.bytes_in += bytes.div_ceil(2 * SEGMENT) * 40;
            to.connections += 1;
            to.destinations.push(address);
            to.harm += bytes;
        } else {
            let messages = span.events(self.rate / self.message_size as f64);
            to.publishing.push(Publishing { topic: 0, messages, size: self.message_size, harm: self.message_size });
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

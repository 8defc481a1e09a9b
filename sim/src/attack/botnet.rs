//! Recruitment into a botnet, in the manner of Mirai (Antonakakis et al., "Understanding the Mirai Botnet", USENIX
//! Security 2017): the device first looks for others of its kind, then joins a flood.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::{Bytes, BytesPerSecond, PerMinute};
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "botnet",
    summary: "The device is recruited: it scans for others of its kind, then floods a victim on command.",
    examples: &[
        r#"{ scan-rate = "2/s", flood-rate = "200 KiB/s", victim = "203.0.113.80" }"#,
        r#"{ scan-rate = "1/min", scan = "12h", flood-rate = "20 KiB/s", victim = "203.0.113.80", pulse = "1m", every = "10m" }"#,
    ],
    read: |fields| {
        Arc::new(Botnet {
            scan_rate: fields.required::<PerMinute>("scan-rate", "addresses tried per device while scanning").0 / 60.0,
            scan: fields.or("scan", Millis::hours(1), "how long it scans before it floods"),
            flood_rate: fields.required::<BytesPerSecond>("flood-rate", "how much each device sends at the victim").0,
            victim: fields.required("victim", "address that is flooded"),
            packet_size: fields.or("packet-size", Bytes(512), "size of each packet of the flood").0.max(1),
            controller: fields.or(
                "controller",
                IpAddr::V4(Ipv4Addr::new(203, 0, 113, 66)),
                "address that commands come from; the connection stays open",
            ),
            flood: Tempo::read(fields),
        })
    },
};

/// A scan's packet: a TCP segment without data.
const PROBE: u64 = 40;
/// Agents list at most this many connections.
const LISTED: usize = 50;

#[derive(Debug)]
struct Botnet {
    scan_rate: f64,
    scan: Millis,
    flood_rate: f64,
    victim: IpAddr,
    packet_size: u64,
    controller: IpAddr,
    flood: Tempo,
}

impl Disturb for Botnet {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        to.connections += 1;
        to.destinations.push(self.controller);
        if let Some(scan) = span.phase(Millis(0), self.scan) {
            let probes = scan.events(self.scan_rate);
            to.packets_out += probes;
            to.bytes_out += probes * PROBE;
            // Most addresses stay silent; one in sixteen says that nobody listens.
            let refusals = scan.events(self.scan_rate / 16.0);
            to.packets_in += refusals;
            to.bytes_in += refusals * PROBE;
            // Half-open connections wait some ten seconds for an answer.
            if span.to <= self.scan {
                to.connections += (self.scan_rate * 10.0).min(200.0) as u64;
            }
            for _ in 0..probes.min(LISTED as u64 - 1) {
                // A network reserved for measurements (RFC 2544): nobody real.
                to.destinations.push(IpAddr::V4(Ipv4Addr::from(0xC612_0000 | span.dice.below(1 << 17) as u32)));
            }
        }
        if let Some(flood) = span.phase(self.scan, Millis(i64::MAX)) {
            let packets = self.flood.events(&flood, self.flood_rate / self.packet_size as f64);
            to.packets_out += packets;
            to.bytes_out += packets * self.packet_size;
            to.network_harm += packets * self.packet_size;
            if self.flood.acts_in(&flood) {
                to.destinations.push(self.victim);
            }
        }
    }
}

impl Attack for Botnet {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: Channel::Network,
            techniques: &["T1595.001", "T1110.001", "T1584.005", "T1498.001"],
            disturbs: &[
                Metric::AllPacketsOut,
                Metric::AllBytesOut,
                Metric::NumEstablishedTcpConnections,
                Metric::DestinationIpAddresses,
            ],
            checks: &[],
            harm_unit: "bytes at the victim",
            blind_spots: "devices without an agent; floods spread thin over many devices; anything the broker would \
                          have to see",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    #[test]
    fn it_scans_first_and_floods_then() {
        let attack = read_inline(ENTRY.examples[0], ENTRY.read);
        let scan = done(&*attack, Millis(0), Millis::minutes(5));
        assert_eq!((scan.packets_out, scan.planned_harm()), (600, 0));
        assert_eq!(scan.destinations.len(), LISTED);
        let flood = done(&*attack, Millis::hours(1), Millis::hours(1) + Millis::MINUTE);
        assert_eq!(flood.planned_harm(), 200 * 1_024 * 60);
        assert_eq!(flood.destinations.len(), 2);
    }
}

//! Reverse shell: the device calls out, and whoever answers types.

use std::net::IpAddr;
use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::BytesPerSecond;
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "reverse-shell",
    summary: "The device dials out to somebody who then types commands on it.",
    examples: &[
        r#"{ address = "203.0.113.44" }"#,
        r#"{ address = "203.0.113.44", dwell = "0s", output = "20 B/s", pulse = "5m", every = "3h" }"#,
    ],
    read: |fields| {
        Arc::new(ReverseShell {
            address: fields.required("address", "who is dialed"),
            dwell: fields.or("dwell", Millis::minutes(10), "how long the shell waits before somebody types"),
            output: fields.or("output", BytesPerSecond(400.0), "what commands print, while somebody types").0,
            tempo: Tempo::read(fields),
        })
    },
};

/// Time between keep-alive packets of an idle shell.
const KEEP_ALIVE: Millis = Millis::seconds(30);
/// Bytes of such a packet.
const IDLE_PACKET: u64 = 66;
/// Of what goes out, this share comes in as keystrokes and acknowledgements.
const TYPED: f64 = 0.08;

#[derive(Debug)]
struct ReverseShell {
    address: IpAddr,
    dwell: Millis,
    output: f64,
    tempo: Tempo,
}

impl Disturb for ReverseShell {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let idle = self.tempo.events(span, 1_000.0 / KEEP_ALIVE.0 as f64);
        to.packets_out += idle;
        to.packets_in += idle;
        to.bytes_out += idle * IDLE_PACKET;
        to.bytes_in += idle * IDLE_PACKET;
        if let Some(typing) = span.phase(self.dwell, Millis(i64::MAX)) {
            to.send(&typing, &self.tempo, self.output);
            to.fetch(&typing, &self.tempo, self.output * TYPED);
        }
        if self.tempo.acts_in(span) {
            to.destinations.push(self.address);
        }
        to.connections += u64::from(self.tempo.acts_at_the_end_of(span));
        to.network_harm += self.tempo.events(span, 1.0);
    }
}

impl Attack for ReverseShell {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: Channel::Network,
            techniques: &["T1059.004", "T1095", "T1571"],
            disturbs: &[Metric::NumEstablishedTcpConnections, Metric::DestinationIpAddresses],
            checks: &[],
            harm_unit: "seconds under control",
            blind_spots: "it opens no port, so port behaviors say nothing; a shell that is open only between reports",
        }
    }
}

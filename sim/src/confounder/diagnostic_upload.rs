//! Diagnostic upload: support asked for logs, or a nightly backup runs. To a byte counter it looks like exfiltration.

use std::net::IpAddr;
use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Confounder, Entry};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::scenario::quantity::Bytes;
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "diagnostic-upload",
    summary: "Each device uploads logs or a backup, once or every night.",
    examples: &[r#"{ size = "18 MiB" }"#, r#"{ size = "2 MiB", takes = "2m", every = "6h", address = "192.0.2.200" }"#],
    read: |fields| {
        let takes = fields.or("takes", Millis::minutes(20), "how long an upload takes").max(Millis::SECOND);
        let every = fields.or("every", Millis::DAY, "from the beginning of one upload to the next");
        if every < takes {
            fields.refuse("every", every, format!("be at least `takes`, which is {takes}"));
        }
        Arc::new(DiagnosticUpload {
            size: fields.required::<Bytes>("size", "what each device uploads, each time").0,
            takes,
            every: every.max(takes),
            address: fields.optional("address", "where to; default: where the device's connections lead anyway"),
        })
    },
};

#[derive(Debug)]
struct DiagnosticUpload {
    size: u64,
    takes: Millis,
    every: Millis,
    address: Option<IpAddr>,
}

impl Disturb for DiagnosticUpload {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let tempo = Tempo::Pulse { length: self.takes, every: self.every };
        to.send(span, &tempo, self.size as f64 / self.takes.as_seconds_f64());
        if tempo.acts_at_the_end_of(span) {
            to.connections += 1;
            to.destinations.extend(self.address);
        }
    }
}

impl Confounder for DiagnosticUpload {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn disturbs(&self) -> &'static [Metric] {
        const KNOWN: &[Metric] = &[
            Metric::AllBytesOut,
            Metric::AllPacketsOut,
            Metric::AllBytesIn,
            Metric::AllPacketsIn,
            Metric::NumEstablishedTcpConnections,
        ];
        const ELSEWHERE: &[Metric] = &[
            Metric::AllBytesOut,
            Metric::AllPacketsOut,
            Metric::AllBytesIn,
            Metric::AllPacketsIn,
            Metric::NumEstablishedTcpConnections,
            Metric::DestinationIpAddresses,
        ];
        if self.address.is_some() { ELSEWHERE } else { KNOWN }
    }
}

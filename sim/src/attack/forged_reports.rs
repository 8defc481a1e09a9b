//! Forged reports: whoever owns the device also owns its agent, which now says that all is well.

use std::sync::Arc;

use defender::metric::Metric;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Claims, Disturb, Disturbance, Span};
use crate::outcome::Channel;

pub(super) const ENTRY: Entry = Entry {
    name: "forged-reports",
    summary: "The device's reports claim an ordinary day, whatever else goes on.",
    examples: &["{}", "{ bytes-out = 4_000, packets-out = 40, connections = 1 }"],
    read: |fields| {
        let mut claim = |key, doc| fields.optional(key, doc);
        let claims = Claims {
            bytes_out: claim("bytes-out", "bytes out that every report claims; what is ordinary unless given"),
            bytes_in: claim("bytes-in", "bytes in that every report claims"),
            packets_out: claim("packets-out", "packets out that every report claims"),
            packets_in: claim("packets-in", "packets in that every report claims"),
            connections: claim("connections", "established connections that every report claims"),
        };
        Arc::new(ForgedReports { claims })
    },
};

#[derive(Debug)]
struct ForgedReports {
    claims: Claims,
}

impl Disturb for ForgedReports {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        to.forged = Some(self.claims);
        to.harm += span.events(1.0);
    }

    fn governs(&self) -> bool {
        true
    }
}

impl Attack for ForgedReports {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        const CLAIMED: &[Metric] = &[
            Metric::AllBytesOut,
            Metric::AllBytesIn,
            Metric::AllPacketsOut,
            Metric::AllPacketsIn,
            Metric::NumEstablishedTcpConnections,
        ];
        Facts {
            channel: Channel::Device,
            techniques: &["T1565.002", "T0856", "T1562.006"],
            disturbs: if self.claims == Claims::default() { &[] } else { CLAIMED },
            checks: &[],
            harm_unit: "seconds of false reports",
            blind_spots: "every device-side metric: a report is as honest as its device. Only what the broker counts \
                          itself, or a report that contradicts it, can tell",
        }
    }
}

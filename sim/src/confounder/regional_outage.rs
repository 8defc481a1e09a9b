//! Regional outage: power or uplink of an area fails. Devices fall silent together, come back together, and tell what
//! they had to keep to themselves.

use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Confounder, Entry};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::scenario::quantity::PerMinute;

pub(super) const ENTRY: Entry = Entry {
    name: "regional-outage",
    summary: "Devices of an area have no network for a while, then come back together and send what they kept.",
    examples: &[r#"{ outage = "2h" }"#, r#"{ outage = "9h", kept = "20/h", flush = "30m", return = "15m" }"#],
    read: |fields| {
        let flush = fields.or("flush", Millis::minutes(10), "how long sending the kept messages takes");
        Arc::new(RegionalOutage {
            outage: fields.required("outage", "how long a device is without network"),
            back: fields.or("return", Millis::minutes(5), "a device comes back after a draw up to this").max(Millis(1)),
            kept: fields.or("kept", PerMinute(0.2), "messages kept while there is no network").0,
            flush: flush.max(Millis::SECOND),
        })
    },
};

#[derive(Debug)]
struct RegionalOutage {
    outage: Millis,
    back: Millis,
    kept: f64,
    flush: Millis,
}

impl Disturb for RegionalOutage {
    fn topics(&self) -> Vec<Option<String>> {
        vec![None]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let back = self.outage + Millis(span.occasion(0).below(self.back.0 as u64) as i64);
        to.offline = span.phase(Millis(0), back).map_or(Millis(0), |dark| dark.length());
        to.disconnects += u64::from(span.contains(Millis(0)));
        to.connection_attempts += u64::from(span.contains(back));
        if let Some(flush) = span.phase(back, back + self.flush) {
            let kept = self.kept * self.outage.as_seconds_f64() / 60.0;
            let messages = flush.events(kept / self.flush.as_seconds_f64());
            to.publishing.push(Publishing { messages, size: 300, ..Publishing::default() });
        }
    }

    fn governs(&self) -> bool {
        true
    }
}

impl Confounder for RegionalOutage {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn disturbs(&self) -> &'static [Metric] {
        &[
            Metric::DisconnectDuration,
            Metric::NumMessagesSent,
            Metric::NumMessagesReceived,
            Metric::NumDisconnects,
            Metric::NumConnectionAttempts,
            Metric::AllBytesOut,
            Metric::AllPacketsOut,
        ]
    }
}

//! Message storm: a bug makes devices publish the same thing again and again.

use std::sync::Arc;

use defender::metric::Metric;

use super::{Confounder, Entry};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::scenario::quantity::{Bytes, PerMinute};
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "message-storm",
    summary: "A bug makes devices publish the same thing again and again.",
    examples: &[r#"{ rate = "2/s" }"#, r#"{ rate = "30/min", message-size = "2 KiB", pulse = "5m", every = "30m" }"#],
    read: |fields| {
        Arc::new(MessageStorm {
            rate: fields.required::<PerMinute>("rate", "messages published per device").0 / 60.0,
            size: fields.or("message-size", Bytes(300), "payload of each").0,
            tempo: Tempo::read(fields),
        })
    },
};

#[derive(Debug)]
struct MessageStorm {
    rate: f64,
    size: u64,
    tempo: Tempo,
}

impl Disturb for MessageStorm {
    fn topics(&self) -> Vec<Option<String>> {
        vec![None]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let messages = self.tempo.events(span, self.rate);
        to.publishing.push(Publishing { messages, size: self.size, ..Publishing::default() });
    }
}

impl Confounder for MessageStorm {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn disturbs(&self) -> &'static [Metric] {
        &[
            Metric::NumMessagesSent,
            Metric::MessageByteSize,
            Metric::AllBytesOut,
            Metric::AllPacketsOut,
            Metric::AllPacketsIn,
        ]
    }
}

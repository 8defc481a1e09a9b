//! Baseline poisoning: traffic grows so slowly that whoever learns what is normal learns this, until the real thing
//! fits in.

use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::{Bytes, PerMinute};
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "baseline-poisoning",
    summary: "Harmless traffic grows slowly enough to be learned as normal; then data leaves under its cover.",
    examples: &[r#"{ rate = "12/min", over = "2d" }"#],
    read: |fields| {
        let over = fields.required("over", "how long the harmless traffic grows before data leaves");
        if over <= Millis(0) {
            fields.refuse("over", over, "be longer than nothing");
        }
        Arc::new(BaselinePoisoning {
            rate: fields.required::<PerMinute>("rate", "messages per device at the end of the growth").0 / 60.0,
            size: fields.or("message-size", Bytes(1_024), "payload of each message").0,
            over,
        })
    },
};

#[derive(Debug)]
struct BaselinePoisoning {
    rate: f64,
    size: u64,
    over: Millis,
}

impl Disturb for BaselinePoisoning {
    fn topics(&self) -> Vec<Option<String>> {
        vec![None]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        if let Some(growth) = span.phase(Millis(0), self.over) {
            let messages = Tempo::Ramp { over: self.over }.events(&growth, self.rate);
            to.publishing.push(Publishing { messages, size: self.size, ..Publishing::default() });
        }
        if let Some(harvest) = span.phase(self.over, Millis(i64::MAX)) {
            let messages = harvest.events(self.rate);
            to.publishing.push(Publishing { messages, size: self.size, harm: self.size, ..Publishing::default() });
        }
    }
}

impl Attack for BaselinePoisoning {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: Channel::Broker,
            techniques: &["T1030", "T1567", "T1562"],
            disturbs: &[Metric::NumMessagesSent, Metric::AllBytesOut, Metric::AllPacketsOut],
            checks: &[],
            harm_unit: "bytes",
            blind_spots: "thresholds that are learned from the device itself, or from a fleet of which enough takes \
                          part; a static threshold is not impressed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    #[test]
    fn harm_begins_when_the_growth_ends() {
        let attack = read_inline(ENTRY.examples[0], ENTRY.read);
        let growth = done(&*attack, Millis(0), Millis::days(2));
        // Half of 12 per minute over two days.
        assert_eq!((growth.publishing[0].messages, growth.planned_harm()), (17_280, 0));
        let hour = done(&*attack, Millis::days(2), Millis::days(2) + Millis::HOUR);
        assert_eq!(hour.planned_harm(), 720 * 1_024);
    }
}

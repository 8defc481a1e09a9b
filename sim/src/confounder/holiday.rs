//! Holiday: people are at home, or away. By day the traffic is another one; nights are as always.

use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::seasonal_load::thousandths;
use super::{Confounder, Entry};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::scenario::quantity::Factor;

pub(super) const ENTRY: Entry = Entry {
    name: "holiday",
    summary: "Ordinary traffic is another one by day: more where people are at home, less where nobody works.",
    examples: &["{ factor = 2 }", r#"{ factor = 0.3, from = "5h", to = "19h" }"#],
    read: |fields| {
        let from = fields.or("from", Millis::hours(6), "time of day at which the day begins, in UTC");
        let to = fields.or("to", Millis::hours(22), "time of day at which it ends, in UTC");
        if to <= from {
            fields.refuse("to", to, format!("be later than `from`, which is {from}"));
        }
        let factor = fields.required::<Factor>("factor", "by how much traffic is multiplied by day").0;
        Arc::new(Holiday { factor, from, to })
    },
};

#[derive(Debug)]
struct Holiday {
    factor: f64,
    from: Millis,
    to: Millis,
}

impl Disturb for Holiday {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let time_of_day = Millis((span.onset.0 + span.to.0 - 1).rem_euclid(Millis::DAY.0));
        if self.from <= time_of_day && time_of_day < self.to {
            to.ordinary = Some(thousandths(self.factor, 1.0));
        }
    }

    fn governs(&self) -> bool {
        true
    }
}

impl Confounder for Holiday {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn disturbs(&self) -> &'static [Metric] {
        &[
            Metric::NumMessagesSent,
            Metric::NumMessagesReceived,
            Metric::AllBytesOut,
            Metric::AllBytesIn,
            Metric::AllPacketsOut,
            Metric::AllPacketsIn,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    #[test]
    fn nights_are_as_always() {
        let confounder = read_inline(ENTRY.examples[1], ENTRY.read);
        let at = |hour: i64| done(&*confounder, Millis::hours(hour), Millis::hours(hour + 1)).ordinary;
        assert_eq!([4, 5, 18, 19].map(at), [None, Some(300), Some(300), None]);
    }
}

//! Clock change: daylight saving time begins or ends. Where the clock goes back, the timers of an hour fire twice;
//! where it goes forward, those of the hour that never was fire together.

use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Confounder, Entry};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};

pub(super) const ENTRY: Entry = Entry {
    name: "clock-change",
    summary: "Clocks go back, and an hour's work is done twice; or forward, and it is done all at once.",
    examples: &[r#"{ direction = "back" }"#, r#"{ direction = "forward", timers = 40 }"#],
    read: |fields| {
        let direction = [("back", Direction::Back), ("forward", Direction::Forward)];
        Arc::new(ClockChange {
            direction: fields.keyword(
                "direction",
                None,
                &direction,
                "which way the clock is set; the act begins with it",
            ),
            timers: fields.or("timers", 12, "forward: messages that the skipped hour would have brought"),
        })
    },
};

#[derive(Clone, Copy, Debug)]
enum Direction {
    Back,
    Forward,
}

#[derive(Debug)]
struct ClockChange {
    direction: Direction,
    timers: u32,
}

impl Disturb for ClockChange {
    fn topics(&self) -> Vec<Option<String>> {
        vec![None]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        match self.direction {
            Direction::Back => to.ordinary = span.phase(Millis(0), Millis::HOUR).map(|_| 2_000),
            Direction::Forward if span.contains(Millis(0)) => {
                let messages = u64::from(self.timers);
                to.publishing.push(Publishing { messages, size: 300, ..Publishing::default() });
            }
            Direction::Forward => {}
        }
    }

    fn governs(&self) -> bool {
        matches!(self.direction, Direction::Back)
    }
}

impl Confounder for ClockChange {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn disturbs(&self) -> &'static [Metric] {
        &[Metric::NumMessagesSent, Metric::AllBytesOut, Metric::AllPacketsOut]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    #[test]
    fn one_hour_is_doubled_or_bunched() {
        let [back, forward] = [0, 1].map(|i| read_inline(ENTRY.examples[i], ENTRY.read));
        let window = |minute: i64| (Millis::minutes(minute), Millis::minutes(minute + 5));
        let load = |minute| done(&*back, window(minute).0, window(minute).1).ordinary;
        assert_eq!([load(0), load(55), load(60)], [Some(2_000), Some(2_000), None]);
        let sent = |minute| done(&*forward, window(minute).0, window(minute).1).publishing.first().map(|p| p.messages);
        assert_eq!([sent(0), sent(5)], [Some(40), None]);
    }
}

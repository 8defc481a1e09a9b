//! Reports arrive late. The service takes a report for what happens as it arrives (R-05), and refuses one that comes less than 300 s after the one before (R-04).

use std::sync::Arc;

use crate::scenario::Delay;
use defender::time::Millis;

use super::{DEVICE_SIDE, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "report-delay",
    summary: "Reports arrive late. The service takes a report for what happens as it arrives (R-05), and refuses one that comes less than 300 s after the one before (R-04).",
    stage: Stage::Network,
    intensity_of: "probability, for each report",
    intensity: 0.3,
    disturbs: DEVICE_SIDE,
    examples: &["{}", r#"{ delay = "20m", delay-p95-ratio = 1 }"#],
    read: |fields| {
        Arc::new(ReportDelay {
            delay: {
                let median =
                    fields.or("delay", Millis::minutes(2), "how much later; the median where there is a spread");
                let doc = "95th percentile of the delay over its median; 1: always the same";
                Delay::new(median, fields.or_in("delay-p95-ratio", 5.0, 1.0..=100.0, doc))
            },
        })
    },
};

#[derive(Debug)]
struct ReportDelay {
    delay: Delay,
}

impl OnReports for ReportDelay {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        let mut dice = passage.dice();
        if passage.strikes(&mut dice) {
            passage.delay(self.delay.draw(dice));
        }
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn a_fixed_delay_moves_every_report_by_it() {
        for (made, arrivals, _) in past("report-delay", "{ delay = \"7m\", delay-p95-ratio = 1 }", 1.0, 1) {
            assert_eq!(arrivals, [made + 420]);
        }
    }
}

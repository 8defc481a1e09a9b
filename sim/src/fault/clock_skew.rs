//! Devices' clocks are wrong by a fixed time, and their agents report on the marks of the clock. The service believes arrival times only (R-05).

use std::sync::Arc;

use defender::time::Millis;

use super::{DEVICE_SIDE, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "clock-skew",
    summary: "Devices' clocks are wrong by a fixed time, and their agents report on the marks of the clock. The service believes arrival times only (R-05).",
    stage: Stage::Agent,
    intensity_of: "share of the devices",
    intensity: 1.0,
    disturbs: DEVICE_SIDE,
    examples: &["{}", r#"{ by = "100s", direction = "behind" }"#],
    read: |fields| {
        Arc::new(ClockSkew {
            by: {
                let by: Millis = fields.or("by", Millis::minutes(7), "by how much it is wrong");
                let words = [("ahead", -1), ("behind", 1)];
                Millis(by.0 * fields.keyword("direction", Some("ahead"), &words, "which way"))
            },
        })
    },
};

#[derive(Debug)]
struct ClockSkew {
    by: Millis,
}

impl OnReports for ClockSkew {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        if passage.afflicts() {
            passage.delay(Millis(self.by.0.rem_euclid(passage.interval.0)));
        }
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn reports_keep_their_interval_and_change_their_phase() {
        for (table, later) in [("{ by = \"7m\" }", 180), ("{ by = \"100s\", direction = \"behind\" }", 100)] {
            for (made, arrivals, _) in past("clock-skew", table, 1.0, 1) {
                assert_eq!(arrivals, [made + later], "{table}");
            }
        }
    }
}

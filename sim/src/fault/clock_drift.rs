//! Devices' clocks run fast or slow, and their agents report by them. Reports of a fast clock come less than 300 s after one another, and every other one is refused (R-04).

use std::sync::Arc;

use defender::time::Millis;

use super::{DEVICE_SIDE, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "clock-drift",
    summary: "Devices' clocks run fast or slow, and their agents report by them. Reports of a fast clock come less than 300 s after one another, and every other one is refused (R-04).",
    stage: Stage::Agent,
    intensity_of: "share of the devices",
    intensity: 1.0,
    disturbs: DEVICE_SIDE,
    examples: &["{}", r#"{ ppm = 200, direction = "slow" }"#],
    read: |fields| {
        Arc::new(ClockDrift {
            rate: {
                let ppm: f64 = fields.or_in("ppm", 50.0, 0.0..=100_000.0, "how fast it drifts, in parts per million");
                let words = [("fast", -1.0), ("slow", 1.0)];
                let sign = fields.keyword("direction", Some("fast"), &words, "which way");
                ppm * sign / 1e6
            },
        })
    },
};

#[derive(Debug)]
struct ClockDrift {
    rate: f64,
}

impl OnReports for ClockDrift {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        if passage.afflicts() {
            let drift = (passage.elapsed.0 as f64 * self.rate) as i64;
            passage.delay(Millis(drift.rem_euclid(passage.interval.0)));
        }
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn a_fast_clock_shortens_and_a_slow_one_lengthens_the_interval() {
        for (direction, interval) in [("fast", 297), ("slow", 303)] {
            let table = format!("{{ ppm = 10000, direction = \"{direction}\" }}");
            let reports = past("clock-drift", &table, 1.0, 1);
            let steps: Vec<i64> = reports[1..60].windows(2).map(|pair| pair[1].1[0] - pair[0].1[0]).collect();
            assert!(steps.iter().all(|step| *step == interval), "{direction}: {steps:?}");
        }
    }
}

//! Devices restart, their counters begin at zero, and the agent takes the difference to what they were.

use std::sync::Arc;

use defender::time::Millis;

use super::{AMOUNTS, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "counter-reset",
    summary: "Devices restart, their counters begin at zero, and the agent takes the difference to what they were.",
    stage: Stage::Agent,
    intensity_of: "probability, for each occasion",
    intensity: 1.0,
    disturbs: AMOUNTS,
    examples: &["{}", r#"{ every = "8h", difference = "negative" }"#],
    read: |fields| {
        Arc::new(CounterReset {
            every: fields.or_in(
                "every",
                Millis::DAY,
                Millis::MINUTE..,
                "one occasion to restart in each stretch of this length",
            ),
            negative: fields.keyword(
                "difference",
                Some("wraps"),
                &[("wraps", false), ("negative", true)],
                "whether the difference wraps around at 2³², or is negative, which the service refuses",
            ),
        })
    },
};

#[derive(Debug)]
struct CounterReset {
    every: Millis,
    negative: bool,
}

impl OnReports for CounterReset {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        let restarted = passage.last_occasion(self.every).is_some_and(|restart| passage.is_first_since(restart));
        let Some(amounts) = &mut passage.report.amounts else { return Fate::Goes };
        if restarted && passage.memory.amounts.iter().any(|count| *count > 0) {
            if self.negative {
                passage.memory.amounts = [0; 4];
                return Fate::Lost;
            }
            for (count, amount) in passage.memory.amounts.iter_mut().zip(amounts) {
                let (before, now) = (*count as u32, *amount);
                *count = u64::from(now);
                *amount = now.wrapping_sub(before);
            }
            return Fate::Goes;
        }
        for (count, amount) in passage.memory.amounts.iter_mut().zip(amounts) {
            *count += u64::from(*amount);
        }
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn the_first_difference_after_a_restart_wraps_around() {
        let reports = past("counter-reset", "{ every = \"4h\" }", 1.0, 2);
        let huge: Vec<u32> =
            reports.iter().filter_map(|(.., amounts)| amounts.map(|a| a[0])).filter(|a| *a != 10).collect();
        assert!((1..=3).contains(&huge.len()) && huge.iter().all(|amount| *amount > u32::MAX - 1_000), "{huge:?}");
    }

    #[test]
    fn a_negative_difference_is_refused() {
        let reports = past("counter-reset", "{ every = \"4h\", difference = \"negative\" }", 1.0, 2);
        assert!((1..=3).contains(&lost(&reports)), "{}", lost(&reports));
        assert!(reports.iter().all(|(.., amounts)| *amounts == Some([10, 20, 30, 40])));
    }
}

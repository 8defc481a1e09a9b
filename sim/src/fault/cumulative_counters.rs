//! Agents report their counters as they stand, instead of what they grew by since the report before.

use std::sync::Arc;

use super::{AMOUNTS, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "cumulative-counters",
    summary: "Agents report their counters as they stand, instead of what they grew by since the report before.",
    stage: Stage::Agent,
    intensity_of: "share of the devices",
    intensity: 0.3,
    disturbs: AMOUNTS,
    examples: &["{}"],
    read: |_| Arc::new(CumulativeCounters),
};

#[derive(Debug)]
struct CumulativeCounters;

impl OnReports for CumulativeCounters {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        if !passage.afflicts() {
            return Fate::Goes;
        }
        if let Some(amounts) = &mut passage.report.amounts {
            for (total, amount) in passage.memory.amounts.iter_mut().zip(amounts) {
                *total += u64::from(*amount);
                *amount = u32::try_from(*total).unwrap_or(u32::MAX);
            }
        }
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn counters_rise_with_every_report() {
        let reports = past("cumulative-counters", "{}", 1.0, 1);
        assert_eq!((reports[0].2, reports[99].2), (Some([10, 20, 30, 40]), Some([1_000, 2_000, 3_000, 4_000])));
    }
}

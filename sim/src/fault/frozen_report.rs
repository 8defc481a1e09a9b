//! Agents hang, and send the same report again and again.

use std::sync::Arc;

use super::{DEVICE_SIDE, Entry, Fate, OnReports, Passage, Report, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "frozen-report",
    summary: "Agents hang, and send the same report again and again.",
    stage: Stage::Agent,
    intensity_of: "share of the devices",
    intensity: 0.3,
    disturbs: DEVICE_SIDE,
    examples: &["{}"],
    read: |_| Arc::new(FrozenReport),
};

#[derive(Debug)]
struct FrozenReport;

impl OnReports for FrozenReport {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        if !passage.afflicts() {
            return Fate::Goes;
        }
        let (made, arrives) = (passage.report.made, passage.report.arrives);
        let first = passage.memory.report.get_or_insert_with(|| Box::new(passage.report.clone()));
        *passage.report = Report { made, arrives, ..(**first).clone() };
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn a_hanging_agent_repeats_itself_in_time() {
        for (made, arrivals, amounts) in past("frozen-report", "{}", 1.0, 1) {
            assert_eq!((arrivals.as_slice(), amounts), (&[made][..], Some([10, 20, 30, 40])));
        }
    }
}

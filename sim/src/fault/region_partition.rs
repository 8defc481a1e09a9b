//! Reports do not reach the region; with a spool they are sent when the partition ends, and all but the first are refused.

use std::sync::Arc;

use super::{DEVICE_SIDE, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "region-partition",
    summary: "Reports do not reach the region; with a spool they are sent when the partition ends, and all but the first are refused (R-04).",
    stage: Stage::Network,
    intensity_of: "share of the devices",
    intensity: 1.0,
    disturbs: DEVICE_SIDE,
    examples: &["{}", "{ spool = true }"],
    read: |fields| {
        Arc::new(RegionPartition { spool: fields.or("spool", false, "whether agents keep what they could not send") })
    },
};

#[derive(Debug)]
struct RegionPartition {
    spool: bool,
}

impl OnReports for RegionPartition {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        if !passage.afflicts() {
            return Fate::Goes;
        }
        if !self.spool {
            return Fate::Lost;
        }
        passage.delay(passage.duration - passage.elapsed);
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn what_was_spooled_arrives_at_the_end() {
        assert_eq!(lost(&past("region-partition", "{}", 1.0, 1)), 100);
        for (_, arrivals, _) in past("region-partition", "{ spool = true }", 1.0, 1) {
            assert_eq!(arrivals, [9 * 3_600]);
        }
    }
}

//! Reports are overtaken by those made after them.

use std::sync::Arc;

use defender::time::Millis;

use super::{DEVICE_SIDE, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "report-reordering",
    summary: "Reports are overtaken by those made after them.",
    stage: Stage::Network,
    intensity_of: "probability, for each report",
    intensity: 0.2,
    disturbs: DEVICE_SIDE,
    examples: &["{}", "{ by = 2.25 }"],
    read: |fields| {
        Arc::new(ReportReordering {
            by: fields.or_in("by", 1.5, 1.0..=100.0, "how late an overtaken report is, in intervals between reports"),
        })
    },
};

#[derive(Debug)]
struct ReportReordering {
    by: f64,
}

impl OnReports for ReportReordering {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        let mut dice = passage.dice();
        if passage.strikes(&mut dice) {
            passage.delay(Millis((passage.interval.0 as f64 * self.by) as i64));
        }
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn an_overtaken_report_arrives_after_the_next_one() {
        let reports = past("report-reordering", "{ by = 1.5 }", 0.5, 4);
        let overtaken = reports.windows(2).filter(|pair| pair[0].1 > pair[1].1).count();
        assert!(overtaken > 10, "{overtaken}");
    }
}

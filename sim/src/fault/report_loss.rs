//! Reports get lost, each by itself.

use std::sync::Arc;

use super::{DEVICE_SIDE, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "report-loss",
    summary: "Reports get lost, each by itself.",
    stage: Stage::Network,
    intensity_of: "probability, for each report",
    intensity: 0.1,
    disturbs: DEVICE_SIDE,
    examples: &["{}"],
    read: |_| Arc::new(ReportLoss),
};

/// Each report by itself is lost, or not.
#[derive(Debug)]
pub(super) struct ReportLoss;

impl OnReports for ReportLoss {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        let mut dice = passage.dice();
        if passage.strikes(&mut dice) { Fate::Lost } else { Fate::Goes }
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    /// Of 2,000 reports 600 ± 5 standard deviations (√(2,000 · 0.3 · 0.7) = 20.5) get lost, not in runs.
    #[test]
    fn loss_is_independent_with_the_probability_asked_for() {
        let reports: Vec<_> = (0..20).flat_map(|device| past("report-loss", "{}", 0.3, device)).collect();
        assert!(lost(&reports).abs_diff(600) < 103, "{}", lost(&reports));
        let both = reports.windows(2).filter(|pair| pair.iter().all(|(_, arrivals, _)| arrivals.is_empty())).count();
        assert!(both.abs_diff(180) < 90, "{both}");
    }
}

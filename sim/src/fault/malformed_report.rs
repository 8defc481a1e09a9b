//! The agent sends reports that the service cannot read; they are refused.

use std::sync::Arc;

use super::report_loss::ReportLoss;
use super::{DEVICE_SIDE, Entry, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "malformed-report",
    summary: "The agent sends reports that the service cannot read; they are refused (R-07).",
    stage: Stage::Agent,
    intensity_of: "probability, for each report",
    intensity: 0.2,
    disturbs: DEVICE_SIDE,
    examples: &["{}"],
    // What is refused is as lost as what never came.
    read: |_| Arc::new(ReportLoss),
};

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn a_report_that_cannot_be_read_has_no_effect() {
        assert_eq!(lost(&past("malformed-report", "{}", 1.0, 1)), 100);
    }
}

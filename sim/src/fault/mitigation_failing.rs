//! A mitigation task ends in an internal error; a function tries again as often as it does.

use std::sync::Arc;

use super::{Breakdown, Entry, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "mitigation-failing",
    summary: "A mitigation task ends in an internal error; a function tries again as often as it does.",
    stage: Stage::Mitigation,
    intensity_of: "probability, for each call",
    intensity: 0.5,
    disturbs: &[],
    examples: &["{}"],
    read: |_| Arc::new(Breakdown::MitigationFailing),
};

//! Starting a mitigation task, or calling the registry, is refused, as if the quota were used up; a function tries again as often as it does.

use std::sync::Arc;

use super::{Breakdown, Entry, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "mitigation-throttled",
    summary: "Starting a mitigation task, or calling the registry, is refused, as if the quota were used up; a function tries again as often as it does.",
    stage: Stage::Mitigation,
    intensity_of: "probability, for each call",
    intensity: 0.8,
    disturbs: &[],
    examples: &["{}"],
    read: |_| Arc::new(Breakdown::MitigationThrottled),
};

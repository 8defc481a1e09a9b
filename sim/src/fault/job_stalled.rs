//! Devices do not begin with their jobs until the fault ends.

use std::sync::Arc;

use super::{Breakdown, Entry, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "job-stalled",
    summary: "Devices do not begin with their jobs until the fault ends.",
    stage: Stage::Jobs,
    intensity_of: "share of the devices",
    intensity: 1.0,
    disturbs: &[],
    examples: &["{}"],
    read: |_| Arc::new(Breakdown::JobStalled),
};

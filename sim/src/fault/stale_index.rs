//! The fleet index is not brought up to date: profiles go on covering whom they covered, until the fault ends.

use std::sync::Arc;

use super::{Breakdown, Entry, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "stale-fleet-index",
    summary: "The fleet index is not brought up to date: profiles go on covering whom they covered, until the fault ends.",
    stage: Stage::Enforcement,
    intensity_of: "probability, for each device and change",
    intensity: 1.0,
    disturbs: &[],
    examples: &["{}"],
    read: |_| Arc::new(Breakdown::StaleIndex),
};

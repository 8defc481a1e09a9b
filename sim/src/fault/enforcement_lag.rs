//! The broker goes on with what it had decided before the account changed, until the fault ends.

use std::sync::Arc;

use super::{Breakdown, Entry, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "enforcement-lag",
    summary: "The broker goes on with what it had decided before the account changed, until the fault ends.",
    stage: Stage::Enforcement,
    intensity_of: "probability, for each device and change",
    intensity: 1.0,
    disturbs: &[],
    examples: &["{}"],
    read: |_| Arc::new(Breakdown::EnforcementLag),
};

//! A mitigation succeeds in the account, but takes hold only on some of its devices until the fault ends.

use std::sync::Arc;

use super::{Breakdown, Entry, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "mitigation-partial",
    summary: "A mitigation succeeds in the account, but takes hold only on some of its devices until the fault ends.",
    stage: Stage::Mitigation,
    intensity_of: "share of the devices",
    intensity: 0.5,
    disturbs: &[],
    examples: &["{}"],
    read: |_| Arc::new(Breakdown::MitigationPartial),
};

//! Nobody is there to respond: teams are short of people by the intensity, responders without a team begin when the fault ends.

use std::sync::Arc;

use super::{Breakdown, Entry, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "responders-absent",
    summary: "Nobody is there to respond: teams are short of people by the intensity, responders without a team begin when the fault ends.",
    stage: Stage::People,
    intensity_of: "share of the people of a team; probability, for each response without a team",
    intensity: 1.0,
    disturbs: &[],
    examples: &["{}"],
    read: |_| Arc::new(Breakdown::RespondersAbsent),
};

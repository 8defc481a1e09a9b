//! Tuning on recorded telemetry: what it is tuned on, what is held against, and what it says nothing about.

use defender::detect::columns::GRID;
use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use sim::scenario::Scenario;

use super::grids;

/// The recording that a profile was tuned on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    /// Number of things.
    pub things: u32,
    /// When it begins.
    pub start: Timestamp,
    /// The profile was tuned on what lies before, and held against what lies after.
    pub tuned_until: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// Behaviors that are left as they are since their metric was not recorded: `Profile/Behavior`.
    pub unrecorded: Vec<String>,
}

/// The first two thirds of a scenario's time, to tune on, and the rest, to hold against; the scenario's attacks are in
/// both, see [`Scenario::during`].
pub fn parts(scenario: &Scenario) -> [Scenario; 2] {
    let cut = (scenario.start + Millis(scenario.duration.0 / 3 * 2)).floor_to(GRID);
    [scenario.during(scenario.start, cut - scenario.start), scenario.during(cut, scenario.end() - cut)]
}

impl Replayed {
    /// What to say of a scenario whose parts these are; `None` if its telemetry is simulated.
    pub fn of(scenario: &Scenario, parts: &[Scenario; 2]) -> Option<Replayed> {
        let replay = scenario.replay.as_ref()?;
        let unrecorded = grids(scenario).filter(|(_, recorded)| !recorded).map(|(block, _)| block.behavior);
        Some(Replayed {
            things: replay.recording.things(),
            start: scenario.start,
            tuned_until: parts[0].end(),
            end: scenario.end(),
            unrecorded: unrecorded.collect(),
        })
    }
}

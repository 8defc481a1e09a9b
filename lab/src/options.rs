//! The few choices that a score depends on, with their defaults.

use defender::time::Millis;
use serde::{Deserialize, Serialize};

/// What may be chosen about scoring. The defaults are the definitions of the reference page; a scorecard records the
/// options that it was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// How long after an act's end an alarm still belongs to it. `None`: the behavior's duration × its datapoints to
    /// clear.
    pub grace: Option<Millis>,
    /// Alarms of one behavior that follow each other within this span are one incident for an operator.
    pub incident_gap: Millis,
    /// Time an analyst spends on one incident.
    pub handling: Millis,
    /// The queue is worked out for 1 to this many analysts.
    pub analysts_max: u32,
    /// With fewer events than this a proportion is shown, and listed as thin evidence.
    pub events_min: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            grace: None,
            incident_gap: Millis::minutes(30),
            handling: Millis::minutes(15),
            analysts_max: 5,
            events_min: crate::compare::EVENTS_MIN,
        }
    }
}

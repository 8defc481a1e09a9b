//! How weak an attack may be and still be caught: recall against intensity, setting by setting.

use serde::{Deserialize, Serialize};

use super::{Setting, Sweep};
use crate::interval::Proportion;

/// The recall that counts as caught.
pub const CAUGHT: f64 = 0.95;

/// Detection limits of one attack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetectionLimits {
    /// The attack.
    pub attack: String,
    /// What was varied of it: `rate`.
    pub parameter: String,
    /// The intensities tried, ascending.
    pub intensities: Vec<Intensity>,
    /// By behavior and setting, where an alarm of the behavior would be a detection of this attack.
    pub rows: Vec<LimitRow>,
}

/// An intensity that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intensity {
    /// As a multiple of what the scenario says.
    pub factor: f64,
    /// As a scenario would say it: `512 B/s`.
    pub text: String,
}

/// The limit of one setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitRow {
    /// The security profile.
    pub profile: String,
    /// The behavior.
    pub behavior: String,
    /// The setting.
    pub setting: Setting,
    /// Whether it is on the front at the scenario's own intensity.
    pub on_front: bool,
    /// Attacked devices detected, by intensity.
    pub recalls: Vec<Option<Proportion>>,
    /// The smallest intensity from which on recall is at least [`CAUGHT`], as a position; `None` if the largest is
    /// missed.
    pub limit: Option<usize>,
}

/// Detection limits from sweeps of one plan, one for each intensity, ascending; `base` is the sweep at the scenario's
/// own intensity.
///
/// # Panics
/// If there are not as many sweeps as intensities.
pub fn detection_limits(
    base: &Sweep,
    attack: &str,
    parameter: &str,
    intensities: Vec<Intensity>,
    sweeps: &[Sweep],
) -> DetectionLimits {
    assert_eq!(intensities.len(), sweeps.len(), "a sweep per intensity");
    let mut rows = Vec::new();
    for (position, behavior) in base.behaviors.iter().enumerate() {
        for (number, candidate) in behavior.candidates.iter().enumerate() {
            if !candidate.attacks.iter().any(|row| row.attack == attack) {
                continue;
            }
            let recall = |sweep: &Sweep| {
                let attacks = &sweep.behaviors[position].candidates[number].attacks;
                attacks.iter().find(|row| row.attack == attack).and_then(|row| row.recall)
            };
            let recalls: Vec<Option<Proportion>> = sweeps.iter().map(recall).collect();
            let caught = recalls.iter().rev().take_while(|p| p.is_some_and(|p| p.value >= CAUGHT)).count();
            rows.push(LimitRow {
                profile: behavior.profile.clone(),
                behavior: behavior.name.clone(),
                setting: candidate.setting.clone(),
                on_front: candidate.on_front,
                limit: (caught > 0).then(|| recalls.len() - caught),
                recalls,
            });
        }
    }
    DetectionLimits { attack: attack.to_owned(), parameter: parameter.to_owned(), intensities, rows }
}

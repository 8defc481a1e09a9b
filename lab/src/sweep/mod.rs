//! Many settings of a behavior, scored on the telemetry of one run.
//!
//! [`plan()`] lays grids over the behaviors of a scenario, `sim::world::trial` judges all candidates while the world runs
//! once, and [`score`] says of each what [`crate::score`] would say of the behavior in a run of its own: the
//! definitions are those of [`crate::matching`], [`crate::quality`] and [`crate::false_alarm`].
//!
//! Each candidate is scored by itself: recall over the devices that its profile watches, of the attacks that disturb
//! its metric, by its own alarms only.

mod closed;
pub mod grid;
mod limit;
mod plan;
mod pool;
mod setting;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sim::outcome::{ActKind, Alarm, BehaviorRow, DeviceId, Outcome, Value};
use sim::world::trial::Trial;

use crate::false_alarm::Rates;
use crate::interval::Proportion;
use crate::latency::Latency;
use crate::matching::{self, Verdict};
use crate::options::Options;
use crate::quality::Quality;
pub use closed::{Change, ClosedLoop, Loop, Named};
pub use limit::{CAUGHT, DetectionLimits, Intensity, LimitRow, detection_limits};
pub use plan::{Block, CANDIDATES_MAX, Planned, judged, open_loop, plan};
pub(crate) use pool::together;
pub use setting::{Setting, Threshold};

/// A sweep, scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// [`Sweep::SCHEMA`]: changes when the meaning of a field does.
    pub schema: String,
    /// The scenario's name.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Devices of the fleet.
    pub devices: u32,
    /// Days that it lived through.
    pub days: f64,
    /// Each behavior that was swept.
    pub behaviors: Vec<SweptBehavior>,
    /// How weak an attack may be and still be caught, where that was asked for.
    pub limits: Option<DetectionLimits>,
    /// Runs with everybody who responds, first of the scenario as it is; none where none were asked for.
    #[serde(default)]
    pub closed_loops: Vec<ClosedLoop>,
}

impl Sweep {
    /// Name and version of the serialized form.
    pub const SCHEMA: &'static str = "fleetrange.sweep/1";
}

/// A behavior that was swept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweptBehavior {
    /// Its security profile.
    pub profile: String,
    /// Its name.
    pub name: String,
    /// Its metric.
    pub metric: String,
    /// The relation that is normal, by its API name: `less-than-equals`; empty for one that a model learns.
    pub operator: String,
    /// The candidates; the first is the setting that the profile has.
    pub candidates: Vec<CandidateScore>,
}

impl SweptBehavior {
    /// The best `most` candidates: of those on the front, the ones with the highest F1, then the fewest false alarms.
    pub fn best(&self, most: usize) -> Vec<usize> {
        let mut front: Vec<usize> = (0..self.candidates.len()).filter(|i| self.candidates[*i].on_front).collect();
        let f1 = |i: &usize| self.candidates[*i].quality.f1.unwrap_or(-1.0);
        front.sort_by(|a, b| {
            let wrong = |i: &usize| self.candidates[*i].wrong;
            f1(b).total_cmp(&f1(a)).then(wrong(a).cmp(&wrong(b))).then(a.cmp(b))
        });
        front.truncate(most);
        front
    }
}

/// What one candidate would have seen, and at what cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateScore {
    /// What was tried.
    pub setting: Setting,
    /// Alarm episodes that were true.
    pub right: u64,
    /// Alarm episodes inside an attack window, on a metric which that attack does not disturb.
    pub inside: u64,
    /// Alarm episodes that were false.
    pub wrong: u64,
    /// Precision over its alarms; recall over the attacked devices that it watches, of attacks on its metric.
    pub quality: Quality,
    /// Devices with at least one false alarm, among those that it watches and nobody attacked: the abscissa of its
    /// receiver operating characteristic.
    pub false_positive_rate: Option<Proportion>,
    /// Detection latency from onset, of the devices detected.
    pub latency: Option<Latency>,
    /// False alarms, over all devices of the fleet.
    pub false_alarms: Rates,
    /// False alarms and detections by device class, in fleet order.
    pub classes: Vec<CandidateClass>,
    /// Detections by attack, of those that disturb its metric on a device that it watches, in the order of the ledger.
    pub attacks: Vec<CandidateAttack>,
    /// Whether no other candidate of the behavior is at least as good in recall, false alarms and 95 % latency and
    /// better in one of them.
    pub on_front: bool,
}

/// A candidate's part on one device class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateClass {
    /// The class.
    pub class: String,
    /// False alarms on its devices.
    pub wrong: u64,
    /// Its attacked devices that were detected, among those that are watched.
    pub recall: Option<Proportion>,
    /// Detection latency from onset, of those detected.
    pub latency: Option<Latency>,
}

/// What a candidate saw of one attack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateAttack {
    /// The attack.
    pub attack: String,
    /// Its devices that were detected, among those that are watched.
    pub recall: Option<Proportion>,
}

/// Scores the trials of a run: those of each plan, one plan after the other.
///
/// # Panics
/// If there are not as many trials as settings.
pub fn score(outcome: &Outcome, planned: &[Planned], trials: &[Trial]) -> Sweep {
    assert_eq!(trials.len(), planned.iter().map(|plan| plan.settings.len()).sum::<usize>(), "a trial per setting");
    let header = &outcome.header;
    let mut rest = trials;
    let behaviors = planned.iter().map(|plan| {
        let (own, others) = rest.split_at(plan.settings.len());
        rest = others;
        let row = base_row(outcome, plan);
        let mut candidates: Vec<CandidateScore> =
            plan.settings.iter().zip(own).map(|(setting, trial)| candidate(outcome, row, setting, trial)).collect();
        mark_front(&mut candidates);
        let criteria = plan.base.criteria.as_ref();
        SweptBehavior {
            profile: row.profile.clone(),
            name: row.name.clone(),
            metric: row.metric.clone(),
            operator: criteria.and_then(|criteria| criteria.comparison_operator.clone()).unwrap_or_default(),
            candidates,
        }
    });
    Sweep {
        schema: Sweep::SCHEMA.to_owned(),
        scenario: header.scenario.clone(),
        seed: header.seed,
        devices: header.devices,
        days: (header.end - header.start).0 as f64 / defender::time::Millis::DAY.0 as f64,
        behaviors: behaviors.collect(),
        limits: None,
        closed_loops: Vec::new(),
    }
}

/// The row of the behavior that a plan varies; names are unique among profiles, and in each of them (D-V02).
fn base_row<'a>(outcome: &'a Outcome, plan: &Planned) -> &'a BehaviorRow {
    let own = |row: &&BehaviorRow| (&row.profile, &row.name) == (&plan.profile_name, &plan.base.name);
    outcome.behaviors.iter().find(own).expect("the run judged the behavior")
}

/// Scores one candidate.
fn candidate(outcome: &Outcome, row: &BehaviorRow, setting: &Setting, trial: &Trial) -> CandidateScore {
    let own = alone(outcome, row, setting, trial);
    let options = Options::default();
    let matched = matching::match_alarms(&own, &options);
    let row = &own.behaviors[0];
    let concerned = |act: u32| matching::expects(&own.truth[act as usize], row);
    let watched: Vec<_> = matched
        .detections
        .iter()
        .filter(|detection| concerned(detection.act) && matching::covers(row, detection.device))
        .collect();
    let attacked: BTreeSet<DeviceId> = matched.detections.iter().map(|detection| detection.device).collect();
    let (mut right, mut inside, mut wrong) = (0, 0, 0);
    let mut by_class: Vec<u64> = trial.elsewhere.iter().map(|elsewhere| elsewhere.alarms).collect();
    let mut rang: BTreeSet<DeviceId> = BTreeSet::new();
    for (alarm, verdict) in own.alarms.iter().zip(&matched.verdicts) {
        match verdict {
            Verdict::True { .. } => right += 1,
            Verdict::Inside { .. } => inside += 1,
            Verdict::False { .. } => {
                wrong += 1;
                by_class[own.class_of(alarm.device)] += 1;
                if !attacked.contains(&alarm.device) {
                    rang.insert(alarm.device);
                }
            }
        }
    }
    wrong += trial.elsewhere.iter().map(|elsewhere| elsewhere.alarms).sum::<u64>();
    let covered: u64 = row.covers.iter().map(|range| range.len() as u64).sum();
    let attacked_here = attacked.iter().filter(|device| matching::covers(row, **device)).count() as u64;
    let healthy = covered - attacked_here;
    let false_positives = rang.len() as u64 + trial.elsewhere.iter().map(|elsewhere| elsewhere.devices).sum::<u64>();
    let detected = |of: &[&matching::Detection]| {
        let found = of.iter().filter(|detection| detection.strict.is_some()).count() as u64;
        let spans = of
            .iter()
            .filter_map(|detection| detection.strict.map(|alarm| own.alarms[alarm as usize].raised - detection.onset));
        (found, Latency::of(spans))
    };
    let (found, latency) = detected(&watched);
    let classes = own.classes.iter().zip(&by_class).map(|(class, wrong)| {
        let here: Vec<_> =
            watched.iter().copied().filter(|detection| class.devices.contains(&detection.device.0)).collect();
        let (found, latency) = detected(&here);
        let recall = Proportion::of(found, here.len() as u64);
        CandidateClass { class: class.name.clone(), wrong: *wrong, recall, latency }
    });
    let attacks = own.truth.iter().enumerate().filter_map(|(act, row)| {
        let here: Vec<_> = watched.iter().copied().filter(|detection| detection.act as usize == act).collect();
        let recall = Proportion::of(detected(&here).0, here.len() as u64)?;
        Some(CandidateAttack { attack: row.name.clone(), recall: Some(recall) })
    });
    CandidateScore {
        setting: setting.clone(),
        right,
        inside,
        wrong,
        quality: Quality::of(right, right + wrong, found, watched.len() as u64),
        false_positive_rate: Proportion::of(false_positives.min(healthy), healthy),
        latency,
        false_alarms: Rates::of_run(wrong, &own.header),
        classes: classes.collect(),
        attacks: attacks.collect(),
        on_front: false,
    }
}

/// The run as it would have been with this behavior only; of its alarms, those on devices that some act concerns.
fn alone(outcome: &Outcome, row: &BehaviorRow, setting: &Setting, trial: &Trial) -> Outcome {
    let alarms = trial.episodes.iter().map(|episode| Alarm {
        behavior: 0,
        device: episode.device,
        raised: episode.raised,
        value: Value::Count(0),
        first_violation: episode.raised,
        notified: None,
        ended: episode.ended,
        violation_id: String::new(),
    });
    let row = BehaviorRow {
        duration: setting.duration.unwrap_or(defender::detect::behavior::BASE_WINDOW),
        to_alarm: setting.to_alarm,
        to_clear: setting.to_clear,
        ..row.clone()
    };
    Outcome {
        header: outcome.header.clone(),
        classes: outcome.classes.clone(),
        lives: outcome.lives.clone(),
        behaviors: vec![row],
        truth: outcome.truth.iter().filter(|act| act.category != ActKind::Defect).cloned().collect(),
        alarms: alarms.collect(),
        ..Outcome::default()
    }
}

/// Marks the candidates that no other one beats.
fn mark_front(candidates: &mut [CandidateScore]) {
    let merits: Vec<[f64; 3]> = candidates.iter().map(CandidateScore::merits).collect();
    for (index, candidate) in candidates.iter_mut().enumerate() {
        let beats = |other: &[f64; 3]| {
            let own = &merits[index];
            other.iter().zip(own).all(|(a, b)| a >= b) && other.iter().zip(own).any(|(a, b)| a > b)
        };
        candidate.on_front = !merits.iter().any(beats);
    }
}

impl CandidateScore {
    /// What is the better the larger it is: recall, few false alarms, short 95 % latency. Nobody detected is no latency
    /// at all, and worse than any.
    fn merits(&self) -> [f64; 3] {
        let recall = self.quality.recall.map_or(0.0, |recall| recall.value);
        let latency = self.latency.as_ref().map_or(f64::NEG_INFINITY, |latency| -(latency.p95.0 as f64));
        [recall, -(self.wrong as f64), latency]
    }
}

#[cfg(test)]
mod tests;

//! Precision, recall and F1, at three levels: alarm episodes against devices, incidents, and each behavior.

use serde::{Deserialize, Serialize};
use sim::outcome::{ActKind, Outcome};

use crate::interval::Proportion;
use crate::load::Incident;
use crate::matching::{Matching, Verdict, covered, expects};

/// Precision and recall of one level, by the strict definition.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// True alarms among the true and the false ones. Alarms raised inside an attack window on an undisturbed metric
    /// are in neither number.
    pub precision: Option<Proportion>,
    /// What was attacked and detected, among what was attacked.
    pub recall: Option<Proportion>,
    /// Harmonic mean of the two; n/a if either is, 0 if both are 0.
    pub f1: Option<f64>,
}

impl Quality {
    /// From counts: `right` of `raised` alarms, `detected` of `attacked`.
    pub fn of(right: u64, raised: u64, detected: u64, attacked: u64) -> Quality {
        let precision = Proportion::of(right, raised);
        let recall = Proportion::of(detected, attacked);
        let f1 = precision.zip(recall).map(|(precision, recall)| {
            let sum = precision.value + recall.value;
            if sum == 0.0 { 0.0 } else { 2.0 * precision.value * recall.value / sum }
        });
        Quality { precision, recall, f1 }
    }
}

/// Quality at every level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QualityScore {
    /// Precision over alarm episodes, recall over attacked devices.
    pub device: Quality,
    /// The same by the lenient definition: alarms on any metric inside an attack window are true.
    pub device_lenient: Quality,
    /// Precision over operator incidents (those that hold at least one true alarm are right), recall over attacks
    /// (detected on at least one device).
    pub incident: Quality,
    /// Each behavior by itself, in profile order: precision over its alarms; recall over the devices that it watches of
    /// the attacks that disturb its metric, by its own alarms only.
    pub behaviors: Vec<BehaviorQuality>,
}

/// How good one behavior is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BehaviorQuality {
    /// Position among the behaviors of the run.
    pub behavior: u32,
    /// Its security profile.
    pub profile: String,
    /// Its name.
    pub name: String,
    /// Its metric.
    pub metric: String,
    /// Alarm episodes that were true.
    pub right: u64,
    /// Alarm episodes inside an attack window, on a metric which that attack does not disturb.
    pub inside: u64,
    /// Alarm episodes that were false.
    pub wrong: u64,
    /// Precision, recall and F1.
    pub quality: Quality,
}

/// Scores quality.
pub fn score(outcome: &Outcome, matching: &Matching, incidents: &[Incident]) -> QualityScore {
    let (mut right, mut inside, mut wrong) = (0, 0, 0);
    for verdict in &matching.verdicts {
        match verdict {
            Verdict::True { .. } => right += 1,
            Verdict::Inside { .. } => inside += 1,
            Verdict::False { .. } => wrong += 1,
        }
    }
    let attacked = matching.detections.len() as u64;
    let strict = matching.detections.iter().filter(|detection| detection.strict.is_some()).count() as u64;
    let lenient = matching.detections.iter().filter(|detection| detection.lenient.is_some()).count() as u64;
    let right_incidents = incidents.iter().filter(|incident| incident.right > 0).count() as u64;
    // An incident of alarms that are neither true nor false says nothing about precision.
    let judged_incidents = incidents.iter().filter(|incident| incident.right + incident.wrong > 0).count() as u64;
    let (detected_attacks, attacks) = attacks(outcome, matching);
    QualityScore {
        device: Quality::of(right, right + wrong, strict, attacked),
        device_lenient: Quality::of(right + inside, right + inside + wrong, lenient, attacked),
        incident: Quality::of(right_incidents, judged_incidents, detected_attacks, attacks),
        behaviors: behaviors(outcome, matching),
    }
}

/// (attacks detected on at least one device, attacks that reached a device).
fn attacks(outcome: &Outcome, matching: &Matching) -> (u64, u64) {
    let mut reached = vec![(false, false); outcome.truth.len()];
    for detection in &matching.detections {
        let act = &mut reached[detection.act as usize];
        act.0 = true;
        act.1 |= detection.strict.is_some();
    }
    let count = |keep: fn(&(bool, bool)) -> bool| reached.iter().filter(|act| keep(act)).count() as u64;
    (count(|act| act.1), count(|act| act.0))
}

fn behaviors(outcome: &Outcome, matching: &Matching) -> Vec<BehaviorQuality> {
    let mut counts = vec![[0_u64; 3]; outcome.behaviors.len()];
    for (alarm, verdict) in outcome.alarms.iter().zip(&matching.verdicts) {
        let kind = match verdict {
            Verdict::True { .. } => 0,
            Verdict::Inside { .. } => 1,
            Verdict::False { .. } => 2,
        };
        counts[alarm.behavior as usize][kind] += 1;
    }
    let mut hits = vec![0_u64; outcome.behaviors.len()];
    for &(_, behavior, _) in &matching.hits {
        hits[behavior as usize] += 1;
    }
    outcome
        .behaviors
        .iter()
        .enumerate()
        .map(|(position, behavior)| {
            let [right, inside, wrong] = counts[position];
            let attacked = outcome
                .truth
                .iter()
                .filter(|act| act.category == ActKind::Attack && expects(act, behavior))
                .map(|act| covered(behavior, act))
                .sum();
            BehaviorQuality {
                behavior: position as u32,
                profile: behavior.profile.clone(),
                name: behavior.name.clone(),
                metric: behavior.metric.clone(),
                right,
                inside,
                wrong,
                quality: Quality::of(right, right + wrong, hits[position].min(attacked), attacked),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::load::incidents;
    use crate::matching::match_alarms;
    use crate::options::Options;

    #[test]
    fn harmonic_mean_by_hand() {
        // Precision 3/4, recall 3/5: 2 · 0.75 · 0.6 / 1.35 = 2/3.
        let quality = Quality::of(3, 4, 3, 5);
        assert!((quality.f1.expect("both exist") - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(Quality::of(0, 4, 0, 5).f1, Some(0.0));
        assert_eq!(Quality::of(0, 0, 0, 5).f1, None);
        assert_eq!(Quality::of(0, 4, 0, 0).f1, None);
    }

    #[test]
    fn levels_count_different_things() {
        let mut fixture = Fixture::new(100, 7);
        fixture.behavior("sent", "aws:num-messages-sent").behavior("auth", "aws:num-authorization-failures");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(0, 60, 120), (1, 60, 120)]);
        fixture.attack("probe", &["aws:num-authorization-failures"], &[(2, 60, 120)]);
        fixture.alarm(0, 0, 70, 5).alarm(0, 0, 90, 5); // true, twice on one device
        fixture.alarm(1, 1, 70, 5); // inside
        fixture.alarm(1, 9, 70, 5); // false; the same operator incident as the line above
        let options = Options::default();
        let matching = match_alarms(&fixture.outcome, &options);
        let incidents = incidents(&fixture.outcome, &matching, &options);
        let score = score(&fixture.outcome, &matching, &incidents);
        let parts = |p: Option<Proportion>| p.map(|p| (p.successes, p.trials));
        assert_eq!(parts(score.device.precision), Some((2, 3)));
        assert_eq!(parts(score.device.recall), Some((1, 3)));
        assert_eq!(parts(score.device_lenient.precision), Some((3, 4)));
        assert_eq!(parts(score.device_lenient.recall), Some((2, 3)));
        // Two incidents: the messages one is right, the authorization one is not. One of two attacks is seen.
        assert_eq!(parts(score.incident.precision), Some((1, 2)));
        assert_eq!(parts(score.incident.recall), Some((1, 2)));
        assert_eq!((score.behaviors[0].right, score.behaviors[0].inside, score.behaviors[0].wrong), (2, 0, 0));
        assert_eq!(parts(score.behaviors[0].quality.recall), Some((1, 2)));
        assert_eq!((score.behaviors[1].right, score.behaviors[1].inside, score.behaviors[1].wrong), (0, 1, 1));
        assert_eq!(parts(score.behaviors[1].quality.recall), Some((0, 1)));
    }
}

//! Were attacks seen, on how many of their devices, and how fast?

use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use sim::outcome::{ActKind, Outcome};

use crate::interval::Proportion;
use crate::latency::{Latency, Survival};
use crate::matching::{Detection, Matching};

/// Detection over the whole run, and attack by attack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetectionScore {
    /// Attacked devices (one for each attack and device) with an alarm by the strict definition: an in-alarm event
    /// inside the attack window, of a behavior on a metric that the attack disturbs.
    pub devices: Option<Proportion>,
    /// The same by the lenient definition: an in-alarm event inside the attack window, of any behavior.
    pub devices_lenient: Option<Proportion>,
    /// Attacks detected (strictly) on at least one device.
    pub incidents: Option<Proportion>,
    /// Detection latency: time of the first strict in-alarm event − onset, of those attacked devices that have one.
    pub latency: Option<Latency>,
    /// The same from the first-observable time, before which no detector could know.
    pub latency_from_observable: Option<Latency>,
    /// Survival curve of all attacked devices, the undetected censored when watching for them ended.
    pub survival: Option<Survival>,
    /// The same for each attack, in the order of the ledger.
    pub attacks: Vec<AttackScore>,
    /// The same for each device class that was attacked.
    pub classes: Vec<ClassScore>,
}

/// What was seen of one attack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttackScore {
    /// Position in the ledger of truth.
    pub act: u32,
    /// Its name in the scenario.
    pub name: String,
    /// Its registry name.
    pub kind: String,
    /// MITRE ATT&CK technique ids.
    pub techniques: Vec<String>,
    /// Onset of the attack as a whole, after the start of the run.
    pub onset: Millis,
    /// Attacked devices detected strictly.
    pub recall: Option<Proportion>,
    /// Attacked devices detected leniently.
    pub recall_lenient: Option<Proportion>,
    /// Devices on which no datapoint shows the attack. They count as missed.
    pub unobservable: u64,
    /// Devices that no behavior on a disturbed metric watches. They count as missed.
    pub uncovered: u64,
    /// Devices on which an alarm on a disturbed metric already stood at the onset.
    pub masked: u64,
    /// From the attack's onset to the strict detection of its first device.
    pub first_device: Option<Millis>,
    /// From the attack's onset until half of its devices (rounded up) were detected strictly.
    pub half_of_devices: Option<Millis>,
    /// Detection latency of its devices, from their own onset.
    pub latency: Option<Latency>,
    /// Detection latency of its devices, from first-observable.
    pub latency_from_observable: Option<Latency>,
    /// Survival curve of its devices.
    pub survival: Option<Survival>,
}

/// What was seen of attacks on one device class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    /// The class.
    pub class: String,
    /// Attacked devices of the class detected strictly.
    pub recall: Option<Proportion>,
    /// Their detection latency from onset.
    pub latency: Option<Latency>,
}

/// Scores detection.
pub fn score(outcome: &Outcome, matching: &Matching) -> DetectionScore {
    let all: Vec<&Detection> = matching.detections.iter().collect();
    let attacks: Vec<AttackScore> = outcome
        .truth
        .iter()
        .enumerate()
        .filter(|(_, act)| act.category == ActKind::Attack)
        .map(|(position, _)| attack(outcome, matching, position as u32))
        .collect();
    let detected = attacks.iter().filter(|attack| attack.first_device.is_some()).count() as u64;
    // An attack that reaches no device cannot be detected by alarms, so it is no trial here.
    let tried = attacks.iter().filter(|attack| attack.recall.is_some()).count() as u64;
    DetectionScore {
        devices: recall(&all),
        devices_lenient: recall_lenient(&all),
        incidents: Proportion::of(detected, tried),
        latency: latency(outcome, &all),
        latency_from_observable: latency_from_observable(outcome, &all),
        survival: survival(outcome, &all),
        attacks,
        classes: classes(outcome, matching),
    }
}

/// When a device was detected strictly.
pub(crate) fn detected_at(outcome: &Outcome, detection: &Detection) -> Option<Timestamp> {
    detection.strict.map(|alarm| outcome.alarms[alarm as usize].raised)
}

fn attack(outcome: &Outcome, matching: &Matching, position: u32) -> AttackScore {
    let act = &outcome.truth[position as usize];
    let devices: Vec<&Detection> = matching.detections.iter().filter(|detection| detection.act == position).collect();
    let mut times: Vec<Timestamp> = devices.iter().filter_map(|detection| detected_at(outcome, detection)).collect();
    times.sort_unstable();
    let half = devices.len().div_ceil(2);
    AttackScore {
        act: position,
        name: act.name.clone(),
        kind: act.kind.clone(),
        techniques: act.techniques.clone(),
        onset: act.onset - outcome.header.start,
        recall: recall(&devices),
        recall_lenient: recall_lenient(&devices),
        unobservable: devices.iter().filter(|detection| detection.first_observable.is_none()).count() as u64,
        uncovered: devices.iter().filter(|detection| !detection.covered).count() as u64,
        masked: devices.iter().filter(|detection| detection.masked).count() as u64,
        first_device: times.first().map(|time| *time - act.onset),
        half_of_devices: half.checked_sub(1).and_then(|rank| times.get(rank)).map(|time| *time - act.onset),
        latency: latency(outcome, &devices),
        latency_from_observable: latency_from_observable(outcome, &devices),
        survival: survival(outcome, &devices),
    }
}

fn classes(outcome: &Outcome, matching: &Matching) -> Vec<ClassScore> {
    outcome
        .classes
        .iter()
        .map(|class| {
            let devices: Vec<&Detection> =
                matching.detections.iter().filter(|detection| class.devices.contains(&detection.device.0)).collect();
            ClassScore { class: class.name.clone(), recall: recall(&devices), latency: latency(outcome, &devices) }
        })
        .filter(|class| class.recall.is_some())
        .collect()
}

fn recall(devices: &[&Detection]) -> Option<Proportion> {
    Proportion::of(devices.iter().filter(|detection| detection.strict.is_some()).count() as u64, devices.len() as u64)
}

fn recall_lenient(devices: &[&Detection]) -> Option<Proportion> {
    Proportion::of(devices.iter().filter(|detection| detection.lenient.is_some()).count() as u64, devices.len() as u64)
}

fn latency(outcome: &Outcome, devices: &[&Detection]) -> Option<Latency> {
    Latency::of(devices.iter().filter_map(|detection| Some(detected_at(outcome, detection)? - detection.onset)))
}

fn latency_from_observable(outcome: &Outcome, devices: &[&Detection]) -> Option<Latency> {
    Latency::of(
        devices.iter().filter_map(|detection| Some(detected_at(outcome, detection)? - detection.first_observable?)),
    )
}

fn survival(outcome: &Outcome, devices: &[&Detection]) -> Option<Survival> {
    Survival::of(devices.iter().map(|detection| match detected_at(outcome, detection) {
        Some(time) => (time - detection.onset, true),
        None => (detection.watched_until - detection.onset, false),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::matching::match_alarms;
    use crate::options::Options;

    /// Four devices attacked at minutes 60, 60, 70 and 80 until 120; three are seen, after 10, 20 and 40 minutes.
    fn four_devices() -> DetectionScore {
        let mut fixture = Fixture::new(100, 7);
        fixture.behavior("sent", "aws:num-messages-sent").behavior("auth", "aws:num-authorization-failures");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(1, 60, 120), (2, 60, 120), (3, 70, 120), (4, 80, 120)]);
        fixture.alarm(0, 1, 70, 10).alarm(0, 2, 80, 10).alarm(0, 3, 110, 10).alarm(1, 4, 100, 10);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        score(&fixture.outcome, &matching)
    }

    #[test]
    fn recall_strict_and_lenient() {
        let score = four_devices();
        let parts = |p: Option<Proportion>| p.map(|p| (p.successes, p.trials));
        assert_eq!(parts(score.devices), Some((3, 4)));
        assert_eq!(parts(score.devices_lenient), Some((4, 4)));
        assert_eq!(parts(score.incidents), Some((1, 1)));
        assert_eq!(parts(score.classes[0].recall), Some((3, 4)));
    }

    #[test]
    fn latency_runs_from_each_devices_own_onset() {
        let latency = four_devices().latency.expect("three detected");
        assert_eq!((latency.count, latency.min, latency.max), (3, Millis::minutes(10), Millis::minutes(40)));
        assert_eq!(latency.sum, Millis::minutes(70).0);
    }

    #[test]
    fn latency_from_observable_is_shorter_by_the_wait() {
        // Observable 5 minutes after each onset.
        let latency = four_devices().latency_from_observable.expect("three detected");
        assert_eq!(latency.sum, Millis::minutes(70 - 15).0);
    }

    #[test]
    fn the_incident_is_seen_with_its_first_device_and_half_with_its_second() {
        let score = four_devices();
        assert_eq!(score.attacks[0].first_device, Some(Millis::minutes(10)));
        assert_eq!(score.attacks[0].half_of_devices, Some(Millis::minutes(20)));
    }

    #[test]
    fn the_undetected_device_is_censored_at_the_end_of_its_window() {
        // Device 4: onset 80, end 120 + grace 10 → censored after 50 minutes, later than every detection.
        let survival = four_devices().survival.expect("four devices");
        assert_eq!((survival.devices, survival.detected), (4, 3));
        assert_eq!(survival.median, Some(Millis::minutes(20)));
        assert!((survival.steps[2].undetected - 0.25).abs() < 1e-12);
    }

    #[test]
    fn without_attacks_there_is_nothing_to_say() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent").alarm(0, 1, 70, 10);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        let score = score(&fixture.outcome, &matching);
        assert_eq!((score.devices, score.incidents, score.latency, score.survival), (None, None, None, None));
    }
}

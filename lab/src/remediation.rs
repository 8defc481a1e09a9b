//! Did the response contain the attack, in time, and what did it break?

use std::collections::{BTreeMap, BTreeSet};

use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use sim::outcome::{Act, ActKind, Channel, DeviceId, MitigationRow, Outcome};

use crate::interval::Proportion;
use crate::latency::{Latency, thin};
use crate::matching::Matching;

/// Remediation over the whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemediationScore {
    /// **Remediation coverage**: attacked devices (one for each attack and device; for an attack on the account, what it
    /// changed there) on which an action effective against that attack's channel took hold before the attack's end, and
    /// was not taken back while it lasted.
    pub coverage: Option<Proportion>,
    /// From a device's onset until such an action took hold.
    pub time_to_contain: Option<Latency>,
    /// Attack by attack, in ledger order.
    pub attacks: Vec<AttackRemediation>,
    /// Posture defects, in ledger order.
    pub defects: Vec<DefectRemediation>,
    /// Harm of attacks by unit; units are never added together.
    pub harm: Vec<Harm>,
    /// What the response did to devices that were healthy.
    pub collateral: Collateral,
    /// What was tried, action by action.
    pub actions: Vec<ActionScore>,
    /// Certificate rotation, job by job.
    pub rotations: Vec<RotationScore>,
    /// Cumulative counts over time, at most [`RemediationScore::CURVE_MAX`] points.
    pub curve: Vec<CurvePoint>,
}

impl RemediationScore {
    /// Points kept of the curve: beyond that, every k-th and the last.
    pub const CURVE_MAX: usize = 300;
}

/// How one attack was contained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttackRemediation {
    /// Position in the ledger of truth.
    pub act: u32,
    /// Its name.
    pub name: String,
    /// The road by which it acts: `broker`, `network`, `device`, `account`.
    pub channel: String,
    /// Its devices (or its one resource) contained before its end.
    pub coverage: Option<Proportion>,
    /// From onset to containment.
    pub time_to_contain: Option<Latency>,
    /// Its harm.
    pub harm: Harm,
}

/// How one posture defect was removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DefectRemediation {
    /// Position in the ledger of truth.
    pub act: u32,
    /// Its name.
    pub name: String,
    /// Its devices (or its one resource) on which a measure removed it before the run's end.
    pub removed: Option<Proportion>,
    /// From the defect's onset until it was removed.
    pub time_to_remove: Option<Latency>,
    /// Its harm, for example seconds without a valid certificate.
    pub harm: Harm,
}

/// Harm in one unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Harm {
    /// The unit, for example `bytes`.
    pub unit: String,
    /// What would have been done unhindered.
    pub planned: u64,
    /// What was done: the residual harm.
    pub done: u64,
    /// planned − done.
    pub averted: u64,
    /// averted / planned; `None` if nothing was planned.
    pub averted_share: Option<f64>,
}

impl Harm {
    fn of(unit: &str, planned: u64, done: u64) -> Harm {
        let averted = planned.saturating_sub(done);
        Harm {
            unit: unit.to_owned(),
            planned,
            done,
            averted,
            averted_share: (planned > 0).then(|| averted as f64 / planned as f64),
        }
    }
}

/// Damage by the response itself. A device is *healthy* at a time if no attack had begun on it by then; an action set
/// off by a finding does not count against a device that has a seeded defect.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Collateral {
    /// Healthy devices on which an action took hold, or that the ledger says our own mitigation restricted.
    pub devices_touched: u64,
    /// They as a share of the fleet.
    pub share_of_fleet: Option<f64>,
    /// Hours that healthy devices spent restricted: the ledger's self-inflicted spans; where it has none for a device,
    /// from a restricting action's effect to the end of the run. Overlaps count once.
    pub device_hours_lost: f64,
}

/// What became of one mitigation action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionScore {
    /// Its name.
    pub action: String,
    /// Its type.
    pub action_type: String,
    /// Times it was started.
    pub started: u64,
    /// Times it took hold.
    pub effective: u64,
    /// Times it failed.
    pub failed: u64,
    /// Times it neither took hold nor failed: skipped, or nothing was left to do.
    pub idle: u64,
    /// From the trigger (alarm or finding) until it took hold.
    pub time_to_effect: Option<Latency>,
}

/// How a certificate rotation went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RotationScore {
    /// The job.
    pub job_id: String,
    /// Targets whose certificate was replaced before the old one expired.
    pub in_time: Option<Proportion>,
    /// Targets replaced only after that.
    pub late: u64,
    /// Targets not replaced by the end of the run.
    pub not_replaced: u64,
    /// Executions that failed.
    pub failed: u64,
    /// Executions that timed out.
    pub timed_out: u64,
    /// Device-hours without a valid certificate.
    pub outage_device_hours: f64,
}

/// Cumulative counts at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Since the start of the run.
    pub time: Millis,
    /// Attacked devices on which the attack had begun.
    pub attacked: u64,
    /// Those detected.
    pub detected: u64,
    /// Those contained.
    pub contained: u64,
    /// Healthy devices touched.
    pub collateral: u64,
}

/// Scores remediation.
pub fn score(outcome: &Outcome, matching: &Matching) -> RemediationScore {
    let touched = touched(outcome);
    let attacks: Vec<AttackRemediation> = outcome
        .truth
        .iter()
        .enumerate()
        .filter(|(_, act)| act.category == ActKind::Attack)
        .map(|(position, act)| {
            let units = units(act);
            let contained = mended(&units);
            AttackRemediation {
                act: position as u32,
                name: act.name.clone(),
                channel: channel_name(act.channel).to_owned(),
                coverage: Proportion::of(contained.len() as u64, units.len() as u64),
                time_to_contain: Latency::of(contained),
                harm: Harm::of(
                    &act.harm_unit,
                    act.devices.iter().map(|part| part.harm_planned).sum(),
                    act.devices.iter().map(|part| part.harm).sum(),
                ),
            }
        })
        .collect();
    let coverages = attacks.iter().filter_map(|attack| attack.coverage);
    RemediationScore {
        coverage: Proportion::of(
            coverages.clone().map(|part| part.successes).sum(),
            coverages.map(|part| part.trials).sum(),
        ),
        time_to_contain: Latency::merge(attacks.iter().filter_map(|attack| attack.time_to_contain.as_ref())),
        harm: harm_by_unit(&attacks),
        collateral: Collateral {
            devices_touched: touched.len() as u64,
            share_of_fleet: (outcome.header.devices > 0)
                .then(|| touched.len() as f64 / f64::from(outcome.header.devices)),
            device_hours_lost: lost(outcome).0 as f64 / Millis::HOUR.0 as f64,
        },
        actions: actions(outcome),
        rotations: rotations(outcome),
        curve: curve(outcome, matching, &touched),
        defects: defects(outcome),
        attacks,
    }
}

/// What can be contained of an act, or mended: onset, end and when it was; its one resource, or each of its devices.
fn units(act: &Act) -> Vec<(Timestamp, Timestamp, Option<Timestamp>)> {
    match act.resource {
        Some(_) => vec![(act.onset, act.end, act.resolved)],
        None => act.devices.iter().map(|part| (part.onset, part.end, part.contained)).collect(),
    }
}

/// From onset until it was mended, of those units that were before their end.
fn mended(units: &[(Timestamp, Timestamp, Option<Timestamp>)]) -> Vec<Millis> {
    let times = units.iter().filter_map(|(onset, end, mended)| Some((*onset, mended.filter(|time| time <= end)?)));
    times.map(|(onset, mended)| mended - onset).collect()
}

fn defects(outcome: &Outcome) -> Vec<DefectRemediation> {
    let all = outcome.truth.iter().enumerate().filter(|(_, act)| act.category == ActKind::Defect);
    all.map(|(position, act)| {
        let units = units(act);
        let removed = mended(&units);
        DefectRemediation {
            act: position as u32,
            name: act.name.clone(),
            removed: Proportion::of(removed.len() as u64, units.len() as u64),
            time_to_remove: Latency::of(removed),
            harm: Harm::of(
                &act.harm_unit,
                act.devices.iter().map(|part| part.harm_planned).sum(),
                act.devices.iter().map(|part| part.harm).sum(),
            ),
        }
    })
    .collect()
}

/// The name of a channel in files.
pub const fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Broker => "broker",
        Channel::Network => "network",
        Channel::Device => "device",
        Channel::Account => "account",
    }
}

fn harm_by_unit(attacks: &[AttackRemediation]) -> Vec<Harm> {
    let mut by_unit: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for attack in attacks {
        let sum = by_unit.entry(&attack.harm.unit).or_default();
        sum.0 += attack.harm.planned;
        sum.1 += attack.harm.done;
    }
    by_unit.into_iter().map(|(unit, (planned, done))| Harm::of(unit, planned, done)).collect()
}

/// Each device's earliest attack, and the devices with a defect: what decides who is healthy.
struct Health {
    attacked: BTreeMap<DeviceId, Timestamp>,
    defective: BTreeSet<DeviceId>,
}

impl Health {
    fn of(outcome: &Outcome) -> Health {
        let mut health = Health { attacked: BTreeMap::new(), defective: BTreeSet::new() };
        for act in &outcome.truth {
            for part in &act.devices {
                match act.category {
                    ActKind::Attack => {
                        let onset = health.attacked.entry(part.device).or_insert(part.onset);
                        *onset = (*onset).min(part.onset);
                    }
                    ActKind::Defect => {
                        health.defective.insert(part.device);
                    }
                    ActKind::Confounder | ActKind::Fault | ActKind::SelfInflicted => {}
                }
            }
        }
        health
    }

    fn is_healthy(&self, device: DeviceId, time: Timestamp) -> bool {
        self.attacked.get(&device).is_none_or(|onset| *onset > time)
    }

    /// The moment at which a mitigation hit a healthy device, if it did.
    fn hit(&self, row: &MitigationRow) -> Option<(DeviceId, Timestamp)> {
        let (device, time) = (row.device?, row.effective?);
        let deserved = row.trigger.starts_with("finding") && self.defective.contains(&device);
        (!deserved && self.is_healthy(device, time)).then_some((device, time))
    }
}

/// Healthy devices touched, with the first time.
fn touched(outcome: &Outcome) -> BTreeMap<DeviceId, Timestamp> {
    let health = Health::of(outcome);
    let by_action = outcome.mitigations.iter().filter_map(|row| health.hit(row));
    let by_ledger = self_inflicted(outcome)
        .map(|(device, onset, _)| (device, onset))
        .filter(|(device, onset)| health.is_healthy(*device, *onset));
    let mut first: BTreeMap<DeviceId, Timestamp> = BTreeMap::new();
    for (device, time) in by_action.chain(by_ledger) {
        let earliest = first.entry(device).or_insert(time);
        *earliest = (*earliest).min(time);
    }
    first
}

fn self_inflicted(outcome: &Outcome) -> impl Iterator<Item = (DeviceId, Timestamp, Timestamp)> {
    let acts = outcome.truth.iter().filter(|act| act.category == ActKind::SelfInflicted);
    acts.flat_map(|act| act.devices.iter().map(|part| (part.device, part.onset, part.end)))
}

/// Whether an action of this type takes something away from the device that it targets.
fn restricts(action_type: &str) -> bool {
    matches!(
        action_type,
        "ADD_THINGS_TO_THING_GROUP"
            | "UPDATE_DEVICE_CERTIFICATE"
            | "UPDATE_CA_CERTIFICATE"
            | "REPLACE_DEFAULT_POLICY_VERSION"
    )
}

/// Device-time that healthy devices spent restricted.
fn lost(outcome: &Outcome) -> Millis {
    let health = Health::of(outcome);
    let end = outcome.header.end;
    let mut spans: Vec<(DeviceId, Timestamp, Timestamp)> =
        self_inflicted(outcome).filter(|(device, onset, _)| health.is_healthy(*device, *onset)).collect();
    let known: BTreeSet<DeviceId> = self_inflicted(outcome).map(|(device, ..)| device).collect();
    spans.extend(
        outcome
            .mitigations
            .iter()
            .filter(|row| restricts(&row.action_type))
            .filter_map(|row| health.hit(row))
            .filter(|(device, _)| !known.contains(device))
            .map(|(device, time)| (device, time, end)),
    );
    spans.sort_unstable();
    let mut total = Millis(0);
    let mut covered: Option<(DeviceId, Timestamp)> = None;
    for (device, from, to) in spans {
        let to = to.min(end);
        let from = covered.filter(|(of, _)| *of == device).map_or(from, |(_, until)| from.max(until));
        total = total + Millis((to - from).0.max(0));
        covered = Some((device, to.max(from)));
    }
    total
}

fn is_failed(row: &MitigationRow) -> bool {
    row.effective.is_none() && row.status == "FAILED"
}

fn actions(outcome: &Outcome) -> Vec<ActionScore> {
    let mut by_action: BTreeMap<(&str, &str), Vec<&MitigationRow>> = BTreeMap::new();
    for row in &outcome.mitigations {
        by_action.entry((&row.action, &row.action_type)).or_default().push(row);
    }
    by_action
        .into_iter()
        .map(|((action, action_type), rows)| ActionScore {
            action: action.to_owned(),
            action_type: action_type.to_owned(),
            started: rows.len() as u64,
            effective: rows.iter().filter(|row| row.effective.is_some()).count() as u64,
            failed: rows.iter().filter(|row| is_failed(row)).count() as u64,
            idle: rows.iter().filter(|row| row.effective.is_none() && !is_failed(row)).count() as u64,
            time_to_effect: Latency::of(rows.iter().filter_map(|row| Some(row.effective? - row.triggered))),
        })
        .collect()
}

fn rotations(outcome: &Outcome) -> Vec<RotationScore> {
    outcome
        .jobs
        .iter()
        .map(|job| {
            let replaced = job.rotated_in_time + job.rotated_late;
            RotationScore {
                job_id: job.job_id.clone(),
                in_time: Proportion::of(job.rotated_in_time.min(job.targets), job.targets),
                late: job.rotated_late,
                not_replaced: job.targets.saturating_sub(replaced),
                failed: job.failed,
                timed_out: job.timed_out,
                outage_device_hours: job.outage.0 as f64 / Millis::HOUR.0 as f64,
            }
        })
        .collect()
}

fn curve(outcome: &Outcome, matching: &Matching, touched: &BTreeMap<DeviceId, Timestamp>) -> Vec<CurvePoint> {
    let mut events: Vec<(Timestamp, usize)> = Vec::new();
    for detection in &matching.detections {
        events.push((detection.onset, 0));
        events.extend(crate::detection::detected_at(outcome, detection).map(|time| (time, 1)));
        events.extend(detection.contained.filter(|time| *time <= detection.end).map(|time| (time, 2)));
    }
    events.extend(touched.values().map(|time| (*time, 3)));
    events.sort_unstable();
    let mut counts = [0_u64; 4];
    let start = outcome.header.start;
    let mut points = Vec::new();
    let point = |time: Timestamp, counts: [u64; 4]| CurvePoint {
        time: time - start,
        attacked: counts[0],
        detected: counts[1],
        contained: counts[2],
        collateral: counts[3],
    };
    for moment in events.chunk_by(|a, b| a.0 == b.0) {
        moment.iter().for_each(|(_, kind)| counts[*kind] += 1);
        points.push(point(moment[0].0, counts));
    }
    thin(points, RemediationScore::CURVE_MAX)
}

#[cfg(test)]
mod tests {
    use sim::outcome::JobRow;

    use super::*;
    use crate::fixture::{Fixture, START, at};
    use crate::matching::match_alarms;
    use crate::options::Options;

    fn scored(fixture: &Fixture) -> RemediationScore {
        score(&fixture.outcome, &match_alarms(&fixture.outcome, &Options::default()))
    }

    /// Devices 1 and 2 leak from minute 60 to 120. Device 1 is contained after 20 minutes with 30 of 100 bytes gone;
    /// device 2 only after the end. Device 7, healthy, is quarantined at minute 600.
    fn contained() -> Fixture {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(1, 60, 120), (2, 60, 120)]);
        fixture.outcome.truth[0].devices[0].contained = Some(at(80));
        fixture.outcome.truth[0].devices[0].harm = 30;
        fixture.outcome.truth[0].devices[1].contained = Some(at(130));
        fixture.alarm(0, 1, 70, 5).quarantine(1, 70, 80).quarantine(2, 125, 130).quarantine(7, 590, 600);
        fixture
    }

    #[test]
    fn coverage_counts_containment_before_the_end() {
        let score = scored(&contained());
        assert_eq!(score.coverage.map(|p| (p.successes, p.trials)), Some((1, 2)));
        assert_eq!(score.time_to_contain.expect("one contained").max, Millis::minutes(20));
    }

    #[test]
    fn harm_is_planned_done_and_averted() {
        let harm = &scored(&contained()).harm[0];
        assert_eq!((harm.planned, harm.done, harm.averted, harm.averted_share), (200, 130, 70, Some(0.35)));
    }

    #[test]
    fn collateral_is_what_hit_healthy_devices() {
        let collateral = scored(&contained()).collateral;
        assert_eq!((collateral.devices_touched, collateral.share_of_fleet), (1, Some(0.1)));
        // From minute 600 to the end of the day: 14 hours.
        assert_eq!(collateral.device_hours_lost, 14.0);
    }

    #[test]
    fn the_ledgers_spans_go_before_guesses_and_overlaps_count_once() {
        let mut fixture = contained();
        fixture.act(ActKind::SelfInflicted, "quarantine", &[], &[(7, 600, 720), (1, 80, 1_440)]);
        fixture.act(ActKind::SelfInflicted, "blank policy", &[], &[(7, 660, 780), (8, 660, 720)]);
        let collateral = scored(&fixture).collateral;
        // Device 7: 600–780; device 8: an hour; device 1 was under attack.
        assert_eq!((collateral.devices_touched, collateral.device_hours_lost), (2, 4.0));
    }

    #[test]
    fn an_action_on_a_finding_is_deserved_by_a_defective_device() {
        let mut fixture = contained();
        fixture.act(ActKind::Defect, "expiring", &[], &[(7, 0, 1_440)]);
        fixture.outcome.mitigations[2].trigger = "finding DEVICE_CERTIFICATE_EXPIRING_CHECK".into();
        assert_eq!(scored(&fixture).collateral.devices_touched, 0);
        fixture.outcome.mitigations[2].trigger = "violation sent".into();
        assert_eq!(scored(&fixture).collateral.devices_touched, 1);
    }

    #[test]
    fn actions_are_counted_with_their_time_to_effect() {
        let mut fixture = contained();
        fixture.outcome.mitigations[1].effective = None;
        fixture.outcome.mitigations[1].status = "FAILED".into();
        let action = &scored(&fixture).actions[0];
        assert_eq!((action.started, action.effective, action.failed, action.idle), (3, 2, 1, 0));
        assert_eq!(action.time_to_effect.as_ref().map(|time| time.sum), Some(Millis::minutes(20).0));
    }

    #[test]
    fn rotation_by_hand() {
        let mut fixture = contained();
        fixture.outcome.jobs.push(JobRow {
            job_id: "rotate".into(),
            created: START,
            ended: None,
            targets: 100,
            succeeded: 90,
            failed: 4,
            timed_out: 6,
            rotated_in_time: 80,
            rotated_late: 10,
            outage: Millis::hours(25),
            progress: Vec::new(),
        });
        let rotation = &scored(&fixture).rotations[0];
        assert_eq!(rotation.in_time.map(|p| (p.successes, p.trials)), Some((80, 100)));
        assert_eq!((rotation.late, rotation.not_replaced, rotation.outage_device_hours), (10, 10, 25.0));
    }

    #[test]
    fn the_curve_counts_up() {
        let score = scored(&contained());
        let points: Vec<_> = score
            .curve
            .iter()
            .map(|point| (point.time.0 / 60_000, point.attacked, point.detected, point.contained, point.collateral))
            .collect();
        assert_eq!(points, [(60, 2, 0, 0, 0), (70, 2, 1, 0, 0), (80, 2, 1, 1, 0), (600, 2, 1, 1, 1)]);
    }

    #[test]
    fn defects_are_removed_device_by_device_or_at_their_resource() {
        let mut fixture = Fixture::new(10, 1);
        fixture.act(ActKind::Defect, "expiring", &[], &[(1, 0, 1_440), (2, 60, 1_440)]);
        fixture.outcome.truth[0].devices[1].contained = Some(at(100));
        fixture.act(ActKind::Defect, "policy", &[], &[]);
        fixture.outcome.truth[1].resource = Some("wide-open".into());
        fixture.outcome.truth[1].resolved = Some(at(30));
        let defects = scored(&fixture).defects;
        let shape: Vec<_> = defects
            .iter()
            .map(|defect| {
                let removed = defect.removed.map(|p| (p.successes, p.trials));
                (removed, defect.time_to_remove.as_ref().map(|time| time.max))
            })
            .collect();
        assert_eq!(shape, [(Some((1, 2)), Some(Millis::minutes(40))), (Some((1, 1)), Some(Millis::minutes(30)))]);
    }

    #[test]
    fn no_attack_no_coverage() {
        let fixture = Fixture::new(10, 1);
        let score = scored(&fixture);
        assert_eq!((score.coverage, score.time_to_contain), (None, None));
        assert!(score.harm.is_empty() && score.curve.is_empty());
    }
}

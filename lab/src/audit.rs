//! Do audits find what is wrong, and nothing else?
//!
//! Truth comes in *seeded* units: one for each check that an act says should find it, and each of its devices (or its one
//! resource). A unit is *found* by an unsuppressed finding of that check on that device or resource while the defect
//! lasts: from its onset until a measure removes it. A finding repeated by every daily audit counts once.

use std::collections::{BTreeMap, BTreeSet};

use defender::time::Timestamp;
use serde::{Deserialize, Serialize};
use sim::outcome::{ActKind, DeviceId, FindingRow, Outcome};

use crate::interval::Proportion;
use crate::latency::Latency;

/// Audit quality, over all checks and check by check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditScore {
    /// Audits that ended.
    pub audits: u64,
    /// Distinct unsuppressed findings that name a seeded defect, among all distinct unsuppressed findings.
    pub precision: Option<Proportion>,
    /// Seeded units found, among all seeded units. A check that is off, or never ran in time, misses.
    pub recall: Option<Proportion>,
    /// From a unit's onset to its first finding, of those found.
    pub time_to_finding: Option<Latency>,
    /// Check by check: those enabled in catalog order, then those that were off though a defect called for them.
    pub checks: Vec<CheckScore>,
    /// Whether the run kept only part of its findings; precision then speaks of the part.
    pub truncated: bool,
}

/// How good one check is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckScore {
    /// The service's name.
    pub name: String,
    /// Severity; empty if the check was off.
    pub severity: String,
    /// Whether the audit configuration had it on.
    pub enabled: bool,
    /// Audits that ran it.
    pub runs: u64,
    /// Non-compliant results over all audits, repeated ones included.
    pub non_compliant: u64,
    /// Suppressed results over all audits.
    pub suppressed: u64,
    /// Seeded units that it should find.
    pub seeded: u64,
    /// Seeded units whose onset came after the last audit that ran the check: nobody looked.
    pub unaudited: u64,
    /// Distinct findings that name a seeded defect, among its distinct findings.
    pub precision: Option<Proportion>,
    /// Seeded units found.
    pub recall: Option<Proportion>,
    /// From onset to first finding.
    pub time_to_finding: Option<Latency>,
}

/// A thing that one check should find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeded {
    /// Position in [`Outcome::truth`].
    pub act: u32,
    /// The check that should find it.
    pub check: String,
    /// Where.
    pub place: Place,
    /// Since when.
    pub onset: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// When it was first found.
    pub found: Option<Timestamp>,
}

/// Where a defect or a finding is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// On a device (its certificate, its thing).
    Device(DeviceId),
    /// On a resource, as findings spell it.
    Resource(String),
}

impl Place {
    fn of(finding: &FindingRow) -> Place {
        finding.device.map_or_else(|| Place::Resource(finding.resource.clone()), Place::Device)
    }
}

/// Every seeded unit, with the first finding of it.
pub fn seeded(outcome: &Outcome) -> Vec<Seeded> {
    let findings = findings(outcome);
    let mut units = Vec::new();
    for (position, act) in outcome.truth.iter().enumerate() {
        if !matches!(act.category, ActKind::Attack | ActKind::Defect) {
            continue;
        }
        for check in &act.checks {
            let mut seed = |place: Place, onset, end| {
                let found = findings.get(&(check.as_str(), place.clone())).and_then(|times| first(times, onset, end));
                units.push(Seeded { act: position as u32, check: check.clone(), place, onset, end, found });
            };
            match &act.resource {
                Some(resource) => {
                    seed(Place::Resource(resource.clone()), act.onset, act.resolved.unwrap_or(act.end));
                }
                None => act.devices.iter().for_each(|part| {
                    seed(Place::Device(part.device), part.onset, part.contained.unwrap_or(part.end));
                }),
            }
        }
    }
    units
}

/// Times of unsuppressed findings by check and place; ascending, as findings come audit by audit.
fn findings(outcome: &Outcome) -> BTreeMap<(&str, Place), Vec<Timestamp>> {
    let mut by_place: BTreeMap<(&str, Place), Vec<Timestamp>> = BTreeMap::new();
    for finding in outcome.findings.iter().filter(|finding| !finding.suppressed) {
        let check = outcome.checks[finding.check as usize].name.as_str();
        by_place.entry((check, Place::of(finding))).or_default().push(finding.time);
    }
    by_place.values_mut().for_each(|times| times.sort_unstable());
    by_place
}

fn first(times: &[Timestamp], onset: Timestamp, end: Timestamp) -> Option<Timestamp> {
    times.get(times.partition_point(|time| *time < onset)).copied().filter(|time| *time <= end)
}

/// Scores audits.
pub fn score(outcome: &Outcome, seeded: &[Seeded]) -> AuditScore {
    let right: BTreeSet<(&str, &Place)> =
        seeded.iter().filter(|unit| unit.found.is_some()).map(|unit| (unit.check.as_str(), &unit.place)).collect();
    let found = findings(outcome);
    let enabled = outcome.checks.iter().map(|check| (check.name.as_str(), check.severity.as_str(), true));
    let off: BTreeSet<&str> = seeded
        .iter()
        .map(|unit| unit.check.as_str())
        .filter(|name| outcome.checks.iter().all(|check| check.name != *name))
        .collect();
    let checks: Vec<CheckScore> = enabled
        .chain(off.into_iter().map(|name| (name, "", false)))
        .map(|(name, severity, enabled)| {
            let distinct = found.keys().filter(|(check, _)| *check == name);
            let wanted = distinct.clone().filter(|(check, place)| right.contains(&(*check, place))).count() as u64;
            check(outcome, seeded, (name, severity, enabled), (wanted, distinct.count() as u64))
        })
        .collect();
    let kept = outcome.findings.len() as u64;
    let reported: u64 = checks.iter().map(|check| check.non_compliant + check.suppressed).sum();
    let sum = |of: fn(&CheckScore) -> Option<Proportion>| {
        let parts: Vec<Proportion> = checks.iter().filter_map(of).collect();
        Proportion::of(parts.iter().map(|p| p.successes).sum(), parts.iter().map(|p| p.trials).sum())
    };
    AuditScore {
        audits: outcome.audits.len() as u64,
        precision: sum(|check| check.precision),
        recall: sum(|check| check.recall),
        time_to_finding: Latency::of(seeded.iter().filter_map(|unit| Some(unit.found? - unit.onset))),
        truncated: kept < reported,
        checks,
    }
}

fn check(
    outcome: &Outcome,
    seeded: &[Seeded],
    (name, severity, enabled): (&str, &str, bool),
    (right, distinct): (u64, u64),
) -> CheckScore {
    let runs: Vec<_> = outcome
        .audits
        .iter()
        .filter_map(|audit| audit.checks.iter().find(|row| row.0 == name).map(|row| (audit.ended, row.2, row.3)))
        .collect();
    let last_run = runs.iter().map(|run| run.0).max();
    let units: Vec<&Seeded> = seeded.iter().filter(|unit| unit.check == name).collect();
    let found = units.iter().filter(|unit| unit.found.is_some()).count() as u64;
    CheckScore {
        name: name.to_owned(),
        severity: severity.to_owned(),
        enabled,
        runs: runs.len() as u64,
        non_compliant: runs.iter().map(|run| run.1).sum(),
        suppressed: runs.iter().map(|run| run.2).sum(),
        seeded: units.len() as u64,
        unaudited: units.iter().filter(|unit| last_run.is_none_or(|last| last < unit.onset)).count() as u64,
        precision: Proportion::of(right, distinct),
        recall: Proportion::of(found, units.len() as u64),
        time_to_finding: Latency::of(units.iter().filter_map(|unit| Some(unit.found? - unit.onset))),
    }
}

#[cfg(test)]
mod tests {
    use defender::time::Millis;
    use sim::outcome::AuditRow;

    use super::*;
    use crate::fixture::{Fixture, START, at};

    const EXPIRING: &str = "DEVICE_CERTIFICATE_EXPIRING_CHECK";
    const POLICY: &str = "IOT_POLICY_OVERLY_PERMISSIVE_CHECK";
    const LOGGING: &str = "LOGGING_DISABLED_CHECK";

    fn finding(fixture: &mut Fixture, check: u32, place: &str, device: Option<u32>, minute: i64) {
        let number = fixture.outcome.findings.len();
        fixture.outcome.findings.push(FindingRow {
            audit: 0,
            finding_id: number.to_string(),
            check,
            reason: "REASON".into(),
            resource: place.into(),
            device: device.map(DeviceId),
            time: at(minute),
            suppressed: false,
        });
    }

    /// Certificates of devices 1–4 expire (from minute 0; 4 only from minute 2,000), a policy is bad, logging is off but
    /// so is its check. Audits at minutes 60 and 1,500. Device 3's finding is suppressed; device 9's was never seeded.
    fn audited() -> Fixture {
        let mut fixture = Fixture::new(10, 3);
        fixture.check(EXPIRING).check(POLICY);
        fixture.act(
            ActKind::Defect,
            "expiring",
            &[],
            &[(1, 0, 4_000), (2, 0, 4_000), (3, 0, 4_000), (4, 2_000, 4_000)],
        );
        fixture.outcome.truth[0].checks = vec![EXPIRING.into()];
        fixture.act(ActKind::Defect, "policy", &[], &[]);
        fixture.outcome.truth[1].checks = vec![POLICY.into()];
        fixture.outcome.truth[1].resource = Some("wide-open".into());
        fixture.act(ActKind::Defect, "logging", &[], &[]);
        fixture.outcome.truth[2].checks = vec![LOGGING.into()];
        fixture.outcome.truth[2].resource = Some("account".into());
        for (number, minute) in [60, 1_500].into_iter().enumerate() {
            fixture.outcome.audits.push(AuditRow {
                task_id: number.to_string(),
                schedule: Some("daily".into()),
                started: at(minute),
                ended: at(minute),
                checks: vec![(EXPIRING.into(), 10, 3, 1), (POLICY.into(), 2, number as u64, 0)],
            });
            finding(&mut fixture, 0, "certificate of meter-000001", Some(1), minute);
            finding(&mut fixture, 0, "certificate of meter-000009", Some(9), minute);
            finding(&mut fixture, 0, "certificate of meter-000003", Some(3), minute);
            fixture.outcome.findings.last_mut().expect("just pushed").suppressed = true;
        }
        finding(&mut fixture, 0, "certificate of meter-000002", Some(2), 1_500);
        finding(&mut fixture, 1, "wide-open", None, 1_500);
        fixture
    }

    #[test]
    fn precision_and_recall_per_check() {
        let fixture = audited();
        let score = score(&fixture.outcome, &seeded(&fixture.outcome));
        let parts = |p: Option<Proportion>| p.map(|p| (p.successes, p.trials));
        let [expiring, policy, logging] = &score.checks[..] else { panic!("three checks, found {:?}", score.checks) };
        // Distinct findings: devices 1, 2 and 9; seeded: 1, 2, 3 and 4.
        assert_eq!((parts(expiring.precision), parts(expiring.recall)), (Some((2, 3)), Some((2, 4))));
        assert_eq!((expiring.runs, expiring.non_compliant, expiring.suppressed), (2, 6, 2));
        assert_eq!(expiring.unaudited, 1);
        assert_eq!((parts(policy.precision), parts(policy.recall)), (Some((1, 1)), Some((1, 1))));
        assert_eq!((logging.enabled, logging.runs, logging.unaudited), (false, 0, 1));
        assert_eq!((parts(logging.precision), parts(logging.recall)), (None, Some((0, 1))));
        assert_eq!((parts(score.precision), parts(score.recall)), (Some((3, 4)), Some((3, 6))));
    }

    #[test]
    fn time_to_finding_runs_from_the_defects_onset_to_its_first_finding() {
        let fixture = audited();
        let score = score(&fixture.outcome, &seeded(&fixture.outcome));
        let time = score.time_to_finding.expect("three found");
        // Device 1 after 60 minutes, device 2 and the policy after 1,500.
        assert_eq!((time.count, time.sum), (3, Millis::minutes(3_060).0));
    }

    #[test]
    fn a_finding_before_the_onset_is_not_of_this_defect() {
        let mut fixture = Fixture::new(10, 1);
        fixture.check(EXPIRING).act(ActKind::Defect, "expiring", &[], &[(1, 100, 1_000)]);
        fixture.outcome.truth[0].checks = vec![EXPIRING.into()];
        finding(&mut fixture, 0, "certificate of meter-000001", Some(1), 60);
        assert_eq!(seeded(&fixture.outcome)[0].found, None);
        assert_eq!(seeded(&fixture.outcome)[0].onset, START + Millis::minutes(100));
    }

    #[test]
    fn a_finding_after_the_defect_was_removed_is_not_of_it() {
        let mut fixture = Fixture::new(10, 1);
        fixture.check(EXPIRING).act(ActKind::Defect, "expiring", &[], &[(1, 0, 1_000)]);
        fixture.outcome.truth[0].checks = vec![EXPIRING.into()];
        fixture.outcome.truth[0].devices[0].contained = Some(at(50));
        finding(&mut fixture, 0, "certificate of meter-000001", Some(1), 60);
        assert_eq!(seeded(&fixture.outcome)[0].found, None);
    }

    #[test]
    fn no_defects_and_no_findings_are_not_a_perfect_score() {
        let mut fixture = Fixture::new(10, 1);
        fixture.check(EXPIRING);
        let score = score(&fixture.outcome, &seeded(&fixture.outcome));
        assert_eq!((score.precision, score.recall, score.time_to_finding), (None, None, None));
    }
}

//! Whether everything healed after the faults were over: what still stands at the end of a run that would not without
//! them, and that nothing keeps up.

use std::collections::BTreeSet;

use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use sim::outcome::{ActKind, Alarm, DeviceId, MitigationRow, Outcome, Verdict};

use crate::matching::label;

/// Something that had not healed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remnant {
    /// The trial.
    pub trial: String,
    /// The seed.
    pub seed: u64,
    /// What.
    pub what: Left,
}

/// What was left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "left")]
pub enum Left {
    /// An alarm stood though its device was no longer under attack, had long had time to clear, and without the faults
    /// had none.
    Alarm {
        /// The thing.
        device: String,
        /// The behavior.
        behavior: String,
    },
    /// The responses to a device succeeded, and none took hold.
    Response {
        /// The thing.
        device: String,
    },
    /// A team passed over an alert that had waited longer than one that it took, or took none after the faults were over.
    Case {
        /// The team.
        team: String,
    },
    /// A job did not end though there was time to do all of it anew.
    Job {
        /// The job.
        job: String,
    },
    /// Audits that were due after the faults were over did not take place.
    Audits {
        /// How many.
        missing: u64,
    },
}

/// Responses, and the ends of attacks, have this long to show.
const SETTLES: Millis = Millis::hours(1);

/// What faults that were over at `until` left behind in a run, against the same run without them.
pub fn remnants(sound: &Outcome, faulty: &Outcome, until: Timestamp) -> Vec<Left> {
    let mut left = alarms(sound, faulty, until);
    left.extend(responses(sound, faulty));
    left.extend(cases(faulty, until));
    left.extend(jobs(sound, faulty, until));
    let after = |outcome: &Outcome| outcome.audits.iter().filter(|audit| audit.started >= until).count() as u64;
    let missing = after(sound).saturating_sub(after(faulty));
    if missing > 0 {
        left.push(Left::Audits { missing });
    }
    left.sort();
    left
}

fn open_alarms(outcome: &Outcome) -> BTreeSet<(u32, DeviceId)> {
    let open = outcome.alarms.iter().filter(|alarm| alarm.ended.is_none());
    open.map(|alarm| (alarm.behavior, alarm.device)).collect()
}

fn alarms(sound: &Outcome, faulty: &Outcome, until: Timestamp) -> Vec<Left> {
    let known = open_alarms(sound);
    let is_stuck = |alarm: &&Alarm| {
        let row = &faulty.behaviors[alarm.behavior as usize];
        let interval = faulty.classes[faulty.class_of(alarm.device)].report_interval.unwrap_or(Millis(0));
        // It takes that many datapoints in a row, each at most a window or a report apart.
        let apart = row.duration.max(interval).max(faulty.header.window);
        let clears = Millis(apart.0 * (i64::from(row.to_clear) + 1)) + SETTLES;
        let since = faulty.header.end - clears;
        alarm.ended.is_none()
            && alarm.raised < since
            && until < since
            && !known.contains(&(alarm.behavior, alarm.device))
            && !is_kept_up(faulty, alarm.device, since)
    };
    let stuck = faulty.alarms.iter().filter(is_stuck);
    let left = stuck.map(|alarm| Left::Alarm {
        device: faulty.device_name(alarm.device),
        behavior: label(faulty, alarm.behavior as usize),
    });
    left.collect()
}

/// Whether anything but a fault went on with a device after `since`.
fn is_kept_up(outcome: &Outcome, device: DeviceId, since: Timestamp) -> bool {
    let acts = outcome.truth.iter().filter(|act| act.category != ActKind::Fault);
    acts.flat_map(|act| &act.devices).any(|part| part.device == device && part.end > since)
}

/// Devices of which a response succeeded long before the end, and none showed.
fn unanswered(outcome: &Outcome) -> BTreeSet<DeviceId> {
    let done = |row: &&MitigationRow| row.status == "SUCCESSFUL" && row.started + SETTLES < outcome.header.end;
    let shown: BTreeSet<DeviceId> =
        outcome.mitigations.iter().filter(|row| row.effective.is_some()).filter_map(|row| row.device).collect();
    let devices = outcome.mitigations.iter().filter(done).filter_map(|row| row.device);
    devices.filter(|device| !shown.contains(device)).collect()
}

fn responses(sound: &Outcome, faulty: &Outcome) -> Vec<Left> {
    let known = unanswered(sound);
    let left = unanswered(faulty).into_iter().filter(|device| !known.contains(device));
    left.map(|device| Left::Response { device: faulty.device_name(device) }).collect()
}

fn cases(faulty: &Outcome, until: Timestamp) -> Vec<Left> {
    let waits = |case: &&sim::outcome::CaseRow| case.verdict == Verdict::Open && case.taken.is_none();
    let teams: BTreeSet<&str> =
        faulty.cases.iter().filter(waits).filter(|case| case.arrived < until).map(|case| case.team.as_str()).collect();
    let is_stuck = |team: &&str| {
        let of_team = || faulty.cases.iter().filter(|case| case.team == **team);
        let oldest = of_team().filter(waits).map(|case| case.arrived).min();
        let overtaken = of_team().any(|case| case.taken.is_some() && Some(case.arrived) > oldest);
        let works = of_team().any(|case| case.taken.is_some_and(|taken| taken >= until));
        overtaken || (!works && faulty.header.end - until >= Millis::DAY)
    };
    teams.into_iter().filter(is_stuck).map(|team| Left::Case { team: team.to_owned() }).collect()
}

fn jobs(sound: &Outcome, faulty: &Outcome, until: Timestamp) -> Vec<Left> {
    let is_stuck = |job: &&sim::outcome::JobRow| {
        let took = sound.jobs.iter().find(|other| other.job_id == job.job_id);
        let took = took.and_then(|other| other.ended.map(|ended| ended - other.created));
        job.ended.is_none() && took.is_some_and(|took| faulty.header.end - until.max(job.created) > Millis(took.0 * 2))
    };
    faulty.jobs.iter().filter(is_stuck).map(|job| Left::Job { job: job.job_id.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, at};

    /// Twelve hours, faults until the sixth; device 1 is attacked from the second hour to the fourth.
    fn run() -> Fixture {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(1, 120, 240)]);
        fixture
    }

    fn left(sound: &Fixture, faulty: &Fixture) -> Vec<Left> {
        remnants(&sound.outcome, &faulty.outcome, at(360))
    }

    #[test]
    fn an_alarm_that_nothing_keeps_up_is_stuck() {
        let (sound, mut faulty) = (run(), run());
        faulty.alarm(0, 1, 200, 60);
        assert_eq!(left(&sound, &faulty), [], "it cleared");
        faulty.outcome.alarms[0].ended = None;
        let stuck = Left::Alarm { device: "meter-000001".into(), behavior: "sent".into() };
        assert_eq!(left(&sound, &faulty), [stuck]);
        // One that stands without the faults as well is not theirs.
        let mut sound = run();
        sound.alarm(0, 1, 300, 60);
        sound.outcome.alarms[0].ended = None;
        assert_eq!(left(&sound, &faulty), []);
        // Nor is one that has had no time to clear: two datapoints of ten minutes, and one more, and an hour.
        let mut late = run();
        late.alarm(0, 1, 24 * 60 - 80, 5);
        late.outcome.alarms[0].ended = None;
        assert_eq!(left(&run(), &late), []);
        // Nor one whose attack goes on.
        let mut on = run();
        on.attack("more", &["aws:num-messages-sent"], &[(1, 120, 24 * 60)]).alarm(0, 1, 200, 5);
        on.outcome.alarms[0].ended = None;
        assert_eq!(left(&run(), &on), []);
    }

    #[test]
    fn a_response_that_never_took_hold_hangs() {
        let (mut sound, mut faulty) = (run(), run());
        sound.quarantine(1, 200, 210);
        faulty.quarantine(1, 200, 210);
        for fixture in [&mut sound, &mut faulty] {
            fixture.outcome.mitigations[0].status = "SUCCESSFUL".into();
        }
        assert_eq!(left(&sound, &faulty), []);
        faulty.outcome.mitigations[0].effective = None;
        assert_eq!(left(&sound, &faulty), [Left::Response { device: "meter-000001".into() }]);
    }

    #[test]
    fn audits_that_are_missing_after_the_faults_are_counted() {
        let (mut sound, faulty) = (run(), run());
        let audit = |minute| sim::outcome::AuditRow {
            task_id: format!("audit-{minute}"),
            schedule: None,
            started: at(minute),
            ended: at(minute),
            checks: Vec::new(),
        };
        sound.outcome.audits = vec![audit(300), audit(400), audit(500)];
        assert_eq!(left(&sound, &faulty), [Left::Audits { missing: 2 }]);
    }

    #[test]
    fn an_alert_that_was_passed_over_hangs() {
        let case = |arrived: i64, taken: Option<i64>| sim::outcome::CaseRow {
            team: "soc".into(),
            responder: "quarantine".into(),
            device: None,
            arrived: at(arrived),
            taken: taken.map(at),
            decided: taken.map(|taken| at(taken + 5)),
            verdict: if taken.is_some() { Verdict::Confirmed } else { Verdict::Open },
            real: true,
        };
        let (sound, mut faulty) = (run(), run());
        faulty.outcome.cases = vec![case(100, Some(400)), case(200, None), case(300, None)];
        assert_eq!(left(&sound, &faulty), [], "a queue that is being worked off");
        faulty.outcome.cases[2] = case(300, Some(500));
        assert_eq!(left(&sound, &faulty), [Left::Case { team: "soc".into() }]);
    }
}

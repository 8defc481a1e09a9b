//! Desks: people judge alerts before anything is done. They work in shifts, take one alert at a time in the order of
//! arrival, hand on what waits too long, and err, the more so the longer the queue. So false alarms cost real
//! response time.

use std::collections::BTreeSet;

use defender::time::{Millis, Timestamp};
use jiff::civil;
use jiff::tz::TimeZone;

use super::calendar::Task;
use super::respond::{Cause, PendingResponse};
use super::{Stopped, World};
use crate::dice::{Dice, Purpose, mix, name_key};
use crate::outcome::{CaseRow, DeviceId, Verdict};
use crate::scenario::{Scenario, TeamPlan};

/// Something that happens at a desk.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum DeskEvent {
    /// An alert arrives.
    Arrives(usize),
    /// An analyst is done with it.
    Decided(usize),
    /// It has waited as long as its team lets alerts wait.
    Overdue(usize),
    /// A team's shift changes.
    Shift(usize),
}

/// An alert at a desk.
#[derive(Clone, Debug)]
struct Case {
    response: PendingResponse,
    team: usize,
    /// Whether a first team has confirmed it already.
    approving: bool,
    arrived: Timestamp,
    taken: Option<Timestamp>,
    decided: Option<Timestamp>,
    verdict: Verdict,
    real: bool,
}

/// A team at work.
#[derive(Clone, Debug)]
struct Desk {
    zone: TimeZone,
    /// Cases in the order of arrival.
    waiting: BTreeSet<(Timestamp, usize)>,
    /// Analysts who are judging.
    busy: u32,
    /// The shift change that it has been put on the calendar for.
    wakes: Option<Timestamp>,
}

/// All desks and all cases.
#[derive(Clone, Debug, Default)]
pub(super) struct Desks {
    desks: Vec<Desk>,
    cases: Vec<Case>,
}

impl Desks {
    pub fn new(scenario: &Scenario) -> Result<Desks, Stopped> {
        let desk = |team: &TeamPlan| {
            let zone = TimeZone::get(&team.time_zone)
                .map_err(|error| Stopped::Setup(vec![format!("team `{}`: {error}", team.name)]))?;
            Ok(Desk { zone, waiting: BTreeSet::new(), busy: 0, wakes: None })
        };
        Ok(Desks { desks: scenario.teams.iter().map(desk).collect::<Result<_, Stopped>>()?, cases: Vec::new() })
    }
}

impl World<'_> {
    /// A responder's alert goes to a team.
    pub(super) fn open_case(&mut self, time: Timestamp, team: usize, response: PendingResponse) {
        self.add_case(time, team, response, false);
    }

    fn add_case(&mut self, arrived: Timestamp, team: usize, response: PendingResponse, approving: bool) {
        let real = match response.cause {
            Cause::Audit(_) => true,
            Cause::Alarm(alarm) => {
                let alarm = &self.record.alarms[alarm];
                self.ledger.attacked(alarm.device.0, alarm.raised, self.record.grace(alarm.behavior))
            }
        };
        let case = self.desks.cases.len();
        let (taken, decided) = (None, None);
        self.desks.cases.push(Case {
            response,
            team,
            approving,
            arrived,
            taken,
            decided,
            verdict: Verdict::Open,
            real,
        });
        self.calendar.add(arrived, Task::Desk(DeskEvent::Arrives(case)));
    }

    pub(super) fn at_the_desk(&mut self, time: Timestamp, event: DeskEvent) {
        let team = match event {
            DeskEvent::Arrives(case) => {
                let team = self.desks.cases[case].team;
                self.desks.desks[team].waiting.insert((time, case));
                if let Some((after, _)) = self.scenario.teams[team].escalation {
                    self.calendar.add(time + after, Task::Desk(DeskEvent::Overdue(case)));
                }
                team
            }
            DeskEvent::Decided(case) => {
                let team = self.desks.cases[case].team;
                self.desks.desks[team].busy -= 1;
                self.decide(time, case);
                team
            }
            DeskEvent::Overdue(case) => {
                let Case { team, arrived, approving, .. } = self.desks.cases[case];
                if self.desks.desks[team].waiting.remove(&(arrived, case))
                    && let Some((_, to)) = self.scenario.teams[team].escalation
                {
                    self.desks.cases[case].verdict = Verdict::Escalated;
                    let response = self.desks.cases[case].response.clone();
                    self.add_case(time, to, response, approving);
                }
                team
            }
            DeskEvent::Shift(team) => {
                self.desks.desks[team].wakes = None;
                team
            }
        };
        self.take_cases(time, team);
    }

    /// Whoever is free takes what has waited longest.
    fn take_cases(&mut self, time: Timestamp, team: usize) {
        let plan = &self.scenario.teams[team];
        loop {
            let desk = &mut self.desks.desks[team];
            let Some((_, case)) = desk.waiting.first().copied() else { return };
            if desk.busy >= self.disruptions.left_of(on_duty(plan, &desk.zone, time), time) {
                break;
            }
            desk.waiting.pop_first();
            desk.busy += 1;
            let case_at = &mut self.desks.cases[case];
            case_at.taken = Some(time);
            let key = mix(case_at.response.key ^ name_key(&plan.name));
            let triage = plan.triage.draw(Dice::new(key, Purpose::Triage, case_at.response.occasion));
            self.calendar.add(time + triage, Task::Desk(DeskEvent::Decided(case)));
        }
        let desk = &mut self.desks.desks[team];
        if desk.wakes.is_none()
            && let Some(next) =
                [next_change(plan, &desk.zone, time), self.disruptions.people_return(time)].into_iter().flatten().min()
        {
            desk.wakes = Some(next);
            self.calendar.add(next, Task::Desk(DeskEvent::Shift(team)));
        }
    }

    fn decide(&mut self, time: Timestamp, case: usize) {
        let Case { response, team, approving, real, .. } = self.desks.cases[case].clone();
        let plan = &self.scenario.teams[team];
        let key = mix(response.key ^ name_key(&plan.name));
        let mut dice = Dice::new(key, Purpose::Verdict, response.occasion);
        let waiting = self.desks.desks[team].waiting.len();
        let fatigue = plan.fatigue_at.map_or(1.0, |at| 1.0 + waiting as f64 / f64::from(at));
        let rate = if real { plan.dismisses } else { plan.confirms };
        let errs = rate > 0.0 && dice.unit() < (rate * fatigue).min(rate.max(0.5));
        let confirmed = real != errs;
        let row = &mut self.desks.cases[case];
        row.decided = Some(time);
        row.verdict = if confirmed { Verdict::Confirmed } else { Verdict::Dismissed };
        match self.scenario.responders[response.responder].approval {
            _ if !confirmed => self.drop_response(&response),
            Some(second) if !approving && !response.by_hand => self.add_case(time, second, response, true),
            _ => self.go_ahead(time, response),
        }
    }

    /// What came over the desks, in the order of arrival.
    pub(super) fn case_rows(&mut self) -> Vec<CaseRow> {
        let mut cases = std::mem::take(&mut self.desks.cases);
        cases.retain(|case| case.arrived < self.scenario.end());
        cases.sort_by_key(|case| case.arrived);
        let row = |case: Case| CaseRow {
            team: self.scenario.teams[case.team].name.clone(),
            responder: self.scenario.responders[case.response.responder].name.clone(),
            device: match case.response.cause {
                Cause::Alarm(alarm) => Some(DeviceId(self.record.alarms[alarm].device.0)),
                Cause::Audit(_) => None,
            },
            arrived: case.arrived,
            taken: case.taken,
            decided: case.decided,
            verdict: case.verdict,
            real: case.real,
        };
        cases.into_iter().map(row).collect()
    }
}

/// How many of a team work at a time.
fn on_duty(team: &TeamPlan, zone: &TimeZone, time: Timestamp) -> u32 {
    if team.shifts.is_empty() {
        return team.analysts;
    }
    let local = local(zone, time);
    let (today, now) = (day_of(local), time_of_day(local));
    let yesterday = (today + 6) % 7;
    let works = team.shifts.iter().filter(|shift| {
        if shift.from < shift.to {
            shift.days[today] && shift.from <= now && now < shift.to
        } else {
            (shift.days[today] && shift.from <= now) || (shift.days[yesterday] && now < shift.to)
        }
    });
    works.map(|shift| shift.analysts).sum()
}

/// When the number on duty may next change; `None` without shifts.
fn next_change(team: &TeamPlan, zone: &TimeZone, time: Timestamp) -> Option<Timestamp> {
    let date = local(zone, time).date();
    let boundaries = (0..=8).flat_map(|ahead| {
        let date = date.checked_add(jiff::Span::new().days(ahead)).unwrap_or(date);
        let times = team.shifts.iter().flat_map(|shift| [shift.from, shift.to]);
        times.map(move |time| date.to_datetime(civil::Time::midnight()) + jiff::SignedDuration::from_millis(time.0))
    });
    let instants = boundaries.filter_map(|boundary| {
        let zoned = zone.to_ambiguous_zoned_datetime(boundary).compatible().ok()?;
        Some(Timestamp(zoned.timestamp().as_millisecond()))
    });
    instants.filter(|instant| *instant > time).min()
}

fn local(zone: &TimeZone, time: Timestamp) -> civil::DateTime {
    let instant = jiff::Timestamp::from_millisecond(time.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    zone.to_datetime(instant)
}

/// 0 is Monday.
fn day_of(local: civil::DateTime) -> usize {
    local.weekday().to_monday_zero_offset() as usize
}

fn time_of_day(local: civil::DateTime) -> Millis {
    let time = local.time();
    let seconds = i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    Millis(seconds * 1_000 + i64::from(time.millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Delay, Shift};

    const WORKDAYS: [bool; 7] = [true, true, true, true, true, false, false];

    fn team(shifts: Vec<Shift>) -> TeamPlan {
        TeamPlan {
            name: "soc".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            shifts,
            analysts: 3,
            triage: Delay::Fixed(Millis::minutes(5)),
            dismisses: 0.0,
            confirms: 0.0,
            fatigue_at: None,
            escalation: None,
        }
    }

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().expect("an instant").as_millisecond())
    }

    #[test]
    fn without_shifts_all_work_around_the_clock() {
        assert_eq!(on_duty(&team(Vec::new()), &TimeZone::UTC, at("2026-06-06T03:00:00Z")), 3);
        assert_eq!(next_change(&team(Vec::new()), &TimeZone::UTC, at("2026-06-06T03:00:00Z")), None);
    }

    #[test]
    fn shifts_follow_the_clock_of_their_place() {
        let zone = TimeZone::get("Europe/Berlin").expect("bundled");
        let (from, to) = (Millis::hours(8), Millis::hours(16));
        let team = team(vec![Shift { days: WORKDAYS, from, to, analysts: 2 }]);
        // Monday; Berlin is two hours ahead of UTC in June.
        for (time, analysts) in [("05:59:59", 0), ("06:00:00", 2), ("13:59:59", 2), ("14:00:00", 0)] {
            assert_eq!(on_duty(&team, &zone, at(&format!("2026-06-01T{time}Z"))), analysts, "{time}");
        }
        assert_eq!(on_duty(&team, &zone, at("2026-06-06T08:00:00Z")), 0, "a Saturday");
        assert_eq!(next_change(&team, &zone, at("2026-06-01T06:00:00Z")), Some(at("2026-06-01T14:00:00Z")));
        // In winter the same shift begins an hour later by UTC.
        assert_eq!(on_duty(&team, &zone, at("2026-01-05T06:30:00Z")), 0);
        assert_eq!(on_duty(&team, &zone, at("2026-01-05T07:00:00Z")), 2);
    }

    #[test]
    fn a_night_shift_ends_on_the_next_day() {
        let (from, to) = (Millis::hours(22), Millis::hours(6));
        let team = team(vec![Shift { days: WORKDAYS, from, to, analysts: 1 }]);
        let duty = |time| on_duty(&team, &TimeZone::UTC, at(time));
        assert_eq!(duty("2026-06-05T23:00:00Z"), 1, "Friday night");
        assert_eq!(duty("2026-06-06T05:59:00Z"), 1, "its end on Saturday");
        assert_eq!(duty("2026-06-06T23:00:00Z"), 0, "Saturday night");
        assert_eq!(duty("2026-06-01T05:00:00Z"), 0, "Monday morning: nobody began on Sunday");
    }
}

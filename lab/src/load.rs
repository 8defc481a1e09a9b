//! What the alarms ask of the people who look at them.
//!
//! An *incident* is what one analyst would open one ticket for: a chain of alerted alarms of one behavior in which each
//! is raised at most [`Options::incident_gap`] after the one before. Suppressed behaviors ask nothing of anybody.

use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use sim::outcome::Outcome;

use crate::latency::Latency;
use crate::matching::{Matching, Verdict};
use crate::options::Options;

/// Operator load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadScore {
    /// Alarms of behaviors whose alerts are not suppressed.
    pub alarms: u64,
    /// The same per day of the run.
    pub alarms_per_day: Option<f64>,
    /// The whole hour (since the start) with the most of them; `None` if there were none.
    pub worst_hour: Option<WorstHour>,
    /// Incidents.
    pub incidents: u64,
    /// Incidents per day of the run.
    pub incidents_per_day: Option<f64>,
    /// Incidents that hold no true alarm and at least one false one.
    pub incidents_wrong: u64,
    /// The queue for 1, 2, 3… analysts, each working one incident at a time, first come first served.
    pub queues: Vec<Queue>,
}

/// The busiest hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorstHour {
    /// Whole hours since the start of the run.
    pub hour: u64,
    /// Alarms raised in it.
    pub alarms: u64,
    /// Incidents opened in it.
    pub incidents: u64,
}

/// How n analysts cope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Number of analysts.
    pub analysts: u32,
    /// Time from an incident's opening until an analyst takes it; `None` without incidents.
    pub wait: Option<Latency>,
    /// Most incidents waiting at one moment.
    pub longest: u64,
    /// Share of the analysts' time spent on incidents; above 1 they cannot keep up.
    pub utilization: Option<f64>,
}

/// A group of alarms that one analyst looks at together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Position among the behaviors of the run.
    pub behavior: u32,
    /// When its first alarm was raised.
    pub opened: Timestamp,
    /// When its last alarm was raised.
    pub last: Timestamp,
    /// Alarms in it.
    pub alarms: u64,
    /// Those that were true.
    pub right: u64,
    /// Those that were false.
    pub wrong: u64,
}

/// Groups alerted alarms into incidents, in the order of their opening.
pub fn incidents(outcome: &Outcome, matching: &Matching, options: &Options) -> Vec<Incident> {
    let mut open: Vec<Option<Incident>> = vec![None; outcome.behaviors.len()];
    let mut closed = Vec::new();
    for (alarm, verdict) in outcome.alarms.iter().zip(&matching.verdicts) {
        let behavior = alarm.behavior as usize;
        if outcome.behaviors[behavior].suppressed {
            continue;
        }
        if open[behavior].is_some_and(|incident| alarm.raised - incident.last > options.incident_gap) {
            closed.extend(open[behavior].take());
        }
        let incident = open[behavior].get_or_insert(Incident {
            behavior: alarm.behavior,
            opened: alarm.raised,
            last: alarm.raised,
            alarms: 0,
            right: 0,
            wrong: 0,
        });
        incident.last = alarm.raised;
        incident.alarms += 1;
        incident.right += u64::from(matches!(verdict, Verdict::True { .. }));
        incident.wrong += u64::from(matches!(verdict, Verdict::False { .. }));
    }
    closed.extend(open.into_iter().flatten());
    closed.sort_unstable_by_key(|incident| (incident.opened, incident.behavior));
    closed
}

/// Scores operator load.
pub fn score(outcome: &Outcome, incidents: &[Incident], options: &Options) -> LoadScore {
    let header = &outcome.header;
    let days = (header.end - header.start).0 as f64 / Millis::DAY.0 as f64;
    let per_day = |count: u64| (days > 0.0).then(|| count as f64 / days);
    let hour_of = |time: Timestamp| ((time - header.start).0 / Millis::HOUR.0) as u64;
    let alarm_hours: Vec<u64> = outcome
        .alarms
        .iter()
        .filter(|alarm| !outcome.behaviors[alarm.behavior as usize].suppressed)
        .map(|alarm| hour_of(alarm.raised))
        .collect();
    let worst_hour = alarm_hours
        .chunk_by(|a, b| a == b)
        .map(|hour| (hour.len() as u64, hour[0]))
        .rev()
        .max_by_key(|(alarms, _)| *alarms)
        .map(|(alarms, hour)| WorstHour {
            hour,
            alarms,
            incidents: incidents.iter().filter(|incident| hour_of(incident.opened) == hour).count() as u64,
        });
    let alarms = alarm_hours.len() as u64;
    LoadScore {
        alarms,
        alarms_per_day: per_day(alarms),
        worst_hour,
        incidents: incidents.len() as u64,
        incidents_per_day: per_day(incidents.len() as u64),
        incidents_wrong: incidents.iter().filter(|incident| incident.right == 0 && incident.wrong > 0).count() as u64,
        queues: (1..=options.analysts_max)
            .map(|analysts| {
                let opened: Vec<Timestamp> = incidents.iter().map(|incident| incident.opened).collect();
                queue(&opened, analysts, options.handling, header.end - header.start)
            })
            .collect(),
    }
}

/// First come, first served, constant handling time; arrivals ascending.
fn queue(opened: &[Timestamp], analysts: u32, handling: Millis, run: Millis) -> Queue {
    let mut free_at = vec![Timestamp(i64::MIN); analysts.max(1) as usize];
    let mut taken: Vec<Timestamp> = Vec::with_capacity(opened.len());
    for &open in opened {
        let next = free_at.iter_mut().min().expect("there is an analyst");
        let start = open.max(*next);
        *next = start + handling;
        taken.push(start);
    }
    // Service is in order of arrival, so at the k-th arrival those waiting are the arrivals so far not yet taken.
    let longest = (0..opened.len())
        .map(|k| (k + 1 - taken.partition_point(|start| *start <= opened[k]).min(k + 1)) as u64)
        .max()
        .unwrap_or(0);
    let capacity = run.0 as f64 * f64::from(analysts);
    Queue {
        analysts,
        wait: Latency::of(taken.iter().zip(opened).map(|(start, open)| *start - *open)),
        longest,
        utilization: (capacity > 0.0).then(|| opened.len() as f64 * handling.0 as f64 / capacity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, at};
    use crate::matching::match_alarms;

    #[test]
    fn alarms_within_the_gap_are_one_incident_per_behavior() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent").behavior("auth", "aws:num-authorization-failures");
        fixture.behavior("quiet", "aws:num-disconnects");
        fixture.outcome.behaviors[2].suppressed = true;
        fixture.alarm(0, 1, 60, 5).alarm(0, 2, 90, 5).alarm(0, 3, 121, 5); // gaps 30 and 31
        fixture.alarm(1, 1, 70, 5).alarm(2, 1, 70, 5);
        let options = Options::default();
        let matching = match_alarms(&fixture.outcome, &options);
        let incidents = incidents(&fixture.outcome, &matching, &options);
        let shape: Vec<_> =
            incidents.iter().map(|incident| (incident.behavior, incident.opened, incident.alarms)).collect();
        assert_eq!(shape, [(0, at(60), 2), (1, at(70), 1), (0, at(121), 1)]);
        let score = score(&fixture.outcome, &incidents, &options);
        assert_eq!((score.alarms, score.incidents, score.incidents_wrong), (4, 3, 3));
        // Hour 1 (minutes 60–119) holds three alerted alarms and two openings.
        assert_eq!(score.worst_hour, Some(WorstHour { hour: 1, alarms: 3, incidents: 2 }));
    }

    #[test]
    fn of_equally_busy_hours_the_first_is_named() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent");
        fixture.alarm(0, 1, 60, 5).alarm(0, 2, 180, 5);
        let options = Options::default();
        let matching = match_alarms(&fixture.outcome, &options);
        let score = score(&fixture.outcome, &incidents(&fixture.outcome, &matching, &options), &options);
        assert_eq!(score.worst_hour.map(|worst| worst.hour), Some(1));
    }

    #[test]
    fn a_queue_by_hand() {
        // Four incidents at 0, 5, 10 and 60 minutes, 15 minutes each.
        let opened = [at(0), at(5), at(10), at(60)];
        let one = queue(&opened, 1, Millis::minutes(15), Millis::hours(2));
        // Taken at 0, 15, 30, 60: waits 0, 10, 20, 0; at minute 10 two wait.
        let wait = one.wait.expect("four incidents");
        assert_eq!((wait.sum, wait.max), (Millis::minutes(30).0, Millis::minutes(20)));
        assert_eq!((one.longest, one.utilization), (2, Some(0.5)));
        let two = queue(&opened, 2, Millis::minutes(15), Millis::hours(2));
        // Taken at 0, 5, 15, 60: one wait of 5.
        assert_eq!(two.wait.expect("four incidents").sum, Millis::minutes(5).0);
        assert_eq!((two.longest, two.utilization), (1, Some(0.25)));
    }

    #[test]
    fn nothing_to_do_is_no_wait() {
        let idle = queue(&[], 3, Millis::minutes(15), Millis::hours(2));
        assert_eq!((idle.wait, idle.longest, idle.utilization), (None, 0, Some(0.0)));
    }
}

//! One set of faults: what is played, and how it compares with nothing broken.

use defender::time::Millis;
use sim::dice::mix;
use sim::fault::Entry;
use sim::outcome::Outcome;
use sim::scenario::FaultPlan;

use super::healing::Remnant;
use super::{Company, Curve, INTENSITIES, Point, Sound, Trial};
use crate::compare::{ScoreValue, Spread, differences};
use crate::expect::Measure;

/// Faults to be played together.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    faults: Vec<(&'static Entry, f64)>,
    company: Company,
}

/// What is kept of a run with faults.
#[derive(Debug)]
pub(super) struct Played {
    pub values: Vec<ScoreValue>,
    pub course: u64,
    pub remnants: Vec<Remnant>,
}

impl Setup {
    /// Faults at their own intensities.
    pub fn of(entries: &[&'static Entry]) -> Setup {
        let company = match entries.len() {
            1 => Company::Alone,
            2 => Company::Pair,
            _ => Company::Together,
        };
        Setup { faults: entries.iter().map(|entry| (*entry, entry.intensity)).collect(), company }
    }

    /// One fault at an intensity.
    pub fn at(entry: &'static Entry, intensity: f64) -> Setup {
        Setup { faults: vec![(entry, intensity)], company: Company::Alone }
    }

    /// All faults there are to try, however few.
    pub fn together(entries: &[&'static Entry]) -> Setup {
        Setup { company: Company::Together, ..Setup::of(entries) }
    }

    pub fn label(&self) -> String {
        match (self.company, self.faults.as_slice()) {
            (Company::Together, _) => "all together".to_owned(),
            (_, [(entry, intensity)]) if *intensity != entry.intensity => format!("{} at {intensity}", entry.name),
            (_, faults) => faults.iter().map(|(entry, _)| entry.name).collect::<Vec<_>>().join(" + "),
        }
    }

    /// As acts of a scenario. Each is named after its fault alone, so that it strikes the same in any company.
    pub fn plans(&self, start: Millis, duration: Millis) -> Vec<FaultPlan> {
        self.faults.iter().map(|(entry, intensity)| entry.plan(start, duration, *intensity)).collect()
    }
}

/// The scores of the run as a whole.
pub(super) fn of_the_run(values: Vec<ScoreValue>) -> Vec<ScoreValue> {
    values.into_iter().filter(|value| value.subject == "run").collect()
}

/// A number for all that happened: reports taken, alarms, findings, cases, responses.
pub(super) fn course(outcome: &Outcome) -> u64 {
    let mut sum = mix(outcome.tally.reports ^ outcome.tally.authorization_failures.rotate_left(32));
    let mut note = |words: &[i64]| {
        sum = words.iter().fold(sum.rotate_left(7), |sum, word| mix(sum ^ *word as u64));
    };
    for alarm in &outcome.alarms {
        let ended = alarm.ended.map_or(0, |(ended, _)| ended.0);
        let notified = alarm.notified.map_or(0, |notified| notified.0);
        note(&[i64::from(alarm.behavior), i64::from(alarm.device.0), alarm.raised.0, notified, ended]);
    }
    for behavior in &outcome.behaviors {
        note(&[behavior.datapoints as i64, behavior.violating as i64]);
    }
    for finding in &outcome.findings {
        note(&[i64::from(finding.audit), i64::from(finding.check), finding.time.0]);
    }
    for audit in &outcome.audits {
        note(&[audit.started.0, audit.ended.0, audit.checks.len() as i64]);
    }
    for case in &outcome.cases {
        note(&[case.arrived.0, case.taken.map_or(0, |at| at.0), case.decided.map_or(0, |at| at.0)]);
    }
    for row in &outcome.mitigations {
        note(&[row.started.0, row.effective.map_or(0, |at| at.0), row.status.len() as i64]);
    }
    for job in &outcome.jobs {
        note(&[job.ended.map_or(0, |at| at.0), job.succeeded as i64, job.outage.0]);
    }
    sum
}

/// A trial against the runs without faults.
pub(super) fn compare(setup: &Setup, without: &[Sound], played: &[Played]) -> Trial {
    let first: Vec<Vec<ScoreValue>> = without.iter().map(|sound| sound.values.clone()).collect();
    let second: Vec<Vec<ScoreValue>> = played.iter().map(|played| played.values.clone()).collect();
    let seed = without.first().map_or(0, |sound| sound.outcome.header.seed);
    let mut stages: Vec<String> = setup.faults.iter().map(|(entry, _)| entry.stage.name().to_owned()).collect();
    stages.dedup();
    Trial {
        label: setup.label(),
        company: setup.company,
        faults: setup.faults.iter().map(|(entry, _)| entry.name.to_owned()).collect(),
        stages,
        intensities: setup.faults.iter().map(|(_, intensity)| *intensity).collect(),
        changed: without.iter().zip(played).any(|(sound, played)| sound.course != played.course),
        scores: differences(seed, &first, &second),
        beyond_sum: Vec::new(),
    }
}

/// By score of a pair: its mean change beyond the sum of those of its faults alone.
pub(super) fn beyond_sum(pair: &Trial, alone: &[Trial]) -> Vec<Option<f64>> {
    let change = |fault: &str, score: &str| {
        let trial = alone.iter().find(|trial| trial.label == fault)?;
        trial.scores.iter().find(|row| row.score == score)?.mean
    };
    let beyond = pair.scores.iter().map(|row| {
        let parts: Option<f64> = pair.faults.iter().map(|fault| change(fault, &row.score)).sum();
        Some(row.mean? - parts?)
    });
    beyond.collect()
}

/// A curve of the points played.
pub(super) fn curve(entry: &Entry, seed: u64, points: &[Vec<Played>]) -> Curve {
    let spread = |runs: &[Played], of: Measure| {
        let value = |played: &Played| {
            let value = played.values.iter().find(|value| value.subject == "run" && value.score == of.name());
            value.and_then(|value| value.value)
        };
        Spread::of(seed, &runs.iter().map(value).collect::<Vec<_>>())
    };
    let points = INTENSITIES.iter().zip(points).map(|(intensity, runs)| Point {
        intensity: *intensity,
        recall: spread(runs, Measure::Recall),
        false_alarms: spread(runs, Measure::FalseAlarmsPer1000DeviceDays),
    });
    let points = points.collect();
    Curve { fault: entry.name.to_owned(), intensity_of: entry.intensity_of.to_owned(), points }
}

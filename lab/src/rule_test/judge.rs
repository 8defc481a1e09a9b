//! Are the events those that were expected, and do both judges say the same?

use std::collections::BTreeSet;

use serde::Serialize;

use super::columns::{self, Columnar};
use super::event::{Event, Kind};
use super::file::{RuleTest, Series};
use super::series::Datum;
use super::{BehaviorName, reference, world};
use crate::expect::Verdict;

/// What became of a rule test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleJudgment {
    /// Whether it holds.
    pub verdict: Verdict,
    /// What is wrong, a line each: `- EVENT` was expected and did not happen, `+ EVENT` happened and was not expected,
    /// `! …` says anything else.
    pub wrong: Vec<String>,
    /// All events that happened.
    pub events: Vec<String>,
    /// What is worth knowing, though nothing is wrong with it: behaviors that only one judge can judge.
    pub notes: Vec<String>,
    /// The behaviors of its profile.
    pub behaviors: Vec<BehaviorName>,
    /// Those that raised an alarm.
    pub fired: Vec<BehaviorName>,
}

/// Runs a test through the engine, and through the columns where these can judge.
pub fn run(test: &RuleTest) -> RuleJudgment {
    let profile = &test.profile.security_profile_name;
    let named = |behavior: &String| (profile.clone(), behavior.clone());
    let behaviors: Vec<BehaviorName> = test.behaviors().iter().map(named).collect();
    let both = world::timeline(test).and_then(|timeline| {
        let events = reference::run(test, &timeline)?;
        Ok((events, columns::run(test, &timeline)?))
    });
    let (events, columnar) = match both {
        Ok(both) => both,
        Err(why) => {
            return RuleJudgment {
                verdict: Verdict::Failed,
                wrong: vec![format!("! it cannot be run: {why}")],
                events: Vec::new(),
                notes: Vec::new(),
                behaviors,
                fired: Vec::new(),
            };
        }
    };
    let mut wrong = unexpected(test, &events);
    wrong.extend(disagreements(&events, &columnar));
    let unheard = unheard(test, &events, &columnar);
    let verdict = match (wrong.is_empty(), unheard.is_empty()) {
        (false, _) => Verdict::Failed,
        (true, true) => Verdict::Passed,
        (true, false) => Verdict::Inconclusive,
    };
    wrong.extend(unheard);
    let fired: BTreeSet<BehaviorName> =
        events.iter().filter(|event| event.kind == Kind::InAlarm).map(|event| named(&event.behavior)).collect();
    let mut notes: Vec<String> = columnar
        .left_out
        .iter()
        .map(|(behavior, what)| format!("`{behavior}` uses {what}, which only the engine itself judges"))
        .collect();
    notes.extend(columnar.until.map(|at| format!("from the change at {at} on, only the engine itself judges")));
    RuleJudgment {
        verdict,
        wrong,
        events: events.iter().map(Event::to_string).collect(),
        notes,
        behaviors,
        fired: fired.into_iter().collect(),
    }
}

/// What the test says against what happened.
fn unexpected(test: &RuleTest, events: &[Event]) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(expected) = &test.events {
        wrong.extend(difference(expected, events));
    }
    let fired = |subject: &super::event::Subject| {
        events.iter().find(|event| {
            event.kind == Kind::InAlarm && event.behavior == subject.behavior && event.device == subject.device
        })
    };
    for subject in test.must_fire.iter().filter(|subject| fired(subject).is_none()) {
        wrong.push(format!("! `{subject}` must fire, and did not"));
    }
    for event in test.must_not_fire.iter().filter_map(fired) {
        wrong.push(format!("! it must not fire: {event}"));
    }
    wrong
}

/// Expected events that did not happen, and others that did; an event of another value is both.
fn difference(expected: &[Event], happened: &[Event]) -> Vec<String> {
    let mut left: Vec<&Event> = happened.iter().collect();
    let mut lines: Vec<(&Event, String)> = Vec::new();
    for event in expected {
        match left.iter().position(|other| event.is(other)) {
            Some(position) => {
                left.remove(position);
            }
            None => lines.push((event, format!("- {event}"))),
        }
    }
    lines.extend(left.into_iter().map(|event| (event, format!("+ {event}"))));
    lines.sort_by(|a, b| (a.0.at, &a.0.behavior, &a.0.device, &a.1).cmp(&(b.0.at, &b.0.behavior, &b.0.device, &b.1)));
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Where the columns say something else.
fn disagreements(events: &[Event], columnar: &Columnar) -> Vec<String> {
    let compared = |event: &&Event| {
        columnar.judged.iter().any(|(behavior, _)| *behavior == event.behavior)
            && columnar.until.is_none_or(|until| event.at < until)
    };
    let reference: Vec<Event> = events.iter().filter(compared).cloned().collect();
    let fast: Vec<Event> = columnar.events.iter().filter(compared).cloned().collect();
    difference(&reference, &fast).into_iter().map(|line| format!("! the columns disagree: {line}")).collect()
}

/// What passed only because nothing was measured.
fn unheard(test: &RuleTest, events: &[Event], columnar: &Columnar) -> Vec<String> {
    let heard = |behavior: &str| {
        let counted = columnar.judged.iter().find(|(name, _)| name == behavior).map(|(_, datapoints)| *datapoints);
        match counted {
            Some(datapoints) => datapoints > 0,
            None => events.iter().any(|event| event.behavior == behavior) || is_shown(test, behavior),
        }
    };
    let silent: Vec<String> = test
        .must_not_fire
        .iter()
        .filter(|subject| !heard(&subject.behavior))
        .map(|subject| format!("! `{subject}` judged no datapoint, so that it did not fire says nothing"))
        .collect();
    if silent.is_empty() && events.is_empty() && !test.behaviors().iter().any(|behavior| heard(behavior)) {
        return vec!["! no behavior judged a datapoint, so that nothing happened says nothing".to_owned()];
    }
    silent
}

/// Whether some series shows a value of a behavior's metric.
fn is_shown(test: &RuleTest, behavior: &str) -> bool {
    let metric =
        test.profile.behaviors.iter().flatten().find(|row| row.name == behavior).and_then(|row| row.metric.as_deref());
    let shows = |series: &Series| {
        series.metric.as_ref().is_some_and(|shown| Some(shown.to_string().as_str()) == metric)
            && series.data.iter().any(|datum| *datum != Datum::Gap)
    };
    test.series.iter().any(shows)
}

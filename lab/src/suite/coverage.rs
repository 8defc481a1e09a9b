//! Which behaviors and audit checks the tests exercise, and which none of them does.
//!
//! A behavior is *exercised* by a test that makes it alarm, or that says something about it: an expectation of a
//! scenario, `must-fire` or `must-not-fire` of a rule test. A check is exercised by a scenario in which it finds something,
//! or which expects something of it.

use std::collections::BTreeMap;

use serde::Serialize;
use sim::outcome::Outcome;
use sim::scenario::expect::{Expectation, Subject};

use super::report::TestReport;
use crate::rule_test::{RuleJudgment, RuleTest};

/// What one test has before it, each with whether the test exercises it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exercise {
    /// Behaviors, as `PROFILE/BEHAVIOR`.
    pub behaviors: BTreeMap<String, bool>,
    /// Enabled checks, by their canonical names.
    pub checks: BTreeMap<String, bool>,
}

impl Exercise {
    /// Of a rule test.
    pub(super) fn of_rule(test: &RuleTest, judgment: &RuleJudgment) -> Exercise {
        let named = |behavior: &str| {
            test.must_fire.iter().chain(&test.must_not_fire).any(|subject| subject.behavior == behavior)
        };
        let behaviors = judgment.behaviors.iter().map(|name| {
            let is_exercised = judgment.fired.contains(name) || named(&name.1);
            (format!("{}/{}", name.0, name.1), is_exercised)
        });
        Exercise { behaviors: behaviors.collect(), checks: BTreeMap::new() }
    }

    /// Adds a run of a scenario.
    pub(super) fn add(&mut self, expectations: &[Expectation], outcome: &Outcome) {
        for (position, row) in outcome.behaviors.iter().enumerate() {
            let alarmed = outcome.alarms.iter().any(|alarm| alarm.behavior as usize == position);
            let named = expectations.iter().any(|expectation| {
                matches!(&expectation.subject, Subject::Behavior { profile, behavior }
                    if *profile == row.profile && *behavior == row.name)
            });
            *self.behaviors.entry(format!("{}/{}", row.profile, row.name)).or_default() |= alarmed || named;
        }
        for (position, row) in outcome.checks.iter().enumerate() {
            let found = outcome.findings.iter().any(|finding| finding.check as usize == position);
            let named = expectations
                .iter()
                .any(|expectation| matches!(&expectation.subject, Subject::Check(name) if *name == row.name));
            *self.checks.entry(row.name.clone()).or_default() |= found || named;
        }
    }
}

/// What all tests together exercise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Behaviors of their security profiles, as `PROFILE/BEHAVIOR`.
    pub behaviors: Part,
    /// Audit checks that their scenarios enable.
    pub checks: Part,
}

/// How much of one kind of thing is exercised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Part {
    /// How many there are in all.
    pub all: u64,
    /// Those that no test exercises.
    pub unexercised: Vec<Unexercised>,
}

/// Something that no test exercises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unexercised {
    /// Its name.
    pub name: String,
    /// The first file whose tests have it before them.
    pub file: String,
}

impl Coverage {
    /// Of the tests that were run.
    pub(super) fn of(tests: &[TestReport]) -> Coverage {
        let part = |of: fn(&Exercise) -> &BTreeMap<String, bool>| {
            let mut all: BTreeMap<&String, (bool, &String)> = BTreeMap::new();
            for test in tests {
                for (name, is_exercised) in of(&test.exercise) {
                    all.entry(name).or_insert((false, &test.file)).0 |= is_exercised;
                }
            }
            let unexercised = all.iter().filter(|(_, (is_exercised, _))| !is_exercised);
            let unexercised = unexercised
                .map(|(name, (_, file))| Unexercised { name: (*name).clone(), file: (*file).clone() })
                .collect();
            Part { all: all.len() as u64, unexercised }
        };
        Coverage { behaviors: part(|exercise| &exercise.behaviors), checks: part(|exercise| &exercise.checks) }
    }

    /// Whether some test exercises each of them.
    pub fn is_whole(&self) -> bool {
        self.behaviors.unexercised.is_empty() && self.checks.unexercised.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use sim::scenario::expect::{Statement, SubjectKind};
    use sim::scenario::source::Place;

    use super::*;
    use crate::fixture::Fixture;
    use crate::suite::{Options, Report, Unwatched, find, run};

    #[test]
    fn a_behavior_counts_that_alarmed_or_of_which_something_is_said() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent").behavior("auth", "aws:num-authorization-failures");
        fixture.behavior("quiet", "aws:num-disconnects").check("LOGGING_DISABLED_CHECK").alarm(0, 1, 60, 5);
        let statement = Statement::parse("alarms == 0", SubjectKind::Behavior).expect("a statement");
        let subject = Subject::Behavior { profile: "profile".into(), behavior: "auth".into() };
        let mut exercise = Exercise::default();
        exercise.add(&[Expectation { subject, statement, place: Place::nowhere() }], &fixture.outcome);
        let is = |name: &str| exercise.behaviors[&format!("profile/{name}")];
        assert_eq!((is("sent"), is("auth"), is("quiet")), (true, true, false));
        assert!(!exercise.checks["LOGGING_DISABLED_CHECK"]);
    }

    #[test]
    fn what_no_rule_test_exercises_is_listed_with_its_file() {
        const RULES: &str = r#"
profile = '''{"securityProfileName": "P", "behaviors": [
  {"name": "Sent", "metric": "aws:num-messages-sent", "criteria": {"comparisonOperator": "less-than", "value": {"count": 5}, "durationSeconds": 300}},
  {"name": "Left", "metric": "aws:num-disconnects", "criteria": {"comparisonOperator": "less-than", "value": {"count": 5}, "durationSeconds": 300}}]}'''
[[test]]
name = "a"
events = ["5m in-alarm of Sent = 9"]
[[test.series]]
metric = "aws:num-messages-sent"
values = "9"
"#;
        let report = |rules: &str| {
            let dir = tempfile::tempdir().expect("a temporary folder");
            std::fs::write(dir.path().join("rules.toml"), rules).expect("writable");
            let (tests, _) = find(&[dir.path().to_path_buf()]).unwrap_or_else(|wrong| panic!("{wrong}"));
            let options = Options { seed: None, runs: 1, fail_fast: false, threads: NonZeroUsize::MIN };
            Report::new("0", run(&tests, &options, &Unwatched).expect("they run"))
        };
        let partly = report(RULES);
        assert_eq!(partly.coverage.behaviors.all, 2);
        let left = &partly.coverage.behaviors.unexercised;
        assert_eq!((left.len(), left[0].name.as_str()), (1, "P/Left"));
        assert!(left[0].file.ends_with("rules.toml") && !partly.coverage.is_whole());
        let more = "[[test]]\nname = \"b\"\nmust-not-fire = \"Left\"\n[[test.series]]\nmetric = \"aws:num-disconnects\"\nvalues = \"1\"\n";
        assert!(report(&format!("{RULES}{more}")).coverage.is_whole());
    }
}

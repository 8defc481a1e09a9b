//! What became of tests.

use serde::Serialize;

use super::baseline::{Baseline, Measured};
use super::coverage::{Coverage, Exercise};
use super::regression::{Regression, Standing};
use crate::expect::{Case, Verdict};
use crate::rule_test::{RuleJudgment, RuleTest};

/// What kind of test it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A scenario with `[expect]`.
    Scenario,
    /// A rule test.
    Rule,
}

impl Kind {
    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Scenario => "scenario",
            Kind::Rule => "rule",
        }
    }
}

/// What became of one test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestReport {
    /// Its file.
    pub file: String,
    /// Where in it, as a line.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// What kind of test it is.
    pub kind: Kind,
    /// Whether it holds; `None` if it was not run, because a test before it failed.
    pub verdict: Option<Verdict>,
    /// Of a scenario: the seeds it ran with.
    pub seeds: Vec<u64>,
    /// Of a scenario: the digest of each run's event log.
    pub digests: Vec<String>,
    /// Of a scenario: what it expects, one by one.
    pub cases: Vec<Case>,
    /// Of a rule test: what is wrong, a line each, as [`RuleJudgment::wrong`].
    pub wrong: Vec<String>,
    /// What is worth knowing, though nothing is wrong with it.
    pub notes: Vec<String>,
    /// What it has before it, and what it exercises.
    #[serde(skip)]
    pub exercise: Exercise,
    /// Of a scenario: what it measured.
    #[serde(skip)]
    pub measured: Option<Measured>,
}

impl TestReport {
    /// Of a rule test.
    pub(super) fn settle_rule(&mut self, test: &RuleTest, judgment: RuleJudgment) {
        self.exercise = Exercise::of_rule(test, &judgment);
        self.verdict = Some(judgment.verdict);
        self.wrong = judgment.wrong;
        self.notes = judgment.notes;
    }
}

/// How many tests went how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// All tests.
    pub tests: u64,
    /// Those that hold.
    pub passed: u64,
    /// Those that do not.
    pub failed: u64,
    /// Those that the evidence does not decide.
    pub inconclusive: u64,
    /// Those that were not run, because a test before them failed.
    pub not_run: u64,
}

impl Totals {
    /// Of these tests.
    pub fn of<'a>(tests: impl IntoIterator<Item = &'a TestReport>) -> Totals {
        let mut totals = Totals::default();
        for test in tests {
            totals.tests += 1;
            *match test.verdict {
                Some(Verdict::Passed) => &mut totals.passed,
                Some(Verdict::Failed) => &mut totals.failed,
                Some(Verdict::Inconclusive) => &mut totals.inconclusive,
                None => &mut totals.not_run,
            } += 1;
        }
        totals
    }
}

/// What became of all tests.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// [`Report::SCHEMA`].
    pub schema: &'static str,
    /// The program's version.
    pub version: String,
    /// How many went how.
    pub totals: Totals,
    /// Test by test, in the order of their files.
    pub tests: Vec<TestReport>,
    /// What the tests that were run exercise, and what none of them does.
    pub coverage: Coverage,
    /// Whether it fails if there is something that no test exercises.
    pub is_coverage_required: bool,
    /// What scenarios measured, held against a baseline, where there is one.
    pub regression: Option<Regression>,
}

impl Report {
    /// Name and version of the serialized form.
    pub const SCHEMA: &'static str = "fleetrange.test/1";

    /// Of these tests.
    pub fn new(version: &str, tests: Vec<TestReport>) -> Report {
        Report {
            schema: Report::SCHEMA,
            version: version.to_owned(),
            totals: Totals::of(&tests),
            coverage: Coverage::of(&tests),
            is_coverage_required: false,
            regression: None,
            tests,
        }
    }

    /// What scenarios measured, each file named by `name`.
    pub fn measured(&self, name: impl Fn(&str) -> String) -> Vec<Measured> {
        let scenarios = self.tests.iter().filter_map(|test| test.measured.clone());
        scenarios.map(|measured| Measured { file: name(&measured.file), ..measured }).collect()
    }

    /// Holds what scenarios measured against a baseline, whose files are named by `name`.
    pub fn hold_against(&mut self, baseline: &Baseline, name: impl Fn(&str) -> String) {
        self.regression = Some(Regression::new(baseline, &self.measured(name)));
    }

    /// What it comes to: the worst of the tests and of whatever else is asked; over no tests inconclusive.
    pub fn verdict(&self) -> Verdict {
        let tests = self.tests.iter().filter_map(|test| test.verdict);
        let uncovered = (self.is_coverage_required && !self.coverage.is_whole()).then_some(Verdict::Failed);
        let worse = self.regression.as_ref().and_then(Regression::standing).and_then(|standing| match standing {
            Standing::Worse => Some(Verdict::Failed),
            Standing::Inconclusive => Some(Verdict::Inconclusive),
            Standing::Same | Standing::Better | Standing::New => None,
        });
        Verdict::worst(tests.chain(uncovered).chain(worse)).unwrap_or(Verdict::Inconclusive)
    }
}

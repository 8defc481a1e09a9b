//! What became of tests.

use serde::Serialize;

use crate::expect::{Judgment, Verdict};
use crate::rule_test::RuleJudgment;

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
}

/// One expectation of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// What is expected, for example `attack leak: recall == 1`.
    pub expected: String,
    /// Where it was written, as a line.
    pub line: usize,
    /// Whether it holds.
    pub verdict: Verdict,
    /// What was found, in words: `0.95 (19 of 20)`.
    pub found: String,
    /// The value: of the one run, of the run that fails worst, or the mean; times in milliseconds.
    pub value: Option<f64>,
    /// What is allowed, in words: `>= 0.95`.
    pub allowed: String,
    /// Why it is inconclusive; empty otherwise.
    pub reason: String,
}

impl Case {
    /// Of a judgment over these seeds.
    pub(super) fn of(judgment: &Judgment, seeds: &[u64]) -> Case {
        Case {
            expected: judgment.expectation.to_string(),
            line: judgment.expectation.place.line_and_column().0,
            verdict: judgment.verdict,
            found: judgment.found(seeds),
            value: judgment.shown(),
            allowed: judgment.expectation.statement.allowed(),
            reason: judgment.reason.clone(),
        }
    }
}

impl TestReport {
    /// Of a rule test.
    pub(super) fn settle_rule(&mut self, judgment: RuleJudgment) {
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
    /// What it comes to.
    pub verdict: Verdict,
    /// How many went how.
    pub totals: Totals,
    /// Test by test, in the order of their files.
    pub tests: Vec<TestReport>,
}

impl Report {
    /// Name and version of the serialized form.
    pub const SCHEMA: &'static str = "fleetrange.test/1";

    /// Of these tests; over none the verdict is inconclusive.
    pub fn new(version: &str, tests: Vec<TestReport>) -> Report {
        let verdict = Verdict::worst(tests.iter().filter_map(|test| test.verdict)).unwrap_or(Verdict::Inconclusive);
        Report { schema: Report::SCHEMA, version: version.to_owned(), verdict, totals: Totals::of(&tests), tests }
    }
}

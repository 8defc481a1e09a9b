//! A judgment as it is told and kept.

use serde::{Deserialize, Serialize};

use super::judge::{Judgment, Verdict};

/// A judgment in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// What is expected, for example `attack leak: recall == 1`.
    pub expected: String,
    /// Where it was written, as a line.
    pub line: usize,
    /// Whether it holds.
    pub verdict: Verdict,
    /// What was found, in words: `0.95 (19 of 20)`.
    pub found: String,
    /// The value: of the one run, of the run that fails worst, or the mean; times in seconds.
    pub value: Option<f64>,
    /// What is allowed, in words: `>= 0.95`.
    pub allowed: String,
    /// Why it is inconclusive; empty otherwise.
    pub reason: String,
}

impl Case {
    /// Of a judgment over these seeds.
    pub fn of(judgment: &Judgment, seeds: &[u64]) -> Case {
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

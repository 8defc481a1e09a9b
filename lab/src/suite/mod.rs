//! Tests: what a folder of files expects, found, run and told.
//!
//! ```text
//!   paths ──► find ──► Test ──► run ──► TestReport ──► Report
//!             scenarios with [expect], files of rule tests                └─► Coverage: what none of them exercises
//! ```
//!
//! What scenarios measure can be kept as a [`Baseline`]; a [`Regression`] holds what they measure later against it.
//!
//! A scenario is one test with a case for each expectation; each `[[test]]` of a file of rule tests is one test. Tests
//! run beside each other and each by itself alone, so that neither order nor number of threads changes a result.

mod baseline;
mod coverage;
mod find;
#[cfg(test)]
mod page;
mod regression;
mod report;
mod run;

pub use baseline::{Baseline, Measured, Score, Unreadable, seen_from};
pub use coverage::{Coverage, Exercise, Part, Unexercised};
pub use find::{Test, What, find, is_rule_tests};
pub use regression::{Noise, Regression, ScenarioChange, ScoreChange, Standing};
pub use report::{Kind, Report, TestReport, Totals};
pub use run::{NotRun, Options, Unwatched, Watch, run};

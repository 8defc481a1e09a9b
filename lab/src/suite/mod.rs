//! Tests: what a folder of files expects, found, run and told.
//!
//! ```text
//!   paths ──► find ──► Test ──► run ──► TestReport ──► Report
//!             scenarios with [expect], files of rule tests
//! ```
//!
//! A scenario is one test with a case for each expectation; each `[[test]]` of a file of rule tests is one test. Tests
//! run beside each other and each by itself alone, so that neither order nor number of threads changes a result.

mod find;
#[cfg(test)]
mod page;
mod report;
mod run;

pub use find::{Test, What, find, is_rule_tests};
pub use report::{Case, Kind, Report, TestReport, Totals};
pub use run::{NotRun, Options, Unwatched, Watch, run};

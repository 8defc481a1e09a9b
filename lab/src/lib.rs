//! Questions asked of runs.
//!
//! A run leaves an [`outcome::Outcome`] behind: what happened (the ledger of truth), what was seen (alarms and findings),
//! what was done about it (mitigations and jobs). [`score`] turns it into a [`Scorecard`]: plain data in which every
//! number has one definition, given in the doc comment of its field.
//!
//! ```text
//!   outcome ──► matching ──► detection   recall, latency, survival
//!                   │    ├─► waterfall   where the time goes
//!                   │    ├─► false_alarm what it costs
//!                   │    ├─► quality     precision, recall, F1
//!                   │    ├─► load        what it asks of people
//!                   │    ├─► remediation what was contained, averted, broken
//!                   │    ├─► campaign    how far staged attacks got
//!                   │    └─► coverage    who saw what
//!               audit ───────┘
//!                            gaps        what the run cannot answer
//! ```
//!
//! [`expect`] holds a run against what its scenario expects of it; [`rule_test`] holds a security profile against
//! series of datapoints; [`suite`] finds such tests in files and runs them.
//!
//! [`chaos`] breaks the defence itself, piece by piece, and tells what that costs.
//!
//! [`seeds`] runs one scenario over several seeds: every score with its interval.
//!
//! [`compare`] lays the scores of several seeds, and of two settings, side by side.
//!
//! [`sweep`] scores many settings of a behavior on the telemetry of one run.
//!
//! Proportions carry Wilson intervals, rates exact Poisson ones, differences over seeds a paired bootstrap
//! ([`interval`]). A score over no events is `None`. There is no composite score and no point-adjusted F1.
//!
//! This crate has never heard of terminals or HTML, and reads neither clock nor dice.

pub mod audit;
pub mod campaign;
pub mod chaos;
pub mod compare;
pub mod coverage;
pub mod density;
pub mod detection;
pub mod expect;
pub mod false_alarm;
#[cfg(test)]
mod fixture;
pub mod gaps;
pub mod interval;
pub mod latency;
pub mod load;
pub mod matching;
pub mod measures;
pub mod options;
pub mod quality;
pub mod remediation;
pub mod rule_test;
mod scorecard;
pub mod seeds;
mod special;
pub mod suite;
pub mod sweep;
pub mod tune;
pub mod waterfall;

pub use defender::detect::alarm::ViolationEventType;
pub use defender::time::{Millis, Timestamp};
pub use options::Options;
pub use scorecard::{Scorecard, score, score_with};
pub use sim::outcome;

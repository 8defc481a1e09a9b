//! Detect: datapoints in, alarms out (section 5).
//!
//! [`criteria`] says when a datapoint conforms; [`alarm`] is the state machine that turns runs of datapoints into
//! episodes. Both are the one semantic core that the columnar fast path and the obvious reference model share.
//!
//! ```text
//!  AWS JSON ──▶ wire ──▶ validate ──▶ Behavior ──▶ Evaluation ──▶ whoever judges ──▶ Transition ──▶ Detect::record
//!                          (lint)                 (Detect holds)   (columns, reference)               │
//!                                            Outbox ◀── Detect::publish ◀── violations, 30 days ◀─────┘
//! ```
//!
//! [`Detect`] is the service: profiles, custom metrics, dimensions, models, violations, and the operations on them.
pub mod alarm;
pub mod behavior;
pub mod criteria;
mod custom_metric;
pub mod device;
pub mod dimension;
pub mod evaluation;
pub mod lint;
pub mod ml;
pub mod percentile;
mod profile;
pub mod reference;
pub mod report;
mod retained;
mod service;
pub mod target;
#[cfg(test)]
mod tests;
mod training;
pub mod validate;
pub mod violation;
pub mod wire;

pub use profile::{Profile, RetainedMetric};
pub use retained::{DATA_RETENTION, ExportMessage, SeriesKey};
pub use service::{Answer, Detect, IndexingMode};

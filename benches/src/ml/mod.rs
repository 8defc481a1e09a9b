//! Candidates for the model of ML behaviors, and what they are held against.
//!
//! The service does not publish its model; the engine needs one of its own. `ml-comparison` trains each [`Candidate`]
//! on the same [`population`]s, counts false alarms against the stated rates, and injects deviations of known size.
//! Results: `docs/ml.md`.

pub mod candidate;
mod exact;
pub mod extreme_values;
pub mod forest;
pub mod population;
pub mod seasonal_quantiles;
pub mod series;
pub mod trial;

pub use candidate::Candidate;

//! A scenario, resolved: counts instead of shares, parsed documents instead of paths, everything checked.
//!
//! [`load()`] makes a [`Scenario`] from a TOML file and the AWS-shaped JSON documents beside it, collecting every
//! problem with its place; nothing in a scenario needs checking again.
//!
//! - `format` is the file format, read key by key through [`fields`]; [`quantity`] has the units;
//! - [`document`] reads the service's own documents;
//! - `resolve` looks up names, turns shares into counts, and compares what must agree;
//! - [`lock`] writes a scenario as it really ran.
mod apportion;
pub mod archetype;
mod campaign;
mod catalog;
mod churn;
pub mod document;
pub mod expect;
pub mod field;
pub mod fields;
mod format;
pub mod json;
pub mod library;
pub mod load;
pub mod lock;
mod measure;
mod modes;
pub mod mud;
mod overrides;
mod plan;
mod playbook;
pub mod problem;
pub mod quantity;
pub mod reference;
mod resolve;
mod responder;
pub mod source;
mod swarm;
mod team;
pub mod tree;

pub(crate) use apportion::{apportion, apportion_at_least_one};
pub use churn::{AddressChurn, Churn};
pub(crate) use format::{Amount, SelectorDraft};
pub use load::{LoadOptions, Loaded, check, load, load_text, reference, schema};
pub(crate) use measure::Element;
pub use measure::{CustomMetricPlan, DimensionPlan, Level, Reported};
pub use modes::{Boot, Bursts, Modes, Updates};
pub use plan::*;
pub use problem::{Problem, Problems, Severity};
pub use team::{Shift, TeamPlan};

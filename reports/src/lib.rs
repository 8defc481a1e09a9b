//! Tells results: plain data from [`lab`] in, text, HTML, SVG, CSV and JSON out.
//!
//! ```text
//!   Outcome + Scorecard ─┬─► text::summary   at a glance, for a terminal (`saved` keeps the outcome, to tell it again)
//!                        └─► write_run       report.html, summary.json, *.csv, notifications.jsonl,
//!                                            plots/*.svg + data, scenario.lock.toml, navigator.json
//!   OverSeeds  ─► seeds::text, and into the run directory of the first seed
//!   Chaos      ─► chaos::{text, markdown, json, write}
//!   Comparison ─► comparison::{text, markdown, json, write}
//!   Sweep ─► sweep::{text, markdown, json, csv, write}
//!   Tuning ─► tuning::{text, markdown, json, write}
//! ```
//!
//! This crate owns presentation and no arithmetic of its own: every number comes from a score, and every score from its
//! definition ([`glossary`] repeats them for readers). It does not know how a result came about.

pub mod chaos;
pub mod comparison;
mod documents;
pub mod glossary;
mod grid;
mod html;
mod part;
mod plot;
mod raster;
mod run_dir;
pub mod saved;
mod scores;
pub mod seeds;
pub mod suite;
pub mod summary;
pub mod sweep;
mod tables;
pub mod text;
pub mod tuning;
mod unit;
mod wording;

pub use plot::{Figure, figures};
pub use raster::RasterError;
pub use run_dir::{Destination, WriteError, write_run};
pub use tables::{ROWS_MAX, TableNote};

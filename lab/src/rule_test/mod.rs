//! Rule tests: a security profile, compact series of datapoints, and the exact events that must follow.
//!
//! ```toml
//! profile = "three-in-a-row.json"          # or the JSON itself, in '''…'''
//!
//! [[test]]
//! name = "three violations in a row raise the alarm, two conforming datapoints clear it"
//! values = "5, 6, 2, 7, 8, 9, 1, 9, 0, 0"   # of the profile's only metric, on one device, every five minutes
//! events = ["30m in-alarm = 9", "50m alarm-cleared = 0"]
//! ```
//!
//! ```text
//!   file ──► RuleTest ──► world ──┬─► reference, event by event ──► events ─┬─► judge: as expected? do both agree?
//!   (series, event: notations)    └─► columns, tick by tick ──────► events ─┘
//! ```
//!
//! [`series`] has the notation of series, [`event`] that of events; `file` the keys; `world` says what a series makes
//! a device do. Every test goes through the engine itself, object by object; behaviors that the fleet simulator's
//! columns can judge go through these too, and both must say the same.

mod columns;
pub mod event;
mod file;
mod judge;
mod reference;
pub mod series;
#[cfg(test)]
mod tests;
mod world;

pub use event::Event;
pub use file::{Change, ChangeKind, RuleTest, Series, load, reference};
pub use judge::{RuleJudgment, run};

/// A behavior of a profile, as (profile, behavior).
pub type BehaviorName = (String, String);

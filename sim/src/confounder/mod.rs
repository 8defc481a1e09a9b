//! Confounders: innocent events that look guilty. One file each, one line in [`REGISTRY`]. They are what false
//! alarms are made of.

mod firmware_rollout;

use std::sync::Arc;

use defender::metric::Metric;

use crate::disturbance::Disturb;
use crate::scenario::fields::Fields;

/// An innocent event with its parameters.
pub trait Confounder: Disturb {
    /// The registry name.
    fn kind(&self) -> &'static str;

    /// Metrics it disturbs.
    fn disturbs(&self) -> &'static [Metric];
}

/// An entry of the registry.
#[derive(Debug)]
pub struct Entry {
    /// The name in scenario files.
    pub name: &'static str,
    /// One sentence for the reference page.
    pub summary: &'static str,
    /// Reads the parameters; problems go to `fields`, which then make the loader fail.
    pub read: fn(&mut Fields<'_>) -> Arc<dyn Confounder>,
}

/// All confounders, by name.
pub const REGISTRY: &[Entry] = &[firmware_rollout::ENTRY];

//! Attacks: what somebody hostile makes a device do, with ground truth. One file each, one line in [`REGISTRY`].

mod authorization_probing;
mod exfiltration;
mod port_opening;

use std::sync::Arc;

use defender::metric::Metric;

use crate::disturbance::Disturb;
use crate::outcome::Channel;
use crate::scenario::fields::Fields;

/// What an attack is, for the ledger of truth and the reference page.
#[derive(Clone, Debug)]
pub struct Facts {
    /// By which road it acts.
    pub channel: Channel,
    /// MITRE ATT&CK technique ids.
    pub techniques: &'static [&'static str],
    /// Metrics it should disturb.
    pub disturbs: &'static [Metric],
    /// Audit checks that should find it, by AWS name.
    pub checks: &'static [&'static str],
    /// Unit of its harm, for example `bytes`.
    pub harm_unit: &'static str,
    /// What no threshold on these metrics can see.
    pub blind_spots: &'static str,
}

/// An attack with its parameters.
pub trait Attack: Disturb {
    /// The registry name.
    fn kind(&self) -> &'static str;

    /// What it is.
    fn facts(&self) -> Facts;
}

/// An entry of the registry.
#[derive(Debug)]
pub struct Entry {
    /// The name in scenario files: `[attack.NAME]`.
    pub name: &'static str,
    /// One sentence for the reference page.
    pub summary: &'static str,
    /// Reads the parameters; problems go to `fields`, which then make the loader fail.
    pub read: fn(&mut Fields<'_>) -> Arc<dyn Attack>,
}

/// All attacks, by name.
pub const REGISTRY: &[Entry] = &[authorization_probing::ENTRY, exfiltration::ENTRY, port_opening::ENTRY];

//! What a shard remembers from tick to tick: all of it that the scenario does not say.

use std::collections::BTreeSet;

use defender::detect::columns::{Columns, set_lane};
use defender::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::transit::TransitMemory;
use super::{Access, Common, Findings, Overlay, Shard};

/// A shard's memory at a synchronization point, for a checkpoint.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Memory {
    access: Vec<Access>,
    pending: [Vec<u32>; 4],
    down_since: Vec<Option<Timestamp>>,
    dark: Vec<u64>,
    address_since: Vec<u64>,
    expiries: BTreeSet<(Timestamp, u32)>,
    overlays: Vec<OverlayMemory>,
    upcoming: usize,
    active: Vec<usize>,
    judge: Columns,
    transit: TransitMemory,
    probe: Option<Vec<u64>>,
}

/// What became of an act on a device so far.
#[derive(Debug, Serialize, Deserialize)]
struct OverlayMemory {
    allowed: Vec<bool>,
    first_observable: Option<Timestamp>,
    contained: Option<Timestamp>,
    harm: u64,
    harm_planned: u64,
    longest_runs: Vec<u8>,
}

impl Shard {
    /// Its memory. Only at a synchronization point, when its findings have been taken in.
    pub fn memory(&self) -> Memory {
        // Every field is named, so that nobody adds one without deciding where it comes from.
        let Shard {
            // The scenario says these…
            first: _,
            keys: _,
            runs: _,
            due: _,
            reach: _,
            every_tick: _,
            custom: _,
            counted: _,
            occasions: _,
            base_violations: _,
            // …these hold nothing between two ticks…
            extras: _,
            disconnected: _,
            joined: _,
            was_dark: _,
            tick: _,
            shares: _,
            scratch: _,
            findings: _,
            // …candidates are judged in runs that nobody interrupts…
            candidates: _,
            // …and these follow from `access` and `pending`.
            limited: _,
            held: _,
            access,
            pending,
            down_since,
            dark,
            address_since,
            expiries,
            overlays,
            upcoming,
            active,
            judge,
            transit,
            probe,
        } = self;
        Memory {
            access: access.clone(),
            pending: pending.clone(),
            down_since: down_since.clone(),
            dark: dark.clone(),
            address_since: address_since.clone(),
            expiries: expiries.clone(),
            overlays: overlays.iter().map(Overlay::memory).collect(),
            upcoming: *upcoming,
            active: active.clone(),
            judge: judge.clone(),
            transit: transit.memory(),
            probe: probe.clone(),
        }
    }

    /// Goes on from what a shard of the same scenario remembered; `None` if it was made for another one.
    #[must_use]
    pub fn remember(&mut self, common: &Common, memory: Memory) -> Option<()> {
        let lanes = self.lanes();
        let fits = memory.access.len() == lanes
            && memory.pending.iter().all(|amounts| amounts.len() == lanes)
            && memory.down_since.len() == lanes
            && memory.dark.len() == self.dark.len()
            && memory.address_since.len() == lanes
            && memory.overlays.len() == self.overlays.len()
            && self.transit.fits(&memory.transit)
            && memory.upcoming <= self.overlays.len()
            && memory.active.iter().all(|index| *index < memory.upcoming)
            && memory.expiries.iter().all(|(_, lane)| (*lane as usize) < lanes)
            && memory.probe.as_ref().map(Vec::len) == self.probe.as_ref().map(Vec::len);
        if !fits {
            return None;
        }
        self.judge.take_over(memory.judge).ok()?;
        for (overlay, memory) in self.overlays.iter_mut().zip(memory.overlays) {
            overlay.remember(memory);
        }
        for (lane, access) in memory.access.iter().enumerate() {
            set_lane(&mut self.limited, lane, *access != Access::FULL);
        }
        self.access = memory.access;
        self.pending = memory.pending;
        self.held = self.pending.iter().any(|held| held.iter().any(|amount| *amount > 0));
        self.down_since = memory.down_since;
        self.dark = memory.dark;
        self.address_since = memory.address_since;
        for lane in 0..lanes {
            self.judge_address(common, lane);
        }
        self.expiries = memory.expiries;
        self.upcoming = memory.upcoming;
        self.active = memory.active;
        self.transit.remember(memory.transit);
        self.probe = memory.probe;
        self.findings = Findings::default();
        self.disconnected.clear();
        self.joined.clear();
        Some(())
    }
}

impl Overlay {
    fn memory(&self) -> OverlayMemory {
        OverlayMemory {
            allowed: self.allowed.clone(),
            first_observable: self.first_observable,
            contained: self.contained,
            harm: self.harm,
            harm_planned: self.harm_planned,
            longest_runs: self.longest_runs.clone(),
        }
    }

    fn remember(&mut self, memory: OverlayMemory) {
        let OverlayMemory { allowed, first_observable, contained, harm, harm_planned, longest_runs } = memory;
        (self.allowed, self.harm, self.harm_planned) = (allowed, harm, harm_planned);
        (self.first_observable, self.contained) = (first_observable, contained);
        self.longest_runs = longest_runs;
    }
}

//! Acts laid over ordinary behavior: few devices at a time, looked at one by one.

use std::sync::Arc;

use defender::time::Timestamp;

use crate::dice::{Dice, Purpose};
use crate::disturbance::{Disturb, Span};

/// An act on one device.
#[derive(Debug)]
pub(crate) struct Overlay {
    /// Position of the act in the ledger of truth.
    pub act: u32,
    /// Position of the device in the act.
    pub position: u32,
    /// The device, by lane.
    pub lane: u32,
    pub onset: Timestamp,
    pub end: Timestamp,
    pub effect: Arc<dyn Disturb>,
    /// Address of its dice.
    pub key: u64,
    pub purpose: Purpose,
    /// Whether broker-side measures can stop it.
    pub through_broker: bool,
    /// By topic of the effect: whether the broker lets the device publish there.
    pub allowed: Vec<bool>,
    /// By column that the program has beside the usual ones, and topic of the effect: whether that topic counts.
    pub counted: Vec<Vec<bool>>,
    /// When the first datapoint that it disturbs was complete.
    pub first_observable: Option<Timestamp>,
    /// When a measure effective against its channel took hold.
    pub contained: Option<Timestamp>,
    pub harm: u64,
    pub harm_planned: u64,
    /// Whether whoever acts is not the device itself, but somebody with its key.
    pub apart: bool,
    /// Whether somebody waits for its first harm.
    pub watched: bool,
    /// Attacks only, by rule: the longest run of violating datapoints so far. Empty until there is one.
    pub longest_runs: Vec<u8>,
}

impl Overlay {
    /// What the acts of a shard are sorted by: of those that begin together, it does not matter where they stand in a file.
    pub fn order(&self) -> (Timestamp, u64, u32) {
        (self.onset, self.key, self.act)
    }

    /// The part of `from..to` during which it is active; `None` if that is empty.
    pub fn span(&self, from: Timestamp, to: Timestamp, number: u64) -> Option<Span> {
        let (from, to) = (from.max(self.onset), to.min(self.end));
        (from < to).then(|| Span {
            from: from - self.onset,
            to: to - self.onset,
            onset: self.onset,
            key: self.key,
            dice: Dice::new(self.key, self.purpose, number),
        })
    }

    /// Takes note of a change of what the broker allows, which takes hold at `now`.
    pub fn restrict(&mut self, now: Timestamp, connected: bool, allowed: Vec<bool>) {
        let could = self.allowed.iter().any(|a| *a);
        let can = allowed.iter().any(|a| *a);
        let stopped = (!connected && !self.apart) || (could && !can);
        let goes_on = (connected || self.apart) && (can || allowed.is_empty());
        if self.through_broker && now < self.end {
            if stopped && self.contained.is_none() {
                self.contained = Some(now.max(self.onset));
            } else if goes_on {
                // A measure that is taken back while the act lasts has not contained it.
                self.contained = None;
            }
        }
        self.allowed = allowed;
    }

    /// Takes note that the device has its access back, or will not lose it, from `now` on.
    pub fn restored(&mut self, now: Timestamp) {
        if self.effect.deprives() && self.contained.is_none() && self.onset < now && now < self.end {
            self.contained = Some(now);
        }
    }
}

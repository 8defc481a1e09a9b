//! Evaluations: what a behavior means, for as long as it means that.

use serde::{Deserialize, Serialize};

use super::behavior::Behavior;
use super::violation::Cause;
use super::wire;
use crate::ids::ProfileId;
use crate::time::Timestamp;

/// One span in which a behavior of a profile is evaluated in one and the same way. It ends when the behavior is
/// removed or renamed, when its metric, dimension or criteria change (D-75), or with its profile; a change that only
/// concerns alerts or export keeps it (D-76). Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EvaluationId(pub u32);

impl EvaluationId {
    /// The position in a column by evaluation.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A behavior as records show it, at one time (D-85).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SnapshotId(u32);

/// An evaluation and what it is of.
#[derive(Clone, Debug)]
pub struct Evaluation {
    pub(crate) profile: ProfileId,
    pub(crate) profile_name: String,
    pub(crate) behavior: Behavior,
    pub(crate) since: Timestamp,
    pub(crate) ended: Option<(Timestamp, Cause)>,
    pub(crate) snapshot: SnapshotId,
}

impl Evaluation {
    /// The profile.
    pub const fn profile(&self) -> ProfileId {
        self.profile
    }

    /// The profile's name.
    pub fn profile_name(&self) -> &str {
        &self.profile_name
    }

    /// The behavior.
    pub const fn behavior(&self) -> &Behavior {
        &self.behavior
    }

    /// Since when the behavior is evaluated like this (D-37, CH-68).
    pub const fn since(&self) -> Timestamp {
        self.since
    }

    /// When and why evaluation ended, if it did.
    pub const fn ended(&self) -> Option<(Timestamp, Cause)> {
        self.ended
    }
}

/// A behavior as it was given, with what list operations filter by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) given: wire::Behavior,
    pub(crate) behavior: Behavior,
}

/// All evaluations and snapshots, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evaluations {
    rows: Vec<Evaluation>,
    snapshots: Vec<Snapshot>,
}

impl Evaluations {
    pub(crate) fn start(
        &mut self,
        now: Timestamp,
        profile: ProfileId,
        profile_name: &str,
        snapshot: Snapshot,
    ) -> EvaluationId {
        let id = EvaluationId(self.rows.len() as u32);
        self.rows.push(Evaluation {
            profile,
            profile_name: profile_name.to_owned(),
            behavior: snapshot.behavior.clone(),
            since: now,
            ended: None,
            snapshot: SnapshotId(self.snapshots.len() as u32),
        });
        self.snapshots.push(snapshot);
        id
    }

    /// Goes on evaluating a behavior that changed only in what concerns alerts and export (D-76).
    pub(crate) fn keep(&mut self, id: EvaluationId, snapshot: Snapshot) {
        let row = &mut self.rows[id.index()];
        if self.snapshots[row.snapshot.0 as usize] != snapshot {
            row.behavior = snapshot.behavior.clone();
            row.snapshot = SnapshotId(self.snapshots.len() as u32);
            self.snapshots.push(snapshot);
        }
    }

    pub(crate) fn end(&mut self, now: Timestamp, id: EvaluationId, cause: Cause) {
        self.rows[id.index()].ended = Some((now, cause));
    }

    pub(crate) fn get(&self, id: EvaluationId) -> &Evaluation {
        &self.rows[id.index()]
    }

    pub(crate) fn snapshot(&self, id: SnapshotId) -> &Snapshot {
        &self.snapshots[id.0 as usize]
    }

    pub(crate) fn profile_name(&self, id: EvaluationId) -> &str {
        &self.get(id).profile_name
    }

    pub(crate) fn behavior_name(&self, id: EvaluationId) -> &str {
        &self.get(id).behavior.name
    }
}

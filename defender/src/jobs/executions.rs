//! The executions of one job as columns: a row per target, in target order, some fifty bytes each.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::wire::ExecutionStatus;
use crate::ids::ThingId;
use crate::time::Timestamp;

/// No deadline.
pub(super) const NEVER: Timestamp = Timestamp(i64::MAX);
/// Not begun.
const NOT_YET: Timestamp = Timestamp(i64::MIN);

/// What a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A target that the rollout has not reached: it has no execution yet.
    Waiting,
    /// A target that will get none: it left, or the job ended before its turn.
    Withdrawn,
    /// The latest execution's status.
    Execution(ExecutionStatus),
}

/// An execution that a retry has replaced (J-16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Past {
    pub(super) status: ExecutionStatus,
    pub(super) queued_at: Timestamp,
    pub(super) started_at: Option<Timestamp>,
    pub(super) updated_at: Timestamp,
    pub(super) version: u32,
}

/// All rows of one job.
#[derive(Clone, Debug, Default)]
pub(super) struct Executions {
    pub(super) thing: Vec<ThingId>,
    pub(super) slot: Vec<Slot>,
    /// 1 for the first execution; each retry adds one.
    pub(super) number: Vec<u8>,
    /// Retries used after FAILED and after TIMED_OUT.
    pub(super) retried: Vec<[u8; 2]>,
    pub(super) version: Vec<u32>,
    pub(super) forced: Vec<bool>,
    pub(super) queued_at: Vec<Timestamp>,
    started_at: Vec<Timestamp>,
    pub(super) updated_at: Vec<Timestamp>,
    /// The in-progress bound (J-14), or [`NEVER`].
    bound: Vec<Timestamp>,
    /// The earlier of the bound and the step timer (J-15), or [`NEVER`].
    pub(super) deadline: Vec<Timestamp>,
    /// Rows per status, kept current.
    pub(super) counts: [u32; 8],
    /// Rows still [`Slot::Waiting`].
    pub(super) waiting: u32,
    pub(super) past: BTreeMap<(u32, u8), Past>,
    pub(super) details: BTreeMap<u32, BTreeMap<String, String>>,
    row_of: BTreeMap<ThingId, u32>,
    /// Deadlines with their rows; the top one is always current.
    timers: BinaryHeap<Reverse<(Timestamp, u32)>>,
}

impl Executions {
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.thing.len()).expect("things are numbered in 32 bits")
    }

    pub(super) fn row(&self, thing: ThingId) -> Option<u32> {
        self.row_of.get(&thing).copied()
    }

    /// Appends a waiting row, unless the thing has one already.
    pub(super) fn add(&mut self, thing: ThingId) -> Option<u32> {
        let row = self.len();
        if let Some(existing) = self.row(thing) {
            let i = existing as usize;
            if self.slot[i] == Slot::Withdrawn && self.number[i] == 0 {
                self.slot[i] = Slot::Waiting;
                self.waiting += 1;
                return Some(existing);
            }
            return None;
        }
        self.row_of.insert(thing, row);
        self.thing.push(thing);
        self.slot.push(Slot::Waiting);
        self.number.push(0);
        self.retried.push([0, 0]);
        self.version.push(0);
        self.forced.push(false);
        for column in [&mut self.queued_at, &mut self.started_at, &mut self.updated_at] {
            column.push(NOT_YET);
        }
        for column in [&mut self.bound, &mut self.deadline] {
            column.push(NEVER);
        }
        self.waiting += 1;
        Some(row)
    }

    /// The latest execution's status, where there is an execution.
    pub(super) fn status(&self, row: u32) -> Option<ExecutionStatus> {
        match self.slot[row as usize] {
            Slot::Execution(status) => Some(status),
            Slot::Waiting | Slot::Withdrawn => None,
        }
    }

    pub(super) fn started_at(&self, row: u32) -> Option<Timestamp> {
        Some(self.started_at[row as usize]).filter(|at| *at != NOT_YET)
    }

    /// Executions that can still change.
    pub(super) fn open(&self) -> u32 {
        self.counts[ExecutionStatus::Queued.index()] + self.counts[ExecutionStatus::InProgress.index()]
    }

    /// A waiting or ended row begins its next execution.
    pub(super) fn queue(&mut self, at: Timestamp, row: u32) {
        let i = row as usize;
        match self.slot[i] {
            Slot::Waiting => self.waiting -= 1,
            Slot::Withdrawn => {}
            Slot::Execution(status) => {
                let past = Past {
                    status,
                    queued_at: self.queued_at[i],
                    started_at: self.started_at(row),
                    updated_at: self.updated_at[i],
                    version: self.version[i],
                };
                self.past.insert((row, self.number[i]), past);
                self.counts[status.index()] -= 1;
            }
        }
        self.slot[i] = Slot::Execution(ExecutionStatus::Queued);
        self.counts[ExecutionStatus::Queued.index()] += 1;
        self.number[i] = self.number[i].saturating_add(1);
        self.version[i] = 1;
        self.queued_at[i] = at;
        self.updated_at[i] = at;
        self.started_at[i] = NOT_YET;
        self.details.remove(&row);
    }

    /// The latest execution takes another status; the bound is set when it begins (J-14).
    pub(super) fn set(&mut self, at: Timestamp, row: u32, status: ExecutionStatus, bound: Timestamp) {
        let i = row as usize;
        let before = self.status(row).expect("only executions change status");
        self.counts[before.index()] -= 1;
        self.counts[status.index()] += 1;
        self.slot[i] = Slot::Execution(status);
        self.version[i] += 1;
        self.updated_at[i] = at;
        if status == ExecutionStatus::InProgress && before != ExecutionStatus::InProgress {
            self.started_at[i] = at;
            self.bound[i] = bound;
            self.arm(row, bound);
        }
        if status.is_terminal() {
            self.bound[i] = NEVER;
            self.arm(row, NEVER);
        }
    }

    /// A step timer replaces the one before; without one the bound alone holds (J-15).
    pub(super) fn set_step_timer(&mut self, row: u32, expires: Option<Timestamp>) {
        let bound = self.bound[row as usize];
        self.arm(row, expires.map_or(bound, |expires| expires.min(bound)));
    }

    /// A target that has no execution gets none.
    pub(super) fn withdraw(&mut self, row: u32) {
        debug_assert_eq!(self.slot[row as usize], Slot::Waiting, "only waiting targets are withdrawn");
        self.slot[row as usize] = Slot::Withdrawn;
        self.waiting -= 1;
    }

    /// Forgets a row's executions, as if the target had never been reached.
    pub(super) fn forget(&mut self, row: u32) {
        if let Some(status) = self.status(row) {
            self.counts[status.index()] -= 1;
            self.slot[row as usize] = Slot::Withdrawn;
            self.bound[row as usize] = NEVER;
            self.arm(row, NEVER);
        }
    }

    fn arm(&mut self, row: u32, deadline: Timestamp) {
        self.deadline[row as usize] = deadline;
        if deadline != NEVER {
            self.timers.push(Reverse((deadline, row)));
        }
        while let Some(&Reverse((at, row))) = self.timers.peek()
            && self.deadline[row as usize] != at
        {
            self.timers.pop();
        }
    }

    /// The next deadline and its row.
    pub(super) fn next_timeout(&self) -> Option<(Timestamp, u32)> {
        self.timers.peek().map(|Reverse(next)| *next)
    }
}

//! Mitigation: stored actions, and the tasks that apply them to findings and violations (section 7).
//!
//! A mitigation action is a definition; it does nothing until somebody starts a task with it (M-06). An *execution* is
//! one action on one finding or violation. Executions change the [`Account`], are never rolled back (M-18), and leave
//! an [`Undo`] for each change that an operator could take back.
//!
//! By default a task does everything at its start. With another [`Pace`] it takes its time: [`Mitigation::next_due`]
//! says when it goes on, and [`Mitigation::advance`] lets it.
//!
//! What audits and Detect know comes through two small traits, [`Findings`] and [`Violations`].

mod action;
mod audit_task;
mod auto;
mod detect_task;
mod findings;
mod lint;
mod operations;
mod pace;
mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use std::collections::{BTreeMap, BTreeSet};

use self::audit_task::AuditTask;
use self::detect_task::DetectTask;
use self::store::Actions;
use self::wire::{ActionType, AuditMitigationActionsTaskStatus, DetectMitigationActionsTaskStatus};
use crate::account::Account;
use crate::error::{Compatibility, Warning};
use crate::ids::IdMint;
use crate::notification::Outbox;
use crate::time::{Millis, Timestamp};

pub use self::action::{ErrorCode, Reversibility, Undo, applies_to_check};
pub use self::auto::{AutoMitigationRule, RaisedViolation};
pub use self::findings::{FindingKey, FindingView, Findings, NonCompliant, ViolationQuery, ViolationView, Violations};
pub use self::lint::quarantine_denies;
pub use self::pace::Pace;

/// How long tasks are retained.
const RETENTION: Millis = Millis::days(90);

/// A mitigation task's place in its store, in the order of starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskRef {
    /// An audit mitigation task.
    Audit(u32),
    /// A detect mitigation task.
    Detect(u32),
}

/// Something that happened in a mitigation task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MitigationEvent {
    /// A task has begun.
    TaskStarted {
        /// When.
        at: Timestamp,
        /// Which task.
        task: TaskRef,
    },
    /// An action was applied, or could not be.
    ExecutionEnded {
        /// When.
        at: Timestamp,
        /// In which task.
        task: TaskRef,
        /// On which of the task's subjects; see [`Mitigation::finding`] and [`Mitigation::thing_name`].
        row: u32,
        /// Which kind of action.
        action_type: ActionType,
        /// Why it could not, if it could not.
        error: Option<ErrorCode>,
    },
    /// A task is over.
    TaskEnded {
        /// When.
        at: Timestamp,
        /// Which task.
        task: TaskRef,
    },
}

impl MitigationEvent {
    /// When it happened.
    pub const fn at(&self) -> Timestamp {
        match self {
            MitigationEvent::TaskStarted { at, .. }
            | MitigationEvent::ExecutionEnded { at, .. }
            | MitigationEvent::TaskEnded { at, .. } => *at,
        }
    }
}

/// The mitigation actions and tasks of an account. A clone goes its own way from the moment of cloning.
#[derive(Clone, Debug)]
pub struct Mitigation {
    ids: IdMint,
    mode: Compatibility,
    pace: Pace,
    actions: Actions,
    next_task: u32,
    audit_tasks: BTreeMap<u32, AuditTask>,
    detect_tasks: BTreeMap<u32, DetectTask>,
    audit_ids: BTreeMap<String, u32>,
    detect_ids: BTreeMap<String, u32>,
    /// Tasks with steps left: in progress, or canceled while something ran.
    unfinished: BTreeSet<TaskRef>,
    auto: Vec<AutoMitigationRule>,
    events: Vec<MitigationEvent>,
    warnings: Vec<Warning>,
}

impl Mitigation {
    /// An account without actions; ids derive from the run's seed (CH-03).
    pub fn new(seed: u64, mode: Compatibility) -> Mitigation {
        Mitigation {
            ids: IdMint::new(seed),
            mode,
            pace: Pace::default(),
            actions: Actions::default(),
            next_task: 0,
            audit_tasks: BTreeMap::new(),
            detect_tasks: BTreeMap::new(),
            audit_ids: BTreeMap::new(),
            detect_ids: BTreeMap::new(),
            unfinished: BTreeSet::new(),
            auto: Vec::new(),
            events: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Sets the speed of tasks that start from now on.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// Does everything due up to and including `now`, forgets tasks that are past their retention, and hands over what
    /// happened since the last call, operations included.
    pub fn advance(
        &mut self,
        now: Timestamp,
        account: &mut Account,
        outbox: &mut Outbox,
        findings: &dyn Findings,
    ) -> Vec<MitigationEvent> {
        self.settle(now, account, outbox, findings);
        self.forget(now);
        std::mem::take(&mut self.events)
    }

    /// When [`Mitigation::advance`] next has something to do.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.next().map(|(due, _)| due)
    }

    /// At one instant, audit tasks come before detect tasks, older ones before newer ones.
    fn next(&self) -> Option<(Timestamp, TaskRef)> {
        let due = |task: &TaskRef| {
            let due = match task {
                TaskRef::Audit(i) => self.audit_tasks[i].next_due(),
                TaskRef::Detect(i) => self.detect_tasks[i].next_due(),
            };
            Some((due?, *task))
        };
        self.unfinished.iter().filter_map(due).min()
    }

    fn settle(&mut self, now: Timestamp, account: &mut Account, outbox: &mut Outbox, findings: &dyn Findings) {
        while let Some((due, reference)) = self.next().filter(|(due, _)| *due <= now) {
            let next = match reference {
                TaskRef::Audit(i) => {
                    let task = self.audit_tasks.get_mut(&i).expect("an unfinished task is kept");
                    task.step(due, account, outbox, findings, &mut self.events);
                    task.next_due()
                }
                TaskRef::Detect(i) => {
                    let task = self.detect_tasks.get_mut(&i).expect("an unfinished task is kept");
                    task.step(due, account, outbox, &mut self.events);
                    task.next_due()
                }
            };
            if next.is_none() {
                self.unfinished.remove(&reference);
            }
        }
    }

    /// Lets go of finished tasks past their retention; their ids are free again.
    fn forget(&mut self, now: Timestamp) {
        let unfinished = &self.unfinished;
        self.audit_tasks.retain(|i, task| is_retained(now, task.start) || unfinished.contains(&TaskRef::Audit(*i)));
        self.detect_tasks.retain(|i, task| is_retained(now, task.start) || unfinished.contains(&TaskRef::Detect(*i)));
        self.audit_ids.retain(|_, i| self.audit_tasks.contains_key(i));
        self.detect_ids.retain(|_, i| self.detect_tasks.contains_key(i));
    }

    /// What was tolerated or is advised since the last call (0.3): `QUARANTINE_WITHOUT_DENY`,
    /// `ACCOUNT_ID_NOT_12_DIGITS`, `CHECK_NAME_ALIAS`, `EXTENSION_AUTO_MITIGATION`.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warnings)
    }

    /// Advice about all actions as they are now (M-40).
    pub fn lint(&self, account: &Account) -> Vec<Warning> {
        self.actions.definitions().flat_map(|definition| lint::quarantine_without_deny(account, definition)).collect()
    }

    /// A task's id, if it is retained.
    pub fn task_id(&self, task: TaskRef) -> Option<&str> {
        match task {
            TaskRef::Audit(i) => self.audit_tasks.get(&i).map(|task| task.request.task_id.as_str()),
            TaskRef::Detect(i) => self.detect_tasks.get(&i).map(|task| task.request.task_id.as_str()),
        }
    }

    /// The finding that a row of an audit mitigation task is about.
    pub fn finding(&self, task: TaskRef, row: u32) -> Option<FindingKey> {
        match task {
            TaskRef::Audit(i) => self.audit_tasks.get(&i)?.finding(row),
            TaskRef::Detect(_) => None,
        }
    }

    /// The thing that a row of a detect mitigation task is about.
    pub fn thing_name(&self, task: TaskRef, row: u32) -> Option<&str> {
        match task {
            TaskRef::Audit(_) => None,
            TaskRef::Detect(i) => self.detect_tasks.get(&i)?.thing_name(row),
        }
    }

    /// The status of an audit mitigation task.
    pub fn audit_task_status(&self, task: TaskRef) -> Option<AuditMitigationActionsTaskStatus> {
        match task {
            TaskRef::Audit(i) => self.audit_tasks.get(&i).map(|task| task.status),
            TaskRef::Detect(_) => None,
        }
    }

    /// The status of a detect mitigation task.
    pub fn detect_task_status(&self, task: TaskRef) -> Option<DetectMitigationActionsTaskStatus> {
        match task {
            TaskRef::Audit(_) => None,
            TaskRef::Detect(i) => self.detect_tasks.get(&i).map(|task| task.status),
        }
    }

    /// What a task has changed and how to take it back, in the order of the changes (7.4).
    pub fn undo(&self, task: TaskRef) -> impl DoubleEndedIterator<Item = &Undo> {
        let changes = match task {
            TaskRef::Audit(i) => self.audit_tasks.get(&i).map(|task| &task.undo),
            TaskRef::Detect(i) => self.detect_tasks.get(&i).map(|task| &task.undo),
        };
        changes.map_or(&[][..], Vec::as_slice).iter().map(|(_, undo)| undo)
    }
}

fn is_retained(now: Timestamp, start: Timestamp) -> bool {
    now - start <= RETENTION
}

/// A failure's sentence as `message` holds it: at most 2048 characters (M-25).
fn message(text: String) -> Box<str> {
    match text.char_indices().nth(2048) {
        Some((end, _)) => text[..end].into(),
        None => text.into(),
    }
}

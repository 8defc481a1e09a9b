//! Jobs, as a fleet operator uses them to rotate certificates (section 8). Device Defender never starts one.
//!
//! A [`Jobs`] store keeps jobs and their executions, notifies targets at the rollout rate, and watches timers. It
//! does not know what a device does with a job document: the driver asks what is due, and reports what things say.
//!
//! ```text
//! create_job ──▶ waves ──▶ JobEvent QUEUED ──▶ (the device works) ──▶ update_job_execution ──▶ JobEvent …
//!                  ▲                                                          │
//!                  └──────────── rate, abort, retry, timeout ◀────────────────┘
//! ```
//!
//! Events collect inside the store, in order of time, and [`Jobs::advance`] hands them over. Every operation first
//! does what was due up to its `now`: a report that arrives at the instant of its timeout is too late.
//!
//! What is not modeled: maintenance windows and job templates, which are refused, and the signing of URLs and the
//! rendering of documents, which are left as they are.

mod executions;
mod job;
mod operations;
mod plan;
#[cfg(test)]
mod tests;
pub mod wire;

use std::collections::BTreeMap;

use serde::Serialize;

use self::job::{JobState, Target};
use self::wire::{CreateJobRequest, ExecutionStatus, JobStatus, TargetSelection};
use crate::account::Account;
use crate::error::{Exception, ServiceError};
use crate::ids::{ThingGroupId, ThingId};
use crate::time::Timestamp;

/// A job's position in its store, in the order of creation; never used again after a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct JobIndex(pub u32);

/// The registry as jobs see it.
pub trait JobTargets {
    /// The ARN of one of the account's IoT resources, for example of `job/rotate`.
    fn arn(&self, resource: &str) -> String;
    /// A thing by name.
    fn thing(&self, name: &str) -> Option<ThingId>;
    /// A thing's name.
    fn thing_name(&self, thing: ThingId) -> &str;
    /// A thing group by name.
    fn group(&self, name: &str) -> Option<ThingGroupId>;
    /// The things of a group and of its descendants, ascending, each once.
    fn things_in(&self, group: ThingGroupId) -> Vec<ThingId>;
    /// Whether the group or one of its descendants holds the thing.
    fn contains(&self, group: ThingGroupId, thing: ThingId) -> bool;
}

impl JobTargets for Account {
    fn arn(&self, resource: &str) -> String {
        Account::arn(self, resource)
    }

    fn thing(&self, name: &str) -> Option<ThingId> {
        Account::thing(self, name)
    }

    fn thing_name(&self, thing: ThingId) -> &str {
        Account::thing_name(self, thing)
    }

    fn group(&self, name: &str) -> Option<ThingGroupId> {
        self.thing_group(name)
    }

    fn things_in(&self, group: ThingGroupId) -> Vec<ThingId> {
        self.things_in_group(group, true)
    }

    fn contains(&self, group: ThingGroupId, thing: ThingId) -> bool {
        self.is_thing_in_group(thing, group, true)
    }
}

/// Something that happened to a job or to one of its executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum JobEvent {
    /// An execution took a status. `QUEUED` is the notification that reaches the thing.
    Execution {
        /// When.
        at: Timestamp,
        /// Of which job.
        job: JobIndex,
        /// Whose.
        thing: ThingId,
        /// The execution's number: 1, and one more per retry (J-16).
        number: u8,
        /// Its status from now on.
        status: ExecutionStatus,
    },
    /// A job took a status.
    Job {
        /// When.
        at: Timestamp,
        /// Which job.
        job: JobIndex,
        /// Its status from now on.
        status: JobStatus,
    },
}

impl JobEvent {
    /// When it happened.
    pub const fn at(&self) -> Timestamp {
        match self {
            JobEvent::Execution { at, .. } | JobEvent::Job { at, .. } => *at,
        }
    }
}

/// What a report does to the execution's step timer (J-15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepTimer {
    /// Nothing: an earlier timer runs on.
    #[default]
    Keep,
    /// A new timer from now on, 1–10080 minutes, in place of an earlier one.
    Set {
        /// `stepTimeoutInMinutes` \[min\].
        minutes: u16,
    },
    /// No timer: `stepTimeoutInMinutes` −1.
    Discard,
}

#[derive(Clone, Debug)]
struct Entry {
    request: CreateJobRequest,
    created_at: Timestamp,
    reason_code: Option<String>,
    comment: Option<String>,
    state: JobState,
}

/// The jobs of an account. A clone goes its own way from the moment of cloning.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    /// By index; `None` once deleted.
    entries: Vec<Option<Entry>>,
    by_name: BTreeMap<String, JobIndex>,
    events: Vec<JobEvent>,
}

impl Jobs {
    /// A store without jobs.
    pub fn new() -> Jobs {
        Jobs::default()
    }

    /// Does everything due up to and including `now`, and hands over what happened since the last call, operations
    /// included. Things due at one instant happen in the order of the jobs' creation.
    pub fn advance(&mut self, now: Timestamp) -> Vec<JobEvent> {
        self.settle(now);
        std::mem::take(&mut self.events)
    }

    /// When [`Jobs::advance`] next has something to do.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.next().map(|(due, _)| due)
    }

    fn next(&self) -> Option<(Timestamp, usize)> {
        let due = |(i, entry): (usize, &Option<Entry>)| Some((entry.as_ref()?.state.next_due()?, i));
        self.entries.iter().enumerate().filter_map(due).min()
    }

    fn settle(&mut self, now: Timestamp) {
        while let Some((due, i)) = self.next().filter(|(due, _)| *due <= now) {
            let entry = self.entries[i].as_mut().expect("a job that is due exists");
            entry.state.step(due, &mut self.events);
        }
    }

    /// A thing's report about its execution: the path for many devices. `step` is read where `status` is
    /// IN_PROGRESS.
    ///
    /// # Errors
    /// `ResourceNotFoundException` where the thing has no execution of the job; `InvalidStateTransitionException`
    /// where its latest execution is terminal; `InvalidRequestException` for a status that a thing cannot report,
    /// or a step timer outside 1–10080 minutes.
    pub fn update_job_execution(
        &mut self,
        now: Timestamp,
        job: JobIndex,
        thing: ThingId,
        status: ExecutionStatus,
        step: StepTimer,
    ) -> Result<(), ServiceError> {
        use ExecutionStatus::{Failed, InProgress, Rejected, Succeeded};
        if !matches!(status, InProgress | Succeeded | Failed | Rejected) {
            return Err(ServiceError::invalid(format!(
                "a thing reports `IN_PROGRESS`, `SUCCEEDED`, `FAILED` or `REJECTED`, found `{status}`"
            )));
        }
        if let StepTimer::Set { minutes } = step
            && !(1..=10_080).contains(&minutes)
        {
            return Err(ServiceError::invalid(format!(
                "stepTimeoutInMinutes must lie in 1..=10080, found `{minutes}`"
            )));
        }
        self.settle(now);
        let (entry, row) = self.execution_mut(job, thing)?;
        let current = entry.state.rows.status(row).expect("an execution has a status");
        if current.is_terminal() {
            return Err(ServiceError::new(
                Exception::InvalidStateTransition,
                format!("the execution has ended as `{current}` and cannot become `{status}`"),
            ));
        }
        let mut events = std::mem::take(&mut self.events);
        self.entry_mut(job)?.state.update(now, row, status, step, &mut events);
        self.events = events;
        Ok(())
    }

    /// The latest execution of a job on a thing: its number and status.
    pub fn execution(&self, job: JobIndex, thing: ThingId) -> Option<(u8, ExecutionStatus)> {
        let rows = &self.entries.get(job.0 as usize)?.as_ref()?.state.rows;
        let row = rows.row(thing)?;
        Some((rows.number[row as usize], rows.status(row)?))
    }

    /// A job by its `jobId`.
    pub fn index(&self, job_id: &str) -> Option<JobIndex> {
        self.by_name.get(job_id).copied()
    }

    /// A job's `jobId`.
    pub fn job_id(&self, job: JobIndex) -> Option<&str> {
        Some(self.entries.get(job.0 as usize)?.as_ref()?.request.job_id.as_str())
    }

    /// A job's document, where it was given in place.
    pub fn document(&self, job: JobIndex) -> Option<&str> {
        self.entries.get(job.0 as usize)?.as_ref()?.request.document.as_deref()
    }

    /// A job's status.
    pub fn status(&self, job: JobIndex) -> Option<JobStatus> {
        Some(self.entries.get(job.0 as usize)?.as_ref()?.state.status)
    }

    /// Things per execution status, counted by their latest execution, in the order of [`ExecutionStatus::ALL`].
    pub fn counts(&self, job: JobIndex) -> Option<[u32; 8]> {
        Some(self.entries.get(job.0 as usize)?.as_ref()?.state.rows.counts)
    }

    /// A thing's group memberships have changed: CONTINUOUS jobs take it in or let it go (J-04, J-05).
    pub fn thing_moved(&mut self, now: Timestamp, registry: &impl JobTargets, thing: ThingId) {
        self.settle(now);
        for entry in self.entries.iter_mut().flatten() {
            let state = &mut entry.state;
            if state.selection != TargetSelection::Continuous || state.is_over() {
                continue;
            }
            let aimed_at = |target: &Target| match *target {
                Target::Thing(named) => named == thing,
                Target::Group(group) => registry.contains(group, thing),
            };
            if state.targets.iter().any(aimed_at) {
                state.join(now, thing, &mut self.events);
            } else {
                state.leave(now, thing, &mut self.events);
            }
        }
    }

    /// A thing has left the registry: its open executions become REMOVED (J-05).
    pub fn thing_deleted(&mut self, now: Timestamp, thing: ThingId) {
        self.settle(now);
        for entry in self.entries.iter_mut().flatten() {
            entry.state.leave(now, thing, &mut self.events);
        }
    }

    fn entry(&self, job: JobIndex) -> Result<&Entry, ServiceError> {
        let entry = self.entries.get(job.0 as usize).and_then(Option::as_ref);
        entry.ok_or_else(|| ServiceError::not_found("job", &format!("#{}", job.0)))
    }

    fn entry_mut(&mut self, job: JobIndex) -> Result<&mut Entry, ServiceError> {
        let entry = self.entries.get_mut(job.0 as usize).and_then(Option::as_mut);
        entry.ok_or_else(|| ServiceError::not_found("job", &format!("#{}", job.0)))
    }

    /// The row of a thing that has an execution.
    fn execution_mut(&mut self, job: JobIndex, thing: ThingId) -> Result<(&mut Entry, u32), ServiceError> {
        let entry = self.entry_mut(job)?;
        let row = entry.state.rows.row(thing).filter(|row| entry.state.rows.status(*row).is_some());
        match row {
            Some(row) => Ok((entry, row)),
            None => Err(ServiceError::new(
                Exception::ResourceNotFound,
                format!("the thing has no execution of job `{}`", entry.request.job_id),
            )),
        }
    }
}

//! One job: its configuration, its executions, and how they move (8.1–8.4).

use super::executions::{Executions, NEVER, Slot};
use super::plan::{AbortRule, Retries, Rollout, Schedule, in_progress_timeout};
use super::wire::{
    AbortConfig, ExecutionStatus, JobEndBehavior, JobExecutionsRetryConfig, JobExecutionsRolloutConfig, JobStatus,
    TargetSelection, TimeoutConfig,
};
use super::{JobEvent, JobIndex, StepTimer};
use crate::error::ServiceError;
use crate::ids::{ThingGroupId, ThingId};
use crate::time::{Millis, Timestamp};

/// What a job is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Thing(ThingId),
    Group(ThingGroupId),
}

/// The configurations that decide how executions move.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rules {
    pub(super) rollout: Rollout,
    pub(super) abort: Vec<AbortRule>,
    pub(super) timeout: Option<Millis>,
    pub(super) retries: Retries,
}

impl Rules {
    pub(super) fn new(
        rollout: Option<&JobExecutionsRolloutConfig>,
        abort: Option<&AbortConfig>,
        timeout: Option<&TimeoutConfig>,
        retry: Option<&JobExecutionsRetryConfig>,
    ) -> Result<Rules, ServiceError> {
        Ok(Rules {
            rollout: Rollout::new(rollout)?,
            abort: AbortRule::list(abort)?,
            timeout: in_progress_timeout(timeout)?,
            retries: Retries::new(retry)?,
        })
    }
}

/// The state of one job. Transitions append to `events`; time never goes back.
#[derive(Clone, Debug)]
pub(super) struct JobState {
    index: JobIndex,
    pub(super) rules: Rules,
    pub(super) selection: TargetSelection,
    pub(super) targets: Vec<Target>,
    pub(super) status: JobStatus,
    pub(super) force_canceled: bool,
    pub(super) updated_at: Timestamp,
    pub(super) completed_at: Option<Timestamp>,
    pub(super) rows: Executions,
    schedule: Schedule,
    /// Rows before this one have been considered by the rollout.
    cursor: u32,
    /// When the next minute of the rollout begins; [`NEVER`] when nobody waits.
    next_wave: Timestamp,
    stopped: bool,
    notified: u32,
    succeeded: u32,
}

impl JobState {
    pub(super) fn new(
        now: Timestamp,
        index: JobIndex,
        rules: Rules,
        selection: TargetSelection,
        schedule: Schedule,
        targets: Vec<Target>,
    ) -> JobState {
        JobState {
            index,
            rules,
            selection,
            targets,
            status: JobStatus::Scheduled,
            force_canceled: false,
            updated_at: now,
            completed_at: None,
            rows: Executions::default(),
            next_wave: schedule.start.unwrap_or(now),
            schedule,
            cursor: 0,
            stopped: false,
            notified: 0,
            succeeded: 0,
        }
    }

    pub(super) const fn is_over(&self) -> bool {
        !matches!(self.status, JobStatus::Scheduled | JobStatus::InProgress)
    }

    /// The groups among the targets, in their order.
    pub(super) fn groups(&self) -> impl Iterator<Item = ThingGroupId> {
        self.targets.iter().filter_map(|target| match *target {
            Target::Group(group) => Some(group),
            Target::Thing(_) => None,
        })
    }

    /// Whether the rollout is going on: there are targets that it has not reached.
    pub(super) fn is_concurrent(&self) -> bool {
        self.status == JobStatus::InProgress && !self.stopped && self.rows.waiting > 0
    }

    /// When [`JobState::step`] next has something to do. Timers run on after a cancellation (J-12).
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let timeout = self.rows.next_timeout().map_or(NEVER, |(at, _)| at);
        let end = self.schedule.end.filter(|_| !self.is_over() && !self.stopped).map_or(NEVER, |(at, _)| at);
        let wave = if self.is_over() { NEVER } else { self.next_wave };
        Some(timeout.min(end).min(wave)).filter(|at| *at != NEVER)
    }

    /// Does what is due at `at`: first the executions whose time is up, then the job's end, then the next wave.
    pub(super) fn step(&mut self, at: Timestamp, events: &mut Vec<JobEvent>) {
        while let Some((due, row)) = self.rows.next_timeout()
            && due <= at
        {
            self.finish(due, row, ExecutionStatus::TimedOut, events);
        }
        if let Some((end, behavior)) = self.schedule.end
            && end <= at
            && !self.is_over()
            && !self.stopped
        {
            match behavior {
                JobEndBehavior::StopRollout => self.stop_rollout(end, events),
                JobEndBehavior::Cancel => self.cancel(end, false, events),
                JobEndBehavior::ForceCancel => self.cancel(end, true, events),
            }
        }
        if !self.is_over() && self.next_wave <= at {
            self.wave(at, events);
        }
    }

    /// One minute of the rollout (J-06 … J-09): that many waiting targets, in target order, are notified.
    fn wave(&mut self, at: Timestamp, events: &mut Vec<JobEvent>) {
        if self.status == JobStatus::Scheduled {
            self.set_job_status(at, JobStatus::InProgress, events);
        }
        let mut left = self.rules.rollout.rate(self.notified, self.succeeded);
        while left > 0 && self.cursor < self.rows.len() {
            if self.rows.slot[self.cursor as usize] == Slot::Waiting {
                self.queue(at, self.cursor, events);
                left -= 1;
            }
            self.cursor += 1;
        }
        self.next_wave = if self.rows.waiting > 0 { at + Millis::MINUTE } else { NEVER };
        self.complete_if_done(at, events);
    }

    fn queue(&mut self, at: Timestamp, row: u32, events: &mut Vec<JobEvent>) {
        if self.rows.number[row as usize] == 0 {
            self.notified += 1;
        }
        self.rows.queue(at, row);
        self.tell(at, row, events);
    }

    /// What the thing reports, or an operator decides, about its latest execution.
    pub(super) fn update(
        &mut self,
        at: Timestamp,
        row: u32,
        status: ExecutionStatus,
        step: StepTimer,
        events: &mut Vec<JobEvent>,
    ) {
        if status.is_terminal() {
            return self.finish(at, row, status, events);
        }
        let changes = self.rows.status(row) != Some(status);
        let bound = self.rules.timeout.map_or(NEVER, |timeout| at + timeout);
        self.rows.set(at, row, status, bound);
        match step {
            StepTimer::Keep => {}
            StepTimer::Set { minutes } => {
                self.rows.set_step_timer(row, Some(at + Millis::minutes(i64::from(minutes))));
            }
            StepTimer::Discard => self.rows.set_step_timer(row, None),
        }
        if changes {
            self.tell(at, row, events);
        }
    }

    /// An execution ends; a failure may be tried again (J-16), or end the job (J-11).
    pub(super) fn finish(&mut self, at: Timestamp, row: u32, status: ExecutionStatus, events: &mut Vec<JobEvent>) {
        self.rows.set(at, row, status, NEVER);
        self.tell(at, row, events);
        if status == ExecutionStatus::Succeeded {
            self.succeeded += 1;
        }
        let retried = self.rows.retried[row as usize];
        if !self.is_over() && self.rules.retries.allow(status, retried) {
            self.rows.retried[row as usize][usize::from(status == ExecutionStatus::TimedOut)] += 1;
            return self.queue(at, row, events);
        }
        if !self.is_over() && self.rules.abort.iter().any(|rule| rule.is_met(&self.rows.counts)) {
            return self.cancel(at, false, events);
        }
        self.complete_if_done(at, events);
    }

    /// Cancels the job: what is queued is taken back, what runs is taken back only by force (J-12, J-13).
    pub(super) fn cancel(&mut self, at: Timestamp, force: bool, events: &mut Vec<JobEvent>) {
        for row in 0..self.rows.len() {
            match self.rows.slot[row as usize] {
                Slot::Waiting => self.rows.withdraw(row),
                Slot::Execution(ExecutionStatus::Queued) => self.take_back(at, row, false, events),
                Slot::Execution(ExecutionStatus::InProgress) if force => self.take_back(at, row, true, events),
                Slot::Execution(_) | Slot::Withdrawn => {}
            }
        }
        self.force_canceled |= force;
        self.next_wave = NEVER;
        if self.status != JobStatus::Canceled {
            self.set_job_status(at, JobStatus::Canceled, events);
        }
    }

    pub(super) fn take_back(&mut self, at: Timestamp, row: u32, forced: bool, events: &mut Vec<JobEvent>) {
        self.rows.forced[row as usize] = forced;
        self.rows.set(at, row, ExecutionStatus::Canceled, NEVER);
        self.tell(at, row, events);
    }

    fn stop_rollout(&mut self, at: Timestamp, events: &mut Vec<JobEvent>) {
        self.stopped = true;
        self.next_wave = NEVER;
        for row in 0..self.rows.len() {
            if self.rows.slot[row as usize] == Slot::Waiting {
                self.rows.withdraw(row);
            }
        }
        self.complete_if_done(at, events);
    }

    /// A thing has come among the targets: of a running job it is notified at once, outside the rate (J-04).
    pub(super) fn join(&mut self, at: Timestamp, thing: ThingId, events: &mut Vec<JobEvent>) {
        if self.is_over() || self.stopped {
            return;
        }
        let known = self.rows.row(thing);
        let row = match known {
            Some(row) if self.rows.status(row) == Some(ExecutionStatus::Removed) => Some(row),
            _ => self.rows.add(thing),
        };
        if let Some(row) = row
            && self.status == JobStatus::InProgress
        {
            self.queue(at, row, events);
        }
    }

    /// A thing is no longer among the targets (J-05).
    pub(super) fn leave(&mut self, at: Timestamp, thing: ThingId, events: &mut Vec<JobEvent>) {
        let Some(row) = self.rows.row(thing) else { return };
        match self.rows.slot[row as usize] {
            Slot::Waiting => self.rows.withdraw(row),
            Slot::Execution(status) if !status.is_terminal() => {
                self.rows.set(at, row, ExecutionStatus::Removed, NEVER);
                self.tell(at, row, events);
            }
            Slot::Execution(_) | Slot::Withdrawn => return,
        }
        self.complete_if_done(at, events);
    }

    /// A SNAPSHOT job is done when nobody waits and every execution is terminal (J-04).
    pub(super) fn complete_if_done(&mut self, at: Timestamp, events: &mut Vec<JobEvent>) {
        let follows = self.selection == TargetSelection::Continuous && !self.stopped;
        if self.status == JobStatus::InProgress && !follows && self.rows.waiting == 0 && self.rows.open() == 0 {
            self.next_wave = NEVER;
            self.set_job_status(at, JobStatus::Completed, events);
        }
    }

    fn set_job_status(&mut self, at: Timestamp, status: JobStatus, events: &mut Vec<JobEvent>) {
        self.status = status;
        self.updated_at = at;
        if self.is_over() {
            self.completed_at = Some(at);
        }
        events.push(JobEvent::Job { at, job: self.index, status });
    }

    fn tell(&self, at: Timestamp, row: u32, events: &mut Vec<JobEvent>) {
        let status = self.rows.status(row).expect("told of executions only");
        let (thing, number) = (self.rows.thing[row as usize], self.rows.number[row as usize]);
        events.push(JobEvent::Execution { at, job: self.index, thing, number, status });
    }
}

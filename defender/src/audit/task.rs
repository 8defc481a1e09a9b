//! Audits: their runs, their statistics, their end (A-12 … A-26).

use std::collections::{BTreeMap, VecDeque};

use crate::account::Account;
use crate::error::{Exception, ServiceError, Warning};
use crate::notification::{AuditCheckResult, AuditNotification};
use crate::request::{Page, text};
use crate::time::Timestamp;

use super::catalog::AuditCheck;
use super::checks::implementation;
use super::event::{AuditEvent, TaskEnd};
use super::finding::RETENTION;
use super::inspection::Scene;
use super::schedule::DueRun;
use super::wire::{
    AuditCheckDetails, AuditCheckRunStatus, AuditTaskId, AuditTaskMetadata, AuditTaskStatus, AuditTaskType,
    DescribeAuditTaskResponse, ListAuditTasksRequest, ListAuditTasksResponse, StartOnDemandAuditTaskRequest,
    TaskStatistics,
};
use super::{Answer, Audit};

/// On-demand audits in progress at a time.
const ON_DEMAND_MAX: usize = 10;

/// One check within an audit.
#[derive(Clone, Debug)]
struct Run {
    check: AuditCheck,
    status: AuditCheckRunStatus,
    /// When its data is there.
    ready: Timestamp,
    /// Total, non-compliant, suppressed; once complete.
    counts: Option<(u64, u64, u64)>,
    error: Option<(&'static str, String)>,
    diagnostics: Vec<Warning>,
}

impl Run {
    fn is_over(&self) -> bool {
        !matches!(self.status, AuditCheckRunStatus::InProgress | AuditCheckRunStatus::WaitingForDataCollection)
    }

    fn details(&self) -> AuditCheckDetails {
        AuditCheckDetails {
            check_run_status: self.status,
            check_compliant: self.counts.map(|_| self.status == AuditCheckRunStatus::CompletedCompliant),
            total_resources_count: self.counts.map(|(total, ..)| total),
            non_compliant_resources_count: self.counts.map(|(_, non_compliant, _)| non_compliant),
            suppressed_non_compliant_resources_count: self.counts.map(|(.., suppressed)| suppressed),
            error_code: self.error.as_ref().map(|(code, _)| (*code).to_owned()),
            message: self.error.as_ref().map(|(_, message)| message.clone()),
        }
    }
}

/// An audit.
#[derive(Clone, Debug)]
pub(super) struct Task {
    id: String,
    start: Timestamp,
    end: Option<Timestamp>,
    status: AuditTaskStatus,
    schedule: Option<String>,
    previous_start: Option<Timestamp>,
    runs: Vec<Run>,
}

impl Task {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn start(&self) -> Timestamp {
        self.start
    }

    pub(super) fn end(&self) -> Option<Timestamp> {
        self.end
    }

    pub(super) fn status(&self) -> AuditTaskStatus {
        self.status
    }

    /// Whether a check, by name, ran to its end.
    pub(super) fn ran(&self, check: &str) -> bool {
        self.runs.iter().any(|run| run.check.name() == check && run.counts.is_some())
    }

    const fn task_type(&self) -> AuditTaskType {
        match self.schedule {
            Some(_) => AuditTaskType::ScheduledAuditTask,
            None => AuditTaskType::OnDemandAuditTask,
        }
    }

    fn is_in_progress(&self) -> bool {
        self.status == AuditTaskStatus::InProgress
    }

    /// The last six sum to the first.
    fn statistics(&self) -> TaskStatistics {
        let count = |wanted| self.runs.iter().filter(|run| run.status == wanted).count() as u32;
        TaskStatistics {
            total_checks: self.runs.len() as u32,
            in_progress_checks: count(AuditCheckRunStatus::InProgress),
            waiting_for_data_collection_checks: count(AuditCheckRunStatus::WaitingForDataCollection),
            compliant_checks: count(AuditCheckRunStatus::CompletedCompliant),
            non_compliant_checks: count(AuditCheckRunStatus::CompletedNonCompliant),
            failed_checks: count(AuditCheckRunStatus::Failed),
            canceled_checks: count(AuditCheckRunStatus::Canceled),
        }
    }

    /// The payload of the notification.
    fn notification(&self, account: &Account, end: Timestamp) -> AuditNotification {
        let statistics = self.statistics();
        let mut audit_details: Vec<AuditCheckResult> = self.runs.iter().map(notified).collect();
        audit_details.sort_by(|a, b| a.check_name.cmp(&b.check_name));
        AuditNotification {
            account_id: account.id().to_owned(),
            task_id: self.id.clone(),
            task_status: self.status.name().to_owned(),
            task_type: self.task_type().name().to_owned(),
            scheduled_audit_name: self.schedule.clone(),
            scheduled_audit_arn: self.schedule.as_ref().map(|name| account.arn(format!("scheduledaudit/{name}"))),
            task_start_time: self.start,
            task_end_time: end,
            failed_checks_count: statistics.failed_checks.into(),
            canceled_checks_count: statistics.canceled_checks.into(),
            non_compliant_checks_count: statistics.non_compliant_checks.into(),
            compliant_checks_count: statistics.compliant_checks.into(),
            total_checks_count: statistics.total_checks.into(),
            audit_details,
        }
    }
}

fn notified(run: &Run) -> AuditCheckResult {
    let details = run.details();
    AuditCheckResult {
        check_name: run.check.name().to_owned(),
        check_run_status: details.check_run_status.name().to_owned(),
        check_compliant: details.check_compliant,
        total_resources_count: details.total_resources_count,
        non_compliant_resources_count: details.non_compliant_resources_count,
        suppressed_non_compliant_resources_count: details.suppressed_non_compliant_resources_count,
        error_code: details.error_code,
        message: details.message,
    }
}

/// The audits that are retained, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Tasks {
    all: VecDeque<Task>,
    first: u64,
    by_id: BTreeMap<String, u64>,
}

impl Tasks {
    pub(super) fn get(&self, number: u64) -> Option<&Task> {
        self.all.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut Task> {
        self.all.get_mut(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    pub(super) fn number_of(&self, id: &str) -> Option<u64> {
        self.by_id.get(id).copied()
    }

    /// All audits with their numbers, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Task)> {
        self.all.iter().enumerate().map(|(place, task)| (self.first + place as u64, task))
    }

    fn push(&mut self, task: Task) -> u64 {
        let number = self.first + self.all.len() as u64;
        self.by_id.insert(task.id.clone(), number);
        self.all.push_back(task);
        number
    }

    /// Forgets audits that ended before a time, oldest first, up to the first that did not.
    fn forget_before(&mut self, time: Timestamp) {
        while self.all.front().is_some_and(|task| task.end.is_some_and(|end| end < time)) {
            let task = self.all.pop_front().expect("just seen");
            self.by_id.remove(&task.id);
            self.first += 1;
        }
    }

    /// The run that is ready first: when, which audit, which of its checks.
    fn next_ready(&self) -> Option<(Timestamp, u64, usize)> {
        let open = self.iter().filter(|(_, task)| task.is_in_progress());
        let runs = open.flat_map(|(number, task)| {
            let waiting = task.runs.iter().enumerate().filter(|(_, run)| !run.is_over());
            waiting.map(move |(place, run)| (run.ready.max(task.start), number, place))
        });
        runs.min()
    }
}

impl Audit {
    /// Starts an audit by hand. Its checks look at the next [`Audit::advance`].
    ///
    /// # Errors
    /// `InvalidRequestException` for no check, an unknown one, or one that is not enabled; `LimitExceededException`
    /// beyond ten in progress.
    pub fn start_on_demand_audit_task(
        &mut self,
        now: Timestamp,
        request: &StartOnDemandAuditTaskRequest,
    ) -> Result<Answer<AuditTaskId>, ServiceError> {
        let mut warnings = Vec::new();
        let checks = self.enabled_checks(&request.target_check_names, &mut warnings)?;
        let running = self.tasks.all.iter().filter(|task| task.is_in_progress() && task.schedule.is_none()).count();
        if running >= ON_DEMAND_MAX {
            return Err(ServiceError::limit(format!(
                "{ON_DEMAND_MAX} on-demand audits are in progress, the most allowed"
            )));
        }
        let task_id = self.start_task(now, None, None, checks);
        Ok(Answer { response: AuditTaskId { task_id }, warnings })
    }

    /// Ends an audit; runs that are complete keep their results. The answer is what there is to tell.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` unless it is in progress.
    pub fn cancel_audit_task(
        &mut self,
        now: Timestamp,
        account: &Account,
        request: &AuditTaskId,
    ) -> Result<AuditEvent, ServiceError> {
        text::AUDIT_TASK_ID.check("taskId", &request.task_id)?;
        let number = self.task_number(&request.task_id)?;
        let task = self.tasks.get_mut(number).expect("numbers of ids are retained");
        if !task.is_in_progress() {
            let (id, status) = (&request.task_id, task.status);
            return Err(ServiceError::invalid(format!(
                "audit `{id}` is `{status}`, only one in progress can be canceled"
            )));
        }
        for run in task.runs.iter_mut().filter(|run| !run.is_over()) {
            run.status = AuditCheckRunStatus::Canceled;
        }
        Ok(self.end_task(now, account, number, AuditTaskStatus::Canceled))
    }

    /// An audit.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a malformed id.
    pub fn describe_audit_task(&self, request: &AuditTaskId) -> Result<DescribeAuditTaskResponse, ServiceError> {
        text::AUDIT_TASK_ID.check("taskId", &request.task_id)?;
        let number = self.task_number(&request.task_id)?;
        let task = self.tasks.get(number).expect("numbers of ids are retained");
        Ok(DescribeAuditTaskResponse {
            task_status: task.status,
            task_type: task.task_type(),
            task_start_time: task.start,
            task_statistics: task.statistics(),
            scheduled_audit_name: task.schedule.clone(),
            audit_details: task.runs.iter().map(|run| (run.check.name().to_owned(), run.details())).collect(),
        })
    }

    /// The audits that started in a span of time, both ends included, in the order of their start.
    ///
    /// # Errors
    /// `InvalidRequestException` without both times, for a start before the retention, or a bad page.
    pub fn list_audit_tasks(
        &self,
        now: Timestamp,
        request: &ListAuditTasksRequest,
    ) -> Result<ListAuditTasksResponse, ServiceError> {
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let (Some(from), Some(to)) = (request.start_time, request.end_time) else {
            return Err(ServiceError::invalid("startTime and endTime are required"));
        };
        if from < now - RETENTION {
            return Err(ServiceError::invalid(format!("startTime must lie within the last 90 days, found {from}")));
        }
        let mut selected: Vec<&Task> = self
            .tasks
            .all
            .iter()
            .filter(|task| from <= task.start && task.start <= to)
            .filter(|task| request.task_type.is_none_or(|wanted| wanted == task.task_type()))
            .filter(|task| request.task_status.is_none_or(|wanted| wanted == task.status))
            .collect();
        selected.sort_by_key(|task| task.start);
        let (shown, next_token) = page.of(selected)?;
        let tasks = shown.into_iter().map(|task| AuditTaskMetadata {
            task_id: task.id.clone(),
            task_status: task.status,
            task_type: task.task_type(),
        });
        Ok(ListAuditTasksResponse { tasks: tasks.collect(), next_token })
    }

    /// What a check had to say beside its findings: data that was missing, lints of lenient mode (CH-06, CH-20).
    pub fn check_diagnostics(&self, task_id: &str, check: AuditCheck) -> &[Warning] {
        let task = self.tasks.number_of(task_id).and_then(|number| self.tasks.get(number));
        let run = task.and_then(|task| task.runs.iter().find(|run| run.check == check));
        run.map_or(&[], |run| &run.diagnostics)
    }

    /// When [`Audit::advance`] has something to do next; `None` if nothing is planned.
    pub fn next_due(&self) -> Option<Timestamp> {
        let ready = self.tasks.next_ready().map(|(ready, ..)| ready);
        ready.into_iter().chain(self.schedules.next_due()).min()
    }

    /// Starts the schedules that are due, in the order of time; their checks look at the next [`Audit::advance`], unless
    /// the audits are canceled before.
    pub fn start_due(&mut self, now: Timestamp) -> Vec<AuditEvent> {
        let mut events = Vec::new();
        while self.schedules.next_due().is_some_and(|due| due <= now) {
            events.push(self.start_next(now));
        }
        events
    }

    /// Starts the schedule that is due first.
    fn start_next(&mut self, now: Timestamp) -> AuditEvent {
        let run = self.schedules.take_due(now, self.settings.time_of_day).expect("one is due");
        let DueRun { schedule, checks, due, previous_start } = run;
        let task_id = self.start_task(due, Some(schedule.clone()), previous_start, checks);
        AuditEvent::TaskStarted { task_id, scheduled_audit_name: schedule }
    }

    /// Starts the schedules that are due and lets the checks look whose data is there, in the order of time; forgets
    /// what is past its retention. A scheduled audit starts at the time it was due, even if this comes late.
    pub fn advance(&mut self, now: Timestamp, account: &Account) -> Vec<AuditEvent> {
        let mut events = Vec::new();
        self.findings.forget_before(now - RETENTION);
        self.tasks.forget_before(now - RETENTION);
        loop {
            let ready = self.tasks.next_ready().filter(|(ready, ..)| *ready <= now);
            let due = self.schedules.next_due().filter(|due| *due <= now);
            match (ready, due) {
                (Some((ready, number, place)), due) if due.is_none_or(|due| ready < due) => {
                    self.run_check(now, account, number, place);
                    events.extend(self.end_if_over(now, account, number));
                }
                (_, Some(_)) => events.push(self.start_next(now)),
                _ => return events,
            }
        }
    }

    fn start_task(
        &mut self,
        start: Timestamp,
        schedule: Option<String>,
        previous_start: Option<Timestamp>,
        checks: Vec<AuditCheck>,
    ) -> String {
        let id = self.ids.mint("audit");
        let runs = checks.into_iter().map(|check| {
            let delay = self.settings.data_collection_delay(check);
            // A check that was disabled meanwhile fails at once.
            let ready = self.configuration.enabled_since(check).map_or(start, |since| since + delay);
            let status = match ready > start {
                true => AuditCheckRunStatus::WaitingForDataCollection,
                false => AuditCheckRunStatus::InProgress,
            };
            Run { check, status, ready, counts: None, error: None, diagnostics: Vec::new() }
        });
        let runs = runs.collect();
        let status = AuditTaskStatus::InProgress;
        self.tasks.push(Task { id: id.clone(), start, end: None, status, schedule, previous_start, runs });
        id
    }

    fn run_check(&mut self, now: Timestamp, account: &Account, number: u64, place: usize) {
        let task = self.tasks.get(number).expect("the caller looked it up");
        let (check, at, previous_start) = (task.runs[place].check, task.start, task.previous_start);
        let outcome = self.may_run(account, check).map(|()| {
            let mut scene = Scene {
                account,
                at,
                previous_start,
                age_threshold: self.configuration.age_threshold(),
                expiration_threshold: self.configuration.expiration_threshold(),
                key_block_list: self.settings.key_block_list.as_ref(),
                mode: self.settings.compatibility,
                verdicts: &mut self.verdicts,
            };
            let inspected = implementation(check).inspect(&mut scene);
            let suppressions = &self.suppressions;
            let is_suppressed = |resource: &_| suppressions.covers(check, resource, at);
            let counts = self.findings.add(now, number, check, inspected.findings, &mut self.ids, is_suppressed);
            (inspected.total, counts, inspected.diagnostics)
        });
        let run = &mut self.tasks.get_mut(number).expect("the caller looked it up").runs[place];
        match outcome {
            Ok((total, counts, diagnostics)) => {
                run.counts = Some((total, counts.non_compliant, counts.suppressed));
                run.diagnostics = diagnostics;
                run.status = match counts.non_compliant {
                    0 => AuditCheckRunStatus::CompletedCompliant,
                    _ => AuditCheckRunStatus::CompletedNonCompliant,
                };
            }
            Err(error) => {
                run.status = AuditCheckRunStatus::Failed;
                run.error = Some(error);
            }
        }
    }

    /// Whether a check is enabled and the audit role can read what it needs.
    fn may_run(&self, account: &Account, check: AuditCheck) -> Result<(), (&'static str, String)> {
        if self.configuration.enabled_since(check).is_none() {
            return Err(("AUDIT_CHECK_DISABLED", format!("the check `{check}` is not enabled")));
        }
        let role_arn = self.configuration.role_arn().unwrap_or_default();
        let missing = implementation(check).permissions().iter().find(|action| account.role_lacks(role_arn, action));
        match missing {
            Some(action) => Err((
                "INSUFFICIENT_PERMISSIONS",
                format!("the audit role `{role_arn}` lacks the permission `{action}`"),
            )),
            None => Ok(()),
        }
    }

    fn end_if_over(&mut self, now: Timestamp, account: &Account, number: u64) -> Option<AuditEvent> {
        let task = self.tasks.get(number)?;
        if !task.runs.iter().all(Run::is_over) {
            return None;
        }
        // An audit fails only if every run did (CH-37).
        let status = match task.runs.iter().all(|run| run.status == AuditCheckRunStatus::Failed) {
            true => AuditTaskStatus::Failed,
            false => AuditTaskStatus::Completed,
        };
        Some(self.end_task(now, account, number, status))
    }

    fn end_task(&mut self, now: Timestamp, account: &Account, number: u64, status: AuditTaskStatus) -> AuditEvent {
        let topic_arn = self.configuration.topic_arn().map(str::to_owned);
        let task = self.tasks.get_mut(number).expect("the caller looked it up");
        task.status = status;
        task.end = Some(now);
        AuditEvent::TaskEnded(Box::new(TaskEnd { notification: task.notification(account, now), topic_arn }))
    }

    fn task_number(&self, id: &str) -> Result<u64, ServiceError> {
        let unknown = || ServiceError::new(Exception::ResourceNotFound, format!("audit `{id}` does not exist"));
        self.tasks.number_of(id).ok_or_else(unknown)
    }
}

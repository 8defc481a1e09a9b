//! The mitigation operations, named as in the API (9.1).

use super::audit_task::{AuditTask, with_canonical_checks};
use super::detect_task::DetectTask;
use super::findings::{Findings, Violations};
use super::lint::quarantine_without_deny;
use super::wire::*;
use super::{Mitigation, MitigationEvent, RETENTION, TaskRef, is_retained};
use crate::account::Account;
use crate::error::{Exception, ServiceError};
use crate::notification::Outbox;
use crate::request::{Page, text};
use crate::time::Timestamp;

/// Audit mitigation tasks that may run at once.
const AUDIT_TASKS_MAX: usize = 10;
/// Detect mitigation tasks that may run at once.
const DETECT_TASKS_MAX: usize = 5;

/// What a Start operation does when the task id is known (G-07, M-19): the same token and request give the same
/// answer, the same token with another request is contradictory (CH-01), another token or none finds the id taken.
fn repeated<T: PartialEq>(
    task_id: &str,
    request: &T,
    known: &T,
    token: Option<&str>,
    known_token: Option<&str>,
) -> Result<(), ServiceError> {
    if token.is_none() || token != known_token {
        return Err(ServiceError::new(
            Exception::TaskAlreadyExists,
            format!("task `{task_id}` exists already, started with another clientRequestToken"),
        ));
    }
    if request != known {
        return Err(ServiceError::invalid(format!(
            "clientRequestToken was used for task `{task_id}` with other parameters"
        )));
    }
    Ok(())
}

/// A listing's times: both inclusive (CH-38).
fn within(range: (Timestamp, Timestamp), time: Timestamp) -> bool {
    range.0 <= time && time <= range.1
}

impl Mitigation {
    /// `CreateMitigationAction` (M-01). Advice about quarantine groups goes to [`Mitigation::take_warnings`].
    ///
    /// # Errors
    /// `InvalidRequestException`; `ResourceAlreadyExistsException` for another definition under the name;
    /// `LimitExceededException` beyond 100 actions.
    pub fn create_mitigation_action(
        &mut self,
        now: Timestamp,
        account: &Account,
        request: CreateMitigationActionRequest,
    ) -> Result<MitigationActionIds, ServiceError> {
        let name = request.action_name.clone();
        let (created, warnings) = self.actions.create(now, account, request, &mut self.ids, self.mode)?;
        self.warnings.extend(warnings);
        self.advise(account, &name);
        Ok(created)
    }

    /// `UpdateMitigationAction` (M-02): the kind may change too (CH-101). Running tasks keep the old definition.
    ///
    /// # Errors
    /// `InvalidRequestException`, `ResourceNotFoundException`.
    pub fn update_mitigation_action(
        &mut self,
        now: Timestamp,
        account: &Account,
        request: UpdateMitigationActionRequest,
    ) -> Result<MitigationActionIds, ServiceError> {
        let name = request.action_name.clone();
        let (updated, warnings) = self.actions.update(now, account, request, self.mode)?;
        self.warnings.extend(warnings);
        self.advise(account, &name);
        Ok(updated)
    }

    fn advise(&mut self, account: &Account, name: &str) {
        if let Some(definition) = self.actions.get(name) {
            self.warnings.extend(quarantine_without_deny(account, definition));
        }
    }

    /// `DescribeMitigationAction` (M-04).
    ///
    /// # Errors
    /// `InvalidRequestException`, `ResourceNotFoundException`.
    pub fn describe_mitigation_action(
        &self,
        account: &Account,
        action_name: &str,
    ) -> Result<DescribeMitigationActionResponse, ServiceError> {
        self.actions.describe(account, action_name)
    }

    /// `DeleteMitigationAction`: success if there is none (M-03, G-08).
    ///
    /// # Errors
    /// `InvalidRequestException` for a name that none can have.
    pub fn delete_mitigation_action(&mut self, action_name: &str) -> Result<(), ServiceError> {
        self.actions.delete(action_name)
    }

    /// `ListMitigationActions` (M-04).
    ///
    /// # Errors
    /// `InvalidRequestException` for paging out of range.
    pub fn list_mitigation_actions(
        &self,
        account: &Account,
        request: &ListMitigationActionsRequest,
    ) -> Result<ListMitigationActionsResponse, ServiceError> {
        self.actions.list(account, request)
    }

    /// `StartAuditMitigationActionsTask` (M-19 … M-24).
    ///
    /// # Errors
    /// `InvalidRequestException`, `TaskAlreadyExistsException`, `LimitExceededException` while ten run; nothing has
    /// been done then.
    pub fn start_audit_mitigation_actions_task(
        &mut self,
        now: Timestamp,
        account: &mut Account,
        outbox: &mut Outbox,
        findings: &dyn Findings,
        request: StartAuditMitigationActionsTaskRequest,
    ) -> Result<StartMitigationActionsTaskResponse, ServiceError> {
        text::PLAIN_NAME.check("taskId", &request.task_id)?;
        text::TOKEN.check_if_given("clientRequestToken", request.client_request_token.as_deref())?;
        self.settle(now, account, outbox, findings);
        let mut warnings = Vec::new();
        let request = with_canonical_checks(request, self.mode, &mut warnings)?;
        let answer = StartMitigationActionsTaskResponse { task_id: request.task_id.clone() };
        if let Some(known) = self.audit_ids.get(&request.task_id).map(|i| &self.audit_tasks[i]) {
            let tokens = (request.client_request_token.as_deref(), known.request.client_request_token.as_deref());
            return repeated(&request.task_id, &request, &known.request, tokens.0, tokens.1).map(|()| answer);
        }
        let index = self.next_task;
        let task = AuditTask::new(now, TaskRef::Audit(index), &self.actions, findings, request, self.pace)?;
        let in_progress = AuditMitigationActionsTaskStatus::InProgress;
        let running = |task: &&TaskRef| self.audit_task_status(**task) == Some(in_progress);
        if self.unfinished.iter().filter(running).count() >= AUDIT_TASKS_MAX {
            return Err(ServiceError::limit(format!("at most {AUDIT_TASKS_MAX} audit mitigation tasks run at once")));
        }
        self.next_task += 1;
        self.warnings.append(&mut warnings);
        self.warnings.extend(task.definitions().flat_map(|definition| quarantine_without_deny(account, definition)));
        self.events.push(MitigationEvent::TaskStarted { at: now, task: TaskRef::Audit(index) });
        self.audit_ids.insert(answer.task_id.clone(), index);
        let task = self.audit_tasks.entry(index).or_insert(task);
        task.finish_if_done(now, &mut self.events);
        if task.next_due().is_some() {
            self.unfinished.insert(TaskRef::Audit(index));
        }
        self.settle(now, account, outbox, findings);
        Ok(answer)
    }

    /// `CancelAuditMitigationActionsTask` (M-29). What is due by then should have been done: see
    /// [`Mitigation::advance`].
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a task that is over.
    pub fn cancel_audit_mitigation_actions_task(&mut self, now: Timestamp, task_id: &str) -> Result<(), ServiceError> {
        text::PLAIN_NAME.check("taskId", task_id)?;
        let task = self.audit_ids.get(task_id).and_then(|i| self.audit_tasks.get_mut(i));
        let task = task.ok_or_else(|| ServiceError::not_found("audit mitigation task", task_id))?;
        if task.status != AuditMitigationActionsTaskStatus::InProgress {
            return Err(ServiceError::invalid(format!("task `{task_id}` is `{}` and cannot be canceled", task.status)));
        }
        task.cancel(now, &mut self.events);
        if task.next_due().is_none() {
            self.unfinished.remove(&task.task);
        }
        Ok(())
    }

    /// `DescribeAuditMitigationActionsTask` (M-30).
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub fn describe_audit_mitigation_actions_task(
        &self,
        task_id: &str,
    ) -> Result<DescribeAuditMitigationActionsTaskResponse, ServiceError> {
        text::PLAIN_NAME.check("taskId", task_id)?;
        let task = self.audit_ids.get(task_id).map(|i| &self.audit_tasks[i]);
        task.map(AuditTask::describe).ok_or_else(|| ServiceError::not_found("audit mitigation task", task_id))
    }

    /// `ListAuditMitigationActionsTasks` (M-30): tasks that started between two times, both inclusive.
    ///
    /// # Errors
    /// `InvalidRequestException` for a start more than 90 days back, an id that none can have, or paging out of range.
    pub fn list_audit_mitigation_actions_tasks(
        &self,
        now: Timestamp,
        findings: &dyn Findings,
        request: &ListAuditMitigationActionsTasksRequest,
    ) -> Result<ListAuditMitigationActionsTasksResponse, ServiceError> {
        let range = (request.start_time, request.end_time);
        if !is_retained(now, range.0) {
            return Err(ServiceError::invalid(format!(
                "startTime must lie at most {RETENTION} back, found `{}`",
                range.0
            )));
        }
        text::AUDIT_TASK_ID.check_if_given("auditTaskId", request.audit_task_id.as_deref())?;
        text::PLAIN_NAME.check_if_given("findingId", request.finding_id.as_deref())?;
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let finding = request.finding_id.as_deref().map(|id| findings.key_of(id));
        let wanted = |task: &&AuditTask| {
            within(range, task.start)
                && request.task_status.is_none_or(|status| status == task.status)
                && request.audit_task_id.as_deref().is_none_or(|audit| task.involves_audit(audit, findings))
                && finding.is_none_or(|key| key.is_some_and(|key| task.involves(key)))
        };
        let mut tasks: Vec<_> = self.audit_tasks.values().filter(wanted).collect();
        tasks.sort_by(|a, b| (a.start, &a.request.task_id).cmp(&(b.start, &b.request.task_id)));
        let (tasks, next_token) = page.of(tasks)?;
        let metadata = |task: &AuditTask| AuditMitigationActionsTaskMetadata {
            task_id: task.request.task_id.clone(),
            start_time: task.start,
            task_status: task.status,
        };
        Ok(ListAuditMitigationActionsTasksResponse { tasks: tasks.into_iter().map(metadata).collect(), next_token })
    }

    /// `ListAuditMitigationActionsExecutions` (M-30): of one finding, in the order of the mapping. An unknown task or
    /// finding has none.
    ///
    /// # Errors
    /// `InvalidRequestException` for paging out of range.
    pub fn list_audit_mitigation_actions_executions(
        &self,
        findings: &dyn Findings,
        request: &ListAuditMitigationActionsExecutionsRequest,
    ) -> Result<ListAuditMitigationActionsExecutionsResponse, ServiceError> {
        text::PLAIN_NAME.check("taskId", &request.task_id)?;
        text::PLAIN_NAME.check("findingId", &request.finding_id)?;
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let task = self.audit_ids.get(&request.task_id).map(|i| &self.audit_tasks[i]);
        let executions = task.and_then(|task| {
            let key = findings.key_of(&request.finding_id)?;
            Some(task.executions(key, &request.finding_id))
        });
        let wanted = |execution: &AuditMitigationActionExecutionMetadata| {
            request.action_status.is_none_or(|status| status == execution.status)
        };
        let (actions_executions, next_token) = page.of(executions.unwrap_or_default().into_iter().filter(wanted))?;
        Ok(ListAuditMitigationActionsExecutionsResponse { actions_executions, next_token })
    }

    /// `StartDetectMitigationActionsTask` (M-32 … M-35).
    ///
    /// # Errors
    /// `InvalidRequestException`, `TaskAlreadyExistsException`, `LimitExceededException` while five run; nothing has
    /// been done then.
    pub fn start_detect_mitigation_actions_task(
        &mut self,
        now: Timestamp,
        account: &mut Account,
        outbox: &mut Outbox,
        violations: &dyn Violations,
        request: StartDetectMitigationActionsTaskRequest,
    ) -> Result<StartMitigationActionsTaskResponse, ServiceError> {
        text::PLAIN_NAME.check("taskId", &request.task_id)?;
        text::TOKEN.check_if_given("clientRequestToken", request.client_request_token.as_deref())?;
        let answer = StartMitigationActionsTaskResponse { task_id: request.task_id.clone() };
        if let Some(known) = self.detect_ids.get(&request.task_id).map(|i| &self.detect_tasks[i]) {
            let tokens = (request.client_request_token.as_deref(), known.request.client_request_token.as_deref());
            return repeated(&request.task_id, &request, &known.request, tokens.0, tokens.1).map(|()| answer);
        }
        let index = self.next_task;
        let task = DetectTask::new(now, TaskRef::Detect(index), &self.actions, violations, request, self.pace)?;
        let in_progress = DetectMitigationActionsTaskStatus::InProgress;
        let running = |task: &&TaskRef| self.detect_task_status(**task) == Some(in_progress);
        if self.unfinished.iter().filter(running).count() >= DETECT_TASKS_MAX {
            return Err(ServiceError::limit(format!("at most {DETECT_TASKS_MAX} detect mitigation tasks run at once")));
        }
        self.next_task += 1;
        self.warnings.extend(task.definitions().flat_map(|definition| quarantine_without_deny(account, definition)));
        self.events.push(MitigationEvent::TaskStarted { at: now, task: TaskRef::Detect(index) });
        self.detect_ids.insert(answer.task_id.clone(), index);
        let task = self.detect_tasks.entry(index).or_insert(task);
        task.finish_if_done(now, &mut self.events);
        while task.next_due().is_some_and(|due| due <= now) {
            task.step(now, account, outbox, &mut self.events);
        }
        if task.next_due().is_some() {
            self.unfinished.insert(TaskRef::Detect(index));
        }
        Ok(answer)
    }

    /// `CancelDetectMitigationActionsTask` (M-37). What is due by then should have been done: see
    /// [`Mitigation::advance`].
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a task that is over (CH-115).
    pub fn cancel_detect_mitigation_actions_task(&mut self, now: Timestamp, task_id: &str) -> Result<(), ServiceError> {
        text::PLAIN_NAME.check("taskId", task_id)?;
        let task = self.detect_ids.get(task_id).and_then(|i| self.detect_tasks.get_mut(i));
        let task = task.ok_or_else(|| ServiceError::not_found("detect mitigation task", task_id))?;
        if task.status != DetectMitigationActionsTaskStatus::InProgress {
            return Err(ServiceError::invalid(format!("task `{task_id}` is `{}` and cannot be canceled", task.status)));
        }
        task.cancel(now, &mut self.events);
        if task.next_due().is_none() {
            self.unfinished.remove(&task.task);
        }
        Ok(())
    }

    /// `DescribeDetectMitigationActionsTask`.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub fn describe_detect_mitigation_actions_task(
        &self,
        task_id: &str,
    ) -> Result<DescribeDetectMitigationActionsTaskResponse, ServiceError> {
        text::PLAIN_NAME.check("taskId", task_id)?;
        let task = self.detect_ids.get(task_id).map(|i| &self.detect_tasks[i]);
        let task = task.ok_or_else(|| ServiceError::not_found("detect mitigation task", task_id))?;
        Ok(DescribeDetectMitigationActionsTaskResponse { task_summary: Some(task.summary()) })
    }

    /// `ListDetectMitigationActionsTasks` (M-38): tasks that started between two times, both inclusive.
    ///
    /// # Errors
    /// `InvalidRequestException` for paging out of range.
    pub fn list_detect_mitigation_actions_tasks(
        &self,
        request: &ListDetectMitigationActionsTasksRequest,
    ) -> Result<ListDetectMitigationActionsTasksResponse, ServiceError> {
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let range = (request.start_time, request.end_time);
        let mut tasks: Vec<_> = self.detect_tasks.values().filter(|task| within(range, task.start)).collect();
        tasks.sort_by(|a, b| (a.start, &a.request.task_id).cmp(&(b.start, &b.request.task_id)));
        let (tasks, next_token) = page.of(tasks)?;
        let tasks = tasks.into_iter().map(DetectTask::summary).collect();
        Ok(ListDetectMitigationActionsTasksResponse { tasks, next_token })
    }

    /// `ListDetectMitigationActionsExecutions` (M-38): of one task, or those that began between two times; ordered by
    /// their beginning.
    ///
    /// # Errors
    /// `InvalidRequestException` unless either `taskId` or both times are given, for an id or name that none can have,
    /// or for paging out of range.
    pub fn list_detect_mitigation_actions_executions(
        &self,
        request: &ListDetectMitigationActionsExecutionsRequest,
    ) -> Result<ListDetectMitigationActionsExecutionsResponse, ServiceError> {
        text::PLAIN_NAME.check_if_given("taskId", request.task_id.as_deref())?;
        text::VIOLATION_ID.check_if_given("violationId", request.violation_id.as_deref())?;
        text::DEVICE_NAME.check_if_given("thingName", request.thing_name.as_deref())?;
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let range = match (&request.task_id, request.start_time, request.end_time) {
            (Some(_), None, None) => None,
            (None, Some(start), Some(end)) => Some((start.0, end.0)),
            _ => return Err(ServiceError::invalid("give either `taskId` or both `startTime` and `endTime`")),
        };
        let of_task = |task: &&DetectTask| request.task_id.as_ref().is_none_or(|id| *id == task.request.task_id);
        let wanted = |execution: &DetectMitigationActionExecution| {
            range.is_none_or(|range| within(range, execution.execution_start_date))
                && request.violation_id.as_ref().is_none_or(|id| *id == execution.violation_id)
                && request.thing_name.as_ref().is_none_or(|name| *name == execution.thing_name)
        };
        let tasks = self.detect_tasks.values().filter(of_task);
        let mut executions: Vec<_> = tasks.flat_map(DetectTask::executions).filter(wanted).collect();
        executions.sort_by_key(|execution| execution.execution_start_date);
        let (actions_executions, next_token) = page.of(executions)?;
        Ok(ListDetectMitigationActionsExecutionsResponse { actions_executions, next_token })
    }
}

//! Detect mitigation tasks: actions on violations (M-32 … M-39).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::{ErrorCode, Scene, Subject, Undo, applies_to_violation};
use super::findings::{ViolationQuery, ViolationView, Violations};
use super::pace::{Pace, Pacer, Step};
use super::store::{Actions, Definition};
use super::wire::{
    DetectMitigationActionExecutionStatus as Status, DetectMitigationActionsTaskStatus as TaskStatus, *,
};
use super::{MitigationEvent, TaskRef};
use crate::account::Account;
use crate::error::ServiceError;
use crate::notification::Outbox;
use crate::request::text;
use crate::time::Timestamp;

/// Violations that a task may name.
const VIOLATIONS_MAX: usize = 25;
/// Actions per task.
const ACTIONS_MAX: usize = 5;

#[derive(Clone, Debug)]
struct Violation {
    id: Box<str>,
    thing_name: Box<str>,
}

/// One action on one violation; there is none before it begins or is skipped.
#[derive(Clone, Copy, Debug)]
struct Execution {
    violation: u32,
    action: u8,
    status: Status,
    error: Option<ErrorCode>,
    started: Timestamp,
    ended: Timestamp,
}

/// The violations of one thing: the first of them carries the actions, the others are skipped (CH-114).
#[derive(Clone, Debug)]
struct Row {
    first: u32,
    others: Vec<u32>,
    /// The execution that runs, as a position.
    running: Option<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct DetectTask {
    pub(super) task: TaskRef,
    pub(super) request: StartDetectMitigationActionsTaskRequest,
    definitions: Vec<Arc<Definition>>,
    violations: Vec<Violation>,
    rows: Vec<Row>,
    executions: Vec<Execution>,
    messages: BTreeMap<u32, Box<str>>,
    pub(super) undo: Vec<(u32, Undo)>,
    statistics: DetectMitigationActionsTaskStatistics,
    pub(super) status: TaskStatus,
    pub(super) start: Timestamp,
    pub(super) end: Option<Timestamp>,
    pacer: Pacer,
}

fn definitions(actions: &Actions, names: &[String]) -> Result<Vec<Arc<Definition>>, ServiceError> {
    if !(1..=ACTIONS_MAX).contains(&names.len()) {
        return Err(ServiceError::invalid(format!("actions takes 1..={ACTIONS_MAX} names, found `{}`", names.len())));
    }
    let definition = |name: &String| {
        let unknown = || ServiceError::invalid(format!("mitigation action `{name}` does not exist"));
        let definition = actions.get(name).ok_or_else(unknown)?;
        if !applies_to_violation(definition.action_type) {
            return Err(ServiceError::invalid(format!(
                "`{}` (action `{name}`) does not apply to violations; `{}` does",
                definition.action_type,
                ActionType::AddThingsToThingGroup
            )));
        }
        Ok(definition.clone())
    };
    names.iter().map(definition).collect()
}

/// The violations that the request means (M-33, M-34, CH-112, CH-113), in the order of their start.
fn targeted<'a>(
    now: Timestamp,
    violations: &'a dyn Violations,
    request: &'a StartDetectMitigationActionsTaskRequest,
) -> Result<Vec<ViolationView<'a>>, ServiceError> {
    let range = request.violation_event_occurrence_range.as_ref().map(|range| (range.start_time, range.end_time));
    if let Some((start, end)) = range
        && start > end
    {
        return Err(ServiceError::invalid(format!(
            "violationEventOccurrenceRange must not end before it starts, found `{start}` to `{end}`"
        )));
    }
    let target = &request.target;
    text::NAME.check_if_given("target.securityProfileName", target.security_profile_name.as_deref())?;
    text::NAME.check_if_given("target.behaviorName", target.behavior_name.as_deref())?;
    let mut chosen = match (&target.violation_ids, &target.security_profile_name) {
        (Some(ids), None) if target.behavior_name.is_none() => {
            if !(1..=VIOLATIONS_MAX).contains(&ids.len()) {
                return Err(ServiceError::invalid(format!(
                    "violationIds takes 1..={VIOLATIONS_MAX} ids, found `{}`",
                    ids.len()
                )));
            }
            let known = |id: &String| {
                let unknown = || ServiceError::invalid(format!("violation `{id}` does not exist"));
                violations.violation(id).ok_or_else(unknown)
            };
            ids.iter().map(known).collect::<Result<Vec<_>, _>>()?
        }
        (None, Some(profile)) => violations.select(&ViolationQuery {
            now,
            security_profile_name: profile,
            behavior_name: target.behavior_name.as_deref(),
            range,
            only_active: request.include_only_active_violations.unwrap_or(false),
            include_suppressed: request.include_suppressed_alerts.unwrap_or(false),
        }),
        _ => {
            return Err(ServiceError::invalid(
                "target needs either `violationIds` or `securityProfileName`, with which `behaviorName` may go",
            ));
        }
    };
    chosen.sort_unstable_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    chosen.dedup_by(|a, b| a.id == b.id);
    Ok(chosen)
}

impl DetectTask {
    /// Checks everything that can be wrong with a request, and lines up what will be done.
    ///
    /// # Errors
    /// `InvalidRequestException` (M-08, M-32, M-33).
    pub(super) fn new(
        now: Timestamp,
        task: TaskRef,
        actions: &Actions,
        violations: &dyn Violations,
        request: StartDetectMitigationActionsTaskRequest,
        pace: Pace,
    ) -> Result<DetectTask, ServiceError> {
        let definitions = definitions(actions, &request.actions)?;
        let chosen = targeted(now, violations, &request)?;
        let mut rows: Vec<Row> = Vec::new();
        let mut row_of = BTreeMap::new();
        for (violation, chosen) in chosen.iter().enumerate() {
            let violation = violation as u32;
            match row_of.get(chosen.thing_name) {
                Some(&row) => {
                    let row: &mut Row = &mut rows[row];
                    row.others.push(violation);
                }
                None => {
                    row_of.insert(chosen.thing_name, rows.len());
                    rows.push(Row { first: violation, others: Vec::new(), running: None });
                }
            }
        }
        let kept =
            |view: &ViolationView<'_>| Violation { id: view.id.as_str().into(), thing_name: view.thing_name.into() };
        let violations = chosen.iter().map(kept).collect();
        let pacer = Pacer::new(now, pace, rows.len() as u32);
        Ok(DetectTask {
            task,
            request,
            definitions,
            violations,
            rows,
            executions: Vec::new(),
            messages: BTreeMap::new(),
            undo: Vec::new(),
            statistics: DetectMitigationActionsTaskStatistics::default(),
            status: TaskStatus::InProgress,
            start: now,
            end: None,
            pacer,
        })
    }

    pub(super) fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.definitions.iter().map(|definition| &**definition)
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.pacer.next_due()
    }

    /// One step of the task, if one is due; then its end, if that was the last.
    pub(super) fn step(
        &mut self,
        now: Timestamp,
        account: &mut Account,
        outbox: &mut Outbox,
        events: &mut Vec<MitigationEvent>,
    ) {
        match self.pacer.step(now) {
            Some(Step::Begin { at, row, action }) => self.begin(at, row, action),
            Some(Step::End { at, row, action }) => {
                self.apply(at, row, action, account, outbox, events);
                self.finish_if_done(at, events);
            }
            None => {}
        }
    }

    fn begin(&mut self, at: Timestamp, row: u32, action: u8) {
        let first = self.rows[row as usize].first;
        self.rows[row as usize].running = Some(self.executions.len() as u32);
        let status = Status::InProgress;
        self.executions.push(Execution { violation: first, action, status, error: None, started: at, ended: at });
        if action == 0 {
            for other in std::mem::take(&mut self.rows[row as usize].others) {
                self.skip(at, other, 0);
            }
        }
    }

    /// The actions of a violation, from one on, are not executed.
    fn skip(&mut self, at: Timestamp, violation: u32, from: u8) {
        for action in from..self.definitions.len() as u8 {
            let status = Status::Skipped;
            self.executions.push(Execution { violation, action, status, error: None, started: at, ended: at });
            self.statistics.actions_skipped += 1;
        }
    }

    fn apply(
        &mut self,
        at: Timestamp,
        row: u32,
        action: u8,
        account: &mut Account,
        outbox: &mut Outbox,
        events: &mut Vec<MitigationEvent>,
    ) {
        let Row { first, running, .. } = self.rows[row as usize];
        let index = running.expect("an execution ends after it began");
        let definition = self.definitions[usize::from(action)].clone();
        let subject = Subject::Violation { thing_name: &self.violations[first as usize].thing_name };
        let mut scene = Scene { account, outbox, role_arn: &definition.role_arn, undo: Vec::new() };
        let outcome = definition.action.apply(at, subject, &mut scene);
        self.undo.extend(scene.undo.into_iter().map(|undo| (index, undo)));
        let error = outcome.as_ref().err().map(|failure| failure.code);
        let execution = &mut self.executions[index as usize];
        execution.ended = at;
        execution.error = error;
        execution.status = if error.is_none() { Status::Successful } else { Status::Failed };
        let action_type = definition.action_type;
        events.push(MitigationEvent::ExecutionEnded { at, task: self.task, row, action_type, error });
        match outcome {
            Ok(()) => {
                self.statistics.actions_executed += 1;
                if usize::from(action) + 1 < self.definitions.len() && self.status != TaskStatus::Canceled {
                    self.pacer.follow_up(row, action + 1);
                }
            }
            Err(failure) => {
                self.messages.insert(index, super::message(failure.message));
                self.statistics.actions_failed += 1;
                self.skip(at, first, action + 1);
            }
        }
    }

    /// A task with nothing to run is over as soon as it begins.
    pub(super) fn finish_if_done(&mut self, at: Timestamp, events: &mut Vec<MitigationEvent>) {
        if self.status == TaskStatus::InProgress && self.pacer.next_due().is_none() {
            let failed = self.statistics.actions_failed > 0;
            self.status = if failed { TaskStatus::Failed } else { TaskStatus::Successful };
            self.end = Some(at);
            events.push(MitigationEvent::TaskEnded { at, task: self.task });
        }
    }

    /// Ends the task; what has begun runs on, the rest never does (M-37).
    pub(super) fn cancel(&mut self, now: Timestamp, events: &mut Vec<MitigationEvent>) {
        self.pacer.cancel();
        self.status = TaskStatus::Canceled;
        self.end = Some(now);
        events.push(MitigationEvent::TaskEnded { at: now, task: self.task });
    }

    /// The thing of a row.
    pub(super) fn thing_name(&self, row: u32) -> Option<&str> {
        let first = self.rows.get(row as usize)?.first;
        Some(&self.violations[first as usize].thing_name)
    }

    pub(super) fn summary(&self) -> DetectMitigationActionsTaskSummary {
        DetectMitigationActionsTaskSummary {
            task_id: self.request.task_id.clone(),
            task_status: self.status,
            task_start_time: self.start,
            task_end_time: self.end,
            target: self.request.target.clone(),
            violation_event_occurrence_range: self.request.violation_event_occurrence_range.clone(),
            only_active_violations_included: self.request.include_only_active_violations.unwrap_or(false),
            suppressed_alerts_included: self.request.include_suppressed_alerts.unwrap_or(false),
            actions_definition: self.definitions().map(Definition::to_wire).collect(),
            task_statistics: self.statistics.clone(),
        }
    }

    /// The executions so far, in the order in which they began or were skipped.
    pub(super) fn executions(&self) -> impl Iterator<Item = DetectMitigationActionExecution> + '_ {
        self.executions.iter().enumerate().map(|(index, execution)| {
            let violation = &self.violations[execution.violation as usize];
            DetectMitigationActionExecution {
                task_id: self.request.task_id.clone(),
                violation_id: violation.id.to_string(),
                action_name: self.definitions[usize::from(execution.action)].name.clone(),
                thing_name: violation.thing_name.to_string(),
                execution_start_date: execution.started,
                execution_end_date: (execution.status != Status::InProgress).then_some(execution.ended),
                status: execution.status,
                error_code: execution.error.map(|code| code.to_string()),
                message: self.messages.get(&(index as u32)).map(|message| message.to_string()),
            }
        })
    }
}

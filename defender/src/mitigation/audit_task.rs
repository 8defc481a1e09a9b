//! Audit mitigation tasks: actions on findings (M-19 … M-31).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::action::{ErrorCode, Scene, Subject, Undo, applies_to_check};
use super::findings::{FindingKey, FindingView, Findings};
use super::pace::{Pace, Pacer, Step};
use super::store::{Actions, Definition};
use super::wire::{AuditMitigationActionsExecutionStatus as Status, AuditMitigationActionsTaskStatus as TaskStatus, *};
use super::{MitigationEvent, TaskRef};
use crate::account::Account;
use crate::audit::AuditCheck;
use crate::error::{Compatibility, ServiceError, Warning};
use crate::notification::Outbox;
use crate::time::Timestamp;

/// Findings that a task may name.
const FINDINGS_MAX: usize = 25;
/// Actions per check.
const ACTIONS_MAX: usize = 5;
/// Reason codes per check of a filter (M-20).
const REASONS_MAX: usize = 25;

/// What is done about one check's findings.
#[derive(Clone, Debug)]
struct Plan {
    check: String,
    /// Positions in the task's definitions, in the order of the mapping.
    actions: Vec<u16>,
    statistics: TaskStatisticsForAuditCheck,
}

/// A finding that the task acts on.
#[derive(Clone, Copy, Debug)]
struct Row {
    key: FindingKey,
    plan: u16,
    /// Where its executions begin.
    first: u32,
    over: bool,
}

/// One action on one finding.
#[derive(Clone, Copy, Debug)]
struct Execution {
    status: Status,
    error: Option<ErrorCode>,
    started: Timestamp,
    ended: Timestamp,
}

#[derive(Clone, Debug)]
pub(super) struct AuditTask {
    pub(super) task: TaskRef,
    pub(super) request: StartAuditMitigationActionsTaskRequest,
    definitions: Vec<Arc<Definition>>,
    plans: Vec<Plan>,
    rows: Vec<Row>,
    /// The rows by their findings, for look-ups.
    by_key: Vec<(FindingKey, u32)>,
    /// Findings that were counted and left alone (M-07, M-23, CH-110).
    skipped: BTreeSet<FindingKey>,
    executions: Vec<Execution>,
    messages: BTreeMap<u32, Box<str>>,
    pub(super) undo: Vec<(u32, Undo)>,
    failed: bool,
    pub(super) status: TaskStatus,
    pub(super) start: Timestamp,
    pub(super) end: Option<Timestamp>,
    pacer: Pacer,
}

/// Writes the checks of a request as the service calls them: an alias is an error, or in lenient mode a warning.
///
/// # Errors
/// `InvalidRequestException` for a name that is no check, or a check named twice (M-21).
pub(super) fn with_canonical_checks(
    mut request: StartAuditMitigationActionsTaskRequest,
    mode: Compatibility,
    warnings: &mut Vec<Warning>,
) -> Result<StartAuditMitigationActionsTaskRequest, ServiceError> {
    let mut rename = |map: BTreeMap<String, Vec<String>>, pointer: &str| {
        let mut renamed = BTreeMap::new();
        for (name, list) in map {
            let check = AuditCheck::read(&name, mode, &format!("{pointer}/{name}"), warnings)?;
            if renamed.insert(check.name().to_owned(), list).is_some() {
                return Err(ServiceError::invalid(format!("check `{check}` is named twice")));
            }
        }
        Ok(renamed)
    };
    request.audit_check_to_actions_mapping =
        rename(request.audit_check_to_actions_mapping, "/auditCheckToActionsMapping")?;
    let filter = request.target.audit_check_to_reason_code_filter.take();
    request.target.audit_check_to_reason_code_filter =
        filter.map(|filter| rename(filter, "/target/auditCheckToReasonCodeFilter")).transpose()?;
    Ok(request)
}

/// Checks the mapping and takes the definitions as they are now (M-02, M-08, M-21, CH-103).
fn plans(
    actions: &Actions,
    mapping: &BTreeMap<String, Vec<String>>,
) -> Result<(Vec<Plan>, Vec<Arc<Definition>>), ServiceError> {
    if mapping.is_empty() {
        return Err(ServiceError::invalid("auditCheckToActionsMapping needs at least one check, found none"));
    }
    let mut definitions: Vec<Arc<Definition>> = Vec::new();
    let mut plans = Vec::new();
    for (check, names) in mapping {
        if !(1..=ACTIONS_MAX).contains(&names.len()) {
            return Err(ServiceError::invalid(format!(
                "a check takes 1..={ACTIONS_MAX} actions, found `{}` for `{check}`",
                names.len()
            )));
        }
        let known = AuditCheck::known(Compatibility::Lenient).find(|known| known.name() == check);
        let known = known.ok_or_else(|| ServiceError::invalid(format!("unknown check `{check}`")))?;
        let mut mapped = Vec::new();
        for name in names {
            let unknown = || ServiceError::invalid(format!("mitigation action `{name}` does not exist"));
            let definition = actions.get(name).ok_or_else(unknown)?;
            if !applies_to_check(definition.action_type, known) {
                return Err(ServiceError::invalid(format!(
                    "`{}` (action `{name}`) does not apply to findings of `{check}`",
                    definition.action_type
                )));
            }
            let held = definitions.iter().position(|held| held.name == *name);
            mapped.push(held.unwrap_or_else(|| {
                definitions.push(definition.clone());
                definitions.len() - 1
            }) as u16);
        }
        plans.push(Plan { check: check.clone(), actions: mapped, statistics: TaskStatisticsForAuditCheck::default() });
    }
    Ok((plans, definitions))
}

/// The findings that the target means, before mapping and filter (M-20, CH-109).
fn targeted(
    findings: &dyn Findings,
    target: &AuditMitigationActionsTaskTarget,
) -> Result<BTreeSet<FindingKey>, ServiceError> {
    let over = |audit: &str| match findings.audit_is_over(audit) {
        Some(true) => Ok(()),
        Some(false) => Err(ServiceError::invalid(format!("audit `{audit}` is still in progress"))),
        None => Err(ServiceError::invalid(format!("audit `{audit}` does not exist"))),
    };
    if let Some(filter) = &target.audit_check_to_reason_code_filter {
        if filter.is_empty() {
            return Err(ServiceError::invalid("auditCheckToReasonCodeFilter needs at least one check, found none"));
        }
        for (check, reasons) in filter {
            if !(1..=REASONS_MAX).contains(&reasons.len()) {
                return Err(ServiceError::invalid(format!(
                    "a check's filter takes 1..={REASONS_MAX} reason codes, found `{}` for `{check}`",
                    reasons.len()
                )));
            }
        }
    }
    match (&target.audit_task_id, &target.finding_ids, &target.audit_check_to_reason_code_filter) {
        (Some(audit), None, _) => {
            over(audit)?;
            Ok(findings.findings_of(audit).into_iter().collect())
        }
        (None, Some(ids), None) => {
            if !(1..=FINDINGS_MAX).contains(&ids.len()) {
                return Err(ServiceError::invalid(format!(
                    "findingIds takes 1..={FINDINGS_MAX} ids, found `{}`",
                    ids.len()
                )));
            }
            let key = |id: &String| {
                let known = findings.key_of(id).and_then(|key| Some((key, findings.finding(key)?)));
                let unknown = || ServiceError::invalid(format!("finding `{id}` does not exist"));
                let (key, finding) = known.ok_or_else(unknown)?;
                over(finding.audit_task_id).map(|()| key)
            };
            ids.iter().map(key).collect()
        }
        (None, None, Some(filter)) => {
            let mut keys = BTreeSet::new();
            for check in filter.keys() {
                let never = || ServiceError::invalid(format!("no completed audit has run `{check}`"));
                let audit = findings.newest_audit_of(check).ok_or_else(never)?;
                let of_check = |key: &FindingKey| findings.finding(*key).is_some_and(|finding| finding.check == check);
                keys.extend(findings.findings_of(audit).into_iter().filter(of_check));
            }
            Ok(keys)
        }
        _ => Err(ServiceError::invalid(
            "target needs `auditTaskId`, `findingIds` or `auditCheckToReasonCodeFilter`; \
             only `auditTaskId` goes together with the filter",
        )),
    }
}

impl AuditTask {
    /// Checks everything that can be wrong with a request, and lines up what will be done.
    ///
    /// # Errors
    /// `InvalidRequestException` (M-08, M-20, M-21).
    pub(super) fn new(
        now: Timestamp,
        task: TaskRef,
        actions: &Actions,
        findings: &dyn Findings,
        request: StartAuditMitigationActionsTaskRequest,
        pace: Pace,
    ) -> Result<AuditTask, ServiceError> {
        let (mut plans, definitions) = plans(actions, &request.audit_check_to_actions_mapping)?;
        let keys = targeted(findings, &request.target)?;
        let plan_of: BTreeMap<&str, u16> =
            request.audit_check_to_actions_mapping.keys().enumerate().map(|(i, check)| (&**check, i as u16)).collect();
        let filter = request.target.audit_check_to_reason_code_filter.as_ref();
        let admits = |finding: &FindingView<'_>| {
            let reasons = filter.map(|filter| filter.get(finding.check));
            !finding.is_suppressed
                && reasons.is_none_or(|reasons| {
                    reasons.is_some_and(|reasons| reasons.iter().any(|reason| reason == finding.reason_code))
                })
        };
        let mut chosen = Vec::new();
        let mut skipped = BTreeSet::new();
        for key in keys {
            let Some(finding) = findings.finding(key) else { continue };
            let Some(&plan) = plan_of.get(finding.check) else { continue };
            let statistics = &mut plans[usize::from(plan)].statistics;
            statistics.total_findings_count += 1;
            if admits(&finding) {
                chosen.push((finding.time, finding.id, key, plan));
            } else {
                statistics.skipped_findings_count += 1;
                skipped.insert(key);
            }
        }
        // CH-111.
        chosen.sort_unstable();
        let mut rows = Vec::with_capacity(chosen.len());
        let mut first = 0u32;
        for (_, _, key, plan) in chosen {
            rows.push(Row { key, plan, first, over: false });
            first += plans[usize::from(plan)].actions.len() as u32;
        }
        let mut by_key: Vec<_> = rows.iter().enumerate().map(|(row, it)| (it.key, row as u32)).collect();
        by_key.sort_unstable();
        let pending = Execution { status: Status::Pending, error: None, started: now, ended: now };
        let pacer = Pacer::new(now, pace, rows.len() as u32);
        Ok(AuditTask {
            task,
            request,
            definitions,
            plans,
            rows,
            by_key,
            skipped,
            executions: vec![pending; first as usize],
            messages: BTreeMap::new(),
            undo: Vec::new(),
            failed: false,
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
        findings: &dyn Findings,
        events: &mut Vec<MitigationEvent>,
    ) {
        match self.pacer.step(now) {
            Some(Step::Begin { at, row, action }) => {
                let execution = self.execution_index(row, action);
                let execution = &mut self.executions[execution as usize];
                (execution.status, execution.started) = (Status::InProgress, at);
            }
            Some(Step::End { at, row, action }) => {
                self.apply(at, row, action, account, outbox, findings, events);
                self.finish_if_done(at, events);
            }
            None => {}
        }
    }

    /// A task with nothing to run is over as soon as it begins (T-M20).
    pub(super) fn finish_if_done(&mut self, at: Timestamp, events: &mut Vec<MitigationEvent>) {
        if self.status == TaskStatus::InProgress && self.pacer.next_due().is_none() {
            self.status = if self.failed { TaskStatus::Failed } else { TaskStatus::Completed };
            self.end = Some(at);
            events.push(MitigationEvent::TaskEnded { at, task: self.task });
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the scene of an execution, taken apart by the borrow checker")]
    fn apply(
        &mut self,
        at: Timestamp,
        row: u32,
        action: u8,
        account: &mut Account,
        outbox: &mut Outbox,
        findings: &dyn Findings,
        events: &mut Vec<MitigationEvent>,
    ) {
        let Row { key, plan, .. } = self.rows[row as usize];
        let last = usize::from(action) + 1 == self.plans[usize::from(plan)].actions.len();
        let definition = self.definition(plan, action).clone();
        let mut scene = Scene { account, outbox, role_arn: &definition.role_arn, undo: Vec::new() };
        let outcome = definition.action.apply(at, Subject::Finding { findings, key }, &mut scene);
        let index = self.execution_index(row, action);
        self.undo.extend(scene.undo.into_iter().map(|undo| (index, undo)));
        let error = outcome.as_ref().err().map(|failure| failure.code);
        let execution = &mut self.executions[index as usize];
        execution.ended = at;
        execution.error = error;
        execution.status = if error.is_none() { Status::Completed } else { Status::Failed };
        let action_type = definition.action_type;
        events.push(MitigationEvent::ExecutionEnded { at, task: self.task, row, action_type, error });
        match outcome {
            Ok(()) if last => self.close(row, |statistics| &mut statistics.succeeded_findings_count),
            Ok(()) if self.status == TaskStatus::Canceled => {
                self.close(row, |statistics| &mut statistics.canceled_findings_count);
            }
            Ok(()) => self.pacer.follow_up(row, action + 1),
            Err(failure) => {
                self.messages.insert(index, super::message(failure.message));
                self.failed = true;
                self.mark_rest(row, action + 1, Status::Skipped);
                self.close(row, |statistics| &mut statistics.failed_findings_count);
            }
        }
    }

    /// Ends the task; what has begun runs on, what has not is canceled, what is done stays (M-18, M-29).
    pub(super) fn cancel(&mut self, now: Timestamp, events: &mut Vec<MitigationEvent>) {
        self.pacer.cancel();
        self.status = TaskStatus::Canceled;
        self.end = Some(now);
        for row in 0..self.rows.len() as u32 {
            if self.rows[row as usize].over {
                continue;
            }
            let count = self.plans[usize::from(self.rows[row as usize].plan)].actions.len() as u8;
            let running = (0..count)
                .any(|action| self.executions[self.execution_index(row, action) as usize].status == Status::InProgress);
            self.mark_rest(row, 0, Status::Canceled);
            if !running {
                self.close(row, |statistics| &mut statistics.canceled_findings_count);
            }
        }
        events.push(MitigationEvent::TaskEnded { at: now, task: self.task });
    }

    /// Gives the executions of a row that have not begun, from an action on, their final status.
    fn mark_rest(&mut self, row: u32, from: u8, status: Status) {
        let plan = self.rows[row as usize].plan;
        for action in from..self.plans[usize::from(plan)].actions.len() as u8 {
            let index = self.execution_index(row, action);
            let execution = &mut self.executions[index as usize];
            if execution.status == Status::Pending {
                execution.status = status;
            }
        }
    }

    fn close(&mut self, row: u32, count: impl Fn(&mut TaskStatisticsForAuditCheck) -> &mut u64) {
        let row = &mut self.rows[row as usize];
        row.over = true;
        *count(&mut self.plans[usize::from(row.plan)].statistics) += 1;
    }

    fn execution_index(&self, row: u32, action: u8) -> u32 {
        self.rows[row as usize].first + u32::from(action)
    }

    fn definition(&self, plan: u16, action: u8) -> &Arc<Definition> {
        &self.definitions[usize::from(self.plans[usize::from(plan)].actions[usize::from(action)])]
    }

    /// The finding of a row.
    pub(super) fn finding(&self, row: u32) -> Option<FindingKey> {
        self.rows.get(row as usize).map(|row| row.key)
    }

    /// Whether the task counted the finding, filtered ones included.
    pub(super) fn involves(&self, key: FindingKey) -> bool {
        self.skipped.contains(&key) || self.row_of(key).is_some()
    }

    /// Whether one of the findings that the task counted comes from the audit.
    pub(super) fn involves_audit(&self, audit_task_id: &str, findings: &dyn Findings) -> bool {
        if let Some(audit) = &self.request.target.audit_task_id {
            return audit == audit_task_id;
        }
        let counted = self.rows.iter().map(|row| row.key).chain(self.skipped.iter().copied());
        counted.into_iter().any(|key| findings.finding(key).is_some_and(|it| it.audit_task_id == audit_task_id))
    }

    fn row_of(&self, key: FindingKey) -> Option<u32> {
        let found = self.by_key.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        Some(self.by_key[found].1)
    }

    /// The executions on a finding, in the order of the mapping.
    pub(super) fn executions(&self, key: FindingKey, finding_id: &str) -> Vec<AuditMitigationActionExecutionMetadata> {
        let Some(row) = self.row_of(key) else { return Vec::new() };
        let plan = self.rows[row as usize].plan;
        let describe = |action: u8| {
            let index = self.execution_index(row, action);
            let execution = self.executions[index as usize];
            let definition = self.definition(plan, action);
            let begun = !matches!(execution.status, Status::Pending | Status::Skipped | Status::Canceled);
            AuditMitigationActionExecutionMetadata {
                task_id: self.request.task_id.clone(),
                finding_id: finding_id.to_owned(),
                action_name: definition.name.clone(),
                action_id: definition.id.clone(),
                status: execution.status,
                start_time: begun.then_some(execution.started),
                end_time: (begun && execution.status != Status::InProgress).then_some(execution.ended),
                error_code: execution.error.map(|code| code.to_string()),
                message: self.messages.get(&index).map(|message| message.to_string()),
            }
        };
        (0..self.plans[usize::from(plan)].actions.len() as u8).map(describe).collect()
    }

    pub(super) fn describe(&self) -> DescribeAuditMitigationActionsTaskResponse {
        DescribeAuditMitigationActionsTaskResponse {
            task_status: self.status,
            start_time: self.start,
            end_time: self.end,
            task_statistics: self.plans.iter().map(|plan| (plan.check.clone(), plan.statistics.clone())).collect(),
            target: self.request.target.clone(),
            audit_check_to_actions_mapping: self.request.audit_check_to_actions_mapping.clone(),
            actions_definition: self.definitions().map(Definition::to_wire).collect(),
        }
    }
}

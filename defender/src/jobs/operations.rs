//! The Jobs operations, named as in the API (9.2): checked requests in, wire structures out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::executions::Slot;
use super::job::{JobState, Rules, Target};
use super::plan::Schedule;
use super::wire::*;
use super::{Entry, JobIndex, JobTargets, Jobs, StepTimer};
use crate::arn::Arn;
use crate::detect::wire::Tag;
use crate::error::{Exception, ServiceError};
use crate::ids::ThingId;
use crate::request::{Page, text};
use crate::time::Timestamp;

fn wrong_transition(message: String) -> ServiceError {
    ServiceError::new(Exception::InvalidStateTransition, message)
}

/// Target ARNs to targets (J-01).
fn targets(registry: &impl JobTargets, arns: &[String]) -> Result<Vec<Target>, ServiceError> {
    if arns.is_empty() {
        return Err(ServiceError::invalid("a job needs at least one target, found none"));
    }
    let resolve = |text: &String| {
        let arn: Arn = text.parse().map_err(|e| ServiceError::invalid(format!("target {e}")))?;
        match arn.resource.split_once('/') {
            Some(("thing", name)) => {
                registry.thing(name).map(Target::Thing).ok_or_else(|| ServiceError::not_found("thing", name))
            }
            Some(("thinggroup", name)) => {
                registry.group(name).map(Target::Group).ok_or_else(|| ServiceError::not_found("thing group", name))
            }
            _ => Err(ServiceError::invalid(format!("a target is a thing or a thing group, found `{text}`"))),
        }
    };
    arns.iter().map(resolve).collect()
}

fn things(registry: &impl JobTargets, targets: &[Target]) -> Vec<ThingId> {
    let of = |target: &Target| match *target {
        Target::Thing(thing) => vec![thing],
        Target::Group(group) => registry.things_in(group),
    };
    targets.iter().flat_map(of).collect()
}

fn thing_named(registry: &impl JobTargets, name: &str) -> Result<ThingId, ServiceError> {
    text::NAME.check("thingName", name)?;
    registry.thing(name).ok_or_else(|| ServiceError::not_found("thing", name))
}

/// What a thing says about its execution, key by key.
fn details_are_valid(details: Option<&BTreeMap<String, String>>) -> Result<(), ServiceError> {
    details.into_iter().flatten().try_for_each(|(key, value)| {
        text::DETAIL_KEY.check("statusDetails", key)?;
        text::DETAIL_VALUE.check(&format!("statusDetails.{key}"), value)
    })
}

fn document_is_valid(request: &CreateJobRequest) -> Result<(), ServiceError> {
    if request.job_template_arn.is_some() || request.document_parameters.is_some() {
        return Err(ServiceError::invalid("job templates are not part of this engine; give the `document` itself"));
    }
    match (&request.document, &request.document_source) {
        (Some(document), None) => text::JOB_DOCUMENT.check("document", document),
        (None, Some(source)) => text::JOB_DOCUMENT_SOURCE.check("documentSource", source),
        _ => Err(ServiceError::invalid("a job needs exactly one of `document` and `documentSource`")),
    }
}

impl Jobs {
    fn named(&self, job_id: &str) -> Result<JobIndex, ServiceError> {
        text::JOB_ID.check("jobId", job_id)?;
        self.index(job_id).ok_or_else(|| ServiceError::not_found("job", job_id))
    }

    /// `CreateJob`. The first wave is notified at once, unless the job is scheduled for later.
    ///
    /// # Errors
    /// `InvalidRequestException` (J-01, J-06 … J-16, Q-35), `ResourceNotFoundException` for a target,
    /// `ResourceAlreadyExistsException` for a used `jobId`.
    pub fn create_job(
        &mut self,
        now: Timestamp,
        registry: &impl JobTargets,
        request: CreateJobRequest,
    ) -> Result<JobIdentification, ServiceError> {
        text::JOB_ID.check("jobId", &request.job_id)?;
        text::JOB_COMMENT.check_if_given("description", request.description.as_deref())?;
        text::NAMESPACE_ID.check_if_given("namespaceId", request.namespace_id.as_deref())?;
        Tag::check_all(request.tags.as_deref())?;
        document_is_valid(&request)?;
        let rules = Rules::new(
            request.job_executions_rollout_config.as_ref(),
            request.abort_config.as_ref(),
            request.timeout_config.as_ref(),
            request.job_executions_retry_config.as_ref(),
        )?;
        let schedule = Schedule::new(now, request.scheduling_config.as_ref())?;
        let targets = targets(registry, &request.targets)?;
        let job_arn = registry.arn(&format!("job/{}", request.job_id));
        if self.by_name.contains_key(&request.job_id) {
            return Err(ServiceError::already_exists("job", request.job_id, job_arn));
        }
        self.settle(now);
        let index = JobIndex(u32::try_from(self.entries.len()).expect("jobs are numbered in 32 bits"));
        let members = things(registry, &targets);
        let selection = request.target_selection.unwrap_or_default();
        let mut state = JobState::new(now, index, rules, selection, schedule, targets);
        for thing in members {
            state.rows.add(thing);
        }
        self.by_name.insert(request.job_id.clone(), index);
        let answer =
            JobIdentification { job_arn, job_id: request.job_id.clone(), description: request.description.clone() };
        self.entries.push(Some(Entry { request, created_at: now, reason_code: None, comment: None, state }));
        self.settle(now);
        Ok(answer)
    }

    /// `UpdateJob`: a new rate holds from the next minute, a new timeout for executions that begin later (J-14).
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a configuration that is not valid, or a job that
    /// is over.
    pub fn update_job(&mut self, now: Timestamp, request: UpdateJobRequest) -> Result<(), ServiceError> {
        let job = self.named(&request.job_id)?;
        text::JOB_COMMENT.check_if_given("description", request.description.as_deref())?;
        text::NAMESPACE_ID.check_if_given("namespaceId", request.namespace_id.as_deref())?;
        self.settle(now);
        let entry = self.entry_mut(job)?;
        if entry.state.is_over() {
            return Err(ServiceError::invalid(format!("job `{}` is over and cannot be updated", request.job_id)));
        }
        let held = &entry.request;
        entry.state.rules = Rules::new(
            request.job_executions_rollout_config.as_ref().or(held.job_executions_rollout_config.as_ref()),
            request.abort_config.as_ref().or(held.abort_config.as_ref()),
            request.timeout_config.as_ref().or(held.timeout_config.as_ref()),
            request.job_executions_retry_config.as_ref().or(held.job_executions_retry_config.as_ref()),
        )?;
        entry.state.updated_at = now;
        let held = &mut entry.request;
        fn replace<T>(held: &mut Option<T>, given: Option<T>) {
            if given.is_some() {
                *held = given;
            }
        }
        replace(&mut held.description, request.description);
        replace(&mut held.presigned_url_config, request.presigned_url_config);
        replace(&mut held.job_executions_rollout_config, request.job_executions_rollout_config);
        replace(&mut held.abort_config, request.abort_config);
        replace(&mut held.timeout_config, request.timeout_config);
        replace(&mut held.namespace_id, request.namespace_id);
        replace(&mut held.job_executions_retry_config, request.job_executions_retry_config);
        Ok(())
    }

    /// `CancelJob` (J-13). Canceling again is accepted, so that `force` can reach what the first time left running.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a completed job or a malformed `reasonCode`.
    pub fn cancel_job(
        &mut self,
        now: Timestamp,
        registry: &impl JobTargets,
        request: CancelJobRequest,
    ) -> Result<JobIdentification, ServiceError> {
        text::REASON_CODE.check_if_given("reasonCode", request.reason_code.as_deref())?;
        text::JOB_COMMENT.check_if_given("comment", request.comment.as_deref())?;
        let job = self.named(&request.job_id)?;
        self.settle(now);
        let mut events = std::mem::take(&mut self.events);
        let canceled = self.entry_mut(job).and_then(|entry| {
            if entry.state.status == JobStatus::Completed {
                return Err(ServiceError::invalid(format!("job `{}` has completed already", request.job_id)));
            }
            entry.state.cancel(now, request.force.unwrap_or(false), &mut events);
            entry.reason_code = request.reason_code;
            entry.comment = request.comment;
            Ok(entry.request.description.clone())
        });
        self.events = events;
        let description = canceled?;
        let job_arn = registry.arn(&format!("job/{}", request.job_id));
        Ok(JobIdentification { job_arn, job_id: request.job_id, description })
    }

    /// `DeleteJob`: gone at once, with its executions.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidStateTransitionException` for a job that is not over, without `force`.
    pub fn delete_job(&mut self, now: Timestamp, job_id: &str, force: bool) -> Result<(), ServiceError> {
        let job = self.named(job_id)?;
        self.settle(now);
        if !force && !self.entry(job)?.state.is_over() {
            return Err(wrong_transition(format!("job `{job_id}` is not over; delete it with `force`")));
        }
        self.by_name.remove(job_id);
        self.entries[job.0 as usize] = None;
        Ok(())
    }

    /// `AssociateTargetsWithJob`: more targets for a CONTINUOUS job in progress.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for another job.
    pub fn associate_targets_with_job(
        &mut self,
        now: Timestamp,
        registry: &impl JobTargets,
        request: AssociateTargetsWithJobRequest,
    ) -> Result<JobIdentification, ServiceError> {
        let job = self.named(&request.job_id)?;
        text::JOB_COMMENT.check_if_given("comment", request.comment.as_deref())?;
        text::NAMESPACE_ID.check_if_given("namespaceId", request.namespace_id.as_deref())?;
        let added = targets(registry, &request.targets)?;
        self.settle(now);
        let mut events = std::mem::take(&mut self.events);
        let associated = self.entry_mut(job).and_then(|entry| {
            let state = &mut entry.state;
            if state.selection != TargetSelection::Continuous || state.status != JobStatus::InProgress {
                return Err(ServiceError::invalid(format!(
                    "targets can be associated with a CONTINUOUS job in progress, not with `{}`",
                    request.job_id
                )));
            }
            for thing in things(registry, &added) {
                state.join(now, thing, &mut events);
            }
            state.targets.extend(added);
            entry.request.targets.extend(request.targets);
            Ok(entry.request.description.clone())
        });
        self.events = events;
        let description = associated?;
        let job_arn = registry.arn(&format!("job/{}", request.job_id));
        Ok(JobIdentification { job_arn, job_id: request.job_id, description })
    }

    /// `DescribeJob`.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub fn describe_job(&self, registry: &impl JobTargets, job_id: &str) -> Result<DescribeJobResponse, ServiceError> {
        let entry = self.entry(self.named(job_id)?)?;
        let (request, state) = (entry.request.clone(), &entry.state);
        let of = |status: ExecutionStatus| state.rows.counts[status.index()];
        let details = JobProcessDetails {
            processing_targets: (!state.is_over()).then(|| request.targets.clone()),
            number_of_canceled_things: of(ExecutionStatus::Canceled),
            number_of_succeeded_things: of(ExecutionStatus::Succeeded),
            number_of_failed_things: of(ExecutionStatus::Failed),
            number_of_rejected_things: of(ExecutionStatus::Rejected),
            number_of_queued_things: of(ExecutionStatus::Queued),
            number_of_in_progress_things: of(ExecutionStatus::InProgress),
            number_of_removed_things: of(ExecutionStatus::Removed),
            number_of_timed_out_things: of(ExecutionStatus::TimedOut),
        };
        let job = Job {
            job_arn: registry.arn(&format!("job/{job_id}")),
            job_id: job_id.to_owned(),
            target_selection: state.selection,
            status: state.status,
            force_canceled: state.force_canceled,
            reason_code: entry.reason_code.clone(),
            comment: entry.comment.clone(),
            targets: request.targets,
            description: request.description,
            presigned_url_config: request.presigned_url_config,
            job_executions_rollout_config: request.job_executions_rollout_config,
            abort_config: request.abort_config,
            created_at: entry.created_at,
            last_updated_at: state.updated_at,
            completed_at: state.completed_at,
            job_process_details: details,
            timeout_config: request.timeout_config,
            namespace_id: request.namespace_id,
            job_executions_retry_config: request.job_executions_retry_config,
            scheduling_config: request.scheduling_config,
            destination_package_versions: request.destination_package_versions,
            job_template_arn: request.job_template_arn,
            document_parameters: request.document_parameters,
            is_concurrent: Some(state.is_concurrent()),
            // Only maintenance windows plan rollouts ahead, and this engine has none.
            scheduled_job_rollouts: None,
        };
        Ok(DescribeJobResponse { document_source: request.document_source, job: Some(job) })
    }

    /// `GetJobDocument`.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub fn get_job_document(&self, job_id: &str) -> Result<Value, ServiceError> {
        let document = &self.entry(self.named(job_id)?)?.request.document;
        Ok(document.as_ref().map_or_else(|| serde_json::json!({}), |text| serde_json::json!({ "document": text })))
    }

    /// `ListJobs`, by creation time, then id (CH-02). A thing group's id is its number in the order of creation.
    ///
    /// # Errors
    /// `InvalidRequestException` for paging out of range, or a group or namespace that none can have;
    /// `ResourceNotFoundException` for an unknown thing group.
    pub fn list_jobs(
        &self,
        registry: &impl JobTargets,
        request: &ListJobsRequest,
    ) -> Result<ListJobsResponse, ServiceError> {
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        text::NAME.check_if_given("thingGroupName", request.thing_group_name.as_deref())?;
        text::THING_GROUP_ID.check_if_given("thingGroupId", request.thing_group_id.as_deref())?;
        text::NAMESPACE_ID.check_if_given("namespaceId", request.namespace_id.as_deref())?;
        let unknown = |name: &String| ServiceError::not_found("thing group", name);
        let named = request.thing_group_name.as_ref();
        let group = named.map(|name| registry.group(name).ok_or_else(|| unknown(name))).transpose()?;
        let of_id = |entry: &Entry, id: &String| entry.state.groups().any(|group| group.0.to_string() == *id);
        let wanted = |entry: &&Entry| {
            group.is_none_or(|group| entry.state.groups().any(|other| other == group))
                && request.thing_group_id.as_ref().is_none_or(|id| of_id(entry, id))
                && is_in_namespace(entry, request.namespace_id.as_deref())
                && request.status.is_none_or(|status| status == entry.state.status)
                && request.target_selection.is_none_or(|selection| selection == entry.state.selection)
        };
        let summary = |entry: &Entry| JobSummary {
            job_arn: registry.arn(&format!("job/{}", entry.request.job_id)),
            job_id: entry.request.job_id.clone(),
            thing_group_id: entry.state.groups().next().map(|group| group.0.to_string()),
            target_selection: entry.state.selection,
            status: entry.state.status,
            created_at: entry.created_at,
            last_updated_at: entry.state.updated_at,
            completed_at: entry.state.completed_at,
            is_concurrent: Some(entry.state.is_concurrent()),
        };
        let mut jobs: Vec<&Entry> = self.entries.iter().flatten().filter(wanted).collect();
        jobs.sort_by(|a, b| (a.created_at, &a.request.job_id).cmp(&(b.created_at, &b.request.job_id)));
        let (jobs, next_token) = page.of(jobs)?;
        Ok(ListJobsResponse { jobs: jobs.into_iter().map(summary).collect(), next_token })
    }

    /// `DescribeJobExecution`; without a number, the latest.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub fn describe_job_execution(
        &self,
        now: Timestamp,
        registry: &impl JobTargets,
        job_id: &str,
        thing_name: &str,
        number: Option<u64>,
    ) -> Result<JobExecution, ServiceError> {
        let entry = self.entry(self.named(job_id)?)?;
        let missing = || ServiceError::not_found("job execution", &format!("{job_id} of {thing_name}"));
        let rows = &entry.state.rows;
        let row = registry.thing(thing_name).and_then(|thing| rows.row(thing)).ok_or_else(missing)?;
        let i = row as usize;
        let status = rows.status(row).ok_or_else(missing)?;
        let mut execution = JobExecution {
            job_id: job_id.to_owned(),
            status,
            force_canceled: rows.forced[i],
            status_details: rows.details.get(&row).map(|map| JobExecutionStatusDetails { details_map: map.clone() }),
            thing_arn: registry.arn(&format!("thing/{thing_name}")),
            queued_at: rows.queued_at[i],
            started_at: rows.started_at(row),
            last_updated_at: rows.updated_at[i],
            execution_number: u64::from(rows.number[i]),
            version_number: u64::from(rows.version[i]),
            approximate_seconds_before_timed_out: None,
        };
        if let Some(number) = number.filter(|number| *number != execution.execution_number) {
            let key = u8::try_from(number).map_err(|_| missing())?;
            let past = rows.past.get(&(row, key)).ok_or_else(missing)?;
            execution.status = past.status;
            execution.force_canceled = false;
            execution.status_details = None;
            execution.queued_at = past.queued_at;
            execution.started_at = past.started_at;
            execution.last_updated_at = past.updated_at;
            execution.execution_number = number;
            execution.version_number = u64::from(past.version);
        } else if status == ExecutionStatus::InProgress && rows.deadline[i] != super::executions::NEVER {
            execution.approximate_seconds_before_timed_out = Some((rows.deadline[i] - now).0.max(0) / 1_000);
        }
        Ok(execution)
    }

    /// `UpdateJobExecution`, by names; see [`Jobs::update_job_execution`].
    ///
    /// # Errors
    /// As there, and `VersionConflictException` where `expectedVersion` is not the execution's.
    pub fn report_job_execution(
        &mut self,
        now: Timestamp,
        registry: &impl JobTargets,
        request: UpdateJobExecutionRequest,
    ) -> Result<(), ServiceError> {
        let job = self.named(&request.job_id)?;
        let thing = thing_named(registry, &request.thing_name)?;
        details_are_valid(request.status_details.as_ref())?;
        let status = request.status.ok_or_else(|| ServiceError::invalid("status is required"))?;
        let step = match request.step_timeout_in_minutes {
            None => StepTimer::Keep,
            Some(-1) => StepTimer::Discard,
            Some(minutes) => StepTimer::Set { minutes: u16::try_from(minutes).unwrap_or(0) },
        };
        self.settle(now);
        let (entry, row) = self.execution_mut(job, thing)?;
        let number = u64::from(entry.state.rows.number[row as usize]);
        if request.execution_number.is_some_and(|wanted| wanted != number) {
            return Err(wrong_transition(format!("the latest execution is number {number}")));
        }
        version_matches(entry, row, request.expected_version)?;
        self.update_job_execution(now, job, thing, status, step)?;
        // A failure that is tried again starts with a clean sheet.
        let (entry, row) = self.execution_mut(job, thing)?;
        if let Some(details) = request.status_details
            && u64::from(entry.state.rows.number[row as usize]) == number
        {
            entry.state.rows.details.insert(row, details);
        }
        Ok(())
    }

    /// `CancelJobExecution`.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidStateTransitionException` for a terminal execution, or one in progress
    /// without `force`; `VersionConflictException`.
    pub fn cancel_job_execution(
        &mut self,
        now: Timestamp,
        registry: &impl JobTargets,
        request: CancelJobExecutionRequest,
    ) -> Result<(), ServiceError> {
        let job = self.named(&request.job_id)?;
        let thing = thing_named(registry, &request.thing_name)?;
        details_are_valid(request.status_details.as_ref())?;
        self.settle(now);
        let (entry, row) = self.execution_mut(job, thing)?;
        version_matches(entry, row, request.expected_version)?;
        let force = request.force.unwrap_or(false);
        match entry.state.rows.status(row) {
            Some(ExecutionStatus::Queued) => {}
            Some(ExecutionStatus::InProgress) if force => {}
            status => {
                let status = status.map_or_else(String::new, |status| status.to_string());
                return Err(wrong_transition(format!("an execution that is `{status}` cannot be canceled so")));
            }
        }
        let forced = entry.state.rows.status(row) == Some(ExecutionStatus::InProgress);
        let mut events = std::mem::take(&mut self.events);
        let state = &mut self.entry_mut(job)?.state;
        state.take_back(now, row, forced, &mut events);
        state.complete_if_done(now, &mut events);
        if let Some(details) = request.status_details {
            state.rows.details.insert(row, details);
        }
        self.events = events;
        Ok(())
    }

    /// `DeleteJobExecution`. Deleting the latest forgets the thing's whole row; it is no longer counted.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidStateTransitionException` for one that is not terminal, without `force`.
    pub fn delete_job_execution(
        &mut self,
        now: Timestamp,
        registry: &impl JobTargets,
        job_id: &str,
        thing_name: &str,
        number: u64,
        force: bool,
    ) -> Result<(), ServiceError> {
        let job = self.named(job_id)?;
        let thing = thing_named(registry, thing_name)?;
        self.settle(now);
        let (entry, row) = self.execution_mut(job, thing)?;
        let rows = &mut entry.state.rows;
        let key = u8::try_from(number).unwrap_or(0);
        if rows.number[row as usize] != key {
            let gone = rows.past.remove(&(row, key));
            return gone.map(drop).ok_or_else(|| ServiceError::not_found("execution number", &number.to_string()));
        }
        if !force && rows.status(row).is_some_and(|status| !status.is_terminal()) {
            return Err(wrong_transition("the execution is not terminal; delete it with `force`".into()));
        }
        rows.forget(row);
        let mut events = std::mem::take(&mut self.events);
        self.entry_mut(job)?.state.complete_if_done(now, &mut events);
        self.events = events;
        Ok(())
    }

    /// `ListJobExecutionsForJob`: the latest execution of each thing, in target order.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for paging out of range.
    pub fn list_job_executions_for_job(
        &self,
        registry: &impl JobTargets,
        request: &ListJobExecutionsForJobRequest,
    ) -> Result<ListJobExecutionsResponse, ServiceError> {
        let entry = self.entry(self.named(&request.job_id)?)?;
        let rows = &entry.state.rows;
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let wanted = |row: &u32| match rows.slot[*row as usize] {
            Slot::Execution(status) => request.status.is_none_or(|wanted| wanted == status),
            Slot::Waiting | Slot::Withdrawn => false,
        };
        let (page, next_token) = page.of((0..rows.len()).filter(wanted))?;
        let summary = |row: u32| JobExecutionSummaryFor {
            thing_arn: Some(registry.arn(&format!("thing/{}", registry.thing_name(rows.thing[row as usize])))),
            job_id: None,
            job_execution_summary: summary(entry, row),
        };
        Ok(ListJobExecutionsResponse { execution_summaries: page.into_iter().map(summary).collect(), next_token })
    }

    /// `ListJobExecutionsForThing`: the latest execution of each job, in the order of the jobs' creation.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for paging out of range.
    pub fn list_job_executions_for_thing(
        &self,
        registry: &impl JobTargets,
        request: &ListJobExecutionsForThingRequest,
    ) -> Result<ListJobExecutionsResponse, ServiceError> {
        let thing = thing_named(registry, &request.thing_name)?;
        text::NAMESPACE_ID.check_if_given("namespaceId", request.namespace_id.as_deref())?;
        text::JOB_ID.check_if_given("jobId", request.job_id.as_deref())?;
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let of_thing = self.entries.iter().flatten().filter_map(|entry| {
            let row = entry.state.rows.row(thing)?;
            let status = entry.state.rows.status(row)?;
            let wanted = request.status.is_none_or(|wanted| wanted == status)
                && is_in_namespace(entry, request.namespace_id.as_deref())
                && request.job_id.as_ref().is_none_or(|wanted| *wanted == entry.request.job_id);
            wanted.then_some((entry, row))
        });
        let (page, next_token) = page.of(of_thing)?;
        let summary = |(entry, row): (&Entry, u32)| JobExecutionSummaryFor {
            thing_arn: None,
            job_id: Some(entry.request.job_id.clone()),
            job_execution_summary: summary(entry, row),
        };
        Ok(ListJobExecutionsResponse { execution_summaries: page.into_iter().map(summary).collect(), next_token })
    }
}

fn is_in_namespace(entry: &Entry, wanted: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| entry.request.namespace_id.as_deref() == Some(wanted))
}

fn version_matches(entry: &Entry, row: u32, expected: Option<u64>) -> Result<(), ServiceError> {
    let version = u64::from(entry.state.rows.version[row as usize]);
    match expected {
        Some(expected) if expected != version => Err(ServiceError::new(
            Exception::VersionConflict,
            format!("the execution's version is `{version}`, expected `{expected}`"),
        )),
        _ => Ok(()),
    }
}

fn summary(entry: &Entry, row: u32) -> Option<JobExecutionSummary> {
    let (rows, i) = (&entry.state.rows, row as usize);
    Some(JobExecutionSummary {
        status: rows.status(row)?,
        queued_at: rows.queued_at[i],
        started_at: rows.started_at(row),
        last_updated_at: rows.updated_at[i],
        execution_number: u64::from(rows.number[i]),
        retry_attempt: rows.retried[i].iter().copied().map(u64::from).sum(),
    })
}

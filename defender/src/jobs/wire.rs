//! The members of the Jobs operations, exactly as they travel (9.5).
//!
//! Path and query members stand beside body members, as in the service's own model. Members that have no effect in
//! this engine (`presignedUrlConfig`, `tags`, `namespaceId`…) are kept and given back.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::detect::wire::Tag;
use crate::shape::members;
use crate::time::{Timestamp, epoch_seconds};

/// Where a job stands (J-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    /// Its start time lies ahead.
    Scheduled,
    /// Rolling out, or waiting for executions to end.
    InProgress,
    /// Every execution of a SNAPSHOT job is terminal (J-04).
    Completed,
    /// Aborted by a criterion or by an operator (J-12, J-13).
    Canceled,
    /// Being deleted. The engine deletes at once, so this is never seen in an answer.
    DeletionInProgress,
}

/// Where a job execution stands (J-03).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionStatus {
    /// The thing has been notified and has not begun.
    Queued,
    /// The thing said that it has begun.
    InProgress,
    /// The thing said that it is done.
    Succeeded,
    /// The thing said that it could not.
    Failed,
    /// No word from the thing in time (J-14, J-15).
    TimedOut,
    /// The thing refused.
    Rejected,
    /// The thing left the job's targets, or the registry (J-05).
    Removed,
    /// Taken back by an abort or an operator.
    Canceled,
}

impl ExecutionStatus {
    /// All eight, in the order of [`ExecutionStatus::index`].
    pub const ALL: [ExecutionStatus; 8] = [
        ExecutionStatus::Queued,
        ExecutionStatus::InProgress,
        ExecutionStatus::Succeeded,
        ExecutionStatus::Failed,
        ExecutionStatus::TimedOut,
        ExecutionStatus::Rejected,
        ExecutionStatus::Removed,
        ExecutionStatus::Canceled,
    ];

    /// Whether nothing more can happen to the execution: all but QUEUED and IN_PROGRESS (J-03).
    pub const fn is_terminal(self) -> bool {
        !matches!(self, ExecutionStatus::Queued | ExecutionStatus::InProgress)
    }

    /// The position in [`ExecutionStatus::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for ExecutionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ExecutionStatus::Queued => "QUEUED",
            ExecutionStatus::InProgress => "IN_PROGRESS",
            ExecutionStatus::Succeeded => "SUCCEEDED",
            ExecutionStatus::Failed => "FAILED",
            ExecutionStatus::TimedOut => "TIMED_OUT",
            ExecutionStatus::Rejected => "REJECTED",
            ExecutionStatus::Removed => "REMOVED",
            ExecutionStatus::Canceled => "CANCELED",
        })
    }
}

/// Whether the targets are taken once or followed (J-04).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TargetSelection {
    /// The things that are targets when the job is created.
    #[default]
    Snapshot,
    /// Also the things that join a target group later.
    Continuous,
}

/// Which failures an abort criterion counts (J-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "named as in the API")]
pub enum JobExecutionFailureType {
    Failed,
    Rejected,
    TimedOut,
    All,
}

/// What an abort criterion does; there is one possibility (J-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AbortAction {
    /// Cancel the job.
    Cancel,
}

/// Which failures are tried again (J-16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "named as in the API")]
pub enum RetryableFailureType {
    Failed,
    TimedOut,
    All,
}

/// What becomes of a job at its `endTime`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobEndBehavior {
    /// No further thing is notified; what is under way goes on.
    #[default]
    StopRollout,
    /// As `CancelJob`.
    Cancel,
    /// As `CancelJob` with `force`.
    ForceCancel,
}

members! {
    /// How fast things are notified (J-06, J-07).
    JobExecutionsRolloutConfig {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maximum_per_minute: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exponential_rate: Option<ExponentialRolloutRate>,
    }

    /// A rate that grows as things are notified or succeed (J-07).
    ExponentialRolloutRate {
        base_rate_per_minute: u32,
        increment_factor: f64,
        rate_increase_criteria: RateIncreaseCriteria,
    }

    /// What must happen for the rate to grow; exactly one member (J-07).
    RateIncreaseCriteria {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number_of_notified_things: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number_of_succeeded_things: Option<u32>,
    }

    /// When to give up (J-10).
    AbortConfig {
        criteria_list: Vec<AbortCriteria>,
    }

    /// How long an execution may be in progress (J-14).
    TimeoutConfig {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        in_progress_timeout_in_minutes: Option<i64>,
    }

    /// What is tried again (J-16).
    JobExecutionsRetryConfig {
        criteria_list: Vec<RetryCriteria>,
    }

    /// When the rollout begins and ends: `YYYY-MM-DD HH:MM`, UTC.
    SchedulingConfig {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_time: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end_time: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end_behavior: Option<JobEndBehavior>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maintenance_windows: Option<Vec<Value>>,
    }

    /// `CreateJob` (J-01).
    CreateJobRequest {
        job_id: String,
        targets: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_source: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        presigned_url_config: Option<Value>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_selection: Option<TargetSelection>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_executions_rollout_config: Option<JobExecutionsRolloutConfig>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        abort_config: Option<AbortConfig>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_config: Option<TimeoutConfig>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tags: Option<Vec<Tag>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_template_arn: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_executions_retry_config: Option<JobExecutionsRetryConfig>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_parameters: Option<BTreeMap<String, String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scheduling_config: Option<SchedulingConfig>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        destination_package_versions: Option<Vec<String>>,
    }

    /// The answer to `CreateJob`, `CancelJob` and `AssociateTargetsWithJob`.
    JobIdentification {
        job_arn: String,
        job_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    }

    /// `UpdateJob`: only the members given change.
    UpdateJobRequest {
        job_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        presigned_url_config: Option<Value>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_executions_rollout_config: Option<JobExecutionsRolloutConfig>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        abort_config: Option<AbortConfig>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_config: Option<TimeoutConfig>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_executions_retry_config: Option<JobExecutionsRetryConfig>,
    }

    /// `CancelJob` (J-13).
    CancelJobRequest {
        job_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason_code: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        force: Option<bool>,
    }

    /// `AssociateTargetsWithJob`: more targets for a CONTINUOUS job.
    AssociateTargetsWithJobRequest {
        job_id: String,
        targets: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace_id: Option<String>,
    }

    /// `ListJobs`.
    ListJobsRequest {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<JobStatus>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_selection: Option<TargetSelection>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_results: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thing_group_name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thing_group_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace_id: Option<String>,
    }

    /// A rollout that a maintenance window will begin.
    ScheduledJobRollout {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_time: Option<String>,
    }

    /// The answer to `ListJobs`.
    ListJobsResponse {
        jobs: Vec<JobSummary>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// The answer to `DescribeJob`.
    DescribeJobResponse {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_source: Option<String>,
        job: Option<Job>,
    }

    /// The counts behind a job, as of now.
    JobProcessDetails {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        processing_targets: Option<Vec<String>>,
        number_of_canceled_things: u32,
        number_of_succeeded_things: u32,
        number_of_failed_things: u32,
        number_of_rejected_things: u32,
        number_of_queued_things: u32,
        number_of_in_progress_things: u32,
        number_of_removed_things: u32,
        number_of_timed_out_things: u32,
    }

    /// What a thing says about its execution.
    JobExecutionStatusDetails {
        details_map: BTreeMap<String, String>,
    }

    /// `UpdateJobExecution`, the call a thing makes (J-14, J-15).
    UpdateJobExecutionRequest {
        job_id: String,
        thing_name: String,
        status: Option<ExecutionStatus>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status_details: Option<BTreeMap<String, String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step_timeout_in_minutes: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_version: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        execution_number: Option<u64>,
    }

    /// `CancelJobExecution`.
    CancelJobExecutionRequest {
        job_id: String,
        thing_name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        force: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_version: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status_details: Option<BTreeMap<String, String>>,
    }

    /// `ListJobExecutionsForJob`.
    ListJobExecutionsForJobRequest {
        job_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<ExecutionStatus>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_results: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// `ListJobExecutionsForThing`.
    ListJobExecutionsForThingRequest {
        thing_name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<ExecutionStatus>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_results: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace_id: Option<String>,
    }

    /// The answer to both listings of executions; `thingArn` or `jobId` names the other side.
    ListJobExecutionsResponse {
        execution_summaries: Vec<JobExecutionSummaryFor>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// `JobExecutionSummaryForJob` (with `thingArn`) or `JobExecutionSummaryForThing` (with `jobId`).
    JobExecutionSummaryFor {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thing_arn: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_id: Option<String>,
        job_execution_summary: Option<JobExecutionSummary>,
    }
}

/// One abort criterion (J-10).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct AbortCriteria {
    pub failure_type: JobExecutionFailureType,
    pub action: AbortAction,
    pub threshold_percentage: f64,
    pub min_number_of_executed_things: u32,
}

/// One retry criterion (J-16).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct RetryCriteria {
    pub failure_type: RetryableFailureType,
    pub number_of_retries: u32,
}

/// A job as `DescribeJob` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct Job {
    pub job_arn: String,
    pub job_id: String,
    pub target_selection: TargetSelection,
    pub status: JobStatus,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force_canceled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    pub targets: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presigned_url_config: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_executions_rollout_config: Option<JobExecutionsRolloutConfig>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_config: Option<AbortConfig>,
    #[serde(with = "epoch_seconds")]
    pub created_at: Timestamp,
    #[serde(with = "epoch_seconds")]
    pub last_updated_at: Timestamp,
    #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    pub job_process_details: JobProcessDetails,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_config: Option<TimeoutConfig>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_executions_retry_config: Option<JobExecutionsRetryConfig>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_config: Option<SchedulingConfig>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_package_versions: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_template_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_parameters: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_concurrent: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_job_rollouts: Option<Vec<ScheduledJobRollout>>,
}

/// A job as `ListJobs` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct JobSummary {
    pub job_arn: String,
    pub job_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thing_group_id: Option<String>,
    pub target_selection: TargetSelection,
    pub status: JobStatus,
    #[serde(with = "epoch_seconds")]
    pub created_at: Timestamp,
    #[serde(with = "epoch_seconds")]
    pub last_updated_at: Timestamp,
    #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_concurrent: Option<bool>,
}

/// One thing's execution as `DescribeJobExecution` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct JobExecution {
    pub job_id: String,
    pub status: ExecutionStatus,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force_canceled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_details: Option<JobExecutionStatusDetails>,
    pub thing_arn: String,
    #[serde(with = "epoch_seconds")]
    pub queued_at: Timestamp,
    #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    #[serde(with = "epoch_seconds")]
    pub last_updated_at: Timestamp,
    pub execution_number: u64,
    pub version_number: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approximate_seconds_before_timed_out: Option<i64>,
}

/// One thing's execution as the listings show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct JobExecutionSummary {
    pub status: ExecutionStatus,
    #[serde(with = "epoch_seconds")]
    pub queued_at: Timestamp,
    #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    #[serde(with = "epoch_seconds")]
    pub last_updated_at: Timestamp,
    pub execution_number: u64,
    pub retry_attempt: u64,
}

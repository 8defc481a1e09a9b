//! The members of the mitigation operations, exactly as they travel (9.3, 9.4).
//!
//! A request holds all members of an operation, wherever HTTP puts them. Enum members whose bad values must be
//! answered with `InvalidRequestException` are texts here, and are read by the operation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::detect::wire::{Tag, query_time};
use crate::shape::{members, names};
use crate::time::{Timestamp, epoch_seconds};

names! {
    /// The six kinds of action (7.1).
    ActionType {
        /// Deactivates a device certificate (M-09).
        UpdateDeviceCertificate = "UPDATE_DEVICE_CERTIFICATE",
        /// Deactivates a CA certificate (M-11).
        UpdateCaCertificate = "UPDATE_CA_CERTIFICATE",
        /// Adds things to static groups (M-12).
        AddThingsToThingGroup = "ADD_THINGS_TO_THING_GROUP",
        /// Puts a blank policy in place of the default version (M-14).
        ReplaceDefaultPolicyVersion = "REPLACE_DEFAULT_POLICY_VERSION",
        /// Turns V2 logging on (M-15).
        EnableIotLogging = "ENABLE_IOT_LOGGING",
        /// Publishes the finding (M-16).
        PublishFindingToSns = "PUBLISH_FINDING_TO_SNS",
    }

    /// Where an audit mitigation task stands (M-26).
    AuditMitigationActionsTaskStatus {
        /// Executions are left.
        InProgress = "IN_PROGRESS",
        /// Over, and none failed.
        Completed = "COMPLETED",
        /// Over, and at least one failed.
        Failed = "FAILED",
        /// Ended by an operator (M-29).
        Canceled = "CANCELED",
    }

    /// Where one action on one finding stands (M-25).
    AuditMitigationActionsExecutionStatus {
        /// Begun.
        InProgress = "IN_PROGRESS",
        /// Done.
        Completed = "COMPLETED",
        /// It could not be done.
        Failed = "FAILED",
        /// The task was canceled before its turn.
        Canceled = "CANCELED",
        /// An earlier action on the finding failed.
        Skipped = "SKIPPED",
        /// Its turn has not come.
        Pending = "PENDING",
    }

    /// Where a detect mitigation task stands (M-36).
    DetectMitigationActionsTaskStatus {
        /// Executions are left.
        InProgress = "IN_PROGRESS",
        /// Over, and none failed.
        Successful = "SUCCESSFUL",
        /// Over, and at least one failed.
        Failed = "FAILED",
        /// Ended by an operator (M-37).
        Canceled = "CANCELED",
    }

    /// Where one action on one violation stands (M-35).
    DetectMitigationActionExecutionStatus {
        /// Begun.
        InProgress = "IN_PROGRESS",
        /// Done.
        Successful = "SUCCESSFUL",
        /// It could not be done.
        Failed = "FAILED",
        /// Done through another violation of the thing, or an earlier action failed.
        Skipped = "SKIPPED",
    }
}

members! {
    /// What an action does; exactly one member, which fixes its kind (M-01).
    MitigationActionParams {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        update_device_certificate_params: Option<UpdateDeviceCertificateParams>,
        #[serde(default, rename = "updateCACertificateParams", skip_serializing_if = "Option::is_none")]
        update_ca_certificate_params: Option<UpdateCaCertificateParams>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        add_things_to_thing_group_params: Option<AddThingsToThingGroupParams>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replace_default_policy_version_params: Option<ReplaceDefaultPolicyVersionParams>,
        #[serde(default, rename = "enableIoTLoggingParams", skip_serializing_if = "Option::is_none")]
        enable_iot_logging_params: Option<EnableIotLoggingParams>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        publish_finding_to_sns_params: Option<PublishFindingToSnsParams>,
    }

    /// `updateDeviceCertificateParams`; the one `action` is `DEACTIVATE`.
    UpdateDeviceCertificateParams {
        #[serde(default)]
        action: String,
    }

    /// `updateCACertificateParams`; the one `action` is `DEACTIVATE`.
    UpdateCaCertificateParams {
        #[serde(default)]
        action: String,
    }

    /// `addThingsToThingGroupParams`.
    AddThingsToThingGroupParams {
        #[serde(default)]
        thing_group_names: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        override_dynamic_groups: Option<bool>,
    }

    /// `replaceDefaultPolicyVersionParams`; the one `templateName` is `BLANK_POLICY`.
    ReplaceDefaultPolicyVersionParams {
        #[serde(default)]
        template_name: String,
    }

    /// `enableIoTLoggingParams`.
    EnableIotLoggingParams {
        #[serde(default)]
        role_arn_for_logging: String,
        #[serde(default)]
        log_level: String,
    }

    /// `publishFindingToSnsParams`.
    PublishFindingToSnsParams {
        #[serde(default)]
        topic_arn: String,
    }

    /// `CreateMitigationAction`, the input.
    CreateMitigationActionRequest {
        #[serde(default)]
        action_name: String,
        #[serde(default)]
        role_arn: String,
        #[serde(default)]
        action_params: MitigationActionParams,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tags: Option<Vec<Tag>>,
    }

    /// `UpdateMitigationAction`, the input: only the members given change.
    UpdateMitigationActionRequest {
        #[serde(default)]
        action_name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role_arn: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action_params: Option<MitigationActionParams>,
    }

    /// The output of `CreateMitigationAction` and `UpdateMitigationAction`.
    MitigationActionIds {
        action_arn: String,
        action_id: String,
    }

    /// The input of `DescribeMitigationAction` and `DeleteMitigationAction`.
    MitigationActionName {
        #[serde(default)]
        action_name: String,
    }

    /// The input of the operations that describe or cancel a task.
    MitigationTaskId {
        #[serde(default)]
        task_id: String,
    }

    /// `ListMitigationActions`, the input.
    ListMitigationActionsRequest {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action_type: Option<ActionType>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_results: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// `ListMitigationActions`, the output.
    ListMitigationActionsResponse {
        action_identifiers: Vec<MitigationActionIdentifier>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// An action as listings name it.
    MitigationActionIdentifier {
        action_name: String,
        action_arn: String,
        #[serde(with = "epoch_seconds")]
        creation_date: Timestamp,
    }

    /// An action as it was when a task began (M-30).
    MitigationAction {
        name: String,
        id: String,
        role_arn: String,
        action_params: MitigationActionParams,
    }

    /// Which findings an audit mitigation task is about (M-20).
    AuditMitigationActionsTaskTarget {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audit_task_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finding_ids: Option<Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audit_check_to_reason_code_filter: Option<BTreeMap<String, Vec<String>>>,
    }

    /// `StartAuditMitigationActionsTask`, the input (M-19).
    StartAuditMitigationActionsTaskRequest {
        #[serde(default)]
        task_id: String,
        #[serde(default)]
        target: AuditMitigationActionsTaskTarget,
        #[serde(default)]
        audit_check_to_actions_mapping: BTreeMap<String, Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_request_token: Option<String>,
    }

    /// The output of both Start operations.
    StartMitigationActionsTaskResponse {
        task_id: String,
    }

    /// What became of a check's findings (M-27).
    TaskStatisticsForAuditCheck {
        total_findings_count: u64,
        failed_findings_count: u64,
        succeeded_findings_count: u64,
        skipped_findings_count: u64,
        canceled_findings_count: u64,
    }

    /// `ListAuditMitigationActionsTasks`, the input (M-30).
    ListAuditMitigationActionsTasksRequest {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audit_task_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finding_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task_status: Option<AuditMitigationActionsTaskStatus>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_results: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
        #[serde(with = "query_time")]
        start_time: Timestamp,
        #[serde(with = "query_time")]
        end_time: Timestamp,
    }

    /// `ListAuditMitigationActionsTasks`, the output.
    ListAuditMitigationActionsTasksResponse {
        tasks: Vec<AuditMitigationActionsTaskMetadata>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// `ListAuditMitigationActionsExecutions`, the input (M-30).
    ListAuditMitigationActionsExecutionsRequest {
        #[serde(default)]
        task_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action_status: Option<AuditMitigationActionsExecutionStatus>,
        #[serde(default)]
        finding_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_results: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// `ListAuditMitigationActionsExecutions`, the output.
    ListAuditMitigationActionsExecutionsResponse {
        actions_executions: Vec<AuditMitigationActionExecutionMetadata>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// Which violations a detect mitigation task is about (M-33).
    DetectMitigationActionsTaskTarget {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        violation_ids: Option<Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        security_profile_name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        behavior_name: Option<String>,
    }

    /// Only violations with an event between these times, both inclusive (M-34).
    ViolationEventOccurrenceRange {
        #[serde(with = "epoch_seconds")]
        start_time: Timestamp,
        #[serde(with = "epoch_seconds")]
        end_time: Timestamp,
    }

    /// `StartDetectMitigationActionsTask`, the input (M-32).
    StartDetectMitigationActionsTaskRequest {
        #[serde(default)]
        task_id: String,
        #[serde(default)]
        target: DetectMitigationActionsTaskTarget,
        #[serde(default)]
        actions: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        violation_event_occurrence_range: Option<ViolationEventOccurrenceRange>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        include_only_active_violations: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        include_suppressed_alerts: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_request_token: Option<String>,
    }

    /// What became of a detect mitigation task's executions (M-36).
    DetectMitigationActionsTaskStatistics {
        actions_executed: u64,
        actions_skipped: u64,
        actions_failed: u64,
    }

    /// `DescribeDetectMitigationActionsTask`, the output.
    DescribeDetectMitigationActionsTaskResponse {
        task_summary: Option<DetectMitigationActionsTaskSummary>,
    }

    /// `ListDetectMitigationActionsTasks`, the input (M-38).
    ListDetectMitigationActionsTasksRequest {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_results: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
        #[serde(with = "query_time")]
        start_time: Timestamp,
        #[serde(with = "query_time")]
        end_time: Timestamp,
    }

    /// `ListDetectMitigationActionsTasks`, the output.
    ListDetectMitigationActionsTasksResponse {
        tasks: Vec<DetectMitigationActionsTaskSummary>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// `ListDetectMitigationActionsExecutions`, the input: either `taskId` or both times (M-38).
    ListDetectMitigationActionsExecutionsRequest {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        violation_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thing_name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_time: Option<QueryTime>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end_time: Option<QueryTime>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_results: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// `ListDetectMitigationActionsExecutions`, the output.
    ListDetectMitigationActionsExecutionsResponse {
        actions_executions: Vec<DetectMitigationActionExecution>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }
}

/// A time in a query string: ISO-8601 or seconds since the epoch (G-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QueryTime(#[serde(with = "query_time")] pub Timestamp);

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $member:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        #[expect(missing_docs, reason = "members are named as in the API")]
        pub struct $name {
            $($(#[$attribute])* pub $member: $kind,)*
        }
    )*};
}

answers! {
    /// `DescribeMitigationAction`, the output (M-04).
    DescribeMitigationActionResponse {
        action_name: String,
        action_type: ActionType,
        action_arn: String,
        action_id: String,
        role_arn: String,
        action_params: MitigationActionParams,
        #[serde(with = "epoch_seconds")]
        creation_date: Timestamp,
        #[serde(with = "epoch_seconds")]
        last_modified_date: Timestamp,
    }

    /// `DescribeAuditMitigationActionsTask`, the output (M-30).
    DescribeAuditMitigationActionsTaskResponse {
        task_status: AuditMitigationActionsTaskStatus,
        #[serde(with = "epoch_seconds")]
        start_time: Timestamp,
        #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
        end_time: Option<Timestamp>,
        task_statistics: BTreeMap<String, TaskStatisticsForAuditCheck>,
        target: AuditMitigationActionsTaskTarget,
        audit_check_to_actions_mapping: BTreeMap<String, Vec<String>>,
        actions_definition: Vec<MitigationAction>,
    }

    /// An audit mitigation task as listings show it.
    AuditMitigationActionsTaskMetadata {
        task_id: String,
        #[serde(with = "epoch_seconds")]
        start_time: Timestamp,
        task_status: AuditMitigationActionsTaskStatus,
    }

    /// One action on one finding (M-25).
    AuditMitigationActionExecutionMetadata {
        task_id: String,
        finding_id: String,
        action_name: String,
        action_id: String,
        status: AuditMitigationActionsExecutionStatus,
        #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
        start_time: Option<Timestamp>,
        #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
        end_time: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error_code: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    }

    /// A detect mitigation task (M-36).
    DetectMitigationActionsTaskSummary {
        task_id: String,
        task_status: DetectMitigationActionsTaskStatus,
        #[serde(with = "epoch_seconds")]
        task_start_time: Timestamp,
        #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
        task_end_time: Option<Timestamp>,
        target: DetectMitigationActionsTaskTarget,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        violation_event_occurrence_range: Option<ViolationEventOccurrenceRange>,
        only_active_violations_included: bool,
        suppressed_alerts_included: bool,
        actions_definition: Vec<MitigationAction>,
        task_statistics: DetectMitigationActionsTaskStatistics,
    }

    /// One action on one violation (M-35).
    DetectMitigationActionExecution {
        task_id: String,
        violation_id: String,
        action_name: String,
        thing_name: String,
        #[serde(with = "epoch_seconds")]
        execution_start_date: Timestamp,
        #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
        execution_end_date: Option<Timestamp>,
        status: DetectMitigationActionExecutionStatus,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error_code: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    }
}

//! The members of the audit operations, exactly as they travel (9.3, 9.4).
//!
//! A request holds all members of an operation, wherever HTTP puts them. What it must not lack is optional here where
//! the service answers its absence with `InvalidRequestException`; the operation says so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::detect::wire::{Tag, query_time};
use crate::shape::{members, names};
use crate::time::{Timestamp, epoch_seconds};

names! {
    /// How urgent a check's findings are.
    AuditFindingSeverity {
        /// Act now: an unskilled outsider can exploit it.
        Critical = "CRITICAL",
        /// Plan it once the critical ones are done.
        High = "HIGH",
        /// Part of ongoing work on the posture.
        Medium = "MEDIUM",
        /// Good practice was overlooked.
        Low = "LOW",
    }

    /// What a finding is about.
    ResourceType {
        /// A device certificate.
        DeviceCertificate = "DEVICE_CERTIFICATE",
        /// A registered CA certificate.
        CaCertificate = "CA_CERTIFICATE",
        /// A version of an IoT policy.
        IotPolicy = "IOT_POLICY",
        /// A Cognito identity pool.
        CognitoIdentityPool = "COGNITO_IDENTITY_POOL",
        /// An MQTT client id.
        ClientId = "CLIENT_ID",
        /// The account.
        AccountSettings = "ACCOUNT_SETTINGS",
        /// A role alias.
        RoleAlias = "ROLE_ALIAS",
        /// An IAM role; in related resources only.
        IamRole = "IAM_ROLE",
        /// A CA above device certificates that need not be registered.
        IssuerCertificate = "ISSUER_CERTIFICATE",
    }

    /// Who started an audit.
    AuditTaskType {
        /// Somebody, by hand.
        OnDemandAuditTask = "ON_DEMAND_AUDIT_TASK",
        /// A schedule.
        ScheduledAuditTask = "SCHEDULED_AUDIT_TASK",
    }

    /// Where an audit stands.
    AuditTaskStatus {
        /// Runs are left.
        InProgress = "IN_PROGRESS",
        /// Over, and at least one run did not fail (CH-37).
        Completed = "COMPLETED",
        /// Over, and every run failed.
        Failed = "FAILED",
        /// Ended by an operator.
        Canceled = "CANCELED",
    }

    /// Where a check stands within an audit.
    AuditCheckRunStatus {
        /// Its turn has come, or will.
        InProgress = "IN_PROGRESS",
        /// Its first data collection is not over.
        WaitingForDataCollection = "WAITING_FOR_DATA_COLLECTION",
        /// The audit was canceled before it was done.
        Canceled = "CANCELED",
        /// Done, nothing found that is not suppressed.
        CompletedCompliant = "COMPLETED_COMPLIANT",
        /// Done, something found.
        CompletedNonCompliant = "COMPLETED_NON_COMPLIANT",
        /// It could not be done.
        Failed = "FAILED",
    }

    /// How often a scheduled audit runs.
    AuditFrequency {
        /// Each day.
        Daily = "DAILY",
        /// Each week, on a day.
        Weekly = "WEEKLY",
        /// Every second week, on a day.
        Biweekly = "BIWEEKLY",
        /// Each month, on a day or the last one.
        Monthly = "MONTHLY",
    }

    /// A day of the week.
    DayOfWeek {
        /// Sunday.
        Sunday = "SUN",
        /// Monday.
        Monday = "MON",
        /// Tuesday.
        Tuesday = "TUE",
        /// Wednesday.
        Wednesday = "WED",
        /// Thursday.
        Thursday = "THU",
        /// Friday.
        Friday = "FRI",
        /// Saturday.
        Saturday = "SAT",
    }
}

members! {
    /// `auditNotificationTargetConfigurations.SNS`.
    AuditNotificationTarget {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_arn: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role_arn: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        enabled: Option<bool>,
    }

    /// One entry of `auditCheckConfigurations`.
    AuditCheckConfiguration {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        enabled: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        configuration: Option<BTreeMap<String, String>>,
    }

    /// `UpdateAccountAuditConfiguration`, the input, and `DescribeAccountAuditConfiguration`, the output.
    AccountAuditConfiguration {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role_arn: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audit_notification_target_configurations: Option<BTreeMap<String, AuditNotificationTarget>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audit_check_configurations: Option<BTreeMap<String, AuditCheckConfiguration>>,
    }

    /// `DeleteAccountAuditConfiguration`, the input.
    DeleteAccountAuditConfigurationRequest {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delete_scheduled_audits: Option<bool>,
    }

    /// `StartOnDemandAuditTask`, the input.
    StartOnDemandAuditTaskRequest {
        #[serde(default)]
        target_check_names: Vec<String>,
    }

    /// `StartOnDemandAuditTask`, the output; `CancelAuditTask` and `DescribeAuditTask`, the input.
    AuditTaskId {
        #[serde(default)]
        task_id: String,
    }

    /// How many runs of an audit stand where.
    TaskStatistics {
        total_checks: u32,
        in_progress_checks: u32,
        waiting_for_data_collection_checks: u32,
        compliant_checks: u32,
        non_compliant_checks: u32,
        failed_checks: u32,
        canceled_checks: u32,
    }

    /// `ListAuditTasks`, the input.
    ListAuditTasksRequest {
        #[serde(default, with = "optional_query_time", skip_serializing_if = "Option::is_none")]
        start_time: Option<Timestamp>,
        #[serde(default, with = "optional_query_time", skip_serializing_if = "Option::is_none")]
        end_time: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task_type: Option<AuditTaskType>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task_status: Option<AuditTaskStatus>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_results: Option<i64>,
    }

    /// `ListAuditTasks`, the output.
    ListAuditTasksResponse {
        tasks: Vec<AuditTaskMetadata>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// `CreateScheduledAudit`, the input.
    CreateScheduledAuditRequest {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        frequency: Option<AuditFrequency>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        day_of_month: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        day_of_week: Option<DayOfWeek>,
        #[serde(default)]
        target_check_names: Vec<String>,
        #[serde(default)]
        scheduled_audit_name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tags: Option<Vec<Tag>>,
    }

    /// `UpdateScheduledAudit`, the input: only the members given change.
    UpdateScheduledAuditRequest {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        frequency: Option<AuditFrequency>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        day_of_month: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        day_of_week: Option<DayOfWeek>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_check_names: Option<Vec<String>>,
        #[serde(default)]
        scheduled_audit_name: String,
    }

    /// The output of `CreateScheduledAudit` and `UpdateScheduledAudit`.
    ScheduledAuditArn {
        scheduled_audit_arn: String,
    }

    /// The input of `DescribeScheduledAudit` and `DeleteScheduledAudit`.
    ScheduledAuditName {
        #[serde(default)]
        scheduled_audit_name: String,
    }

    /// `ListScheduledAudits`, the input.
    ListScheduledAuditsRequest {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_results: Option<i64>,
    }

    /// `ListScheduledAudits`, the output.
    ListScheduledAuditsResponse {
        scheduled_audits: Vec<ScheduledAuditMetadata>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// `DescribeAuditFinding`, the input.
    DescribeAuditFindingRequest {
        #[serde(default)]
        finding_id: String,
    }

    /// `ListAuditFindings`, the input.
    ListAuditFindingsRequest {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        check_name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource_identifier: Option<ResourceIdentifier>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_results: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
        #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
        start_time: Option<Timestamp>,
        #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
        end_time: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        list_suppressed_findings: Option<bool>,
    }

    /// `ListAuditFindings`, the output.
    ListAuditFindingsResponse {
        findings: Vec<AuditFinding>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// `ListRelatedResourcesForAuditFinding`, the input.
    ListRelatedResourcesForAuditFindingRequest {
        #[serde(default)]
        finding_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_results: Option<i64>,
    }

    /// `ListRelatedResourcesForAuditFinding`, the output.
    ListRelatedResourcesForAuditFindingResponse {
        related_resources: Vec<RelatedResource>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// `CreateAuditSuppression`, the input.
    CreateAuditSuppressionRequest {
        #[serde(default)]
        check_name: String,
        #[serde(default)]
        resource_identifier: ResourceIdentifier,
        #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
        expiration_date: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suppress_indefinitely: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_request_token: Option<String>,
    }

    /// A suppression as it is described and listed; `UpdateAuditSuppression`, the input.
    AuditSuppression {
        #[serde(default)]
        check_name: String,
        #[serde(default)]
        resource_identifier: ResourceIdentifier,
        #[serde(default, with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
        expiration_date: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suppress_indefinitely: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    }

    /// The input of `DescribeAuditSuppression` and `DeleteAuditSuppression`.
    AuditSuppressionKey {
        #[serde(default)]
        check_name: String,
        #[serde(default)]
        resource_identifier: ResourceIdentifier,
    }

    /// `ListAuditSuppressions`, the input.
    ListAuditSuppressionsRequest {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        check_name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource_identifier: Option<ResourceIdentifier>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ascending_order: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_results: Option<i64>,
    }

    /// `ListAuditSuppressions`, the output.
    ListAuditSuppressionsResponse {
        suppressions: Vec<AuditSuppression>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    /// Names one resource by exactly one member (4.4).
    ResourceIdentifier {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device_certificate_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca_certificate_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cognito_identity_pool_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy_version_identifier: Option<PolicyVersionIdentifier>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        iam_role_arn: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role_alias_arn: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer_certificate_identifier: Option<IssuerCertificateIdentifier>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device_certificate_arn: Option<String>,
    }

    /// A version of a policy.
    PolicyVersionIdentifier {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy_name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy_version_id: Option<String>,
    }

    /// A CA above device certificates (V-24).
    IssuerCertificateIdentifier {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer_certificate_subject: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer_certificate_serial_number: Option<String>,
    }
}

/// A run as `DescribeAuditTask` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct AuditCheckDetails {
    pub check_run_status: AuditCheckRunStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_compliant: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_resources_count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_compliant_resources_count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed_non_compliant_resources_count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// `DescribeAuditTask`, the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct DescribeAuditTaskResponse {
    pub task_status: AuditTaskStatus,
    pub task_type: AuditTaskType,
    #[serde(with = "epoch_seconds")]
    pub task_start_time: Timestamp,
    pub task_statistics: TaskStatistics,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_audit_name: Option<String>,
    pub audit_details: BTreeMap<String, AuditCheckDetails>,
}

/// An audit as listings name it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct AuditTaskMetadata {
    pub task_id: String,
    pub task_status: AuditTaskStatus,
    pub task_type: AuditTaskType,
}

/// `DescribeScheduledAudit`, the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct DescribeScheduledAuditResponse {
    pub frequency: AuditFrequency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_of_month: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_of_week: Option<DayOfWeek>,
    pub target_check_names: Vec<String>,
    pub scheduled_audit_name: String,
    pub scheduled_audit_arn: String,
}

/// A scheduled audit as listings name it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct ScheduledAuditMetadata {
    pub scheduled_audit_name: String,
    pub scheduled_audit_arn: String,
    pub frequency: AuditFrequency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_of_month: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_of_week: Option<DayOfWeek>,
}

/// What a finding is about (`nonCompliantResource`), or what has to do with it (`relatedResources`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct RelatedResource {
    pub resource_type: ResourceType,
    pub resource_identifier: ResourceIdentifier,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_info: Option<BTreeMap<String, String>>,
}

/// `nonCompliantResource` has the same members as a related resource.
pub type NonCompliantResource = RelatedResource;

/// A finding as it is described and listed (4.7).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct AuditFinding {
    pub finding_id: String,
    pub task_id: String,
    pub check_name: String,
    #[serde(with = "epoch_seconds")]
    pub task_start_time: Timestamp,
    #[serde(with = "epoch_seconds")]
    pub finding_time: Timestamp,
    pub severity: AuditFindingSeverity,
    pub non_compliant_resource: NonCompliantResource,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related_resources: Vec<RelatedResource>,
    pub reason_for_non_compliance: String,
    pub reason_for_non_compliance_code: String,
    pub is_suppressed: bool,
}

/// `DescribeAuditFinding`, the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "members are named as in the API")]
pub struct DescribeAuditFindingResponse {
    pub finding: AuditFinding,
}

/// A finding as PUBLISH_FINDING_TO_SNS sends it: times in milliseconds (A-53, G-02).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the payload")]
pub struct PublishedFinding {
    pub finding_id: String,
    pub finding_time: Timestamp,
    pub severity: AuditFindingSeverity,
    pub task_id: String,
    pub task_start_time: Timestamp,
    pub check_name: String,
    pub non_compliant_resource: NonCompliantResource,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related_resources: Vec<RelatedResource>,
    pub reason_for_non_compliance: String,
    pub reason_for_non_compliance_code: String,
}

impl From<AuditFinding> for PublishedFinding {
    fn from(finding: AuditFinding) -> PublishedFinding {
        PublishedFinding {
            finding_id: finding.finding_id,
            finding_time: finding.finding_time,
            severity: finding.severity,
            task_id: finding.task_id,
            task_start_time: finding.task_start_time,
            check_name: finding.check_name,
            non_compliant_resource: finding.non_compliant_resource,
            related_resources: finding.related_resources,
            reason_for_non_compliance: finding.reason_for_non_compliance,
            reason_for_non_compliance_code: finding.reason_for_non_compliance_code,
        }
    }
}

/// A time of a query string, which may be absent (G-01).
mod optional_query_time {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::query_time;
    use crate::time::{Timestamp, epoch_seconds};

    #[derive(Deserialize)]
    struct Given(#[serde(with = "query_time")] Timestamp);

    pub fn serialize<S: Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        epoch_seconds::option::serialize(time, to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<Given>::deserialize(from)?.map(|Given(time)| time))
    }
}

//! Which type of the engine is the input or output of which operation.

use std::collections::BTreeMap;

use defender::audit::wire as audit;
use defender::detect::wire as detect;
use defender::jobs::wire as jobs;
use defender::mitigation::wire as mitigation;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cases::Direction;

/// Reads a document as the engine does, and writes it again.
pub type Rewrite = fn(&Value) -> Result<Value, String>;

fn rewrite<T: DeserializeOwned + Serialize>(document: &Value) -> Result<Value, String> {
    let read = defender::request::read::<T>(document).map_err(|error| error.to_string())?;
    serde_json::to_value(&read.value).map_err(|error| error.to_string())
}

/// The type of each input and output, where the engine has one.
pub fn types() -> BTreeMap<(&'static str, Direction), Rewrite> {
    let mut types: BTreeMap<(&'static str, Direction), Rewrite> = BTreeMap::new();
    macro_rules! shapes {
        ($($operation:ident: $($input:ty)? => $($output:ty)?;)*) => {$(
            $(types.insert((stringify!($operation), Direction::In), rewrite::<$input>);)?
            $(types.insert((stringify!($operation), Direction::Out), rewrite::<$output>);)?
        )*};
    }
    shapes! {
        // Audit.
        UpdateAccountAuditConfiguration: audit::AccountAuditConfiguration => ;
        DescribeAccountAuditConfiguration: => audit::AccountAuditConfiguration;
        DeleteAccountAuditConfiguration: audit::DeleteAccountAuditConfigurationRequest => ;
        StartOnDemandAuditTask: audit::StartOnDemandAuditTaskRequest => audit::AuditTaskId;
        CancelAuditTask: audit::AuditTaskId => ;
        DescribeAuditTask: audit::AuditTaskId => audit::DescribeAuditTaskResponse;
        ListAuditTasks: audit::ListAuditTasksRequest => audit::ListAuditTasksResponse;
        CreateScheduledAudit: audit::CreateScheduledAuditRequest => audit::ScheduledAuditArn;
        UpdateScheduledAudit: audit::UpdateScheduledAuditRequest => audit::ScheduledAuditArn;
        DescribeScheduledAudit: audit::ScheduledAuditName => audit::DescribeScheduledAuditResponse;
        DeleteScheduledAudit: audit::ScheduledAuditName => ;
        ListScheduledAudits: audit::ListScheduledAuditsRequest => audit::ListScheduledAuditsResponse;
        DescribeAuditFinding: audit::DescribeAuditFindingRequest => audit::DescribeAuditFindingResponse;
        ListAuditFindings: audit::ListAuditFindingsRequest => audit::ListAuditFindingsResponse;
        ListRelatedResourcesForAuditFinding: audit::ListRelatedResourcesForAuditFindingRequest
            => audit::ListRelatedResourcesForAuditFindingResponse;
        CreateAuditSuppression: audit::CreateAuditSuppressionRequest => ;
        DescribeAuditSuppression: audit::AuditSuppressionKey => audit::AuditSuppression;
        UpdateAuditSuppression: audit::AuditSuppression => ;
        DeleteAuditSuppression: audit::AuditSuppressionKey => ;
        ListAuditSuppressions: audit::ListAuditSuppressionsRequest => audit::ListAuditSuppressionsResponse;

        // Detect.
        CreateSecurityProfile: detect::CreateSecurityProfileRequest => detect::CreateSecurityProfileResponse;
        UpdateSecurityProfile: detect::UpdateSecurityProfileRequest => detect::SecurityProfileDescription;
        DescribeSecurityProfile: detect::DescribeSecurityProfileRequest => detect::SecurityProfileDescription;
        DeleteSecurityProfile: detect::DeleteSecurityProfileRequest => ;
        ListSecurityProfiles: detect::ListSecurityProfilesRequest => detect::ListSecurityProfilesResponse;
        ValidateSecurityProfileBehaviors:
            detect::ValidateSecurityProfileBehaviorsRequest => detect::ValidateSecurityProfileBehaviorsResponse;
        AttachSecurityProfile: detect::AttachSecurityProfileRequest => ;
        DetachSecurityProfile: detect::DetachSecurityProfileRequest => ;
        ListSecurityProfilesForTarget:
            detect::ListSecurityProfilesForTargetRequest => detect::ListSecurityProfilesForTargetResponse;
        ListTargetsForSecurityProfile:
            detect::ListTargetsForSecurityProfileRequest => detect::ListTargetsForSecurityProfileResponse;
        CreateCustomMetric: detect::CreateCustomMetricRequest => detect::CustomMetricIdentifier;
        UpdateCustomMetric: detect::UpdateCustomMetricRequest => detect::CustomMetricDescription;
        DescribeCustomMetric: detect::DescribeCustomMetricRequest => detect::CustomMetricDescription;
        DeleteCustomMetric: detect::DescribeCustomMetricRequest => ;
        ListCustomMetrics: detect::ListCustomMetricsRequest => detect::ListCustomMetricsResponse;
        CreateDimension: detect::CreateDimensionRequest => detect::DimensionIdentifier;
        UpdateDimension: detect::UpdateDimensionRequest => detect::DimensionDescription;
        DescribeDimension: detect::DescribeDimensionRequest => detect::DimensionDescription;
        DeleteDimension: detect::DescribeDimensionRequest => ;
        ListDimensions: detect::ListDimensionsRequest => detect::ListDimensionsResponse;
        ListActiveViolations: detect::ListActiveViolationsRequest => detect::ListActiveViolationsResponse;
        ListViolationEvents: detect::ListViolationEventsRequest => detect::ListViolationEventsResponse;
        ListMetricValues: detect::ListMetricValuesRequest => detect::ListMetricValuesResponse;
        PutVerificationStateOnViolation: detect::PutVerificationStateOnViolationRequest => ;
        GetBehaviorModelTrainingSummaries:
            detect::GetBehaviorModelTrainingSummariesRequest => detect::GetBehaviorModelTrainingSummariesResponse;

        // Mitigation.
        CreateMitigationAction: mitigation::CreateMitigationActionRequest => mitigation::MitigationActionIds;
        UpdateMitigationAction: mitigation::UpdateMitigationActionRequest => mitigation::MitigationActionIds;
        DeleteMitigationAction: mitigation::MitigationActionName => ;
        DescribeMitigationAction: mitigation::MitigationActionName => mitigation::DescribeMitigationActionResponse;
        ListMitigationActions: mitigation::ListMitigationActionsRequest => mitigation::ListMitigationActionsResponse;
        StartAuditMitigationActionsTask:
            mitigation::StartAuditMitigationActionsTaskRequest => mitigation::StartMitigationActionsTaskResponse;
        CancelAuditMitigationActionsTask: mitigation::MitigationTaskId => ;
        DescribeAuditMitigationActionsTask: mitigation::MitigationTaskId
            => mitigation::DescribeAuditMitigationActionsTaskResponse;
        ListAuditMitigationActionsTasks:
            mitigation::ListAuditMitigationActionsTasksRequest => mitigation::ListAuditMitigationActionsTasksResponse;
        ListAuditMitigationActionsExecutions: mitigation::ListAuditMitigationActionsExecutionsRequest
            => mitigation::ListAuditMitigationActionsExecutionsResponse;
        StartDetectMitigationActionsTask:
            mitigation::StartDetectMitigationActionsTaskRequest => mitigation::StartMitigationActionsTaskResponse;
        CancelDetectMitigationActionsTask: mitigation::MitigationTaskId => ;
        DescribeDetectMitigationActionsTask: mitigation::MitigationTaskId
            => mitigation::DescribeDetectMitigationActionsTaskResponse;
        ListDetectMitigationActionsTasks:
            mitigation::ListDetectMitigationActionsTasksRequest => mitigation::ListDetectMitigationActionsTasksResponse;
        ListDetectMitigationActionsExecutions: mitigation::ListDetectMitigationActionsExecutionsRequest
            => mitigation::ListDetectMitigationActionsExecutionsResponse;

        // Jobs.
        CreateJob: jobs::CreateJobRequest => jobs::JobIdentification;
        UpdateJob: jobs::UpdateJobRequest => ;
        CancelJob: jobs::CancelJobRequest => jobs::JobIdentification;
        AssociateTargetsWithJob: jobs::AssociateTargetsWithJobRequest => jobs::JobIdentification;
        DescribeJob: => jobs::DescribeJobResponse;
        ListJobs: jobs::ListJobsRequest => jobs::ListJobsResponse;
        DescribeJobExecution: => DescribeJobExecutionResponse;
        CancelJobExecution: jobs::CancelJobExecutionRequest => ;
        ListJobExecutionsForJob: jobs::ListJobExecutionsForJobRequest => jobs::ListJobExecutionsResponse;
        ListJobExecutionsForThing: jobs::ListJobExecutionsForThingRequest => jobs::ListJobExecutionsResponse;
    }
    types
}

/// The answer's one member.
#[derive(Serialize, Deserialize)]
struct DescribeJobExecutionResponse {
    execution: jobs::JobExecution,
}

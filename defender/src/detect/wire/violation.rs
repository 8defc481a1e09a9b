//! Violations, metric data, model training and alerts on the wire (5.13 … 5.15, D-ML7).

use serde::{Deserialize, Serialize};

use super::profile::{Behavior, MetricValue};
use super::{BehaviorCriteriaType, ConfidenceLevel, DimensionOperator, ModelStatus, VerificationState, query_time};
use crate::detect::alarm::ViolationEventType;
use crate::time::{Timestamp, epoch_seconds};

/// What only some violations carry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ViolationEventAdditionalInfo {
    /// Set on ML violations only (D-ML10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence_level: Option<ConfidenceLevel>,
}

/// A running episode (D-82).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActiveViolation {
    /// 32 hexadecimal digits, one per episode (D-66).
    pub violation_id: String,
    /// The device.
    pub thing_name: String,
    /// The profile.
    pub security_profile_name: String,
    /// The behavior as it was when the alarm was raised (D-85).
    pub behavior: Behavior,
    /// The latest violating datapoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_violation_value: Option<MetricValue>,
    /// The confidence level of an ML behavior.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violation_event_additional_info: Option<ViolationEventAdditionalInfo>,
    /// What the operators think of it (D-86).
    pub verification_state: VerificationState,
    /// Why they think so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification_state_description: Option<String>,
    /// When it last violated.
    #[serde(with = "epoch_seconds")]
    pub last_violation_time: Timestamp,
    /// When the alarm was raised (D-64).
    #[serde(with = "epoch_seconds")]
    pub violation_start_time: Timestamp,
}

/// One event of an episode (D-83).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ViolationEvent {
    /// The episode's id.
    pub violation_id: String,
    /// The device.
    pub thing_name: String,
    /// The profile.
    pub security_profile_name: String,
    /// The behavior as it was when the event happened (D-85).
    pub behavior: Behavior,
    /// The datapoint that made the event; absent when invalidated (D-61).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_value: Option<MetricValue>,
    /// The confidence level of an ML behavior.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violation_event_additional_info: Option<ViolationEventAdditionalInfo>,
    /// Raised, cleared or invalidated.
    pub violation_event_type: ViolationEventType,
    /// What the operators think of the episode.
    pub verification_state: VerificationState,
    /// Why they think so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification_state_description: Option<String>,
    /// The datapoint's time (D-67).
    #[serde(with = "epoch_seconds")]
    pub violation_event_time: Timestamp,
}

/// `ListActiveViolations`, the input; filters combine with AND (D-84).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListActiveViolationsRequest {
    /// Only this device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thing_name: Option<String>,
    /// Only this profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_profile_name: Option<String>,
    /// Only behaviors of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behavior_criteria_type: Option<BehaviorCriteriaType>,
    /// Only suppressed (true), only others (false), both (absent).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_suppressed_alerts: Option<bool>,
    /// Only this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification_state: Option<VerificationState>,
    /// Where the previous page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// 1–250, default 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i64>,
}

/// `ListActiveViolations`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListActiveViolationsResponse {
    /// The running episodes.
    pub active_violations: Vec<ActiveViolation>,
    /// Present if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// `ListViolationEvents`, the input; filters combine with AND (D-84).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListViolationEventsRequest {
    /// Earliest event time, inclusive.
    #[serde(with = "query_time")]
    pub start_time: Timestamp,
    /// Latest event time, inclusive (CH-38).
    #[serde(with = "query_time")]
    pub end_time: Timestamp,
    /// Only this device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thing_name: Option<String>,
    /// Only this profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_profile_name: Option<String>,
    /// Only behaviors of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behavior_criteria_type: Option<BehaviorCriteriaType>,
    /// Only suppressed (true), only others (false), both (absent).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_suppressed_alerts: Option<bool>,
    /// Only this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification_state: Option<VerificationState>,
    /// Where the previous page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// 1–250, default 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i64>,
}

/// `ListViolationEvents`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListViolationEventsResponse {
    /// The events, newest first (CH-88).
    pub violation_events: Vec<ViolationEvent>,
    /// Present if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// `PutVerificationStateOnViolation`, the input (D-86).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutVerificationStateOnViolationRequest {
    /// Which episode.
    #[serde(default)]
    pub violation_id: String,
    /// What it turned out to be.
    pub verification_state: VerificationState,
    /// Why; at most 1000 characters without control characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification_state_description: Option<String>,
}

/// `ListMetricValues`, the input (D-91).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListMetricValuesRequest {
    /// Which device.
    #[serde(default)]
    pub thing_name: String,
    /// Which metric.
    #[serde(default)]
    pub metric_name: String,
    /// Restricted by which dimension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension_name: Option<String>,
    /// Which side of the dimension; absent means `IN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension_value_operator: Option<DimensionOperator>,
    /// Earliest datum, inclusive.
    #[serde(with = "query_time")]
    pub start_time: Timestamp,
    /// Latest datum, inclusive.
    #[serde(with = "query_time")]
    pub end_time: Timestamp,
    /// 1–250, default 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i64>,
    /// Where the previous page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// `ListMetricValues`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListMetricValuesResponse {
    /// The data.
    pub metric_datum_list: Vec<MetricDatum>,
    /// Present if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One retained value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricDatum {
    /// The datapoint's time.
    #[serde(with = "epoch_seconds")]
    pub timestamp: Timestamp,
    /// The value.
    pub value: MetricValue,
}

/// `GetBehaviorModelTrainingSummaries`, the input (D-ML7).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetBehaviorModelTrainingSummariesRequest {
    /// Only this profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_profile_name: Option<String>,
    /// 1–10, default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i64>,
    /// Where the previous page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// `GetBehaviorModelTrainingSummaries`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetBehaviorModelTrainingSummariesResponse {
    /// One per ML behavior.
    pub summaries: Vec<BehaviorModelTrainingSummary>,
    /// Present if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// How far the model of an ML behavior is (D-ML7).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BehaviorModelTrainingSummary {
    /// The profile.
    pub security_profile_name: String,
    /// The behavior.
    pub behavior_name: String,
    /// When collection began; absent before the first attachment.
    #[serde(with = "epoch_seconds::option", default, skip_serializing_if = "Option::is_none")]
    pub training_data_collection_start_date: Option<Timestamp>,
    /// The model's state.
    pub model_status: ModelStatus,
    /// 100·n/25000 with n the datapoints of the trailing 14 days, at most 100.
    pub datapoints_collection_percentage: f64,
    /// When the model was last built; absent before the first build.
    #[serde(with = "epoch_seconds::option", default, skip_serializing_if = "Option::is_none")]
    pub last_model_refresh_date: Option<Timestamp>,
}

/// The payload of an SNS alert (D-88): times are integer milliseconds here (G-02).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ViolationAlert {
    /// The event's time \[ms\].
    pub violation_event_time: Timestamp,
    /// The device.
    pub thing_name: String,
    /// The behavior, with the default counts written out.
    pub behavior: Behavior,
    /// Raised, cleared or invalidated.
    pub violation_event_type: ViolationEventType,
    /// Absent when invalidated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_value: Option<MetricValue>,
    /// The episode's id.
    pub violation_id: String,
    /// The profile.
    pub security_profile_name: String,
    /// What the operators think of the episode.
    pub verification_state: VerificationState,
    /// The confidence level of an ML behavior.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violation_event_additional_info: Option<ViolationEventAdditionalInfo>,
}

/// An exported batch of metric values (D-93).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricsExport {
    /// Of the format: `1.0`.
    pub version: String,
    /// The values.
    pub metrics: Vec<ExportedMetric>,
}

/// One exported value (D-93).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedMetric {
    /// The metric.
    pub name: String,
    /// The device.
    pub thing: String,
    /// The value.
    pub value: MetricValue,
    /// For the same name, thing and timestamp the highest version wins (D-94).
    pub version: i64,
    /// The datapoint's time \[ms\].
    pub timestamp: Timestamp,
    /// The dimension, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension: Option<ExportedDimension>,
}

/// A dimension in an exported value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedDimension {
    /// The dimension.
    pub name: String,
    /// Which side of it.
    pub operator: DimensionOperator,
}

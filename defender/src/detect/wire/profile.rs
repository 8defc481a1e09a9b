//! Security profiles, their behaviors and targets, on the wire (5.5, 9.3, 9.4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::{DimensionOperator, Tag};
use crate::time::{Timestamp, epoch_seconds};

/// What is normal for one metric (5.5). Members are as loose as validation needs: every rule of 5.5.1 can be broken
/// here, and is then reported with its own text instead of a parse error.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Behavior {
    /// 1–128 characters of `[a-zA-Z0-9:_-]` (D-V01); empty when the document has none.
    #[serde(default)]
    pub name: String,
    /// An `aws:` metric (5.2) or the name of a custom metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Restricts a cloud-side metric to some topics (D-12).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_dimension: Option<MetricDimension>,
    /// When a datapoint conforms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criteria: Option<BehaviorCriteria>,
    /// Whether events are recorded without an alert (D-87).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppress_alerts: Option<bool>,
    /// Whether the metric's values are exported (D-93).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export_metric: Option<bool>,
}

/// When a datapoint conforms: exactly one of `value`, `statisticalThreshold`, `mlDetectionConfig` (D-15).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BehaviorCriteria {
    /// The relation that is normal, one of ten (D-01); free text so that D-V10 can name what was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison_operator: Option<String>,
    /// The static threshold or set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<MetricValue>,
    /// The window \[s\]: 300, 600, 900, 1800 or 3600 (D-V17).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<i64>,
    /// Violating datapoints in a row that raise the alarm: 1–10, default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_datapoints_to_alarm: Option<i64>,
    /// Conforming datapoints in a row that clear it: 1–10, default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_datapoints_to_clear: Option<i64>,
    /// A percentile of the profile's devices as threshold (5.9).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistical_threshold: Option<StatisticalThreshold>,
    /// A learned threshold (5.10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ml_detection_config: Option<MachineLearningDetectionConfig>,
}

/// Which percentile is the threshold (D-55).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatisticalThreshold {
    /// `p0` … `p100`; free text so that D-V20 can name what was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistic: Option<String>,
}

/// How sure the model must be (D-ML1).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineLearningDetectionConfig {
    /// `LOW`, `MEDIUM` or `HIGH`; free text so that D-V23 can be reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence_level: Option<String>,
}

/// A value of a metric, as threshold or as measurement; exactly one member is present.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricValue {
    /// A non-negative integer (D-V13).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Number>,
    /// CIDRs as threshold, addresses as measurement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidrs: Option<Vec<String>>,
    /// Ports, 0–65535 (D-V15).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ports: Option<Vec<i64>>,
    /// A custom metric's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<f64>,
    /// A custom metric's list of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Vec<f64>>,
    /// A custom metric's list of strings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strings: Option<Vec<String>>,
}

/// A dimension in a behavior or a retained metric (D-12).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricDimension {
    /// The dimension's name.
    #[serde(default)]
    pub dimension_name: String,
    /// Which side of the filter counts; absent means `IN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<DimensionOperator>,
}

/// Where violation alerts go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertTarget {
    /// ARN of an SNS topic.
    pub alert_target_arn: String,
    /// ARN of the role that may publish there.
    pub role_arn: String,
}

/// A metric whose data is kept although no behavior uses it (D-20).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricToRetain {
    /// The metric's name.
    #[serde(default)]
    pub metric: String,
    /// Restricts it to some topics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_dimension: Option<MetricDimension>,
    /// Whether its values are exported (D-93).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export_metric: Option<bool>,
}

/// Where exported metric values go (D-93).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricsExportConfig {
    /// An MQTT topic, 1–512 characters; may be a basic-ingest topic `$aws/rules/RULE`.
    #[serde(default)]
    pub mqtt_topic: String,
    /// ARN of the role that may publish there.
    #[serde(default)]
    pub role_arn: String,
}

/// `CreateSecurityProfile`, the input; also the shape of a profile document in a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSecurityProfileRequest {
    /// 1–128 characters of `[a-zA-Z0-9:_-]`.
    #[serde(default)]
    pub security_profile_name: String,
    /// At most 1000 printable characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_profile_description: Option<String>,
    /// At most 100 (D-V27); a profile may have none (D-18).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behaviors: Option<Vec<Behavior>>,
    /// Alert targets by type; the only type is `SNS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_targets: Option<BTreeMap<String, AlertTarget>>,
    /// The deprecated form of the next member; takes no dimension (D-20).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_metrics_to_retain: Option<Vec<String>>,
    /// Metrics whose data is kept without a behavior.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_metrics_to_retain_v2: Option<Vec<MetricToRetain>>,
    /// Tags; kept, without effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
    /// Where exported values go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_export_config: Option<MetricsExportConfig>,
}

/// `CreateSecurityProfile`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSecurityProfileResponse {
    /// The new profile's name.
    pub security_profile_name: String,
    /// The new profile's ARN.
    pub security_profile_arn: String,
}

/// `UpdateSecurityProfile`, the input: given members replace stored ones entirely (D-17).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateSecurityProfileRequest {
    /// Which profile.
    #[serde(default)]
    pub security_profile_name: String,
    /// Replaces the description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_profile_description: Option<String>,
    /// Replaces all behaviors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behaviors: Option<Vec<Behavior>>,
    /// Replaces all alert targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_targets: Option<BTreeMap<String, AlertTarget>>,
    /// Replaces the deprecated list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_metrics_to_retain: Option<Vec<String>>,
    /// Replaces the list of retained metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_metrics_to_retain_v2: Option<Vec<MetricToRetain>>,
    /// Clears the behaviors; not together with `behaviors`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_behaviors: Option<bool>,
    /// Clears the alert targets; not together with `alertTargets`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_alert_targets: Option<bool>,
    /// Clears both lists; not together with either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_additional_metrics_to_retain: Option<bool>,
    /// Fails with `VersionConflictException` unless this is the current version (D-16).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<i64>,
    /// Replaces the export configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_export_config: Option<MetricsExportConfig>,
    /// Clears the export configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_metrics_export_config: Option<bool>,
}

/// `DescribeSecurityProfile` and `UpdateSecurityProfile`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityProfileDescription {
    /// The name.
    pub security_profile_name: String,
    /// The ARN.
    pub security_profile_arn: String,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_profile_description: Option<String>,
    /// The behaviors, as they were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behaviors: Option<Vec<Behavior>>,
    /// The alert targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_targets: Option<BTreeMap<String, AlertTarget>>,
    /// The deprecated list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_metrics_to_retain: Option<Vec<String>>,
    /// The retained metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_metrics_to_retain_v2: Option<Vec<MetricToRetain>>,
    /// 1 at creation, one more at each update (D-16).
    pub version: i64,
    /// When it was created.
    #[serde(with = "epoch_seconds")]
    pub creation_date: Timestamp,
    /// When it was last updated.
    #[serde(with = "epoch_seconds")]
    pub last_modified_date: Timestamp,
    /// Where exported values go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_export_config: Option<MetricsExportConfig>,
}

/// `DeleteSecurityProfile`, the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSecurityProfileRequest {
    /// Which profile.
    #[serde(default)]
    pub security_profile_name: String,
    /// Fails with `VersionConflictException` unless this is the current version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<i64>,
}

/// `DescribeSecurityProfile`, the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSecurityProfileRequest {
    /// Which profile.
    #[serde(default)]
    pub security_profile_name: String,
}

/// `ListSecurityProfiles`, the input; dimension and metric filter by use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSecurityProfilesRequest {
    /// Where the previous page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// 1–250, default 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i64>,
    /// Only profiles that use this dimension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension_name: Option<String>,
    /// Only profiles that use or retain this metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
}

/// `ListSecurityProfiles`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSecurityProfilesResponse {
    /// Names and ARNs.
    pub security_profile_identifiers: Vec<SecurityProfileIdentifier>,
    /// Present if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A profile's name and ARN.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityProfileIdentifier {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

/// What a profile is attached to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityProfileTarget {
    /// A thing group, or one of the three `all/…` targets (D-26).
    pub arn: String,
}

/// One attachment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityProfileTargetMapping {
    /// The profile.
    pub security_profile_identifier: SecurityProfileIdentifier,
    /// The target.
    pub target: SecurityProfileTarget,
}

/// `AttachSecurityProfile`, the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachSecurityProfileRequest {
    /// Which profile.
    #[serde(default)]
    pub security_profile_name: String,
    /// To what.
    #[serde(default)]
    pub security_profile_target_arn: String,
}

/// `DetachSecurityProfile`, the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DetachSecurityProfileRequest {
    /// Which profile.
    #[serde(default)]
    pub security_profile_name: String,
    /// From what.
    #[serde(default)]
    pub security_profile_target_arn: String,
}

/// `ListSecurityProfilesForTarget`, the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSecurityProfilesForTargetRequest {
    /// Where the previous page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// 1–250, default 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i64>,
    /// Whether targets that are child groups count too (D-28).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recursive: Option<bool>,
    /// Which target.
    #[serde(default)]
    pub security_profile_target_arn: String,
}

/// `ListSecurityProfilesForTarget`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSecurityProfilesForTargetResponse {
    /// The attachments.
    pub security_profile_target_mappings: Vec<SecurityProfileTargetMapping>,
    /// Present if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// `ListTargetsForSecurityProfile`, the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListTargetsForSecurityProfileRequest {
    /// Which profile.
    #[serde(default)]
    pub security_profile_name: String,
    /// Where the previous page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// 1–250, default 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i64>,
}

/// `ListTargetsForSecurityProfile`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListTargetsForSecurityProfileResponse {
    /// The targets.
    pub security_profile_targets: Vec<SecurityProfileTarget>,
    /// Present if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// `ValidateSecurityProfileBehaviors`, the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidateSecurityProfileBehaviorsRequest {
    /// The behaviors to check.
    pub behaviors: Vec<Behavior>,
}

/// `ValidateSecurityProfileBehaviors`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidateSecurityProfileBehaviorsResponse {
    /// Whether there is no error.
    pub valid: bool,
    /// All errors, in behavior order.
    pub validation_errors: Vec<ValidationErrorMessage>,
}

/// One validation error, as the service words it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationErrorMessage {
    /// The text.
    pub error_message: String,
}

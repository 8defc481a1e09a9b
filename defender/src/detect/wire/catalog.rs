//! Custom metrics and dimensions on the wire (5.3, 5.4).

use serde::{Deserialize, Serialize};

use super::{CustomMetricType, DimensionType, Tag};
use crate::time::{Timestamp, epoch_seconds};

/// `CreateCustomMetric`, the input (D-08).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateCustomMetricRequest {
    /// 1–128 characters of `[a-zA-Z0-9:_-]`, not starting with `aws:`.
    #[serde(default)]
    pub metric_name: String,
    /// At most 128 printable characters; need not be unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Immutable.
    pub metric_type: CustomMetricType,
    /// Tags; kept, without effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
    /// Makes the creation idempotent (G-07).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_token: Option<String>,
}

/// `CreateCustomMetric`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomMetricIdentifier {
    /// The name.
    pub metric_name: String,
    /// The ARN.
    pub metric_arn: String,
}

/// `UpdateCustomMetric`, the input: only the display name can change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateCustomMetricRequest {
    /// Which metric.
    #[serde(default)]
    pub metric_name: String,
    /// The new display name; required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// `DescribeCustomMetric` and `DeleteCustomMetric`, the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeCustomMetricRequest {
    /// Which metric.
    #[serde(default)]
    pub metric_name: String,
}

/// `DescribeCustomMetric` and `UpdateCustomMetric`, the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomMetricDescription {
    /// The name.
    pub metric_name: String,
    /// The ARN.
    pub metric_arn: String,
    /// The type.
    pub metric_type: CustomMetricType,
    /// The display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// When it was created.
    #[serde(with = "epoch_seconds")]
    pub creation_date: Timestamp,
    /// When it was last updated.
    #[serde(with = "epoch_seconds")]
    pub last_modified_date: Timestamp,
}

/// `ListCustomMetrics`, the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListCustomMetricsRequest {
    /// Where the previous page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// 1–250, default 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i64>,
}

/// `ListCustomMetrics`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListCustomMetricsResponse {
    /// The names.
    pub metric_names: Vec<String>,
    /// Present if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// `CreateDimension`, the input (D-11).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateDimensionRequest {
    /// 1–128 characters of `[a-zA-Z0-9:_-]`.
    #[serde(default)]
    pub name: String,
    /// Only `TOPIC_FILTER` exists; immutable.
    pub r#type: DimensionType,
    /// 1–100 topic filters of 1–256 characters; `${iot:ClientId}` is the device under evaluation.
    pub string_values: Vec<String>,
    /// Tags; kept, without effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
    /// Makes the creation idempotent (G-07).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_token: Option<String>,
}

/// `CreateDimension`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DimensionIdentifier {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

/// `UpdateDimension`, the input; takes effect from the next window (D-14).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateDimensionRequest {
    /// Which dimension.
    #[serde(default)]
    pub name: String,
    /// The new topic filters.
    pub string_values: Vec<String>,
}

/// `DescribeDimension` and `DeleteDimension`, the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeDimensionRequest {
    /// Which dimension.
    #[serde(default)]
    pub name: String,
}

/// `DescribeDimension` and `UpdateDimension`, the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DimensionDescription {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
    /// The type.
    pub r#type: DimensionType,
    /// The topic filters.
    pub string_values: Vec<String>,
    /// When it was created.
    #[serde(with = "epoch_seconds")]
    pub creation_date: Timestamp,
    /// When it was last updated.
    #[serde(with = "epoch_seconds")]
    pub last_modified_date: Timestamp,
}

/// `ListDimensions`, the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListDimensionsRequest {
    /// Where the previous page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// 1–250, default 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i64>,
}

/// `ListDimensions`, the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListDimensionsResponse {
    /// The names.
    pub dimension_names: Vec<String>,
    /// Present if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

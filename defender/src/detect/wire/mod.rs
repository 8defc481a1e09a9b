//! The shapes of Detect's operations in exact AWS JSON (9.3, 9.4).
//!
//! A request struct holds all members of an operation, wherever HTTP puts them (path, query, body). Shapes accept
//! unknown members, as the service does; [`read`](crate::request::read) lists them, so that whoever reads a document
//! decides whether they are an error.

mod catalog;
mod profile;
#[cfg(test)]
mod properties;
mod violation;

use serde::{Deserialize, Serialize};

pub use catalog::*;
pub use profile::*;
pub use violation::*;

use super::criteria::Observed;
use crate::error::ServiceError;
use crate::metric::ValueKind;
use crate::request::text;
use crate::shape::names;

names! {
    /// Which side of a dimension's topic filters counts (D-12).
    DimensionOperator {
        /// Only events whose topic matches at least one filter.
        In = "IN",
        /// Only events whose topic matches none.
        NotIn = "NOT_IN",
    }
    /// The type of a dimension (D-11).
    DimensionType {
        /// Values are MQTT topic filters.
        TopicFilter = "TOPIC_FILTER",
    }
    /// The type of a custom metric (5.2).
    CustomMetricType {
        /// A set of strings.
        StringList = "string-list",
        /// A set of addresses.
        IpAddressList = "ip-address-list",
        /// A set of doubles.
        NumberList = "number-list",
        /// A double.
        Number = "number",
    }
    /// How sure an ML model must be before a datapoint is anomalous (D-ML1).
    ConfidenceLevel {
        /// Most sensitive, most alarms.
        Low = "LOW",
        /// In between.
        Medium = "MEDIUM",
        /// Least sensitive, fewest alarms.
        High = "HIGH",
    }
    /// The state of an ML behavior's model (D-ML2).
    #[derive(Default)]
    ModelStatus {
        /// Still collecting.
        #[default]
        PendingBuild = "PENDING_BUILD",
        /// In use.
        Active = "ACTIVE",
        /// Discontinued for lack of data; final.
        Expired = "EXPIRED",
    }
    /// The kind of a behavior's criteria (D-15).
    BehaviorCriteriaType {
        /// Has a `value`.
        Static = "STATIC",
        /// Has a `statisticalThreshold`.
        Statistical = "STATISTICAL",
        /// Has an `mlDetectionConfig`.
        MachineLearning = "MACHINE_LEARNING",
    }
    /// What the operators think of a violation (D-86).
    #[derive(Default)]
    VerificationState {
        /// Nothing was wrong.
        FalsePositive = "FALSE_POSITIVE",
        /// It happened, and was harmless.
        BenignPositive = "BENIGN_POSITIVE",
        /// It happened, and was an attack or a fault.
        TruePositive = "TRUE_POSITIVE",
        /// Nobody said.
        #[default]
        Unknown = "UNKNOWN",
    }
}

impl CustomMetricType {
    /// The shape of the metric's datapoints.
    pub const fn value_kind(self) -> ValueKind {
        match self {
            CustomMetricType::StringList => ValueKind::Strings,
            CustomMetricType::IpAddressList => ValueKind::Cidrs,
            CustomMetricType::NumberList => ValueKind::Numbers,
            CustomMetricType::Number => ValueKind::Number,
        }
    }
}

/// A tag on a resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// 1–128 characters.
    pub key: String,
    /// At most 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Tag {
    /// Checks the tags of a new resource (9.4).
    ///
    /// # Errors
    /// `InvalidRequestException`.
    pub(crate) fn check_all(tags: Option<&[Tag]>) -> Result<(), ServiceError> {
        tags.unwrap_or_default().iter().try_for_each(|tag| {
            text::TAG_KEY.check("tags.Key", &tag.key)?;
            text::TAG_VALUE.check_if_given("tags.Value", tag.value.as_deref())
        })
    }
}

impl MetricValue {
    /// A measurement as the service prints it: the member follows the metric's kind (D-91), sets are sorted.
    pub fn observed(observed: &Observed, kind: ValueKind) -> MetricValue {
        match observed {
            Observed::Number(value) if kind == ValueKind::Count => MetricValue::count(*value as u64),
            Observed::Number(value) => MetricValue { number: Some(*value), ..MetricValue::default() },
            Observed::Cidrs(set) => MetricValue {
                cidrs: Some(set.iter().map(|address| address.to_string()).collect()),
                ..MetricValue::default()
            },
            Observed::Ports(set) => {
                MetricValue { ports: Some(set.iter().map(|port| i64::from(*port)).collect()), ..MetricValue::default() }
            }
            Observed::Numbers(list) => MetricValue { numbers: Some(list.clone()), ..MetricValue::default() },
            Observed::Strings(set) => {
                MetricValue { strings: Some(set.iter().cloned().collect()), ..MetricValue::default() }
            }
        }
    }

    /// A count.
    pub fn count(count: u64) -> MetricValue {
        MetricValue { count: Some(count.into()), ..MetricValue::default() }
    }
}

/// Times in query strings: ISO-8601 text, or seconds since the epoch as a number or as text (G-01). Written back as
/// epoch seconds. For `#[serde(with = "query_time")]`.
pub mod query_time {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::time::{Timestamp, epoch_seconds};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Seconds(f64),
        Text(String),
    }

    /// Writes epoch seconds.
    pub fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        epoch_seconds::serialize(time, to)
    }

    /// Reads any of the three forms.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let seconds = |s: f64| Timestamp((s * 1_000.0).round() as i64);
        match Form::deserialize(from)? {
            Form::Seconds(s) => Ok(seconds(s)),
            Form::Text(text) => match text.parse::<f64>() {
                Ok(s) if s.is_finite() => Ok(seconds(s)),
                _ => text.parse::<jiff::Timestamp>().map(|instant| Timestamp(instant.as_millisecond())).map_err(|_| {
                    serde::de::Error::custom(format!(
                        "a time must be ISO-8601 or seconds since the epoch, found `{text}`"
                    ))
                }),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Read, read};
    use serde_json::json;

    #[test]
    fn a_profile_document_round_trips_with_exact_member_names() {
        let document = json!({
            "securityProfileName": "P",
            "behaviors": [{"name": "Sent", "metric": "aws:num-messages-sent",
                "metricDimension": {"dimensionName": "auth", "operator": "NOT_IN"},
                "criteria": {"comparisonOperator": "less-than-equals", "value": {"count": 50}, "durationSeconds": 300,
                             "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1},
                "suppressAlerts": true, "exportMetric": false}],
            "alertTargets": {"SNS": {"alertTargetArn": "arn:aws:sns:us-east-1:123456789012:t", "roleArn": "r"}},
            "additionalMetricsToRetain": ["aws:all-bytes-out"],
            "additionalMetricsToRetainV2": [{"metric": "aws:all-bytes-in", "exportMetric": true}],
            "tags": [{"Key": "k", "Value": "v"}],
            "metricsExportConfig": {"mqttTopic": "$aws/rules/r", "roleArn": "r"},
        });
        let read: Read<CreateSecurityProfileRequest> = read(&document).expect("well-formed");
        assert_eq!(serde_json::to_value(&read.value).expect("writes"), document);
        assert_eq!(read.unknown, Vec::<String>::new());
    }

    #[test]
    fn g01_query_times_come_in_three_forms() {
        for time in [json!(1748736300), json!("1748736300"), json!("2025-06-01T00:05:00Z")] {
            let request: ListViolationEventsRequest =
                serde_json::from_value(json!({"startTime": time, "endTime": 0})).expect("a time");
            assert_eq!(request.start_time.millis(), 1_748_736_300_000);
        }
    }

    #[test]
    fn d91_the_member_of_a_value_follows_the_metric() {
        let json = |kind, observed| serde_json::to_string(&MetricValue::observed(&observed, kind)).expect("writes");
        assert_eq!(json(ValueKind::Count, Observed::Number(51.0)), r#"{"count":51}"#);
        assert_eq!(json(ValueKind::Number, Observed::Number(20.5)), r#"{"number":20.5}"#);
        let addresses = ["192.168.0.1", "10.1.1.1"].map(|text| text.parse().expect("ip"));
        assert_eq!(
            json(ValueKind::Cidrs, Observed::Cidrs(addresses.into())),
            r#"{"cidrs":["10.1.1.1","192.168.0.1"]}"#
        );
    }
}

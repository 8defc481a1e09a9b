//! Whatever JSON arrives as a security profile: nothing panics, and what is taken is taken again as it is described.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{
    Behavior, CreateSecurityProfileRequest, UpdateSecurityProfileRequest, ValidateSecurityProfileBehaviorsRequest,
};
use crate::account::Account;
use crate::detect::Detect;
use crate::error::Compatibility;
use crate::request::read;
use crate::time::Timestamp;

/// Members of profiles, wherever they belong.
const MEMBERS: [&str; 33] = [
    "securityProfileName",
    "securityProfileDescription",
    "behaviors",
    "alertTargets",
    "SNS",
    "alertTargetArn",
    "roleArn",
    "additionalMetricsToRetain",
    "additionalMetricsToRetainV2",
    "metricsExportConfig",
    "mqttTopic",
    "tags",
    "name",
    "metric",
    "metricDimension",
    "dimensionName",
    "operator",
    "criteria",
    "comparisonOperator",
    "value",
    "count",
    "cidrs",
    "ports",
    "number",
    "numbers",
    "strings",
    "durationSeconds",
    "consecutiveDatapointsToAlarm",
    "consecutiveDatapointsToClear",
    "statisticalThreshold",
    "statistic",
    "mlDetectionConfig",
    "confidenceLevel",
];

/// Texts that mean something somewhere.
const TEXTS: [&str; 18] = [
    "",
    "P",
    "a b",
    "aws:num-messages-sent",
    "aws:source-ip-address",
    "aws:all-bytes-out",
    "aws:listening-tcp-ports",
    "less-than",
    "in-cidr-set",
    "in-port-set",
    "in-set",
    "p99.9",
    "HIGH",
    "IN",
    "10.0.0.0/8",
    "::1/129",
    "arn:aws:iam::123456789012:role/alerts",
    "$aws/rules/export",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        3 => prop::sample::select(vec![0i64, 1, 10, 11, 60, 300, 3600, -1, i64::MAX, i64::MIN]).prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        5 => prop::sample::select(TEXTS.to_vec()).prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(5, 48, 6, |inner| {
        let members = prop::collection::vec((prop::sample::select(MEMBERS.to_vec()), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            members.prop_map(|members| {
                let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
                Value::Object(members.collect::<Map<_, _>>())
            }),
        ]
    })
}

/// A profile with one criterion of each kind.
fn right() -> Value {
    let behavior =
        |name: &str, metric: &str, criteria: Value| json!({"name": name, "metric": metric, "criteria": criteria});
    json!({"securityProfileName": "P", "behaviors": [
        behavior("Sent", "aws:num-messages-sent", json!({"comparisonOperator": "less-than", "value": {"count": 5},
            "durationSeconds": 300, "consecutiveDatapointsToAlarm": 2})),
        behavior("Crowd", "aws:all-bytes-out", json!({"comparisonOperator": "less-than-equals", "durationSeconds": 900,
            "statisticalThreshold": {"statistic": "p99"}})),
        behavior("Where", "aws:source-ip-address", json!({"comparisonOperator": "in-cidr-set",
            "value": {"cidrs": ["10.0.0.0/8", "2001:db8::/32"]}})),
        behavior("Ports", "aws:listening-tcp-ports", json!({"comparisonOperator": "not-in-port-set",
            "value": {"ports": [23]}})),
        behavior("Learned", "aws:num-disconnects", json!({"mlDetectionConfig": {"confidenceLevel": "LOW"}})),
    ], "alertTargets": {"SNS": {"alertTargetArn": "arn:aws:sns:us-east-1:123456789012:t",
        "roleArn": "arn:aws:iam::123456789012:role/alerts"}},
    "additionalMetricsToRetainV2": [{"metric": "aws:all-bytes-in"}]})
}

/// The JSON pointers of everything below a value, itself included.
fn pointers(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| pointers(value, &format!("{at}/{key}"), into)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(i, value)| pointers(value, &format!("{at}/{i}"), into))
        }
        _ => {}
    }
}

/// Hands a document to everything that reads profiles.
fn try_everything(document: &Value) {
    let account = Account::new("123456789012", "us-east-1").expect("twelve digits");
    let now = Timestamp::from_seconds(1_748_736_000);
    for mode in [Compatibility::Strict, Compatibility::Lenient] {
        let mut detect = Detect::new(1, mode);
        let _ = read::<Behavior>(document);
        if let Ok(request) = read::<ValidateSecurityProfileBehaviorsRequest>(document) {
            let _ = detect.validate_security_profile_behaviors(&request.value);
        }
        let Ok(request) = read::<CreateSecurityProfileRequest>(document) else { continue };
        let request = request.value;
        if detect.create_security_profile(now, &request, &account).is_err() {
            continue;
        }
        let name = &request.security_profile_name;
        let described = detect.describe_security_profile(name, &account).expect("just created");
        let mut again = serde_json::to_value(&described).expect("JSON");
        again["securityProfileName"] = json!(name);
        let update: UpdateSecurityProfileRequest = read(&again).expect("written by the engine").value;
        let answer = detect.update_security_profile(now, &update, &account).expect("taken before").response;
        assert_eq!((&answer.behaviors, answer.version), (&described.behaviors, 2), "{document}");
    }
}

#[test]
fn the_right_profile_is_right() {
    let account = Account::new("123456789012", "us-east-1").expect("twelve digits");
    let request = read(&right()).expect("well-formed").value;
    let created = Detect::new(1, Compatibility::Strict).create_security_profile(Timestamp(0), &request, &account);
    assert!(created.is_ok(), "{created:?}");
    try_everything(&right());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_json_is_read_without_panic(document in anything()) {
        try_everything(&document);
    }

    #[test]
    fn a_damaged_profile_is_refused_or_taken_as_it_is(place in any::<prop::sample::Index>(), other in anything()) {
        let mut document = right();
        let mut places = Vec::new();
        pointers(&document, "", &mut places);
        let place: &String = place.get(&places);
        *document.pointer_mut(place).expect("its own place") = other;
        try_everything(&document);
    }
}

use serde_json::{Value, json};

use super::*;
use crate::detect::criteria::Relation;
use crate::detect::wire::CustomMetricType;

fn catalog() -> Catalog {
    Catalog {
        custom_metrics: [
            ("battery".to_owned(), CustomMetricType::Number),
            ("modes".to_owned(), CustomMetricType::StringList),
            ("levels".to_owned(), CustomMetricType::NumberList),
            ("peers".to_owned(), CustomMetricType::IpAddressList),
        ]
        .into(),
        dimensions: ["auth".to_owned()].into(),
    }
}

fn check_all(behaviors: Value, compatibility: Compatibility) -> Validated {
    let behaviors: Vec<wire::Behavior> = serde_json::from_value(behaviors).expect("a list of behaviors");
    validate(&behaviors, &catalog(), compatibility)
}

fn check(behavior: Value) -> Validated {
    check_all(json!([behavior]), Compatibility::Strict)
}

fn rules(validated: &Validated) -> Vec<&'static str> {
    validated.errors.iter().map(|error| error.rule).collect()
}

fn codes(validated: &Validated) -> Vec<&'static str> {
    validated.warnings.iter().map(|warning| warning.code).collect()
}

/// A valid behavior whose members a test then replaces; `null` removes one.
fn sent(criteria: Value) -> Value {
    let mut full = json!({"comparisonOperator": "less-than-equals", "value": {"count": 50}, "durationSeconds": 300});
    for (member, value) in criteria.as_object().expect("an object") {
        full[member] = value.clone();
    }
    json!({"name": "AuthFailures", "metric": "aws:num-messages-sent", "criteria": full})
}

fn on(metric: &str, criteria: Value) -> Value {
    json!({"name": "B", "metric": metric, "criteria": criteria})
}

#[test]
fn a_valid_behavior_becomes_its_semantic_self() {
    let validated = check(sent(json!({"consecutiveDatapointsToAlarm": 3})));
    assert_eq!(rules(&validated), [""; 0]);
    assert_eq!(
        validated.behaviors,
        [Behavior {
            name: "AuthFailures".into(),
            metric: MetricRef::Aws(Metric::NumMessagesSent),
            value_kind: ValueKind::Count,
            dimension: None,
            criteria: Criteria::Static(Rule::Number { relation: Relation::LessThanEquals, threshold: 50.0 }),
            duration: Some(Millis::seconds(300)),
            consecutive: Consecutive { to_alarm: 3, to_clear: 1 },
            suppress_alerts: false,
            export: false,
        }]
    );
}

#[test]
fn t_v01_a_duration_of_a_minute() {
    let validated = check(sent(json!({"durationSeconds": 60})));
    let error = &validated.errors[0];
    assert_eq!(
        error.message,
        "Behavior AuthFailures is malformed. durationSeconds 60 should be one of [300,600,900,1800,3600]"
    );
    assert_eq!((error.rule, error.path.as_str()), ("D-V17", "/behaviors/0/criteria/durationSeconds"));
    assert_eq!((validated.errors.len(), validated.behaviors.len()), (1, 0));
}

#[test]
fn t_v02_datapoints_to_alarm_out_of_range() {
    let validated = check(sent(json!({"consecutiveDatapointsToAlarm": 100000, "consecutiveDatapointsToClear": 0})));
    let messages: Vec<_> = validated.errors.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "Behavior AuthFailures is malformed. consecutiveDatapointsToAlarm 100000 should be in range[1,10]",
            "Behavior AuthFailures is malformed. consecutiveDatapointsToClear 0 should be in range[1,10]",
        ]
    );
}

#[test]
fn t_v03_a_port_set_on_a_count() {
    let validated = check(sent(json!({"comparisonOperator": "in-port-set", "value": {"ports": [22]}})));
    assert_eq!(rules(&validated), ["D-V11", "D-V12"]);
    assert!(
        validated.errors[0]
            .message
            .ends_with("comparisonOperator in-port-set is not valid for metric aws:num-messages-sent")
    );
    assert!(validated.errors[1].message.ends_with("value must contain exactly count"));
}

#[test]
fn t_v04_cidrs_on_a_count() {
    let validated = check(sent(json!({"comparisonOperator": "less-than", "value": {"cidrs": ["10.0.0.0/8"]}})));
    assert_eq!(rules(&validated), ["D-V12"]);
}

#[test]
fn t_v05_value_and_statistical_threshold() {
    let validated = check(sent(json!({"statisticalThreshold": {"statistic": "p90"}})));
    assert_eq!(rules(&validated), ["D-V07"]);
}

#[test]
fn t_v06_ml_on_source_ip() {
    let ml = json!({"mlDetectionConfig": {"confidenceLevel": "HIGH"}});
    assert_eq!(rules(&check(on("aws:source-ip-address", ml))), ["D-V22"]);
}

#[test]
fn t_v07_a_dimension_on_disconnects() {
    let mut behavior = on(
        "aws:num-disconnects",
        json!({"comparisonOperator": "less-than", "value": {"count": 5}, "durationSeconds": 300}),
    );
    behavior["metricDimension"] = json!({"dimensionName": "auth"});
    assert_eq!(rules(&check(behavior)), ["D-V24"]);
}

#[test]
fn t_v08_an_unknown_statistic() {
    let validated = check(sent(json!({"value": null, "statisticalThreshold": {"statistic": "p95"}})));
    assert_eq!(rules(&validated), ["D-V20"]);
    assert!(validated.errors[0].message.ends_with("statistic p95 is not supported"));
}

#[test]
fn d55_eleven_statistics_and_their_exact_spelling() {
    let of = |statistic: &str| check(sent(json!({"value": null, "statisticalThreshold": {"statistic": statistic}})));
    for statistic in ["p0", "p0.1", "p0.01", "p1", "p10", "p50", "p90", "p99", "p99.9", "p99.99", "p100"] {
        assert_eq!(rules(&of(statistic)), [""; 0], "{statistic}");
    }
    for statistic in ["", "P90", "p5", "p99.90", "p0.001", "90", "p1000"] {
        assert_eq!(rules(&of(statistic)), ["D-V20"], "{statistic}");
    }
}

#[test]
fn t_v09_a_name_with_spaces() {
    let mut behavior = sent(json!({}));
    behavior["name"] = json!("Max Message Size");
    let validated = check(behavior);
    assert_eq!(
        validated.errors[0].message,
        "Behavior Max Message Size is malformed. name must match [a-zA-Z0-9:_-]{1,128}"
    );
    assert_eq!(rules(&validated), ["D-V01"]);
}

#[test]
fn t_v10_messages_sent_without_duration() {
    assert_eq!(rules(&check(sent(json!({"durationSeconds": null})))), ["D-V16"]);
}

#[test]
fn t_v11_a_prefix_that_is_too_long() {
    let validated = check(on(
        "aws:source-ip-address",
        json!({"comparisonOperator": "in-cidr-set", "value": {"cidrs": ["10.0.0.0/33", "10.0.0.1", "::1/128", "x"]}}),
    ));
    let messages: Vec<_> = validated.errors.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(
        messages,
        ["Behavior B is malformed. cidr 10.0.0.0/33 is not valid", "Behavior B is malformed. cidr x is not valid"]
    );
    assert_eq!(validated.errors[1].path, "/behaviors/0/criteria/value/cidrs/3");
}

#[test]
fn d_v02_to_d_v06_names_metrics_and_criteria() {
    let validated = check_all(
        json!([
            {"name": "A"},
            {"name": "A", "metric": "aws:num-messages", "criteria": {}},
            {"metric": "pressure", "criteria": {}},
        ]),
        Compatibility::Strict,
    );
    let found: Vec<_> = validated.errors.iter().map(|error| (error.behavior, error.rule)).collect();
    let (a, b, c) = (Some(0), Some(1), Some(2));
    assert_eq!(
        found,
        [
            (a, "D-V03"),
            (a, "D-V06"),
            (b, "D-V02"),
            (b, "D-V04"),
            (b, "D-V07"),
            (c, "D-V01"),
            (c, "D-V05"),
            (c, "D-V07")
        ]
    );
    assert_eq!(validated.errors[3].message, "Behavior A is malformed. metric aws:num-messages is not supported");
    assert_eq!(validated.errors[6].message, "Behavior (unnamed) is malformed. custom metric pressure does not exist");
}

#[test]
fn d_v08_to_d_v11_operators() {
    assert_eq!(rules(&check(sent(json!({"comparisonOperator": null})))), ["D-V08"]);
    let ml = json!({"value": null, "durationSeconds": null, "mlDetectionConfig": {"confidenceLevel": "LOW"}});
    assert_eq!(rules(&check(sent(ml))), ["D-V09"]);
    assert_eq!(rules(&check(sent(json!({"comparisonOperator": "equals"})))), ["D-V10"]);
    let statistical = json!({"comparisonOperator": "in-cidr-set", "durationSeconds": 300,
        "statisticalThreshold": {"statistic": "p90"}});
    assert_eq!(rules(&check(sent(json!({"value": null})))), ["D-V07"]);
    let mut behavior = sent(statistical);
    behavior["criteria"]["value"] = Value::Null;
    assert_eq!(rules(&check(behavior)), ["D-V11"]);
    let lower_bound = json!({"comparisonOperator": "greater-than", "value": {"count": 5}});
    assert_eq!(rules(&check(on("aws:disconnect-duration", lower_bound))), ["D-V11"]);
}

#[test]
fn d_v12_to_d_v15_values() {
    assert_eq!(rules(&check(sent(json!({"value": {}})))), ["D-V12"]);
    assert_eq!(rules(&check(sent(json!({"value": {"count": 1, "number": 1.0}})))), ["D-V12"]);
    assert_eq!(rules(&check(sent(json!({"value": {"number": 1.0}})))), ["D-V12"]); // CH-55
    assert_eq!(rules(&check(sent(json!({"value": {"count": -1}})))), ["D-V13"]);
    assert_eq!(rules(&check(sent(json!({"value": {"count": 1.5}})))), ["D-V13"]);
    let ports = |ports: Value| {
        check(on("aws:listening-tcp-ports", json!({"comparisonOperator": "in-port-set", "value": {"ports": ports}})))
    };
    assert_eq!(rules(&ports(json!([0, 65535]))), [""; 0]);
    assert_eq!(rules(&ports(json!([]))), [""; 0]); // D-25
    let out_of_range = ports(json!([22, 65536, -1]));
    assert_eq!(rules(&out_of_range), ["D-V15", "D-V15"]);
    assert!(out_of_range.errors[0].message.ends_with("port 65536 should be in range[0,65535]"));
}

#[test]
fn d06_custom_numbers_take_count_as_a_synonym() {
    let battery = |value: Value| check(on("battery", json!({"comparisonOperator": "greater-than", "value": value})));
    let threshold = |validated: Validated| validated.behaviors.first().map(|behavior| behavior.criteria.clone());
    assert_eq!(threshold(battery(json!({"count": 20}))), threshold(battery(json!({"number": 20.0}))));
    assert_eq!(rules(&battery(json!({"count": 20, "number": 20.0}))), ["D-V12"]);
    assert_eq!(rules(&battery(json!({"number": -3.5}))), [""; 0]);
}

#[test]
fn custom_lists_take_their_operators_and_members() {
    for (metric, operator, value) in [
        ("modes", "in-set", json!({"strings": ["eco"]})),
        ("levels", "not-in-set", json!({"numbers": [1.0, 2.5]})),
        ("peers", "not-in-cidr-set", json!({"cidrs": ["10.0.0.0/8"]})),
    ] {
        let given = json!({"comparisonOperator": operator, "value": value});
        assert_eq!(rules(&check(on(metric, given.clone()))), [""; 0], "{metric}");
        let mut with_duration = given;
        with_duration["durationSeconds"] = json!(300);
        assert_eq!(rules(&check(on(metric, with_duration))), ["D-V18"], "{metric}");
    }
}

#[test]
fn d_v16_to_d_v18_durations() {
    let statistical = json!({"comparisonOperator": "less-than", "statisticalThreshold": {"statistic": "p90"}});
    assert_eq!(rules(&check(on("aws:message-byte-size", statistical))), ["D-V16"]);
    let with_duration = json!({"comparisonOperator": "in-cidr-set", "value": {"cidrs": []}, "durationSeconds": 60});
    assert_eq!(rules(&check(on("aws:destination-ip-addresses", with_duration))), ["D-V17", "D-V18"]);
}

#[test]
fn d22_d23_ch54_ch61_unused_durations_are_checked_then_ignored() {
    for metric in ["aws:message-byte-size", "aws:num-established-tcp-connections", "aws:num-listening-tcp-ports"] {
        let bound = |seconds| {
            on(metric, json!({"comparisonOperator": "less-than", "value": {"count": 9}, "durationSeconds": seconds}))
        };
        let validated = check(bound(600));
        assert_eq!(codes(&validated), ["IGNORED_FIELD"], "{metric}");
        assert_eq!(validated.behaviors[0].duration, None);
        assert_eq!(rules(&check(bound(700))), ["D-V17"], "{metric}");
    }
    let ml = json!({"durationSeconds": 900, "mlDetectionConfig": {"confidenceLevel": "LOW"}});
    assert_eq!(codes(&check(on("aws:all-bytes-out", ml))), ["IGNORED_FIELD"]);
}

#[test]
fn d_v21_to_d_v25_thresholds_and_dimensions() {
    let statistical = json!({"comparisonOperator": "less-than", "durationSeconds": 300,
        "statisticalThreshold": {"statistic": "p90"}});
    assert_eq!(rules(&check(on("aws:disconnect-duration", statistical))), ["D-V21"]);
    assert_eq!(rules(&check(on("battery", json!({"mlDetectionConfig": {"confidenceLevel": "SURE"}})))), ["D-V23"]);
    assert_eq!(rules(&check(on("battery", json!({"mlDetectionConfig": {}})))), ["D-V23"]);
    let mut unknown = sent(json!({}));
    unknown["metricDimension"] = json!({"dimensionName": "telemetry", "operator": "NOT_IN"});
    let validated = check(unknown);
    assert_eq!(rules(&validated), ["D-V25"]);
    assert!(validated.errors[0].message.ends_with("dimension telemetry does not exist"));
    let mut source = on("aws:source-ip-address", json!({"mlDetectionConfig": {"confidenceLevel": "LOW"}}));
    source["metricDimension"] = json!({"dimensionName": "auth"});
    assert_eq!(rules(&check(source)), ["D-V22", "D-V24"]);
}

#[test]
fn d_v26_to_d_v28_limits_of_the_whole_profile() {
    let ports = |name: &str, n: usize| {
        json!({"name": name, "metric": "aws:listening-tcp-ports",
            "criteria": {"comparisonOperator": "in-port-set", "value": {"ports": vec![22; n]}}})
    };
    let validated = check_all(json!([ports("A", 600), ports("B", 400)]), Compatibility::Strict);
    assert_eq!(rules(&validated), [""; 0]);
    let validated = check_all(json!([ports("A", 600), ports("B", 401), ports("C", 10)]), Compatibility::Strict);
    let found: Vec<_> = validated.errors.iter().map(|error| (error.behavior, error.rule)).collect();
    assert_eq!(found, [(Some(1), "D-V26")]);

    let many: Vec<_> = (0..101).map(|i| ports(&format!("B{i}"), 1)).collect();
    let validated = check_all(many.into(), Compatibility::Strict);
    assert_eq!(rules(&validated), ["D-V27"]);
    assert_eq!(validated.errors[0].message, "behaviors should have at most 100 elements");

    let mut exported = sent(json!({}));
    exported["exportMetric"] = json!(true);
    let behaviors: Vec<wire::Behavior> = serde_json::from_value(json!([exported])).expect("behaviors");
    let within = |has_export_config| {
        let surroundings = Surroundings { has_export_config, ..Surroundings::default() };
        rules(&validate_within(&behaviors, &catalog(), Compatibility::Strict, surroundings))
    };
    assert_eq!(within(Some(false)), ["D-V28"]);
    assert_eq!(within(Some(true)), [""; 0]);
    assert_eq!(within(None), [""; 0]);
}

#[test]
fn x06_lenient_mode_uses_divisors_of_an_hour_and_says_so() {
    let lenient = |seconds: i64| check_all(json!([sent(json!({"durationSeconds": seconds}))]), Compatibility::Lenient);
    let validated = lenient(60);
    assert_eq!(codes(&validated), ["NON_STANDARD_DURATION"]);
    assert_eq!(validated.warnings[0].canonical, Some(json!(60)));
    assert_eq!(validated.behaviors[0].duration, Some(Millis::seconds(60)));
    assert_eq!(codes(&lenient(300)), [""; 0]);
    for refused in [0, 30, 59, 7200, 700, -60] {
        assert_eq!(rules(&lenient(refused)), ["D-V17"], "{refused}");
    }
}

#[test]
fn d03_the_polarity_lint_proposes_the_complement_and_flips_nothing() {
    // The seed's LowMessageRate (T-D05).
    let behavior = json!({"name": "LowMessageRate", "metric": "aws:num-messages-sent",
        "criteria": {"comparisonOperator": "greater-than", "value": {"count": 1000}, "durationSeconds": 300}});
    let validated = check(behavior);
    let warning = &validated.warnings[0];
    assert_eq!(warning.code, "INVERTED_POLARITY_SUSPECTED");
    assert_eq!(warning.path, "/behaviors/0/criteria/comparisonOperator");
    let proposed = warning.canonical.as_ref().expect("a proposal");
    assert_eq!(proposed["criteria"]["comparisonOperator"], "less-than-equals");
    assert!(matches!(
        validated.behaviors[0].criteria,
        Criteria::Static(Rule::Number { relation: Relation::GreaterThan, .. })
    ));
}

#[test]
fn d03_what_makes_the_lint_speak() {
    let lint = |name: &str, metric: &str, operator: &str, count: u64| {
        let criteria = json!({"comparisonOperator": operator, "value": {"count": count}, "durationSeconds": 300});
        codes(&check(json!({"name": name, "metric": metric, "criteria": criteria})))
    };
    let spoken = ["INVERTED_POLARITY_SUSPECTED"];
    assert_eq!(lint("B", "aws:num-authorization-failures", "greater-than", 5), spoken);
    assert_eq!(lint("B", "aws:num-disconnects", "greater-than-equals", 0), spoken);
    assert_eq!(lint("B", "aws:num-authorization-failures", "less-than", 5), [""; 0]);
    assert_eq!(lint("Heartbeat", "aws:num-messages-sent", "greater-than", 10), [""; 0]);
    assert_eq!(lint("TooManyMessages", "aws:num-messages-sent", "greater-than", 10), spoken);
    assert_eq!(lint("MaxRate", "aws:num-messages-sent", "greater-than", 0), [""; 0]);

    let heartbeat: Vec<wire::Behavior> = serde_json::from_value(json!([{"name": "B", "metric": "aws:all-bytes-out",
        "criteria": {"comparisonOperator": "greater-than", "value": {"count": 9}, "durationSeconds": 300}}]))
    .expect("behaviors");
    let surroundings = Surroundings { description: Some("alert on traffic SPIKEs"), ..Surroundings::default() };
    assert_eq!(codes(&validate_within(&heartbeat, &catalog(), Compatibility::Strict, surroundings)), spoken);
}

#[test]
fn d19_ch57_rules_and_ml_together_are_accepted_with_a_warning() {
    let mut learned = sent(json!({"comparisonOperator": null, "value": null, "durationSeconds": null,
        "mlDetectionConfig": {"confidenceLevel": "HIGH"}}));
    learned["name"] = json!("Learned");
    let validated = check_all(json!([sent(json!({})), learned]), Compatibility::Strict);
    assert_eq!(codes(&validated), ["MIXED_THRESHOLD_TYPES"]);
    assert_eq!(validated.behaviors.len(), 2);
}

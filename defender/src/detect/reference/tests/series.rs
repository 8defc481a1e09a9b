//! 12.8: static series.

use serde_json::json;

use super::bench::{Bench, PUMP, bound, bytes_out, custom, on, ports, sent};
use crate::detect::reference::BrokerAction;
use crate::detect::tests::fixture::{at, shape};
use crate::metric::Metric;

/// Runs a series of published messages and returns the events and whether the alarm still rings.
fn run_sent(behavior: serde_json::Value, counts: &[Option<u64>]) -> (Vec<String>, bool) {
    let mut bench = Bench::watching(json!([behavior]));
    bench.series(counts, Bench::publish_many);
    (bench.events(), bench.alarms() > 0)
}

fn some(counts: &[u64]) -> Vec<Option<u64>> {
    counts.iter().copied().map(Some).collect()
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn t_d01_at_most_fifty_messages() {
    let (events, rings) = run_sent(sent("less-than-equals", 50, 1, 1), &some(&[10, 50, 51, 49]));
    assert_eq!(events, [r#"900 in-alarm pump {"count":51}"#, r#"1200 alarm-cleared pump {"count":49}"#]);
    assert!(!rings);
}

#[test]
fn t_d02_d64_d65_ch83_three_to_alarm_two_to_clear() {
    let behavior = bound("aws:num-authorization-failures", "less-than", 5, 3, 2);
    let mut bench = Bench::watching(json!([behavior]));
    bench.series(&some(&[5, 6, 2, 7, 8, 9, 1, 9, 0, 0]), Bench::refuse_many);
    assert_eq!(bench.events(), [r#"1800 in-alarm pump {"count":9}"#, r#"3000 alarm-cleared pump {"count":0}"#]);
    assert_eq!(bench.alarms(), 0);
}

#[test]
fn t_d03_a_missing_datapoint() {
    let (events, rings) = run_sent(sent("less-than-equals", 50, 2, 1), &[Some(60), None, Some(70), Some(40)]);
    assert_eq!(events, [r#"900 in-alarm pump {"count":70}"#, r#"1200 alarm-cleared pump {"count":40}"#]);
    assert!(!rings);
}

#[test]
fn t_d04_polarity() {
    let (events, rings) = run_sent(sent("greater-than", 10, 1, 1), &some(&[0, 11]));
    assert_eq!(events, [r#"300 in-alarm pump {"count":0}"#, r#"600 alarm-cleared pump {"count":11}"#]);
    assert!(!rings);
}

#[test]
fn t_d05_low_message_rate_as_the_seed_writes_it() {
    let mut behavior = sent("greater-than", 1000, 2, 2);
    behavior["name"] = json!("LowMessageRate");
    let request = shape(json!({"securityProfileName": "P", "behaviors": [behavior]}));
    let mut bench = Bench::new();
    let answer = bench.change(0, |world, now| world.detect.create_security_profile(now, &request, &world.account));
    let codes: Vec<_> = answer.expect("valid").warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["INVERTED_POLARITY_SUSPECTED"]);
    bench.change(0, |world, now| world.attach(now, "P", "all/things")).expect("valid");
    bench.series(&some(&[1500, 1500, 20, 20, 1500, 1500]), Bench::publish_many);
    assert_eq!(bench.events(), [r#"1200 in-alarm pump {"count":20}"#, r#"1800 alarm-cleared pump {"count":1500}"#]);
    assert_eq!(bench.alarms(), 0);
}

#[test]
fn t_d06_d35_ch66_a_window_of_fifteen_minutes() {
    let mut behavior = sent("less-than-equals", 50, 1, 1);
    behavior["criteria"]["durationSeconds"] = json!(900);
    let (events, rings) = run_sent(behavior, &some(&[20, 20, 20, 10, 10, 10]));
    assert_eq!(events, [r#"900 in-alarm pump {"count":60}"#, r#"1800 alarm-cleared pump {"count":30}"#]);
    assert!(!rings);
}

#[test]
fn t_d07_two_to_alarm_three_to_clear() {
    let (events, rings) = run_sent(sent("less-than-equals", 50, 2, 3), &some(&[60, 40, 60, 40, 60, 60]));
    assert_eq!(events, [r#"1800 in-alarm pump {"count":60}"#]);
    assert!(rings);
}

#[test]
fn t_d08_a_violation_while_clearing() {
    let mut bench = Bench::watching(json!([sent("less-than-equals", 50, 3, 3)]));
    bench.series(&some(&[60, 60, 60, 40, 40, 60]), Bench::publish_many);
    let active = bench.world.detect.list_active_violations(&shape(json!({}))).expect("a list").active_violations;
    assert_eq!((active[0].violation_start_time, active[0].last_violation_time), (at(900), at(1800)));

    let counts = some(&[60, 60, 60, 40, 40, 60, 40, 40, 40]);
    let (events, rings) = run_sent(sent("less-than-equals", 50, 3, 3), &counts);
    assert_eq!(events, [r#"900 in-alarm pump {"count":60}"#, r#"2700 alarm-cleared pump {"count":40}"#]);
    assert!(!rings);
}

/// Message sizes per window.
fn run_sizes(operator: &str, count: u64, windows: &[&[u64]]) -> (Vec<String>, bool) {
    let size = json!({"comparisonOperator": operator, "value": {"count": count}});
    let mut bench = Bench::watching(json!([on("aws:message-byte-size", size)]));
    for (i, sizes) in windows.iter().enumerate() {
        sizes.iter().for_each(|bytes| bench.publish(i as i64 * 300 + 1, PUMP, "t", *bytes));
        bench.run_to((i as i64 + 1) * 300);
    }
    (bench.events(), bench.alarms() > 0)
}

#[test]
fn t_d09_the_largest_message() {
    let (events, rings) = run_sizes("less-than-equals", 1024, &[&[100, 2000, 50], &[], &[10]]);
    assert_eq!(events, [r#"300 in-alarm pump {"count":2000}"#, r#"900 alarm-cleared pump {"count":10}"#]);
    assert!(!rings);
}

#[test]
fn t_d10_the_smallest_message() {
    let (events, rings) = run_sizes("greater-than-equals", 10, &[&[5, 100]]);
    assert_eq!(events, [r#"300 in-alarm pump {"count":5}"#]);
    assert!(rings);
}

/// Addresses connected from, per window.
fn run_addresses(operator: &str, cidr: &str, windows: &[&[&str]]) -> (Vec<String>, bool) {
    let criteria = json!({"comparisonOperator": operator, "value": {"cidrs": [cidr]}});
    let mut bench = Bench::watching(json!([on("aws:source-ip-address", criteria)]));
    for (i, addresses) in windows.iter().enumerate() {
        for (k, address) in addresses.iter().enumerate() {
            let second = i as i64 * 300 + k as i64 * 10;
            bench.connect(second + 1, PUMP, address);
            bench.disconnect(second + 5, PUMP);
        }
        bench.run_to((i as i64 + 1) * 300);
    }
    (bench.events(), bench.alarms() > 0)
}

#[test]
fn t_d11_addresses_outside_a_network() {
    let (events, rings) = run_addresses("not-in-cidr-set", "12.8.0.0/16", &[&["12.8.5.6"], &["10.0.0.1"]]);
    assert_eq!(
        events,
        [r#"300 in-alarm pump {"cidrs":["12.8.5.6"]}"#, r#"600 alarm-cleared pump {"cidrs":["10.0.0.1"]}"#]
    );
    assert!(!rings);
}

#[test]
fn t_d12_addresses_inside_a_network() {
    let (events, rings) = run_addresses("in-cidr-set", "10.0.0.0/8", &[&["192.168.0.1", "10.1.1.1"]]);
    assert_eq!(events, [r#"300 in-alarm pump {"cidrs":["10.1.1.1","192.168.0.1"]}"#]);
    assert!(rings);
}

#[test]
fn t_d13_listening_ports() {
    let criteria = json!({"comparisonOperator": "in-port-set", "value": {"ports": [22, 443]}});
    let mut bench = Bench::watching(json!([on("aws:listening-tcp-ports", criteria)]));
    for (second, list) in [(10, &[22, 443][..]), (310, &[22, 8080]), (610, &[])] {
        bench.report(second, PUMP, &ports(list));
    }
    assert_eq!(bench.events(), [r#"310 in-alarm pump {"ports":[22,8080]}"#, r#"610 alarm-cleared pump {"ports":[]}"#]);
    assert_eq!(bench.alarms(), 0);
}

#[test]
fn t_d14_a_custom_number() {
    let mut bench = Bench::new();
    bench.change(0, |world, now| {
        let metric = shape(json!({"metricName": "battery", "metricType": "number"}));
        world.detect.create_custom_metric(now, &metric, &world.account).expect("valid");
        let criteria = json!({"comparisonOperator": "greater-than", "value": {"number": 20.0}});
        world.watch(now, "P", json!([on("battery", criteria)]), "all/things");
    });
    for (second, value) in [(10, 15.0), (310, 20.0), (610, 20.5)] {
        bench.report(second, PUMP, &custom("battery", value));
    }
    assert_eq!(bench.events(), [r#"10 in-alarm pump {"number":15.0}"#, r#"610 alarm-cleared pump {"number":20.5}"#]);
}

#[test]
fn t_d15_a_sliding_sum_of_deltas() {
    let mut behavior = bound("aws:all-bytes-out", "less-than-equals", 500, 1, 1);
    behavior["criteria"]["durationSeconds"] = json!(900);
    // Whether the profile is attached long before or just then.
    for attached in [0, -3600] {
        let mut bench = Bench::new();
        bench.watch(attached, "P", json!([behavior.clone()]), "all/things");
        for (second, delta) in [(0, 100), (300, 200), (600, 300), (900, 400)] {
            bench.report(second, PUMP, &bytes_out(delta));
        }
        assert_eq!(bench.events(), [r#"600 in-alarm pump {"count":600}"#]);
        let active = bench.world.detect.list_active_violations(&shape(json!({}))).expect("a list").active_violations;
        assert_eq!(active[0].last_violation_time, at(900));
        assert_eq!(serde_json::to_string(&active[0].last_violation_value).expect("JSON"), r#"{"count":900}"#);
    }
}

/// A bench that watches messages under a dimension.
fn with_dimension(filter: &str, operator: &str) -> Bench {
    let mut bench = Bench::new();
    bench.change(0, |world, now| {
        let dimension = shape(json!({"name": "d", "type": "TOPIC_FILTER", "stringValues": [filter]}));
        world.detect.create_dimension(now, &dimension, &world.account).expect("valid");
        let mut behavior = sent("less-than-equals", 5, 1, 1);
        behavior["metricDimension"] = json!({"dimensionName": "d", "operator": operator});
        world.watch(now, "P", json!([behavior]), "all/things");
        let retained = json!({"additionalMetricsToRetainV2": [{"metric": "aws:num-messages-sent",
            "metricDimension": {"dimensionName": "d", "operator": operator}}]});
        world.update(now, "P", retained).expect("valid");
    });
    bench
}

/// The datapoint of the first window, read back from what is retained.
fn first_count(bench: &Bench, device: &str, operator: &str) -> Option<u64> {
    let request = shape(json!({"thingName": device, "metricName": "aws:num-messages-sent", "dimensionName": "d",
        "dimensionValueOperator": operator, "startTime": 0, "endTime": 2_000_000_000}));
    let list = bench.world.detect.list_metric_values(at(300), &request, &bench.world.account).expect("known");
    list.metric_datum_list.first()?.value.count.as_ref()?.as_u64()
}

/// Three messages to a topic in the dimension and ten to another, in the first window.
fn three_in_ten_out(operator: &str) -> Bench {
    let mut bench = with_dimension("device/+/auth", operator);
    (0..3).for_each(|i| bench.publish(10 + i, PUMP, "device/1/auth", 1));
    (0..10).for_each(|i| bench.publish(20 + i, PUMP, "device/1/data", 1));
    bench.run_to(300);
    bench
}

#[test]
fn t_d16_topics_in_a_dimension() {
    let bench = three_in_ten_out("IN");
    assert_eq!((bench.events(), first_count(&bench, PUMP, "IN")), (lines(&[]), Some(3)));
}

#[test]
fn t_d17_topics_not_in_a_dimension() {
    let bench = three_in_ten_out("NOT_IN");
    let alarm = lines(&[r#"300 in-alarm pump {"count":10}"#]);
    assert_eq!((bench.events(), first_count(&bench, PUMP, "NOT_IN")), (alarm, Some(10)));
}

#[test]
fn t_d18_the_client_id_in_a_dimension() {
    let mut bench = with_dimension("device/${iot:ClientId}/#", "IN");
    bench.publish(10, "d7", "device/d7/a", 1);
    bench.publish(11, "d7", "device/d8/a", 1);
    bench.run_to(300);
    assert_eq!((bench.events(), first_count(&bench, "d7", "IN")), (lines(&[]), Some(1)));
}

#[test]
fn t_d19_disconnected_for_half_an_hour() {
    let bound = json!({"comparisonOperator": "less-than-equals", "value": {"count": 30}});
    let mut bench = Bench::watching(json!([on("aws:disconnect-duration", bound)]));
    bench.connect(10, PUMP, "10.0.0.1");
    bench.disconnect(60, PUMP);
    bench.run_to(2199);
    bench.connect(2200, PUMP, "10.0.0.1");
    bench.run_to(2400);
    assert_eq!(bench.events(), [r#"2100 in-alarm pump {"count":34}"#, r#"2400 alarm-cleared pump {"count":0}"#]);
    let request = shape(json!({"thingName": PUMP, "metricName": Metric::DisconnectDuration.name(),
        "startTime": 0, "endTime": 2_000_000_000}));
    let list = bench.world.detect.list_metric_values(at(2400), &request, &bench.world.account).expect("known");
    let minutes = list.metric_datum_list.iter().filter_map(|datum| datum.value.count.as_ref()?.as_u64());
    assert_eq!(minutes.collect::<Vec<_>>(), [4, 9, 14, 19, 24, 29, 34, 0]);
}

#[test]
fn t_d20_connected_but_silent_is_zero() {
    let mut bench = Bench::watching(json!([sent("less-than-equals", 50, 1, 1)]));
    bench.connect(10, PUMP, "10.0.0.1");
    bench.run_to(1200);
    assert_eq!(bench.events(), lines(&[]));
    let request = shape(json!({"thingName": PUMP, "metricName": "aws:num-messages-sent", "startTime": 0,
        "endTime": 2_000_000_000}));
    let list = bench.world.detect.list_metric_values(at(1200), &request, &bench.world.account).expect("known");
    let counts: Vec<_> = list.metric_datum_list.iter().filter_map(|d| d.value.count.as_ref()?.as_u64()).collect();
    assert_eq!(counts, [0, 0, 0, 0]);
}

#[test]
fn t_d21_a_heartbeat_that_never_comes_is_no_datapoint() {
    let mut bench = Bench::watching(json!([sent("greater-than", 0, 1, 1)]));
    bench.run_to(3000);
    assert_eq!(bench.events(), lines(&[]));
    // It was not for want of watching: connected and silent, it violates.
    bench.connect(3010, PUMP, "10.0.0.1");
    bench.run_to(3300);
    assert_eq!(bench.events(), [r#"3300 in-alarm pump {"count":0}"#]);
}

#[test]
fn d15_failed_connects_count_as_attempts_and_not_as_addresses() {
    let attempts = bound("aws:num-connection-attempts", "less-than-equals", 1, 1, 1);
    let mut addresses =
        on("aws:source-ip-address", json!({"comparisonOperator": "in-cidr-set", "value": {"cidrs": ["10.0.0.0/8"]}}));
    addresses["name"] = json!("Where");
    let mut bench = Bench::watching(json!([attempts, addresses]));
    let failed = || BrokerAction::Connect { source_ip: [192, 168, 0, 1].into(), success: false };
    bench.happens(10, PUMP, failed());
    bench.happens(11, PUMP, failed());
    bench.run_to(300);
    assert_eq!(bench.events(), [r#"300 in-alarm pump {"count":2}"#]);
}

//! How datapoints are formed (5.7): windows, activity, identities, late events, reports.

use serde_json::json;

use super::bench::{Bench, PUMP, bound, bytes_out, on, ports, sent};
use crate::detect::reference::BrokerAction;
use crate::detect::tests::fixture::{at, shape};

#[test]
fn d36_an_event_on_a_boundary_belongs_to_the_window_that_starts_there() {
    let mut bench = Bench::watching(json!([sent("less-than-equals", 0, 1, 1)]));
    bench.publish(300, PUMP, "t", 1);
    bench.run_to(600);
    assert_eq!(bench.events(), [r#"600 in-alarm pump {"count":1}"#]);
}

#[test]
fn d36_ch67_late_events_are_dropped_and_counted() {
    let mut bench = Bench::watching(json!([sent("less-than-equals", 1, 1, 1)]));
    let publish = || BrokerAction::Publish { topic: "t".into(), bytes: 1 };
    bench.publish(10, PUMP, "t", 1);
    bench.arrives(310, 20, PUMP, publish());
    bench.arrives(310, 305, PUMP, publish());
    bench.run_to(900);
    assert_eq!((bench.events().len(), bench.reference.late_events()), (0, 1));
}

#[test]
fn d36_a_late_event_still_counts_in_a_longer_window_that_is_open() {
    let mut behavior = sent("less-than-equals", 1, 1, 1);
    behavior["criteria"]["durationSeconds"] = json!(900);
    let mut bench = Bench::watching(json!([behavior]));
    bench.publish(10, PUMP, "t", 1);
    bench.arrives(310, 20, PUMP, BrokerAction::Publish { topic: "t".into(), bytes: 1 });
    bench.run_to(900);
    assert_eq!(bench.events(), [r#"900 in-alarm pump {"count":2}"#]);
}

#[test]
fn d38_d39_ch69_an_open_connection_or_any_event_makes_a_zero() {
    let mut bench = Bench::watching(json!([sent("greater-than", 0, 1, 1)]));
    bench.happens(10, "a", BrokerAction::Refuse { topic: None });
    bench.happens(10, "b", BrokerAction::Deliver { topic: "t".into() });
    bench.connect(10, "c", "10.0.0.1");
    bench.disconnect(600, "c"); // an event of the third window, in which it is active by that alone
    bench.run_to(1200);
    let zero = |second: i64, device: &str| format!("{second} in-alarm {device} {{\"count\":0}}");
    let mut events = bench.events();
    events.sort();
    assert_eq!(events, [zero(300, "a"), zero(300, "b"), zero(300, "c")]);
    let request = shape(json!({"thingName": "c", "metricName": "aws:num-messages-sent", "startTime": 0,
        "endTime": 2_000_000_000}));
    let list = bench.world.detect.list_metric_values(at(1200), &request, &bench.world.account).expect("known");
    let times: Vec<_> = list.metric_datum_list.iter().map(|datum| datum.timestamp).collect();
    assert_eq!(times, [at(300), at(600), at(900)]);
}

#[test]
fn d41_ch71_a_session_counts_wherever_it_was_open() {
    let criteria = json!({"comparisonOperator": "in-cidr-set", "value": {"cidrs": ["10.0.0.0/8"]}});
    let mut bench = Bench::watching(json!([on("aws:source-ip-address", criteria)]));
    bench.connect(10, PUMP, "192.168.0.1");
    bench.run_to(600);
    bench.connect(610, PUMP, "::ffff:10.0.0.9"); // takes the session over (V-37); D-24: it is an IPv4 address
    bench.run_to(1200);
    assert_eq!(
        bench.events(),
        [r#"300 in-alarm pump {"cidrs":["192.168.0.1"]}"#, r#"1200 alarm-cleared pump {"cidrs":["10.0.0.9"]}"#]
    );
}

#[test]
fn d13_a_dimension_on_addresses_looks_at_the_messages_exchanged_from_them() {
    let mut bench = Bench::new();
    bench.change(0, |world, now| {
        let dimension = shape(json!({"name": "d", "type": "TOPIC_FILTER", "stringValues": ["secret/#"]}));
        world.detect.create_dimension(now, &dimension, &world.account).expect("valid");
        let criteria = json!({"comparisonOperator": "in-cidr-set", "value": {"cidrs": ["10.0.0.0/8"]}});
        let mut behavior = on("aws:source-ip-address", criteria);
        behavior["metricDimension"] = json!({"dimensionName": "d"});
        world.watch(now, "P", json!([behavior]), "all/things");
    });
    bench.connect(10, PUMP, "192.168.0.1");
    bench.publish(20, PUMP, "open", 1);
    bench.run_to(300);
    assert_eq!(bench.events().len(), 0);
    bench.publish(310, PUMP, "secret/a", 1);
    bench.run_to(600);
    assert_eq!(bench.events(), [r#"600 in-alarm pump {"cidrs":["192.168.0.1"]}"#]);
}

#[test]
fn d42_ch72_a_device_that_never_connected_has_no_disconnect_duration() {
    let criteria = json!({"comparisonOperator": "less-than", "value": {"count": 0}});
    let mut bench = Bench::watching(json!([on("aws:disconnect-duration", criteria)]));
    bench.happens(10, PUMP, BrokerAction::Connect { source_ip: [10, 0, 0, 1].into(), success: false });
    bench.run_to(900);
    assert_eq!(bench.events().len(), 0);
    bench.connect(910, PUMP, "10.0.0.1");
    bench.run_to(1200);
    assert_eq!(bench.events(), [r#"1200 in-alarm pump {"count":0}"#]); // nothing is less than 0
}

#[test]
fn d42_a_disconnection_may_be_longer_than_anything_else_is_remembered() {
    let criteria = json!({"comparisonOperator": "less-than", "value": {"count": 1440}});
    let mut bench = Bench::watching(json!([on("aws:disconnect-duration", criteria)]));
    bench.connect(10, PUMP, "10.0.0.1");
    bench.disconnect(300, PUMP);
    bench.run_to(2 * 86_400);
    assert_eq!(bench.events(), [r#"86700 in-alarm pump {"count":1440}"#]);
}

#[test]
fn d43_ch73_reports_are_judged_on_arrival_and_sums_slide() {
    let mut bench = Bench::watching(json!([bound("aws:all-bytes-out", "less-than", 300, 1, 1)]));
    bench.report(10, PUMP, &bytes_out(200));
    bench.report(310, PUMP, &bytes_out(200)); // (10, 310] no longer reaches the first
    assert_eq!(bench.events().len(), 0);
    bench.report(609, PUMP, &bytes_out(200)); // less than 300 s later, as no intake would let through
    assert_eq!(bench.events(), [r#"609 in-alarm pump {"count":400}"#]);
}

#[test]
fn d44_a_report_without_the_block_is_no_datapoint() {
    let mut bench = Bench::watching(json!([bound("aws:all-bytes-out", "greater-than", 300, 1, 1)]));
    bench.report(10, PUMP, &ports(&[22]));
    assert_eq!(bench.events().len(), 0);
}

#[test]
fn d30_a_report_is_about_the_name_in_its_topic() {
    let mut bench = Bench::watching(json!([bound("aws:all-bytes-out", "less-than", 300, 1, 1)]));
    bench.connect(5, PUMP, "10.0.0.1");
    bench.report(10, "another", &bytes_out(500));
    assert_eq!(bench.events(), [r#"10 in-alarm another {"count":500}"#]);
}

#[test]
fn d29_a_device_under_two_targets_of_a_profile_is_judged_once() {
    let mut bench = Bench::watching(json!([sent("less-than-equals", 0, 1, 1)]));
    bench.change(0, |world, now| world.attach(now, "P", "all/registered-things")).expect("valid");
    bench.watch(0, "Q", json!([sent("less-than-equals", 0, 1, 1)]), "all/things");
    bench.publish(10, PUMP, "t", 1);
    bench.run_to(300);
    assert_eq!(bench.events().len(), 2); // one for P, one for Q
}

#[test]
fn d27_who_is_covered_by_which_target() {
    for (target, pump, stranger) in
        [("all/things", true, true), ("all/registered-things", true, false), ("all/unregistered-things", false, true)]
    {
        let mut bench = Bench::new();
        bench.watch(0, "P", json!([sent("less-than-equals", 0, 1, 1)]), target);
        bench.publish(10, PUMP, "t", 1);
        bench.publish(10, "stranger", "t", 1);
        bench.run_to(300);
        let events = bench.events().join("\n");
        assert_eq!((events.contains(PUMP), events.contains("stranger")), (pump, stranger), "{target}");
    }
}

#[test]
fn d31_strange_names_are_not_monitored() {
    let mut bench = Bench::watching(json!([sent("less-than-equals", 0, 1, 1)]));
    bench.publish(10, "bell\u{7}", "t", 1);
    bench.publish(10, &"x".repeat(129), "t", 1);
    bench.run_to(300);
    assert_eq!(bench.events().len(), 0);
}

#[test]
fn d79_a_changed_dimension_counts_from_the_next_window() {
    let mut bench = Bench::new();
    bench.change(0, |world, now| {
        let dimension = shape(json!({"name": "d", "type": "TOPIC_FILTER", "stringValues": ["a"]}));
        world.detect.create_dimension(now, &dimension, &world.account).expect("valid");
        let mut behavior = sent("less-than-equals", 0, 1, 2);
        behavior["metricDimension"] = json!({"dimensionName": "d"});
        world.watch(now, "P", json!([behavior]), "all/things");
    });
    bench.change(100, |world, now| {
        let update = shape(json!({"name": "d", "stringValues": ["b"]}));
        world.detect.update_dimension(now, &update, &world.account).expect("valid");
    });
    bench.publish(110, PUMP, "b", 1); // the old filter is in force until B+300
    bench.run_to(300);
    assert_eq!(bench.events().len(), 0);
    bench.publish(310, PUMP, "b", 1);
    bench.run_to(600);
    assert_eq!(bench.events(), [r#"600 in-alarm pump {"count":1}"#]);
}

#[test]
#[should_panic(expected = "followed by `sync`")]
fn an_unnoticed_change_is_refused() {
    let mut bench = Bench::new();
    bench.world.watch(at(0), "P", json!([]), "all/things");
    bench.run_to(300);
}

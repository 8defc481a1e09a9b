//! 12.9: statistical thresholds.

use serde_json::{Value, json};

use super::bench::{Bench, bytes_out, custom, on, ports};
use crate::detect::tests::fixture::shape;

fn statistical(metric: &str, operator: &str, statistic: &str) -> Value {
    let threshold = json!({"statistic": statistic});
    on(metric, json!({"comparisonOperator": operator, "statisticalThreshold": threshold, "durationSeconds": 300}))
}

/// One window in which device `i` publishes so many messages; the names of those that violate, by value.
fn violators(statistic: &str, operator: &str, values: &[u64]) -> Vec<u64> {
    let mut bench = Bench::watching(json!([statistical("aws:num-messages-sent", operator, statistic)]));
    for (i, value) in values.iter().enumerate() {
        let name = format!("d{i:04}");
        bench.connect(10, &name, "10.0.0.1");
        bench.publish_many(20, &name, *value);
        bench.disconnect(30, &name);
    }
    bench.run_to(300);
    let events = bench.events();
    assert!(events.iter().all(|event| event.starts_with("300 in-alarm")), "{events:?}");
    let value = |event: &String| -> u64 {
        let digits: String =
            event.rsplit(':').next().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
        digits.parse().expect("a count")
    };
    let mut found: Vec<u64> = events.iter().map(value).collect();
    found.sort_unstable();
    found
}

const ONE_TO_TEN: [u64; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

#[test]
fn t_d30_p90_at_most() {
    assert_eq!(violators("p90", "less-than-equals", &ONE_TO_TEN), [10]);
}

#[test]
fn t_d31_p90_below() {
    assert_eq!(violators("p90", "less-than", &ONE_TO_TEN), [9, 10]);
}

#[test]
fn t_d32_p50_of_four() {
    assert_eq!(violators("p50", "less-than-equals", &[3, 3, 8, 20]), [8, 20]);
}

#[test]
fn t_d33_p0_at_least() {
    assert_eq!(violators("p0", "greater-than-equals", &ONE_TO_TEN), [0; 0]);
}

#[test]
fn t_d34_p100_below() {
    assert_eq!(violators("p100", "less-than", &ONE_TO_TEN), [10]);
}

#[test]
fn t_d35_p99_of_ten() {
    assert_eq!(violators("p99", "less-than-equals", &ONE_TO_TEN), [0; 0]);
}

#[test]
fn t_d36_p99_9_of_a_thousand() {
    // Reports, so that a value is one event: device i sends i bytes.
    let mut bench = Bench::watching(json!([statistical("aws:all-bytes-out", "less-than-equals", "p99.9")]));
    (1..=1000u64).for_each(|i| bench.report(10, &format!("d{i:04}"), &bytes_out(i)));
    bench.run_to(300);
    assert_eq!(bench.events(), [r#"300 in-alarm d1000 {"count":1000}"#]);
}

#[test]
fn t_d37_one_device_is_no_population() {
    assert_eq!(violators("p0", "less-than", &[7]), [0; 0]);
    assert_eq!(violators("p0", "less-than", &[7, 7]), [7, 7]);
}

#[test]
fn t_d38_negative_custom_numbers() {
    for (values, expected) in [([-1.0, 2.0, 3.0], 0), ([1.0, 2.0, 3.0], 3)] {
        let mut bench = Bench::new();
        bench.change(0, |world, now| {
            let metric = shape(json!({"metricName": "level", "metricType": "number"}));
            world.detect.create_custom_metric(now, &metric, &world.account).expect("valid");
            world.watch(now, "P", json!([statistical("level", "less-than", "p0")]), "all/things");
        });
        for (i, value) in values.into_iter().enumerate() {
            bench.report(10, &format!("d{i}"), &custom("level", value));
        }
        bench.run_to(300);
        assert_eq!(bench.events().len(), expected);
    }
}

#[test]
fn t_d39_p10_above() {
    assert_eq!(violators("p10", "greater-than", &ONE_TO_TEN), [1]);
}

#[test]
fn d39_active_devices_with_zero_are_in_the_population() {
    assert_eq!(violators("p50", "less-than-equals", &[0, 0, 4]), [4]);
}

#[test]
fn d56_ch77_deltas_are_summed_and_of_gauges_the_last_counts() {
    let mut bench = Bench::watching(json!([
        statistical("aws:all-bytes-out", "less-than-equals", "p50"),
        {"name": "Ports", "metric": "aws:num-listening-tcp-ports",
         "criteria": {"comparisonOperator": "less-than-equals", "statisticalThreshold": {"statistic": "p50"},
                      "durationSeconds": 900}},
    ]));
    bench.report(10, "a", &bytes_out(40));
    bench.report(20, "a", &bytes_out(40));
    bench.report(10, "b", &bytes_out(50));
    bench.report(10, "c", &ports(&[1, 2, 3]));
    bench.report(310, "c", &ports(&[1]));
    bench.report(310, "d", &ports(&[1, 2]));
    bench.run_to(900);
    assert_eq!(bench.events(), [r#"300 in-alarm a {"count":80}"#, r#"900 in-alarm d {"count":2}"#]);
}

#[test]
fn d40_message_sizes_are_summed() {
    let mut bench = Bench::watching(json!([statistical("aws:message-byte-size", "less-than-equals", "p50")]));
    (0..3).for_each(|i| bench.publish(10 + i, "a", "t", 30));
    bench.publish(10, "b", "t", 80);
    bench.connect(10, "c", "10.0.0.1"); // no message, no value
    bench.run_to(300);
    assert_eq!(bench.events(), [r#"300 in-alarm a {"count":90}"#]);
}

#[test]
fn d57_ch78_the_population_is_the_profiles_own_devices() {
    let mut bench = Bench::new();
    bench.watch(
        0,
        "P",
        json!([statistical("aws:num-messages-sent", "less-than-equals", "p50")]),
        "all/registered-things",
    );
    bench.change(0, |world, now| world.thing(now, "valve"));
    for (name, count) in [("pump", 5), ("valve", 6), ("stranger", 1), ("other", 1), ("third", 1)] {
        bench.publish_many(10, name, count);
    }
    bench.run_to(300);
    assert_eq!(bench.events(), [r#"300 in-alarm valve {"count":6}"#]);
}

//! Retained values and exports (5.15).

use serde_json::{Value, json};

use super::bench::{Bench, PUMP, bytes_out, on, ports, sent};
use crate::detect::tests::fixture::{at, exception, shape};
use crate::detect::wire::MetricsExport;
use crate::error::Exception;

fn values(bench: &Bench, now: i64, thing: &str, metric: &str) -> Vec<Value> {
    let request = shape(json!({"thingName": thing, "metricName": metric, "startTime": 0, "endTime": 2_000_000_000}));
    let list = bench.world.detect.list_metric_values(at(now), &request, &bench.world.account).expect("known");
    let entries = list.metric_datum_list.into_iter();
    entries.map(|datum| json!([datum.timestamp.as_seconds_f64() - at(0).as_seconds_f64(), datum.value])).collect()
}

#[test]
fn d91_d92_ch92_what_is_retained_and_how_finely() {
    let mut behavior = sent("less-than-equals", 50, 1, 1);
    behavior["criteria"]["durationSeconds"] = json!(900);
    let mut bench = Bench::watching(json!([behavior]));
    bench.update(0, "P", json!({"additionalMetricsToRetain": ["aws:listening-tcp-ports"]})).expect("valid");
    bench.publish_many(10, PUMP, 3);
    bench.report(20, PUMP, &ports(&[443, 22]));
    bench.publish_many(610, PUMP, 4);
    bench.run_to(900);
    let sent = values(&bench, 900, PUMP, "aws:num-messages-sent");
    assert_eq!(sent, [json!([300.0, {"count": 3}]), json!([900.0, {"count": 4}])]);
    assert_eq!(values(&bench, 900, PUMP, "aws:listening-tcp-ports"), [json!([20.0, {"ports": [22, 443]}])]);
    assert_eq!(values(&bench, 900, PUMP, "aws:all-bytes-out"), [Value::Null; 0]); // known, not retained
}

#[test]
fn q20_data_is_kept_for_fourteen_days() {
    let mut bench = Bench::watching(json!([sent("less-than-equals", 50, 1, 1)]));
    bench.publish_many(10, PUMP, 3);
    bench.run_to(300);
    let later = 300 + 14 * 86_400;
    assert_eq!(values(&bench, later, PUMP, "aws:num-messages-sent").len(), 1);
    assert_eq!(values(&bench, later + 1, PUMP, "aws:num-messages-sent").len(), 0);
}

#[test]
fn ch91_unknown_things_and_metrics() {
    let mut bench = Bench::watching(json!([sent("less-than-equals", 50, 1, 1)]));
    bench.publish_many(10, "stranger", 3);
    bench.run_to(300);
    assert_eq!(values(&bench, 300, "stranger", "aws:num-messages-sent").len(), 1);
    for (thing, metric) in [("nobody", "aws:num-messages-sent"), (PUMP, "nonesuch")] {
        let request = shape(json!({"thingName": thing, "metricName": metric, "startTime": 0, "endTime": 1}));
        let refused = bench.world.detect.list_metric_values(at(300), &request, &bench.world.account);
        assert_eq!(exception(refused), Exception::ResourceNotFound, "{thing} {metric}");
    }
}

/// A profile that exports everything it looks at.
fn exporting(behaviors: Vec<Value>) -> Bench {
    let behaviors: Vec<Value> = behaviors
        .into_iter()
        .enumerate()
        .map(|(i, mut behavior)| {
            behavior["name"] = json!(format!("B{i}"));
            behavior["exportMetric"] = json!(true);
            behavior
        })
        .collect();
    let request = shape(json!({"securityProfileName": "P", "behaviors": behaviors, "metricsExportConfig": {
        "mqttTopic": "$aws/rules/metrics", "roleArn": "arn:aws:iam::123456789012:role/export"}}));
    let mut bench = Bench::new();
    bench.change(0, |world, now| {
        world.detect.create_security_profile(now, &request, &world.account).expect("valid");
        world.attach(now, "P", "all/things").expect("valid");
    });
    bench
}

fn exported(bench: &mut Bench) -> Vec<Vec<Value>> {
    let messages = bench.world.detect.take_exports();
    assert!(messages.iter().all(|message| message.mqtt_topic == "$aws/rules/metrics"));
    let short = |message: MetricsExport| {
        assert_eq!(message.version, "1.0");
        let entries = message.metrics.into_iter();
        entries.map(|e| json!([e.name, e.thing, e.value, (e.timestamp - at(0)).0 / 1000])).collect()
    };
    messages.into_iter().map(|message| short(message.message)).collect()
}

#[test]
fn d93_d94_cloud_side_values_are_exported_in_batches() {
    let size = on("aws:message-byte-size", json!({"comparisonOperator": "less-than", "value": {"count": 1000}}));
    let mut bench = exporting(vec![sent("less-than-equals", 50, 1, 1), size]);
    [10, 30, 20].into_iter().for_each(|bytes| bench.publish(10, PUMP, "t", bytes));
    bench.publish(20, "valve", "t", 7);
    bench.run_to(300);
    assert_eq!(
        exported(&mut bench),
        [[
            json!(["aws:message-byte-size-min", PUMP, {"count": 10}, 300]),
            json!(["aws:message-byte-size-max", PUMP, {"count": 30}, 300]),
            json!(["aws:message-byte-size-total", PUMP, {"count": 60}, 300]),
            json!(["aws:num-messages-sent", PUMP, {"count": 3}, 300]),
            json!(["aws:message-byte-size-min", "valve", {"count": 7}, 300]),
            json!(["aws:message-byte-size-max", "valve", {"count": 7}, 300]),
            json!(["aws:message-byte-size-total", "valve", {"count": 7}, 300]),
            json!(["aws:num-messages-sent", "valve", {"count": 1}, 300]),
        ]]
    );
    bench.run_to(600);
    assert_eq!(exported(&mut bench), [[Value::Null; 0]; 0]);
}

#[test]
fn d94_reported_values_are_exported_one_by_one() {
    let bytes = on(
        "aws:all-bytes-out",
        json!({"comparisonOperator": "less-than", "value": {"count": 1000}, "durationSeconds": 900}),
    );
    let mut bench = exporting(vec![bytes]);
    bench.report(10, PUMP, &bytes_out(100));
    bench.report(310, PUMP, &bytes_out(200));
    assert_eq!(
        exported(&mut bench),
        [
            [json!(["aws:all-bytes-out", PUMP, {"count": 100}, 10])],
            [json!(["aws:all-bytes-out", PUMP, {"count": 200}, 310])],
        ]
    );
}

#[test]
fn d94_disconnect_durations_are_exported_in_seconds_hourly_and_at_changes() {
    let criteria = json!({"comparisonOperator": "less-than", "value": {"count": 9000}});
    let mut bench = exporting(vec![on("aws:disconnect-duration", criteria)]);
    bench.connect(10, PUMP, "10.0.0.1");
    bench.disconnect(400, PUMP);
    bench.run_to(3600);
    let entry = |seconds: i64, time: i64| json!(["aws:disconnect-duration", PUMP, {"count": seconds}, time]);
    assert_eq!(exported(&mut bench), [[entry(0, 10)], [entry(0, 400)], [entry(3200, 3600)]]);
}

//! ML behaviors in the running service (5.10).

use serde_json::{Value, json};

use super::bench::{Bench, PUMP, bytes_out};
use crate::detect::percentile::Multiset;
use crate::detect::tests::fixture::{at, shape};
use crate::detect::wire::{BehaviorModelTrainingSummary, ModelStatus};

const DAY: i64 = 86_400;

fn learned(metric: &str) -> Value {
    json!({"name": "Learned", "metric": metric, "criteria": {"mlDetectionConfig": {"confidenceLevel": "HIGH"}}})
}

/// Lets the model see what a large fleet would have shown it.
fn train(bench: &mut Bench, second: i64, value: f64, times: u64) {
    let evaluation = bench.world.evaluation("P", "Learned");
    let mut values = Multiset::default();
    values.add(value, times);
    bench.run_to(second);
    bench.world.detect.learn_many(evaluation, at(second), &values);
}

fn summary(bench: &Bench, second: i64) -> BehaviorModelTrainingSummary {
    let answer = bench.world.detect.get_behavior_model_training_summaries(at(second), &shape(json!({}))).expect("all");
    answer.summaries.into_iter().next().expect("one ML behavior")
}

#[test]
fn t_d40_t_d42_an_active_model_judges() {
    let mut bench = Bench::watching(json!([learned("aws:num-messages-sent")]));
    train(&mut bench, DAY, 100.0, 25_000);
    bench.run_to(14 * DAY - 300);
    assert_eq!(summary(&bench, 14 * DAY - 300).model_status, ModelStatus::PendingBuild);
    bench.run_to(14 * DAY);
    let built = summary(&bench, 14 * DAY);
    assert_eq!((built.model_status, built.datapoints_collection_percentage), (ModelStatus::Active, 100.0));
    assert_eq!(
        (built.training_data_collection_start_date, built.last_model_refresh_date),
        (Some(at(0)), Some(at(14 * DAY)))
    );
    bench.publish_many(14 * DAY + 10, PUMP, 130);
    bench.publish_many(14 * DAY + 310, PUMP, 131);
    bench.publish_many(14 * DAY + 610, PUMP, 100);
    bench.run_to(14 * DAY + 900);
    assert_eq!(
        bench.events(),
        [
            format!(r#"{} in-alarm pump {{"count":131}}"#, 14 * DAY + 600),
            format!(r#"{} alarm-cleared pump {{"count":100}}"#, 14 * DAY + 900),
        ]
    );
    // D-ML10: violations of ML behaviors name their confidence level.
    let alerts = bench.world.alerts(at(14 * DAY + 900));
    assert_eq!(alerts[0]["violationEventAdditionalInfo"], json!({"confidenceLevel": "HIGH"}));
    assert_eq!(bench.world.detect.model_diagnostics(at(14 * DAY))[0].model, "engine-stand-in");
}

#[test]
fn t_d41_d_ml2_d_ml3_d_ml5_pending_behaviors_raise_nothing() {
    let mut bench = Bench::watching(json!([learned("aws:num-messages-sent")]));
    train(&mut bench, DAY, 100.0, 24_999);
    bench.run_to(14 * DAY);
    let pending = summary(&bench, 14 * DAY);
    assert_eq!((pending.model_status, pending.datapoints_collection_percentage), (ModelStatus::PendingBuild, 99.996));
    bench.publish_many(14 * DAY + 10, PUMP, 5000);
    bench.run_to(14 * DAY + 300);
    assert_eq!(bench.events().len(), 0);
}

#[test]
fn t_d43_d_ml3_fourteen_days_are_needed_too() {
    let mut bench = Bench::watching(json!([learned("aws:num-messages-sent")]));
    train(&mut bench, DAY, 100.0, 40_000);
    bench.run_to(13 * DAY);
    let pending = summary(&bench, 13 * DAY);
    assert_eq!((pending.model_status, pending.datapoints_collection_percentage), (ModelStatus::PendingBuild, 100.0));
}

#[test]
fn t_d44_d_ml6_detached_for_a_month() {
    let mut bench = Bench::watching(json!([learned("aws:num-messages-sent")]));
    train(&mut bench, DAY, 100.0, 25_000);
    bench.run_to(14 * DAY);
    bench.change(14 * DAY, |world, now| world.detach(now, "P", "all/things")).expect("attached");
    bench.run_to(45 * DAY);
    assert_eq!(summary(&bench, 45 * DAY).model_status, ModelStatus::Expired);
    bench.change(45 * DAY, |world, now| world.attach(now, "P", "all/things")).expect("valid");
    train(&mut bench, 46 * DAY, 100.0, 25_000);
    bench.run_to(60 * DAY);
    assert_eq!(summary(&bench, 60 * DAY).model_status, ModelStatus::Expired);
}

#[test]
fn d_ml1_datapoints_of_all_devices_are_learned_reports_too() {
    let mut bench = Bench::watching(json!([learned("aws:all-bytes-out")]));
    for window in 0..10 {
        for device in ["a", "b", PUMP] {
            bench.report(window * 300 + 10, device, &bytes_out(100));
        }
    }
    assert_eq!(summary(&bench, 3000).datapoints_collection_percentage, 100.0 * 30.0 / 25_000.0);
}

#[test]
fn d80_alarms_end_with_the_model() {
    let mut bench = Bench::watching(json!([learned("aws:num-messages-sent")]));
    train(&mut bench, DAY, 100.0, 25_000);
    bench.run_to(14 * DAY);
    bench.connect(14 * DAY + 5, PUMP, "10.0.0.1");
    bench.publish_many(14 * DAY + 10, PUMP, 5000);
    bench.disconnect(14 * DAY + 15, PUMP);
    bench.run_to(14 * DAY + 300);
    assert_eq!(bench.alarms(), 1);
    // The datapoints of day 1 leave the trailing 14 days after the tick of day 14: from day 15 on builds fail, and
    // on day 45 the retries are over. A few busy hours each day keep the device from falling silent.
    for day in 15..45 {
        bench.publish_many(day * DAY + 10, PUMP, 5000);
    }
    bench.run_to(45 * DAY - 300);
    assert_eq!((bench.alarms(), summary(&bench, 45 * DAY - 300).model_status), (1, ModelStatus::Active));
    bench.world.alerts(at(45 * DAY - 300));
    bench.run_to(45 * DAY);
    assert_eq!((bench.alarms(), summary(&bench, 45 * DAY).model_status), (0, ModelStatus::Expired));
    let alerts = bench.world.alerts(at(45 * DAY));
    assert_eq!((alerts.len(), &alerts[0]["violationEventType"]), (1, &json!("alarm-invalidated")));
    bench.publish_many(45 * DAY + 10, PUMP, 9000);
    bench.run_to(45 * DAY + 300);
    assert_eq!(bench.alarms(), 0);
}

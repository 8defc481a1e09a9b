//! There and back: what a simulated fleet shows, written down as recorded metrics and replayed, raises the alarms of the
//! run that it came from.

use std::fmt::Write;
use std::sync::Arc;

use defender::detect::columns::{Column, has_lane};
use defender::metric::Metric;
use defender::time::{Millis, Timestamp};

use super::{RunOptions, Unobserved, World, run};
use crate::outcome::{Alarm, Outcome};
use crate::recording::{Recording, read};
use crate::scenario::{Scenario, load_text};

const WORLD: &str = r##"
seed = 5
start = 2026-06-01T00:00:00Z
duration = "1d"
[[group]]
name = "fleet"
[[policy]]
name = "device"
document = "device.json"
[[class]]
name = "meter"
archetype = "smart-meter"
count = 60
policies = ["device"]
groups = ["fleet"]
overrides = { report-interval = "15m" }
[[class]]
name = "thermostat"
archetype = "thermostat"
count = 40
policies = ["device"]
groups = ["fleet"]
[[profile]]
document = "profile.json"
targets = ["thinggroup/fleet"]
[[attack]]
name = "leak"
start = "6h"
duration = "8h"
targets = { count = 12 }
exfiltration = { rate = "150 B/s", message-size = "1 KiB" }
[[attack]]
name = "probing"
start = "9h"
duration = "1h"
stagger = "1h"
targets = { count = 7 }
authorization-probing = { rate = "6/min" }
[documents]
"device.json" = '''
{ "Version": "2012-10-17", "Statement": [
  { "Effect": "Allow", "Action": ["iot:Connect", "iot:Subscribe"], "Resource": "*" },
  { "Effect": "Allow", "Action": ["iot:Publish", "iot:Receive"], "Resource": [
    "arn:aws:iot:*:*:topic/devices/${iot:Connection.Thing.ThingName}/*",
    "arn:aws:iot:*:*:topic/$aws/things/${iot:Connection.Thing.ThingName}/*" ] } ] }
'''
"profile.json" = '''
{ "securityProfileName": "Watch", "behaviors": [
  { "name": "Sent", "metric": "aws:num-messages-sent", "criteria": { "comparisonOperator": "less-than-equals",
    "value": { "count": 5 }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } },
  { "name": "Usual", "metric": "aws:num-messages-received", "criteria": { "comparisonOperator": "less-than-equals",
    "statisticalThreshold": { "statistic": "p99" }, "durationSeconds": 900 } },
  { "name": "Size", "metric": "aws:message-byte-size", "criteria": { "comparisonOperator": "less-than-equals",
    "value": { "count": 1000 }, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } },
  { "name": "Failures", "metric": "aws:num-authorization-failures", "criteria": { "comparisonOperator": "less-than-equals",
    "value": { "count": 1 }, "durationSeconds": 600, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } },
  { "name": "BytesOut", "metric": "aws:all-bytes-out", "criteria": { "comparisonOperator": "less-than-equals",
    "value": { "count": 60000 }, "durationSeconds": 1800, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } },
  { "name": "Connections", "metric": "aws:num-established-tcp-connections", "criteria": {
    "comparisonOperator": "less-than-equals", "value": { "count": 1 }, "consecutiveDatapointsToAlarm": 1 } } ] }
'''
"##;

const METRICS: [(Metric, Column); 6] = [
    (Metric::NumMessagesSent, Column::Sent),
    (Metric::NumMessagesReceived, Column::Received),
    (Metric::MessageByteSize, Column::LargestMessage),
    (Metric::NumAuthorizationFailures, Column::AuthorizationFailures),
    (Metric::AllBytesOut, Column::BytesOut),
    (Metric::NumEstablishedTcpConnections, Column::EstablishedConnections),
];

fn world() -> Scenario {
    load_text("world.toml", WORLD).unwrap_or_else(|problems| panic!("{problems}")).scenario
}

/// What a scenario's devices do of their own accord, as a table of recorded metrics.
fn written_down(scenario: &Scenario, keep: impl Fn(&Column, Timestamp) -> bool) -> String {
    let quiet = Scenario { attacks: Vec::new(), ..scenario.clone() };
    let mut world = World::new(&quiet, &[], RunOptions { telemetry: true, ..RunOptions::default() }).expect("a world");
    let mut table = "timestamp,thing,value,metric\n".to_owned();
    for index in 0..world.ticks {
        for shard in &mut world.shards {
            let (first, lanes) = (shard.first, shard.lanes());
            let tick = shard.sampled(&world.common, index);
            for lane in 0..lanes {
                let name = world.fleet.account.thing_name(defender::ids::ThingId(first + lane as u32));
                for (metric, column) in &METRICS {
                    let value = tick.column(*column)[lane];
                    let reported = column.is_device_side();
                    let present = has_lane(if reported { &tick.reported } else { &tick.active }, lane);
                    let arrival = tick.start + Millis(i64::from(tick.arrival[lane]));
                    let time = if reported { arrival } else { tick.end };
                    if present && !(column.zero_is_absent() && value == 0) && keep(column, time) {
                        let _ = writeln!(table, "{},{name},{value},{metric}", time.0);
                    }
                }
            }
        }
    }
    table
}

fn recorded(table: &str, scenario: &Scenario) -> Recording {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("metrics.csv");
    std::fs::write(&path, table).expect("it can be written");
    read(&[path], scenario).unwrap_or_else(|problems| panic!("{problems}")).recording
}

fn outcome(scenario: &Scenario) -> Outcome {
    run(scenario, RunOptions { threads: Some(1), ..RunOptions::default() }, &mut Unobserved).expect("it runs").outcome
}

fn replayed(table: &str) -> (Scenario, Outcome) {
    let scenario = world();
    let replaying = scenario.replaying(Arc::new(recorded(table, &scenario)));
    let outcome = outcome(&replaying);
    (replaying, outcome)
}

fn of<'a>(outcome: &'a Outcome, behavior: &str) -> Vec<&'a Alarm> {
    let position = outcome.behaviors.iter().position(|row| row.name == behavior).expect("a behavior");
    outcome.alarms.iter().filter(|alarm| alarm.behavior as usize == position).collect()
}

/// All of its alarms but their ids.
fn told(outcome: &Outcome, behavior: &str) -> Vec<String> {
    let without_id = |alarm: &&Alarm| Alarm { violation_id: String::new(), ..(*alarm).clone() };
    of(outcome, behavior).iter().map(|alarm| format!("{:?}", without_id(alarm))).collect()
}

#[test]
fn a_recorded_run_raises_the_alarms_of_the_run() {
    let scenario = world();
    let original = outcome(&scenario);
    let (replaying, replay) = replayed(&written_down(&scenario, |_, _| true));
    assert_eq!((replaying.start, replaying.duration, replaying.devices()), (scenario.start, scenario.duration, 100));
    assert_eq!(
        format!("{:?}", replay.truth),
        format!("{:?}", original.truth),
        "the same attacks on the same devices, with the same harm"
    );
    for behavior in ["Sent", "Usual", "Size", "Failures", "BytesOut", "Connections"] {
        assert!(!of(&original, behavior).is_empty(), "{behavior} raises alarms in the run");
        let (found, expected) = (told(&replay, behavior), told(&original, behavior));
        let first = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert_eq!((first, found.len()), (None, expected.len()), "{behavior}");
    }
}

#[test]
fn what_was_not_recorded_is_not_judged_and_gaps_stay_gaps() {
    let scenario = world();
    let cut = scenario.start + Millis::hours(10);
    // No bytes at all, and no message counts after ten hours.
    let kept = |column: &Column, time: Timestamp| match column {
        Column::BytesOut => false,
        Column::Sent => time <= cut,
        _ => true,
    };
    let (_, replay) = replayed(&written_down(&scenario, kept));
    let original = outcome(&scenario);
    assert!(of(&replay, "BytesOut").is_empty());
    let raised = |outcome: &Outcome| -> Vec<(Timestamp, u32)> {
        of(outcome, "Sent").iter().map(|alarm| (alarm.raised, alarm.device.0)).collect()
    };
    let before: Vec<_> = raised(&original).into_iter().filter(|(raised, _)| *raised <= cut).collect();
    assert!(before.len() < raised(&original).len(), "some are raised later");
    assert_eq!(raised(&replay), before);
    assert_eq!(told(&replay, "Failures"), told(&original, "Failures"), "other metrics go on");
}

#[test]
fn traffic_scales_what_was_recorded() {
    let scenario = world();
    let replaying = scenario.replaying(Arc::new(recorded(&written_down(&scenario, |_, _| true), &scenario)));
    let sum = |traffic: f64| {
        let mut scenario = Scenario { attacks: Vec::new(), ..replaying.clone() };
        scenario.replay.as_mut().expect("it replays").traffic = traffic;
        let mut world = World::new(&scenario, &[], RunOptions::default()).expect("a world");
        let mut sums = [0u64; 3];
        for index in 0..world.ticks {
            let tick = world.shards[0].sampled(&world.common, index);
            for (sum, column) in sums.iter_mut().zip([Column::Sent, Column::BytesOut, Column::EstablishedConnections]) {
                *sum += tick.column(column).iter().map(|value| u64::from(*value)).sum::<u64>();
            }
        }
        sums.map(|sum| sum as f64)
    };
    let (as_it_was, more) = (sum(1.0), sum(1.25));
    // Some ten thousand messages, each window rounded by chance: half a percent is ten standard errors.
    assert!((more[0] / as_it_was[0] - 1.25).abs() < 0.005, "{as_it_was:?} {more:?}");
    assert!((more[1] / as_it_was[1] - 1.25).abs() < 0.001, "{as_it_was:?} {more:?}");
    assert_eq!(more[2], as_it_was[2], "connections are no traffic");
}

#[test]
fn another_time_moves_attacks_in_proportion() {
    let scenario = world();
    let half = scenario.during(scenario.start + Millis::hours(12), Millis::hours(12));
    let leak = &half.attacks[0];
    assert_eq!(leak.start, crate::scenario::Onset::At(Millis::hours(3)));
    assert_eq!(leak.duration, Millis::hours(8), "eight hours from the third of twelve are there");
    assert_eq!(half.attacks[1].stagger, Millis::minutes(30));
    let same = scenario.during(scenario.start, scenario.duration);
    assert_eq!(format!("{:?}", same.attacks), format!("{:?}", scenario.attacks));
}

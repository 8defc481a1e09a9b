//! What an account measures beside the service's own metrics, in a simulated fleet.

use sim::outcome::{Outcome, Value};
use sim::scenario::load_text;
use sim::world::{Run, RunOptions, Unobserved, run};

use crate::attacks::WORLD;

/// The world of the attacks with more in front of its classes, and another profile.
pub fn world(more: &str, behaviors: &[&str]) -> String {
    let (rest, _) = WORLD.split_once("\"profile.json\" = '''").expect("the world has a profile");
    let rest = rest.replacen("[[class]]", &format!("{more}\n[[class]]"), 1);
    let profile = format!(r#"{{ "securityProfileName": "Own", "behaviors": [{}] }}"#, behaviors.join(",\n"));
    format!("{rest}\"profile.json\" = '''\n{profile}\n'''\n")
}

pub fn play(text: &str, threads: usize) -> Run {
    let scenario = load_text("world.toml", text).unwrap_or_else(|problems| panic!("{problems}")).scenario;
    let options = RunOptions { threads: Some(threads), telemetry: true, ..RunOptions::default() };
    run(&scenario, options, &mut Unobserved).expect("it runs")
}

/// What is wrong with a scenario.
pub fn problems(text: &str) -> String {
    load_text("world.toml", text).err().map(|problems| problems.to_string()).unwrap_or_default()
}

fn alarms<'a>(outcome: &'a Outcome, behavior: &str) -> Vec<&'a sim::outcome::Alarm> {
    let position = outcome.behaviors.iter().position(|row| row.name == behavior).expect("there is such a behavior");
    outcome.alarms.iter().filter(|alarm| alarm.behavior as usize == position).collect()
}

const HEAT: &str = r#"{ "name": "Heat", "metric": "cpu-temperature", "criteria": { "comparisonOperator": "less-than",
    "value": { "number": 80.5 }, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } }"#;
const NEVER: &str = r#"{ "name": "Never", "metric": "cpu-temperature", "criteria": { "comparisonOperator": "greater-than",
    "value": { "number": -40 } } }"#;
const PROCESSES: &str = r#"{ "name": "Processes", "metric": "running-processes", "criteria":
    { "comparisonOperator": "in-set", "value": { "strings": ["agent", "control"] } } }"#;
const RANK: &str = r#"{ "name": "Rank", "metric": "cpu-temperature", "criteria": { "comparisonOperator": "less-than-equals",
    "statisticalThreshold": { "statistic": "p90" }, "durationSeconds": 900 } }"#;

const METRICS: &str = r#"
[[custom-metric]]
name = "cpu-temperature"

[[custom-metric.reported]]
classes = "thermostat"
mean = 40.0
spread = 2.0
heterogeneity = 3.0

[[custom-metric]]
name = "running-processes"
type = "string-list"

[[custom-metric.reported]]
values = ["agent", "control"]
"#;

fn attack(parameters: &str) -> String {
    format!(
        "[[attack]]\nname = \"own\"\nstart = \"6h\"\nduration = \"4h\"\ntargets = {{ count = 12 }}\ncustom = {parameters}\n"
    )
}

#[test]
fn d10_d43_a_custom_number_alarms_where_an_attack_moves_it_and_nowhere_else() {
    let attack = attack("{ metric = \"cpu-temperature\", amount = 60.25 }");
    let run = play(&world(&format!("{METRICS}{attack}"), &[HEAT, NEVER, PROCESSES]), 2);
    let outcome = &run.outcome;
    let found = alarms(outcome, "Heat");
    let truth = &outcome.truth[0];
    assert_eq!(found.len(), 12);
    for alarm in &found {
        assert!(truth.devices.iter().any(|row| row.device == alarm.device));
        let Value::Number(value) = alarm.value else { panic!("{:?} is no number", alarm.value) };
        // Mean 40 with standard deviation √13, and 60.25 more: within six of them.
        assert!((value - 100.25).abs() < 6.0 * 13f64.sqrt(), "{value}");
        assert!(alarm.ended.is_some());
    }
    assert!(truth.disturbs.contains(&"cpu-temperature".to_owned()));
    assert!(alarms(outcome, "Never").is_empty() && alarms(outcome, "Processes").is_empty());
    // A report every five minutes, from each device that is in touch.
    let judged = |name: &str| outcome.behaviors.iter().find(|row| row.name == name).expect("it is there").datapoints;
    assert_eq!(judged("Heat"), 500 * 288);
    assert_eq!(judged("Processes"), 500 * 288);
}

#[test]
fn d53_a_custom_list_alarms_when_an_element_is_added() {
    let attack = attack("{ metric = \"running-processes\", values = [\"miner\"] }");
    let outcome = play(&world(&format!("{METRICS}{attack}"), &[PROCESSES]), 2).outcome;
    let found = alarms(&outcome, "Processes");
    assert_eq!(found.len(), 12);
    let expected = ["agent", "control", "miner"].map(str::to_owned).to_vec();
    assert_eq!(found[0].value, Value::Strings(expected));
}

/// With p90 of 500 devices, a tenth of them lies above, in every window in which all report.
#[test]
fn d56_d58_a_percentile_stands_on_a_custom_number() {
    let outcome = play(&world(METRICS, &[RANK]), 2).outcome;
    let row = &outcome.behaviors[0];
    assert_eq!(row.datapoints, 500 * 96);
    assert!((48 * 96..=50 * 96).contains(&row.violating), "{}", row.violating);
}

#[test]
fn custom_metrics_change_nothing_else_and_are_the_same_for_any_number_of_threads() {
    let sent = r#"{ "name": "Sent", "metric": "aws:num-messages-sent", "criteria": { "comparisonOperator":
        "less-than-equals", "value": { "count": 20 }, "durationSeconds": 300 } }"#;
    let (without, with) = (play(&world("", &[sent]), 2), play(&world(METRICS, &[sent, HEAT, PROCESSES]), 2));
    assert_eq!(without.telemetry, with.telemetry);
    let alone = play(&world(METRICS, &[sent, HEAT, PROCESSES]), 1);
    assert_eq!(with.outcome.header.digest, alone.outcome.header.digest);
}

#[test]
fn only_devices_with_an_agent_and_in_the_named_classes_report() {
    let text = world(METRICS, &[HEAT]);
    let other = "[[class]]\nname = \"lock\"\narchetype = \"lock\"\ncount = 100\npolicies = [\"device\"]\n\n[[profile]]";
    let outcome = play(&text.replacen("[[profile]]", other, 1), 2).outcome;
    assert_eq!(outcome.behaviors[0].datapoints, 500 * 288, "locks report other things");
    let silent =
        text.replacen("archetype = \"thermostat\"", "archetype = \"thermostat\"\noverrides = { agent = false }", 1);
    assert_eq!(play(&silent, 2).outcome.behaviors[0].datapoints, 0);
}

#[test]
fn mistakes_about_custom_metrics_are_told_with_their_places() {
    let more = r#"
[[custom-metric]]
name = "aws:heat"
[[custom-metric.reported]]
classes = "thermostats"
values = [1]

[[custom-metric]]
name = "addresses"
type = "ip-address-list"
[[custom-metric.reported]]
values = ["192.0.2.1", "nowhere"]

[[attack]]
name = "own"
start = "6h"
duration = "4h"
custom = { metric = "adresses", amount = 3 }
"#;
    insta::assert_snapshot!(problems(&world(more, &[HEAT])));
}

/// A behavior on messages, or on what its parameters say, of some topics.
fn on_topics(name: &str, metric: &str, operator: &str, most: u32) -> String {
    let duration = if metric.contains("size") { "" } else { r#", "durationSeconds": 300"# };
    format!(
        r#"{{ "name": "{name}", "metric": "aws:{metric}", "metricDimension": {{ "dimensionName": "usual", "operator": "{operator}" }},
        "criteria": {{ "comparisonOperator": "less-than-equals", "value": {{ "count": {most} }}{duration},
        "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 }} }}"#
    )
}

const USUAL: &str = r#"
[[dimension]]
name = "usual"
topic-filters = "devices/${iot:ClientId}/telemetry"
"#;

fn violating(outcome: &Outcome, behavior: &str) -> u64 {
    outcome.behaviors.iter().find(|row| row.name == behavior).expect("it is there").violating
}

/// Devices that publish on their own topic only: what counts there is everything, and nothing else is there.
#[test]
fn d12_in_counts_what_matches_and_not_in_the_rest() {
    let sent = r#"{ "name": "Sent", "metric": "aws:num-messages-sent", "criteria": { "comparisonOperator":
        "less-than-equals", "value": { "count": 4 }, "durationSeconds": 300 } }"#;
    let (inside, outside) =
        (on_topics("In", "num-messages-sent", "IN", 4), on_topics("Out", "num-messages-sent", "NOT_IN", 0));
    let outcome = play(&world(USUAL, &[sent, &inside, &outside]), 2).outcome;
    assert!(violating(&outcome, "Sent") > 1_000);
    assert_eq!(violating(&outcome, "In"), violating(&outcome, "Sent"));
    assert_eq!(violating(&outcome, "Out"), 0);
    assert!(
        outcome.behaviors.iter().all(|row| row.datapoints == 500 * 288),
        "a device that is active has a count (D-39)"
    );
}

#[test]
fn d12_d13_an_attack_on_another_topic_is_seen_there_only() {
    let attack = "[[attack]]\nname = \"own\"\nstart = \"6h\"\nduration = \"4h\"\ntargets = { count = 12 }\n\
                  custom = { metric = \"aws:num-messages-sent\", amount = 40, topic = \"devices/{thing}/secret\" }\n";
    let behaviors = [
        on_topics("In", "num-messages-sent", "IN", 20),
        on_topics("Out", "num-messages-sent", "NOT_IN", 20),
        on_topics("Size", "message-byte-size", "NOT_IN", 100),
        on_topics("Refused", "num-authorization-failures", "NOT_IN", 10),
    ];
    let behaviors: Vec<&str> = behaviors.iter().map(String::as_str).collect();
    let text = world(&format!("{USUAL}{attack}"), &behaviors);
    let outcome = play(&text, 2).outcome;
    assert_eq!(
        (alarms(&outcome, "In").len(), alarms(&outcome, "Out").len(), alarms(&outcome, "Size").len()),
        (0, 12, 12)
    );
    assert_eq!(alarms(&outcome, "Refused").len(), 0);
    // Where the policy does not let it publish, it is refused there (CH-56: with a topic, so it is not the usual one).
    let refused = text.replace("devices/{thing}/secret", "elsewhere/{thing}");
    let outcome = play(&refused, 2).outcome;
    assert_eq!((alarms(&outcome, "Out").len(), alarms(&outcome, "Refused").len()), (0, 12));
}

/// A third of the messages goes elsewhere: the shares of windows with none of them are those of the two counts.
#[test]
fn topic_shares_split_what_a_device_publishes_and_move_nothing_else() {
    let shared = "archetype = \"thermostat\"\noverrides = { publish-shares = { \"devices/{thing}/events\" = 0.3333 } }";
    let (inside, outside) =
        (on_topics("In", "num-messages-sent", "IN", 0), on_topics("Out", "num-messages-sent", "NOT_IN", 0));
    let plain = world(USUAL, &[&inside, &outside]);
    let split = plain.replacen("archetype = \"thermostat\"", shared, 1);
    let (plain, split) = (play(&plain, 2), play(&split, 1));
    assert_eq!(plain.telemetry, split.telemetry);
    let (all, usual, other) =
        (violating(&plain.outcome, "In"), violating(&split.outcome, "In"), violating(&split.outcome, "Out"));
    assert!(other > 0 && other < usual && usual < all && usual + other > all, "{all} {usual} {other}");
}

#[test]
fn mistakes_about_dimensions_are_told_with_their_places() {
    let more = "[[dimension]]\nname = \"usuall\"\ntopic-filters = [\"a/#/b\"]\n";
    let shared = "archetype = \"thermostat\"\noverrides = { publish-shares = { \"a\" = 0.7, \"b\" = 0.7 } }";
    let text = world(more, &[&on_topics("In", "num-messages-sent", "IN", 4)]);
    insta::assert_snapshot!(problems(&text.replacen("archetype = \"thermostat\"", shared, 1)));
}

/// The service learns custom metrics and splits source addresses by topic; the simulator says that it does not.
#[test]
fn what_a_simulated_fleet_is_not_judged_by_is_told_with_its_place() {
    let learned = r#"{ "name": "Learned", "metric": "cpu-temperature", "criteria": { "mlDetectionConfig":
        { "confidenceLevel": "HIGH" } } }"#;
    let sources = r#"{ "name": "Sources", "metric": "aws:source-ip-address", "metricDimension": { "dimensionName": "usual" },
        "criteria": { "comparisonOperator": "in-cidr-set", "value": { "cidrs": ["192.0.2.0/24"] } } }"#;
    insta::assert_snapshot!(problems(&world(&format!("{METRICS}{USUAL}"), &[HEAT, learned, sources])));
}

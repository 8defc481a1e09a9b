//! Same scenario and seed, same bits: for any number of threads, and whatever happens to other devices.

use std::path::Path;

use sim::event::{Event, first_difference};
use sim::scenario::{AttackPlan, LoadOptions, Scenario, Selector, load, load_text};
use sim::world::{Run, RunOptions, Unobserved, run};

/// First light in small: every road of the world is taken.
fn first_light(devices: u32) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/first-light.toml");
    let options = LoadOptions { devices: Some(devices), ..LoadOptions::default() };
    load(&path, &[], &options).unwrap_or_else(|problems| panic!("{problems}")).scenario
}

fn play(scenario: &Scenario, threads: usize) -> Run {
    let options = RunOptions { threads: Some(threads), telemetry: true, events: true, ..RunOptions::default() };
    run(scenario, options, &mut Unobserved).expect("a scenario that loads runs")
}

fn kept(run: &Run) -> &[Event] {
    run.events.as_deref().expect("asked for")
}

/// On a difference, names the first diverging event with its simulated time.
fn assert_same(left: &Run, right: &Run) {
    let (these, those) = (kept(left), kept(right));
    if let Some((position, left, right)) = first_difference(these, those) {
        let show = |event: Option<Event>| event.map_or("nothing".to_owned(), |event| event.to_string());
        panic!("event {position} differs: {} against {}", show(left), show(right));
    }
    assert_eq!(left.outcome.header.digest, right.outcome.header.digest);
}

/// The devices whose telemetry differs.
fn changed(left: &Run, right: &Run) -> Vec<usize> {
    let (left, right) = (left.telemetry.as_ref().expect("asked for"), right.telemetry.as_ref().expect("asked for"));
    (0..left.len().min(right.len())).filter(|device| left[*device] != right[*device]).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let scenario = first_light(3_000);
    let reference = play(&scenario, 1);
    assert!(reference.outcome.alarms.len() > 50, "a run without alarms proves little");
    assert!(!reference.outcome.jobs.is_empty() && !reference.outcome.findings.is_empty());
    for threads in [1, 2, 3, 8] {
        let other = play(&scenario, threads);
        assert_same(&reference, &other);
        assert_eq!(changed(&reference, &other), [0usize; 0]);
        assert_eq!(
            serde_json::to_string(&reference.outcome).expect("plain data"),
            serde_json::to_string(&other.outcome).expect("plain data")
        );
    }
}

#[test]
fn an_attack_on_one_device_leaves_all_others_as_they_were() {
    let scenario = first_light(3_000);
    let mut attacked = scenario.clone();
    attacked.attacks.push(AttackPlan {
        name: "one more".to_owned(),
        targets: Selector { classes: vec!["gateway".to_owned()], count: Some(1), ..Selector::default() },
        ..scenario.attacks[0].clone()
    });
    let (before, after) = (play(&scenario, 2), play(&attacked, 2));
    let act = after.outcome.truth.iter().find(|act| act.name == "one more").expect("it is in the ledger");
    assert_eq!(changed(&before, &after), [act.devices[0].device.0 as usize]);
}

#[test]
fn another_behavior_leaves_all_telemetry_as_it_was() {
    let scenario = first_light(3_000);
    let mut observed = scenario.clone();
    let behaviors = observed.profiles[0].request.behaviors.as_mut().expect("it has behaviors");
    let mut more = behaviors[0].clone();
    more.name = "OneMore".to_owned();
    behaviors.push(more);
    let (before, after) = (play(&scenario, 2), play(&observed, 2));
    assert_eq!(after.outcome.behaviors.len(), before.outcome.behaviors.len() + 1);
    assert_eq!(changed(&before, &after), [0usize; 0]);
}

#[test]
fn devices_added_at_the_end_of_a_class_leave_all_others_as_they_were() {
    let scenario = first_light(2_000);
    let mut larger = scenario.clone();
    let last = larger.classes.last_mut().expect("there are classes");
    last.count += 100;
    last.cohorts.last_mut().expect("a class has a cohort").count += 100;
    let (before, after) = (play(&scenario, 2), play(&larger, 2));
    assert_eq!(changed(&before, &after), [0usize; 0]);
    assert_eq!(after.telemetry.as_ref().map(Vec::len), before.telemetry.as_ref().map(|all| all.len() + 100));
}

/// What devices did, by their names: class and number.
fn by_name<'a>(scenario: &'a Scenario, run: &'a Run) -> std::collections::BTreeMap<(&'a str, u32), u64> {
    let names = scenario.classes.iter().flat_map(|class| (0..class.count).map(|number| (class.name.as_str(), number)));
    names.zip(run.telemetry.as_ref().expect("asked for").iter().copied()).collect()
}

#[test]
fn classes_in_another_order_do_the_same() {
    let mut scenario = first_light(2_000);
    let mut turned = scenario.clone();
    turned.classes.reverse();
    // Where a responder reaches a device decides which devices are told first, and that may be another one.
    scenario.responders.clear();
    turned.responders.clear();
    let (before, after) = (play(&scenario, 2), play(&turned, 2));
    assert_eq!(by_name(&scenario, &before), by_name(&turned, &after));
    assert_eq!(before.outcome.alarms.len(), after.outcome.alarms.len());
}

#[test]
fn sections_in_another_order_leave_telemetry_as_it_was() {
    let scenario = first_light(2_000);
    let mut turned = scenario.clone();
    turned.policies.reverse();
    turned.authorities.reverse();
    turned.confounders.reverse();
    turned.attacks.reverse();
    turned.mitigation_actions.reverse();
    let (before, after) = (play(&scenario, 2), play(&turned, 2));
    assert!(scenario.attacks.len() > 1 && scenario.policies.len() > 1, "one section alone has no order");
    assert_eq!(changed(&before, &after), [0usize; 0]);
}

/// Two or more of everything that has an order in a file: what strikes the same devices begins at the same time.
const SECTIONS: &str = r##"
seed = 8
start = 2026-06-01T00:00:00Z
duration = "12h"
compatibility = "lenient"

[account]
logging = "WARN"

[[authority]]
name = "ca-1"
not-before = 2022-01-01T00:00:00Z
not-after = 2036-01-01T00:00:00Z

[[authority]]
name = "ca-2"
not-before = 2023-01-01T00:00:00Z
not-after = 2037-01-01T00:00:00Z

[[policy]]
name = "device"
document = "device.json"

[[policy]]
name = "rest"
document = "rest.json"

[[policy]]
name = "quarantine"
document = "quarantine.json"

[[group]]
name = "fleet"

[[group]]
name = "homes"
parent = "fleet"

[[group]]
name = "roofs"
parent = "homes"
policies = ["rest"]

[[group]]
name = "quarantine"
policies = ["quarantine"]

[[class]]
name = "thermostat"
archetype = "thermostat"
count = 150
policies = ["device", "rest"]
groups = ["homes"]

[[class.cohort]]
name = "first"
count = 100
authority = "ca-1"
not-before = 2025-06-01T00:00:00Z
lifetime = "3650d"

[[class.cohort]]
name = "second"
count = 50
authority = "ca-2"
not-before = 2025-06-01T00:00:00Z
lifetime = "3650d"

[[class]]
name = "camera"
archetype = "camera"
count = 150
policies = ["device"]
groups = ["roofs"]

[[class.cohort]]
name = "cameras"
authority = "ca-2"
not-before = 2025-06-01T00:00:00Z
lifetime = "3650d"

[[profile]]
document = "messages.json"
targets = "thinggroup/fleet"

[[profile]]
document = "failures.json"
targets = ["thinggroup/roofs", "thinggroup/homes"]

[[attack]]
name = "probing"
start = "2h"
duration = "3h"
targets = { class = "camera", count = 20 }
authorization-probing = { rate = "6/min" }

[[attack]]
name = "silence"
start = "2h"
duration = "3h"
targets = { class = "thermostat" }
agent-silencing = {}

[[confounder]]
name = "upload"
start = "2h"
duration = "3h"
targets = { class = "camera" }
diagnostic-upload = { size = "64 KiB" }

[[confounder]]
name = "season"
start = "2h"
duration = "6h"
targets = {}
seasonal-load = { factor = 2.5 }

[[confounder]]
name = "holiday"
start = "2h"
duration = "6h"
targets = {}
holiday = { factor = 1.5 }

[[defect]]
name = "weak-keys"
weak-device-key = { count = 30 }

[[defect]]
name = "sharing"
shared-certificate = { count = 20, sharers = 4 }

[[defect]]
name = "running-out"
start = "1h"
expiring-certificates = { count = 40, expires-in = "4h" }

[[defect]]
name = "running-out-too"
start = "1h"
expiring-certificates = { count = 40, expires-in = "5h" }

[[defect]]
name = "two-of-a-name"
start = "1h"
conflicting-client-ids = { count = 20, every = "1h" }

[[defect]]
name = "too-much"
over-permissive-policy = { count = 10 }

[[fault]]
name = "loss"
start = "1h"
duration = "8h"
intensity = 0.3
report-loss = {}

[[fault]]
name = "bursts"
start = "1h"
duration = "8h"
report-loss-burst = {}

[[fault]]
name = "skew"
start = "1h"
duration = "8h"
intensity = 0.5
clock-skew = {}

[[fault]]
name = "drift"
start = "1h"
duration = "8h"
intensity = 0.5
clock-drift = { ppm = 900 }

[[fault]]
name = "delay"
start = "1h"
duration = "8h"
intensity = 0.5
report-delay = {}

[[fault]]
name = "duplicates"
start = "1h"
duration = "8h"
intensity = 0.5
report-duplication = {}

[[fault]]
name = "lag"
start = "1h"
duration = "8h"
intensity = 0.5
enforcement-lag = {}

[documents]
"device.json" = '''
{ "Version": "2012-10-17", "Statement": [
  { "Effect": "Allow", "Action": ["iot:Connect", "iot:Publish", "iot:Receive"], "Resource": "*" },
  { "Effect": "Allow", "Action": "iot:Subscribe", "Resource": "arn:aws:iot:us-east-1:123456789012:topicfilter/devices/${iot:Connection.Thing.ThingName}/*" } ] }
'''
"rest.json" = '''
{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "iot:GetThingShadow", "Resource": "*" }] }
'''
"quarantine.json" = '''
{ "Version": "2012-10-17", "Statement": [{ "Effect": "Deny", "Action": "iot:*", "Resource": "*" }] }
'''
"messages.json" = '''
{ "securityProfileName": "Messages", "behaviors": [
  { "name": "Sent", "metric": "aws:num-messages-sent", "criteria": {
    "comparisonOperator": "less-than", "value": { "count": 200 }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } },
  { "name": "BytesOut", "metric": "aws:all-bytes-out", "criteria": {
    "comparisonOperator": "less-than", "value": { "count": 1000000 }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } } ] }
'''
"failures.json" = '''
{ "securityProfileName": "Failures", "behaviors": [
  { "name": "Failures", "metric": "aws:num-authorization-failures", "criteria": {
    "comparisonOperator": "less-than", "value": { "count": 5 }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } } ] }
'''
"##;

/// The sections of a file, last first; what belongs to one (`[[class.cohort]]`) stays with it, in its order.
fn reversed(text: &str) -> String {
    let begins = |line: &str| line.starts_with('[') && !line.trim_end_matches(']').contains('.');
    let mut sections = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if begins(line) {
            sections.push(String::new());
        }
        *sections.last_mut().expect("there is one") += line;
    }
    let (head, rest) = sections.split_first().expect("there is one");
    std::iter::once(head).chain(rest.iter().rev()).map(String::as_str).collect()
}

#[test]
fn a_file_read_backwards_is_the_same_world() {
    let read = |text: &str| load_text("sections", text).unwrap_or_else(|problems| panic!("{problems}")).scenario;
    let (scenario, turned) = (read(SECTIONS), read(&reversed(SECTIONS)));
    assert_eq!(turned.defects[0].name, scenario.defects[scenario.defects.len() - 1].name, "it was turned");
    let (before, after) = (play(&scenario, 2), play(&turned, 2));
    let (these, those) = (by_name(&scenario, &before), by_name(&turned, &after));
    let differ: Vec<_> = these.iter().filter(|(name, hash)| those.get(*name) != Some(hash)).collect();
    assert!(differ.is_empty(), "{} devices differ, first {:?}", differ.len(), differ[0]);
    let alarms = |run: &Run| {
        let told = run.outcome.alarms.iter().map(|alarm| {
            let behavior = &run.outcome.behaviors[alarm.behavior as usize];
            (alarm.raised, run.outcome.device_name(alarm.device), behavior.name.clone())
        });
        told.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(alarms(&before), alarms(&after));
    assert!(alarms(&before).len() > 20, "a quiet world proves little");
    let alone = |without: fn(&mut Scenario)| {
        let mut less = scenario.clone();
        without(&mut less);
        changed(&before, &play(&less, 2)).len()
    };
    assert!(alone(|less| less.defects.clear()) > 50, "defects show in what devices do");
    assert!(alone(|less| less.faults.clear()) > 50, "and so do faults");
}

#[test]
fn another_seed_is_another_world() {
    let scenario = first_light(1_000);
    let other = Scenario { seed: scenario.seed + 1, ..scenario.clone() };
    assert_ne!(play(&scenario, 2).outcome.header.digest, play(&other, 2).outcome.header.digest);
}

/// A change of this digest means that the world is different: say why in the commit message.
#[test]
fn golden_digest() {
    let run = play(&first_light(1_000), 2);
    assert_eq!(run.outcome.header.digest, "864f47f244920d52458e9553bdc97d2b0377943e2466955d3cb00605fde6f1c4");
}

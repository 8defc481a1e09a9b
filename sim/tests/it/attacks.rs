//! What attacks and innocent events do emerges: nobody scripts the alarms, the broker's refusals or the containment.

use sim::outcome::{Act, Alarm, Outcome};
use sim::scenario::{LoadOptions, Scenario, load};
use sim::world::{RunOptions, Unobserved, run};

/// Five hundred thermostats, one day, a profile with a behavior per metric of interest.
pub const WORLD: &str = r##"
seed = 11
start = 2026-06-01T00:00:00Z
duration = "1d"
mitigation-actions = ["quarantine.json"]

[account]
region = "eu-central-1"

[[authority]]
name = "ca"
not-before = 2022-01-01T00:00:00Z
not-after = 2036-01-01T00:00:00Z

[[policy]]
name = "device"
document = "device.json"

[[policy]]
name = "quarantine"
document = "quarantine-policy.json"

[[group]]
name = "quarantine"
policies = ["quarantine"]

[[class]]
name = "thermostat"
archetype = "thermostat"
count = 500
policies = ["device"]
source-networks = ["100.72.0.0/15"]

[[class.cohort]]
name = "all"
not-before = 2025-06-01T00:00:00Z
lifetime = "3650d"

[[profile]]
document = "profile.json"

[documents]
"device.json" = '''
{ "Version": "2012-10-17", "Statement": [
  { "Effect": "Allow", "Action": "iot:Connect",
    "Resource": "arn:aws:iot:eu-central-1:123456789012:client/${iot:Connection.Thing.ThingName}",
    "Condition": { "Bool": { "iot:Connection.Thing.IsAttached": "true" } } },
  { "Effect": "Allow", "Action": "iot:Publish", "Resource": [
    "arn:aws:iot:eu-central-1:123456789012:topic/devices/${iot:Connection.Thing.ThingName}/*",
    "arn:aws:iot:eu-central-1:123456789012:topic/$aws/things/${iot:Connection.Thing.ThingName}/defender/metrics/*" ] },
  { "Effect": "Allow", "Action": "iot:Subscribe",
    "Resource": "arn:aws:iot:eu-central-1:123456789012:topicfilter/devices/${iot:Connection.Thing.ThingName}/*" },
  { "Effect": "Allow", "Action": "iot:Receive",
    "Resource": "arn:aws:iot:eu-central-1:123456789012:topic/devices/${iot:Connection.Thing.ThingName}/*" } ] }
'''
"quarantine-policy.json" = '''
{ "Version": "2012-10-17", "Statement": [
  { "Effect": "Deny", "Action": "iot:*", "NotResource": [
    "arn:aws:iot:eu-central-1:123456789012:client/${iot:Connection.Thing.ThingName}",
    "arn:aws:iot:eu-central-1:123456789012:topic/$aws/things/${iot:Connection.Thing.ThingName}/defender/metrics/*" ] } ] }
'''
"quarantine.json" = '''
{ "actionName": "Quarantine", "roleArn": "arn:aws:iam::123456789012:role/mitigate",
  "actionParams": { "addThingsToThingGroupParams": { "thingGroupNames": ["quarantine"] } } }
'''
"profile.json" = '''
{ "securityProfileName": "Watch", "behaviors": [
  { "name": "Sent", "metric": "aws:num-messages-sent", "criteria": { "comparisonOperator": "less-than-equals",
    "value": { "count": 20 }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } },
  { "name": "Received", "metric": "aws:num-messages-received", "criteria": { "comparisonOperator": "less-than-equals",
    "value": { "count": 20 }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } },
  { "name": "Failures", "metric": "aws:num-authorization-failures", "criteria": { "comparisonOperator": "less-than-equals",
    "value": { "count": 3 }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } },
  { "name": "Attempts", "metric": "aws:num-connection-attempts", "criteria": { "comparisonOperator": "less-than-equals",
    "value": { "count": 2 }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } },
  { "name": "Disconnects", "metric": "aws:num-disconnects", "criteria": { "comparisonOperator": "less-than-equals",
    "value": { "count": 2 }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } },
  { "name": "Silence", "metric": "aws:disconnect-duration", "criteria": { "comparisonOperator": "less-than-equals",
    "value": { "count": 30 }, "durationSeconds": 300 } },
  { "name": "Sources", "metric": "aws:source-ip-address", "criteria": { "comparisonOperator": "in-cidr-set",
    "value": { "cidrs": ["100.72.0.0/15"] } } },
  { "name": "BytesOut", "metric": "aws:all-bytes-out", "criteria": { "comparisonOperator": "less-than-equals",
    "value": { "count": 200000 }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } },
  { "name": "Destinations", "metric": "aws:destination-ip-addresses", "criteria": { "comparisonOperator": "in-cidr-set",
    "value": { "cidrs": ["192.0.2.0/24"] } } } ],
  "alertTargets": { "SNS": { "alertTargetArn": "arn:aws:sns:eu-central-1:123456789012:fleet-alerts",
    "roleArn": "arn:aws:iam::123456789012:role/publish-fleet-alerts" } } }
'''
"##;

/// A responder that puts whoever is in alarm into quarantine.
pub const QUARANTINE: &str = r#"
[[responder]]
name = "quarantine"
when = { violation = { profile = "Watch" } }
delay = "1m"
then = { mitigation = { action = "Quarantine" } }
"#;

/// Runs the world with what is added.
pub fn outcome(added: &str) -> Outcome {
    outcome_in(WORLD, added)
}

pub fn outcome_in(world: &str, added: &str) -> Outcome {
    let options = RunOptions { threads: Some(1), ..RunOptions::default() };
    run(&scenario_in(world, added), options, &mut Unobserved).expect("it runs").outcome
}

pub fn scenario_in(world: &str, added: &str) -> Scenario {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("world.toml");
    std::fs::write(&path, format!("{world}\n{added}")).expect("it can be written");
    load(&path, &[], &LoadOptions::default()).unwrap_or_else(|problems| panic!("{problems}")).scenario
}

/// An act on devices of the class, two hours after the start.
pub fn act(category: &str, name: &str, count: u32, duration: &str, what: &str) -> String {
    format!(
        "[[{category}]]\nname = \"{name}\"\nstart = \"2h\"\nduration = \"{duration}\"\ntargets = {{ count = {count} }}\n{what}\n"
    )
}

pub fn attack(name: &str, count: u32, duration: &str, what: &str) -> String {
    act("attack", name, count, duration, what)
}

pub fn truth<'a>(outcome: &'a Outcome, name: &str) -> &'a Act {
    outcome.truth.iter().find(|act| act.name == name).expect("the act is in the ledger")
}

/// Alarms of a behavior on devices of an act, while it lasts and shortly after.
fn alarms<'a>(outcome: &'a Outcome, behavior: &str, act: &'a Act) -> Vec<&'a Alarm> {
    let position = outcome.behaviors.iter().position(|row| row.name == behavior).expect("there is such a behavior");
    let within = |alarm: &&Alarm| {
        act.devices.iter().any(|row| {
            let late = row.end + defender::time::Millis::minutes(10);
            row.device == alarm.device && row.onset <= alarm.raised && alarm.raised <= late
        })
    };
    outcome.alarms.iter().filter(|alarm| alarm.behavior as usize == position).filter(within).collect()
}

/// How many devices of an act raised an alarm of a behavior.
fn alarmed(outcome: &Outcome, behavior: &str, act: &Act) -> usize {
    let devices: std::collections::BTreeSet<_> = alarms(outcome, behavior, act).iter().map(|a| a.device).collect();
    devices.len()
}

fn harm(act: &Act) -> (u64, u64) {
    act.devices.iter().fold((0, 0), |(done, planned), row| (done + row.harm, planned + row.harm_planned))
}

#[test]
fn quarantine_stops_exfiltration_through_the_broker_and_not_a_raw_socket() {
    let broker = attack("broker", 20, "10h", r#"exfiltration = { rate = "4 KiB/s", message-size = "8 KiB" }"#);
    let socket = attack("socket", 20, "10h", r#"exfiltration = { rate = "4 KiB/s", address = "203.0.113.7" }"#);
    let outcome = outcome(&format!("{broker}{socket}{QUARANTINE}"));
    let (broker, socket) = (truth(&outcome, "broker"), truth(&outcome, "socket"));
    assert_eq!((alarmed(&outcome, "Sent", broker), alarmed(&outcome, "BytesOut", socket)), (20, 20));
    // Seen within two windows, contained within one more, out of ten hours.
    let (done, planned) = harm(broker);
    assert_eq!(planned, 20 * 10 * 3_600 * 4_096 / 8_192 * 8_192);
    assert!(done > 0 && done * 20 < planned, "{done} of {planned}");
    assert!(broker.devices.iter().all(|row| row.contained.is_some()));
    // Every device of the other attack sits in quarantine as well, to no avail.
    let (done, planned) = harm(socket);
    assert_eq!((done, planned), (20 * 10 * 3_600 * 4_096, 20 * 10 * 3_600 * 4_096));
    assert!(socket.devices.iter().all(|row| row.contained.is_none()));
    // What the quarantined devices go on trying is refused.
    assert_eq!(alarmed(&outcome, "Failures", broker), 20);
}

#[test]
fn a_mass_disconnect_floods_the_connection_metrics_and_nothing_else() {
    let outcome = outcome(&act(
        "confounder",
        "provider",
        500,
        "4h",
        r#"provider-disconnect = { admitted = "20 %", longest-back-off = "20s" }"#,
    ));
    let provider = truth(&outcome, "provider");
    let flooded = alarmed(&outcome, "Attempts", provider);
    // At most two attempts of a geometric number with p = 1/5 are a share of 36 %; the rest rings.
    assert!((270..=370).contains(&flooded), "{flooded} of 500");
    for quiet in ["Sent", "Received", "Failures", "BytesOut", "Sources", "Destinations", "Silence"] {
        assert_eq!(alarmed(&outcome, quiet, provider), 0, "{quiet}");
    }
}

#[test]
fn two_devices_with_one_client_id_flap() {
    let outcome =
        outcome(&attack("clone", 10, "3h", r#"cloned-credentials = { rate = "1/min", address = "203.0.113.9" }"#));
    let clone = truth(&outcome, "clone");
    for behavior in ["Attempts", "Disconnects", "Sources"] {
        assert_eq!(alarmed(&outcome, behavior, clone), 10, "{behavior}");
    }
    assert_eq!(harm(clone), (10 * 180, 10 * 180));
}

#[test]
fn a_silenced_agent_or_a_forged_report_hides_an_attack_from_device_side_behaviors() {
    let socket = attack("socket", 500, "10h", r#"exfiltration = { rate = "4 KiB/s", address = "203.0.113.7" }"#);
    let hidden = |name: &str, how: &str| {
        // Half of the fleet also hides it, and for longer: the first honest report would tell of the last minutes.
        let outcome = outcome(&format!("{socket}{}", attack(name, 250, "11h", how)));
        let (socket, hiding) = (truth(&outcome, "socket").clone(), truth(&outcome, name).clone());
        assert_eq!(alarmed(&outcome, "BytesOut", &hiding), 0, "{name}");
        assert_eq!(alarmed(&outcome, "BytesOut", &socket), 250, "{name}");
        // Nothing shows it on those devices, and the ledger says so.
        let unseen = socket.devices.iter().filter(|row| row.first_observable.is_none()).count();
        assert_eq!(unseen, 250, "{name}");
        outcome.tally.reports
    };
    let forged = hidden("forged", "forged-reports = {}");
    let silenced = hidden("silenced", "agent-silencing = {}");
    // Eleven hours of twelve reports each, of 250 devices.
    assert_eq!(forged - silenced, 250 * 132);
}

#[test]
fn commands_arrive_until_the_device_may_not_receive() {
    let flood = attack("flood", 20, "10h", r#"command-flood = { rate = "10/min" }"#);
    let free = outcome(&flood);
    assert_eq!(alarmed(&free, "Received", truth(&free, "flood")), 20);
    assert_eq!(harm(truth(&free, "flood")), (120_000, 120_000));
    let held = outcome(&format!("{flood}{QUARANTINE}"));
    let (done, planned) = harm(truth(&held, "flood"));
    assert!(done > 0 && done * 20 < planned, "{done} of {planned}");
    assert!(truth(&held, "flood").devices.iter().all(|row| row.contained.is_some()));
}

#[test]
fn a_tight_policy_turns_shadow_reading_into_failures_and_an_open_one_hides_it() {
    let reading = attack("reading", 20, "2h", r#"shadow-reading = { rate = "2/min" }"#);
    let tight = outcome(&reading);
    assert_eq!(alarmed(&tight, "Failures", truth(&tight, "reading")), 20);
    assert_eq!(harm(truth(&tight, "reading")), (0, 20 * 240));
    let own = r#""arn:aws:iot:eu-central-1:123456789012:topic/devices"#;
    let all = r#""arn:aws:iot:eu-central-1:123456789012:topic/$aws/things/*/shadow/get", "#;
    let open = outcome_in(&WORLD.replacen(own, &format!("{all}{own}"), 1), &reading);
    assert_eq!(alarmed(&open, "Failures", truth(&open, "reading")), 0);
    assert_eq!(harm(truth(&open, "reading")), (20 * 240, 20 * 240));
}

#[test]
fn an_outage_silences_devices_and_their_return_is_loud() {
    let dark =
        outcome(&act("confounder", "outage", 100, "8h", r#"regional-outage = { outage = "3h", kept = "60/h" }"#));
    let outage = truth(&dark, "outage");
    assert_eq!(alarmed(&dark, "Silence", outage), 100, "more than half an hour without a connection");
    assert_eq!(alarmed(&dark, "Sent", outage), 100, "180 kept messages within ten minutes");
    // While it lasts, a fifth of the fleet has nothing to tell.
    let active = &dark.tally.active_by_hour;
    assert!(active[3] * 10 == active[1] * 8, "{active:?}");
}

#[test]
fn renumbering_changes_addresses_and_load_changes_counts() {
    let moved =
        outcome(&act("confounder", "moved", 50, "4h", r#"carrier-renumbering = { network = "100.96.0.0/16" }"#));
    assert_eq!(alarmed(&moved, "Sources", truth(&moved, "moved")), 50);
    let usual = outcome("");
    let loaded = outcome(&act("confounder", "season", 500, "22h", "seasonal-load = { factor = 2.0 }"));
    let ratio = loaded.tally.messages_sent as f64 / usual.tally.messages_sent as f64;
    // Twice as much in 22 of 24 hours, of which the two quiet ones count least.
    assert!((1.9..2.0).contains(&ratio), "{ratio}");
    let zero = outcome(&act("confounder", "season", 500, "22h", "seasonal-load = { factor = 1.0 }"));
    assert_eq!(zero.tally.messages_sent, usual.tally.messages_sent, "a factor of one changes nothing");
}

#[test]
fn a_made_to_measure_attack_disturbs_its_metric() {
    for (metric, amount, behavior) in [
        ("aws:num-messages-sent", 40, "Sent"),
        ("aws:num-messages-received", 40, "Received"),
        ("aws:num-authorization-failures", 8, "Failures"),
        ("aws:num-connection-attempts", 8, "Attempts"),
        ("aws:num-disconnects", 8, "Disconnects"),
        ("aws:disconnect-duration", 1, "Silence"),
        ("aws:all-bytes-out", 400_000, "BytesOut"),
    ] {
        let made =
            outcome(&attack("made", 10, "2h", &format!("custom = {{ metric = \"{metric}\", amount = {amount} }}")));
        let made_up = truth(&made, "made");
        assert_eq!(made_up.disturbs, [metric]);
        assert_eq!(alarmed(&made, behavior, made_up), 10, "{metric}");
    }
}

//! Manufacturer Usage Descriptions become classes and profiles.

use std::collections::{BTreeMap, BTreeSet};

use sim::scenario::mud::{Mud, read};
use sim::scenario::source::Source;
use sim::scenario::{Problems, load_text};
use sim::world::{RunOptions, Unobserved, run};

/// A lamp: reports to a host, asks a resolver, is steered from the home, and listens on two ports.
const LAMP: &str = include_str!("../data/desk-lamp.json");

fn imported(text: &str, names: &[(&str, &str)]) -> Result<(Mud, Problems), Problems> {
    let networks: BTreeMap<String, Vec<_>> =
        names.iter().map(|(name, network)| ((*name).to_owned(), vec![network.parse().expect("a network")])).collect();
    read(&Source::new("lamp.json", text), &networks)
}

#[test]
fn a_description_says_which_ports_are_open_and_whom_it_talks_to() {
    let (mud, warnings) = imported(LAMP, &[("cloud.bulbs.example", "198.51.100.0/28")]).expect("it is one");
    assert!(warnings.is_empty(), "{warnings}");
    assert_eq!((mud.name.as_str(), mud.system.as_str()), ("desk-lamp-2", "a lamp for a desk"));
    assert_eq!(mud.tcp_ports, BTreeSet::from([9998, 9999]), "neither answers nor what is dropped");
    assert!(mud.udp_ports.is_empty());
    let wanted = ["192.0.2.53/32", "198.51.100.0/28"].map(|text| text.parse().expect("a network"));
    assert_eq!(mud.destinations, BTreeSet::from(wanted));
    let profile = mud.profile();
    let metrics: Vec<&str> =
        profile["behaviors"].as_array().expect("a list").iter().filter_map(|b| b["metric"].as_str()).collect();
    assert_eq!(metrics, ["aws:listening-tcp-ports", "aws:num-listening-udp-ports", "aws:destination-ip-addresses"]);
}

/// A name without a network: destinations cannot be watched, since what is normal is not known.
#[test]
fn what_is_not_known_is_not_watched_and_said() {
    let (mud, warnings) = imported(LAMP, &[("clod.bulbs.example", "198.51.100.0/28")]).expect("it is one");
    assert_eq!(mud.profile()["behaviors"].as_array().map(Vec::len), Some(2));
    insta::assert_snapshot!(warnings.to_string());
}

/// Devices that do what their description says raise no alarm; what it does not say is seen.
#[test]
fn the_profile_is_quiet_on_the_class_and_sees_what_the_description_does_not_say() {
    let (mud, _) = imported(LAMP, &[("cloud.bulbs.example", "198.51.100.0/28")]).expect("it is one");
    let (overrides, profile) = (mud.overrides(), mud.profile());
    let text = format!(
        r#"
seed = 1
start = 2026-06-01T00:00:00Z
duration = "12h"
[[class]]
name = "lamp"
archetype = "thermostat"
count = 200
overrides = {overrides}
policies = ["device"]
[[policy]]
name = "device"
document = "policy.json"
[[profile]]
document = "profile.json"
[[attack]]
name = "backdoor"
start = "6h"
duration = "3h"
targets = {{ count = 5 }}
port-opening = {{ tcp = [4444] }}
[documents]
"profile.json" = '''{profile}'''
"policy.json" = '''{{ "Version": "2012-10-17", "Statement": [{{ "Effect": "Allow", "Action": "iot:*", "Resource": "*" }}] }}'''
"#
    );
    let loaded = load_text("lamp.toml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let outcome = run(&loaded.scenario, RunOptions::default(), &mut Unobserved).expect("it runs").outcome;
    assert!(outcome.behaviors.iter().all(|row| row.datapoints > 10_000));
    assert_eq!(outcome.alarms.len(), 5);
    assert!(outcome.alarms.iter().all(|alarm| outcome.truth[0].devices.iter().any(|row| row.device == alarm.device)));
}

#[test]
fn what_is_wrong_with_a_description_is_told_with_its_place() {
    let wrong = LAMP
        .replace("\"mud-version\": 1", "\"mud-version\": 2")
        .replace("[{ \"name\": \"out\" }]", "[{ \"name\": \"outt\" }]")
        .replace(
            "\"port\": 23 } } },\n          \"actions\": { \"forwarding\": \"drop\" }",
            "\"port\": 23 } } },\n          \"actions\": { \"forwarding\": \"allow\" }",
        )
        .replace("\"upper-port\": 9999", "\"upper-port\": 99999");
    let problems = imported(&wrong, &[]).expect_err("four things are wrong");
    assert_eq!(problems.errors(), 4, "{problems}");
    insta::assert_snapshot!(problems.to_string());
    for text in ["", "[]", "{ \"ietf-mud:mud\": { \"mud-version\": 1 } }"] {
        assert!(imported(text, &[]).is_err(), "{text}");
    }
}

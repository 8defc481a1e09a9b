//! What a customer's own function calls in the registry: which attacks it stops, whom else it cuts off, and the way
//! back.

use std::collections::{BTreeMap, BTreeSet};

use defender::time::Millis;
use sim::outcome::{ActKind, DeviceId, MitigationRow, Outcome};
use sim::scenario::load_text;

use crate::attacks::{self, WORLD, attack, outcome, truth};
use crate::defects;

/// Ten devices leak through the broker and ten to an address; both are seen.
fn leaks() -> String {
    attack("through the broker", 10, "6h", "exfiltration = { rate = \"2 KiB/s\", message-size = \"1 KiB\" }")
        + &attack("to an address", 10, "6h", "exfiltration = { rate = \"2 KiB/s\", address = \"203.0.113.9\" }")
}

/// A function that answers both with some steps.
fn function(then: &str) -> String {
    format!(
        "[[responder]]\nname = \"function\"\ndelay = \"1m\"\n\
         when = {{ violation = {{ profile = \"Watch\", behaviors = [\"Sent\", \"BytesOut\"] }} }}\nthen = {then}\n"
    )
}

fn contained(outcome: &Outcome, act: &str) -> usize {
    truth(outcome, act).devices.iter().filter(|row| row.contained.is_some()).count()
}

fn of_action<'a>(outcome: &'a Outcome, action: &str) -> Vec<&'a MitigationRow> {
    outcome.mitigations.iter().filter(|row| row.action == action).collect()
}

/// The devices of all acts of a kind.
fn devices(outcome: &Outcome, kind: ActKind) -> BTreeSet<DeviceId> {
    let acts = outcome.truth.iter().filter(|act| act.category == kind);
    acts.flat_map(|act| act.devices.iter().map(|row| row.device)).collect()
}

/// Devices that our own measures restricted, and that nobody attacked.
fn innocent(outcome: &Outcome) -> usize {
    devices(outcome, ActKind::SelfInflicted).difference(&devices(outcome, ActKind::Attack)).count()
}

#[test]
fn what_takes_a_devices_rights_stops_the_broker_road_and_no_other() {
    for (then, stops) in [
        ("{ update-certificate = {} }", true),
        ("{ update-certificate = { status = \"REVOKED\" } }", true),
        ("{ detach-policy = {} }", true),
        ("{ detach-policy = { policy = \"device\" } }", true),
        ("{ attach-policy = { policy = \"quarantine\" } }", true),
        ("{ detach-thing-principal = {} }", true),
        ("{ add-thing-to-thing-group = { group = \"quarantine\" } }", true),
        ("{ create-policy-version = { policy = \"device\" } }", true),
        ("{ remove-thing-from-thing-group = { group = \"quarantine\" } }", false),
        ("{ delete-connection = {} }", false),
        ("{ set-v2-logging-options = {} }", false),
    ] {
        let outcome = outcome(&format!("{}{}", leaks(), function(then)));
        assert!(outcome.mitigations.len() >= 10, "{then}: {}", outcome.mitigations.len());
        assert_eq!(contained(&outcome, "through the broker"), if stops { 10 } else { 0 }, "{then}");
        assert_eq!(contained(&outcome, "to an address"), 0, "{then}");
        // A policy belongs to everybody; the others are about one device.
        let others = 500 - devices(&outcome, ActKind::Attack).len();
        assert_eq!(innocent(&outcome), if then.contains("policy-version") { others } else { 0 }, "{then}");
        let effective = outcome.mitigations.iter().filter(|row| row.effective.is_some()).count();
        match then {
            _ if then.contains("remove-thing") => assert_eq!(effective, 0, "nothing was left to do"),
            _ if then.contains("logging") || then.contains("policy-version") => {
                assert_eq!(effective, 1, "{then}: once for everybody");
            }
            _ => assert!(effective >= 20, "{then}: {effective}"),
        }
    }
}

#[test]
fn a_deleted_connection_is_counted_and_back_at_once() {
    let with = outcome(&format!("{}{}", leaks(), function("{ delete-connection = {} }")));
    let rows = of_action(&with, "delete-connection");
    assert!(rows.iter().all(|row| row.action_type == "DELETE_CONNECTION" && row.effective.is_some()), "{rows:?}");
    let without = outcome(&leaks());
    let sent = |outcome: &Outcome| outcome.tally.messages_sent;
    assert_eq!(sent(&with), sent(&without), "nobody misses a message");
    assert!(with.header.digest != without.header.digest);
}

#[test]
fn deactivating_a_shared_certificate_cuts_off_its_innocent_sharers() {
    let shared = "[[defect]]\nname = \"shared\"\nshared-certificate = { count = 400, sharers = 4 }\n";
    let deactivate = function("{ update-certificate = {} }");
    let outcome = outcome(&format!("{}{shared}{deactivate}", leaks()));
    let attacked = devices(&outcome, ActKind::Attack).len();
    // Four in five devices share a certificate, each with three others, some of whom are attacked themselves.
    let expected = 3 * attacked * 4 / 5;
    let innocent = innocent(&outcome);
    assert!((expected * 3 / 4..=3 * attacked).contains(&innocent), "{innocent}, about {expected}");
    assert_eq!(contained(&outcome, "through the broker"), 10);
    // The devices' own road is another: quarantine knows things, and leaves the certificate alone.
    let quarantine = function("{ add-thing-to-thing-group = { group = \"quarantine\" } }");
    assert_eq!(self::innocent(&attacks::outcome(&format!("{}{shared}{quarantine}", leaks()))), 0);
}

#[test]
fn steps_are_taken_in_order_up_to_the_first_that_fails() {
    let both = "[{ update-certificate = {} }, { detach-policy = {} }]";
    let outcome = outcome(&format!("{}{}", leaks(), function(both)));
    for action in ["update-certificate", "detach-policy"] {
        let rows = of_action(&outcome, action);
        assert_eq!(rows.iter().filter(|row| row.effective.is_some()).count(), 20, "{action}");
    }
    // A thing is in one group of a hierarchy at most (V-11).
    let world = WORLD
        .replace(
            "[[group]]\nname = \"quarantine\"",
            "[[group]]\nname = \"home\"\n\n[[group]]\nname = \"quarantine\"\nparent = \"home\"",
        )
        .replace("policies = [\"device\"]\nsource", "policies = [\"device\"]\ngroups = [\"home\"]\nsource");
    let wrong = "[{ add-thing-to-thing-group = { group = \"quarantine\" } }, { update-certificate = {} }]";
    let outcome = attacks::outcome_in(&world, &format!("{}{}", leaks(), function(wrong)));
    let refused = of_action(&outcome, "add-thing-to-thing-group");
    assert!(!refused.is_empty());
    for row in refused {
        assert_eq!(row.status, "FAILED");
        assert!(row.error.as_ref().is_some_and(|error| error.contains("the same hierarchy")), "{row:?}");
    }
    assert!(of_action(&outcome, "update-certificate").is_empty());
    assert_eq!(contained(&outcome, "through the broker"), 0);
}

/// What is released too early leaks on, is caught again, and at the end nobody stays locked up for nothing.
#[test]
fn the_end_of_an_alarm_can_release_a_device_and_what_is_taken_back_contains_nothing() {
    let leak = attack("leak", 10, "6h", "exfiltration = { rate = \"2 KiB/s\", message-size = \"1 KiB\" }");
    let lock_up = "[[responder]]\nname = \"lock up\"\nwhen = { violation = { profile = \"Watch\", behaviors = [\"Sent\"] } }\n\
                   then = { add-thing-to-thing-group = { group = \"quarantine\" } }\n";
    let release = "[[responder]]\nname = \"release\"\ndelay = \"30m\"\n\
                   when = { violation = { event = \"alarm-cleared\", profile = \"Watch\", behaviors = [\"Sent\"] } }\n\
                   then = { remove-thing-from-thing-group = { group = \"quarantine\" } }\n";
    let kept = outcome(&format!("{leak}{lock_up}"));
    let freed = outcome(&format!("{leak}{lock_up}{release}"));
    let harm = |outcome: &Outcome| truth(outcome, "leak").devices.iter().map(|row| row.harm).sum::<u64>();
    let planned: u64 = truth(&kept, "leak").devices.iter().map(|row| row.harm_planned).sum();
    assert_eq!(contained(&kept, "leak"), 10);
    assert!(harm(&kept) < harm(&freed) && harm(&freed) < planned, "{} {} {planned}", harm(&kept), harm(&freed));
    let mut times: BTreeMap<DeviceId, usize> = BTreeMap::new();
    for row in of_action(&freed, "add-thing-to-thing-group") {
        *times.entry(row.device.expect("a device")).or_default() += 1;
    }
    assert!(times.values().all(|times| *times >= 3), "every forty minutes for six hours: {times:?}");
    assert!(of_action(&freed, "remove-thing-from-thing-group").iter().all(|row| row.trigger == "cleared Sent"));
    let ours = freed.truth.iter().find(|act| act.category == ActKind::SelfInflicted).expect("we did something");
    assert!(ours.devices.iter().all(|row| row.end < freed.header.end && row.end - row.onset < Millis::hours(1)));
    // Whoever leaks on after the last release was not contained, however often it was locked up before.
    for row in &truth(&freed, "leak").devices {
        let own = ours.devices.iter().filter(|span| span.device == row.device);
        let locked_up_at_the_end = own.clone().any(|span| span.onset < row.end && row.end <= span.end);
        assert_eq!(row.contained.is_some(), locked_up_at_the_end, "{row:?}");
    }
}

#[test]
fn findings_are_mended_by_the_registry_directly() {
    let responder = |check: &str, then: &str| {
        format!(
            "[[responder]]\nname = \"function\"\ndelay = \"1h\"\nwhen = {{ finding = {{ check = \"{check}\" }} }}\nthen = {then}\n"
        )
    };
    let logging = defects::outcome(&format!(
        "[[defect]]\nname = \"off\"\nstart = \"10h\"\nlogging-disabled = {{}}\n{}",
        responder("LOGGING_DISABLED_CHECK", "{ set-v2-logging-options = { level = \"INFO\" } }")
    ));
    assert!(truth(&logging, "off").resolved.is_some());
    let shared = defects::outcome(&format!(
        "[[defect]]\nname = \"shared\"\nshared-certificate = {{ count = 20, sharers = 4 }}\n{}",
        responder("DEVICE_CERTIFICATE_SHARED_CHECK", "{ update-certificate = {} }")
    ));
    assert!(truth(&shared, "shared").devices.iter().all(|row| row.contained.is_some()));
    // Each of five certificates once, a day later nothing is left to do.
    let rows = of_action(&shared, "update-certificate");
    assert_eq!(rows.iter().filter(|row| row.effective.is_some()).count(), 5, "{rows:?}");
    let open = "[[defect]]\nname = \"open\"\nstart = \"30h\"\nover-permissive-policy = { policy = \"device\" }\n";
    let narrow = responder(
        "IOT_POLICY_OVERLY_PERMISSIVE_CHECK",
        "{ create-policy-version = { policy = \"device\", document = \"device.json\" } }",
    );
    let mended = defects::outcome(&format!("{open}{narrow}"));
    assert!(truth(&mended, "open").resolved.is_some(), "{:?}", truth(&mended, "open"));
    assert_eq!(innocent(&mended), 0, "the narrow policy allows what devices do every day");
}

#[test]
fn what_is_wrong_with_steps_is_told_with_its_place() {
    let responder = |when: &str, rest: &str| format!("[[responder]]\nname = \"function\"\nwhen = {when}\n{rest}\n");
    let told = |added: &str| {
        let text = format!("{WORLD}{added}");
        load_text("bad.toml", &text).map(|loaded| loaded.scenario.name).expect_err("it cannot be read").to_string()
    };
    let watch = "{ violation = { profile = \"Watch\" } }";
    insta::assert_snapshot!(told(&responder(
        watch,
        "then = [{ update-certificate = { status = \"DISABLED\" } }, { detach-policy = { policy = \"devise\" } },\n\
         { add-thing-to-thing-group = {} }, { revoke-certificate = {} }]"
    )));
    insta::assert_snapshot!(told(&responder(watch, "then = []")));
    insta::assert_snapshot!(told(&responder(
        "{ violation = { profile = \"Watch\", event = \"alarm-cleared\" } }",
        "only = { still-in-alarm = true }\nthen = { create-policy-version = { policy = \"device\", document = \"gone.json\" } }"
    )));
    insta::assert_snapshot!(told(&responder(
        "{ finding = { check = \"LOGGING_DISABLED_CHECK\" } }",
        "then = { update-certificate = {} }"
    )));
}

/// Forty devices leak, and each gets one call that the API may refuse.
#[test]
fn a_throttled_api_leaves_a_part_unremediated_unless_the_function_tries_again() {
    let leak = attack("leak", 40, "6h", "exfiltration = { rate = \"2 KiB/s\", message-size = \"1 KiB\" }");
    let throttled = "[[fault]]\nname = \"throttled\"\nstart = \"1h\"\nduration = \"8h\"\nintensity = 0.6\nmitigation-throttled = {}\n";
    let run = |more: &str| outcome(&format!("{leak}{throttled}{}{more}", function("{ update-certificate = {} }")));
    let once = run("");
    // 16 of 40 at a chance of 0.4 each; four standard deviations are 12.4.
    let part = contained(&once, "leak");
    assert!((4..=28).contains(&part), "{part}");
    let refused: Vec<_> = once.mitigations.iter().filter(|row| row.status == "FAILED").collect();
    assert_eq!(refused.len(), 40 - part);
    assert!(refused.iter().all(|row| row.error.as_ref().is_some_and(|error| error.starts_with("ThrottlingException"))));
    // Eleven refusals in a row happen to one device in 276.
    assert!(contained(&run("function = { retries = 10 }\n"), "leak") >= 39);
}

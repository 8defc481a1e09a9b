//! Violations on record: what ends them, how they are listed, who is told.

use serde_json::{Value, json};

use super::fixture::{World, at, exception, sent_at_most, shape};
use crate::detect::IndexingMode;
use crate::detect::criteria::Observed;
use crate::detect::violation::{Outcome, RETENTION, Transition};
use crate::detect::wire::VerificationState;
use crate::error::Exception;
use crate::notification::MetricName;
use crate::time::{Millis, Timestamp};

/// A thing `pump` in alarm since B+300 under profile `P`, behavior `Sent`.
fn in_alarm(target: &str) -> World {
    let mut world = World::new();
    let pump = world.thing(at(0), "pump");
    for name in ["g", "h"] {
        let group = world.account.create_thing_group(at(0), name, None).expect("valid");
        world.account.add_thing_to_thing_group(at(0), pump, group, false).expect("valid");
    }
    world.watch(at(0), "P", json!([sent_at_most("Sent", 50)]), target);
    world.raise(at(300), "P", "Sent", "pump", 51.0);
    assert_eq!(world.alerts(at(300)).len(), 1);
    world
}

#[test]
fn d88_the_published_alert() {
    let mut world = World::new();
    let mut behavior = sent_at_most("Sent", 50);
    behavior["exportMetric"] = json!(false);
    world.watch(at(0), "P", json!([behavior]), "all/things");
    let id = world.raise(at(900), "P", "Sent", "pump-7", 51.0);
    world.detect.publish(at(936), &mut world.outbox);
    let body = world.outbox.since(0).next().expect("an alert").body();
    let expected = format!(
        "{}{}{}{}{}",
        r#"{"violationEventTime":1748736900000,"thingName":"pump-7","#,
        r#""behavior":{"name":"Sent","metric":"aws:num-messages-sent","criteria":{"comparisonOperator":"less-than-equals","#,
        r#""value":{"count":50},"durationSeconds":300,"consecutiveDatapointsToAlarm":1,"consecutiveDatapointsToClear":1}},"#,
        r#""violationEventType":"in-alarm","metricValue":{"count":51},"#,
        format_args!(r#""violationId":"{id}","securityProfileName":"P","verificationState":"UNKNOWN"}}"#),
    );
    assert_eq!(body, expected);
}

#[test]
fn d72_the_last_covering_target_is_detached() {
    let mut world = in_alarm("thinggroup/g");
    world.attach(at(400), "P", "thinggroup/h").expect("valid");
    world.detach(at(410), "P", "thinggroup/g").expect("attached");
    assert_eq!(world.events(at(410)), ["300 in-alarm pump {\"count\":51}"]); // T-D57: h still covers it
    world.detach(at(450), "P", "thinggroup/h").expect("attached");
    assert_eq!(world.events(at(450))[1..], ["450 alarm-invalidated pump -"]);
    let alerts = world.alerts(at(450));
    assert_eq!(alerts.len(), 1);
    assert_eq!((&alerts[0]["violationEventType"], alerts[0].get("metricValue")), (&json!("alarm-invalidated"), None));
}

#[test]
fn d73_the_device_leaves_the_group() {
    let mut world = in_alarm("thinggroup/g");
    let pump = world.account.thing("pump").expect("exists");
    let group = world.account.thing_group("g").expect("exists");
    world.account.remove_thing_from_thing_group(at(450), pump, group).expect("valid");
    world.detect.reconcile(at(450), &world.account);
    assert_eq!(world.events(at(450))[1..], ["450 alarm-invalidated pump -"]);
    assert_eq!(world.alerts(at(450)).len(), 1);
}

#[test]
fn d73_d32_deleting_the_thing_ends_what_only_covers_registered_things() {
    for (target, ended) in [("thinggroup/g", true), ("all/registered-things", true), ("all/things", false)] {
        let mut world = in_alarm(target);
        world.account.delete_thing(at(450), "pump").expect("no principals");
        world.detect.reconcile(at(450), &world.account);
        assert_eq!(world.events(at(450)).len() == 2, ended, "{target}");
    }
}

#[test]
fn d74_d77_removing_and_renaming_a_behavior_is_recorded_but_not_alerted() {
    for behaviors in [json!([]), json!([sent_at_most("Renamed", 50)])] {
        let mut world = in_alarm("all/things");
        world.update(at(700), "P", json!({"behaviors": behaviors})).expect("valid");
        assert_eq!(world.events(at(700))[1..], ["700 alarm-invalidated pump -"]);
        assert_eq!(world.alerts(at(700)), [Value::Null; 0]);
    }
}

#[test]
fn d75_changing_a_behavior_is_alerted_and_d76_changing_its_alerts_is_nothing() {
    let mut world = in_alarm("all/things");
    let before = world.evaluation("P", "Sent");
    let mut suppressed = sent_at_most("Sent", 50);
    suppressed["suppressAlerts"] = json!(true);
    world.update(at(600), "P", json!({"behaviors": [suppressed], "securityProfileDescription": "x"})).expect("valid");
    assert_eq!((world.evaluation("P", "Sent"), world.events(at(600)).len()), (before, 1));
    world.update(at(650), "P", json!({"behaviors": [sent_at_most("Sent", 50)]})).expect("valid");
    world.update(at(700), "P", json!({"behaviors": [sent_at_most("Sent", 60)]})).expect("valid");
    assert_ne!(world.evaluation("P", "Sent"), before);
    assert_eq!(world.events(at(700))[1..], ["700 alarm-invalidated pump -"]);
    assert_eq!(world.alerts(at(700)).len(), 1);
}

#[test]
fn d78_ch58_ch86_deleting_the_profile_is_recorded_but_not_alerted() {
    let mut world = in_alarm("all/things");
    world.delete(at(700), "P").expect("exists");
    world.delete(at(701), "P").expect("absent is fine (G-08)");
    assert_eq!(world.events(at(701))[1..], ["700 alarm-invalidated pump -"]);
    assert_eq!(world.alerts(at(701)), [Value::Null; 0]);
    // The history stays, under the name that the profile had; a new profile of that name starts at version 1.
    world.create(at(800), "P", json!([])).expect("the name is free");
    assert_eq!(world.events(at(800)).len(), 2);
}

#[test]
fn d66_t_d59_t_d60_ch84_one_id_and_one_verification_state_per_episode() {
    let mut world = in_alarm("all/things");
    let list = |world: &World| {
        let request = shape(json!({"startTime": 0, "endTime": 1_800_000_000}));
        world.detect.list_violation_events(at(2000), &request).expect("a list").violation_events
    };
    let first = list(&world)[0].violation_id.clone();
    let verdict =
        json!({"violationId": first, "verificationState": "FALSE_POSITIVE", "verificationStateDescription": "test"});
    world.detect.put_verification_state_on_violation(at(400), &shape(verdict)).expect("known");
    assert_eq!(world.clear(at(600), "P", "Sent", "pump", 5.0).to_string(), first);
    let second = world.raise(at(900), "P", "Sent", "pump", 60.0).to_string();
    assert_ne!(second, first);
    let seen: Vec<_> = list(&world)
        .into_iter()
        .map(|event| (event.violation_id, event.verification_state, event.verification_state_description))
        .collect();
    let verified = (first, VerificationState::FalsePositive, Some("test".to_owned()));
    assert_eq!(seen, [(second, VerificationState::Unknown, None), verified.clone(), verified]);
    for id in ["00000000000000000000000000000000", "nonsense"] {
        let request = shape(json!({"violationId": id, "verificationState": "UNKNOWN"}));
        let refused = world.detect.put_verification_state_on_violation(at(900), &request);
        assert_eq!(exception(refused), Exception::InvalidRequest);
    }
}

#[test]
fn d63_d82_ch82_active_violations_show_the_last_violating_datapoint() {
    let mut world = in_alarm("all/things");
    let (evaluation, device) = (world.evaluation("P", "Sent"), world.detect.device("pump", &world.account));
    world.detect.touch(evaluation, device, at(600), Observed::Number(70.0));
    let active = world.detect.list_active_violations(&shape(json!({}))).expect("a list").active_violations;
    assert_eq!(active.len(), 1);
    assert_eq!((active[0].violation_start_time, active[0].last_violation_time), (at(300), at(600)));
    assert_eq!(serde_json::to_string(&active[0].last_violation_value).expect("JSON"), r#"{"count":70}"#);
    world.clear(at(900), "P", "Sent", "pump", 1.0);
    assert_eq!(world.detect.list_active_violations(&shape(json!({}))).expect("a list").active_violations, []);
}

#[test]
fn d84_ch89_filters_combine() {
    let mut world = World::new();
    let mut quiet = sent_at_most("Quiet", 5);
    quiet["suppressAlerts"] = json!(true);
    let statistical = json!({"name": "Stat", "metric": "aws:num-messages-sent", "criteria": {
        "comparisonOperator": "less-than-equals", "statisticalThreshold": {"statistic": "p90"}, "durationSeconds": 300}});
    world.watch(at(0), "P", json!([sent_at_most("Loud", 5), quiet, statistical]), "all/things");
    for (behavior, device) in [("Loud", "a"), ("Quiet", "a"), ("Stat", "b")] {
        world.raise(at(300), "P", behavior, device, 9.0);
    }
    let count = |members: Value| {
        let active =
            world.detect.list_active_violations(&shape(members.clone())).expect("a list").active_violations.len();
        let mut ranged = members;
        ranged["startTime"] = json!("2025-06-01T00:00:00Z");
        ranged["endTime"] = json!(1_800_000_000);
        let events =
            world.detect.list_violation_events(at(300), &shape(ranged)).expect("a list").violation_events.len();
        assert_eq!(active, events);
        active
    };
    assert_eq!(count(json!({})), 3);
    assert_eq!(count(json!({"thingName": "a"})), 2);
    assert_eq!(count(json!({"listSuppressedAlerts": true})), 1);
    assert_eq!(count(json!({"listSuppressedAlerts": false})), 2);
    assert_eq!(count(json!({"thingName": "a", "listSuppressedAlerts": false, "behaviorCriteriaType": "STATIC"})), 1);
    assert_eq!(count(json!({"behaviorCriteriaType": "STATISTICAL"})), 1);
    assert_eq!(count(json!({"behaviorCriteriaType": "MACHINE_LEARNING"})), 0);
    assert_eq!(count(json!({"verificationState": "UNKNOWN"})), 3);
    let unknown = world.detect.list_active_violations(&shape(json!({"securityProfileName": "Q"})));
    assert_eq!(exception(unknown), Exception::ResourceNotFound);
    // D-87: the suppressed one is recorded and counted, not alerted.
    assert_eq!(world.alerts(at(300)).len(), 2);
    let totals: Vec<_> =
        world.outbox.metrics().filter(|series| series.dimensions.is_empty()).map(|s| (s.name, s.total())).collect();
    assert_eq!(totals, [(MetricName::Violations, 3)]);
}

#[test]
fn d69_ch88_events_of_one_instant_are_listed_by_profile_behavior_and_device() {
    let mut world = World::new();
    for profile in ["Q", "P"] {
        world.watch(at(0), profile, json!([sent_at_most("B", 5), sent_at_most("A", 5)]), "all/things");
    }
    for (profile, behavior, device) in [("Q", "A", "x"), ("P", "B", "x"), ("P", "A", "y"), ("P", "A", "x")] {
        world.raise(at(300), profile, behavior, device, 9.0);
    }
    world.clear(at(600), "Q", "A", "x", 1.0);
    let request = shape(json!({"startTime": 0, "endTime": 1_800_000_000}));
    let events = world.detect.list_violation_events(at(600), &request).expect("a list").violation_events;
    let seen: Vec<_> =
        events.iter().map(|e| format!("{}{}{}", e.security_profile_name, e.behavior.name, e.thing_name)).collect();
    assert_eq!(seen, ["QAx", "PAx", "PAy", "PBx", "QAx"]);
}

#[test]
fn q21_events_are_listed_for_thirty_days() {
    let mut world = in_alarm("all/things");
    world.clear(at(600), "P", "Sent", "pump", 5.0);
    let later = at(300) + RETENTION;
    assert_eq!(world.events(later).len(), 2);
    assert_eq!(world.events(later + Millis(1)).len(), 1);
    let before = world.detect.violations(Default::default()).count();
    world.detect.prune(later + Millis(1));
    assert_eq!((before, world.detect.violations(Default::default()).count()), (1, 1));
    world.detect.prune(later + Millis::hours(1));
    assert_eq!(world.detect.violations(Default::default()).count(), 0);
    // Numbering goes on where it was.
    world.raise(later + Millis::hours(2), "P", "Sent", "pump", 99.0);
    assert_eq!(world.detect.violations(Default::default()).count(), 1);
    assert_eq!(world.alerts(later + Millis::hours(2)).len(), 1);
}

#[test]
fn q21_a_running_episode_outlives_its_first_event() {
    let mut world = in_alarm("all/things");
    let later = at(300) + RETENTION + Millis::DAY;
    world.detect.prune(later);
    assert_eq!(world.detect.list_active_violations(&shape(json!({}))).expect("a list").active_violations.len(), 1);
    world.clear(later, "P", "Sent", "pump", 1.0);
    assert_eq!(world.events(later).len(), 1);
}

#[test]
fn d90_the_fleet_index_learns_of_things_in_violation() {
    let mut world = in_alarm("all/things");
    world.raise(at(300), "P", "Sent", "stranger", 80.0);
    assert_eq!(world.detect.fleet_index_document("pump"), None);
    assert_eq!(world.detect.take_index_updates(), []);
    world.detect.set_indexing_mode(IndexingMode::Violations);
    world.clear(at(600), "P", "Sent", "pump", 1.0);
    let updates = world.detect.take_index_updates();
    assert_eq!((updates.len(), updates[0].profile.as_str(), updates[0].in_violation), (1, "P", false));
    assert_eq!(
        world.detect.fleet_index_document("pump"),
        Some(json!({"deviceDefender": {"violationCount": 0, "P": {"Sent": {
            "metricName": "aws:num-messages-sent", "lastViolationTime": at(300).millis(),
            "lastViolationValue": {"count": 51}, "inViolation": false}}}}))
    );
}

#[test]
fn ch03_violation_ids_repeat_with_the_seed() {
    let id = || in_alarm("all/things").detect.violations(Default::default()).next().expect("one").id();
    assert_eq!(id(), id());
    assert_eq!(id().to_string().len(), 32);
}

#[test]
fn ch85_what_ends_together_is_recorded_in_order() {
    let mut world = World::new();
    world.watch(at(0), "P", json!([sent_at_most("B", 5), sent_at_most("A", 5)]), "all/things");
    for (behavior, device) in [("B", "x"), ("A", "y"), ("A", "x")] {
        world.raise(at(300), "P", behavior, device, 9.0);
    }
    world.detach(at(400), "P", "all/things").expect("attached");
    let alerts = world.alerts(at(400));
    let seen: Vec<_> = alerts[3..].iter().map(|a| format!("{}{}", a["behavior"]["name"], a["thingName"])).collect();
    assert_eq!(seen, ["\"A\"\"x\"", "\"A\"\"y\"", "\"B\"\"x\""]);
}

#[test]
fn a_recorded_event_stays_small() {
    let mut world = World::new();
    world.watch(at(0), "P", json!([sent_at_most("Sent", 5)]), "all/things");
    let evaluation = world.evaluation("P", "Sent");
    let devices: Vec<_> = (0..1000).map(|i| world.detect.device(&format!("d{i}"), &world.account)).collect();
    let mut now = at(0);
    for _ in 0..25 {
        for outcome in [Outcome::Raised(Observed::Number(9.0)), Outcome::Cleared(Observed::Number(1.0))] {
            now += Millis::minutes(5);
            for device in &devices {
                let outcome = outcome.clone();
                world.detect.record(now, Transition { evaluation, device: *device, time: now, outcome });
            }
        }
    }
    let events = world.detect.violation_events(now, (Timestamp(0), now), Default::default()).count();
    assert_eq!(events, 50_000);
    let each = world.detect.heap_bytes() / events;
    assert!(each <= 140, "an event and its half of an episode take {each} bytes");
}

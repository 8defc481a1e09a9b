//! 12.10: what begins and ends monitoring.

use serde_json::{Value, json};

use super::bench::{Bench, PUMP, bound, on, sent};
use crate::detect::tests::fixture::{World, at, shape};
use crate::detect::wire::VerificationState;

/// `pump` in alarm since B+300 on messages sent, with no session left open.
fn in_alarm(behavior: Value, target: &str) -> Bench {
    let mut bench = Bench::new();
    bench.change(0, |world, now| {
        let pump = world.account.thing(PUMP).expect("exists");
        for name in ["g", "h"] {
            let group = world.account.create_thing_group(now, name, None).expect("valid");
            world.account.add_thing_to_thing_group(now, pump, group, false).expect("valid");
        }
        world.watch(now, "P", json!([behavior]), target);
    });
    visit(&mut bench, 10, 51);
    bench.run_to(300);
    assert_eq!(bench.events(), [r#"300 in-alarm pump {"count":51}"#]);
    assert_eq!(bench.world.alerts(at(300)).len(), 1);
    bench
}

fn visit(bench: &mut Bench, second: i64, messages: u64) {
    bench.connect(second, PUMP, "10.0.0.1");
    bench.publish_many(second + 1, PUMP, messages);
    bench.disconnect(second + 2, PUMP);
}

fn at_most_fifty() -> Value {
    sent("less-than-equals", 50, 1, 1)
}

const INVALIDATED: [(&str, bool); 2] = [("alarm-invalidated", true), ("alarm-invalidated", false)];

/// The last event, and whether it was alerted.
fn last(bench: &mut Bench, second: i64) -> (String, bool) {
    let alerted = !bench.world.alerts(at(second)).is_empty();
    (bench.events().pop().unwrap_or_default(), alerted)
}

#[test]
fn t_d50_two_days_of_silence() {
    let mut bench = in_alarm(at_most_fifty(), "all/things");
    bench.run_to(173_100);
    assert_eq!(bench.events().len(), 1);
    bench.run_to(173_400);
    assert_eq!(last(&mut bench, 173_400), ("173400 alarm-invalidated pump -".into(), true));
    assert_eq!(bench.alarms(), 0);
    // The next violating datapoint begins a new episode.
    visit(&mut bench, 173_410, 60);
    bench.run_to(173_700);
    assert_eq!(bench.alarms(), 1);
}

#[test]
fn d60_any_data_keeps_the_alarm() {
    let mut bench = in_alarm(at_most_fifty(), "all/things");
    bench.report(100_000, PUMP, &super::bench::ports(&[22]));
    bench.run_to(272_700); // the first boundary after 100,000 + 172,800 is 273,000
    assert_eq!(bench.events().len(), 1);
    bench.run_to(273_000);
    assert_eq!(last(&mut bench, 273_000).0, "273000 alarm-invalidated pump -");
}

#[test]
fn d60_the_datapoint_of_a_long_window_is_data_at_its_end() {
    let mut behavior = at_most_fifty();
    behavior["criteria"]["durationSeconds"] = json!(3600);
    let mut bench = Bench::watching(json!([behavior]));
    visit(&mut bench, 10, 51);
    bench.run_to(4 * 86_400);
    let events = [r#"3600 in-alarm pump {"count":51}"#, "176700 alarm-invalidated pump -"]; // 3,600 + 172,800 + 300
    assert_eq!(bench.events(), events);
}

#[test]
fn d62_ch87_disconnect_alarms_outlast_silence() {
    let criteria = json!({"comparisonOperator": "less-than", "value": {"count": 60}});
    let mut bench = Bench::watching(json!([on("aws:disconnect-duration", criteria)]));
    bench.connect(10, PUMP, "10.0.0.1");
    bench.disconnect(300, PUMP);
    bench.run_to(5 * 86_400);
    assert_eq!((bench.events().len(), bench.alarms()), (1, 1));
}

#[test]
fn t_d51_d61_detached_while_in_alarm() {
    let mut bench = in_alarm(at_most_fifty(), "all/things");
    bench.change(450, |world, now| world.detach(now, "P", "all/things")).expect("attached");
    assert_eq!(last(&mut bench, 450), ("450 alarm-invalidated pump -".into(), INVALIDATED[0].1));
    visit(&mut bench, 610, 60);
    bench.run_to(900);
    assert_eq!(bench.events().len(), 2);
}

#[test]
fn t_d52_a_changed_threshold_starts_over() {
    let mut bench = in_alarm(at_most_fifty(), "all/things");
    bench.update(700, "P", json!({"behaviors": [sent("less-than-equals", 40, 1, 1)]})).expect("valid");
    assert_eq!(last(&mut bench, 700), ("700 alarm-invalidated pump -".into(), true));
    visit(&mut bench, 710, 60); // within [B+600, B+900), which no longer counts
    bench.run_to(900);
    assert_eq!(bench.events().len(), 2);
    visit(&mut bench, 910, 60);
    bench.run_to(1200);
    assert_eq!(last(&mut bench, 1200).0, r#"1200 in-alarm pump {"count":60}"#);
}

#[test]
fn t_d53_suppressing_alerts_changes_nothing_else() {
    let mut bench = in_alarm(at_most_fifty(), "all/things");
    let mut suppressed = at_most_fifty();
    suppressed["suppressAlerts"] = json!(true);
    bench.update(700, "P", json!({"behaviors": [suppressed]})).expect("valid");
    assert_eq!(bench.events().len(), 1);
    visit(&mut bench, 710, 5);
    bench.run_to(900);
    assert_eq!(last(&mut bench, 900), (r#"900 alarm-cleared pump {"count":5}"#.into(), false));
}

#[test]
fn t_d54_a_deleted_behavior() {
    let mut bench = in_alarm(at_most_fifty(), "all/things");
    bench.update(700, "P", json!({"deleteBehaviors": true})).expect("valid");
    assert_eq!(last(&mut bench, 700), ("700 alarm-invalidated pump -".into(), INVALIDATED[1].1));
    assert_eq!(bench.events().len(), 2);
}

#[test]
fn t_d55_a_deleted_profile() {
    let mut bench = in_alarm(at_most_fifty(), "all/things");
    bench.change(700, |world, now| world.delete(now, "P")).expect("exists");
    assert_eq!(last(&mut bench, 700), ("700 alarm-invalidated pump -".into(), false));
    visit(&mut bench, 910, 60);
    bench.run_to(1200);
    assert_eq!(bench.events().len(), 2);
}

fn leave(world: &mut World, now: crate::time::Timestamp, group: &str) {
    let pump = world.account.thing(PUMP).expect("exists");
    let group = world.account.thing_group(group).expect("exists");
    world.account.remove_thing_from_thing_group(now, pump, group).expect("valid");
}

#[test]
fn t_d56_out_of_the_target_group() {
    let mut bench = in_alarm(at_most_fifty(), "thinggroup/g");
    bench.change(450, |world, now| leave(world, now, "g"));
    assert_eq!(last(&mut bench, 450), ("450 alarm-invalidated pump -".into(), true));
}

#[test]
fn t_d57_out_of_one_of_two_target_groups() {
    let mut bench = in_alarm(at_most_fifty(), "thinggroup/g");
    bench.change(400, |world, now| world.attach(now, "P", "thinggroup/h")).expect("valid");
    bench.change(450, |world, now| leave(world, now, "g"));
    assert_eq!((bench.events().len(), bench.alarms()), (1, 1));
    visit(&mut bench, 460, 5);
    bench.run_to(600); // and it was monitored without a break
    assert_eq!(last(&mut bench, 600).0, r#"600 alarm-cleared pump {"count":5}"#);
}

#[test]
fn t_d58_the_first_window_after_attaching() {
    let mut bench = Bench::new();
    bench.watch(100, "P", json!([at_most_fifty()]), "all/things");
    visit(&mut bench, 110, 60);
    bench.run_to(300);
    assert_eq!(bench.events().len(), 0);
    visit(&mut bench, 310, 60);
    bench.run_to(600);
    assert_eq!(bench.events(), [r#"600 in-alarm pump {"count":60}"#]);
}

#[test]
fn t_d59_a_new_episode_has_a_new_id() {
    let mut bench = in_alarm(at_most_fifty(), "all/things");
    visit(&mut bench, 310, 5);
    visit(&mut bench, 610, 60);
    bench.run_to(900);
    let events = listed(&bench);
    assert_ne!(events[0].violation_id, events[2].violation_id);
    assert_eq!(events[1].violation_id, events[2].violation_id);
    assert_eq!(events[0].verification_state, VerificationState::Unknown);
}

#[test]
fn t_d60_d81_d86_ch90_a_cleared_event_shows_what_was_decided() {
    let mut bench = in_alarm(at_most_fifty(), "all/things");
    let id = listed(&bench)[0].violation_id.clone();
    let verdict = shape(json!({"violationId": id, "verificationState": "FALSE_POSITIVE"}));
    bench.world.detect.put_verification_state_on_violation(at(310), &verdict).expect("known");
    assert_eq!((listed(&bench).len(), bench.world.alerts(at(310)).len()), (1, 0));
    visit(&mut bench, 310, 5);
    bench.run_to(600);
    let states: Vec<_> = listed(&bench).iter().map(|event| event.verification_state).collect();
    assert_eq!(states, [VerificationState::FalsePositive; 2]);
    let cleared = bench.world.alerts(at(600));
    assert_eq!(cleared[0]["verificationState"], "FALSE_POSITIVE");
}

/// All events, newest first.
fn listed(bench: &Bench) -> Vec<crate::detect::wire::ViolationEvent> {
    let request = shape(json!({"startTime": 0, "endTime": 2_000_000_000}));
    bench.world.detect.list_violation_events(super::bench::until(), &request).expect("a list").violation_events
}

#[test]
fn t_d61_registering_a_device_in_alarm() {
    let mut bench = Bench::watching(json!([at_most_fifty()]));
    bench.publish_many(10, "x", 51);
    bench.run_to(300);
    assert_eq!((bench.events().len(), bench.alarms()), (1, 1));
    bench.change(400, |world, now| world.thing(now, "x"));
    bench.publish_many(410, "x", 5); // in a window that began before the thing did
    bench.publish_many(610, "x", 60); // the registered identity starts at OK
    bench.run_to(900);
    assert_eq!(bench.events()[1..], [r#"900 in-alarm x {"count":60}"#]);
    assert_eq!(bench.alarms(), 2);
    bench.publish_many(910, "x", 5);
    bench.run_to(1200); // only the registered identity's alarm clears
    assert_eq!(
        (bench.events()[2..].to_vec(), bench.alarms()),
        (vec![r#"1200 alarm-cleared x {"count":5}"#.to_owned()], 1)
    );
    bench.run_to(173_400);
    assert_eq!(last(&mut bench, 173_400).0, "173400 alarm-invalidated x -");
    assert_eq!(bench.alarms(), 0);
}

#[test]
fn d32_unregistering_a_device_starts_another_identity() {
    let mut bench = in_alarm(at_most_fifty(), "all/things");
    bench.change(450, |world, now| world.account.delete_thing(now, PUMP)).expect("no principals");
    assert_eq!((bench.events().len(), bench.alarms()), (1, 1));
    visit(&mut bench, 460, 60); // a window that began before the unregistered identity did
    visit(&mut bench, 610, 60);
    bench.run_to(900);
    assert_eq!(bench.events()[1..], [r#"900 in-alarm pump {"count":60}"#]);
    assert_eq!(bench.alarms(), 2);
}

#[test]
fn t_d62_fifty_devices_at_once() {
    let mut bench = Bench::watching(json!([bound("aws:num-authorization-failures", "less-than-equals", 5, 1, 1)]));
    for i in (0..50).rev() {
        bench.refuse_many(10, &format!("d{i:02}"), 6);
    }
    bench.run_to(300);
    let expected: Vec<_> = (0..50).map(|i| format!("300 in-alarm d{i:02} {{\"count\":6}}")).collect();
    let alerted: Vec<_> = bench.world.alerts(at(300)).iter().map(|alert| alert["thingName"].clone()).collect();
    assert_eq!(alerted, (0..50).map(|i| json!(format!("d{i:02}"))).collect::<Vec<_>>());
    let mut listed = bench.events();
    listed.reverse(); // the fixture turns the list around; within one instant it is by name
    assert_eq!(listed, expected);
}

#[test]
fn d37_ch68_joining_a_group_starts_monitoring() {
    let mut bench = in_alarm(at_most_fifty(), "thinggroup/g");
    bench.change(350, |world, now| {
        let valve = world.thing(now, "valve");
        let group = world.account.thing_group("g").expect("exists");
        world.account.add_thing_to_thing_group(now, valve, group, false).expect("valid");
    });
    bench.publish_many(360, "valve", 60);
    bench.run_to(600);
    assert_eq!(bench.events().len(), 1);
    bench.publish_many(610, "valve", 60);
    bench.run_to(900);
    assert_eq!(bench.events()[1..], [r#"900 in-alarm valve {"count":60}"#]);
}

#[test]
fn d72_leaving_and_coming_back_starts_over() {
    let mut bench = in_alarm(sent("less-than-equals", 50, 1, 1), "all/things");
    bench.change(450, |world, now| {
        world.detach(now, "P", "all/things").expect("attached");
        world.attach(now, "P", "all/things").expect("valid");
    });
    assert_eq!(last(&mut bench, 450), ("450 alarm-invalidated pump -".into(), true));
    visit(&mut bench, 460, 60);
    bench.run_to(600);
    assert_eq!(bench.events().len(), 2);
    visit(&mut bench, 610, 60);
    bench.run_to(900);
    assert_eq!(bench.events()[2..], [r#"900 in-alarm pump {"count":60}"#]);
}

//! Detect mitigation tasks (7.6).

use super::*;
use crate::detect::Detect;
use crate::detect::criteria::Observed;
use crate::detect::violation::{Outcome, Transition, ViolationFilter};

#[test]
fn t_m15_a_detect_task_takes_only_add_things() {
    let mut bench = Bench::new().with_actions();
    let violations = StatedViolations::of(&[("v1", "pump")]);
    let more = json!({"target": {"violationIds": ["v1"]}, "actions": ["add", "device"]});
    assert_eq!(refused(bench.detect(&violations, "t", more)), Exception::InvalidRequest);
}

#[test]
fn t_m16_ch107_an_unregistered_device_cannot_be_added() {
    let mut bench = Bench::new().with_actions();
    bench.group("quarantine");
    let violations = StatedViolations::of(&[("v1", "stranger")]);
    bench.detect(&violations, "t", json!({"target": {"violationIds": ["v1"]}})).expect("valid");
    let expected = ("v1".to_owned(), DetectStatus::Failed, Some("RESOURCE_NOT_FOUND".to_owned()));
    assert_eq!(bench.detect_executions("t"), [expected]);
    assert_eq!(bench.summary("t").task_status, DetectTaskStatus::Failed);
}

#[test]
fn t_m17_ch114_a_second_violation_of_the_thing_is_skipped() {
    let mut bench = Bench::new().with_actions();
    let (thing, quarantine) = (bench.thing("pump"), bench.group("quarantine"));
    let violations = StatedViolations::of(&[("v1", "pump"), ("v2", "pump")]);
    bench.detect(&violations, "t", json!({"target": {"securityProfileName": "P"}})).expect("valid");
    let mut executions = bench.detect_executions("t");
    executions.sort();
    let expected = [("v1".to_owned(), DetectStatus::Successful, None), ("v2".to_owned(), DetectStatus::Skipped, None)];
    assert_eq!(executions, expected);
    let summary = bench.summary("t");
    let statistics = &summary.task_statistics;
    assert_eq!((statistics.actions_executed, statistics.actions_skipped, statistics.actions_failed), (1, 1, 0));
    assert_eq!(summary.task_status, DetectTaskStatus::Successful);
    assert!(bench.account.is_thing_in_group(thing, quarantine, false));
}

#[test]
fn m32_m33_ch112_detect_requests_are_checked() {
    let mut bench = Bench::new().with_actions();
    let violations = StatedViolations::of(&[("v1", "pump")]);
    let many: Vec<_> = (0..26).map(|_| "v1").collect();
    for bad in [
        json!({"target": {}}),
        json!({"target": {"violationIds": ["v1"], "securityProfileName": "P"}}),
        json!({"target": {"violationIds": ["v1"], "behaviorName": "Sent"}}),
        json!({"target": {"behaviorName": "Sent"}}),
        json!({"target": {"violationIds": []}}),
        json!({"target": {"violationIds": many}}),
        json!({"target": {"violationIds": ["unknown"]}}),
        json!({"target": {"securityProfileName": "P"}, "actions": []}),
        json!({"target": {"securityProfileName": "P"}, "actions": vec!["add"; 6]}),
        json!({"target": {"securityProfileName": "P"}, "actions": ["nothing"]}),
        json!({"target": {"securityProfileName": "P"},
            "violationEventOccurrenceRange": {"startTime": 2, "endTime": 1}}),
        json!({"target": {"securityProfileName": "P"}, "taskId": "a b"}),
        json!({"target": {"securityProfileName": "P"}, "clientRequestToken": "a b"}),
    ] {
        assert_eq!(refused(bench.detect(&violations, "t", bad.clone())), Exception::InvalidRequest, "{bad}");
    }
}

#[test]
fn m34_ch113_a_profile_target_selects_by_range_activity_and_suppression() {
    let mut bench = Bench::new().with_actions();
    bench.group("quarantine");
    let violation =
        |id, thing, behavior, start, end, suppressed| StatedViolation { id, thing, behavior, start, end, suppressed };
    let violations = StatedViolations(vec![
        violation("old", "a", "Sent", 0, Some(10), false),
        violation("active", "b", "Sent", 20, None, false),
        violation("quiet", "c", "Sent", 20, None, true),
        violation("other", "d", "Received", 20, None, false),
    ]);
    let seconds = |s: i64| T.0 / 1_000 + s;
    for (i, (more, expected)) in [
        (json!({}), vec!["old", "active", "other"]),
        (json!({"includeOnlyActiveViolations": true}), vec!["active", "other"]),
        (json!({"includeSuppressedAlerts": true}), vec!["old", "active", "other", "quiet"]),
        (json!({"target": {"securityProfileName": "P", "behaviorName": "Received"}}), vec!["other"]),
        (json!({"violationEventOccurrenceRange": {"startTime": seconds(10), "endTime": seconds(19)}}), vec!["old"]),
        (json!({"target": {"securityProfileName": "Q"}}), vec![]),
        (
            json!({"target": {"violationIds": ["quiet", "old"]}, "includeOnlyActiveViolations": true,
                "violationEventOccurrenceRange": {"startTime": 1, "endTime": 2}}),
            vec!["old", "quiet"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = json!({"target": {"securityProfileName": "P"}});
        for (member, value) in more.as_object().expect("members") {
            body[member] = value.clone();
        }
        let task = format!("t{i}");
        bench.detect(&violations, &task, body).expect("valid");
        let ids: Vec<_> = bench.detect_executions(&task).into_iter().map(|(id, ..)| id).collect();
        assert_eq!(ids, expected, "{more}");
    }
}

#[test]
fn m35_after_a_failure_all_later_actions_on_the_thing_are_skipped() {
    let mut bench = Bench::new().with_actions();
    bench.thing("pump");
    bench.group("elsewhere");
    bench.action("more", json!({"addThingsToThingGroupParams": {"thingGroupNames": ["elsewhere"]}})).expect("valid");
    let violations = StatedViolations::of(&[("v1", "pump"), ("v2", "pump")]);
    let more = json!({"target": {"securityProfileName": "P"}, "actions": ["add", "more"]});
    bench.detect(&violations, "t", more).expect("valid");
    let summary = bench.summary("t");
    let statistics = &summary.task_statistics;
    assert_eq!((statistics.actions_executed, statistics.actions_skipped, statistics.actions_failed), (0, 3, 1));
    assert_eq!(summary.task_status, DetectTaskStatus::Failed);
}

#[test]
fn m37_m38_ch115_detect_tasks_can_be_canceled_and_listed() {
    let mut bench = Bench::new().with_actions();
    bench.mitigation.set_pace(Pace { duration: Millis::MINUTE, per_minute: Some(1), ..Pace::default() });
    let (pump, _) = (bench.thing("pump"), bench.thing("lock"));
    let quarantine = bench.group("quarantine");
    let violations = StatedViolations::of(&[("v1", "pump"), ("v2", "lock")]);
    bench.detect(&violations, "t", json!({"target": {"securityProfileName": "P"}})).expect("valid");
    assert_eq!(bench.detect_executions("t"), [("v1".to_owned(), DetectStatus::InProgress, None)]);
    bench.mitigation.cancel_detect_mitigation_actions_task(T, "t").expect("in progress");
    let again = bench.mitigation.cancel_detect_mitigation_actions_task(T, "t");
    assert_eq!(refused(again), Exception::InvalidRequest);
    let unknown = bench.mitigation.cancel_detect_mitigation_actions_task(T, "u");
    assert_eq!(refused(unknown), Exception::ResourceNotFound);
    let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
    mitigation.advance(T + Millis::HOUR, account, outbox, stated);
    assert_eq!(bench.detect_executions("t"), [("v1".to_owned(), DetectStatus::Successful, None)]);
    assert!(bench.account.is_thing_in_group(pump, quarantine, false), "what had begun ran on");
    assert_eq!(bench.summary("t").task_status, DetectTaskStatus::Canceled);
    let list = |more: Value| {
        let request = serde_json::from_value(more).expect("a well-formed request");
        let listed = bench.mitigation.list_detect_mitigation_actions_executions(&request);
        listed.map(|listed| listed.actions_executions.len()).map_err(|e| e.exception)
    };
    let start = T.0 / 1_000;
    assert_eq!(list(json!({"startTime": "2025-06-01T00:00:00Z", "endTime": start})), Ok(1));
    assert_eq!(list(json!({"startTime": start + 1, "endTime": start + 2})), Ok(0));
    assert_eq!(list(json!({"taskId": "t", "thingName": "lock"})), Ok(0));
    for bad in [json!({}), json!({"startTime": start}), json!({"taskId": "t", "startTime": start, "endTime": start})] {
        assert_eq!(list(bad), Err(Exception::InvalidRequest));
    }
    let tasks = ListDetectMitigationActionsTasksRequest { start_time: T, end_time: T, ..Default::default() };
    let tasks = bench.mitigation.list_detect_mitigation_actions_tasks(&tasks).expect("valid");
    assert_eq!(tasks.tasks.len(), 1);
}

/// Detect with profile `P`, whose behaviors `Sent` and `Quiet` (alerts suppressed) watch all things.
fn watching(bench: &Bench) -> Detect {
    let mut detect = Detect::new(3, Compatibility::Strict);
    let behavior = |name: &str, suppressed: bool| {
        json!({"name": name, "metric": "aws:num-messages-sent", "suppressAlerts": suppressed, "criteria":
            {"comparisonOperator": "less-than-equals", "value": {"count": 50}, "durationSeconds": 300}})
    };
    let profile = json!({"securityProfileName": "P", "behaviors": [behavior("Sent", false), behavior("Quiet", true)]});
    let profile = serde_json::from_value(profile).expect("a well-formed request");
    detect.create_security_profile(T, &profile, &bench.account).expect("valid");
    let target = json!({"securityProfileName": "P", "securityProfileTargetArn": bench.account.arn("all/things")});
    let target = serde_json::from_value(target).expect("a well-formed request");
    detect.attach_security_profile(T, &target, &bench.account).expect("valid");
    detect
}

fn tell(detect: &mut Detect, bench: &Bench, seconds: i64, behavior: &str, device: &str, outcome: Outcome) -> String {
    let evaluation = detect.evaluations().find(|(_, it)| it.behavior().name == behavior).expect("watched").0;
    let device = detect.device(device, &bench.account);
    let time = T + Millis::seconds(seconds);
    detect.record(time, Transition { evaluation, device, time, outcome }).to_string()
}

fn raised() -> Outcome {
    Outcome::Raised(Observed::Number(51.0))
}

#[test]
fn m34_m39_violations_of_detect_itself_are_selected_and_go_on_ringing() {
    let mut bench = Bench::new().with_actions();
    let quarantine = bench.group("quarantine");
    for name in ["a", "b", "c"] {
        bench.thing(name);
    }
    let mut detect = watching(&bench);
    let ended = tell(&mut detect, &bench, 0, "Sent", "a", raised());
    tell(&mut detect, &bench, 300, "Sent", "a", Outcome::Cleared(Observed::Number(1.0)));
    let running = tell(&mut detect, &bench, 600, "Sent", "b", raised());
    let quiet = tell(&mut detect, &bench, 600, "Quiet", "c", raised());
    let now = T + Millis::seconds(900);
    let select = |more: Value| {
        let mut query = ViolationQuery {
            now,
            security_profile_name: "P",
            behavior_name: None,
            range: None,
            only_active: more["active"] == true,
            include_suppressed: more["suppressed"] == true,
        };
        let seconds = |value: &Value| value.as_i64().map(|seconds| T + Millis::seconds(seconds));
        query.range = seconds(&more["from"]).zip(seconds(&more["to"]));
        let mut ids: Vec<_> = detect.select(&query).into_iter().map(|violation| violation.id).collect();
        ids.sort();
        ids
    };
    let sorted = |ids: &[&String]| {
        let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(select(json!({})), sorted(&[&ended, &running]));
    assert_eq!(select(json!({"active": true})), sorted(&[&running]));
    assert_eq!(select(json!({"suppressed": true})), sorted(&[&ended, &running, &quiet]));
    assert_eq!(select(json!({"from": 300, "to": 599})), sorted(&[&ended]), "its end lies in the range");
    assert_eq!(select(json!({"from": 301, "to": 599})), sorted(&[]));
    let request = json!({"taskId": "t", "target": {"violationIds": [running, "0".repeat(32)]}, "actions": ["add"]});
    let request: StartDetectMitigationActionsTaskRequest = serde_json::from_value(request).expect("well-formed");
    let Bench { account, outbox, mitigation, .. } = &mut bench;
    let unknown = mitigation.start_detect_mitigation_actions_task(now, account, outbox, &detect, request.clone());
    assert_eq!(refused(unknown.map(drop)), Exception::InvalidRequest);
    let mut request = request;
    request.target.violation_ids.as_mut().expect("given").pop();
    mitigation.start_detect_mitigation_actions_task(now, account, outbox, &detect, request).expect("valid");
    let b = bench.account.thing("b").expect("registered");
    assert!(bench.account.is_thing_in_group(b, quarantine, false));
    let still = detect.violations(ViolationFilter::default()).filter(|violation| violation.is_active()).count();
    assert_eq!(still, 2, "mitigating clears no alarm");
}

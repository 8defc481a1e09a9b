//! Detect mitigation tasks (7.6).

use super::*;

#[test]
fn t_m15_a_detect_task_takes_only_add_things() {
    let mut bench = Bench::new().with_actions();
    let violations = StatedViolations::of(&[("v1", "pump")]);
    let more = json!({"target": {"violationIds": ["v1"]}, "actions": ["add", "device"]});
    assert_eq!(refused(bench.detect(&violations, "t", more)), Exception::InvalidRequest);
}

#[test]
fn t_m16_an_unregistered_device_cannot_be_added() {
    let mut bench = Bench::new().with_actions();
    bench.group("quarantine");
    let violations = StatedViolations::of(&[("v1", "stranger")]);
    bench.detect(&violations, "t", json!({"target": {"violationIds": ["v1"]}})).expect("valid");
    let expected = ("v1".to_owned(), DetectStatus::Failed, Some("RESOURCE_NOT_FOUND".to_owned()));
    assert_eq!(bench.detect_executions("t"), [expected]);
    assert_eq!(bench.summary("t").task_status, DetectTaskStatus::Failed);
}

#[test]
fn t_m17_a_second_violation_of_the_thing_is_skipped() {
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
fn m32_m33_detect_requests_are_checked() {
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
fn m37_m38_detect_tasks_can_be_canceled_and_listed() {
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

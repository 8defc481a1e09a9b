//! Audit mitigation tasks (7.5).

use super::*;

#[test]
fn t_m01_ch103_an_inapplicable_action_is_refused_and_nothing_runs() {
    let mut bench = Bench::new().with_actions();
    let (_, certificate) = bench.expiring("pump");
    bench.stated.add(C08, "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS", Resource::Policy("p", 1));
    let mapping = json!({C14: ["device"], C08: ["device"]});
    assert_eq!(refused(bench.start("t", json!({"auditTaskId": AUDIT}), mapping)), Exception::InvalidRequest);
    assert_eq!(bench.status(certificate), CertificateStatus::Active);
    assert!(bench.mitigation.describe_audit_mitigation_actions_task("t").is_err());
}

#[test]
fn t_m04_m26_m27_other_findings_go_on_after_a_failure() {
    let mut bench = Bench::new().with_actions();
    let (_, first) = bench.expiring("pump-1");
    let (_, second) = bench.expiring("pump-2");
    bench.account.update_certificate(T, first, CertificateStatus::Revoked).expect("revocable");
    let task = bench.mitigate("t", json!({C14: ["device"]}));
    assert_eq!(bench.status(second), CertificateStatus::Inactive);
    assert_eq!(task.task_status, TaskStatus::Failed);
    assert_eq!(task.task_statistics[C14], statistics(2, 1, 1, 0, 0));
}

#[test]
fn t_m18_g07_a_task_id_is_taken_unless_token_and_request_repeat() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    let request = |token: Option<&str>, mapping: Value| -> StartAuditMitigationActionsTaskRequest {
        serde_json::from_value(json!({"taskId": "t", "target": {"auditTaskId": AUDIT},
            "auditCheckToActionsMapping": mapping, "clientRequestToken": token}))
        .expect("a well-formed request")
    };
    let mut start = |request| {
        let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
        mitigation.start_audit_mitigation_actions_task(T, account, outbox, stated, request).map(drop)
    };
    start(request(Some("one"), json!({C14: ["device"]}))).expect("new");
    start(request(Some("one"), json!({C14: ["device"]}))).expect("the same again");
    let other = start(request(Some("two"), json!({C14: ["device"]}))).expect_err("another token");
    assert_eq!((other.exception, other.exception.http_status()), (Exception::TaskAlreadyExists, 400));
    assert_eq!(refused(start(request(None, json!({C14: ["device"]})))), Exception::TaskAlreadyExists);
    assert_eq!(refused(start(request(Some("one"), json!({C14: ["sns"]})))), Exception::InvalidRequest);
    let violations = StatedViolations::of(&[("v1", "pump")]);
    let by_id = json!({"target": {"violationIds": ["v1"]}});
    bench.detect(&violations, "t", by_id.clone()).expect("detect tasks have ids of their own");
    bench.detect(&violations, "t", by_id).expect("the same again");
    let other = json!({"target": {"violationIds": ["v1"]}, "clientRequestToken": "two"});
    assert_eq!(refused(bench.detect(&violations, "t", other)), Exception::TaskAlreadyExists);
}

#[test]
fn t_m19_at_most_25_findings_are_named() {
    let mut bench = Bench::new().with_actions();
    for i in 0..26 {
        bench.expiring(&format!("pump-{i}"));
    }
    let ids: Vec<_> = (0..26).map(|i| format!("finding-{i}")).collect();
    let mapping = json!({C14: ["sns"]});
    let outcome = bench.start("t", json!({"findingIds": ids}), mapping.clone());
    assert_eq!(refused(outcome), Exception::InvalidRequest);
    bench.start("t", json!({"findingIds": &ids[..25]}), mapping).expect("25 are allowed");
    assert_eq!(bench.describe("t").task_statistics[C14], statistics(25, 0, 25, 0, 0));
}

#[test]
fn t_m20_ch110_a_suppressed_finding_is_counted_and_left_alone() {
    let mut bench = Bench::new().with_actions();
    let (_, certificate) = bench.expiring("pump");
    bench.stated.findings[0].suppressed = true;
    bench.start("t", json!({"findingIds": ["finding-0"]}), json!({C14: ["device"]})).expect("valid");
    let task = bench.describe("t");
    assert_eq!(task.task_statistics[C14], statistics(1, 0, 0, 1, 0));
    assert_eq!((task.task_status, task.end_time), (TaskStatus::Completed, Some(T)));
    assert!(bench.executions("t", 0).is_empty());
    assert_eq!(bench.status(certificate), CertificateStatus::Active);
}

#[test]
fn t_m22_at_most_five_actions_per_check() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    let six = json!({C14: ["sns", "sns", "sns", "sns", "sns", "sns"]});
    assert_eq!(refused(bench.start("t", json!({"auditTaskId": AUDIT}), six)), Exception::InvalidRequest);
    let five = json!({C14: ["sns", "sns", "sns", "sns", "sns"]});
    bench.start("t", json!({"auditTaskId": AUDIT}), five).expect("five are allowed");
}

#[test]
fn t_m24_a_completed_task_cannot_be_canceled() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    bench.mitigate("t", json!({C14: ["device"]}));
    let cancel = |mitigation: &mut Mitigation, task| mitigation.cancel_audit_mitigation_actions_task(T, task);
    assert_eq!(refused(cancel(&mut bench.mitigation, "t")), Exception::InvalidRequest);
    assert_eq!(refused(cancel(&mut bench.mitigation, "unknown")), Exception::ResourceNotFound);
}

#[test]
fn t_m25_a_filter_skips_other_reason_codes() {
    let mut bench = Bench::new().with_actions();
    let certificates: Vec<_> = (0..5).map(|i| bench.expiring(&format!("pump-{i}")).1).collect();
    for past in [1, 3] {
        bench.stated.findings[past].reason = "CERTIFICATE_PAST_EXPIRATION";
    }
    let target = json!({"auditTaskId": AUDIT, "auditCheckToReasonCodeFilter": {C14: ["CERTIFICATE_PAST_EXPIRATION"]}});
    bench.start("t", target, json!({C14: ["device"]})).expect("valid");
    assert_eq!(bench.describe("t").task_statistics[C14], statistics(5, 0, 2, 3, 0));
    let inactive = |i: &usize| bench.status(certificates[*i]) == CertificateStatus::Inactive;
    assert_eq!((0..5).filter(inactive).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn m02_a_running_task_keeps_the_definitions_it_began_with() {
    let mut bench = Bench::new().with_actions();
    bench.mitigation.set_pace(Pace { delay: Millis::MINUTE, ..Pace::default() });
    let (thing, certificate) = bench.expiring("pump");
    let quarantine = bench.group("quarantine");
    bench.mitigate("t", json!({C14: ["device"]}));
    let group = json!({"addThingsToThingGroupParams": {"thingGroupNames": ["quarantine"]}});
    let update = UpdateMitigationActionRequest {
        action_name: "device".into(),
        role_arn: None,
        action_params: Some(serde_json::from_value(group).expect("parameters")),
    };
    bench.mitigation.update_mitigation_action(T, &bench.account, update).expect("CH-101: the kind may change");
    bench.mitigation.delete_mitigation_action("device").expect("deletable");
    let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
    mitigation.advance(T + Millis::MINUTE, account, outbox, stated);
    assert_eq!(bench.status(certificate), CertificateStatus::Inactive);
    assert!(!bench.account.is_thing_in_group(thing, quarantine, false));
    let definition = &bench.describe("t").actions_definition[0];
    assert_eq!(definition.name, "device");
    assert!(definition.action_params.update_device_certificate_params.is_some());
    let unknown = UpdateMitigationActionRequest { action_name: "x".into(), ..UpdateMitigationActionRequest::default() };
    let outcome = bench.mitigation.update_mitigation_action(T, &bench.account, unknown).map(drop);
    assert_eq!(refused(outcome), Exception::ResourceNotFound);
}

#[test]
fn m20_ch109_targets_and_their_combinations() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    let filter = json!({C14: ["CERTIFICATE_APPROACHING_EXPIRATION"]});
    let mapping = json!({C14: ["device"]});
    for (i, bad) in [
        json!({}),
        json!({"auditTaskId": "unknown"}),
        json!({"findingIds": []}),
        json!({"findingIds": ["unknown"]}),
        json!({"findingIds": ["finding-0"], "auditTaskId": AUDIT}),
        json!({"findingIds": ["finding-0"], "auditCheckToReasonCodeFilter": filter}),
        json!({"auditCheckToReasonCodeFilter": {}}),
        json!({"auditCheckToReasonCodeFilter": {C14: []}}),
        json!({"auditCheckToReasonCodeFilter": {C14: vec!["x"; 26]}}),
        json!({"auditCheckToReasonCodeFilter": {"NO_SUCH_CHECK": ["x"]}}),
        json!({"auditCheckToReasonCodeFilter": {C17: ["LOGGING_DISABLED"]}}),
    ]
    .into_iter()
    .enumerate()
    {
        let outcome = bench.start(&format!("bad-{i}"), bad.clone(), mapping.clone());
        assert_eq!(refused(outcome), Exception::InvalidRequest, "{bad}");
    }
    for (task, good) in [
        ("audit", json!({"auditTaskId": AUDIT})),
        ("named", json!({"findingIds": ["finding-0", "finding-0"]})),
        ("newest", json!({"auditCheckToReasonCodeFilter": filter})),
        ("both", json!({"auditTaskId": AUDIT, "auditCheckToReasonCodeFilter": filter})),
    ] {
        bench.start(task, good, mapping.clone()).expect("valid");
        assert_eq!(bench.describe(task).task_statistics[C14], statistics(1, 0, 1, 0, 0), "{task}");
    }
    bench.stated.in_progress = true;
    for target in [json!({"auditTaskId": AUDIT}), json!({"findingIds": ["finding-0"]})] {
        assert_eq!(refused(bench.start("early", target, mapping.clone())), Exception::InvalidRequest);
    }
}

#[test]
fn m21_unknown_names_in_a_mapping() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    for mapping in [json!({}), json!({C14: []}), json!({C14: ["nothing"]}), json!({"NO_SUCH_CHECK": ["sns"]})] {
        let outcome = bench.start("t", json!({"auditTaskId": AUDIT}), mapping.clone());
        assert_eq!(refused(outcome), Exception::InvalidRequest, "{mapping}");
    }
}

#[test]
fn m22_q05_q07_running_tasks_are_limited() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    bench.mitigation.set_pace(Pace { duration: Millis::HOUR, ..Pace::default() });
    for i in 0..10 {
        bench.mitigate(&format!("t{i}"), json!({C14: ["sns"]}));
    }
    let more = bench.start("t10", json!({"auditTaskId": AUDIT}), json!({C14: ["sns"]}));
    assert_eq!(refused(more), Exception::LimitExceeded);
    bench.mitigation.cancel_audit_mitigation_actions_task(T, "t0").expect("in progress");
    bench.mitigate("t10", json!({C14: ["sns"]}));
    let violations = StatedViolations::of(&[("v1", "pump")]);
    let target = json!({"target": {"violationIds": ["v1"]}});
    for i in 0..5 {
        bench.detect(&violations, &format!("d{i}"), target.clone()).expect("room");
    }
    assert_eq!(refused(bench.detect(&violations, "d5", target)), Exception::LimitExceeded);
}

#[test]
fn m23_findings_of_unmapped_checks_are_no_part_of_the_task() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    policy_finding(&mut bench, 1);
    let task = bench.mitigate("t", json!({C14: ["device"], C12: ["ca"]}));
    assert_eq!(task.task_statistics.keys().collect::<Vec<_>>(), [C12, C14]);
    assert_eq!(task.task_statistics[C12], statistics(0, 0, 0, 0, 0));
}

#[test]
fn m24_m28_ch111_findings_by_time_and_id_actions_by_mapping() {
    let mut bench = Bench::new().with_actions();
    bench.group("quarantine");
    for (name, minutes) in [("b", 2), ("a", 1), ("c", 1)] {
        bench.expiring(name);
        bench.stated.findings.last_mut().expect("added").time = T - Millis::minutes(minutes);
    }
    bench.mitigate("t", json!({C14: ["sns", "device"]}));
    let bodies: Vec<_> = bench.outbox.since(0).map(|message| message.body()).collect();
    assert_eq!(bodies, [0, 1, 2].map(|i| format!(r#"{{"findingId":"finding-{i}"}}"#)));
    let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
    let kinds: Vec<_> = mitigation
        .advance(T, account, outbox, stated)
        .into_iter()
        .filter_map(|event| match event {
            MitigationEvent::ExecutionEnded { row, action_type, .. } => Some((row, action_type)),
            _ => None,
        })
        .collect();
    let (sns, device) = (ActionType::PublishFindingToSns, ActionType::UpdateDeviceCertificate);
    assert_eq!(kinds, [(0, sns), (0, device), (1, sns), (1, device), (2, sns), (2, device)]);
}

#[test]
fn m25_m29_a_canceled_task_keeps_what_is_done_and_lets_run_what_has_begun() {
    let mut bench = Bench::new().with_actions();
    bench.mitigation.set_pace(Pace { duration: Millis::seconds(90), per_minute: Some(1), ..Pace::default() });
    let certificates: Vec<_> = (0..4).map(|i| bench.expiring(&format!("pump-{i}")).1).collect();
    bench.mitigate("t", json!({C14: ["device", "sns"]}));
    let later = |bench: &mut Bench, seconds| {
        let Bench { account, outbox, mitigation, stated, .. } = bench;
        mitigation.advance(T + Millis::seconds(seconds), account, outbox, stated);
    };
    later(&mut bench, 0);
    assert_eq!(bench.executions("t", 0), ["IN_PROGRESS", "PENDING"]);
    // Begun: finding 0 at 0 s, 1 at 60 s, 0 again at 120 s, 1 again at 180 s; done: 0 at 90 s, 1 at 150 s.
    later(&mut bench, 200);
    bench.mitigation.cancel_audit_mitigation_actions_task(T + Millis::seconds(200), "t").expect("in progress");
    assert_eq!(bench.executions("t", 0), ["COMPLETED", "IN_PROGRESS"]);
    assert_eq!(bench.executions("t", 2), ["CANCELED", "CANCELED"]);
    later(&mut bench, 10_000);
    let task = bench.describe("t");
    assert_eq!((task.task_status, task.end_time), (TaskStatus::Canceled, Some(T + Millis::seconds(200))));
    assert_eq!(task.task_statistics[C14], statistics(4, 0, 2, 0, 2));
    assert_eq!(bench.executions("t", 1), ["COMPLETED", "COMPLETED"]);
    let statuses: Vec<_> = certificates.iter().map(|certificate| bench.status(*certificate)).collect();
    use CertificateStatus::{Active, Inactive};
    assert_eq!(statuses, [Inactive, Inactive, Active, Active]);
    assert_eq!(bench.mitigation.next_due(), None);
}

#[test]
fn m29_a_finding_canceled_between_two_actions_counts_as_canceled() {
    let mut bench = Bench::new().with_actions();
    bench.mitigation.set_pace(Pace { duration: Millis::MINUTE, ..Pace::default() });
    bench.expiring("pump");
    bench.mitigate("t", json!({C14: ["device", "sns"]}));
    bench.mitigation.cancel_audit_mitigation_actions_task(T, "t").expect("in progress");
    let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
    mitigation.advance(T + Millis::HOUR, account, outbox, stated);
    assert_eq!(bench.executions("t", 0), ["COMPLETED", "CANCELED"]);
    assert_eq!(bench.describe("t").task_statistics[C14], statistics(1, 0, 0, 0, 1));
}

#[test]
fn m30_tasks_are_listed_by_time_audit_finding_and_status_and_kept_90_days() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump-1");
    let (_, certificate) = bench.expiring("pump-2");
    bench.account.update_certificate(T, certificate, CertificateStatus::Revoked).expect("revocable");
    bench.start("b", json!({"findingIds": ["finding-0"]}), json!({C14: ["device"]})).expect("valid");
    bench.start("a", json!({"auditTaskId": AUDIT}), json!({C14: ["device"]})).expect("valid");
    let list = |now, more: Value| -> Result<Vec<String>, ServiceError> {
        let mut body = json!({"startTime": "2025-06-01T00:00:00Z", "endTime": T.0 / 1_000});
        for (member, value) in more.as_object().expect("members") {
            body[member] = value.clone();
        }
        let request = serde_json::from_value(body).expect("a well-formed request");
        let listed = bench.mitigation.list_audit_mitigation_actions_tasks(now, &bench.stated, &request)?;
        Ok(listed.tasks.into_iter().map(|task| task.task_id).collect())
    };
    assert_eq!(list(T, json!({})).expect("valid"), ["a", "b"]);
    assert_eq!(list(T, json!({"taskStatus": "FAILED"})).expect("valid"), ["a"]);
    assert_eq!(list(T, json!({"findingId": "finding-0"})).expect("valid"), ["a", "b"]);
    assert_eq!(list(T, json!({"findingId": "finding-1"})).expect("valid"), ["a"]);
    assert_eq!(list(T, json!({"auditTaskId": AUDIT})).expect("valid"), ["a", "b"]);
    assert!(list(T, json!({"auditTaskId": "other"})).expect("valid").is_empty());
    assert!(list(T, json!({"startTime": T.0 / 1_000 + 1, "endTime": T.0 / 1_000 + 2})).expect("valid").is_empty());
    assert_eq!(list(T + Millis::days(90), json!({})).expect("still retained"), ["a", "b"]);
    let late = T + Millis::days(90) + Millis(1);
    assert_eq!(refused(list(late, json!({})).map(drop)), Exception::InvalidRequest);
    let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
    mitigation.advance(late, account, outbox, stated);
    let gone = mitigation.describe_audit_mitigation_actions_task("a").map(drop);
    assert_eq!(refused(gone), Exception::ResourceNotFound);
}

#[test]
fn m30_a_task_is_described_as_it_travels() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    let described = serde_json::to_value(bench.mitigate("t", json!({C14: ["device"]}))).expect("JSON");
    let id = described["actionsDefinition"][0]["id"].clone();
    assert_eq!(
        described,
        json!({"taskStatus": "COMPLETED", "startTime": 1748736000, "endTime": 1748736000,
            "taskStatistics": {C14: {"totalFindingsCount": 1, "failedFindingsCount": 0, "succeededFindingsCount": 1,
                "skippedFindingsCount": 0, "canceledFindingsCount": 0}},
            "target": {"auditTaskId": AUDIT}, "auditCheckToActionsMapping": {C14: ["device"]},
            "actionsDefinition": [{"name": "device", "id": id, "roleArn": ROLE,
                "actionParams": {"updateDeviceCertificateParams": {"action": "DEACTIVATE"}}}]})
    );
}

#[test]
fn j18_a_task_on_100_000_findings() {
    let mut bench = Bench::new().with_actions();
    bench.account.pause_changes(true);
    let n = 100_000u32;
    for i in 0..n {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&i.to_be_bytes());
        let facts = CertificateFacts::new(CertificateId(id), T - Millis::DAY, T + Millis::days(20));
        bench.account.register_certificate(T, facts).expect("new");
        bench.stated.add(C14, "CERTIFICATE_APPROACHING_EXPIRATION", Resource::Device(CertificateId(id)));
    }
    let task = bench.mitigate("t", json!({C14: ["device", "sns"]}));
    assert_eq!(task.task_statistics[C14], statistics(u64::from(n), 0, u64::from(n), 0, 0));
    let inactive = |bench: &Bench| {
        let rows = bench.account.certificates().filter_map(|it| bench.account.certificate(it));
        rows.filter(|row| row.status() == CertificateStatus::Inactive).count()
    };
    assert_eq!(inactive(&bench), n as usize);
    assert_eq!(bench.outbox.end(), u64::from(n));
    assert_eq!(bench.mitigation.undo(TaskRef::Audit(0)).count(), n as usize);
}

#[test]
fn j18_a_throttled_task_takes_the_time_that_its_rate_implies() {
    let mut bench = Bench::new().with_actions();
    bench.mitigation.set_pace(Pace { per_minute: Some(100), ..Pace::default() });
    for i in 0..250 {
        bench.expiring(&format!("pump-{i}"));
    }
    bench.mitigate("t", json!({C14: ["device"]}));
    let mut now = T;
    let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
    let mut per_minute = [0; 3];
    while let Some(due) = mitigation.next_due() {
        now = due;
        mitigation.advance(now, account, outbox, stated);
        per_minute[((now - T).0 / 60_000) as usize] += 1;
    }
    assert_eq!(per_minute, [99, 100, 50], "the first was done at the start");
    assert_eq!(bench.describe("t").end_time, Some(now));
}

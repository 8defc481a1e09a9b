//! What the actions do, and when they cannot (7.1–7.4).

use super::*;

#[test]
fn t_m02_ch108_a_certificate_is_deactivated_and_stays_so() {
    let mut bench = Bench::new().with_actions();
    let (_, certificate) = bench.expiring("pump");
    assert_eq!(bench.mitigate("first", json!({C14: ["device"]})).task_status, TaskStatus::Completed);
    assert_eq!(bench.status(certificate), CertificateStatus::Inactive);
    let version = |bench: &Bench| bench.account.certificate(certificate).expect("kept").customer_version();
    let before = version(&bench);
    assert_eq!(bench.mitigate("second", json!({C14: ["device"]})).task_status, TaskStatus::Completed);
    assert_eq!((bench.status(certificate), version(&bench)), (CertificateStatus::Inactive, before));
    assert_eq!(bench.executions("second", 0), ["COMPLETED"]);
}

#[test]
fn t_m03_m24_m26_a_failed_action_skips_the_later_ones_of_its_finding() {
    let mut bench = Bench::new().with_actions();
    let (thing, certificate) = bench.expiring("pump");
    let quarantine = bench.group("quarantine");
    bench.account.update_certificate(T, certificate, CertificateStatus::Revoked).expect("revocable");
    let task = bench.mitigate("t", json!({C14: ["device", "add"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE", "SKIPPED"]);
    assert_eq!(task.task_status, TaskStatus::Failed);
    assert_eq!(task.task_statistics[C14], statistics(1, 1, 0, 0, 0));
    assert!(!bench.account.is_thing_in_group(thing, quarantine, false));
}

/// A thing with an expiring certificate, in `fixed` static groups and, if asked, one dynamic group.
fn thing_in_groups(bench: &mut Bench, fixed: usize, dynamic: bool) -> (ThingId, Option<ThingGroupId>) {
    let (thing, _) = bench.expiring("pump");
    bench.group("quarantine");
    for i in 0..fixed {
        let group = bench.group(&format!("g{i}"));
        bench.account.add_thing_to_thing_group(T, thing, group, false).expect("room");
    }
    let dynamic = dynamic.then(|| {
        let group = bench.account.create_dynamic_thing_group(T, "dynamic", "thingName:pump", Default::default());
        group.expect("a valid query")
    });
    (thing, dynamic)
}

#[test]
fn t_m05_ten_static_groups_leave_no_room_even_with_override() {
    let mut bench = Bench::new().with_actions();
    thing_in_groups(&mut bench, 10, false);
    bench.mitigate("t", json!({C14: ["add"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
}

#[test]
fn t_m06_override_drops_the_dynamic_group() {
    let mut bench = Bench::new().with_actions();
    let (thing, dynamic) = thing_in_groups(&mut bench, 9, true);
    let dynamic = dynamic.expect("created");
    assert!(bench.account.is_thing_in_group(thing, dynamic, false), "the query matches");
    assert_eq!(bench.mitigate("t", json!({C14: ["add"]})).task_status, TaskStatus::Completed);
    let quarantine = bench.account.thing_group("quarantine").expect("created");
    assert!(bench.account.is_thing_in_group(thing, quarantine, false));
    assert!(!bench.account.is_thing_in_group(thing, dynamic, false));
}

#[test]
fn t_m07_without_override_the_dynamic_group_stays() {
    let mut bench = Bench::new();
    let (thing, dynamic) = thing_in_groups(&mut bench, 9, true);
    bench.action("add", json!({"addThingsToThingGroupParams": {"thingGroupNames": ["quarantine"]}})).expect("valid");
    bench.mitigate("t", json!({C14: ["add"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
    assert!(bench.account.is_thing_in_group(thing, dynamic.expect("created"), false));
}

#[test]
fn t_m08_all_things_of_a_shared_certificate_are_tried() {
    let mut bench = Bench::new().with_actions();
    let (a, certificate) = bench.expiring("a");
    let b = bench.thing("b");
    bench.attach(b, certificate);
    bench.group("root");
    let of_root = |bench: &mut Bench, name: &str| bench.account.create_thing_group(T, name, Some("root")).expect("new");
    let (quarantine, sibling) = (of_root(&mut bench, "quarantine"), of_root(&mut bench, "sibling"));
    bench.account.add_thing_to_thing_group(T, b, sibling, false).expect("room");
    bench.mitigate("t", json!({C14: ["add"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
    assert!(bench.account.is_thing_in_group(a, quarantine, false));
    assert!(!bench.account.is_thing_in_group(b, quarantine, false));
}

#[test]
fn t_m09_m14_ch105_a_blank_version_becomes_the_default_once() {
    let mut bench = Bench::new().with_actions();
    let policy = policy_finding(&mut bench, 1);
    for task in ["first", "second"] {
        assert_eq!(bench.mitigate(task, json!({C08: ["blank"]})).task_status, TaskStatus::Completed);
        let numbers: Vec<_> = bench.account.policy_versions(policy).iter().map(|version| version.number).collect();
        let default = bench.account.default_policy_version(policy).expect("kept");
        assert_eq!((numbers, default.number), (vec![1, 2], 2), "{task}");
        assert_eq!(bench.account.document_text(default.document), BLANK_POLICY);
    }
}

#[test]
fn t_m10_five_versions_leave_no_room() {
    let mut bench = Bench::new().with_actions();
    let policy = policy_finding(&mut bench, 1);
    for _ in 0..4 {
        bench.account.create_policy_version(T, policy, BROAD, false).expect("room");
    }
    bench.mitigate("t", json!({C08: ["blank"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
    assert_eq!(bench.account.policy_versions(policy).len(), 5);
}

#[test]
fn t_m11_ch106_a_default_changed_meanwhile_is_left_alone() {
    let mut bench = Bench::new().with_actions();
    let policy = policy_finding(&mut bench, 1);
    for last in [false, false, true] {
        bench.account.create_policy_version(T, policy, BROAD, last).expect("room");
    }
    bench.mitigate("t", json!({C08: ["blank"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
    assert_eq!(bench.account.default_policy_version(policy).map(|version| version.number), Some(4));
}

#[test]
fn t_m12_logging_cannot_be_enabled_at_level_disabled() {
    let params = json!({"enableIoTLoggingParams": {"roleArnForLogging": ROLE, "logLevel": "DISABLED"}});
    let outcome = Bench::new().action("log", params).map(drop);
    assert_eq!(refused(outcome), Exception::InvalidRequest);
}

#[test]
fn t_m13_m15_logging_is_enabled() {
    let mut bench = Bench::new().with_actions();
    bench.account.set_v2_logging_options(T, Some(ROLE), Some(LogLevel::Debug), Some(true)).expect("valid");
    bench.stated.add(C17, "LOGGING_DISABLED", Resource::Account);
    assert_eq!(bench.mitigate("t", json!({C17: ["log"]})).task_status, TaskStatus::Completed);
    let options = bench.account.get_v2_logging_options().expect("configured");
    assert_eq!((options.default_log_level, options.disable_all_logs), (LogLevel::Error, false));
}

#[test]
fn t_m14_a_ca_is_deactivated_and_its_device_certificates_are_not() {
    let mut bench = Bench::new().with_actions();
    let id = CertificateId([0xca; 32]);
    let facts = CaCertificateFacts::new(id, T - Millis::DAY, T + Millis::days(20));
    let ca: CaCertificateIndex = bench.account.register_ca_certificate(T, facts).expect("new");
    let devices: Vec<_> = (1..=3)
        .map(|i| {
            let mut facts = CertificateFacts::new(CertificateId([i; 32]), T - Millis::DAY, T + Millis::days(300));
            facts.ca = Some(ca);
            bench.account.register_certificate(T, facts).expect("new")
        })
        .collect();
    bench.stated.add(C12, "CERTIFICATE_APPROACHING_EXPIRATION", Resource::Ca(id));
    assert_eq!(bench.mitigate("t", json!({C12: ["ca"]})).task_status, TaskStatus::Completed);
    let status = bench.account.ca_certificate(ca).map(|ca| ca.status());
    assert_eq!(status, Some(CaCertificateStatus::Inactive));
    assert!(devices.iter().all(|device| bench.status(*device) == CertificateStatus::Active));
}

#[test]
fn t_m21_an_action_is_created_once() {
    let mut bench = Bench::new();
    let params = |topic: &str| json!({"publishFindingToSnsParams": {"topicArn": topic}});
    let first = bench.action("a", params(TOPIC)).expect("new");
    assert_eq!(bench.action("a", params(TOPIC)).as_ref(), Ok(&first));
    let other = bench.action("a", params("arn:aws:sns:us-east-1:123456789012:other")).expect_err("another definition");
    assert_eq!(other.exception, Exception::ResourceAlreadyExists);
    let arn = "arn:aws:iot:us-east-1:123456789012:mitigationaction/a";
    assert_eq!(other.resource, Some(("a".into(), arn.into())));
}

#[test]
fn t_m23_an_action_has_one_set_of_parameters() {
    let mut bench = Bench::new();
    let one = json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE"}});
    let mut two = one.clone();
    two["publishFindingToSnsParams"] = json!({"topicArn": TOPIC});
    for params in [json!({}), two] {
        assert_eq!(refused(bench.action("a", params).map(drop)), Exception::InvalidRequest);
    }
    bench.action("a", one).expect("exactly one");
}

/// An intermediate CA with two active and one inactive certificate, and the finding of T-C37.
fn revoked_intermediate(bench: &mut Bench) -> Vec<CertificateIndex> {
    let issuer = IssuerFacts {
        subject: "CN=Line 4".into(),
        id: "ab".into(),
        key_id: None,
        serial: SerialNumber::from(7),
        issuer: None,
    };
    let issuer = bench.account.register_issuer(T, issuer).expect("valid");
    let issued = |i: u8| {
        let mut facts = CertificateFacts::new(CertificateId([i; 32]), T - Millis::DAY, T + Millis::days(300));
        facts.issuer = Some(issuer);
        facts.status = if i == 3 { CertificateStatus::Inactive } else { CertificateStatus::Active };
        bench.account.register_certificate(T, facts).expect("new")
    };
    let certificates = (1..=3).map(issued).collect();
    let related = vec![CertificateId([1; 32]), CertificateId([2; 32])];
    let resource = Resource::Issuer { subject: "CN=Line 4", related };
    bench.stated.add(C01, "INTERMEDIATE_CA_REVOKED_BY_ISSUER", resource);
    certificates
}

#[test]
fn t_m26_ch104_all_certificates_of_a_revoked_intermediate_in_one_execution() {
    let mut bench = Bench::new().with_actions();
    let certificates = revoked_intermediate(&mut bench);
    let before = bench.account.certificate(certificates[2]).expect("kept").customer_version();
    assert_eq!(bench.mitigate("t", json!({C01: ["device"]})).task_status, TaskStatus::Completed);
    assert!(certificates.iter().all(|certificate| bench.status(*certificate) == CertificateStatus::Inactive));
    assert_eq!(bench.account.certificate(certificates[2]).expect("kept").customer_version(), before);
    assert_eq!(bench.executions("t", 0), ["COMPLETED"]);
}

#[test]
fn m10_things_of_an_intermediate_are_found_after_its_certificates_were_deactivated() {
    let mut bench = Bench::new().with_actions();
    let certificates = revoked_intermediate(&mut bench);
    let (pump, spare, quarantine) = (bench.thing("pump"), bench.thing("spare"), bench.group("quarantine"));
    bench.attach(pump, certificates[0]);
    bench.attach(spare, certificates[2]);
    assert_eq!(bench.mitigate("t", json!({C01: ["device", "add"]})).task_status, TaskStatus::Completed);
    assert!(bench.account.is_thing_in_group(pump, quarantine, false));
    assert!(!bench.account.is_thing_in_group(spare, quarantine, false), "it was inactive all along");
}

#[test]
fn m10_one_certificate_that_cannot_be_changed_fails_the_execution() {
    let mut bench = Bench::new().with_actions();
    let certificates = revoked_intermediate(&mut bench);
    bench.account.update_certificate(T, certificates[0], CertificateStatus::Inactive).expect("active");
    bench.account.transfer_certificate(T, certificates[0], "210987654321", None).expect("inactive");
    bench.mitigate("t", json!({C01: ["device"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
    assert_eq!(bench.status(certificates[1]), CertificateStatus::Inactive, "the others are done all the same");
}

fn lack(bench: &mut Bench, permission: &str) {
    let role = IamRole { missing_permissions: [permission.to_owned()].into(), ..IamRole::default() };
    bench.account.put_iam_role(T, ROLE, role);
}

#[test]
fn t_m27_a_role_without_the_permission_changes_nothing() {
    let mut bench = Bench::new().with_actions();
    let (_, certificate) = bench.expiring("pump");
    lack(&mut bench, "iot:UpdateCertificate");
    bench.mitigate("t", json!({C14: ["device"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INSUFFICIENT_PERMISSIONS"]);
    assert_eq!(bench.status(certificate), CertificateStatus::Active);
}

#[test]
fn m05_ch102_each_action_needs_its_permissions() {
    for (permission, action) in [
        ("iot:UpdateCertificate", "device"),
        ("iot:UpdateCACertificate", "ca"),
        ("iot:ListPrincipalThings", "add"),
        ("iot:AddThingToThingGroup", "add"),
        ("iot:CreatePolicyVersion", "blank"),
        ("iot:SetV2LoggingOptions", "log"),
        ("iam:PassRole", "log"),
        ("sns:Publish", "sns"),
    ] {
        let mut bench = Bench::new().with_actions();
        let check = match action {
            "ca" => C12,
            "blank" => C08,
            "log" => C17,
            _ => C14,
        };
        let (_, certificate) = bench.expiring("pump");
        bench.stated.findings[0].check = check;
        lack(&mut bench, permission);
        bench.mitigate("t", json!({check: [action]}));
        assert_eq!(bench.executions("t", 0), ["FAILED INSUFFICIENT_PERMISSIONS"], "{permission}");
        assert_eq!((bench.status(certificate), bench.outbox.end()), (CertificateStatus::Active, 0));
    }
}

#[test]
fn t_m28_m03_deleting_an_absent_action_succeeds() {
    assert_eq!(Bench::new().mitigation.delete_mitigation_action("nothing"), Ok(()));
}

#[test]
fn m01_q04_names_and_parameters_are_checked() {
    let mut bench = Bench::new();
    for (name, params) in [
        ("", json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE"}})),
        ("a b", json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE"}})),
        ("a", json!({"updateDeviceCertificateParams": {"action": "REVOKE"}})),
        ("a", json!({"updateCACertificateParams": {"action": "ACTIVATE"}})),
        ("a", json!({"addThingsToThingGroupParams": {"thingGroupNames": []}})),
        ("a", json!({"addThingsToThingGroupParams": {"thingGroupNames": vec!["g"; 11]}})),
        ("a", json!({"addThingsToThingGroupParams": {"thingGroupNames": ["a/b"]}})),
        ("a", json!({"replaceDefaultPolicyVersionParams": {"templateName": "DENY_ALL"}})),
        ("a", json!({"enableIoTLoggingParams": {"roleArnForLogging": "short", "logLevel": "INFO"}})),
        ("a", json!({"publishFindingToSnsParams": {"topicArn": "arn:aws:sns:us-east-1:123456789:t"}})),
        ("a", json!({"publishFindingToSnsParams": {"topicArn": "x".repeat(351)}})),
    ] {
        assert_eq!(refused(bench.action(name, params.clone()).map(drop)), Exception::InvalidRequest, "{params}");
    }
    for i in 0..100 {
        bench.action(&format!("a{i}"), json!({"publishFindingToSnsParams": {"topicArn": TOPIC}})).expect("room");
    }
    let more = bench.action("one-more", json!({"publishFindingToSnsParams": {"topicArn": TOPIC}}));
    assert_eq!(refused(more.map(drop)), Exception::LimitExceeded);
}

#[test]
fn m04_actions_are_described_and_listed_as_they_travel() {
    let mut bench = Bench::new();
    let group = json!({"thingGroupNames": ["q"], "overrideDynamicGroups": true});
    let ids = bench.action("b", json!({"addThingsToThingGroupParams": group})).expect("valid");
    bench.action("a", json!({"publishFindingToSnsParams": {"topicArn": TOPIC}})).expect("valid");
    let described = bench.mitigation.describe_mitigation_action(&bench.account, "b").expect("known");
    assert_eq!(
        serde_json::to_value(described).expect("JSON"),
        json!({"actionName": "b", "actionType": "ADD_THINGS_TO_THING_GROUP",
            "actionArn": "arn:aws:iot:us-east-1:123456789012:mitigationaction/b", "actionId": ids.action_id,
            "roleArn": ROLE, "actionParams": {"addThingsToThingGroupParams": group},
            "creationDate": 1748736000, "lastModifiedDate": 1748736000})
    );
    let list = |action_type| {
        let request = ListMitigationActionsRequest { action_type, ..ListMitigationActionsRequest::default() };
        let listed = bench.mitigation.list_mitigation_actions(&bench.account, &request).expect("valid");
        listed.action_identifiers.into_iter().map(|it| it.action_name).collect::<Vec<_>>()
    };
    assert_eq!(list(None), ["a", "b"], "CH-02: created together, so by name");
    assert_eq!(list(Some(ActionType::AddThingsToThingGroup)), ["b"]);
}

#[test]
fn m09_m11_m14_missing_resources() {
    let mut bench = Bench::new().with_actions();
    bench.group("quarantine");
    let (_, id) = bench.certificate();
    bench.stated.add(C14, "CERTIFICATE_PAST_EXPIRATION", Resource::Device(CertificateId([99; 32])));
    bench.stated.add(C12, "CERTIFICATE_PAST_EXPIRATION", Resource::Ca(CertificateId([99; 32])));
    bench.stated.add(C08, "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS", Resource::Policy("gone", 1));
    bench.stated.add("DEVICE_CERTIFICATE_AGE_CHECK", "CERTIFICATE_PAST_AGE_THRESHOLD", Resource::Device(id));
    let mapping = json!({C14: ["device"], C12: ["ca"], C08: ["blank"], "DEVICE_CERTIFICATE_AGE_CHECK": ["add"]});
    bench.mitigate("t", mapping);
    for finding in 0..4 {
        assert_eq!(bench.executions("t", finding), ["FAILED RESOURCE_NOT_FOUND"], "{finding}");
    }
}

#[test]
fn m12_x12_things_are_added_and_stay_where_they_were() {
    let mut bench = Bench::new().with_actions();
    let (thing, _) = bench.expiring("pump");
    let (home, quarantine) = (bench.group("home"), bench.group("quarantine"));
    bench.account.add_thing_to_thing_group(T, thing, home, false).expect("room");
    for task in ["first", "again"] {
        assert_eq!(bench.mitigate(task, json!({C14: ["add"]})).task_status, TaskStatus::Completed);
    }
    assert!(bench.account.is_thing_in_group(thing, home, false));
    assert!(bench.account.is_thing_in_group(thing, quarantine, false));
}

#[test]
fn m13_x16_a_dynamic_or_missing_group_fails() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    bench.mitigate("missing", json!({C14: ["add"]}));
    assert_eq!(bench.executions("missing", 0), ["FAILED RESOURCE_NOT_FOUND"]);
    bench.account.create_dynamic_thing_group(T, "quarantine", "thingName:other", Default::default()).expect("valid");
    bench.mitigate("dynamic", json!({C14: ["add"]}));
    assert_eq!(bench.executions("dynamic", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
}

#[test]
fn m16_findings_are_published_on_every_execution() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    for task in ["first", "second"] {
        bench.mitigate(task, json!({C14: ["sns"]}));
    }
    let bodies: Vec<_> = bench.outbox.since(0).map(|message| message.body()).collect();
    assert_eq!(bodies, [r#"{"findingId":"finding-0"}"#; 2]);
    bench.outbox.set_topic_exists(TOPIC, false);
    bench.mitigate("third", json!({C14: ["sns"]}));
    assert_eq!(bench.executions("third", 0), ["FAILED RESOURCE_NOT_FOUND"]);
    assert_eq!(bench.outbox.end(), 2);
}

#[test]
fn m18_what_was_done_can_be_taken_back_by_hand() {
    let mut bench = Bench::new().with_actions();
    let (thing, certificate) = bench.expiring("pump");
    let quarantine = bench.group("quarantine");
    let policy = policy_finding(&mut bench, 1);
    bench.stated.add(C17, "LOGGING_DISABLED", Resource::Account);
    bench.mitigate("t", json!({C14: ["device", "add", "sns"], C08: ["blank"], C17: ["log"]}));
    let task = TaskRef::Audit(0);
    let undo: Vec<_> = bench.mitigation.undo(task).rev().cloned().collect();
    assert_eq!(undo.len(), 4, "publishing cannot be taken back");
    for undo in undo {
        undo.revert(T, &mut bench.account).expect("possible");
    }
    assert_eq!(bench.status(certificate), CertificateStatus::Active);
    assert!(!bench.account.is_thing_in_group(thing, quarantine, false));
    assert_eq!(bench.account.default_policy_version(policy).map(|version| version.number), Some(1));
    assert!(bench.account.get_v2_logging_options().is_err(), "it was not configured before");
    assert_eq!(ActionType::PublishFindingToSns.reversibility(), Reversibility::No);
}

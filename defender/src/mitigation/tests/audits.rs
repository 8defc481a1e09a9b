//! The same against audits themselves: find, mitigate, look again.

use super::*;
use crate::account::{CrlEntry, RevokingIssuer};
use crate::audit::wire::{AccountAuditConfiguration, AuditTaskId, DescribeAuditTaskResponse};
use crate::audit::{Audit, AuditSettings};

/// An audit engine with some checks enabled.
fn auditing(bench: &Bench, checks: &[&str]) -> Audit {
    let mut audit = Audit::new(AuditSettings::default());
    let enabled: serde_json::Map<String, Value> =
        checks.iter().map(|check| ((*check).to_owned(), json!({"enabled": true}))).collect();
    let configuration = json!({"roleArn": ROLE, "auditCheckConfigurations": enabled});
    let configuration: AccountAuditConfiguration = serde_json::from_value(configuration).expect("well-formed");
    audit.update_account_audit_configuration(T, &bench.account, &configuration).expect("valid");
    audit
}

/// Runs an audit of one check and gives its id and result.
fn run(audit: &mut Audit, bench: &Bench, now: Timestamp, check: &str) -> (String, DescribeAuditTaskResponse) {
    let request = serde_json::from_value(json!({"targetCheckNames": [check]})).expect("well-formed");
    let id: AuditTaskId = audit.start_on_demand_audit_task(now, &request).expect("enabled").response;
    audit.advance(now, &bench.account);
    let described = audit.describe_audit_task(&id).expect("just run");
    (id.task_id, described)
}

fn start(bench: &mut Bench, audit: &Audit, now: Timestamp, task: &str, target: Value, mapping: Value) {
    let body = json!({"taskId": task, "target": target, "auditCheckToActionsMapping": mapping});
    let request = serde_json::from_value(body).expect("a well-formed request");
    let Bench { account, outbox, mitigation, .. } = bench;
    mitigation.start_audit_mitigation_actions_task(now, account, outbox, audit, request).expect("valid");
}

#[test]
fn t_m13_after_logging_is_enabled_a_new_audit_is_compliant() {
    let mut bench = Bench::new().with_actions();
    let mut audit = auditing(&bench, &[C17]);
    let (first, before) = run(&mut audit, &bench, T, C17);
    assert_eq!(before.task_statistics.non_compliant_checks, 1);
    start(&mut bench, &audit, T, "t", json!({"auditTaskId": first}), json!({C17: ["log"]}));
    assert_eq!(bench.describe("t").task_status, TaskStatus::Completed);
    let (_, after) = run(&mut audit, &bench, T + Millis::HOUR, C17);
    assert_eq!(after.task_statistics.compliant_checks, 1);
}

#[test]
fn t_m26_the_finding_of_t_c37_deactivates_both_active_certificates() {
    let mut bench = Bench::new().with_actions();
    let root = IssuerFacts {
        subject: "CN=Root".into(),
        id: "cd".into(),
        key_id: None,
        serial: SerialNumber::from(1),
        issuer: None,
    };
    let root = bench.account.register_issuer(T, root).expect("valid");
    let middle = IssuerFacts {
        subject: "CN=Line 4".into(),
        id: "ab".into(),
        key_id: None,
        serial: SerialNumber::from(7),
        issuer: Some(root),
    };
    let middle = bench.account.register_issuer(T, middle).expect("valid");
    let revoked = CrlEntry {
        issuer: RevokingIssuer::Subject("CN=Root".into()),
        serial: SerialNumber::from(7),
        revocation_date: Some(T - Millis::DAY),
        reason: None,
    };
    bench.account.add_crl_entries(T, [revoked]);
    let issued = |i: u8| {
        let mut facts = CertificateFacts::new(CertificateId([i; 32]), T - Millis::DAY, T + Millis::days(300));
        facts.issuer = Some(middle);
        facts.status = if i == 3 { CertificateStatus::Inactive } else { CertificateStatus::Active };
        bench.account.register_certificate(T, facts).expect("new")
    };
    let certificates: Vec<_> = (1..=3).map(issued).collect();
    let mut audit = auditing(&bench, &[C01]);
    let (task, described) = run(&mut audit, &bench, T, C01);
    assert_eq!(described.audit_details[C01].non_compliant_resources_count, Some(1));
    start(&mut bench, &audit, T, "t", json!({"auditTaskId": task}), json!({C01: ["device"]}));
    assert!(certificates.iter().all(|certificate| bench.status(*certificate) == CertificateStatus::Inactive));
    assert_eq!(bench.describe("t").task_statistics[C01], statistics(1, 0, 1, 0, 0));
    let (_, after) = run(&mut audit, &bench, T + Millis::HOUR, C01);
    assert_eq!(after.task_statistics.compliant_checks, 1, "nothing active is left below the revoked CA");
}

#[test]
fn a53_m16_a_finding_is_published_as_the_example_shows_it() {
    let mut bench = Bench::new().with_actions();
    let mut facts = CertificateFacts::new(CertificateId([7; 32]), T - Millis::days(30), Timestamp(1_748_000_000_000));
    facts.creation_date = Some(T - Millis::days(30));
    bench.account.load_certificate(T, facts).expect("new");
    let mut audit = auditing(&bench, &[C14]);
    let (task, _) = run(&mut audit, &bench, T, C14);
    start(&mut bench, &audit, T, "t", json!({"auditTaskId": task}), json!({C14: ["sns"]}));
    let message = bench.outbox.since(0).next().expect("one message");
    let body = message.body();
    let finding_id = serde_json::from_str::<Value>(&body).expect("JSON")["findingId"].clone();
    let certificate = "07".repeat(32);
    let expected = [
        format!(r#"{{"findingId":{finding_id},"findingTime":1748736000000,"severity":"MEDIUM","taskId":"{task}","#),
        format!(r#""taskStartTime":1748736000000,"checkName":"{C14}","#),
        r#""nonCompliantResource":{"resourceType":"DEVICE_CERTIFICATE","#.to_owned(),
        format!(r#""resourceIdentifier":{{"deviceCertificateId":"{certificate}"}},"#),
        r#""additionalInfo":{"EXPIRATION_TIME":"1748000000000"}},"#.to_owned(),
        r#""reasonForNonCompliance":"Certificate is past its expiration.","#.to_owned(),
        r#""reasonForNonComplianceCode":"CERTIFICATE_PAST_EXPIRATION"}"#.to_owned(),
    ];
    assert_eq!(body, expected.concat());
    assert_eq!(message.topic_arn(), TOPIC);
}

#[test]
fn m20_a_filter_alone_means_the_newest_completed_audit() {
    let mut bench = Bench::new().with_actions();
    let mut audit = auditing(&bench, &[C14]);
    bench.certificate();
    run(&mut audit, &bench, T, C14);
    bench.certificate();
    let now = T + Millis::HOUR;
    run(&mut audit, &bench, now, C14);
    let target = json!({"auditCheckToReasonCodeFilter": {C14: ["CERTIFICATE_APPROACHING_EXPIRATION"]}});
    start(&mut bench, &audit, now, "t", target, json!({C14: ["sns"]}));
    assert_eq!(bench.describe("t").task_statistics[C14], statistics(2, 0, 2, 0, 0), "not three, of both audits");
}

#[test]
fn j18_an_audit_of_100_000_certificates_is_mitigated_by_its_task_id() {
    let mut bench = Bench::new().with_actions();
    bench.account.pause_changes(true);
    let n = 100_000u32;
    for i in 0..n {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&i.to_be_bytes());
        let facts = CertificateFacts::new(CertificateId(id), T - Millis::DAY, T + Millis::days(20));
        bench.account.register_certificate(T, facts).expect("new");
    }
    let mut audit = auditing(&bench, &[C14]);
    let (task, _) = run(&mut audit, &bench, T, C14);
    start(&mut bench, &audit, T, "t", json!({"auditTaskId": task}), json!({C14: ["device"]}));
    let n = u64::from(n);
    assert_eq!(bench.describe("t").task_statistics[C14], statistics(n, 0, n, 0, 0));
    let (_, after) = run(&mut audit, &bench, T + Millis::HOUR, C14);
    assert_eq!(after.audit_details[C14].total_resources_count, Some(0), "none is in scope any more");
}

//! Findings: listing, order, pages, retention, and what mitigation sees (4.7).

use defender::account::{CertificateFacts, CertificateStatus};
use defender::audit::AuditCheck;
use defender::audit::wire::{
    AuditTaskId, DescribeAuditFindingRequest, ListAuditFindingsRequest, ListRelatedResourcesForAuditFindingRequest,
    PolicyVersionIdentifier, ResourceIdentifier,
};
use defender::error::Exception;
use defender::mitigation::{Findings, NonCompliant};
use defender::time::{Millis, Timestamp};
use serde_json::json;

use crate::{Bench, T, certificate_id, device_certificate, refused};

const EXPIRING: AuditCheck = AuditCheck::DeviceCertificateExpiring;
const LOGGING: AuditCheck = AuditCheck::LoggingDisabled;

fn expired(bench: &mut Bench, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        let facts = CertificateFacts::new(certificate_id(number), T - Millis::days(400), T - Millis::DAY);
        bench.account.load_certificate(T, facts).expect("new");
    }
}

fn list(bench: &Bench, now: Timestamp, request: &ListAuditFindingsRequest) -> Vec<(String, String)> {
    let answer = bench.audit.list_audit_findings(now, request).expect("valid").response;
    let shown = answer.findings.into_iter().map(|finding| {
        let identifier = finding.non_compliant_resource.resource_identifier;
        let name = identifier.device_certificate_id.map(|id| id[..8].to_owned());
        (finding.check_name, name.unwrap_or_default())
    });
    shown.collect()
}

fn between(from: Timestamp, to: Timestamp) -> ListAuditFindingsRequest {
    ListAuditFindingsRequest { start_time: Some(from), end_time: Some(to), ..ListAuditFindingsRequest::default() }
}

#[test]
fn t_a09_an_audit_or_a_span_of_time_and_not_both() {
    let bench = Bench::new();
    let none = ListAuditFindingsRequest::default();
    let task = ListAuditFindingsRequest { task_id: Some("abc".to_owned()), ..none.clone() };
    let both = ListAuditFindingsRequest { start_time: Some(T), ..task.clone() };
    let all = ListAuditFindingsRequest { end_time: Some(T), ..both.clone() };
    let half = ListAuditFindingsRequest { end_time: Some(T), ..none.clone() };
    for request in [none, both, all, half] {
        refused(bench.audit.list_audit_findings(T, &request), Exception::InvalidRequest);
    }
    assert_eq!(list(&bench, T, &task), [], "an unknown audit has no findings");
}

#[test]
fn a36_a38_ch52_newest_first_then_by_check_then_by_resource() {
    let mut bench = Bench::new();
    expired(&mut bench, [2, 1]);
    bench.start(T, &[LOGGING, EXPIRING]);
    bench.advance(T);
    let later = T + Millis::HOUR;
    bench.start(later, &[EXPIRING]);
    bench.advance(later);
    let one = |check: AuditCheck, id: &str| (check.name().to_owned(), id.to_owned());
    let (first, second) = (one(EXPIRING, "00000001"), one(EXPIRING, "00000002"));
    let logging = one(LOGGING, "");
    let all = [first.clone(), second.clone(), first.clone(), second.clone(), logging];
    assert_eq!(list(&bench, later, &between(T, later)), all);
    assert_eq!(list(&bench, later, &between(T + Millis(1), later)), [first.clone(), second]);
    let of_check = ListAuditFindingsRequest { check_name: Some(LOGGING.name().to_owned()), ..between(T, later) };
    assert_eq!(list(&bench, later, &of_check).len(), 1);
    let of_resource =
        ListAuditFindingsRequest { resource_identifier: Some(device_certificate(1)), ..between(T, later) };
    assert_eq!(list(&bench, later, &of_resource), [first.clone(), first]);
    let unknown = ListAuditFindingsRequest { check_name: Some("X".to_owned()), ..between(T, later) };
    refused(bench.audit.list_audit_findings(later, &unknown), Exception::InvalidRequest);
}

#[test]
fn a38_findings_of_two_audits_of_one_instant_interleave() {
    let mut bench = Bench::new();
    expired(&mut bench, [1, 2]);
    bench.start(T, &[EXPIRING]);
    bench.start(T, &[EXPIRING]);
    bench.advance(T);
    let ids: Vec<_> = list(&bench, T, &between(T, T)).into_iter().map(|(_, id)| id).collect();
    assert_eq!(ids, ["00000001", "00000001", "00000002", "00000002"]);
}

#[test]
fn a35_suppressed_findings_are_listed_as_asked() {
    let mut bench = Bench::new();
    expired(&mut bench, [1, 2, 3]);
    let request = defender::audit::wire::CreateAuditSuppressionRequest {
        check_name: EXPIRING.name().to_owned(),
        resource_identifier: device_certificate(2),
        suppress_indefinitely: Some(true),
        ..Default::default()
    };
    bench.audit.create_audit_suppression(T, &request).expect("new");
    bench.run(EXPIRING);
    for (suppressed, count) in [(None, 3), (Some(true), 1), (Some(false), 2)] {
        let request = ListAuditFindingsRequest { list_suppressed_findings: suppressed, ..between(T, T) };
        assert_eq!(list(&bench, T, &request).len(), count);
    }
}

#[test]
fn a37_ch44_a_policy_without_version_selects_all_versions() {
    let mut bench = Bench::new();
    let broad = |resource: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"iot:*","Resource":"{resource}"}}}}"#
        )
    };
    let policy = bench.account.create_policy(T, "P", &broad("*")).expect("new");
    bench.account.create_policy(T, "Q", &broad("*")).expect("new");
    bench.run(AuditCheck::IotPolicyOverlyPermissive);
    bench.account.create_policy_version(T, policy, &broad("arn:aws:iot:*"), true).expect("room");
    bench.run(AuditCheck::IotPolicyOverlyPermissive);
    let select = |version: Option<&str>| ListAuditFindingsRequest {
        resource_identifier: Some(ResourceIdentifier {
            policy_version_identifier: Some(PolicyVersionIdentifier {
                policy_name: Some("P".to_owned()),
                policy_version_id: version.map(str::to_owned),
            }),
            ..ResourceIdentifier::default()
        }),
        ..between(T, T)
    };
    assert_eq!(list(&bench, T, &select(None)).len(), 2);
    assert_eq!(list(&bench, T, &select(Some("2"))).len(), 1);
    assert_eq!(list(&bench, T, &select(Some("3"))).len(), 0);
}

#[test]
fn g03_pages_hold_each_finding_once() {
    let mut bench = Bench::new();
    expired(&mut bench, 0..613);
    let task_id = bench.run(EXPIRING).task_id;
    let mut request = ListAuditFindingsRequest {
        task_id: Some(task_id),
        max_results: Some(250),
        ..ListAuditFindingsRequest::default()
    };
    let mut ids = Vec::new();
    loop {
        let answer = bench.audit.list_audit_findings(T, &request).expect("valid").response;
        ids.extend(answer.findings.into_iter().map(|finding| finding.finding_id));
        request.next_token = answer.next_token;
        if request.next_token.is_none() {
            break;
        }
    }
    assert_eq!(ids.len(), 613);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 613);
    for id in &ids {
        let described = bench.audit.describe_audit_finding(&DescribeAuditFindingRequest { finding_id: id.clone() });
        assert_eq!(&described.expect("retained").response.finding.finding_id, id);
    }
}

#[test]
fn a34_findings_and_audits_are_kept_for_ninety_days() {
    let mut bench = Bench::new();
    let first = bench.run(LOGGING);
    let id = DescribeAuditFindingRequest { finding_id: first.findings[0].finding_id.clone() };
    let end = T + Millis::days(90);
    bench.start(end, &[LOGGING]);
    bench.advance(end);
    bench.audit.describe_audit_finding(&id).expect("ninety days to the millisecond");
    assert_eq!(list(&bench, end + Millis(1), &between(T, T)), [], "past retention even before it is forgotten");
    bench.advance(end + Millis(1));
    refused(bench.audit.describe_audit_finding(&id), Exception::ResourceNotFound);
    refused(bench.audit.describe_audit_task(&AuditTaskId { task_id: first.task_id }), Exception::ResourceNotFound);
    assert_eq!(list(&bench, end, &between(end, end)).len(), 1, "the later one is still there");
}

#[test]
fn malformed_and_unknown_ids_are_told_apart() {
    let bench = Bench::new();
    for (id, exception) in [
        ("0123456789abcdef0123456789abcdef", Exception::ResourceNotFound),
        ("short", Exception::ResourceNotFound),
        ("", Exception::InvalidRequest),
        ("a b", Exception::InvalidRequest),
    ] {
        let finding_id = id.to_owned();
        let related =
            ListRelatedResourcesForAuditFindingRequest { finding_id: finding_id.clone(), ..Default::default() };
        refused(bench.audit.describe_audit_finding(&DescribeAuditFindingRequest { finding_id }), exception);
        refused(bench.audit.list_related_resources_for_audit_finding(&related), exception);
    }
}

#[test]
fn a53_a_finding_is_published_with_times_in_milliseconds() {
    let mut bench = Bench::new();
    expired(&mut bench, [1]);
    let outcome = bench.run(EXPIRING);
    let finding = &outcome.findings[0];
    let key = bench.audit.key_of(&finding.finding_id).expect("retained");
    let published: serde_json::Value =
        serde_json::from_str(&bench.audit.published(key).expect("retained")).expect("JSON");
    assert_eq!(
        published,
        json!({
            "findingId": finding.finding_id, "findingTime": 1_748_736_000_000_i64, "severity": "MEDIUM",
            "taskId": outcome.task_id, "taskStartTime": 1_748_736_000_000_i64,
            "checkName": "DEVICE_CERTIFICATE_EXPIRING_CHECK",
            "nonCompliantResource": {"resourceType": "DEVICE_CERTIFICATE",
                "resourceIdentifier": {"deviceCertificateId": certificate_id(1).to_string()},
                "additionalInfo": {"EXPIRATION_TIME": (T - Millis::DAY).millis().to_string()}},
            "reasonForNonCompliance": "Certificate is past its expiration.",
            "reasonForNonComplianceCode": "CERTIFICATE_PAST_EXPIRATION"
        })
    );
}

#[test]
fn mitigation_sees_audits_and_findings() {
    let mut bench = Bench::new();
    expired(&mut bench, [1, 2]);
    let running = bench.start(T, &[EXPIRING]);
    assert_eq!(bench.audit.audit_is_over(&running), Some(false));
    assert_eq!(bench.audit.newest_audit_of(EXPIRING.name()), None);
    bench.advance(T);
    assert_eq!((bench.audit.audit_is_over(&running), bench.audit.audit_is_over("x")), (Some(true), None));
    assert_eq!(bench.audit.newest_audit_of(EXPIRING.name()), Some(running.as_str()));
    let keys = bench.audit.findings_of(&running);
    assert_eq!(keys.len(), 2);
    let view = bench.audit.finding(keys[0]).expect("retained");
    assert_eq!(view.resource, NonCompliant::DeviceCertificate(certificate_id(1)));
    assert_eq!((view.check, view.reason_code), (EXPIRING.name(), "CERTIFICATE_PAST_EXPIRATION"));
    assert_eq!((view.time, view.is_suppressed), (T, false));
}

#[test]
fn a26_audits_change_nothing() {
    let mut bench = Bench::new();
    expired(&mut bench, [1]);
    bench.account.take_changes();
    let checks: Vec<_> = AuditCheck::SERVICE.to_vec();
    bench.start(T, &checks);
    bench.advance(T);
    assert_eq!(bench.account.take_changes(), []);
    let index = bench.account.certificate_of_id(&certificate_id(1)).expect("loaded");
    assert_eq!(bench.account.certificate(index).expect("loaded").status(), CertificateStatus::Active);
}

//! Suppressions of findings (A-39 … A-50, 12.7).

use defender::account::CertificateFacts;
use defender::audit::AuditCheck;
use defender::audit::wire::{
    AuditCheckRunStatus, AuditSuppression, AuditSuppressionKey, CreateAuditSuppressionRequest,
    DescribeAuditFindingRequest, ListAuditSuppressionsRequest, PolicyVersionIdentifier, ResourceIdentifier,
};
use defender::error::{Exception, ServiceError};
use defender::time::{Millis, Timestamp};

use crate::{Bench, T, certificate_id, device_certificate, refused};

const EXPIRING: AuditCheck = AuditCheck::DeviceCertificateExpiring;
const OVERLY: AuditCheck = AuditCheck::IotPolicyOverlyPermissive;
/// When suppressions are made, unless it matters.
const EARLIER: Timestamp = Timestamp(T.0 - 3_600_000);

fn expired(bench: &mut Bench, count: u32) {
    for number in 1..=count {
        let facts = CertificateFacts::new(certificate_id(number), T - Millis::days(400), T - Millis::DAY);
        bench.account.load_certificate(T, facts).expect("new");
    }
}

fn request(check: AuditCheck, resource_identifier: ResourceIdentifier) -> CreateAuditSuppressionRequest {
    CreateAuditSuppressionRequest {
        check_name: check.name().to_owned(),
        resource_identifier,
        suppress_indefinitely: Some(true),
        ..CreateAuditSuppressionRequest::default()
    }
}

fn until(number: u32, expiration: Timestamp) -> CreateAuditSuppressionRequest {
    CreateAuditSuppressionRequest {
        expiration_date: Some(expiration),
        suppress_indefinitely: None,
        ..request(EXPIRING, device_certificate(number))
    }
}

fn create(bench: &mut Bench, request: &CreateAuditSuppressionRequest) -> Result<(), ServiceError> {
    bench.audit.create_audit_suppression(EARLIER, request).map(|_| ())
}

fn key(number: u32) -> AuditSuppressionKey {
    AuditSuppressionKey { check_name: EXPIRING.name().to_owned(), resource_identifier: device_certificate(number) }
}

#[test]
fn t_s01_a17_a20_a42_a43_a_suppression_until_a_second_after_the_audit_is_in_force() {
    let mut bench = Bench::new();
    expired(&mut bench, 1);
    create(&mut bench, &until(1, T + Millis::SECOND)).expect("new");
    let outcome = bench.run(EXPIRING);
    assert!(outcome.findings[0].is_suppressed);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedCompliant, 1, 0, 1));
    assert_eq!(outcome.details.check_compliant, Some(true));
}

#[test]
fn t_s02_a20_a42_ch36_one_of_two_is_suppressed() {
    let mut bench = Bench::new();
    expired(&mut bench, 2);
    create(&mut bench, &request(EXPIRING, device_certificate(2))).expect("new");
    let outcome = bench.run(EXPIRING);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedNonCompliant, 2, 1, 1));
    let suppressed: Vec<bool> = outcome.findings.iter().map(|finding| finding.is_suppressed).collect();
    assert_eq!(suppressed, [false, true]);
}

#[test]
fn t_s03_a43_ch47_at_its_very_end_it_is_over() {
    let mut bench = Bench::new();
    expired(&mut bench, 1);
    create(&mut bench, &until(1, T)).expect("new");
    let outcome = bench.run(EXPIRING);
    assert!(!outcome.findings[0].is_suppressed);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedNonCompliant, 1, 1, 0));
}

fn with_token(token: &str) -> CreateAuditSuppressionRequest {
    CreateAuditSuppressionRequest {
        client_request_token: Some(token.to_owned()),
        ..request(EXPIRING, device_certificate(1))
    }
}

#[test]
fn t_s04_a39_a40_the_same_key_with_a_new_token_is_taken() {
    let mut bench = Bench::new();
    create(&mut bench, &with_token("one")).expect("new");
    refused(create(&mut bench, &with_token("two")), Exception::ResourceAlreadyExists);
}

#[test]
fn t_s05_g07_ch01_the_same_request_again_is_success() {
    let mut bench = Bench::new();
    create(&mut bench, &with_token("one")).expect("new");
    create(&mut bench, &with_token("one")).expect("again");
    let other = CreateAuditSuppressionRequest { description: Some("rotation".to_owned()), ..with_token("one") };
    refused(create(&mut bench, &other), Exception::InvalidRequest);
    let other = CreateAuditSuppressionRequest { resource_identifier: device_certificate(2), ..with_token("one") };
    refused(create(&mut bench, &other), Exception::InvalidRequest);
}

#[test]
fn t_s06_a40_ch45_exactly_one_of_a_future_date_and_indefinitely() {
    let mut bench = Bench::new();
    let whole = request(EXPIRING, device_certificate(1));
    let neither = CreateAuditSuppressionRequest { suppress_indefinitely: None, ..whole.clone() };
    let denied = CreateAuditSuppressionRequest { suppress_indefinitely: Some(false), ..whole.clone() };
    let both = CreateAuditSuppressionRequest { expiration_date: Some(T), ..whole.clone() };
    let past = until(1, EARLIER);
    let long = CreateAuditSuppressionRequest { description: Some("x".repeat(1001)), ..whole.clone() };
    let control = CreateAuditSuppressionRequest { description: Some("a\nb".to_owned()), ..whole };
    for request in [neither, denied, both, past, long, control] {
        refused(create(&mut bench, &request), Exception::InvalidRequest);
    }
}

fn policy_version(version: &str) -> ResourceIdentifier {
    ResourceIdentifier {
        policy_version_identifier: Some(PolicyVersionIdentifier {
            policy_name: Some("P".to_owned()),
            policy_version_id: Some(version.to_owned()),
        }),
        ..ResourceIdentifier::default()
    }
}

#[test]
fn t_s07_a48_a_new_default_version_is_not_suppressed() {
    let mut bench = Bench::new();
    let broad = |resource: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"iot:*","Resource":"{resource}"}}}}"#
        )
    };
    let policy = bench.account.create_policy(T, "P", &broad("*")).expect("new");
    create(&mut bench, &request(OVERLY, policy_version("1"))).expect("new");
    assert!(bench.run(OVERLY).findings[0].is_suppressed);
    bench.account.create_policy_version(T, policy, &broad("arn:aws:iot:*"), true).expect("room");
    let outcome = bench.run(OVERLY);
    assert_eq!(outcome.findings[0].non_compliant_resource.resource_identifier, policy_version("2"));
    assert!(!outcome.findings[0].is_suppressed);
}

#[test]
fn t_s08_a44_a_finding_keeps_what_was_decided() {
    let mut bench = Bench::new();
    expired(&mut bench, 1);
    create(&mut bench, &request(EXPIRING, device_certificate(1))).expect("new");
    let outcome = bench.run(EXPIRING);
    bench.audit.delete_audit_suppression(T, &key(1)).expect("known");
    let request = DescribeAuditFindingRequest { finding_id: outcome.findings[0].finding_id.clone() };
    let finding = bench.audit.describe_audit_finding(&request).expect("retained").response.finding;
    assert!(finding.is_suppressed);
    assert!(!bench.run(EXPIRING).findings[0].is_suppressed);
}

#[test]
fn t_s09_ch33_the_identifier_is_that_of_the_check() {
    let mut bench = Bench::new();
    let id = certificate_id(1).to_string();
    let ca = ResourceIdentifier { ca_certificate_id: Some(id.clone()), ..ResourceIdentifier::default() };
    let two = ResourceIdentifier { client_id: Some("c1".to_owned()), ..device_certificate(1) };
    let short = ResourceIdentifier { device_certificate_id: Some(id[1..].to_owned()), ..ResourceIdentifier::default() };
    for identifier in [ca, two, short, ResourceIdentifier::default()] {
        refused(create(&mut bench, &request(EXPIRING, identifier)), Exception::InvalidRequest);
    }
    let any_version = ResourceIdentifier {
        policy_version_identifier: Some(PolicyVersionIdentifier {
            policy_name: Some("P".to_owned()),
            policy_version_id: None,
        }),
        ..ResourceIdentifier::default()
    };
    refused(create(&mut bench, &request(OVERLY, any_version)), Exception::InvalidRequest);
    let unknown =
        CreateAuditSuppressionRequest { check_name: "X".to_owned(), ..request(EXPIRING, device_certificate(1)) };
    refused(create(&mut bench, &unknown), Exception::InvalidRequest);
}

#[test]
fn t_s10_a46_an_unknown_key_is_updated_in_vain_and_deleted_with_success() {
    let mut bench = Bench::new();
    let update = AuditSuppression {
        check_name: EXPIRING.name().to_owned(),
        resource_identifier: device_certificate(1),
        suppress_indefinitely: Some(true),
        ..AuditSuppression::default()
    };
    refused(bench.audit.update_audit_suppression(T, &update), Exception::ResourceNotFound);
    refused(bench.audit.describe_audit_suppression(&key(1)), Exception::ResourceNotFound);
    bench.audit.delete_audit_suppression(T, &key(1)).expect("success");
}

#[test]
fn a46_a_date_ends_indefinitely_and_the_other_way_round() {
    let mut bench = Bench::new();
    create(&mut bench, &request(EXPIRING, device_certificate(1))).expect("new");
    let update = |date, indefinitely, description: Option<&str>| AuditSuppression {
        check_name: EXPIRING.name().to_owned(),
        resource_identifier: device_certificate(1),
        expiration_date: date,
        suppress_indefinitely: indefinitely,
        description: description.map(str::to_owned),
    };
    let shown = |bench: &Bench| {
        let shown = bench.audit.describe_audit_suppression(&key(1)).expect("known").response;
        (shown.expiration_date, shown.suppress_indefinitely, shown.description)
    };
    bench.audit.update_audit_suppression(EARLIER, &update(Some(T), None, Some("soon"))).expect("a date");
    assert_eq!(shown(&bench), (Some(T), Some(false), Some("soon".to_owned())));
    bench.audit.update_audit_suppression(EARLIER, &update(None, Some(true), None)).expect("for good");
    assert_eq!(shown(&bench), (None, Some(true), Some("soon".to_owned())));
    for bad in [update(Some(T), Some(true), None), update(Some(EARLIER), None, None), update(None, Some(false), None)] {
        refused(bench.audit.update_audit_suppression(EARLIER, &bad), Exception::InvalidRequest);
    }
}

#[test]
fn a45_ch48_an_expired_suppression_stays_until_replaced() {
    let mut bench = Bench::new();
    create(&mut bench, &until(1, T - Millis::MINUTE)).expect("new");
    bench.audit.describe_audit_suppression(&key(1)).expect("expired suppressions stay");
    refused(create(&mut bench, &until(1, T)), Exception::ResourceAlreadyExists);
    bench.audit.create_audit_suppression(T, &until(1, T + Millis::DAY)).expect("replaces the expired one");
    let shown = bench.audit.describe_audit_suppression(&key(1)).expect("known").response;
    assert_eq!(shown.expiration_date, Some(T + Millis::DAY));
}

#[test]
fn a41_ch46_neither_check_nor_resource_need_be_there() {
    let mut bench = Bench::new();
    let disable = crate::configuration(None, [(EXPIRING.name(), false)]);
    bench.audit.update_account_audit_configuration(T, &bench.account, &disable).expect("unused");
    create(&mut bench, &request(EXPIRING, device_certificate(9))).expect("all the same");
}

#[test]
fn ch50_ten_thousand_suppressions() {
    let mut bench = Bench::new();
    for number in 0..10_000 {
        create(&mut bench, &request(EXPIRING, device_certificate(number))).expect("up to ten thousand");
    }
    refused(create(&mut bench, &request(EXPIRING, device_certificate(10_000))), Exception::LimitExceeded);
}

#[test]
fn a47_ch49_listings_are_by_expiration() {
    let mut bench = Bench::new();
    create(&mut bench, &request(EXPIRING, device_certificate(1))).expect("new");
    create(&mut bench, &until(2, T + Millis::DAY)).expect("new");
    create(&mut bench, &until(3, T)).expect("new");
    create(&mut bench, &request(OVERLY, policy_version("1"))).expect("new");
    let list = |bench: &Bench, request: ListAuditSuppressionsRequest| {
        let answer = bench.audit.list_audit_suppressions(&request).expect("valid").response;
        answer.suppressions.into_iter().map(|suppression| suppression.expiration_date).collect::<Vec<_>>()
    };
    let all = ListAuditSuppressionsRequest::default();
    assert_eq!(list(&bench, all.clone()), [Some(T), Some(T + Millis::DAY), None, None]);
    let descending = ListAuditSuppressionsRequest { ascending_order: Some(false), ..all.clone() };
    assert_eq!(list(&bench, descending), [None, None, Some(T + Millis::DAY), Some(T)]);
    let of_check = ListAuditSuppressionsRequest { check_name: Some(OVERLY.name().to_owned()), ..all.clone() };
    assert_eq!(list(&bench, of_check), [None]);
    let of_resource = ListAuditSuppressionsRequest { resource_identifier: Some(device_certificate(3)), ..all };
    assert_eq!(list(&bench, of_resource), [Some(T)]);
}

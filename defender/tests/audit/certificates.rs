//! The certificate checks (12.5).

use std::collections::BTreeSet;

use defender::account::{
    CaCertificateFacts, CaCertificateStatus, CertificateFacts, CertificateStatus, CertificateText, CrlEntry,
    DebianFingerprint, IssuerFacts, IssuerIndex, KeyFacts, KeyVulnerability, Principal, RevokingIssuer, SerialNumber,
    ThingPrincipalType,
};
use defender::audit::wire::{AuditCheckRunStatus, ListRelatedResourcesForAuditFindingRequest, ResourceType};
use defender::audit::{AuditCheck, AuditSettings};
use defender::error::Exception;
use defender::time::{Millis, Timestamp};

use crate::{Bench, T, certificate_id, device_certificate, refused};

fn facts(number: u32, status: CertificateStatus, not_after: Timestamp) -> CertificateFacts {
    CertificateFacts { status, ..CertificateFacts::new(certificate_id(number), T - Millis::days(400), not_after) }
}

/// Judges the expiration of one device certificate.
fn expiring(status: CertificateStatus, not_after: Timestamp, threshold: Option<&str>) -> crate::Outcome {
    let mut bench = Bench::new();
    if let Some(days) = threshold {
        let check = AuditCheck::DeviceCertificateExpiring;
        bench.configure(check, "CERT_EXPIRATION_THRESHOLD_IN_DAYS", days).expect("in range");
    }
    bench.account.load_certificate(T, facts(1, status, not_after)).expect("new");
    bench.run(AuditCheck::DeviceCertificateExpiring)
}

const APPROACHING: [&str; 1] = ["CERTIFICATE_APPROACHING_EXPIRATION"];
const PAST: [&str; 1] = ["CERTIFICATE_PAST_EXPIRATION"];

#[test]
fn t_c20_ch27_thirty_days_ahead_is_approaching() {
    let outcome = expiring(CertificateStatus::Active, T + Millis::days(30), None);
    assert_eq!(outcome.reasons(), APPROACHING);
    let resource = &outcome.findings[0].non_compliant_resource;
    assert_eq!(resource.resource_type, ResourceType::DeviceCertificate);
    assert_eq!(resource.resource_identifier, device_certificate(1));
    let info = resource.additional_info.as_ref().expect("an expiration time");
    assert_eq!(info["EXPIRATION_TIME"], "1751328000000");
    assert_eq!(outcome.findings[0].reason_for_non_compliance, "Certificate is approaching its expiration.");
}

#[test]
fn t_c21_a_second_more_is_compliant() {
    expiring(CertificateStatus::Active, T + Millis::days(30) + Millis::SECOND, None).is_compliant();
}

#[test]
fn t_c22_ch27_at_the_very_end_it_is_past() {
    let outcome = expiring(CertificateStatus::Active, T, None);
    assert_eq!(outcome.reasons(), PAST);
    assert_eq!(outcome.findings[0].reason_for_non_compliance, "Certificate is past its expiration.");
}

#[test]
fn t_c23_a_second_before_the_end_it_is_approaching() {
    assert_eq!(expiring(CertificateStatus::Active, T + Millis::SECOND, None).reasons(), APPROACHING);
}

#[test]
fn t_c24_an_inactive_certificate_is_not_inspected() {
    let outcome = expiring(CertificateStatus::Inactive, T - Millis::DAY, None);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedCompliant, 0, 0, 0));
}

#[test]
fn t_c25_a_certificate_in_transfer_is_inspected() {
    assert_eq!(expiring(CertificateStatus::PendingTransfer, T - Millis::DAY, None).reasons(), PAST);
}

#[test]
fn t_c26_the_threshold_is_configurable() {
    let not_after = T + Millis::days(60);
    assert_eq!(expiring(CertificateStatus::Active, not_after, Some("90")).reasons(), APPROACHING);
    expiring(CertificateStatus::Active, not_after, None).is_compliant();
}

fn ca(number: u32, not_after: Timestamp) -> CaCertificateFacts {
    CaCertificateFacts::new(certificate_id(number), T - Millis::days(400), not_after)
}

#[test]
fn t_c27_the_threshold_of_cas_is_always_thirty_days() {
    let mut bench = Bench::new();
    bench
        .configure(AuditCheck::DeviceCertificateExpiring, "CERT_EXPIRATION_THRESHOLD_IN_DAYS", "90")
        .expect("in range");
    bench.account.load_ca_certificate(T, ca(1, T + Millis::days(60))).expect("new");
    let outcome = bench.run(AuditCheck::CaCertificateExpiring);
    outcome.is_compliant();
    assert_eq!(outcome.counts().1, 1);
}

#[test]
fn t_c28_a_ca_without_auto_registration_is_inspected() {
    let mut bench = Bench::new();
    let facts = ca(1, T + Millis::days(29));
    assert!(!facts.auto_registration);
    bench.account.load_ca_certificate(T, facts).expect("new");
    let outcome = bench.run(AuditCheck::CaCertificateExpiring);
    assert_eq!(outcome.reasons(), APPROACHING);
    let identifier = &outcome.findings[0].non_compliant_resource.resource_identifier;
    assert_eq!(identifier.ca_certificate_id, Some(certificate_id(1).to_string()));
}

fn aged(created: Timestamp) -> crate::Outcome {
    let mut bench = Bench::new();
    let facts =
        CertificateFacts { creation_date: Some(created), ..facts(1, CertificateStatus::Active, T + Millis::days(400)) };
    bench.account.load_certificate(T, facts).expect("new");
    bench.run(AuditCheck::DeviceCertificateAge)
}

#[test]
fn t_c29_a_year_is_too_old() {
    let outcome = aged(T - Millis::days(365));
    assert_eq!(outcome.reasons(), ["CERTIFICATE_PAST_AGE_THRESHOLD"]);
    assert_eq!(outcome.findings[0].non_compliant_resource.additional_info, None);
}

#[test]
fn t_c30_a_second_less_is_not() {
    aged(T - Millis::days(365) + Millis::SECOND).is_compliant();
}

#[test]
fn ch31_the_activation_date_counts_where_it_is_known() {
    let mut bench = Bench::new();
    let facts = CertificateFacts {
        creation_date: Some(T - Millis::days(700)),
        activation_date: Some(T - Millis::days(100)),
        ..facts(1, CertificateStatus::Active, T + Millis::days(400))
    };
    bench.account.load_certificate(T, facts).expect("new");
    bench.run(AuditCheck::DeviceCertificateAge).is_compliant();
    bench.configure(AuditCheck::DeviceCertificateAge, "CERT_AGE_THRESHOLD_IN_DAYS", "100").expect("in range");
    assert_eq!(bench.run(AuditCheck::DeviceCertificateAge).reasons(), ["CERTIFICATE_PAST_AGE_THRESHOLD"]);
}

#[test]
fn t_c31_a05_ch12_bad_age_thresholds_are_refused() {
    let mut bench = Bench::new();
    let age = AuditCheck::DeviceCertificateAge;
    for value in ["29", "3653", "abc", "+40", " 40", "40.0", ""] {
        refused(bench.configure(age, "CERT_AGE_THRESHOLD_IN_DAYS", value), Exception::InvalidRequest);
    }
    let expiring = AuditCheck::DeviceCertificateExpiring;
    refused(bench.configure(expiring, "CERT_AGE_THRESHOLD_IN_DAYS", "40"), Exception::InvalidRequest);
    refused(bench.configure(age, "UNKNOWN_THRESHOLD", "40"), Exception::InvalidRequest);
    let ca = AuditCheck::CaCertificateExpiring;
    refused(bench.configure(ca, "CERT_EXPIRATION_THRESHOLD_IN_DAYS", "40"), Exception::InvalidRequest);
}

#[test]
fn t_c32_a05_the_ends_of_the_range_are_accepted() {
    let mut bench = Bench::new();
    for value in ["30", "3652"] {
        let check = AuditCheck::DeviceCertificateExpiring;
        bench.configure(check, "CERT_EXPIRATION_THRESHOLD_IN_DAYS", value).expect("in range");
    }
}

fn issuer(bench: &mut Bench, subject: &str, issuer: Option<IssuerIndex>) -> IssuerIndex {
    let facts = IssuerFacts {
        subject: subject.to_owned(),
        id: "ab".repeat(32),
        key_id: None,
        serial: "0A:1B".parse().expect("hexadecimal"),
        issuer,
    };
    bench.account.register_issuer(T, facts).expect("well-formed")
}

fn revoke(bench: &mut Bench, subject: &str, serial: &str, revocation_date: Timestamp) {
    let entry = CrlEntry {
        issuer: RevokingIssuer::Subject(subject.to_owned()),
        serial: serial.parse().expect("hexadecimal"),
        revocation_date: Some(revocation_date),
        reason: None,
    };
    bench.account.add_crl_entries(T, [entry]);
}

/// Judges one device certificate with the serial number `0A:1B` whose issuer's list has `a1b`.
fn revoked(status: CertificateStatus, revocation_date: Timestamp) -> (Bench, crate::Outcome) {
    let mut bench = Bench::new();
    let issuer = issuer(&mut bench, "CN=CA", None);
    let facts = CertificateFacts {
        issuer: Some(issuer),
        serial: "0A:1B".parse().expect("hexadecimal"),
        ..facts(1, status, T + Millis::days(400))
    };
    bench.account.load_certificate(T, facts).expect("new");
    revoke(&mut bench, "CN=CA", "a1b", revocation_date);
    let outcome = bench.run(AuditCheck::RevokedDeviceCertificateStillActive);
    (bench, outcome)
}

#[test]
fn t_c33_a_revoked_certificate_is_still_active() {
    let (_, outcome) = revoked(CertificateStatus::Active, T - Millis::DAY);
    assert_eq!(outcome.reasons(), ["CERTIFICATE_REVOKED_BY_ISSUER"]);
}

#[test]
fn t_c34_a_certificate_revoked_here_is_not_inspected() {
    let (_, outcome) = revoked(CertificateStatus::Revoked, T - Millis::DAY);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedCompliant, 0, 0, 0));
}

#[test]
fn t_c35_a_revocation_of_tomorrow_does_not_count() {
    let (_, outcome) = revoked(CertificateStatus::Active, T + Millis::DAY);
    outcome.is_compliant();
    assert_eq!(outcome.counts().1, 1);
}

#[test]
fn ch06_certificates_without_revocation_data_are_compliant_and_counted() {
    let mut bench = Bench::new();
    for number in 0..3 {
        let facts = facts(number, CertificateStatus::Active, T + Millis::days(400));
        bench.account.load_certificate(T, facts).expect("new");
    }
    let check = AuditCheck::RevokedDeviceCertificateStillActive;
    let outcome = bench.run(check);
    outcome.is_compliant();
    let diagnostics = bench.audit.check_diagnostics(&outcome.task_id, check);
    assert_eq!(diagnostics.len(), 1);
    assert_eq!((diagnostics[0].code, diagnostics[0].canonical.as_ref()), ("NO_REVOCATION_DATA", Some(&3.into())));
}

#[test]
fn t_c36_an_inactive_ca_is_not_inspected() {
    let mut bench = Bench::new();
    let root = issuer(&mut bench, "CN=Root", None);
    for (number, status) in [(1, CaCertificateStatus::Inactive), (2, CaCertificateStatus::Active)] {
        let facts = CaCertificateFacts {
            status,
            issuer: Some(root),
            serial: SerialNumber::from(u64::from(number)),
            ..ca(number, T + Millis::days(400))
        };
        bench.account.load_ca_certificate(T, facts).expect("new");
    }
    revoke(&mut bench, "CN=Root", "1", T - Millis::DAY);
    let outcome = bench.run(AuditCheck::RevokedCaCertificateStillActive);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedCompliant, 1, 0, 0));
    revoke(&mut bench, "CN=Root", "02", T);
    let outcome = bench.run(AuditCheck::RevokedCaCertificateStillActive);
    assert_eq!(outcome.reasons(), ["CERTIFICATE_REVOKED_BY_ISSUER"]);
}

#[test]
fn c02_a_self_signed_ca_can_stand_in_its_own_list() {
    let mut bench = Bench::new();
    let own = issuer(&mut bench, "CN=Root", None);
    let facts =
        CaCertificateFacts { as_issuer: Some(own), serial: SerialNumber::from(9), ..ca(1, T + Millis::days(400)) };
    bench.account.load_ca_certificate(T, facts).expect("new");
    bench.run(AuditCheck::RevokedCaCertificateStillActive).is_compliant();
    revoke(&mut bench, "CN=Root", "9", T);
    assert_eq!(bench.run(AuditCheck::RevokedCaCertificateStillActive).findings.len(), 1);
}

#[test]
fn t_c37_a_revoked_intermediate_ca_and_its_active_certificates() {
    let mut bench = Bench::new();
    let root = issuer(&mut bench, "CN=Root", None);
    let middle = issuer(&mut bench, "CN=Middle", Some(root));
    for (number, status) in
        [(1, CertificateStatus::Active), (2, CertificateStatus::Active), (3, CertificateStatus::Inactive)]
    {
        let facts = CertificateFacts { issuer: Some(middle), ..facts(number, status, T + Millis::days(400)) };
        bench.account.load_certificate(T, facts).expect("new");
    }
    let direct = CertificateFacts { issuer: Some(root), ..facts(4, CertificateStatus::Active, T + Millis::days(400)) };
    bench.account.load_certificate(T, direct).expect("new");
    revoke(&mut bench, "CN=Root", "0a1b", T - Millis::DAY);
    let outcome = bench.run(AuditCheck::IntermediateCaRevokedForActiveDeviceCertificates);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedNonCompliant, 1, 1, 0));
    let finding = &outcome.findings[0];
    assert_eq!(finding.reason_for_non_compliance_code, "INTERMEDIATE_CA_REVOKED_BY_ISSUER");
    assert_eq!(finding.related_resources, []);
    let name = finding.non_compliant_resource.resource_identifier.issuer_certificate_identifier.as_ref();
    let name = name.expect("the member of this check");
    assert_eq!(name.issuer_certificate_subject.as_deref(), Some("CN=Middle"));
    assert_eq!(name.issuer_certificate_serial_number.as_deref(), Some("a1b"));
    let request = ListRelatedResourcesForAuditFindingRequest {
        finding_id: finding.finding_id.clone(),
        ..ListRelatedResourcesForAuditFindingRequest::default()
    };
    let related = bench.audit.list_related_resources_for_audit_finding(&request).expect("retained").related_resources;
    let identifiers: Vec<_> = related.into_iter().map(|resource| resource.resource_identifier).collect();
    assert_eq!(identifiers, [device_certificate(1), device_certificate(2)]);
}

#[test]
fn t_c38_a_modulus_that_passes_all_residue_tests_is_vulnerable() {
    use num_bigint::BigUint;
    // 65537^a is a member of every subgroup; so is any number that agrees with it modulo all the primes.
    let primes = [11u32, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    let product = primes.iter().fold(BigUint::from(1u8), |product, prime| product * prime);
    let residue = BigUint::from(65_537u32).modpow(&BigUint::from(123_456u32), &product);
    let high = (BigUint::from(1u8) << 2047u32) / &product * &product + &product;
    let modulus = (high + residue).to_bytes_be();
    let key = KeyFacts::of_rsa_modulus(&modulus);
    assert_eq!(key.algorithm, defender::account::KeyAlgorithm::Rsa(2048));
    let mut bench = Bench::new();
    let facts = CertificateFacts { key, ..facts(1, CertificateStatus::Active, T + Millis::days(400)) };
    bench.account.load_certificate(T, facts).expect("new");
    let outcome = bench.run(AuditCheck::DeviceCertificateKeyQuality);
    assert_eq!(outcome.reasons(), ["CERTIFICATE_KEY_VULNERABILITY_CVE-2017-15361"]);
}

#[test]
fn t_c39_an_elliptic_curve_key_is_sound() {
    let mut bench = Bench::new();
    let facts = facts(1, CertificateStatus::Active, T + Millis::days(400));
    assert_eq!(facts.key, KeyFacts::P256);
    bench.account.load_certificate(T, facts).expect("new");
    let outcome = bench.run(AuditCheck::DeviceCertificateKeyQuality);
    outcome.is_compliant();
    assert_eq!(bench.audit.check_diagnostics(&outcome.task_id, AuditCheck::DeviceCertificateKeyQuality), []);
}

#[test]
fn ch20_the_debian_test_needs_a_list_or_a_statement() {
    let modulus = [0xc0, 0xff, 0xee];
    let fingerprint = DebianFingerprint::of_rsa_modulus(&modulus);
    let text = CertificateText { debian_fingerprint: Some(fingerprint), ..CertificateText::default() };
    let listed = CertificateFacts {
        key: KeyFacts::RSA_2048,
        text: Some(Box::new(text)),
        ..facts(1, CertificateStatus::Active, T + Millis::days(400))
    };
    let stated = CertificateFacts {
        key: KeyFacts::RSA_2048.with(KeyVulnerability::DebianOpenssl),
        ..facts(2, CertificateStatus::Active, T + Millis::days(400))
    };
    let check = AuditCheck::DeviceCertificateKeyQuality;
    let list = Some(BTreeSet::from([fingerprint]));
    for (key_block_list, found, untested) in [(None, 1, 1), (list, 2, 0)] {
        let mut bench = Bench::with(AuditSettings { key_block_list, ..AuditSettings::default() });
        bench.account.load_certificate(T, listed.clone()).expect("new");
        bench.account.load_certificate(T, stated.clone()).expect("new");
        let outcome = bench.run(check);
        assert_eq!(outcome.findings.len(), found);
        assert!(outcome.reasons().iter().all(|reason| *reason == "CERTIFICATE_KEY_VULNERABILITY_CVE-2008-0166"));
        assert_eq!(bench.audit.check_diagnostics(&outcome.task_id, check).len(), untested);
    }
}

#[test]
fn c05_both_weaknesses_of_one_ca_are_two_findings_of_one_resource() {
    let mut bench = Bench::new();
    let key = KeyFacts::RSA_2048.with(KeyVulnerability::Roca).with(KeyVulnerability::DebianOpenssl);
    bench.account.load_ca_certificate(T, CaCertificateFacts { key, ..ca(1, T + Millis::days(400)) }).expect("new");
    let outcome = bench.run(AuditCheck::CaCertificateKeyQuality);
    assert_eq!(outcome.findings.len(), 2);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedNonCompliant, 1, 1, 0));
}

#[test]
fn x02_things_with_certificates_revoked_here_are_a_lint_of_lenient_mode() {
    for (mut bench, expected) in [(Bench::new(), 0), (Bench::lenient(), 1)] {
        let certificate = facts(1, CertificateStatus::Revoked, T + Millis::days(400));
        let certificate = bench.account.load_certificate(T, certificate).expect("new");
        let thing = bench.account.create_thing(T, "pump-7", None, &[]).expect("new");
        let principal = Principal::Certificate(certificate);
        bench.account.attach_thing_principal(T, thing, principal, ThingPrincipalType::default()).expect("both exist");
        let check = AuditCheck::RevokedDeviceCertificateStillActive;
        let outcome = bench.run(check);
        outcome.is_compliant();
        let lints = bench.audit.check_diagnostics(&outcome.task_id, check);
        assert_eq!(lints.iter().filter(|lint| lint.code == "THING_WITH_REVOKED_CERTIFICATE").count(), expected);
    }
}

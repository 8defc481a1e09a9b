//! 12.5: certificates, their expiry, age and revocation.

use defender::account::{CaCertificateStatus, CertificateStatus, CrlEntry, IssuerFacts, RevokingIssuer, SerialNumber};
use defender::audit::wire::ListRelatedResourcesForAuditFindingRequest;
use defender::error::Exception;
use defender::time::{Millis, Timestamp};
use serde_json::json;

use super::{LONG_AGO, T, World, codes, days, exception};

const EXPIRING: &str = "DEVICE_CERTIFICATE_EXPIRING_CHECK";
const CA_EXPIRING: &str = "CA_CERTIFICATE_EXPIRING_CHECK";
const AGE: &str = "DEVICE_CERTIFICATE_AGE_CHECK";
const REVOKED: &str = "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK";
const REVOKED_CA: &str = "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK";
const INTERMEDIATE: &str = "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK";
const APPROACHING: &str = "CERTIFICATE_APPROACHING_EXPIRATION";
const PAST: &str = "CERTIFICATE_PAST_EXPIRATION";

/// The codes that C-14 finds for one certificate, and how many were inspected.
fn expiry(not_after: Timestamp, status: CertificateStatus) -> (Vec<String>, u64) {
    let mut world = World::with(&[EXPIRING]);
    world.certificate(not_after, |facts| facts.status = status);
    let (details, findings) = world.audit(EXPIRING);
    let found = codes(&findings).into_iter().map(str::to_owned).collect();
    (found, details["totalResourcesCount"].as_u64().expect("a count"))
}

#[test]
fn t_c20_to_t_c25_expiry_has_inclusive_boundaries_and_a_scope() {
    let active = CertificateStatus::Active;
    assert_eq!(expiry(days(30), active), (vec![APPROACHING.to_owned()], 1));
    assert_eq!(expiry(days(30) + Millis::SECOND, active), (vec![], 1));
    assert_eq!(expiry(T, active), (vec![PAST.to_owned()], 1));
    assert_eq!(expiry(T + Millis::SECOND, active), (vec![APPROACHING.to_owned()], 1));
    assert_eq!(expiry(days(-5), CertificateStatus::Inactive), (vec![], 0));
    assert_eq!(expiry(days(-5), CertificateStatus::PendingTransfer), (vec![PAST.to_owned()], 1));
}

#[test]
fn t_c20_the_finding_carries_the_expiration_time() {
    let mut world = World::with(&[EXPIRING]);
    world.certificate(days(30), |_| {});
    let (_, findings) = world.audit(EXPIRING);
    let resource = &findings[0]["nonCompliantResource"];
    assert_eq!(resource["additionalInfo"], json!({"EXPIRATION_TIME": "1751328000000"}));
    assert_eq!(resource["resourceType"], "DEVICE_CERTIFICATE");
    assert_eq!(findings[0]["severity"], "MEDIUM");
    assert_eq!(findings[0]["reasonForNonCompliance"], "Certificate is approaching its expiration.");
}

#[test]
fn t_c26_t_c27_the_threshold_moves_devices_and_not_cas() {
    let mut world = World::with(&[EXPIRING, CA_EXPIRING]);
    world
        .configure(json!({"auditCheckConfigurations": {EXPIRING: {
            "enabled": true, "configuration": {"CERT_EXPIRATION_THRESHOLD_IN_DAYS": "90"}}}}))
        .expect("in range");
    world.certificate(days(60), |_| {});
    world.ca(days(60), |_| {});
    assert_eq!(codes(&world.audit(EXPIRING).1), [APPROACHING]);
    assert_eq!(codes(&world.audit(CA_EXPIRING).1), [""; 0]);
}

#[test]
fn t_c28_cas_are_inspected_whatever_their_auto_registration() {
    let mut world = World::with(&[CA_EXPIRING]);
    world.ca(days(29), |facts| facts.auto_registration = false);
    assert_eq!(codes(&world.audit(CA_EXPIRING).1), [APPROACHING]);
}

#[test]
fn t_c29_t_c30_age_counts_to_the_second() {
    for (created, found) in [(days(-365), 1), (days(-365) + Millis::SECOND, 0)] {
        let mut world = World::with(&[AGE]);
        world.certificate(days(1_000), |facts| facts.creation_date = Some(created));
        assert_eq!(world.audit(AGE).1.len(), found);
    }
}

#[test]
fn t_c31_t_c32_thresholds_have_a_range_and_belong_to_a_check() {
    let set = |check: &str, name: &str, value: &str| {
        let mut world = World::with(&[AGE, EXPIRING]);
        world.configure(json!({"auditCheckConfigurations": {check: {"enabled": true, "configuration": {name: value}}}}))
    };
    for value in ["29", "3653", "abc"] {
        assert_eq!(exception(set(AGE, "CERT_AGE_THRESHOLD_IN_DAYS", value)), Exception::InvalidRequest, "{value}");
    }
    assert_eq!(exception(set(EXPIRING, "CERT_AGE_THRESHOLD_IN_DAYS", "100")), Exception::InvalidRequest);
    for value in ["30", "3652"] {
        assert_eq!(set(EXPIRING, "CERT_EXPIRATION_THRESHOLD_IN_DAYS", value), Ok(()), "{value}");
    }
}

/// A world in which `CN=root` signed everything and revoked serial `a1b` at a time.
fn revoking(checks: &[&str], when: Option<Timestamp>) -> (World, defender::account::IssuerIndex) {
    let mut world = World::with(checks);
    let facts = IssuerFacts {
        subject: "CN=root".to_owned(),
        id: "aa".to_owned(),
        key_id: None,
        serial: SerialNumber::from(1),
        issuer: None,
    };
    let root = world.account.register_issuer(LONG_AGO, facts).expect("a new issuer");
    let entry = CrlEntry {
        issuer: RevokingIssuer::Subject("CN=root".to_owned()),
        serial: "a1b".parse().expect("hexadecimal"),
        revocation_date: when,
        reason: None,
    };
    world.account.add_crl_entries(LONG_AGO, [entry]);
    (world, root)
}

#[test]
fn t_c33_to_t_c35_revoked_by_the_issuer_and_still_active() {
    let cases = [
        (CertificateStatus::Active, Some(days(-1)), 1, 1),
        (CertificateStatus::Revoked, Some(days(-1)), 0, 0),
        (CertificateStatus::Active, Some(days(1)), 0, 1),
    ];
    for (status, when, found, total) in cases {
        let (mut world, root) = revoking(&[REVOKED], when);
        world.certificate(days(100), |facts| {
            facts.status = status;
            facts.issuer = Some(root);
            facts.serial = "0A:1B".parse().expect("hexadecimal");
        });
        let (details, findings) = world.audit(REVOKED);
        assert_eq!(
            (findings.len(), details["totalResourcesCount"].as_u64()),
            (found, Some(total)),
            "{status:?} {when:?}"
        );
        assert!(codes(&findings).iter().all(|code| *code == "CERTIFICATE_REVOKED_BY_ISSUER"));
    }
}

#[test]
fn t_c36_an_inactive_ca_is_out_of_scope() {
    for (status, found) in [(CaCertificateStatus::Inactive, 0), (CaCertificateStatus::Active, 1)] {
        let (mut world, root) = revoking(&[REVOKED_CA], None);
        world.ca(days(100), |facts| {
            facts.status = status;
            facts.issuer = Some(root);
            facts.serial = "a1b".parse().expect("hexadecimal");
        });
        assert_eq!(world.audit(REVOKED_CA).1.len(), found);
    }
}

#[test]
fn t_c37_related_certificates_of_a_revoked_intermediate_are_listed_apart() {
    let (mut world, root) = revoking(&[INTERMEDIATE], None);
    let facts = IssuerFacts {
        subject: "CN=intermediate".to_owned(),
        id: "bb".to_owned(),
        key_id: None,
        serial: "a1b".parse().expect("hexadecimal"),
        issuer: Some(root),
    };
    let intermediate = world.account.register_issuer(LONG_AGO, facts).expect("a new issuer");
    for status in [CertificateStatus::Active, CertificateStatus::Active, CertificateStatus::Inactive] {
        world.certificate(days(100), |facts| {
            facts.status = status;
            facts.issuer = Some(intermediate);
        });
    }
    let (_, findings) = world.audit(INTERMEDIATE);
    assert_eq!(codes(&findings), ["INTERMEDIATE_CA_REVOKED_BY_ISSUER"]);
    assert!(findings[0].get("relatedResources").is_none_or(|related| related.as_array().is_some_and(Vec::is_empty)));
    let request = ListRelatedResourcesForAuditFindingRequest {
        finding_id: findings[0]["findingId"].as_str().expect("an id").to_owned(),
        ..ListRelatedResourcesForAuditFindingRequest::default()
    };
    let related = world.audit.list_related_resources_for_audit_finding(&request).expect("a known finding");
    assert_eq!(related.related_resources.len(), 2);
}

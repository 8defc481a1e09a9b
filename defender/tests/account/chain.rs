//! Issuers, revocation lists, and X.509 (V-13, V-21, V-24, V-25).

use defender::account::{
    CertificateMode, CertificateStatus, CrlEntry, IssuerFacts, KeyAlgorithm, ParsedCertificate, Revocation,
    RevocationReason, RevokingIssuer, SerialNumber, parse_crl,
};
use defender::error::Exception;
use defender::policy::variable::{AlternativeName, Holder, NameAttribute};
use defender::time::{Millis, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa, KeyIdMethod,
    KeyPair, KeyUsagePurpose, RevokedCertParams, date_time_ymd,
};

use crate::{NOW, account, refused};

fn issuer(subject: &str, key_id: Option<&str>) -> IssuerFacts {
    IssuerFacts {
        subject: subject.to_owned(),
        id: String::new(),
        key_id: key_id.map(str::to_owned),
        serial: SerialNumber::from(7),
        issuer: None,
    }
}

fn entry(issuer: RevokingIssuer, serial: u64) -> CrlEntry {
    CrlEntry { issuer, serial: SerialNumber::from(serial), revocation_date: None, reason: None }
}

#[test]
fn v25_an_entry_matches_by_issuer_and_serial_number() {
    let mut account = account();
    let by_name = account.register_issuer(NOW, issuer("CN=A", None)).expect("well-formed");
    let by_key = account.register_issuer(NOW, issuer("CN=B", Some("AB:CD"))).expect("well-formed");
    let other = account.register_issuer(NOW, issuer("CN=C", Some("ff"))).expect("well-formed");
    account.add_crl_entries(
        NOW,
        [entry(RevokingIssuer::Subject("CN=A".into()), 1), entry(RevokingIssuer::KeyId("abcd".into()), 2)],
    );
    let (one, two) = (SerialNumber::from(1), SerialNumber::from(2));
    let revoked = Revocation::Revoked { since: None, reason: None };
    assert_eq!(account.revocation(Some(by_name), one, NOW), revoked);
    assert_eq!(account.revocation(Some(by_name), two, NOW), Revocation::NotRevoked);
    assert_eq!(account.revocation(Some(by_key), two, NOW), revoked);
    assert_eq!(account.revocation(Some(other), one, NOW), Revocation::NoData);
    assert_eq!(account.revocation(None, one, NOW), Revocation::NoData);
    account.add_empty_crl(NOW, RevokingIssuer::KeyId("FF".into()));
    assert_eq!(account.revocation(Some(other), one, NOW), Revocation::NotRevoked);
}

#[test]
fn v25_entries_of_the_future_and_removals_do_not_revoke() {
    let mut account = account();
    let issuer = account.register_issuer(NOW, issuer("CN=A", None)).expect("well-formed");
    let subject = RevokingIssuer::Subject("CN=A".into());
    let later = NOW + Millis::DAY;
    account.add_crl_entries(
        NOW,
        [
            CrlEntry { revocation_date: Some(later), ..entry(subject.clone(), 1) },
            CrlEntry { reason: Some(RevocationReason::RemoveFromCrl), ..entry(subject, 2) },
        ],
    );
    assert_eq!(account.revocation(Some(issuer), SerialNumber::from(1), NOW), Revocation::NotRevoked);
    let since = Some(later);
    let revoked = Revocation::Revoked { since, reason: None };
    assert_eq!(account.revocation(Some(issuer), SerialNumber::from(1), later), revoked);
    assert_eq!(account.revocation(Some(issuer), SerialNumber::from(2), NOW), Revocation::NotRevoked);
}

#[test]
fn v24_an_issuer_is_known_once_and_its_own_issuer_may_be_learned() {
    let mut account = account();
    let root = account.register_issuer(NOW, issuer("CN=root", None)).expect("well-formed");
    let below = account.register_issuer(NOW, issuer("CN=below", None)).expect("well-formed");
    let learned = IssuerFacts { issuer: Some(root), ..issuer("CN=below", None) };
    assert_eq!(account.register_issuer(NOW, learned), Ok(below));
    assert_eq!(account.issuer(below).and_then(|row| row.issuer), Some(root));
    let bad = IssuerFacts { id: "xyz".to_owned(), ..issuer("CN=bad", None) };
    refused(account.register_issuer(NOW, bad), Exception::InvalidRequest);
    refused(account.register_issuer(NOW, issuer(&"x".repeat(1001), None)), Exception::InvalidRequest);
}

fn ca_params(name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(serial.into());
    params.use_authority_key_identifier_extension = true;
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2034, 1, 1);
    params
}

fn key() -> KeyPair {
    KeyPair::generate().expect("P-256")
}

#[test]
fn v13_v21_a_real_chain_is_read_and_its_revocation_list_applies() {
    let root = CertifiedIssuer::self_signed(ca_params("Root", 1), key()).expect("signs");
    let middle = CertifiedIssuer::signed_by(ca_params("Middle", 2), key(), &root).expect("signs");
    let mut device = CertificateParams::new(vec!["pump-7.example.com".to_owned()]).expect("a DNS name");
    device.distinguished_name.push(DnType::CommonName, "pump-7");
    device.distinguished_name.push(DnType::OrganizationName, "Example");
    device.serial_number = Some(0xa1b_u64.into());
    device.use_authority_key_identifier_extension = true;
    device.not_before = date_time_ymd(2025, 1, 1);
    device.not_after = date_time_ymd(2026, 1, 1);
    let device_pem = device.signed_by(&key(), &middle).expect("signs").pem();

    let mut account = account();
    let early = account.register_certificate_pem(NOW, &device_pem, CertificateStatus::Active);
    refused(early, Exception::CertificateValidation);
    let ca = account.register_ca_certificate_pem(NOW, &middle.pem(), true).expect("a CA");
    let certificate = account.register_certificate_pem(NOW, &device_pem, CertificateStatus::Active).expect("signed");
    refused(account.register_ca_certificate_pem(NOW, &device_pem, false), Exception::CertificateValidation);

    let shown = account.certificate(certificate).expect("registered");
    assert_eq!(
        (shown.ca(), shown.mode(), shown.serial()),
        (Some(ca), CertificateMode::Default, SerialNumber::from(0xa1b))
    );
    assert_eq!(shown.not_before(), Timestamp::from_seconds(1_735_689_600));
    assert_eq!(shown.key().algorithm, KeyAlgorithm::EllipticCurve(256));
    let text = shown.text().expect("read from PEM");
    assert!(text.names.contains(&(Holder::Subject, NameAttribute::Organization, "Example".to_owned())));
    assert!(text.names.contains(&(Holder::Issuer, NameAttribute::CommonName, "Middle".to_owned())));
    let dns = (Holder::Subject, AlternativeName::DnsName, "pump-7.example.com".to_owned());
    assert_eq!(text.alternative_names, [dns]);

    let middle_issuer = shown.issuer().expect("named");
    let facts = account.issuer(middle_issuer).expect("known");
    assert_eq!((facts.subject.as_str(), facts.serial), ("CN=Middle", SerialNumber::from(2)));
    assert!(facts.issuer.is_some(), "an intermediate CA has an issuer of its own");

    let list = |signer: &CertifiedIssuer<'_, KeyPair>, serial: u64| {
        let revoked = RevokedCertParams {
            serial_number: serial.into(),
            revocation_time: date_time_ymd(2025, 3, 1),
            reason_code: Some(rcgen::RevocationReason::KeyCompromise),
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2025, 3, 1),
            next_update: date_time_ymd(2025, 4, 1),
            crl_number: 1u64.into(),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(signer).expect("signs")
    };
    let (name, entries) = parse_crl(list(&middle, 0xa1b).pem().expect("PEM").as_bytes()).expect("a list");
    assert_eq!(name, RevokingIssuer::Subject("CN=Middle".to_owned()));
    account.add_crl_entries(NOW, entries);
    let since = Some(Timestamp::from_seconds(1_740_787_200));
    let reason = Some(RevocationReason::KeyCompromise);
    let serial = account.certificate(certificate).expect("registered").serial();
    assert_eq!(account.revocation(Some(middle_issuer), serial, NOW), Revocation::Revoked { since, reason });
    let facts = account.issuer(middle_issuer).expect("known").clone();
    assert_eq!(account.revocation(facts.issuer, facts.serial, NOW), Revocation::NoData);
    let (_, entries) = parse_crl(list(&root, 2).der()).expect("a list");
    account.add_crl_entries(NOW, entries);
    assert!(matches!(account.revocation(facts.issuer, facts.serial, NOW), Revocation::Revoked { .. }));
}

#[test]
fn v13_an_issuer_known_by_name_only_is_filled_in_when_its_certificate_comes() {
    let root = CertifiedIssuer::self_signed(ca_params("Root", 1), key()).expect("signs");
    let middle = CertifiedIssuer::signed_by(ca_params("Middle", 2), key(), &root).expect("signs");
    let mut device = CertificateParams::new(Vec::new()).expect("no names");
    device.use_authority_key_identifier_extension = true;
    let pem = device.signed_by(&key(), &middle).expect("signs").pem();
    let mut account = account();
    let certificate =
        account.register_certificate_without_ca_pem(NOW, &pem, CertificateStatus::Active).expect("stands alone");
    let shown = account.certificate(certificate).expect("registered");
    assert_eq!((shown.ca(), shown.mode()), (None, CertificateMode::SniOnly));
    let named = shown.issuer().expect("named");
    assert_eq!(account.issuer(named).map(|row| row.id.as_str()), Some(""));
    let parsed = ParsedCertificate::from_pem(&middle.pem()).expect("a certificate");
    assert_eq!(account.add_issuer_certificate(NOW, &parsed), Ok(named));
    let filled = account.issuer(named).expect("known");
    assert_eq!(filled.id, parsed.id.to_string());
    assert!(filled.issuer.is_some());
}

#[test]
fn garbage_is_refused_in_the_service_s_own_way() {
    let mut account = account();
    for pem in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let result = account.register_certificate_without_ca_pem(NOW, pem, CertificateStatus::Active);
        refused(result, Exception::CertificateValidation);
    }
    refused(parse_crl(b"\x30\x03\x02\x01\x01"), Exception::CertificateValidation);
}

//! Device and CA certificates: status, transfer, deletion (V-13 … V-23).

use defender::account::{
    CaCertificateFacts, CaCertificateStatus, CertificateFacts, CertificateStatus, KeyAlgorithm, KeyFacts, PolicyTarget,
    Principal, ThingPrincipalType,
};
use defender::error::Exception;
use defender::time::Millis;

use crate::{NOW, account, certificate_id, facts, refused};
use CertificateStatus::{Active, Inactive, PendingActivation, PendingTransfer, RegisterInactive, Revoked};

#[test]
fn v15_only_active_and_valid_certificates_authenticate() {
    let mut account = account();
    let certificate = account.register_certificate(NOW, facts(1)).expect("new");
    let shown = account.certificate(certificate).expect("registered");
    assert!(shown.authenticates(NOW) && !shown.authenticates(shown.not_after()));
    account.update_certificate(NOW, certificate, Inactive).expect("allowed");
    assert!(!account.certificate(certificate).expect("registered").authenticates(NOW));
}

#[test]
fn v16_status_changes_are_idempotent_and_revocation_is_final() {
    let mut account = account();
    let certificate = account.register_certificate(NOW, facts(1)).expect("new");
    account.update_certificate(NOW, certificate, Active).expect("the same again");
    assert_eq!(account.certificate(certificate).expect("registered").customer_version(), 1);
    for by_hand in [PendingTransfer, PendingActivation, RegisterInactive] {
        refused(account.update_certificate(NOW, certificate, by_hand), Exception::InvalidRequest);
    }
    account.update_certificate(NOW, certificate, Revoked).expect("allowed");
    account.update_certificate(NOW, certificate, Revoked).expect("the same again");
    for back in [Active, Inactive] {
        refused(account.update_certificate(NOW, certificate, back), Exception::CertificateState);
    }
}

#[test]
fn v17_a_transfer_needs_an_inactive_certificate_without_policies() {
    let mut account = account();
    let certificate = account.register_certificate(NOW, facts(1)).expect("new");
    let target = PolicyTarget::Certificate(certificate);
    let policy = account.create_policy(NOW, "P", r#"{"Version":"2012-10-17","Statement":[]}"#).expect("new");
    account.attach_policy(NOW, policy, target).expect("room");
    let other = "210987654321";
    refused(account.transfer_certificate(NOW, certificate, other, None), Exception::CertificateState);
    account.update_certificate(NOW, certificate, Inactive).expect("allowed");
    refused(account.transfer_certificate(NOW, certificate, other, None), Exception::TransferConflict);
    account.detach_policy(NOW, policy, target).expect("attached");
    refused(account.transfer_certificate(NOW, certificate, "21", None), Exception::InvalidRequest);
    account.transfer_certificate(NOW, certificate, other, Some("yours")).expect("inactive, no policies");
    assert_eq!(account.certificate(certificate).expect("registered").status(), PendingTransfer);
    refused(account.update_certificate(NOW, certificate, Active), Exception::CertificateState);
    account.reject_certificate_transfer(NOW, certificate, Some("no")).expect("in transfer");
    assert_eq!(account.certificate(certificate).expect("registered").status(), Inactive);
    assert_eq!(account.certificate_transfer(certificate).and_then(|t| t.reject_reason.as_deref()), Some("no"));
    refused(account.cancel_certificate_transfer(NOW, certificate), Exception::TransferAlreadyCompleted);
    account.transfer_certificate(NOW, certificate, other, None).expect("once more");
    account.cancel_certificate_transfer(NOW, certificate).expect("in transfer");
    account.transfer_certificate(NOW, certificate, other, None).expect("once more");
    account.accept_certificate_transfer(NOW, certificate).expect("in transfer");
    assert!(account.certificate(certificate).is_none());
}

#[test]
fn v18_deletion_needs_an_inactive_certificate_without_attachments() {
    let mut account = account();
    let certificate = account.register_certificate(NOW, facts(1)).expect("new");
    let thing = account.create_thing(NOW, "T1", None, &[]).expect("new");
    let principal = Principal::Certificate(certificate);
    let policy = account.create_policy(NOW, "P", r#"{"Version":"2012-10-17","Statement":[]}"#).expect("new");
    account.attach_policy(NOW, policy, PolicyTarget::Certificate(certificate)).expect("room");
    account.attach_thing_principal(NOW, thing, principal, ThingPrincipalType::default()).expect("new");
    refused(account.delete_certificate(NOW, certificate, true), Exception::CertificateState);
    account.update_certificate(NOW, certificate, Inactive).expect("allowed");
    refused(account.delete_certificate(NOW, certificate, true), Exception::DeleteConflict);
    account.detach_thing_principal(NOW, thing, principal).expect("attached");
    refused(account.delete_certificate(NOW, certificate, false), Exception::DeleteConflict);
    account.delete_certificate(NOW, certificate, true).expect("forced");
    assert_eq!(account.targets_of_policy(policy), []);
    assert_eq!(account.certificate_of_id(&certificate_id(1)), None);
    let again = account.register_certificate(NOW, facts(1)).expect("free again");
    assert_ne!(again, certificate);
    refused(account.register_certificate(NOW, facts(1)), Exception::ResourceAlreadyExists);
}

#[test]
fn v19_registration_refuses_what_is_outside_its_validity_or_too_short() {
    let mut account = account();
    let expired = CertificateFacts { not_after: NOW, ..facts(1) };
    let early = CertificateFacts { not_before: NOW + Millis::SECOND, ..facts(2) };
    let key = KeyFacts { algorithm: KeyAlgorithm::Rsa(1024), ..KeyFacts::RSA_2048 };
    let short = CertificateFacts { key, ..facts(3) };
    for facts in [expired.clone(), early, short] {
        refused(account.register_certificate(NOW, facts), Exception::CertificateValidation);
    }
    let revoked = CertificateFacts { status: Revoked, ..facts(4) };
    refused(account.register_certificate(NOW, revoked), Exception::CertificateState);
    account.load_certificate(NOW, expired).expect("an inventory may show it");
}

#[test]
fn v20_in_scope_are_active_and_pending_transfer() {
    let all = [Active, Inactive, Revoked, PendingTransfer, RegisterInactive, PendingActivation];
    let in_scope: Vec<_> = all.into_iter().filter(|status| status.is_in_scope()).collect();
    assert_eq!(in_scope, [Active, PendingTransfer]);
}

#[test]
fn v23_an_inactive_ca_stops_registration_and_nothing_else() {
    let mut account = account();
    let facts_of_ca = CaCertificateFacts::new(certificate_id(100), NOW, NOW + Millis::days(3650));
    let ca = account.register_ca_certificate(NOW, facts_of_ca.clone()).expect("new");
    refused(account.register_ca_certificate(NOW, facts_of_ca), Exception::ResourceAlreadyExists);
    let device = account.register_certificate(NOW, CertificateFacts { ca: Some(ca), ..facts(1) }).expect("active CA");
    refused(account.delete_ca_certificate(NOW, ca), Exception::CertificateState);
    account.update_ca_certificate(NOW, ca, Some(CaCertificateStatus::Inactive), None).expect("known");
    let next = CertificateFacts { ca: Some(ca), ..facts(2) };
    refused(account.register_certificate(NOW, next), Exception::CertificateState);
    assert!(account.certificate(device).expect("registered").authenticates(NOW));
    assert_eq!(account.certificates_by_ca(ca).collect::<Vec<_>>(), [device]);
    let status = Some(CaCertificateStatus::PendingTransfer);
    refused(account.update_ca_certificate(NOW, ca, status, None), Exception::InvalidRequest);
    account.delete_ca_certificate(NOW, ca).expect("inactive");
    assert!(account.ca_certificate(ca).is_none());
}

//! The account's audit configuration (A-01 … A-10).

use std::collections::BTreeMap;

use defender::account::Account;
use defender::audit::wire::{
    AccountAuditConfiguration, AuditFrequency, AuditNotificationTarget, CreateScheduledAuditRequest,
    DeleteAccountAuditConfigurationRequest, ListScheduledAuditsRequest,
};
use defender::audit::{Audit, AuditCheck, AuditEvent, AuditSettings};
use defender::error::{Compatibility, Exception};
use defender::time::Millis;

use crate::{Bench, ROLE, T, configuration, refused};

const LOGGING: &str = "LOGGING_DISABLED_CHECK";

fn fresh(compatibility: Compatibility) -> (Account, Audit) {
    let account = Account::new("123456789012", "us-east-1").expect("twelve digits");
    (account, Audit::new(AuditSettings { compatibility, ..AuditSettings::default() }))
}

#[test]
fn a02_every_check_is_listed_and_disabled_before_the_first_update() {
    let (_, audit) = fresh(Compatibility::Strict);
    let shown = audit.describe_account_audit_configuration();
    assert_eq!((shown.role_arn, shown.audit_notification_target_configurations), (None, None));
    let checks = shown.audit_check_configurations.expect("always there");
    assert_eq!(checks.len(), 17);
    assert!(checks.values().all(|check| check.enabled == Some(false)));
}

#[test]
fn t_a02_a01_a03_the_first_update_needs_a_role_and_an_enabled_check() {
    let (account, mut audit) = fresh(Compatibility::Strict);
    for request in [configuration(None, [(LOGGING, true)]), configuration(Some(ROLE), [(LOGGING, false)])] {
        refused(audit.update_account_audit_configuration(T, &account, &request), Exception::InvalidRequest);
    }
    let enabled = audit.describe_account_audit_configuration().audit_check_configurations.expect("always there");
    assert_eq!(enabled[LOGGING].enabled, Some(false), "a refused update changes nothing");
    let request = configuration(Some(ROLE), [(LOGGING, true)]);
    audit.update_account_audit_configuration(T, &account, &request).expect("complete");
}

#[test]
fn x09_lenient_mode_has_a_role_of_its_own() {
    let (account, mut audit) = fresh(Compatibility::Lenient);
    let request = configuration(None, [(LOGGING, true)]);
    let answer = audit.update_account_audit_configuration(T, &account, &request).expect("lenient");
    let role = "arn:aws:iam::123456789012:role/local-audit";
    assert_eq!(answer.warnings.len(), 1);
    assert_eq!((answer.warnings[0].code, &answer.warnings[0].canonical), ("AUDIT_ROLE_DEFAULTED", &Some(role.into())));
    assert_eq!(audit.describe_account_audit_configuration().role_arn.as_deref(), Some(role));
}

#[test]
fn a03_members_not_given_stay() {
    let (account, mut audit) = fresh(Compatibility::Strict);
    let first = configuration(Some(ROLE), [(LOGGING, true), ("DEVICE_CERTIFICATE_AGE_CHECK", true)]);
    audit.update_account_audit_configuration(T, &account, &first).expect("complete");
    let target = AuditNotificationTarget {
        target_arn: Some("arn:aws:sns:us-east-1:123456789012:audit".to_owned()),
        role_arn: Some(ROLE.to_owned()),
        enabled: Some(true),
    };
    let targets = BTreeMap::from([("SNS".to_owned(), target)]);
    let second = AccountAuditConfiguration {
        audit_notification_target_configurations: Some(targets.clone()),
        ..configuration(None, [(LOGGING, false)])
    };
    audit.update_account_audit_configuration(T, &account, &second).expect("a change");
    let shown = audit.describe_account_audit_configuration();
    assert_eq!(shown.role_arn.as_deref(), Some(ROLE));
    assert_eq!(shown.audit_notification_target_configurations, Some(targets));
    let enabled: Vec<String> = shown
        .audit_check_configurations
        .expect("always there")
        .into_iter()
        .filter(|(_, check)| check.enabled == Some(true))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(enabled, ["DEVICE_CERTIFICATE_AGE_CHECK"]);
    let other = AccountAuditConfiguration {
        audit_notification_target_configurations: Some(BTreeMap::from([(
            "EMAIL".to_owned(),
            AuditNotificationTarget::default(),
        )])),
        ..AccountAuditConfiguration::default()
    };
    refused(audit.update_account_audit_configuration(T, &account, &other), Exception::InvalidRequest);
}

#[test]
fn a04_a10_x01_aliases_are_refused_by_name_or_taken_with_a_warning() {
    for (alias, canonical) in [
        ("REVOKED_DEVICE_CERTIFICATE_CHECK", "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK"),
        ("ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK", "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK"),
        ("REVOKED_CA_CERT_CHECK", "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK"),
        ("REVOKED_DEVICE_CERT_CHECK", "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK"),
        ("CA_CERT_APPROACHING_EXPIRATION_CHECK", "CA_CERTIFICATE_EXPIRING_CHECK"),
        ("DEVICE_CERT_APPROACHING_EXPIRATION_CHECK", "DEVICE_CERTIFICATE_EXPIRING_CHECK"),
        ("AUTHENTICATE_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK"),
    ] {
        let request = configuration(Some(ROLE), [(alias, true)]);
        let (account, mut strict) = fresh(Compatibility::Strict);
        let error = strict.update_account_audit_configuration(T, &account, &request).expect_err("strict");
        assert_eq!(error.exception, Exception::InvalidRequest);
        assert!(error.message.contains(canonical), "{}", error.message);
        let (account, mut lenient) = fresh(Compatibility::Lenient);
        let answer = lenient.update_account_audit_configuration(T, &account, &request).expect("lenient");
        assert_eq!(answer.warnings[0].code, "CHECK_NAME_ALIAS");
        assert_eq!(answer.warnings[0].path, format!("/auditCheckConfigurations/{alias}"));
        let shown = lenient.describe_account_audit_configuration().audit_check_configurations.expect("always there");
        assert_eq!(shown[canonical].enabled, Some(true));
        assert!(!shown.contains_key(alias));
    }
    let (account, mut lenient) = fresh(Compatibility::Lenient);
    let request = configuration(Some(ROLE), [("NO_SUCH_CHECK", true)]);
    refused(lenient.update_account_audit_configuration(T, &account, &request), Exception::InvalidRequest);
}

#[test]
fn x05_account_ids_of_other_lengths_are_for_lenient_mode() {
    let role = "arn:aws:iam::123456789:role/audit-role";
    let request = configuration(Some(role), [(LOGGING, true)]);
    let (account, mut strict) = fresh(Compatibility::Strict);
    refused(strict.update_account_audit_configuration(T, &account, &request), Exception::InvalidRequest);
    let (account, mut lenient) = fresh(Compatibility::Lenient);
    let answer = lenient.update_account_audit_configuration(T, &account, &request).expect("lenient");
    assert_eq!(answer.warnings[0].code, "ACCOUNT_ID_NOT_12_DIGITS");
}

fn daily(bench: &mut Bench) {
    let request = CreateScheduledAuditRequest {
        scheduled_audit_name: "daily".to_owned(),
        frequency: Some(AuditFrequency::Daily),
        target_check_names: vec![LOGGING.to_owned()],
        ..CreateScheduledAuditRequest::default()
    };
    bench.audit.create_scheduled_audit(T, &bench.account, &request).expect("enabled");
}

#[test]
fn t_a03_a07_a_check_that_a_schedule_uses_cannot_be_disabled() {
    let mut bench = Bench::new();
    daily(&mut bench);
    let request = configuration(None, [(LOGGING, false)]);
    let update = bench.audit.update_account_audit_configuration(T, &bench.account, &request);
    refused(update, Exception::InvalidRequest);
}

#[test]
fn a08_ch14_schedules_outlive_the_configuration_and_fail() {
    let mut bench = Bench::new();
    daily(&mut bench);
    let request = DeleteAccountAuditConfigurationRequest::default();
    bench.audit.delete_account_audit_configuration(T, &request).expect("configured");
    refused(bench.audit.delete_account_audit_configuration(T, &request), Exception::ResourceNotFound);
    let events = bench.advance(T + Millis::DAY);
    let AuditEvent::TaskEnded(end) = &events[1] else { panic!("it ends") };
    assert_eq!(end.notification.task_status, "FAILED");
    let details = &end.notification.audit_details[0];
    assert_eq!(details.check_run_status, "FAILED");
    assert_eq!(details.error_code.as_deref(), Some("AUDIT_CHECK_DISABLED"));
}

#[test]
fn a08_the_flag_deletes_the_schedules_too() {
    let mut bench = Bench::new();
    daily(&mut bench);
    let request = DeleteAccountAuditConfigurationRequest { delete_scheduled_audits: Some(true) };
    bench.audit.delete_account_audit_configuration(T, &request).expect("configured");
    let list = bench.audit.list_scheduled_audits(&bench.account, &ListScheduledAuditsRequest::default());
    assert_eq!(list.expect("valid").scheduled_audits, []);
    assert_eq!(bench.audit.next_due(), None);
}

#[test]
fn a09_severities_are_those_of_the_catalog() {
    let names = |severity: &str| {
        let of = AuditCheck::SERVICE.into_iter().filter(|check| check.severity().name() == severity);
        of.count()
    };
    assert_eq!((names("CRITICAL"), names("HIGH"), names("MEDIUM"), names("LOW")), (9, 1, 5, 2));
}

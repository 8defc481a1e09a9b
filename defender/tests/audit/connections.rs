//! The checks of connections and of logging (12.6).

use defender::account::{CertificateFacts, DisconnectReason, LogLevel, Principal, Session};
use defender::audit::AuditCheck;
use defender::audit::wire::{AuditCheckRunStatus, AuditFrequency, CreateScheduledAuditRequest, ResourceType};
use defender::time::{Millis, Timestamp};

use crate::{Bench, ROLE, T, certificate_id};

/// A bench with one certificate and its sessions, each client id with start and end.
fn sessions(sessions: &[(&str, Timestamp, Option<Timestamp>)]) -> Bench {
    let mut bench = Bench::new();
    let facts = CertificateFacts::new(certificate_id(1), T - Millis::days(90), T + Millis::days(90));
    let principal = Principal::Certificate(bench.account.load_certificate(T, facts).expect("new"));
    for (client, connect_time, disconnect_time) in sessions {
        let client = bench.account.client(client);
        let session = Session { client, connect_time: *connect_time, disconnect_time: *disconnect_time };
        bench.account.load_session(T, session, principal, None);
    }
    bench
}

/// Days, with halves, before `T`.
fn before(days: f64) -> Timestamp {
    T - Millis((days * 86_400_000.0) as i64)
}

const SHARED: AuditCheck = AuditCheck::DeviceCertificateShared;

#[test]
fn t_c40_overlapping_sessions_of_two_clients_share() {
    let mut bench = sessions(&[("c1", before(10.0), Some(before(9.0))), ("c2", before(9.5), Some(before(8.0)))]);
    let outcome = bench.run(SHARED);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedNonCompliant, 1, 1, 0));
    let finding = &outcome.findings[0];
    assert_eq!(finding.reason_for_non_compliance_code, "CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES");
    assert_eq!(finding.reason_for_non_compliance, "Certificate shared by one or more devices.");
    let related: Vec<_> = finding
        .related_resources
        .iter()
        .map(|related| {
            assert_eq!(related.resource_type, ResourceType::ClientId);
            let info = related.additional_info.as_ref().expect("times");
            let client = related.resource_identifier.client_id.clone().expect("a client");
            (client, info["CONNECTION_TIME"].clone(), info["DISCONNECTION_TIME"].clone())
        })
        .collect();
    let text = |time: Timestamp| time.millis().to_string();
    assert_eq!(
        related,
        [
            ("c2".to_owned(), text(before(9.5)), text(before(8.0))),
            ("c1".to_owned(), text(before(10.0)), text(before(9.0))),
        ]
    );
}

#[test]
fn t_c41_sessions_that_touch_do_not_overlap() {
    let mut bench = sessions(&[("c1", before(10.0), Some(before(9.0))), ("c2", before(9.0), Some(before(8.0)))]);
    bench.run(SHARED).is_compliant();
}

#[test]
fn t_c42_the_last_two_hours_are_not_looked_at() {
    let hour = |hours: f64| before(hours / 24.0);
    let mut bench = sessions(&[("c1", hour(1.0), Some(hour(0.5))), ("c2", hour(1.0), Some(hour(0.5)))]);
    let outcome = bench.run(SHARED);
    outcome.is_compliant();
    assert_eq!(outcome.counts().1, 0);
    assert_eq!(bench.run_at(T + Millis::HOUR, SHARED).findings.len(), 1);
}

#[test]
fn t_c43_nor_is_what_is_older_than_31_days() {
    let mut bench = sessions(&[("c1", before(32.5), Some(before(32.0))), ("c2", before(32.5), Some(before(32.0)))]);
    bench.run(SHARED).is_compliant();
}

#[test]
fn t_c44_one_client_twice_does_not_share() {
    let mut bench = sessions(&[("c1", before(10.0), Some(before(9.0))), ("c1", before(8.0), Some(before(7.0)))]);
    let outcome = bench.run(SHARED);
    outcome.is_compliant();
    assert_eq!(outcome.counts().1, 1);
}

#[test]
fn t_c45_an_open_session_overlaps_all_that_follow() {
    let mut bench = sessions(&[("c1", before(5.0), None), ("c2", before(4.0), Some(before(3.0)))]);
    let outcome = bench.run(SHARED);
    let related = &outcome.findings[0].related_resources;
    let shown: Vec<_> = related
        .iter()
        .map(|related| {
            let info = related.additional_info.as_ref().expect("times");
            (related.resource_identifier.client_id.as_deref(), info.contains_key("DISCONNECTION_TIME"))
        })
        .collect();
    assert_eq!(shown, [(Some("c2"), true), (Some("c1"), false)]);
}

#[test]
fn ch19_a_deleted_certificate_gives_no_finding() {
    let mut bench = sessions(&[("c1", before(5.0), Some(before(3.0))), ("c2", before(4.0), Some(before(3.0)))]);
    let index = bench.account.certificate_of_id(&certificate_id(1)).expect("loaded");
    bench.account.update_certificate(T, index, defender::account::CertificateStatus::Inactive).expect("active");
    assert_eq!(bench.run(SHARED).findings.len(), 1, "the status does not matter");
    bench.account.delete_certificate(T, index, false).expect("nothing attached");
    bench.run(SHARED).is_compliant();
}

const CONFLICTING: AuditCheck = AuditCheck::ConflictingClientIds;

/// A bench where a client was knocked off at a time.
fn knocked_off(time: Timestamp) -> Bench {
    let mut bench = Bench::new();
    let facts = CertificateFacts::new(certificate_id(1), T - Millis::days(90), T + Millis::days(90));
    let principal = Principal::Certificate(bench.account.load_certificate(T, facts).expect("new"));
    let client = bench.account.client("c1");
    let session = Session { client, connect_time: time - Millis::HOUR, disconnect_time: Some(time) };
    bench.account.load_session(T, session, principal, Some(DisconnectReason::DuplicateClientId));
    bench
}

#[test]
fn t_c46_ch29_one_duplicate_disconnect_is_a_conflict() {
    let mut bench = knocked_off(T - Millis::HOUR);
    let outcome = bench.run(CONFLICTING);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedNonCompliant, 1, 1, 0));
    let finding = &outcome.findings[0];
    assert_eq!(finding.reason_for_non_compliance_code, "DUPLICATE_CLIENT_ID_ACROSS_CONNECTIONS");
    assert_eq!(finding.non_compliant_resource.resource_identifier.client_id.as_deref(), Some("c1"));
    let info = finding.related_resources[0].additional_info.as_ref().expect("principal and time");
    assert_eq!(info["PRINCIPAL_ID"], certificate_id(1).to_string());
    assert_eq!(info["DISCONNECTION_TIME"], (T - Millis::HOUR).millis().to_string());
}

#[test]
fn t_c47_older_than_31_days_it_is_not() {
    knocked_off(T - Millis::days(32)).run(CONFLICTING).is_compliant();
}

#[test]
fn t_c48_a_scheduled_run_looks_back_to_the_one_before() {
    for (hours_before, found) in [(25, 0), (23, 1)] {
        let mut bench = knocked_off(T - Millis::hours(hours_before));
        let request = CreateScheduledAuditRequest {
            scheduled_audit_name: "daily".to_owned(),
            frequency: Some(AuditFrequency::Daily),
            target_check_names: vec![CONFLICTING.name().to_owned()],
            ..CreateScheduledAuditRequest::default()
        };
        bench.audit.create_scheduled_audit(T - Millis::hours(30), &bench.account, &request).expect("enabled");
        let before = bench.advance(T - Millis::DAY);
        assert_eq!(before.len(), 2, "the run of the day before started and ended");
        let events = bench.advance(T);
        let defender::audit::AuditEvent::TaskStarted { task_id, .. } = &events[0] else { panic!("it starts first") };
        assert_eq!(bench.findings(T, task_id).len(), found, "{hours_before} hours before");
    }
}

#[test]
fn c03_ch17_a_scheduled_run_looks_back_to_two_hours_before_the_one_before() {
    for (hours_before, found) in [(27, 0), (25, 1)] {
        let end = T - Millis::hours(hours_before);
        let mut bench = sessions(&[("c1", before(5.0), Some(end)), ("c2", before(4.0), Some(end))]);
        let request = CreateScheduledAuditRequest {
            scheduled_audit_name: "daily".to_owned(),
            frequency: Some(AuditFrequency::Daily),
            target_check_names: vec![SHARED.name().to_owned()],
            ..CreateScheduledAuditRequest::default()
        };
        bench.audit.create_scheduled_audit(T - Millis::hours(30), &bench.account, &request).expect("enabled");
        bench.advance(T - Millis::DAY);
        let events = bench.advance(T);
        let defender::audit::AuditEvent::TaskStarted { task_id, .. } = &events[0] else { panic!("it starts first") };
        assert_eq!(bench.findings(T, task_id).len(), found, "{hours_before} hours before");
    }
}

fn logging(v2: Option<(LogLevel, bool)>, v1: Option<LogLevel>) -> crate::Outcome {
    let mut bench = Bench::new();
    if let Some((level, disabled)) = v2 {
        bench.account.set_v2_logging_options(T, Some(ROLE), Some(level), Some(disabled)).expect("with a role");
    }
    if let Some(level) = v1 {
        bench.account.set_logging_options(T, ROLE, level);
    }
    bench.run(AuditCheck::LoggingDisabled)
}

#[test]
fn t_c49_a_disabled_default_level_is_no_logging() {
    for outcome in [logging(Some((LogLevel::Disabled, false)), None), logging(None, None)] {
        assert_eq!(outcome.reasons(), ["LOGGING_DISABLED"]);
        assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedNonCompliant, 1, 1, 0));
        let resource = &outcome.findings[0].non_compliant_resource;
        assert_eq!(resource.resource_type, ResourceType::AccountSettings);
        assert_eq!(resource.resource_identifier.account.as_deref(), Some("123456789012"));
    }
}

#[test]
fn t_c50_errors_are_logged() {
    logging(Some((LogLevel::Error, false)), None).is_compliant();
}

#[test]
fn t_c51_the_old_logging_suffices() {
    logging(Some((LogLevel::Error, true)), Some(LogLevel::Info)).is_compliant();
    assert_eq!(logging(Some((LogLevel::Error, true)), Some(LogLevel::Disabled)).findings.len(), 1);
}

//! Audits and their runs (A-12 … A-26, 12.7), and what they tell (A-51 … A-54).

use std::collections::BTreeMap;

use defender::account::{CertificateFacts, IamRole};
use defender::audit::wire::{
    AccountAuditConfiguration, AuditCheckRunStatus, AuditNotificationTarget, AuditTaskId, AuditTaskStatus,
    AuditTaskType, ListAuditTasksRequest, StartOnDemandAuditTaskRequest, TaskStatistics,
};
use defender::audit::{AuditCheck, AuditEvent, AuditSettings};
use defender::error::Exception;
use defender::notification::Outbox;
use defender::time::{Millis, Timestamp};

use crate::{Bench, ROLE, T, certificate_id, configuration, refused};

const LOGGING: AuditCheck = AuditCheck::LoggingDisabled;
const EXPIRING: AuditCheck = AuditCheck::DeviceCertificateExpiring;

fn start(bench: &mut Bench, names: &[&str]) -> Result<String, defender::error::ServiceError> {
    let target_check_names = names.iter().map(|name| (*name).to_owned()).collect();
    let request = StartOnDemandAuditTaskRequest { target_check_names };
    bench.audit.start_on_demand_audit_task(T, &request).map(|answer| answer.response.task_id)
}

#[test]
fn t_a01_a_disabled_check_cannot_be_run() {
    let mut bench = Bench::new();
    let disable = configuration(None, [(LOGGING.name(), false)]);
    bench.audit.update_account_audit_configuration(T, &bench.account, &disable).expect("unused");
    refused(start(&mut bench, &[LOGGING.name()]), Exception::InvalidRequest);
}

#[test]
fn ch34_no_check_is_an_error_and_repeats_are_one() {
    let mut bench = Bench::new();
    refused(start(&mut bench, &[]), Exception::InvalidRequest);
    let task_id = start(&mut bench, &[LOGGING.name(), LOGGING.name()]).expect("enabled");
    assert_eq!(bench.describe(&task_id).task_statistics.total_checks, 1);
    assert!(task_id.len() == 32 && task_id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{task_id}");
}

#[test]
fn a13_ten_audits_by_hand_at_a_time() {
    let mut bench = Bench::new();
    for _ in 0..10 {
        start(&mut bench, &[LOGGING.name()]).expect("up to ten");
    }
    refused(start(&mut bench, &[LOGGING.name()]), Exception::LimitExceeded);
    bench.advance(T);
    start(&mut bench, &[LOGGING.name()]).expect("the others are over");
}

#[test]
fn t_a08_a16_no_resources_is_compliant() {
    let mut bench = Bench::new();
    let outcome = bench.run(AuditCheck::CaCertificateExpiring);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedCompliant, 0, 0, 0));
}

fn cancel(bench: &mut Bench, task_id: &str) -> Result<AuditEvent, defender::error::ServiceError> {
    bench.audit.cancel_audit_task(T, &bench.account, &AuditTaskId { task_id: task_id.to_owned() })
}

#[test]
fn t_a10_only_an_audit_in_progress_can_be_canceled() {
    let mut bench = Bench::new();
    let outcome = bench.run(LOGGING);
    refused(cancel(&mut bench, &outcome.task_id), Exception::InvalidRequest);
    refused(cancel(&mut bench, "0123"), Exception::ResourceNotFound);
    refused(cancel(&mut bench, "not_an_id"), Exception::InvalidRequest);
}

#[test]
fn a23_a14_a17_ch35_a_canceled_audit_keeps_what_is_complete() {
    let delays = BTreeMap::from([(EXPIRING, Millis::HOUR)]);
    let mut bench = Bench::with(AuditSettings { data_collection_delays: delays, ..AuditSettings::default() });
    let task_id = bench.start(T, &[LOGGING, EXPIRING]);
    let waiting = bench.describe(&task_id);
    assert_eq!(waiting.task_statistics.waiting_for_data_collection_checks, 1);
    assert_eq!(waiting.audit_details[EXPIRING.name()].check_compliant, None, "CH-35");
    assert_eq!(bench.advance(T), []);
    assert_eq!(bench.audit.next_due(), Some(T + Millis::HOUR));
    let AuditEvent::TaskEnded(end) = cancel(&mut bench, &task_id).expect("in progress") else { panic!("it ends") };
    assert_eq!(end.notification.task_status, "CANCELED");
    let task = bench.describe(&task_id);
    assert_eq!(task.task_status, AuditTaskStatus::Canceled);
    assert_eq!(task.audit_details[EXPIRING.name()].check_run_status, AuditCheckRunStatus::Canceled);
    assert_eq!(task.audit_details[LOGGING.name()].check_run_status, AuditCheckRunStatus::CompletedNonCompliant);
    assert_eq!(bench.findings(T, &task_id).len(), 1);
    assert_eq!(bench.audit.next_due(), None);
}

#[test]
fn a06_ch13_a_run_waits_for_the_first_collection_and_not_for_later_ones() {
    let delays = BTreeMap::from([(LOGGING, Millis::HOUR)]);
    let mut bench = Bench::with(AuditSettings { data_collection_delays: delays, ..AuditSettings::default() });
    let task_id = bench.start(T, &[LOGGING]);
    bench.advance(T + Millis::HOUR - Millis::SECOND);
    assert_eq!(bench.describe(&task_id).task_status, AuditTaskStatus::InProgress);
    bench.advance(T + Millis::HOUR);
    assert_eq!(bench.describe(&task_id).task_status, AuditTaskStatus::Completed);
    let later = T + Millis::hours(2);
    let task_id = bench.start(later, &[LOGGING]);
    assert_eq!(bench.describe(&task_id).task_statistics.in_progress_checks, 1);
    bench.advance(later);
    assert_eq!(bench.describe(&task_id).task_status, AuditTaskStatus::Completed);
}

#[test]
fn t_a11_a12_a18_a21_a25_statistics_of_one_compliant_and_one_non_compliant_check() {
    let mut bench = Bench::new();
    let task_id = bench.start(T, &[LOGGING, EXPIRING]);
    bench.advance(T);
    let task = bench.describe(&task_id);
    assert_eq!(task.task_status, AuditTaskStatus::Completed);
    assert_eq!((task.task_type, task.scheduled_audit_name), (AuditTaskType::OnDemandAuditTask, None));
    let expected =
        TaskStatistics { total_checks: 2, compliant_checks: 1, non_compliant_checks: 1, ..Default::default() };
    assert_eq!(task.task_statistics, expected);
}

#[test]
fn t_a12_a15_a17_ch36_two_of_195_certificates_are_expired() {
    let mut bench = Bench::new();
    for number in 0..195 {
        let not_after = if number < 2 { T - Millis::DAY } else { T + Millis::days(365) };
        let facts = CertificateFacts::new(certificate_id(number), T - Millis::days(400), not_after);
        bench.account.load_certificate(T, facts).expect("new");
    }
    let outcome = bench.run(EXPIRING);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedNonCompliant, 195, 2, 0));
    assert_eq!(outcome.details.check_compliant, Some(false));
}

#[test]
fn a22_ch37_a_role_that_cannot_read_fails_the_run_and_not_the_audit() {
    let mut bench = Bench::new();
    let missing_permissions = ["iot:DescribeCertificate".to_owned()].into();
    bench.account.put_iam_role(T, ROLE, IamRole { missing_permissions, ..IamRole::default() });
    let task_id = bench.start(T, &[LOGGING, EXPIRING]);
    bench.advance(T);
    let task = bench.describe(&task_id);
    assert_eq!(task.task_status, AuditTaskStatus::Completed);
    let failed = &task.audit_details[EXPIRING.name()];
    assert_eq!(failed.check_run_status, AuditCheckRunStatus::Failed);
    assert_eq!(failed.error_code.as_deref(), Some("INSUFFICIENT_PERMISSIONS"));
    assert!(failed.message.as_ref().is_some_and(|message| message.contains("iot:DescribeCertificate")));
    assert_eq!((failed.check_compliant, failed.total_resources_count), (None, None));
    let task_id = bench.start(T, &[EXPIRING]);
    bench.advance(T);
    assert_eq!(bench.describe(&task_id).task_status, AuditTaskStatus::Failed);
}

#[test]
fn a22_a_check_disabled_between_start_and_run_fails() {
    let mut bench = Bench::new();
    let task_id = bench.start(T, &[LOGGING]);
    let disable = configuration(None, [(LOGGING.name(), false)]);
    bench.audit.update_account_audit_configuration(T, &bench.account, &disable).expect("unused by schedules");
    bench.advance(T);
    let details = &bench.describe(&task_id).audit_details[LOGGING.name()];
    assert_eq!(details.error_code.as_deref(), Some("AUDIT_CHECK_DISABLED"));
}

fn list(from: Option<Timestamp>, to: Option<Timestamp>) -> ListAuditTasksRequest {
    ListAuditTasksRequest { start_time: from, end_time: to, ..ListAuditTasksRequest::default() }
}

#[test]
fn a24_audits_are_listed_by_start_within_the_retention() {
    let mut bench = Bench::new();
    let first = bench.start(T, &[LOGGING]);
    bench.advance(T);
    let later = T + Millis::HOUR;
    let second = bench.start(later, &[LOGGING]);
    let ids = |bench: &Bench, request: &ListAuditTasksRequest| -> Vec<String> {
        let tasks = bench.audit.list_audit_tasks(later, request).expect("valid").tasks;
        tasks.into_iter().map(|task| task.task_id).collect()
    };
    assert_eq!(ids(&bench, &list(Some(T), Some(later))), [first.clone(), second.clone()], "both ends count");
    assert_eq!(ids(&bench, &list(Some(T + Millis(1)), Some(later))), std::slice::from_ref(&second));
    let running =
        ListAuditTasksRequest { task_status: Some(AuditTaskStatus::InProgress), ..list(Some(T), Some(later)) };
    assert_eq!(ids(&bench, &running), [second]);
    let scheduled =
        ListAuditTasksRequest { task_type: Some(AuditTaskType::ScheduledAuditTask), ..list(Some(T), Some(later)) };
    assert_eq!(ids(&bench, &scheduled), [] as [String; 0]);
    for request in [list(None, Some(T)), list(Some(T), None), list(Some(later - Millis::days(91)), Some(later))] {
        refused(bench.audit.list_audit_tasks(later, &request), Exception::InvalidRequest);
    }
    let page = ListAuditTasksRequest { max_results: Some(1), ..list(Some(T), Some(later)) };
    let answer = bench.audit.list_audit_tasks(later, &page).expect("valid");
    assert_eq!((answer.tasks.len(), answer.tasks[0].task_id.clone()), (1, first));
    let rest = ListAuditTasksRequest { next_token: answer.next_token, ..page };
    assert_eq!(bench.audit.list_audit_tasks(later, &rest).expect("valid").next_token, None);
    let bad = ListAuditTasksRequest { next_token: Some("x".to_owned()), ..list(Some(T), Some(later)) };
    refused(bench.audit.list_audit_tasks(later, &bad), Exception::InvalidRequest);
}

#[test]
fn a51_a52_a54_the_end_of_an_audit_is_notified_and_counted() {
    let mut bench = Bench::new();
    let topic = "arn:aws:sns:us-east-1:123456789012:audit";
    let target = |enabled| AccountAuditConfiguration {
        audit_notification_target_configurations: Some(BTreeMap::from([(
            "SNS".to_owned(),
            AuditNotificationTarget {
                target_arn: Some(topic.to_owned()),
                role_arn: Some(ROLE.to_owned()),
                enabled: Some(enabled),
            },
        )])),
        ..AccountAuditConfiguration::default()
    };
    let mut outbox = Outbox::new();
    for enabled in [false, true] {
        bench.audit.update_account_audit_configuration(T, &bench.account, &target(enabled)).expect("valid");
        bench.start(T, &[LOGGING, EXPIRING]);
        let end = T + Millis::seconds(4);
        let events = bench.advance(end);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].deliver(end, &mut outbox).is_some(), enabled);
    }
    assert_eq!(outbox.end(), 1);
    let body: serde_json::Value =
        serde_json::from_str(&outbox.since(0).next().expect("one message").body()).expect("JSON");
    assert_eq!(body["accountId"], "123456789012");
    assert_eq!((&body["taskStatus"], &body["taskType"]), (&"COMPLETED".into(), &"ON_DEMAND_AUDIT_TASK".into()));
    assert_eq!(body["taskStartTime"], 1_748_736_000_000_i64);
    assert_eq!(body["taskEndTime"], 1_748_736_004_000_i64);
    assert_eq!((&body["totalChecksCount"], &body["nonCompliantChecksCount"]), (&2.into(), &1.into()));
    let names: Vec<_> =
        body["auditDetails"].as_array().expect("a list").iter().map(|d| d["checkName"].clone()).collect();
    assert_eq!(names, ["DEVICE_CERTIFICATE_EXPIRING_CHECK", "LOGGING_DISABLED_CHECK"]);
    assert_eq!(body["auditDetails"][1]["checkCompliant"], false);
    let counted: Vec<_> = outbox
        .metrics()
        .map(|series| (series.name.name(), series.dimensions.clone(), series.total()))
        .filter(|(_, dimensions, _)| dimensions.contains(&("CheckName", "LOGGING_DISABLED_CHECK")))
        .collect();
    let dimensions = vec![("ScheduledAuditName", "OnDemand"), ("CheckName", "LOGGING_DISABLED_CHECK")];
    assert_eq!(counted, [("NonCompliantResources", dimensions.clone(), 2), ("ResourcesEvaluated", dimensions, 2)]);
}

#[test]
fn ch03_the_same_seed_gives_the_same_ids() {
    let ids = |seed| {
        let mut bench = Bench::with(AuditSettings { seed, ..AuditSettings::default() });
        let outcome = bench.run(LOGGING);
        (outcome.task_id, outcome.findings[0].finding_id.clone())
    };
    assert_eq!(ids(1), ids(1));
    assert_ne!(ids(1), ids(2));
}

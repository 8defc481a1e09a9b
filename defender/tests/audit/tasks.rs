//! 12.7: tasks and schedules.

use defender::audit::wire::AuditTaskId;
use defender::audit::{Audit, AuditEvent, AuditSettings};
use defender::error::{Exception, ServiceError};
use defender::time::{Millis, Timestamp};
use serde_json::{Value, json};

use super::{T, World, days, exception};

const EXPIRING: &str = "DEVICE_CERTIFICATE_EXPIRING_CHECK";
const CA_EXPIRING: &str = "CA_CERTIFICATE_EXPIRING_CHECK";
const LOGGING: &str = "LOGGING_DISABLED_CHECK";

fn schedule(world: &mut World, now: Timestamp, request: Value) -> Result<(), ServiceError> {
    let request = serde_json::from_value(request).expect("the shape of the API");
    world.audit.create_scheduled_audit(now, &world.account, &request).map(|_| ())
}

/// The dates on which a schedule runs, from its creation on.
fn runs(created: &str, request: Value, count: usize) -> Vec<String> {
    let instant: jiff::Timestamp = created.parse().expect("a time");
    let mut world = World::with(&[LOGGING]);
    schedule(&mut world, Timestamp(instant.as_millisecond()), request).expect("valid");
    let mut dates = Vec::new();
    while dates.len() < count {
        let due = world.audit.next_due().expect("a schedule is there");
        let started = world.audit.advance(due, &world.account);
        if started.iter().any(|event| matches!(event, AuditEvent::TaskStarted { .. })) {
            dates.push(due.to_string());
        }
    }
    dates
}

#[test]
fn t_a01_t_a02_t_a03_configuration_comes_first() {
    let mut world = World::with(&[LOGGING]);
    assert_eq!(exception(world.start(T, &[EXPIRING])), Exception::InvalidRequest);
    let mut fresh = World::with(&[LOGGING]);
    fresh.audit = Audit::new(AuditSettings::default());
    let no_role = json!({"auditCheckConfigurations": {LOGGING: {"enabled": true}}});
    assert_eq!(exception(fresh.configure(no_role)), Exception::InvalidRequest);
    schedule(
        &mut world,
        T,
        json!({"scheduledAuditName": "daily", "frequency": "DAILY", "targetCheckNames": [LOGGING]}),
    )
    .expect("valid");
    let off = json!({"auditCheckConfigurations": {LOGGING: {"enabled": false}}});
    assert_eq!(exception(world.configure(off)), Exception::InvalidRequest);
}

#[test]
fn t_a04_the_31st_of_a_shorter_month_is_its_last_day() {
    let request = json!({"scheduledAuditName": "monthly", "frequency": "MONTHLY", "dayOfMonth": "31",
        "targetCheckNames": [LOGGING]});
    assert_eq!(
        runs("2025-01-15T00:00:00Z", request, 4),
        ["2025-01-31T00:00:00Z", "2025-02-28T00:00:00Z", "2025-03-31T00:00:00Z", "2025-04-30T00:00:00Z"]
    );
}

#[test]
fn t_a05_biweekly_starts_strictly_after_creation() {
    let request = json!({"scheduledAuditName": "biweekly", "frequency": "BIWEEKLY", "dayOfWeek": "MON",
        "targetCheckNames": [LOGGING]});
    assert_eq!(
        runs("2025-06-02T10:00:00Z", request, 3),
        ["2025-06-09T00:00:00Z", "2025-06-23T00:00:00Z", "2025-07-07T00:00:00Z"]
    );
}

#[test]
fn t_a06_t_a07_schedules_need_their_day_and_there_are_five() {
    let mut world = World::with(&[LOGGING]);
    let weekly = json!({"scheduledAuditName": "weekly", "frequency": "WEEKLY", "targetCheckNames": [LOGGING]});
    assert_eq!(exception(schedule(&mut world, T, weekly)), Exception::InvalidRequest);
    for n in 0..6 {
        let daily = json!({"scheduledAuditName": format!("d{n}"), "frequency": "DAILY", "targetCheckNames": [LOGGING]});
        let answer = schedule(&mut world, T, daily);
        if n < 5 { answer.expect("room for five") } else { assert_eq!(exception(answer), Exception::LimitExceeded) }
    }
}

#[test]
fn t_a08_nothing_to_inspect_is_compliant() {
    let mut world = World::with(&[CA_EXPIRING]);
    let (details, findings) = world.audit(CA_EXPIRING);
    assert_eq!(details["checkRunStatus"], "COMPLETED_COMPLIANT");
    assert_eq!((&details["totalResourcesCount"], &details["nonCompliantResourcesCount"]), (&json!(0), &json!(0)));
    assert!(findings.is_empty());
}

#[test]
fn t_a09_t_a10_requests_that_contradict_themselves_or_come_too_late() {
    let mut world = World::with(&[LOGGING]);
    let task_id = world.start(T, &[LOGGING]).expect("enabled");
    world.audit.advance(T, &world.account);
    let both = serde_json::from_value(json!({"taskId": task_id, "startTime": T.0 / 1_000})).expect("the shape");
    assert_eq!(exception(world.audit.list_audit_findings(T, &both)), Exception::InvalidRequest);
    let cancel = world.audit.cancel_audit_task(T, &world.account, &AuditTaskId { task_id });
    assert_eq!(exception(cancel), Exception::InvalidRequest);
}

#[test]
fn t_a11_t_a12_statistics_and_counts() {
    let mut world = World::with(&[LOGGING, EXPIRING]);
    for n in 0..195 {
        let not_after = if n < 2 { days(-1) } else { days(400) };
        world.certificate(not_after, |_| {});
    }
    let task_id = world.start(T, &[LOGGING, EXPIRING]).expect("enabled");
    world.account.set_logging_options(T, "arn:aws:iam::123456789012:role/logs", defender::account::LogLevel::Info);
    world.audit.advance(T, &world.account);
    let task = world.describe(&task_id);
    assert_eq!(task["taskStatus"], "COMPLETED");
    assert_eq!(
        task["taskStatistics"],
        json!({"totalChecks": 2, "inProgressChecks": 0, "waitingForDataCollectionChecks": 0, "compliantChecks": 1,
            "nonCompliantChecks": 1, "failedChecks": 0, "canceledChecks": 0})
    );
    let details = &task["auditDetails"][EXPIRING];
    assert_eq!((&details["totalResourcesCount"], &details["nonCompliantResourcesCount"]), (&json!(195), &json!(2)));
    assert_eq!(details["checkCompliant"], false);
    assert!(world.audit.next_due().is_none_or(|due| due > T + Millis::DAY));
}

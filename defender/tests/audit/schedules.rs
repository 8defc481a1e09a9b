//! Scheduled audits (A-27 … A-32).

use defender::audit::wire::{
    AuditFrequency, AuditTaskType, CreateScheduledAuditRequest, DayOfWeek, ListScheduledAuditsRequest,
    ScheduledAuditName, UpdateScheduledAuditRequest,
};
use defender::audit::{AuditEvent, AuditSettings};
use defender::error::Exception;
use defender::time::{Millis, Timestamp};

use crate::{Bench, T, configuration, refused};

const LOGGING: &str = "LOGGING_DISABLED_CHECK";

fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().expect("an instant").as_millisecond())
}

fn request(name: &str, frequency: AuditFrequency) -> CreateScheduledAuditRequest {
    CreateScheduledAuditRequest {
        scheduled_audit_name: name.to_owned(),
        frequency: Some(frequency),
        target_check_names: vec![LOGGING.to_owned()],
        ..CreateScheduledAuditRequest::default()
    }
}

/// The first runs of a schedule, by the start of their audits.
fn runs(bench: &mut Bench, count: usize) -> Vec<String> {
    let mut starts = Vec::new();
    while starts.len() < count {
        let due = bench.audit.next_due().expect("a schedule goes on");
        for event in bench.advance(due) {
            if let AuditEvent::TaskStarted { task_id, .. } = event {
                let task = bench.describe(&task_id);
                assert_eq!(task.task_type, AuditTaskType::ScheduledAuditTask);
                starts.push(task.task_start_time.to_string()[..10].to_owned());
            }
        }
    }
    starts
}

#[test]
fn t_a04_the_31st_of_each_month_is_its_last_day_at_least() {
    for day in ["31", "LAST"] {
        let mut bench = Bench::new();
        let request = CreateScheduledAuditRequest {
            day_of_month: Some(day.to_owned()),
            ..request("monthly", AuditFrequency::Monthly)
        };
        let created = at("2025-01-15T00:00:00Z");
        bench.audit.create_scheduled_audit(created, &bench.account, &request).expect("valid");
        assert_eq!(runs(&mut bench, 4), ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30"]);
    }
}

#[test]
fn t_a05_a30_ch41_every_second_monday_begins_with_the_next_one() {
    let mut bench = Bench::new();
    let request = CreateScheduledAuditRequest {
        day_of_week: Some(DayOfWeek::Monday),
        ..request("biweekly", AuditFrequency::Biweekly)
    };
    let created = at("2025-06-02T10:00:00Z");
    bench.audit.create_scheduled_audit(created, &bench.account, &request).expect("valid");
    assert_eq!(runs(&mut bench, 3), ["2025-06-09", "2025-06-23", "2025-07-07"]);
}

#[test]
fn t_a06_a_weekly_audit_needs_its_day() {
    let mut bench = Bench::new();
    for frequency in [AuditFrequency::Weekly, AuditFrequency::Biweekly, AuditFrequency::Monthly] {
        let create = bench.audit.create_scheduled_audit(T, &bench.account, &request("x", frequency));
        refused(create, Exception::InvalidRequest);
    }
}

#[test]
fn ch39_a_day_that_does_not_belong_is_refused() {
    let mut bench = Bench::new();
    let days = |frequency, month: Option<&str>, week| CreateScheduledAuditRequest {
        day_of_month: month.map(str::to_owned),
        day_of_week: week,
        ..request("x", frequency)
    };
    for request in [
        days(AuditFrequency::Daily, None, Some(DayOfWeek::Monday)),
        days(AuditFrequency::Daily, Some("1"), None),
        days(AuditFrequency::Weekly, Some("1"), Some(DayOfWeek::Monday)),
        days(AuditFrequency::Monthly, Some("1"), Some(DayOfWeek::Monday)),
        days(AuditFrequency::Monthly, Some("0"), None),
        days(AuditFrequency::Monthly, Some("32"), None),
        days(AuditFrequency::Monthly, Some("01"), None),
        days(AuditFrequency::Monthly, Some("last"), None),
    ] {
        let create = bench.audit.create_scheduled_audit(T, &bench.account, &request);
        refused(create, Exception::InvalidRequest);
    }
}

#[test]
fn t_a07_five_schedules_and_not_a_sixth() {
    let mut bench = Bench::new();
    for n in 0..5 {
        let request = request(&format!("audit-{n}"), AuditFrequency::Daily);
        let answer = bench.audit.create_scheduled_audit(T, &bench.account, &request).expect("up to five");
        let arn = format!("arn:aws:iot:us-east-1:123456789012:scheduledaudit/audit-{n}");
        assert_eq!(answer.response.scheduled_audit_arn, arn);
    }
    let again = bench.audit.create_scheduled_audit(T, &bench.account, &request("audit-0", AuditFrequency::Daily));
    refused(again, Exception::ResourceAlreadyExists);
    let sixth = bench.audit.create_scheduled_audit(T, &bench.account, &request("audit-5", AuditFrequency::Daily));
    refused(sixth, Exception::LimitExceeded);
    let page = ListScheduledAuditsRequest { max_results: Some(3), next_token: None };
    let first = bench.audit.list_scheduled_audits(&bench.account, &page).expect("valid");
    let page = ListScheduledAuditsRequest { next_token: first.next_token, ..page };
    let second = bench.audit.list_scheduled_audits(&bench.account, &page).expect("valid");
    assert_eq!((first.scheduled_audits.len(), second.scheduled_audits.len(), second.next_token), (3, 2, None));
}

#[test]
fn a27_checks_of_a_schedule_are_known_and_enabled() {
    let mut bench = Bench::new();
    let disable = configuration(None, [("DEVICE_CERTIFICATE_AGE_CHECK", false)]);
    bench.audit.update_account_audit_configuration(T, &bench.account, &disable).expect("unused");
    for names in [vec!["DEVICE_CERTIFICATE_AGE_CHECK"], vec!["NO_SUCH_CHECK"], vec![]] {
        let request = CreateScheduledAuditRequest {
            target_check_names: names.into_iter().map(str::to_owned).collect(),
            ..request("x", AuditFrequency::Daily)
        };
        let create = bench.audit.create_scheduled_audit(T, &bench.account, &request);
        refused(create, Exception::InvalidRequest);
    }
}

#[test]
fn a29_ch40_audits_run_at_midnight_plus_an_offset() {
    let settings = AuditSettings { time_of_day: Millis::hours(3), ..AuditSettings::default() };
    let mut bench = Bench::with(settings);
    bench.audit.create_scheduled_audit(T, &bench.account, &request("daily", AuditFrequency::Daily)).expect("valid");
    assert_eq!(bench.audit.next_due(), Some(T + Millis::hours(3)));
    bench.advance(T + Millis::hours(3));
    assert_eq!(bench.audit.next_due(), Some(T + Millis::hours(27)));
}

#[test]
fn a31_an_update_changes_what_is_given_and_counts_anew() {
    let mut bench = Bench::new();
    let weekly = CreateScheduledAuditRequest {
        day_of_week: Some(DayOfWeek::Tuesday),
        ..request("audit", AuditFrequency::Weekly)
    };
    bench.audit.create_scheduled_audit(T, &bench.account, &weekly).expect("valid");
    let update = |frequency, day_of_month: Option<&str>| UpdateScheduledAuditRequest {
        scheduled_audit_name: "audit".to_owned(),
        frequency: Some(frequency),
        day_of_month: day_of_month.map(str::to_owned),
        ..UpdateScheduledAuditRequest::default()
    };
    let without = bench.audit.update_scheduled_audit(T, &bench.account, &update(AuditFrequency::Monthly, None));
    refused(without, Exception::InvalidRequest);
    let now = at("2025-06-20T12:00:00Z");
    let monthly = update(AuditFrequency::Monthly, Some("5"));
    bench.audit.update_scheduled_audit(now, &bench.account, &monthly).expect("whole");
    assert_eq!(bench.audit.next_due(), Some(at("2025-07-05T00:00:00Z")));
    let name = ScheduledAuditName { scheduled_audit_name: "audit".to_owned() };
    let shown = bench.audit.describe_scheduled_audit(&bench.account, &name).expect("known");
    assert_eq!((shown.day_of_month.as_deref(), shown.day_of_week), (Some("5"), None));
    let back = update(AuditFrequency::Weekly, None);
    bench.audit.update_scheduled_audit(now, &bench.account, &back).expect("the stored Tuesday serves");
    assert_eq!(bench.audit.next_due(), Some(at("2025-06-24T00:00:00Z")));
    let checks = UpdateScheduledAuditRequest {
        scheduled_audit_name: "audit".to_owned(),
        target_check_names: Some(vec!["CA_CERTIFICATE_EXPIRING_CHECK".to_owned()]),
        ..UpdateScheduledAuditRequest::default()
    };
    let later = at("2025-06-25T00:00:00Z");
    bench.audit.update_scheduled_audit(later, &bench.account, &checks).expect("enabled");
    assert_eq!(bench.audit.next_due(), Some(at("2025-06-24T00:00:00Z")), "other checks do not move it");
    let unknown = UpdateScheduledAuditRequest { scheduled_audit_name: "other".to_owned(), ..checks };
    let update = bench.audit.update_scheduled_audit(T, &bench.account, &unknown);
    refused(update, Exception::ResourceNotFound);
}

#[test]
fn deleting_a_schedule_ends_it_and_is_refused_when_absent() {
    let mut bench = Bench::new();
    bench.audit.create_scheduled_audit(T, &bench.account, &request("daily", AuditFrequency::Daily)).expect("valid");
    let name = ScheduledAuditName { scheduled_audit_name: "daily".to_owned() };
    bench.audit.delete_scheduled_audit(T, &name).expect("known");
    assert_eq!(bench.audit.next_due(), None);
    refused(bench.audit.delete_scheduled_audit(T, &name), Exception::ResourceNotFound);
    refused(bench.audit.describe_scheduled_audit(&bench.account, &name), Exception::ResourceNotFound);
}

#[test]
fn a32_ch42_a_late_driver_finds_every_run_as_its_own_audit() {
    let mut bench = Bench::new();
    bench.audit.create_scheduled_audit(T, &bench.account, &request("daily", AuditFrequency::Daily)).expect("valid");
    let events = bench.advance(T + Millis::days(3) + Millis::HOUR);
    let starts: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            AuditEvent::TaskStarted { task_id, .. } => Some(bench.describe(task_id).task_start_time),
            AuditEvent::TaskEnded(_) => None,
        })
        .collect();
    assert_eq!(starts, [T + Millis::days(1), T + Millis::days(2), T + Millis::days(3)]);
    assert_eq!(events.len(), 6);
}

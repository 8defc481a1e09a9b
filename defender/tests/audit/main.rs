//! Audits behave as section 4 of the specification says.

mod certificates;
mod configuration;
mod connections;
mod findings;
mod policies;
mod roles;
mod schedules;
mod security_hub;
mod suppressions;
mod tasks;

use std::collections::BTreeMap;

use defender::account::Account;
use defender::audit::wire::{
    AccountAuditConfiguration, AuditCheckConfiguration, AuditCheckDetails, AuditCheckRunStatus, AuditFinding,
    AuditTaskId, DescribeAuditTaskResponse, ListAuditFindingsRequest, ResourceIdentifier,
    StartOnDemandAuditTaskRequest,
};
use defender::audit::{Audit, AuditCheck, AuditEvent, AuditSettings};
use defender::error::{Compatibility, Exception, ServiceError};
use defender::ids::CertificateId;
use defender::time::{Millis, Timestamp};

/// 2025-06-01T00:00:00Z: `T` of the vectors.
const T: Timestamp = Timestamp::from_seconds(1_748_736_000);
const ROLE: &str = "arn:aws:iam::123456789012:role/audit";

/// An account with everything that audits need, every check enabled.
struct Bench {
    account: Account,
    audit: Audit,
}

/// One audit's result for one check.
struct Outcome {
    task_id: String,
    details: AuditCheckDetails,
    findings: Vec<AuditFinding>,
}

impl Outcome {
    /// Status, total, non-compliant, suppressed.
    fn counts(&self) -> (AuditCheckRunStatus, u64, u64, u64) {
        let details = &self.details;
        let count = |value: Option<u64>| value.expect("the run is complete");
        (
            details.check_run_status,
            count(details.total_resources_count),
            count(details.non_compliant_resources_count),
            count(details.suppressed_non_compliant_resources_count),
        )
    }

    fn reasons(&self) -> Vec<&str> {
        self.findings.iter().map(|finding| finding.reason_for_non_compliance_code.as_str()).collect()
    }

    #[track_caller]
    fn is_compliant(&self) {
        assert_eq!(self.reasons(), [] as [&str; 0]);
        assert_eq!(self.details.check_run_status, AuditCheckRunStatus::CompletedCompliant);
        assert_eq!(self.details.check_compliant, Some(true));
    }
}

impl Bench {
    fn new() -> Bench {
        Bench::with(AuditSettings::default())
    }

    fn lenient() -> Bench {
        Bench::with(AuditSettings { compatibility: Compatibility::Lenient, ..AuditSettings::default() })
    }

    fn with(settings: AuditSettings) -> Bench {
        let account = Account::new("123456789012", "us-east-1").expect("twelve digits");
        let mode = settings.compatibility;
        // Long ago, unless the test is about the first collection of data.
        let delayed = !settings.data_collection_delays.is_empty();
        let mut audit = Audit::new(settings);
        let checks = AuditCheck::known(mode).map(|check| (check.name(), true));
        let enabled = match delayed {
            true => T,
            false => T - Millis::days(1_000),
        };
        audit.update_account_audit_configuration(enabled, &account, &configuration(Some(ROLE), checks)).expect("valid");
        Bench { account, audit }
    }

    /// Sets a value of a check's configuration.
    fn configure(&mut self, check: AuditCheck, name: &str, value: &str) -> Result<(), ServiceError> {
        let change = AuditCheckConfiguration {
            configuration: Some(BTreeMap::from([(name.to_owned(), value.to_owned())])),
            ..AuditCheckConfiguration::default()
        };
        let request = AccountAuditConfiguration {
            audit_check_configurations: Some(BTreeMap::from([(check.name().to_owned(), change)])),
            ..AccountAuditConfiguration::default()
        };
        self.audit.update_account_audit_configuration(T, &self.account, &request).map(|_| ())
    }

    fn start(&mut self, now: Timestamp, checks: &[AuditCheck]) -> String {
        let target_check_names = checks.iter().map(|check| check.name().to_owned()).collect();
        let request = StartOnDemandAuditTaskRequest { target_check_names };
        self.audit.start_on_demand_audit_task(now, &request).expect("enabled").response.task_id
    }

    fn advance(&mut self, now: Timestamp) -> Vec<AuditEvent> {
        self.audit.advance(now, &self.account)
    }

    fn describe(&self, task_id: &str) -> DescribeAuditTaskResponse {
        self.audit.describe_audit_task(&AuditTaskId { task_id: task_id.to_owned() }).expect("retained")
    }

    fn findings(&self, now: Timestamp, task_id: &str) -> Vec<AuditFinding> {
        let request = ListAuditFindingsRequest {
            task_id: Some(task_id.to_owned()),
            max_results: Some(250),
            ..ListAuditFindingsRequest::default()
        };
        self.audit.list_audit_findings(now, &request).expect("valid").response.findings
    }

    /// Runs one check by hand at `T`.
    fn run(&mut self, check: AuditCheck) -> Outcome {
        self.run_at(T, check)
    }

    fn run_at(&mut self, now: Timestamp, check: AuditCheck) -> Outcome {
        let task_id = self.start(now, &[check]);
        self.advance(now);
        self.outcome(now, task_id, check)
    }

    fn outcome(&self, now: Timestamp, task_id: String, check: AuditCheck) -> Outcome {
        let details = self.describe(&task_id).audit_details[check.name()].clone();
        let findings = self.findings(now, &task_id);
        let findings = findings.into_iter().filter(|finding| finding.check_name == check.name()).collect();
        Outcome { task_id, details, findings }
    }
}

fn configuration<'a>(
    role_arn: Option<&str>,
    checks: impl IntoIterator<Item = (&'a str, bool)>,
) -> AccountAuditConfiguration {
    let checks = checks.into_iter().map(|(name, enabled)| {
        (name.to_owned(), AuditCheckConfiguration { enabled: Some(enabled), configuration: None })
    });
    AccountAuditConfiguration {
        role_arn: role_arn.map(str::to_owned),
        audit_notification_target_configurations: None,
        audit_check_configurations: Some(checks.collect()),
    }
}

fn certificate_id(number: u32) -> CertificateId {
    let mut id = [0; 32];
    id[..4].copy_from_slice(&number.to_be_bytes());
    CertificateId(id)
}

fn device_certificate(number: u32) -> ResourceIdentifier {
    ResourceIdentifier {
        device_certificate_id: Some(certificate_id(number).to_string()),
        ..ResourceIdentifier::default()
    }
}

/// Asserts which exception an operation is refused with.
#[track_caller]
fn refused<V: std::fmt::Debug>(result: Result<V, ServiceError>, exception: Exception) {
    let error = result.expect_err("the operation should have been refused");
    assert_eq!(error.exception, exception, "{error}");
}

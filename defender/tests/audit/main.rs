//! The audit, vector by vector (12.5 – 12.7), through its operations and in the service's JSON.

mod certificates;
mod connections_and_logging;
mod policies;
mod suppressions;
mod tasks;

use defender::account::{Account, CaCertificateFacts, CertificateFacts};
use defender::audit::wire::{AuditTaskId, StartOnDemandAuditTaskRequest};
use defender::audit::{Audit, AuditSettings};
use defender::error::{Exception, ServiceError};
use defender::ids::{CaCertificateIndex, CertificateId, CertificateIndex};
use defender::time::{Millis, Timestamp};
use serde_json::{Value, json};

/// T of the vectors: 2025-06-01T00:00:00Z.
const T: Timestamp = Timestamp::from_seconds(1_748_736_000);
/// Long before T.
const LONG_AGO: Timestamp = Timestamp::from_seconds(1_600_000_000);

/// An account and its audit.
struct World {
    account: Account,
    audit: Audit,
    certificates: u8,
}

impl World {
    /// With these checks enabled.
    fn with(checks: &[&str]) -> World {
        let mut world = World {
            account: Account::new("123456789012", "us-east-1").expect("a valid id"),
            audit: Audit::new(AuditSettings::default()),
            certificates: 0,
        };
        let enabled: serde_json::Map<String, Value> =
            checks.iter().map(|check| ((*check).to_owned(), json!({"enabled": true}))).collect();
        world
            .configure(json!({"roleArn": "arn:aws:iam::123456789012:role/audit", "auditCheckConfigurations": enabled}))
            .expect("a valid configuration");
        world
    }

    fn configure(&mut self, configuration: Value) -> Result<(), ServiceError> {
        let request = serde_json::from_value(configuration).expect("the shape of the API");
        self.audit.update_account_audit_configuration(T, &self.account, &request).map(|_| ())
    }

    /// A distinct id.
    fn id(&mut self) -> CertificateId {
        self.certificates += 1;
        CertificateId([self.certificates; 32])
    }

    fn certificate(&mut self, not_after: Timestamp, change: impl FnOnce(&mut CertificateFacts)) -> CertificateIndex {
        let mut facts = CertificateFacts::new(self.id(), LONG_AGO, not_after);
        change(&mut facts);
        self.account.load_certificate(LONG_AGO, facts).expect("a new certificate")
    }

    fn ca(&mut self, not_after: Timestamp, change: impl FnOnce(&mut CaCertificateFacts)) -> CaCertificateIndex {
        let mut facts = CaCertificateFacts::new(self.id(), LONG_AGO, not_after);
        change(&mut facts);
        self.account.load_ca_certificate(LONG_AGO, facts).expect("a new CA")
    }

    /// An on-demand audit of one check at a time: (check details, findings), as JSON.
    fn audit_at(&mut self, now: Timestamp, check: &str) -> (Value, Vec<Value>) {
        let task_id = self.start(now, &[check]).expect("the check is enabled");
        self.audit.advance(now, &self.account);
        let details = self.describe(&task_id);
        (details["auditDetails"][check].clone(), self.findings(now, json!({"taskId": task_id, "maxResults": 250})))
    }

    fn audit(&mut self, check: &str) -> (Value, Vec<Value>) {
        self.audit_at(T, check)
    }

    fn start(&mut self, now: Timestamp, checks: &[&str]) -> Result<String, ServiceError> {
        let target_check_names = checks.iter().map(ToString::to_string).collect();
        let request = StartOnDemandAuditTaskRequest { target_check_names };
        self.audit.start_on_demand_audit_task(now, &request).map(|answer| answer.response.task_id)
    }

    fn describe(&self, task_id: &str) -> Value {
        let task = self.audit.describe_audit_task(&AuditTaskId { task_id: task_id.to_owned() });
        serde_json::to_value(task.expect("the task is known")).expect("plain data")
    }

    fn findings(&self, now: Timestamp, request: Value) -> Vec<Value> {
        let request = serde_json::from_value(request).expect("the shape of the API");
        let answer = self.audit.list_audit_findings(now, &request).expect("a valid request");
        answer.response.findings.iter().map(|finding| serde_json::to_value(finding).expect("plain data")).collect()
    }
}

/// The reason codes of findings.
fn codes(findings: &[Value]) -> Vec<&str> {
    findings.iter().filter_map(|finding| finding["reasonForNonComplianceCode"].as_str()).collect()
}

fn exception<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> Exception {
    result.expect_err("it is refused").exception
}

/// T and some days.
fn days(n: i64) -> Timestamp {
    T + Millis::days(n)
}

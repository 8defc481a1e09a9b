//! The vectors of 12.13 and the rules of section 7, against a registry of their own and stated findings.

mod actions;
mod audit_tasks;
mod audits;
mod detect_tasks;
mod extensions;

use serde_json::{Value, json};

use super::wire::*;
use super::*;
use crate::account::{
    CaCertificateFacts, CaCertificateStatus, CertificateFacts, CertificateStatus, IamRole, IssuerFacts, LogLevel,
    PolicyTarget, Principal, SerialNumber, ThingPrincipalType,
};
use crate::error::{Exception, ServiceError};
use crate::ids::{CaCertificateIndex, CertificateId, CertificateIndex, PolicyIndex, ThingGroupId, ThingId};
use crate::policy::BLANK_POLICY;

use AuditMitigationActionsTaskStatus as TaskStatus;
use DetectMitigationActionExecutionStatus as DetectStatus;
use DetectMitigationActionsTaskStatus as DetectTaskStatus;

const T: Timestamp = Timestamp::from_seconds(1_748_736_000);
const ROLE: &str = "arn:aws:iam::123456789012:role/mitigation";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:findings";
const AUDIT: &str = "0f3c5a1de7b84c0f9a6d2b1c4e5f6a70";
const C01: &str = "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK";
const C08: &str = "IOT_POLICY_OVERLY_PERMISSIVE_CHECK";
const C12: &str = "CA_CERTIFICATE_EXPIRING_CHECK";
const C14: &str = "DEVICE_CERTIFICATE_EXPIRING_CHECK";
const C17: &str = "LOGGING_DISABLED_CHECK";
const BROAD: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#;
const DENY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iot:*","Resource":"*"}}"#;

#[derive(Clone, Debug)]
enum Resource {
    Device(CertificateId),
    Ca(CertificateId),
    Issuer { subject: &'static str, related: Vec<CertificateId> },
    Policy(&'static str, u32),
    Account,
}

#[derive(Clone, Debug)]
struct Finding {
    id: String,
    check: &'static str,
    reason: &'static str,
    time: Timestamp,
    suppressed: bool,
    resource: Resource,
}

/// The findings of one audit, stated outright.
#[derive(Default)]
struct Stated {
    findings: Vec<Finding>,
    in_progress: bool,
}

impl Stated {
    fn add(&mut self, check: &'static str, reason: &'static str, resource: Resource) -> &mut Finding {
        let id = format!("finding-{}", self.findings.len());
        self.findings.push(Finding { id, check, reason, time: T, suppressed: false, resource });
        self.findings.last_mut().expect("just added")
    }
}

impl Findings for Stated {
    fn audit_is_over(&self, audit_task_id: &str) -> Option<bool> {
        (audit_task_id == AUDIT).then_some(!self.in_progress)
    }
    fn newest_audit_of(&self, check: &str) -> Option<&str> {
        (check != C17).then_some(AUDIT)
    }
    fn findings_of(&self, _audit_task_id: &str) -> Vec<FindingKey> {
        (0..self.findings.len() as u64).map(FindingKey).collect()
    }
    fn key_of(&self, finding_id: &str) -> Option<FindingKey> {
        let position = self.findings.iter().position(|finding| finding.id == finding_id);
        position.map(|position| FindingKey(position as u64))
    }
    fn finding(&self, key: FindingKey) -> Option<FindingView<'_>> {
        let finding = self.findings.get(key.0 as usize)?;
        let resource = match &finding.resource {
            Resource::Device(id) => NonCompliant::DeviceCertificate(*id),
            Resource::Ca(id) => NonCompliant::CaCertificate(*id),
            Resource::Issuer { subject, related } => {
                NonCompliant::Issuer { subject, id: "ab", serial: SerialNumber::from(7), related }
            }
            Resource::Policy(policy, version) => NonCompliant::PolicyVersion { policy, version: *version },
            Resource::Account => NonCompliant::Account,
        };
        Some(FindingView {
            id: &finding.id,
            audit_task_id: AUDIT,
            check: finding.check,
            time: finding.time,
            reason_code: finding.reason,
            is_suppressed: finding.suppressed,
            resource,
        })
    }
    fn published(&self, key: FindingKey) -> Option<String> {
        self.findings.get(key.0 as usize).map(|finding| json!({"findingId": finding.id}).to_string())
    }
}

struct StatedViolation {
    id: &'static str,
    thing: &'static str,
    behavior: &'static str,
    start: i64,
    end: Option<i64>,
    suppressed: bool,
}

struct StatedViolations(Vec<StatedViolation>);

impl StatedViolations {
    fn of(things: &[(&'static str, &'static str)]) -> StatedViolations {
        let violation = |(i, &(id, thing)): (usize, &(&'static str, &'static str))| StatedViolation {
            id,
            thing,
            behavior: "Sent",
            start: i as i64,
            end: None,
            suppressed: false,
        };
        StatedViolations(things.iter().enumerate().map(violation).collect())
    }

    fn view(violation: &StatedViolation) -> ViolationView<'_> {
        ViolationView {
            id: violation.id.to_owned(),
            thing_name: violation.thing,
            start: T + Millis::seconds(violation.start),
        }
    }
}

impl Violations for StatedViolations {
    fn violation(&self, id: &str) -> Option<ViolationView<'_>> {
        self.0.iter().find(|violation| violation.id == id).map(StatedViolations::view)
    }
    fn select<'a>(&'a self, query: &ViolationQuery<'a>) -> Vec<ViolationView<'a>> {
        let wanted = |violation: &&StatedViolation| {
            let events = [Some(violation.start), violation.end];
            let events = || events.iter().flatten().map(|seconds| T + Millis::seconds(*seconds));
            query.security_profile_name == "P"
                && query.behavior_name.is_none_or(|name| name == violation.behavior)
                && query.range.is_none_or(|(start, end)| events().any(|at| start <= at && at <= end))
                && (!query.only_active || violation.end.is_none())
                && (query.include_suppressed || !violation.suppressed)
        };
        self.0.iter().rev().filter(wanted).map(StatedViolations::view).collect()
    }
}

/// An account with its mitigation, outbox and findings.
struct Bench {
    account: Account,
    outbox: Outbox,
    mitigation: Mitigation,
    stated: Stated,
    next_certificate: u8,
}

impl Bench {
    fn new() -> Bench {
        Bench {
            account: Account::new("123456789012", "us-east-1").expect("valid"),
            outbox: Outbox::new(),
            mitigation: Mitigation::new(7, Compatibility::Strict),
            stated: Stated::default(),
            next_certificate: 0,
        }
    }

    fn action(&mut self, name: &str, params: Value) -> Result<MitigationActionIds, ServiceError> {
        let body = json!({"actionName": name, "roleArn": ROLE, "actionParams": params});
        let request = serde_json::from_value(body).expect("a well-formed request");
        self.mitigation.create_mitigation_action(T, &self.account, request)
    }

    /// All kinds of action under short names; `add` adds to group `quarantine`.
    fn with_actions(mut self) -> Bench {
        let group = json!({"thingGroupNames": ["quarantine"], "overrideDynamicGroups": true});
        for (name, params) in [
            ("device", json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE"}})),
            ("ca", json!({"updateCACertificateParams": {"action": "DEACTIVATE"}})),
            ("add", json!({"addThingsToThingGroupParams": group})),
            ("blank", json!({"replaceDefaultPolicyVersionParams": {"templateName": "BLANK_POLICY"}})),
            ("log", json!({"enableIoTLoggingParams": {"roleArnForLogging": ROLE, "logLevel": "ERROR"}})),
            ("sns", json!({"publishFindingToSnsParams": {"topicArn": TOPIC}})),
        ] {
            self.action(name, params).expect("valid");
        }
        self
    }

    fn certificate(&mut self) -> (CertificateIndex, CertificateId) {
        self.next_certificate += 1;
        let id = CertificateId([self.next_certificate; 32]);
        let facts = CertificateFacts::new(id, T - Millis::DAY, T + Millis::days(20));
        (self.account.register_certificate(T, facts).expect("new"), id)
    }

    fn thing(&mut self, name: &str) -> ThingId {
        self.account.create_thing(T, name, None, &[]).expect("new")
    }

    fn group(&mut self, name: &str) -> ThingGroupId {
        self.account.create_thing_group(T, name, None).expect("new")
    }

    fn attach(&mut self, thing: ThingId, certificate: CertificateIndex) {
        let principal = Principal::Certificate(certificate);
        self.account.attach_thing_principal(T, thing, principal, ThingPrincipalType::default()).expect("attachable");
    }

    /// A thing with a certificate that a C-14 finding is about.
    fn expiring(&mut self, name: &str) -> (ThingId, CertificateIndex) {
        let (thing, (certificate, id)) = (self.thing(name), self.certificate());
        self.attach(thing, certificate);
        self.stated.add(C14, "CERTIFICATE_APPROACHING_EXPIRATION", Resource::Device(id));
        (thing, certificate)
    }

    fn start(&mut self, task: &str, target: Value, mapping: Value) -> Result<(), ServiceError> {
        let body = json!({"taskId": task, "target": target, "auditCheckToActionsMapping": mapping,
            "clientRequestToken": "token"});
        let request = serde_json::from_value(body).expect("a well-formed request");
        let Bench { account, outbox, mitigation, stated, .. } = self;
        mitigation.start_audit_mitigation_actions_task(T, account, outbox, stated, request).map(drop)
    }

    /// Starts a task on the whole audit.
    fn mitigate(&mut self, task: &str, mapping: Value) -> DescribeAuditMitigationActionsTaskResponse {
        self.start(task, json!({"auditTaskId": AUDIT}), mapping).expect("a valid task");
        self.describe(task)
    }

    fn describe(&self, task: &str) -> DescribeAuditMitigationActionsTaskResponse {
        self.mitigation.describe_audit_mitigation_actions_task(task).expect("a known task")
    }

    /// Statuses and error codes of a finding's executions, as they are listed.
    fn executions(&self, task: &str, finding: usize) -> Vec<String> {
        let request = ListAuditMitigationActionsExecutionsRequest {
            task_id: task.into(),
            finding_id: format!("finding-{finding}"),
            ..ListAuditMitigationActionsExecutionsRequest::default()
        };
        let listed = self.mitigation.list_audit_mitigation_actions_executions(&self.stated, &request).expect("valid");
        let show = |execution: AuditMitigationActionExecutionMetadata| match execution.error_code {
            Some(code) => format!("{} {code}", execution.status),
            None => execution.status.to_string(),
        };
        listed.actions_executions.into_iter().map(show).collect()
    }

    fn status(&self, certificate: CertificateIndex) -> CertificateStatus {
        self.account.certificate(certificate).expect("kept").status()
    }

    fn detect(&mut self, violations: &StatedViolations, task: &str, more: Value) -> Result<(), ServiceError> {
        let mut body = json!({"taskId": task, "actions": ["add"], "clientRequestToken": "token"});
        for (member, value) in more.as_object().expect("members") {
            body[member] = value.clone();
        }
        let request = serde_json::from_value(body).expect("a well-formed request");
        let Bench { account, outbox, mitigation, .. } = self;
        mitigation.start_detect_mitigation_actions_task(T, account, outbox, violations, request).map(drop)
    }

    fn summary(&self, task: &str) -> DetectMitigationActionsTaskSummary {
        let described = self.mitigation.describe_detect_mitigation_actions_task(task).expect("a known task");
        described.task_summary.expect("present")
    }

    fn detect_executions(&self, task: &str) -> Vec<(String, DetectMitigationActionExecutionStatus, Option<String>)> {
        let request = ListDetectMitigationActionsExecutionsRequest {
            task_id: Some(task.into()),
            ..ListDetectMitigationActionsExecutionsRequest::default()
        };
        let listed = self.mitigation.list_detect_mitigation_actions_executions(&request).expect("valid");
        listed.actions_executions.into_iter().map(|it| (it.violation_id, it.status, it.error_code)).collect()
    }
}

fn refused(outcome: Result<(), ServiceError>) -> Exception {
    outcome.expect_err("refused").exception
}

fn statistics(total: u64, failed: u64, succeeded: u64, skipped: u64, canceled: u64) -> TaskStatisticsForAuditCheck {
    TaskStatisticsForAuditCheck {
        total_findings_count: total,
        failed_findings_count: failed,
        succeeded_findings_count: succeeded,
        skipped_findings_count: skipped,
        canceled_findings_count: canceled,
    }
}

/// A broad policy of one version, and a C-08 finding about some version of it.
fn policy_finding(bench: &mut Bench, version: u32) -> PolicyIndex {
    let policy = bench.account.create_policy(T, "p", BROAD).expect("new");
    let resource = Resource::Policy("p", version);
    bench.stated.add(C08, "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS", resource);
    policy
}

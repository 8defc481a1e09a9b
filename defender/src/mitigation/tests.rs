//! The vectors of 12.13 and the rules of section 7, against a registry of their own and stated findings.

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
        ViolationView { id: violation.id, thing_name: violation.thing, start: T + Millis::seconds(violation.start) }
    }
}

impl Violations for StatedViolations {
    fn violation(&self, id: &str) -> Option<ViolationView<'_>> {
        self.0.iter().find(|violation| violation.id == id).map(StatedViolations::view)
    }
    fn select(&self, query: &ViolationQuery<'_>) -> Vec<ViolationView<'_>> {
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

use AuditMitigationActionsTaskStatus as TaskStatus;
use DetectMitigationActionExecutionStatus as DetectStatus;
use DetectMitigationActionsTaskStatus as DetectTaskStatus;

#[test]
fn t_m01_an_inapplicable_action_is_refused_and_nothing_runs() {
    let mut bench = Bench::new().with_actions();
    let (_, certificate) = bench.expiring("pump");
    bench.stated.add(C08, "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS", Resource::Policy("p", 1));
    let mapping = json!({C14: ["device"], C08: ["device"]});
    assert_eq!(refused(bench.start("t", json!({"auditTaskId": AUDIT}), mapping)), Exception::InvalidRequest);
    assert_eq!(bench.status(certificate), CertificateStatus::Active);
    assert!(bench.mitigation.describe_audit_mitigation_actions_task("t").is_err());
}

#[test]
fn t_m02_a_certificate_is_deactivated_and_stays_so() {
    let mut bench = Bench::new().with_actions();
    let (_, certificate) = bench.expiring("pump");
    assert_eq!(bench.mitigate("first", json!({C14: ["device"]})).task_status, TaskStatus::Completed);
    assert_eq!(bench.status(certificate), CertificateStatus::Inactive);
    let version = |bench: &Bench| bench.account.certificate(certificate).expect("kept").customer_version();
    let before = version(&bench);
    assert_eq!(bench.mitigate("second", json!({C14: ["device"]})).task_status, TaskStatus::Completed);
    assert_eq!((bench.status(certificate), version(&bench)), (CertificateStatus::Inactive, before));
    assert_eq!(bench.executions("second", 0), ["COMPLETED"]);
}

#[test]
fn t_m03_a_failed_action_skips_the_later_ones_of_its_finding() {
    let mut bench = Bench::new().with_actions();
    let (thing, certificate) = bench.expiring("pump");
    let quarantine = bench.group("quarantine");
    bench.account.update_certificate(T, certificate, CertificateStatus::Revoked).expect("revocable");
    let task = bench.mitigate("t", json!({C14: ["device", "add"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE", "SKIPPED"]);
    assert_eq!(task.task_status, TaskStatus::Failed);
    assert_eq!(task.task_statistics[C14], statistics(1, 1, 0, 0, 0));
    assert!(!bench.account.is_thing_in_group(thing, quarantine, false));
}

#[test]
fn t_m04_other_findings_go_on_after_a_failure() {
    let mut bench = Bench::new().with_actions();
    let (_, first) = bench.expiring("pump-1");
    let (_, second) = bench.expiring("pump-2");
    bench.account.update_certificate(T, first, CertificateStatus::Revoked).expect("revocable");
    let task = bench.mitigate("t", json!({C14: ["device"]}));
    assert_eq!(bench.status(second), CertificateStatus::Inactive);
    assert_eq!(task.task_status, TaskStatus::Failed);
    assert_eq!(task.task_statistics[C14], statistics(2, 1, 1, 0, 0));
}

/// A thing with an expiring certificate, in `fixed` static groups and, if asked, one dynamic group.
fn thing_in_groups(bench: &mut Bench, fixed: usize, dynamic: bool) -> (ThingId, Option<ThingGroupId>) {
    let (thing, _) = bench.expiring("pump");
    bench.group("quarantine");
    for i in 0..fixed {
        let group = bench.group(&format!("g{i}"));
        bench.account.add_thing_to_thing_group(T, thing, group, false).expect("room");
    }
    let dynamic = dynamic.then(|| {
        let group = bench.account.create_dynamic_thing_group(T, "dynamic", "thingName:pump", Default::default());
        group.expect("a valid query")
    });
    (thing, dynamic)
}

#[test]
fn t_m05_ten_static_groups_leave_no_room_even_with_override() {
    let mut bench = Bench::new().with_actions();
    thing_in_groups(&mut bench, 10, false);
    bench.mitigate("t", json!({C14: ["add"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
}

#[test]
fn t_m06_override_drops_the_dynamic_group() {
    let mut bench = Bench::new().with_actions();
    let (thing, dynamic) = thing_in_groups(&mut bench, 9, true);
    let dynamic = dynamic.expect("created");
    assert!(bench.account.is_thing_in_group(thing, dynamic, false), "the query matches");
    assert_eq!(bench.mitigate("t", json!({C14: ["add"]})).task_status, TaskStatus::Completed);
    let quarantine = bench.account.thing_group("quarantine").expect("created");
    assert!(bench.account.is_thing_in_group(thing, quarantine, false));
    assert!(!bench.account.is_thing_in_group(thing, dynamic, false));
}

#[test]
fn t_m07_without_override_the_dynamic_group_stays() {
    let mut bench = Bench::new();
    let (thing, dynamic) = thing_in_groups(&mut bench, 9, true);
    bench.action("add", json!({"addThingsToThingGroupParams": {"thingGroupNames": ["quarantine"]}})).expect("valid");
    bench.mitigate("t", json!({C14: ["add"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
    assert!(bench.account.is_thing_in_group(thing, dynamic.expect("created"), false));
}

#[test]
fn t_m08_all_things_of_a_shared_certificate_are_tried() {
    let mut bench = Bench::new().with_actions();
    let (a, certificate) = bench.expiring("a");
    let b = bench.thing("b");
    bench.attach(b, certificate);
    bench.group("root");
    let of_root = |bench: &mut Bench, name: &str| bench.account.create_thing_group(T, name, Some("root")).expect("new");
    let (quarantine, sibling) = (of_root(&mut bench, "quarantine"), of_root(&mut bench, "sibling"));
    bench.account.add_thing_to_thing_group(T, b, sibling, false).expect("room");
    bench.mitigate("t", json!({C14: ["add"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
    assert!(bench.account.is_thing_in_group(a, quarantine, false));
    assert!(!bench.account.is_thing_in_group(b, quarantine, false));
}

fn policy_finding(bench: &mut Bench, version: u32) -> PolicyIndex {
    let policy = bench.account.create_policy(T, "p", BROAD).expect("new");
    let resource = Resource::Policy("p", version);
    bench.stated.add(C08, "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS", resource);
    policy
}

#[test]
fn t_m09_a_blank_version_becomes_the_default_once() {
    let mut bench = Bench::new().with_actions();
    let policy = policy_finding(&mut bench, 1);
    for task in ["first", "second"] {
        assert_eq!(bench.mitigate(task, json!({C08: ["blank"]})).task_status, TaskStatus::Completed);
        let numbers: Vec<_> = bench.account.policy_versions(policy).iter().map(|version| version.number).collect();
        let default = bench.account.default_policy_version(policy).expect("kept");
        assert_eq!((numbers, default.number), (vec![1, 2], 2), "{task}");
        assert_eq!(bench.account.document_text(default.document), BLANK_POLICY);
    }
}

#[test]
fn t_m10_five_versions_leave_no_room() {
    let mut bench = Bench::new().with_actions();
    let policy = policy_finding(&mut bench, 1);
    for _ in 0..4 {
        bench.account.create_policy_version(T, policy, BROAD, false).expect("room");
    }
    bench.mitigate("t", json!({C08: ["blank"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
    assert_eq!(bench.account.policy_versions(policy).len(), 5);
}

#[test]
fn t_m11_a_default_changed_meanwhile_is_left_alone() {
    let mut bench = Bench::new().with_actions();
    let policy = policy_finding(&mut bench, 1);
    for last in [false, false, true] {
        bench.account.create_policy_version(T, policy, BROAD, last).expect("room");
    }
    bench.mitigate("t", json!({C08: ["blank"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
    assert_eq!(bench.account.default_policy_version(policy).map(|version| version.number), Some(4));
}

#[test]
fn t_m12_logging_cannot_be_enabled_at_level_disabled() {
    let params = json!({"enableIoTLoggingParams": {"roleArnForLogging": ROLE, "logLevel": "DISABLED"}});
    let outcome = Bench::new().action("log", params).map(drop);
    assert_eq!(refused(outcome), Exception::InvalidRequest);
}

#[test]
fn t_m13_logging_is_enabled() {
    let mut bench = Bench::new().with_actions();
    bench.account.set_v2_logging_options(T, Some(ROLE), Some(LogLevel::Debug), Some(true)).expect("valid");
    bench.stated.add(C17, "LOGGING_DISABLED", Resource::Account);
    assert_eq!(bench.mitigate("t", json!({C17: ["log"]})).task_status, TaskStatus::Completed);
    let options = bench.account.get_v2_logging_options().expect("configured");
    assert_eq!((options.default_log_level, options.disable_all_logs), (LogLevel::Error, false));
}

#[test]
fn t_m14_a_ca_is_deactivated_and_its_device_certificates_are_not() {
    let mut bench = Bench::new().with_actions();
    let id = CertificateId([0xca; 32]);
    let facts = CaCertificateFacts::new(id, T - Millis::DAY, T + Millis::days(20));
    let ca: CaCertificateIndex = bench.account.register_ca_certificate(T, facts).expect("new");
    let devices: Vec<_> = (1..=3)
        .map(|i| {
            let mut facts = CertificateFacts::new(CertificateId([i; 32]), T - Millis::DAY, T + Millis::days(300));
            facts.ca = Some(ca);
            bench.account.register_certificate(T, facts).expect("new")
        })
        .collect();
    bench.stated.add(C12, "CERTIFICATE_APPROACHING_EXPIRATION", Resource::Ca(id));
    assert_eq!(bench.mitigate("t", json!({C12: ["ca"]})).task_status, TaskStatus::Completed);
    let status = bench.account.ca_certificate(ca).map(|ca| ca.status());
    assert_eq!(status, Some(CaCertificateStatus::Inactive));
    assert!(devices.iter().all(|device| bench.status(*device) == CertificateStatus::Active));
}

#[test]
fn t_m15_a_detect_task_takes_only_add_things() {
    let mut bench = Bench::new().with_actions();
    let violations = StatedViolations::of(&[("v1", "pump")]);
    let more = json!({"target": {"violationIds": ["v1"]}, "actions": ["add", "device"]});
    assert_eq!(refused(bench.detect(&violations, "t", more)), Exception::InvalidRequest);
}

#[test]
fn t_m16_an_unregistered_device_cannot_be_added() {
    let mut bench = Bench::new().with_actions();
    bench.group("quarantine");
    let violations = StatedViolations::of(&[("v1", "stranger")]);
    bench.detect(&violations, "t", json!({"target": {"violationIds": ["v1"]}})).expect("valid");
    let expected = ("v1".to_owned(), DetectStatus::Failed, Some("RESOURCE_NOT_FOUND".to_owned()));
    assert_eq!(bench.detect_executions("t"), [expected]);
    assert_eq!(bench.summary("t").task_status, DetectTaskStatus::Failed);
}

#[test]
fn t_m17_a_second_violation_of_the_thing_is_skipped() {
    let mut bench = Bench::new().with_actions();
    let (thing, quarantine) = (bench.thing("pump"), bench.group("quarantine"));
    let violations = StatedViolations::of(&[("v1", "pump"), ("v2", "pump")]);
    bench.detect(&violations, "t", json!({"target": {"securityProfileName": "P"}})).expect("valid");
    let mut executions = bench.detect_executions("t");
    executions.sort();
    let expected = [("v1".to_owned(), DetectStatus::Successful, None), ("v2".to_owned(), DetectStatus::Skipped, None)];
    assert_eq!(executions, expected);
    let summary = bench.summary("t");
    let statistics = &summary.task_statistics;
    assert_eq!((statistics.actions_executed, statistics.actions_skipped, statistics.actions_failed), (1, 1, 0));
    assert_eq!(summary.task_status, DetectTaskStatus::Successful);
    assert!(bench.account.is_thing_in_group(thing, quarantine, false));
}

#[test]
fn t_m18_g07_a_task_id_is_taken_unless_token_and_request_repeat() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    let request = |token: Option<&str>, mapping: Value| -> StartAuditMitigationActionsTaskRequest {
        serde_json::from_value(json!({"taskId": "t", "target": {"auditTaskId": AUDIT},
            "auditCheckToActionsMapping": mapping, "clientRequestToken": token}))
        .expect("a well-formed request")
    };
    let mut start = |request| {
        let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
        mitigation.start_audit_mitigation_actions_task(T, account, outbox, stated, request).map(drop)
    };
    start(request(Some("one"), json!({C14: ["device"]}))).expect("new");
    start(request(Some("one"), json!({C14: ["device"]}))).expect("the same again");
    let other = start(request(Some("two"), json!({C14: ["device"]}))).expect_err("another token");
    assert_eq!((other.exception, other.exception.http_status()), (Exception::TaskAlreadyExists, 400));
    assert_eq!(refused(start(request(None, json!({C14: ["device"]})))), Exception::TaskAlreadyExists);
    assert_eq!(refused(start(request(Some("one"), json!({C14: ["sns"]})))), Exception::InvalidRequest);
    let violations = StatedViolations::of(&[("v1", "pump")]);
    let by_id = json!({"target": {"violationIds": ["v1"]}});
    bench.detect(&violations, "t", by_id.clone()).expect("detect tasks have ids of their own");
    bench.detect(&violations, "t", by_id).expect("the same again");
    let other = json!({"target": {"violationIds": ["v1"]}, "clientRequestToken": "two"});
    assert_eq!(refused(bench.detect(&violations, "t", other)), Exception::TaskAlreadyExists);
}

#[test]
fn t_m19_at_most_25_findings_are_named() {
    let mut bench = Bench::new().with_actions();
    for i in 0..26 {
        bench.expiring(&format!("pump-{i}"));
    }
    let ids: Vec<_> = (0..26).map(|i| format!("finding-{i}")).collect();
    let mapping = json!({C14: ["sns"]});
    let outcome = bench.start("t", json!({"findingIds": ids}), mapping.clone());
    assert_eq!(refused(outcome), Exception::InvalidRequest);
    bench.start("t", json!({"findingIds": &ids[..25]}), mapping).expect("25 are allowed");
    assert_eq!(bench.describe("t").task_statistics[C14], statistics(25, 0, 25, 0, 0));
}

#[test]
fn t_m20_a_suppressed_finding_is_counted_and_left_alone() {
    let mut bench = Bench::new().with_actions();
    let (_, certificate) = bench.expiring("pump");
    bench.stated.findings[0].suppressed = true;
    bench.start("t", json!({"findingIds": ["finding-0"]}), json!({C14: ["device"]})).expect("valid");
    let task = bench.describe("t");
    assert_eq!(task.task_statistics[C14], statistics(1, 0, 0, 1, 0));
    assert_eq!((task.task_status, task.end_time), (TaskStatus::Completed, Some(T)));
    assert!(bench.executions("t", 0).is_empty());
    assert_eq!(bench.status(certificate), CertificateStatus::Active);
}

#[test]
fn t_m21_an_action_is_created_once() {
    let mut bench = Bench::new();
    let params = |topic: &str| json!({"publishFindingToSnsParams": {"topicArn": topic}});
    let first = bench.action("a", params(TOPIC)).expect("new");
    assert_eq!(bench.action("a", params(TOPIC)).as_ref(), Ok(&first));
    let other = bench.action("a", params("arn:aws:sns:us-east-1:123456789012:other")).expect_err("another definition");
    assert_eq!(other.exception, Exception::ResourceAlreadyExists);
    let arn = "arn:aws:iot:us-east-1:123456789012:mitigationaction/a";
    assert_eq!(other.resource, Some(("a".into(), arn.into())));
}

#[test]
fn t_m22_at_most_five_actions_per_check() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    let six = json!({C14: ["sns", "sns", "sns", "sns", "sns", "sns"]});
    assert_eq!(refused(bench.start("t", json!({"auditTaskId": AUDIT}), six)), Exception::InvalidRequest);
    let five = json!({C14: ["sns", "sns", "sns", "sns", "sns"]});
    bench.start("t", json!({"auditTaskId": AUDIT}), five).expect("five are allowed");
}

#[test]
fn t_m23_an_action_has_one_set_of_parameters() {
    let mut bench = Bench::new();
    let one = json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE"}});
    let mut two = one.clone();
    two["publishFindingToSnsParams"] = json!({"topicArn": TOPIC});
    for params in [json!({}), two] {
        assert_eq!(refused(bench.action("a", params).map(drop)), Exception::InvalidRequest);
    }
    bench.action("a", one).expect("exactly one");
}

#[test]
fn t_m24_a_completed_task_cannot_be_canceled() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    bench.mitigate("t", json!({C14: ["device"]}));
    let cancel = |mitigation: &mut Mitigation, task| mitigation.cancel_audit_mitigation_actions_task(T, task);
    assert_eq!(refused(cancel(&mut bench.mitigation, "t")), Exception::InvalidRequest);
    assert_eq!(refused(cancel(&mut bench.mitigation, "unknown")), Exception::ResourceNotFound);
}

#[test]
fn t_m25_a_filter_skips_other_reason_codes() {
    let mut bench = Bench::new().with_actions();
    let certificates: Vec<_> = (0..5).map(|i| bench.expiring(&format!("pump-{i}")).1).collect();
    for past in [1, 3] {
        bench.stated.findings[past].reason = "CERTIFICATE_PAST_EXPIRATION";
    }
    let target = json!({"auditTaskId": AUDIT, "auditCheckToReasonCodeFilter": {C14: ["CERTIFICATE_PAST_EXPIRATION"]}});
    bench.start("t", target, json!({C14: ["device"]})).expect("valid");
    assert_eq!(bench.describe("t").task_statistics[C14], statistics(5, 0, 2, 3, 0));
    let inactive = |i: &usize| bench.status(certificates[*i]) == CertificateStatus::Inactive;
    assert_eq!((0..5).filter(inactive).collect::<Vec<_>>(), [1, 3]);
}

/// An intermediate CA with two active and one inactive certificate, and the finding of T-C37.
fn revoked_intermediate(bench: &mut Bench) -> Vec<CertificateIndex> {
    let issuer = IssuerFacts {
        subject: "CN=Line 4".into(),
        id: "ab".into(),
        key_id: None,
        serial: SerialNumber::from(7),
        issuer: None,
    };
    let issuer = bench.account.register_issuer(T, issuer).expect("valid");
    let issued = |i: u8| {
        let mut facts = CertificateFacts::new(CertificateId([i; 32]), T - Millis::DAY, T + Millis::days(300));
        facts.issuer = Some(issuer);
        facts.status = if i == 3 { CertificateStatus::Inactive } else { CertificateStatus::Active };
        bench.account.register_certificate(T, facts).expect("new")
    };
    let certificates = (1..=3).map(issued).collect();
    let related = vec![CertificateId([1; 32]), CertificateId([2; 32])];
    let resource = Resource::Issuer { subject: "CN=Line 4", related };
    bench.stated.add(C01, "INTERMEDIATE_CA_REVOKED_BY_ISSUER", resource);
    certificates
}

#[test]
fn t_m26_all_certificates_of_a_revoked_intermediate_in_one_execution() {
    let mut bench = Bench::new().with_actions();
    let certificates = revoked_intermediate(&mut bench);
    let before = bench.account.certificate(certificates[2]).expect("kept").customer_version();
    assert_eq!(bench.mitigate("t", json!({C01: ["device"]})).task_status, TaskStatus::Completed);
    assert!(certificates.iter().all(|certificate| bench.status(*certificate) == CertificateStatus::Inactive));
    assert_eq!(bench.account.certificate(certificates[2]).expect("kept").customer_version(), before);
    assert_eq!(bench.executions("t", 0), ["COMPLETED"]);
}

#[test]
fn m10_things_of_an_intermediate_are_found_after_its_certificates_were_deactivated() {
    let mut bench = Bench::new().with_actions();
    let certificates = revoked_intermediate(&mut bench);
    let (pump, spare, quarantine) = (bench.thing("pump"), bench.thing("spare"), bench.group("quarantine"));
    bench.attach(pump, certificates[0]);
    bench.attach(spare, certificates[2]);
    assert_eq!(bench.mitigate("t", json!({C01: ["device", "add"]})).task_status, TaskStatus::Completed);
    assert!(bench.account.is_thing_in_group(pump, quarantine, false));
    assert!(!bench.account.is_thing_in_group(spare, quarantine, false), "it was inactive all along");
}

#[test]
fn m10_one_certificate_that_cannot_be_changed_fails_the_execution() {
    let mut bench = Bench::new().with_actions();
    let certificates = revoked_intermediate(&mut bench);
    bench.account.update_certificate(T, certificates[0], CertificateStatus::Inactive).expect("active");
    bench.account.transfer_certificate(T, certificates[0], "210987654321", None).expect("inactive");
    bench.mitigate("t", json!({C01: ["device"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
    assert_eq!(bench.status(certificates[1]), CertificateStatus::Inactive, "the others are done all the same");
}

fn lack(bench: &mut Bench, permission: &str) {
    let role = IamRole { missing_permissions: [permission.to_owned()].into(), ..IamRole::default() };
    bench.account.put_iam_role(T, ROLE, role);
}

#[test]
fn t_m27_a_role_without_the_permission_changes_nothing() {
    let mut bench = Bench::new().with_actions();
    let (_, certificate) = bench.expiring("pump");
    lack(&mut bench, "iot:UpdateCertificate");
    bench.mitigate("t", json!({C14: ["device"]}));
    assert_eq!(bench.executions("t", 0), ["FAILED INSUFFICIENT_PERMISSIONS"]);
    assert_eq!(bench.status(certificate), CertificateStatus::Active);
}

#[test]
fn m05_ch102_each_action_needs_its_permissions() {
    for (permission, action) in [
        ("iot:UpdateCertificate", "device"),
        ("iot:UpdateCACertificate", "ca"),
        ("iot:ListPrincipalThings", "add"),
        ("iot:AddThingToThingGroup", "add"),
        ("iot:CreatePolicyVersion", "blank"),
        ("iot:SetV2LoggingOptions", "log"),
        ("iam:PassRole", "log"),
        ("sns:Publish", "sns"),
    ] {
        let mut bench = Bench::new().with_actions();
        let check = match action {
            "ca" => C12,
            "blank" => C08,
            "log" => C17,
            _ => C14,
        };
        let (_, certificate) = bench.expiring("pump");
        bench.stated.findings[0].check = check;
        lack(&mut bench, permission);
        bench.mitigate("t", json!({check: [action]}));
        assert_eq!(bench.executions("t", 0), ["FAILED INSUFFICIENT_PERMISSIONS"], "{permission}");
        assert_eq!((bench.status(certificate), bench.outbox.end()), (CertificateStatus::Active, 0));
    }
}

#[test]
fn t_m28_deleting_an_absent_action_succeeds() {
    assert_eq!(Bench::new().mitigation.delete_mitigation_action("nothing"), Ok(()));
}

#[test]
fn m01_q04_names_and_parameters_are_checked() {
    let mut bench = Bench::new();
    for (name, params) in [
        ("", json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE"}})),
        ("a b", json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE"}})),
        ("a", json!({"updateDeviceCertificateParams": {"action": "REVOKE"}})),
        ("a", json!({"updateCACertificateParams": {"action": "ACTIVATE"}})),
        ("a", json!({"addThingsToThingGroupParams": {"thingGroupNames": []}})),
        ("a", json!({"addThingsToThingGroupParams": {"thingGroupNames": vec!["g"; 11]}})),
        ("a", json!({"addThingsToThingGroupParams": {"thingGroupNames": ["a/b"]}})),
        ("a", json!({"replaceDefaultPolicyVersionParams": {"templateName": "DENY_ALL"}})),
        ("a", json!({"enableIoTLoggingParams": {"roleArnForLogging": "short", "logLevel": "INFO"}})),
        ("a", json!({"publishFindingToSnsParams": {"topicArn": "arn:aws:sns:us-east-1:123456789:t"}})),
        ("a", json!({"publishFindingToSnsParams": {"topicArn": "x".repeat(351)}})),
    ] {
        assert_eq!(refused(bench.action(name, params.clone()).map(drop)), Exception::InvalidRequest, "{params}");
    }
    for i in 0..100 {
        bench.action(&format!("a{i}"), json!({"publishFindingToSnsParams": {"topicArn": TOPIC}})).expect("room");
    }
    let more = bench.action("one-more", json!({"publishFindingToSnsParams": {"topicArn": TOPIC}}));
    assert_eq!(refused(more.map(drop)), Exception::LimitExceeded);
}

#[test]
fn m02_a_running_task_keeps_the_definitions_it_began_with() {
    let mut bench = Bench::new().with_actions();
    bench.mitigation.set_pace(Pace { delay: Millis::MINUTE, ..Pace::default() });
    let (thing, certificate) = bench.expiring("pump");
    let quarantine = bench.group("quarantine");
    bench.mitigate("t", json!({C14: ["device"]}));
    let group = json!({"addThingsToThingGroupParams": {"thingGroupNames": ["quarantine"]}});
    let update = UpdateMitigationActionRequest {
        action_name: "device".into(),
        role_arn: None,
        action_params: Some(serde_json::from_value(group).expect("parameters")),
    };
    bench.mitigation.update_mitigation_action(T, &bench.account, update).expect("CH-101: the kind may change");
    bench.mitigation.delete_mitigation_action("device").expect("deletable");
    let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
    mitigation.advance(T + Millis::MINUTE, account, outbox, stated);
    assert_eq!(bench.status(certificate), CertificateStatus::Inactive);
    assert!(!bench.account.is_thing_in_group(thing, quarantine, false));
    let definition = &bench.describe("t").actions_definition[0];
    assert_eq!(definition.name, "device");
    assert!(definition.action_params.update_device_certificate_params.is_some());
    let unknown = UpdateMitigationActionRequest { action_name: "x".into(), ..UpdateMitigationActionRequest::default() };
    let outcome = bench.mitigation.update_mitigation_action(T, &bench.account, unknown).map(drop);
    assert_eq!(refused(outcome), Exception::ResourceNotFound);
}

#[test]
fn m04_actions_are_described_and_listed_as_they_travel() {
    let mut bench = Bench::new();
    let group = json!({"thingGroupNames": ["q"], "overrideDynamicGroups": true});
    let ids = bench.action("b", json!({"addThingsToThingGroupParams": group})).expect("valid");
    bench.action("a", json!({"publishFindingToSnsParams": {"topicArn": TOPIC}})).expect("valid");
    let described = bench.mitigation.describe_mitigation_action(&bench.account, "b").expect("known");
    assert_eq!(
        serde_json::to_value(described).expect("JSON"),
        json!({"actionName": "b", "actionType": "ADD_THINGS_TO_THING_GROUP",
            "actionArn": "arn:aws:iot:us-east-1:123456789012:mitigationaction/b", "actionId": ids.action_id,
            "roleArn": ROLE, "actionParams": {"addThingsToThingGroupParams": group},
            "creationDate": 1748736000, "lastModifiedDate": 1748736000})
    );
    let list = |action_type| {
        let request = ListMitigationActionsRequest { action_type, ..ListMitigationActionsRequest::default() };
        let listed = bench.mitigation.list_mitigation_actions(&bench.account, &request).expect("valid");
        listed.action_identifiers.into_iter().map(|it| it.action_name).collect::<Vec<_>>()
    };
    assert_eq!(list(None), ["a", "b"], "CH-02: created together, so by name");
    assert_eq!(list(Some(ActionType::AddThingsToThingGroup)), ["b"]);
}

#[test]
fn m09_m11_m14_missing_resources() {
    let mut bench = Bench::new().with_actions();
    bench.group("quarantine");
    let (_, id) = bench.certificate();
    bench.stated.add(C14, "CERTIFICATE_PAST_EXPIRATION", Resource::Device(CertificateId([99; 32])));
    bench.stated.add(C12, "CERTIFICATE_PAST_EXPIRATION", Resource::Ca(CertificateId([99; 32])));
    bench.stated.add(C08, "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS", Resource::Policy("gone", 1));
    bench.stated.add("DEVICE_CERTIFICATE_AGE_CHECK", "CERTIFICATE_PAST_AGE_THRESHOLD", Resource::Device(id));
    let mapping = json!({C14: ["device"], C12: ["ca"], C08: ["blank"], "DEVICE_CERTIFICATE_AGE_CHECK": ["add"]});
    bench.mitigate("t", mapping);
    for finding in 0..4 {
        assert_eq!(bench.executions("t", finding), ["FAILED RESOURCE_NOT_FOUND"], "{finding}");
    }
}

#[test]
fn m12_x12_things_are_added_and_stay_where_they_were() {
    let mut bench = Bench::new().with_actions();
    let (thing, _) = bench.expiring("pump");
    let (home, quarantine) = (bench.group("home"), bench.group("quarantine"));
    bench.account.add_thing_to_thing_group(T, thing, home, false).expect("room");
    for task in ["first", "again"] {
        assert_eq!(bench.mitigate(task, json!({C14: ["add"]})).task_status, TaskStatus::Completed);
    }
    assert!(bench.account.is_thing_in_group(thing, home, false));
    assert!(bench.account.is_thing_in_group(thing, quarantine, false));
}

#[test]
fn m13_x16_a_dynamic_or_missing_group_fails() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    bench.mitigate("missing", json!({C14: ["add"]}));
    assert_eq!(bench.executions("missing", 0), ["FAILED RESOURCE_NOT_FOUND"]);
    bench.account.create_dynamic_thing_group(T, "quarantine", "thingName:other", Default::default()).expect("valid");
    bench.mitigate("dynamic", json!({C14: ["add"]}));
    assert_eq!(bench.executions("dynamic", 0), ["FAILED INVALID_STATE_OF_RESOURCE"]);
}

#[test]
fn m16_findings_are_published_on_every_execution() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    for task in ["first", "second"] {
        bench.mitigate(task, json!({C14: ["sns"]}));
    }
    let bodies: Vec<_> = bench.outbox.since(0).map(|message| message.body()).collect();
    assert_eq!(bodies, [r#"{"findingId":"finding-0"}"#; 2]);
    bench.outbox.set_topic_exists(TOPIC, false);
    bench.mitigate("third", json!({C14: ["sns"]}));
    assert_eq!(bench.executions("third", 0), ["FAILED RESOURCE_NOT_FOUND"]);
    assert_eq!(bench.outbox.end(), 2);
}

#[test]
fn m18_what_was_done_can_be_taken_back_by_hand() {
    let mut bench = Bench::new().with_actions();
    let (thing, certificate) = bench.expiring("pump");
    let quarantine = bench.group("quarantine");
    let policy = policy_finding(&mut bench, 1);
    bench.stated.add(C17, "LOGGING_DISABLED", Resource::Account);
    bench.mitigate("t", json!({C14: ["device", "add", "sns"], C08: ["blank"], C17: ["log"]}));
    let task = TaskRef::Audit(0);
    let undo: Vec<_> = bench.mitigation.undo(task).rev().cloned().collect();
    assert_eq!(undo.len(), 4, "publishing cannot be taken back");
    for undo in undo {
        undo.revert(T, &mut bench.account).expect("possible");
    }
    assert_eq!(bench.status(certificate), CertificateStatus::Active);
    assert!(!bench.account.is_thing_in_group(thing, quarantine, false));
    assert_eq!(bench.account.default_policy_version(policy).map(|version| version.number), Some(1));
    assert!(bench.account.get_v2_logging_options().is_err(), "it was not configured before");
    assert_eq!(ActionType::PublishFindingToSns.reversibility(), Reversibility::No);
}

#[test]
fn m20_ch109_targets_and_their_combinations() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    let filter = json!({C14: ["CERTIFICATE_APPROACHING_EXPIRATION"]});
    let mapping = json!({C14: ["device"]});
    for (i, bad) in [
        json!({}),
        json!({"auditTaskId": "unknown"}),
        json!({"findingIds": []}),
        json!({"findingIds": ["unknown"]}),
        json!({"findingIds": ["finding-0"], "auditTaskId": AUDIT}),
        json!({"findingIds": ["finding-0"], "auditCheckToReasonCodeFilter": filter}),
        json!({"auditCheckToReasonCodeFilter": {}}),
        json!({"auditCheckToReasonCodeFilter": {C14: []}}),
        json!({"auditCheckToReasonCodeFilter": {C14: vec!["x"; 26]}}),
        json!({"auditCheckToReasonCodeFilter": {"NO_SUCH_CHECK": ["x"]}}),
        json!({"auditCheckToReasonCodeFilter": {C17: ["LOGGING_DISABLED"]}}),
    ]
    .into_iter()
    .enumerate()
    {
        let outcome = bench.start(&format!("bad-{i}"), bad.clone(), mapping.clone());
        assert_eq!(refused(outcome), Exception::InvalidRequest, "{bad}");
    }
    for (task, good) in [
        ("audit", json!({"auditTaskId": AUDIT})),
        ("named", json!({"findingIds": ["finding-0", "finding-0"]})),
        ("newest", json!({"auditCheckToReasonCodeFilter": filter})),
        ("both", json!({"auditTaskId": AUDIT, "auditCheckToReasonCodeFilter": filter})),
    ] {
        bench.start(task, good, mapping.clone()).expect("valid");
        assert_eq!(bench.describe(task).task_statistics[C14], statistics(1, 0, 1, 0, 0), "{task}");
    }
    bench.stated.in_progress = true;
    for target in [json!({"auditTaskId": AUDIT}), json!({"findingIds": ["finding-0"]})] {
        assert_eq!(refused(bench.start("early", target, mapping.clone())), Exception::InvalidRequest);
    }
}

#[test]
fn m21_unknown_names_in_a_mapping() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    for mapping in [json!({}), json!({C14: []}), json!({C14: ["nothing"]}), json!({"NO_SUCH_CHECK": ["sns"]})] {
        let outcome = bench.start("t", json!({"auditTaskId": AUDIT}), mapping.clone());
        assert_eq!(refused(outcome), Exception::InvalidRequest, "{mapping}");
    }
}

#[test]
fn m22_q05_q07_running_tasks_are_limited() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    bench.mitigation.set_pace(Pace { duration: Millis::HOUR, ..Pace::default() });
    for i in 0..10 {
        bench.mitigate(&format!("t{i}"), json!({C14: ["sns"]}));
    }
    let more = bench.start("t10", json!({"auditTaskId": AUDIT}), json!({C14: ["sns"]}));
    assert_eq!(refused(more), Exception::LimitExceeded);
    bench.mitigation.cancel_audit_mitigation_actions_task(T, "t0").expect("in progress");
    bench.mitigate("t10", json!({C14: ["sns"]}));
    let violations = StatedViolations::of(&[("v1", "pump")]);
    let target = json!({"target": {"violationIds": ["v1"]}});
    for i in 0..5 {
        bench.detect(&violations, &format!("d{i}"), target.clone()).expect("room");
    }
    assert_eq!(refused(bench.detect(&violations, "d5", target)), Exception::LimitExceeded);
}

#[test]
fn m23_findings_of_unmapped_checks_are_no_part_of_the_task() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    policy_finding(&mut bench, 1);
    let task = bench.mitigate("t", json!({C14: ["device"], C12: ["ca"]}));
    assert_eq!(task.task_statistics.keys().collect::<Vec<_>>(), [C12, C14]);
    assert_eq!(task.task_statistics[C12], statistics(0, 0, 0, 0, 0));
}

#[test]
fn m24_m28_ch111_findings_by_time_and_id_actions_by_mapping() {
    let mut bench = Bench::new().with_actions();
    bench.group("quarantine");
    for (name, minutes) in [("b", 2), ("a", 1), ("c", 1)] {
        bench.expiring(name);
        bench.stated.findings.last_mut().expect("added").time = T - Millis::minutes(minutes);
    }
    bench.mitigate("t", json!({C14: ["sns", "device"]}));
    let bodies: Vec<_> = bench.outbox.since(0).map(|message| message.body()).collect();
    assert_eq!(bodies, [0, 1, 2].map(|i| format!(r#"{{"findingId":"finding-{i}"}}"#)));
    let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
    let kinds: Vec<_> = mitigation
        .advance(T, account, outbox, stated)
        .into_iter()
        .filter_map(|event| match event {
            MitigationEvent::ExecutionEnded { row, action_type, .. } => Some((row, action_type)),
            _ => None,
        })
        .collect();
    let (sns, device) = (ActionType::PublishFindingToSns, ActionType::UpdateDeviceCertificate);
    assert_eq!(kinds, [(0, sns), (0, device), (1, sns), (1, device), (2, sns), (2, device)]);
}

#[test]
fn m25_m29_a_canceled_task_keeps_what_is_done_and_lets_run_what_has_begun() {
    let mut bench = Bench::new().with_actions();
    bench.mitigation.set_pace(Pace { duration: Millis::seconds(90), per_minute: Some(1), ..Pace::default() });
    let certificates: Vec<_> = (0..4).map(|i| bench.expiring(&format!("pump-{i}")).1).collect();
    bench.mitigate("t", json!({C14: ["device", "sns"]}));
    let later = |bench: &mut Bench, seconds| {
        let Bench { account, outbox, mitigation, stated, .. } = bench;
        mitigation.advance(T + Millis::seconds(seconds), account, outbox, stated);
    };
    later(&mut bench, 0);
    assert_eq!(bench.executions("t", 0), ["IN_PROGRESS", "PENDING"]);
    // Begun: finding 0 at 0 s, 1 at 60 s, 0 again at 120 s, 1 again at 180 s; done: 0 at 90 s, 1 at 150 s.
    later(&mut bench, 200);
    bench.mitigation.cancel_audit_mitigation_actions_task(T + Millis::seconds(200), "t").expect("in progress");
    assert_eq!(bench.executions("t", 0), ["COMPLETED", "IN_PROGRESS"]);
    assert_eq!(bench.executions("t", 2), ["CANCELED", "CANCELED"]);
    later(&mut bench, 10_000);
    let task = bench.describe("t");
    assert_eq!((task.task_status, task.end_time), (TaskStatus::Canceled, Some(T + Millis::seconds(200))));
    assert_eq!(task.task_statistics[C14], statistics(4, 0, 2, 0, 2));
    assert_eq!(bench.executions("t", 1), ["COMPLETED", "COMPLETED"]);
    let statuses: Vec<_> = certificates.iter().map(|certificate| bench.status(*certificate)).collect();
    use CertificateStatus::{Active, Inactive};
    assert_eq!(statuses, [Inactive, Inactive, Active, Active]);
    assert_eq!(bench.mitigation.next_due(), None);
}

#[test]
fn m29_a_finding_canceled_between_two_actions_counts_as_canceled() {
    let mut bench = Bench::new().with_actions();
    bench.mitigation.set_pace(Pace { duration: Millis::MINUTE, ..Pace::default() });
    bench.expiring("pump");
    bench.mitigate("t", json!({C14: ["device", "sns"]}));
    bench.mitigation.cancel_audit_mitigation_actions_task(T, "t").expect("in progress");
    let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
    mitigation.advance(T + Millis::HOUR, account, outbox, stated);
    assert_eq!(bench.executions("t", 0), ["COMPLETED", "CANCELED"]);
    assert_eq!(bench.describe("t").task_statistics[C14], statistics(1, 0, 0, 0, 1));
}

#[test]
fn m30_tasks_are_listed_by_time_audit_finding_and_status_and_kept_90_days() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump-1");
    let (_, certificate) = bench.expiring("pump-2");
    bench.account.update_certificate(T, certificate, CertificateStatus::Revoked).expect("revocable");
    bench.start("b", json!({"findingIds": ["finding-0"]}), json!({C14: ["device"]})).expect("valid");
    bench.start("a", json!({"auditTaskId": AUDIT}), json!({C14: ["device"]})).expect("valid");
    let list = |now, more: Value| -> Result<Vec<String>, ServiceError> {
        let mut body = json!({"startTime": "2025-06-01T00:00:00Z", "endTime": T.0 / 1_000});
        for (member, value) in more.as_object().expect("members") {
            body[member] = value.clone();
        }
        let request = serde_json::from_value(body).expect("a well-formed request");
        let listed = bench.mitigation.list_audit_mitigation_actions_tasks(now, &bench.stated, &request)?;
        Ok(listed.tasks.into_iter().map(|task| task.task_id).collect())
    };
    assert_eq!(list(T, json!({})).expect("valid"), ["a", "b"]);
    assert_eq!(list(T, json!({"taskStatus": "FAILED"})).expect("valid"), ["a"]);
    assert_eq!(list(T, json!({"findingId": "finding-0"})).expect("valid"), ["a", "b"]);
    assert_eq!(list(T, json!({"findingId": "finding-1"})).expect("valid"), ["a"]);
    assert_eq!(list(T, json!({"auditTaskId": AUDIT})).expect("valid"), ["a", "b"]);
    assert!(list(T, json!({"auditTaskId": "other"})).expect("valid").is_empty());
    assert!(list(T, json!({"startTime": T.0 / 1_000 + 1, "endTime": T.0 / 1_000 + 2})).expect("valid").is_empty());
    assert_eq!(list(T + Millis::days(90), json!({})).expect("still retained"), ["a", "b"]);
    let late = T + Millis::days(90) + Millis(1);
    assert_eq!(refused(list(late, json!({})).map(drop)), Exception::InvalidRequest);
    let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
    mitigation.advance(late, account, outbox, stated);
    let gone = mitigation.describe_audit_mitigation_actions_task("a").map(drop);
    assert_eq!(refused(gone), Exception::ResourceNotFound);
}

#[test]
fn m30_a_task_is_described_as_it_travels() {
    let mut bench = Bench::new().with_actions();
    bench.expiring("pump");
    let described = serde_json::to_value(bench.mitigate("t", json!({C14: ["device"]}))).expect("JSON");
    let id = described["actionsDefinition"][0]["id"].clone();
    assert_eq!(
        described,
        json!({"taskStatus": "COMPLETED", "startTime": 1748736000, "endTime": 1748736000,
            "taskStatistics": {C14: {"totalFindingsCount": 1, "failedFindingsCount": 0, "succeededFindingsCount": 1,
                "skippedFindingsCount": 0, "canceledFindingsCount": 0}},
            "target": {"auditTaskId": AUDIT}, "auditCheckToActionsMapping": {C14: ["device"]},
            "actionsDefinition": [{"name": "device", "id": id, "roleArn": ROLE,
                "actionParams": {"updateDeviceCertificateParams": {"action": "DEACTIVATE"}}}]})
    );
}

#[test]
fn m32_m33_detect_requests_are_checked() {
    let mut bench = Bench::new().with_actions();
    let violations = StatedViolations::of(&[("v1", "pump")]);
    let many: Vec<_> = (0..26).map(|_| "v1").collect();
    for bad in [
        json!({"target": {}}),
        json!({"target": {"violationIds": ["v1"], "securityProfileName": "P"}}),
        json!({"target": {"violationIds": ["v1"], "behaviorName": "Sent"}}),
        json!({"target": {"behaviorName": "Sent"}}),
        json!({"target": {"violationIds": []}}),
        json!({"target": {"violationIds": many}}),
        json!({"target": {"violationIds": ["unknown"]}}),
        json!({"target": {"securityProfileName": "P"}, "actions": []}),
        json!({"target": {"securityProfileName": "P"}, "actions": vec!["add"; 6]}),
        json!({"target": {"securityProfileName": "P"}, "actions": ["nothing"]}),
        json!({"target": {"securityProfileName": "P"},
            "violationEventOccurrenceRange": {"startTime": 2, "endTime": 1}}),
        json!({"target": {"securityProfileName": "P"}, "taskId": "a b"}),
        json!({"target": {"securityProfileName": "P"}, "clientRequestToken": "a b"}),
    ] {
        assert_eq!(refused(bench.detect(&violations, "t", bad.clone())), Exception::InvalidRequest, "{bad}");
    }
}

#[test]
fn m34_ch113_a_profile_target_selects_by_range_activity_and_suppression() {
    let mut bench = Bench::new().with_actions();
    bench.group("quarantine");
    let violation =
        |id, thing, behavior, start, end, suppressed| StatedViolation { id, thing, behavior, start, end, suppressed };
    let violations = StatedViolations(vec![
        violation("old", "a", "Sent", 0, Some(10), false),
        violation("active", "b", "Sent", 20, None, false),
        violation("quiet", "c", "Sent", 20, None, true),
        violation("other", "d", "Received", 20, None, false),
    ]);
    let seconds = |s: i64| T.0 / 1_000 + s;
    for (i, (more, expected)) in [
        (json!({}), vec!["old", "active", "other"]),
        (json!({"includeOnlyActiveViolations": true}), vec!["active", "other"]),
        (json!({"includeSuppressedAlerts": true}), vec!["old", "active", "other", "quiet"]),
        (json!({"target": {"securityProfileName": "P", "behaviorName": "Received"}}), vec!["other"]),
        (json!({"violationEventOccurrenceRange": {"startTime": seconds(10), "endTime": seconds(19)}}), vec!["old"]),
        (json!({"target": {"securityProfileName": "Q"}}), vec![]),
        (
            json!({"target": {"violationIds": ["quiet", "old"]}, "includeOnlyActiveViolations": true,
                "violationEventOccurrenceRange": {"startTime": 1, "endTime": 2}}),
            vec!["old", "quiet"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = json!({"target": {"securityProfileName": "P"}});
        for (member, value) in more.as_object().expect("members") {
            body[member] = value.clone();
        }
        let task = format!("t{i}");
        bench.detect(&violations, &task, body).expect("valid");
        let ids: Vec<_> = bench.detect_executions(&task).into_iter().map(|(id, ..)| id).collect();
        assert_eq!(ids, expected, "{more}");
    }
}

#[test]
fn m35_after_a_failure_all_later_actions_on_the_thing_are_skipped() {
    let mut bench = Bench::new().with_actions();
    bench.thing("pump");
    bench.group("elsewhere");
    bench.action("more", json!({"addThingsToThingGroupParams": {"thingGroupNames": ["elsewhere"]}})).expect("valid");
    let violations = StatedViolations::of(&[("v1", "pump"), ("v2", "pump")]);
    let more = json!({"target": {"securityProfileName": "P"}, "actions": ["add", "more"]});
    bench.detect(&violations, "t", more).expect("valid");
    let summary = bench.summary("t");
    let statistics = &summary.task_statistics;
    assert_eq!((statistics.actions_executed, statistics.actions_skipped, statistics.actions_failed), (0, 3, 1));
    assert_eq!(summary.task_status, DetectTaskStatus::Failed);
}

#[test]
fn m37_m38_detect_tasks_can_be_canceled_and_listed() {
    let mut bench = Bench::new().with_actions();
    bench.mitigation.set_pace(Pace { duration: Millis::MINUTE, per_minute: Some(1), ..Pace::default() });
    let (pump, _) = (bench.thing("pump"), bench.thing("lock"));
    let quarantine = bench.group("quarantine");
    let violations = StatedViolations::of(&[("v1", "pump"), ("v2", "lock")]);
    bench.detect(&violations, "t", json!({"target": {"securityProfileName": "P"}})).expect("valid");
    assert_eq!(bench.detect_executions("t"), [("v1".to_owned(), DetectStatus::InProgress, None)]);
    bench.mitigation.cancel_detect_mitigation_actions_task(T, "t").expect("in progress");
    let again = bench.mitigation.cancel_detect_mitigation_actions_task(T, "t");
    assert_eq!(refused(again), Exception::InvalidRequest);
    let unknown = bench.mitigation.cancel_detect_mitigation_actions_task(T, "u");
    assert_eq!(refused(unknown), Exception::ResourceNotFound);
    let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
    mitigation.advance(T + Millis::HOUR, account, outbox, stated);
    assert_eq!(bench.detect_executions("t"), [("v1".to_owned(), DetectStatus::Successful, None)]);
    assert!(bench.account.is_thing_in_group(pump, quarantine, false), "what had begun ran on");
    assert_eq!(bench.summary("t").task_status, DetectTaskStatus::Canceled);
    let list = |more: Value| {
        let request = serde_json::from_value(more).expect("a well-formed request");
        let listed = bench.mitigation.list_detect_mitigation_actions_executions(&request);
        listed.map(|listed| listed.actions_executions.len()).map_err(|e| e.exception)
    };
    let start = T.0 / 1_000;
    assert_eq!(list(json!({"startTime": "2025-06-01T00:00:00Z", "endTime": start})), Ok(1));
    assert_eq!(list(json!({"startTime": start + 1, "endTime": start + 2})), Ok(0));
    assert_eq!(list(json!({"taskId": "t", "thingName": "lock"})), Ok(0));
    for bad in [json!({}), json!({"startTime": start}), json!({"taskId": "t", "startTime": start, "endTime": start})] {
        assert_eq!(list(bad), Err(Exception::InvalidRequest));
    }
    let tasks = ListDetectMitigationActionsTasksRequest { start_time: T, end_time: T, ..Default::default() };
    let tasks = bench.mitigation.list_detect_mitigation_actions_tasks(&tasks).expect("valid");
    assert_eq!(tasks.tasks.len(), 1);
}

#[test]
fn m40_x17_a_quarantine_without_deny_is_pointed_out() {
    let mut bench = Bench::new();
    let quarantine = bench.group("quarantine");
    let codes = |bench: &mut Bench| {
        bench.mitigation.take_warnings().into_iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    let mut bench = bench.with_actions();
    assert_eq!(codes(&mut bench), ["QUARANTINE_WITHOUT_DENY"], "no policy at all");
    let allow = bench.account.create_policy(T, "allow", BROAD).expect("new");
    bench.account.attach_policy(T, allow, PolicyTarget::ThingGroup(quarantine)).expect("room");
    bench.expiring("pump");
    bench.mitigate("t", json!({C14: ["add"]}));
    let warnings = bench.mitigation.take_warnings();
    assert_eq!(warnings.len(), 1, "allowing little restricts nothing");
    assert_eq!(warnings[0].path, "/actionParams/addThingsToThingGroupParams/thingGroupNames/0");
    assert_eq!(bench.mitigation.lint(&bench.account).len(), 1);
    let deny = bench.account.create_policy(T, "deny", DENY).expect("new");
    bench.account.attach_policy(T, deny, PolicyTarget::ThingGroup(quarantine)).expect("room");
    assert!(bench.mitigation.lint(&bench.account).is_empty());
}

#[test]
fn m40_a_deny_on_an_ancestor_counts() {
    let mut bench = Bench::new();
    let root = bench.group("isolation");
    let child = bench.account.create_thing_group(T, "quarantine", Some("isolation")).expect("new");
    assert!(!quarantine_denies(&bench.account, child));
    let deny = bench.account.create_policy(T, "deny", DENY).expect("new");
    bench.account.attach_policy(T, deny, PolicyTarget::ThingGroup(root)).expect("room");
    assert!(quarantine_denies(&bench.account, child));
}

#[test]
fn x05_short_account_ids_are_tolerated_in_lenient_mode_only() {
    let mut bench = Bench::new();
    bench.mitigation = Mitigation::new(7, Compatibility::Lenient);
    let params = json!({"publishFindingToSnsParams": {"topicArn": "arn:aws:sns:us-east-1:123456789:t"}});
    bench.action("a", params).expect("tolerated");
    let warnings = bench.mitigation.take_warnings();
    assert_eq!((warnings.len(), warnings[0].code), (1, "ACCOUNT_ID_NOT_12_DIGITS"));
    assert_eq!(warnings[0].path, "/actionParams/publishFindingToSnsParams/topicArn");
}

#[test]
fn x11_nothing_is_automatic_unless_rules_are_set() {
    let mut bench = Bench::new().with_actions();
    let (thing, certificate) = bench.expiring("pump");
    let quarantine = bench.group("quarantine");
    let violations = StatedViolations::of(&[("v1", "pump")]);
    let raised = [RaisedViolation { id: "v1", security_profile_name: "P", behavior_name: "Sent" }];
    let react = |bench: &mut Bench| {
        let Bench { account, outbox, mitigation, stated, .. } = bench;
        let audit = mitigation.audit_completed(T, account, outbox, stated, AUDIT).expect("valid");
        let detect = mitigation.violations_raised(T, account, outbox, &violations, &raised).expect("valid");
        (audit.is_some(), detect.len())
    };
    assert_eq!(react(&mut bench), (false, 0));
    let rule = |body| serde_json::from_value::<AutoMitigationRule>(body).expect("a rule");
    let rules = vec![
        rule(json!({"checkName": C14, "actions": ["device"]})),
        rule(json!({"securityProfileName": "P", "behaviorName": "Other", "actions": ["device"]})),
        rule(json!({"securityProfileName": "P", "actions": ["add"]})),
    ];
    bench.mitigation.set_auto_mitigation(rules).expect("well-formed");
    bench.mitigation.take_warnings();
    assert_eq!(react(&mut bench), (true, 1));
    assert_eq!(bench.status(certificate), CertificateStatus::Inactive);
    assert!(bench.account.is_thing_in_group(thing, quarantine, false));
    let codes: Vec<_> = bench.mitigation.take_warnings().into_iter().map(|warning| warning.code).collect();
    assert_eq!(codes.iter().filter(|code| **code == "EXTENSION_AUTO_MITIGATION").count(), 2);
    let both = rule(json!({"checkName": C14, "securityProfileName": "P", "actions": ["add"]}));
    assert!(bench.mitigation.set_auto_mitigation(vec![both]).is_err());
}

#[test]
fn j18_a_task_on_100_000_findings() {
    let mut bench = Bench::new().with_actions();
    bench.account.pause_changes(true);
    let n = 100_000u32;
    for i in 0..n {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&i.to_be_bytes());
        let facts = CertificateFacts::new(CertificateId(id), T - Millis::DAY, T + Millis::days(20));
        bench.account.register_certificate(T, facts).expect("new");
        bench.stated.add(C14, "CERTIFICATE_APPROACHING_EXPIRATION", Resource::Device(CertificateId(id)));
    }
    let task = bench.mitigate("t", json!({C14: ["device", "sns"]}));
    assert_eq!(task.task_statistics[C14], statistics(u64::from(n), 0, u64::from(n), 0, 0));
    let inactive = |bench: &Bench| {
        let rows = bench.account.certificates().filter_map(|it| bench.account.certificate(it));
        rows.filter(|row| row.status() == CertificateStatus::Inactive).count()
    };
    assert_eq!(inactive(&bench), n as usize);
    assert_eq!(bench.outbox.end(), u64::from(n));
    assert_eq!(bench.mitigation.undo(TaskRef::Audit(0)).count(), n as usize);
}

#[test]
fn j18_a_throttled_task_takes_the_time_that_its_rate_implies() {
    let mut bench = Bench::new().with_actions();
    bench.mitigation.set_pace(Pace { per_minute: Some(100), ..Pace::default() });
    for i in 0..250 {
        bench.expiring(&format!("pump-{i}"));
    }
    bench.mitigate("t", json!({C14: ["device"]}));
    let mut now = T;
    let Bench { account, outbox, mitigation, stated, .. } = &mut bench;
    let mut per_minute = [0; 3];
    while let Some(due) = mitigation.next_due() {
        now = due;
        mitigation.advance(now, account, outbox, stated);
        per_minute[((now - T).0 / 60_000) as usize] += 1;
    }
    assert_eq!(per_minute, [99, 100, 50], "the first was done at the start");
    assert_eq!(bench.describe("t").end_time, Some(now));
}

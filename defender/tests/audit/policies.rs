//! The two policy checks as audits show them (12.1, 12.2), and the evidence beside their findings.

use defender::audit::wire::AuditCheckRunStatus;
use defender::audit::{AuditCheck, DocumentRepair};
use defender::policy::Repair;
use serde_json::json;

use crate::{Bench, T};

const ARN: &str = "arn:aws:iot:us-east-1:123456789012:";

/// A document of (effect, action, resource).
fn document(statements: &[(&str, &str, &str)]) -> String {
    let statements: Vec<String> = statements
        .iter()
        .map(|(effect, action, resource)| {
            let resource = if *resource == "*" { "*".to_owned() } else { format!("{ARN}{resource}") };
            format!(r#"{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}"}}"#)
        })
        .collect();
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

const BLANK: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;
const OVERLY: AuditCheck = AuditCheck::IotPolicyOverlyPermissive;
const SUSPICIOUS: AuditCheck = AuditCheck::IotPolicyPotentialMisconfiguration;

#[test]
fn t_p22_the_finding_reads_as_published() {
    let mut bench = Bench::new();
    let policy = bench.account.create_policy(T, "P", BLANK).expect("new");
    bench.account.create_policy_version(T, policy, BLANK, false).expect("room");
    let broad = document(&[("Allow", "iot:Publish", "topic/*"), ("Allow", "iot:Subscribe", "topic/*")]);
    bench.account.create_policy_version(T, policy, &broad, true).expect("room");
    let outcome = bench.run(OVERLY);
    let finding = serde_json::to_value(&outcome.findings[0]).expect("serializable");
    for (member, expected) in [
        ("checkName", json!("IOT_POLICY_OVERLY_PERMISSIVE_CHECK")),
        ("severity", json!("CRITICAL")),
        (
            "nonCompliantResource",
            json!({"resourceType": "IOT_POLICY", "resourceIdentifier":
                {"policyVersionIdentifier": {"policyName": "P", "policyVersionId": "3"}}}),
        ),
        ("reasonForNonComplianceCode", json!("ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS")),
        ("reasonForNonCompliance", json!("Policy allows broad access to IoT data plane actions: [iot:Publish].")),
        ("isSuppressed", json!(false)),
        ("taskStartTime", json!(1_748_736_000)),
        ("taskId", json!(outcome.task_id)),
    ] {
        assert_eq!(finding[member], expected, "{member}");
    }
    assert_eq!(finding.as_object().expect("an object").len(), 10, "{finding}");
}

#[test]
fn t_p29_only_the_default_version_is_inspected() {
    let mut bench = Bench::new();
    let policy = bench.account.create_policy(T, "P", &document(&[("Allow", "iot:*", "*")])).expect("new");
    let sound = document(&[("Allow", "iot:Connect", "client/${iot:Connection.Thing.ThingName}")]);
    bench.account.create_policy_version(T, policy, &sound, true).expect("room");
    let outcome = bench.run(OVERLY);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedCompliant, 1, 0, 0));
    bench.account.set_default_policy_version(T, policy, 1).expect("stored");
    assert_eq!(bench.run(OVERLY).findings.len(), 1);
}

#[test]
fn ch23_identical_documents_are_judged_for_each_policy() {
    let mut bench = Bench::new();
    for name in ["A", "B", "C"] {
        bench.account.create_policy(T, name, &document(&[("Allow", "iot:*", "*")])).expect("new");
    }
    let outcome = bench.run(OVERLY);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedNonCompliant, 3, 3, 0));
}

#[test]
fn verdicts_are_not_carried_over_to_another_account() {
    let mut bench = Bench::new();
    let mut copy = bench.account.clone();
    bench.account.create_policy(T, "P", &document(&[("Allow", "iot:*", "*")])).expect("new");
    copy.create_policy(T, "P", BLANK).expect("new");
    assert_eq!(bench.run(OVERLY).findings.len(), 1);
    bench.account = copy;
    bench.run(OVERLY).is_compliant();
}

fn base() -> Vec<(&'static str, &'static str, &'static str)> {
    vec![("Allow", "iot:Subscribe", "topicfilter/building/*"), ("Allow", "iot:Receive", "topic/building/*")]
}

#[test]
fn t_p46_a33_ch43_both_reasons_are_two_findings_of_one_resource() {
    let mut bench = Bench::new();
    let mut statements = base();
    statements.push(("Deny", "iot:Subscribe", "topicfilter/building/#"));
    statements.push(("Deny", "iot:Subscribe", "topicfilter/building/control_room/*"));
    bench.account.create_policy(T, "P", &document(&statements)).expect("new");
    let outcome = bench.run(SUSPICIOUS);
    assert_eq!(
        outcome.reasons(),
        ["POLICY_CONTAINS_MQTT_WILDCARDS_IN_DENY_STATEMENT", "TOPIC_FILTERS_INTENDED_TO_DENY_ALLOWED_USING_WILDCARDS"]
    );
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedNonCompliant, 1, 1, 0));
    let lines: Vec<_> = outcome
        .findings
        .iter()
        .map(|finding| {
            let evidence = bench.audit.evidence(&bench.account, &finding.finding_id, &[]).expect("a policy finding");
            evidence.faults.iter().map(|fault| fault.statement.index).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(lines, [[2], [3]]);
}

#[test]
fn t_p47_the_same_document_fails_both_checks() {
    let mut bench = Bench::new();
    let statements = [
        ("Allow", "iot:Subscribe", "*"),
        ("Allow", "iot:Receive", "*"),
        ("Deny", "iot:Subscribe", "topicfilter/a/restricted/*"),
    ];
    bench.account.create_policy(T, "P", &document(&statements)).expect("new");
    assert_eq!(bench.run(SUSPICIOUS).reasons(), ["TOPIC_FILTERS_INTENDED_TO_DENY_ALLOWED_USING_WILDCARDS"]);
    let outcome = bench.run(OVERLY);
    assert!(outcome.findings[0].reason_for_non_compliance.ends_with("[iot:Subscribe]."));
}

#[test]
fn a_policy_finding_carries_statement_witness_and_a_proposal_that_the_check_accepts() {
    let mut bench = Bench::new();
    let statements =
        [("Allow", "iot:Connect", "client/${iot:Connection.Thing.ThingName}"), ("Allow", "iot:Publish", "topic/*")];
    let policy = bench.account.create_policy(T, "P", &document(&statements)).expect("new");
    let outcome = bench.run(OVERLY);
    let id = &outcome.findings[0].finding_id;
    let evidence = bench.audit.evidence(&bench.account, id, &[]).expect("a policy finding");
    assert_eq!(evidence.faults.len(), 1);
    let fault = &evidence.faults[0];
    assert_eq!((fault.document.as_str(), fault.action.as_str(), fault.statement.index), ("P", "iot:Publish", 1));
    assert!(fault.witness.is_some());
    assert!(matches!(&evidence.repairs[..], [DocumentRepair { repair: Repair::Proposed(_), .. }]));
    let proposed = evidence.proposals().next().expect("just seen").document.text().to_owned();
    bench.account.create_policy_version(T, policy, &proposed, true).expect("well-formed");
    bench.run(OVERLY).is_compliant();
    let later = bench.audit.evidence(&bench.account, id, &[]).expect("still retained");
    assert_eq!(later.faults, evidence.faults, "the policy as it was judged");
}

#[test]
fn x07_any_wildcard_is_a_lint_of_lenient_mode() {
    for (mut bench, expected) in [(Bench::new(), 0), (Bench::lenient(), 1)] {
        bench.account.create_policy(T, "P", &document(&[("Allow", "iot:Publish", "topic/fleet/*")])).expect("new");
        let outcome = bench.run(OVERLY);
        outcome.is_compliant();
        let lints = bench.audit.check_diagnostics(&outcome.task_id, OVERLY);
        assert_eq!(lints.iter().filter(|lint| lint.code == "ANY_WILDCARD").count(), expected);
    }
}

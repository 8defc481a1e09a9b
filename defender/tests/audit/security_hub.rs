//! What Security Hub is sent (A-55).

use defender::audit::wire::AuditTaskId;
use defender::audit::{AuditCheck, RecordState, SecurityHubFinding};
use defender::error::Exception;
use defender::time::{Millis, Timestamp};

use super::{Bench, T, refused};

const OVERLY: AuditCheck = AuditCheck::IotPolicyOverlyPermissive;
const LOGGING: AuditCheck = AuditCheck::LoggingDisabled;
const BROAD: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iot:Connect","Resource":"*"}}"#;

fn exported(bench: &mut Bench, now: Timestamp) -> Vec<SecurityHubFinding> {
    let task = bench.start(now, &[OVERLY, LOGGING]);
    assert_eq!(bench.audit.security_hub_findings(&bench.account, &task).expect("known"), []);
    bench.advance(now);
    bench.audit.security_hub_findings(&bench.account, &task).expect("known")
}

fn lines(findings: &[SecurityHubFinding]) -> Vec<(&str, u8, RecordState)> {
    findings.iter().map(|finding| (&*finding.id, finding.severity.normalized, finding.record_state)).collect()
}

#[test]
fn a55_findings_and_summaries_are_exported_and_archived_once_compliant() {
    use RecordState::{Active, Archived};
    let mut bench = Bench::new();
    let policy = bench.account.create_policy(T, "P", BROAD).expect("new");
    let found = exported(&mut bench, T);
    let finding =
        "123456789012/IOT_POLICY/P:1/IOT_POLICY_OVERLY_PERMISSIVE_CHECK/ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS";
    let logging = "123456789012/ACCOUNT_SETTINGS/123456789012/LOGGING_DISABLED_CHECK/LOGGING_DISABLED";
    let summary = |check| format!("123456789012/ON_DEMAND_AUDIT_TASK/OnDemand/{check}");
    let [overly_summary, logging_summary] = [summary(OVERLY.name()), summary(LOGGING.name())];
    assert_eq!(
        lines(&found),
        [(finding, 90, Active), (logging, 1, Active), (&*overly_summary, 90, Active), (&*logging_summary, 1, Active)]
    );
    assert_eq!(found[0].types, ["Software and Configuration Checks/Vulnerabilities"]);
    assert_eq!(found[0].product_arn, "arn:aws:securityhub:us-east-1::product/aws/iot-device-defender-audit");
    assert_eq!(
        found[2].description.split(" in audit").next(),
        Some("1 of 1 resources (100.0 %) are non-compliant for IOT_POLICY_OVERLY_PERMISSIVE_CHECK")
    );

    bench.account.create_policy_version(T, policy, r#"{"Version":"2012-10-17","Statement":[]}"#, true).expect("room");
    let later = exported(&mut bench, T + Millis::HOUR);
    assert_eq!(
        lines(&later),
        [
            (finding, 90, Archived),
            (logging, 1, Active),
            (&*overly_summary, 0, Archived),
            (&*logging_summary, 1, Active)
        ]
    );
    assert_eq!((&*later[0].created_at, &*later[0].updated_at), ("2025-06-01T00:00:00Z", "2025-06-01T01:00:00Z"));
}

#[test]
fn a55_connections_are_unusual_behaviors_and_unknown_audits_are_refused() {
    let mut bench = Bench::new();
    let outcome = bench.run(AuditCheck::ConflictingClientIds);
    let found = bench.audit.security_hub_findings(&bench.account, &outcome.task_id).expect("known");
    assert_eq!((found.len(), &*found[0].types[0]), (1, "Unusual Behaviors"));
    refused(bench.audit.security_hub_findings(&bench.account, "unknown"), Exception::ResourceNotFound);
    assert!(bench.audit.describe_audit_task(&AuditTaskId { task_id: outcome.task_id }).is_ok());
}

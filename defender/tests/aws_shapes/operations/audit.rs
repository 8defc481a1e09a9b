//! Audit.

use defender::audit::{Audit, AuditSettings};
use defender::time::{Millis, Timestamp};
use serde_json::{Value, json};

use super::{Answer, NOW, account, read, with};

/// Stands in requests for the id of an audit, or of a finding, that exists.
const SOME_ID: &str = "0123456789abcdef0123456789abcdef";
const BEFORE: Timestamp = Timestamp::from_seconds(1_748_736_000);

pub fn call(operation: &str, document: &Value) -> Option<Answer> {
    let account = account();
    let mut audit = Audit::new(AuditSettings { seed: 1, ..AuditSettings::default() });
    let request = json!({"roleArn": "arn:aws:iam::123456789012:role/audit", "auditCheckConfigurations": {
        "LOGGING_DISABLED_CHECK": {"enabled": true}}});
    let request = read(&request).expect("a request");
    audit.update_account_audit_configuration(BEFORE, &account, &request).expect("a right request");
    let request = json!({"scheduledAuditName": "daily", "frequency": "DAILY",
        "targetCheckNames": ["LOGGING_DISABLED_CHECK"]});
    audit.create_scheduled_audit(BEFORE, &account, &read(&request).expect("a request")).expect("a right request");
    let request = json!({"checkName": "LOGGING_DISABLED_CHECK", "resourceIdentifier": {"account": "123456789012"},
        "suppressIndefinitely": true, "clientRequestToken": "t"});
    audit.create_audit_suppression(BEFORE, &read(&request).expect("a request")).expect("a right request");
    let request = read(&json!({"targetCheckNames": ["LOGGING_DISABLED_CHECK"]})).expect("a request");
    let task = audit.start_on_demand_audit_task(BEFORE, &request).expect("a right request").response.task_id;
    if operation != "CancelAuditTask" {
        audit.advance(BEFORE + Millis::MINUTE, &account);
    }
    let listed = read(&json!({"taskId": task})).and_then(|request| audit.list_audit_findings(NOW, &request));
    let finding = listed.expect("a right request").response.findings.first().map(|finding| finding.finding_id.clone());

    let mut document = document.clone();
    for (member, id) in [("taskId", Some(task)), ("findingId", finding)] {
        if let Some(id) = id.filter(|_| document.get(member).is_some_and(|id| id == SOME_ID)) {
            document[member] = id.into();
        }
    }
    let document = &document;
    Some(match operation {
        "UpdateAccountAuditConfiguration" => with!(document, |request| {
            audit.update_account_audit_configuration(NOW, &account, &request).map(|answer| answer.response)
        }),
        "DescribeAccountAuditConfiguration" => Ok(json!(audit.describe_account_audit_configuration())),
        "DeleteAccountAuditConfiguration" => {
            with!(document, |request| audit.delete_account_audit_configuration(NOW, &request))
        }
        "StartOnDemandAuditTask" => {
            with!(document, |request| audit.start_on_demand_audit_task(NOW, &request).map(|answer| answer.response))
        }
        "CancelAuditTask" => {
            with!(document, |request| audit.cancel_audit_task(BEFORE, &account, &request).map(drop))
        }
        "DescribeAuditTask" => with!(document, |request| audit.describe_audit_task(&request)),
        "ListAuditTasks" => with!(document, |request| audit.list_audit_tasks(NOW, &request)),
        "CreateScheduledAudit" => with!(document, |request| {
            audit.create_scheduled_audit(NOW, &account, &request).map(|answer| answer.response)
        }),
        "UpdateScheduledAudit" => with!(document, |request| {
            audit.update_scheduled_audit(NOW, &account, &request).map(|answer| answer.response)
        }),
        "DescribeScheduledAudit" => with!(document, |request| audit.describe_scheduled_audit(&account, &request)),
        "DeleteScheduledAudit" => with!(document, |request| audit.delete_scheduled_audit(NOW, &request)),
        "ListScheduledAudits" => with!(document, |request| audit.list_scheduled_audits(&account, &request)),
        "DescribeAuditFinding" => {
            with!(document, |request| audit.describe_audit_finding(&request).map(|answer| answer.response))
        }
        "ListAuditFindings" => {
            with!(document, |request| audit.list_audit_findings(NOW, &request).map(|answer| answer.response))
        }
        "ListRelatedResourcesForAuditFinding" => {
            with!(document, |request| audit.list_related_resources_for_audit_finding(&request))
        }
        "CreateAuditSuppression" => {
            with!(document, |request| audit.create_audit_suppression(NOW, &request).map(|answer| answer.response))
        }
        "DescribeAuditSuppression" => {
            with!(document, |request| audit.describe_audit_suppression(&request).map(|answer| answer.response))
        }
        "UpdateAuditSuppression" => {
            with!(document, |request| audit.update_audit_suppression(NOW, &request).map(|answer| answer.response))
        }
        "DeleteAuditSuppression" => {
            with!(document, |request| audit.delete_audit_suppression(NOW, &request).map(|answer| answer.response))
        }
        "ListAuditSuppressions" => {
            with!(document, |request| audit.list_audit_suppressions(&request).map(|answer| answer.response))
        }
        _ => return None,
    })
}

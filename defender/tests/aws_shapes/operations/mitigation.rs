//! Mitigation.

use defender::error::Compatibility;
use defender::mitigation::wire::{MitigationActionName, MitigationTaskId};
use defender::mitigation::{
    FindingKey, FindingView, Findings, Mitigation, NonCompliant, Pace, ViolationQuery, ViolationView, Violations,
};
use defender::notification::Outbox;
use defender::time::{Millis, Timestamp};
use serde_json::{Value, json};

use super::{Answer, NOW, account, read, with};

/// The id of the one audit, of its one finding, and of the one violation.
const ID: &str = "0123456789abcdef0123456789abcdef";
const BEFORE: Timestamp = Timestamp::from_seconds(1_748_736_000);

/// An audit that found logging disabled.
struct OneFinding;

impl Findings for OneFinding {
    fn audit_is_over(&self, audit_task_id: &str) -> Option<bool> {
        (audit_task_id == ID).then_some(true)
    }
    fn newest_audit_of(&self, _check: &str) -> Option<&str> {
        Some(ID)
    }
    fn findings_of(&self, _audit_task_id: &str) -> Vec<FindingKey> {
        vec![FindingKey(0)]
    }
    fn key_of(&self, finding_id: &str) -> Option<FindingKey> {
        (finding_id == ID).then_some(FindingKey(0))
    }
    fn finding(&self, _key: FindingKey) -> Option<FindingView<'_>> {
        Some(FindingView {
            id: ID,
            audit_task_id: ID,
            check: "LOGGING_DISABLED_CHECK",
            time: BEFORE,
            reason_code: "LOGGING_DISABLED",
            is_suppressed: false,
            resource: NonCompliant::Account,
        })
    }
    fn published(&self, _key: FindingKey) -> Option<String> {
        Some("{}".to_owned())
    }
}

/// A meter that sent too much.
struct OneViolation;

impl Violations for OneViolation {
    fn violation(&self, id: &str) -> Option<ViolationView<'_>> {
        (id == ID).then_some(ViolationView { id: ID.to_owned(), thing_name: "meter-1", start: BEFORE })
    }
    fn select(&self, _query: &ViolationQuery<'_>) -> Vec<ViolationView<'_>> {
        self.violation(ID).into_iter().collect()
    }
}

pub fn call(operation: &str, document: &Value) -> Option<Answer> {
    let (mut account, mut outbox) = (account(), Outbox::default());
    let mut mitigation = Mitigation::new(1, Compatibility::Strict);
    // Slow enough that a task can be canceled.
    mitigation.set_pace(Pace { delay: Millis::HOUR, ..Pace::default() });
    let logging = json!({"roleArnForLogging": "arn:aws:iam::123456789012:role/logging", "logLevel": "INFO"});
    for (name, params) in [
        ("log", json!({"enableIoTLoggingParams": logging})),
        ("publish", json!({"publishFindingToSnsParams": {"topicArn": "arn:aws:sns:us-east-1:123456789012:findings"}})),
        ("quarantine", json!({"addThingsToThingGroupParams": {"thingGroupNames": ["quarantine"]}})),
    ] {
        let role = "arn:aws:iam::123456789012:role/mitigate";
        let request = json!({"actionName": name, "roleArn": role, "actionParams": params});
        let request = read(&request).expect("a request");
        mitigation.create_mitigation_action(BEFORE, &account, request).expect("a right request");
    }
    let request = json!({"taskId": "mitigate-0", "target": {"auditTaskId": ID},
        "auditCheckToActionsMapping": {"LOGGING_DISABLED_CHECK": ["log"]}, "clientRequestToken": "t"});
    let request = read(&request).expect("a request");
    mitigation
        .start_audit_mitigation_actions_task(BEFORE, &mut account, &mut outbox, &OneFinding, request)
        .expect("a right request");
    let request = json!({"taskId": "quarantine-0", "target": {"violationIds": [ID]}, "actions": ["quarantine"],
        "clientRequestToken": "t"});
    let request = read(&request).expect("a request");
    mitigation
        .start_detect_mitigation_actions_task(BEFORE, &mut account, &mut outbox, &OneViolation, request)
        .expect("a right request");

    Some(match operation {
        "CreateMitigationAction" => {
            with!(document, |request| mitigation.create_mitigation_action(NOW, &account, request))
        }
        "UpdateMitigationAction" => {
            with!(document, |request| mitigation.update_mitigation_action(NOW, &account, request))
        }
        "DescribeMitigationAction" => {
            with!(document, |path: MitigationActionName| mitigation
                .describe_mitigation_action(&account, &path.action_name))
        }
        "DeleteMitigationAction" => {
            with!(document, |path: MitigationActionName| mitigation.delete_mitigation_action(&path.action_name))
        }
        "ListMitigationActions" => with!(document, |request| mitigation.list_mitigation_actions(&account, &request)),
        "StartAuditMitigationActionsTask" => with!(document, |request| {
            mitigation.start_audit_mitigation_actions_task(NOW, &mut account, &mut outbox, &OneFinding, request)
        }),
        "CancelAuditMitigationActionsTask" => {
            with!(document, |path: MitigationTaskId| mitigation
                .cancel_audit_mitigation_actions_task(NOW, &path.task_id))
        }
        "DescribeAuditMitigationActionsTask" => {
            with!(document, |path: MitigationTaskId| mitigation.describe_audit_mitigation_actions_task(&path.task_id))
        }
        "ListAuditMitigationActionsTasks" => {
            with!(document, |request| mitigation.list_audit_mitigation_actions_tasks(NOW, &OneFinding, &request))
        }
        "ListAuditMitigationActionsExecutions" => {
            with!(document, |request| mitigation.list_audit_mitigation_actions_executions(&OneFinding, &request))
        }
        "StartDetectMitigationActionsTask" => with!(document, |request| {
            mitigation.start_detect_mitigation_actions_task(NOW, &mut account, &mut outbox, &OneViolation, request)
        }),
        "CancelDetectMitigationActionsTask" => {
            with!(document, |path: MitigationTaskId| mitigation
                .cancel_detect_mitigation_actions_task(NOW, &path.task_id))
        }
        "DescribeDetectMitigationActionsTask" => {
            with!(document, |path: MitigationTaskId| mitigation.describe_detect_mitigation_actions_task(&path.task_id))
        }
        "ListDetectMitigationActionsTasks" => {
            with!(document, |request| mitigation.list_detect_mitigation_actions_tasks(&request))
        }
        "ListDetectMitigationActionsExecutions" => {
            with!(document, |request| mitigation.list_detect_mitigation_actions_executions(&request))
        }
        _ => return None,
    })
}

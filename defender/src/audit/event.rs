//! What an audit tells whoever drives the engine.

use crate::notification::{AuditNotification, Outbox};
use crate::time::Timestamp;

/// Something that [`super::Audit::advance`] did.
#[derive(Clone, Debug, PartialEq)]
pub enum AuditEvent {
    /// A schedule was due and its audit began.
    TaskStarted {
        /// The audit.
        task_id: String,
        /// The schedule.
        scheduled_audit_name: String,
    },
    /// An audit is over: completed, failed or canceled.
    TaskEnded(Box<TaskEnd>),
}

/// The end of an audit, with what is to be sent and counted.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskEnd {
    /// The payload of the notification.
    pub notification: AuditNotification,
    /// Where it goes, if a target is configured and enabled.
    pub topic_arn: Option<String>,
}

impl AuditEvent {
    /// Sends the notification and counts for CloudWatch what the checks found. Answers with the message's
    /// sequence number, if one was sent.
    pub fn deliver(&self, now: Timestamp, outbox: &mut Outbox) -> Option<u64> {
        let AuditEvent::TaskEnded(end) = self else { return None };
        let notification = &end.notification;
        for check in &notification.audit_details {
            if let (Some(total), Some(found)) = (check.total_resources_count, check.non_compliant_resources_count) {
                let schedule = notification.scheduled_audit_name.as_deref();
                outbox.count_check(now, schedule, &check.check_name, total, found);
            }
        }
        end.topic_arn.as_ref().map(|topic_arn| outbox.audit_result(now, topic_arn, notification))
    }
}

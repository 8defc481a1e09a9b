//! The notification of an audit's end.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The payload of the message that an audit sends when it ends (CH-51). Times are integer milliseconds (G-02).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the payload")]
pub struct AuditNotification {
    pub account_id: String,
    pub task_id: String,
    pub task_status: String,
    pub task_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_audit_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_audit_arn: Option<String>,
    pub task_start_time: Timestamp,
    pub task_end_time: Timestamp,
    pub failed_checks_count: u64,
    pub canceled_checks_count: u64,
    pub non_compliant_checks_count: u64,
    pub compliant_checks_count: u64,
    pub total_checks_count: u64,
    /// One per check, sorted by its name: a list here, where `DescribeAuditTask` has a map.
    pub audit_details: Vec<AuditCheckResult>,
}

/// One check of an audit notification.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "members are named as in the payload")]
pub struct AuditCheckResult {
    pub check_name: String,
    pub check_run_status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_compliant: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_resources_count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_compliant_resources_count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed_non_compliant_resources_count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

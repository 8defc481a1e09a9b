//! Findings as mitigation sees them.

use crate::account::SerialNumber;
use crate::mitigation::{FindingKey, FindingView, Findings, NonCompliant};

use super::inspection::Related;
use super::wire::AuditTaskStatus;
use super::{Audit, Resource};

impl Findings for Audit {
    fn audit_is_over(&self, audit_task_id: &str) -> Option<bool> {
        let task = self.tasks.get(self.tasks.number_of(audit_task_id)?)?;
        Some(task.status() != AuditTaskStatus::InProgress)
    }

    fn newest_audit_of(&self, check: &str) -> Option<&str> {
        let completed = self.tasks.iter().filter(|(_, task)| task.status() == AuditTaskStatus::Completed);
        let ran = completed.filter(|(_, task)| task.ran(check));
        ran.max_by_key(|(number, task)| (task.start(), *number)).map(|(_, task)| task.id())
    }

    fn findings_of(&self, audit_task_id: &str) -> Vec<FindingKey> {
        let Some(number) = self.tasks.number_of(audit_task_id) else { return Vec::new() };
        self.findings.of_task(number).map(FindingKey).collect()
    }

    fn key_of(&self, finding_id: &str) -> Option<FindingKey> {
        self.findings.key_of(finding_id).map(FindingKey)
    }

    fn finding(&self, key: FindingKey) -> Option<FindingView<'_>> {
        let (finding, batch) = self.findings.get(key.0)?;
        let resource = match &finding.resource {
            Resource::DeviceCertificate(id) => NonCompliant::DeviceCertificate(*id),
            Resource::CaCertificate(id) => NonCompliant::CaCertificate(*id),
            Resource::PolicyVersion { policy, version } => NonCompliant::PolicyVersion { policy, version: *version },
            Resource::Account(_) => NonCompliant::Account,
            Resource::Issuer(name) => NonCompliant::Issuer {
                subject: &name.subject,
                id: &name.id,
                serial: name.serial.parse().unwrap_or(SerialNumber::ZERO),
                related: match self.findings.related(key.0) {
                    Related::Certificates(ids) => ids,
                    _ => &[],
                },
            },
            Resource::RoleAlias(arn) => NonCompliant::RoleAlias(arn),
            Resource::CognitoIdentityPool(id) => NonCompliant::CognitoIdentityPool(id),
            Resource::ClientId(client) => NonCompliant::ClientId(client),
        };
        Some(FindingView {
            id: finding.id(),
            audit_task_id: self.tasks.get(batch.task)?.id(),
            check: batch.check.name(),
            time: batch.time,
            reason_code: finding.reason.code(),
            is_suppressed: finding.suppressed,
            resource,
        })
    }

    fn published(&self, key: FindingKey) -> Option<String> {
        let finding = self.published_finding(key)?;
        Some(serde_json::to_string(&finding).expect("texts and numbers have a JSON form"))
    }
}

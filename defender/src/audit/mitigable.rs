//! Findings as mitigation sees them (7.5).

use crate::account::SerialNumber;
use crate::ids::CertificateId;
use crate::mitigation::{FindingView, Findings, NonCompliant};

use super::Audit;
use super::catalog::AuditCheck;
use super::finding::FindingKey;
use super::inspection::Related;
use super::resource::Resource;
use super::wire::AuditTaskStatus;

impl Findings for Audit {
    fn audit_is_over(&self, audit_task_id: &str) -> Option<bool> {
        let number = self.tasks.number_of(audit_task_id)?;
        self.tasks.get(number).map(|task| task.status() != AuditTaskStatus::InProgress)
    }

    fn newest_audit_of(&self, check: &str) -> Option<&str> {
        let ran = |check: &AuditCheck| check.name();
        let newest = self.tasks.iter().rev().find(|(_, task)| {
            task.status() == AuditTaskStatus::Completed
                && AuditCheck::known(self.settings.compatibility).any(|known| ran(&known) == check && task.ran(known))
        });
        newest.map(|(_, task)| task.id())
    }

    fn findings_of(&self, audit_task_id: &str) -> Vec<FindingKey> {
        self.tasks.number_of(audit_task_id).map_or_else(Vec::new, |task| self.findings.keys_of(task))
    }

    fn key_of(&self, finding_id: &str) -> Option<FindingKey> {
        self.findings.key_of(finding_id).map(FindingKey)
    }

    fn finding(&self, key: FindingKey) -> Option<FindingView<'_>> {
        let (finding, batch) = self.findings.get(key.0)?;
        let audit_task_id = self.tasks.get(batch.task).map_or("", |task| task.id());
        let resource = match &finding.resource {
            Resource::DeviceCertificate(id) => NonCompliant::DeviceCertificate(*id),
            Resource::CaCertificate(id) => NonCompliant::CaCertificate(*id),
            Resource::PolicyVersion { policy, version } => NonCompliant::PolicyVersion { policy, version: *version },
            Resource::Account(_) => NonCompliant::Account,
            Resource::Issuer(name) => {
                let related: &[CertificateId] = match self.findings.related(key.0) {
                    Related::Certificates(ids) => ids,
                    _ => &[],
                };
                let serial = name.serial.parse().unwrap_or(SerialNumber::ZERO);
                NonCompliant::Issuer { subject: &name.subject, id: &name.id, serial, related }
            }
            Resource::CognitoIdentityPool(_) | Resource::ClientId(_) | Resource::RoleAlias(_) => NonCompliant::Other,
        };
        Some(FindingView {
            id: finding.id(),
            audit_task_id,
            check: batch.check.name(),
            time: batch.time,
            reason_code: finding.reason.code(),
            is_suppressed: finding.suppressed,
            resource,
        })
    }

    fn published(&self, key: FindingKey) -> Option<String> {
        self.published_finding(key).and_then(|finding| serde_json::to_string(&finding).ok())
    }
}

//! What Security Hub would be sent, in its finding format: one finding per audit finding, one summary per check,
//! and one per violation. Ids repeat from audit to audit, so that a later export updates an earlier one; what has
//! become compliant is archived.
//!
//! The published examples show the severities 90 (CRITICAL) and 40 (MEDIUM); 70 and 1 are the format's own for HIGH
//! and LOW. That suppressed findings are archived, that violations are MEDIUM, and all sentences, are choices of this
//! engine.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Audit;
use super::catalog::AuditCheck;
use super::wire::{
    AuditCheckDetails, AuditFinding, AuditFindingSeverity, AuditTaskId, AuditTaskStatus, DescribeAuditTaskResponse,
    ResourceIdentifier,
};
use crate::account::Account;
use crate::detect::wire::ActiveViolation;
use crate::error::{Compatibility, ServiceError};
use crate::time::Timestamp;

const UNUSUAL_BEHAVIOR: &str = "Unusual Behaviors";
const VULNERABILITY: &str = "Software and Configuration Checks/Vulnerabilities";

/// Whether a finding still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordState {
    /// It does.
    Active,
    /// The resource is compliant now, the finding suppressed, or the alarm over.
    Archived,
}

/// How urgent a finding is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Severity {
    /// `CRITICAL`, `HIGH`, `MEDIUM`, `LOW` or, of a check without findings, `INFORMATIONAL`.
    pub label: String,
    /// The same from 0 to 100.
    pub normalized: u8,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AffectedResource {
    /// The kind, for example `IOT_POLICY`.
    pub r#type: String,
    /// Its name among its kind.
    pub id: String,
    /// `aws`.
    pub partition: String,
    /// The account's region.
    pub region: String,
}

/// A finding in Security Hub's format, version 2018-10-08.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members are named as in the format")]
pub struct SecurityHubFinding {
    pub schema_version: String,
    pub id: String,
    pub product_arn: String,
    pub generator_id: String,
    pub aws_account_id: String,
    pub types: Vec<String>,
    pub created_at: String,
    pub updated_at: String,
    pub severity: Severity,
    pub title: String,
    pub description: String,
    pub product_fields: BTreeMap<String, String>,
    pub resources: Vec<AffectedResource>,
    pub record_state: RecordState,
}

impl Severity {
    fn new(severity: AuditFindingSeverity) -> Severity {
        let normalized = match severity {
            AuditFindingSeverity::Critical => 90,
            AuditFindingSeverity::High => 70,
            AuditFindingSeverity::Medium => 40,
            AuditFindingSeverity::Low => 1,
        };
        Severity { label: severity.name().to_owned(), normalized }
    }

    fn informational() -> Severity {
        Severity { label: "INFORMATIONAL".to_owned(), normalized: 0 }
    }
}

/// What a finding does not share with others.
struct Content<'a> {
    product: &'a str,
    id: String,
    generator_id: &'a str,
    kind: &'a str,
    at: Timestamp,
    severity: Severity,
    title: String,
    description: String,
    fields: Vec<(&'a str, &'a str)>,
    resource: (&'a str, String),
    state: RecordState,
}

impl Content<'_> {
    fn of(self, account: &Account) -> SecurityHubFinding {
        let region = account.region();
        SecurityHubFinding {
            schema_version: "2018-10-08".to_owned(),
            id: format!("{}/{}", account.id(), self.id),
            product_arn: format!("arn:aws:securityhub:{region}::product/aws/iot-device-defender-{}", self.product),
            generator_id: self.generator_id.to_owned(),
            aws_account_id: account.id().to_owned(),
            types: vec![self.kind.to_owned()],
            created_at: self.at.to_string(),
            updated_at: self.at.to_string(),
            severity: self.severity,
            title: self.title,
            description: self.description,
            product_fields: self.fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            resources: vec![AffectedResource {
                r#type: self.resource.0.to_owned(),
                id: self.resource.1,
                partition: "aws".to_owned(),
                region: region.to_owned(),
            }],
            record_state: self.state,
        }
    }
}

/// The type of a check's findings.
fn kind(check: &str) -> &'static str {
    let of_connections = [AuditCheck::DeviceCertificateShared, AuditCheck::ConflictingClientIds];
    match of_connections.iter().any(|shared| shared.name() == check) {
        true => UNUSUAL_BEHAVIOR,
        false => VULNERABILITY,
    }
}

/// A resource's name among its kind.
fn resource_id(identifier: &ResourceIdentifier) -> String {
    if let Some(policy) = &identifier.policy_version_identifier {
        let version = policy.policy_version_id.as_deref().unwrap_or_default();
        return format!("{}:{version}", policy.policy_name.as_deref().unwrap_or_default());
    }
    if let Some(issuer) = &identifier.issuer_certificate_identifier {
        let (subject, serial) = (&issuer.issuer_certificate_subject, &issuer.issuer_certificate_serial_number);
        return format!("{}:{}", subject.as_deref().unwrap_or_default(), serial.as_deref().unwrap_or_default());
    }
    let members = [
        &identifier.device_certificate_id,
        &identifier.ca_certificate_id,
        &identifier.cognito_identity_pool_id,
        &identifier.client_id,
        &identifier.account,
        &identifier.role_alias_arn,
        &identifier.iam_role_arn,
    ];
    members.into_iter().flatten().next().cloned().unwrap_or_default()
}

fn of_finding(account: &Account, finding: &AuditFinding, at: Timestamp, state: RecordState) -> SecurityHubFinding {
    let AuditFinding { check_name: check, reason_for_non_compliance_code: code, .. } = finding;
    let kind_of_resource = finding.non_compliant_resource.resource_type.name();
    let resource = resource_id(&finding.non_compliant_resource.resource_identifier);
    let mut exported = Content {
        product: "audit",
        id: format!("{kind_of_resource}/{resource}/{check}/{code}"),
        generator_id: check,
        kind: kind(check),
        at: finding.finding_time,
        severity: Severity::new(finding.severity),
        title: format!("{check}: {code}"),
        description: format!(
            "{kind_of_resource} {resource} is non-compliant for {check}: {}",
            finding.reason_for_non_compliance
        ),
        fields: vec![
            ("CheckName", check),
            ("FindingId", &finding.finding_id),
            ("TaskId", &finding.task_id),
            ("ReasonForNonComplianceCode", code),
        ],
        resource: (kind_of_resource, resource),
        state,
    }
    .of(account);
    exported.updated_at = at.to_string();
    exported
}

/// How many per cent, to a tenth: 2 of 1000 are 0.2.
fn percent(part: u64, whole: u64) -> String {
    let tenths = (part * 1_000 + whole / 2).checked_div(whole).unwrap_or(0);
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn summary(
    account: &Account,
    task: (&str, &DescribeAuditTaskResponse),
    check: &str,
    details: &AuditCheckDetails,
    at: Timestamp,
) -> Option<SecurityHubFinding> {
    let (total, found) = (details.total_resources_count?, details.non_compliant_resources_count?);
    let (task_id, task) = task;
    let series = task.scheduled_audit_name.as_deref().unwrap_or("OnDemand");
    let severity = AuditCheck::known(Compatibility::Lenient).find(|known| known.name() == check)?.severity();
    let content = Content {
        product: "audit",
        id: format!("{}/{series}/{check}", task.task_type),
        generator_id: check,
        kind: kind(check),
        at,
        severity: if found > 0 { Severity::new(severity) } else { Severity::informational() },
        title: format!("{check} summary: {found} non-compliant resources"),
        description: format!(
            "{found} of {total} resources ({} %) are non-compliant for {check} in audit {task_id}",
            percent(found, total)
        ),
        fields: vec![("CheckName", check), ("TaskId", task_id)],
        resource: ("ACCOUNT_SETTINGS", account.id().to_owned()),
        state: if found > 0 { RecordState::Active } else { RecordState::Archived },
    };
    Some(content.of(account))
}

impl SecurityHubFinding {
    /// What is sent of a violation; `is_over` once its alarm has cleared or was invalidated.
    pub fn of_violation(account: &Account, violation: &ActiveViolation, is_over: bool) -> SecurityHubFinding {
        let (profile, behavior) = (&violation.security_profile_name, &violation.behavior.name);
        let thing = &violation.thing_name;
        let mut exported = Content {
            product: "detect",
            id: format!("{profile}/{behavior}/{thing}/{}", violation.violation_id),
            generator_id: profile,
            kind: UNUSUAL_BEHAVIOR,
            at: violation.violation_start_time,
            severity: Severity::new(AuditFindingSeverity::Medium),
            title: format!("Violation of {behavior}"),
            description: format!("device {thing} violates behavior {behavior} of security profile {profile}"),
            fields: vec![
                ("SecurityProfileName", profile),
                ("BehaviorName", behavior),
                ("ViolationId", &violation.violation_id),
            ],
            resource: ("AwsIotThing", thing.clone()),
            state: if is_over { RecordState::Archived } else { RecordState::Active },
        }
        .of(account);
        exported.updated_at = violation.last_violation_time.to_string();
        exported
    }
}

impl Audit {
    /// What Security Hub is sent when an audit is over: its findings, those of the audit before it that are gone
    /// (archived), then a summary per check that completed. Empty while the audit is in progress.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a malformed id.
    pub fn security_hub_findings(
        &self,
        account: &Account,
        task_id: &str,
    ) -> Result<Vec<SecurityHubFinding>, ServiceError> {
        let task = self.describe_audit_task(&AuditTaskId { task_id: task_id.to_owned() })?;
        let number = self.tasks.number_of(task_id).filter(|_| task.task_status != AuditTaskStatus::InProgress);
        let Some(number) = number else { return Ok(Vec::new()) };
        let end = self.tasks.get(number).and_then(super::task::Task::end).unwrap_or(task.task_start_time);
        let mut exported = Vec::new();
        for (check, _) in task.audit_details.iter().filter(|(_, details)| details.total_resources_count.is_some()) {
            let of = |number: u64| {
                let keys = self.findings.of_task(number).map(|key| self.shown(key));
                keys.filter(|finding| finding.check_name == *check)
            };
            let state = |finding: &AuditFinding| match finding.is_suppressed {
                true => RecordState::Archived,
                false => RecordState::Active,
            };
            let now: Vec<_> = of(number).map(|finding| of_finding(account, &finding, end, state(&finding))).collect();
            let still: BTreeSet<String> = now.iter().map(|finding| finding.id.clone()).collect();
            exported.extend(now);
            let before = self.tasks.iter().rev().find(|(other, task)| *other < number && task.ran(check));
            let gone = before.into_iter().flat_map(|(before, _)| of(before));
            let gone = gone.map(|finding| of_finding(account, &finding, end, RecordState::Archived));
            exported.extend(gone.filter(|finding| !still.contains(&finding.id)));
        }
        let summaries = task.audit_details.iter();
        exported
            .extend(summaries.filter_map(|(check, details)| summary(account, (task_id, &task), check, details, end)));
        Ok(exported)
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a19_percentages_have_a_tenth() {
        assert_eq!([percent(2, 1_000), percent(1, 3), percent(3, 3), percent(0, 0)], ["0.2", "33.3", "100.0", "0.0"]);
    }
}

//! An extension of this engine: rules that start ordinary tasks by themselves. Off unless set.
//!
//! The service starts nothing (M-06). Whoever wants to study what an automatic answer would do sets rules here, and
//! every task that they start is accompanied by a warning, `EXTENSION_AUTO_MITIGATION`. Applicability holds as ever.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Mitigation;
use super::findings::{Findings, Violations};
use super::wire::*;
use crate::account::Account;
use crate::error::{ServiceError, Warning};
use crate::notification::Outbox;
use crate::time::Timestamp;

/// One rule: findings of a check, or violations of a profile or of one of its behaviors, and what to do about them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoMitigationRule {
    /// Findings of this check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_name: Option<String>,
    /// Violations of this profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_profile_name: Option<String>,
    /// Only of this behavior; goes with the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behavior_name: Option<String>,
    /// Names of mitigation actions, in order.
    pub actions: Vec<String>,
}

/// A violation that has just been raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaisedViolation<'a> {
    /// `violationId`.
    pub id: &'a str,
    /// Of which profile.
    pub security_profile_name: &'a str,
    /// Of which behavior.
    pub behavior_name: &'a str,
}

impl AutoMitigationRule {
    fn is_well_formed(&self) -> bool {
        let about_check = self.check_name.is_some();
        let about_profile = self.security_profile_name.is_some();
        about_check != about_profile && (about_profile || self.behavior_name.is_none())
    }

    fn is_about(&self, violation: &RaisedViolation<'_>) -> bool {
        self.security_profile_name.as_deref() == Some(violation.security_profile_name)
            && self.behavior_name.as_deref().is_none_or(|name| name == violation.behavior_name)
    }
}

impl Mitigation {
    /// Sets the rules that start tasks, or none.
    ///
    /// # Errors
    /// `InvalidRequestException` for a rule that is about neither or both of a check and a profile.
    pub fn set_auto_mitigation(&mut self, rules: Vec<AutoMitigationRule>) -> Result<(), ServiceError> {
        if rules.iter().any(|rule| !rule.is_well_formed()) {
            return Err(ServiceError::invalid(
                "a rule is about either `checkName` or `securityProfileName`, with which `behaviorName` may go",
            ));
        }
        self.auto = rules;
        Ok(())
    }

    /// To be called when an audit has completed: starts a task for those of its findings that rules are about, and
    /// answers with its id.
    ///
    /// # Errors
    /// Those of [`Mitigation::start_audit_mitigation_actions_task`].
    pub fn audit_completed(
        &mut self,
        now: Timestamp,
        account: &mut Account,
        outbox: &mut Outbox,
        findings: &dyn Findings,
        audit_task_id: &str,
    ) -> Result<Option<String>, ServiceError> {
        let mut mapping: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for rule in &self.auto {
            let Some(check) = &rule.check_name else { continue };
            mapping.entry(check.clone()).or_default().extend(rule.actions.iter().cloned());
        }
        let concerned = |key| {
            findings.finding(key).is_some_and(|finding| !finding.is_suppressed && mapping.contains_key(finding.check))
        };
        if mapping.is_empty() || !findings.findings_of(audit_task_id).into_iter().any(concerned) {
            return Ok(None);
        }
        let task_id = self.announce_auto_task();
        let request = StartAuditMitigationActionsTaskRequest {
            task_id: task_id.clone(),
            target: AuditMitigationActionsTaskTarget {
                audit_task_id: Some(audit_task_id.to_owned()),
                ..AuditMitigationActionsTaskTarget::default()
            },
            audit_check_to_actions_mapping: mapping,
            client_request_token: None,
        };
        self.start_audit_mitigation_actions_task(now, account, outbox, findings, request)?;
        Ok(Some(task_id))
    }

    /// To be called with violations that have just been raised: starts tasks for those that rules are about, at most
    /// 25 violations each, and answers with their ids. The first rule that is about a violation decides.
    ///
    /// # Errors
    /// Those of [`Mitigation::start_detect_mitigation_actions_task`]; earlier tasks have been started then.
    pub fn violations_raised(
        &mut self,
        now: Timestamp,
        account: &mut Account,
        outbox: &mut Outbox,
        violations: &dyn Violations,
        raised: &[RaisedViolation<'_>],
    ) -> Result<Vec<String>, ServiceError> {
        let mut by_rule: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for violation in raised {
            if let Some(rule) = self.auto.iter().position(|rule| rule.is_about(violation)) {
                by_rule.entry(rule).or_default().push(violation.id);
            }
        }
        let mut started = Vec::new();
        for (rule, ids) in by_rule {
            let actions = self.auto[rule].actions.clone();
            for some in ids.chunks(25) {
                let task_id = self.announce_auto_task();
                let request = StartDetectMitigationActionsTaskRequest {
                    task_id: task_id.clone(),
                    target: DetectMitigationActionsTaskTarget {
                        violation_ids: Some(some.iter().map(|id| (*id).to_owned()).collect()),
                        ..DetectMitigationActionsTaskTarget::default()
                    },
                    actions: actions.clone(),
                    ..StartDetectMitigationActionsTaskRequest::default()
                };
                self.start_detect_mitigation_actions_task(now, account, outbox, violations, request)?;
                started.push(task_id);
            }
        }
        Ok(started)
    }

    fn announce_auto_task(&mut self) -> String {
        let task_id = self.ids.mint("mitigation task");
        self.warnings.push(Warning {
            code: "EXTENSION_AUTO_MITIGATION",
            path: "/autoMitigation".into(),
            message: format!("task `{task_id}` was started by a rule of this engine; the service starts none"),
            canonical: None,
        });
        task_id
    }
}

//! Audits: set up as the account would have them, run by the calendar, findings told to responders.

use defender::account::{Account, LogLevel};
use defender::audit::wire::{AuditTaskId, StartOnDemandAuditTaskRequest};
use defender::audit::{AuditCheck, AuditEvent};
use defender::error::ServiceError;
use defender::ids::{CertificateId, ThingId};
use defender::mitigation::{FindingView, Findings, NonCompliant, TaskRef};
use defender::time::Timestamp;

use super::calendar::Task;
use super::{Stopped, World};
use crate::event::{Event, EventKind};
use crate::operation::{Subject, logging_role};
use crate::outcome::{AuditRow, CheckRow, DeviceId, FindingRow, Outcome};
use crate::scenario::Scenario;

/// The status of an audit, or of a check, that was ended before it was done.
const CANCELED: &str = "CANCELED";

/// Configures the account's logging.
///
/// # Errors
/// What the account refuses.
pub(super) fn set_up_logging(scenario: &Scenario, account: &mut Account) -> Result<(), ServiceError> {
    let Some(level) = scenario.account.logging.as_ref().and_then(|level| read_level(level)) else { return Ok(()) };
    let role = logging_role(account.id());
    account.set_v2_logging_options(scenario.start, Some(&role), Some(level), Some(false))
}

impl World<'_> {
    /// Configures audits, schedules, and what is to be audited on demand.
    pub(super) fn set_up_audits(&mut self) -> Result<(), Stopped> {
        let (now, scenario) = (self.scenario.start, self.scenario);
        let refused = |what: &str| {
            let what = what.to_owned();
            move |error: ServiceError| Stopped::Setup(vec![format!("{what}: {error}")])
        };
        let mut warnings = Vec::new();
        if let Some(configuration) = &scenario.audit.configuration {
            let answer = self.audit.update_account_audit_configuration(now, &self.fleet.account, configuration);
            warnings.extend(answer.map_err(refused("audit configuration"))?.warnings);
        }
        for schedule in &scenario.audit.schedules {
            let answer = self.audit.create_scheduled_audit(now, &self.fleet.account, schedule);
            warnings.extend(answer.map_err(refused("scheduled audit"))?.warnings);
        }
        self.record.warn(warnings);
        let enabled = self.audit.describe_account_audit_configuration().audit_check_configurations.unwrap_or_default();
        let is_on = |check: &AuditCheck| enabled.get(check.name()).is_some_and(|check| check.enabled == Some(true));
        self.record.checks = AuditCheck::known(scenario.compatibility)
            .filter(is_on)
            .map(|check| CheckRow { name: check.name().to_owned(), severity: check.severity().name().to_owned() })
            .collect();
        for (at, checks) in &scenario.audit.on_demand {
            self.calendar.add(now + *at, Task::StartAudit(checks.clone()));
        }
        Ok(())
    }

    /// Starts an audit by hand; its checks look at once.
    pub(super) fn start_audit(&mut self, time: Timestamp, checks: Vec<String>) {
        let request = StartOnDemandAuditTaskRequest { target_check_names: checks };
        match self.audit.start_on_demand_audit_task(time, &request) {
            Ok(answer) => {
                self.record.warn(answer.warnings);
                if self.disruptions.cancels_audit(time) {
                    self.cancel_audit(time, answer.response.task_id);
                }
            }
            Err(error) => self.record.tell(time, "audit", format!("an on-demand audit was refused: {error}")),
        }
    }

    /// When audits have something to do next.
    pub(super) fn audit_due(&self) -> Option<Timestamp> {
        self.audit.next_due().map(|due| self.disruptions.audit_due(due))
    }

    /// Lets audits go on to `due`.
    pub(super) fn advance_audits(&mut self, due: Timestamp) {
        if self.disruptions.cancels_audit(due) {
            for event in self.audit.start_due(due) {
                if let AuditEvent::TaskStarted { task_id, .. } = event {
                    self.cancel_audit(due, task_id);
                }
            }
        }
        let events = self.audit.advance(due, &self.fleet.account);
        self.audits_ended(due, events);
    }

    fn cancel_audit(&mut self, time: Timestamp, task_id: String) {
        let canceled = self.audit.cancel_audit_task(time, &self.fleet.account, &AuditTaskId { task_id });
        self.audits_ended(time, canceled.ok());
    }

    fn audits_ended(&mut self, due: Timestamp, events: impl IntoIterator<Item = AuditEvent>) {
        for event in events {
            let AuditEvent::TaskEnded(end) = &event else { continue };
            let audit = self.record.audits.len();
            self.log.push(Event {
                time: due,
                kind: EventKind::AuditStarted,
                subject: u32::MAX,
                object: audit as u32,
                value: 0,
            });
            event.deliver(due, &mut self.outbox);
            let notification = &end.notification;
            let ran = notification.audit_details.iter().filter(|check| check.check_run_status != CANCELED);
            let checks: Vec<(String, u64, u64, u64)> = ran
                .map(|check| {
                    let count = |count: Option<u64>| count.unwrap_or(0);
                    (
                        check.check_name.clone(),
                        count(check.total_resources_count),
                        count(check.non_compliant_resources_count),
                        count(check.suppressed_non_compliant_resources_count),
                    )
                })
                .collect();
            let bad: Vec<String> = checks
                .iter()
                .filter(|(_, _, bad, _)| *bad > 0)
                .map(|(name, _, bad, _)| format!("{name} {bad}"))
                .collect();
            let name = notification.scheduled_audit_name.clone();
            let who = name.as_deref().unwrap_or("on-demand audit");
            let found = if notification.task_status == CANCELED {
                "canceled".to_owned()
            } else if bad.is_empty() {
                "all compliant".to_owned()
            } else {
                bad.join(", ")
            };
            self.record.tell(due, "audit", format!("{who}: {found}"));
            self.record.audits.push(AuditRow {
                task_id: notification.task_id.clone(),
                schedule: name,
                started: notification.task_start_time,
                ended: notification.task_end_time,
                checks: checks.clone(),
            });
            self.log.push(Event {
                time: due,
                kind: EventKind::AuditEnded,
                subject: u32::MAX,
                object: audit as u32,
                value: checks.iter().map(|(_, _, bad, _)| bad).sum(),
            });
            self.record_findings(audit);
            for (check, _, bad, _) in checks {
                if bad > 0 {
                    self.findings_reported(due, audit, &check);
                }
            }
        }
    }

    fn record_findings(&mut self, audit: usize) {
        let task_id = self.record.audits[audit].task_id.clone();
        let mut documents = std::mem::take(&mut self.record.documents);
        for key in self.audit.findings_of(&task_id) {
            let Some(finding) = self.audit.finding(key) else { continue };
            let (resource, device) = self.resource_of(&finding);
            let check = self.record.checks.iter().position(|check| check.name == finding.check).unwrap_or(0) as u32;
            self.log.push(Event {
                time: finding.time,
                kind: EventKind::Finding,
                subject: device.unwrap_or(u32::MAX),
                object: check,
                value: u64::from(finding.is_suppressed),
            });
            self.documents_at_fault(&mut documents, audit as u32, check, &finding, &resource);
            if self.record.findings.len() < Outcome::FINDINGS_CAP {
                self.record.findings.push(FindingRow {
                    audit: audit as u32,
                    finding_id: finding.id.to_owned(),
                    check,
                    reason: finding.reason_code.to_owned(),
                    resource,
                    device: device.map(DeviceId),
                    time: finding.time,
                    suppressed: finding.is_suppressed,
                });
            }
        }
        self.record.documents = documents;
    }

    /// A finding's resource for people, and its device if it belongs to one.
    fn resource_of(&self, finding: &FindingView<'_>) -> (String, Option<u32>) {
        match &finding.resource {
            NonCompliant::DeviceCertificate(id) => match self.device_of_certificate(id) {
                Some(device) => {
                    (format!("certificate of {}", self.fleet.account.thing_name(ThingId(device))), Some(device))
                }
                None => (format!("certificate {id}"), None),
            },
            NonCompliant::CaCertificate(id) => (self.fleet.authority_of(id).unwrap_or_else(|| id.to_string()), None),
            NonCompliant::PolicyVersion { policy, .. } => ((*policy).to_owned(), None),
            NonCompliant::Account => ("account".to_owned(), None),
            NonCompliant::Issuer { subject, .. } => ((*subject).to_owned(), None),
            NonCompliant::RoleAlias(arn) => (arn.rsplit_once('/').map_or(*arn, |(_, name)| name).to_owned(), None),
            NonCompliant::CognitoIdentityPool(id) => ((*id).to_owned(), None),
            NonCompliant::ClientId(client) => {
                let device = self.fleet.account.thing(client).and_then(|thing| self.fleet.device(thing));
                ((*client).to_owned(), device)
            }
        }
    }

    fn device_of_certificate(&self, id: &CertificateId) -> Option<u32> {
        let certificate = self.fleet.account.certificate_of_id(id)?;
        self.fleet.account.things_of_certificate(certificate).find_map(|thing| self.fleet.device(thing))
    }

    /// The devices whose present certificate an audit found expiring.
    pub(super) fn expiring_devices(&self, audit: usize) -> Vec<u32> {
        let keys = self.audit.findings_of(&self.record.audits[audit].task_id);
        let views = keys.into_iter().filter_map(|key| self.audit.finding(key));
        let expiring = views
            .filter(|finding| !finding.is_suppressed && finding.check == AuditCheck::DeviceCertificateExpiring.name());
        let devices = expiring.filter_map(|finding| {
            let NonCompliant::DeviceCertificate(id) = finding.resource else { return None };
            let certificate = self.fleet.account.certificate_of_id(&id)?;
            let device = self.device_of_certificate(&id)?;
            (self.fleet.devices[device as usize].certificate == certificate).then_some(device)
        });
        let mut devices: Vec<u32> = devices.collect();
        devices.sort_unstable();
        devices
    }

    /// What the unsuppressed findings of a check in an audit are about: each for people, its device if it belongs to
    /// one, and as operations take it.
    pub(super) fn subjects_of_findings(&self, audit: usize, check: &str) -> Vec<(String, Option<u32>, Subject)> {
        let account = &self.fleet.account;
        let keys = self.audit.findings_of(&self.record.audits[audit].task_id);
        let views = keys.into_iter().filter_map(|key| self.audit.finding(key));
        let meant = views.filter(|finding| !finding.is_suppressed && finding.check == check);
        let subjects = meant.map(|finding| {
            let (resource, device) = self.resource_of(&finding);
            let subject = match &finding.resource {
                NonCompliant::DeviceCertificate(id) => {
                    account.certificate_of_id(id).map(|certificate| Subject::of_certificate(account, certificate))
                }
                NonCompliant::ClientId(client) => account.thing(client).map(|thing| Subject::of_thing(account, thing)),
                _ => None,
            };
            (resource, device, subject.unwrap_or_default())
        });
        subjects.collect()
    }

    /// What an execution of an audit mitigation task was about.
    pub(super) fn target_of_finding(&self, task: TaskRef, row: u32) -> (String, Option<u32>) {
        let finding = self.mitigation.finding(task, row).and_then(|key| self.audit.finding(key));
        finding.map_or_else(|| (String::new(), None), |finding| self.resource_of(&finding))
    }
}

fn read_level(name: &str) -> Option<LogLevel> {
    serde_json::from_value(serde_json::Value::String(name.to_uppercase())).ok()
}

//! Scheduled audits (A-27 … A-32). A run does not wait for the one before it (CH-42).

use std::collections::BTreeMap;

use crate::account::Account;
use crate::detect::wire::Tag;
use crate::error::{ServiceError, Warning};
use crate::request::{Page, text};
use crate::time::{Millis, Timestamp};

use super::calendar::{LAST_DAY, Recurrence};
use super::catalog::AuditCheck;
use super::wire::{
    AuditFrequency, CreateScheduledAuditRequest, DayOfWeek, DescribeScheduledAuditResponse, ListScheduledAuditsRequest,
    ListScheduledAuditsResponse, ScheduledAuditArn, ScheduledAuditMetadata, ScheduledAuditName,
    UpdateScheduledAuditRequest,
};
use super::{Answer, Audit};

/// Scheduled audits of an account.
const SCHEDULES_MAX: usize = 5;

/// A scheduled audit.
#[derive(Clone, Debug)]
struct Schedule {
    frequency: AuditFrequency,
    /// Kept when the frequency does not use it, for the day it does again.
    day_of_month: Option<String>,
    day_of_week: Option<DayOfWeek>,
    checks: Vec<AuditCheck>,
    created: Timestamp,
    recurrence: Recurrence,
    due: Timestamp,
    previous_start: Option<Timestamp>,
}

impl Schedule {
    fn shown_day_of_month(&self) -> Option<String> {
        self.day_of_month.clone().filter(|_| self.frequency == AuditFrequency::Monthly)
    }

    fn shown_day_of_week(&self) -> Option<DayOfWeek> {
        self.day_of_week.filter(|_| matches!(self.frequency, AuditFrequency::Weekly | AuditFrequency::Biweekly))
    }
}

/// A run that is due.
#[derive(Clone, Debug)]
pub(super) struct DueRun {
    pub(super) schedule: String,
    pub(super) checks: Vec<AuditCheck>,
    pub(super) due: Timestamp,
    /// Start of the run before it (CH-17).
    pub(super) previous_start: Option<Timestamp>,
}

/// The scheduled audits by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedules {
    by_name: BTreeMap<String, Schedule>,
}

impl Schedules {
    pub(super) fn clear(&mut self) {
        self.by_name.clear();
    }

    /// The first schedule, by name, that uses a check.
    pub(super) fn first_using(&self, check: AuditCheck) -> Option<&str> {
        let using = self.by_name.iter().find(|(_, schedule)| schedule.checks.contains(&check));
        using.map(|(name, _)| name.as_str())
    }

    /// When the next run is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.by_name.values().map(|schedule| schedule.due).min()
    }

    /// The earliest run that is due, by time and then name; the schedule moves on to its next one.
    pub(super) fn take_due(&mut self, now: Timestamp, offset: Millis) -> Option<DueRun> {
        let earliest = self.by_name.iter_mut().min_by(|a, b| (a.1.due, a.0).cmp(&(b.1.due, b.0)));
        let (name, schedule) = earliest.filter(|(_, schedule)| schedule.due <= now)?;
        let run = DueRun {
            schedule: name.clone(),
            checks: schedule.checks.clone(),
            due: schedule.due,
            previous_start: schedule.previous_start,
        };
        schedule.previous_start = Some(schedule.due);
        schedule.due = schedule.recurrence.next(schedule.due, offset);
        Some(run)
    }
}

impl Audit {
    /// Creates a scheduled audit.
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad name, days that do not go with the frequency (A-28, CH-39), no check or one
    /// that is not enabled; `ResourceAlreadyExistsException`; `LimitExceededException` beyond five.
    pub fn create_scheduled_audit(
        &mut self,
        now: Timestamp,
        account: &Account,
        request: &CreateScheduledAuditRequest,
    ) -> Result<Answer<ScheduledAuditArn>, ServiceError> {
        let mut warnings = Vec::new();
        let name = &request.scheduled_audit_name;
        text::PLAIN_NAME.check("scheduledAuditName", name)?;
        Tag::check_all(request.tags.as_deref())?;
        let frequency = request.frequency.ok_or_else(|| ServiceError::invalid("frequency is required"))?;
        refuse_surplus_days(frequency, request.day_of_month.as_deref(), request.day_of_week)?;
        let recurrence = recurrence(frequency, request.day_of_month.as_deref(), request.day_of_week)?;
        let checks = self.enabled_checks(&request.target_check_names, &mut warnings)?;
        let arn = account.arn(format!("scheduledaudit/{name}"));
        if self.schedules.by_name.contains_key(name) {
            return Err(ServiceError::already_exists("scheduled audit", name, arn));
        }
        if self.schedules.by_name.len() >= SCHEDULES_MAX {
            return Err(ServiceError::limit(format!(
                "the account has {SCHEDULES_MAX} scheduled audits, the most allowed"
            )));
        }
        let schedule = Schedule {
            frequency,
            day_of_month: request.day_of_month.clone(),
            day_of_week: request.day_of_week,
            checks,
            created: now,
            recurrence,
            due: recurrence.first_after(now, self.settings.time_of_day),
            previous_start: None,
        };
        self.schedules.by_name.insert(name.clone(), schedule);
        Ok(Answer { response: ScheduledAuditArn { scheduled_audit_arn: arn }, warnings })
    }

    /// Changes the members given; what results must be whole. A change of frequency or day counts the due
    /// instants anew from now.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` as [`Audit::create_scheduled_audit`].
    pub fn update_scheduled_audit(
        &mut self,
        now: Timestamp,
        account: &Account,
        request: &UpdateScheduledAuditRequest,
    ) -> Result<Answer<ScheduledAuditArn>, ServiceError> {
        let mut warnings = Vec::new();
        let name = &request.scheduled_audit_name;
        let mut next = self.schedule(name)?.clone();
        next.frequency = request.frequency.unwrap_or(next.frequency);
        refuse_surplus_days(next.frequency, request.day_of_month.as_deref(), request.day_of_week)?;
        next.day_of_month = request.day_of_month.clone().or(next.day_of_month);
        next.day_of_week = request.day_of_week.or(next.day_of_week);
        let changed = recurrence(next.frequency, next.day_of_month.as_deref(), next.day_of_week)?;
        if let Some(names) = &request.target_check_names {
            next.checks = self.enabled_checks(names, &mut warnings)?;
        }
        if changed != next.recurrence {
            next.recurrence = changed;
            next.due = changed.first_after(now, self.settings.time_of_day);
        }
        self.schedules.by_name.insert(name.clone(), next);
        let scheduled_audit_arn = account.arn(format!("scheduledaudit/{name}"));
        Ok(Answer { response: ScheduledAuditArn { scheduled_audit_arn }, warnings })
    }

    /// A scheduled audit.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a bad name.
    pub fn describe_scheduled_audit(
        &self,
        account: &Account,
        request: &ScheduledAuditName,
    ) -> Result<DescribeScheduledAuditResponse, ServiceError> {
        let name = &request.scheduled_audit_name;
        let schedule = self.schedule(name)?;
        Ok(DescribeScheduledAuditResponse {
            frequency: schedule.frequency,
            day_of_month: schedule.shown_day_of_month(),
            day_of_week: schedule.shown_day_of_week(),
            target_check_names: schedule.checks.iter().map(|check| check.name().to_owned()).collect(),
            scheduled_audit_name: name.clone(),
            scheduled_audit_arn: account.arn(format!("scheduledaudit/{name}")),
        })
    }

    /// Deletes a scheduled audit; its runs stay.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a bad name.
    pub fn delete_scheduled_audit(
        &mut self,
        _now: Timestamp,
        request: &ScheduledAuditName,
    ) -> Result<(), ServiceError> {
        self.schedule(&request.scheduled_audit_name)?;
        self.schedules.by_name.remove(&request.scheduled_audit_name);
        Ok(())
    }

    /// The scheduled audits by creation time, then name (CH-02).
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad page.
    pub fn list_scheduled_audits(
        &self,
        account: &Account,
        request: &ListScheduledAuditsRequest,
    ) -> Result<ListScheduledAuditsResponse, ServiceError> {
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let mut all: Vec<(&String, &Schedule)> = self.schedules.by_name.iter().collect();
        all.sort_by_key(|(name, schedule)| (schedule.created, *name));
        let (shown, next_token) = page.of(all)?;
        let scheduled_audits = shown.into_iter().map(|(name, schedule)| ScheduledAuditMetadata {
            scheduled_audit_name: name.clone(),
            scheduled_audit_arn: account.arn(format!("scheduledaudit/{name}")),
            frequency: schedule.frequency,
            day_of_month: schedule.shown_day_of_month(),
            day_of_week: schedule.shown_day_of_week(),
        });
        Ok(ListScheduledAuditsResponse { scheduled_audits: scheduled_audits.collect(), next_token })
    }

    /// Reads check names: at least one, each known and enabled, repeats dropped (A-13, CH-34).
    pub(super) fn enabled_checks(
        &self,
        names: &[String],
        warnings: &mut Vec<Warning>,
    ) -> Result<Vec<AuditCheck>, ServiceError> {
        if names.is_empty() {
            return Err(ServiceError::invalid("targetCheckNames must name at least one check, found none"));
        }
        let mut checks = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let path = format!("/targetCheckNames/{place}");
            let check = AuditCheck::read(name, self.settings.compatibility, &path, warnings)?;
            if self.configuration.enabled_since(check).is_none() {
                return Err(ServiceError::invalid(format!("`{check}` is not enabled")));
            }
            if check.is_extension() {
                warnings.push(extension_warning(check, path));
            }
            if !checks.contains(&check) {
                checks.push(check);
            }
        }
        Ok(checks)
    }

    fn schedule(&self, name: &str) -> Result<&Schedule, ServiceError> {
        text::PLAIN_NAME.check("scheduledAuditName", name)?;
        self.schedules.by_name.get(name).ok_or_else(|| ServiceError::not_found("scheduled audit", name))
    }
}

/// What goes with everything about a check that the service does not have.
pub(super) fn extension_warning(check: AuditCheck, path: String) -> Warning {
    let message = format!("`{check}` is no check of the service");
    Warning { code: "EXTENSION_CHECK", path, message, canonical: None }
}

fn refuse_surplus_days(
    frequency: AuditFrequency,
    day_of_month: Option<&str>,
    day_of_week: Option<DayOfWeek>,
) -> Result<(), ServiceError> {
    let weekly = matches!(frequency, AuditFrequency::Weekly | AuditFrequency::Biweekly);
    let surplus = match (day_of_month, day_of_week) {
        (Some(_), _) if frequency != AuditFrequency::Monthly => "dayOfMonth",
        (_, Some(_)) if !weekly => "dayOfWeek",
        _ => return Ok(()),
    };
    Err(ServiceError::invalid(format!("{surplus} does not go with the frequency `{frequency}`")))
}

fn recurrence(
    frequency: AuditFrequency,
    day_of_month: Option<&str>,
    day_of_week: Option<DayOfWeek>,
) -> Result<Recurrence, ServiceError> {
    let needs = |member: &str| ServiceError::invalid(format!("the frequency `{frequency}` needs {member}"));
    match frequency {
        AuditFrequency::Daily => Ok(Recurrence::Daily),
        AuditFrequency::Weekly => day_of_week.map(Recurrence::Weekly).ok_or_else(|| needs("dayOfWeek")),
        AuditFrequency::Biweekly => day_of_week.map(Recurrence::Biweekly).ok_or_else(|| needs("dayOfWeek")),
        AuditFrequency::Monthly => {
            let text = day_of_month.ok_or_else(|| needs("dayOfMonth"))?;
            let day = match text {
                "LAST" => Some(LAST_DAY),
                _ => text.parse().ok().filter(|day| (1..=31).contains(day) && !text.starts_with(['0', '+'])),
            };
            day.map(Recurrence::Monthly).ok_or_else(|| {
                ServiceError::invalid(format!("dayOfMonth must be `1` to `31` or `LAST`, found `{text}`"))
            })
        }
    }
}

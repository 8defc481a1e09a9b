//! The account's audit configuration (A-01 … A-08).

use std::collections::BTreeMap;

use crate::account::Account;
use crate::error::{Compatibility, Exception, ServiceError, Warning};
use crate::request::{checked_arn, text};
use crate::time::{Millis, Timestamp};

use super::catalog::AuditCheck;
use super::wire::{
    AccountAuditConfiguration, AuditCheckConfiguration, AuditNotificationTarget, DeleteAccountAuditConfigurationRequest,
};
use super::{Answer, Audit};

/// `CERT_AGE_THRESHOLD_IN_DAYS`, for C-15.
const AGE_THRESHOLD: &str = "CERT_AGE_THRESHOLD_IN_DAYS";
/// `CERT_EXPIRATION_THRESHOLD_IN_DAYS`, for C-14.
const EXPIRATION_THRESHOLD: &str = "CERT_EXPIRATION_THRESHOLD_IN_DAYS";

/// What is configured of one check.
#[derive(Clone, Debug, Default)]
struct CheckConfiguration {
    enabled_since: Option<Timestamp>,
    values: BTreeMap<String, String>,
}

/// What is configured.
#[derive(Clone, Debug, Default)]
pub(super) struct Configuration {
    role_arn: Option<String>,
    target: AuditNotificationTarget,
    checks: BTreeMap<AuditCheck, CheckConfiguration>,
    configured: bool,
}

impl Configuration {
    /// The audit role.
    pub(super) fn role_arn(&self) -> Option<&str> {
        self.role_arn.as_deref()
    }

    /// The topic to notify, if that is enabled.
    pub(super) fn topic_arn(&self) -> Option<&str> {
        self.target.target_arn.as_deref().filter(|_| self.target.enabled == Some(true))
    }

    /// Since when a check is enabled; `None` if it is not.
    pub(super) fn enabled_since(&self, check: AuditCheck) -> Option<Timestamp> {
        self.checks.get(&check).and_then(|configuration| configuration.enabled_since)
    }

    /// `CERT_AGE_THRESHOLD_IN_DAYS`, 365 by default.
    pub(super) fn age_threshold(&self) -> Millis {
        self.days(AuditCheck::DeviceCertificateAge, AGE_THRESHOLD, 365)
    }

    /// `CERT_EXPIRATION_THRESHOLD_IN_DAYS`, 30 by default.
    pub(super) fn expiration_threshold(&self) -> Millis {
        self.days(AuditCheck::DeviceCertificateExpiring, EXPIRATION_THRESHOLD, 30)
    }

    fn days(&self, check: AuditCheck, name: &str, default: i64) -> Millis {
        let value = self.checks.get(&check).and_then(|configuration| configuration.values.get(name));
        Millis::days(value.and_then(|days| days.parse().ok()).unwrap_or(default))
    }
}

impl Audit {
    /// Changes what is given and leaves the rest.
    ///
    /// # Errors
    /// `InvalidRequestException` for an unknown check or configuration value, a first call without role or
    /// without an enabled check, and for disabling a check that a schedule uses. Nothing has changed then.
    pub fn update_account_audit_configuration(
        &mut self,
        now: Timestamp,
        account: &Account,
        request: &AccountAuditConfiguration,
    ) -> Result<Answer<()>, ServiceError> {
        let mut warnings = Vec::new();
        let mut next = self.configuration.clone();
        if let Some(role_arn) = &request.role_arn {
            warnings.extend(checked_arn(text::ROLE_ARN, role_arn, "/roleArn", self.settings.compatibility)?);
            next.role_arn = Some(role_arn.clone());
        }
        for (kind, target) in request.audit_notification_target_configurations.iter().flatten() {
            if kind != "SNS" {
                return Err(ServiceError::invalid(format!("the one notification target is `SNS`, found `{kind}`")));
            }
            self.merge_target(&mut next.target, target, &mut warnings)?;
        }
        let mut named = Vec::new();
        for (name, change) in request.audit_check_configurations.iter().flatten() {
            let path = format!("/auditCheckConfigurations/{name}");
            let check = AuditCheck::read(name, self.settings.compatibility, &path, &mut warnings)?;
            if named.contains(&check) {
                return Err(ServiceError::invalid(format!("`{check}` is named twice")));
            }
            named.push(check);
            self.merge_check(now, check, next.checks.entry(check).or_default(), change)?;
        }
        if !self.configuration.configured {
            self.complete_first(account, &mut next, &mut warnings)?;
        }
        next.configured = true;
        self.configuration = next;
        Ok(Answer { response: (), warnings })
    }

    /// Role, target, and every known check with whether it is enabled.
    pub fn describe_account_audit_configuration(&self) -> AccountAuditConfiguration {
        let own = &self.configuration;
        let checks = AuditCheck::known(self.settings.compatibility).map(|check| {
            let configuration = own.checks.get(&check).map(|configuration| &configuration.values);
            let shown = AuditCheckConfiguration {
                enabled: Some(own.enabled_since(check).is_some()),
                configuration: configuration.filter(|values| !values.is_empty()).cloned(),
            };
            (check.name().to_owned(), shown)
        });
        AccountAuditConfiguration {
            role_arn: own.role_arn.clone(),
            audit_notification_target_configurations: (own.target != AuditNotificationTarget::default())
                .then(|| BTreeMap::from([("SNS".to_owned(), own.target.clone())])),
            audit_check_configurations: Some(checks.collect()),
        }
    }

    /// Forgets role, target and checks; the schedules too if asked. Schedules left run on and fail (A-08, CH-14).
    ///
    /// # Errors
    /// `ResourceNotFoundException` if nothing is configured.
    pub fn delete_account_audit_configuration(
        &mut self,
        _now: Timestamp,
        request: &DeleteAccountAuditConfigurationRequest,
    ) -> Result<(), ServiceError> {
        if !self.configuration.configured {
            return Err(ServiceError::new(Exception::ResourceNotFound, "no audit configuration exists"));
        }
        self.configuration = Configuration::default();
        if request.delete_scheduled_audits == Some(true) {
            self.schedules.clear();
        }
        Ok(())
    }

    fn merge_target(
        &self,
        own: &mut AuditNotificationTarget,
        change: &AuditNotificationTarget,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ServiceError> {
        let (mode, path) = (self.settings.compatibility, "/auditNotificationTargetConfigurations/SNS");
        if let Some(arn) = &change.target_arn {
            warnings.extend(checked_arn(text::NOTIFICATION_TARGET, arn, &format!("{path}/targetArn"), mode)?);
            own.target_arn = Some(arn.clone());
        }
        if let Some(arn) = &change.role_arn {
            warnings.extend(checked_arn(text::ROLE_ARN, arn, &format!("{path}/roleArn"), mode)?);
            own.role_arn = Some(arn.clone());
        }
        own.enabled = change.enabled.or(own.enabled);
        Ok(())
    }

    fn merge_check(
        &self,
        now: Timestamp,
        check: AuditCheck,
        own: &mut CheckConfiguration,
        change: &AuditCheckConfiguration,
    ) -> Result<(), ServiceError> {
        for (name, value) in change.configuration.iter().flatten() {
            check_value(check, name, value)?;
            own.values.insert(name.clone(), value.clone());
        }
        match change.enabled {
            Some(true) => own.enabled_since = own.enabled_since.or(Some(now)),
            Some(false) if own.enabled_since.is_some() => {
                if let Some(name) = self.schedules.first_using(check) {
                    return Err(ServiceError::invalid(format!(
                        "`{check}` is used by the scheduled audit `{name}`; take it out of the schedule first"
                    )));
                }
                own.enabled_since = None;
            }
            _ => {}
        }
        Ok(())
    }

    /// The first call names a role and enables a check; lenient mode has a role of its own.
    fn complete_first(
        &self,
        account: &Account,
        next: &mut Configuration,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ServiceError> {
        if !next.checks.values().any(|check| check.enabled_since.is_some()) {
            return Err(ServiceError::invalid("the first audit configuration must enable at least one check"));
        }
        match (&next.role_arn, self.settings.compatibility) {
            (Some(_), _) => Ok(()),
            (None, Compatibility::Strict) => {
                Err(ServiceError::invalid("the first audit configuration must have a roleArn"))
            }
            (None, Compatibility::Lenient) => {
                let role_arn = format!("arn:aws:iam::{}:role/local-audit", account.id());
                warnings.push(Warning {
                    code: "AUDIT_ROLE_DEFAULTED",
                    path: "/roleArn".to_owned(),
                    message: format!("no roleArn was given, `{role_arn}` is used"),
                    canonical: Some(role_arn.clone().into()),
                });
                next.role_arn = Some(role_arn);
                Ok(())
            }
        }
    }
}

/// Checks a configuration value: of the right check, a decimal integer, 30–3652 (A-05, CH-12).
fn check_value(check: AuditCheck, name: &str, value: &str) -> Result<(), ServiceError> {
    let owner = match name {
        AGE_THRESHOLD => AuditCheck::DeviceCertificateAge,
        EXPIRATION_THRESHOLD => AuditCheck::DeviceCertificateExpiring,
        _ => {
            return Err(ServiceError::invalid(format!(
                "a check is configured by `{AGE_THRESHOLD}` or `{EXPIRATION_THRESHOLD}`, found `{name}`"
            )));
        }
    };
    if owner != check {
        return Err(ServiceError::invalid(format!("`{name}` configures `{owner}`, not `{check}`")));
    }
    let days = value.parse::<u32>().ok().filter(|_| value.bytes().all(|byte| byte.is_ascii_digit()));
    match days {
        Some(30..=3652) => Ok(()),
        _ => {
            Err(ServiceError::invalid(format!("`{name}` must be a whole number of days in 30..=3652, found `{value}`")))
        }
    }
}

//! Logging options, old and new (V-34, V-35).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Exception, ServiceError};
use crate::time::Timestamp;

use super::{Account, Change};

/// `logLevel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the API's own levels")]
pub enum LogLevel {
    Debug,
    Info,
    Error,
    Warn,
    Disabled,
}

/// `GetV2LoggingOptions` (V-34).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct V2LoggingOptions {
    /// The role that may write the logs.
    pub role_arn: String,
    /// The level of everything without a level of its own.
    pub default_log_level: LogLevel,
    /// Whether everything is off, whatever the levels.
    pub disable_all_logs: bool,
}

/// `GetLoggingOptions` (V-35).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct V1LoggingOptions {
    /// The role that may write the logs.
    pub role_arn: String,
    /// The level of everything.
    pub log_level: LogLevel,
}

/// What a per-target level is about (`targetType`, V-34).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the API's own target types")]
pub enum LogTargetType {
    Default,
    ThingGroup,
    ClientId,
    SourceIp,
    PrincipalId,
}

/// Both kinds of options, and the per-target levels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logging {
    v1: Option<V1LoggingOptions>,
    v2: Option<V2LoggingOptions>,
    levels: BTreeMap<(LogTargetType, String), LogLevel>,
}

impl Account {
    /// Sets the V2 logging options (V-34). Members not given stay; before the first call they are `ERROR` and false.
    ///
    /// # Errors
    /// `InvalidRequestException` without a role, now or before.
    pub fn set_v2_logging_options(
        &mut self,
        _now: Timestamp,
        role_arn: Option<&str>,
        default_log_level: Option<LogLevel>,
        disable_all_logs: Option<bool>,
    ) -> Result<(), ServiceError> {
        let old = self.logging.v2.take();
        let Some(role_arn) = role_arn.map(str::to_owned).or_else(|| old.as_ref().map(|old| old.role_arn.clone()))
        else {
            return Err(ServiceError::invalid("roleArn is required before V2 logging is configured"));
        };
        self.logging.v2 = Some(V2LoggingOptions {
            role_arn,
            default_log_level: default_log_level
                .or(old.as_ref().map(|old| old.default_log_level))
                .unwrap_or(LogLevel::Error),
            disable_all_logs: disable_all_logs.or(old.map(|old| old.disable_all_logs)).unwrap_or(false),
        });
        self.journal.note(Change::Logging);
        Ok(())
    }

    /// The V2 logging options.
    ///
    /// # Errors
    /// `NotConfiguredException` before they are set (V-34).
    pub fn get_v2_logging_options(&self) -> Result<&V2LoggingOptions, ServiceError> {
        self.logging.v2.as_ref().ok_or_else(not_configured)
    }

    /// Puts the V2 options back to what they were, absent included: the inverse of any change to them.
    pub fn restore_v2_logging_options(&mut self, _now: Timestamp, options: Option<V2LoggingOptions>) {
        self.logging.v2 = options;
        self.journal.note(Change::Logging);
    }

    /// Sets the level of one target.
    ///
    /// # Errors
    /// `NotConfiguredException` before V2 logging is configured; `InvalidRequestException` for a name where the type
    /// takes none (`DEFAULT`) or none where it takes one.
    pub fn set_v2_logging_level(
        &mut self,
        _now: Timestamp,
        target_type: LogTargetType,
        target_name: Option<&str>,
        level: LogLevel,
    ) -> Result<(), ServiceError> {
        let Some(options) = self.logging.v2.as_mut() else { return Err(not_configured()) };
        match (target_type, target_name) {
            (LogTargetType::Default, None) => options.default_log_level = level,
            (LogTargetType::Default, Some(name)) => {
                return Err(ServiceError::invalid(format!("the DEFAULT target has no name, found `{name}`")));
            }
            (_, None) => return Err(ServiceError::invalid("targetName is required unless the target is DEFAULT")),
            (_, Some(name)) => {
                self.logging.levels.insert((target_type, name.to_owned()), level);
            }
        }
        self.journal.note(Change::Logging);
        Ok(())
    }

    /// Forgets the level of one target; success if it has none.
    pub fn delete_v2_logging_level(&mut self, _now: Timestamp, target_type: LogTargetType, target_name: &str) {
        if self.logging.levels.remove(&(target_type, target_name.to_owned())).is_some() {
            self.journal.note(Change::Logging);
        }
    }

    /// The levels of targets, by type and name.
    pub fn v2_logging_levels(&self) -> impl Iterator<Item = (LogTargetType, &str, LogLevel)> {
        self.logging.levels.iter().map(|((target_type, name), level)| (*target_type, name.as_str(), *level))
    }

    /// Sets the V1 logging options (V-35).
    pub fn set_logging_options(&mut self, _now: Timestamp, role_arn: &str, log_level: LogLevel) {
        self.logging.v1 = Some(V1LoggingOptions { role_arn: role_arn.to_owned(), log_level });
        self.journal.note(Change::Logging);
    }

    /// The V1 logging options, if they were ever set.
    pub fn get_logging_options(&self) -> Option<&V1LoggingOptions> {
        self.logging.v1.as_ref()
    }
}

fn not_configured() -> ServiceError {
    ServiceError::new(Exception::NotConfigured, "V2 logging is not configured")
}

//! The account's logging is off (C-17), from the beginning or from some moment on.

use std::sync::Arc;

use defender::account::{Account, LogLevel};
use defender::error::ServiceError;

use super::{Declared, Defect, Entry};
use crate::alteration::{Alter, Scene, Wrong};
use crate::scenario::Scenario;

pub(super) const ENTRY: Entry = Entry {
    name: "logging-disabled",
    summary: "The account's logging is off, or is switched off when the defect starts.",
    examples: &["{}"],
    read: |_| Arc::new(LoggingDisabled),
};

/// Whether an account logs at all (C-17).
pub(crate) fn logs(account: &Account) -> bool {
    let v2 = account
        .get_v2_logging_options()
        .is_ok_and(|options| !options.disable_all_logs && options.default_log_level != LogLevel::Disabled);
    v2 || account.get_logging_options().is_some_and(|options| options.log_level != LogLevel::Disabled)
}

/// Switches an account's logging on, with the level that it had, or off.
pub(crate) fn switch_logging(scene: &mut Scene<'_>, on: bool) -> Result<(), ServiceError> {
    let now = scene.now;
    if logs(&scene.fleet.account) != on {
        scene.account().set_v2_logging_options(now, None, None, Some(!on))?;
    }
    Ok(())
}

#[derive(Debug)]
struct LoggingDisabled;

impl Alter for LoggingDisabled {
    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        switch_logging(scene, false)?;
        scene.wrong_with("account", self.checks()[0], Wrong::Logging);
        Ok(())
    }
}

impl Defect for LoggingDisabled {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["LOGGING_DISABLED_CHECK"]
    }

    fn declares(&self) -> Option<Declared<'_>> {
        Some(Declared::Logging)
    }

    fn is_void(&self, scenario: &Scenario, seeded: bool) -> Option<String> {
        let level = scenario.account.logging.as_ref().filter(|_| seeded)?;
        Some(format!("the account's logging is on, at level {level}"))
    }
}

//! C-17: logging is off, the old and the new (CH-32).

use crate::account::LogLevel;
use crate::audit::catalog::{AuditCheck, ReasonCode};
use crate::audit::inspection::{Check, Inspected, Scene};
use crate::audit::resource::Resource;

use super::permissions;

pub(super) struct LoggingDisabled;

impl Check for LoggingDisabled {
    fn check(&self) -> AuditCheck {
        AuditCheck::LoggingDisabled
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::LOGGING
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        inspected.total = 1;
        let account = scene.account;
        // Levels of single targets do not rescue a disabled default.
        let v2 = account
            .get_v2_logging_options()
            .is_ok_and(|options| !options.disable_all_logs && options.default_log_level != LogLevel::Disabled);
        let v1 = account.get_logging_options().is_some_and(|options| options.log_level != LogLevel::Disabled);
        if !v1 && !v2 {
            inspected.find(Resource::Account(account.id().into()), ReasonCode::LoggingDisabled, "Logging is disabled.");
        }
        inspected
    }
}

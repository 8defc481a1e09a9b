//! ENABLE_IOT_LOGGING: the account's V2 logging options are overwritten (M-15).

use std::sync::Arc;

use super::{Action, Failure, Parameters, Scene, Subject, Undo};
use crate::account::LogLevel;
use crate::error::ServiceError;
use crate::mitigation::wire::MitigationActionParams;
use crate::request::text;
use crate::time::Timestamp;

#[derive(Debug)]
struct EnableIotLogging {
    role_arn: String,
    level: LogLevel,
}

pub(super) fn read(params: &MitigationActionParams) -> Parameters {
    let given = params.enable_iot_logging_params.as_ref()?;
    let checked = text::ROLE_ARN.check("roleArnForLogging", &given.role_arn_for_logging).and_then(|()| {
        let level = match given.log_level.as_str() {
            "DEBUG" => LogLevel::Debug,
            "INFO" => LogLevel::Info,
            "ERROR" => LogLevel::Error,
            "WARN" => LogLevel::Warn,
            // `DISABLED` is in the API's list; an action that enables logging does not take it (7.1).
            found => {
                return Err(ServiceError::invalid(format!(
                    "logLevel must be one of `DEBUG`, `INFO`, `ERROR` and `WARN`, found `{found}`"
                )));
            }
        };
        Ok(Arc::new(EnableIotLogging { role_arn: given.role_arn_for_logging.clone(), level }) as Arc<dyn Action>)
    });
    Some(checked)
}

impl Action for EnableIotLogging {
    fn apply(&self, now: Timestamp, _subject: Subject<'_>, scene: &mut Scene<'_>) -> Result<(), Failure> {
        scene.need("iot:SetV2LoggingOptions")?;
        scene.need("iam:PassRole")?;
        let was = scene.account.get_v2_logging_options().ok().cloned().map(Box::new);
        scene.account.set_v2_logging_options(now, Some(&self.role_arn), Some(self.level), Some(false))?;
        if scene.account.get_v2_logging_options().ok() != was.as_deref() {
            scene.undo.push(Undo::Logging { was });
        }
        Ok(())
    }
}

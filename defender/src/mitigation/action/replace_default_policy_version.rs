//! REPLACE_DEFAULT_POLICY_VERSION: a blank version becomes the default; it grants nothing and denies nothing (M-14).

use std::sync::Arc;

use super::{Action, Failure, Parameters, Scene, Subject, Undo};
use crate::error::ServiceError;
use crate::mitigation::findings::NonCompliant;
use crate::mitigation::wire::MitigationActionParams;
use crate::policy::{BLANK_POLICY, Document};
use crate::time::Timestamp;

#[derive(Debug)]
struct ReplaceDefaultPolicyVersion;

pub(super) fn read(params: &MitigationActionParams) -> Parameters {
    let given = params.replace_default_policy_version_params.as_ref()?;
    Some(if given.template_name == "BLANK_POLICY" {
        Ok(Arc::new(ReplaceDefaultPolicyVersion))
    } else {
        let found = &given.template_name;
        Err(ServiceError::invalid(format!("templateName must be `BLANK_POLICY`, found `{found}`")))
    })
}

impl Action for ReplaceDefaultPolicyVersion {
    /// A default that is neither the finding's version nor blank was changed by somebody meanwhile: hands off (CH-106).
    fn apply(&self, now: Timestamp, subject: Subject<'_>, scene: &mut Scene<'_>) -> Result<(), Failure> {
        scene.need("iot:CreatePolicyVersion")?;
        let NonCompliant::PolicyVersion { policy: name, version } = subject.finding()?.resource else {
            return Err(Failure::not_found("the finding names no policy"));
        };
        let account = &mut *scene.account;
        let missing = || Failure::not_found(format!("policy `{name}` does not exist"));
        let policy = account.policy(name).ok_or_else(missing)?;
        let default = account.default_policy_version(policy).ok_or_else(missing)?;
        let blank = Document::parse_iot(account.document_text(default.document)).is_ok_and(|it| it.is_blank());
        if blank {
            return Ok(());
        }
        if default.number != version {
            return Err(Failure::invalid_state(format!(
                "version {} of policy `{name}` is the default now, the finding is about version {version}",
                default.number
            )));
        }
        account.create_policy_version(now, policy, BLANK_POLICY, true)?;
        scene.undo.push(Undo::DefaultPolicyVersion { policy, was: version });
        Ok(())
    }
}

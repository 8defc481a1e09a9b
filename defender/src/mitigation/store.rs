//! Stored actions (M-01 … M-04).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::{self, Action};
use super::wire::*;
use crate::account::Account;
use crate::detect::wire::Tag;
use crate::error::{Compatibility, ServiceError, Warning};
use crate::ids::IdMint;
use crate::request::{Page, checked_arn, text};
use crate::time::Timestamp;

/// Actions per account.
const ACTIONS_MAX: usize = 100;

/// An action's definition as it is now; tasks hold on to the one they began with (M-02).
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) role_arn: String,
    pub(super) action_type: ActionType,
    pub(super) action: Arc<dyn Action>,
    params: MitigationActionParams,
}

impl Definition {
    /// As `actionsDefinition` lists it (M-30).
    pub(super) fn to_wire(&self) -> MitigationAction {
        MitigationAction {
            name: self.name.clone(),
            id: self.id.clone(),
            role_arn: self.role_arn.clone(),
            action_params: self.params.clone(),
        }
    }
}

#[derive(Clone, Debug)]
struct Stored {
    definition: Arc<Definition>,
    creation_date: Timestamp,
    last_modified_date: Timestamp,
}

/// The account's mitigation actions.
#[derive(Clone, Debug, Default)]
pub(super) struct Actions(BTreeMap<String, Stored>);

fn action_arn(account: &Account, name: &str) -> String {
    account.arn(format!("mitigationaction/{name}"))
}

/// Checks the ARNs of a definition, each for its length and the digits of its account (G-11, X-05).
fn check_arns(
    role_arn: &str,
    params: &MitigationActionParams,
    mode: Compatibility,
) -> Result<Vec<Warning>, ServiceError> {
    let logging = params.enable_iot_logging_params.as_ref().map(|given| &*given.role_arn_for_logging);
    let topic = params.publish_finding_to_sns_params.as_ref().map(|given| &*given.topic_arn);
    let arns = [
        (text::ROLE_ARN, Some(role_arn), "/roleArn"),
        (text::ROLE_ARN, logging, "/actionParams/enableIoTLoggingParams/roleArnForLogging"),
        (text::TOPIC_ARN, topic, "/actionParams/publishFindingToSnsParams/topicArn"),
    ];
    let mut warnings = Vec::new();
    for (shape, arn, pointer) in arns {
        warnings.extend(arn.map(|arn| checked_arn(shape, arn, pointer, mode)).transpose()?.flatten());
    }
    Ok(warnings)
}

impl Actions {
    pub(super) fn get(&self, name: &str) -> Option<&Arc<Definition>> {
        self.0.get(name).map(|stored| &stored.definition)
    }

    pub(super) fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.0.values().map(|stored| &*stored.definition)
    }

    pub(super) fn create(
        &mut self,
        now: Timestamp,
        account: &Account,
        request: CreateMitigationActionRequest,
        ids: &mut IdMint,
        mode: Compatibility,
    ) -> Result<(MitigationActionIds, Vec<Warning>), ServiceError> {
        let CreateMitigationActionRequest { action_name: name, role_arn, action_params: params, tags } = request;
        text::PLAIN_NAME.check("actionName", &name)?;
        Tag::check_all(tags.as_deref())?;
        let (action_type, action) = action::read(&params)?;
        let warnings = check_arns(&role_arn, &params, mode)?;
        let action_arn = action_arn(account, &name);
        if let Some(known) = self.get(&name) {
            if known.role_arn == role_arn && known.params == params {
                return Ok((MitigationActionIds { action_arn, action_id: known.id.clone() }, warnings));
            }
            return Err(ServiceError::already_exists("mitigation action", name, action_arn));
        }
        if self.0.len() >= ACTIONS_MAX {
            return Err(ServiceError::limit(format!("an account has at most {ACTIONS_MAX} mitigation actions")));
        }
        let id = ids.mint("mitigation action");
        let definition = Definition { name: name.clone(), id: id.clone(), role_arn, action_type, action, params };
        let stored = Stored { definition: Arc::new(definition), creation_date: now, last_modified_date: now };
        self.0.insert(name, stored);
        Ok((MitigationActionIds { action_arn, action_id: id }, warnings))
    }

    pub(super) fn update(
        &mut self,
        now: Timestamp,
        account: &Account,
        request: UpdateMitigationActionRequest,
        mode: Compatibility,
    ) -> Result<(MitigationActionIds, Vec<Warning>), ServiceError> {
        let name = request.action_name;
        text::PLAIN_NAME.check("actionName", &name)?;
        let stored = self.0.get_mut(&name).ok_or_else(|| ServiceError::not_found("mitigation action", &name))?;
        let held = &stored.definition;
        let params = request.action_params.unwrap_or_else(|| held.params.clone());
        let role_arn = request.role_arn.unwrap_or_else(|| held.role_arn.clone());
        let (action_type, action) = action::read(&params)?;
        let warnings = check_arns(&role_arn, &params, mode)?;
        let id = held.id.clone();
        let ids = MitigationActionIds { action_arn: action_arn(account, &name), action_id: id.clone() };
        stored.definition = Arc::new(Definition { name, id, role_arn, action_type, action, params });
        stored.last_modified_date = now;
        Ok((ids, warnings))
    }

    pub(super) fn describe(
        &self,
        account: &Account,
        name: &str,
    ) -> Result<DescribeMitigationActionResponse, ServiceError> {
        text::PLAIN_NAME.check("actionName", name)?;
        let stored = self.0.get(name).ok_or_else(|| ServiceError::not_found("mitigation action", name))?;
        let definition = &stored.definition;
        Ok(DescribeMitigationActionResponse {
            action_name: definition.name.clone(),
            action_type: definition.action_type,
            action_arn: action_arn(account, name),
            action_id: definition.id.clone(),
            role_arn: definition.role_arn.clone(),
            action_params: definition.params.clone(),
            creation_date: stored.creation_date,
            last_modified_date: stored.last_modified_date,
        })
    }

    pub(super) fn delete(&mut self, name: &str) -> Result<(), ServiceError> {
        text::PLAIN_NAME.check("actionName", name)?;
        self.0.remove(name);
        Ok(())
    }

    pub(super) fn list(
        &self,
        account: &Account,
        request: &ListMitigationActionsRequest,
    ) -> Result<ListMitigationActionsResponse, ServiceError> {
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let wanted =
            |stored: &&Stored| request.action_type.is_none_or(|wanted| wanted == stored.definition.action_type);
        let mut listed: Vec<&Stored> = self.0.values().filter(wanted).collect();
        // By name already; CH-02 wants the creation time first.
        listed.sort_by_key(|stored| stored.creation_date);
        let (listed, next_token) = page.of(listed)?;
        let identifier = |stored: &Stored| MitigationActionIdentifier {
            action_name: stored.definition.name.clone(),
            action_arn: action_arn(account, &stored.definition.name),
            creation_date: stored.creation_date,
        };
        Ok(ListMitigationActionsResponse {
            action_identifiers: listed.into_iter().map(identifier).collect(),
            next_token,
        })
    }
}

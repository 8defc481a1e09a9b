//! Advice about definitions that do not do what they look like (M-40, X-17).

use super::store::Definition;
use crate::account::{Account, PolicyTarget};
use crate::error::Warning;
use crate::ids::ThingGroupId;
use crate::policy::{Document, Effect};

/// Whether a group restricts the things in it: membership only ever adds policies, so only a statement that denies
/// can take rights away (M-40). Policies of the group's ancestors count (V-08).
pub fn quarantine_denies(account: &Account, group: ThingGroupId) -> bool {
    let denies = |group: ThingGroupId| {
        account.attached_policies(PolicyTarget::ThingGroup(group)).any(|policy| {
            let default = account.default_policy_version(policy);
            let document = default.and_then(|it| Document::parse_iot(account.document_text(it.document)).ok());
            document.is_some_and(|it| it.statements().iter().any(|statement| statement.effect() == Effect::Deny))
        })
    };
    denies(group) || account.ancestors(group).any(denies)
}

/// `QUARANTINE_WITHOUT_DENY` for each group of an action that exists and denies nothing.
pub(super) fn quarantine_without_deny(account: &Account, definition: &Definition) -> Vec<Warning> {
    let names = definition.action.thing_groups().iter().enumerate();
    let lint = |(i, name): (usize, &String)| {
        let group = account.thing_group(name)?;
        if quarantine_denies(account, group) {
            return None;
        }
        let has = match account.attached_policies(PolicyTarget::ThingGroup(group)).next() {
            Some(_) => "no policy that denies anything",
            None => "no policy",
        };
        let action = &definition.name;
        Some(Warning {
            code: "QUARANTINE_WITHOUT_DENY",
            path: format!("/actionParams/addThingsToThingGroupParams/thingGroupNames/{i}"),
            message: format!(
                "action `{action}` adds things to group `{name}`, which has {has}: policies of groups add up, so the \
                 things keep every right they have; as a quarantine the group needs an explicit Deny"
            ),
            canonical: None,
        })
    };
    names.filter_map(lint).collect()
}

//! What profiles are attached to, and which devices that covers (5.6).

use crate::account::Account;
use crate::arn::Arn;
use crate::error::ServiceError;
use crate::ids::{ThingGroupId, ThingId};
use crate::time::Timestamp;

/// A target of a security profile (D-26, D-27).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// `all/things`: registered and unregistered devices.
    AllThings,
    /// `all/registered-things`.
    RegisteredThings,
    /// `all/unregistered-things`.
    UnregisteredThings,
    /// A static or dynamic group with its descendants (D-28, CH-63).
    ThingGroup(ThingGroupId),
}

impl Target {
    /// Reads a target's ARN.
    ///
    /// # Errors
    /// `InvalidRequestException` for anything but the four forms in this account and region (D-26, X-05);
    /// `ResourceNotFoundException` for a group that does not exist.
    pub fn from_arn(text: &str, account: &Account) -> Result<Target, ServiceError> {
        let arn: Arn = text.parse().map_err(|error: crate::arn::NotAnArn| ServiceError::invalid(error.to_string()))?;
        if arn.service != "iot" || arn.region != account.region() || arn.account != account.id() {
            return Err(ServiceError::invalid(format!(
                "a target must be of service `iot`, region `{}` and account `{}`, found `{text}`",
                account.region(),
                account.id()
            )));
        }
        match arn.resource.as_str() {
            "all/things" => Ok(Target::AllThings),
            "all/registered-things" => Ok(Target::RegisteredThings),
            "all/unregistered-things" => Ok(Target::UnregisteredThings),
            resource => match resource.strip_prefix("thinggroup/") {
                Some(name) => account
                    .thing_group(name)
                    .map(Target::ThingGroup)
                    .ok_or_else(|| ServiceError::not_found("thing group", name)),
                None => Err(ServiceError::invalid(format!(
                    "a target must be a thing group, `all/things`, `all/registered-things` or \
                     `all/unregistered-things`, found `{resource}`"
                ))),
            },
        }
    }

    /// Its ARN.
    pub fn arn(self, account: &Account) -> String {
        match self {
            Target::AllThings => account.arn("all/things"),
            Target::RegisteredThings => account.arn("all/registered-things"),
            Target::UnregisteredThings => account.arn("all/unregistered-things"),
            Target::ThingGroup(group) => account.arn(format!("thinggroup/{}", account.thing_group_name(group))),
        }
    }

    /// Whether it covers a registered device now. A deleted thing is in no group and not registered, but stays a
    /// device under `all/things` until it falls silent (D-32).
    pub fn covers_thing(self, thing: ThingId, account: &Account) -> bool {
        match self {
            Target::AllThings => true,
            Target::RegisteredThings => is_alive(thing, account),
            Target::UnregisteredThings => false,
            Target::ThingGroup(group) => {
                account.describe_thing_group(group).is_some() && account.is_thing_in_group(thing, group, true)
            }
        }
    }

    /// Whether it covers unregistered devices.
    pub const fn covers_unregistered(self) -> bool {
        matches!(self, Target::AllThings | Target::UnregisteredThings)
    }

    /// Whether it covers any device, as far as the registry knows: unregistered devices may always come.
    pub(crate) fn covers_any(self, account: &Account) -> bool {
        match self {
            Target::AllThings | Target::UnregisteredThings => true,
            Target::RegisteredThings => account.thing_count() > 0,
            Target::ThingGroup(group) => {
                account.describe_thing_group(group).is_some()
                    && (account.group_size(group) > 0
                        || account.descendants(group).into_iter().any(|child| account.group_size(child) > 0))
            }
        }
    }

    /// Whether the target still exists (D-34, CH-65).
    pub(crate) fn exists(self, account: &Account) -> bool {
        match self {
            Target::ThingGroup(group) => account.describe_thing_group(group).is_some(),
            _ => true,
        }
    }
}

/// Whether the thing is in the registry still: its name leads back to it.
pub(crate) fn is_alive(thing: ThingId, account: &Account) -> bool {
    account.thing(account.thing_name(thing)) == Some(thing)
}

/// One attachment of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// To what.
    pub target: Target,
    /// Since when.
    pub since: Timestamp,
}

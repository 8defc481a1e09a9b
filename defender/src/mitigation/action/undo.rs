//! What can be taken back, and how (7.4). The engine takes nothing back by itself (M-18).

use super::super::wire::ActionType;
use crate::account::{Account, CaCertificateStatus, CertificateStatus, V2LoggingOptions};
use crate::error::ServiceError;
use crate::ids::{CaCertificateIndex, CertificateIndex, PolicyIndex, ThingGroupId, ThingId};
use crate::time::Timestamp;

/// Whether an action's effect can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reversibility {
    /// By an operation that an operator calls.
    ByHand,
    /// Out of the group again; a dynamic group that gave way takes the thing back only when there is room.
    Partly,
    /// As long as the version that was the default is stored.
    WhileVersionExists,
    /// If somebody remembers what was there before: the engine does.
    IfRemembered,
    /// Messages cannot be recalled.
    No,
}

impl ActionType {
    /// Whether its effect can be taken back (7.4).
    pub const fn reversibility(self) -> Reversibility {
        match self {
            ActionType::UpdateDeviceCertificate | ActionType::UpdateCaCertificate => Reversibility::ByHand,
            ActionType::AddThingsToThingGroup => Reversibility::Partly,
            ActionType::ReplaceDefaultPolicyVersion => Reversibility::WhileVersionExists,
            ActionType::EnableIotLogging => Reversibility::IfRemembered,
            ActionType::PublishFindingToSns => Reversibility::No,
        }
    }
}

/// One change that an execution made, as it can be taken back. An execution that changed nothing has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    /// A device certificate's status.
    DeviceCertificate {
        /// Which certificate.
        certificate: CertificateIndex,
        /// Its status before.
        was: CertificateStatus,
    },
    /// A CA certificate's status.
    CaCertificate {
        /// Which CA certificate.
        ca: CaCertificateIndex,
        /// Its status before.
        was: CaCertificateStatus,
    },
    /// A thing's membership in a group.
    Membership {
        /// Which thing.
        thing: ThingId,
        /// The group that it was added to.
        group: ThingGroupId,
    },
    /// A policy's default version.
    DefaultPolicyVersion {
        /// Which policy.
        policy: PolicyIndex,
        /// The number of the version that was the default.
        was: u32,
    },
    /// The account's V2 logging options.
    Logging {
        /// What they were; `None` where they had never been set.
        was: Option<Box<V2LoggingOptions>>,
    },
}

impl Undo {
    /// Takes the change back, as an operator would.
    ///
    /// # Errors
    /// Those of the operation that does it, for example because the certificate was revoked or the version deleted.
    pub fn revert(&self, now: Timestamp, account: &mut Account) -> Result<(), ServiceError> {
        match self {
            Undo::DeviceCertificate { certificate, was } => account.update_certificate(now, *certificate, *was),
            Undo::CaCertificate { ca, was } => account.update_ca_certificate(now, *ca, Some(*was), None),
            Undo::Membership { thing, group } => account.remove_thing_from_thing_group(now, *thing, *group),
            Undo::DefaultPolicyVersion { policy, was } => account.set_default_policy_version(now, *policy, *was),
            Undo::Logging { was } => {
                account.restore_v2_logging_options(now, was.as_deref().cloned());
                Ok(())
            }
        }
    }
}

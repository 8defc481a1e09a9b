//! The six actions (7.1), one file each, behind one trait.
//!
//! An [`Action`] is a checked definition; a task applies it to a [`Subject`]. What it changed is written down as
//! [`Undo`], so that an operator can take it back where that is possible at all (7.4): the engine never does (M-18).

mod add_things_to_thing_group;
mod applicability;
mod enable_iot_logging;
mod publish_finding_to_sns;
mod replace_default_policy_version;
mod undo;
mod update_ca_certificate;
mod update_device_certificate;

use std::fmt;
use std::sync::Arc;

pub use self::applicability::applies_to_check;
pub(super) use self::applicability::applies_to_violation;
pub use self::undo::{Reversibility, Undo};
use super::findings::{FindingKey, FindingView, Findings, NonCompliant};
use super::wire::{ActionType, MitigationActionParams};
use crate::account::Account;
use crate::error::{Exception, ServiceError};
use crate::ids::CertificateIndex;
use crate::notification::Outbox;
use crate::time::Timestamp;

/// Why an execution failed (M-17).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// The action's role may not do it (M-05).
    InsufficientPermissions,
    /// The resource is in a state that does not admit it.
    InvalidStateOfResource,
    /// There is nothing to act on (CH-107).
    ResourceNotFound,
}

impl fmt::Display for ErrorCode {
    /// As it stands in `errorCode`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorCode::InsufficientPermissions => "INSUFFICIENT_PERMISSIONS",
            ErrorCode::InvalidStateOfResource => "INVALID_STATE_OF_RESOURCE",
            ErrorCode::ResourceNotFound => "RESOURCE_NOT_FOUND",
        })
    }
}

/// A failed execution: the code, and a sentence about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

impl Failure {
    fn not_found(message: impl Into<String>) -> Failure {
        Failure { code: ErrorCode::ResourceNotFound, message: message.into() }
    }

    fn invalid_state(message: impl Into<String>) -> Failure {
        Failure { code: ErrorCode::InvalidStateOfResource, message: message.into() }
    }
}

impl From<ServiceError> for Failure {
    /// What the registry refuses is a matter of the resource's state, unless the resource is missing.
    fn from(error: ServiceError) -> Failure {
        match error.exception {
            Exception::ResourceNotFound => Failure::not_found(error.message),
            _ => Failure::invalid_state(error.message),
        }
    }
}

/// What an action is applied to.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    Finding { findings: &'a dyn Findings, key: FindingKey },
    Violation { thing_name: &'a str },
}

impl<'a> Subject<'a> {
    fn finding(&self) -> Result<FindingView<'a>, Failure> {
        match *self {
            Subject::Finding { findings, key } => {
                findings.finding(key).ok_or_else(|| Failure::not_found("the finding is not retained any more"))
            }
            Subject::Violation { thing_name } => {
                Err(Failure::not_found(format!("the violation of `{thing_name}` names no resource but the thing")))
            }
        }
    }
}

/// Where an action is applied, and on whose behalf.
pub(super) struct Scene<'a> {
    pub(super) account: &'a mut Account,
    pub(super) outbox: &'a mut Outbox,
    pub(super) role_arn: &'a str,
    /// What was changed, also by an execution that fails in the end.
    pub(super) undo: Vec<Undo>,
}

impl Scene<'_> {
    /// Refuses if the role is known to lack an action (M-05, CH-102).
    fn need(&self, action: &str) -> Result<(), Failure> {
        if self.account.role_lacks(self.role_arn, action) {
            let message = format!("role `{}` may not `{action}`", self.role_arn);
            return Err(Failure { code: ErrorCode::InsufficientPermissions, message });
        }
        Ok(())
    }
}

/// One of the six kinds of action with its parameters.
pub(super) trait Action: fmt::Debug + Send + Sync {
    /// Applies the action. Success if the subject is in the target state already (7.3).
    fn apply(&self, now: Timestamp, subject: Subject<'_>, scene: &mut Scene<'_>) -> Result<(), Failure>;

    /// The thing groups that it adds to, for the quarantine lint (M-40).
    fn thing_groups(&self) -> &[String] {
        &[]
    }
}

/// The action, if its member of `actionParams` is given.
type Parameters = Option<Result<Arc<dyn Action>, ServiceError>>;
type Read = fn(&MitigationActionParams) -> Parameters;

/// How each kind is read from its parameters.
const KINDS: [(ActionType, Read); 6] = [
    (ActionType::UpdateDeviceCertificate, update_device_certificate::read),
    (ActionType::UpdateCaCertificate, update_ca_certificate::read),
    (ActionType::AddThingsToThingGroup, add_things_to_thing_group::read),
    (ActionType::ReplaceDefaultPolicyVersion, replace_default_policy_version::read),
    (ActionType::EnableIotLogging, enable_iot_logging::read),
    (ActionType::PublishFindingToSns, publish_finding_to_sns::read),
];

/// Reads `actionParams`: exactly one member, which fixes the kind (M-01).
///
/// # Errors
/// `InvalidRequestException`.
pub(super) fn read(params: &MitigationActionParams) -> Result<(ActionType, Arc<dyn Action>), ServiceError> {
    let mut given = KINDS.iter().filter_map(|(kind, read)| Some((*kind, read(params)?)));
    match (given.next(), given.next()) {
        (Some((kind, action)), None) => Ok((kind, action?)),
        (None, _) => Err(ServiceError::invalid("actionParams needs exactly one member, found none")),
        (Some((first, _)), Some((second, _))) => Err(ServiceError::invalid(format!(
            "actionParams needs exactly one member, found those of `{first}` and `{second}`"
        ))),
    }
}

/// Which certificates a finding is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Of an issuer: what it issued and is in scope now (M-10, CH-104).
    InScope,
    /// Of an issuer: also what was in scope when the finding was made.
    InScopeThenOrNow,
}

/// The device certificates of a finding, ascending for an issuer.
fn certificates(finding: &FindingView<'_>, account: &Account, reach: Reach) -> Result<Vec<CertificateIndex>, Failure> {
    match &finding.resource {
        NonCompliant::DeviceCertificate(id) => {
            let certificate = account.certificate_of_id(id);
            Ok(vec![certificate.ok_or_else(|| Failure::not_found(format!("certificate `{id}` does not exist")))?])
        }
        NonCompliant::Issuer { subject, id, serial, related } => {
            let issuer =
                account.issuers_of_subject(subject).iter().copied().find(|issuer| {
                    account.issuer(*issuer).is_some_and(|known| known.id == *id && known.serial == *serial)
                });
            let issuer = issuer.ok_or_else(|| Failure::not_found(format!("issuer `{subject}` does not exist")))?;
            let known = |certificate: &CertificateIndex| {
                account.certificate(*certificate).is_some_and(|row| {
                    row.issuer() == Some(issuer)
                        && (row.status().is_in_scope()
                            || (reach == Reach::InScopeThenOrNow && related.contains(&row.id())))
                })
            };
            Ok(account.certificates().filter(known).collect())
        }
        _ => Err(Failure::not_found("the finding names no device certificate")),
    }
}

/// Several outcomes as one: success, or the first failure with how many there were.
fn all_or_first(failures: Vec<Failure>, tried: usize) -> Result<(), Failure> {
    let count = failures.len();
    match failures.into_iter().next() {
        None => Ok(()),
        Some(first) if tried == 1 => Err(first),
        Some(first) => Err(Failure { message: format!("{count} of {tried} failed; {}", first.message), ..first }),
    }
}

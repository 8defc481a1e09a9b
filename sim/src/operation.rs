//! Operations of the registry that a customer's own function calls directly. No mitigation task stands between, so the
//! service's rules of applicability (M-08) do not bind them; what they do to innocent devices is theirs to answer for.

use defender::account::{Account, CertificateStatus, DisconnectReason, LogLevel, PolicyTarget, Principal};
use defender::error::ServiceError;
use defender::ids::{CertificateIndex, PolicyIndex, ThingGroupId, ThingId};
use defender::time::Timestamp;

use crate::alteration::{Name, Noun};

/// Versions that a policy can have (Q-31).
const POLICY_VERSIONS_MAX: usize = 5;

/// An operation with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Sets the status of the certificates; a revoked one stays revoked.
    UpdateCertificate {
        /// The new status.
        status: CertificateStatus,
    },
    /// Detaches a policy from the certificates; all of them unless named.
    DetachPolicy {
        /// Which.
        policy: Option<Name>,
    },
    /// Attaches a policy to the certificates.
    AttachPolicy {
        /// Which.
        policy: Name,
    },
    /// Makes another document the default version of a policy.
    CreatePolicyVersion {
        /// Which.
        policy: Name,
        /// The JSON document.
        document: String,
    },
    /// Detaches the certificates from their things.
    DetachThingPrincipal,
    /// Puts the things into a static group.
    AddThingToThingGroup {
        /// Which.
        group: Name,
    },
    /// Takes the things out of a static group.
    RemoveThingFromThingGroup {
        /// Which.
        group: Name,
    },
    /// Disconnects the clients, which may connect again.
    DeleteConnection,
    /// Switches logging on.
    SetV2LoggingOptions {
        /// The default level.
        level: LogLevel,
    },
}

/// What an operation is about: an alarm's device, or what a finding names, as a function looks it up beforehand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    things: Vec<ThingId>,
    certificates: Vec<CertificateIndex>,
}

impl Subject {
    /// A thing with its certificates.
    pub fn of_thing(account: &Account, thing: ThingId) -> Subject {
        let certificates = account.principals_of_thing(thing).filter_map(|principal| match principal {
            Principal::Certificate(certificate) => Some(certificate),
            Principal::CognitoIdentity(_) => None,
        });
        Subject { things: vec![thing], certificates: certificates.collect() }
    }

    /// A certificate with its things.
    pub fn of_certificate(account: &Account, certificate: CertificateIndex) -> Subject {
        Subject { things: account.things_of_certificate(certificate).collect(), certificates: vec![certificate] }
    }

    /// Its things.
    pub fn things(&self) -> &[ThingId] {
        &self.things
    }
}

impl Operation {
    /// Its name in scenario files.
    pub const fn name(&self) -> &'static str {
        match self {
            Operation::UpdateCertificate { .. } => "update-certificate",
            Operation::DetachPolicy { .. } => "detach-policy",
            Operation::AttachPolicy { .. } => "attach-policy",
            Operation::CreatePolicyVersion { .. } => "create-policy-version",
            Operation::DetachThingPrincipal => "detach-thing-principal",
            Operation::AddThingToThingGroup { .. } => "add-thing-to-thing-group",
            Operation::RemoveThingFromThingGroup { .. } => "remove-thing-from-thing-group",
            Operation::DeleteConnection => "delete-connection",
            Operation::SetV2LoggingOptions { .. } => "set-v2-logging-options",
        }
    }

    /// What reports call its type, spelt as the types of mitigation actions are: `UPDATE_CERTIFICATE`.
    pub fn action_type(&self) -> String {
        self.name().replace('-', "_").to_uppercase()
    }

    /// The names that it refers to.
    pub(crate) fn names(&self) -> Vec<(Noun, &Name)> {
        match self {
            Operation::DetachPolicy { policy: Some(policy) }
            | Operation::AttachPolicy { policy }
            | Operation::CreatePolicyVersion { policy, .. } => vec![(Noun::Policy, policy)],
            Operation::AddThingToThingGroup { group } | Operation::RemoveThingFromThingGroup { group } => {
                vec![(Noun::Group, group)]
            }
            _ => Vec::new(),
        }
    }

    /// What it changes if that is not the device's own: a policy or the account.
    pub(crate) fn resource(&self) -> Option<&str> {
        match self {
            Operation::CreatePolicyVersion { policy, .. } => Some(policy.as_str()),
            Operation::SetV2LoggingOptions { .. } => Some("account"),
            _ => None,
        }
    }

    /// Carries it out; whether anything is different from before.
    ///
    /// # Errors
    /// What the account refuses.
    pub(crate) fn perform(
        &self,
        now: Timestamp,
        account: &mut Account,
        subject: &Subject,
    ) -> Result<bool, ServiceError> {
        let mut changed = false;
        match self {
            Operation::UpdateCertificate { status } => {
                for certificate in &subject.certificates {
                    let was = account.certificate(*certificate).map(|certificate| certificate.status());
                    if was != Some(CertificateStatus::Revoked) && was != Some(*status) {
                        account.update_certificate(now, *certificate, *status)?;
                        changed = true;
                    }
                }
            }
            Operation::DetachPolicy { policy } => {
                let only = policy.as_ref().map(|policy| find_policy(account, policy)).transpose()?;
                for target in subject.certificates.iter().map(|certificate| PolicyTarget::Certificate(*certificate)) {
                    let attached: Vec<PolicyIndex> = account.attached_policies(target).collect();
                    for policy in attached.into_iter().filter(|policy| only.is_none_or(|only| only == *policy)) {
                        account.detach_policy(now, policy, target)?;
                        changed = true;
                    }
                }
            }
            Operation::AttachPolicy { policy } => {
                let policy = find_policy(account, policy)?;
                for target in subject.certificates.iter().map(|certificate| PolicyTarget::Certificate(*certificate)) {
                    changed |= !account.attached_policies(target).any(|attached| attached == policy);
                    account.attach_policy(now, policy, target)?;
                }
            }
            Operation::CreatePolicyVersion { policy, document } => {
                changed = replace_default(now, account, find_policy(account, policy)?, document)?;
            }
            Operation::DetachThingPrincipal => {
                for certificate in &subject.certificates {
                    for thing in &subject.things {
                        changed |= account.things_of_certificate(*certificate).any(|other| other == *thing);
                        account.detach_thing_principal(now, *thing, Principal::Certificate(*certificate))?;
                    }
                }
            }
            Operation::AddThingToThingGroup { group } => {
                let group = find_group(account, group)?;
                for thing in &subject.things {
                    changed |= !account.is_thing_in_group(*thing, group, false);
                    account.add_thing_to_thing_group(now, *thing, group, true)?;
                }
            }
            Operation::RemoveThingFromThingGroup { group } => {
                let group = find_group(account, group)?;
                for thing in &subject.things {
                    changed |= account.is_thing_in_group(*thing, group, false);
                    account.remove_thing_from_thing_group(now, *thing, group)?;
                }
            }
            Operation::DeleteConnection => {
                for thing in &subject.things {
                    let client = account.thing_name(*thing).to_owned();
                    if let Some(client) = account.known_client(&client) {
                        account.disconnect(now, client, DisconnectReason::ApiInitiatedDisconnect);
                    }
                }
                changed = true;
            }
            Operation::SetV2LoggingOptions { level } => {
                let before = account.get_v2_logging_options().ok().cloned();
                let role = before.is_none().then(|| logging_role(account.id()));
                account.set_v2_logging_options(now, role.as_deref(), Some(*level), Some(false))?;
                changed = account.get_v2_logging_options().ok() != before.as_ref();
            }
        }
        Ok(changed)
    }
}

/// The role under which logs would be written.
pub(crate) fn logging_role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/fleetrange-logging")
}

/// Makes a document the default version of a policy: one of its versions if it is there already, or a new one, for
/// which the oldest of five makes room.
fn replace_default(
    now: Timestamp,
    account: &mut Account,
    policy: PolicyIndex,
    document: &str,
) -> Result<bool, ServiceError> {
    let default = account.default_policy_version(policy).map(|version| version.number);
    let same = |account: &Account, number: u32| {
        let version = account.policy_versions(policy).iter().find(|version| version.number == number);
        version.is_some_and(|version| account.document_text(version.document) == document)
    };
    let numbers: Vec<u32> = account.policy_versions(policy).iter().map(|version| version.number).collect();
    if default.is_some_and(|default| same(account, default)) {
        return Ok(false);
    }
    if let Some(known) = numbers.iter().find(|number| same(account, **number)) {
        account.set_default_policy_version(now, policy, *known)?;
        return Ok(true);
    }
    if numbers.len() >= POLICY_VERSIONS_MAX
        && let Some(oldest) = numbers.iter().find(|number| Some(**number) != default)
    {
        account.delete_policy_version(now, policy, *oldest)?;
    }
    account.create_policy_version(now, policy, document, true)?;
    Ok(true)
}

fn find_policy(account: &Account, name: &Name) -> Result<PolicyIndex, ServiceError> {
    account.policy(name.as_str()).ok_or_else(|| ServiceError::not_found("policy", name.as_str()))
}

fn find_group(account: &Account, name: &Name) -> Result<ThingGroupId, ServiceError> {
    account.thing_group(name.as_str()).ok_or_else(|| ServiceError::not_found("thing group", name.as_str()))
}

#[cfg(test)]
mod tests {
    use defender::account::{CertificateFacts, ThingPrincipalType};
    use defender::ids::CertificateId;
    use defender::policy::BLANK_POLICY;

    use super::*;
    use crate::scenario::field::Field;
    use crate::scenario::source::Place;
    use crate::scenario::tree::{Node, Value};

    const NOW: Timestamp = Timestamp(1_000_000);
    const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#;

    /// Two things that share a certificate with a policy, and a group.
    fn account() -> (Account, ThingId, CertificateIndex) {
        let mut account = Account::new("123456789012", "us-east-1").expect("a proper id");
        let policy = account.create_policy(NOW, "device", OPEN).expect("a proper policy");
        account.create_thing_group(NOW, "quarantine", None).expect("a proper group");
        let facts = CertificateFacts::new(CertificateId([7; 32]), Timestamp(0), Timestamp(i64::MAX));
        let certificate = account.load_certificate(NOW, facts).expect("a new one");
        account.attach_policy(NOW, policy, PolicyTarget::Certificate(certificate)).expect("both are there");
        for name in ["a", "b"] {
            let thing = account.create_thing(NOW, name, None, &[]).expect("a proper name");
            let kind = ThingPrincipalType::NonExclusiveThing;
            account.attach_thing_principal(NOW, thing, Principal::Certificate(certificate), kind).expect("shared");
        }
        let thing = account.thing("a").expect("just made");
        (account, thing, certificate)
    }

    fn name(text: &str) -> Name {
        let node = Node { value: Value::Text(text.to_owned()), place: Place::nowhere() };
        Name::read(&node).expect("a text")
    }

    fn perform(account: &mut Account, thing: ThingId, operation: &Operation) -> bool {
        let subject = Subject::of_thing(account, thing);
        operation.perform(NOW, account, &subject).expect("it is allowed")
    }

    #[test]
    fn each_changes_something_once_and_nothing_again() {
        let operations = [
            Operation::UpdateCertificate { status: CertificateStatus::Inactive },
            Operation::DetachPolicy { policy: None },
            Operation::AttachPolicy { policy: name("device") },
            Operation::DetachPolicy { policy: Some(name("device")) },
            Operation::CreatePolicyVersion { policy: name("device"), document: BLANK_POLICY.to_owned() },
            Operation::AddThingToThingGroup { group: name("quarantine") },
            Operation::RemoveThingFromThingGroup { group: name("quarantine") },
            Operation::SetV2LoggingOptions { level: LogLevel::Warn },
            Operation::DetachThingPrincipal,
        ];
        let (mut account, thing, _) = account();
        for operation in &operations {
            assert!(perform(&mut account, thing, operation), "{operation:?}");
            assert!(!perform(&mut account, thing, operation), "{operation:?}");
        }
    }

    #[test]
    fn a_revoked_certificate_stays_revoked_and_is_no_reason_to_fail() {
        let (mut account, thing, certificate) = account();
        let update = |status| Operation::UpdateCertificate { status };
        assert!(perform(&mut account, thing, &update(CertificateStatus::Revoked)));
        assert!(!perform(&mut account, thing, &update(CertificateStatus::Active)));
        let status = account.certificate(certificate).map(|certificate| certificate.status());
        assert_eq!(status, Some(CertificateStatus::Revoked));
    }

    /// Q-31: a sixth version has no room; a document that is there already needs none.
    #[test]
    fn of_five_versions_the_oldest_makes_room() {
        let (mut account, thing, _) = account();
        for number in 0..7 {
            let topic = format!("\"arn:aws:iot:us-east-1:123456789012:topic/{number}\"");
            let document = OPEN.replace("\"*\"", &topic);
            let operation = Operation::CreatePolicyVersion { policy: name("device"), document };
            assert!(perform(&mut account, thing, &operation), "{number}");
        }
        let policy = account.policy("device").expect("it is there");
        let numbers: Vec<u32> = account.policy_versions(policy).iter().map(|version| version.number).collect();
        assert_eq!(numbers, [4, 5, 6, 7, 8]);
        let back = account.document_text(account.policy_versions(policy)[0].document).to_owned();
        let operation = Operation::CreatePolicyVersion { policy: name("device"), document: back };
        assert!(perform(&mut account, thing, &operation));
        assert_eq!(account.default_policy_version(policy).map(|version| version.number), Some(4));
    }
}

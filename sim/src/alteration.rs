//! Acts on the account: what attacks and defects change there, and how the world knows when that is mended.
//!
//! An [`Alter`] works on a [`Scene`]. Whatever it leaves wrong it notes as a mark; the ledger asks after each change of
//! the account which marks still stand, so that a defect is resolved by whoever really mends it, and by any road.

use std::collections::BTreeSet;

use defender::account::{
    Account, CertificateFacts, CertificateStatus, Change, CognitoPoolIndex, CrlEntry, DisconnectReason, IssuerIndex,
    PolicyTarget, Principal, RevocationReason, RevokingIssuer, RoleAliasIndex, SerialNumber, Session,
    ThingPrincipalType,
};
use defender::error::ServiceError;
use defender::ids::{CaCertificateIndex, CertificateIndex, PolicyIndex, ThingId};
use defender::policy::{broad_data_plane, misconfigurations};
use defender::time::{Millis, Timestamp};

use crate::broker::Client;
use crate::dice::{Dice, Purpose};
use crate::fleet::{Fleet, certificate_id, serial};
use crate::scenario::Scenario;
use crate::scenario::field::{Field, Mismatch, Shape};
use crate::scenario::source::Placed;
use crate::scenario::tree::Node;
use crate::shard::Access;

/// What a name stands for that an act refers to, so that the loader can look it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// An IoT policy.
    Policy,
    /// A certificate cohort.
    Cohort,
    /// A certificate authority.
    Authority,
    /// A static thing group.
    Group,
}

/// A name that an act refers to, with its place for the loader. Shown without it.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(Placed<String>);

impl Name {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0.value
    }

    /// The name where it was written.
    pub fn placed(&self) -> &Placed<String> {
        &self.0
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.value.fmt(f)
    }
}

impl Field for Name {
    fn read(node: &Node) -> Result<Name, Mismatch> {
        Placed::read(node).map(Name)
    }

    fn placeholder() -> Name {
        Name(Placed::placeholder())
    }

    fn shape() -> Shape {
        Placed::<String>::shape()
    }

    fn written(&self) -> serde_json::Value {
        self.0.written()
    }
}

/// Something that changes the account.
pub trait Alter: std::fmt::Debug + Send + Sync {
    /// The names that it refers to.
    fn names(&self) -> Vec<(Noun, &Name)> {
        Vec::new()
    }

    /// When it acts, after its onset; ascending, none after `duration`.
    fn steps(&self, _duration: Millis) -> Vec<Millis> {
        vec![Millis(0)]
    }

    /// Says how things are before the run begins.
    ///
    /// # Errors
    /// What the account refuses.
    fn prepare(&self, _scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        Ok(())
    }

    /// Takes a step.
    ///
    /// # Errors
    /// What the account refuses; the world tells it in the timeline.
    fn step(&self, number: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError>;
}

/// What is wrong, and how long it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// A device certificate: until it is neither active nor in transfer.
    Certificate(CertificateIndex),
    /// A CA certificate: until it is inactive.
    CaCertificate(CaCertificateIndex),
    /// A policy's default version grants too much (P-31).
    BroadPolicy(PolicyIndex),
    /// A policy's default version denies what it does not mean (P-36, P-37).
    MisconfiguredPolicy(PolicyIndex),
    /// Logging is off (C-17).
    Logging,
    /// An issuer: until none of the certificates that it signed is in scope.
    Issuer(IssuerIndex),
    /// A role alias: until it is gone or stands for another role.
    RoleAlias(RoleAliasIndex),
    /// A Cognito pool: until it gives its users and guests no such role any more.
    CognitoPool(CognitoPoolIndex),
    /// Two clients with one id: until the certificate does not authenticate any more.
    Client(u32),
}

impl Wrong {
    /// Whether changes of the account can have mended it. What depends on the hour, or leaves no trace there, always can.
    pub fn may_be_mended_by(self, changes: &BTreeSet<Change>) -> bool {
        match self {
            Wrong::Certificate(certificate) => changes.contains(&Change::Certificate(certificate)),
            Wrong::CaCertificate(ca) => changes.contains(&Change::CaCertificate(ca)),
            Wrong::BroadPolicy(policy) | Wrong::MisconfiguredPolicy(policy) => {
                changes.contains(&Change::PolicyDefault(policy))
            }
            Wrong::Logging => changes.contains(&Change::Logging),
            Wrong::RoleAlias(alias) => changes.contains(&Change::RoleAlias(alias)),
            Wrong::Issuer(_) => changes.iter().any(|change| matches!(change, Change::Certificate(_))),
            Wrong::CognitoPool(_) | Wrong::Client(_) => true,
        }
    }

    /// Whether it is still so.
    pub fn stands(self, fleet: &Fleet, now: Timestamp) -> bool {
        let account = &fleet.account;
        let in_scope = |certificate: CertificateIndex| {
            account.certificate(certificate).is_some_and(|certificate| certificate.status().is_in_scope())
        };
        match self {
            Wrong::Certificate(certificate) => in_scope(certificate),
            Wrong::CaCertificate(ca) => account.ca_certificate(ca).is_some_and(|ca| ca.status().is_in_scope()),
            Wrong::BroadPolicy(policy) => {
                account.default_document(policy).is_some_and(|document| !broad_data_plane([document]).is_empty())
            }
            Wrong::MisconfiguredPolicy(policy) => {
                account.default_document(policy).is_some_and(|document| !misconfigurations(document).is_empty())
            }
            Wrong::Logging => !crate::defect::logs(account),
            Wrong::Issuer(issuer) => account.certificates().any(|certificate| {
                in_scope(certificate)
                    && account.certificate(certificate).is_some_and(|certificate| certificate.issuer() == Some(issuer))
            }),
            Wrong::RoleAlias(alias) => account.describe_role_alias(alias).is_some(),
            Wrong::CognitoPool(pool) => account
                .cognito_pools()
                .get(pool.index())
                .is_some_and(|pool| pool.authenticated_role_arn.is_some() || pool.unauthenticated_role_arn.is_some()),
            Wrong::Client(device) => {
                let certificate = fleet.devices[device as usize].certificate;
                account.certificate(certificate).is_some_and(|certificate| certificate.authenticates(now))
            }
        }
    }
}

/// One thing that is wrong, for the ledger of truth.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    /// What is wrong.
    pub wrong: Wrong,
    /// The audit check that should find it, by AWS name.
    pub check: &'static str,
    /// Where, as findings spell it.
    pub place: Place,
    /// Since when.
    pub since: Timestamp,
    /// Harm that it does if nobody mends it.
    pub harm_planned: u64,
}

/// Where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// On a device.
    Device(u32),
    /// On a resource, as findings spell it.
    Resource(String),
}

/// The account, in the hands of whoever changes it.
pub struct Scene<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) fleet: &'a mut Fleet,
    /// The act's name: what it creates is named after it.
    pub(crate) name: &'a str,
    /// Address of the act's dice.
    pub(crate) key: u64,
    /// When this step is taken.
    pub(crate) now: Timestamp,
    /// The act's devices, in id order.
    pub(crate) devices: &'a [u32],
    /// When it begins on each of them, where that is known beforehand.
    pub(crate) onsets: &'a [Timestamp],
    /// The devices on which it has begun.
    pub(crate) begun: Vec<u32>,
    /// Those on which it begins now.
    pub(crate) begins: Vec<u32>,
    /// What is wrong from now on.
    pub(crate) marks: Vec<Mark>,
    /// What whoever did it has undone.
    pub(crate) undone: Vec<Wrong>,
    /// What the timeline should tell.
    pub(crate) told: Vec<String>,
    /// Devices that got another certificate, with the end of its validity.
    pub(crate) renewed: Vec<(u32, Timestamp)>,
}

impl std::fmt::Debug for Scene<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene").field("name", &self.name).field("now", &self.now).finish_non_exhaustive()
    }
}

impl Scene<'_> {
    pub(crate) fn account(&mut self) -> &mut Account {
        &mut self.fleet.account
    }

    /// Dice of the act, by number.
    pub(crate) fn dice(&self, number: u64) -> Dice {
        Dice::new(self.key, Purpose::Alteration, number)
    }

    /// Notes that something is wrong on a device from now on.
    pub(crate) fn wrong_on(&mut self, device: u32, check: &'static str, wrong: Wrong) {
        self.mark(wrong, check, Place::Device(device), self.now);
    }

    /// Notes that something is wrong with a resource from now on.
    pub(crate) fn wrong_with(&mut self, resource: &str, check: &'static str, wrong: Wrong) {
        self.mark(wrong, check, Place::Resource(resource.to_owned()), self.now);
    }

    /// When the act begins on the device at a position.
    pub(crate) fn onset(&self, position: usize) -> Timestamp {
        self.onsets.get(position).copied().unwrap_or(self.now)
    }

    /// The devices on which it has begun, in the order in which it did.
    pub(crate) fn begun(&self) -> impl Iterator<Item = u32> {
        self.begun.iter().copied()
    }

    /// The act begins on a device of its targets; on which it has begun already, nothing changes.
    pub(crate) fn begins_on(&mut self, device: u32) {
        if !self.begun.contains(&device) && !self.begins.contains(&device) {
            self.begins.push(device);
        }
    }

    /// Notes that a device has a certificate that ends later or earlier.
    pub(crate) fn valid_until(&mut self, device: u32, until: Timestamp) {
        self.fleet.devices[device as usize].valid_until = until;
        self.renewed.push((device, until));
    }

    fn client(&self, device: u32) -> Client<'_> {
        Client::of(self.scenario, self.fleet, device)
    }

    /// Whether a device is connected and may publish what it always does.
    pub(crate) fn may_publish(&self, device: u32) -> bool {
        let access = self.client(device).access(&self.fleet.account, self.now);
        access.connected() && access.has(Access::PUBLISH)
    }

    /// Whether a device is connected and receives what is meant for it.
    pub(crate) fn may_receive(&self, device: u32) -> bool {
        let access = self.client(device).access(&self.fleet.account, self.now);
        access.connected() && access.has(Access::RECEIVE)
    }

    /// Whether a device may publish to a topic of another device; to `None`, its own topic, in any case.
    pub(crate) fn may_send(&self, device: u32, topic: Option<&str>, other: u32) -> bool {
        let Some(topic) = topic else { return true };
        let topics = [Some(topic.to_owned())];
        self.client(device).topics(&self.fleet.account, self.now, &topics, ThingId(other), None) == [true]
    }

    /// Whether somebody with a device's certificate may connect under a client id.
    pub(crate) fn may_connect(&self, device: u32, client_id: &str) -> bool {
        self.client(device).may_connect(&self.fleet.account, self.now, client_id)
    }

    /// Notes that the act itself undid what it had done: that ends, and nobody mended it.
    pub(crate) fn undone(&mut self, wrong: Wrong) {
        self.undone.push(wrong);
    }

    /// Creates a policy and attaches it to the certificates of the act's devices.
    pub(crate) fn give_policy(&mut self, name: &str, document: &str) -> Result<PolicyIndex, ServiceError> {
        let (now, devices) = (self.now, self.devices);
        let policy = self.account().create_policy(now, name, document)?;
        for device in devices {
            let target = PolicyTarget::Certificate(self.certificate(*device));
            self.account().attach_policy(now, policy, target)?;
        }
        Ok(policy)
    }

    /// Puts a certificate on the revocation list of its issuer, from now on.
    pub(crate) fn revoke(&mut self, issuer: String, serial: SerialNumber, reason: RevocationReason) {
        let now = self.now;
        let (issuer, revocation_date) = (RevokingIssuer::Subject(issuer), Some(now));
        self.account().add_crl_entries(now, [CrlEntry { issuer, serial, revocation_date, reason: Some(reason) }]);
    }

    fn mark(&mut self, wrong: Wrong, check: &'static str, place: Place, since: Timestamp) {
        self.marks.push(Mark { wrong, check, place, since, harm_planned: 0 });
    }

    /// The name of the act as names in the account may be spelt.
    pub(crate) fn label(&self) -> String {
        plain(self.name)
    }

    /// The certificate of a device.
    pub(crate) fn certificate(&self, device: u32) -> CertificateIndex {
        self.fleet.devices[device as usize].certificate
    }

    /// Gives a device a certificate with other facts in place of its own, as if it had been provisioned so: the old
    /// one leaves the account.
    pub(crate) fn reissue(
        &mut self,
        device: u32,
        change: impl FnOnce(&mut CertificateFacts),
    ) -> Result<CertificateIndex, ServiceError> {
        let (now, old) = (self.now, self.certificate(device));
        let name = self.fleet.account.thing_name(ThingId(device)).to_owned();
        let known = self.fleet.account.certificate(old).ok_or_else(|| ServiceError::not_found("certificate", &name))?;
        let id = certificate_id(&[self.name.as_bytes(), name.as_bytes(), &now.0.to_be_bytes()]);
        let mut facts = CertificateFacts {
            mode: known.mode(),
            ca: known.ca(),
            issuer: known.issuer(),
            key: known.key(),
            ..CertificateFacts::new(id, known.not_before(), known.not_after())
        };
        facts.serial = serial(&id);
        change(&mut facts);
        let not_after = facts.not_after;
        let account = &mut self.fleet.account;
        let new = account.load_certificate(now, facts)?;
        self.hand_over(device, new)?;
        self.valid_until(device, not_after);
        Ok(new)
    }

    /// Makes a device use a certificate that is there; its own leaves the account if nobody else uses it.
    pub(crate) fn hand_over(&mut self, device: u32, new: CertificateIndex) -> Result<(), ServiceError> {
        let (now, old, thing) = (self.now, self.certificate(device), ThingId(device));
        let account = &mut self.fleet.account;
        let kind = ThingPrincipalType::NonExclusiveThing;
        account.attach_thing_principal(now, thing, Principal::Certificate(new), kind)?;
        let policies: Vec<_> = account.attached_policies(PolicyTarget::Certificate(old)).collect();
        for policy in policies {
            account.attach_policy(now, policy, PolicyTarget::Certificate(new))?;
        }
        account.detach_thing_principal(now, thing, Principal::Certificate(old))?;
        if account.things_of_certificate(old).next().is_none() {
            account.update_certificate(now, old, CertificateStatus::Inactive)?;
            account.delete_certificate(now, old, true)?;
        }
        self.fleet.devices[device as usize].certificate = new;
        Ok(())
    }

    /// Makes the session of a client known that has been open for a while.
    pub(crate) fn open_session(&mut self, client: &str, principal: Principal, since: Timestamp) {
        let now = self.now;
        let account = self.account();
        let client = account.client(client);
        if account.open_session(client).is_none() {
            let session = Session { client, connect_time: since, disconnect_time: None };
            account.load_session(now, session, principal, None);
        }
    }

    /// Notes that a client was thrown out by another with its id, which connected just now.
    pub(crate) fn displace(&mut self, client: &str, principal: Principal) {
        let now = self.now;
        let account = self.account();
        let client = account.client(client);
        let session = Session { client, connect_time: now - Millis::MINUTE, disconnect_time: Some(now) };
        account.load_session(now, session, principal, Some(DisconnectReason::DuplicateClientId));
    }
}

/// A name of the scenario as ids in the account may be spelt: letters, digits, `-` and `_`, at most 100.
pub(crate) fn plain(name: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    name.chars().map(fits).take(100).collect()
}

/// From the beginning of an act every so often, for acts that go on and look at what has changed.
pub(crate) fn repeatedly(every: Millis, duration: Millis) -> Vec<Millis> {
    (0..(duration.0 + every.0 - 1) / every.0).map(|n| Millis(every.0 * n)).collect()
}

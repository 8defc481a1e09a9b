//! The account: the slice of AWS IoT Core that audit, detect and mitigation look at or change (section 2).
//!
//! An [`Account`] holds things, thing types, static and dynamic thing groups, device and CA certificates, issuers and
//! what their revocation lists say, IoT policies, role aliases and IAM roles, Cognito pools and identities, logging
//! options, and who is connected. Rows are dense and numbered; names live once; a device with its certificate, group,
//! policy and session takes less than 400 bytes.
//!
//! It changes through operations only, named as in the API, each an atomic step: it happens, or it is refused with the
//! service's own exception and nothing has changed. What changed since the last look is in [`Account::take_changes`].
//!
//! ```
//! use defender::account::{Account, CertificateFacts, PolicyTarget, Principal, ThingPrincipalType};
//! use defender::ids::CertificateId;
//! use defender::time::{Millis, Timestamp};
//!
//! let now = Timestamp::from_seconds(1_748_736_000);
//! let mut account = Account::new("123456789012", "eu-west-1")?;
//! let pump = account.create_thing(now, "pump-7", None, &[])?;
//! let group = account.create_thing_group(now, "pumps", None)?;
//! account.add_thing_to_thing_group(now, pump, group, false)?;
//! let facts = CertificateFacts::new(CertificateId([7; 32]), now - Millis::DAY, now + Millis::days(365));
//! let certificate = account.register_certificate(now, facts)?;
//! account.attach_thing_principal(now, pump, Principal::Certificate(certificate), ThingPrincipalType::default())?;
//! let blank = r#"{"Version":"2012-10-17","Statement":[]}"#;
//! let policy = account.create_policy(now, "nothing", blank)?;
//! account.attach_policy(now, policy, PolicyTarget::ThingGroup(group))?;
//! assert_eq!(account.effective_policies(Some(pump), Some(certificate)), [policy]);
//! # Ok::<(), defender::error::ServiceError>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};

use crate::arn::Arn;
use crate::error::ServiceError;
use crate::ids::ThingId;
use crate::policy::Scope;

mod authorization;
mod ca_certificate;
mod certificate;
mod change;
mod cognito;
mod document;
mod dynamic_group;
mod facts;
mod group;
mod id_set;
mod issuer;
mod key;
mod logging;
pub(crate) mod names;
mod policy_store;
mod presence;
mod principal;
mod query;
mod role;
mod session;
mod thing;
mod x509;

pub use authorization::{Connection, ThingAttributes};
pub use ca_certificate::{CaCertificate, CaCertificateFacts, CaCertificateStatus};
pub use certificate::{Certificate, Transfer};
pub use change::Change;
pub use cognito::CognitoPool;
pub use document::DocumentId;
pub use dynamic_group::check_query;
pub use facts::{CertificateFacts, CertificateMode, CertificateStatus, CertificateText, SerialNumber};
pub use group::{GROUPS_PER_THING_MAX, ThingGroup, ThingGroupProperties};
pub use issuer::{CrlEntry, IssuerFacts, Revocation, RevocationReason, RevokingIssuer};
pub use key::{DebianFingerprint, KeyAlgorithm, KeyFacts, KeyVulnerability};
pub use logging::{LogLevel, LogTargetType, V1LoggingOptions, V2LoggingOptions};
pub use policy_store::{POLICY_VERSIONS_MAX, PolicyTarget, PolicyVersion};
pub use presence::{InvalidSession, PresenceEvent, PresenceEventType, SessionRecord, sessions_of};
pub use principal::{Principal, ThingPrincipalType};
pub use role::{IamRole, RoleAlias, RolePolicy};
pub use session::{ClientRef, Connected, DisconnectReason, DuplicateDisconnect, Session};
pub use thing::ThingType;
pub use x509::{ParsedCertificate, parse_crl};

macro_rules! dense_index {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in its table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

dense_index! {
    /// An issuer in the chain above device certificates.
    IssuerIndex;
    /// A role alias.
    RoleAliasIndex;
    /// A Cognito identity pool.
    CognitoPoolIndex;
    /// A Cognito identity.
    CognitoIdentityIndex;
}

/// One account in one region.
#[derive(Clone, Debug)]
pub struct Account {
    id: String,
    region: String,
    scope: Scope,
    /// Device names: of things and of MQTT clients.
    names: names::NameTable,
    things: thing::Things,
    thing_types: Vec<ThingType>,
    groups: group::ThingGroups,
    /// What the fleet index knows of violations: `profile.behavior` by thing (D-90).
    violations: BTreeMap<ThingId, BTreeSet<String>>,
    certificates: certificate::Certificates,
    ca_certificates: Vec<CaCertificate>,
    issuers: issuer::Issuers,
    policies: policy_store::Policies,
    role_aliases: Vec<RoleAlias>,
    iam_roles: BTreeMap<String, IamRole>,
    cognito: cognito::Cognito,
    logging: logging::Logging,
    sessions: session::Sessions,
    journal: change::Journal,
}

impl Account {
    /// An empty account.
    ///
    /// # Errors
    /// `InvalidRequestException` unless the id has 12 digits (G-11) and the region is not empty.
    pub fn new(account_id: &str, region: &str) -> Result<Account, ServiceError> {
        if !Arn::iot(region, account_id, "x").has_valid_account() {
            return Err(ServiceError::invalid(format!("account id must have 12 digits, found `{account_id}`")));
        }
        Account::with_any_id(account_id, region)
    }

    /// An empty account whose id may have another length, as lenient mode accepts it (X-05). The caller warns
    /// (`ACCOUNT_ID_NOT_12_DIGITS`).
    ///
    /// # Errors
    /// `InvalidRequestException` if the id or the region is empty or contains a colon.
    pub fn with_any_id(account_id: &str, region: &str) -> Result<Account, ServiceError> {
        for (what, text) in [("account id", account_id), ("region", region)] {
            if text.is_empty() || text.contains(':') {
                return Err(ServiceError::invalid(format!("{what} must be a field of an ARN, found `{text}`")));
            }
        }
        Ok(Account {
            id: account_id.to_owned(),
            region: region.to_owned(),
            scope: Scope::new(region, account_id),
            names: names::NameTable::default(),
            things: thing::Things::default(),
            thing_types: Vec::new(),
            groups: group::ThingGroups::default(),
            violations: BTreeMap::new(),
            certificates: certificate::Certificates::default(),
            ca_certificates: Vec::new(),
            issuers: issuer::Issuers::default(),
            policies: policy_store::Policies::default(),
            role_aliases: Vec::new(),
            iam_roles: BTreeMap::new(),
            cognito: cognito::Cognito::default(),
            logging: logging::Logging::default(),
            sessions: session::Sessions::default(),
            journal: change::Journal::default(),
        })
    }

    /// The account id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The ARN of a resource of this account and region, for example of `thing/pump-7` (1.2).
    pub fn arn(&self, resource: impl AsRef<str>) -> String {
        format!("arn:aws:iot:{}:{}:{}", self.region, self.id, resource.as_ref())
    }

    /// Hands over what changed since the last call, in order. Repeats that stand side by side are one.
    pub fn take_changes(&mut self) -> Vec<Change> {
        self.journal.take()
    }

    /// Stops noting changes (true) or resumes (false). Bulk loading pauses, so that the journal takes no memory.
    pub fn pause_changes(&mut self, paused: bool) {
        self.journal.pause(paused);
    }

    /// Memory held by the account's tables, without the allocator's own overhead \[bytes\].
    pub fn heap_bytes(&self) -> usize {
        self.names.heap_bytes()
            + self.things.heap_bytes()
            + self.groups.heap_bytes()
            + self.certificates.heap_bytes()
            + self.policies.heap_bytes()
            + self.sessions.heap_bytes()
            + self.journal.heap_bytes()
    }
}

//! A least-privilege document in place of one that a check complains about.
//!
//! The proposal changes as little as it can: statements without fault stay as they are, a broad resource becomes the
//! device's own (`${iot:Connection.Thing.ThingName}`), and whatever the device is known to do ([`Usage`]) stays
//! granted. Every proposal is judged by the same check again and tried on those requests; where that fails, or where
//! nobody can know what is needed, the answer says so instead ([`Repair::NotDerivable`]).

mod denies;
mod draft;
mod grants;
mod groups;
mod narrow;
mod usage;

use serde::Serialize;

use super::context::Scope;
use super::document::{Document, StatementRef};

pub use denies::repair_denies;
pub use grants::{RoleStandard, repair, repair_role};
pub use usage::Usage;

/// For whom a document speaks: it decides which variable names the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Identity {
    /// A certificate: `${iot:Connection.Thing.ThingName}`, connecting only while attached.
    #[default]
    Device,
    /// A role taken on through a role alias: `${credentials-iot:ThingName}`.
    CredentialProvider,
    /// A Cognito identity: `${cognito-identity.amazonaws.com:sub}`.
    Cognito,
}

impl Identity {
    /// The variable that stands for the device's own name.
    pub const fn own_name(self) -> &'static str {
        match self {
            Identity::Device => "${iot:Connection.Thing.ThingName}",
            Identity::CredentialProvider => "${credentials-iot:ThingName}",
            Identity::Cognito => "${cognito-identity.amazonaws.com:sub}",
        }
    }
}

/// What a repair may rely on.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Region and account for ARNs that the document does not spell out.
    pub scope: &'a Scope,
    /// For whom the document speaks.
    pub identity: Identity,
    /// What devices with this document are known to do; empty if nothing is known.
    pub usage: &'a [Usage<'a>],
}

/// What can be done about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// The check does not complain.
    Compliant,
    /// A document that the check does not complain about.
    Proposed(Proposal),
    /// No document can be derived, and why.
    NotDerivable(String),
}

impl Repair {
    /// The proposed document, if there is one.
    pub fn document(&self) -> Option<&Document> {
        match self {
            Repair::Proposed(proposal) => Some(&proposal.document),
            _ => None,
        }
    }
}

/// A document to put in place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The new document; [`Document::text`] is indented for reading.
    pub document: Document,
    /// What is different, in the order of the old statements.
    pub changes: Vec<Change>,
    /// What whoever puts it in force should know.
    pub notes: Vec<String>,
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The old statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<StatementRef>,
    /// The action concerned, for example `iot:Publish`.
    pub action: String,
    /// What the old statement named; nothing if something was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What stands there now; empty if the grant is gone.
    pub to: Vec<String>,
}

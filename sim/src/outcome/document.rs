//! Documents at fault: why an audit finding is about a policy or a role, and what could stand in its place.

use serde::{Deserialize, Serialize};

/// One document (a policy, or a policy of a role) that an audit found at fault, once per check and reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRow {
    /// Position in [`super::Outcome::audits`] of the first audit that found it.
    pub audit: u32,
    /// Position in [`super::Outcome::checks`].
    pub check: u32,
    /// Reason code of the finding.
    pub reason: String,
    /// The resource, spelled as in [`super::FindingRow::resource`].
    pub resource: String,
    /// The name of the document: of a policy its own, of a role that of its inline or managed policy.
    pub document: String,
    /// Other resources whose documents have the same faults and the same repair: counted, not repeated.
    pub alike: u64,
    /// What is wrong, in the order of statements.
    pub faults: Vec<FaultRow>,
    /// What to do about it.
    pub repair: RepairRow,
}

/// One pattern of one statement that makes a document non-compliant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRow {
    /// JSON pointer of the statement.
    pub path: String,
    /// Line on which the statement begins, from 1.
    pub line: u32,
    /// The action, for example `iot:Publish`; of a Deny, empty.
    pub action: String,
    /// The resource pattern as written.
    pub resource: String,
    /// What a device could do although it should not: the shortest request found, in words.
    pub witness: Option<String>,
}

/// What could stand in the place of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepairRow {
    /// A document that the check does not complain about and that keeps what devices legitimately do.
    Proposed {
        /// The document, indented JSON.
        text: String,
        /// What is different, one sentence each.
        changes: Vec<String>,
        /// What whoever puts it in force should know.
        notes: Vec<String>,
    },
    /// None can be derived, and why.
    NotDerivable(String),
    /// The document by itself is compliant: others of the same resource are at fault.
    Compliant,
}

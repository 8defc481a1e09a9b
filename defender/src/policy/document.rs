//! Policy documents: parsed once, with the place of every statement, and compiled for matching.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::action::{ActionPattern, ActionSet};
use super::condition::Condition;
use super::context::Context;
use super::error::{PolicyError, Position};
use super::grammar;
use super::pattern::{Pattern, Subject};
use super::variable::{Dialect, Variable};

/// The longest IoT policy \[characters, white space not counted\] (P-03).
pub const POLICY_LENGTH_LIMIT: usize = 2_048;

/// The longest raw text of a policy that the API takes \[characters\] (P-03).
pub const POLICY_TEXT_LIMIT: usize = 404_600;

/// What REPLACE_DEFAULT_POLICY_VERSION puts in place of a document: it grants nothing (M-14, CH-105).
pub const BLANK_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

/// The version of the policy language (P-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LanguageVersion {
    /// `2008-10-17`, also meant by a document without version: `${…}` is plain text.
    V2008,
    /// `2012-10-17`: with variables.
    V2012,
}

impl fmt::Display for LanguageVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LanguageVersion::V2008 => "2008-10-17",
            LanguageVersion::V2012 => "2012-10-17",
        })
    }
}

/// What a statement does to the requests it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Effect {
    /// Grants, unless denied elsewhere.
    Allow,
    /// Refuses, whatever is granted elsewhere.
    Deny,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// `Action` or `NotAction`, `Resource` or `NotResource`: what is listed, or all but that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause<T> {
    /// What is listed.
    Only(Vec<T>),
    /// Everything except what is listed.
    AllBut(Vec<T>),
}

impl<T> Clause<T> {
    /// The listed patterns, whichever way they count.
    pub fn listed(&self) -> &[T] {
        match self {
            Clause::Only(listed) | Clause::AllBut(listed) => listed,
        }
    }
}

impl Clause<ActionPattern> {
    /// Whether the clause takes in an action, by its full name.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Clause::Only(patterns) => patterns.iter().any(|pattern| pattern.matches(name)),
            Clause::AllBut(patterns) => !patterns.iter().any(|pattern| pattern.matches(name)),
        }
    }
}

impl Clause<Pattern> {
    pub(crate) fn matches(&self, subject: Subject<'_>, context: &Context<'_>) -> bool {
        match self {
            Clause::Only(patterns) => patterns.iter().any(|pattern| pattern.matches_subject(subject, context)),
            Clause::AllBut(patterns) => !patterns.iter().any(|pattern| pattern.matches_subject(subject, context)),
        }
    }
}

/// One statement, compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub(crate) sid: Option<String>,
    pub(crate) effect: Effect,
    pub(crate) actions: Clause<ActionPattern>,
    /// The data-plane actions that `actions` takes in.
    pub(crate) reach: ActionSet,
    pub(crate) resources: Clause<Pattern>,
    pub(crate) conditions: Vec<Condition>,
    /// Every distinct variable of resources and conditions.
    pub(crate) variables: Vec<Variable>,
    pub(crate) index: u32,
    pub(crate) path: String,
    pub(crate) position: Position,
}

impl Statement {
    /// Its `Sid`, if it has one.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Allow or Deny.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// `Action` or `NotAction`.
    pub fn actions(&self) -> &Clause<ActionPattern> {
        &self.actions
    }

    /// The data-plane actions that the statement speaks of.
    pub fn reach(&self) -> ActionSet {
        self.reach
    }

    /// `Resource` or `NotResource`.
    pub fn resources(&self) -> &Clause<Pattern> {
        &self.resources
    }

    /// All of these must hold.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Every distinct variable in it.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// Its place among the statements, from 0.
    pub fn index(&self) -> usize {
        self.index as usize
    }

    /// JSON pointer, for example `/Statement/2`; `/Statement` where the document has one without a list.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where it begins.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Whether it carries the guard of P-23.
    pub fn is_guarded(&self) -> bool {
        self.conditions.iter().any(Condition::is_attachment_guard)
    }

    /// Names this statement within the given document of a list.
    pub fn reference(&self, document: usize) -> StatementRef {
        StatementRef {
            document: document as u32,
            index: self.index,
            path: self.path.clone(),
            position: self.position,
            sid: self.sid.clone(),
        }
    }
}

/// Names a statement: which document of those looked at, which place in it, where in its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementRef {
    /// Place of the document among those looked at, from 0.
    pub document: u32,
    /// Place of the statement in its document, from 0.
    pub index: u32,
    /// JSON pointer into the document.
    pub path: String,
    /// Where the statement begins.
    pub position: Position,
    /// Its `Sid`, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
}

impl fmt::Display for StatementRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement {} (line {}", self.index, self.position.line)?;
        match &self.sid {
            Some(sid) => write!(f, ", `{sid}`)"),
            None => f.write_str(")"),
        }
    }
}

/// A policy document: its text, and its statements compiled. Cheap to clone.
#[derive(Clone)]
pub struct Document {
    inner: Arc<Inner>,
}

struct Inner {
    text: String,
    dialect: Dialect,
    version: LanguageVersion,
    id: Option<String>,
    statements: Vec<Statement>,
}

impl Document {
    /// Parses an IoT policy.
    ///
    /// # Errors
    /// Every defect that the text has, each with its place (P-01 to P-05); [`super::malformed`] makes the
    /// service's exception of them.
    pub fn parse_iot(text: &str) -> Result<Document, Vec<PolicyError>> {
        grammar::parse(text, Dialect::Iot)
    }

    /// Parses an IAM identity policy, inline or managed. The length of IoT policies does not bind it.
    ///
    /// # Errors
    /// Every defect that the text has, each with its place (P-01, P-02, P-05).
    pub fn parse_iam(text: &str) -> Result<Document, Vec<PolicyError>> {
        grammar::parse(text, Dialect::Iam)
    }

    /// The blank policy (M-14).
    pub fn blank() -> Document {
        Document::parse_iot(BLANK_POLICY).expect("the blank policy is well-formed")
    }

    pub(crate) fn from_parts(
        text: &str,
        dialect: Dialect,
        version: LanguageVersion,
        id: Option<String>,
        statements: Vec<Statement>,
    ) -> Document {
        Document { inner: Arc::new(Inner { text: text.to_owned(), dialect, version, id, statements }) }
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// IoT or IAM.
    pub fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    /// The version of the policy language.
    pub fn version(&self) -> LanguageVersion {
        self.inner.version
    }

    /// Its `Id`, if it has one.
    pub fn id(&self) -> Option<&str> {
        self.inner.id.as_deref()
    }

    /// Its statements in order.
    pub fn statements(&self) -> &[Statement] {
        &self.inner.statements
    }

    /// Whether it has no statements, and so grants and denies nothing (P-04, CH-07).
    pub fn is_blank(&self) -> bool {
        self.statements().is_empty()
    }
}

impl AsRef<Document> for Document {
    fn as_ref(&self) -> &Document {
        self
    }
}

impl PartialEq for Document {
    /// Two documents are equal if their texts are and they are of one kind.
    fn eq(&self, other: &Document) -> bool {
        self.dialect() == other.dialect() && self.text() == other.text()
    }
}

impl Eq for Document {}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("dialect", &self.dialect()).field("text", &self.text()).finish()
    }
}

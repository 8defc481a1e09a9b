//! Broad access to data-plane actions (3.6): the analysis that C-06, C-07, C-08 and C-10 share (P-20 to P-31, CH-09).
//!
//! A policy for a device should reach that device and few others. The service publishes examples, not its rule; the
//! rule here generalizes them and is this engine's own choice.

use serde::Serialize;

use super::action::{Action, ResourceType};
use super::document::{Clause, Document, Effect, Statement, StatementRef};
use super::pattern::Pattern;
use super::resource::{Rest, Shape};
use super::variable::Variable;

/// One action that a document grants too broadly, by one resource pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BroadGrant {
    /// The action.
    #[serde(serialize_with = "as_text")]
    pub action: Action,
    /// The statement that grants it.
    pub statement: StatementRef,
    /// The resource pattern as written; for `NotResource`, all its patterns, separated by commas.
    pub resource: String,
    /// Whether the grant is by `NotResource` (P-28).
    pub by_not_resource: bool,
}

fn as_text<S: serde::Serializer>(action: &Action, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(action.as_str())
}

/// Every broad (action, resource) pair that survives the document's own denies, by document, statement, action,
/// resource. Documents are judged one by one: a Deny cancels only within its own document (P-30).
pub fn broad_data_plane<D>(documents: D) -> Vec<BroadGrant>
where
    D: IntoIterator,
    D::Item: AsRef<Document>,
{
    let mut grants = Vec::new();
    for (index, document) in documents.into_iter().enumerate() {
        let document = document.as_ref();
        for statement in document.statements().iter().filter(|statement| statement.effect() == Effect::Allow) {
            for action in statement.reach().iter().filter(|action| action.is_flaggable()) {
                let pairs = broad_pairs(document, statement, action);
                grants.extend(pairs.into_iter().map(|(resource, by_not_resource)| BroadGrant {
                    action,
                    statement: statement.reference(index),
                    resource,
                    by_not_resource,
                }));
            }
        }
    }
    grants
}

/// The distinct actions of some grants, in the order of P-20.
pub fn actions(grants: &[BroadGrant]) -> Vec<Action> {
    let found: super::action::ActionSet = grants.iter().map(|grant| grant.action).collect();
    found.iter().collect()
}

/// The sentence of a finding (P-31), for example
/// `Policy allows broad access to IoT data plane actions: [iot:Connect, iot:Publish].`
pub fn message(grants: &[BroadGrant]) -> String {
    let names: Vec<&str> = actions(grants).into_iter().map(Action::as_str).collect();
    format!("Policy allows broad access to IoT data plane actions: [{}].", names.join(", "))
}

fn broad_pairs(document: &Document, statement: &Statement, action: Action) -> Vec<(String, bool)> {
    match statement.resources() {
        Clause::Only(patterns) => patterns
            .iter()
            .filter(|pattern| is_broad(action, pattern, statement.is_guarded()))
            .filter(|pattern| !is_cancelled(document, action.as_str(), action.resource_type(), Some(pattern)))
            .map(|pattern| (pattern.as_str().to_owned(), false))
            .collect(),
        Clause::AllBut(patterns) => {
            let covered = patterns.iter().any(|pattern| is_catch_all(pattern, action.resource_type()));
            if covered || is_cancelled(document, action.as_str(), action.resource_type(), None) {
                return Vec::new();
            }
            let listed: Vec<&str> = patterns.iter().map(Pattern::as_str).collect();
            vec![(listed.join(", "), true)]
        }
    }
}

/// Whether a pattern grants an action on too much (P-21 to P-27).
pub fn is_broad(action: Action, pattern: &Pattern, guarded: bool) -> bool {
    if !action.is_flaggable() {
        return false;
    }
    let shape = Shape::of(pattern);
    if shape == Shape::EveryType {
        return true;
    }
    let Some(rest) = action.resource_type().and_then(|kind| shape.rest_of(kind)) else { return false };
    match action {
        Action::Connect if guarded => is_unbounded(rest),
        Action::Connect => is_unbounded(&rest.with_star_for(&Variable::ClientId)),
        Action::Publish | Action::RetainPublish | Action::GetRetainedMessage => reaches_reserved_topics(rest),
        Action::Subscribe => reaches_reserved_topics(rest) || filter_covers_others(rest),
        _ => is_unbounded(rest),
    }
}

/// A wildcard with nothing before it (P-23, P-27).
fn is_unbounded(rest: &Rest) -> bool {
    rest.is_wild() && rest.literal_prefix().is_empty()
}

/// A wildcard that takes in the reserved topics of all things (P-24).
fn reaches_reserved_topics(rest: &Rest) -> bool {
    rest.is_wild() && "$aws/things/".starts_with(&rest.literal_prefix())
}

/// Read as a topic filter, the text covers other devices at the broker (P-25).
fn filter_covers_others(rest: &Rest) -> bool {
    let filter = rest.as_filter_text();
    let mut levels = filter.split('/');
    match (levels.next(), levels.next(), levels.next()) {
        (Some("#" | "+"), None, _) | (Some("+"), ..) => true,
        (Some("$aws"), Some("things"), Some("+" | "#")) => true,
        (Some("$aws"), Some("#"), None) => true,
        (Some("$aws"), Some(second), _) => second.starts_with('+'),
        _ => false,
    }
}

/// Whether a pattern is `*` or `TYPE/*`.
pub(crate) fn is_catch_all(pattern: &Pattern, kind: Option<ResourceType>) -> bool {
    pattern.is_catch_all() || kind.is_some_and(|kind| Shape::of(pattern).is_catch_all_of(kind))
}

/// Whether an unconditional Deny of the same document takes a grant back (P-30, P-35). `pattern` is the allowed
/// pattern, none for a grant by `NotResource`.
pub(crate) fn is_cancelled(
    document: &Document,
    action: &str,
    kind: Option<ResourceType>,
    pattern: Option<&Pattern>,
) -> bool {
    let unconditional = |statement: &&Statement| {
        statement.effect() == Effect::Deny && statement.conditions().is_empty() && statement.actions().contains(action)
    };
    document.statements().iter().filter(unconditional).any(|statement| match statement.resources() {
        Clause::Only(denied) => denied.iter().any(|denied| is_catch_all(denied, kind) || Some(denied) == pattern),
        Clause::AllBut(_) => false,
    })
}

//! The authorization decision (P-18): what `TestAuthorization` returns and what the broker asks.

use serde::Serialize;

use super::context::Context;
use super::document::{Document, Effect, Statement, StatementRef};
use super::request::Request;

/// The three outcomes, spelled as in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it, whatever others allow.
    ExplicitDeny,
    /// No statement speaks of it.
    ImplicitDeny,
}

impl Decision {
    /// Whether the request may go ahead.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Decision::Allowed)
    }
}

/// A decision with the statements that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The outcome.
    pub decision: Decision,
    /// The statements that decided, in document order: every matching Deny for an explicit deny, every matching
    /// Allow for an allowed request, none for an implicit deny.
    pub reasons: Vec<StatementRef>,
    /// Variables that statements needed and the context could not resolve (P-17); sorted. An implicit deny often has
    /// its cause here.
    pub missing_context: Vec<String>,
}

/// Decides a request against the effective policies of a device (V-29). Does not allocate.
///
/// Documents come as anything that refers to them: `&[&document]`, a slice of `Arc<Document>`, an iterator.
pub fn decide<D>(documents: D, request: &Request<'_>, context: &Context<'_>) -> Decision
where
    D: IntoIterator,
    D::Item: AsRef<Document>,
{
    let mut decision = Decision::ImplicitDeny;
    for document in documents {
        for statement in document.as_ref().statements() {
            // Once something allows, only a Deny can still change the outcome.
            if statement.effect() == Effect::Allow && decision == Decision::Allowed {
                continue;
            }
            if matches(statement, request, context) {
                match statement.effect() {
                    Effect::Deny => return Decision::ExplicitDeny,
                    Effect::Allow => decision = Decision::Allowed,
                }
            }
        }
    }
    decision
}

/// Decides a request and says which statements decided. For people and `TestAuthorization`; [`decide`] is faster.
pub fn authorize<D>(documents: D, request: &Request<'_>, context: &Context<'_>) -> Authorization
where
    D: IntoIterator,
    D::Item: AsRef<Document>,
{
    let (mut allows, mut denies, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for (index, document) in documents.into_iter().enumerate() {
        for statement in document.as_ref().statements() {
            if matches(statement, request, context) {
                let reasons = if statement.effect() == Effect::Deny { &mut denies } else { &mut allows };
                reasons.push(statement.reference(index));
            } else if statement.reach().contains(request.action) {
                let unresolved = statement.variables().iter().filter(|variable| context.resolve(variable).is_none());
                missing.extend(unresolved.map(ToString::to_string));
            }
        }
    }
    missing.sort();
    missing.dedup();
    let (decision, reasons) = match (denies.is_empty(), allows.is_empty()) {
        (false, _) => (Decision::ExplicitDeny, denies),
        (true, false) => (Decision::Allowed, allows),
        (true, true) => (Decision::ImplicitDeny, Vec::new()),
    };
    Authorization { decision, reasons, missing_context: missing }
}

/// Whether a statement matches: action, resource, conditions, and every variable it uses resolves (P-17, P-18).
fn matches(statement: &Statement, request: &Request<'_>, context: &Context<'_>) -> bool {
    statement.reach().contains(request.action)
        && statement.resources().matches(request.subject(context.scope), context)
        && statement.variables().iter().all(|variable| context.resolve(variable).is_some())
        && statement.conditions().iter().all(|condition| condition.holds(context))
}

//! A concrete request that shows what a fault lets a device do: the shortest answer to "so what?".
//!
//! A witness is not only plausible: it has been tried against the document. Where a narrower Deny, which the check
//! ignores, happens to stop every candidate, there is no witness.

use std::net::IpAddr;

use serde::Serialize;

use super::action::{Action, ResourceType};
use super::administrative::{AdministrativeGrant, full_name};
use super::authorize::decide;
use super::broad::BroadGrant;
use super::condition::Operand;
use super::context::{AttachedThing, Context, Scope};
use super::document::{Clause, Document, Statement};
use super::misconfiguration::{Misconfiguration, MisconfigurationReason};
use super::pattern::Pattern;
use super::request::Request;
use super::resource::{Piece, Rest, Shape};
use crate::time::Timestamp;

/// A request that the document allows although it should not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Witness {
    /// What it means, for example `may update the shadow of thing other-device`.
    pub sentence: String,
    /// The action, for example `iot:UpdateThingShadow`.
    pub action: String,
    /// The name of the resource: a client id, a topic, a filter, a thing.
    pub resource: String,
}

/// The device that makes the request, and the one that it should not reach.
const ATTACKER: &str = "this-device";
const VICTIM: &str = "other-device";

/// What a broad grant lets a device do to another one; none if denies of the document stop every candidate.
pub fn of_broad_grant(document: &Document, grant: &BroadGrant, scope: &Scope) -> Option<Witness> {
    let statement = document.statements().get(grant.statement.index as usize)?;
    let listed = statement.resources().listed().iter();
    let pattern = match statement.resources() {
        Clause::Only(_) => listed.into_iter().find(|pattern| pattern.as_str() == grant.resource),
        Clause::AllBut(_) => None,
    };
    candidates(grant.action, pattern).into_iter().find_map(|resource| {
        let circumstance = allowed_as(document, statement, grant.action, &resource, scope)?;
        let sentence = match circumstance {
            Circumstance::AttachedToMany => "may connect as any thing that its certificate is attached to".to_owned(),
            Circumstance::Conditional => {
                format!("{} where the conditions of the statement hold", sentence(grant.action, &resource))
            }
            Circumstance::Always => sentence(grant.action, &resource),
        };
        Some(Witness { sentence, action: grant.action.to_string(), resource })
    })
}

/// What an administrative grant lets a role do. Role documents are not evaluated for other than data-plane requests,
/// so this one says what the grant says.
pub fn of_administrative_grant(grant: &AdministrativeGrant) -> Witness {
    let action = full_name(grant.operation);
    let sentence = format!("may call {action} on `{}`", grant.resource);
    Witness { sentence, action, resource: grant.resource.clone() }
}

/// What a grant of a service lets a role do: what it says.
pub fn of_service(action: &str, resource: &str) -> Witness {
    let sentence = format!("may call {action} on `{resource}`");
    Witness { sentence, action: action.to_owned(), resource: resource.to_owned() }
}

/// What a device can still do in spite of a Deny (3.8); none if it could not do that anyway.
pub fn of_misconfiguration(document: &Document, found: &Misconfiguration, scope: &Scope) -> Option<Witness> {
    let statement = document.statements().get(found.statement.index as usize)?;
    let pattern = statement.resources().listed().iter().find(|pattern| pattern.as_str() == found.resource)?;
    let context = context(scope, statement, ATTACKER, Some(ATTACKER));
    let allowed = |action, name: &str| decide([document], &Request::new(action, name), &context).is_allowed();
    match (found.reason, &found.bypass) {
        (MisconfigurationReason::TopicFiltersIntendedToDenyAllowedUsingWildcards, Some(filter)) => {
            let subtree = match Shape::of(pattern) {
                Shape::Typed { rest, .. } => instance(&rest),
                _ => return None,
            };
            let sentence =
                format!("may subscribe to `{filter}` and so receive `{subtree}`, to which it may not subscribe");
            let works = allowed(Action::Subscribe, filter) && allowed(Action::Receive, &subtree);
            works.then(|| Witness { sentence, action: Action::Subscribe.to_string(), resource: filter.clone() })
        }
        _ => {
            let Shape::Typed { kind, rest } = Shape::of(pattern) else { return None };
            let levels = rest.as_filter_text();
            let meant: Vec<&str> = levels.split('/').map(|l| if matches!(l, "+" | "#") { "x" } else { l }).collect();
            let meant = meant.join("/");
            let of_kind = |action: &Action| action.resource_type().is_some_and(|found| found.as_str() == kind);
            let action = statement.reach().iter().filter(of_kind).find(|&action| allowed(action, &meant))?;
            let sentence = format!("{}, which the Deny was meant to refuse", phrase(action, &meant));
            Some(Witness { sentence, action: action.to_string(), resource: meant })
        }
    }
}

/// Names worth trying, the most telling first.
fn candidates(action: Action, pattern: Option<&Pattern>) -> Vec<String> {
    let shape = pattern.map_or(Shape::EveryType, Shape::of);
    let rest = action.resource_type().and_then(|kind| shape.rest_of(kind));
    let fixed: &[&str] = match action.resource_type() {
        Some(ResourceType::Client | ResourceType::Thing) => &[VICTIM],
        Some(ResourceType::Topic) => {
            &["$aws/things/other-device/shadow/update", "other-device/command", "$aws/things/other-device/jobs/get"]
        }
        Some(ResourceType::TopicFilter) => &["#", "$aws/things/+/shadow/#", "$aws/things/other-device/#", "+/command"],
        _ => &[],
    };
    // A filter with `+` or `#` shows itself.
    let is_filter = action == Action::Subscribe && pattern.is_some_and(|pattern| pattern.variables().next().is_none());
    let itself = rest.filter(|rest| is_filter && !rest.is_wild()).map(Rest::as_filter_text);
    let made = rest.map(instance);
    itself.into_iter().chain(fixed.iter().map(|&name| name.to_owned())).chain(made).collect()
}

/// The pattern with other device's name for its first wildcard and nothing much for the others.
fn instance(rest: &Rest) -> String {
    let mut text = String::new();
    let mut named = false;
    for piece in rest.pieces() {
        match piece {
            Piece::Text(literal) => text.push_str(literal),
            Piece::Variable(_) => text.push_str(ATTACKER),
            Piece::One => text.push('x'),
            Piece::Many if named => {}
            Piece::Many => {
                named = true;
                let reserved = "$aws/things/";
                match reserved.strip_prefix(text.as_str()) {
                    Some(missing) if !text.is_empty() => text.push_str(missing),
                    _ => {}
                }
                text.push_str(VICTIM);
            }
        }
    }
    text
}

/// Under which circumstances a witness works.
enum Circumstance {
    Always,
    /// Connecting takes a certificate that is attached to the other thing as well.
    AttachedToMany,
    /// The statement has conditions, which were met in the trial.
    Conditional,
}

/// Whether the document allows a request, and under which circumstances.
fn allowed_as(
    document: &Document,
    statement: &Statement,
    action: Action,
    name: &str,
    scope: &Scope,
) -> Option<Circumstance> {
    let request = Request::new(action, name);
    let allowed = |client_id, thing| {
        let context = context(scope, statement, client_id, thing);
        decide([document], &request, &context).is_allowed()
    };
    let usual = if action == Action::Connect { allowed(name, None) } else { allowed(ATTACKER, Some(ATTACKER)) };
    if usual {
        let conditional = statement.conditions().iter().any(|condition| !condition.is_attachment_guard());
        return Some(if conditional { Circumstance::Conditional } else { Circumstance::Always });
    }
    (action == Action::Connect && allowed(name, Some(name))).then_some(Circumstance::AttachedToMany)
}

/// A context that satisfies the address condition of a statement, where it has one.
fn context<'a>(scope: &'a Scope, statement: &Statement, client_id: &'a str, thing: Option<&'a str>) -> Context<'a> {
    let networks = statement.conditions().iter().flat_map(|condition| &condition.operands);
    let inside = networks.filter_map(|operand| match operand {
        Operand::Ip(network) => Some(network.addr()),
        _ => None,
    });
    let source_ip: IpAddr = inside.into_iter().next().unwrap_or(IpAddr::from([203, 0, 113, 7]));
    Context {
        client_id: Some(client_id),
        thing: thing.map(|name| AttachedThing { name, thing_type: None, attributes: None }),
        source_ip: Some(source_ip),
        cognito_identity: Some(ATTACKER),
        ..Context::new(Timestamp(0), scope)
    }
}

fn sentence(action: Action, resource: &str) -> String {
    match (action, resource) {
        (Action::Connect, VICTIM) => "may connect as any client id".to_owned(),
        (Action::Subscribe, "#") => "may subscribe to every topic".to_owned(),
        _ => phrase(action, resource),
    }
}

fn phrase(action: Action, resource: &str) -> String {
    let thing = resource.split('/').next().unwrap_or(resource);
    match action {
        Action::Connect => format!("may connect as client id `{resource}`"),
        Action::Publish => format!("may publish to `{resource}`"),
        Action::RetainPublish => format!("may leave a retained message on `{resource}`"),
        Action::Subscribe => format!("may subscribe to `{resource}`"),
        Action::Receive => format!("may receive messages on `{resource}`"),
        Action::GetRetainedMessage => format!("may read the retained message of `{resource}`"),
        Action::ListRetainedMessages => "may list all retained messages".to_owned(),
        Action::GetThingShadow => format!("may read the shadow of thing `{thing}`"),
        Action::UpdateThingShadow => format!("may update the shadow of thing `{thing}`"),
        Action::DeleteThingShadow => format!("may delete the shadow of thing `{thing}`"),
        Action::ListNamedShadowsForThing => format!("may list the shadows of thing `{thing}`"),
        Action::DescribeJobExecution => format!("may read the job executions of thing `{thing}`"),
        Action::GetPendingJobExecutions => format!("may list the pending jobs of thing `{thing}`"),
        Action::StartNextPendingJobExecution => format!("may start the next job of thing `{thing}`"),
        Action::UpdateJobExecution => format!("may change the job executions of thing `{thing}`"),
        Action::AssumeRoleWithCertificate => format!("may take on the role behind `{resource}`"),
    }
}

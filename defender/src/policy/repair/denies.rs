//! Repairs of denies that miss their purpose (3.8).

use super::draft::{self, Draft, TooLong};
use super::usage::lost;
use super::{Change, Proposal, Repair, Situation};
use crate::policy::action::{Action, ActionPattern};
use crate::policy::document::{Clause, Document, Effect, Statement};
use crate::policy::misconfiguration::{Misconfiguration, MisconfigurationReason as Reason, misconfigurations};
use crate::policy::pattern::Pattern;

/// Repairs a document that C-09 complains about: `+` and `#` in a Deny become policy wildcards, and a sub-tree that
/// may not be subscribed to may not be received from either.
pub fn repair_denies(document: &Document, situation: &Situation<'_>) -> Repair {
    let found = misconfigurations(document);
    if found.is_empty() {
        return Repair::Compliant;
    }
    let mut changes = Vec::new();
    let mut drafts: Vec<Draft> = document
        .statements()
        .iter()
        .map(|statement| Draft { resources: meant(statement, &found, &mut changes), ..Draft::of(statement) })
        .collect();
    // What is denied now may be open to a subscription from above.
    let proposed = draft::document(&drafts, document, document.version()).and_then(|new| {
        let open = misconfigurations(&new);
        deny_receive(&open, &mut drafts, &mut changes);
        if open.is_empty() { Ok(new) } else { draft::document(&drafts, document, document.version()) }
    });
    let new = match proposed {
        Ok(new) => new,
        Err(TooLong(found)) => {
            let reason = format!("the repaired document would have {found} characters, more than the 2048 allowed");
            return Repair::NotDerivable(reason);
        }
    };
    if let Some(left) = misconfigurations(&new).first() {
        return Repair::NotDerivable(format!("the Deny of `{}` would still miss its purpose", left.resource));
    }
    if let Some(usage) = lost(document, &new, situation).first() {
        let reason = format!(
            "thing `{}` needs {} on `{}`, which the Deny was probably meant to refuse",
            usage.thing, usage.action, usage.resource
        );
        return Repair::NotDerivable(reason);
    }
    let mut notes = Vec::new();
    if changes.iter().any(|change| change.from.as_ref().is_some_and(|from| from.contains("/+"))) {
        notes.push("a `*` in place of `+` crosses levels, so it may deny more than one level".to_owned());
    }
    Repair::Proposed(Proposal { document: new, changes, notes })
}

/// The resources of a statement with `+` and `#` replaced where the check complains.
fn meant(statement: &Statement, found: &[Misconfiguration], changes: &mut Vec<Change>) -> Clause<String> {
    let suspicious = |pattern: &Pattern| {
        found.iter().any(|found| {
            found.reason == Reason::PolicyContainsMqttWildcardsInDenyStatement
                && found.statement.index as usize == statement.index()
                && found.resource == pattern.as_str()
        })
    };
    let actions: Vec<&str> = statement.actions().listed().iter().map(ActionPattern::as_str).collect();
    let mut texts: Vec<String> = Vec::new();
    for pattern in statement.resources().listed() {
        let text = pattern.as_str();
        let replacements = if suspicious(pattern) { with_policy_wildcards(text) } else { vec![text.to_owned()] };
        if suspicious(pattern) {
            changes.push(Change {
                statement: Some(statement.reference(0)),
                action: actions.join(", "),
                from: Some(text.to_owned()),
                to: replacements.clone(),
            });
        }
        texts.extend(replacements);
    }
    match statement.resources() {
        Clause::Only(_) => Clause::Only(texts),
        Clause::AllBut(_) => Clause::AllBut(texts),
    }
}

/// Adds a Deny on Receive for each sub-tree that a subscription from above would open.
fn deny_receive(open: &[Misconfiguration], drafts: &mut Vec<Draft>, changes: &mut Vec<Change>) {
    let old_statements = drafts.len();
    for found in open {
        let received = found.resource.replacen(":topicfilter/", ":topic/", 1);
        changes.push(Change {
            statement: Some(found.statement.clone()),
            action: Action::Receive.to_string(),
            from: None,
            to: vec![received.clone()],
        });
        let conditions = drafts[found.statement.index as usize].conditions.clone();
        let added = drafts.iter_mut().skip(old_statements).find(|draft| draft.conditions == conditions);
        if let Some(Draft { resources: Clause::Only(known), .. }) = added {
            known.push(received);
            continue;
        }
        drafts.push(Draft {
            sid: None,
            effect: Effect::Deny,
            actions: Clause::Only(vec![Action::Receive.as_str().to_owned()]),
            resources: Clause::Only(vec![received]),
            conditions,
        });
    }
}

/// The patterns that say in policy wildcards what `+` and `#` were meant to say. `a/#` takes in `a` itself.
fn with_policy_wildcards(text: &str) -> Vec<String> {
    let levels: Vec<&str> = text.split('/').map(|level| if level == "+" { "*" } else { level }).collect();
    match levels.as_slice() {
        [first, "#"] => vec![format!("{first}/*")],
        [above @ .., "#"] => vec![format!("{}/*", above.join("/")), above.join("/")],
        _ => vec![levels.join("/")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::misconfiguration::has_mqtt_wildcard;
    use crate::policy::pattern::Reading;

    #[test]
    fn mqtt_wildcards_become_policy_wildcards() {
        for (text, expected) in [
            (
                "arn:aws:iot:R:A:topicfilter/a/#",
                &["arn:aws:iot:R:A:topicfilter/a/*", "arn:aws:iot:R:A:topicfilter/a"][..],
            ),
            ("arn:aws:iot:R:A:topicfilter/#", &["arn:aws:iot:R:A:topicfilter/*"]),
            ("arn:aws:iot:R:A:topic/a/+/b", &["arn:aws:iot:R:A:topic/a/*/b"]),
        ] {
            assert_eq!(with_policy_wildcards(text), expected);
            assert!(
                with_policy_wildcards(text).iter().all(|t| !has_mqtt_wildcard(&Pattern::new(t, Reading::RESOURCE)))
            );
        }
    }
}

//! Potential misconfigurations (3.8): Denies that do not deny what their author meant, for C-09 (P-36 to P-38, CH-11).

use serde::Serialize;

use super::action::{Action, ResourceType};
use super::document::{Clause, Document, Effect, Statement, StatementRef};
use super::pattern::Pattern;
use super::resource::{Rest, Shape};

/// Why a document is probably not what its author meant; spelled as in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MisconfigurationReason {
    /// `+` and `#` in a Deny are literals (P-36).
    PolicyContainsMqttWildcardsInDenyStatement,
    /// The denied sub-tree can be subscribed to from above with an MQTT wildcard (P-37).
    TopicFiltersIntendedToDenyAllowedUsingWildcards,
}

impl MisconfigurationReason {
    /// The reason code of the finding.
    pub const fn code(self) -> &'static str {
        match self {
            MisconfigurationReason::PolicyContainsMqttWildcardsInDenyStatement => {
                "POLICY_CONTAINS_MQTT_WILDCARDS_IN_DENY_STATEMENT"
            }
            MisconfigurationReason::TopicFiltersIntendedToDenyAllowedUsingWildcards => {
                "TOPIC_FILTERS_INTENDED_TO_DENY_ALLOWED_USING_WILDCARDS"
            }
        }
    }
}

/// One Deny pattern that probably misses its purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Misconfiguration {
    /// Why.
    pub reason: MisconfigurationReason,
    /// The Deny statement.
    pub statement: StatementRef,
    /// The pattern in it, as written.
    pub resource: String,
    /// For a sub-tree that can be subscribed to from above: a filter text that the document allows and that delivers
    /// messages of the sub-tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bypass: Option<String>,
}

/// Every suspicious Deny pattern, by reason, statement, pattern. A document may show both reasons, which makes two
/// findings (P-38).
pub fn misconfigurations(document: &Document) -> Vec<Misconfiguration> {
    let denies: Vec<&Statement> = document.statements().iter().filter(|s| s.effect() == Effect::Deny).collect();
    let mut found = Vec::new();
    for statement in &denies {
        let suspicious = statement.resources().listed().iter().filter(|pattern| has_mqtt_wildcard(pattern));
        if reaches_topics(statement) {
            found.extend(suspicious.map(|pattern| Misconfiguration {
                reason: MisconfigurationReason::PolicyContainsMqttWildcardsInDenyStatement,
                statement: statement.reference(0),
                resource: pattern.as_str().to_owned(),
                bypass: None,
            }));
        }
    }
    for statement in denies.iter().filter(|statement| statement.reach().contains(Action::Subscribe)) {
        let Clause::Only(patterns) = statement.resources() else { continue };
        for pattern in patterns {
            if let Some(bypass) = bypass(document, pattern) {
                found.push(Misconfiguration {
                    reason: MisconfigurationReason::TopicFiltersIntendedToDenyAllowedUsingWildcards,
                    statement: statement.reference(0),
                    resource: pattern.as_str().to_owned(),
                    bypass: Some(bypass),
                });
            }
        }
    }
    found
}

/// The actions whose denies P-36 looks at.
const TOPIC_ACTIONS: [Action; 5] =
    [Action::Publish, Action::RetainPublish, Action::Subscribe, Action::Receive, Action::GetRetainedMessage];

fn reaches_topics(statement: &Statement) -> bool {
    TOPIC_ACTIONS.into_iter().any(|action| statement.reach().contains(action))
}

/// Whether a pattern over topics or filters has a level that is `+`, or ends in a level that is `#` (P-36).
pub(crate) fn has_mqtt_wildcard(pattern: &Pattern) -> bool {
    let shape = Shape::of(pattern);
    let rest = shape.rest_of(ResourceType::Topic).or_else(|| shape.rest_of(ResourceType::TopicFilter));
    rest.is_some_and(has_mqtt_wildcard_level)
}

fn has_mqtt_wildcard_level(rest: &Rest) -> bool {
    let text = rest.as_filter_text();
    text.split('/').any(|level| level == "+") || text.rsplit('/').next() == Some("#")
}

/// P-37 for one denied Subscribe pattern: a filter that gets around it, if the conditions (a) to (d) hold.
fn bypass(document: &Document, denied: &Pattern) -> Option<String> {
    let shape = Shape::of(denied);
    let subtree = shape.rest_of(ResourceType::TopicFilter)?;
    if !subtree.is_wild() || subtree.as_filter_text().split('/').any(|level| level == "+" || level == "#") {
        return None;
    }
    let wider = wider_subscribe(document, subtree)?;
    let received = patterns_of(document, Effect::Allow, Action::Receive).any(|clause| receives(clause, subtree));
    let receive_denied = patterns_of(document, Effect::Deny, Action::Receive).any(|clause| match clause {
        Clause::Only(patterns) => patterns.iter().any(|pattern| covers(pattern, subtree)),
        Clause::AllBut(_) => false,
    });
    (received && !receive_denied).then_some(wider)
}

fn patterns_of(document: &Document, effect: Effect, action: Action) -> impl Iterator<Item = &Clause<Pattern>> {
    let statements = document.statements().iter();
    statements.filter(move |s| s.effect() == effect && s.reach().contains(action)).map(Statement::resources)
}

/// (b): a filter text above the sub-tree that an Allow on Subscribe lets through.
fn wider_subscribe(document: &Document, subtree: &Rest) -> Option<String> {
    let subtree_prefix = subtree.literal_prefix();
    let clauses = patterns_of(document, Effect::Allow, Action::Subscribe);
    let only = clauses.filter_map(|clause| match clause {
        Clause::Only(patterns) => Some(patterns),
        Clause::AllBut(_) => None,
    });
    only.flatten().find_map(|pattern| match Shape::of(pattern) {
        Shape::EveryType => Some("#".to_owned()),
        shape => {
            let rest = shape.rest_of(ResourceType::TopicFilter)?;
            let prefix = rest.literal_prefix();
            let wider = subtree_prefix.starts_with(&prefix) && prefix != subtree_prefix;
            (rest.is_catch_all() || (rest.ends_in_star() && wider)).then(|| format!("{prefix}#"))
        }
    })
}

/// (c): whether an Allow on Receive reaches the sub-tree.
fn receives(clause: &Clause<Pattern>, subtree: &Rest) -> bool {
    let subtree_prefix = subtree.literal_prefix();
    match clause {
        Clause::Only(patterns) => patterns.iter().any(|pattern| match Shape::of(pattern) {
            Shape::EveryType => true,
            shape => shape.rest_of(ResourceType::Topic).is_some_and(|rest| {
                let prefix = rest.literal_prefix();
                prefix.starts_with(&subtree_prefix) || subtree_prefix.starts_with(&prefix)
            }),
        }),
        Clause::AllBut(patterns) => !patterns.iter().any(|pattern| covers(pattern, subtree)),
    }
}

/// (d): whether a pattern over topics takes in the whole sub-tree.
fn covers(pattern: &Pattern, subtree: &Rest) -> bool {
    let shape = Shape::of(pattern);
    pattern.is_catch_all()
        || shape.rest_of(ResourceType::Topic).is_some_and(|rest| {
            rest == subtree || (rest.ends_in_star() && subtree.literal_prefix().starts_with(&rest.literal_prefix()))
        })
}

//! Remarks about policies that no check makes: never errors, always visible.

use super::document::{Document, Effect};
use super::pattern::Token;
use crate::error::Warning;

/// `ANY_WILDCARD`: every Allow statement with a `*` in an action or resource, which some readers take for
/// overly permissive although the service does not.
pub fn any_wildcard(document: &Document) -> Vec<Warning> {
    let allows = document.statements().iter().filter(|statement| statement.effect() == Effect::Allow);
    allows
        .filter_map(|statement| {
            let actions = statement.actions().listed().iter().map(|pattern| pattern.as_str());
            let resources = statement.resources().listed().iter();
            let wild =
                resources.filter(|pattern| pattern.tokens().contains(&Token::Many)).map(|pattern| pattern.as_str());
            let found: Vec<String> =
                actions.filter(|text| text.contains('*')).chain(wild).map(|text| format!("`{text}`")).collect();
            (!found.is_empty()).then(|| Warning {
                code: "ANY_WILDCARD",
                path: statement.path().to_owned(),
                message: format!("{} allows by wildcard: {}", statement.reference(0), found.join(", ")),
                canonical: None,
            })
        })
        .collect()
}

/// `QUARANTINE_WITHOUT_DENY` (X-17, M-40): policies of a quarantine group that deny nothing take nothing away from
/// the devices in it. `path` is the JSON pointer of the group or its policies.
pub fn quarantine_without_deny<D>(documents: D, path: &str) -> Option<Warning>
where
    D: IntoIterator,
    D::Item: AsRef<Document>,
{
    let denies = documents
        .into_iter()
        .any(|document| document.as_ref().statements().iter().any(|statement| statement.effect() == Effect::Deny));
    (!denies).then(|| Warning {
        code: "QUARANTINE_WITHOUT_DENY",
        path: path.to_owned(),
        message: "a quarantine group without a Deny restricts nothing: what its devices are allowed elsewhere stays \
                  allowed"
            .to_owned(),
        canonical: None,
    })
}

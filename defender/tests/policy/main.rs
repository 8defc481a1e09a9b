//! The policy language and its analyses, tested as a user of the crate sees them: the vectors of the specification,
//! and the fast paths against a reference written for obviousness alone.

mod broad_vectors;
mod decision_vectors;
mod documents;
mod lints;
mod misconfiguration_vectors;
mod properties;
mod reference;
mod repairs;
mod role_vectors;
mod wildcard_vectors;

use defender::policy::Document;

/// The prefix that the vectors leave out.
pub const PREFIX: &str = "arn:aws:iot:us-east-1:123456789012:";
/// The variable that the vectors call TN.
pub const TN: &str = "${iot:Connection.Thing.ThingName}";
/// The condition that the vectors call IsAttached.
pub const IS_ATTACHED: &str = r#","Condition":{"Bool":{"iot:Connection.Thing.IsAttached":"true"}}"#;

/// A list of texts as JSON, each with the ARN prefix unless it is `*` or whole already.
pub fn resources(texts: &[&str]) -> String {
    let whole = |text: &&str| match *text {
        text if text == "*" || text.starts_with("arn:") => text.to_owned(),
        text => format!("{PREFIX}{text}"),
    };
    serde_json::to_string(&texts.iter().map(whole).collect::<Vec<_>>()).expect("strings")
}

/// One statement as JSON; `actions` and `targets` are separated by blanks, a leading `!` makes them `Not…`.
pub fn statement(effect: &str, actions: &str, targets: &str, rest: &str) -> String {
    let (action_member, actions) = match actions.strip_prefix('!') {
        Some(actions) => ("NotAction", actions),
        None => ("Action", actions),
    };
    let (resource_member, targets) = match targets.strip_prefix('!') {
        Some(targets) => ("NotResource", targets),
        None => ("Resource", targets),
    };
    let actions = serde_json::to_string(&actions.split(' ').collect::<Vec<_>>()).expect("strings");
    let targets = resources(&targets.split(' ').collect::<Vec<_>>());
    format!(r#"{{"Effect":"{effect}","{action_member}":{actions},"{resource_member}":{targets}{rest}}}"#)
}

/// `Allow` without conditions.
pub fn allow(actions: &str, targets: &str) -> String {
    statement("Allow", actions, targets, "")
}

/// `Deny` without conditions.
pub fn deny(actions: &str, targets: &str) -> String {
    statement("Deny", actions, targets, "")
}

/// The text of a document with these statements.
pub fn text(statements: &[String]) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

/// An IoT policy with these statements.
pub fn policy(statements: &[String]) -> Document {
    Document::parse_iot(&text(statements)).expect("a well-formed document")
}

//! From a broad resource to the device's own.

use crate::policy::action::{Action, ResourceType};
use crate::policy::condition::arn_fields;
use crate::policy::context::Scope;
use crate::policy::pattern::Pattern;
use crate::policy::resource::{Piece, Rest, Shape};

/// The first levels below `$aws/things/NAME/` that the service defines.
const RESERVED_FAMILIES: [&str; 6] = ["shadow", "jobs", "defender", "tunnels", "streams", "provisioning"];

/// The device's own resources among those that a broad pattern takes in, as whole ARN patterns. `pattern` is none for
/// a grant that names no resources (`NotResource`).
pub(super) fn own_resources(action: Action, pattern: Option<&Pattern>, own: &str, scope: &Scope) -> Vec<String> {
    let Some(kind) = action.resource_type() else { return Vec::new() };
    let shape = pattern.map_or(Shape::EveryType, Shape::of);
    let rest = shape.rest_of(kind);
    let head = match (pattern, rest) {
        (Some(pattern), Some(_)) => format!("{}:{kind}/", arn_fields(pattern.as_str())[..5].join(":")),
        _ => scope.head(kind).to_owned(),
    };
    let names = match kind {
        ResourceType::Client => vec![own.to_owned()],
        ResourceType::Topic | ResourceType::TopicFilter => own_topics(rest, own),
        ResourceType::Thing => own_things(rest, own, action),
        ResourceType::RoleAlias => Vec::new(),
    };
    names.into_iter().map(|name| format!("{head}{name}")).collect()
}

/// Topics or filters: below `$aws/things/NAME/` and, where the pattern reaches them, below `NAME/`.
fn own_topics(rest: Option<&Rest>, own: &str) -> Vec<String> {
    let reserved = format!("$aws/things/{own}");
    let Some(rest) = rest else { return vec![format!("{reserved}/*"), format!("{own}/*")] };
    let prefix = rest.literal_prefix();
    if rest.is_wild() && "$aws/things/".starts_with(&prefix) {
        let tail = text_after_wildcard(rest);
        let mut names = below(&reserved, &tail);
        if prefix.is_empty() {
            names.extend(below(own, &tail));
        }
        return names;
    }
    // No policy wildcard is to blame, so it is `+` or `#`, which the broker reads as wildcards.
    let text = rendered(rest.pieces());
    let levels: Vec<&str> = text.split('/').collect();
    match levels.as_slice() {
        ["#" | "+"] => vec![format!("{reserved}/*"), format!("{own}/*")],
        ["+", below @ ..] => vec![format!("{own}/{}", below.join("/"))],
        ["$aws", "things", "+", below @ ..] if !below.is_empty() => vec![format!("{reserved}/{}", below.join("/"))],
        _ => vec![format!("{reserved}/*")],
    }
}

/// What of `*TAIL` lies below a stem.
fn below(stem: &str, tail: &str) -> Vec<String> {
    match tail.strip_prefix('/') {
        _ if tail.is_empty() => vec![format!("{stem}/*")],
        None => vec![format!("{stem}/*{tail}")],
        Some(levels) => {
            let first = levels.split('/').next().unwrap_or(levels);
            let complete = first.starts_with('*') || RESERVED_FAMILIES.contains(&first);
            let deeper = (!complete).then(|| format!("{stem}/*{tail}"));
            std::iter::once(format!("{stem}{tail}")).chain(deeper).collect()
        }
    }
}

/// The thing, and for shadow actions its named shadows.
fn own_things(rest: Option<&Rest>, own: &str, action: Action) -> Vec<String> {
    let tail = rest.map(text_after_wildcard).unwrap_or_default();
    let has_shadows = matches!(action, Action::GetThingShadow | Action::UpdateThingShadow | Action::DeleteThingShadow);
    match tail.as_str() {
        _ if tail.starts_with('/') => vec![format!("{own}{tail}")],
        "" if has_shadows => vec![own.to_owned(), format!("{own}/*")],
        _ => vec![own.to_owned()],
    }
}

/// What follows the first run of wildcards.
fn text_after_wildcard(rest: &Rest) -> String {
    let is_wildcard = |piece: &&Piece| matches!(piece, Piece::One | Piece::Many);
    let tail: Vec<Piece> =
        rest.pieces().iter().skip_while(|p| !is_wildcard(p)).skip_while(is_wildcard).cloned().collect();
    rendered(&tail)
}

/// Pieces as they are written in a policy, with escapes where plain text would read otherwise.
fn rendered(pieces: &[Piece]) -> String {
    let render = |piece: &Piece| match piece {
        Piece::Text(text) => escaped(text),
        other => other.to_string(),
    };
    pieces.iter().map(render).collect()
}

/// A plain text as it must be written in a policy to match itself (P-09).
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '*' => out.push_str("${*}"),
            '?' => out.push_str("${?}"),
            '$' if characters.peek() == Some(&'{') => out.push_str("${$}"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::pattern::Reading;

    fn own(action: Action, target: &str) -> Vec<String> {
        let pattern = Pattern::new(&format!("arn:aws:iot:R:A:{target}"), Reading::RESOURCE);
        let scope = Scope::new("R", "A");
        let found = own_resources(action, Some(&pattern), "TN", &scope);
        found.into_iter().map(|arn| arn.strip_prefix("arn:aws:iot:R:A:").unwrap_or(&arn).to_owned()).collect()
    }

    #[test]
    fn topics_become_the_things_own() {
        for (target, expected) in [
            ("topic/*", &["topic/$aws/things/TN/*", "topic/TN/*"][..]),
            ("topic/$aws/*", &["topic/$aws/things/TN/*"]),
            ("topic/$aws/things/*", &["topic/$aws/things/TN/*"]),
            ("topic/$aws/things/*/shadow/update", &["topic/$aws/things/TN/shadow/update"]),
            ("topic/$aws/things/*/shadow/*", &["topic/$aws/things/TN/shadow/*"]),
            ("topic/$aws/things/*/update", &["topic/$aws/things/TN/update", "topic/$aws/things/TN/*/update"]),
            ("topic/$aws/things/*/*", &["topic/$aws/things/TN/*"]),
            ("topic/*y", &["topic/$aws/things/TN/*y", "topic/TN/*y"]),
        ] {
            assert_eq!(own(Action::Publish, target), expected, "{target}");
        }
    }

    #[test]
    fn filters_with_mqtt_wildcards_become_the_things_own() {
        for (target, expected) in [
            ("topicfilter/#", &["topicfilter/$aws/things/TN/*", "topicfilter/TN/*"][..]),
            ("topicfilter/+/status", &["topicfilter/TN/status"]),
            ("topicfilter/+/+/x${*}", &["topicfilter/TN/+/x${*}"]),
            ("topicfilter/$aws/things/+/shadow/update", &["topicfilter/$aws/things/TN/shadow/update"]),
            ("topicfilter/$aws/things/#", &["topicfilter/$aws/things/TN/*"]),
            ("topicfilter/$aws/#", &["topicfilter/$aws/things/TN/*"]),
            ("topicfilter/$aws/+/x", &["topicfilter/$aws/things/TN/*"]),
        ] {
            assert_eq!(own(Action::Subscribe, target), expected, "{target}");
        }
    }

    #[test]
    fn things_and_their_named_shadows() {
        assert_eq!(own(Action::GetThingShadow, "thing/*"), ["thing/TN", "thing/TN/*"]);
        assert_eq!(own(Action::GetThingShadow, "thing/*/config"), ["thing/TN/config"]);
        assert_eq!(own(Action::UpdateJobExecution, "thing/*"), ["thing/TN"]);
    }

    #[test]
    fn p09_plain_text_is_escaped() {
        assert_eq!(escaped("a*b?c$d${e}"), "a${*}b${?}c$d${$}{e}");
    }
}

//! MQTT topic filters as a broker reads them (P-11). Policies do **not** use this: there, `+` and `#` are literals.

/// Whether an MQTT topic filter matches a topic name.
///
/// Levels are split at `/`; `+` stands for exactly one level, a final `#` for all remaining ones, none included
/// (`a/#` matches `a`). A filter that begins with a wildcard does not match topics that begin with `$`. A `#`
/// elsewhere than at the end makes the filter invalid, and an invalid filter matches nothing.
pub fn filter_matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut topic_levels = topic.split('/');
    let mut filter_levels = filter.split('/');
    loop {
        match (filter_levels.next(), topic_levels.next()) {
            (Some("#"), _) => return filter_levels.next().is_none(),
            (Some("+"), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// Whether a text is a well-formed topic filter: not empty, `+` and `#` alone in their level, `#` only at the end.
pub fn is_valid_filter(filter: &str) -> bool {
    let mut levels = filter.split('/').peekable();
    !filter.is_empty()
        && std::iter::from_fn(|| levels.next().map(|level| (level, levels.peek().is_none()))).all(|(level, last)| {
            match level {
                "+" => true,
                "#" => last,
                _ => !level.contains(['+', '#']),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p11_levels_wildcards_and_reserved_topics() {
        for (filter, topic, expected) in [
            ("a/b", "a/b", true),
            ("a/b", "a/b/c", false),
            ("a/+", "a/b", true),
            ("a/+", "a/", true),
            ("a/+", "a", false),
            ("a/+/c", "a/b/c", true),
            ("a/+/c", "a/b/x/c", false),
            ("+", "a", true),
            ("+", "a/b", false),
            ("+/+", "/a", true),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("a/#", "ab", false),
            ("#", "a/b/c", true),
            ("#", "$aws/things/x", false),
            ("+/things/x", "$aws/things/x", false),
            ("$aws/#", "$aws/things/x", true),
            ("$aws/+/x", "$aws/things/x", true),
            ("a/#/c", "a/b/c", false),
            ("a/b#", "a/bc", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(filter_matches(filter, topic), expected, "{filter} against {topic}");
        }
    }

    #[test]
    fn p11_validity() {
        for valid in ["a", "/", "a//b", "+", "#", "a/+/#", "$aws/things/+/shadow/#"] {
            assert!(is_valid_filter(valid), "{valid}");
        }
        for invalid in ["", "a#", "#/a", "a/b+", "+a/b", "a/##"] {
            assert!(!is_valid_filter(invalid), "{invalid}");
        }
    }
}

//! The anatomy of a resource pattern, for judging it without a request (P-21, P-22).

use super::action::ResourceType;
use super::pattern::{Pattern, Token};
use super::variable::Variable;

/// A resource pattern cut at its fifth colon. Variables are opaque, escapes are the character they stand for (P-17,
/// P-22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `*`, or a wildcard that swallows the resource type: `arn:aws:iot:*`, `arn:aws:iot:R:A:*` (P-21).
    EveryType,
    /// `TYPE/REST` after the fifth colon.
    Typed {
        /// The text before the first `/`.
        kind: String,
        /// What follows it.
        rest: Rest,
    },
    /// No resource of IoT can have such an ARN: it names another service, or has too few fields and no wildcard.
    Nothing,
}

/// The part of a resource pattern after the type: pieces of text, wildcards and variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    pieces: Vec<Piece>,
}

/// A piece of a [`Rest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Variable(Variable),
    One,
    Many,
}

impl Shape {
    /// Takes a pattern apart.
    pub fn of(pattern: &Pattern) -> Shape {
        if pattern.is_catch_all() {
            return Shape::EveryType;
        }
        let fields = fields(pattern);
        let Some(last) = fields.get(5) else {
            let swallows = pattern.is_wild() && names_iot(&fields);
            return if swallows { Shape::EveryType } else { Shape::Nothing };
        };
        if !names_iot(&fields) {
            return Shape::Nothing;
        }
        match split_type(last) {
            Split::WildType => Shape::EveryType,
            Split::NoRest(kind) => Shape::Typed { kind, rest: Rest::default() },
            Split::Typed(kind, rest) => Shape::Typed { kind, rest: Rest { pieces: rest } },
        }
    }

    /// What follows the type, if the pattern is of this type.
    pub fn rest_of(&self, kind: ResourceType) -> Option<&Rest> {
        match self {
            Shape::Typed { kind: found, rest } if found == kind.as_str() => Some(rest),
            _ => None,
        }
    }

    /// Whether it is `*` of a type, for example `topic/*` (P-28, P-30).
    pub fn is_catch_all_of(&self, kind: ResourceType) -> bool {
        self.rest_of(kind).is_some_and(|rest| rest.pieces == [Piece::Many])
    }
}

impl Rest {
    /// Whether it contains a wildcard (`wild` of P-22).
    pub fn is_wild(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::One | Piece::Many))
    }

    /// Whether it is `*` alone.
    pub fn is_catch_all(&self) -> bool {
        self.pieces == [Piece::Many]
    }

    /// Whether it ends in `*`.
    pub fn ends_in_star(&self) -> bool {
        self.pieces.last() == Some(&Piece::Many)
    }

    /// What stands before the first wildcard (`lit` of P-22); variables as they are written.
    pub fn literal_prefix(&self) -> String {
        let literal = self.pieces.iter().take_while(|piece| !matches!(piece, Piece::One | Piece::Many));
        literal.fold(String::new(), |text, piece| text + &piece.to_string())
    }

    /// The same rest with a variable replaced by `*` (P-23).
    pub fn with_star_for(&self, variable: &Variable) -> Rest {
        let replace = |piece: &Piece| match piece {
            Piece::Variable(found) if found == variable => Piece::Many,
            _ => piece.clone(),
        };
        Rest { pieces: self.pieces.iter().map(replace).collect() }
    }

    /// The text that a broker would see if it took the pattern for a topic filter: wildcards and variables as
    /// written, escapes resolved.
    pub fn as_filter_text(&self) -> String {
        self.pieces.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }
}

impl std::fmt::Display for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Piece::Text(text) => f.write_str(text),
            Piece::Variable(variable) => write!(f, "${{{variable}}}"),
            Piece::One => f.write_str("?"),
            Piece::Many => f.write_str("*"),
        }
    }
}

/// The first six colon-separated fields, the sixth with all further colons.
fn fields(pattern: &Pattern) -> Vec<Vec<Piece>> {
    let mut fields = vec![Vec::new()];
    for token in pattern.tokens() {
        let piece = match token {
            Token::One => Piece::One,
            Token::Many => Piece::Many,
            Token::Variable(variable) => Piece::Variable(variable.clone()),
            Token::Literal { start, end } => {
                let mut text = pattern.literal(*start, *end);
                while fields.len() < 6 {
                    let Some((before, after)) = text.split_once(':') else { break };
                    push_text(&mut fields, before);
                    fields.push(Vec::new());
                    text = after;
                }
                push_text(&mut fields, text);
                continue;
            }
        };
        if let Some(field) = fields.last_mut() {
            field.push(piece);
        }
    }
    fields
}

fn push_text(fields: &mut [Vec<Piece>], text: &str) {
    if let (false, Some(field)) = (text.is_empty(), fields.last_mut()) {
        field.push(Piece::Text(text.to_owned()));
    }
}

/// Whether the fields before the region leave room for `arn:PARTITION:iot`. A wildcard or a variable among them may
/// stand for anything.
fn names_iot(fields: &[Vec<Piece>]) -> bool {
    let literal = |field: &[Piece]| match field {
        [] => Some(String::new()),
        [Piece::Text(text)] => Some(text.clone()),
        _ => None,
    };
    let leading: Vec<Option<String>> = fields.iter().take(3).map(|field| literal(field)).collect();
    match leading.as_slice() {
        [Some(scheme), ..] if scheme != "arn" => false,
        [Some(_), Some(_), Some(service)] => service == "iot",
        _ => true,
    }
}

enum Split {
    WildType,
    NoRest(String),
    Typed(String, Vec<Piece>),
}

/// Splits the sixth field at its first `/`; one leading `/` is ignored (P-21).
fn split_type(field: &[Piece]) -> Split {
    let mut kind = String::new();
    let mut pieces = field.iter();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::One | Piece::Many => return Split::WildType,
            Piece::Variable(_) => kind.push_str(&piece.to_string()),
            Piece::Text(text) => {
                let text = if kind.is_empty() { text.strip_prefix('/').unwrap_or(text) } else { text };
                let Some((before, after)) = text.split_once('/') else {
                    kind.push_str(text);
                    continue;
                };
                kind.push_str(before);
                let head = (!after.is_empty()).then(|| Piece::Text(after.to_owned()));
                return Split::Typed(kind, head.into_iter().chain(pieces.cloned()).collect());
            }
        }
    }
    Split::NoRest(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::pattern::Reading;

    fn shape(text: &str) -> Shape {
        Shape::of(&Pattern::new(text, Reading::RESOURCE))
    }

    #[test]
    fn p21_wildcards_that_swallow_the_type() {
        for text in ["*", "arn:*", "arn:aws:iot:*", "arn:aws:iot:R:A:*", "arn:aws:iot:R:A:t?pic/x", "*topic/x", "**"] {
            assert_eq!(shape(text), Shape::EveryType, "{text}");
        }
        assert_eq!(shape("arn:aws:iot:R:A:topic*/x"), Shape::EveryType);
    }

    #[test]
    fn p21_patterns_that_no_iot_resource_has() {
        for text in ["arn:aws:s3:::*", "arn:aws:s3:*", "topic/a", "urn:aws:iot:R:A:topic/*", "arn:aws:sns:R:A:topic/*"]
        {
            assert_eq!(shape(text), Shape::Nothing, "{text}");
        }
    }

    #[test]
    fn p21_p22_type_and_rest() {
        for (text, kind, lit, wild) in [
            ("arn:aws:iot:*:*:topic/a/*", ResourceType::Topic, "a/", true),
            ("arn:aws:iot:R:A:/thing/*", ResourceType::Thing, "", true),
            ("arn:aws:iot:R:A:topic/${*}x", ResourceType::Topic, "*x", false),
            ("arn:aws:iot:R:A:topic/${$}aws/?", ResourceType::Topic, "$aws/", true),
            ("arn:aws:iot:R:A:client/${iot:ClientId}", ResourceType::Client, "${iot:ClientId}", false),
            ("arn:aws:iot:R:A:client/x:y*", ResourceType::Client, "x:y", true),
            ("arn:aws:iot:R:A:topic/", ResourceType::Topic, "", false),
            ("arn:aws:iot:R:A:topic", ResourceType::Topic, "", false),
            ("arn:*:iot:R:A:topic/*", ResourceType::Topic, "", true),
        ] {
            let shape = shape(text);
            let rest = shape.rest_of(kind).unwrap_or_else(|| panic!("{text} is {shape:?}"));
            assert_eq!((rest.literal_prefix().as_str(), rest.is_wild()), (lit, wild), "{text}");
        }
        assert_eq!(shape("arn:aws:iot:R:A:topicfilter/*").rest_of(ResourceType::Topic), None);
        assert!(shape("arn:aws:iot:R:A:topic/*").is_catch_all_of(ResourceType::Topic));
        assert!(!shape("arn:aws:iot:R:A:topic/a*").is_catch_all_of(ResourceType::Topic));
    }
}

//! The fleet-index query language, as far as this engine's index goes (V-09).
//!
//! Terms: `thingName`, `thingTypeName`, `thingGroupNames`, `attributes.NAME`, `deviceDefender.violationCount` and
//! `deviceDefender.PROFILE.BEHAVIOR.inViolation:true`. A text term is `field:value`, with `*` and `?` in the value, or
//! `field:"text"`; a number term is `field:n`, `field>n`, `>=`, `<`, `<=`; `field:*` asks whether there is a value.
//! Terms combine with `AND` (also by standing side by side), `OR`, `NOT` or `-`, and parentheses.

use std::str::FromStr;

use crate::ids::ThingId;

use super::Account;

/// A query, parsed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Query {
    /// All of these.
    All(Vec<Query>),
    /// At least one of these.
    Any(Vec<Query>),
    /// Not this.
    Not(Box<Query>),
    /// One comparison.
    Term(Field, Test),
}

/// What a term looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// `thingName`.
    ThingName,
    /// `thingTypeName`.
    ThingTypeName,
    /// `thingGroupNames`: any static group that directly contains the thing.
    ThingGroupNames,
    /// `attributes.NAME`.
    Attribute(String),
    /// `deviceDefender.violationCount` (D-90).
    ViolationCount,
    /// `deviceDefender.PROFILE.BEHAVIOR.inViolation` (D-90), by its `PROFILE.BEHAVIOR`.
    InViolation(String),
}

/// How a term compares.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    /// The text equals a pattern with `*` and `?`.
    Like(String),
    /// The text equals this, no wildcards (a quoted value).
    Equals(String),
    /// The number compares so.
    Number(Comparison, f64),
}

/// An order between numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

/// Why a query was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidQuery {
    /// Nothing there.
    #[error("the query is empty")]
    Empty,
    /// Something else was expected at a place.
    #[error("at character {at} of the query: expected {expected}, found {found}")]
    Unexpected {
        /// Zero-based character.
        at: usize,
        /// What would fit.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A field outside the subset.
    #[error(
        "the field `{0}` is outside the subset of the query language that this engine indexes: thingName, \
         thingTypeName, thingGroupNames, attributes.NAME, deviceDefender.violationCount, \
         deviceDefender.PROFILE.BEHAVIOR.inViolation"
    )]
    Field(String),
    /// A comparison that the field does not have.
    #[error("the field `{field}` cannot be compared with `{test}`")]
    Comparison {
        /// The field as written.
        field: String,
        /// The operator and value as written.
        test: String,
    },
    /// Nested beyond reason.
    #[error("the query nests deeper than {0} levels")]
    TooDeep(usize),
}

/// Deepest nesting of parentheses and NOT.
const DEPTH_MAX: usize = 64;

impl Query {
    /// Whether the answer depends on what is in alarm (D-90).
    pub(crate) fn looks_at_violations(&self) -> bool {
        match self {
            Query::All(parts) | Query::Any(parts) => parts.iter().any(Query::looks_at_violations),
            Query::Not(part) => part.looks_at_violations(),
            Query::Term(field, _) => matches!(field, Field::ViolationCount | Field::InViolation(_)),
        }
    }

    /// Whether a living thing satisfies the query.
    pub(crate) fn matches(&self, account: &Account, thing: ThingId) -> bool {
        match self {
            Query::All(parts) => parts.iter().all(|part| part.matches(account, thing)),
            Query::Any(parts) => parts.iter().any(|part| part.matches(account, thing)),
            Query::Not(part) => !part.matches(account, thing),
            Query::Term(field, test) => match field {
                Field::ThingName => test.holds_for(account.thing_name(thing)),
                Field::ThingTypeName => account.thing_type_of(thing).is_some_and(|name| test.holds_for(name)),
                Field::ThingGroupNames => {
                    let rows = account.groups_of_thing(thing).filter_map(|group| account.describe_thing_group(group));
                    rows.filter(|row| !row.is_dynamic()).any(|row| test.holds_for(row.name()))
                }
                Field::Attribute(name) => account.attribute(thing, name).is_some_and(|value| test.holds_for(value)),
                Field::ViolationCount => test.holds_for(&account.violations_of(thing).count().to_string()),
                Field::InViolation(key) => account.violations_of(thing).any(|other| other == key),
            },
        }
    }
}

impl Test {
    fn holds_for(&self, text: &str) -> bool {
        match self {
            Test::Like(pattern) => like(pattern.as_bytes(), text.as_bytes()),
            Test::Equals(wanted) => wanted == text,
            Test::Number(comparison, bound) => text.parse::<f64>().is_ok_and(|value| match comparison {
                Comparison::Greater => value > *bound,
                Comparison::GreaterOrEqual => value >= *bound,
                Comparison::Less => value < *bound,
                Comparison::LessOrEqual => value <= *bound,
            }),
        }
    }
}

/// Wildcard match in time linear in the text for each `*`: on a mismatch, go back to the last `*` only.
fn like(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut retry) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    (p, t) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

impl FromStr for Query {
    type Err = InvalidQuery;

    fn from_str(text: &str) -> Result<Query, InvalidQuery> {
        let mut parser = Parser { text: text.chars().collect(), at: 0, depth: 0 };
        parser.skip_space();
        if parser.at == parser.text.len() {
            return Err(InvalidQuery::Empty);
        }
        let query = parser.any()?;
        match parser.at == parser.text.len() {
            true => Ok(query),
            false => Err(parser.unexpected("the end of the query")),
        }
    }
}

struct Parser {
    text: Vec<char>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Query, InvalidQuery> {
        let mut parts = vec![self.all()?];
        while self.keyword("OR") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Query::Any(parts) })
    }

    fn all(&mut self) -> Result<Query, InvalidQuery> {
        let mut parts = vec![self.unary()?];
        loop {
            let explicit = self.keyword("AND");
            let more = explicit || !matches!(self.peek(), None | Some(')')) && !self.sees("OR");
            if !more {
                break;
            }
            parts.push(self.unary()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Query::All(parts) })
    }

    fn unary(&mut self) -> Result<Query, InvalidQuery> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(InvalidQuery::TooDeep(DEPTH_MAX));
        }
        let query = if self.keyword("NOT") || self.symbol('-') {
            Query::Not(Box::new(self.unary()?))
        } else if self.symbol('(') {
            let inner = self.any()?;
            if !self.symbol(')') {
                return Err(self.unexpected("`)`"));
            }
            inner
        } else {
            self.term()?
        };
        self.depth -= 1;
        Ok(query)
    }

    fn term(&mut self) -> Result<Query, InvalidQuery> {
        let start = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace() && !":<>()\"=".contains(c)) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.unexpected("a field name"));
        }
        let name: String = self.text[start..self.at].iter().collect();
        let operator = match self.peek() {
            Some(c @ (':' | '<' | '>')) => {
                self.at += 1;
                if c != ':' && self.peek() == Some('=') {
                    self.at += 1;
                    if c == '<' { "<=" } else { ">=" }
                } else {
                    match c {
                        ':' => ":",
                        '<' => "<",
                        _ => ">",
                    }
                }
            }
            _ => return Err(self.unexpected("`:`, `<`, `<=`, `>` or `>=` after the field name")),
        };
        let (value, quoted) = self.value()?;
        self.skip_space();
        let field = field(&name)?;
        let refuse = || InvalidQuery::Comparison { field: name.clone(), test: format!("{operator}{value}") };
        let comparison = match operator {
            ":" if quoted => return Ok(Query::Term(field, Test::Equals(value))),
            ":" => {
                if matches!(field, Field::InViolation(_)) && value != "true" {
                    return Err(refuse());
                }
                return Ok(Query::Term(field, Test::Like(value)));
            }
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            "<" => Comparison::Less,
            _ => Comparison::LessOrEqual,
        };
        let bound: f64 = value.parse().map_err(|_| refuse())?;
        match field {
            Field::Attribute(_) | Field::ViolationCount if bound.is_finite() && !quoted => {
                Ok(Query::Term(field, Test::Number(comparison, bound)))
            }
            _ => Err(refuse()),
        }
    }

    fn value(&mut self) -> Result<(String, bool), InvalidQuery> {
        if self.peek() == Some('"') {
            let start = self.at + 1;
            let length = self.text[start..].iter().position(|&c| c == '"');
            let Some(length) = length else {
                self.at = self.text.len();
                return Err(self.unexpected("a closing `\"`"));
            };
            self.at = start + length + 1;
            return Ok((self.text[start..start + length].iter().collect(), true));
        }
        let start = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace() && !"()\"[]{}^~".contains(c)) {
            self.at += 1;
        }
        match self.at > start && self.peek().is_none_or(|c| c.is_whitespace() || c == ')') {
            true => Ok((self.text[start..self.at].iter().collect(), false)),
            false => Err(self.unexpected("a value without ranges, boosts or fuzziness")),
        }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn symbol(&mut self, symbol: char) -> bool {
        let found = self.peek() == Some(symbol);
        if found {
            self.at += 1;
            self.skip_space();
        }
        found
    }

    fn sees(&self, word: &str) -> bool {
        let end = self.at + word.len();
        self.text.get(self.at..end).is_some_and(|text| text.iter().copied().eq(word.chars()))
            && self.text.get(end).is_none_or(|&c| c.is_whitespace() || c == '(')
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = self.sees(word);
        if found {
            self.at += word.len();
            self.skip_space();
        }
        found
    }

    fn unexpected(&self, expected: &'static str) -> InvalidQuery {
        let found = self.peek().map_or_else(|| "the end".to_owned(), |c| format!("`{c}`"));
        InvalidQuery::Unexpected { at: self.at, expected, found }
    }
}

fn field(name: &str) -> Result<Field, InvalidQuery> {
    Ok(match name {
        "thingName" => Field::ThingName,
        "thingTypeName" => Field::ThingTypeName,
        "thingGroupNames" => Field::ThingGroupNames,
        "deviceDefender.violationCount" => Field::ViolationCount,
        _ => {
            let violation = name.strip_prefix("deviceDefender.").and_then(|rest| rest.strip_suffix(".inViolation"));
            match (name.strip_prefix("attributes."), violation) {
                (Some(attribute), _) if !attribute.is_empty() => Field::Attribute(attribute.to_owned()),
                (_, Some(key)) if key.contains('.') => Field::InViolation(key.to_owned()),
                _ => return Err(InvalidQuery::Field(name.to_owned())),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v09_wildcards_match_as_the_index_does() {
        for (pattern, text, expected) in [
            ("pump*", "pump-7", true),
            ("*", "", true),
            ("p?mp*7", "pump-17", true),
            ("pump", "pump-7", false),
            ("*a*b", "xaxbx", false),
        ] {
            assert_eq!(like(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn v09_and_binds_tighter_than_or_and_may_be_left_out() {
        let a = "thingName:a thingName:b OR NOT (thingName:c OR -thingName:d)".parse::<Query>().expect("in the subset");
        let b = "(thingName:a AND thingName:b) OR NOT (thingName:c OR NOT thingName:d)".parse::<Query>().expect("same");
        assert_eq!(a, b);
    }

    #[test]
    fn v09_what_lies_outside_the_subset_is_refused_by_name() {
        for (text, part) in [
            ("", "empty"),
            ("shadow.reported.x:1", "shadow.reported.x"),
            ("thingName:[a TO b]", "expected a value"),
            ("thingName>3", "cannot be compared"),
            ("thingName:a AND", "expected a field name, found the end"),
            ("(thingName:a", "expected `)`"),
            ("thingName:a)", "the end of the query"),
            ("thingName", "after the field name"),
            ("deviceDefender.P.B.inViolation:false", "cannot be compared"),
        ] {
            let error = text.parse::<Query>().expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        let deep = format!("{}thingName:a", "NOT ".repeat(5_000));
        assert_eq!(deep.parse::<Query>(), Err(InvalidQuery::TooDeep(DEPTH_MAX)));
    }
}

//! Patterns over resource names: wildcards, escapes and variables, compiled once and matched without allocating.
//!
//! A pattern is a row of tokens: literal text, one character (`?`), any run of characters (`*`), a variable. Both
//! wildcards cross `/` and `:` (P-06); the MQTT wildcards `+` and `#` are ordinary characters (P-07).

use std::fmt;

use super::context::{Context, Scope};
use super::variable::{Dialect, Variable};
use crate::time::Timestamp;

/// How a text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whether `*` and `?` are wildcards.
    pub wildcards: bool,
    /// Whether `${…}` is a variable or an escape; not in documents of version `2008-10-17` (P-02).
    pub variables: bool,
    /// Which variables exist.
    pub dialect: Dialect,
}

impl Reading {
    /// A resource of an IoT policy of version `2012-10-17`.
    pub const RESOURCE: Reading = Reading { wildcards: true, variables: true, dialect: Dialect::Iot };
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A range of the pattern's literal text.
    Literal { start: u32, end: u32 },
    /// `?`: exactly one character.
    One,
    /// `*`: any run of characters, none included.
    Many,
    /// `${…}`: what the context says.
    Variable(Variable),
}

/// A compiled pattern. Equality is textual, as P-30 wants it.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    literals: Box<str>,
    tokens: Box<[Token]>,
}

impl Pattern {
    /// Compiles a text. Every text is a pattern: an unclosed `${` stands for itself.
    pub fn new(text: &str, reading: Reading) -> Pattern {
        let mut builder = Builder::default();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let tail = &rest[character.len_utf8()..];
            let name = tail.strip_prefix('{').filter(|_| character == '$' && reading.variables);
            if let Some((name, after)) = name.and_then(|inner| inner.split_once('}')) {
                match name {
                    "*" | "?" | "$" => builder.literals.push_str(name),
                    _ => builder.push(Token::Variable(Variable::parse(name, reading.dialect))),
                }
                rest = after;
                continue;
            }
            match character {
                '*' if reading.wildcards => builder.push(Token::Many),
                '?' if reading.wildcards => builder.push(Token::One),
                _ => builder.literals.push(character),
            }
            rest = tail;
        }
        builder.finish(text)
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is `*` alone, which matches every resource of every type (P-10).
    pub fn is_catch_all(&self) -> bool {
        *self.tokens == [Token::Many]
    }

    /// Whether it contains a wildcard; escaped ones do not count (P-22).
    pub fn is_wild(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::One | Token::Many))
    }

    /// Whether it matches every text that begins with `head`, whatever variables stand for.
    pub(crate) fn takes_in_all_below(&self, head: &str) -> bool {
        let scope = Scope::new("", "");
        let context = Context::new(Timestamp(0), &scope);
        self.tokens.last() == Some(&Token::Many) && self.variables().next().is_none() && self.matches(head, &context)
    }

    /// The variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.tokens.iter().filter_map(|token| match token {
            Token::Variable(variable) => Some(variable),
            _ => None,
        })
    }

    /// Whether the pattern matches a whole text, with variables as the context resolves them. A variable that does
    /// not resolve matches nothing (P-17).
    pub fn matches(&self, text: &str, context: &Context<'_>) -> bool {
        self.matches_subject(Subject { head: "", name: text }, context)
    }

    /// The same for a text in two parts.
    pub(crate) fn matches_subject(&self, subject: Subject<'_>, context: &Context<'_>) -> bool {
        // Nearly every pattern spells the head out, so one comparison settles the region, account and type.
        match self.tokens.first() {
            Some(&Token::Literal { start, end }) if (end - start) as usize >= subject.head.len() => {
                let first = self.literal(start, end);
                let Some(first) = first.as_bytes().strip_prefix(subject.head.as_bytes()) else { return false };
                let name = subject.name.as_bytes();
                name.starts_with(first) && self.run(name, 1, first.len(), context)
            }
            _ if subject.head.is_empty() => self.run(subject.name.as_bytes(), 0, 0, context),
            _ => self.is_catch_all() || self.run(subject, 0, 0, context),
        }
    }

    /// Whether a pattern without wildcards equals a text, ignoring ASCII case.
    pub(crate) fn equals_ignoring_case(&self, text: &str, context: &Context<'_>) -> bool {
        let mut rest = text.as_bytes();
        for token in &self.tokens {
            let resolved;
            let wanted = match token {
                Token::Literal { start, end } => self.literal(*start, *end),
                Token::Variable(variable) => match context.resolve(variable) {
                    Some(value) => {
                        resolved = value;
                        resolved.as_str()
                    }
                    None => return false,
                },
                Token::One | Token::Many => return false,
            };
            match rest.split_at_checked(wanted.len()) {
                Some((here, after)) if here.eq_ignore_ascii_case(wanted.as_bytes()) => rest = after,
                _ => return false,
            }
        }
        rest.is_empty()
    }

    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    pub(crate) fn literal(&self, start: u32, end: u32) -> &str {
        &self.literals[start as usize..end as usize]
    }

    /// Walks the tokens from `token` over the text from `at`. On a mismatch the latest `*` swallows one character
    /// more; an earlier `*` never needs to, since the latest can reach whatever it could have reached.
    fn run<T: Haystack>(&self, text: T, mut token: usize, mut at: usize, context: &Context<'_>) -> bool {
        let mut star: Option<(usize, usize)> = None;
        loop {
            let advanced = match self.tokens.get(token) {
                None if at == text.length() => return true,
                None => None,
                Some(Token::Many) => {
                    token += 1;
                    match self.tokens.get(token) {
                        None => return true,
                        // A literal that ends the pattern can only stand at the end of the text.
                        Some(&Token::Literal { start, end }) if token + 1 == self.tokens.len() => {
                            let last = self.literal(start, end).as_bytes();
                            let from = text.length().checked_sub(last.len());
                            return from.is_some_and(|from| from >= at && text.has(from, last));
                        }
                        Some(_) => {
                            star = Some((token, at));
                            continue;
                        }
                    }
                }
                Some(Token::One) => text.character(at),
                Some(&Token::Literal { start, end }) => {
                    let literal = self.literal(start, end).as_bytes();
                    text.has(at, literal).then_some(literal.len())
                }
                Some(Token::Variable(variable)) => {
                    let Some(value) = context.resolve(variable) else { return false };
                    let value = value.as_str().as_bytes();
                    text.has(at, value).then_some(value.len())
                }
            };
            if let Some(length) = advanced {
                at += length;
                token += 1;
                continue;
            }
            let Some((after, swallowed)) = star else { return false };
            let Some(length) = text.character(swallowed) else { return false };
            star = Some((after, swallowed + length));
            (token, at) = (after, swallowed + length);
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[derive(Default)]
struct Builder {
    literals: String,
    start: usize,
    tokens: Vec<Token>,
}

impl Builder {
    fn flush(&mut self) {
        if self.start < self.literals.len() {
            self.tokens.push(Token::Literal { start: self.start as u32, end: self.literals.len() as u32 });
            self.start = self.literals.len();
        }
    }

    fn push(&mut self, token: Token) {
        self.flush();
        if token != Token::Many || self.tokens.last() != Some(&Token::Many) {
            self.tokens.push(token);
        }
    }

    fn finish(mut self, text: &str) -> Pattern {
        self.flush();
        Pattern { text: text.into(), literals: self.literals.into(), tokens: self.tokens.into() }
    }
}

/// A text in two parts, so that the ARN of a request need not be put together to be matched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// What all resources of a type share, for example `arn:aws:iot:R:A:topic/`.
    pub head: &'a str,
    /// The rest.
    pub name: &'a str,
}

/// What the matcher asks of a text.
trait Haystack: Copy {
    /// Length \[bytes\].
    fn length(self) -> usize;
    /// Whether `needle` stands at a place.
    fn has(self, at: usize, needle: &[u8]) -> bool;
    /// The length \[bytes\] of the character at a place; none at the end.
    fn character(self, at: usize) -> Option<usize>;
}

impl Haystack for &[u8] {
    fn length(self) -> usize {
        self.len()
    }

    fn has(self, at: usize, needle: &[u8]) -> bool {
        self.get(at..).is_some_and(|rest| rest.starts_with(needle))
    }

    fn character(self, at: usize) -> Option<usize> {
        let width = match *self.get(at)? {
            0..=0x7f => 1,
            0x80..=0xdf => 2,
            0xe0..=0xef => 3,
            _ => 4,
        };
        Some(width)
    }
}

impl Haystack for Subject<'_> {
    fn length(self) -> usize {
        self.head.len() + self.name.len()
    }

    fn has(self, at: usize, needle: &[u8]) -> bool {
        let (head, name) = (self.head.as_bytes(), self.name.as_bytes());
        match head.get(at..) {
            Some(rest) if needle.len() <= rest.len() => rest.starts_with(needle),
            Some(rest) => needle.starts_with(rest) && name.starts_with(&needle[rest.len()..]),
            None => name.has(at - head.len(), needle),
        }
    }

    fn character(self, at: usize) -> Option<usize> {
        match at.checked_sub(self.head.len()) {
            None => self.head.as_bytes().character(at),
            Some(at) => self.name.as_bytes().character(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        let scope = Scope::new("us-east-1", "123456789012");
        let context = Context::of_thing(Timestamp(0), &scope, "T1");
        let pattern = Pattern::new(pattern, Reading::RESOURCE);
        let whole = pattern.matches(text, &context);
        for (cut, _) in text.char_indices() {
            let subject = Subject { head: &text[..cut], name: &text[cut..] };
            assert_eq!(pattern.matches_subject(subject, &context), whole, "{pattern} on {text} cut at {cut}");
        }
        whole
    }

    #[test]
    fn p06_question_mark_is_one_character_not_one_byte() {
        assert!(matches("a?c", "aéc"));
        assert!(matches("?", "😀"));
        assert!(!matches("??", "😀"));
        assert!(matches("*?é", "xxéé"));
        assert!(!matches("?", ""));
    }

    #[test]
    fn p06_stars_return_to_the_latest_one() {
        assert!(matches("*ab*ab", "xabyababab"));
        assert!(matches("a*b*c", "abbbbc"));
        assert!(!matches("a*b*c", "abbbb"));
        assert!(matches("**", ""));
        assert!(matches("a**b", "ab"));
        assert!(matches("*a?b", "aabaxb"));
        assert!(!matches("a*a", "a"));
        assert!(matches("*/shadow/update", "x/shadow/update/shadow/update"));
    }

    #[test]
    fn p06_adversarial_patterns_stay_cheap() {
        let text = "a".repeat(20_000);
        assert!(!matches_once(&"*a".repeat(60), &format!("{text}b")));
        assert!(matches_once(&"*a".repeat(60), &text));
    }

    fn matches_once(pattern: &str, text: &str) -> bool {
        let scope = Scope::new("us-east-1", "123456789012");
        Pattern::new(pattern, Reading::RESOURCE).matches(text, &Context::new(Timestamp(0), &scope))
    }

    #[test]
    fn p09_escapes_and_variables() {
        assert!(matches("a${*}b", "a*b"));
        assert!(!matches("a${*}b", "axb"));
        assert!(matches("${$}{x}", "${x}"));
        assert!(matches("a${?}", "a?"));
        assert!(matches("client/${iot:ClientId}", "client/T1"));
        assert!(matches("client/${iot:ClientId}-*", "client/T1-7"));
        assert!(matches("*${iot:Connection.Thing.ThingName}*", "xxT1yy"));
        assert!(!matches("client/${iot:CertificateId}", "client/T1"));
        assert!(matches("a${unclosed", "a${unclosed"));
    }

    #[test]
    fn p02_old_documents_have_no_variables() {
        let reading = Reading { variables: false, ..Reading::RESOURCE };
        let scope = Scope::new("us-east-1", "123456789012");
        let context = Context::of_thing(Timestamp(0), &scope, "T1");
        let pattern = Pattern::new("client/${iot:ClientId}", reading);
        assert!(pattern.matches("client/${iot:ClientId}", &context));
        assert!(!pattern.matches("client/T1", &context));
    }
}

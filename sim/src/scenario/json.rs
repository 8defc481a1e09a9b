//! JSON with places: the documents of the service are read with the same care as the scenario. Numbers keep their
//! text, and a member given twice is an error, since the two halves of a system may disagree about which one counts.

use std::ops::Range;
use std::sync::Arc;

use super::problem::Problem;
use super::source::{Place, Source};
use super::tree::{Entry, Node, Table, Value};

/// How deep objects and arrays may nest.
const DEPTH_MAX: u32 = 128;

/// Parses one JSON text (RFC 8259).
pub fn parse_json(source: &Arc<Source>) -> Result<Node, Problem> {
    let mut parser = Parser::new(source);
    let node = parser.value()?;
    parser.white();
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.problem(parser.at..parser.at + 1, "the document ends here, found more text")),
    }
}

/// Parses JSON texts that follow each other, as in a file with one on each line.
pub(crate) fn parse_json_texts(source: &Arc<Source>) -> Result<Vec<Node>, Problem> {
    let mut parser = Parser::new(source);
    let mut nodes = vec![parser.value()?];
    parser.white();
    while parser.peek().is_some() {
        nodes.push(parser.value()?);
        parser.white();
    }
    Ok(nodes)
}

struct Parser<'a> {
    source: &'a Arc<Source>,
    text: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Parser<'a> {
    fn new(source: &'a Arc<Source>) -> Parser<'a> {
        let at = if source.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Parser { source, text: source.text.as_bytes(), at, depth: 0 }
    }
}

impl Parser<'_> {
    fn problem(&self, span: Range<usize>, message: impl std::fmt::Display) -> Problem {
        let end = self.text.len();
        let span = span.start.min(end)..span.end.min(end);
        Problem::error(Place::new(self.source, span), format!("not valid JSON: {message}"))
    }

    fn expected<T>(&self, what: &str) -> Result<T, Problem> {
        let found = match self.source.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(found) => format!("`{found}`"),
            None => "the end of the file".into(),
        };
        Err(self.problem(self.at..self.at + 1, format!("expected {what}, found {found}")))
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn white(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Node, Problem> {
        self.white();
        let start = self.at;
        let value = match self.peek() {
            Some(b'"') => Value::Text(self.string()?),
            Some(b'{') => self.nested(Parser::object)?,
            Some(b'[') => self.nested(Parser::array)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return self.expected("a value"),
        };
        Ok(Node { value, place: Place::new(self.source, start..self.at) })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Problem>) -> Result<Value, Problem> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.problem(self.at..self.at + 1, format!("nested more than {DEPTH_MAX} deep")));
        }
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Problem> {
        if self.text[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            self.expected("a value")
        }
    }

    fn object(&mut self) -> Result<Value, Problem> {
        self.at += 1;
        let mut table = Table::default();
        self.white();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Table(table));
        }
        loop {
            self.white();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return self.expected("a member name in quotes");
            }
            let key = self.string()?;
            let key_place = Place::new(self.source, start..self.at);
            if table.entry(&key).is_some() {
                return Err(self.problem(start..self.at, format!("member `{key}` is given twice")));
            }
            self.white();
            if self.peek() != Some(b':') {
                return self.expected("`:` after a member name");
            }
            self.at += 1;
            let node = self.value()?;
            table.entries.push(Entry { key, key_place, node });
            self.white();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return self.expected("`,` or `}` after a member"),
            }
        }
        self.at += 1;
        Ok(Value::Table(table))
    }

    fn array(&mut self) -> Result<Value, Problem> {
        self.at += 1;
        let mut list = Vec::new();
        self.white();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(list));
        }
        loop {
            list.push(self.value()?);
            self.white();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return self.expected("`,` or `]` after an element"),
            }
        }
        self.at += 1;
        Ok(Value::List(list))
    }

    /// A string token, its escapes resolved by serde_json.
    fn string(&mut self) -> Result<String, Problem> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None | Some(b'\n') => return Err(self.problem(start..self.at, "a string does not end on its line")),
                Some(b'\\') => self.at += 2,
                Some(b'"') => break,
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        serde_json::from_slice(&self.text[start..self.at])
            .map_err(|_| self.problem(start..self.at, "a string holds an escape or character that JSON does not allow"))
    }

    fn number(&mut self) -> Result<Value, Problem> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let text = &self.source.text[start..self.at];
        let bad = |parser: &Self| parser.problem(start..parser.at, format!("`{text}` is not a number"));
        let number: f64 = serde_json::from_str(text).map_err(|_| bad(self))?;
        Ok(match text.parse::<i128>() {
            Ok(whole) => Value::Integer(whole),
            Err(_) => Value::Float(number, text.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Node, String> {
        parse_json(&Source::new("d.json", text)).map_err(|problem| {
            format!("{}  {}", problem.place.as_ref().expect("syntax errors have a place"), problem.message)
        })
    }

    #[test]
    fn agrees_with_serde_json_on_what_a_text_means() {
        let text =
            r#" {"a": [1, -2.5e3, true, false, null, "x\u00e9\n\"y"], "b": {}, "c": [], "d": 18446744073709551615} "#;
        let ours = parse(text).expect("valid").to_json();
        assert_eq!(ours, serde_json::from_str::<serde_json::Value>(text).expect("valid"));
    }

    #[test]
    fn members_know_their_line_and_column() {
        let tree = parse("{\n  \"behaviors\": [\n    {\"name\": \"A\"}\n  ]\n}").expect("valid");
        assert_eq!(tree.nearest_to("/behaviors/0/name").place.to_string(), "d.json:3:14");
    }

    #[test]
    fn errors_say_what_was_expected_where() {
        for (text, message) in [
            ("", "d.json:1:1  not valid JSON: expected a value, found the end of the file"),
            ("{\"a\" 1}", "d.json:1:6  not valid JSON: expected `:` after a member name, found `1`"),
            ("{\"a\": 1,}", "d.json:1:9  not valid JSON: expected a member name in quotes, found `}`"),
            ("[1 2]", "d.json:1:4  not valid JSON: expected `,` or `]` after an element, found `2`"),
            ("[01]", "d.json:1:2  not valid JSON: `01` is not a number"),
            ("\"ab", "d.json:1:1  not valid JSON: a string does not end on its line"),
            ("{\"a\": 1, \"a\": 2}", "d.json:1:10  not valid JSON: member `a` is given twice"),
            ("{} x", "d.json:1:4  not valid JSON: the document ends here, found more text"),
            ("\"\\q\"", "d.json:1:1  not valid JSON: a string holds an escape or character that JSON does not allow"),
            ("nul", "d.json:1:1  not valid JSON: expected a value, found `n`"),
        ] {
            assert_eq!(parse(text), Err(message.to_owned()), "{text}");
        }
        let deep = "[".repeat(500);
        assert!(parse(&deep).expect_err("too deep").contains("nested more than 128 deep"));
    }
}

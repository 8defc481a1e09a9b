//! JSON read with the place of every value, so that each later complaint can point at its line.
//!
//! A policy document is reviewed by people; serde gives values without places. This reader is strict (RFC 8259),
//! keeps member order and duplicates, and refuses nesting deeper than [`MAX_DEPTH`].

use super::error::{PolicyError, PolicyErrorKind, Position};

/// Deeper nesting than this is refused; a policy needs five levels.
pub(crate) const MAX_DEPTH: usize = 32;

/// A JSON value and where its first byte stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub value: Value,
    /// Byte offset of the value's first character.
    pub offset: usize,
}

/// The seven shapes of JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// As written: conditions compare numbers given as text.
    Number(String),
    String(String),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// One `"name": value` of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub name: String,
    /// Byte offset of the name's opening quote.
    pub offset: usize,
    pub node: Node,
}

impl Value {
    /// What a reader would call this value.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

/// Reads one JSON text.
pub(crate) fn parse(text: &str) -> Result<Node, PolicyError> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
    let node = reader.value(0)?;
    reader.skip_space();
    if reader.at < reader.bytes.len() {
        return Err(reader.error("the end of the document"));
    }
    Ok(node)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn error(&self, expected: &'static str) -> PolicyError {
        let found = match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(character) if character.is_control() => format!("`{}`", character.escape_default()),
            Some(character) => format!("`{character}`"),
            None => "the end of the text".to_owned(),
        };
        PolicyError {
            kind: PolicyErrorKind::InvalidJson { expected, found },
            path: String::new(),
            position: Position::of(self.text, self.at),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, PolicyError> {
        self.skip_space();
        if depth > MAX_DEPTH {
            return Err(self.error("at most 32 levels of nesting"));
        }
        let offset = self.at;
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return Err(self.error("a JSON value")),
        };
        Ok(Node { value, offset })
    }

    fn word(&mut self, word: &'static str, value: Value) -> Result<Value, PolicyError> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.error("a JSON value"))
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, PolicyError> {
        self.at += 1;
        let mut members = Vec::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_space();
            let offset = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.error("a member name in double quotes"));
            }
            let name = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.error("`:`"));
            }
            self.at += 1;
            let node = self.value(depth + 1)?;
            members.push(Member { name, offset, node });
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(members));
                }
                _ => return Err(self.error("`,` or `}`")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, PolicyError> {
        self.at += 1;
        let mut nodes = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(nodes));
        }
        loop {
            nodes.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Array(nodes));
                }
                _ => return Err(self.error("`,` or `]`")),
            }
        }
    }

    fn digits(&mut self) -> Result<(), PolicyError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.error("a digit"));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Value, PolicyError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Value::Number(self.text[start..self.at].to_owned()))
    }

    fn string(&mut self) -> Result<String, PolicyError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                _ => return Err(self.error("a closing double quote")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, PolicyError> {
        self.at += 1;
        let plain = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode_escape();
            }
            _ => return Err(self.error("one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode_escape(&mut self) -> Result<char, PolicyError> {
        let start = self.at;
        let high = self.four_hex_digits()?;
        let code = match high {
            0xd800..=0xdbff if self.bytes[self.at..].starts_with(b"\\u") => {
                self.at += 2;
                let low = self.four_hex_digits()?;
                if (0xdc00..=0xdfff).contains(&low) {
                    0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)
                } else {
                    high
                }
            }
            _ => high,
        };
        char::from_u32(code).ok_or_else(|| {
            self.at = start;
            self.error("a Unicode character (surrogates come in pairs)")
        })
    }

    fn four_hex_digits(&mut self) -> Result<u32, PolicyError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or_else(|| self.error("four hexadecimal digits"))?;
            self.at += 1;
        }
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_offset() {
        let text = "{\n  \"a\": [1, \"x\\u00e9\\ud83d\\ude00\"]\n}";
        let Value::Object(members) = parse(text).expect("valid").value else { panic!("an object") };
        assert_eq!((members[0].name.as_str(), members[0].offset), ("a", 4));
        let Value::Array(nodes) = &members[0].node.value else { panic!("a list") };
        assert_eq!(nodes[0], Node { value: Value::Number("1".into()), offset: 10 });
        assert_eq!(nodes[1].value, Value::String("xé😀".into()));
    }

    #[test]
    fn accepts_exactly_what_serde_json_accepts() {
        for text in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "-",
            "1.",
            "1e",
            "1e+5",
            "-0.5E-3",
            "tru",
            "true",
            "null x",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"a\nb\"",
            "\"",
            "{\"a\" 1}",
            "{a:1}",
            "[[[[]]]]",
            "\"é\"",
            "\u{feff}{}",
            "{\"a\":{\"b\":[{}]}}",
            "\"\\u12g4\"",
            "[1 2]",
            "+1",
            ".5",
            "nul",
            "\"\\",
        ] {
            let ours = parse(text).is_ok();
            assert_eq!(ours, serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion_trouble() {
        let text = "[".repeat(100_000);
        let error = parse(&text).expect_err("too deep");
        assert_eq!(error.to_string(), "line 1, column 34: expected at most 32 levels of nesting, found `[`");
    }
}

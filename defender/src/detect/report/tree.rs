//! A report before it is understood: the tree that JSON and CBOR have in common.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::topic::ReportFormat;

/// How deep a report may nest. Real ones need seven levels; the bound keeps the reader's stack small.
const MAX_DEPTH: usize = 64;

/// One node. Maps keep every member in order, so that a member given twice can be noticed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    /// What CBOR has and JSON has not: byte strings and tagged values. Never what a known member may hold.
    Foreign,
}

impl Node {
    /// Reads one tree and nothing after it.
    ///
    /// # Errors
    /// A sentence about the first thing that is not well-formed: syntax, nesting, a map key that is not text, or
    /// bytes after the end.
    pub fn read(format: ReportFormat, payload: &[u8]) -> Result<Node, String> {
        let node = match format {
            ReportFormat::Json => serde_json::from_slice(payload).map_err(|error| error.to_string())?,
            ReportFormat::Cbor => {
                let mut rest = payload;
                let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, 2 * MAX_DEPTH)
                    .map_err(|error| sentence_of(&error))?;
                if !rest.is_empty() {
                    return Err(format!("bytes after the end of the report: {}", rest.len()));
                }
                Node::from_cbor(value)?
            }
        };
        match node.depth() {
            0..=MAX_DEPTH => Ok(node),
            deeper => Err(format!("nested {deeper} levels deep, at most {MAX_DEPTH} are allowed")),
        }
    }

    /// Writes the tree.
    pub fn write(&self, format: ReportFormat) -> Vec<u8> {
        match format {
            ReportFormat::Json => serde_json::to_vec(self).expect("names are text and writing to memory cannot fail"),
            ReportFormat::Cbor => {
                let mut bytes = Vec::new();
                ciborium::into_writer(self, &mut bytes).expect("writing to memory cannot fail");
                bytes
            }
        }
    }

    /// What stands here, as a noun with its article.
    pub fn kind(&self) -> &'static str {
        match self {
            Node::Null => "null",
            Node::Bool(_) => "a boolean",
            Node::Integer(_) | Node::Float(_) => "a number",
            Node::Text(_) => "a string",
            Node::List(_) => "a list",
            Node::Map(_) => "an object",
            Node::Foreign => "a byte string or tagged value",
        }
    }

    fn depth(&self) -> usize {
        1 + match self {
            Node::List(items) => items.iter().map(Node::depth).max().unwrap_or(0),
            Node::Map(members) => members.iter().map(|(_, node)| node.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    fn from_cbor(value: ciborium::Value) -> Result<Node, String> {
        use ciborium::Value;
        /// "This is CBOR": a tag that by definition changes nothing (RFC 8949, 3.4.6).
        const SELF_DESCRIBED: u64 = 55_799;
        Ok(match value {
            Value::Integer(integer) => Node::Integer(integer.into()),
            Value::Float(float) => Node::Float(float),
            Value::Text(text) => Node::Text(text),
            Value::Bool(bool) => Node::Bool(bool),
            Value::Null => Node::Null,
            Value::Array(items) => Node::List(items.into_iter().map(Node::from_cbor).collect::<Result<_, _>>()?),
            Value::Map(members) => {
                let member = |(key, value)| match key {
                    Value::Text(name) => Ok((name, Node::from_cbor(value)?)),
                    _ => Err("a map key that is not text".to_owned()),
                };
                Node::Map(members.into_iter().map(member).collect::<Result<_, _>>()?)
            }
            Value::Tag(SELF_DESCRIBED, inner) => Node::from_cbor(*inner)?,
            _ => Node::Foreign,
        })
    }
}

/// Ciborium's errors print as Rust values; this is for people.
fn sentence_of<E: fmt::Debug>(error: &ciborium::de::Error<E>) -> String {
    use ciborium::de::Error;
    match error {
        Error::Io(_) => "the bytes end inside the report".to_owned(),
        Error::Syntax(offset) => format!("syntax error at byte {offset}"),
        Error::Semantic(Some(offset), text) => format!("{text} at byte {offset}"),
        Error::Semantic(None, text) => text.clone(),
        Error::RecursionLimitExceeded => format!("nested more than {MAX_DEPTH} levels deep"),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Node, D::Error> {
        struct NodeVisitor;

        impl<'de> Visitor<'de> for NodeVisitor {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a metrics report")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_bool<E: de::Error>(self, bool: bool) -> Result<Node, E> {
                Ok(Node::Bool(bool))
            }

            fn visit_u64<E: de::Error>(self, integer: u64) -> Result<Node, E> {
                Ok(Node::Integer(integer.into()))
            }

            fn visit_i64<E: de::Error>(self, integer: i64) -> Result<Node, E> {
                Ok(Node::Integer(integer.into()))
            }

            fn visit_f64<E: de::Error>(self, float: f64) -> Result<Node, E> {
                Ok(Node::Float(float))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Node, E> {
                Ok(Node::Text(text.to_owned()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Node, E> {
                Ok(Node::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = from.next_element()? {
                    items.push(item);
                }
                Ok(Node::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = from.next_entry()? {
                    members.push(member);
                }
                Ok(Node::Map(members))
            }
        }

        from.deserialize_any(NodeVisitor)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Null | Node::Foreign => to.serialize_unit(),
            Node::Bool(bool) => to.serialize_bool(*bool),
            Node::Integer(integer) => match (u64::try_from(*integer), i64::try_from(*integer)) {
                (Ok(integer), _) => to.serialize_u64(integer),
                (_, Ok(integer)) => to.serialize_i64(integer),
                _ => to.serialize_f64(*integer as f64),
            },
            Node::Float(float) => to.serialize_f64(*float),
            Node::Text(text) => to.serialize_str(text),
            Node::List(items) => {
                let mut list = to.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Node::Map(members) => {
                let mut map = to.serialize_map(Some(members.len()))?;
                members.iter().try_for_each(|(name, node)| map.serialize_entry(name, node))?;
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cbor(bytes: &[u8]) -> Result<Node, String> {
        Node::read(ReportFormat::Cbor, bytes)
    }

    #[test]
    fn r16_indefinite_lengths_are_accepted() {
        // {_ "a": [_ 1, 2.5], "b": (_ "x", "y")}
        let bytes = b"\xbf\x61a\x9f\x01\xfb\x40\x04\0\0\0\0\0\0\xff\x61b\x7f\x61x\x61y\xff\xff";
        let expected = Node::Map(vec![
            ("a".into(), Node::List(vec![Node::Integer(1), Node::Float(2.5)])),
            ("b".into(), Node::Text("xy".into())),
        ]);
        assert_eq!(cbor(bytes), Ok(expected));
    }

    #[test]
    fn r16_trailing_bytes_are_refused() {
        assert_eq!(cbor(b"\xa0"), Ok(Node::Map(vec![])));
        assert_eq!(cbor(b"\xa0\xa0"), Err("bytes after the end of the report: 1".into()));
        assert!(cbor(b"\xa1\x61").is_err());
        assert!(Node::read(ReportFormat::Json, b"{} {}").is_err());
        assert!(Node::read(ReportFormat::Json, b"{} \n").is_ok());
    }

    #[test]
    fn r16_keys_are_text_and_foreign_values_are_kept_apart() {
        assert_eq!(cbor(b"\xa1\x01\x02"), Err("a map key that is not text".into()));
        assert_eq!(cbor(b"\x42\x01\x02"), Ok(Node::Foreign));
        assert_eq!(cbor(b"\xc1\x1a\x51\x4b\x67\xb0"), Ok(Node::Foreign)); // an epoch date
        assert_eq!(cbor(b"\xd9\xd9\xf7\xa0"), Ok(Node::Map(vec![]))); // self-described
        assert_eq!(cbor(b"\xf7"), Ok(Node::Null)); // undefined
    }

    #[test]
    fn nesting_is_bounded_in_both_formats() {
        for depth in [MAX_DEPTH, MAX_DEPTH + 1, 1_000, 100_000] {
            let json = ["[".repeat(depth - 1), "0".into(), "]".repeat(depth - 1)].concat();
            let mut bytes = vec![0x81; depth - 1];
            bytes.push(0);
            let allowed = depth <= MAX_DEPTH;
            assert_eq!(Node::read(ReportFormat::Json, json.as_bytes()).is_ok(), allowed, "json {depth}");
            assert_eq!(cbor(&bytes).is_ok(), allowed, "cbor {depth}");
        }
    }
}

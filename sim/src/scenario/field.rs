//! What can stand behind a key: how a value of each type is read, described and written back.

use std::net::IpAddr;

use defender::time::{Millis, Timestamp};
use ipnet::IpNet;
use serde_json::json;

use super::quantity::{self, Bytes, BytesPerSecond, Exactly, Factor, NotAQuantity, PerMinute, Probability};
use super::source::{Place, Placed};
use super::tree::{Node, Value};

/// A type that can stand behind a key.
pub trait Field: Sized {
    /// Reads it from a value.
    ///
    /// # Errors
    /// What the value must be, and where.
    fn read(node: &Node) -> Result<Self, Mismatch>;

    /// Stands in after a problem was noted, so that reading goes on and finds the others.
    fn placeholder() -> Self;

    /// What to write, for the reference and the JSON Schema.
    fn shape() -> Shape;

    /// The value as it would be written.
    fn written(&self) -> serde_json::Value;
}

/// What to write behind a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// What it is called: `a duration`.
    pub noun: String,
    /// An example as TOML: `"5m"`.
    pub example: String,
    /// As JSON Schema.
    pub schema: serde_json::Value,
}

impl Shape {
    fn new(noun: &str, example: &str, schema: serde_json::Value) -> Shape {
        Shape { noun: noun.into(), example: example.into(), schema }
    }

    fn text(noun: &str, example: &str, pattern: &str) -> Shape {
        Shape::new(noun, &format!("\"{example}\""), json!({ "type": "string", "pattern": pattern }))
    }
}

/// A value that is not what its key asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// Where the value stands.
    pub place: Place,
    /// Which element of the key's value it is: `[2]`, or nothing.
    pub element: String,
    /// What stands after "must": `be a duration`, `lie in 0..=1`.
    pub must: String,
    /// What was found, as a message shows it.
    pub found: String,
    /// The remedy.
    pub help: Option<String>,
}

impl Mismatch {
    /// A value that must be something else.
    pub fn new(node: &Node, must: impl Into<String>) -> Mismatch {
        Mismatch {
            place: node.place.clone(),
            element: String::new(),
            must: must.into(),
            found: node.found(),
            help: None,
        }
    }

    /// The same with a remedy.
    pub fn help(self, help: impl Into<String>) -> Mismatch {
        Mismatch { help: Some(help.into()), ..self }
    }

    fn quantity(node: &Node, problem: &NotAQuantity) -> Mismatch {
        Mismatch::new(node, problem.must).help(problem.help)
    }
}

/// Reads a quantity from its text.
fn quantity<T>(node: &Node, must: &str, parse: impl Fn(&str) -> Result<T, NotAQuantity>) -> Result<T, Mismatch> {
    match &node.value {
        Value::Text(text) => parse(text).map_err(|problem| Mismatch::quantity(node, &problem)),
        _ => Err(match parse("") {
            Err(problem) => Mismatch::new(node, must).help(problem.help),
            Ok(_) => Mismatch::new(node, must),
        }),
    }
}

impl Field for bool {
    fn read(node: &Node) -> Result<bool, Mismatch> {
        match node.value {
            Value::Bool(value) => Ok(value),
            _ => Err(Mismatch::new(node, "be true or false")),
        }
    }

    fn placeholder() -> bool {
        false
    }

    fn shape() -> Shape {
        Shape::new("true or false", "true", json!({ "type": "boolean" }))
    }

    fn written(&self) -> serde_json::Value {
        json!(self)
    }
}

macro_rules! whole_number {
    ($($type:ty, $noun:literal, $must:literal, $placeholder:literal;)*) => {$(
        impl Field for $type {
            fn read(node: &Node) -> Result<$type, Mismatch> {
                match node.value {
                    Value::Integer(number) => <$type>::try_from(number).map_err(|_| Mismatch::new(node, $must)),
                    _ => Err(Mismatch::new(node, $must)),
                }
            }

            fn placeholder() -> $type {
                $placeholder
            }

            fn shape() -> Shape {
                Shape::new($noun, "1", json!({ "type": "integer", "minimum": 0, "maximum": <$type>::MAX }))
            }

            fn written(&self) -> serde_json::Value {
                json!(self)
            }
        }
    )*};
}

whole_number! {
    u8, "a whole number up to 255", "be a whole number in 0..=255", 1;
    u16, "a port or whole number up to 65535", "be a whole number in 0..=65535", 1;
    u32, "a whole number", "be a whole number in 0..=4294967295", 1;
    u64, "a whole number", "be a whole number, 0 or more", 1;
}

impl Field for f64 {
    fn read(node: &Node) -> Result<f64, Mismatch> {
        match node.value {
            Value::Integer(number) => Ok(number as f64),
            Value::Float(number, _) if number.is_finite() => Ok(number),
            _ => Err(Mismatch::new(node, "be a number")),
        }
    }

    fn placeholder() -> f64 {
        1.0
    }

    fn shape() -> Shape {
        Shape::new("a number", "1.5", json!({ "type": "number" }))
    }

    fn written(&self) -> serde_json::Value {
        json!(self)
    }
}

impl Field for Factor {
    fn read(node: &Node) -> Result<Factor, Mismatch> {
        match f64::read(node) {
            Ok(factor) if factor >= 0.0 => Ok(Factor(factor)),
            _ => Err(Mismatch::new(node, "be a factor, 0 or more")),
        }
    }

    fn placeholder() -> Factor {
        Factor(1.0)
    }

    fn shape() -> Shape {
        Shape::new("a factor", "2.5", json!({ "type": "number", "minimum": 0 }))
    }

    fn written(&self) -> serde_json::Value {
        json!(self.0)
    }
}

impl Field for String {
    fn read(node: &Node) -> Result<String, Mismatch> {
        match &node.value {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(Mismatch::new(node, "be a text in quotes")),
        }
    }

    fn placeholder() -> String {
        String::new()
    }

    fn shape() -> Shape {
        Shape::new("a text", "\"text\"", json!({ "type": "string" }))
    }

    fn written(&self) -> serde_json::Value {
        json!(self)
    }
}

impl<T: Field> Field for Vec<T> {
    fn read(node: &Node) -> Result<Vec<T>, Mismatch> {
        let list = node.as_list().ok_or_else(|| Mismatch::new(node, "be a list"))?;
        let element = |(i, node): (usize, &Node)| {
            T::read(node).map_err(|mismatch| Mismatch { element: format!("[{i}]{}", mismatch.element), ..mismatch })
        };
        list.iter().enumerate().map(element).collect()
    }

    fn placeholder() -> Vec<T> {
        Vec::new()
    }

    fn shape() -> Shape {
        let inner = T::shape();
        Shape::new(
            &format!("a list, each {}", inner.noun),
            &format!("[{}]", inner.example),
            json!({ "type": "array", "items": inner.schema }),
        )
    }

    fn written(&self) -> serde_json::Value {
        self.iter().map(Field::written).collect()
    }
}

/// One value or a list of them: `"camera"` or `["camera", "lock"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneOrMore<T>(pub Vec<T>);

impl<T: Field> Field for OneOrMore<T> {
    fn read(node: &Node) -> Result<OneOrMore<T>, Mismatch> {
        match node.value {
            Value::List(_) => Vec::read(node).map(OneOrMore),
            _ => T::read(node).map(|one| OneOrMore(vec![one])),
        }
    }

    fn placeholder() -> OneOrMore<T> {
        OneOrMore(Vec::new())
    }

    fn shape() -> Shape {
        let inner = T::shape();
        let schema = json!({ "anyOf": [inner.schema, { "type": "array", "items": inner.schema }] });
        Shape::new(&format!("{}, or a list of such", inner.noun), &inner.example, schema)
    }

    fn written(&self) -> serde_json::Value {
        match self.0.as_slice() {
            [one] => one.written(),
            _ => self.0.written(),
        }
    }
}

impl<T: Field> Field for Placed<T> {
    fn read(node: &Node) -> Result<Placed<T>, Mismatch> {
        Ok(Placed { value: T::read(node)?, place: node.place.clone() })
    }

    fn placeholder() -> Placed<T> {
        Placed { value: T::placeholder(), place: Place::nowhere() }
    }

    fn shape() -> Shape {
        T::shape()
    }

    fn written(&self) -> serde_json::Value {
        self.value.written()
    }
}

impl Field for Millis {
    fn read(node: &Node) -> Result<Millis, Mismatch> {
        quantity(node, "be a duration", quantity::parse_duration)
    }

    fn placeholder() -> Millis {
        Millis::MINUTE
    }

    fn shape() -> Shape {
        Shape::text("a duration", "1d 10h", r"^\s*(\d+\s*(d|h|m|s|ms)\s*)+$")
    }

    fn written(&self) -> serde_json::Value {
        json!(Exactly(*self).to_string())
    }
}

impl Field for Timestamp {
    fn read(node: &Node) -> Result<Timestamp, Mismatch> {
        match &node.value {
            Value::Datetime(text) => {
                quantity::parse_instant(text).map_err(|problem| Mismatch::quantity(node, &problem))
            }
            _ => quantity(node, "be an instant", quantity::parse_instant),
        }
    }

    fn placeholder() -> Timestamp {
        Timestamp(0)
    }

    fn shape() -> Shape {
        let example = "2026-06-01T00:00:00Z";
        Shape::new("an instant", &format!("\"{example}\""), json!({ "type": "string", "format": "date-time" }))
    }

    fn written(&self) -> serde_json::Value {
        json!(self.to_string())
    }
}

macro_rules! quantity_field {
    ($($type:ty, $must:literal, $noun:literal, $example:literal, $pattern:literal, $placeholder:expr;)*) => {$(
        impl Field for $type {
            fn read(node: &Node) -> Result<$type, Mismatch> {
                quantity(node, $must, str::parse)
            }

            fn placeholder() -> $type {
                $placeholder
            }

            fn shape() -> Shape {
                Shape::text($noun, $example, $pattern)
            }

            fn written(&self) -> serde_json::Value {
                json!(self.to_string())
            }
        }
    )*};
}

quantity_field! {
    Bytes, "be an amount of data", "an amount of data", "64 KiB", r"^\s*[0-9.]+\s*([kKMGT]i?)?B\s*$", Bytes(1);
    BytesPerSecond, "be a data rate", "a data rate", "2 KiB/s",
        r"^\s*[0-9.]+\s*([kKMGT]i?)?B\s*/\s*(s|min|h|d)\s*$", BytesPerSecond(1.0);
    PerMinute, "be a rate", "a rate", "6/min", r"^\s*[0-9.]+\s*/\s*(s|min|h|d)\s*$", PerMinute(1.0);
}

impl Field for Probability {
    fn read(node: &Node) -> Result<Probability, Mismatch> {
        let text = match &node.value {
            Value::Text(text) | Value::Float(_, text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            _ => return quantity(node, "be a probability", str::parse),
        };
        text.parse().map_err(|problem| Mismatch::quantity(node, &problem))
    }

    fn placeholder() -> Probability {
        Probability::ZERO
    }

    fn shape() -> Shape {
        let schema = json!({ "anyOf": [
            { "type": "number", "minimum": 0, "maximum": 1 },
            { "type": "string", "pattern": r"^\s*[0-9.]+\s*(%|/\s*[0-9]+)?\s*$" },
        ] });
        Shape::new("a probability", "0.02", schema)
    }

    fn written(&self) -> serde_json::Value {
        json!(self.to_string())
    }
}

macro_rules! parsed_field {
    ($($type:ty, $must:literal, $help:literal, $noun:literal, $example:literal;)*) => {$(
        impl Field for $type {
            fn read(node: &Node) -> Result<$type, Mismatch> {
                node.as_text()
                    .and_then(|text| text.trim().parse().ok())
                    .ok_or_else(|| Mismatch::new(node, $must).help($help))
            }

            fn placeholder() -> $type {
                $example.parse().expect("an example is valid")
            }

            fn shape() -> Shape {
                Shape::new($noun, concat!("\"", $example, "\""), json!({ "type": "string" }))
            }

            fn written(&self) -> serde_json::Value {
                json!(self.to_string())
            }
        }
    )*};
}

parsed_field! {
    IpAddr, "be an IP address", "write an IPv4 or IPv6 address, for example `203.0.113.7`", "an IP address", "203.0.113.7";
    IpNet, "be a network", "write an address with its prefix length, for example `10.8.0.0/16`", "a network (CIDR)",
        "10.8.0.0/16";
}

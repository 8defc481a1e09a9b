//! The file of cases: right documents, and what can be wrong with them.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Whether a document is an operation's input or its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    In,
    Out,
}

/// A line of the file.
#[derive(Deserialize)]
struct Line {
    operation: String,
    direction: Direction,
    case: String,
    /// A right document; or else the last right one is changed:
    #[serde(default)]
    document: Option<Value>,
    /// there,
    #[serde(default)]
    pointer: String,
    /// to this, or to nothing.
    #[serde(default, deserialize_with = "given")]
    value: Option<Value>,
}

/// Tells a `null` from nothing.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// A document of the service, or a request that it refuses.
pub struct Case {
    pub operation: String,
    pub direction: Direction,
    /// What it is, in words.
    pub name: String,
    pub right: bool,
    pub document: Value,
}

/// All cases.
pub fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/aws/cases.jsonl");
    let text = std::fs::read_to_string(path).expect("the file of cases is there");
    let mut last = Value::Null;
    let read = |line: &str| {
        let Line { operation, direction, case: name, document, pointer, value } =
            serde_json::from_str(line).expect("a line is a case");
        let right = document.is_some();
        let document = document.unwrap_or_else(|| changed(&last, &pointer, value));
        if right {
            last.clone_from(&document);
        }
        Case { operation, direction, name, right, document }
    };
    text.lines().map(read).collect()
}

/// The document with another value at a JSON pointer, or with none.
pub fn changed(document: &Value, pointer: &str, value: Option<Value>) -> Value {
    let mut document = document.clone();
    match value {
        Some(value) => *document.pointer_mut(pointer).expect(pointer) = value,
        None => {
            let (parent, member) = pointer.rsplit_once('/').expect("only a member can be removed");
            let parent = document.pointer_mut(parent).and_then(Value::as_object_mut).expect(pointer);
            parent.shift_remove(member).expect(pointer);
        }
    }
    document
}

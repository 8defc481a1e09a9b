//! A parsed file before anybody has said what it means: values, each with its place. TOML and JSON become the same
//! tree, so that one reader and one kind of message serve both.

use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use super::source::{Place, Source};

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it was written.
    pub place: Place,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i128),
    /// Another number, with the text it was written as.
    Float(f64, String),
    /// True or false.
    Bool(bool),
    /// A TOML date or time, as text.
    Datetime(String),
    /// JSON's null.
    Null,
    /// A list.
    List(Vec<Node>),
    /// A table (an object).
    Table(Table),
}

/// Keys with their values, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The entries.
    pub entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key was written.
    pub key_place: Place,
    /// The value.
    pub node: Node,
}

impl Table {
    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node)
    }

    /// Sets a key: the value is replaced where it stands, or comes last.
    pub fn set(&mut self, key: &str, node: Node) {
        match self.get_mut(key) {
            Some(old) => *old = node,
            None => self.entries.push(Entry { key: key.to_owned(), key_place: node.place.clone(), node }),
        }
    }
}

impl Node {
    /// What it is, for messages: ``the integer `90` ``, `a table`.
    pub fn found(&self) -> String {
        match &self.value {
            Value::Text(text) => format!("`{}`", shortened(text)),
            Value::Integer(number) => format!("`{number}`"),
            Value::Float(_, text) => format!("`{text}`"),
            Value::Bool(value) => format!("`{value}`"),
            Value::Datetime(text) => format!("`{text}`"),
            Value::Null => "`null`".into(),
            Value::List(_) => "a list".into(),
            Value::Table(_) => "a table".into(),
        }
    }

    /// The table it is.
    pub fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The list it is.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The string it is.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value at a JSON pointer (`/behaviors/0/criteria`), or the deepest one on the way to it that exists.
    pub fn nearest_to(&self, pointer: &str) -> &Node {
        let mut node = self;
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let next = match &node.value {
                Value::Table(table) => table.get(&step),
                Value::List(list) => step.parse::<usize>().ok().and_then(|i| list.get(i)),
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    /// The same value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Text(text) | Value::Datetime(text) => serde_json::Value::from(text.as_str()),
            Value::Integer(number) => match i64::try_from(*number) {
                Ok(number) => number.into(),
                Err(_) => u64::try_from(*number).map_or_else(|_| (*number as f64).into(), Into::into),
            },
            Value::Float(number, _) => (*number).into(),
            Value::Bool(value) => (*value).into(),
            Value::Null => serde_json::Value::Null,
            Value::List(list) => list.iter().map(Node::to_json).collect(),
            Value::Table(table) => {
                table.entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
            }
        }
    }
}

/// A text for a message: its first line, at most 60 characters.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(60).collect();
    if cut.len() == text.len() { cut } else { cut + "…" }
}

/// Parses TOML. Every syntax error is returned, beside the tree of what could be understood.
pub fn parse_toml(source: &Arc<Source>) -> (Node, Vec<Problem>) {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let problems = errors.into_iter().map(|error| {
        let place = error.span().map(|span| Place::new(source, span));
        Problem::error(place, syntax_message(error.message()))
    });
    let span = table.span();
    let node = Node { value: Value::Table(from_table(table.get_ref(), source)), place: Place::new(source, span) };
    (node, problems.collect())
}

/// Parses a single TOML value, as it stands on the right of an `=`.
pub fn parse_toml_value(source: &Arc<Source>, offset: usize) -> Result<Node, Problem> {
    let value = DeValue::parse(&source.text[offset..]).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        Problem::error(Place::new(source, span.start + offset..span.end + offset), syntax_message(error.message()))
    })?;
    let mut node = from_value(value.get_ref(), source, value.span());
    shift(&mut node, offset);
    Ok(node)
}

fn shift(node: &mut Node, by: usize) {
    node.place.span = node.place.span.start + by..node.place.span.end + by;
    match &mut node.value {
        Value::List(list) => list.iter_mut().for_each(|node| shift(node, by)),
        Value::Table(table) => table.entries.iter_mut().for_each(|entry| {
            entry.key_place.span = entry.key_place.span.start + by..entry.key_place.span.end + by;
            shift(&mut entry.node, by);
        }),
        _ => {}
    }
}

fn syntax_message(message: &str) -> String {
    format!("not valid TOML: {}", message.trim().replace('\n', ", "))
}

fn from_table(table: &DeTable<'_>, source: &Arc<Source>) -> Table {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_place: Place::new(source, key.span()),
            node: from_value(value.get_ref(), source, value.span()),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_place.span.start);
    Table { entries }
}

fn from_value(value: &DeValue<'_>, source: &Arc<Source>, span: std::ops::Range<usize>) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Float(f64::INFINITY, number.to_string()),
        },
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN), number.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(time) => Value::Datetime(time.to_string()),
        DeValue::Array(list) => {
            Value::List(list.iter().map(|item| from_value(item.get_ref(), source, item.span())).collect())
        }
        DeValue::Table(table) => Value::Table(from_table(table, source)),
    };
    Node { value, place: Place::new(source, span) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_keeps_the_place_of_every_value() {
        let source = Source::new("x.toml", "title = \"a\"\n[[attack]]\nname = \"n\"\nrate = { per = [1, 2.5] }\n");
        let (tree, problems) = parse_toml(&source);
        assert!(problems.is_empty());
        let at = |pointer: &str| tree.nearest_to(pointer).place.to_string();
        assert_eq!(at("/title"), "x.toml:1:9");
        assert_eq!(at("/attack/0"), "x.toml:2:1");
        assert_eq!(at("/attack/0/name"), "x.toml:3:8");
        assert_eq!(at("/attack/0/rate/per/1"), "x.toml:4:20");
        assert_eq!(at("/attack/0/rate/none/1"), at("/attack/0/rate"), "what is missing is reported at its parent");
    }

    #[test]
    fn every_syntax_error_is_returned() {
        let source = Source::new("x.toml", "a = \nb = 2026-13-45\nc = 1\nc = 2\n");
        let (_, problems) = parse_toml(&source);
        assert!(problems.len() >= 2, "{problems:?}");
    }

    #[test]
    fn a_single_value_knows_where_it_stands_in_its_argument() {
        let source = Source::new("--set", "seed={ a = 7 }");
        let node = parse_toml_value(&source, 5).expect("a value");
        assert_eq!(node.place.span, 5..14);
        assert_eq!(node.nearest_to("/a").place.span, 11..12);
    }
}

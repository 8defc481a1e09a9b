//! What a reader asks for, as data: the source of the JSON Schema and of the reference pages.

use serde_json::{Map, Value, json};

use super::field::Shape;

/// The keys of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableDoc {
    /// The keys, in the order in which they are asked for.
    pub keys: Vec<KeyDoc>,
    /// Tables of which exactly one must be there.
    pub choices: Vec<ChoiceDoc>,
    /// What such a table is called: `attack`.
    pub noun: Option<&'static str>,
}

/// A key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyDoc {
    /// The key.
    pub key: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Whether it must be there.
    pub need: Need,
    /// What stands behind it.
    pub content: Content,
}

/// Whether a key must be there.
#[derive(Clone, Debug, PartialEq)]
pub enum Need {
    /// It must.
    Required,
    /// It may be absent, which means something of its own.
    Optional,
    /// It may be absent and is then this.
    Default(Value),
}

/// What stands behind a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A value.
    Value(Shape),
    /// A table.
    Table(TableDoc),
    /// A list of tables.
    Tables(TableDoc),
    /// A table, or a list of such tables.
    OneOrMore(TableDoc),
    /// A table of texts under free keys.
    Texts,
    /// A table of such values under free keys.
    Named(Shape),
}

/// One of the tables of a choice.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoiceDoc {
    /// Its key.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Its keys.
    pub table: TableDoc,
}

impl TableDoc {
    /// Notes a key; asked for twice, it is noted once.
    pub(crate) fn add(&mut self, key: KeyDoc) {
        if !self.keys.iter().any(|known| known.key == key.key) {
            self.keys.push(key);
        }
    }

    /// Notes that a key must be there.
    pub(crate) fn require(&mut self, key: &str) {
        self.keys.iter_mut().filter(|known| known.key == key).for_each(|known| known.need = Need::Required);
    }

    /// The same keys, none of which must be there: what may be overridden.
    pub fn all_optional(mut self) -> TableDoc {
        for key in &mut self.keys {
            key.need = Need::Optional;
            if let Content::Table(table) = &mut key.content {
                *table = std::mem::take(table).all_optional();
            }
        }
        self
    }

    /// Notes the limits of a key's value.
    pub(crate) fn limit(&mut self, key: &str, low: Option<&str>, high: Option<&str>) {
        let Some(KeyDoc { content: Content::Value(shape), .. }) = self.keys.iter_mut().find(|k| k.key == key) else {
            return;
        };
        let words = match (low, high) {
            (Some(low), Some(high)) => format!("{low} to {high}"),
            (Some(low), None) => format!("at least {low}"),
            (None, Some(high)) => format!("at most {high}"),
            (None, None) => return,
        };
        shape.noun = format!("{}, {words}", shape.noun);
        if matches!(shape.schema["type"].as_str(), Some("integer" | "number")) {
            let number = |text: &str| text.parse::<serde_json::Number>().ok();
            for (member, bound) in [("minimum", low), ("maximum", high)] {
                if let Some(bound) = bound.and_then(number) {
                    shape.schema[member] = Value::Number(bound);
                }
            }
        }
    }

    /// As JSON Schema.
    pub fn to_schema(&self) -> Value {
        let mut properties = Map::new();
        for key in &self.keys {
            properties.insert(key.key.into(), key.to_schema());
        }
        for choice in &self.choices {
            let mut schema = choice.table.to_schema();
            schema["description"] = choice.summary.into();
            properties.insert(choice.name.into(), schema);
        }
        let required: Vec<&str> =
            self.keys.iter().filter(|key| key.need == Need::Required).map(|key| key.key).collect();
        let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if !self.choices.is_empty() {
            let one_of: Vec<Value> = self.choices.iter().map(|choice| json!({ "required": [choice.name] })).collect();
            schema["oneOf"] = json!(one_of);
        }
        schema
    }

    /// As a reference page: a table of keys, then a section for each table inside.
    pub fn to_markdown(&self, title: &str, level: usize) -> String {
        let mut page = format!("{} `{title}`\n\n", "#".repeat(level));
        if !self.keys.is_empty() {
            page += "| key | what to write | default | meaning |\n| --- | --- | --- | --- |\n";
        }
        for key in &self.keys {
            let need = match &key.need {
                Need::Required => "required".to_owned(),
                Need::Optional => "–".to_owned(),
                Need::Default(value) => format!("`{value}`"),
            };
            let what = match &key.content {
                Content::Value(shape) => format!("{}, for example `{}`", shape.noun, shape.example),
                Content::Table(_) => "a table".to_owned(),
                Content::Tables(_) => "a list of tables".to_owned(),
                Content::OneOrMore(_) => "a table, or a list of tables".to_owned(),
                Content::Texts => "a table of texts".to_owned(),
                Content::Named(shape) => format!("a table by name, each {}", shape.noun),
            };
            page += &format!("| `{}` | {} | {need} | {} |\n", key.key, what.replace('|', "\\|"), key.doc);
        }
        for key in &self.keys {
            match &key.content {
                Content::Table(table) | Content::OneOrMore(table) => {
                    page += "\n";
                    page += &table.to_markdown(&format!("{title}.{}", key.key), level + 1);
                }
                Content::Tables(table) => {
                    page += "\n";
                    page += &table.to_markdown(&format!("[[{}]]", key.key), level + 1);
                }
                Content::Value(_) | Content::Texts | Content::Named(_) => {}
            }
        }
        if let (Some(noun), false) = (self.noun, self.choices.is_empty()) {
            page += &format!("\nExactly one {noun}:\n");
            for choice in &self.choices {
                page += "\n";
                page += &choice.table.to_markdown(choice.name, level + 1);
                page = page.trim_end().to_owned() + "\n\n" + choice.summary + "\n";
            }
        }
        page
    }
}

impl KeyDoc {
    fn to_schema(&self) -> Value {
        let mut schema = match &self.content {
            Content::Value(shape) => shape.schema.clone(),
            Content::Table(table) => table.to_schema(),
            Content::Tables(table) => json!({ "type": "array", "items": table.to_schema() }),
            Content::OneOrMore(table) => {
                let table = table.to_schema();
                json!({ "anyOf": [table, { "type": "array", "items": table, "minItems": 1 }] })
            }
            Content::Texts => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            Content::Named(shape) => json!({ "type": "object", "additionalProperties": shape.schema }),
        };
        schema["description"] = self.doc.into();
        if let Need::Default(default) = &self.need {
            schema["default"] = default.clone();
        }
        schema
    }
}

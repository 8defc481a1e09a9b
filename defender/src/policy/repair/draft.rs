//! Statements on their way back to JSON.

use serde_json::{Map, Value, json};

use crate::policy::condition::Condition;
use crate::policy::document::{Clause, Document, Effect, LanguageVersion, Statement};
use crate::policy::error::PolicyErrorKind;
use crate::policy::variable::Dialect;

/// A statement as it will be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    pub sid: Option<String>,
    pub effect: Effect,
    pub actions: Clause<String>,
    pub resources: Clause<String>,
    /// Operator → key → values.
    pub conditions: Map<String, Value>,
}

impl Draft {
    /// A statement as it stands.
    pub fn of(statement: &Statement) -> Draft {
        Draft {
            sid: statement.sid().map(str::to_owned),
            effect: statement.effect(),
            actions: texts(statement.actions(), |pattern| pattern.as_str().to_owned()),
            resources: texts(statement.resources(), |pattern| pattern.as_str().to_owned()),
            conditions: conditions(statement.conditions()),
        }
    }

    /// The same with the guard of P-23.
    pub fn guarded(mut self) -> Draft {
        let bool_operator = self.conditions.entry("Bool").or_insert_with(|| json!({}));
        if let Value::Object(keys) = bool_operator {
            keys.retain(|key, _| !key.eq_ignore_ascii_case("iot:Connection.Thing.IsAttached"));
            keys.insert("iot:Connection.Thing.IsAttached".to_owned(), json!("true"));
        }
        self
    }

    fn to_json(&self) -> Value {
        let mut members = Map::new();
        if let Some(sid) = &self.sid {
            members.insert("Sid".to_owned(), json!(sid));
        }
        members.insert("Effect".to_owned(), json!(self.effect.to_string()));
        let (name, listed) = match &self.actions {
            Clause::Only(listed) => ("Action", listed),
            Clause::AllBut(listed) => ("NotAction", listed),
        };
        members.insert(name.to_owned(), one_or_list(listed));
        let (name, listed) = match &self.resources {
            Clause::Only(listed) => ("Resource", listed),
            Clause::AllBut(listed) => ("NotResource", listed),
        };
        members.insert(name.to_owned(), one_or_list(listed));
        if !self.conditions.is_empty() {
            members.insert("Condition".to_owned(), Value::Object(self.conditions.clone()));
        }
        Value::Object(members)
    }
}

/// Writes statements as a document of the same kind, which may turn out too long.
pub(super) fn document(drafts: &[Draft], old: &Document, version: LanguageVersion) -> Result<Document, TooLong> {
    let mut members = Map::new();
    members.insert("Version".to_owned(), json!(version.to_string()));
    if let Some(id) = old.id() {
        members.insert("Id".to_owned(), json!(id));
    }
    members.insert("Statement".to_owned(), drafts.iter().map(Draft::to_json).collect());
    let text = format!("{:#}", Value::Object(members));
    let parsed = match old.dialect() {
        Dialect::Iot => Document::parse_iot(&text),
        Dialect::Iam => Document::parse_iam(&text),
    };
    parsed.map_err(|errors| {
        let length = errors.iter().find_map(|error| match error.kind {
            PolicyErrorKind::TooLong { found, .. } | PolicyErrorKind::RawTextTooLong { found, .. } => Some(found),
            _ => None,
        });
        TooLong(length.expect("a document made of well-formed statements can only be too long"))
    })
}

/// The characters that a document would have had.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooLong(pub usize);

fn texts<T>(clause: &Clause<T>, text: impl Fn(&T) -> String) -> Clause<String> {
    match clause {
        Clause::Only(listed) => Clause::Only(listed.iter().map(text).collect()),
        Clause::AllBut(listed) => Clause::AllBut(listed.iter().map(text).collect()),
    }
}

fn one_or_list(texts: &[String]) -> Value {
    match texts {
        [one] => json!(one),
        several => json!(several),
    }
}

fn conditions(conditions: &[Condition]) -> Map<String, Value> {
    let mut operators = Map::new();
    for condition in conditions {
        let keys = operators.entry(condition.operator()).or_insert_with(|| json!({}));
        if let Value::Object(keys) = keys {
            keys.insert(condition.key_text.clone(), one_or_list(condition.values()));
        }
    }
    operators
}

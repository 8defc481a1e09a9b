//! Reading a table key by key. The same straight line of calls does four things: it gives the values, notes *every*
//! problem with its place instead of stopping at the first, refuses keys that nobody asked for (with the name
//! probably meant), and, when asked to describe itself, yields the reference page and the JSON Schema.
//!
//! ```
//! use defender::time::Millis;
//! use sim::scenario::fields::Fields;
//! use sim::scenario::quantity::BytesPerSecond;
//!
//! struct Upload { rate: BytesPerSecond, pause: Millis }
//!
//! fn read(fields: &mut Fields<'_>) -> Upload {
//!     let rate = fields.required("rate", "how fast data leaves a device");
//!     let pause = fields.or("pause", Millis::MINUTE, "silence between two uploads");
//!     if pause > Millis::HOUR {
//!         fields.refuse("pause", pause, "be at most an hour");
//!     }
//!     Upload { rate, pause }
//! }
//! assert_eq!(Fields::describe(read).keys.len(), 2);
//! ```
//!
//! After a problem was noted a value is a placeholder, so a reader needs no error handling of its own: the loader
//! fails at the end if there were problems, and nobody sees what was read.

use std::fmt::Display;
use std::ops::{Bound, RangeBounds};

pub use super::field::{Field, Mismatch, OneOrMore, Shape};
use super::problem::{Problem, Problems, either, in_words, nearest, suggestion};
use super::reference::{ChoiceDoc, Content, KeyDoc, Need, TableDoc};
use super::source::{Place, Placed};
use super::tree::{Entry, Node, Table};

/// A table being read, or a description being made of it.
#[derive(Debug)]
pub struct Fields<'a> {
    side: Side<'a>,
}

#[derive(Debug)]
enum Side<'a> {
    Reading(Reading<'a>),
    Describing(&'a mut TableDoc),
}

#[derive(Debug)]
struct Reading<'a> {
    table: &'a Table,
    place: Place,
    /// Keys that were asked for.
    known: Vec<&'static str>,
    /// Required keys that are not there, told at the end unless they turn out to be misspelt.
    missing: Vec<(&'static str, Problem)>,
    /// A key that was told already, as the name of no kind.
    told: Option<String>,
    problems: &'a mut Problems,
}

/// One of several tables, by the name of its key: `exfiltration = { … }`.
#[derive(Debug)]
pub struct Choice<R> {
    /// The key.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Reads the table behind it.
    pub read: fn(&mut Fields<'_>) -> R,
}

impl Fields<'_> {
    /// Reads a table with `read`, then refuses the keys that it did not ask for.
    pub fn read<R>(
        table: &Table,
        place: &Place,
        problems: &mut Problems,
        read: impl FnOnce(&mut Fields<'_>) -> R,
    ) -> R {
        let place = place.clone();
        let reading = Reading { table, place, known: Vec::new(), missing: Vec::new(), told: None, problems };
        let mut fields = Fields { side: Side::Reading(reading) };
        let value = read(&mut fields);
        fields.refuse_unknown();
        value
    }

    /// What `read` asks for.
    pub fn describe<R>(read: impl FnOnce(&mut Fields<'_>) -> R) -> TableDoc {
        let mut doc = TableDoc::default();
        read(&mut Fields { side: Side::Describing(&mut doc) });
        doc
    }

    /// The value of a key that must be there.
    pub fn required<T: Field>(&mut self, key: &'static str, doc: &'static str) -> T {
        match self.value(key, doc, Need::Required) {
            Found::Value(value) => value,
            Found::Refused => T::placeholder(),
            Found::Absent => {
                self.missing(key, doc, &T::shape().example);
                T::placeholder()
            }
        }
    }

    /// The value of a key that may be absent.
    pub fn optional<T: Field>(&mut self, key: &'static str, doc: &'static str) -> Option<T> {
        match self.value(key, doc, Need::Optional) {
            Found::Value(value) => Some(value),
            Found::Refused => Some(T::placeholder()),
            Found::Absent => None,
        }
    }

    /// The value of a key, or a default.
    pub fn or<T: Field>(&mut self, key: &'static str, default: T, doc: &'static str) -> T {
        match self.value(key, doc, Need::Default(default.written())) {
            Found::Value(value) => value,
            Found::Refused | Found::Absent => default,
        }
    }

    /// As [`Fields::required`], within a range: `fields.required_in("factor", 1.1..=5.0, "…")`.
    pub fn required_in<T: Field + PartialOrd>(
        &mut self,
        key: &'static str,
        range: impl RangeBounds<T>,
        doc: &'static str,
    ) -> T {
        let value = self.required(key, doc);
        self.hold_within(key, value, &range)
    }

    /// As [`Fields::optional`], within a range.
    pub fn optional_in<T: Field + PartialOrd>(
        &mut self,
        key: &'static str,
        range: impl RangeBounds<T>,
        doc: &'static str,
    ) -> Option<T> {
        self.optional(key, doc).map(|value| self.hold_within(key, value, &range))
    }

    /// As [`Fields::or`], within a range.
    pub fn or_in<T: Field + PartialOrd>(
        &mut self,
        key: &'static str,
        default: T,
        range: impl RangeBounds<T>,
        doc: &'static str,
    ) -> T {
        let value = self.or(key, default, doc);
        self.hold_within(key, value, &range)
    }

    /// One of a few words, each standing for a value; required unless there is a default.
    ///
    /// # Panics
    /// If there are no words.
    pub fn keyword<T: Clone>(
        &mut self,
        key: &'static str,
        default: Option<&'static str>,
        words: &[(&'static str, T)],
        doc: &'static str,
    ) -> T {
        let meaning = |word: &str| words.iter().find(|(name, _)| *name == word).map(|(_, value)| value.clone());
        let fallback = words.first().map(|(_, value)| value.clone()).expect("a choice of words has at least one");
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        if let Side::Describing(table) = &mut self.side {
            let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let shape = Shape {
                noun: format!("one of {}", in_words(&quoted)),
                example: format!("\"{}\"", names[0]),
                schema: serde_json::json!({ "enum": names }),
            };
            let need = default.map_or(Need::Required, |default| Need::Default(default.into()));
            table.add(KeyDoc { key, doc, need, content: Content::Value(shape) });
            return fallback;
        }
        let Some(entry) = self.entry(key) else {
            return match default {
                Some(default) => meaning(default).expect("the default is one of the words"),
                None => {
                    self.missing(key, doc, &format!("\"{}\"", names[0]));
                    fallback
                }
            };
        };
        let node = entry.node.clone();
        if let Some(value) = node.as_text().and_then(meaning) {
            return value;
        }
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let problem =
            Problem::error(node.place.clone(), format!("{key} must be {}, found {}", either(&quoted), node.found()));
        let meant = node.as_text().and_then(|text| nearest(text, names.iter().copied()));
        self.note(match meant {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None => problem,
        });
        fallback
    }

    /// The table behind a key that may be absent.
    pub fn table<R>(
        &mut self,
        key: &'static str,
        doc: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> R,
    ) -> Option<R> {
        if let Side::Describing(table) = &mut self.side {
            let mut inner = TableDoc::default();
            let value = read(&mut Fields { side: Side::Describing(&mut inner) });
            table.add(KeyDoc { key, doc, need: Need::Optional, content: Content::Table(inner) });
            return Some(value);
        }
        let node = self.entry(key)?.node.clone();
        self.inside(key, &node, read)
    }

    /// The table behind a key that must be there.
    pub fn required_table<R>(
        &mut self,
        key: &'static str,
        doc: &'static str,
        example: &str,
        read: impl FnOnce(&mut Fields<'_>) -> R,
    ) -> Option<R> {
        if matches!(self.side, Side::Reading(_)) && !self.has(key) {
            self.missing(key, doc, example);
        }
        let value = self.table(key, doc, read);
        if let Side::Describing(table) = &mut self.side {
            table.require(key);
        }
        value
    }

    /// The table behind a key as it stands, for a reader elsewhere: `doc_of` describes what may be in it.
    pub fn unread(&mut self, key: &'static str, doc: &'static str, doc_of: impl FnOnce() -> TableDoc) -> Option<Node> {
        if let Side::Describing(table) = &mut self.side {
            table.add(KeyDoc { key, doc, need: Need::Optional, content: Content::Table(doc_of()) });
            return None;
        }
        let node = self.entry(key)?.node.clone();
        if node.as_table().is_none() {
            self.note(Problem::error(node.place.clone(), format!("{key} must be a table, found {}", node.found())));
            return None;
        }
        Some(node)
    }

    /// The table behind a key; an absent one is read as an empty one, so that its own defaults apply.
    pub fn table_or_empty<R>(
        &mut self,
        key: &'static str,
        doc: &'static str,
        read: impl Fn(&mut Fields<'_>) -> R,
    ) -> R {
        match self.table(key, doc, &read) {
            Some(value) => value,
            None => Fields::read(&Table::default(), &self.table_place(), &mut Problems::new(), read),
        }
    }

    /// The tables of a list, as `[[key]]` writes them.
    pub fn tables<R>(
        &mut self,
        key: &'static str,
        doc: &'static str,
        mut read: impl FnMut(&mut Fields<'_>) -> R,
    ) -> Vec<R> {
        if let Side::Describing(table) = &mut self.side {
            let mut inner = TableDoc::default();
            let value = read(&mut Fields { side: Side::Describing(&mut inner) });
            table.add(KeyDoc { key, doc, need: Need::Optional, content: Content::Tables(inner) });
            return vec![value];
        }
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let node = entry.node.clone();
        let Some(list) = node.as_list() else {
            let problem =
                Problem::error(node.place.clone(), format!("{key} must be a list of tables, found {}", node.found()));
            self.note(problem.help(format!("write `[[{key}]]` above each of them")));
            return Vec::new();
        };
        list.iter().filter_map(|item| self.inside(key, item, &mut read)).collect()
    }

    /// The table behind a key that must be there, or several of them in a list: `then = [{ … }, { … }]`.
    pub fn one_or_more<R>(
        &mut self,
        key: &'static str,
        doc: &'static str,
        example: &str,
        mut read: impl FnMut(&mut Fields<'_>) -> R,
    ) -> Vec<R> {
        if let Side::Describing(table) = &mut self.side {
            let mut inner = TableDoc::default();
            let value = read(&mut Fields { side: Side::Describing(&mut inner) });
            table.add(KeyDoc { key, doc, need: Need::Required, content: Content::OneOrMore(inner) });
            return vec![value];
        }
        let Some(entry) = self.entry(key) else {
            self.missing(key, doc, example);
            return Vec::new();
        };
        let node = entry.node.clone();
        let Some(list) = node.as_list() else { return self.inside(key, &node, read).into_iter().collect() };
        if list.is_empty() {
            let problem = Problem::error(node.place.clone(), format!("{key} must have at least one table, found none"));
            self.note(problem.help(format!("write `{key} = {example}`")));
        }
        list.iter().filter_map(|item| self.inside(key, item, &mut read)).collect()
    }

    /// The texts of a table with free keys, as `[documents]` holds them.
    pub fn texts(&mut self, key: &'static str, doc: &'static str) -> Vec<(String, String, Place)> {
        if let Side::Describing(table) = &mut self.side {
            table.add(KeyDoc { key, doc, need: Need::Optional, content: Content::Texts });
            return Vec::new();
        }
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let node = entry.node.clone();
        let Some(table) = node.as_table() else {
            self.note(Problem::error(node.place.clone(), format!("{key} must be a table, found {}", node.found())));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for entry in &table.entries {
            match entry.node.as_text() {
                Some(text) => texts.push((entry.key.clone(), text.to_owned(), entry.node.place.clone())),
                None => self.note(Problem::error(
                    entry.node.place.clone(),
                    format!("{key}.{} must be a text in quotes, found {}", entry.key, entry.node.found()),
                )),
            }
        }
        texts
    }

    /// The values of a table with free keys, each with its key: `attack.NAME = …`.
    pub fn named<T: Field>(&mut self, key: &'static str, doc: &'static str) -> Vec<(Placed<String>, T)> {
        if let Side::Describing(table) = &mut self.side {
            table.add(KeyDoc { key, doc, need: Need::Optional, content: Content::Named(T::shape()) });
            return Vec::new();
        }
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let node = entry.node.clone();
        let Some(table) = node.as_table() else {
            self.note(
                Problem::error(node.place.clone(), format!("{key} must be a table, found {}", node.found()))
                    .help(format!("write `{key}.NAME = {}`", T::shape().example)),
            );
            return Vec::new();
        };
        let mut values = Vec::new();
        for Entry { key: name, key_place, node } in &table.entries {
            match T::read(node) {
                Ok(value) => values.push((Placed { value: name.clone(), place: key_place.clone() }, value)),
                Err(Mismatch { place, element, must, found, help }) => {
                    let message = format!("{key}.{name}{element} must {must}, found {found}");
                    self.note(Problem { help, ..Problem::error(place, message) });
                }
            }
        }
        values
    }

    /// The one table of several that is there, read by its own reader: how `[[attack]]` names its kind. Ask for it
    /// after all other keys, since a remaining unknown key is then taken for a misspelt kind.
    pub fn choice<R>(&mut self, noun: &'static str, choices: &[Choice<R>]) -> Option<R> {
        if let Side::Describing(table) = &mut self.side {
            table.noun = Some(noun);
            for choice in choices {
                let inner = Fields::describe(choice.read);
                table.choices.push(ChoiceDoc { name: choice.name, summary: choice.summary, table: inner });
            }
            let (first, ..) = choices.split_first()?;
            return Some((first.read)(&mut Fields { side: Side::Describing(&mut TableDoc::default()) }));
        }
        let Side::Reading(Reading { table, known, told, .. }) = &mut self.side else { return None };
        let present: Vec<(&Choice<R>, &Entry)> =
            choices.iter().filter_map(|choice| Some((choice, table.entry(choice.name)?))).collect();
        known.extend(choices.iter().map(|choice| choice.name));
        let names: Vec<&str> = choices.iter().map(|choice| choice.name).collect();
        match present.as_slice() {
            [(choice, entry)] => {
                let (name, read, node) = (choice.name, choice.read, entry.node.clone());
                self.inside(name, &node, read)
            }
            [(first, _), (_, second), ..] => {
                let problem = Problem::error(
                    second.key_place.clone(),
                    format!("only one {noun} can stand here, found `{}` beside `{}`", second.key, first.name),
                );
                self.note(problem.help(format!("write a table of its own for each {noun}")));
                None
            }
            [] => {
                let stranger = table.entries.iter().find(|entry| !known.contains(&entry.key.as_str())).cloned();
                let problem = match stranger {
                    Some(entry) => {
                        *told = Some(entry.key.clone());
                        let problem =
                            Problem::error(entry.key_place.clone(), format!("no {noun} is named `{}`", entry.key));
                        match suggestion(&entry.key, names.iter().copied()) {
                            Some(help) => problem.help(help),
                            None => problem,
                        }
                    }
                    None => {
                        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                        Problem::error(self.table_place(), format!("the {noun} is missing")).help(format!(
                            "write one of {} as a table, for example `{} = {{ … }}`",
                            in_words(&quoted),
                            names.first().unwrap_or(&"")
                        ))
                    }
                };
                self.note(problem);
                None
            }
        }
    }

    /// Notes that a value, though well-formed, cannot be: "`key` must `must`, found `found`".
    pub fn refuse(&mut self, key: &'static str, found: impl Display, must: impl Display) {
        let place = self.place(key);
        self.note(Problem::error(place, format!("{key} must {must}, found `{found}`")));
    }

    /// Notes a problem in words of its own, at a key's value.
    pub fn complain(&mut self, key: &'static str, message: impl Into<String>, help: impl Into<String>) {
        let place = self.place(key);
        self.note(Problem::error(place, message).help(help));
    }

    /// Where a key's value was written; the table's own place if it was not.
    pub fn place(&self, key: &str) -> Place {
        match &self.side {
            Side::Reading(Reading { table, place, .. }) => table.get(key).map_or(place, |node| &node.place).clone(),
            Side::Describing(_) => Place::nowhere(),
        }
    }

    /// Where the table itself was written.
    pub fn table_place(&self) -> Place {
        match &self.side {
            Side::Reading(Reading { place, .. }) => place.clone(),
            Side::Describing(_) => Place::nowhere(),
        }
    }

    /// Whether a key was written; never while describing.
    pub fn has(&self, key: &str) -> bool {
        matches!(&self.side, Side::Reading(Reading { table, .. }) if table.entry(key).is_some())
    }

    /// Notes a problem.
    pub fn note(&mut self, problem: Problem) {
        if let Side::Reading(Reading { problems, .. }) = &mut self.side {
            problems.push(problem);
        }
    }

    fn entry(&mut self, key: &'static str) -> Option<&Entry> {
        match &mut self.side {
            Side::Reading(Reading { table, known, .. }) => {
                known.push(key);
                table.entry(key)
            }
            Side::Describing(_) => None,
        }
    }

    fn value<T: Field>(&mut self, key: &'static str, doc: &'static str, need: Need) -> Found<T> {
        if let Side::Describing(table) = &mut self.side {
            table.add(KeyDoc { key, doc, need, content: Content::Value(T::shape()) });
            return Found::Value(T::placeholder());
        }
        let Some(entry) = self.entry(key) else { return Found::Absent };
        match T::read(&entry.node) {
            Ok(value) => Found::Value(value),
            Err(mismatch) => {
                let Mismatch { place, element, must, found, help } = mismatch;
                let problem = Problem::error(place, format!("{key}{element} must {must}, found {found}"));
                self.note(Problem { help, ..problem });
                Found::Refused
            }
        }
    }

    fn missing(&mut self, key: &'static str, doc: &'static str, example: &str) {
        if let Side::Reading(Reading { place, missing, .. }) = &mut self.side {
            let problem = Problem::error(place.clone(), format!("key `{key}` is missing: {doc}"));
            let help = format!("add `{key} = …`, for example `{key} = {example}`");
            missing.push((key, problem.help(help)));
        }
    }

    fn inside<R>(&mut self, key: &str, node: &Node, read: impl FnOnce(&mut Fields<'_>) -> R) -> Option<R> {
        let Side::Reading(Reading { problems, .. }) = &mut self.side else { return None };
        match node.as_table() {
            Some(table) => Some(Fields::read(table, &node.place, problems, read)),
            None => {
                problems.push(
                    Problem::error(node.place.clone(), format!("{key} must be a table, found {}", node.found()))
                        .help(format!("write `{key} = {{ … }}`")),
                );
                None
            }
        }
    }

    fn hold_within<T: Field + PartialOrd>(&mut self, key: &'static str, value: T, range: &impl RangeBounds<T>) -> T {
        let bound = |bound: Bound<&T>| match bound {
            Bound::Included(value) | Bound::Excluded(value) => Some(bare(&value.written())),
            Bound::Unbounded => None,
        };
        let (low, high) = (bound(range.start_bound()), bound(range.end_bound()));
        if let Side::Describing(table) = &mut self.side {
            table.limit(key, low.as_deref(), high.as_deref());
            return value;
        }
        if self.has(key) && !range.contains(&value) {
            let must = match (low, high, range.end_bound()) {
                (Some(low), Some(high), Bound::Included(_)) => format!("lie in {low}..={high}"),
                (Some(low), Some(high), _) => format!("lie in {low}..{high}"),
                (Some(low), None, _) => format!("be at least {low}"),
                (None, Some(high), Bound::Included(_)) => format!("be at most {high}"),
                (None, Some(high), _) => format!("be less than {high}"),
                (None, None, _) => "be something else".to_owned(),
            };
            if let Some(node) = self.readable::<T>(key) {
                self.note(Problem::error(node.place.clone(), format!("{key} must {must}, found {}", node.found())));
            }
        }
        value
    }

    /// The value of a key, if it is at least of the right type.
    fn readable<T: Field>(&self, key: &str) -> Option<Node> {
        match &self.side {
            Side::Reading(Reading { table, .. }) => table.get(key).filter(|node| T::read(node).is_ok()).cloned(),
            Side::Describing(_) => None,
        }
    }

    fn refuse_unknown(self) {
        let Side::Reading(Reading { table, known, mut missing, told, problems, .. }) = self.side else { return };
        for entry in &table.entries {
            let key = entry.key.as_str();
            if known.contains(&key) || told.as_deref() == Some(key) {
                continue;
            }
            // A misspelt key is one mistake, not one key too many and one too few.
            let meant = nearest(key, known.iter().copied());
            missing.retain(|(key, _)| Some(*key) != meant);
            let problem = Problem::error(entry.key_place.clone(), format!("unknown key `{key}`"));
            problems.push(match suggestion(key, known.iter().copied()) {
                Some(help) => problem.help(help),
                None => problem,
            });
        }
        problems.extend(missing.into_iter().map(|(_, problem)| problem));
    }
}

enum Found<T> {
    Value(T),
    Refused,
    Absent,
}

/// A value without the quotes of a text.
fn bare(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use defender::time::{Millis, Timestamp};

    use super::super::quantity::{Bytes, Probability};
    use super::super::source::Source;
    use super::super::tree::parse_toml;
    use super::*;

    #[derive(Debug)]
    #[expect(dead_code, reason = "read through Debug")]
    struct Sample {
        name: String,
        loss: Probability,
        delay: Millis,
        ports: Vec<u16>,
        from: Option<IpAddr>,
        factor: f64,
        mode: u8,
        inner: Option<Bytes>,
        kind: Option<String>,
    }

    fn sample(fields: &mut Fields<'_>) -> Sample {
        Sample {
            name: fields.required("name", "what it is called"),
            loss: fields.or("loss", Probability::ZERO, "share of reports that get lost"),
            delay: fields.or_in("delay", Millis::SECOND, ..=Millis::HOUR, "how late they come"),
            ports: fields.or("ports", vec![22], "ports"),
            from: fields.optional("from", "source address"),
            factor: fields.or_in("factor", 2.0, 1.1..=5.0, "growth"),
            mode: fields.keyword("mode", Some("slow"), &[("slow", 1), ("fast", 2)], "how"),
            inner: fields.table("inner", "a table", |fields| fields.required("size", "how large")),
            kind: fields.choice(
                "shape",
                &[
                    Choice { name: "ramp", summary: "rises", read: |fields| fields.required("to", "top") },
                    Choice { name: "pulse", summary: "beats", read: |fields| fields.required("every", "period") },
                ],
            ),
        }
    }

    fn check(text: &str) -> Result<Sample, String> {
        let (tree, syntax) = parse_toml(&Source::new("x.toml", text));
        assert_eq!(syntax, [], "the sample is TOML");
        let mut problems = Problems::new();
        let value = Fields::read(tree.as_table().expect("a table"), &tree.place, &mut problems, sample);
        problems.sort();
        if problems.is_empty() { Ok(value) } else { Err(problems.to_string()) }
    }

    #[test]
    fn values_and_defaults_arrive() {
        let value = check("name = \"n\"\nloss = \"1/50\"\ninner = { size = \"2 KiB\" }\nramp = { to = \"high\" }\n");
        insta::assert_compact_debug_snapshot!(value, @r#"Ok(Sample { name: "n", loss: Probability { numerator: 1, denominator: 50 }, delay: Millis(1000), ports: [22], from: None, factor: 2.0, mode: 1, inner: Some(Bytes(2048)), kind: Some("high") })"#);
    }

    #[test]
    fn every_mistake_is_told_with_its_place_in_one_run() {
        let text = "\
loss = 1.5
delay = \"5 min\"
ports = [22, 70000]
from = \"10.0.0\"
factor = 7
mode = \"fats\"
inner = 3
nmae = \"n\"
ramp = { to = 4, too = 5 }
";
        insta::assert_snapshot!(check(text).expect_err("nine mistakes"));
    }

    #[test]
    fn a_misspelt_kind_is_told_once() {
        insta::assert_snapshot!(check("name = \"n\"\nrmap = {}\n").expect_err("no such shape"), @r"
        x.toml:2:1  no shape is named `rmap`
        help: did you mean `ramp`?
        ");
        insta::assert_snapshot!(check("name = \"n\"\n").expect_err("no shape"), @r"
        x.toml:1:1  the shape is missing
        help: write one of `ramp` and `pulse` as a table, for example `ramp = { … }`
        ");
        insta::assert_snapshot!(
            check("name = \"n\"\nramp = {}\npulse = { every = \"x\" }\n").expect_err("two shapes"), @r"
        x.toml:3:1  only one shape can stand here, found `pulse` beside `ramp`
        help: write a table of its own for each shape
        ");
    }

    #[test]
    fn a_bare_date_and_a_text_are_the_same_instant() {
        let read = |text: &str| {
            let (tree, _) = parse_toml(&Source::new("x.toml", text));
            Timestamp::read(tree.nearest_to("/at")).map_err(|mismatch| mismatch.must)
        };
        assert_eq!(read("at = 2026-06-01T00:00:00Z"), Ok(Timestamp::from_seconds(1_780_272_000)));
        assert_eq!(read("at = \"2026-06-01T00:00:00Z\""), read("at = 2026-06-01T00:00:00Z"));
        assert_eq!(read("at = 2026-06-01"), Err("be an instant".into()));
        assert_eq!(read("at = 5"), Err("be an instant".into()));
    }

    #[test]
    fn the_same_calls_describe_the_format() {
        insta::assert_json_snapshot!(Fields::describe(sample).to_schema());
    }
}

//! Shapes of documents as data, and the judge that compares a tree with one (G-05): unknown members, missing ones,
//! wrong types, words that are not in a list, texts outside their length or alphabet, ARNs that are none.

use defender::arn::Arn;

use super::super::problem::{Problem, either, nearest, suggestion};
use super::super::tree::{Node, Table, Value};
use super::Reading;

/// What a value of a document must be.
#[derive(Debug)]
pub enum Shape {
    /// Any text with this many characters.
    Text(usize, usize),
    /// 1–128 characters of `[a-zA-Z0-9_-]`, with `:` too if true.
    Name {
        /// Whether colons may stand in it.
        colon: bool,
    },
    /// One of these words.
    Word(&'static [&'static str]),
    /// The ARN of a resource of a service: (service, what it is called, an example).
    Arn(&'static str, &'static str, &'static str),
    /// True or false.
    Bool,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// A list with this many elements.
    List(&'static Shape, usize, usize),
    /// An object with these members.
    Object(&'static [Member]),
    /// An object with free member names, or only these.
    Map(&'static [&'static str], &'static Shape),
}

/// A member of an object.
#[derive(Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What it must be.
    pub shape: &'static Shape,
}

/// A member that must be there.
pub(super) const fn required(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: true, shape }
}

/// A member that may be absent.
pub(super) const fn optional(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: false, shape }
}

/// Compares trees with shapes.
pub(super) struct Judge<'a, 'b> {
    pub reading: &'a mut Reading<'b>,
}

impl Judge<'_, '_> {
    /// Notes every way in which a value departs from a shape. `pointer` is the value's JSON pointer.
    pub fn judge(&mut self, node: &Node, shape: &'static Shape, pointer: &str) {
        match (shape, &node.value) {
            // The service takes null for absent.
            (_, Value::Null) => {}
            (Shape::Text(least, most), Value::Text(text)) => {
                let length = text.chars().count();
                if !(*least..=*most).contains(&length) {
                    self.error(node, pointer, format!("must have {least} to {most} characters, found {length}"));
                }
            }
            (Shape::Name { colon }, Value::Text(text)) => {
                let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || (*colon && c == ':');
                let alphabet = if *colon { "[a-zA-Z0-9:_-]" } else { "[a-zA-Z0-9_-]" };
                if text.is_empty() || text.len() > 128 || !text.chars().all(allowed) {
                    let message = format!("must be 1 to 128 characters of {alphabet}, found {}", node.found());
                    self.error(node, pointer, message);
                }
            }
            (Shape::Word(words), Value::Text(text)) if !words.contains(&text.as_str()) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                let problem = Problem::error(
                    node.place.clone(),
                    format!("{} must be {}, found `{text}`", name_of(pointer), either(&quoted)),
                );
                self.reading.problems.push(match nearest(text, words.iter().copied()) {
                    Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                    None => problem,
                });
            }
            (Shape::Word(_), Value::Text(_)) => {}
            (Shape::Arn(service, noun, example), Value::Text(text)) => {
                self.arn(node, pointer, text, service, noun, example);
            }
            (Shape::Bool, Value::Bool(_)) | (Shape::Integer, Value::Integer(_)) => {}
            (Shape::Number, Value::Integer(_) | Value::Float(..)) => {}
            (Shape::List(element, least, most), Value::List(list)) => {
                if !(*least..=*most).contains(&list.len()) {
                    let message = format!("must have {least} to {most} elements, found {}", list.len());
                    self.error(node, pointer, message);
                }
                for (i, item) in list.iter().enumerate() {
                    self.judge(item, element, &format!("{pointer}/{i}"));
                }
            }
            (Shape::Object(members), Value::Table(table)) => self.object(node, table, members, pointer),
            (Shape::Map(names, value), Value::Table(table)) => {
                for entry in &table.entries {
                    if !names.is_empty() && !names.contains(&entry.key.as_str()) {
                        let problem =
                            Problem::error(entry.key_place.clone(), format!("unknown member `{}`", entry.key));
                        self.with_suggestion(problem, &entry.key, names);
                    }
                    self.judge(&entry.node, value, &format!("{pointer}/{}", escaped(&entry.key)));
                }
            }
            (wanted, _) => {
                let message = format!("must be {}, found {}", wanted.noun(), node.found());
                self.error(node, pointer, message);
            }
        }
    }

    fn error(&mut self, node: &Node, pointer: &str, message: String) {
        let problem = Problem::error(node.place.clone(), format!("{} {message}", name_of(pointer)));
        self.reading.problems.push(problem);
    }

    fn object(&mut self, node: &Node, table: &Table, members: &'static [Member], pointer: &str) {
        let names: Vec<&str> = members.iter().map(|member| member.name).collect();
        for entry in &table.entries {
            match members.iter().find(|member| member.name == entry.key) {
                Some(member) => self.judge(&entry.node, member.shape, &format!("{pointer}/{}", member.name)),
                None => {
                    let problem = Problem::error(entry.key_place.clone(), format!("unknown member `{}`", entry.key));
                    self.with_suggestion(problem, &entry.key, &names);
                }
            }
        }
        for member in members.iter().filter(|member| member.required) {
            if table.get(member.name).is_none_or(|node| node.value == Value::Null) {
                let inside = if pointer.is_empty() { String::new() } else { format!(" in {}", name_of(pointer)) };
                let message = format!("member `{}` is missing{inside}", member.name);
                self.reading.problems.push(Problem::error(node.place.clone(), message));
            }
        }
    }

    fn with_suggestion(&mut self, problem: Problem, name: &str, names: &[&str]) {
        self.reading.problems.push(match suggestion(name, names.iter().copied()) {
            Some(help) => problem.help(help),
            None => problem,
        });
    }

    fn arn(&mut self, node: &Node, pointer: &str, text: &str, service: &str, noun: &str, example: &str) {
        let name = name_of(pointer);
        match text.parse::<Arn>() {
            Ok(arn) if arn.service == service => {
                account_id(self.reading, node, pointer, &name, &arn.account);
            }
            _ => {
                let problem =
                    Problem::error(node.place.clone(), format!("{name} must be the ARN of {noun}, found `{text}`"));
                self.reading.problems.push(problem.help(format!("for example `{example}`")));
            }
        }
    }
}

/// Holds an account id to 12 digits (G-11); lenient mode takes others as they are.
pub(crate) fn account_id(reading: &mut Reading<'_>, node: &Node, pointer: &str, name: &str, account: &str) {
    if account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) {
        return;
    }
    let message = format!("an account id has 12 digits, found `{account}` in {name}");
    reading.deviate(&node.place, pointer, "ACCOUNT_ID_NOT_12_DIGITS", message, "write all 12 digits", None);
}

impl Shape {
    fn noun(&self) -> &'static str {
        match self {
            Shape::Text(..) | Shape::Name { .. } | Shape::Word(_) | Shape::Arn(..) => "a text",
            Shape::Bool => "true or false",
            Shape::Integer => "a whole number",
            Shape::Number => "a number",
            Shape::List(..) => "a list",
            Shape::Object(_) | Shape::Map(..) => "an object",
        }
    }
}

/// The last member name of a pointer, with an element's position: `/behaviors/0/name` is `name`, `/a/0` is `a[0]`.
fn name_of(pointer: &str) -> String {
    let mut elements = String::new();
    for step in pointer.split('/').skip(1).collect::<Vec<_>>().into_iter().rev() {
        if step.bytes().all(|b| b.is_ascii_digit()) && !step.is_empty() {
            elements = format!("[{step}]{elements}");
        } else {
            return format!("{}{elements}", step.replace("~1", "/").replace("~0", "~"));
        }
    }
    format!("the document{elements}")
}

/// A member name as a step of a JSON pointer.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

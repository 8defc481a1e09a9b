//! The grammar of 3.1: from JSON to statements, collecting every defect on the way (P-01 to P-05).

use super::action::ActionPattern;
use super::condition::{Condition, Operand, Operator};
use super::document::{Clause, Document, Effect, LanguageVersion, POLICY_LENGTH_LIMIT, POLICY_TEXT_LIMIT, Statement};
use super::error::{Locator, PolicyError, PolicyErrorKind as Kind};
use super::json::{self, Member, Node, Value};
use super::pattern::{Pattern, Reading};
use super::variable::{Dialect, Variable};

/// Parses a document of either kind.
pub(crate) fn parse(text: &str, dialect: Dialect) -> Result<Document, Vec<PolicyError>> {
    let root = match json::parse(text) {
        Ok(root) => root,
        Err(error) => return Err(vec![error]),
    };
    let mut parser =
        Parser { text, dialect, version: LanguageVersion::V2008, places: Locator::new(text), defects: Vec::new() };
    parser.check_length();
    let (id, statements) = parser.document(&root);
    if parser.defects.is_empty() {
        return Ok(Document::from_parts(text, dialect, parser.version, id, statements));
    }
    let Parser { mut places, mut defects, .. } = parser;
    defects.sort_by_key(|defect| defect.offset);
    let located =
        |defect: Defect| PolicyError { kind: defect.kind, path: defect.path, position: places.locate(defect.offset) };
    Err(defects.into_iter().map(located).collect())
}

const DOCUMENT_MEMBERS: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT_MEMBERS: [&str; 7] = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];

struct Parser<'a> {
    text: &'a str,
    dialect: Dialect,
    version: LanguageVersion,
    places: Locator<'a>,
    defects: Vec<Defect>,
}

/// An error whose line is not looked up yet: a document may have very many.
struct Defect {
    kind: Kind,
    path: String,
    offset: usize,
}

impl Parser<'_> {
    fn report(&mut self, kind: Kind, path: &str, offset: usize) {
        self.defects.push(Defect { kind, path: path.to_owned(), offset });
    }

    fn check_length(&mut self) {
        let found = self.text.chars().count();
        if found > POLICY_TEXT_LIMIT {
            self.report(Kind::RawTextTooLong { limit: POLICY_TEXT_LIMIT, found }, "", 0);
        }
        let found = self.text.chars().filter(|character| !character.is_whitespace()).count();
        if self.dialect == Dialect::Iot && found > POLICY_LENGTH_LIMIT {
            self.report(Kind::TooLong { limit: POLICY_LENGTH_LIMIT, found }, "", 0);
        }
    }

    /// The members of an object, after complaining about those that do not belong.
    fn members<'n>(
        &mut self,
        node: &'n Node,
        path: &str,
        known: &'static [&'static str],
        allowed: &'static str,
    ) -> Option<&'n [Member]> {
        let Value::Object(members) = &node.value else {
            self.wrong_type("an object", node, path);
            return None;
        };
        for (place, member) in members.iter().enumerate() {
            let path = format!("{path}/{}", pointer_token(&member.name));
            if members[..place].iter().any(|earlier| earlier.name == member.name) {
                self.report(Kind::DuplicateMember(member.name.clone()), &path, member.offset);
            } else if member.name == "Principal" || member.name == "NotPrincipal" {
                self.report(Kind::PrincipalNotAllowed(member.name.clone()), &path, member.offset);
            } else if !known.contains(&member.name.as_str()) {
                let did_you_mean = nearest(&member.name, known);
                let kind = Kind::UnknownMember { name: member.name.clone(), allowed, did_you_mean };
                self.report(kind, &path, member.offset);
            }
        }
        Some(members)
    }

    fn wrong_type(&mut self, expected: &'static str, node: &Node, path: &str) {
        self.report(Kind::WrongType { expected, found: node.value.kind() }, path, node.offset);
    }

    /// A member that must be a text where present.
    fn text_member(&mut self, members: &[Member], name: &str, path: &str) -> Option<(String, usize)> {
        let node = find(members, name)?;
        match &node.value {
            Value::String(text) => Some((text.clone(), node.offset)),
            _ => {
                self.wrong_type("a string", node, &format!("{path}/{name}"));
                None
            }
        }
    }

    fn document(&mut self, root: &Node) -> (Option<String>, Vec<Statement>) {
        let Some(members) = self.members(root, "", &DOCUMENT_MEMBERS, "`Version`, `Id` and `Statement`") else {
            return (None, Vec::new());
        };
        match self.text_member(members, "Version", "") {
            Some((version, _)) if version == "2012-10-17" => self.version = LanguageVersion::V2012,
            Some((version, _)) if version == "2008-10-17" => {}
            Some((version, offset)) => self.report(Kind::UnknownVersion(version), "/Version", offset),
            None => {}
        }
        let id = self.text_member(members, "Id", "").map(|(id, _)| id);
        let statements = match find(members, "Statement") {
            None => {
                self.report(Kind::MissingMember("Statement"), "", root.offset);
                Vec::new()
            }
            Some(Node { value: Value::Array(nodes), .. }) => {
                let each = nodes.iter().enumerate();
                each.filter_map(|(index, node)| self.statement(node, index, format!("/Statement/{index}"))).collect()
            }
            Some(node) => self.statement(node, 0, "/Statement".to_owned()).into_iter().collect(),
        };
        (id, statements)
    }

    fn statement(&mut self, node: &Node, index: usize, path: String) -> Option<Statement> {
        const ALLOWED: &str = "`Sid`, `Effect`, `Action`, `NotAction`, `Resource`, `NotResource` and `Condition`";
        let members = self.members(node, &path, &STATEMENT_MEMBERS, ALLOWED)?;
        let sid = self.text_member(members, "Sid", &path).map(|(sid, _)| sid);
        let effect = self.effect(members, node, &path);
        let actions = self.clause(members, node, &path, ["Action", "NotAction"], Parser::action);
        let resources = self.clause(members, node, &path, ["Resource", "NotResource"], Parser::resource);
        let conditions = match find(members, "Condition") {
            Some(condition) => self.conditions(condition, &format!("{path}/Condition")),
            None => Vec::new(),
        };
        let (effect, actions, resources) = (effect?, actions?, resources?);
        let mut variables: Vec<Variable> = resources.listed().iter().flat_map(Pattern::variables).cloned().collect();
        variables.extend(conditions.iter().flat_map(Condition::variables).cloned());
        variables.sort();
        variables.dedup();
        Some(Statement {
            sid,
            effect,
            reach: super::action::Action::ALL.into_iter().filter(|action| actions.contains(action.as_str())).collect(),
            actions,
            resources,
            conditions,
            variables,
            index: index as u32,
            path,
            position: self.places.locate(node.offset),
        })
    }

    fn effect(&mut self, members: &[Member], node: &Node, path: &str) -> Option<Effect> {
        if find(members, "Effect").is_none() {
            self.report(Kind::MissingMember("Effect"), path, node.offset);
        }
        match self.text_member(members, "Effect", path)? {
            (text, _) if text == "Allow" => Some(Effect::Allow),
            (text, _) if text == "Deny" => Some(Effect::Deny),
            (text, offset) => {
                self.report(Kind::UnknownEffect(text), &format!("{path}/Effect"), offset);
                None
            }
        }
    }

    /// `Action`/`NotAction` or `Resource`/`NotResource`: exactly one, a text or a list of texts, not empty (P-01).
    fn clause<T>(
        &mut self,
        members: &[Member],
        statement: &Node,
        path: &str,
        [name, negated]: [&'static str; 2],
        compile: fn(&mut Self, &str, usize, &str) -> Option<T>,
    ) -> Option<Clause<T>> {
        let (node, chosen) = match (find(members, name), find(members, negated)) {
            (Some(node), None) => (node, name),
            (None, Some(node)) => (node, negated),
            (None, None) => {
                self.report(Kind::NeitherOfPair(name, negated), path, statement.offset);
                return None;
            }
            (Some(_), Some(second)) => {
                self.report(Kind::BothOfPair(name, negated), path, second.offset);
                return None;
            }
        };
        let path = format!("{path}/{chosen}");
        let texts = self.texts(node, &path);
        if texts.is_empty() {
            if matches!(&node.value, Value::Array(nodes) if nodes.is_empty()) {
                self.report(Kind::EmptyList(chosen), &path, node.offset);
            }
            return None;
        }
        let listed = texts.into_iter().filter_map(|(text, offset, path)| compile(self, text, offset, &path)).collect();
        Some(if chosen == name { Clause::Only(listed) } else { Clause::AllBut(listed) })
    }

    /// A text or a list of texts, each with its place.
    fn texts<'n>(&mut self, node: &'n Node, path: &str) -> Vec<(&'n str, usize, String)> {
        match &node.value {
            Value::String(text) => vec![(text.as_str(), node.offset, path.to_owned())],
            Value::Array(nodes) => {
                let mut texts = Vec::with_capacity(nodes.len());
                for (index, node) in nodes.iter().enumerate() {
                    let path = format!("{path}/{index}");
                    match &node.value {
                        Value::String(text) => texts.push((text.as_str(), node.offset, path)),
                        _ => self.wrong_type("a string", node, &path),
                    }
                }
                texts
            }
            _ => {
                self.wrong_type("a string or a list of strings", node, path);
                Vec::new()
            }
        }
    }

    fn action(&mut self, text: &str, offset: usize, path: &str) -> Option<ActionPattern> {
        let pattern = ActionPattern::new(text);
        if text.is_empty() {
            self.report(Kind::EmptyText, path, offset);
            return None;
        }
        let well_formed = match text.split_once(':') {
            Some((service, name)) => !service.is_empty() && !name.is_empty(),
            None => pattern.is_wild(),
        };
        if !well_formed {
            self.report(Kind::ActionWithoutService(text.to_owned()), path, offset);
            return None;
        }
        Some(pattern)
    }

    fn resource(&mut self, text: &str, offset: usize, path: &str) -> Option<Pattern> {
        if text.is_empty() {
            self.report(Kind::EmptyText, path, offset);
            return None;
        }
        Some(Pattern::new(text, self.reading()))
    }

    fn reading(&self) -> Reading {
        Reading { wildcards: true, variables: self.version == LanguageVersion::V2012, dialect: self.dialect }
    }

    fn conditions(&mut self, node: &Node, path: &str) -> Vec<Condition> {
        let Value::Object(operators) = &node.value else {
            self.wrong_type("an object", node, path);
            return Vec::new();
        };
        let mut conditions = Vec::new();
        for (place, operator) in operators.iter().enumerate() {
            let path = format!("{path}/{}", pointer_token(&operator.name));
            if operators[..place].iter().any(|earlier| earlier.name == operator.name) {
                self.report(Kind::DuplicateMember(operator.name.clone()), &path, operator.offset);
                continue;
            }
            let parsed = match Operator::parse(&operator.name) {
                Ok(parsed) => parsed,
                Err(did_you_mean) => {
                    let name = operator.name.clone();
                    self.report(Kind::UnknownOperator { name, did_you_mean }, &path, operator.offset);
                    continue;
                }
            };
            let Value::Object(keys) = &operator.node.value else {
                self.wrong_type("an object", &operator.node, &path);
                continue;
            };
            for (place, key) in keys.iter().enumerate() {
                let path = format!("{path}/{}", pointer_token(&key.name));
                if keys[..place].iter().any(|earlier| earlier.name.eq_ignore_ascii_case(&key.name)) {
                    self.report(Kind::DuplicateMember(key.name.clone()), &path, key.offset);
                    continue;
                }
                conditions.extend(self.condition(&parsed, key, &path));
            }
        }
        conditions
    }

    fn condition(&mut self, operator: &Operator, member: &Member, path: &str) -> Option<Condition> {
        let nodes = match &member.node.value {
            Value::Array(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(&member.node),
        };
        if nodes.is_empty() {
            self.report(Kind::EmptyList("Condition"), path, member.node.offset);
            return None;
        }
        let (mut operands, mut values) = (Vec::new(), Vec::new());
        for node in nodes {
            let text = match &node.value {
                Value::String(text) | Value::Number(text) => text.clone(),
                Value::Bool(value) => value.to_string(),
                _ => {
                    self.wrong_type("a string, a number or a boolean", node, path);
                    continue;
                }
            };
            match Operand::compile(&text, operator, self.reading()) {
                Some(operand) => {
                    operands.push(operand);
                    values.push(text);
                }
                None => {
                    let expected = operator.expected_values();
                    let kind = Kind::BadConditionValue { operator: operator.to_string(), expected, found: text };
                    self.report(kind, path, node.offset);
                }
            }
        }
        let key = Variable::parse(&member.name, self.dialect);
        let key_text = member.name.clone();
        Some(Condition { operator: operator.clone(), key, key_text, operands, values })
    }
}

fn find<'n>(members: &'n [Member], name: &str) -> Option<&'n Node> {
    members.iter().find(|member| member.name == name).map(|member| &member.node)
}

fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let distance =
        |candidate: &str| strsim::damerau_levenshtein(&candidate.to_ascii_lowercase(), &name.to_ascii_lowercase());
    known.iter().map(|&candidate| (distance(candidate), candidate)).filter(|&(d, _)| d <= 2).min().map(|(_, c)| c)
}

/// A member name as it stands in a JSON pointer.
fn pointer_token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

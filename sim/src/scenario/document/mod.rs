//! The service's own documents: read as JSON with places, compared with the shape of their operation, then handed to
//! the engine's own validation. Whatever is wrong is said at its line and column.

pub mod audit;
pub mod mitigation;
pub mod policy;
pub mod profile;
pub mod shape;
mod shapes;

use std::sync::Arc;

use defender::error::{Compatibility, Warning};
use serde::de::DeserializeOwned;

use super::json::parse_json;
use super::problem::{Problem, Problems};
use super::source::{Place, Source};
use super::tree::{Node, Value};
use shape::{Judge, Shape};

/// What kind of document a JSON file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As `create-security-profile` takes it.
    SecurityProfile,
    /// As `update-account-audit-configuration` takes it.
    AuditConfiguration,
    /// As `create-scheduled-audit` takes it.
    ScheduledAudit,
    /// As `create-mitigation-action` takes it.
    MitigationAction,
    /// A policy document.
    Policy,
}

impl Kind {
    /// What such a document is called.
    pub const fn noun(self) -> &'static str {
        match self {
            Kind::SecurityProfile => "a security profile",
            Kind::AuditConfiguration => "an audit configuration",
            Kind::ScheduledAudit => "a scheduled audit",
            Kind::MitigationAction => "a mitigation action",
            Kind::Policy => "a policy document",
        }
    }

    /// The kind that a document is, by the members that only it has.
    pub fn of(tree: &Node) -> Option<Kind> {
        let has = |name: &str| tree.as_table().is_some_and(|table| table.entry(name).is_some());
        if has("Statement") || has("statement") {
            Some(Kind::Policy)
        } else if has("auditCheckConfigurations") {
            Some(Kind::AuditConfiguration)
        } else if has("scheduledAuditName") || has("targetCheckNames") {
            Some(Kind::ScheduledAudit)
        } else if has("actionParams") || has("actionName") {
            Some(Kind::MitigationAction)
        } else if has("securityProfileName") || has("behaviors") {
            Some(Kind::SecurityProfile)
        } else {
            None
        }
    }
}

/// What bears on how documents are read, and what was found out on the way.
#[derive(Debug)]
pub struct Reading<'a> {
    /// Whether section 11's deviations are refused or tolerated.
    pub compatibility: Compatibility,
    /// The account id, for roles that lenient mode fills in.
    pub account: &'a str,
    /// Everything that is wrong or odd, with its place.
    pub problems: &'a mut Problems,
    /// What is odd, as the engine reports it.
    pub warnings: &'a mut Vec<Warning>,
}

impl Reading<'_> {
    /// Notes a warning of the engine's kind, at the place that its pointer leads to.
    pub fn warn(&mut self, tree: &Node, warning: Warning) {
        let node = tree.nearest_to(&warning.path);
        let mut problem = Problem::warning(warning.code, node.place.clone(), warning.message.clone());
        if let Some(canonical) = &warning.canonical {
            problem = problem.help(format!("used instead or proposed: {canonical}"));
        }
        self.note(&node.place, problem, warning);
    }

    /// Notes a warning both with its place and as the engine's kind.
    pub fn note(&mut self, place: &Place, problem: Problem, warning: Warning) {
        let path = format!("{}#{}", place.source.name, warning.path);
        let warning = Warning { path, ..warning };
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
        self.problems.push(problem);
    }

    /// An error in strict mode, a warning with the code in lenient mode.
    pub fn deviate(
        &mut self,
        place: &Place,
        pointer: &str,
        code: &'static str,
        message: String,
        help: &str,
        canonical: Option<serde_json::Value>,
    ) {
        match self.compatibility {
            Compatibility::Strict => self.problems.push(
                Problem::error(place.clone(), message)
                    .help(format!("{help}, or accept it with `compatibility = \"lenient\"`")),
            ),
            Compatibility::Lenient => {
                let problem = Problem::warning(code, place.clone(), message.clone());
                let problem = match &canonical {
                    Some(canonical) => problem.help(format!("used instead: {canonical}")),
                    None => problem,
                };
                let warning = Warning { code, path: pointer.to_owned(), message, canonical };
                self.note(place, problem, warning);
            }
        }
    }
}

/// Parses a document and compares it with a shape; `None` if it is not JSON or not an object.
fn parse(source: &Arc<Source>, shape: &'static Shape, reading: &mut Reading<'_>) -> Option<Node> {
    let tree = match parse_json(source) {
        Ok(tree) => tree,
        Err(problem) => {
            reading.problems.push(problem);
            return None;
        }
    };
    if !matches!(tree.value, Value::Table(_)) {
        let problem =
            Problem::error(tree.place.clone(), format!("the document must be an object, found {}", tree.found()));
        reading.problems.push(problem);
        return None;
    }
    Judge { reading }.judge(&tree, shape, "");
    Some(tree)
}

/// The engine's request that a tree spells; a disagreement is reported at the document's start.
fn request<T: DeserializeOwned>(tree: &Node, errors_before: usize, reading: &mut Reading<'_>) -> Option<T> {
    if reading.problems.errors() > errors_before {
        return None;
    }
    match defender::request::read(&tree.to_json()) {
        Ok(read) => Some(read.value),
        Err(error) => {
            let message = format!("the document cannot be read: {}", error.message);
            reading.problems.push(Problem::error(tree.place.clone(), message));
            None
        }
    }
}

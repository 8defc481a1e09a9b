//! Policy documents: the engine parses them and says what is wrong with them, line by line; the lints are ours.

use std::sync::Arc;

use defender::error::{Compatibility, Warning};
use defender::policy::{Document, PolicyErrorKind, broad_data_plane, lint};

use super::super::json::parse_json;
use super::super::problem::{Problem, in_words};
use super::super::source::{Place, Source};
use super::Reading;

/// Parses an IoT policy and lints it.
pub fn read(source: &Arc<Source>, reading: &mut Reading<'_>) -> Option<Document> {
    let document = match Document::parse_iot(&source.text) {
        Ok(document) => document,
        Err(errors) => {
            for error in errors {
                let start = error.position.offset as usize;
                let message = match &error.kind {
                    PolicyErrorKind::InvalidJson { .. } => format!("not valid JSON: {}", error.kind),
                    kind => kind.to_string(),
                };
                let code = "MalformedPolicyException";
                reading.problems.push(Problem::error(place(source, start, &error.path), message).code(code));
            }
            return None;
        }
    };
    if reading.compatibility == Compatibility::Lenient {
        any_wildcard(source, &document, reading);
    }
    Some(document)
}

/// `OVERLY_PERMISSIVE`: what the audit would find (C-08), at each statement that grants it.
pub fn broad(source: &Arc<Source>, document: &Document, reading: &mut Reading<'_>) {
    let grants = broad_data_plane([document]);
    for statement in document.statements() {
        let of_statement = || grants.iter().filter(|grant| grant.statement.index as usize == statement.index());
        let mut actions: Vec<String> = of_statement().map(|grant| format!("`{}`", grant.action.as_str())).collect();
        let mut resources: Vec<String> = of_statement().map(|grant| format!("`{}`", grant.resource)).collect();
        actions.dedup();
        resources.sort();
        resources.dedup();
        if actions.is_empty() {
            continue;
        }
        let message = format!("too much is allowed (C-08): {} on {}", in_words(&actions), in_words(&resources));
        let place = place(source, statement.position().offset as usize, statement.path());
        let problem = Problem::warning("OVERLY_PERMISSIVE", place.clone(), message.clone())
            .help("name the device with a policy variable, or narrow the wildcard with literal text before it");
        let warning =
            Warning { code: "OVERLY_PERMISSIVE", path: statement.path().to_owned(), message, canonical: None };
        reading.note(&place, problem, warning);
    }
}

/// `ANY_WILDCARD`: the coarser notion of an overly permissive policy, as a lint of lenient mode.
fn any_wildcard(source: &Arc<Source>, document: &Document, reading: &mut Reading<'_>) {
    for warning in lint::any_wildcard(document) {
        let statement = document.statements().iter().find(|statement| statement.path() == warning.path);
        let Some(statement) = statement else { continue };
        let place = place(source, statement.position().offset as usize, statement.path());
        let problem = Problem::warning("ANY_WILDCARD", place.clone(), warning.message.clone())
            .help("the service flags a wildcard only where no literal text narrows it (3.6)");
        reading.note(&place, problem, warning);
    }
}

/// The span of the value at a pointer, or the place where it begins.
fn place(source: &Arc<Source>, start: usize, pointer: &str) -> Place {
    match parse_json(source) {
        Ok(tree) => {
            let node = tree.nearest_to(pointer);
            if node.place.span.start == start { node.place.clone() } else { Place::new(source, start..start + 1) }
        }
        Err(_) => Place::new(source, start..(start + 1).min(source.text.len())),
    }
}

//! Policy documents: the engine parses them and says what is wrong with them, line by line; the lints are ours.

use std::sync::Arc;

use defender::error::{Compatibility, Warning};
use defender::policy::{Document, Effect, PolicyErrorKind, broad_data_plane};

use super::super::json::parse_json;
use super::super::problem::Problem;
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

/// `OVERLY_PERMISSIVE`: what the audit would find (C-08), each broad grant at its statement.
pub fn broad(source: &Arc<Source>, document: &Document, reading: &mut Reading<'_>) {
    for grant in broad_data_plane([document]) {
        let Some(statement) = document.statements().get(grant.statement.index as usize) else { continue };
        let message = format!("`{}` is allowed too broadly, on `{}` (C-08)", grant.action.as_str(), grant.resource);
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
    let allows = document.statements().iter().filter(|statement| statement.effect() == Effect::Allow);
    for statement in allows {
        let actions = statement.actions().listed().iter().map(|action| action.as_str());
        let resources = statement.resources().listed().iter().map(|resource| resource.as_str());
        let wild: Vec<String> =
            actions.chain(resources).filter(|text| text.contains('*')).map(|text| format!("`{text}`")).collect();
        if wild.is_empty() {
            continue;
        }
        let message = format!("an Allow statement holds a wildcard: {}", wild.join(", "));
        let place = place(source, statement.position().offset as usize, statement.path());
        let problem = Problem::warning("ANY_WILDCARD", place.clone(), message.clone())
            .help("the service flags a wildcard only where no literal text narrows it (3.6)");
        let warning = Warning { code: "ANY_WILDCARD", path: statement.path().to_owned(), message, canonical: None };
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

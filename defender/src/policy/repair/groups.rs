//! Gathering of actions that end up on the same resources.

use super::draft::Draft;
use crate::policy::document::Clause;

/// Actions with their resources, on their way to statements.
#[derive(Default)]
pub(super) struct Groups {
    /// Action, its resources, whether it takes the guard of P-23.
    grants: Vec<(String, Vec<String>, bool)>,
}

impl Groups {
    /// Adds resources of an action; those that it has already are not repeated.
    pub fn add(&mut self, action: &str, resources: Vec<String>, guarded: bool) {
        let index = self.grants.iter().position(|(name, _, guard)| name == action && *guard == guarded);
        let known = match index {
            Some(index) => &mut self.grants[index].1,
            None => {
                self.grants.push((action.to_owned(), Vec::new(), guarded));
                let last = self.grants.len() - 1;
                &mut self.grants[last].1
            }
        };
        for resource in resources {
            if !known.contains(&resource) {
                known.push(resource);
            }
        }
    }

    /// Each action with its resources.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.grants.iter().map(|(action, resources, _)| (action.as_str(), resources.as_slice()))
    }

    /// One statement for all actions on the same resources.
    pub fn into_drafts(self, base: &Draft) -> Vec<Draft> {
        let mut statements: Vec<(Vec<String>, Vec<String>, bool)> = Vec::new();
        for (action, resources, guarded) in self.grants.into_iter().filter(|(_, resources, _)| !resources.is_empty()) {
            match statements.iter_mut().find(|(_, known, guard)| *known == resources && *guard == guarded) {
                Some((actions, ..)) => actions.push(action),
                None => statements.push((vec![action], resources, guarded)),
            }
        }
        let draft = |(actions, resources, guarded)| {
            let draft = Draft { actions: Clause::Only(actions), resources: Clause::Only(resources), ..base.clone() };
            if guarded { draft.guarded() } else { draft }
        };
        statements.into_iter().map(draft).collect()
    }
}

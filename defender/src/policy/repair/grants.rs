//! Repairs of grants: broad access to the data plane (3.6), administrative actions (3.7), services.

use std::collections::BTreeSet;

use super::draft::{self, Draft, TooLong};
use super::groups::Groups;
use super::narrow::own_resources;
use super::usage::{Usage, lost};
use super::{Change, Identity, Proposal, Repair, Situation};
use crate::policy::action::{Action, ActionPattern, ActionSet, ResourceType};
use crate::policy::administrative::{ActionClass, administrative, catalog, full_name};
use crate::policy::broad::{BroadGrant, actions, broad_data_plane};
use crate::policy::condition::Condition;
use crate::policy::document::{Clause, Document, Effect, LanguageVersion, Statement};
use crate::policy::pattern::Pattern;
use crate::policy::resource::Shape;
use crate::policy::services::services;
use crate::policy::variable::{Dialect, Variable};

/// What a role may not grant, beside broad access to the data plane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleStandard {
    /// Whether thing-admin reads are forbidden on any resource, as for unauthenticated identities (C-06), or only
    /// when broad (P-33).
    pub forbids_reads: bool,
    /// Services that may not be granted: the unused ones (C-11), those that watch over the account (C-10).
    pub forbidden_services: Vec<String>,
    /// Services that may not be granted without limit: the used ones (C-10).
    pub limited_services: Vec<String>,
}

/// Repairs broad access to the data plane (C-08).
pub fn repair(document: &Document, situation: &Situation<'_>) -> Repair {
    repaired(document, None, situation)
}

/// Repairs a document of a role: broad access to the data plane, administrative actions, services (C-06, C-07, C-10,
/// C-11).
pub fn repair_role(document: &Document, standard: &RoleStandard, situation: &Situation<'_>) -> Repair {
    repaired(document, Some(standard), situation)
}

fn repaired(old: &Document, standard: Option<&RoleStandard>, situation: &Situation<'_>) -> Repair {
    if complaints(old, standard).is_none() {
        return Repair::Compliant;
    }
    if old.version() == LanguageVersion::V2008 && has_dollar_brace(old) {
        let reason = "the document is of version 2008-10-17, where `${…}` is plain text and no variable can name the \
                      device; rewrite it for 2012-10-17 first";
        return Repair::NotDerivable(reason.to_owned());
    }
    let broad = broad_data_plane([old]);
    let mut work = Work { situation, standard, drafts: Vec::new(), changes: Vec::new(), notes: Vec::new() };
    for statement in old.statements() {
        let flagged: Vec<&BroadGrant> =
            broad.iter().filter(|grant| grant.statement.index as usize == statement.index()).collect();
        if let Err(reason) = work.statement(statement, old.dialect(), &flagged) {
            return Repair::NotDerivable(reason);
        }
    }
    work.finish(old)
}

/// Whether some text of the document would be a variable in another version of the language.
fn has_dollar_brace(document: &Document) -> bool {
    document.statements().iter().any(|statement| {
        let values = statement.conditions().iter().flat_map(Condition::values).map(String::as_str);
        statement.resources().listed().iter().map(Pattern::as_str).chain(values).any(|text| text.contains("${"))
    })
}

/// What the checks still say about a document.
fn complaints(document: &Document, standard: Option<&RoleStandard>) -> Option<String> {
    let broad = broad_data_plane([document]);
    if !broad.is_empty() {
        let names: Vec<&str> = actions(&broad).into_iter().map(Action::as_str).collect();
        return Some(format!("it would still grant broad access to {}", names.join(", ")));
    }
    let standard = standard?;
    let grants = administrative([document]);
    let reads = grants.thing_admin_read.iter().filter(|grant| standard.forbids_reads || grant.broad);
    if let Some(grant) = grants.thing_admin_write.iter().chain(&grants.non_thing_admin).chain(reads).next() {
        return Some(format!("it would still grant iot:{} on {}", grant.operation, grant.resource));
    }
    let services = services([document]);
    if let Some(service) = standard.forbidden_services.iter().find(|service| services.grants(service)) {
        return Some(format!("it would still grant actions of `{service}`"));
    }
    let limited = standard.limited_services.iter().find(|service| services.is_administrative(service));
    limited.map(|service| format!("which actions of `{service}` are needed is not known; it grants all of them"))
}

struct Work<'a> {
    situation: &'a Situation<'a>,
    standard: Option<&'a RoleStandard>,
    drafts: Vec<Draft>,
    changes: Vec<Change>,
    notes: Vec<String>,
}

impl Work<'_> {
    /// Takes over one statement, rewritten where it is at fault.
    fn statement(&mut self, statement: &Statement, dialect: Dialect, flagged: &[&BroadGrant]) -> Result<(), String> {
        if statement.effect() == Effect::Deny {
            self.drafts.push(Draft::of(statement));
            return Ok(());
        }
        let split = self.split(statement, dialect, flagged)?;
        if lists_nothing(&split.touched) && split.dropped.is_empty() {
            self.drafts.push(Draft::of(statement));
            return Ok(());
        }
        if !split.kept.is_empty() {
            self.drafts.push(Draft { actions: Clause::Only(split.kept), ..Draft::of(statement) });
        }
        for pattern in &split.dropped {
            self.changes.push(change(statement, pattern, None, Vec::new()));
        }
        let reached: ActionSet =
            Action::ALL.into_iter().filter(|action| split.touched.contains(action.as_str())).collect();
        let (mut groups, mut denied, mut left) = (Groups::default(), Groups::default(), Vec::new());
        for action in reached.iter() {
            let named = statement.actions().listed().iter().any(|p| !p.is_wild() && p.matches(action.as_str()));
            match statement.resources() {
                Clause::Only(patterns) => {
                    for pattern in patterns {
                        let is_flagged =
                            flagged.iter().any(|grant| grant.action == action && grant.resource == pattern.as_str());
                        self.pair(statement, action, pattern, is_flagged, named, &mut groups);
                    }
                }
                Clause::AllBut(patterns) if flagged.iter().any(|grant| grant.action == action) => {
                    self.open_pair(statement, action, patterns, &mut groups, &mut denied);
                }
                Clause::AllBut(_) => left.push(action.as_str().to_owned()),
            }
        }
        self.administrative(statement, &split.touched, &mut groups);
        if !left.is_empty() {
            self.drafts.push(Draft { sid: None, actions: Clause::Only(left), ..Draft::of(statement) });
        }
        let base = Draft { sid: None, ..Draft::of(statement) };
        self.drafts.extend(denied.into_drafts(&Draft { effect: Effect::Deny, ..base.clone() }));
        self.drafts.extend(groups.into_drafts(&base));
        Ok(())
    }

    /// Which of a statement's action patterns must be spelled out, which stay, which go.
    fn split(&self, statement: &Statement, dialect: Dialect, flagged: &[&BroadGrant]) -> Result<Split, String> {
        let place = format!("statement {} (line {})", statement.index(), statement.position().line);
        let mut split = Split { touched: Clause::Only(Vec::new()), kept: Vec::new(), dropped: Vec::new() };
        match statement.actions() {
            Clause::AllBut(_) if dialect == Dialect::Iot && !flagged.is_empty() => {
                split.touched = statement.actions().clone()
            }
            Clause::AllBut(_) if dialect == Dialect::Iot => {}
            Clause::AllBut(_) if self.standard.is_none() && flagged.is_empty() => {}
            Clause::AllBut(_) => {
                return Err(format!("{place} grants by `NotAction`; which services the role needs is not known"));
            }
            Clause::Only(patterns) => {
                let mut touched = Vec::new();
                for pattern in patterns {
                    let service = pattern.service();
                    if self.forbids(&service) {
                        split.dropped.push(pattern.as_str().to_owned());
                    } else if self.is_at_fault(pattern, statement, flagged) {
                        if dialect == Dialect::Iam && service != "iot" {
                            let pattern = pattern.as_str();
                            return Err(format!(
                                "{place} grants `{pattern}`; which services the role needs is not known"
                            ));
                        }
                        touched.push(pattern.clone());
                    } else {
                        split.kept.push(pattern.as_str().to_owned());
                    }
                }
                split.touched = Clause::Only(touched);
            }
        }
        Ok(split)
    }

    fn forbids(&self, service: &str) -> bool {
        self.standard.is_some_and(|s| s.forbidden_services.iter().any(|name| name.eq_ignore_ascii_case(service)))
    }

    /// Whether an action pattern reaches something that the checks complain about.
    fn is_at_fault(&self, pattern: &ActionPattern, statement: &Statement, flagged: &[&BroadGrant]) -> bool {
        let reaches_service = |service: &String| pattern.reaches_service(service);
        flagged.iter().any(|grant| pattern.matches(grant.action.as_str()))
            || self.standard.is_some_and(|standard| {
                pattern.is_wild() && standard.forbidden_services.iter().any(reaches_service)
                    || catalog().any(|(operation, class, _)| {
                        let forbidden = class != ActionClass::ThingAdminRead
                            || standard.forbids_reads
                            || statement.resources().listed().iter().any(is_broad_read)
                            || matches!(statement.resources(), Clause::AllBut(_));
                        forbidden && pattern.matches(&full_name(operation))
                    })
            })
    }

    /// One action on one resource pattern.
    fn pair(
        &mut self,
        statement: &Statement,
        action: Action,
        pattern: &Pattern,
        is_flagged: bool,
        named: bool,
        groups: &mut Groups,
    ) {
        let own = self.situation.identity.own_name();
        let shape = Shape::of(pattern);
        let fits = action.resource_type().is_some_and(|kind| shape.rest_of(kind).is_some());
        if is_flagged {
            let keeps_text = action == Action::Connect && pattern.variables().any(|v| *v == Variable::ClientId);
            let guard = action == Action::Connect && self.situation.identity == Identity::Device;
            let resources = if keeps_text && guard && !crate::policy::broad::is_broad(action, pattern, true) {
                vec![pattern.as_str().to_owned()]
            } else {
                own_resources(action, Some(pattern), own, self.situation.scope)
            };
            self.changes.push(change(statement, action.as_str(), Some(pattern.as_str()), resources.clone()));
            groups.add(action.as_str(), resources, guard);
        } else if fits || (shape == Shape::EveryType && (named || action.is_flaggable())) {
            groups.add(action.as_str(), vec![pattern.as_str().to_owned()], false);
        } else if shape == Shape::EveryType {
            let resources = match action {
                Action::Receive => {
                    let head = self.situation.scope.head(ResourceType::Topic);
                    let all_topics = pattern.takes_in_all_below(head);
                    vec![if all_topics { format!("{head}*") } else { pattern.as_str().to_owned() }]
                }
                Action::ListNamedShadowsForThing => own_resources(action, None, own, self.situation.scope),
                _ => Vec::new(),
            };
            self.changes.push(change(statement, action.as_str(), Some(pattern.as_str()), resources.clone()));
            groups.add(action.as_str(), resources, false);
        }
    }

    /// One action on everything but some patterns: the device's own resources, and a Deny where the exceptions may
    /// lie among them.
    fn open_pair(
        &mut self,
        statement: &Statement,
        action: Action,
        exceptions: &[Pattern],
        groups: &mut Groups,
        denied: &mut Groups,
    ) {
        let own = self.situation.identity.own_name();
        let Some(kind) = action.resource_type() else { return };
        let resources = own_resources(action, None, own, self.situation.scope);
        for pattern in exceptions {
            let shape = Shape::of(pattern);
            let Some(rest) = shape.rest_of(kind) else { continue };
            let prefix = rest.literal_prefix();
            let reserved = format!("$aws/things/{own}");
            let overlaps = ["$aws/things/", reserved.as_str(), own]
                .iter()
                .any(|space| space.starts_with(&prefix) || prefix.starts_with(space));
            if overlaps {
                denied.add(action.as_str(), vec![pattern.as_str().to_owned()], false);
            }
        }
        let from = exceptions.iter().map(Pattern::as_str).collect::<Vec<_>>().join(", ");
        let from = format!("everything but {from}");
        self.changes.push(change(statement, action.as_str(), Some(&from), resources.clone()));
        let guard = action == Action::Connect && self.situation.identity == Identity::Device;
        groups.add(action.as_str(), resources, guard);
    }

    /// Administrative actions of the spelled-out patterns: reads stay where they are narrow, else on the device's own
    /// thing, unless all are forbidden; the others go.
    fn administrative(&mut self, statement: &Statement, touched: &Clause<ActionPattern>, groups: &mut Groups) {
        let Some(standard) = self.standard else { return };
        let mut gone = BTreeSet::new();
        for (operation, class, kind) in catalog() {
            let name = full_name(operation);
            if !touched.contains(&name) {
                continue;
            }
            if class != ActionClass::ThingAdminRead || standard.forbids_reads {
                gone.extend(statement.actions().listed().iter().filter(|pattern| pattern.matches(&name)));
                continue;
            }
            let own =
                format!("{}{}", self.situation.scope.head(ResourceType::Thing), self.situation.identity.own_name());
            let narrow: Vec<String> = match statement.resources() {
                Clause::Only(patterns) => patterns
                    .iter()
                    .filter(|pattern| {
                        is_broad_read(pattern) || kind.is_some_and(|k| Shape::of(pattern).rest_of(k).is_some())
                    })
                    .map(|pattern| if is_broad_read(pattern) { own.clone() } else { pattern.as_str().to_owned() })
                    .collect(),
                Clause::AllBut(_) => vec![own],
            };
            groups.add(&name, narrow, false);
        }
        for pattern in gone {
            let from = format!("administrative actions of `{pattern}`");
            self.changes.push(change(statement, pattern.as_str(), Some(&from), Vec::new()));
        }
    }

    fn finish(mut self, old: &Document) -> Repair {
        let mut new = match draft::document(&self.drafts, old, LanguageVersion::V2012) {
            Ok(new) => new,
            Err(TooLong(found)) => return too_long(found),
        };
        let missing = lost(old, &new, self.situation);
        if !missing.is_empty() {
            let kept_drafts = self.drafts.len();
            self.add_usage(&missing, false);
            new = match draft::document(&self.drafts, old, LanguageVersion::V2012) {
                Ok(new) => new,
                Err(_) => {
                    self.drafts.truncate(kept_drafts);
                    self.add_usage(&missing, true);
                    match draft::document(&self.drafts, old, LanguageVersion::V2012) {
                        Ok(new) => new,
                        Err(TooLong(found)) => return too_long(found),
                    }
                }
            };
        }
        if let Some(complaint) = complaints(&new, self.standard) {
            return Repair::NotDerivable(complaint);
        }
        if let Some(usage) = lost(old, &new, self.situation).first() {
            let Usage { thing, action, resource } = usage;
            return Repair::NotDerivable(format!(
                "thing `{thing}` needs {action} on `{resource}`, which it would lose"
            ));
        }
        self.describe();
        Repair::Proposed(Proposal { document: new, changes: self.changes, notes: self.notes })
    }

    /// Grants what is known to be needed. `by_first_level` gathers fixed topics below a common first level.
    fn add_usage(&mut self, missing: &[Usage<'_>], by_first_level: bool) {
        let identity = self.situation.identity;
        self.changes.retain(|change| change.statement.is_some());
        let mut groups = Groups::default();
        for usage in missing {
            let Some(kind) = usage.action.resource_type() else {
                groups.add(usage.action.as_str(), vec!["*".to_owned()], false);
                continue;
            };
            let mut name = usage.template(identity);
            if let (true, Some((first, _))) = (by_first_level, name.split_once('/'))
                && !first.is_empty()
                && !first.contains(['$', '+', '#'])
            {
                name = format!("{first}/*");
            }
            let resource = format!("{}{name}", self.situation.scope.head(kind));
            let guard = usage.action == Action::Connect && identity == Identity::Device;
            groups.add(usage.action.as_str(), vec![resource], guard);
        }
        for (action, resources) in groups.iter() {
            let to = resources.to_vec();
            self.changes.push(Change { statement: None, action: action.to_owned(), from: None, to });
        }
        let base = Draft {
            sid: None,
            effect: Effect::Allow,
            actions: Clause::Only(Vec::new()),
            resources: Clause::Only(Vec::new()),
            conditions: serde_json::Map::new(),
        };
        self.drafts.extend(groups.into_drafts(&base));
    }

    /// Says what the reader of the proposal could not guess.
    fn describe(&mut self) {
        let own = self.situation.identity.own_name();
        let replaced = |action: &'static str| {
            let changes = self.changes.iter().filter(move |change| change.action == action);
            changes.filter_map(|change| Some((change.from.as_deref()?, change.to.as_slice())))
        };
        let any_topic = replaced("iot:Publish").any(|(_, to)| to.len() > 1);
        let mut notes = Vec::new();
        if any_topic && self.situation.usage.is_empty() {
            notes.push(format!(
                "topics outside `$aws/things/{own}/` and `{own}/` are no longer granted; say what the devices use to \
                 keep it"
            ));
        }
        if replaced("iot:Subscribe").any(|(from, _)| from.contains(['+', '#'])) {
            let note = "a filter with `+` or `#` that covers other devices is refused: subscribe to the thing's own \
                        topics instead";
            notes.push(note.to_owned());
        }
        if self.situation.identity == Identity::Device && replaced("iot:Connect").next().is_some() {
            let note = "connecting takes a client id that is the name of a thing to which the certificate is attached";
            notes.push(note.to_owned());
        }
        if self.changes.iter().any(|change| change.to.is_empty()) {
            notes.push("grants that nothing is known to use are gone".to_owned());
        }
        self.notes = notes;
    }
}

struct Split {
    touched: Clause<ActionPattern>,
    kept: Vec<String>,
    dropped: Vec<String>,
}

fn lists_nothing(clause: &Clause<ActionPattern>) -> bool {
    matches!(clause, Clause::Only(listed) if listed.is_empty())
}

fn is_broad_read(pattern: &Pattern) -> bool {
    crate::policy::administrative::takes_in_all_things(&Shape::of(pattern))
}

fn change(statement: &Statement, action: &str, from: Option<&str>, to: Vec<String>) -> Change {
    Change { statement: Some(statement.reference(0)), action: action.to_owned(), from: from.map(str::to_owned), to }
}

fn too_long(found: usize) -> Repair {
    Repair::NotDerivable(format!(
        "the least-privilege document would have {found} characters, more than the 2048 allowed"
    ))
}

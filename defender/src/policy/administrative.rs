//! Administrative actions that a role grants (3.7): for C-06, C-07 and C-10.
//!
//! The audit asks which of three classes of `iot:` actions a role's documents reach. Writing and everything that is
//! not about things is wrong even on one resource (P-32); reading is, for most roles, wrong only when broad (P-33).

use serde::Serialize;

use super::action::{Action, ResourceType};
use super::broad::{is_cancelled, is_catch_all};
use super::document::{Clause, Document, Effect, Statement, StatementRef};
use super::operations::API_OPERATIONS;
use super::pattern::Pattern;
use super::resource::Shape;

/// The classes of `iot:` actions (3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum ActionClass {
    /// Changes things or lists them: `iot:UpdateThing`.
    ThingAdminWrite,
    /// Reads about a thing: `iot:DescribeThing`.
    ThingAdminRead,
    /// What devices do: `iot:Publish`.
    DataPlane,
    /// Every other operation of the API: policies, certificates, rules, jobs.
    NonThingAdmin,
}

/// The class of an `iot:` action by its full name in any case; none for a name that is not known (CH-10).
pub fn class_of(name: &str) -> Option<ActionClass> {
    let found = catalog().find(|(listed, ..)| is_action(listed, name));
    found.map(|(_, class, _)| class).or_else(|| name.parse::<Action>().ok().map(|_| ActionClass::DataPlane))
}

/// One administrative action that a statement grants on one resource pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdministrativeGrant {
    /// The operation's name without `iot:`.
    pub operation: &'static str,
    /// Its class; never the data plane.
    pub class: ActionClass,
    /// The statement that grants it.
    pub statement: StatementRef,
    /// The resource pattern as written; for `NotResource`, all its patterns, separated by commas.
    pub resource: String,
    /// Whether the resource is `*` or all things (P-33).
    pub broad: bool,
}

/// What a role's documents grant beyond the data plane; each list by document, statement, operation, resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdministrativeGrants {
    /// Thing-admin write actions.
    pub thing_admin_write: Vec<AdministrativeGrant>,
    /// Thing-admin read actions, broad or not.
    pub thing_admin_read: Vec<AdministrativeGrant>,
    /// Everything that is not about things.
    pub non_thing_admin: Vec<AdministrativeGrant>,
}

impl AdministrativeGrants {
    /// The reads that P-33 calls broad.
    pub fn broad_thing_admin_read(&self) -> impl Iterator<Item = &AdministrativeGrant> {
        self.thing_admin_read.iter().filter(|grant| grant.broad)
    }

    /// All grants: writes, reads, the others.
    pub fn iter(&self) -> impl Iterator<Item = &AdministrativeGrant> {
        self.thing_admin_write.iter().chain(&self.thing_admin_read).chain(&self.non_thing_admin)
    }

    /// Whether nothing administrative is granted at all.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

/// The administrative actions that some documents grant, after the denies of each document (P-32 to P-35).
pub fn administrative<D>(documents: D) -> AdministrativeGrants
where
    D: IntoIterator,
    D::Item: AsRef<Document>,
{
    let mut grants = AdministrativeGrants::default();
    for (index, document) in documents.into_iter().enumerate() {
        let document = document.as_ref();
        for statement in document.statements().iter().filter(|statement| statement.effect() == Effect::Allow) {
            let reached = catalog().filter(|(operation, ..)| statement.actions().contains(&full_name(operation)));
            for (operation, class, kind) in reached {
                let list = match class {
                    ActionClass::ThingAdminWrite => &mut grants.thing_admin_write,
                    ActionClass::ThingAdminRead => &mut grants.thing_admin_read,
                    ActionClass::NonThingAdmin => &mut grants.non_thing_admin,
                    ActionClass::DataPlane => continue,
                };
                let granted = granted_resources(document, statement, operation, kind);
                list.extend(granted.into_iter().map(|(resource, broad)| AdministrativeGrant {
                    operation,
                    class,
                    statement: statement.reference(index),
                    resource,
                    broad,
                }));
            }
        }
    }
    grants
}

/// A sentence for a finding about some grants, for example
/// `Policy allows access to IoT thing administrative write actions: [iot:UpdateThing].` Long lists are cut short.
pub fn message<'g>(class: ActionClass, grants: impl IntoIterator<Item = &'g AdministrativeGrant>) -> String {
    const SHOWN: usize = 10;
    let mut names: Vec<&str> = grants.into_iter().map(|grant| grant.operation).collect();
    names.sort_unstable();
    names.dedup();
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| full_name(name)).collect();
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let subject = match class {
        ActionClass::ThingAdminWrite => "access to IoT thing administrative write actions",
        ActionClass::ThingAdminRead => "access to IoT thing administrative read actions",
        ActionClass::DataPlane => "access to IoT data plane actions",
        ActionClass::NonThingAdmin => "access to IoT non-thing administrative actions",
    };
    format!("Policy allows {subject}: [{}{more}].", shown.join(", "))
}

/// The patterns by which a statement grants an operation, each with whether it is broad.
fn granted_resources(
    document: &Document,
    statement: &Statement,
    operation: &str,
    kind: Option<ResourceType>,
) -> Vec<(String, bool)> {
    let name = full_name(operation);
    match statement.resources() {
        Clause::Only(patterns) => {
            let shaped = patterns.iter().map(|pattern| (pattern, Shape::of(pattern)));
            let kept = shaped.filter(|(pattern, shape)| {
                *shape != Shape::Nothing && !is_cancelled(document, &name, kind, Some(pattern))
            });
            kept.map(|(pattern, shape)| (pattern.as_str().to_owned(), takes_in_all_things(&shape))).collect()
        }
        Clause::AllBut(patterns) => {
            if patterns.iter().any(Pattern::is_catch_all) || is_cancelled(document, &name, kind, None) {
                return Vec::new();
            }
            let listed: Vec<&str> = patterns.iter().map(Pattern::as_str).collect();
            let excludes_things = patterns.iter().any(|pattern| is_catch_all(pattern, Some(ResourceType::Thing)));
            vec![(listed.join(", "), !excludes_things)]
        }
    }
}

/// `*`, or all things by a wildcard with nothing before it (P-33).
pub(crate) fn takes_in_all_things(shape: &Shape) -> bool {
    *shape == Shape::EveryType
        || shape.rest_of(ResourceType::Thing).is_some_and(|rest| rest.is_wild() && rest.literal_prefix().is_empty())
}

/// Thing-admin write operations (3.7), with the type whose catch-all stands for all their resources, if there is one.
const THING_ADMIN_WRITE: [(&str, Option<ResourceType>); 11] = [
    ("AddThingToThingGroup", Some(ResourceType::Thing)),
    ("AttachThingPrincipal", None),
    ("CreateThing", Some(ResourceType::Thing)),
    ("DeleteThing", Some(ResourceType::Thing)),
    ("DetachThingPrincipal", None),
    ("ListThings", None),
    ("ListThingsInThingGroup", None),
    ("RegisterThing", None),
    ("RemoveThingFromThingGroup", Some(ResourceType::Thing)),
    ("UpdateThing", Some(ResourceType::Thing)),
    ("UpdateThingGroupsForThing", Some(ResourceType::Thing)),
];

/// Thing-admin read operations (3.7); they all apply to things.
const THING_ADMIN_READ: [&str; 4] =
    ["DescribeThing", "ListJobExecutionsForThing", "ListThingGroupsForThing", "ListThingPrincipals"];

/// Every administrative operation with its class and resource type: writes, reads, then the rest of the API.
pub(crate) fn catalog() -> impl Iterator<Item = (&'static str, ActionClass, Option<ResourceType>)> {
    let writes = THING_ADMIN_WRITE.into_iter().map(|(name, kind)| (name, ActionClass::ThingAdminWrite, kind));
    let reads = THING_ADMIN_READ.into_iter().map(|name| (name, ActionClass::ThingAdminRead, Some(ResourceType::Thing)));
    let others = API_OPERATIONS.into_iter().filter(|name| {
        !THING_ADMIN_WRITE.iter().any(|(write, _)| write == name)
            && !THING_ADMIN_READ.contains(name)
            && !Action::ALL.iter().any(|action| is_action(name, action.as_str()))
    });
    writes.chain(reads).chain(others.map(|name| (name, ActionClass::NonThingAdmin, None)))
}

/// The name as it stands in a policy.
pub(crate) fn full_name(operation: &str) -> String {
    format!("iot:{operation}")
}

/// Whether a full action name names an operation.
fn is_action(operation: &str, name: &str) -> bool {
    name.split_once(':')
        .is_some_and(|(service, action)| service.eq_ignore_ascii_case("iot") && action.eq_ignore_ascii_case(operation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p34_every_api_operation_has_one_class() {
        let names: Vec<&str> = catalog().map(|(name, ..)| name).collect();
        let mut distinct = names.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(names.len(), distinct.len());
        assert!(THING_ADMIN_WRITE.iter().all(|(name, _)| API_OPERATIONS.contains(name)));
        assert!(THING_ADMIN_READ.iter().all(|name| API_OPERATIONS.contains(name)));
        assert!(API_OPERATIONS.len() >= 270 && API_OPERATIONS.is_sorted());
    }

    #[test]
    fn p34_classes_by_name() {
        for (name, class) in [
            ("iot:ListThings", Some(ActionClass::ThingAdminWrite)),
            ("IOT:describething", Some(ActionClass::ThingAdminRead)),
            ("iot:DescribeJobExecution", Some(ActionClass::DataPlane)),
            ("iot:CreatePolicyVersion", Some(ActionClass::NonThingAdmin)),
            ("iot:Frobnicate", None),
            ("s3:UpdateThing", None),
        ] {
            assert_eq!(class_of(name), class, "{name}");
        }
    }
}

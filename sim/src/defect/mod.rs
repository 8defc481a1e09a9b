//! Posture defects: what audits exist for, seeded at the start or introduced while the run goes on. One file each, one
//! line in [`REGISTRY`].

mod authenticated_cognito_role;
mod cognito;
mod conflicting_client_ids;
mod expiring_authority;
mod expiring_certificates;
mod guest_cognito_role;
mod intermediate_authority_revoked;
mod logging_disabled;
mod misconfigured_policy;
mod old_certificates;
mod over_permissive_policy;
mod over_permissive_role_alias;
mod revoked_authority;
mod revoked_device_certificate;
mod role;
mod shared_certificate;
mod shared_cognito_identity;
mod unused_services_role_alias;
mod weak_authority_key;
mod weak_device_key;

use std::sync::Arc;

use crate::alteration::Alter;
use crate::disturbance::Disturb;
use crate::scenario::fields::{Fields, OneOrMore};
use crate::scenario::source::Placed;
use crate::scenario::{Amount, Scenario, SelectorDraft};

pub(crate) use expiring_certificates::{NOTICE as EXPIRY_NOTICE, OUTAGE};
pub(crate) use logging_disabled::{logs, switch_logging};
pub(crate) use over_permissive_policy::EVERYTHING;
pub(crate) use revoked_authority::revoke as revoke_authority;
pub(crate) use revoked_device_certificate::revoke as revoke_certificates;

/// A posture defect with its parameters.
pub trait Defect: Alter {
    /// The registry name.
    fn kind(&self) -> &'static str;

    /// The audit checks that should find it, by AWS name.
    fn checks(&self) -> &'static [&'static str];

    /// The devices that it is seeded on, where there are any.
    fn targets(&self) -> Option<&Targets> {
        None
    }

    /// What stays as the scenario has it, and is wrong by itself.
    fn declares(&self) -> Option<Declared<'_>> {
        None
    }

    /// Why it would be none in this scenario, if so.
    fn is_void(&self, _scenario: &Scenario, _seeded: bool) -> Option<String> {
        None
    }

    /// Unit of its harm; empty if it has none that is counted.
    fn harm_unit(&self) -> &'static str {
        ""
    }

    /// What it makes its devices do, innocently.
    fn disturbance(&self) -> Option<Arc<dyn Disturb>> {
        None
    }
}

/// Something that the scenario itself holds, and that a defect says is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declared<'a> {
    /// This policy.
    Policy(&'a str),
    /// Logging.
    Logging,
    /// The certificates of this cohort.
    Cohort(&'a str),
    /// The certificate of this authority.
    Authority(&'a str),
}

/// Whom a defect is seeded on.
pub struct Targets(pub(crate) SelectorDraft);

impl std::fmt::Debug for Targets {
    /// Which they are is decided when the scenario is resolved.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Targets")
    }
}

impl Targets {
    /// Reads `class`, `cohort` and `count`; ten devices unless given.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Targets {
        Targets::or(fields, 10)
    }

    /// The same with another number.
    pub(crate) fn or(fields: &mut Fields<'_>, count: u32) -> Targets {
        let cohorts = fields.or("cohort", OneOrMore(Vec::new()), "certificate cohorts, by name; all unless given").0;
        Targets::some(fields, cohorts, count, "how many devices")
    }

    /// Only `class` and `count`.
    pub(crate) fn of_classes(fields: &mut Fields<'_>, doc: &'static str) -> Targets {
        Targets::some(fields, Vec::new(), 10, doc)
    }

    fn some(fields: &mut Fields<'_>, cohorts: Vec<Placed<String>>, count: u32, doc: &'static str) -> Targets {
        let place = fields.table_place();
        Targets(SelectorDraft {
            classes: fields.or("class", OneOrMore(Vec::new()), "classes, by name; all unless given").0,
            cohorts,
            groups: Vec::new(),
            networks: Vec::new(),
            amount: Amount::Count(fields.or("count", Placed { value: count, place: place.clone() }, doc)),
            place,
        })
    }
}

/// An entry of the registry.
#[derive(Debug)]
pub struct Entry {
    /// The name in scenario files: `[defect.NAME]`.
    pub name: &'static str,
    /// One sentence for the reference page.
    pub summary: &'static str,
    /// Parameters as a scenario would write them, one inline table each.
    pub examples: &'static [&'static str],
    /// Reads the parameters; problems go to `fields`, which then make the loader fail.
    pub read: fn(&mut Fields<'_>) -> Arc<dyn Defect>,
}

/// All defects, by name.
pub const REGISTRY: &[Entry] = &[
    authenticated_cognito_role::ENTRY,
    conflicting_client_ids::ENTRY,
    expiring_authority::ENTRY,
    expiring_certificates::ENTRY,
    guest_cognito_role::ENTRY,
    intermediate_authority_revoked::ENTRY,
    logging_disabled::ENTRY,
    misconfigured_policy::ENTRY,
    old_certificates::ENTRY,
    over_permissive_policy::ENTRY,
    over_permissive_role_alias::ENTRY,
    revoked_authority::ENTRY,
    revoked_device_certificate::ENTRY,
    shared_certificate::ENTRY,
    shared_cognito_identity::ENTRY,
    unused_services_role_alias::ENTRY,
    weak_authority_key::ENTRY,
    weak_device_key::ENTRY,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use defender::audit::AuditCheck;
    use defender::error::Compatibility;

    use super::*;
    use crate::disturbance::testing::{is_current, read_inline, section};

    #[test]
    fn the_registry_is_sorted_and_has_a_defect_for_every_check() {
        assert!(REGISTRY.is_sorted_by(|a, b| a.name < b.name));
        let defects = REGISTRY.iter().map(|entry| read_inline(entry.examples[0], entry.read));
        let found: BTreeSet<&str> = defects.flat_map(|defect| defect.checks()).copied().collect();
        let known: BTreeSet<&str> = AuditCheck::known(Compatibility::Lenient).map(AuditCheck::name).collect();
        assert_eq!(found, known);
    }

    /// `docs/defects.md` is made from the registry.
    #[test]
    fn reference_is_current() {
        let mut page = "# Posture defects\n\nWhat audits exist for. Each is a table in a `[[defect]]` of a scenario, \
                        beside `name` and `start` (from the beginning unless given). The ledger of truth knows where \
                        each of them is and when it was mended, by whatever road.\n\n\
                        This page is generated from the registry: `UPDATE_DOCS=1 cargo test -p fleetrange-sim --lib \
                        reference`.\n"
            .to_owned();
        for entry in REGISTRY {
            let defect = read_inline(entry.examples[0], entry.read);
            let facts = [("found by", defect.checks().join(", ")), ("harm", defect.harm_unit().to_owned())];
            let keys = Fields::describe(entry.read);
            page += &section(entry.name, entry.summary, &facts, entry.examples, keys);
        }
        is_current("defects.md", &page);
    }
}

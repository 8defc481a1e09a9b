//! ADD_THINGS_TO_THING_GROUP: things join static groups and stay in their others (M-12, M-13, X-12).

use std::sync::Arc;

use super::{Action, Failure, Parameters, Reach, Scene, Subject, Undo, all_or_first, certificates};
use crate::error::ServiceError;
use crate::ids::ThingId;
use crate::mitigation::wire::MitigationActionParams;
use crate::request::text;
use crate::time::Timestamp;

#[derive(Debug)]
struct AddThingsToThingGroup {
    groups: Vec<String>,
    override_dynamic_groups: bool,
}

pub(super) fn read(params: &MitigationActionParams) -> Parameters {
    let given = params.add_things_to_thing_group_params.as_ref()?;
    let groups = given.thing_group_names.clone();
    let checked = names_are_valid(&groups).map(|()| {
        let override_dynamic_groups = given.override_dynamic_groups.unwrap_or(false);
        Arc::new(AddThingsToThingGroup { groups, override_dynamic_groups }) as Arc<dyn Action>
    });
    Some(checked)
}

fn names_are_valid(names: &[String]) -> Result<(), ServiceError> {
    if !(1..=10).contains(&names.len()) {
        return Err(ServiceError::invalid(format!("thingGroupNames takes 1..=10 names, found `{}`", names.len())));
    }
    names.iter().try_for_each(|name| text::NAME.check("thingGroupNames", name))
}

impl Action for AddThingsToThingGroup {
    /// Every thing is tried with every group, in list order; additions already made stay (M-13).
    fn apply(&self, now: Timestamp, subject: Subject<'_>, scene: &mut Scene<'_>) -> Result<(), Failure> {
        if matches!(subject, Subject::Finding { .. }) {
            scene.need("iot:ListPrincipalThings")?;
        }
        scene.need("iot:AddThingToThingGroup")?;
        let things = things(subject, scene)?;
        let mut failures = Vec::new();
        for &thing in &things {
            for name in &self.groups {
                failures.extend(self.add(now, thing, name, scene).err());
            }
        }
        all_or_first(failures, things.len() * self.groups.len())
    }

    fn thing_groups(&self) -> &[String] {
        &self.groups
    }
}

impl AddThingsToThingGroup {
    fn add(&self, now: Timestamp, thing: ThingId, name: &str, scene: &mut Scene<'_>) -> Result<(), Failure> {
        let account = &mut *scene.account;
        let missing = || Failure::not_found(format!("thing group `{name}` does not exist"));
        let group = account.thing_group(name).ok_or_else(missing)?;
        let was_member = account.is_thing_in_group(thing, group, false);
        account.add_thing_to_thing_group(now, thing, group, self.override_dynamic_groups)?;
        if !was_member {
            scene.undo.push(Undo::Membership { thing, group });
        }
        Ok(())
    }
}

/// The things of the finding's certificates, or the violating thing.
fn things(subject: Subject<'_>, scene: &Scene<'_>) -> Result<Vec<ThingId>, Failure> {
    if let Subject::Violation { thing_name } = subject {
        let thing = scene.account.thing(thing_name);
        return thing.map(|thing| vec![thing]).ok_or_else(|| {
            Failure::not_found(format!("`{thing_name}` is not a registered thing, so it can be in no group"))
        });
    }
    let certificates = certificates(&subject.finding()?, scene.account, Reach::InScopeThenOrNow)?;
    let mut things: Vec<ThingId> =
        certificates.into_iter().flat_map(|certificate| scene.account.things_of_certificate(certificate)).collect();
    things.sort_unstable();
    things.dedup();
    if things.is_empty() {
        return Err(Failure::not_found("no thing is attached to the certificate"));
    }
    Ok(things)
}

//! Static thing groups, their hierarchy, and membership (V-05 … V-08, V-11).

use std::collections::BTreeMap;

use crate::error::ServiceError;
use crate::ids::{ThingGroupId, ThingId};
use crate::time::Timestamp;

use super::dynamic_group::DynamicQuery;
use super::id_set::{IdList, IdSet};
use super::thing::expect_version;
use super::{Account, Change, PolicyTarget};
use crate::request::text;

/// Groups that may contain one thing (V-07).
pub const GROUPS_PER_THING_MAX: usize = 10;
/// Levels of a hierarchy, the root included (V-06).
const DEPTH_MAX: u8 = 7;
/// Direct children of one group (V-06).
const CHILDREN_MAX: usize = 100;

/// What a group says about itself (`thingGroupProperties`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThingGroupProperties {
    /// At most 2028 characters.
    pub description: String,
    /// Attributes of the group itself, not of its things.
    pub attributes: BTreeMap<String, String>,
}

/// A static or dynamic thing group.
#[derive(Clone, Debug)]
pub struct ThingGroup {
    pub(crate) name: String,
    pub(crate) parent: Option<ThingGroupId>,
    pub(crate) root: ThingGroupId,
    pub(crate) depth: u8,
    pub(crate) children: Vec<ThingGroupId>,
    pub(crate) properties: ThingGroupProperties,
    pub(crate) version: u32,
    pub(crate) created: Timestamp,
    pub(crate) deleted: bool,
    pub(crate) members: IdSet,
    /// Attached policies in the order of attachment.
    pub(crate) policies: IdList,
    pub(crate) query: Option<DynamicQuery>,
}

impl ThingGroup {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The direct parent.
    pub fn parent(&self) -> Option<ThingGroupId> {
        self.parent
    }

    /// The group at the top of its hierarchy: itself if it has no parent (CH-04).
    pub fn root(&self) -> ThingGroupId {
        self.root
    }

    /// The direct children in the order of creation.
    pub fn children(&self) -> &[ThingGroupId] {
        &self.children
    }

    /// Description and attributes.
    pub fn properties(&self) -> &ThingGroupProperties {
        &self.properties
    }

    /// 1 at creation, one more with each update.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// When it was created.
    pub fn creation_date(&self) -> Timestamp {
        self.created
    }

    /// Whether a query decides who is in it (V-09).
    pub fn is_dynamic(&self) -> bool {
        self.query.is_some()
    }

    /// The query of a dynamic group, as it was written.
    pub fn query_string(&self) -> Option<&str> {
        self.query.as_ref().map(|query| query.text())
    }
}

/// All groups. A deleted group's id is not given out again.
#[derive(Clone, Debug, Default)]
pub(crate) struct ThingGroups {
    pub(crate) rows: Vec<ThingGroup>,
    pub(crate) of_name: BTreeMap<String, ThingGroupId>,
    /// Living dynamic groups, oldest first.
    pub(crate) dynamic: Vec<ThingGroupId>,
}

impl ThingGroups {
    pub(crate) fn get(&self, group: ThingGroupId) -> Option<&ThingGroup> {
        self.rows.get(group.index()).filter(|row| !row.deleted)
    }

    pub(crate) fn remove_member(&mut self, group: u32, thing: ThingId) {
        self.rows[group as usize].members.remove(thing.0);
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.rows.capacity() * size_of::<ThingGroup>()
            + self.rows.iter().map(|row| row.members.heap_bytes() + 2 * row.name.len()).sum::<usize>()
    }
}

impl Account {
    /// Creates a static group, under a parent or as a root (V-05). The same group again is the group that is there.
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad name, a missing or dynamic parent, an eighth level or a 101st child (V-06);
    /// `ResourceAlreadyExistsException` for a taken name.
    pub fn create_thing_group(
        &mut self,
        now: Timestamp,
        name: &str,
        parent: Option<&str>,
    ) -> Result<ThingGroupId, ServiceError> {
        self.create_thing_group_with(now, name, parent, ThingGroupProperties::default())
    }

    /// As [`Account::create_thing_group`], with a description and attributes of the group.
    ///
    /// # Errors
    /// As there; `InvalidRequestException` for properties that break their patterns.
    pub fn create_thing_group_with(
        &mut self,
        now: Timestamp,
        name: &str,
        parent: Option<&str>,
        properties: ThingGroupProperties,
    ) -> Result<ThingGroupId, ServiceError> {
        text::NAME.check("thing group name", name)?;
        check_properties(&properties)?;
        let parent = match parent {
            None => None,
            Some(parent) => {
                Some(self.thing_group(parent).ok_or_else(|| ServiceError::not_found("parent thing group", parent))?)
            }
        };
        if let Some(existing) = self.thing_group(name) {
            let row = &self.groups.rows[existing.index()];
            if row.query.is_none() && row.parent == parent && row.properties == properties {
                return Ok(existing);
            }
            return Err(ServiceError::already_exists("thing group", name, self.arn(format!("thinggroup/{name}"))));
        }
        let depth = parent.map_or(Ok(1), |parent| self.depth_below(parent))?;
        let group = self.add_group_row(now, name, parent, depth, properties, None);
        self.journal.note(Change::ThingGroupCreated(group));
        Ok(group)
    }

    /// Changes description and attributes of a static group (it cannot be renamed or moved); its version grows.
    ///
    /// # Errors
    /// `ResourceNotFoundException`, `VersionConflictException`, `InvalidRequestException` for a dynamic group.
    pub fn update_thing_group(
        &mut self,
        _now: Timestamp,
        group: ThingGroupId,
        properties: ThingGroupProperties,
        expected_version: Option<u32>,
    ) -> Result<u32, ServiceError> {
        check_properties(&properties)?;
        let row = self.group_row(group)?;
        if row.is_dynamic() {
            return Err(ServiceError::invalid(format!("thing group `{}` is dynamic", row.name)));
        }
        expect_version(expected_version, row.version)?;
        let row = &mut self.groups.rows[group.index()];
        row.properties = properties;
        row.version += 1;
        Ok(row.version)
    }

    /// Deletes a static group; success if there is none of that name. Its things and policies are let go.
    ///
    /// # Errors
    /// `InvalidRequestException` while it has children (V-06) or if it is dynamic, `VersionConflictException`.
    pub fn delete_thing_group(
        &mut self,
        _now: Timestamp,
        name: &str,
        expected_version: Option<u32>,
    ) -> Result<(), ServiceError> {
        let Some(group) = self.thing_group(name) else { return Ok(()) };
        let row = &self.groups.rows[group.index()];
        if row.is_dynamic() {
            return Err(ServiceError::invalid(format!("thing group `{name}` is dynamic")));
        }
        expect_version(expected_version, row.version)?;
        if !row.children.is_empty() {
            let children = row.children.len();
            return Err(ServiceError::invalid(format!("thing group `{name}` has {children} child groups")));
        }
        for policy in row.policies.as_slice().to_vec() {
            self.policies.rows[policy as usize].groups.remove(group.0);
        }
        self.remove_group_row(group);
        Ok(())
    }

    /// Puts a thing into a static group (V-07, V-11). Success if it is there already.
    ///
    /// # Errors
    /// `ResourceNotFoundException` for an unknown thing or group; `InvalidRequestException` for a dynamic group, for a
    /// second group of one hierarchy, and for an eleventh group, unless `override_dynamic_groups` is set and a dynamic
    /// group can give way: the most recently created one does.
    pub fn add_thing_to_thing_group(
        &mut self,
        _now: Timestamp,
        thing: ThingId,
        group: ThingGroupId,
        override_dynamic_groups: bool,
    ) -> Result<(), ServiceError> {
        let row = self.thing_row(thing)?;
        let wanted = self.group_row(group)?;
        if wanted.is_dynamic() {
            let name = &wanted.name;
            return Err(ServiceError::invalid(format!(
                "thing group `{name}` is dynamic; its query decides who is in it"
            )));
        }
        let groups = row.groups.as_slice();
        if groups.contains(&group.0) {
            return Ok(());
        }
        if let Some(&other) = groups.iter().find(|&&other| self.groups.rows[other as usize].root == wanted.root) {
            return Err(ServiceError::invalid(format!(
                "thing `{}` is in `{}`, which belongs to the same hierarchy as `{}`",
                self.thing_name(thing),
                self.groups.rows[other as usize].name,
                wanted.name
            )));
        }
        if groups.len() >= GROUPS_PER_THING_MAX {
            let last_dynamic = groups.iter().copied().rfind(|&other| self.groups.rows[other as usize].is_dynamic());
            match last_dynamic.filter(|_| override_dynamic_groups) {
                Some(other) => self.leave(thing, ThingGroupId(other)),
                None => {
                    return Err(ServiceError::invalid(format!(
                        "thing `{}` is in {GROUPS_PER_THING_MAX} groups, the most allowed",
                        self.thing_name(thing)
                    )));
                }
            }
        }
        self.join(thing, group);
        self.journal.note(Change::ThingGroups(thing));
        self.refresh_dynamic_groups_of(thing);
        Ok(())
    }

    /// Takes a thing out of a static group. Success if it is not there.
    ///
    /// # Errors
    /// `ResourceNotFoundException` for an unknown thing or group, `InvalidRequestException` for a dynamic group.
    pub fn remove_thing_from_thing_group(
        &mut self,
        _now: Timestamp,
        thing: ThingId,
        group: ThingGroupId,
    ) -> Result<(), ServiceError> {
        self.thing_row(thing)?;
        let row = self.group_row(group)?;
        if row.is_dynamic() {
            let name = &row.name;
            return Err(ServiceError::invalid(format!(
                "thing group `{name}` is dynamic; its query decides who is in it"
            )));
        }
        if row.members.contains(thing.0) {
            self.leave(thing, group);
            self.journal.note(Change::ThingGroups(thing));
            self.refresh_dynamic_groups_of(thing);
        }
        Ok(())
    }

    /// Takes a thing out of some groups and puts it into others.
    ///
    /// # Errors
    /// As the two operations it is made of. It stops at the first error; what was done before stays done.
    pub fn update_thing_groups_for_thing(
        &mut self,
        now: Timestamp,
        thing: ThingId,
        add: &[ThingGroupId],
        remove: &[ThingGroupId],
        override_dynamic_groups: bool,
    ) -> Result<(), ServiceError> {
        for &group in remove {
            self.remove_thing_from_thing_group(now, thing, group)?;
        }
        add.iter().try_for_each(|&group| self.add_thing_to_thing_group(now, thing, group, override_dynamic_groups))
    }

    /// The living group of a name, static or dynamic.
    pub fn thing_group(&self, name: &str) -> Option<ThingGroupId> {
        self.groups.of_name.get(name).copied()
    }

    /// A living group.
    pub fn describe_thing_group(&self, group: ThingGroupId) -> Option<&ThingGroup> {
        self.groups.get(group)
    }

    /// The name of a group; a deleted group keeps answering to it.
    ///
    /// # Panics
    /// If the id was not handed out by this account.
    pub fn thing_group_name(&self, group: ThingGroupId) -> &str {
        &self.groups.rows[group.index()].name
    }

    /// The living groups in the order of creation.
    pub fn thing_groups(&self) -> impl Iterator<Item = ThingGroupId> + '_ {
        let rows = self.groups.rows.iter().enumerate();
        rows.filter(|(_, row)| !row.deleted).map(|(at, _)| ThingGroupId(at as u32))
    }

    /// The groups that directly contain a thing, oldest group first.
    pub fn groups_of_thing(&self, thing: ThingId) -> impl Iterator<Item = ThingGroupId> + '_ {
        let packed = self.things.get(thing).map_or(&[][..], |row| row.groups.as_slice());
        packed.iter().map(|&group| ThingGroupId(group))
    }

    /// Whether a thing is in a group or, if `recursive`, in one of its descendants.
    pub fn is_thing_in_group(&self, thing: ThingId, group: ThingGroupId, recursive: bool) -> bool {
        self.groups_of_thing(thing)
            .any(|own| own == group || (recursive && self.ancestors(own).any(|ancestor| ancestor == group)))
    }

    /// The things of a group, and if `recursive` of its descendants too: ascending, each once.
    pub fn things_in_group(&self, group: ThingGroupId, recursive: bool) -> Vec<ThingId> {
        let Some(row) = self.groups.get(group) else { return Vec::new() };
        let mut things: Vec<ThingId> = row.members.iter().map(ThingId).collect();
        if recursive && !row.children.is_empty() {
            // A thing is never in two groups of one hierarchy, so the members of the descendants are disjoint.
            for descendant in self.descendants(group) {
                things.extend(self.groups.rows[descendant.index()].members.iter().map(ThingId));
            }
            things.sort_unstable();
        }
        things
    }

    /// How many things are directly in a group.
    pub fn group_size(&self, group: ThingGroupId) -> usize {
        self.groups.get(group).map_or(0, |row| row.members.len())
    }

    /// The ancestors of a group, parent first.
    pub fn ancestors(&self, group: ThingGroupId) -> impl Iterator<Item = ThingGroupId> + '_ {
        let parent = |group: ThingGroupId| self.groups.rows.get(group.index()).and_then(|row| row.parent);
        std::iter::successors(parent(group), move |&group| parent(group))
    }

    /// All descendants of a group, without itself: children in order, each followed by its own descendants.
    pub fn descendants(&self, group: ThingGroupId) -> Vec<ThingGroupId> {
        let mut found = Vec::new();
        let mut open: Vec<ThingGroupId> = self.groups.get(group).map_or_else(Vec::new, |row| row.children.clone());
        open.reverse();
        while let Some(next) = open.pop() {
            found.push(next);
            open.extend(self.groups.rows[next.index()].children.iter().rev());
        }
        found
    }

    pub(crate) fn group_row(&self, group: ThingGroupId) -> Result<&ThingGroup, ServiceError> {
        self.groups.get(group).ok_or_else(|| match self.groups.rows.get(group.index()) {
            Some(row) => ServiceError::not_found("thing group", &row.name),
            None => ServiceError::not_found("thing group", &group.0.to_string()),
        })
    }

    pub(crate) fn add_group_row(
        &mut self,
        now: Timestamp,
        name: &str,
        parent: Option<ThingGroupId>,
        depth: u8,
        properties: ThingGroupProperties,
        query: Option<DynamicQuery>,
    ) -> ThingGroupId {
        let group = ThingGroupId(u32::try_from(self.groups.rows.len()).expect("fewer than 2^32 groups"));
        let root = parent.map_or(group, |parent| self.groups.rows[parent.index()].root);
        if let Some(parent) = parent {
            self.groups.rows[parent.index()].children.push(group);
        }
        self.groups.rows.push(ThingGroup {
            name: name.to_owned(),
            parent,
            root,
            depth,
            children: Vec::new(),
            properties,
            version: 1,
            created: now,
            deleted: false,
            members: IdSet::default(),
            policies: IdList::default(),
            query,
        });
        self.groups.of_name.insert(name.to_owned(), group);
        group
    }

    pub(crate) fn remove_group_row(&mut self, group: ThingGroupId) {
        let row = &mut self.groups.rows[group.index()];
        row.deleted = true;
        let (parent, had_policies) = (row.parent, !row.policies.is_empty());
        row.policies = IdList::default();
        let members = std::mem::take(&mut row.members);
        self.groups.of_name.remove(&self.groups.rows[group.index()].name);
        self.groups.dynamic.retain(|&other| other != group);
        if let Some(parent) = parent {
            self.groups.rows[parent.index()].children.retain(|&child| child != group);
        }
        for thing in members.iter().map(ThingId) {
            self.things.get_mut(thing).expect("members are living things").groups.remove(group.0);
            self.journal.note(Change::ThingGroups(thing));
        }
        if had_policies {
            self.journal.note(Change::PolicyAttachment(PolicyTarget::ThingGroup(group)));
        }
        self.journal.note(Change::ThingGroupDeleted(group));
        for thing in members.iter().map(ThingId) {
            self.refresh_dynamic_groups_of(thing);
        }
    }

    pub(crate) fn join(&mut self, thing: ThingId, group: ThingGroupId) {
        self.groups.rows[group.index()].members.insert(thing.0);
        self.things.get_mut(thing).expect("the caller looked it up").groups.insert_sorted(group.0);
    }

    pub(crate) fn leave(&mut self, thing: ThingId, group: ThingGroupId) {
        self.groups.rows[group.index()].members.remove(thing.0);
        self.things.get_mut(thing).expect("the caller looked it up").groups.remove(group.0);
    }

    fn depth_below(&self, parent: ThingGroupId) -> Result<u8, ServiceError> {
        let row = self.group_row(parent)?;
        let name = &row.name;
        if row.is_dynamic() {
            return Err(ServiceError::invalid(format!("thing group `{name}` is dynamic and cannot be a parent")));
        }
        if row.depth >= DEPTH_MAX {
            return Err(ServiceError::invalid(format!("thing group `{name}` is on level {DEPTH_MAX}, the last one")));
        }
        if row.children.len() >= CHILDREN_MAX {
            return Err(ServiceError::invalid(format!(
                "thing group `{name}` has {CHILDREN_MAX} children, the most allowed"
            )));
        }
        Ok(row.depth + 1)
    }
}

pub(crate) fn check_properties(properties: &ThingGroupProperties) -> Result<(), ServiceError> {
    text::REGISTRY_DESCRIPTION.check("description", &properties.description)?;
    properties.attributes.iter().try_for_each(|(name, value)| super::thing::attribute_is_valid(name, value))
}

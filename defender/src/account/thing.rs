//! Things and thing types (V-01 … V-04).

use std::collections::BTreeMap;

use crate::error::{Exception, ServiceError};
use crate::ids::ThingId;
use crate::time::Timestamp;

use super::id_set::IdList;
use super::names::{NameId, NameTable};
use super::{Account, Change, Principal};
use crate::request::text;

/// Attributes of a thing without a type, with a type.
const ATTRIBUTES_MAX: [usize; 2] = [3, 50];

/// No type, no thing.
const NONE: u32 = u32::MAX;

/// A thing's row: names, attribute texts and groups live elsewhere, once.
#[derive(Clone, Debug)]
pub(crate) struct ThingRow {
    name: NameId,
    thing_type: u32,
    version: u32,
    deleted: bool,
    created: Timestamp,
    /// Interned names and values in turn, in the order of names.
    attributes: IdList,
    /// Groups, static and dynamic, ascending.
    pub(crate) groups: IdList,
    /// Packed principals in the order of attachment.
    pub(crate) principals: IdList,
}

/// The things of an account. A deleted thing's id is not given out again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Things {
    rows: Vec<ThingRow>,
    /// By device name: the living thing of that name, or [`NONE`].
    of_name: Vec<u32>,
    attribute_texts: NameTable,
    alive: usize,
    /// Ids of things that are yet to come.
    reserved: BTreeMap<NameId, ThingId>,
}

impl Things {
    pub(crate) fn get(&self, thing: ThingId) -> Option<&ThingRow> {
        self.rows.get(thing.index()).filter(|row| !row.deleted)
    }

    pub(crate) fn get_mut(&mut self, thing: ThingId) -> Option<&mut ThingRow> {
        self.rows.get_mut(thing.index()).filter(|row| !row.deleted)
    }

    fn push(&mut self, row: ThingRow) -> ThingId {
        let thing = ThingId(u32::try_from(self.rows.len()).expect("fewer than 2^32 things"));
        self.rows.push(row);
        thing
    }

    pub(crate) fn of_name(&self, name: NameId) -> Option<ThingId> {
        self.of_name.get(name.0 as usize).filter(|&&row| row != NONE).map(|&row| ThingId(row))
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.rows.capacity() * size_of::<ThingRow>()
            + self.of_name.capacity() * size_of::<u32>()
            + self.attribute_texts.heap_bytes()
            + self
                .rows
                .iter()
                .map(|row| row.attributes.heap_bytes() + row.groups.heap_bytes() + row.principals.heap_bytes())
                .sum::<usize>()
    }

    fn reserve(&mut self, things: usize) {
        self.rows.reserve(things);
        self.of_name.reserve(things);
    }
}

/// A thing type (V-02).
#[derive(Clone, Debug)]
pub struct ThingType {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Attributes that the fleet index may search by.
    pub searchable_attributes: Vec<String>,
    /// When it was deprecated, if it was.
    pub deprecation_date: Option<Timestamp>,
    /// When it was created.
    pub creation_date: Timestamp,
    things: u32,
    deleted: bool,
}

impl Account {
    /// Registers a thing (V-01).
    ///
    /// The same thing again, with the same type and attributes, is the thing that is there.
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad name, a deprecated type or too many attributes,
    /// `ResourceNotFoundException` for an unknown type, `ResourceAlreadyExistsException` for a taken name.
    pub fn create_thing(
        &mut self,
        now: Timestamp,
        name: &str,
        thing_type: Option<&str>,
        attributes: &[(String, String)],
    ) -> Result<ThingId, ServiceError> {
        text::NAME.check("thing name", name)?;
        let thing_type = self.usable_thing_type(thing_type)?;
        let attributes = self.pack_attributes(attributes, thing_type != NONE)?;
        let name_id = self.names.intern(name);
        if let Some(existing) = self.things.of_name(name_id) {
            let row = &self.things.rows[existing.index()];
            if row.thing_type == thing_type && row.attributes == attributes {
                return Ok(existing);
            }
            return Err(ServiceError::already_exists("thing", name, self.arn(format!("thing/{name}"))));
        }
        let row = ThingRow {
            name: name_id,
            thing_type,
            version: 1,
            deleted: false,
            created: now,
            attributes,
            groups: IdList::default(),
            principals: IdList::default(),
        };
        let thing = match self.things.reserved.remove(&name_id) {
            Some(thing) => {
                self.things.rows[thing.index()] = row;
                thing
            }
            None => self.things.push(row),
        };
        let at = name_id.0 as usize;
        if at >= self.things.of_name.len() {
            self.things.of_name.resize(at + 1, NONE);
        }
        self.things.of_name[at] = thing.0;
        self.things.alive += 1;
        if thing_type != NONE {
            self.thing_types[thing_type as usize].things += 1;
        }
        self.journal.note(Change::ThingCreated(thing));
        self.refresh_dynamic_groups_of(thing);
        Ok(thing)
    }

    /// The id that a thing will have once it is registered. Until then there is no such thing: only
    /// [`Account::thing_name`] answers. So whoever keeps columns by thing can lay them out beforehand.
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad name, `ResourceAlreadyExistsException` for a taken one.
    pub fn reserve_thing(&mut self, now: Timestamp, name: &str) -> Result<ThingId, ServiceError> {
        text::NAME.check("thing name", name)?;
        let name_id = self.names.intern(name);
        if self.things.of_name(name_id).is_some() {
            return Err(ServiceError::already_exists("thing", name, self.arn(format!("thing/{name}"))));
        }
        if let Some(thing) = self.things.reserved.get(&name_id) {
            return Ok(*thing);
        }
        let thing = self.things.push(ThingRow {
            name: name_id,
            thing_type: NONE,
            version: 0,
            deleted: true,
            created: now,
            attributes: IdList::default(),
            groups: IdList::default(),
            principals: IdList::default(),
        });
        self.things.reserved.insert(name_id, thing);
        Ok(thing)
    }

    /// Changes type or attributes of a thing; its version grows by one (V-01).
    ///
    /// `attributes` replace the old ones, or are merged into them if `merge`; merging an empty value removes the
    /// attribute. `thing_type` is left alone when `None`; `Some("")` removes it.
    ///
    /// # Errors
    /// As [`Account::create_thing`]; `VersionConflictException` if `expected_version` is not the current one.
    pub fn update_thing(
        &mut self,
        _now: Timestamp,
        thing: ThingId,
        thing_type: Option<&str>,
        attributes: Option<&[(String, String)]>,
        merge: bool,
        expected_version: Option<u32>,
    ) -> Result<(), ServiceError> {
        let row = self.thing_row(thing)?;
        let (old_type, version) = (row.thing_type, row.version);
        expect_version(expected_version, version)?;
        let new_type = match thing_type {
            None => old_type,
            Some("") => NONE,
            Some(name) => self.usable_thing_type(Some(name))?,
        };
        let mut wanted: Vec<(String, String)> = if merge || attributes.is_none() {
            self.attributes(thing).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        } else {
            Vec::new()
        };
        for (name, value) in attributes.unwrap_or_default() {
            wanted.retain(|(other, _)| other != name);
            if !(merge && value.is_empty()) {
                wanted.push((name.clone(), value.clone()));
            }
        }
        let packed = self.pack_attributes(&wanted, new_type != NONE)?;
        if old_type != NONE {
            self.thing_types[old_type as usize].things -= 1;
        }
        if new_type != NONE {
            self.thing_types[new_type as usize].things += 1;
        }
        let row = &mut self.things.rows[thing.index()];
        row.thing_type = new_type;
        row.attributes = packed;
        row.version += 1;
        self.journal.note(Change::ThingUpdated(thing));
        self.refresh_dynamic_groups_of(thing);
        Ok(())
    }

    /// Deletes a thing; success if there is none of that name (V-04).
    ///
    /// # Errors
    /// `InvalidRequestException` while principals are attached.
    pub fn delete_thing(&mut self, _now: Timestamp, name: &str) -> Result<(), ServiceError> {
        let Some(thing) = self.thing(name) else { return Ok(()) };
        if !self.things.rows[thing.index()].principals.is_empty() {
            return Err(ServiceError::invalid(format!("thing `{name}` has attached principals; detach them first")));
        }
        let row = &mut self.things.rows[thing.index()];
        let (name_id, thing_type, groups) = (row.name, row.thing_type, std::mem::take(&mut row.groups));
        row.deleted = true;
        row.attributes = IdList::default();
        self.things.of_name[name_id.0 as usize] = NONE;
        self.things.alive -= 1;
        if thing_type != NONE {
            self.thing_types[thing_type as usize].things -= 1;
        }
        for &group in groups.as_slice() {
            self.groups.remove_member(group, thing);
        }
        self.violations.remove(&thing);
        self.journal.note(Change::ThingDeleted(thing));
        Ok(())
    }

    /// The living thing of a name.
    pub fn thing(&self, name: &str) -> Option<ThingId> {
        self.names.get(name).and_then(|name| self.things.of_name(name))
    }

    /// The name of a thing; a deleted thing keeps answering to it.
    ///
    /// # Panics
    /// If the id was not handed out by this account.
    pub fn thing_name(&self, thing: ThingId) -> &str {
        self.names.text(self.things.rows[thing.index()].name)
    }

    /// How many living things there are.
    pub fn thing_count(&self) -> usize {
        self.things.alive
    }

    /// One more than the largest thing id ever handed out: the length of a column by thing.
    pub fn thing_id_end(&self) -> usize {
        self.things.rows.len()
    }

    /// The living things in the order of creation.
    pub fn things(&self) -> impl Iterator<Item = ThingId> + '_ {
        let rows = self.things.rows.iter().enumerate();
        rows.filter(|(_, row)| !row.deleted).map(|(at, _)| ThingId(at as u32))
    }

    /// The type of a thing.
    pub fn thing_type_of(&self, thing: ThingId) -> Option<&str> {
        let row = self.things.get(thing)?;
        self.thing_types.get(row.thing_type as usize).map(|thing_type| thing_type.name.as_str())
    }

    /// The attributes of a thing, by name.
    pub fn attributes(&self, thing: ThingId) -> impl Iterator<Item = (&str, &str)> {
        let packed = self.things.get(thing).map_or(&[][..], |row| row.attributes.as_slice());
        let text = |id: u32| self.things.attribute_texts.text(NameId(id));
        packed.chunks_exact(2).map(move |pair| (text(pair[0]), text(pair[1])))
    }

    /// One attribute of a thing.
    pub fn attribute(&self, thing: ThingId, name: &str) -> Option<&str> {
        self.attributes(thing).find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// The registry version of a thing: 1 at creation, one more with each update (V-01).
    pub fn thing_version(&self, thing: ThingId) -> Option<u32> {
        self.things.get(thing).map(|row| row.version)
    }

    /// When a thing was registered.
    pub fn thing_creation_date(&self, thing: ThingId) -> Option<Timestamp> {
        self.things.get(thing).map(|row| row.created)
    }

    /// The principals attached to a thing, in the order of attachment (V-28).
    pub fn principals_of_thing(&self, thing: ThingId) -> impl Iterator<Item = Principal> + '_ {
        let packed = self.things.get(thing).map_or(&[][..], |row| row.principals.as_slice());
        packed.iter().map(|&packed| Principal::unpack(packed))
    }

    /// Makes room for so many more devices (thing, certificate, client id), with names of about `name_bytes` each.
    pub fn reserve_devices(&mut self, devices: usize, name_bytes: usize) {
        self.names.reserve(devices, name_bytes);
        self.things.reserve(devices);
        self.certificates.reserve(devices);
        self.sessions.reserve(devices);
    }

    /// Creates a thing type; the same type again is the type that is there (V-02).
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad name or description, `ResourceAlreadyExistsException` for a taken name.
    pub fn create_thing_type(
        &mut self,
        now: Timestamp,
        name: &str,
        description: &str,
        searchable_attributes: &[String],
    ) -> Result<(), ServiceError> {
        text::NAME.check("thing type name", name)?;
        text::REGISTRY_DESCRIPTION.check("description", description)?;
        if let Some(at) = self.thing_type_row(name) {
            let existing = &self.thing_types[at];
            if existing.description == description && existing.searchable_attributes == searchable_attributes {
                return Ok(());
            }
            return Err(ServiceError::already_exists("thing type", name, self.arn(format!("thingtype/{name}"))));
        }
        self.thing_types.push(ThingType {
            name: name.to_owned(),
            description: description.to_owned(),
            searchable_attributes: searchable_attributes.to_vec(),
            deprecation_date: None,
            creation_date: now,
            things: 0,
            deleted: false,
        });
        Ok(())
    }

    /// A thing type by name.
    pub fn thing_type(&self, name: &str) -> Option<&ThingType> {
        self.thing_type_row(name).map(|at| &self.thing_types[at])
    }

    /// Deprecates a thing type, or takes the deprecation back: new things cannot have a deprecated type (V-02).
    ///
    /// # Errors
    /// `ResourceNotFoundException` for an unknown type.
    pub fn deprecate_thing_type(&mut self, now: Timestamp, name: &str, undo: bool) -> Result<(), ServiceError> {
        let at = self.thing_type_row(name).ok_or_else(|| ServiceError::not_found("thing type", name))?;
        self.thing_types[at].deprecation_date = (!undo).then_some(now);
        Ok(())
    }

    /// Deletes a thing type that is deprecated and that no thing has (V-02).
    ///
    /// # Errors
    /// `ResourceNotFoundException` for an unknown type, `InvalidRequestException` if it is not deprecated or in use.
    pub fn delete_thing_type(&mut self, _now: Timestamp, name: &str) -> Result<(), ServiceError> {
        let at = self.thing_type_row(name).ok_or_else(|| ServiceError::not_found("thing type", name))?;
        let thing_type = &mut self.thing_types[at];
        if thing_type.deprecation_date.is_none() {
            return Err(ServiceError::invalid(format!("thing type `{name}` must be deprecated before it is deleted")));
        }
        if thing_type.things > 0 {
            let things = thing_type.things;
            return Err(ServiceError::invalid(format!("thing type `{name}` is the type of {things} things")));
        }
        thing_type.deleted = true;
        Ok(())
    }

    pub(crate) fn thing_row(&self, thing: ThingId) -> Result<&ThingRow, ServiceError> {
        self.things.get(thing).ok_or_else(|| match self.things.rows.get(thing.index()) {
            Some(row) => ServiceError::not_found("thing", self.names.text(row.name)),
            None => ServiceError::not_found("thing", &thing.0.to_string()),
        })
    }

    fn thing_type_row(&self, name: &str) -> Option<usize> {
        self.thing_types.iter().position(|thing_type| thing_type.name == name && !thing_type.deleted)
    }

    fn usable_thing_type(&self, name: Option<&str>) -> Result<u32, ServiceError> {
        let Some(name) = name else { return Ok(NONE) };
        let at = self.thing_type_row(name).ok_or_else(|| ServiceError::not_found("thing type", name))?;
        if self.thing_types[at].deprecation_date.is_some() {
            return Err(ServiceError::invalid(format!("thing type `{name}` is deprecated")));
        }
        Ok(at as u32)
    }

    fn pack_attributes(&mut self, attributes: &[(String, String)], typed: bool) -> Result<IdList, ServiceError> {
        let most = ATTRIBUTES_MAX[usize::from(typed)];
        if attributes.len() > most {
            let (found, with) = (attributes.len(), if typed { "with" } else { "without" });
            return Err(ServiceError::invalid(format!(
                "a thing {with} a thing type may have {most} attributes, found {found}"
            )));
        }
        let mut sorted: Vec<&(String, String)> = attributes.iter().collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(twice) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(ServiceError::invalid(format!("attribute `{}` is given twice", twice[0].0)));
        }
        for (name, value) in &sorted {
            attribute_is_valid(name, value)?;
        }
        let mut packed = IdList::default();
        for (name, value) in sorted {
            packed.push(self.things.attribute_texts.intern(name).0);
            packed.push(self.things.attribute_texts.intern(value).0);
        }
        Ok(packed)
    }
}

/// Compares an expected version with the current one.
///
/// # Errors
/// `VersionConflictException` if they differ.
pub(crate) fn expect_version(expected: Option<u32>, current: u32) -> Result<(), ServiceError> {
    match expected {
        Some(expected) if expected != current => Err(ServiceError::new(
            Exception::VersionConflict,
            format!("expected version {expected}, the current version is {current}"),
        )),
        _ => Ok(()),
    }
}

/// Checks an attribute of a thing or thing group (9.5).
pub(super) fn attribute_is_valid(name: &str, value: &str) -> Result<(), ServiceError> {
    text::ATTRIBUTE_NAME.check("attribute name", name)?;
    text::ATTRIBUTE_VALUE.check("attribute value", value)
}

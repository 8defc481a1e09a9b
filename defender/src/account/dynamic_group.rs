//! Dynamic thing groups: a query decides who is in them (V-09 … V-11).
//!
//! The index is at hand, so a group is `ACTIVE` as soon as its operation returns; `BUILDING` and `REBUILDING` last 0 s.

use crate::error::{Exception, ServiceError};
use crate::ids::{ThingGroupId, ThingId};
use crate::time::Timestamp;

use super::group::{GROUPS_PER_THING_MAX, check_properties};
use super::query::Query;
use super::thing::expect_version;
use super::{Account, Change, ThingGroupProperties};
use crate::request::text;

/// Dynamic groups of an account.
const DYNAMIC_GROUPS_MAX: usize = 100;

/// The query of a dynamic group: what was written and what it means.
#[derive(Clone, Debug)]
pub(crate) struct DynamicQuery {
    text: String,
    parsed: Query,
}

impl DynamicQuery {
    fn parse(text: &str) -> Result<DynamicQuery, ServiceError> {
        let parsed = text.parse().map_err(|error: super::query::InvalidQuery| {
            ServiceError::new(Exception::InvalidQuery, error.to_string())
        })?;
        Ok(DynamicQuery { text: text.to_owned(), parsed })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// Says what is wrong with a fleet-index query, as the engine would when a dynamic group is created (V-09).
///
/// # Errors
/// `InvalidQueryException` for a query that is malformed or uses what this engine's index does not hold.
pub fn check_query(query: &str) -> Result<(), ServiceError> {
    DynamicQuery::parse(query).map(drop)
}

impl Account {
    /// Whether there is a dynamic group whose query looks at what is in alarm (D-90): only then does anybody need
    /// [`Account::index_violation`].
    pub fn indexes_violations(&self) -> bool {
        let queries = self.groups.dynamic.iter().filter_map(|group| self.groups.rows[group.index()].query.as_ref());
        queries.into_iter().any(|query| query.parsed.looks_at_violations())
    }

    /// Creates a dynamic group over the index `AWS_Things` (V-09). The same group again is the group that is there.
    ///
    /// # Errors
    /// `InvalidQueryException` for a query that is malformed or uses what this engine's index does not hold;
    /// `InvalidRequestException` for a bad name; `ResourceAlreadyExistsException` for a taken one;
    /// `LimitExceededException` beyond 100 dynamic groups.
    pub fn create_dynamic_thing_group(
        &mut self,
        now: Timestamp,
        name: &str,
        query: &str,
        properties: ThingGroupProperties,
    ) -> Result<ThingGroupId, ServiceError> {
        text::NAME.check("thing group name", name)?;
        check_properties(&properties)?;
        let query = DynamicQuery::parse(query)?;
        if let Some(existing) = self.thing_group(name) {
            let row = &self.groups.rows[existing.index()];
            if row.query_string() == Some(query.text()) && row.properties == properties {
                return Ok(existing);
            }
            return Err(ServiceError::already_exists("thing group", name, self.arn(format!("thinggroup/{name}"))));
        }
        if self.groups.dynamic.len() >= DYNAMIC_GROUPS_MAX {
            return Err(ServiceError::limit(format!(
                "the account has {DYNAMIC_GROUPS_MAX} dynamic groups, the most allowed"
            )));
        }
        let group = self.add_group_row(now, name, None, 1, properties, Some(query));
        self.groups.dynamic.push(group);
        self.journal.note(Change::ThingGroupCreated(group));
        self.refresh_all_dynamic_groups();
        Ok(group)
    }

    /// Changes properties and query of a dynamic group and gathers its things anew; its version grows.
    ///
    /// # Errors
    /// `ResourceNotFoundException`, `VersionConflictException`, `InvalidQueryException`, and
    /// `InvalidRequestException` for a static group.
    pub fn update_dynamic_thing_group(
        &mut self,
        _now: Timestamp,
        group: ThingGroupId,
        properties: ThingGroupProperties,
        query: Option<&str>,
        expected_version: Option<u32>,
    ) -> Result<u32, ServiceError> {
        check_properties(&properties)?;
        let row = self.group_row(group)?;
        if !row.is_dynamic() {
            return Err(ServiceError::invalid(format!("thing group `{}` is static", row.name)));
        }
        expect_version(expected_version, row.version)?;
        let query = query.map(DynamicQuery::parse).transpose()?;
        let row = &mut self.groups.rows[group.index()];
        row.properties = properties;
        row.version += 1;
        let version = row.version;
        if let Some(query) = query {
            row.query = Some(query);
            self.refresh_all_dynamic_groups();
        }
        Ok(version)
    }

    /// Deletes a dynamic group; success if there is none of that name.
    ///
    /// # Errors
    /// `InvalidRequestException` for a static group, `VersionConflictException`.
    pub fn delete_dynamic_thing_group(
        &mut self,
        _now: Timestamp,
        name: &str,
        expected_version: Option<u32>,
    ) -> Result<(), ServiceError> {
        let Some(group) = self.thing_group(name) else { return Ok(()) };
        let row = &self.groups.rows[group.index()];
        if !row.is_dynamic() {
            return Err(ServiceError::invalid(format!("thing group `{name}` is static")));
        }
        expect_version(expected_version, row.version)?;
        self.remove_group_row(group);
        Ok(())
    }

    /// The things that a query finds, ascending (`SearchIndex`).
    ///
    /// # Errors
    /// `InvalidQueryException` as [`Account::create_dynamic_thing_group`].
    pub fn search_index(&self, query: &str) -> Result<Vec<ThingId>, ServiceError> {
        let query = DynamicQuery::parse(query)?;
        Ok(self.things().filter(|&thing| query.parsed.matches(self, thing)).collect())
    }

    /// Tells the fleet index whether a behavior of a profile is in alarm for a thing (D-90), so that queries such as
    /// `deviceDefender.violationCount>0` find it.
    pub fn index_violation(
        &mut self,
        _now: Timestamp,
        thing: ThingId,
        profile: &str,
        behavior: &str,
        in_violation: bool,
    ) {
        if self.things.get(thing).is_none() {
            return;
        }
        let key = format!("{profile}.{behavior}");
        let violations = self.violations.entry(thing).or_default();
        let changed = if in_violation { violations.insert(key) } else { violations.remove(&key) };
        if violations.is_empty() {
            self.violations.remove(&thing);
        }
        if changed {
            self.refresh_dynamic_groups_of(thing);
        }
    }

    /// The behaviors in alarm for a thing as the fleet index knows them, each as `profile.behavior`.
    pub(crate) fn violations_of(&self, thing: ThingId) -> impl Iterator<Item = &str> {
        self.violations.get(&thing).into_iter().flatten().map(String::as_str)
    }

    /// Brings a thing's dynamic groups up to date. When more match than fit beside its static groups into the ten that
    /// a thing may be in, older dynamic groups win (V-10).
    pub(crate) fn refresh_dynamic_groups_of(&mut self, thing: ThingId) {
        if self.groups.dynamic.is_empty() {
            return;
        }
        let Some(row) = self.things.get(thing) else { return };
        let is_dynamic = |group: &&u32| self.groups.rows[**group as usize].is_dynamic();
        let current: Vec<u32> = row.groups.as_slice().iter().filter(is_dynamic).copied().collect();
        let room = GROUPS_PER_THING_MAX - (row.groups.len() - current.len());
        let matching = self.groups.dynamic.iter().filter(|group| {
            let query = self.groups.rows[group.index()].query.as_ref();
            query.is_some_and(|query| query.parsed.matches(self, thing))
        });
        let wanted: Vec<u32> = matching.take(room).map(|group| group.0).collect();
        if wanted == current {
            return;
        }
        for &group in current.iter().filter(|group| !wanted.contains(group)) {
            self.leave(thing, ThingGroupId(group));
        }
        for &group in wanted.iter().filter(|group| !current.contains(group)) {
            self.join(thing, ThingGroupId(group));
        }
        self.journal.note(Change::ThingGroups(thing));
    }

    fn refresh_all_dynamic_groups(&mut self) {
        let things: Vec<ThingId> = self.things().collect();
        things.into_iter().for_each(|thing| self.refresh_dynamic_groups_of(thing));
    }
}

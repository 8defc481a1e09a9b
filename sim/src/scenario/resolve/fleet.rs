//! Devices, their certificates and their groups.

use std::collections::BTreeMap;
use std::sync::Arc;

use defender::account::check_query;
use defender::time::Millis;

use super::super::apportion::{apportion, apportion_at_least_one};
use super::super::archetype;
use super::super::format::{Amount, ClassDraft, GroupDraft};
use super::super::plan::{AuthorityPlan, ClassPlan, CohortPlan, GroupPlan};
use super::super::problem::Problem;
use super::super::source::{Placed, Source};
use super::Resolver;

/// Ends that paths of archetype files have, by which they are told from built-in names.
const FILE_ENDING: &str = ".toml";

impl Resolver<'_> {
    /// Thing groups, parents before children.
    pub(super) fn groups(&mut self) -> Vec<GroupPlan> {
        let draft = self.draft;
        self.unique("group", draft.groups.iter().map(|group| &group.name));
        let names: Vec<&str> = draft.groups.iter().map(|group| group.name.value.as_str()).collect();
        let policies: Vec<&str> = draft.policies.iter().map(|policy| policy.name.value.as_str()).collect();
        for group in &draft.groups {
            self.well_formed("group", &group.name, 128, ":_-");
            if let Some(parent) = &group.parent {
                self.static_group(parent);
            }
            if let Some(query) = &group.query {
                self.query(group, query);
            }
            for policy in &group.policies {
                self.exists("policy", policy, policies.iter().copied());
            }
            if let Some(third) = group.policies.get(2) {
                let message = format!("a group has at most 2 policies (V-27), found {}", group.policies.len());
                self.error(Problem::error(third.place.clone(), message));
            }
        }
        let mut ordered: Vec<&GroupDraft> = Vec::new();
        let mut left: Vec<&GroupDraft> = draft.groups.iter().collect();
        loop {
            let ready = |group: &&GroupDraft| match &group.parent {
                None => true,
                Some(parent) => {
                    !names.contains(&parent.value.as_str())
                        || ordered.iter().any(|known| known.name.value == parent.value)
                }
            };
            let (now, later): (Vec<_>, Vec<_>) = left.iter().copied().partition(ready);
            if now.is_empty() {
                break;
            }
            ordered.extend(now);
            left = later;
        }
        if let Some(group) = left.first() {
            let place = group.parent.as_ref().map(|parent| parent.place.clone());
            let message = format!("group `{}` is its own ancestor", group.name.value);
            self.error(Problem::error(place, message));
        }
        for group in &ordered {
            let depth = self.ancestors(&group.name.value).len();
            if depth > 7 {
                let message = format!("groups nest at most 7 deep (V-06), found {depth}");
                self.error(Problem::error(group.name.place.clone(), message));
            }
        }
        ordered
            .into_iter()
            .map(|group| GroupPlan {
                name: group.name.value.clone(),
                parent: group.parent.as_ref().map(|parent| parent.value.clone()),
                policies: group.policies.iter().map(|policy| policy.value.clone()).collect(),
                query: group.query.as_ref().map(|query| query.value.clone()),
            })
            .collect()
    }

    /// A dynamic group: its query is one, and it has nothing that only static groups have (V-09).
    fn query(&mut self, group: &GroupDraft, query: &Placed<String>) {
        if let Err(error) = check_query(&query.value) {
            self.error(Problem::error(query.place.clone(), error.message.clone()));
        }
        for (what, place) in [("parent", group.parent.as_ref()), ("policies", group.policies.first())] {
            if let Some(given) = place {
                let message = format!("a dynamic group has no `{what}` (V-09); it is its `query` that makes it one");
                self.error(Problem::error(given.place.clone(), message));
            }
        }
    }

    /// Whether there is a static group of that name; of a dynamic one the query decides who is in it (V-09).
    pub(super) fn static_group(&mut self, name: &Placed<String>) -> bool {
        let groups = &self.draft.groups;
        if groups.iter().any(|group| group.name.value == name.value && group.query.is_some()) {
            let message = format!("group `{}` is dynamic: its query decides who is in it (V-09)", name.value);
            self.error(Problem::error(name.place.clone(), message).help("name a static group"));
            return false;
        }
        self.exists("group", name, groups.iter().map(|group| group.name.value.as_str()))
    }

    /// A group and the groups above it, itself first; ends at a name that does not exist, or that came before.
    pub(super) fn ancestors(&self, name: &str) -> Vec<String> {
        let mut line: Vec<String> = vec![name.to_owned()];
        let parent_of = |name: &str| {
            let group = self.draft.groups.iter().find(|group| group.name.value == name)?;
            group.parent.as_ref().map(|parent| parent.value.clone())
        };
        while let Some(parent) = line.last().and_then(|name| parent_of(name)) {
            if line.contains(&parent) {
                break;
            }
            line.push(parent);
        }
        line
    }

    /// Classes with their counts, archetypes and certificate cohorts.
    pub(super) fn classes(&mut self, authorities: &[AuthorityPlan]) -> Vec<ClassPlan> {
        let draft = self.draft;
        self.unique("class", draft.classes.iter().map(|class| &class.name));
        self.unique("cohort", draft.classes.iter().flat_map(|class| &class.cohorts).map(|cohort| &cohort.name));
        if draft.classes.is_empty() {
            let problem = Problem::error(draft.place.clone(), "the scenario has no devices: no `[[class]]` is given");
            self.error(problem.help("add `[[class]]` with a name, an archetype and a count"));
        }
        let counts = self.class_counts();
        let mut classes = Vec::new();
        for (class, (written, count)) in draft.classes.iter().zip(counts) {
            // Room for the hyphen and six digits that make the name of a thing, and for what a renamed one has behind.
            let room = if class.churn.is_some() { 118 } else { 121 };
            self.well_formed("class", &class.name, room, ":_-");
            self.class_names(class);
            let archetype = self.archetype(class);
            let cohorts = self.cohorts(class, written, count, authorities);
            if let Some(archetype) = archetype {
                classes.push(ClassPlan {
                    name: class.name.value.clone(),
                    count,
                    archetype,
                    policies: class.policies.iter().map(|policy| policy.value.clone()).collect(),
                    groups: class.groups.iter().map(|group| group.value.clone()).collect(),
                    time_zone: class.time_zone.value.clone(),
                    cohorts,
                    source_networks: class.source_networks.clone(),
                    addresses: class.addresses,
                    churn: class.churn,
                });
            }
        }
        classes
    }

    /// How many devices each class has as written, and how many after scaling, in file order.
    fn class_counts(&mut self) -> Vec<(u64, u32)> {
        let draft = self.draft;
        let amounts: Vec<&Amount> = draft.classes.iter().map(|class| &class.amount).collect();
        let total = draft.devices.as_ref().map(|devices| u64::from(devices.value));
        let shared = amounts.iter().any(|amount| !matches!(amount, Amount::Count(_)));
        if let (true, None, Some(class)) = (shared, total, draft.classes.first()) {
            let problem = Problem::error(class.place.clone(), "a class without a count needs to know of how many");
            self.error(problem.help("give every class a `count`, or say `devices = …` at the top"));
            self.sizes_known = false;
            return vec![(1, 1); amounts.len()];
        }
        let place = draft.devices.as_ref().map(|devices| devices.place.clone());
        let counts = match self.split(&amounts, total, "classes") {
            Ok(counts) => counts,
            Err(problem) => {
                self.error(Problem { place: problem.place.clone().or(place), ..problem });
                self.sizes_known = false;
                return vec![(1, 1); amounts.len()];
            }
        };
        if !draft.classes.is_empty() && counts.iter().sum::<u64>() == 0 {
            let place = draft.classes.first().map(|class| class.place.clone());
            self.error(Problem::error(place, "the scenario has no devices: all classes are empty"));
        }
        self.written_devices = counts.iter().sum();
        let scaled = match self.scale_to {
            Some(devices) => apportion_at_least_one(&counts, u64::from(devices)),
            None => counts.clone(),
        };
        let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        counts.into_iter().zip(scaled.into_iter().map(narrow)).collect()
    }

    /// Splits a total: counts as given, shares of the total, the rest for the one that asks for it.
    fn split(&self, amounts: &[&Amount], total: Option<u64>, noun: &str) -> Result<Vec<u64>, Problem> {
        let given: u64 = amounts
            .iter()
            .map(|amount| if let Amount::Count(count) = amount { u64::from(count.value) } else { 0 })
            .sum();
        let shares: Vec<f64> = amounts
            .iter()
            .map(|amount| if let Amount::Share(share) = amount { share.value.as_f64() } else { 0.0 })
            .collect();
        let rests = amounts.iter().filter(|amount| matches!(amount, Amount::Rest)).count();
        let total = total.unwrap_or(given);
        let total_share: f64 = shares.iter().sum();
        let place = amounts.iter().rev().find_map(|amount| match amount {
            Amount::Count(count) => Some(count.place.clone()),
            Amount::Share(share) => Some(share.place.clone()),
            Amount::Rest => None,
        });
        if rests > 1 {
            let message = format!("only one of the {noun} can take the rest, found {rests} without a count or share");
            return Err(Problem::error(place, message));
        }
        if shares.iter().all(|share| *share == 0.0) {
            if given > total || (given < total && rests == 0) {
                let message = format!("the {noun} add up to {given}, not to {total}");
                return Err(Problem::error(place, message));
            }
            let rest = total - given;
            return Ok(amounts
                .iter()
                .map(|amount| match amount {
                    Amount::Count(count) => u64::from(count.value),
                    _ => rest,
                })
                .collect());
        }
        if given > 0 {
            let problem = Problem::error(place, format!("some of the {noun} have a count and some a share"));
            return Err(problem.help("give all of them a count, or all of them a share"));
        }
        let left = 1.0 - total_share;
        if left < -1e-9 || (left > 1e-9 && rests == 0) {
            let message = format!("the shares of the {noun} add up to {}, not to 1", (total_share * 1e9).round() / 1e9);
            return Err(Problem::error(place, message));
        }
        let weights: Vec<u64> = amounts
            .iter()
            .zip(&shares)
            .map(|(amount, share)| {
                let share = if matches!(amount, Amount::Rest) { left.max(0.0) } else { *share };
                (share * 1e12).round() as u64
            })
            .collect();
        Ok(apportion(&weights, total))
    }

    /// The names that a class refers to.
    fn class_names(&mut self, class: &ClassDraft) {
        let draft = self.draft;
        let policies = draft.policies.iter().map(|policy| policy.name.value.as_str());
        for policy in &class.policies {
            self.exists("policy", policy, policies.clone());
        }
        if let Some(eleventh) = class.policies.get(10) {
            let message = format!("a certificate has at most 10 policies (V-27), found {}", class.policies.len());
            self.error(Problem::error(eleventh.place.clone(), message));
        }
        let mut roots: BTreeMap<String, &str> = BTreeMap::new();
        for group in &class.groups {
            if !self.static_group(group) {
                continue;
            }
            let root = self.ancestors(&group.value).pop().expect("a line has a first member");
            if let Some(other) = roots.insert(root, &group.value) {
                let message =
                    format!("a thing is in one group of a hierarchy (V-07), found `{}` and `{other}`", group.value);
                self.error(Problem::error(group.place.clone(), message));
            }
        }
        if let Some(eleventh) = class.groups.get(10) {
            let message = format!("a thing is in at most 10 groups (V-07), found {}", class.groups.len());
            self.error(Problem::error(eleventh.place.clone(), message));
        }
        self.time_zone(&class.time_zone);
        if class.source_networks.is_empty() {
            self.error(Problem::error(class.place.clone(), "source-networks must have at least one network"));
        }
    }

    fn archetype(&mut self, class: &ClassDraft) -> Option<super::super::plan::Archetype> {
        let name = &class.archetype;
        if name.value.is_empty() {
            return None;
        }
        let (short, source): (String, Arc<Source>) = if name.value.ends_with(FILE_ENDING) {
            let source = self.library.open(name, self.reading.problems)?;
            let stem = name.value.rsplit('/').next().unwrap_or(&name.value).trim_end_matches(FILE_ENDING).to_owned();
            (stem, source)
        } else {
            match archetype::builtin(&name.value) {
                Some(source) => (name.value.clone(), source),
                None => {
                    self.exists("archetype", name, archetype::BUILTIN.iter().map(|builtin| builtin.name));
                    return None;
                }
            }
        };
        archetype::load(&short, &source, class.overrides.as_ref(), self.reading.problems)
    }

    /// The certificate cohorts of a class; one for all where the file is silent.
    fn cohorts(
        &mut self,
        class: &ClassDraft,
        written: u64,
        count: u32,
        authorities: &[AuthorityPlan],
    ) -> Vec<CohortPlan> {
        let start = self.draft.start.value;
        let only = match authorities {
            [only] => Some(only.name.clone()),
            _ => None,
        };
        if class.cohorts.is_empty() {
            if only.is_none() {
                let message = format!("class `{}` must say which authority issued its certificates", class.name.value);
                let problem = Problem::error(class.place.clone(), message);
                self.error(problem.help("add `[[class.cohort]]` with an `authority`"));
            }
            return vec![CohortPlan {
                name: format!("{}-certificates", class.name.value),
                count,
                authority: only.unwrap_or_default(),
                not_before: start - Millis::days(200),
                lifetime: Millis::days(3_650),
                spread: Millis::days(90),
            }];
        }
        let amounts: Vec<&Amount> = class.cohorts.iter().map(|cohort| &cohort.amount).collect();
        // Cohorts are written for the class as written; a fleet that is scaled has its cohorts scaled with it.
        let noun = format!("cohorts of class `{}`", class.name.value);
        let counts = match self.split(&amounts, Some(written), &noun) {
            Ok(counts) => apportion_at_least_one(&counts, u64::from(count)),
            Err(_) if !self.sizes_known => return Vec::new(),
            Err(problem) => {
                let place = problem.place.clone().or_else(|| Some(class.place.clone()));
                self.error(Problem { place, ..problem });
                return Vec::new();
            }
        };
        let mut cohorts = Vec::new();
        for (cohort, count) in class.cohorts.iter().zip(counts) {
            self.well_formed("cohort", &cohort.name, 128, ":_-");
            let authority = match (&cohort.authority, &only) {
                (Some(authority), _) => {
                    self.exists("authority", authority, authorities.iter().map(|known| known.name.as_str()));
                    authority.value.clone()
                }
                (None, Some(only)) => only.clone(),
                (None, None) => {
                    let problem = Problem::error(cohort.place.clone(), "key `authority` is missing: issuing authority");
                    self.error(problem.help("it may be left out only if the scenario has one authority"));
                    continue;
                }
            };
            if cohort.lifetime.value < Millis::DAY {
                let message = format!("lifetime must be at least 1d, found `{}`", cohort.lifetime.value);
                self.error(Problem::error(cohort.lifetime.place.clone(), message));
            }
            if cohort.not_before.value + cohort.spread > start && !self.draft.start.place.is_nowhere() {
                let message = format!(
                    "certificates must be issued before the run starts at {start}, found `{}` with a spread of {}",
                    cohort.not_before.value, cohort.spread
                );
                self.error(Problem::error(cohort.not_before.place.clone(), message));
            }
            cohorts.push(CohortPlan {
                name: cohort.name.value.clone(),
                count: u32::try_from(count).unwrap_or(u32::MAX),
                authority,
                not_before: cohort.not_before.value,
                lifetime: cohort.lifetime.value,
                spread: cohort.spread,
            });
        }
        cohorts
    }
}

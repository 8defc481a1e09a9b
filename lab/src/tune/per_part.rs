//! Settings of its own for each device class or thing group: what tuning would recommend if each had a profile to itself.

use defender::detect::wire::CreateSecurityProfileRequest;
use serde::{Deserialize, Serialize};
use sim::scenario::Scenario;

use super::{Constraints, Reason, Tuned, Tuning, tune, updates};
use crate::interval::Rate;
use crate::latency::Latency;
use crate::quality::Quality;
use crate::sweep::{CandidateClass, CandidateScore, Planned, Sweep, SweptBehavior, together};

/// A part of the fleet that gets settings of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// The name of the class or group.
    pub name: String,
    /// The device classes that it is made of.
    pub classes: Vec<String>,
}

/// What a part of the fleet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    /// A device class.
    Class,
    /// A thing group, with the groups below it, as a profile that is attached to it covers them (D-28).
    Group,
}

impl PartKind {
    /// As reports spell it.
    pub const fn name(self) -> &'static str {
        match self {
            PartKind::Class => "class",
            PartKind::Group => "group",
        }
    }
}

/// The device classes of a scenario.
pub fn classes(scenario: &Scenario) -> Vec<Part> {
    let names = scenario.classes.iter().map(|class| class.name.clone());
    names.map(|name| Part { kind: PartKind::Class, classes: vec![name.clone()], name }).collect()
}

/// The thing groups of a scenario that hold devices from the start. A device in several of them counts in each: the
/// profile of each would watch it (D-29).
pub fn groups(scenario: &Scenario) -> Vec<Part> {
    let is_in = |class: &[String], group: &str| {
        class.iter().any(|own| {
            let parent = |name: &String| scenario.groups.iter().find(|g| g.name == *name)?.parent.clone();
            std::iter::successors(Some(own.clone()), parent).any(|name| name == group)
        })
    };
    let parts = scenario.groups.iter().map(|group| {
        let classes = scenario.classes.iter().filter(|class| is_in(&class.groups, &group.name));
        let classes = classes.map(|class| class.name.clone()).collect();
        Part { kind: PartKind::Group, name: group.name.clone(), classes }
    });
    parts.filter(|part| !part.classes.is_empty()).collect()
}

/// Tunes each part of the fleet by itself, as if it had a profile of its own: each must keep to every constraint. Parts on
/// which nothing was seen and nothing rang are left out: a behavior does not watch them.
pub fn per_part(sweep: &Sweep, parts: Vec<Part>, seeds: &[u64], constraints: Constraints) -> Vec<Tuning> {
    let tuned = parts.into_iter().filter_map(|part| {
        let own = of_part(sweep, &part);
        let watched = own.behaviors.iter().flat_map(|behavior| &behavior.candidates);
        let is_watched = watched.into_iter().any(|row| row.wrong > 0 || row.quality.recall.is_some());
        is_watched.then(|| Tuning { part: Some(part), ..tune(&own, seeds, constraints) })
    });
    tuned.collect()
}

/// What tuning looks at, of one part alone: setting, recall, latency and false alarms, by class. Whatever else a sweep has
/// is not known by class, and left empty.
pub(super) fn of_part(sweep: &Sweep, part: &Part) -> Sweep {
    let candidate = |candidate: &CandidateScore| {
        let rows: Vec<&CandidateClass> =
            candidate.classes.iter().filter(|row| part.classes.contains(&row.class)).collect();
        let wrong = rows.iter().map(|row| row.wrong).sum();
        let mut own = CandidateScore {
            wrong,
            quality: Quality { precision: None, recall: together(rows.iter().map(|row| row.recall)), f1: None },
            latency: Latency::merge(rows.iter().filter_map(|row| row.latency.as_ref())),
            // A part of one class cannot be split.
            classes: if rows.len() > 1 { rows.into_iter().cloned().collect() } else { Vec::new() },
            attacks: Vec::new(),
            false_positive_rate: None,
            ..candidate.clone()
        };
        own.false_alarms.count = wrong;
        own.false_alarms.per_day = Rate::of(wrong, sweep.days);
        own
    };
    let behavior = |behavior: &SweptBehavior| SweptBehavior {
        candidates: behavior.candidates.iter().map(candidate).collect(),
        ..behavior.clone()
    };
    Sweep { behaviors: sweep.behaviors.iter().map(behavior).collect(), limits: None, ..sweep.clone() }
}

/// The share of a sweep that holds a tuning's own settings, of plans one after the other, as [`super::check`] takes it.
pub fn part_of(sweep: &Sweep, tunings: &[&Tuning], position: usize) -> Sweep {
    let before: usize = tunings[..position].iter().map(|tuning| tuning.behaviors.len()).sum();
    let own = tunings[position];
    let behaviors = sweep.behaviors[before..before + own.behaviors.len()].to_vec();
    let share = Sweep { behaviors, ..sweep.clone() };
    match &own.part {
        Some(part) => of_part(&share, part),
        None => share,
    }
}

/// The profiles of a part, as `create-security-profile` takes them: those of the scenario under the name `PROFILE-PART`,
/// with the settings of the part. A profile of which no attack on the part exercises a behavior is left out: nothing of it
/// would change.
pub fn profiles_of_part(
    scenario: &Scenario,
    planned: &[Planned],
    tuning: &Tuning,
) -> Vec<CreateSecurityProfileRequest> {
    let Some(part) = &tuning.part else { return Vec::new() };
    let created = updates(scenario, planned, tuning).into_iter().filter_map(|update| {
        let named =
            |request: &&CreateSecurityProfileRequest| request.security_profile_name == update.security_profile_name;
        let own = |tuned: &Tuned| tuned.profile == update.security_profile_name;
        if !tuning.behaviors.iter().any(|tuned| own(tuned) && tuned.reason != Reason::NotExercised) {
            return None;
        }
        let request = scenario.profiles.iter().map(|plan| &plan.request).find(named)?;
        Some(CreateSecurityProfileRequest {
            security_profile_name: format!("{}-{}", request.security_profile_name, part.name),
            behaviors: update.behaviors,
            ..request.clone()
        })
    });
    created.collect()
}

//! A setting of its own for each device class: what tuning would recommend if each had a profile to itself.

use defender::detect::wire::CreateSecurityProfileRequest;
use sim::scenario::Scenario;

use super::{Constraints, Reason, Tuned, Tuning, tune, updates};
use crate::interval::Rate;
use crate::quality::Quality;
use crate::sweep::{CandidateScore, Planned, Sweep, SweptBehavior};

/// Tunes each class of the fleet by itself, as if it had a profile of its own: each must keep to every constraint.
/// Classes on which nothing was seen and nothing rang are left out: a behavior does not watch them.
pub fn per_class(sweep: &Sweep, seeds: &[u64], constraints: Constraints) -> Vec<Tuning> {
    let rows = sweep.behaviors.first().and_then(|behavior| behavior.candidates.first());
    let classes = rows.map_or(&[][..], |candidate| &candidate.classes);
    let tuned = classes.iter().enumerate().map(|(position, row)| {
        let own = of_class(sweep, position);
        Tuning { class: Some(row.class.clone()), ..tune(&own, seeds, constraints) }
    });
    let is_watched = |tuning: &Tuning| {
        let position = classes.iter().position(|row| tuning.class.as_ref() == Some(&row.class));
        position.is_some_and(|position| sweep.behaviors.iter().any(|behavior| watches(behavior, position)))
    };
    tuned.filter(is_watched).collect()
}

fn watches(behavior: &SweptBehavior, class: usize) -> bool {
    behavior.candidates.iter().any(|candidate| {
        let row = &candidate.classes[class];
        row.wrong > 0 || row.recall.is_some()
    })
}

/// What tuning looks at, of one class alone: setting, recall, latency and false alarms. Whatever else a sweep has is
/// not known by class, and left empty.
pub(super) fn of_class(sweep: &Sweep, class: usize) -> Sweep {
    let candidate = |candidate: &CandidateScore| {
        let row = &candidate.classes[class];
        let mut own = CandidateScore {
            wrong: row.wrong,
            quality: Quality { precision: None, recall: row.recall, f1: None },
            latency: row.latency.clone(),
            classes: Vec::new(),
            attacks: Vec::new(),
            false_positive_rate: None,
            ..candidate.clone()
        };
        own.false_alarms.count = row.wrong;
        own.false_alarms.per_day = Rate::of(row.wrong, sweep.days);
        own
    };
    let behavior = |behavior: &SweptBehavior| SweptBehavior {
        candidates: behavior.candidates.iter().map(candidate).collect(),
        ..behavior.clone()
    };
    Sweep { behaviors: sweep.behaviors.iter().map(behavior).collect(), limits: None, ..sweep.clone() }
}

/// The part of a sweep that holds a tuning's own settings, of plans one after the other, as [`super::check`] takes it.
pub fn part_of(sweep: &Sweep, tunings: &[&Tuning], position: usize) -> Sweep {
    let before: usize = tunings[..position].iter().map(|tuning| tuning.behaviors.len()).sum();
    let own = tunings[position];
    let behaviors = sweep.behaviors[before..before + own.behaviors.len()].to_vec();
    let part = Sweep { behaviors, ..sweep.clone() };
    let class = own.class.as_ref().and_then(|class| {
        let candidate = part.behaviors.first()?.candidates.first()?;
        candidate.classes.iter().position(|row| row.class == *class)
    });
    match class {
        Some(class) => of_class(&part, class),
        None => part,
    }
}

/// The profiles of a class, as `create-security-profile` takes them: those of the scenario under the name
/// `PROFILE-CLASS`, with the settings of the class. A profile of which no attack on the class exercises a behavior is left
/// out: nothing of it would change.
pub fn profiles_of_class(
    scenario: &Scenario,
    planned: &[Planned],
    tuning: &Tuning,
) -> Vec<CreateSecurityProfileRequest> {
    let Some(class) = &tuning.class else { return Vec::new() };
    let created = updates(scenario, planned, tuning).into_iter().filter_map(|update| {
        let named =
            |request: &&CreateSecurityProfileRequest| request.security_profile_name == update.security_profile_name;
        let own = |tuned: &Tuned| tuned.profile == update.security_profile_name;
        if !tuning.behaviors.iter().any(|tuned| own(tuned) && tuned.reason != Reason::NotExercised) {
            return None;
        }
        let request = scenario.profiles.iter().map(|plan| &plan.request).find(named)?;
        Some(CreateSecurityProfileRequest {
            security_profile_name: format!("{}-{class}", request.security_profile_name),
            behaviors: update.behaviors,
            ..request.clone()
        })
    });
    created.collect()
}

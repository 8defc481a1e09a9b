//! What a sweep tries: blocks of grids, laid over the behaviors of a scenario.

use defender::detect::behavior::{Behavior, Catalog};
use defender::detect::criteria::Statistic;
use defender::detect::validate::{Surroundings, validate_within};
use defender::detect::wire;
use defender::error::Compatibility;
use defender::time::Millis;
use sim::scenario::problem::suggestion;
use sim::scenario::quantity::parse_duration;
use sim::scenario::{Onset, Scenario};
use sim::world::trial::Candidate;

use super::grid;
use super::setting::{Setting, Threshold};

/// Candidates that one sweep may try.
pub const CANDIDATES_MAX: usize = 4_096;

/// A scenario with nobody who responds to alarms, intruders included: only then is telemetry the same whatever the
/// thresholds.
pub fn open_loop(scenario: &Scenario) -> Scenario {
    let mut open = Scenario { responders: Vec::new(), teams: Vec::new(), ..scenario.clone() };
    for attack in &mut open.attacks {
        if attack.start.waits_for_an_alarm() {
            attack.start = Onset::Never;
        }
    }
    open
}

/// What to vary of one behavior, as it was written; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Block {
    /// `Behavior`, or `Profile/Behavior` where several profiles have one of that name.
    #[serde(rename = "name")]
    pub behavior: String,
    /// Static thresholds, in the notation of [`grid`].
    pub threshold: Option<String>,
    /// Percentiles, with commas between them: `90,99,99.9`.
    pub percentile: Option<String>,
    /// Confidence levels of an ML behavior, with commas between them: `LOW,HIGH`.
    pub level: Option<String>,
    /// Windows, with commas between them: `5m,10m`.
    pub duration: Option<String>,
    /// Consecutive datapoints to alarm, in the notation of [`grid`].
    pub datapoints: Option<String>,
}

/// A behavior with the settings to be tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Position of its profile among the scenario's.
    pub profile: usize,
    /// The profile's name.
    pub profile_name: String,
    /// Its position in the profile.
    pub behavior: usize,
    /// As it is.
    pub base: wire::Behavior,
    /// What to try: first the setting that it has, then the rest in ascending order.
    pub settings: Vec<Setting>,
    /// The same, as the engine judges them.
    pub judged: Vec<Behavior>,
}

impl Planned {
    /// The candidates, in the order of the settings.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate> + '_ {
        self.judged.iter().map(|behavior| Candidate { profile: self.profile, behavior: behavior.clone() })
    }

    /// Whether both vary the same behavior.
    pub(super) fn is_of_the_same_behavior(&self, other: &Planned) -> bool {
        (self.profile, self.behavior) == (other.profile, other.behavior)
    }

    /// The behavior at that place of a scenario, with these settings.
    fn of(scenario: &Scenario, place: Place, settings: Vec<Setting>) -> Result<Planned, String> {
        let (profile, behavior) = place;
        let base = at(scenario, place).clone();
        let judged = judged(&base, &settings, scenario.compatibility)?;
        let profile_name = scenario.profiles[profile].request.security_profile_name.clone();
        Ok(Planned { profile, profile_name, behavior, base, settings, judged })
    }
}

/// Resolves blocks against a scenario.
///
/// # Errors
/// Everything that is wrong with them, a sentence each.
pub fn plan(scenario: &Scenario, blocks: &[Block]) -> Result<Vec<Planned>, Vec<String>> {
    let (mut planned, mut errors) = (Vec::new(), Vec::new());
    for block in blocks {
        match settings(scenario, block) {
            Ok(plan) => planned.push(plan),
            Err(found) => errors.extend(found),
        }
    }
    for (place, plan) in planned.iter().enumerate() {
        if planned[..place].iter().any(|other| other.is_of_the_same_behavior(plan)) {
            errors.push(format!("behavior `{}` is swept twice; put its grids together", plan.base.name));
        }
    }
    let count: usize = planned.iter().map(|plan| plan.settings.len()).sum();
    if count > CANDIDATES_MAX {
        errors.push(format!("{count} candidates are too many for one sweep; at most {CANDIDATES_MAX} are tried"));
    }
    if errors.is_empty() { Ok(planned) } else { Err(errors) }
}

/// Where a behavior stands: (position of the profile, position in it).
type Place = (usize, usize);

fn at(scenario: &Scenario, (profile, behavior): Place) -> &wire::Behavior {
    &scenario.profiles[profile].request.behaviors.as_ref().expect("it was found there")[behavior]
}

/// The behavior of that name.
fn find(scenario: &Scenario, name: &str) -> Result<Place, String> {
    let rows: Vec<(usize, usize, &str, &str)> = scenario
        .profiles
        .iter()
        .enumerate()
        .flat_map(|(profile, plan)| {
            let behaviors = plan.request.behaviors.iter().flatten().enumerate();
            behaviors.map(move |(behavior, row)| {
                (profile, behavior, plan.request.security_profile_name.as_str(), row.name.as_str())
            })
        })
        .collect();
    let found: Vec<_> = match name.split_once('/') {
        Some((profile, behavior)) => rows.iter().filter(|row| (row.2, row.3) == (profile, behavior)).collect(),
        None => rows.iter().filter(|row| row.3 == name).collect(),
    };
    match found[..] {
        [(profile, behavior, ..)] => Ok((*profile, *behavior)),
        [] => {
            let said = |row: &(usize, usize, &str, &str)| match name.contains('/') {
                true => format!("{}/{}", row.2, row.3),
                false => row.3.to_owned(),
            };
            let names: Vec<String> = rows.iter().map(said).collect();
            let meant = suggestion(name, names.iter().map(String::as_str)).unwrap_or_default();
            Err(format!("no profile of the scenario has a behavior `{name}`; {meant}"))
        }
        _ => {
            let all: Vec<String> = found.iter().map(|row| format!("`{}/{}`", row.2, row.3)).collect();
            Err(format!("several profiles have a behavior `{name}`; write {}", all.join(" or ")))
        }
    }
}

/// The place of the behavior that a block names, and the setting that it has.
fn named(scenario: &Scenario, block: &Block) -> Result<(Place, Setting), Vec<String>> {
    let place = find(scenario, &block.behavior).map_err(|error| vec![error])?;
    Ok((place, Setting::of(at(scenario, place))))
}

/// What a block asks for of the behavior that has a setting, in ascending order.
fn tried(block: &Block, current: &Setting) -> Result<Vec<Setting>, Vec<String>> {
    let name = &block.behavior;
    let mut errors = Vec::new();
    let mut told = |error: String| errors.push(format!("{name}: {error}"));
    let mut thresholds = Vec::new();
    if let Some(text) = &block.threshold {
        match grid::numbers(text) {
            Ok(values) => thresholds.extend(values.into_iter().map(Threshold::Count)),
            Err(error) => told(format!("threshold: {error}")),
        }
    }
    if let Some(text) = &block.percentile {
        for part in text.split(',').map(str::trim) {
            let api = if part.starts_with('p') { part.to_owned() } else { format!("p{part}") };
            if Statistic::from_name(&api).is_some() {
                thresholds.push(Threshold::Percentile(api));
            } else {
                let all: Vec<&str> = Statistic::NAMES.iter().map(|(name, _)| *name).collect();
                told(format!("percentile: the service knows {}, found `{part}`", all.join(", ")));
            }
        }
    }
    if let Some(text) = &block.level {
        let is_learned = matches!(current.threshold, Threshold::Level(_));
        for part in text.split(',').map(|part| part.trim().to_uppercase()) {
            match wire::ConfidenceLevel::from_name(&part) {
                Some(level) if is_learned => thresholds.push(Threshold::Level(level)),
                Some(_) => told("level: only an ML behavior has one".to_owned()),
                None => told(format!("level: the service knows LOW, MEDIUM, HIGH, found `{part}`")),
            }
        }
    }
    if thresholds.is_empty() {
        thresholds.push(current.threshold.clone());
    }
    let mut durations = vec![current.duration];
    if let Some(text) = &block.duration {
        durations.clear();
        for part in text.split(',') {
            match parse_duration(part.trim()) {
                Ok(duration) => durations.push(Some(duration)),
                Err(_) => told(format!("duration: expected a duration such as `5m`, found `{}`", part.trim())),
            }
        }
    }
    let mut datapoints = vec![current.to_alarm];
    if let Some(text) = &block.datapoints {
        match grid::numbers(text) {
            Ok(values) if values.iter().all(|n| (1..=10).contains(n)) => {
                datapoints = values.into_iter().map(|n| n as u8).collect();
            }
            Ok(_) => told(format!("datapoints: must lie in 1..=10 (D-V19), found `{text}`")),
            Err(error) => told(format!("datapoints: {error}")),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut tried = Vec::new();
    for threshold in &thresholds {
        for duration in &durations {
            for to_alarm in &datapoints {
                // A percentile needs a window; a behavior without one has the shortest.
                let duration = match threshold {
                    Threshold::Percentile(_) => duration.or(Some(Millis::seconds(300))),
                    _ => *duration,
                };
                tried.push(Setting { threshold: threshold.clone(), duration, to_alarm: *to_alarm, ..current.clone() });
            }
        }
    }
    tried.sort();
    tried.dedup();
    Ok(tried)
}

/// What a block asks for, after the setting that the behavior has.
fn settings(scenario: &Scenario, block: &Block) -> Result<Planned, Vec<String>> {
    let (place, current) = named(scenario, block)?;
    let mut tried = tried(block, &current)?;
    tried.retain(|setting| *setting != current);
    tried.insert(0, current);
    Planned::of(scenario, place, tried).map_err(|error| vec![format!("{}: {error}", block.behavior)])
}

/// The one setting that a block asks for.
pub(super) fn one_setting(scenario: &Scenario, block: &Block) -> Result<Planned, Vec<String>> {
    let (place, current) = named(scenario, block)?;
    let tried = tried(block, &current)?;
    let name = &block.behavior;
    if tried.len() > 1 {
        return Err(vec![format!("{name}: one value of each, found {} settings", tried.len())]);
    }
    Planned::of(scenario, place, tried).map_err(|error| vec![format!("{name}: {error}")])
}

/// A behavior with each of the settings, as the engine judges it.
///
/// # Errors
/// The first setting that the engine refuses, with its reason.
pub fn judged(
    base: &wire::Behavior,
    settings: &[Setting],
    compatibility: Compatibility,
) -> Result<Vec<Behavior>, String> {
    settings
        .iter()
        .map(|setting| {
            let given = [setting.apply(base)];
            let validated = validate_within(&given, &Catalog::default(), compatibility, Surroundings::default());
            match (validated.errors.first(), validated.behaviors.into_iter().next()) {
                (None, Some(behavior)) => Ok(behavior),
                (Some(error), _) => Err(format!("`{}`: {} ({})", setting.words(), error.message, error.rule)),
                (None, None) => Err(format!("`{}` is no behavior", setting.words())),
            }
        })
        .collect()
}

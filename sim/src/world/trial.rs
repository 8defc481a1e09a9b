//! Trials: candidates for a behavior, all judged on the telemetry of one run.
//!
//! Telemetry does not depend on thresholds while nobody responds to alarms, so it is generated once and judged by every
//! candidate in the same pass, 64 at a time. What a candidate raises is, alarm for alarm, what its behavior would raise
//! in a run of its own. With responders in the scenario the candidates look on at a world in which *its* behaviors, and
//! not theirs, set the responses off.

use std::collections::{BTreeMap, BTreeSet};

use defender::detect::alarm::ViolationEventType;
use defender::detect::behavior::Behavior;
use defender::detect::columns::{Program, Slate};
use defender::detect::wire;
use defender::time::Timestamp;

use super::{Observer, Run, RunOptions, Stopped, World, play};
use crate::outcome::{ActKind, DeviceId, Outcome};
use crate::scenario::{ProfilePlan, Scenario};

/// A behavior to be tried in place of one that a profile has.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Position of the profile among the scenario's: its targets are those of the candidate.
    pub profile: usize,
    /// The behavior.
    pub behavior: Behavior,
}

/// What a candidate raised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// Alarm episodes on devices that an attack or an innocent event concerns, in the order (raised, device).
    pub episodes: Vec<Episode>,
    /// By class: what it raised on all other devices.
    pub elsewhere: Vec<Elsewhere>,
}

/// Alarms on devices that neither an attack nor an innocent event concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// Alarm episodes.
    pub alarms: u64,
    /// Devices with at least one.
    pub devices: u64,
}

/// An alarm episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Episode {
    /// Time of the datapoint that raised it.
    pub raised: Timestamp,
    /// The device.
    pub device: DeviceId,
    /// When and how it ended; `None` if it stood at the end of the run.
    pub ended: Option<(Timestamp, ViolationEventType)>,
}

/// Runs a scenario with candidates looking on: as often as there are 64 of them, on the same telemetry each time, and
/// once more if some have an ML criterion. Gives the first run and, in the order of the candidates, what each raised.
///
/// # Errors
/// As for [`run`](super::run), and [`Stopped::Setup`] if a candidate's profile does not exist, its behavior cannot be
/// judged over columns, or it has an ML criterion that its profile's behavior of that name has not.
pub fn run_with(
    scenario: &Scenario,
    candidates: &[Candidate],
    options: RunOptions,
    observer: &mut (dyn Observer + Send),
) -> Result<(Run, Vec<Trial>), Stopped> {
    known_profiles(scenario, candidates)?;
    let learned: Vec<bool> = candidates.iter().map(|candidate| candidate.behavior.confidence().is_some()).collect();
    let of_kind = |kind: bool| {
        let own = candidates.iter().zip(&learned).filter(move |(_, learned)| **learned == kind);
        own.map(|(candidate, _)| candidate.clone()).collect::<Vec<_>>()
    };
    let (plain, learning) = (of_kind(false), of_kind(true));
    let extended = if learning.is_empty() { None } else { Some(extended(scenario, &learning)?) };
    let (first, others) = plain.split_at(plain.len().min(Slate::MOST));
    let (run, mut trials) = play(scenario, first, None, options, observer)?;
    for pass in others.chunks(Slate::MOST) {
        trials.extend(play(scenario, pass, None, options, observer)?.1);
    }
    let Some(extended) = extended else { return Ok((run, trials)) };
    let (with_models, _) = play(&extended, &[], None, options, observer)?;
    let behaviors = run.outcome.behaviors.len() as u32;
    let mut of_models = trials_of(&with_models.outcome, behaviors, &learning).into_iter();
    let mut of_columns = trials.into_iter();
    let trials = learned.into_iter().filter_map(|learned| match learned {
        true => of_models.next(),
        false => of_columns.next(),
    });
    Ok((run, trials.collect()))
}

fn known_profiles(scenario: &Scenario, candidates: &[Candidate]) -> Result<(), Stopped> {
    let count = scenario.profiles.len();
    match candidates.iter().find(|candidate| candidate.profile >= count) {
        None => Ok(()),
        Some(Candidate { profile, behavior }) => Err(Stopped::Setup(vec![format!(
            "candidate `{}` is for profile {profile}, the scenario has {count}",
            behavior.name
        )])),
    }
}

/// The scenario with ML candidates in profiles of their own, after those that it has: one for each profile with
/// candidates, in order, with its candidates in theirs.
fn extended(scenario: &Scenario, candidates: &[Candidate]) -> Result<Scenario, Stopped> {
    let refused = |text: String| Err(Stopped::Setup(vec![text]));
    if !scenario.responders.is_empty() || scenario.attacks.iter().any(|attack| attack.start.waits_for_an_alarm()) {
        return refused("ML candidates can only be tried where nobody responds to alarms".to_owned());
    }
    let mut extended = scenario.clone();
    for (profile, plan) in scenario.profiles.iter().enumerate() {
        let mut behaviors = Vec::new();
        for (number, candidate) in candidates.iter().enumerate().filter(|(_, candidate)| candidate.profile == profile) {
            let name = &candidate.behavior.name;
            let Some(mut behavior) = plan.request.behaviors.iter().flatten().find(|own| own.name == *name).cloned()
            else {
                return refused(format!("profile `{}` has no behavior `{name}`", plan.request.security_profile_name));
            };
            let criteria = behavior.criteria.get_or_insert_default();
            let (Some(config), Some(level)) = (&mut criteria.ml_detection_config, candidate.behavior.confidence())
            else {
                return refused(format!("behavior `{name}` has no ML criterion whose level could vary"));
            };
            config.confidence_level = Some(level.name().to_owned());
            let consecutive = candidate.behavior.consecutive;
            criteria.consecutive_datapoints_to_alarm = Some(i64::from(consecutive.to_alarm));
            criteria.consecutive_datapoints_to_clear = Some(i64::from(consecutive.to_clear));
            behavior.name = format!("candidate-{number}");
            behaviors.push(behavior);
        }
        if behaviors.is_empty() {
            continue;
        }
        let request = wire::CreateSecurityProfileRequest {
            security_profile_name: format!("candidates-{profile}"),
            behaviors: Some(behaviors),
            ..wire::CreateSecurityProfileRequest::default()
        };
        extended.profiles.push(ProfilePlan { request, targets: plan.targets.clone(), file: plan.file.clone() });
    }
    Ok(extended)
}

/// What ML candidates raised in a run of the [`extended`] scenario; `behaviors` is the number of those before theirs.
fn trials_of(outcome: &Outcome, behaviors: u32, candidates: &[Candidate]) -> Vec<Trial> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|number| candidates[*number].profile);
    let acts = outcome.truth.iter().filter(|act| matches!(act.category, ActKind::Attack | ActKind::Confounder));
    let concerned: BTreeSet<DeviceId> = acts.flat_map(|act| act.devices.iter().map(|part| part.device)).collect();
    let empty = Trial { episodes: Vec::new(), elsewhere: vec![Elsewhere::default(); outcome.classes.len()] };
    let mut trials = vec![empty; candidates.len()];
    let mut rang = BTreeSet::new();
    for alarm in outcome.alarms.iter().filter(|alarm| alarm.behavior >= behaviors) {
        let number = order[(alarm.behavior - behaviors) as usize];
        let trial = &mut trials[number];
        if concerned.contains(&alarm.device) {
            trial.episodes.push(Episode { raised: alarm.raised, device: alarm.device, ended: alarm.ended });
        } else {
            let elsewhere = &mut trial.elsewhere[outcome.class_of(alarm.device)];
            elsewhere.alarms += 1;
            elsewhere.devices += u64::from(rang.insert((number, alarm.device)));
        }
    }
    trials.iter_mut().for_each(|trial| trial.episodes.sort_unstable());
    trials
}

/// The candidates as the shards judge them; `None` without any.
pub(super) fn slate(program: &Program, candidates: &[Candidate]) -> Result<Option<Slate>, Stopped> {
    if candidates.is_empty() {
        return Ok(None);
    }
    let rules: Vec<(u32, Behavior)> =
        candidates.iter().map(|candidate| (candidate.profile as u32, candidate.behavior.clone())).collect();
    let slate = Slate::new(program, &rules);
    slate.map(Some).map_err(|errors| Stopped::Setup(errors.iter().map(ToString::to_string).collect()))
}

impl World<'_> {
    /// What the candidates raised, at the end of the run.
    pub(super) fn trials(&mut self) -> Vec<Trial> {
        let count = self.common.slate.as_ref().map_or(0, |slate| slate.program().rules().len());
        let empty = Trial { episodes: Vec::new(), elsewhere: vec![Elsewhere::default(); self.common.classes.len()] };
        let mut trials = vec![empty; count];
        for shard in &mut self.shards {
            let first = shard.first;
            let Some(candidates) = shard.candidates() else { continue };
            for (class, (raised, rang)) in candidates.raised().iter().zip(candidates.rang()).enumerate() {
                for (trial, (alarms, devices)) in trials.iter_mut().zip(raised.iter().zip(rang)) {
                    trial.elsewhere[class].alarms += alarms;
                    trial.elsewhere[class].devices += devices;
                }
            }
            let mut changes = candidates.take_changes();
            changes.sort_unstable();
            let mut open: BTreeMap<(u8, u32), usize> = BTreeMap::new();
            for change in changes {
                let episodes = &mut trials[usize::from(change.candidate)].episodes;
                let place = (change.candidate, change.lane);
                if change.kind == ViolationEventType::InAlarm {
                    open.insert(place, episodes.len());
                    let device = DeviceId(first + change.lane);
                    episodes.push(Episode { raised: change.time, device, ended: None });
                } else if let Some(index) = open.remove(&place) {
                    episodes[index].ended = Some((change.time, change.kind));
                }
            }
        }
        for trial in &mut trials {
            trial.episodes.sort_unstable();
        }
        trials
    }
}

//! Trials: candidates for a behavior, all judged on the telemetry of one run.
//!
//! Telemetry does not depend on thresholds while nobody responds to alarms, so it is generated once and judged by every
//! candidate in the same pass, 64 at a time. What a candidate raises is, alarm for alarm, what its behavior would raise
//! in a run of its own. With responders in the scenario the candidates look on at a world in which *its* behaviors, and
//! not theirs, set the responses off.

use std::collections::BTreeMap;

use defender::detect::alarm::ViolationEventType;
use defender::detect::behavior::Behavior;
use defender::detect::columns::{Program, Slate};
use defender::time::Timestamp;

use super::{Observer, Run, RunOptions, Stopped, World, play};
use crate::outcome::DeviceId;
use crate::scenario::Scenario;

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

/// Runs a scenario with candidates looking on: as often as there are 64 of them, on the same telemetry each time.
/// Gives the first run and, in the order of the candidates, what each raised.
///
/// # Errors
/// As for [`run`](super::run), and [`Stopped::Setup`] if a candidate's profile does not exist or its behavior cannot be
/// judged over columns.
pub fn run_with(
    scenario: &Scenario,
    candidates: &[Candidate],
    options: RunOptions,
    observer: &mut (dyn Observer + Send),
) -> Result<(Run, Vec<Trial>), Stopped> {
    let (first, others) = candidates.split_at(candidates.len().min(Slate::MOST));
    let (run, mut trials) = play(scenario, first, None, options, observer)?;
    for pass in others.chunks(Slate::MOST) {
        trials.extend(play(scenario, pass, None, options, observer)?.1);
    }
    Ok((run, trials))
}

/// The candidates as the shards judge them; `None` without any.
pub(super) fn slate(
    scenario: &Scenario,
    program: &Program,
    candidates: &[Candidate],
) -> Result<Option<Slate>, Stopped> {
    if candidates.is_empty() {
        return Ok(None);
    }
    if let Some(lost) = candidates.iter().find(|candidate| candidate.profile >= scenario.profiles.len()) {
        let (name, count) = (&lost.behavior.name, scenario.profiles.len());
        return Err(Stopped::Setup(vec![format!(
            "candidate `{name}` is for profile {}, the scenario has {count}",
            lost.profile
        )]));
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

//! `fleetrange run`

use std::path::{Path, PathBuf};

use defender::time::Millis;
use lab::Scorecard;
use lab::outcome::Outcome;
use lab::seeds::{OverSeeds, Repeats};
use reports::Destination;
use reports::text::Color;
use sim::scenario::{Loaded, Scenario};
use sim::world::checkpoint::Saved;
use sim::world::{self, RunOptions, Stopped};

use crate::arguments::{Format, Manner, Run};
use crate::checkpoint::{CheckpointFile, Keeper};
use crate::exit::Code;
use crate::progress::{Watch, on_interrupt};
use crate::tell::Tell;

/// Runs a scenario, writes its run directory, and tells the result.
pub fn run(arguments: &Run, tell: &Tell) -> Code {
    let loaded = match super::read(&arguments.scenario, &arguments.shape, tell) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let keep = arguments.checkpoint.as_deref().map(|file| (file, arguments.checkpoint_every));
    play(Playing { loaded: &loaded, saved: None, manner: &arguments.manner, keep, runs: arguments.runs }, tell)
}

/// A run to be played to its end.
pub struct Playing<'a> {
    /// The scenario.
    pub loaded: &'a Loaded,
    /// Where to go on from; `None`: from the beginning.
    pub saved: Option<Saved>,
    pub manner: &'a Manner,
    /// The checkpoint file, and how often it is written.
    pub keep: Option<(&'a Path, Millis)>,
    /// Seeds to run it with, the scenario's and those after it; then what is expected is judged.
    pub runs: Option<u64>,
}

/// Plays a scenario to its end, writes the run directory, and tells the result.
pub fn play(playing: Playing<'_>, tell: &Tell) -> Code {
    let Playing { loaded, saved, manner, keep, runs } = playing;
    let scenario = &loaded.scenario;
    let dir = manner.out.clone().unwrap_or_else(|| default_directory(&scenario.name, scenario.seed));
    // Opened before the long run: a folder that cannot be written is told now.
    let destination = match Destination::open(&dir) {
        Ok(destination) => destination,
        Err(error) => {
            tell.failure(&error.to_string());
            return Code::CannotStart;
        }
    };
    let file = match keep.map(|(file, _)| CheckpointFile::open(file, &loaded.lock)).transpose() {
        Ok(file) => file,
        Err(error) => {
            tell.failure(&error);
            return Code::CannotStart;
        }
    };
    tell.remark(&format!(
        "{}: {} devices, {} from {}, seed {}",
        scenario.name,
        scenario.devices(),
        scenario.duration,
        scenario.start,
        scenario.seed
    ));
    let mut keeper = Keeper { watch: Watch::new(*tell, on_interrupt()), file, tell: *tell, last: None };
    let options =
        RunOptions { threads: manner.threads, checkpoint_every: keep.map(|(_, every)| every), ..RunOptions::default() };
    let run = match saved {
        Some(saved) => world::resume(scenario, saved, options, &mut keeper),
        None => world::run(scenario, options, &mut keeper),
    };
    keeper.watch.done();
    let run = match run {
        Ok(run) => run,
        Err(Stopped::Cancelled) => {
            drop(destination);
            let Some(((file, _), time)) = keep.zip(keeper.last) else {
                return super::stopped(&Stopped::Cancelled, tell);
            };
            tell.failure(&format!(
                "interrupted at {time} of simulated time; `fleetrange resume {}` goes on from there",
                file.display()
            ));
            return Code::Interrupted;
        }
        Err(reason) => return super::stopped(&reason, tell),
    };
    let outcome = &run.outcome;
    let card = lab::score(outcome);
    let lock = loaded.lock.to_toml(&outcome.header.version, Some(&outcome.header.digest));
    let over = match runs.map(|runs| over_seeds(scenario, (outcome, &card), runs, manner, tell)).transpose() {
        Ok(over) => over,
        Err(code) => return code,
    };
    if let Err(error) = destination.write(outcome, &card, &lock, over.as_ref()) {
        tell.failure(&error.to_string());
        return Code::CannotStart;
    }
    tell_result(outcome, &card, over.as_ref(), manner.format, &dir, tell)
}

/// Goes on with the seeds after the first, and judges what the scenario expects over all of them.
fn over_seeds(
    scenario: &Scenario,
    first: (&Outcome, &Scorecard),
    runs: u64,
    manner: &Manner,
    tell: &Tell,
) -> Result<OverSeeds, Code> {
    let mut repeats = Repeats::new(&scenario.expectations);
    repeats.add(first.0, first.1);
    for number in 1..runs {
        let scenario = Scenario { seed: scenario.seed.wrapping_add(number), ..scenario.clone() };
        tell.remark(&format!("seed {}", scenario.seed));
        let options = RunOptions { threads: manner.threads, ..RunOptions::default() };
        let outcome = super::watched(tell, |watch| world::run(&scenario, options, watch))?.outcome;
        repeats.add(&outcome, &lab::score(&outcome));
    }
    Ok(repeats.finish())
}

/// Tells a result that is in its directory by now. Over several seeds, the answer is whether what is expected holds.
pub fn tell_result(
    outcome: &Outcome,
    card: &Scorecard,
    over: Option<&OverSeeds>,
    format: Format,
    dir: &Path,
    tell: &Tell,
) -> Code {
    match format {
        Format::Human => {
            let color = if tell.colors() { Color::Always } else { Color::Never };
            tell.answer(&reports::text::summary_in(outcome, card, color));
            if let Some(over) = over {
                tell.answer(&reports::seeds::text(over));
            }
        }
        Format::Json => match std::fs::read_to_string(dir.join("summary.json")) {
            Ok(summary) => tell.answer(&summary),
            Err(error) => {
                tell.failure(&format!("{}: {error}", dir.join("summary.json").display()));
                return Code::CannotStart;
            }
        },
    }
    tell.remark(&format!("report: {}", dir.join("report.html").display()));
    over.and_then(OverSeeds::verdict).map_or(Code::Yes, Code::from)
}

fn default_directory(name: &str, seed: u64) -> PathBuf {
    PathBuf::from("runs").join(format!("{name}-{seed}"))
}

//! One file a subcommand.

pub mod baseline;
pub mod chaos;
pub mod check;
pub mod compare;
pub mod completions;
pub mod import;
pub mod new;
pub mod report;
pub mod resume;
pub mod run;
pub mod sweep;
pub mod test;
pub mod tune;
pub mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lab::outcome::Outcome;
use sim::scenario::{LoadOptions, Loaded, Scenario, load};
use sim::world::trial::{Candidate, Trial, run_with};
use sim::world::{RunOptions, Stopped};

use crate::arguments::Shape;
use crate::exit::Code;
use crate::progress::{Watch, on_interrupt};
use crate::tell::Tell;

/// Loads a scenario and tells what is wrong or odd about it.
fn read(path: &Path, shape: &Shape, tell: &Tell) -> Result<Loaded, Code> {
    let loaded = read_again(path, shape, tell)?;
    tell.problems(&loaded.warnings);
    loaded.drawn.iter().for_each(|line| tell.remark(line));
    Ok(loaded)
}

/// Loads a scenario whose oddities were told before.
fn read_again(path: &Path, shape: &Shape, tell: &Tell) -> Result<Loaded, Code> {
    let options = LoadOptions { seed: shape.seed, devices: shape.devices, playbook: shape.playbook.clone() };
    load(path, &shape.set, &options).map_err(|problems| {
        tell.problems(&problems);
        tell.failure(&counted(problems.errors()));
        Code::CannotStart
    })
}

/// The scenario on a recorded fleet; tells what is wrong with the recording, or left out of it.
fn replaying(scenario: &Scenario, paths: &[PathBuf], tell: &Tell) -> Result<Scenario, Code> {
    let recorded = sim::recording::read(paths, scenario).map_err(|problems| {
        tell.problems(&problems);
        tell.failure(&counted(problems.errors()));
        Code::CannotStart
    })?;
    recorded.remarks.iter().for_each(|line| tell.remark(line));
    let recording = recorded.recording;
    tell.remark(&format!("recorded: {} values on {} things", recording.values(), recording.things()));
    Ok(scenario.replaying(Arc::new(recording)))
}

/// Runs something under a progress bar; tells why it did not finish.
fn watched<T>(tell: &Tell, run: impl FnOnce(&mut Watch) -> Result<T, Stopped>) -> Result<T, Code> {
    let mut watch = Watch::new(*tell, on_interrupt());
    let result = run(&mut watch);
    watch.done();
    result.map_err(|reason| stopped(&reason, tell))
}

/// Runs a scenario with candidates that look on.
fn trials(
    scenario: &Scenario,
    candidates: &[Candidate],
    threads: Option<usize>,
    tell: &Tell,
) -> Result<(Outcome, Vec<Trial>), Code> {
    let options = RunOptions { threads, ..RunOptions::default() };
    let (run, trials) = watched(tell, |watch| run_with(scenario, candidates, options, watch))?;
    Ok((run.outcome, trials))
}

/// `1 problem`, `4 problems`.
fn counted(errors: usize) -> String {
    if errors == 1 { "1 problem, nothing was run".to_owned() } else { format!("{errors} problems, nothing was run") }
}

/// Tells why a run did not finish.
fn stopped(reason: &Stopped, tell: &Tell) -> Code {
    match reason {
        Stopped::Cancelled => {
            tell.failure("interrupted; nothing was written");
            Code::Interrupted
        }
        Stopped::Setup(reasons) => {
            reasons.iter().for_each(|reason| tell.failure(reason));
            tell.failure(&counted(reasons.len()));
            Code::CannotStart
        }
        Stopped::Checkpoint(_) => {
            tell.failure(&reason.to_string());
            Code::CannotStart
        }
    }
}

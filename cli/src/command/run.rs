//! `fleetrange run`

use std::path::PathBuf;

use reports::Destination;
use reports::text::Color;
use sim::world::{self, RunOptions, Stopped};

use crate::arguments::{Format, Run};
use crate::exit::Code;
use crate::progress::{Watch, on_interrupt};
use crate::tell::Tell;

/// Runs a scenario, writes its run directory, and tells the result.
pub fn run(arguments: &Run, tell: &Tell) -> Code {
    let loaded = match super::read(&arguments.scenario, &arguments.shape, tell) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let scenario = &loaded.scenario;
    let dir = arguments.out.clone().unwrap_or_else(|| default_directory(&scenario.name, scenario.seed));
    // Opened before the long run: a folder that cannot be written is told now.
    let destination = match Destination::open(&dir) {
        Ok(destination) => destination,
        Err(error) => {
            tell.failure(&error.to_string());
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
    let mut watch = Watch::new(*tell, on_interrupt());
    let options = RunOptions { threads: arguments.threads, ..RunOptions::default() };
    let run = world::run(scenario, options, &mut watch);
    watch.done();
    let run = match run {
        Ok(run) => run,
        Err(Stopped::Cancelled) => {
            drop(destination);
            tell.failure("interrupted; nothing was written");
            return Code::Interrupted;
        }
        Err(Stopped::Setup(reasons)) => {
            for reason in &reasons {
                tell.failure(reason);
            }
            tell.failure(&super::counted(reasons.len()));
            return Code::CannotStart;
        }
    };
    let outcome = &run.outcome;
    let card = lab::score(outcome);
    let lock = loaded.lock.to_toml(&outcome.header.version, Some(&outcome.header.digest));
    if let Err(error) = destination.write(outcome, &card, &lock) {
        tell.failure(&error.to_string());
        return Code::CannotStart;
    }
    match arguments.format {
        Format::Human => {
            let color = if tell.colors() { Color::Always } else { Color::Never };
            tell.answer(&reports::text::summary_in(outcome, &card, color));
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
    Code::Yes
}

fn default_directory(name: &str, seed: u64) -> PathBuf {
    PathBuf::from("runs").join(format!("{name}-{seed}"))
}

//! `fleetrange chaos`

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lab::chaos::{Audience, ChaosError, Settings, play};
use reports::{Destination, chaos};
use sim::world::Stopped;

use crate::arguments::{Chaos, ReportFormat, Switch};
use crate::exit::Code;
use crate::progress::{Tasks, on_interrupt};
use crate::tell::Tell;

/// Shows how far the runs are, and stops them on Ctrl-C.
struct Hall {
    bar: Tasks,
    interrupted: Arc<AtomicBool>,
}

impl Audience for Hall {
    fn progress(&self, done: usize, all: usize) {
        self.bar.show(done as u64, all as u64);
    }

    fn cancelled(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// Plays a scenario with its defence broken in every way, writes the report, and tells the result. The answer is no if
/// something had not healed.
pub fn run(arguments: &Chaos, tell: &Tell) -> Code {
    let loaded = match super::read(&arguments.scenario, &arguments.shape, tell) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let scenario = &loaded.scenario;
    let default = || PathBuf::from("runs").join(format!("{}-{}-chaos", scenario.name, scenario.seed));
    let dir = arguments.out.clone().unwrap_or_else(default);
    let destination = match Destination::open(&dir) {
        Ok(destination) => destination,
        Err(error) => {
            tell.failure(&error.to_string());
            return Code::CannotStart;
        }
    };
    if !scenario.faults.is_empty() {
        tell.remark(&format!("the scenario's own faults ({}) are left out", scenario.faults.len()));
    }
    let settings = Settings {
        runs: arguments.runs,
        only: arguments.only.clone(),
        pairs: arguments.pairs == Switch::On,
        curves: arguments.curve.clone(),
    };
    let hall = Hall { bar: Tasks::new(*tell, "runs"), interrupted: on_interrupt() };
    let mut pool = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = arguments.threads {
        pool = pool.num_threads(threads);
    }
    let played = match pool.build() {
        Ok(pool) => pool.install(|| play(scenario, &settings, &hall)),
        Err(error) => {
            tell.failure(&format!("cannot start threads: {error}"));
            return Code::CannotStart;
        }
    };
    hall.bar.done();
    let answer = match played {
        Ok(answer) => answer,
        Err(ChaosError::Stopped(Stopped::Cancelled)) => {
            tell.failure("interrupted; nothing was written");
            return Code::Interrupted;
        }
        Err(error) => {
            tell.failure(&error.to_string());
            return Code::CannotStart;
        }
    };
    if let Err(error) = chaos::write(destination, &answer) {
        tell.failure(&error.to_string());
        return Code::CannotStart;
    }
    tell.answer(&match arguments.format {
        ReportFormat::Human => chaos::text(&answer),
        ReportFormat::Json => chaos::json(&answer),
        ReportFormat::Markdown => chaos::markdown(&answer),
    });
    tell.remark(&format!("report: {}", dir.join("chaos.html").display()));
    if answer.is_healed() { Code::Yes } else { Code::No }
}

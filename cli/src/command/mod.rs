//! One file a subcommand.

pub mod baseline;
pub mod chaos;
pub mod check;
pub mod compare;
pub mod completions;
pub mod new;
pub mod report;
pub mod resume;
pub mod run;
pub mod sweep;
pub mod test;
pub mod tune;
pub mod verify;

use std::path::Path;

use sim::scenario::{LoadOptions, Loaded, load};
use sim::world::Stopped;

use crate::arguments::Shape;
use crate::exit::Code;
use crate::tell::Tell;

/// Loads a scenario and tells what is wrong or odd about it.
fn read(path: &Path, shape: &Shape, tell: &Tell) -> Result<Loaded, Code> {
    let options = LoadOptions { seed: shape.seed, devices: shape.devices };
    match load(path, &shape.set, &options) {
        Ok(loaded) => {
            tell.problems(&loaded.warnings);
            loaded.drawn.iter().for_each(|line| tell.remark(line));
            Ok(loaded)
        }
        Err(problems) => {
            tell.problems(&problems);
            tell.failure(&counted(problems.errors()));
            Err(Code::CannotStart)
        }
    }
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

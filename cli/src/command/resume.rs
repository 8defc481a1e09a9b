//! `fleetrange resume`

use sim::scenario::load_text;
use sim::world::checkpoint::Saved;

use super::run::{Playing, play};
use crate::arguments::Resume;
use crate::exit::Code;
use crate::tell::Tell;

/// Goes on with a run from its checkpoint, to the result that it would have had without the interruption.
pub fn run(arguments: &Resume, tell: &Tell) -> Code {
    let file = &arguments.checkpoint;
    let saved = match std::fs::read(file) {
        Ok(bytes) => Saved::read(&bytes).map_err(|error| error.to_string()),
        Err(error) => Err(format!("cannot be read: {error}")),
    };
    let saved = match saved {
        Ok(saved) => saved,
        Err(error) => {
            tell.failure(&format!("`{}`: {error}", file.display()));
            return Code::CannotStart;
        }
    };
    let loaded = match load_text(&file.display().to_string(), saved.lock()) {
        Ok(loaded) => loaded,
        Err(problems) => {
            tell.problems(&problems);
            tell.failure(&super::counted(problems.errors()));
            return Code::CannotStart;
        }
    };
    tell.remark(&format!("going on from {} of simulated time", saved.time()));
    let keep = Some((file.as_path(), arguments.checkpoint_every));
    play(Playing { loaded: &loaded, saved: Some(saved), manner: &arguments.manner, keep, runs: None }, tell)
}

//! `fleetrange report`

use reports::{Destination, saved, seeds};

use crate::arguments::Report;
use crate::exit::Code;
use crate::tell::Tell;

/// Scores and tells a run again, from what it left behind.
pub fn run(arguments: &Report, tell: &Tell) -> Code {
    let failed = |error: &dyn std::fmt::Display| {
        tell.failure(&error.to_string());
        Code::CannotStart
    };
    let outcome = match saved::read(&arguments.run) {
        Ok(outcome) => outcome,
        Err(error) => return failed(&error),
    };
    let lock = arguments.run.join("scenario.lock.toml");
    let lock = match std::fs::read_to_string(&lock) {
        Ok(text) => text,
        Err(error) => return failed(&format!("cannot read `{}`: {error}", lock.display())),
    };
    let over = match seeds::read(&arguments.run) {
        Ok(over) => over,
        Err(error) => return failed(&error),
    };
    let card = lab::score(&outcome);
    let dir = arguments.out.as_ref().unwrap_or(&arguments.run);
    if let Err(error) = Destination::open(dir).and_then(|place| place.write(&outcome, &card, &lock, over.as_ref())) {
        return failed(&error);
    }
    super::run::tell_result(&outcome, &card, over.as_ref(), arguments.format, dir, tell)
}

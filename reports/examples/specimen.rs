//! Writes the report of an invented run, to look at and to check in a browser:
//! `cargo run -p fleetrange-reports --example specimen -- DIR`.

#[path = "../tests/specimen/mod.rs"]
mod specimen;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(dir) = std::env::args_os().nth(1).map(PathBuf::from) else { return ExitCode::from(2) };
    let result =
        [("rich", specimen::rich()), ("small", specimen::small())].into_iter().try_for_each(|(name, outcome)| {
            let card = lab::score(&outcome);
            reports::write_run(&dir.join(name), &outcome, &card, "# the scenario of an invented run\n")
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

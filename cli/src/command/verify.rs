//! `fleetrange verify`

use sim::world::{self, Run, RunOptions, Stopped};

use crate::arguments::Verify;
use crate::exit::Code;
use crate::progress::{Watch, on_interrupt};
use crate::tell::Tell;

/// Runs a scenario at several thread counts and compares the logs event by event.
pub fn run(arguments: &Verify, tell: &Tell) -> Code {
    let loaded = match super::read(&arguments.scenario, &arguments.shape, tell) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let interrupted = on_interrupt();
    let mut first: Option<(usize, Run)> = None;
    for threads in &arguments.threads {
        let mut watch = Watch::new(*tell, interrupted.clone());
        let options = RunOptions { threads: Some(*threads), ..RunOptions::default() };
        let run = world::run(&loaded.scenario, options, &mut watch);
        watch.done();
        let run = match run {
            Ok(run) => run,
            Err(Stopped::Cancelled) => {
                tell.failure("interrupted");
                return Code::Interrupted;
            }
            Err(stopped) => {
                tell.failure(&stopped.to_string());
                return Code::CannotStart;
            }
        };
        let Some((before, reference)) = &first else {
            tell.answer(&format!("{threads} threads: {}\n", run.log.digest()));
            first = Some((*threads, run));
            continue;
        };
        if let Some((position, left, right)) = reference.log.first_difference(&run.log) {
            let show =
                |event: Option<sim::event::Event>| event.map_or("no event".to_owned(), |event| event.to_string());
            tell.failure(&format!(
                "event {position} differs: with {before} threads {}, with {threads} threads {}",
                show(left),
                show(right)
            ));
            return Code::DifferentBits;
        }
        tell.answer(&format!("{threads} threads: the same {} events\n", run.log.events().len()));
    }
    Code::Yes
}

//! `fleetrange verify`

use sim::event::{Event, first_difference};
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
    compare(
        &arguments.threads,
        |threads| {
            let mut watch = Watch::new(*tell, interrupted.clone());
            let options = RunOptions { threads: Some(threads), events: true, ..RunOptions::default() };
            let run = world::run(&loaded.scenario, options, &mut watch);
            watch.done();
            run
        },
        tell,
    )
}

/// Plays once for each thread count; the first run is what the others are compared with.
fn compare(counts: &[usize], mut play: impl FnMut(usize) -> Result<Run, Stopped>, tell: &Tell) -> Code {
    let mut first: Option<(usize, Run)> = None;
    for threads in counts {
        let run = match play(*threads) {
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
            tell.answer(&format!("{threads} threads: {}\n", run.outcome.header.digest));
            first = Some((*threads, run));
            continue;
        };
        if let Some(difference) = difference((*before, reference), (*threads, &run)) {
            tell.failure(&difference);
            return Code::DifferentBits;
        }
        tell.answer(&format!("{threads} threads: the same {} events\n", run.outcome.header.events));
    }
    Code::Yes
}

/// Where two runs part, if they do.
fn difference<'a>((before, reference): (usize, &'a Run), (threads, run): (usize, &'a Run)) -> Option<String> {
    let events = |run: &'a Run| run.events.as_deref().expect("they are kept here");
    let (position, left, right) = first_difference(events(reference), events(run))?;
    let show = |event: Option<Event>| event.map_or("no event".to_owned(), |event| event.to_string());
    let (left, right) = (show(left), show(right));
    Some(format!("event {position} differs: with {before} threads {left}, with {threads} threads {right}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use defender::time::Millis;
    use sim::scenario::{LoadOptions, load};
    use sim::world::Unobserved;

    use super::*;
    use crate::arguments::ErrorFormat;

    /// A world that is another one on three threads: the difference is found, named, and ends with 4.
    #[test]
    fn a_world_that_depends_on_threads_is_found_out() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/first-light.toml");
        let options = LoadOptions { devices: Some(200), ..LoadOptions::default() };
        let mut sound = load(&path, &[], &options).unwrap_or_else(|problems| panic!("{problems}")).scenario;
        sound.duration = Millis::days(1);
        sound.attacks.clear();
        sound.confounders.clear();
        let mut broken = sound.clone();
        broken.audit.on_demand[0].0 = Millis::hours(7);
        let play = |threads: usize| {
            let scenario = if threads == 3 { &broken } else { &sound };
            world::run(
                scenario,
                RunOptions { threads: Some(threads), events: true, ..RunOptions::default() },
                &mut Unobserved,
            )
        };
        let tell = Tell::new(ErrorFormat::Json, true);
        assert_eq!(compare(&[1, 2, 1], play, &tell), Code::Yes);
        assert_eq!(compare(&[1, 2, 3], play, &tell), Code::DifferentBits);
        let (left, right) = (play(1).expect("it runs"), play(3).expect("it runs"));
        let told = difference((1, &left), (3, &right)).expect("they differ");
        // The audit at six o'clock is the first thing that only one of them has.
        assert!(told.contains("differs: with 1 threads 2026-06-01T06:"), "{told}");
        assert!(told.contains("AuditStarted"), "{told}");
        assert_eq!(difference((1, &left), (1, &left)), None);
    }
}

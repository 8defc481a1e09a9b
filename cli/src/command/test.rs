//! `fleetrange test`

use std::num::NonZeroUsize;
use std::path::PathBuf;

use lab::expect::Verdict;
use lab::suite::{self, NotRun, Options, Report, Test};
use reports::text::Color;
use sim::scenario::Problems;

use crate::arguments::Test as Arguments;
use crate::exit::Code;
use crate::progress::{TestWatch, on_interrupt};
use crate::tell::Tell;

/// Finds tests, runs them, and tells what became of them.
pub fn run(arguments: &Arguments, tell: &Tell) -> Code {
    let tests = match chosen(arguments, tell) {
        Ok(tests) => tests,
        Err(code) => return code,
    };
    if arguments.list {
        tell.answer(&tests.iter().map(|test| format!("{}: {}\n", test.file, test.name)).collect::<String>());
        return Code::Yes;
    }
    let options = Options {
        seed: arguments.seed,
        runs: arguments.runs,
        fail_fast: arguments.fail_fast,
        threads: arguments.threads.and_then(NonZeroUsize::new).unwrap_or_else(cores),
    };
    let watch = TestWatch::new(*tell, tests.len(), on_interrupt());
    let reports = suite::run(&tests, &options, &watch);
    watch.done();
    let reports = match reports {
        Ok(reports) => reports,
        Err(NotRun::Cancelled) => {
            tell.failure("interrupted");
            return Code::Interrupted;
        }
        Err(NotRun::Setup(reasons)) => {
            for (file, reason) in &reasons {
                tell.failure(&format!("{file}: {reason}"));
            }
            tell.failure(&super::counted(reasons.len()));
            return Code::CannotStart;
        }
    };
    let report = Report::new(env!("CARGO_PKG_VERSION"), reports);
    let color = if tell.colors() { Color::Always } else { Color::Never };
    tell.answer(&reports::suite::text(&report, color));
    match report.verdict {
        Verdict::Passed => Code::Yes,
        Verdict::Failed => Code::No,
        Verdict::Inconclusive => Code::Inconclusive,
    }
}

/// The tests asked for: all that there are, or those that the filter names.
fn chosen(arguments: &Arguments, tell: &Tell) -> Result<Vec<Test>, Code> {
    let paths = if arguments.paths.is_empty() { vec![PathBuf::from("tests")] } else { arguments.paths.clone() };
    let (mut tests, odd) = match suite::find(&paths) {
        Ok(found) => found,
        Err(problems) => {
            tell.problems(&problems);
            tell.failure(&super::counted(problems.errors()));
            return Err(Code::CannotStart);
        }
    };
    remark_on(&odd, tell);
    let Some(part) = &arguments.filter else { return Ok(tests) };
    let all = tests.len();
    tests.retain(|test| test.is_named(part));
    if tests.is_empty() {
        tell.failure(&format!("none of {all} tests is named `{part}`; `--list` shows their names"));
        return Err(Code::CannotStart);
    }
    Ok(tests)
}

fn remark_on(odd: &Problems, tell: &Tell) {
    if !odd.is_empty() {
        let plural = if odd.len() == 1 { "" } else { "s" };
        tell.remark(&format!("{} warning{plural}; `fleetrange check FILE` shows them", odd.len()));
    }
}

fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

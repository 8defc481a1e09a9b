//! `fleetrange test`

use std::num::NonZeroUsize;
use std::path::PathBuf;

use lab::suite::{self, Baseline, NotRun, Options, Report, Test, TestReport};
use reports::suite::{Clock, json, junit, markdown};
use reports::text::Color;

use super::baseline;
use crate::arguments::{Selection, Test as Arguments};
use crate::exit::Code;
use crate::output::Output;
use crate::progress::{TestWatch, on_interrupt};
use crate::tell::Tell;

/// Finds tests, runs them, and tells what became of them.
pub fn run(arguments: &Arguments, tell: &Tell) -> Code {
    result(arguments, tell).unwrap_or_else(|code| code)
}

fn result(arguments: &Arguments, tell: &Tell) -> Result<Code, Code> {
    let refuse = |error: String| {
        tell.failure(&error);
        Code::CannotStart
    };
    let tests = chosen(&arguments.selection, tell)?;
    if arguments.list {
        tell.answer(&tests.iter().map(|test| format!("{}: {}\n", test.file, test.name)).collect::<String>());
        return Ok(Code::Yes);
    }
    let kept = match &arguments.baseline {
        Some(file) => Some((baseline::read(file).map_err(refuse)?, baseline::names(file))),
        None => None,
    };
    let files = Files::open(arguments).map_err(refuse)?;
    let runs = kept.as_ref().map_or(1, |(baseline, _)| seeds(baseline));
    let (reports, clock) = played(&tests, &arguments.selection, arguments.fail_fast, runs, tell)?;
    let mut report = Report::new(env!("CARGO_PKG_VERSION"), reports);
    report.is_coverage_required = arguments.require_coverage;
    if let Some((baseline, names)) = &kept {
        report.hold_against(baseline, names);
    }
    files.write(&report, &clock).map_err(refuse)?;
    let color = if tell.colors() { Color::Always } else { Color::Never };
    tell.answer(&reports::suite::text(&report, color));
    Ok(report.verdict().into())
}

/// The most seeds that a baseline has of a scenario.
fn seeds(baseline: &Baseline) -> u32 {
    baseline.scenarios.iter().map(|measured| measured.seeds.len() as u32).max().unwrap_or(1).max(1)
}

/// Runs tests; `runs` is the number of seeds if nobody says another.
pub(super) fn played(
    tests: &[Test],
    selection: &Selection,
    fail_fast: bool,
    runs: u32,
    tell: &Tell,
) -> Result<(Vec<TestReport>, Clock), Code> {
    let options = Options {
        seed: selection.seed,
        runs: selection.runs.unwrap_or(runs),
        fail_fast,
        threads: selection.threads.and_then(NonZeroUsize::new).unwrap_or_else(cores),
    };
    let watch = TestWatch::new(*tell, tests.len(), on_interrupt());
    let reports = suite::run(tests, &options, &watch);
    watch.done();
    match reports {
        Ok(reports) => Ok((reports, watch.clock())),
        Err(NotRun::Cancelled) => {
            tell.failure("interrupted; nothing was written");
            Err(Code::Interrupted)
        }
        Err(NotRun::Setup(reasons)) => {
            for (file, reason) in &reasons {
                tell.failure(&format!("{file}: {reason}"));
            }
            tell.failure(&super::counted(reasons.len()));
            Err(Code::CannotStart)
        }
    }
}

fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The tests asked for: all that there are, or those that the filter names.
pub(super) fn chosen(selection: &Selection, tell: &Tell) -> Result<Vec<Test>, Code> {
    let paths = if selection.paths.is_empty() { vec![PathBuf::from("tests")] } else { selection.paths.clone() };
    let (mut tests, odd) = match suite::find(&paths) {
        Ok(found) => found,
        Err(problems) => {
            tell.problems(&problems);
            tell.failure(&super::counted(problems.errors()));
            return Err(Code::CannotStart);
        }
    };
    if !odd.is_empty() {
        let plural = if odd.len() == 1 { "" } else { "s" };
        tell.remark(&format!("{} warning{plural}; `fleetrange check FILE` shows them", odd.len()));
    }
    let Some(part) = &selection.filter else { return Ok(tests) };
    let all = tests.len();
    tests.retain(|test| test.is_named(part));
    if tests.is_empty() {
        tell.failure(&format!("none of {all} tests is named `{part}`; `--list` shows their names"));
        return Err(Code::CannotStart);
    }
    Ok(tests)
}

/// The files asked for beside the answer.
struct Files {
    junit: Option<Output>,
    markdown: Option<Output>,
    json: Option<Output>,
}

impl Files {
    fn open(arguments: &Arguments) -> Result<Files, String> {
        let open = |path: &Option<PathBuf>| path.as_deref().map(Output::open).transpose();
        Ok(Files { junit: open(&arguments.junit)?, markdown: open(&arguments.markdown)?, json: open(&arguments.json)? })
    }

    fn write(self, report: &Report, clock: &Clock) -> Result<(), String> {
        if let Some(file) = self.junit {
            file.write(&junit(report, clock))?;
        }
        if let Some(file) = self.markdown {
            file.write(&markdown(report))?;
        }
        if let Some(file) = self.json {
            file.write(&json(report))?;
        }
        Ok(())
    }
}

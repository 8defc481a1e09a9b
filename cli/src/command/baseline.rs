//! `fleetrange baseline`

use std::path::{Path, PathBuf};

use lab::suite::{Baseline, Report, What, seen_from};
use sim::scenario::library::error_text;

use super::test::{chosen, played};
use crate::arguments::{BaselineCommand, BaselineUpdate};
use crate::exit::Code;
use crate::output::Output;
use crate::tell::Tell;

/// Does what is asked of a baseline.
pub fn run(command: &BaselineCommand, tell: &Tell) -> Code {
    match command {
        BaselineCommand::Update(update) => self::update(update, tell).unwrap_or_else(|code| code),
    }
}

/// Runs scenarios and keeps what they measure.
fn update(arguments: &BaselineUpdate, tell: &Tell) -> Result<Code, Code> {
    let file = &arguments.file;
    let refuse = |error: String| {
        tell.failure(&error);
        Code::CannotStart
    };
    let old = if file.exists() { Some(read(file).map_err(refuse)?) } else { None };
    let mut tests = chosen(&arguments.selection, tell)?;
    tests.retain(|test| matches!(test.what, What::Scenario(_)));
    if tests.is_empty() {
        return Err(refuse("a baseline is made of scenarios, and there is none".to_owned()));
    }
    let output = Output::open(file).map_err(refuse)?;
    let (reports, _) = played(&tests, &arguments.selection, false, 1, tell)?;
    let mut report = Report::new(env!("CARGO_PKG_VERSION"), reports);
    let name = names(file);
    if let Some(old) = &old {
        report.hold_against(old, &name);
    }
    let measured = report.measured(&name);
    let mut baseline = old.unwrap_or_else(|| Baseline::new(env!("CARGO_PKG_VERSION")));
    let (before, new) = (baseline.scenarios.len(), measured.len());
    let folder = folder(file);
    baseline.update(env!("CARGO_PKG_VERSION"), measured, |file| folder.join(file).exists());
    output.write(&baseline.to_text()).map_err(refuse)?;
    tell.answer(&reports::suite::accepted(&report));
    let kept = baseline.scenarios.len() - new;
    tell.answer(&format!(
        "{}: {} scenarios: {new} measured, {kept} kept ({before} before)\n",
        file.display(),
        baseline.scenarios.len()
    ));
    Ok(Code::Yes)
}

/// Reads a baseline.
///
/// # Errors
/// What is wrong with it, for people.
pub(super) fn read(file: &Path) -> Result<Baseline, String> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("`{}`: {}", file.display(), error_text(&error)))?;
    Baseline::parse(&text).map_err(|error| format!("`{}`: {error}", file.display()))
}

/// How files are named in a baseline.
pub(super) fn names(baseline: &Path) -> impl Fn(&str) -> String {
    let folder = folder(baseline);
    move |file: &str| seen_from(&folder, Path::new(file)).unwrap_or_else(|_| file.to_owned())
}

fn folder(baseline: &Path) -> PathBuf {
    let folder = baseline.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}

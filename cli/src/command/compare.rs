//! `fleetrange compare`

use std::path::Path;

use lab::compare::{Comparison, Pairs, Setting, Verdict, differences_of_worlds};
use lab::outcome::Outcome;
use reports::{Destination, comparison};
use sim::scenario::Loaded;
use sim::scenario::problem::suggestion;
use sim::world::{self, RunOptions};

use crate::arguments::{Compare, ReportFormat, Shape};
use crate::exit::Code;
use crate::tell::Tell;

/// One side: a scenario and what is laid over it.
struct Side<'a> {
    label: &'static str,
    path: &'a Path,
    changes: Vec<(String, String)>,
    playbook: Option<&'a Path>,
    /// The changes as they were asked for.
    told: Vec<String>,
}

/// Runs two settings on the same fleet and seeds, and tells the paired differences.
pub fn run(arguments: &Compare, tell: &Tell) -> Code {
    match compare(arguments, tell) {
        Ok(code) | Err(code) => code,
    }
}

fn compare(arguments: &Compare, tell: &Tell) -> Result<Code, Code> {
    let shared = &arguments.shape.set;
    let shared_told = || shared.iter().map(assignment);
    let playbook = arguments.shape.playbook.as_deref();
    let playbook_told = |file: Option<&Path>| file.map(|file| format!("playbook {}", file.display()));
    let first = Side {
        label: "A",
        path: &arguments.first,
        playbook,
        changes: shared.clone(),
        told: shared_told().chain(playbook_told(playbook)).collect(),
    };
    let playbook_b = arguments.playbook_b.as_deref().or(playbook);
    let mut second = Side {
        label: "B",
        playbook: playbook_b,
        path: arguments.second.as_deref().unwrap_or(&arguments.first),
        changes: shared.iter().chain(&arguments.set_b).cloned().collect(),
        told: shared_told().chain(arguments.set_b.iter().map(assignment)).chain(playbook_told(playbook_b)).collect(),
    };
    let same_world = arguments.second.is_none() && arguments.set_b.is_empty();
    if same_world && arguments.profile_b.is_empty() && arguments.playbook_b.is_none() {
        tell.failure("there is nothing to compare: name a second scenario, or say what is different by `--profile-b`, `--playbook-b` or `--set-b`");
        return Err(Code::CannotStart);
    }
    let base = super::read(first.path, &first.shape(arguments, None), tell)?;
    if !arguments.profile_b.is_empty() {
        let plain = super::read_again(second.path, &second.shape(arguments, None), tell)?;
        for file in &arguments.profile_b {
            let change = replacing(file, &plain).map_err(|problem| {
                tell.failure(&problem);
                Code::CannotStart
            })?;
            second.changes.push(change);
            second.told.push(format!("profile {}", file.display()));
        }
    }
    let destination = arguments.out.as_deref().map(Destination::open).transpose().map_err(|error| {
        tell.failure(&error.to_string());
        Code::CannotStart
    })?;
    let comparison = play(&base, [&first, &second], arguments, tell)?;
    if let Some(destination) = destination {
        let page = destination.path().join("comparison.html");
        comparison::write(destination, &comparison).map_err(|error| {
            tell.failure(&error.to_string());
            Code::CannotStart
        })?;
        tell.remark(&format!("report: {}", page.display()));
    }
    tell.answer(&match arguments.format {
        ReportFormat::Human => comparison::text(&comparison),
        ReportFormat::Json => comparison::json(&comparison),
        ReportFormat::Markdown => comparison::markdown(&comparison),
    });
    Ok(if comparison.verdict == Verdict::Inconclusive { Code::Inconclusive } else { Code::Yes })
}

fn assignment((path, value): &(String, String)) -> String {
    format!("{path}={value}")
}

impl Side<'_> {
    /// The command's options with what is different on this side, on one seed if given.
    fn shape(&self, arguments: &Compare, seed: Option<u64>) -> Shape {
        Shape {
            seed: seed.or(arguments.shape.seed),
            devices: arguments.shape.devices,
            set: self.changes.clone(),
            playbook: self.playbook.map(Path::to_owned),
        }
    }
}

/// The change that puts a security profile in the place of the scenario's profile of the same name; a scenario with
/// one profile needs no such name.
fn replacing(file: &Path, loaded: &Loaded) -> Result<(String, String), String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let json: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: not valid JSON: {error}", file.display()))?;
    let names: Vec<&str> =
        loaded.scenario.profiles.iter().map(|plan| plan.request.security_profile_name.as_str()).collect();
    let name = json.get("securityProfileName").and_then(serde_json::Value::as_str);
    let position = match (name.and_then(|name| names.iter().position(|known| *known == name)), &names[..]) {
        (Some(position), _) => position,
        (None, [_]) => 0,
        (None, _) => {
            let name = name.unwrap_or("(none)");
            let help = suggestion(name, names.iter().copied()).unwrap_or_default();
            return Err(format!("{}: the scenario has no security profile named `{name}`; {help}", file.display()));
        }
    };
    let whole = file.canonicalize().map_err(|error| format!("{}: {error}", file.display()))?;
    Ok((format!("profile.{position}.document"), whole.display().to_string()))
}

/// Runs both sides on every seed.
fn play(base: &Loaded, sides: [&Side<'_>; 2], arguments: &Compare, tell: &Tell) -> Result<Comparison, Code> {
    let settings = sides.map(|side| Setting {
        label: side.label.to_owned(),
        scenario: side.path.display().to_string(),
        changes: side.told.clone(),
        digests: Vec::new(),
    });
    let [first, second] = settings;
    let mut pairs = Pairs::new(first, second);
    let seed = base.scenario.seed;
    for number in 0..arguments.runs {
        let mut outcomes = Vec::new();
        for side in sides {
            let shape = side.shape(arguments, Some(seed.wrapping_add(number)));
            let loaded = super::read_again(side.path, &shape, tell)?;
            tell.remark(&format!("seed {}: {}", loaded.scenario.seed, side.label));
            let options = RunOptions { threads: arguments.threads, ..RunOptions::default() };
            outcomes.push(super::watched(tell, |watch| world::run(&loaded.scenario, options, watch))?.outcome);
        }
        let [first, second] = &outcomes[..] else { unreachable!("two sides, two outcomes") };
        add(&mut pairs, first, second, tell)?;
    }
    Ok(pairs.finish(seed))
}

fn add(pairs: &mut Pairs, first: &Outcome, second: &Outcome, tell: &Tell) -> Result<(), Code> {
    let differ = differences_of_worlds(first, second);
    if !differ.is_empty() {
        differ.iter().for_each(|sentence| tell.failure(sentence));
        tell.failure("A and B must share fleet, start and duration; profiles, attacks and responders may differ");
        return Err(Code::CannotStart);
    }
    pairs.add((first, &lab::score(first)), (second, &lab::score(second)));
    Ok(())
}

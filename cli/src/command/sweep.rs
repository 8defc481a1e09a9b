//! `fleetrange sweep`

use std::path::Path;

use lab::sweep::{
    Block, ClosedLoop, Intensity, Loop, Named, Planned, Sweep as Swept, detection_limits, open_loop, plan, score,
};
use reports::Destination;
use reports::sweep as told;
use serde::Deserialize;
use sim::scenario::problem::suggestion;
use sim::scenario::{LoadOptions, Loaded, Scenario, load};
use sim::world::trial::Candidate;

use super::trials;
use crate::arguments::{Confirm, Sweep, TableFormat};
use crate::exit::Code;
use crate::tell::Tell;

/// A plan in a file: grids for each behavior, and candidates with a name.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Plan {
    behavior: Vec<Block>,
    candidate: Vec<Named>,
}

/// Judges many settings of behaviors on the telemetry of one run, and tells what each would have seen.
pub fn run(arguments: &Sweep, tell: &Tell) -> Code {
    match sweep(arguments, tell) {
        Ok(()) => Code::Yes,
        Err(code) => code,
    }
}

fn sweep(arguments: &Sweep, tell: &Tell) -> Result<(), Code> {
    let cannot = |text: String| {
        tell.failure(&text);
        Code::CannotStart
    };
    let loaded = super::read(&arguments.scenario, &arguments.shape, tell)?;
    let written = written(arguments).map_err(cannot)?;
    let (planned, loops) =
        match (plan(&loaded.scenario, &written.behavior), Loop::named(&loaded.scenario, &written.candidate)) {
            (Ok(planned), Ok(loops)) => (planned, loops),
            (planned, loops) => {
                let errors: Vec<String> = [planned.err(), loops.err()].into_iter().flatten().flatten().collect();
                errors.iter().for_each(|error| tell.failure(error));
                tell.failure(&super::counted(errors.len()));
                return Err(Code::CannotStart);
            }
        };
    let loops = [loops, asked(arguments, &planned).map_err(cannot)?].concat();
    let ladder =
        arguments.limit.as_deref().map(|attack| ladder(attack, &loaded, arguments)).transpose().map_err(cannot)?;
    let destination = arguments.out.as_deref().map(Destination::open).transpose();
    let destination = destination.map_err(|error| cannot(error.to_string()))?;
    let candidates: Vec<Candidate> = planned.iter().flat_map(Planned::candidates).collect();
    if !candidates.is_empty() {
        tell.remark(&format!("{}: {} settings on one telemetry", loaded.scenario.name, candidates.len()));
    }
    let open = open_loop(&loaded.scenario);
    let (outcome, judged) = trials(&open, &candidates, arguments.threads, tell)?;
    let mut swept = score(&outcome, &planned, &judged);
    if let Some(ladder) = ladder {
        let (intensities, scenarios): (Vec<Intensity>, Vec<Scenario>) = ladder.rungs.into_iter().unzip();
        let mut sweeps = Vec::new();
        for (intensity, scenario) in intensities.iter().zip(&scenarios) {
            tell.remark(&format!("{} at {}", ladder.attack, intensity.text));
            let (outcome, judged) = trials(scenario, &candidates, arguments.threads, tell)?;
            sweeps.push(score(&outcome, &planned, &judged));
        }
        swept.limits = Some(detection_limits(&swept, &ladder.attack, RATE, intensities, &sweeps));
    }
    swept.closed_loops = close(&loaded.scenario, &planned, loops, &swept, arguments, tell)?;
    if let Some(destination) = destination {
        let page = destination.path().join("sweep.html");
        told::write(destination, &swept).map_err(|error| cannot(error.to_string()))?;
        tell.remark(&format!("report: {}", page.display()));
    }
    tell.answer(&match arguments.format {
        TableFormat::Human => told::text(&swept),
        TableFormat::Json => told::json(&swept),
        TableFormat::Markdown => told::markdown(&swept),
        TableFormat::Csv => told::csv(&swept),
    });
    Ok(())
}

/// What is varied of an attack.
const RATE: &str = "rate";

/// An attack at several intensities.
struct Ladder {
    attack: String,
    rungs: Vec<(Intensity, Scenario)>,
}

/// The scenario with an attack's rate at 1/64 to 4 times what it is.
fn ladder(name: &str, loaded: &Loaded, arguments: &Sweep) -> Result<Ladder, String> {
    let lock = loaded.lock.to_toml(env!("CARGO_PKG_VERSION"), None);
    let document: toml::Table = toml::from_str(&lock).map_err(|error| error.to_string())?;
    let attacks: Vec<&toml::Table> = document
        .get("attack")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|a| a.as_table())
        .collect();
    let named = |attack: &&&toml::Table| attack.get("name").and_then(toml::Value::as_str) == Some(name);
    let Some(attack) = attacks.iter().find(named) else {
        let names: Vec<&str> = attacks.iter().filter_map(|attack| attack.get("name")?.as_str()).collect();
        let meant = suggestion(name, names).unwrap_or_default();
        return Err(format!("the scenario has no attack `{name}`; {meant}"));
    };
    let rate = attack.iter().find_map(|(kind, value)| Some((kind, value.as_table()?.get(RATE)?.as_str()?)));
    let Some((kind, rate)) = rate else {
        return Err(format!("attack `{name}` has no `{RATE}` that could be varied"));
    };
    let end = rate.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(rate.len());
    let (number, unit) = rate.split_at(end);
    let number: f64 = number.replace('_', "").parse().map_err(|_| format!("`{rate}` does not begin with a number"))?;
    let options =
        LoadOptions { seed: arguments.shape.seed, devices: arguments.shape.devices, ..LoadOptions::default() };
    let mut rungs = Vec::new();
    for step in -6..=2 {
        let factor = f64::powi(2.0, step);
        let text = format!("{}{unit}", number * factor);
        let mut changes = arguments.shape.set.clone();
        changes.push((format!("attack.{name}.{kind}.{RATE}"), text.clone()));
        let loaded = load(&arguments.scenario, &changes, &options).map_err(|problems| problems.to_string())?;
        rungs.push((Intensity { factor, text }, open_loop(&loaded.scenario)));
    }
    Ok(Ladder { attack: name.to_owned(), rungs })
}

/// What to sweep: from the command line, or from a file.
fn written(arguments: &Sweep) -> Result<Plan, String> {
    if let Some(file) = &arguments.plan {
        return read_plan(file);
    }
    let grid = |words: &Option<Vec<String>>| words.as_ref().map(|words| words.join(" "));
    let block = |behavior: &String| Block {
        behavior: behavior.clone(),
        threshold: grid(&arguments.threshold),
        percentile: arguments.percentile.clone(),
        level: arguments.level.clone(),
        duration: arguments.duration.clone(),
        datapoints: grid(&arguments.datapoints),
    };
    Ok(Plan { behavior: arguments.behavior.iter().map(block).collect(), candidate: Vec::new() })
}

fn read_plan(file: &Path) -> Result<Plan, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let plan: Plan = toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    if plan.behavior.is_empty() && plan.candidate.is_empty() {
        return Err(format!("{}: neither a `[[behavior]]` to sweep nor a `[[candidate]]` to try", file.display()));
    }
    Ok(plan)
}

/// The closed loops that `--confirm` names by what a setting says.
fn asked(arguments: &Sweep, planned: &[Planned]) -> Result<Vec<Loop>, String> {
    let mut loops = Vec::new();
    for confirm in &arguments.confirm {
        if let Confirm::Saying(words) = confirm {
            loops.extend(Loop::saying(planned, words).map_err(|error| format!("--confirm: {error}"))?);
        }
    }
    Ok(loops)
}

/// Runs candidates again, each by itself, with everybody who responds, after the scenario as it is.
fn close(
    scenario: &Scenario,
    planned: &[Planned],
    mut loops: Vec<Loop>,
    swept: &Swept,
    arguments: &Sweep,
    tell: &Tell,
) -> Result<Vec<ClosedLoop>, Code> {
    for confirm in &arguments.confirm {
        let Confirm::Best(most) = confirm else { continue };
        for (plan, behavior) in planned.iter().zip(&swept.behaviors) {
            loops.extend(behavior.best(*most).into_iter().map(|candidate| Loop::of(plan, candidate)));
        }
    }
    let mut distinct: Vec<Loop> = Vec::new();
    loops.into_iter().for_each(|candidate| {
        if !distinct.contains(&candidate) {
            distinct.push(candidate);
        }
    });
    let mut loops = distinct;
    if loops.is_empty() {
        return Ok(Vec::new());
    }
    loops.insert(0, Loop::as_it_is());
    let run = |candidate: &Loop| {
        tell.remark(&format!("{}, with responders", candidate.name));
        let (outcome, _) = trials(&candidate.in_place(scenario), &[], arguments.threads, tell)?;
        Ok(candidate.scored(&lab::score(&outcome)))
    };
    loops.iter().map(run).collect()
}

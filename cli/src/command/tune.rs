//! `fleetrange tune`

use lab::sweep::{Planned, Sweep, open_loop, plan, score};
use lab::tune::{
    self as lab_tune, Check, Constraints, Replayed, Tuning, blocks, chosen, cloud_formation, part_of, parts,
    profiles_of_part, updates, with_report_loss, with_traffic,
};
use reports::{Destination, tuning as told};
use sim::scenario::Scenario;
use sim::world::trial::Candidate;

use super::trials;
use crate::arguments::{Per, ReportFormat, Tune};
use crate::exit::Code;
use crate::tell::Tell;

/// Recommends settings that keep to constraints, and holds them against other telemetry.
pub fn run(arguments: &Tune, tell: &Tell) -> Code {
    match tune(arguments, tell) {
        Ok(code) | Err(code) => code,
    }
}

fn tune(arguments: &Tune, tell: &Tell) -> Result<Code, Code> {
    let cannot = |text: String| {
        tell.failure(&text);
        Code::CannotStart
    };
    let constraints = Constraints {
        max_alarms_per_day: arguments.max_alarms_per_day,
        min_recall: arguments.min_recall,
        max_p95_latency: arguments.max_p95_latency,
    };
    if constraints == Constraints::default() {
        return Err(cannot("say what to keep to: --max-alarms-per-day, --min-recall or --max-p95-latency".to_owned()));
    }
    let loaded = super::read(&arguments.scenario, &arguments.shape, tell)?;
    let scenario = match &arguments.from_metrics[..] {
        [] => open_loop(&loaded.scenario),
        paths => super::replaying(&open_loop(&loaded.scenario), paths, tell)?,
    };
    let blocks = blocks(&scenario);
    if blocks.is_empty() {
        let of = if scenario.replay.is_some() { " on a metric that was recorded" } else { "" };
        return Err(cannot(format!("no profile of the scenario has a behavior with a numeric upper bound{of}")));
    }
    let [tuned_on, held_out] = match scenario.replay {
        Some(_) => parts(&scenario),
        None => [scenario.clone(), scenario.clone()],
    };
    let planned = plan(&scenario, &blocks).map_err(|errors| {
        errors.iter().for_each(|error| tell.failure(error));
        Code::CannotStart
    })?;
    let of_its_own = match arguments.per {
        None => Vec::new(),
        Some(Per::Class) => lab_tune::classes(&scenario),
        Some(Per::Group) => lab_tune::groups(&scenario),
    };
    if arguments.per == Some(Per::Group) && of_its_own.is_empty() {
        return Err(cannot("no thing group of the scenario holds devices from the start".to_owned()));
    }
    let destination = arguments.out.as_deref().map(Destination::open).transpose();
    let destination = destination.map_err(|error| cannot(error.to_string()))?;
    let bench = Bench { arguments, tell };
    let seeds: Vec<u64> = (0..arguments.runs).map(|number| scenario.seed.wrapping_add(number)).collect();
    let sweep = bench.sweep(&tuned_on, &planned, &seeds)?;
    let mut tuning = lab_tune::tune(&sweep, &seeds, constraints);
    tuning.each = lab_tune::per_part(&sweep, of_its_own, &seeds, constraints);
    bench.check(&tuned_on, &held_out, &planned, &mut tuning)?;
    tuning.replayed = Replayed::of(&scenario, &[tuned_on, held_out]);
    let requests = updates(&scenario, &planned, &tuning);
    let mut documents: Vec<told::Document> = Vec::new();
    for request in &requests {
        let json = serde_json::to_value(request).map_err(|error| cannot(error.to_string()))?;
        documents.push((format!("{}.update.json", request.security_profile_name), json));
    }
    for own in &tuning.each {
        for request in profiles_of_part(&scenario, &planned, own) {
            let json = serde_json::to_value(&request).map_err(|error| cannot(error.to_string()))?;
            documents.push((format!("{}.create.json", request.security_profile_name), json));
        }
    }
    documents.push(("cloudformation.json".to_owned(), cloud_formation(&loaded.scenario, &requests)));
    if let Some(destination) = destination {
        let directory = destination.path().to_owned();
        tell.remark(&format!("report: {}", directory.join("tune.html").display()));
        told::write(destination, &tuning, &sweep, &documents).map_err(|error| cannot(error.to_string()))?;
        tell.remark(&format!("ready to use: {}", directory.display()));
    }
    tell.answer(&match arguments.format {
        ReportFormat::Human => told::text(&tuning),
        ReportFormat::Json => told::json(&tuning),
        ReportFormat::Markdown => told::markdown(&tuning),
    });
    let asked = tuning.asked();
    Ok(match (asked.iter().all(|tuning| tuning.fits), asked.iter().all(Tuning::holds)) {
        (false, _) => Code::No,
        (true, false) => Code::Inconclusive,
        (true, true) => Code::Yes,
    })
}

struct Bench<'a> {
    arguments: &'a Tune,
    tell: &'a Tell,
}

impl Bench<'_> {
    /// Sweeps a plan on several seeds.
    fn sweep(&self, scenario: &Scenario, planned: &[Planned], seeds: &[u64]) -> Result<Sweep, Code> {
        let candidates: Vec<Candidate> = planned.iter().flat_map(Planned::candidates).collect();
        let mut sweeps = Vec::new();
        for seed in seeds {
            self.tell.remark(&format!("seed {seed}: {} settings", candidates.len()));
            let scenario = Scenario { seed: *seed, ..scenario.clone() };
            let (outcome, judged) = trials(&scenario, &candidates, self.arguments.threads, self.tell)?;
            sweeps.push(score(&outcome, planned, &judged));
        }
        let pool = if scenario.replay.is_some() { Sweep::pool_replayed } else { Sweep::pool };
        Ok(pool(&sweeps).expect("there is at least one seed"))
    }

    /// Holds the recommendation, and that of each part, against seeds and traffic that they were not chosen on; other
    /// seeds on the scenario that was held out.
    fn check(
        &self,
        scenario: &Scenario,
        held_out: &Scenario,
        planned: &[Planned],
        tuning: &mut Tuning,
    ) -> Result<(), Code> {
        let seeds = tuning.seeds.clone();
        let all: Vec<Tuning> = std::iter::once(&*tuning).chain(&tuning.each).cloned().collect();
        let all: Vec<&Tuning> = all.iter().collect();
        let only: Vec<Planned> = all.iter().flat_map(|tuning| chosen(planned, tuning)).collect();
        let mut hold = |what: &str, sweep: &Sweep| {
            let each = (0..all.len()).map(|i| lab_tune::check(what.to_owned(), all[i], &part_of(sweep, &all, i)));
            let mut each: Vec<Check> = each.collect();
            tuning.each.iter_mut().zip(each.drain(1..)).for_each(|(own, check)| own.checks.push(check));
            tuning.checks.append(&mut each);
        };
        let first = scenario.seed.wrapping_add(self.arguments.runs);
        let holdout: Vec<u64> = (0..self.arguments.holdout).map(|number| first.wrapping_add(number)).collect();
        if let [first, ..] = holdout[..] {
            let what = match holdout.len() {
                1 => format!("seed {first}"),
                n => format!("seeds {first} to {}", first.wrapping_add(n as u64 - 1)),
            };
            let what = if held_out.replay.is_some() { format!("the last third, {what}") } else { what };
            hold(&what, &self.sweep(held_out, &only, &holdout)?);
        }
        let others = [
            ("traffic −25 %", with_traffic(scenario, 0.75)),
            ("traffic +25 %", with_traffic(scenario, 1.25)),
            ("1 % of reports lost", with_report_loss(scenario, 0.01)),
        ];
        for (what, scenario) in &others {
            hold(what, &self.sweep(scenario, &only, &seeds)?);
        }
        Ok(())
    }
}

//! What 64 candidates cost beside one, and beside none: whole runs, alternating, in one process.
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock; nothing simulated depends on it")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its figures")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use lab::sweep::{Block, Planned, open_loop, plan};
use sim::scenario::{LoadOptions, Scenario, load};
use sim::world::trial::{Candidate, run_with};
use sim::world::{RunOptions, Unobserved};

/// Measures sweeps of one behavior of a scenario.
#[derive(Parser)]
struct Arguments {
    /// The scenario; its responders stay away.
    scenario: PathBuf,
    /// The behavior.
    #[arg(long, default_value = "QuietDevices/MessagesSent")]
    behavior: String,
    /// Its thresholds: at least 64.
    #[arg(long, default_value = "10..2000 log 80")]
    threshold: String,
    /// Rounds; medians are printed.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Devices, instead of the scenario's.
    #[arg(long)]
    devices: Option<u32>,
    /// Threads.
    #[arg(long, default_value_t = 1)]
    threads: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match measure(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), String> {
    let options = LoadOptions { devices: arguments.devices, ..LoadOptions::default() };
    let loaded = load(&arguments.scenario, &[], &options).map_err(|problems| problems.to_string())?;
    let scenario = open_loop(&loaded.scenario);
    let block = Block {
        behavior: arguments.behavior.clone(),
        threshold: Some(arguments.threshold.clone()),
        ..Block::default()
    };
    let planned = plan(&scenario, &[block]).map_err(|errors| errors.join("\n"))?;
    let candidates: Vec<Candidate> = planned.iter().flat_map(Planned::candidates).take(64).collect();
    if candidates.len() < 64 {
        return Err(format!("the grid gives {} candidates, 64 are measured", candidates.len()));
    }
    let mut samples: Vec<[f64; 3]> = Vec::new();
    for round in 1..=arguments.rounds {
        let sample = [0, 1, 64].map(|count| cost(&scenario, &candidates[..count], arguments.threads));
        println!("round {round}: {:.1} ns/dw without, {:.1} with one, {:.1} with 64", sample[0], sample[1], sample[2]);
        samples.push(sample);
    }
    let median = |of: fn(&[f64; 3]) -> f64| {
        let mut values: Vec<f64> = samples.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!("64 candidates beside one   {:6.2} × (target: at most 2)", median(|s| s[2] / s[1]));
    println!("64 candidates beside none  {:6.2} ×", median(|s| s[2] / s[0]));
    println!("a candidate more           {:6.2} ns per device-window", median(|s| (s[2] - s[1]) / 63.0));
    Ok(())
}

/// Nanoseconds per device-window of a run with candidates looking on.
fn cost(scenario: &Scenario, candidates: &[Candidate], threads: usize) -> f64 {
    let options = RunOptions { threads: Some(threads), ..RunOptions::default() };
    let start = Instant::now();
    let (run, _) = run_with(scenario, candidates, options, &mut Unobserved).expect("a scenario that loads runs");
    start.elapsed().as_nanos() as f64 / run.outcome.tally.device_windows as f64
}

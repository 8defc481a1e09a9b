//! Whole runs, measured: nanoseconds per device-window, the second thread's gain, growth in devices and days, peak
//! memory; beside them, in the same run, the straightforward loop.
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock; nothing simulated depends on it")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its figures")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use defender::time::Millis;
use fleetrange_benches::naive;
use sim::scenario::{LoadOptions, Scenario, load};
use sim::world::{RunOptions, Unobserved, run};

/// Measures whole runs of a scenario.
#[derive(Parser)]
struct Arguments {
    /// The scenario.
    scenario: PathBuf,
    /// Rounds; medians are printed.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Devices, instead of the scenario's.
    #[arg(long)]
    devices: Option<u32>,
    /// Skip the baseline and the growth series.
    #[arg(long)]
    brief: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = LoadOptions { devices: arguments.devices, ..LoadOptions::default() };
    let scenario = match load(&arguments.scenario, &[], &options) {
        Ok(loaded) => loaded.scenario,
        Err(problems) => {
            for problem in problems.iter() {
                eprintln!("{problem}");
            }
            return ExitCode::from(2);
        }
    };
    measure(&scenario, &arguments);
    ExitCode::SUCCESS
}

fn measure(scenario: &Scenario, arguments: &Arguments) {
    let quiet = Scenario {
        attacks: Vec::new(),
        confounders: Vec::new(),
        defects: Vec::new(),
        responders: Vec::new(),
        duration: Millis::days(2),
        ..scenario.clone()
    };
    let mut samples: Vec<[f64; 5]> = Vec::new();
    for round in 0..arguments.rounds {
        let (one, two) = (cost(scenario, 1), cost(scenario, 2));
        let mut sample = [one, two, 0.0, 0.0, 0.0];
        if !arguments.brief {
            sample[2] = naive_cost();
            let day = Scenario { duration: Millis::days(1), ..quiet.clone() };
            let mut half = quiet.clone();
            for class in &mut half.classes {
                class.count /= 2;
                let mut left = class.count;
                for cohort in &mut class.cohorts {
                    cohort.count = (cohort.count / 2).min(left);
                    left -= cohort.count;
                }
            }
            let whole = cost(&quiet, 2);
            sample[3] = whole / cost(&day, 2);
            sample[4] = whole / cost(&half, 2);
        }
        println!("round {}: {:.1} ns/dw on one thread, {:.1} on two", round + 1, sample[0], sample[1]);
        samples.push(sample);
    }
    let median = |column: usize| {
        let mut values: Vec<f64> = samples.iter().map(|sample| sample[column]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!("one thread          {:8.1} ns per device-window", median(0));
    println!("two threads         {:8.1} ns per device-window", median(1));
    println!("second thread       {:8.2} ×", median(0) / median(1));
    if !arguments.brief {
        println!("straightforward     {:8.1} ns per device-window on one thread (rand_distr, structs)", median(2));
        println!("ratio               {:8.2}", median(0) / median(2));
        println!("growth in days      {:8.2} (cost per device-window, 2 days against 1)", median(3));
        println!("growth in devices   {:8.2} (cost per device-window, all against half)", median(4));
    }
    if let Some(peak) = peak_memory() {
        println!("peak memory         {peak:8} MiB");
    }
}

/// Nanoseconds per device-window of a run.
fn cost(scenario: &Scenario, threads: usize) -> f64 {
    let options = RunOptions { threads: Some(threads), ..RunOptions::default() };
    let start = Instant::now();
    let run = run(scenario, options, &mut Unobserved).expect("a scenario that loads runs");
    start.elapsed().as_nanos() as f64 / run.outcome.tally.device_windows as f64
}

fn naive_cost() -> f64 {
    let (devices, windows) = (4_000, 288);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    let start = Instant::now();
    std::hint::black_box(pool.install(|| naive::run(devices, windows)));
    start.elapsed().as_nanos() as f64 / f64::from(devices * windows)
}

/// The process's peak resident memory \[MiB\], where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1_024)
}

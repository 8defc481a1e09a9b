//! Compares candidates for the model of ML behaviors: false alarms against the stated rates, deviations seen, cost.
//! Prints the tables of `docs/ml.md`.
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock; nothing simulated depends on it")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its figures")]

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use clap::Parser;
use fleetrange_benches::ml::Candidate;
use fleetrange_benches::ml::population::{Kind, Population};
use fleetrange_benches::ml::series::Series;
use fleetrange_benches::ml::trial::{Deviation, alike, detections, false_alarms, train};

/// Compares candidates for the model of ML behaviors.
#[derive(Parser)]
struct Arguments {
    /// Devices of each population; each gives 4,032 training datapoints.
    #[arg(long, default_value_t = 60)]
    devices: u32,
    /// Seeds; figures are sums over them.
    #[arg(long, default_value_t = 3)]
    seeds: u64,
    /// Draws of the day after training that are judged per seed.
    #[arg(long, default_value_t = 20)]
    replicas: u64,
    /// Only this candidate.
    #[arg(long)]
    only: Option<String>,
    /// Public series to run, too: files of `seconds,value` lines.
    #[arg(long)]
    series: Vec<PathBuf>,
    /// Leave out the training cost.
    #[arg(long)]
    brief: bool,
    /// Train one candidate on so many devices, print milliseconds and kilobytes, and leave (used by the cost table).
    #[arg(long, hide = true)]
    measure: bool,
}

/// Draws that the forest judges: a score costs a hundred times as much as a comparison.
const FOREST_REPLICAS: u64 = 4;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let candidates: Vec<Candidate> = match &arguments.only {
        None => Candidate::ALL.to_vec(),
        Some(name) => match Candidate::from_name(name) {
            Some(candidate) => vec![candidate],
            None => {
                let names = Candidate::ALL.map(Candidate::name).join("`, `");
                eprintln!("unknown candidate `{name}`; there are `{names}`");
                return ExitCode::from(2);
            }
        },
    };
    if arguments.measure {
        measure(candidates[0], arguments.devices);
        return ExitCode::SUCCESS;
    }
    let mut series = Vec::new();
    for path in &arguments.series {
        match Series::read(path) {
            Ok(found) => series.push(found),
            Err(problem) => {
                eprintln!("{problem}");
                return ExitCode::from(2);
            }
        }
    }
    quality(&arguments, &candidates);
    if !series.is_empty() {
        real(&series, &candidates);
    }
    if !arguments.brief {
        determinism(&candidates);
        cost(&candidates);
    }
    ExitCode::SUCCESS
}

fn quality(arguments: &Arguments, candidates: &[Candidate]) {
    println!("### False alarms per million healthy datapoints (stated: LOW 1000, MEDIUM 100, HIGH 10)\n");
    println!("| population | model | judged | LOW | MEDIUM | HIGH |");
    println!("| --- | --- | ---: | ---: | ---: | ---: |");
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        for candidate in candidates {
            let replicas = if *candidate == Candidate::Forest {
                arguments.replicas.min(FOREST_REPLICAS)
            } else {
                arguments.replicas
            };
            let (mut alarms, mut judged) = ([0u64; 3], 0);
            let mut seen = [[[0.0; 3]; 3]; 3];
            for seed in 1..=arguments.seeds {
                let population = Population::new(kind, seed);
                let model = train(*candidate, &population, arguments.devices, false);
                let (more, n) = false_alarms(&*model, &population, arguments.devices, replicas);
                alarms.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
                judged += n;
                for (by_deviation, deviation) in seen.iter_mut().zip(Deviation::ALL) {
                    for (by_boost, boost) in by_deviation.iter_mut().zip(Deviation::BOOSTS) {
                        let more = detections(&*model, &population, arguments.devices, deviation, boost);
                        by_boost.iter_mut().zip(more).for_each(|(sum, more)| *sum += more / arguments.seeds as f64);
                    }
                }
            }
            let [low, medium, high] = alarms.map(|n| n as f64 * 1e6 / judged as f64);
            println!("| {} | {} | {judged} | {low:.0} | {medium:.0} | {high:.1} |", kind.name(), candidate.name());
            rows.push((kind, *candidate, seen));
        }
    }
    println!("\n### Deviations seen, percent at LOW / MEDIUM / HIGH\n");
    let heads = Deviation::ALL.iter().flat_map(|d| Deviation::BOOSTS.map(|boost| format!("{} ×{boost}", d.name())));
    println!("| population | model | {} |", heads.collect::<Vec<_>>().join(" | "));
    println!("| --- | --- |{}", " ---: |".repeat(9));
    for (kind, candidate, seen) in rows {
        let cells =
            seen.iter().flatten().map(|by_level| by_level.map(|share| format!("{:.0}", 100.0 * share)).join(" / "));
        println!("| {} | {} | {} |", kind.name(), candidate.name(), cells.collect::<Vec<_>>().join(" | "));
    }
}

fn real(series: &[Series], candidates: &[Candidate]) {
    println!("\n### Public hourly series: datapoints flagged as they are, and if tripled (percent)\n");
    println!("| series | model | judged | LOW | MEDIUM | HIGH | tripled: LOW / MEDIUM / HIGH |");
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
    for one in series {
        for candidate in candidates {
            let outcome = one.run(*candidate);
            let share = |n: u64| 100.0 * n as f64 / outcome.judged.max(1) as f64;
            let flagged = outcome.flagged.map(|n| format!("{:.2}", share(n))).join(" | ");
            let tripled = outcome.tripled.map(|n| format!("{:.0}", share(n))).join(" / ");
            println!("| {} | {} | {} | {flagged} | {tripled} |", one.name, candidate.name(), outcome.judged);
        }
    }
}

fn determinism(candidates: &[Candidate]) {
    println!("\n### Same judgments, to the bit\n");
    println!("| model | trained twice | datapoints singly and in reverse within the day |");
    println!("| --- | --- | --- |");
    for candidate in candidates {
        let population = Population::new(Kind::Sizes, 1);
        let first = train(*candidate, &population, 7, false);
        let word = |same: bool| if same { "yes" } else { "no" };
        let again = word(alike(&*first, &*train(*candidate, &population, 7, false)));
        let reversed = word(alike(&*first, &*train(*candidate, &population, 7, true)));
        println!("| {} | {again} | {reversed} |", candidate.name());
    }
}

fn cost(candidates: &[Candidate]) {
    println!("\n### Cost of training (population `cycles`, learning and one build, each in a process of its own)\n");
    println!("| model | datapoints | learning | build | judging | memory |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let Ok(program) = std::env::current_exe() else { return };
    for candidate in candidates {
        for devices in [7, 62, 248] {
            let devices_text = u32::to_string(&devices);
            let child = Command::new(&program)
                .args(["--measure", "--only", candidate.name(), "--devices", &devices_text])
                .output();
            let Ok(child) = child else { continue };
            print!("{}", String::from_utf8_lossy(&child.stdout));
        }
    }
}

/// The most kilobytes that were resident so far.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn measure(candidate: Candidate, devices: u32) {
    use defender::detect::ml::{Sample, TRAINING_SPAN};
    use defender::detect::percentile::Multiset;
    use defender::detect::wire::ConfidenceLevel;
    use fleetrange_benches::ml::population::{START, TRAINING_TICKS, time_of};

    let population = Population::new(Kind::Cycles, 1);
    let before = resident();
    let mut model = candidate.model();
    let mut learning = 0.0;
    for tick in 0..TRAINING_TICKS {
        let values: Multiset = (0..devices).map(|device| population.value(device, tick, 0, 1.0)).collect();
        let start = Instant::now();
        model.learn_many(time_of(tick), &values);
        learning += start.elapsed().as_secs_f64();
    }
    let start = Instant::now();
    model.refresh(START + TRAINING_SPAN);
    let build = start.elapsed().as_secs_f64();
    let after = resident();
    let start = Instant::now();
    let judged = 20_000u64;
    let mut anomalous = 0;
    for n in 0..judged {
        let sample = Sample { time: time_of(TRAINING_TICKS + n % 288), device: "d", value: (n % 40) as f64 };
        anomalous += u64::from(model.judge(sample, ConfidenceLevel::Low).is_some_and(|judgment| judgment.anomalous));
    }
    std::hint::black_box(anomalous);
    let each = start.elapsed().as_secs_f64() * 1e9 / judged as f64;
    println!(
        "| {} | {} | {:.0} ms | {:.0} ms | {each:.0} ns | {:.1} MB |",
        candidate.name(),
        u64::from(devices) * TRAINING_TICKS,
        learning * 1e3,
        build * 1e3,
        (after - before) as f64 / 1024.0
    );
}

//! What breaks when the defence itself does: every fault alone, those that can meet in pairs, and all together, each on
//! the same seeds as a run without.
//!
//! ```text
//!   seed 1: without │ fault A │ fault B │ A and B │ all ─┐
//!   seed 2: without │ fault A │ fault B │ A and B │ all ─┼─► paired differences of every score ─► Chaos
//!   …                                                   ─┘
//! ```
//!
//! Randomness is addressed, so the fleet and the attacks of a seed are the same in all its runs, and so is what each
//! fault strikes, alone or in company: the differences are the faults' own. Every fault lasts over the middle half of
//! the run. What it leaves behind after that is looked for in each run ([`healing`]).
//!
//! The laboratory plays the runs itself, several at once; the order of the results does not depend on it.

pub mod healing;
mod trial;

use defender::time::Millis;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sim::fault::{Entry, REGISTRY};
use sim::outcome::Outcome;
use sim::scenario::Scenario;
use sim::world::{self, Observer, RunOptions, Stopped};

use crate::compare::{Direction, ScoreDifference, ScoreValue, Spread, values};
use crate::score;
use healing::Remnant;
use trial::{Played, Setup};

/// What to try.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many seeds: the scenario's and those after it. Intervals need [`crate::interval::Difference::PAIRS_MIN`].
    pub runs: u64,
    /// The faults to try; empty: all that are registered.
    pub only: Vec<&'static Entry>,
    /// Whether to try pairs.
    pub pairs: bool,
    /// Faults to draw a curve of, over [`INTENSITIES`].
    pub curves: Vec<&'static Entry>,
}

/// The intensities of a curve.
pub const INTENSITIES: [f64; 6] = [0.0, 0.1, 0.25, 0.5, 0.75, 1.0];

/// Who watches the runs; called from several threads.
pub trait Audience: Sync {
    /// So many of so many runs are done.
    fn progress(&self, _done: usize, _all: usize) {}

    /// Whether to stop as soon as possible.
    fn cancelled(&self) -> bool {
        false
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chaos {
    /// [`Chaos::SCHEMA`].
    pub schema: String,
    /// The program's version.
    pub version: String,
    /// The scenario.
    pub scenario: String,
    /// Its one-line title.
    pub title: String,
    /// Devices of the fleet.
    pub devices: u32,
    /// Simulated time of each run.
    pub duration: Millis,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// When the faults begin and end, after the start of a run.
    pub lasts: (Millis, Millis),
    /// Every fault alone, in the order of the registry; then pairs; then all together.
    pub trials: Vec<Trial>,
    /// By headline score, in their order: the single fault that worsens it most, where one does.
    pub weakest: Vec<Weakness>,
    /// Quality under a fault, by its intensity.
    pub curves: Vec<Curve>,
    /// What had not healed by the end of a run.
    pub remnants: Vec<Remnant>,
    /// Number of runs.
    pub runs: u64,
    /// Pairs that can meet, but of which one alone changed nothing on any seed: they were not played.
    pub pairs_left_out: u64,
}

impl Chaos {
    /// Name and version of the serialized form.
    pub const SCHEMA: &'static str = "fleetrange.chaos/1";

    /// Whether everything healed.
    pub fn is_healed(&self) -> bool {
        self.remnants.is_empty()
    }
}

/// How many faults a trial is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Company {
    /// One.
    Alone,
    /// Two that can meet.
    Pair,
    /// All of them.
    Together,
}

/// The same runs with one set of faults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What to call it: a fault's name, `A + B`, or `all together`.
    pub label: String,
    /// How many faults.
    pub company: Company,
    /// The faults, by name.
    pub faults: Vec<String>,
    /// The stages at which they sit, by name, each once.
    pub stages: Vec<String>,
    /// Their intensities.
    pub intensities: Vec<f64>,
    /// Whether anything at all came out otherwise than without, on any seed.
    pub changed: bool,
    /// The scores of the run as a whole: `first` is without, `second` with the faults.
    pub scores: Vec<ScoreDifference>,
    /// Pairs only, score by score: by how much the mean change differs from the sum of the two alone.
    pub beyond_sum: Vec<Option<f64>>,
}

/// The single fault that costs a score most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weakness {
    /// The score.
    pub score: String,
    /// The fault.
    pub fault: String,
    /// Mean of (with − without).
    pub change: f64,
    /// Whether that is clear, and not perhaps chance.
    pub is_clear: bool,
}

/// Quality under one fault, by intensity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The fault.
    pub fault: String,
    /// What its intensity is a share or probability of.
    pub intensity_of: String,
    /// Points in ascending order.
    pub points: Vec<Point>,
}

/// A point of a curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The intensity.
    pub intensity: f64,
    /// Recall over the seeds; `None` where it is n/a.
    pub recall: Option<Spread>,
    /// False alarms per 1,000 device-days over the seeds.
    pub false_alarms: Option<Spread>,
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChaosError {
    /// A run stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// There is no middle to break anything in.
    #[error("a run of {0} is too short: faults last over its middle half, which must be at least an hour")]
    TooShort(Millis),
}

/// Plays everything and compares it. Faults that the scenario has of its own are left out of all runs.
///
/// # Errors
/// [`ChaosError`].
pub fn play(scenario: &Scenario, settings: &Settings, audience: &dyn Audience) -> Result<Chaos, ChaosError> {
    let grid = Millis::minutes(5);
    let quarter = Millis(scenario.duration.0 / 4 / grid.0 * grid.0);
    if quarter < Millis::minutes(30) {
        return Err(ChaosError::TooShort(scenario.duration));
    }
    let lasts = (quarter, Millis(scenario.duration.0 - quarter.0));
    let seeds: Vec<u64> = (0..settings.runs.max(1)).map(|more| scenario.seed.wrapping_add(more)).collect();
    let entries: Vec<&'static Entry> = match settings.only.as_slice() {
        [] => REGISTRY.iter().collect(),
        only => REGISTRY.iter().filter(|entry| only.iter().any(|wanted| wanted.name == entry.name)).collect(),
    };
    let stage = Stagehand { scenario, seeds: &seeds, lasts, audience };
    let without = stage.without()?;

    let alone: Vec<Setup> = entries.iter().map(|entry| Setup::of(&[*entry])).collect();
    let pairs = entries.len() * entries.len().saturating_sub(1) / 2;
    stage.audience.progress(seeds.len(), seeds.len() * (1 + alone.len()));
    let mut played = stage.play(&alone, &without)?;
    let mut trials: Vec<Trial> =
        alone.iter().zip(&played).map(|(setup, played)| trial::compare(setup, &without, played)).collect();

    let mut company = Vec::new();
    let mut pairs_left_out = 0;
    if settings.pairs && pairs > 0 {
        for (first, a) in entries.iter().enumerate() {
            for (second, b) in entries.iter().enumerate().skip(first + 1) {
                if !a.stage.interacts_with(b.stage) {
                    continue;
                }
                if trials[first].changed && trials[second].changed {
                    company.push(Setup::of(&[*a, *b]));
                } else {
                    pairs_left_out += 1;
                }
            }
        }
    }
    if entries.len() > 1 {
        company.push(Setup::together(&entries));
    }
    let together = stage.play(&company, &without)?;
    for (setup, played) in company.iter().zip(&together) {
        let mut trial = trial::compare(setup, &without, played);
        if trial.company == Company::Pair {
            trial.beyond_sum = trial::beyond_sum(&trial, &trials[..entries.len()]);
        }
        trials.push(trial);
    }
    played.extend(together);

    let steps = settings.curves.iter().flat_map(|entry| INTENSITIES.map(|intensity| Setup::at(entry, intensity)));
    let steps: Vec<Setup> = steps.collect();
    let points = stage.play(&steps, &without)?;
    let curves = settings.curves.iter().zip(points.chunks(INTENSITIES.len()));
    let curves = curves.map(|(entry, points)| trial::curve(entry, scenario.seed, points)).collect();

    let runs = (seeds.len() * (1 + played.len() + points.len())) as u64;
    let remnants = played.into_iter().chain(points).flatten().flat_map(|played| played.remnants).collect();
    Ok(Chaos {
        schema: Chaos::SCHEMA.to_owned(),
        version: without[0].outcome.header.version.clone(),
        scenario: scenario.name.clone(),
        title: scenario.title.clone(),
        devices: scenario.devices(),
        duration: scenario.duration,
        weakest: weakest(&trials[..entries.len()]),
        seeds,
        lasts,
        trials,
        curves,
        remnants,
        runs,
        pairs_left_out,
    })
}

/// A run without faults.
struct Sound {
    outcome: Outcome,
    values: Vec<ScoreValue>,
    course: u64,
}

/// Plays runs.
struct Stagehand<'a> {
    scenario: &'a Scenario,
    seeds: &'a [u64],
    lasts: (Millis, Millis),
    audience: &'a dyn Audience,
}

/// Lets a run be stopped.
struct Stop<'a>(&'a dyn Audience);

impl Observer for Stop<'_> {
    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

impl Stagehand<'_> {
    fn run(&self, seed: u64, setup: Option<&Setup>) -> Result<Outcome, Stopped> {
        let (from, to) = self.lasts;
        let faults = setup.map_or_else(Vec::new, |setup| setup.plans(from, Millis(to.0 - from.0)));
        let scenario = Scenario { seed, faults, ..self.scenario.clone() };
        let options = RunOptions { threads: Some(1), ..RunOptions::default() };
        world::run(&scenario, options, &mut Stop(self.audience)).map(|run| run.outcome)
    }

    /// The runs without faults, one a seed.
    fn without(&self) -> Result<Vec<Sound>, Stopped> {
        let runs = self.seeds.par_iter().map(|seed| {
            let outcome = self.run(*seed, None)?;
            let values = trial::of_the_run(values(&outcome, &score(&outcome)));
            Ok(Sound { course: trial::course(&outcome), values, outcome })
        });
        runs.collect()
    }

    /// The runs of each setup, one a seed.
    fn play(&self, setups: &[Setup], without: &[Sound]) -> Result<Vec<Vec<Played>>, Stopped> {
        let all = setups.len() * self.seeds.len();
        let done = std::sync::atomic::AtomicUsize::new(0);
        let jobs: Vec<(&Setup, usize)> =
            setups.iter().flat_map(|setup| (0..self.seeds.len()).map(move |seed| (setup, seed))).collect();
        let runs = jobs.into_par_iter().map(|(setup, seed)| {
            let sound = &without[seed];
            let outcome = self.run(self.seeds[seed], Some(setup))?;
            let until = outcome.header.start + self.lasts.1;
            let left = healing::remnants(&sound.outcome, &outcome, until);
            let (label, seed) = (setup.label(), self.seeds[seed]);
            let remnants = left.into_iter().map(|what| Remnant { trial: label.clone(), seed, what }).collect();
            let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            self.audience.progress(done, all);
            let values = trial::of_the_run(values(&outcome, &score(&outcome)));
            Ok(Played { course: trial::course(&outcome), values, remnants })
        });
        let mut runs = runs.collect::<Result<Vec<Played>, Stopped>>()?.into_iter();
        Ok(setups.iter().map(|_| runs.by_ref().take(self.seeds.len()).collect()).collect())
    }
}

/// By headline score, the fault that worsens it most: clear worsening before what may be chance.
fn weakest(alone: &[Trial]) -> Vec<Weakness> {
    let Some(first) = alone.first() else { return Vec::new() };
    let headline = first.scores.iter().filter(|score| score.is_headline);
    let worst = headline.filter_map(|score| {
        let candidates = alone.iter().filter_map(|trial| {
            let row = trial.scores.iter().find(|row| row.score == score.score)?;
            let change = row.mean?;
            let loss = row.better.loss(change)?;
            (loss > 0.0).then_some((row.direction == Direction::Worse, loss, trial, change))
        });
        let (is_clear, _, trial, change) =
            candidates.max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(b.2.label.cmp(&a.2.label)))?;
        Some(Weakness { score: score.score.clone(), fault: trial.label.clone(), change, is_clear })
    });
    worst.collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sim::fault::entry;
    use sim::scenario::{LoadOptions, load};

    use super::*;

    struct Nobody;

    impl Audience for Nobody {}

    /// A hundred devices of the gallery's bad week, which reports, people and functions defend.
    fn bad_week() -> Scenario {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/bad-week.toml");
        let options = LoadOptions { devices: Some(100), ..LoadOptions::default() };
        load(&path, &[], &options).unwrap_or_else(|problems| panic!("{problems}")).scenario
    }

    fn settings(only: &[&str]) -> Settings {
        let entries = |names: &[&str]| names.iter().map(|name| entry(name).expect("it is registered")).collect();
        Settings { runs: 2, only: entries(only), pairs: true, curves: Vec::new() }
    }

    fn trial<'a>(chaos: &'a Chaos, label: &str) -> &'a Trial {
        chaos.trials.iter().find(|trial| trial.label == label).unwrap_or_else(|| panic!("no trial {label}"))
    }

    fn change(trial: &Trial, score: &str) -> f64 {
        trial.scores.iter().find(|row| row.score == score).and_then(|row| row.mean).expect("it has a value")
    }

    #[test]
    fn without_reports_in_the_middle_nobody_sees_what_only_reports_tell() {
        let only = ["region-partition", "report-loss", "notification-lost", "job-stalled"];
        let chaos = play(&bad_week(), &settings(&only), &Nobody).expect("it runs");
        assert_eq!(chaos.lasts, (Millis::hours(18), Millis::hours(54)));
        let partition = trial(&chaos, "region-partition");
        assert!(change(partition, "recall") < -0.1, "{}", change(partition, "recall"));
        assert!(change(trial(&chaos, "report-loss"), "recall").abs() < 0.1);
        assert_eq!(
            chaos.weakest.iter().find(|weak| weak.score == "recall").map(|weak| &*weak.fault),
            Some("region-partition")
        );
        // There are no jobs to stall; a pair with it would be the other fault once more.
        assert!(!trial(&chaos, "job-stalled").changed);
        let pairs: Vec<_> = chaos.trials.iter().filter(|t| t.company == Company::Pair).map(|t| &*t.label).collect();
        assert_eq!(pairs, ["region-partition + report-loss"]);
        // Where nothing arrives nothing more gets lost.
        let pair = trial(&chaos, pairs[0]);
        let recall = pair.scores.iter().position(|row| row.score == "recall").expect("there is recall");
        let parts = change(partition, "recall") + change(trial(&chaos, "report-loss"), "recall");
        let expected = change(pair, "recall") - parts;
        assert_eq!(pair.beyond_sum[recall], Some(expected));
        assert_eq!(chaos.trials.last().map(|trial| trial.company), Some(Company::Together));
        assert_eq!(chaos.runs, 2 * (1 + 4 + 1 + 1));
    }

    /// Every fault of the registry, alone and all together: the world gets over each.
    #[test]
    fn every_fault_heals() {
        let chaos = play(&bad_week(), &Settings { pairs: false, ..settings(&[]) }, &Nobody).expect("it runs");
        assert_eq!(chaos.trials.len(), REGISTRY.len() + 1);
        assert_eq!(chaos.remnants, []);
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let mut settings = settings(&["report-loss-burst", "notification-lost"]);
        settings.curves = vec![entry("report-loss").expect("it is registered")];
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
            pool.install(|| play(&bad_week(), &settings, &Nobody)).expect("it runs")
        };
        let one = with(1);
        assert_eq!(one, with(3));
        assert_eq!(one.curves[0].points.len(), INTENSITIES.len());
        let recall = |point: &Point| point.recall.map(|spread| spread.mean);
        assert!(recall(&one.curves[0].points[0]) > recall(&one.curves[0].points[5]));
    }

    #[test]
    fn a_run_that_is_too_short_is_told() {
        let scenario = Scenario { duration: Millis::HOUR, ..bad_week() };
        let scenario = Scenario { attacks: Vec::new(), ..scenario };
        let error = play(&scenario, &settings(&["report-loss"]), &Nobody).expect_err("too short");
        assert_eq!(error, ChaosError::TooShort(Millis::HOUR));
    }
}

//! Does an expectation hold, and is there evidence enough to say so?

use defender::time::Millis;
use sim::scenario::expect::{Comparison, Expectation, Statement, Unit};

use super::value::{Basis, Reading};
use crate::interval::{Difference, Proportion, Rate, bootstrap_mean};

/// What became of a test or of one thing that it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds.
    Passed,
    /// The evidence does not say: nothing to measure, or too little of it.
    Inconclusive,
    /// It does not hold.
    Failed,
}

impl Verdict {
    /// The verdict of all of these together: the worst; `None` of none.
    pub fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Option<Verdict> {
        verdicts.into_iter().max()
    }

    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Failed => "failed",
        }
    }
}

/// What a statement claims when there are several runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Something about every run: counts, equalities, and bounds that only an extreme meets.
    EveryRun,
    /// Something about the mean over seeds: judged by its 95 % interval.
    Mean,
}

impl Claim {
    /// What a statement claims.
    pub fn of(statement: &Statement) -> Claim {
        let unit = statement.measure.unit();
        let at_edge = match statement.comparison {
            Comparison::AtMost => statement.bound <= 0.0,
            Comparison::AtLeast => unit == Unit::Share && statement.bound >= 1.0,
            Comparison::Less => unit == Unit::Share && statement.bound >= 1.0,
            Comparison::More => statement.bound <= 0.0,
            Comparison::Equal | Comparison::Unequal => true,
        };
        if matches!(unit, Unit::Amount(_)) || at_edge { Claim::EveryRun } else { Claim::Mean }
    }
}

/// An expectation, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgment {
    /// What was expected.
    pub expectation: Expectation,
    /// Whether it holds.
    pub verdict: Verdict,
    /// By seed: the value; n/a is `None`.
    pub readings: Vec<Option<Reading>>,
    /// Of a claim about the mean over several seeds: its 95 % interval, as (mean, low, high).
    pub interval: Option<(f64, f64, f64)>,
    /// Why it is inconclusive; empty otherwise.
    pub reason: String,
}

/// Judges an expectation by runs of one scenario over several seeds.
///
/// One run is judged by its value. Over several, a claim about [`Claim::EveryRun`] must hold in each; a claim about the
/// [`Claim::Mean`] holds if its interval lies wholly on the right side of the bound, fails if wholly on the other, and is
/// inconclusive between. Runs in which the measure is n/a are left out; of fewer than [`Difference::PAIRS_MIN`] left
/// there is no interval.
///
/// `readings` are what [`measure`](super::measure) says, run by run; the first run's seed addresses the bootstrap.
pub fn judge(expectation: &Expectation, seed: u64, readings: &[Result<Reading, String>]) -> Judgment {
    let Statement { comparison, bound, .. } = expectation.statement;
    let mut reason = readings.iter().find_map(|reading| reading.clone().err()).unwrap_or_default();
    let readings: Vec<Option<Reading>> = readings.iter().map(|reading| reading.clone().ok()).collect();
    let known: Vec<Reading> = readings.iter().copied().flatten().collect();
    let hold = known.iter().filter(|reading| comparison.holds(reading.value, bound)).count();
    let mut interval = None;
    let verdict = if known.is_empty() {
        reason = format!("n/a: {reason}");
        Verdict::Inconclusive
    } else if readings.len() == 1 || Claim::of(&expectation.statement) == Claim::EveryRun {
        match (hold == known.len(), known.len() == readings.len()) {
            (false, _) => Verdict::Failed,
            (true, true) => Verdict::Passed,
            (true, false) => {
                let missing = readings.len() - known.len();
                reason = format!("n/a in {missing} of {} runs: {reason}", readings.len());
                Verdict::Inconclusive
            }
        }
    } else {
        interval = mean_over_seeds(seed, &known);
        match interval {
            None => {
                reason = format!(
                    "{} runs with a value are too few for an interval, it takes {}",
                    known.len(),
                    Difference::PAIRS_MIN
                );
                Verdict::Inconclusive
            }
            Some((_, low, high)) => match (comparison.holds(low, bound), comparison.holds(high, bound)) {
                (true, true) => Verdict::Passed,
                (false, false) => Verdict::Failed,
                _ => {
                    reason = "the interval reaches across the bound".to_owned();
                    Verdict::Inconclusive
                }
            },
        }
    };
    if verdict != Verdict::Inconclusive {
        reason.clear();
    }
    Judgment { expectation: expectation.clone(), verdict, readings, interval, reason }
}

/// Mean over seeds with the wider of two intervals: the bootstrap over seeds, which collapses where all agree, and the
/// interval of all events together, which does not know of seeds.
fn mean_over_seeds(seed: u64, readings: &[Reading]) -> Option<(f64, f64, f64)> {
    let values: Vec<f64> = readings.iter().map(|reading| reading.value).collect();
    let (mean, low, high) = bootstrap_mean(seed, &values)?;
    let (mut parts, mut whole, mut events, mut exposure) = (0, 0, 0, 0.0);
    for reading in readings {
        match reading.basis {
            Basis::Share { successes, trials } => (parts, whole) = (parts + successes, whole + trials),
            Basis::Rate { events: more, exposure: of } => (events, exposure) = (events + more, exposure + of),
            Basis::Exact | Basis::Times(_) => {}
        }
    }
    let pooled = Proportion::of(parts, whole)
        .map(|part| (part.low, part.high))
        .or_else(|| Rate::of(events, exposure).map(|rate| (rate.low, rate.high)));
    let (low, high) = pooled.map_or((low, high), |pooled| (low.min(pooled.0), high.max(pooled.1)));
    Some((mean, low, high))
}

impl Judgment {
    /// The value to show: of the one run, or of the run that fails worst, or the mean.
    pub fn shown(&self) -> Option<f64> {
        let statement = &self.expectation.statement;
        let known = || self.readings.iter().flatten().map(|reading| reading.value);
        match self.interval {
            Some((mean, ..)) => Some(mean),
            None => match statement.comparison {
                Comparison::AtLeast | Comparison::More => known().reduce(f64::min),
                Comparison::AtMost | Comparison::Less => known().reduce(f64::max),
                Comparison::Equal | Comparison::Unequal => known()
                    .find(|value| !statement.comparison.holds(*value, statement.bound))
                    .or_else(|| known().next()),
            },
        }
    }

    /// What was found, in words: the value and what it rests on. `seeds` are those of the runs.
    pub fn found(&self, seeds: &[u64]) -> String {
        let Some(value) = self.shown() else { return "n/a".to_owned() };
        let written = self.written(value);
        if let Some((_, low, high)) = self.interval {
            return format!("{written} ({} to {}) over {} seeds", self.written(low), self.written(high), seeds.len());
        }
        let position = self.readings.iter().position(|reading| reading.is_some_and(|reading| reading.value == value));
        let reading = position.and_then(|position| self.readings[position]);
        let basis = match reading.map(|reading| reading.basis) {
            Some(Basis::Share { successes, trials }) => format!(" ({successes} of {trials})"),
            Some(Basis::Rate { events, .. }) => format!(" ({events} in all)"),
            Some(Basis::Times(times)) => format!(" (of {times})"),
            Some(Basis::Exact) | None => String::new(),
        };
        let seed = position.and_then(|position| seeds.get(position)).filter(|_| self.readings.len() > 1);
        let seed = seed.map_or(String::new(), |seed| format!(" with seed {seed}"));
        format!("{written}{basis}{seed}")
    }

    /// A value of this expectation's measure as it would be written, times to the second.
    pub fn written(&self, value: f64) -> String {
        match self.expectation.statement.measure.unit() {
            Unit::Seconds => Millis((value * 1_000.0).round() as i64).to_string(),
            Unit::Amount(_) => format!("{value}"),
            Unit::Share | Unit::PerDay | Unit::Per1000DeviceDays | Unit::PerDeviceYear | Unit::DeviceHours => {
                format!("{}", (value * 10_000.0).round() / 10_000.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sim::scenario::expect::{Subject, SubjectKind};
    use sim::scenario::source::Place;

    use super::*;
    use crate::expect::measure;
    use crate::fixture::Fixture;
    use crate::scorecard::score;
    use sim::outcome::Outcome;

    fn expect(text: &str) -> Expectation {
        let statement = Statement::parse(text, SubjectKind::Run).unwrap_or_else(|wrong| panic!("{}", wrong.message));
        Expectation { subject: Subject::Run, statement, place: Place::nowhere() }
    }

    /// A day in which `seen` of `attacked` devices are detected after ten minutes.
    fn run(seen: u32, attacked: u32) -> Outcome {
        let mut fixture = Fixture::new(1_000, 1);
        fixture.behavior("sent", "aws:num-messages-sent");
        let parts: Vec<(u32, i64, i64)> = (0..attacked).map(|device| (device, 60, 120)).collect();
        if attacked > 0 {
            fixture.attack("leak", &["aws:num-messages-sent"], &parts);
        }
        (0..seen).for_each(|device| {
            fixture.alarm(0, device, 70, 10);
        });
        fixture.outcome
    }

    fn judgment(text: &str, runs: &[(u32, u32)]) -> Judgment {
        let expectation = expect(text);
        let Statement { measure: of, statistic, .. } = expectation.statement;
        let readings = runs.iter().map(|(seen, attacked)| {
            let outcome = run(*seen, *attacked);
            measure(&expectation.subject, of, statistic, &outcome, &score(&outcome))
        });
        judge(&expectation, 1, &readings.collect::<Vec<_>>())
    }

    fn judged(text: &str, runs: &[(u32, u32)]) -> (Verdict, String) {
        let judgment = judgment(text, runs);
        (judgment.verdict, judgment.reason)
    }

    fn verdict(text: &str, runs: &[(u32, u32)]) -> Verdict {
        judged(text, runs).0
    }

    #[test]
    fn one_run_is_judged_by_its_value() {
        assert_eq!(verdict("recall >= 0.75", &[(3, 4)]), Verdict::Passed);
        assert_eq!(verdict("recall > 0.75", &[(3, 4)]), Verdict::Failed);
        assert_eq!(verdict("latency.p95 <= 10m", &[(3, 4)]), Verdict::Passed);
        assert_eq!(verdict("latency.p95 < 10m", &[(3, 4)]), Verdict::Failed);
        assert_eq!(verdict("alarms == 0", &[(0, 4)]), Verdict::Passed);
        assert_eq!(verdict("alarms == 0", &[(1, 4)]), Verdict::Failed);
    }

    #[test]
    fn what_was_found_is_told_with_what_it_rests_on() {
        let found = |text: &str, runs: &[(u32, u32)]| {
            let seeds: Vec<u64> = (7..7 + runs.len() as u64).collect();
            judgment(text, runs).found(&seeds)
        };
        assert_eq!(found("recall == 1", &[(3, 4)]), "0.75 (3 of 4)");
        assert_eq!(found("recall == 1", &[(4, 4), (3, 4)]), "0.75 (3 of 4) with seed 8");
        assert_eq!(found("latency.p95 < 10m", &[(3, 4)]), "10m (of 3)");
        assert_eq!(found("recall >= 0.5", &[(0, 0)]), "n/a");
        assert_eq!(found("recall >= 0.5", &[(190, 200); 6]), "0.95 (0.9362 to 0.961) over 6 seeds");
    }

    #[test]
    fn nothing_to_measure_is_never_passed() {
        assert_eq!(judged("recall >= 0.5", &[(0, 0)]), (Verdict::Inconclusive, "n/a: no device was attacked".into()));
        let (partly, reason) = judged("recall == 1", &[(4, 4), (0, 0)]);
        assert_eq!((partly, reason.as_str()), (Verdict::Inconclusive, "n/a in 1 of 2 runs: no device was attacked"));
        // A failure elsewhere is a failure all the same.
        assert_eq!(verdict("recall == 1", &[(3, 4), (0, 0)]), Verdict::Failed);
    }

    #[test]
    fn the_mean_over_seeds_needs_its_whole_interval_on_the_right_side() {
        let many = [(190, 200); 6];
        // Wilson of 1140 of 1200: 0.936 to 0.961.
        assert_eq!(verdict("recall >= 0.93", &many), Verdict::Passed);
        assert_eq!(judged("recall >= 0.95", &many).1, "the interval reaches across the bound");
        assert_eq!(verdict("recall >= 0.97", &many), Verdict::Failed);
        // All agree, and yet 24 devices do not prove 95 %.
        assert_eq!(verdict("recall >= 0.95", &[(4, 4); 6]), Verdict::Inconclusive);
        let (verdict, reason) = judged("recall >= 0.5", &[(190, 200); 4]);
        assert_eq!(verdict, Verdict::Inconclusive);
        assert_eq!(reason, "4 runs with a value are too few for an interval, it takes 5");
    }

    #[test]
    fn counts_and_extremes_are_claims_about_every_run() {
        assert_eq!(verdict("alarms <= 3", &[(3, 4), (2, 4)]), Verdict::Passed);
        assert_eq!(verdict("alarms <= 3", &[(3, 4), (4, 4)]), Verdict::Failed);
        assert_eq!(verdict("recall >= 1", &[(4, 4), (4, 4)]), Verdict::Passed);
        assert_eq!(verdict("recall == 1", &[(4, 4), (3, 4)]), Verdict::Failed);
        assert_eq!(verdict("false_alarms_per_day <= 0", &[(4, 4); 3]), Verdict::Passed);
    }
}

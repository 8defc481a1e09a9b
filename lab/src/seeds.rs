//! One scenario over several seeds: where its scores lie, and whether what is expected of it holds.
//!
//! ```text
//!   seed 1: Outcome, Scorecard ─┐
//!   seed 2: Outcome, Scorecard ─┼─► Repeats::add ─► Repeats::finish ─► OverSeeds
//!   …                          ─┘
//! ```
//!
//! Of each run only its numbers are kept. Where a verdict is asked for, it is refused where the evidence is thin
//! ([`judge`]).

use serde::{Deserialize, Serialize};
use sim::outcome::Outcome;
use sim::scenario::expect::Expectation;

use crate::compare::{ScoreSpread, ScoreValue, spreads, values};
use crate::expect::{Case, Reading, Verdict, judge, measure};
use crate::scorecard::Scorecard;

/// A scenario over several seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OverSeeds {
    /// [`OverSeeds::SCHEMA`]: changes when the meaning of a field does.
    pub schema: String,
    /// The seeds, in the order in which they were run.
    pub seeds: Vec<u64>,
    /// Digest of the event log, seed by seed.
    pub digests: Vec<String>,
    /// Every score, with its interval over the seeds.
    pub scores: Vec<ScoreSpread>,
    /// What the scenario expects, judged over the seeds.
    pub expectations: Vec<Case>,
}

impl OverSeeds {
    /// Name and version of the serialized form.
    pub const SCHEMA: &'static str = "fleetrange.seeds/1";

    /// The worst verdict of what is expected; `None` if nothing is.
    pub fn verdict(&self) -> Option<Verdict> {
        Verdict::worst(self.expectations.iter().map(|case| case.verdict))
    }
}

/// Runs under way: one seed after the other.
#[derive(Clone, Debug)]
pub struct Repeats<'a> {
    expectations: &'a [Expectation],
    seeds: Vec<u64>,
    digests: Vec<String>,
    values: Vec<Vec<ScoreValue>>,
    /// By expectation, seed by seed: its value, or why it has none.
    readings: Vec<Vec<Result<Reading, String>>>,
}

impl<'a> Repeats<'a> {
    /// No run yet of a scenario that expects this.
    pub fn new(expectations: &'a [Expectation]) -> Repeats<'a> {
        let (seeds, digests, values) = (Vec::new(), Vec::new(), Vec::new());
        Repeats { expectations, seeds, digests, values, readings: vec![Vec::new(); expectations.len()] }
    }

    /// Adds a run; its scores.
    pub fn add(&mut self, outcome: &Outcome, card: &Scorecard) -> &[ScoreValue] {
        self.seeds.push(outcome.header.seed);
        self.digests.push(outcome.header.digest.clone());
        for (expectation, readings) in self.expectations.iter().zip(&mut self.readings) {
            let statement = &expectation.statement;
            readings.push(measure(&expectation.subject, statement.measure, statement.statistic, outcome, card));
        }
        self.values.push(values(outcome, card));
        self.values.last().expect("it was just added")
    }

    /// What the scenario expects, judged over the runs so far.
    pub fn cases(&self) -> Vec<Case> {
        let seed = self.seeds.first().copied().unwrap_or(0);
        let judged = self.expectations.iter().zip(&self.readings);
        judged.map(|(expectation, readings)| Case::of(&judge(expectation, seed, readings), &self.seeds)).collect()
    }

    /// Everything over the seeds; the first addresses the bootstrap.
    pub fn finish(self) -> OverSeeds {
        OverSeeds {
            schema: OverSeeds::SCHEMA.to_owned(),
            expectations: self.cases(),
            scores: spreads(self.seeds.first().copied().unwrap_or(0), &self.values),
            seeds: self.seeds,
            digests: self.digests,
        }
    }
}

#[cfg(test)]
mod tests {
    use sim::scenario::expect::{Statement, Subject, SubjectKind};
    use sim::scenario::source::Place;

    use super::*;
    use crate::fixture::Fixture;
    use crate::scorecard::score;

    fn expect(text: &str) -> Expectation {
        let statement = Statement::parse(text, SubjectKind::Run).unwrap_or_else(|wrong| panic!("{}", wrong.message));
        Expectation { subject: Subject::Run, statement, place: Place::nowhere() }
    }

    /// A hundred devices attacked, of which so many are seen, seed by seed.
    fn over(expectations: &[Expectation], seen: &[u32]) -> OverSeeds {
        let mut repeats = Repeats::new(expectations);
        for (seed, seen) in seen.iter().enumerate() {
            let mut fixture = Fixture::new(1_000, 1);
            fixture.outcome.header.seed = seed as u64;
            let parts: Vec<(u32, i64, i64)> = (0..100).map(|device| (device, 60, 120)).collect();
            fixture.behavior("sent", "aws:num-messages-sent").attack("leak", &["aws:num-messages-sent"], &parts);
            (0..*seen).for_each(|device| {
                fixture.alarm(0, device, 70, 10);
            });
            repeats.add(&fixture.outcome, &score(&fixture.outcome));
        }
        repeats.finish()
    }

    #[test]
    fn every_score_has_its_mean_and_interval_over_the_seeds() {
        let over = over(&[], &[90, 92, 94, 96, 98]);
        assert_eq!((over.seeds.len(), over.digests.len(), over.verdict()), (5, 5, None));
        let recall = over.scores.iter().find(|row| row.subject == "run" && row.score == "recall").expect("recall");
        let spread = recall.spread.expect("it has values");
        assert!((spread.mean - 0.94).abs() < 1e-12 && spread.min == 0.9 && spread.max == 0.98);
        let (low, high) = spread.interval.expect("five seeds");
        assert!(0.9 < low && low < 0.94 && 0.94 < high && high < 0.98, "{low} to {high}");
    }

    #[test]
    fn thin_evidence_is_inconclusive_and_clear_evidence_decides() {
        let wanted = [expect("recall >= 0.9"), expect("latency.p95 <= 15m"), expect("alarms <= 1000")];
        let verdicts = |seen: &[u32]| {
            let over = over(&wanted, seen);
            (over.verdict(), over.expectations.iter().map(|case| case.verdict).collect::<Vec<_>>())
        };
        use Verdict::{Failed, Inconclusive, Passed};
        // Four seeds say nothing of a mean, however clear; a count is a claim about every run.
        assert_eq!(verdicts(&[99; 4]), (Some(Inconclusive), vec![Inconclusive, Inconclusive, Passed]));
        assert_eq!(verdicts(&[99; 5]), (Some(Passed), vec![Passed, Passed, Passed]));
        assert_eq!(verdicts(&[91, 90, 89, 90, 92]).0, Some(Inconclusive));
        assert_eq!(verdicts(&[50; 5]), (Some(Failed), vec![Failed, Passed, Passed]));
    }

    #[test]
    fn it_survives_its_file() {
        let over = over(&[expect("recall >= 0.9")], &[90, 92, 94, 96, 98]);
        let json = serde_json::to_string(&over).expect("plain data serializes");
        assert!(serde_json::from_str::<OverSeeds>(&json).expect("what was written reads back") == over);
    }
}

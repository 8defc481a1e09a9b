//! Scores over several seeds, and the paired difference between two settings on the same seeds.

use serde::{Deserialize, Serialize};

use super::score::{Evidence, ScoreValue};
use crate::expect::{Better, Unit};
use crate::interval::{Difference, bootstrap_mean, paired_bootstrap};

/// With fewer trials on a side, or fewer events on both, a difference is called thin however clear it looks.
pub const EVENTS_MIN: u64 = 10;

/// Where a score lies over the seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Seeds on which it had a value.
    pub seeds: u64,
    /// Mean over those.
    pub mean: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// Lower and upper end of the mean's 95 % bootstrap interval; `None` with fewer than [`Difference::PAIRS_MIN`].
    pub interval: Option<(f64, f64)>,
}

impl Spread {
    /// Of these values, one a seed; `None` if none of them is there.
    pub fn of(seed: u64, values: &[Option<f64>]) -> Option<Spread> {
        let values: Vec<f64> = values.iter().copied().flatten().collect();
        if values.is_empty() {
            return None;
        }
        Some(Spread {
            seeds: values.len() as u64,
            mean: values.iter().sum::<f64>() / values.len() as f64,
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            interval: bootstrap_mean(seed, &values).map(|(_, low, high)| (low, high)),
        })
    }
}

/// One score over several seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreSpread {
    /// Whose, as [`ScoreValue::subject`].
    pub subject: String,
    /// Which.
    pub score: String,
    /// Its unit.
    pub unit: Unit,
    /// Whether a verdict looks at it.
    pub is_headline: bool,
    /// Its values; `None` if no seed has one.
    pub spread: Option<Spread>,
}

/// Every score over the seeds, each element of `runs` being one of them. `seed` addresses the bootstrap.
pub fn spreads(seed: u64, runs: &[Vec<ScoreValue>]) -> Vec<ScoreSpread> {
    let none: [Vec<ScoreValue>; 0] = [];
    rows(runs, &none)
        .into_iter()
        .map(|row| ScoreSpread {
            subject: row.subject.clone(),
            score: row.score.clone(),
            unit: row.unit.clone(),
            is_headline: row.is_headline,
            spread: Spread::of(seed, &column(runs, row)),
        })
        .collect()
}

/// What a paired difference says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The second is clearly better: the interval leaves zero out.
    Better,
    /// The second is clearly worse.
    Worse,
    /// Clearly different, in a score that has no better side.
    Different,
    /// Equal on every seed.
    Same,
    /// The interval holds zero: the seeds do not tell.
    Unclear,
    /// Too few seeds, trials or events to say anything.
    Thin,
}

/// One score of two settings, compared on the same seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreDifference {
    /// Whose, as [`ScoreValue::subject`].
    pub subject: String,
    /// Which.
    pub score: String,
    /// Its unit, also of the difference.
    pub unit: Unit,
    /// Which way it improves.
    pub better: Better,
    /// Whether the verdict looks at it.
    pub is_headline: bool,
    /// The first setting; `None` where it is n/a on every seed.
    pub first: Option<Spread>,
    /// The second setting.
    pub second: Option<Spread>,
    /// Mean of (second − first) over the seeds on which both have a value, with its interval. `None` with fewer than
    /// [`Difference::PAIRS_MIN`] such seeds.
    pub difference: Option<Difference>,
    /// Mean of (second − first) however few seeds there are; `None` if there is none.
    pub mean: Option<f64>,
    /// What it says.
    pub direction: Direction,
}

/// The paired differences of every score that either setting has; position i of both slices is one seed. `seed`
/// addresses the bootstrap.
///
/// # Panics
/// If the slices differ in length.
pub fn differences(seed: u64, first: &[Vec<ScoreValue>], second: &[Vec<ScoreValue>]) -> Vec<ScoreDifference> {
    assert_eq!(first.len(), second.len(), "pairs have two sides");
    rows(first, second)
        .into_iter()
        .map(|row| {
            let (left, right) = (column(first, row), column(second, row));
            let pairs: Vec<f64> = left.iter().zip(&right).filter_map(|(a, b)| Some((*b)? - (*a)?)).collect();
            let difference = paired_bootstrap(seed, &left, &right);
            let enough = enough(evidence(first, row), evidence(second, row));
            ScoreDifference {
                subject: row.subject.clone(),
                score: row.score.clone(),
                unit: row.unit.clone(),
                better: row.better,
                is_headline: row.is_headline,
                first: Spread::of(seed, &left),
                second: Spread::of(seed, &right),
                direction: direction(difference, &pairs, enough, row.better),
                mean: (!pairs.is_empty()).then(|| pairs.iter().sum::<f64>() / pairs.len() as f64),
                difference,
            }
        })
        .collect()
}

fn direction(difference: Option<Difference>, pairs: &[f64], enough: bool, better: Better) -> Direction {
    let Some(difference) = difference else { return Direction::Thin };
    if pairs.iter().all(|pair| *pair == 0.0) {
        return Direction::Same;
    }
    if !enough {
        return Direction::Thin;
    }
    if !difference.is_clear() {
        return Direction::Unclear;
    }
    match (better, difference.mean > 0.0) {
        (Better::Neither, _) => Direction::Different,
        (Better::Higher, true) | (Better::Lower, false) => Direction::Better,
        (Better::Higher, false) | (Better::Lower, true) => Direction::Worse,
    }
}

/// Every score that appears, by subject and name, where it appears first.
fn rows<'a>(first: &'a [Vec<ScoreValue>], second: &'a [Vec<ScoreValue>]) -> Vec<&'a ScoreValue> {
    let mut rows: Vec<&ScoreValue> = Vec::new();
    for value in first.iter().chain(second).flatten() {
        if !rows.iter().any(|row| is_same(row, value)) {
            rows.push(value);
        }
    }
    rows
}

fn is_same(a: &ScoreValue, b: &ScoreValue) -> bool {
    a.score == b.score && a.subject == b.subject
}

fn column(runs: &[Vec<ScoreValue>], row: &ScoreValue) -> Vec<Option<f64>> {
    runs.iter().map(|run| run.iter().find(|value| is_same(value, row)).and_then(|value| value.value)).collect()
}

/// What stands behind a score on all seeds together.
fn evidence(runs: &[Vec<ScoreValue>], row: &ScoreValue) -> Evidence {
    let parts = runs.iter().filter_map(|run| run.iter().find(|value| is_same(value, row)));
    parts.map(|value| value.evidence).fold(row.evidence.none(), Evidence::and)
}

fn enough(first: Evidence, second: Evidence) -> bool {
    match (first, second) {
        (Evidence::Trials(a), Evidence::Trials(b)) => a.min(b) >= EVENTS_MIN,
        (Evidence::Events(a), Evidence::Events(b)) => a + b >= EVENTS_MIN,
        _ => true,
    }
}

impl Evidence {
    /// The same kind with nothing behind it.
    pub(crate) fn none(self) -> Evidence {
        match self {
            Evidence::Trials(_) => Evidence::Trials(0),
            Evidence::Events(_) => Evidence::Events(0),
            Evidence::Whole => Evidence::Whole,
        }
    }

    fn and(self, other: Evidence) -> Evidence {
        match (self, other) {
            (Evidence::Trials(a), Evidence::Trials(b)) => Evidence::Trials(a + b),
            (Evidence::Events(a), Evidence::Events(b)) => Evidence::Events(a + b),
            (kept, _) => kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(value: Option<f64>, evidence: Evidence, better: Better) -> Vec<ScoreValue> {
        vec![ScoreValue {
            subject: "run".into(),
            score: "recall".into(),
            unit: Unit::Share,
            better,
            is_headline: true,
            value,
            evidence,
        }]
    }

    fn side(values: &[f64], evidence: Evidence, better: Better) -> Vec<Vec<ScoreValue>> {
        values.iter().map(|value| run(Some(*value), evidence, better)).collect()
    }

    fn judged(first: &[f64], second: &[f64], evidence: Evidence, better: Better) -> ScoreDifference {
        differences(1, &side(first, evidence, better), &side(second, evidence, better)).remove(0)
    }

    #[test]
    fn a_clear_rise_is_better_or_worse_by_the_score() {
        let (low, high) = ([0.4, 0.5, 0.6, 0.5, 0.4], [0.7, 0.7, 0.9, 0.8, 0.8]);
        let row = judged(&low, &high, Evidence::Trials(50), Better::Higher);
        assert_eq!(row.direction, Direction::Better);
        // (0.3 + 0.2 + 0.3 + 0.3 + 0.4) / 5.
        assert!((row.difference.expect("five seeds").mean - 0.3).abs() < 1e-12);
        assert_eq!(judged(&low, &high, Evidence::Trials(50), Better::Lower).direction, Direction::Worse);
        assert_eq!(judged(&low, &high, Evidence::Trials(50), Better::Neither).direction, Direction::Different);
    }

    #[test]
    fn pairing_takes_out_what_the_seeds_have_in_common() {
        // Values vary over the seeds from 0.1 to 0.9; the second is higher by 0.01 on each.
        let first = [0.1, 0.9, 0.3, 0.7, 0.5];
        let second = first.map(|value| value + 0.01);
        assert_eq!(judged(&first, &second, Evidence::Trials(500), Better::Higher).direction, Direction::Better);
    }

    #[test]
    fn what_cannot_be_told_is_not_told() {
        let same = [0.5, 0.6, 0.7, 0.8, 0.9];
        assert_eq!(judged(&same, &same, Evidence::Trials(50), Better::Higher).direction, Direction::Same);
        let mixed = [0.4, 0.7, 0.6, 0.9, 0.8];
        assert_eq!(judged(&same, &mixed, Evidence::Trials(50), Better::Higher).direction, Direction::Unclear);
        // Four seeds; or five with a single trial each.
        let few = judged(&same[..4], &[1.0; 4], Evidence::Trials(50), Better::Higher);
        assert_eq!((few.direction, few.difference), (Direction::Thin, None));
        assert!(few.mean.is_some_and(|mean| (mean - 0.35).abs() < 1e-12));
        let one = judged(&[0.0; 5], &[1.0; 5], Evidence::Trials(1), Better::Higher);
        assert_eq!(one.direction, Direction::Thin);
    }

    #[test]
    fn a_rate_needs_ten_events_on_both_sides_together() {
        let judge = |a, b| {
            let (first, second) = (side(&[1.0; 5], Evidence::Events(a), Better::Lower), [0.0; 5]);
            let second = side(&second, Evidence::Events(b), Better::Lower);
            differences(1, &first, &second)[0].direction
        };
        assert_eq!((judge(1, 0), judge(2, 0)), (Direction::Thin, Direction::Better));
    }

    #[test]
    fn scores_that_one_side_lacks_are_listed_without_a_difference() {
        let first: Vec<_> = (0..5).map(|_| run(Some(0.5), Evidence::Trials(50), Better::Higher)).collect();
        let second = vec![Vec::new(); 5];
        let rows = differences(1, &first, &second);
        assert_eq!((rows.len(), rows[0].second, rows[0].direction), (1, None, Direction::Thin));
        assert_eq!(rows[0].first.map(|spread| (spread.seeds, spread.mean)), Some((5, 0.5)));
    }

    #[test]
    fn spreads_by_hand() {
        let spread = Spread::of(1, &[Some(1.0), None, Some(3.0)]).expect("two values");
        assert_eq!((spread.seeds, spread.mean, spread.min, spread.max, spread.interval), (2, 2.0, 1.0, 3.0, None));
        let five = Spread::of(1, &[1.0, 2.0, 3.0, 4.0, 5.0].map(Some)).expect("five values");
        let (low, high) = five.interval.expect("five values");
        assert!(1.0 < low && low < 3.0 && 3.0 < high && high < 5.0);
        assert_eq!(Spread::of(1, &[None, None]), None);
    }
}

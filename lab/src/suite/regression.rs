//! What scenarios measure now, held against their baseline.
//!
//! A difference is judged by its noise, never by a bare percentage:
//!
//! - With at least [`Difference::PAIRS_MIN`] seeds that both have, by paired differences, as [`crate::compare`] does.
//! - With fewer, shares by Newcombe's interval of their difference, and rates by the conditional test of two Poisson
//!   counts. Amounts and times have no noise of their own in one run: that they moved is said, and not judged.
//!
//! Only headline scores decide; the others are told.

use serde::Serialize;

use super::baseline::{Baseline, Measured, Score};
use crate::compare::{Direction, EVENTS_MIN, ScoreDifference, differences};
use crate::expect::{Better, Unit};
use crate::interval::{Difference, Proportion, newcombe};

/// Where a score or a scenario stands against its baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Equal, or different by no more than chance explains.
    Same,
    /// Clearly better.
    Better,
    /// There is no baseline of it.
    New,
    /// It moved, and there is too little to tell whether by chance.
    Inconclusive,
    /// Clearly worse.
    Worse,
}

impl Standing {
    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Standing::Same => "same",
            Standing::Better => "better",
            Standing::New => "new",
            Standing::Inconclusive => "inconclusive",
            Standing::Worse => "worse",
        }
    }
}

/// What scenarios measure now, held against a baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Regression {
    /// Scenario by scenario, in the order of their files.
    pub scenarios: Vec<ScenarioChange>,
    /// Files of the baseline that were not run.
    pub not_run: Vec<String>,
}

/// One scenario against its baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScenarioChange {
    /// Its file.
    pub file: String,
    /// Where it stands: the worst of its headline scores.
    pub standing: Standing,
    /// Whether the scenario or one of its documents is another than it was.
    pub is_changed: bool,
    /// The scores that are not equal on every seed, worst first; of these, headline scores first.
    pub scores: Vec<ScoreChange>,
}

/// One score against its baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoreChange {
    /// Whose.
    pub subject: String,
    /// Which.
    pub score: String,
    /// Its unit.
    pub unit: Unit,
    /// Whether it decides.
    pub is_headline: bool,
    /// Mean over seeds, before.
    pub before: Option<f64>,
    /// Mean over seeds, now.
    pub now: Option<f64>,
    /// How sure that is.
    pub noise: Noise,
    /// Where it stands.
    pub standing: Standing,
}

/// The 95 % interval of a change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "of")]
pub enum Noise {
    /// Of the difference now − before.
    Difference {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Of the ratio now / before; `None` has no upper end.
    Ratio {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: Option<f64>,
    },
    /// Unknown: a single run says nothing of it, or there are too few events.
    Unknown,
}

impl Regression {
    /// Holds what was measured against a baseline.
    pub fn new(baseline: &Baseline, now: &[Measured]) -> Regression {
        let scenarios = now.iter().map(|now| ScenarioChange::of(baseline.of(&now.file), now)).collect();
        let is_run = |file: &str| now.iter().any(|now| now.file == file);
        let not_run = baseline.scenarios.iter().filter(|old| !is_run(&old.file)).map(|old| old.file.clone()).collect();
        Regression { scenarios, not_run }
    }

    /// The worst that there is; `None` if nothing was compared.
    pub fn standing(&self) -> Option<Standing> {
        self.scenarios.iter().map(|scenario| scenario.standing).max()
    }
}

impl ScenarioChange {
    fn of(before: Option<&Measured>, now: &Measured) -> ScenarioChange {
        let file = now.file.clone();
        let Some(before) = before else {
            return ScenarioChange { file, standing: Standing::New, is_changed: false, scores: Vec::new() };
        };
        let mut scores = changes(before, now);
        scores.sort_by_key(|change| (std::cmp::Reverse(change.standing), !change.is_headline));
        let headlines = scores.iter().filter(|change| change.is_headline);
        ScenarioChange {
            file,
            standing: headlines.map(|change| change.standing).max().unwrap_or(Standing::Same),
            is_changed: before.scenario != now.scenario,
            scores,
        }
    }
}

/// Every score that either side has and that is not equal on every seed.
fn changes(before: &Measured, now: &Measured) -> Vec<ScoreChange> {
    let common: Vec<u64> = now.seeds.iter().copied().filter(|seed| before.seeds.contains(seed)).collect();
    let paired: Vec<ScoreDifference> = if common.len() >= Difference::PAIRS_MIN {
        differences(common[0], &before.runs(&common), &now.runs(&common))
    } else {
        Vec::new()
    };
    let exposure = before.exposure() / now.exposure();
    let gone = before.scores.iter().filter(|score| now.score(score).is_none()).map(|score| (Some(score), None));
    let here = now.scores.iter().map(|score| (before.score(score), Some(score)));
    here.chain(gone)
        .filter(|(before_score, now_score)| match (before_score, now_score) {
            (Some(a), Some(b)) => before.seeds != now.seeds || a.values != b.values,
            _ => true,
        })
        .filter_map(|(before, now)| {
            let like = now.or(before)?;
            let pair = paired.iter().find(|pair| pair.subject == like.subject && pair.score == like.score);
            let (standing, noise) = judge(before, now, pair, exposure);
            Some(ScoreChange {
                subject: like.subject.clone(),
                score: like.score.clone(),
                unit: like.unit.clone(),
                is_headline: like.is_headline,
                before: before.and_then(Score::mean),
                now: now.and_then(Score::mean),
                noise,
                standing,
            })
        })
        .collect()
}

/// Where a score stands, by the first way that has something to say. `exposure` is before / now.
fn judge(
    before: Option<&Score>,
    now: Option<&Score>,
    pair: Option<&ScoreDifference>,
    exposure: f64,
) -> (Standing, Noise) {
    let (Some(before), Some(now)) = (before, now) else { return (Standing::Inconclusive, Noise::Unknown) };
    if let Some((pair, difference)) = pair.and_then(|pair| Some((pair, pair.difference?))) {
        let standing = match pair.direction {
            Direction::Better => Standing::Better,
            Direction::Worse => Standing::Worse,
            Direction::Same | Direction::Unclear | Direction::Different => Standing::Same,
            Direction::Thin => Standing::Inconclusive,
        };
        return (standing, Noise::Difference { low: difference.low, high: difference.high });
    }
    if before.mean() == now.mean() {
        return (Standing::Same, Noise::Unknown);
    }
    if let (Some(first), Some(second)) = (before.share(), now.share()) {
        let (low, high) = newcombe(first, second);
        let enough = first.trials.min(second.trials) >= EVENTS_MIN;
        let standing = clear(enough, low > 0.0, high < 0.0, now.better);
        return (standing, Noise::Difference { low, high });
    }
    if let (Some(first), Some(second)) = (before.events(), now.events()) {
        // Of all events, the part that falls to "now" if nothing changed is its part of the exposure.
        let Some(part) = Proportion::of(second, first + second) else { return (Standing::Same, Noise::Unknown) };
        let fair = 1.0 / (1.0 + exposure);
        let ratio = |part: f64| part / (1.0 - part) * exposure;
        let high = (part.high < 1.0).then(|| ratio(part.high));
        let standing = clear(first + second >= EVENTS_MIN, part.low > fair, part.high < fair, now.better);
        return (standing, Noise::Ratio { low: ratio(part.low), high });
    }
    let standing = if now.better == Better::Neither { Standing::Same } else { Standing::Inconclusive };
    (standing, Noise::Unknown)
}

/// Whether it clearly rose or fell, and what that means.
fn clear(enough: bool, rose: bool, fell: bool, better: Better) -> Standing {
    match (better, rose, fell) {
        (Better::Neither, ..) => Standing::Same,
        _ if !enough => Standing::Inconclusive,
        (_, false, false) => Standing::Same,
        (Better::Higher, true, _) | (Better::Lower, _, true) => Standing::Better,
        _ => Standing::Worse,
    }
}

#[cfg(test)]
mod tests {
    use defender::time::Millis;

    use super::super::baseline::fixture::{alarms, measured, recall, score};
    use super::*;
    use crate::compare::Evidence;

    fn standing(before: Score, now: Score) -> Standing {
        ScenarioChange::of(Some(&measured(vec![before])), &measured(vec![now])).standing
    }

    #[test]
    fn shares_of_one_run_are_judged_by_newcombes_interval() {
        assert_eq!(standing(recall(&[1.0], 50), recall(&[1.0], 50)), Standing::Same);
        // 50 of 50 against 47 of 50: -0.162 to 0.026.
        assert_eq!(standing(recall(&[1.0], 50), recall(&[0.94], 50)), Standing::Same);
        assert_eq!(standing(recall(&[1.0], 50), recall(&[0.7], 50)), Standing::Worse);
        assert_eq!(standing(recall(&[0.7], 50), recall(&[1.0], 50)), Standing::Better);
        // Nine devices are too few, however clear it looks.
        assert_eq!(standing(recall(&[1.0], 9), recall(&[0.0], 9)), Standing::Inconclusive);
    }

    #[test]
    fn rates_of_one_run_are_judged_by_their_counts() {
        assert_eq!(standing(alarms(10), alarms(14)), Standing::Same);
        assert_eq!(standing(alarms(10), alarms(40)), Standing::Worse);
        assert_eq!(standing(alarms(40), alarms(10)), Standing::Better);
        assert_eq!(standing(alarms(0), alarms(4)), Standing::Inconclusive);
        assert_eq!(standing(alarms(0), alarms(20)), Standing::Worse);
        // Twice the time and twice the alarms is no change.
        let (before, mut now) = (measured(vec![alarms(40)]), measured(vec![alarms(80)]));
        now.duration = Millis::days(2);
        let change = ScenarioChange::of(Some(&before), &now);
        assert_eq!(change.standing, Standing::Same);
        let Noise::Ratio { low, high: Some(high) } = change.scores[0].noise else { panic!("a ratio") };
        assert!(low < 1.0 && 1.0 < high, "{low} to {high}");
    }

    #[test]
    fn with_five_seeds_pairs_are_judged() {
        let wide = [0.4, 0.8, 0.6, 0.9, 0.5];
        let less = wide.map(|value| value - 0.02);
        // One run could not tell 0.02 from chance; the pairs can.
        assert_eq!(standing(recall(&wide, 50), recall(&less, 50)), Standing::Worse);
        assert_eq!(standing(recall(&wide[..4], 50), recall(&less[..4], 50)), Standing::Same);
        let dwell = |values: &[f64]| score("dwell_time", Unit::Seconds, Better::Lower, values, Evidence::Trials(50));
        assert_eq!(standing(dwell(&[60.0; 5]), dwell(&[50.0, 55.0, 50.0, 52.0, 51.0])), Standing::Better);
    }

    #[test]
    fn amounts_and_times_of_one_run_say_only_that_they_moved() {
        let harm = |value| score("harm_done", Unit::Amount("bytes".into()), Better::Lower, &[value], Evidence::Whole);
        assert_eq!(standing(harm(100.0), harm(100.0)), Standing::Same);
        assert_eq!(standing(harm(100.0), harm(90.0)), Standing::Inconclusive);
        let worst = |value| score("alarms_per_day", Unit::PerDay, Better::Neither, &[value], Evidence::Whole);
        assert_eq!(standing(worst(3.0), worst(9.0)), Standing::Same);
    }

    #[test]
    fn scores_that_come_or_go_and_scenarios_without_a_baseline_are_told() {
        let (before, now) = (measured(vec![alarms(10)]), measured(vec![recall(&[1.0], 50)]));
        let change = ScenarioChange::of(Some(&before), &now);
        assert_eq!((change.standing, change.scores.len()), (Standing::Inconclusive, 2));
        let mut baseline = Baseline::new("0");
        let mut other = measured(vec![alarms(10)]);
        other.file = "b.toml".into();
        baseline.scenarios.push(other);
        let regression = Regression::new(&baseline, &[now]);
        assert_eq!(regression.standing(), Some(Standing::New));
        assert_eq!(regression.not_run, ["b.toml"]);
    }
}

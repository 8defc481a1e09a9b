//! How a change against a baseline is worded.

use std::fmt::Write;

use lab::suite::{Noise, Regression, ScenarioChange, ScoreChange, Standing};

use crate::unit::{self, interval};
use crate::wording::{count, number, things};

/// Changed scores told of each scenario; the rest is counted.
pub(super) const SCORES: usize = 12;

/// Scenarios worth a line: all that do not stand as they stood.
pub(super) fn told(regression: &Regression) -> impl Iterator<Item = &ScenarioChange> {
    regression.scenarios.iter().filter(|change| change.standing != Standing::Same || change.is_changed)
}

/// `38 same, 1 worse, 1 new; 2 of the baseline were not run`.
pub(super) fn totals(regression: &Regression) -> String {
    let all = [Standing::Worse, Standing::Inconclusive, Standing::Better, Standing::Same, Standing::New];
    let parts: Vec<String> = all
        .into_iter()
        .filter_map(|standing| {
            let n = regression.scenarios.iter().filter(|change| change.standing == standing).count();
            (n > 0).then(|| format!("{} {}", count(n as u64), standing.name()))
        })
        .collect();
    let mut text = if parts.is_empty() { "nothing to compare".to_owned() } else { parts.join(", ") };
    if !regression.not_run.is_empty() {
        let _ = write!(text, "; {} of the baseline not run", things(regression.not_run.len() as u64, "scenario"));
    }
    text
}

/// The change in words: `95.0 % → 40.0 %`.
pub(super) fn change(change: &ScoreChange) -> String {
    unit::change(change.before, change.now, &change.unit)
}

/// Its interval in words: `difference -70.0 to -37.0`; empty if unknown.
pub(super) fn noise(change: &ScoreChange) -> String {
    match change.noise {
        Noise::Difference { low, high } => format!("difference {}", interval(low, high, &change.unit)),
        Noise::Ratio { low, high: Some(high) } => format!("{} to {} times as many", number(low), number(high)),
        Noise::Ratio { low, high: None } => format!("at least {} times as many", number(low)),
        Noise::Unknown => String::new(),
    }
}

//! How a change against a baseline is worded.

use std::fmt::Write;

use lab::Millis;
use lab::compare::Unit;
use lab::suite::{Noise, Regression, ScenarioChange, ScoreChange, Standing};

use crate::wording::{count, number, span, things};

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

/// The change in words: `0.95 → 0.4`.
pub(super) fn change(change: &ScoreChange) -> String {
    let value = |value: Option<f64>| value.map_or("n/a".to_owned(), |value| written(&change.unit, value));
    format!("{} → {}", value(change.before), value(change.now))
}

/// Its interval in words: `difference -0.7 to -0.37`; empty if unknown.
pub(super) fn noise(change: &ScoreChange) -> String {
    match change.noise {
        Noise::Difference { low, high } => {
            format!("difference {} to {}", signed(&change.unit, low), signed(&change.unit, high))
        }
        Noise::Ratio { low, high: Some(high) } => format!("{} to {} times as many", number(low), number(high)),
        Noise::Ratio { low, high: None } => format!("at least {} times as many", number(low)),
        Noise::Unknown => String::new(),
    }
}

fn written(unit: &Unit, value: f64) -> String {
    match unit {
        Unit::Seconds => span(Millis((value * 1_000.0) as i64)),
        Unit::Amount(unit) => format!("{} {unit}", number(value)),
        Unit::Share | Unit::PerDay | Unit::Per1000DeviceDays | Unit::DeviceHours => number(value),
    }
}

fn signed(unit: &Unit, value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}", written(unit, value.abs()))
}

//! The tables of a comparison.

use lab::compare::{Comparison, Direction, Fate, Miss, ScoreDifference, Spread};
use lab::expect::Unit;

use crate::html::table::{Cell, Table, numbers, text, value, words};
use crate::unit::{interval, shown, spoken};
use crate::wording::{NOT_AVAILABLE, span};

/// The mean change of a score with its interval: `-12.5 points, -15 to -9.8`.
pub(crate) fn change(row: &ScoreDifference) -> String {
    let Some(mean) = row.mean else { return NOT_AVAILABLE.to_owned() };
    let mean = shown(mean, &row.unit, true);
    match row.difference.map(|ends| interval(ends.low, ends.high, &row.unit)) {
        Some(ends) if !ends.is_empty() => format!("{mean}, {ends}"),
        _ => mean,
    }
}

pub(super) fn said(direction: Direction) -> &'static str {
    match direction {
        Direction::Better => "better",
        Direction::Worse => "worse",
        Direction::Different => "different",
        Direction::Same => "same",
        Direction::Unclear => "unclear",
        Direction::Thin => "too little to tell",
    }
}

/// Score by score: both means, the paired difference, what it says.
pub(super) fn scores<'a>(title: &'static str, scores: impl Iterator<Item = &'a ScoreDifference>) -> Table {
    let mean = |spread: &Option<Spread>, unit: &Unit| -> Cell {
        let Some(spread) = spread else { return value(NOT_AVAILABLE, None) };
        value(shown(spread.mean, unit, false), Some(spread.mean))
    };
    let rows = scores.filter(|row| row.first.is_some() || row.second.is_some()).map(|row| {
        let difference = match (row.difference, row.mean) {
            (Some(difference), _) => value(shown(difference.mean, &row.unit, true), Some(difference.mean))
                .beside(interval(difference.low, difference.high, &row.unit)),
            (None, Some(mean)) => value(shown(mean, &row.unit, true), Some(mean)),
            (None, None) => value(NOT_AVAILABLE, None),
        };
        let name = spoken(&row.score);
        let subject = if row.subject == "run" { name } else { format!("{}: {name}", row.subject) };
        vec![
            text(subject),
            mean(&row.first, &row.unit),
            mean(&row.second, &row.unit),
            difference,
            text(said(row.direction)).alert_if(row.direction == Direction::Worse),
        ]
    });
    let columns = [
        words("score"),
        numbers("first", ""),
        numbers("second", ""),
        numbers("difference", ""),
        words("the second is"),
    ];
    Table::new(title, &columns, rows.collect())
}

/// Attack by attack: caught by whom.
pub(super) fn attacks(comparison: &Comparison) -> Table {
    let count = |n: u64| value(crate::wording::count(n), Some(n as f64));
    let rows = comparison.acts.iter().map(|act| {
        let later = act.later_mean.map_or_else(
            || value(NOT_AVAILABLE, None),
            |mean| {
                let cell = value(shown(mean, &Unit::Seconds, true), Some(mean));
                let interval = act.later.map(|later| interval(later.low, later.high, &Unit::Seconds));
                cell.beside(interval.unwrap_or_default())
            },
        );
        vec![
            text(act.act.clone()),
            count(act.devices),
            count(act.both),
            count(act.only_first),
            count(act.only_second),
            count(act.neither),
            count(act.in_one_setting),
            later,
        ]
    });
    let columns = [
        words("attack"),
        numbers("devices", ""),
        numbers("both", ""),
        numbers("only first", ""),
        numbers("only second", ""),
        numbers("neither", ""),
        numbers("attacked in one only", ""),
        numbers("second later by", ""),
    ];
    Table::new("Attacks", &columns, rows.collect())
}

/// Why devices were missed, by attack and setting.
pub(super) fn reasons(comparison: &Comparison) -> Table {
    let rows = comparison.acts.iter().flat_map(|act| {
        let of = |who: &'static str, list: &[(Miss, u64)]| -> Vec<Vec<Cell>> {
            let row = |(why, n): &(Miss, u64)| {
                let count = value(crate::wording::count(*n), Some(*n as f64));
                vec![text(act.act.clone()), text(who), text(reason(*why)), count]
            };
            list.iter().map(row).collect()
        };
        let mut rows = of("the second alone", &act.why_second_missed);
        rows.extend(of("the first alone", &act.why_first_missed));
        rows.extend(of("both", &act.why_neither));
        rows
    });
    let columns = [words("attack"), words("missed by"), words("because"), numbers("devices", "")];
    Table::new("Reasons", &columns, rows.collect())
}

fn reason(why: Miss) -> &'static str {
    match why {
        Miss::AlertSuppressed => "the behavior's alerts are suppressed",
        Miss::NoBehavior => "no behavior is on a metric that it disturbs",
        Miss::NotCovered => "no profile with such a behavior covers the device",
        Miss::Unobservable => "no datapoint shows it",
        Miss::Masked => "an alarm already stood at the onset",
        Miss::ContainedBefore => "the response cut it off before it could be seen",
        Miss::TooFewDatapoints => "too few violating datapoints in a row",
        Miss::NeverCrossed => "no datapoint violated",
    }
}

/// Devices on which the settings disagree.
pub(super) fn devices(comparison: &Comparison) -> Table {
    let told = |fate: &Fate| match fate {
        Fate::Caught { after, behavior } => text(format!("caught after {}", span(*after))).beside(behavior.clone()),
        Fate::Missed { why, behavior, longest, needed } => {
            let beside = match (behavior, longest, needed) {
                (Some(behavior), Some(longest), Some(needed)) => {
                    format!("{behavior}: {longest} of {needed} datapoints")
                }
                (Some(behavior), ..) => behavior.clone(),
                _ => String::new(),
            };
            text(reason(*why)).beside(beside)
        }
        Fate::NotAttacked => text("not attacked"),
    };
    let rows = comparison.disagreements.iter().map(|row| {
        vec![
            text(row.device.clone()).beside(row.class.clone()),
            text(row.act.clone()),
            value(row.seed.to_string(), Some(row.seed as f64)),
            value(span(row.onset), Some(row.onset.as_seconds_f64())),
            told(&row.first),
            told(&row.second),
        ]
    });
    let columns = [
        words("device"),
        words("attack"),
        numbers("seed", ""),
        numbers("onset", ""),
        words("under the first"),
        words("under the second"),
    ];
    Table::new("Devices", &columns, rows.collect())
}

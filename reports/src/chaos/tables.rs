//! The tables of a chaos report.

use lab::chaos::{Chaos, Company, Trial};
use lab::compare::{Direction, ScoreDifference, Spread};
use lab::expect::Unit;

use super::{is_loss, left, of, row};
use crate::html::table::{Cell, Column, Table, numbers, text, value, words};
use crate::unit::{interval, shown, spoken};
use crate::wording::{NOT_AVAILABLE, number, percent};

/// The scores of an overview, as they are called there: enough to see where it hurts.
pub(super) const SHOWN: [(&str, &str); 6] = [
    ("recall", "recall"),
    ("time_undetected.mean", "time undetected"),
    ("false_alarms_per_1000_device_days", "false alarms"),
    ("audit_recall", "audit recall"),
    ("remediation_coverage", "remediation"),
    ("dwell_time.mean", "dwell time"),
];
/// Remnants listed.
const REMNANTS: usize = 500;

/// Those of [`SHOWN`] that any trial has a change of.
pub(super) fn columns(chaos: &Chaos) -> Vec<(&'static str, &'static str)> {
    let known = |(score, _): &(&str, &str)| {
        chaos.trials.iter().any(|trial| row(trial, score).is_some_and(|row| row.mean.is_some()))
    };
    SHOWN.into_iter().filter(known).collect()
}

/// A change with its mark: short, for an overview. `−12 points`, without the unit's denominator.
pub(super) fn brief(row: &ScoreDifference, mean: f64) -> String {
    let text = match row.unit {
        Unit::Per1000DeviceDays | Unit::PerDay if mean != 0.0 => {
            format!("{}{}", if mean > 0.0 { "+" } else { "" }, number(mean))
        }
        _ => shown(mean, &row.unit, true),
    };
    match row.direction {
        Direction::Worse => format!("{text} ▼"),
        Direction::Better => format!("{text} ▲"),
        _ => text,
    }
}

/// Trial by trial the change of the main scores; trials that changed nothing are left out.
pub(super) fn overview(chaos: &Chaos, company: Company) -> Table {
    let columns = columns(chaos);
    let heading = match company {
        Company::Alone => "fault",
        Company::Pair => "pair",
        Company::Together => "faults",
    };
    let rows = of(chaos, company).filter(|trial| trial.changed).map(|trial| {
        let cells = columns.iter().map(|(score, _)| match row(trial, score).and_then(|row| Some((row, row.mean?))) {
            Some((row, mean)) => value(brief(row, mean), Some(mean)).alert_if(row.direction == Direction::Worse),
            None => value(NOT_AVAILABLE, None),
        });
        std::iter::once(text(&trial.label)).chain(cells).collect()
    });
    let all: Vec<Column> =
        std::iter::once(words(heading)).chain(columns.iter().map(|(_, name)| numbers(name, ""))).collect();
    Table::new("Change of the main scores", &all, rows.collect())
}

/// Every score that a trial changes.
pub(super) fn details(chaos: &Chaos, company: Company) -> Table {
    let rows = of(chaos, company).flat_map(|trial| {
        let changed = trial.scores.iter().filter_map(|row| Some((row, row.mean.filter(|mean| *mean != 0.0)?)));
        changed.map(move |(row, mean)| detail(trial, row, mean))
    });
    let columns = [
        words("faults"),
        words("stage"),
        words("score"),
        numbers("without", ""),
        numbers("with", ""),
        numbers("change", ""),
    ];
    Table::new("Changes with their intervals", &columns, rows.collect())
}

fn detail(trial: &Trial, row: &ScoreDifference, mean: f64) -> Vec<Cell> {
    let side = |spread: Option<Spread>| match spread {
        Some(spread) => value(shown(spread.mean, &row.unit, false), Some(spread.mean)),
        None => value(NOT_AVAILABLE, None),
    };
    let ends = row.difference.map_or_else(String::new, |ends| interval(ends.low, ends.high, &row.unit));
    let change = value(shown(mean, &row.unit, true), Some(mean)).beside(ends);
    vec![
        text(&trial.label),
        text(trial.stages.join(", ")),
        text(spoken(&row.score)),
        side(row.first),
        side(row.second),
        change.alert_if(row.direction == Direction::Worse),
    ]
}

/// Pairs that clearly worsen a headline score, by more than both faults alone.
pub(super) fn beyond(chaos: &Chaos) -> Table {
    let rows = of(chaos, Company::Pair).flat_map(|pair| {
        let scores = pair.scores.iter().zip(&pair.beyond_sum);
        let more = scores.filter_map(|(row, beyond)| Some((row, row.mean?, (*beyond)?)));
        let more = more.filter(|(row, _, beyond)| {
            row.is_headline && row.direction == Direction::Worse && is_loss(row.better, *beyond)
        });
        more.map(|(row, mean, beyond)| {
            let number = |x: f64| value(shown(x, &row.unit, true), Some(x));
            vec![text(&pair.label), text(spoken(&row.score)), number(mean), number(beyond)]
        })
    });
    let columns = [words("pair"), words("score"), numbers("change", ""), numbers("of it beyond both", "")];
    Table::new("Pairs beyond the sum", &columns, rows.collect())
}

/// The points of the curves.
pub(super) fn curves(chaos: &Chaos) -> Table {
    let cell = |spread: Option<Spread>, show: fn(f64) -> String| match spread {
        Some(spread) => {
            let ends = spread.interval.map(|(low, high)| format!("{}–{}", show(low), show(high)));
            value(show(spread.mean), Some(spread.mean)).beside(ends.unwrap_or_default())
        }
        None => value(NOT_AVAILABLE, None),
    };
    let rows = chaos.curves.iter().flat_map(|curve| {
        curve.points.iter().map(move |point| {
            vec![
                text(&curve.fault),
                value(point.intensity.to_string(), Some(point.intensity)),
                cell(point.recall, percent),
                cell(point.false_alarms, number),
            ]
        })
    });
    let columns = [
        words("fault"),
        numbers("intensity", ""),
        numbers("recall", ""),
        numbers("false alarms per 1,000 device-days", ""),
    ];
    Table::new("Points of the curves", &columns, rows.collect())
}

/// What had not healed.
pub(super) fn remnants(chaos: &Chaos) -> Table {
    let rows = chaos.remnants.iter().take(REMNANTS).map(|remnant| {
        let seed = value(remnant.seed.to_string(), Some(remnant.seed as f64));
        vec![text(&remnant.trial), seed, text(left(&remnant.what))]
    });
    let columns = [words("faults"), numbers("seed", ""), words("what was left")];
    Table::new("Remnants", &columns, rows.collect())
}

#[cfg(test)]
mod tests {
    use lab::expect::Better;

    use super::*;

    #[test]
    fn an_overview_is_brief_and_marks_what_is_clear() {
        let row = |unit, direction| ScoreDifference {
            subject: "run".to_owned(),
            score: "recall".to_owned(),
            unit,
            better: Better::Higher,
            is_headline: true,
            first: None,
            second: None,
            difference: None,
            mean: None,
            direction,
        };
        assert_eq!(brief(&row(Unit::Share, Direction::Worse), -0.125), "-12.5 points ▼");
        assert_eq!(brief(&row(Unit::Per1000DeviceDays, Direction::Unclear), 3.5), "+3.50");
        assert_eq!(brief(&row(Unit::Seconds, Direction::Better), -90.0), "-1m 30s ▲");
    }
}

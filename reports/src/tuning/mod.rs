//! What tuning recommends, told: for a terminal, as a rationale in Markdown, as a page, as a directory with everything ready
//! to use.

mod page;

use std::fmt::Write;
use std::path::Path;

use lab::sweep::Sweep;
use lab::tune::{Brief, Constraint, Reason, Relaxations, Tuned, Tuning};
use serde_json::Value;

use crate::grid;
use crate::html::table::{Table, numbers, text as text_cell, value, words};
use crate::part;
use crate::run_dir::{Destination, WriteError, write_figures, write_text};
use crate::wording::{number, percent, rate, rate_interval, share, share_interval, span, span_or};

/// Rows of a table in a terminal.
const ROWS: usize = 40;

/// A document ready for the service: file name and content.
pub type Document = (String, Value);

/// For a terminal.
pub fn text(tuning: &Tuning) -> String {
    let mut out = format!("{}\n", headline(tuning));
    for line in lines(tuning) {
        let _ = writeln!(out, "  {line}");
    }
    for (title, table) in tables(tuning) {
        let _ = writeln!(out, "\n{title}");
        out.push_str(&grid::text(&table, ROWS));
    }
    for own in &tuning.each {
        let _ = write!(out, "\n{}", text(own));
    }
    out
}

/// The rationale, in Markdown.
pub fn markdown(tuning: &Tuning) -> String {
    let mut out = String::new();
    told(tuning, &mut out);
    out
}

fn told(tuning: &Tuning, out: &mut String) {
    let _ = write!(out, "# {}\n\n", grid::escaped(&headline(tuning)));
    for line in lines(tuning) {
        let _ = writeln!(out, "- {}", grid::escaped(&line));
    }
    for (title, table) in tables(tuning) {
        let _ = write!(out, "\n## {title}\n\n");
        out.push_str(&grid::markdown(&table));
    }
    for own in &tuning.each {
        out.push('\n');
        told(own, out);
    }
}

/// As its JSON document.
pub fn json(tuning: &Tuning) -> String {
    part::json(tuning)
}

/// Writes `tune.html` with its figures, `tuning.json`, `rationale.md` and the documents into a directory, whole or not at
/// all. `sweep` is what was chosen from.
///
/// # Errors
/// [`WriteError`]; then what was there is as before.
pub fn write(
    destination: Destination,
    tuning: &Tuning,
    sweep: &Sweep,
    documents: &[Document],
) -> Result<(), WriteError> {
    destination.fill(|dir: &Path| {
        let figures = page::figures(tuning, sweep);
        write_figures(&dir.join("plots"), &figures)?;
        write_text(&dir.join("tune.html"), &page::page(tuning, documents, &figures).render()?)?;
        for (name, document) in documents {
            write_text(&dir.join(name), &format!("{document:#}\n"))?;
        }
        write_text(&dir.join("rationale.md"), &markdown(tuning))?;
        write_text(&dir.join("tuning.json"), &json(tuning))
    })
}

fn headline(tuning: &Tuning) -> String {
    let failing = tuning.checks.iter().filter(|check| !check.holds).count();
    let of = match &tuning.part {
        Some(part) => format!("{}, {} {} alone", tuning.scenario, part.kind.name(), part.name),
        None => tuning.scenario.clone(),
    };
    match (tuning.fits, failing) {
        (false, _) => format!("{of}: no setting meets every constraint"),
        (true, 0) => format!("{of}: every constraint is met"),
        (true, n) => format!("{of}: met on the seeds tuned on, but not in {n} of {} checks", tuning.checks.len()),
    }
}

fn named(constraint: Constraint) -> &'static str {
    match constraint {
        Constraint::AlarmsPerDay => "alarms per day",
        Constraint::Recall => "recall",
        Constraint::P95Latency => "95 % latency",
    }
}

/// What had to be kept to.
fn asked_for(tuning: &Tuning) -> String {
    let asked = &tuning.constraints;
    let parts = [
        asked.max_alarms_per_day.map(|most| format!("at most {} false alarms a day", number(most))),
        asked.min_recall.map(|least| format!("recall of at least {}", percent(least))),
        asked.max_p95_latency.map(|most| format!("95 % detected within {}", span(most))),
    ];
    let asked: Vec<String> = parts.into_iter().flatten().collect();
    if asked.is_empty() { "nothing".to_owned() } else { asked.join(", ") }
}

/// The false alarms of what is recommended.
fn cost(tuning: &Tuning) -> String {
    let alarms = tuning.false_alarms_per_day;
    format!("false alarms a day, all behaviors below together: {} ({})", rate(alarms), rate_interval(alarms))
}

/// Which constraints cost something.
fn binding(tuning: &Tuning) -> String {
    if tuning.binding.is_empty() {
        return "no constraint costs false alarms".to_owned();
    }
    let names: Vec<&str> = tuning.binding.iter().map(|constraint| named(*constraint)).collect();
    format!("binding: {}", names.join(", "))
}

/// What would have to give.
fn relaxed(give: &Relaxations) -> String {
    let ways = [
        give.alarms_per_day.map(|most| format!("{} false alarms a day", number(most))),
        give.recall.map(|recall| format!("recall of {}", percent(recall))),
        give.p95_latency.map(|latency| format!("95 % latency of {}", span(latency))),
    ];
    let ways: Vec<String> = ways.into_iter().flatten().collect();
    match ways.is_empty() {
        true => "no single constraint, given up in part, makes room for the others".to_owned(),
        false => format!("it would fit with one of: {}", ways.join("; ")),
    }
}

/// Everything that is not a table.
fn lines(tuning: &Tuning) -> Vec<String> {
    let seeds: Vec<String> = tuning.seeds.iter().map(ToString::to_string).collect();
    let mut lines = vec![
        format!("asked for: {}", asked_for(tuning)),
        format!("tuned on seeds {}; nobody responds", seeds.join(", ")),
    ];
    if let Some(replayed) = &tuning.replayed {
        lines.push(format!(
            "ordinary telemetry: recorded, {} things from {} to {}; tuned on what lies before {} and held against the rest; \
             seeds move the attacks only",
            replayed.things, replayed.start, replayed.end, replayed.tuned_until
        ));
        if !replayed.unrecorded.is_empty() {
            lines.push(format!("not recorded, and left as they are: {}", replayed.unrecorded.join(", ")));
        }
    }
    lines.extend([cost(tuning), binding(tuning)]);
    if !tuning.fits {
        lines.push(relaxed(&tuning.relaxations));
    }
    let least = tuning.constraints.min_recall.unwrap_or(0.0);
    for tuned in tuning.behaviors.iter().filter(|tuned| tuned.reason == Reason::Fits) {
        if tuned.after.recall.is_some_and(|recall| recall.low < least) {
            lines.push(format!(
                "{}: the interval of its recall {} reaches below what was asked for; more seeds or devices would tell",
                tuned.name,
                share_interval(tuned.after.recall)
            ));
        }
    }
    lines
}

/// The tables that say something, each with its title.
fn tables(tuning: &Tuning) -> Vec<(&'static str, Table)> {
    let all = [
        ("Settings", settings(tuning)),
        ("Checks: the same settings on other telemetry", checks(tuning)),
        ("Classes that are worth a profile of their own", splits(tuning)),
    ];
    all.into_iter().filter(|(title, table)| *title == "Settings" || !table.rows.is_empty()).collect()
}

fn settings(tuning: &Tuning) -> Table {
    let columns = [
        words("behavior"),
        words("now"),
        words("recommended"),
        numbers("recall now", "recall"),
        numbers("recall then", "recall"),
        numbers("p95 now", "detection-time"),
        numbers("p95 then", "detection-time"),
        numbers("false/day now", "alarms-per-day"),
        numbers("false/day then", "alarms-per-day"),
    ];
    Table::new("Settings", &columns, tuning.behaviors.iter().map(setting).collect())
}

fn checks(tuning: &Tuning) -> Table {
    let rows = tuning.checks.iter().map(|check| {
        let recalls = check.behaviors.iter().filter_map(|brief| Some(brief.recall?.value));
        let worst = recalls.fold(None, |worst: Option<f64>, recall| Some(worst.map_or(recall, |w| w.min(recall))));
        let slowest = check.behaviors.iter().filter_map(|brief| brief.p95).max();
        vec![
            text_cell(check.what.clone()),
            text_cell(if check.holds { "holds" } else { "fails" }).alert_if(!check.holds),
            value(worst.map_or_else(|| "n/a".to_owned(), percent), worst),
            value(span_or(slowest), slowest.map(|time| time.0 as f64)),
            value(rate(check.false_alarms_per_day), check.false_alarms_per_day.map(|rate| rate.value))
                .beside(rate_interval(check.false_alarms_per_day)),
        ]
    });
    let columns = [
        words("on"),
        words("verdict"),
        numbers("lowest recall", "recall"),
        numbers("longest p95", "detection-time"),
        numbers("false/day", "alarms-per-day"),
    ];
    Table::new("Checks", &columns, rows.collect())
}

fn splits(tuning: &Tuning) -> Table {
    let splits = tuning.behaviors.iter().flat_map(|tuned| tuned.splits.iter().map(move |split| (tuned, split)));
    let rows = splits.map(|(tuned, split)| {
        vec![
            text_cell(tuned.name.clone()),
            text_cell(split.class.clone()),
            text_cell(split.setting.words()),
            value(number(split.shared_per_day), Some(split.shared_per_day)),
            value(number(split.own_per_day), Some(split.own_per_day)),
        ]
    });
    let columns = [
        words("behavior"),
        words("class"),
        words("its own setting"),
        numbers("false/day shared", "alarms-per-day"),
        numbers("false/day alone", "alarms-per-day"),
    ];
    Table::new("Classes", &columns, rows.collect())
}

fn setting(tuned: &Tuned) -> Vec<crate::html::table::Cell> {
    let because = match tuned.reason {
        Reason::Fits => "fewest false alarms",
        Reason::Nearest => "nothing fits, this comes nearest",
        Reason::NotExercised => "no attack exercises it",
    };
    let recall =
        |brief: &Brief| value(share(brief.recall), brief.recall.map(|p| p.value)).beside(share_interval(brief.recall));
    let p95 = |brief: &Brief| value(span_or(brief.p95), brief.p95.map(|time| time.0 as f64));
    let per_day = |brief: &Brief| {
        let rates = brief.false_alarms_per_day;
        value(rate(rates), rates.map(|rate| rate.value)).beside(rate_interval(rates))
    };
    vec![
        text_cell(tuned.name.clone()).beside(tuned.profile.clone()),
        text_cell(tuned.before.setting.words()),
        text_cell(if tuned.chosen == 0 { "as it is".to_owned() } else { tuned.after.setting.words() }).beside(because),
        recall(&tuned.before),
        recall(&tuned.after),
        p95(&tuned.before),
        p95(&tuned.after),
        per_day(&tuned.before),
        per_day(&tuned.after),
    ]
}

#[cfg(test)]
mod fixture;

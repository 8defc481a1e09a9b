//! What breaks when the defence itself does, told: for a terminal, in Markdown, as a page, as a directory.

mod figure;
mod tables;

use std::fmt::Write;
use std::path::Path;

use lab::chaos::healing::Left;
use lab::chaos::{Chaos, Company, Trial, Weakness};
use lab::compare::{Direction, ScoreDifference};
use lab::expect::Better;

use crate::comparison::tables::change;
use crate::grid;
use crate::html::page::{Again, Answer, Page, Section};
use crate::html::table::Table;
use crate::part::{self, Part};
use crate::plot::Figure;
use crate::run_dir::{Destination, WriteError, write_figures, write_text};
use crate::unit::{shown, spoken};
use crate::wording::{span, things};

/// Rows of a table in a terminal.
const ROWS: usize = 40;

/// For a terminal.
pub fn text(chaos: &Chaos) -> String {
    let mut out = format!("{}: {}\n{}\n\n", chaos.scenario, chaos.title, facts(chaos).join(", "));
    let _ = writeln!(out, "{}\n{}", weakest(chaos), healing(chaos));
    for part in parts(chaos).into_iter().filter(|part| !part.is_detail) {
        part.text(&mut out, ROWS);
    }
    out
}

/// For a pull request.
pub fn markdown(chaos: &Chaos) -> String {
    let name = grid::escaped(&chaos.scenario);
    let mut out = format!("## Chaos: {name}\n\n{}\n\n", facts(chaos).join(", "));
    let _ = writeln!(out, "**{}** {}", grid::escaped(&weakest(chaos)), grid::escaped(&healing(chaos)));
    for part in parts(chaos).into_iter().filter(|part| !part.is_detail) {
        part.markdown(&mut out);
    }
    out
}

/// The answer as its JSON document.
pub fn json(chaos: &Chaos) -> String {
    part::json(chaos)
}

/// Writes `chaos.html`, `chaos.json`, `chaos.md` and the figures into a directory, whole or not at all.
///
/// # Errors
/// [`WriteError`]; then what was there is as before.
pub fn write(destination: Destination, chaos: &Chaos) -> Result<(), WriteError> {
    destination.fill(|dir: &Path| {
        let figures = figure::figures(chaos);
        write_figures(&dir.join("plots"), &figures)?;
        write_text(&dir.join("chaos.md"), &markdown(chaos))?;
        write_text(&dir.join("chaos.html"), &page(chaos, &figures).render()?)?;
        write_text(&dir.join("chaos.json"), &json(chaos))
    })
}

/// Everything that is told, in order; empty tables are left out.
fn parts(chaos: &Chaos) -> Vec<Part> {
    let detail = |id, title, table: Table| {
        let table = table.folded("Scores that did not change are left out.".to_owned());
        Part { is_detail: true, ..Part::new(id, title, "", table) }
    };
    let lead =
        "Mean change against the same seeds without; ▼ clearly worse, ▲ clearly better, over the seeds.".to_owned();
    let all = [
        Part::new("alone", "Every fault alone", with(lead, inert(chaos)), tables::overview(chaos, Company::Alone)),
        Part::new("together", "All together", "", tables::overview(chaos, Company::Together)),
        Part::new("pairs", "Pairs that can meet", left_out(chaos), tables::overview(chaos, Company::Pair)),
        Part::new("beyond", "Pairs that cost more than both faults alone", "", tables::beyond(chaos)),
        Part::new("curves", "Quality under a fault", "", tables::curves(chaos)),
        Part::new("remnants", "What had not healed by the end of a run", "", tables::remnants(chaos)),
        detail("alone-scores", "Every fault alone, score by score", tables::details(chaos, Company::Alone)),
        detail("together-scores", "All together, score by score", tables::details(chaos, Company::Together)),
        detail("pair-scores", "Pairs, score by score", tables::details(chaos, Company::Pair)),
    ];
    all.into_iter().filter(|part| !part.table.rows.is_empty()).collect()
}

fn with(mut lead: String, more: String) -> String {
    if !more.is_empty() {
        lead.push(' ');
        lead.push_str(&more);
    }
    lead
}

/// The trials of a kind.
fn of(chaos: &Chaos, company: Company) -> impl Iterator<Item = &Trial> {
    chaos.trials.iter().filter(move |trial| trial.company == company)
}

/// A score of a trial.
fn row<'a>(trial: &'a Trial, score: &str) -> Option<&'a ScoreDifference> {
    trial.scores.iter().find(|row| row.score == score)
}

/// Whether a change of a score is for the worse.
fn is_loss(better: Better, change: f64) -> bool {
    better.loss(change).is_some_and(|loss| loss > 0.0)
}

/// The weakest link, in a sentence.
pub fn weakest(chaos: &Chaos) -> String {
    let found = chaos.weakest.iter().find(|weakness| weakness.is_clear).or(chaos.weakest.first());
    let Some(Weakness { score, fault, is_clear, .. }) = found else {
        return "No fault alone worsens any headline score.".to_owned();
    };
    let trial = of(chaos, Company::Alone).find(|trial| trial.label == *fault);
    let stage = trial.and_then(|trial| trial.stages.first()).map_or(String::new(), |stage| format!(" ({stage})"));
    let Some(row) = trial.and_then(|trial| row(trial, score)) else {
        return format!("The weakest link is {fault}{stage}.");
    };
    let values = match (row.first, row.second) {
        (Some(first), Some(second)) => {
            let value = |mean| shown(mean, &row.unit, false);
            format!(" from {} to {}", value(first.mean), value(second.mean))
        }
        _ => String::new(),
    };
    let seeds = things(chaos.seeds.len() as u64, "seed");
    let doubt = if *is_clear { format!("clear over {seeds}") } else { format!("on {seeds}: it may be chance") };
    format!("The weakest link is {fault}{stage}: it takes {}{values} ({}; {doubt}).", spoken(score), change(row))
}

/// Whether everything healed, in a sentence.
pub fn healing(chaos: &Chaos) -> String {
    match chaos.remnants.len() {
        0 => format!("After the faults were over everything healed in all {}.", things(chaos.runs, "run")),
        1 => "After the faults were over 1 thing had not healed by the end of its run.".to_owned(),
        n => format!("After the faults were over {n} things had not healed by the end of their runs."),
    }
}

/// What was left, in words.
fn left(left: &Left) -> String {
    match left {
        Left::Alarm { device, behavior } => format!("an alarm of {behavior} on {device} still stood"),
        Left::Response { device } => format!("no response to {device} took hold"),
        Left::Case { team } => format!("team {team} passed an alert over"),
        Left::Job { job } => format!("job {job} did not end"),
        Left::Audits { missing } => format!("{} did not take place", things(*missing, "audit")),
    }
}

/// What was played.
fn facts(chaos: &Chaos) -> Vec<String> {
    vec![
        things(u64::from(chaos.devices), "device"),
        format!("{} a run", span(chaos.duration)),
        things(chaos.seeds.len() as u64, "seed"),
        things(chaos.runs, "run"),
        format!("faults from {} to {}", span(chaos.lasts.0), span(chaos.lasts.1)),
    ]
}

fn inert(chaos: &Chaos) -> String {
    let still = of(chaos, Company::Alone).filter(|trial| !trial.changed);
    let names: Vec<&str> = still.map(|trial| trial.label.as_str()).collect();
    if names.is_empty() { String::new() } else { format!("Without any effect here: {}.", names.join(", ")) }
}

fn left_out(chaos: &Chaos) -> String {
    match chaos.pairs_left_out {
        0 => String::new(),
        pairs => format!("{} left out, since one of the two changes nothing here.", things(pairs, "pair")),
    }
}

fn page(chaos: &Chaos, figures: &[Figure]) -> Page {
    let sections = parts(chaos).into_iter().map(|part| {
        let names: &[&str] = match part.id {
            "alone" => &["chaos"],
            "curves" => &["recall-under-fault", "false-alarms-under-fault"],
            _ => &[],
        };
        Section::new(part.id, part.title, part.lead).with_figures(figures, names).with_tables(vec![part.table])
    });
    let together = of(chaos, Company::Together).next().map_or_else(Vec::new, |trial| {
        let worse = trial.scores.iter().filter(|row| row.is_headline && row.direction == Direction::Worse);
        worse.map(|row| format!("{} {}", spoken(&row.score), change(row))).collect()
    });
    let together =
        if together.is_empty() { "no headline score is clearly worse".to_owned() } else { together.join("; ") };
    let answer = |label, anchor, text| Answer { label, anchor, text };
    let healed = if chaos.is_healed() { "alone" } else { "remnants" };
    Page {
        window: format!("{}: chaos", chaos.scenario),
        heading: chaos.title.clone(),
        name: chaos.scenario.clone(),
        facts: facts(chaos),
        modes: Vec::new(),
        answers: vec![
            answer("Weakest link", "alone", weakest(chaos)),
            answer("All together", "alone", together),
            answer("Healing", healed, healing(chaos)),
        ],
        measures: Vec::new(),
        sections: sections.collect(),
        warnings: Vec::new(),
        again: Again {
            lead: format!("The same scenario and seeds give the same bits; version {}, seeds", chaos.version),
            codes: chaos.seeds.iter().map(ToString::to_string).collect(),
            links: vec![("chaos.json", "every number of this page"), ("chaos.md", "its tables for a pull request")],
            files: Vec::new(),
        },
    }
}

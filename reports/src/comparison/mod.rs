//! Two settings on the same fleet and seeds, told: for a terminal, in Markdown, as a page, as a directory.

mod figure;
pub(crate) mod tables;

use std::fmt::Write;
use std::path::Path;

use lab::compare::{Comparison, Grounds, ScoreDifference, Setting, Verdict};

use crate::grid;
use crate::html::page::{Again, Answer, Page, Section};
use crate::part::{self, Part};
use crate::plot::Figure;
use crate::run_dir::{Destination, WriteError, write_figures, write_text};
use crate::unit::spoken;
use crate::wording::{span, things};

/// Rows of a table in a terminal.
const ROWS: usize = 20;

/// For a terminal.
pub fn text(comparison: &Comparison) -> String {
    let mut out = format!("{}\n{}\n", headline(comparison), facts(comparison).join(", "));
    for setting in [&comparison.first, &comparison.second] {
        let _ = writeln!(out, "  {}", named(setting));
    }
    for part in parts(comparison) {
        part.text(&mut out, ROWS);
    }
    out
}

/// For a pull request.
pub fn markdown(comparison: &Comparison) -> String {
    let mut out = format!("## {}\n\n{}\n\n", grid::escaped(&headline(comparison)), facts(comparison).join(", "));
    for setting in [&comparison.first, &comparison.second] {
        let _ = writeln!(out, "- {}", grid::escaped(&named(setting)));
    }
    for part in parts(comparison) {
        part.markdown(&mut out);
    }
    out
}

/// Writes `comparison.html`, `comparison.json`, `comparison.md` and the figures into a directory, whole or not at all.
///
/// # Errors
/// [`WriteError`]; then what was there is as before.
pub fn write(destination: Destination, comparison: &Comparison) -> Result<(), WriteError> {
    destination.fill(|dir: &Path| {
        let figures = figure::figures(comparison);
        write_figures(&dir.join("plots"), &figures)?;
        write_text(&dir.join("comparison.md"), &markdown(comparison))?;
        write_text(&dir.join("comparison.html"), &page(comparison, &figures).render()?)?;
        write_text(&dir.join("comparison.json"), &json(comparison))
    })
}

/// The comparison as its JSON document.
pub fn json(comparison: &Comparison) -> String {
    part::json(comparison)
}

/// Everything that is told, in order; empty tables are left out.
fn parts(comparison: &Comparison) -> Vec<Part> {
    let headlines = |score: &&ScoreDifference| score.is_headline;
    let others = |score: &&ScoreDifference| !score.is_headline && score.first != score.second;
    let mut devices = String::new();
    if comparison.disagreements_left_out > 0 {
        devices =
            format!("{} left out; comparison.json has more.", things(comparison.disagreements_left_out, "more device"));
    }
    let all = [
        Part::new(
            "scores",
            "What the verdict rests on",
            "Means over the seeds; the difference is paired, seed by seed, with its 95 % bootstrap interval.",
            tables::scores("Scores", comparison.scores.iter().filter(headlines)),
        ),
        Part::new(
            "attacks",
            "Who was caught by one and not by the other",
            "Attacked devices over all seeds.",
            tables::attacks(comparison),
        ),
        Part::new("reasons", "Why they were missed", "", tables::reasons(comparison)),
        Part::new(
            "details",
            "Other scores that differ",
            "",
            tables::scores("Other scores", comparison.scores.iter().filter(others)),
        ),
        Part::new("devices", "Device by device", &devices, tables::devices(comparison)),
    ];
    all.into_iter().filter(|part| !part.table.rows.is_empty()).collect()
}

/// The verdict in a sentence.
pub(crate) fn headline(comparison: &Comparison) -> String {
    let (first, second) = (&comparison.first.label, &comparison.second.label);
    let Grounds { better, worse, unclear, thin, .. } = &comparison.grounds;
    let names = |list: &[u32]| {
        let names: Vec<_> = list.iter().map(|i| spoken(&comparison.scores[*i as usize].score)).collect();
        names.join(", ")
    };
    match comparison.verdict {
        Verdict::Better => format!("{second} is better than {first}: {}", names(better)),
        Verdict::Worse => format!("{second} is worse than {first}: {}", names(worse)),
        Verdict::TradeOff => {
            format!("A trade-off: {second} is better in {}, worse in {} than {first}", names(better), names(worse))
        }
        Verdict::Same => format!("{second} and {first} score the same on every seed"),
        Verdict::Inconclusive => {
            let mut why = Vec::new();
            if !thin.is_empty() {
                why.push(format!("too little evidence on {}", names(thin)));
            }
            if !unclear.is_empty() {
                why.push(format!("the seeds do not tell on {}", names(unclear)));
            }
            if why.is_empty() {
                why.push("nothing was scored".to_owned());
            }
            format!("Inconclusive: {}", why.join("; "))
        }
    }
}

fn facts(comparison: &Comparison) -> Vec<String> {
    let seeds = match comparison.seeds[..] {
        [one] => format!("seed {one}"),
        [first, .., last] => format!("{} seeds, {first} to {last}", comparison.seeds.len()),
        [] => "no seed".to_owned(),
    };
    vec![things(u64::from(comparison.devices), "device"), span(comparison.duration), seeds]
}

fn named(setting: &Setting) -> String {
    let changes = if setting.changes.is_empty() { "as it is".to_owned() } else { setting.changes.join(", ") };
    format!("{}: {}, {changes}", setting.label, setting.scenario)
}

fn page(comparison: &Comparison, figures: &[Figure]) -> Page {
    let sections = parts(comparison).into_iter().map(|part| {
        let shown: &[&str] = match part.id {
            "scores" => &["differences"],
            "attacks" => &["fates"],
            _ => &[],
        };
        let table = if part.id == "devices" { part.table.folded(String::new()) } else { part.table };
        Section::new(part.id, part.title, part.lead).with_figures(figures, shown).with_tables(vec![table])
    });
    let answer = |label, anchor, text| Answer { label, anchor, text };
    let (first, second) = (&comparison.first, &comparison.second);
    let caught = |pick: fn(&lab::compare::ActComparison) -> u64| comparison.acts.iter().map(pick).sum::<u64>();
    Page {
        window: format!("{} and {}: comparison", first.label, second.label),
        heading: headline(comparison),
        name: format!("{} and {}", first.label, second.label),
        facts: facts(comparison),
        modes: Vec::new(),
        answers: vec![
            answer("The first", "scores", named(first)),
            answer("The second", "scores", named(second)),
            answer(
                "Caught",
                "attacks",
                format!(
                    "{} by both, {} only by {}, {} only by {}, {} by neither",
                    things(caught(|act| act.both), "attacked device"),
                    caught(|act| act.only_first),
                    first.label,
                    caught(|act| act.only_second),
                    second.label,
                    caught(|act| act.neither)
                ),
            ),
        ],
        measures: Vec::new(),
        sections: sections.collect(),
        warnings: Vec::new(),
        again: Again {
            lead: "The same scenarios and seeds give the same bits. Digests of both settings, seed by seed:".to_owned(),
            codes: first.digests.iter().zip(&second.digests).map(|(a, b)| format!("{a} {b}")).collect(),
            links: vec![
                ("comparison.json", "every number of this page"),
                ("comparison.md", "the same for a pull request"),
            ],
            files: Vec::new(),
        },
    }
}

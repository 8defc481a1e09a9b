//! The report: one HTML file that needs nothing else, reads without script, and prints.

mod documents;
pub(crate) mod page;
mod sections;
mod story;
pub(crate) mod table;

use lab::Scorecard;
use lab::outcome::Outcome;
use lab::seeds::OverSeeds;

use crate::plot::Figure;
use crate::seeds;
use crate::tables::TableNote;
use crate::text;
use crate::wording::{date, span, things};
use page::{Again, Answer, Page};

/// The report of a run.
pub(crate) fn report(
    outcome: &Outcome,
    card: &Scorecard,
    over: Option<&OverSeeds>,
    figures: &[Figure],
    notes: &[TableNote],
) -> Result<String, minijinja::Error> {
    let header = &outcome.header;
    let answer = |label, anchor, text| Answer { label, anchor, text };
    let mut answers = vec![
        answer("What happened", "what-happened", text::happened(outcome)),
        answer("What was seen", "what-was-seen", text::seen(card)),
        answer("How fast", "how-fast", text::fast(card)),
        answer("At what cost", "at-what-cost", text::cost(card)),
        answer("Contained", "contained", text::contained(card)),
    ];
    let mut sections = sections::sections(outcome, card, figures);
    if let Some(over) = over {
        answers.push(answer("Over the seeds", "over-the-seeds", seeds::headline(over)));
        sections.insert(0, seeds::section(over));
    }
    let page = Page {
        window: format!("{}: run report", header.scenario),
        heading: header.title.clone(),
        name: header.scenario.clone(),
        facts: [
            Some(text::fleet(outcome)),
            text::churn(outcome),
            Some(format!("{} from {}", span(header.end - header.start), date(header.start))),
            Some(format!("seed {}", header.seed)),
            Some(format!("version {}", header.version)),
        ]
        .into_iter()
        .flatten()
        .collect(),
        modes: modes(outcome),
        answers,
        measures: sections::measures(card),
        sections,
        warnings: outcome.warnings.clone(),
        again: Again {
            lead: format!(
                "The same scenario and seed give the same bits. This run: seed {}, {}, digest",
                header.seed,
                things(header.events, "event")
            ),
            codes: vec![header.digest.clone()],
            links: vec![
                ("scenario.lock.toml", "everything needed to repeat it"),
                ("summary.json", "every number of this page"),
                ("navigator.json", "detection by ATT&CK technique"),
            ],
            files: notes.iter().map(file).collect(),
        },
    };
    page.render()
}

/// What deviates from the defaults of a run.
fn modes(outcome: &Outcome) -> Vec<String> {
    let mut modes = Vec::new();
    if outcome.header.compatibility != "strict" {
        modes.push(format!("{} compatibility", outcome.header.compatibility));
    }
    if outcome.header.criteria != "normal" {
        modes.push("criteria read as alarm conditions, translated to their complement".to_owned());
    }
    modes
}

fn file(note: &TableNote) -> String {
    if note.left_out == 0 {
        return format!("{}: {}", note.file, things(note.rows, "row"));
    }
    format!(
        "{}: {} ({}); {} left out",
        note.file,
        things(note.rows, "row"),
        note.rule,
        things(note.left_out, "more row")
    )
}

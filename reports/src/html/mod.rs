//! The report: one HTML file that needs nothing else, reads without script, and prints.

mod documents;
mod sections;
mod table;

use lab::Scorecard;
use lab::outcome::Outcome;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, context};

use crate::glossary::TERMS;
use crate::plot::{Figure, palette};
use crate::tables::TableNote;
use crate::text;
use crate::wording::{date, span, things};

const TEMPLATE: &str = include_str!("report.html.jinja");
const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// The whole report.
pub(crate) fn report(
    outcome: &Outcome,
    card: &Scorecard,
    figures: &[Figure],
    notes: &[TableNote],
) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("report", TEMPLATE)?;
    let header = &outcome.header;
    let style = format!("{}{}{STYLE}", palette::variables(), palette::style_sheet());
    let answers = [
        ("What happened", "what-happened", text::happened(outcome)),
        ("What was seen", "what-was-seen", text::seen(card)),
        ("How fast", "how-fast", text::fast(card)),
        ("At what cost", "at-what-cost", text::cost(card)),
        ("Contained", "contained", text::contained(card)),
    ];
    let terms: Vec<_> =
        TERMS.iter().map(|term| context! { id => term.id, term => term.term, definition => term.definition }).collect();
    environment.get_template("report")?.render(context! {
        style,
        script => SCRIPT,
        scenario => header.scenario.clone(),
        title => header.title.clone(),
        facts => [
            things(u64::from(header.devices), "device"),
            format!("{} from {}", span(header.end - header.start), date(header.start)),
            format!("seed {}", header.seed),
            format!("version {}", header.version),
        ],
        modes => modes(outcome),
        answers,
        measures => Value::from(Serde(sections::measures(card))),
        sections => Value::from(Serde(sections::sections(outcome, card, figures))),
        warnings => outcome.warnings.clone(),
        files => notes.iter().map(file).collect::<Vec<_>>(),
        terms,
        digest => header.digest.clone(),
        seed => header.seed,
        events => things(header.events, "event"),
    })
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

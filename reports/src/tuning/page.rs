//! The page of a tuning: what is recommended, what it costs, and whether it holds.

use lab::sweep::Sweep;
use lab::tune::{Reason, Tuned, Tuning};

use super::{Document, asked_for, binding, checks, cost, headline, lines, relaxed, settings, splits};
use crate::html::page::{Again, Answer, Page, Section};
use crate::html::table::{Table, text as text_cell, words};
use crate::plot::Figure;
use crate::wording::things;

/// The figures of the sweep that it was chosen from, with what was chosen.
pub(super) fn figures(tuning: &Tuning, sweep: &Sweep) -> Vec<Figure> {
    let chosen: Vec<usize> = tuning.behaviors.iter().map(|tuned| tuned.chosen).collect();
    crate::sweep::figures(sweep, &chosen)
}

/// The page; `documents` lie beside it.
pub(super) fn page(tuning: &Tuning, documents: &[Document], figures: &[Figure]) -> Page {
    let mut sections = vec![
        Section::new("settings", "Settings", sentences(lines(tuning))).with_tables(vec![settings(tuning)]),
        Section::new(
            "trade-off",
            "What was to be had",
            "Each mark is a setting that was tried: ◆ is the one that the profile has, the ringed one is recommended."
                .to_owned(),
        )
        .with_figures(figures, &["cost", "roc"]),
        Section::new(
            "checks",
            "Does it hold",
            "The recommended settings on telemetry that they were not chosen on.".to_owned(),
        )
        .with_tables(vec![checks(tuning)]),
        Section::new(
            "splits",
            "Profiles of their own",
            "Classes that would be better off alone: splitting them off saves at least half of the behavior's false alarms."
                .to_owned(),
        )
        .with_tables(vec![splits(tuning)]),
    ];
    if !tuning.each.is_empty() {
        let tables = vec![together(tuning, "Settings", settings), together(tuning, "Checks", checks)];
        sections.push(
            Section::new("each", "Each by itself", sentences(tuning.each.iter().map(headline))).with_tables(tables),
        );
    }
    sections.retain(Section::says_something);
    Page {
        window: format!("{}: tuning", tuning.scenario),
        heading: headline(tuning),
        name: tuning.scenario.clone(),
        facts: facts(tuning),
        modes: Vec::new(),
        answers: answers(tuning),
        measures: Vec::new(),
        sections,
        warnings: Vec::new(),
        again: Again {
            lead: "The same scenario, seeds and constraints give the same bits.".to_owned(),
            codes: Vec::new(),
            links: vec![
                ("tuning.json", "every number of this page"),
                ("rationale.md", "the same to read beside the profile"),
                ("cloudformation.json", "the profiles as a template"),
            ],
            files: documents.iter().map(|(name, _)| name.clone()).collect(),
        },
    }
}

fn facts(tuning: &Tuning) -> Vec<String> {
    let mut facts = vec![things(tuning.behaviors.len() as u64, "behavior")];
    if let Some(replayed) = &tuning.replayed {
        facts.push(format!("{} recorded", things(u64::from(replayed.things), "thing")));
    }
    let seeds: Vec<String> = tuning.seeds.iter().map(ToString::to_string).collect();
    facts.push(format!("{} {}", if seeds.len() == 1 { "seed" } else { "seeds" }, seeds.join(", ")));
    facts.push("nobody responds".to_owned());
    facts
}

fn answers(tuning: &Tuning) -> Vec<Answer> {
    let answer = |label, anchor, text| Answer { label, anchor, text };
    let mut answers = vec![
        answer("Asked for", "settings", sentences([asked_for(tuning)])),
        answer("Recommended", "settings", recommended(tuning)),
    ];
    answers.push(answer("What it costs", "settings", sentences([cost(tuning), binding(tuning)])));
    if !tuning.fits {
        answers.push(answer("What would give", "settings", sentences([relaxed(&tuning.relaxations)])));
    }
    let failing: Vec<&str> =
        tuning.checks.iter().filter(|check| !check.holds).map(|check| check.what.as_str()).collect();
    if !tuning.checks.is_empty() {
        let text = match failing.is_empty() {
            true => format!("It holds in {}.", things(tuning.checks.len() as u64, "check")),
            false => format!("It does not hold on: {}.", failing.join("; ")),
        };
        answers.push(answer("Does it hold", "checks", text));
    }
    answers
}

/// What changes, behavior by behavior.
fn recommended(tuning: &Tuning) -> String {
    let change = |tuned: &Tuned| {
        let name = format!("{}/{}", tuned.profile, tuned.name);
        match (tuned.reason, tuned.chosen) {
            (Reason::NotExercised, _) => format!("{name} stays, for no attack exercises it"),
            (_, 0) => format!("{name} stays at {}", tuned.before.setting.words()),
            _ => format!("{name}: {} instead of {}", tuned.after.setting.words(), tuned.before.setting.words()),
        }
    };
    tuning.behaviors.iter().map(change).collect::<Vec<_>>().join("; ")
}

/// Each as a sentence.
fn sentences(texts: impl IntoIterator<Item = String>) -> String {
    let sentence = |text: String| {
        let mut letters = text.chars();
        let first = letters.next().map(char::to_uppercase).into_iter().flatten();
        first.chain(letters).chain(['.']).collect::<String>()
    };
    texts.into_iter().map(sentence).collect::<Vec<_>>().join(" ")
}

/// The same table of each part, as one: whose it is comes first.
fn together(tuning: &Tuning, title: &'static str, of: fn(&Tuning) -> Table) -> Table {
    let mut columns = vec![words("of")];
    columns.extend(of(tuning).columns);
    let rows = tuning.each.iter().flat_map(|own| {
        of(own).rows.into_iter().map(|mut row| {
            row.insert(0, text_cell(own.part.as_ref().map_or_else(String::new, |part| part.name.clone())));
            row
        })
    });
    Table::new(title, &columns, rows.collect())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::tuning;
    use super::*;

    #[test]
    fn a_page_answers_what_to_change_what_it_costs_and_whether_it_holds() {
        let tuning = tuning();
        let documents = vec![("P.update.json".to_owned(), serde_json::json!({}))];
        let page = page(&tuning, &documents, &[]).render().expect("it renders");
        for expected in [
            "<h1>fixture: met on the seeds tuned on, but not in 1 of 2 checks</h1>",
            "P&#x2f;Sent&lt;b&gt;: 80 per 5m instead of 30 per 5m",
            "Binding: 95 % latency.",
            "It does not hold on: traffic +25 %.",
            "id=\"splits\"",
            "id=\"each\"",
            "P.update.json",
        ] {
            assert!(page.contains(expected), "{expected}");
        }
        assert!(!page.contains("Sent<b>"), "names are escaped");
        assert!(!page.contains("id=\"trade-off\""), "nothing is drawn, so nothing is said of it");
    }
}

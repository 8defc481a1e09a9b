//! A run over several seeds, told beside its first seed: every score with its interval, and what is expected, judged.

use std::fs;
use std::path::Path;

use lab::compare::{ScoreSpread, Spread};
use lab::expect::Verdict;
use lab::interval::Difference;
use lab::seeds::OverSeeds;

use crate::html::page::Section;
use crate::html::table::{Cell, Table, numbers, text as text_cell, value, words};
use crate::part::Part;
use crate::saved::ReadError;
use crate::unit::{ends, shown, spoken, term};
use crate::wording::{NOT_AVAILABLE, cut, things};

/// The file's name in a run directory.
pub(crate) const FILE: &str = "seeds.json";

/// Rows of a table in a terminal.
const ROWS: usize = 40;

/// For a terminal, after the summary of the first seed.
pub fn text(over: &OverSeeds) -> String {
    let mut out = format!("\n{}\n", headline(over));
    for part in parts(over).iter().filter(|part| !part.is_detail) {
        part.text(&mut out, ROWS);
    }
    out
}

/// What a run directory holds of it; `None` of a run of one seed.
///
/// # Errors
/// [`ReadError`] if it is there and cannot be read.
pub fn read(dir: &Path) -> Result<Option<OverSeeds>, ReadError> {
    let path = dir.join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ReadError::Io { path, source }),
    };
    let not = |reason: String| ReadError::NotAnOutcome { path: path.clone(), reason };
    let over: OverSeeds = serde_json::from_str(&text).map_err(|error| not(error.to_string()))?;
    if over.schema == OverSeeds::SCHEMA { Ok(Some(over)) } else { Err(not(format!("its schema is `{}`", over.schema))) }
}

/// Its section of the report.
pub(crate) fn section(over: &OverSeeds) -> Section {
    let tables = parts(over).into_iter().map(|part| part.table).collect();
    Section::new("over-the-seeds", "Over the seeds", format!("{} {LEAD}", headline(over))).with_tables(tables)
}

const LEAD: &str = "Means over the seeds with their 95 % bootstrap interval. Everything else on this page is of the first \
                    seed.";

/// What it comes to, in a sentence.
pub(crate) fn headline(over: &OverSeeds) -> String {
    let seeds = match over.seeds[..] {
        [first, .., last] => format!("{} ({first} to {last})", things(over.seeds.len() as u64, "seed")),
        _ => things(over.seeds.len() as u64, "seed"),
    };
    let said = match over.verdict() {
        None => return format!("{seeds}; the scenario expects nothing."),
        Some(Verdict::Passed) => "everything expected holds",
        Some(Verdict::Failed) => "not everything expected holds",
        Some(Verdict::Inconclusive) => "inconclusive: the evidence does not say whether everything expected holds",
    };
    format!("{seeds}: {said}.")
}

fn parts(over: &OverSeeds) -> Vec<Part> {
    let few = match over.seeds.len() < Difference::PAIRS_MIN {
        true => format!("An interval takes {} seeds or more.", Difference::PAIRS_MIN),
        false => String::new(),
    };
    let main = |row: &&ScoreSpread| row.is_headline;
    let other = |row: &&ScoreSpread| !row.is_headline;
    let all = [
        Part::new("expected", "What is expected", "", expected(over)),
        Part::new("scores", "Over the seeds", few, scores("Main scores", over.scores.iter().filter(main))),
        Part {
            is_detail: true,
            ..Part::new("all-scores", "All other scores", "", scores("Other scores", over.scores.iter().filter(other)))
        },
    ];
    all.into_iter().filter(|part| !part.table.rows.is_empty()).collect()
}

fn expected(over: &OverSeeds) -> Table {
    let rows = over.expectations.iter().map(|case| {
        vec![
            text_cell(case.expected.clone()),
            text_cell(case.verdict.name()).alert_if(case.verdict == Verdict::Failed),
            text_cell(case.found.clone()),
            text_cell(cut(&case.reason, 60)),
        ]
    });
    let columns = [words("expected"), words("verdict"), words("found"), words("because")];
    Table::new("Expected", &columns, rows.collect())
}

/// Scores that have a value on some seed; a link leads from each to its definition.
fn scores<'a>(title: &'static str, scores: impl Iterator<Item = &'a ScoreSpread>) -> Table {
    let rows = scores.filter_map(|row| {
        let Spread { seeds, mean, min, max, interval } = row.spread?;
        let show = |x: f64| shown(x, &row.unit, false);
        let interval: Cell = match interval {
            Some((low, high)) => value(ends(low, high, &row.unit), Some(high - low)),
            None => value(NOT_AVAILABLE, None),
        };
        let name = spoken(&row.score);
        let name = if row.subject == "run" { name } else { format!("{}: {name}", row.subject) };
        Some(vec![
            text_cell(name).defined(term(&row.score)),
            value(show(mean), Some(mean)),
            interval,
            value(ends(min, max, &row.unit), Some(max - min)),
            value(seeds.to_string(), Some(seeds as f64)),
        ])
    });
    let columns = [
        words("score"),
        numbers("mean", ""),
        numbers("95 % interval", ""),
        numbers("smallest to largest", ""),
        numbers("seeds", ""),
    ];
    Table::new(title, &columns, rows.collect())
}

#[cfg(test)]
mod tests {
    use lab::expect::{Case, Unit};

    use super::*;

    fn over() -> OverSeeds {
        let row = |score: &str, unit, spread| ScoreSpread {
            subject: "run".into(),
            score: score.into(),
            unit,
            is_headline: true,
            spread,
        };
        let spread = |mean, interval| Some(Spread { seeds: 5, mean, min: mean - 0.1, max: mean + 0.1, interval });
        OverSeeds {
            schema: OverSeeds::SCHEMA.into(),
            seeds: (7..12).collect(),
            digests: vec!["ab".into(); 5],
            scores: vec![
                row("recall", Unit::Share, spread(0.85, Some((0.8, 0.9)))),
                row("dwell_time.mean", Unit::Seconds, None),
                row("false_alarms_per_1000_device_days", Unit::Per1000DeviceDays, spread(2.5, Some((2.25, 2.75)))),
            ],
            expectations: vec![Case {
                expected: "recall >= 0.95".into(),
                line: 3,
                verdict: Verdict::Inconclusive,
                found: "0.85 (0.8 to 0.9) over 5 seeds".into(),
                value: Some(0.85),
                allowed: ">= 0.95".into(),
                reason: "the interval reaches across the bound".into(),
            }],
        }
    }

    #[test]
    fn a_terminal_reads_what_is_expected_and_every_main_score_with_its_interval() {
        insta::assert_snapshot!(text(&over()), @"
        5 seeds (7 to 11): inconclusive: the evidence does not say whether everything expected holds.

        What is expected
          expected        verdict       found                           because
          recall >= 0.95  inconclusive  0.85 (0.8 to 0.9) over 5 seeds  the interval reaches across the bound

        Over the seeds
          score                               mean     95 % interval  smallest to largest  seeds
          recall                            85.0 %  80.0 % to 90.0 %     75.0 % to 95.0 %      5
          false alarms  2.50 per 1,000 device-days      2.25 to 2.75         2.40 to 2.60      5
        ");
    }

    #[test]
    fn a_page_links_each_score_to_its_definition() {
        let json = serde_json::to_string(&section(&over())).expect("plain data serializes");
        assert!(json.contains("\"false-alarm\"") && json.contains("80.0 % to 90.0 %"), "{json}");
    }

    #[test]
    fn a_directory_without_it_has_none_and_a_damaged_one_says_so() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        assert!(read(dir.path()).expect("nothing there").is_none());
        fs::write(dir.path().join(FILE), crate::part::json(&over())).expect("writable");
        assert_eq!(read(dir.path()).expect("readable"), Some(over()));
        fs::write(dir.path().join(FILE), "{\"schema\": 1}").expect("writable");
        assert!(read(dir.path()).expect_err("damaged").to_string().contains("seeds.json"));
    }
}

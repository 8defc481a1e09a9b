//! Which control saw which act.

use lab::Scorecard;
use lab::coverage::{Cell, Column, Coverage, Row};

use super::canvas::{Anchor, Canvas, fit};
use super::palette::Tone;
use super::{Caption, Drawing, Figure, Form, csv_text};
use crate::wording::count;

/// Acts drawn; more are in the data.
const ROWS: usize = 24;

/// Controls drawn; more are in the data.
const COLUMNS: usize = 20;

/// The figure; `None` without acts or controls.
pub(super) fn figure(card: &Scorecard) -> Option<Figure> {
    let coverage = &card.coverage;
    if coverage.rows.is_empty() || coverage.columns.is_empty() {
        return None;
    }
    let expected = coverage.rows.iter().filter(|row| row.has_expectation()).count();
    let seen = coverage.rows.iter().filter(|row| row.is_seen()).count();
    let blind: Vec<&str> =
        coverage.rows.iter().filter(|row| !row.has_expectation()).map(|row| row.name.as_str()).take(5).collect();
    let mut description = format!("{seen} of {expected} acts that a control should see were seen by one.");
    if !blind.is_empty() {
        description.push_str(&format!(" No control watches for {}.", blind.join(", ")));
    }
    let mut caption =
        "A cell is filled where the behavior watches a metric that the attack disturbs, or the check looks \
                       for the defect: the share of the act's devices that it watches on which it \
                       did (green from 95 %, amber below, red where it never did). Numbers without ground count \
                       devices on which a control rang during the attack though nothing made it expect so."
            .to_owned();
    if coverage.rows.len() > ROWS || coverage.columns.len() > COLUMNS {
        caption.push_str(&format!(" The first {ROWS} acts and {COLUMNS} controls are drawn; the data file has all."));
    }
    let facts = Caption { name: "coverage", title: "Who saw what", caption, description, data: data(coverage) };
    Some(Figure::new(facts, |form| match form {
        Form::Wide => draw_matrix(form, coverage),
        Form::Narrow => draw_lists(form, coverage),
    }))
}

fn data(coverage: &Coverage) -> String {
    let rows = coverage.rows.iter().flat_map(|row| {
        row.cells.iter().zip(&coverage.columns).map(move |(cell, column)| {
            [
                row.name.clone(),
                row.category.clone(),
                column.name.clone(),
                if column.is_check { "check" } else { "behavior" }.to_owned(),
                cell.expected.to_string(),
                cell.hits.to_string(),
                cell.of.to_string(),
            ]
        })
    });
    csv_text(["act", "category", "control", "control_kind", "expected", "hits", "of"], rows)
}

/// What stands in a cell, and on which ground.
fn face(cell: &Cell) -> Option<(Option<Tone>, String)> {
    let share = cell.hits as f64 / cell.of.max(1) as f64;
    match (cell.expected, cell.hits) {
        (false, 0) => None,
        (false, hits) => Some((None, count(hits))),
        (true, _) if cell.of == 0 => Some((Some(Tone::NoneTint), "n/a".to_owned())),
        (true, 0) if cell.of == 1 => Some((Some(Tone::MissTint), "no".to_owned())),
        (true, 0) => Some((Some(Tone::MissTint), "0 %".to_owned())),
        (true, 1) if cell.of == 1 => Some((Some(Tone::SeenTint), "yes".to_owned())),
        (true, _) => {
            let tone = if share >= 0.95 { Tone::SeenTint } else { Tone::PartTint };
            Some((Some(tone), whole_percent(share)))
        }
    }
}

/// Whole per cent, but never all or nothing by rounding.
fn whole_percent(share: f64) -> String {
    let percent = (share * 100.0).round();
    let percent = if share < 1.0 { percent.min(99.0) } else { percent };
    format!("{:.0} %", if share > 0.0 { percent.max(1.0) } else { percent })
}

/// A check's name without what all of them share.
pub(crate) fn short(column: &Column) -> String {
    if !column.is_check {
        return column.name.clone();
    }
    let name = column.name.strip_suffix("_CHECK").unwrap_or(&column.name);
    let mut words = name.replace('_', " ").to_lowercase();
    for (lower, acronym) in [("ca ", "CA "), ("iot ", "IoT ")] {
        if words.starts_with(lower) {
            words.replace_range(..lower.len(), acronym);
        }
    }
    words
}

fn draw_matrix(form: Form, coverage: &Coverage) -> Drawing {
    let (rows, columns) = (&coverage.rows[..coverage.rows.len().min(ROWS)], coverage.columns.len().min(COLUMNS));
    let left = 208.0;
    let tail = 84.0;
    let step = ((f64::from(form.width()) - left - tail) / columns as f64).min(64.0);
    let (top, height) = (150.0, 30.0);
    let mut canvas = Canvas::new(form.width());
    for (i, column) in coverage.columns[..columns].iter().enumerate() {
        let x = left + (i as f64 + 0.5) * step;
        let tone = if column.is_check { Tone::Quiet } else { Tone::Ink };
        canvas.upward(tone, (x + 2.0, top - 8.0), 12.0, -40.0, &fit(&short(column), 12.0, 200.0));
    }
    for (i, row) in rows.iter().enumerate() {
        let y = top + i as f64 * height;
        let name = fit(&row.name, 13.0, left - 14.0);
        canvas.text(Tone::Ink, (left - 12.0, y + 19.0), 13.0, Anchor::End, &name);
        for (j, cell) in row.cells[..columns].iter().enumerate() {
            let x = left + j as f64 * step;
            match face(cell) {
                None => canvas.rect(Tone::Grid, (x + step / 2.0 - 1.5, y + height / 2.0 - 1.5, 3.0, 3.0), 1.5),
                Some((ground, text)) => {
                    if let Some(ground) = ground {
                        canvas.rect(ground, (x + 1.5, y + 1.5, step - 3.0, height - 3.0), 4.0);
                    }
                    let tone = if ground.is_some() { Tone::Ink } else { Tone::Quiet };
                    canvas.text(tone, (x + step / 2.0, y + 19.0), 12.0, Anchor::Middle, &text);
                }
            }
        }
        if !row.has_expectation() {
            let x = left + columns as f64 * step + 8.0;
            canvas.text(Tone::Attack, (x, y + 19.0), 12.0, Anchor::Start, "blind spot");
        }
    }
    canvas.finish(top + rows.len() as f64 * height + 6.0)
}

/// On a phone: act by act, the controls that matter as a list of bars.
fn draw_lists(form: Form, coverage: &Coverage) -> Drawing {
    let width = f64::from(form.width());
    let mut canvas = Canvas::new(form.width());
    let mut y = 0.0;
    for row in coverage.rows.iter().take(ROWS) {
        canvas.bold(Tone::Ink, (0.0, y + 14.0), 13.0, Anchor::Start, &fit(&row.name, 13.5, width));
        y += 22.0;
        y = draw_list(&mut canvas, coverage, row, width, y) + 8.0;
    }
    canvas.finish(y)
}

fn draw_list(canvas: &mut Canvas, coverage: &Coverage, row: &Row, width: f64, mut y: f64) -> f64 {
    let known: Vec<_> = row
        .cells
        .iter()
        .zip(&coverage.columns)
        .filter_map(|(cell, column)| Some((cell, column, face(cell)?)))
        .collect();
    if !row.has_expectation() {
        canvas.text(Tone::Attack, (0.0, y + 12.0), 12.0, Anchor::Start, "blind spot: no control watches for it");
        y += 20.0;
    }
    for (cell, column, (ground, text)) in known {
        let name = fit(&short(column), 12.0, 206.0);
        canvas.text(if cell.expected { Tone::Ink } else { Tone::Quiet }, (0.0, y + 13.0), 12.0, Anchor::Start, &name);
        if let Some(ground) = ground {
            let share = (cell.hits as f64 / cell.of.max(1) as f64).clamp(0.0, 1.0);
            canvas.rect(Tone::NoneTint, (214.0, y + 2.0, width - 214.0 - 48.0, 15.0), 3.0);
            canvas.rect(ground, (214.0, y + 2.0, ((width - 214.0 - 48.0) * share).max(3.0), 15.0), 3.0);
        }
        canvas.text(Tone::Ink, (width, y + 13.0), 12.0, Anchor::End, &text);
        y += 21.0;
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_per_cent_never_claims_all_or_nothing() {
        assert_eq!([0.0, 0.001, 0.5, 0.999, 1.0].map(whole_percent), ["0 %", "1 %", "50 %", "99 %", "100 %"]);
    }

    #[test]
    fn checks_lose_what_all_of_them_share() {
        let column = |name: &str| Column { name: name.to_owned(), is_check: true };
        assert_eq!(short(&column("DEVICE_CERTIFICATE_EXPIRING_CHECK")), "device certificate expiring");
        assert_eq!(short(&column("CA_CERTIFICATE_EXPIRING_CHECK")), "CA certificate expiring");
        assert_eq!(short(&column("IOT_POLICY_OVERLY_PERMISSIVE_CHECK")), "IoT policy overly permissive");
    }

    #[test]
    fn faces_tell_expected_from_accidental() {
        let cell = |expected, hits, of| Cell { expected, hits, of };
        assert_eq!(face(&cell(false, 0, 9)), None);
        assert_eq!(face(&cell(false, 3, 9)), Some((None, "3".into())));
        assert_eq!(face(&cell(true, 0, 1)), Some((Some(Tone::MissTint), "no".into())));
        assert_eq!(face(&cell(true, 5, 10)), Some((Some(Tone::PartTint), "50 %".into())));
        assert_eq!(face(&cell(true, 10, 10)), Some((Some(Tone::SeenTint), "100 %".into())));
    }
}

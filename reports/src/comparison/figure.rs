//! The figures of a comparison: paired differences around zero, and who was caught by whom.

use lab::compare::{ActComparison, Comparison, Direction, ScoreDifference};

use super::tables::said;
use crate::plot::canvas::{Anchor, Canvas, fit};
use crate::plot::palette::Tone;
use crate::plot::{Caption, Drawing, Figure, Form, csv_text};
use crate::unit::{shown, spoken};
use crate::wording::count;

/// Those that have something to show.
pub(super) fn figures(comparison: &Comparison) -> Vec<Figure> {
    [differences(comparison), fates(comparison)].into_iter().flatten().collect()
}

fn differences(comparison: &Comparison) -> Option<Figure> {
    let rows: Vec<&ScoreDifference> =
        comparison.scores.iter().filter(|row| row.is_headline && row.difference.is_some()).collect();
    if rows.is_empty() {
        return None;
    }
    let told: Vec<String> = rows.iter().map(|row| format!("{}: {}", spoken(&row.score), said(row.direction))).collect();
    let data = rows.iter().filter_map(|row| {
        let difference = row.difference?;
        let [mean, low, high] = [difference.mean, difference.low, difference.high].map(|x| x.to_string());
        Some([row.score.clone(), mean, low, high, said(row.direction).to_owned()])
    });
    let facts = Caption {
        name: "differences",
        title: "Paired differences",
        caption: "The second setting minus the first, seed by seed: mean and 95 % interval, each score on its own \
                  scale around zero. An interval that leaves zero out is clear."
            .to_owned(),
        description: format!("{}.", told.join("; ")),
        data: csv_text(["score", "mean", "low", "high", "second_is"], data),
    };
    Some(Figure::new(facts, |form| draw_differences(form, &rows)))
}

fn draw_differences(form: Form, rows: &[&ScoreDifference]) -> Drawing {
    let width = f64::from(form.width());
    let (left, right, pitch) = if form == Form::Wide { (220.0, 220.0, 34.0) } else { (8.0, 8.0, 58.0) };
    let (middle, half) = ((left + width - right) / 2.0, (width - left - right) / 2.0 - 6.0);
    let mut canvas = Canvas::new(form.width());
    canvas.line(Tone::Axis, (middle, 0.0), (middle, pitch * rows.len() as f64), 1.0, "");
    for (i, row) in rows.iter().enumerate() {
        let Some(difference) = row.difference else { continue };
        let top = pitch * i as f64;
        let most = difference.low.abs().max(difference.high.abs()).max(f64::MIN_POSITIVE);
        let at = |x: f64| middle + half * x / most;
        let tone = match row.direction {
            Direction::Better => Tone::Seen,
            Direction::Worse => Tone::Attack,
            Direction::Different => Tone::Contained,
            Direction::Same | Direction::Unclear | Direction::Thin => Tone::Plain,
        };
        let value = format!("{} · {}", shown(difference.mean, &row.unit, true), said(row.direction));
        let y = if form == Form::Wide {
            canvas.text(
                Tone::Ink,
                (0.0, top + 21.0),
                13.0,
                Anchor::Start,
                &fit(&spoken(&row.score), 13.0, left - 12.0),
            );
            let x = width - right + 12.0;
            canvas.text(Tone::Quiet, (x, top + 21.0), 12.0, Anchor::Start, &fit(&value, 12.0, right - 12.0));
            top + 17.0
        } else {
            canvas.text(Tone::Ink, (0.0, top + 14.0), 13.0, Anchor::Start, &fit(&spoken(&row.score), 13.0, width));
            canvas.text(Tone::Quiet, (0.0, top + 30.0), 12.0, Anchor::Start, &fit(&value, 12.0, width));
            top + 44.0
        };
        canvas.line(tone, (at(difference.low), y), (at(difference.high), y), 3.0, "");
        canvas.dot(tone, (at(difference.mean), y), 5.0);
    }
    canvas.finish(pitch * rows.len() as f64)
}

/// The parts of a bar: tone, name, count.
type Part = (Tone, &'static str, fn(&ActComparison) -> u64);

const PARTS: [Part; 4] = [
    (Tone::Seen, "both", |act| act.both),
    (Tone::Inside, "only the first", |act| act.only_first),
    (Tone::Contained, "only the second", |act| act.only_second),
    (Tone::Attack, "neither", |act| act.neither),
];

fn fates(comparison: &Comparison) -> Option<Figure> {
    let acts: Vec<&ActComparison> = comparison.acts.iter().filter(|act| act.devices > 0).collect();
    if acts.is_empty() {
        return None;
    }
    let told: Vec<String> = acts
        .iter()
        .map(|act| {
            let parts = PARTS.map(|(_, name, of)| format!("{} by {name}", count(of(act))));
            format!("{}: {}", act.act, parts.join(", "))
        })
        .collect();
    let data = acts.iter().map(|act| {
        let [both, first, second, neither] = PARTS.map(|(_, _, of)| of(act).to_string());
        [act.act.clone(), both, first, second, neither]
    });
    let facts = Caption {
        name: "fates",
        title: "Attacked devices, by who caught them",
        caption: "All attacked devices of an attack, over all seeds.".to_owned(),
        description: format!("{}.", told.join("; ")),
        data: csv_text(["attack", "both", "only_first", "only_second", "neither"], data),
    };
    Some(Figure::new(facts, |form| draw_fates(form, &acts)))
}

fn draw_fates(form: Form, acts: &[&ActComparison]) -> Drawing {
    let width = f64::from(form.width());
    let mut canvas = Canvas::new(form.width());
    let mut top = canvas.legend(&PARTS.map(|(tone, name, _)| (tone, name)), (0.0, 0.0), width) + 8.0;
    let left = if form == Form::Wide { 220.0 } else { 0.0 };
    for act in acts {
        let name = fit(&act.act, 13.0, if form == Form::Wide { left - 12.0 } else { width });
        canvas.text(Tone::Ink, (0.0, top + 15.0), 13.0, Anchor::Start, &name);
        let y = if form == Form::Wide { top } else { top + 22.0 };
        let mut x = left;
        for (tone, _, of) in PARTS {
            let part = (width - left) * of(act) as f64 / act.devices as f64;
            canvas.rect(tone, (x, y, part, 20.0), 0.0);
            x += part;
        }
        top = y + 32.0;
    }
    canvas.finish(top)
}

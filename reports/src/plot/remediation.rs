//! How the response caught up with the attacks.

use lab::Scorecard;
use lab::outcome::Outcome;
use lab::remediation::CurvePoint;

use super::canvas::{Anchor, Canvas};
use super::chart::{Axis, Chart, Line, stairs};
use super::palette::Tone;
use super::survival::spread;
use super::time_axis::TimeAxis;
use super::{Caption, Drawing, Figure, Form, csv_text};
use crate::wording::{count, parts};

/// What a line counts at a point.
type Counter = fn(&CurvePoint) -> u64;

/// The lines: tone, name, what they count.
const LINES: [(Tone, &str, Counter); 4] = [
    (Tone::Attack, "attacked", |point| point.attacked),
    (Tone::Seen, "detected", |point| point.detected),
    (Tone::Contained, "contained", |point| point.contained),
    (Tone::SelfInflicted, "healthy, touched", |point| point.collateral),
];

/// The figure; `None` if nothing was attacked and nothing done.
pub(super) fn figure(outcome: &Outcome, card: &Scorecard) -> Option<Figure> {
    let curve = &card.remediation.curve;
    let last = curve.last()?;
    let facts = Caption {
        name: "remediation",
        title: "Remediation over time",
        caption: "Devices counted up over the run: on which an attack had begun, which an alarm had named, on which an \
                  action effective against the attack's channel had taken hold, and healthy ones that the response hit. \
                  The distance between the first two lines is what was not seen yet, between the first and the third \
                  what was still open."
            .to_owned(),
        description: format!(
            "At the end {} devices had been attacked, {} detected, {} contained before their attack's end ({}); {} \
             healthy devices had been touched.",
            count(last.attacked),
            count(last.detected),
            count(last.contained),
            parts(card.remediation.coverage),
            count(last.collateral)
        ),
        data: data(outcome, curve),
    };
    Some(Figure::new(facts, |form| draw(form, outcome, curve)))
}

fn data(outcome: &Outcome, curve: &[CurvePoint]) -> String {
    let rows = curve.iter().map(|point| {
        let [attacked, detected, contained, collateral] = LINES.map(|(_, _, of)| of(point).to_string());
        [(outcome.header.start + point.time).to_string(), attacked, detected, contained, collateral]
    });
    csv_text(["time", "attacked", "detected", "contained", "healthy_touched"], rows)
}

fn draw(form: Form, outcome: &Outcome, curve: &[CurvePoint]) -> Drawing {
    let run = (outcome.header.end - outcome.header.start).0 as f64;
    let (left, right) = (52, if form == Form::Wide { 150 } else { 14 });
    let axis = TimeAxis {
        start: outcome.header.start,
        end: outcome.header.end,
        left: 0.0,
        right: f64::from(form.width() - left - right),
    };
    let ticks = axis.ticks().into_iter().map(|(time, label)| ((time - axis.start).0 as f64, label)).collect();
    let most = curve.iter().flat_map(|point| LINES.map(|(_, _, of)| of(point))).max().unwrap_or(0);
    let drawn: Vec<_> =
        LINES.into_iter().filter(|(_, _, of)| curve.last().is_some_and(|point| of(point) > 0)).collect();
    let lines = drawn.iter().map(|(tone, _, of)| {
        let points: Vec<(f64, f64)> =
            [(0.0, 0.0)].into_iter().chain(curve.iter().map(|point| (point.time.0 as f64, of(point) as f64))).collect();
        Line { tone: *tone, width: 2, points: stairs(&points, run) }
    });
    let chart = Chart {
        width: form.width(),
        height: if form == Form::Wide { 260 } else { 220 },
        left,
        right,
        x: Axis { from: 0.0, to: run.max(1.0), ticks },
        y: Axis::counts(most as f64),
        areas: Vec::new(),
        bars: Vec::new(),
        lines: lines.collect(),
    };
    let mut canvas = Canvas::new(form.width());
    let mut top = 0.0;
    if form == Form::Narrow {
        let legend: Vec<_> = drawn.iter().map(|(tone, name, _)| (*tone, *name)).collect();
        top = canvas.legend(&legend, (0.0, 0.0), f64::from(form.width())) + 6.0;
    }
    canvas.append(&chart.shapes(), (0.0, top));
    if let (Form::Wide, Some(last)) = (form, curve.last()) {
        let mut labels: Vec<(f64, Tone, String)> = drawn
            .iter()
            .map(|(tone, name, of)| {
                (chart.pixel((run, of(last) as f64)).1, *tone, format!("{} {name}", count(of(last))))
            })
            .collect();
        spread(&mut labels, f64::from(chart.height) - 30.0);
        for (y, tone, text) in labels {
            canvas.text(tone, (f64::from(form.width() - right) + 8.0, y + 4.0), 12.0, Anchor::Start, &text);
        }
    }
    canvas.finish(top + f64::from(chart.height))
}

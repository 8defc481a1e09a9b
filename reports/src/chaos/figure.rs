//! Which fault costs which score, as a map; and quality under a fault, as curves.

use lab::chaos::{Chaos, Company, Curve, Point, Trial};
use lab::compare::{Direction, ScoreDifference, Spread};

use super::tables::{brief, columns};
use super::{is_loss, of, row, weakest};
use crate::plot::canvas::{Anchor, Canvas, fit};
use crate::plot::chart::{Area, Axis, Chart, Line};
use crate::plot::palette::Tone;
use crate::plot::{Caption, Drawing, Figure, Form, csv_text};
use crate::wording::{number, percent};

/// Curves drawn; more are in the data.
const CURVES: usize = 5;
const TONES: [Tone; CURVES] = [Tone::Attack, Tone::Contained, Tone::Fault, Tone::Wrong, Tone::Seen];

/// All figures of a chaos report.
pub(super) fn figures(chaos: &Chaos) -> Vec<Figure> {
    [map(chaos), recall(chaos), false_alarms(chaos)].into_iter().flatten().collect()
}

/// The trials of the map: each fault alone, and all together.
fn drawn(chaos: &Chaos) -> Vec<&Trial> {
    of(chaos, Company::Alone).chain(of(chaos, Company::Together)).filter(|trial| trial.changed).collect()
}

fn map(chaos: &Chaos) -> Option<Figure> {
    let (trials, columns) = (drawn(chaos), columns(chaos));
    if trials.is_empty() || columns.is_empty() {
        return None;
    }
    let caption = Caption {
        name: "chaos",
        title: "What each fault costs",
        caption: "Mean change of a score against the same seeds without the fault. Red: clearly worse, by the 95 % \
                  interval over the seeds; amber: worse, but it may be chance; green: clearly better. Faults without any \
                  effect are left out."
            .to_owned(),
        description: weakest(chaos),
        data: data(chaos),
    };
    Some(Figure::new(caption, |form| match form {
        Form::Wide => draw_map(form, &trials, &columns),
        Form::Narrow => draw_lists(form, &trials, &columns),
    }))
}

fn data(chaos: &Chaos) -> String {
    let rows = chaos.trials.iter().flat_map(|trial| {
        trial.scores.iter().map(move |score| {
            let text = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
            [
                trial.label.clone(),
                score.score.clone(),
                text(score.first.map(|spread| spread.mean)),
                text(score.second.map(|spread| spread.mean)),
                text(score.mean),
                text(score.difference.map(|difference| difference.low)),
                text(score.difference.map(|difference| difference.high)),
                format!("{:?}", score.direction).to_lowercase(),
            ]
        })
    });
    csv_text(["faults", "score", "without", "with", "change", "low", "high", "direction"], rows)
}

/// What stands in a cell, and on which ground.
fn face(score: Option<&ScoreDifference>) -> (Tone, String) {
    let Some((score, mean)) = score.and_then(|score| Some((score, score.mean?))) else {
        return (Tone::Paper, "n/a".to_owned());
    };
    let ground = match score.direction {
        Direction::Worse => Tone::MissTint,
        Direction::Better => Tone::SeenTint,
        _ if is_loss(score.better, mean) => Tone::PartTint,
        _ => Tone::NoneTint,
    };
    (ground, brief(score, mean))
}

fn draw_map(form: Form, trials: &[&Trial], columns: &[(&str, &str)]) -> Drawing {
    let (left, top, height) = (196.0, 26.0, 28.0);
    let step = ((f64::from(form.width()) - left) / columns.len() as f64).min(150.0);
    let mut canvas = Canvas::new(form.width());
    for (i, (_, name)) in columns.iter().enumerate() {
        let at = (left + (i as f64 + 0.5) * step, top - 9.0);
        canvas.text(Tone::Quiet, at, 12.0, Anchor::Middle, &fit(name, 12.0, step - 4.0));
    }
    for (i, trial) in trials.iter().enumerate() {
        let y = top + i as f64 * height;
        let name = fit(&trial.label, 13.0, left - 14.0);
        let at = (left - 12.0, y + 18.0);
        if trial.company == Company::Alone {
            canvas.text(Tone::Ink, at, 13.0, Anchor::End, &name);
        } else {
            canvas.bold(Tone::Ink, at, 13.0, Anchor::End, &name);
        }
        for (j, (score, _)) in columns.iter().enumerate() {
            let x = left + j as f64 * step;
            let (ground, text) = face(row(trial, score));
            canvas.rect(ground, (x + 1.5, y + 1.5, step - 3.0, height - 3.0), 4.0);
            let text = fit(&text, 12.0, step - 6.0);
            canvas.text(Tone::Ink, (x + step / 2.0, y + 18.0), 12.0, Anchor::Middle, &text);
        }
    }
    canvas.finish(top + trials.len() as f64 * height + 6.0)
}

/// On a phone: fault by fault, the scores that it changes.
fn draw_lists(form: Form, trials: &[&Trial], columns: &[(&str, &str)]) -> Drawing {
    let width = f64::from(form.width());
    let mut canvas = Canvas::new(form.width());
    let mut y = 0.0;
    for trial in trials {
        canvas.bold(Tone::Ink, (0.0, y + 14.0), 13.0, Anchor::Start, &fit(&trial.label, 13.5, width));
        y += 22.0;
        for (score, name) in columns {
            let score = row(trial, score).filter(|score| score.mean.is_some_and(|mean| mean != 0.0));
            if score.is_none() {
                continue;
            }
            let (ground, text) = face(score);
            canvas.text(Tone::Quiet, (0.0, y + 14.0), 12.0, Anchor::Start, name);
            canvas.rect(ground, (190.0, y + 1.0, width - 190.0, 18.0), 3.0);
            let text = fit(&text, 12.0, width - 198.0);
            canvas.text(Tone::Ink, (width - 6.0, y + 14.0), 12.0, Anchor::End, &text);
            y += 21.0;
        }
        y += 8.0;
    }
    canvas.finish(y)
}

fn recall(chaos: &Chaos) -> Option<Figure> {
    curves(chaos, "recall-under-fault", "Recall under a fault", |point| point.recall, |_| Axis::shares(), percent)
}

fn false_alarms(chaos: &Chaos) -> Option<Figure> {
    let title = "False alarms per 1,000 device-days under a fault";
    curves(chaos, "false-alarms-under-fault", title, |point| point.false_alarms, Axis::counts, number)
}

/// One line a fault over its intensity, with a band where there are seeds enough.
fn curves(
    chaos: &Chaos,
    name: &'static str,
    title: &'static str,
    value: fn(&Point) -> Option<Spread>,
    axis: fn(f64) -> Axis,
    words: fn(f64) -> String,
) -> Option<Figure> {
    let drawn: Vec<(&Curve, Vec<(f64, Spread)>)> = chaos
        .curves
        .iter()
        .map(|curve| {
            let points = curve.points.iter().filter_map(|point| Some((point.intensity, value(point)?)));
            (curve, points.collect())
        })
        .filter(|(_, points): &(_, Vec<_>)| !points.is_empty())
        .collect();
    if drawn.is_empty() {
        return None;
    }
    let told = drawn.iter().filter_map(|(curve, points)| {
        let (first, last) = (points.first()?.1, points.last()?.1);
        Some(format!("{}: {} without, {} at full intensity", curve.fault, words(first.mean), words(last.mean)))
    });
    let rows = drawn.iter().flat_map(|(curve, points)| {
        points.iter().map(move |(intensity, spread)| {
            let end = |of: fn((f64, f64)) -> f64| spread.interval.map_or_else(String::new, |ends| of(ends).to_string());
            [
                curve.fault.clone(),
                intensity.to_string(),
                spread.mean.to_string(),
                end(|(low, _)| low),
                end(|(_, high)| high),
            ]
        })
    });
    let caption = Caption {
        name,
        title,
        caption:
            "Mean over the seeds, by the intensity of the fault; what an intensity is a share of, the page on faults \
                  says. Bands are 95 % intervals of the mean."
                .to_owned(),
        description: told.collect::<Vec<_>>().join(". "),
        data: csv_text(["fault", "intensity", "mean", "low", "high"], rows),
    };
    Some(Figure::new(caption, |form| draw_curves(form, &drawn[..drawn.len().min(CURVES)], axis)))
}

fn draw_curves(form: Form, curves: &[(&Curve, Vec<(f64, Spread)>)], axis: fn(f64) -> Axis) -> Drawing {
    let all = || curves.iter().flat_map(|(_, points)| points);
    let most = all().map(|(_, spread)| spread.interval.map_or(spread.mean, |(_, high)| high)).fold(0.0, f64::max);
    let band = |points: &[(f64, Spread)]| {
        let ends = points.iter().filter_map(|(at, spread)| Some((*at, spread.interval?)));
        let mut outline: Vec<(f64, f64)> = ends.clone().map(|(at, (low, _))| (at, low)).collect();
        let back: Vec<(f64, f64)> = ends.map(|(at, (_, high))| (at, high)).collect();
        outline.extend(back.into_iter().rev());
        outline
    };
    let bands = curves.iter().zip(TONES).map(|((_, points), tone)| Area { tone, opacity: 0.13, outline: band(points) });
    let ticks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|tick| (tick, format!("{tick}")));
    let chart = Chart {
        width: form.width(),
        height: if form == Form::Wide { 280 } else { 230 },
        left: 56,
        right: 14,
        x: Axis { from: 0.0, to: 1.0, ticks: ticks.to_vec() },
        y: axis(most),
        areas: bands.filter(|area| area.outline.len() > 3).collect(),
        bars: Vec::new(),
        lines: curves
            .iter()
            .zip(TONES)
            .map(|((_, points), tone)| Line {
                tone,
                width: 2,
                points: points.iter().map(|(at, spread)| (*at, spread.mean)).collect(),
            })
            .collect(),
    };
    let mut canvas = Canvas::new(form.width());
    let names: Vec<(Tone, &str)> =
        curves.iter().zip(TONES).map(|((curve, _), tone)| (tone, curve.fault.as_str())).collect();
    let top = canvas.legend(&names, (0.0, 0.0), f64::from(form.width())) + 6.0;
    canvas.append(&chart.shapes(), (0.0, top));
    canvas.finish(top + f64::from(chart.height))
}

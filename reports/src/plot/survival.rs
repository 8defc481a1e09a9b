//! How many attacked devices are still undetected after a time.

use lab::latency::Survival;
use lab::{Millis, Scorecard};

use super::canvas::{Anchor, Canvas, fit, text_width};
use super::chart::{Area, Axis, Chart, Line, stairs};
use super::palette::Tone;
use super::{Caption, Drawing, Figure, Form, csv_text};
use crate::wording::{percent, span};

/// Attacks drawn beside the curve of all.
const CURVES: usize = 5;

/// Tones of the attacks' curves.
const TONES: [Tone; CURVES] = [Tone::Contained, Tone::Attack, Tone::Inside, Tone::Wrong, Tone::SelfInflicted];

/// The shortest time on the axis.
const SHORTEST: Millis = Millis::MINUTE;

/// The figure; `None` without attacked devices.
pub(super) fn figure(card: &Scorecard) -> Option<Figure> {
    let all = card.detection.survival.as_ref()?;
    let attacks: Vec<(&str, &Survival)> = card
        .detection
        .attacks
        .iter()
        .filter_map(|attack| Some((attack.name.as_str(), attack.survival.as_ref()?)))
        .take(if card.detection.attacks.len() > 1 { CURVES } else { 0 })
        .collect();
    let drawn = if attacks.len() < card.detection.attacks.len() && !attacks.is_empty() {
        format!(" The first {CURVES} attacks are drawn.")
    } else {
        String::new()
    };
    let facts = Caption {
        name: "survival",
        title: "Devices still undetected, by time since onset",
        caption: format!(
            "The share of attacked devices that no alarm had named yet (Kaplan–Meier; time on a logarithmic scale). A \
             device never detected counts until its attack window closed, so the curve does not flatter. The band is \
             the 95 % interval of all attacks together.{drawn}"
        ),
        description: describe(all),
        data: data(all, card),
    };
    Some(Figure::new(facts, |form| draw(form, all, &attacks)))
}

fn describe(all: &Survival) -> String {
    let last = all.steps.last().map_or(1.0, |step| step.undetected);
    let median = all.median.map_or_else(
        || "half of the devices were never reached".to_owned(),
        |median| format!("half of the devices were detected within {}", span(median)),
    );
    format!(
        "Of {} attacked devices, {median}; {} stayed undetected to the end of the curve.",
        all.devices,
        percent(last)
    )
}

fn data(all: &Survival, card: &Scorecard) -> String {
    let curves =
        card.detection.attacks.iter().filter_map(|attack| Some((attack.name.as_str(), attack.survival.as_ref()?)));
    let rows = [("all", all)].into_iter().chain(curves).flat_map(|(name, curve)| {
        curve.steps.iter().map(move |step| {
            [
                name.to_owned(),
                step.after.as_seconds_f64().to_string(),
                step.undetected.to_string(),
                step.low.to_string(),
                step.high.to_string(),
                step.at_risk.to_string(),
            ]
        })
    });
    csv_text(["attack", "after_s", "undetected", "low", "high", "at_risk"], rows)
}

fn place(time: Millis) -> f64 {
    (time.0.max(SHORTEST.0) as f64).log10()
}

/// Ticks at times that people know.
fn time_ticks(longest: Millis, most: usize) -> Vec<(f64, String)> {
    let short: &[i64] = &[1, 2, 5, 10, 15, 20, 30, 45, 60];
    let long: &[i64] = &[1, 5, 15, 60, 360, 1_440, 4_320, 10_080, 43_200];
    let minutes = if longest <= Millis::HOUR { short } else { long };
    let within: Vec<Millis> =
        minutes.iter().map(|time| Millis::minutes(*time)).filter(|time| *time <= longest).collect();
    let step = within.len().div_ceil(most).max(1);
    within.into_iter().step_by(step).map(|time| (place(time), span(time))).collect()
}

fn draw(form: Form, all: &Survival, attacks: &[(&str, &Survival)]) -> Drawing {
    let curves = attacks.iter().map(|(_, curve)| *curve).chain([all]);
    let last = curves.flat_map(|curve| curve.steps.last()).map(|step| step.after).max().unwrap_or(Millis::HOUR);
    let longest = Millis((last.0.max(Millis::minutes(15).0) as f64 * 1.3) as i64);
    let (from, to) = (place(SHORTEST), place(longest));
    let points = |curve: &Survival, of: fn(&lab::latency::Step) -> f64| {
        let steps = curve.steps.iter().map(|step| (place(step.after), of(step)));
        stairs(&[(from, 1.0)].into_iter().chain(steps).collect::<Vec<_>>(), to)
    };
    let mut band = points(all, |step| step.low);
    band.extend(points(all, |step| step.high).into_iter().rev());
    let mut lines: Vec<Line> = attacks
        .iter()
        .zip(TONES)
        .map(|((_, curve), tone)| Line { tone, width: 2, points: points(curve, |step| step.undetected) })
        .collect();
    lines.push(Line { tone: Tone::Ink, width: 3, points: points(all, |step| step.undetected) });
    let chart = Chart {
        width: form.width(),
        height: if form == Form::Wide { 300 } else { 240 },
        left: 52,
        right: if form == Form::Wide { 190 } else { 14 },
        x: Axis { from, to, ticks: time_ticks(longest, if form == Form::Wide { 9 } else { 5 }) },
        y: Axis::shares(),
        areas: vec![Area { tone: Tone::Ink, opacity: 0.13, outline: band }],
        bars: Vec::new(),
        lines,
    };
    let mut canvas = Canvas::new(form.width());
    let names = || attacks.iter().zip(TONES).map(|((name, _), tone)| (tone, *name)).chain([(Tone::Ink, "all attacks")]);
    let mut top = 0.0;
    if form == Form::Narrow {
        top = canvas.legend(&names().collect::<Vec<_>>(), (0.0, 0.0), f64::from(form.width())) + 6.0;
    }
    canvas.append(&chart.shapes(), (0.0, top));
    if form == Form::Wide {
        let ends = attacks.iter().map(|(_, curve)| *curve).chain([all]);
        let mut labels: Vec<(f64, Tone, String)> = names()
            .zip(ends)
            .map(|((tone, name), curve)| {
                let end = curve.steps.last().map_or(1.0, |step| step.undetected);
                let name = fit(name, 12.0, 180.0 - text_width(" 99.9 %", 12.0));
                (chart.pixel((to, end)).1, tone, format!("{name} {}", percent(end)))
            })
            .collect();
        spread(&mut labels, f64::from(chart.height) - 30.0);
        for (y, tone, text) in labels {
            canvas.text(tone, (f64::from(form.width() - chart.right) + 8.0, y + 4.0), 12.0, Anchor::Start, &text);
        }
    }
    canvas.finish(top + f64::from(chart.height))
}

/// Moves labels apart so that none covers another, and all stay above `bottom`.
pub(super) fn spread<T>(labels: &mut [(f64, Tone, T)], bottom: f64) {
    const APART: f64 = 15.0;
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    for i in 1..labels.len() {
        labels[i].0 = labels[i].0.max(labels[i - 1].0 + APART);
    }
    let mut ceiling = bottom;
    for label in labels.iter_mut().rev() {
        label.0 = label.0.min(ceiling);
        ceiling = label.0 - APART;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_spread_and_kept_inside() {
        let mut labels = [(100.0, Tone::Ink, 'a'), (98.0, Tone::Ink, 'b'), (99.0, Tone::Ink, 'c')];
        spread(&mut labels, 110.0);
        assert_eq!(labels.map(|label| (label.0, label.2)), [(80.0, 'b'), (95.0, 'c'), (110.0, 'a')]);
    }

    #[test]
    fn ticks_are_few_and_familiar() {
        let labels: Vec<_> = time_ticks(Millis::days(7), 5).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["1m", "15m", "6h", "3d"]);
    }
}

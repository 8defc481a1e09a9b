//! Where the time between onset and response goes.

use lab::waterfall::{Stage, Waterfall};
use lab::{Millis, Scorecard};

use super::canvas::{Anchor, Canvas, fit, text_width};
use super::palette::Tone;
use super::{Caption, Drawing, Figure, Form, csv_text};
use crate::wording::{span, things};

/// Waterfalls drawn; more are in the data.
const ROWS: usize = 9;

/// The figure; `None` if nothing was detected.
pub(super) fn figure(card: &Scorecard) -> Option<Figure> {
    let waterfalls: Vec<&Waterfall> = card.waterfalls.iter().take(ROWS).collect();
    let first = waterfalls.first()?;
    let shared = shared_scale(&waterfalls);
    let mut caption =
        "Mean time spent in each stage, over the devices that came so far. The dashed mark is the floor: \
                       report interval (where the device reports the metric itself) + duration × datapoints to alarm; \
                       no threshold alarms reliably before it. The triangle is the earliest alarm that was possible on \
                       these devices."
            .to_owned();
    if shared.is_none() {
        caption.push_str(" The spans differ so much that each bar has its own scale.");
    }
    if card.waterfalls.len() > ROWS {
        let rest = (card.waterfalls.len() - ROWS) as u64;
        caption.push_str(&format!(" {} more in the data file.", things(rest, "attack")));
    }
    let facts = Caption {
        name: "waterfall",
        title: "Where the time goes, from onset to effect",
        caption,
        description: format!(
            "Over all attacks: {}. Floor {}, total {}.",
            stages(first)
                .iter()
                .map(|(stage, time)| format!("{} {}", name(*stage), span(*time)))
                .collect::<Vec<_>>()
                .join(", "),
            span(first.floor),
            span(total(first))
        ),
        data: data(card),
    };
    Some(Figure::new(facts, |form| draw(form, &waterfalls, shared)))
}

/// Stages with their mean, those that took no time left out.
fn stages(waterfall: &Waterfall) -> Vec<(Stage, Millis)> {
    let stages = waterfall.stages.iter().filter_map(|stage| Some((stage.stage, stage.time.as_ref()?.mean)));
    stages.filter(|(_, time)| time.0 > 0).collect()
}

fn total(waterfall: &Waterfall) -> Millis {
    Millis(stages(waterfall).iter().map(|(_, time)| time.0).sum())
}

/// The longest span, if all others can be seen beside it.
fn shared_scale(waterfalls: &[&Waterfall]) -> Option<Millis> {
    let extent = |waterfall: &&Waterfall| total(waterfall).0.max(waterfall.floor.0).max(waterfall.earliest.0);
    let longest = waterfalls.iter().map(extent).max()?;
    let shortest = waterfalls.iter().map(extent).min()?;
    (longest <= shortest.saturating_mul(10)).then_some(Millis(longest))
}

/// What a stage is called on the page.
pub(crate) const fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Report => "waiting for the report",
        Stage::Window => "closing the window",
        Stage::Threshold => "crossing the threshold",
        Stage::Consecutive => "consecutive datapoints",
        Stage::Notification => "notification",
        Stage::Response => "response",
    }
}

const fn tone(stage: Stage) -> Tone {
    match stage {
        Stage::Report => Tone::Plain,
        Stage::Window => Tone::Seen,
        Stage::Threshold => Tone::Wrong,
        Stage::Consecutive => Tone::Inside,
        Stage::Notification => Tone::SelfInflicted,
        Stage::Response => Tone::Contained,
    }
}

fn data(card: &Scorecard) -> String {
    let rows = card.waterfalls.iter().flat_map(|waterfall| {
        waterfall.stages.iter().map(move |stage| {
            let time = |of: fn(&lab::latency::Latency) -> Millis| {
                stage.time.as_ref().map_or_else(String::new, |time| of(time).as_seconds_f64().to_string())
            };
            [
                waterfall.attack.clone().unwrap_or_else(|| "all".to_owned()),
                stage.stage.name().to_owned(),
                time(|time| time.mean),
                time(|time| time.p50),
                time(|time| time.p90),
                stage.time.as_ref().map_or(0, |time| time.count).to_string(),
                waterfall.floor.as_seconds_f64().to_string(),
                waterfall.earliest.as_seconds_f64().to_string(),
            ]
        })
    });
    csv_text(["attack", "stage", "mean_s", "p50_s", "p90_s", "devices", "floor_s", "earliest_s"], rows)
}

fn draw(form: Form, waterfalls: &[&Waterfall], shared: Option<Millis>) -> Drawing {
    let width = f64::from(form.width());
    let (left, right) = if form == Form::Wide { (208.0, width - 84.0) } else { (0.0, width - 4.0) };
    let mut canvas = Canvas::new(form.width());
    let present: Vec<(Tone, &str)> = Stage::ALL
        .into_iter()
        .filter(|stage| waterfalls.iter().any(|row| stages(row).iter().any(|(of, _)| of == stage)))
        .map(|stage| (tone(stage), name(stage)))
        .collect();
    let mut y = canvas.legend(&present, (if form == Form::Wide { left } else { 0.0 }, 2.0), width) + 18.0;
    for row in waterfalls {
        y = draw_row(&mut canvas, form, row, (left, right), y, shared);
    }
    canvas.finish(y - 4.0)
}

fn draw_row(
    canvas: &mut Canvas,
    form: Form,
    row: &Waterfall,
    (left, right): (f64, f64),
    top: f64,
    shared: Option<Millis>,
) -> f64 {
    let label = row.attack.as_deref().unwrap_or("all attacks");
    let total = total(row);
    let extent = shared.unwrap_or(Millis(total.0.max(row.floor.0).max(row.earliest.0))).0.max(1) as f64;
    let x = |time: Millis| left + time.0 as f64 / extent * (right - left);
    let bar = if form == Form::Wide { top } else { top + 20.0 };
    let height = 20.0;
    match form {
        Form::Wide => {
            let name = fit(label, 13.0, left - 14.0);
            let draw = if row.attack.is_none() { Canvas::bold } else { Canvas::text };
            draw(canvas, Tone::Ink, (left - 12.0, bar + 14.5), 13.0, Anchor::End, &name);
            canvas.bold(Tone::Ink, (x(total).max(x(row.floor)) + 10.0, bar + 14.5), 13.0, Anchor::Start, &span(total));
        }
        Form::Narrow => {
            let name = fit(label, 13.0, right - 60.0);
            let draw = if row.attack.is_none() { Canvas::bold } else { Canvas::text };
            draw(canvas, Tone::Ink, (left, top + 12.0), 13.0, Anchor::Start, &name);
            canvas.bold(Tone::Ink, (right, top + 12.0), 13.0, Anchor::End, &span(total));
        }
    }
    let mut at = Millis(0);
    for (stage, time) in stages(row) {
        let from = x(at);
        at = at + time;
        canvas.rect(tone(stage), (from, bar, (x(at) - from - 1.0).max(1.0), height), 1.5);
    }
    let floor = x(row.floor);
    canvas.line(Tone::Ink, (floor, bar - 4.0), (floor, bar + height + 4.0), 1.5, "4 3");
    let earliest = x(row.earliest);
    canvas.path(
        Tone::Ink,
        &[(earliest, bar + height + 1.0), (earliest - 4.5, bar + height + 8.0), (earliest + 4.5, bar + height + 8.0)],
    );
    let mut words: Vec<String> =
        stages(row).iter().map(|(stage, time)| format!("{} {}", stage.name(), span(*time))).collect();
    words.push(format!("floor {}", span(row.floor)));
    let line = wrap(&words, 12.0, if form == Form::Wide { right - left + 70.0 } else { right - left });
    for (i, text) in line.iter().enumerate() {
        canvas.text(Tone::Quiet, (left, bar + height + 22.0 + 15.0 * i as f64), 12.0, Anchor::Start, text);
    }
    bar + height + 22.0 + 15.0 * line.len() as f64 + 8.0
}

/// Words in lines, separated by middle dots.
fn wrap(words: &[String], size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if text_width(line, size) + text_width(word, size) + 12.0 < width => {
                line.push_str(" · ");
                line.push_str(word);
            }
            _ => lines.push(word.clone()),
        }
    }
    lines
}

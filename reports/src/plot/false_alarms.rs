//! False alarms per day, behavior by behavior, by cause.

use lab::Scorecard;
use lab::matching::{Cause, label};
use lab::outcome::Outcome;

use super::canvas::{Anchor, Canvas, fit};
use super::chart::{Axis, Bar, Chart};
use super::palette::Tone;
use super::time_axis::TimeAxis;
use super::{Caption, Drawing, Figure, Form, csv_text};
use crate::wording::{count, number, things};

/// Behaviors with a panel of their own; the rest share one.
const PANELS: usize = 7;

/// The figure; `None` if there was no false alarm.
pub(super) fn figure(outcome: &Outcome, card: &Scorecard) -> Option<Figure> {
    let panels = panels(outcome, card);
    if panels.is_empty() {
        return None;
    }
    let total = card.false_alarms.total.count;
    let days = days(outcome);
    let worst = panels.iter().max_by_key(|panel| panel.total()).expect("there is a panel");
    let mut causes: Vec<_> = card.false_alarms.causes.iter().filter(|row| row.rates.count > 0).collect();
    causes.sort_by_key(|row| std::cmp::Reverse(row.rates.count));
    let by_cause: Vec<_> =
        causes.iter().map(|row| format!("{} {}", count(row.rates.count), row.cause.name())).collect();
    let facts = Caption {
        name: "false-alarms",
        title: "False alarms per day, by behavior and cause",
        caption:
            "One panel per behavior, one bar per day since the start, each panel on its own scale: alarms raised on \
                  devices outside every attack window. Behaviors that never rang falsely are left out."
                .to_owned(),
        description: format!(
            "{} in {} days: {}. Most came from {} ({}).",
            things(total, "false alarm"),
            days,
            by_cause.join(", "),
            worst.name,
            count(worst.total())
        ),
        data: data(outcome, card),
    };
    Some(Figure::new(facts, |form| draw(form, outcome, &panels)))
}

/// Counts of one behavior: per day, by cause.
struct Panel {
    name: String,
    days: Vec<[u64; 4]>,
}

impl Panel {
    fn total(&self) -> u64 {
        self.days.iter().flatten().sum()
    }
}

fn days(outcome: &Outcome) -> usize {
    let run = (outcome.header.end - outcome.header.start).0.max(1);
    (run / lab::Millis::DAY.0 + i64::from(run % lab::Millis::DAY.0 != 0)) as usize
}

fn panels(outcome: &Outcome, card: &Scorecard) -> Vec<Panel> {
    let days = days(outcome);
    let mut panels: Vec<Panel> =
        (0..outcome.behaviors.len()).map(|i| Panel { name: label(outcome, i), days: vec![[0; 4]; days] }).collect();
    for cell in &card.false_alarms.days {
        // A datapoint that completes exactly at the end belongs to the last day.
        let day = (cell.day as usize).min(days - 1);
        let cause = Cause::ALL.iter().position(|cause| *cause == cell.cause).expect("all causes are listed");
        panels[cell.behavior as usize].days[day][cause] += cell.count;
    }
    panels.retain(|panel| panel.total() > 0);
    panels.sort_by_key(|panel| std::cmp::Reverse(panel.total()));
    if panels.len() > PANELS {
        let rest = panels.split_off(PANELS - 1);
        let mut sum = Panel { name: format!("{} other behaviors", rest.len()), days: vec![[0; 4]; days] };
        for panel in &rest {
            for (total, day) in sum.days.iter_mut().zip(&panel.days) {
                total.iter_mut().zip(day).for_each(|(total, n)| *total += n);
            }
        }
        panels.push(sum);
    }
    panels
}

fn data(outcome: &Outcome, card: &Scorecard) -> String {
    let rows = card.false_alarms.days.iter().map(|cell| {
        [
            cell.day.to_string(),
            label(outcome, cell.behavior as usize),
            cell.cause.name().to_owned(),
            cell.count.to_string(),
        ]
    });
    csv_text(["day", "behavior", "cause", "false_alarms"], rows)
}

const fn tone(cause: Cause) -> Tone {
    match cause {
        Cause::SelfInflicted => Tone::SelfInflicted,
        Cause::Fault => Tone::Fault,
        Cause::Confounder => Tone::Confounder,
        Cause::Plain => Tone::Plain,
    }
}

fn draw(form: Form, outcome: &Outcome, panels: &[Panel]) -> Drawing {
    let columns = if form == Form::Wide { 3 } else { 1 };
    let gap = 18.0;
    let width = (f64::from(form.width()) - gap * (columns - 1) as f64) / columns as f64;
    let (heading, height) = (22.0, 132.0);
    let mut canvas = Canvas::new(form.width());
    let present: Vec<(Tone, &str)> = Cause::ALL
        .into_iter()
        .enumerate()
        .filter(|(i, _)| panels.iter().any(|panel| panel.days.iter().any(|day| day[*i] > 0)))
        .map(|(_, cause)| (tone(cause), cause.name()))
        .collect();
    let top = canvas.legend(&present, (0.0, 0.0), f64::from(form.width())) + 10.0;
    for (i, panel) in panels.iter().enumerate() {
        let x = (i % columns) as f64 * (width + gap);
        let y = top + (i / columns) as f64 * (heading + height + 12.0);
        let per_day = format!("{} a day", number(panel.total() as f64 / panel.days.len() as f64));
        canvas.text(Tone::Quiet, (x + width, y + 13.0), 12.0, Anchor::End, &per_day);
        canvas.bold(Tone::Ink, (x, y + 13.0), 13.0, Anchor::Start, &fit(&panel.name, 13.5, width - 90.0));
        canvas.append(&chart(outcome, panel, width as u32, height as u32).shapes(), (x, y + heading));
    }
    let rows = panels.len().div_ceil(columns) as f64;
    canvas.finish(top + rows * (heading + height + 12.0) - 6.0)
}

fn chart(outcome: &Outcome, panel: &Panel, width: u32, height: u32) -> Chart {
    let days = panel.days.len() as f64;
    let most = panel.days.iter().map(|day| day.iter().sum::<u64>()).max().unwrap_or(0) as f64;
    let (left, right) = (42, 4);
    let axis = TimeAxis {
        start: outcome.header.start,
        end: outcome.header.start + lab::Millis::days(panel.days.len() as i64),
        left: 0.0,
        right: f64::from(width - left - right),
    };
    let day_of = |time: lab::Timestamp| (time - outcome.header.start).0 as f64 / lab::Millis::DAY.0 as f64;
    let ticks = axis.ticks().into_iter().map(|(time, label)| (day_of(time), label));
    let mut bars = Vec::new();
    for (day, counts) in panel.days.iter().enumerate() {
        let mut base = 0.0;
        // Plain variation is the ground on which the explained ones stand.
        for (cause, n) in Cause::ALL.into_iter().zip(counts).rev().filter(|(_, n)| **n > 0) {
            let (from, to) = (day as f64 + 0.12, day as f64 + 0.88);
            bars.push(Bar { tone: tone(cause), from: (from, base), to: (to, base + *n as f64) });
            base += *n as f64;
        }
    }
    Chart {
        width,
        height,
        left,
        right,
        x: Axis { from: 0.0, to: days, ticks: ticks.filter(|(at, _)| *at < days - 0.2).collect() },
        y: Axis::counts(most),
        areas: Vec::new(),
        bars,
        lines: Vec::new(),
    }
}

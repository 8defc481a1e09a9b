//! What happened when, against the alarms that it raised.

use lab::Scorecard;
use lab::density::Density;
use lab::outcome::{Act, ActKind, Outcome};

use super::canvas::{Anchor, Canvas, fit, text_width};
use super::palette::Tone;
use super::time_axis::TimeAxis;
use super::{Caption, Drawing, Figure, Form, csv_text};
use crate::tables::category;
use crate::wording::{count, parts, share, span, things};

/// Acts drawn; more are counted.
const LANES: usize = 14;

/// The figure; `None` for a run in which nothing happened and nothing rang.
pub(super) fn figure(outcome: &Outcome, card: &Scorecard) -> Option<Figure> {
    if outcome.truth.is_empty() && outcome.alarms.is_empty() {
        return None;
    }
    let lanes = lanes(outcome, card);
    let dropped = outcome.truth.len() - lanes.len();
    let mut caption = format!(
        "Each bar is an act of the ledger of truth, from its onset to its end (a defect's to its removal). A circle marks the first device detected, \
         a diamond the moment by which half of those ever contained were. Below, alarms raised per {}, true ones apart \
         from false ones, each on its own scale.",
        span(card.density.bucket)
    );
    if dropped > 0 {
        caption.push_str(&format!(" {} more are not drawn; attacks go first.", things(dropped as u64, "act")));
    }
    let facts = Caption {
        name: "timeline",
        title: "Attacks and alarms over time",
        caption,
        description: describe(outcome, card, &lanes),
        data: data(card, outcome),
    };
    Some(Figure::new(facts, |form| draw(form, outcome, &lanes, &card.density)))
}

/// One act as it is drawn.
struct Lane<'a> {
    act: &'a Act,
    note: String,
    detected: Option<lab::Timestamp>,
    contained: Option<lab::Timestamp>,
}

fn lanes<'a>(outcome: &'a Outcome, card: &Scorecard) -> Vec<Lane<'a>> {
    let mut acts: Vec<(usize, &Act)> = outcome.truth.iter().enumerate().collect();
    acts.sort_by_key(|(position, act)| (act.category, act.onset, *position));
    acts.into_iter().take(LANES).map(|(position, act)| lane(outcome, card, position, act)).collect()
}

fn lane<'a>(outcome: &'a Outcome, card: &Scorecard, position: usize, act: &'a Act) -> Lane<'a> {
    let seen = card.detection.attacks.iter().find(|attack| attack.act as usize == position);
    let row = card.coverage.rows.iter().find(|row| row.act as usize == position);
    let found = |row: &lab::coverage::Row| row.cells.iter().filter(|cell| cell.expected).map(|cell| cell.hits).max();
    let note = match (act.category, seen, row) {
        (ActKind::Attack, Some(seen), _) => format!("{} seen", parts(seen.recall)),
        (ActKind::Defect, _, Some(row)) => match (found(row), row.cells.iter().map(|cell| cell.of).max()) {
            (Some(hits), Some(of)) if of > 1 => format!("{} of {} found", count(hits), count(of)),
            (Some(0), _) => "not found".to_owned(),
            (Some(_), _) => "found".to_owned(),
            _ => "no check on".to_owned(),
        },
        (_, _, _) if act.devices.is_empty() => "whole fleet".to_owned(),
        _ => things(act.devices.len() as u64, "device"),
    };
    let mut contained: Vec<_> = act.devices.iter().filter_map(|part| part.contained).collect();
    contained.sort_unstable();
    Lane {
        act,
        note,
        detected: seen.and_then(|seen| seen.first_device).map(|after| act.onset + after),
        contained: contained.get(contained.len().saturating_sub(1) / 2).copied().filter(|_| outcome.header.devices > 0),
    }
}

fn describe(outcome: &Outcome, card: &Scorecard, lanes: &[Lane<'_>]) -> String {
    let attacks: Vec<String> = card
        .detection
        .attacks
        .iter()
        .take(LANES)
        .map(|attack| {
            let first = attack.first_device.map_or_else(
                || "not seen".to_owned(),
                |after| format!("seen after {} ({} of devices)", span(after), share(attack.recall)),
            );
            format!("{} began {} into the run and was {first}", attack.name, span(attack.onset))
        })
        .collect();
    let others = lanes.iter().filter(|lane| lane.act.category != ActKind::Attack).count();
    let rings: u64 = outcome.alarms.len() as u64;
    format!(
        "Timeline of {}. {}. {} beside. {} raised.",
        span(outcome.header.end - outcome.header.start),
        if attacks.is_empty() { "No attack".to_owned() } else { attacks.join("; ") },
        things(others as u64, "other act"),
        things(rings, "alarm")
    )
}

fn data(card: &Scorecard, outcome: &Outcome) -> String {
    let density = &card.density;
    let rows = (0..density.right.len()).map(|i| {
        let time = outcome.header.start + lab::Millis(density.bucket.0 * i as i64);
        let cells = [density.right[i], density.inside[i], density.wrong[i]].map(|n| n.to_string());
        let [right, inside, wrong] = cells;
        [time.to_string(), right, inside, wrong]
    });
    csv_text(["bucket_start", "true_alarms", "alarms_inside_on_other_metrics", "false_alarms"], rows)
}

const fn tone(kind: ActKind) -> Tone {
    match kind {
        ActKind::Attack => Tone::Attack,
        ActKind::Defect => Tone::Defect,
        ActKind::Confounder => Tone::Confounder,
        ActKind::Fault => Tone::Fault,
        ActKind::SelfInflicted => Tone::SelfInflicted,
    }
}

fn draw(form: Form, outcome: &Outcome, lanes: &[Lane<'_>], density: &Density) -> Drawing {
    let width = f64::from(form.width());
    let (left, right) = if form == Form::Wide { (208.0, width - 150.0) } else { (0.0, width) };
    let axis = TimeAxis { start: outcome.header.start, end: outcome.header.end, left, right };
    let (lane_height, bar_down) = if form == Form::Wide { (30.0, 7.0) } else { (42.0, 20.0) };
    let mut canvas = Canvas::new(form.width());
    let lanes_top = canvas.legend(&legend(lanes), (left, 0.0), right) + 10.0;
    let lanes_bottom = lanes_top + lane_height * lanes.len() as f64;
    let histograms: Vec<(&str, Tone, &[u32])> = [
        ("true alarms", Tone::Seen, &density.right),
        ("on other metrics", Tone::Inside, &density.inside),
        ("false alarms", Tone::Wrong, &density.wrong),
    ]
    .into_iter()
    .filter(|(_, tone, counts)| *tone != Tone::Inside || counts.iter().any(|n| *n > 0))
    .map(|(name, tone, counts): (_, _, &Vec<u32>)| (name, tone, counts.as_slice()))
    .collect();
    let panel = 58.0;
    let bottom = lanes_bottom + 6.0 + panel * histograms.len() as f64;
    axis.draw(&mut canvas, lanes_top - 4.0, bottom);
    for (i, lane) in lanes.iter().enumerate() {
        draw_lane(&mut canvas, form, &axis, lane, lanes_top + lane_height * i as f64, bar_down);
    }
    for (i, (name, tone, counts)) in histograms.into_iter().enumerate() {
        let top = lanes_bottom + 6.0 + panel * i as f64;
        histogram(&mut canvas, form, &axis, (name, tone, counts), top, panel);
    }
    canvas.finish(bottom + 24.0)
}

fn draw_lane(canvas: &mut Canvas, form: Form, axis: &TimeAxis, lane: &Lane<'_>, top: f64, bar_down: f64) {
    let (from, to) = (axis.x(lane.act.onset), axis.x(lane.act.resolved.unwrap_or(lane.act.end)));
    let (bar, height) = (top + bar_down, 14.0);
    let note_width = text_width(&lane.note, 12.0);
    match form {
        Form::Wide => {
            let name = fit(&lane.act.name, 13.0, axis.left - 14.0);
            canvas.text(Tone::Ink, (axis.left - 12.0, bar + 11.5), 13.0, Anchor::End, &name);
        }
        Form::Narrow => {
            let name = fit(&lane.act.name, 13.0, axis.right - note_width - 12.0);
            canvas.text(Tone::Ink, (axis.left, bar - 5.0), 13.0, Anchor::Start, &name);
            canvas.text(Tone::Quiet, (axis.right, bar - 5.0), 12.0, Anchor::End, &lane.note);
        }
    }
    canvas.rect(Tone::NoneTint, (axis.left, bar, axis.right - axis.left, height), 3.0);
    canvas.rect(tone(lane.act.category), (from, bar, (to - from).max(3.0), height), 3.0);
    let middle = bar + height / 2.0;
    if let Some(contained) = lane.contained {
        canvas.diamond(Tone::Contained, (axis.x(contained), middle), 6.5);
    }
    if let Some(detected) = lane.detected {
        canvas.dot(Tone::Seen, (axis.x(detected), middle), 5.5);
    }
    if form == Form::Wide {
        canvas.text(Tone::Quiet, (axis.right + 12.0, bar + 11.5), 12.0, Anchor::Start, &lane.note);
    }
}

fn histogram(
    canvas: &mut Canvas,
    form: Form,
    axis: &TimeAxis,
    (name, tone, counts): (&str, Tone, &[u32]),
    top: f64,
    panel: f64,
) {
    let most = counts.iter().copied().max().unwrap_or(0);
    let base = top + panel - 6.0;
    let room = if form == Form::Wide { panel - 14.0 } else { panel - 26.0 };
    let label = format!("max {}", count(u64::from(most)));
    match form {
        Form::Wide => {
            canvas.text(Tone::Ink, (axis.left - 12.0, base - 14.0), 13.0, Anchor::End, name);
            canvas.text(Tone::Quiet, (axis.left - 12.0, base), 12.0, Anchor::End, &label);
        }
        Form::Narrow => {
            canvas.text(Tone::Ink, (axis.left, top + 14.0), 13.0, Anchor::Start, name);
            canvas.text(Tone::Quiet, (axis.right, top + 14.0), 12.0, Anchor::End, &label);
        }
    }
    let step = (axis.right - axis.left) / counts.len().max(1) as f64;
    for (i, n) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
        let height = (f64::from(*n) / f64::from(most) * room).max(1.5);
        let gap = if step > 3.0 { 0.6 } else { 0.0 };
        let x = axis.left + i as f64 * step;
        canvas.rect(tone, (x, base - height, (step - gap).max(1.0), height), 0.0);
    }
    canvas.line(Tone::Axis, (axis.left, base), (axis.right, base), 1.0, "");
}

/// What the bars' colors mean.
fn legend(lanes: &[Lane<'_>]) -> Vec<(Tone, &'static str)> {
    let mut kinds: Vec<ActKind> = lanes.iter().map(|lane| lane.act.category).collect();
    kinds.dedup();
    kinds.into_iter().map(|kind| (tone(kind), category(kind))).collect()
}

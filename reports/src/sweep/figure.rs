//! The figures of a sweep: what recall costs in false alarms and time.

use lab::sweep::{CandidateScore, DetectionLimits, LimitRow, Sweep, SweptBehavior};

use crate::plot::canvas::Canvas;
use crate::plot::chart::{Axis, Chart, Line};
use crate::plot::palette::Tone;
use crate::plot::{Caption, Drawing, Figure, Form, csv_text};
use crate::wording::{number, percent, span};

/// Behaviors drawn; the tables have all.
const DRAWN: usize = 5;

/// Their tones.
const TONES: [Tone; DRAWN] = [Tone::Contained, Tone::Seen, Tone::Attack, Tone::Fault, Tone::Wrong];

/// What a figure shows of a candidate, or nothing if a number is not available.
type Point = fn(&CandidateScore) -> Option<(f64, f64)>;

/// Those that have something to show. `chosen`: by behavior, the candidate that is recommended; none for a sweep.
pub(crate) fn figures(sweep: &Sweep, chosen: &[usize]) -> Vec<Figure> {
    let roc: Point = |c| Some((c.false_positive_rate?.value, c.quality.recall?.value));
    let precision_recall: Point = |c| Some((c.quality.recall?.value, c.quality.precision?.value));
    let cost: Point = |c| Some((c.false_alarms.per_day?.value, c.latency.as_ref()?.p95.0 as f64 / 60_000.0));
    let most = |of: Point, pick: fn((f64, f64)) -> f64| {
        let all = sweep.behaviors.iter().take(DRAWN).flat_map(|behavior| &behavior.candidates);
        all.filter_map(of).map(pick).fold(0.0, f64::max)
    };
    let figures = [
        figure(
            (sweep, chosen),
            "roc",
            "Recall against false-positive devices",
            "Receiver operating characteristic: the share of attacked devices detected against the share of devices \
             that nobody attacked and that raised an alarm all the same. The upper left is best.",
            ["false_positive_rate", "recall"],
            roc,
            (shares(most(roc, |point| point.0)), Axis::shares()),
        ),
        figure(
            (sweep, chosen),
            "precision-recall",
            "Precision against recall",
            "The share of alarms that were true against the share of attacked devices detected. The upper right is \
             best.",
            ["recall", "precision"],
            precision_recall,
            (Axis::shares(), Axis::shares()),
        ),
        figure(
            (sweep, chosen),
            "cost",
            "95 % detection latency against false alarms",
            "Minutes from onset until 95 % of the detected devices were detected, against false alarms a day over the \
             whole fleet. The lower left is best; what detects nobody is not drawn.",
            ["false_alarms_per_day", "latency_p95_min"],
            cost,
            (Axis::counts(most(cost, |point| point.0)), Axis::counts(most(cost, |point| point.1))),
        ),
    ];
    figures.into_iter().flatten().chain(sweep.limits.as_ref().and_then(limits)).collect()
}

/// Recall against intensity, for the settings on the front.
fn limits(limits: &DetectionLimits) -> Option<Figure> {
    let mut rows: Vec<&LimitRow> = limits.rows.iter().filter(|row| row.on_front).collect();
    // The most different ones: an even choice among them.
    let step = rows.len().div_ceil(DRAWN).max(1);
    rows = rows.into_iter().step_by(step).collect();
    if rows.is_empty() {
        return None;
    }
    let told = rows.iter().map(|row| {
        let limit = row.limit.map_or("not caught at any intensity tried", |i| &limits.intensities[i].text);
        format!("{} {}: {limit}", row.behavior, row.setting.words())
    });
    let data = limits.rows.iter().flat_map(|row| {
        limits.intensities.iter().zip(&row.recalls).filter_map(move |(intensity, recall)| {
            let recall = recall.as_ref()?;
            let numbers = [intensity.factor, recall.value, recall.low, recall.high].map(|x| x.to_string());
            let [factor, value, low, high] = numbers;
            Some([row.behavior.clone(), row.setting.words(), intensity.text.clone(), factor, value, low, high])
        })
    });
    let facts = Caption {
        name: "limits",
        title: "Recall against intensity",
        caption: format!(
            "The share of the devices of {} that was detected, as its {} is scaled (logarithmic). Settings on the \
             front; the data has all.",
            limits.attack, limits.parameter
        ),
        description: format!("{}.", told.collect::<Vec<_>>().join("; ")),
        data: csv_text(["behavior", "setting", "intensity", "factor", "recall", "low", "high"], data),
    };
    Some(Figure::new(facts, |form| draw_limits(form, limits, &rows)))
}

fn draw_limits(form: Form, limits: &DetectionLimits, rows: &[&LimitRow]) -> Drawing {
    let place = |factor: f64| factor.log2();
    let ends = (limits.intensities.first(), limits.intensities.last());
    let (from, to) = (ends.0.map_or(0.0, |i| place(i.factor)), ends.1.map_or(1.0, |i| place(i.factor)));
    let every = if form == Form::Wide { 1 } else { 3 };
    let ticks = limits.intensities.iter().step_by(every).map(|i| (place(i.factor), i.text.clone()));
    let points = |row: &LimitRow| {
        let all = limits.intensities.iter().zip(&row.recalls);
        all.filter_map(|(intensity, recall)| Some((place(intensity.factor), recall.as_ref()?.value))).collect()
    };
    let lines = rows.iter().zip(TONES).map(|(row, tone)| Line { tone, width: 2, points: points(row) });
    let chart = Chart {
        width: form.width(),
        height: if form == Form::Wide { 300 } else { 240 },
        left: 52,
        right: 40,
        x: Axis { from, to: to.max(from + 1.0), ticks: ticks.collect() },
        y: Axis::shares(),
        areas: Vec::new(),
        bars: Vec::new(),
        lines: lines.collect(),
    };
    let mut canvas = Canvas::new(form.width());
    let names: Vec<String> = rows.iter().map(|row| format!("{} {}", row.behavior, row.setting.words())).collect();
    let legend: Vec<(Tone, &str)> = TONES.into_iter().zip(names.iter().map(String::as_str)).collect();
    let top = canvas.legend(&legend, (0.0, 0.0), f64::from(form.width())) + 6.0;
    canvas.append(&chart.shapes(), (0.0, top));
    canvas.finish(top + f64::from(chart.height))
}

/// Shares from zero to a little above `most`.
fn shares(most: f64) -> Axis {
    let most = if most > 0.0 { (most * 1.05).min(1.0) } else { 1.0 };
    let ticks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|part| (part * most, percent(part * most)));
    Axis { from: 0.0, to: most, ticks: ticks.to_vec() }
}

fn figure(
    (sweep, chosen): (&Sweep, &[usize]),
    name: &'static str,
    title: &'static str,
    caption: &str,
    columns: [&str; 2],
    point: Point,
    (x, y): (Axis, Axis),
) -> Option<Figure> {
    let drawn: Vec<Drawn<'_>> = sweep
        .behaviors
        .iter()
        .enumerate()
        .zip(TONES)
        .map(|((position, behavior), tone)| Drawn { behavior, tone, chosen: chosen.get(position).copied() })
        .filter(|drawn| drawn.behavior.candidates.iter().any(|candidate| point(candidate).is_some()))
        .collect();
    if drawn.is_empty() {
        return None;
    }
    let rows = sweep.behaviors.iter().flat_map(|behavior| {
        behavior.candidates.iter().filter_map(move |candidate| {
            let (x, y) = point(candidate)?;
            let front = candidate.on_front.to_string();
            Some([behavior.name.clone(), candidate.setting.words(), x.to_string(), y.to_string(), front])
        })
    });
    let left_out = sweep.behaviors.len().saturating_sub(DRAWN);
    let more = if left_out > 0 { format!(" The first {DRAWN} behaviors are drawn.") } else { String::new() };
    let facts = Caption {
        name,
        title,
        caption: format!("{caption} Large marks: no setting of the behavior beats them.{more}"),
        description: drawn.iter().map(|drawn| describe(drawn.behavior)).collect::<Vec<_>>().join(" "),
        data: csv_text(["behavior", "setting", columns[0], columns[1], "on_front"], rows),
    };
    Some(Figure::new(facts, |form| draw(form, &drawn, point, &x, &y)))
}

/// The ends of the front in words.
fn describe(behavior: &SweptBehavior) -> String {
    let told = |candidate: &CandidateScore| {
        let recall = candidate.quality.recall.map_or_else(|| "no recall".to_owned(), |p| percent(p.value) + " recall");
        let alarms = candidate.false_alarms.per_day.map_or(0.0, |rate| rate.value);
        let latency = candidate.latency.as_ref().map_or_else(String::new, |l| format!(", p95 {}", span(l.p95)));
        format!("{}: {recall}, {} false alarms a day{latency}", candidate.setting.words(), number(alarms))
    };
    let front: Vec<&CandidateScore> = behavior.candidates.iter().filter(|candidate| candidate.on_front).collect();
    match front[..] {
        [] => format!("{}: nothing was tried.", behavior.name),
        [only] => format!("{}: {}.", behavior.name, told(only)),
        [first, .., last] => format!("{}: from {} to {}.", behavior.name, told(first), told(last)),
    }
}

/// A behavior as it is drawn.
struct Drawn<'a> {
    behavior: &'a SweptBehavior,
    tone: Tone,
    /// The candidate that gets a ring.
    chosen: Option<usize>,
}

fn draw(form: Form, drawn: &[Drawn<'_>], point: Point, x: &Axis, y: &Axis) -> Drawing {
    let sorted = |behavior: &SweptBehavior| {
        let front = behavior.candidates.iter().filter(|candidate| candidate.on_front);
        let mut points: Vec<(f64, f64)> = front.filter_map(point).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        points
    };
    let chart = Chart {
        width: form.width(),
        height: if form == Form::Wide { 320 } else { 260 },
        left: 52,
        right: 18,
        x: x.clone(),
        y: y.clone(),
        areas: Vec::new(),
        bars: Vec::new(),
        lines: drawn.iter().map(|own| Line { tone: own.tone, width: 1, points: sorted(own.behavior) }).collect(),
    };
    let mut canvas = Canvas::new(form.width());
    let names: Vec<(Tone, &str)> = drawn.iter().map(|own| (own.tone, own.behavior.name.as_str())).collect();
    let top = canvas.legend(&names, (0.0, 0.0), f64::from(form.width())) + 6.0;
    canvas.append(&chart.shapes(), (0.0, top));
    for Drawn { behavior, tone, chosen } in drawn {
        for (position, candidate) in behavior.candidates.iter().enumerate().rev() {
            let Some(at) = point(candidate) else { continue };
            let (px, py) = chart.pixel(at);
            let place = (px, py + top);
            if *chosen == Some(position) {
                canvas.dot(*tone, place, 11.0);
                canvas.dot(Tone::Paper, place, 9.0);
            }
            match (position, candidate.on_front) {
                (0, _) => canvas.diamond(*tone, place, 7.0),
                (_, true) => canvas.dot(*tone, place, 5.0),
                (_, false) => canvas.dot(*tone, place, 2.5),
            }
        }
    }
    canvas.finish(top + f64::from(chart.height))
}

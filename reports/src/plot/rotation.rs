//! How certificate rotation jobs progressed.

use lab::outcome::{JobRow, Outcome};

use super::canvas::{Anchor, Canvas, fit};
use super::chart::{Area, Axis, Chart, Line, stairs};
use super::palette::Tone;
use super::{Caption, Drawing, Figure, Form, csv_text};
use crate::wording::{count, span, things};

/// Jobs drawn; more are in the data.
const JOBS: usize = 4;

/// The figure; `None` without jobs.
pub(super) fn figure(outcome: &Outcome) -> Option<Figure> {
    let jobs: Vec<&JobRow> = outcome.jobs.iter().filter(|job| !job.progress.is_empty()).collect();
    let first = jobs.first()?;
    let more = if jobs.len() > JOBS { format!(" The first {JOBS} jobs are drawn.") } else { String::new() };
    let facts = Caption {
        name: "rotation",
        title: "Certificate rotation",
        caption: format!(
            "Executions that had succeeded, by time since the job was created; the dashed line is the number of targets. \
             What is late leaves a device without a valid certificate.{more}"
        ),
        description: format!(
            "Job {}: {} of {} targets succeeded, {} rotated in time, {} late, {} failed, {} timed out.",
            first.job_id,
            count(first.succeeded),
            count(first.targets),
            count(first.rotated_in_time),
            count(first.rotated_late),
            count(first.failed),
            count(first.timed_out)
        ),
        data: data(&jobs),
    };
    Some(Figure::new(facts, |form| draw(form, &jobs[..jobs.len().min(JOBS)])))
}

fn data(jobs: &[&JobRow]) -> String {
    let rows = jobs.iter().flat_map(|job| {
        job.progress
            .iter()
            .map(|(minute, done)| [job.job_id.clone(), minute.to_string(), done.to_string(), job.targets.to_string()])
    });
    csv_text(["job", "minute", "succeeded", "targets"], rows)
}

fn draw(form: Form, jobs: &[&JobRow]) -> Drawing {
    let columns = if form == Form::Wide { jobs.len().min(2) } else { 1 };
    let gap = 24.0;
    let width = (f64::from(form.width()) - gap * (columns - 1) as f64) / columns as f64;
    let (heading, height) = (22.0, 190.0);
    let mut canvas = Canvas::new(form.width());
    for (i, job) in jobs.iter().enumerate() {
        let (x, y) = ((i % columns) as f64 * (width + gap), (i / columns) as f64 * (heading + height + 14.0));
        let outcome = format!("{} in time, {} late", count(job.rotated_in_time), count(job.rotated_late));
        canvas.text(Tone::Quiet, (x + width, y + 13.0), 12.0, Anchor::End, &outcome);
        canvas.bold(Tone::Ink, (x, y + 13.0), 13.0, Anchor::Start, &fit(&job.job_id, 13.5, width - 170.0));
        let chart = chart(job, width as u32, height as u32);
        canvas.append(&chart.shapes(), (x, y + heading));
        let (left, target) = chart.pixel((0.0, job.targets as f64));
        let right = x + f64::from(chart.width - chart.right);
        canvas.line(Tone::Ink, (x + left, y + heading + target), (right, y + heading + target), 1.5, "5 4");
        let label = things(job.targets, "target");
        canvas.text(Tone::Quiet, (x + left + 8.0, y + heading + target + 16.0), 12.0, Anchor::Start, &label);
    }
    let rows = jobs.len().div_ceil(columns) as f64;
    canvas.finish(rows * (heading + height + 14.0) - 6.0)
}

fn chart(job: &JobRow, width: u32, height: u32) -> Chart {
    let last = f64::from(job.progress.last().map_or(0, |point| point.0)).max(1.0);
    let points: Vec<(f64, f64)> = [(0.0, 0.0)]
        .into_iter()
        .chain(job.progress.iter().map(|(minute, done)| (f64::from(*minute), *done as f64)))
        .collect();
    let line = stairs(&points, last);
    let mut outline = line.clone();
    outline.extend([(last, 0.0), (0.0, 0.0)]);
    let steps = [5, 10, 30, 60, 180, 360, 720, 1_440, 2_880, 10_080].map(f64::from);
    let step = steps.into_iter().find(|step| last / step <= 5.0).unwrap_or(43_200.0);
    let ticks = (0..)
        .map(|i| f64::from(i) * step)
        .take_while(|tick| *tick <= last)
        .map(|tick| (tick, span(lab::Millis::minutes(tick as i64))));
    Chart {
        width,
        height,
        left: 52,
        right: 14,
        x: Axis { from: 0.0, to: last, ticks: ticks.collect() },
        y: Axis::counts(job.targets as f64),
        areas: vec![Area { tone: Tone::Contained, opacity: 0.16, outline }],
        bars: Vec::new(),
        lines: vec![Line { tone: Tone::Contained, width: 2, points: line }],
    }
}

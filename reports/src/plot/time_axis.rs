//! Calendar ticks for drawings over the length of a run.

use lab::{Millis, Timestamp};

use super::canvas::{Anchor, Canvas};
use super::palette::Tone;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The span of a run laid over a stretch of pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeAxis {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) left: f64,
    pub(crate) right: f64,
}

impl TimeAxis {
    /// The pixel of an instant, kept within the axis.
    pub(crate) fn x(&self, time: Timestamp) -> f64 {
        let run = (self.end - self.start).0.max(1) as f64;
        let share = ((time - self.start).0 as f64 / run).clamp(0.0, 1.0);
        self.left + share * (self.right - self.left)
    }

    /// Ticks with their labels: whole hours or days of the calendar, at most one per 56 pixels.
    pub(crate) fn ticks(&self) -> Vec<(Timestamp, String)> {
        let run = (self.end - self.start).0.max(1);
        let most = ((self.right - self.left) / 56.0).max(2.0) as i64;
        let steps = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 5_760, 10_080, 20_160, 43_200];
        let step = steps.map(Millis::minutes).into_iter().find(|step| run / step.0 < most).unwrap_or(Millis::days(90));
        let mut ticks = Vec::new();
        // Steps of days count from the first midnight, not from the epoch.
        let mut tick = self.start.ceil_to(step.min(Millis::DAY));
        while tick <= self.end {
            ticks.push((tick, label(tick, step)));
            tick += step;
        }
        ticks
    }

    /// Grid lines from `top` to `bottom` with labels under them.
    pub(crate) fn draw(&self, canvas: &mut Canvas, top: f64, bottom: f64) {
        for (tick, label) in self.ticks() {
            let x = self.x(tick);
            canvas.line(Tone::Grid, (x, top), (x, bottom), 1.0, "");
            // The last label would leave the drawing if it were centered.
            let anchor = match x {
                x if x > self.right - 20.0 => Anchor::End,
                x if x < self.left + 4.0 => Anchor::Start,
                _ => Anchor::Middle,
            };
            canvas.text(Tone::Quiet, (x, bottom + 16.0), 12.0, anchor, &label);
        }
    }
}

/// `Jun 3` at midnight or for steps of days, else `06:00`.
fn label(time: Timestamp, step: Millis) -> String {
    let text = time.to_string();
    let (Some(month), Some(day), Some(clock)) = (text.get(5..7), text.get(8..10), text.get(11..16)) else {
        return text;
    };
    if step < Millis::DAY && clock != "00:00" {
        return clock.to_owned();
    }
    let month = month.parse::<usize>().ok().and_then(|month| MONTHS.get(month.wrapping_sub(1))).unwrap_or(&"?");
    format!("{month} {}", day.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-06-01T00:00:00Z.
    const START: Timestamp = Timestamp::from_seconds(1_780_272_000);

    #[test]
    fn a_week_is_ticked_by_days() {
        let axis = TimeAxis { start: START, end: START + Millis::days(7), left: 0.0, right: 700.0 };
        let labels: Vec<_> = axis.ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["Jun 1", "Jun 2", "Jun 3", "Jun 4", "Jun 5", "Jun 6", "Jun 7", "Jun 8"]);
        assert_eq!(axis.x(START + Millis::days(1)), 100.0);
    }

    #[test]
    fn two_hours_are_ticked_by_the_clock() {
        let axis = TimeAxis { start: START, end: START + Millis::hours(2), left: 0.0, right: 300.0 };
        let labels: Vec<_> = axis.ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["Jun 1", "00:30", "01:00", "01:30", "02:00"]);
    }
}

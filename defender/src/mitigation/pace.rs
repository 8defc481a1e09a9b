//! How fast a task works through its executions.

use std::collections::VecDeque;

use crate::time::{Millis, Timestamp};

/// The speed of mitigation tasks. The default does everything at the start.
///
/// The service publishes no speed; a scenario that studies slow or throttled mitigation sets one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// From the start of a task to its first execution \[ms\].
    pub delay: Millis,
    /// How long one execution takes; its effect takes hold at the end \[ms\].
    pub duration: Millis,
    /// Executions that a task begins per minute; `None` for all at once.
    pub per_minute: Option<u32>,
}

/// One thing that a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Takes up the first action of the next row.
    Begin { at: Timestamp, row: u32, action: u8 },
    /// Brings an action to its end.
    End { at: Timestamp, row: u32, action: u8 },
}

/// The order and the times of a task's executions: rows in order, a row's actions one after another, and an action
/// that follows one that has just ended before a row that has not begun.
#[derive(Clone, Debug)]
pub(super) struct Pacer {
    pace: Pace,
    rows: u32,
    next_row: u32,
    /// Follow-up actions whose predecessor has succeeded.
    ready: VecDeque<(u32, u8)>,
    /// In the order of their ends, since all take equally long.
    running: VecDeque<(Timestamp, u32, u8)>,
    /// Execution `begun` may begin at `base + begun · 60 s / per_minute`.
    base: Timestamp,
    begun: i64,
    clock: Timestamp,
}

impl Pacer {
    pub(super) fn new(start: Timestamp, pace: Pace, rows: u32) -> Pacer {
        let base = start + pace.delay;
        Pacer { pace, rows, next_row: 0, ready: VecDeque::new(), running: VecDeque::new(), base, begun: 0, clock: base }
    }

    fn slot(&self) -> Timestamp {
        match self.pace.per_minute {
            Some(rate) => self.base + Millis(self.begun * 60_000 / i64::from(rate.max(1))),
            None => self.base,
        }
    }

    fn next_begin(&self) -> Option<Timestamp> {
        let waiting = !self.ready.is_empty() || self.next_row < self.rows;
        waiting.then(|| self.slot().max(self.clock))
    }

    /// When the next step is due; `None` when all is done.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let end = self.running.front().map(|(end, ..)| *end);
        match (end, self.next_begin()) {
            (Some(end), Some(begin)) => Some(end.min(begin)),
            (end, begin) => end.or(begin),
        }
    }

    /// The next step due at or before `now`; at one instant, ends come before beginnings.
    pub(super) fn step(&mut self, now: Timestamp) -> Option<Step> {
        let begin = self.next_begin();
        if let Some(&(end, row, action)) = self.running.front()
            && end <= now
            && begin.is_none_or(|begin| end <= begin)
        {
            self.running.pop_front();
            self.clock = self.clock.max(end);
            return Some(Step::End { at: end, row, action });
        }
        let at = begin.filter(|begin| *begin <= now)?;
        let (row, action) = self.ready.pop_front().unwrap_or_else(|| {
            self.next_row += 1;
            (self.next_row - 1, 0)
        });
        if at > self.slot() {
            // It had to wait for something to do: later slots count from here.
            (self.base, self.begun) = (at, 0);
        }
        self.begun += 1;
        self.clock = at;
        self.running.push_back((at + self.pace.duration, row, action));
        Some(Step::Begin { at, row, action })
    }

    /// An action has succeeded and the row has another.
    pub(super) fn follow_up(&mut self, row: u32, action: u8) {
        self.ready.push_back((row, action));
    }

    /// Drops everything that has not begun; what runs goes on.
    pub(super) fn cancel(&mut self) {
        self.next_row = self.rows;
        self.ready.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(pace: Pace, rows: u32, actions: u8) -> Vec<(i64, &'static str, u32, u8)> {
        let mut pacer = Pacer::new(Timestamp(0), pace, rows);
        let mut seen = Vec::new();
        while let Some(due) = pacer.next_due() {
            match pacer.step(due).expect("due") {
                Step::Begin { at, row, action } => seen.push((at.0, "begin", row, action)),
                Step::End { at, row, action } => {
                    seen.push((at.0, "end", row, action));
                    if action + 1 < actions {
                        pacer.follow_up(row, action + 1);
                    }
                }
            }
        }
        seen
    }

    #[test]
    fn m24_by_default_everything_happens_at_once_finding_by_finding() {
        let order: Vec<_> = steps(Pace::default(), 2, 2).into_iter().filter(|step| step.1 == "end").collect();
        assert_eq!(order, [(0, "end", 0, 0), (0, "end", 0, 1), (0, "end", 1, 0), (0, "end", 1, 1)]);
    }

    #[test]
    fn a_rate_spreads_beginnings_and_a_duration_delays_ends() {
        let pace = Pace { delay: Millis(500), duration: Millis(45_000), per_minute: Some(2) };
        assert_eq!(
            steps(pace, 2, 2),
            [
                (500, "begin", 0, 0),
                (30_500, "begin", 1, 0),
                (45_500, "end", 0, 0),
                (60_500, "begin", 0, 1),
                (75_500, "end", 1, 0),
                (90_500, "begin", 1, 1),
                (105_500, "end", 0, 1),
                (135_500, "end", 1, 1),
            ]
        );
    }

    #[test]
    fn the_rate_never_exceeds_its_bound_after_a_pause() {
        let pace = Pace { delay: Millis(0), duration: Millis(100_000), per_minute: Some(60) };
        let begins: Vec<_> =
            steps(pace, 3, 2).into_iter().filter(|step| step.1 == "begin").map(|step| step.0).collect();
        assert_eq!(begins, [0, 1_000, 2_000, 100_000, 101_000, 102_000]);
    }
}

//! The plain judge: the same verdicts, written to be read. It remembers what every lane showed for the last windows
//! and recomputes each datapoint from its definition. Slow, and meant to be.

use crate::detect::alarm::{Machine, ViolationEventType};
use crate::detect::columns::{
    Aggregate, Column, GRID, Judge, Program, ProgramRule, RuleCount, RuleKind, SILENCE, Tick, Transition, has_lane,
};
use crate::detect::ml::Readings;
use crate::time::{Millis, Timestamp};

/// Detect for the lanes of one shard, obviously.
#[derive(Clone, Debug)]
pub struct Plain {
    program: Program,
    lanes: Vec<Lane>,
    counts: Vec<RuleCount>,
    readings: Vec<Readings>,
}

#[derive(Clone, Debug)]
struct Lane {
    /// By profile: covered from the next tick on since this instant.
    covered_since: Vec<Option<Timestamp>>,
    /// What it showed, tick by tick.
    shown: Vec<Shown>,
    /// By rule.
    machines: Vec<Machine>,
    /// By rule: when the current run of violating datapoints began.
    first: Vec<Option<Timestamp>>,
    last_data: Timestamp,
}

#[derive(Clone, Debug)]
struct Shown {
    start: Timestamp,
    end: Timestamp,
    active: bool,
    known: bool,
    report: Option<Timestamp>,
    amounts: bool,
    numbers: Vec<u32>,
    /// By position in [`Tick::missing`]; empty if nothing is missing.
    missing: Vec<bool>,
}

/// A datapoint: when, and how much.
type Datapoint = Option<(Timestamp, u64)>;

impl Shown {
    fn value(&self, column: Column) -> Option<u64> {
        let present = match column {
            Column::DisconnectMinutes => self.known,
            _ if column.is_device_side() => self.report.is_some() && (column.is_gauge() || self.amounts),
            _ => self.active,
        };
        let value = u64::from(self.numbers[column.index()]);
        let present = present && !self.lacks(column.index());
        (present && !(column.zero_is_absent() && value == 0)).then_some(value)
    }

    fn lacks(&self, position: usize) -> bool {
        self.missing.get(position) == Some(&true)
    }
}

impl Plain {
    /// A judge for `lanes` devices, none of them covered yet.
    pub fn new(program: &Program, lanes: usize) -> Plain {
        let rules = program.rules().len();
        let lane = Lane {
            covered_since: vec![None; program.profiles() as usize],
            shown: Vec::new(),
            machines: vec![Machine::IDLE; rules],
            first: vec![None; rules],
            last_data: Timestamp(i64::MIN / 2),
        };
        Plain {
            program: program.clone(),
            lanes: vec![lane; lanes],
            counts: vec![RuleCount::default(); rules],
            readings: vec![Readings::default(); program.learned().len()],
        }
    }

    fn shown(tick: &Tick, lane: usize) -> Shown {
        let bit = |mask: &[u64]| has_lane(mask, lane);
        Shown {
            start: tick.start,
            end: tick.end,
            active: bit(&tick.active),
            known: bit(&tick.known),
            report: bit(&tick.reported).then(|| tick.start + Millis(i64::from(tick.arrival[lane]))),
            amounts: !bit(&tick.without_amounts),
            numbers: tick.numbers.iter().map(|column| column[lane]).collect(),
            missing: tick.missing.iter().map(|mask| bit(mask)).collect(),
        }
    }
}

impl Lane {
    /// The value of the tumbling window that ends now, if one does, it counts (D-37), and there was anything to
    /// measure (D-39, D-56).
    fn tumbling(
        &self,
        profile: usize,
        column: Column,
        length: Millis,
        aggregate: Aggregate,
        now: Timestamp,
    ) -> Datapoint {
        let start = now - length;
        if start.floor_to(length) != start || self.covered_since[profile].is_none_or(|since| start < since) {
            return None;
        }
        let values = self.shown.iter().filter(|shown| shown.start >= start).filter_map(|shown| shown.value(column));
        let value = match aggregate {
            Aggregate::Sum => values.reduce(|a, b| a + b),
            Aggregate::Largest => values.max(),
            Aggregate::Smallest => values.min(),
            Aggregate::Last => values.fold(None, |_, last| Some(last)),
        };
        value.map(|value| (now, value))
    }

    /// The sum of the reports that arrived in the `length` before the report of this tick (CH-73).
    fn sliding(&self, profile: usize, column: Column, length: Millis, tick: Millis) -> Datapoint {
        let newest = self.shown.last()?;
        let arrived = newest.report.filter(|_| newest.value(column).is_some())?;
        let since = self.covered_since[profile]?;
        let oldest = self.shown.last()?.start - Millis(length.0 - tick.0);
        let values = self
            .shown
            .iter()
            .filter(|shown| shown.start >= oldest && shown.start >= since)
            .filter_map(|shown| shown.value(column));
        Some((arrived, values.sum()))
    }

    /// `set_rule`: which of the set rules it is, if it is one.
    fn datapoint(&self, program: &Program, rule: &ProgramRule, set_rule: usize, tick: &Tick) -> Datapoint {
        let profile = rule.profile as usize;
        match &rule.kind {
            RuleKind::Number(number) => {
                let length = Millis(program.tick().0 * i64::from(number.ticks));
                if number.column.is_device_side() {
                    self.sliding(profile, number.column, length, program.tick())
                } else {
                    self.tumbling(profile, number.column, length, number.aggregate, tick.end)
                }
            }
            RuleKind::Statistical { population, .. } => {
                let population = program.populations()[*population as usize];
                let length = Millis(program.tick().0 * i64::from(population.ticks));
                self.tumbling(profile, population.column, length, population.aggregate, tick.end)
            }
            RuleKind::Learned { model } => {
                let learned = program.learned()[*model as usize];
                let length = Millis(program.tick().0 * i64::from(learned.ticks));
                if learned.column.is_device_side() {
                    self.sliding(profile, learned.column, length, program.tick())
                } else {
                    self.tumbling(profile, learned.column, length, learned.aggregate, tick.end)
                }
            }
            RuleKind::Set { metric, .. } => {
                self.covered_since[profile]?;
                let shown = self.shown.last().filter(|shown| !shown.lacks(tick.set_position(set_rule)))?;
                let time = if metric.is_cloud_side() { shown.active.then_some(shown.end) } else { shown.report };
                time.map(|time| (time, 0))
            }
        }
    }
}

impl Judge for Plain {
    fn judge(&mut self, tick: &Tick, out: &mut Vec<Transition>) {
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            let shown = Plain::shown(tick, index);
            let newest_data = shown.active.then_some(shown.end).into_iter().chain(shown.report).max();
            lane.last_data = lane.last_data.max(newest_data.unwrap_or(lane.last_data));
            lane.shown.push(shown);
            if lane.shown.len() > 64 {
                lane.shown.remove(0);
            }
            let mut set_rules = 0;
            for (r, rule) in self.program.rules().iter().enumerate() {
                let set_rule = set_rules;
                let set_violated = matches!(rule.kind, RuleKind::Set { .. }).then(|| {
                    set_rules += 1;
                    has_lane(&tick.set_violations[set_rule], index)
                });
                let threshold = match &rule.kind {
                    RuleKind::Statistical { population, .. } => match tick.thresholds[*population as usize] {
                        Some(threshold) => threshold,
                        None => continue,
                    },
                    _ => 0,
                };
                let Some((time, value)) = lane.datapoint(&self.program, rule, set_rule, tick) else { continue };
                let normal = match &rule.kind {
                    RuleKind::Learned { model } => {
                        self.readings[*model as usize].add(time, value);
                        let [at_start, later] = tick.normals[*model as usize];
                        let normal = if time == tick.start { at_start } else { later };
                        let Some(normal) = normal else { continue };
                        Some(normal)
                    }
                    _ => None,
                };
                let conforms = match &rule.kind {
                    RuleKind::Learned { .. } => {
                        normal.is_some_and(|normal| normal.low <= value && value <= normal.high)
                    }
                    RuleKind::Number(number) => number.low <= value && value <= number.high,
                    RuleKind::Statistical { relation, .. } => relation.holds(value, threshold),
                    RuleKind::Set { .. } => set_violated == Some(false),
                };
                self.counts[r].judged += 1;
                self.counts[r].violating += u64::from(!conforms);
                if conforms {
                    if !lane.machines[r].in_alarm() {
                        lane.first[r] = None;
                    }
                } else if !lane.machines[r].in_alarm() {
                    lane.first[r].get_or_insert(time);
                }
                if let Some(kind) = lane.machines[r].step(conforms, rule.consecutive) {
                    let first = match kind {
                        ViolationEventType::InAlarm => lane.first[r].take().unwrap_or(time),
                        _ => time,
                    };
                    out.push(Transition { time, rule: r as u32, lane: index as u32, kind, value, first });
                }
            }
            let boundary = tick.end.floor_to(GRID) == tick.end;
            if boundary && tick.end - lane.last_data > SILENCE {
                for (r, rule) in self.program.rules().iter().enumerate() {
                    if !rule.exempt_from_silence && lane.machines[r].in_alarm() {
                        invalidate(lane, r, index as u32, tick.end, out);
                    }
                }
            }
        }
    }

    fn cover(&mut self, now: Timestamp, profile: u32, lane: u32, covered: bool, out: &mut Vec<Transition>) {
        let state = &mut self.lanes[lane as usize];
        let since = &mut state.covered_since[profile as usize];
        if since.is_some() == covered {
            return;
        }
        *since = covered.then_some(now);
        if !covered {
            for (r, rule) in self.program.rules().iter().enumerate() {
                if rule.profile == profile {
                    invalidate(state, r, lane, now, out);
                }
            }
        }
    }

    fn discontinue(&mut self, now: Timestamp, rule: u32, out: &mut Vec<Transition>) {
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            invalidate(lane, rule as usize, index as u32, now, out);
        }
    }

    fn take_readings(&mut self) -> Vec<Readings> {
        self.readings.iter_mut().map(std::mem::take).collect()
    }

    fn counts(&self) -> &[RuleCount] {
        &self.counts
    }

    fn contribute(&self, tick: &Tick, population: usize, values: &mut Vec<u64>) {
        let population = self.program.populations()[population];
        let rule = &self.program.rules()[population.rule as usize];
        for (index, lane) in self.lanes.iter().enumerate() {
            let mut lane = lane.clone();
            lane.shown.push(Plain::shown(tick, index));
            values.extend(lane.datapoint(&self.program, rule, 0, tick).map(|(_, value)| value));
        }
    }
}

fn invalidate(lane: &mut Lane, rule: usize, index: u32, now: Timestamp, out: &mut Vec<Transition>) {
    lane.first[rule] = None;
    if let Some(kind) = lane.machines[rule].invalidate() {
        out.push(Transition { time: now, rule: rule as u32, lane: index, kind, value: 0, first: now });
    }
}

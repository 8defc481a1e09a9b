//! The fast judge: arrays and masks.
//!
//! Nearly every datapoint conforms and nearly every machine is idle. So a rule first asks, 64 lanes at a time,
//! whether *any* value lies outside the normal range (a branch-free fold that the compiler vectorizes); only where
//! one does, or where a machine is busy, are lanes looked at one by one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::detect::alarm::{Machine, ViolationEventType};
use crate::detect::columns::{
    Aggregate, Column, GRID, Judge, Mask, Program, RuleCount, RuleKind, SILENCE, Tick, Transition, bits,
};
use crate::detect::ml::{Normal, Readings};
use crate::time::{Millis, Timestamp};

/// Detect for the lanes of one shard.
///
/// Serialized, it holds what it remembers, but not its program: see [`Columns::take_over`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Columns {
    #[serde(skip)]
    program: Program,
    /// By profile: lanes monitored.
    covered: Vec<Mask>,
    rules: Vec<RuleState>,
    windows: Vec<Window>,
    counts: Vec<RuleCount>,
    last_data: LastData,
    /// By model: what was not taken yet. Empty at every synchronization point.
    #[serde(skip)]
    readings: Vec<Readings>,
}

/// A rule's machines.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct RuleState {
    machines: Vec<Machine>,
    /// Lanes whose machine is not idle.
    busy: Mask,
    /// Which window it reads; `None`: the tick itself.
    window: Option<usize>,
    /// When the current run of violating datapoints began, for rules that wait for several.
    first: BTreeMap<u32, Timestamp>,
}

/// A value over several ticks, shared by the rules that need the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Window {
    column: Column,
    ticks: u32,
    aggregate: Aggregate,
    /// The profile that a sliding sum belongs to; `None`: tumbling.
    sliding: Option<u32>,
    pub(super) values: Vec<u64>,
    /// Tumbling: lanes with a datapoint so far.
    present: Mask,
    /// Sliding: the last `ticks` ticks, oldest at `next`.
    ring: Vec<Vec<u32>>,
    next: usize,
    /// By profile: lanes that were covered when the window began (D-37).
    eligible: Vec<Mask>,
}

/// When each lane last gave data of any kind (D-60): the end of a tick in which it was active, or a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LastData {
    /// By word: the end of the last tick in which all its lanes were active, which are most.
    all: Vec<Timestamp>,
    /// By lane: when it last gave data in a tick of which that is not true.
    own: Vec<Timestamp>,
}

impl LastData {
    pub(super) fn new(lanes: usize) -> LastData {
        let never = Timestamp(i64::MIN / 2);
        LastData { all: vec![never; lanes.div_ceil(64)], own: vec![never; lanes] }
    }

    pub(super) fn lanes(&self) -> usize {
        self.own.len()
    }

    /// Notes who was active or reported in a tick.
    pub(super) fn take(&mut self, tick: &Tick) {
        for (word, lanes) in self.own.chunks_mut(64).enumerate() {
            let (active, reported) = (tick.active[word], tick.reported[word]);
            if active.count_ones() as usize == lanes.len() {
                self.all[word] = tick.end;
                continue;
            }
            for bit in bits(active) {
                lanes[bit] = tick.end;
            }
            for bit in bits(reported & !active) {
                let arrived = tick.start + Millis(i64::from(tick.arrival[word * 64 + bit]));
                lanes[bit] = lanes[bit].max(arrived);
            }
        }
    }

    /// Whether a lane has been silent for more than two days.
    pub(super) fn is_silent(&self, lane: usize, now: Timestamp) -> bool {
        now - self.own[lane].max(self.all[lane / 64]) > SILENCE
    }
}

impl Columns {
    /// A judge for a shard of `lanes` devices, none of them covered yet.
    pub fn new(program: &Program, lanes: usize) -> Columns {
        let words = lanes.div_ceil(64);
        let mut windows: Vec<Window> = Vec::new();
        let rules = program.rules().iter().map(|rule| {
            let wanted = match &rule.kind {
                RuleKind::Number(number) => Some((number.column, number.ticks, number.aggregate, false)),
                RuleKind::Statistical { population, .. } => {
                    let population = program.populations()[*population as usize];
                    Some((population.column, population.ticks, population.aggregate, true))
                }
                RuleKind::Learned { model } => {
                    let learned = program.learned()[*model as usize];
                    Some((learned.column, learned.ticks, learned.aggregate, false))
                }
                RuleKind::Set { .. } => None,
            };
            let window = wanted.filter(|(_, ticks, ..)| *ticks > 1).map(|(column, ticks, aggregate, statistical)| {
                let sliding = sliding(column, statistical).then_some(rule.profile);
                let same = |w: &Window| (w.column, w.ticks, w.sliding) == (column, ticks, sliding);
                windows.iter().position(same).unwrap_or_else(|| {
                    windows.push(Window::new(column, ticks, aggregate, sliding, lanes, program.profiles()));
                    windows.len() - 1
                })
            });
            RuleState { machines: vec![Machine::IDLE; lanes], busy: vec![0; words], window, first: BTreeMap::new() }
        });
        let rules = rules.collect();
        Columns {
            covered: vec![vec![0; words]; program.profiles() as usize],
            rules,
            windows,
            counts: vec![RuleCount::default(); program.rules().len()],
            last_data: LastData::new(lanes),
            readings: vec![Readings::default(); program.learned().len()],
            program: program.clone(),
        }
    }

    /// Goes on from what a judge of the same program and as many lanes remembered. Gives it back untouched if it was
    /// made for another program.
    ///
    /// # Errors
    /// The judge whose shape differs.
    pub fn take_over(&mut self, memory: Columns) -> Result<(), Box<Columns>> {
        if self.shape() != memory.shape() {
            return Err(Box::new(memory));
        }
        *self = Columns {
            program: std::mem::take(&mut self.program),
            readings: std::mem::take(&mut self.readings),
            ..memory
        };
        Ok(())
    }

    /// Everything that the program and the number of lanes decide.
    fn shape(&self) -> impl PartialEq + use<> {
        let window = |w: &Window| {
            (w.column, w.ticks, w.aggregate, w.sliding, w.values.len(), w.ring.len(), w.next < w.ring.len().max(1))
        };
        let rule = |rule: &RuleState| (rule.machines.len(), rule.busy.len(), rule.window);
        let masks = self.covered.iter().chain(self.windows.iter().flat_map(|w| w.eligible.iter().chain([&w.present])));
        (
            masks.map(Vec::len).collect::<Vec<_>>(),
            self.windows.iter().flat_map(|w| w.ring.iter().map(Vec::len)).collect::<Vec<_>>(),
            self.rules.iter().map(rule).collect::<Vec<_>>(),
            self.windows.iter().map(window).collect::<Vec<_>>(),
            (self.counts.len(), self.last_data.lanes()),
        )
    }

    /// Whether an episode of this rule runs on this lane.
    pub fn in_alarm(&self, rule: usize, lane: usize) -> bool {
        self.rules[rule].machines[lane].in_alarm()
    }

    /// How many violating datapoints a rule has counted in a row on a lane; all that it takes while in alarm.
    pub fn violating_run(&self, rule: usize, lane: usize) -> u8 {
        self.rules[rule].machines[lane].violating_run(self.program.rules()[rule].consecutive)
    }
}

/// Whether the window of a rule slides. A sliding sum starts afresh when its profile begins to cover a lane, so
/// profiles do not share one.
pub(super) const fn sliding(column: Column, statistical: bool) -> bool {
    // Device-side statistics use tumbling windows too (CH-77); only static device rules slide (CH-73).
    column.is_device_side() && !statistical
}

impl Window {
    pub(super) fn new(
        column: Column,
        ticks: u32,
        aggregate: Aggregate,
        sliding: Option<u32>,
        lanes: usize,
        profiles: u32,
    ) -> Window {
        let words = lanes.div_ceil(64);
        Window {
            column,
            ticks,
            aggregate,
            sliding,
            values: vec![0; lanes],
            present: vec![0; words],
            ring: if sliding.is_some() { vec![vec![0; lanes]; ticks as usize] } else { Vec::new() },
            next: 0,
            eligible: vec![vec![0; words]; profiles as usize],
        }
    }

    fn length(&self, tick: Millis) -> Millis {
        Millis(tick.0 * i64::from(self.ticks))
    }

    /// Whether a tumbling window ends with this tick.
    pub(super) fn ends(&self, tick: &Tick, step: Millis) -> bool {
        tick.end.floor_to(self.length(step)) == tick.end
    }

    fn begins(&self, tick: &Tick, step: Millis) -> bool {
        tick.start.floor_to(self.length(step)) == tick.start
    }

    pub(super) fn take(&mut self, tick: &Tick, step: Millis, covered: &[Mask]) {
        let column = tick.column(self.column);
        if self.sliding.is_some() {
            let slot = &mut self.ring[self.next];
            for ((sum, old), new) in self.values.iter_mut().zip(slot.iter_mut()).zip(column) {
                *sum = *sum - u64::from(*old) + u64::from(*new);
                *old = *new;
            }
            self.next = (self.next + 1) % self.ring.len();
            return;
        }
        if self.begins(tick, step) {
            self.values.fill(0);
            self.present.fill(0);
            self.eligible.clone_from_slice(covered);
        }
        for word in 0..self.present.len() {
            let present = presence(tick, self.column, word);
            let range = word * 64..((word + 1) * 64).min(column.len());
            let seen = self.present[word];
            for (i, lane) in range.enumerate() {
                if present >> i & 1 == 1 && !(self.column.zero_is_absent() && column[lane] == 0) {
                    self.values[lane] =
                        self.aggregate.join((seen >> i & 1 == 1).then_some(self.values[lane]), u64::from(column[lane]));
                    self.present[word] |= 1 << i;
                }
            }
        }
    }

    /// Lanes of a word with a datapoint at the end of this tick, where the window ends with it; a sliding one always
    /// does.
    pub(super) fn points(&self, word: usize, profile: usize, tick: &Tick, covered: &Mask) -> u64 {
        if self.sliding.is_some() {
            presence(tick, self.column, word) & covered[word]
        } else {
            self.present[word] & self.eligible[profile][word]
        }
    }

    pub(super) fn slides(&self) -> bool {
        self.sliding.is_some()
    }

    /// A profile begins or ceases to cover a lane.
    pub(super) fn cover(&mut self, profile: u32, lane: usize, covered: bool) {
        if !covered {
            self.eligible[profile as usize][lane / 64] &= !(1 << (lane % 64));
        } else if self.sliding == Some(profile) {
            self.values[lane] = 0;
            self.ring.iter_mut().for_each(|slot| slot[lane] = 0);
        }
    }
}

/// What each lane contributes to the population of a statistical rule at the end of a tick that no window has taken
/// yet (D-56, D-57).
pub(super) fn contribute(
    column: Column,
    window: Option<&Window>,
    profile: usize,
    covered: &Mask,
    step: Millis,
    tick: &Tick,
    values: &mut Vec<u64>,
) {
    let numbers = tick.column(column);
    let now = |word| presence(tick, column, word);
    let absent = |value: u32| column.zero_is_absent() && value == 0;
    let Some(window) = window else {
        for (word, covered) in covered.iter().enumerate() {
            let lanes = bits(now(word) & covered).map(|bit| numbers[word * 64 + bit]);
            values.extend(lanes.filter(|value| !absent(*value)).map(u64::from));
        }
        return;
    };
    if !window.ends(tick, step) {
        return;
    }
    for (word, eligible) in window.eligible[profile].iter().enumerate() {
        for bit in bits(*eligible) {
            let lane = word * 64 + bit;
            let before = (window.present[word] >> bit & 1 == 1).then_some(window.values[lane]);
            let here = (now(word) >> bit & 1 == 1 && !absent(numbers[lane])).then(|| u64::from(numbers[lane]));
            values.extend(match (before, here) {
                (before, Some(here)) => Some(window.aggregate.join(before, here)),
                (before, None) => before,
            });
        }
    }
}

impl Aggregate {
    fn join(self, so_far: Option<u64>, next: u64) -> u64 {
        match (self, so_far) {
            (_, None) | (Aggregate::Last, _) => next,
            (Aggregate::Sum, Some(sum)) => sum + next,
            (Aggregate::Largest, Some(value)) => value.max(next),
            (Aggregate::Smallest, Some(value)) => value.min(next),
        }
    }
}

/// The lanes of a word with a datapoint of this tick by itself; `chunk` are its values there.
#[inline]
pub(super) fn points_of_tick(tick: &Tick, column: Column, word: usize, chunk: &[u32]) -> u64 {
    let present = presence(tick, column, word);
    if column.zero_is_absent() { present & nonzero(chunk) } else { present }
}

/// The lanes of a word that have something to measure in a tick.
#[inline]
fn presence(tick: &Tick, column: Column, word: usize) -> u64 {
    let lanes = match column {
        Column::DisconnectMinutes => tick.known[word],
        _ if column.is_device_side() && column.is_gauge() => tick.reported[word],
        _ if column.is_device_side() => tick.reported[word] & !tick.without_amounts[word],
        _ => tick.active[word],
    };
    tick.not_missing(column.index(), word, lanes)
}

/// Whole numbers of a width.
pub(super) trait Whole: Copy + PartialOrd {
    /// The difference, modulo a power of two.
    fn minus(self, other: Self) -> Self;
}

impl Whole for u32 {
    #[inline]
    fn minus(self, other: u32) -> u32 {
        self.wrapping_sub(other)
    }
}

impl Whole for u64 {
    #[inline]
    fn minus(self, other: u64) -> u64 {
        self.wrapping_sub(other)
    }
}

/// Which of up to 64 values lie outside `low..=high`; bits beyond them may be set.
#[inline]
pub(super) fn outside<T: Whole>(values: &[T], low: T, high: T) -> u64 {
    if low > high {
        return u64::MAX;
    }
    // What is below wraps around to far above: one comparison for both ends.
    let width = high.minus(low);
    let is_outside = |value: &T| value.minus(low) > width;
    let any = values.iter().fold(false, |any, value| any | is_outside(value));
    if !any {
        return 0;
    }
    values.iter().enumerate().fold(0, |mask, (i, value)| mask | u64::from(is_outside(value)) << i)
}

/// A range of the numbers that a tick's columns can hold; `None` if it has none of them.
fn narrowed(low: u64, high: u64) -> Option<(u32, u32)> {
    Some((u32::try_from(low).ok()?, u32::try_from(high).unwrap_or(u32::MAX)))
}

#[inline]
fn nonzero<T: Copy + PartialEq + Default>(values: &[T]) -> u64 {
    values.iter().enumerate().fold(0, |mask, (i, v)| mask | u64::from(*v != T::default()) << i)
}

impl Judge for Columns {
    fn judge(&mut self, tick: &Tick, out: &mut Vec<Transition>) {
        let step = self.program.tick();
        for window in &mut self.windows {
            window.take(tick, step, &self.covered);
        }
        let mut set_rule = 0;
        for index in 0..self.program.rules().len() {
            let rule = &self.program.rules()[index];
            let profile = rule.profile as usize;
            let window = self.rules[index].window;
            let (column, low, high, device_side) = match &rule.kind {
                RuleKind::Set { metric, .. } => {
                    let violations = &tick.set_violations[set_rule];
                    let position = tick.set_position(set_rule);
                    set_rule += 1;
                    let device_side = !metric.is_cloud_side();
                    let present = if device_side { &tick.reported } else { &tick.active };
                    for word in 0..violations.len() {
                        let present = tick.not_missing(position, word, present[word]) & self.covered[profile][word];
                        self.step(index, word, present, violations[word] & present, device_side, tick, |_| 0, out);
                    }
                    continue;
                }
                RuleKind::Learned { model } => {
                    let model = *model as usize;
                    self.judge_learned(index, profile, model, tick, out);
                    continue;
                }
                RuleKind::Number(number) => (number.column, number.low, number.high, number.column.is_device_side()),
                RuleKind::Statistical { population, relation } => {
                    let Some(threshold) = tick.thresholds[*population as usize] else { continue };
                    let (low, high) = relation.normal_integers(threshold);
                    // A statistical datapoint belongs to the window's end, also for device-side metrics (D-56).
                    (self.program.populations()[*population as usize].column, low, high, false)
                }
            };
            match window {
                None => self.judge_ticks(index, profile, column, low, high, device_side, tick, out),
                Some(window) => self.judge_window(index, profile, window, low, high, device_side, tick, out),
            }
        }
        self.silence(tick, out);
    }

    fn cover(&mut self, now: Timestamp, profile: u32, lane: u32, covered: bool, out: &mut Vec<Transition>) {
        let (word, bit) = (lane as usize / 64, 1u64 << (lane % 64));
        let mask = &mut self.covered[profile as usize][word];
        if (*mask & bit != 0) == covered {
            return;
        }
        *mask ^= bit;
        self.windows.iter_mut().for_each(|window| window.cover(profile, lane as usize, covered));
        if covered {
            return;
        }
        for index in 0..self.rules.len() {
            if self.program.rules()[index].profile == profile {
                self.invalidate(index, lane as usize, now, out);
            }
        }
    }

    fn discontinue(&mut self, now: Timestamp, rule: u32, out: &mut Vec<Transition>) {
        for lane in 0..self.rules[rule as usize].machines.len() {
            self.invalidate(rule as usize, lane, now, out);
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
        let profile = rule.profile as usize;
        let window = self.rules[population.rule as usize].window.map(|index| &self.windows[index]);
        let step = self.program.tick();
        contribute(population.column, window, profile, &self.covered[profile], step, tick, values);
    }
}

impl Columns {
    #[expect(clippy::too_many_arguments, reason = "the inner loop's operands, all of them scalars or slices")]
    fn judge_ticks(
        &mut self,
        index: usize,
        profile: usize,
        column: Column,
        low: u64,
        high: u64,
        device_side: bool,
        tick: &Tick,
        out: &mut Vec<Transition>,
    ) {
        let values = tick.column(column);
        let (low, high) = narrowed(low, high).unwrap_or((1, 0));
        for (word, chunk) in values.chunks(64).enumerate() {
            let present = points_of_tick(tick, column, word, chunk) & self.covered[profile][word];
            let violating = outside(chunk, low, high) & present;
            self.step(index, word, present, violating, device_side, tick, |lane| u64::from(values[lane]), out);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the inner loop's operands, all of them scalars or slices")]
    fn judge_window(
        &mut self,
        index: usize,
        profile: usize,
        window: usize,
        low: u64,
        high: u64,
        device_side: bool,
        tick: &Tick,
        out: &mut Vec<Transition>,
    ) {
        if !self.windows[window].slides() && !self.windows[window].ends(tick, self.program.tick()) {
            return;
        }
        // Lent out, so that the machines can be stepped meanwhile.
        let values = std::mem::take(&mut self.windows[window].values);
        for (word, chunk) in values.chunks(64).enumerate() {
            let present = self.windows[window].points(word, profile, tick, &self.covered[profile]);
            let violating = outside(chunk, low, high) & present;
            self.step(index, word, present, violating, device_side, tick, |lane| values[lane], out);
        }
        self.windows[window].values = values;
    }

    /// Hands a model its datapoints, and judges them if it is in use.
    fn judge_learned(&mut self, index: usize, profile: usize, model: usize, tick: &Tick, out: &mut Vec<Transition>) {
        let column = self.program.learned()[model].column;
        let device_side = column.is_device_side();
        let window = self.rules[index].window;
        let goes_on = |window: &Window| !window.slides() && !window.ends(tick, self.program.tick());
        if window.is_some_and(|window| goes_on(&self.windows[window])) {
            return;
        }
        // Lent out, so that the machines can be stepped meanwhile.
        let summed = window.map(|window| std::mem::take(&mut self.windows[window].values));
        let ticks = tick.column(column);
        let value = |lane: usize| summed.as_ref().map_or_else(|| u64::from(ticks[lane]), |values| values[lane]);
        let lanes = ticks.len();
        for word in 0..lanes.div_ceil(64) {
            let chunk = word * 64..(word * 64 + 64).min(lanes);
            let present = match window {
                Some(window) => self.windows[window].points(word, profile, tick, &self.covered[profile]),
                None => points_of_tick(tick, column, word, &ticks[chunk.clone()]) & self.covered[profile][word],
            };
            if present == 0 {
                continue;
            }
            let at_start = if device_side {
                bits(present).filter(|bit| tick.arrival[word * 64 + bit] == 0).fold(0, |mask, bit| mask | 1 << bit)
            } else {
                0
            };
            let readings = &mut self.readings[model];
            readings.add_all(tick.end, bits(present & !at_start).map(|bit| value(word * 64 + bit)));
            readings.add_all(tick.start, bits(at_start).map(|bit| value(word * 64 + bit)));
            let outside = |Normal { low, high }: Normal| match &summed {
                Some(values) => outside(&values[chunk.clone()], low, high),
                None => narrowed(low, high).map_or(u64::MAX, |(low, high)| outside(&ticks[chunk.clone()], low, high)),
            };
            for (normal, lanes) in tick.normals[model].into_iter().zip([at_start, present & !at_start]) {
                let Some(normal) = normal.filter(|_| lanes != 0) else { continue };
                self.step(index, word, lanes, outside(normal) & lanes, device_side, tick, value, out);
            }
        }
        if let (Some(window), Some(values)) = (window, summed) {
            self.windows[window].values = values;
        }
    }

    /// Feeds one word's datapoints to a rule's machines.
    #[inline]
    #[expect(clippy::too_many_arguments, reason = "the inner loop's operands, all of them scalars or slices")]
    fn step(
        &mut self,
        index: usize,
        word: usize,
        present: u64,
        violating: u64,
        device_side: bool,
        tick: &Tick,
        value: impl Fn(usize) -> u64,
        out: &mut Vec<Transition>,
    ) {
        let count = &mut self.counts[index];
        count.judged += u64::from(present.count_ones());
        count.violating += u64::from(violating.count_ones());
        let touched = present & (violating | self.rules[index].busy[word]);
        if touched == 0 {
            return;
        }
        let rule = &self.program.rules()[index];
        let state = &mut self.rules[index];
        for bit in bits(touched) {
            let lane = word * 64 + bit;
            let conforms = violating >> bit & 1 == 0;
            let time = if device_side { tick.start + Millis(i64::from(tick.arrival[lane])) } else { tick.end };
            let machine = &mut state.machines[lane];
            if !conforms && machine.is_idle() && rule.consecutive.to_alarm > 1 {
                state.first.insert(lane as u32, time);
            }
            let event = machine.step(conforms, rule.consecutive);
            if machine.is_idle() {
                state.busy[word] &= !(1 << bit);
                if rule.consecutive.to_alarm > 1 {
                    state.first.remove(&(lane as u32));
                }
            } else {
                state.busy[word] |= 1 << bit;
            }
            let Some(kind) = event else { continue };
            let first = match kind {
                ViolationEventType::InAlarm => state.first.remove(&(lane as u32)).unwrap_or(time),
                _ => time,
            };
            out.push(Transition { time, rule: index as u32, lane: lane as u32, kind, value: value(lane), first });
        }
    }

    fn invalidate(&mut self, index: usize, lane: usize, now: Timestamp, out: &mut Vec<Transition>) {
        let state = &mut self.rules[index];
        state.busy[lane / 64] &= !(1 << (lane % 64));
        state.first.remove(&(lane as u32));
        if let Some(kind) = state.machines[lane].invalidate() {
            out.push(Transition { time: now, rule: index as u32, lane: lane as u32, kind, value: 0, first: now });
        }
    }

    /// Invalidates the alarms of lanes that have been silent for more than two days (D-60, D-62).
    fn silence(&mut self, tick: &Tick, out: &mut Vec<Transition>) {
        self.last_data.take(tick);
        if tick.end.floor_to(GRID) != tick.end {
            return;
        }
        for index in 0..self.rules.len() {
            if self.program.rules()[index].exempt_from_silence {
                continue;
            }
            for word in 0..self.rules[index].busy.len() {
                for bit in bits(self.rules[index].busy[word] & !tick.active[word]) {
                    let lane = word * 64 + bit;
                    if self.in_alarm(index, lane) && self.last_data.is_silent(lane, tick.end) {
                        self.invalidate(index, lane, tick.end, out);
                    }
                }
            }
        }
    }
}

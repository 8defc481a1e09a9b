//! Up to 64 variants of behaviors, judged in one pass: a bit per candidate.
//!
//! Candidates that look at the same values (column, window, profile) form a *group*. Per lane, a group keeps one word
//! that says which candidates are in alarm, and their runs of datapoints as bit planes: plane k holds bit k of every
//! candidate's run. One datapoint advances all machines of the group with a handful of word operations, whatever
//! their number. Which candidates a value violates is a look-up among the sorted limits.
//!
//! ```text
//!   value ──▶ Limits ──▶ violating: u64 ─┬─ xor in alarm ──▶ who goes on, who starts afresh ──▶ run planes
//!                                        └─ run = needed ──▶ who rings, who clears
//! ```

use crate::detect::alarm::ViolationEventType;
use crate::detect::behavior::Behavior;
use crate::detect::columns::fast::{LastData, Window, contribute, outside, points_of_tick, sliding};
use crate::detect::columns::{
    Aggregate, Column, GRID, Mask, NotColumnar, Program, RuleKind, Tick, bits, has_lane, set_lane,
};
use crate::time::{Millis, Timestamp};

/// What candidates share across shards: who they are, and which of them look at the same values.
#[derive(Clone, Debug)]
pub struct Slate {
    program: Program,
    groups: Vec<Group>,
    /// (column, ticks, aggregate, the profile that it slides for).
    windows: Vec<(Column, u32, Aggregate, Option<u32>)>,
    /// Groups with a statistical threshold.
    populations: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Group {
    profile: usize,
    source: Source,
    /// Whether its thresholds are a population's.
    statistical: bool,
    /// Whether its datapoints carry the time of a report.
    device_time: bool,
    /// Disconnect-duration alarms do not end by silence (D-62, CH-87).
    exempt: bool,
    /// Its candidates.
    members: u64,
    /// Bit k of each candidate's datapoints to alarm, and to clear.
    to_alarm: [u64; PLANES],
    to_clear: [u64; PLANES],
    /// How many bits the largest of them takes; 0 if one datapoint decides for all.
    planes: usize,
    limits: Limits,
}

/// Bits of a run: at most 10 datapoints (D-V19).
const PLANES: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The tick itself.
    Tick(Column),
    /// Position among the windows, for a static and for a statistical threshold.
    Window { index: usize, column: Column },
    /// The verdict on a set, by its position in the tick.
    Set(usize),
}

/// Which candidates a value violates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Distinct upper ends of normal ranges, ascending; `above[i]` violate what is larger than the first `i` of them.
    highs: Vec<u64>,
    above: Vec<u64>,
    /// Distinct lower ends; `below[i]` violate what is smaller than all but the first `i` of them.
    lows: Vec<u64>,
    below: Vec<u64>,
}

impl Limits {
    /// From (candidate, smallest normal value, largest normal value).
    fn of(ranges: &[(u32, u64, u64)]) -> Limits {
        let distinct = |end: fn(&(u32, u64, u64)) -> u64| {
            let mut ends: Vec<u64> = ranges.iter().map(end).collect();
            ends.sort_unstable();
            ends.dedup();
            ends
        };
        let mask = |keep: &dyn Fn(&(u32, u64, u64)) -> bool| {
            ranges.iter().filter(|range| keep(range)).fold(0, |mask, (candidate, ..)| mask | 1_u64 << candidate)
        };
        let (highs, lows) = (distinct(|range| range.2), distinct(|range| range.1));
        let above = (0..=highs.len()).map(|i| mask(&|range| highs[..i].contains(&range.2))).collect();
        let below = (0..=lows.len()).map(|i| mask(&|range| lows[i..].contains(&range.1))).collect();
        Limits { highs, above, lows, below }
    }

    /// The range in which no candidate is violated.
    fn quiet(&self) -> (u64, u64) {
        (self.lows.last().copied().unwrap_or(0), self.highs.first().copied().unwrap_or(u64::MAX))
    }

    #[inline]
    fn violated(&self, value: u64) -> u64 {
        let above = self.above[self.highs.partition_point(|high| *high < value)];
        let below = self.below[self.lows.partition_point(|low| *low <= value)];
        above | below
    }
}

impl Slate {
    /// Candidates in one pass.
    pub const MOST: usize = 64;

    /// Candidates for the profiles of a program: (position of the profile, behavior).
    ///
    /// # Errors
    /// One for each behavior that the program's ticks cannot carry, see [`Program::variants`]; one for each ML behavior,
    /// whose model belongs to a run; one for a set rule that `base` does not judge.
    ///
    /// # Panics
    /// With more than [`Slate::MOST`] candidates.
    pub fn new(base: &Program, candidates: &[(u32, Behavior)]) -> Result<Slate, Vec<NotColumnar>> {
        assert!(candidates.len() <= Slate::MOST, "a pass takes at most {} candidates", Slate::MOST);
        let program = base.variants(candidates)?;
        let mut slate =
            Slate { program: program.clone(), groups: Vec::new(), windows: Vec::new(), populations: Vec::new() };
        let mut errors = Vec::new();
        let mut ranges: Vec<Vec<(u32, u64, u64)>> = Vec::new();
        for (number, rule) in program.rules().iter().enumerate() {
            let (source, statistical, range) = match &rule.kind {
                RuleKind::Number(n) => (
                    slate.source(n.column, n.ticks, n.aggregate, false, rule.profile),
                    false,
                    Some((number as u32, n.low, n.high)),
                ),
                RuleKind::Statistical { population, .. } => {
                    let p = program.populations()[*population as usize];
                    (slate.source(p.column, p.ticks, p.aggregate, true, rule.profile), true, None)
                }
                RuleKind::Learned { .. } => {
                    let behavior = candidates[number].1.name.clone();
                    errors.push(NotColumnar { behavior, what: "an ML criterion in a sweep" });
                    continue;
                }
                RuleKind::Set { metric, rule: set } => {
                    let same = |(index, other, judged): (usize, _, _)| {
                        base.rules()[index].profile == rule.profile && other == metric && judged == set
                    };
                    match base.set_rules().position(same) {
                        Some(position) => (Source::Set(position), false, None),
                        None => {
                            let behavior = candidates[number].1.name.clone();
                            errors.push(NotColumnar { behavior, what: "another set than its profile has" });
                            continue;
                        }
                    }
                }
            };
            let device_time = !statistical
                && match (&rule.kind, source) {
                    (RuleKind::Set { metric, .. }, _) => !metric.is_cloud_side(),
                    (_, Source::Tick(column) | Source::Window { column, .. }) => column.is_device_side(),
                    (_, Source::Set(_)) => unreachable!("set sources belong to set rules"),
                };
            let profile = rule.profile as usize;
            let same =
                |group: &Group| (group.profile, group.source, group.statistical) == (profile, source, statistical);
            let index = slate.groups.iter().position(same).unwrap_or_else(|| {
                if statistical {
                    slate.populations.push(slate.groups.len());
                }
                slate.groups.push(Group {
                    profile,
                    source,
                    statistical,
                    device_time,
                    exempt: rule.exempt_from_silence,
                    members: 0,
                    to_alarm: [0; PLANES],
                    to_clear: [0; PLANES],
                    planes: 0,
                    limits: Limits::default(),
                });
                ranges.push(Vec::new());
                slate.groups.len() - 1
            });
            let group = &mut slate.groups[index];
            group.members |= 1 << number;
            let (alarm, clear) = (u32::from(rule.consecutive.to_alarm), u32::from(rule.consecutive.to_clear));
            for plane in 0..PLANES {
                group.to_alarm[plane] |= u64::from(alarm >> plane & 1) << number;
                group.to_clear[plane] |= u64::from(clear >> plane & 1) << number;
            }
            if alarm.max(clear) > 1 {
                group.planes = group.planes.max((u32::BITS - alarm.max(clear).leading_zeros()) as usize);
            }
            ranges[index].extend(range);
        }
        for (group, ranges) in slate.groups.iter_mut().zip(&ranges) {
            group.limits = Limits::of(ranges);
        }
        if errors.is_empty() { Ok(slate) } else { Err(errors) }
    }

    fn source(&mut self, column: Column, ticks: u32, aggregate: Aggregate, statistical: bool, profile: u32) -> Source {
        if ticks == 1 {
            return Source::Tick(column);
        }
        let wanted = (column, ticks, aggregate, sliding(column, statistical).then_some(profile));
        let index = self.windows.iter().position(|window| *window == wanted).unwrap_or_else(|| {
            self.windows.push(wanted);
            self.windows.len() - 1
        });
        Source::Window { index, column }
    }

    /// The candidates as rules.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// How many different populations set thresholds: candidates that differ only in their percentile share one.
    pub fn populations(&self) -> usize {
        self.populations.len()
    }

    /// The limits that a population's values set for its candidates (D-58); `None` if there is no threshold. Leaves the
    /// values in another order.
    pub fn limits(&self, population: usize, values: &mut [u64]) -> Option<Limits> {
        if values.len() < 2 {
            return None;
        }
        let group = &self.groups[self.populations[population]];
        let count = values.len() as u64;
        let mut wanted: Vec<_> = bits(group.members)
            .map(|candidate| {
                let RuleKind::Statistical { population, relation } = self.program.rules()[candidate].kind else {
                    unreachable!("the members of a population are statistical")
                };
                let statistic = self.program.populations()[population as usize].statistic;
                (statistic.rank(count) as usize - 1, candidate as u32, relation)
            })
            .collect();
        wanted.sort_unstable_by_key(|(rank, candidate, _)| (*rank, *candidate));
        // Each selection leaves the larger values behind it: the next rank needs to look at those only.
        let (mut from, mut found) = (0, None);
        let ranges: Vec<(u32, u64, u64)> = wanted
            .into_iter()
            .map(|(rank, candidate, relation)| {
                let threshold = match found {
                    Some((known, value)) if known == rank => value,
                    _ => *values[from..].select_nth_unstable(rank - from).1,
                };
                (from, found) = (rank, Some((rank, threshold)));
                let (low, high) = relation.normal_integers(threshold);
                (candidate, low, high)
            })
            .collect();
        Some(Limits::of(&ranges))
    }
}

/// A change of a candidate's alarm on a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// As in [`Transition`](super::Transition).
    pub time: Timestamp,
    /// Position among the candidates.
    pub candidate: u8,
    /// The device.
    pub lane: u32,
    /// What happened.
    pub kind: ViolationEventType,
}

/// The candidates' machines on the lanes of one shard.
///
/// On *watched* lanes every change is kept; on all others alarms are only counted, by candidate and stratum, as are the
/// lanes that raised any.
#[derive(Clone, Debug)]
pub struct Candidates {
    covered: Vec<Mask>,
    states: Vec<State>,
    windows: Vec<Window>,
    last_data: LastData,
    watched: Mask,
    /// By lane: which row of `raised` counts its alarms.
    strata: Vec<u16>,
    raised: Vec<[u64; Slate::MOST]>,
    /// By lane that is not watched: the candidates that raised an alarm on it.
    rang: Vec<u64>,
    changes: Vec<Change>,
}

/// A group's machines.
#[derive(Clone, Debug)]
struct State {
    /// By lane: the candidates in alarm, then their runs, plane by plane.
    words: Vec<u64>,
    /// Lanes with a machine that is not idle.
    busy: Mask,
}

impl Candidates {
    /// Machines for a shard whose lanes belong to the given strata, none of them covered yet.
    pub fn new(slate: &Slate, strata: &[u16], watched: Mask) -> Candidates {
        let lanes = strata.len();
        let words = lanes.div_ceil(64);
        let profiles = slate.program.profiles();
        let state = |group: &Group| State { words: vec![0; lanes * (1 + group.planes)], busy: vec![0; words] };
        let window = |(column, ticks, aggregate, sliding): &(Column, u32, Aggregate, Option<u32>)| {
            Window::new(*column, *ticks, *aggregate, *sliding, lanes, profiles)
        };
        Candidates {
            covered: vec![vec![0; words]; profiles as usize],
            states: slate.groups.iter().map(state).collect(),
            windows: slate.windows.iter().map(window).collect(),
            last_data: LastData::new(lanes),
            watched,
            strata: strata.to_vec(),
            raised: vec![[0; Slate::MOST]; strata.iter().max().map_or(0, |most| usize::from(*most) + 1)],
            rang: vec![0; lanes],
            changes: Vec::new(),
        }
    }

    /// What happened on watched lanes since the last call, in an unspecified but reproducible order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Alarms raised on lanes that are not watched, by stratum and candidate.
    pub fn raised(&self) -> &[[u64; Slate::MOST]] {
        &self.raised
    }

    /// Lanes that are not watched and raised an alarm, by stratum and candidate.
    pub fn rang(&self) -> Vec<[u64; Slate::MOST]> {
        let mut counts = vec![[0; Slate::MOST]; self.raised.len()];
        for (stratum, rang) in self.strata.iter().zip(&self.rang) {
            bits(*rang).for_each(|candidate| counts[usize::from(*stratum)][candidate] += 1);
        }
        counts
    }

    /// As [`Judge::cover`](super::Judge::cover).
    pub fn cover(&mut self, slate: &Slate, now: Timestamp, profile: u32, lane: u32, covered: bool) {
        let lane = lane as usize;
        let mask = &mut self.covered[profile as usize];
        if has_lane(mask, lane) == covered {
            return;
        }
        set_lane(mask, lane, covered);
        self.windows.iter_mut().for_each(|window| window.cover(profile, lane, covered));
        if !covered {
            for index in 0..slate.groups.len() {
                if slate.groups[index].profile == profile as usize {
                    self.invalidate(slate, index, lane, u64::MAX, now);
                }
            }
        }
    }

    /// What each lane would contribute to a population at the end of this tick, as
    /// [`Judge::contribute`](super::Judge::contribute).
    pub fn contribute(&self, slate: &Slate, tick: &Tick, population: usize, values: &mut Vec<u64>) {
        let group = &slate.groups[slate.populations[population]];
        let (column, window) = match group.source {
            Source::Tick(column) => (column, None),
            Source::Window { index, column } => (column, Some(&self.windows[index])),
            Source::Set(_) => return,
        };
        let covered = &self.covered[group.profile];
        contribute(column, window, group.profile, covered, slate.program.tick(), tick, values);
    }

    /// Judges one tick; `limits` are the populations', where they have any.
    pub fn judge(&mut self, slate: &Slate, tick: &Tick, limits: &[Option<Limits>]) {
        let step = slate.program.tick();
        for window in &mut self.windows {
            window.take(tick, step, &self.covered);
        }
        for (index, group) in slate.groups.iter().enumerate() {
            let limits = match slate.populations.iter().position(|p| *p == index) {
                None => &group.limits,
                Some(population) => match &limits[population] {
                    Some(limits) => limits,
                    None => continue,
                },
            };
            match group.source {
                Source::Set(position) => self.judge_set(slate, index, position, tick),
                Source::Tick(column) => self.judge_tick(slate, index, column, limits, tick),
                Source::Window { index: window, .. } => self.judge_window(slate, index, window, limits, tick),
            }
        }
        self.silence(slate, tick);
    }

    fn judge_set(&mut self, slate: &Slate, index: usize, position: usize, tick: &Tick) {
        let group = &slate.groups[index];
        for (word, violations) in tick.set_violations[position].iter().enumerate() {
            let source = if group.device_time { &tick.reported } else { &tick.active };
            let lanes = tick.not_missing(tick.set_position(position), word, source[word]);
            let present = lanes & self.covered[group.profile][word];
            let touched = present & (violations | self.states[index].busy[word]);
            let violated = |lane: usize| if violations >> (lane % 64) & 1 == 1 { group.members } else { 0 };
            self.step(group, index, word, touched, tick, violated);
        }
    }

    fn judge_tick(&mut self, slate: &Slate, index: usize, column: Column, limits: &Limits, tick: &Tick) {
        let group = &slate.groups[index];
        let values = tick.column(column);
        let (low, high) = limits.quiet();
        let (low, high) = match u32::try_from(low) {
            Ok(low) => (low, u32::try_from(high).unwrap_or(u32::MAX)),
            Err(_) => (1, 0),
        };
        for (word, chunk) in values.chunks(64).enumerate() {
            let present = points_of_tick(tick, column, word, chunk) & self.covered[group.profile][word];
            let touched = present & (outside(chunk, low, high) | self.states[index].busy[word]);
            self.step(group, index, word, touched, tick, |lane| limits.violated(u64::from(values[lane])));
        }
    }

    fn judge_window(&mut self, slate: &Slate, index: usize, window: usize, limits: &Limits, tick: &Tick) {
        let group = &slate.groups[index];
        if !self.windows[window].slides() && !self.windows[window].ends(tick, slate.program.tick()) {
            return;
        }
        let (low, high) = limits.quiet();
        // Lent out, so that the machines can be stepped meanwhile.
        let values = std::mem::take(&mut self.windows[window].values);
        for (word, chunk) in values.chunks(64).enumerate() {
            let present = self.windows[window].points(word, group.profile, tick, &self.covered[group.profile]);
            let touched = present & (outside(chunk, low, high) | self.states[index].busy[word]);
            self.step(group, index, word, touched, tick, |lane| limits.violated(values[lane]));
        }
        self.windows[window].values = values;
    }

    /// Feeds the datapoints of some lanes of a word to a group's machines (D-63, D-65, CH-82).
    #[inline]
    fn step(
        &mut self,
        group: &Group,
        index: usize,
        word: usize,
        touched: u64,
        tick: &Tick,
        violated: impl Fn(usize) -> u64,
    ) {
        let stride = 1 + group.planes;
        for bit in bits(touched) {
            let lane = word * 64 + bit;
            let state = &mut self.states[index].words[lane * stride..(lane + 1) * stride];
            let (in_alarm, runs) = state.split_first_mut().expect("a word for the alarms comes first");
            // In OK a violating datapoint counts, in ALARM a conforming one; any other starts the run afresh.
            let counts = violated(lane) ^ *in_alarm;
            let (mut carry, mut reached, mut running) = (counts, counts, 0);
            for (plane, run) in runs.iter_mut().enumerate() {
                let kept = *run & counts;
                let next = kept ^ carry;
                carry &= kept;
                let needed = *in_alarm & group.to_clear[plane] | !*in_alarm & group.to_alarm[plane];
                reached &= !(next ^ needed);
                *run = next;
            }
            for run in runs {
                *run &= !reached;
                running |= *run;
            }
            *in_alarm ^= reached;
            let busy = *in_alarm | running != 0;
            let raised = reached & *in_alarm;
            set_lane(&mut self.states[index].busy, lane, busy);
            if reached == 0 {
                continue;
            }
            if !has_lane(&self.watched, lane) {
                let counts = &mut self.raised[usize::from(self.strata[lane])];
                bits(raised).for_each(|candidate| counts[candidate] += 1);
                self.rang[lane] |= raised;
                continue;
            }
            let time = if group.device_time { tick.start + Millis(i64::from(tick.arrival[lane])) } else { tick.end };
            self.changes.extend(bits(reached).map(|candidate| Change {
                time,
                candidate: candidate as u8,
                lane: lane as u32,
                kind: if raised >> candidate & 1 == 1 {
                    ViolationEventType::InAlarm
                } else {
                    ViolationEventType::AlarmCleared
                },
            }));
        }
    }

    /// Ends the alarms of some candidates of a group on a lane and forgets their runs.
    fn invalidate(&mut self, slate: &Slate, index: usize, lane: usize, candidates: u64, now: Timestamp) {
        let stride = 1 + slate.groups[index].planes;
        let state = &mut self.states[index].words[lane * stride..(lane + 1) * stride];
        let ended = state[0] & candidates;
        state.iter_mut().for_each(|word| *word &= !candidates);
        let busy = state.iter().any(|word| *word != 0);
        set_lane(&mut self.states[index].busy, lane, busy);
        if has_lane(&self.watched, lane) {
            self.changes.extend(bits(ended).map(|candidate| Change {
                time: now,
                candidate: candidate as u8,
                lane: lane as u32,
                kind: ViolationEventType::AlarmInvalidated,
            }));
        }
    }

    /// Invalidates the alarms of lanes that have been silent for more than two days (D-60, D-62).
    fn silence(&mut self, slate: &Slate, tick: &Tick) {
        self.last_data.take(tick);
        if tick.end.floor_to(GRID) != tick.end {
            return;
        }
        for (index, group) in slate.groups.iter().enumerate().filter(|(_, group)| !group.exempt) {
            for word in 0..tick.active.len() {
                for bit in bits(self.states[index].busy[word] & !tick.active[word]) {
                    let lane = word * 64 + bit;
                    if self.last_data.is_silent(lane, tick.end) {
                        let in_alarm = self.states[index].words[lane * (1 + group.planes)];
                        self.invalidate(slate, index, lane, in_alarm, tick.end);
                    }
                }
            }
        }
    }
}

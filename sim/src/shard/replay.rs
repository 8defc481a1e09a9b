//! Recorded telemetry in place of simulated one: what is laid over it, and how it is judged, is the same. A run without
//! has none of this.

use std::collections::BTreeMap;

use defender::detect::columns::{Column, Extra, Program, bits, code, set_lane};
use defender::metric::{Metric, MetricRef};
use defender::time::{Millis, Timestamp};

use super::transit::AMOUNTS;
use super::{Common, LANES, Shard};
use crate::dice::{Dice, Purpose};
use crate::recording::{Point, Recording};
use crate::scenario::Scenario;

/// The columns that more traffic raises; amounts in reports beside them.
const MESSAGES: [Column; 2] = [Column::Sent, Column::Received];

/// What was recorded, as shards play it back.
#[derive(Debug)]
pub(crate) struct Replay {
    shards: Vec<Tracks>,
    /// Factor on traffic, in thousandths.
    traffic: u32,
}

/// What was recorded of a shard's devices.
#[derive(Debug, Default)]
struct Tracks {
    /// By column that was recorded.
    numbers: Vec<(Column, Track<u32>)>,
    reports: Track<Arrival>,
}

/// A report.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    /// When it arrived \[ms after the start of the tick\].
    after: u32,
    /// How far what it tells reaches back; `None`: it is the first.
    reach: Option<Millis>,
}

/// Values by tick and lane, of those lanes that have one.
#[derive(Debug)]
struct Track<T> {
    /// By tick: where its values begin. One more, for the end of the last.
    first: Vec<u32>,
    values: Vec<(u16, T)>,
}

impl<T> Default for Track<T> {
    fn default() -> Track<T> {
        Track { first: Vec::new(), values: Vec::new() }
    }
}

impl<T: Copy> Track<T> {
    /// Of values by (tick, lane).
    fn new(ticks: u64, points: &BTreeMap<(u32, u16), T>) -> Track<T> {
        let mut first = Vec::with_capacity(ticks as usize + 1);
        let mut keys = points.keys().map(|(tick, _)| *tick).enumerate().peekable();
        for tick in 0..=ticks as u32 {
            while keys.next_if(|(_, at)| *at < tick).is_some() {}
            first.push(keys.peek().map_or(points.len(), |(position, _)| *position) as u32);
        }
        Track { first, values: points.iter().map(|((_, lane), value)| (*lane, *value)).collect() }
    }

    /// The values of a tick.
    fn at(&self, tick: u64) -> &[(u16, T)] {
        match self.first.get(tick as usize..tick as usize + 2) {
            Some(&[from, to]) => &self.values[from as usize..to as usize],
            _ => &[],
        }
    }
}

/// How a recorded value becomes one of a column.
#[derive(Clone, Copy)]
struct Conversion {
    column: Column,
    /// The column's unit in that of the recording.
    unit: f64,
}

impl Conversion {
    fn of(metric: &MetricRef, program: &Program) -> Option<Conversion> {
        let metric = match metric {
            MetricRef::Aws(metric) => metric,
            MetricRef::Custom(name) => {
                let slot = program.extras().iter().position(|extra| *extra == Extra::Custom(name.clone()))?;
                return Some(Conversion { column: Column::Custom { slot: slot as u16 }, unit: 1.0 });
            }
        };
        let column = match metric {
            Metric::MessageByteSize => Column::LargestMessage,
            _ => Column::of(*metric)?,
        };
        // Exports have seconds, behaviors minutes (CH-53, D-94).
        let unit = if column == Column::DisconnectMinutes { 60.0 } else { 1.0 };
        Some(Conversion { column, unit })
    }

    fn value(self, recorded: f64) -> u32 {
        match self.column {
            Column::Custom { .. } => code(recorded),
            _ => libm::floor(recorded / self.unit).clamp(0.0, f64::from(u32::MAX)) as u32,
        }
    }

    /// Two values of one tick: amounts add up, of sizes the largest counts, of levels the last.
    fn join(self, before: u32, next: u32) -> u32 {
        match self.column {
            Column::LargestMessage => before.max(next),
            column if column.is_gauge() => next,
            _ => before.saturating_add(next),
        }
    }
}

/// Where and when values belong in a run.
struct Clock {
    start: Timestamp,
    tick: Millis,
    ticks: u64,
}

impl Clock {
    /// The tick that a datapoint of a column belongs to (D-35, D-43), and how long after its start it lies.
    fn tick_of(&self, column: Column, time: Timestamp) -> Option<(u32, u32)> {
        let start =
            if column.is_device_side() { time.floor_to(self.tick) } else { time.ceil_to(self.tick) - self.tick };
        let index = u64::try_from((start - self.start).0 / self.tick.0).ok()?;
        (start >= self.start && index < self.ticks).then(|| (index as u32, (time - start).0 as u32))
    }
}

impl Replay {
    /// The part of the scenario's recording that lies in its time.
    pub fn of(scenario: &Scenario, program: &Program, ticks: u64) -> Option<Replay> {
        let replay = scenario.replay.as_ref()?;
        let recording = &replay.recording;
        let clock = Clock { start: scenario.start, tick: program.tick(), ticks };
        let conversions: Vec<Option<Conversion>> =
            recording.metrics().iter().map(|metric| Conversion::of(metric, program)).collect();
        let shards = (0..recording.things().div_ceil(LANES as u32)).map(|shard| {
            let things = shard * LANES as u32..(shard + 1) * LANES as u32;
            let from = recording.points().partition_point(|point| point.thing < things.start);
            let to = recording.points().partition_point(|point| point.thing < things.end);
            Tracks::new(recording, &recording.points()[from..to], &conversions, &clock)
        });
        let traffic = libm::round(replay.traffic * 1_000.0).max(0.0) as u32;
        Some(Replay { shards: shards.collect(), traffic })
    }
}

impl Tracks {
    fn new(recording: &Recording, points: &[Point], conversions: &[Option<Conversion>], clock: &Clock) -> Tracks {
        let mut numbers: Vec<BTreeMap<(u32, u16), u32>> = vec![BTreeMap::new(); conversions.len()];
        let mut reports = BTreeMap::new();
        let is_report = |point: &&Point| !recording.metrics()[point.metric as usize].is_cloud_side();
        for own in points.chunk_by(|a, b| a.thing == b.thing) {
            let lane = (own[0].thing % LANES as u32) as u16;
            for point in own {
                let Some(conversion) = conversions[point.metric as usize] else { continue };
                let Some((tick, _)) = clock.tick_of(conversion.column, point.time) else { continue };
                let value = conversion.value(point.value);
                let values = &mut numbers[point.metric as usize];
                values
                    .entry((tick, lane))
                    .and_modify(|before| *before = conversion.join(*before, value))
                    .or_insert(value);
            }
            let mut times: Vec<Timestamp> = own.iter().filter(is_report).map(|point| point.time).collect();
            times.sort_unstable();
            times.dedup();
            let mut before = None;
            for time in times {
                let reach = before.replace(time).map(|before| time - before);
                if let Some((tick, after)) = clock.tick_of(Column::BytesOut, time) {
                    reports.insert((tick, lane), Arrival { after, reach });
                }
            }
        }
        let tracks = conversions.iter().zip(&numbers);
        let tracks = tracks
            .filter_map(|(conversion, values)| Some((conversion.as_ref()?.column, Track::new(clock.ticks, values))));
        Tracks { numbers: tracks.collect(), reports: Track::new(clock.ticks, &reports) }
    }
}

impl Shard {
    /// Makes the tick what was recorded, where something was; `number` is the tick's since the epoch, `index` that since
    /// the run's start.
    pub(super) fn play_back(&mut self, common: &Common, index: u64, number: u64) {
        let Some(replay) = &common.replay else { return };
        let tracks = &replay.shards[self.first as usize / LANES];
        let tick = &mut self.tick;
        tick.numbers.iter_mut().for_each(|column| column.fill(0));
        tick.active.fill(0);
        tick.reported.fill(0);
        for (column, track) in &tracks.numbers {
            let present = &mut tick.missing[column.index()];
            present.fill(0);
            for (lane, value) in track.at(index) {
                tick.numbers[column.index()][usize::from(*lane)] = *value;
                set_lane(present, usize::from(*lane), true);
            }
            let side = if column.is_device_side() { &mut tick.reported } else { &mut tick.active };
            side.iter_mut().zip(present).for_each(|(side, present)| *side |= *present);
        }
        // Who reports is connected (D-38).
        tick.active.iter_mut().zip(&tick.reported).for_each(|(active, reported)| *active |= reported);
        for (column, _) in &tracks.numbers {
            let side = if column.is_device_side() { &tick.reported } else { &tick.active };
            let lanes = &mut tick.missing[column.index()];
            match column.zero_is_absent() {
                // No size means no message, and an act may send one (D-40).
                true => lanes.fill(0),
                false => lanes.iter_mut().zip(side).for_each(|(lanes, side)| *lanes = side & !*lanes),
            }
        }
        for (lane, report) in tracks.reports.at(index) {
            tick.arrival[usize::from(*lane)] = report.after;
            if let Some(reach) = report.reach {
                self.reach[usize::from(*lane)] = reach.min(Millis::DAY);
            }
        }
        if replay.traffic != 1_000 {
            for lane in 0..self.lanes() {
                let mut dice = Dice::new(self.keys[lane], Purpose::Replay, number);
                self.scale(lane, &MESSAGES, replay.traffic, &mut dice);
                self.scale(lane, &AMOUNTS, replay.traffic, &mut dice);
            }
        }
    }

    /// Where a column has no datapoint, acts leave none.
    pub(super) fn withhold(&mut self) {
        for (column, missing) in self.tick.numbers.iter_mut().zip(&self.tick.missing) {
            for (lanes, missing) in column.chunks_mut(64).zip(missing) {
                for bit in bits(*missing) {
                    // The last word may have more bits than there are lanes.
                    lanes.get_mut(bit).into_iter().for_each(|value| *value = 0);
                }
            }
        }
    }
}

#[cfg(test)]
impl Shard {
    /// Samples a tick, to look at it.
    pub fn sampled(&mut self, common: &Common, index: u64) -> &defender::detect::columns::Tick {
        self.sample(common, index);
        &self.tick
    }
}

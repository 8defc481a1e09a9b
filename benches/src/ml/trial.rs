//! Trains a candidate on a population, counts its false alarms, and shows it deviations.

use defender::detect::ml::{AnomalyModel, Sample, TRAINING_SPAN};
use defender::detect::percentile::Multiset;
use defender::detect::wire::ConfidenceLevel;

use super::Candidate;
use super::population::{Population, START, TICKS, TRAINING_TICKS, time_of};

/// Levels in the order of all figures.
pub const LEVELS: [ConfidenceLevel; 3] = [ConfidenceLevel::Low, ConfidenceLevel::Medium, ConfidenceLevel::High];
/// Consecutive datapoints that make an alarm of a step or a ramp.
const CONSECUTIVE: u32 = 3;

/// A deviation of a device from health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deviation {
    /// One window.
    Spike,
    /// An hour.
    Step,
    /// Growing evenly through a day.
    Ramp,
}

impl Deviation {
    /// All, in the order of the tables.
    pub const ALL: [Deviation; 3] = [Deviation::Spike, Deviation::Step, Deviation::Ramp];
    /// How many times the healthy activity.
    pub const BOOSTS: [f64; 3] = [2.0, 4.0, 10.0];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Deviation::Spike => "spike",
            Deviation::Step => "step",
            Deviation::Ramp => "ramp",
        }
    }
}

/// Lets a fresh model learn two weeks of a population and build. With `one_by_one`, datapoints come singly and each
/// day in reverse, instead of counted and in order.
pub fn train(candidate: Candidate, population: &Population, devices: u32, one_by_one: bool) -> Box<dyn AnomalyModel> {
    let mut model = candidate.model();
    for day in 0..TRAINING_TICKS / TICKS {
        let ticks = day * TICKS..(day + 1) * TICKS;
        if one_by_one {
            for tick in ticks.rev() {
                for device in (0..devices).rev() {
                    let value = population.value(device, tick, 0, 1.0);
                    model.learn(Sample { time: time_of(tick), device: "d", value });
                }
            }
        } else {
            for tick in ticks {
                let values: Multiset = (0..devices).map(|device| population.value(device, tick, 0, 1.0)).collect();
                model.learn_many(time_of(tick), &values);
            }
        }
    }
    model.refresh(START + TRAINING_SPAN);
    model
}

/// Which levels call a datapoint anomalous.
fn judge(model: &dyn AnomalyModel, tick: u64, value: f64) -> [bool; 3] {
    let sample = Sample { time: time_of(tick), device: "d", value };
    LEVELS.map(|level| model.judge(sample, level).is_some_and(|judgment| judgment.anomalous))
}

/// False alarms by level on `replicas` draws of the day after training, and how many datapoints were judged.
pub fn false_alarms(model: &dyn AnomalyModel, population: &Population, devices: u32, replicas: u64) -> ([u64; 3], u64) {
    let mut alarms = [0; 3];
    for replica in 1..=replicas {
        for tick in TRAINING_TICKS..TRAINING_TICKS + TICKS {
            for device in 0..devices {
                let judged = judge(model, tick, population.value(device, tick, replica, 1.0));
                alarms.iter_mut().zip(judged).for_each(|(sum, anomalous)| *sum += u64::from(anomalous));
            }
        }
    }
    (alarms, replicas * TICKS * u64::from(devices))
}

/// The share of deviations that are seen, by level: each device deviates once, beginning at its own hour.
pub fn detections(
    model: &dyn AnomalyModel,
    population: &Population,
    devices: u32,
    deviation: Deviation,
    boost: f64,
) -> [f64; 3] {
    let mut seen = [0u32; 3];
    for device in 0..devices {
        let (begin, length) = match deviation {
            Deviation::Spike => (u64::from(device) * 37 % TICKS, 1),
            Deviation::Step => (u64::from(device) * 37 % (TICKS - 12), 12),
            Deviation::Ramp => (0, TICKS),
        };
        let needed = if deviation == Deviation::Spike { 1 } else { CONSECUTIVE };
        let mut run = [0u32; 3];
        let mut caught = [false; 3];
        for offset in 0..length {
            let tick = TRAINING_TICKS + begin + offset;
            let here = match deviation {
                Deviation::Ramp => 1.0 + (boost - 1.0) * (offset + 1) as f64 / length as f64,
                Deviation::Spike | Deviation::Step => boost,
            };
            let judged = judge(model, tick, population.value(device, tick, 99, here));
            for level in 0..3 {
                run[level] = if judged[level] { run[level] + 1 } else { 0 };
                caught[level] |= run[level] >= needed;
            }
        }
        seen.iter_mut().zip(caught).for_each(|(sum, caught)| *sum += u32::from(caught));
    }
    seen.map(|n| f64::from(n) / f64::from(devices))
}

/// Whether two models judge alike, to the bit, over a grid of hours and values.
pub fn alike(a: &dyn AnomalyModel, b: &dyn AnomalyModel) -> bool {
    (0..168).all(|hour| {
        (0..60).all(|step| {
            let sample = Sample {
                time: time_of(TRAINING_TICKS + hour * 12),
                device: "d",
                value: libm::exp2(f64::from(step) / 3.0),
            };
            LEVELS.iter().all(|level| a.judge(sample, *level) == b.judge(sample, *level))
        })
    })
}

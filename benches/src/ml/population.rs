//! Healthy fleets, and deviations of known size, drawn with the simulator's own samplers and dice.

use defender::time::{Millis, Timestamp};
use sim::dice::{Purpose, device_key, draw, mix, name_key, salt};
use sim::sampler::{AliasTables, Ladder, Quantile, octave_steps};

/// Windows of 300 s in a day.
pub const TICKS: u64 = 288;
/// Windows of the training span.
pub const TRAINING_TICKS: u64 = 14 * TICKS;
/// The midnight at which training begins; a Monday.
pub const START: Timestamp = Timestamp::from_seconds(1_748_822_400);

/// When a window ends.
pub fn time_of(tick: u64) -> Timestamp {
    START + Millis(Millis::minutes(5).0 * (tick as i64 + 1))
}

/// What a fleet's healthy datapoints look like. Devices differ by a log-normal factor (0.4) except where said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Negative binomial counts, mean 8, size 4.
    Steady,
    /// The same with a daily cycle (tenfold between night and noon) and quiet weekends.
    Cycles,
    /// Mean 20 with cycles, growing by 3 % a day.
    Growth,
    /// Always 2; devices alike.
    Flat,
    /// One event in 1,400 windows; devices alike.
    Rare,
    /// Always 4, but for bursts: one in 5,000 datapoints is thirty times higher and more.
    Bursts,
    /// Heavy-tailed sizes with cycles: log-normal with a spread of 1.
    Sizes,
}

impl Kind {
    /// All, in the order of the tables.
    pub const ALL: [Kind; 7] =
        [Kind::Steady, Kind::Cycles, Kind::Growth, Kind::Flat, Kind::Rare, Kind::Bursts, Kind::Sizes];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Steady => "steady",
            Kind::Cycles => "cycles",
            Kind::Growth => "growth",
            Kind::Flat => "flat",
            Kind::Rare => "rare",
            Kind::Bursts => "bursts",
            Kind::Sizes => "sizes",
        }
    }

    const fn mean(self) -> f64 {
        match self {
            Kind::Growth => 20.0,
            Kind::Rare => 0.0007,
            _ => 8.0,
        }
    }
}

/// A fleet of one kind.
#[derive(Debug)]
pub struct Population {
    kind: Kind,
    seed: u64,
    tables: AliasTables,
    ladder: Ladder,
    factor: Quantile,
    size: Quantile,
}

impl Population {
    /// The fleet of a kind and seed; it has as many devices as one asks for.
    pub fn new(kind: Kind, seed: u64) -> Population {
        let mut tables = AliasTables::default();
        let dispersion = if kind == Kind::Rare { f64::INFINITY } else { 4.0 };
        let ladder = Ladder::new(kind.mean(), dispersion, -48, 48, &mut tables);
        Population { kind, seed, tables, ladder, factor: Quantile::factor(0.4), size: Quantile::factor(1.0) }
    }

    fn word(&self, device: u32, purpose: Purpose, tick: u64) -> u32 {
        let key = device_key(self.seed, name_key(self.kind.name()), device);
        (draw(key, salt(purpose, tick)) >> 32) as u32
    }

    /// The cycle and trend at a window.
    fn shape(&self, tick: u64) -> f64 {
        let day = tick as f64 / TICKS as f64;
        let daily = libm::exp(1.15 * libm::sin(std::f64::consts::TAU * (day - 0.3)));
        let weekly = if (tick / TICKS) % 7 < 5 { 1.0 } else { 0.45 };
        match self.kind {
            Kind::Cycles | Kind::Sizes => daily * weekly,
            Kind::Growth => daily * weekly * libm::pow(1.03, day),
            Kind::Steady | Kind::Flat | Kind::Rare | Kind::Bursts => 1.0,
        }
    }

    /// The datapoint of a device at a window. A `boost` of 1 is health; 2 is twice the activity (of rare events: two
    /// more). `replica` tells repeated draws of the same window apart.
    pub fn value(&self, device: u32, tick: u64, replica: u64, boost: f64) -> f64 {
        let address = tick ^ (mix(replica) & 0xFFFF_FFFF_0000);
        let word = self.word(device, Purpose::Messages, if replica == 0 { tick } else { address });
        let factor =
            f64::from(self.factor.sample(self.word(device, Purpose::DeviceFactor, 0))) / f64::from(Quantile::ONE);
        let shape = self.shape(tick) * boost;
        match self.kind {
            Kind::Steady | Kind::Cycles | Kind::Growth => {
                f64::from(self.tables.sample(self.ladder.rung(octave_steps(factor * shape)), word))
            }
            Kind::Rare => {
                f64::from(self.tables.sample(self.ladder.rung(0), word)) + if boost > 1.0 { boost.round() } else { 0.0 }
            }
            Kind::Flat => (2.0 * boost).round(),
            Kind::Bursts => {
                let burst = if word < u32::MAX / 5_000 { 30.0 + f64::from(word % 64) } else { 1.0 };
                (4.0 * boost * burst).round()
            }
            Kind::Sizes => {
                let noise = f64::from(self.size.sample(word)) / f64::from(Quantile::ONE);
                (1_000.0 * factor * shape * noise).round()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_the_means_they_say() {
        for (kind, wanted) in [(Kind::Steady, 8.0), (Kind::Flat, 2.0), (Kind::Rare, 7e-4)] {
            let population = Population::new(kind, 3);
            let draws = (0..400u32).flat_map(|device| (0..TICKS).map(move |tick| (device, tick)));
            let sum: f64 = draws.map(|(device, tick)| population.value(device, tick, 0, 1.0)).sum();
            let mean = sum / (400.0 * TICKS as f64);
            assert!(
                (mean / wanted - 1.0).abs() < 0.5 * f64::from(u8::from(kind != Kind::Flat)) + 1e-9,
                "{kind:?} {mean}"
            );
        }
    }

    #[test]
    fn replicas_are_other_draws_of_the_same_window() {
        let population = Population::new(Kind::Steady, 1);
        let draws = |replica| (0..50u32).map(|device| population.value(device, 7, replica, 1.0)).collect::<Vec<_>>();
        assert_ne!(draws(0), draws(1));
        assert_eq!(draws(1), draws(1));
    }
}

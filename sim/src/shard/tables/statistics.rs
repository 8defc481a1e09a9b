//! What each archetype's devices do, held against closed forms: mean, variance, tail and autocorrelation of the counts
//! that are drawn, and the differences between devices. Seeds are fixed, and every bound is five standard errors of
//! the sample at hand: one in 1.7 million by chance, and either always or never.

use std::collections::BTreeMap;

use defender::detect::columns::{Column, Program, Tick};
use defender::time::{Millis, Timestamp};

use super::{ClassTables, Hourly, Needs};
use crate::dice::{Dice, Purpose, device_key, name_key};
use crate::scenario::archetype::{BUILTIN, builtin, load};
use crate::scenario::problem::Problems;
use crate::scenario::{Archetype, Traffic};
use crate::shard::Run;
use crate::shard::kernel::{Ranks, ordinary};

mod compound;

const LANES: usize = 128;
const WEEK: u64 = 7 * 288;

fn archetypes() -> impl Iterator<Item = Archetype> {
    BUILTIN.iter().map(|entry| {
        let source = builtin(entry.name).expect("it is built in");
        load(entry.name, &source, None, &mut Problems::new()).expect("it is valid")
    })
}

/// A class in a time zone whose local hours are those of UTC, from a Monday on.
fn tables(archetype: &Archetype) -> ClassTables {
    // 2026-06-01, midnight.
    let monday = Timestamp(1_780_272_000_000);
    ClassTables::new(archetype, &jiff::tz::TimeZone::UTC, monday, WEEK, Millis::minutes(5))
}

/// A week of ordinary ticks of a shard of one class.
fn week(archetype: &Archetype, tables: &ClassTables, mut look: impl FnMut(u64, &Tick, &[i16])) {
    let keys: Vec<u64> = (0..LANES as u32).map(|i| device_key(3, name_key(&archetype.name), i)).collect();
    let normal = |key: &u64| Dice::new(*key, Purpose::DeviceFactor, 0).normal();
    let steps: Vec<i16> = keys.iter().map(|key| tables.device_step(normal(key))).collect();
    let run = Run { class: 0, lanes: 0..LANES, ranks: Ranks::new(0..LANES, &keys, &steps) };
    let mut tick = Tick::new(LANES, &Program::default());
    for index in 0..WEEK {
        ordinary(&keys, &run, tables, Needs::ALL, index, index, &mut tick);
        look(index, &tick, &steps);
    }
}

/// A count's distribution at one rate.
struct Law {
    mean: f64,
    variance: f64,
    /// Excess kurtosis.
    kurtosis: f64,
    /// A high value, and the probability of it and everything above.
    tail: (f64, f64),
}

impl Law {
    /// Of a class's hour and a device's step. The ladder counts large rates in multiples of a scale.
    fn new(hourly: &Hourly, hour: usize, step: i32, dispersion: f64) -> Law {
        let (ladder, step) = (&hourly.ladder, i32::from(hourly.steps[hour]) + step);
        let (mean, variance) = (ladder.mean(step), ladder.variance(step));
        let scale = f64::from(ladder.rung(step).scale());
        let reduced = ((mean - (scale - 1.0) / 2.0) / scale).max(0.0);
        let spread = reduced + reduced * reduced / dispersion;
        let kurtosis = 6.0 / dispersion + 1.0 / spread;
        // The upper tail by adding up the probabilities of the negative binomial.
        let poisson = dispersion.is_infinite();
        let mut p = if poisson { (-reduced).exp() } else { (-dispersion * (reduced / dispersion).ln_1p()).exp() };
        let (mut value, mut above) = (0.0, 1.0);
        while above > 0.01 {
            above -= p;
            p *= if poisson {
                reduced / (value + 1.0)
            } else {
                reduced / (dispersion + reduced) * (dispersion + value) / (value + 1.0)
            };
            value += 1.0;
        }
        Law { mean, variance, kurtosis, tail: (value * scale, above) }
    }
}

#[test]
fn counts_have_the_mean_variance_tail_and_independence_of_their_closed_forms() {
    for archetype in archetypes() {
        let tables = tables(&archetype);
        let kinds: [(&str, Column, &Hourly, &Traffic); 2] = [
            ("sent", Column::Sent, &tables.sent, &archetype.sent),
            ("received", Column::Received, &tables.received, &archetype.received),
        ];
        let mut laws: [BTreeMap<(usize, i16), Law>; 2] = Default::default();
        let (mut sums, mut last) = ([Sums::default(), Sums::default()], [[0.0; LANES]; 2]);
        week(&archetype, &tables, |index, tick, steps| {
            let hour = tables.hour(index);
            for (kind, (_, column, hourly, traffic)) in kinds.iter().enumerate() {
                for (lane, step) in steps.iter().enumerate() {
                    let law = laws[kind]
                        .entry((hour, *step))
                        .or_insert_with(|| Law::new(hourly, hour, i32::from(*step), traffic.dispersion));
                    let value = f64::from(tick.column(*column)[lane]);
                    let residual = (value - law.mean) / law.variance.sqrt();
                    let sums = &mut sums[kind];
                    sums.deviation += value - law.mean;
                    sums.variance += law.variance;
                    sums.squares += residual * residual - 1.0;
                    sums.squares_error += 2.0 + law.kurtosis;
                    sums.tail += f64::from(u8::from(value >= law.tail.0)) - law.tail.1;
                    sums.tail_error += law.tail.1 * (1.0 - law.tail.1);
                    sums.products += if index > 0 { residual * last[kind][lane] } else { 0.0 };
                    sums.count += 1.0;
                    last[kind][lane] = residual;
                }
            }
        });
        for ((name, ..), sums) in kinds.iter().zip(sums) {
            let within = |what: &str, found: f64, variance: f64| {
                let error = variance.sqrt();
                assert!(found.abs() < 5.0 * error, "{} {name}: {what} is off by {found} ± {error}", archetype.name);
            };
            // Tables are exact to a few parts in a million, which a week of a fleet does not see.
            within("the mean", sums.deviation, sums.variance);
            within("the variance", sums.squares, sums.squares_error);
            within("the tail", sums.tail, sums.tail_error);
            within("the autocorrelation", sums.products, sums.count);
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Sums {
    deviation: f64,
    variance: f64,
    squares: f64,
    squares_error: f64,
    tail: f64,
    tail_error: f64,
    products: f64,
    count: f64,
}

#[test]
fn sessions_have_their_rates_and_are_independent() {
    for archetype in archetypes() {
        let tables = tables(&archetype);
        let per_tick = [archetype.reconnects_per_day / 288.0, archetype.authorization_failures_per_day / 288.0];
        let (mut counts, mut connections, mut both) = ([0.0; 2], 0.0, 0.0);
        week(&archetype, &tables, |_, tick, _| {
            for lane in 0..LANES {
                let at = |column: Column| f64::from(tick.column(column)[lane]);
                counts[0] += at(Column::Disconnects);
                counts[1] += at(Column::AuthorizationFailures);
                connections += at(Column::EstablishedConnections);
                both += at(Column::Disconnects) * at(Column::AuthorizationFailures);
            }
        });
        let n = (WEEK as usize * LANES) as f64;
        for (found, p) in counts.into_iter().zip(per_tick) {
            let error = (n * p * (1.0 - p)).sqrt();
            assert!((found - n * p).abs() <= 5.0 * error, "{}: {found} instead of {} ± {error}", archetype.name, n * p);
        }
        assert_eq!(both, 0.0, "{}: one event in a window", archetype.name);
        if archetype.report_interval.is_some() {
            // 1 + min(X, 4), X Poisson.
            let mean = archetype.extra_connections;
            let poisson = |k: i32| (-mean).exp() * mean.powi(k) / (1..=k).map(f64::from).product::<f64>();
            let (mut first, mut second) = (4.0, 16.0);
            for k in 0..4 {
                first -= (4.0 - f64::from(k)) * poisson(k);
                second -= (16.0 - f64::from(k * k)) * poisson(k);
            }
            let error = (n * (second - first * first)).sqrt();
            let expected = n * (1.0 + first);
            assert!((connections - expected).abs() <= 5.0 * error, "{}: {connections} {expected}", archetype.name);
        } else {
            assert_eq!(connections, 0.0, "{}: nobody reports", archetype.name);
        }
    }
}

/// The logarithms of device factors are normal with the archetype's heterogeneity, on the steps of the ladder.
#[test]
fn devices_differ_as_much_as_their_archetype_says() {
    let devices = 20_000u32;
    let octave = std::f64::consts::LN_2 / f64::from(crate::sampler::STEPS_PER_OCTAVE);
    for archetype in archetypes() {
        let tables = tables(&archetype);
        let logs: Vec<f64> = (0..devices)
            .map(|i| {
                let key = device_key(3, name_key(&archetype.name), i);
                f64::from(tables.device_step(Dice::new(key, Purpose::DeviceFactor, 0).normal())) * octave
            })
            .collect();
        let n = f64::from(devices);
        let mean = logs.iter().sum::<f64>() / n;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (n - 1.0);
        // Rounding to a step adds the variance of a uniform (Sheppard); the cut at 3.5 takes less than 0.2 % away.
        let sigma = archetype.heterogeneity;
        let expected = sigma * sigma + octave * octave / 12.0;
        assert!(mean.abs() < 5.0 * (expected / n).sqrt(), "{}: {mean}", archetype.name);
        let error = 5.0 * expected * (2.0 / n).sqrt() + 0.002 * expected;
        assert!((variance - expected).abs() < error, "{}: {variance} against {expected}", archetype.name);
        let beyond = logs.iter().filter(|log| log.abs() > 2.0 * sigma + octave / 2.0).count() as f64;
        // At two standard deviations and half a step, a step more or less is what rounding may do.
        let tail = |z: f64| libm::erfc(z / std::f64::consts::SQRT_2);
        let (low, high) = (tail(2.0 + octave / sigma) * n, tail(2.0) * n);
        assert!(beyond > low - 5.0 * low.sqrt() && beyond < high + 5.0 * high.sqrt(), "{}: {beyond}", archetype.name);
    }
}

//! The surrogate against fleets with known behavior. All dice are addressed by fixed seeds.

use proptest::prelude::*;

use super::*;
use crate::detect::Detect;
use crate::error::Compatibility;

const MIDNIGHT: Timestamp = Timestamp::from_seconds(1_748_736_000);
const WINDOW: Millis = Millis::minutes(5);
const LEVELS: [ConfidenceLevel; 3] = [ConfidenceLevel::Low, ConfidenceLevel::Medium, ConfidenceLevel::High];

/// Uniform in (0, 1), by address.
fn unit(seed: u64, device: u64, tick: u64, purpose: u64) -> f64 {
    let mut x = seed.wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ device.rotate_left(40) ^ tick.rotate_left(12) ^ purpose;
    for _ in 0..3 {
        x = (x ^ (x >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    }
    ((x >> 12) as f64 + 0.5) / (1u64 << 52) as f64
}

fn normal(seed: u64, device: u64, tick: u64, purpose: u64) -> f64 {
    let radius = (-2.0 * unit(seed, device, tick, purpose).ln()).sqrt();
    radius * (std::f64::consts::TAU * unit(seed, device, tick, purpose + 1)).cos()
}

/// A negative binomial count with size 4, by inversion.
fn count(mean: f64, u: f64) -> f64 {
    let size = 4.0;
    let (mut n, mut p) = (0.0, (size / (size + mean)).powf(size));
    let mut sum = p;
    while sum < u && n < 1e4 {
        n += 1.0;
        p *= (size + n - 1.0) / n * mean / (size + mean);
        sum += p;
    }
    n
}

/// What kind of fleet.
#[derive(Clone, Copy, Debug)]
enum Fleet {
    /// Counts with a daily and weekly cycle, devices that differ by a factor.
    Counts,
    /// The same growing by 3 % a day.
    Growing,
    /// Heavy-tailed sizes, not integer.
    Sizes,
    /// Nearly always 0.
    Rare,
    /// 4, but for one burst in 5,000 datapoints.
    Bursts,
    /// Temperatures around zero with a daily cycle.
    Temperatures,
}

fn value(fleet: Fleet, seed: u64, device: u64, tick: u64) -> f64 {
    let day = tick as f64 / 288.0;
    let cycle = (1.0 + 0.8 * (std::f64::consts::TAU * day).sin()) * if day as u64 % 7 < 5 { 1.0 } else { 0.4 };
    let factor = (0.4 * normal(seed, device, 0, 8)).exp();
    let u = unit(seed, device, tick, 1);
    match fleet {
        Fleet::Counts => count(8.0 * cycle * factor, u),
        Fleet::Growing => count(20.0 * cycle * factor * 1.03f64.powf(day), u),
        Fleet::Sizes => 300.5 * cycle * factor * (0.8 * normal(seed, device, tick, 2)).exp(),
        Fleet::Rare => count(7e-4, u),
        Fleet::Bursts => {
            if u < 2e-4 {
                60.0
            } else {
                4.0
            }
        }
        Fleet::Temperatures => 8.0 * (std::f64::consts::TAU * day).sin() + 1.5 * normal(seed, device, tick, 2),
    }
}

fn at(tick: u64) -> Timestamp {
    MIDNIGHT + Millis(WINDOW.0 * (tick as i64 + 1))
}

fn trained(fleet: Fleet, seed: u64, devices: u64) -> Surrogate {
    let mut model = Surrogate::default();
    for tick in 0..14 * 288 {
        let values: Multiset = (0..devices).map(|device| value(fleet, seed, device, tick)).collect();
        model.learn_many(at(tick), &values);
    }
    model.refresh(MIDNIGHT + TRAINING_SPAN);
    model
}

/// False alarms on the day after the training span, by level, and how many datapoints were judged.
fn false_alarms(model: &Surrogate, fleet: Fleet, seed: u64, devices: u64) -> ([u64; 3], u64) {
    let mut alarms = [0; 3];
    for tick in 14 * 288..15 * 288 {
        for device in 0..devices {
            let sample = Sample { time: at(tick), device: "d", value: value(fleet, seed, device, tick) };
            for (alarms, level) in alarms.iter_mut().zip(LEVELS) {
                *alarms += u64::from(model.judge(sample, level).expect("built").anomalous);
            }
        }
    }
    (alarms, devices * 288)
}

/// Bounds that a binomial count with this mean leaves once in 10⁴ (normal with a correction for skewness).
fn binomial(mean: f64) -> (f64, f64) {
    (mean - 3.8 * mean.sqrt(), mean + 3.8 * mean.sqrt() + 3.0)
}

#[test]
fn stated_rates_hold_on_held_out_healthy_datapoints() {
    for fleet in [Fleet::Counts, Fleet::Growing, Fleet::Sizes, Fleet::Rare, Fleet::Bursts, Fleet::Temperatures] {
        let (mut alarms, mut judged) = ([0; 3], 0);
        for seed in 0..3 {
            let model = trained(fleet, seed, 60);
            let (more, n) = false_alarms(&model, fleet, seed, 60);
            alarms.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            judged += n;
        }
        for (alarms, level) in alarms.iter().zip(LEVELS) {
            let expected = false_alarm_rate(level) * judged as f64;
            assert!((*alarms as f64) <= binomial(expected).1, "{fleet:?} {level}: {alarms}, stated {expected}");
        }
        // Where the numbers allow any rate, LOW is not merely silent.
        if matches!(fleet, Fleet::Counts | Fleet::Sizes | Fleet::Temperatures) {
            let expected = false_alarm_rate(ConfidenceLevel::Low) * judged as f64;
            assert!(alarms[0] as f64 >= binomial(expected * 0.7).0, "{fleet:?}: {}, stated {expected}", alarms[0]);
        }
    }
}

#[test]
fn stated_rates_hold_with_the_least_training_data() {
    let (mut alarms, mut judged) = ([0; 3], 0);
    for seed in 10..30 {
        let model = trained(Fleet::Counts, seed, 7); // 28,224 datapoints
        let (more, n) = false_alarms(&model, Fleet::Counts, seed, 7);
        alarms.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        judged += n;
    }
    for (alarms, level) in alarms.iter().zip(LEVELS) {
        // Thresholds come from about 28 datapoints beyond: their own luck doubles the variance, and more.
        let upper = binomial(2.0 * false_alarm_rate(level) * judged as f64).1;
        assert!((*alarms as f64) <= upper, "{level}: {alarms} of {judged}");
    }
}

#[test]
fn gross_deviations_are_seen_at_every_level() {
    for (fleet, wrong) in [
        (Fleet::Counts, 400.0),
        (Fleet::Growing, 1_500.0),
        (Fleet::Sizes, 200_000.0),
        (Fleet::Rare, 10.0),
        (Fleet::Bursts, 300.0),
        (Fleet::Bursts, 0.0),
        (Fleet::Temperatures, 40.0),
        (Fleet::Temperatures, -40.0),
    ] {
        let model = trained(fleet, 1, 40);
        for level in LEVELS {
            for hour in 0..24u64 {
                let sample = Sample { time: at(14 * 288 + hour * 12), device: "d", value: wrong };
                let judgment = model.judge(sample, level).expect("built");
                assert!(judgment.anomalous, "{fleet:?} {level} {wrong} at {hour}: {judgment:?}");
            }
        }
    }
}

#[test]
fn what_is_normal_at_noon_is_not_at_night() {
    let model = trained(Fleet::Counts, 1, 60);
    let upper = |tick| {
        let sample = Sample { time: at(tick), device: "d", value: 0.0 };
        model.judge(sample, ConfidenceLevel::Medium).expect("built").upper
    };
    let (day, night) = (upper(14 * 288 + 72), upper(14 * 288 + 216));
    assert!(night < 0.5 * day, "{night} {day}");
}

#[test]
fn a_flat_counter_allows_small_steps_and_no_large_ones() {
    for (level, normal, wrong) in [
        (ConfidenceLevel::Low, 101.0, 102.0),
        (ConfidenceLevel::Medium, 102.0, 103.0),
        (ConfidenceLevel::High, 103.0, 104.0),
    ] {
        let mut model = Surrogate::default();
        let values: Multiset = std::iter::repeat_n(100.0, 100).collect();
        (0..14 * 288).for_each(|tick| model.learn_many(at(tick), &values));
        model.refresh(MIDNIGHT + TRAINING_SPAN);
        for (value, anomalous) in
            [(100.0, false), (normal, false), (wrong, true), (200.0 - normal, false), (200.0 - wrong, true)]
        {
            let sample = Sample { time: at(15 * 288), device: "d", value };
            assert_eq!(
                model.judge(sample, level).map(|judgment| judgment.anomalous),
                Some(anomalous),
                "{level} {value}"
            );
        }
    }
    // Nothing but zeros: one event is unusual, three are wrong beyond doubt.
    let mut model = Surrogate::default();
    let zeros: Multiset = std::iter::repeat_n(0.0, 10).collect();
    (0..14 * 288).for_each(|tick| model.learn_many(at(tick), &zeros));
    model.refresh(MIDNIGHT + TRAINING_SPAN);
    let seen = |value| {
        LEVELS.map(|level| {
            model.judge(Sample { time: at(15 * 288), device: "d", value }, level).expect("built").anomalous
        })
    };
    assert_eq!([0.0, 1.0, 2.0, 3.0].map(seen), [[false; 3], [true, false, false], [true, true, false], [true; 3]]);
}

#[test]
fn d_ml4_a_refresh_looks_back_fourteen_days_and_no_further() {
    let mut model = Surrogate::default();
    let mut learn = |time, value, times| (0..times).for_each(|_| model.learn(Sample { time, device: "d", value }));
    learn(MIDNIGHT, 1e6, 5_000); // exactly 14 days before the tick: outside
    learn(MIDNIGHT + Millis(1), 10.0, 1_000);
    learn(MIDNIGHT + TRAINING_SPAN, 10.0, 1_000); // at the tick: inside
    learn(MIDNIGHT + TRAINING_SPAN + Millis(1), 1e6, 5_000); // after it
    model.refresh(MIDNIGHT + TRAINING_SPAN);
    let sample = Sample { time: MIDNIGHT + TRAINING_SPAN, device: "d", value: 10.0 };
    let judgment = model.judge(sample, ConfidenceLevel::High).expect("built");
    assert_eq!((judgment.lower, judgment.upper), (8.0, 12.0));
    // The next build has what came after.
    model.refresh(MIDNIGHT + TRAINING_SPAN + Millis::DAY);
    let later = Sample { time: sample.time + Millis(1), device: "d", value: 1e6 };
    assert!(model.judge(later, ConfidenceLevel::High).expect("built").upper > 1e5);
}

#[test]
fn nothing_is_judged_without_a_build_or_from_nothing() {
    let sample = Sample { time: MIDNIGHT, device: "d", value: 1.0 };
    let mut model = Surrogate::default();
    assert_eq!(model.judge(sample, ConfidenceLevel::Low), None);
    model.refresh(MIDNIGHT);
    assert_eq!(model.judge(sample, ConfidenceLevel::Low), None);
}

#[test]
fn the_lifecycle_runs_with_the_surrogate_and_labels_it() {
    let mut model = BehaviorModel::new(Box::new(Surrogate::default()));
    model.set_covered(MIDNIGHT, true);
    let values: Multiset = (0..25_000u32).map(|n| f64::from(n % 50)).collect();
    model.learn_many(MIDNIGHT + Millis::days(5), &values);
    model.tick(MIDNIGHT + TRAINING_SPAN);
    assert_eq!(model.status(MIDNIGHT + TRAINING_SPAN), ModelStatus::Active);
    let sample = Sample { time: MIDNIGHT + Millis::days(15), device: "d", value: 1e6 };
    assert_eq!(model.judge(sample, ConfidenceLevel::High).map(|judgment| judgment.anomalous), Some(true));
    let diagnostics = model.diagnostics(MIDNIGHT, "P", "B");
    // A whole service with it, instead of the stand-in.
    let _: Detect = Detect::with_models(1, Compatibility::default(), || Box::new(Surrogate::default()));
    assert_eq!((diagnostics.model, diagnostics.surrogate), ("engine-surrogate-seasonal-tails", true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// One by one or counted first, in order or not: the same bounds, to the bit. And no level is stricter than a
    /// more sensitive one, for any data whatever.
    #[test]
    fn order_and_split_do_not_matter_and_levels_are_nested(
        values in prop::collection::vec((0i64..14 * 24, prop_oneof![-1e6..1e6f64, (0u32..9).prop_map(f64::from)]), 1..400),
        sign in any::<bool>(),
        probe in -2e6..2e6f64,
    ) {
        let value = |value: f64| if sign { value.abs() } else { value };
        let time = |hour: i64| MIDNIGHT + Millis(Millis::HOUR.0 * (hour + 1));
        let mut single = Surrogate::default();
        for (hour, v) in &values {
            single.learn(Sample { time: time(*hour), device: "d", value: value(*v) });
        }
        let mut counted = Surrogate::default();
        for wanted in (0..14 * 24).rev() {
            let set: Multiset = values.iter().rev().filter(|(hour, _)| *hour == wanted).map(|(_, v)| value(*v)).collect();
            counted.learn_many(time(wanted), &set);
        }
        for model in [&mut single, &mut counted] {
            model.refresh(MIDNIGHT + TRAINING_SPAN);
            model.refresh(MIDNIGHT + TRAINING_SPAN); // a second build of the same changes nothing
        }
        let other = single.boxed_clone();
        for hour in [0, 31, 14 * 24 + 5, 40 * 24] {
            let sample = Sample { time: time(hour), device: "x", value: probe };
            let judged = LEVELS.map(|level| single.judge(sample, level).expect("built"));
            let again = LEVELS.map(|level| counted.judge(sample, level).expect("built"));
            prop_assert_eq!(judged, again);
            prop_assert_eq!(judged, LEVELS.map(|level| other.judge(sample, level).expect("built")));
            for pair in judged.windows(2) {
                prop_assert!(pair[1].lower <= pair[0].lower && pair[0].upper <= pair[1].upper, "{:?}", judged);
                prop_assert!(pair[0].anomalous || !pair[1].anomalous);
            }
            prop_assert!(judged.iter().all(|j| j.lower <= j.upper && j.lower.is_finite() && j.upper.is_finite()));
        }
    }
}

//! Numbers that carry their uncertainty: proportions (Wilson), rates (Garwood), paired differences (bootstrap).
//!
//! All intervals are two-sided at [`CONFIDENCE`]. Over no events there is no number: constructors return `None`, which
//! reports show as "n/a" and never as 100 %.

use serde::{Deserialize, Serialize};

use crate::special::gamma_quantile;

/// The level of every interval in a scorecard.
pub const CONFIDENCE: f64 = 0.95;

/// The 97.5 % quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A share of trials, with its Wilson score interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proportion {
    /// Trials with the property.
    pub successes: u64,
    /// All trials; at least 1.
    pub trials: u64,
    /// successes / trials.
    pub value: f64,
    /// Lower end of the 95 % Wilson interval.
    pub low: f64,
    /// Upper end of the 95 % Wilson interval.
    pub high: f64,
}

impl Proportion {
    /// `successes` of `trials`, or `None` if nothing was tried.
    ///
    /// Wilson's interval: the p for which |p̂ − p| ≤ z·√(p(1 − p)/n). It stays within 0..=1 and does not collapse to a
    /// point when all or none succeed.
    ///
    /// # Panics
    /// If more succeeded than were tried.
    pub fn of(successes: u64, trials: u64) -> Option<Proportion> {
        assert!(successes <= trials, "a part is not larger than the whole");
        if trials == 0 {
            return None;
        }
        let n = trials as f64;
        let p = successes as f64 / n;
        let z2 = Z * Z;
        let center = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = Z / (1.0 + z2 / n) * libm::sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n));
        // The formula gives 0 and 1 exactly at the ends; rounding must not say otherwise.
        let low = if successes == 0 { 0.0 } else { (center - half).max(0.0) };
        let high = if successes == trials { 1.0 } else { (center + half).min(1.0) };
        Some(Proportion { successes, trials, value: p, low, high })
    }
}

/// The 95 % interval of the difference of two independent shares, `second − first`, as (low, high).
///
/// Newcombe's hybrid of two Wilson intervals (Statistics in Medicine 17, 1998, method 10): with l, u the ends of each,
/// d − √((p₂ − l₂)² + (u₁ − p₁)²) and d + √((u₂ − p₂)² + (p₁ − l₁)²).
pub fn newcombe(first: Proportion, second: Proportion) -> (f64, f64) {
    let difference = second.value - first.value;
    let root = |a: f64, b: f64| libm::sqrt(a * a + b * b);
    let low = difference - root(second.value - second.low, first.high - first.value);
    let high = difference + root(second.high - second.value, first.value - first.low);
    (low, high)
}

/// Events per unit of exposure, with the exact Poisson (Garwood) interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Events counted.
    pub events: u64,
    /// Exposure, in the unit that the field's name says; positive.
    pub exposure: f64,
    /// events / exposure.
    pub value: f64,
    /// Lower end of the 95 % Garwood interval.
    pub low: f64,
    /// Upper end of the 95 % Garwood interval.
    pub high: f64,
}

impl Rate {
    /// `events` over `exposure`, or `None` if there was no exposure.
    ///
    /// Garwood's interval: \[χ²(0.025; 2k)/2, χ²(0.975; 2k + 2)/2\] divided by the exposure, that is, the gamma quantiles
    /// of shape k and k + 1. It is exact if events are independent; alarms that come in bursts vary more than it says.
    pub fn of(events: u64, exposure: f64) -> Option<Rate> {
        if !exposure.is_finite() || exposure <= 0.0 {
            return None;
        }
        let (low, high) = garwood(events);
        Some(Rate { events, exposure, value: events as f64 / exposure, low: low / exposure, high: high / exposure })
    }
}

/// The exact 95 % interval of a Poisson mean after `events` events.
fn garwood(events: u64) -> (f64, f64) {
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let low = if events == 0 { 0.0 } else { gamma_quantile(events as f64, tail) };
    (low, gamma_quantile(events as f64 + 1.0, 1.0 - tail))
}

/// The mean difference between two settings measured on the same seeds, with a bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Seeds on which both had a value.
    pub pairs: u64,
    /// Mean of (second − first).
    pub mean: f64,
    /// 2.5 % quantile of the resampled means.
    pub low: f64,
    /// 97.5 % quantile of the resampled means.
    pub high: f64,
}

impl Difference {
    /// Resamples drawn; enough for two stable digits of a 95 % interval.
    pub const RESAMPLES: u64 = 4_000;

    /// Fewest pairs for which an interval is given: with fewer, resampling repeats what little there is.
    pub const PAIRS_MIN: usize = 5;

    /// Whether the interval leaves zero out.
    pub fn is_clear(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Paired percentile bootstrap of the mean difference `second − first`; position i of both slices is one seed.
/// A pair in which either is n/a is left out. `None` with fewer than [`Difference::PAIRS_MIN`] pairs: inconclusive.
///
/// The draws are a function of (seed, resample, position): the same inputs give the same interval on any machine.
///
/// # Panics
/// If the slices differ in length.
pub fn paired_bootstrap(seed: u64, first: &[Option<f64>], second: &[Option<f64>]) -> Option<Difference> {
    assert_eq!(first.len(), second.len(), "pairs have two sides");
    let differences: Vec<f64> = first.iter().zip(second).filter_map(|(a, b)| Some((*b)? - (*a)?)).collect();
    let (mean, low, high) = resample(seed, &differences)?;
    Some(Difference { pairs: differences.len() as u64, mean, low, high })
}

/// Mean of `values` with its percentile bootstrap interval, as (mean, low, high). `None` with fewer than
/// [`Difference::PAIRS_MIN`] values.
pub fn bootstrap_mean(seed: u64, values: &[f64]) -> Option<(f64, f64, f64)> {
    resample(seed, values)
}

fn resample(seed: u64, values: &[f64]) -> Option<(f64, f64, f64)> {
    let n = values.len();
    if n < Difference::PAIRS_MIN {
        return None;
    }
    let mut means: Vec<f64> = (0..Difference::RESAMPLES)
        .map(|round| {
            let sum: f64 = (0..n as u64).map(|place| values[below(draw(seed, round, place), n)]).sum();
            sum / n as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let rank = |p: f64| means[((libm::ceil(p * means.len() as f64) as usize).max(1)) - 1];
    Some((values.iter().sum::<f64>() / n as f64, rank(tail), rank(1.0 - tail)))
}

/// 64 random bits for one place of one resample: SplitMix64's finalizer over the address.
fn draw(seed: u64, round: u64, place: u64) -> u64 {
    mix(mix(mix(seed).wrapping_add(round)).wrapping_add(place))
}

fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A whole number in `0..n` from 64 random bits; the bias is below n / 2⁶⁴.
fn below(bits: u64, n: usize) -> usize {
    ((u128::from(bits) * n as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(ours: f64, exact: f64, within: f64) {
        assert!((ours - exact).abs() <= within, "{ours} instead of {exact}");
    }

    #[test]
    fn wilson_by_hand() {
        // 8 of 10: center (0.8 + 0.192073) / 1.384146 = 0.716740, half-width 1.415981 · √(0.016 + 0.009604) = 0.226577.
        let p = Proportion::of(8, 10).expect("ten trials");
        close(p.value, 0.8, 0.0);
        close(p.low, 0.490_162, 1e-5);
        close(p.high, 0.943_318, 1e-5);
    }

    #[test]
    fn wilson_at_the_ends_is_not_certain() {
        // z²/(n + z²) with n = 20: 3.841459 / 23.841459 = 0.161125.
        let none = Proportion::of(0, 20).expect("twenty trials");
        assert_eq!(none.low, 0.0);
        close(none.high, 0.161_125, 1e-6);
        let all = Proportion::of(20, 20).expect("twenty trials");
        assert_eq!(all.high, 1.0);
        close(all.low, 1.0 - 0.161_125, 1e-6);
    }

    #[test]
    fn nothing_tried_is_not_a_number() {
        assert_eq!(Proportion::of(0, 0), None);
        assert_eq!(Rate::of(0, 0.0), None);
        assert_eq!(Rate::of(3, f64::NAN), None);
    }

    #[test]
    fn newcombe_against_the_published_example() {
        // 56 of 70 against 48 of 80: 0.0524 to 0.3339.
        let (first, second) = (Proportion::of(48, 80).expect("trials"), Proportion::of(56, 70).expect("trials"));
        let (low, high) = newcombe(first, second);
        close(low, 0.0524, 5e-5);
        close(high, 0.3339, 5e-5);
        let (low, high) = newcombe(second, first);
        close(low, -0.3339, 5e-5);
        close(high, -0.0524, 5e-5);
    }

    #[test]
    fn garwood_against_published_tables() {
        // 0: [0, −ln 0.025]; 1: [−ln 0.975, 5.571643]; 10: [4.795389, 18.390356].
        for (events, low, high) in
            [(0, 0.0, 3.688_879), (1, 0.025_318, 5.571_643), (10, 4.795_389, 18.390_356), (100, 81.363_9, 121.627)]
        {
            let rate = Rate::of(events, 1.0).expect("exposure");
            close(rate.low, low, 1e-3);
            close(rate.high, high, 1e-3);
        }
    }

    #[test]
    fn a_rate_scales_with_its_exposure() {
        let rate = Rate::of(10, 4.0).expect("exposure");
        close(rate.value, 2.5, 0.0);
        close(rate.low, 4.795_389 / 4.0, 1e-6);
    }

    #[test]
    fn value_stability() {
        assert_eq!(draw(42, 7, 3), 8_076_984_150_304_651_870);
        assert_eq!([below(0, 5), below(u64::MAX / 2, 5), below(u64::MAX, 5)], [0, 2, 4]);
    }

    #[test]
    fn a_constant_difference_has_an_interval_of_no_width() {
        let first: Vec<_> = (0..8).map(|i| Some(f64::from(i))).collect();
        let second: Vec<_> = (0..8).map(|i| Some(f64::from(i) + 0.5)).collect();
        let difference = paired_bootstrap(1, &first, &second).expect("eight pairs");
        assert_eq!((difference.mean, difference.low, difference.high), (0.5, 0.5, 0.5));
        assert!(difference.is_clear());
    }

    #[test]
    fn pairs_with_a_missing_side_are_left_out_and_few_pairs_are_inconclusive() {
        let first = [Some(1.0), None, Some(3.0), Some(4.0), Some(5.0), Some(6.0)];
        let mut second = [Some(2.0), Some(2.0), Some(2.0), Some(2.0), Some(2.0), Some(2.0)];
        let difference = paired_bootstrap(1, &first, &second).expect("five pairs");
        assert_eq!(difference.pairs, 5);
        close(difference.mean, (1.0 - 1.0 - 2.0 - 3.0 - 4.0) / 5.0, 1e-12);
        assert!(difference.low < difference.mean && difference.mean < difference.high);
        second[0] = None;
        assert_eq!(paired_bootstrap(1, &first, &second), None);
    }

    #[test]
    fn the_interval_has_about_the_width_of_the_normal_one() {
        // Differences ±1 in equal parts, n = 64: the mean's standard error is 1/8, so about ±0.245.
        let first = vec![Some(0.0); 64];
        let second: Vec<_> = (0..64).map(|i| Some(if i % 2 == 0 { 1.0 } else { -1.0 })).collect();
        let difference = paired_bootstrap(9, &first, &second).expect("64 pairs");
        close(difference.low, -0.245, 0.04);
        close(difference.high, 0.245, 0.04);
        assert!(!difference.is_clear());
    }
}

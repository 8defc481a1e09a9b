//! Over-dispersed counts for a geometric ladder of rates.

use super::alias::{AliasTables, TableId};

/// Steps per doubling of the rate: neighbouring rates differ by 9 %.
pub const STEPS_PER_OCTAVE: i32 = 8;

/// The number of ladder steps nearest to a factor.
pub fn octave_steps(factor: f64) -> i32 {
    libm::round(libm::log2(factor.max(1e-6)) * f64::from(STEPS_PER_OCTAVE)) as i32
}

/// Tables of counts per tick for the rates `base · 2^(step/8)`, for a range of steps.
#[derive(Clone, Debug)]
pub struct Ladder {
    base: f64,
    dispersion: f64,
    lowest: i32,
    rungs: Vec<TableId>,
}

/// Beyond this mean a table counts in multiples of a scale.
const FINE_MEAN: f64 = 48.0;
/// Probability that may be cut off at the upper end.
const TAIL: f64 = 1.0 / 8_589_934_592.0;

impl Ladder {
    /// Builds the tables for the steps `lowest..=highest` of a count with mean `base` at step 0 and negative-binomial
    /// size `dispersion` (variance = mean + mean²/dispersion; infinite: Poisson).
    ///
    /// A base of 0 gives a ladder that always draws 0.
    pub fn new(base: f64, dispersion: f64, lowest: i32, highest: i32, tables: &mut AliasTables) -> Ladder {
        let mut ladder = Ladder { base, dispersion, lowest, rungs: Vec::new() };
        for step in lowest..=highest.max(lowest) {
            let mean = ladder.mean(step);
            let scale = libm::ceil(mean / FINE_MEAN).max(1.0);
            let reduced = ((mean - (scale - 1.0) / 2.0) / scale).max(0.0);
            ladder.rungs.push(tables.add(&negative_binomial(reduced, dispersion), scale as u32));
        }
        ladder
    }

    /// The mean count per tick at a step.
    pub fn mean(&self, step: i32) -> f64 {
        self.base * libm::exp2(f64::from(step) / f64::from(STEPS_PER_OCTAVE))
    }

    /// The variance at a step, in closed form (of the scaled table where the mean is large).
    pub fn variance(&self, step: i32) -> f64 {
        let mean = self.mean(step);
        let scale = libm::ceil(mean / FINE_MEAN).max(1.0);
        let reduced = ((mean - (scale - 1.0) / 2.0) / scale).max(0.0);
        scale * scale * (reduced + reduced * reduced / self.dispersion) + (scale * scale - 1.0) / 12.0
    }

    /// The table of a step; steps beyond the ladder's ends use the last rung.
    #[inline]
    pub fn rung(&self, step: i32) -> TableId {
        let index = (step - self.lowest).clamp(0, self.rungs.len() as i32 - 1);
        self.rungs[index as usize]
    }
}

/// Probabilities of 0, 1, 2… up to a tail of less than 2⁻³³.
fn negative_binomial(mean: f64, size: f64) -> Vec<f64> {
    if mean <= 0.0 {
        return vec![1.0];
    }
    let poisson = size.is_infinite();
    // ln p(0): −mean for Poisson, −size·ln(1 + mean/size) otherwise. Built up in logarithms, so that large means
    // do not underflow.
    let mut log_p = if poisson { -mean } else { -size * libm::log1p(mean / size) };
    let ratio = if poisson { libm::log(mean) } else { libm::log(mean / (size + mean)) };
    let mut pmf = Vec::new();
    let mut sum = 0.0;
    for n in 0..65_535u32 {
        let p = libm::exp(log_p);
        pmf.push(p);
        sum += p;
        if f64::from(n) > mean && (1.0 - sum < TAIL || p < TAIL * 1e-3) {
            break;
        }
        let k = f64::from(n);
        log_p += ratio - libm::log(k + 1.0) + if poisson { 0.0 } else { libm::log(size + k) };
    }
    pmf
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::mix;

    /// Exact moments of a rung from its table's probabilities.
    fn moments(tables: &AliasTables, rung: TableId) -> (f64, f64) {
        let p = tables.probabilities(rung);
        let mean: f64 = p.iter().enumerate().map(|(v, p)| v as f64 * p).sum();
        let variance: f64 = p.iter().enumerate().map(|(v, p)| (v as f64 - mean) * (v as f64 - mean) * p).sum();
        let scale = f64::from(rung.scale());
        (mean * scale + (scale - 1.0) / 2.0, variance * scale * scale + (scale * scale - 1.0) / 12.0)
    }

    #[test]
    fn tables_have_the_closed_form_mean_and_variance() {
        for (base, dispersion) in [(0.02, 1.0), (3.0, f64::INFINITY), (10.0, 2.0), (30.0, 8.0), (300.0, 20.0)] {
            let mut tables = AliasTables::default();
            let ladder = Ladder::new(base, dispersion, -4, 2, &mut tables);
            for step in -4..=2 {
                let (mean, variance) = moments(&tables, ladder.rung(step));
                assert!((mean / ladder.mean(step) - 1.0).abs() < 1e-5, "{base} {dispersion} {step}: {mean}");
                assert!((variance / ladder.variance(step) - 1.0).abs() < 1e-3, "{base} {step}: {variance}");
            }
        }
    }

    /// n draws: the sample mean lies within 5 standard errors of the closed form (1 in 1.7 million by chance; the
    /// seed is fixed, so it either always does or never).
    #[test]
    fn draws_have_the_closed_form_mean_and_tail() {
        let n = 400_000u64;
        for (base, dispersion) in [(0.02, 1.0), (12.0, 3.0), (5_000.0, 10.0)] {
            let mut tables = AliasTables::default();
            let ladder = Ladder::new(base, dispersion, 0, 0, &mut tables);
            let draw = |i: u64| f64::from(tables.sample(ladder.rung(0), (mix(i) >> 32) as u32));
            let mean = (0..n).map(draw).sum::<f64>() / n as f64;
            let error = 5.0 * (ladder.variance(0) / n as f64).sqrt();
            assert!((mean - ladder.mean(0)).abs() < error, "{base}: {mean}");
        }
        // The upper tail of a geometric-like count (size 1): P(X ≥ 60) at mean 12 is (12/13)^60.
        let mut tables = AliasTables::default();
        let ladder = Ladder::new(12.0, 1.0, 0, 0, &mut tables);
        let tail = (0..n).filter(|i| tables.sample(ladder.rung(0), (mix(*i) >> 32) as u32) >= 60).count() as f64;
        let p = (12.0f64 / 13.0).powi(60);
        assert!((tail - p * n as f64).abs() < 5.0 * (p * n as f64).sqrt(), "{tail}");
    }

    #[test]
    fn a_zero_rate_draws_zero() {
        let mut tables = AliasTables::default();
        let ladder = Ladder::new(0.0, 1.0, 0, 0, &mut tables);
        assert!([0, 1, u32::MAX / 2, u32::MAX].iter().all(|w| tables.sample(ladder.rung(0), *w) == 0));
    }
}

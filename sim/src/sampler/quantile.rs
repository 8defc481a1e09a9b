//! Continuous distributions by table, with tails as fine as their probability: the index is made of which half, how
//! many halvings into the tail, and five bits within, so that a one-in-a-billion draw still has a bin of its own.

use crate::scenario::Size;

const SUB_BITS: u32 = 5;
const HALF: usize = 32 << SUB_BITS;

/// Where a word lies: bins get narrower towards both ends.
#[inline]
fn bin(word: u32) -> usize {
    let upper = (word >> 31) as usize;
    // Distance from the nearer end, in 0..2^31, shifted up by one so that it fills the word.
    let distance = (word ^ 0u32.wrapping_sub(word >> 31)) << 1;
    upper * HALF + log_bin(distance)
}

/// The bin of a 32-bit quantity on a logarithmic scale with 32 steps per octave; larger quantities first.
#[inline]
fn log_bin(quantity: u32) -> usize {
    let zeros = (quantity | 1).leading_zeros();
    let within = ((quantity << zeros) << 1) >> (32 - SUB_BITS);
    ((zeros << SUB_BITS) + within) as usize
}

/// The middle of a logarithmic bin, as a share of 2³².
fn log_middle(bin: usize) -> f64 {
    let (zeros, within) = (bin >> SUB_BITS, bin & ((1 << SUB_BITS) - 1));
    (1.0 + (within as f64 + 0.5) / f64::from(1 << SUB_BITS)) * libm::exp2(-(zeros as f64) - 1.0)
}

/// A quantile function by table: 2,048 values in fixed point with 16 binary digits after the point.
#[derive(Clone, Debug)]
pub struct Quantile(Box<[u32]>);

impl Quantile {
    /// One, in the fixed point of the table.
    pub const ONE: u32 = 1 << 16;

    /// Tabulates a quantile function; values are cut at 65,535.
    pub fn new(quantile: impl Fn(f64) -> f64) -> Quantile {
        let fixed = |x: f64| (x.clamp(0.0, 65_535.0) * f64::from(Quantile::ONE)).round() as u32;
        let lower = (0..HALF).map(|i| fixed(quantile(log_middle(i) / 2.0)));
        let upper = (0..HALF).map(|i| fixed(quantile(1.0 - log_middle(i) / 2.0)));
        Quantile(lower.chain(upper).collect())
    }

    /// A log-normal factor with mean 1 and this standard deviation of the logarithm.
    pub fn factor(sigma: f64) -> Quantile {
        Quantile::new(|p| libm::exp(sigma * normal_quantile(p) - sigma * sigma / 2.0))
    }

    /// Draws with a uniform word.
    #[inline]
    pub fn sample(&self, word: u32) -> u32 {
        self.0[bin(word)]
    }
}

/// The largest, and the smallest, of n log-normal message sizes with one draw.
///
/// If E is a standard exponential, then 1 − e^(−E/n) is distributed like the smallest of n uniforms; so it is the
/// upper tail probability of the largest of n sizes, and the lower one of the smallest.
#[derive(Clone, Debug)]
pub struct MessageSizes {
    exponential: Quantile,
    largest: Box<[u32]>,
    smallest: Box<[u32]>,
    /// 2⁶³ over n, rounded up, for small n.
    reciprocals: Box<[u64]>,
    mean: f64,
}

/// Numbers of messages whose reciprocals are tabulated.
const RECIPROCALS: u64 = 1_024;

impl MessageSizes {
    /// Tables for a size distribution.
    pub fn new(size: Size) -> MessageSizes {
        let at = |p: f64| {
            let bytes = size.median * libm::exp(size.spread * normal_quantile(p.clamp(1e-12, 1.0 - 1e-12)));
            bytes.clamp(1.0, size.maximum).round() as u32
        };
        // The index is E/n in units of 2⁻²⁷, so that 32 bits reach 32.
        let tail = |i: usize| -libm::expm1(-log_middle(i) * 32.0);
        MessageSizes {
            exponential: Quantile::new(|p| -libm::log1p(-p)),
            largest: (0..HALF).map(|i| at(1.0 - tail(i))).collect(),
            smallest: (0..HALF).map(|i| at(tail(i))).collect(),
            reciprocals: (0..RECIPROCALS).map(|n| (1u64 << 63).div_ceil(n.max(1))).collect(),
            mean: (size.median * libm::exp(size.spread * size.spread / 2.0)).min(size.maximum),
        }
    }

    /// Mean size of a message \[bytes\] (of the uncut distribution, at most the maximum).
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The largest of `n` messages \[bytes\]; 0 if there are none.
    #[inline]
    pub fn largest(&self, n: u32, word: u32) -> u32 {
        let largest = self.largest[self.tail(n, word)];
        if n == 0 { 0 } else { largest }
    }

    /// The smallest of `n` messages \[bytes\]; 0 if there are none.
    #[inline]
    pub fn smallest(&self, n: u32, word: u32) -> u32 {
        let smallest = self.smallest[self.tail(n, word)];
        if n == 0 { 0 } else { smallest }
    }

    #[inline]
    fn tail(&self, n: u32, word: u32) -> usize {
        // The table ends at −ln 2⁻³³ = 22.9, so this stays below 2³². The quotient of such a number by n, cut off, is the
        // product with the reciprocal, cut off: that is too large by less than 2⁻³¹, and the quotient falls short of the
        // next whole number by at least 1/n.
        let exponential = u64::from(self.exponential.sample(word)) << 11;
        let quotient = match self.reciprocals.get(n as usize) {
            Some(reciprocal) => ((u128::from(exponential << 1) * u128::from(*reciprocal)) >> 64) as u64,
            None => exponential / u64::from(n),
        };
        log_bin(quotient as u32)
    }
}

/// The quantile function of the standard normal: Acklam's rational approximation, refined by one step of Halley's
/// method against `erfc`, which brings it to double precision.
pub fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] =
        [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416];
    let horner = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    let tail = |p: f64| {
        let q = libm::sqrt(-2.0 * libm::log(p));
        horner(&C, q) / (horner(&D, q) * q + 1.0)
    };
    let x = if p <= 0.0 {
        return f64::NEG_INFINITY;
    } else if p >= 1.0 {
        return f64::INFINITY;
    } else if p < 0.024_25 {
        tail(p)
    } else if p > 1.0 - 0.024_25 {
        -tail(1.0 - p)
    } else {
        let q = p - 0.5;
        let r = q * q;
        horner(&A, r) * q / (horner(&B, r) * r + 1.0)
    };
    let error = 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2) - p;
    let u = error * libm::sqrt(2.0 * std::f64::consts::PI) * libm::exp(x * x / 2.0);
    x - u / (1.0 + x * u / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::mix;

    #[test]
    fn normal_quantiles_match_the_tables() {
        for (p, z) in [(0.5, 0.0), (0.975, 1.959_963_984_540_054), (0.001, -3.090_232_306_167_813)] {
            assert!((normal_quantile(p) - z).abs() < 1e-12, "{p}");
        }
    }

    #[test]
    fn bins_cover_both_ends_in_order() {
        assert_eq!(bin(0), (31 << SUB_BITS) as usize);
        assert_eq!(bin(u32::MAX), HALF + (31 << SUB_BITS) as usize);
        let table = Quantile::new(|p| p * 1000.0);
        let mut last = 0;
        for word in (0..=u32::MAX).step_by(1 << 18) {
            let value = table.sample(word);
            assert!(value >= last, "{word}");
            last = value;
        }
    }

    #[test]
    fn factors_have_mean_one_and_the_right_spread() {
        let sigma = 0.4;
        let table = Quantile::factor(sigma);
        let n = 300_000u64;
        let draws = |i: u64| f64::from(table.sample((mix(i) >> 32) as u32)) / f64::from(Quantile::ONE);
        let mean = (0..n).map(draws).sum::<f64>() / n as f64;
        let variance = (sigma * sigma).exp() - 1.0;
        assert!((mean - 1.0).abs() < 5.0 * (variance / n as f64).sqrt() + 5e-4, "{mean}");
    }

    #[test]
    fn quotients_are_those_of_a_division() {
        let sizes = MessageSizes::new(Size { median: 200.0, spread: 0.5, maximum: 1e6 });
        for n in (0..=1_030u32).chain([5_000, 1 << 20, u32::MAX]) {
            for word in [0, 1, u32::MAX, u32::MAX - 1].into_iter().chain((0..500u64).map(|i| (mix(i) >> 32) as u32)) {
                let exponential = u64::from(sizes.exponential.sample(word)) * 2_048;
                let quotient = u32::try_from(exponential / u64::from(n.max(1))).expect("it fits");
                assert_eq!(sizes.tail(n, word), log_bin(quotient), "{n} {word}");
            }
        }
    }

    /// The median of the largest of n is where F^n = 1/2.
    #[test]
    fn extremes_of_n_messages_have_the_closed_form_median() {
        let size = Size { median: 200.0, spread: 0.5, maximum: 1e6 };
        let sizes = MessageSizes::new(size);
        for n in [1u32, 5, 40, 1000] {
            let mut largest: Vec<u32> = (0..20_001u64).map(|i| sizes.largest(n, (mix(i) >> 32) as u32)).collect();
            largest.sort_unstable();
            let p = 0.5f64.powf(1.0 / f64::from(n));
            let wanted = 200.0 * (0.5 * normal_quantile(p)).exp();
            let found = f64::from(largest[10_000]);
            assert!((found / wanted - 1.0).abs() < 0.03, "n = {n}: {found} against {wanted}");
        }
        assert_eq!(sizes.largest(0, 77), 0);
    }
}

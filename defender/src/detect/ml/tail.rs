//! Where the upper tail of several groups of numbers begins to be rarer than stated.
//!
//! Where a group holds enough numbers, its own ranks say so. Beyond, the excesses over a high quantile are taken for a
//! generalized Pareto distribution (peaks over threshold), whose shape all groups share. At last all groups together
//! are held against the stated rate.

/// Numbers beyond a threshold that are enough to trust ranks.
const ENOUGH: f64 = 10.0;
/// Excesses without which there is no tail to model, but a few outliers.
const TAIL_MIN: u64 = 5;
/// Shapes of the excess distribution that are believed. At 0 it is exponential, which on a logarithmic scale is
/// already a power law; no tail of a healthy fleet is heavier than that.
const SHAPES: std::ops::RangeInclusive<f64> = -0.5..=0.0;

/// Variance of a shape that is estimated from one excess; that from n is the n-th part.
const SHAPE_VARIANCE: f64 = 1.3;
/// By how much a shape may be raised for not being known well.
const CAUTION_MAX: f64 = 0.1;

/// Numbers of one group with their occurrences, ascending.
pub(super) type Counted = Vec<(f64, u64)>;

/// A group, and which share of it may lie beyond each of the thresholds; shares descend.
#[derive(Clone, Debug)]
pub(super) struct Group<const N: usize> {
    pub(super) values: Counted,
    pub(super) shares: [f64; N],
}

/// The body's end of a group, from where its tail is modelled.
struct Peaks {
    /// Where excesses are measured from.
    base: f64,
    /// Share of the group beyond.
    share: f64,
    /// Excesses, ascending.
    excesses: Counted,
    mean: f64,
}

fn len(values: &[(f64, u64)]) -> u64 {
    values.iter().map(|(_, times)| times).sum()
}

/// The smallest of the numbers that at most `most` exceed.
fn exceeded_by_at_most(values: &[(f64, u64)], most: u64) -> Option<f64> {
    let mut beyond = 0;
    for (value, times) in values.iter().rev() {
        beyond += times;
        if beyond > most {
            return Some(*value);
        }
    }
    values.first().map(|(value, _)| *value)
}

/// How many numbers may lie beyond so that the next one does with a probability of at most `share`.
fn allowance(expected: f64) -> u64 {
    (expected.floor() as u64).saturating_sub(1)
}

/// The number that a Poisson variable of this mean exceeds once in a hundred times.
fn plausible(mean: f64) -> u64 {
    let (mut n, mut p) = (0u64, libm::exp(-mean));
    let mut sum = p;
    while sum < 0.99 {
        n += 1;
        p *= mean / n as f64;
        sum += p;
    }
    n
}

impl Peaks {
    /// `half_step` is half the distance to the next possible number: where numbers are few and integer, the tail
    /// begins in between.
    fn of(values: &[(f64, u64)], half_step: &dyn Fn(f64) -> f64) -> Option<Peaks> {
        let n = len(values);
        let most = (200.0 / n as f64).clamp(0.005, 0.05) * n as f64;
        let body = exceeded_by_at_most(values, most as u64)?;
        let tail = &values[values.partition_point(|(v, _)| *v <= body)..];
        let beyond = len(tail);
        if beyond < TAIL_MIN {
            return Some(Peaks { base: body, share: 0.0, excesses: Vec::new(), mean: 0.0 });
        }
        // Behind a gap (bursts), the tail begins where numbers are found again.
        let first = tail[0].0;
        let base = (body + half_step(body)).max(first - half_step(first));
        let excesses: Counted = tail.iter().map(|(v, times)| ((v - base).max(0.0), *times)).collect();
        let mean = excesses.iter().map(|(x, times)| x * *times as f64).sum::<f64>() / beyond as f64;
        let excesses = if mean > 0.0 { excesses } else { Vec::new() };
        Some(Peaks { base, share: beyond as f64 / n as f64, excesses, mean })
    }

    /// The threshold beyond which a share of the group lies, on average over what scale and shape may really be: the
    /// rate is convex in both, so their uncertainty must be paid for, the more the further the threshold lies out.
    fn threshold(&self, share: f64, common: Shape) -> f64 {
        let ratio = share / self.share;
        if ratio >= 1.0 || self.excesses.is_empty() {
            return self.base;
        }
        let distance = -libm::log(ratio);
        let own = len(&self.excesses) as f64;
        let caution = 1.0 / own + distance * distance / 4.0 * SHAPE_VARIANCE / common.excesses;
        let shape = common.value + caution.min(CAUTION_MAX);
        let scale = self.mean * (1.0 - common.value);
        let excess = if shape.abs() < 1e-6 { distance } else { (libm::exp(distance * shape) - 1.0) / shape };
        self.base + scale * excess
    }
}

/// A shape, and from how many excesses it is known.
#[derive(Clone, Copy, Debug)]
struct Shape {
    value: f64,
    excesses: f64,
}

/// The common shape of excesses, each measured by its group's mean, by probability-weighted moments.
fn shape<'a>(peaks: impl Iterator<Item = &'a Peaks>) -> Shape {
    let mut all: Counted =
        peaks.flat_map(|peaks| peaks.excesses.iter().map(|(x, times)| (x / peaks.mean, *times))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = len(&all) as f64;
    let (mut below, mut plain, mut weighted) = (0.0, 0.0, 0.0);
    for (x, times) in &all {
        let times = *times as f64;
        let beyond = 1.0 - (below + times / 2.0) / n;
        plain += x * times / n;
        weighted += x * beyond * times / n;
        below += times;
    }
    let shape = 2.0 - plain / (plain - 2.0 * weighted);
    let value = if shape.is_finite() { shape.clamp(*SHAPES.start(), *SHAPES.end()) } else { *SHAPES.start() };
    Shape { value, excesses: n }
}

/// Thresholds of every group, each at least as far out as the one before. `None` for an empty group.
pub(super) fn thresholds<const N: usize>(groups: &[Group<N>], half_step: &dyn Fn(f64) -> f64) -> Vec<Option<[f64; N]>> {
    let peaks: Vec<Option<Peaks>> = groups.iter().map(|group| Peaks::of(&group.values, half_step)).collect();
    let shape = shape(peaks.iter().flatten());
    let mut found: Vec<Option<[f64; N]>> = groups
        .iter()
        .zip(&peaks)
        .map(|(group, peaks)| {
            let last = group.values.last()?.0;
            let n = len(&group.values) as f64;
            let mut thresholds = [last; N];
            for (threshold, share) in thresholds.iter_mut().zip(group.shares) {
                *threshold = if n * share >= ENOUGH {
                    exceeded_by_at_most(&group.values, allowance(n * share)).unwrap_or(last)
                } else {
                    peaks.as_ref().map_or(last, |peaks| peaks.threshold(share, shape))
                };
            }
            Some(thresholds)
        })
        .collect();
    (0..N).for_each(|level| hold_to_share(groups, &mut found, level));
    for thresholds in found.iter_mut().flatten() {
        for level in 1..N {
            thresholds[level] = thresholds[level].max(thresholds[level - 1]);
        }
    }
    found
}

/// Shifts all groups' thresholds of one level alike, so that as many numbers lie beyond as stated; where the stated
/// rate means too few numbers to be seen, only if there are implausibly many.
fn hold_to_share<const N: usize>(groups: &[Group<N>], found: &mut [Option<[f64; N]>], level: usize) {
    let mut expected = 0.0;
    let mut beyond: Counted = Vec::new();
    for (group, thresholds) in groups.iter().zip(found.iter()) {
        let Some(thresholds) = thresholds else { continue };
        let n = len(&group.values);
        expected += n as f64 * group.shares[level];
        let tail = group.values.iter().rev().scan(0u64, |passed, (value, times)| {
            let before = *passed;
            *passed += times;
            (before as f64 <= 0.05 * n as f64).then_some((value - thresholds[level], *times))
        });
        beyond.extend(tail);
    }
    beyond.sort_by(|a, b| a.0.total_cmp(&b.0));
    let shift = if expected >= ENOUGH {
        exceeded_by_at_most(&beyond, allowance(expected)).unwrap_or(0.0)
    } else {
        exceeded_by_at_most(&beyond, plausible(expected)).unwrap_or(0.0).max(0.0)
    };
    found.iter_mut().flatten().for_each(|thresholds| thresholds[level] += shift);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARES: [f64; 3] = [1e-3, 1e-4, 1e-5];

    fn group(values: impl Iterator<Item = f64>) -> Group<3> {
        let mut values: Counted = values.map(|value| (value, 1)).collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        Group { values, shares: SHARES }
    }

    /// Quantiles at even steps: a sample without luck.
    fn exponential(n: u32, scale: f64) -> Group<3> {
        group((0..n).map(|i| -scale * (1.0 - (f64::from(i) + 0.5) / f64::from(n)).ln()))
    }

    /// Thresholds over their true values, less 1, of two groups with exponential tails.
    fn misses(n: u32) -> Vec<f64> {
        let found = thresholds(&[exponential(n, 1.0), exponential(n / 4, 3.0)], &|_| 0.0);
        let groups = found.into_iter().flatten().zip([1.0, 3.0]);
        groups.flat_map(|(found, scale)| [0, 1, 2].map(|i| found[i] / (-scale * SHARES[i].ln()) - 1.0)).collect()
    }

    #[test]
    fn an_exponential_tail_is_continued_beyond_the_sample() {
        assert!(misses(200_000).iter().all(|miss| (-0.03..0.06).contains(miss)), "{:?}", misses(200_000));
    }

    #[test]
    fn a_small_sample_is_continued_with_caution() {
        let misses = misses(20_000);
        assert!(misses.iter().all(|miss| (-0.03..0.25).contains(miss)), "{misses:?}");
        assert!(misses[2] > 0.03 && misses[5] > misses[2], "{misses:?}");
    }

    #[test]
    fn a_bounded_tail_is_seen_to_end() {
        let found = thresholds(&[group((0..20_000).map(|i| f64::from(i) / 20_000.0))], &|_| 0.0);
        let [low, medium, high] = found[0].expect("not empty");
        assert!(low > 0.998 && medium > low && high >= medium && high < 1.02, "{low} {medium} {high}");
    }

    #[test]
    fn without_spread_the_threshold_is_the_value() {
        let flat = Group { values: vec![(7.0, 30_000)], shares: SHARES };
        assert_eq!(thresholds(&[flat], &|_| 0.5), [Some([7.0; 3])]);
        assert_eq!(thresholds(&[Group { values: vec![], shares: SHARES }], &|_| 0.0), [None]);
    }

    #[test]
    fn repeated_bursts_are_healthy_and_one_outlier_is_not() {
        let ordinary = || (0..50_000).map(|i| f64::from(i % 100) / 100.0);
        let bursts = |n| thresholds(&[group(ordinary().chain((0..n).map(|_| 50.0)))], &|_| 0.0)[0];
        let [low, medium, high] = bursts(20).expect("not empty"); // a rate of 4·10⁻⁴
        assert!(low < 50.0 && medium >= 50.0 && high >= 50.0, "{low} {medium} {high}");
        assert!(bursts(1).expect("not empty").iter().all(|threshold| *threshold < 50.0));
    }

    #[test]
    fn counts_plausible_for_a_mean() {
        assert_eq!([0.001, 0.25, 2.5].map(plausible), [0, 2, 7]);
    }
}

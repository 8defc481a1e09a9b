//! A summary of many numbers in little memory: counts by bins whose width grows with the value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Binary digits of a value, after the leading one, that tell bins apart: neighbouring bins differ by at most 1/256.
pub(super) const DIGITS: u32 = 8;

/// The numbers of one bin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Bin {
    pub(super) times: u64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Counts by bin. Integers up to 512 and bins that hold one value only are exact; other values are known to 0.2 %.
///
/// It depends on which numbers went in and how often, never on their order or on how they were split (5.10 asks for
/// models that shards can fill apart).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sketch {
    bins: BTreeMap<u64, Bin>,
    len: u64,
}

/// The bin of a number; bins are ordered as the numbers are.
fn bin_of(value: f64) -> u64 {
    let bits = value.to_bits();
    let ordered = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    ordered >> (52 - DIGITS)
}

impl FromIterator<Bin> for Sketch {
    fn from_iter<I: IntoIterator<Item = Bin>>(bins: I) -> Sketch {
        let mut sketch = Sketch::default();
        for bin in bins {
            sketch.insert(bin_of(bin.low), bin);
            sketch.len += bin.times;
        }
        sketch
    }
}

impl Sketch {
    /// Adds a number as often as given.
    pub(super) fn add(&mut self, value: f64, times: u64) {
        if times == 0 {
            return;
        }
        let value = value + 0.0; // −0.0 becomes 0.0
        self.insert(bin_of(value), Bin { times, low: value, high: value });
        self.len += times;
    }

    /// Adds everything that another sketch holds.
    pub(super) fn merge(&mut self, other: &Sketch) {
        other.bins.iter().for_each(|(key, bin)| self.insert(*key, *bin));
        self.len += other.len;
    }

    fn insert(&mut self, key: u64, more: Bin) {
        self.bins
            .entry(key)
            .and_modify(|bin| {
                bin.times += more.times;
                bin.low = bin.low.min(more.low);
                bin.high = bin.high.max(more.high);
            })
            .or_insert(more);
    }

    /// How many numbers it holds, repetitions included.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether it holds none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One number per bin, ascending, with how often it occurs.
    pub fn iter(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.bins.values().map(|bin| (bin.low + (bin.high - bin.low) / 2.0, bin.times))
    }

    /// Whether only integers went in, as far as the ends of the bins tell.
    pub(super) fn is_integral(&self) -> bool {
        self.bins.values().all(|bin| bin.low.fract() == 0.0 && bin.high.fract() == 0.0)
    }

    /// The smallest number.
    pub(super) fn min(&self) -> Option<f64> {
        self.bins.values().next().map(|bin| bin.low)
    }

    /// The smallest number that at least this share of all does not exceed.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let rank = ((self.len as f64 * share).ceil() as u64).clamp(1, self.len.max(1));
        let mut below = 0;
        self.iter()
            .find(|(_, times)| {
                below += times;
                below >= rank
            })
            .map(|(value, _)| value)
    }

    /// Sum of all numbers after moving those outside into `[low, high]`.
    pub(super) fn clamped_sum(&self, low: f64, high: f64) -> f64 {
        self.iter().map(|(value, times)| value.clamp(low, high) * times as f64).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_integers_and_lone_values_are_exact() {
        let mut sketch = Sketch::default();
        (-512..=512).for_each(|n| sketch.add(f64::from(n), 2));
        sketch.add(1_234_567.89, 5);
        let values: Vec<(f64, u64)> = sketch.iter().collect();
        assert_eq!(values.len(), 1026);
        assert!(values.iter().zip(-512..=512).all(|(found, n)| *found == (f64::from(n), 2)));
        assert_eq!(values.last(), Some(&(1_234_567.89, 5)));
    }

    proptest! {
        #[test]
        fn neither_order_nor_split_matters(values in prop::collection::vec((-1e7..1e7f64, 0usize..3), 1..200)) {
            let mut whole = Sketch::default();
            let mut shards = vec![Sketch::default(); 3];
            for (value, _) in values.iter().rev() {
                whole.add(*value, 1);
            }
            for (value, shard) in &values {
                shards[*shard].add(*value, 1);
            }
            let mut merged = Sketch::default();
            shards.iter().for_each(|shard| merged.merge(shard));
            prop_assert_eq!(merged, whole);
        }

        #[test]
        fn quantiles_are_close(mut values in prop::collection::vec(0.0..1e9f64, 1..200), share in 0.0..=1.0f64) {
            let mut sketch = Sketch::default();
            values.iter().for_each(|value| sketch.add(*value, 1));
            values.sort_by(f64::total_cmp);
            let rank = ((values.len() as f64 * share).ceil() as usize).max(1);
            let (wanted, found) = (values[rank - 1], sketch.quantile(share).expect("not empty"));
            prop_assert!((found - wanted).abs() <= wanted / 256.0, "{} {}", found, wanted);
        }
    }
}

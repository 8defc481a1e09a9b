//! Exact percentiles of many numbers (5.9): a multiset that adds, merges and answers by rank.
//!
//! Values are kept with their number of occurrences, so that shards can each fill their own and add them up: merging
//! is commutative and loses nothing, whatever the split.

use std::collections::BTreeMap;

use super::criteria::Statistic;

/// Integers below this are counted in a plain array: most datapoints of most fleets are small counts.
const DENSE_END: usize = 4096;

/// A multiset of finite numbers with exact ranks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Multiset {
    /// Occurrences of 0, 1, 2 …, as far as needed.
    dense: Vec<u64>,
    /// Occurrences of all other values by [`order_key`].
    sparse: BTreeMap<u64, u64>,
    len: u64,
}

impl Multiset {
    /// Adds a value as often as given.
    ///
    /// # Panics
    /// If the value is not a number: datapoints always are.
    #[inline]
    pub fn add(&mut self, value: f64, times: u64) {
        assert!(!value.is_nan(), "a datapoint is a number");
        if times == 0 {
            return;
        }
        self.len += times;
        // Adding zero turns -0.0 into 0.0, which is equal to it.
        let value = value + 0.0;
        if value >= 0.0 && value < DENSE_END as f64 && value.fract() == 0.0 {
            let index = value as usize;
            if index >= self.dense.len() {
                self.dense.resize(index + 1, 0);
            }
            self.dense[index] += times;
        } else {
            *self.sparse.entry(order_key(value)).or_default() += times;
        }
    }

    /// Adds all values of another multiset.
    pub fn merge(&mut self, other: &Multiset) {
        if self.dense.len() < other.dense.len() {
            self.dense.resize(other.dense.len(), 0);
        }
        for (mine, theirs) in self.dense.iter_mut().zip(&other.dense) {
            *mine += theirs;
        }
        for (key, times) in &other.sparse {
            *self.sparse.entry(*key).or_default() += times;
        }
        self.len += other.len;
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.dense.clear();
        self.sparse.clear();
        self.len = 0;
    }

    /// How many values it holds, repetitions included.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether it holds none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The distinct values, ascending, with how often each occurs.
    pub fn iter(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let mut dense = self
            .dense
            .iter()
            .enumerate()
            .filter(|(_, times)| **times > 0)
            .map(|(v, times)| (v as f64, *times))
            .peekable();
        let mut sparse = self.sparse.iter().map(|(key, times)| (from_order_key(*key), *times)).peekable();
        std::iter::from_fn(move || match (dense.peek(), sparse.peek()) {
            (Some(a), Some(b)) if a.0 < b.0 => dense.next(),
            (_, Some(_)) => sparse.next(),
            (Some(_), None) => dense.next(),
            (None, None) => None,
        })
    }

    /// The value at a rank, counted from 1 in ascending order.
    pub fn at_rank(&self, rank: u64) -> Option<f64> {
        if rank == 0 {
            return None;
        }
        let mut below = 0;
        self.iter()
            .find(|(_, times)| {
                below += times;
                below >= rank
            })
            .map(|(value, _)| value)
    }

    /// The nearest-rank percentile (D-58, CH-79); `None` of nothing.
    pub fn percentile(&self, statistic: Statistic) -> Option<f64> {
        self.at_rank(statistic.rank(self.len))
    }

    /// The threshold that a population sets itself (D-58): `None` for fewer than two devices or if any value is
    /// negative, in which case nobody has a datapoint.
    pub fn threshold(&self, statistic: Statistic) -> Option<f64> {
        let smallest = self.iter().next().map(|(value, _)| value)?;
        if self.len < 2 || smallest < 0.0 { None } else { self.percentile(statistic) }
    }

    /// The median, the mean of the two middle values if their number is even.
    pub fn median(&self) -> Option<f64> {
        let lower = self.at_rank(self.len.div_ceil(2))?;
        let upper = self.at_rank(self.len / 2 + 1)?;
        Some(if lower == upper { lower } else { (lower + upper) / 2.0 })
    }
}

impl Extend<f64> for Multiset {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.add(value, 1));
    }
}

impl FromIterator<f64> for Multiset {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Multiset {
        let mut set = Multiset::default();
        set.extend(values);
        set
    }
}

/// An integer that orders as the number does.
fn order_key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// The inverse of [`order_key`].
fn from_order_key(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn p(name: &str) -> Statistic {
        Statistic::from_name(name).expect("a statistic of the API")
    }

    #[test]
    fn t_d30_to_t_d39_thresholds() {
        let one_to = |n: u32| (1..=n).map(f64::from).collect::<Multiset>();
        for (statistic, population, threshold) in [
            ("p90", one_to(10), Some(9.0)),
            ("p50", [3.0, 3.0, 8.0, 20.0].into_iter().collect(), Some(3.0)),
            ("p0", one_to(10), Some(1.0)),
            ("p100", one_to(10), Some(10.0)),
            ("p99", one_to(10), Some(10.0)),
            ("p99.9", one_to(1000), Some(999.0)),
            ("p90", one_to(1), None),
            ("p50", [-1.0, 2.0, 3.0].into_iter().collect(), None),
            ("p10", one_to(10), Some(1.0)),
        ] {
            assert_eq!(population.threshold(p(statistic)), threshold, "{statistic} of {population:?}");
        }
    }

    #[test]
    fn medians_of_odd_and_even_numbers() {
        let median = |values: &[f64]| values.iter().copied().collect::<Multiset>().median();
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[5.0]), Some(5.0));
        assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(&[9.0, 1.0, 5.0, 6.0]), Some(5.5));
    }

    #[test]
    fn zeros_of_either_sign_are_one_value() {
        let set: Multiset = [0.0, -0.0].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [(0.0, 2)]);
    }

    /// Small counts, large counts, fractions, negatives.
    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            (0u32..20).prop_map(f64::from),
            (4000u64..1 << 40).prop_map(|count| count as f64),
            -1e9..1e9f64,
            Just(-0.0),
        ]
    }

    proptest! {
        #[test]
        fn ranks_agree_with_sorting(mut values in prop::collection::vec(value(), 1..200)) {
            let set: Multiset = values.iter().copied().collect();
            values.sort_by(f64::total_cmp);
            let n = values.len() as u64;
            prop_assert_eq!(set.len(), n);
            for (i, value) in values.iter().enumerate() {
                prop_assert_eq!(set.at_rank(i as u64 + 1), Some(*value));
            }
            for (name, _) in Statistic::NAMES {
                let rank = p(name).rank(n) as usize;
                prop_assert_eq!(set.percentile(p(name)), Some(values[rank - 1]));
            }
        }

        #[test]
        fn merging_equals_adding_however_the_values_are_split(
            values in prop::collection::vec((value(), 0usize..4), 0..200),
        ) {
            let whole: Multiset = values.iter().map(|(value, _)| *value).collect();
            let mut shards = vec![Multiset::default(); 4];
            for (value, shard) in &values {
                shards[*shard].add(*value, 1);
            }
            let mut merged = Multiset::default();
            shards.iter().rev().for_each(|shard| merged.merge(shard));
            prop_assert!(merged.iter().eq(whole.iter()));
            prop_assert_eq!(merged.len(), whole.len());
        }

        #[test]
        fn order_keys_order_and_return(a in value(), b in value()) {
            prop_assert_eq!(from_order_key(order_key(a)).to_bits(), a.to_bits());
            prop_assert_eq!(order_key(a).cmp(&order_key(b)), a.total_cmp(&b));
        }
    }
}

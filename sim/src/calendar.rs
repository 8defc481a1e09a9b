//! The calendar of rare things: a total order by time, then by the order in which entries were made.
//!
//! ```text
//!   far   by spans of five minutes, unsorted ──▶ near   the first spans, as a heap ──▶ out
//! ```
//!
//! What is far away is only put on the pile of its span; what is near is few, and stays in the cache. With few entries,
//! or if all are for the same moment, a calendar is a heap.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};

use defender::time::{Millis, Timestamp};

/// What is put on one pile.
const SPAN: Millis = Millis::minutes(5);
/// So many may be near, wherever in time they are.
const FEW: usize = 1_024;

/// Entries in order.
#[derive(Clone, Debug)]
pub struct Calendar<T> {
    /// Entries up to the end of the span `current`; empty only if there are no others.
    near: BinaryHeap<Reverse<Entry<T>>>,
    /// Later ones, by span.
    far: BTreeMap<i64, Vec<Reverse<Entry<T>>>>,
    current: i64,
    serial: u64,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    time: Timestamp,
    serial: u64,
    what: T,
}

impl<T> Entry<T> {
    fn key(&self) -> (Timestamp, u64) {
        (self.time, self.serial)
    }

    fn span(&self) -> i64 {
        self.time.0.div_euclid(SPAN.0)
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl<T> Default for Calendar<T> {
    fn default() -> Self {
        Calendar { near: BinaryHeap::new(), far: BTreeMap::new(), current: 0, serial: 0 }
    }
}

impl<T> Calendar<T> {
    /// Enters something to be done at a time, after everything that is already to be done then.
    pub fn add(&mut self, time: Timestamp, what: T) {
        let entry = Reverse(Entry { time, serial: self.serial, what });
        let span = entry.0.span();
        self.serial += 1;
        if self.near.is_empty() || (self.far.is_empty() && self.near.len() < FEW) {
            self.current = self.current.max(span);
        }
        if span <= self.current {
            self.near.push(entry);
            // Now and then, in case that all are for the same span.
            if self.near.len() >= 4 * FEW && self.near.len().is_power_of_two() {
                self.put_off();
            }
        } else {
            self.far.entry(span).or_default().push(entry);
        }
    }

    /// Leaves few entries near, if they are for different spans.
    fn put_off(&mut self) {
        let mut entries = std::mem::take(&mut self.near).into_vec();
        let (_, Reverse(last), _) = entries.select_nth_unstable_by_key(FEW, |Reverse(entry)| entry.key());
        self.current = last.span();
        let (near, far): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|Reverse(entry)| entry.span() <= self.current);
        self.near = BinaryHeap::from(near);
        for entry in far {
            self.far.entry(entry.0.span()).or_default().push(entry);
        }
    }

    /// When the next entry is due.
    pub fn next(&self) -> Option<Timestamp> {
        self.near.peek().map(|Reverse(entry)| entry.time)
    }

    /// Takes the next entry out.
    pub fn pop(&mut self) -> Option<(Timestamp, T)> {
        let Reverse(Entry { time, what, .. }) = self.near.pop()?;
        if self.near.is_empty() && !self.far.is_empty() {
            let mut entries = std::mem::take(&mut self.near).into_vec();
            while entries.len() < FEW
                && let Some((span, mut pile)) = self.far.pop_first()
            {
                self.current = span;
                entries.append(&mut pile);
            }
            self.near = BinaryHeap::from(entries);
        }
        Some((time, what))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever is entered and taken out in whatever order, times before the last one taken included: entries
        /// leave as they would leave a sorted map.
        #[test]
        fn entries_leave_by_time_and_then_as_they_were_made(
            waiting in 0..6 * FEW,
            steps in prop::collection::vec(prop::option::weighted(0.4, -3_000_000_i64..3_000_000), 0..3 * FEW),
            coarse in 1_i64..400_000,
        ) {
            let (mut calendar, mut sorted) = (Calendar::default(), BTreeMap::new());
            // Enough to fill the piles of half an hour.
            let first = (0..waiting).map(|number| Some((number as i64 * 7_919_111) % 1_800_000));
            for (number, step) in first.chain(steps).enumerate() {
                match step {
                    Some(time) => {
                        // Rounded, so that many fall on one time.
                        let time = Timestamp(time / coarse * coarse);
                        calendar.add(time, number);
                        sorted.insert((time, number), ());
                    }
                    None => {
                        let expected = sorted.pop_first().map(|((time, number), ())| (time, number));
                        prop_assert_eq!(calendar.pop(), expected);
                    }
                }
                prop_assert_eq!(calendar.next(), sorted.first_key_value().map(|((time, _), ())| *time));
            }
            while let Some(((time, number), ())) = sorted.pop_first() {
                prop_assert_eq!(calendar.pop(), Some((time, number)));
            }
            prop_assert_eq!(calendar.pop(), None);
        }
    }
}

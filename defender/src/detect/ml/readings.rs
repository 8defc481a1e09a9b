//! What models learn from many devices at once: datapoints as judges of columns meet them, summed up by hour.
//!
//! ```text
//!   judge ── Readings (as they come) ──▶ Gathering (dense, one per thread) ──▶ TrainingData (small, to be kept)
//! ```
//!
//! Neither the order of the datapoints nor how they are split over judges and threads changes the result.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::hour_of;
use super::sketch::{Bin, DIGITS, Sketch};
use crate::detect::behavior::BASE_WINDOW;
use crate::time::{Millis, Timestamp};

/// Datapoints of one model that nobody has summed up yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// The end of a 300-s cell, and how many of the values come next that lie in it.
    cells: Vec<(Timestamp, u64)>,
    values: Vec<u64>,
}

impl Readings {
    /// Adds a datapoint.
    pub fn add(&mut self, time: Timestamp, value: u64) {
        self.add_all(time, [value]);
    }

    /// Adds datapoints of one 300-s cell.
    pub fn add_all(&mut self, time: Timestamp, values: impl IntoIterator<Item = u64>) {
        let before = self.values.len();
        self.values.extend(values);
        let more = (self.values.len() - before) as u64;
        let cell = time.ceil_to(BASE_WINDOW);
        match self.cells.last_mut() {
            _ if more == 0 => {}
            Some((last, count)) if *last == cell => *count += more,
            _ => self.cells.push((cell, more)),
        }
    }
}

/// Values below this have a bin each.
const EXACT: u64 = 1 << (DIGITS + 1);
/// Bins of all values.
const BINS: usize = EXACT as usize + (63 - DIGITS as usize) * (1 << DIGITS);

/// The bin of a whole number, as [`Sketch`] cuts them.
#[inline]
fn bin_of(value: u64) -> usize {
    if value < EXACT {
        return value as usize;
    }
    let exponent = value.ilog2();
    let digits = (value >> (exponent - DIGITS)) & ((1 << DIGITS) - 1);
    EXACT as usize + ((exponent - DIGITS - 1) as usize) * (1 << DIGITS) + digits as usize
}

#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    times: u64,
    low: u64,
    high: u64,
}

impl Counted {
    #[inline]
    fn add(&mut self, more: Counted) {
        if self.times == 0 {
            *self = more;
        } else if more.times > 0 {
            self.times += more.times;
            self.low = self.low.min(more.low);
            self.high = self.high.max(more.high);
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Hour {
    cells: BTreeMap<Timestamp, u64>,
    bins: Vec<Counted>,
}

impl Hour {
    fn bins(&mut self) -> &mut [Counted] {
        self.bins.resize(BINS, Counted::default());
        &mut self.bins
    }
}

/// Datapoints being summed up.
#[derive(Clone, Debug, Default)]
pub struct Gathering {
    hours: BTreeMap<i64, Hour>,
}

impl Gathering {
    /// Takes in what a judge has met.
    pub fn take(&mut self, readings: &Readings) {
        let mut rest = &readings.values[..];
        for (cell, count) in &readings.cells {
            let (values, later) = rest.split_at(*count as usize);
            rest = later;
            let hour = self.hours.entry(hour_of(*cell)).or_default();
            *hour.cells.entry(*cell).or_default() += count;
            let bins = hour.bins();
            for value in values {
                bins[bin_of(*value)].add(Counted { times: 1, low: *value, high: *value });
            }
        }
    }

    /// Both together.
    #[must_use]
    pub fn merged(mut self, other: Gathering) -> Gathering {
        for (hour, theirs) in other.hours {
            let ours = self.hours.entry(hour).or_default();
            for (cell, count) in theirs.cells {
                *ours.cells.entry(cell).or_default() += count;
            }
            ours.bins().iter_mut().zip(theirs.bins).for_each(|(ours, theirs)| ours.add(theirs));
        }
        self
    }

    /// The sum.
    pub fn finish(self) -> TrainingData {
        let hours = self.hours.into_values().map(|hour| {
            let bins = hour.bins.iter().filter(|bin| bin.times > 0);
            let bins = bins.map(|bin| Bin { times: bin.times, low: bin.low as f64, high: bin.high as f64 });
            (hour.cells.into_iter().collect(), bins.collect())
        });
        TrainingData { hours: hours.collect() }
    }
}

/// Datapoints of one model, summed up: how many in each 300-s cell, and by the hour which ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingData {
    hours: Vec<(Vec<(Timestamp, u64)>, Sketch)>,
}

impl TrainingData {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.hours.is_empty()
    }

    /// By hour: the cells with their counts, and the values.
    pub(super) fn hours(&self) -> impl Iterator<Item = (&[(Timestamp, u64)], &Sketch)> {
        self.hours.iter().map(|(cells, values)| (&cells[..], values))
    }
}

/// The whole numbers that a model takes for normal; none if `low > high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Normal {
    /// The smallest.
    pub low: u64,
    /// The largest.
    pub high: u64,
}

/// The end of the hour that an instant lies in; models judge alike until then.
pub fn end_of_hour(time: Timestamp) -> Timestamp {
    time.ceil_to(Millis::HOUR)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn neither_order_nor_split_matters(
            values in prop::collection::vec((0i64..9_000, 0u64..1 << 40, 0u32..40, 0usize..3), 1..200),
        ) {
            let mut plain: BTreeMap<i64, (BTreeMap<Timestamp, u64>, Sketch)> = BTreeMap::new();
            let mut judges = vec![Readings::default(); 3];
            for (second, value, shift, judge) in &values {
                let (time, value) = (Timestamp::from_seconds(*second), value >> shift);
                judges[*judge].add(time, value);
                let (cells, sketch) = plain.entry(hour_of(time)).or_default();
                *cells.entry(time.ceil_to(BASE_WINDOW)).or_default() += 1;
                sketch.add(value as f64, 1);
            }
            let [mut first, mut second] = [Gathering::default(), Gathering::default()];
            first.take(&judges[0]);
            second.take(&judges[2]);
            second.take(&judges[1]);
            let found = first.merged(second).finish();
            let wanted = plain.into_values().map(|(cells, sketch)| (cells.into_iter().collect(), sketch)).collect();
            prop_assert_eq!(found, TrainingData { hours: wanted });
        }
    }
}

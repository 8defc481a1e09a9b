//! What the straightforward candidates share: all datapoints of two weeks as they came, by hour.

use std::collections::BTreeMap;

use defender::detect::ml::{Sample, TRAINING_SPAN};
use defender::detect::percentile::Multiset;
use defender::detect::wire::ConfidenceLevel;
use defender::time::{Millis, Timestamp};

/// Datapoints by hour.
#[derive(Clone, Debug, Default)]
pub(super) struct Hours(BTreeMap<i64, Vec<f64>>);

fn hour_of(time: Timestamp) -> i64 {
    (time.millis() - 1).div_euclid(Millis::HOUR.0)
}

/// The hour of the week, 0 to 167.
pub(super) fn slot_of(time: Timestamp) -> usize {
    hour_of(time).rem_euclid(168) as usize
}

impl Hours {
    pub(super) fn learn(&mut self, sample: Sample<'_>) {
        self.0.entry(hour_of(sample.time)).or_default().push(sample.value);
    }

    pub(super) fn learn_many(&mut self, time: Timestamp, values: &Multiset) {
        let hour = self.0.entry(hour_of(time)).or_default();
        values.iter().for_each(|(value, times)| hour.extend(std::iter::repeat_n(value, times as usize)));
    }

    /// The datapoints of the training span by hour of the week, each sorted.
    pub(super) fn slots(&mut self, tick: Timestamp) -> Vec<Vec<f64>> {
        let end = tick.millis().div_euclid(Millis::HOUR.0);
        self.0 = self.0.split_off(&(end - TRAINING_SPAN.0 / Millis::HOUR.0));
        let mut slots = vec![Vec::new(); 168];
        for (hour, values) in self.0.range(..end) {
            slots[hour.rem_euclid(168) as usize].extend_from_slice(values);
        }
        slots.iter_mut().for_each(|slot| slot.sort_by(f64::total_cmp));
        slots
    }

    /// The datapoints of the training span in order of time, sorted within the hour.
    pub(super) fn in_order(&mut self, tick: Timestamp) -> Vec<(Timestamp, f64)> {
        let end = tick.millis().div_euclid(Millis::HOUR.0);
        self.0 = self.0.split_off(&(end - TRAINING_SPAN.0 / Millis::HOUR.0));
        let mut all = Vec::new();
        for (hour, values) in self.0.range(..end) {
            let mut values = values.clone();
            values.sort_by(f64::total_cmp);
            all.extend(values.into_iter().map(|value| (Timestamp((hour + 1) * Millis::HOUR.0), value)));
        }
        all
    }
}

/// By level, most sensitive first.
pub(super) const fn index(confidence: ConfidenceLevel) -> usize {
    match confidence {
        ConfidenceLevel::Low => 0,
        ConfidenceLevel::Medium => 1,
        ConfidenceLevel::High => 2,
    }
}

/// The value of a share in sorted ones; `None` of nothing.
pub(super) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied()
}

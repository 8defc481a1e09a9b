//! The stand-in model: distance from the median in units of the median absolute deviation (D-ML9, CH-81).

use std::collections::VecDeque;

use super::{AnomalyModel, Judgment, Sample};
use crate::detect::percentile::Multiset;
use crate::detect::wire::ConfidenceLevel;
use crate::time::{Millis, Timestamp};

/// Days that a build looks back.
const DAYS: i64 = 14;

/// Median and scaled median absolute deviation of all datapoints of the trailing 14 days. A datapoint is anomalous
/// if it is further from the median than 3, 4.5 or 6 deviations, for `LOW`, `MEDIUM` and `HIGH` confidence.
#[derive(Clone, Debug, Default)]
pub struct StandIn {
    /// What was learned, by day, oldest first; day n covers `(n·86,400 s, (n+1)·86,400 s]`.
    days: VecDeque<(i64, Multiset)>,
    built: Option<Built>,
}

/// A build.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Built {
    median: f64,
    scale: f64,
}

impl Built {
    /// `None` of nothing.
    fn of(values: &Multiset) -> Option<Built> {
        let median = values.median()?;
        let mut deviations = Multiset::default();
        values.iter().for_each(|(value, times)| deviations.add((value - median).abs(), times));
        let scale = 1.4826 * deviations.median()?;
        let scale = if scale == 0.0 { (0.05 * median.abs()).max(1.0) } else { scale };
        Some(Built { median, scale })
    }
}

/// How many deviations are still normal.
const fn deviations(confidence: ConfidenceLevel) -> f64 {
    match confidence {
        ConfidenceLevel::Low => 3.0,
        ConfidenceLevel::Medium => 4.5,
        ConfidenceLevel::High => 6.0,
    }
}

impl StandIn {
    fn day_of(&mut self, time: Timestamp) -> &mut Multiset {
        let day = (time.millis() - 1).div_euclid(Millis::DAY.0);
        let at = self.days.partition_point(|(d, _)| *d < day);
        if self.days.get(at).is_none_or(|(d, _)| *d != day) {
            self.days.insert(at, (day, Multiset::default()));
        }
        &mut self.days[at].1
    }
}

impl AnomalyModel for StandIn {
    fn name(&self) -> &'static str {
        "engine-stand-in"
    }

    fn learn(&mut self, sample: Sample<'_>) {
        self.day_of(sample.time).add(sample.value, 1);
    }

    fn learn_many(&mut self, time: Timestamp, values: &Multiset) {
        self.day_of(time).merge(values);
    }

    fn refresh(&mut self, tick: Timestamp) {
        let today = tick.millis().div_euclid(Millis::DAY.0);
        while self.days.front().is_some_and(|(day, _)| *day < today - DAYS) {
            self.days.pop_front();
        }
        let mut all = Multiset::default();
        self.days.iter().filter(|(day, _)| *day < today).for_each(|(_, values)| all.merge(values));
        self.built = Built::of(&all);
    }

    fn judge(&self, sample: Sample<'_>, confidence: ConfidenceLevel) -> Option<Judgment> {
        let Built { median, scale } = self.built?;
        let reach = deviations(confidence) * scale;
        let anomalous = (sample.value - median).abs() > reach;
        Some(Judgment { anomalous, lower: median - reach, upper: median + reach })
    }

    fn boxed_clone(&self) -> Box<dyn AnomalyModel> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDNIGHT: Timestamp = Timestamp::from_seconds(1_748_736_000);

    fn trained(values: &[f64]) -> StandIn {
        let mut model = StandIn::default();
        for value in values {
            model.learn(Sample { time: MIDNIGHT, device: "d", value: *value });
        }
        model.refresh(MIDNIGHT);
        model
    }

    fn anomalous(model: &StandIn, value: f64, confidence: ConfidenceLevel) -> bool {
        let sample = Sample { time: MIDNIGHT, device: "d", value };
        model.judge(sample, confidence).expect("a built model").anomalous
    }

    #[test]
    fn t_d40_no_spread_in_the_training_values() {
        let model = trained(&[100.0; 50]);
        for (confidence, normal) in
            [(ConfidenceLevel::High, 130.0), (ConfidenceLevel::Medium, 122.0), (ConfidenceLevel::Low, 115.0)]
        {
            assert!(!anomalous(&model, normal, confidence), "{confidence}");
            assert!(anomalous(&model, normal + 1.0, confidence), "{confidence}");
            assert!(!anomalous(&model, 200.0 - normal, confidence), "{confidence}");
            assert!(anomalous(&model, 199.0 - normal, confidence), "{confidence}");
        }
    }

    #[test]
    fn d_ml9_spread_is_the_scaled_median_deviation() {
        // Median 3, deviations 2 1 0 1 97, their median 1.
        let model = trained(&[1.0, 2.0, 3.0, 4.0, 100.0]);
        assert!(!anomalous(&model, 7.4, ConfidenceLevel::Low)); // 3 · 1.4826 = 4.4478
        assert!(anomalous(&model, 7.5, ConfidenceLevel::Low));
    }

    #[test]
    fn d_ml4_a_refresh_looks_back_fourteen_days_and_no_further() {
        let mut model = StandIn::default();
        let mut learn = |time, value| model.learn(Sample { time, device: "d", value });
        learn(MIDNIGHT, 1e6); // exactly 14 days before the tick: outside
        learn(MIDNIGHT + Millis(1), 10.0);
        learn(MIDNIGHT + Millis::days(14), 10.0); // at the tick: inside
        learn(MIDNIGHT + Millis::days(14) + Millis(1), 1e6); // after it
        model.refresh(MIDNIGHT + Millis::days(14));
        assert_eq!(model.built, Some(Built { median: 10.0, scale: 1.0 }));
    }

    #[test]
    fn nothing_is_judged_before_the_first_build() {
        let sample = Sample { time: MIDNIGHT, device: "d", value: 1.0 };
        assert_eq!(StandIn::default().judge(sample, ConfidenceLevel::Low), None);
    }
}

//! ML Detect (5.10): the life of a behavior's model, exactly as documented, around a replaceable model.
//!
//! The service does not publish its model. [`BehaviorModel`] is what it does document: when data is enough, when a
//! model is built, refreshed, discontinued. [`AnomalyModel`] is what it does not: any implementation here is a
//! surrogate, and every output says so ([`ModelDiagnostics`]).

mod readings;
mod season;
mod sketch;
mod stand_in;
mod surrogate;
#[cfg(test)]
mod surrogate_tests;
mod tail;

use std::collections::VecDeque;
use std::fmt::Debug;

use serde::Serialize;

use super::behavior::BASE_WINDOW;
use super::percentile::Multiset;
use super::wire::{ConfidenceLevel, ModelStatus};
use crate::time::{Millis, Timestamp, epoch_seconds};

pub use readings::{Gathering, Normal, Readings, TrainingData, end_of_hour};
pub use sketch::Sketch;
pub use stand_in::StandIn;
pub use surrogate::{Surrogate, false_alarm_rate};

/// How far back a model learns, and how long the first build waits (D-ML3).
pub const TRAINING_SPAN: Millis = Millis::days(14);
/// Datapoints in the training span without which nothing is built.
pub const DATAPOINTS_MIN: u64 = 25_000;
/// How long failing builds are retried, and how long a model survives without a covered device.
pub const RETRY_SPAN: Millis = Millis::days(30);

/// The hour of a datapoint: hour n covers `(n·3,600 s, (n+1)·3,600 s]`, as a window's value carries its end's time.
fn hour_of(time: Timestamp) -> i64 {
    (time.millis() - 1).div_euclid(Millis::HOUR.0)
}

/// One datapoint of an ML behavior.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'a> {
    /// The window's end or the report's arrival.
    pub time: Timestamp,
    /// The device, by the name it connects or reports under.
    pub device: &'a str,
    /// The value.
    pub value: f64,
}

/// What a model thinks of a datapoint.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Judgment {
    /// Whether the datapoint violates.
    pub anomalous: bool,
    /// The smallest value that would have been normal.
    pub lower: f64,
    /// The largest value that would have been normal.
    pub upper: f64,
}

/// A model of what is normal, learned from the datapoints of all devices that a profile covers (D-ML1).
///
/// Learning only collects; [`AnomalyModel::refresh`] builds. So a model judges a day's datapoints by what it knew at
/// the last midnight, and the order in which a day's datapoints arrive makes no difference.
///
/// Fast paths count on two more things: at one instant the normal values are an interval, the same for every device,
/// and it stays the same within an hour ([`end_of_hour`]).
pub trait AnomalyModel: Debug + Send + Sync {
    /// The model's name in diagnostics.
    fn name(&self) -> &'static str;

    /// Takes in one datapoint.
    fn learn(&mut self, sample: Sample<'_>);

    /// Takes in many datapoints of one instant whose devices are not told apart: for fast paths that count first.
    fn learn_many(&mut self, time: Timestamp, values: &Multiset);

    /// Takes in the datapoints of one hour, as far as a sketch tells them apart; `time` is any instant of the hour.
    fn learn_sketch(&mut self, time: Timestamp, values: &Sketch) {
        let mut all = Multiset::default();
        values.iter().for_each(|(value, times)| all.add(value, times));
        self.learn_many(time, &all);
    }

    /// Builds anew from the datapoints in `(tick − 14 d, tick]` and forgets what is older. `tick` is a midnight.
    fn refresh(&mut self, tick: Timestamp);

    /// Judges a datapoint by the last build; `None` before the first.
    fn judge(&self, sample: Sample<'_>, confidence: ConfidenceLevel) -> Option<Judgment>;

    /// A copy behind the trait.
    fn boxed_clone(&self) -> Box<dyn AnomalyModel>;
}

/// The model of one ML behavior of one profile, with its life (D-ML2 … D-ML8, CH-80).
#[derive(Debug)]
pub struct BehaviorModel {
    model: Box<dyn AnomalyModel>,
    status: ModelStatus,
    started: Option<Timestamp>,
    refreshed: Option<Timestamp>,
    /// The first failing tick since the start or the last good refresh.
    failing: Option<Timestamp>,
    /// Since when no device is covered, once one was.
    uncovered: Option<Timestamp>,
    /// Datapoints by the end of their 300-s cell, oldest first.
    cells: VecDeque<(Timestamp, u64)>,
}

impl Clone for BehaviorModel {
    fn clone(&self) -> Self {
        BehaviorModel { model: self.model.boxed_clone(), cells: self.cells.clone(), ..*self }
    }
}

impl BehaviorModel {
    /// A model that has seen nothing, of a behavior whose profile was not attached yet.
    pub fn new(model: Box<dyn AnomalyModel>) -> BehaviorModel {
        BehaviorModel {
            model,
            status: ModelStatus::PendingBuild,
            started: None,
            refreshed: None,
            failing: None,
            uncovered: None,
            cells: VecDeque::new(),
        }
    }

    /// Tells whether the profile covers any device now. The first time it does, collection starts (CH-80); once it
    /// does no longer, the model has 30 days (D-ML6).
    pub fn set_covered(&mut self, now: Timestamp, covered: bool) {
        self.expire_uncovered(now);
        match (covered, self.uncovered) {
            (true, _) => {
                self.started.get_or_insert(now);
                self.uncovered = None;
            }
            (false, None) if self.started.is_some() => self.uncovered = Some(now),
            (false, _) => {}
        }
    }

    /// The name of the model that judges, as diagnostics give it.
    pub fn name(&self) -> &'static str {
        self.model.name()
    }

    /// Takes in one datapoint, unless the model has expired.
    pub fn learn(&mut self, sample: Sample<'_>) {
        if self.status != ModelStatus::Expired {
            self.count(sample.time, 1);
            self.model.learn(sample);
        }
    }

    /// Takes in many datapoints of one instant.
    pub fn learn_many(&mut self, time: Timestamp, values: &Multiset) {
        if self.status != ModelStatus::Expired {
            self.count(time, values.len());
            self.model.learn_many(time, values);
        }
    }

    /// Takes in the datapoints of a stretch of time.
    pub fn learn_data(&mut self, data: &TrainingData) {
        if self.status == ModelStatus::Expired {
            return;
        }
        for (cells, values) in data.hours() {
            cells.iter().for_each(|(cell, times)| self.count(*cell, *times));
            if let Some((cell, _)) = cells.first() {
                self.model.learn_sketch(*cell, values);
            }
        }
    }

    fn count(&mut self, time: Timestamp, times: u64) {
        let cell = time.ceil_to(BASE_WINDOW);
        match self.cells.back_mut() {
            Some((last, count)) if *last == cell => *count += times,
            Some((last, _)) if *last > cell => {
                let at = self.cells.partition_point(|(end, _)| *end < cell);
                match self.cells.get_mut(at) {
                    Some((end, count)) if *end == cell => *count += times,
                    _ => self.cells.insert(at, (cell, times)),
                }
            }
            _ => self.cells.push_back((cell, times)),
        }
    }

    /// Datapoints in the trailing 14 days `(now − 14 d, now]`, to the 300-s cell.
    pub fn datapoints(&self, now: Timestamp) -> u64 {
        let horizon = now - TRAINING_SPAN;
        self.cells.iter().filter(|(end, _)| *end > horizon && *end <= now.ceil_to(BASE_WINDOW)).map(|(_, n)| n).sum()
    }

    /// The daily build at 00:00 UTC (D-ML3, D-ML4): builds if 14 days have passed since the start and the trailing 14
    /// days hold 25,000 datapoints; otherwise the failure counts towards the 30 days of retries. Returns whether the
    /// model expired at this tick.
    pub fn tick(&mut self, tick: Timestamp) -> bool {
        let was_expired = self.status == ModelStatus::Expired;
        self.expire_uncovered(tick);
        if self.status != ModelStatus::Expired && self.started.is_some_and(|started| tick >= started + TRAINING_SPAN) {
            self.build(tick);
        }
        let horizon = tick - TRAINING_SPAN;
        while self.cells.front().is_some_and(|(end, _)| *end <= horizon) {
            self.cells.pop_front();
        }
        !was_expired && self.status == ModelStatus::Expired
    }

    fn build(&mut self, tick: Timestamp) {
        if self.datapoints(tick) >= DATAPOINTS_MIN {
            self.model.refresh(tick);
            self.status = ModelStatus::Active;
            self.refreshed = Some(tick);
            self.failing = None;
        } else if tick >= *self.failing.get_or_insert(tick) + RETRY_SPAN {
            self.status = ModelStatus::Expired;
        }
    }

    fn expire_uncovered(&mut self, now: Timestamp) {
        if self.uncovered.is_some_and(|since| now >= since + RETRY_SPAN) {
            self.status = ModelStatus::Expired;
        }
    }

    /// Judges a datapoint; `None` while no model is in use: nothing is evaluated then (D-ML5).
    pub fn judge(&self, sample: Sample<'_>, confidence: ConfidenceLevel) -> Option<Judgment> {
        if self.status == ModelStatus::Active { self.model.judge(sample, confidence) } else { None }
    }

    /// The whole numbers that [`BehaviorModel::judge`] takes for normal at an instant.
    pub fn normal(&self, time: Timestamp, confidence: ConfidenceLevel) -> Option<Normal> {
        /// Whole numbers up to here are doubles.
        const LARGEST: f64 = 9_007_199_254_740_992.0;
        let judge = |value: u64| self.judge(Sample { time, device: "", value: value as f64 }, confidence);
        let Judgment { lower, upper, .. } = judge(0)?;
        let middle = lower + (upper - lower) / 2.0;
        let anomalous = |value: u64| judge(value).is_some_and(|judgment| judgment.anomalous);
        let too_high = |value: u64| value as f64 > middle && anomalous(value);
        let too_low = |value: u64| value as f64 <= middle && anomalous(value);
        // The bounds are known to rounding; the judgment has the last word.
        let high = if upper < LARGEST {
            let mut high = upper.max(0.0) as u64;
            while !too_high(high + 1) {
                high += 1;
            }
            while high > 0 && too_high(high) {
                high -= 1;
            }
            Some(high).filter(|high| !too_high(*high))
        } else {
            Some(u64::MAX)
        };
        let mut low = lower.clamp(0.0, LARGEST).ceil() as u64;
        while low > 0 && !too_low(low - 1) {
            low -= 1;
        }
        while too_low(low) {
            low += 1;
        }
        Some(high.map_or(Normal { low: 1, high: 0 }, |high| Normal { low, high }))
    }

    /// The state as of `now` (D-ML2).
    pub fn status(&self, now: Timestamp) -> ModelStatus {
        match self.uncovered {
            Some(since) if now >= since + RETRY_SPAN => ModelStatus::Expired,
            _ => self.status,
        }
    }

    /// When collection started (`trainingDataCollectionStartDate`).
    pub const fn started(&self) -> Option<Timestamp> {
        self.started
    }

    /// When the model was last built (`lastModelRefreshDate`).
    pub const fn refreshed(&self) -> Option<Timestamp> {
        self.refreshed
    }

    /// `datapointsCollectionPercentage`: 100·n/25,000, at most 100 (CH-80).
    pub fn percentage(&self, now: Timestamp) -> f64 {
        (100.0 * self.datapoints(now) as f64 / DATAPOINTS_MIN as f64).min(100.0)
    }

    /// What a reader of results must know about the model.
    pub fn diagnostics(&self, now: Timestamp, profile: &str, behavior: &str) -> ModelDiagnostics {
        ModelDiagnostics {
            security_profile_name: profile.to_owned(),
            behavior_name: behavior.to_owned(),
            model: self.model.name(),
            surrogate: true,
            model_status: self.status(now),
            datapoints: self.datapoints(now),
            last_model_refresh_date: self.refreshed,
        }
    }
}

/// Which model judged an ML behavior. The service's own model is not public: what judges here is a surrogate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelDiagnostics {
    /// The profile.
    pub security_profile_name: String,
    /// The behavior.
    pub behavior_name: String,
    /// The model's name, for example `engine-stand-in`.
    pub model: &'static str,
    /// Always true: results of ML behaviors show the lifecycle of the service, not its model.
    pub surrogate: bool,
    /// The model's state.
    pub model_status: ModelStatus,
    /// Datapoints in the trailing 14 days.
    pub datapoints: u64,
    /// When it was last built.
    #[serde(with = "epoch_seconds::option", skip_serializing_if = "Option::is_none")]
    pub last_model_refresh_date: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A midnight.
    const START: Timestamp = Timestamp::from_seconds(1_748_736_000);

    fn day(n: i64) -> Timestamp {
        START + Millis::days(n)
    }

    fn covered_model() -> BehaviorModel {
        let mut model = BehaviorModel::new(Box::new(StandIn::default()));
        model.set_covered(START, true);
        model
    }

    fn feed(model: &mut BehaviorModel, time: Timestamp, n: u64) {
        let mut values = Multiset::default();
        values.add(100.0, n);
        model.learn_many(time, &values);
    }

    fn tick_through(model: &mut BehaviorModel, days: std::ops::RangeInclusive<i64>) -> Vec<i64> {
        days.filter(|n| model.tick(day(*n))).collect()
    }

    #[test]
    fn t_d41_one_datapoint_short() {
        let mut model = covered_model();
        feed(&mut model, day(5), 24_999);
        tick_through(&mut model, 1..=14);
        assert_eq!(model.status(day(14)), ModelStatus::PendingBuild);
        assert_eq!(model.percentage(day(14)), 99.996);
        let sample = Sample { time: day(14), device: "d", value: 1e9 };
        assert_eq!(model.judge(sample, ConfidenceLevel::Low), None); // D-ML5
    }

    #[test]
    fn t_d42_enough_at_the_tick() {
        let mut model = covered_model();
        feed(&mut model, day(5), 24_999);
        feed(&mut model, day(14), 1); // a datapoint at the tick itself is within the trailing 14 days
        tick_through(&mut model, 1..=14);
        assert_eq!(model.status(day(14)), ModelStatus::Active);
        assert_eq!((model.percentage(day(14)), model.refreshed()), (100.0, Some(day(14))));
    }

    #[test]
    fn t_d43_data_enough_days_not() {
        let mut model = covered_model();
        feed(&mut model, day(5), 40_000);
        tick_through(&mut model, 1..=13);
        assert_eq!(model.status(day(13)), ModelStatus::PendingBuild);
        assert_eq!(model.percentage(day(13)), 100.0);
    }

    #[test]
    fn t_d44_uncovered_for_thirty_days() {
        let mut model = covered_model();
        (1..=14).for_each(|n| feed(&mut model, day(n), 3_000));
        tick_through(&mut model, 1..=14);
        assert_eq!(model.status(day(14)), ModelStatus::Active);
        model.set_covered(day(14), false);
        let just_before = day(44) - Millis(1);
        assert_eq!(model.status(just_before), ModelStatus::Active);
        assert_eq!(tick_through(&mut model, 15..=45), [44]);
        model.set_covered(day(45), true);
        (46..=70).for_each(|n| {
            feed(&mut model, day(n), 3_000);
            model.tick(day(n));
        });
        assert_eq!(model.status(day(70)), ModelStatus::Expired);
    }

    #[test]
    fn ch80_re_attaching_in_time_keeps_the_model_and_too_late_does_not() {
        for (back, expected) in [(29, ModelStatus::PendingBuild), (30, ModelStatus::Expired)] {
            let mut model = covered_model();
            model.set_covered(day(1), false);
            model.set_covered(day(1 + back), true);
            assert_eq!(model.status(day(60)), expected, "{back}");
        }
    }

    #[test]
    fn ch80_a_first_build_is_retried_for_thirty_days() {
        let mut model = covered_model();
        assert_eq!(tick_through(&mut model, 1..=43), [0; 0]); // the first failure is on day 14
        assert_eq!(model.status(day(43)), ModelStatus::PendingBuild);
        let mut rescued = model.clone();
        assert_eq!(tick_through(&mut model, 44..=50), [44]);
        feed(&mut rescued, day(43), 25_000);
        assert_eq!(tick_through(&mut rescued, 44..=50), [0; 0]);
        assert_eq!(rescued.status(day(50)), ModelStatus::Active);
    }

    #[test]
    fn ch80_an_active_model_stays_in_use_during_retries() {
        let mut model = covered_model();
        feed(&mut model, day(10), 25_000);
        tick_through(&mut model, 1..=23); // the datapoints of day 10 are in the trailing 14 days up to day 23
        assert_eq!(model.refreshed(), Some(day(23)));
        assert_eq!(tick_through(&mut model, 24..=53), [0; 0]);
        assert_eq!(model.status(day(53)), ModelStatus::Active);
        let sample = Sample { time: day(53), device: "d", value: 1e9 };
        assert_eq!(model.judge(sample, ConfidenceLevel::High).map(|judgment| judgment.anomalous), Some(true));
        assert_eq!(tick_through(&mut model, 54..=60), [54]);
        assert_eq!(model.judge(sample, ConfidenceLevel::High), None);
    }

    #[test]
    fn collection_starts_with_the_first_covered_device_and_only_then() {
        let mut model = BehaviorModel::new(Box::new(StandIn::default()));
        model.set_covered(START, false);
        assert_eq!((model.started(), model.status(day(100))), (None, ModelStatus::PendingBuild));
        model.set_covered(day(3), true);
        model.set_covered(day(5), false);
        model.set_covered(day(6), true);
        assert_eq!(model.started(), Some(day(3)));
    }

    #[test]
    fn the_normal_whole_numbers_are_those_that_are_not_anomalous() {
        for values in [&[100.0, 101.0, 99.0, 140.0][..], &[0.0, 0.0, 1.0], &[7.3, 7.4], &[3e9, 3.1e9, 2.9e9]] {
            let models: [Box<dyn AnomalyModel>; 2] = [Box::new(StandIn::default()), Box::new(Surrogate::default())];
            for model in models {
                let mut model = BehaviorModel::new(model);
                model.set_covered(START, true);
                for (hour, value) in (0..336).zip(values.iter().cycle()) {
                    let mut many = Multiset::default();
                    many.add(*value, 100);
                    model.learn_many(START + Millis::hours(hour + 1), &many);
                }
                model.tick(day(14));
                for confidence in [ConfidenceLevel::Low, ConfidenceLevel::Medium, ConfidenceLevel::High] {
                    let time = day(14) + Millis::hours(5);
                    let normal = model.normal(time, confidence).expect("it is in use");
                    let steps = [0, 1, 2, 5, 7, 8, 90, 100, 140, 1_000, u64::from(u32::MAX)];
                    let near = [normal.low, normal.high].into_iter().flat_map(|v| [v.saturating_sub(1), v, v + 1]);
                    for value in steps.into_iter().chain(near) {
                        let judged = model.judge(Sample { time, device: "d", value: value as f64 }, confidence);
                        let anomalous = judged.expect("it is in use").anomalous;
                        assert_eq!(!anomalous, (normal.low..=normal.high).contains(&value), "{value} {values:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn outputs_label_the_model_as_a_surrogate() {
        let json = serde_json::to_value(covered_model().diagnostics(START, "P", "B")).expect("serializable");
        assert_eq!(json["model"], "engine-stand-in");
        assert_eq!(json["surrogate"], true);
    }
}

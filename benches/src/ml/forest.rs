//! A random cut forest (crate krcf, which wraps a port of the published Rust library) over value and time.

use defender::detect::ml::{AnomalyModel, Judgment, Sample, false_alarm_rate};
use defender::detect::percentile::Multiset;
use defender::detect::wire::ConfidenceLevel;
use defender::time::{Millis, Timestamp};
use krcf::{RandomCutForest, RandomCutForestOptions};

use super::exact::{Hours, index, quantile};

/// Training datapoints whose scores calibrate the levels, at most.
const SCORED: usize = 20_000;
/// Share of the scores that makes a tail.
const TAIL: f64 = 0.01;

/// A forest of 50 trees of 512 points in four dimensions: the value's logarithm in standard deviations, the hour of the
/// day on a circle, and weekend or not. Levels are quantiles of the scores of training datapoints; beyond these,
/// scores are taken for exponential.
#[derive(Clone, Debug, Default)]
pub struct Forest {
    hours: Hours,
    built: Option<Built>,
}

#[derive(Clone, Debug)]
struct Built {
    forest: RandomCutForest,
    mean: f64,
    deviation: f64,
    thresholds: [f64; 3],
}

fn log(value: f64) -> f64 {
    libm::copysign(libm::log1p(value.abs()), value)
}

impl Built {
    fn point(&self, time: Timestamp, value: f64) -> [f32; 4] {
        let hour = (time.millis() - 1).div_euclid(Millis::HOUR.0);
        let angle = std::f64::consts::TAU * hour.rem_euclid(24) as f64 / 24.0;
        let weekend = matches!(hour.div_euclid(24).rem_euclid(7), 2 | 3); // day 0 was a Thursday
        let score = (log(value) - self.mean) / self.deviation;
        [score as f32, libm::sin(angle) as f32, libm::cos(angle) as f32, f32::from(u8::from(weekend))]
    }

    fn score(&self, time: Timestamp, value: f64) -> f64 {
        self.forest.score(&self.point(time, value)).unwrap_or(f64::INFINITY)
    }
}

impl AnomalyModel for Forest {
    fn name(&self) -> &'static str {
        "bench-random-cut-forest"
    }

    fn learn(&mut self, sample: Sample<'_>) {
        self.hours.learn(sample);
    }

    fn learn_many(&mut self, time: Timestamp, values: &Multiset) {
        self.hours.learn_many(time, values);
    }

    fn refresh(&mut self, tick: Timestamp) {
        let data = self.hours.in_order(tick);
        let n = data.len().max(1) as f64;
        let mean = data.iter().map(|(_, v)| log(*v)).sum::<f64>() / n;
        let variance = data.iter().map(|(_, v)| (log(*v) - mean).powi(2)).sum::<f64>() / n;
        let options = RandomCutForestOptions {
            dimensions: 4,
            shingle_size: 1,
            num_trees: Some(50),
            sample_size: Some(512),
            random_seed: Some(1),
            parallel_execution_enabled: Some(false),
            lambda: Some(1e-9),
            internal_shingling: Some(false),
            ..RandomCutForestOptions::default()
        };
        let forest = RandomCutForest::new(options).expect("valid options");
        let mut built = Built { forest, mean, deviation: variance.sqrt().max(1e-6), thresholds: [f64::INFINITY; 3] };
        for (time, value) in &data {
            let point = built.point(*time, *value);
            built.forest.update(&point).expect("a point of four dimensions");
        }
        let step = (data.len() / SCORED).max(1);
        let mut scores: Vec<f64> = data.iter().step_by(step).map(|(time, value)| built.score(*time, *value)).collect();
        scores.sort_by(f64::total_cmp);
        if let Some(base) = quantile(&scores, 1.0 - TAIL) {
            let excesses: Vec<f64> = scores.iter().filter(|s| **s > base).map(|s| s - base).collect();
            let mean = excesses.iter().sum::<f64>() / (excesses.len() as f64).max(1.0);
            let levels = [ConfidenceLevel::Low, ConfidenceLevel::Medium, ConfidenceLevel::High];
            built.thresholds = levels.map(|level| base - mean * libm::log(false_alarm_rate(level) / TAIL));
        }
        self.built = Some(built);
    }

    /// A forest scores; it knows no bounds: those of the judgment say nothing.
    fn judge(&self, sample: Sample<'_>, confidence: ConfidenceLevel) -> Option<Judgment> {
        let built = self.built.as_ref()?;
        let anomalous = built.score(sample.time, sample.value) > built.thresholds[index(confidence)];
        Some(Judgment { anomalous, lower: f64::NEG_INFINITY, upper: f64::INFINITY })
    }

    fn boxed_clone(&self) -> Box<dyn AnomalyModel> {
        Box::new(self.clone())
    }
}

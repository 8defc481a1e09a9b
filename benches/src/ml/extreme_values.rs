//! Peaks over threshold of seasonally adjusted values, one tail for all hours.

use defender::detect::ml::{AnomalyModel, Judgment, Sample, false_alarm_rate};
use defender::detect::percentile::Multiset;
use defender::detect::wire::ConfidenceLevel;
use defender::time::Timestamp;

use super::exact::{Hours, index, quantile, slot_of};

/// Share of the datapoints that makes a tail.
const TAIL: f64 = 0.02;

/// The median of each hour of the week is taken out on a logarithmic scale; the remainder's two tails are generalized
/// Pareto distributions fitted by probability-weighted moments.
#[derive(Clone, Debug, Default)]
pub struct ExtremeValues {
    hours: Hours,
    medians: Vec<f64>,
    /// By level: lower and upper remainder.
    bounds: [(f64, f64); 3],
}

fn log(value: f64) -> f64 {
    libm::copysign(libm::log1p(value.abs()), value)
}

fn exp(image: f64) -> f64 {
    libm::copysign(libm::expm1(image.abs()), image)
}

/// Thresholds of the upper tail of sorted numbers.
fn upper(sorted: &[f64]) -> [f64; 3] {
    let levels = [ConfidenceLevel::Low, ConfidenceLevel::Medium, ConfidenceLevel::High];
    let Some(base) = quantile(sorted, 1.0 - TAIL) else { return [0.0; 3] };
    let excesses: Vec<f64> = sorted.iter().filter(|x| **x > base).map(|x| x - base).collect();
    let n = excesses.len() as f64;
    if n < 5.0 {
        return [sorted.last().copied().unwrap_or(0.0); 3];
    }
    let plain = excesses.iter().sum::<f64>() / n;
    let weighted = excesses.iter().enumerate().map(|(i, x)| x * (1.0 - (i as f64 + 0.65) / n)).sum::<f64>() / n;
    let shape = (2.0 - plain / (plain - 2.0 * weighted)).clamp(-0.5, 0.5);
    let scale = plain * (1.0 - shape);
    levels.map(|level| {
        let ratio = (false_alarm_rate(level) / 2.0 * sorted.len() as f64 / n).min(1.0);
        let excess = if shape.abs() < 1e-6 { -libm::log(ratio) } else { (libm::pow(ratio, -shape) - 1.0) / shape };
        base + scale * excess
    })
}

impl AnomalyModel for ExtremeValues {
    fn name(&self) -> &'static str {
        "bench-extreme-values"
    }

    fn learn(&mut self, sample: Sample<'_>) {
        self.hours.learn(sample);
    }

    fn learn_many(&mut self, time: Timestamp, values: &Multiset) {
        self.hours.learn_many(time, values);
    }

    fn refresh(&mut self, tick: Timestamp) {
        let slots = self.hours.slots(tick);
        self.medians = slots.iter().map(|slot| quantile(slot, 0.5).map_or(0.0, log)).collect();
        let remainder =
            slots.iter().zip(&self.medians).flat_map(|(slot, median)| slot.iter().map(move |v| log(*v) - median));
        let mut rest: Vec<f64> = remainder.collect();
        rest.sort_by(f64::total_cmp);
        let high = upper(&rest);
        let mirrored: Vec<f64> = rest.iter().rev().map(|x| -x).collect();
        let low = upper(&mirrored);
        self.bounds = std::array::from_fn(|level| (-low[level], high[level]));
    }

    fn judge(&self, sample: Sample<'_>, confidence: ConfidenceLevel) -> Option<Judgment> {
        let median = self.medians.get(slot_of(sample.time))?;
        let (low, high) = self.bounds[index(confidence)];
        let rest = log(sample.value) - median;
        Some(Judgment { anomalous: rest < low || rest > high, lower: exp(median + low), upper: exp(median + high) })
    }

    fn boxed_clone(&self) -> Box<dyn AnomalyModel> {
        Box::new(self.clone())
    }
}

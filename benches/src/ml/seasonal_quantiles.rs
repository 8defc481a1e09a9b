//! Empirical quantiles by hour of the week.

use defender::detect::ml::{AnomalyModel, Judgment, Sample, false_alarm_rate};
use defender::detect::percentile::Multiset;
use defender::detect::wire::ConfidenceLevel;
use defender::time::Timestamp;

use super::exact::{Hours, index, quantile, slot_of};

/// Datapoints beyond a quantile in an hour that count as much as the pooled quantile.
const PRIOR: f64 = 5.0;

/// Quantiles of each hour of the week, shrunk towards those of all hours the fewer datapoints lie beyond them.
#[derive(Clone, Debug, Default)]
pub struct SeasonalQuantiles {
    hours: Hours,
    /// By hour of the week and level: lower and upper.
    bounds: Vec<[(f64, f64); 3]>,
}

impl AnomalyModel for SeasonalQuantiles {
    fn name(&self) -> &'static str {
        "bench-seasonal-quantiles"
    }

    fn learn(&mut self, sample: Sample<'_>) {
        self.hours.learn(sample);
    }

    fn learn_many(&mut self, time: Timestamp, values: &Multiset) {
        self.hours.learn_many(time, values);
    }

    fn refresh(&mut self, tick: Timestamp) {
        let slots = self.hours.slots(tick);
        let mut all: Vec<f64> = slots.concat();
        all.sort_by(f64::total_cmp);
        let levels = [ConfidenceLevel::Low, ConfidenceLevel::Medium, ConfidenceLevel::High];
        self.bounds = slots
            .iter()
            .map(|slot| {
                levels.map(|level| {
                    let share = false_alarm_rate(level) / 2.0;
                    let weight = slot.len() as f64 * share / (slot.len() as f64 * share + PRIOR);
                    let at = |share: f64| {
                        let pooled = quantile(&all, share).unwrap_or(0.0);
                        quantile(slot, share).map_or(pooled, |own| weight * own + (1.0 - weight) * pooled)
                    };
                    (at(share), at(1.0 - share))
                })
            })
            .collect();
    }

    fn judge(&self, sample: Sample<'_>, confidence: ConfidenceLevel) -> Option<Judgment> {
        let (lower, upper) = self.bounds.get(slot_of(sample.time))?[index(confidence)];
        Some(Judgment { anomalous: sample.value < lower || sample.value > upper, lower, upper })
    }

    fn boxed_clone(&self) -> Box<dyn AnomalyModel> {
        Box::new(self.clone())
    }
}

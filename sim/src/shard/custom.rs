//! Custom metrics in reports. A run whose profiles have none on a number has no column for them, and pays nothing.

use std::ops::Range;

use defender::detect::columns::{Column, Extra, Program, code};

use super::{LANES, Shard};
use crate::dice::{Purpose, draw, name_key, salt};
use crate::sampler::{Quantile, normal_quantile};
use crate::scenario::{CustomMetricPlan, Level, Reported};

/// Added to a standard normal draw, so that a table of positive numbers holds it.
const SHIFT: f64 = 8.0;

/// A class's numbers, by the columns that the program has beside the usual ones.
#[derive(Debug, Default)]
pub(crate) struct Numbers(Vec<(usize, NumberTables)>);

/// What a class reports of one custom metric.
#[derive(Debug)]
struct NumberTables {
    /// Address of its draws, beside the device's.
    key: u64,
    level: Level,
    normal: Quantile,
}

impl Numbers {
    /// Of the class with this position.
    pub fn new(program: &Program, metrics: &[CustomMetricPlan], class: usize) -> Numbers {
        let columns = program.extras().iter().enumerate().filter_map(|(slot, extra)| {
            let Extra::Custom(name) = extra else { return None };
            let metric = metrics.iter().find(|metric| metric.name == *name)?;
            let Reported::Number(level) = metric.reported[class].as_ref()? else { return None };
            let normal = Quantile::new(|p| SHIFT + normal_quantile(p));
            Some((Column::COUNT + slot, NumberTables { key: name_key(name), level: (**level).clone(), normal }))
        });
        Numbers(columns.collect())
    }
}

impl NumberTables {
    /// What a device reports in a local hour of the day; `number` is the tick's since the epoch.
    fn draw(&self, device: u64, number: u64, hour: usize) -> f64 {
        let key = device ^ self.key;
        let normal = |word: u64| f64::from(self.normal.sample((word >> 32) as u32)) / f64::from(Quantile::ONE) - SHIFT;
        let own = self.level.heterogeneity * normal(draw(key, salt(Purpose::CustomFactor, 0)));
        let now = self.level.spread * normal(draw(key, salt(Purpose::CustomMetric, number)));
        let mean = self.level.mean * self.level.hours[hour];
        let value = if self.level.log_normal {
            let variance = self.level.heterogeneity * self.level.heterogeneity + self.level.spread * self.level.spread;
            mean * libm::exp(own + now - variance / 2.0)
        } else {
            mean + own + now
        };
        value.clamp(self.level.bounds.0, self.level.bounds.1)
    }
}

impl Shard {
    /// Fills the custom columns of a run of lanes; those that do not report lose them again.
    pub(super) fn report_numbers(&mut self, numbers: &Numbers, lanes: Range<usize>, number: u64, hour_of_week: usize) {
        debug_assert!(lanes.end <= LANES);
        for (column, tables) in &numbers.0 {
            let values = &mut self.tick.numbers[*column];
            for lane in lanes.clone() {
                values[lane] = code(tables.draw(self.keys[lane], number, hour_of_week % 24));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::device_key;

    /// Mean, variances and the daily shape against closed forms: 400 devices with 300 reports each. Bounds are five
    /// standard errors, of the mean of devices and of variances of normals.
    #[test]
    fn numbers_have_the_mean_and_the_two_spreads_that_were_asked_for() {
        let (devices, reports) = (400u32, 300u64);
        let mut hours = [1.0; 24];
        (hours[3], hours[15]) = (0.5, 1.5);
        for (log_normal, mean, spread, heterogeneity) in [(false, 48.0, 2.5, 4.0), (true, 20.0, 0.3, 0.5)] {
            let bounds = (f64::NEG_INFINITY, f64::INFINITY);
            let tables = NumberTables {
                key: name_key("metric"),
                level: Level { mean, log_normal, spread, heterogeneity, hours, bounds },
                normal: Quantile::new(|p| SHIFT + normal_quantile(p)),
            };
            let scale = |value: f64| if log_normal { libm::log(value) } else { value };
            for (hour, factor) in [(0, 1.0), (3, 0.5), (15, 1.5)] {
                let (mut means, mut within, mut total) = (Vec::new(), 0.0, 0.0);
                for device in 0..devices {
                    let key = device_key(7, 11, device);
                    let values: Vec<f64> = (0..reports).map(|report| tables.draw(key, report, hour)).collect();
                    total += values.iter().sum::<f64>();
                    let scaled: Vec<f64> = values.into_iter().map(scale).collect();
                    let own = scaled.iter().sum::<f64>() / reports as f64;
                    within += scaled.iter().map(|value| (value - own).powi(2)).sum::<f64>() / (reports - 1) as f64;
                    means.push(own);
                }
                let n = f64::from(devices);
                let centre = means.iter().sum::<f64>() / n;
                let between = means.iter().map(|own| (own - centre).powi(2)).sum::<f64>() / (n - 1.0);
                let within = within / n;
                let expected_between = heterogeneity * heterogeneity + spread * spread / reports as f64;
                let near = |found: f64, wanted: f64, error: f64| {
                    assert!((found - wanted).abs() < 5.0 * error, "hour {hour}: {found} instead of {wanted} ± {error}");
                };
                let expected = if log_normal {
                    libm::log(mean * factor) - (spread * spread + heterogeneity * heterogeneity) / 2.0
                } else {
                    mean * factor
                };
                near(centre, expected, (expected_between / n).sqrt());
                near(between, expected_between, expected_between * (2.0 / (n - 1.0)).sqrt());
                // Quantile bins are five bits wide, which adds less than a thousandth to the variance.
                let error = spread * spread * ((2.0 / (n * (reports - 1) as f64)).sqrt() + 2e-4);
                near(within, spread * spread, error);
                let deviation = if log_normal {
                    mean * factor * libm::sqrt(libm::expm1(spread * spread + heterogeneity * heterogeneity))
                } else {
                    heterogeneity
                };
                near(total / n / reports as f64, mean * factor, deviation / n.sqrt());
            }
        }
    }
}

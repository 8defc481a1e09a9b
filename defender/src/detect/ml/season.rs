//! What is expected at which hour: daily and weekly cycle, and trend, from two weeks of hourly sketches.

use super::sketch::Sketch;

/// Hours of a week: the slots of a cycle.
pub(super) const SLOTS: usize = 168;
/// Hours that a build looks back on.
pub(super) const HOURS: usize = 2 * SLOTS;
/// A trend may double the level within a week, and no more.
const SLOPE_MAX: f64 = std::f64::consts::LN_2 / 168.0;
/// Share of all datapoints at each end that count as no more extreme than the rest, for levels.
const CLIPPED: f64 = 0.01;

/// On which scale cycles and trends act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Values are never negative: effects multiply (held as logarithms).
    Multiplicative,
    /// Effects add.
    Additive,
}

/// Effects of the hour of the week and of passing time, around an overall level.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Season {
    pub(super) scale: Scale,
    /// Effect by hour of the training span's weeks, so index 0 is the hour after its beginning.
    pub(super) slots: Vec<f64>,
    /// Effect per hour of distance from the middle of the training span.
    pub(super) slope: f64,
    /// By hour of the training span: how much further from its expectation it would have been, had it not helped to
    /// form it.
    unfit: Vec<f64>,
}

/// The share of an observed variance that is not noise.
fn trust(observed: f64, noise: f64) -> f64 {
    let real = (observed - noise).max(0.0);
    if real + noise > 0.0 { real / (real + noise) } else { 0.0 }
}

/// Weighted mean; 0 without weight.
fn mean(items: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (sum, weight) = items.fold((0.0, 0.0), |(sum, weight), (x, w)| (sum + x * w, weight + w));
    if weight > 0.0 { sum / weight } else { 0.0 }
}

impl Season {
    /// Learns from the sketches of [`HOURS`] hours; `all` is their sum.
    pub(super) fn of(cells: &[&Sketch], all: &Sketch) -> Season {
        let scale = if all.min().is_some_and(|min| min < 0.0) { Scale::Additive } else { Scale::Multiplicative };
        let flat = Season { scale, slots: vec![0.0; SLOTS], slope: 0.0, unfit: vec![0.0; HOURS] };
        let (Some(low), Some(high)) = (all.quantile(CLIPPED), all.quantile(1.0 - CLIPPED)) else { return flat };
        let level = all.clamped_sum(low, high) / all.len() as f64;
        if low == high || (scale == Scale::Multiplicative && level <= 0.0) {
            return flat;
        }
        // Half a datapoint at the overall level is added to each hour: an hour of zeros has a logarithm, too.
        let effect = |cell: &Sketch| {
            let here = (cell.clamped_sum(low, high) + 0.5 * level) / (cell.len() as f64 + 0.5);
            match scale {
                Scale::Multiplicative => libm::log(here / level),
                Scale::Additive => here - level,
            }
        };
        let mut hours: Vec<(f64, f64)> = cells.iter().map(|cell| (effect(cell), cell.len() as f64)).collect();
        let slope = match scale {
            Scale::Multiplicative => slope(&hours).clamp(-SLOPE_MAX, SLOPE_MAX),
            Scale::Additive => slope(&hours),
        };
        for (hour, (effect, _)) in hours.iter_mut().enumerate() {
            *effect -= slope * (hour as f64 + 0.5 - SLOTS as f64);
        }
        let Cycle { effects, leverage } = cycle(&hours);
        // A residual of a fit has 1 − h of the variance of noise, that of a prediction 1 + h.
        let widening = ((1.0 + leverage) / (1.0 - leverage)).sqrt() - 1.0;
        let residual = |hour: usize| if hours[hour].1 > 0.0 { hours[hour].0 - effects[hour % SLOTS] } else { 0.0 };
        let unfit = (0..HOURS).map(|hour| widening * residual(hour)).collect();
        Season { scale, slots: effects, slope, unfit }
    }

    /// The effect to take out of the datapoints of an hour of the training span, so that what is left spreads as
    /// datapoints of later hours will.
    pub(super) fn training_effect(&self, hour: usize) -> f64 {
        self.slots[hour % SLOTS] + self.slope * (hour as f64 + 0.5 - SLOTS as f64) - self.unfit[hour]
    }
}

/// Change per hour: the median over the seven days of a week of what changed until the same day a week later. It is
/// believed if at most one day disagrees about the direction.
fn slope(hours: &[(f64, f64)]) -> f64 {
    let mut changes: Vec<f64> = Vec::new();
    for day in 0..7 {
        let pairs = (day * 24..day * 24 + 24).map(|hour| (hours[hour], hours[hour + SLOTS]));
        let both: Vec<(f64, f64)> = pairs.map(|(a, b)| (b.0 - a.0, a.1.min(b.1))).filter(|(_, n)| *n > 0.0).collect();
        if both.len() >= 12 {
            changes.push(mean(both.into_iter()));
        }
    }
    let up = changes.iter().filter(|change| **change > 0.0).count();
    let down = changes.iter().filter(|change| **change < 0.0).count();
    if changes.len() < 5 || up.max(down) + 1 < changes.len() {
        return 0.0;
    }
    changes.sort_by(f64::total_cmp);
    changes[changes.len() / 2] / SLOTS as f64
}

/// Effects by hour of the week.
struct Cycle {
    effects: Vec<f64>,
    /// How much of an hour's own level went into its expectation.
    leverage: f64,
}

/// Effects by hour of the week. Three layers, each shrunk towards the one before by as much of it as may be noise:
/// the hour of the day, the day of the week, and what the two leave of the single hour. The noise is seen directly, by
/// comparing the two weeks.
fn cycle(hours: &[(f64, f64)]) -> Cycle {
    let both = |slot: usize| (hours[slot], hours[slot + SLOTS]);
    let slots: Vec<(f64, f64)> = (0..SLOTS)
        .map(|slot| {
            let (a, b) = both(slot);
            (mean([a, b].into_iter()), a.1 + b.1)
        })
        .collect();
    let overall = mean(slots.iter().copied());
    let by_hour: Vec<f64> =
        (0..24).map(|hour| mean((0..7).map(|day| slots[day * 24 + hour]).chain([(overall, 1e-9)]))).collect();

    let differences: Vec<f64> =
        (0..SLOTS).map(both).filter(|(a, b)| a.1 > 0.0 && b.1 > 0.0).map(|(a, b)| (a.0 - b.0).powi(2) / 4.0).collect();
    let repeated = differences.len() >= SLOTS / 2;
    let noise = if repeated {
        differences.iter().sum::<f64>() / differences.len() as f64
    } else {
        // Not two weeks yet: whatever differs between days at the same hour passes for noise.
        mean(slots.iter().enumerate().map(|(slot, (x, n))| ((x - by_hour[slot % 24]).powi(2), *n)))
    };
    let variance = |effects: &[f64]| effects.iter().map(|x| x * x).sum::<f64>() / effects.len() as f64;

    let daily: Vec<f64> = by_hour.iter().map(|x| x - overall).collect();
    let trust_daily = trust(variance(&daily), noise / 7.0);
    let mut effects: Vec<f64> = (0..SLOTS).map(|slot| overall + trust_daily * daily[slot % 24]).collect();
    if !repeated {
        return Cycle { effects, leverage: trust_daily / 14.0 };
    }
    let rest = |effects: &[f64], slot: usize| if slots[slot].1 > 0.0 { slots[slot].0 - effects[slot] } else { 0.0 };
    let weekly: Vec<f64> =
        (0..7).map(|day| (0..24).map(|hour| rest(&effects, day * 24 + hour)).sum::<f64>() / 24.0).collect();
    let trust_weekly = trust(variance(&weekly), noise / 24.0);
    for (slot, effect) in effects.iter_mut().enumerate() {
        *effect += trust_weekly * weekly[slot / 24];
    }
    let single: Vec<f64> = (0..SLOTS).map(|slot| rest(&effects, slot)).collect();
    let trust_single = trust(variance(&single), noise);
    effects.iter_mut().zip(single).for_each(|(effect, rest)| *effect += trust_single * rest);
    let shared = trust_weekly / 24.0 + (1.0 - trust_weekly / 24.0) * trust_daily / 7.0;
    Cycle { effects, leverage: (trust_single + (1.0 - trust_single) * shared) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two weeks in which all values of hour n are `value(n)`.
    fn learned(value: impl Fn(usize) -> f64) -> Season {
        let cells: Vec<Sketch> = (0..HOURS)
            .map(|hour| {
                let mut cell = Sketch::default();
                cell.add(value(hour), 100);
                cell
            })
            .collect();
        let mut all = Sketch::default();
        cells.iter().for_each(|cell| all.merge(cell));
        Season::of(&cells.iter().collect::<Vec<_>>(), &all)
    }

    #[test]
    fn a_daily_and_weekly_cycle_is_found() {
        let value = |hour: usize| if hour % 24 < 8 { 50.0 } else { 100.0 } * if hour / 24 % 7 < 5 { 1.0 } else { 0.6 };
        let season = learned(value);
        assert_eq!(season.slope, 0.0);
        for slot in 0..SLOTS {
            let (found, wanted) = (season.slots[slot] - season.slots[10], (value(slot) / value(10)).ln());
            assert!((found - wanted).abs() < 0.02, "{slot}: {found}, wanted {wanted}");
        }
    }

    #[test]
    fn a_trend_is_told_from_the_cycle() {
        let daily = 1.03f64;
        let value = |hour: usize| 100.0 * daily.powf(hour as f64 / 24.0) * if hour / 24 % 7 < 5 { 1.0 } else { 0.5 };
        let season = learned(value);
        assert!((season.slope * 24.0 - daily.ln()).abs() < 0.002, "{}", (season.slope * 24.0).exp());
    }

    #[test]
    fn effects_add_where_values_are_negative() {
        let season = learned(|hour| if hour % 24 < 12 { -10.0 } else { 30.0 });
        assert_eq!(season.scale, Scale::Additive);
        assert!((season.slots[12] - season.slots[0] - 40.0).abs() < 0.5);
    }

    #[test]
    fn a_lone_outlier_is_no_season() {
        let season = learned(|hour| if hour == 77 { 1e9 } else { 100.0 });
        assert!(season.slots.iter().all(|effect| effect.abs() < 1e-9));
    }
}

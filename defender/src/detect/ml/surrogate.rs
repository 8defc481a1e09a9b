//! The surrogate: seasonal levels, and tails calibrated to stated false-alarm rates.

use std::collections::BTreeMap;

use super::season::{HOURS, SLOTS, Scale, Season};
use super::sketch::Sketch;
use super::tail::{Counted, Group, thresholds};
use super::{AnomalyModel, Judgment, Sample, hour_of};
use crate::detect::percentile::Multiset;
use crate::detect::wire::ConfidenceLevel;
use crate::time::{Millis, Timestamp};

/// Share of healthy datapoints that a confidence level is calibrated to call anomalous: at most 10⁻³ for `LOW`, 10⁻⁴
/// for `MEDIUM`, 10⁻⁵ for `HIGH`, of datapoints like those of the training span. `docs/ml.md` tells how near it comes.
pub const fn false_alarm_rate(confidence: ConfidenceLevel) -> f64 {
    RATES[index(confidence)]
}

/// By level, most sensitive first.
const RATES: [f64; 3] = [1e-3, 1e-4, 1e-5];
/// How far from the middle a datapoint of integers must be, by level: a step of the least possible size is the least
/// that counts, whatever the training values say.
const STEPS: [f64; 3] = [0.5, 1.0, 2.0];
/// The same as a share of the middle, for all numbers.
const SHARES: [f64; 3] = [0.01, 0.02, 0.03];
/// Datapoints for which one more group of hours is worth telling apart.
const GROUP: u64 = 8_000;
/// Groups at most.
const GROUPS_MAX: u64 = 8;
/// How far ahead of the last build a trend is continued.
const AHEAD: f64 = 48.0;

const fn index(confidence: ConfidenceLevel) -> usize {
    match confidence {
        ConfidenceLevel::Low => 0,
        ConfidenceLevel::Medium => 1,
        ConfidenceLevel::High => 2,
    }
}

/// A model that knows the daily and weekly cycle and the trend of a behavior's datapoints, and how rarely a healthy
/// device leaves them how far ([`false_alarm_rate`]).
///
/// 1. Datapoints are summed up by hour in sketches: a fleet of any size fits into a few megabytes.
/// 2. Hours of the week get an expected level, noise being shrunk away; a trend is read off the two weeks.
/// 3. Hours of similar level form up to eight groups. In each, datapoints divided by the level (less the level, where
///    values can be negative) have their thresholds set by ranks as far as these reach, and by the generalized Pareto
///    distribution beyond.
/// 4. All groups together are held to the stated rate.
///
/// Devices are not told apart, so counting first and learning the counts gives the same model, bit for bit, and so
/// does any order of arrival within a day. Half of the stated rate goes to each side, unless the smallest value alone
/// is more frequent: then there is no lower side.
#[derive(Clone, Debug, Default)]
pub struct Surrogate {
    cells: BTreeMap<i64, Sketch>,
    built: Option<Built>,
}

/// What is normal at an hour of the week, before trend.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Band {
    center: f64,
    lower: [f64; 3],
    upper: [f64; 3],
}

/// A build.
#[derive(Clone, Debug, PartialEq)]
struct Built {
    /// The first hour of the training span.
    start: i64,
    scale: Scale,
    slope: f64,
    integral: bool,
    bands: Vec<Band>,
}

/// A monotone map under which cycles and trends add, and tails are light.
#[derive(Clone, Copy, Debug)]
struct Transform {
    scale: Scale,
    /// Added before taking logarithms.
    offset: f64,
}

impl Transform {
    fn forth(self, value: f64) -> f64 {
        match self.scale {
            Scale::Multiplicative => libm::log(value + self.offset),
            Scale::Additive => value,
        }
    }

    fn back(self, image: f64) -> f64 {
        match self.scale {
            Scale::Multiplicative => libm::exp(image) - self.offset,
            Scale::Additive => image,
        }
    }
}

/// Takes an effect out of a value (negative: puts it in).
fn without(scale: Scale, value: f64, effect: f64) -> f64 {
    match scale {
        Scale::Multiplicative => value * libm::exp(-effect),
        Scale::Additive => value - effect,
    }
}

fn median(values: &Counted) -> Option<f64> {
    let n: u64 = values.iter().map(|(_, times)| times).sum();
    let mut below = 0;
    values
        .iter()
        .find(|(_, times)| {
            below += times;
            2 * below >= n
        })
        .map(|(value, _)| *value)
}

impl Built {
    fn of(cells: &[&Sketch], start: i64) -> Option<Built> {
        let mut all = Sketch::default();
        cells.iter().for_each(|cell| all.merge(cell));
        if all.is_empty() {
            return None;
        }
        let season = Season::of(cells, &all);
        let integral = all.is_integral();
        let groups = groups(&season, cells, all.len());
        let mut slot_bands: Vec<Option<Band>> = vec![None; SLOTS];

        let mut adjusted: Vec<Counted> = vec![Vec::new(); groups.iter().max()? + 1];
        for (hour, cell) in cells.iter().enumerate() {
            let effect = season.training_effect(hour);
            adjusted[groups[hour % SLOTS]]
                .extend(cell.iter().map(|(value, times)| (without(season.scale, value, effect), times)));
        }
        for group in &mut adjusted {
            group.sort_by(|a, b| a.0.total_cmp(&b.0));
        }

        let positive = adjusted.iter().flatten().map(|(value, _)| *value).filter(|value| *value > 0.0);
        let least = positive.fold(f64::INFINITY, f64::min);
        let offset = match season.scale {
            Scale::Additive => 0.0,
            Scale::Multiplicative if integral || !least.is_finite() => 0.5,
            Scale::Multiplicative => least,
        };
        let transform = Transform { scale: season.scale, offset };
        let bands = bands(&adjusted, transform, integral);
        for (slot, band) in slot_bands.iter_mut().enumerate() {
            let effect = season.slots[slot];
            let put = |image: f64| without(season.scale, image, -effect);
            *band = bands[groups[slot]].map(|band| Band {
                center: put(band.center),
                lower: band.lower.map(put),
                upper: band.upper.map(put),
            });
        }
        // A slot without a datapoint in its whole group cannot be: groups are cut by datapoints. But an account may
        // have collected for hours only, and then all slots share the one group.
        let bands = slot_bands.into_iter().collect::<Option<Vec<Band>>>()?;
        Some(Built { start, scale: season.scale, slope: season.slope, integral, bands })
    }

    fn judge(&self, sample: Sample<'_>, level: usize) -> Judgment {
        let hour = hour_of(sample.time);
        let band = &self.bands[(hour - self.start).rem_euclid(SLOTS as i64) as usize];
        let ahead = ((hour - self.start) as f64 + 0.5 - SLOTS as f64).clamp(-(SLOTS as f64), SLOTS as f64 + AHEAD);
        let trend = |value: f64| {
            if self.slope == 0.0 { value } else { without(self.scale, value, -self.slope * ahead) }
        };
        let center = trend(band.center);
        let step = if self.integral { STEPS[level] } else { 0.0 };
        let least = step.max(SHARES[level] * center.abs());
        // Rounding must not make an anomaly of a value that sits on its threshold.
        let slack = 1e-9 * sample.value.abs().max(1e-3);
        let upper = trend(band.upper[level]).max(center + least);
        let mut lower = trend(band.lower[level]).min(center - least);
        if self.scale == Scale::Multiplicative {
            lower = lower.max(0.0);
        }
        let anomalous = sample.value > upper + slack || sample.value < lower - slack;
        Judgment { anomalous, lower, upper }
    }
}

/// The group of each hour of the week: hours of similar level, groups of similar size.
fn groups(season: &Season, cells: &[&Sketch], datapoints: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..SLOTS).collect();
    order.sort_by(|a, b| season.slots[*a].total_cmp(&season.slots[*b]).then(a.cmp(b)));
    let range = season.slots[order[SLOTS - 1]] - season.slots[order[0]];
    let wanted = if range > 0.0 { (datapoints / GROUP).clamp(1, GROUPS_MAX) } else { 1 };
    let mut groups = vec![0; SLOTS];
    let mut passed = 0;
    for slot in order {
        let here = cells[slot].len() + cells[slot + SLOTS].len();
        groups[slot] = ((passed + here / 2) * wanted / datapoints).min(wanted - 1) as usize;
        passed += here;
    }
    // Close the gaps that one very full slot can leave.
    let mut used = groups.clone();
    used.sort_unstable();
    used.dedup();
    groups.iter().map(|group| used.partition_point(|g| g < group)).collect()
}

/// Bands of groups of adjusted values, at the overall level.
fn bands(adjusted: &[Counted], transform: Transform, integral: bool) -> Vec<Option<Band>> {
    let image =
        |values: &Counted| -> Counted { values.iter().map(|(v, times)| (transform.forth(*v), *times)).collect() };
    let mut uppers = Vec::new();
    let mut lowers = Vec::new();
    for values in adjusted {
        let n: u64 = values.iter().map(|(_, times)| times).sum();
        let smallest = values.first().map_or(0.0, |(value, _)| *value);
        let at_smallest: u64 = values.iter().take_while(|(v, _)| *v == smallest).map(|(_, times)| times).sum();
        let one_sided = RATES.map(|rate| at_smallest as f64 >= rate / 2.0 * n as f64);
        let mut shares = RATES;
        shares.iter_mut().zip(one_sided).for_each(|(share, one_sided)| *share /= if one_sided { 1.0 } else { 2.0 });
        uppers.push(Group { values: image(values), shares });
        let mirrored = image(values).into_iter().rev().map(|(t, times)| (-t, times)).collect();
        lowers.push(Group { values: mirrored, shares: RATES.map(|rate| rate / 2.0) });
    }
    let half_step = |image: f64| {
        let integers = integral && transform.scale == Scale::Multiplicative;
        if integers { libm::log1p(transform.offset * libm::exp(-image)) } else { 0.0 }
    };
    let upper = thresholds(&uppers, &half_step);
    let lower = thresholds(&lowers, &|image| half_step(-image));
    adjusted
        .iter()
        .zip(upper.into_iter().zip(lower))
        .map(|(values, (upper, lower))| {
            Some(Band {
                center: median(values)?,
                lower: lower?.map(|t| transform.back(-t)),
                upper: upper?.map(|t| transform.back(t)),
            })
        })
        .collect()
}

impl AnomalyModel for Surrogate {
    fn name(&self) -> &'static str {
        "engine-surrogate-seasonal-tails"
    }

    fn learn(&mut self, sample: Sample<'_>) {
        self.cells.entry(hour_of(sample.time)).or_default().add(sample.value, 1);
    }

    fn learn_many(&mut self, time: Timestamp, values: &Multiset) {
        let cell = self.cells.entry(hour_of(time)).or_default();
        values.iter().for_each(|(value, times)| cell.add(value, times));
    }

    fn learn_sketch(&mut self, time: Timestamp, values: &Sketch) {
        self.cells.entry(hour_of(time)).or_default().merge(values);
    }

    fn refresh(&mut self, tick: Timestamp) {
        let end = tick.millis().div_euclid(Millis::HOUR.0);
        let start = end - HOURS as i64;
        self.cells = self.cells.split_off(&start);
        let nothing = Sketch::default();
        let cells: Vec<&Sketch> = (start..end).map(|hour| self.cells.get(&hour).unwrap_or(&nothing)).collect();
        self.built = Built::of(&cells, start);
    }

    fn judge(&self, sample: Sample<'_>, confidence: ConfidenceLevel) -> Option<Judgment> {
        self.built.as_ref().map(|built| built.judge(sample, index(confidence)))
    }

    fn boxed_clone(&self) -> Box<dyn AnomalyModel> {
        Box::new(self.clone())
    }
}

//! Spans of time that many devices share: a mergeable histogram with its quantiles, and a survival curve in which what
//! was never seen counts too.

use defender::time::Millis;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Significant decimal digits of the histogram: a quantile is at most 0.1 % above the true value.
const DIGITS: u8 = 3;

/// A distribution of spans \[ms\], kept as an HDR histogram of three significant digits.
///
/// Quantiles are nearest-rank over the histogram, read at the upper edge of their bucket and never above `max`. They
/// speak of those spans that exist: beside them stands how many never came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Spans recorded; at least 1.
    pub count: u64,
    /// Exact sum of the spans, for means that survive merging \[ms\].
    pub sum: i64,
    /// Arithmetic mean \[ms\].
    pub mean: Millis,
    /// The shortest \[ms\], exact.
    pub min: Millis,
    /// Half were at most this long \[ms\].
    pub p50: Millis,
    /// 90 % were at most this long \[ms\].
    pub p90: Millis,
    /// 95 % were at most this long \[ms\].
    pub p95: Millis,
    /// 99 % were at most this long \[ms\].
    pub p99: Millis,
    /// The longest \[ms\], exact.
    pub max: Millis,
    /// The histogram: (upper edge of the bucket \[ms\], spans in it), ascending, empty buckets left out.
    pub buckets: Vec<(u64, u64)>,
}

impl Latency {
    /// The distribution of these spans; negative ones count as 0. `None` if there are none.
    pub fn of(spans: impl IntoIterator<Item = Millis>) -> Option<Latency> {
        let mut histogram = empty();
        let (mut sum, mut min, mut max) = (0, i64::MAX, 0);
        for span in spans {
            let span = span.0.max(0);
            record(&mut histogram, span as u64, 1);
            sum += span;
            min = min.min(span);
            max = max.max(span);
        }
        Latency::from_histogram(&histogram, sum, min, max)
    }

    /// The distribution of all spans of `parts` together, as if they had been recorded in one run.
    pub fn merge<'a>(parts: impl IntoIterator<Item = &'a Latency>) -> Option<Latency> {
        let mut histogram = empty();
        let (mut sum, mut min, mut max) = (0, i64::MAX, 0);
        for part in parts {
            for &(edge, count) in &part.buckets {
                record(&mut histogram, edge, count);
            }
            sum += part.sum;
            min = min.min(part.min.0);
            max = max.max(part.max.0);
        }
        Latency::from_histogram(&histogram, sum, min, max)
    }

    /// The share of spans that are at most `limit` (to the histogram's precision).
    pub fn share_within(&self, limit: Millis) -> f64 {
        let within: u64 =
            self.buckets.iter().take_while(|(edge, _)| *edge as i64 <= limit.0.max(0)).map(|(_, count)| count).sum();
        within as f64 / self.count as f64
    }

    fn from_histogram(histogram: &Histogram<u64>, sum: i64, min: i64, max: i64) -> Option<Latency> {
        let count = histogram.len();
        if count == 0 {
            return None;
        }
        let at = |quantile: f64| Millis((histogram.value_at_quantile(quantile) as i64).clamp(min, max));
        let buckets = histogram
            .iter_recorded()
            .map(|bucket| (bucket.value_iterated_to().min(max as u64), bucket.count_at_value()))
            .collect();
        Some(Latency {
            count,
            sum,
            mean: Millis(sum / count as i64),
            min: Millis(min),
            p50: at(0.50),
            p90: at(0.90),
            p95: at(0.95),
            p99: at(0.99),
            max: Millis(max),
            buckets,
        })
    }
}

fn empty() -> Histogram<u64> {
    Histogram::new(DIGITS).expect("three significant digits are allowed")
}

fn record(histogram: &mut Histogram<u64>, value: u64, count: u64) {
    histogram.record_n(value, count).expect("the histogram resizes itself");
}

/// A survival curve (Kaplan–Meier): the share of attacked devices still undetected after a time since their onset.
///
/// A device whose observation ended undetected is *censored*: it counts as at risk until then and says nothing about
/// later. So the curve does not flatter as an average over the detected would.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Survival {
    /// Devices at the start.
    pub devices: u64,
    /// How many of them were detected.
    pub detected: u64,
    /// The first time at which at most half are undetected; `None` if that was never reached.
    pub median: Option<Millis>,
    /// The steps of the curve, at most [`Survival::STEPS_MAX`]: beyond that, every k-th and the last are kept.
    pub steps: Vec<Step>,
}

/// A step of a survival curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Time since onset \[ms\].
    pub after: Millis,
    /// Share still undetected just after it.
    pub undetected: f64,
    /// Lower end of its 95 % interval (Greenwood's variance on the log(−log) scale).
    pub low: f64,
    /// Upper end of its 95 % interval.
    pub high: f64,
    /// Devices that were at risk just before it.
    pub at_risk: u64,
}

impl Survival {
    /// Steps kept of one curve.
    pub const STEPS_MAX: usize = 400;

    /// The curve of these observations: (time under observation since onset, whether it ended in detection). `None`
    /// without observations.
    ///
    /// S(t) = Π (1 − dᵢ/nᵢ) over the detection times up to t; a device censored at a detection time is still at risk
    /// then.
    pub fn of(observations: impl IntoIterator<Item = (Millis, bool)>) -> Option<Survival> {
        let mut observations: Vec<(Millis, bool)> =
            observations.into_iter().map(|(time, detected)| (Millis(time.0.max(0)), detected)).collect();
        observations.sort_unstable();
        let devices = observations.len() as u64;
        if devices == 0 {
            return None;
        }
        let (mut at_risk, mut undetected, mut greenwood, mut detected) = (devices, 1.0, 0.0, 0);
        let mut steps = Vec::new();
        for group in observations.chunk_by(|a, b| a.0 == b.0) {
            let events = group.iter().filter(|(_, detected)| *detected).count() as u64;
            if events > 0 {
                undetected *= 1.0 - events as f64 / at_risk as f64;
                if at_risk > events {
                    greenwood += events as f64 / (at_risk as f64 * (at_risk - events) as f64);
                }
                let (low, high) = greenwood_interval(undetected, greenwood);
                steps.push(Step { after: group[0].0, undetected, low, high, at_risk });
                detected += events;
            }
            at_risk -= group.len() as u64;
        }
        let median = steps.iter().find(|step| step.undetected <= 0.5).map(|step| step.after);
        Some(Survival { devices, detected, median, steps: thin(steps, Survival::STEPS_MAX) })
    }
}

fn greenwood_interval(survival: f64, variance: f64) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    if survival <= 0.0 || survival >= 1.0 {
        return (survival.clamp(0.0, 1.0), survival.clamp(0.0, 1.0));
    }
    let log = libm::log(survival);
    let spread = Z * libm::sqrt(variance) / log.abs();
    (libm::pow(survival, libm::exp(spread)), libm::pow(survival, libm::exp(-spread)))
}

/// Every k-th item and the last, so that at most `most` are left.
pub(crate) fn thin<T>(items: Vec<T>, most: usize) -> Vec<T> {
    let count = items.len();
    if count <= most {
        return items;
    }
    let step = count.div_ceil(most - 1);
    items.into_iter().enumerate().filter(|(i, _)| i % step == 0 || i + 1 == count).map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(list: &[i64]) -> Vec<Millis> {
        list.iter().map(|m| Millis::minutes(*m)).collect()
    }

    #[test]
    fn quantiles_are_nearest_rank_within_a_thousandth() {
        let latency = Latency::of(minutes(&[5, 10, 10, 15, 60])).expect("five spans");
        assert_eq!((latency.count, latency.min, latency.max), (5, Millis::minutes(5), Millis::minutes(60)));
        assert_eq!(latency.mean, Millis::minutes(20));
        for (ours, exact) in [(latency.p50, 10), (latency.p90, 60), (latency.p99, 60)] {
            let exact = Millis::minutes(exact).0 as f64;
            assert!((ours.0 as f64 - exact).abs() <= exact / 1_000.0, "{ours} instead of {exact} ms");
        }
        assert_eq!(latency.share_within(Millis(10 * 60_000 + 600)), 0.6);
    }

    #[test]
    fn no_spans_no_latency() {
        assert_eq!(Latency::of([]), None);
        assert_eq!(Latency::merge([]), None);
    }

    #[test]
    fn merging_equals_recording_together() {
        let (a, b) = (minutes(&[1, 2, 3, 400]), minutes(&[2, 7, 90]));
        let together = Latency::of(a.iter().chain(&b).copied());
        let merged = Latency::merge([&Latency::of(a).expect("four"), &Latency::of(b).expect("three")]);
        assert_eq!(merged, together);
    }

    #[test]
    fn kaplan_meier_by_hand() {
        // Five devices: detected after 5, 10 and 10 minutes; censored after 5 and 20.
        // t = 5: 1 of 5 → 0.8 (the one censored then is still at risk); t = 10: 2 of 3 → 0.8 · 1/3.
        let minute = Millis::minutes;
        let curve = Survival::of([
            (minute(10), true),
            (minute(5), false),
            (minute(5), true),
            (minute(20), false),
            (minute(10), true),
        ])
        .expect("five devices");
        assert_eq!((curve.devices, curve.detected, curve.median), (5, 3, Some(minute(10))));
        assert_eq!(curve.steps.len(), 2);
        assert_eq!((curve.steps[0].after, curve.steps[0].at_risk), (minute(5), 5));
        assert!((curve.steps[0].undetected - 0.8).abs() < 1e-12);
        assert_eq!((curve.steps[1].after, curve.steps[1].at_risk), (minute(10), 3));
        assert!((curve.steps[1].undetected - 0.8 / 3.0).abs() < 1e-12);
        assert!(curve.steps[1].low < curve.steps[1].undetected && curve.steps[1].undetected < curve.steps[1].high);
    }

    #[test]
    fn nobody_detected_is_a_flat_line_without_median() {
        let curve = Survival::of([(Millis::HOUR, false), (Millis::DAY, false)]).expect("two devices");
        assert_eq!((curve.detected, curve.median, curve.steps.len()), (0, None, 0));
    }

    #[test]
    fn thinning_keeps_both_ends_and_the_cap() {
        for count in [1, 399, 400, 401, 12_345] {
            let kept = thin((0..count).collect(), 400);
            assert!(kept.len() <= 400 && kept[0] == 0 && kept[kept.len() - 1] == count - 1);
        }
    }
}

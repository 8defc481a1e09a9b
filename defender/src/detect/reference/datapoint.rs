//! How datapoints are formed from what is known of a device (5.7).

use super::log::{DeviceLog, Window};
use crate::detect::behavior::{Behavior, Criteria};
use crate::detect::criteria::{Observed, Rule};
use crate::detect::report::ReportValues;
use crate::metric::{Metric, MetricRef};
use crate::time::{Millis, Timestamp};

/// What becomes of the sizes of the messages of a window (D-40, CH-70).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sizes {
    /// Of a static upper bound: the largest message.
    Largest,
    /// Of a static lower bound: the smallest message.
    Smallest,
    /// Of statistical and learned thresholds, and of retained data: the sum.
    Sum,
}

impl Sizes {
    /// What a behavior looks at.
    pub(super) fn of(behavior: &Behavior) -> Sizes {
        match &behavior.criteria {
            Criteria::Static(Rule::Number { relation, .. }) if relation.bounds_from_above() => Sizes::Largest,
            Criteria::Static(_) => Sizes::Smallest,
            Criteria::Statistical { .. } | Criteria::MachineLearning { .. } => Sizes::Sum,
        }
    }
}

/// Tells of a topic whether it counts.
pub(super) type TopicTest<'a> = dyn Fn(Option<&str>) -> bool + 'a;

/// A cloud-side metric of a device in a window; `None` is no datapoint. `counts` tells of a topic whether it counts,
/// and is `None` without a dimension.
pub(super) fn cloud_side(
    log: &DeviceLog,
    metric: Metric,
    window: Window,
    sizes: Sizes,
    counts: Option<&TopicTest<'_>>,
) -> Option<Observed> {
    let topic_counts = |topic: Option<&str>| counts.is_none_or(|counts| counts(topic));
    match metric {
        Metric::MessageByteSize => {
            let found = log.message_sizes(window, topic_counts);
            let value = match sizes {
                Sizes::Largest => found.iter().copied().max()?,
                Sizes::Smallest => found.iter().copied().min()?,
                Sizes::Sum if found.is_empty() => return None,
                Sizes::Sum => found.iter().sum(),
            };
            Some(Observed::Number(value as f64))
        }
        Metric::SourceIpAddress => {
            let addresses = match counts {
                Some(counts) => log.addresses_of_messages(window, counts),
                None => log.addresses(window),
            };
            (!addresses.is_empty()).then_some(Observed::Cidrs(addresses))
        }
        Metric::DisconnectDuration => {
            let disconnected = log.disconnected_for(window.end)?;
            Some(Observed::Number((disconnected.0 / Millis::MINUTE.0) as f64))
        }
        _ => log.is_active(window).then(|| Observed::Number(log.count(metric, window, topic_counts) as f64)),
    }
}

/// What one report says about a metric; `None` if nothing (D-44).
pub(super) fn reported(values: &ReportValues, metric: &MetricRef) -> Option<Observed> {
    match metric {
        MetricRef::Aws(metric) => values.observed(*metric),
        MetricRef::Custom(name) => values.custom.get(name).map(|value| value.observed()),
    }
}

fn delta(values: &ReportValues, metric: Metric) -> Option<f64> {
    values.count(metric).map(|count| count as f64)
}

/// The datapoint that a report just arrived gives (D-43): what it says, or for a delta the sum over the reports that
/// arrived in `(now − d, now]` since the device is monitored.
pub(super) fn device_side(
    log: &DeviceLog,
    behavior: &Behavior,
    now: Timestamp,
    report: &ReportValues,
    since: Timestamp,
) -> Option<Observed> {
    let own = reported(report, &behavior.metric)?;
    match behavior.aws_metric() {
        Some(metric) if metric.is_delta() => {
            let after = (now - behavior.window()).max(since - Millis(1));
            let deltas = log.reports_between(after, now).filter_map(|values| delta(values, metric));
            Some(Observed::Number(deltas.sum()))
        }
        _ => Some(own),
    }
}

/// A device-side or custom metric over a tumbling window, for statistical thresholds (D-56): deltas summed, of gauges
/// the last; `None` if no report said anything.
pub(super) fn device_side_window(log: &DeviceLog, metric: &MetricRef, window: Window) -> Option<Observed> {
    match metric {
        MetricRef::Aws(metric) if metric.is_delta() => {
            let deltas: Vec<f64> = log.reports_in(window).filter_map(|values| delta(values, *metric)).collect();
            (!deltas.is_empty()).then(|| Observed::Number(deltas.iter().sum()))
        }
        _ => log.reports_in(window).rev().find_map(|values| reported(values, metric)),
    }
}

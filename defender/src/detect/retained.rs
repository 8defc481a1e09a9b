//! Metric values that are kept for 14 days, and exported (5.15).

use std::collections::{BTreeMap, VecDeque};

use super::Detect;
use super::behavior::Dimension;
use super::criteria::Observed;
use super::device::DeviceId;
use super::violation::Kept;
use super::wire::{self, DimensionOperator, MetricValue};
use crate::account::Account;
use crate::error::ServiceError;
use crate::metric::{MetricRef, ValueKind};
use crate::request::Page;
use crate::time::{Millis, Timestamp};

/// How long values are kept.
pub const DATA_RETENTION: Millis = Millis::days(14);

/// What a kept series measures: a metric, restricted by a dimension or not.
pub type SeriesKey = (MetricRef, Option<Dimension>);

/// Kept values by series and device, each oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Retained {
    series: BTreeMap<SeriesKey, BTreeMap<DeviceId, VecDeque<(Timestamp, Kept)>>>,
}

impl Retained {
    fn push(&mut self, key: &SeriesKey, device: DeviceId, time: Timestamp, value: Observed) {
        if !self.series.contains_key(key) {
            self.series.insert(key.clone(), BTreeMap::new());
        }
        let devices = self.series.get_mut(key).expect("just made sure");
        let values = devices.entry(device).or_default();
        let at = values.partition_point(|(kept, _)| *kept <= time);
        values.insert(at, (time, Kept::new(value)));
        while values.front().is_some_and(|(kept, _)| *kept < time - DATA_RETENTION) {
            values.pop_front();
        }
    }

    /// Forgets a deleted custom metric's data (D-09).
    pub(crate) fn forget_custom(&mut self, name: &str) {
        self.series.retain(|(metric, _), _| *metric != MetricRef::Custom(name.to_owned()));
    }

    fn has(&self, device: DeviceId) -> bool {
        self.series.values().any(|devices| devices.contains_key(&device))
    }
}

/// One message of exported values, on its way to an MQTT topic (D-93).
#[derive(Clone, Debug, PartialEq)]
pub struct ExportMessage {
    /// When it is sent.
    pub time: Timestamp,
    /// The topic of the profile's export configuration.
    pub mqtt_topic: String,
    /// The role that may publish there.
    pub role_arn: String,
    /// The payload.
    pub message: wire::MetricsExport,
}

impl Detect {
    /// Keeps one value of a device: of a 300-s window for cloud-side metrics (D-92, CH-92), of a report for others.
    /// Which values are kept, namely of metrics used or retained by a profile that covers the device, is for the caller to
    /// say ([`Detect::kept_series`]).
    pub fn retain_value(&mut self, key: &SeriesKey, device: DeviceId, time: Timestamp, value: Observed) {
        self.retained.push(key, device, time, value);
    }

    /// The series that are kept for the devices of a profile: of its behaviors and of its retained metrics (D-20).
    pub fn kept_series(&self, profile: &super::Profile) -> Vec<SeriesKey> {
        let evaluations = profile.evaluations().iter().map(|evaluation| &self.evaluations.get(*evaluation).behavior);
        let of_behaviors = evaluations.map(|behavior| (behavior.metric.clone(), behavior.dimension.clone()));
        let retained = profile.retained_metrics().iter().map(|kept| (kept.metric.clone(), kept.dimension.clone()));
        let mut series: Vec<_> = of_behaviors.chain(retained).collect();
        series.sort();
        series.dedup();
        series
    }

    /// The series that a profile exports, with the shape of their values (D-93); none without an export configuration.
    pub fn exported_series(&self, profile: &super::Profile) -> Vec<(SeriesKey, ValueKind)> {
        if profile.metrics_export_config().is_none() {
            return Vec::new();
        }
        let evaluations = profile.evaluations().iter().map(|evaluation| &self.evaluations.get(*evaluation).behavior);
        let of_behaviors = evaluations
            .filter(|behavior| behavior.export)
            .map(|behavior| ((behavior.metric.clone(), behavior.dimension.clone()), behavior.value_kind));
        let retained = profile.retained_metrics().iter().filter(|kept| kept.export);
        let of_retained = retained.map(|kept| ((kept.metric.clone(), kept.dimension.clone()), kept.value_kind));
        let mut series: Vec<_> = of_behaviors.chain(of_retained).collect();
        series.sort_by(|(a, _), (b, _)| a.cmp(b));
        series.dedup();
        series
    }

    /// Kept values of a device, oldest first (D-91).
    ///
    /// # Errors
    /// `ResourceNotFoundException` for an unknown thing, metric or dimension (CH-91); `InvalidRequestException` for a
    /// bad page or a range that ends before it starts.
    pub fn list_metric_values(
        &self,
        now: Timestamp,
        request: &wire::ListMetricValuesRequest,
        account: &Account,
    ) -> Result<wire::ListMetricValuesResponse, ServiceError> {
        let name = &request.thing_name;
        let devices: Vec<_> = self.devices.named(name).collect();
        if account.thing(name).is_none() && !devices.iter().any(|device| self.retained.has(*device)) {
            return Err(ServiceError::not_found("thing", name));
        }
        let (metric, kind) = self
            .catalog
            .metric(&request.metric_name)
            .ok_or_else(|| ServiceError::not_found("metric", &request.metric_name))?;
        let dimension = match &request.dimension_name {
            Some(name) if !self.dimensions.contains_key(name) => {
                return Err(ServiceError::not_found("dimension", name));
            }
            Some(name) => Some(Dimension {
                name: name.clone(),
                operator: request.dimension_value_operator.unwrap_or(DimensionOperator::In),
            }),
            None if request.dimension_value_operator.is_some() => {
                return Err(ServiceError::invalid("dimensionValueOperator requires dimensionName"));
            }
            None => None,
        };
        check_range(request.start_time, request.end_time)?;
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let wanted = request.start_time.max(now - DATA_RETENTION)..=request.end_time;
        let of_devices = self.retained.series.get(&(metric, dimension));
        let mut data: Vec<_> = devices
            .iter()
            .filter_map(|device| of_devices?.get(device))
            .flatten()
            .filter(|(time, _)| wanted.contains(time))
            .filter_map(|(time, value)| {
                Some(wire::MetricDatum { timestamp: *time, value: MetricValue::observed(&value.observed()?, kind) })
            })
            .collect();
        data.sort_by_key(|datum| datum.timestamp);
        let (metric_datum_list, next_token) = page.of(data)?;
        Ok(wire::ListMetricValuesResponse { metric_datum_list, next_token })
    }

    /// Puts a message of exported values on its way to the topic of a profile.
    pub fn export(&mut self, now: Timestamp, profile: crate::ids::ProfileId, metrics: Vec<wire::ExportedMetric>) {
        let Some(config) = self.profiles[profile.index()].metrics_export_config() else { return };
        if !metrics.is_empty() {
            self.exports.push(ExportMessage {
                time: now,
                mqtt_topic: config.mqtt_topic.clone(),
                role_arn: config.role_arn.clone(),
                message: wire::MetricsExport { version: "1.0".to_owned(), metrics },
            });
        }
    }

    /// The export messages since the last call, in the order of sending.
    pub fn take_exports(&mut self) -> Vec<ExportMessage> {
        std::mem::take(&mut self.exports)
    }
}

/// `InvalidRequestException` for a range that ends before it starts.
pub(crate) fn check_range(start: Timestamp, end: Timestamp) -> Result<(), ServiceError> {
    if start <= end {
        return Ok(());
    }
    Err(ServiceError::invalid(format!("startTime must not be after endTime, found `{start}` and `{end}`")))
}

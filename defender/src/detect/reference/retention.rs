//! Values that are kept and exported as they pass (5.15).

use std::collections::BTreeMap;

use super::datapoint::{self, Sizes};
use super::log::{DeviceLog, Window};
use super::{Scene, counts};
use crate::detect::behavior::{BASE_WINDOW, Dimension};
use crate::detect::criteria::Observed;
use crate::detect::device::DeviceId;
use crate::detect::report::ReportValues;
use crate::detect::wire::{ExportedDimension, ExportedMetric, MetricValue};
use crate::detect::{Detect, Profile, SeriesKey};
use crate::metric::{Metric, MetricRef, ValueKind};
use crate::time::{Millis, Timestamp};

/// Keeps what a report says, of metrics that a profile covering the device uses or retains, and exports it where that
/// is asked for: one by one (D-94).
pub(super) fn keep_reported(now: Timestamp, device: DeviceId, values: &ReportValues, scene: &mut Scene<'_>) {
    let mut kept: BTreeMap<SeriesKey, Observed> = BTreeMap::new();
    for profile in covering(device, scene) {
        for key in scene.detect.kept_series(&profile) {
            if let Some(value) = datapoint::reported(values, &key.0) {
                kept.insert(key, value);
            }
        }
        for (key, kind) in scene.detect.exported_series(&profile) {
            if let Some(value) = datapoint::reported(values, &key.0) {
                let entry = entry(key.0.to_string(), device, now, &value, kind, key.1.as_ref(), scene.detect);
                scene.detect.export(now, profile.id(), vec![entry]);
            }
        }
    }
    for (key, value) in kept {
        scene.detect.retain_value(&key, device, now, value);
    }
}

/// Keeps the cloud-side values of the 300 s that end at a boundary (D-92), and exports them where that is asked for,
/// as one batch per profile (D-94).
pub(super) fn keep_window(boundary: Timestamp, logs: &BTreeMap<String, DeviceLog>, scene: &mut Scene<'_>) {
    let window = Window::ending(boundary, BASE_WINDOW);
    let profiles: Vec<Profile> = scene.detect.profiles().cloned().collect();
    let mut kept: BTreeMap<(SeriesKey, DeviceId), Observed> = BTreeMap::new();
    for profile in profiles {
        let mut batch = Vec::new();
        for (name, log) in logs {
            let device = scene.detect.device(name, scene.account);
            if !scene.detect.covers(profile.id(), device, scene.account) {
                continue;
            }
            for key in scene.detect.kept_series(&profile) {
                if let Some(value) = window_value(name, log, &key, window, Sizes::Sum, scene.detect) {
                    kept.insert((key, device), value);
                }
            }
            for (key, _) in scene.detect.exported_series(&profile) {
                batch.extend(exported(name, device, log, &key, window, scene.detect));
            }
        }
        scene.detect.export(boundary, profile.id(), batch);
    }
    for ((key, device), value) in kept {
        scene.detect.retain_value(&key, device, boundary, value);
    }
}

fn covering(device: DeviceId, scene: &Scene<'_>) -> Vec<Profile> {
    let profiles = scene.detect.profiles();
    profiles.filter(|profile| scene.detect.covers(profile.id(), device, scene.account)).cloned().collect()
}

fn window_value(
    name: &str,
    log: &DeviceLog,
    key: &SeriesKey,
    window: Window,
    sizes: Sizes,
    detect: &Detect,
) -> Option<Observed> {
    let MetricRef::Aws(metric) = key.0 else { return None };
    if !metric.is_cloud_side() {
        return None;
    }
    match &key.1 {
        None => datapoint::cloud_side(log, metric, window, sizes, None),
        Some(dimension) => {
            let filters = detect.topic_filters(&dimension.name, window.start);
            let topic_counts = |topic: Option<&str>| counts(dimension.operator, filters, name, topic);
            datapoint::cloud_side(log, metric, window, sizes, Some(&topic_counts))
        }
    }
}

/// The exported values of one device and series in a window (D-94). Of message sizes there are three, told apart by
/// their names; of the disconnect duration one \[s\] per hour and per change of the connection.
fn exported(
    name: &str,
    device: DeviceId,
    log: &DeviceLog,
    key: &SeriesKey,
    window: Window,
    detect: &Detect,
) -> Vec<ExportedMetric> {
    let value_of = |sizes| window_value(name, log, key, window, sizes, detect);
    let one =
        |metric: String, time, value: &Observed, kind| entry(metric, device, time, value, kind, key.1.as_ref(), detect);
    match key.0 {
        MetricRef::Aws(Metric::MessageByteSize) => {
            let parts = [("min", Sizes::Smallest), ("max", Sizes::Largest), ("total", Sizes::Sum)];
            let values = parts.into_iter().filter_map(|(part, sizes)| Some((part, value_of(sizes)?)));
            values.map(|(part, value)| one(format!("{}-{part}", key.0), window.end, &value, ValueKind::Count)).collect()
        }
        MetricRef::Aws(Metric::DisconnectDuration) => {
            let hourly = window.end.floor_to(Millis::HOUR) == window.end;
            let hourly = hourly.then(|| log.disconnected_for(window.end)).flatten().map(|span| (window.end, span));
            // At a change the duration is zero: just connected, or just disconnected.
            let changes = log.session_changes(window).map(|(time, _)| (time, Millis(0)));
            let mut values: Vec<_> = changes.chain(hourly).collect();
            values.sort();
            let seconds = |span: Millis| Observed::Number((span.0 / Millis::SECOND.0) as f64);
            values
                .into_iter()
                .map(|(time, span)| one(key.0.to_string(), time, &seconds(span), ValueKind::Count))
                .collect()
        }
        MetricRef::Aws(metric) => {
            let value = value_of(Sizes::Sum);
            value.map(|value| one(key.0.to_string(), window.end, &value, metric.value_kind())).into_iter().collect()
        }
        MetricRef::Custom(_) => Vec::new(),
    }
}

fn entry(
    metric: String,
    device: DeviceId,
    time: Timestamp,
    value: &Observed,
    kind: ValueKind,
    dimension: Option<&Dimension>,
    detect: &Detect,
) -> ExportedMetric {
    ExportedMetric {
        name: metric,
        thing: detect.devices().name(device).to_owned(),
        value: MetricValue::observed(value, kind),
        version: 1,
        timestamp: time,
        dimension: dimension
            .map(|dimension| ExportedDimension { name: dimension.name.clone(), operator: dimension.operator }),
    }
}

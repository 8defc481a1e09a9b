//! Recorded metrics: what real devices showed, to be replayed in place of simulated telemetry.
//!
//! ```text
//!   CSV, list-metric-values, metrics export ──read──▶ Recording ──Scenario::replaying──▶ a scenario of its things and
//!   (files, or a directory of them)                                                     its time, with the same attacks
//! ```
//!
//! A value belongs to a window as the service's own datapoints do: what the broker measures to the window that ends at
//! its time (D-35), what a device reports to the one in which the report arrived (D-43). `docs/tuning.md` has the formats.

mod json;
mod read;
mod scenario;
mod table;

use defender::metric::{Metric, MetricRef};
use defender::time::{Millis, Timestamp};

pub use read::{Recorded, read};
pub use scenario::Replay;

/// What some things showed over some time.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Its things: by class, in the scenario's order, and by name.
    things: Vec<Thing>,
    metrics: Vec<MetricRef>,
    /// In the order of things, metrics and times; one value at a time.
    points: Vec<Point>,
    start: Timestamp,
    end: Timestamp,
}

/// A thing that was recorded.
#[derive(Clone, Debug, PartialEq)]
struct Thing {
    name: String,
    /// Its class's position in the scenario.
    class: usize,
}

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// Position among the things.
    pub thing: u32,
    /// Position among the metrics.
    pub metric: u32,
    pub time: Timestamp,
    pub value: f64,
}

impl Recording {
    /// Start of the first window with a value, on the service's grid.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// How long it is, from the first window with a value to the last.
    pub fn duration(&self) -> Millis {
        self.end - self.start
    }

    /// Number of things.
    pub fn things(&self) -> u32 {
        self.things.len() as u32
    }

    /// The name of a thing, by its position.
    pub(crate) fn name(&self, thing: u32) -> &str {
        &self.things[thing as usize].name
    }

    /// Number of values.
    pub fn values(&self) -> usize {
        self.points.len()
    }

    /// The metrics that it has values of.
    pub fn metrics(&self) -> &[MetricRef] {
        &self.metrics
    }

    /// Its values, thing by thing.
    pub(crate) fn points(&self) -> &[Point] {
        &self.points
    }
}

/// The window on the service's grid that a value of a metric belongs to.
fn window(metric: &MetricRef, time: Timestamp) -> (Timestamp, Timestamp) {
    const GRID: Millis = defender::detect::columns::GRID;
    if metric.is_cloud_side() {
        let end = time.ceil_to(GRID);
        (end - GRID, end)
    } else {
        let start = time.floor_to(GRID);
        (start, start + GRID)
    }
}

/// Whether a metric can be replayed: a number.
fn is_number(metric: Metric) -> bool {
    metric.value_kind() == defender::metric::ValueKind::Count
}

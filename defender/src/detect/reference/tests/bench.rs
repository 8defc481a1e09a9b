//! A world with a reference in it, driven second by second.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::detect::reference::{BrokerAction, BrokerEvent, Reference, Scene};
use crate::detect::report::{CustomValue, MetricReport, NetworkStats, PortList, ReportValues};
use crate::detect::tests::fixture::{B, World, at, shape};
use crate::error::ServiceError;
use crate::time::Timestamp;

/// The device of most tests.
pub(super) const PUMP: &str = "pump";

pub(super) struct Bench {
    pub(super) world: World,
    pub(super) reference: Reference,
}

impl Bench {
    /// One thing, `pump`, and nothing watched, an hour before `B`.
    pub(super) fn new() -> Bench {
        let mut world = World::new();
        world.thing(at(-3600), PUMP);
        Bench { world, reference: Reference::new(at(-3600)) }
    }

    /// A profile `P` on all things since `B`.
    pub(super) fn watching(behaviors: Value) -> Bench {
        let mut bench = Bench::new();
        bench.watch(0, "P", behaviors, "all/things");
        bench
    }

    pub(super) fn scene(&mut self) -> (&mut Reference, Scene<'_>) {
        (&mut self.reference, Scene { detect: &mut self.world.detect, account: &self.world.account })
    }

    pub(super) fn watch(&mut self, second: i64, name: &str, behaviors: Value, target: &str) {
        self.change(second, |world, now| world.watch(now, name, behaviors, target));
    }

    /// Changes the world at a time, with everything that belongs around it.
    pub(super) fn change<T>(&mut self, second: i64, change: impl FnOnce(&mut World, Timestamp) -> T) -> T {
        self.run_to(second);
        let answer = change(&mut self.world, at(second));
        let (reference, mut scene) = self.scene();
        reference.sync(at(second), &mut scene);
        answer
    }

    pub(super) fn update(&mut self, second: i64, profile: &str, members: Value) -> Result<(), ServiceError> {
        self.change(second, |world, now| world.update(now, profile, members).map(|_| ()))
    }

    pub(super) fn run_to(&mut self, second: i64) {
        let (reference, mut scene) = self.scene();
        reference.advance(at(second), &mut scene);
    }

    /// An event that arrives when it happens.
    pub(super) fn happens(&mut self, second: i64, client_id: &str, action: BrokerAction) {
        self.arrives(second, second, client_id, action);
    }

    pub(super) fn arrives(&mut self, arrival: i64, second: i64, client_id: &str, action: BrokerAction) {
        let event = BrokerEvent { time: at(second), client_id: client_id.to_owned(), action };
        let (reference, mut scene) = self.scene();
        reference.observe(at(arrival), event, &mut scene);
    }

    pub(super) fn connect(&mut self, second: i64, client_id: &str, source_ip: &str) {
        let source_ip: IpAddr = source_ip.parse().expect("an address");
        self.happens(second, client_id, BrokerAction::Connect { source_ip, success: true });
    }

    pub(super) fn disconnect(&mut self, second: i64, client_id: &str) {
        self.happens(second, client_id, BrokerAction::Disconnect);
    }

    pub(super) fn publish(&mut self, second: i64, client_id: &str, topic: &str, bytes: u64) {
        self.happens(second, client_id, BrokerAction::Publish { topic: topic.to_owned(), bytes });
    }

    pub(super) fn publish_many(&mut self, second: i64, client_id: &str, times: u64) {
        (0..times).for_each(|_| self.publish(second, client_id, "t", 10));
    }

    pub(super) fn refuse_many(&mut self, second: i64, client_id: &str, times: u64) {
        let action = || BrokerAction::Refuse { topic: Some("t".to_owned()) };
        (0..times).for_each(|_| self.happens(second, client_id, action()));
    }

    pub(super) fn report(&mut self, second: i64, name: &str, values: &ReportValues) {
        let (reference, mut scene) = self.scene();
        reference.report(at(second), name, values, &mut scene);
    }

    /// Counts per 300-s window from `B` on: `Some(n)` is a visit with n events, `None` is no datapoint.
    pub(super) fn series(&mut self, counts: &[Option<u64>], event: fn(&mut Bench, i64, &str, u64)) {
        for (window, count) in counts.iter().enumerate() {
            let start = window as i64 * 300;
            if let Some(count) = count {
                self.connect(start + 10, PUMP, "10.0.0.1");
                event(self, start + 20, PUMP, *count);
                self.disconnect(start + 30, PUMP);
            }
            self.run_to(start + 300);
        }
    }

    /// Everything on record, oldest first, as `second type device value`.
    pub(super) fn events(&self) -> Vec<String> {
        self.world.events(until())
    }

    pub(super) fn alarms(&self) -> usize {
        let active = self.world.detect.list_active_violations(&shape(json!({"maxResults": 250})));
        active.expect("a list").active_violations.len()
    }
}

/// When the events of the first thirty days are all on record still.
pub(super) fn until() -> Timestamp {
    Timestamp::from_seconds(B + 30 * 86_400)
}

pub(super) fn ports(list: &[u16]) -> ReportValues {
    let mut report = MetricReport::new(1);
    report.listening_tcp_ports = Some(PortList::of(list.iter().copied()));
    report.values()
}

pub(super) fn bytes_out(bytes: u64) -> ReportValues {
    let mut report = MetricReport::new(1);
    report.network_stats = Some(NetworkStats { bytes_out: Some(bytes), ..NetworkStats::default() });
    report.values()
}

pub(super) fn custom(name: &str, value: f64) -> ReportValues {
    let mut values = ReportValues::default();
    values.custom.insert(name.to_owned(), CustomValue::Number(value));
    values
}

/// A behavior on a metric.
pub(super) fn on(metric: &str, criteria: Value) -> Value {
    json!({"name": "B", "metric": metric, "criteria": criteria})
}

/// A behavior that bounds a count in 300 s.
pub(super) fn bound(metric: &str, operator: &str, count: u64, to_alarm: u8, to_clear: u8) -> Value {
    on(
        metric,
        json!({"comparisonOperator": operator, "value": {"count": count}, "durationSeconds": 300,
            "consecutiveDatapointsToAlarm": to_alarm, "consecutiveDatapointsToClear": to_clear}),
    )
}

pub(super) fn sent(operator: &str, count: u64, to_alarm: u8, to_clear: u8) -> Value {
    bound("aws:num-messages-sent", operator, count, to_alarm, to_clear)
}

//! The columns judge as the reference does: the same world, told to both, once as ticks and once event by event.

use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::bench::{Bench, until};
use crate::detect::alarm::ViolationEventType;
use crate::detect::behavior::Behavior;
use crate::detect::columns::{Column, Columns, Judge, Plain, Program, Tick, Transition};
use crate::detect::criteria::{Observed, Statistic};
use crate::detect::reference::BrokerAction;
use crate::detect::report::{Connection, ConnectionList, MetricReport, NetworkStats, PortList, ReportValues};
use crate::detect::tests::fixture::at;
use crate::detect::violation::ViolationFilter;
use crate::metric::{Metric, MetricRef};
use crate::time::{Millis, Timestamp};

pub(super) const LANES: usize = 5;

/// What one device does in one tick, at fixed offsets: connect, publish, be refused, report, disconnect.
#[derive(Clone, Debug)]
pub(super) struct Doing {
    connect_from: Option<u8>,
    sizes: Vec<u64>,
    refused: u64,
    pub(super) report: Option<(u64, BTreeSet<u16>, usize)>,
    disconnect: bool,
}

pub(super) fn doing() -> impl Strategy<Value = Doing> {
    let report =
        (0u64..400, prop::collection::btree_set(prop::sample::select(vec![22u16, 443, 8080]), 0..3), 0usize..4);
    (
        prop::option::weighted(0.3, 1u8..4),
        prop::collection::vec(1u64..60, 0..5),
        0u64..3,
        prop::option::weighted(0.6, report),
        prop::bool::weighted(0.3),
    )
        .prop_map(|(connect_from, sizes, refused, report, disconnect)| Doing {
            connect_from,
            sizes,
            refused,
            report,
            disconnect,
        })
}

fn behaviors() -> Vec<Value> {
    let rule = |metric: &str, operator: &str, count: u64, seconds: Value, counts: (u8, u8)| {
        json!({"metric": metric, "criteria": {"comparisonOperator": operator, "value": {"count": count},
            "durationSeconds": seconds, "consecutiveDatapointsToAlarm": counts.0, "consecutiveDatapointsToClear": counts.1}})
    };
    let crowd = |metric: &str, operator: &str, statistic: &str, seconds: u64| {
        json!({"metric": metric, "criteria": {"comparisonOperator": operator, "durationSeconds": seconds,
            "statisticalThreshold": {"statistic": statistic}}})
    };
    let set = |metric: &str, operator: &str, value: Value| {
        json!({"metric": metric, "criteria": {"comparisonOperator": operator, "value": value,
            "consecutiveDatapointsToClear": 2}})
    };
    let none = || Value::Null;
    let mut all = vec![
        rule("aws:num-messages-sent", "less-than-equals", 2, json!(300), (1, 1)),
        rule("aws:num-messages-sent", "greater-than", 1, json!(900), (2, 1)),
        rule("aws:message-byte-size", "less-than", 50, none(), (1, 2)),
        rule("aws:message-byte-size", "greater-than-equals", 10, none(), (2, 2)),
        rule("aws:num-authorization-failures", "less-than", 2, json!(600), (1, 1)),
        rule("aws:num-connection-attempts", "less-than-equals", 0, json!(1800), (1, 1)),
        rule("aws:num-disconnects", "less-than-equals", 0, json!(300), (1, 3)),
        rule("aws:disconnect-duration", "less-than", 9, none(), (1, 1)),
        rule("aws:all-bytes-out", "less-than-equals", 500, json!(900), (1, 1)),
        rule("aws:num-listening-tcp-ports", "less-than", 2, none(), (2, 1)),
        rule("aws:num-established-tcp-connections", "greater-than", 1, none(), (3, 1)),
        crowd("aws:num-messages-sent", "less-than-equals", "p50", 600),
        crowd("aws:message-byte-size", "less-than", "p90", 300),
        crowd("aws:all-bytes-out", "greater-than", "p10", 900),
        crowd("aws:num-listening-tcp-ports", "less-than-equals", "p50", 600),
        set("aws:source-ip-address", "in-cidr-set", json!({"cidrs": ["10.0.0.1", "10.0.0.2/31"]})),
        set("aws:source-ip-address", "not-in-cidr-set", json!({"cidrs": ["10.0.0.3"]})),
        set("aws:listening-tcp-ports", "in-port-set", json!({"ports": [22, 443]})),
        set("aws:destination-ip-addresses", "not-in-cidr-set", json!({"cidrs": ["192.0.2.2"]})),
    ];
    // Zero-padded, so that the order by name is the order of the list.
    all.iter_mut().enumerate().for_each(|(i, behavior)| behavior["name"] = json!(format!("R{i:02}")));
    all
}

fn values(bytes: u64, ports: &BTreeSet<u16>, peers: usize) -> ReportValues {
    let mut report = MetricReport::new(1);
    report.network_stats = Some(NetworkStats { bytes_out: Some(bytes), ..NetworkStats::default() });
    report.listening_tcp_ports = Some(PortList::of(ports.iter().copied()));
    let peer = |i: usize| Connection {
        remote_addr: ([192, 0, 2, i as u8], 8883).into(),
        local_port: None,
        local_interface: None,
    };
    report.established_connections =
        Some(ConnectionList { connections: Some((0..peers).map(peer).collect()), total: Some(peers as u64) });
    report.values()
}

/// What carries over from tick to tick for one device.
#[derive(Clone, Default)]
pub(super) struct State {
    address: Option<IpAddr>,
    disconnected: Option<i64>,
}

pub(super) const fn report_offset(lane: usize) -> i64 {
    100 + lane as i64
}

/// Tells the reference what all devices do from a second on; the same as a tick.
pub(super) fn told(bench: &mut Bench, program: &Program, second: i64, doings: &[Doing], states: &mut [State]) -> Tick {
    let mut tick = Tick::new(LANES, program);
    (tick.start, tick.end) = (at(second), at(second + 300));
    for (lane, (doing, state)) in doings.iter().zip(states).enumerate() {
        tell(bench, program, &mut tick, second, lane, doing, state);
    }
    for (lane, doing) in doings.iter().enumerate() {
        if let Some((bytes, ports, peers)) = &doing.report {
            bench.report(second + report_offset(lane), &format!("d{lane}"), &values(*bytes, ports, *peers));
        }
    }
    tick
}

/// Tells the reference what a device does, and fills its place in the tick.
fn tell(
    bench: &mut Bench,
    program: &Program,
    tick: &mut Tick,
    second: i64,
    lane: usize,
    doing: &Doing,
    state: &mut State,
) {
    let name = format!("d{lane}");
    let mut addresses: BTreeSet<IpAddr> = state.address.into_iter().collect();
    if let Some(last) = doing.connect_from {
        let address: IpAddr = [10, 0, 0, last].into();
        bench.happens(second + 1, &name, BrokerAction::Connect { source_ip: address, success: true });
        addresses.insert(address);
        state.address = Some(address);
        tick.column_mut(Column::ConnectionAttempts)[lane] = 1;
    }
    let connected = state.address.is_some();
    let sizes: &[u64] = if connected { &doing.sizes } else { &[] };
    let refused = if connected { doing.refused } else { 0 };
    sizes.iter().for_each(|bytes| bench.publish(second + 2, &name, "t", *bytes));
    bench.refuse_many(second + 3, &name, refused);
    tick.column_mut(Column::Sent)[lane] = sizes.len() as u32;
    tick.column_mut(Column::LargestMessage)[lane] = sizes.iter().copied().max().unwrap_or(0) as u32;
    tick.column_mut(Column::SmallestMessage)[lane] = sizes.iter().copied().min().unwrap_or(0) as u32;
    tick.column_mut(Column::MessageBytes)[lane] = sizes.iter().sum::<u64>() as u32;
    tick.column_mut(Column::AuthorizationFailures)[lane] = refused as u32;
    if connected && doing.disconnect {
        bench.disconnect(second + 4, &name);
        state.address = None;
        state.disconnected = Some(second + 4);
        tick.column_mut(Column::Disconnects)[lane] = 1;
    }
    let silent_for = state.disconnected.filter(|_| state.address.is_none()).map_or(0, |since| second + 300 - since);
    tick.column_mut(Column::DisconnectMinutes)[lane] = (silent_for / 60) as u32;
    set(&mut tick.active, lane, connected);
    set(&mut tick.known, lane, state.address.is_some() || state.disconnected.is_some());

    let reported = doing.report.as_ref().map(|(bytes, ports, peers)| values(*bytes, ports, *peers));
    if let Some(values) = &reported {
        set(&mut tick.reported, lane, true);
        tick.arrival[lane] = report_offset(lane) as u32 * 1_000;
        for (column, metric) in [
            (Column::BytesOut, Metric::AllBytesOut),
            (Column::ListeningTcpPorts, Metric::NumListeningTcpPorts),
            (Column::EstablishedConnections, Metric::NumEstablishedTcpConnections),
        ] {
            tick.column_mut(column)[lane] = values.count(metric).unwrap_or(0) as u32;
        }
    }
    for (position, (_, metric, rule)) in program.set_rules().enumerate() {
        let observed = match metric {
            MetricRef::Aws(Metric::SourceIpAddress) => Some(Observed::Cidrs(addresses.clone())),
            MetricRef::Aws(metric) => reported.as_ref().and_then(|values| values.observed(*metric)),
            MetricRef::Custom(name) => {
                reported.as_ref().and_then(|values| values.custom.get(name)).map(|value| value.observed())
            }
        };
        set(&mut tick.set_violations[position], lane, observed.is_some_and(|observed| !rule.conforms(&observed)));
    }
}

fn set(mask: &mut [u64], lane: usize, on: bool) {
    mask[lane / 64] |= u64::from(on) << (lane % 64);
}

pub(super) fn threshold(mut values: Vec<u64>, statistic: Statistic) -> Option<u64> {
    values.sort_unstable();
    if values.len() < 2 { None } else { Some(values[statistic.rank(values.len() as u64) as usize - 1]) }
}

/// An event in a form that both sides can be brought into: second, behavior, device, type, number.
pub(super) type Line = (i64, String, String, ViolationEventType, Option<u64>);

fn line(transition: &Transition, behaviors: &[Behavior], program: &Program) -> Line {
    let behavior = &behaviors[program.rules()[transition.rule as usize].behavior as usize];
    let is_set = program.set_rules().any(|(rule, _, _)| rule == transition.rule as usize);
    let has_number = !is_set && transition.kind != ViolationEventType::AlarmInvalidated;
    let second = (transition.time - at(0)).0 / 1_000;
    let number = has_number.then_some(transition.value);
    (second, behavior.name.clone(), format!("d{}", transition.lane), transition.kind, number)
}

/// Runs a world through the reference and both judges over columns, and returns the three lists of events.
fn run(world: &[Vec<Doing>]) -> [Vec<Line>; 3] {
    let mut bench = Bench::watching(json!(behaviors()));
    let ids: Vec<_> = bench.world.detect.evaluations().map(|(id, _)| id).collect();
    let judged: Vec<Behavior> = ids.iter().map(|id| bench.world.detect.evaluation(*id).behavior().clone()).collect();
    let program = Program::compile([judged.as_slice()]).expect("all columnar");
    let mut judges: [Box<dyn Judge>; 2] =
        [Box::new(Plain::new(&program, LANES)), Box::new(Columns::new(&program, LANES))];
    let mut out = [Vec::new(), Vec::new()];
    for (judge, out) in judges.iter_mut().zip(&mut out) {
        (0..LANES as u32).for_each(|lane| judge.cover(at(0), 0, lane, true, out));
    }
    let mut states = vec![State::default(); LANES];
    for (k, doings) in world.iter().enumerate() {
        let second = k as i64 * 300;
        let mut tick = told(&mut bench, &program, second, doings, &mut states);
        for (judge, out) in judges.iter_mut().zip(&mut out) {
            for (position, population) in program.populations().iter().enumerate() {
                let mut values = Vec::new();
                judge.contribute(&tick, position, &mut values);
                tick.thresholds[position] = threshold(values, population.statistic);
            }
            judge.judge(&tick, out);
        }
        bench.run_to(second + 300);
    }
    let range = (Timestamp(0), until());
    let recorded = bench.world.detect.violation_events(until(), range, ViolationFilter::default());
    let mut reference: Vec<Line> = recorded
        .map(|event| {
            let number = event.metric_value.and_then(|value| value.count?.as_u64());
            let second = (event.violation_event_time - at(0)).0 / Millis::SECOND.0;
            (second, event.behavior.name, event.thing_name, event.violation_event_type, number)
        })
        .collect();
    reference.sort();
    let [plain, fast] = out.map(|found| {
        let mut lines: Vec<Line> = found.iter().map(|transition| line(transition, &judged, &program)).collect();
        lines.sort();
        lines
    });
    [reference, plain, fast]
}

/// How many random worlds a property tries: `FLEETRANGE_CASES`, or a few.
pub(super) fn config() -> ProptestConfig {
    let cases = std::env::var("FLEETRANGE_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(cases.unwrap_or(64))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn columns_judge_as_the_reference_does(
        world in prop::collection::vec(prop::collection::vec(doing(), LANES), 1..30),
    ) {
        let [reference, plain, fast] = run(&world);
        prop_assert_eq!(&reference, &plain);
        prop_assert_eq!(&reference, &fast);
    }

    #[test]
    fn d60_columns_find_silence_when_the_reference_does(
        world in prop::collection::vec(prop::collection::vec(doing(), LANES), 1..6),
    ) {
        let doing = |connect_from, disconnect| {
            Doing { connect_from, sizes: vec![], refused: 0, report: None, disconnect }
        };
        let mut world = world;
        // The last sign of life comes in a tick that ends all windows: then it does not matter that the columns look
        // at the activity of a tick where the reference also looks at the datapoints of longer windows.
        world.resize(5, vec![doing(None, true); LANES]);
        world.push(vec![doing(Some(1), true); LANES]);
        world.resize(600, vec![doing(None, false); LANES]);
        let [reference, plain, fast] = run(&world);
        prop_assert!(reference.iter().any(|(.., kind, _)| *kind == ViolationEventType::AlarmInvalidated));
        prop_assert_eq!(&reference, &plain);
        prop_assert_eq!(&reference, &fast);
    }
}

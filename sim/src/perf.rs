//! temporary
use super::shard::*;
use super::scenario::*;
use defender::detect::alarm::Consecutive;
use defender::detect::behavior::{Behavior, Criteria};
use defender::detect::columns::Program;
use defender::detect::criteria::*;
use defender::metric::*;
use defender::time::*;

fn behavior(metric: Metric, threshold: f64) -> Behavior {
    Behavior { name: "b".into(), metric: MetricRef::Aws(metric), value_kind: metric.value_kind(), dimension: None,
        criteria: Criteria::Static(Rule::Number { relation: Relation::LessThanEquals, threshold }),
        duration: Some(Millis::seconds(300)), consecutive: Consecutive { to_alarm: 2, to_clear: 2 }, suppress_alerts: false, export: false }
}
#[test]
fn perf() {
    let traffic = |mean: f64| Traffic { mean, dispersion: 4.0, hours: std::array::from_fn(|h| 1.0 + 0.6 * ((h as f64 - 12.0) / 12.0)), weekend: 0.8 };
    let size = Size { median: 300.0, spread: 0.5, maximum: 1e5 };
    let a = Archetype { name: "x".into(), sent: traffic(8.0), received: traffic(2.0), message_size: size, packets_out: traffic(120.0), packets_in: traffic(110.0),
        packet_size_out: size, packet_size_in: size, heterogeneity: 0.4, reconnects_per_day: 2.0, authorization_failures_per_day: 0.2, duty: 1.0,
        tcp_ports: vec![22, 443], udp_ports: vec![68], extra_connections: 0.5, destinations: vec!["10.0.0.0/24".parse().unwrap()], publish_topic: "t/{thing}".into(), subscribe_topic: "c/{thing}".into(), report_interval: Some(Millis::minutes(5)) };
    let mut bs: Vec<Behavior> = [(Metric::NumMessagesSent, 60.0), (Metric::NumMessagesReceived, 60.0), (Metric::NumAuthorizationFailures, 5.0), (Metric::NumConnectionAttempts, 10.0), (Metric::NumDisconnects, 10.0), (Metric::AllBytesOut, 1e6), (Metric::AllPacketsOut, 3000.0), (Metric::NumEstablishedTcpConnections, 9.0)].map(|(m, t)| behavior(m, t)).to_vec();
    bs.push(Behavior { criteria: Criteria::Static(Rule::Ports { membership: Membership::In, set: PortSet::new([22, 443]) }), duration: None, ..behavior(Metric::ListeningTcpPorts, 0.0) });
    let program = Program::compile([&bs[..]]).unwrap();
    let start = Timestamp::from_seconds(1_780_272_000);
    let ticks = 2016;
    let needs = Needs::of(&program);
    let common = Common { classes: vec![Class { tables: ClassTables::new(&a, &jiff::tz::TimeZone::UTC, start, ticks, program.tick()), tcp_ports: vec![22, 443], udp_ports: vec![68], sources: vec![], destinations: a.destinations.clone() }], program, needs, start, tick: Millis::minutes(5) };
    eprintln!("tables {} KiB", common.classes[0].tables.alias.bytes() / 1024);
    let devices: Vec<Newcomer> = (0..1024).map(|i| Newcomer { class: 0, key: crate::dice::device_key(1, 2, i), access: Access::FULL, valid_until: Timestamp(i64::MAX) }).collect();
    let mut shard = Shard::new(&common, 0, &devices, vec![], false);
    for lane in 0..1024 { shard.cover(start, 0, lane, true); }
    for _ in 0..20 {
        #[allow(clippy::disallowed_methods)]
        let t = std::time::Instant::now();
        shard.advance(&common, 0..ticks);
        eprintln!("{:.2} ns/dw, {} transitions", t.elapsed().as_nanos() as f64 / (1024.0 * ticks as f64), shard.findings.transitions.len());
    }
}

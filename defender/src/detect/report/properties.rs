//! What must hold for any report, and for anything that is not one.

use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const FORMATS: [ReportFormat; 2] = [ReportFormat::Json, ReportFormat::Cbor];
const SPELLINGS: [Names; 2] = [Names::Long, Names::Short];

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..100, 0..=i64::MAX as u64]
}

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9:_-]{1,12}"
}

/// A list's `total`: absent, true, or true of a longer list (R-11).
fn total(len: usize) -> impl Strategy<Value = Option<u64>> {
    prop::option::of((len as u64..len as u64 + 100).boxed())
}

fn port_list() -> impl Strategy<Value = PortList> {
    let entry = (prop::option::of(1u16..), prop::option::of(word()))
        .prop_map(|(port, interface)| ListeningPort { port, interface });
    prop::option::of(prop::collection::vec(entry, 0..6)).prop_flat_map(|ports| {
        total(ports.as_ref().map_or(0, Vec::len)).prop_map(move |total| PortList { ports: ports.clone(), total })
    })
}

fn connection_list() -> impl Strategy<Value = ConnectionList> {
    let peer = (any::<IpAddr>(), any::<u16>()).prop_map(|(ip, port)| SocketAddr::new(ip, port));
    let entry = (peer, prop::option::of(any::<u16>()), prop::option::of(word()))
        .prop_map(|(remote_addr, local_port, local_interface)| Connection { remote_addr, local_port, local_interface });
    prop::option::of(prop::collection::vec(entry, 0..6)).prop_flat_map(|connections| {
        total(connections.as_ref().map_or(0, Vec::len))
            .prop_map(move |total| ConnectionList { connections: connections.clone(), total })
    })
}

fn network_stats() -> impl Strategy<Value = NetworkStats> {
    let amount = || prop::option::of(count());
    (amount(), amount(), amount(), amount()).prop_map(|(bytes_in, bytes_out, packets_in, packets_out)| NetworkStats {
        bytes_in,
        bytes_out,
        packets_in,
        packets_out,
    })
}

fn custom_value() -> impl Strategy<Value = CustomValue> {
    let number = || prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL;
    prop_oneof![
        number().prop_map(CustomValue::Number),
        prop::collection::vec(number(), 0..4).prop_map(CustomValue::Numbers),
        prop::collection::vec(any::<String>(), 0..4).prop_map(CustomValue::Strings),
        prop::collection::vec(any::<IpAddr>(), 0..4).prop_map(CustomValue::Addresses),
    ]
}

/// Any report that the engine accepts.
fn report() -> impl Strategy<Value = MetricReport> {
    let custom = prop::collection::btree_map(any::<String>(), custom_value(), 0..4);
    (
        1..=i64::MAX as u64,
        "1\\.[0-9]{1,3}",
        prop::option::of(port_list()),
        prop::option::of(port_list()),
        prop::option::of(connection_list()),
        prop::option::of(network_stats()),
        prop::option::of(custom),
    )
        .prop_map(|(report_id, version, tcp, udp, established, network_stats, custom_metrics)| MetricReport {
            report_id,
            version,
            listening_tcp_ports: tcp,
            listening_udp_ports: udp,
            established_connections: established,
            network_stats,
            custom_metrics,
        })
        .prop_filter("R-07: one of the two blocks", |report| {
            *report != MetricReport { version: report.version.clone(), ..MetricReport::new(report.report_id) }
        })
}

/// Trees made of the names that reports use, mostly in the wrong places.
fn tree() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "header",
            "hed",
            "report_id",
            "rid",
            "version",
            "v",
            "metrics",
            "met",
            "custom_metrics",
            "cmet",
            "tc",
            "ec",
            "tcp_connections",
            "established_connections",
            "connections",
            "cs",
            "rad",
            "remote_addr",
            "lp",
            "li",
            "t",
            "total",
            "tp",
            "up",
            "pts",
            "ports",
            "pt",
            "port",
            "if",
            "ns",
            "bi",
            "bytes_in",
            "number",
            "number_list",
            "string_list",
            "ip_list",
            "battery",
        ])
        .prop_map(str::to_owned),
        word(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0u64..100_000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["1.0", "1", "10.1.2.3:8883", "[::1]:1", "::1:8883", "10.0.0.1"])
            .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A report with one arbitrary tree somewhere in it: more of these reach the depths of the reader.
fn damaged() -> impl Strategy<Value = Value> {
    (report(), tree(), 0usize..40, prop::sample::select(SPELLINGS.to_vec())).prop_map(|(report, tree, at, names)| {
        let mut value: Value =
            serde_json::from_slice(&report.encode(ReportFormat::Json, names)).expect("the encoder writes JSON");
        let mut nodes = 0;
        replace(&mut value, &tree, at, &mut nodes);
        value
    })
}

/// Replaces the node that a depth-first walk reaches as number `at`.
fn replace(value: &mut Value, by: &Value, at: usize, nodes: &mut usize) {
    if *nodes == at {
        *value = by.clone();
    }
    *nodes += 1;
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, by, at, nodes)),
        Value::Object(members) => members.values_mut().for_each(|node| replace(node, by, at, nodes)),
        _ => {}
    }
}

fn cbor_of(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("writing to memory");
    bytes
}

/// Judges a payload as the engine would, whatever it is.
fn receive(format: ReportFormat, payload: &[u8]) -> Verdict {
    let topic = ReportTopic::new("t", format).expect("a device name");
    let mut intake = ReportIntake::new(ReportLimits::default());
    intake.receive(crate::time::Timestamp(0), &topic, payload, &|_| None)
}

proptest! {
    #[test]
    fn the_reader_never_panics_on_bytes(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in FORMATS {
            receive(format, &payload).answer().encode(format);
        }
    }

    #[test]
    fn the_reader_never_panics_on_damaged_encodings(
        report in report(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()
    ) {
        for format in FORMATS {
            for names in SPELLINGS {
                let mut payload = report.encode(format, names);
                let at = at.index(payload.len());
                payload[at] = byte;
                receive(format, &payload);
                payload.truncate(cut.index(payload.len()));
                receive(format, &payload);
            }
        }
    }

    #[test]
    fn json_and_cbor_of_one_tree_mean_the_same(value in prop_oneof![tree(), damaged()]) {
        let from_json = MetricReport::parse(ReportFormat::Json, value.to_string().as_bytes());
        let from_cbor = MetricReport::parse(ReportFormat::Cbor, &cbor_of(&value));
        prop_assert_eq!(from_json, from_cbor);
    }

    #[test]
    fn what_is_written_is_read_back_in_every_format_and_spelling(report in report()) {
        for format in FORMATS {
            for names in SPELLINGS {
                let payload = report.encode(format, names);
                let read = MetricReport::parse(format, &payload);
                prop_assert_eq!(read.as_ref(), Ok(&report), "{} {:?}", format, names);
                prop_assert_eq!(read.map(|read| read.values()), Ok(report.values()));
            }
        }
    }

    #[test]
    fn r16_nothing_may_follow_the_report(report in report(), byte in any::<u8>()) {
        let mut payload = report.encode(ReportFormat::Cbor, Names::Long);
        payload.push(byte);
        prop_assert!(MetricReport::parse(ReportFormat::Cbor, &payload).is_err());
        let mut payload = report.encode(ReportFormat::Json, Names::Long);
        payload.push(byte);
        let white = [b' ', b'\n', b'\r', b'\t'].contains(&byte);
        prop_assert_eq!(MetricReport::parse(ReportFormat::Json, &payload).is_ok(), white);
    }

    #[test]
    fn r11_cutting_lists_changes_sets_but_no_count(report in report(), limit in 0usize..8) {
        let mut cut = report.clone();
        cut.cut_lists(limit);
        let (before, after) = (report.values(), cut.values());
        prop_assert_eq!(after.num_listening_tcp_ports, before.num_listening_tcp_ports);
        prop_assert_eq!(after.num_listening_udp_ports, before.num_listening_udp_ports);
        prop_assert_eq!(after.num_established_tcp_connections, before.num_established_tcp_connections);
        if let (Some(after), Some(before)) = (after.listening_tcp_ports, before.listening_tcp_ports) {
            prop_assert!(after.is_subset(&before));
        }
    }

    #[test]
    fn a_rejection_never_counts_towards_the_rate(value in damaged()) {
        let payload = value.to_string();
        let topic = ReportTopic::new("t", ReportFormat::Json).expect("a device name");
        let mut intake = ReportIntake::new(ReportLimits::default());
        let first = intake.receive(crate::time::Timestamp(0), &topic, payload.as_bytes(), &|_| None);
        let good = json!({"hed": {"rid": 1, "v": "1.0"}, "met": {}}).to_string();
        let second = intake.receive(crate::time::Timestamp(0), &topic, good.as_bytes(), &|_| None);
        prop_assert_ne!(first.answer().status, second.answer().status);
    }
}

/// Found by fuzzing: blocks that nobody knows are passed over, and what is left is written so that it can be read.
#[test]
fn a_report_without_any_known_block_is_written_and_read_back() {
    let payload = br#"{"header":{"report_id":7,"version":"1.0"},"metrics":{"netwotk_stats":{"bytes_in":1}}}"#;
    let report = MetricReport::parse(ReportFormat::Json, payload).expect("an unknown block is passed over");
    for format in FORMATS {
        for names in SPELLINGS {
            assert_eq!(MetricReport::parse(format, &report.encode(format, names)).as_ref(), Ok(&report));
        }
    }
}

//! The vectors of section 12.12, and the rules of section 6 that no vector covers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::detect::criteria::Observed;
use crate::metric::{Metric, ValueKind};
use crate::time::{Millis, Timestamp};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_100);

/// The example of 6.2.
fn example() -> Value {
    json!({
        "hed": {"rid": 1_700_000_000, "v": "1.0"},
        "met": {
            "tp": {"pts": [{"pt": 22, "if": "eth0"}], "t": 1},
            "ns": {"bi": 1200, "bo": 800, "pi": 9, "po": 7},
            "tc": {"ec": {"cs": [{"rad": "10.1.2.3:8883", "lp": 40000}], "t": 1}}
        },
        "cmet": {"battery": [{"number": 81.5}], "modes": [{"string_list": ["eco"]}]}
    })
}

/// The example with the value at a JSON pointer replaced or, if its parent has no such member, added.
fn example_with(pointer: &str, value: Value) -> Value {
    let mut report = example();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    match report.pointer_mut(parent).expect("a parent") {
        Value::Object(members) => drop(members.insert(name.into(), value)),
        Value::Array(entries) => entries[name.parse::<usize>().expect("an index")] = value,
        other => panic!("{other} has no members"),
    }
    report
}

fn topic(name: &str) -> ReportTopic {
    ReportTopic::new(name, ReportFormat::Json).expect("a device name")
}

/// The account of these tests defines the two custom metrics of the example.
fn defined(name: &str) -> Option<ValueKind> {
    match name {
        "battery" => Some(ValueKind::Number),
        "modes" => Some(ValueKind::Strings),
        _ => None,
    }
}

fn receive(intake: &mut ReportIntake, now: Timestamp, report: &Value) -> Verdict {
    intake.receive(now, &topic("pump-7"), report.to_string().as_bytes(), &defined)
}

/// What becomes of a first report.
fn judged(report: &Value) -> Verdict {
    receive(&mut ReportIntake::new(ReportLimits::default()), NOW, report)
}

fn accepted(verdict: Verdict) -> Accepted {
    match verdict {
        Verdict::Accepted(accepted) => accepted,
        Verdict::Rejected(rejected) => panic!("rejected: {}", rejected.refusal),
    }
}

fn values(report: &Value) -> ReportValues {
    accepted(judged(report)).report.values()
}

/// The code and report id of a rejection.
fn rejected(verdict: &Verdict) -> (String, Option<u64>) {
    let answer = verdict.answer();
    assert_eq!(answer.status, ReportStatus::Rejected, "{answer:?}");
    (answer.status_details.expect("a rejection has details").error_code, answer.report_id)
}

#[track_caller]
fn is_invalid(report: &Value, path: &str) {
    let verdict = judged(report);
    assert_eq!(rejected(&verdict).0, "InvalidPayload");
    let Verdict::Rejected(Rejected { refusal, .. }) = verdict else { unreachable!("just checked") };
    assert!(refusal.to_string().contains(&format!("`{path}`")), "{refusal}");
}

#[test]
fn t_r01_the_example_is_accepted_with_its_values() {
    let verdict = judged(&example());
    let answer = String::from_utf8(verdict.answer().encode(ReportFormat::Json)).expect("UTF-8");
    assert_eq!(answer, r#"{"thingName":"pump-7","reportId":1700000000,"status":"ACCEPTED","timestamp":1700000100000}"#);
    let accepted = accepted(verdict);
    assert!(accepted.warnings.is_empty(), "{:?}", accepted.warnings);
    let values = accepted.report.values();
    assert_eq!(values.listening_tcp_ports, Some(BTreeSet::from([22])));
    assert_eq!(values.num_listening_tcp_ports, Some(1));
    assert_eq!(values.all_bytes_in, Some(1200));
    assert_eq!(values.all_bytes_out, Some(800));
    assert_eq!(values.all_packets_in, Some(9));
    assert_eq!(values.all_packets_out, Some(7));
    assert_eq!(values.destination_ip_addresses, Some(BTreeSet::from(["10.1.2.3".parse().expect("address")])));
    assert_eq!(values.num_established_tcp_connections, Some(1));
    assert_eq!(values.custom["battery"], CustomValue::Number(81.5));
    assert_eq!(values.custom["modes"].observed(), Observed::Strings(BTreeSet::from(["eco".into()])));
    assert_eq!((values.listening_udp_ports, values.num_listening_udp_ports), (None, None));
}

#[test]
fn t_r02_no_header_is_rejected_without_an_id() {
    let mut report = example();
    report.as_object_mut().expect("an object").remove("hed");
    let verdict = judged(&report);
    assert_eq!(rejected(&verdict), ("InvalidPayload".into(), None));
    let answer = String::from_utf8(verdict.answer().encode(ReportFormat::Json)).expect("UTF-8");
    assert_eq!(
        answer,
        concat!(
            r#"{"thingName":"pump-7","status":"REJECTED","statusDetails":"#,
            r#"{"ErrorCode":"InvalidPayload","ErrorMessage":"Malformed metrics report"},"timestamp":1700000100000}"#
        )
    );
}

#[test]
fn t_r03_a_header_alone_is_rejected() {
    let verdict = judged(&json!({"header": {"report_id": 5, "version": "1.0"}}));
    assert_eq!(rejected(&verdict), ("InvalidPayload".into(), Some(5)));
}

#[test]
fn t_r04_a_bare_custom_number_is_rejected() {
    is_invalid(&example_with("/cmet/battery", json!({"number": 5})), "/cmet/battery");
}

#[test]
fn t_r05_ch93_a_second_report_after_200_s_is_throttled_and_has_no_effect() {
    let mut intake = ReportIntake::new(ReportLimits::default());
    accepted(receive(&mut intake, NOW, &example()));
    let verdict = receive(&mut intake, NOW + Millis::seconds(200), &example_with("/hed/rid", json!(1_700_000_001)));
    assert_eq!(rejected(&verdict), ("Throttled".into(), Some(1_700_000_001)));
    let details = verdict.answer().status_details.expect("a rejection has details");
    assert_eq!(details.error_message, "Metrics report rate exceeded");
    // CH-93: measured from the last *accepted* report, and the rejected id was not remembered.
    let third =
        accepted(receive(&mut intake, NOW + Millis::seconds(300), &example_with("/hed/rid", json!(1_700_000_001))));
    assert!(third.warnings.is_empty(), "{:?}", third.warnings);
}

#[test]
fn t_r06_a_second_report_after_300_s_is_accepted() {
    let mut intake = ReportIntake::new(ReportLimits::default());
    accepted(receive(&mut intake, NOW, &example()));
    let just_before = receive(&mut intake, NOW + Millis(299_999), &example());
    assert_eq!(rejected(&just_before).0, "Throttled");
    accepted(receive(&mut intake, NOW + Millis::seconds(300), &example()));
}

#[test]
fn t_r07_a_list_cut_to_50_keeps_its_total() {
    let ports: Vec<Value> = (1..=50).map(|port| json!({"port": port})).collect();
    let values = values(&example_with("/met/tp", json!({"ports": ports, "total": 73})));
    assert_eq!(values.num_listening_tcp_ports, Some(73));
    assert_eq!(values.listening_tcp_ports.map(|set| set.len()), Some(50));
}

#[test]
fn t_r08_ipv6_peers_stand_in_brackets() {
    let values = values(&example_with("/met/tc/ec/cs/0/rad", json!("[2001:db8::1]:8883")));
    assert_eq!(values.destination_ip_addresses, Some(BTreeSet::from(["2001:db8::1".parse().expect("address")])));
}

#[test]
fn t_r09_port_0_is_rejected() {
    is_invalid(&example_with("/met/tp/pts/0/pt", json!(0)), "/met/tp/pts/0/pt");
}

#[test]
fn t_r10_both_names_of_one_member_are_rejected() {
    let verdict = judged(&example_with("/metrics", json!({})));
    assert_eq!(rejected(&verdict), ("InvalidPayload".into(), Some(1_700_000_000)));
    // CH-99, at every level, in either order, and also if one of the two is null.
    is_invalid(&example_with("/met/network_stats", json!({})), "network_stats");
    is_invalid(&example_with("/met/ns/bytes_in", json!(null)), "/met/ns");
    is_invalid(&example_with("/met/tp/pts/0/port", json!(22)), "/met/tp/pts/0");
    is_invalid(&example_with("/met/tc/ec/cs/0/remote_addr", json!("10.1.2.3:8883")), "/met/tc/ec/cs/0");
    assert_eq!(rejected(&judged(&example_with("/hed/report_id", json!(7)))), ("InvalidPayload".into(), None));
}

#[test]
fn t_r11_a_version_needs_major_and_minor() {
    is_invalid(&example_with("/hed/v", json!("1")), "/hed/v");
    for bad in ["", "1.", ".0", "1.0.0", "v1.0", "1.0 ", "2.0", "0.9", "10.0", "1.-1", "1,0", "١.٠"] {
        is_invalid(&example_with("/hed/v", json!(bad)), "/hed/v"); // CH-95: Major 1 only
    }
    is_invalid(&example_with("/hed/v", json!(1.0)), "/hed/v");
    for good in ["1.0", "1.1", "1.27"] {
        assert_eq!(accepted(judged(&example_with("/hed/v", json!(good)))).report.version, good);
    }
}

#[test]
fn t_r12_r02_a_report_counts_for_the_thing_in_its_topic() {
    // Nothing here knows which client published: the topic alone names the device (R-02).
    let mut intake = ReportIntake::new(ReportLimits::default());
    let payload = example().to_string();
    let verdict = intake.receive(NOW, &topic("T2"), payload.as_bytes(), &defined);
    assert_eq!(verdict.answer().topic(&topic("T2")), "$aws/things/T2/defender/metrics/json/accepted");
    assert_eq!(accepted(verdict).thing_name, "T2");
    // And each device has its own rate.
    accepted(intake.receive(NOW, &topic("T1"), payload.as_bytes(), &defined));
    assert_eq!(rejected(&intake.receive(NOW, &topic("T2"), payload.as_bytes(), &defined)).0, "Throttled");
}

#[test]
fn t_r13_negative_traffic_is_rejected() {
    is_invalid(&example_with("/met/ns/bi", json!(-5)), "/met/ns/bi");
}

#[test]
fn r04_the_account_has_a_rate_per_second() {
    let limits = ReportLimits { per_second: Some(2), ..ReportLimits::default() };
    let mut intake = ReportIntake::new(limits);
    let payload = example().to_string();
    let mut send = |now, name: &str| intake.receive(now, &topic(name), payload.as_bytes(), &defined);
    accepted(send(NOW, "a"));
    accepted(send(NOW + Millis(999), "b"));
    assert_eq!(rejected(&send(NOW + Millis(999), "c")).0, "Throttled");
    accepted(send(NOW + Millis(1_000), "c"));
}

#[test]
fn r05_only_the_arrival_time_counts() {
    let old = accepted(judged(&example_with("/hed/rid", json!(1))));
    assert_eq!((old.at, old.report.report_id), (NOW, 1));
}

#[test]
fn r06_ch94_a_malformed_report_is_malformed_even_if_it_also_comes_too_soon() {
    let mut intake = ReportIntake::new(ReportLimits::default());
    accepted(receive(&mut intake, NOW, &example()));
    let verdict = receive(&mut intake, NOW, &example_with("/met/ns/bi", json!(-5)));
    assert_eq!(rejected(&verdict).0, "InvalidPayload");
    let mistyped = receive(&mut intake, NOW, &example_with("/cmet/modes", json!([{"number": 1}])));
    assert_eq!(rejected(&mistyped).0, "InvalidPayload");
    assert_eq!(rejected(&receive(&mut intake, NOW, &example())).0, "Throttled");
}

#[test]
fn r07_wrong_types_and_impossible_values_are_rejected() {
    for (pointer, value) in [
        ("/hed", json!([])),
        ("/hed/rid", json!("1700000000")),
        ("/hed/rid", json!(0)),
        ("/hed/rid", json!(-1)),
        ("/hed/rid", json!(1.5)),
        ("/hed/rid", json!(u64::MAX)),
        ("/met", json!("all fine")),
        ("/met/tp", json!([])),
        ("/met/tp/pts", json!({})),
        ("/met/tp/pts/0", json!(22)),
        ("/met/tp/pts/0/pt", json!(65_536)),
        ("/met/tp/pts/0/pt", json!(-22)),
        ("/met/tp/pts/0/pt", json!(22.5)),
        ("/met/tp/pts/0/pt", json!("22")),
        ("/met/tp/pts/0/if", json!(0)),
        ("/met/tp/t", json!(-1)),
        ("/met/tp/t", json!(0.5)),
        ("/met/tp/t", json!(true)),
        ("/met/ns", json!(0)),
        ("/met/ns/po", json!(1e19)),
        ("/met/tc", json!([])),
        ("/met/tc/ec", json!(1)),
        ("/met/tc/ec/t", json!("1")),
        ("/met/tc/ec/cs/0/lp", json!(-1)),
        ("/met/tc/ec/cs/0/lp", json!(65_536)),
        ("/met/tc/ec/cs/0/li", json!(1)),
        ("/met/tc/ec/cs/0/rad", json!(167_903_491)), // the type that the documentation prints
        ("/met/tc/ec/cs/0/rad", json!("10.1.2.3")),
        ("/met/tc/ec/cs/0/rad", json!("10.1.2.3:")),
        ("/met/tc/ec/cs/0/rad", json!("10.1.2.3:99999")),
        ("/met/tc/ec/cs/0/rad", json!("10.1.2.300:80")),
        ("/met/tc/ec/cs/0/rad", json!("broker.example:8883")),
        ("/met/tc/ec/cs/0/rad", json!("2001:db8::1:+80")),
        ("/met/tc/ec/cs/0/rad", json!("2001:db8::")),
        ("/met/tc/ec/cs/0/rad", json!("")),
        ("/cmet", json!([])),
    ] {
        is_invalid(&example_with(pointer, value), pointer);
    }
    is_invalid(&example_with("/met/up", json!({"ports": [{"port": 0}]})), "/met/up/ports/0/port");
    let mut lacking = example();
    lacking.pointer_mut("/met/tc/ec/cs/0").and_then(Value::as_object_mut).expect("there").remove("rad");
    is_invalid(&lacking, "remote_addr");
    for name in ["rid", "v"] {
        let mut lacking = example();
        lacking.pointer_mut("/hed").and_then(Value::as_object_mut).expect("there").remove(name);
        is_invalid(&lacking, "/hed");
    }
    for not_an_object in [json!([]), json!(null), json!(1)] {
        assert_eq!(rejected(&judged(&not_an_object)), ("InvalidPayload".into(), None));
    }
}

#[test]
fn r07_either_block_is_enough() {
    accepted(judged(&json!({"header": {"report_id": 1, "version": "1.0"}, "metrics": {}})));
    let custom = json!({"header": {"report_id": 1, "version": "1.0"}, "cmet": {"battery": [{"number": 3}]}});
    let values = values(&custom);
    assert_eq!(values, ReportValues { custom: values.custom.clone(), ..ReportValues::default() });
    assert_eq!(values.custom["battery"], CustomValue::Number(3.0));
}

#[test]
fn r07_bounds_themselves_are_allowed() {
    for (pointer, value) in [
        ("/hed/rid", json!(1)),
        ("/hed/rid", json!(i64::MAX)),
        ("/met/tp/pts/0/pt", json!(1)),
        ("/met/tp/pts/0/pt", json!(65_535)),
        ("/met/tp/t", json!(0)),
        ("/met/ns/bi", json!(0)),
        ("/met/ns/bi", json!(i64::MAX)),
        ("/met/tc/ec/cs/0/lp", json!(0)),
        ("/met/tc/ec/cs/0/lp", json!(65_535)),
    ] {
        accepted(judged(&example_with(pointer, value)));
    }
}

#[test]
fn r09_ch96_a_report_id_that_does_not_rise_is_only_a_warning() {
    let mut intake = ReportIntake::new(ReportLimits::default());
    let mut warned = |after: i64, report_id: u64| {
        let report = example_with("/hed/rid", json!(report_id));
        let accepted = accepted(receive(&mut intake, NOW + Millis::seconds(after), &report));
        accepted.warnings.into_iter().map(|warning| (warning.code, warning.path)).collect::<Vec<_>>()
    };
    let warning = vec![("NON_MONOTONIC_REPORT_ID", "/hed/rid".to_owned())];
    assert_eq!(warned(0, 100), []);
    assert_eq!(warned(300, 100), warning);
    assert_eq!(warned(600, 40), warning);
    assert_eq!(warned(900, 50), []); // compared with the last accepted, which was 40
}

#[test]
fn r12_a_custom_metric_is_one_value_in_one_object_in_a_list() {
    for bad in [
        json!(81.5),
        json!([]),
        json!([81.5]),
        json!([{"number": 1}, {"number": 2}]),
        json!([{}]),
        json!([{"number": null}]),
        json!([{"number": 1, "string_list": ["x"]}]),
        json!([{"Number": 1}]),
    ] {
        is_invalid(&example_with("/cmet/battery", bad), "/cmet/battery");
    }
    for (bad, path) in [
        (json!([{"number": "1"}]), "/cmet/battery/0/number"),
        (json!([{"number_list": 1}]), "/cmet/battery/0/number_list"),
        (json!([{"number_list": [1, "2"]}]), "/cmet/battery/0/number_list/1"),
        (json!([{"string_list": [1]}]), "/cmet/battery/0/string_list/0"),
        (json!([{"ip_list": ["10.0.0.1", "10.0.0"]}]), "/cmet/battery/0/ip_list/1"),
        (json!([{"ip_list": ["10.0.0.0/8"]}]), "/cmet/battery/0/ip_list/0"),
    ] {
        is_invalid(&example_with("/cmet/battery", bad), path);
    }
}

#[test]
fn r12_every_type_of_custom_metric_is_read() {
    let all = |name: &str| match name {
        "n" => Some(ValueKind::Number),
        "ns" => Some(ValueKind::Numbers),
        "ss" => Some(ValueKind::Strings),
        "ips" => Some(ValueKind::Cidrs),
        _ => None,
    };
    let report = json!({"hed": {"rid": 1, "v": "1.0"}, "cmet": {
        "n": [{"number": -2.5}], "ns": [{"number_list": [2, 1, 2]}],
        "ss": [{"string_list": ["b", "a", "b"]}], "ips": [{"ip_list": ["::1", "::ffff:10.0.0.1", "10.0.0.1"]}]}});
    let mut intake = ReportIntake::new(ReportLimits::default());
    let verdict = intake.receive(NOW, &topic("t"), report.to_string().as_bytes(), &all);
    let custom = accepted(verdict).report.values().custom;
    assert_eq!(custom["n"].observed(), Observed::Number(-2.5));
    assert_eq!(custom["ns"].observed(), Observed::Numbers(vec![1.0, 2.0]));
    assert_eq!(custom["ss"].observed(), Observed::Strings(["a", "b"].map(str::to_owned).into()));
    let addresses = ["10.0.0.1", "::1"].map(|text| text.parse().expect("address"));
    assert_eq!(custom["ips"].observed(), Observed::Cidrs(addresses.into()));
}

#[test]
fn r13_undefined_custom_metrics_are_ignored_with_a_warning() {
    let accepted = accepted(judged(&example_with("/cmet/fan~rpm", json!([{"number": 900}]))));
    let warnings: Vec<_> = accepted.warnings.iter().map(|warning| (warning.code, warning.path.as_str())).collect();
    assert_eq!(warnings, [("UNKNOWN_CUSTOM_METRIC", "/cmet/fan~0rpm")]);
    let custom = accepted.report.values().custom;
    assert_eq!(custom.keys().collect::<Vec<_>>(), ["battery", "modes"]);
    // What is undefined must still be well-formed (R-06: structure before values).
    is_invalid(&example_with("/cmet/fan", json!({"number": 900})), "/cmet/fan");
}

#[test]
fn r13_ch98_a_custom_metric_of_another_type_is_rejected() {
    is_invalid(&example_with("/cmet/battery", json!([{"string_list": ["full"]}])), "/cmet/battery");
    is_invalid(&example_with("/cmet/modes", json!([{"ip_list": []}])), "/cmet/modes");
}

#[test]
fn r14_ch99_unknown_members_are_ignored() {
    let mut report = example();
    for pointer in ["", "/hed", "/met", "/met/tp", "/met/tp/pts/0", "/met/ns", "/met/tc", "/met/tc/ec/cs/0"] {
        let members = report.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object");
        members.insert("x_vendor".into(), json!([{"a": -1}]));
    }
    report["cmet"]["battery"][0]["unit"] = json!("percent");
    assert_eq!(values(&report), values(&example()));
}

#[test]
fn r14_the_same_name_twice_is_as_ambiguous_as_both_names() {
    let twice = r#"{"hed":{"rid":1,"v":"1.0"},"met":{},"met":{"ns":{"bi":1}}}"#;
    let custom_twice = r#"{"hed":{"rid":1,"v":"1.0"},"cmet":{"a":[{"number":1}],"a":[{"number":2}]}}"#;
    for payload in [twice, custom_twice] {
        let malformed = MetricReport::parse(ReportFormat::Json, payload.as_bytes()).expect_err(payload);
        assert!(matches!(malformed.error, ReportError::GivenTwice { .. }), "{malformed}");
    }
    let unknown_twice = r#"{"hed":{"rid":1,"v":"1.0"},"met":{},"x":1,"x":2}"#;
    assert!(MetricReport::parse(ReportFormat::Json, unknown_twice.as_bytes()).is_ok());
}

#[test]
fn long_names_inside_short_parents_are_legal_as_the_real_agent_mixes_them() {
    let mixed = values(&example_with("/met/tp", json!({"pts": [{"port": 22, "interface": "lo"}], "t": 1})));
    assert_eq!(mixed.listening_tcp_ports, Some(BTreeSet::from([22])));
    let swapped = json!({"header": {"rid": 1, "version": "1.0"}, "met": {"network_stats": {"bi": 5}}});
    assert_eq!(values(&swapped).all_bytes_in, Some(5));
}

#[test]
fn null_is_an_absent_member_as_the_real_agent_means_it() {
    let nameless = values(&example_with("/met/tc/ec/cs/0/li", json!(null)));
    assert_eq!(nameless, values(&example()));
    assert_eq!(values(&example_with("/met/ns/bi", json!(null))).all_bytes_in, None);
    is_invalid(&example_with("/hed/rid", json!(null)), "report_id");
    is_invalid(&example_with("/met/tc/ec/cs/0/rad", json!(null)), "remote_addr");
}

#[test]
fn bare_ipv6_peers_end_at_the_last_colon_as_the_real_agent_writes_them() {
    for (peer, ip) in [
        ("::1:8883", "::1"),
        ("2001:db8::1:443", "2001:db8::1"),
        ("2001:db8:0:0:0:0:0:1:443", "2001:db8::1"),
        ("::ffff:10.1.2.3:36742", "10.1.2.3"),
        ("[::ffff:10.1.2.3]:36742", "10.1.2.3"),
        (":::65535", "::"),
    ] {
        let values = values(&example_with("/met/tc/ec/cs/0/rad", json!(peer)));
        assert_eq!(values.destination_ip_addresses, Some(BTreeSet::from([ip.parse().expect("address")])), "{peer}");
    }
}

#[test]
fn d31_unmonitorable_identities_are_rejected_before_anything_is_read() {
    let mut intake = ReportIntake::new(ReportLimits::default());
    let verdict = intake.receive(NOW, &topic("bell\u{7}"), example().to_string().as_bytes(), &defined);
    assert_eq!(rejected(&verdict), ("InvalidPayload".into(), None));
    assert!(matches!(verdict, Verdict::Rejected(Rejected { refusal: Refusal::Identity, .. })));
}

#[test]
fn d44_absent_and_empty_blocks_differ() {
    let empty =
        values(&json!({"hed": {"rid": 1, "v": "1.0"}, "met": {"tp": {}, "up": {"pts": []}, "tc": {}, "ns": {}}}));
    assert_eq!(empty.observed(Metric::ListeningTcpPorts), Some(Observed::Ports(BTreeSet::new())));
    assert_eq!(empty.count(Metric::NumListeningTcpPorts), Some(0));
    assert_eq!(empty.observed(Metric::ListeningUdpPorts), Some(Observed::Ports(BTreeSet::new())));
    assert_eq!(empty.count(Metric::NumListeningUdpPorts), Some(0));
    assert_eq!(empty.observed(Metric::DestinationIpAddresses), None);
    assert_eq!(empty.count(Metric::AllBytesIn), None);
}

#[test]
fn r16_floats_without_a_fraction_are_whole_numbers() {
    let values = values(&example_with("/met/tp/pts/0/pt", json!(22.0)));
    assert_eq!(values.listening_tcp_ports, Some(BTreeSet::from([22])));
}

#[test]
fn r16_cbor_is_answered_in_cbor() {
    let mut bytes = Vec::new();
    ciborium::into_writer(&example(), &mut bytes).expect("writing to memory");
    let topic = ReportTopic::new("pump-7", ReportFormat::Cbor).expect("a device name");
    let mut intake = ReportIntake::new(ReportLimits::default());
    let verdict = intake.receive(NOW, &topic, &bytes, &defined);
    let answer = verdict.answer();
    assert_eq!(answer.topic(&topic), "$aws/things/pump-7/defender/metrics/cbor/accepted");
    let read: ReportAnswer = ciborium::from_reader(&answer.encode(topic.format())[..]).expect("well-formed");
    assert_eq!(read, answer);
    assert_eq!(accepted(verdict).report.values(), values(&example()));
    // JSON on the CBOR topic is not CBOR.
    let swapped = intake.receive(NOW, &topic, example().to_string().as_bytes(), &defined);
    assert_eq!(rejected(&swapped), ("InvalidPayload".into(), None));
}

#[test]
fn forgotten_devices_start_afresh() {
    let mut intake = ReportIntake::new(ReportLimits::default());
    accepted(receive(&mut intake, NOW, &example()));
    intake.forget("pump-7");
    assert!(accepted(receive(&mut intake, NOW, &example())).warnings.is_empty());
}

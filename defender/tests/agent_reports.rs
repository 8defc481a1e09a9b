//! What the vendor's own agent really sends, and that the engine understands it.
//!
//! The reports under `data/agent/` were written by `AWSIoTDeviceDefenderAgentSDK` 2.0.0 (the vendor's sample agent),
//! run by `conformance/agent.py` in a network namespace of its own; `facts.json` beside them says what the agent knew
//! of each sample, from its objects and not from the encoded report. `conformance/run` collects fresh ones and points
//! `FLEETRANGE_AGENT_REPORTS` to them; then every test here reads those too.
//!
//! Where the agent differs from the documentation of reports:
//!
//! | what | documented | what it does | what the engine does |
//! |---|---|---|---|
//! | first sample | not sent, as it has no predecessor | written with *cumulative* counters; only its main loop drops it | takes numbers as given (R-15) |
//! | short names | `pt`, `if` in port entries | `port`, `interface` inside short parents | reads mixed names |
//! | short names, second sample | as the first | the agent fails with `KeyError('bi')`: it never publishes a short report | — |
//! | IPv6 peers | an address and port | `::1:8883`, no brackets | the port follows the last colon |
//! | IPv4 over an IPv6 socket | — | `::ffff:127.0.0.1:36742` | compared as IPv4 (D-24) |
//! | unknown interface | member optional | `"local_interface":null` in connections, left out in ports | null is absent |
//! | long lists | may be cut | 50 random entries, true `total` | `total` counts, the set is what was sent (R-11) |
//! | `total` of ports | number of ports | number of entries: one port on two interfaces counts twice | `total` counts |
//! | empty lists | empty or absent | absent: "no ports" cannot be told from "not measured" | no datapoint (D-44) |
//! | report id | rises | the second of the clock: equal within one second, falls when the clock does | a warning (R-09) |
//! | answers | JSON or CBOR as the report | its callback decodes every answer as UTF-8 first, and fails on CBOR | answers in CBOR (R-01) |
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use defender::detect::report::{
    Accepted, CustomValue, MetricReport, Names, ReportFormat, ReportIntake, ReportLimits, ReportTopic, Verdict,
};
use defender::metric::ValueKind;
use defender::time::{Millis, Timestamp};
use serde::Deserialize;

#[derive(Deserialize)]
struct Recording {
    published: Published,
    reports: Vec<Recorded>,
}

/// How many of a run's samples the agent published.
#[derive(Deserialize)]
struct Published {
    rounds: u32,
    long_names: u32,
    short_names: u32,
}

#[derive(Deserialize)]
struct Recorded {
    name: String,
    formats: Vec<ReportFormat>,
    names: String,
    /// Which sample of its collector, from 1.
    sample: u32,
    facts: Facts,
}

/// What the agent knew.
#[derive(Deserialize)]
struct Facts {
    report_id: u64,
    tcp_ports: BTreeSet<u16>,
    num_tcp_ports: u64,
    udp_ports: BTreeSet<u16>,
    num_udp_ports: u64,
    destinations: BTreeSet<IpAddr>,
    num_connections: u64,
    cpu_usage: Option<f64>,
    bytes_in: u64,
    bytes_out: u64,
    packets_in: u64,
    packets_out: u64,
}

/// The committed recording, and a fresh one if there is any.
fn recordings() -> Vec<(PathBuf, Recording)> {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/agent");
    let fresh = std::env::var_os("FLEETRANGE_AGENT_REPORTS").map(PathBuf::from);
    let read = |folder: PathBuf| {
        let facts = std::fs::read(folder.join("facts.json")).expect("facts.json stands beside the reports");
        (folder, serde_json::from_slice(&facts).expect("facts.json has its shape"))
    };
    [Some(committed), fresh].into_iter().flatten().map(read).collect()
}

fn payload(folder: &Path, report: &Recorded, format: ReportFormat) -> Vec<u8> {
    std::fs::read(folder.join(format!("{}.{format}", report.name))).expect("facts.json names existing reports")
}

/// The one custom metric that the agent sends.
fn cpu_usage(name: &str) -> Option<ValueKind> {
    (name == "cpu_usage").then_some(ValueKind::Number)
}

fn receive(intake: &mut ReportIntake, now: Timestamp, format: ReportFormat, payload: &[u8]) -> Verdict {
    let topic = ReportTopic::new("conformance-thing", format).expect("a device name");
    intake.receive(now, &topic, payload, &cpu_usage)
}

fn accepted(verdict: Verdict, name: &str) -> Accepted {
    match verdict {
        Verdict::Accepted(accepted) => accepted,
        Verdict::Rejected(rejected) => panic!("{name}: {}", rejected.refusal),
    }
}

/// Runs a check on every recorded report in every format.
fn each(mut check: impl FnMut(&Recorded, ReportFormat, &[u8], MetricReport)) {
    let mut checked = 0;
    for (folder, recording) in recordings() {
        for report in &recording.reports {
            for &format in &report.formats {
                let payload = payload(&folder, report, format);
                let mut intake = ReportIntake::new(ReportLimits::default());
                let accepted = accepted(receive(&mut intake, Timestamp(0), format, &payload), &report.name);
                assert!(accepted.warnings.is_empty(), "{}: {:?}", report.name, accepted.warnings);
                check(report, format, &payload, accepted.report);
                checked += 1;
            }
        }
    }
    assert!(checked >= 13, "only {checked} reports were found");
}

/// The named report of the committed recording.
fn committed(name: &str) -> (MetricReport, serde_json::Value) {
    let (folder, recording) = recordings().swap_remove(0);
    let report = recording.reports.iter().find(|report| report.name == name).expect(name);
    let payload = payload(&folder, report, ReportFormat::Json);
    let parsed = MetricReport::parse(ReportFormat::Json, &payload).expect(name);
    (parsed, serde_json::from_slice(&payload).expect("JSON"))
}

#[test]
fn r10_the_engine_derives_what_the_agent_knew() {
    each(|report, format, _, parsed| {
        let (facts, values) = (&report.facts, parsed.values());
        let context = format!("{} {format}", report.name);
        assert_eq!(parsed.report_id, facts.report_id, "{context}");
        let some_if = |count: u64| (count > 0).then_some(count); // an empty list is left out by the agent
        assert_eq!(values.num_listening_tcp_ports, some_if(facts.num_tcp_ports), "{context}");
        assert_eq!(values.num_listening_udp_ports, some_if(facts.num_udp_ports), "{context}");
        assert_eq!(values.num_established_tcp_connections, some_if(facts.num_connections), "{context}");
        let limit = MetricReport::AGENT_LIST_LIMIT as u64;
        let sets = [
            (values.listening_tcp_ports.unwrap_or_default(), &facts.tcp_ports, facts.num_tcp_ports),
            (values.listening_udp_ports.unwrap_or_default(), &facts.udp_ports, facts.num_udp_ports),
        ];
        for (sent, known, count) in sets {
            assert!(if count <= limit { sent == *known } else { sent.is_subset(known) }, "{context}");
        }
        let sent = values.destination_ip_addresses.unwrap_or_default();
        let whole = facts.num_connections <= limit;
        assert!(if whole { sent == facts.destinations } else { sent.is_subset(&facts.destinations) }, "{context}");
        assert_eq!(
            [values.all_bytes_in, values.all_bytes_out, values.all_packets_in, values.all_packets_out],
            [facts.bytes_in, facts.bytes_out, facts.packets_in, facts.packets_out].map(Some),
            "{context}"
        );
        assert_eq!(values.custom.get("cpu_usage").cloned(), facts.cpu_usage.map(CustomValue::Number), "{context}");
    });
}

#[test]
fn r16_json_and_cbor_of_one_sample_differ_at_most_in_the_entries_that_a_cut_list_keeps() {
    for (folder, recording) in recordings() {
        for report in recording.reports.iter().filter(|report| report.formats.len() == 2) {
            let [json, cbor] = [ReportFormat::Json, ReportFormat::Cbor]
                .map(|format| MetricReport::parse(format, &payload(&folder, report, format)).expect(&report.name));
            let limit = MetricReport::AGENT_LIST_LIMIT as u64;
            if report.facts.num_tcp_ports.max(report.facts.num_connections) <= limit {
                assert_eq!(json, cbor, "{}", report.name);
            } else {
                let counts = |report: &MetricReport| {
                    let values = report.values();
                    (values.num_listening_tcp_ports, values.num_established_tcp_connections)
                };
                assert_eq!(counts(&json), counts(&cbor), "{}", report.name);
            }
        }
    }
}

#[test]
fn reports_of_the_agent_survive_our_own_writing() {
    each(|report, _, _, parsed| {
        for format in [ReportFormat::Json, ReportFormat::Cbor] {
            for names in [Names::Long, Names::Short] {
                let again = MetricReport::parse(format, &parsed.encode(format, names)).expect(&report.name);
                assert_eq!(again, parsed, "{}", report.name);
            }
        }
    });
}

#[test]
fn r15_a_first_sample_is_cumulative_and_the_engine_takes_it_as_given() {
    let [first, second] = ["long-1", "long-2"].map(|name| committed(name).0.values());
    // The namespace was new: the first sample holds all traffic since it existed, the second holds 4,096 bytes sent
    // between the two, with their headers.
    assert!(first.all_bytes_in > Some(4_096), "{:?}", first.all_bytes_in);
    assert!((Some(4_096)..Some(4_400)).contains(&second.all_bytes_in), "{:?}", second.all_bytes_in);
    for (_, recording) in recordings() {
        let Published { rounds, long_names, short_names } = recording.published;
        assert_eq!((rounds, long_names, short_names), (3, 2, 0), "published, of three samples");
        assert!(recording.reports.iter().all(|report| report.names == "long" || report.sample == 1));
    }
}

#[test]
fn r14_short_reports_keep_long_names_in_port_entries() {
    let (parsed, json) = committed("short-custom-1");
    for list in ["/met/tp/pts", "/met/up/pts"] {
        let entries = json.pointer(list).and_then(|list| list.as_array()).expect(list);
        assert!(entries.iter().all(|entry| entry.get("port").is_some() && entry.get("pt").is_none()), "{list}");
    }
    assert!(json.pointer("/met/tc/ec/cs/0/rad").is_some(), "connections do use short names");
    assert_eq!(parsed.values().listening_tcp_ports.map(|set| set.len()), Some(4));
}

#[test]
fn r11_lists_are_cut_to_50_beside_the_true_total() {
    let (parsed, _) = committed("many-1");
    let values = parsed.values();
    assert_eq!(values.listening_tcp_ports.map(|set| set.len()), Some(50));
    assert_eq!(values.num_listening_tcp_ports, Some(60));
    assert_eq!(parsed.established_connections.and_then(|list| list.connections).map(|list| list.len()), Some(50));
    assert_eq!(values.num_established_tcp_connections, Some(120));
}

#[test]
fn r09_two_samples_of_one_second_have_equal_ids() {
    let (folder, recording) = recordings().swap_remove(0);
    let mut intake = ReportIntake::new(ReportLimits::default());
    let mut codes = |name: &str, at| {
        let report = recording.reports.iter().find(|report| report.name == name).expect(name);
        let payload = payload(&folder, report, ReportFormat::Json);
        let accepted = accepted(receive(&mut intake, at, ReportFormat::Json, &payload), name);
        accepted.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert_eq!(codes("long-1", Timestamp(0)), [""; 0]);
    assert_eq!(codes("long-2", Timestamp(0) + Millis::seconds(300)), ["NON_MONOTONIC_REPORT_ID"]);
}

#[test]
fn null_interfaces_and_bare_ipv6_peers_occur() {
    let (parsed, json) = committed("long-1");
    let text = json.to_string();
    assert!(text.contains(r#""local_interface":null"#), "{text}");
    assert!(text.contains(r#""remote_addr":"::1:"#) && text.contains(r#""remote_addr":"::ffff:127.0.0.1:"#), "{text}");
    let destinations = ["127.0.0.1", "127.0.0.77", "::1"].map(|text| text.parse().expect("address"));
    assert_eq!(parsed.values().destination_ip_addresses, Some(destinations.into()));
}

#[test]
fn d44_the_agent_leaves_empty_lists_out() {
    let (parsed, json) = committed("quiet-1");
    let metrics = json["metrics"].as_object().expect("an object");
    assert_eq!(metrics.keys().collect::<Vec<_>>(), ["network_stats"]);
    assert_eq!(parsed.values().num_listening_tcp_ports, None);
}

#[test]
fn r13_cpu_usage_is_ignored_until_the_account_defines_it() {
    let (folder, recording) = recordings().swap_remove(0);
    let report = recording.reports.iter().find(|report| report.name == "long-custom-2").expect("recorded");
    for format in [ReportFormat::Json, ReportFormat::Cbor] {
        let topic = ReportTopic::new("conformance-thing", format).expect("a device name");
        let mut intake = ReportIntake::new(ReportLimits::default());
        let verdict = intake.receive(Timestamp(0), &topic, &payload(&folder, report, format), &|_| None);
        let accepted = accepted(verdict, "long-custom-2");
        assert_eq!(accepted.warnings.len(), 1);
        assert_eq!(accepted.warnings[0].path, "/custom_metrics/cpu_usage");
    }
}

/// Every report of the agent, once taken and once refused for coming too soon: the answers in the report's format.
/// With `FLEETRANGE_AGENT_ANSWERS`, they are also written there, for the agent to read.
#[test]
fn r03_answers_to_the_agent() {
    let out = std::env::var_os("FLEETRANGE_AGENT_ANSWERS").map(PathBuf::from);
    each(|report, format, payload, _| {
        let mut intake = ReportIntake::new(ReportLimits::default());
        for (at, status) in [(0, "ACCEPTED"), (200, "REJECTED")] {
            let now = Timestamp::from_seconds(1_700_000_000 + at);
            let answer = receive(&mut intake, now, format, payload).answer();
            let bytes = answer.encode(format);
            let tree: serde_json::Value = match format {
                ReportFormat::Json => serde_json::from_slice(&bytes).expect("JSON"),
                ReportFormat::Cbor => ciborium::from_reader(&bytes[..]).expect("CBOR"),
            };
            assert_eq!(tree["status"], status);
            assert_eq!(tree["reportId"], report.facts.report_id);
            if let Some(out) = &out {
                let name = format!("{}-{}.{format}", report.name, status.to_lowercase());
                std::fs::write(out.join(name), bytes).expect("the folder is there and can be written");
            }
        }
    });
}

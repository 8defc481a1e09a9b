//! Writing reports: for the simulator's agents, and for tests of the reader.

use super::document::{Connection, CustomValue, ListeningPort, MetricReport, NetworkStats, PortList};
use super::names::{self, Member, Names};
use super::topic::ReportFormat;
use super::tree::Node;

impl MetricReport {
    /// The report as a device would publish it.
    ///
    /// Members are in the order of the documentation, absent ones are left out, and custom metrics keep their names
    /// (they have no short form). A number that is not finite cannot be written in JSON: it becomes `null`.
    pub fn encode(&self, format: ReportFormat, names: Names) -> Vec<u8> {
        let version = if self.version.is_empty() { MetricReport::VERSION } else { &self.version };
        let header = Members::new(names)
            .with(names::REPORT_ID, Some(integer(self.report_id)))
            .with(names::VERSION, Some(text(version)));
        let report = Members::new(names)
            .with(names::HEADER, Some(header.node()))
            .with(names::METRICS, self.metrics(names))
            .with(names::CUSTOM_METRICS, self.custom());
        report.node().write(format)
    }

    /// The `metrics` block, if any of its parts is there; empty if there are no custom metrics either, since a report
    /// must have one of the two.
    fn metrics(&self, names: Names) -> Option<Node> {
        let established = self.established_connections.as_ref().map(|list| {
            let entries = list.connections.as_ref().map(|entries| entries.iter().map(|entry| connection(entry, names)));
            Members::new(names)
                .with(
                    names::ESTABLISHED_CONNECTIONS,
                    Some(
                        Members::new(names)
                            .with(names::CONNECTIONS, entries.map(|entries| Node::List(entries.collect())))
                            .with(names::TOTAL, list.total.map(integer))
                            .node(),
                    ),
                )
                .node()
        });
        let metrics = Members::new(names)
            .with(names::LISTENING_TCP_PORTS, self.listening_tcp_ports.as_ref().map(|list| ports(list, names)))
            .with(names::LISTENING_UDP_PORTS, self.listening_udp_ports.as_ref().map(|list| ports(list, names)))
            .with(names::NETWORK_STATS, self.network_stats.map(|stats| network(stats, names)))
            .with(names::TCP_CONNECTIONS, established);
        (!metrics.members.is_empty() || self.custom_metrics.is_none()).then(|| metrics.node())
    }

    fn custom(&self) -> Option<Node> {
        let entry = |(name, value): (&String, &CustomValue)| {
            let (member, node) = match value {
                CustomValue::Number(number) => (names::NUMBER, Node::Float(*number)),
                CustomValue::Numbers(numbers) => {
                    (names::NUMBER_LIST, Node::List(numbers.iter().copied().map(Node::Float).collect()))
                }
                CustomValue::Strings(strings) => {
                    (names::STRING_LIST, Node::List(strings.iter().map(|string| text(string)).collect()))
                }
                CustomValue::Addresses(addresses) => {
                    (names::IP_LIST, Node::List(addresses.iter().map(|ip| text(&ip.to_string())).collect()))
                }
            };
            (name.clone(), Node::List(vec![Node::Map(vec![(member.long.to_owned(), node)])]))
        };
        self.custom_metrics.as_ref().map(|custom| Node::Map(custom.iter().map(entry).collect()))
    }
}

fn ports(list: &PortList, names: Names) -> Node {
    let entry = |entry: &ListeningPort| {
        Members::new(names)
            .with(names::PORT, entry.port.map(|port| integer(port.into())))
            .with(names::INTERFACE, entry.interface.as_deref().map(text))
            .node()
    };
    Members::new(names)
        .with(names::PORTS, list.ports.as_ref().map(|entries| Node::List(entries.iter().map(entry).collect())))
        .with(names::TOTAL, list.total.map(integer))
        .node()
}

fn connection(entry: &Connection, names: Names) -> Node {
    Members::new(names)
        .with(names::REMOTE_ADDR, Some(text(&entry.remote_addr.to_string())))
        .with(names::LOCAL_PORT, entry.local_port.map(|port| integer(port.into())))
        .with(names::LOCAL_INTERFACE, entry.local_interface.as_deref().map(text))
        .node()
}

fn network(stats: NetworkStats, names: Names) -> Node {
    Members::new(names)
        .with(names::BYTES_IN, stats.bytes_in.map(integer))
        .with(names::BYTES_OUT, stats.bytes_out.map(integer))
        .with(names::PACKETS_IN, stats.packets_in.map(integer))
        .with(names::PACKETS_OUT, stats.packets_out.map(integer))
        .node()
}

/// An object under construction, in one spelling.
struct Members {
    names: Names,
    members: Vec<(String, Node)>,
}

impl Members {
    fn new(names: Names) -> Members {
        Members { names, members: Vec::new() }
    }

    fn with(mut self, member: Member, node: Option<Node>) -> Members {
        self.members.extend(node.map(|node| (member.spelled(self.names).to_owned(), node)));
        self
    }

    fn node(self) -> Node {
        Node::Map(self.members)
    }
}

fn integer(value: u64) -> Node {
    Node::Integer(value.into())
}

fn text(value: &str) -> Node {
    Node::Text(value.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::document::ConnectionList;
    use super::*;

    #[test]
    fn the_documented_example_is_written_letter_for_letter() {
        let report = MetricReport {
            report_id: 1_700_000_000,
            version: "1.0".into(),
            listening_tcp_ports: Some(PortList {
                ports: Some(vec![ListeningPort { port: Some(22), interface: Some("eth0".into()) }]),
                total: Some(1),
            }),
            listening_udp_ports: None,
            established_connections: Some(ConnectionList {
                connections: Some(vec![Connection {
                    remote_addr: "10.1.2.3:8883".parse().expect("address"),
                    local_port: Some(40_000),
                    local_interface: None,
                }]),
                total: Some(1),
            }),
            network_stats: Some(NetworkStats {
                bytes_in: Some(1200),
                bytes_out: Some(800),
                packets_in: Some(9),
                packets_out: Some(7),
            }),
            custom_metrics: Some(BTreeMap::from([
                ("battery".into(), CustomValue::Number(81.5)),
                ("modes".into(), CustomValue::Strings(vec!["eco".into()])),
            ])),
        };
        let written = String::from_utf8(report.encode(ReportFormat::Json, Names::Short)).expect("JSON is UTF-8");
        assert_eq!(
            written,
            concat!(
                r#"{"hed":{"rid":1700000000,"v":"1.0"},"met":{"tp":{"pts":[{"pt":22,"if":"eth0"}],"t":1},"#,
                r#""ns":{"bi":1200,"bo":800,"pi":9,"po":7},"#,
                r#""tc":{"ec":{"cs":[{"rad":"10.1.2.3:8883","lp":40000}],"t":1}}},"#,
                r#""cmet":{"battery":[{"number":81.5}],"modes":[{"string_list":["eco"]}]}}"#
            )
        );
    }
}

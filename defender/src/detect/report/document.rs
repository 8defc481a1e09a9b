//! A report understood: every member of section 6.2, absent where the device did not send it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use crate::detect::criteria::Observed;
use crate::metric::ValueKind;

/// One device metric report, as sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricReport {
    /// The device's own number for it, positive; should rise with every report.
    pub report_id: u64,
    /// `Major.Minor`; Major is 1. Empty in a report under construction: written as `1.0`.
    pub version: String,
    /// TCP ports in state LISTEN.
    pub listening_tcp_ports: Option<PortList>,
    /// UDP ports that are bound.
    pub listening_udp_ports: Option<PortList>,
    /// TCP connections in state ESTABLISHED.
    pub established_connections: Option<ConnectionList>,
    /// Traffic since the previous report.
    pub network_stats: Option<NetworkStats>,
    /// Custom metrics by name; `None` when the report has no such block.
    pub custom_metrics: Option<BTreeMap<String, CustomValue>>,
}

/// Listening ports of one protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortList {
    /// The entries sent; perhaps only some of them. A port may appear several times, once per interface.
    pub ports: Option<Vec<ListeningPort>>,
    /// How many entries the device counted.
    pub total: Option<u64>,
}

/// One entry of a [`PortList`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListeningPort {
    /// 1..=65535.
    pub port: Option<u16>,
    /// A network interface, or a wildcard address in its place (`0.0.0.0`, `::`).
    pub interface: Option<String>,
}

/// Established TCP connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionList {
    /// The entries sent; perhaps only some of them.
    pub connections: Option<Vec<Connection>>,
    /// How many connections the device counted.
    pub total: Option<u64>,
}

/// One entry of a [`ConnectionList`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The peer.
    pub remote_addr: SocketAddr,
    /// 0..=65535.
    pub local_port: Option<u16>,
    /// The network interface that carries it.
    pub local_interface: Option<String>,
}

/// Traffic since the previous report, over all interfaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkStats {
    /// Received \[bytes\].
    pub bytes_in: Option<u64>,
    /// Sent \[bytes\].
    pub bytes_out: Option<u64>,
    /// Received \[packets\].
    pub packets_in: Option<u64>,
    /// Sent \[packets\].
    pub packets_out: Option<u64>,
}

/// The value of a custom metric.
#[derive(Clone, Debug, PartialEq)]
pub enum CustomValue {
    /// `number`: finite.
    Number(f64),
    /// `number_list`: each finite.
    Numbers(Vec<f64>),
    /// `string_list`.
    Strings(Vec<String>),
    /// `ip_list`.
    Addresses(Vec<IpAddr>),
}

impl CustomValue {
    /// What a custom metric must be defined as to take this value.
    pub fn kind(&self) -> ValueKind {
        match self {
            CustomValue::Number(_) => ValueKind::Number,
            CustomValue::Numbers(_) => ValueKind::Numbers,
            CustomValue::Strings(_) => ValueKind::Strings,
            CustomValue::Addresses(_) => ValueKind::Cidrs,
        }
    }

    /// The datapoint that Detect sees: lists become sets, sorted and without repetition (CH-76), and IPv4-mapped
    /// addresses become IPv4 (D-24).
    pub fn observed(&self) -> Observed {
        match self {
            CustomValue::Number(number) => Observed::Number(*number),
            CustomValue::Numbers(numbers) => {
                let mut numbers = numbers.clone();
                numbers.sort_by(f64::total_cmp);
                numbers.dedup();
                Observed::Numbers(numbers)
            }
            CustomValue::Strings(strings) => Observed::Strings(strings.iter().cloned().collect()),
            CustomValue::Addresses(addresses) => {
                Observed::Cidrs(addresses.iter().map(IpAddr::to_canonical).collect::<BTreeSet<_>>())
            }
        }
    }
}

impl MetricReport {
    /// The version that agents send, and that is written where none is given.
    pub const VERSION: &'static str = "1.0";

    /// How many entries of a list the vendor's agent sends at most.
    pub const AGENT_LIST_LIMIT: usize = 50;

    /// An empty report with an id. It needs at least one block to be accepted.
    pub fn new(report_id: u64) -> MetricReport {
        MetricReport { report_id, version: MetricReport::VERSION.to_owned(), ..MetricReport::default() }
    }

    /// Cuts every list to at most `limit` entries and keeps the true `total`. The first entries stay; the
    /// vendor's agent keeps random ones, so a caller who wants that shuffles before.
    pub fn cut_lists(&mut self, limit: usize) {
        fn cut<T>(list: &mut Option<Vec<T>>, total: &mut Option<u64>, limit: usize) {
            if let Some(entries) = list {
                total.get_or_insert(entries.len() as u64);
                entries.truncate(limit);
            }
        }
        for ports in [&mut self.listening_tcp_ports, &mut self.listening_udp_ports].into_iter().flatten() {
            cut(&mut ports.ports, &mut ports.total, limit);
        }
        if let Some(established) = &mut self.established_connections {
            cut(&mut established.connections, &mut established.total, limit);
        }
    }
}

impl PortList {
    /// The list of these ports, without interfaces, with their number as `total`.
    pub fn of(ports: impl IntoIterator<Item = u16>) -> PortList {
        let ports: Vec<_> = ports.into_iter().map(|port| ListeningPort { port: Some(port), interface: None }).collect();
        PortList { total: Some(ports.len() as u64), ports: Some(ports) }
    }
}

impl ConnectionList {
    /// The list of connections to these peers, with their number as `total`.
    pub fn to(peers: impl IntoIterator<Item = SocketAddr>) -> ConnectionList {
        let connections: Vec<_> = peers
            .into_iter()
            .map(|remote_addr| Connection { remote_addr, local_port: None, local_interface: None })
            .collect();
        ConnectionList { total: Some(connections.len() as u64), connections: Some(connections) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r11_cut_lists_keep_the_true_total() {
        let mut report = MetricReport::new(1);
        report.listening_tcp_ports = Some(PortList::of(1..=73));
        report.listening_udp_ports = Some(PortList::of([53]));
        report.cut_lists(MetricReport::AGENT_LIST_LIMIT);
        let tcp = report.listening_tcp_ports.clone().expect("given above");
        assert_eq!((tcp.ports.map(|ports| ports.len()), tcp.total), (Some(50), Some(73)));
        report.cut_lists(10);
        assert_eq!(report.listening_tcp_ports.expect("given above").total, Some(73));
        assert_eq!(report.listening_udp_ports, Some(PortList::of([53])));
    }

    #[test]
    fn ch76_custom_lists_become_sorted_sets() {
        let numbers = CustomValue::Numbers(vec![3.0, -1.0, 3.0]);
        assert_eq!(numbers.observed(), Observed::Numbers(vec![-1.0, 3.0]));
        let mapped = ["::ffff:10.0.0.1", "10.0.0.1"].map(|text| text.parse().expect("address"));
        assert_eq!(CustomValue::Addresses(mapped.to_vec()).observed(), Observed::Cidrs(BTreeSet::from([mapped[1]])));
    }
}

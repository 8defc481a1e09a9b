//! What the metrics of Detect see of a report.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::document::{ConnectionList, CustomValue, MetricReport, PortList};
use crate::detect::criteria::Observed;
use crate::metric::Metric;

/// One report's contribution to each device-side metric. `None` where the report says nothing about it: then the
/// metric has no datapoint (D-44).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReportValues {
    /// `aws:listening-tcp-ports`.
    pub listening_tcp_ports: Option<BTreeSet<u16>>,
    /// `aws:num-listening-tcp-ports`.
    pub num_listening_tcp_ports: Option<u64>,
    /// `aws:listening-udp-ports`.
    pub listening_udp_ports: Option<BTreeSet<u16>>,
    /// `aws:num-listening-udp-ports`.
    pub num_listening_udp_ports: Option<u64>,
    /// `aws:destination-ip-addresses`; IPv4-mapped addresses are given as IPv4 (D-24).
    pub destination_ip_addresses: Option<BTreeSet<IpAddr>>,
    /// `aws:num-established-tcp-connections`.
    pub num_established_tcp_connections: Option<u64>,
    /// `aws:all-bytes-in`: since the previous report \[bytes\].
    pub all_bytes_in: Option<u64>,
    /// `aws:all-bytes-out`: since the previous report \[bytes\].
    pub all_bytes_out: Option<u64>,
    /// `aws:all-packets-in`: since the previous report \[packets\].
    pub all_packets_in: Option<u64>,
    /// `aws:all-packets-out`: since the previous report \[packets\].
    pub all_packets_out: Option<u64>,
    /// Custom metrics by name.
    pub custom: BTreeMap<String, CustomValue>,
}

impl ReportValues {
    /// The value of a countable device-side metric; `None` for sets, for cloud-side metrics, and where the report
    /// says nothing.
    pub fn count(&self, metric: Metric) -> Option<u64> {
        match metric {
            Metric::NumListeningTcpPorts => self.num_listening_tcp_ports,
            Metric::NumListeningUdpPorts => self.num_listening_udp_ports,
            Metric::NumEstablishedTcpConnections => self.num_established_tcp_connections,
            Metric::AllBytesIn => self.all_bytes_in,
            Metric::AllBytesOut => self.all_bytes_out,
            Metric::AllPacketsIn => self.all_packets_in,
            Metric::AllPacketsOut => self.all_packets_out,
            Metric::ListeningTcpPorts
            | Metric::ListeningUdpPorts
            | Metric::DestinationIpAddresses
            | Metric::MessageByteSize
            | Metric::NumMessagesSent
            | Metric::NumMessagesReceived
            | Metric::NumAuthorizationFailures
            | Metric::NumConnectionAttempts
            | Metric::NumDisconnects
            | Metric::SourceIpAddress
            | Metric::DisconnectDuration => None,
        }
    }

    /// The value of a device-side metric as a datapoint would carry it. Deltas are this report's own: summing them
    /// over a duration is the window's business (D-43).
    pub fn observed(&self, metric: Metric) -> Option<Observed> {
        match metric {
            Metric::ListeningTcpPorts => self.listening_tcp_ports.clone().map(Observed::Ports),
            Metric::ListeningUdpPorts => self.listening_udp_ports.clone().map(Observed::Ports),
            Metric::DestinationIpAddresses => self.destination_ip_addresses.clone().map(Observed::Cidrs),
            _ => self.count(metric).map(|count| Observed::Number(count as f64)),
        }
    }
}

impl MetricReport {
    /// The metrics derived from this report.
    ///
    /// A list that was not sent beside a positive `total` is unknown, not empty: it has no set datapoint.
    pub fn values(&self) -> ReportValues {
        let tcp = self.listening_tcp_ports.as_ref();
        let udp = self.listening_udp_ports.as_ref();
        let established = self.established_connections.as_ref();
        let network = self.network_stats.unwrap_or_default();
        ReportValues {
            listening_tcp_ports: tcp.and_then(port_set),
            num_listening_tcp_ports: tcp.map(port_count),
            listening_udp_ports: udp.and_then(port_set),
            num_listening_udp_ports: udp.map(port_count),
            destination_ip_addresses: established.and_then(destinations),
            num_established_tcp_connections: established.map(connection_count),
            all_bytes_in: network.bytes_in,
            all_bytes_out: network.bytes_out,
            all_packets_in: network.packets_in,
            all_packets_out: network.packets_out,
            custom: self.custom_metrics.clone().unwrap_or_default(),
        }
    }
}

fn port_set(list: &PortList) -> Option<BTreeSet<u16>> {
    match &list.ports {
        Some(ports) => Some(ports.iter().filter_map(|entry| entry.port).collect()),
        None => (list.total.unwrap_or(0) == 0).then(BTreeSet::new),
    }
}

fn port_count(list: &PortList) -> u64 {
    list.total.unwrap_or_else(|| list.ports.as_ref().map_or(0, |ports| ports.len() as u64))
}

fn destinations(list: &ConnectionList) -> Option<BTreeSet<IpAddr>> {
    match &list.connections {
        Some(connections) => Some(connections.iter().map(|entry| entry.remote_addr.ip().to_canonical()).collect()),
        None => (list.total.unwrap_or(0) == 0).then(BTreeSet::new),
    }
}

fn connection_count(list: &ConnectionList) -> u64 {
    list.total.unwrap_or_else(|| list.connections.as_ref().map_or(0, |connections| connections.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::super::document::NetworkStats;
    use super::*;

    #[test]
    fn d44_absent_blocks_have_no_value_and_empty_blocks_are_zero() {
        let mut report = MetricReport::new(1);
        assert_eq!(report.values(), ReportValues::default());

        report.listening_tcp_ports = Some(PortList::default());
        report.established_connections = Some(ConnectionList::default());
        let values = report.values();
        assert_eq!(values.observed(Metric::ListeningTcpPorts), Some(Observed::Ports(BTreeSet::new())));
        assert_eq!(values.count(Metric::NumListeningTcpPorts), Some(0));
        assert_eq!(values.observed(Metric::DestinationIpAddresses), Some(Observed::Cidrs(BTreeSet::new())));
        assert_eq!(values.observed(Metric::NumEstablishedTcpConnections), Some(Observed::Number(0.0)));
        assert_eq!(values.observed(Metric::ListeningUdpPorts), None);
        assert_eq!(values.observed(Metric::AllBytesIn), None);
    }

    #[test]
    fn r11_a_total_without_its_list_says_how_many_but_not_which() {
        let mut report = MetricReport::new(1);
        report.listening_udp_ports = Some(PortList { ports: None, total: Some(5) });
        assert_eq!(report.values().num_listening_udp_ports, Some(5));
        assert_eq!(report.values().listening_udp_ports, None);
    }

    #[test]
    fn ch97_a_total_below_the_list_length_wins() {
        let mut report = MetricReport::new(1);
        report.listening_tcp_ports = Some(PortList { total: Some(1), ..PortList::of([22, 80, 443]) });
        let values = report.values();
        assert_eq!(
            (values.num_listening_tcp_ports, values.listening_tcp_ports.map(|set| set.len())),
            (Some(1), Some(3))
        );
    }

    #[test]
    fn r10_duplicate_ports_count_as_entries_but_are_one_element() {
        let mut report = MetricReport::new(1);
        report.listening_tcp_ports = Some(PortList { total: None, ..PortList::of([80, 80, 22]) });
        let values = report.values();
        assert_eq!(values.num_listening_tcp_ports, Some(3));
        assert_eq!(values.listening_tcp_ports, Some(BTreeSet::from([22, 80])));
    }

    #[test]
    fn r10_every_device_side_metric_is_covered_and_no_cloud_side_one() {
        let mut report = MetricReport::new(1);
        report.listening_tcp_ports = Some(PortList::of([22]));
        report.listening_udp_ports = Some(PortList::of([53]));
        report.established_connections = Some(ConnectionList::to(["[2001:db8::1]:8883".parse().expect("address")]));
        report.network_stats =
            Some(NetworkStats { bytes_in: Some(1), bytes_out: Some(2), packets_in: Some(3), packets_out: Some(4) });
        let values = report.values();
        for metric in Metric::ALL {
            assert_eq!(values.observed(metric).is_some(), !metric.is_cloud_side(), "{metric}");
        }
    }
}

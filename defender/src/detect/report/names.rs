//! The member names of a report, long and short (6.2).

/// Which spelling a report is written in. Reading accepts either, member by member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Names {
    /// `header`, `report_id`, `listening_tcp_ports`…
    Long,
    /// `hed`, `rid`, `tp`…
    Short,
}

/// A member with both its spellings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub long: &'static str,
    pub short: &'static str,
}

impl Member {
    /// The name in one spelling.
    pub fn spelled(self, names: Names) -> &'static str {
        match names {
            Names::Long => self.long,
            Names::Short => self.short,
        }
    }

    /// Whether a name found in a report means this member.
    pub fn is(self, name: &str) -> bool {
        name == self.long || name == self.short
    }
}

const fn member(long: &'static str, short: &'static str) -> Member {
    Member { long, short }
}

pub(super) const HEADER: Member = member("header", "hed");
pub(super) const REPORT_ID: Member = member("report_id", "rid");
pub(super) const VERSION: Member = member("version", "v");
pub(super) const METRICS: Member = member("metrics", "met");
pub(super) const CUSTOM_METRICS: Member = member("custom_metrics", "cmet");
pub(super) const TCP_CONNECTIONS: Member = member("tcp_connections", "tc");
pub(super) const ESTABLISHED_CONNECTIONS: Member = member("established_connections", "ec");
pub(super) const CONNECTIONS: Member = member("connections", "cs");
pub(super) const REMOTE_ADDR: Member = member("remote_addr", "rad");
pub(super) const LOCAL_PORT: Member = member("local_port", "lp");
pub(super) const LOCAL_INTERFACE: Member = member("local_interface", "li");
pub(super) const TOTAL: Member = member("total", "t");
pub(super) const LISTENING_TCP_PORTS: Member = member("listening_tcp_ports", "tp");
pub(super) const LISTENING_UDP_PORTS: Member = member("listening_udp_ports", "up");
pub(super) const PORTS: Member = member("ports", "pts");
pub(super) const PORT: Member = member("port", "pt");
pub(super) const INTERFACE: Member = member("interface", "if");
pub(super) const NETWORK_STATS: Member = member("network_stats", "ns");
pub(super) const BYTES_IN: Member = member("bytes_in", "bi");
pub(super) const BYTES_OUT: Member = member("bytes_out", "bo");
pub(super) const PACKETS_IN: Member = member("packets_in", "pi");
pub(super) const PACKETS_OUT: Member = member("packets_out", "po");

// Inside a custom metric there is one spelling only.
pub(super) const NUMBER: Member = member("number", "number");
pub(super) const NUMBER_LIST: Member = member("number_list", "number_list");
pub(super) const STRING_LIST: Member = member("string_list", "string_list");
pub(super) const IP_LIST: Member = member("ip_list", "ip_list");

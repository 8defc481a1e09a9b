//! Reading reports: structure first, then values; unknown members are nobody's business.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::document::{Connection, ConnectionList, CustomValue, ListeningPort, MetricReport, NetworkStats, PortList};
use super::names::{self, Member};
use super::topic::ReportFormat;
use super::tree::Node;
use crate::metric::ValueKind;

/// What is wrong with a payload; each is an `InvalidPayload` to the device. Paths are JSON pointers in the
/// spelling that the device used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReportError {
    /// Not JSON, or not CBOR: syntax, encoding, nesting, or bytes after the end.
    #[error("the report is not well-formed {format}: {reason}")]
    NotWellFormed {
        /// What it should have been.
        format: ReportFormat,
        /// The reader's sentence.
        reason: String,
    },
    /// A member of another type than 6.2 says.
    #[error("`{path}` must be {expected}, found {found}")]
    WrongType {
        /// Where.
        path: String,
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A value of the right type that is not allowed: a negative count, port 0, an address that cannot be read, a
    /// version that is not `1.x`.
    #[error("`{path}` must be {allowed}, found `{found}`")]
    NotAllowed {
        /// Where.
        path: String,
        /// What would be.
        allowed: &'static str,
        /// The value.
        found: String,
    },
    /// A required member is missing or null.
    #[error("`{path}` needs the member `{member}`")]
    Missing {
        /// The object that lacks it.
        path: String,
        /// Its long name.
        member: &'static str,
    },
    /// One member twice: in both spellings, or in one (R-14, CH-99).
    #[error("`{path}` gives `{member}` twice, as `{first}` and as `{second}`")]
    GivenTwice {
        /// The object.
        path: String,
        /// The member's long name.
        member: String,
        /// The first spelling found.
        first: String,
        /// The second.
        second: String,
    },
    /// Neither metrics nor custom metrics.
    #[error("the report has neither `metrics` nor `custom_metrics`")]
    NoMetrics,
    /// A custom metric is not one object with exactly one value, inside a list.
    #[error("`{path}` must be a list of one object with exactly one of number, number_list, string_list, ip_list")]
    CustomShape {
        /// Where.
        path: String,
    },
    /// A custom metric is defined with another type.
    #[error("`{path}` is defined as {defined}, found {found}")]
    CustomType {
        /// Where.
        path: String,
        /// The `metricType` of the definition.
        defined: &'static str,
        /// The type reported.
        found: &'static str,
    },
}

/// A payload that cannot be understood, with the report id if at least that could be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct Malformed {
    /// The id to answer with.
    pub report_id: Option<u64>,
    /// What is wrong.
    #[source]
    pub error: ReportError,
}

impl MetricReport {
    /// Reads a report in either format, with long names, short names or both mixed (6.2).
    ///
    /// # Errors
    /// [`Malformed`] with the first thing wrong. Whether the custom metrics are defined, and as what, is for
    /// [`ReportIntake`](super::ReportIntake) to say.
    pub fn parse(format: ReportFormat, payload: &[u8]) -> Result<MetricReport, Malformed> {
        read(format, payload).map(|parsed| parsed.report)
    }
}

/// A report with what later warnings need to point at.
pub(super) struct Parsed {
    pub report: MetricReport,
    /// Where the report id stands.
    pub report_id_path: String,
    /// Where the custom metrics stand.
    pub custom_path: String,
}

pub(super) fn read(format: ReportFormat, payload: &[u8]) -> Result<Parsed, Malformed> {
    let node = Node::read(format, payload)
        .map_err(|reason| Malformed { report_id: None, error: ReportError::NotWellFormed { format, reason } })?;
    let mut report_id = None;
    read_report(&node, &mut report_id).map_err(|error| Malformed { report_id, error })
}

fn read_report(node: &Node, report_id: &mut Option<u64>) -> Result<Parsed, ReportError> {
    let root = Place::Root;
    let report = Object::of(node, &root)?;
    let (name, header) = report.required(names::HEADER)?;
    let place = root.member(name);
    let header = Object::of(header, &place)?;
    let (id_name, id) = header.required(names::REPORT_ID)?;
    let id_place = place.member(id_name);
    let id = whole_number(id, &id_place, 1, i64::MAX as u64, "a positive integer")?;
    *report_id = Some(id);
    let (version_name, version) = header.required(names::VERSION)?;
    let version = read_version(version, &place.member(version_name))?;

    let metrics = report.find(names::METRICS)?;
    let custom = report.find(names::CUSTOM_METRICS)?;
    if metrics.is_none() && custom.is_none() {
        return Err(ReportError::NoMetrics);
    }
    let mut parsed = MetricReport { version, ..MetricReport::new(id) };
    if let Some((name, node)) = metrics {
        read_metrics(node, &root.member(name), &mut parsed)?;
    }
    let mut custom_path = String::new();
    if let Some((name, node)) = custom {
        let place = root.member(name);
        custom_path = place.to_string();
        parsed.custom_metrics = Some(read_custom_metrics(node, &place)?);
    }
    Ok(Parsed { report: parsed, report_id_path: id_place.to_string(), custom_path })
}

/// `^\d+\.\d+$` with Major 1 (R-08, CH-95).
fn read_version(node: &Node, place: &Place) -> Result<String, ReportError> {
    let version = text(node, place)?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match version.split_once('.') {
        Some((major, minor)) if digits(major) && digits(minor) && major.trim_start_matches('0') == "1" => {
            Ok(version.to_owned())
        }
        _ => Err(place.not_allowed("a version 1.x", version)),
    }
}

fn read_metrics(node: &Node, place: &Place, report: &mut MetricReport) -> Result<(), ReportError> {
    let metrics = Object::of(node, place)?;
    report.listening_tcp_ports = metrics.read(names::LISTENING_TCP_PORTS, read_ports)?;
    report.listening_udp_ports = metrics.read(names::LISTENING_UDP_PORTS, read_ports)?;
    report.network_stats = metrics.read(names::NETWORK_STATS, read_network_stats)?;
    report.established_connections = metrics
        .read(names::TCP_CONNECTIONS, |node, place| {
            Object::of(node, place)?.read(names::ESTABLISHED_CONNECTIONS, read_connections)
        })?
        .flatten();
    Ok(())
}

fn read_ports(node: &Node, place: &Place) -> Result<PortList, ReportError> {
    let list = Object::of(node, place)?;
    Ok(PortList { ports: list.read_list(names::PORTS, read_port)?, total: list.read(names::TOTAL, count)? })
}

fn read_port(node: &Node, place: &Place) -> Result<ListeningPort, ReportError> {
    let entry = Object::of(node, place)?;
    Ok(ListeningPort {
        port: entry.read(names::PORT, |node, place| port_number(node, place, 1))?,
        interface: entry.read(names::INTERFACE, |node, place| text(node, place).map(str::to_owned))?,
    })
}

fn read_connections(node: &Node, place: &Place) -> Result<ConnectionList, ReportError> {
    let list = Object::of(node, place)?;
    Ok(ConnectionList {
        connections: list.read_list(names::CONNECTIONS, read_connection)?,
        total: list.read(names::TOTAL, count)?,
    })
}

fn read_connection(node: &Node, place: &Place) -> Result<Connection, ReportError> {
    let entry = Object::of(node, place)?;
    let (name, remote) = entry.required(names::REMOTE_ADDR)?;
    Ok(Connection {
        remote_addr: read_remote_addr(remote, &place.member(name))?,
        local_port: entry.read(names::LOCAL_PORT, |node, place| port_number(node, place, 0))?,
        local_interface: entry.read(names::LOCAL_INTERFACE, |node, place| text(node, place).map(str::to_owned))?,
    })
}

/// `ip:port`, with IPv6 in brackets as documented or without as the vendor's agent sends it: what follows the last
/// colon is then the port, since an address alone is not allowed.
fn read_remote_addr(node: &Node, place: &Place) -> Result<SocketAddr, ReportError> {
    let address = text(node, place)?;
    let bare_v6 = || {
        let (ip, port) = address.rsplit_once(':')?;
        // `parse` would take a leading `+`.
        let port = port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse::<u16>().ok())??;
        Some(SocketAddr::new(IpAddr::V6(ip.parse::<Ipv6Addr>().ok()?), port))
    };
    let parsed = address.parse::<SocketAddr>().ok().or_else(bare_v6);
    parsed.ok_or_else(|| place.not_allowed("an address and port, as 10.1.2.3:8883 or [2001:db8::1]:8883", address))
}

fn read_network_stats(node: &Node, place: &Place) -> Result<NetworkStats, ReportError> {
    let stats = Object::of(node, place)?;
    Ok(NetworkStats {
        bytes_in: stats.read(names::BYTES_IN, count)?,
        bytes_out: stats.read(names::BYTES_OUT, count)?,
        packets_in: stats.read(names::PACKETS_IN, count)?,
        packets_out: stats.read(names::PACKETS_OUT, count)?,
    })
}

fn read_custom_metrics(node: &Node, place: &Place) -> Result<BTreeMap<String, CustomValue>, ReportError> {
    let mut custom = BTreeMap::new();
    for (name, node) in Object::of(node, place)?.members {
        let value = read_custom_value(node, &place.member(name))?;
        if custom.insert(name.clone(), value).is_some() {
            return Err(ReportError::GivenTwice {
                path: place.to_string(),
                member: name.clone(),
                first: name.clone(),
                second: name.clone(),
            });
        }
    }
    Ok(custom)
}

/// A list of one object with one value, also for a single number.
fn read_custom_value(node: &Node, place: &Place) -> Result<CustomValue, ReportError> {
    let shape = || ReportError::CustomShape { path: place.to_string() };
    let Node::List(elements) = node else { return Err(shape()) };
    let [element @ Node::Map(_)] = &elements[..] else { return Err(shape()) };
    let place = place.entry(0);
    let element = Object::of(element, &place)?;
    let values = [
        element.read(names::NUMBER, number)?.map(CustomValue::Number),
        element.read_list(names::NUMBER_LIST, number)?.map(CustomValue::Numbers),
        element
            .read_list(names::STRING_LIST, |node, place| text(node, place).map(str::to_owned))?
            .map(CustomValue::Strings),
        element.read_list(names::IP_LIST, ip_address)?.map(CustomValue::Addresses),
    ];
    let mut values = values.into_iter().flatten();
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(shape()),
    }
}

/// What `CreateCustomMetric` calls a kind of value (5.2).
pub(super) fn metric_type(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Number | ValueKind::Count => "number",
        ValueKind::Numbers | ValueKind::Ports => "number-list",
        ValueKind::Strings => "string-list",
        ValueKind::Cidrs => "ip-address-list",
    }
}

/// A finite number.
fn number(node: &Node, place: &Place) -> Result<f64, ReportError> {
    match node {
        Node::Integer(integer) => Ok(*integer as f64),
        Node::Float(float) if float.is_finite() => Ok(*float),
        Node::Float(float) => Err(place.not_allowed("a finite number", float)),
        _ => Err(place.wrong_type("a number", node)),
    }
}

/// A whole number within bounds; a float will do if it has no fraction.
fn whole_number(node: &Node, place: &Place, min: u64, max: u64, allowed: &'static str) -> Result<u64, ReportError> {
    let integer = match node {
        Node::Integer(integer) => Some(*integer),
        // Beyond 2^53 a float no longer says which whole number is meant, but it is still one.
        Node::Float(float) if float.fract() == 0.0 => Some(*float as i128),
        Node::Float(_) => None,
        _ => return Err(place.wrong_type(allowed, node)),
    };
    let whole = integer.and_then(|integer| u64::try_from(integer).ok()).filter(|whole| (min..=max).contains(whole));
    whole.ok_or_else(|| match node {
        Node::Float(float) => place.not_allowed(allowed, float),
        _ => place.not_allowed(allowed, integer.unwrap_or_default()),
    })
}

/// A count or an amount: what fits the API's `long`, not negative.
fn count(node: &Node, place: &Place) -> Result<u64, ReportError> {
    whole_number(node, place, 0, i64::MAX as u64, "a whole number of at least 0")
}

fn port_number(node: &Node, place: &Place, min: u64) -> Result<u16, ReportError> {
    let allowed = if min == 0 { "a port of 0 to 65535" } else { "a port of 1 to 65535" };
    whole_number(node, place, min, u16::MAX.into(), allowed).map(|port| port as u16)
}

fn text<'a>(node: &'a Node, place: &Place) -> Result<&'a str, ReportError> {
    match node {
        Node::Text(text) => Ok(text),
        _ => Err(place.wrong_type("a string", node)),
    }
}

fn ip_address(node: &Node, place: &Place) -> Result<IpAddr, ReportError> {
    let address = text(node, place)?;
    address.parse().map_err(|_| place.not_allowed("an IP address", address))
}

/// An object and where it stands.
struct Object<'a> {
    members: &'a [(String, Node)],
    place: &'a Place<'a>,
}

impl<'a> Object<'a> {
    fn of(node: &'a Node, place: &'a Place<'a>) -> Result<Object<'a>, ReportError> {
        match node {
            Node::Map(members) => Ok(Object { members, place }),
            _ => Err(place.wrong_type("an object", node)),
        }
    }

    /// The member under either name, with the name it has. Null is absent.
    fn find(&self, member: Member) -> Result<Option<(&'a str, &'a Node)>, ReportError> {
        let mut found = self.members.iter().filter(|(name, _)| member.is(name));
        match (found.next(), found.next()) {
            (Some((first, _)), Some((second, _))) => Err(ReportError::GivenTwice {
                path: self.place.to_string(),
                member: member.long.to_owned(),
                first: first.clone(),
                second: second.clone(),
            }),
            (Some((name, node)), None) => Ok((*node != Node::Null).then_some((name.as_str(), node))),
            (None, _) => Ok(None),
        }
    }

    fn required(&self, member: Member) -> Result<(&'a str, &'a Node), ReportError> {
        self.find(member)?.ok_or_else(|| ReportError::Missing { path: self.place.to_string(), member: member.long })
    }

    /// A member, if present, through its own reader.
    fn read<T>(
        &self,
        member: Member,
        read: impl FnOnce(&Node, &Place) -> Result<T, ReportError>,
    ) -> Result<Option<T>, ReportError> {
        self.find(member)?.map(|(name, node)| read(node, &self.place.member(name))).transpose()
    }

    /// A list, if present, each element through the reader.
    fn read_list<T>(
        &self,
        member: Member,
        read: impl Fn(&Node, &Place) -> Result<T, ReportError>,
    ) -> Result<Option<Vec<T>>, ReportError> {
        self.read(member, |node, place| match node {
            Node::List(elements) => {
                elements.iter().enumerate().map(|(i, element)| read(element, &place.entry(i))).collect()
            }
            _ => Err(place.wrong_type("a list", node)),
        })
    }
}

/// A place in the report, printed as a JSON pointer. A chain of borrowed links: nothing is allocated unless an error
/// is told.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Member(&'a Place<'a>, &'a str),
    Entry(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    fn member(&'a self, name: &'a str) -> Place<'a> {
        Place::Member(self, name)
    }

    fn entry(&'a self, index: usize) -> Place<'a> {
        Place::Entry(self, index)
    }

    fn wrong_type(&self, expected: &'static str, found: &Node) -> ReportError {
        ReportError::WrongType { path: self.to_string(), expected, found: found.kind() }
    }

    fn not_allowed(&self, allowed: &'static str, found: impl fmt::Display) -> ReportError {
        ReportError::NotAllowed { path: self.to_string(), allowed, found: found.to_string() }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Root => Ok(()),
            Place::Member(parent, name) => write!(f, "{parent}/{}", escaped(name)),
            Place::Entry(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}

/// A name as one step of a JSON pointer (RFC 6901).
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

//! What series make devices do: one timeline of broker events and reports, told to both judges.
//!
//! - A **cloud-side** value is what happens within its step, at the beginning of it: so many messages, refusals,
//!   connects. Its datapoint is complete at the end of the window.
//! - A **device-side** value is in a report that arrives at the beginning of its step.
//! - A device is **connected** in the steps in which a cloud-side series has a value, or as `session` says; where it is
//!   connected and nothing happens, counts are 0. It connected before the test began, from [`ADDRESS`] unless the series
//!   of `aws:source-ip-address` says otherwise.
//! - A gap **disconnects** it, a second before the gap begins; it connects again at the beginning of the next value.
//!   Who watches connection attempts or disconnects sees these too. A series of such counts says how many there are in
//!   all: disconnects beyond are followed by connects at once, attempts beyond fail.
//! - A new address is connected from at the beginning of its step; that too is an attempt.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use defender::detect::reference::BrokerAction;
use defender::detect::report::{CustomValue, ReportValues};
use defender::metric::{Metric, MetricRef, ValueKind};
use defender::time::{Millis, Timestamp};

use super::file::{GRID, RuleTest, Series};
use super::series::Datum;

/// Where devices connect from unless a series says otherwise.
pub(super) const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

/// Bytes of a message whose size no series gives.
pub(super) const MESSAGE: u64 = 64;

/// Something that one device does.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Happening {
    pub(super) time: Timestamp,
    /// Position among [`RuleTest::devices`].
    pub(super) device: usize,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Broker(BrokerAction),
    Report(Box<ReportValues>),
}

/// Everything that happens, in order of time.
///
/// # Errors
/// Series of one device that contradict each other.
pub(super) fn timeline(test: &RuleTest) -> Result<Vec<Happening>, String> {
    let mut all = Vec::new();
    for (position, device) in test.devices().iter().enumerate() {
        let series: Vec<&Series> = test.series.iter().filter(|series| series.device == *device).collect();
        let mut happenings = Device { start: test.start, position, name: device, series: &series, found: Vec::new() };
        happenings.broker()?;
        happenings.reports();
        all.extend(happenings.found);
    }
    // Stable: what one device does at one time stays in its order.
    all.sort_by_key(|happening| (happening.time, happening.device));
    Ok(all)
}

struct Device<'a> {
    start: Timestamp,
    position: usize,
    name: &'a str,
    series: &'a [&'a Series],
    found: Vec<Happening>,
}

impl Device<'_> {
    fn happens(&mut self, time: Timestamp, action: BrokerAction) {
        self.found.push(Happening { time, device: self.position, what: What::Broker(action) });
    }

    fn cloud(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().copied().filter(|series| match &series.metric {
            Some(MetricRef::Aws(metric)) => metric.is_cloud_side(),
            Some(MetricRef::Custom(_)) => false,
            None => true,
        })
    }

    fn of(&self, metric: Metric) -> Option<&Series> {
        self.cloud().find(|series| series.metric == Some(MetricRef::Aws(metric)))
    }

    /// Everything at the broker, window by window.
    fn broker(&mut self) -> Result<(), String> {
        let windows = self.cloud().map(|series| series.data.len() * per_step(series)).max().unwrap_or(0);
        if self.of(Metric::MessageByteSize).is_some() && self.of(Metric::NumMessagesSent).is_some() {
            return Err(format!(
                "the series of message sizes on `{}` says how many messages there are; leave out that of messages sent",
                self.name
            ));
        }
        let mut address: Option<IpAddr> = None;
        for window in 0..windows {
            let start = self.start + Millis(GRID.0 * window as i64);
            let connected = self.is_connected(window);
            let mut connects = 0;
            if connected {
                let mut wanted = self.addresses(window);
                // The session that is open goes on if its address is among them.
                if let Some(open) = address.filter(|open| wanted.contains(open)) {
                    wanted.retain(|other| *other != open);
                    wanted.insert(0, open);
                } else if window == 0 {
                    self.connect(start - Millis::SECOND, wanted[0], true);
                    address = Some(wanted[0]);
                }
                for (i, next) in wanted.iter().enumerate() {
                    if address != Some(*next) {
                        self.connect(start + Millis::seconds(i as i64), *next, true);
                        address = Some(*next);
                        connects += 1;
                    }
                }
                self.messages(window, start);
            }
            let leaves = connected && window + 1 < windows && !self.is_connected(window + 1);
            self.sessions(window, start, leaves, connects, address)?;
            if leaves {
                self.happens(start + GRID - Millis::SECOND, BrokerAction::Disconnect);
                address = None;
            }
        }
        Ok(())
    }

    fn connect(&mut self, time: Timestamp, source_ip: IpAddr, success: bool) {
        self.happens(time, BrokerAction::Connect { source_ip, success });
    }

    fn is_connected(&self, window: usize) -> bool {
        let session = self.cloud().find(|series| series.metric.is_none());
        match session {
            Some(session) => at(session, window) == Some(&Datum::Session(true)),
            None => self.cloud().any(|series| at(series, window).is_some_and(|datum| *datum != Datum::Gap)),
        }
    }

    fn addresses(&self, window: usize) -> Vec<IpAddr> {
        let list: Vec<IpAddr> = match self.of(Metric::SourceIpAddress).and_then(|series| at(series, window)) {
            Some(Datum::Set(list)) => list.iter().filter_map(|text| text.parse().ok()).collect(),
            _ => Vec::new(),
        };
        if list.is_empty() { vec![ADDRESS] } else { list }
    }

    /// Messages and refusals, all within a minute.
    fn messages(&mut self, window: usize, start: Timestamp) {
        let time = start + Millis::MINUTE;
        let topic = |series: &Series| series.topic.clone().unwrap_or_else(|| format!("devices/{}", series.device));
        let mut actions = Vec::new();
        for series in self.cloud() {
            let (Some(MetricRef::Aws(metric)), Some(datum)) = (&series.metric, first_of_step(series, window)) else {
                continue;
            };
            let count = match datum {
                Datum::Number(number) => *number as usize,
                _ => 0,
            };
            let many = |action: BrokerAction| std::iter::repeat_n(action, count);
            match metric {
                Metric::NumMessagesSent => {
                    actions.extend(many(BrokerAction::Publish { topic: topic(series), bytes: MESSAGE }));
                }
                Metric::NumMessagesReceived => actions.extend(many(BrokerAction::Deliver { topic: topic(series) })),
                Metric::NumAuthorizationFailures => {
                    actions.extend(many(BrokerAction::Refuse { topic: Some(topic(series)) }));
                }
                Metric::MessageByteSize => {
                    let sizes: Vec<u64> = match datum {
                        Datum::Number(bytes) => vec![*bytes as u64],
                        Datum::Set(sizes) => sizes.iter().filter_map(|bytes| bytes.parse().ok()).collect(),
                        Datum::Gap | Datum::Session(_) => Vec::new(),
                    };
                    actions
                        .extend(sizes.into_iter().map(|bytes| BrokerAction::Publish { topic: topic(series), bytes }));
                }
                _ => {}
            }
        }
        for action in actions {
            self.happens(time, action);
        }
    }

    /// Disconnects and connection attempts beyond those that the session makes by itself.
    fn sessions(
        &mut self,
        window: usize,
        start: Timestamp,
        leaves: bool,
        connects: u64,
        address: Option<IpAddr>,
    ) -> Result<(), String> {
        let number = |series: Option<&Series>| match series.and_then(|series| first_of_step(series, window)) {
            Some(Datum::Number(number)) => Some(*number as u64),
            _ => None,
        };
        let (disconnects, attempts) =
            (number(self.of(Metric::NumDisconnects)), number(self.of(Metric::NumConnectionAttempts)));
        let short = |what: &str, by_itself: u64, found: u64| {
            let at = start - self.start;
            format!(
                "`{}` {what} {by_itself} times in the window at {at} by what its series say, found {found}",
                self.name
            )
        };
        let by_itself = u64::from(leaves);
        let breaks = match disconnects {
            None => 0,
            Some(count) if count < by_itself => return Err(short("disconnects", by_itself, count)),
            Some(count) => count - by_itself,
        };
        let connects = connects + breaks;
        let failures = match attempts {
            None => 0,
            Some(count) if count < connects => return Err(short("connects", connects, count)),
            Some(count) => count - connects,
        };
        let from = address.unwrap_or(ADDRESS);
        for i in 0..breaks as i64 {
            let time = start + Millis(100_000 + 2 * i);
            self.happens(time, BrokerAction::Disconnect);
            self.connect(time + Millis(1), from, true);
        }
        for _ in 0..failures {
            self.connect(start + Millis::minutes(3), from, false);
        }
        Ok(())
    }

    /// Reports, one for each moment at which some device-side series has a value.
    fn reports(&mut self) {
        let mut by_time: BTreeMap<Timestamp, ReportValues> = BTreeMap::new();
        for series in self.series {
            let device_side = match &series.metric {
                Some(MetricRef::Aws(metric)) => !metric.is_cloud_side(),
                Some(MetricRef::Custom(_)) => true,
                None => false,
            };
            let (Some(metric), Some(kind), true) = (&series.metric, series.kind, device_side) else { continue };
            for (i, datum) in series.data.iter().enumerate().filter(|(_, datum)| **datum != Datum::Gap) {
                let time = self.start + Millis(series.step.0 * i as i64);
                put(by_time.entry(time).or_default(), metric, kind, datum);
            }
        }
        self.found.extend(by_time.into_iter().map(|(time, values)| Happening {
            time,
            device: self.position,
            what: What::Report(Box::new(values)),
        }));
    }
}

/// Windows of five minutes in a step.
fn per_step(series: &Series) -> usize {
    (series.step.0 / GRID.0) as usize
}

/// What a series shows in a window.
fn at(series: &Series, window: usize) -> Option<&Datum> {
    series.data.get(window / per_step(series))
}

/// What a series shows in the window in which its step begins: there it happens.
fn first_of_step(series: &Series, window: usize) -> Option<&Datum> {
    if window.is_multiple_of(per_step(series)) { at(series, window) } else { None }
}

/// Puts a value into a report.
fn put(values: &mut ReportValues, metric: &MetricRef, kind: ValueKind, datum: &Datum) {
    match metric {
        MetricRef::Custom(name) => {
            values.custom.insert(name.clone(), custom(kind, datum));
        }
        MetricRef::Aws(metric) => {
            let count = match datum {
                Datum::Number(number) => Some(*number as u64),
                _ => None,
            };
            let ports = || elements::<u16>(datum).into_iter().collect::<BTreeSet<u16>>();
            match metric {
                Metric::AllBytesIn => values.all_bytes_in = count,
                Metric::AllBytesOut => values.all_bytes_out = count,
                Metric::AllPacketsIn => values.all_packets_in = count,
                Metric::AllPacketsOut => values.all_packets_out = count,
                Metric::NumListeningTcpPorts => values.num_listening_tcp_ports = count,
                Metric::NumListeningUdpPorts => values.num_listening_udp_ports = count,
                Metric::NumEstablishedTcpConnections => values.num_established_tcp_connections = count,
                Metric::ListeningTcpPorts => values.listening_tcp_ports = Some(ports()),
                Metric::ListeningUdpPorts => values.listening_udp_ports = Some(ports()),
                Metric::DestinationIpAddresses => {
                    values.destination_ip_addresses = Some(elements::<IpAddr>(datum).into_iter().collect());
                }
                _ => {}
            }
        }
    }
}

fn custom(kind: ValueKind, datum: &Datum) -> CustomValue {
    match (kind, datum) {
        (_, Datum::Number(number)) => CustomValue::Number(*number),
        (ValueKind::Numbers, _) => CustomValue::Numbers(elements(datum)),
        (ValueKind::Cidrs, _) => CustomValue::Addresses(elements(datum)),
        _ => CustomValue::Strings(elements(datum)),
    }
}

fn elements<T: std::str::FromStr>(datum: &Datum) -> Vec<T> {
    match datum {
        Datum::Set(list) => list.iter().filter_map(|text| text.parse().ok()).collect(),
        _ => Vec::new(),
    }
}

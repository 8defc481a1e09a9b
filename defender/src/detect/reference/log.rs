//! What is known of one device: what happened at the broker, its sessions, its reports.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::BrokerAction;
use crate::detect::report::ReportValues;
use crate::metric::Metric;
use crate::time::{Millis, Timestamp};

/// A span `[start, end)`: what happens at a boundary belongs to the window that starts there (D-36).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

impl Window {
    /// The window of a length that ends at an instant.
    pub(super) fn ending(end: Timestamp, length: Millis) -> Window {
        Window { start: end - length, end }
    }

    fn contains(self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }
}

/// One connection.
#[derive(Clone, Copy, Debug)]
struct Session {
    address: IpAddr,
    from: Timestamp,
    to: Option<Timestamp>,
}

impl Session {
    /// Whether it was open at some instant of a window (D-38).
    fn touches(self, window: Window) -> bool {
        self.from < window.end && self.to.is_none_or(|to| to > window.start)
    }

    fn is_open_at(self, time: Timestamp) -> bool {
        self.from <= time && self.to.is_none_or(|to| time <= to)
    }
}

/// Everything that arrived about one name.
#[derive(Clone, Debug, Default)]
pub(super) struct DeviceLog {
    events: Vec<(Timestamp, BrokerAction)>,
    sessions: Vec<Session>,
    reports: Vec<(Timestamp, ReportValues)>,
}

impl DeviceLog {
    /// Takes note of a broker event.
    pub(super) fn note(&mut self, time: Timestamp, action: BrokerAction) {
        match action {
            BrokerAction::Connect { source_ip, success: true } => {
                self.close_session(time);
                self.sessions.push(Session { address: source_ip.to_canonical(), from: time, to: None });
            }
            BrokerAction::Disconnect => self.close_session(time),
            _ => {}
        }
        self.events.push((time, action));
    }

    fn close_session(&mut self, time: Timestamp) {
        if let Some(open) = self.sessions.iter_mut().find(|session| session.to.is_none() && session.from <= time) {
            open.to = Some(time);
        }
    }

    /// Takes note of an accepted report.
    pub(super) fn note_report(&mut self, arrival: Timestamp, values: ReportValues) {
        self.reports.push((arrival, values));
    }

    /// The reports that arrived in a window.
    pub(super) fn reports_in(&self, window: Window) -> impl DoubleEndedIterator<Item = &ReportValues> {
        self.reports.iter().filter(move |(arrival, _)| window.contains(*arrival)).map(|(_, values)| values)
    }

    /// The reports that arrived in `(after, until]`.
    pub(super) fn reports_between(&self, after: Timestamp, until: Timestamp) -> impl Iterator<Item = &ReportValues> {
        self.reports.iter().filter(move |(arrival, _)| after < *arrival && *arrival <= until).map(|(_, values)| values)
    }

    fn events_in(&self, window: Window) -> impl Iterator<Item = (Timestamp, &BrokerAction)> {
        self.events.iter().filter(move |(time, _)| window.contains(*time)).map(|(time, action)| (*time, action))
    }

    /// Whether the device did anything, or was connected (D-38, CH-69).
    pub(super) fn is_active(&self, window: Window) -> bool {
        self.events_in(window).next().is_some() || self.sessions.iter().any(|session| session.touches(window))
    }

    /// How often something happened whose topic counts (D-39).
    pub(super) fn count(&self, metric: Metric, window: Window, counts: impl Fn(Option<&str>) -> bool) -> u64 {
        let matching = self.events_in(window).filter(|(_, action)| match (metric, action) {
            (Metric::NumMessagesSent, BrokerAction::Publish { topic, .. })
            | (Metric::NumMessagesReceived, BrokerAction::Deliver { topic }) => counts(Some(topic)),
            (Metric::NumAuthorizationFailures, BrokerAction::Refuse { topic }) => counts(topic.as_deref()),
            (Metric::NumConnectionAttempts, BrokerAction::Connect { .. })
            | (Metric::NumDisconnects, BrokerAction::Disconnect) => true,
            _ => false,
        });
        matching.count() as u64
    }

    /// The sizes of the published messages whose topic counts (D-40).
    pub(super) fn message_sizes(&self, window: Window, counts: impl Fn(Option<&str>) -> bool) -> Vec<u64> {
        let sizes = self.events_in(window).filter_map(|(_, action)| match action {
            BrokerAction::Publish { topic, bytes } if counts(Some(topic)) => Some(*bytes),
            _ => None,
        });
        sizes.collect()
    }

    /// The addresses of the sessions open at some instant of a window (D-41, CH-71).
    pub(super) fn addresses(&self, window: Window) -> BTreeSet<IpAddr> {
        let open = self.sessions.iter().filter(|session| session.touches(window));
        open.map(|session| session.address).collect()
    }

    /// The addresses from which messages were exchanged whose topic counts (D-13).
    pub(super) fn addresses_of_messages(
        &self,
        window: Window,
        counts: impl Fn(Option<&str>) -> bool,
    ) -> BTreeSet<IpAddr> {
        let messages = self.events_in(window).filter(|(_, action)| match action {
            BrokerAction::Publish { topic, .. } | BrokerAction::Deliver { topic } => counts(Some(topic)),
            _ => false,
        });
        let address = |time| self.sessions.iter().rev().find(|session| session.is_open_at(time)).map(|s| s.address);
        messages.filter_map(|(time, _)| address(time)).collect()
    }

    /// How long the device has been disconnected just before an instant: zero while connected, `None` if it never
    /// connected (D-42, CH-72).
    pub(super) fn disconnected_for(&self, at: Timestamp) -> Option<Millis> {
        let mut past = self.sessions.iter().filter(|session| session.from < at).peekable();
        past.peek()?;
        let latest_end = past.map(|session| session.to.filter(|to| *to < at).unwrap_or(at)).max()?;
        Some(at - latest_end)
    }

    /// When the session state changed within a window, for exports (D-94).
    pub(super) fn session_changes(&self, window: Window) -> impl Iterator<Item = (Timestamp, bool)> {
        let opened = self.sessions.iter().map(|session| (session.from, true));
        let closed = self.sessions.iter().filter_map(|session| Some((session.to?, false)));
        opened.chain(closed).filter(move |(time, _)| window.contains(*time))
    }

    /// Forgets what no window reaches any more; the last session stays, since a disconnection may be long.
    pub(super) fn forget_before(&mut self, horizon: Timestamp) {
        self.events.retain(|(time, _)| *time >= horizon);
        self.reports.retain(|(time, _)| *time >= horizon);
        let last = self.sessions.len().saturating_sub(1);
        let mut position = 0;
        self.sessions.retain(|session| {
            position += 1;
            position > last || session.to.is_none_or(|to| to >= horizon)
        });
    }
}

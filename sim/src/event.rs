//! The event log: what happened, in one total order, hashed as it grows. Same scenario and seed, same digest.

use std::fmt;

use defender::time::Timestamp;
use sha2::{Digest, Sha256};

/// What kind of event. The numbers are part of every digest: append, never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum EventKind {
    /// Subject: device; object: behavior; value: measured.
    InAlarm = 1,
    /// Subject: device; object: behavior; value: measured.
    AlarmCleared = 2,
    /// Subject: device; object: behavior.
    AlarmInvalidated = 3,
    /// Object: number of the audit.
    AuditStarted = 10,
    /// Object: number of the audit; value: non-compliant resources.
    AuditEnded = 11,
    /// Subject: device or `u32::MAX`; object: check.
    Finding = 12,
    /// Subject: device or `u32::MAX`; object: responder; value: 1 if it succeeded.
    Response = 20,
    /// Subject: device; value: what the broker now lets it do.
    Access = 21,
    /// Subject: device.
    CertificateExpired = 30,
    /// Subject: device.
    CertificateRotated = 31,
    /// Subject: device or `u32::MAX`; object: job; value: execution status.
    JobExecution = 32,
    /// Subject: number of devices; object: act.
    ActBegan = 40,
    /// Object: act; value: harm done.
    ActEnded = 41,
    /// Object: behavior; value: datapoints that its model was built from.
    ModelBuilt = 42,
    /// Object: behavior, whose model was discontinued.
    ModelExpired = 43,
    /// Object: number of ticks so far; value: messages published since the last one. Ties the log to the telemetry.
    Telemetry = 50,
    /// Subject: device, which is now registered; object: the device that it goes on from, or `u32::MAX`.
    Joined = 60,
    /// Subject: device, which is not registered any more; value: 1 if its certificate stays active.
    Left = 61,
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, in simulated time.
    pub time: Timestamp,
    /// What.
    pub kind: EventKind,
    /// Mostly the device.
    pub subject: u32,
    /// Mostly the rule.
    pub object: u32,
    /// Mostly the value.
    pub value: u64,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Event { time, kind, subject, object, value } = self;
        write!(f, "{time} {kind:?} subject {subject} object {object} value {value}")
    }
}

/// The events of a run, in order: counted and hashed as they come, kept only if somebody asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventLog {
    count: u64,
    hash: Sha256,
    kept: Option<Vec<Event>>,
}

impl EventLog {
    /// An empty log, which keeps its events or does not.
    pub fn new(keep: bool) -> EventLog {
        EventLog { kept: keep.then(Vec::new), ..EventLog::default() }
    }

    /// Appends an event.
    pub fn push(&mut self, event: Event) {
        let mut bytes = [0u8; 25];
        bytes[..8].copy_from_slice(&event.time.0.to_be_bytes());
        bytes[8] = event.kind as u8;
        bytes[9..13].copy_from_slice(&event.subject.to_be_bytes());
        bytes[13..17].copy_from_slice(&event.object.to_be_bytes());
        bytes[17..].copy_from_slice(&event.value.to_be_bytes());
        self.hash.update(bytes);
        self.count += 1;
        if let Some(kept) = &mut self.kept {
            kept.push(event);
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// SHA-256 over their canonical bytes (fixed-width, big-endian), in hex.
    pub fn digest(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The events, if they were kept.
    pub fn into_events(self) -> Option<Vec<Event>> {
        self.kept
    }
}

/// Where the events of two runs part: the position, and the event of each (one may have ended).
pub fn first_difference(left: &[Event], right: &[Event]) -> Option<(usize, Option<Event>, Option<Event>)> {
    let length = left.len().max(right.len());
    (0..length).find(|i| left.get(*i) != right.get(*i)).map(|i| (i, left.get(i).copied(), right.get(i).copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(value: u64) -> Event {
        Event { time: Timestamp::from_seconds(300), kind: EventKind::InAlarm, subject: 1, object: 2, value }
    }

    fn log(values: &[u64], keep: bool) -> EventLog {
        let mut log = EventLog::new(keep);
        values.iter().for_each(|value| log.push(event(*value)));
        log
    }

    #[test]
    fn whether_events_are_kept_changes_neither_count_nor_digest() {
        let (kept, passed) = (log(&[7, 8], true), log(&[7, 8], false));
        assert_eq!((kept.count(), kept.digest()), (passed.count(), passed.digest()));
        assert_ne!(kept.digest(), log(&[7, 9], true).digest());
        assert_ne!(kept.digest(), log(&[7], true).digest());
        assert_eq!(kept.into_events(), Some(vec![event(7), event(8)]));
        assert_eq!(passed.into_events(), None);
    }

    #[test]
    fn events_that_differ_say_where_and_when() {
        let (a, b) = ([event(7), event(8)], [event(7), event(9)]);
        assert_eq!(first_difference(&a, &a), None);
        assert_eq!(first_difference(&a, &a[..1]), Some((1, Some(event(8)), None)));
        let (position, left, right) = first_difference(&a, &b).expect("they differ");
        assert_eq!((position, left.map(|e| e.value), right.map(|e| e.value)), (1, Some(8), Some(9)));
        assert!(left.expect("an event").to_string().starts_with("1970-01-01T00:05:00Z InAlarm"));
    }
}

//! Violations on record (5.13): episodes and their events, kept small and for 30 days.

mod publish;
mod query;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use super::alarm::ViolationEventType;
use super::criteria::Observed;
use super::device::{DeviceId, Devices};
use super::evaluation::{EvaluationId, Evaluations, SnapshotId};
use super::wire::VerificationState;
use crate::ids::IdMint;
use crate::time::{Millis, Timestamp};

pub use publish::IndexUpdate;
pub use query::{Violation, ViolationFilter};

/// How long events are kept.
pub const RETENTION: Millis = Millis::days(30);

/// The id of an episode: 32 hexadecimal digits (CH-03), the same on all its events (D-66, CH-84).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ViolationId(u128);

impl fmt::Display for ViolationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ViolationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Not the id of a violation: not 32 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a violation id, which has 32 lower-case hexadecimal digits")]
pub struct NotAViolationId(pub String);

impl FromStr for ViolationId {
    type Err = NotAViolationId;

    fn from_str(text: &str) -> Result<Self, NotAViolationId> {
        let plausible = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        u128::from_str_radix(text, 16)
            .ok()
            .filter(|_| plausible)
            .map(ViolationId)
            .ok_or_else(|| NotAViolationId(text.to_owned()))
    }
}

/// Why an alarm ended without a conforming datapoint (5.12, CH-86).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// No datapoint for more than two days (D-60).
    Silence,
    /// The profile does not cover the device any more: detached, group left, thing deleted (D-72, D-73).
    Unmonitored,
    /// The behavior was removed or renamed (D-74, D-77).
    BehaviorRemoved,
    /// The behavior changed in metric, dimension or criteria (D-75).
    BehaviorChanged,
    /// The profile was deleted (D-78).
    ProfileDeleted,
    /// The behavior's ML model was discontinued (D-80).
    ModelExpired,
}

impl Cause {
    /// Whether the event is alerted, if the behavior's alerts are not suppressed (5.12).
    pub const fn sends_alert(self) -> bool {
        !matches!(self, Cause::BehaviorRemoved | Cause::ProfileDeleted)
    }
}

/// What happened to an alarm.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Raised by this violating datapoint (D-70).
    Raised(Observed),
    /// Cleared by this conforming datapoint (D-71).
    Cleared(Observed),
    /// Ended without one.
    Invalidated(Cause),
}

impl Outcome {
    /// The event's type.
    pub const fn event_type(&self) -> ViolationEventType {
        match self {
            Outcome::Raised(_) => ViolationEventType::InAlarm,
            Outcome::Cleared(_) => ViolationEventType::AlarmCleared,
            Outcome::Invalidated(_) => ViolationEventType::AlarmInvalidated,
        }
    }
}

/// One change of one alarm machine, as whoever judges tells it to [`Detect::record`](super::Detect::record).
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// Which behavior of which profile.
    pub evaluation: EvaluationId,
    /// Which device.
    pub device: DeviceId,
    /// The datapoint's time (D-67).
    pub time: Timestamp,
    /// What happened.
    pub outcome: Outcome,
}

/// A value as it is kept: numbers take no allocation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kept {
    /// No value.
    Nothing,
    /// A count or number.
    Number(f64),
    /// A set.
    Set(Box<Observed>),
}

impl Kept {
    pub(crate) fn new(observed: Observed) -> Kept {
        match observed {
            Observed::Number(value) => Kept::Number(value),
            set => Kept::Set(Box::new(set)),
        }
    }

    pub(crate) fn observed(&self) -> Option<Observed> {
        match self {
            Kept::Nothing => None,
            Kept::Number(value) => Some(Observed::Number(*value)),
            Kept::Set(set) => Some((**set).clone()),
        }
    }
}

/// One episode, from in-alarm to its end.
#[derive(Clone, Debug)]
struct Episode {
    id: ViolationId,
    evaluation: EvaluationId,
    device: DeviceId,
    /// The behavior as it was when the alarm was raised.
    snapshot: SnapshotId,
    started: Timestamp,
    last: Timestamp,
    last_value: Kept,
    active: bool,
    verification: VerificationState,
}

/// One event of an episode.
#[derive(Clone, Debug)]
struct Event {
    time: Timestamp,
    value: Kept,
    /// Position among all episodes ever, forgotten ones included.
    episode: u32,
    snapshot: SnapshotId,
    /// Position of the SNS topic among those seen; `u32::MAX` if no alert is sent.
    topic: u32,
    kind: ViolationEventType,
}

/// All violations of the last 30 days.
#[derive(Clone, Debug)]
pub(crate) struct Violations {
    mint: IdMint,
    episodes: VecDeque<Episode>,
    /// How many episodes were forgotten before the first in `episodes`.
    episodes_gone: u32,
    events: VecDeque<Event>,
    events_gone: usize,
    /// Running episodes, by position among all ever.
    active: BTreeMap<(EvaluationId, DeviceId), u32>,
    descriptions: BTreeMap<u32, String>,
    topics: Vec<String>,
    /// How many events ever were published, and how many went to the fleet index.
    published: usize,
    indexed: usize,
    /// Events newest first (CH-88), made when asked for.
    newest_first: OnceLock<Vec<u32>>,
}

impl Violations {
    pub(crate) fn new(mint: IdMint) -> Violations {
        Violations {
            mint,
            episodes: VecDeque::new(),
            episodes_gone: 0,
            events: VecDeque::new(),
            events_gone: 0,
            active: BTreeMap::new(),
            descriptions: BTreeMap::new(),
            topics: Vec::new(),
            published: 0,
            indexed: 0,
            newest_first: OnceLock::new(),
        }
    }

    /// Writes down one transition. `topic` is the SNS topic that is alerted, if one is.
    ///
    /// # Panics
    /// If an alarm is raised that runs already, or ended that does not run.
    pub(crate) fn record(&mut self, transition: Transition, snapshot: SnapshotId, topic: Option<&str>) -> ViolationId {
        let key = (transition.evaluation, transition.device);
        let time = transition.time;
        let kind = transition.outcome.event_type();
        let (position, value) = match transition.outcome {
            Outcome::Raised(value) => {
                let value = Kept::new(value);
                (self.open(key, time, value.clone(), snapshot), value)
            }
            Outcome::Cleared(value) => (self.close(key), Kept::new(value)),
            Outcome::Invalidated(_) => (self.close(key), Kept::Nothing),
        };
        let topic = topic.map_or(u32::MAX, |topic| self.topic(topic));
        self.events.push_back(Event { time, value, episode: position, snapshot, topic, kind });
        self.newest_first = OnceLock::new();
        self.episode(position).id
    }

    fn open(&mut self, key: (EvaluationId, DeviceId), time: Timestamp, value: Kept, snapshot: SnapshotId) -> u32 {
        let digits = self.mint.mint("violation");
        let id = digits.parse().expect("a mint makes 32 lower-case hexadecimal digits");
        let position = self.episodes_gone + self.episodes.len() as u32;
        let before = self.active.insert(key, position);
        assert!(before.is_none(), "an alarm rings once per episode (D-63)");
        self.episodes.push_back(Episode {
            id,
            evaluation: key.0,
            device: key.1,
            snapshot,
            started: time,
            last: time,
            last_value: value,
            active: true,
            verification: VerificationState::Unknown,
        });
        position
    }

    fn close(&mut self, key: (EvaluationId, DeviceId)) -> u32 {
        let position = self.active.remove(&key).expect("only a running alarm can end");
        self.episode_mut(position).active = false;
        position
    }

    /// A further violating datapoint of a running episode (D-63). Nothing happens if none runs.
    pub(crate) fn touch(&mut self, evaluation: EvaluationId, device: DeviceId, time: Timestamp, value: Observed) {
        if let Some(position) = self.active.get(&(evaluation, device)).copied() {
            let episode = self.episode_mut(position);
            episode.last = time;
            episode.last_value = Kept::new(value);
        }
    }

    pub(crate) fn is_active(&self, evaluation: EvaluationId, device: DeviceId) -> bool {
        self.active.contains_key(&(evaluation, device))
    }

    /// The running episodes that satisfy a predicate, in the order of simultaneous events (D-69).
    pub(crate) fn running(
        &self,
        evaluations: &Evaluations,
        devices: &Devices,
        wanted: impl Fn(EvaluationId, DeviceId) -> bool,
    ) -> Vec<(EvaluationId, DeviceId)> {
        let mut found: Vec<_> = self.active.keys().copied().filter(|(e, d)| wanted(*e, *d)).collect();
        found.sort_by_key(|(evaluation, device)| {
            (evaluations.profile_name(*evaluation), evaluations.behavior_name(*evaluation), devices.name(*device))
        });
        found
    }

    /// Forgets what is older than the retention, as far as it stands at the front.
    pub(crate) fn prune(&mut self, now: Timestamp) {
        let horizon = now - RETENTION;
        let before = self.events_gone;
        while self.events.front().is_some_and(|event| event.time < horizon) {
            self.events.pop_front();
            self.events_gone += 1;
        }
        if self.events_gone > before {
            self.newest_first = OnceLock::new();
        }
        let needed = self.events.iter().map(|event| event.episode).min().unwrap_or(u32::MAX);
        while self.episodes.front().is_some_and(|episode| !episode.active && self.episodes_gone < needed) {
            self.episodes.pop_front();
            self.descriptions.remove(&self.episodes_gone);
            self.episodes_gone += 1;
        }
    }

    fn topic(&mut self, topic: &str) -> u32 {
        let known = self.topics.iter().position(|seen| seen == topic);
        known.unwrap_or_else(|| {
            self.topics.push(topic.to_owned());
            self.topics.len() - 1
        }) as u32
    }

    fn episode(&self, position: u32) -> &Episode {
        &self.episodes[(position - self.episodes_gone) as usize]
    }

    fn episode_mut(&mut self, position: u32) -> &mut Episode {
        &mut self.episodes[(position - self.episodes_gone) as usize]
    }

    /// Memory held, without the allocator's own overhead and without sets \[bytes\].
    pub(crate) fn heap_bytes(&self) -> usize {
        self.episodes.capacity() * size_of::<Episode>()
            + self.events.capacity() * size_of::<Event>()
            + self.active.len() * 16
    }
}

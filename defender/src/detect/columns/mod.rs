//! Detect over columns: many devices at once, one tick at a time. A tick is 300 s, or the largest step that divides
//! all windows where a lenient scenario asks for shorter ones (X-06).
//!
//! ```text
//!   driver ── Tick { presence masks, number columns, set verdicts } ──▶ Judge ──▶ Transitions
//!                                   ▲                                     │
//!                     Program ──────┘ (behaviors flattened into rules)    └─ one machine per rule × lane
//! ```
//!
//! A *lane* is a device's position in its shard. Whoever drives the engine fills a [`Tick`] and hands it to a
//! [`Judge`]. There are two: [`Columns`], whose inner loops touch only arrays and masks, and [`Plain`], written so
//! that a reader can hold it against the specification line by line. Property tests keep them equal.
//!
//! [`Candidates`] judges up to 64 variants of behaviors at once, for whoever looks for the best one.
//!
//! The model of an ML behavior stays outside, too: a judge hands out the datapoints that it is to learn
//! ([`Judge::take_readings`]), and is told with each tick what is normal ([`Tick::normals`]).
//!
//! Beside the sixteen columns that every shard has, a program may have columns of its own ([`Program::extras`]): a custom
//! metric of type `number`, or the part of a cloud-side count that a topic-filter dimension leaves (D-12).
//!
//! What is not here: dimensions on source addresses, and models of custom metrics (the object-side evaluator has them).

mod candidates;
mod extra;
mod fast;
mod plain;
mod program;

pub use candidates::{Candidates, Change, Limits, Slate};
pub use extra::{Extra, Topical, code, number};
pub use fast::Columns;
pub use plain::Plain;
pub use program::{Aggregate, Learned, NotColumnar, NumberRule, Population, Program, ProgramRule, RuleKind};

use serde::{Deserialize, Serialize};

use crate::detect::alarm::ViolationEventType;
use crate::detect::ml::{Normal, Readings};
use crate::metric::Metric;
use crate::time::{Millis, Timestamp};

/// The service's grid: cloud-side windows without a duration, silence checks (D-35, D-60).
pub const GRID: Millis = Millis::seconds(300);

/// The number columns of a tick. Values are counts or bytes of one tick, saturated at `u32::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is named after its metric; the doc comments say where they differ")]
pub enum Column {
    Sent,
    Received,
    /// Largest message of the tick \[bytes\]; 0 without a message, which means no datapoint (D-40).
    LargestMessage,
    /// Smallest message of the tick \[bytes\]; 0 without a message (D-40).
    SmallestMessage,
    /// All message bytes of the tick (statistical behaviors, D-40); 0 without a message.
    MessageBytes,
    AuthorizationFailures,
    ConnectionAttempts,
    Disconnects,
    /// Whole minutes since the last disconnect; 0 while connected (D-42).
    DisconnectMinutes,
    BytesOut,
    BytesIn,
    PacketsOut,
    PacketsIn,
    ListeningTcpPorts,
    ListeningUdpPorts,
    EstablishedConnections,
    /// Of another column, what the topics that a dimension counts contribute (D-12).
    Part {
        /// Position in [`Program::extras`].
        slot: u16,
        /// What it is a part of.
        of: Topical,
    },
    /// A custom metric of type `number` in the last report, as a [`code`]; 0 if the report lacks it (D-44).
    Custom {
        /// Position in [`Program::extras`].
        slot: u16,
    },
}

impl Column {
    /// Number of columns that every tick has.
    pub const COUNT: usize = 16;

    /// The column with a metric's numbers. Sets have none; which one has the sizes of messages depends on what is asked of
    /// them.
    pub const fn of(metric: Metric) -> Option<Column> {
        Some(match metric {
            Metric::NumMessagesSent => Column::Sent,
            Metric::NumMessagesReceived => Column::Received,
            Metric::NumAuthorizationFailures => Column::AuthorizationFailures,
            Metric::NumConnectionAttempts => Column::ConnectionAttempts,
            Metric::NumDisconnects => Column::Disconnects,
            Metric::DisconnectDuration => Column::DisconnectMinutes,
            Metric::AllBytesOut => Column::BytesOut,
            Metric::AllBytesIn => Column::BytesIn,
            Metric::AllPacketsOut => Column::PacketsOut,
            Metric::AllPacketsIn => Column::PacketsIn,
            Metric::NumListeningTcpPorts => Column::ListeningTcpPorts,
            Metric::NumListeningUdpPorts => Column::ListeningUdpPorts,
            Metric::NumEstablishedTcpConnections => Column::EstablishedConnections,
            Metric::MessageByteSize
            | Metric::SourceIpAddress
            | Metric::ListeningTcpPorts
            | Metric::ListeningUdpPorts
            | Metric::DestinationIpAddresses => return None,
        })
    }

    /// Its position.
    #[inline]
    pub const fn index(self) -> usize {
        match self {
            Column::Sent => 0,
            Column::Received => 1,
            Column::LargestMessage => 2,
            Column::SmallestMessage => 3,
            Column::MessageBytes => 4,
            Column::AuthorizationFailures => 5,
            Column::ConnectionAttempts => 6,
            Column::Disconnects => 7,
            Column::DisconnectMinutes => 8,
            Column::BytesOut => 9,
            Column::BytesIn => 10,
            Column::PacketsOut => 11,
            Column::PacketsIn => 12,
            Column::ListeningTcpPorts => 13,
            Column::ListeningUdpPorts => 14,
            Column::EstablishedConnections => 15,
            Column::Part { slot, .. } | Column::Custom { slot } => Column::COUNT + slot as usize,
        }
    }

    /// The column that it is a part of; itself, if it is none.
    pub const fn whole(self) -> Column {
        match self {
            Column::Part { of, .. } => of.column(),
            _ => self,
        }
    }

    /// Whether its datapoints come from device reports.
    pub const fn is_device_side(self) -> bool {
        !matches!(self, Column::Part { .. }) && self.index() >= Column::BytesOut.index()
    }

    /// Whether a zero means that there was nothing to measure (D-40).
    pub const fn zero_is_absent(self) -> bool {
        match self.whole() {
            Column::LargestMessage | Column::SmallestMessage | Column::MessageBytes => true,
            // No number has the code 0.
            Column::Custom { .. } => true,
            _ => false,
        }
    }

    /// Whether it is a level rather than an amount (D-43, D-56).
    pub const fn is_gauge(self) -> bool {
        matches!(
            self,
            Column::DisconnectMinutes
                | Column::ListeningTcpPorts
                | Column::ListeningUdpPorts
                | Column::EstablishedConnections
                | Column::Custom { .. }
        )
    }
}

/// A bit per lane, in words of 64.
pub type Mask = Vec<u64>;

/// The set bits of a word, lowest first.
pub fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (word != 0).then(|| {
            let bit = word.trailing_zeros() as usize;
            word &= word - 1;
            bit
        })
    })
}

/// Whether a lane's bit is set.
#[inline]
pub fn has_lane(mask: &[u64], lane: usize) -> bool {
    mask[lane / 64] >> (lane % 64) & 1 == 1
}

/// Sets or clears a lane's bit.
#[inline]
pub fn set_lane(mask: &mut [u64], lane: usize, on: bool) {
    let bit = 1u64 << (lane % 64);
    if on { mask[lane / 64] |= bit } else { mask[lane / 64] &= !bit }
}

/// One tick of one shard, as seen by the engine.
#[derive(Clone, Debug)]
pub struct Tick {
    /// Start of the tick.
    pub start: Timestamp,
    /// Its end: the time of cloud-side datapoints (D-35).
    pub end: Timestamp,
    /// Lanes that were active (D-38): they have cloud-side datapoints.
    pub active: Mask,
    /// Lanes whose device report arrived in this tick: they have device-side datapoints (D-43).
    pub reported: Mask,
    /// Lanes whose report of this tick lacks the amounts since the one before (bytes, packets), as the first does after
    /// an agent's start (R-15): they have no datapoint of those (D-44), and 0 in their columns.
    pub without_amounts: Mask,
    /// Lanes that have a disconnect-duration datapoint: they connected at least once (D-42).
    pub known: Mask,
    /// When each lane's report arrived \[ms after `start`\].
    pub arrival: Vec<u32>,
    /// By [`Column::index`], a value per lane: the columns that every tick has, then those of the program. Device-side
    /// columns hold 0 in lanes that did not report.
    pub numbers: Vec<Vec<u32>>,
    /// By set rule (in the order of [`Program::set_rules`]), the lanes whose observed set violates it.
    pub set_violations: Vec<Mask>,
    /// By [`Program::populations`], the threshold of this tick's window, where the window ends with this tick and
    /// has one (D-58).
    pub thresholds: Vec<Option<u64>>,
    /// By [`Program::learned`], what the model takes for normal, if it is in use (D-ML5): of datapoints at the very start
    /// of the tick, and of later ones. Models change by the hour, and an hour ends with its last instant.
    pub normals: Vec<[Option<Normal>; 2]>,
    /// Lanes that lack a datapoint of one column only, though they were active or reported: recorded telemetry has such
    /// gaps. By [`Column::index`], then by set rule; empty where there are none. Columns hold 0 in these lanes.
    pub missing: Vec<Mask>,
}

impl Tick {
    /// An empty tick for a shard of `lanes` devices and a program.
    pub fn new(lanes: usize, program: &Program) -> Tick {
        let words = lanes.div_ceil(64);
        Tick {
            start: Timestamp(0),
            end: Timestamp(0),
            active: vec![0; words],
            reported: vec![0; words],
            without_amounts: vec![0; words],
            known: vec![0; words],
            arrival: vec![0; lanes],
            numbers: vec![vec![0; lanes]; Column::COUNT + program.extras().len()],
            set_violations: vec![vec![0; words]; program.set_rules().count()],
            thresholds: vec![None; program.populations().len()],
            normals: vec![[None; 2]; program.learned().len()],
            missing: Vec::new(),
        }
    }

    /// Those of some lanes, a word of a mask, that have a datapoint of a column or set rule (by its position in
    /// [`Tick::missing`]) if their device was active, or reported.
    #[inline]
    pub(crate) fn not_missing(&self, position: usize, word: usize, lanes: u64) -> u64 {
        match self.missing.get(position) {
            Some(missing) => lanes & !missing[word],
            None => lanes,
        }
    }

    /// Where a set rule stands in [`Tick::missing`].
    pub(crate) fn set_position(&self, set_rule: usize) -> usize {
        self.numbers.len() + set_rule
    }

    /// A column.
    pub fn column(&self, column: Column) -> &[u32] {
        &self.numbers[column.index()]
    }

    /// A column, to be filled.
    pub fn column_mut(&mut self, column: Column) -> &mut [u32] {
        &mut self.numbers[column.index()]
    }
}

/// A change of an alarm's state, as a judge reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Transition {
    /// Time of the datapoint (D-67), or of the invalidation.
    pub time: Timestamp,
    /// Position in [`Program::rules`].
    pub rule: u32,
    /// The device.
    pub lane: u32,
    /// What happened.
    pub kind: ViolationEventType,
    /// The number measured; 0 for set metrics, whose value the driver knows, and for invalidations (D-61).
    pub value: u64,
    /// When the first datapoint of the run that led here was complete.
    pub first: Timestamp,
}

/// How many datapoints a rule has judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCount {
    /// Datapoints.
    pub judged: u64,
    /// Those that violated.
    pub violating: u64,
}

/// An implementation of Detect over columns.
pub trait Judge {
    /// Judges one tick. Ticks come in order, without holes. Transitions are appended in an unspecified but
    /// reproducible order; callers sort them (D-69).
    fn judge(&mut self, tick: &Tick, out: &mut Vec<Transition>);

    /// Starts or ends the monitoring of a lane by a profile: windows that start at or after the next tick count
    /// (D-37). Never called in the middle of a tick.
    /// Ending it invalidates the lane's alarms (D-72, D-73).
    fn cover(&mut self, now: Timestamp, profile: u32, lane: u32, covered: bool, out: &mut Vec<Transition>);

    /// Ends a rule's alarms and forgets its runs, on all lanes: the model was discontinued (D-80).
    fn discontinue(&mut self, now: Timestamp, rule: u32, out: &mut Vec<Transition>);

    /// The datapoints of the ML rules since the last call, by [`Program::learned`], whether judged or not.
    fn take_readings(&mut self) -> Vec<Readings>;

    /// Datapoints judged so far, by rule.
    fn counts(&self) -> &[RuleCount];

    /// What each lane would contribute to the population of a statistical rule at the end of this tick, if the
    /// rule's window ends with it (D-56, D-57). To be asked before [`Judge::judge`] sees the tick.
    fn contribute(&self, tick: &Tick, population: usize, values: &mut Vec<u64>);
}

/// The silence after which alarms are invalidated: *more* than two days (D-60).
pub const SILENCE: Millis = Millis::days(2);

#[cfg(test)]
mod candidate_tests;
#[cfg(test)]
mod tests;

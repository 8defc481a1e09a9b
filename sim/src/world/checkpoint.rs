//! Checkpoints: a run, put down in a file at a synchronization point, to be taken up again.
//!
//! ```text
//!   line 1   FLEETRANGE CHECKPOINT 3
//!   head     program version, lock of the scenario, ticks done, digest of the log so far
//!   history  what models had learned before the run
//!   journal  by synchronization point: what the shards found since the last one
//!   shards   what each remembers
//!   end      SHA-256 of everything before
//! ```
//!
//! Nearly all of a run's work is done in its shards, and those are saved as they are. Everything behind them (account,
//! engine, ledger, responders, jobs, records) follows from the scenario and from what the shards found, and from
//! nothing else: so it is not saved, but brought up to date by taking in the journal once more. That costs time by what
//! is reported, not by device-windows (under two in a hundred of a run), and no part of the engine can be
//! forgotten in a file. Whether it came out right is seen at once: the log must have the digest it had.

use std::io::{self, Write};

use defender::detect::columns::Transition;
use defender::detect::ml::TrainingData;
use defender::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::learning::History;
use crate::shard::{Detail, Memory, Shard, TickTally};

const MAGIC: &str = "FLEETRANGE CHECKPOINT ";
/// Raised whenever the layout changes.
const FORMAT: u32 = 6;
const CHECKSUM: usize = 32;

/// What the shards found up to a synchronization point, in shard order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Harvest {
    /// Alarm events: (transition, device, what the transition does not say).
    pub transitions: Vec<(Transition, u32, Detail)>,
    /// Certificates that expired: (when, device).
    pub expired: Vec<(Timestamp, u32)>,
    /// First harm done by stages of campaigns: (when, act, position of the device in the act).
    pub harmed: Vec<(Timestamp, u32, u32)>,
    /// By model: what it is to learn.
    pub training: Vec<TrainingData>,
    /// By tick, all shards together.
    pub tallies: Vec<TickTally>,
}

impl Harvest {
    /// Adds a shard's numbers.
    pub fn tally(&mut self, shard: &[TickTally]) {
        self.tallies.resize(self.tallies.len().max(shard.len()), TickTally::default());
        for (total, tally) in self.tallies.iter_mut().zip(shard) {
            total.active += tally.active;
            total.messages += tally.messages;
            total.failures += tally.failures;
            total.reports += tally.reports;
        }
    }

    /// Every device that it speaks of.
    pub fn devices(&self) -> impl Iterator<Item = u32> {
        let alarmed = self.transitions.iter().map(|(_, device, _)| *device);
        alarmed.chain(self.expired.iter().map(|(_, device)| *device))
    }
}

/// The harvests of a run, each with the number of ticks done by then.
pub(super) type Journal = Vec<(u64, Harvest)>;

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    version: String,
    lock: String,
    ticks: u64,
    now: Timestamp,
    digest: String,
}

/// A run at a synchronization point, ready to be written.
pub struct Checkpoint<'a> {
    pub(super) ticks: u64,
    pub(super) now: Timestamp,
    pub(super) digest: String,
    pub(super) history: &'a History,
    pub(super) journal: &'a Journal,
    pub(super) shards: &'a [Shard],
}

impl Checkpoint<'_> {
    /// The simulated time that it holds.
    pub fn time(&self) -> Timestamp {
        self.now
    }

    /// Writes it, with the lock of its scenario inside.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&self, lock: &str, to: &mut dyn Write) -> io::Result<()> {
        let mut to = Hashing { to, hash: Sha256::new() };
        writeln!(to, "{MAGIC}{FORMAT}")?;
        let head = Head {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            lock: lock.to_owned(),
            ticks: self.ticks,
            now: self.now,
            digest: self.digest.clone(),
        };
        put(&head, &mut to)?;
        put(self.history, &mut to)?;
        put(self.journal, &mut to)?;
        put(&self.shards.len(), &mut to)?;
        // One after the other: never the whole fleet twice in memory.
        self.shards.iter().try_for_each(|shard| put(&shard.memory(), &mut to))?;
        let Hashing { to, hash } = to;
        to.write_all(&hash.finalize())?;
        to.flush()
    }
}

fn put<T: Serialize + ?Sized>(value: &T, to: &mut Hashing<'_>) -> io::Result<()> {
    to.write_all(&postcard::to_stdvec(value).map_err(io::Error::other)?)
}

struct Hashing<'a> {
    to: &'a mut dyn Write,
    hash: Sha256,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Why a file cannot be resumed from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It does not begin like one.
    #[error("this is not a checkpoint")]
    NotACheckpoint,
    /// It was laid out by another version.
    #[error("the checkpoint has layout `{found}`, this version reads `{FORMAT}`")]
    OtherFormat {
        /// As it says.
        found: String,
    },
    /// It was written by another version, whose world may differ.
    #[error("the checkpoint was written by version `{found}`, this is `{}`", env!("CARGO_PKG_VERSION"))]
    OtherVersion {
        /// As it says.
        found: String,
    },
    /// Its checksum is wrong, or it ends early.
    #[error("the checkpoint is damaged: {0}")]
    Damaged(&'static str),
    /// Taking in its journal led somewhere else.
    #[error(
        "the checkpoint was written by a program whose world differs: by {now} its log had the digest {expected}, here it has {found}"
    )]
    Diverged {
        /// Where it was compared.
        now: Timestamp,
        /// What the file says.
        expected: String,
        /// What came out.
        found: String,
    },
    /// It was made with other options or for another scenario.
    #[error("the checkpoint belongs to another scenario, or to a run with other options")]
    Misfit,
}

/// A run as it was saved.
#[derive(Debug)]
pub struct Saved {
    head: Head,
    pub(super) history: History,
    pub(super) journal: Journal,
    pub(super) shards: Vec<Memory>,
}

impl Saved {
    /// Reads a checkpoint.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Saved, CheckpointError> {
        use CheckpointError::{Damaged, NotACheckpoint, OtherFormat, OtherVersion};
        let line = bytes.iter().take(MAGIC.len() + 12).position(|byte| *byte == b'\n').ok_or(NotACheckpoint)?;
        let format = std::str::from_utf8(&bytes[..line]).ok().and_then(|line| line.strip_prefix(MAGIC));
        let format = format.ok_or(NotACheckpoint)?;
        if format != FORMAT.to_string() {
            return Err(OtherFormat { found: format.to_owned() });
        }
        let end = bytes.len().checked_sub(CHECKSUM).filter(|end| *end > line).ok_or(Damaged("it ends early"))?;
        let (content, checksum) = bytes.split_at(end);
        if Sha256::digest(content)[..] != *checksum {
            return Err(Damaged("its checksum is wrong"));
        }
        let unreadable = |_| Damaged("its content cannot be read");
        let (head, rest) = postcard::take_from_bytes::<Head>(&content[line + 1..]).map_err(unreadable)?;
        if head.version != env!("CARGO_PKG_VERSION") {
            return Err(OtherVersion { found: head.version });
        }
        let (history, rest) = postcard::take_from_bytes(rest).map_err(unreadable)?;
        let (journal, rest) = postcard::take_from_bytes(rest).map_err(unreadable)?;
        let (shards, rest) = postcard::take_from_bytes(rest).map_err(unreadable)?;
        if !rest.is_empty() {
            return Err(Damaged("something follows its end"));
        }
        Ok(Saved { head, history, journal, shards })
    }

    /// The lock of its scenario: a scenario file that gives the same run.
    pub fn lock(&self) -> &str {
        &self.head.lock
    }

    /// The simulated time that it holds.
    pub fn time(&self) -> Timestamp {
        self.head.now
    }

    /// Ticks done.
    pub(super) fn ticks(&self) -> u64 {
        self.head.ticks
    }

    /// The digest of the log when it was saved.
    pub(super) fn digest(&self) -> &str {
        &self.head.digest
    }
}

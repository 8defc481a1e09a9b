//! The calendar of rare things: a total order by time, then by the order in which entries were made.

use std::collections::BTreeMap;

use defender::ids::ThingId;
use defender::jobs::JobIndex;
use defender::time::Timestamp;

use super::desk::DeskEvent;
use super::respond::PendingResponse;
use super::rotation::DeviceOutcome;

/// Something to be done at a time.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Task {
    /// An act of the ledger begins (for the log and the timeline; its effect lies in the shards).
    ActBegins(usize),
    /// A stage of a campaign begins, on one device if it follows another one there.
    Stage { act: usize, only: Option<u32> },
    /// An act of the ledger takes a step in the account.
    Alter { act: usize, step: usize },
    /// A responder acts.
    Respond(PendingResponse),
    /// Something happens at a team's desk.
    Desk(DeskEvent),
    /// It is midnight in UTC: models are built.
    BuildModels,
    /// An on-demand audit of these checks starts.
    StartAudit(Vec<String>),
    /// What a fault held back from a device takes hold.
    Release(u32),
    /// A device that a fault kept from its job begins with it.
    Begin { job: JobIndex, thing: ThingId, number: u8 },
    /// A device gets somewhere with a job.
    Execute { job: JobIndex, device: u32, outcome: DeviceOutcome },
}

/// Entries in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Calendar {
    entries: BTreeMap<(Timestamp, u64), Task>,
    serial: u64,
}

impl Calendar {
    pub fn add(&mut self, time: Timestamp, task: Task) {
        self.entries.insert((time, self.serial), task);
        self.serial += 1;
    }

    pub fn next(&self) -> Option<Timestamp> {
        self.entries.first_key_value().map(|((time, _), _)| *time)
    }

    pub fn pop(&mut self) -> Option<(Timestamp, Task)> {
        self.entries.pop_first().map(|((time, _), task)| (time, task))
    }
}

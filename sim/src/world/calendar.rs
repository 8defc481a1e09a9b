//! What the world has in its calendar.

use defender::ids::ThingId;
use defender::jobs::JobIndex;

use crate::fleet::Turn;

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
    /// Something happens to a device in the registry.
    Turn { device: u32, turn: Turn },
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

/// What is to be done, in order.
pub(super) type Calendar = crate::calendar::Calendar<Task>;

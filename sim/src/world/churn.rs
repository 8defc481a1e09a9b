//! Devices join, are retired, get another name: what the registry, the engine and the shards hear of it.

use defender::ids::ThingId;
use defender::time::Timestamp;

use super::World;
use crate::event::{Event, EventKind};
use crate::fleet::Turn;
use crate::shard::LANES;

impl World<'_> {
    /// Something happens to a device in the registry. What follows from it takes hold with the account's changes.
    pub(super) fn turn(&mut self, now: Timestamp, time: Timestamp, device: u32, turn: Turn) {
        let new = match self.fleet.turn(self.scenario, time, device, turn) {
            Ok(new) => new,
            Err(error) => {
                let name = self.fleet.account.thing_name(ThingId(device)).to_owned();
                self.record.tell(time, "system", format!("the registry refused a change of {name}: {error}"));
                return;
            }
        };
        if turn != Turn::Joins {
            self.shards[device as usize / LANES].leave(device as usize % LANES);
            let left_active = turn == Turn::Retires { certificate_left_active: true };
            let (kind, value) = (EventKind::Left, u64::from(left_active));
            self.log.push(Event { time, kind, subject: device, object: 0, value });
        }
        if let Some(new) = new {
            let valid_until = self.fleet.devices[new as usize].valid_until;
            // Under another name, it goes on from the same address.
            let since = self.shards[device as usize / LANES].address_since(device as usize % LANES);
            self.shards[new as usize / LANES].join(&self.common, now, new as usize % LANES, valid_until, since);
            let object = if new == device { u32::MAX } else { device };
            self.log.push(Event { time, kind: EventKind::Joined, subject: new, object, value: 0 });
        }
    }

    /// By profile: whether it covers a device. One that was never registered is nobody's.
    pub(super) fn coverage(&self, device: u32) -> Vec<bool> {
        let covered = self.record.coverage(&self.detect, &self.fleet.account, ThingId(device));
        covered.into_iter().map(|covered| covered && self.fleet.has_come(device)).collect()
    }
}

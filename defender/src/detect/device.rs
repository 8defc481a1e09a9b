//! Device identities, as Detect tells them apart (D-30 … D-32), interned.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::ThingId;

/// A device identity that Detect has met: a registry thing, or a name that no thing had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(pub u32);

/// All identities met, numbered in the order of meeting.
///
/// The thing `pump` and the unregistered `pump` from before its registration are two identities (D-32).
#[derive(Clone, Debug, Default)]
pub struct Devices {
    /// All names, one after the other.
    names: String,
    rows: Vec<Row>,
    /// Identity by thing; `u32::MAX` where there is none.
    of_thing: Vec<u32>,
    unregistered: BTreeMap<Box<str>, DeviceId>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    name_start: u32,
    name_len: u32,
    /// `u32::MAX` for an unregistered identity.
    thing: u32,
}

impl Devices {
    /// The identity of a thing under its name.
    pub fn of_thing(&mut self, thing: ThingId, name: &str) -> DeviceId {
        if thing.index() >= self.of_thing.len() {
            self.of_thing.resize(thing.index() + 1, u32::MAX);
        }
        if self.of_thing[thing.index()] == u32::MAX {
            self.of_thing[thing.index()] = self.add(name, thing.0).0;
        }
        DeviceId(self.of_thing[thing.index()])
    }

    /// The identity of a name that no thing has.
    pub fn of_unregistered(&mut self, name: &str) -> DeviceId {
        if let Some(device) = self.unregistered.get(name) {
            return *device;
        }
        let device = self.add(name, u32::MAX);
        self.unregistered.insert(name.into(), device);
        device
    }

    fn add(&mut self, name: &str, thing: u32) -> DeviceId {
        let id = DeviceId(u32::try_from(self.rows.len()).expect("fewer than 2^32 devices"));
        let name_start = u32::try_from(self.names.len()).expect("names take less than 4 GiB");
        self.names.push_str(name);
        self.rows.push(Row { name_start, name_len: name.len() as u32, thing });
        id
    }

    /// The name it connects or reports under.
    pub fn name(&self, device: DeviceId) -> &str {
        let row = self.rows[device.0 as usize];
        &self.names[row.name_start as usize..][..row.name_len as usize]
    }

    /// The thing, unless the identity is an unregistered one. The thing may be deleted by now.
    pub fn thing(&self, device: DeviceId) -> Option<ThingId> {
        let thing = self.rows[device.0 as usize].thing;
        (thing != u32::MAX).then_some(ThingId(thing))
    }

    /// All identities, in the order of meeting.
    pub fn ids(&self) -> impl Iterator<Item = DeviceId> + use<> {
        (0..self.rows.len() as u32).map(DeviceId)
    }

    /// Whether any identity has this name.
    pub fn knows(&self, name: &str) -> bool {
        self.named(name).next().is_some()
    }

    /// The identities of a name.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = DeviceId> + 'a {
        self.ids().filter(move |device| self.name(*device) == name)
    }

    /// Memory held, without the allocator's own overhead \[bytes\].
    pub fn heap_bytes(&self) -> usize {
        self.names.capacity()
            + self.rows.capacity() * size_of::<Row>()
            + self.of_thing.capacity() * 4
            + self.unregistered.keys().map(|name| name.len() + 40).sum::<usize>()
    }
}

/// Whether an unregistered name is monitored at all: at most 128 bytes and no control characters (D-31).
pub fn is_monitorable(name: &str) -> bool {
    !name.is_empty() && name.len() <= 128 && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d32_a_thing_and_the_unregistered_device_of_its_name_are_two_identities() {
        let mut devices = Devices::default();
        let before = devices.of_unregistered("pump");
        let after = devices.of_thing(ThingId(7), "pump");
        assert_ne!(before, after);
        assert_eq!((devices.of_unregistered("pump"), devices.of_thing(ThingId(7), "pump")), (before, after));
        assert_eq!((devices.thing(before), devices.thing(after)), (None, Some(ThingId(7))));
        assert_eq!(devices.named("pump").collect::<Vec<_>>(), [before, after]);
        assert!(!devices.knows("valve"));
    }

    #[test]
    fn d31_names_that_are_not_monitored() {
        assert!(is_monitorable("pump-7"));
        assert!(is_monitorable(&"ü".repeat(64)));
        for name in ["", "a\tb", "a\u{85}", &"ü".repeat(65)] {
            assert!(!is_monitorable(name), "{name:?}");
        }
    }
}

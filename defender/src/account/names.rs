//! Names, each stored once, and an index that finds a row by its key without storing the key again.

/// An open-addressing index from a key's hash to a row number. The key itself lives in the caller's table, so a row
/// costs eight bytes at a load of at most three quarters; order of rows is the table's own and never the hash's. Half a
/// hash stands beside each row: rows of other keys are passed by without a look into the table.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowIndex {
    slots: Vec<Slot>,
    occupied: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The upper half of the key's hash.
    tag: u32,
    row: u32,
}

const EMPTY: u32 = u32::MAX;
const REMOVED: u32 = u32::MAX - 1;

const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl RowIndex {
    /// The row whose key has this hash and satisfies `same`.
    pub(crate) fn find(&self, hash: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        self.slot_of(hash, same).map(|slot| self.slots[slot].row)
    }

    /// Adds a row that is known to be absent. `hash_of` is asked again for every row when the index grows.
    pub(crate) fn insert(&mut self, hash: u64, row: u32, hash_of: impl Fn(u32) -> u64) {
        debug_assert!(row < REMOVED, "row numbers stay below the two markers");
        if (self.occupied + 1) * 4 > self.slots.len() * 3 {
            self.grow((self.slots.len() * 2).max(16), hash_of);
        }
        if self.place(hash, row) {
            self.occupied += 1;
        }
    }

    /// Forgets the row whose key has this hash and satisfies `same`.
    pub(crate) fn remove(&mut self, hash: u64, same: impl Fn(u32) -> bool) {
        if let Some(slot) = self.slot_of(hash, same) {
            self.slots[slot].row = REMOVED;
        }
    }

    /// Makes room for `rows` rows in all, so that loading them does not double the index on the way.
    pub(crate) fn reserve(&mut self, rows: usize, hash_of: impl Fn(u32) -> u64) {
        let wanted = (rows * 4 / 3 + 1).next_power_of_two();
        if wanted > self.slots.len() {
            self.grow(wanted, hash_of);
        }
    }

    /// Heap in use \[bytes\].
    pub(crate) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    fn slot_of(&self, hash: u64, same: impl Fn(u32) -> bool) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = hash as usize & mask;
        loop {
            match self.slots[slot] {
                Slot { row: EMPTY, .. } => return None,
                Slot { tag: other, row } if other == tag(hash) && row != REMOVED && same(row) => return Some(slot),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// Puts a row into the first free slot of its chain; true if that slot had never been used.
    fn place(&mut self, hash: u64, row: u32) -> bool {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot].row < REMOVED {
            slot = (slot + 1) & mask;
        }
        let fresh = self.slots[slot].row == EMPTY;
        self.slots[slot] = Slot { tag: tag(hash), row };
        fresh
    }

    fn grow(&mut self, length: usize, hash_of: impl Fn(u32) -> u64) {
        let old = std::mem::replace(&mut self.slots, vec![Slot { tag: 0, row: EMPTY }; length]);
        self.occupied = 0;
        for row in old.into_iter().map(|slot| slot.row).filter(|row| *row < REMOVED) {
            self.place(hash_of(row), row);
            self.occupied += 1;
        }
    }
}

/// A fixed 64-bit hash of bytes (FNV-1a, then a finalizer): the same on every machine and in every run.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 29)
}

/// A name of a [`NameTable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NameId(pub(crate) u32);

/// Distinct strings in one arena, numbered in the order of first mention and never removed.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameTable {
    text: String,
    ends: Vec<u32>,
    index: RowIndex,
}

impl NameTable {
    /// The id of a name, which is added if new.
    pub(crate) fn intern(&mut self, name: &str) -> NameId {
        let hash = hash_bytes(name.as_bytes());
        if let Some(row) = self.find(hash, name) {
            return NameId(row);
        }
        let row = u32::try_from(self.ends.len()).expect("fewer than 2^32 names");
        self.text.push_str(name);
        self.ends.push(u32::try_from(self.text.len()).expect("names fit in 4 GiB"));
        let (text, ends) = (&self.text, &self.ends);
        self.index.insert(hash, row, |row| hash_bytes(slice(text, ends, row).as_bytes()));
        NameId(row)
    }

    /// The id of a name, if it was ever mentioned.
    pub(crate) fn get(&self, name: &str) -> Option<NameId> {
        self.find(hash_bytes(name.as_bytes()), name).map(NameId)
    }

    /// The text of a name.
    pub(crate) fn text(&self, id: NameId) -> &str {
        slice(&self.text, &self.ends, id.0)
    }

    /// Makes room for `names` more names of `average` bytes.
    pub(crate) fn reserve(&mut self, names: usize, average: usize) {
        self.text.reserve(names * average);
        self.ends.reserve(names);
        let (text, ends) = (&self.text, &self.ends);
        self.index.reserve(ends.len() + names, |row| hash_bytes(slice(text, ends, row).as_bytes()));
    }

    /// Heap in use \[bytes\].
    pub(crate) fn heap_bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>() + self.index.heap_bytes()
    }

    fn find(&self, hash: u64, name: &str) -> Option<u32> {
        self.index.find(hash, |row| slice(&self.text, &self.ends, row) == name)
    }
}

fn slice<'a>(text: &'a str, ends: &[u32], row: u32) -> &'a str {
    let row = row as usize;
    let start = if row == 0 { 0 } else { ends[row - 1] as usize };
    &text[start..ends[row] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_ids_while_the_table_grows() {
        let mut names = NameTable::default();
        let ids: Vec<NameId> = (0..5_000).map(|n| names.intern(&format!("device-{n}"))).collect();
        for (n, id) in ids.into_iter().enumerate() {
            let name = format!("device-{n}");
            assert_eq!((names.text(id), names.get(&name)), (name.as_str(), Some(id)));
            assert_eq!(names.intern(&name), id);
        }
        assert_eq!(names.get("device-5000"), None);
    }

    #[test]
    fn a_removed_row_is_not_found_and_its_neighbours_are() {
        let keys: Vec<u64> = (0..40).map(|n| n % 3).collect();
        let mut index = RowIndex::default();
        for row in 0..40 {
            index.insert(keys[row as usize], row, |row| keys[row as usize]);
        }
        index.remove(keys[7], |row| row == 7);
        for row in 0..40 {
            let found = index.find(keys[row as usize], |candidate| candidate == row);
            assert_eq!(found, (row != 7).then_some(row));
        }
    }
}

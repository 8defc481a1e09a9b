//! Compact lists and sets of dense ids: what a thing, a certificate or a group is connected to.

/// A short list of numbers: up to three in place, more on the heap. Sixteen bytes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum IdList {
    /// The first `length` of `ids`.
    Short {
        /// How many of `ids` count.
        length: u8,
        /// The numbers.
        ids: [u32; 3],
    },
    /// Four or more.
    #[expect(clippy::box_collection, reason = "one pointer instead of three words, in every row")]
    Long(Box<Vec<u32>>),
}

impl Default for IdList {
    fn default() -> IdList {
        IdList::Short { length: 0, ids: [0; 3] }
    }
}

impl std::fmt::Debug for IdList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

impl From<Vec<u32>> for IdList {
    fn from(ids: Vec<u32>) -> IdList {
        let mut short = [0; 3];
        match ids.len() {
            length @ 0..=3 => {
                short[..length].copy_from_slice(&ids);
                IdList::Short { length: length as u8, ids: short }
            }
            _ => IdList::Long(Box::new(ids)),
        }
    }
}

impl IdList {
    /// The numbers in order.
    pub(crate) fn as_slice(&self) -> &[u32] {
        match self {
            IdList::Short { length, ids } => &ids[..usize::from(*length)],
            IdList::Long(ids) => ids,
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a number.
    pub(crate) fn push(&mut self, id: u32) {
        self.insert_at(self.len(), id);
    }

    /// Whether an ascending list has this number.
    pub(crate) fn contains_sorted(&self, id: u32) -> bool {
        self.as_slice().binary_search(&id).is_ok()
    }

    /// Adds a number to an ascending list; false if it was there.
    pub(crate) fn insert_sorted(&mut self, id: u32) -> bool {
        match self.as_slice().binary_search(&id) {
            Ok(_) => false,
            Err(place) => {
                self.insert_at(place, id);
                true
            }
        }
    }

    /// Takes the first occurrence of a number out, keeping the order of the others; false if it was not there.
    pub(crate) fn remove(&mut self, id: u32) -> bool {
        let Some(place) = self.as_slice().iter().position(|&other| other == id) else { return false };
        match self {
            IdList::Short { length, ids } => {
                ids.copy_within(place + 1.., place);
                *length -= 1;
            }
            IdList::Long(ids) => {
                ids.remove(place);
                if ids.len() <= 3 {
                    *self = IdList::from(std::mem::take(&mut **ids));
                }
            }
        }
        true
    }

    /// Heap in use \[bytes\].
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            IdList::Short { .. } => 0,
            IdList::Long(ids) => size_of::<Vec<u32>>() + ids.capacity() * size_of::<u32>(),
        }
    }

    fn insert_at(&mut self, place: usize, id: u32) {
        match self {
            IdList::Short { length, ids } if usize::from(*length) < ids.len() => {
                ids.copy_within(place..usize::from(*length), place + 1);
                ids[place] = id;
                *length += 1;
            }
            IdList::Short { ids, .. } => {
                let mut longer = ids.to_vec();
                longer.insert(place, id);
                *self = IdList::Long(Box::new(longer));
            }
            IdList::Long(ids) => ids.insert(place, id),
        }
    }
}

/// A set of ids that may be tiny or cover the fleet: ascending numbers while sparse, one bit per id once dense.
#[derive(Clone, Debug)]
pub(crate) enum IdSet {
    /// Ascending.
    Sparse(IdList),
    /// Bit `id % 64` of word `id / 64`.
    Dense {
        /// The bits.
        words: Vec<u64>,
        /// How many are set.
        length: u32,
    },
}

/// A sparse set stays sparse below this size, whatever its density.
const SPARSE_AT_MOST: usize = 256;

impl Default for IdSet {
    fn default() -> IdSet {
        IdSet::Sparse(IdList::default())
    }
}

impl IdSet {
    /// How many ids there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            IdSet::Sparse(ids) => ids.len(),
            IdSet::Dense { length, .. } => *length as usize,
        }
    }

    /// Whether the id is in the set.
    pub(crate) fn contains(&self, id: u32) -> bool {
        match self {
            IdSet::Sparse(ids) => ids.contains_sorted(id),
            IdSet::Dense { words, .. } => words.get(id as usize / 64).is_some_and(|word| word >> (id % 64) & 1 == 1),
        }
    }

    /// Adds an id; false if it was there.
    pub(crate) fn insert(&mut self, id: u32) -> bool {
        let added = match self {
            IdSet::Sparse(ids) => ids.insert_sorted(id),
            IdSet::Dense { words, length } => {
                let at = id as usize / 64;
                if at >= words.len() {
                    words.resize(at + 1, 0);
                }
                let added = words[at] >> (id % 64) & 1 == 0;
                words[at] |= 1 << (id % 64);
                *length += u32::from(added);
                added
            }
        };
        self.densify_if_worthwhile();
        added
    }

    /// Takes an id out; false if it was not there.
    pub(crate) fn remove(&mut self, id: u32) -> bool {
        match self {
            IdSet::Sparse(ids) => match ids {
                IdList::Long(long) if long.len() > 4 => long.binary_search(&id).map(|place| long.remove(place)).is_ok(),
                _ => ids.remove(id),
            },
            IdSet::Dense { words, length } => {
                let Some(word) = words.get_mut(id as usize / 64) else { return false };
                let present = *word >> (id % 64) & 1 == 1;
                *word &= !(1 << (id % 64));
                *length -= u32::from(present);
                present
            }
        }
    }

    /// The ids, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let (sparse, dense): (&[u32], &[u64]) = match self {
            IdSet::Sparse(ids) => (ids.as_slice(), &[]),
            IdSet::Dense { words, .. } => (&[], words),
        };
        let bits = dense.iter().enumerate().flat_map(|(at, &word)| {
            std::iter::successors((word != 0).then_some(word), |word| Some(word & (word - 1)).filter(|&rest| rest != 0))
                .map(move |word| at as u32 * 64 + word.trailing_zeros())
        });
        sparse.iter().copied().chain(bits)
    }

    /// Heap in use \[bytes\].
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            IdSet::Sparse(ids) => ids.heap_bytes(),
            IdSet::Dense { words, .. } => words.capacity() * size_of::<u64>(),
        }
    }

    /// Turns to bits when they take no more room than the numbers: at a density of one in thirty-two.
    fn densify_if_worthwhile(&mut self) {
        let IdSet::Sparse(ids) = self else { return };
        let highest = ids.as_slice().last().map_or(0, |&id| id as usize);
        if ids.len() <= SPARSE_AT_MOST || ids.len() * 32 < highest {
            return;
        }
        let mut words = vec![0u64; highest / 64 + 1];
        for &id in ids.as_slice() {
            words[id as usize / 64] |= 1 << (id % 64);
        }
        let length = ids.len() as u32;
        *self = IdSet::Dense { words, length };
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_of_ids_is_sixteen_bytes() {
        assert_eq!(size_of::<IdList>(), 16);
    }

    #[test]
    fn lists_keep_order_across_the_heap_boundary() {
        let mut list = IdList::default();
        for id in [5, 1, 9, 3, 7] {
            assert!(list.insert_sorted(id));
        }
        assert!(!list.insert_sorted(3));
        assert_eq!(list.as_slice(), [1, 3, 5, 7, 9]);
        assert!(list.remove(5) && list.remove(1) && !list.remove(2));
        assert_eq!(list.as_slice(), [3, 7, 9]);
        assert!(matches!(list, IdList::Short { .. }));
    }

    proptest! {
        #[test]
        fn a_set_behaves_as_a_set_whether_sparse_or_dense(steps in prop::collection::vec((0u32..2_000, any::<bool>()), 0..1_500)) {
            let (mut set, mut model) = (IdSet::default(), BTreeSet::new());
            for (id, add) in steps {
                if add {
                    prop_assert_eq!(set.insert(id), model.insert(id));
                } else {
                    prop_assert_eq!(set.remove(id), model.remove(&id));
                }
                prop_assert_eq!(set.contains(id), model.contains(&id));
            }
            prop_assert_eq!(set.len(), model.len());
            prop_assert!(set.iter().eq(model.iter().copied()));
        }
    }
}

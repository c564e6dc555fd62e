//! The ids of a run's reports: one stretch of bytes, and a hash table of slots that holds no id
//! twice. About 12 bytes a report beyond the id itself.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

/// Ids by slot, and slots by id.
#[derive(Default)]
pub struct Ids {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    slots: HashTable<u32>,
    hasher: RandomState,
}

impl Ids {
    /// Room for as many ids, of so many bytes together.
    pub fn with_capacity(ids: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(ids),
            slots: HashTable::new(),
            hasher: RandomState::new(),
        }
    }

    /// Adds the id of the next slot. The caller adds each id once, 4 GiB of them at most.
    pub fn push(&mut self, id: &str) {
        self.bytes.extend_from_slice(id.as_bytes());
        self.ends
            .push(u32::try_from(self.bytes.len()).expect("a run holds less than 4 GiB of ids"));
    }

    /// Builds the table; ids can be looked up from here on.
    pub fn seal(&mut self) {
        let Self { bytes, ends, slots, hasher } = self;
        let hash = |slot: u32| hasher.hash_one(slice(bytes, ends, slot));
        slots.reserve(ends.len(), |slot| hash(*slot));
        for slot in 0..ends.len() as u32 {
            slots.insert_unique(hash(slot), slot, |slot| hash(*slot));
        }
    }

    /// The id at a slot.
    pub fn get(&self, slot: u32) -> &str {
        std::str::from_utf8(slice(&self.bytes, &self.ends, slot)).unwrap_or_default()
    }

    /// The slot of an id.
    pub fn find(&self, id: &str) -> Option<u32> {
        let same = |slot: &u32| slice(&self.bytes, &self.ends, *slot) == id.as_bytes();
        self.slots.find(self.hasher.hash_one(id.as_bytes()), same).copied()
    }

    /// How many ids.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all ids together.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }
}

fn slice<'a>(bytes: &'a [u8], ends: &[u32], slot: u32) -> &'a [u8] {
    let slot = slot as usize;
    let start = if slot == 0 { 0 } else { ends[slot - 1] as usize };
    &bytes[start..ends[slot] as usize]
}

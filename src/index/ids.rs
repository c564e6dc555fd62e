//! The report ids of a segment: one string that holds them all, and a hash table from id to slot.
//! About 12 bytes a report beside the id's own text.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

/// Ids by slot, and slots by id.
#[derive(Default)]
pub struct IdColumn {
    /// All ids, one after the other.
    text: String,
    /// Where the id of each slot ends in `text`.
    ends: Vec<u32>,
    slots: HashTable<u32>,
    hasher: RandomState,
}

impl IdColumn {
    /// An empty column with room for `ids` ids of `bytes` bytes together.
    pub fn with_capacity(ids: usize, bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            ends: Vec::with_capacity(ids),
            slots: HashTable::new(),
            hasher: RandomState::new(),
        }
    }

    /// Appends the id of the next slot.
    ///
    /// The caller adds each id once. The store refuses reports whose ids would exceed 4 GiB for one
    /// city (`src/store/sqlite/id_bytes.rs`), and an index is not built of a store that does.
    ///
    /// # Panics
    /// All ids together exceed 4 GiB: the caller has not checked them.
    pub fn push(&mut self, id: &str) {
        self.text.push_str(id);
        let end = u32::try_from(self.text.len());
        self.ends.push(end.expect("a segment holds less than 4 GiB of ids"));
    }

    /// Builds the hash table that [`IdColumn::find`] needs, once all ids are added.
    pub fn build_lookup(&mut self) {
        let Self { text, ends, slots, hasher } = self;
        let hash = |slot: u32| hasher.hash_one(slice(text, ends, slot).as_bytes());
        slots.reserve(ends.len(), |slot| hash(*slot));
        for slot in 0..ends.len() as u32 {
            slots.insert_unique(hash(slot), slot, |slot| hash(*slot));
        }
    }

    /// The id at a slot.
    pub fn get(&self, slot: u32) -> &str {
        slice(&self.text, &self.ends, slot)
    }

    /// The slot of an id.
    pub fn find(&self, id: &str) -> Option<u32> {
        let same = |slot: &u32| slice(&self.text, &self.ends, *slot) == id;
        self.slots.find(self.hasher.hash_one(id.as_bytes()), same).copied()
    }

    /// Number of ids.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all ids together.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }
}

fn slice<'a>(text: &'a str, ends: &[u32], slot: u32) -> &'a str {
    let slot = slot as usize;
    let start = if slot == 0 { 0 } else { ends[slot - 1] as usize };
    &text[start..ends[slot] as usize]
}

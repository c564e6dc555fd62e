//! Which slots of a segment are deleted: their report was changed or removed since.
//!
//! The bitmap is copied on write in chunks of 4 KiB, so a snapshot shares all chunks and a deletion
//! copies at most one.

use std::sync::Arc;

const CHUNK_BITS: usize = 1 << 15;
type Chunk = [u64; CHUNK_BITS / 64];

/// A bitmap over the slots of one segment, empty at first.
#[derive(Clone, Default)]
pub struct DeleteBitmap {
    /// Chunks without a deleted slot are absent.
    chunks: Vec<Option<Arc<Chunk>>>,
    count: usize,
}

impl DeleteBitmap {
    /// Is this slot deleted?
    pub fn contains(&self, slot: u32) -> bool {
        let slot = slot as usize;
        match self.chunks.get(slot / CHUNK_BITS) {
            Some(Some(chunk)) => chunk[slot % CHUNK_BITS / 64] >> (slot % 64) & 1 == 1,
            _ => false,
        }
    }

    /// Marks a slot as deleted; does nothing where it is already.
    pub fn insert(&mut self, slot: u32) {
        if self.contains(slot) {
            return;
        }
        let slot = slot as usize;
        if self.chunks.len() <= slot / CHUNK_BITS {
            self.chunks.resize(slot / CHUNK_BITS + 1, None);
        }
        let chunk = self.chunks[slot / CHUNK_BITS].get_or_insert_with(|| Arc::new([0; _]));
        Arc::make_mut(chunk)[slot % CHUNK_BITS / 64] |= 1 << (slot % 64);
        self.count += 1;
    }

    /// Number of deleted slots.
    pub fn count(&self) -> usize {
        self.count
    }
}

//! Which slots of a run no longer speak for their report. Copied on write in chunks, so a snapshot
//! costs little and a kill copies at most 4 KiB.

use std::sync::Arc;

const CHUNK_BITS: usize = 1 << 15;
type BatchChunk = [u64; CHUNK_BITS / 64];

/// A bitmap over the slots of one run; all clear at first.
#[derive(Clone, Default)]
pub struct DeleteBitmap {
    chunks: Vec<Option<Arc<BatchChunk>>>,
    count: usize,
}

impl DeleteBitmap {
    /// Is this slot dead?
    pub fn has(&self, slot: u32) -> bool {
        let slot = slot as usize;
        match self.chunks.get(slot / CHUNK_BITS) {
            Some(Some(chunk)) => chunk[slot % CHUNK_BITS / 64] >> (slot % 64) & 1 == 1,
            _ => false,
        }
    }

    /// Marks a slot dead; once is as good as twice.
    pub fn kill(&mut self, slot: u32) {
        if self.has(slot) {
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

    /// How many slots are dead.
    pub fn count(&self) -> usize {
        self.count
    }
}

//! Names of rows that have no id.

use std::collections::HashMap;

use crate::ingest::mapping::row_draft::MappedRow;
use crate::ingest::read::{Cells, SourceColumns};

/// Names rows that have no id by their contents: the same row of the same file gets the same name
/// again, and the second of two equal rows another.
#[derive(Default)]
pub struct RowNaming {
    counts: HashMap<[u8; 10], u32>,
    /// Rows that were named.
    pub named: u64,
}

impl RowNaming {
    /// Names a row, unless it has an id.
    pub fn name(&mut self, mapped: &mut MappedRow, cells: &Cells, columns: &SourceColumns) {
        if mapped.0.id.is_some() {
            return;
        }
        self.named += 1;
        let mut hasher = blake3::Hasher::new();
        let own = cells.iter().enumerate().filter(|(column, _)| !columns.is_derived(*column));
        for cell in own.filter_map(|(_, cell)| cell) {
            hasher.update(&(cell.len() as u64).to_le_bytes());
            hasher.update(cell.as_bytes());
        }
        let mut hash = [0; 10];
        hasher.finalize_xof().fill(&mut hash);
        let count = self.counts.entry(hash).or_default();
        *count += 1;
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let twin = if *count > 1 { format!("-{count}") } else { String::new() };
        mapped.0.id = Some(format!("row-{hex}{twin}"));
    }
}

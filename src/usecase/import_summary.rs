//! The counts of an import.

use crate::store::WriteCounts;

/// The counts of an import. Each row is in one of `resumed`, `counts`, `repeated` and `refused`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows read.
    pub rows: u64,
    /// Rows written by an earlier, interrupted run of the same file.
    pub resumed: u64,
    /// Added, updated, unchanged and older reports of the admitted rows, each id once.
    pub counts: WriteCounts,
    /// Admitted rows whose id another row of the source has, too: one row of each id is taken by
    /// the [`RepeatRule`](crate::domain::RepeatRule), and the other rows are counted here.
    pub repeated: u64,
    /// Of `repeated`, rows between which no update time decided, so that the last one was taken.
    pub repeated_without_time: u64,
    /// Rows refused.
    pub refused: u64,
    /// Admitted rows without a position.
    pub unlocated: u64,
    /// Admitted rows whose position is a default point of the source.
    pub approximate: u64,
    /// Admitted rows whose position is outside the extent of the jurisdiction.
    pub outside: u64,
    /// Reports of further callers, where the source counts callers: duplicates beside the rows.
    pub callers: u64,
    /// Services added to the catalogue from categories of the source.
    pub services: u64,
}

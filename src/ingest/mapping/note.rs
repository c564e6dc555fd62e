//! What is noticed in one row, and counted if the row is admitted.

use crate::domain::{Accuracy, ClosedReason, Status};
use crate::ingest::notes::noticed::{Notes, status_word};

/// One thing that was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowNote {
    /// The status was concluded from the closing time alone.
    ClosedByTime,
    /// There is no status: the word of the cell that means none, `None` without a column of
    /// statuses; and what was concluded.
    NoStatus(Option<String>, (Status, Option<ClosedReason>)),
    /// A word of the status column that the profile does not translate, what it was read as, and
    /// whether a list of usual words has it.
    Status(String, (Status, Option<ClosedReason>), bool),
    /// As [`Self::Status`], of the channel column.
    Channel(String, String, bool),
    /// A word of the column of accuracies that no list has.
    Accuracy(String),
    /// The row has a closing time, which is not kept for this status.
    ClosingNotKept(Status),
    /// Some text had entities of HTML.
    Entities,
}

impl Notes {
    /// Counts what was noticed in an admitted row.
    pub fn add(&mut self, note: RowNote) {
        match note {
            RowNote::ClosedByTime => self.closed_by_time += 1,
            RowNote::NoStatus(cell, taken) => self.no_status(cell.as_deref(), taken),
            RowNote::Status(word, taken, known) => {
                let read_as = || status_word(taken.0, taken.1);
                Self::word(&mut self.statuses, &word, read_as, known);
            }
            RowNote::Channel(word, read_as, known) => {
                Self::word(&mut self.channels, &word, || read_as, known);
            }
            RowNote::Accuracy(word) => {
                let approximate = || Accuracy::Approximate.to_string();
                Self::word(&mut self.accuracies, &word, approximate, false);
            }
            RowNote::ClosingNotKept(status) => self.closing_not_kept(status),
            RowNote::Entities => self.rows_with_entities += 1,
        }
    }
}

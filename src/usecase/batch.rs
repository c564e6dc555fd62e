//! Batches of reports: they are stored in chunks, each in one commit.

use crate::domain::{Draft, Idempotency, ReportId};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{BatchOutcome, CreateReports, Pending};
use crate::usecase::{App, City};

/// A chunk that is being written.
pub struct BatchChunk {
    /// The error of each row; `None` if its report is being written.
    rows: Vec<Option<Error>>,
    pending: Option<Pending<BatchOutcome>>,
}

impl App {
    /// Checks the rows and submits those that the gate admits to the store, in one commit. A row
    /// that is an error already keeps it.
    pub fn begin_chunk(
        &self,
        city: &City,
        rows: Vec<Result<Draft>>,
        idempotency: Option<Idempotency>,
    ) -> BatchChunk {
        let catalogue = city.catalogue();
        let gate = city.gate(&catalogue);
        let mut reports = Vec::with_capacity(rows.len());
        let rows = rows.into_iter().map(|row| {
            let admitted = row
                .and_then(|draft| gate.admit(draft, &self.numbers.draw()).map_err(Error::refused));
            admitted.map(|report| reports.push(report)).err()
        });
        let rows = rows.collect();
        let jurisdiction = city.id().clone();
        let numbers = self.numbers.clone();
        let redraw = Box::new(move || numbers.draw());
        let pending = (!reports.is_empty()).then(|| {
            self.writer.submit(CreateReports { jurisdiction, reports, redraw, idempotency })
        });
        BatchChunk { rows, pending }
    }
}

impl BatchChunk {
    /// Waits until the chunk is durable. Returns the id of the report of each row, or its error.
    pub fn finish(self) -> Vec<Result<ReportId>> {
        let outcome = self.pending.map(Pending::wait);
        let (mut ids, failed) = match outcome {
            None => (Vec::new(), None),
            Some(Ok(BatchOutcome { ids, .. })) => (ids, None),
            Some(Err(error)) => (Vec::new(), Some(error)),
        };
        ids.reverse();
        let missing = || match &failed {
            Some(Error { kind, message, .. }) => Error::new(*kind, message.clone()),
            // The catalogue changed since the batch was sent first, so other rows are admitted.
            None => Error::new(
                ErrorKind::Conflict,
                crate::message!(
                    "Le catalogue a changé depuis que ce lot a été reçu.",
                    "The catalogue has changed since this batch was received."
                ),
            ),
        };
        let row = |refused: Option<Error>| match refused {
            Some(error) => Err(error),
            None => ids.pop().ok_or_else(missing),
        };
        self.rows.into_iter().map(row).collect()
    }
}

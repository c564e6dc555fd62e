//! Many reports at once: gathered in chunks, each of them one commit.

use crate::domain::{Draft, Idempotency, ReportId};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{BatchOutcome, CreateReports, Pending};
use crate::usecase::{App, City};

/// A chunk on its way to the disk.
pub struct BatchChunk {
    /// What was wrong with a row, row by row; `None` where its report is on its way.
    rows: Vec<Option<Error>>,
    pending: Option<Pending<BatchOutcome>>,
}

impl App {
    /// Sends the rows that the gate lets through to the store, in one commit; the others are
    /// refused. A row that was refused before keeps its refusal.
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
    /// Waits for the disk; row by row the report's id, or why there is none.
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
            // A batch sent again after the catalogue changed lets other rows through.
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

//! Batches of reports: they are stored in chunks, each in one commit.

use crate::domain::{Actor, Draft, Idempotency, ReportId};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{BatchOutcome, CreateReports, Pending};
use crate::usecase::{App, City};

/// A chunk of a batch that is being written.
pub struct BatchChunk {
    /// The error of each row; `None` if its report is being written.
    rows: Vec<Option<Error>>,
    pending: Option<Pending<BatchOutcome>>,
}

impl App {
    /// Reads the rows of the chunk with number `n` of a batch, and submits those that the gate
    /// admits to the store, in one commit. The chunk is finished by [`BatchChunk::finish`], so that
    /// the next one can be read while this one is written. A row that could not be received keeps
    /// its error.
    ///
    /// With a `key`, the same chunks sent again create nothing; the key of a chunk is that of the
    /// batch with the chunk's number. `by` is who sends it, for the audit.
    pub fn begin_batch_chunk(
        &self,
        city: &City,
        (n, key): (usize, Option<&str>),
        rows: Vec<Result<Vec<u8>>>,
        read: impl Fn(&[u8]) -> Result<Draft>,
        by: Actor,
    ) -> BatchChunk {
        let idempotency = key.map(|key| Idempotency {
            key: format!("{key}#{n}"),
            fingerprint: fingerprint(rows.iter().filter_map(|row| row.as_deref().ok())),
        });
        let catalogue = city.catalogue();
        let gate = city.gate(&catalogue);
        let mut reports = Vec::with_capacity(rows.len());
        let rows = rows.into_iter().map(|row| {
            let draft = row.and_then(|text| read(&text));
            let admitted = draft
                .and_then(|draft| gate.admit(draft, &self.numbers.draw()).map_err(Error::refused));
            admitted.map(|report| reports.push(report)).err()
        });
        let rows = rows.collect();
        let jurisdiction = city.id().clone();
        let numbers = self.numbers.clone();
        let redraw = Box::new(move || numbers.draw());
        let pending = (!reports.is_empty()).then(|| {
            let command = CreateReports { jurisdiction, reports, redraw, idempotency };
            self.writer.by(by).submit(command)
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

/// The first half of a digest of these rows, in hexadecimal.
fn fingerprint<'a>(rows: impl Iterator<Item = &'a [u8]>) -> String {
    let mut hasher = blake3::Hasher::new();
    for row in rows {
        hasher.update(row).update(b"\n");
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

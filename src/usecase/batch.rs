//! Batches of reports: they are stored in chunks, each in one commit.

use crate::domain::{Draft, Idempotency, ReportId};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{BatchOutcome, CreateReports, Pending};
use crate::usecase::{App, City};

/// Number of rows in one commit.
const CHUNK_ROWS: usize = 8_192;

/// A chunk that is being written.
struct BatchChunk {
    /// The error of each row; `None` if its report is being written.
    rows: Vec<Option<Error>>,
    pending: Option<Pending<BatchOutcome>>,
}

impl App {
    /// Creates a report of each row of a batch, in one commit for each chunk of rows. While one
    /// chunk is being committed, the next one is read by `read`. `done` receives the id of the
    /// report of each row, or its error, in order, once its chunk is durable.
    ///
    /// With a `key`, the same rows sent again create nothing; the key of a chunk is that of the
    /// batch with the chunk's number.
    pub fn create_batch<'a>(
        &self,
        city: &City,
        rows: impl Iterator<Item = &'a [u8]>,
        read: impl Fn(&[u8]) -> Result<Draft>,
        key: Option<&str>,
        mut done: impl FnMut(Result<ReportId>),
    ) {
        let mut rows = rows.peekable();
        let mut before: Option<BatchChunk> = None;
        for n in 0.. {
            if rows.peek().is_none() {
                break;
            }
            let texts: Vec<&[u8]> = rows.by_ref().take(CHUNK_ROWS).collect();
            let idempotency = key.map(|key| Idempotency {
                key: format!("{key}#{n}"),
                fingerprint: fingerprint(&texts),
            });
            let drafts = texts.into_iter().map(&read).collect();
            let chunk = self.begin_chunk(city, drafts, idempotency);
            before.replace(chunk).into_iter().flat_map(BatchChunk::finish).for_each(&mut done);
        }
        before.into_iter().flat_map(BatchChunk::finish).for_each(done);
    }

    /// Checks the rows and submits those that the gate admits to the store, in one commit. A row
    /// that is an error already keeps it.
    fn begin_chunk(
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
    fn finish(self) -> Vec<Result<ReportId>> {
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
fn fingerprint(rows: &[&[u8]]) -> String {
    let mut hasher = blake3::Hasher::new();
    for row in rows {
        hasher.update(row).update(b"\n");
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

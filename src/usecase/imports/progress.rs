//! How far an import has come.

use crate::error::{Error, Refusal};
use crate::i18n::Message;
use crate::usecase::Summary;

/// Distinct reasons of refusals that are counted; further ones are counted together.
const REASONS_MAX: usize = 50;

/// The state of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportState {
    /// It was received; a person has not started it yet.
    #[default]
    Waiting,
    /// It is being read.
    UnderWay,
    /// It was read to its end.
    Done,
    /// It could not be read to its end.
    Failed,
}

impl ImportState {
    /// The word for it in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::UnderWay => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// Rows of which one field was refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalCount {
    /// The field; empty for the reasons that are counted together.
    pub field: String,
    /// The reason.
    pub message: Message,
    /// How many rows.
    pub count: u64,
}

/// How far an import has come.
#[derive(Debug, Clone, Default)]
pub struct ImportProgress {
    /// Its state.
    pub state: ImportState,
    /// Bytes of the file that have been read.
    pub bytes_read: u64,
    /// Rows that have been read.
    pub rows: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// Why rows were refused, each row once for a field and reason, in the order of their first
    /// occurrence.
    pub reasons: Vec<RefusalCount>,
    /// The city that it is filed under.
    pub jurisdiction: Option<String>,
    /// The counts at its end.
    pub summary: Option<Summary>,
    /// How the file was read: date order, projection, what was skipped; and at the end what was
    /// noticed in its rows, such as words that are not known.
    pub notes: Vec<Message>,
    /// Why it failed.
    pub error: Option<Message>,
}

impl ImportProgress {
    /// Counts a row.
    pub fn row(&mut self, bytes_read: u64, refusals: &[Refusal]) {
        (self.bytes_read, self.rows) = (bytes_read, self.rows + 1);
        self.refused += u64::from(!refusals.is_empty());
        for (number, Refusal { field, message, .. }) in refusals.iter().enumerate() {
            let is_same = |other: &Refusal| other.field == *field && other.message == *message;
            if refusals[..number].iter().any(is_same) {
                continue;
            }
            let known = self
                .reasons
                .iter_mut()
                .find(|one| one.field == *field && one.message == *message || one.field.is_empty());
            if let Some(known) = known {
                known.count += 1;
            } else {
                let is_last = self.reasons.len() + 1 == REASONS_MAX;
                let others = crate::message!("pour d’autres raisons", "for other reasons");
                let (field, message) = match is_last {
                    true => (String::new(), others),
                    false => (field.clone(), message.clone()),
                };
                self.reasons.push(RefusalCount { field, message, count: 1 });
            }
        }
    }

    /// Ends it, with what went wrong. A file of so many bytes was read whole, unless it was ended
    /// before.
    pub fn end(&mut self, error: Option<Error>, bytes_total: Option<u64>) {
        if let (None, Some(bytes)) = (&error, bytes_total) {
            self.bytes_read = bytes;
        }
        self.state = if error.is_some() { ImportState::Failed } else { ImportState::Done };
        self.error = error.map(|error| error.message);
    }
}

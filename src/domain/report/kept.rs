//! What a report keeps of its stored state where a later file of its source has no column of a
//! field.

use jiff::tz::TimeZone;

use crate::domain::report::fields::{FieldAccess, FieldValue, Kind, STORED};
use crate::domain::report::record::Report;
use crate::domain::vocabulary::{ClosedReason, Status};

/// Fields that say together how far a report is.
const PROGRESS: [&str; 4] = ["status", "reason", "closed", "source_status"];

impl Report {
    /// The report with the values of `stored` in every field of `unsaid`, of which its source says
    /// nothing. The names are those of [`Field::import`](crate::domain::fields::Field::import);
    /// without `lon` the position and its accuracy are kept. The end of a closed report is kept
    /// where the source still calls it closed.
    pub fn keeping(mut self, stored: &Self, unsaid: &[&str]) -> Self {
        let is_unsaid = |name: &str| unsaid.contains(&name);
        let fields = STORED.iter().filter(|field| {
            field.import.is_some_and(|name| is_unsaid(name) && !PROGRESS.contains(&name))
        });
        for field in fields {
            match (&field.access, &field.kind) {
                (FieldAccess::Position(_), _) => {
                    (self.position, self.accuracy) = (stored.position, stored.accuracy);
                }
                // The text of a day does not say the instant at which it begins.
                (_, Kind::Time) if field.name == "updated_datetime" => {
                    self.updated = stored.updated;
                }
                (_, Kind::Time) => {
                    let expected = stored.details.as_ref().and_then(|details| details.expected);
                    if expected.is_some() {
                        self.details_mut().expected = expected;
                    }
                }
                _ => {
                    if let Some(text) = field.of(stored).map(FieldValue::into_text) {
                        field.set(&mut self, &text, &TimeZone::UTC);
                    }
                }
            }
        }
        self.keep_progress(stored, is_unsaid);
        self
    }

    fn keep_progress(&mut self, stored: &Self, is_unsaid: impl Fn(&str) -> bool) {
        if is_unsaid("status") {
            (self.status, self.reason) = (stored.status, stored.reason);
            self.closed = stored.closed;
            self.source_status.clone_from(&stored.source_status);
            return;
        }
        if self.status != Status::Closed || stored.status != Status::Closed {
            return;
        }
        if is_unsaid("closed") {
            self.closed = self.closed.or(stored.closed);
        }
        // Under the same word for the status, the reason came from another column.
        let is_same_word = self.source_status == stored.source_status;
        if is_unsaid("reason") && is_same_word && self.reason == Some(ClosedReason::Done) {
            self.reason = stored.reason;
        }
    }
}

//! How far the request of a row is, how it was closed, and what a row lacks.

use crate::domain::{ClosedReason, Status, fold};
use crate::error::Refusal;
use crate::ingest::mapping::note::RowNote;
use crate::ingest::mapping::row_draft::{Mapping, RowCells};
use crate::ingest::profile::document::status;
use crate::ingest::recognition::guesses::long_number;
use crate::ingest::recognition::reasons::WORDS_MAX;
use crate::ingest::status::words::status_of_words;
use crate::message;

impl Mapping {
    /// The status and, where the source says it in a word of its own, that word.
    pub fn status(
        &self,
        row: &impl RowCells,
        has_closing: bool,
    ) -> ((Status, Option<ClosedReason>), Option<String>) {
        let own = self.text(row, "source_status");
        let note = |note| self.row_notes.borrow_mut().push(note);
        let by_time = || {
            note(RowNote::ClosedByTime);
            (Status::Closed, None)
        };
        let Some(text) = self.text(row, "status") else {
            let default = self.profile.defaults.status.as_deref().and_then(status);
            if default.is_none() && has_closing {
                return (by_time(), own);
            }
            let taken = default.unwrap_or((Status::Open, None));
            let has_column = self.columns.has("status");
            let word = self.cells(row, "status").first().copied().unwrap_or_default();
            note(RowNote::NoStatus(has_column.then(|| word.to_owned()), taken));
            return (taken, own);
        };
        let word = fold(&text);
        let known = self.profile.status.get(&word).and_then(|word| status(word));
        let status = known.or_else(|| status(&word)).unwrap_or_else(|| {
            let guessed = status_of_words(&text);
            let taken = guessed.unwrap_or_else(|| match has_closing {
                true => by_time(),
                false => (Status::Open, None),
            });
            note(RowNote::Status(text.clone(), taken, guessed.is_some()));
            taken
        });
        let is_said = self.columns.has("source_status") || text == status.0.as_str();
        (status, if is_said { own } else { Some(text) })
    }

    pub fn closure(
        &self,
        row: &impl RowCells,
        reason: Option<ClosedReason>,
        status: Status,
        keep: &mut impl FnMut(Refusal),
    ) -> (Option<ClosedReason>, Option<String>) {
        let mut reason = reason;
        let mut parent = self.text(row, "parent");
        if let Some(word) = self.text(row, "reason") {
            reason = ClosedReason::parse(&word);
            if reason.is_none() {
                let known = ClosedReason::spellings();
                let message = message!(
                    "n’est pas parmi les valeurs possibles : {known}",
                    "is not one of {known}"
                );
                keep(Refusal::new("closed_reason", &word, message));
            }
        }
        let yes = |word: String| matches!(fold(&word).as_str(), "true" | "t" | "1" | "y" | "yes");
        let mut duplicate = self.text(row, "duplicate").is_some_and(yes);
        if let Some(text) = self.text(row, "closure") {
            let said = reason_of_words(&text);
            if said == Some(ClosedReason::Duplicate) {
                duplicate = true;
                parent = parent.or_else(|| long_number(&text));
            } else if status == Status::Closed {
                reason = reason.or(said);
            }
        }
        if duplicate && status == Status::Closed && reason.is_none() {
            reason = Some(ClosedReason::Duplicate);
        }
        (reason, parent)
    }

    /// Refuses a field without a value: its cell is empty, or has a word that means none.
    pub fn without_value(&self, row: &impl RowCells, name: &str, fields: &[&str]) -> Refusal {
        let word = fields.iter().find_map(|field| self.cells(row, field).first().copied());
        let message = match word {
            None => message!("manque : la cellule est vide", "is missing: the cell is empty"),
            Some(word) => message!(
                "manque : « {word} » veut dire sans valeur",
                "is missing: '{word}' means no value"
            ),
        };
        Refusal::new(name, word.unwrap_or_default(), message)
    }

    /// Counts what was noticed in the last row, which was admitted.
    pub fn admitted(&self) {
        let mut notes = self.notes.borrow_mut();
        self.row_notes.borrow_mut().drain(..).for_each(|note| notes.add(note));
    }
}

/// How a request ended, in the words that its source has for it. Of a longer text only `duplicate`
/// counts.
fn reason_of_words(text: &str) -> Option<ClosedReason> {
    if text.split_whitespace().count() > WORDS_MAX {
        return fold(text).contains("duplicate").then_some(ClosedReason::Duplicate);
    }
    let reason = |text: &str| status_of_words(text).and_then(|(_, reason)| reason);
    // `Doppelt gemeldet` has a word for an open request, too.
    reason(text).or_else(|| reason(text.split_whitespace().next()?))
}

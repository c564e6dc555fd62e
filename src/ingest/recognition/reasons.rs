//! Columns that say in a few words how requests were closed: `Closure reason`, `Outcome`.

use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords, split};
use crate::ingest::recognition::recognised::Recognition;
use crate::ingest::status::words::status_of_words;

/// Words for why, without accents, in English, French, German, Spanish, Italian, Portuguese, Dutch
/// and Polish.
const REASONS: &str = "\
    reason reasons motif motifs raison grund grunde motivo motivos razon causa causale motivazione \
    reden redenen powod przyczyna code type category kind";

/// Words of the longest reason.
pub const WORDS_MAX: usize = 8;

impl Recognition {
    /// Reads columns of reasons, too, whatever else they are read as: a word such as `Duplicate`
    /// there says how a closed request ended.
    pub fn join_reasons(&mut self, values: &[ColumnSample]) {
        let is_taken = ["closure", "reason"].iter().any(|field| self.has(field));
        let reasons = self.columns.iter().zip(values).filter(|(column, values)| {
            let is_free = !matches!(column.field, Some("status" | "category" | "closed"));
            let is_free = is_free && !column.joined && !column.is_declared;
            let holds = names_reason(&column.bare) || says_how_ended(&column.bare, values);
            is_free && !column.key.is_empty() && holds && are_reasons(values)
        });
        let keys: Vec<String> = reasons.map(|(column, _)| column.key.clone()).collect();
        if !is_taken {
            self.more.extend(keys.into_iter().map(|key| ("closure", key)));
        }
    }
}

impl Recognition {
    /// The field that a column of no field of its own is read as beside others: how requests ended.
    pub fn field_beside(&self, key: &str) -> Option<&'static str> {
        let is_it = |(field, known): &&(&'static str, String)| *field == "closure" && known == key;
        self.more.iter().find(is_it).map(|(field, _)| *field)
    }
}

/// Does the name speak of why or how a request was closed?
fn names_reason(name: &str) -> bool {
    let (words, concepts) = (split(name), NameWords::of(name));
    let of_other = [Concept::Id, Concept::Date, Concept::Expected, Concept::Updated];
    let reasons = || REASONS.split_whitespace();
    let says_why = words.iter().any(|word| reasons().any(|known| known == word));
    // `abschlussgrund`
    let is_compound = |word: &String| {
        let mut before = reasons().filter_map(|known| word.strip_suffix(known));
        before.any(|before| NameWords::of(before).has(Concept::Closed))
    };
    let is_named = concepts.has(Concept::Outcome)
        || (concepts.has(Concept::Closed) && says_why)
        || words.iter().any(is_compound);
    is_named && !concepts.has_any(&of_other)
}

/// Is the name one for an end and nothing else, such as `Resolution`, and do some of the values say
/// how a request ended, as `Duplicate` does?
fn says_how_ended(name: &str, values: &ColumnSample) -> bool {
    let words = NameWords::of(name);
    let of_end = [Concept::Closed, Concept::Request, Concept::Status, Concept::Text];
    let is_end = words.has(Concept::Closed)
        && words.unknown == 0
        && words.concepts.iter().all(|concept| of_end.contains(concept));
    let says = |text: &String| status_of_words(text).is_some_and(|(_, reason)| reason.is_some());
    is_end && values.times + values.number_times == 0 && values.distinct.keys().any(says)
}

/// Are the values a few words that come again?
fn are_reasons(values: &ColumnSample) -> bool {
    let is_short = |text: &String| text.split_whitespace().count() <= WORDS_MAX;
    values.filled > 0 && values.is_vocabulary() && values.distinct.keys().all(is_short)
}

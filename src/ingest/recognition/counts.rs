//! Tables of counts, of which each row counts several requests.

use crate::i18n::Message;
use crate::ingest::column::keys::counts_requests;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::recognition::recognised::Recognition;
use crate::message;

/// Certainty of a column that perhaps counts requests: it is asked for.
const PERHAPS: f64 = 0.6;

/// The part of the rows that count two requests or more, at least.
const SEVERAL_MIN: f64 = 0.2;

impl Recognition {
    /// Where no column has ids, one that is named as a number of requests perhaps says how many
    /// each row counts.
    pub fn find_counts(&mut self) {
        let has_ids = self.columns.iter().zip(&self.values).any(|(column, values)| {
            let is_id = column.guess.is_some_and(|(field, _)| field == "id");
            is_id && !values.are_row_numbers()
        });
        if has_ids {
            return;
        }
        for (column, values) in self.columns.iter_mut().zip(&self.values) {
            if column.guess.is_none() && counts_requests(&column.bare) && are_counts(values) {
                column.guess = Some(("callers", PERHAPS));
            }
        }
    }

    /// Why the rows are perhaps no single requests.
    pub fn rows_of_several(&self) -> Option<Message> {
        let column = self.likely("callers").filter(|_| !self.has("callers"))?;
        let (name, example) = (&column.name, column.examples.first()?);
        Some(message!(
            "callers : « {name} » a des valeurs comme « {example} » : une ligne compte peut-être \
             plusieurs demandes",
            "callers: '{name}' has values such as '{example}': a row perhaps counts several \
             requests"
        ))
    }
}

/// Are the values whole numbers, of which many are above one?
fn are_counts(values: &ColumnSample) -> bool {
    let number = |text: &String| text.parse::<u32>().ok();
    let several = values.distinct.iter().filter(|(text, _)| number(text).is_some_and(|n| n > 1));
    let several: u32 = several.map(|(_, count)| count).sum();
    values.filled > 0
        && values.distinct.keys().all(|text| number(text).is_some())
        && values.share(several) >= SEVERAL_MIN
}

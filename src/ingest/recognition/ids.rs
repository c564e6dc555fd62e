//! The ids of a recognised file where no column is surely one: keys that come again in several
//! rows, a first column of an unknown name, and numbers that a spreadsheet has rounded.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::i18n::Message;
use crate::ingest::column::guess::{NOT_OF_KEYS, SURE};
use crate::ingest::column::keys::{KeyOf, key_of};
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};
use crate::message;

/// Certainty of a key that comes again: alone, and with the time of its change beside it.
const REPEATED: [f64; 2] = [0.6, 0.72];

/// Certainty of a first column whose values are keys and whose name says nothing.
const UNNAMED: f64 = 0.5;

/// Rows below which values that differ say nothing under an unknown name.
const ROWS_MIN: u32 = 3;

impl Recognition {
    /// Guesses which column has the ids, where no name and values together say it surely.
    pub fn find_ids(&mut self) {
        self.drop_house_numbers();
        self.prefer_plain_ids();
        if self.certainty_of_ids() >= SURE {
            return;
        }
        let all = 0..self.columns.len();
        let repeated: Vec<usize> = all.filter(|number| self.is_repeated_key(*number)).collect();
        for number in &repeated {
            let is_sure = repeated.len() == 1 && self.has_changes_of(*number);
            self.columns[*number].guess = Some(("id", REPEATED[usize::from(is_sure)]));
        }
        if self.certainty_of_ids() <= 0.0
            && let Some(number) = self.first_column()
            && self.is_unnamed(number)
        {
            self.columns[number].guess = Some(("id", UNNAMED));
        }
    }

    /// Beside a key that is named as such and nothing else, such as `ID`, those of orders and of
    /// things that no list has are none of requests.
    fn prefer_plain_ids(&mut self) {
        let of_id = |column: &RecognisedColumn| {
            column.guess.filter(|(field, _)| *field == "id").map(|(_, certainty)| certainty)
        };
        let is_plain = |(column, values): (&RecognisedColumn, &ColumnSample)| {
            let words = NameWords::of(&column.bare);
            let is_id = words.concepts == [Concept::Id];
            let is_number = words.concepts == [Concept::Number] && !values.are_row_numbers();
            of_id(column).is_some_and(|certainty| certainty >= SURE)
                && (is_id || is_number)
                && !words.is_technical
                && key_of(&column.bare) == KeyOf::Plain
        };
        let mut pairs = self.columns.iter().zip(&self.values);
        let Some((plain, _)) = pairs.find(|pair| is_plain(*pair)) else { return };
        let is_number = NameWords::of(&plain.bare).has(Concept::Number);
        for column in self.columns.iter_mut().filter(|column| of_id(column).is_some()) {
            let is_dropped = match key_of(&column.bare) {
                KeyOf::Order => true,
                // `numero` may be that of a row, and `id_dmr` the request's.
                KeyOf::Unknown => !is_number,
                _ => false,
            };
            if is_dropped {
                column.guess = None;
            }
        }
    }

    /// How certain it is, from 0 to 1, that the likeliest column of ids is one.
    fn certainty_of_ids(&self) -> f64 {
        let guesses = self.columns.iter().filter_map(|column| column.guess);
        let ids = guesses.filter(|(field, _)| *field == "id").map(|(_, certainty)| certainty);
        ids.fold(0.0, f64::max)
    }

    /// The first column that has a name and values.
    fn first_column(&self) -> Option<usize> {
        (0..self.columns.len())
            .find(|n| !self.columns[*n].key.is_empty() && self.values[*n].filled > 0)
    }

    /// Is the column named as a key of requests, and are its values keys of which some come again?
    fn is_repeated_key(&self, number: usize) -> bool {
        let (column, values) = (&self.columns[number], &self.values[number]);
        let (words, is_first) = (NameWords::of(&column.bare), self.first_column() == Some(number));
        let is_number = words.has(Concept::Number) && (words.has(Concept::Request) || is_first);
        let of_other = [Concept::Parent, Concept::RowNumber, Concept::Code, Concept::Period];
        let is_other = words.is_technical
            || words.is_service
            || key_of(&column.bare) == KeyOf::Other
            || words.has_any(&NOT_OF_KEYS)
            || words.has_any(&of_other);
        // The name of a request alone may be that of its category.
        let is_request = words.concepts == [Concept::Request] && is_first;
        let is_request = is_request && self.categories_beside(number).next().is_some();
        let is_open = match column.guess {
            None | Some(("service", _)) => true,
            Some(("category", _)) => is_request,
            Some((field, certainty)) => field == "id" && certainty < SURE,
        };
        let is_filled = f64::from(values.filled) >= 0.9 * f64::from(self.rows);
        // Rounded keys may all be one number.
        let differ = values.distinct.len() >= 2 || values.rounded.is_some();
        let come_again = values.uniqueness() < 1.0;
        (words.has(Concept::Id) || is_number || is_request)
            && !(is_other || column.key.is_empty())
            && is_open
            && is_filled
            && differ
            && come_again
            && values.are_keys(is_first && !is_request)
            && !self.is_code_of_category(number)
    }

    /// Does each value go with one category, and each category with one value?
    fn is_code_of_category(&self, number: usize) -> bool {
        let codes = &self.values[number];
        self.categories_beside(number)
            .map(|n| &self.values[n])
            .any(|names| codes.determines(names) && names.determines(codes))
    }

    /// Other columns that are surely categories.
    fn categories_beside(&self, number: usize) -> impl Iterator<Item = usize> {
        let is_category = move |n: &usize| {
            let guess = self.columns[*n].guess;
            guess.is_some_and(|(field, certainty)| field == "category" && certainty >= SURE)
        };
        (0..self.columns.len()).filter(move |n| *n != number).filter(is_category)
    }

    /// Are the rows of one key the states of one request: is there a time of their change, and do
    /// they have the same beginning?
    fn has_changes_of(&self, number: usize) -> bool {
        let of_field = |field: &'static str| {
            let is = move |n: &usize| {
                let is_sure =
                    self.columns[*n].guess.is_some_and(|(of, sure)| of == field && sure >= SURE);
                is_sure && self.values[*n].distinct.len() >= 2
            };
            (0..self.columns.len()).find(is)
        };
        let beginning = of_field("requested");
        of_field("updated").is_some()
            && beginning.is_some_and(|n| self.values[number].determines(&self.values[n]))
    }

    /// Has the column a key in each row under a name that says nothing else?
    fn is_unnamed(&self, number: usize) -> bool {
        let (column, values) = (&self.columns[number], &self.values[number]);
        let of_keys = [Concept::Id, Concept::Number, Concept::Request, Concept::Code];
        let words = NameWords::of(&column.bare);
        column.guess.is_none()
            && words.concepts.iter().all(|concept| of_keys.contains(concept))
            && !words.is_technical
            && key_of(&column.bare) != KeyOf::Other
            && self.rows >= ROWS_MIN
            && f64::from(values.filled) >= 0.98 * f64::from(self.rows)
            && values.uniqueness() >= 0.99
            && values.share(values.hours) < 0.5
            && values.are_keys(true)
    }

    /// Why the ids are not those of the source, where a spreadsheet has rounded them.
    pub fn rounded_ids(&self) -> Option<Message> {
        let taken = self.columns.iter().find(|column| column.field == Some("id"));
        let column = taken.or_else(|| self.likely("id")).filter(|column| !column.is_declared)?;
        let (name, example) = (&column.name, column.rounded.as_deref()?);
        Some(message!(
            "id : « {name} » a des valeurs comme « {example} », qu’un tableur a arrondies : \
             plusieurs demandes peuvent avoir le même identifiant ; exportez de nouveau la source, \
             cette colonne en texte",
            "id: '{name}' has values such as '{example}', which a spreadsheet has rounded: several \
             requests may have the same id; export the source again, this column as text"
        ))
    }
}

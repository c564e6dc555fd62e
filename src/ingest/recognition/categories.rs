//! Which of several columns of categories is the service of a recognised file.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::ingest::column::guess::SURE;
use crate::ingest::column::levels::{Levels, levels};
use crate::ingest::column::names_alone::names_title;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};
use crate::message;

/// How often a title comes again, on average, from which it may be a category.
const TITLE_REPEATS: usize = 5;

/// Rows, words of the longest text, and how often a text comes again on average, for descriptions
/// that are categories.
const SHORT_ROWS: usize = 20;
const SHORT_WORDS: usize = 6;
const SHORT_REPEATS: usize = 3;

/// Longest code of a category, in characters.
const CODE_CHARS_MAX: usize = 12;

impl Recognition {
    /// Of several columns of categories, takes the finest, with the next coarser one as its hint.
    /// Rows that lack the finest have the code of their service, else the coarser one.
    pub fn choose_category(&mut self, values: &[ColumnSample]) {
        let is_declared = |column: &RecognisedColumn| {
            column.is_declared && matches!(column.field, Some("category" | "service"))
        };
        if self.columns.iter().any(is_declared) {
            return self.drop_codes_beside_names();
        }
        self.take_names_of_codes(values);
        let candidates: Vec<(usize, f64)> = (0..self.columns.len())
            .filter_map(|number| match self.columns[number].guess? {
                // Names that go with codes of services one by one are the services' names.
                ("category", 0.6..SURE) if self.has_codes_of(number, values) => {
                    Some((number, SURE))
                }
                ("category", certainty) => Some((number, certainty)),
                _ => None,
            })
            .collect();
        let is_finer =
            |number: &usize| NameWords::of(&self.columns[*number].bare).has(Concept::Finer);
        let finer: Vec<usize> = (0..self.columns.len()).filter(is_finer).collect();
        let candidates = self.without_titles(candidates, values);
        let Some(found) = levels(&candidates, &finer, values) else {
            return self.take_short_texts(values);
        };
        let (found, parent) = self.under_parents(found, &candidates, &finer, values);
        let found = if parent.is_none() { self.with_finer_text(found, values) } else { found };
        let (first, last) = match found.rivals.first() {
            Some(rival) if *rival < found.finest => (*rival, found.finest),
            Some(rival) => (found.finest, *rival),
            None => (found.finest, found.finest),
        };
        if first != last {
            let [first, last] = [first, last].map(|number| &self.columns[number].name);
            let doubt =
                message!("category : « {first} » ou « {last} »", "category: '{first}' or '{last}'");
            self.doubt("category", doubt);
        }
        let dropped = if found.coarser.is_some() { "hint" } else { "service" };
        for column in &mut self.columns {
            if column.field == Some("service") || column.field == Some(dropped) {
                column.field = None;
            }
        }
        self.columns[found.finest].field = Some("category");
        // A request whose service has a code and no name is of that code.
        let code = (0..self.columns.len()).find(|code| {
            let is_code = self.columns[*code].guess.is_some_and(|(field, _)| field == "service");
            is_code && values[*code].filled > values[found.finest].filled
        });
        if let Some(code) = code.filter(|code| values[*code].determines(&values[found.finest])) {
            self.more.push(("category", self.columns[code].key.clone()));
        }
        if let Some(parent) = parent {
            let keys = [parent, found.finest].map(|number| self.columns[number].key.as_str());
            self.more.push(("category", keys.join("+")));
        }
        if let Some(coarser) = found.coarser {
            self.columns[coarser].field = Some("hint");
            if values[found.finest].filled < values[coarser].filled {
                self.more.push(("category", self.columns[coarser].key.clone()));
            }
        }
    }

    /// The levels, where the words of the finest may come under several words of their parent, as
    /// `Damage` does under `Roads` and `Parks`; and the parent, with which they are read together.
    /// Where every parent has one such word, the parent has the categories.
    fn under_parents(
        &self,
        found: Levels,
        candidates: &[(usize, f64)],
        finer: &[usize],
        values: &[ColumnSample],
    ) -> (Levels, Option<usize>) {
        if !finer.contains(&found.finest) {
            return (found, None);
        }
        let is_parent = |(number, certainty): &&(usize, f64)| {
            *certainty >= SURE && !finer.contains(number) && values[*number].distinct.len() > 1
        };
        // Of equals the first: `max_by` gives the last.
        let parents = candidates.iter().filter(is_parent).rev();
        let parent = parents.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(number, _)| *number);
        let Some(parent) = parent.filter(|one| !values[found.finest].determines(&values[*one]))
        else {
            return (found, None);
        };
        if values[parent].determines(&values[found.finest]) {
            let coarser = found.coarser.filter(|coarser| *coarser != parent);
            return (Levels { finest: parent, coarser, rivals: Vec::new() }, None);
        }
        (Levels { coarser: Some(parent), ..found }, Some(parent))
    }

    /// The columns of categories without those of titles, whose texts hardly come again, where
    /// another column has words that do. The first of them is read as the description, if none is.
    fn without_titles(
        &mut self,
        candidates: Vec<(usize, f64)>,
        values: &[ColumnSample],
    ) -> Vec<(usize, f64)> {
        let comes_again = |number: usize| {
            let values = &values[number];
            values.filled as usize >= TITLE_REPEATS * values.distinct.len()
        };
        let is_title =
            |number: usize| names_title(&self.columns[number].bare) && !comes_again(number);
        let (titles, others): (Vec<_>, Vec<_>) =
            candidates.iter().copied().partition(|(number, _)| is_title(*number));
        let is_other =
            |(number, sure): &(usize, f64)| *sure >= SURE && values[*number].distinct.len() > 1;
        if !others.iter().any(is_other) {
            return candidates;
        }
        if let Some((title, _)) = titles.first().filter(|_| !self.has("description")) {
            self.columns[*title].field = Some("description");
        }
        others
    }

    /// Where no column has categories, a column of descriptions has them that has few short texts.
    fn take_short_texts(&mut self, values: &[ColumnSample]) {
        let is_category = |column: &RecognisedColumn| {
            column.guess.is_some_and(|(field, _)| ["category", "service"].contains(&field))
        };
        if self.default_category.is_some() || self.columns.iter().any(is_category) {
            return;
        }
        let is_short = |text: &String| text.split_whitespace().count() <= SHORT_WORDS;
        let found = (0..self.columns.len()).find(|number| {
            let (column, values) = (&self.columns[*number], &values[*number]);
            let distinct = values.distinct.len();
            column.guess.is_some_and(|(field, _)| field == "description")
                && !column.is_declared
                && values.filled as usize >= SHORT_ROWS.max(SHORT_REPEATS * distinct)
                && distinct > 1
                && values.distinct.keys().all(is_short)
        });
        if let Some(number) = found {
            self.columns[number].field = Some("category");
        }
    }

    /// Of a column of codes and one of their names, such as `category` and `category_name`, the
    /// names are the categories and the codes those of the services.
    fn take_names_of_codes(&mut self, values: &[ColumnSample]) {
        let of = |number: usize, fields: &[&str]| {
            let guess = self.columns[number].guess;
            guess.is_some_and(|(field, _)| fields.contains(&field))
        };
        let all = || 0..self.columns.len();
        let is_code =
            |code: &usize| of(*code, &["category", "service"]) && are_codes(&values[*code]);
        let pairs = all().filter(is_code);
        let pairs = pairs.filter_map(|code| {
            let is_name = |name: &usize| {
                let (codes, names) = (&values[code], &values[*name]);
                *name != code
                    && of(*name, &["category", "description"])
                    && come_again(names)
                    && letters(names) > letters(codes)
                    && names.distinct.len() == codes.distinct.len()
                    && codes.determines(names)
                    && names.determines(codes)
            };
            Some((code, all().find(is_name)?))
        });
        for (code, name) in pairs.collect::<Vec<_>>() {
            self.columns[code].guess = Some(("service", SURE));
            let column = &mut self.columns[name];
            let certainty = column.guess.map_or(SURE, |(_, certainty)| certainty.max(SURE));
            (column.field, column.guess) = (None, Some(("category", certainty)));
        }
    }

    /// With names of categories, codes of services are not needed, unless a person declared them.
    fn drop_codes_beside_names(&mut self) {
        if self.has("category") {
            let codes = self.columns.iter_mut().filter(|c| c.field == Some("service"));
            codes.filter(|column| !column.is_declared).for_each(|column| column.field = None);
        }
    }

    /// Is there a column of service codes, each of which goes with one value of this column?
    fn has_codes_of(&self, number: usize, values: &[ColumnSample]) -> bool {
        let codes = (0..self.columns.len())
            .filter(|code| self.columns[*code].guess.is_some_and(|(field, _)| field == "service"));
        let (names, mut codes) = (&values[number], codes.map(|code| &values[code]));
        codes.any(|codes| codes.determines(names) && names.determines(codes))
    }
}

/// Are the values codes: one short word each, with a digit or in capitals?
fn are_codes(values: &ColumnSample) -> bool {
    let is_code = |text: &String| {
        let has_sign =
            text.bytes().any(|b| b.is_ascii_digit()) || !text.contains(char::is_lowercase);
        text.chars().count() <= CODE_CHARS_MAX && !text.contains(char::is_whitespace) && has_sign
    };
    !values.distinct.is_empty() && values.distinct.keys().all(is_code)
}

/// Are there two values or more, each of which comes twice on average?
fn come_again(values: &ColumnSample) -> bool {
    let distinct = values.distinct.len();
    distinct >= 2 && values.filled as usize >= 2 * distinct
}

/// How many letters the different values have.
fn letters(values: &ColumnSample) -> usize {
    let of = |text: &String| text.chars().filter(|c| c.is_alphabetic()).count();
    values.distinct.keys().map(of).sum()
}

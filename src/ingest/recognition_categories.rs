//! Which of several columns of categories is the service of a recognised file.

use crate::ingest::column_guess::SURE;
use crate::ingest::column_levels::levels;
use crate::ingest::column_values::ColumnSample;
use crate::ingest::column_words::{Concept, NameWords};
use crate::ingest::recognition::{RecognisedColumn, Recognition};
use crate::message;

/// Longest code of a category, in characters.
const CODE_CHARS_MAX: usize = 12;

impl Recognition {
    /// Of several columns of categories, takes the finest, with the next coarser one as its hint.
    /// Rows that lack the finest have the code of their service, else the coarser one.
    pub(super) fn choose_category(&mut self, values: &[ColumnSample]) {
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
        let Some(found) = levels(&candidates, &finer, values) else { return };
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
        if let Some(coarser) = found.coarser {
            self.columns[coarser].field = Some("hint");
            if values[found.finest].filled < values[coarser].filled {
                self.more.push(("category", self.columns[coarser].key.clone()));
            }
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
        let pairs = all().filter(|code| of(*code, &["category"]) && are_codes(&values[*code]));
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

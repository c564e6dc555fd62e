//! Codes of categories in one column and their names in another, as `ProblemCode` and
//! `Description`, in either order.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::ingest::column::guess::SURE;
use crate::ingest::column::owners::names_person_or_office;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords, split};
use crate::ingest::recognition::recognised::Recognition;

/// Longest code of a category, in characters.
const CODE_CHARS_MAX: usize = 12;

/// Certainty of names beside codes whose columns' names do not say of what they are: a doubt.
const PERHAPS: f64 = 0.6;

/// Letters with which the names of a column of codes and one of their names begin alike.
const STEM_MIN: usize = 3;

/// Beginnings of words for how urgent something is, which has codes and descriptions as well.
const URGENCIES: [&str; 8] =
    ["prior", "urgen", "sever", "dring", "emerg", "level", "source", "stat"];

/// Concepts of a name that has names or codes of categories, and of nothing else.
const OF_NAMES: [Concept; 4] = [Concept::Name, Concept::Text, Concept::Category, Concept::Request];
const OF_CODES: [Concept; 5] =
    [Concept::Code, Concept::Id, Concept::Number, Concept::Category, Concept::Request];

impl Recognition {
    /// Of a column of codes and one of their names, such as `category` and `category_name`, the
    /// names are the categories and the codes those of the services.
    pub fn take_names_of_codes(&mut self, values: &[ColumnSample]) {
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
                let guess = self.columns[*name].guess;
                let is_open = of(*name, &["category", "description"])
                    || (guess.is_none() && self.may_name(*name, code));
                *name != code && is_open && are_names_of(&values[*name], &values[code])
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

    /// Where no column has categories, two columns are perhaps their codes and their names: surely
    /// where their names say codes and names and nothing else, as `Code` and `Bezeichnung` do.
    pub fn find_names_of_codes(&mut self, values: &[ColumnSample]) {
        let is_known = |at: usize| {
            let guess = self.columns[at].guess;
            let of = |(field, sure)| ["category", "service"].contains(&field) && sure >= SURE;
            guess.is_some_and(of) || self.columns[at].is_declared
        };
        let all = || 0..self.columns.len();
        if self.default_category.is_some() || all().any(is_known) {
            return;
        }
        let is_open = |at: usize, fields: &[&str]| {
            let column = &self.columns[at];
            let is_of = |(field, _): (&str, f64)| fields.contains(&field);
            !column.key.is_empty() && !column.joined && column.guess.is_none_or(is_of)
        };
        let is_code = |at: &usize| {
            is_open(*at, &["service"]) && are_codes(&values[*at]) && come_again(&values[*at])
        };
        let mut pairs = Vec::new();
        for code in all().filter(is_code) {
            let is_name = |name: &usize| {
                *name != code
                    && is_open(*name, &["description", "category"])
                    && self.may_name(*name, code)
                    && are_names_of(&values[*name], &values[code])
            };
            pairs.extend(all().find(is_name).map(|name| (code, name)));
        }
        let says = |at: usize, of: &[Concept]| {
            let words = NameWords::of(&self.columns[at].bare);
            let is_of = |concept: &Concept| of.contains(concept);
            words.unknown == 0 && !words.concepts.is_empty() && words.concepts.iter().all(is_of)
        };
        let [(code, name)] = pairs[..] else { return };
        let is_sure = (says(code, &OF_CODES) && says(name, &OF_NAMES)) || self.describes(name);
        let (field, sure) = ("category", if is_sure { SURE } else { PERHAPS });
        let column = &mut self.columns[name];
        (column.field, column.guess) = (None, Some((field, sure)));
        if is_sure {
            self.columns[code].guess = Some(("service", SURE));
        }
    }

    /// Is a column one of descriptions by its name, and not of how urgent something is?
    fn describes(&self, at: usize) -> bool {
        let name = &self.columns[at].bare;
        let is_urgency = |word: &String| URGENCIES.iter().any(|stem| word.starts_with(stem));
        NameWords::of(name).has(Concept::Text) && !split(name).iter().any(is_urgency)
    }

    /// May a column have the names of the codes of another one, by the names of both: do they speak
    /// of nothing else, or begin alike?
    fn may_name(&self, name: usize, code: usize) -> bool {
        let [own, other] = [name, code].map(|at| split(&self.columns[at].bare).concat());
        let alike = own.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
        let words = NameWords::of(&self.columns[name].bare);
        let is_plain = words.concepts.iter().all(|concept| OF_NAMES.contains(concept));
        let is_of_code = words.unknown == 0 && !words.concepts.is_empty();
        !words.is_agent
            && !words.is_technical
            && is_plain
            && !names_person_or_office(&self.columns[name].bare)
            && (is_of_code || alike >= STEM_MIN)
    }
}

/// Are these the names of codes, one for each?
fn are_names_of(names: &ColumnSample, codes: &ColumnSample) -> bool {
    come_again(names)
        && letters(names) > letters(codes)
        && names.distinct.len() == codes.distinct.len()
        && codes.determines(names)
        && names.determines(codes)
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

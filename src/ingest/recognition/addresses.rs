//! Addresses of which the street and the house number have columns of their own.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::ingest::column::addresses::{
    is_house, is_street_address, names_house, names_number, names_street, names_street_part,
};
use crate::ingest::column::guess::SURE;
use crate::ingest::column::owners::names_person_or_office;
use crate::ingest::column::site_names::names_site;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};

/// The part of the values of a column of house numbers that are one.
const HOUSES_MIN: f64 = 0.9;

/// Distinct texts from which a column may be one of addresses by its values, the part of them that
/// plainly are addresses, and its certainty.
const ADDRESSES_MIN: usize = 5;
/// Of the real exports at hand, columns of addresses have a share of 0.55 to 0.93 of such texts,
/// and all others at most 0.2, streets of numbers (`181 STREET`) among them.
const PLAIN_MIN: f64 = 0.5;
const BY_VALUES: f64 = 0.72;

/// Certainty of a key that may be a house number.
const DOUBTED: f64 = 0.6;

impl Recognition {
    /// The number beside a street is that of a house, and no key: the column after the street's,
    /// or before it. As the first column of the table, or one further away, it is a doubt.
    pub fn drop_house_numbers(&mut self) {
        let number_of = |at: usize| {
            self.columns.get(at).is_some_and(|column| {
                let is_key = column.guess.is_none_or(|(field, _)| field == "id");
                is_key && names_number(&column.bare) && are_houses(&self.values[at])
            })
        };
        let first = self.columns.iter().position(|column| !column.key.is_empty());
        let streets = (0..self.columns.len()).filter(|at| self.is_street(*at, &self.values));
        let (mut houses, mut doubted) = (Vec::new(), Vec::new());
        for street in streets {
            if number_of(street + 1) {
                houses.push(street + 1);
            } else if let Some(before) = street.checked_sub(1).filter(|at| number_of(*at)) {
                let is_first = first == Some(before);
                if is_first { doubted.push(before) } else { houses.push(before) }
            } else if number_of(street + 2) {
                doubted.push(street + 2);
            }
        }
        for at in houses {
            self.columns[at].guess = None;
        }
        for at in doubted.into_iter().filter(|at| !self.values[*at].are_row_numbers()) {
            let guess = &mut self.columns[at].guess;
            *guess = guess.map(|(field, certainty)| (field, certainty.min(DOUBTED)));
        }
    }

    /// Has the column streets?
    fn is_street(&self, at: usize, values: &[ColumnSample]) -> bool {
        values[at].filled > 0 && names_street(&self.columns[at].bare)
    }

    /// Reads a street and its house number as one address, where no column has whole addresses;
    /// with the street's direction and kind where they have columns of their own.
    pub fn join_houses(&mut self, values: &[ColumnSample]) {
        let is_street = |at: &usize| {
            let column = &self.columns[*at];
            column.field == Some("address")
                && !column.is_declared
                && (names_street(&column.bare) || lack_numbers(&values[*at]))
        };
        let Some(street) = (0..self.columns.len()).find(is_street) else {
            return self.join_blocks(values);
        };
        let is_free = |at: &usize| {
            let column = &self.columns[*at];
            column.field.is_none() && !column.joined && !column.key.is_empty()
        };
        let is_own_street = names_street(&self.columns[street].bare);
        let is_house = |at: &usize| {
            let name = &self.columns[*at].bare;
            let is_beside = *at == street + 1 || *at + 1 == street;
            is_free(at)
                && are_houses(&values[*at])
                && (names_house(name) || (is_own_street && is_beside && names_number(name)))
        };
        let house = (0..self.columns.len()).filter(is_house).min_by_key(|at| at.abs_diff(street));
        let Some(house) = house else { return self.join_crossings(street) };
        let is_part = |at: &usize| is_free(at) && names_street_part(&self.columns[*at].bare);
        let parts: Vec<usize> = (0..self.columns.len()).filter(is_part).collect();
        let mut joined = vec![street, house];
        if !parts.is_empty() {
            // Rows that lack one of the parts are read without them.
            self.join_address([joined.as_slice(), &parts].concat());
        }
        self.join_address(joined.clone());
        joined.extend(parts);
        joined.into_iter().filter(|at| *at != street).for_each(|at| self.columns[at].joined = true);
    }

    /// Adds an address of these columns, in the order of the file.
    fn join_address(&mut self, mut columns: Vec<usize>) {
        columns.sort_unstable();
        let keys: Vec<&str> = columns.iter().map(|at| self.columns[*at].key.as_str()).collect();
        self.more.push(("address", keys.join("+")));
    }

    /// Reads a column of numbers of blocks or houses, which its name calls an address, with that of
    /// the streets.
    fn join_blocks(&mut self, values: &[ColumnSample]) {
        let all = 0..self.columns.len();
        let is_block = |at: &usize| {
            let column = &self.columns[*at];
            column.field == Some("address") && !column.is_declared && are_houses(&values[*at])
        };
        let is_street = |at: &usize| {
            let column = &self.columns[*at];
            let is_free = column.field.is_none() && !column.joined && !column.key.is_empty();
            is_free && self.is_street(*at, values)
        };
        let Some(block) = all.clone().find(is_block) else { return };
        let Some(street) = all.clone().find(is_street) else { return };
        self.join_address(vec![block, street]);
        self.columns[street].joined = true;
    }

    /// Reads two streets, whose columns' names differ by a number, as an intersection.
    fn join_crossings(&mut self, street: usize) {
        let stem = |at: usize| {
            let name = self.columns[at].key.trim_end();
            let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
            (stem.len() < name.len()).then(|| stem.to_owned())
        };
        let Some(first) = stem(street) else { return };
        let is_other = |at: &usize| {
            let column = &self.columns[*at];
            let is_free = column.field.is_none() && !column.joined && !column.examples.is_empty();
            *at > street
                && is_free
                && names_street(&column.bare)
                && stem(*at).as_ref() == Some(&first)
        };
        let Some(other) = (street + 1..self.columns.len()).find(is_other) else { return };
        self.join_address(vec![street, other]);
        self.columns[other].joined = true;
    }

    /// Where no column is one of addresses by its name, the first whose values plainly are
    /// addresses has them.
    pub fn find_addresses(&mut self) {
        let is_named = |column: &RecognisedColumn| {
            let is_sure =
                column.guess.is_some_and(|(field, sure)| field == "address" && sure >= SURE);
            is_sure && !names_site(&column.bare)
        };
        if self.columns.iter().any(is_named) {
            return;
        }
        let found = (0..self.columns.len()).find(|at| {
            let (column, values) = (&self.columns[*at], &self.values[*at]);
            let plain = values.distinct.keys().filter(|text| is_street_address(text)).count();
            column.guess.is_none()
                && !column.key.is_empty()
                && !names_person_or_office(&column.bare)
                && !NameWords::of(&column.bare).has(Concept::Text)
                && values.distinct.len() >= ADDRESSES_MIN
                && plain as f64 >= PLAIN_MIN * values.distinct.len() as f64
        });
        if let Some(at) = found {
            self.columns[at].guess = Some(("address", BY_VALUES));
        }
    }
}

/// Has hardly any of the texts a number?
fn lack_numbers(values: &ColumnSample) -> bool {
    let has_digit = |text: &&String| text.bytes().any(|b| b.is_ascii_digit());
    let with = values.distinct.keys().filter(has_digit).count();
    with as f64 <= (1.0 - HOUSES_MIN) * values.distinct.len() as f64
}

/// Are the values numbers of houses?
fn are_houses(values: &ColumnSample) -> bool {
    let counts = values.distinct.iter().filter(|(text, _)| is_house(text));
    let houses: u32 = counts.map(|(_, count)| count).sum();
    let counted: u32 = values.distinct.values().sum();
    values.filled > 0 && f64::from(houses) >= HOUSES_MIN * f64::from(counted)
}

//! Addresses of which the street and the house number have columns of their own.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::ingest::column_addresses::{is_house_number, names_house, names_number, names_street};
use crate::ingest::column_values::ColumnSample;
use crate::ingest::recognition::Recognition;

/// The part of the values of a column of house numbers that are one.
const HOUSES_MIN: f64 = 0.9;

/// Certainty of a key that may be a house number.
const DOUBTED: f64 = 0.6;

impl Recognition {
    /// The number beside a street is that of a house, and no key: the column after the street's,
    /// or before it. As the first column of the table, or one further away, it is a doubt.
    pub(super) fn drop_house_numbers(&mut self) {
        let number_of = |at: usize| {
            self.columns.get(at).is_some_and(|column| {
                let is_key = column.guess.is_none_or(|(field, _)| field == "id");
                is_key && names_number(&column.bare) && are_houses(&self.values[at])
            })
        };
        let first = self.columns.iter().position(|column| !column.key.is_empty());
        let streets = (0..self.columns.len()).filter(|at| self.is_street(*at));
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
    fn is_street(&self, at: usize) -> bool {
        self.values[at].filled > 0 && names_street(&self.columns[at].bare)
    }

    /// Reads a street and its house number as one address, where no column has whole addresses.
    pub(super) fn join_houses(&mut self, values: &[ColumnSample]) {
        let is_street = |at: &usize| {
            let column = &self.columns[*at];
            column.field == Some("address") && !column.is_declared && names_street(&column.bare)
        };
        let Some(street) = (0..self.columns.len()).find(is_street) else { return };
        let is_free = |at: &usize| {
            let column = &self.columns[*at];
            column.field.is_none() && !column.joined && !column.key.is_empty()
        };
        let is_house = |at: &usize| {
            let name = &self.columns[*at].bare;
            let is_beside = *at == street + 1 || *at + 1 == street;
            is_free(at)
                && are_houses(&values[*at])
                && (names_house(name) || (is_beside && names_number(name)))
        };
        let house = (0..self.columns.len()).filter(is_house).min_by_key(|at| at.abs_diff(street));
        let Some(house) = house else { return };
        let (first, last) = (street.min(house), street.max(house));
        let both = format!("{}+{}", self.columns[first].key, self.columns[last].key);
        self.more.push(("address", both));
        self.columns[house].joined = true;
    }
}

/// Are the values numbers of houses?
fn are_houses(values: &ColumnSample) -> bool {
    let counts = values.distinct.iter().filter(|(text, _)| is_house_number(text));
    let houses: u32 = counts.map(|(_, count)| count).sum();
    let counted: u32 = values.distinct.values().sum();
    values.filled > 0 && f64::from(houses) >= HOUSES_MIN * f64::from(counted)
}

//! Keys of two columns: a year, and a number that begins again with each year.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use std::collections::{HashMap, HashSet};

use crate::ingest::column::guess::NOT_OF_KEYS;
use crate::ingest::column::keys::{KeyOf, key_of};
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};
use crate::ingest::time::split_dates::names_year;

/// Certainty of a key of a year and a number.
const SURE: f64 = 0.8;
/// Certainty from which another column of ids is better.
const BETTER: f64 = 0.8;
/// Share of the rows that have both.
const FILLED: f64 = 0.98;

impl Recognition {
    /// Reads a number with its year as one id, such as `2024-1`: where the number alone is that of
    /// several rows and both together are that of one, or where the number counts the rows from 1.
    pub fn join_years(&mut self, values: &[ColumnSample]) {
        let is_free = |column: &RecognisedColumn, field: Option<&str>| {
            let is_left = column.field.is_none() || column.field == field;
            is_left && !column.joined && !column.is_declared && !column.key.is_empty()
        };
        let all = 0..self.columns.len();
        let is_year = |at: &usize| {
            is_free(&self.columns[*at], None) && names_year(&self.columns[*at].bare, &values[*at])
        };
        let mut years = all.clone().filter(is_year);
        let (Some(year), None) = (years.next(), years.next()) else { return };
        let is_key = |at: &usize| {
            let column = &self.columns[*at];
            let words = NameWords::of(&column.bare);
            let is_open = column.guess.is_none_or(|(field, _)| field == "id");
            let says_key = words.has_any(&[Concept::Number, Concept::Id, Concept::RowNumber]);
            is_free(column, Some("id"))
                && is_open
                && says_key
                && words.unknown == 0
                && !words.has_any(&NOT_OF_KEYS)
                && key_of(&column.bare) != KeyOf::Other
                && begins_again(&values[year], &values[*at])
        };
        let mut keys = all.filter(is_key);
        let (Some(key), None) = (keys.next(), keys.next()) else { return };
        let has_better = self.columns.iter().enumerate().any(|(at, column)| {
            let certainty = column.guess.map_or(0.0, |guess| guess.1);
            at != key && column.field == Some("id") && certainty >= BETTER
        });
        if has_better {
            return;
        }
        for column in self.columns.iter_mut().filter(|column| column.field == Some("id")) {
            column.field = None;
        }
        self.more.push(("id", format!("{}+{}", self.columns[year].key, self.columns[key].key)));
        let column = &mut self.columns[key];
        (column.field, column.guess) = (Some("id"), Some(("id", SURE)));
        for at in [year, key] {
            self.columns[at].joined = true;
        }
    }

    /// What a column without a field of its own is read with, in words.
    pub fn joined_with(&self, column: &RecognisedColumn) -> &'static str {
        let has = |keys: &str| keys.split('+').any(|key| key == column.key);
        match self.more.iter().find(|(_, keys)| keys.contains('+') && has(keys)) {
            Some(("address", _)) => "read with the street",
            Some(("id", _)) => "read with the number of the id",
            _ => "read with the column of its date",
        }
    }
}

/// Does a number begin again with each year?
fn begins_again(years: &ColumnSample, numbers: &ColumnSample) -> bool {
    let of_rows: HashMap<u32, u64> = years.cells.iter().copied().collect();
    let pairs = numbers.cells.iter().filter_map(|(row, number)| Some((of_rows.get(row)?, number)));
    let (mut count, mut distinct) = (0_u32, HashSet::new());
    for pair in pairs {
        count += 1;
        distinct.insert(pair);
    }
    let are_filled = f64::from(count) >= FILLED * f64::from(years.filled.max(numbers.filled));
    let are_numbers = numbers.distinct.keys().all(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let are_unique = distinct.len() as f64 >= 0.99 * f64::from(count);
    count > 2
        && are_filled
        && are_numbers
        && are_unique
        && (numbers.uniqueness() < 0.99 || numbers.are_row_numbers())
}

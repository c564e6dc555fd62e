//! Columns of times that have a value just where requests are closed, under names that do not say
//! so.

use std::collections::HashSet;

use crate::domain::Status;
use crate::ingest::column_guess::SURE;
use crate::ingest::column_words::{Concept, NameWords};
use crate::ingest::recognition::Recognition;
use crate::ingest::status_words::status_of_words;

/// Certainty of a column of times that are perhaps ends: it is asked for.
const PERHAPS: f64 = 0.6;

/// Rows of the sample that are closed, and that are not, below which nothing is concluded.
const ROWS_MIN: usize = 3;

/// The part of the closed rows that have such a time, at least, and of the others, at most.
const CLOSED_MIN: f64 = 0.9;
const OPEN_MAX: f64 = 0.05;

impl Recognition {
    /// Where no column has closing times and one has times just where the status is closed, that
    /// column perhaps has them.
    pub(super) fn find_ends(&mut self) {
        let is_sure = |number: &usize, wanted: &str| {
            let guess = self.columns[*number].guess;
            self.values[*number].filled > 0
                && guess.is_some_and(|(field, certainty)| field == wanted && certainty >= SURE)
        };
        let all = || 0..self.columns.len();
        let Some(status) = all().find(|number| is_sure(number, "status")) else { return };
        if all().any(|number| is_sure(&number, "closed")) {
            return;
        }
        let rows_of = |is_closed: bool| {
            let is = |word: &str| {
                status_of_words(word).is_some_and(|(at, _)| (at == Status::Closed) == is_closed)
            };
            self.values[status].rows_where(is)
        };
        let (closed, others) = (rows_of(true), rows_of(false));
        if closed.len() < ROWS_MIN || others.len() < ROWS_MIN {
            return;
        }
        let found: Vec<usize> =
            all().filter(|number| self.are_ends(*number, &closed, &others)).collect();
        for number in found {
            self.columns[number].guess = Some(("closed", PERHAPS));
        }
    }

    /// Has a column, whose name says no other time, times just in the rows that are closed?
    fn are_ends(&self, number: usize, closed: &HashSet<u32>, others: &HashSet<u32>) -> bool {
        let (column, values) = (&self.columns[number], &self.values[number]);
        let is_open = match column.guess {
            None => true,
            Some((field, certainty)) => field == "requested" && certainty < SURE,
        };
        let words = NameWords::of(&column.bare);
        let of_other =
            [Concept::Created, Concept::Updated, Concept::Expected, Concept::Period, Concept::Id];
        let is_time = values.filled > 0 && values.share(values.times) >= 0.9;
        if !is_open || !is_time || column.key.is_empty() || words.has_any(&of_other) {
            return false;
        }
        let filled = values.rows_where(|_| true);
        let share = |rows: &HashSet<u32>| {
            rows.intersection(&filled).count() as f64 / rows.len().max(1) as f64
        };
        share(closed) >= CLOSED_MIN && share(others) <= OPEN_MAX
    }
}

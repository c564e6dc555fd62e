//! Columns of times that are ends by their names or by the rows in which they have a value, checked
//! against the statuses of the rows.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use std::collections::HashSet;

use crate::domain::{Status, fold};
use crate::i18n::Message;
use crate::ingest::column::flags::status_by_name;
use crate::ingest::column::guess::SURE;
use crate::ingest::column::other_ends::{names_bare_end, names_bare_start};
use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};
use crate::ingest::status::words::status_of_words;
use crate::ingest::time::no_time::{is_no_time_number, is_word};
use crate::message;

/// Certainty of a column of times that are perhaps ends: it is asked for.
const PERHAPS: f64 = 0.6;

/// Rows of the sample that are closed, and that are not, below which nothing is concluded.
const ROWS_MIN: usize = 3;

/// The part of the closed rows that have such a time, at least, and of the others, at most.
const CLOSED_MIN: f64 = 0.9;
const OPEN_MAX: f64 = 0.05;

/// The part of the open rows with a time from which a column of ends is a doubt, and from which one
/// that is named after no request is none.
const OPEN_DOUBT: f64 = 0.5;
const OPEN_NONE: f64 = 0.9;

/// The part of the times of a column that are in open rows, from which they are not exceptions.
const OFTEN_OPEN: f64 = 0.1;

/// The rows of the sample by their status.
pub struct StatusRows {
    pub closed: HashSet<u32>,
    pub open: HashSet<u32>,
}

impl Recognition {
    /// The most certain column of statuses, of those whose guess satisfies `is`.
    fn status_column(&self, is: impl Fn(&RecognisedColumn) -> bool) -> Option<usize> {
        let certainty = |number: usize| self.columns[number].guess.map_or(0.0, |guess| guess.1);
        let found = (0..self.columns.len())
            .filter(|number| self.values[*number].filled > 0 && is(&self.columns[*number]));
        found.rev().max_by(|a, b| certainty(*a).total_cmp(&certainty(*b)))
    }

    /// The rows by the words of a column of statuses, of which some are read by its name.
    pub fn rows_by_status(&self, number: usize) -> StatusRows {
        let values = &self.values[number];
        let by_name = status_by_name(&self.columns[number].bare, values, self.rows);
        let status_of = |word: &str| {
            let mut named = by_name.iter().flat_map(|found| &found.words);
            let named = named.find(|(known, _)| *known == fold(word)).map(|(_, at)| *at);
            named.or_else(|| status_of_words(word).map(|(status, _)| status))
        };
        let rows_of = |is_closed: bool| {
            let is =
                |word: &str| status_of(word).is_some_and(|at| (at == Status::Closed) == is_closed);
            values.rows_where(is)
        };
        let (mut closed, mut open) = (rows_of(true), rows_of(false));
        if let Some(status) = by_name.as_ref().and_then(|found| found.empty) {
            let filled = values.rows_where(|_| true);
            let empty = (1..=self.rows).filter(|row| !filled.contains(row));
            let rows = if status == Status::Closed { &mut closed } else { &mut open };
            rows.extend(empty);
        }
        StatusRows { closed, open }
    }

    /// The part of these rows in which a column has a time.
    fn share_of_times(&self, number: usize, rows: &HashSet<u32>) -> f64 {
        let is_time = |text: &str| !is_word(text) && !is_no_time_number(text);
        let times = self.values[number].rows_where(is_time);
        rows.intersection(&times).count() as f64 / rows.len().max(1) as f64
    }

    /// Are many of the times of a column in open rows, and not only those of a few requests, where
    /// others are closed?
    fn is_often_open(&self, number: usize, rows: &StatusRows) -> bool {
        let times = self.share_of_times(number, &rows.open) * rows.open.len() as f64;
        rows.closed.len() >= ROWS_MIN && times >= OFTEN_OPEN * f64::from(self.values[number].filled)
    }

    /// Looks whether columns of ends by their names are ends of requests: one with times in rows
    /// that are open is a doubt, and none where its name does not say what ends. Without a
    /// status, such a name is a doubt beside a beginning, and where every row has a time.
    pub fn check_ends(&mut self) {
        let status = self.status_column(|column| is_sure(column, "status"));
        let rows = status.map(|number| self.rows_by_status(number));
        let mut named = self.columns.iter().zip(&self.values);
        let has_start = named.any(|(column, values)| {
            values.filled > 0 && names_bare_start(&column.bare) && is_sure(column, "requested")
        });
        for number in 0..self.columns.len() {
            let column = &self.columns[number];
            if !is_sure(column, "closed") || self.values[number].filled == 0 {
                continue;
            }
            let is_bare = names_bare_end(&column.bare);
            let guess = match &rows {
                Some(rows) if rows.open.len() >= ROWS_MIN => {
                    match self.share_of_times(number, &rows.open) {
                        share if share >= OPEN_NONE && is_bare => None,
                        share if share >= OPEN_DOUBT && self.is_often_open(number, rows) => {
                            Some(("closed", PERHAPS))
                        }
                        _ => continue,
                    }
                }
                None if is_bare => {
                    let is_everywhere = self.values[number].filled == self.rows;
                    if !has_start && (!is_everywhere || (self.rows as usize) < ROWS_MIN) {
                        continue;
                    }
                    Some(("closed", PERHAPS))
                }
                _ => continue,
            };
            self.columns[number].guess = guess;
        }
    }

    /// A sentence about each column of ends that is left out because rows that are open have times
    /// in it.
    pub fn ends_of_open_rows(&self) -> Vec<Message> {
        let Some(status) = self.status_column(|column| column.field == Some("status")) else {
            return Vec::new();
        };
        let rows = self.rows_by_status(status);
        let left = (0..self.columns.len()).filter(|number| {
            let column = &self.columns[*number];
            column.field.is_none()
                && column.guess.is_none()
                && !column.joined
                && !column.is_declared
                && names_bare_end(&column.bare)
                && rows.open.len() >= ROWS_MIN
                && self.values[*number].share(self.values[*number].times) >= CLOSED_MIN
                && self.share_of_times(*number, &rows.open) >= OPEN_NONE
        });
        let sentence = |number: usize| {
            let name = &self.columns[number].name;
            message!(
                "« {name} » laissée de côté : elle a une heure aussi dans les lignes dont l’état \
                 est ouvert",
                "'{name}' left out: it has times also in rows whose status is open"
            )
        };
        left.map(sentence).collect()
    }

    /// Where no column has closing times and one has times just where the status is closed, that
    /// column perhaps has them.
    pub fn find_ends(&mut self) {
        let Some(status) = self.status_column(|column| is_sure(column, "status")) else { return };
        let mut known = self.columns.iter().zip(&self.values);
        if known.any(|(column, values)| values.filled > 0 && is_sure(column, "closed")) {
            return;
        }
        let StatusRows { closed, open } = self.rows_by_status(status);
        if closed.len() < ROWS_MIN || open.len() < ROWS_MIN {
            return;
        }
        let all = 0..self.columns.len();
        let found: Vec<usize> = all.filter(|one| self.are_ends(*one, &closed, &open)).collect();
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

/// Is a column surely this field?
fn is_sure(column: &RecognisedColumn, wanted: &str) -> bool {
    column.guess.is_some_and(|(field, certainty)| field == wanted && certainty >= SURE)
}

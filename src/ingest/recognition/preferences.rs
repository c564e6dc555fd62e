//! Which of several columns of one kind is read, where their values show that they say the same:
//! two columns of statuses, a day and the same day with its time, parts of the city of several
//! sizes.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::i18n::Message;
use crate::ingest::column::guess::SURE;
use crate::ingest::column::same::say_the_same;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};
use crate::ingest::time::of_day::without_midnight;
use crate::message;

/// Two columns of statuses whose certainties are as close as this are rivals.
const CLOSE: f64 = 0.05;

/// Certainty of a column that another one of its field is better than.
const SECOND: f64 = 0.65;

/// The part of the rows in which two columns of statuses say something and agree on what is closed,
/// at least; and of the rows in which both say something.
const AGREE_MIN: f64 = 0.99;
const BOTH_MIN: f64 = 0.5;
const ROWS_MIN: usize = 3;

/// The part of the rows in which the finer time is on the day of the coarser one, at least.
const SAME_DAY_MIN: f64 = 0.95;

/// The part of the times that are days, from which a column is one of days.
const DAYS_MIN: f64 = 0.9;

/// Distinct words of a column of areas.
const AREAS: std::ops::RangeInclusive<usize> = 3..=500;

/// From here on a column of areas has their names, and not numbers or an area of any kind.
const NAMED_AREA: f64 = 0.8;

impl Recognition {
    /// The column of this certain field, and those that are about as certain.
    fn rivals(&self, field: &str) -> Vec<usize> {
        let certainty = |number: &usize| match self.columns[*number].guess {
            Some((of, certainty)) if of == field && certainty >= SURE => certainty,
            _ => 0.0,
        };
        let sure = (0..self.columns.len())
            .filter(|number| certainty(number) > 0.0 && self.values[*number].filled > 0);
        let sure: Vec<usize> = sure.collect();
        let best = sure.iter().map(certainty).fold(0.0, f64::max);
        sure.into_iter().filter(|number| best - certainty(number) < CLOSE).collect()
    }

    /// Of several columns of statuses that agree on which requests are closed the first is read.
    pub fn prefer_first_status(&mut self) {
        let rivals = self.rivals("status");
        let [first, others @ ..] = rivals.as_slice() else { return };
        let mut same: Vec<usize> =
            others.iter().copied().filter(|other| self.statuses_agree(*first, *other)).collect();
        same.extend(self.finer_statuses(&rivals));
        for number in same {
            self.columns[number].guess = Some(("status", SECOND));
        }
    }

    /// Do two columns of statuses say the same requests closed?
    fn statuses_agree(&self, one: usize, other: usize) -> bool {
        let (one, other) = (self.rows_by_status(one), self.rows_by_status(other));
        let same = one.closed.intersection(&other.closed).count()
            + one.open.intersection(&other.open).count();
        let differing = one.closed.intersection(&other.open).count()
            + one.open.intersection(&other.closed).count();
        let both = same + differing;
        both >= ROWS_MIN
            && both as f64 >= BOTH_MIN * f64::from(self.rows)
            && same as f64 >= AGREE_MIN * both as f64
    }

    /// A sentence about each column of statuses that is not read because it agrees with the one
    /// that is.
    fn second_statuses(&self) -> Vec<Message> {
        let of_field = |column: &RecognisedColumn| column.field == Some("status");
        let Some(first) = self.columns.iter().position(of_field) else { return Vec::new() };
        let second = (0..self.columns.len()).filter(|number| {
            let column = &self.columns[*number];
            let is_status = column.guess.is_some_and(|(field, _)| field == "status");
            column.field.is_none()
                && is_status
                && (self.statuses_agree(first, *number)
                    || !self.finer_statuses(&[first, *number]).is_empty())
        });
        let sentence = |number: usize| {
            let (read, other) = (&self.columns[first].name, &self.columns[number].name);
            message!(
                "états lus dans « {read} » ; « {other} » dit les mêmes, ou les précise",
                "statuses read from '{read}'; '{other}' says the same, or divides them further"
            )
        };
        second.map(sentence).collect()
    }

    /// Of a column of days and one that has the same days with their times of day, the latter is
    /// read.
    pub fn prefer_finer_times(&mut self) {
        self.drop_objects_of_times();
        for field in ["requested", "closed", "updated", "expected"] {
            let is_sure = |number: &usize| {
                self.columns[*number]
                    .guess
                    .is_some_and(|(of, certainty)| of == field && certainty >= SURE)
            };
            let all: Vec<usize> = (0..self.columns.len()).filter(is_sure).collect();
            let values = &self.values;
            let (days, times): (Vec<usize>, Vec<usize>) =
                all.into_iter().partition(|number| are_days(&values[*number]));
            let is_coarser =
                |day: &usize| times.iter().any(|time| is_finer(&values[*time], &values[*day]));
            let coarser: Vec<usize> = days.into_iter().filter(is_coarser).collect();
            for number in coarser {
                self.columns[number].guess = Some((field, SECOND));
            }
        }
    }

    /// Of an object with a time, as MongoDB writes it, and the member that has the time, the member
    /// is read.
    fn drop_objects_of_times(&mut self) {
        let members: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        for (column, values) in self.columns.iter_mut().zip(&self.values) {
            let member = format!("{}.$date", column.name);
            if values.share(values.containers) >= 0.5 && members.contains(&member) {
                column.guess = None;
            }
        }
    }

    /// Of several columns of parts of the city, the one with the most parts is read; one that has
    /// the same part in every row only where it is alone. Names are better than numbers.
    pub fn prefer_finer_areas(&mut self) {
        let certainty = |number: usize| match self.columns[number].guess {
            Some(("area", certainty)) if certainty >= SURE => certainty,
            _ => 0.0,
        };
        let areas: Vec<usize> =
            (0..self.columns.len()).filter(|number| certainty(*number) > 0.0).collect();
        let parts = |number: usize| self.values[number].distinct.len();
        let comes_again = |number: usize| self.values[number].filled as usize >= 2 * parts(number);
        let most = areas.iter().map(|number| self.values[*number].filled).max().unwrap_or(0);
        let useful = areas.iter().copied().filter(|number| {
            AREAS.contains(&parts(*number))
                && comes_again(*number)
                && self.values[*number].filled * 2 >= most
        });
        let rank = |number: usize| (certainty(number) >= NAMED_AREA, parts(number));
        // Of equals the first: `max_by_key` gives the last.
        let Some(best) = useful.rev().max_by_key(|number| rank(*number)) else { return };
        let highest = areas.iter().map(|number| certainty(*number)).fold(0.0, f64::max);
        for number in areas.into_iter().filter(|number| *number != best) {
            self.columns[number].guess = Some(("area", SURE));
        }
        self.columns[best].guess = Some(("area", highest));
    }

    /// What people should know of how columns were chosen by their words.
    pub fn notes_of_words(&self) -> Vec<Message> {
        let all = self.ends_of_open_rows().into_iter().chain(self.second_statuses());
        let all = all.chain(self.joined_categories()).chain(self.only_beginning_in_words());
        all.chain(self.same_columns()).collect()
    }

    /// Of rivals for the statuses, those that only divide the words of the first one further, whose
    /// words are all known.
    fn finer_statuses(&self, rivals: &[usize]) -> Vec<usize> {
        let [first, others @ ..] = rivals else { return Vec::new() };
        let values = &self.values[*first];
        if !values.unknown_statuses().is_empty() || values.distinct.len() < 2 {
            return Vec::new();
        }
        let read = self.rows_by_status(*first);
        let is_finer = |other: &usize| {
            let rows = self.rows_by_status(*other);
            // A column that calls closed what the other calls open is about something else.
            let differs =
                !read.closed.is_disjoint(&rows.open) || !read.open.is_disjoint(&rows.closed);
            !differs && self.values[*other].determines(values)
        };
        others.iter().copied().filter(is_finer).collect()
    }

    /// A sentence about each column that is not read because another one says the same.
    fn same_columns(&self) -> Vec<Message> {
        let mut notes = Vec::new();
        for (number, column) in self.columns.iter().enumerate() {
            let Some((field, certainty)) = column.guess else { continue };
            if column.field.is_some() || certainty < SURE || field == "status" {
                continue;
            }
            let read = self.columns.iter().position(|other| other.field == Some(field));
            let Some(read) = read else { continue };
            if say_the_same(&self.values[read], &self.values[number]) {
                let (read, other) = (&self.columns[read].name, &column.name);
                notes.push(message!(
                    "{field} : lu dans « {read} » ; « {other} » dit la même chose",
                    "{field}: read from '{read}'; '{other}' says the same"
                ));
            }
        }
        notes
    }

    /// That the categories are made of two columns, where they are.
    fn joined_categories(&self) -> Option<Message> {
        let (_, keys) =
            self.more.iter().find(|(field, key)| *field == "category" && key.contains('+'))?;
        let name = |key: &str| Some(&self.columns.iter().find(|one| one.key == key)?.name);
        let keys: Vec<&str> = keys.split('+').collect();
        let (fine, coarse) = keys.split_last()?;
        let (fine, coarse) = (name(fine)?, name(coarse.last()?)?);
        Some(message!(
            "catégories faites de « {coarse} » et de « {fine} », dont les mêmes mots viennent sous \
             plusieurs mots de « {coarse} »",
            "categories made of '{coarse}' and '{fine}', of which the same words come under \
             several words of '{coarse}'"
        ))
    }
}

/// Are nearly all times days?
fn are_days(values: &ColumnSample) -> bool {
    values.share(values.days + values.midnights) >= DAYS_MIN
}

/// Has each row of a column of days the same day with its time in the other column?
fn is_finer(times: &ColumnSample, days: &ColumnSample) -> bool {
    let (texts, of_days) = (times.texts(), days.texts());
    let same = of_days.iter().filter(|(row, day)| {
        texts.get(row).is_some_and(|text| text.starts_with(without_midnight(day)))
    });
    !of_days.is_empty() && same.count() as f64 >= SAME_DAY_MIN * of_days.len() as f64
}

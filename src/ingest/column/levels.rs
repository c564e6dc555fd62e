//! Columns of categories within each other: `type` and `subtype`, a service and its department.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::ingest::column::guess::SURE;
use crate::ingest::column::values::ColumnSample;

/// From here on a column may be the finer level of a sure column of categories.
const FINER: f64 = 0.6;

/// A column of categories as sure as this below the best one is its rival, where neither
/// determines the other.
const RIVAL: f64 = 0.1;

/// What several columns of categories are to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// The finest one: its words are the categories.
    pub finest: usize,
    /// The finest of those whose words follow from it.
    pub coarser: Option<usize>,
    /// Columns that are about something else and just as sure.
    pub rivals: Vec<usize>,
}

/// How many rows there are, and how often each word comes on average, before the values alone put
/// a column below one that is finer by its name.
const ROWS_MIN: u32 = 20;
const REPEATS: usize = 3;

/// Puts columns in order, each given by its number and the certainty that it has categories; `None`
/// where none is sure. A column is finer than another if its words are more and each of them nearly
/// always comes with the same word of the other. Of `named`, the columns whose names say that they
/// are a finer level and how fine, the finest sure one is taken, however few rows there are, unless
/// the values of many rows show a finer one. O(n²) in the columns, each step O(rows).
pub fn levels(
    candidates: &[(usize, f64)],
    named: &[(usize, u32)],
    samples: &[ColumnSample],
) -> Option<Levels> {
    let words = |column: usize| samples[column].distinct.len();
    let useful: Vec<(usize, f64)> = match candidates.iter().any(|(column, _)| words(*column) > 1) {
        true => candidates.iter().copied().filter(|(column, _)| words(*column) > 1).collect(),
        false => candidates.to_vec(),
    };
    // Of equals the first: `max_by` gives the last.
    let best = useful.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1))?;
    if best.1 < SURE {
        return None;
    }
    let tells = |one: usize, other: usize| samples[one].determines(&samples[other]);
    let finer = |than: usize, least: f64| {
        let may_be = useful.iter().filter(move |(column, certainty)| {
            *certainty >= least && words(*column) > words(than) && tells(*column, than)
        });
        may_be.map(|(column, _)| *column).rev().max_by_key(|column| words(*column))
    };
    if let Some((finest, depth)) = finest_by_name(&useful, named) {
        let shows_it = |column: &usize| {
            let sample = &samples[*column];
            sample.filled >= ROWS_MIN
                && sample.filled as usize >= REPEATS * words(*column)
                && !tells(finest, *column)
        };
        if let Some(below) = finer(finest, SURE).filter(shows_it) {
            return Some(Levels { finest: below, coarser: Some(finest), rivals: Vec::new() });
        }
        let above = |column: &usize| depth_of(*column, named) < depth;
        let others = || useful.iter().map(|(column, _)| *column).filter(above);
        let coarser = others().filter(|column| tells(finest, *column)).rev();
        let coarser = coarser.max_by_key(|column| (depth_of(*column, named), words(*column)));
        let usual = Some(best.0).filter(above);
        return Some(Levels { finest, coarser: coarser.or(usual), rivals: Vec::new() });
    }
    let mut finest = best.0;
    while let Some(column) = finer(finest, FINER) {
        finest = column;
    }
    let others = || useful.iter().filter(|(column, _)| *column != finest);
    let coarser = others().map(|(column, _)| *column).rev();
    let coarser = coarser.filter(|column| words(*column) < words(finest) && tells(finest, *column));
    let is_rival = |column: usize, certainty: f64| {
        certainty >= SURE && best.1 - certainty < RIVAL && !tells(finest, column)
    };
    Some(Levels {
        finest,
        coarser: coarser.max_by_key(|column| words(*column)),
        rivals: others().filter(|(c, sure)| is_rival(*c, *sure)).map(|(c, _)| *c).collect(),
    })
}

/// How fine a column is by its name: 0 where the name does not say that it is a finer level.
pub fn depth_of(column: usize, named: &[(usize, u32)]) -> u32 {
    named.iter().find(|(known, _)| *known == column).map_or(0, |(_, depth)| *depth)
}

/// The sure column that is the finest by its name, of equals the first, and how fine it is.
fn finest_by_name(useful: &[(usize, f64)], named: &[(usize, u32)]) -> Option<(usize, u32)> {
    let sure = useful.iter().filter(|(_, certainty)| *certainty >= SURE);
    let depths = sure.map(|(column, _)| (*column, depth_of(*column, named)));
    let finer = depths.filter(|(_, depth)| *depth > 0);
    finer.rev().max_by_key(|(_, depth)| *depth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::column::values::clocks;

    /// Columns of rows whose cells are separated by blanks.
    fn samples(rows: &[&str]) -> Vec<ColumnSample> {
        let clocks = clocks();
        let mut samples = Vec::new();
        for (number, row) in (0..).zip(rows) {
            for (column, cell) in row.split(' ').enumerate() {
                if samples.len() <= column {
                    samples.push(ColumnSample::default());
                }
                samples[column].add(number, cell, &clocks);
            }
        }
        samples
    }

    #[test]
    fn a_name_that_says_the_finer_level_decides_whatever_the_rows() {
        let rows = ["a ax", "b bx", "c cx", "a ay", "b other", "c other", "a other", "a ax"];
        for count in 1..=rows.len() {
            let samples = samples(&rows[..count]);
            let found = levels(&[(0, 0.92), (1, 0.72)], &[(1, 1)], &samples).unwrap();
            let wanted = Levels { finest: 1, coarser: Some(0), rivals: vec![] };
            assert_eq!(found, wanted, "{count}");
        }
    }

    #[test]
    fn the_third_level_is_the_finest_with_the_second_above_it() {
        let samples = samples(&["a ax axu", "a ax axv", "b bx bxu", "a ay ayu"]);
        let named = [(1, 1), (2, 2)];
        let found = levels(&[(0, 0.92), (1, 0.75), (2, 0.75)], &named, &samples).unwrap();
        assert_eq!(found, Levels { finest: 2, coarser: Some(1), rivals: vec![] });
    }

    #[test]
    fn many_rows_may_show_a_finer_level_than_the_names() {
        let row = |n: usize| {
            let coarse = ["a", "b"][n % 2];
            format!("{coarse} {coarse}{} {coarse}{}{}", n / 2 % 2, n / 2 % 2, n / 4 % 2)
        };
        let rows: Vec<String> = (0..40).map(row).collect();
        let samples = samples(&rows.iter().map(String::as_str).collect::<Vec<_>>());
        let found = levels(&[(0, 0.92), (1, 0.75), (2, 0.92)], &[(1, 1)], &samples).unwrap();
        assert_eq!(found, Levels { finest: 2, coarser: Some(1), rivals: vec![] });
    }

    #[test]
    fn the_finest_level_has_the_categories() {
        // A coarse type, its kinds, their place, and a column about something else.
        let rows = ["a ax north k", "a ay south l", "b bx south k", "b bx north l", "a ax south k"];
        let samples = samples(&rows);
        let found = |candidates: &[(usize, f64)]| levels(candidates, &[], &samples).unwrap();
        let wanted = Levels { finest: 1, coarser: Some(0), rivals: vec![] };
        assert_eq!(found(&[(0, 0.92), (1, 0.62)]), wanted);
        assert_eq!(found(&[(1, 0.92), (0, 0.92)]), wanted);
        assert_eq!(found(&[(0, 0.92), (3, 0.85)]).rivals, [3]);
        assert_eq!(found(&[(0, 0.92), (3, 0.75)]).rivals, [0; 0]);
        assert_eq!(levels(&[(0, 0.6), (1, 0.65)], &[], &samples), None);
        assert_eq!(levels(&[], &[], &samples), None);
    }
}

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

/// Puts columns in order, each given by its number and the certainty that it has categories; `None`
/// where none is sure. A column is finer than another if its words are more and each of them nearly
/// always comes with the same word of the other. Of `named`, the columns whose names say that they
/// are the finer level, the first sure one is the finest, however few rows there are. O(n²) in the
/// columns, each step O(rows).
pub fn levels(
    candidates: &[(usize, f64)],
    named: &[usize],
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
    let finer = |than: usize| {
        let may_be = useful.iter().filter(|(column, certainty)| {
            *certainty >= FINER && words(*column) > words(than) && tells(*column, than)
        });
        may_be.map(|(column, _)| *column).rev().max_by_key(|column| words(*column))
    };
    let by_name = useful.iter().find(|(column, sure)| *sure >= SURE && named.contains(column));
    if let Some((finest, _)) = by_name {
        let others = || useful.iter().map(|(column, _)| *column).filter(|one| !named.contains(one));
        let coarser = others().filter(|column| tells(*finest, *column)).rev();
        let coarser = coarser.max_by_key(|column| words(*column));
        let usual = Some(best.0).filter(|best| !named.contains(best));
        return Some(Levels { finest: *finest, coarser: coarser.or(usual), rivals: Vec::new() });
    }
    let mut finest = best.0;
    while let Some(column) = finer(finest) {
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
            let found = levels(&[(0, 0.92), (1, 0.72)], &[1], &samples).unwrap();
            let wanted = Levels { finest: 1, coarser: Some(0), rivals: vec![] };
            assert_eq!(found, wanted, "{count}");
        }
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

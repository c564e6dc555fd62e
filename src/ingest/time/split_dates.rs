//! Dates of which the year, the month and the day have columns of their own.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords, split};
use crate::ingest::recognition::recognised::Recognition;

/// Words for the parts of a date, without accents.
const PARTS: [&[&str]; 3] = [
    &["year", "annee", "jahr", "ano", "any", "anno", "jaar", "rok"],
    &["month", "mois", "monat", "mes", "mese", "maand", "miesiac"],
    &["day", "jour", "tag", "dia", "giorno", "dag", "dzien"],
];
/// The numbers of each part.
const RANGES: [std::ops::RangeInclusive<u32>; 3] = [1900..=2200, 1..=12, 1..=31];

impl Recognition {
    /// Reads the year, the month and the day of one time from their columns, where no column has
    /// the whole.
    pub fn join_dates(&mut self, values: &[ColumnSample]) {
        let parts: Vec<Option<(usize, String)>> = (0..self.columns.len())
            .map(|number| {
                let (part, rest) = part_of(&self.columns[number].bare)?;
                are_in(&values[number], part).then_some((part, rest))
            })
            .collect();
        for (year, of) in parts.iter().enumerate() {
            let Some((0, rest)) = of else { continue };
            let others = [1, 2].map(|part| {
                let is_it = |of: &&Option<(usize, String)>| {
                    of.as_ref().is_some_and(|(other, name)| *other == part && name == rest)
                };
                match parts.iter().filter(is_it).count() {
                    1 => parts.iter().position(|of| is_it(&of)),
                    _ => None,
                }
            });
            let [Some(month), Some(day)] = others else { continue };
            let words = NameWords::of(rest);
            let field = [
                ("closed", Concept::Closed),
                ("updated", Concept::Updated),
                ("expected", Concept::Expected),
            ];
            let field = field.into_iter().find(|(_, concept)| words.has(*concept));
            let field = field.map_or("requested", |(field, _)| field);
            if (0..self.columns.len()).any(|n| n != year && self.columns[n].field == Some(field)) {
                continue;
            }
            let keys = [year, month, day].map(|number| self.columns[number].key.clone());
            self.more.push((field, keys.join("+")));
            for number in [year, month, day] {
                self.columns[number].joined = true;
            }
            self.columns[year].take_whole_date(field);
        }
    }
}

/// The part of a date that a column's name says, and its other words.
fn part_of(name: &str) -> Option<(usize, String)> {
    let mut words = split(name);
    let part = |word: &String| PARTS.iter().position(|words| words.contains(&word.as_str()));
    let at = words.iter().position(|word| part(word).is_some())?;
    let part = part(&words[at])?;
    words.remove(at);
    Some((part, words.join(" ")))
}

/// Is the column of this name one of years, and of nothing else?
pub fn names_year(name: &str, values: &ColumnSample) -> bool {
    let of_requests = |rest: &str| {
        let words = NameWords::of(rest);
        words.unknown == 0 && words.concepts.iter().all(|one| *one == Concept::Request)
    };
    part_of(name).is_some_and(|(part, rest)| part == 0 && of_requests(&rest)) && are_in(values, 0)
}

/// Are all values numbers of this part?
fn are_in(values: &ColumnSample, part: usize) -> bool {
    let fits = |word: &String| word.parse().is_ok_and(|number: u32| RANGES[part].contains(&number));
    values.filled > 0 && values.distinct.keys().all(fits)
}

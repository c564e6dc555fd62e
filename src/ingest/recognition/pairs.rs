//! Columns that are coordinates by their values and by names that differ in the sides alone, and
//! columns that perhaps are some, of names that say nothing.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::ingest::column::coordinate_names::CoordinateName;
use crate::ingest::column::guess::SURE;
use crate::ingest::column::keys::{KeyOf, key_of, names_count};
use crate::ingest::column::owners::without_owners;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords, split};
use crate::ingest::numbers::grouped;
use crate::ingest::recognition::places::{COORDINATES, CoordinatePair, PLACES};
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};

/// Columns of numbers that are compared by their names.
const COMPARED_MAX: usize = 200;
/// Certainty of coordinates by names that differ in their sides alone.
const BY_SIDES: f64 = 0.8;
/// Certainty of two columns of numbers that may be coordinates: a doubt.
const DOUBTED: f64 = 0.55;
/// Least size of a projected coordinate, whatever its name, and of one under a known name.
const UNNAMED_MIN: f64 = 10_000.0;
const NAMED_MIN: f64 = 1_000.0;
/// Size of coordinates, and the widest and the narrowest city, in metres or feet.
const UNNAMED_MAX: f64 = 100_000_000.0;
const WIDTHS: std::ops::RangeInclusive<f64> = 100.0..=400_000.0;
/// Share of the values of a column of coordinates that are numbers of their size.
const SHARE: f64 = 0.95;
/// Share of the values that differ: places of requests seldom come again.
const DISTINCT_MIN: f64 = 0.5;
/// Rows that show that values differ.
const ROWS_MIN: u32 = 5;

/// What a column of numbers that is no coordinate says by its name.
const OTHERS: [Concept; 15] = [
    Concept::Id,
    Concept::Number,
    Concept::RowNumber,
    Concept::Code,
    Concept::Postcode,
    Concept::Period,
    Concept::Date,
    Concept::House,
    Concept::Parent,
    Concept::Created,
    Concept::Closed,
    Concept::Updated,
    Concept::Expected,
    Concept::Category,
    Concept::Channel,
];

/// Words of names for sums of money, sizes and people.
const AMOUNTS: &str = "\
    cost costs amount price fee fees total sum budget value population size weight length kosten \
    betrag preis summe cout couts montant prix total valeur importe costo coste precio valor \
    monto prezzo importo spesa custo preco bedrag prijs kwota koszt cena minutes seconds hours \
    duration duree dauer";

impl Recognition {
    /// Looks at columns two by two whose names differ in the sides alone; where no column is a
    /// place, also at two columns of numbers of any names.
    pub fn pair_others(&mut self) {
        self.pair_by_sides();
        let is_place = |column: &RecognisedColumn| {
            column.guess.is_some_and(|(field, _)| PLACES.contains(&field))
        };
        if !self.columns.iter().any(is_place) {
            self.doubt_unnamed();
        }
    }

    fn pair_by_sides(&mut self) {
        let is_known = |field: &str| {
            let is = |column: &RecognisedColumn| {
                column.guess.is_some_and(|(of, certainty)| of == field && certainty >= SURE)
            };
            self.columns.iter().any(is)
        };
        let has_place = is_known("point") || (is_known("lat") && is_known("lon"));
        if has_place || (is_known("x") && is_known("y")) {
            return;
        }
        let is_number = |at: &usize| {
            let (column, values) = (&self.columns[*at], &self.values[*at]);
            let is_open = column.guess.is_none_or(|(field, _)| COORDINATES.contains(&field));
            let is_free = is_open && !column.key.is_empty() && !column.is_of_others;
            is_free && values.share(values.numbers) >= SHARE
        };
        let numbers: Vec<usize> =
            (0..self.columns.len()).filter(is_number).take(COMPARED_MAX).collect();
        let names: Vec<CoordinateName> =
            numbers.iter().map(|at| CoordinateName::of(&self.columns[*at].bare)).collect();
        for (east_name, east) in names.iter().zip(&numbers) {
            let mut norths = names.iter().zip(&numbers);
            let Some((_, north)) = norths.find(|(name, _)| east_name.is_east_of(name)) else {
                continue;
            };
            let both = [&self.values[*east], &self.values[*north]];
            let are_large = both.iter().all(|values| share_from(values, NAMED_MIN) >= SHARE);
            let fields = match CoordinatePair::of(both[0], both[1]) {
                Some(CoordinatePair::Degrees(certainty)) => {
                    [("lon", certainty), ("lat", certainty)]
                }
                Some(CoordinatePair::Projected(certainty)) if are_large => {
                    [("x", certainty.min(BY_SIDES)), ("y", certainty.min(BY_SIDES))]
                }
                _ => continue,
            };
            // A name that says the other side is not overruled.
            let is_other = |(at, (field, _)): (&usize, &(&'static str, f64))| {
                let guess = self.columns[*at].guess;
                guess.is_some_and(|(of, certainty)| of != *field && certainty >= SURE)
            };
            if [east, north].into_iter().zip(&fields).any(is_other) {
                continue;
            }
            for (at, guess) in [*east, *north].into_iter().zip(fields) {
                let column = &mut self.columns[at];
                let found = without_owners(Some(guess), &column.bare, true);
                (column.guess, column.is_of_others) = found;
            }
            return;
        }
    }

    /// Two columns of distinct numbers of five to eight digits in a narrow range are perhaps the
    /// places of a file that has no others.
    fn doubt_unnamed(&mut self) {
        let first = self.columns.iter().position(|column| !column.key.is_empty());
        let may_be = |at: &usize| {
            let (column, values) = (&self.columns[*at], &self.values[*at]);
            let is_free = column.guess.is_none() && !column.key.is_empty() && first != Some(*at);
            is_free && says_nothing_else(&column.bare) && are_coordinates(values)
        };
        let found: Vec<usize> = (0..self.columns.len()).filter(may_be).collect();
        let beside = found.windows(2).find(|pair| pair[0] + 1 == pair[1]);
        let pair = beside.or(found.get(..2)).map(|pair| [pair[0], pair[1]]);
        for (at, field) in pair.into_iter().flatten().zip(["x", "y"]) {
            self.columns[at].guess = Some((field, DOUBTED));
        }
    }
}

/// The share of the values that are numbers of this size or larger.
fn share_from(values: &ColumnSample, least: f64) -> f64 {
    let is_large = |text: &str| grouped(text).is_some_and(|number| number.abs() >= least);
    let counts = values.distinct.iter().filter(|(text, _)| is_large(text)).map(|(_, count)| count);
    let counted: u32 = values.distinct.values().sum();
    f64::from(counts.sum::<u32>()) / f64::from(counted.max(1))
}

/// May a column of this name have coordinates?
fn says_nothing_else(name: &str) -> bool {
    let is_amount =
        |word: &String| AMOUNTS.split_whitespace().any(|amount| amount == word.as_str());
    !NameWords::of(name).has_any(&OTHERS)
        && key_of(name) != KeyOf::Other
        && !names_count(name)
        && !split(name).iter().any(is_amount)
}

/// Are the values numbers of the size of coordinates, most of them distinct, within a city?
fn are_coordinates(values: &ColumnSample) -> bool {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut fitting, mut counted) = (0, 0);
    for (text, count) in &values.distinct {
        counted += count;
        let Some(number) = grouped(text).filter(|n| (UNNAMED_MIN..UNNAMED_MAX).contains(&n.abs()))
        else {
            continue;
        };
        fitting += count;
        (least, most) = (least.min(number), most.max(number));
    }
    values.filled >= ROWS_MIN
        && f64::from(fitting) >= SHARE * f64::from(counted)
        && values.uniqueness() >= DISTINCT_MIN
        && values.share(values.times + values.links + values.containers) < 1.0 - SHARE
        && WIDTHS.contains(&(most - least))
}

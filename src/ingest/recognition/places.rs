//! What a recognised file says of its places: addresses beside them, and columns that should be
//! places and are not read as such.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::i18n::Message;
use crate::ingest::column::centres::names_centre;
use crate::ingest::column::guess::NAME_ALONE;
use crate::ingest::column::owners::without_owners;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};
use crate::message;

/// Fields of coordinates.
pub const COORDINATES: [&str; 4] = ["lon", "lat", "x", "y"];
/// Share of the values of a column of coordinates that are numbers or degrees.
const SHARE: f64 = 0.95;
/// Share of the numbers that have decimals.
const DECIMALS_SHARE: f64 = 0.5;
/// Decimals from which degrees say a street: 100 m.
const DECIMALS_MIN: usize = 3;

/// What two columns of coordinates are, by the values of both.
pub enum CoordinatePair {
    /// Longitude and latitude, with this certainty.
    Degrees(f64),
    /// Projected coordinates, with this certainty.
    Projected(f64),
}

impl CoordinatePair {
    /// What columns named after the east and the north are that nobody knows yet; `None` where
    /// their values are no coordinates. Few decimals are a doubt, and so are degrees in some rows
    /// and projected coordinates in others. Columns without values may have some in later rows.
    pub fn of(east: &ColumnSample, north: &ColumnSample) -> Option<Self> {
        let both = [east, north];
        if both.iter().all(|values| values.filled == 0) {
            return Some(Self::Projected(NAME_ALONE[0]));
        }
        let are = |count: fn(&ColumnSample) -> u32, least: f64| {
            both.iter().all(|values| values.filled > 0 && values.share(count(values)) >= least)
        };
        if !are(|values| values.numbers, SHARE) {
            return None;
        }
        let with = |decimals| both.iter().all(|values| has_decimals(values, decimals));
        let in_degrees = [east.share(east.longitudes), north.share(north.latitudes)];
        match in_degrees {
            [e, n] if e >= SHARE && n >= SHARE => match with(DECIMALS_MIN) {
                true => Some(Self::Degrees(0.85)),
                false => with(1).then_some(Self::Degrees(0.5)),
            },
            [_, n] if n <= 1.0 - SHARE => Some(Self::Projected(0.88)),
            [e, _] if e <= 1.0 - SHARE => Some(Self::Projected(0.88)),
            _ => Some(Self::Projected(0.5)),
        }
    }
}

/// Does the name say nothing but that the column is a coordinate?
fn is_bare(column: &RecognisedColumn) -> bool {
    let words = NameWords::of(&column.bare);
    let is_own =
        |concept: &Concept| [Concept::East, Concept::North, Concept::Point].contains(concept);
    words.unknown == 0 && words.concepts.iter().all(is_own)
}

/// Have half of the numbers so many decimals or more? Spreadsheets leave zeros at the end out.
fn has_decimals(values: &ColumnSample, decimals: usize) -> bool {
    let of = |text: &str| text.rsplit_once(['.', ',']).map_or(0, |(_, behind)| behind.len());
    let count = |with: bool| {
        let texts = values.distinct.iter().filter(|(text, _)| !with || of(text) >= decimals);
        texts.map(|(_, count)| f64::from(*count)).sum::<f64>()
    };
    count(true) >= DECIMALS_SHARE * count(false)
}

/// Fields that are read as places.
pub const PLACES: [&str; 5] = ["lat", "lon", "point", "x", "y"];

impl RecognisedColumn {
    /// Is it read as a place, and are its places by their name those of whole areas?
    fn is_centre(&self) -> bool {
        self.field.is_some_and(|field| PLACES.contains(&field)) && names_centre(&self.bare)
    }
}

impl Recognition {
    /// Beside places of requests, those of areas are not read.
    pub fn drop_centres(&mut self) {
        let is_place = |column: &RecognisedColumn| {
            column.field.is_some_and(|field| PLACES.contains(&field)) && !column.examples.is_empty()
        };
        let has_own = self.columns.iter().any(|column| is_place(column) && !column.is_centre());
        let centres = self.columns.iter_mut().filter(|column| has_own && column.is_centre());
        centres.filter(|column| !column.is_declared).for_each(|column| column.field = None);
    }

    /// Are all places that are read those of areas?
    pub fn has_centres(&self) -> bool {
        self.columns.iter().any(RecognisedColumn::is_centre)
    }

    /// What people should know of how the columns are read.
    pub fn notes_of_columns(&self) -> Vec<Message> {
        let by_name = self.statuses_by_name().into_iter();
        let notes = by_name.chain(self.left_to_others()).chain(self.centres_in_words());
        let notes = notes.chain(self.accuracies_in_words()).chain(self.sites_in_words());
        notes.chain(self.arcgis_in_words()).chain(self.notes_of_words()).collect()
    }

    /// That the places are not those of the requests, where their columns' names say so.
    fn centres_in_words(&self) -> Option<Message> {
        let name = &self.columns.iter().find(|column| column.is_centre())?.name;
        Some(message!(
            "« {name} » : d’après leur nom, les lieux sont les centres de secteurs ; les demandes \
             sont gardées à une position approximative",
            "'{name}': by their name the places are the centres of areas; the reports are kept at \
             approximate positions"
        ))
    }

    /// Looks at columns named after the east and the north two by two: what one alone is, its
    /// values do not always say.
    pub fn pair_coordinates(&mut self) {
        let others = [Concept::Latitude, Concept::Longitude, Concept::Id, Concept::Number];
        let named = |of: Concept, other: Concept| -> Vec<usize> {
            let is_named = |column: &RecognisedColumn| {
                let words = NameWords::of(&column.bare);
                words.has(of) && !words.has(other) && !words.has_any(&others)
            };
            (0..self.columns.len()).filter(|n| is_named(&self.columns[*n])).collect()
        };
        let (east, north) =
            (named(Concept::East, Concept::North), named(Concept::North, Concept::East));
        if east.len() != north.len() {
            return;
        }
        let is_place = |column: &RecognisedColumn| {
            column.guess.is_some_and(|(field, _)| ["lat", "lon", "point"].contains(&field))
        };
        let has_place = self.columns.iter().any(is_place);
        for (east, north) in east.into_iter().zip(north) {
            let fields = [east, north].map(|number| self.columns[number].guess);
            let is_other = |(field, _): &(&str, f64)| !COORDINATES.contains(field);
            let is_known = match fields {
                [Some(("lon", _)), Some(("lat", _))] | [Some(("x", _)), Some(("y", _))] => true,
                _ => fields.iter().flatten().any(is_other),
            };
            let Some(found) = CoordinatePair::of(&self.values[east], &self.values[north]) else {
                continue;
            };
            let (names, certainty) = match found {
                _ if is_known => continue,
                CoordinatePair::Degrees(certainty) => (["lon", "lat"], certainty),
                CoordinatePair::Projected(certainty) => (["x", "y"], certainty),
            };
            for (number, field) in [east, north].into_iter().zip(names) {
                let is_filled = self.values[number].filled > 0;
                let column = &mut self.columns[number];
                if column.key.is_empty() || (!is_filled && (has_place || !is_bare(column))) {
                    continue;
                }
                let found = without_owners(Some((field, certainty)), &column.bare, is_filled);
                (column.guess, column.is_of_others) = found;
            }
        }
    }

    /// Addresses that are written beside their places are read, too.
    pub fn keep_addresses(&mut self) {
        let with =
            |column: &&RecognisedColumn| column.field == Some("point") && column.has_addresses;
        let keys = self.columns.iter().filter(with).map(|column| column.key.clone());
        let keys: Vec<String> = keys.collect();
        self.more.extend(keys.into_iter().map(|key| ("address", key)));
    }

    /// Why the file, of which no column is read as a place, has none, where a column seems to be
    /// one.
    pub fn place_not_understood(&self) -> Option<Message> {
        if ["point", "lat", "x"].iter().any(|field| self.has(field)) {
            return None;
        }
        let likely = self.likely("point")?;
        if likely.is_of_others {
            return Some(likely.perhaps("point"));
        }
        let RecognisedColumn { name, examples, .. } = likely;
        let example = examples.first().map_or("", String::as_str);
        Some(message!(
            "point : peut-être « {name} », dont des valeurs comme « {example} » ne sont pas lues \
             comme des lieux",
            "point: perhaps '{name}', of which values such as '{example}' are not read as places"
        ))
    }
}

//! Members of nested objects, as JSON has them: an object that holds a place has other members,
//! too; names of several lists of records.

use crate::ingest::column::guess::SURE;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::read::LIST;
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};

/// Concepts of members that are the place itself.
const OF_PLACES: [Concept; 5] =
    [Concept::Latitude, Concept::Longitude, Concept::East, Concept::North, Concept::Point];

/// Names of members that say how a place is written.
const ABOUT_PLACES: [&str; 9] = [
    "crs",
    "srid",
    "srs",
    "wkid",
    "latestwkid",
    "spatialreference",
    "bbox",
    "geohash",
    "needs_recoding",
];

/// Kinds of geometries, which are no categories.
const KINDS: [&str; 7] = [
    "point",
    "multipoint",
    "linestring",
    "multilinestring",
    "polygon",
    "multipolygon",
    "geometrycollection",
];

/// Members of a category that are the coarser one above it.
const COARSER: [&str; 5] = ["parent", "main", "group", "supercategory", "top"];

/// Fields of the members of an object whose name says that it is a place.
const BESIDE_PLACES: [&str; 3] = ["address", "area", "zipcode"];

impl Recognition {
    /// The members of a place that say the place itself, such as `location.type` and `geom.lat`,
    /// are no fields of their own. Other members of its object are: `details.status`,
    /// `location.address`.
    pub fn drop_parts_of_places(&mut self) {
        let is_place = |column: &&RecognisedColumn| {
            let has_values = !column.examples.is_empty();
            let is = |(field, certainty)| field == "point" && certainty >= SURE;
            has_values && column.guess.is_some_and(is)
        };
        let places = self.columns.iter().filter(is_place);
        let places: Vec<String> = places.map(|column| format!("{}.", column.name)).collect();
        for (column, values) in self.columns.iter_mut().zip(&self.values) {
            let place = places.iter().find(|place| column.name.starts_with(*place));
            let Some(place) = place else { continue };
            let path = column.name.get(place.len()..).unwrap_or_default();
            let own = NameWords::of(path.rsplit('.').next().unwrap_or_default());
            let is_beside = column.guess.is_some_and(|(field, _)| BESIDE_PLACES.contains(&field))
                && own.has_any(&[Concept::Address, Concept::Area, Concept::Postcode]);
            let is_kept = is_beside || !names_place(place);
            if !is_kept || is_part_of_place(path, values) {
                column.guess = None;
            }
        }
    }
}

impl Recognition {
    /// The name of a category's parent, a member of the same object, is that of a group.
    pub fn rank_names_of_parents(&mut self) {
        let is_category = |column: &RecognisedColumn| {
            column.guess.is_some_and(|(field, certainty)| field == "category" && certainty >= SURE)
        };
        let coarser = |name: &str| {
            let mut members = name.match_indices('.').map(|(at, _)| at);
            members.find_map(|at| {
                let member =
                    name.get(at + 1..).unwrap_or_default().split('.').next().unwrap_or_default();
                COARSER.contains(&member).then(|| name.get(..=at).unwrap_or_default().to_owned())
            })
        };
        let own = self.columns.iter().filter(|column| is_category(column));
        let own = own.filter(|column| coarser(&column.bare).is_none());
        let own: Vec<String> = own.map(|column| column.bare.clone()).collect();
        for column in self.columns.iter_mut().filter(|column| is_category(column)) {
            let object = coarser(&column.bare);
            if object.is_some_and(|object| own.iter().any(|name| name.starts_with(&object))) {
                column.guess = Some(("hint", 0.8));
            }
        }
    }

    /// Where no column has categories, the names of several lists of records may be them.
    pub fn offer_names_of_lists(&mut self) {
        let is_category = |column: &RecognisedColumn| {
            let guess = column.guess;
            guess.is_some_and(|(field, _)| field == "category" || field == "service")
        };
        if self.columns.iter().any(is_category) {
            return;
        }
        for (column, values) in self.columns.iter_mut().zip(&self.values) {
            let are_words = values.filled > 0 && values.words == values.filled;
            if column.name == LIST && column.guess.is_none() && are_words {
                column.guess = Some(("category", 0.5));
            }
        }
    }
}

/// Does the name of an object say that it is a place?
fn names_place(object: &str) -> bool {
    let own = object.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let words = NameWords::of(own);
    words.has(Concept::Address) || words.has_any(&OF_PLACES)
}

/// Is a member of an object with a place, of this path within it, the place itself?
fn is_part_of_place(path: &str, values: &ColumnSample) -> bool {
    let is_part = |member: &str| {
        NameWords::of(member).has_any(&OF_PLACES)
            || ABOUT_PLACES.contains(&member.to_ascii_lowercase().as_str())
    };
    let is_kind = |word: &String| KINDS.contains(&word.to_ascii_lowercase().as_str());
    let are_kinds = !values.distinct.is_empty() && values.distinct.keys().all(is_kind);
    are_kinds || path.split('.').any(is_part)
}

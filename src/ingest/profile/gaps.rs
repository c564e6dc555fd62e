//! What a built-in profile leaves out of a file: the columns that it does not name, and, of the
//! fields that every report wants, those that are in one of these columns alone.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use std::collections::HashMap;

use crate::error::{Error, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::column::centres::names_centre;
use crate::ingest::column::flags::status_by_name;
use crate::ingest::column::guess::SURE;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::profile::document::Profile;
use crate::ingest::read::Input;
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};

/// The column by which rows name their jurisdiction, as exports of this service do.
pub const CITY_COLUMN: &str = "jurisdiction_id";

/// Certainty from which a column that may be a field is a reason to ask.
const PERHAPS: f64 = 0.5;

/// The fields that are looked for; those of a place give the same. Of layouts that many publishers
/// use, ids and addresses are, too.
const WANTED: [&[&str]; 3] = [&["status"], &["closed"], &["lon", "lat", "point", "x", "y"]];

/// Certainty of the numbers that a program gave to rows, which are no ids of a source.
const ROW_NUMBERS: f64 = 0.75;

/// Fields of one text, which an object or a list is not.
const TEXTS: [&str; 12] = [
    "id",
    "category",
    "service",
    "hint",
    "status",
    "channel",
    "address",
    "area",
    "zipcode",
    "requested",
    "updated",
    "closed",
];

/// A profile that was chosen for a file by itself.
pub struct ChosenProfile {
    /// The profile, with the columns that were added.
    pub profile: Profile,
    /// What the columns were recognised as, where no built-in profile decides.
    pub recognition: Option<Recognition>,
    /// Fields with the columns that the profile does not name, as `field` and the column's name.
    pub added: Vec<(&'static str, String)>,
}

/// Which of the wanted fields a file has in columns that its profile does not name.
enum Gaps {
    /// None, or these columns surely are them: field, number of the column.
    Added(Vec<(&'static str, usize)>),
    /// Some column may be one.
    Open,
}

impl ChosenProfile {
    /// The built-in profile that fits a file, else what the columns of a sample are recognised as,
    /// as those of a file are in which a field of the profile is an object with members.
    /// Where the profile leaves the status, the closing or the place open and a column of another
    /// name surely has it, that column is added; where one only may have it, the columns are
    /// recognised as those of a file of unknown layout, which asks for it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn of(input: &Input, header: &[String]) -> Result<Self> {
        let known = Profile::recognise(header).filter(|known| known.serves(header));
        let Some(profile) = known else { return Self::recognised(input, Recognition::of(input)?) };
        let is_whole = header.iter().all(|key| profile.reads(key));
        // A file of which no row can be read is refused by the import itself.
        let sample = if is_whole { None } else { Recognition::of(input).ok() };
        let Some(sample) = sample.filter(|sample| sample.rows > 0) else {
            return Ok(Self { profile, recognition: None, added: Vec::new() });
        };
        match gaps(&profile, &sample) {
            Gaps::Open => Self::recognised(input, sample),
            Gaps::Added(found) => Ok(Self::with(profile, &sample, &found)),
        }
    }

    fn recognised(input: &Input, found: Recognition) -> Result<Self> {
        let profile = found.profile().map_err(|reason| {
            let message = Message { fr: reason.clone(), en: reason };
            Error::from(Refusal::new("file", input.label(), message))
        })?;
        Ok(Self { profile, recognition: Some(found), added: Vec::new() })
    }

    fn with(profile: Profile, sample: &Recognition, found: &[(&'static str, usize)]) -> Self {
        let mut chosen = Self { profile, recognition: None, added: Vec::new() };
        for (field, number) in found {
            let column = &sample.columns[*number];
            let names = chosen.profile.columns.entry((*field).to_owned()).or_default();
            // Its source's id is better than the number that a program gave a feature.
            let at = if *field == "id" { 0 } else { names.len() };
            names.insert(at, column.key.clone());
            chosen.added.push((field, column.name.clone()));
        }
        chosen
    }
}

impl Profile {
    /// Does some field have this column?
    pub fn reads(&self, key: &str) -> bool {
        let names = self.columns.values().flatten();
        names.flat_map(|name| name.split('+')).any(|name| name == key)
            || self.approximate_when.contains_key(key)
            || self.header.iter().any(|name| name == key)
            || key == CITY_COLUMN
    }
}

/// Has the column of a field of one text objects or lists? What is meant is in one of their
/// members, which the profile does not name.
fn has_objects(profile: &Profile, sample: &Recognition) -> bool {
    let names = TEXTS.iter().filter_map(|field| profile.columns.get(*field)).flatten();
    let keys: Vec<&str> = names.flat_map(|name| name.split('+')).collect();
    let is_object =
        |values: &ColumnSample| values.filled > 0 && values.share(values.containers) >= 0.5;
    let mut columns = sample.columns.iter().zip(&sample.values);
    columns.any(|(column, values)| keys.contains(&column.key.as_str()) && is_object(values))
}

/// Looks for the wanted fields that no column of the profile has in the sample.
fn gaps(profile: &Profile, sample: &Recognition) -> Gaps {
    if has_objects(profile, sample) {
        return Gaps::Open;
    }
    let filled = |fields: &[&str]| {
        let names = fields.iter().filter_map(|field| profile.columns.get(*field)).flatten();
        let keys: Vec<&str> = names.flat_map(|name| name.split('+')).collect();
        let of_keys = sample.columns.iter().zip(&sample.values);
        of_keys.filter(|(column, _)| keys.contains(&column.key.as_str())).any(|(_, v)| v.filled > 0)
    };
    let mut added = Vec::new();
    for fields in WANTED {
        if filled(fields) {
            continue;
        }
        let found = candidates(profile, sample, fields);
        let sure: HashMap<&str, usize> =
            found.iter().filter(|one| one.2).map(|(field, number, _)| (*field, *number)).collect();
        let pairs = [("lon", "lat"), ("x", "y")];
        let is_alone = |field: &str| {
            let other = pairs.iter().find_map(|(a, b)| match field {
                _ if field == *a => Some(b),
                _ if field == *b => Some(a),
                _ => None,
            });
            other.is_some_and(|other| !sure.contains_key(other))
        };
        if found.iter().any(|(field, _, is_sure)| !is_sure || is_alone(field)) {
            return Gaps::Open;
        }
        // The longitude and the latitude are better than other coordinates.
        let has_degrees = sure.contains_key("lon") || sure.contains_key("point");
        let is_taken = |field: &str| !(has_degrees && ["x", "y"].contains(&field));
        let found = found.into_iter().filter(|(field, ..)| is_taken(field));
        added.extend(found.map(|(field, number, _)| (field, number)));
    }
    match id_beside(profile, sample) {
        Some((_, false)) => return Gaps::Open,
        Some((number, true)) => added.push(("id", number)),
        None => {}
    }
    if profile.own_names && !filled(&["address"]) {
        let certainty = |number: usize| sample.columns[number].guess.map_or(0.0, |guess| guess.1);
        let found = candidates(profile, sample, &["address"]).into_iter();
        let found = found.filter(|(_, _, is_sure)| *is_sure).map(|(_, number, _)| number);
        let best = found.rev().max_by(|a, b| certainty(*a).total_cmp(&certainty(*b)));
        added.extend(best.map(|number| ("address", number)));
    }
    Gaps::Added(added)
}

/// The column of ids of a file of a layout that many publishers use, where the layout's own columns
/// of ids have no value, or numbers of rows alone; with it whether it is sure.
fn id_beside(profile: &Profile, sample: &Recognition) -> Option<(usize, bool)> {
    let own: Vec<_> = {
        let names = profile.columns.get("id").into_iter().flatten();
        let values = names.filter_map(|name| {
            let number = sample.columns.iter().position(|column| column.key == *name)?;
            Some(&sample.values[number])
        });
        values.filter(|values| values.filled > 0).collect()
    };
    if !profile.own_names || own.iter().any(|values| !values.are_row_numbers()) {
        return None;
    }
    let certainty = |number: usize| sample.columns[number].guess.map_or(0.0, |guess| guess.1);
    let found = candidates(profile, sample, &["id"]).into_iter();
    let found = found.map(|(_, number, _)| number).filter(|number| {
        // Beside numbers of rows, a column has to be surely the ids.
        certainty(*number) > ROW_NUMBERS || (own.is_empty() && certainty(*number) < SURE)
    });
    let best = found.rev().max_by(|a, b| certainty(*a).total_cmp(&certainty(*b)))?;
    Some((best, certainty(best) >= SURE))
}

/// Columns with values that the profile does not name and that are, surely or perhaps, one of these
/// fields: field, number, whether it is sure.
fn candidates(
    profile: &Profile,
    sample: &Recognition,
    wanted: &[&str],
) -> Vec<(&'static str, usize, bool)> {
    let is_free = |column: &RecognisedColumn| {
        !column.key.is_empty() && !column.examples.is_empty() && !profile.reads(&column.key)
    };
    let columns = sample.columns.iter().enumerate().filter(|(_, column)| is_free(column));
    let found = columns.filter_map(|(number, column)| {
        let (field, certainty) = column.guess.filter(|(field, _)| wanted.contains(field))?;
        // What yes or a letter means there is written into the mapping of a recognised file.
        let is_by_name = field == "status"
            && status_by_name(&column.bare, &sample.values[number], sample.rows).is_some();
        // Nor is it the profile's that places are those of areas.
        let is_of_area = names_centre(&column.bare) && !["id", "address"].contains(&field);
        let is_sure = certainty >= SURE && !is_by_name && !is_of_area;
        (certainty >= PERHAPS).then_some((field, number, is_sure))
    });
    found.collect()
}

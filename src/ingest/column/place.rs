//! Which columns are places: by the words of their names and by their values.

use crate::ingest::column::guess::{Column, Guess, NAME_ALONE};
use crate::ingest::column::words::Concept;
use crate::ingest::place::os_grid::names_grid;

/// Distinct words, each without a digit, by which a column of places may say that there is none.
const FILLERS_MAX: usize = 12;

/// Concepts of names that speak of something about a place, such as `geo_type`.
const ABOUT_PLACES: [Concept; 18] = [
    Concept::Id,
    Concept::Number,
    Concept::RowNumber,
    Concept::Code,
    Concept::Category,
    Concept::Finer,
    Concept::Area,
    Concept::Group,
    Concept::Name,
    Concept::Status,
    Concept::Date,
    Concept::Period,
    Concept::Channel,
    Concept::Text,
    Concept::Answer,
    Concept::Postcode,
    Concept::East,
    Concept::North,
];

impl Column<'_> {
    /// Does the name say that the column holds a latitude, a longitude or a whole place?
    pub fn names_coordinate(&self) -> bool {
        self.names_place() || self.words.has_any(&[Concept::Latitude, Concept::Longitude])
    }

    /// Does the name say that the column holds whole places, as `coordinates` and `lat_lon` do?
    pub fn names_place(&self) -> bool {
        let has = |concept| self.words.has(concept);
        let both = has(Concept::Latitude) && has(Concept::Longitude);
        let one = has(Concept::Latitude) || has(Concept::Longitude);
        let is_about = self.words.has_any(&ABOUT_PLACES) || self.words.unknown > 1;
        both || (has(Concept::Point) && !one && !is_about)
    }

    /// A latitude or a longitude by its name, whose values are degrees with minutes: no pairs.
    pub fn parted_degrees(&self) -> Option<Guess> {
        let has = |concept| self.words.has(concept);
        let field = match (has(Concept::Latitude), has(Concept::Longitude)) {
            (true, false) => "lat",
            (false, true) => "lon",
            _ => return None,
        };
        let values = self.values;
        let known = f64::from(values.filled - values.unknown_places).max(1.0);
        let are_degrees = f64::from(values.parted_degrees) / known >= 0.8;
        are_degrees.then_some((field, 0.96))
    }

    /// Does the name say that the column holds addresses?
    pub fn names_address(&self) -> bool {
        let others = [Concept::Id, Concept::Number, Concept::Category, Concept::Status];
        self.words.has(Concept::Address) && !self.words.has_any(&others)
    }

    /// The field of a column of places; `None` where it is none. A column that its name says to be
    /// one, and whose values are read neither as places nor as addresses, is a doubt.
    pub fn place(&self) -> Option<Guess> {
        let (has, values) = (|concept| self.words.has(concept), self.values);
        let within = |count| values.filled > 0 && values.share(count) >= 0.95;
        let references = f64::from(values.grid_references);
        let known = f64::from(values.filled - values.unknown_places).max(1.0);
        if names_grid(self.name) && references >= 0.8 * known {
            return Some(("point", 0.9));
        }
        if values.filled > 0 && values.share(values.places) >= 0.8 {
            let named = has(Concept::Point) || (has(Concept::Latitude) && has(Concept::Longitude));
            // Links to maps have names of all kinds.
            let is_sure = named || values.share(values.links) >= 0.8;
            return Some(("point", if is_sure { 0.95 } else { 0.85 }));
        }
        // Rows of an address alone are among those with a place after it.
        let is_address = has(Concept::Address) && !self.words.has_any(&ABOUT_PLACES);
        if values.places_at_addresses > 0 && (is_address || self.names_place()) {
            return Some(("point", 0.85));
        }
        if self.names_place() {
            return self.named_place();
        }
        // Whatever the other cells are: they are addresses, or are refused one by one.
        if values.exact_places > 0 && self.names_address() {
            return Some(("point", 0.85));
        }
        if has(Concept::Address) && values.share(values.coordinates) >= 0.5 {
            return Some(("point", 0.5));
        }
        // Where its name says what it is, rows of other values are refused one by one; where most
        // are, the column is a doubt.
        let known = f64::from(values.filled - values.unknown_places).max(1.0);
        let named = |count| match f64::from(count) / known {
            0.95.. => 0.97,
            0.5.. => 0.8,
            _ => 0.5,
        };
        if self.are_words() {
            return None;
        }
        if has(Concept::Latitude) && !has(Concept::Longitude) && values.filled > 0 {
            return Some(("lat", named(values.latitudes)));
        }
        if has(Concept::Longitude) && !has(Concept::Latitude) && values.filled > 0 {
            return Some(("lon", named(values.longitudes)));
        }
        let is_degrees = within(values.precise) && within(values.longitudes);
        // The key of something is no coordinate, whatever the side it is named after.
        let is_of_key = self.words.has_any(&[Concept::Id, Concept::Code, Concept::Group]);
        let (lon_lat, projected) = match (has(Concept::East), has(Concept::North)) {
            _ if is_of_key => return None,
            (true, false) => ("lon", "x"),
            (false, true) => ("lat", "y"),
            _ => return None,
        };
        if is_degrees {
            return Some((lon_lat, 0.85));
        }
        let is_projected = within(values.numbers) && values.share(values.longitudes) <= 0.05;
        is_projected.then_some((projected, 0.88))
    }

    /// Are the values a few plain words, such as `YES` and `NO`? They are no places,
    /// whatever the name; words for a place that is not known are none of them.
    fn are_words(&self) -> bool {
        let values = self.values;
        let is_word =
            |text: &String| text.chars().all(|c| c.is_alphabetic() || " -'’()".contains(c));
        values.filled > 0
            && values.unknown_places == 0
            && values.containers == 0
            && values.distinct.len() <= FILLERS_MAX
            && values.filled as usize > values.distinct.len()
            && values.distinct.keys().all(is_word)
    }

    /// The field of a column that is one of places by its name, though few of its values are.
    fn named_place(&self) -> Option<Guess> {
        let values = self.values;
        if values.unknown_places == values.filled {
            return Some(("point", NAME_ALONE[0]));
        }
        if self.are_words() {
            return None;
        }
        let is_filler = |text: &&String| !text.bytes().any(|b| b.is_ascii_digit());
        let fillers = || values.distinct.iter().filter(|(text, _)| is_filler(text));
        let filled_by_words: u32 = match fillers().count() {
            0..=FILLERS_MAX => fillers().map(|(_, count)| count).sum(),
            _ => values.unknown_places,
        };
        let others = f64::from(values.filled.saturating_sub(filled_by_words)).max(1.0);
        if values.places > 0 && f64::from(values.places) >= 0.5 * others {
            return Some(("point", 0.8));
        }
        let plain = values.addresses + values.unknown_places;
        // Plainly addresses: a text of the request, and no place that could be read.
        match values.places == 0 && values.share(plain) >= 0.95 {
            true => None,
            false => Some(("point", 0.5)),
        }
    }
}

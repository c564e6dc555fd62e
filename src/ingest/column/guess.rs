//! Which field of a report a column most likely is, by its name and by its values.

use crate::ingest::column::addresses::{address_certainty, names_street};
use crate::ingest::column::areas::names_part_of_city;
use crate::ingest::column::centres::names_centre;
use crate::ingest::column::flags::status_by_name;
use crate::ingest::column::hour_names::names_hour;
use crate::ingest::column::key_names::{is_key_name, is_of_program};
use crate::ingest::column::keys::{KeyOf, counts_requests, key_of};
use crate::ingest::column::names_alone::{names_category_alone, names_confirmation};
use crate::ingest::column::other_ends::{names_end_of_other, says_end_of_times};
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::mapping::zones::names_zones;
use crate::ingest::time::no_time::is_word;

/// A field of [`FIELDS`](crate::ingest::profile::document::FIELDS), and its certainty, 0 to 1.
pub type Guess = (&'static str, f64);

/// From here on a column is read as its field without asking.
pub const SURE: f64 = 0.7;

/// The column of the ids of GeoJSON features.
const FEATURE_ID: &str = "*id";

/// Words that the statuses of a source may be.
const STATUSES_MAX: usize = 40;

/// Distinct words that a column of ends may have for the times that have not come.
const FILLERS_MAX: usize = 12;

/// Certainty of a column without a value in the sample, by its name: a time or a coordinate, and
/// a text. Each is below that of a column with values.
pub const NAME_ALONE: [f64; 2] = [0.79, SURE];

/// What the key of something else than the request is named by.
pub const NOT_OF_KEYS: [Concept; 12] = [
    Concept::Address,
    Concept::Area,
    Concept::House,
    Concept::Point,
    Concept::Group,
    Concept::Category,
    Concept::Postcode,
    Concept::Channel,
    Concept::Status,
    Concept::State,
    Concept::Name,
    Concept::Text,
];

/// Certainty of the place of an area.
const CENTRE: f64 = 0.79;

/// What each word of a name that no list has takes off the certainty.
const UNKNOWN_WORD: f64 = 0.08;

/// A column of a sample of `rows` rows.
pub struct Column<'a> {
    /// Its name as the source writes it.
    pub name: &'a str,
    /// The words of its name.
    pub words: &'a NameWords,
    /// Its values.
    pub values: &'a ColumnSample,
    /// Rows of the sample.
    pub rows: u32,
    /// It is the first column that has a name and values.
    pub is_first: bool,
}

impl Column<'_> {
    /// The field that the column most likely is; `None` where neither its name nor its values say
    /// one. A name that the values contradict counts for nothing.
    pub fn guess(&self) -> Option<Guess> {
        let values = self.values;
        // The zone of the times is no area.
        if names_zones(self.name) && !self.is_time() {
            return None;
        }
        // The time of day belongs to a day in another column.
        let is_hour = values.are_hours(names_hour(self.name)) && values.share(values.times) < 0.5;
        if let Some(found) = self.parted_degrees() {
            return Some(found);
        }
        if values.filled == 0 && values.empty_places > 0 {
            return Some(("point", NAME_ALONE[0]));
        }
        if values.filled == 0 && !is_hour {
            return self.by_name_alone();
        }
        // What a portal says of its own record is not about the request.
        let is_portal = self.words.is_technical && self.is_time();
        let is_link = values.share(values.links) >= 0.9
            && values.share(values.places) < 0.5
            && !self.names_place();
        if self.words.has(Concept::Period) || is_link || is_portal || is_hour {
            return None;
        }
        let is_time = self.is_time();
        // Who did something is neither when nor how far it is.
        if self.words.is_agent && !is_time {
            return None;
        }
        let is_unfilled = values.no_times == values.filled;
        let has_times = is_time && (values.times + values.number_times > 0 || is_unfilled);
        if !has_times && let Some(found) = status_by_name(self.name, values, self.rows) {
            return Some(("status", found.certainty));
        }
        let named = if is_time {
            self.time()
        } else if values.filled > 0 && values.share(values.containers) >= 0.5 {
            self.place()
        } else if values.are_flags() && !self.is_key() && !self.names_coordinate() {
            // What yes means under a name for a status, nobody but the owner knows.
            let is_state = self.words.has(Concept::State) && !self.are_regions();
            return (self.words.has(Concept::Status) || is_state).then_some(("status", 0.5));
        } else {
            let by_name = [Self::place, Self::id, Self::word, Self::text];
            by_name.iter().find_map(|guess| guess(self))
        };
        // A place of the request is better than the centre of its area.
        let is_centre = names_centre(self.name);
        let named = named.map(|(field, certainty)| match field {
            "lat" | "lon" | "x" | "y" | "point" if is_centre => (field, certainty.min(CENTRE)),
            _ => (field, certainty),
        });
        // A word before `id` names whose key it is, as `fitxa_id` does: a key has one for free.
        let free = u32::from(matches!(named, Some(("id", _))));
        let unknown = f64::from(self.words.unknown.saturating_sub(free).min(3)) * UNKNOWN_WORD;
        let by_name = named.map(|(field, certainty)| (field, certainty - unknown));
        let is_container = values.share(values.containers) >= 0.5;
        by_name.or_else(|| if is_container { None } else { self.by_values() })
    }

    /// Is it a column of times? Bare numbers are times only where the name says so.
    pub fn is_time(&self) -> bool {
        let says_time = self.words.has_any(&[
            Concept::Date,
            Concept::Created,
            Concept::Closed,
            Concept::Updated,
            Concept::Expected,
        ]);
        let values = self.values;
        if values.filled == 0 {
            return says_time && self.words.has(Concept::Date);
        }
        let numbers = if says_time && !self.is_key() { values.number_times } else { 0 };
        let times = values.times + numbers;
        values.share(times) >= 0.9 || self.is_end_with_fillers(times)
    }

    /// Is it a column of ends, of which those that have not come are words such as `Pending`, or 0
    /// or -1?
    fn is_end_with_fillers(&self, times: u32) -> bool {
        let values = self.values;
        let is_end = self.words.has_any(&[Concept::Closed, Concept::Updated, Concept::Expected]);
        let (has_times, says_date) = (times > 0, self.words.has(Concept::Date));
        let words = || values.distinct.keys().filter(|text| is_word(text)).count();
        let others = values.filled - values.words - values.no_times;
        is_end
            && (has_times || says_date)
            && f64::from(times) >= 0.9 * f64::from(others)
            && words() <= FILLERS_MAX
    }

    /// The field of a column that has no value in the sample: later rows may have some.
    fn by_name_alone(&self) -> Option<Guess> {
        let has = |concept| self.words.has(concept);
        let of_other =
            [Concept::Name, Concept::Group, Concept::Text, Concept::Answer, Concept::Outcome];
        let is_other = self.is_key() || self.words.has_any(&of_other);
        if self.words.has(Concept::Period) || self.words.is_technical || self.words.is_agent {
            return None;
        }
        let [sure, text] = NAME_ALONE;
        let is_time = has(Concept::Date) || !(is_other || self.is_status());
        let (field, certainty) = match () {
            () if is_time && has(Concept::Expected) => ("expected", sure),
            () if is_time && has(Concept::Updated) => ("updated", sure),
            () if is_time && has(Concept::Closed) && names_end_of_other(self.name) => return None,
            () if is_time && has(Concept::Closed) => ("closed", sure),
            () if is_time && has(Concept::Date) => return None,
            () if has(Concept::Latitude) && !has(Concept::Longitude) => ("lat", sure),
            () if has(Concept::Longitude) && !has(Concept::Latitude) => ("lon", sure),
            () if is_other && !has(Concept::Text) => return None,
            () if has(Concept::Status) => ("status", text),
            () if has(Concept::Point) => ("point", sure),
            () if has(Concept::Postcode) => ("zipcode", text),
            () if has(Concept::Area) && names_part_of_city(self.name) => ("area", text),
            () if has(Concept::Address) => ("address", text),
            () if has(Concept::Channel) => ("channel", text),
            () if has(Concept::Text) => ("description", text),
            () => return None,
        };
        let unknown = f64::from(self.words.unknown.min(3)) * UNKNOWN_WORD;
        // A column that is only perhaps one is no reason to ask: it has nothing to ask about.
        Some((field, certainty - unknown)).filter(|(_, certainty)| *certainty >= SURE)
    }

    /// Does its name speak of a key?
    fn is_key(&self) -> bool {
        self.words.has_any(&[Concept::Id, Concept::Number, Concept::Code])
    }

    /// Does its name speak of a status? `state` may mean a part of a country.
    fn is_status(&self) -> bool {
        self.words.has_any(&[Concept::Status, Concept::State])
    }

    fn filled(&self) -> f64 {
        f64::from(self.values.filled) / f64::from(self.rows.max(1))
    }

    fn time(&self) -> Option<Guess> {
        let has = |concept| self.words.has(concept);
        if has(Concept::Expected) {
            return Some(("expected", 0.9));
        }
        if has(Concept::Updated) {
            return Some(("updated", 0.9));
        }
        if has(Concept::Closed) || says_end_of_times(self.name) {
            return (!names_end_of_other(self.name)).then_some(("closed", 0.92));
        }
        if self.is_status() && !has(Concept::Created) {
            return Some(("updated", 0.8));
        }
        let certainty = if has(Concept::Created) {
            0.95
        } else if names_confirmation(self.name) {
            0.72
        } else if has(Concept::Date) && self.words.unknown == 0 {
            0.75
        } else {
            0.5
        };
        // Every request has begun: a column with gaps is another time.
        Some(("requested", if self.filled() < 0.9 { certainty - 0.3 } else { certainty }))
    }

    fn id(&self) -> Option<Guess> {
        let (has, values) = (|concept| self.words.has(concept), self.values);
        let is_named = is_key_name(self.name);
        let says_id =
            is_named || self.words.has_any(&[Concept::Id, Concept::Number, Concept::RowNumber]);
        if has(Concept::Parent) {
            let is_key = says_id || !values.is_vocabulary();
            return (is_key && values.filled > 0).then_some(("parent", 0.85));
        }
        let is_code = has(Concept::Code);
        let of = key_of(self.name);
        let is_other = self.words.has_any(&NOT_OF_KEYS) || of == KeyOf::Other;
        if is_other || !(says_id || is_code || has(Concept::Request)) {
            return None;
        }
        // Words such as `de` are no names of requests.
        let is_request = has(Concept::Request) && matches!(of, KeyOf::Request | KeyOf::Order);
        let is_request = is_request || (has(Concept::Number) && of == KeyOf::Request);
        let is_short = values.examples.iter().all(|text| text.chars().count() <= 40);
        let is_filled = self.filled() >= 0.98 && is_short;
        let is_key = values.uniqueness() >= 0.99 && is_filled;
        // Few rows differ by chance: only a name that says it, or the first place in the table,
        // makes a bare number a key.
        let is_long = self.rows >= 20 || (self.is_first && values.are_keys(true));
        if is_code {
            // Codes of the same few services come again.
            let is_own = is_key && is_long && !self.words.is_service;
            let certainty = if is_request || self.is_first { 0.85 } else { 0.72 };
            return is_own.then_some(("id", certainty));
        }
        if is_key
            && (self.words.is_technical || values.are_row_numbers() || has(Concept::RowNumber))
        {
            // The id of a feature that is no number of a row is its source's.
            let is_own = self.name == FEATURE_ID && !values.are_row_numbers();
            return Some(("id", self.row_key(is_own, is_request)));
        }
        if is_key && is_of_program(self.name) {
            return Some(("id", 0.78));
        }
        match (says_id, is_key) {
            (true, true) if is_request => Some(("id", 0.97)),
            (true, true) if has(Concept::Id) => Some(("id", 0.93)),
            (true, true) if is_named => Some(("id", 0.85)),
            // The number of something that no list has.
            (true, true) if of == KeyOf::Unknown => Some(("id", 0.6)),
            (true, true) => Some(("id", if is_long { 0.85 } else { 0.6 })),
            // The same request in several rows: the later row is its update.
            (true, false)
                if (is_request || has(Concept::Id))
                    && self.filled() >= 0.9
                    && is_short
                    && values.uniqueness() >= 0.8 =>
            {
                Some(("id", 0.8))
            }
            (true, false) if has(Concept::Number) && !is_request => None,
            (true, false) => {
                (values.uniqueness() >= 0.5 && self.filled() > 0.5).then_some(("id", 0.6))
            }
            (false, true) => Some(("id", if is_long { 0.75 } else { 0.6 })),
            _ => None,
        }
    }

    /// How surely a number of the rows is the id: a program's is worse than any other, a
    /// request's is better.
    fn row_key(&self, is_own: bool, is_request: bool) -> f64 {
        match self.words.is_technical || self.words.has(Concept::RowNumber) {
            _ if is_own => 0.77,
            true => 0.74,
            false if is_request => 0.76,
            false => 0.75,
        }
    }

    /// Fields whose values are words of a vocabulary.
    fn word(&self) -> Option<Guess> {
        let (has, values) = (|concept| self.words.has(concept), self.values);
        if values.filled == 0 || counts_requests(self.name) {
            return None;
        }
        // `Via` is Italian for a street.
        let is_street = names_street(self.name) && values.channels() < 0.3;
        if has(Concept::Channel) && !is_street {
            let known = values.channels() >= 0.3;
            let certainty = if known { 0.9 } else { 0.6 };
            let is_word = values.is_vocabulary() || values.channels() >= 0.5;
            return is_word.then_some(("channel", certainty));
        }
        if self.is_status() && !has(Concept::Answer) && !self.are_regions() {
            let (known, is_few) = (values.statuses(), values.distinct.len() <= STATUSES_MAX);
            let is_word = values.is_vocabulary() && is_few;
            let certainty = match known {
                0.5.. => 0.95,
                _ if is_word && known > 0.0 => 0.8,
                // Codes of one or two signs that no list has.
                _ if known == 0.0 && values.are_codes() => 0.5,
                // The name alone: words that no list has are listed and read as open.
                _ if is_word && has(Concept::Status) && !has(Concept::Code) => 0.72,
                _ => 0.5,
            };
            let is_text = has(Concept::Text) && !is_word;
            return (!is_text).then_some(("status", certainty));
        }
        let is_place = [Concept::Address, Concept::Area, Concept::Postcode];
        if !values.is_vocabulary() || self.words.has_any(&is_place) || has(Concept::Closed) {
            return None;
        }
        let (code, named) =
            (has(Concept::Code), self.words.has_any(&[Concept::Text, Concept::Name]));
        if values.natures() >= 0.99 && !has(Concept::Finer) {
            return Some(("nature", 0.8));
        }
        if has(Concept::Finer) {
            return Some(("category", 0.72));
        }
        let says_id = self.words.has_any(&[Concept::Id, Concept::Number]);
        if has(Concept::Group) {
            let is_name = !code && !says_id && values.share(values.numbers) < 0.5;
            return Some(("hint", if is_name { 0.8 } else { 0.71 }));
        }
        if (has(Concept::Category) || has(Concept::Request)) && (code || says_id) && !named {
            return Some(("service", 0.75));
        }
        if has(Concept::Category) {
            return Some(("category", if code { 0.85 } else { 0.92 }));
        }
        let is_alone = names_category_alone(self.name);
        if is_alone || !has(Concept::Request) || says_id {
            return is_alone.then_some(("category", 0.9));
        }
        let certainty = match (has(Concept::Name) || code, has(Concept::Text)) {
            (true, _) => 0.85,
            (_, true) => {
                if self.rows >= 20 {
                    0.72
                } else {
                    0.65
                }
            }
            _ if values.share(values.numbers) > 0.5 => 0.5,
            _ => 0.75,
        };
        Some(("category", certainty))
    }

    /// Are the values those of a country's state: one word, or codes of two letters?
    fn are_regions(&self) -> bool {
        let values = self.values;
        let is_code = |word: &String| word.len() <= 2 && !word.bytes().any(|b| b.is_ascii_digit());
        !self.words.has(Concept::Status)
            && (values.distinct.len() < 2 || values.distinct.keys().all(is_code))
            && values.statuses() == 0.0
    }

    fn text(&self) -> Option<Guess> {
        let (has, values) = (|concept| self.words.has(concept), self.values);
        let is_number = values.share(values.numbers) >= 0.9;
        if has(Concept::House) && (is_number || has(Concept::Number)) {
            return None;
        }
        if values.filled == 0 || has(Concept::Code) && !has(Concept::Postcode) {
            return None;
        }
        if has(Concept::Postcode) {
            return Some(("zipcode", 0.9));
        }
        if has(Concept::Area) {
            if !names_part_of_city(self.name) {
                return None;
            }
            // The area of a request may be its subject: a district's own word is better.
            let is_vague = self.words.is_bare_area;
            return Some(("area", if is_number || is_vague { 0.72 } else { 0.88 }));
        }
        if has(Concept::Address) || names_street(self.name) {
            let is_other = is_number || !(self.names_address() || names_street(self.name));
            return (!is_other).then_some(("address", address_certainty(self.name)));
        }
        if has(Concept::Answer) || has(Concept::Outcome) {
            return (!is_number).then_some(("notice", 0.72));
        }
        if has(Concept::Text) {
            let certainty = if values.is_vocabulary() { 0.6 } else { 0.85 };
            return (!is_number).then_some(("description", certainty));
        }
        // A category with more words than a vocabulary has: such as one word on each row of a short
        // sample.
        let is_category = has(Concept::Category) || has(Concept::Finer);
        (is_category && !is_number).then_some(("category", 0.72))
    }

    /// What the values alone say; only where the name says nothing.
    fn by_values(&self) -> Option<Guess> {
        let values = self.values;
        let says_nothing = self.words.concepts.iter().all(|concept| *concept == Concept::Request);
        if values.filled == 0 || !says_nothing {
            return None;
        }
        let few = values.is_vocabulary() && (2..=12).contains(&values.distinct.len());
        if few && values.statuses() >= 0.95 {
            return Some(("status", 0.75));
        }
        if few && values.channels() >= 0.8 {
            return Some(("channel", 0.72));
        }
        if values.share(values.places_at_addresses) >= 0.05 || values.share(values.places) >= 0.5 {
            return Some(("point", 0.72));
        }
        if values.share(values.precise) >= 0.9 && values.share(values.longitudes) >= 0.99 {
            let is_longitude = values.share(values.latitudes) < 0.01;
            return Some(if is_longitude { ("lon", 0.6) } else { ("lat", 0.5) });
        }
        None
    }
}

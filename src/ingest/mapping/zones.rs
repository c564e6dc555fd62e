//! A column that says the zone of each row's times: its name, and the zones that its cells mean.

use deunicode::deunicode;
use jiff::civil::{DateTime, date};
use jiff::tz::{Offset, TimeZone};

use crate::error::Refusal;
use crate::ingest::time::reader::TimeReader;
use crate::ingest::time::text::{WrittenDate, written};
use crate::ingest::time::zone_words::{ZoneWord, zone_word};
use crate::message;

/// Names of such columns in the languages of the sources, letters alone. A name may have a word
/// before it: `Created Time Zone`.
const NAMES: [&str; 23] = [
    "timezone",
    "timezoneid",
    "timezonename",
    "timezoneoffset",
    "tzoffset",
    "tzname",
    "utcoffset",
    "gmtoffset",
    "offsetutc",
    "offsetfromutc",
    "zeitzone",
    "utcabweichung",
    "utcversatz",
    "tijdzone",
    "zonahoraria",
    "husohorario",
    "fuseauhoraire",
    "zonehoraire",
    "decalagehoraire",
    "decalageutc",
    "fusoorario",
    "fusohorario",
    "strefaczasowa",
];
/// Names that are one only alone.
const WHOLE_NAMES: [&str; 3] = ["tz", "tzid", "fuseau"];

/// Farthest from UTC that a zone is, in minutes.
const MINUTES_MAX: f64 = 14.0 * 60.0;

/// Does the name of a column say that it holds zones of times?
pub fn names_zones(name: &str) -> bool {
    let plain = deunicode(name).to_ascii_lowercase();
    let letters: String = plain.chars().filter(char::is_ascii_alphabetic).collect();
    WHOLE_NAMES.contains(&&*letters) || NAMES.iter().any(|known| letters.ends_with(known))
}

/// What a cell of such a column means.
#[derive(Debug, Clone, PartialEq)]
pub enum ZoneCell {
    /// The time of the city.
    City,
    /// A zone, or a distance from UTC.
    Zone(TimeZone),
    /// An abbreviation.
    Word(ZoneWord),
    /// A declared abbreviation.
    Said(String),
}

impl ZoneCell {
    /// Reads `Europe/Berlin`, `EST`, `UTC`, `+01:00`, `UTC+1`, `-300` (minutes), `(UTC-05:00)
    /// Eastern Time`, or a word that `[zones]` declares; `None` where it is none of them.
    pub fn of(text: &str, clock: &TimeReader) -> Option<Self> {
        let text = text.trim();
        let lower = text.to_lowercase();
        if text.is_empty() {
            return None;
        }
        if clock.zones.said(&lower).is_some() {
            return Some(Self::Said(lower));
        }
        if lower == "local" {
            return Some(Self::City);
        }
        if let Some(word) = zone_word(text) {
            return Some(Self::Word(word));
        }
        if let Some(zone) = offset(&lower) {
            return Some(Self::Zone(zone));
        }
        let is_name = text.contains('/') || text.chars().all(char::is_alphanumeric);
        TimeZone::get(text).ok().filter(|_| is_name).map(Self::Zone)
    }

    /// The zone of a time of this text; `None` where it is the city's.
    pub fn zone(&self, text: &str, clock: &TimeReader) -> Result<Option<TimeZone>, Refusal> {
        match self {
            Self::City => Ok(None),
            Self::Zone(zone) => Ok(Some(zone.clone())),
            Self::Said(word) => Ok(clock.zones.said(word).cloned()),
            Self::Word(word) => {
                let zone = clock.zones.zone(&clock.zone, *word, wall_clock(text, clock));
                zone.map(Some).ok_or_else(|| {
                    let word = word.word;
                    let message = message!(
                        "peut être de plusieurs fuseaux ; [zones] {word} le dit dans un fichier \
                         de --mapping",
                        "may be of several zones; [zones] {word} in a --mapping file says it"
                    );
                    Refusal::new("time_zone", word.to_uppercase(), message)
                })
            }
        }
    }
}

/// The wall clock of a text, for the part of the year that it lies in.
fn wall_clock(text: &str, clock: &TimeReader) -> DateTime {
    let read = || {
        let parts = written(text)?;
        let date = match &parts.date {
            WrittenDate::Sure(date) => *date,
            either => clock.order?.date(either)?,
        };
        parts.at(date)
    };
    read().unwrap_or_else(|| date(2025, 1, 1).at(12, 0, 0, 0))
}

/// A distance from UTC: hours with minutes or decimals, or minutes alone from 60 on.
fn offset(text: &str) -> Option<TimeZone> {
    let text = match text.strip_prefix('(') {
        Some(inside) => inside.split(')').next()?,
        None => text,
    };
    let is_utc = |word: &str| text.strip_prefix(word).map(str::trim);
    let text = is_utc("utc").or_else(|| is_utc("gmt")).unwrap_or(text).replace('\u{2212}', "-");
    if text.is_empty() || text == "z" {
        return Some(TimeZone::UTC);
    }
    let negative = text.starts_with('-');
    let digits = text.trim_start_matches(['+', '-', '\u{b1}']);
    let number = |text: &str| {
        let is_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        text.parse::<f64>().ok().filter(|_| is_number)
    };
    let minutes = match digits.split_once(':') {
        Some((hours, rest)) => {
            number(hours)? * 60.0 + number(rest.split(':').next().unwrap_or_default())?
        }
        None if digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            number(digits.get(..2).unwrap_or_default())? * 60.0
                + number(digits.get(2..).unwrap_or_default())?
        }
        None => match number(digits.trim_end_matches('h').trim())? {
            hours if hours <= 14.0 => hours * 60.0,
            minutes => minutes,
        },
    };
    let is_offset = minutes <= MINUTES_MAX && minutes % 15.0 == 0.0;
    let seconds = (minutes * 60.0) as i32;
    let found = Offset::from_seconds(if negative { -seconds } else { seconds }).ok();
    found.filter(|_| is_offset).map(TimeZone::fixed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::time::zone_words::ZoneMeanings;

    #[test]
    fn columns_of_zones_are_known_by_their_names() {
        for name in [
            "Time Zone",
            "Timezone",
            "time_zone_id",
            "TZ",
            "UTC Offset",
            "created_time_zone",
            "Zeitzone",
            "Tijdzone",
            "Zona horaria",
            "Fuseau horaire",
            "Fuso horário",
            "Strefa czasowa",
        ] {
            assert!(names_zones(name), "{name}");
        }
        for name in ["Zone", "Time", "Zona", "Offset", "Time in zone", "Speed Zone"] {
            assert!(!names_zones(name), "{name}");
        }
    }

    #[test]
    fn cells_say_a_zone_in_every_spelling() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let (formats, zones) = (Vec::new(), ZoneMeanings::default());
        let clock = TimeReader { zone, utc_suffix_is_local: false, order: None, formats, zones };
        let text = "2024-07-01 08:00";
        for (cell, hours) in [
            ("UTC", 0.0),
            ("GMT", 0.0),
            ("Z", 0.0),
            ("EST", -5.0),
            ("edt", -4.0),
            ("Europe/Berlin", 2.0),
            ("America/New_York", -4.0),
            ("+00:00", 0.0),
            ("-05:00", -5.0),
            ("+0530", 5.5),
            ("UTC+1", 1.0),
            ("GMT-05:00", -5.0),
            ("-5", -5.0),
            ("5.5", 5.5),
            ("-300", -5.0),
            ("(UTC-05:00) Eastern Time (US & Canada)", -5.0),
        ] {
            let found = ZoneCell::of(cell, &clock).unwrap_or_else(|| panic!("{cell}"));
            let zone = found.zone(text, &clock).unwrap().unwrap();
            let at = wall_clock(text, &clock).to_zoned_datetime(zone).unwrap();
            assert_eq!(f64::from(at.offset().seconds()) / 3_600.0, hours, "{cell}");
        }
        for cell in ["Eastern", "North", "", "99", "+05:07", "Ward 3"] {
            assert_eq!(ZoneCell::of(cell, &clock), None, "{cell}");
        }
        let shared = ZoneCell::of("BST", &TimeReader { zone: TimeZone::UTC, ..clock.clone() });
        let said = shared.unwrap().zone(text, &TimeReader { zone: TimeZone::UTC, ..clock });
        assert_eq!(said.unwrap_err().field, "time_zone");
    }
}

//! Abbreviations of time zones, as times end with them and as names of columns have them. Several
//! zones share some: `CST` is of Chicago, of Shanghai and of Havana.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// An abbreviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneWord {
    /// In lower case.
    pub word: &'static str,
    /// Its usual distance from UTC, in minutes.
    pub minutes: i32,
    /// Zones of other distances use it, too.
    pub is_shared: bool,
}

const fn sure(word: &'static str, minutes: i32) -> ZoneWord {
    ZoneWord { word, minutes, is_shared: false }
}

const fn shared(word: &'static str, minutes: i32) -> ZoneWord {
    ZoneWord { word, minutes, is_shared: true }
}

const WORDS: [ZoneWord; 38] = [
    sure("gmt", 0),
    sure("wet", 0),
    sure("west", 60),
    sure("cet", 60),
    sure("mez", 60),
    sure("cest", 120),
    sure("mesz", 120),
    sure("eet", 120),
    sure("eest", 180),
    sure("edt", -240),
    sure("mdt", -360),
    sure("pdt", -420),
    sure("adt", -180),
    sure("nst", -210),
    sure("ndt", -150),
    sure("akst", -540),
    sure("akdt", -480),
    sure("hst", -600),
    sure("msk", 180),
    sure("sast", 120),
    sure("jst", 540),
    sure("kst", 540),
    sure("hkt", 480),
    sure("aest", 600),
    sure("aedt", 660),
    sure("acst", 570),
    sure("acdt", 630),
    sure("awst", 480),
    sure("nzst", 720),
    sure("nzdt", 780),
    shared("est", -300),
    shared("cst", -360),
    shared("cdt", -300),
    shared("mst", -420),
    shared("pst", -480),
    shared("ast", -240),
    shared("bst", 60),
    shared("ist", 330),
];

/// Words at the end of a name that are mostly something else: German `ist`, `west`, `wet`.
const NOT_IN_NAMES: [&str; 4] = ["ist", "west", "wet", "gmt"];

/// Days from the time at hand at which the abbreviations of its zone are looked up: a year.
const AROUND_DAYS: [i64; 5] = [0, 91, -91, 182, -182];

/// The abbreviation of this spelling.
pub fn zone_word(text: &str) -> Option<ZoneWord> {
    WORDS.into_iter().find(|known| known.word.eq_ignore_ascii_case(text))
}

/// The abbreviation at the end of a text.
pub fn last_zone_word(text: &str) -> Option<ZoneWord> {
    let start = text.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    zone_word(text.get(start..)?)
}

/// The offset that a zone itself calls so, within half a year of this wall clock.
pub fn own_offset(zone: &TimeZone, word: &str, wall: DateTime) -> Option<Offset> {
    let word = match word {
        "mez" => "cet",
        "mesz" => "cest",
        word => word,
    };
    let at = wall.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp();
    let is_called = |at: Timestamp| {
        let found = zone.to_offset_info(at);
        found.abbreviation().eq_ignore_ascii_case(word).then(|| found.offset())
    };
    let days = AROUND_DAYS.into_iter().map(|days| SignedDuration::from_hours(days * 24));
    days.filter_map(|days| at.checked_add(days).ok()).find_map(is_called)
}

/// What the name of a column of times says of their zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedZone {
    /// They are of UTC.
    Utc,
    /// The abbreviation of another zone, or `utc` with a number whose sign the name has lost.
    Word(String),
}

/// The zone that a folded name such as `created_utc` or `closed_est` has.
pub fn named_zone(name: &str) -> Option<NamedZone> {
    let words: Vec<&str> = name.split(['_', '.']).filter(|word| !word.is_empty()).collect();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    for (at, word) in words.iter().enumerate() {
        if !["utc", "gmt"].iter().any(|utc| word.starts_with(utc) || word.ends_with(utc)) {
            continue;
        }
        let rest = word.trim_start_matches("utc").trim_start_matches("gmt");
        let number = words.get(at + 1).filter(|next| is_number(next));
        return Some(match number {
            Some(number) => NamedZone::Word(format!("{word}_{number}")),
            None if is_number(rest) => NamedZone::Word((*word).to_owned()),
            None => NamedZone::Utc,
        });
    }
    let last = words.last().filter(|_| words.len() > 1)?;
    if ["z", "zulu"].contains(last) {
        return Some(NamedZone::Utc);
    }
    let found = zone_word(last).filter(|found| !NOT_IN_NAMES.contains(&found.word))?;
    Some(NamedZone::Word(found.word.to_owned()))
}

/// Which zones the abbreviations of a file mean.
#[derive(Debug, Clone, Default)]
pub struct ZoneMeanings {
    /// What somebody declared: an abbreviation in lower case, and its zone.
    pub declared: Vec<(String, TimeZone)>,
    /// Shared abbreviations have their usual meaning, whatever the city's zone is: for a look at
    /// columns before the city is known.
    pub takes_usual: bool,
}

impl ZoneMeanings {
    /// The zone that somebody declared for an abbreviation.
    pub fn said(&self, word: &str) -> Option<&TimeZone> {
        self.declared.iter().find(|(known, _)| known == word).map(|(_, zone)| zone)
    }

    /// The zone of an abbreviation at a wall clock, in a city of this zone: as declared, else as
    /// the city's own zone uses it, else the usual one; `None` where zones share it.
    pub fn zone(&self, city: &TimeZone, word: ZoneWord, wall: DateTime) -> Option<TimeZone> {
        let usual = || {
            let is_usual = !word.is_shared || self.takes_usual;
            Offset::from_seconds(word.minutes * 60).ok().filter(|_| is_usual)
        };
        let declared = self.said(word.word).cloned();
        declared.or_else(|| own_offset(city, word.word, wall).or_else(usual).map(TimeZone::fixed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_their_zone() {
        for name in [
            "created_utc",
            "closed_utc_time",
            "createddateutc",
            "utcdate",
            "created_gmt",
            "date_z",
            "opened_zulu",
            "erstellt_utc",
        ] {
            assert_eq!(named_zone(name), Some(NamedZone::Utc), "{name}");
        }
        for (name, word) in
            [("created_est", "est"), ("closed_at_cet", "cet"), ("opened_utc_2", "utc_2")]
        {
            assert_eq!(named_zone(name), Some(NamedZone::Word(word.to_owned())), "{name}");
        }
        for name in ["created", "est", "enddatum_ist", "created_west", "z", "cest"] {
            assert_eq!(named_zone(name), None, "{name}");
        }
    }

    #[test]
    fn a_zone_of_its_own_comes_before_the_usual_one() {
        let noon = jiff::civil::date(2025, 7, 1).at(12, 0, 0, 0);
        for (city, word, seconds) in [
            ("Asia/Shanghai", "cst", Some(28_800)),
            ("America/Havana", "cst", Some(-18_000)),
            ("America/Havana", "cdt", Some(-14_400)),
            ("America/Chicago", "cst", Some(-21_600)),
            ("America/Toronto", "est", Some(-18_000)),
            ("America/Halifax", "ast", Some(-14_400)),
            ("Asia/Kolkata", "ist", Some(19_800)),
            ("Europe/Dublin", "ist", Some(3_600)),
            ("Europe/London", "bst", Some(3_600)),
            ("Asia/Manila", "pst", Some(28_800)),
            ("Asia/Dhaka", "bst", None),
            ("Australia/Sydney", "est", None),
            ("Asia/Kuala_Lumpur", "mst", None),
            ("Asia/Riyadh", "ast", None),
            ("UTC", "pst", None),
            ("Europe/Berlin", "mesz", Some(7_200)),
            ("America/Toronto", "cest", Some(7_200)),
        ] {
            let zone = TimeZone::get(city).unwrap();
            let found = ZoneMeanings::default().zone(&zone, zone_word(word).unwrap(), noon);
            let found = found.map(|zone| zone.to_fixed_offset().unwrap().seconds());
            assert_eq!(found, seconds, "{city} {word}");
        }
    }
}

//! How the times of a file are written, as people are shown it.

use crate::ingest::time::calendars::{without_zone_name, year_before_clock};
use crate::ingest::time::reader::TimeFormat;
use crate::ingest::time::zone_words::last_zone_word;

/// What the text of a time says of its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ZoneStyle {
    /// A day without a time.
    Day,
    /// Nothing: a wall clock of the city.
    Local,
    /// `Z` after the time.
    Z,
    /// The word `UTC` after it.
    UtcWord,
    /// An offset such as `+02:00`.
    Offset,
    /// The name of a zone in brackets.
    Region,
    /// An abbreviation such as `edt`.
    Abbreviation(&'static str),
}

/// The way in which a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeStyle {
    format: TimeFormat,
    zone: ZoneStyle,
    /// Year, month and day without signs between them.
    is_compact: bool,
    /// Hours with AM or PM.
    has_halves: bool,
}

impl TimeStyle {
    /// The style of a text that was read in this format.
    pub fn of(text: &str, format: TimeFormat, is_day: bool) -> Self {
        if format.is_number() {
            let zone = match (format, is_day) {
                (_, true) => ZoneStyle::Day,
                (TimeFormat::Serial | TimeFormat::EpochDays, _) => ZoneStyle::Local,
                _ => ZoneStyle::Offset,
            };
            return Self { format, zone, is_compact: false, has_halves: false };
        }
        let zone = if is_day { ZoneStyle::Day } else { zone_style(text) };
        let is_compact = text.len() >= 8
            && text.as_bytes().get(..8).unwrap_or_default().iter().all(u8::is_ascii_digit);
        let has_halves = !is_day && has_halves(text);
        Self { format, zone, is_compact, has_halves }
    }

    /// The style where the name of the column says the zone of wall clocks.
    pub fn in_zone_of_name(self, is_utc: bool) -> Self {
        let zone = match (self.zone, is_utc) {
            (ZoneStyle::Local, true) => ZoneStyle::UtcWord,
            (ZoneStyle::Local, false) => ZoneStyle::Region,
            (zone, _) => zone,
        };
        Self { zone, ..self }
    }

    /// Is it a wall clock without a zone?
    pub fn is_wall_clock(self) -> bool {
        self.zone == ZoneStyle::Local
    }

    /// Does its text say how far it is from UTC?
    pub fn has_zone(self) -> bool {
        !matches!(self.zone, ZoneStyle::Day | ZoneStyle::Local)
    }

    /// A sample for people.
    pub fn shown(self) -> String {
        if self.format.is_number() || self.format == TimeFormat::Declared {
            // Days that are counted have a part of a day, or none.
            let with = if self.zone == ZoneStyle::Local { " with a time of day" } else { "" };
            return format!("{}{with}", self.format.shown());
        }
        let date = if self.is_compact { "20260527" } else { self.format.shown() };
        let clock = match (self.zone, self.has_halves) {
            (ZoneStyle::Day, _) => return date.to_owned(),
            (_, true) => "02:05 PM",
            (_, false) => "14:05",
        };
        let zone = match self.zone {
            ZoneStyle::Day | ZoneStyle::Local => " (local)".to_owned(),
            ZoneStyle::Z => "Z".to_owned(),
            ZoneStyle::UtcWord => " UTC".to_owned(),
            ZoneStyle::Offset => "+02:00".to_owned(),
            ZoneStyle::Region => " [zone]".to_owned(),
            ZoneStyle::Abbreviation(word) => format!(" {}", word.to_ascii_uppercase()),
        };
        format!("{date} {clock}{zone}")
    }
}

/// What the end of a time's text says of its zone.
pub fn zone_style(text: &str) -> ZoneStyle {
    let text = without_zone_name(text.trim_end());
    let moved = year_before_clock(text);
    let text = moved.as_deref().unwrap_or(text);
    let bytes = text.as_bytes();
    match bytes {
        [.., before, b'Z' | b'z'] if before.is_ascii_digit() => return ZoneStyle::Z,
        [.., b']'] => return ZoneStyle::Region,
        _ => {}
    }
    if bytes.last().is_some_and(u8::is_ascii_alphabetic) {
        if text
            .get(text.len().saturating_sub(3)..)
            .is_some_and(|end| end.eq_ignore_ascii_case("utc"))
        {
            return ZoneStyle::UtcWord;
        }
        let word = last_zone_word(text);
        return word.map_or(ZoneStyle::Local, |word| ZoneStyle::Abbreviation(word.word));
    }
    // The offset is after the time of day.
    let clock = text.find(':').or_else(|| text.find(['T', 't'])).unwrap_or(11);
    match text.get(clock..).is_some_and(|clock| clock.contains(['+', '-'])) {
        true => ZoneStyle::Offset,
        false => ZoneStyle::Local,
    }
}

fn has_halves(text: &str) -> bool {
    // Most times have no letter m at all.
    if !text.contains(['m', 'M']) {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    ["am", "pm", "a.m.", "p.m.", "a. m.", "p. m."].iter().any(|half| {
        lower.find(half).is_some_and(|at| {
            lower.get(..at).unwrap_or_default().ends_with(|c: char| c.is_ascii_digit() || c == ' ')
                && lower
                    .get(..at)
                    .unwrap_or_default()
                    .trim_end()
                    .ends_with(|c: char| c.is_ascii_digit())
        })
    })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::ingest::time::reader::{DateOrder, TimeReader};
    use crate::ingest::time::zone_words::ZoneMeanings;

    #[test]
    fn each_way_of_writing_is_shown_as_it_is() {
        let zone = TimeZone::get("America/Toronto").unwrap();
        let order = Some(DateOrder::MonthFirst);
        let (formats, zones) = (Vec::new(), ZoneMeanings::default());
        let clock = TimeReader { zone, utc_suffix_is_local: false, order, formats, zones };
        for (text, shown, wall) in [
            ("2026-05-27", "2026-05-27", false),
            ("20260527", "20260527", false),
            ("20260527 14:05", "20260527 14:05 (local)", true),
            ("20260527T140500Z", "20260527 14:05Z", false),
            ("2026-05-27T14:05:09.123Z", "2026-05-27 14:05Z", false),
            ("2026-05-27 14:05", "2026-05-27 14:05 (local)", true),
            ("2026-05-27T14:05:09-04:00", "2026-05-27 14:05+02:00", false),
            ("2026-05-27T14:05:09+0530", "2026-05-27 14:05+02:00", false),
            ("2026/05/27 02:08:51+00", "2026-05-27 14:05+02:00", false),
            ("2026-05-27T14:05:09+02:00[Europe/Paris]", "2026-05-27 14:05 [zone]", false),
            ("2026-05-27 14:05 EDT", "2026-05-27 14:05 EDT", false),
            ("2026-05-27 14:05 cest", "2026-05-27 14:05 CEST", false),
            ("2026-05-27 14:05:09 UTC", "2026-05-27 14:05 UTC", false),
            ("05/27/2026", "05/27/2026", false),
            ("05/27/2026 14:05", "05/27/2026 14:05 (local)", true),
            ("05/27/2026 02:05:00 PM", "05/27/2026 02:05 PM (local)", true),
            ("05/27/2026 2:05pm EST", "05/27/2026 02:05 PM EST", false),
            ("27 December 2026 14:05", "27 May 2026 14:05 (local)", true),
            ("27-December-2026 14:05", "27 May 2026 14:05 (local)", true),
            ("27 May 2026 14:05 -0400", "27 May 2026 14:05+02:00", false),
            ("1570320355", "epoch seconds", false),
            ("1570320355000", "epoch milliseconds", false),
            ("43101.25", "spreadsheet serial with a time of day", true),
            ("43101", "spreadsheet serial", false),
            ("Wed May 27 2026 14:05:00 GMT+0200 (CEST)", "27 May 2026 14:05+02:00", false),
            ("Wed May 27 14:05:00 CEST 2026", "27 May 2026 14:05 CEST", false),
            ("Wed May 27 14:05:00 2026", "27 May 2026 14:05 (local)", true),
            ("Wed, 27 May 2026 14:05:00 GMT", "27 May 2026 14:05 GMT", false),
            ("2026-W22-3T14:05", "2026-W22-3 14:05 (local)", true),
            ("2026-147", "2026-147", false),
            ("/Date(1748354700000+0200)/", "/Date(1748354700000)/", false),
        ] {
            let (time, format) = clock.read(text).unwrap();
            let style = TimeStyle::of(text, format, time.day_only().is_some());
            assert_eq!((style.shown().as_str(), style.is_wall_clock()), (shown, wall), "{text}");
        }
    }
}

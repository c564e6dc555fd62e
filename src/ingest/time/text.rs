//! A date or time written in any of the usual ways, taken apart without a time zone.

use deunicode::deunicode;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use crate::ingest::time::calendars::{
    WrittenForm, half_by_letter, week_or_ordinal, without_year_word, without_zone_name,
    year_before_clock,
};
use crate::ingest::time::month_names::{is_filler, month};
use crate::ingest::time::zone_words::{ZoneWord, zone_word};

/// The date of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenDate {
    /// The text says which part is the day and which the month.
    Sure(Date),
    /// Two numbers of which one is the day and the other the month, in the order of the text.
    Either {
        /// The first number.
        first: i8,
        /// The second number.
        second: i8,
        /// The year.
        year: i16,
        /// Points are between the numbers. All countries that write so write the day first.
        dotted: bool,
        /// The year has two digits, as the first number has, which may be the year.
        is_short: bool,
    },
}

/// Whose wall clock a time is of.
#[derive(Debug, Clone, PartialEq)]
pub enum WrittenZone {
    /// The text does not say.
    Unsaid,
    /// The text ends in ` UTC`, which some sources write after local times.
    UtcWord,
    /// The text ends in the abbreviation of a zone.
    Word(ZoneWord),
    /// The text says how far from UTC, or in which zone.
    Said(TimeZone),
}

/// A text taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The date.
    pub date: WrittenDate,
    /// The time of day; `None` where the text has only a date.
    pub time: Option<Time>,
    /// The time is midnight at the end of the day: 24:00.
    pub next_day: bool,
    /// The zone.
    pub zone: WrittenZone,
    /// How the date is written.
    pub form: WrittenForm,
}

impl Written {
    /// The wall clock on this date.
    pub fn at(&self, date: Date) -> Option<DateTime> {
        let date = if self.next_day { date.tomorrow().ok()? } else { date };
        Some(DateTime::from_parts(date, self.time.unwrap_or(Time::midnight())))
    }
}

/// Takes a text apart; `None` where it is no date that can be read.
pub fn written(text: &str) -> Option<Written> {
    let text = match text.is_ascii() {
        true => text.trim().to_ascii_lowercase(),
        false => deunicode(text.trim()).to_lowercase(),
    };
    let text = without_zone_name(&text);
    if text.len() > 80 {
        return None;
    }
    let moved = year_before_clock(text);
    let text = moved.as_deref().unwrap_or(text);
    let (date, rest, form) = week_or_ordinal(text)
        .map(|(date, rest, form)| (WrittenDate::Sure(date), rest, form))
        .or_else(|| compact(text).map(|(date, rest)| (date, rest, WrittenForm::Numbers)))
        .or_else(|| {
            let ((found, rest), is_named) = date(text)?;
            let form = if is_named { WrittenForm::Named } else { WrittenForm::Numbers };
            Some((found, rest, form))
        })?;
    let (time, next_day, zone) = clock(rest)?;
    Some(Written { date, time, next_day, zone, form })
}

/// `20260527`, `202605271405` or `20260527140500`, alone or before a time.
fn compact(text: &str) -> Option<(WrittenDate, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if !matches!(digits, 8 | 12 | 14) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let date = Date::new(year, month as i8, day as i8).ok()?;
    (1900..2200).contains(&year).then_some((WrittenDate::Sure(date), text.get(8..)?))
}

/// A part of a date.
#[derive(Clone, Copy)]
enum DatePiece {
    Number { value: i16, digits: usize },
    Month(i8),
}

/// The date at the beginning of a text and what follows; whether its month is a word.
fn date(text: &str) -> Option<((WrittenDate, &str), bool)> {
    let mut parts: Vec<DatePiece> = Vec::with_capacity(3);
    let mut separator = ' ';
    let mut rest = text;
    while parts.len() < 3 {
        let first = rest.chars().next()?;
        if first.is_ascii_digit() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits > 4 {
                return None;
            }
            parts.push(DatePiece::Number { value: rest.get(..digits)?.parse().ok()?, digits });
            rest = rest.get(digits..).unwrap_or_default();
            // `1st`, `1er`, `1.`: but not the `t` before a time.
            for ordinal in ["st", "nd", "rd", "th", "er", "o ", "e "] {
                if parts.len() < 3
                    && let Some(after) = rest.strip_prefix(ordinal)
                {
                    rest = after;
                }
            }
        } else if first.is_ascii_alphabetic() {
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (word, after) = rest.split_at(letters);
            rest = after.strip_prefix('.').unwrap_or(after);
            // `mar. 3 mars`: the first is the weekday, for a month follows.
            let later = rest.split(|c: char| !c.is_ascii_alphabetic()).any(|w| month(w).is_some());
            let had = parts.iter().any(|part| matches!(part, DatePiece::Month(_)));
            match month(word).filter(|_| !had && !later) {
                Some(month) => parts.push(DatePiece::Month(month)),
                None if is_filler(word) => {}
                None => return None,
            }
        } else if " ,./-".contains(first) {
            if first != ' ' && !parts.is_empty() {
                separator = first;
            }
            rest = rest.get(1..).unwrap_or_default();
        } else {
            return None;
        }
    }
    let named = parts.iter().any(|part| matches!(part, DatePiece::Month(_)));
    Some(((assemble(parts.try_into().ok()?, separator)?, rest), named))
}

fn assemble(parts: [DatePiece; 3], separator: char) -> Option<WrittenDate> {
    use DatePiece::{Month, Number};
    let sure = |year: i16, month: i8, day: i16| {
        Date::new(year, month, i8::try_from(day).ok()?).ok().map(WrittenDate::Sure)
    };
    let full = |value: i16, digits: usize| match digits {
        4 => Some(value),
        2 => Some(whole_year(value)),
        _ => None,
    };
    match parts {
        [Number { value: y, digits: 4 }, Number { value: m, .. }, Number { value: d, .. }] => {
            sure(y, i8::try_from(m).ok()?, d)
        }
        [Number { value: y, digits: 4 }, Month(m), Number { value: d, .. }] => sure(y, m, d),
        [Number { value: d, .. }, Month(m), Number { value: y, digits }] => {
            sure(full(y, digits)?, m, d)
        }
        [Month(m), Number { value: d, .. }, Number { value: y, digits }] => {
            sure(full(y, digits)?, m, d)
        }
        [
            Number { value: a, digits: first_digits },
            Number { value: b, .. },
            Number { value: y, digits },
        ] => {
            let is_short = digits == 2 && first_digits == 2;
            // `26-05-27` may be read in three orders, `5-6-26` may be anything.
            if digits != 4 && separator == '-' && !is_short {
                return None;
            }
            let year = full(y, digits)?;
            let (first, second) = (i8::try_from(a).ok()?, i8::try_from(b).ok()?);
            let fits = |year, month, day| Date::new(year, month, day).is_ok();
            let is_year_last = fits(year, second, first) || fits(year, first, second);
            let is_year_first =
                || i8::try_from(y).is_ok_and(|day| fits(whole_year(a), second, day));
            let dotted = separator == '.';
            match () {
                () if first == second && !is_short => sure(year, second, a),
                () if is_year_last || (is_short && is_year_first()) => {
                    Some(WrittenDate::Either { first, second, year, dotted, is_short })
                }
                () => None,
            }
        }
        _ => None,
    }
}

/// The year that two digits mean: of this century to 2068, of the last from 1969 (POSIX).
pub fn whole_year(digits: i16) -> i16 {
    if digits < 69 { 2000 + digits } else { 1900 + digits }
}

type WrittenTimeOfDay = (Option<Time>, bool, WrittenZone);

/// The time of day and zone after a date: the whole rest of the text.
fn clock(rest: &str) -> Option<WrittenTimeOfDay> {
    let mut rest = rest.trim_start_matches([' ', ',', '.', ':', '-', ';']);
    rest = without_year_word(rest);
    // Also of Danish and Finnish.
    for word in [
        "at ", "a las ", "a ", "as ", "alle ", "um ", "om ", "o godz. ", "o ", "kl. ", "kl ",
        "klo ", "godz. ", "t",
    ] {
        if let Some(after) = rest.strip_prefix(word) {
            rest = after.trim_start();
            break;
        }
    }
    if rest.is_empty() {
        return Some((None, false, WrittenZone::Unsaid));
    }
    if !rest.starts_with(|c: char| c.is_ascii_digit()) {
        // A date with a zone and no hour, as XML has it.
        let zone = zone(rest)?;
        return Some((None, false, zone));
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let mut parts: Vec<i8> = Vec::with_capacity(3);
    if matches!(digits, 4 | 6) {
        for at in (0..digits).step_by(2) {
            parts.push(rest.get(at..at + 2).unwrap_or_default().parse().ok()?);
        }
        rest = rest.get(digits..).unwrap_or_default();
    } else {
        // German, Italian and Polish write 14.05.30; elsewhere a point begins the fraction.
        let mut points = 0;
        loop {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if !(1..=2).contains(&digits) {
                return None;
            }
            parts.push(rest.get(..digits).unwrap_or_default().parse().ok()?);
            rest = rest.get(digits..).unwrap_or_default();
            let spaced = rest.strip_prefix(" h ").or_else(|| rest.strip_prefix(" h"));
            let next = spaced.or_else(|| rest.strip_prefix([':', 'h']));
            let next = next.or_else(|| {
                let is_clock = parts.len() < 2 || (parts.len() == 2 && points == 1);
                let after = rest.strip_prefix('.').filter(|_| is_clock)?;
                points += 1;
                Some(after)
            });
            match next {
                Some(after)
                    if after.starts_with(|c: char| c.is_ascii_digit()) && parts.len() < 3 =>
                {
                    rest = after;
                }
                Some(after) if after.trim().is_empty() => {
                    rest = after;
                    break;
                }
                _ => break,
            }
        }
    }
    // Fractions of a second are dropped.
    if let Some(after) = rest.strip_prefix(['.', ',']) {
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    finish(&parts, rest.trim_start())
}

fn finish(parts: &[i8], rest: &str) -> Option<WrittenTimeOfDay> {
    let (mut hour, mut rest) = (*parts.first()?, rest);
    let halves = [
        ("a.m.", false),
        ("p.m.", true),
        ("a. m.", false),
        ("p. m.", true),
        ("am", false),
        ("pm", true),
        ("uhr", false),
        ("uur", false),
        ("hrs", false),
        ("hs", false),
        ("h", false),
    ];
    rest = half_by_letter(rest).filter(|_| parts.len() > 1).unwrap_or(rest);
    let mut had_half = false;
    for (word, afternoon) in halves {
        let Some(after) = rest.strip_prefix(word) else { continue };
        if word.starts_with(['a', 'p']) {
            had_half = true;
            hour = match (hour, afternoon) {
                (12, false) => 0,
                (12, true) => 12,
                (1..=11, false) => hour,
                (1..=11, true) => hour + 12,
                _ => return None,
            };
        }
        rest = after.trim_start();
        break;
    }
    // An hour alone is a time only where a word says so.
    if parts.len() < 2 && !had_half {
        return None;
    }
    let zone = zone(rest)?;
    let (minute, second) = (parts.get(1).copied().unwrap_or(0), parts.get(2).copied().unwrap_or(0));
    if (hour, minute, second) == (24, 0, 0) {
        return Some((Some(Time::midnight()), true, zone));
    }
    // A leap second is the last of its minute.
    let time = Time::new(hour, minute, second.min(59), 0).ok().filter(|_| second <= 60)?;
    Some((Some(time), false, zone))
}

fn zone(text: &str) -> Option<WrittenZone> {
    let text = text.trim();
    let fixed = |minutes: i32| {
        let offset = Offset::from_seconds(minutes * 60).ok()?;
        Some(WrittenZone::Said(TimeZone::fixed(offset)))
    };
    match text {
        "" => return Some(WrittenZone::Unsaid),
        "z" => return fixed(0),
        "utc" => return Some(WrittenZone::UtcWord),
        _ => {}
    }
    if let Some(word) = zone_word(text) {
        return Some(WrittenZone::Word(word));
    }
    if let Some((_, name)) = text.strip_suffix(']').and_then(|text| text.split_once('[')) {
        return TimeZone::get(name).ok().map(WrittenZone::Said);
    }
    let text = text.strip_prefix("utc").or_else(|| text.strip_prefix("gmt")).unwrap_or(text);
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.strip_prefix(['+', '-'])?.replace(':', "");
    let digits = digits.trim_end();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let minutes = match digits.len() {
        1 | 2 => digits.parse::<i32>().ok()? * 60,
        4 => digits.get(..2)?.parse::<i32>().ok()? * 60 + digits.get(2..)?.parse::<i32>().ok()?,
        _ => return None,
    };
    (minutes <= 14 * 60).then(|| fixed(sign * minutes))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let written = written(text)?;
        let time = written.time.map_or(String::new(), |time| format!(" {time}"));
        let zone = match &written.zone {
            WrittenZone::Unsaid => String::new(),
            WrittenZone::UtcWord => " UTC".into(),
            WrittenZone::Word(word) => format!(" {}", word.word),
            WrittenZone::Said(zone) => match zone.to_fixed_offset() {
                Ok(offset) => format!(" {offset}"),
                Err(_) => format!(" {}", zone.iana_name().unwrap_or_default()),
            },
        };
        Some(match written.date {
            WrittenDate::Sure(date) => format!("{date}{time}{zone}"),
            WrittenDate::Either { first, second, year, .. } => {
                format!("{first}|{second}|{year}{time}{zone}")
            }
        })
    }

    #[test]
    fn every_way_of_writing_a_date() {
        for (text, parts) in [
            ("2014-Jul-01 00:01:48", "2014-07-01 00:01:48"),
            ("27.05.2026 14:05", "27|5|2026 14:05:00"),
            ("27.05.2026 14.05 Uhr", "27|5|2026 14:05:00"),
            ("27.05.2026, 14:05:09", "27|5|2026 14:05:09"),
            ("2026/05/27 02:08:51+00", "2026-05-27 02:08:51 +00"),
            ("2026/05/27", "2026-05-27"),
            ("2026.05.27", "2026-05-27"),
            ("20260527", "2026-05-27"),
            ("20260527T140500Z", "2026-05-27 14:05:00 +00"),
            ("20260527 14:05", "2026-05-27 14:05:00"),
            ("202605271405", "2026-05-27 14:05:00"),
            ("20260527140509", "2026-05-27 14:05:09"),
            ("05/13/2026 01:05:09 PM", "5|13|2026 13:05:09"),
            ("5/6/2026 12:00 a.m.", "5|6|2026 00:00:00"),
            ("5/6/26", "5|6|2026"),
            ("26-05-27 14:05", "26|5|2027 14:05:00"),
            ("5-6-2026", "5|6|2026"),
            ("5/5/2026", "2026-05-05"),
            ("2012-01-11 10:04:24.0", "2012-01-11 10:04:24"),
            ("2026-05-27T14:05:09.123456+02:00", "2026-05-27 14:05:09 +02"),
            ("2026-05-27T14:05:09+0530", "2026-05-27 14:05:09 +05:30"),
            ("2026-05-27T14:05:09+02:00[Europe/Paris]", "2026-05-27 14:05:09 Europe/Paris"),
            ("2026-05-27 14:05 CEST", "2026-05-27 14:05:00 cest"),
            ("2026-05-27 14:05:09 UTC", "2026-05-27 14:05:09 UTC"),
            ("2026-05-27 24:00", "2026-05-27 00:00:00"),
            ("27/May/2026:14:05:09 +0000", "2026-05-27 14:05:09 +00"),
            ("01-JUL-14", "2014-07-01"),
            ("01-JUL-14 02.30.00 PM", "2014-07-01 14:30:00"),
            ("Tue, 01 Jul 2014 00:01:48 GMT", "2014-07-01 00:01:48 gmt"),
            ("July 1, 2014 3:05 pm", "2014-07-01 15:05:00"),
            ("Jul 1st, 2014", "2014-07-01"),
            ("1 juillet 2014 à 14h05", "2014-07-01 14:05:00"),
            ("1er août 2014, 14 h 05", "2014-08-01 14:05:00"),
            ("mar. 3 mars 2026", "2026-03-03"),
            ("27 févr. 2026", "2026-02-27"),
            ("27.5.2026 14.05.30", "27|5|2026 14:05:30"),
            ("27-05-2026 kl. 14.05", "27|5|2026 14:05:00"),
            ("27.5.2026 klo 14.05", "27|5|2026 14:05:00"),
            ("3. März 2026 um 14:05 Uhr", "2026-03-03 14:05:00"),
            ("03. Okt. 2026", "2026-10-03"),
            ("3 de diciembre de 2026 a las 14:05", "2026-12-03 14:05:00"),
            ("lunes, 5 de enero de 2026", "2026-01-05"),
            ("5 gennaio 2026 alle 14:05", "2026-01-05 14:05:00"),
            ("7 lug 2026", "2026-07-07"),
            ("7 de março de 2026 às 14:05", "2026-03-07 14:05:00"),
            ("1 out. 2026", "2026-10-01"),
            ("7 maart 2026 om 14:05", "2026-03-07 14:05:00"),
            ("7 mei 2026", "2026-05-07"),
            ("7 października 2026 o 14:05", "2026-10-07 14:05:00"),
            ("3 gru 2026", "2026-12-03"),
            ("12 września 2026", "2026-09-12"),
            (
                "Wed May 27 2026 14:05:00 GMT+0200 (Central European Summer Time)",
                "2026-05-27 14:05:00 +02",
            ),
            ("Wed May 27 2026 14:05:00 GMT-0400 (heure d’été de l’Est)", "2026-05-27 14:05:00 -04"),
            ("Wed, 27 May 2026 14:05:00 +0200 (CEST)", "2026-05-27 14:05:00 +02"),
            ("Wed May 27 14:05:00 CEST 2026", "2026-05-27 14:05:00 cest"),
            ("Wed May 27 14:05:00 +0000 2026", "2026-05-27 14:05:00 +00"),
            ("2026-05-27T14:05:00.000+0000", "2026-05-27 14:05:00 +00"),
            ("2026-W22-3", "2026-05-27"),
            ("2026-W22-3T14:05Z", "2026-05-27 14:05:00 +00"),
            ("2026-147", "2026-05-27"),
            ("2026-147 14:05", "2026-05-27 14:05:00"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(parts), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "hier",
            "13/40/2019",
            "04/18/2019 25:00:00",
            "04/18/2019 13:00 PM",
            "1.2.3",
            "12",
            "2026-13-01",
            "2026-02-30",
            "2026-05-27 14",
            "2026-05-27 x",
            "5-6-26",
            "99-99-99",
            "1 Foo 2026",
            "2026",
            "99999999",
            "1570320355",
            "Mayor 5, Madrid",
            "2026-W22",
            "2026-400",
            "12 rue X (14:05)",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn midnight_at_the_end_of_a_day_is_the_next() {
        let end = written("2026-05-31 24:00").unwrap();
        let WrittenDate::Sure(date) = end.date else { panic!("{end:?}") };
        assert_eq!(end.at(date).unwrap().to_string(), "2026-06-01T00:00:00");
    }
}

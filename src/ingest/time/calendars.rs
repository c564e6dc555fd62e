//! Dates by the week and by the day of the year, dates of programs, and texts whose year is last.

use jiff::Timestamp;
use jiff::civil::{Date, ISOWeekDate, Weekday};

/// The way in which the date of a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenForm {
    /// Three numbers.
    Numbers,
    /// With the month as a word.
    Named,
    /// A week and a day of it: `2026-W22-3` (ISO 8601).
    Week,
    /// A day of the year: `2026-147` (ISO 8601).
    Ordinal,
}

/// Years of dates by the day of the year. Others are keys of something: `0001-014`.
const ORDINAL_YEARS: std::ops::RangeInclusive<i16> = 1970..=2100;

/// A date by week or by the day of the year at the beginning of a lower-case text, and what
/// follows. A week without a day is no date.
pub fn week_or_ordinal(text: &str) -> Option<(Date, &str, WrittenForm)> {
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i16>().ok())?
    };
    let year = number(0, 4)?;
    let rest = text
        .get(4..)
        .unwrap_or_default()
        .strip_prefix('-')
        .unwrap_or(text.get(4..).unwrap_or_default());
    let at = text.len() - rest.len();
    if rest.starts_with('w') {
        let week = i8::try_from(number(at + 1, at + 3)?).ok()?;
        let dash = usize::from(text.as_bytes().get(at + 3) == Some(&b'-'));
        let day = at + 3 + dash;
        let weekday = Weekday::from_monday_one_offset(number(day, day + 1)? as i8).ok()?;
        let date = ISOWeekDate::new(year, week, weekday).ok()?.date();
        return ends(text.get(day + 1..).unwrap_or_default()).then_some((
            date,
            text.get(day + 1..).unwrap_or_default(),
            WrittenForm::Week,
        ));
    }
    let (day, rest) = (number(at, at + 3)?, text.get(at + 3..).unwrap_or_default());
    if !ends(rest) || !ORDINAL_YEARS.contains(&year) {
        return None;
    }
    let date = Date::new(year, 1, 1).ok()?.with().day_of_year(day).build().ok()?;
    Some((date, rest, WrittenForm::Ordinal))
}

/// Does the date end before this rest: at the end, or before a time of day?
fn ends(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', 't', ','])
}

/// Is the text a day of the year alone? Without a name that says it, it may be a key: `2026-147`.
pub fn is_ordinal(text: &str) -> bool {
    matches!(text.len(), 7 | 8)
        && week_or_ordinal(text).is_some_and(|(_, _, form)| form == WrittenForm::Ordinal)
}

/// The instant of `/Date(1748354700000+0200)/`, as .NET writes times in JSON: milliseconds since
/// 1970, of which the offset changes nothing.
pub fn json_date(text: &str) -> Option<Timestamp> {
    let body = text.trim().trim_matches(['/', '\\']);
    let number = body.strip_prefix("Date(").or_else(|| body.strip_prefix("new Date("))?;
    let number = number.strip_suffix(')')?;
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, number),
    };
    let (digits, offset) = digits.split_at(digits.find(['+', '-']).unwrap_or(digits.len()));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(offset.trim_start_matches(['+', '-'])) {
        return None;
    }
    Timestamp::from_millisecond(sign * digits.parse::<i64>().ok()?).ok()
}

/// The number of a spreadsheet's day with its time, whose decimal sign is a comma, with a point:
/// `45901,285`.
pub fn with_decimal_point(text: &str) -> Option<String> {
    let (whole, part) = text.trim().split_once(',')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (whole.len() == 5 && is_number(whole) && is_number(part)).then(|| format!("{whole}.{part}"))
}

/// What follows a date, in lower case, without the word that Polish writes behind the year:
/// `2 września 2025 r. 14:05`.
pub fn without_year_word(rest: &str) -> &str {
    let after = ["roku", "r."].iter().find_map(|word| rest.strip_prefix(word));
    let after = after.filter(|after| !after.starts_with(|c: char| c.is_alphanumeric()));
    after.map_or(rest, |after| after.trim_start_matches([' ', ',']))
}

/// `am` or `pm` where a time of day ends in one letter, as programs of mainframes write
/// `06:51:10A`.
pub fn half_by_letter(rest: &str) -> Option<&'static str> {
    match rest.trim_end() {
        "a" => Some("am"),
        "p" => Some("pm"),
        _ => None,
    }
}

/// The time in an object of MongoDB's JSON: `{"$date": "2026-05-27T12:05:00Z"}`, or with
/// milliseconds since 1970, perhaps in an object of its own.
pub fn date_of_object(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.starts_with('{') || !text.contains("$date") {
        return None;
    }
    let object: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut value = object.get("$date")?;
    if let Some(inner) = value.get("$numberLong") {
        value = inner;
    }
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A time without the name of its zone in brackets, which programs write behind the offset.
pub fn without_zone_name(text: &str) -> &str {
    let name = if text.ends_with(')') { text.find(" (") } else { None };
    name.map_or(text, |at| text.get(..at).unwrap_or_default())
}

/// The text with its year before the time of day: `wed may 27 14:05:00 cest 2026`, as Unix and
/// social networks write times.
pub fn year_before_clock(text: &str) -> Option<String> {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let (year, rest) = words.split_last()?;
    let is_year = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
    let clock = rest.iter().position(|word| word.contains(':'))?;
    // A month and a day before it, a zone at most behind it.
    let is_such = is_year && (2..=3).contains(&clock) && rest.len() - clock <= 2;
    if !is_such {
        return None;
    }
    Some(
        [rest.get(..clock).unwrap_or_default(), &[*year], rest.get(clock..).unwrap_or_default()]
            .concat()
            .join(" "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_and_days_of_the_year() {
        for (text, date, rest) in [
            ("2026-w22-3", "2026-05-27", ""),
            ("2026w223t14:05", "2026-05-27", "t14:05"),
            ("2020-w53-7", "2021-01-03", ""),
            ("2026-147", "2026-05-27", ""),
            ("2026147 14:05", "2026-05-27", " 14:05"),
            ("2024-366", "2024-12-31", ""),
        ] {
            let (found, after, _) = week_or_ordinal(text).unwrap();
            assert_eq!((found.to_string().as_str(), after), (date, rest), "{text}");
        }
        for text in ["2026-w22", "2026-w54-1", "2026-w22-8", "2026-366", "2026-000", "0001-014"] {
            assert_eq!(week_or_ordinal(text), None, "{text}");
        }
        for text in ["2026-1470", "2026-14", "20261472", "2026-147-1", "2026", ""] {
            assert_eq!(week_or_ordinal(text), None, "{text}");
        }
    }

    #[test]
    fn dates_of_programs() {
        for text in [
            "/Date(1748354700000)/",
            r"\/Date(1748354700000+0200)\/",
            "Date(1748354700999)",
            "new Date(1748354700000)",
        ] {
            let second = json_date(text).map(|at| at.as_second());
            assert_eq!(second, Some(1_748_354_700), "{text}");
        }
        assert_eq!(json_date("/Date(-86400000)/").map(|at| at.as_second()), Some(-86_400));
        for text in ["/Date()/", "/Date(x)/", "Date(2026, 5, 27)", "1748354700000"] {
            assert_eq!(json_date(text), None, "{text}");
        }
        let moved = |text| year_before_clock(text);
        let unix = moved("wed may 27 14:05:00 cest 2026");
        assert_eq!(unix.as_deref(), Some("wed may 27 2026 14:05:00 cest"));
        assert_eq!(moved("may 27 14:05 2026").as_deref(), Some("may 27 2026 14:05"));
        assert_eq!(moved("27 may 2026 14:05"), None);
        assert_eq!(moved("wed may 27 2026"), None);
    }
}

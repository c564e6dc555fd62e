//! Degrees whose parts no sign of a unit marks: `44 58.2964`, `44:58:17.8`, `-93-14-50.6`. They are
//! degrees in a column of latitudes or longitudes alone: elsewhere the text may be a pair, a time
//! or a day.

use crate::ingest::numbers::degrees;

/// Signs between degrees, minutes and seconds.
const BETWEEN: [char; 5] = [' ', ':', '-', '\u{a0}', '_'];

/// Degrees of a column of latitudes or longitudes.
pub fn column_degrees(text: &str) -> Option<f64> {
    degrees(text).or_else(|| parted_degrees(text))
}

/// Degrees and minutes, with or without seconds; the last part alone may have decimals.
pub fn parted_degrees(text: &str) -> Option<f64> {
    let text = text.trim();
    let sides = |c: char| "NSEWOnsewo".contains(c);
    let ends = [text.chars().next_back(), text.chars().next()];
    let side = ends.into_iter().flatten().find(|c| sides(*c));
    let body = text.trim_matches(sides).trim();
    let is_negative = body.starts_with(['-', '\u{2212}']);
    let body = body.trim_start_matches(['-', '+', '\u{2212}']);
    let mut parts = [0.0; 3];
    let mut count = 0;
    let mut words = body.split(BETWEEN).filter(|part| !part.is_empty()).peekable();
    while let Some(part) = words.next() {
        let is_last = words.peek().is_none();
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let is_whole = digits == part.len();
        let has_decimals =
            is_last && count > 0 && is_decimal(part.get(digits..).unwrap_or_default());
        if count == 3 || digits == 0 || digits > 3 || !(is_whole || has_decimals) {
            return None;
        }
        *parts.get_mut(count)? = part.replace(',', ".").parse().ok()?;
        count += 1;
    }
    let [degrees, minutes, seconds] = parts;
    if count < 2 || degrees > 180.0 || minutes >= 60.0 || seconds >= 60.0 {
        return None;
    }
    let value = degrees + minutes / 60.0 + seconds / 3_600.0;
    let is_south_west = side.is_some_and(|side| "SWOswo".contains(side));
    Some(if is_negative != is_south_west { -value } else { value })
}

/// A sign of decimals and digits.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['.', ',']);
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_degrees_minutes_and_seconds() {
        for (text, number) in [
            ("44 58.2964", 44.971_607),
            ("-93 16.49", -93.274_833),
            ("44 58 17.8", 44.971_611),
            ("44:58:17,8", 44.971_611),
            ("-93-14-50.59", -93.247_386),
            ("44-58-18", 44.971_667),
            ("93 14 50.6 W", -93.247_389),
            ("N 44 58.2964", 44.971_607),
            ("−0 7.5", -0.125),
            ("11:34.5", 11.575),
        ] {
            let found = column_degrees(text).unwrap_or_else(|| panic!("{text}"));
            assert!((found - number).abs() < 2e-6, "{text}: {found}");
        }
        for text in [
            "48 121 112",
            "44.97 -93.24",
            "344 419",
            "44 60.1",
            "2025-03-02",
            "44",
            "44 5a",
            "44 58 17 2",
            "190 12.5",
            "",
        ] {
            assert_eq!(parted_degrees(text), None, "{text}");
        }
    }
}

//! Numbers, plural forms, dates and lists as French and English Canada write them.

use super::Language;

const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A value rounded as [`number`] writes it: to one decimal below ten, to an integer above.
pub fn rounded(value: f64) -> f64 {
    if value.abs() < 9.95 { (value * 10.0).round() / 10.0 } else { value.round() }
}

/// A number, rounded: `9,8` and `1 234` in French, `9.8` and `1,234` in English.
pub fn number(value: f64, language: Language) -> String {
    let value = rounded(value);
    let decimal = if language == Language::French { ',' } else { '.' };
    let sign = if value < 0.0 { "-" } else { "" };
    let mut text = grouped(&format!("{sign}{:.0}", value.abs().trunc()), language);
    let tenth = (value.abs().fract() * 10.0).round();
    if tenth > 0.0 {
        text.push(decimal);
        text += &format!("{tenth:.0}");
    }
    text
}

/// A decimal number with its thousands separated: `40 075 017` in French, `40,075,017` in English.
/// What follows a decimal point stays as it is, so that the number can be copied into a request.
pub fn grouped(number: &str, language: Language) -> String {
    let group = if language == Language::French { '\u{a0}' } else { ',' };
    let whole = number.find('.').unwrap_or(number.len());
    let mut text = String::with_capacity(number.len() + whole / 3 * group.len_utf8());
    for (at, character) in number.char_indices() {
        let is_inside = at > 0 && at < whole && !number[..at].ends_with('-');
        if is_inside && (whole - at).is_multiple_of(3) {
            text.push(group);
        }
        text.push(character);
    }
    text
}

/// The form of a word for a number of things: French has the singular below two, English for one.
pub fn plural<'a>(value: f64, language: Language, one: &'a str, other: &'a str) -> &'a str {
    let is_singular = match language {
        Language::French => value.abs() < 2.0,
        Language::English => rounded(value) == 1.0,
    };
    if is_singular { one } else { other }
}

/// A number with its word in the right form: `1 jour`, `2,5 jours`, `30 days`.
pub fn counted(value: f64, language: Language, one: &str, other: &str) -> String {
    let word = plural(rounded(value), language, one, other);
    format!("{} {word}", number(value, language))
}

/// A date: `1er mars 2026`, `March 1, 2026`.
///
/// # Panics
/// If `month` is not in 1..=12.
pub fn date(year: i16, month: i8, day: i8, language: Language) -> String {
    let month = usize::from(month.unsigned_abs()) - 1;
    match language {
        Language::French if day == 1 => format!("1er {} {year}", MONTHS_FR[month]),
        Language::French => format!("{day} {} {year}", MONTHS_FR[month]),
        Language::English => format!("{} {day}, {year}", MONTHS_EN[month]),
    }
}

/// Items as a list: `A`, `A et B`, `A, B et C`.
pub fn list(items: &[String], language: Language) -> String {
    let and = if language == Language::French { " et " } else { " and " };
    match items {
        [first @ .., last] if !first.is_empty() => first.join(", ") + and + last,
        _ => items.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, French};

    #[test]
    fn numbers_are_rounded_and_grouped() {
        for (value, fr, en) in [
            (0.0, "0", "0"),
            (0.04, "0", "0"),
            (6.0, "6", "6"),
            (9.84, "9,8", "9.8"),
            (9.96, "10", "10"),
            (41.3, "41", "41"),
            (1234.0, "1\u{a0}234", "1,234"),
            (1_234_567.0, "1\u{a0}234\u{a0}567", "1,234,567"),
            (-2.5, "-2,5", "-2.5"),
        ] {
            assert_eq!(number(value, French), fr);
            assert_eq!(number(value, English), en);
        }
    }

    #[test]
    fn words_agree_with_their_number() {
        for (value, fr, en) in [
            (0.0, "0 jour", "0 days"),
            (0.5, "0,5 jour", "0.5 days"),
            (1.0, "1 jour", "1 day"),
            (1.96, "2 jours", "2 days"),
            (30.0, "30 jours", "30 days"),
        ] {
            assert_eq!(counted(value, French, "jour", "jours"), fr);
            assert_eq!(counted(value, English, "day", "days"), en);
        }
    }

    #[test]
    fn dates_and_lists_are_as_people_write_them() {
        assert_eq!(date(2026, 3, 1, French), "1er mars 2026");
        assert_eq!(date(2026, 12, 31, French), "31 décembre 2026");
        assert_eq!(date(2026, 3, 1, English), "March 1, 2026");
        let streets = ["A", "B", "C"].map(String::from);
        assert_eq!(list(&streets[..0], French), "");
        assert_eq!(list(&streets[..1], French), "A");
        assert_eq!(list(&streets[..2], English), "A and B");
        assert_eq!(list(&streets, French), "A, B et C");
    }
}

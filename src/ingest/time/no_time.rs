//! Texts of a column of times that stand for no time: words such as `Pending`, and the dates by
//! which databases and spreadsheets write an end that has not come.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::Status;
use crate::ingest::status::words::status_of_words;
use crate::ingest::time::calendars::json_date;
use crate::ingest::time::text::{WrittenDate, written};

/// The spreadsheets' serial of 9999-12-31.
const SERIAL_OF_9999: &str = "2958465";

/// Beginnings of dates that no calendar has: zeros, and the spreadsheets' day 0 in several orders.
const NO_DATES: [&str; 9] = [
    "0000-00-00",
    "0000/00/00",
    "00/00/0000",
    "00.00.0000",
    "00-00-0000",
    "1/0/1900",
    "0/1/1900",
    "00/01/1900",
    "1900-01-00",
];

/// Is the text a date that stands for none? These are every date up to the year 1800 or from 2900,
/// and the first two days of January or the last two of December of a year before 1970 or after
/// 2098, with 1970-01-01: 0001-01-01, 1899-12-30, 1900-01-01, 9999-12-31. Numbers are seconds or
/// milliseconds since 1970.
pub fn is_filler_date(text: &str) -> bool {
    let text = text.trim();
    // Nearly every time: a date of this century, the year first.
    let bytes = text.as_bytes();
    if bytes.get(4) == Some(&b'-')
        && bytes.starts_with(b"20")
        && bytes.get(2).is_some_and(|byte| *byte < b'9')
    {
        return false;
    }
    if text == SERIAL_OF_9999 || NO_DATES.iter().any(|date| text.starts_with(date)) {
        return true;
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        return is_filler_number(text, digits);
    }
    if let Some(at) = json_date(text) {
        return is_filler(TimeZone::UTC.to_datetime(at).date());
    }
    match written(text).map(|parts| parts.date) {
        Some(WrittenDate::Sure(date)) => is_filler(date),
        Some(WrittenDate::Either { first, second, year, .. }) => {
            [(first, second), (second, first)].into_iter().any(|(day, month)| {
                Date::new(year, month, day).is_ok_and(|date| is_filler(date) && day > 2)
            })
        }
        None => false,
    }
}

/// Is a number such a date? Few numbers are, for others are the keys of something: of eight digits
/// the usual three, seconds or milliseconds before 1970, and those of the last day of 9999.
fn is_filler_number(text: &str, digits: &str) -> bool {
    if matches!(text, "19000101" | "18991230" | "99991231") {
        return true;
    }
    if text == digits {
        let is_last = text.starts_with("2534022") || text.starts_with("2534023");
        return is_last && matches!(text.len(), 12 | 15);
    }
    let Ok(number) = text.parse::<i64>() else { return false };
    let second = match digits.len() {
        8..=11 => number,
        12..=15 => number / 1000,
        _ => return false,
    };
    let at = Timestamp::from_second(second).ok();
    at.is_some_and(|at| is_filler(TimeZone::UTC.to_datetime(at).date()))
}

fn is_filler(date: Date) -> bool {
    let is_edge = matches!((date.month(), date.day()), (1, 1 | 2) | (12, 30 | 31));
    match date.year() {
        ..=1800 | 2900.. => true,
        1970 => (date.month(), date.day()) == (1, 1),
        ..1970 | 2099.. => is_edge,
        _ => false,
    }
}

/// Does a text in a column of ends or changes say that there is none yet: a word, a date that
/// stands for none, or 0 or -1?
pub fn stands_for_no_time(text: &str) -> bool {
    is_word(text) || is_filler_date(text) || is_no_time_number(text)
}

/// Is it a number that programs write in place of a time that has not come: 0 or -1? In another
/// column it is a value.
pub fn is_no_time_number(text: &str) -> bool {
    matches!(text.trim(), "0" | "-1" | "0.0" | "-1.0" | "0.00" | "00000000")
}

/// `0`, or the zero date of databases: no time.
pub fn is_zero_date(text: &str) -> bool {
    text == "0" || text.starts_with("0000-00-00")
}

/// Is the text without any digit?
pub fn is_word(text: &str) -> bool {
    !text.bytes().any(|b| b.is_ascii_digit())
}

/// Does a word in the column of the closing time say that the request is closed: `Done`?
pub fn says_closed(text: &str) -> bool {
    is_word(text) && status_of_words(text).is_some_and(|(status, _)| status == Status::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_databases_and_spreadsheets_that_stand_for_none() {
        for text in [
            "01/01/1900",
            "1900-01-01",
            "1900-01-01T00:00:00.000Z",
            "0001-01-01 00:00:00",
            "01.01.0001",
            "9999-12-31",
            "12/31/9999",
            "31.12.9999 23:59:59",
            "1899-12-30",
            "12/30/1899 12:00:00 AM",
            "1753-01-01",
            "1970-01-01",
            "01/01/1970 00:00",
            "2999-12-31",
            "2099-12-31T00:00:00",
            "1 Jan 1900",
            "99991231",
            "-2208988800000",
            "-62135596800",
            "253402300799000",
            "2958465",
            "00/00/0000",
            "00.00.0000 00:00:00",
            "1/0/1900 12:00:00 AM",
            "00/01/1900",
            "/Date(-62135596800000)/",
        ] {
            assert!(is_filler_date(text), "{text}");
        }
        for text in [
            "2026-01-01",
            "01/01/2000",
            "1969-07-20",
            "31/12/2025",
            "20260101",
            "19001234",
            "00010203",
            "29349324000",
            "4102444800",
            "12345678",
            "1570320355",
            "1570320355000",
            "17532",
            "0",
            "-1",
            "11/01/2025",
            "Pending",
            "",
        ] {
            assert!(!is_filler_date(text), "{text}");
        }
    }

    #[test]
    fn words_stand_for_no_time_and_may_say_closed() {
        for text in ["Pending", "noch offen", "En cours", "TBD"] {
            assert!(stands_for_no_time(text) && !says_closed(text), "{text}");
        }
        assert!(says_closed("Done") && says_closed("Erledigt"));
        for text in ["0", "-1", "0.0", " -1 ", "00000000"] {
            assert!(stands_for_no_time(text) && !says_closed(text), "{text}");
        }
        for text in ["1", "10", "-10", "1.0", "20250302"] {
            assert!(!stands_for_no_time(text), "{text}");
        }
        assert!(!stands_for_no_time("2026-03-40") && !says_closed("Closed 2"));
    }
}

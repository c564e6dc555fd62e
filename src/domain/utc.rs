//! Conversion between seconds since 1970 and texts such as `2026-03-01T13:30:00Z`, without an
//! allocation, because every report that is stored, read or answered needs it several times. All
//! other work with times is done by `jiff`.

/// Days of the Gregorian calendar since 1970-01-01 (Hinnant, *chrono-Compatible Low-Level Date
/// Algorithms*, `days_from_civil`): years begin in March, eras have 400 of them.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day counted from 1970-01-01 (`civil_from_days` of the same source).
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The RFC 3339 text of a second since 1970, in UTC; `None` outside the years 0 to 9999.
pub fn format_utc(second: i64) -> Option<[u8; 20]> {
    let (days, time) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    let (year, month, day) = date_of(days);
    if !(0..=9_999).contains(&year) {
        return None;
    }
    let mut text = *b"0000-00-00T00:00:00Z";
    let mut put = |at: usize, n: i64| {
        text[at] = b'0' + (n / 10 % 10) as u8;
        text[at + 1] = b'0' + (n % 10) as u8;
    };
    put(0, year / 100);
    for (at, n) in
        [(2, year), (5, month), (8, day), (11, time / 3_600), (14, time / 60 % 60), (17, time % 60)]
    {
        put(at, if at == 2 { n % 100 } else { n });
    }
    Some(text)
}

/// Reads a text in exactly the form that [`format_utc`] writes, as a second since 1970; `None` for
/// any other form.
pub fn parse_utc(text: &str) -> Option<i64> {
    let text: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')];
    let number = |from: usize, to: usize| {
        let digits = &text[from..to];
        let all = digits.iter().all(u8::is_ascii_digit);
        all.then(|| digits.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let marked = marks.iter().all(|(at, mark)| text[*at] == *mark);
    let exists = (1..=12).contains(&month) && hour < 24 && minute < 60 && second < 60;
    if !marked || !exists {
        return None;
    }
    let days = days_of(year, month, day);
    // A day that the month does not have, such as 31 April, converts back to another date.
    (date_of(days) == (year, month, day))
        .then(|| days * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_same_as_the_calendar_library() {
        let mut compared = 0;
        for step in 0..120_000i64 {
            let second = -62_167_219_200 + step * 2_629_746 + step % 86_399;
            let Ok(at) = jiff::Timestamp::from_second(second) else { continue };
            let text = format_utc(second).unwrap();
            let text = std::str::from_utf8(&text).unwrap();
            assert_eq!(text, at.to_string());
            assert_eq!(parse_utc(text), Some(second));
            compared += 1;
        }
        assert!(compared > 100_000);
    }

    #[test]
    fn takes_nothing_else() {
        for text in [
            "2025-02-29T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-00-01T00:00:00Z",
            "2025-04-31T00:00:00Z",
            "2025-04-00T00:00:00Z",
            "2025-04-01T24:00:00Z",
            "2025-04-01 00:00:00Z",
            "2025-04-01T00:00:00+",
            "2025-04-01T00:00:0xZ",
            "2025-04-01",
            "",
        ] {
            assert_eq!(parse_utc(text), None, "{text}");
        }
        assert!(parse_utc("2024-02-29T23:59:59Z").is_some());
        assert_eq!(format_utc(i64::MAX / 1_000_000), None);
    }
}

//! Times of day in a column of their own beside the day, in the spellings of several countries and
//! of spreadsheets.

use jiff::civil::Time;

use crate::ingest::numbers::decimal;
use crate::ingest::time::no_time::is_filler_date;
use crate::ingest::time::text::{Written, WrittenDate, written};

/// Seconds of a day.
const DAY_SECONDS: f64 = 86_400.0;
/// Serials of spreadsheets that are days from 1970 to 2173.
const SERIALS: std::ops::Range<i64> = 25_569..100_000;
/// Words and signs behind the hour that make a bare number one: `8 h`, `8 Uhr`, `8 hrs`.
const HOUR_WORDS: [&str; 10] =
    ["heures", "heure", "horas", "hora", "uhr", "uur", "hrs", "hs", "ore", "h"];

/// How a time of day is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockStyle {
    /// By signs or words of the clock: `08:30`, `8 h 30`, `8.30 Uhr`, `8:30 PM`, `8h`.
    Plain,
    /// By three to six digits: `830`, `0830`, `083000`.
    Digits,
    /// With a point between the hour and the minutes: `8.30`.
    Dotted,
    /// As the part of a day, as spreadsheets count it: `0.354166`.
    Fraction,
}

/// The time of day that a text is in this style; `None` where it is none.
pub fn time_of_day(text: &str, style: ClockStyle) -> Option<Time> {
    let text = text.trim();
    match style {
        ClockStyle::Plain => plain(text),
        ClockStyle::Digits => digits(text),
        ClockStyle::Dotted => dotted(text),
        ClockStyle::Fraction => fraction(text),
    }
}

/// A whole text that is a clock behind an invented day.
fn on_a_day(text: &str) -> Option<Time> {
    let parts = written(&format!("2000-01-01 {text}"))?;
    if parts.next_day { None } else { parts.time }
}

fn plain(text: &str) -> Option<Time> {
    // Databases and spreadsheets write a day that means none before it: `1899-12-30 08:30:00`.
    if let Some((_, clock)) = text.split_once([' ', 'T'])
        && is_on_filler_day(text)
    {
        return plain(clock);
    }
    let lower = text.to_lowercase();
    let body = lower.trim_end_matches('.');
    if !body.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    for word in HOUR_WORDS {
        let Some(hour) = body.strip_suffix(word).map(str::trim_end) else { continue };
        if hour.len() <= 2
            && let Ok(hour) = hour.parse()
        {
            return Time::new(hour, 0, 0, 0).ok();
        }
    }
    let is_clock = body.contains(':') || body.contains(|c: char| c.is_alphabetic());
    if is_clock { on_a_day(&lower) } else { None }
}

fn digits(text: &str) -> Option<Time> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // Programs drop the zero before an hour of one digit.
    match text.len() {
        4 | 6 => on_a_day(text),
        3 | 5 => on_a_day(&format!("0{text}")),
        _ => None,
    }
}

fn dotted(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(['.', ','])?;
    let is_clock = (1..=2).contains(&hour.len()) && minute.len() == 2;
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !is_clock || !is_digits(hour) || !is_digits(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn fraction(text: &str) -> Option<Time> {
    let is_number = text == "0" || text.contains(['.', ',']);
    let part = decimal(text).filter(|part| is_number && (0.0..1.0).contains(part))?;
    // The last half second belongs to the day.
    let second = (part * DAY_SECONDS).round().min(DAY_SECONDS - 1.0) as i32;
    let (hour, minute) = (second / 3600, second / 60 % 60);
    Time::new(hour as i8, minute as i8, (second % 60) as i8, 0).ok()
}

/// How the columns of times of day of a file are written, where a single cell does not say it.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClockSigns {
    /// Points are between hours and minutes, so that `0.30` is half past midnight.
    pub is_dotted: bool,
    /// Digits are hours and minutes without zeros in front, so that `11` is 00:11.
    pub is_digits: bool,
}

/// One text of a day and a time of day that have columns of their own. What is no time of day stays
/// as it is, for the refusal of the row to show it.
pub fn day_with_clock(day: &str, clock: &str, signs: ClockSigns) -> String {
    use ClockStyle::{Digits, Dotted, Fraction, Plain};
    let numbers = if signs.is_dotted { Dotted } else { Fraction };
    let is_short =
        |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let minutes =
        (signs.is_digits && is_short(clock.trim())).then(|| format!("{:0>4}", clock.trim()));
    let clock = minutes.as_deref().unwrap_or(clock);
    let styles = [Plain, Digits, numbers, Dotted];
    let found = styles.into_iter().find_map(|style| Some((style, time_of_day(clock, style)?)));
    let day = without_midnight(day);
    let serial = day.parse::<i64>().ok().filter(|day| SERIALS.contains(day));
    match (found, serial) {
        (Some((_, time)), Some(serial)) => {
            let second = time.duration_since(Time::midnight()).as_secs();
            // An hour of a day that is a number is the number's part.
            format!("{:.6}", serial as f64 + second as f64 / DAY_SECONDS)
        }
        // What follows the clock, such as a zone, is kept.
        (Some((Plain, _)), None) if !is_filler_date(clock) && on_a_day(clock).is_some() => {
            format!("{day} {}", clock.trim())
        }
        (Some((_, time)), None) => format!("{day} {}", time.strftime("%H:%M:%S")),
        (None, _) => format!("{day} {clock}"),
    }
}

/// Is it a time of day of three or four digits alone?
pub fn is_digit_clock(text: &str) -> bool {
    let text = text.trim();
    matches!(text.len(), 3 | 4) && digits(text).is_some()
}

/// Is it a time of day with a point between the hour and the minutes, and no part of a day?
pub fn is_dotted_clock(text: &str) -> bool {
    dotted(text.trim()).is_some_and(|time| time.hour() > 0)
}

/// The day of a text whose time is midnight, as programs write a column of days.
pub fn without_midnight(text: &str) -> &str {
    let text = text.trim();
    let is_midnight = |text: &str| {
        written(text).is_some_and(|parts| parts.time == Some(Time::midnight()) && !parts.next_day)
    };
    if !text.contains(':') || !is_midnight(text) {
        return text;
    }
    let day = text.match_indices([' ', 'T']).map(|(at, _)| text.get(..at).unwrap_or_default());
    let mut days = day.filter(|day| written(day).is_some_and(|parts| parts.time.is_none()));
    days.next().unwrap_or(text)
}

/// Is the text a day with midnight as its time?
pub fn is_midnight(text: &str) -> bool {
    without_midnight(text).len() < text.trim().len()
}

/// Is the date of a text a day by which databases and spreadsheets write that there is none, as
/// they do before a time of day?
fn is_on_filler_day(text: &str) -> bool {
    let is_first = |parts: Written| match parts.date {
        WrittenDate::Sure(date) => matches!(date.year(), 1 | 1899 | 1900 | 1970),
        WrittenDate::Either { year, .. } => matches!(year, 1 | 1899 | 1900 | 1970),
    };
    is_filler_date(text) && written(text).is_some_and(is_first)
}

/// Is the text a time of day other than midnight on such a day?
pub fn is_clock_on_filler_day(text: &str) -> bool {
    is_on_filler_day(text) && plain(text).is_some_and(|time| time != Time::midnight())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_in_several_spellings() {
        use ClockStyle::{Digits, Dotted, Fraction, Plain};
        for (text, style, time) in [
            ("08:30", Plain, "08:30:00"),
            ("8:30:15", Plain, "08:30:15"),
            ("08h00", Plain, "08:00:00"),
            ("8 h 30", Plain, "08:30:00"),
            ("8h", Plain, "08:00:00"),
            ("14 Uhr", Plain, "14:00:00"),
            ("8.30 Uhr", Plain, "08:30:00"),
            ("17.45 uur", Plain, "17:45:00"),
            ("8:30 PM", Plain, "20:30:00"),
            ("8:30 p. m.", Plain, "20:30:00"),
            ("8 pm", Plain, "20:00:00"),
            ("12:05:00 AM", Plain, "00:05:00"),
            ("1899-12-30 08:30:00", Plain, "08:30:00"),
            ("1900-01-01T17:45:00", Plain, "17:45:00"),
            ("0800", Digits, "08:00:00"),
            ("830", Digits, "08:30:00"),
            ("083015", Digits, "08:30:15"),
            ("83015", Digits, "08:30:15"),
            ("8.30", Dotted, "08:30:00"),
            ("0,30", Dotted, "00:30:00"),
            ("0.354166667", Fraction, "08:30:00"),
            ("0,75", Fraction, "18:00:00"),
            ("0.9999999", Fraction, "23:59:59"),
            ("0", Fraction, "00:00:00"),
        ] {
            let found = time_of_day(text, style).map(|time| time.to_string());
            assert_eq!(found.as_deref(), Some(time), "{text}");
        }
        for text in ["", "8", "25:00", "8:75", "2460", "matin", "12 rue X", "1.5", "9999-12-31"] {
            for style in [Plain, Digits, Dotted, Fraction] {
                assert_eq!(time_of_day(text, style), None, "{text}");
            }
        }
    }

    #[test]
    fn a_day_and_a_time_of_day_are_one_text() {
        for (day, clock, is_dotted, both) in [
            ("2026-05-27", "08h00", false, "2026-05-27 08h00"),
            ("27.05.2026", "8.30 Uhr", true, "27.05.2026 8.30 Uhr"),
            ("2026-05-27", "8 Uhr", false, "2026-05-27 08:00:00"),
            ("20260527", "830", false, "20260527 08:30:00"),
            ("2026-05-27", "0.30", true, "2026-05-27 00:30:00"),
            ("2026-05-27", "0.25", false, "2026-05-27 06:00:00"),
            ("2026-05-27", "14.05", false, "2026-05-27 14:05:00"),
            ("05/27/2026 12:00:00 AM", "2230", false, "05/27/2026 22:30:00"),
            ("2026-05-27T00:00:00", "1899-12-30 08:30:00", false, "2026-05-27 08:30:00"),
            ("46169", "0.354166667", false, "46169.354167"),
            ("46169", "08:30", false, "46169.354167"),
            ("2026-05-27", "08:30+02:00", false, "2026-05-27 08:30+02:00"),
            ("2026-05-27", "matin", false, "2026-05-27 matin"),
        ] {
            let signs = ClockSigns { is_dotted, is_digits: false };
            assert_eq!(day_with_clock(day, clock, signs), both, "{day} {clock}");
        }
        let signs = ClockSigns { is_dotted: false, is_digits: true };
        for (clock, both) in [
            ("11", "2026-05-27 00:11:00"),
            ("6", "2026-05-27 00:06:00"),
            ("0", "2026-05-27 00:00:00"),
            ("830", "2026-05-27 08:30:00"),
            ("1055", "2026-05-27 10:55:00"),
            ("75", "2026-05-27 0075"),
        ] {
            assert_eq!(day_with_clock("2026-05-27", clock, signs), both, "{clock}");
        }
        assert!(is_digit_clock("830") && !is_digit_clock("11") && !is_digit_clock("9999"));
    }
}

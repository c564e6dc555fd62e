//! Times of 311 data: an instant to the second, or a day without an hour.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::domain::utc::{format_utc, parse_utc};
use crate::i18n::Message;
use crate::message;

/// An instant to the second, or a day whose hour is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportTime {
    at: Timestamp,
    day: Option<Date>,
}

impl ReportTime {
    /// 1970-01-01T00:00:00Z.
    pub(super) const EPOCH: Self = Self { at: Timestamp::UNIX_EPOCH, day: None };

    /// An instant; fractions of a second are dropped.
    pub fn instant(at: Timestamp) -> Self {
        let whole = at.as_second() - i64::from(at.subsec_nanosecond() < 0);
        Self { at: Timestamp::from_second(whole).unwrap_or(at), day: None }
    }

    /// A calendar day of `zone`; comparisons use its first instant.
    ///
    /// # Errors
    /// The day lies outside the years -9999 to 9999.
    pub fn day(day: Date, zone: &TimeZone) -> Result<Self, Message> {
        let start = day
            .to_zoned_datetime(zone.clone())
            .map_err(|_| message!("la date {day} n’existe pas", "the date {day} does not exist"))?;
        Ok(Self { at: start.timestamp(), day: Some(day) })
    }

    /// The instant that comparisons use: for a day its first one.
    pub fn as_instant(self) -> Self {
        Self { day: None, ..self }
    }

    /// A wall-clock time of `zone`. Where clocks go back and an hour occurs twice, the first one is
    /// meant; a time in the hour skipped when they go forward is read one hour later (RFC 5545).
    ///
    /// # Errors
    /// The time lies outside the years -9999 to 9999.
    pub fn local(time: DateTime, zone: &TimeZone) -> Result<Self, Message> {
        let zoned = time.to_zoned_datetime(zone.clone()).map_err(|_| {
            message!("l’heure {time} n’existe pas", "the time {time} does not exist")
        })?;
        Ok(Self::instant(zoned.timestamp()))
    }

    /// Reads an RFC 3339 time, the same without an offset (a wall-clock time of `zone`), or a date.
    ///
    /// # Errors
    /// The text is neither; the message says which forms are accepted.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, Message> {
        if let Some(at) = parse_utc(text).and_then(|second| Timestamp::from_second(second).ok()) {
            return Ok(Self { at, day: None });
        }
        if let (10, Ok(day)) = (text.len(), text.parse::<Date>()) {
            return Self::day(day, zone);
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::instant(at));
        }
        if text.len() > 10
            && !text.contains('[')
            && let Ok(time) = text.parse::<DateTime>()
        {
            return Self::local(time, zone);
        }
        Err(message!(
            "n’est ni une date (2026-03-01) ni une heure RFC 3339 (2026-03-01T08:30:00-05:00)",
            "is neither a date (2026-03-01) nor an RFC 3339 time (2026-03-01T08:30:00-05:00)"
        ))
    }

    /// Seconds since 1970-01-01T00:00:00Z; a day counts from its first instant in its zone.
    pub fn second(&self) -> i64 {
        self.at.as_second()
    }

    /// The calendar day, if the hour is not known.
    pub fn day_only(&self) -> Option<Date> {
        self.day
    }

    /// The calendar day, if the hour is not known, in days since 1970-01-01.
    pub fn day_number(&self) -> Option<i32> {
        let days = |day: Date| (day - Date::constant(1970, 1, 1)).get_days();
        self.day.map(days)
    }

    /// The last second that it can mean: of an instant its second, of a day the day's last second.
    pub fn last_second(&self) -> i64 {
        self.at.as_second() + if self.day.is_some() { 86_399 } else { 0 }
    }
}

impl std::fmt::Display for ReportTime {
    /// `2026-03-01T13:30:00Z`, or `2026-03-01` where only the day is known.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.day {
            Some(day) => write!(f, "{day}"),
            None => match format_utc(self.second()) {
                Some(text) => f.write_str(std::str::from_utf8(&text).map_err(|_| std::fmt::Error)?),
                None => write!(f, "{}", self.at),
            },
        }
    }
}

/// First second after the calendar day on which `second` falls in `zone`.
pub fn end_of_day(second: i64, zone: &TimeZone) -> i64 {
    Timestamp::from_second(second)
        .ok()
        .and_then(|at| at.to_zoned_datetime(zone.clone()).date().checked_add(1.day()).ok())
        .and_then(|next| next.to_zoned_datetime(zone.clone()).ok())
        .map_or(second.saturating_add(86_400), |next| next.timestamp().as_second())
}

/// The calendar days of `zone` from the day of second `first` to the day of second `last`, each
/// with its first second. Of more than `days_max` days only the latest are returned.
pub fn days_between(first: i64, last: i64, zone: &TimeZone, days_max: usize) -> Vec<(i64, Date)> {
    let date_of = |second| {
        let at = Timestamp::from_second(second).ok()?;
        Some(at.to_zoned_datetime(zone.clone()).date())
    };
    let (Some(first), Some(mut day)) = (date_of(first), date_of(last)) else { return Vec::new() };
    let mut days = Vec::new();
    while day >= first && days.len() < days_max {
        let Ok(start) = day.to_zoned_datetime(zone.clone()) else { break };
        days.push((start.timestamp().as_second(), day));
        let Ok(before) = day.yesterday() else { break };
        day = before;
    }
    days.reverse();
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    fn montreal() -> TimeZone {
        TimeZone::get("America/Toronto").unwrap()
    }

    #[test]
    fn reads_offsets_wall_clocks_and_days() {
        for (text, shown) in [
            ("2026-03-01T08:30:00-05:00", "2026-03-01T13:30:00Z"),
            ("2026-03-01T08:30:00.999Z", "2026-03-01T08:30:00Z"),
            ("2026-03-01T08:30:00", "2026-03-01T13:30:00Z"),
            ("2026-07-01 08:30:00", "2026-07-01T12:30:00Z"),
            ("2026-03-01", "2026-03-01"),
        ] {
            assert_eq!(ReportTime::parse(text, &montreal()).unwrap().to_string(), shown, "{text}");
        }
        let numbers = ["1970-01-01", "2026-03-01", "1969-12-31", "2026-03-01T08:30:00Z"]
            .map(|text| ReportTime::parse(text, &montreal()).unwrap().day_number());
        assert_eq!(numbers, [Some(0), Some(20_513), Some(-1), None]);
        assert!(ReportTime::parse("01/03/2026", &montreal()).is_err());
        assert!(ReportTime::parse("", &montreal()).is_err());
    }

    #[test]
    fn the_hour_that_comes_twice_is_the_first() {
        let twice = ReportTime::parse("2025-11-02T01:30:00", &montreal()).unwrap();
        assert_eq!(twice.to_string(), "2025-11-02T05:30:00Z");
        let skipped = ReportTime::parse("2025-03-09T02:30:00", &montreal()).unwrap();
        assert_eq!(skipped.to_string(), "2025-03-09T07:30:00Z");
    }

    #[test]
    fn a_day_ends_with_its_zone() {
        let noon = ReportTime::parse("2025-11-02T12:00:00", &montreal()).unwrap();
        let end = Timestamp::from_second(end_of_day(noon.second(), &montreal())).unwrap();
        assert_eq!(end.to_string(), "2025-11-03T05:00:00Z");
    }
}

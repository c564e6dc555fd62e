//! Times as cities' exports write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::domain::ReportTime;
use crate::i18n::Message;
use crate::message;

/// How a source writes its times.
#[derive(Debug, Clone)]
pub struct TimeReader {
    /// Zone of wall clocks without an offset.
    pub zone: TimeZone,
    /// The suffix " UTC" is wrong in this source: it is a wall clock of `zone`.
    pub utc_suffix_is_local: bool,
}

impl TimeReader {
    /// Reads RFC 3339, ISO 8601 without an offset, `MM/DD/YYYY[ hh:mm[:ss] [AM|PM]]`, either with a
    /// suffix " UTC", milliseconds or seconds since 1970, and days since 1970. What has no hour is
    /// a day.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn read(&self, text: &str) -> Result<ReportTime, Message> {
        let (body, utc) = match text.strip_suffix(" UTC") {
            Some(body) => (body, !self.utc_suffix_is_local),
            None => (text, false),
        };
        let zone = if utc { &TimeZone::UTC } else { &self.zone };
        if body.contains('/') {
            return american(body, zone);
        }
        if body.len() >= 4 && body.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return number(body, zone);
        }
        ReportTime::parse(body, zone)
    }
}

fn american(text: &str, zone: &TimeZone) -> Result<ReportTime, Message> {
    let unreadable = || {
        message!(
            "n’est pas une date MM/JJ/AAAA [hh:mm:ss AM]",
            "is not a date MM/DD/YYYY [hh:mm:ss AM]"
        )
    };
    let mut message = text.split_ascii_whitespace();
    let mut date = message.next().ok_or_else(unreadable)?.split('/').map(str::parse::<i16>);
    let mut next = || date.next().and_then(Result::ok).ok_or_else(unreadable);
    let (month, day, year) = (next()?, next()?, next()?);
    let small = |n: i16| i8::try_from(n).map_err(|_| unreadable());
    let date = Date::new(year, small(month)?, small(day)?).map_err(|_| unreadable())?;
    let Some(clock) = message.next() else { return ReportTime::day(date, zone) };
    let mut parts = clock.split(':').map(str::parse::<i8>);
    let hour = parts.next().and_then(Result::ok).ok_or_else(unreadable)?;
    let minute = parts.next().and_then(Result::ok).ok_or_else(unreadable)?;
    let second = parts.next().transpose().map_err(|_| unreadable())?.unwrap_or(0);
    let hour = match (message.next(), hour) {
        (None, hour) => hour,
        (Some("AM" | "am"), 12) => 0,
        (Some("AM" | "am"), hour @ 1..12) => hour,
        (Some("PM" | "pm"), 12) => 12,
        (Some("PM" | "pm"), hour @ 1..12) => hour + 12,
        _ => return Err(unreadable()),
    };
    let time = Time::new(hour, minute, second, 0).map_err(|_| unreadable())?;
    ReportTime::local(DateTime::from_parts(date, time), zone)
}

/// Thirteen digits are milliseconds, nine or ten are seconds, fewer are days since 1970.
fn number(text: &str, zone: &TimeZone) -> Result<ReportTime, Message> {
    let whole = text.split('.').next().unwrap_or_default();
    let unreadable = || {
        message!(
            "n’est pas un nombre de jours, de secondes ou de millisecondes depuis 1970",
            "is not a number of days, seconds or milliseconds since 1970"
        )
    };
    let n: i64 = whole.parse().map_err(|_| unreadable())?;
    let second = match whole.len() {
        12..=13 => n / 1000,
        9..=10 => n,
        4..=6 => {
            let epoch = Date::new(1970, 1, 1).map_err(|_| unreadable())?;
            let span = jiff::Span::new().try_days(n).map_err(|_| unreadable())?;
            return ReportTime::day(epoch.checked_add(span).map_err(|_| unreadable())?, zone);
        }
        _ => return Err(unreadable()),
    };
    Timestamp::from_second(second).map(ReportTime::instant).map_err(|_| unreadable())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_time() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let clock = TimeReader { zone: zone.clone(), utc_suffix_is_local: false };
        for (text, shown) in [
            ("2011-07-01 01:32:33", "2011-07-01T05:32:33Z"),
            ("2026-04-20T11:49:25", "2026-04-20T15:49:25Z"),
            ("2024-05-27T02:08:51.000", "2024-05-27T06:08:51Z"),
            ("04/18/2019 09:55:45 PM", "2019-04-19T01:55:45Z"),
            ("04/18/2019 12:00:00 AM", "2019-04-18T04:00:00Z"),
            ("04/18/2019 12:05:00 PM", "2019-04-18T16:05:00Z"),
            ("4/12/2016 7:54", "2016-04-12T11:54:00Z"),
            ("03/12/2018", "2018-03-12"),
            ("2016-06-27", "2016-06-27"),
            ("2019-10-06 00:05:55 UTC", "2019-10-06T00:05:55Z"),
            ("2019-10-06T00:05:55Z", "2019-10-06T00:05:55Z"),
            ("1570320355000", "2019-10-06T00:05:55Z"),
            ("1570320355", "2019-10-06T00:05:55Z"),
            ("17532", "2018-01-01"),
            ("17532.0", "2018-01-01"),
        ] {
            assert_eq!(clock.read(text).unwrap().to_string(), shown, "{text}");
        }
        for bad in ["", "hier", "13/40/2019", "04/18/2019 25:00:00", "04/18/2019 13:00 PM", "1.2.3"]
        {
            assert!(clock.read(bad).is_err(), "{bad}");
        }
        let san_francisco = TimeReader { zone, utc_suffix_is_local: true };
        let read = san_francisco.read("2019-10-06 00:05:55 UTC").unwrap();
        assert_eq!(read.to_string(), "2019-10-06T04:05:55Z");
    }
}

//! Times as cities' exports write them, read in the zone of the city and in one order of day and
//! month for the whole file.

use jiff::civil::{Date, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::domain::ReportTime;
use crate::i18n::Message;
use crate::ingest::time::calendars::{WrittenForm, date_of_object, json_date, with_decimal_point};
pub use crate::ingest::time::date_order::DateOrder;
use crate::ingest::time::text::{WrittenDate, written};
use crate::ingest::time::zone_words::ZoneMeanings;
use crate::message;

impl DateOrder {
    /// The way of writing a date in this order.
    fn format(self) -> TimeFormat {
        match self {
            Self::DayFirst => TimeFormat::DayFirst,
            Self::MonthFirst => TimeFormat::MonthFirst,
            Self::YearFirst => TimeFormat::YearFirst,
        }
    }
}

/// The way in which a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeFormat {
    /// Year, month and day in this order: ISO 8601 and its relatives.
    YearFirst,
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
    /// Day and month are the same number, the year last, in a file that says no order.
    SameDayAndMonth,
    /// With the name of a month.
    MonthName,
    /// Year, week and day of the week.
    WeekDate,
    /// Year and day of the year.
    DayOfYear,
    /// Milliseconds since 1970, as .NET writes them in JSON.
    JsonDate,
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMilliseconds,
    /// Microseconds since 1970.
    EpochMicroseconds,
    /// Days since 1970.
    EpochDays,
    /// Days since 1899-12-30, as spreadsheets count them.
    Serial,
    /// A format that the profile declares.
    Declared,
}

impl TimeFormat {
    /// Is it a number counted from a day?
    pub fn is_number(self) -> bool {
        use TimeFormat::{
            EpochDays, EpochMicroseconds, EpochMilliseconds, EpochSeconds, JsonDate, Serial,
        };
        let is_of_epoch =
            matches!(self, EpochSeconds | EpochMilliseconds | EpochMicroseconds | EpochDays);
        is_of_epoch || matches!(self, JsonDate | Serial)
    }

    /// A sample for people: of its date, where it has one.
    pub fn shown(self) -> &'static str {
        match self {
            Self::YearFirst => "2026-05-27",
            Self::DayFirst => "27/05/2026",
            Self::MonthFirst => "05/27/2026",
            Self::SameDayAndMonth => "05/05/2026",
            Self::MonthName => "27 May 2026",
            Self::WeekDate => "2026-W22-3",
            Self::DayOfYear => "2026-147",
            Self::JsonDate => "/Date(1748354700000)/",
            Self::EpochSeconds => "epoch seconds",
            Self::EpochMilliseconds => "epoch milliseconds",
            Self::EpochMicroseconds => "epoch microseconds",
            Self::EpochDays => "days since 1970",
            Self::Serial => "spreadsheet serial",
            Self::Declared => "declared format",
        }
    }
}

/// How a source writes its times.
#[derive(Debug, Clone)]
pub struct TimeReader {
    /// Zone of wall clocks without an offset.
    pub zone: TimeZone,
    /// The suffix " UTC" is wrong in this source: it is a wall clock of `zone`.
    pub utc_suffix_is_local: bool,
    /// Order of day and month where a date has two numbers that may be either.
    pub order: Option<DateOrder>,
    /// Formats that the profile declares: patterns of `strptime`, or one of [`FORMAT_WORDS`].
    /// Where there are any, no other format is read.
    pub formats: Vec<String>,
    /// What abbreviations of zones mean.
    pub zones: ZoneMeanings,
}

/// Words for a format without a pattern.
pub const FORMAT_WORDS: [&str; 4] = ["epoch", "epoch-ms", "epoch-days", "serial"];

/// A time with the way it was written.
pub type TimeRead = (ReportTime, TimeFormat);

impl TimeReader {
    /// Reads a time by the declared formats, else in any of the usual ways: ISO 8601 with or
    /// without an offset, dates with month names in eight languages, `27/05/2026` in the order of
    /// the file, AM and PM, digits only (`20260527`), weeks (`2026-W22-3`), days of the year
    /// (`2026-147`), the times of programs (`Wed May 27 2026 14:05:00 GMT+0200`,
    /// `/Date(1748354700000)/`), seconds or milliseconds since 1970, days since 1970 (up to 25568,
    /// the year 2040) or a spreadsheet's serial (from 25569). What has no hour is a day.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn read(&self, text: &str) -> Result<TimeRead, Message> {
        if !self.formats.is_empty() {
            return self.declared(text);
        }
        // Nearly every time: an ISO date, or one with a time.
        if text.as_bytes().get(4) == Some(&b'-')
            && let Ok(read) = ReportTime::parse(text, &self.zone)
        {
            return Ok((read, TimeFormat::YearFirst));
        }
        if text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && let Some(read) = self.number(text)
        {
            return Ok(read);
        }
        if let Some(read) = with_decimal_point(text).and_then(|text| self.number(&text)) {
            return Ok(read);
        }
        match json_date(text) {
            Some(at) => Ok((ReportTime::instant(at), TimeFormat::JsonDate)),
            None => match date_of_object(text) {
                Some(inner) => self.read(&inner).map(|(time, _)| (time, TimeFormat::JsonDate)),
                None => self.usual(text),
            },
        }
    }

    /// A time by one of the declared formats.
    fn declared(&self, text: &str) -> Result<TimeRead, Message> {
        let read = self.formats.iter().find_map(|format| self.by_format(format, text));
        read.ok_or_else(|| {
            let formats = self.formats.join(" | ");
            message!("n’est pas une heure du format {formats}", "is not a time of format {formats}")
        })
    }

    fn by_format(&self, format: &str, text: &str) -> Option<TimeRead> {
        let second = |text: &str| text.split('.').next()?.parse::<i64>().ok();
        let instant = |second| Timestamp::from_second(second).ok().map(ReportTime::instant);
        let read = match format {
            "epoch" => instant(second(text)?)?,
            "epoch-ms" => instant(second(text)?.div_euclid(1000))?,
            "epoch-days" => self.days(text.parse().ok()?, Date::new(1970, 1, 1).ok()?)?,
            "serial" => self.days(text.parse().ok()?, Date::new(1899, 12, 30).ok()?)?,
            pattern => {
                let parts = BrokenDownTime::parse(pattern, text).ok()?;
                let date = parts.to_date().ok()?;
                match (parts.to_timestamp(), parts.to_datetime()) {
                    (Ok(at), _) => ReportTime::instant(at),
                    (_, Ok(time)) if parts.hour().is_some() => {
                        ReportTime::local(time, &self.zone).ok()?
                    }
                    _ => ReportTime::day(date, &self.zone).ok()?,
                }
            }
        };
        Some((read, TimeFormat::Declared))
    }

    /// Days since a date, with the time of day as their fraction; a whole number is a day.
    fn days(&self, number: f64, since: Date) -> Option<ReportTime> {
        let whole = number.floor();
        let day = since.checked_add(jiff::Span::new().try_days(whole as i64).ok()?).ok()?;
        if number == whole {
            return ReportTime::day(day, &self.zone).ok();
        }
        let second = ((number - whole) * 86_400.0).round() as i64;
        let time = day.to_datetime(Time::midnight()).checked_add(SignedDuration::from_secs(second));
        ReportTime::local(time.ok()?, &self.zone).ok()
    }

    /// Digits alone: 16 are microseconds, 12 or 13 milliseconds, 9 or 10 seconds since 1970,
    /// 4 to 6 days.
    fn number(&self, text: &str) -> Option<TimeRead> {
        let whole = text.split('.').next().unwrap_or_default();
        let n: i64 = whole.parse().ok()?;
        let instant = |second| Timestamp::from_second(second).ok().map(ReportTime::instant);
        match whole.len() {
            8 | 14 => None,
            16 => Some((instant(n / 1_000_000)?, TimeFormat::EpochMicroseconds)),
            12 if written(text).is_some() => None,
            12 | 13 => Some((instant(n / 1000)?, TimeFormat::EpochMilliseconds)),
            9 | 10 => Some((instant(n)?, TimeFormat::EpochSeconds)),
            4..=6 if n < SERIAL_OF_1970 => {
                let read = self.days(text.parse().ok()?, Date::new(1970, 1, 1).ok()?)?;
                Some((read, TimeFormat::EpochDays))
            }
            4..=6 => {
                let read = self.days(text.parse().ok()?, Date::new(1899, 12, 30).ok()?)?;
                Some((read, TimeFormat::Serial))
            }
            _ => None,
        }
    }

    /// The way in which a date is written that needs no order: with a month's name, with the year
    /// first, or with the same number as day and month.
    fn format_of_sure(&self, text: &str, form: WrittenForm) -> TimeFormat {
        let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        match (form, digits >= 4) {
            (WrittenForm::Named, _) => TimeFormat::MonthName,
            (WrittenForm::Week, _) => TimeFormat::WeekDate,
            (WrittenForm::Ordinal, _) => TimeFormat::DayOfYear,
            (WrittenForm::Numbers, true) => TimeFormat::YearFirst,
            (WrittenForm::Numbers, false) => {
                self.order.map_or(TimeFormat::SameDayAndMonth, DateOrder::format)
            }
        }
    }

    fn usual(&self, text: &str) -> Result<TimeRead, Message> {
        let unreadable = || {
            message!(
                "n’est pas une date ou une heure lisible (2026-03-01 08:30, 01/03/2026, \
                 1 mars 2026 ; voir time_formats)",
                "is neither a date nor a time that can be read (2026-03-01 08:30, 03/01/2026, \
                 1 March 2026; see time_formats)"
            )
        };
        let parts = written(text).ok_or_else(unreadable)?;
        let (date, format) = match parts.date {
            WrittenDate::Sure(date) => (date, self.format_of_sure(text, parts.form)),
            WrittenDate::Either { first, second, dotted, .. } => {
                // The day and the month are the same number.
                let is_same = first == second && self.order.is_none();
                let is_day_first = dotted || is_same;
                let order = self.order.or(is_day_first.then_some(DateOrder::DayFirst));
                let Some(order) = order else {
                    return Err(message!(
                        "peut être jour/mois ou mois/jour ; --date-order dmy ou mdy le dit",
                        "may be day/month or month/day; --date-order dmy or mdy says it"
                    ));
                };
                let date = order.date(&parts.date).ok_or_else(|| {
                    let word = order.word();
                    message!(
                        "n’est pas dans l’ordre du fichier ({word}) ; voir --date-order",
                        "is not in the order of the file ({word}); see --date-order"
                    )
                })?;
                let format = if is_same { TimeFormat::SameDayAndMonth } else { order.format() };
                (date, format)
            }
        };
        let read = match parts.time {
            None => ReportTime::day(date, &self.zone)?,
            Some(_) => {
                let wall = parts.at(date).ok_or_else(unreadable)?;
                ReportTime::local(wall, &self.zone_of(&parts.zone, wall)?)?
            }
        };
        Ok((read, format))
    }
}

/// The spreadsheets' serial of 1970-01-01. Smaller numbers of days are counted from 1970.
const SERIAL_OF_1970: i64 = 25_569;

#[cfg(test)]
mod tests {
    use super::*;

    fn new_york(order: Option<DateOrder>) -> TimeReader {
        let zone = TimeZone::get("America/New_York").unwrap();
        let (formats, zones) = (Vec::new(), ZoneMeanings::default());
        TimeReader { zone, utc_suffix_is_local: false, order, formats, zones }
    }

    #[test]
    fn every_way_of_writing_a_time() {
        let clock = new_york(Some(DateOrder::MonthFirst));
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
            ("43101", "2018-01-01"),
            ("43101.25", "2018-01-01T11:00:00Z"),
            ("43101,25", "2018-01-01T11:00:00Z"),
            ("1570320355000000", "2019-10-06T00:05:55Z"),
            (r#"{"$date": "2019-10-06T00:05:55.000Z"}"#, "2019-10-06T00:05:55Z"),
            (r#"{"$date":1570320355000}"#, "2019-10-06T00:05:55Z"),
            (r#"{"$date": {"$numberLong": "1570320355000"}}"#, "2019-10-06T00:05:55Z"),
            ("2014-Jul-01 00:01:48", "2014-07-01T04:01:48Z"),
            ("2026/05/27 02:08:51+00", "2026-05-27T02:08:51Z"),
            ("20260527", "2026-05-27"),
            ("2012-01-11 10:04:24.0", "2012-01-11T15:04:24Z"),
            ("27 févr. 2026 14h05", "2026-02-27T19:05:00Z"),
            ("2 września 2025 r. 00:09", "2025-09-02T04:09:00Z"),
            ("2 września 2025 r.", "2025-09-02"),
            ("2 września 2025 roku, godz. 14:05", "2025-09-02T18:05:00Z"),
            ("09/13/2025 06:51:10A", "2025-09-13T10:51:10Z"),
            ("09/13/2025 06:51:10P", "2025-09-13T22:51:10Z"),
        ] {
            assert_eq!(clock.read(text).unwrap().0.to_string(), shown, "{text}");
        }
        for bad in ["", "hier", "13/40/2019", "04/18/2019 25:00:00", "04/18/2019 13:00 PM", "1.2.3"]
        {
            assert!(clock.read(bad).is_err(), "{bad}");
        }
        let san_francisco = TimeReader { utc_suffix_is_local: true, ..clock };
        let read = san_francisco.read("2019-10-06 00:05:55 UTC").unwrap().0;
        assert_eq!(read.to_string(), "2019-10-06T04:05:55Z");
    }

    #[test]
    fn the_way_of_writing_is_named_as_it_is() {
        use TimeFormat::{DayFirst, MonthFirst, MonthName, SameDayAndMonth, YearFirst};
        let (day, month) = (Some(DateOrder::DayFirst), Some(DateOrder::MonthFirst));
        for (text, order, format) in [
            ("05/05/2026 10:00", day, DayFirst),
            ("05/05/2026 10:00", month, MonthFirst),
            ("5.5.2026", None, SameDayAndMonth),
            ("06/05/2026", month, MonthFirst),
            ("2026/05/05 10:00", day, YearFirst),
            ("20260505", month, YearFirst),
            ("5 mai 2026", day, MonthName),
        ] {
            assert_eq!(new_york(order).read(text).unwrap().1, format, "{text} {order:?}");
        }
    }

    #[test]
    fn day_and_month_are_read_in_the_order_of_the_file_only() {
        let shown = |order, text: &str| {
            new_york(order).read(text).map(|(time, _)| time.to_string()).map_err(|said| said.en)
        };
        let day_first = Some(DateOrder::DayFirst);
        assert_eq!(shown(day_first, "13/02/2026").unwrap(), "2026-02-13");
        assert_eq!(shown(day_first, "05/02/2026").unwrap(), "2026-02-05");
        assert!(shown(day_first, "02/13/2026").unwrap_err().contains("order of the file (dmy)"));
        assert_eq!(shown(None, "27.05.2026 14:05").unwrap(), "2026-05-27T18:05:00Z");
        assert_eq!(shown(None, "05.04.2026").unwrap(), "2026-04-05");
        assert!(shown(None, "13/02/2026").unwrap_err().contains("--date-order"));
        assert_eq!(shown(None, "05/05/2026").unwrap(), "2026-05-05");
    }

    #[test]
    fn declared_formats_are_the_only_ones() {
        let with = |formats: &[&str]| TimeReader {
            formats: formats.iter().map(|format| (*format).to_owned()).collect(),
            ..new_york(None)
        };
        for (format, text, shown) in [
            ("%d/%m/%y %H.%M", "05/02/26 14.05", "2026-02-05T19:05:00Z"),
            ("%y%m%d", "260205", "2026-02-05"),
            ("%Y-%m-%dT%H:%M:%S%z", "2026-02-05T14:05:00+0100", "2026-02-05T13:05:00Z"),
            ("epoch", "1570320355", "2019-10-06T00:05:55Z"),
            ("epoch-ms", "1570320355000", "2019-10-06T00:05:55Z"),
            ("epoch-days", "43101", "2088-01-03"),
            ("serial", "43101.25", "2018-01-01T11:00:00Z"),
        ] {
            let read = with(&[format]).read(text).unwrap();
            assert_eq!((read.0.to_string().as_str(), read.1), (shown, TimeFormat::Declared));
        }
        let said = with(&["%d.%m.%Y", "epoch"]).read("2026-02-05").unwrap_err().en;
        assert!(said.contains("%d.%m.%Y | epoch"), "{said}");
    }
}

//! The times of a row, by the columns of a mapping.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::domain::ReportTime;
use crate::error::Refusal;
use crate::ingest::mapping::row_draft::{Mapping, RowCells, filled};
use crate::ingest::mapping::zones::{ZoneCell, names_zones};
use crate::ingest::notes::noticed::Notes;
use crate::ingest::numbers::is_absent;
use crate::ingest::time::no_time::{is_filler_date, is_zero_date, stands_for_no_time};
use crate::ingest::time::of_day::{is_digit_clock, is_dotted_clock};
use crate::ingest::time::style::TimeStyle;
use crate::ingest::time::zone_words::{NamedZone, named_zone};
use crate::message;

/// The first seconds of the years 1800 and 2900. What lies outside stands for no date, and is not
/// merely a wrong one.
const YEARS: std::ops::Range<i64> = -5_364_662_400..29_348_006_400;

/// The fields of times.
const TIMES: [&str; 4] = ["requested", "updated", "closed", "expected"];

/// A time of a row.
pub struct RowTime {
    pub time: ReportTime,
    /// The text is a wall clock without an offset.
    is_wall_clock: bool,
}

impl Mapping {
    /// The columns of times of day that a field's days are joined with.
    fn clocks(&self, field: &str) -> impl Iterator<Item = usize> {
        let columns = self.columns.get(field).into_iter();
        let joined = columns.flat_map(|columns| &columns.alternatives);
        joined.filter_map(|columns| if columns.len() > 1 { columns.last().copied() } else { None })
    }

    /// Has the field a column of times of day?
    pub fn has_clock(&self, field: &str) -> bool {
        self.clocks(field).next().is_some()
    }

    /// Has the row a time of day with a point that can only be between the hour and the minutes?
    pub fn has_dotted_clock(&self, row: &impl RowCells, field: &str) -> bool {
        let mut clocks = self.clocks(field);
        clocks.any(|column| row.cell(column).is_some_and(is_dotted_clock))
    }

    /// Reads points in times of day as those between the hour and the minutes.
    pub fn take_points_of_clocks(&mut self) {
        self.clock_signs.is_dotted = true;
    }

    /// Has the row a time of day of three or four digits alone?
    pub fn has_digit_clock(&self, row: &impl RowCells, field: &str) -> bool {
        let mut clocks = self.clocks(field);
        clocks.any(|column| row.cell(column).is_some_and(is_digit_clock))
    }

    /// Reads times of day of one or two digits as minutes: `11` is 00:11.
    pub fn take_digits_as_minutes(&mut self) {
        self.clock_signs.is_digits = true;
    }

    /// Finds the columns of times whose name says their zone.
    pub fn find_named_zones(&mut self, header: &[String]) {
        let columns = TIMES.iter().filter_map(|field| self.columns.get(field));
        let columns = columns.flat_map(|columns| columns.alternatives.iter().flatten());
        let named = columns.filter_map(|column| {
            let name = header.get(*column)?;
            Some((*column, (name.clone(), named_zone(name)?)))
        });
        self.named_zones = named.collect();
    }

    /// Finds the column that says the zone of each row's times.
    pub fn find_zone_column(&mut self, header: &[String]) {
        let of_times = TIMES.iter().filter_map(|field| self.columns.get(field));
        let times: Vec<usize> =
            of_times.flat_map(|of| of.alternatives.iter().flatten().copied()).collect();
        let number = header.iter().position(|name| names_zones(name));
        let is_other = |number: &usize| !times.is_empty() && !times.contains(number);
        let found = number.filter(is_other).filter(|_| !self.is_zone_column_left);
        self.zone_column = found.and_then(|number| Some((number, header.get(number)?.clone())));
    }

    /// Reads no zone from the column that seems to have them.
    pub fn leave_zone_column(&mut self) {
        (self.zone_column, self.is_zone_column_left) = (None, true);
    }

    /// The cell of the row that says the zone of its times.
    pub fn zone_cell<'a>(&self, row: &'a impl RowCells) -> Option<&'a str> {
        let (column, _) = self.zone_column.as_ref()?;
        filled(row.cell(*column)?).filter(|text| !is_absent(text))
    }

    /// The zone that the row says of a time of this text; `None` where it is the city's.
    fn zone_of_row(&self, row: &impl RowCells, text: &str) -> Result<Option<TimeZone>, Refusal> {
        let Some(cell) = self.zone_cell(row) else { return Ok(None) };
        let mut last = self.last_zone.borrow_mut();
        if last.as_ref().is_none_or(|(known, _)| known != cell) {
            *last = ZoneCell::of(cell, &self.clock).map(|found| (cell.to_owned(), found));
        }
        match last.as_ref() {
            Some((_, found)) => found.zone(text, &self.clock),
            None => {
                let message = message!(
                    "n’est pas un fuseau horaire connu : Europe/Berlin, EST, +01:00",
                    "is not a known time zone: Europe/Berlin, EST, +01:00"
                );
                Err(Refusal::new("time_zone", cell, message))
            }
        }
    }

    /// The zone that the name of the column says from which a row has its time; `None` where it is
    /// the city's.
    fn zone_by_name(&self, row: &impl RowCells, field: &str) -> Option<TimeZone> {
        if self.named_zones.is_empty() {
            return None;
        }
        let has = |column: &usize| {
            row.cell(*column).and_then(filled).is_some_and(|text| !is_absent(text))
        };
        let mut columns = self.columns.get(field)?.alternatives.iter();
        let used = columns.find(|columns| columns.iter().all(has))?;
        let zone = used.iter().find_map(|column| self.named_zones.get(column))?;
        match &zone.1 {
            NamedZone::Utc => Some(TimeZone::UTC),
            NamedZone::Word(word) => self.clock.zones.said(word).cloned(),
        }
    }

    /// The zone of the file's times, where it is not the city's and neither the name of a column
    /// nor a cell of the row says another.
    fn zone_of_file(&self, row: &impl RowCells) -> Option<TimeZone> {
        let is_said = !self.named_zones.is_empty() || self.zone_cell(row).is_some();
        self.zone_of_times.clone().filter(|_| !is_said)
    }

    /// A time of a row; refuses what cannot be read.
    pub fn time(
        &self,
        row: &impl RowCells,
        field: &'static str,
        keep: &mut impl FnMut(Refusal),
    ) -> Option<RowTime> {
        let text = self.text(row, field)?;
        // Every request has begun; what follows may not have come yet.
        if field == "requested" {
            if is_zero_date(&text) {
                return None;
            }
        } else if stands_for_no_time(&text) {
            let words = &mut self.notes.borrow_mut().no_times;
            Notes::word(words, &text, String::new, false);
            return None;
        }
        let named = match self.zone_by_name(row, field) {
            Some(zone) => Some(zone),
            None => self.zone_of_row(row, &text).unwrap_or_else(|refusal| {
                keep(refusal);
                None
            }),
        };
        let named = named.or_else(|| self.zone_of_file(row));
        let read = match &named {
            Some(zone) => self.clock.read_in(&text, zone),
            None => self.clock.read(&text),
        };
        let is_usual = |time: &ReportTime| YEARS.contains(&time.second());
        if !read.as_ref().is_ok_and(|(time, _)| is_usual(time)) && is_filler_date(&text) {
            let message = message!(
                "est une date qui en remplace une absente : la demande n’a pas d’heure",
                "is a date that stands for a missing one: the request has no time"
            );
            keep(Refusal::new(format!("{field}_datetime"), &text, message));
            return None;
        }
        match read {
            Ok((time, format)) => {
                let style = TimeStyle::of(&text, format, time.day_only().is_some());
                let is_day = style.is_wall_clock() && self.midnight_is_day.contains(&field);
                let is_wall_clock = style.is_wall_clock() && named.is_none();
                let style = match &named {
                    Some(zone) => style.in_zone_of_name(*zone == TimeZone::UTC),
                    None => style,
                };
                self.notes.borrow_mut().time(field, style);
                let time = match (is_day, &named) {
                    (true, Some(zone)) => self.day_of_midnight_in(time, zone),
                    (true, None) => self.day_at_midnight(time),
                    (false, _) => time,
                };
                Some(RowTime { time, is_wall_clock })
            }
            Err(message) => {
                keep(Refusal::new(format!("{field}_datetime"), &text, message));
                None
            }
        }
    }

    /// The day that begins at this instant; the instant itself where none does.
    fn day_at_midnight(&self, time: ReportTime) -> ReportTime {
        let zone = &self.clock.zone;
        let at = jiff::Timestamp::from_second(time.second()).ok();
        let day = at.map(|at| zone.to_datetime(at).date());
        let day = day.and_then(|day| ReportTime::day(day, zone).ok());
        day.filter(|day| day.second() == time.second()).unwrap_or(time)
    }

    /// The city's day of an instant that is midnight in another zone; else the instant itself.
    fn day_of_midnight_in(&self, time: ReportTime, zone: &TimeZone) -> ReportTime {
        let at = Timestamp::from_second(time.second()).ok().map(|at| zone.to_datetime(at));
        let at = at.filter(|at| at.time() == Time::midnight());
        at.and_then(|at| ReportTime::day(at.date(), &self.clock.zone).ok()).unwrap_or(time)
    }

    /// A closing before the opening, whose wall clock lies in the hour that comes twice in autumn,
    /// is of the second of the two: times without an offset are read as the first.
    pub fn later_of_twice(&self, requested: Option<&RowTime>, closed: RowTime) -> ReportTime {
        let before = |at: i64| requested.is_some_and(|requested| at < requested.time.second());
        if !closed.is_wall_clock || !before(closed.time.second()) {
            return closed.time;
        }
        let later = jiff::Timestamp::from_second(closed.time.second() + 3600).ok();
        let first = jiff::Timestamp::from_second(closed.time.second()).ok();
        let (Some(first), Some(later)) = (first, later) else { return closed.time };
        let zone = &self.clock.zone;
        let twice = zone.to_datetime(first) == zone.to_datetime(later);
        if !twice || before(later.as_second()) {
            return closed.time;
        }
        self.notes.borrow_mut().repeated_hour += 1;
        ReportTime::instant(later)
    }
}

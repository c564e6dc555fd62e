//! The times of a row, by the columns of a mapping.

use crate::domain::ReportTime;
use crate::error::Refusal;
use crate::ingest::mapping::{Mapping, RowCells};
use crate::ingest::no_time::{is_filler_date, is_zero_date, stands_for_no_time};
use crate::ingest::notes::Notes;
use crate::ingest::time_of_day::is_dotted_clock;
use crate::ingest::time_style::TimeStyle;
use crate::message;

/// The first seconds of the years 1800 and 2900. What lies outside stands for no date, and is not
/// merely a wrong one.
const YEARS: std::ops::Range<i64> = -5_364_662_400..29_348_006_400;

/// A time of a row.
pub(super) struct RowTime {
    pub(super) time: ReportTime,
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
        self.has_dotted_clocks = true;
    }

    pub(super) fn time(
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
        let read = self.clock.read(&text);
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
                let is_wall_clock = style.is_wall_clock();
                self.notes.borrow_mut().time(field, style);
                let time = match is_wall_clock && self.midnight_is_day.contains(&field) {
                    true => self.day_at_midnight(time),
                    false => time,
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

    /// A closing before the opening, whose wall clock lies in the hour that comes twice in autumn,
    /// is of the second of the two: times without an offset are read as the first.
    pub(super) fn later_of_twice(
        &self,
        requested: Option<&RowTime>,
        closed: RowTime,
    ) -> ReportTime {
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

//! Rows and reports: the only place that knows the order of columns.

use jiff::tz::TimeZone;
use rusqlite::Row;

use crate::error::{Error, Result};
use crate::place::Position;
use crate::report::{
    Accuracy, Channel, ClosedReason, Facts, Nature, Report, ReportId, ServiceCode, Status, Stored,
    When,
};

/// Columns of a whole report, in the order that [`stored`] reads.
pub const COLUMNS: &str = "service_request_id, service_code, status, closed_reason, source_status, \
    nature, channel, requested_datetime, updated_datetime, closed_datetime, lon, lat, accuracy, \
    address, area, description, parent_service_request_id, assignee, revision, created_revision, \
    recorded_datetime, source_digest, removed";

/// Columns of a report's facts, in the order that [`facts`] reads.
pub const FACT_COLUMNS: &str = "service_request_id, service_code, status, closed_reason, nature, \
    channel, requested_datetime, closed_datetime, lon, lat, accuracy, area, revision, removed";

/// Reads a row of [`COLUMNS`].
///
/// # Errors
/// An internal error that names the corrupt row: the store holds only what the gate once passed.
pub fn stored(row: &Row<'_>, zone: &TimeZone) -> Result<Stored> {
    let cells = Cells { row, zone };
    let report = Report {
        id: cells.parsed(0, |text| ReportId::new(text).ok())?,
        service: cells.parsed(1, ServiceCode::new)?,
        status: cells.parsed(2, Status::parse)?,
        reason: cells.maybe(3, ClosedReason::parse)?,
        source_status: cells.get(4)?,
        nature: cells.parsed(5, Nature::parse)?,
        channel: cells.parsed(6, Channel::parse)?,
        requested: cells.parsed(7, |text| When::parse(text, zone).ok())?,
        updated: cells.maybe(8, |text| When::parse(text, zone).ok())?,
        closed: cells.maybe(9, |text| When::parse(text, zone).ok())?,
        position: cells.position(10, 11)?,
        accuracy: cells.parsed(12, Accuracy::parse)?,
        address: cells.get(13)?,
        area: cells.get(14)?,
        description: cells.get(15)?,
        parent: cells.maybe(16, |text| ReportId::new(text).ok())?,
        assignee: cells.get(17)?,
    };
    Ok(Stored {
        report,
        revision: cells.get::<i64>(18)? as u64,
        created_revision: cells.get::<i64>(19)? as u64,
        recorded: cells.get(20)?,
    })
}

/// Reads a row of [`FACT_COLUMNS`].
///
/// # Errors
/// As [`stored`].
pub fn facts(row: &Row<'_>, zone: &TimeZone) -> Result<Facts> {
    let cells = Cells { row, zone };
    let requested = cells.parsed(6, |text| When::parse(text, zone).ok())?;
    Ok(Facts {
        id: cells.parsed(0, |text| ReportId::new(text).ok())?,
        service: cells.parsed(1, ServiceCode::new)?,
        status: cells.parsed(2, Status::parse)?,
        reason: cells.maybe(3, ClosedReason::parse)?,
        nature: cells.parsed(4, Nature::parse)?,
        channel: cells.parsed(5, Channel::parse)?,
        requested: requested.second(),
        day_only: requested.day_only().is_some(),
        closed: cells.maybe(7, |text| When::parse(text, zone).ok())?.map(|when| when.second()),
        position: cells.position(8, 9)?,
        accuracy: cells.parsed(10, Accuracy::parse)?,
        area: cells.get::<Option<String>>(11)?.map(Into::into),
    })
}

struct Cells<'a> {
    row: &'a Row<'a>,
    zone: &'a TimeZone,
}

impl Cells<'_> {
    fn get<T: rusqlite::types::FromSql>(&self, column: usize) -> Result<T> {
        self.row.get(column).map_err(Error::internal)
    }

    fn text(&self, column: usize) -> Result<Option<&str>> {
        let cell = self.row.get_ref(column).map_err(Error::internal)?;
        cell.as_str_or_null().map_err(Error::internal)
    }

    fn parsed<T>(&self, column: usize, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        match self.text(column)? {
            Some(text) => parse(text).ok_or_else(|| self.corrupt(column, text)),
            None => Err(self.corrupt(column, "NULL")),
        }
    }

    fn maybe<T>(&self, column: usize, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        match self.text(column)? {
            Some(text) => parse(text).map(Some).ok_or_else(|| self.corrupt(column, text)),
            None => Ok(None),
        }
    }

    fn position(&self, lon: usize, lat: usize) -> Result<Option<Position>> {
        match (self.get::<Option<f64>>(lon)?, self.get::<Option<f64>>(lat)?) {
            (Some(x), Some(y)) => {
                Position::new(x, y).map(Some).map_err(|out| self.corrupt(lon, &out.to_string()))
            }
            _ => Ok(None),
        }
    }

    fn corrupt(&self, column: usize, value: &str) -> Error {
        let id = self.text(0).ok().flatten().unwrap_or("?");
        let name = self.row.as_ref().column_name(column).unwrap_or("?").to_owned();
        let zone = self.zone.iana_name().unwrap_or("?");
        Error::internal(format!("corrupt row {id}: {name} = '{value}' (zone {zone})"))
    }
}

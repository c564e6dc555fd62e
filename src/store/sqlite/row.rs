//! Rows and reports: the only place that knows the order of columns.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use rusqlite::{Row, Statement};

use crate::domain::{
    Accuracy, Change, Channel, ClosedReason, Details, Event, IndexedFields, Nature, Report,
    ReportId, ReportTime, ServiceCode, Status, StoredReport, TextSketch, read_answers, read_media,
};
use crate::error::{Error, Result};
use crate::place::Position;
use crate::store::sqlite::keys::revision_of;

/// Columns of a whole report, in the order that [`stored`] reads.
pub const COLUMNS: &str = "service_request_id, service_code, status, closed_reason, source_status, \
    nature, channel, requested_datetime, updated_datetime, closed_datetime, lon, lat, accuracy, \
    address, area, description, parent_service_request_id, assignee, change_key, created_revision, \
    recorded_datetime, source_digest, removed, \
    address_id, zipcode, service_notice, expected_datetime, attributes, media_url, \
    changed_datetime";

/// Columns of a report's facts, in the order that [`change`] reads.
pub const FACT_COLUMNS: &str = "service_request_id, service_code, status, closed_reason, nature, \
    channel, requested_datetime, closed_datetime, lon, lat, accuracy, area, change_key, removed, \
    created_revision, parent_service_request_id, address, description";

/// What a change gives a row.
pub struct RowChange {
    /// The jurisdiction's revision.
    pub revision: u64,
    /// The row's key.
    pub key: i64,
    /// The jurisdiction's number.
    pub number: i64,
}

/// Binds a report to parameters 1 to 20 and 23 to 29 of a statement: its key and the table's
/// columns up to `assignee`, its source's digest, and its details.
///
/// # Errors
/// A statement with fewer parameters.
pub fn bind(
    to: &mut Statement<'_>,
    report: &Report,
    next: &RowChange,
    digest: Option<u64>,
) -> rusqlite::Result<()> {
    let text = |when: &Option<ReportTime>| when.map(|when| when.to_string());
    to.raw_bind_parameter(1, next.key)?;
    to.raw_bind_parameter(2, next.number)?;
    to.raw_bind_parameter(3, report.id.as_str())?;
    to.raw_bind_parameter(4, report.service.as_str())?;
    to.raw_bind_parameter(5, report.status.as_str())?;
    to.raw_bind_parameter(6, report.reason.map(|reason| reason.as_str()))?;
    to.raw_bind_parameter(7, &report.source_status)?;
    to.raw_bind_parameter(8, report.nature.as_str())?;
    to.raw_bind_parameter(9, report.channel.as_str())?;
    to.raw_bind_parameter(10, report.requested.to_string())?;
    to.raw_bind_parameter(11, text(&report.updated))?;
    to.raw_bind_parameter(12, text(&report.closed))?;
    to.raw_bind_parameter(13, report.position.map(|place| place.lon()))?;
    to.raw_bind_parameter(14, report.position.map(|place| place.lat()))?;
    to.raw_bind_parameter(15, report.accuracy.as_str())?;
    to.raw_bind_parameter(16, &report.address)?;
    to.raw_bind_parameter(17, &report.area)?;
    to.raw_bind_parameter(18, &report.description)?;
    to.raw_bind_parameter(19, report.parent.as_ref().map(|parent| parent.as_str()))?;
    to.raw_bind_parameter(20, &report.assignee)?;
    to.raw_bind_parameter(23, digest.map(|digest| digest as i64))?;
    let details = report.details.as_ref().map_or_else(Default::default, |known| known.fields());
    for (at, field) in (24..).zip(details) {
        to.raw_bind_parameter(at, field)?;
    }
    Ok(())
}

/// Reads a row of [`COLUMNS`].
///
/// # Errors
/// An internal error that names the corrupt row: the store holds only what the gate once passed.
pub fn stored(row: &Row<'_>, zone: &TimeZone) -> Result<StoredReport> {
    let cells = Cells { row, zone };
    let report = Report {
        id: cells.parsed(0, |text| ReportId::new(text).ok())?,
        service: cells.parsed(1, ServiceCode::new)?,
        status: cells.parsed(2, Status::parse)?,
        reason: cells.maybe(3, ClosedReason::parse)?,
        source_status: cells.get(4)?,
        nature: cells.parsed(5, Nature::parse)?,
        channel: cells.parsed(6, Channel::parse)?,
        requested: cells.parsed(7, |text| ReportTime::parse(text, zone).ok())?,
        updated: cells.maybe(8, |text| ReportTime::parse(text, zone).ok())?,
        closed: cells.maybe(9, |text| ReportTime::parse(text, zone).ok())?,
        position: cells.position(10, 11)?,
        accuracy: cells.parsed(12, Accuracy::parse)?,
        address: cells.get(13)?,
        area: cells.get(14)?,
        description: cells.get(15)?,
        parent: cells.maybe(16, |text| ReportId::new(text).ok())?,
        assignee: cells.get(17)?,
        details: details(&cells)?,
    };
    Ok(StoredReport {
        report,
        revision: revision_of(cells.get(18)?),
        created_revision: cells.get::<i64>(19)? as u64,
        recorded: cells.get(20)?,
        changed: cells.get(29)?,
    })
}

fn details(cells: &Cells<'_>) -> Result<Option<Box<Details>>> {
    let details = Details {
        address_id: cells.get(23)?,
        zipcode: cells.get(24)?,
        notice: cells.get(25)?,
        expected: cells.maybe(26, |text| ReportTime::parse(text, cells.zone).ok())?,
        answers: cells.text(27)?.map(read_answers).unwrap_or_default(),
        media: cells.text(28)?.map(read_media).unwrap_or_default(),
    };
    Ok((!details.is_empty()).then(|| Box::new(details)))
}

/// Texts that come again and again, each kept once.
#[derive(Default)]
pub struct TextInterner {
    services: HashMap<String, ServiceCode>,
    areas: HashMap<String, Arc<str>>,
}

impl TextInterner {
    fn service(&mut self, text: &str) -> Option<ServiceCode> {
        if let Some(known) = self.services.get(text) {
            return Some(known.clone());
        }
        let code = ServiceCode::new(text)?;
        self.services.insert(text.to_owned(), code.clone());
        Some(code)
    }

    fn area(&mut self, text: &str) -> Arc<str> {
        match self.areas.get(text) {
            Some(known) => known.clone(),
            None => self.areas.entry(text.to_owned()).or_insert_with(|| text.into()).clone(),
        }
    }
}

/// Reads a row of [`FACT_COLUMNS`]: what the report's last change did.
///
/// # Errors
/// As [`stored`].
pub fn change(row: &Row<'_>, zone: &TimeZone, repeated: &mut TextInterner) -> Result<Change> {
    let cells = Cells { row, zone };
    let revision = revision_of(cells.get(12)?);
    let id = cells.parsed(0, |text| ReportId::new(text).ok())?;
    if cells.get::<bool>(13)? {
        return Ok(Change { revision, event: Event::Remove(id) });
    }
    let requested = cells.parsed(6, |text| ReportTime::parse(text, zone).ok())?;
    let service = cells.parsed(1, |text| repeated.service(text))?;
    let facts = IndexedFields {
        id,
        sketch: TextSketch::of(cells.text(16)?, cells.text(17)?, service.as_str()),
        service,
        status: cells.parsed(2, Status::parse)?,
        reason: cells.maybe(3, ClosedReason::parse)?,
        nature: cells.parsed(4, Nature::parse)?,
        channel: cells.parsed(5, Channel::parse)?,
        requested: requested.second(),
        day_only: requested.day_only().is_some(),
        closed: cells
            .maybe(7, |text| ReportTime::parse(text, zone).ok())?
            .map(|when| when.second()),
        position: cells.position(8, 9)?,
        accuracy: cells.parsed(10, Accuracy::parse)?,
        area: cells.text(11)?.map(|text| repeated.area(text)),
        parent: cells.maybe(15, |text| ReportId::new(text).ok())?,
    };
    let created = cells.get::<i64>(14)? as u64 == revision;
    Ok(Change { revision, event: if created { Event::New(facts) } else { Event::Put(facts) } })
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

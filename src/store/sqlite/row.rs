//! Rows of the table `report`: its columns, and how they become reports and changes.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use jiff::tz::TimeZone;
use rusqlite::{Row, Statement};

use crate::domain::fields::{FieldValue, STORED};
use crate::domain::{
    Accuracy, Change, Channel, ClosedReason, Event, IndexedFields, Nature, Report, ReportId,
    ReportTime, ServiceCode, Status, StoredReport, StoredRow, TextSketch,
};
use crate::error::{Error, Result};
use crate::place::Position;
use crate::store::sqlite::keys::revision_of;

/// Whether a crew assigned the report here: then its assignee may be the name of an employee. A
/// report that was never changed here costs nothing, another a look at its history.
const ASSIGNED_HERE: &str = "changed_datetime IS NOT NULL AND assignee IS NOT NULL AND EXISTS (
    SELECT 1 FROM jurisdiction j JOIN report_change c ON c.jurisdiction_id = j.jurisdiction_id
    WHERE j.number = report.jurisdiction AND c.service_request_id = report.service_request_id
        AND c.field = 'assignee' AND c.author <> 'import') AS assigned_here";

/// Columns of a stored report, in the order in which [`stored`] reads them: its fields, then the
/// revisions and times of the store.
pub static COLUMNS: LazyLock<String> = LazyLock::new(|| {
    let fields: Vec<&str> = STORED.iter().map(|field| field.name).collect();
    format!(
        "{}, change_key, created_revision, recorded_datetime, changed_datetime, source_digest, \
         removed, {ASSIGNED_HERE}",
        fields.join(", ")
    )
});

/// Parameters of [`INSERT`] and [`UPDATE`] before the fields.
const FIRST_FIELD: usize = 6;

/// The parameter of each field, in the order of [`STORED`].
fn parameters() -> impl Iterator<Item = (&'static str, usize)> {
    STORED.iter().map(|field| field.name).zip(FIRST_FIELD..)
}

/// Adds a report unless there is one of its id; parameters are those of [`bind`].
pub static INSERT: LazyLock<String> = LazyLock::new(|| {
    let (names, numbers): (Vec<&str>, Vec<String>) =
        parameters().map(|(name, number)| (name, format!("?{number}"))).unzip();
    format!(
        "INSERT INTO report (change_key, jurisdiction, created_revision, recorded_datetime,
            source_digest, {}) VALUES (?1, ?2, ?3, ?4, ?5, {})
         ON CONFLICT (jurisdiction, service_request_id) DO NOTHING",
        names.join(", "),
        numbers.join(", ")
    )
});

/// Replaces the report of this id; parameters are those of [`bind`].
pub static UPDATE: LazyLock<String> = LazyLock::new(|| {
    let set: Vec<String> =
        parameters().map(|(name, number)| format!("{name} = ?{number}")).collect();
    format!(
        "UPDATE report SET change_key = ?1, changed_datetime = ?4,
            source_digest = coalesce(?5, source_digest), removed = 0, {}
         WHERE jurisdiction = ?2 AND service_request_id = ?{FIRST_FIELD}",
        set.join(", ")
    )
});

/// Columns of the indexed fields of a report, in the order in which [`change`] reads them.
pub const FACT_COLUMNS: &str = "service_request_id, service_code, status, closed_reason, nature, \
    channel, requested_datetime, closed_datetime, lon, lat, accuracy, area, change_key, removed, \
    created_revision, parent_service_request_id, address, description";

/// The values that a change sets in a row beside its fields.
pub struct RowChange {
    /// The jurisdiction's revision.
    pub revision: u64,
    /// The row's key.
    pub key: i64,
    /// The jurisdiction's number.
    pub number: i64,
}

/// Binds a report to the parameters of [`INSERT`] or [`UPDATE`]: its key, the jurisdiction's
/// number, the revision, the time of the change, the digest of its source's row, and its fields.
///
/// # Errors
/// A statement with fewer parameters.
pub fn bind(
    to: &mut Statement<'_>,
    report: &Report,
    next: &RowChange,
    now: &str,
    digest: Option<u64>,
) -> rusqlite::Result<()> {
    to.raw_bind_parameter(1, next.key)?;
    to.raw_bind_parameter(2, next.number)?;
    to.raw_bind_parameter(3, next.revision as i64)?;
    to.raw_bind_parameter(4, now)?;
    to.raw_bind_parameter(5, digest.map(|digest| digest as i64))?;
    for (number, field) in (FIRST_FIELD..).zip(STORED.iter()) {
        match field.of(report) {
            None => to.raw_bind_parameter(number, rusqlite::types::Null)?,
            Some(FieldValue::Degrees(degrees)) => to.raw_bind_parameter(number, degrees)?,
            Some(other) => to.raw_bind_parameter(number, &*other.into_text())?,
        }
    }
    Ok(())
}

/// Reads a row of [`COLUMNS`].
///
/// # Errors
/// An internal error that names the corrupt row, because the gate admitted every stored report.
pub fn stored(row: &Row<'_>, zone: &TimeZone) -> Result<StoredReport> {
    let cells = StoredCells { row, zone };
    let more = STORED.len();
    Ok(StoredReport {
        report: Report::of_row(&cells, zone)?,
        revision: revision_of(cells.get(more)?),
        created_revision: cells.get::<i64>(more + 1)? as u64,
        recorded: cells.get(more + 2)?,
        changed: cells.get(more + 3)?,
        assigned_here: cells.get(more + 6)?,
        held: Vec::new(),
    })
}

/// The digest of the source's row that a row of [`COLUMNS`] was last imported from, and whether it
/// is a tombstone.
///
/// # Errors
/// The row cannot be read.
pub fn source_and_tombstone(row: &Row<'_>) -> rusqlite::Result<(Option<i64>, bool)> {
    Ok((row.get(STORED.len() + 4)?, row.get(STORED.len() + 5)?))
}

/// Texts that occur in many rows, each kept once in memory.
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

/// Reads a row of [`FACT_COLUMNS`] as the last change of the report.
///
/// # Errors
/// As [`stored`].
pub fn change(row: &Row<'_>, zone: &TimeZone, repeated: &mut TextInterner) -> Result<Change> {
    let cells = StoredCells { row, zone };
    let revision = revision_of(cells.get(12)?);
    let id = cells.parsed(0, |text| ReportId::new(text).ok())?;
    if cells.get::<bool>(13)? {
        return Ok(Change { revision, event: Event::Remove(id) });
    }
    let requested = cells.parsed(6, |text| ReportTime::parse(text, zone).ok())?;
    let closed = cells.maybe(7, |text| ReportTime::parse(text, zone).ok())?;
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
        closed: closed.map(|when| when.second()),
        closed_day_only: closed.is_some_and(|when| when.day_only().is_some()),
        position: cells.position(8, 9)?,
        accuracy: cells.parsed(10, Accuracy::parse)?,
        area: cells.text(11)?.map(|text| repeated.area(text)),
        parent: cells.maybe(15, |text| ReportId::new(text).ok())?,
    };
    let created = cells.get::<i64>(14)? as u64 == revision;
    Ok(Change { revision, event: if created { Event::New(facts) } else { Event::Put(facts) } })
}

struct StoredCells<'a> {
    row: &'a Row<'a>,
    zone: &'a TimeZone,
}

impl StoredCells<'_> {
    fn get<T: rusqlite::types::FromSql>(&self, column: usize) -> Result<T> {
        Ok(self.row.get(column)?)
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
}

impl StoredRow for StoredCells<'_> {
    type Error = Error;

    fn text(&self, column: usize) -> Result<Option<&str>> {
        self.row.get_ref(column)?.as_str_or_null().map_err(Error::internal)
    }

    fn number(&self, column: usize) -> Result<Option<f64>> {
        self.get(column)
    }

    fn corrupt(&self, column: usize, value: &str) -> Error {
        let id = self.text(0).ok().flatten().unwrap_or("?");
        let name = self.row.as_ref().column_name(column).unwrap_or("?").to_owned();
        let zone = self.zone.iana_name().unwrap_or("?");
        Error::internal(format!("corrupt row {id}: {name} = '{value}' (zone {zone})"))
    }
}

#[cfg(test)]
mod tests {
    use super::FACT_COLUMNS;
    use crate::domain::fields::INDEXED;

    #[test]
    fn the_index_is_fed_every_indexed_field() {
        // Two texts are indexed as hashes only; three columns are of the row.
        let more = ["address", "description", "change_key", "removed", "created_revision"];
        let mut wanted: Vec<&str> = INDEXED.iter().map(|field| field.name).chain(more).collect();
        let mut columns: Vec<&str> = FACT_COLUMNS.split(',').map(str::trim).collect();
        wanted.sort_unstable();
        columns.sort_unstable();
        assert_eq!(columns, wanted);
    }
}

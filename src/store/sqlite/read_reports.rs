//! Reading reports: by id, page by page, and in the order of their changes.

use std::ops::ControlFlow;

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::{
    Accuracy, Change, FieldChange, JurisdictionId, ReportId, ReportTime, ServiceCode, StoredReport,
};
use crate::error::Result;
use crate::place::Position;
use crate::store::sqlite::keys::{CityKey, head, revision_of};
use crate::store::sqlite::reader::Reader;
use crate::store::sqlite::row;

/// Most changes of a page for which memory is reserved in advance.
const PAGE_ROOM: usize = 4_096;

impl Reader {
    /// One report.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn get(&self, jurisdiction: &JurisdictionId, id: &str) -> Result<Option<StoredReport>> {
        Ok(self.get_many(jurisdiction, &[id])?.pop())
    }

    /// The existing reports with these ids, in the order of the ids.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn get_many(
        &self,
        jurisdiction: &JurisdictionId,
        ids: &[&str],
    ) -> Result<Vec<StoredReport>> {
        self.with(|db| {
            let city = self.city(db, jurisdiction)?;
            let sql = format!(
                "SELECT {} FROM report
                 WHERE jurisdiction = ? AND service_request_id = ? AND removed = 0",
                *row::COLUMNS
            );
            let mut statement = db.prepare_cached(&sql)?;
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let mut rows = statement.query(params![city.number, id])?;
                if let Some(row) = rows.next()? {
                    found.push(row::stored(row, &city.zone)?);
                }
            }
            Ok(found)
        })
    }

    /// The first `limit` reports of a jurisdiction after the id `after`, in the order of their ids.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn page(
        &self,
        jurisdiction: &JurisdictionId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<StoredReport>> {
        self.with(|db| {
            let city = self.city(db, jurisdiction)?;
            let sql = format!(
                "SELECT {} FROM report
                 WHERE jurisdiction = ? AND service_request_id > ? AND removed = 0
                 ORDER BY service_request_id LIMIT ?",
                *row::COLUMNS
            );
            let mut statement = db.prepare_cached(&sql)?;
            let mut rows = statement.query(params![city.number, after, limit as i64])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(row::stored(row, &city.zone)?);
            }
            Ok(found)
        })
    }

    /// Calls `sink` with the changes after a revision, in order and in pages of at most `page`, all
    /// from one snapshot of the store; each page with the jurisdiction's revision in that snapshot.
    /// The last page may be empty. Stops where `sink` returns false.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn changes_after(
        &self,
        jurisdiction: &JurisdictionId,
        revision: u64,
        page: usize,
        sink: &mut dyn FnMut(Vec<Change>, u64) -> bool,
    ) -> Result<()> {
        self.with(|db| {
            let city = self.city(db, jurisdiction)?;
            let head = head(db, jurisdiction)?.unwrap_or_default();
            let sql = format!(
                "SELECT {} FROM report WHERE change_key > ? AND change_key < ?
                 ORDER BY change_key",
                row::FACT_COLUMNS
            );
            let mut statement = db.prepare_cached(&sql)?;
            let mut rows = statement.query(params![city.key(revision), city.end()])?;
            let mut repeated = row::TextInterner::default();
            let room = || Vec::with_capacity(page.min(PAGE_ROOM));
            let mut changes = room();
            while let Some(row) = rows.next()? {
                changes.push(row::change(row, &city.zone, &mut repeated)?);
                if changes.len() >= page && !sink(std::mem::replace(&mut changes, room()), head) {
                    return Ok(());
                }
            }
            sink(changes, head);
            Ok(())
        })
    }

    /// The number of reports of a jurisdiction.
    ///
    /// # Errors
    /// Not found; the file cannot be read.
    pub fn report_count(&self, jurisdiction: &JurisdictionId) -> Result<u64> {
        self.with(|db| {
            let city = self.city(db, jurisdiction)?;
            let sql = "SELECT count(*) FROM report
                       WHERE change_key >= ? AND change_key < ? AND removed = 0";
            let range = params![city.key(0), city.end()];
            Ok(db.query_row(sql, range, |row| row.get::<_, i64>(0))? as u64)
        })
    }

    /// Services and exact positions of about `count` reports of a jurisdiction, evenly over the
    /// order of their last change; of all reports where there are fewer. Reads O(`count`) rows.
    ///
    /// # Errors
    /// Not found; the file cannot be read or is corrupt.
    pub fn sample_positions(
        &self,
        jurisdiction: &JurisdictionId,
        count: u64,
    ) -> Result<Vec<(ServiceCode, Position)>> {
        self.with(|db| {
            let city = self.city(db, jurisdiction)?;
            let head = head(db, jurisdiction)?.unwrap_or_default();
            let mut statement = db.prepare_cached(
                "SELECT change_key, lon, lat, removed, accuracy, service_code FROM report
                 WHERE change_key >= ? AND change_key < ? ORDER BY change_key LIMIT 1",
            )?;
            let step = (head / count.max(1)).max(1) as i64;
            let (mut key, mut found) = (city.key(0), Vec::new());
            loop {
                let mut rows = statement.query(params![key, city.end()])?;
                let Some(row) = rows.next()? else { return Ok(found) };
                key = row.get::<_, i64>(0)? + step;
                let (lon, lat): (Option<f64>, Option<f64>) = (row.get(1)?, row.get(2)?);
                let accuracy: String = row.get(4)?;
                let is_exact = !row.get::<_, bool>(3)?
                    && Accuracy::parse(&accuracy) != Some(Accuracy::Approximate);
                let place = lon.zip(lat).filter(|_| is_exact);
                let place = place.and_then(|(lon, lat)| Position::new(lon, lat).ok());
                found.extend(ServiceCode::new(&row.get::<_, String>(5)?).zip(place));
            }
        })
    }

    /// About `count` reports of a jurisdiction in the order of their last change: the latest half
    /// of them without gaps, the others evenly over all that were changed before. Reads O(`count`)
    /// rows.
    ///
    /// # Errors
    /// Not found; the file cannot be read or is corrupt.
    pub fn sample_reports(
        &self,
        jurisdiction: &JurisdictionId,
        count: u64,
    ) -> Result<Vec<StoredReport>> {
        self.with(|db| {
            let city = self.city(db, jurisdiction)?;
            let head = head(db, jurisdiction)?.unwrap_or_default();
            let sql = format!(
                "SELECT {} FROM report
                 WHERE change_key >= ? AND change_key < ? AND removed = 0
                 ORDER BY change_key LIMIT 1",
                *row::COLUMNS
            );
            let mut statement = db.prepare_cached(&sql)?;
            let half = (count / 2).max(1);
            let latest = head.saturating_sub(half);
            let step = (latest / half).max(1);
            let (mut revision, mut found) = (0, Vec::new());
            loop {
                let mut rows = statement.query(params![city.key(revision), city.end()])?;
                let Some(row) = rows.next()? else { return Ok(found) };
                let stored = row::stored(row, &city.zone)?;
                revision = stored.revision + if stored.revision < latest { step } else { 1 };
                found.push(stored);
            }
        })
    }

    /// Calls `sink` with the reports last changed here from the first moment on and before the
    /// second, oldest change first, until it returns false.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn changed_between(
        &self,
        jurisdiction: &JurisdictionId,
        range: (Option<ReportTime>, Option<ReportTime>),
        sink: &mut dyn FnMut(StoredReport) -> bool,
    ) -> Result<()> {
        self.changed_among(jurisdiction, range, &mut |_| ControlFlow::Continue(true), sink)
    }

    /// As [`Reader::changed_between`], for the reports that `choose` selects by their ids. The
    /// others are passed over without being decoded. Stops also where `choose` breaks.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn changed_among(
        &self,
        jurisdiction: &JurisdictionId,
        (from, before): (Option<ReportTime>, Option<ReportTime>),
        choose: &mut dyn FnMut(&str) -> ControlFlow<(), bool>,
        sink: &mut dyn FnMut(StoredReport) -> bool,
    ) -> Result<()> {
        self.with(|db| {
            let city = self.city(db, jurisdiction)?;
            let head = head(db, jurisdiction)?.unwrap_or_default();
            let key = |when: Option<ReportTime>| {
                when.map(|when| first_key(db, &city, head, &when.as_instant().to_string()))
                    .transpose()
            };
            let low = key(from)?.unwrap_or(city.key(0));
            let high = key(before)?.unwrap_or(city.end());
            let sql = format!(
                "SELECT {} FROM report WHERE change_key >= ? AND change_key < ? AND removed = 0
                 ORDER BY change_key",
                *row::COLUMNS
            );
            let mut statement = db.prepare_cached(&sql)?;
            let id = statement.column_index("service_request_id")?;
            let mut rows = statement.query(params![low, high])?;
            while let Some(row) = rows.next()? {
                let text = row.get_ref(id)?.as_str().map_err(rusqlite::Error::from)?;
                match choose(text) {
                    ControlFlow::Break(()) => break,
                    ControlFlow::Continue(false) => {}
                    ControlFlow::Continue(true) => {
                        if !sink(row::stored(row, &city.zone)?) {
                            break;
                        }
                    }
                }
            }
            Ok(())
        })
    }

    /// Changes of a report after its creation, oldest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn history(
        &self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
    ) -> Result<Vec<FieldChange>> {
        self.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT revision, changed_datetime, author, field, before, after
                 FROM report_change WHERE jurisdiction_id = ? AND service_request_id = ?
                 ORDER BY revision, field",
            )?;
            let rows = statement.query_map([jurisdiction.as_str(), id.as_str()], |row| {
                Ok(FieldChange {
                    revision: row.get::<_, i64>(0)? as u64,
                    at: row.get(1)?,
                    author: row.get(2)?,
                    field: row.get(3)?,
                    before: row.get(4)?,
                    after: row.get(5)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// The key of the first row that was written at or after `from`, found by bisection. Rows are in
/// the order of their changes, which is that of the clock unless the clock was set back.
fn first_key(db: &Connection, city: &CityKey, head: u64, from: &str) -> Result<i64> {
    let mut at = db.prepare_cached(
        "SELECT change_key, coalesce(changed_datetime, recorded_datetime) FROM report
         WHERE change_key >= ? AND change_key < ? ORDER BY change_key LIMIT 1",
    )?;
    let (mut low, mut high) = (0, head + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found: Option<(i64, String)> = at
            .query_row(params![city.key(middle), city.end()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match found {
            Some((key, time)) if time.as_str() < from => low = revision_of(key) + 1,
            _ => high = middle,
        }
    }
    Ok(city.key(low))
}

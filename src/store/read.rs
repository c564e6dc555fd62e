//! Reading the store: any number of readers beside the one writer.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::tz::TimeZone;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use crate::domain::{
    BoundarySet, Change, Contact, FieldChange, IncidentChange, Jurisdiction, JurisdictionId,
    Nature, ReportId, ReportTime, Service, ServiceCode, StoredReport,
};
use crate::error::{Error, Result};
use crate::place::BBox;
use crate::store::open::{BUSY, open_writer};
use crate::store::{Checkpoint, Scan, boundary, changed, contact, hotspot_track, incident, row};

/// Bits of a report's key that hold its revision; those above hold the jurisdiction's number.
const REVISION_BITS: u32 = 40;
/// Changes of a page that room is made for at once.
const PAGE_ROOM: usize = 4_096;

/// A connection's cache, in KiB: a thousand rows may lie on as many pages of 4 KiB.
const CACHE_KIB: i64 = 8_192;

/// A handle on the store's file for readers; cheap to clone.
#[derive(Clone)]
pub struct Reader {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    cities: Arc<Mutex<HashMap<JurisdictionId, CityKey>>>,
}

/// What rows of a jurisdiction are found and read with.
#[derive(Clone)]
pub(super) struct CityKey {
    pub number: i64,
    pub zone: TimeZone,
}

impl CityKey {
    /// The key of a row last changed at `revision`; keys of a jurisdiction are in the order of its
    /// revisions.
    pub fn key(&self, revision: u64) -> i64 {
        (self.number << REVISION_BITS) + revision as i64
    }

    /// The key after all of this jurisdiction's.
    pub(super) fn end(&self) -> i64 {
        (self.number + 1) << REVISION_BITS
    }
}

/// A jurisdiction's revision.
fn head(db: &Connection, jurisdiction: &JurisdictionId) -> Result<u64> {
    let mut head = db
        .prepare_cached("SELECT revision FROM jurisdiction WHERE jurisdiction_id = ?")
        .map_err(Error::internal)?;
    let head: i64 =
        head.query_row([jurisdiction.as_str()], |row| row.get(0)).map_err(Error::internal)?;
    Ok(head as u64)
}

/// The revision in a row's key.
pub(super) fn revision_of(key: i64) -> u64 {
    (key & ((1 << REVISION_BITS) - 1)) as u64
}

impl Reader {
    /// Opens (and if need be creates) the file.
    ///
    /// # Errors
    /// As for any file; see [`crate::error::ErrorKind::Unavailable`].
    pub fn open(path: &Path) -> Result<Self> {
        open_writer(path)?;
        Ok(Self { path: path.to_owned(), idle: Arc::default(), cities: Arc::default() })
    }

    /// Runs `ask` on a connection of the pool, in one snapshot of the store.
    fn with<T>(&self, ask: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().unwrap_or_else(|poison| poison.into_inner()).pop();
        let db = match idle {
            Some(db) => db,
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let db = Connection::open_with_flags(&self.path, flags).map_err(Error::internal)?;
                db.busy_timeout(BUSY).map_err(Error::internal)?;
                db.pragma_update(None, "query_only", true).map_err(Error::internal)?;
                db.pragma_update(None, "cache_size", -CACHE_KIB).map_err(Error::internal)?;
                db.set_prepared_statement_cache_capacity(32);
                db
            }
        };
        let tx = db.unchecked_transaction().map_err(Error::internal)?;
        let answer = ask(&tx);
        tx.finish().map_err(Error::internal)?;
        self.idle.lock().unwrap_or_else(|poison| poison.into_inner()).push(db);
        answer
    }

    /// A random name of this store: revisions of another file mean nothing here.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn epoch(&self) -> Result<String> {
        self.with(|db| {
            db.query_row("SELECT value FROM meta WHERE name = 'epoch'", [], |row| row.get(0))
                .map_err(Error::internal)
        })
    }

    /// Every jurisdiction with its revision, by id.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn jurisdictions(&self) -> Result<Vec<(Jurisdiction, u64)>> {
        self.with(|db| {
            let mut statement = db
                .prepare_cached(
                    "SELECT jurisdiction_id, name, time_zone, west, south, east, north, revision
                     FROM jurisdiction ORDER BY jurisdiction_id",
                )
                .map_err(Error::internal)?;
            let rows = statement.query_map([], |row| {
                let edges: [Option<f64>; 4] = [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
                let id: String = row.get(0)?;
                Ok((id, row.get(1)?, row.get(2)?, edges, row.get::<_, i64>(7)?))
            });
            let mut found = Vec::new();
            for row in rows.map_err(Error::internal)? {
                let (id, name, time_zone, edges, revision) = row.map_err(Error::internal)?;
                let extent = match edges {
                    [Some(w), Some(s), Some(e), Some(n)] => BBox::new(w, s, e, n).ok(),
                    _ => None,
                };
                let id = JurisdictionId::new(&id).map_err(|message| Error::internal(message.en))?;
                found.push((Jurisdiction { id, name, time_zone, extent }, revision as u64));
            }
            Ok(found)
        })
    }

    /// Services adopted by a jurisdiction.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn services(&self, jurisdiction: &JurisdictionId) -> Result<Vec<Service>> {
        self.with(|db| {
            let mut statement = db
                .prepare_cached(
                    "SELECT service_code, name_fr, name_en, group_code, nature FROM service
                     WHERE jurisdiction_id = ? ORDER BY rowid",
                )
                .map_err(Error::internal)?;
            let rows = statement.query_map([jurisdiction.as_str()], |row| {
                let [code, fr, en, group, nature]: [String; 5] =
                    [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
                Ok((code, fr, en, group, nature))
            });
            let mut found = Vec::new();
            for row in rows.map_err(Error::internal)? {
                let (code, fr, en, group, nature) = row.map_err(Error::internal)?;
                let corrupt = || Error::internal(format!("corrupt service '{code}'"));
                found.push(Service {
                    code: ServiceCode::new(&code).ok_or_else(corrupt)?,
                    names: crate::i18n::Message { fr, en },
                    descriptions: Default::default(),
                    group,
                    nature: Nature::parse(&nature).ok_or_else(corrupt)?,
                    synonyms: Vec::new(),
                    keywords: Vec::new(),
                    attributes: Vec::new(),
                });
            }
            Ok(found)
        })
    }

    /// The hotspots of a jurisdiction that were followed, by number.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn tracks(
        &self,
        jurisdiction: &JurisdictionId,
    ) -> Result<Vec<crate::domain::HotspotTrack>> {
        self.with(|db| hotspot_track::read(db, jurisdiction))
    }

    /// The original of the incident that a report is in: itself, where it names none that is here.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn original(
        &self,
        jurisdiction: &JurisdictionId,
        report: StoredReport,
    ) -> Result<StoredReport> {
        let mut at = report;
        for _ in 0..incident::LINKS_MAX {
            let Some(parent) = &at.report.parent else { break };
            let Some(above) = self.get(jurisdiction, parent.as_str())? else { break };
            at = above;
        }
        Ok(at)
    }

    /// The duplicates of a report, by id, at most [`crate::store::CHILDREN_MAX`], and how many
    /// there are.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn children(
        &self,
        jurisdiction: &JurisdictionId,
        id: &str,
    ) -> Result<(Vec<StoredReport>, usize)> {
        let most = crate::store::CHILDREN_MAX;
        self.with(|db| incident::children(db, &self.city(db, jurisdiction)?, id, most))
    }

    /// The changes of incidents that concern any of these reports, oldest first.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn incident_changes(
        &self,
        jurisdiction: &JurisdictionId,
        ids: &[&str],
    ) -> Result<Vec<IncidentChange>> {
        self.with(|db| incident::changes(db, jurisdiction, ids).map_err(Error::internal))
    }

    fn city(&self, db: &Connection, jurisdiction: &JurisdictionId) -> Result<CityKey> {
        let mut cities = self.cities.lock().unwrap_or_else(|poison| poison.into_inner());
        if let Some(city) = cities.get(jurisdiction) {
            return Ok(city.clone());
        }
        let city = city_key(db, jurisdiction)?;
        cities.insert(jurisdiction.clone(), city.clone());
        Ok(city)
    }

    /// One report.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn get(&self, jurisdiction: &JurisdictionId, id: &str) -> Result<Option<StoredReport>> {
        Ok(self.get_many(jurisdiction, &[id])?.pop())
    }

    /// The reports of these ids that exist, in the order asked for.
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
                row::COLUMNS
            );
            let mut statement = db.prepare_cached(&sql).map_err(Error::internal)?;
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let mut rows =
                    statement.query(params![city.number, id]).map_err(Error::internal)?;
                if let Some(row) = rows.next().map_err(Error::internal)? {
                    found.push(row::stored(row, &city.zone)?);
                }
            }
            Ok(found)
        })
    }

    /// A page of a jurisdiction's reports after the id `after`, by id: at most `limit`.
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
                row::COLUMNS
            );
            let mut statement = db.prepare_cached(&sql).map_err(Error::internal)?;
            let mut rows = statement
                .query(params![city.number, after, limit as i64])
                .map_err(Error::internal)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next().map_err(Error::internal)? {
                found.push(row::stored(row, &city.zone)?);
            }
            Ok(found)
        })
    }

    /// All of a jurisdiction's reports by id, read page by page.
    pub fn scan<'a>(&'a self, jurisdiction: &'a JurisdictionId) -> Scan<'a> {
        Scan::new(self, jurisdiction)
    }

    /// Hands `sink` the changes after a revision, in order and in pages of at most `page`, all in
    /// one snapshot of the store; each page with the jurisdiction's revision in that snapshot. The
    /// last page may be empty. Stops early where `sink` answers false.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn changes_after(
        &self,
        jurisdiction: &JurisdictionId,
        revision: u64,
        page: usize,
        mut sink: impl FnMut(Vec<Change>, u64) -> bool,
    ) -> Result<()> {
        self.with(|db| {
            let city = self.city(db, jurisdiction)?;
            let head = head(db, jurisdiction)?;
            let sql = format!(
                "SELECT {} FROM report WHERE change_key > ? AND change_key < ?
                 ORDER BY change_key",
                row::FACT_COLUMNS
            );
            let mut statement = db.prepare_cached(&sql).map_err(Error::internal)?;
            let mut rows = statement
                .query(params![city.key(revision), city.end()])
                .map_err(Error::internal)?;
            let mut repeated = row::TextInterner::default();
            let room = || Vec::with_capacity(page.min(PAGE_ROOM));
            let mut changes = room();
            while let Some(row) = rows.next().map_err(Error::internal)? {
                changes.push(row::change(row, &city.zone, &mut repeated)?);
                if changes.len() >= page && !sink(std::mem::replace(&mut changes, room()), head) {
                    return Ok(());
                }
            }
            sink(changes, head);
            Ok(())
        })
    }

    /// The boundaries of a jurisdiction, set by set.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn boundaries(&self, jurisdiction: &JurisdictionId) -> Result<Vec<BoundarySet>> {
        self.with(|db| boundary::read(db, jurisdiction))
    }

    /// Who reported, if that was said.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn contact(&self, jurisdiction: &JurisdictionId, id: &ReportId) -> Result<Option<Contact>> {
        self.with(|db| contact::read(db, jurisdiction, id).map_err(Error::internal))
    }

    /// Hands `sink` the reports last changed here from a moment on, and until before another,
    /// oldest change first, until it answers false.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn changed_between(
        &self,
        jurisdiction: &JurisdictionId,
        moments: (Option<ReportTime>, Option<ReportTime>),
        sink: &mut dyn FnMut(StoredReport) -> bool,
    ) -> Result<()> {
        self.with(|db| {
            let city = self.city(db, jurisdiction)?;
            let head = head(db, jurisdiction)?;
            changed::changed_between(db, &city, head, moments, sink)
        })
    }

    /// How many duplicates each of these reports has.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn children_counts(&self, jurisdiction: &JurisdictionId, ids: &[&str]) -> Result<Vec<u64>> {
        self.with(|db| {
            let city = self.city(db, jurisdiction)?;
            incident::children_counts(db, &city, ids).map_err(Error::internal)
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
            let mut statement = db
                .prepare_cached(
                    "SELECT revision, changed_datetime, author, field, before, after
                     FROM report_change WHERE jurisdiction_id = ? AND service_request_id = ?
                     ORDER BY revision, field",
                )
                .map_err(Error::internal)?;
            let rows = statement.query_map([jurisdiction.as_str(), id.as_str()], |row| {
                Ok(FieldChange {
                    revision: row.get::<_, i64>(0)? as u64,
                    at: row.get(1)?,
                    author: row.get(2)?,
                    field: row.get(3)?,
                    before: row.get(4)?,
                    after: row.get(5)?,
                })
            });
            rows.and_then(Iterator::collect).map_err(Error::internal)
        })
    }

    /// Where an import of the file with this digest stands.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn checkpoint(
        &self,
        jurisdiction: &JurisdictionId,
        file_digest: &str,
    ) -> Result<Option<Checkpoint>> {
        self.with(|db| {
            db.query_row(
                "SELECT rows_done, finished FROM import_run
                 WHERE jurisdiction_id = ? AND file_digest = ?",
                [jurisdiction.as_str(), file_digest],
                |row| {
                    Ok(Checkpoint {
                        file_digest: file_digest.to_owned(),
                        rows_done: row.get::<_, i64>(0)? as u64,
                        finished: row.get(1)?,
                    })
                },
            )
            .optional()
            .map_err(Error::internal)
        })
    }

    /// What is wrong with the file: SQLite's own check, and revisions above their counter.
    ///
    /// # Errors
    /// The file cannot be read at all.
    pub fn faults(&self) -> Result<Vec<String>> {
        self.with(|db| {
            let list = |sql: &str| -> rusqlite::Result<Vec<String>> {
                db.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
            };
            let mut faults = list("PRAGMA integrity_check(20)").map_err(Error::internal)?;
            faults.retain(|line| line != "ok");
            let above = "SELECT 'key of another jurisdiction, or revision above the counter: ' ||
                                coalesce(j.jurisdiction_id, r.jurisdiction) || ' ' ||
                                r.service_request_id
                         FROM report r LEFT JOIN jurisdiction j ON j.number = r.jurisdiction
                         WHERE j.number IS NULL OR r.change_key <= j.number << 40
                            OR r.change_key > (j.number << 40) + j.revision LIMIT 20";
            faults.extend(list(above).map_err(Error::internal)?);
            Ok(faults)
        })
    }
}

/// Number and time zone of a jurisdiction.
pub(super) fn city_key(db: &Connection, jurisdiction: &JurisdictionId) -> Result<CityKey> {
    let found: Option<(i64, String)> = db
        .prepare_cached("SELECT number, time_zone FROM jurisdiction WHERE jurisdiction_id = ?")
        .and_then(|mut ask| {
            ask.query_row([jurisdiction.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(Error::internal)?;
    let (number, name) = found.ok_or_else(|| Error::not_found(jurisdiction.as_str()))?;
    Ok(CityKey { number, zone: TimeZone::get(&name).map_err(Error::internal)? })
}

//! Reading incidents: originals, their duplicates and their changes.

use rusqlite::{Connection, params};

use crate::domain::{IncidentChange, JurisdictionId, StoredReport};
use crate::error::Result;
use crate::store::sqlite::incident_change;
use crate::store::sqlite::keys::CityKey;
use crate::store::sqlite::reader::Reader;
use crate::store::sqlite::row;

/// Most duplicates of one report that are read.
pub const CHILDREN_MAX: usize = 1_000;
/// Most links from a duplicate to its original that are followed; a source may name parents in a
/// circle.
pub const LINKS_MAX: usize = 8;

/// Reads the duplicates of a report by id, at most `limit`, and counts all of them.
///
/// # Errors
/// The file cannot be read or is corrupt.
pub fn children(
    db: &Connection,
    city: &CityKey,
    id: &str,
    limit: usize,
) -> Result<(Vec<StoredReport>, usize)> {
    // Without the hint SQLite scans all reports in the order of their ids.
    let sql = format!(
        "SELECT {} FROM report INDEXED BY report_by_parent
         WHERE jurisdiction = ? AND parent_service_request_id = ? AND removed = 0
         ORDER BY service_request_id LIMIT ?",
        *row::COLUMNS
    );
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![city.number, id, most])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(row::stored(row, &city.zone)?);
    }
    if found.len() < limit {
        let all = found.len();
        return Ok((found, all));
    }
    let counts = children_counts(db, city, &[id])?;
    Ok((found, counts.first().map_or(0, |count| *count as usize)))
}

/// Counts the duplicates of each of these reports.
///
/// # Errors
/// The file cannot be read.
fn children_counts(db: &Connection, city: &CityKey, ids: &[&str]) -> rusqlite::Result<Vec<u64>> {
    let mut count = db.prepare_cached(
        "SELECT count(*) FROM report INDEXED BY report_by_parent
         WHERE jurisdiction = ? AND parent_service_request_id = ? AND removed = 0",
    )?;
    let one = |id: &&str| count.query_row(params![city.number, id], |row| row.get::<_, i64>(0));
    ids.iter().map(one).map(|count| count.map(|count| count as u64)).collect()
}

impl Reader {
    /// The duplicates of a report, by id, at most [`CHILDREN_MAX`], and how many there are.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn children(
        &self,
        jurisdiction: &JurisdictionId,
        id: &str,
    ) -> Result<(Vec<StoredReport>, usize)> {
        self.with(|db| children(db, &self.city(db, jurisdiction)?, id, CHILDREN_MAX))
    }

    /// How many duplicates each of these reports has.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn children_counts(&self, jurisdiction: &JurisdictionId, ids: &[&str]) -> Result<Vec<u64>> {
        self.with(|db| Ok(children_counts(db, &self.city(db, jurisdiction)?, ids)?))
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
        self.with(|db| incident_change::concerning(db, jurisdiction, ids))
    }
}

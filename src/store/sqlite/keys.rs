//! Keys of report rows. A report's `change_key` is its jurisdiction's number times 2^40 plus the
//! revision of its last change, so that a jurisdiction's rows lie in the order of their changes.

use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension};

use crate::domain::JurisdictionId;
use crate::error::{Error, Result};

/// Bits of a key that hold the revision; those above hold the jurisdiction's number.
const REVISION_BITS: u32 = 40;

/// The number by which the rows of a jurisdiction are found, and its time zone.
#[derive(Clone)]
pub struct CityKey {
    /// The jurisdiction's number.
    pub number: i64,
    /// The zone in which days without an hour are read.
    pub zone: TimeZone,
}

impl CityKey {
    /// Reads the number and time zone of a jurisdiction.
    ///
    /// # Errors
    /// Not found; the zone is unknown; the file cannot be read.
    pub fn read(db: &Connection, jurisdiction: &JurisdictionId) -> Result<Self> {
        let found: Option<(i64, String)> = db
            .prepare_cached("SELECT number, time_zone FROM jurisdiction WHERE jurisdiction_id = ?")?
            .query_row([jurisdiction.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (number, name) = found.ok_or_else(|| Error::not_found(jurisdiction.as_str()))?;
        Ok(Self { number, zone: TimeZone::get(&name).map_err(Error::internal)? })
    }

    /// The key of a row last changed at `revision`.
    pub fn key(&self, revision: u64) -> i64 {
        (self.number << REVISION_BITS) + revision as i64
    }

    /// The first key after all keys of this jurisdiction.
    pub fn end(&self) -> i64 {
        (self.number + 1) << REVISION_BITS
    }
}

/// The revision in a row's key.
pub fn revision_of(key: i64) -> u64 {
    (key & ((1 << REVISION_BITS) - 1)) as u64
}

/// The revision of a jurisdiction, which is that of its last change; `None` if it is not in the
/// store.
///
/// # Errors
/// The file cannot be read.
pub fn head(db: &Connection, jurisdiction: &JurisdictionId) -> rusqlite::Result<Option<u64>> {
    let revision: Option<i64> = db
        .prepare_cached("SELECT revision FROM jurisdiction WHERE jurisdiction_id = ?")?
        .query_row([jurisdiction.as_str()], |row| row.get(0))
        .optional()?;
    Ok(revision.map(|revision| revision as u64))
}

/// The time of a jurisdiction's last change, RFC 3339.
///
/// # Errors
/// The file cannot be read.
pub fn last_change(db: &Connection, city: &CityKey) -> rusqlite::Result<Option<String>> {
    db.prepare_cached(
        "SELECT coalesce(changed_datetime, recorded_datetime) FROM report
         WHERE change_key >= ? AND change_key < ? ORDER BY change_key DESC LIMIT 1",
    )?
    .query_row([city.key(0), city.end()], |row| row.get(0))
    .optional()
}

//! The limit of the report ids of a jurisdiction. The index holds them as one text, in which it
//! addresses each id with 32 bits: what exceeds that is refused before it is written.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::domain::{JurisdictionId, ReportId};
use crate::error::{Error, ErrorKind, Result};
use crate::message;
use crate::store::sqlite::keys::{CityKey, head};
use crate::store::sqlite::reader::Reader;
use crate::store::writer::ID_BYTES_MAX;

/// Most bytes of one id: a character has at most four.
const ONE_ID_MAX: u64 = 4 * ReportId::CHARS_MAX as u64;

/// How many bytes the ids of each jurisdiction took when they were last counted, and the limit.
///
/// A new report takes a revision, so since a count the ids have grown by at most [`ONE_ID_MAX`]
/// bytes a revision, whoever wrote them. They are counted again, in O(reports) time, only where
/// that bound exceeds the limit: not before sixteen million revisions, with the usual limit.
pub struct IdBytes {
    /// The limit in bytes.
    pub max: u64,
    /// By number of the jurisdiction: a revision, and the bytes of all ids at that revision.
    counted: BTreeMap<i64, (u64, u64)>,
}

impl IdBytes {
    /// Nothing is counted yet; `max` is the limit in bytes.
    pub fn new(max: u64) -> Self {
        Self { max, counted: BTreeMap::new() }
    }

    /// Forgets all counts, because a transaction in which some were made was rolled back.
    pub fn forget(&mut self) {
        self.counted.clear();
    }

    /// Notes the bytes of all ids of a jurisdiction at a revision.
    pub fn note(&mut self, number: i64, revision: u64, bytes: u64) {
        self.counted.insert(number, (revision, bytes));
    }

    /// The bytes of the ids at a revision, at most.
    pub fn bound(&self, number: i64, revision: u64) -> u64 {
        let (at, bytes) = self.counted.get(&number).copied().unwrap_or_default();
        bytes + revision.saturating_sub(at).saturating_mul(ONE_ID_MAX)
    }
}

/// The bytes of all ids of the jurisdiction with this number, those of removed reports included.
///
/// # Errors
/// The file cannot be read.
pub fn count_id_bytes(db: &Connection, number: i64) -> rusqlite::Result<u64> {
    let sql = "SELECT coalesce(sum(length(CAST(service_request_id AS BLOB))), 0) FROM report
               WHERE jurisdiction = ?";
    let bytes: i64 = db.prepare_cached(sql)?.query_row([number], |row| row.get(0))?;
    Ok(bytes as u64)
}

/// The error for ids for which the index has no room.
pub fn ids_exceed(max: u64) -> Error {
    let message = message!(
        "L’index de cette ville est plein : les numéros de ses demandes prendraient plus de {max} \
         octets.",
        "The index of this city is full: the ids of its reports would take more than {max} bytes."
    );
    Error::new(ErrorKind::TooLarge, message)
}

impl Reader {
    /// Checks that the index has room for the ids of a jurisdiction: its store may have been
    /// written by another program.
    ///
    /// # Errors
    /// The ids exceed 4 GiB; there is no such jurisdiction; the file cannot be read.
    pub fn check_id_bytes(&self, jurisdiction: &JurisdictionId) -> Result<()> {
        self.with(|db| {
            let revision = head(db, jurisdiction)?.unwrap_or(0);
            if IdBytes::new(ID_BYTES_MAX).bound(0, revision) <= ID_BYTES_MAX {
                return Ok(());
            }
            let number = CityKey::read(db, jurisdiction)?.number;
            if count_id_bytes(db, number)? <= ID_BYTES_MAX {
                Ok(())
            } else {
                Err(ids_exceed(ID_BYTES_MAX))
            }
        })
    }
}

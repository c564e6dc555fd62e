//! Reading what concerns private data: which reports are to be erased, what was erased, what a city
//! keeps, and the keys of contacts.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, params};

use crate::domain::{
    Contact, ErasableField, ErasureCounts, ErasureKind, Idempotency, JurisdictionId, ReportId,
    ReportTime, RetentionPeriod,
};
use crate::error::{Error, Result};
use crate::store::sqlite::contact;
use crate::store::sqlite::reader::Reader;
use crate::store::sqlite::rewrite::REWRITE_DUE;
use crate::store::sqlite::transaction::used_key;

/// Which reports have something to erase.
#[derive(Debug, Clone, PartialEq)]
pub struct ErasureFilter {
    /// Reports made before this moment.
    pub before: ReportTime,
    /// Reports that have any of these.
    pub fields: Vec<ErasableField>,
}

/// An erasure, as the manifest lists it: no value is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredErasure {
    /// The report's city.
    pub jurisdiction: String,
    /// The revision that the report received by it: its number in the city.
    pub revision: u64,
    /// The report.
    pub report: String,
    /// Names of the fields, separated by commas.
    pub fields: String,
    /// Who erased.
    pub author: String,
    /// When, RFC 3339.
    pub at: String,
    /// What it was asked for; `None` for an erasure of an older version.
    pub kind: Option<ErasureKind>,
    /// How much was removed; `None` for an erasure of an older version.
    pub counts: Option<ErasureCounts>,
}

/// Which erasures of a city a page lists, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasurePage {
    /// Only those of this report.
    pub report: Option<String>,
    /// From this moment on, RFC 3339; an empty text for all.
    pub since: String,
    /// Below this revision: that of the last one of the page before.
    pub below: Option<u64>,
    /// At most this many.
    pub limit: usize,
}

/// The columns of an erasure, in the order in which [`read_erasure`] reads them.
const ERASURE: &str = "jurisdiction_id, service_request_id, fields, author, erased_datetime,
    revision, kind, contacts, photos, descriptions, answers, history";

fn read_erasure(row: &Row<'_>) -> rusqlite::Result<StoredErasure> {
    let number = |column: usize| -> rusqlite::Result<Option<u64>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned))
    };
    let kind: Option<String> = row.get(6)?;
    let counts = match number(7)? {
        None => None,
        Some(contacts) => Some(ErasureCounts {
            contacts,
            photos: number(8)?.unwrap_or(0),
            descriptions: number(9)?.unwrap_or(0),
            answers: number(10)?.unwrap_or(0),
            history: number(11)?.unwrap_or(0),
        }),
    };
    Ok(StoredErasure {
        jurisdiction: row.get(0)?,
        report: row.get(1)?,
        fields: row.get(2)?,
        author: row.get(3)?,
        at: row.get(4)?,
        revision: number(5)?.unwrap_or(0),
        kind: kind.as_deref().and_then(ErasureKind::parse),
        counts,
    })
}

/// The condition that a report `r` of the city `?1` has something of a field. Of answers only those
/// in free text are erased, which shows when they are read.
fn has(field: ErasableField) -> &'static str {
    match field {
        ErasableField::Contact => {
            "EXISTS (SELECT 1 FROM private_contact c WHERE c.jurisdiction_id = ?1
                AND c.service_request_id = r.service_request_id)"
        }
        ErasableField::Photos => "r.media_url IS NOT NULL",
        ErasableField::Description => "r.description IS NOT NULL",
        ErasableField::Answers => "r.attributes IS NOT NULL",
        ErasableField::History => {
            "EXISTS (SELECT 1 FROM report_change h WHERE h.jurisdiction_id = ?1
                AND h.service_request_id = r.service_request_id
                AND h.field IN ('description', 'attributes', 'media_url')
                AND (h.before IS NOT NULL OR h.after IS NOT NULL))
             OR EXISTS (SELECT 1 FROM report_update u WHERE u.jurisdiction_id = ?1
                AND u.service_request_id = r.service_request_id
                AND u.description IS NOT NULL)"
        }
    }
}

/// An id as the store has it, in which all ids are valid.
fn known_id(text: &str) -> Result<ReportId> {
    ReportId::new(text).map_err(|message| Error::internal(message.en))
}

impl Reader {
    /// Ids of the first `limit` reports after the id `after` that have something to erase, removed
    /// reports too.
    ///
    /// # Errors
    /// Not found; the file cannot be read.
    pub fn erasable(
        &self,
        jurisdiction: &JurisdictionId,
        filter: &ErasureFilter,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ReportId>> {
        if filter.fields.is_empty() {
            return Ok(Vec::new());
        }
        self.with(|db| {
            let number = self.city(db, jurisdiction)?.number;
            let conditions: Vec<&str> = filter.fields.iter().map(|field| has(*field)).collect();
            let sql = format!(
                "SELECT r.service_request_id FROM report r
                 WHERE r.jurisdiction = ?2 AND r.service_request_id > ?3
                    AND r.requested_datetime < ?4 AND ({})
                 ORDER BY r.service_request_id LIMIT ?5",
                conditions.join(" OR ")
            );
            let mut statement = db.prepare_cached(&sql)?;
            let before = filter.before.as_instant().to_string();
            let key = params![jurisdiction.as_str(), number, after, before, limit as i64];
            let mut rows = statement.query(key)?;
            let mut ids = Vec::new();
            while let Some(row) = rows.next()? {
                ids.push(known_id(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
            }
            Ok(ids)
        })
    }

    /// Ids of the reports whose contact `is_it`. All contacts of the city are decrypted: a million
    /// takes some seconds.
    ///
    /// # Errors
    /// Unavailable: the keys are missing. The file cannot be read.
    pub fn reports_of_contact(
        &self,
        jurisdiction: &JurisdictionId,
        is_it: &dyn Fn(&Contact) -> bool,
    ) -> Result<Vec<ReportId>> {
        self.with(|db| {
            let mut ids = Vec::new();
            contact::each(db, &self.keys, jurisdiction, &mut |id, contact| {
                if is_it(contact) {
                    ids.push(id.to_owned());
                }
            })?;
            ids.iter().map(|id| known_id(id)).collect()
        })
    }

    /// Erasures from a moment on (RFC 3339), oldest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn erasures(&self, since: &str) -> Result<Vec<StoredErasure>> {
        self.with(|db| {
            let sql = format!(
                "SELECT {ERASURE} FROM erasure WHERE erased_datetime >= ?
                 ORDER BY erased_datetime, jurisdiction_id, revision"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let rows = statement.query_map([since], read_erasure)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// A page of the erasures of a city, newest first, and whether there are more.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn erasures_of(
        &self,
        jurisdiction: &JurisdictionId,
        page: &ErasurePage,
    ) -> Result<(Vec<StoredErasure>, bool)> {
        let ErasurePage { report, since, below, limit } = page;
        self.with(|db| {
            let sql = format!(
                "SELECT {ERASURE} FROM erasure WHERE jurisdiction_id = ?1 AND revision < ?2
                    AND erased_datetime >= ?3 AND (?4 IS NULL OR service_request_id = ?4)
                 ORDER BY revision DESC LIMIT ?5"
            );
            let below = below.map_or(i64::MAX, u64::cast_signed);
            let mut statement = db.prepare_cached(&sql)?;
            let key = params![jurisdiction.as_str(), below, since, report, *limit as i64 + 1];
            let rows = statement.query_map(key, read_erasure)?;
            let mut found: Vec<StoredErasure> = rows.collect::<rusqlite::Result<_>>()?;
            let has_more = found.len() > *limit;
            found.truncate(*limit);
            Ok((found, has_more))
        })
    }

    /// What a request with this idempotency key was answered; `None` if there was none.
    ///
    /// # Errors
    /// A conflict where the key came with other contents; the file cannot be read.
    pub fn remembered(
        &self,
        jurisdiction: &JurisdictionId,
        sent: &Idempotency,
    ) -> Result<Option<String>> {
        let before: Option<(String, String)> = self.with(|db| {
            let sql = "SELECT fingerprint, service_request_id FROM idempotency
                       WHERE jurisdiction_id = ? AND idempotency_key = ?";
            let key = [jurisdiction.as_str(), &sent.key];
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            Ok(db.prepare_cached(sql)?.query_row(key, read).optional()?)
        })?;
        match before {
            Some((fingerprint, _)) if fingerprint != sent.fingerprint => Err(used_key()),
            before => Ok(before.map(|(_, answer)| answer)),
        }
    }

    /// Calls `sink` with the contacts of a city, by the ids of their reports. All of them are
    /// decrypted: a million takes some seconds.
    ///
    /// # Errors
    /// Unavailable: the keys are missing. The file cannot be read.
    pub fn each_contact(
        &self,
        jurisdiction: &JurisdictionId,
        sink: &mut dyn FnMut(&str, &Contact),
    ) -> Result<()> {
        self.with(|db| contact::each(db, &self.keys, jurisdiction, sink))
    }

    /// Photos of erased reports whose files may still be there, each with whether another report
    /// shows the same photo.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn erased_photos(&self) -> Result<Vec<(String, bool)>> {
        self.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT name,
                    EXISTS (SELECT 1 FROM report WHERE media_url IS NOT NULL
                        AND instr(media_url, name) > 0)
                    OR EXISTS (SELECT 1 FROM report_update WHERE media_url IS NOT NULL
                        AND instr(media_url, name) > 0)
                 FROM erased_photo LIMIT 500",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Whether the file is to be rewritten because something was erased.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn is_rewrite_due(&self) -> Result<bool> {
        self.with(|db| {
            let sql = "SELECT 1 FROM meta WHERE name = ?";
            let found: Option<i64> =
                db.query_row(sql, [REWRITE_DUE], |row| row.get(0)).optional()?;
            Ok(found.is_some())
        })
    }

    /// The size of the file, in bytes.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn file_bytes(&self) -> Result<u64> {
        self.with(|db| {
            let pages = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            Ok((pages("page_count")? * pages("page_size")?).unsigned_abs())
        })
    }

    /// How long a jurisdiction keeps each field that it does not keep for ever.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn retention(
        &self,
        jurisdiction: &JurisdictionId,
    ) -> Result<Vec<(ErasableField, RetentionPeriod)>> {
        let rows = self.pairs(
            "SELECT field, period FROM retention WHERE jurisdiction_id = ? ORDER BY 1",
            jurisdiction,
        )?;
        let read = |(field, period): (String, String)| {
            let read = ErasableField::parse(&field).zip(RetentionPeriod::parse(&period).ok());
            read.ok_or_else(|| Error::internal(format!("corrupt retention of '{field}'")))
        };
        rows.into_iter().map(read).collect()
    }

    fn pairs(&self, sql: &str, jurisdiction: &JurisdictionId) -> Result<Vec<(String, String)>> {
        self.with(|db| {
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement
                .query_map([jurisdiction.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// How many contacts each key encrypts, by the number of the key. Reads all contacts.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn contacts_by_key(&self) -> Result<BTreeMap<u32, u64>> {
        self.with(contact::counts_by_key)
    }
}

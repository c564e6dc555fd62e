//! Reading: a pool of connections to the file, and the queries for everything of a city except its
//! reports. Each query reads one snapshot of the store.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::domain::{
    AccessKey, BoundarySet, Contact, HotspotTrack, Jurisdiction, JurisdictionId, Nature, ReportId,
    SecretDigest, Service, ServiceCode, Session,
};
use crate::error::{Error, Result};
use crate::i18n::Message;
use crate::place::BBox;
use crate::store::command::Checkpoint;
use crate::store::private_keys::PrivateKeys;
use crate::store::sqlite::keys::CityKey;
use crate::store::sqlite::open::{BUSY, copy_if_older, open_writer};
use crate::store::sqlite::store_file::StoreFile;
use crate::store::sqlite::{access_key, boundary, contact, hotspot_track, session};

/// A connection's cache, in KiB: a thousand rows may lie on as many pages of 4 KiB.
const CACHE_KIB: i64 = 8_192;

/// A handle on the store's file for readers; cheap to clone.
#[derive(Clone)]
pub struct Reader {
    file: Arc<StoreFile>,
    /// Open connections that are not in use.
    idle: Arc<Mutex<Vec<Connection>>>,
    /// Keys of jurisdictions read before; see [`Reader::forget`].
    cities: Arc<Mutex<HashMap<JurisdictionId, CityKey>>>,
    /// The keys of contacts.
    pub(super) keys: Arc<PrivateKeys>,
}

/// A jurisdiction as the store has it.
#[derive(Debug, Clone)]
pub struct RegisteredCity {
    /// The city.
    pub jurisdiction: Jurisdiction,
    /// Its revision, which is that of its last change.
    pub revision: u64,
    /// Its number: the first city that was added has the least. None is given twice, so a city that
    /// was removed and added again has another.
    pub number: i64,
}

impl Reader {
    /// Opens (and if need be creates) the file.
    ///
    /// # Errors
    /// As for any file; see [`crate::error::ErrorKind::Unavailable`].
    pub fn open(path: &Path) -> Result<Self> {
        open_writer(path)?;
        Self::of(path)
    }

    /// Opens a file that is there already, without bringing its schema up to date: where it is of
    /// an earlier schema, it is copied to `copy`, and the copy is migrated and opened instead.
    ///
    /// # Errors
    /// The file cannot be opened or copied, or is of a later schema.
    pub fn open_unchanged(path: &Path, copy: &Path) -> Result<Self> {
        if copy_if_older(path, copy)? {
            return Self::open(copy);
        }
        Self::of(path)
    }

    fn of(path: &Path) -> Result<Self> {
        let file = Arc::new(StoreFile::of(path)?);
        let keys = Arc::new(PrivateKeys::beside(path));
        Ok(Self { file, idle: Arc::default(), cities: Arc::default(), keys })
    }

    /// The reader with the keys of contacts from another file than the one beside the store.
    pub fn with_private_keys(self, keys: Arc<PrivateKeys>) -> Self {
        Self { keys, ..self }
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Is the file still at its path?
    ///
    /// # Errors
    /// It was moved, deleted or replaced.
    pub fn check_file(&self) -> Result<()> {
        self.file.check()
    }

    /// Calls `ask` with a connection of the pool, inside one snapshot of the store.
    pub(super) fn with<T>(&self, ask: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().unwrap_or_else(|poison| poison.into_inner()).pop();
        let db = match idle {
            Some(db) => db,
            None => {
                self.file.check()?;
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let db = Connection::open_with_flags(self.file.path(), flags)?;
                db.busy_timeout(BUSY)?;
                db.pragma_update(None, "query_only", true)?;
                db.pragma_update(None, "cache_size", -CACHE_KIB)?;
                db.set_prepared_statement_cache_capacity(32);
                db
            }
        };
        let tx = db.unchecked_transaction()?;
        let answer = ask(&tx);
        tx.finish()?;
        self.idle.lock().unwrap_or_else(|poison| poison.into_inner()).push(db);
        answer
    }

    /// A random id of this store; revisions of different stores cannot be compared.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn epoch(&self) -> Result<String> {
        self.with(|db| {
            let sql = "SELECT value FROM meta WHERE name = 'epoch'";
            Ok(db.query_row(sql, [], |row| row.get(0))?)
        })
    }

    /// Every jurisdiction with its revision, in the order in which they were added.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn jurisdictions(&self) -> Result<Vec<(Jurisdiction, u64)>> {
        let all = self.registered()?.into_iter();
        Ok(all.map(|city| (city.jurisdiction, city.revision)).collect())
    }

    /// As [`Reader::jurisdictions`], with the number of each.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn registered(&self) -> Result<Vec<RegisteredCity>> {
        self.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT jurisdiction_id, name, time_zone, west, south, east, north, revision,
                        extent_learned, number
                     FROM jurisdiction ORDER BY number",
            )?;
            let rows = statement.query_map([], |row| {
                let edges: [Option<f64>; 4] = [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
                let names: [String; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
                Ok((names, edges, row.get::<_, i64>(7)?, row.get(8)?, row.get(9)?))
            })?;
            let mut found = Vec::new();
            for row in rows {
                let ([id, name, time_zone], edges, revision, is_extent_learned, number) = row?;
                let extent = match edges {
                    [Some(w), Some(s), Some(e), Some(n)] => BBox::new(w, s, e, n).ok(),
                    _ => None,
                };
                let id = JurisdictionId::new(&id).map_err(|message| Error::internal(message.en))?;
                let jurisdiction = Jurisdiction { id, name, time_zone, extent, is_extent_learned };
                found.push(RegisteredCity { jurisdiction, revision: revision as u64, number });
            }
            Ok(found)
        })
    }

    /// Forgets the key of a jurisdiction, which was removed or has another time zone.
    pub fn forget(&self, jurisdiction: &JurisdictionId) {
        self.cities.lock().unwrap_or_else(|poison| poison.into_inner()).remove(jurisdiction);
    }

    /// Services adopted by a jurisdiction.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn services(&self, jurisdiction: &JurisdictionId) -> Result<Vec<Service>> {
        self.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT service_code, name_fr, name_en, group_code, nature FROM service
                     WHERE jurisdiction_id = ? ORDER BY rowid",
            )?;
            let rows = statement.query_map([jurisdiction.as_str()], |row| {
                let [code, fr, en, group, nature]: [String; 5] =
                    [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
                Ok((code, fr, en, group, nature))
            })?;
            let mut found = Vec::new();
            for row in rows {
                let (code, fr, en, group, nature) = row?;
                let corrupt = || Error::internal(format!("corrupt service '{code}'"));
                found.push(Service {
                    code: ServiceCode::new(&code).ok_or_else(corrupt)?,
                    names: Message { fr, en },
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

    /// The hotspot tracks of a jurisdiction, by number.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn tracks(&self, jurisdiction: &JurisdictionId) -> Result<Vec<HotspotTrack>> {
        self.with(|db| hotspot_track::read(db, jurisdiction))
    }

    /// The key by which the rows of a jurisdiction are found.
    pub(super) fn city(&self, db: &Connection, jurisdiction: &JurisdictionId) -> Result<CityKey> {
        let mut cities = self.cities.lock().unwrap_or_else(|poison| poison.into_inner());
        if let Some(city) = cities.get(jurisdiction) {
            return Ok(city.clone());
        }
        let city = CityKey::read(db, jurisdiction)?;
        cities.insert(jurisdiction.clone(), city.clone());
        Ok(city)
    }

    /// The boundaries of a jurisdiction, set by set.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn boundaries(&self, jurisdiction: &JurisdictionId) -> Result<Vec<BoundarySet>> {
        self.with(|db| boundary::read(db, jurisdiction))
    }

    /// Every access key, in the order in which they were created.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn access_keys(&self) -> Result<Vec<AccessKey>> {
        self.with(access_key::read)
    }

    /// The session with this digest, whether it is over or not.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn session(&self, digest: &SecretDigest) -> Result<Option<Session>> {
        self.with(|db| session::read(db, digest))
    }

    /// The contact of the sender of a report, if it is known.
    ///
    /// # Errors
    /// Unavailable: its key is missing or does not open it. The file cannot be read.
    pub fn contact(&self, jurisdiction: &JurisdictionId, id: &ReportId) -> Result<Option<Contact>> {
        self.with(|db| contact::read(db, &self.keys, jurisdiction, id))
    }

    /// Was a request with this idempotency key carried out?
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn is_remembered(&self, jurisdiction: &JurisdictionId, key: &str) -> Result<bool> {
        self.with(|db| {
            let sql = "SELECT 1 FROM idempotency
                       WHERE jurisdiction_id = ? AND idempotency_key = ?";
            Ok(db.prepare_cached(sql)?.exists([jurisdiction.as_str(), key])?)
        })
    }

    /// How far the import of the file with this digest has come.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn checkpoint(
        &self,
        jurisdiction: &JurisdictionId,
        file_digest: &str,
    ) -> Result<Option<Checkpoint>> {
        self.with(|db| {
            let sql = "SELECT rows_done, finished FROM import_run
                       WHERE jurisdiction_id = ? AND file_digest = ?";
            let read = |row: &rusqlite::Row<'_>| {
                Ok(Checkpoint {
                    file_digest: file_digest.to_owned(),
                    rows_done: row.get::<_, i64>(0)? as u64,
                    finished: row.get(1)?,
                })
            };
            Ok(db.query_row(sql, [jurisdiction.as_str(), file_digest], read).optional()?)
        })
    }

    /// Faults of the file, each in a sentence: those that the check of SQLite finds, and revisions
    /// above the counter of their jurisdiction.
    ///
    /// # Errors
    /// The file cannot be read at all.
    pub fn faults(&self) -> Result<Vec<String>> {
        self.with(|db| {
            let list = |sql: &str| -> rusqlite::Result<Vec<String>> {
                db.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
            };
            let mut faults = list("PRAGMA integrity_check(20)")?;
            faults.retain(|line| line != "ok");
            let above = "SELECT 'key of another jurisdiction, or revision above the counter: ' ||
                                coalesce(j.jurisdiction_id, r.jurisdiction) || ' ' ||
                                r.service_request_id
                         FROM report r LEFT JOIN jurisdiction j ON j.number = r.jurisdiction
                         WHERE j.number IS NULL OR r.change_key <= j.number << 40
                            OR r.change_key > (j.number << 40) + j.revision LIMIT 20";
            faults.extend(list(above)?);
            Ok(faults)
        })
    }
}

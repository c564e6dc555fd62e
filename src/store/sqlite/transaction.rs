//! The transaction in which the commands of one commit run, with the SQL that they share.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::domain::fields::STORED;
use crate::domain::{
    Change, Event, Idempotency, JurisdictionId, Report, ReportId, ReportTime, StoredReport,
};
use crate::error::{Error, ErrorKind};
use crate::message;
use crate::store::private_keys::PrivateKeys;
use crate::store::sqlite::audit_state::AuditState;
use crate::store::sqlite::failure::{Failure, Step};
use crate::store::sqlite::id_bytes::{IdBytes, count_id_bytes, ids_exceed};
use crate::store::sqlite::keys::{CityKey, head, last_change};
use crate::store::sqlite::rewrite::Erased;
use crate::store::sqlite::row;
use crate::store::sqlite::row::RowChange;

/// A jurisdiction that commands of the transaction use. Its revision is read once and written once.
pub struct CityState {
    /// The key by which its rows are found.
    pub key: CityKey,
    /// Its revision before the transaction.
    first_revision: u64,
    /// Its revision now.
    pub(super) revision: u64,
    /// Its revision up to which lines of the audit were written.
    pub(super) audited: u64,
    /// What the transaction changed, in the order of the revisions.
    changes: Vec<Change>,
    /// Reports created in the transaction, if a later command needs them.
    created: Vec<Report>,
}

/// A report as it is in the file.
pub struct FoundReport {
    /// The report.
    pub stored: StoredReport,
    /// Digest of the source's row that it was last imported from.
    pub source_digest: Option<i64>,
    /// The report was removed: its row is a tombstone.
    pub removed: bool,
}

/// What all commands of a transaction share.
pub struct TransactionSettings<'a> {
    /// Changes are recorded as made at this time.
    pub now: Timestamp,
    /// Whether the commit listener wants the changes.
    pub wants_changes: bool,
    /// The keys of contacts.
    pub keys: &'a PrivateKeys,
}

/// A write transaction: commands run in it one after the other, and are durable together.
pub struct WriteTransaction<'a> {
    /// The connection, inside the transaction.
    pub db: &'a Connection,
    /// The time of the transaction, RFC 3339; never before the last change of a jurisdiction that
    /// it uses.
    pub now: String,
    /// The statement that inserts a report, prepared once.
    insert: Option<CachedStatement<'a>>,
    pub(super) cities: BTreeMap<JurisdictionId, CityState>,
    /// Whether changes are collected for the commit listener.
    collects_changes: bool,
    /// Whether created reports are kept for later commands.
    keeps_created: bool,
    /// How much room the ids of each jurisdiction take.
    pub id_bytes: &'a mut IdBytes,
    /// The keys of contacts.
    pub keys: &'a PrivateKeys,
    /// Whether bytes of what was erased are to be overwritten after the commit.
    pub erased: Erased,
    /// The audit of the transaction.
    pub audit: AuditState,
}

impl<'a> WriteTransaction<'a> {
    /// A transaction in which nothing has been done yet.
    pub fn new(
        db: &'a Connection,
        settings: &TransactionSettings<'a>,
        keeps_created: bool,
        id_bytes: &'a mut IdBytes,
    ) -> Self {
        Self {
            db,
            now: ReportTime::instant(settings.now).to_string(),
            insert: None,
            cities: BTreeMap::new(),
            collects_changes: settings.wants_changes,
            keeps_created,
            id_bytes,
            keys: settings.keys,
            erased: Erased::Nothing,
            audit: AuditState::new(settings.now),
        }
    }

    /// Writes the revision counters that grew, and returns the changes of each jurisdiction.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> rusqlite::Result<BTreeMap<JurisdictionId, Vec<Change>>> {
        let mut changed = BTreeMap::new();
        for (id, city) in self.cities {
            if city.revision > city.first_revision {
                self.db
                    .prepare_cached(
                        "UPDATE jurisdiction SET revision = ? WHERE jurisdiction_id = ?",
                    )?
                    .execute(params![city.revision as i64, id.as_str()])?;
                if self.collects_changes {
                    changed.insert(id, city.changes);
                }
            }
        }
        Ok(changed)
    }

    /// The state of a jurisdiction.
    ///
    /// # Errors
    /// Refused where there is no such jurisdiction.
    pub fn city(&mut self, id: &JurisdictionId) -> Step<&mut CityState> {
        if !self.cities.contains_key(id) {
            let missing = || Failure::Refused(Error::not_found(id.as_str()));
            let revision = head(self.db, id)?.ok_or_else(missing)?;
            let key = CityKey::read(self.db, id).map_err(Failure::Storage)?;
            // Followers ask for what changed after a time: where the clock was set back, changes
            // keep the time of the last one.
            let last = last_change(self.db, &key)?;
            self.now =
                last.filter(|last| *last > self.now).unwrap_or(std::mem::take(&mut self.now));
            let (changes, created) = (Vec::new(), Vec::new());
            let first_revision = revision;
            let audited = revision;
            let city = CityState { key, first_revision, revision, audited, changes, created };
            self.cities.insert(id.clone(), city);
        }
        self.cities.get_mut(id).ok_or_else(|| Failure::storage("a jurisdiction went missing"))
    }

    /// Forgets what was read of a jurisdiction, before it is removed.
    pub fn forget(&mut self, id: &JurisdictionId) {
        self.cities.remove(id);
    }

    /// Reports created earlier in this transaction; empty if no command needs them.
    pub fn created(&self, jurisdiction: &JurisdictionId) -> &[Report] {
        self.cities.get(jurisdiction).map_or(&[], |city| &city.created)
    }

    /// Keeps a created report for later commands, if any needs it.
    pub fn keep_created(&mut self, jurisdiction: &JurisdictionId, report: &Report) {
        if self.keeps_created
            && let Some(city) = self.cities.get_mut(jurisdiction)
        {
            city.created.push(report.clone());
        }
    }

    /// Takes the next revision. Returns it with the key of the changed row and the number of the
    /// jurisdiction.
    ///
    /// # Errors
    /// Refused where there is no such jurisdiction.
    pub fn next_revision(&mut self, jurisdiction: &JurisdictionId) -> Step<RowChange> {
        let city = self.city(jurisdiction)?;
        city.revision += 1;
        let (key, number) = (city.key.key(city.revision), city.key.number);
        Ok(RowChange { revision: city.revision, key, number })
    }

    /// Collects a change for the commit listener.
    pub fn collect(&mut self, jurisdiction: &JurisdictionId, revision: u64, event: Event) {
        if let Some(city) = self.cities.get_mut(jurisdiction).filter(|_| self.collects_changes) {
            city.changes.push(Change { revision, event });
        }
    }

    /// The report with this id, or its tombstone; `None` if it never existed.
    ///
    /// # Errors
    /// Refused where there is no such jurisdiction.
    pub fn find(
        &mut self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
    ) -> Step<Option<FoundReport>> {
        let db = self.db;
        let city = self.city(jurisdiction)?;
        let sql = format!(
            "SELECT {} FROM report WHERE jurisdiction = ? AND service_request_id = ?",
            *row::COLUMNS
        );
        let mut statement = db.prepare_cached(&sql)?;
        let mut rows = statement.query(params![city.key.number, id.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let stored = row::stored(row, &city.key.zone).map_err(Failure::Storage)?;
        let (source_digest, removed) = row::source_and_tombstone(row)?;
        Ok(Some(FoundReport { stored, source_digest, removed }))
    }

    /// The report with this id; `None` if it does not exist or was removed.
    ///
    /// # Errors
    /// Refused where there is no such jurisdiction.
    pub fn find_live(
        &mut self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
    ) -> Step<Option<StoredReport>> {
        let found = self.find(jurisdiction, id)?;
        Ok(found.filter(|found| !found.removed).map(|found| found.stored))
    }

    /// The report with this id.
    ///
    /// # Errors
    /// Refused where there is none or it was removed, and where `expected` is not its revision.
    pub fn expect(
        &mut self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
        expected: Option<u64>,
    ) -> Step<StoredReport> {
        let found = self.find_live(jurisdiction, id)?;
        let stored = found.ok_or_else(|| Failure::Refused(Error::not_found(id.as_str())))?;
        let now = stored.revision;
        match expected {
            Some(seen) if seen != now => {
                let message = message!(
                    "La demande a changé : elle est à la révision {now}, et non {seen}.",
                    "The report has changed: it is at revision {now}, not {seen}."
                );
                Err(Failure::Refused(Error::new(ErrorKind::Stale, message)))
            }
            _ => Ok(stored),
        }
    }

    /// Checks that the index has room for the ids of reports that a command is about to write. The
    /// command calls it before its first write, so that it is refused as a whole.
    ///
    /// # Errors
    /// Refused where the ids of the jurisdiction would exceed the limit.
    pub fn check_ids<'r>(
        &mut self,
        jurisdiction: &JurisdictionId,
        ids: impl Iterator<Item = &'r ReportId> + Clone,
    ) -> Step<()> {
        let city = self.city(jurisdiction)?;
        let (number, revision) = (city.key.number, city.revision);
        let bytes = |id: &ReportId| id.as_str().len() as u64;
        let sent: u64 = ids.clone().map(bytes).sum();
        let max = self.id_bytes.max;
        if self.id_bytes.bound(number, revision) + sent <= max {
            return Ok(());
        }
        let stored = count_id_bytes(self.db, number)?;
        self.id_bytes.note(number, revision, stored);
        if stored + sent <= max {
            return Ok(());
        }
        // Ids that are stored already, or that come twice, take no further room.
        let mut exists = self.db.prepare_cached(
            "SELECT 1 FROM report WHERE jurisdiction = ? AND service_request_id = ?",
        )?;
        let mut new = 0;
        for id in ids.collect::<BTreeSet<_>>() {
            if !exists.exists(params![number, id.as_str()])? {
                new += bytes(id);
            }
        }
        if stored + new <= max { Ok(()) } else { Err(Failure::Refused(ids_exceed(max))) }
    }

    /// Adds a report and returns its revision; `None`, without a write, if a report or tombstone
    /// with this id exists.
    ///
    /// # Errors
    /// Refused where there is no such jurisdiction.
    pub fn insert(
        &mut self,
        jurisdiction: &JurisdictionId,
        report: &Report,
        digest: Option<u64>,
    ) -> Step<Option<u64>> {
        let next = self.next_revision(jurisdiction)?;
        let mut insert = match self.insert.take() {
            Some(insert) => insert,
            None => self.db.prepare_cached(&row::INSERT)?,
        };
        row::bind(&mut insert, report, &next, &self.now, digest)?;
        let inserted = insert.raw_execute()?;
        self.insert = Some(insert);
        if inserted == 0 {
            self.city(jurisdiction)?.revision -= 1;
            return Ok(None);
        }
        if self.collects_changes {
            self.collect(jurisdiction, next.revision, Event::New(report.facts()));
        }
        Ok(Some(next.revision))
    }

    /// Writes the new state of a report, and an entry of its history for each changed field. Does
    /// nothing if no field changed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn replace(
        &mut self,
        jurisdiction: &JurisdictionId,
        found: StoredReport,
        next: Report,
        author: &str,
        digest: Option<u64>,
    ) -> Step<StoredReport> {
        let (before, after) = (found.report.values(), next.values());
        if before == after {
            return Ok(found);
        }
        let next_key = self.next_revision(jurisdiction)?;
        let revision = next_key.revision;
        let differing = STORED.iter().zip(before.iter().zip(&after));
        for (field, (old, new)) in differing.filter(|(_, (old, new))| old != new) {
            let change = (field.name, old.as_deref(), new.as_deref());
            self.add_history(jurisdiction, &next.id, revision, change, author)?;
        }
        let mut update = self.db.prepare_cached(&row::UPDATE)?;
        row::bind(&mut update, &next, &next_key, &self.now, digest)?;
        update.raw_execute()?;
        self.collect(jurisdiction, revision, Event::Put(next.facts()));
        Ok(StoredReport { report: next, revision, changed: Some(self.now.clone()), ..found })
    }

    /// Moves a report to the next revision, as changed now, without a change of its fields. Returns
    /// the revision.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn touch(&mut self, jurisdiction: &JurisdictionId, report: &Report) -> Step<u64> {
        let next = self.next_revision(jurisdiction)?;
        let mut update = self.db.prepare_cached(&row::UPDATE)?;
        row::bind(&mut update, report, &next, &self.now, None)?;
        update.raw_execute()?;
        self.collect(jurisdiction, next.revision, Event::Put(report.facts()));
        Ok(next.revision)
    }

    /// Adds the change of one field to a report's history.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add_history(
        &self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
        revision: u64,
        (field, before, after): (&str, Option<&str>, Option<&str>),
        author: &str,
    ) -> rusqlite::Result<()> {
        self.db
            .prepare_cached("INSERT INTO report_change VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?
            .execute(params![
                jurisdiction.as_str(),
                id.as_str(),
                revision as i64,
                field,
                before,
                after,
                author,
                self.now
            ])?;
        Ok(())
    }

    /// Stores the id of the report that a request with this idempotency key created, or the ids of
    /// its batch separated by spaces.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn remember(
        &self,
        jurisdiction: &JurisdictionId,
        sent: &Idempotency,
        ids: &str,
    ) -> rusqlite::Result<()> {
        let Idempotency { key, fingerprint } = sent;
        self.db
            .prepare_cached("INSERT INTO idempotency VALUES (?, ?, ?, ?, ?)")?
            .execute(params![jurisdiction.as_str(), key, fingerprint, ids, self.now])?;
        Ok(())
    }

    /// The ids that [`WriteTransaction::remember`] stored for an idempotency key; `None` if it was
    /// never used.
    ///
    /// # Errors
    /// Refused where the key came with other contents.
    pub fn remembered(
        &self,
        jurisdiction: &JurisdictionId,
        sent: &Idempotency,
    ) -> Step<Option<String>> {
        let before: Option<(String, String)> = self
            .db
            .prepare_cached(
                "SELECT fingerprint, service_request_id FROM idempotency
                 WHERE jurisdiction_id = ? AND idempotency_key = ?",
            )?
            .query_row([jurisdiction.as_str(), &sent.key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((fingerprint, ids)) = before else { return Ok(None) };
        if fingerprint != sent.fingerprint {
            return Err(Failure::Refused(used_key()));
        }
        Ok(Some(ids))
    }
}

/// The error of an idempotency key that came with other contents.
pub fn used_key() -> Error {
    let message = message!(
        "Cette Idempotency-Key a déjà servi à une autre demande.",
        "This Idempotency-Key has already been used for another request."
    );
    Error::new(ErrorKind::Conflict, message)
}

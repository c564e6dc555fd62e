//! The SQL of every write, inside one transaction.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::domain::{
    Change, Event, Idempotency, Jurisdiction, JurisdictionId, Report, ReportId, ReportTime,
    Service, StoredReport,
};
use crate::error::{Error, ErrorKind, Result};
use crate::message;
use crate::store::read::CityKey;
use crate::store::row::RowChange;
use crate::store::{Checkpoint, Outcome, Write, WriteCounts, hotspot_track, read, row};

/// Outcomes in the order of the writes, and what changed in each jurisdiction.
pub type CommittedGroup = (Vec<Result<Outcome>>, BTreeMap<JurisdictionId, Vec<Change>>);

pub(super) type Sql<T> = rusqlite::Result<T>;

/// A write either answers (also with a refusal) or fails as SQL; a failure ends the whole group.
pub(super) type AttributeValue = Sql<Result<Outcome>>;

/// Runs a group of writes. Counters are read once and written once per jurisdiction; changes are
/// gathered where they are `heard`.
pub fn run(db: &Connection, writes: Vec<Write>, heard: bool) -> Sql<CommittedGroup> {
    let now = ReportTime::instant(jiff::Timestamp::now()).to_string();
    let judged = WriteTransaction::judges(&writes);
    let cities = BTreeMap::new();
    let mut group = WriteTransaction { db, insert: None, now, cities, heard, judged };
    let mut outcomes = Vec::with_capacity(writes.len());
    for write in writes {
        outcomes.push(group.run_one(write)?);
    }
    let mut changed = BTreeMap::new();
    for (id, city) in group.cities {
        if city.revision > city.began {
            db.prepare_cached("UPDATE jurisdiction SET revision = ? WHERE jurisdiction_id = ?")?
                .execute(params![city.revision as i64, id.as_str()])?;
            if heard {
                changed.insert(id, city.changes);
            }
        }
    }
    Ok((outcomes, changed))
}

const INSERT: &str = "INSERT INTO report (change_key, jurisdiction, service_request_id,
    service_code, status, closed_reason, source_status, nature, channel, requested_datetime,
    updated_datetime, closed_datetime, lon, lat, accuracy, address, area, description,
    parent_service_request_id, assignee, created_revision, recorded_datetime, source_digest,
    address_id, zipcode, service_notice, expected_datetime, attributes, media_url)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
    ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
    ?24, ?25, ?26, ?27, ?28, ?29)
    ON CONFLICT (jurisdiction, service_request_id) DO NOTHING";

pub(super) struct City {
    pub(super) key: CityKey,
    began: u64,
    revision: u64,
    changes: Vec<Change>,
    /// Reports made in this group, where one of its writes asks about them.
    fresh: Vec<Report>,
}

pub(super) struct WriteTransaction<'a> {
    pub(super) db: &'a Connection,
    /// The statement of [`WriteTransaction::insert`], looked up once.
    insert: Option<CachedStatement<'a>>,
    pub(super) now: String,
    cities: BTreeMap<JurisdictionId, City>,
    heard: bool,
    judged: bool,
}

impl WriteTransaction<'_> {
    fn run_one(&mut self, write: Write) -> AttributeValue {
        match write {
            Write::Adopt { jurisdiction, services } => self.adopt(&jurisdiction, &services),
            Write::Create { jurisdiction, report, idempotency, contact, judge } => {
                self.create(&jurisdiction, *report, idempotency, contact, judge)
            }
            Write::Batch { jurisdiction, reports, redraw, idempotency } => {
                self.batch(&jurisdiction, reports, redraw, idempotency)
            }
            Write::Update { jurisdiction, id, expected, author, amend, children } => {
                let found = match self.expect(&jurisdiction, &id, expected)? {
                    Ok(found) => found,
                    Err(error) => return Ok(Err(error)),
                };
                self.update(&jurisdiction, found, &author, amend, children)
            }
            Write::IncidentCommand { jurisdiction, regroup, author } => {
                self.regroup(&jurisdiction, regroup, &author)
            }
            Write::Remove { jurisdiction, id, author } => self.remove(&jurisdiction, &id, &author),
            Write::Import { jurisdiction, reports, checkpoint } => {
                self.import(&jurisdiction, reports, checkpoint)
            }
            Write::BoundCondition { jurisdiction, set } => self.bound(&jurisdiction, &set),
            Write::Follow { jurisdiction, tracks } => {
                hotspot_track::write(self.db, &jurisdiction, &tracks)?;
                Ok(Ok(Outcome::Followed))
            }
        }
    }

    pub(super) fn city(&mut self, id: &JurisdictionId) -> Sql<Option<&mut City>> {
        if !self.cities.contains_key(id) {
            let revision: Option<i64> = self
                .db
                .prepare_cached("SELECT revision FROM jurisdiction WHERE jurisdiction_id = ?")?
                .query_row([id.as_str()], |row| row.get(0))
                .optional()?;
            let Some(revision) = revision else { return Ok(None) };
            let key = read::city_key(self.db, id).map_err(corrupt)?;
            let revision = revision as u64;
            let city =
                City { key, began: revision, revision, changes: Vec::new(), fresh: Vec::new() };
            self.cities.insert(id.clone(), city);
        }
        Ok(self.cities.get_mut(id))
    }

    fn adopt(&mut self, jurisdiction: &Jurisdiction, services: &[Service]) -> AttributeValue {
        let edge = |pick: fn(&crate::place::BBox) -> f64| jurisdiction.extent.as_ref().map(pick);
        let id = jurisdiction.id.as_str();
        self.db
            .prepare_cached(
                "INSERT INTO jurisdiction
                    (jurisdiction_id, name, time_zone, west, south, east, north, number)
                 VALUES (?, ?, ?, ?, ?, ?, ?,
                    (SELECT coalesce(max(number), 0) + 1 FROM jurisdiction))
                 ON CONFLICT (jurisdiction_id) DO NOTHING",
            )?
            .execute(params![
                id,
                jurisdiction.name,
                jurisdiction.time_zone,
                edge(|b| b.west),
                edge(|b| b.south),
                edge(|b| b.east),
                edge(|b| b.north)
            ])?;
        let mut insert = self.db.prepare_cached(
            "INSERT INTO service
                (jurisdiction_id, service_code, name_fr, name_en, group_code, nature)
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (jurisdiction_id, service_code) DO NOTHING",
        )?;
        for service in services {
            insert.execute(params![
                id,
                service.code.as_str(),
                service.names.fr,
                service.names.en,
                service.group,
                service.nature.as_str()
            ])?;
        }
        Ok(Ok(Outcome::Adopted))
    }

    /// Reports made in this group before.
    pub(super) fn fresh(&self, jurisdiction: &JurisdictionId) -> &[Report] {
        self.cities.get(jurisdiction).map_or(&[], |city| &city.fresh)
    }

    /// Keeps a report for those that ask about it in the same group.
    pub(super) fn keep_fresh(&mut self, jurisdiction: &JurisdictionId, report: &Report) {
        if self.judged
            && let Some(city) = self.cities.get_mut(jurisdiction)
        {
            city.fresh.push(report.clone());
        }
    }

    /// Adds the reports of a batch. The ids of one already sent were remembered under its key.
    fn batch(
        &mut self,
        jurisdiction: &JurisdictionId,
        reports: Vec<Report>,
        mut redraw: Box<dyn FnMut() -> ReportId + Send>,
        idempotency: Option<Idempotency>,
    ) -> AttributeValue {
        if self.city(jurisdiction)?.is_none() {
            return Ok(Err(Error::not_found(jurisdiction.as_str())));
        }
        if let Some(sent) = &idempotency
            && let Some(before) = self.remembered(jurisdiction, sent)?
        {
            let ids = match before {
                Ok(ids) => ids,
                Err(error) => return Ok(Err(error)),
            };
            let parse =
                |id| ReportId::new(id).map_err(|message| corrupt(Error::internal(message.en)));
            let ids = ids.split_whitespace().map(parse).collect::<Sql<Vec<_>>>()?;
            return Ok(Ok(Outcome::Batch { ids, replayed: true }));
        }
        let mut ids = Vec::with_capacity(reports.len());
        for mut report in reports {
            while self.insert(jurisdiction, &report, None)?.is_none() {
                report.id = redraw();
            }
            self.keep_fresh(jurisdiction, &report);
            ids.push(report.id);
        }
        if idempotency.is_some() {
            let all: Vec<&str> = ids.iter().map(ReportId::as_str).collect();
            self.remember(jurisdiction, &idempotency, &all.join(" "))?;
        }
        Ok(Ok(Outcome::Batch { ids, replayed: false }))
    }

    /// Remembers what was answered to a client's key.
    pub(super) fn remember(
        &mut self,
        jurisdiction: &JurisdictionId,
        sent: &Option<Idempotency>,
        ids: &str,
    ) -> Sql<()> {
        let Some(Idempotency { key, fingerprint }) = sent else { return Ok(()) };
        self.db
            .prepare_cached("INSERT INTO idempotency VALUES (?, ?, ?, ?, ?)")?
            .execute(params![jurisdiction.as_str(), key, fingerprint, ids, self.now])?;
        Ok(())
    }

    /// The ids answered to this key before, if any; a refusal where it came with other contents.
    fn remembered(
        &mut self,
        jurisdiction: &JurisdictionId,
        sent: &Idempotency,
    ) -> Sql<Option<Result<String>>> {
        let before: Option<(String, String)> = self
            .db
            .prepare_cached(
                "SELECT fingerprint, service_request_id FROM idempotency
                 WHERE jurisdiction_id = ? AND idempotency_key = ?",
            )?
            .query_row([jurisdiction.as_str(), &sent.key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(before.map(|(fingerprint, ids)| {
            let same = fingerprint == sent.fingerprint;
            same.then_some(ids).ok_or_else(|| {
                let message = message!(
                    "Cette Idempotency-Key a déjà servi à une autre demande.",
                    "This Idempotency-Key was used for another request."
                );
                Error::new(ErrorKind::Conflict, message)
            })
        }))
    }

    /// The answer already given to this key, if any.
    pub(super) fn answered(
        &mut self,
        jurisdiction: &JurisdictionId,
        sent: &Idempotency,
    ) -> Sql<Option<Result<Outcome>>> {
        let id = match self.remembered(jurisdiction, sent)? {
            None => return Ok(None),
            Some(Err(error)) => return Ok(Some(Err(error))),
            Some(Ok(id)) => id,
        };
        let id = ReportId::new(&id).map_err(|message| corrupt(Error::internal(message.en)))?;
        Ok(Some(match self.find(jurisdiction, &id)? {
            Some((stored, _, false)) => {
                Ok(Outcome::StoredReport { stored: Box::new(stored), replayed: true })
            }
            _ => Err(Error::not_found(id.as_str())),
        }))
    }

    /// A report's row, its source digest, and whether it is a tombstone.
    pub(super) fn find(
        &mut self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
    ) -> Sql<Option<(StoredReport, Option<i64>, bool)>> {
        let db = self.db;
        let Some(city) = self.city(jurisdiction)? else { return Ok(None) };
        let sql = format!(
            "SELECT {} FROM report WHERE jurisdiction = ? AND service_request_id = ?",
            row::COLUMNS
        );
        let mut statement = db.prepare_cached(&sql)?;
        let mut rows = statement.query(params![city.key.number, id.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let stored = row::stored(row, &city.key.zone).map_err(corrupt)?;
        Ok(Some((stored, row.get(21)?, row.get(22)?)))
    }

    /// The report to change, or why it cannot be.
    fn expect(
        &mut self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
        expected: Option<u64>,
    ) -> Sql<Result<StoredReport>> {
        Ok(match self.find(jurisdiction, id)? {
            Some((stored, _, false)) => match expected {
                Some(seen) if seen != stored.revision => {
                    let now = stored.revision;
                    Err(Error::new(
                        ErrorKind::Stale,
                        message!(
                            "La demande a changé : révision {now}, non {seen}.",
                            "The report has changed: revision {now}, not {seen}."
                        ),
                    ))
                }
                _ => Ok(stored),
            },
            _ => Err(Error::not_found(id.as_str())),
        })
    }

    /// Takes the next revision; with it the key of the row that changes, and its jurisdiction's
    /// number.
    pub(super) fn next(&mut self, jurisdiction: &JurisdictionId) -> Sql<RowChange> {
        let city = self.city(jurisdiction)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        city.revision += 1;
        let (key, number) = (city.key.key(city.revision), city.key.number);
        Ok(RowChange { revision: city.revision, key, number })
    }

    fn note(&mut self, jurisdiction: &JurisdictionId, revision: u64, event: Event) {
        if let Some(city) = self.cities.get_mut(jurisdiction) {
            city.changes.push(Change { revision, event });
        }
    }

    /// Adds a report and answers its revision; nothing happens where there is one of this id.
    pub(super) fn insert(
        &mut self,
        jurisdiction: &JurisdictionId,
        report: &Report,
        digest: Option<u64>,
    ) -> Sql<Option<u64>> {
        let next = self.next(jurisdiction)?;
        let mut insert = match self.insert.take() {
            Some(insert) => insert,
            None => self.db.prepare_cached(INSERT)?,
        };
        row::bind(&mut insert, report, &next, digest)?;
        insert.raw_bind_parameter(21, next.revision as i64)?;
        insert.raw_bind_parameter(22, &self.now)?;
        let inserted = insert.raw_execute()?;
        self.insert = Some(insert);
        if inserted == 0 {
            self.cities.get_mut(jurisdiction).into_iter().for_each(|city| city.revision -= 1);
            return Ok(None);
        }
        if self.heard {
            self.note(jurisdiction, next.revision, Event::New(report.facts()));
        }
        Ok(Some(next.revision))
    }

    /// Writes the next state of a report and, field by field, its history. Nothing happens where
    /// nothing differs.
    pub(super) fn replace(
        &mut self,
        jurisdiction: &JurisdictionId,
        found: StoredReport,
        next: Report,
        author: &str,
        digest: Option<u64>,
    ) -> Sql<StoredReport> {
        let (before, after) = (found.report.fields(), next.fields());
        if before == after {
            return Ok(found);
        }
        let next_key = self.next(jurisdiction)?;
        let revision = next_key.revision;
        let differing = Report::FIELDS.iter().zip(before.iter().zip(&after));
        for (field, (old, new)) in differing.filter(|(_, (old, new))| old != new) {
            let change = (*field, old.as_deref(), new.as_deref());
            self.log(jurisdiction, &next.id, revision, change, author)?;
        }
        let mut update = self.db.prepare_cached(
            "UPDATE report SET change_key = ?1, service_code = ?4, status = ?5,
                closed_reason = ?6, source_status = ?7, nature = ?8, channel = ?9,
                requested_datetime = ?10, updated_datetime = ?11, closed_datetime = ?12,
                lon = ?13, lat = ?14, accuracy = ?15, address = ?16, area = ?17,
                description = ?18, parent_service_request_id = ?19, assignee = ?20,
                source_digest = coalesce(?23, source_digest), removed = 0,
                address_id = ?24, zipcode = ?25, service_notice = ?26,
                expected_datetime = ?27, attributes = ?28, media_url = ?29,
                changed_datetime = ?30
             WHERE jurisdiction = ?2 AND service_request_id = ?3",
        )?;
        row::bind(&mut update, &next, &next_key, digest)?;
        update.raw_bind_parameter(30, &self.now)?;
        update.raw_execute()?;
        self.note(jurisdiction, revision, Event::Put(next.facts()));
        Ok(StoredReport { report: next, revision, changed: Some(self.now.clone()), ..found })
    }

    fn log(
        &self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
        revision: u64,
        (field, before, after): (&str, Option<&str>, Option<&str>),
        author: &str,
    ) -> Sql<()> {
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

    fn remove(
        &mut self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
        author: &str,
    ) -> AttributeValue {
        if let Err(error) = self.expect(jurisdiction, id, None)? {
            return Ok(Err(error));
        }
        let RowChange { revision, key, number } = self.next(jurisdiction)?;
        self.db
            .prepare_cached(
                "UPDATE report SET removed = 1, change_key = ?
                 WHERE jurisdiction = ? AND service_request_id = ?",
            )?
            .execute(params![key, number, id.as_str()])?;
        self.log(jurisdiction, id, revision, ("removed", Some("false"), Some("true")), author)?;
        self.note(jurisdiction, revision, Event::Remove(id.clone()));
        Ok(Ok(Outcome::Removed))
    }

    fn import(
        &mut self,
        jurisdiction: &JurisdictionId,
        reports: Vec<(Report, u64)>,
        checkpoint: Option<Checkpoint>,
    ) -> AttributeValue {
        if self.city(jurisdiction)?.is_none() {
            return Ok(Err(Error::not_found(jurisdiction.as_str())));
        }
        let mut tally = WriteCounts::default();
        for (report, digest) in reports {
            if self.insert(jurisdiction, &report, Some(digest))?.is_some() {
                tally.added += 1;
                continue;
            }
            match self.find(jurisdiction, &report.id)? {
                None => return Err(rusqlite::Error::QueryReturnedNoRows),
                // A report removed here stays removed, whatever its source still says.
                Some((_, before, removed)) if removed || before == Some(digest as i64) => {
                    tally.unchanged += 1;
                }
                Some((found, ..)) => {
                    // What was brought together here stays together where its source says nothing.
                    let parent = report.parent.or_else(|| found.report.parent.clone());
                    let report = Report { parent, ..report };
                    let was = found.revision;
                    let now = self.replace(jurisdiction, found, report, "import", Some(digest))?;
                    let count =
                        if now.revision == was { &mut tally.unchanged } else { &mut tally.updated };
                    *count += 1;
                }
            }
        }
        if let Some(Checkpoint { file_digest, rows_done, finished }) = checkpoint {
            self.db
                .prepare_cached(
                    "INSERT INTO import_run VALUES (?, ?, ?, ?, ?)
                     ON CONFLICT (jurisdiction_id, file_digest) DO UPDATE SET
                        rows_done = excluded.rows_done, finished = excluded.finished,
                        changed_datetime = excluded.changed_datetime",
                )?
                .execute(params![
                    jurisdiction.as_str(),
                    file_digest,
                    rows_done as i64,
                    finished,
                    self.now
                ])?;
        }
        Ok(Ok(Outcome::Imported(tally)))
    }
}

pub(super) fn corrupt(error: Error) -> rusqlite::Error {
    let text = error.cause.map_or_else(|| error.message.en.clone(), |cause| cause.to_string());
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, text.into())
}

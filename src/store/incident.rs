//! The SQL of incidents: who is whose duplicate, and every change of that.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::{
    Contact, Idempotency, IncidentChange, IncidentCommand, IncidentCommandKind, IncidentMember,
    JurisdictionId, Report, ReportId, Status, StoredReport,
};
use crate::error::{Error, ErrorKind, Result};
use crate::message;
use crate::store::read::CityKey;
use crate::store::transaction::{AttributeValue, Sql, WriteTransaction, corrupt};
use crate::store::{Outcome, Verdict, Write, contact, row};

/// Originals of originals that are followed, at most: a source may name them in a circle.
pub(super) const LINKS_MAX: usize = 8;
/// Duplicates of a report that are read, at most.
pub const CHILDREN_MAX: usize = 1_000;

/// The duplicates of a report, by id, at most so many; and how many there are.
pub(super) fn children(
    db: &Connection,
    city: &CityKey,
    id: &str,
    most: usize,
) -> Result<(Vec<StoredReport>, usize)> {
    // Left to itself, SQLite walks all reports in the order of their ids.
    let sql = format!(
        "SELECT {} FROM report INDEXED BY report_by_parent
         WHERE jurisdiction = ? AND parent_service_request_id = ? AND removed = 0
         ORDER BY service_request_id LIMIT ?",
        row::COLUMNS
    );
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let mut statement = db.prepare_cached(&sql).map_err(Error::internal)?;
    let mut rows = statement.query(params![city.number, id, limit]).map_err(Error::internal)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(Error::internal)? {
        found.push(row::stored(row, &city.zone)?);
    }
    if found.len() < most {
        let all = found.len();
        return Ok((found, all));
    }
    let counts = children_counts(db, city, &[id]).map_err(Error::internal)?;
    Ok((found, counts.first().map_or(0, |count| *count as usize)))
}

/// How many duplicates each of these reports has.
pub(super) fn children_counts(db: &Connection, city: &CityKey, ids: &[&str]) -> Sql<Vec<u64>> {
    let mut count = db.prepare_cached(
        "SELECT count(*) FROM report INDEXED BY report_by_parent
         WHERE jurisdiction = ? AND parent_service_request_id = ? AND removed = 0",
    )?;
    let one = |id: &&str| count.query_row(params![city.number, id], |row| row.get::<_, i64>(0));
    ids.iter().map(one).map(|count| count.map(|count| count as u64)).collect()
}

/// The changes that concern any of these reports, oldest first.
pub(super) fn changes(
    db: &Connection,
    jurisdiction: &JurisdictionId,
    ids: &[&str],
) -> Sql<Vec<IncidentChange>> {
    let mut numbers: Vec<i64> = Vec::new();
    let mut find = db.prepare_cached(
        "SELECT change_id FROM incident_member
         WHERE jurisdiction_id = ?1 AND service_request_id = ?2
         UNION SELECT change_id FROM incident_change
         WHERE jurisdiction_id = ?1 AND incident_id = ?2",
    )?;
    for id in ids {
        let rows = find.query_map([jurisdiction.as_str(), id], |row| row.get(0))?;
        numbers.extend(rows.collect::<Sql<Vec<i64>>>()?);
    }
    numbers.sort_unstable();
    numbers.dedup();
    let read = |number: i64| change(db, jurisdiction, number as u64);
    let found: Sql<Vec<_>> = numbers.into_iter().map(read).collect();
    Ok(found?.into_iter().flatten().collect())
}

/// One change.
fn change(
    db: &Connection,
    jurisdiction: &JurisdictionId,
    number: u64,
) -> Sql<Option<IncidentChange>> {
    let id =
        |text: String| ReportId::new(&text).map_err(|message| corrupt(Error::internal(message.en)));
    let mut members = db.prepare_cached(
        "SELECT service_request_id, before, after FROM incident_member
         WHERE jurisdiction_id = ? AND change_id = ? ORDER BY service_request_id",
    )?;
    let rows = members.query_map(params![jurisdiction.as_str(), number as i64], |row| {
        Ok((row.get(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<String>>(2)?))
    })?;
    let mut list = Vec::new();
    for row in rows {
        let (report, before, after) = row?;
        let (before, after) = (before.map(id).transpose()?, after.map(id).transpose()?);
        list.push(IncidentMember { id: id(report)?, before, after });
    }
    let mut head = db.prepare_cached(
        "SELECT kind, incident_id, author, changed_datetime, undoes, undone_by
         FROM incident_change WHERE jurisdiction_id = ? AND change_id = ?",
    )?;
    let row = head
        .query_row(params![jurisdiction.as_str(), number as i64], |row| {
            let undone: [Option<i64>; 2] = [row.get(4)?, row.get(5)?];
            let text: [String; 4] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
            Ok((text, undone))
        })
        .optional()?;
    let Some(([kind, incident, author, at], [undoes, undone_by])) = row else { return Ok(None) };
    let kind = IncidentCommandKind::parse(&kind)
        .ok_or_else(|| corrupt(Error::internal(format!("corrupt change {number}: '{kind}'"))))?;
    Ok(Some(IncidentChange {
        change: number,
        kind,
        incident: id(incident)?,
        author,
        at,
        undoes: undoes.map(|number| number as u64),
        undone_by: undone_by.map(|number| number as u64),
        members: list,
    }))
}

/// What a change will do, found out before anything is done.
struct Planned {
    kind: IncidentCommandKind,
    incident: ReportId,
    undoes: Option<u64>,
    /// Reports as they are, and their next parents.
    members: Vec<(StoredReport, Option<ReportId>)>,
}

fn conflict<T>(message: crate::i18n::Message) -> Result<T> {
    Err(Error::new(ErrorKind::Conflict, message))
}

impl WriteTransaction<'_> {
    /// Adds a report, as a duplicate of another where that is known or found to be so.
    pub(super) fn create(
        &mut self,
        jurisdiction: &JurisdictionId,
        mut report: Report,
        idempotency: Option<Idempotency>,
        contact: Option<Contact>,
        judge: Option<crate::store::WriteJudge>,
    ) -> AttributeValue {
        if self.city(jurisdiction)?.is_none() {
            return Ok(Err(Error::not_found(jurisdiction.as_str())));
        }
        if let Some(idempotency) = &idempotency
            && let Some(answer) = self.answered(jurisdiction, idempotency)?
        {
            return Ok(answer);
        }
        let is_judged = judge.is_some();
        let verdict = judge.map(|judge| judge(&report, self.fresh(jurisdiction)));
        match &verdict {
            None | Some(Verdict::Alone) => {}
            Some(Verdict::Ask) => return Ok(Ok(Outcome::Unsure(Box::new(report)))),
            Some(Verdict::Found(id) | Verdict::Chosen(id)) => {
                let root = self.root(jurisdiction, id)?.map(|root| root.report.id);
                if root.is_none() && matches!(verdict, Some(Verdict::Chosen(_))) {
                    return Ok(Err(Error::not_found(id.as_str())));
                }
                report.parent = root;
            }
        }
        let Some(revision) = self.insert(jurisdiction, &report, None)? else {
            let id = &report.id;
            let message = message!("« {id} » existe déjà.", "'{id}' exists already.");
            return Ok(Err(Error::new(ErrorKind::Conflict, message)));
        };
        self.remember(jurisdiction, &idempotency, report.id.as_str())?;
        if let Some(contact) = &contact {
            contact::write(self.db, jurisdiction, &report.id, contact)?;
        }
        if let Some(parent) = report.parent.clone().filter(|_| is_judged) {
            let member =
                IncidentMember { id: report.id.clone(), before: None, after: Some(parent.clone()) };
            let kind = IncidentCommandKind::Attach;
            self.note_change(jurisdiction, revision, kind, (&parent, "api"), None, &[member])?;
        }
        self.keep_fresh(jurisdiction, &report);
        let recorded = self.now.clone();
        let stored =
            StoredReport { report, revision, created_revision: revision, recorded, changed: None };
        Ok(Ok(Outcome::StoredReport { stored: Box::new(stored), replayed: false }))
    }

    /// Changes a report, and in the same breath its duplicates that are not closed.
    pub(super) fn update(
        &mut self,
        jurisdiction: &JurisdictionId,
        found: StoredReport,
        author: &str,
        amend: crate::store::Amend,
        each: Option<crate::store::AmendEach>,
    ) -> AttributeValue {
        let mut changes = match amend(&found.report) {
            Ok(next) => vec![(found, next)],
            Err(error) => return Ok(Err(error)),
        };
        if let Some(amend) = each {
            let children = self.children(jurisdiction, &changes[0].0.report.id)?;
            for child in children.into_iter().filter(|one| one.report.status != Status::Closed) {
                match amend(&child.report) {
                    Ok(next) => changes.push((child, next)),
                    Err(error) => return Ok(Err(error)),
                }
            }
        }
        let mut first = None;
        for (found, next) in changes {
            let stored = self.replace(jurisdiction, found, next, author, None)?;
            first.get_or_insert(stored);
        }
        let stored = Box::new(first.ok_or(rusqlite::Error::QueryReturnedNoRows)?);
        Ok(Ok(Outcome::StoredReport { stored, replayed: false }))
    }

    /// Changes who is whose duplicate: wholly, or not at all.
    pub(super) fn regroup(
        &mut self,
        jurisdiction: &JurisdictionId,
        regroup: IncidentCommand,
        author: &str,
    ) -> AttributeValue {
        if self.city(jurisdiction)?.is_none() {
            return Ok(Err(Error::not_found(jurisdiction.as_str())));
        }
        let planned = match regroup {
            IncidentCommand::Merge { into, reports } => {
                self.plan_merge(jurisdiction, &into, &reports)?
            }
            IncidentCommand::Split { from, reports } => {
                self.plan_split(jurisdiction, &from, &reports)?
            }
            IncidentCommand::Undo { of, change } => self.plan_undo(jurisdiction, &of, change)?,
        };
        let Planned { kind, incident, undoes, members } = match planned {
            Ok(planned) => planned,
            Err(error) => return Ok(Err(error)),
        };
        let mut noted = Vec::with_capacity(members.len());
        let mut first = None;
        for (found, parent) in members {
            let id = found.report.id.clone();
            noted.push(IncidentMember {
                id,
                before: found.report.parent.clone(),
                after: parent.clone(),
            });
            let next = Report { parent, ..found.report.clone() };
            let stored = self.replace(jurisdiction, found, next, author, None)?;
            first = first.or(Some(stored.revision));
        }
        let Some(number) = first else { return Err(rusqlite::Error::QueryReturnedNoRows) };
        self.note_change(jurisdiction, number, kind, (&incident, author), undoes, &noted)?;
        let made = change(self.db, jurisdiction, number)?;
        let made = made.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(Ok(Outcome::Regrouped(Box::new(made))))
    }

    /// The original of the incident that a report is in; none where there is no such report.
    pub(super) fn root(
        &mut self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
    ) -> Sql<Option<StoredReport>> {
        let Some(mut at) = self.alive(jurisdiction, id)? else { return Ok(None) };
        for _ in 0..LINKS_MAX {
            let Some(parent) = at.report.parent.clone() else { break };
            // What a source names may not be here.
            let Some(above) = self.alive(jurisdiction, &parent)? else { break };
            at = above;
        }
        Ok(Some(at))
    }

    fn alive(&mut self, jurisdiction: &JurisdictionId, id: &ReportId) -> Sql<Option<StoredReport>> {
        let found = self.find(jurisdiction, id)?;
        Ok(found.filter(|(.., removed)| !removed).map(|(stored, ..)| stored))
    }

    pub(super) fn children(
        &mut self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
    ) -> Sql<Vec<StoredReport>> {
        let db = self.db;
        let Some(city) = self.city(jurisdiction)? else { return Ok(Vec::new()) };
        Ok(children(db, &city.key, id.as_str(), usize::MAX).map_err(corrupt)?.0)
    }

    fn plan_merge(
        &mut self,
        jurisdiction: &JurisdictionId,
        into: &ReportId,
        reports: &[ReportId],
    ) -> Sql<Result<Planned>> {
        let Some(root) = self.root(jurisdiction, into)? else {
            return Ok(Err(Error::not_found(into.as_str())));
        };
        let incident = root.report.id;
        let mut members: Vec<(StoredReport, Option<ReportId>)> = Vec::new();
        for id in reports {
            let Some(found) = self.alive(jurisdiction, id)? else {
                return Ok(Err(Error::not_found(id.as_str())));
            };
            if *id == incident {
                return Ok(conflict(message!(
                    "« {id} » est l’originale de cet incident : elle ne peut pas se répéter \
                     elle-même.",
                    "'{id}' is this incident's original: it cannot be a duplicate of itself."
                )));
            }
            if found.report.parent.as_ref() == Some(&incident) {
                return Ok(conflict(message!(
                    "« {id} » est déjà dans l’incident « {incident} ».",
                    "'{id}' is in incident '{incident}' already."
                )));
            }
            let own = self.children(jurisdiction, id)?;
            let all = std::iter::once(found).chain(own);
            for stored in all.filter(|stored| stored.report.id != incident) {
                if members.iter().all(|(known, _)| known.report.id != stored.report.id) {
                    members.push((stored, Some(incident.clone())));
                }
            }
        }
        Ok(Ok(Planned { kind: IncidentCommandKind::Merge, incident, undoes: None, members }))
    }

    fn plan_split(
        &mut self,
        jurisdiction: &JurisdictionId,
        from: &ReportId,
        reports: &[ReportId],
    ) -> Sql<Result<Planned>> {
        let Some(root) = self.root(jurisdiction, from)? else {
            return Ok(Err(Error::not_found(from.as_str())));
        };
        let incident = root.report.id;
        let mut members = Vec::with_capacity(reports.len());
        for id in reports {
            let Some(found) = self.alive(jurisdiction, id)? else {
                return Ok(Err(Error::not_found(id.as_str())));
            };
            if found.report.parent.as_ref() != Some(&incident) {
                return Ok(conflict(message!(
                    "« {id} » ne répète pas « {incident} » : rien à séparer.",
                    "'{id}' is no duplicate of '{incident}': there is nothing to split."
                )));
            }
            members.push((found, None));
        }
        Ok(Ok(Planned { kind: IncidentCommandKind::Split, incident, undoes: None, members }))
    }

    fn plan_undo(
        &mut self,
        jurisdiction: &JurisdictionId,
        of: &ReportId,
        number: u64,
    ) -> Sql<Result<Planned>> {
        let concerns = |made: &IncidentChange| {
            made.incident == *of || made.members.iter().any(|member| member.id == *of)
        };
        let Some(made) = change(self.db, jurisdiction, number)?.filter(concerns) else {
            return Ok(Err(Error::not_found(&format!("change_id {number}"))));
        };
        if let Some(by) = made.undone_by {
            return Ok(conflict(message!(
                "Le changement {number} est déjà annulé, par le changement {by}.",
                "Change {number} is undone already, by change {by}."
            )));
        }
        let mut members = Vec::with_capacity(made.members.len());
        for IncidentMember { id, before, after } in made.members {
            let Some(found) = self.alive(jurisdiction, &id)? else {
                return Ok(Err(Error::not_found(id.as_str())));
            };
            if found.report.parent != after {
                return Ok(conflict(message!(
                    "« {id} » a changé d’incident depuis le changement {number}.",
                    "'{id}' has changed its incident since change {number}."
                )));
            }
            members.push((found, before));
        }
        let (incident, undoes) = (made.incident, Some(number));
        Ok(Ok(Planned { kind: IncidentCommandKind::Undo, incident, undoes, members }))
    }

    fn note_change(
        &mut self,
        jurisdiction: &JurisdictionId,
        number: u64,
        kind: IncidentCommandKind,
        (incident, author): (&ReportId, &str),
        undoes: Option<u64>,
        members: &[IncidentMember],
    ) -> Sql<()> {
        let (city, number) = (jurisdiction.as_str(), number as i64);
        let undone = undoes.map(|number| number as i64);
        self.db
            .prepare_cached("INSERT INTO incident_change VALUES (?, ?, ?, ?, ?, ?, ?, NULL)")?
            .execute(params![
            city,
            number,
            kind.as_str(),
            incident.as_str(),
            author,
            self.now,
            undone
        ])?;
        let mut insert =
            self.db.prepare_cached("INSERT INTO incident_member VALUES (?, ?, ?, ?, ?)")?;
        for IncidentMember { id, before, after } in members {
            let [before, after] = [before, after].map(|id| id.as_ref().map(ReportId::as_str));
            insert.execute(params![city, number, id.as_str(), before, after])?;
        }
        if let Some(undone) = undone {
            self.db
                .prepare_cached(
                    "UPDATE incident_change SET undone_by = ?3
                     WHERE jurisdiction_id = ?1 AND change_id = ?2",
                )?
                .execute(params![city, undone, number])?;
            // Taking an undoing back makes what it undid stand again.
            self.db
                .prepare_cached(
                    "UPDATE incident_change SET undone_by = NULL
                     WHERE jurisdiction_id = ?1 AND undone_by = ?2 AND change_id <> ?2",
                )?
                .execute(params![city, undone])?;
        }
        Ok(())
    }

    /// Does a write of this group ask about what was written before it?
    pub(super) fn judges(writes: &[Write]) -> bool {
        writes.iter().any(|write| matches!(write, Write::Create { judge: Some(_), .. }))
    }
}

//! Commands that write reports, and the boundaries and tracks beside them.

use rusqlite::params;

use crate::domain::{
    AuditField, Event, IncidentChange, IncidentCommandKind, IncidentMember, JurisdictionId,
    ReportId, Status, StoredReport,
};
use crate::error::{Error, ErrorKind, Refusal};
use crate::message;
use crate::store::command::{
    BatchOutcome, Checkpoint, CreateReport, CreateReports, RemoveReport, ReplaceBoundaries,
    SaveCheckpoint, SaveHotspotTracks, SubmitOutcome, UpdateReport, Verdict,
};
use crate::store::sqlite::audit_state::NotedAction;
use crate::store::sqlite::failure::{Failure, Step};
use crate::store::sqlite::row::RowChange;
use crate::store::sqlite::transaction::WriteTransaction;
use crate::store::sqlite::{boundary, contact, hotspot_track, incident_change};

/// Reads an id from the store, in which all ids are valid.
fn known_id(text: &str) -> Step<ReportId> {
    ReportId::new(text).map_err(|message| Failure::storage(message.en))
}

impl WriteTransaction<'_> {
    /// The original to which a verdict attaches a new report.
    ///
    /// # Errors
    /// Refused where the sender chose a report that does not exist or was not proposed.
    fn parent_by(
        &mut self,
        jurisdiction: &JurisdictionId,
        verdict: Verdict,
    ) -> Step<Option<ReportId>> {
        match verdict {
            Verdict::Alone | Verdict::NeedsConfirmation => Ok(None),
            Verdict::Found(id) => {
                Ok(self.original(jurisdiction, &id)?.map(|found| found.report.id))
            }
            Verdict::Chosen(id) => {
                let found = self.original(jurisdiction, &id)?;
                let found = found.ok_or_else(|| Failure::Refused(Error::not_found(id.as_str())))?;
                Ok(Some(found.report.id))
            }
            Verdict::NotProposed(id) => {
                let message = message!(
                    "n’est pas proposée comme doublon de cette demande",
                    "is not proposed as a duplicate of this report"
                );
                Err(Failure::Refused(Refusal::new("confirm", id, message).into()))
            }
        }
    }

    pub fn create_report(&mut self, command: CreateReport) -> Step<SubmitOutcome> {
        let CreateReport { jurisdiction, mut report, idempotency, contact, judge } = command;
        self.city(&jurisdiction)?;
        if let Some(sent) = &idempotency
            && let Some(id) = self.remembered(&jurisdiction, sent)?
        {
            let id = known_id(&id)?;
            let found = self.find_live(&jurisdiction, &id)?;
            let stored = found.ok_or_else(|| Failure::Refused(Error::not_found(id.as_str())))?;
            return Ok(SubmitOutcome::Stored { stored: Box::new(stored), replayed: true });
        }
        let is_judged = judge.is_some();
        match judge.map(|judge| judge(&report, self.created(&jurisdiction))) {
            None | Some(Verdict::Alone) => {}
            Some(Verdict::NeedsConfirmation) => {
                return Ok(SubmitOutcome::NeedsConfirmation(report));
            }
            Some(verdict) => report.parent = self.parent_by(&jurisdiction, verdict)?,
        }
        let ring = contact.is_some().then(|| self.contact_keys()).transpose()?;
        self.check_ids(&jurisdiction, std::iter::once(&report.id))?;
        let Some(revision) = self.insert(&jurisdiction, &report, None)? else {
            let id = &report.id;
            let message = message!("« {id} » existe déjà.", "'{id}' already exists.");
            return Err(Failure::Refused(Error::new(ErrorKind::Conflict, message)));
        };
        if let Some(sent) = &idempotency {
            self.remember(&jurisdiction, sent, report.id.as_str())?;
        }
        if let (Some(contact), Some(ring)) = (&contact, ring) {
            let key = (jurisdiction.as_str(), report.id.as_str());
            contact::write(self.db, &ring, key, contact).map_err(Failure::Storage)?;
        }
        if let Some(parent) = report.parent.clone().filter(|_| is_judged) {
            let change = IncidentChange {
                change: revision,
                kind: IncidentCommandKind::Attach,
                incident: parent.clone(),
                author: "api".into(),
                at: self.now.clone(),
                undoes: None,
                undone_by: None,
                members: vec![IncidentMember {
                    id: report.id.clone(),
                    before: None,
                    after: Some(parent),
                }],
            };
            incident_change::write(self.db, &jurisdiction, &change)?;
        }
        self.keep_created(&jurisdiction, &report);
        // That it has a contact, never whose.
        let fields = contact.iter().map(|_| AuditField::named("contact")).collect();
        self.note(NotedAction { fields, ..NotedAction::of_report(Some(&report.id)) });
        let stored = StoredReport {
            report: *report,
            revision,
            created_revision: revision,
            recorded: self.now.clone(),
            changed: None,
            assigned_here: false,
            held: Vec::new(),
        };
        Ok(SubmitOutcome::Stored { stored: Box::new(stored), replayed: false })
    }

    pub fn create_reports(&mut self, command: CreateReports) -> Step<BatchOutcome> {
        let CreateReports { jurisdiction, reports, mut redraw, idempotency } = command;
        self.city(&jurisdiction)?;
        if let Some(sent) = &idempotency
            && let Some(ids) = self.remembered(&jurisdiction, sent)?
        {
            let ids = ids.split_whitespace().map(known_id).collect::<Step<_>>()?;
            return Ok(BatchOutcome { ids, replayed: true });
        }
        // An id that is drawn anew has as many bytes.
        self.check_ids(&jurisdiction, reports.iter().map(|report| &report.id))?;
        let mut ids = Vec::with_capacity(reports.len());
        for mut report in reports {
            while self.insert(&jurisdiction, &report, None)?.is_none() {
                report.id = redraw();
            }
            self.keep_created(&jurisdiction, &report);
            ids.push(report.id);
        }
        if let Some(sent) = &idempotency {
            let all: Vec<&str> = ids.iter().map(ReportId::as_str).collect();
            self.remember(&jurisdiction, sent, &all.join(" "))?;
        }
        self.note(NotedAction::of_report(ids.first().filter(|_| ids.len() == 1)));
        Ok(BatchOutcome { ids, replayed: false })
    }

    pub fn update_report(&mut self, command: UpdateReport) -> Step<StoredReport> {
        let UpdateReport { jurisdiction, id, expected, author, amend, children } = command;
        let found = self.expect(&jurisdiction, &id, expected)?;
        let next = amend(&found.report).map_err(Failure::Refused)?;
        let mut duplicates = Vec::new();
        if let Some(amend) = children {
            let all = self.children(&jurisdiction, &id)?.into_iter();
            for child in all.filter(|child| child.report.status != Status::Closed) {
                let next = amend(&child.report).map_err(Failure::Refused)?;
                duplicates.push((child, next));
            }
        }
        let stored = self.replace(&jurisdiction, found, next, &author, None)?;
        for (child, next) in duplicates {
            self.replace(&jurisdiction, child, next, &author, None)?;
        }
        self.note(NotedAction::of_report(Some(&id)));
        Ok(stored)
    }

    pub fn remove_report(&mut self, command: &RemoveReport) -> Step<()> {
        let RemoveReport { jurisdiction, id, author } = command;
        self.expect(jurisdiction, id, None)?;
        let RowChange { revision, key, number } = self.next_revision(jurisdiction)?;
        self.db
            .prepare_cached(
                "UPDATE report SET removed = 1, change_key = ?
                 WHERE jurisdiction = ? AND service_request_id = ?",
            )?
            .execute(params![key, number, id.as_str()])?;
        let change = ("removed", Some("false"), Some("true"));
        self.add_history(jurisdiction, id, revision, change, author)?;
        self.collect(jurisdiction, revision, Event::Remove(id.clone()));
        self.note(NotedAction::of_report(Some(id)));
        Ok(())
    }

    pub fn save_checkpoint(&mut self, command: &SaveCheckpoint) -> Step<()> {
        let SaveCheckpoint { jurisdiction, checkpoint } = command;
        let Checkpoint { file_digest, rows_done, finished } = checkpoint;
        self.city(jurisdiction)?;
        let (id, rows) = (jurisdiction.as_str(), *rows_done as i64);
        self.db
            .prepare_cached(
                "INSERT INTO import_run VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT (jurisdiction_id, file_digest) DO UPDATE SET
                    rows_done = excluded.rows_done, finished = excluded.finished,
                    changed_datetime = excluded.changed_datetime",
            )?
            .execute(params![id, file_digest, rows, finished, self.now])?;
        Ok(())
    }

    pub fn replace_boundaries(&mut self, command: &ReplaceBoundaries) -> Step<()> {
        let ReplaceBoundaries { jurisdiction, set } = command;
        self.city(jurisdiction)?;
        boundary::replace(self.db, jurisdiction, set).map_err(Failure::Storage)?;
        self.next_revision(jurisdiction)?;
        let areas = AuditField::set(&format!("boundaries.{}", set.name), set.areas.len());
        self.note(NotedAction::of_city(jurisdiction, vec![areas]));
        Ok(())
    }

    pub fn save_hotspot_tracks(&mut self, command: &SaveHotspotTracks) -> Step<()> {
        self.city(&command.jurisdiction)?;
        hotspot_track::write(self.db, &command.jurisdiction, &command.tracks)?;
        Ok(())
    }
}

//! The command that changes incidents, and how originals and duplicates are found while writing.
//!
//! A change is planned before anything is written, so that it is made completely or refused.

use crate::domain::{
    AuditSubject, IncidentChange, IncidentCommand, IncidentCommandKind, IncidentMember,
    JurisdictionId, Report, ReportId, StoredReport,
};
use crate::error::{Error, ErrorKind};
use crate::i18n::Message;
use crate::message;
use crate::store::command::ChangeIncident;
use crate::store::sqlite::audit_state::NotedAction;
use crate::store::sqlite::failure::{Failure, Step};
use crate::store::sqlite::incident_change;
use crate::store::sqlite::read_incidents::{LINKS_MAX, children};
use crate::store::sqlite::transaction::WriteTransaction;

/// What a change will do.
struct PlannedChange {
    kind: IncidentCommandKind,
    incident: ReportId,
    undoes: Option<u64>,
    /// The reports before the change, each with its new parent.
    members: Vec<(StoredReport, Option<ReportId>)>,
}

fn conflict(message: Message) -> Failure {
    Failure::Refused(Error::new(ErrorKind::Conflict, message))
}

fn not_found(id: &ReportId) -> Failure {
    Failure::Refused(Error::not_found(id.as_str()))
}

impl WriteTransaction<'_> {
    pub fn change_incident(&mut self, command: ChangeIncident) -> Step<IncidentChange> {
        let ChangeIncident { jurisdiction, command, author } = command;
        self.city(&jurisdiction)?;
        let planned = match command {
            IncidentCommand::Merge { into, reports } => {
                self.plan_merge(&jurisdiction, &into, &reports)?
            }
            IncidentCommand::Split { from, reports } => {
                self.plan_split(&jurisdiction, &from, &reports)?
            }
            IncidentCommand::Undo { of, change } => self.plan_undo(&jurisdiction, &of, change)?,
        };
        let PlannedChange { kind, incident, undoes, members } = planned;
        let mut noted = Vec::with_capacity(members.len());
        let mut first = None;
        for (found, parent) in members {
            noted.push(IncidentMember {
                id: found.report.id.clone(),
                before: found.report.parent.clone(),
                after: parent.clone(),
            });
            let next = Report { parent, ..found.report.clone() };
            let stored = self.replace(&jurisdiction, found, next, &author, None)?;
            first.get_or_insert(stored.revision);
        }
        let change = first.ok_or_else(|| Failure::storage("a change of an incident is empty"))?;
        noted.sort_by(|a, b| a.id.cmp(&b.id));
        let (at, undone_by) = (self.now.clone(), None);
        let change = IncidentChange {
            change,
            kind,
            incident,
            author,
            at,
            undoes,
            undone_by,
            members: noted,
        };
        incident_change::write(self.db, &jurisdiction, &change)?;
        let of_incident = NotedAction::of_report(Some(&change.incident));
        self.note(NotedAction { subject: AuditSubject::Incident, ..of_incident });
        Ok(change)
    }

    /// The original of the incident that a report is in; none where there is no such report.
    ///
    /// # Errors
    /// Refused where there is no such jurisdiction.
    pub fn original(
        &mut self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
    ) -> Step<Option<StoredReport>> {
        let Some(mut at) = self.find_live(jurisdiction, id)? else { return Ok(None) };
        for _ in 0..LINKS_MAX {
            let Some(parent) = at.report.parent.clone() else { break };
            // A source may name a parent that is not in the store.
            let Some(above) = self.find_live(jurisdiction, &parent)? else { break };
            at = above;
        }
        Ok(Some(at))
    }

    /// All duplicates of a report, by id.
    ///
    /// # Errors
    /// Refused where there is no such jurisdiction.
    pub fn children(
        &mut self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
    ) -> Step<Vec<StoredReport>> {
        let db = self.db;
        let city = self.city(jurisdiction)?;
        let (found, _) =
            children(db, &city.key, id.as_str(), usize::MAX).map_err(Failure::Storage)?;
        Ok(found)
    }

    fn plan_merge(
        &mut self,
        jurisdiction: &JurisdictionId,
        into: &ReportId,
        reports: &[ReportId],
    ) -> Step<PlannedChange> {
        let root = self.original(jurisdiction, into)?.ok_or_else(|| not_found(into))?;
        let incident = root.report.id;
        let mut members: Vec<(StoredReport, Option<ReportId>)> = Vec::new();
        for id in reports {
            let found = self.find_live(jurisdiction, id)?.ok_or_else(|| not_found(id))?;
            if *id == incident {
                return Err(conflict(message!(
                    "« {id} » est l’originale de cet incident : elle ne peut pas être son propre \
                     doublon.",
                    "'{id}' is this incident's original: it cannot be a duplicate of itself."
                )));
            }
            if found.report.parent.as_ref() == Some(&incident) {
                return Err(conflict(message!(
                    "« {id} » est déjà dans l’incident « {incident} ».",
                    "'{id}' is already in incident '{incident}'."
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
        Ok(PlannedChange { kind: IncidentCommandKind::Merge, incident, undoes: None, members })
    }

    fn plan_split(
        &mut self,
        jurisdiction: &JurisdictionId,
        from: &ReportId,
        reports: &[ReportId],
    ) -> Step<PlannedChange> {
        let root = self.original(jurisdiction, from)?.ok_or_else(|| not_found(from))?;
        let incident = root.report.id;
        let mut members = Vec::with_capacity(reports.len());
        for id in reports {
            let found = self.find_live(jurisdiction, id)?.ok_or_else(|| not_found(id))?;
            if found.report.parent.as_ref() != Some(&incident) {
                return Err(conflict(message!(
                    "« {id} » n’est pas un doublon de « {incident} » : il n’y a rien à séparer.",
                    "'{id}' is not a duplicate of '{incident}': there is nothing to split."
                )));
            }
            members.push((found, None));
        }
        Ok(PlannedChange { kind: IncidentCommandKind::Split, incident, undoes: None, members })
    }

    fn plan_undo(
        &mut self,
        jurisdiction: &JurisdictionId,
        of: &ReportId,
        number: u64,
    ) -> Step<PlannedChange> {
        let concerns = |made: &IncidentChange| {
            made.incident == *of || made.members.iter().any(|member| member.id == *of)
        };
        let made =
            incident_change::read(self.db, jurisdiction, number).map_err(Failure::Storage)?;
        let missing = || Failure::Refused(Error::not_found(&format!("change_id {number}")));
        let made = made.filter(concerns).ok_or_else(missing)?;
        if let Some(by) = made.undone_by {
            return Err(conflict(message!(
                "Le changement {number} a déjà été annulé par le changement {by}.",
                "Change {number} was already undone by change {by}."
            )));
        }
        let mut members = Vec::with_capacity(made.members.len());
        for IncidentMember { id, before, after } in made.members {
            let found = self.find_live(jurisdiction, &id)?.ok_or_else(|| not_found(&id))?;
            if found.report.parent != after {
                return Err(conflict(message!(
                    "« {id} » a changé d’incident depuis le changement {number}.",
                    "'{id}' has moved to another incident since change {number}."
                )));
            }
            members.push((found, before));
        }
        let (incident, undoes) = (made.incident, Some(number));
        Ok(PlannedChange { kind: IncidentCommandKind::Undo, incident, undoes, members })
    }
}

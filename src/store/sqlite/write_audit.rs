//! Lines of the audit are written by the transaction that they tell about.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use crate::domain::{Actor, AuditField, AuditSubject, JurisdictionId, Role};
use crate::store::command::{EraseAudit, NoteAction};
use crate::store::sqlite::audit_state::NotedAction;
use crate::store::sqlite::failure::{Failure, Step};
use crate::store::sqlite::keys::head;
use crate::store::sqlite::rewrite::Erased;
use crate::store::sqlite::transaction::WriteTransaction;

/// The entry of `meta` that lets old lines be erased while it is there.
const ERASED_BEFORE: &str = "audit_erased_before";

/// A city in a line: its number, its id, the first revision that was taken, and its revision now.
type CityOfLine = (i64, JurisdictionId, Option<i64>, i64);

impl WriteTransaction<'_> {
    /// Says what the command under way did.
    pub fn note(&mut self, noted: NotedAction) {
        self.audit.noted = Some(noted);
    }

    /// Writes the line of the command that was executed last, if it took revisions or noted
    /// anything. A command that notes nothing is about its city.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn write_audit(&mut self, actor: &Actor) -> rusqlite::Result<()> {
        let noted = self.audit.noted.take();
        let taken = self.cities.iter_mut().find(|(_, city)| city.revision > city.audited);
        let taken = taken.map(|(id, city)| {
            let first = city.audited as i64 + 1;
            city.audited = city.revision;
            (city.key.number, id.clone(), Some(first), city.revision as i64)
        });
        let (noted, city) = match (noted, taken) {
            (None, None) => return Ok(()),
            (Some(noted), None) if noted.only_with_revision => return Ok(()),
            (None, Some(city)) => (NotedAction::of_city(&city.1, Vec::new()), Some(city)),
            (Some(noted), Some(city)) => (noted, Some(city)),
            (Some(noted), None) => {
                let city = self.city_of_line(noted.jurisdiction.as_ref())?;
                (noted, city)
            }
        };
        self.write_line(actor, &noted, city)
    }

    /// The city of a line without revisions.
    fn city_of_line(&self, id: Option<&JurisdictionId>) -> rusqlite::Result<Option<CityOfLine>> {
        let Some(id) = id else { return Ok(None) };
        if let Some(city) = self.cities.get(id) {
            let revision = city.revision as i64;
            return Ok(Some((city.key.number, id.clone(), None, revision)));
        }
        let number: Option<i64> = self
            .db
            .prepare_cached("SELECT number FROM jurisdiction WHERE jurisdiction_id = ?")?
            .query_row([id.as_str()], |row| row.get(0))
            .optional()?;
        let revision = head(self.db, id)?.unwrap_or_default() as i64;
        Ok(number.map(|number| (number, id.clone(), None, revision)))
    }

    fn write_line(
        &mut self,
        actor: &Actor,
        noted: &NotedAction,
        city: Option<CityOfLine>,
    ) -> rusqlite::Result<()> {
        if !self.audit.is_time_read {
            let last: Option<i64> = self
                .db
                .prepare_cached("SELECT at FROM audit ORDER BY number DESC LIMIT 1")?
                .query_row([], |row| row.get(0))
                .optional()?;
            self.audit.now = last.map_or(self.audit.now, |last| last.max(self.audit.now));
            self.audit.is_time_read = true;
        }
        let (number, id, first, revision) = match city {
            Some((number, id, first, revision)) => (Some(number), Some(id), first, Some(revision)),
            None => (None, None, None, None),
        };
        self.db
            .prepare_cached(
                "INSERT INTO audit (at, actor, role, address, operation, city, jurisdiction_id,
                    subject, subject_id, first_revision, revision)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.audit.now,
                actor.name,
                actor.role.map(Role::as_str),
                actor.address.map(|address| address.to_string()),
                actor.operation,
                number,
                id.as_ref().map(JurisdictionId::as_str),
                noted.subject.as_str(),
                noted.subject_id,
                first,
                revision,
            ])?;
        if noted.fields.is_empty() {
            return Ok(());
        }
        let line = self.db.last_insert_rowid();
        let mut insert = self.db.prepare_cached("INSERT INTO audit_field VALUES (?, ?, ?, ?)")?;
        for AuditField { field, before, after, .. } in &noted.fields {
            insert.execute(params![line, field, before, after])?;
        }
        Ok(())
    }

    pub fn note_action(&mut self, command: NoteAction) -> Step<()> {
        let NoteAction { jurisdiction, subject, subject_id } = command;
        if let Some(id) = &jurisdiction {
            self.city(id)?;
        }
        let noted = NotedAction::of_service(subject, &subject_id, Vec::new());
        self.note(NotedAction { jurisdiction, ..noted });
        Ok(())
    }

    pub fn erase_audit(&mut self, command: &EraseAudit) -> Step<u64> {
        let EraseAudit { before, limit } = command;
        // The newest line stays, so that no number is given twice.
        let last: Option<i64> = self.db.query_row(
            "SELECT max(number) FROM (
                SELECT number FROM audit
                WHERE at < ?1 AND number < (SELECT max(number) FROM audit)
                ORDER BY number LIMIT ?2)",
            params![before, *limit as i64],
            |row| row.get(0),
        )?;
        let Some(last) = last else { return Ok(0) };
        let sql = "INSERT OR REPLACE INTO meta VALUES (?, ?)";
        self.db.execute(sql, params![ERASED_BEFORE, before.to_string()])?;
        let count = self.db.execute("DELETE FROM audit WHERE number <= ?", [last])?;
        self.db.execute("DELETE FROM audit_field WHERE number <= ?", [last])?;
        self.db.execute("DELETE FROM meta WHERE name = ?", [ERASED_BEFORE])?;
        self.erased = self.erased.max(Erased::Rows);
        let until = Timestamp::from_millisecond(*before).map_err(Failure::storage)?;
        let fields = vec![AuditField::set("before", until), AuditField::set("lines", count)];
        self.note(NotedAction::of_service(AuditSubject::Audit, "", fields));
        Ok(count as u64)
    }
}

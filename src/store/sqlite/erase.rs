//! The command that erases parts of reports.

use rusqlite::{params, params_from_iter};

use crate::domain::{
    AuditField, ErasableField, ErasureCounts, Event, JurisdictionId, Report, ReportId, read_media,
};
use crate::store::command::{EraseReports, ErasedReports, RememberErasure};
use crate::store::sqlite::audit_state::NotedAction;
use crate::store::sqlite::failure::Step;
use crate::store::sqlite::rewrite::{Erased, REWRITE_DUE};
use crate::store::sqlite::row;
use crate::store::sqlite::row::RowChange;
use crate::store::sqlite::transaction::{FoundReport, WriteTransaction};

/// How a photo of this service begins in the list of a report's photos.
const PHOTO: &str = "/media/";
/// The entry of a report's history that says that parts of it were erased.
pub const ERASED: &str = "erased";

impl WriteTransaction<'_> {
    pub fn erase_reports(&mut self, command: EraseReports) -> Step<ErasedReports> {
        let mut erased = ErasedReports::default();
        self.city(&command.jurisdiction)?;
        for id in &command.ids {
            if let Some(counts) = self.erase_report(&command, id)? {
                erased.reports.push(id.clone());
                erased.counts += counts;
            }
        }
        if !erased.reports.is_empty() {
            self.erased = self.erased.max(Erased::Rows);
            let sql = "INSERT OR REPLACE INTO meta VALUES (?, '1')";
            self.db.prepare_cached(sql)?.execute([REWRITE_DUE])?;
        }
        let one = erased.reports.first().filter(|_| erased.reports.len() == 1);
        let fields = command.fields.iter().map(|field| AuditField::named(field.as_str())).collect();
        self.note(NotedAction { fields, ..NotedAction::of_report(one) });
        Ok(erased)
    }

    /// Erases parts of one report, also of a removed one. Returns how much that was; `None`,
    /// without a write, where it has none of them.
    fn erase_report(
        &mut self,
        command: &EraseReports,
        id: &ReportId,
    ) -> Step<Option<ErasureCounts>> {
        let EraseReports { jurisdiction, fields, amend, author, .. } = command;
        let Some(found) = self.find(jurisdiction, id)? else { return Ok(None) };
        let FoundReport { stored, removed, .. } = found;
        let next = amend(&stored.report);
        let photos = match fields.contains(&ErasableField::Photos) {
            true => self.photos_of(jurisdiction, id)?,
            false => Vec::new(),
        };
        let mut counts = ErasureCounts::between(&stored.report, &next);
        self.erase_history(jurisdiction, id, fields, &mut counts)?;
        if fields.contains(&ErasableField::Contact) {
            for table in ["private_contact", "report_contact"] {
                let sql = format!(
                    "DELETE FROM {table} WHERE jurisdiction_id = ? AND service_request_id = ?"
                );
                let key = [jurisdiction.as_str(), id.as_str()];
                counts.contacts += self.db.prepare_cached(&sql)?.execute(key)? as u64;
            }
        }
        if !counts.is_any() && next == stored.report {
            return Ok(None);
        }
        let place = self.next_revision(jurisdiction)?;
        self.replace_row(&next, &place, removed)?;
        let mut remember =
            self.db.prepare_cached("INSERT OR IGNORE INTO erased_photo VALUES (?)")?;
        for name in photos {
            remember.execute([name])?;
        }
        self.forget_reviews(jurisdiction, id)?;
        self.add_history(jurisdiction, id, place.revision, (ERASED, None, None), author)?;
        self.add_erasure(command, id, place.revision, &counts)?;
        let event = if removed { Event::Remove(id.clone()) } else { Event::Put(next.facts()) };
        self.collect(jurisdiction, place.revision, event);
        Ok(Some(counts))
    }

    /// Writes the row of a report without what was erased.
    fn replace_row(&self, next: &Report, place: &RowChange, removed: bool) -> Step<()> {
        let mut update = self.db.prepare_cached(&row::UPDATE)?;
        row::bind(&mut update, next, place, &self.now, None)?;
        update.raw_execute()?;
        if removed {
            // The statement makes a tombstone a report again.
            let sql = "UPDATE report SET removed = 1 WHERE change_key = ?";
            self.db.prepare_cached(sql)?.execute([place.key])?;
        }
        Ok(())
    }

    /// Adds a line to the list of erasures.
    fn add_erasure(
        &self,
        command: &EraseReports,
        id: &ReportId,
        revision: u64,
        counts: &ErasureCounts,
    ) -> Step<()> {
        let EraseReports { jurisdiction, fields, kind, author, .. } = command;
        let ErasureCounts { contacts, photos, descriptions, answers, history } = *counts;
        let mut insert = self.db.prepare_cached(
            "INSERT INTO erasure (jurisdiction_id, service_request_id, revision, fields, author,
                erased_datetime, kind, contacts, photos, descriptions, answers, history)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        let [contacts, photos, descriptions, answers, history] =
            [contacts, photos, descriptions, answers, history].map(u64::cast_signed);
        insert.execute(params![
            jurisdiction.as_str(),
            id.as_str(),
            revision as i64,
            ErasableField::names(fields),
            author,
            self.now,
            kind.as_str(),
            contacts,
            photos,
            descriptions,
            answers,
            history
        ])?;
        Ok(())
    }

    pub fn remember_erasure(&mut self, command: &RememberErasure) -> Step<()> {
        let RememberErasure { jurisdiction, idempotency, answer } = command;
        self.city(jurisdiction)?;
        // The same request may have been sent twice at once.
        if self.remembered(jurisdiction, idempotency)?.is_none() {
            self.remember(jurisdiction, idempotency, answer)?;
        }
        Ok(())
    }

    /// The names of the photos of a report, of its updates and of its history that this service
    /// stores.
    fn photos_of(&self, jurisdiction: &JurisdictionId, id: &ReportId) -> Step<Vec<String>> {
        let mut statement = self.db.prepare_cached(
            "SELECT r.media_url FROM report r JOIN jurisdiction j ON j.number = r.jurisdiction
             WHERE j.jurisdiction_id = ?1 AND r.service_request_id = ?2
             UNION ALL SELECT media_url FROM report_update
             WHERE jurisdiction_id = ?1 AND service_request_id = ?2
             UNION ALL SELECT before FROM report_change
             WHERE jurisdiction_id = ?1 AND service_request_id = ?2 AND field = 'media_url'
             UNION ALL SELECT after FROM report_change
             WHERE jurisdiction_id = ?1 AND service_request_id = ?2 AND field = 'media_url'",
        )?;
        let lists = statement.query_map([jurisdiction.as_str(), id.as_str()], |row| row.get(0))?;
        let mut names = Vec::new();
        for list in lists {
            let list: Option<String> = list?;
            let urls = list.as_deref().map(read_media).unwrap_or_default().into_iter();
            // A sender may have written the whole address of the service. A thumbnail goes with its
            // photo.
            let name = |url: String| Some(url.rsplit_once(PHOTO)?.1.replace("-320.jpg", ".jpg"));
            names.extend(urls.filter_map(name));
        }
        Ok(names)
    }

    /// Erases old values in the history of a report, and texts and photos of its updates, and
    /// counts them.
    fn erase_history(
        &self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
        fields: &[ErasableField],
        counts: &mut ErasureCounts,
    ) -> Step<()> {
        let key = [jurisdiction.as_str(), id.as_str()];
        let names = ErasableField::history(fields);
        if !names.is_empty() {
            let marks = vec!["?"; names.len()].join(", ");
            let sql = format!(
                "UPDATE report_change SET before = NULL, after = NULL
                 WHERE jurisdiction_id = ? AND service_request_id = ?
                    AND (before IS NOT NULL OR after IS NOT NULL) AND field IN ({marks})"
            );
            let values = params_from_iter(key.into_iter().chain(names));
            counts.history += self.db.prepare_cached(&sql)?.execute(values)? as u64;
        }
        let columns =
            [(ErasableField::History, "description"), (ErasableField::Photos, "media_url")];
        for (field, column) in columns.iter().filter(|(field, _)| fields.contains(field)) {
            let sql = format!(
                "UPDATE report_update SET {column} = NULL
                 WHERE jurisdiction_id = ? AND service_request_id = ? AND {column} IS NOT NULL"
            );
            let rows = self.db.prepare_cached(&sql)?.execute(key)? as u64;
            match field {
                ErasableField::Photos => counts.photos += rows,
                _ => counts.history += rows,
            }
        }
        Ok(())
    }

    /// The fields that were erased of a report and are not to come back with its source; empty for
    /// most.
    pub fn erased_fields(
        &self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
    ) -> Step<Vec<ErasableField>> {
        let mut statement = self.db.prepare_cached(
            "SELECT fields FROM erasure WHERE jurisdiction_id = ? AND service_request_id = ?",
        )?;
        let lists = statement.query_map([jurisdiction.as_str(), id.as_str()], |row| row.get(0))?;
        let mut fields = Vec::new();
        for list in lists {
            let list: String = list?;
            fields.extend(list.split(',').filter_map(ErasableField::parse));
        }
        Ok(fields)
    }
}

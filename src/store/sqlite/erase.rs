//! The command that erases parts of reports.

use rusqlite::{params, params_from_iter};

use crate::domain::{ErasableField, Event, JurisdictionId, ReportId, read_media};
use crate::store::command::{EraseReports, ErasedReports};
use crate::store::sqlite::failure::Step;
use crate::store::sqlite::rewrite::{Erased, REWRITE_DUE};
use crate::store::sqlite::row;
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
            if self.erase_report(&command, id)? {
                erased.reports.push(id.clone());
            }
        }
        if !erased.reports.is_empty() {
            self.erased = self.erased.max(Erased::Rows);
            let sql = "INSERT OR REPLACE INTO meta VALUES (?, '1')";
            self.db.prepare_cached(sql)?.execute([REWRITE_DUE])?;
        }
        Ok(erased)
    }

    /// Erases parts of one report, also of a removed one. Returns false, without a write, where it
    /// has none of them.
    fn erase_report(&mut self, command: &EraseReports, id: &ReportId) -> Step<bool> {
        let EraseReports { jurisdiction, fields, amend, author, .. } = command;
        let Some(found) = self.find(jurisdiction, id)? else { return Ok(false) };
        let FoundReport { stored, removed, .. } = found;
        let next = amend(&stored.report);
        let photos = match fields.contains(&ErasableField::Photos) {
            true => self.photos_of(jurisdiction, id)?,
            false => Vec::new(),
        };
        let mut rows = self.erase_history(jurisdiction, id, fields)?;
        if fields.contains(&ErasableField::Contact) {
            for table in ["private_contact", "report_contact"] {
                let sql = format!(
                    "DELETE FROM {table} WHERE jurisdiction_id = ? AND service_request_id = ?"
                );
                let key = [jurisdiction.as_str(), id.as_str()];
                rows += self.db.prepare_cached(&sql)?.execute(key)?;
            }
        }
        if rows == 0 && next == stored.report {
            return Ok(false);
        }
        let place = self.next_revision(jurisdiction)?;
        let mut update = self.db.prepare_cached(&row::UPDATE)?;
        row::bind(&mut update, &next, &place, &self.now, None)?;
        update.raw_execute()?;
        if removed {
            // The statement makes a tombstone a report again.
            let sql = "UPDATE report SET removed = 1 WHERE change_key = ?";
            self.db.prepare_cached(sql)?.execute([place.key])?;
        }
        let mut remember =
            self.db.prepare_cached("INSERT OR IGNORE INTO erased_photo VALUES (?)")?;
        for name in photos {
            remember.execute([name])?;
        }
        self.forget_reviews(jurisdiction, id)?;
        self.add_history(jurisdiction, id, place.revision, (ERASED, None, None), author)?;
        self.db.prepare_cached("INSERT INTO erasure VALUES (?, ?, ?, ?, ?, ?)")?.execute(
            params![
                jurisdiction.as_str(),
                id.as_str(),
                place.revision as i64,
                ErasableField::names(fields),
                author,
                self.now
            ],
        )?;
        let event = if removed { Event::Remove(id.clone()) } else { Event::Put(next.facts()) };
        self.collect(jurisdiction, place.revision, event);
        Ok(true)
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
            names.extend(urls.filter_map(|url| url.strip_prefix(PHOTO).map(str::to_owned)));
        }
        Ok(names)
    }

    /// Erases old values in the history of a report, and texts and photos of its updates. Returns
    /// the number of rows that had any.
    fn erase_history(
        &self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
        fields: &[ErasableField],
    ) -> Step<usize> {
        let key = [jurisdiction.as_str(), id.as_str()];
        let mut rows = 0;
        let names = ErasableField::history(fields);
        if !names.is_empty() {
            let marks = vec!["?"; names.len()].join(", ");
            let sql = format!(
                "UPDATE report_change SET before = NULL, after = NULL
                 WHERE jurisdiction_id = ? AND service_request_id = ?
                    AND (before IS NOT NULL OR after IS NOT NULL) AND field IN ({marks})"
            );
            let values = params_from_iter(key.into_iter().chain(names));
            rows += self.db.prepare_cached(&sql)?.execute(values)?;
        }
        let columns =
            [(ErasableField::History, "description"), (ErasableField::Photos, "media_url")];
        for (_, column) in columns.iter().filter(|(field, _)| fields.contains(field)) {
            let sql = format!(
                "UPDATE report_update SET {column} = NULL
                 WHERE jurisdiction_id = ? AND service_request_id = ? AND {column} IS NOT NULL"
            );
            rows += self.db.prepare_cached(&sql)?.execute(key)?;
        }
        Ok(rows)
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

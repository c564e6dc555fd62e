//! Imported reports: each is compared with the report that the store has, and then written or not.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::OptionalExtension;

use crate::domain::{AuditField, AuditSubject, JurisdictionId, ReportId, ReportTime};
use crate::error::Result;
use crate::store::command::{ImportReports, ImportedReport, SaveCheckpoint, WriteCounts};
use crate::store::import_effect::{ImportEffect, import_effect};
use crate::store::sqlite::audit_state::NotedAction;
use crate::store::sqlite::failure::{Failure, Step};
use crate::store::sqlite::id_bytes::IdBytes;
use crate::store::sqlite::reader::Reader;
use crate::store::sqlite::transaction::{FoundReport, TransactionSettings, WriteTransaction};
use crate::store::writer::ID_BYTES_MAX;

impl WriteTransaction<'_> {
    pub fn import_reports(&mut self, command: ImportReports) -> Step<WriteCounts> {
        let ImportReports { jurisdiction, reports, unsaid, checkpoint } = command;
        self.check_ids(&jurisdiction, reports.iter().map(|imported| &imported.report.id))?;
        let mut counts = WriteCounts::default();
        for imported in reports {
            let ImportedReport { report, digest, .. } = &imported;
            let compared = match self.insert(&jurisdiction, report, Some(*digest))? {
                Some(_) => ImportEffect::New,
                None => self.compare(&jurisdiction, &imported, &unsaid)?,
            };
            if !imported.is_repeat {
                compared.count(&mut counts);
            }
            if let ImportEffect::Changed(stored, report) = compared {
                self.replace(&jurisdiction, *stored, *report, "import", Some(*digest))?;
            }
        }
        if let Some(checkpoint) = checkpoint {
            self.save_checkpoint(&SaveCheckpoint { jurisdiction, checkpoint })?;
        }
        let WriteCounts { added, updated, unchanged, older } = counts;
        let counted =
            [("added", added), ("updated", updated), ("unchanged", unchanged), ("older", older)];
        let fields = counted.map(|(name, count)| AuditField::set(name, count)).to_vec();
        let subject = AuditSubject::Import;
        self.note(NotedAction { subject, fields, ..NotedAction::of_report(None) });
        Ok(counts)
    }

    /// Compares an imported report with the stored one of its id.
    fn compare(
        &mut self,
        jurisdiction: &JurisdictionId,
        imported: &ImportedReport,
        unsaid: &[&str],
    ) -> Step<ImportEffect> {
        let ImportedReport { report, digest, .. } = imported;
        let Some(found) = self.find(jurisdiction, &report.id)? else {
            return Ok(ImportEffect::New);
        };
        let FoundReport { stored, source_digest, removed } = found;
        // A report removed here stays removed, whatever its source still says.
        if removed || source_digest == Some(*digest as i64) {
            return Ok(ImportEffect::Unchanged);
        }
        let erased = self.erased_fields(jurisdiction, &report.id)?;
        let changed_here = || self.changed_here(jurisdiction, &report.id);
        import_effect(imported, stored, unsaid, &erased, changed_here)
    }

    /// When a crew last changed the report here: not its source, and not its incident alone.
    fn changed_here(
        &self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
    ) -> Step<Option<ReportTime>> {
        let at: Option<String> = self
            .db
            .prepare_cached(
                "SELECT max(changed_datetime) FROM report_change
                 WHERE jurisdiction_id = ? AND service_request_id = ?
                    AND author <> 'import' AND field <> 'parent_service_request_id'",
            )?
            .query_row([jurisdiction.as_str(), id.as_str()], |row| row.get(0))
            .optional()?
            .flatten();
        let read = |at: String| ReportTime::parse(&at, &TimeZone::UTC);
        at.map(read).transpose().map_err(|message| Failure::storage(message.en))
    }
}

impl Reader {
    /// What an import of these reports, whose source says nothing of the fields `unsaid`, would
    /// count; nothing is written. Repeats are not counted.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn preview_import(
        &self,
        jurisdiction: &JurisdictionId,
        reports: &[ImportedReport],
        unsaid: &[&str],
    ) -> Result<WriteCounts> {
        self.with(|db| {
            let mut id_bytes = IdBytes::new(ID_BYTES_MAX);
            let now = Timestamp::now();
            let settings = TransactionSettings { now, wants_changes: false, keys: &self.keys };
            let mut transaction = WriteTransaction::new(db, &settings, false, &mut id_bytes);
            let mut counts = WriteCounts::default();
            let firsts = || reports.iter().filter(|imported| !imported.is_repeat);
            if let Err(Failure::Refused(_)) = transaction.city(jurisdiction) {
                counts.added = firsts().count() as u64;
                return Ok(counts);
            }
            for imported in firsts() {
                match transaction.compare(jurisdiction, imported, unsaid) {
                    Ok(compared) => compared.count(&mut counts),
                    Err(Failure::Refused(error) | Failure::Storage(error)) => return Err(error),
                }
            }
            Ok(counts)
        })
    }
}

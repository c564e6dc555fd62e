//! The table `text_review`: what people decided about texts that the public does not read by
//! itself.

use rusqlite::params;

use crate::domain::{JurisdictionId, ReportId, StoredReport, TextDecision, read_media};
use crate::error::{Error, Result};
use crate::store::command::{ReviewTexts, StoredReview};
use crate::store::sqlite::failure::Step;
use crate::store::sqlite::keys::head;
use crate::store::sqlite::reader::Reader;
use crate::store::sqlite::row;
use crate::store::sqlite::transaction::WriteTransaction;

/// The words of a decision.
const PUBLISH: &str = "publish";
const KEEP_BACK: &str = "keep_back";
const REDACT: &str = "redact";

fn words(decision: &TextDecision) -> (&'static str, String) {
    match decision {
        TextDecision::Publish => (PUBLISH, String::new()),
        TextDecision::KeepBack => (KEEP_BACK, String::new()),
        TextDecision::Redact(parts) => {
            let parts: Vec<String> =
                parts.iter().map(|(start, end)| format!("{start}-{end}")).collect();
            (REDACT, parts.join(","))
        }
    }
}

fn read_decision(word: &str, parts: &str) -> Option<TextDecision> {
    match word {
        PUBLISH => Some(TextDecision::Publish),
        KEEP_BACK => Some(TextDecision::KeepBack),
        REDACT => {
            let part = |text: &str| {
                let (start, end) = text.split_once('-')?;
                Some((start.parse().ok()?, end.parse().ok()?))
            };
            let parts = parts.split(',').filter(|text| !text.is_empty());
            Some(TextDecision::Redact(parts.map(part).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

impl Reader {
    /// The decisions of a jurisdiction that were made after a revision, with the last revision of
    /// any.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn reviews_after(
        &self,
        jurisdiction: &JurisdictionId,
        revision: u64,
    ) -> Result<Vec<StoredReview>> {
        self.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT digest, decision, parts, revision FROM text_review
                 WHERE jurisdiction_id = ? AND revision > ? ORDER BY revision",
            )?;
            let corrupt = || Error::internal("corrupt review of a text");
            let mut rows = statement.query(params![jurisdiction.as_str(), revision as i64])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (word, parts): (String, String) = (row.get(1)?, row.get(2)?);
                let decision = read_decision(&word, &parts).ok_or_else(corrupt)?;
                let revision: i64 = row.get(3)?;
                found.push(StoredReview {
                    digest: row.get(0)?,
                    decision,
                    revision: revision as u64,
                });
            }
            Ok(found)
        })
    }
}

/// A page of `Reader::texts_after`.
pub struct TextPage {
    /// The reports, by their revisions.
    pub reports: Vec<StoredReport>,
    /// The revision up to which was read.
    pub read: u64,
    /// Whether there may be more.
    pub has_more: bool,
}

impl Reader {
    /// Reports that last changed after a revision and have texts or photos, or updates: `limit` of
    /// them, in the order of their revisions.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn texts_after(
        &self,
        jurisdiction: &JurisdictionId,
        revision: u64,
        limit: usize,
    ) -> Result<TextPage> {
        self.with(|db| {
            let city = self.city(db, jurisdiction)?;
            let head = head(db, jurisdiction)?.unwrap_or_default();
            let sql = format!(
                "SELECT {} FROM report WHERE change_key > ?1 AND change_key < ?2 AND removed = 0
                    AND (description IS NOT NULL OR source_status IS NOT NULL
                        OR service_notice IS NOT NULL OR attributes IS NOT NULL
                        OR media_url IS NOT NULL
                        OR EXISTS (SELECT 1 FROM report_update u
                            WHERE u.jurisdiction_id = ?3
                                AND u.service_request_id = report.service_request_id))
                 ORDER BY change_key LIMIT ?4",
                *row::COLUMNS
            );
            let mut statement = db.prepare_cached(&sql)?;
            let range =
                params![city.key(revision), city.end(), jurisdiction.as_str(), limit as i64];
            let mut rows = statement.query(range)?;
            let mut reports = Vec::new();
            while let Some(row) = rows.next()? {
                reports.push(row::stored(row, &city.zone)?);
            }
            let has_more = reports.len() >= limit;
            let last = reports.last().map_or(revision, |stored| stored.revision);
            Ok(TextPage { read: if has_more { last } else { head.max(last) }, reports, has_more })
        })
    }

    /// The texts and photos of the updates of a report, in the order of their numbers.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn update_texts(
        &self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
    ) -> Result<Vec<(Option<String>, Vec<String>)>> {
        self.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT description, media_url FROM report_update
                 WHERE jurisdiction_id = ? AND service_request_id = ? ORDER BY revision",
            )?;
            let mut rows = statement.query([jurisdiction.as_str(), id.as_str()])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let media: Option<String> = row.get(1)?;
                found.push((row.get(0)?, media.as_deref().map(read_media).unwrap_or_default()));
            }
            Ok(found)
        })
    }
}

impl WriteTransaction<'_> {
    pub fn review_texts(&mut self, command: ReviewTexts) -> Step<u64> {
        let ReviewTexts { jurisdiction, id, expected, texts, author } = command;
        let found = self.expect(&jurisdiction, &id, Some(expected))?;
        let revision = self.touch(&jurisdiction, &found.report)?;
        let mut insert = self
            .db
            .prepare_cached("INSERT OR REPLACE INTO text_review VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
        for (digest, decision) in texts {
            let (word, parts) = words(&decision);
            insert.execute(params![
                jurisdiction.as_str(),
                id.as_str(),
                digest,
                revision as i64,
                word,
                parts,
                author,
                self.now
            ])?;
        }
        Ok(revision)
    }

    /// Forgets what was decided about the texts of a report, which were erased.
    pub fn forget_reviews(&self, jurisdiction: &JurisdictionId, id: &ReportId) -> Step<()> {
        self.db
            .prepare_cached(
                "DELETE FROM text_review WHERE jurisdiction_id = ? AND service_request_id = ?",
            )?
            .execute([jurisdiction.as_str(), id.as_str()])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_read_as_it_was_written() {
        for decision in [
            TextDecision::Publish,
            TextDecision::KeepBack,
            TextDecision::Redact(Vec::new()),
            TextDecision::Redact(vec![(8, 20), (24, 36)]),
        ] {
            let (word, parts) = words(&decision);
            assert_eq!(read_decision(word, &parts), Some(decision));
        }
        assert_eq!(read_decision("redact", "1-x"), None);
        assert_eq!(read_decision("perhaps", ""), None);
    }
}

//! The table `report_update`: updates of reports. Changes of the status in the table
//! `report_change` are listed with them.

use jiff::tz::TimeZone;
use rusqlite::{Row, params};

use crate::domain::{
    ClosedReason, ExtendedStatus, JurisdictionId, ReportId, ReportTime, ReportUpdate, Status,
    StoredUpdate, read_media,
};
use crate::error::{Error, Result};
use crate::store::command::AddUpdate;
use crate::store::sqlite::audit_state::NotedAction;
use crate::store::sqlite::failure::{Failure, Step};
use crate::store::sqlite::reader::Reader;
use crate::store::sqlite::transaction::WriteTransaction;

/// An update as a reader sees it; `None` where the reader does not see it.
pub type SeenUpdate<'a> = dyn Fn(StoredUpdate) -> Option<StoredUpdate> + 'a;

/// Updates in a range of times, oldest first: those that were sent, and changes of the status that
/// none of them made. Updates of removed reports are left out.
const LIST: &str = "
    SELECT revision, service_request_id, word, status, reason, description, media_url, at,
           recorded_datetime, author
    FROM (
        SELECT revision, service_request_id, status AS word, NULL AS status, NULL AS reason,
               description, media_url, updated_datetime AS at, recorded_datetime, author
        FROM report_update
        WHERE jurisdiction_id = ?1 AND updated_datetime >= ?3 AND updated_datetime < ?4
            AND (?7 IS NULL OR service_request_id = ?7)
        UNION ALL
        SELECT c.revision, c.service_request_id, NULL, c.after,
               (SELECT r.after FROM report_change r
                WHERE r.jurisdiction_id = c.jurisdiction_id AND r.revision = c.revision
                    AND r.service_request_id = c.service_request_id AND r.field = 'closed_reason'),
               NULL, NULL, c.changed_datetime, c.changed_datetime, c.author
        FROM report_change c
        WHERE c.jurisdiction_id = ?1 AND c.field = 'status'
            AND c.changed_datetime >= ?3 AND c.changed_datetime < ?4
            AND (?7 IS NULL OR c.service_request_id = ?7)
            AND NOT EXISTS (SELECT 1 FROM report_update u
                WHERE u.jurisdiction_id = c.jurisdiction_id AND u.revision = c.revision)
    ) AS listed
    WHERE EXISTS (SELECT 1 FROM report p
        WHERE p.jurisdiction = ?2 AND p.service_request_id = listed.service_request_id
            AND p.removed = 0)
    ORDER BY at, revision LIMIT ?5 OFFSET ?6";

impl WriteTransaction<'_> {
    pub fn add_update(&mut self, command: AddUpdate) -> Step<u64> {
        let AddUpdate { jurisdiction, id, update, idempotency, author, amend } = command;
        self.city(&jurisdiction)?;
        if let Some(sent) = &idempotency
            && let Some(number) = self.remembered(&jurisdiction, sent)?
        {
            return number.parse().map_err(Failure::storage);
        }
        let found = self.expect(&jurisdiction, &id, None)?;
        let before = found.revision;
        let next = amend.map(|amend| amend(&found.report)).transpose();
        let stored = match next.map_err(Failure::Refused)? {
            Some(next) => self.replace(&jurisdiction, found, next, &author, None)?,
            None => found,
        };
        let revision = match stored.revision == before {
            true => self.touch(&jurisdiction, &stored.report)?,
            false => stored.revision,
        };
        let ReportUpdate { status, updated, description, media } = update;
        let media = (!media.is_empty()).then(|| media.join("\n"));
        self.db
            .prepare_cached("INSERT INTO report_update VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?
            .execute(params![
                jurisdiction.as_str(),
                revision as i64,
                id.as_str(),
                status.as_str(),
                description,
                media,
                updated.to_string(),
                self.now,
                author
            ])?;
        if let Some(sent) = &idempotency {
            self.remember(&jurisdiction, sent, &revision.to_string())?;
        }
        self.note(NotedAction::of_report(Some(&id)));
        Ok(revision)
    }
}

impl Reader {
    /// The updates of a jurisdiction whose time is at or after the first and before the second
    /// instant, oldest first: `limit` of them after the first `skip`; of one report, or of all.
    /// With `seen` they are those that a reader sees, and only these are counted for the pages: all
    /// before the page are read then.
    ///
    /// # Errors
    /// The file cannot be read or is corrupt.
    pub fn updates(
        &self,
        jurisdiction: &JurisdictionId,
        of: Option<&str>,
        (from, before): (ReportTime, ReportTime),
        (skip, limit): (usize, usize),
        seen: Option<&SeenUpdate<'_>>,
    ) -> Result<Vec<StoredUpdate>> {
        self.with(|db| {
            let number = self.city(db, jurisdiction)?.number;
            let mut statement = db.prepare_cached(LIST)?;
            let mut rows = statement.query(params![
                jurisdiction.as_str(),
                number,
                from.to_string(),
                before.to_string(),
                // What a reader does not see must not be counted for its pages either.
                if seen.is_some() { -1 } else { limit as i64 },
                if seen.is_some() { 0 } else { skip as i64 },
                of
            ])?;
            let (mut found, mut to_skip) = (Vec::new(), if seen.is_some() { skip } else { 0 });
            while found.len() < limit
                && let Some(row) = rows.next()?
            {
                let one = read(row)?;
                let one = match seen {
                    Some(seen) => seen(one),
                    None => Some(one),
                };
                match one {
                    Some(_) if to_skip > 0 => to_skip -= 1,
                    one => found.extend(one),
                }
            }
            Ok(found)
        })
    }
}

/// Reads a row of [`LIST`].
fn read(row: &Row<'_>) -> Result<StoredUpdate> {
    let revision = row.get::<_, i64>(0)? as u64;
    let corrupt = |what: &str| Error::internal(format!("corrupt update {revision}: {what}"));
    let text = |column: usize| row.get::<_, Option<String>>(column);
    let (word, status, reason) = (text(2)?, text(3)?, text(4)?);
    let status = match (word, status.as_deref().and_then(Status::parse)) {
        (Some(word), _) => ExtendedStatus::parse(&word),
        (None, Some(status)) => {
            let reason = reason.as_deref().and_then(ClosedReason::parse);
            Some(ExtendedStatus::of(status, reason))
        }
        (None, None) => None,
    };
    let at: String = row.get(7)?;
    let updated = ReportTime::parse(&at, &TimeZone::UTC).map_err(|message| corrupt(&message.en))?;
    let id: String = row.get(1)?;
    Ok(StoredUpdate {
        revision,
        report: ReportId::new(&id).map_err(|message| corrupt(&message.en))?,
        update: ReportUpdate {
            status: status.ok_or_else(|| corrupt("status"))?,
            updated,
            description: text(5)?,
            media: text(6)?.as_deref().map(read_media).unwrap_or_default(),
        },
        recorded: row.get(8)?,
        author: row.get(9)?,
    })
}

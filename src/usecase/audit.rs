//! The audit: lines that no change of the store writes by itself, and the erasure of old lines.

use jiff::{SignedDuration, Timestamp};

use crate::domain::{Actor, AuditSubject, JurisdictionId, RetentionPeriod};
use crate::error::{Refusal, Result};
use crate::message;
use crate::store::{EraseAudit, NoteAction, Writer};
use crate::usecase::App;

/// Lines that are younger than this many days cannot be erased: whoever has done something must
/// not be able to remove its line at once.
pub const KEPT_DAYS_MIN: i64 = 90;
/// Lines erased in one commit: some tenths of a second in which other writes wait.
const BATCH: usize = 50_000;

impl App {
    /// Writes a line of the audit before private data are answered, or where something is done
    /// outside of the store.
    ///
    /// # Errors
    /// Not found: the city. The store: then nothing may be answered.
    pub async fn note(
        &self,
        by: Actor,
        jurisdiction: Option<&JurisdictionId>,
        subject: AuditSubject,
        id: &str,
    ) -> Result<()> {
        let (jurisdiction, subject_id) = (jurisdiction.cloned(), id.to_owned());
        self.execute(NoteAction { jurisdiction, subject, subject_id }, by).await
    }
}

/// Erases the lines that are older than a period. Each batch leaves a line that says so. Returns
/// their number.
///
/// # Errors
/// Refused: the period is shorter than [`KEPT_DAYS_MIN`]. The store.
pub fn erase_older(
    writer: &Writer,
    (flag, period): (&str, RetentionPeriod),
    now: Timestamp,
) -> Result<u64> {
    let before = period.before(now);
    let youngest = now - SignedDuration::from_hours(24 * KEPT_DAYS_MIN);
    if before > youngest {
        let message = message!(
            "doit être d’au moins {KEPT_DAYS_MIN} jours",
            "must be at least {KEPT_DAYS_MIN} days"
        );
        return Err(Refusal::new(flag, period, message).into());
    }
    let mut count = 0;
    loop {
        let before = before.as_millisecond();
        let erased = writer.execute(EraseAudit { before, limit: BATCH })?;
        count += erased;
        if erased < BATCH as u64 {
            return Ok(count);
        }
    }
}

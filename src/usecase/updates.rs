//! Updates of reports that applications send.

use std::sync::Arc;

use crate::domain::{Actor, Idempotency, Report, ReportId, UpdateDraft};
use crate::error::{Error, Refusal, Result};
use crate::message;
use crate::store::{AddUpdate, Amend};
use crate::usecase::{App, City};

/// The author of changes that updates of crews make.
const AUTHOR: &str = "open311";
/// The author of an update of somebody else, whose status is not that of the report.
pub const PUBLIC_AUTHOR: &str = "public";

/// An update of a report.
pub struct NewUpdate {
    /// The report.
    pub report: ReportId,
    /// The update as it was sent.
    pub draft: UpdateDraft,
    /// The client's key, if it sent one.
    pub idempotency: Option<Idempotency>,
    /// Whether its sender may change the status of the report. The status of another sender is kept
    /// with the update only.
    pub changes_status: bool,
    /// Who sends it, for the audit.
    pub by: Actor,
}

/// Clocks differ: how long before its report an update may be, in seconds; it must be less.
const EARLY_SECONDS: i64 = 60;

/// Checks that an update was not written before the report was made.
///
/// # Errors
/// It was.
pub fn check_order(report: &Report, draft: &UpdateDraft) -> Result<()> {
    let (requested, Some(updated)) = (report.requested, draft.updated) else { return Ok(()) };
    if updated.last_second() + EARLY_SECONDS > requested.second() {
        return Ok(());
    }
    let message = message!(
        "est avant la création de la demande ({requested})",
        "is before the request was created ({requested})"
    );
    Err(Refusal::new("updated_datetime", updated, message).into())
}

impl App {
    /// Checks and stores an update. Returns its number.
    ///
    /// # Errors
    /// Refusals of the gate; not found; a key that was used for another update; the store.
    pub async fn add_update(&self, city: &Arc<City>, new: NewUpdate) -> Result<u64> {
        let NewUpdate { report, draft, idempotency, changes_status, by } = new;
        let catalogue = city.catalogue();
        let update = city.gate(&catalogue).admit_update(draft).map_err(Error::refused)?;
        let status = update.status;
        let city_of_change = city.clone();
        let amend = move |report: &Report| {
            let Some(patch) = status.patch(report.status) else { return Ok(report.clone()) };
            let catalogue = city_of_change.catalogue();
            city_of_change.gate(&catalogue).amend(report, patch).map_err(Error::refused)
        };
        let command = AddUpdate {
            jurisdiction: city.id().clone(),
            id: report,
            update,
            idempotency,
            author: if changes_status { AUTHOR } else { PUBLIC_AUTHOR }.into(),
            amend: changes_status.then(|| Box::new(amend) as Amend),
        };
        self.execute(command, by).await
    }
}

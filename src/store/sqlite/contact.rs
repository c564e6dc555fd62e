//! The table `report_contact`: contacts of the senders of reports.

use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::domain::{Contact, JurisdictionId, ReportId};

/// Writes the contact of the sender of a report.
///
/// # Errors
/// The file cannot be written.
pub fn write(
    db: &Connection,
    jurisdiction: &JurisdictionId,
    id: &ReportId,
    contact: &Contact,
) -> Result<()> {
    let [first, last, email, phone, account, device] = contact.fields();
    let (jurisdiction, id) = (jurisdiction.as_str(), id.as_str());
    db.prepare_cached("INSERT INTO report_contact VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?
        .execute(params![jurisdiction, id, first, last, email, phone, account, device])?;
    Ok(())
}

/// Reads the contact of the sender of a report; `None` if there is none.
///
/// # Errors
/// The file cannot be read.
pub fn read(
    db: &Connection,
    jurisdiction: &JurisdictionId,
    id: &ReportId,
) -> Result<Option<Contact>> {
    let found = db
        .prepare_cached(
            "SELECT first_name, last_name, email, phone, account_id, device_id
             FROM report_contact WHERE jurisdiction_id = ? AND service_request_id = ?",
        )?
        .query_row(params![jurisdiction.as_str(), id.as_str()], |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?])
        })
        .optional()?;
    Ok(found.and_then(Contact::of))
}

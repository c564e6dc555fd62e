//! The tables `incident_change` and `incident_member`: every change of which reports are duplicates
//! of which, kept so that it can be undone.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::{
    IncidentChange, IncidentCommandKind, IncidentMember, JurisdictionId, ReportId,
};
use crate::error::{Error, Result};

/// Reads the changes that concern any of these reports, oldest first.
///
/// # Errors
/// The file cannot be read or is corrupt.
pub fn concerning(
    db: &Connection,
    jurisdiction: &JurisdictionId,
    ids: &[&str],
) -> Result<Vec<IncidentChange>> {
    let mut numbers: Vec<i64> = Vec::new();
    let mut find = db.prepare_cached(
        "SELECT change_id FROM incident_member
         WHERE jurisdiction_id = ?1 AND service_request_id = ?2
         UNION SELECT change_id FROM incident_change
         WHERE jurisdiction_id = ?1 AND incident_id = ?2",
    )?;
    for id in ids {
        let rows = find.query_map([jurisdiction.as_str(), id], |row| row.get(0))?;
        numbers.extend(rows.collect::<rusqlite::Result<Vec<i64>>>()?);
    }
    numbers.sort_unstable();
    numbers.dedup();
    let read = |number: i64| read(db, jurisdiction, number as u64);
    let found: Result<Vec<_>> = numbers.into_iter().map(read).collect();
    Ok(found?.into_iter().flatten().collect())
}

/// Reads one change with its members; none where there is none of this number.
///
/// # Errors
/// The file cannot be read or is corrupt.
pub fn read(
    db: &Connection,
    jurisdiction: &JurisdictionId,
    number: u64,
) -> Result<Option<IncidentChange>> {
    let id = |text: String| ReportId::new(&text).map_err(|message| Error::internal(message.en));
    let mut head = db.prepare_cached(
        "SELECT kind, incident_id, author, changed_datetime, undoes, undone_by
         FROM incident_change WHERE jurisdiction_id = ? AND change_id = ?",
    )?;
    let row = head
        .query_row(params![jurisdiction.as_str(), number as i64], |row| {
            let undone: [Option<i64>; 2] = [row.get(4)?, row.get(5)?];
            let text: [String; 4] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
            Ok((text, undone))
        })
        .optional()?;
    let Some(([kind, incident, author, at], [undoes, undone_by])) = row else { return Ok(None) };
    let kind = IncidentCommandKind::parse(&kind)
        .ok_or_else(|| Error::internal(format!("corrupt change {number}: '{kind}'")))?;
    let mut members = db.prepare_cached(
        "SELECT service_request_id, before, after FROM incident_member
         WHERE jurisdiction_id = ? AND change_id = ? ORDER BY service_request_id",
    )?;
    let rows = members.query_map(params![jurisdiction.as_str(), number as i64], |row| {
        Ok((row.get(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<String>>(2)?))
    })?;
    let mut list = Vec::new();
    for row in rows {
        let (report, before, after) = row?;
        let (before, after) = (before.map(id).transpose()?, after.map(id).transpose()?);
        list.push(IncidentMember { id: id(report)?, before, after });
    }
    Ok(Some(IncidentChange {
        change: number,
        kind,
        incident: id(incident)?,
        author,
        at,
        undoes: undoes.map(|number| number as u64),
        undone_by: undone_by.map(|number| number as u64),
        members: list,
    }))
}

/// Writes a change with its members. Where it undoes another change, that one is marked undone, and
/// a change which that one had undone is in force again.
///
/// # Errors
/// The file cannot be written.
pub fn write(
    db: &Connection,
    jurisdiction: &JurisdictionId,
    change: &IncidentChange,
) -> rusqlite::Result<()> {
    let (city, number) = (jurisdiction.as_str(), change.change as i64);
    let undone = change.undoes.map(|number| number as i64);
    db.prepare_cached("INSERT INTO incident_change VALUES (?, ?, ?, ?, ?, ?, ?, NULL)")?.execute(
        params![
            city,
            number,
            change.kind.as_str(),
            change.incident.as_str(),
            change.author,
            change.at,
            undone
        ],
    )?;
    let mut insert = db.prepare_cached("INSERT INTO incident_member VALUES (?, ?, ?, ?, ?)")?;
    for IncidentMember { id, before, after } in &change.members {
        let [before, after] = [before, after].map(|id| id.as_ref().map(ReportId::as_str));
        insert.execute(params![city, number, id.as_str(), before, after])?;
    }
    if let Some(undone) = undone {
        db.prepare_cached(
            "UPDATE incident_change SET undone_by = ?3
             WHERE jurisdiction_id = ?1 AND change_id = ?2",
        )?
        .execute(params![city, undone, number])?;
        db.prepare_cached(
            "UPDATE incident_change SET undone_by = NULL
             WHERE jurisdiction_id = ?1 AND undone_by = ?2 AND change_id <> ?2",
        )?
        .execute(params![city, undone])?;
    }
    Ok(())
}

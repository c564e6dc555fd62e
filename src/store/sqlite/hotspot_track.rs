//! The tables `hotspot` and `hotspot_event`: tracks of hotspots, written as they change and read
//! once at boot.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::domain::{
    HotspotTrack, HotspotTrackEvent, HotspotTrackStep, JurisdictionId, format_utc,
};
use crate::error::{Error, Result};
use crate::place::H3Cell;

/// RFC 3339 of a second since 1970.
fn text_of(second: i64) -> String {
    let text = format_utc(second).map(|text| String::from_utf8_lossy(&text).into_owned());
    text.unwrap_or_else(|| second.to_string())
}

/// The second since 1970 of an RFC 3339 text.
fn second_of(text: &str) -> Result<i64> {
    text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second).map_err(Error::internal)
}

/// Writes tracks as they are now. The last step of a track may have changed or gone since it was
/// written.
///
/// # Errors
/// The file cannot be written.
pub fn write(
    db: &Connection,
    jurisdiction: &JurisdictionId,
    tracks: &[HotspotTrack],
) -> rusqlite::Result<()> {
    let mut upsert = db.prepare_cached(
        "INSERT INTO hotspot VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (jurisdiction_id, hotspot_id) DO UPDATE SET
            cells = excluded.cells, count = excluded.count,
            seen_datetime = excluded.seen_datetime, ended = excluded.ended",
    )?;
    let mut add =
        db.prepare_cached("INSERT OR REPLACE INTO hotspot_event VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
    let mut remove = db.prepare_cached(
        "DELETE FROM hotspot_event WHERE jurisdiction_id = ? AND hotspot_id = ? AND step >= ?",
    )?;
    for track in tracks {
        let cells: Vec<String> = track.cells.iter().map(H3Cell::to_string).collect();
        let (id, number) = (jurisdiction.as_str(), track.number as i64);
        upsert.execute(params![
            id,
            number,
            track.search,
            cells.join(" "),
            track.count as i64,
            text_of(track.last_found_at),
            track.ended
        ])?;
        remove.execute(params![id, number, track.steps.len() as i64])?;
        for (n, step) in track.steps.iter().enumerate() {
            let (word, other) = step.event.word();
            add.execute(params![
                id,
                number,
                n as i64,
                text_of(step.at),
                word,
                other.map(|other| other as i64),
                step.count as i64,
                step.cells as i64
            ])?;
        }
    }
    Ok(())
}

/// All tracks of a jurisdiction, by number.
///
/// # Errors
/// The file cannot be read or is corrupt.
pub fn read(db: &Connection, jurisdiction: &JurisdictionId) -> Result<Vec<HotspotTrack>> {
    let mut tracks = BTreeMap::new();
    let mut statement = db.prepare_cached(
        "SELECT hotspot_id, question, cells, count, seen_datetime, ended
             FROM hotspot WHERE jurisdiction_id = ?",
    )?;
    let mut rows = statement.query([jurisdiction.as_str()])?;
    while let Some(row) = rows.next()? {
        let read = || -> rusqlite::Result<(i64, String, String, i64, String, bool)> {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        };
        let (number, search, cells, count, last_found_at, ended) = read()?;
        let cells: Option<Vec<H3Cell>> = cells.split_whitespace().map(H3Cell::parse).collect();
        let cells = cells.ok_or_else(|| Error::internal(format!("cells of hotspot {number}")))?;
        let (number, count, last_found_at) =
            (number as u64, count as u64, second_of(&last_found_at)?);
        let track =
            HotspotTrack { number, search, cells, count, last_found_at, ended, steps: Vec::new() };
        tracks.insert(number, track);
    }
    let mut statement = db.prepare_cached(
        "SELECT hotspot_id, at_datetime, event, other_id, count, cells
             FROM hotspot_event WHERE jurisdiction_id = ? ORDER BY hotspot_id, step",
    )?;
    let mut rows = statement.query([jurisdiction.as_str()])?;
    while let Some(row) = rows.next()? {
        let read = || -> rusqlite::Result<(i64, String, String, Option<i64>, i64, i64)> {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        };
        let (number, at, word, other, count, cells) = read()?;
        let event = HotspotTrackEvent::parse(&word, other.map(|other| other as u64));
        let event = event.ok_or_else(|| Error::internal(format!("event '{word}' of a hotspot")))?;
        let step = HotspotTrackStep {
            at: second_of(&at)?,
            event,
            count: count as u64,
            cells: cells as usize,
        };
        if let Some(track) = tracks.get_mut(&(number as u64)) {
            track.steps.push(step);
        }
    }
    Ok(tracks.into_values().collect())
}

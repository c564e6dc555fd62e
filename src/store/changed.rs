//! Reports in the order in which they were last changed here, between two moments.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::{ReportTime, StoredReport};
use crate::error::{Error, Result};
use crate::store::read::{CityKey, revision_of};
use crate::store::row;

/// The key of the first row that was written at or after `from`. Rows lie in the order of their
/// changes and so of the clock, as long as that was not set back: halving finds the place.
fn first_key(db: &Connection, city: &CityKey, head: u64, from: &str) -> Result<i64> {
    let mut at = db
        .prepare_cached(
            "SELECT change_key, coalesce(changed_datetime, recorded_datetime) FROM report
             WHERE change_key >= ? AND change_key < ? ORDER BY change_key LIMIT 1",
        )
        .map_err(Error::internal)?;
    let (mut low, mut high) = (0, head + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found: Option<(i64, String)> = at
            .query_row(params![city.key(middle), city.end()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(Error::internal)?;
        match found {
            Some((key, time)) if time.as_str() < from => low = revision_of(key) + 1,
            _ => high = middle,
        }
    }
    Ok(city.key(low))
}

/// Hands `sink` the reports last changed here from the one moment until before the other, oldest
/// change first, until it answers false.
pub(super) fn changed_between(
    db: &Connection,
    city: &CityKey,
    head: u64,
    (from, before): (Option<ReportTime>, Option<ReportTime>),
    sink: &mut dyn FnMut(StoredReport) -> bool,
) -> Result<()> {
    let key = |when: Option<ReportTime>| {
        when.map(|when| first_key(db, city, head, &when.as_instant().to_string())).transpose()
    };
    let (low, high) = (key(from)?.unwrap_or(city.key(0)), key(before)?.unwrap_or(city.end()));
    let sql = format!(
        "SELECT {} FROM report WHERE change_key >= ? AND change_key < ? AND removed = 0
         ORDER BY change_key",
        row::COLUMNS
    );
    let mut statement = db.prepare_cached(&sql).map_err(Error::internal)?;
    let mut rows = statement.query(params![low, high]).map_err(Error::internal)?;
    while let Some(row) = rows.next().map_err(Error::internal)? {
        if !sink(row::stored(row, &city.zone)?) {
            break;
        }
    }
    Ok(())
}

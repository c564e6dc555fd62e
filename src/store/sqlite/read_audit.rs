//! Reading the audit. Numbers, times and, within a city, revisions grow from line to line: where a
//! time or a revision begins is found by halving, without an index.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use crate::domain::{
    ACTOR_PUBLIC, AuditField, AuditFilter, AuditLine, AuditSubject, JurisdictionId, ReportId, Role,
};
use crate::error::{Error, Result};
use crate::store::sqlite::reader::Reader;

const COLUMNS: &str = "number, at, actor, role, address, operation, jurisdiction_id, subject,
                       subject_id, first_revision, revision, city";

/// The least number of a line whose `column`, in all lines or in those of a city, is at least
/// `value`; `None` if no line's is.
fn first_with(
    db: &Connection,
    city: Option<i64>,
    column: &str,
    value: i64,
) -> rusqlite::Result<Option<i64>> {
    let of_city = if city.is_some() { "city = ?1" } else { "?1 IS NULL" };
    let end = |order| format!("SELECT number FROM audit WHERE {of_city} ORDER BY number {order}");
    let ends = format!("SELECT ({} LIMIT 1), ({} LIMIT 1)", end("ASC"), end("DESC"));
    let ends = db.query_row(&ends, [city], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(mut low), Some(mut high)): (Option<i64>, Option<i64>) = ends else { return Ok(None) };
    let mut next = db.prepare_cached(&format!(
        "SELECT {column} FROM audit WHERE {of_city} AND number >= ?2 ORDER BY number LIMIT 1"
    ))?;
    let mut reaches = |number: i64| -> rusqlite::Result<bool> {
        let found: Option<i64> =
            next.query_row(params![city, number], |row| row.get(0)).optional()?;
        Ok(found.is_some_and(|found| found >= value))
    };
    if !reaches(high)? {
        return Ok(None);
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if reaches(middle)? { high = middle } else { low = middle + 1 }
    }
    // The line may stand behind lines of other cities.
    let line = format!(
        "SELECT number FROM audit WHERE {of_city} AND number >= ?2 ORDER BY number LIMIT 1"
    );
    db.prepare_cached(&line)?.query_row(params![city, low], |row| row.get(0)).optional()
}

/// First and last number of the lines of a filter's time before a number.
fn bounds(
    db: &Connection,
    filter: &AuditFilter,
    before: Option<u64>,
) -> rusqlite::Result<Option<(i64, i64)>> {
    let number_at = |time: Timestamp| first_with(db, None, "at", time.as_millisecond());
    let low = match filter.from {
        None => Some(0),
        Some(from) => number_at(from)?,
    };
    let mut high = before.map_or(i64::MAX, |number| number as i64 - 1);
    if let Some(end) = filter.before.map(number_at).transpose()?.flatten() {
        high = high.min(end - 1);
    }
    Ok(low.map(|low| (low, high)))
}

/// The numbers of the lines that concern a report of a city.
fn numbers_of_report(
    db: &Connection,
    (city, jurisdiction): (i64, &JurisdictionId),
    id: &ReportId,
) -> rusqlite::Result<BTreeSet<i64>> {
    let mut revisions = db.prepare_cached(
        "SELECT created_revision FROM report WHERE jurisdiction = ?1 AND service_request_id = ?2
         UNION SELECT revision FROM report_change
         WHERE jurisdiction_id = ?3 AND service_request_id = ?2
         UNION SELECT revision FROM report_update
         WHERE jurisdiction_id = ?3 AND service_request_id = ?2
         UNION SELECT change_id FROM incident_change
         WHERE jurisdiction_id = ?3 AND incident_id = ?2",
    )?;
    let key = params![city, id.as_str(), jurisdiction.as_str()];
    let revisions = revisions.query_map(key, |row| row.get(0))?;
    let revisions: Vec<i64> = revisions.collect::<rusqlite::Result<_>>()?;
    let mut numbers = BTreeSet::new();
    for revision in revisions {
        let Some(number) = first_with(db, Some(city), "revision", revision)? else { continue };
        let first: Option<i64> = db
            .prepare_cached("SELECT first_revision FROM audit WHERE number = ?")?
            .query_row([number], |row| row.get(0))?;
        if first.is_some_and(|first| first <= revision) {
            numbers.insert(number);
        }
    }
    let mut reads = db.prepare_cached(
        "SELECT number FROM audit
         WHERE subject_id = ?1 AND first_revision IS NULL AND subject = 'report' AND +city = ?2",
    )?;
    for number in reads.query_map(params![id.as_str(), city], |row| row.get(0))? {
        numbers.insert(number?);
    }
    Ok(numbers)
}

/// Lines of a filter without its report, newest first, of one city, of the whole service, or of
/// all. One of the indexes is used; the plus signs keep the others from being chosen.
fn select(
    db: &Connection,
    filter: &AuditFilter,
    (city, (low, high)): (Option<Option<i64>>, (i64, i64)),
    limit: usize,
) -> Result<Vec<FoundLine>> {
    let named = filter.actor.as_deref().filter(|actor| *actor != ACTOR_PUBLIC);
    let mut sql = format!("SELECT {COLUMNS} FROM audit WHERE number BETWEEN ? AND ?");
    let mut values = vec![Value::Integer(low), Value::Integer(high)];
    if let Some(actor) = &filter.actor {
        sql += if named.is_some() {
            " AND actor = ? AND actor <> 'public'"
        } else {
            " AND +actor = ?"
        };
        values.push(Value::Text(actor.clone()));
    }
    if let Some(operation) = &filter.operation {
        sql += " AND operation = ?";
        values.push(Value::Text(operation.clone()));
    }
    if let Some(city) = city {
        sql += if named.is_none() { " AND city IS ?" } else { " AND +city IS ?" };
        values.push(city.map_or(Value::Null, Value::Integer));
    }
    sql += " ORDER BY number DESC LIMIT ?";
    values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        lines.push(read(row)?);
    }
    Ok(lines)
}

/// A line without the fields of histories, and the number of its city.
type FoundLine = (AuditLine, Option<i64>);

fn read(row: &Row<'_>) -> Result<FoundLine> {
    let number: i64 = row.get(0)?;
    let corrupt = || Error::internal(format!("corrupt line {number} of the audit"));
    let (role, subject): (Option<String>, String) = (row.get(3)?, row.get(7)?);
    let role = role.map(|word| Role::parse(&word).ok_or_else(corrupt)).transpose()?;
    let revisions: [Option<i64>; 2] = [row.get(9)?, row.get(10)?];
    let line = AuditLine {
        number: number as u64,
        at: Timestamp::from_millisecond(row.get(1)?).map_err(Error::internal)?,
        actor: row.get(2)?,
        role,
        address: row.get(4)?,
        operation: row.get(5)?,
        jurisdiction: row.get(6)?,
        subject: AuditSubject::parse(&subject).ok_or_else(corrupt)?,
        subject_id: row.get(8)?,
        revisions: revisions[0].zip(revisions[1]).map(|(a, b)| (a as u64, b as u64)),
        fields: Vec::new(),
    };
    Ok((line, row.get(11)?))
}

/// The fields of lines, from the histories of reports where they are not in the audit itself.
struct FieldSource<'a> {
    db: &'a Connection,
    /// The report that is asked for.
    report: Option<&'a ReportId>,
    /// The present numbers of cities: one that was removed and added again has another.
    cities: HashMap<String, Option<i64>>,
}

impl FieldSource<'_> {
    fn add_to(&mut self, (line, city): &mut FoundLine) -> Result<()> {
        let fields = "SELECT NULL, field, before, after FROM audit_field WHERE number = ?";
        line.fields = self.list(fields, params![line.number as i64])?;
        let (Some(id), Some((first, last))) = (&line.jurisdiction, line.revisions) else {
            return Ok(());
        };
        if !line.fields.is_empty() || self.number(id)? != *city {
            return Ok(());
        }
        let (first, last) = (first as i64, last as i64);
        let asked = self.report.map(ReportId::as_str);
        line.fields = match (line.subject, asked.or(line.subject_id.as_deref())) {
            (AuditSubject::Incident, _) => self.list(
                "SELECT service_request_id, 'parent_service_request_id', before, after
                 FROM incident_member WHERE jurisdiction_id = ? AND change_id = ?",
                params![id, first],
            )?,
            (_, Some(report)) => self.list(
                "SELECT NULL, field, before, after FROM report_change
                 WHERE jurisdiction_id = ?1 AND service_request_id = ?2
                    AND revision BETWEEN ?3 AND ?4
                 UNION ALL SELECT NULL, 'update', NULL, description FROM report_update
                 WHERE jurisdiction_id = ?1 AND revision BETWEEN ?3 AND ?4
                    AND service_request_id = ?2",
                params![id, report, first, last],
            )?,
            (_, None) => Vec::new(),
        };
        Ok(())
    }

    fn list(&self, sql: &str, values: impl rusqlite::Params) -> Result<Vec<AuditField>> {
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map(values, |row| {
            let (report, field) = (row.get(0)?, row.get(1)?);
            Ok(AuditField { report, field, before: row.get(2)?, after: row.get(3)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn number(&mut self, id: &str) -> Result<Option<i64>> {
        if let Some(known) = self.cities.get(id) {
            return Ok(*known);
        }
        let number = city_number(self.db, id)?;
        self.cities.insert(id.to_owned(), number);
        Ok(number)
    }
}

fn city_number(db: &Connection, id: &str) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT number FROM jurisdiction WHERE jurisdiction_id = ?";
    db.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
}

impl Reader {
    /// The first `limit` lines of the audit that pass a filter, newest first; with `before`, those
    /// whose number is less. Values of reports are read from their histories.
    ///
    /// # Errors
    /// Not found: the city. The file cannot be read or is corrupt.
    pub fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditLine>> {
        self.with(|db| {
            let city = match &filter.jurisdiction {
                None => None,
                Some(id) => {
                    let number = city_number(db, id.as_str())?;
                    let number = number.ok_or_else(|| Error::not_found(id.as_str()))?;
                    Some((number, id))
                }
            };
            let Some(bounds) = bounds(db, filter, before)? else { return Ok(Vec::new()) };
            let mut found = match (&filter.report, city) {
                (Some(report), Some(city)) => lines_of_report(db, filter, (city, bounds), report)?,
                (_, None) => select(db, filter, (None, bounds), limit)?,
                (None, Some((number, _))) => {
                    let mut own = select(db, filter, (Some(Some(number)), bounds), limit)?;
                    if filter.with_service {
                        own.extend(select(db, filter, (Some(None), bounds), limit)?);
                    }
                    own
                }
            };
            found.sort_by_key(|(line, _)| std::cmp::Reverse(line.number));
            found.truncate(limit);
            let report = filter.report.as_ref();
            let mut source = FieldSource { db, report, cities: HashMap::new() };
            for line in &mut found {
                source.add_to(line)?;
            }
            Ok(found.into_iter().map(|(line, _)| line).collect())
        })
    }
}

/// The lines of a filter that concern its report.
fn lines_of_report(
    db: &Connection,
    filter: &AuditFilter,
    (city, (low, high)): ((i64, &JurisdictionId), (i64, i64)),
    report: &ReportId,
) -> Result<Vec<FoundLine>> {
    let mut lines = Vec::new();
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE number = ?");
    for number in numbers_of_report(db, city, report)?.range(low..=high.max(low)) {
        let mut statement = db.prepare_cached(&sql)?;
        let mut rows = statement.query([number])?;
        let Some(row) = rows.next()? else { continue };
        let line = read(row)?;
        let is = |wanted: &Option<String>, has: &str| wanted.as_ref().is_none_or(|one| one == has);
        if *number <= high
            && is(&filter.actor, &line.0.actor)
            && is(&filter.operation, &line.0.operation)
        {
            lines.push(line);
        }
    }
    Ok(lines)
}

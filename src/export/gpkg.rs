//! A snapshot of a city as a GeoPackage 1.3 (OGC 12-128r17): a SQLite file that QGIS opens, with
//! the R-tree of annex F.3, by which its readers find the reports of a box.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use crate::domain::fields::{FieldValue, GEOPACKAGE, Kind};
use crate::domain::{Field, ReportLabels, ReportTime, StoredReport, format_utc};
use crate::error::{Error, Result};
use crate::export::times::{DAY_COLUMNS, instants, is_instant};
use crate::place::Position;

/// Reports in a transaction.
const BATCH: usize = 50_000;
/// "GPKG", and version 1.3.
const APPLICATION_ID: i64 = 0x4750_4b47;
const VERSION: i64 = 10_300;

const TABLES: &str = r#"
CREATE TABLE gpkg_spatial_ref_sys (
    srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES
    ('Undefined Cartesian', -1, 'NONE', -1, 'undefined', NULL),
    ('Undefined geographic', 0, 'NONE', 0, 'undefined', NULL),
    ('WGS 84', 4326, 'EPSG', 4326,
     'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],' ||
     'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]',
     'longitude, latitude');
CREATE TABLE gpkg_contents (
    table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
    description TEXT DEFAULT '',
    last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
    srs_id INTEGER REFERENCES gpkg_spatial_ref_sys);
CREATE TABLE gpkg_geometry_columns (
    table_name TEXT NOT NULL UNIQUE REFERENCES gpkg_contents, column_name TEXT NOT NULL,
    geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL REFERENCES gpkg_spatial_ref_sys,
    z TINYINT NOT NULL, m TINYINT NOT NULL, PRIMARY KEY (table_name, column_name));
CREATE TABLE gpkg_extensions (
    table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
    scope TEXT NOT NULL, UNIQUE (table_name, column_name, extension_name));
"#;

/// The rows that describe the table of reports, once it exists.
const REGISTER: &str = r#"
INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id)
    VALUES ('reports', 'features', 'reports', 4326);
INSERT INTO gpkg_geometry_columns VALUES ('reports', 'geom', 'POINT', 4326, 0, 0);
CREATE VIRTUAL TABLE rtree_reports_geom USING rtree(id, minx, maxx, miny, maxy);
INSERT INTO gpkg_extensions VALUES
    ('reports', 'geom', 'gpkg_rtree_index',
     'http://www.geopackage.org/spec130/#extension_rtree', 'write-only');
"#;

/// The triggers by which programs that change the file keep its R-tree right. They come last: their
/// functions `ST_…` are those of the programs, and writing here needs none.
fn triggers() -> String {
    const IS_PLACED: &str = "(NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))";
    const IS_UNPLACED: &str = "(NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))";
    const PUT: &str = "INSERT OR REPLACE INTO rtree_reports_geom VALUES (NEW.fid,
         ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));";
    const TAKE: &str = "DELETE FROM rtree_reports_geom WHERE id = OLD.fid;";
    const TAKE_BOTH: &str = "DELETE FROM rtree_reports_geom WHERE id IN (OLD.fid, NEW.fid);";
    let same = |test: &str| format!("OLD.fid = NEW.fid AND {test}");
    let other = |test: &str| format!("OLD.fid <> NEW.fid AND {test}");
    let all = [
        ("insert", "INSERT", IS_PLACED.to_owned(), PUT.to_owned()),
        ("update1", "UPDATE OF geom", same(IS_PLACED), PUT.to_owned()),
        ("update2", "UPDATE OF geom", same(IS_UNPLACED), TAKE.to_owned()),
        ("update3", "UPDATE", other(IS_PLACED), format!("{TAKE} {PUT}")),
        ("update4", "UPDATE", other(IS_UNPLACED), TAKE_BOTH.to_owned()),
        ("delete", "DELETE", "OLD.geom NOTNULL".to_owned(), TAKE.to_owned()),
    ];
    let trigger = |(name, event, test, action): &(&str, &str, String, String)| {
        format!(
            "CREATE TRIGGER rtree_reports_geom_{name} AFTER {event} ON reports WHEN {test}
             BEGIN {action} END;"
        )
    };
    all.iter().map(trigger).collect()
}

/// A GeoPackage being written.
pub struct GeoPackage {
    db: Connection,
    insert: String,
    rows: usize,
    edges: Option<[f64; 4]>,
}

/// The definition of a field's column.
fn column(field: &Field) -> String {
    let kind = match field.kind {
        _ if is_instant(field) => "DATETIME",
        Kind::Count => "INTEGER",
        _ => "TEXT",
    };
    // In quotes, because `GROUP` is a keyword of SQL.
    format!("\"{}\" {kind}", field.name)
}

/// An instant as GeoPackage writes a DATETIME: with thousandths of a second, in UTC.
fn datetime(when: ReportTime) -> String {
    let text = format_utc(when.second()).map(|text| String::from_utf8_lossy(&text).into_owned());
    text.map_or_else(|| when.as_instant().to_string(), |text| text.replace('Z', ".000Z"))
}

impl GeoPackage {
    /// Begins a new file.
    ///
    /// # Errors
    /// There is a file already; it cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        if path.exists() {
            let message = crate::message!("existe déjà", "already exists");
            return Err(crate::error::Refusal::new("--output", path.display(), message).into());
        }
        let db = Connection::open(path).map_err(|error| {
            let message =
                crate::message!("ne peut pas être écrit : {error}", "cannot be written: {error}");
            crate::error::Refusal::new("--output", path.display(), message)
        })?;
        let made = || -> rusqlite::Result<String> {
            // Nothing is lost where a snapshot is cut short: it is made anew.
            db.pragma_update(None, "journal_mode", "OFF")?;
            db.pragma_update(None, "synchronous", "OFF")?;
            db.pragma_update(None, "application_id", APPLICATION_ID)?;
            db.pragma_update(None, "user_version", VERSION)?;
            db.execute_batch(TABLES)?;
            let days = DAY_COLUMNS.map(|name| format!("{name} DATE"));
            let all: Vec<String> =
                GEOPACKAGE.iter().map(|field| column(field)).chain(days).collect();
            db.execute_batch(&format!(
                "CREATE TABLE reports (fid INTEGER PRIMARY KEY, geom POINT, {})",
                all.join(", ")
            ))?;
            db.execute_batch(REGISTER)?;
            db.execute_batch("BEGIN")?;
            let marks = vec!["?"; all.len() + 2].join(", ");
            Ok(format!("INSERT INTO reports VALUES ({marks})"))
        };
        let insert = made().map_err(Error::internal)?;
        Ok(Self { db, insert, rows: 0, edges: None })
    }

    /// Writes one report.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, stored: &StoredReport, labels: &ReportLabels<'_>) -> Result<()> {
        self.rows += 1;
        let text = |text: Option<String>| text.map_or(Value::Null, Value::from);
        let mut times = instants(stored).into_iter();
        let cells = GEOPACKAGE.iter().map(|field| match is_instant(field) {
            true => text(times.next().flatten().map(datetime)),
            false => match field.shown(stored, labels) {
                Some(FieldValue::Count(count)) => Value::from(count as i64),
                value => text(value.map(|value| value.into_text().into_owned())),
            },
        });
        let position = stored.report.position;
        let row =
            [Value::from(self.rows as i64), position.map_or(Value::Null, |at| blob(at).into())];
        let days = instants(stored).map(|when| {
            let day = when.and_then(|when| when.day_only());
            text(day.map(|day| day.to_string()))
        });
        let values = row.into_iter().chain(cells).chain(days);
        let mut insert = self.db.prepare_cached(&self.insert).map_err(Error::internal)?;
        insert.execute(params_from_iter(values)).map_err(Error::internal)?;
        drop(insert);
        if let Some(at) = position {
            self.place(at)?;
        }
        if self.rows.is_multiple_of(BATCH) {
            self.db.execute_batch("COMMIT; BEGIN").map_err(Error::internal)?;
        }
        Ok(())
    }

    /// Adds the position of the last row to the R-tree and to the extent of the table.
    fn place(&mut self, at: Position) -> Result<()> {
        let (x, y) = (at.lon(), at.lat());
        let [w, s, e, n] = self.edges.unwrap_or([x, y, x, y]);
        self.edges = Some([w.min(x), s.min(y), e.max(x), n.max(y)]);
        let sql = "INSERT INTO rtree_reports_geom VALUES (?, ?, ?, ?, ?)";
        let mut insert = self.db.prepare_cached(sql).map_err(Error::internal)?;
        insert.execute(params![self.rows as i64, x, x, y, y]).map_err(Error::internal)?;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> Result<()> {
        let [w, s, e, n] = self.edges.map_or([None; 4], |edges| edges.map(Some));
        self.db
            .execute(
                "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?",
                params![w, s, e, n],
            )
            .and_then(|_| self.db.execute_batch(&format!("{} COMMIT", triggers())))
            .map_err(Error::internal)?;
        self.db.close().map_err(|(_, error)| Error::internal(error))
    }
}

/// A point in GeoPackage's binary: "GP", version, flags (little-endian, an envelope of two
/// dimensions), the reference system, the envelope, then WKB.
fn blob(at: Position) -> Vec<u8> {
    let (x, y) = (at.lon().to_le_bytes(), at.lat().to_le_bytes());
    let mut bytes = Vec::with_capacity(61);
    bytes.extend_from_slice(b"GP\0\x03");
    bytes.extend_from_slice(&4326i32.to_le_bytes());
    [x, x, y, y].iter().for_each(|edge| bytes.extend_from_slice(edge));
    bytes.extend_from_slice(&[1, 1, 0, 0, 0]);
    [x, y].iter().for_each(|coordinate| bytes.extend_from_slice(coordinate));
    bytes
}

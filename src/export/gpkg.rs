//! A snapshot of a city as a GeoPackage 1.3 (OGC 12-128r17): a SQLite file that QGIS opens.

use std::path::Path;

use rusqlite::{Connection, params, params_from_iter};

use crate::domain::fields::{FieldValue, GEOPACKAGE, Kind};
use crate::domain::{Field, ReportLabels, StoredReport};
use crate::error::{Error, Result};
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
    description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE,
    max_x DOUBLE, max_y DOUBLE, srs_id INTEGER REFERENCES gpkg_spatial_ref_sys);
CREATE TABLE gpkg_geometry_columns (
    table_name TEXT NOT NULL UNIQUE REFERENCES gpkg_contents, column_name TEXT NOT NULL,
    geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL REFERENCES gpkg_spatial_ref_sys,
    z TINYINT NOT NULL, m TINYINT NOT NULL, PRIMARY KEY (table_name, column_name));
"#;

/// A GeoPackage being written.
pub struct GeoPackage {
    db: Connection,
    insert: String,
    rows: usize,
    edges: Option<[f64; 4]>,
}

/// The definition of a field's column.
fn column(field: &Field) -> String {
    // `GROUP` is a keyword of SQL.
    let name = if field.name == "group" { "group_code" } else { field.name };
    let kind = if field.kind == Kind::Time { "DATETIME" } else { "TEXT" };
    format!("{name} {kind}")
}

impl GeoPackage {
    /// Begins a new file.
    ///
    /// # Errors
    /// There is a file already; it cannot be written.
    pub fn create(path: &Path, now: &str) -> Result<Self> {
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
            let all: Vec<String> = GEOPACKAGE.iter().map(|field| column(field)).collect();
            db.execute_batch(&format!(
                "CREATE TABLE reports (fid INTEGER PRIMARY KEY, geom POINT, {})",
                all.join(", ")
            ))?;
            db.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change, srs_id)
                 VALUES ('reports', 'features', 'reports', ?, 4326)",
                [now],
            )?;
            db.execute_batch(
                "INSERT INTO gpkg_geometry_columns VALUES ('reports', 'geom', 'POINT', 4326, 0, 0);
                 BEGIN",
            )?;
            let marks = vec!["?"; all.len() + 1].join(", ");
            Ok(format!("INSERT INTO reports VALUES (NULL, {marks})"))
        };
        let insert = made().map_err(Error::internal)?;
        Ok(Self { db, insert, rows: 0, edges: None })
    }

    /// Writes one report.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, stored: &StoredReport, labels: &ReportLabels<'_>) -> Result<()> {
        let values = GEOPACKAGE.iter().map(|field| field.shown(stored, labels));
        let cell = |value: Option<FieldValue<'_>>| match value {
            None => rusqlite::types::Value::Null,
            Some(value) => value.into_text().into_owned().into(),
        };
        let geometry = match stored.report.position {
            None => rusqlite::types::Value::Null,
            Some(at) => self.blob(at).into(),
        };
        let values = std::iter::once(geometry).chain(values.map(cell));
        let mut insert = self.db.prepare_cached(&self.insert).map_err(Error::internal)?;
        insert.execute(params_from_iter(values)).map_err(Error::internal)?;
        drop(insert);
        self.rows += 1;
        if self.rows.is_multiple_of(BATCH) {
            self.db.execute_batch("COMMIT; BEGIN").map_err(Error::internal)?;
        }
        Ok(())
    }

    /// A point in GeoPackage's binary: "GP", version, flags, the reference system, then WKB.
    fn blob(&mut self, at: Position) -> Vec<u8> {
        let (x, y) = (at.lon(), at.lat());
        let [w, s, e, n] = self.edges.unwrap_or([x, y, x, y]);
        self.edges = Some([w.min(x), s.min(y), e.max(x), n.max(y)]);
        let mut bytes = Vec::with_capacity(29);
        bytes.extend_from_slice(b"GP\0\x01");
        bytes.extend_from_slice(&4326i32.to_le_bytes());
        bytes.extend_from_slice(&[1, 1, 0, 0, 0]);
        bytes.extend_from_slice(&x.to_le_bytes());
        bytes.extend_from_slice(&y.to_le_bytes());
        bytes
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
            .and_then(|_| self.db.execute_batch("COMMIT"))
            .map_err(Error::internal)?;
        self.db.close().map_err(|(_, error)| Error::internal(error))
    }
}

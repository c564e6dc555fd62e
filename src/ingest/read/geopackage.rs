//! A layer of a GeoPackage, row by row. The file comes from strangers: it is opened read-only and
//! as one that nobody changes, its views and triggers do not run, and its values have a limit.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Statement};

use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::read::ROW_BYTES_MAX;
use crate::ingest::read::ahead::{AheadRow, RowSender, RowsAhead};
use crate::ingest::read::geometry::{GeometryCrs, geopackage_point, hexadecimal};
use crate::ingest::read::row::{Row, RowReader, SourceColumns};
use crate::message;

/// The first bytes of every SQLite file.
pub const SIGNATURE: &[u8] = b"SQLite format 3\0";
/// Length of the header of an SQLite file.
const HEADER_BYTES: usize = 100;
/// Binary values up to this length may be geometries; longer ones are left out.
const BLOB_MAX: usize = 64;

/// A layer, and the others of its file.
#[derive(Debug, Clone)]
pub struct GpkgLayer {
    /// Name of its table.
    pub table: String,
    /// Names of the other layers.
    pub others: Vec<String>,
    /// Its column of geometries and their reference system, where it has them.
    geometry: Option<(String, i64)>,
    /// What its geometries are declared as, in capitals.
    kind: String,
}

fn damaged(error: rusqlite::Error) -> Message {
    message!(
        "est un GeoPackage illisible : {error}",
        "is a GeoPackage that cannot be read: {error}"
    )
}

/// Refuses a file that has fewer bytes than the pages that its header counts: SQLite reads the
/// missing ones as empty.
fn check_whole(path: &Path) -> Result<(), Message> {
    let unreadable = crate::ingest::read::unreadable;
    let mut header = Vec::with_capacity(HEADER_BYTES);
    let mut file = File::open(path).map_err(unreadable)?;
    let has = file.metadata().map_err(unreadable)?.len();
    file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut header).map_err(unreadable)?;
    let number = |at: usize| {
        let four = header.get(at..at + 4)?;
        Some(u32::from_be_bytes(four.try_into().ok()?))
    };
    let size =
        header.get(16..18).map(|two| two.iter().fold(0, |size, byte| size << 8 | u64::from(*byte)));
    let page = size.map(|size| if size == 1 { 1 << 16 } else { size });
    // The count is that of the last change where both counters of changes agree.
    let is_valid = number(24) == number(92);
    let wants = number(28).zip(page).map(|(pages, page)| u64::from(pages) * page);
    match wants.filter(|wants| is_valid && *wants > has) {
        None => Ok(()),
        Some(wants) => Err(message!(
            "est un GeoPackage illisible : il est coupé, {has} octets sur {wants}",
            "is a GeoPackage that cannot be read: it was cut, {has} of {wants} bytes"
        )),
    }
}

fn connect(path: &Path) -> Result<Connection, Message> {
    check_whole(path)?;
    let absolute = std::path::absolute(path).map_err(crate::ingest::read::unreadable)?;
    let mut uri = String::from("file:");
    for byte in absolute.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'_' | b'-' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri += &format!("%{byte:02X}"),
        }
    }
    let mut journal = absolute.into_os_string();
    journal.push("-wal");
    if std::fs::metadata(&journal).is_ok_and(|file| file.len() > 0) {
        return Err(message!(
            "est ouvert dans un autre programme, qui garde des changements à part : fermez-le",
            "is open in another program, which keeps changes apart: close it"
        ));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let limited = || -> rusqlite::Result<Connection> {
        let db = Connection::open_with_flags(format!("{uri}?mode=ro&immutable=1"), flags)?;
        db.set_limit(Limit::SQLITE_LIMIT_LENGTH, ROW_BYTES_MAX as i32)?;
        for (setting, value) in [
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        ] {
            db.set_db_config(setting, value)?;
        }
        db.pragma_update(None, "cell_size_check", true)?;
        db.pragma_update(None, "mmap_size", 0)?;
        Ok(db)
    };
    limited().map_err(damaged)
}

/// Every layer of the file, in its order.
fn layers(db: &Connection) -> Result<Vec<GpkgLayer>, Message> {
    let has_contents = db.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE name = 'gpkg_contents' AND type = 'table'",
        [],
        |row| row.get::<_, i64>(0),
    );
    if has_contents.map_err(damaged)? == 0 {
        return Err(message!(
            "est une base SQLite, pas un GeoPackage",
            "is a SQLite database, not a GeoPackage"
        ));
    }
    let found = || -> rusqlite::Result<Vec<GpkgLayer>> {
        // Virtual tables run code of extensions; views are not enabled.
        let mut layers = db.prepare(
            "SELECT s.name, g.column_name, g.srs_id, upper(g.geometry_type_name)
             FROM gpkg_contents c
             JOIN sqlite_schema s ON lower(s.name) = lower(c.table_name)
                 AND s.type = 'table' AND s.sql NOT LIKE 'CREATE VIRTUAL%'
             LEFT JOIN gpkg_geometry_columns g ON lower(g.table_name) = lower(c.table_name)
             WHERE c.data_type IN ('features', 'attributes') ORDER BY c.rowid",
        )?;
        let layers = layers.query_map([], |row| {
            let column: Option<String> = row.get(1)?;
            let srs: Option<i64> = row.get(2)?;
            Ok(GpkgLayer {
                table: row.get(0)?,
                others: Vec::new(),
                geometry: column.zip(srs),
                kind: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
            })
        })?;
        layers.collect()
    };
    found().map_err(damaged)
}

impl GpkgLayer {
    fn may_be_points(&self) -> bool {
        ["POINT", "MULTIPOINT", "GEOMETRY", "GEOMETRYCOLLECTION"].contains(&self.kind.as_str())
    }

    fn select(&self) -> String {
        format!("SELECT * FROM \"{}\"", self.table.replace('"', "\"\""))
    }

    fn is_filled(&self, db: &Connection) -> bool {
        db.prepare(&self.select()).and_then(|mut rows| rows.exists([])).unwrap_or_default()
    }

    /// The layer to read: the one named, else the only filled one of points, else the only filled
    /// table without geometries.
    ///
    /// # Errors
    /// There is no such layer, or several; the file cannot be read.
    pub fn choose(path: &Path, named: Option<&str>) -> Result<Self, Message> {
        let db = connect(path)?;
        let all = layers(&db)?;
        let shown = |layers: &[&Self]| {
            let names: Vec<&str> = layers.iter().map(|layer| layer.table.as_str()).collect();
            names.join(", ")
        };
        let every: Vec<&Self> = all.iter().collect();
        let mut candidates: Vec<&Self> = match named {
            Some(named) => {
                let is_named = |layer: &&Self| layer.table.eq_ignore_ascii_case(named);
                let found = every.iter().copied().filter(is_named).collect::<Vec<_>>();
                if found.is_empty() {
                    let names = shown(&every);
                    return Err(message!(
                        "n’a pas de couche « {named} » ; il y a {names}",
                        "has no layer '{named}'; there is {names}"
                    ));
                }
                found
            }
            None => every.iter().copied().filter(|layer| layer.may_be_points()).collect(),
        };
        if candidates.is_empty() {
            let plain = every.iter().copied().filter(|layer| layer.geometry.is_none());
            candidates = plain.collect();
        }
        let filled: Vec<&Self> =
            candidates.iter().copied().filter(|layer| layer.is_filled(&db)).collect();
        let chosen = match (filled.as_slice(), candidates.first()) {
            ([only], _) => *only,
            ([], Some(first)) => *first,
            ([], None) => {
                let names = match every.is_empty() {
                    true => String::new(),
                    false => format!(" ({})", with_kinds(&every)),
                };
                return Err(message!(
                    "n’a aucune couche de points{names} ; pointchaud classe des points, et ne lit \
                     ni vues ni tables virtuelles",
                    "has no layer of points{names}; pointchaud files points, and reads neither \
                     views nor virtual tables"
                ));
            }
            (several, _) => {
                let names = shown(several);
                return Err(message!(
                    "a plusieurs couches ({names}) : nommez-en une par --layer",
                    "has several layers ({names}): name one with --layer"
                ));
            }
        };
        let others = all.iter().filter(|layer| layer.table != chosen.table);
        Ok(Self { others: others.map(|layer| layer.table.clone()).collect(), ..chosen.clone() })
    }

    /// The reference system of the geometries, by the file's own register.
    fn crs(&self, db: &Connection) -> Result<Option<GeometryCrs>, Message> {
        let Some((_, srs_id)) = &self.geometry else { return Ok(None) };
        if *srs_id <= 0 {
            // Undefined: geographic (0) or Cartesian (-1).
            let unknown = if *srs_id == 0 { GeometryCrs::Degrees } else { GeometryCrs::Unknown };
            return Ok(Some(unknown));
        }
        let registered = db.query_row(
            "SELECT upper(organization), organization_coordsys_id FROM gpkg_spatial_ref_sys
             WHERE srs_id = ?",
            [srs_id],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)),
        );
        match registered {
            Ok((organization, code)) if organization == "EPSG" => GeometryCrs::epsg(code).map(Some),
            Ok((organization, code)) => Err(message!(
                "a des coordonnées dans un système inconnu : {organization}:{code}",
                "has coordinates in a system that is not known: {organization}:{code}"
            )),
            Err(_) => GeometryCrs::epsg(*srs_id).map(Some),
        }
    }
}

/// Names of layers, each with what its geometries are: `parcels: polygon`.
fn with_kinds(layers: &[&GpkgLayer]) -> String {
    let one = |layer: &&GpkgLayer| match layer.kind.as_str() {
        "" => layer.table.clone(),
        kind => format!("{}: {}", layer.table, kind.to_lowercase()),
    };
    layers.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The names of a table's columns, as `SELECT *` lists them. Read as values, because the list of a
/// prepared statement panics where a name is not UTF-8.
fn column_names(db: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut names = db.prepare("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden <> 1")?;
    names.query_map([table], |row| row.get(0))?.collect()
}

/// What becomes of the columns of a layer.
struct LayerPlan {
    columns: SourceColumns,
    /// Position of the geometry among the columns of the table, its system, and its two cells.
    geometry: Option<(usize, GeometryCrs, [usize; 2])>,
    /// For each column of the table its number; `None` for the geometry.
    numbers: Vec<Option<usize>>,
}

impl LayerPlan {
    fn of(db: &Connection, layer: &GpkgLayer, statement: &Statement<'_>) -> Result<Self, Message> {
        let names = column_names(db, &layer.table).map_err(damaged)?;
        if names.len() != statement.column_count() {
            return Err(message!("est endommagé", "is damaged"));
        }
        let column = layer.geometry.as_ref().map(|(column, _)| column.as_str());
        let is_geometry =
            |name: &str| column.is_some_and(|column| column.eq_ignore_ascii_case(name));
        let mut columns = SourceColumns::default();
        let number = |name: &String| match is_geometry(name) {
            true => None,
            false => columns.number_of(name, false),
        };
        let numbers = names.iter().map(number).collect();
        let at = names.iter().position(|name| is_geometry(name));
        let crs = layer.crs(db)?;
        let geometry = at.zip(crs).and_then(|(at, crs)| {
            let [x, y] = crs.columns();
            let cells = [columns.number_of(x, false)?, columns.number_of(y, false)?];
            if crs.is_known() {
                columns.number_of("*geometry", true)?;
            }
            Some((at, crs, cells))
        });
        Ok(Self { columns, geometry, numbers })
    }

    fn row(&self, number: u64, row: &rusqlite::Row<'_>) -> rusqlite::Result<AheadRow> {
        let mut cells = vec![None; self.columns.len()];
        let mut refusal = None;
        for (at, column) in self.numbers.iter().enumerate() {
            let Some(column) = column else { continue };
            let Some(cell) = cells.get_mut(*column) else { continue };
            *cell = match row.get_ref(at)? {
                ValueRef::Null => None,
                ValueRef::Integer(number) => Some(number.to_string()),
                ValueRef::Real(number) => Some(number.to_string()),
                ValueRef::Text(text) => Some(match std::str::from_utf8(text) {
                    Ok(text) => text.to_owned(),
                    Err(_) => {
                        let text = String::from_utf8_lossy(text).into_owned();
                        let name = self.columns.names().get(*column).map_or("?", String::as_str);
                        let message = message!("n’est pas de l’UTF-8", "is not UTF-8");
                        refusal.get_or_insert_with(|| Refusal::new(name, &text, message));
                        text
                    }
                }),
                ValueRef::Blob(bytes) => (bytes.len() <= BLOB_MAX).then(|| hexadecimal(bytes)),
            };
        }
        if let Some((at, crs, place)) = &self.geometry {
            let point = match row.get_ref(*at)? {
                ValueRef::Blob(blob) => geopackage_point(blob),
                _ => Ok(None),
            };
            match point.and_then(|point| point.map(|point| crs.cells(point)).transpose()) {
                Ok(None) => {}
                Ok(Some(texts)) => {
                    for (column, text) in place.iter().zip(texts) {
                        if let Some(cell) = cells.get_mut(*column) {
                            *cell = Some(text);
                        }
                    }
                }
                Err(wrong) => {
                    refusal.get_or_insert(wrong);
                }
            }
        }
        Ok(AheadRow { number, cells, refusal })
    }
}

/// Reads the rows of a layer.
pub struct LayerReader {
    rows: RowsAhead,
    columns: SourceColumns,
    /// Size of the file in bytes, rows of the layer, rows read.
    size: u64,
    total: u64,
    read: u64,
}

impl LayerReader {
    /// Reads the columns.
    ///
    /// # Errors
    /// The file cannot be read; the reference system is not known.
    pub fn open(path: &Path, layer: &GpkgLayer) -> Result<Self, Message> {
        let db = connect(path)?;
        let statement = db.prepare(&layer.select()).map_err(damaged)?;
        let plan = LayerPlan::of(&db, layer, &statement)?;
        drop(statement);
        let table = layer.table.replace('"', "\"\"");
        // Row numbers are dense: the greatest is about the count, and is found at once.
        let greatest = format!("SELECT max(rowid) FROM \"{table}\"");
        let total = db.query_row(&greatest, [], |row| row.get::<_, Option<i64>>(0));
        let total = total.ok().flatten().unwrap_or_default().max(1).unsigned_abs();
        let size = std::fs::metadata(path).map_or(0, |file| file.len());
        let columns = plan.columns.clone();
        let select = layer.select();
        let rows = RowsAhead::start(move |sender| {
            let mut statement = db.prepare(&select).map_err(damaged)?;
            send_rows(&plan, &mut statement, sender)
        });
        Ok(Self { rows, columns, size, total, read: 0 })
    }
}

fn send_rows(
    plan: &LayerPlan,
    statement: &mut Statement<'_>,
    sender: &RowSender,
) -> Result<(), Message> {
    let mut rows = statement.query([]).map_err(damaged)?;
    let mut number = 0;
    while let Some(row) = rows.next().map_err(damaged)? {
        number += 1;
        if !sender.send(plan.row(number, row).map_err(damaged)?) {
            break;
        }
    }
    Ok(())
}

impl RowReader for LayerReader {
    fn columns(&self) -> &SourceColumns {
        &self.columns
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, Message> {
        row.clear();
        let Some(read) = self.rows.next()? else { return Ok(false) };
        self.read += 1;
        read.fill(row);
        Ok(true)
    }

    fn bytes_read(&self) -> u64 {
        let share = u128::from(self.size) * u128::from(self.read.min(self.total));
        u64::try_from(share / u128::from(self.total)).unwrap_or(self.size)
    }
}

//! GeoParquet (and plain Parquet), row by row: columns of texts, numbers, times and points. Columns
//! of lists are left out, with a note.

use std::fs::File;
use std::path::Path;

use parquet::basic::{Compression, LogicalType, Type as PhysicalType};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::SchemaDescriptor;
use serde_json::Value;

use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::read::ROW_BYTES_MAX;
use crate::ingest::read::ahead::{AheadRow, RowSender, RowsAhead};
use crate::ingest::read::geometry::{GeometryCrs, wkb_point};
use crate::ingest::read::json::too_long;
use crate::ingest::read::parquet_column::{Batch, LeafKind};
use crate::ingest::read::row::{COLUMNS_MAX, Row, RowReader, SourceColumns};
use crate::message;

/// The first and the last bytes of a Parquet file.
pub const SIGNATURE: &[u8] = b"PAR1";
/// Rows that are decoded at once.
const BATCH_ROWS: usize = 256;
/// A column of a row group may unpack to this many times its packed size. Text packs to a tenth.
const RATIO_MAX: i64 = 250;
/// The ratio is not looked at below this size in bytes.
const RATIO_FROM: i64 = 64 << 20;

fn damaged(error: impl std::fmt::Display) -> Message {
    message!(
        "est un fichier Parquet illisible : {error}",
        "is a Parquet file that cannot be read: {error}"
    )
}

/// What a column of the file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Cell(usize),
    Wkb,
    X,
    Y,
    Nothing,
}

/// What becomes of the columns of a file.
struct ParquetPlan {
    columns: SourceColumns,
    leaves: Vec<(Role, LeafKind)>,
    geometry: Option<(GeometryCrs, [usize; 2])>,
    /// Names of columns that hold lists.
    lists: Vec<String>,
}

/// The geometry that the metadata `geo` describe: its column, encoding and reference system.
struct GeoColumn {
    name: String,
    crs: GeometryCrs,
}

impl GeoColumn {
    /// Reads the metadata of GeoParquet, or the type of a column in Parquet itself.
    fn of(schema: &SchemaDescriptor, geo: Option<&str>) -> Result<Option<Self>, Message> {
        let Some(geo) = geo else {
            let mut columns = schema.columns().iter();
            let found = columns.find_map(|column| match column.logical_type_ref()? {
                LogicalType::Geometry(kind) => Some((column.name().to_owned(), kind.crs.clone())),
                _ => None,
            });
            let Some((name, crs)) = found else { return Ok(None) };
            let crs = match crs {
                None => GeometryCrs::Degrees,
                Some(text) => named_crs(&text)?,
            };
            return Ok(Some(Self { name, crs }));
        };
        let geo: Value = serde_json::from_str(geo).map_err(damaged)?;
        let Some(name) = geo.get("primary_column").and_then(Value::as_str) else { return Ok(None) };
        let columns = geo.get("columns").unwrap_or(&Value::Null);
        let column = columns.get(name).unwrap_or(&Value::Null);
        let encoding = column["encoding"].as_str().unwrap_or_default();
        if !["WKB", "point"].contains(&encoding) {
            return Err(message!(
                "a des géométries « {encoding} » ; il faut des points (WKB ou point)",
                "has geometries '{encoding}'; points are wanted (WKB or point)"
            ));
        }
        let crs = match column.get("crs") {
            None => GeometryCrs::Degrees,
            Some(Value::Null) => GeometryCrs::Unknown,
            Some(Value::String(text)) => named_crs(text)?,
            Some(crs) => projjson(crs)?,
        };
        Ok(Some(Self { name: name.to_owned(), crs }))
    }
}

/// A reference system by its name, such as `EPSG:2950`, `OGC:CRS84` or PROJJSON as text.
fn named_crs(text: &str) -> Result<GeometryCrs, Message> {
    if let Ok(crs @ Value::Object(_)) = serde_json::from_str::<Value>(text) {
        return projjson(&crs);
    }
    let (organization, code) = text.rsplit_once(':').unwrap_or(("", text));
    of_authority(organization, code, text)
}

/// A reference system described by PROJJSON, by the code that it names itself by.
fn projjson(crs: &Value) -> Result<GeometryCrs, Message> {
    let id = crs.get("id").unwrap_or(&Value::Null);
    let code = match id.get("code").unwrap_or(&Value::Null) {
        Value::String(code) => code.clone(),
        code => code.to_string(),
    };
    let name = crs["name"].as_str().unwrap_or_default();
    of_authority(id.get("authority").and_then(Value::as_str).unwrap_or_default(), &code, name)
}

fn of_authority(organization: &str, code: &str, name: &str) -> Result<GeometryCrs, Message> {
    if code == "CRS84" || code == "CRS84h" {
        return Ok(GeometryCrs::Degrees);
    }
    let is_epsg = organization.to_ascii_uppercase().contains("EPSG");
    match code.parse::<i64>().ok().filter(|_| is_epsg) {
        Some(code) => GeometryCrs::epsg(code),
        None => Err(message!(
            "a des coordonnées dans un système inconnu : {name}",
            "has coordinates in a system that is not known: {name}"
        )),
    }
}

/// Fails where the rows are packed in a way that is not read.
fn refuse_packing(file: &SerializedFileReader<File>) -> Result<(), Message> {
    let groups = file.metadata().row_groups().iter();
    let mut packings = groups.flat_map(|group| group.columns()).map(|column| column.compression());
    let is_read = |packing: &Compression| {
        let read = [Compression::UNCOMPRESSED, Compression::SNAPPY];
        read.contains(packing) || matches!(packing, Compression::GZIP(_) | Compression::ZSTD(_))
    };
    let Some(packing) = packings.find(|packing| !is_read(packing)) else { return Ok(()) };
    let name = packing.to_string();
    let name = name.split('(').next().unwrap_or_default();
    Err(message!(
        "est un fichier Parquet compressé en {name}, qui n’est pas lu : enregistrez-le avec zstd, \
         snappy ou gzip",
        "is a Parquet file packed with {name}, which is not read: save it with zstd, snappy or gzip"
    ))
}

fn open(path: &Path) -> Result<SerializedFileReader<File>, Message> {
    let file = File::open(path).map_err(crate::ingest::read::unreadable)?;
    SerializedFileReader::new(file).map_err(damaged)
}

impl ParquetPlan {
    fn of(file: &SerializedFileReader<File>) -> Result<Self, Message> {
        let metadata = file.metadata().file_metadata();
        let pairs = metadata.key_value_metadata().map(Vec::as_slice).unwrap_or_default();
        let geo =
            pairs.iter().find(|pair| pair.key == "geo").and_then(|pair| pair.value.as_deref());
        let schema = metadata.schema_descr();
        if schema.num_columns() > COLUMNS_MAX {
            let has = schema.num_columns();
            return Err(message!(
                "a {has} colonnes ; {COLUMNS_MAX} au plus",
                "has {has} columns; {COLUMNS_MAX} at most"
            ));
        }
        let geometry = GeoColumn::of(schema, geo)?;
        let mut plan = Self {
            columns: SourceColumns::default(),
            leaves: vec![],
            geometry: None,
            lists: vec![],
        };
        let mut has_place = false;
        for column in schema.columns() {
            let parts = column.path().parts();
            let name = parts.join(".");
            let last = parts.last().map(String::as_str).unwrap_or_default();
            let is_place =
                geometry.as_ref().is_some_and(|geometry| parts.first() == Some(&geometry.name));
            let role = match (is_place, last) {
                _ if column.max_rep_level() > 0 => {
                    plan.lists.push(name);
                    Role::Nothing
                }
                (true, _) if parts.len() == 1 => Role::Wkb,
                (true, "x") => Role::X,
                (true, "y") => Role::Y,
                (true, _) => Role::Nothing,
                // The box around each geometry, which GeoParquet 1.1 allows.
                (_, "xmin" | "ymin" | "xmax" | "ymax") if parts.len() == 2 => Role::Nothing,
                _ => plan.columns.number_of(&name, false).map_or(Role::Nothing, Role::Cell),
            };
            has_place |= matches!(role, Role::Wkb | Role::X);
            plan.leaves.push((role, LeafKind::of(column)));
        }
        if let Some(GeoColumn { crs, .. }) = geometry.filter(|_| has_place) {
            let [x, y] = crs.columns().map(|name| plan.columns.number_of(name, false));
            if crs.is_known() {
                plan.columns.number_of("*geometry", true);
            }
            plan.geometry = x.zip(y).map(|(x, y)| (crs, [x, y]));
        }
        Ok(plan)
    }

    fn row(&self, number: u64, batches: &mut [Batch]) -> AheadRow {
        let mut cells = vec![None; self.columns.len()];
        let (mut x, mut y, mut wkb, mut bytes) = (None, None, None, 0);
        for ((role, kind), batch) in self.leaves.iter().zip(batches) {
            let Some(value) = batch.next() else { continue };
            bytes += value.size();
            if bytes > ROW_BYTES_MAX {
                continue;
            }
            match role {
                Role::Cell(column) => {
                    if let Some(cell) = cells.get_mut(*column) {
                        *cell = value.text(kind);
                    }
                }
                Role::Wkb => wkb = Some(value),
                Role::X => x = value.number(),
                Role::Y => y = value.number(),
                Role::Nothing => {}
            }
        }
        if bytes > ROW_BYTES_MAX {
            return AheadRow { number, cells: Vec::new(), refusal: Some(too_long()) };
        }
        let point = match wkb {
            Some(value) => value.bytes().map_or(Ok(None), wkb_point),
            None => Ok(x.zip(y).filter(|(x, y)| !(x.is_nan() && y.is_nan()))),
        };
        let mut place = |point| -> Result<(), Refusal> {
            if let (Some(point), Some((crs, columns))) = (point, &self.geometry) {
                for (column, text) in columns.iter().zip(crs.cells(point)?) {
                    if let Some(cell) = cells.get_mut(*column) {
                        *cell = Some(text);
                    }
                }
            }
            Ok(())
        };
        let refusal = point.and_then(&mut place).err();
        AheadRow { number, cells, refusal }
    }
}

/// Sends the rows of every row group.
fn send_rows(
    file: &SerializedFileReader<File>,
    plan: &ParquetPlan,
    sender: &RowSender,
) -> Result<(), Message> {
    let mut number = 0;
    for group in 0..file.num_row_groups() {
        let group = file.get_row_group(group).map_err(damaged)?;
        for column in group.metadata().columns() {
            let (packed, size) = (column.compressed_size(), column.uncompressed_size());
            if size > RATIO_FROM && size / RATIO_MAX > packed {
                return Err(crate::ingest::read::unpack::Bomb::words());
            }
        }
        let mut readers = Vec::with_capacity(plan.leaves.len());
        for (at, (role, _)) in plan.leaves.iter().enumerate() {
            readers.push(match role {
                Role::Nothing => None,
                _ => Some(group.get_column_reader(at).map_err(damaged)?),
            });
        }
        let mut left = usize::try_from(group.metadata().num_rows()).map_err(damaged)?;
        while left > 0 {
            let rows = left.min(BATCH_ROWS);
            let mut batches = Vec::with_capacity(readers.len());
            for (reader, (_, kind)) in readers.iter_mut().zip(&plan.leaves) {
                batches.push(match reader {
                    None => Batch::default(),
                    Some(reader) => Batch::read(reader, kind, rows).map_err(damaged)?,
                });
            }
            for _ in 0..rows {
                number += 1;
                if !sender.send(plan.row(number, &mut batches)) {
                    return Ok(());
                }
            }
            left -= rows;
        }
    }
    Ok(())
}

/// Reads the rows of a Parquet file.
pub struct ParquetReader {
    rows: RowsAhead,
    columns: SourceColumns,
    lists: Vec<String>,
    /// Columns of the retired type INT96.
    retired: Vec<String>,
    /// Size of the file in bytes, its rows, rows read.
    size: u64,
    total: u64,
    read: u64,
}

impl ParquetReader {
    /// Reads the columns.
    ///
    /// # Errors
    /// The file cannot be read; its reference system is not known.
    pub fn open(path: &Path) -> Result<Self, Message> {
        let file = open(path)?;
        refuse_packing(&file)?;
        let plan = ParquetPlan::of(&file)?;
        let total = file.metadata().file_metadata().num_rows().max(1).unsigned_abs();
        let size = std::fs::metadata(path).map_or(0, |file| file.len());
        let (columns, lists) = (plan.columns.clone(), plan.lists.clone());
        let all = file.metadata().file_metadata().schema_descr().columns().iter();
        let retired = all.filter(|column| column.physical_type() == PhysicalType::INT96);
        let retired = retired.map(|column| column.path().string()).collect();
        let rows = RowsAhead::start(move |sender| send_rows(&file, &plan, sender));
        Ok(Self { rows, columns, lists, retired, size, total, read: 0 })
    }
}

impl RowReader for ParquetReader {
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

    fn notes(&self) -> Vec<Message> {
        let mut notes = Vec::new();
        if !self.lists.is_empty() {
            let names = self.lists.join(", ");
            notes.push(message!(
                "colonnes de listes laissées de côté : {names}",
                "columns of lists left out: {names}"
            ));
        }
        if !self.retired.is_empty() {
            let names = self.retired.join(", ");
            notes.push(message!(
                "heures du type INT96, qui ne dit pas son fuseau, lues en UTC : {names}",
                "times of the type INT96, which says no zone, read as UTC: {names}"
            ));
        }
        notes
    }
}

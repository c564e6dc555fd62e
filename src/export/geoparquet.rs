//! GeoParquet 1.1 out: a table of columns in row groups, positions as WKB (well-known binary), and
//! the box of each position in a column of its own, whose statistics show readers which row groups
//! they need. Written with the `parquet` library; one entry of metadata makes it geographic.

#![expect(
    clippy::indexing_slicing,
    reason = "rows are numbers of the entries that were pushed to every column"
)]

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, LazyLock};

use parquet::basic::Compression;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, FloatType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{
    SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter,
};
use parquet::schema::parser::parse_message_type;
use serde_json::json;

use crate::domain::fields::{FieldList, FieldValue, GEOPARQUET, Kind};
use crate::domain::{Field, ReportLabels, ReportTime, StoredReport};
use crate::error::{Error, Result};
use crate::export::times::{DAY_COLUMNS, instants, is_instant};
use crate::place::Position;

/// Reports that are held in memory and sorted by place.
const SORTED_ROWS: usize = 65_536;
/// Reports in a row group: of the sorted ones each group has those of one part of the city.
const GROUP_ROWS: usize = 8_192;

/// Columns in which hardly a value comes twice: a dictionary would be made in vain.
const UNIQUE: [&str; 4] = ["service_request_id", "requested_datetime", "revision", "geometry"];
/// Columns of which the least and the greatest value say nothing.
const UNORDERED: [&str; 3] = ["address", "description", "geometry"];

/// Texts of few kinds beside the words of closed lists: each is kept in memory once.
const REPEATED: [&str; 2] = ["service_name", "source_status"];

/// Is the column a text?
fn is_text(field: &Field) -> bool {
    field.kind != Kind::Count && !is_instant(field)
}

/// Does a text column hold few values, each many times?
fn is_repeated(field: &Field) -> bool {
    let is_word = matches!(field.kind, Kind::Word(_) | Kind::Code);
    is_word || field.name == "jurisdiction_id" || REPEATED.contains(&field.name)
}

/// The columns of texts, which come first.
static TEXTS: FieldList =
    LazyLock::new(|| GEOPARQUET.iter().copied().filter(|field| is_text(field)).collect());
/// The columns of timestamps, which follow.
static TIMES: FieldList =
    LazyLock::new(|| GEOPARQUET.iter().copied().filter(|field| is_instant(field)).collect());

/// A file being written.
pub struct GeoParquet<W: Write + Send> {
    out: SerializedFileWriter<W>,
    /// The position of each report that is held.
    places: Vec<Option<Position>>,
    texts: Vec<ParquetColumn<ByteArray>>,
    words: HashMap<String, ByteArray>,
    times: Vec<ParquetColumn<i64>>,
    days: [ParquetColumn<i32>; 3],
    day_only: Vec<bool>,
    revision: Vec<i64>,
    geometry: ParquetColumn<ByteArray>,
    /// West, south, east and north edge of each position, rounded outwards.
    boxes: [ParquetColumn<f32>; 4],
    edges: Option<[f64; 4]>,
}

/// A column: the value of each row, if it has one.
struct ParquetColumn<T>(Vec<Option<T>>);

impl<T> Default for ParquetColumn<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone> ParquetColumn<T> {
    fn push(&mut self, value: Option<T>) {
        self.0.push(value);
    }

    /// The values of some rows, and for each row whether it has one.
    fn rows(&self, rows: &[usize]) -> (Vec<T>, Vec<i16>) {
        let levels = rows.iter().map(|row| i16::from(self.0[*row].is_some()));
        let values = rows.iter().filter_map(|row| self.0[*row].clone());
        (values.collect(), levels.collect())
    }
}

impl ParquetColumn<ByteArray> {
    /// Adds a text of a few that come again and again: each is kept once.
    fn push_word(&mut self, words: &mut HashMap<String, ByteArray>, text: Option<&str>) {
        let known = text.map(|text| match words.get(text) {
            Some(known) => known.clone(),
            None => {
                let new = ByteArray::from(text);
                words.insert(text.to_owned(), new.clone());
                new
            }
        });
        self.push(known);
    }
}

/// A point as WKB: little-endian, longitude first.
pub fn wkb(at: Position) -> [u8; 21] {
    let mut bytes = [0; 21];
    (bytes[0], bytes[1]) = (1, 1);
    bytes[5..13].copy_from_slice(&at.lon().to_le_bytes());
    bytes[13..].copy_from_slice(&at.lat().to_le_bytes());
    bytes
}

/// The numbers of the rows, those of a row group near one another: strips from west to east, each
/// from south to north (Leutenegger et al., *STR: a simple and efficient algorithm for R-tree
/// packing*, 1997). Rows without a position come last.
fn tiled(places: &[Option<Position>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..places.len()).filter(|row| places[*row].is_some()).collect();
    let by = |of: fn(&Position) -> f64| {
        move |a: &usize, b: &usize| {
            let value = |row: usize| places[row].as_ref().map_or(f64::MAX, of);
            value(*a).total_cmp(&value(*b))
        }
    };
    order.sort_by(by(|at| at.lon()));
    let groups = order.len().div_ceil(GROUP_ROWS);
    let strips = (groups as f64).sqrt().ceil().max(1.0) as usize;
    let strip_rows = groups.div_ceil(strips).max(1) * GROUP_ROWS;
    order.chunks_mut(strip_rows).for_each(|strip| strip.sort_by(by(|at| at.lat())));
    order.extend((0..places.len()).filter(|row| places[*row].is_none()));
    order
}

/// The 32-bit numbers around a coordinate: the greatest below it and the least above it, or the
/// number itself twice.
fn around(degrees: f64) -> (f32, f32) {
    let near = degrees as f32;
    let below = if f64::from(near) > degrees { near.next_down() } else { near };
    let above = if f64::from(near) < degrees { near.next_up() } else { near };
    (below, above)
}

impl<W: Write + Send> GeoParquet<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn begin(output: W) -> Result<Self> {
        let text = |field: &&Field| format!("OPTIONAL BYTE_ARRAY {} (STRING);", field.name);
        let time =
            |field: &&Field| format!("OPTIONAL INT64 {} (TIMESTAMP(MILLIS,true));", field.name);
        let days = DAY_COLUMNS.map(|name| format!("OPTIONAL INT32 {name} (DATE);"));
        let columns: Vec<String> =
            TEXTS.iter().map(text).chain(TIMES.iter().map(time)).chain(days).collect();
        let schema = format!(
            "message reports {{ {} REQUIRED BOOLEAN requested_day_only; REQUIRED INT64 revision; \
             OPTIONAL BYTE_ARRAY geometry; OPTIONAL group bbox {{ REQUIRED FLOAT xmin; REQUIRED \
             FLOAT ymin; REQUIRED FLOAT xmax; REQUIRED FLOAT ymax; }} }}",
            columns.join(" ")
        );
        let schema = Arc::new(parse_message_type(&schema).map_err(Error::internal)?);
        let mut properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        for name in UNIQUE {
            properties = properties.set_column_dictionary_enabled(name.into(), false);
        }
        for name in UNORDERED {
            properties =
                properties.set_column_statistics_enabled(name.into(), EnabledStatistics::None);
        }
        let properties = properties.build();
        let out = SerializedFileWriter::new(output, schema, Arc::new(properties));
        Ok(Self {
            out: out.map_err(Error::internal)?,
            places: Vec::new(),
            texts: TEXTS.iter().map(|_| ParquetColumn::default()).collect(),
            words: HashMap::new(),
            times: TIMES.iter().map(|_| ParquetColumn::default()).collect(),
            days: Default::default(),
            day_only: Vec::new(),
            revision: Vec::new(),
            geometry: ParquetColumn::default(),
            boxes: Default::default(),
            edges: None,
        })
    }

    /// Writes one report.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn write(&mut self, stored: &StoredReport, names: &ReportLabels<'_>) -> Result<()> {
        let report = &stored.report;
        for (field, column) in TEXTS.iter().zip(&mut self.texts) {
            let text = field.shown(stored, names).map(FieldValue::into_text);
            match is_repeated(field) {
                true => column.push_word(&mut self.words, text.as_deref()),
                false => column.push(text.as_deref().map(ByteArray::from)),
            }
        }
        let millis = |when: ReportTime| when.second() * 1_000;
        let times = instants(stored);
        for (column, when) in self.times.iter_mut().zip(times) {
            column.push(when.map(millis));
        }
        for (column, when) in self.days.iter_mut().zip(times) {
            column.push(when.and_then(|when| when.day_number()));
        }
        self.day_only.push(report.requested.day_only().is_some());
        self.revision.push(stored.revision as i64);
        self.place(report.position);
        if self.places.len() >= SORTED_ROWS { self.flush() } else { Ok(()) }
    }

    /// Adds the position of a report.
    fn place(&mut self, position: Option<Position>) {
        self.places.push(position);
        self.geometry.push(position.map(|at| ByteArray::from(wkb(at).to_vec())));
        let edges = position.map(|at| {
            let ((west, east), (south, north)) = (around(at.lon()), around(at.lat()));
            [west, south, east, north]
        });
        for (n, column) in self.boxes.iter_mut().enumerate() {
            column.push(edges.map(|edges| edges[n]));
        }
        if let Some(at) = position {
            let (x, y) = (at.lon(), at.lat());
            let [w, s, e, n] = self.edges.unwrap_or([x, y, x, y]);
            self.edges = Some([w.min(x), s.min(y), e.max(x), n.max(y)]);
        }
    }

    /// Writes the reports that are held, sorted by place, in row groups.
    fn flush(&mut self) -> Result<()> {
        for rows in tiled(&self.places).chunks(GROUP_ROWS) {
            self.group(rows).map_err(Error::internal)?;
        }
        self.texts.iter_mut().for_each(|column| *column = ParquetColumn::default());
        self.times.iter_mut().for_each(|column| *column = ParquetColumn::default());
        self.days = Default::default();
        self.boxes = Default::default();
        self.geometry = ParquetColumn::default();
        self.day_only.clear();
        self.revision.clear();
        self.places.clear();
        Ok(())
    }

    fn group(&mut self, rows: &[usize]) -> std::result::Result<(), ParquetError> {
        let mut group = self.out.next_row_group()?;
        for column in &self.texts {
            optional::<W, ByteArrayType>(&mut group, column, rows)?;
        }
        for column in &self.times {
            optional::<W, Int64Type>(&mut group, column, rows)?;
        }
        for column in &self.days {
            optional::<W, Int32Type>(&mut group, column, rows)?;
        }
        let day_only: Vec<bool> = rows.iter().map(|row| self.day_only[*row]).collect();
        let mut writer = next(&mut group)?;
        writer.typed::<BoolType>().write_batch(&day_only, None, None)?;
        writer.close()?;
        let revision: Vec<i64> = rows.iter().map(|row| self.revision[*row]).collect();
        let mut writer = next(&mut group)?;
        writer.typed::<Int64Type>().write_batch(&revision, None, None)?;
        writer.close()?;
        optional::<W, ByteArrayType>(&mut group, &self.geometry, rows)?;
        for column in &self.boxes {
            optional::<W, FloatType>(&mut group, column, rows)?;
        }
        group.close()?;
        Ok(())
    }

    /// Ends the file: says what its geometry is and where.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(mut self) -> Result<()> {
        self.flush()?;
        // Longitude and latitude on WGS 84 are the default CRS of GeoParquet.
        let member = |name: &str| json!(["bbox", name]);
        let mut geometry = json!({
            "encoding": "WKB",
            "geometry_types": ["Point"],
            "covering": { "bbox": {
                "xmin": member("xmin"),
                "ymin": member("ymin"),
                "xmax": member("xmax"),
                "ymax": member("ymax"),
            } },
        });
        self.edges.iter().for_each(|edges| geometry["bbox"] = json!(edges));
        let geo = json!({
            "version": "1.1.0",
            "primary_column": "geometry",
            "columns": { "geometry": geometry },
        });
        self.out.append_key_value_metadata(KeyValue::new("geo".to_owned(), geo.to_string()));
        self.out.close().map_err(Error::internal)?;
        Ok(())
    }
}

fn next<'a, W: Write + Send>(
    group: &'a mut SerializedRowGroupWriter<'_, W>,
) -> std::result::Result<SerializedColumnWriter<'a>, ParquetError> {
    group.next_column()?.ok_or_else(|| ParquetError::General("more columns than the schema".into()))
}

/// Writes some rows of a column whose values may be missing.
fn optional<W: Write + Send, T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    column: &ParquetColumn<T::T>,
    rows: &[usize],
) -> std::result::Result<(), ParquetError> {
    let (values, levels) = column.rows(rows);
    let mut writer = next(group)?;
    writer.typed::<T>().write_batch(&values, Some(&levels), None)?;
    writer.close()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_of_short_numbers_holds_its_coordinate() {
        for degrees in [0.0, 0.1, -0.1, 46.813_878, -71.207_981, 180.0, -180.0, 1e-40, 16_777_217.0]
        {
            let (below, above) = around(degrees);
            assert!(f64::from(below) <= degrees && degrees <= f64::from(above), "{degrees}");
            assert!(above == below || above == below.next_up(), "{degrees}");
        }
    }
}

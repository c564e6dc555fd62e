//! GeoParquet 1.1 out: a table of columns in row groups, positions as WKB (well-known binary).
//! Written with the `parquet` library; what makes it geographic is one entry of metadata.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, LazyLock};

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use serde_json::json;

use crate::domain::fields::{FieldList, FieldValue, GEOPARQUET, Kind};
use crate::domain::{Accuracy, Field, ReportLabels, ReportTime, StoredReport};
use crate::error::{Error, Result};
use crate::place::Position;

/// Reports in a row group: what is held in memory.
const GROUP_ROWS: usize = 65_536;

/// Columns in which hardly a value comes twice: a dictionary would be made in vain.
const UNIQUE: [&str; 4] = ["service_request_id", "requested_datetime", "revision", "geometry"];
/// Columns of which the least and the greatest value say nothing.
const UNORDERED: [&str; 3] = ["address", "description", "geometry"];

/// Times that are often days without an hour, which a timestamp cannot say: they are texts.
const TEXT_TIMES: [&str; 1] = ["expected_datetime"];
/// The day of each timestamp of which the hour is not known: the timestamp alone, which is the
/// first instant of that day in the city, would not say so.
const DAYS: [&str; 3] = ["requested_day", "updated_day", "closed_day"];
/// Texts of few kinds beside the words of closed lists: each is kept in memory once.
const REPEATED: [&str; 2] = ["service_name", "source_status"];

/// Is the column a timestamp?
fn is_timestamp(field: &Field) -> bool {
    field.kind == Kind::Time && !TEXT_TIMES.contains(&field.name)
}

/// Is the column a text?
fn is_text(field: &Field) -> bool {
    field.kind != Kind::Count && !is_timestamp(field)
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
    LazyLock::new(|| GEOPARQUET.iter().copied().filter(|field| is_timestamp(field)).collect());

/// A file being written.
pub struct GeoParquet<W: Write + Send> {
    out: SerializedFileWriter<W>,
    texts: Vec<ParquetColumn<ByteArray>>,
    words: HashMap<String, ByteArray>,
    times: Vec<ParquetColumn<i64>>,
    days: [ParquetColumn<i32>; 3],
    day_only: Vec<bool>,
    revision: Vec<i64>,
    geometry: ParquetColumn<ByteArray>,
    edges: Option<[f64; 4]>,
}

/// A column: its values, and for each row whether there is one.
#[derive(Default)]
struct ParquetColumn<T> {
    values: Vec<T>,
    levels: Vec<i16>,
}

impl<T> ParquetColumn<T> {
    fn push(&mut self, value: Option<T>) {
        self.levels.push(i16::from(value.is_some()));
        self.values.extend(value);
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

impl<W: Write + Send> GeoParquet<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn begin(output: W) -> Result<Self> {
        let text = |field: &&Field| format!("OPTIONAL BYTE_ARRAY {} (STRING);", field.name);
        let time =
            |field: &&Field| format!("OPTIONAL INT64 {} (TIMESTAMP(MILLIS,true));", field.name);
        let days = DAYS.map(|name| format!("OPTIONAL INT32 {name} (DATE);"));
        let columns: Vec<String> =
            TEXTS.iter().map(text).chain(TIMES.iter().map(time)).chain(days).collect();
        let schema = format!(
            "message reports {{ {} REQUIRED BOOLEAN requested_day_only; REQUIRED INT64 revision; \
             OPTIONAL BYTE_ARRAY geometry; }}",
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
            texts: TEXTS.iter().map(|_| ParquetColumn::default()).collect(),
            words: HashMap::new(),
            times: TIMES.iter().map(|_| ParquetColumn::default()).collect(),
            days: Default::default(),
            day_only: Vec::new(),
            revision: Vec::new(),
            geometry: ParquetColumn::default(),
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
            // How exact a position is says nothing where there never was one.
            let is_located = report.position.is_some() || report.accuracy == Accuracy::Approximate;
            let is_told = is_located || field.name != "accuracy";
            let text = field.shown(stored, names).filter(|_| is_told).map(FieldValue::into_text);
            match is_repeated(field) {
                true => column.push_word(&mut self.words, text.as_deref()),
                false => column.push(text.as_deref().map(ByteArray::from)),
            }
        }
        let millis = |when: ReportTime| when.second() * 1_000;
        let times = [Some(report.requested), report.updated, report.closed];
        for (column, when) in self.times.iter_mut().zip(times) {
            column.push(when.map(millis));
        }
        for (column, when) in self.days.iter_mut().zip(times) {
            column.push(when.and_then(|when| when.day_number()));
        }
        self.day_only.push(report.requested.day_only().is_some());
        self.revision.push(stored.revision as i64);
        self.geometry.push(report.position.map(|at| ByteArray::from(wkb(at).to_vec())));
        if let Some(at) = report.position {
            let (x, y) = (at.lon(), at.lat());
            let [w, s, e, n] = self.edges.unwrap_or([x, y, x, y]);
            self.edges = Some([w.min(x), s.min(y), e.max(x), n.max(y)]);
        }
        if self.revision.len() >= GROUP_ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        if self.revision.is_empty() {
            return Ok(());
        }
        self.group().map_err(Error::internal)?;
        self.texts.iter_mut().for_each(|column| *column = ParquetColumn::default());
        self.times.iter_mut().for_each(|column| *column = ParquetColumn::default());
        self.days = Default::default();
        self.geometry = ParquetColumn::default();
        self.day_only.clear();
        self.revision.clear();
        Ok(())
    }

    fn group(&mut self) -> std::result::Result<(), ParquetError> {
        let mut group = self.out.next_row_group()?;
        for column in &self.texts {
            bytes(&mut group, column)?;
        }
        for column in &self.times {
            let mut writer = next(&mut group)?;
            let ParquetColumn { values, levels } = column;
            writer.typed::<Int64Type>().write_batch(values, Some(levels), None)?;
            writer.close()?;
        }
        for ParquetColumn { values, levels } in &self.days {
            let mut writer = next(&mut group)?;
            writer.typed::<Int32Type>().write_batch(values, Some(levels), None)?;
            writer.close()?;
        }
        let mut writer = next(&mut group)?;
        writer.typed::<BoolType>().write_batch(&self.day_only, None, None)?;
        writer.close()?;
        let mut writer = next(&mut group)?;
        writer.typed::<Int64Type>().write_batch(&self.revision, None, None)?;
        writer.close()?;
        bytes(&mut group, &self.geometry)?;
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
        let mut geometry = json!({ "encoding": "WKB", "geometry_types": ["Point"] });
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
) -> std::result::Result<parquet::file::writer::SerializedColumnWriter<'a>, ParquetError> {
    group.next_column()?.ok_or_else(|| ParquetError::General("more columns than the schema".into()))
}

fn bytes<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    column: &ParquetColumn<ByteArray>,
) -> std::result::Result<(), ParquetError> {
    let mut writer = next(group)?;
    writer.typed::<ByteArrayType>().write_batch(&column.values, Some(&column.levels), None)?;
    writer.close()
}

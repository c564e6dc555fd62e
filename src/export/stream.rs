//! Exports that are written report by report to any output.

use std::io::Write;

use crate::domain::fields::{CSV, FieldValue};
use crate::domain::{ReportLabels, StoredReport, defused};
use crate::error::{Error, Result};
use crate::export::fgb::FlatGeobuf;
use crate::export::format::ExportFormat;
use crate::export::geojson;
use crate::export::geoparquet::GeoParquet;

/// An export under way. Texts go out report by report; GeoParquet keeps a group of reports in
/// memory, FlatGeobuf the box of each report and, in a temporary file, everything else.
pub struct Export<W: Write + Send>(StreamOut<W>);

enum StreamOut<W: Write + Send> {
    GeoJson { output: W, is_first: bool },
    GeoJsonLines(W),
    Csv(Box<csv::Writer<W>>),
    GeoParquet(Box<GeoParquet<W>>),
    FlatGeobuf(Box<FlatGeobuf<W>>),
}

impl<W: Write + Send> Export<W> {
    /// Writes what comes before the first report.
    ///
    /// # Errors
    /// The output cannot be written; internal for a GeoPackage, which is a file (see
    /// [`GeoPackage`](crate::export::GeoPackage)).
    pub fn begin(format: ExportFormat, mut output: W) -> Result<Self> {
        Ok(Self(match format {
            ExportFormat::GeoJson => {
                let begin = b"{\"type\":\"FeatureCollection\",\"features\":[";
                output.write_all(begin).map_err(Error::internal)?;
                StreamOut::GeoJson { output, is_first: true }
            }
            ExportFormat::GeoJsonLines => StreamOut::GeoJsonLines(output),
            ExportFormat::Csv => {
                let mut table = csv::Writer::from_writer(output);
                table.write_record(CSV.iter().map(|field| field.name)).map_err(Error::internal)?;
                StreamOut::Csv(Box::new(table))
            }
            ExportFormat::GeoParquet => StreamOut::GeoParquet(Box::new(GeoParquet::begin(output)?)),
            ExportFormat::FlatGeobuf => StreamOut::FlatGeobuf(Box::new(FlatGeobuf::begin(output)?)),
            ExportFormat::GeoPackage => return Err(Error::internal("a GeoPackage is a file")),
        }))
    }

    /// Writes one report.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn write(&mut self, stored: &StoredReport, labels: &ReportLabels<'_>) -> Result<()> {
        match &mut self.0 {
            StreamOut::GeoJson { output, is_first } => {
                let comma: &[u8] = if std::mem::take(is_first) { b"\n" } else { b",\n" };
                output.write_all(comma).map_err(Error::internal)?;
                serde_json::to_writer(output, &geojson::report_feature(stored, labels))
                    .map_err(Error::internal)
            }
            StreamOut::GeoJsonLines(output) => {
                serde_json::to_writer(&mut *output, &geojson::report_feature(stored, labels))
                    .map_err(Error::internal)?;
                output.write_all(b"\n").map_err(Error::internal)
            }
            StreamOut::Csv(table) => {
                let values = CSV.iter().map(|field| field.shown(stored, labels));
                let cells =
                    values.map(|value| value.map(FieldValue::into_text).unwrap_or_default());
                for cell in cells {
                    let cell = defused(&cell);
                    table.write_field(cell.as_bytes()).map_err(Error::internal)?;
                }
                table.write_record(None::<&[u8]>).map_err(Error::internal)
            }
            StreamOut::GeoParquet(output) => output.write(stored, labels),
            StreamOut::FlatGeobuf(output) => output.write(stored, labels),
        }
    }

    /// Writes what comes after the last report.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(self) -> Result<()> {
        match self.0 {
            StreamOut::GeoJson { mut output, .. } => {
                output.write_all(b"\n]}\n").and_then(|()| output.flush()).map_err(Error::internal)
            }
            StreamOut::GeoJsonLines(mut output) => output.flush().map_err(Error::internal),
            StreamOut::Csv(mut table) => table.flush().map_err(Error::internal),
            StreamOut::GeoParquet(output) => output.finish(),
            StreamOut::FlatGeobuf(output) => output.finish(),
        }
    }
}

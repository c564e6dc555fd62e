//! Exports: GeoJSON and CSV in the words of Open311, which this service reads back, and GeoParquet.

pub mod areas;
pub mod attributes;
pub mod geojson;
mod geoparquet;
mod gpkg;
pub mod reasons;
mod review;
pub mod word;

pub use gpkg::GeoPackage;
pub use review::write as write_review;

use std::io::Write;

use crate::domain::fields::{CSV, FieldValue};
use crate::domain::{Catalogue, JurisdictionId, ReportLabels, StoredReport};
use crate::error::{Error, Result};
use crate::export::geoparquet::GeoParquet;

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A FeatureCollection, one feature a line.
    GeoJson,
    /// A table with a header.
    Csv,
    /// A table of columns, compressed.
    GeoParquet,
}

impl Layout {
    /// `geojson`, `csv` or `geoparquet`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "geojson" => Some(Self::GeoJson),
            "csv" => Some(Self::Csv),
            "geoparquet" => Some(Self::GeoParquet),
            _ => None,
        }
    }
}

/// An export under way: reports go out one by one, memory does not grow.
pub struct Export<'a, W: Write + Send> {
    jurisdiction: &'a JurisdictionId,
    catalogue: &'a Catalogue,
    out: Out<W>,
    first: bool,
}

enum Out<W: Write + Send> {
    GeoJson(W),
    Csv(Box<csv::Writer<W>>),
    GeoParquet(Box<GeoParquet<W>>),
}

impl<'a, W: Write + Send> Export<'a, W> {
    /// Writes what comes before the first report.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn begin(
        layout: Layout,
        jurisdiction: &'a JurisdictionId,
        catalogue: &'a Catalogue,
        mut output: W,
    ) -> Result<Self> {
        let out = match layout {
            Layout::GeoJson => {
                output
                    .write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")
                    .map_err(Error::internal)?;
                Out::GeoJson(output)
            }
            Layout::Csv => {
                let mut table = csv::Writer::from_writer(output);
                table.write_record(CSV.iter().map(|field| field.name)).map_err(Error::internal)?;
                Out::Csv(Box::new(table))
            }
            Layout::GeoParquet => Out::GeoParquet(Box::new(GeoParquet::begin(output)?)),
        };
        Ok(Self { jurisdiction, catalogue, out, first: true })
    }

    /// Writes one report.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn write(&mut self, stored: &StoredReport) -> Result<()> {
        let code = stored.report.service.as_str();
        let service = self.catalogue.get(code);
        let names = ReportLabels {
            jurisdiction: self.jurisdiction.as_str(),
            service: service.map_or(code, |service| &service.names.fr),
            group: service.map_or("", |service| &service.group),
        };
        match &mut self.out {
            Out::GeoJson(out) => {
                let comma: &[u8] = if self.first { b"\n" } else { b",\n" };
                out.write_all(comma).map_err(Error::internal)?;
                serde_json::to_writer(out, &geojson::report_feature(stored, &names))
                    .map_err(Error::internal)?;
            }
            Out::Csv(table) => {
                let values = CSV.iter().map(|field| field.shown(stored, &names));
                let cells =
                    values.map(|value| value.map(FieldValue::into_text).unwrap_or_default());
                for cell in cells {
                    table.write_field(cell.as_bytes()).map_err(Error::internal)?;
                }
                table.write_record(None::<&[u8]>).map_err(Error::internal)?;
            }
            Out::GeoParquet(out) => out.write(stored, &names)?,
        }
        self.first = false;
        Ok(())
    }

    /// Writes what comes after the last report.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(self) -> Result<()> {
        match self.out {
            Out::GeoJson(mut out) => {
                out.write_all(b"\n]}\n").and_then(|()| out.flush()).map_err(Error::internal)
            }
            Out::Csv(mut table) => table.flush().map_err(Error::internal),
            Out::GeoParquet(out) => out.finish(),
        }
    }
}

//! What the content of an input is.

use crate::ingest::read::geopackage::GpkgLayer;
use crate::ingest::read::json_shape::{JsonShape, RecordsIn};
use crate::ingest::read::layout::RecordLayout;
use crate::ingest::read::sheet::Sheet;

/// What the content of an input is.
pub(super) enum Format {
    /// A text with a header and cells between delimiters.
    Table,
    /// A sheet of a workbook.
    Sheet(Sheet),
    /// A document of JSON.
    Json(JsonShape),
    /// Records of JSON one after the other.
    JsonLines,
    /// A layer of a GeoPackage.
    Layer(GpkgLayer),
    /// A Parquet file.
    Parquet,
    /// A FlatGeobuf file.
    FlatGeobuf,
}

impl Format {
    /// The format in words, and whether it is a text, which has an encoding.
    pub(super) fn described(&self) -> (String, bool) {
        let words = match self {
            Self::Table => "CSV".to_owned(),
            Self::Sheet(sheet) => return (format!("XLSX, sheet '{}'", sheet.name), false),
            Self::Layer(GpkgLayer { table, others, .. }) if others.is_empty() => {
                return (format!("GeoPackage, layer '{table}'"), false);
            }
            Self::Layer(GpkgLayer { table, others, .. }) => {
                let others = others.join("', '");
                let words = format!("GeoPackage, layer '{table}' (there is also '{others}')");
                return (words, false);
            }
            Self::Parquet => return ("Parquet".to_owned(), false),
            Self::FlatGeobuf => return ("FlatGeobuf".to_owned(), false),
            Self::Json(shape) => described(shape),
            Self::JsonLines => "JSON, one record on a line".to_owned(),
        };
        (words, true)
    }
}

fn described(shape: &JsonShape) -> String {
    let kind = match (&shape.layout, &shape.records_in) {
        (RecordLayout::ArcGis, _) => return "ArcGIS JSON".to_owned(),
        (RecordLayout::GeoJson, RecordsIn::Document) => "GeoJSON, a single feature",
        (_, RecordsIn::Document) => "JSON, a single record",
        (_, RecordsIn::List) if shape.path == ["features"] => "GeoJSON",
        (_, RecordsIn::List) => "JSON",
        (_, RecordsIn::ListBelowHeader) => "JSON, lists below their names",
        (_, RecordsIn::Lists { keys, .. }) => {
            return format!("JSON, {} lists of records: '{}'", keys.len(), keys.join("', '"));
        }
        (_, RecordsIn::Members { .. }) => "JSON, an object of records",
        (_, RecordsIn::Columns { .. }) => "JSON, an object of columns",
    };
    let is_named = shape.path.is_empty() || kind == "GeoJSON";
    match (is_named, &shape.records_in) {
        (true, _) => kind.to_owned(),
        (false, RecordsIn::List) => format!("{kind}, records in '{}'", shape.path.join(".")),
        (false, _) => format!("{kind}, in '{}'", shape.path.join(".")),
    }
}

//! How the records of a JSON document are laid out.

use serde_json::Value;

/// How records are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordLayout {
    /// Features of GeoJSON.
    GeoJson,
    /// Features of an ArcGIS answer: `attributes`, and `geometry` with `x` and `y`.
    ArcGis,
    /// Records of Opendatasoft's first API: `fields`, `geometry`, `recordid`.
    Opendatasoft,
    /// Arrays whose elements are named once for all, as Socrata's `rows.json` does.
    Arrays(Vec<String>),
    /// Objects whose members are the cells.
    Objects,
}

impl RecordLayout {
    /// The layout of a record that represents all of its file.
    pub fn of(record: &Value) -> Self {
        let is_object = |name: &str| record[name].is_object();
        // A geometry may be the text of one.
        let has_geometry = is_object("geometry") || record["geometry"].is_string();
        if record["type"] == "Feature" {
            Self::GeoJson
        } else if is_object("attributes") && (has_geometry || only(record)) {
            Self::ArcGis
        } else if is_object("fields") && (record["recordid"].is_string() || only(record)) {
            Self::Opendatasoft
        } else {
            Self::Objects
        }
    }
}

fn only(record: &Value) -> bool {
    record.as_object().is_some_and(|members| members.len() == 1)
}

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
    /// Bindings of SPARQL: each member is an object with the kind of its value and the value.
    Bindings,
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
        } else if are_bindings(record) {
            Self::Bindings
        } else {
            Self::Objects
        }
    }
}

fn only(record: &Value) -> bool {
    record.as_object().is_some_and(|members| members.len() == 1)
}

/// Kinds of values in results of SPARQL.
const KINDS: [&str; 5] = ["uri", "literal", "typed-literal", "bnode", "triple"];

/// Is every member the binding of a variable?
fn are_bindings(record: &Value) -> bool {
    let is_binding = |value: &Value| {
        let kind = value["type"].as_str().unwrap_or_default();
        value.get("value").is_some() && KINDS.contains(&kind)
    };
    let members = record.as_object().filter(|members| !members.is_empty());
    members.is_some_and(|members| members.values().all(is_binding))
}

//! What parameters and answers may be, as JSON Schemas of OpenAPI 3.0.

use serde_json::{Map, Value, json};

/// What a parameter may be.
#[derive(Debug, Clone, Copy)]
pub enum ParameterKind {
    /// Any text.
    Text,
    /// One of these words, and which one where none is given.
    Message(&'static [&'static str], &'static str),
    /// A whole number: least, most, and which one where none is given.
    Count(u64, u64, Option<u64>),
    /// A number: least, most, and which one where none is given.
    Number(f64, f64, Option<f64>),
    /// `true`, or `false` where none is given.
    Flag,
    /// Four to six numbers apart by commas.
    TrackingNumbers,
}

impl ParameterKind {
    /// The schema.
    pub fn schema(self) -> Value {
        match self {
            Self::Text => json!({ "type": "string" }),
            Self::Message(message, "") => json!({ "type": "string", "enum": message }),
            Self::Message(message, default) => {
                json!({ "type": "string", "enum": message, "default": default })
            }
            Self::Count(min, max, default) => {
                // JSON's numbers are exact to 2^53.
                let max = max.min(1 << 53);
                let mut schema = json!({ "type": "integer", "minimum": min, "maximum": max });
                default.iter().for_each(|default| schema["default"] = json!(default));
                schema
            }
            Self::Number(min, max, default) => {
                let mut schema = json!({ "type": "number", "minimum": min, "maximum": max });
                default.iter().for_each(|default| schema["default"] = json!(default));
                schema
            }
            Self::Flag => json!({ "type": "boolean", "default": false }),
            Self::TrackingNumbers => json!({
                "type": "array",
                "items": { "type": "number" },
                "minItems": 4,
                "maxItems": 6,
            }),
        }
    }

    /// The example as JSON has it.
    pub fn example(self, text: &str) -> Value {
        match self {
            Self::Text | Self::Message(..) => json!(text),
            Self::Count(..) | Self::Number(..) | Self::Flag => {
                serde_json::from_str(text).unwrap_or_else(|_| json!(text))
            }
            Self::TrackingNumbers => {
                text.split(',').filter_map(|n| n.parse::<f64>().ok()).collect()
            }
        }
    }
}

/// A parameter in a query string.
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub kind: ParameterKind,
    /// An example that makes sense in the demo city.
    pub example: &'static str,
    /// What it does, in French.
    pub fr: &'static str,
    /// And in English.
    pub en: &'static str,
}

/// A parameter.
pub const fn parameter(
    name: &'static str,
    kind: ParameterKind,
    example: &'static str,
    fr: &'static str,
    en: &'static str,
) -> Parameter {
    Parameter { name, kind, example, fr, en }
}

/// What is answered; names are those of `answers.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerSchema {
    /// A GeoJSON collection of features with these properties.
    Collection(&'static str),
    /// A GeoJSON feature with these properties.
    Feature(&'static str),
    /// A new report, or those it may repeat.
    Filed,
    /// An object of JSON.
    Object(&'static str),
    /// A document that others have written the schema of.
    Foreign,
    /// A line of JSON for each line.
    Lines,
    /// Open311's documents, in both languages.
    Open311,
    /// A vector tile.
    Tile,
    /// A photo.
    Photo,
    /// An object of JSON, or a page.
    Document,
    /// A schema of properties, or a page.
    SchemaDocument,
    /// A GeoJSON collection, or a page.
    Items,
    /// A GeoJSON feature, or a page.
    Item,
    /// An OpenAPI document.
    Api,
    /// Text.
    Plain,
}

impl AnswerSchema {
    /// The answer's contents by media type.
    pub fn content(self) -> Value {
        let bytes = json!({ "type": "string", "format": "binary" });
        let text = json!({ "type": "string" });
        match self {
            Self::Collection(name) => json!({
                "application/geo+json": { "schema": named(&format!("{name}Collection")) },
            }),
            Self::Feature(name) => json!({
                "application/geo+json": { "schema": named(&format!("{name}Feature")) },
            }),
            Self::Filed => json!({ "application/geo+json": { "schema": {
                "anyOf": [named("ReportFeature"), named("DuplicateCollection")],
            } } }),
            Self::Object(name) => json!({ "application/json": { "schema": named(name) } }),
            Self::Foreign => json!({ "application/json": { "schema": { "type": "object" } } }),
            Self::Document => json!({
                "application/json": { "schema": { "type": "object" } },
                "text/html": { "schema": text },
            }),
            Self::SchemaDocument => json!({
                "application/schema+json": { "schema": { "type": "object" } },
                "text/html": { "schema": text },
            }),
            Self::Items => json!({
                "application/geo+json": { "schema": named("FeatureCollection") },
                "text/html": { "schema": text },
            }),
            Self::Item => json!({
                "application/geo+json": { "schema": named("Feature") },
                "text/html": { "schema": text },
            }),
            Self::Lines => json!({ "application/x-ndjson": { "schema": text } }),
            Self::Open311 => json!({
                "application/json": { "schema": {} },
                "text/xml": { "schema": text },
            }),
            Self::Tile => json!({ "application/vnd.mapbox-vector-tile": { "schema": bytes } }),
            Self::Photo => json!({ "image/jpeg": { "schema": bytes } }),
            Self::Api => json!({
                "application/vnd.oai.openapi+json;version=3.0": { "schema": { "type": "object" } },
            }),
            Self::Plain => json!({ "text/plain": { "schema": text } }),
        }
    }
}

/// The schemas that the tables refer to. Of each kind of feature there are its properties, the
/// feature with them, and the collection of such features with what it says of itself.
pub fn schemas(with_answers: bool) -> Map<String, Value> {
    // A test reads the document.
    let read = |text| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
    let mut schemas = read(include_str!("schemas.json"));
    if !with_answers {
        return schemas;
    }
    let mut answers = read(include_str!("answers.json"));
    let mut part = |name: &str| match answers.remove(name) {
        Some(Value::Object(part)) => part,
        _ => Map::new(),
    };
    schemas.append(&mut part("objects"));
    let (features, plain) = (part("features"), schemas.clone());
    for (name, kind) in features {
        let mut feature = plain["Feature"].clone();
        feature["properties"]["properties"] = named(&name);
        for (member, schema) in kind["feature"].as_object().into_iter().flatten() {
            feature["properties"][member] = schema.clone();
        }
        let mut collection = plain["FeatureCollection"].clone();
        collection["properties"]["features"]["items"] = named(&format!("{name}Feature"));
        let own = &kind["collection"];
        for (name, schema) in own["properties"].as_object().into_iter().flatten() {
            collection["properties"][name] = schema.clone();
        }
        let required = [&collection["required"], &own["required"]].into_iter();
        collection["required"] = required.filter_map(Value::as_array).flatten().cloned().collect();
        schemas.insert(format!("{name}Feature"), feature);
        schemas.insert(format!("{name}Collection"), collection);
        schemas.insert(name, kind["properties"].clone());
    }
    schemas
}

fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodySchema {
    /// A new report.
    Report,
    /// A change of a report.
    Change,
    /// Reports to bring together or apart.
    Members,
    /// A change to be undone.
    Undo,
    /// A polygon.
    Polygon,
    /// Lines of JSON.
    Lines,
    /// A form of Open311.
    Form,
    /// A photo.
    Photo,
}

impl BodySchema {
    /// The body's contents by media type, with examples.
    pub fn content(self) -> Value {
        let json = |name: &str, example: Value| {
            let body = json!({ "schema": named(name), "example": example });
            json!({ "application/json": body })
        };
        let bytes = json!({ "type": "string", "format": "binary" });
        match self {
            Self::Report => json(
                "NewReport",
                json!({ "service_code": "lampadaire", "lon": -71.21, "lat": 46.81,
                        "description": "Éteint depuis lundi", "attributes": { "etat": "eteint" } }),
            ),
            Self::Change => json("Change", json!({ "status": "closed", "closed_reason": "done" })),
            Self::Members => {
                json("Members", json!({ "reports": ["7HT-2KV-9C"], "author": "Marie" }))
            }
            Self::Undo => json("Undo", json!({ "change_id": 345_012 })),
            Self::Polygon => json(
                "Polygon",
                json!({ "type": "Polygon", "coordinates": [[[-71.3, 46.8], [-71.2, 46.8],
                        [-71.2, 46.9], [-71.3, 46.8]]] }),
            ),
            Self::Lines => {
                json!({ "application/x-ndjson": { "schema": { "type": "string" } } })
            }
            Self::Form => json!({
                "application/x-www-form-urlencoded": { "schema": named("Open311Request") },
                "multipart/form-data": { "schema": named("Open311Request") },
            }),
            Self::Photo => json!({
                "image/jpeg": { "schema": bytes },
                "image/png": { "schema": bytes },
                "image/webp": { "schema": bytes },
                "multipart/form-data": { "schema": {
                    "type": "object", "required": ["media"], "properties": { "media": bytes },
                } },
            }),
        }
    }
}

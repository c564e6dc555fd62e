//! The schema of a collection's features (OGC API – Features, Part 5), and the properties that
//! lists can be sorted by. They follow from the types of the features, so they are the same whether
//! the collection has features today or not.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::domain::fields::{Field, Kind, OGC};
use crate::http::ogc::collection::OgcCollection;
use crate::http::ogc::representation::{CollectionRequest, SCHEMA, document, json_or_html};
use crate::http::openapi::content::of;
use crate::http::openapi::description::Tag;
use crate::http::openapi::document::schema_in_language;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::request::call::Call;
use crate::http::v1::boundaries::AreaOut;
use crate::http::v1::hexes::answer::HexOut;
use crate::http::v1::hotspots::answer::HotspotOut;
use crate::i18n::Language;
use crate::query::SortProperty;

/// Name of the property in which an incident has the number of its reports.
pub const REPORTS: &str = "reports";
/// Name of the geometry in schemas; in features it is the member of this name.
const GEOMETRY: &str = "geometry";

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/ogc/collections/{id}/schema", "ogc_schema", Tag::Ogc, schema)
            .described("Schéma des entités.", "Schema of the features.")
            .responds_with(&json_or_html(of::<LogicalSchema>(SCHEMA))),
        Operation::get("/ogc/collections/{id}/sortables", "ogc_sortables", Tag::Ogc, sortables)
            .described(
                "Propriétés par lesquelles trier.",
                "Properties that features can be sorted by.",
            )
            .responds_with(&json_or_html(of::<LogicalSchema>(SCHEMA))),
    ]
}

/// A JSON Schema of properties of a collection's features.
#[derive(Debug, Serialize, JsonSchema)]
struct LogicalSchema {
    #[serde(rename = "$schema")]
    schema: &'static str,
    #[serde(rename = "$id")]
    id: String,
    r#type: &'static str,
    title: String,
    description: String,
    properties: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    required: Vec<String>,
    #[serde(rename = "additionalProperties")]
    additional_properties: bool,
}

/// The schemas of properties by name, in the order of the features.
pub type PropertySchemas = Map<String, Value>;

/// The schema of a report's field as OGC API – Features writes it: a text, or null.
fn of_field(field: &Field, language: Language) -> Value {
    let mut schema = json!({ "title": field.name, "type": "string" });
    schema["description"] = json!(language.of(field.fr, field.en));
    match field.kind {
        Kind::Word(words) => schema["enum"] = json!(words),
        Kind::Time => schema["format"] = json!("date-time"),
        Kind::Text { chars_max, .. } => schema["maxLength"] = json!(chars_max),
        Kind::Count => schema["type"] = json!("integer"),
        Kind::Degrees => schema["type"] = json!("number"),
        Kind::Id | Kind::Code | Kind::Attributes | Kind::Addresses => {}
    }
    let role = match field.name {
        "service_request_id" => Some("id"),
        "requested_datetime" => Some("primary-instant"),
        "service_code" => Some("type"),
        _ => None,
    };
    if let Some(role) = role {
        schema["x-ogc-role"] = json!(role);
    }
    schema
}

/// The schemas of the properties of a type of areas, and the names of those that are never null.
/// `id` is the property with the id of the feature. `absent` are properties that only responses
/// under `/api/v1` have, where a request asks for them.
fn of_type<T: JsonSchema>(
    (id, absent): (&str, &[&str]),
    language: Language,
) -> (PropertySchemas, Vec<String>) {
    let mut whole = schema_in_language::<T>(language);
    let names = whole["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut required: Vec<String> = names.map(str::to_owned).collect();
    let properties = match whole["properties"].take() {
        Value::Object(properties) => properties,
        _ => Map::new(),
    };
    let mut all = Map::new();
    let present = properties.into_iter().filter(|(name, _)| !absent.contains(&name.as_str()));
    for (name, mut schema) in present {
        // A property that may be null is described by its type and is not required.
        if let Some(types) = schema["type"].as_array() {
            let first = types.iter().find(|one| **one != "null").cloned();
            schema["type"] = first.unwrap_or(Value::Null);
            required.retain(|one| *one != name);
        }
        schema["title"] = json!(name);
        if name == id {
            schema["x-ogc-role"] = json!("id");
        }
        all.insert(name, schema);
    }
    required.retain(|name| all.contains_key(name));
    (all, required)
}

/// Is a property a text, a number or a boolean, so that conditions and orders can use it?
pub fn is_scalar(schema: &Value) -> bool {
    ["string", "number", "integer", "boolean"].iter().any(|kind| schema["type"] == *kind)
}

/// Members of hotspots that their collection has not: they are those of a single hotspot.
pub const HOTSPOTS_LACK: [&str; 2] = ["history", "ended"];
/// Members of hexagons that their collection has not: a request to `/api/v1` asks for them.
pub const HEXES_LACK: [&str; 2] = ["p_permuted", "trend"];

impl OgcCollection {
    /// The schemas of the properties of its features, and the names of those that are never null.
    fn schemas(&self, language: Language) -> (PropertySchemas, Vec<String>) {
        match self {
            Self::Hotspots => {
                of_type::<HotspotOut<'static>>(("hotspot_id", &HOTSPOTS_LACK), language)
            }
            Self::Hexes => of_type::<HexOut>(("h3", &HEXES_LACK), language),
            Self::Boundaries(_) => of_type::<AreaOut>(("name", &[]), language),
            Self::Reports | Self::Incidents => {
                let mut all = Map::new();
                let last = |field: &&&Field| field.name == "revision";
                let fields = OGC.iter().filter(|field| !last(field));
                for field in fields.clone() {
                    all.insert(field.name.to_owned(), of_field(field, language));
                }
                let required = fields.filter(|field| field.required && field.name != "accuracy");
                let mut required: Vec<String> =
                    required.map(|field| field.name.to_owned()).collect();
                if *self == Self::Incidents {
                    let text = language.of(
                        "Nombre de demandes de l’incident, l’originale comprise",
                        "Number of reports of the incident, with the original one",
                    );
                    let schema = json!({ "title": REPORTS, "type": "integer", "minimum": 1,
                        "description": text });
                    all.insert(REPORTS.to_owned(), schema);
                    required.push(REPORTS.to_owned());
                }
                for field in OGC.iter().filter(last) {
                    all.insert(field.name.to_owned(), of_field(field, language));
                    required.push(field.name.to_owned());
                }
                (all, required)
            }
        }
    }

    /// The schemas of the properties of its features.
    pub fn properties(&self, language: Language) -> PropertySchemas {
        self.schemas(language).0
    }

    /// The properties of its areas that conditions and orders can use, with their schemas.
    pub fn scalars(&self, language: Language) -> PropertySchemas {
        self.properties(language).into_iter().filter(|(_, schema)| is_scalar(schema)).collect()
    }

    /// The properties that its features can be sorted by, with their schemas.
    pub fn sortables(&self, language: Language) -> PropertySchemas {
        let mut all = self.scalars(language);
        if self.is_of_reports() {
            all.retain(|name, _| SortProperty::parse(name).is_some());
        }
        all
    }

    /// The schema of its geometry.
    fn geometry(&self, language: Language) -> Value {
        let (format, text) = match self {
            Self::Reports | Self::Incidents => (
                "geometry-point",
                language.of("Lieu, nul s’il n’est pas connu", "Place, null if it is not known"),
            ),
            Self::Hexes => ("geometry-polygon", language.of("Contour", "Outline")),
            Self::Hotspots => (
                "geometry-polygon-or-multipolygon",
                language.of("Contour de ses cellules", "Outline of its cells"),
            ),
            Self::Boundaries(_) => ("geometry-multipolygon", language.of("Limites", "Boundaries")),
        };
        json!({ "title": GEOMETRY, "description": text, "format": format,
            "x-ogc-role": "primary-geometry" })
    }
}

async fn schema(call: Call<CollectionRequest>, headers: HeaderMap) -> HandlerResult {
    let collection = OgcCollection::find(&call.city, &call.request.id)?;
    let f = call.request.f;
    document(call, f, headers, SCHEMA, move |inputs| {
        let language = inputs.context.language;
        let (mut properties, required) = collection.schemas(language);
        properties.insert(GEOMETRY.to_owned(), collection.geometry(language));
        for (n, schema) in (1..).zip(properties.values_mut()) {
            schema["x-ogc-propertySeq"] = json!(n);
            // Features cannot be written here: reports are filed under `/api/v1` and by Open311.
            schema["readOnly"] = json!(true);
        }
        let title = collection.title(language);
        let schema = LogicalSchema {
            schema: "https://json-schema.org/draft/2020-12/schema",
            id: format!("{}/collections/{}/schema", inputs.form.root, collection.id()),
            r#type: "object",
            title: title.clone(),
            description: collection.description(language),
            properties,
            required,
            additional_properties: false,
        };
        Ok((title, schema))
    })
    .await
}

async fn sortables(call: Call<CollectionRequest>, headers: HeaderMap) -> HandlerResult {
    let collection = OgcCollection::find(&call.city, &call.request.id)?;
    let f = call.request.f;
    document(call, f, headers, SCHEMA, move |inputs| {
        let language = inputs.context.language;
        let title = collection.title(language);
        let schema = LogicalSchema {
            schema: "https://json-schema.org/draft/2020-12/schema",
            id: format!("{}/collections/{}/sortables", inputs.form.root, collection.id()),
            r#type: "object",
            title: title.clone(),
            description: language
                .of(
                    "Propriétés que prend « sortby » ; sans valeur, une entité vient à la fin.",
                    "Properties that 'sortby' takes; features without a value come last.",
                )
                .to_owned(),
            properties: collection.sortables(language),
            required: Vec::new(),
            additional_properties: false,
        };
        Ok((title, schema))
    })
    .await
}

//! The queryables of a collection: the properties that filters can use, as a JSON Schema. They are
//! declared by the types of its features and do not depend on which features there are.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

use std::borrow::Cow;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::domain::fields::{Field, Kind, QUERYABLE};
use crate::http::ogc::collection::OgcCollection;
use crate::http::ogc::schema::{HEXES_LACK, HOTSPOTS_LACK};
use crate::http::v1::boundaries::AreaOut;
use crate::http::v1::hexes::answer::HexOut;
use crate::http::v1::hotspots::answer::HotspotOut;
use crate::i18n::{Language, Message};
use crate::query::{PropertyRef, ValueType};

/// Name of the geometry property.
pub const GEOMETRY: &str = "geometry";

/// The schema of a collection's queryables.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Queryables {
    #[serde(rename = "$schema")]
    schema: &'static str,
    #[serde(rename = "$id")]
    id: String,
    r#type: &'static str,
    title: String,
    properties: QueryableSchemas,
    #[serde(rename = "additionalProperties")]
    additional_properties: bool,
}

/// Schemas of properties by name. In JSON an object, its members in the order of the list.
#[derive(Debug)]
struct QueryableSchemas(Vec<(String, Value)>);

impl Serialize for QueryableSchemas {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, property)| (name, property)))
    }
}

impl JsonSchema for QueryableSchemas {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "QueryableSchemas".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": { "type": "object" } })
    }
}

/// A property that filters can use.
#[derive(Debug)]
struct QueryableProperty {
    name: String,
    value_type: ValueType,
    /// What it is, where that is known.
    description: Option<Message>,
    /// Its type, format and values in JSON Schema.
    schema: Value,
}

/// The properties of a collection that filters can use.
#[derive(Debug)]
pub struct Properties {
    list: Vec<QueryableProperty>,
    /// The format of its geometry in JSON Schema.
    geometry: &'static str,
}

impl Properties {
    /// The properties of a collection.
    pub fn of(collection: &OgcCollection) -> &'static Self {
        static HOTSPOTS: LazyLock<Properties> = LazyLock::new(|| {
            Properties::of_areas::<HotspotOut<'static>>("geometry-multipolygon", &HOTSPOTS_LACK)
        });
        static HEXES: LazyLock<Properties> =
            LazyLock::new(|| Properties::of_areas::<HexOut>("geometry-polygon", &HEXES_LACK));
        static BOUNDARIES: LazyLock<Properties> =
            LazyLock::new(|| Properties::of_areas::<AreaOut>("geometry-multipolygon", &[]));
        match collection {
            OgcCollection::Reports | OgcCollection::Incidents => Self::of_reports(),
            OgcCollection::Hotspots => &HOTSPOTS,
            OgcCollection::Hexes => &HEXES,
            OgcCollection::Boundaries(_) => &BOUNDARIES,
        }
    }

    /// The properties of reports: all their public fields, in the order of [`QUERYABLE`].
    pub fn of_reports() -> &'static Self {
        static REPORTS: LazyLock<Properties> = LazyLock::new(|| Properties {
            list: QUERYABLE.iter().map(|field| of_field(field)).collect(),
            geometry: "geometry-point",
        });
        &REPORTS
    }

    /// The members of a type of features that are text, numbers, or true or false, but for those
    /// that the features of the collection lack.
    fn of_areas<T: JsonSchema>(geometry: &'static str, lacking: &[&str]) -> Self {
        let settings = SchemaSettings::draft2020_12().with(|one| one.inline_subschemas = true);
        let schema = settings.into_generator().into_root_schema_for::<T>().to_value();
        let members = schema["properties"].as_object().into_iter().flatten();
        let members = members.filter(|(name, _)| !lacking.contains(&name.as_str()));
        let list = members.filter_map(|(name, schema)| of_member(name, schema)).collect();
        Self { list, geometry }
    }

    /// The names of the properties without the geometry.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|property| property.name.as_str())
    }

    /// The names of the properties and of the geometry.
    pub fn all_names(&self) -> impl Iterator<Item = &str> {
        self.names().chain([GEOMETRY])
    }

    /// The property of this name; the geometry is none.
    pub fn property(&self, name: &str) -> Option<PropertyRef> {
        let mut numbered = self.list.iter().enumerate();
        let (number, property) = numbered.find(|(_, property)| property.name == name)?;
        let value_type = property.value_type;
        Some(PropertyRef { name: name.to_owned(), number, value_type })
    }

    /// The schema of these properties. `url` is the address of their collection.
    pub fn schema(&self, url: &str, title: String, language: Language) -> Queryables {
        let mut properties: Vec<(String, Value)> = Vec::with_capacity(self.list.len() + 1);
        for property in &self.list {
            let mut schema = property.schema.clone();
            schema["title"] = json!(property.name);
            if let Some(description) = &property.description {
                schema["description"] = json!(language.pick(description));
            }
            properties.push((property.name.clone(), schema));
        }
        properties.push((GEOMETRY.into(), json!({ "title": GEOMETRY, "format": self.geometry })));
        Queryables {
            schema: "https://json-schema.org/draft/2020-12/schema",
            id: format!("{url}/queryables"),
            r#type: "object",
            title,
            properties: QueryableSchemas(properties),
            additional_properties: false,
        }
    }
}

/// A field of reports.
fn of_field(field: &Field) -> QueryableProperty {
    let (value_type, schema) = match field.kind {
        Kind::Word(words) => (ValueType::Text, json!({ "type": "string", "enum": words })),
        Kind::Time => (ValueType::Time, json!({ "type": "string", "format": "date-time" })),
        Kind::Degrees => (ValueType::Number, json!({ "type": "number" })),
        Kind::Count => (ValueType::Number, json!({ "type": "integer", "minimum": 1 })),
        Kind::Text { chars_max, .. } => {
            (ValueType::Text, json!({ "type": "string", "maxLength": chars_max }))
        }
        Kind::Id | Kind::Code | Kind::Attributes | Kind::Addresses => {
            (ValueType::Text, json!({ "type": "string" }))
        }
    };
    let description = Message { fr: field.fr.to_owned(), en: field.en.to_owned() };
    QueryableProperty {
        name: field.name.to_owned(),
        value_type,
        description: Some(description),
        schema,
    }
}

/// A member of a feature's properties; none where it is a list or an object.
fn of_member(name: &str, schema: &Value) -> Option<QueryableProperty> {
    // A member that may be null has two types, or is any of two schemas.
    let variants = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
    let schema =
        variants.and_then(|list| list.iter().find(|one| one["type"] != "null")).unwrap_or(schema);
    let type_name = match &schema["type"] {
        Value::Array(types) => types.iter().find_map(|one| one.as_str().filter(|t| *t != "null")),
        one => one.as_str(),
    }?;
    let is_time = schema["format"] == "date-time";
    let value_type = match type_name {
        "string" if is_time => ValueType::Time,
        "string" => ValueType::Text,
        "number" | "integer" => ValueType::Number,
        "boolean" => ValueType::Truth,
        _ => return None,
    };
    let mut own = json!({ "type": type_name });
    if is_time {
        own["format"] = json!("date-time");
    }
    if let Some(words) = schema["enum"].as_array() {
        own["enum"] = words.iter().filter(|word| !word.is_null()).cloned().collect();
    }
    Some(QueryableProperty { name: name.to_owned(), value_type, description: None, schema: own })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(collection: &OgcCollection) -> Vec<(String, Value)> {
        let schema = Properties::of(collection).schema("u", "t".into(), Language::English);
        schema.properties.0.into_iter().map(|(name, one)| (name, one["type"].clone())).collect()
    }

    #[test]
    fn every_public_field_of_reports_is_queryable() {
        let known: Vec<&str> = Properties::of_reports().names().collect();
        let fields = crate::domain::fields::ALL.iter().filter(|field| field.public);
        let wanted: Vec<&str> = fields.map(|field| field.name).collect();
        assert_eq!(known, wanted);
        let places = (0..known.len()).map(|n| Properties::of_reports().property(known[n]));
        for (n, property) in places.enumerate() {
            assert_eq!(property.map(|property| property.number), Some(n));
        }
    }

    #[test]
    fn areas_have_the_members_of_their_types() {
        let hotspots = types(&OgcCollection::Hotspots);
        let has = |list: &[(String, Value)], name: &str, kind: &str| {
            assert!(list.contains(&(name.to_owned(), json!(kind))), "{name}: {list:?}");
        };
        has(&hotspots, "hotspot_id", "integer");
        has(&hotspots, "usual", "number");
        has(&hotspots, "service_code", "string");
        has(&hotspots, "since_datetime", "string");
        has(&hotspots, "class", "string");
        assert!(hotspots.iter().all(|(name, _)| name != "cells"), "{hotspots:?}");
        let hexes = types(&OgcCollection::Hexes);
        has(&hexes, "count", "integer");
        has(&hexes, "ring", "boolean");
        has(&hexes, "class", "string");
        let areas = types(&OgcCollection::Boundaries("quartiers".into()));
        let names: Vec<&str> = areas.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["name", "set", "geometry"]);
    }
}

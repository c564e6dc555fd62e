//! The queryables of a collection: the properties that filters can use, as a JSON Schema.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::http::ogc::cql::GEOMETRY;
use crate::query::{TextProperty, TimeProperty};

/// The schema of a collection's queryables.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Queryables {
    #[serde(rename = "$schema")]
    schema: &'static str,
    #[serde(rename = "$id")]
    id: String,
    r#type: &'static str,
    title: String,
    properties: Properties,
    #[serde(rename = "additionalProperties")]
    additional_properties: bool,
}

/// Properties by name. In JSON an object, its members in the order of the list.
#[derive(Debug)]
pub struct Properties(Vec<(String, Property)>);

/// A property.
#[derive(Debug, Serialize)]
struct Property {
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
}

impl Serialize for Properties {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, property)| (name, property)))
    }
}

impl JsonSchema for Properties {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Properties".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": { "type": "object" } })
    }
}

impl Properties {
    /// The properties of reports.
    pub fn of_reports() -> Self {
        let texts = TextProperty::ALL.iter().map(|(_, name)| (*name, None));
        let times = TimeProperty::ALL.iter().map(|(_, name)| (*name, Some("date-time")));
        let property = |(name, format): (&str, Option<&'static str>)| {
            let title = name.to_owned();
            (name.to_owned(), Property { title, r#type: Some("string"), format })
        };
        let mut all: Vec<(String, Property)> = texts.chain(times).map(property).collect();
        all.push(geometry("geometry-point"));
        Self(all)
    }

    /// The properties of a collection of areas that are strings, numbers or booleans, from their
    /// schemas.
    pub fn of_areas(scalars: &Map<String, Value>) -> Self {
        let property = |(name, schema): (&String, &Value)| {
            let kind = match schema["type"].as_str() {
                Some("integer") => "integer",
                Some("number") => "number",
                Some("boolean") => "boolean",
                _ => "string",
            };
            (name.clone(), Property { title: name.clone(), r#type: Some(kind), format: None })
        };
        let mut all: Vec<(String, Property)> = scalars.iter().map(property).collect();
        all.push(geometry("geometry-multipolygon"));
        Self(all)
    }

    /// The schema of these properties. `url` is the address of their collection.
    pub fn schema(self, url: &str, title: String) -> Queryables {
        Queryables {
            schema: "https://json-schema.org/draft/2020-12/schema",
            id: format!("{url}/queryables"),
            r#type: "object",
            title,
            properties: self,
            additional_properties: false,
        }
    }
}

fn geometry(format: &'static str) -> (String, Property) {
    let title = GEOMETRY.to_owned();
    (GEOMETRY.to_owned(), Property { title, r#type: None, format: Some(format) })
}

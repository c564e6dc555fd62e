//! The content of a body in the OpenAPI document: its media type, and its schema, which is derived
//! from a Rust type.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

/// Builds a schema.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One media type of a body.
#[derive(Clone, Copy)]
pub struct Content {
    media_type: &'static str,
    schema: SchemaOf,
    example: Option<fn() -> Value>,
}

impl Content {
    /// Its media type.
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// The media type and its OpenAPI media type object.
    pub fn document(&self, generator: &mut SchemaGenerator) -> (&'static str, Value) {
        let mut schema = (self.schema)(generator);
        // The generator transforms only the schemas that it puts under `components`.
        generator.transforms_mut().for_each(|transform| transform.transform(&mut schema));
        let mut media = json!({ "schema": schema });
        if let Some(example) = self.example {
            media["example"] = example();
        }
        (self.media_type, media)
    }

    /// Adds an example.
    pub const fn example(self, example: fn() -> Value) -> Self {
        Self { example: Some(example), ..self }
    }
}

/// The serialised form of a type, with this media type.
pub const fn of<T: JsonSchema>(media_type: &'static str) -> Content {
    Content { media_type, schema: SchemaGenerator::subschema_for::<T>, example: None }
}

/// A media type with a schema of its own.
pub const fn with_schema(media_type: &'static str, schema: SchemaOf) -> Content {
    Content { media_type, schema, example: None }
}

/// JSON of a type.
pub const fn json<T: JsonSchema>() -> Content {
    of::<T>("application/json")
}

/// GeoJSON of a type.
pub const fn geojson<T: JsonSchema>() -> Content {
    of::<T>("application/geo+json")
}

/// A text of any kind.
pub const fn text(media_type: &'static str) -> Content {
    of::<String>(media_type)
}

/// Binary data.
pub const fn binary(media_type: &'static str) -> Content {
    let schema = |_: &mut SchemaGenerator| json_schema!({ "type": "string", "format": "binary" });
    Content { media_type, schema, example: None }
}

/// An object whose schema is defined by another standard.
pub const fn object(media_type: &'static str) -> Content {
    let schema = |_: &mut SchemaGenerator| json_schema!({ "type": "object" });
    Content { media_type, schema, example: None }
}

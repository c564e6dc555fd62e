//! The OpenAPI 3.0 document, built from the descriptions of all operations.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::http::openapi::description::{Description, Tag};
use crate::http::openapi::french::french;
use crate::http::request::session_cookie::SessionCookie;
use crate::i18n::Language;

/// Media type of the document.
pub const MEDIA_TYPE: &str = "application/vnd.oai.openapi+json;version=3.0";

/// The member of a schema with its description in French. The English description is the doc
/// comment of the Rust type or field, which schemars reads.
pub const FRENCH: &str = "x-fr";

/// The facts about a collection of OGC API – Features that its part of the document depends on.
pub struct CollectionFacts {
    /// Its id in paths.
    pub id: String,
    /// Are its features reports?
    pub is_of_reports: bool,
    /// Does it have vector tiles?
    pub has_tiles: bool,
    /// For features that are areas: the parameters of conditions that a property equals a value.
    pub conditions: Vec<Value>,
}

/// The OpenAPI document, in any language and for any address of the service.
pub struct Document {
    operations: Vec<Description>,
}

/// Address and contact of the described service.
pub struct Server<'a> {
    /// Its base URL.
    pub base: &'a str,
    /// An e-mail address or a name.
    pub contact: Option<&'a str>,
}

impl Document {
    /// The document of these operations.
    pub fn new(operations: Vec<Description>) -> Self {
        Self { operations }
    }

    /// The whole document.
    pub fn whole(&self, server: &Server<'_>, language: Language) -> Value {
        let mut generator = generator(language);
        let mut paths: Map<String, Value> = Map::new();
        for operation in &self.operations {
            let path = paths.entry(operation.path).or_insert_with(|| json!({}));
            let parameters = operation.all_parameters();
            path[operation.method] = operation.document(&parameters, &mut generator, language);
        }
        document(paths, generator, server, language)
    }

    /// The part under `/ogc`, with paths relative to it. Paths with a collection id are repeated
    /// for each collection, because clients look for paths such as `/collections/reports/items`.
    pub fn ogc(
        &self,
        collections: &[CollectionFacts],
        server: &Server<'_>,
        language: Language,
    ) -> Value {
        let mut generator = generator(language);
        let mut paths: Map<String, Value> = Map::new();
        for operation in &self.operations {
            let Some(path) = operation.path.strip_prefix("/ogc") else { continue };
            if !path.contains("{id}") {
                let path = if path.is_empty() { "/" } else { path };
                let parameters = operation.all_parameters();
                let described = operation.document(&parameters, &mut generator, language);
                let item = paths.entry(path).or_insert_with(|| json!({}));
                item[operation.method] = described;
                continue;
            }
            let of_tiles = path.contains("/tiles");
            for collection in collections.iter().filter(|one| !of_tiles || one.has_tiles) {
                let mut parameters = match collection.is_of_reports {
                    true => operation.all_parameters(),
                    false => operation.all_parameters_of_areas(),
                };
                parameters.retain(|one| one.name != "id");
                let mut described = operation.document(&parameters, &mut generator, language);
                described["operationId"] = json!(format!("{}_{}", operation.id, collection.id));
                if path.ends_with("/items")
                    && let Some(parameters) = described["parameters"].as_array_mut()
                {
                    parameters.extend(collection.conditions.iter().cloned());
                }
                let path = path.replace("{id}", &collection.id);
                let item = paths.entry(path).or_insert_with(|| json!({}));
                item[operation.method] = described;
            }
        }
        document(paths, generator, server, language)
    }
}

fn document(
    paths: Map<String, Value>,
    mut generator: SchemaGenerator,
    server: &Server<'_>,
    language: Language,
) -> Value {
    let title = language.of("pointchaud : demandes 311", "pointchaud: 311 requests");
    let description = language.of(
        "Où sont les problèmes maintenant, sous n’importe quel filtre. GeoJSON ; distances en \
         mètres ; dates et heures au format RFC 3339 ; chaque réponse porte un ETag.",
        "Where the trouble is now, under any filter. GeoJSON; distances in metres; times in \
         RFC 3339; every answer has an ETag.",
    );
    let mut out = json!({
        "openapi": "3.0.3",
        "info": {
            "title": title,
            "description": description,
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": server.base }],
        "tags": Tag::list(language),
        "security": [],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                "crew": { "type": "http", "scheme": "bearer" },
                "cookieAuth": cookie_scheme(language),
            },
        },
    });
    if let Some(contact) = server.contact {
        let kind = if contact.contains('@') { "email" } else { "name" };
        out["info"]["contact"] = json!({ kind: contact });
    }
    out
}

/// The cookie of a session as a security scheme.
fn cookie_scheme(language: Language) -> Value {
    let description = language.of(
        "La session d’une page, ouverte par POST /api/v1/session. Sans HTTPS, depuis la machine du \
         service, le cookie s’appelle « pointchaud ».",
        "The session of a page, opened by POST /api/v1/session. Without HTTPS, from the service's \
         own machine, the cookie is called 'pointchaud'.",
    );
    let name = SessionCookie::Secure.name();
    json!({ "type": "apiKey", "in": "cookie", "name": name, "description": description })
}

/// A generator of OpenAPI 3.0 schemas of serialised types, with descriptions in one language.
fn generator(language: Language) -> SchemaGenerator {
    SchemaSettings::openapi3()
        .for_serialize()
        .with_transform(RecursiveTransform(move |schema: &mut Schema| describe(schema, language)))
        .with_transform(RecursiveTransform(Simplify))
        .into_generator()
}

/// The JSON Schema (draft 2020-12) of a serialised type in one language, without references.
pub fn schema_in_language<T: JsonSchema>(language: Language) -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let settings = settings.with(|settings| settings.inline_subschemas = true);
    let describe = RecursiveTransform(move |schema: &mut Schema| describe(schema, language));
    settings.with_transform(describe).into_generator().into_root_schema_for::<T>().to_value()
}

/// Keeps the description in one language. Without a French text the English one stays.
fn describe(schema: &mut Schema, language: Language) {
    let own = schema.remove(FRENCH);
    if language == Language::English {
        return;
    }
    let english = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    // Doc comments are wrapped.
    let known = french(&english.replace('\n', " ")).map(Value::from);
    if let Some(french) = own.or(known) {
        schema.insert("description".into(), french);
    }
}

/// Simplifies the output of schemars for tools that read OpenAPI 3.0.
#[derive(Clone)]
struct Simplify;

impl Transform for Simplify {
    fn transform(&mut self, schema: &mut Schema) {
        // OpenAPI has no formats for unsigned integers.
        if schema.get("format").and_then(Value::as_str).is_some_and(|name| name.starts_with("uint"))
        {
            schema.remove("format");
            schema.remove("maximum");
        }
        // An optional value without a list of words has no list.
        if schema.get("enum").is_some_and(Value::is_null) {
            schema.remove("enum");
        }
        // A choice is the reference itself: client generators make a model of their own of a
        // reference with a description.
        let choices = schema.get_mut("anyOf").and_then(Value::as_array_mut);
        for choice in choices.into_iter().flatten() {
            if let Some([one]) = choice["allOf"].as_array().map(Vec::as_slice) {
                *choice = one.clone();
            }
        }
        // "One of these, or null" is written as a nullable reference.
        let nothing = json!({ "nullable": true, "enum": [null] });
        let choices = schema.get("anyOf").and_then(Value::as_array);
        if let Some([one, other]) = choices.map(Vec::as_slice)
            && *other == nothing
        {
            let one = one.clone();
            schema.remove("anyOf");
            schema.insert("nullable".into(), json!(true));
            schema.insert("allOf".into(), json!([one]));
        }
    }
}

//! The OpenAPI 3.0 document, made of two tables: every parameter and every operation. Handlers may
//! take only what is declared here (in debug builds they are held to it, see
//! [`super::params::Params`]), and `tests/openapi.rs` sends everything that is.

mod operation;
mod operations;
mod parameters;
mod schema;

use std::sync::Arc;

use axum::extract::State;
use serde_json::{Map, Value, json};

use super::Site;
use super::answer::{Answer, Ask, settled, to_json};
use super::queries::finished;
use crate::format::json::Language;
use operation::Operation;
use operations::OPERATIONS;
use parameters::{COMMON, FILTER, PARAMETERS};
use schema::Parameter;

pub(super) use crate::format::ogc::CRS84;

/// Schemas that the tables refer to.
const SCHEMAS: &str = include_str!("schemas.json");
const MEDIA_TYPE: &str = "application/vnd.oai.openapi+json;version=3.0";

impl Operation {
    /// Everything it takes, as the tables name it.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let filter = self.takes.contains(&"filter:common");
        let own = self.takes.iter().copied().filter(|name| *name != "filter:common");
        let common = COMMON.iter().copied().filter(|_| !self.takes.contains(&"nothing"));
        let required = self.requires.iter().copied();
        required
            .chain(own.filter(|name| *name != "nothing"))
            .chain(FILTER.iter().copied().filter(move |_| filter))
            .chain(common)
    }
}

fn all() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().copied().flatten()
}

/// What a name is sent as.
fn sent(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

/// May a request to this route take this parameter?
pub fn declares(method: &str, route: &str, name: &str) -> bool {
    let here = |operation: &&Operation| operation.path == route && operation.method == method;
    let known = all().find(here);
    known.is_none_or(|operation| operation.names().any(|known| sent(known) == name))
}

fn parameter(known: &Parameter, required: bool, language: Language) -> Value {
    let text = if language == Language::French { known.fr } else { known.en };
    let mut out = json!({
        "name": sent(known.name),
        "in": "query",
        "required": required,
        "style": "form",
        "explode": false,
        "description": text,
        "schema": known.kind.schema(),
    });
    if !known.example.is_empty() {
        out["example"] = known.kind.example(known.example);
    }
    out
}

/// Parameters in the path.
fn in_path(operation: &Operation) -> Vec<Value> {
    let names = operation.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let one = |name: &str| {
        let example = operation.ids.iter().find(|(known, _)| *known == name).map(|(_, id)| *id);
        let kind = if ["z", "x"].contains(&name) { "integer" } else { "string" };
        let mut schema = json!({ "type": kind });
        if kind == "string" {
            schema["pattern"] = json!("^[^/]+$");
        }
        let mut out = json!({ "name": name, "in": "path", "required": true, "schema": schema });
        if let Some(example) = example {
            out["example"] = json!(example);
        }
        out
    };
    names.map(one).collect()
}

fn described(operation: &Operation, language: Language) -> Value {
    let text = if language == Language::French { operation.fr } else { operation.en };
    let mut parameters = in_path(operation);
    for name in operation.names() {
        let known = PARAMETERS.iter().find(|known| known.name == name);
        let required = operation.requires.contains(&name);
        parameters.extend(known.map(|known| parameter(known, required, language)));
    }
    let problem = if operation.path.starts_with("/open311/") {
        schema::Answer::Open311.content()
    } else {
        json!({ "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" } } })
    };
    let mut responses = Map::new();
    for (code, said) in operation.codes {
        let good = *code < 300;
        let mut response = json!({ "description": said });
        if good && *code != 204 {
            response["content"] = operation.answer.content();
        } else if *code >= 400 {
            response["content"] = problem.clone();
        }
        responses.insert(code.to_string(), response);
    }
    responses.insert("default".into(), json!({ "description": "problem", "content": problem }));
    let mut out = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": text,
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(body) = operation.body {
        out["requestBody"] = json!({ "required": true, "content": body.content() });
    }
    if operation.crew {
        out["security"] = json!([{}, { "crew": [] }]);
    }
    out
}

/// The document of the operations under a path.
fn document(under: &str, base: &str, language: Language) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in all().filter(|operation| operation.path.starts_with(under)) {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = described(operation, language);
    }
    // A test reads the document.
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    let (title, said) = match language {
        Language::French => (
            "pointchaud : demandes 311",
            "Où sont les problèmes maintenant, sous n’importe quel filtre. GeoJSON ; distances en \
             mètres ; temps RFC 3339 ; chaque réponse porte un ETag.",
        ),
        Language::English => (
            "pointchaud: 311 requests",
            "Where the trouble is now, under any filter. GeoJSON; distances in metres; times in \
             RFC 3339; every answer has an ETag.",
        ),
    };
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": title,
            "description": said,
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": base }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "crew": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn answered(site: &Site, ask: Ask, under: &str, media_type: &'static str) -> Answer {
    let base = ask.base(site);
    let ask = finished(ask)?;
    let base = if base.is_empty() { "/" } else { base.as_str() };
    let tag = ask.tag(site, 0);
    let body = || to_json(&document(under, base, ask.language));
    Ok(settled(&ask, media_type, &tag, body)?)
}

/// `GET /api/openapi.json`
pub async fn whole(State(site): State<Arc<Site>>, ask: Ask) -> Answer {
    answered(&site, ask, "/", "application/json")
}

/// `GET /ogc/api`: of OGC API – Features alone.
pub async fn ogc(State(site): State<Arc<Site>>, ask: Ask) -> Answer {
    answered(&site, ask, "/ogc", MEDIA_TYPE)
}

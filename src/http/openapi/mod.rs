//! The OpenAPI 3.0 document, made of two tables, every parameter and every operation, and of the
//! schemas of what is sent (`schemas.json`) and answered (`answers.json`). Handlers may take only
//! what is declared here (in debug builds they are held to it, see
//! [`crate::http::request::params::Params`]), and `tests/it/openapi.rs` sends everything that is
//! and holds the answers to their schemas.

mod operation;
mod operations;
mod parameters;
mod schema;

use std::sync::Arc;

use axum::extract::State;
use serde_json::{Map, Value, json};

use crate::http::AppState;
use crate::http::ogc::OgcCollection;
use crate::http::openapi::operation::Operation;
use crate::http::openapi::operations::OPERATIONS;
use crate::http::openapi::parameters::{COMMON, FILTER, PARAMETERS};
use crate::http::openapi::schema::{Parameter, schemas};
use crate::http::request::context::{
    CostClass, HandlerResult, RequestContext, fresh, settled, to_json,
};
use crate::http::v1::proximity::finished;
use crate::i18n::Language;

pub(super) use crate::http::ogc::document::CRS84;

const MEDIA_TYPE: &str = "application/vnd.oai.openapi+json;version=3.0";

/// Chapters: their names, and what they are of.
const TAGS: &[(&str, &str, &str)] = &[
    ("cities", "Villes, services, découpages", "Cities, services, sets of areas"),
    ("reports", "Les demandes, une à une", "Reports, one by one"),
    ("duplicates", "Doublons et incidents", "Duplicates and incidents"),
    ("places", "Autour d’un lieu", "Around a place"),
    ("maps", "Ce que montrent les cartes", "What maps show"),
    ("tiles", "Tuiles vectorielles", "Vector tiles"),
    ("open311", "Open311 GeoReport v2", "Open311 GeoReport v2"),
    ("ogc", "OGC API – Features et Tiles", "OGC API – Features and Tiles"),
    ("service", "Le service lui-même", "The service itself"),
];
/// Parameters of collections of reports alone, beside those of the filter.
const OF_REPORTS: [&str; 5] = [
    "service_request_id",
    "service_code",
    "closed_reason",
    "accuracy",
    "parent_service_request_id",
];

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
        let number = example.and_then(|text| text.parse::<u32>().ok());
        let number = number.filter(|_| ["z", "x", "y"].contains(&name));
        let schema = match number {
            Some(_) => json!({ "type": "integer", "minimum": 0 }),
            None => json!({ "type": "string", "pattern": "^[^/]+$" }),
        };
        let mut out = json!({ "name": name, "in": "path", "required": true, "schema": schema });
        match (number, example) {
            (Some(number), _) => out["example"] = json!(number),
            (None, Some(example)) => out["example"] = json!(example),
            (None, None) => {}
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
        schema::AnswerSchema::Open311.content()
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

/// Every path there is.
fn all_paths(language: Language) -> Map<String, Value> {
    let mut paths: Map<String, Value> = Map::new();
    for operation in all() {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = described(operation, language);
    }
    paths
}

/// The paths under `/ogc`, as seen from there, those of a collection once for each: clients look
/// for `/collections/reports/items` by name.
fn ogc_paths(collections: &[OgcCollection], language: Language) -> Map<String, Value> {
    let mut paths: Map<String, Value> = Map::new();
    let mut insert = |path: &str, operation: Value| {
        let path = if path.is_empty() { "/" } else { path };
        paths.insert(path.to_owned(), json!({ "get": operation }));
    };
    for operation in all() {
        let Some(path) = operation.path.strip_prefix("/ogc") else { continue };
        if !path.contains("{id}") {
            insert(path, described(operation, language));
            continue;
        }
        let tiles = path.contains("/tiles");
        for kind in collections.iter().filter(|kind| !tiles || kind.layer().is_some()) {
            insert(&path.replace("{id}", kind.id()), of_collection(operation, kind, language));
        }
    }
    paths
}

/// An operation on one collection: without what only reports can be asked for, where it has none.
fn of_collection(operation: &Operation, kind: &OgcCollection, language: Language) -> Value {
    let mut out = described(operation, language);
    out["operationId"] = json!(format!("{}_{}", operation.id, kind.id()));
    let only_reports = |name: &str| FILTER.contains(&name) || OF_REPORTS.contains(&name);
    if let Some(parameters) = out["parameters"].as_array_mut() {
        parameters.retain(|parameter| {
            let name = parameter["name"].as_str().unwrap_or_default();
            let in_path = parameter["in"] == "path";
            let apt = kind.is_of_reports() || operation.path.contains("/tiles");
            if in_path { name != "id" } else { apt || !only_reports(name) }
        });
    }
    out
}

/// The document of these paths.
fn document(
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
    state: &AppState,
    base: &str,
    language: Language,
) -> Value {
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
    let mut out = json!({
        "openapi": "3.0.3",
        "info": {
            "title": title,
            "description": said,
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": base }],
        "tags": tags(language),
        "security": [],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "crew": { "type": "http", "scheme": "bearer" } },
        },
    });
    if let Some(contact) = &state.public_config.contact {
        let kind = if contact.contains('@') { "email" } else { "name" };
        out["info"]["contact"] = json!({ kind: contact });
    }
    out
}

/// Chapters of the document.
fn tags(language: Language) -> Value {
    let tag = |(name, fr, en): &(&str, &str, &str)| {
        let said = if language == Language::French { fr } else { en };
        json!({ "name": name, "description": said })
    };
    TAGS.iter().map(tag).collect()
}

/// `GET /api/openapi.json`
pub async fn whole(State(state): State<Arc<AppState>>, context: RequestContext) -> HandlerResult {
    let base = context.base(&state);
    let context = finished(context)?;
    let base = if base.is_empty() { "/" } else { base.as_str() };
    let tag = context.tag(&state, 0);
    let body = || {
        to_json(&document(
            all_paths(context.language),
            schemas(true),
            &state,
            base,
            context.language,
        ))
    };
    Ok(settled(&context, "application/json", &tag, body)?)
}

/// `GET /ogc/api`: of OGC API – Features and Tiles alone.
pub async fn ogc(State(state): State<Arc<AppState>>, context: RequestContext) -> HandlerResult {
    let city = context.city(&state)?;
    let base = format!("{}/ogc", context.base(&state));
    let context = finished(context)?;
    let own = state.clone();
    let answer =
        fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, context| {
            let paths = ogc_paths(&OgcCollection::all(snapshot), context.language);
            to_json(&document(paths, schemas(false), &own, &base, context.language))
        });
    Ok(answer.await?)
}

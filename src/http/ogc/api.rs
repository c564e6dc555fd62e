//! The OpenAPI document of the part under `/ogc`.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

use axum::http::HeaderMap;
use serde_json::{Value, json};

use crate::http::ogc::collection::OgcCollection;
use crate::http::ogc::items_request::AreaParameters;
use crate::http::openapi::content::object;
use crate::http::openapi::description::Tag;
use crate::http::openapi::document::{CollectionFacts, MEDIA_TYPE, Server};
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, JSON, ResponseInputs, to_json};
use crate::http::request::accept::chosen;
use crate::http::request::call::Call;
use crate::http::request::parameter::Request;
use crate::i18n::Language;

/// The operation.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/ogc/api", "ogc_api", Tag::Ogc, api)
            .described("OpenAPI 3.0 de cette partie.", "OpenAPI 3.0 of this part.")
            .responds_with(&[object(MEDIA_TYPE)]),
    ]
}

/// The parameters of conditions that properties of areas equal a value, as OpenAPI describes them.
fn conditions(collection: &OgcCollection, language: Language) -> Vec<Value> {
    if collection.is_of_reports() {
        return Vec::new();
    }
    let mut own = Vec::new();
    AreaParameters::declare(&mut own);
    let scalars = collection.scalars(language).into_iter();
    let free = scalars.filter(|(name, _)| own.iter().all(|one| one.name != name));
    let condition = |(name, schema): (String, Value)| {
        let mut schema = json!({ "type": schema["type"], "enum": schema["enum"] });
        if let Some(members) = schema.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        let text = language.of("Valeur de la propriété.", "Value of the property.");
        json!({ "name": name, "in": "query", "required": false, "style": "form", "explode": false,
            "description": text, "schema": schema })
    };
    free.map(condition).collect()
}

async fn api(call: Call<()>, headers: HeaderMap) -> HandlerResult {
    chosen(&headers, &[&[MEDIA_TYPE, JSON]])?;
    call.respond(MEDIA_TYPE, CostClass::Long, |inputs, ()| {
        let ResponseInputs { state, snapshot, context, .. } = *inputs;
        let base = format!("{}/ogc", context.base(state));
        let language = context.language;
        let facts = |collection: OgcCollection| CollectionFacts {
            conditions: conditions(&collection, language),
            id: collection.id().to_owned(),
            is_of_reports: collection.is_of_reports(),
            has_tiles: collection.layer().is_some(),
        };
        let collections: Vec<_> = OgcCollection::all(snapshot).into_iter().map(facts).collect();
        let contact = state.public_config.contact.as_deref();
        let server = Server { base: &base, contact };
        to_json(&state.document().ogc(&collections, &server, language))
    })
    .await
}

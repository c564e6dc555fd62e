//! The OpenAPI document of the part under `/ogc`.

use crate::http::ogc::collection::OgcCollection;
use crate::http::openapi::content::object;
use crate::http::openapi::description::Tag;
use crate::http::openapi::document::{CollectionFacts, MEDIA_TYPE, Server};
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, ResponseInputs, to_json};
use crate::http::request::call::Call;

/// The operation.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/ogc/api", "ogc_api", Tag::Ogc, api)
            .described("OpenAPI 3.0 de cette partie.", "OpenAPI 3.0 of this part.")
            .responds_with(&[object(MEDIA_TYPE)]),
    ]
}

async fn api(call: Call<()>) -> HandlerResult {
    call.respond(MEDIA_TYPE, CostClass::Long, |inputs, ()| {
        let ResponseInputs { state, snapshot, context, .. } = *inputs;
        let base = format!("{}/ogc", context.base(state));
        let facts = |collection: OgcCollection| CollectionFacts {
            id: collection.id().to_owned(),
            is_of_reports: collection.is_of_reports(),
            has_tiles: collection.layer().is_some(),
        };
        let collections: Vec<_> = OgcCollection::all(snapshot).into_iter().map(facts).collect();
        let contact = state.public_config.contact.as_deref();
        let server = Server { base: &base, contact };
        to_json(&state.document().ogc(&collections, &server, context.language))
    })
    .await
}

//! The OpenAPI document of the part under `/ogc`.

use crate::http::ogc::collection::OgcCollection;
use crate::http::openapi::content::object;
use crate::http::openapi::description::Tag;
use crate::http::openapi::document::{CollectionFacts, MEDIA_TYPE, Server};
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, snapshot_response, to_json};
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
    let Call { state, city, context, .. } = call;
    let base = format!("{}/ogc", context.base(&state));
    let reading = state.clone();
    let long = CostClass::Long;
    snapshot_response(&state, context, &city, MEDIA_TYPE, long, move |snapshot, context| {
        let facts = |collection: OgcCollection| CollectionFacts {
            id: collection.id().to_owned(),
            is_of_reports: collection.is_of_reports(),
            has_tiles: collection.layer().is_some(),
        };
        let collections: Vec<_> = OgcCollection::all(snapshot).into_iter().map(facts).collect();
        let contact = reading.public_config.contact.as_deref();
        let server = Server { base: &base, contact };
        to_json(&reading.document().ogc(&collections, &server, context.language))
    })
    .await
}

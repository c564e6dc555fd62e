//! The HTTP surface. Each resource declares its operations beside their handlers; the router and
//! the OpenAPI document are made from the same list of them (`operations`).

mod explain;
pub mod ogc;
mod open311;
mod openapi;
mod operation;
mod ops;
mod reply;
pub mod request;
mod serve;
mod state;
mod tiles;
pub mod v1;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, Method, header};
use axum::middleware::from_fn_with_state;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};

pub use serve::serve;
pub use state::{Access, AppState, PageSettings, PublicConfig};

use crate::http::openapi::document::{Document, Server};
use crate::http::operation::Operation;
use crate::i18n::Language;

/// Every operation of the service.
fn operations() -> Vec<Operation> {
    let resources = [
        v1::cities::operations,
        v1::services::operations,
        v1::reports::operations,
        v1::media::operations,
        v1::duplicates::operations,
        v1::incidents::operations,
        v1::nearest::operations,
        v1::within::operations,
        v1::clusters::operations,
        v1::hexes::operations,
        v1::hotspots::operations,
        v1::density::operations,
        v1::alerts::operations,
        v1::recurrences::operations,
        v1::stats::operations,
        v1::boundaries::operations,
        openapi::handlers::operations,
        tiles::operations,
        open311::operations,
        ogc::operations,
        ops::health::operations,
        ops::pages::operations,
    ];
    resources.into_iter().flat_map(|operations| operations()).collect()
}

/// The description of these operations.
fn document(operations: &[Operation]) -> Document {
    Document::new(operations.iter().filter_map(|one| one.description.clone()).collect())
}

/// Every path of the service, as the router has it.
pub fn paths() -> Vec<&'static str> {
    operations().iter().flat_map(|one| one.paths().collect::<Vec<_>>()).collect()
}

/// The OpenAPI document of a service whose address is not known.
pub fn openapi_document(language: Language) -> serde_json::Value {
    let server = Server { base: "/", contact: None };
    document(&operations()).whole(&server, language)
}

/// The router over all operations.
pub fn router(state: Arc<AppState>) -> Router {
    let limits = state.app.limits.clone();
    let operations = operations();
    state.set_document(document(&operations));
    state.metrics.set_routes(operations.iter().flat_map(|operation| operation.paths()));
    let mut router = Router::new();
    for operation in &operations {
        for path in operation.paths() {
            router = router.route(path, operation.route(&limits));
        }
    }
    let idempotency_key = HeaderName::from_static("idempotency-key");
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PATCH])
        .allow_headers([
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::AUTHORIZATION,
            header::ACCEPT_LANGUAGE,
            idempotency_key,
        ])
        .expose_headers([header::ETAG, header::LOCATION]);
    // One stack, the outermost first: layers that are added one by one cost an allocation each.
    let layers = ServiceBuilder::new()
        .layer(cors)
        .layer(CompressionLayer::new().quality(tower_http::CompressionLevel::Fastest))
        .layer(from_fn_with_state(state.clone(), explain::explain))
        .layer(CatchPanicLayer::new())
        .layer(DefaultBodyLimit::max(limits.body_bytes_max));
    router.layer(layers).with_state(state)
}

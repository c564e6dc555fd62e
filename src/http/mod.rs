//! The HTTP interface. Each resource declares its operations next to their handlers. The router
//! and the OpenAPI document are built from the same list, `operations`.

// What a request holds comes from outside: a number in it may be anything.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

mod access;
mod around;
mod connection_bodies;
mod connections;
mod explain;
mod http2;
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
mod tls;
mod unattached;
pub mod v1;
mod watched_stream;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Extensions, HeaderMap, HeaderName, Method, StatusCode, Uri, Version, header};
use axum::middleware::from_fn_with_state;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};
use tower_http::cors::{Any, CorsLayer};
use tower_http::csrf::CsrfLayer;

pub use access::WriteAccess;
pub use request::client_address::TrustedProxies;
pub use serve::{Listening, serve};
pub use state::{AppState, Licences, PageSettings, PublicConfig};
pub use tls::{TlsFiles, TlsKeys};
pub use unattached::{remove_unattached, watch_photos};

use crate::config::Limits;
use crate::http::around::rates::{RateClass, Rates};
use crate::http::openapi::document::{Document, Server};
use crate::http::operation::{Operation, RouteLayers};
use crate::http::request::body_budget::BodyBudget;
use crate::i18n::Language;

/// Every operation of the service, in the order of the OpenAPI document.
fn operations() -> Vec<Operation> {
    let resources = [
        v1::cities::operations,
        v1::services::operations,
        v1::reports::operations,
        v1::exports::operations,
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
        v1::imports::operations,
        openapi::handlers::operations,
        tiles::operations,
        open311::operations,
        ogc::operations,
        ops::health::operations,
        ops::pages::operations,
    ];
    resources.into_iter().flat_map(|operations| operations()).collect()
}

/// The OpenAPI document of these operations. Pages have no description and are left out.
fn document(operations: &[Operation]) -> Document {
    Document::new(operations.iter().filter_map(|one| one.description.clone()).collect())
}

/// Every path of the service, in the router's notation, such as `/api/v1/reports/{id}`.
pub fn paths() -> Vec<&'static str> {
    operations().iter().flat_map(|one| one.paths().collect::<Vec<_>>()).collect()
}

/// The OpenAPI document without the address of a running service: its server is `/`.
pub fn openapi_document(language: Language) -> serde_json::Value {
    let server = Server { base: "/", contact: None };
    document(&operations()).whole(&server, language)
}

/// How long browsers keep the answer to a preflight request; none keeps it longer than a day.
const PREFLIGHT_AGE: Duration = Duration::from_secs(86_400);

/// What pages of other origins may do: read and file reports.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers([
            header::CONTENT_TYPE,
            header::IF_NONE_MATCH,
            header::ACCEPT_LANGUAGE,
            HeaderName::from_static("idempotency-key"),
        ])
        .expose_headers(explain::EXPOSED)
        .max_age(PREFLIGHT_AGE)
}

/// A response with a strong ETag stays as it is: compressed, it would be another one with the same
/// tag (RFC 9110, section 8.8.3.3). Only responses about one report have one, and they are short.
fn may_compress(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    headers.get(header::ETAG).is_none_or(|tag| tag.as_bytes().starts_with(b"W/"))
}

/// Refuses changes that pages of other origins send with what a browser of a crew knows. Pages of
/// the public address are the service's own, also where a proxy names it otherwise.
fn csrf(public_url: Option<&str>) -> CsrfLayer {
    let layer = CsrfLayer::new();
    let Some(origin) = public_url.and_then(origin_of) else { return layer };
    layer.clone().add_trusted_origin(&origin).unwrap_or_else(|error| {
        tracing::warn!(%error, "the public address has no origin that browsers send");
        layer
    })
}

/// The origin of an address: its scheme, host and port.
fn origin_of(url: &str) -> Option<String> {
    let url: Uri = url.parse().ok()?;
    Some(format!("{}://{}", url.scheme_str()?, url.authority()?))
}

/// The rates of these operations.
fn rates(limits: &Limits, operations: &[Operation]) -> Rates {
    let classes = operations.iter().flat_map(|operation| {
        let (method, id) = operation.method_and_id();
        let class = RateClass::of(method, id, operation.is_public());
        operation.paths().map(move |path| (path, method, class))
    });
    Rates::new(limits, classes)
}

/// The router of all operations, with CORS, compression, problem documents and body limits.
pub fn router(state: Arc<AppState>) -> Router {
    let limits = state.app.limits.clone();
    let operations = operations();
    state.set_document(document(&operations));
    state.set_rates(rates(&limits, &operations));
    state.metrics.set_routes(operations.iter().flat_map(|operation| operation.paths()));
    let around = RouteLayers {
        cors: cors(),
        csrf: csrf(state.public_config.public_url.as_deref()),
        budget: BodyBudget::new(limits.bodies_bytes_max, limits.request_time_max),
    };
    let mut router = Router::new();
    // A preflight request is answered by the last operation of its path: where a path has public
    // operations, by one of those.
    let (public, restricted): (Vec<&Operation>, _) =
        operations.iter().partition(|operation| operation.is_public());
    for operation in restricted.into_iter().chain(public) {
        for path in operation.paths() {
            router = router.route(path, operation.route(&around));
        }
    }
    // The outermost layer comes first. One `ServiceBuilder` costs one allocation per request;
    // each separate call of `Router::layer` would cost another.
    let body_limit = DefaultBodyLimit::max(limits.body_bytes_max);
    let layers = ServiceBuilder::new()
        .layer(
            CompressionLayer::new()
                .quality(tower_http::CompressionLevel::Fastest)
                .compress_when(DefaultPredicate::new().and(may_compress)),
        )
        .layer(from_fn_with_state(state.clone(), explain::around))
        .layer(CatchPanicLayer::new())
        .layer(body_limit);
    router.layer(layers).with_state(state)
}

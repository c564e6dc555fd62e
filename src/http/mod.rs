//! The HTTP surface: every path in one table, three steps to a handler (read what is asked, ask,
//! write the answer).

pub mod ogc;
mod open311;
mod openapi;
mod ops;
mod reply;
pub mod request;
mod serve;
mod tiles;
pub mod v1;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, patch, post};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::timeout::TimeoutLayer;

pub use ops::pages::PageSettings;
pub use serve::serve;

use crate::config::Limits;
use crate::http::ops::metrics::Metrics;
use crate::http::ops::pages;
use crate::http::tiles::Tiles;
use crate::http::v1::{
    about, alerts, batch, boundaries, clusters, dbscan, duplicates, hexes, hotspots, incidents,
    media, proximity, reports,
};
use crate::media::PhotoStore;
use crate::query::DuplicateModel;
use crate::usecase::App;
use crate::usecase::watch::BackgroundWatch;

/// Who may change reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everybody who reaches the service: it listens to this machine only.
    Local,
    /// Whoever shows this key as a bearer token.
    Key(String),
    /// Nobody: it listens to the network and no key was set.
    Nobody,
}

/// How the service meets the world outside.
pub struct PublicConfig {
    /// Its address as readers know it; none where it is what they ask for.
    pub public_url: Option<String>,
    /// Keys with which applications may file by Open311; any where there is none.
    pub open311_keys: Vec<String>,
    /// Whom to write to, for Open311's discovery.
    pub contact: Option<String>,
    /// Where photos are kept.
    pub photo_store: PhotoStore,
}

/// What handlers share.
pub struct AppState {
    /// The application.
    pub app: Arc<App>,
    /// Who may change reports.
    pub access: Access,
    /// Settings of the map page.
    pub page: PageSettings,
    /// What is looked for without being asked.
    pub watch: Arc<BackgroundWatch>,
    /// How duplicates are told.
    pub model: Arc<DuplicateModel>,
    /// How it meets the world outside.
    pub public_config: PublicConfig,
    metrics: Metrics,
    tiles: Tiles,
}

impl AppState {
    /// A site over an application.
    pub fn new(
        app: Arc<App>,
        access: Access,
        page: PageSettings,
        watch: Arc<BackgroundWatch>,
        model: DuplicateModel,
        public_config: PublicConfig,
    ) -> Arc<Self> {
        let model = Arc::new(model);
        Arc::new(Self {
            app,
            access,
            page,
            watch,
            model,
            public_config,
            metrics: Metrics::default(),
            tiles: Tiles::default(),
        })
    }
}

/// Every path of the service.
pub fn router(state: Arc<AppState>) -> Router {
    let limits = state.app.limits.clone();
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
        .layer(from_fn_with_state(state.clone(), request::context::explain))
        .layer(CatchPanicLayer::new())
        .layer(DefaultBodyLimit::max(limits.body_bytes_max));
    api(&limits)
        .route("/healthz", get(about::healthz))
        .route("/readyz", get(about::readyz))
        .route("/metrics", get(about::metrics))
        .route("/config.json", get(pages::config))
        .route("/", get(pages::index))
        .route("/signaler", get(pages::report))
        .route("/suivi", get(pages::tracking))
        .route("/suivi/{id}", get(pages::tracking))
        .route("/docs", get(pages::docs))
        .route("/assets/{*path}", get(pages::asset))
        .route("/media/{name}", get(media::one))
        .merge(outside(&limits))
        .layer(layers)
        .with_state(state)
}

/// Paths of the protocols that others have written.
fn outside(limits: &Limits) -> Router<Arc<AppState>> {
    let in_time =
        TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limits.request_time_max);
    let form_size = DefaultBodyLimit::max(media::FORM_BYTES_MAX);
    Router::new()
        .route(
            "/open311/v2/{name}",
            get(open311::get).merge(post(open311::post).layer((in_time, form_size))),
        )
        .route("/open311/v2/services/{name}", get(open311::service))
        .route("/open311/v2/requests/{name}", get(open311::request))
        .route("/open311/v2/tokens/{name}", get(open311::token))
        .route("/tiles/{name}", get(tiles::about))
        .route("/tiles/{layer}/{z}/{x}/{y}", get(tiles::tile))
        .route("/api/openapi.json", get(openapi::whole))
        .route("/ogc/api", get(openapi::ogc))
        .route("/ogc", get(ogc::landing))
        .route("/ogc/", get(ogc::landing))
        .route("/ogc/conformance", get(ogc::conformance))
        .route("/ogc/collections", get(ogc::collections))
        .route("/ogc/collections/{id}", get(ogc::collection))
        .route("/ogc/collections/{id}/queryables", get(ogc::queryables))
        .route("/ogc/collections/{id}/items", get(ogc::items))
        .route("/ogc/collections/{id}/tiles", get(ogc::sets))
        .route("/ogc/collections/{id}/tiles/{grid}", get(ogc::set))
        .route("/ogc/collections/{id}/tiles/{grid}/{z}/{y}/{x}", get(ogc::tile))
        .route("/ogc/tileMatrixSets", get(ogc::grids))
        .route("/ogc/tileMatrixSets/{grid}", get(ogc::grid))
        .route("/ogc/collections/{id}/items/{feature}", get(ogc::item))
        .route("/api/v1/media", post(media::create).layer((in_time, form_size)))
}

/// The API's own paths.
fn api(limits: &Limits) -> Router<Arc<AppState>> {
    // Bodies may be slow to come; what is computed has the same limit in the application.
    let in_time =
        TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limits.request_time_max);
    let batch_size = DefaultBodyLimit::max(limits.batch_bytes_max);
    Router::new()
        .route("/api/v1/jurisdictions", get(about::jurisdictions))
        .route("/api/v1/services", get(about::services))
        .route("/api/v1/reports", get(reports::list).merge(post(reports::create).layer(in_time)))
        .route("/api/v1/reports/batch", post(batch::create).layer((in_time, batch_size)))
        .route(
            "/api/v1/reports/{id}",
            get(reports::one).merge(patch(reports::change).layer(in_time)),
        )
        .route("/api/v1/reports/{id}/history", get(reports::history))
        .route("/api/v1/reports/{id}/contact", get(reports::contact))
        .route("/api/v1/duplicates", get(duplicates::list))
        .route(
            "/api/v1/duplicates/batch",
            post(duplicates::batch).layer(DefaultBodyLimit::disable()),
        )
        .route("/api/v1/incidents/{id}", get(incidents::one))
        .route("/api/v1/incidents/{id}/merge", incidents::merge().layer(in_time))
        .route("/api/v1/incidents/{id}/split", incidents::split().layer(in_time))
        .route("/api/v1/incidents/{id}/undo", incidents::undo().layer(in_time))
        .route("/api/v1/nearest", get(proximity::nearest))
        .route(
            "/api/v1/within",
            get(proximity::within_radius).merge(post(proximity::within_polygon).layer(in_time)),
        )
        .route("/api/v1/clusters", get(clusters::list))
        .route("/api/v1/clusters/{id}", get(clusters::one))
        .route("/api/v1/clusters/{id}/children", get(clusters::children))
        .route("/api/v1/clusters/{id}/reports", get(clusters::reports))
        .route("/api/v1/hexes", get(hexes::list))
        .route("/api/v1/hotspots", get(hotspots::list))
        .route("/api/v1/hotspots/{id}", get(hotspots::one))
        .route("/api/v1/dbscan", get(dbscan::dbscan))
        .route("/api/v1/hdbscan", get(dbscan::hdbscan))
        .route("/api/v1/alerts", get(alerts::alerts))
        .route("/api/v1/recurrences", get(alerts::recurrences))
        .route("/api/v1/boundaries", get(boundaries::list))
        .route("/api/v1/boundaries/{name}", get(boundaries::one))
        .route("/api/v1/stats", get(proximity::stats))
}

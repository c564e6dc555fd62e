//! The service about itself: cities, services, health.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::http::AppState;
use crate::http::request::context::{HandlerResult, RequestContext, tagged, to_json};
use crate::http::v1::answers;

/// `GET /api/v1/jurisdictions`
pub async fn jurisdictions(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> HandlerResult {
    context.params.finish()?;
    let cities = state.app.cities().into_iter().map(|city| {
        let snapshot = city.shown().load();
        let extent = city.jurisdiction.extent;
        answers::jurisdiction(&city.jurisdiction, extent, snapshot.revision(), snapshot.len())
    });
    let body = json!({ "jurisdictions": cities.collect::<Value>() });
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(body)).into_response())
}

/// `GET /api/v1/services`
pub async fn services(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let catalogue = city.catalogue();
    let tag = context.tag(&state, catalogue.services().len() as u64);
    if context.has(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let body = to_json(&answers::services(&catalogue, context.language))?;
    context.params.finish()?;
    Ok(tagged("application/json", &tag, body))
}

/// `GET /healthz`: the process answers.
pub async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /readyz`: 200 once every index has caught up, 503 with how far they are before.
pub async fn readyz(State(state): State<Arc<AppState>>) -> Response {
    let cities = state.app.cities().into_iter().map(|city| {
        let progress = city.progress();
        json!({
            "jurisdiction_id": city.id().as_str(),
            "ready": progress.ready,
            "revision": progress.read,
            "stored_revision": progress.stored,
            "lag": progress.stored - progress.read,
        })
    });
    let ready = state.app.is_ready();
    let body = json!({ "ready": ready, "jurisdictions": cities.collect::<Value>() });
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// `GET /metrics`
pub async fn metrics(State(state): State<Arc<AppState>>) -> Response {
    let text = state.metrics.text(&state.app);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

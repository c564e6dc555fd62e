//! The service about itself: cities, services, health.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Site;
use super::answer::{Answer, Ask, tagged, to_json};
use crate::format::answers;

/// `GET /api/v1/jurisdictions`
pub async fn jurisdictions(State(site): State<Arc<Site>>, ask: Ask) -> Answer {
    ask.params.finish()?;
    let cities = site.app.cities().into_iter().map(|city| {
        let snapshot = city.shown().load();
        let extent = city.jurisdiction.extent;
        answers::jurisdiction(&city.jurisdiction, extent, snapshot.revision(), snapshot.len())
    });
    let body = json!({ "jurisdictions": cities.collect::<Value>() });
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(body)).into_response())
}

/// `GET /api/v1/services`
pub async fn services(State(site): State<Arc<Site>>, ask: Ask) -> Answer {
    let city = ask.city(&site)?;
    let catalogue = city.catalogue();
    let tag = ask.tag(&site, catalogue.services().len() as u64);
    if ask.has(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let body = to_json(&answers::services(&catalogue, ask.language))?;
    ask.params.finish()?;
    Ok(tagged("application/json", &tag, body))
}

/// `GET /healthz`: the process answers.
pub async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /readyz`: 200 once every index has caught up, 503 with how far they are before.
pub async fn readyz(State(site): State<Arc<Site>>) -> Response {
    let cities = site.app.cities().into_iter().map(|city| {
        let progress = city.progress();
        json!({
            "jurisdiction_id": city.id().as_str(),
            "ready": progress.ready,
            "revision": progress.read,
            "stored_revision": progress.stored,
            "lag": progress.stored - progress.read,
        })
    });
    let ready = site.app.is_ready();
    let body = json!({ "ready": ready, "jurisdictions": cities.collect::<Value>() });
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// `GET /metrics`
pub async fn metrics(State(site): State<Arc<Site>>) -> Response {
    let text = site.metrics.text(&site.app);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

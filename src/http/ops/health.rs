//! Health, readiness and metrics.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::openapi::content::{json, text};
use crate::http::openapi::description::{Codes, Tag};
use crate::http::operation::Operation;
use crate::http::state::AppState;

const OK: Codes = &[(200, "ok")];

/// The operations.
pub fn operations() -> Vec<Operation> {
    let readiness = json::<Readiness>();
    vec![
        Operation::plain("/healthz", "healthz", Tag::Service, get(healthz))
            .described("Le processus fonctionne.", "The process is alive.")
            .responds_with(&[json::<Health>()])
            .status_codes(OK),
        Operation::plain("/readyz", "readyz", Tag::Service, get(readyz))
            .described("L’index est-il à jour ?", "Has the index caught up with the store?")
            .responds_with(&[readiness])
            .fails_with(&[readiness])
            .status_codes(&[(200, "ok"), (503, "not yet")]),
        Operation::plain("/metrics", "metrics", Tag::Service, get(metrics))
            .described(
                "Métriques pour Prometheus (format texte 0.0.4). http_request_duration_seconds : \
                 histogramme des durées de réponse, par route (method, route) ; \
                 pointchaud_http_answers_total : réponses par classe de statut ; et par ville : \
                 pointchaud_reports, pointchaud_revision, pointchaud_stored_revision, \
                 pointchaud_ready.",
                "Metrics for Prometheus (text format 0.0.4). http_request_duration_seconds: \
                 histogram of response times, by route (method, route); \
                 pointchaud_http_answers_total: answers by class of status; and for each city: \
                 pointchaud_reports, pointchaud_revision, pointchaud_stored_revision, \
                 pointchaud_ready.",
            )
            .responds_with(&[text("text/plain")])
            .status_codes(OK),
    ]
}

/// The process is alive.
#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    status: &'static str,
}

async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether the indexes have caught up with the store.
#[derive(Debug, Serialize, JsonSchema)]
struct Readiness {
    ready: bool,
    /// Why nothing can be written, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<String>,
    jurisdictions: Vec<CityReadiness>,
}

/// Whether the index of a city has caught up with the store.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct CityReadiness {
    jurisdiction_id: String,
    ready: bool,
    revision: u64,
    stored_revision: u64,
    /// Revisions of the store that the index has not applied yet.
    lag: u64,
}

/// 200 once every index has caught up and while the store is in its place, otherwise 503; the body
/// is the same.
async fn readyz(State(state): State<Arc<AppState>>) -> Response {
    let cities = state.app.cities().into_iter().map(|city| {
        let progress = city.progress();
        CityReadiness {
            jurisdiction_id: city.id().as_str().to_owned(),
            ready: progress.ready,
            revision: progress.read,
            stored_revision: progress.stored,
            lag: progress.stored - progress.read,
        }
    });
    let store = state.app.check_store().err().map(|error| error.message.en);
    let ready = state.app.is_ready() && store.is_none();
    let body = Readiness { ready, store, jurisdictions: cities.collect() };
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn metrics(State(state): State<Arc<AppState>>) -> Response {
    let text = state.metrics.text(&state.app);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

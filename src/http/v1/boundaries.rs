//! Boundaries of a city's areas.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::json;

use crate::error::Error;
use crate::export::geojson::MEDIA_TYPE;
use crate::http::AppState;
use crate::http::request::context::{CostClass, HandlerResult, RequestContext, fresh, to_json};
use crate::http::v1::proximity::finished;
use crate::ingest::boundaries;

/// `GET /api/v1/boundaries`
pub async fn list(State(state): State<Arc<AppState>>, context: RequestContext) -> HandlerResult {
    let city = context.city(&state)?;
    let context = finished(context)?;
    let answer =
        fresh(&state, context, &city, "application/json", CostClass::Long, |snapshot, _| {
            to_json(&boundaries::list(snapshot.boundary_sets().iter().map(|set| set.set())))
        });
    Ok(answer.await?)
}

/// `GET /api/v1/boundaries/{name}`
pub async fn one(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let context = finished(context)?;
    let answer = fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, _| {
        let set = snapshot.boundary_set(&name).ok_or_else(|| Error::not_found(&name))?;
        let features = boundaries::features(set.set());
        to_json(&json!({
            "type": "FeatureCollection",
            "as_of": snapshot.revision(),
            "numberReturned": features.len(),
            "features": features,
        }))
    });
    Ok(answer.await?)
}

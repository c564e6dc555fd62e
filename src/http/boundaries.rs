//! Boundaries of a city's areas.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::json;

use super::Site;
use super::answer::{Answer, Ask, Effort, fresh, to_json};
use super::queries::finished;
use crate::error::Error;
use crate::format::boundaries;
use crate::format::geojson::MEDIA_TYPE;

/// `GET /api/v1/boundaries`
pub async fn list(State(site): State<Arc<Site>>, ask: Ask) -> Answer {
    let city = ask.city(&site)?;
    let ask = finished(ask)?;
    let answer = fresh(&site, ask, &city, "application/json", Effort::Long, |snapshot, _| {
        to_json(&boundaries::list(snapshot.zones().iter().map(|set| set.set())))
    });
    Ok(answer.await?)
}

/// `GET /api/v1/boundaries/{name}`
pub async fn one(State(site): State<Arc<Site>>, Path(name): Path<String>, ask: Ask) -> Answer {
    let city = ask.city(&site)?;
    let ask = finished(ask)?;
    let answer = fresh(&site, ask, &city, MEDIA_TYPE, Effort::Long, move |snapshot, _| {
        let set = snapshot.zone_set(&name).ok_or_else(|| Error::not_found(&name))?;
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

//! The cities of the service.

use schemars::JsonSchema;
use serde::Serialize;

use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;

use crate::http::openapi::content::json;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::request::call::ServiceCall;

/// The operation.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/jurisdictions", "jurisdictions", Tag::Cities, list)
            .described("Les villes de ce service.", "The cities of this service.")
            .responds_with(&[json::<Jurisdictions>()]),
    ]
}

/// The jurisdictions of the service.
#[derive(Debug, Serialize, JsonSchema)]
struct Jurisdictions {
    jurisdictions: Vec<JurisdictionOut>,
}

/// One jurisdiction of the service.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct JurisdictionOut {
    jurisdiction_id: String,
    name: String,
    time_zone: String,
    /// West, south, east, north in degrees.
    #[schemars(extend("x-fr" = "Ouest, sud, est, nord en degrés."))]
    extent: Option<[f64; 4]>,
    revision: u64,
    reports: usize,
}

async fn list(call: ServiceCall) -> HandlerResult {
    let view = call.context.view.counted();
    let cities = call.state.app.cities().into_iter().map(|city| {
        let snapshot = city.snapshots(view).load();
        let jurisdiction = city.jurisdiction();
        JurisdictionOut {
            jurisdiction_id: jurisdiction.id.as_str().to_owned(),
            name: jurisdiction.name.clone(),
            time_zone: jurisdiction.time_zone.clone(),
            extent: jurisdiction.extent.map(|b| [b.west, b.south, b.east, b.north]),
            revision: snapshot.revision(),
            reports: snapshot.len(),
        }
    });
    let body = Jurisdictions { jurisdictions: cities.collect() };
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(body)).into_response())
}

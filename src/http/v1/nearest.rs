//! The reports nearest to a position.

use crate::domain::Filter;
use crate::export::geojson::{Collection, MEDIA_TYPE};
use crate::http::openapi::content::geojson;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::request::call::Call;
use crate::http::request::parameter::query;
use crate::http::request::parameter::request;
use crate::http::request::params::{BOXED_FILTER, POSITION, ROWS_MAX};
use crate::http::request::types::number;
use crate::http::v1::facts::{FactsOut, QUICK_M, cost_of, facts_page, found_facts};
use crate::place::{CIRCUMFERENCE_M, Meters, Position};
use crate::query::nearest;
use crate::usecase::reports::check_areas;

/// The operation.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/nearest", "nearest", Tag::Places, list)
            .described(
                "Les demandes les plus proches, avec leur distance.",
                "The nearest reports, with their distance.",
            )
            .responds_with(&[geojson::<Collection<'_, FactsOut<'_>>>()]),
    ]
}

request! {
    /// The nearest reports.
    pub struct NearestRequest {
        at: Position = POSITION,
        k: usize = query("k", number(1, ROWS_MAX)).default(10).example("5")
            .described("Nombre de demandes.", "Number of reports."),
        max_m: f64 = query("max_m", number(0.0, CIRCUMFERENCE_M))
            .default(CIRCUMFERENCE_M)
            .example("2000")
            .described("Distance maximale, en mètres.", "Maximum distance, in metres."),
        filter: Filter = BOXED_FILTER,
    }
}

async fn list(call: Call<NearestRequest>) -> HandlerResult {
    let NearestRequest { at, k, max_m, filter } = &call.request;
    // Within the city the nearest are near, however far the search may go.
    let extent = call.city.jurisdiction().extent;
    let is_inside = extent.is_some_and(|extent| extent.contains(*at));
    let cost = cost_of(filter, *k, if is_inside { max_m.min(QUICK_M) } else { *max_m });
    call.respond(MEDIA_TYPE, cost, |inputs, request| {
        let NearestRequest { at, k, max_m, filter } = request;
        let snapshot = inputs.snapshot;
        check_areas(snapshot, &filter)?;
        let found = nearest(snapshot, &snapshot.compiled(&filter), at, k, Meters(max_m));
        facts_page(snapshot, &found, None, inputs.city.zone(), found_facts)
    })
    .await
}

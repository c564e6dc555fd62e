//! The reports within a radius of a position, or within a polygon.

use axum::body::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;

use crate::domain::Filter;
use crate::export::geojson::{Collection, MEDIA_TYPE};
use crate::http::openapi::content::{self, geojson};
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::CostClass;
use crate::http::request::call::Call;
use crate::http::request::json::parse;
use crate::http::request::parameter::request;
use crate::http::request::params::{
    BOXED_FILTER, FILTER, LIMIT, NewestAfter, POSITION, RADIUS_M, cursor_by,
};
use crate::http::request::values::cursor_after;
use crate::http::v1::facts::{FactsOut, cost_of, facts_page, found_facts};
use crate::http::v1::reports::answer::next_newest;
use crate::ingest::polygons::polygons;
use crate::place::{Meters, Position};
use crate::query::{self, Cursor};
use crate::usecase::reports::check_areas;

/// The operations.
pub fn operations() -> Vec<Operation> {
    let polygons = [content::json::<Polygon>(), geojson::<Polygon>()].map(|polygon| {
        polygon.example(|| {
            json!({ "type": "Polygon", "coordinates": [[[-71.3, 46.8], [-71.2, 46.8],
                    [-71.2, 46.9], [-71.3, 46.8]]] })
        })
    });
    vec![
        Operation::get("/api/v1/within", "within", Tag::Places, within_radius)
            .described(
                "Les demandes dans un rayon, les plus proches d’abord.",
                "The reports within a radius, nearest first.",
            )
            .responds_with(&[geojson::<Collection<'_, FactsOut<'_>>>()]),
        Operation::post("/api/v1/within", "within_polygon", Tag::Places, within_polygon)
            .described(
                "Les demandes dans un polygone, les plus récentes d’abord.",
                "The reports within a polygon, newest first.",
            )
            .body(&polygons)
            .responds_with(&[geojson::<Collection<'_, FactsOut<'_>>>()])
            .status_codes(&[(200, "ok"), (400, "refused"), (404, "not found"), (413, "too large")]),
    ]
}

request! {
    /// The reports within a radius.
    pub struct RadiusRequest {
        at: Position = POSITION,
        radius_m: f64 = RADIUS_M,
        limit: usize = LIMIT,
        after: Option<Cursor<f64>> = cursor_by(),
        filter: Filter = BOXED_FILTER,
    }
}

async fn within_radius(call: Call<RadiusRequest>) -> HandlerResult {
    let cost = cost_of(&call.request.filter, call.request.limit, call.request.radius_m);
    call.respond(MEDIA_TYPE, cost, |inputs, request| {
        let RadiusRequest { at, radius_m, limit, after, filter } = request;
        let snapshot = inputs.snapshot;
        check_areas(snapshot, &filter)?;
        let compiled = snapshot.compiled(&filter);
        let found = query::within_radius(snapshot, &compiled, at, Meters(radius_m), after, limit);
        let next = found.items.last().filter(|_| found.more).map(|last| {
            inputs.context.next_page(&cursor_after(last.distance.0, snapshot.id(last.address)))
        });
        facts_page(snapshot, &found, next, inputs.city.zone(), found_facts)
    })
    .await
}

/// A Polygon or MultiPolygon of GeoJSON.
struct Polygon;

impl JsonSchema for Polygon {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Polygon".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "required": ["type", "coordinates"],
            "properties": {
                "type": { "type": "string", "enum": ["Polygon", "MultiPolygon"] },
                "coordinates": { "type": "array", "items": {} },
            },
        })
    }
}

request! {
    /// The reports within a polygon.
    pub struct PolygonRequest {
        limit: usize = LIMIT,
        after: NewestAfter = cursor_by(),
        filter: Filter = FILTER,
    }
}

async fn within_polygon(call: Call<PolygonRequest>, body: Bytes) -> HandlerResult {
    call.respond(MEDIA_TYPE, CostClass::Long, move |inputs, request| {
        let PolygonRequest { limit, after, filter } = request;
        // Here, in the query pool: reading and checking many corners takes milliseconds.
        let shape = polygons(&parse(&body)?)?;
        let snapshot = inputs.snapshot;
        check_areas(snapshot, &filter)?;
        let compiled = snapshot.compiled(&filter);
        let (page, interrupt) = ((after, limit), inputs.interrupt);
        let found = query::within_polygon(snapshot, &compiled, &shape, page, interrupt)?;
        let next = next_newest(snapshot, &found, inputs.context);
        facts_page(snapshot, &found, next, inputs.city.zone(), |address| (*address, None))
    })
    .await
}

//! Nearest, within, counts.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use jiff::tz::TimeZone;

use crate::domain::{Filter, days_between};
use crate::error::{Error, Refusal, Result};
use crate::export::geojson::{Collection, MEDIA_TYPE};
use crate::http::AppState;
use crate::http::request::body;
use crate::http::request::context::{
    ApiError, CostClass, HandlerResult, RequestContext, fresh, to_json,
};
use crate::http::request::params::cursor_after;
use crate::http::v1::answers;
use crate::http::v1::facts::facts_collection;
use crate::http::v1::reports::body_of;
use crate::index::{BoundaryIndex, DocAddress, Snapshot};
use crate::ingest::polygons::polygons;
use crate::message;
use crate::place::{CIRCUMFERENCE_M, Meters};
use crate::query;
use crate::query::{NearbyReport, Page};
use crate::usecase::City;
use crate::usecase::reports::check_areas;

/// Results of a quick question at most.
const QUICK_ROWS: usize = 100;
/// Radius of a quick question at most, in metres.
const QUICK_M: f64 = 500.0;

impl CostClass {
    /// The effort of a question about the neighbourhood of a place: quick where the filter is one
    /// that the index has trees for, so that little is looked at that is not answered.
    fn of(filter: &Filter, rows: usize, radius_m: f64) -> Self {
        let is_short = rows <= QUICK_ROWS && radius_m <= QUICK_M;
        if is_short && filter.is_plain() { Self::Quick } else { Self::Long }
    }
}

/// A page of facts, as JSON; `of` tells handle and distance of an item.
fn page_of<T>(
    snapshot: &Snapshot,
    page: &Page<T>,
    next: Option<String>,
    zone: &TimeZone,
    of: impl Fn(&T) -> (DocAddress, Option<Meters>),
) -> Result<Vec<u8>> {
    let mut head = Collection::new(snapshot.revision(), Vec::new());
    head.number_returned = page.items.len();
    (head.truncated, head.next) = (page.more, next);
    let found = page.items.iter().map(|item| {
        let (address, distance) = of(item);
        (snapshot.view(address), distance)
    });
    facts_collection(&head, found, zone).map_err(Error::internal)
}

fn far(found: &NearbyReport) -> (DocAddress, Option<Meters>) {
    (found.address, Some(found.distance))
}

/// `GET /api/v1/nearest?lon&lat&k&max_m`
pub async fn nearest(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let params = &mut context.params;
    let at = params.position();
    let k = params.count("k", 10, state.app.limits.rows_max);
    let max = Meters(params.meters_or("max_m", CIRCUMFERENCE_M));
    let mut filter = params.filter(&city);
    filter.bbox = params.bbox();
    let context = finished(context)?;
    let Some(at) = at else { return Err(unreachable_refusal()) };
    let zone = city.zone().clone();
    let effort = CostClass::of(&filter, k, max.0.min(QUICK_M));
    let answer = fresh(&state, context, &city, MEDIA_TYPE, effort, move |snapshot, _| {
        check_areas(snapshot, &filter)?;
        let found = query::nearest(snapshot, &snapshot.compiled(&filter), at, k, max);
        page_of(snapshot, &found, None, &zone, far)
    });
    Ok(answer.await?)
}

/// `GET /api/v1/within?lon&lat&radius_m`
pub async fn within_radius(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let params = &mut context.params;
    let at = params.position();
    let radius = params.meters("radius_m", CIRCUMFERENCE_M);
    let limit = params.limit(&state.app.limits);
    let after = params.cursor::<f64>();
    let mut filter = params.filter(&city);
    filter.bbox = params.bbox();
    let context = finished(context)?;
    let (Some(at), Some(radius)) = (at, radius) else { return Err(unreachable_refusal()) };
    let zone = city.zone().clone();
    let effort = CostClass::of(&filter, limit, radius);
    let answer = fresh(&state, context, &city, MEDIA_TYPE, effort, move |snapshot, context| {
        check_areas(snapshot, &filter)?;
        let compiled = snapshot.compiled(&filter);
        let found = query::within_radius(snapshot, &compiled, at, Meters(radius), after, limit);
        let next = found.items.last().filter(|_| found.more).map(|last| {
            context.next_page(&cursor_after(last.distance.0, snapshot.id(last.address)))
        });
        page_of(snapshot, &found, next, &zone, far)
    });
    Ok(answer.await?)
}

/// `POST /api/v1/within` with a Polygon or MultiPolygon
pub async fn within_polygon(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
    body: std::result::Result<Bytes, BytesRejection>,
) -> HandlerResult {
    let city = context.city(&state)?;
    let shape = polygons(&body::any(&body_of(body)?)?).map_err(crate::error::Error::from)?;
    let params = &mut context.params;
    let limit = params.limit(&state.app.limits);
    let after = params.cursor::<i64>();
    let filter = params.filter(&city);
    let context = finished(context)?;
    let zone = city.zone().clone();
    let answer =
        fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, context| {
            check_areas(snapshot, &filter)?;
            let compiled = snapshot.compiled(&filter);
            let found = query::within_polygon(snapshot, &compiled, &shape, after, limit);
            let next = next_newest(snapshot, &found, context);
            page_of(snapshot, &found, next, &zone, |address| (*address, None))
        });
    Ok(answer.await?)
}

/// `GET /api/v1/stats`
pub async fn stats(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let mut filter = context.params.filter(&city);
    filter.bbox = context.params.bbox();
    let by = context.params.take("areas");
    let context = finished(context)?;
    let days_max = state.app.limits.days_max;
    let (answering, watched) = (city.clone(), state.watch.city(&state.app, &city)?);
    let mut context = context;
    context.stamp = watched.examinations();
    let answer = fresh(
        &state,
        context,
        &city,
        "application/json",
        CostClass::Long,
        move |snapshot, context| {
            check_areas(snapshot, &filter)?;
            let by = zone_set(snapshot, by.as_deref())?;
            let mut counted = counted(snapshot, (&filter, by), &answering, days_max, context);
            let services = filter.services.as_deref();
            let alerts = watched.alerts().map(|found| {
                let named = found
                    .alerts
                    .iter()
                    .filter(|alert| services.is_none_or(|list| list.contains(&alert.service)));
                named.count()
            });
            counted["hotspots"] = watched.standing_now(services).into();
            counted["alerts"] = alerts.into();
            to_json(&counted)
        },
    );
    Ok(answer.await?)
}

/// The set of boundaries of this name.
fn zone_set<'a>(snapshot: &'a Snapshot, name: Option<&str>) -> Result<Option<&'a BoundaryIndex>> {
    let Some(name) = name else { return Ok(None) };
    let Some(set) = snapshot.boundary_set(name) else {
        let message = message!(
            "n’est pas un découpage de cette ville ; voir /api/v1/boundaries",
            "is not a set of this city's areas; see /api/v1/boundaries"
        );
        return Err(Refusal::new("areas", name, message).into());
    };
    Ok(Some(set))
}

fn counted(
    snapshot: &Snapshot,
    (filter, by): (&Filter, Option<&BoundaryIndex>),
    city: &City,
    days_max: usize,
    context: &RequestContext,
) -> serde_json::Value {
    let compiled = snapshot.compiled(filter);
    let days = query::time_span(snapshot, &compiled)
        .map(|(first, last)| days_between(first, last, city.zone(), days_max));
    let (starts, dates): (Vec<i64>, Vec<_>) = days.unwrap_or_default().into_iter().unzip();
    let counts = query::stats(snapshot, &compiled, &starts, by);
    answers::stats(&counts, &dates, snapshot.revision(), &city.catalogue(), context.language)
}

/// The page behind a list ordered newest first.
pub fn next_newest(
    snapshot: &Snapshot,
    page: &Page<DocAddress>,
    context: &RequestContext,
) -> Option<String> {
    let last = page.items.last().filter(|_| page.more)?;
    let cursor = cursor_after(snapshot.requested(*last), snapshot.id(*last));
    Some(context.next_page(&cursor))
}

/// The question once all its parameters have been taken.
pub fn finished(mut context: RequestContext) -> Result<RequestContext> {
    let params =
        std::mem::replace(&mut context.params, crate::http::request::params::Params::parse(""));
    params.finish()?;
    Ok(context)
}

/// A required parameter that is absent has been refused by `finished` already.
pub fn unreachable_refusal() -> ApiError {
    ApiError(crate::error::Error::internal("a required parameter was neither taken nor refused"))
}

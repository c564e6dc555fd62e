//! Clusters for maps.

use std::sync::Arc;

use axum::extract::{Path, State};
use jiff::tz::TimeZone;

use crate::error::{Error, Refusal, Result};
use crate::export::geojson::{Collection, Feature, MEDIA_TYPE};
use crate::http::AppState;
use crate::http::request::context::{CostClass, HandlerResult, RequestContext, fresh, to_json};
use crate::http::v1::cluster_features::{ClusterItemOut, cluster, single};
use crate::http::v1::proximity::{finished, next_newest, unreachable_refusal};
use crate::http::v1::reports::report_page;
use crate::index::Snapshot;
use crate::message;
use crate::place::Cell;
use crate::query;
use crate::query::{ClusterItem, Clusters, ZOOM_MAX};
use crate::usecase::reports::check_areas;

fn spot<'a>(
    snapshot: &'a Snapshot,
    spot: &ClusterItem,
    zone: &TimeZone,
) -> Feature<'a, ClusterItemOut<'a>> {
    match spot {
        ClusterItem::Single(address) => single(&snapshot.view(*address), zone),
        ClusterItem::Cluster(found) => cluster(found, |number| snapshot.service_code(number)),
    }
}

fn collection<'a>(
    snapshot: &'a Snapshot,
    found: &Clusters,
    zone: &TimeZone,
) -> Collection<'a, ClusterItemOut<'a>> {
    let features = found.items.iter().map(|found| spot(snapshot, found, zone)).collect();
    let mut collection = Collection::new(snapshot.revision(), features);
    collection.number_matched = Some(found.total);
    collection.truncated = found.omitted > 0;
    collection.left_out = Some(found.omitted).filter(|left_out| *left_out > 0);
    collection
}

/// `GET /api/v1/clusters?bbox&zoom`
pub async fn list(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let params = &mut context.params;
    let bbox = params.bbox_required();
    let zoom = params.zoom(ZOOM_MAX);
    let max = state.app.limits.clusters_max;
    let limit = params.count("limit", max, max);
    let filter = params.filter(&city);
    let context = finished(context)?;
    let (Some(bbox), Some(zoom)) = (bbox, zoom) else { return Err(unreachable_refusal()) };
    let zone = city.zone().clone();
    let answer = fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, _| {
        check_areas(snapshot, &filter)?;
        let compiled = snapshot.compiled(&filter);
        let found = query::clusters(snapshot, &compiled, &bbox, zoom, limit);
        to_json(&collection(snapshot, &found, &zone))
    });
    Ok(answer.await?)
}

/// `GET /api/v1/clusters/{id}`
pub async fn one(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    mut context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let (zoom, cell) = read_id(&id)?;
    let filter = context.params.filter(&city);
    let context = finished(context)?;
    let zone = city.zone().clone();
    let answer = fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, _| {
        check_areas(snapshot, &filter)?;
        let found = query::cluster(snapshot, &snapshot.compiled(&filter), cell, zoom);
        let found = found.ok_or_else(|| Error::not_found(&id))?;
        to_json(&spot(snapshot, &found, &zone))
    });
    Ok(answer.await?)
}

/// `GET /api/v1/clusters/{id}/children`
pub async fn children(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    mut context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let (zoom, cell) = read_id(&id)?;
    let max = state.app.limits.clusters_max;
    let limit = context.params.count("limit", max, max);
    let filter = context.params.filter(&city);
    let context = finished(context)?;
    let zone = city.zone().clone();
    let answer = fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, _| {
        check_areas(snapshot, &filter)?;
        let compiled = snapshot.compiled(&filter);
        let found = query::expand_cluster(snapshot, &compiled, cell, zoom, limit);
        let found = found.ok_or_else(|| Error::not_found(&id))?;
        to_json(&collection(snapshot, &found, &zone))
    });
    Ok(answer.await?)
}

/// `GET /api/v1/clusters/{id}/reports`
pub async fn reports(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    mut context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let (_, cell) = read_id(&id)?;
    let params = &mut context.params;
    let limit = params.limit(&state.app.limits);
    let after = params.cursor::<i64>();
    let filter = params.filter(&city);
    let context = finished(context)?;
    let reading = (state.clone(), city.clone());
    let answer =
        fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, context| {
            check_areas(snapshot, &filter)?;
            let compiled = snapshot.compiled(&filter);
            let page = query::newest_in_cell(snapshot, &compiled, cell, after, limit);
            if page.items.is_empty() {
                return Err(Error::not_found(&id));
            }
            let (state, city) = &reading;
            let mut collection = report_page(state, city, snapshot, &page, context.language)?;
            collection.next = next_newest(snapshot, &page, context);
            to_json(&collection)
        });
    Ok(answer.await?)
}

/// Reads `zoom-column-row`.
fn read_id(id: &str) -> Result<(u8, Cell)> {
    let mut parts = id.split('-').map(str::parse::<u32>);
    let mut next = || parts.next().and_then(std::result::Result::ok);
    let (zoom, x, y) = (next(), next(), next());
    let rest = parts.next();
    if let (Some(zoom), Some(x), Some(y), None) = (zoom, x, y, rest) {
        let zoom = u8::try_from(zoom).ok().filter(|zoom| *zoom <= ZOOM_MAX);
        if let Some((zoom, level)) = zoom.map(|zoom| (zoom, query::cluster_level(zoom))) {
            let side = 1u32 << level;
            if x < side && y < side {
                return Ok((zoom, Cell { level, x, y }));
            }
        }
    }
    let message = message!(
        "n’est pas un identifiant de groupe (zoom-colonne-rangée)",
        "is not a cluster id (zoom-column-row)"
    );
    Err(Refusal::new("cluster_id", id, message).into())
}

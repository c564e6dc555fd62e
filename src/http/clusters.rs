//! Clusters for maps.

use std::sync::Arc;

use axum::extract::{Path, State};
use jiff::tz::TimeZone;

use super::Site;
use super::answer::{Answer, Ask, Effort, fresh, to_json};
use super::queries::{finished, next_newest, unreachable_refusal};
use super::reports::{checked_areas, report_page};
use crate::error::{Error, Refusal, Result};
use crate::format::geojson::{self, Collection, Feature, MEDIA_TYPE, SpotOut};
use crate::place::Cell;
use crate::query::{self, Clusters, Snapshot, Spot, ZOOM_MAX};
use crate::words;

fn spot<'a>(snapshot: &'a Snapshot, spot: &Spot, zone: &TimeZone) -> Feature<'a, SpotOut<'a>> {
    match spot {
        Spot::Single(handle) => geojson::single(&snapshot.view(*handle), zone),
        Spot::Cluster(cluster) => geojson::cluster(cluster, |number| snapshot.service_name(number)),
    }
}

fn collection<'a>(
    snapshot: &'a Snapshot,
    found: &Clusters,
    zone: &TimeZone,
) -> Collection<'a, SpotOut<'a>> {
    let features = found.spots.iter().map(|found| spot(snapshot, found, zone)).collect();
    let mut collection = Collection::new(snapshot.revision(), features);
    collection.number_matched = Some(found.total);
    collection.truncated = found.left_out > 0;
    collection.left_out = Some(found.left_out).filter(|left_out| *left_out > 0);
    collection
}

/// `GET /api/v1/clusters?bbox&zoom`
pub async fn list(State(site): State<Arc<Site>>, mut ask: Ask) -> Answer {
    let city = ask.city(&site)?;
    let params = &mut ask.params;
    let bbox = params.bbox_required();
    let zoom = params.zoom(ZOOM_MAX);
    let max = site.app.limits.clusters_max;
    let limit = params.count("limit", max, max);
    let filter = params.filter(&city);
    let ask = finished(ask)?;
    let (Some(bbox), Some(zoom)) = (bbox, zoom) else { return Err(unreachable_refusal()) };
    let zone = city.zone().clone();
    let answer = fresh(&site, ask, &city, MEDIA_TYPE, Effort::Long, move |snapshot, _| {
        checked_areas(snapshot, &filter)?;
        let sieve = snapshot.sieve(&filter);
        let found = query::clusters(snapshot, &sieve, &bbox, zoom, limit);
        to_json(&collection(snapshot, &found, &zone))
    });
    Ok(answer.await?)
}

/// `GET /api/v1/clusters/{id}`
pub async fn one(State(site): State<Arc<Site>>, Path(id): Path<String>, mut ask: Ask) -> Answer {
    let city = ask.city(&site)?;
    let (zoom, cell) = read_id(&id)?;
    let filter = ask.params.filter(&city);
    let ask = finished(ask)?;
    let zone = city.zone().clone();
    let answer = fresh(&site, ask, &city, MEDIA_TYPE, Effort::Long, move |snapshot, _| {
        checked_areas(snapshot, &filter)?;
        let found = query::cluster(snapshot, &snapshot.sieve(&filter), cell, zoom);
        let found = found.ok_or_else(|| Error::not_found(&id))?;
        to_json(&spot(snapshot, &found, &zone))
    });
    Ok(answer.await?)
}

/// `GET /api/v1/clusters/{id}/children`
pub async fn children(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    mut ask: Ask,
) -> Answer {
    let city = ask.city(&site)?;
    let (zoom, cell) = read_id(&id)?;
    let max = site.app.limits.clusters_max;
    let limit = ask.params.count("limit", max, max);
    let filter = ask.params.filter(&city);
    let ask = finished(ask)?;
    let zone = city.zone().clone();
    let answer = fresh(&site, ask, &city, MEDIA_TYPE, Effort::Long, move |snapshot, _| {
        checked_areas(snapshot, &filter)?;
        let sieve = snapshot.sieve(&filter);
        let found = query::children(snapshot, &sieve, cell, zoom, limit);
        let found = found.ok_or_else(|| Error::not_found(&id))?;
        to_json(&collection(snapshot, &found, &zone))
    });
    Ok(answer.await?)
}

/// `GET /api/v1/clusters/{id}/reports`
pub async fn reports(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    mut ask: Ask,
) -> Answer {
    let city = ask.city(&site)?;
    let (_, cell) = read_id(&id)?;
    let params = &mut ask.params;
    let limit = params.limit(&site.app.limits);
    let after = params.cursor::<i64>();
    let filter = params.filter(&city);
    let ask = finished(ask)?;
    let reading = (site.clone(), city.clone());
    let answer = fresh(&site, ask, &city, MEDIA_TYPE, Effort::Long, move |snapshot, ask| {
        checked_areas(snapshot, &filter)?;
        let sieve = snapshot.sieve(&filter);
        let page = query::newest_in_cell(snapshot, &sieve, cell, after, limit);
        if page.items.is_empty() {
            return Err(Error::not_found(&id));
        }
        let (site, city) = &reading;
        let mut collection = report_page(site, city, snapshot, &page, ask.language)?;
        collection.next = next_newest(snapshot, &page, ask);
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
        if let Some((zoom, level)) = zoom.map(|zoom| (zoom, query::level_of(zoom))) {
            let side = 1u32 << level;
            if x < side && y < side {
                return Ok((zoom, Cell { level, x, y }));
            }
        }
    }
    let words = words!(
        "n’est pas un identifiant de groupe (zoom-colonne-rangée)",
        "is not a cluster id (zoom-column-row)"
    );
    Err(Refusal::new("cluster_id", id, words).into())
}

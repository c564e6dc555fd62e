//! Incidents: what belongs together, and who brought it together.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Site;
use super::answer::{Answer, Ask, tagged, to_json};
use super::queries::finished;
use super::reports::{allowed, body_of, feature, find};
use crate::app::City;
use crate::error::Result;
use crate::format::geojson::MEDIA_TYPE;
use crate::format::incidents::incident;
use crate::format::json;
use crate::report::{Regroup, ReportId, Stored};

/// Originals of originals that are followed, at most.
const LINKS_MAX: usize = 8;

/// An incident: its original, its duplicates, and their changes.
fn read(site: &Site, city: &City, mut root: Stored, ask: &Ask) -> Result<Response> {
    let reader = site.app.reader();
    for _ in 0..LINKS_MAX {
        let Some(parent) = &root.report.parent else { break };
        let Some(above) = reader.get(city.id(), parent.as_str())? else { break };
        root = above;
    }
    let (children, all) = reader.children(city.id(), root.report.id.as_str())?;
    let members: Vec<Stored> = std::iter::once(root).chain(children).collect();
    let ids: Vec<&str> = members.iter().map(|one| one.report.id.as_str()).collect();
    let changes = reader.incident_changes(city.id(), &ids)?;
    let newest = members.iter().map(|one| one.revision).max().unwrap_or(0);
    let tag = ask.tag(site, newest.max(changes.last().map_or(0, |change| change.change)));
    if ask.has(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let features = members.iter().map(|one| feature(one, city, ask.language)).collect();
    let body = to_json(&incident(&members, all + 1, features, &changes))?;
    Ok(tagged(MEDIA_TYPE, &tag, body))
}

/// `GET /api/v1/incidents/{id}`
pub async fn one(State(site): State<Arc<Site>>, Path(id): Path<String>, ask: Ask) -> Answer {
    let city = ask.city(&site)?;
    let ask = finished(ask)?;
    let found = find(&site, &city, &id).await?;
    let reading = site.clone();
    Ok(site.app.compute(move || read(&reading, &city, found, &ask)).await?)
}

/// Changes an incident and answers it as it is then.
async fn regroup(
    site: Arc<Site>,
    id: String,
    ask: Ask,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
    what: impl FnOnce(ReportId, &[u8]) -> Result<(Regroup, String)>,
) -> Answer {
    allowed(&site.access, &headers)?;
    let city = ask.city(&site)?;
    let ask = finished(ask)?;
    let found = find(&site, &city, &id).await?;
    let (regroup, author) = what(found.report.id.clone(), &body_of(body)?)?;
    site.app.regroup(&city, regroup, author).await?;
    let found = find(&site, &city, found.report.id.as_str()).await?;
    let reading = site.clone();
    Ok(site.app.compute(move || read(&reading, &city, found, &ask)).await?)
}

/// `POST /api/v1/incidents/{id}/merge`
pub async fn merge(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    ask: Ask,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> Answer {
    let what = |into, body: &[u8]| {
        json::members(body).map(|(reports, author)| (Regroup::Merge { into, reports }, author))
    };
    regroup(site, id, ask, headers, body, what).await
}

/// `POST /api/v1/incidents/{id}/split`
pub async fn split(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    ask: Ask,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> Answer {
    let what = |from, body: &[u8]| {
        json::members(body).map(|(reports, author)| (Regroup::Split { from, reports }, author))
    };
    regroup(site, id, ask, headers, body, what).await
}

/// `POST /api/v1/incidents/{id}/undo`
pub async fn undo(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    ask: Ask,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> Answer {
    let what = |of: ReportId, body: &[u8]| {
        json::undo(body).map(|(change, author)| (Regroup::Undo { of, change }, author))
    };
    regroup(site, id, ask, headers, body, what).await
}

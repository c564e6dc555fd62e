//! Incidents: what belongs together, and who brought it together.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};

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

/// An incident: its original, its duplicates, and their changes.
fn read(site: &Site, city: &City, found: Stored, ask: &Ask) -> Result<Response> {
    let reader = site.app.reader();
    let root = reader.original(city.id(), found)?;
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

/// Reads a change of the incident that a report is in, and its author.
type ReadChange = fn(ReportId, &[u8]) -> Result<(Regroup, String)>;

/// Changes an incident and answers it as it is then.
fn regroup(what: ReadChange) -> MethodRouter<Arc<Site>> {
    type Sent = std::result::Result<Bytes, BytesRejection>;
    let change = move |State(site): State<Arc<Site>>,
                       Path(id): Path<String>,
                       ask: Ask,
                       headers: HeaderMap,
                       body: Sent| async move {
        allowed(&site.access, &headers)?;
        let city = ask.city(&site)?;
        let ask = finished(ask)?;
        let found = find(&site, &city, &id).await?;
        let (regroup, author) = what(found.report.id.clone(), &body_of(body)?)?;
        site.app.regroup(&city, regroup, author).await?;
        let found = find(&site, &city, found.report.id.as_str()).await?;
        let reading = site.clone();
        let answer = site.app.compute(move || read(&reading, &city, found, &ask)).await?;
        Answer::Ok(answer)
    };
    post(change)
}

/// `POST /api/v1/incidents/{id}/merge`
pub fn merge() -> MethodRouter<Arc<Site>> {
    regroup(|into, body| {
        json::members(body).map(|(reports, author)| (Regroup::Merge { into, reports }, author))
    })
}

/// `POST /api/v1/incidents/{id}/split`
pub fn split() -> MethodRouter<Arc<Site>> {
    regroup(|from, body| {
        json::members(body).map(|(reports, author)| (Regroup::Split { from, reports }, author))
    })
}

/// `POST /api/v1/incidents/{id}/undo`
pub fn undo() -> MethodRouter<Arc<Site>> {
    regroup(|of, body| {
        json::undo(body).map(|(change, author)| (Regroup::Undo { of, change }, author))
    })
}

//! Incidents: what belongs together, and who brought it together.

pub(crate) mod answer;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};

use crate::domain::{IncidentCommand, ReportId, StoredReport};
use crate::error::Result;
use crate::export::geojson::MEDIA_TYPE;
use crate::http::AppState;
use crate::http::request::body;
use crate::http::request::context::{HandlerResult, RequestContext, tagged, to_json};
use crate::http::v1::incidents::answer::incident;
use crate::http::v1::proximity::finished;
use crate::http::v1::reports::{allowed, body_of, feature};
use crate::usecase::City;

/// An incident: its original, its duplicates, and their changes.
fn read(
    state: &AppState,
    city: &City,
    found: StoredReport,
    context: &RequestContext,
) -> Result<Response> {
    let found = state.app.incident_of(city, found)?;
    let tag = context.tag(state, found.revision());
    if context.has(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let features = found.members.iter().map(|one| feature(one, city, context.language)).collect();
    let body = to_json(&incident(&found, features))?;
    Ok(tagged(MEDIA_TYPE, &tag, body))
}

/// `GET /api/v1/incidents/{id}`
pub async fn one(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let context = finished(context)?;
    let found = state.app.find_report(&city, &id).await?;
    let reading = state.clone();
    Ok(state.app.compute(move || read(&reading, &city, found, &context)).await?)
}

/// Reads a change of the incident that a report is in, and its author.
type ReadChange = fn(ReportId, &[u8]) -> Result<(IncidentCommand, String)>;

/// Changes an incident and answers it as it is then.
fn regroup(what: ReadChange) -> MethodRouter<Arc<AppState>> {
    type SentChange = std::result::Result<Bytes, BytesRejection>;
    let change = move |State(state): State<Arc<AppState>>,
                       Path(id): Path<String>,
                       context: RequestContext,
                       headers: HeaderMap,
                       body: SentChange| async move {
        allowed(&state.access, &headers)?;
        let city = context.city(&state)?;
        let context = finished(context)?;
        let found = state.app.find_report(&city, &id).await?;
        let (regroup, author) = what(found.report.id.clone(), &body_of(body)?)?;
        state.app.regroup(&city, regroup, author).await?;
        let found = state.app.find_report(&city, found.report.id.as_str()).await?;
        let reading = state.clone();
        let answer = state.app.compute(move || read(&reading, &city, found, &context)).await?;
        HandlerResult::Ok(answer)
    };
    post(change)
}

/// `POST /api/v1/incidents/{id}/merge`
pub fn merge() -> MethodRouter<Arc<AppState>> {
    regroup(|into, body| {
        body::members(body)
            .map(|(reports, author)| (IncidentCommand::Merge { into, reports }, author))
    })
}

/// `POST /api/v1/incidents/{id}/split`
pub fn split() -> MethodRouter<Arc<AppState>> {
    regroup(|from, body| {
        body::members(body)
            .map(|(reports, author)| (IncidentCommand::Split { from, reports }, author))
    })
}

/// `POST /api/v1/incidents/{id}/undo`
pub fn undo() -> MethodRouter<Arc<AppState>> {
    regroup(|of, body| {
        body::undo(body).map(|(change, author)| (IncidentCommand::Undo { of, change }, author))
    })
}

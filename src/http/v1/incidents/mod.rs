//! Incidents: reports of the same problem, and the changes of their membership.

mod answer;
mod body;

use axum::body::Bytes;
use axum::response::Response;
use serde_json::json;

use crate::domain::{AUTHOR_DEFAULT, IncidentCommand, Permission, ReportId, StoredReport};
use crate::error::Result;
use crate::export::geojson::MEDIA_TYPE;
use crate::http::openapi::content::{geojson, json};
use crate::http::openapi::description::{Codes, Tag};
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{conditional_response, to_json};
use crate::http::request::call::Call;
use crate::http::request::context::RequestContext;
use crate::http::request::parameter::request;
use crate::http::request::params::REPORT_ID;
use crate::http::state::AppState;
use crate::http::v1::incidents::answer::{IncidentOut, incident};
use crate::http::v1::incidents::body::{Members, Undo};
use crate::http::v1::reports::answer::feature;
use crate::usecase::City;

const CHANGED: Codes = &[
    (200, "changed"),
    (400, "refused"),
    (403, "forbidden"),
    (404, "not found"),
    (409, "conflict"),
    (413, "too large"),
];

/// The operations.
pub fn operations() -> Vec<Operation> {
    let members =
        json::<Members>().example(|| json!({ "reports": ["7HT-2KV-95"], "author": "Marie" }));
    let change = json::<Undo>().example(|| json!({ "change_id": 345_012 }));
    let answer = geojson::<IncidentOut<'_>>();
    let changing = |operation: Operation| {
        operation.responds_with(&[answer]).status_codes(CHANGED).needs(Permission::ChangeIncidents)
    };
    vec![
        Operation::get("/api/v1/incidents/{id}", "incident", Tag::Duplicates, one)
            .described("Une demande avec ses doublons.", "A report with its duplicates.")
            .responds_with(&[answer]),
        changing(
            Operation::post("/api/v1/incidents/{id}/merge", "merge", Tag::Duplicates, merge)
                .described(
                    "Rattache des demandes à celle-ci comme doublons.",
                    "Attaches reports to this one as duplicates.",
                )
                .body(&[members]),
        ),
        changing(
            Operation::post("/api/v1/incidents/{id}/split", "split", Tag::Duplicates, split)
                .described(
                    "Détache des doublons de cette demande.",
                    "Detaches duplicates from this report.",
                )
                .body(&[members]),
        ),
        changing(
            Operation::post("/api/v1/incidents/{id}/undo", "undo", Tag::Duplicates, undo)
                .described(
                    "Annule un rattachement ou un détachement.",
                    "Undoes a merge or a split.",
                )
                .body(&[change]),
        ),
    ]
}

request! {
    /// The incident that a report belongs to.
    pub struct IncidentRequest {
        id: String = REPORT_ID,
    }
}

/// The response with the incident that a report belongs to.
fn read(
    state: &AppState,
    city: &City,
    member: StoredReport,
    context: &RequestContext,
) -> Result<Response> {
    let found = state.app.incident_of(city, context.view, member)?;
    let tag = context.etag(state, found.revision());
    conditional_response(context, MEDIA_TYPE, tag, || {
        let members = found.members.iter();
        let features = members.map(|one| feature(one, city, context.language)).collect();
        let shows_names = context.caller.may(Permission::ReadPrivate, city.id());
        to_json(&incident(&found, features, shows_names))
    })
}

async fn one(call: Call<IncidentRequest>) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let found = state.app.find_report(&city, context.view, &request.id).await?;
    let reading = state.clone();
    state.app.compute(move || read(&reading, &city, found, &context)).await
}

/// Parses a request body into a change of the incident of this report, and its author.
type ReadChange = fn(ReportId, &[u8]) -> Result<(IncidentCommand, String)>;

/// Changes the membership of an incident and responds with the result.
async fn regroup(call: Call<IncidentRequest>, body: Bytes, change: ReadChange) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let found = state.app.find_report(&city, context.view, &request.id).await?;
    let (command, author) = change(found.report.id.clone(), &body)?;
    let author = context.caller.author_as(author, AUTHOR_DEFAULT);
    state.app.regroup(&city, command, (author, context.actor())).await?;
    let found = state.app.find_report(&city, context.view, found.report.id.as_str()).await?;
    let reading = state.clone();
    state.app.compute(move || read(&reading, &city, found, &context)).await
}

async fn merge(call: Call<IncidentRequest>, body: Bytes) -> HandlerResult {
    regroup(call, body, |into, body| {
        let (reports, author) = body::members(body)?;
        Ok((IncidentCommand::Merge { into, reports }, author))
    })
    .await
}

async fn split(call: Call<IncidentRequest>, body: Bytes) -> HandlerResult {
    regroup(call, body, |from, body| {
        let (reports, author) = body::members(body)?;
        Ok((IncidentCommand::Split { from, reports }, author))
    })
    .await
}

async fn undo(call: Call<IncidentRequest>, body: Bytes) -> HandlerResult {
    regroup(call, body, |of, body| {
        let (change, author) = body::undo(body)?;
        Ok((IncidentCommand::Undo { of, change }, author))
    })
    .await
}

//! Reports: list, single report, history, contact, creation and change.

pub mod answer;
pub mod batch;
pub mod body;
pub mod write;

use axum::http::{HeaderValue, header};

use crate::domain::{AuditSubject, Filter, Permission, View};
use crate::export::geojson::{Collection, Feature, MEDIA_TYPE, ReportOut};
use crate::http::openapi::content::{geojson, json};
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{
    CostClass, JSON, conditional_response, not_modified, response_with_etag, response_without_etag,
    to_json,
};
use crate::http::request::call::Call;
use crate::http::request::if_match::{IF_MATCH, IfMatch};
use crate::http::request::parameter::{Defaulted, Parameter, query, request};
use crate::http::request::params::{BOXED_FILTER, LIMIT, NewestAfter, REPORT_ID, cursor_by};
use crate::http::request::words::Choice;
use crate::http::v1::reports::answer::{ContactOut, History, feature, report_page, report_tag};
use crate::query::{self, ListOrder};
use crate::usecase::reports::check_areas;

/// The operations.
pub fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::get("/api/v1/reports", "reports", Tag::Reports, list)
            .described(
                "Demandes, les plus récentes d’abord ou dans l’ordre de « sort ».",
                "Reports, newest first or in the order of 'sort'.",
            )
            .responds_with(&[geojson::<Collection<'_, ReportOut>>()])
            .linked_to(&[("report", "id", "$response.body#/features/0/id")]),
        Operation::get("/api/v1/reports/{id}", "report", Tag::Reports, one)
            .described("Une demande.", "One report.")
            .responds_with(&[geojson::<Feature<'_, ReportOut>>()])
            .status_codes(&[
                (200, "ok"),
                (304, "not modified"),
                (400, "refused"),
                (404, "not found"),
                (412, "stale"),
            ]),
        Operation::get("/api/v1/reports/{id}/history", "history", Tag::Reports, history)
            .described("L’historique d’une demande.", "The history of a report.")
            .responds_with(&[json::<History<'_>>()]),
        Operation::get("/api/v1/reports/{id}/contact", "contact", Tag::Reports, contact)
            .described(
                "Les coordonnées de la personne qui l’a faite, pour les équipes.",
                "Contact details of its sender, for crews.",
            )
            .responds_with(&[json::<ContactOut>()])
            .status_codes(&[(200, "ok"), (400, "refused"), (404, "not found"), (403, "forbidden")])
            .needs(Permission::ReadContacts),
    ];
    all.extend(write::operations());
    all.extend(batch::operations());
    all
}

/// The order of a list of reports.
const SORT: Parameter<Choice<ListOrder>, Defaulted<ListOrder>> =
    query("sort", Choice(&[("newest", ListOrder::Newest), ("oldest", ListOrder::Oldest)]))
        .default(ListOrder::Newest)
        .example("oldest")
        .described(
            "newest : les plus récentes d’abord ; oldest : les plus anciennes d’abord. À la même \
             seconde, dans l’ordre des numéros.",
            "newest: newest first; oldest: oldest first. Those of the same second are in the order \
             of their numbers.",
        );

request! {
    /// A list of reports.
    pub struct ReportListRequest {
        sort: ListOrder = SORT,
        limit: usize = LIMIT,
        after: NewestAfter = cursor_by(),
        filter: Filter = BOXED_FILTER,
    }
}

async fn list(call: Call<ReportListRequest>) -> HandlerResult {
    call.respond(MEDIA_TYPE, CostClass::Long, |inputs, request| {
        let ReportListRequest { sort, limit, after, filter } = request;
        let snapshot = inputs.snapshot;
        check_areas(snapshot, &filter)?;
        let page = query::by_time(snapshot, &snapshot.compiled(&filter), sort, after, limit);
        to_json(&report_page(inputs, &page)?)
    })
    .await
}

request! {
    /// One report.
    pub struct ReportRequest {
        id: String = REPORT_ID,
    }
}

request! {
    /// One report, in a state that the client knows where it says so.
    pub struct OneReportRequest {
        id: String = REPORT_ID,
        if_match: Option<IfMatch> = IF_MATCH,
    }
}

async fn one(call: Call<OneReportRequest>) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let stored = state.app.find_report(&city, context.view, &request.id).await?;
    let condition = request.if_match.unwrap_or(IfMatch::Any);
    condition.expected(&state.app.epoch, stored.revision)?;
    // `If-Match` of a change needs the strong tag, which only crews use: what they read is more.
    let is_less = context.variant.view.is_some()
        || stored.assigned_here && !context.variant.private
        || !stored.held.is_empty();
    let tag = match is_less && context.view != View::Crew {
        true => context.etag(&state, stored.revision),
        false => report_tag(&state, &stored, context.language),
    };
    conditional_response(&context, MEDIA_TYPE, tag, || {
        to_json(&feature(&stored, &city, context.language))
    })
}

async fn history(call: Call<ReportRequest>) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let stored = state.app.find_report(&city, context.view, &request.id).await?;
    let tag = context.etag(&state, stored.revision);
    if context.has_etag(&tag) {
        return Ok(not_modified(tag));
    }
    let shows_names = context.caller.may(Permission::ReadPrivate, city.id());
    let (reader, key) = (state.app.reader().clone(), city.id().clone());
    let body = state.app.compute(move || {
        let changes = reader.history(&key, &stored.report.id)?;
        let changes = city.seen_history(context.view, &stored, changes);
        to_json(&History::new(&stored, &changes, shows_names))
    });
    Ok(response_with_etag(JSON, &tag, body.await?))
}

async fn contact(call: Call<ReportRequest>) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let stored = state.app.find_report(&city, context.view, &request.id).await?;
    let (reader, key, id) = (state.app.reader().clone(), city.id().clone(), stored.report.id);
    // Durable before anything is read: without its line in the audit there is no answer.
    state.app.note(context.actor(), Some(&key), AuditSubject::Report, id.as_str()).await?;
    let contact = state.app.compute(move || reader.contact(&key, &id)).await?;
    let mut response =
        response_without_etag(JSON, to_json(&ContactOut::from(contact.unwrap_or_default()))?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

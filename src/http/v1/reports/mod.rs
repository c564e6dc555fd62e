//! Reports: list, single report, history, contact, creation and change.

pub mod answer;
pub mod batch;
pub mod body;
pub mod write;

use axum::http::{HeaderValue, header};

use crate::domain::Filter;
use crate::export::geojson::{Collection, Feature, MEDIA_TYPE, ReportOut};
use crate::http::openapi::content::{geojson, json};
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{
    CostClass, JSON, fresh, not_modified, settled, tagged, to_json, untagged,
};
use crate::http::request::call::Call;
use crate::http::request::parameter::request;
use crate::http::request::params::{BOXED_FILTER, LIMIT, NewestAfter, REPORT_ID, cursor_by};
use crate::http::v1::reports::answer::{
    ContactOut, History, feature, next_newest, report_page, report_tag,
};
use crate::query;
use crate::usecase::reports::check_areas;

/// The operations.
pub fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::get("/api/v1/reports", "reports", Tag::Reports, list)
            .says("Demandes, les plus récentes d’abord.", "Reports, newest first.")
            .answers(&[geojson::<Collection<'_, ReportOut>>()]),
        Operation::get("/api/v1/reports/{id}", "report", Tag::Reports, one)
            .says("Une demande.", "One report.")
            .answers(&[geojson::<Feature<'_, ReportOut>>()]),
        Operation::get("/api/v1/reports/{id}/history", "history", Tag::Reports, history)
            .says("Ce qui lui est arrivé.", "What happened to it.")
            .answers(&[json::<History<'_>>()]),
        Operation::get("/api/v1/reports/{id}/contact", "contact", Tag::Reports, contact)
            .says("Qui l’a faite, pour les équipes.", "Who made it, for crews.")
            .answers(&[json::<ContactOut>()])
            .codes(&[(200, "ok"), (400, "refused"), (404, "not found"), (403, "forbidden")])
            .for_crews(),
    ];
    all.extend(write::operations());
    all.extend(batch::operations());
    all
}

request! {
    /// A list of reports.
    pub struct ListRequest {
        limit: usize = LIMIT,
        after: NewestAfter = cursor_by(),
        filter: Filter = BOXED_FILTER,
    }
}

async fn list(call: Call<ListRequest>) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let ListRequest { limit, after, filter } = request;
    let reading = (state.clone(), city.clone());
    fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, context| {
        check_areas(snapshot, &filter)?;
        let page = query::newest(snapshot, &snapshot.compiled(&filter), after, limit);
        let (state, city) = &reading;
        let mut collection = report_page(state, city, snapshot, &page, context.language)?;
        collection.next = next_newest(snapshot, &page, context);
        to_json(&collection)
    })
    .await
}

request! {
    /// One report.
    pub struct OneRequest {
        id: String = REPORT_ID,
    }
}

async fn one(call: Call<OneRequest>) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let stored = state.app.find_report(&city, &request.id).await?;
    let tag = report_tag(&state, &stored, context.language);
    settled(&context, MEDIA_TYPE, tag, || to_json(&feature(&stored, &city, context.language)))
}

async fn history(call: Call<OneRequest>) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let stored = state.app.find_report(&city, &request.id).await?;
    let tag = context.tag(&state, stored.revision);
    if context.has(&tag) {
        return Ok(not_modified(tag));
    }
    let (reader, key) = (state.app.reader().clone(), city.id().clone());
    let body = state.app.compute(move || {
        let changes = reader.history(&key, &stored.report.id)?;
        to_json(&History::new(&stored, &changes))
    });
    Ok(tagged(JSON, &tag, body.await?))
}

async fn contact(call: Call<OneRequest>) -> HandlerResult {
    let Call { state, city, request, .. } = call;
    let stored = state.app.find_report(&city, &request.id).await?;
    let (reader, key, id) = (state.app.reader().clone(), city.id().clone(), stored.report.id);
    let contact = state.app.compute(move || reader.contact(&key, &id)).await?;
    let mut response = untagged(JSON, to_json(&ContactOut::from(contact.unwrap_or_default()))?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

//! Creating and changing reports.

use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use crate::domain::{Idempotency, Permission};
use crate::error::{Error, ErrorKind};
use crate::export::geojson::Feature;
use crate::http::openapi::content::{geojson, json};
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::request::call::Call;
use crate::http::request::idempotency::{IDEMPOTENCY_KEY, fingerprint};
use crate::http::request::if_match::{IF_MATCH, IfMatch};
use crate::http::request::parameter::request;
use crate::http::request::params::REPORT_ID;
use crate::http::v1::duplicates::answer::DuplicatesOut;
use crate::http::v1::duplicates::dedupe::{DEDUPE, Dedupe};
use crate::http::v1::media;
use crate::http::v1::reports::answer::{WrittenReport, report_tag, written};
use crate::http::v1::reports::body::{
    NewReport, ReportChange, ReportChanges, read_changes, read_draft,
};
use crate::message;
use crate::usecase::SubmitOutcome;

/// The operations.
pub fn operations() -> Vec<Operation> {
    let new = json::<NewReport>().example(|| {
        json!({ "service_code": "lampadaire", "lon": -71.21, "lat": 46.81,
                "description": "Éteint depuis lundi", "attributes": { "etat": "eteint" } })
    });
    let change =
        json::<ReportChange>().example(|| json!({ "status": "closed", "closed_reason": "done" }));
    vec![
        Operation::post("/api/v1/reports", "create_report", Tag::Reports, create)
            .described(
                "Crée une demande ; la réponse est envoyée une fois la demande écrite sur le \
                 disque.",
                "Creates a report; the response is sent once it is written to disk.",
            )
            .body(&[new])
            .responds_with(&[geojson::<Filed<'_>>()])
            .linked_to(&[
                ("report", "id", "$response.body#/id"),
                ("change_report", "id", "$response.body#/id"),
                ("history", "id", "$response.body#/id"),
                ("incident", "id", "$response.body#/id"),
            ])
            .status_codes(&[
                (201, "created"),
                (200, "to be confirmed"),
                (400, "refused"),
                (404, "not found"),
                (409, "conflict"),
                (413, "too large"),
            ])
            .files_reports(),
        Operation::patch("/api/v1/reports/{id}", "change_report", Tag::Reports, update)
            .described(
                "Change l’état, le service, le lieu ou l’affectation d’une demande.",
                "Changes the status, service, location or assignment of a report.",
            )
            .body(&[change])
            .responds_with(&[geojson::<Feature<'_, WrittenReport>>()])
            .status_codes(&[
                (200, "changed"),
                (400, "refused"),
                (403, "forbidden"),
                (404, "not found"),
                (409, "conflict"),
                (412, "stale"),
                (413, "too large"),
            ])
            .needs(Permission::ChangeReports),
    ]
}

/// The response to a new report.
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[allow(dead_code, clippy::large_enum_variant)]
enum Filed<'a> {
    /// The report was created.
    Created(Feature<'a, WrittenReport>),
    /// Nothing was created yet: the sender has to choose among likely duplicates.
    ToBeConfirmed(DuplicatesOut<'a>),
}

request! {
    /// A new report.
    pub struct CreateRequest {
        dedupe: Dedupe = DEDUPE,
        key: Option<String> = IDEMPOTENCY_KEY,
    }
}

async fn create(call: Call<CreateRequest>, body: Bytes) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let CreateRequest { dedupe, key } = request;
    let is_repeated = state.app.is_remembered(&city, key.as_deref()).await?;
    let idempotency = key.map(|key| Idempotency { key, fingerprint: fingerprint(&body) });
    let draft = read_draft(&body, city.zone())?;
    let base = context.base(&state);
    let photos = media::claim(&state, &base, draft.details.media.iter(), is_repeated).await?;
    let judge = dedupe.judge(&city, &state.model);
    let (stored, replayed) = match state
        .app
        .submit((&city, context.view), draft, idempotency, judge, context.actor())
        .await?
    {
        SubmitOutcome::Stored { stored, replayed } => (stored, replayed),
        SubmitOutcome::NeedsConfirmation(report) => {
            return dedupe.confirmation_response(&state, &city, &report, &context);
        }
    };
    photos.keep().await;
    let location = format!("/api/v1/reports/{}", path_segment(stored.report.id.as_str()));
    let location = match context.jurisdiction {
        Some(id) => format!("{location}?jurisdiction_id={id}"),
        None => location,
    };
    let duplicates = dedupe.summaries(&state, (&city, context.view), &stored)?;
    let stored = city.filed(context.view, *stored);
    let mut response = written(&state, &city, &stored, context.language, duplicates, Vec::new())?;
    *response.status_mut() = StatusCode::CREATED;
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(&location) {
        headers.insert(header::LOCATION, location);
    }
    if replayed {
        let name = HeaderName::from_static("idempotency-replayed");
        headers.insert(name, HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn path_segment(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}

request! {
    /// A change of a report.
    pub struct UpdateRequest {
        id: String = REPORT_ID,
        if_match: Option<IfMatch> = IF_MATCH,
    }
}

async fn update(call: Call<UpdateRequest>, body: Bytes) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let ReportChanges { own, of_children } = read_changes(&body, city.zone())?;
    let found = state.app.find_report(&city, context.view, &request.id).await?;
    let condition = request.if_match.unwrap_or(IfMatch::Any);
    let expected = condition.expected(&state.app.epoch, found.revision)?;
    let tag = report_tag(&state, &found, context.language);
    if context.has_etag(&tag) {
        let message = message!(
            "La demande a l’état que « If-None-Match » exclut.",
            "The report has the state that 'If-None-Match' excludes."
        );
        return Err(Error::new(ErrorKind::Stale, message));
    }
    let patches = (own, of_children);
    let author = (context.caller.author().to_owned(), context.actor());
    let stored = state.app.change(&city, found.report.id, expected, patches, author).await?;
    let open_children = state.app.open_children(&city, &stored.report).await?;
    written(&state, &city, &stored, context.language, None, open_children)
}

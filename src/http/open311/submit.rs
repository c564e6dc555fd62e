//! Creating a service request, or an update of one.

use axum::extract::Request;

use crate::domain::Idempotency;
use crate::error::Error;
use crate::http::open311::answer::created_document_schema;
use crate::http::open311::document;
use crate::http::open311::form::{form_schema, unknown_service};
use crate::http::open311::format::{ResponseFormat, in_both_formats, split_format};
use crate::http::open311::sent::{SentParts, SubmitRequest, receive, sender};
use crate::http::open311::updates::{UPDATES, submit_update};
use crate::http::openapi::content::with_schema;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::response_without_etag;
use crate::http::request::call::Call;
use crate::http::request::form::FORM_BYTES_MAX;
use crate::http::request::idempotency::fingerprint;
use crate::http::v1::media;
use crate::usecase::SubmitOutcome;

/// The operation.
pub fn operations() -> Vec<Operation> {
    let forms = ["application/x-www-form-urlencoded", "multipart/form-data"]
        .map(|media_type| with_schema(media_type, form_schema));
    vec![in_both_formats(
        Operation::post("/open311/v2/{name}", "open311_post", Tag::Open311, submit)
            .described(
                "Crée une demande, ou une mise à jour d’une demande, avec ou sans photos.",
                "Creates a request, or an update of one, with or without photos.",
            )
            .body(&forms)
            .status_codes(&[
                (200, "created"),
                (400, "refused"),
                (403, "missing or wrong key"),
                (404, "not found"),
                (413, "too large"),
                (429, "too many"),
            ])
            .linked_to(&[
                ("open311_request", "name", "$response.body#/0/service_request_id"),
                ("open311_token", "name", "$response.body#/0/service_request_id"),
            ])
            .body_bytes_max(FORM_BYTES_MAX),
        created_document_schema,
    )]
}

async fn submit(call: Call<SubmitRequest>, sent: Request) -> HandlerResult {
    let (what, format) = split_format(&call.request.name)?;
    match what {
        "requests" => submit_request(call, sent, format).await,
        UPDATES => submit_update(call, sent, format).await,
        other => Err(Error::not_found(other)),
    }
}

async fn submit_request(
    call: Call<SubmitRequest>,
    sent: Request,
    format: ResponseFormat,
) -> HandlerResult {
    let Call { state, context, request, .. } = call;
    let dedupe = request.dedupe;
    let base = context.base(&state);
    let parts = receive(&state, sent, (request.api_key, context.jurisdiction.clone())).await?;
    let paths = parts.paths();
    let SentParts { city, form, photos, holder, .. } = parts;
    let fields = form.fingerprint();
    let taken = photos.iter().find_map(|photo| photo.position).map(|at| (at.lon(), at.lat()));
    // The photos are part of the fingerprint: other photos make another request.
    let whole = format!("{fields} {}", paths.join(" "));
    let fingerprint = fingerprint(whole.as_bytes());
    let sent = form.read(paths.clone(), taken)?;
    let linked = sent.draft.details.media.iter().filter(|url| !paths.contains(url));
    let key = sent.idempotency_key.or(request.key);
    let is_repeated = state.app.is_remembered(&city, key.as_deref()).await?;
    let mut claimed = media::claim(&state, &base, linked, is_repeated).await?;
    if !photos.is_empty() {
        // Check the report before storing photos: those of a refused report are not stored.
        city.admits(&sent.draft).map_err(unknown_service)?;
    }
    claimed.add(photos).await?;
    let idempotency = key.map(|key| Idempotency { key, fingerprint });
    let judge = dedupe.judge(&city, &state.model);
    let by = context.actor_of(sender(&context.caller, &holder));
    let view = (&*city, context.view);
    let submitted = state.app.submit(view, sent.draft, idempotency, judge, by).await;
    let stored = match submitted.map_err(unknown_service)? {
        SubmitOutcome::Stored { stored, .. } => stored,
        SubmitOutcome::NeedsConfirmation(report) => {
            return Err(dedupe.confirmation_error(&state, (&city, context.view), &report)?);
        }
    };
    claimed.keep().await;
    let created = format.write(&document::created(&stored, sent.account))?;
    Ok(response_without_etag(format.media_type(), created))
}

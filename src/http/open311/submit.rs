//! Creating a service request.

use axum::extract::Request;

use crate::domain::Idempotency;
use crate::error::{Error, ErrorKind, Result};
use crate::http::open311::answer::{Open311CreatedRequest, document_schema};
use crate::http::open311::document;
use crate::http::open311::form::{Form, Open311Request, unknown_service};
use crate::http::open311::format::{API_KEY, LOCALE, in_both_formats, split_format};
use crate::http::openapi::content::of;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::response_without_etag;
use crate::http::request::call::Call;
use crate::http::request::form::{FORM_BYTES_MAX, form};
use crate::http::request::idempotency::{IDEMPOTENCY_KEY, fingerprint};
use crate::http::request::parameter::path;
use crate::http::request::parameter::request;
use crate::http::request::types::PathSegment;
use crate::http::state::AppState;
use crate::http::v1::duplicates::dedupe::{DEDUPE, Dedupe};
use crate::http::v1::media;
use crate::message;
use crate::usecase::SubmitOutcome;

/// The operation.
pub fn operations() -> Vec<Operation> {
    let forms = [
        of::<Open311Request>("application/x-www-form-urlencoded"),
        of::<Open311Request>("multipart/form-data"),
    ];
    vec![in_both_formats(
        Operation::post("/open311/v2/{name}", "open311_post", Tag::Open311, submit)
            .described(
                "Crée une demande, avec ou sans photos.",
                "Creates a request, with or without photos.",
            )
            .body(&forms)
            .status_codes(&[
                (200, "created"),
                (400, "refused"),
                (403, "missing or wrong key"),
                (404, "not found"),
                (413, "too large"),
            ])
            .body_bytes_max(FORM_BYTES_MAX),
        document_schema::<Vec<Open311CreatedRequest>>,
    )]
}

request! {
    /// The parameters of a new service request.
    pub struct SubmitRequest {
        name: String = path("name", PathSegment, "requests.json")
            .described("requests, suivi de .xml ou .json.", "requests, followed by .xml or .json."),
        api_key: Option<String> = API_KEY,
        locale: Option<String> = LOCALE,
        dedupe: Dedupe = DEDUPE,
        key: Option<String> = IDEMPOTENCY_KEY,
    }
}

/// Checks the API key. If no keys are configured, any key is accepted, but one must be given.
fn check_key(state: &AppState, key: Option<&str>) -> Result<()> {
    let keys = &state.public_config.open311_keys;
    // Comparing digests instead of keys leaks no key by the time it takes.
    let is =
        |known: &String, key: &str| blake3::hash(known.as_bytes()) == blake3::hash(key.as_bytes());
    if key.is_some_and(|key| keys.is_empty() || keys.iter().any(|known| is(known, key))) {
        return Ok(());
    }
    let message = match key {
        None => message!("Il manque une clé (api_key).", "An api_key is missing."),
        Some(_) => message!("Cette clé (api_key) est inconnue.", "This api_key is unknown."),
    };
    Err(Error::new(ErrorKind::Forbidden, message))
}

async fn submit(call: Call<SubmitRequest>, sent: Request) -> HandlerResult {
    let Call { state, context, request, .. } = call;
    let (what, format) = split_format(&request.name)?;
    if what != "requests" {
        return Err(Error::not_found(what));
    }
    let dedupe = request.dedupe;
    let parts = form(sent).await?;
    let mut form = Form::new(parts.fields);
    check_key(&state, form.take("api_key").or(request.api_key).as_deref())?;
    let named = form.take("jurisdiction_id").or(context.jurisdiction);
    let city = state.app.unambiguous_city(named.as_deref())?;
    let fields = form.fingerprint();
    let photos = media::photos(&state, parts.files).await?;
    let taken = photos.iter().find_map(|photo| photo.position).map(|at| (at.lon(), at.lat()));
    let paths: Vec<String> = photos.iter().map(|photo| media::path(&photo.name())).collect();
    // The photos are part of the fingerprint: other photos make another request.
    let whole = format!("{fields} {}", paths.join(" "));
    let fingerprint = fingerprint(whole.as_bytes());
    let sent = form.read(paths.clone(), taken)?;
    let linked = sent.draft.details.media.iter().filter(|url| !paths.contains(url));
    media::check_stored(&state, linked).await?;
    if !photos.is_empty() {
        // Check the report before storing photos: those of a refused report are not stored.
        city.admits(&sent.draft).map_err(unknown_service)?;
    }
    for photo in photos {
        state.public_config.photo_store.put(photo).await?;
    }
    let key = sent.idempotency_key.or(request.key);
    let idempotency = key.map(|key| Idempotency { key, fingerprint });
    let judge = dedupe.judge(&city, &state.model);
    let submitted = state.app.submit(&city, sent.draft, idempotency, judge).await;
    let stored = match submitted.map_err(unknown_service)? {
        SubmitOutcome::Stored { stored, .. } => stored,
        SubmitOutcome::NeedsConfirmation(report) => {
            return Err(dedupe.confirmation_error(&state, &city, &report)?);
        }
    };
    let created = format.write(&document::created(&stored, sent.account))?;
    Ok(response_without_etag(format.media_type(), created))
}

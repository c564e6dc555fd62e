//! Reports: list, one, history, new, changed.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::domain::{Catalogue, Idempotency, ReportLabels, Status, StoredReport};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::export::geojson;
use crate::export::geojson::{Collection, Feature, MEDIA_TYPE, ReportOut};
use crate::http::request::body;
use crate::http::request::context::{
    ApiError, CostClass, HandlerResult, RequestContext, fresh, tagged, to_json,
};
use crate::http::v1::duplicates::Dedupe;
use crate::http::v1::duplicates::answer::DuplicateSummary;
use crate::http::v1::proximity::{finished, next_newest};
use crate::http::v1::{answers, media};
use crate::http::{Access, AppState};
use crate::i18n::Language;
use crate::index::{DocAddress, Snapshot};
use crate::message;
use crate::query;
use crate::query::Page;
use crate::usecase::reports::check_areas;
use crate::usecase::{City, SubmitOutcome};

/// Longest `Idempotency-Key`, in bytes.
const KEY_BYTES_MAX: usize = 200;

/// `GET /api/v1/reports`
pub async fn list(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let params = &mut context.params;
    let limit = params.limit(&state.app.limits);
    let after = params.cursor::<i64>();
    let mut filter = params.filter(&city);
    filter.bbox = params.bbox();
    let context = finished(context)?;
    let reading = (state.clone(), city.clone());
    let answer =
        fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, context| {
            check_areas(snapshot, &filter)?;
            let page = query::newest(snapshot, &snapshot.compiled(&filter), after, limit);
            let (state, city) = &reading;
            let mut collection = report_page(state, city, snapshot, &page, context.language)?;
            collection.next = next_newest(snapshot, &page, context);
            to_json(&collection)
        });
    Ok(answer.await?)
}

/// A page of whole reports, their texts read from the store.
pub fn report_page(
    state: &AppState,
    city: &City,
    snapshot: &Snapshot,
    page: &Page<DocAddress>,
    language: Language,
) -> Result<Collection<'static, ReportOut>> {
    let ids: Vec<&str> = page.items.iter().map(|address| snapshot.id(*address)).collect();
    let stored = state.app.reader().get_many(city.id(), &ids)?;
    let features = stored.iter().map(|stored| feature(stored, city, language)).collect();
    let mut collection = Collection::new(snapshot.revision(), features);
    collection.truncated = page.more;
    Ok(collection)
}

pub fn feature(
    stored: &StoredReport,
    city: &City,
    language: Language,
) -> Feature<'static, ReportOut> {
    let catalogue = city.catalogue();
    geojson::report(stored, &names(stored, city, &catalogue, language))
}

/// The names that a report is told with.
pub fn names<'a>(
    stored: &'a StoredReport,
    city: &'a City,
    catalogue: &'a Catalogue,
    language: Language,
) -> ReportLabels<'a> {
    let code = stored.report.service.as_str();
    let service = catalogue.get(code);
    ReportLabels {
        jurisdiction: city.id().as_str(),
        service: service.map_or(code, |service| language.pick(&service.names)),
        group: service.map_or("", |service| &service.group),
    }
}

/// `GET /api/v1/reports/{id}`
pub async fn one(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let context = finished(context)?;
    let stored = state.app.find_report(&city, &id).await?;
    let tag = report_tag(&state, &stored, context.language);
    if context.has(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let body = to_json(&feature(&stored, &city, context.language))?;
    Ok(tagged(MEDIA_TYPE, &tag, body))
}

/// Tag of one report: changes with it alone, and is what `If-Match` wants back.
fn report_tag(state: &AppState, stored: &StoredReport, language: Language) -> String {
    format!("\"{}-{}-{}\"", state.app.epoch, stored.revision, language.code())
}

/// `GET /api/v1/reports/{id}/history`
pub async fn history(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let context = finished(context)?;
    let stored = state.app.find_report(&city, &id).await?;
    let tag = context.tag(&state, stored.revision);
    if context.has(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let (reader, key) = (state.app.reader().clone(), city.id().clone());
    let body = state.app.compute(move || {
        let changes = reader.history(&key, &stored.report.id)?;
        to_json(&answers::history(&stored, &changes))
    });
    Ok(tagged("application/json", &tag, body.await?))
}

/// `GET /api/v1/reports/{id}/contact`: who reported, for crews.
pub async fn contact(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    allowed(&state.access, &headers)?;
    let city = context.city(&state)?;
    finished(context)?;
    let stored = state.app.find_report(&city, &id).await?;
    let (reader, key, id) = (state.app.reader().clone(), city.id().clone(), stored.report.id);
    let contact = state.app.compute(move || reader.contact(&key, &id)).await?;
    let mut response = tagged("application/json", "", to_json(&answers::contact(contact))?);
    response.headers_mut().remove(header::ETAG);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The bytes of a body, or why they did not arrive.
///
/// # Errors
/// Too large; cut short.
pub fn body_of(body: std::result::Result<Bytes, BytesRejection>) -> Result<Bytes> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::new(
            ErrorKind::TooLarge,
            message!("Le corps de la requête est trop grand.", "The request's body is too large."),
        ),
        _ => {
            let message = message!("est arrivé incomplet", "arrived incomplete");
            Refusal::new("body", "", message).into()
        }
    })
}

/// A report that was just created or changed, and what its sender should know beside it.
#[derive(Debug, Serialize)]
struct WrittenReport {
    #[serde(flatten)]
    report: ReportOut,
    /// Of a new report, where its sender asked: the reports that it may repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicates: Option<Vec<DuplicateSummary>>,
    /// Of a report that was closed: the ids of its duplicates that are still open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    open_children: Vec<String>,
}

/// `POST /api/v1/reports`
pub async fn create(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> HandlerResult {
    let mut context = context;
    let city = context.city(&state)?;
    let dedupe = Dedupe::take(&mut context.params);
    let context = finished(context)?;
    let body = body_of(body)?;
    let idempotency = idempotency(&headers, &body)?;
    let draft = body::draft(&body, city.zone())?;
    media::known(&state, draft.details.media.iter()).await?;
    let judge = dedupe.judge(&city, &state.model);
    let (stored, replayed) = match state.app.submit(&city, draft, idempotency, judge).await? {
        SubmitOutcome::Stored { stored, replayed } => (stored, replayed),
        SubmitOutcome::NeedsConfirmation(report) => {
            return Ok(dedupe.ask_sender(&state, &city, &report, context.language)?);
        }
    };
    let location = format!("/api/v1/reports/{}", path_segment(stored.report.id.as_str()));
    let location = match context.jurisdiction {
        Some(id) => format!("{location}?jurisdiction_id={id}"),
        None => location,
    };
    let tag = report_tag(&state, &stored, context.language);
    let duplicates = dedupe.summaries(&state, &city, &stored)?;
    let out = feature(&stored, &city, context.language).map(|report| WrittenReport {
        report,
        duplicates,
        open_children: Vec::new(),
    });
    let mut response = tagged(MEDIA_TYPE, &tag, to_json(&out)?);
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

fn idempotency(headers: &HeaderMap, body: &[u8]) -> Result<Option<Idempotency>> {
    Ok(idempotency_key(headers)?.map(|key| {
        let fingerprint = blake3::hash(body).to_hex()[..32].to_owned();
        Idempotency { key, fingerprint }
    }))
}

/// The client's `Idempotency-Key`.
///
/// # Errors
/// Empty, too long or not ASCII.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let shown = String::from_utf8_lossy(key.as_bytes()).into_owned();
    let readable = key.to_str().is_ok_and(|key| (1..=KEY_BYTES_MAX).contains(&key.len()));
    if !readable {
        let max = KEY_BYTES_MAX;
        let message = message!(
            "doit avoir de 1 à {max} signes ASCII",
            "must have 1 to {max} ASCII characters"
        );
        return Err(Refusal::new("Idempotency-Key", shown, message).into());
    }
    Ok(Some(shown))
}

/// `PATCH /api/v1/reports/{id}`
pub async fn change(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> HandlerResult {
    allowed(&state.access, &headers)?;
    let city = context.city(&state)?;
    let context = finished(context)?;
    let expected = if_match(&state, &headers)?;
    let (patch, children) = body::patch(&body_of(body)?)?;
    let found = state.app.find_report(&city, &id).await?;
    let stored = state.app.change(&city, found.report.id, expected, patch, children).await?;
    let tag = report_tag(&state, &stored, context.language);
    let out = feature(&stored, &city, context.language);
    let mut open_children = Vec::new();
    if stored.report.status == Status::Closed {
        open_children = state.app.open_children(&city, stored.report.id).await?;
    }
    let out = out.map(|report| WrittenReport { report, duplicates: None, open_children });
    Ok(tagged(MEDIA_TYPE, &tag, to_json(&out)?))
}

/// The revision in `If-Match`; `*` and its absence ask for none.
fn if_match(state: &AppState, headers: &HeaderMap) -> Result<Option<u64>> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let inner = text.trim_start_matches("W/").trim_matches('"');
    let mut parts = inner.split('-');
    if let (Some(epoch), Some(Ok(revision))) = (parts.next(), parts.next().map(str::parse)) {
        // Another store's tag can never be the present one.
        return Ok(Some(if epoch == state.app.epoch { revision } else { 0 }));
    }
    let message = message!("n’est pas l’ETag d’une demande", "is not a report's ETag");
    Err(Refusal::new("If-Match", text, message).into())
}

pub fn allowed(access: &Access, headers: &HeaderMap) -> std::result::Result<(), ApiError> {
    let shown = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    let token = shown.and_then(|shown| shown.strip_prefix(b"Bearer "));
    let message = match (access, token) {
        (Access::Local, _) => return Ok(()),
        // Digests take the same time to compare wherever they differ.
        (Access::Key(key), Some(token)) if blake3::hash(key.as_bytes()) == blake3::hash(token) => {
            return Ok(());
        }
        (Access::Key(_), _) => message!(
            "Montrez la clé d’équipe : « Authorization: Bearer … ».",
            "Show the crew key: 'Authorization: Bearer …'."
        ),
        (Access::Nobody, _) => message!(
            "Ouvert au réseau sans clé d’équipe (--crew-key), le service ne change rien.",
            "Open to the network without a crew key (--crew-key), the service changes nothing."
        ),
    };
    Err(ApiError(Error::new(ErrorKind::Forbidden, message)))
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        ApiError(self).into_response()
    }
}

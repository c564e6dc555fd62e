//! Open311 GeoReport v2: `/open311/v2`, in XML and in JSON.

mod document;
mod form;
mod node;

use form::{Form, unknown_service};
use node::{Node, xml};

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::domain::{Filter, Idempotency, ReportTime, Status, StoredReport};
use crate::error::{Error, ErrorKind, Result};
use crate::export::geojson::instant;
use crate::http::request::context::{
    CostClass, HandlerResult, RequestContext, fresh, settled, tagged,
};
use crate::http::request::params::Params;
use crate::http::v1::duplicates::Dedupe;
use crate::http::v1::proximity::finished;
use crate::http::v1::{media, reports};
use crate::http::{Access, AppState};
use crate::i18n::Language;
use crate::index::{DocAddress, Snapshot};
use crate::message;
use crate::place::{Meters, Position, distance};
use crate::query;
use crate::usecase::{City, SubmitOutcome};
use document::{DiscoveryFacts, RequestRenderer};

/// When this service last changed how it speaks.
const CHANGESET: &str = "2026-11-24T00:00:00Z";
/// Longest span of a list, in days (GeoReport v2).
const DAYS_MAX: i64 = 90;
const DAY: i64 = 86_400;
/// Requests in a page, at most (GeoReport v2).
const PAGE_MAX: usize = 1_000;
/// Last page of a list.
const PAGES_MAX: usize = 1_000;
/// Ids in one question, at most.
const IDS_MAX: usize = 1_000;

/// A language of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Xml,
    Json,
}

impl Format {
    fn media_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    fn write(self, root: &str, node: &Node) -> Result<Vec<u8>> {
        match self {
            Self::Xml => Ok(xml(root, node)),
            Self::Json => crate::http::request::context::to_json(node),
        }
    }
}

/// The last part of a path and its suffix; XML where there is none.
fn split(name: &str) -> Result<(&str, Format)> {
    match name.rsplit_once('.') {
        Some((name, "xml")) => Ok((name, Format::Xml)),
        Some((name, "json")) => Ok((name, Format::Json)),
        Some(_) => Err(Error::not_found(name)),
        None => Ok((name, Format::Xml)),
    }
}

/// The document of an error under this path.
pub fn failure(
    path: &str,
    error: &Error,
    code: u16,
    language: Language,
) -> (&'static str, Vec<u8>) {
    let format = if path.ends_with(".json") { Format::Json } else { Format::Xml };
    let node = document::errors(error, code, language);
    (format.media_type(), format.write("errors", &node).unwrap_or_default())
}

/// GeoReport knows few codes: whatever a request has wrong is 400, an unknown thing 404, a key 403.
pub fn status(code: StatusCode) -> StatusCode {
    match code {
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => StatusCode::BAD_REQUEST,
        other => other,
    }
}

/// `locale` chooses the language where `lang` does not.
fn speak(context: &mut RequestContext) {
    let locale = context.params.take("locale").unwrap_or_default().to_ascii_lowercase();
    match locale.get(..2) {
        Some("fr") => context.language = Language::French,
        Some("en") => context.language = Language::English,
        _ => {}
    }
    // A key says who asks; whoever may ask without one may show one.
    context.params.take("api_key");
}

/// `GET /open311/v2/{discovery,services,requests}.{xml,json}`
pub async fn get(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    mut context: RequestContext,
) -> HandlerResult {
    let (what, format) = split(&name)?;
    speak(&mut context);
    match what {
        "discovery" => discovery(&state, context, format),
        "services" => services(&state, context, format),
        "requests" => requests(state, context, format).await,
        other => Err(Error::not_found(other).into()),
    }
}

fn discovery(state: &AppState, context: RequestContext, format: Format) -> HandlerResult {
    let city = context.city(state)?;
    let context = finished(context)?;
    let url = format!("{}/open311/v2", context.base(state));
    let said = format!("311 – {}", city.jurisdiction.name);
    let public_config = &state.public_config;
    let keys = match (public_config.open311_keys.is_empty(), context.language) {
        (true, Language::French) => "Toute clé (api_key) non vide est acceptée.",
        (true, Language::English) => "Any api_key that is not empty is taken.",
        (false, Language::French) => "Demandez une clé (api_key) à la ville.",
        (false, Language::English) => "Ask the city for an api_key.",
    };
    let about = DiscoveryFacts {
        url: &url,
        contact: public_config.contact.as_deref().unwrap_or(&said),
        key_service: keys,
        kind: if state.access == Access::Local { "test" } else { "production" },
        changeset: CHANGESET,
    };
    let node = document::discovery(&about);
    Ok(settled(&context, format.media_type(), &context.tag(state, 0), || {
        format.write("discovery", &node)
    })?)
}

fn services(state: &AppState, context: RequestContext, format: Format) -> HandlerResult {
    let city = context.city(state)?;
    let context = finished(context)?;
    let catalogue = city.catalogue();
    let tag = context.tag(state, catalogue.services().len() as u64);
    Ok(settled(&context, format.media_type(), &tag, || {
        format.write("services", &document::services(&catalogue, context.language))
    })?)
}

/// `GET /open311/v2/services/{code}.{xml,json}`
pub async fn service(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    mut context: RequestContext,
) -> HandlerResult {
    let (code, format) = split(&name)?;
    speak(&mut context);
    let city = context.city(&state)?;
    let context = finished(context)?;
    let catalogue = city.catalogue();
    let found = catalogue.get(code).ok_or_else(|| Error::not_found(code))?;
    let tag = context.tag(&state, catalogue.services().len() as u64);
    Ok(settled(&context, format.media_type(), &tag, || {
        format.write("service_definition", &document::definition(found, context.language))
    })?)
}

/// What a list is asked for.
struct ListRequest {
    filter: Filter,
    around: Option<(Position, Meters)>,
    updated: (Option<ReportTime>, Option<ReportTime>),
    page: usize,
    size: usize,
}

impl ListRequest {
    fn take(params: &mut Params, city: &City) -> Result<Self> {
        let catalogue = city.catalogue();
        let codes = params.take("service_code");
        let codes: Option<Vec<_>> = codes.map(|list| list.split(',').map(str::to_owned).collect());
        let services = codes.map(|codes| {
            let known = |code: &String| {
                let found = catalogue.get(code.trim()).map(|service| service.code.clone());
                found.ok_or_else(|| Error::not_found(code))
            };
            codes.iter().map(known).collect::<Result<Vec<_>>>()
        });
        let statuses = params.take("status").map(|list| statuses(params, &list));
        let bbox = params.bbox();
        let given = ["lat", "long", "radius"].map(|name| params.has(name));
        let around = given.contains(&true).then(|| around(params)).flatten();
        let updated = (params.time("updated_after", city), params.time("updated_before", city));
        let (from, before) = span(params, city, updated == (None, None));
        let page = params.count("page", 1, PAGES_MAX);
        let size = params.count("page_size", PAGE_MAX, PAGE_MAX);
        let services = services.transpose()?;
        let approximate = true;
        let filter =
            Filter { services, statuses, from, before, bbox, approximate, ..Filter::default() };
        Ok(Self { filter, around, updated, page, size })
    }

    /// The page, from the index.
    fn page(&self, snapshot: &Snapshot) -> Vec<DocAddress> {
        let compiled = snapshot.compiled(&self.filter);
        let skip = (self.page - 1) * self.size;
        match self.around {
            Some((at, radius)) => {
                let most = skip + self.size;
                let found = query::within_radius(snapshot, &compiled, at, radius, None, most);
                found.items.into_iter().skip(skip).map(|found| found.address).collect()
            }
            None if skip == 0 => query::newest(snapshot, &compiled, None, self.size).items,
            None => query::newest_page(snapshot, &compiled, skip, self.size),
        }
    }

    /// The page of what was changed in a span of time, from the store, oldest change first.
    fn changed(
        &self,
        state: &AppState,
        city: &City,
        snapshot: &Snapshot,
    ) -> Result<Vec<StoredReport>> {
        let compiled = snapshot.compiled(&self.filter);
        let mut skip = (self.page - 1) * self.size;
        let mut page = Vec::new();
        state.app.reader().changed_between(city.id(), self.updated, &mut |stored| {
            let passes = snapshot.find(stored.report.id.as_str()).is_some_and(|address| {
                snapshot.matches(address, &compiled)
                    && self.around.is_none_or(|(at, radius)| {
                        let place = stored.report.position;
                        place.is_some_and(|place| distance(place, at).0 <= radius.0)
                    })
            });
            match (passes, skip) {
                (false, _) => {}
                (true, 0) => page.push(stored),
                (true, _) => skip -= 1,
            }
            page.len() < self.size
        })?;
        Ok(page)
    }
}

fn statuses(params: &mut Params, list: &str) -> Vec<Status> {
    let mut wanted = Vec::new();
    for word in list.split(',').map(str::trim) {
        match word {
            "open" => wanted.extend([Status::Open, Status::InProgress]),
            "closed" => wanted.push(Status::Closed),
            other => {
                let message = message!("doit être open ou closed", "must be open or closed");
                params.refuse("status", other, message);
            }
        }
    }
    wanted
}

fn around(params: &mut Params) -> Option<(Position, Meters)> {
    let lat = params.number("lat", -90.0, 90.0);
    let lat = params.required("lat", lat);
    let long = params.number("long", -180.0, 180.0);
    let long = params.required("long", long);
    let radius = params.number("radius", 0.0, 100_000.0);
    let radius = params.required("radius", radius);
    let at = Position::new(long?, lat?).ok()?;
    Some((at, Meters(radius?)))
}

/// From `start_date` until before the second after `end_date`: 90 days at most, the last 90 where
/// nothing is said (unless another span of time is asked for).
fn span(params: &mut Params, city: &City, bounded: bool) -> (Option<i64>, Option<i64>) {
    let (start, end) = (params.time("start_date", city), params.time("end_date", city));
    let length = DAYS_MAX * DAY;
    let minute = city.now().as_second() / 60 * 60;
    match (start.map(|when| when.second()), end.map(|when| when.last_second())) {
        (Some(start), Some(end)) => {
            // The day that both ends are in counts once.
            if end < start || end - start > length + DAY {
                let message = message!(
                    "doit suivre start_date de 90 jours au plus",
                    "must follow start_date by 90 days at most"
                );
                params.refuse("end_date", instant(end), message);
            }
            (Some(start), Some(end + 1))
        }
        (Some(start), None) => (Some(start), Some(start + length)),
        (None, Some(end)) => (Some(end - length), Some(end + 1)),
        (None, None) if bounded => (Some(minute - length), None),
        (None, None) => (None, None),
    }
}

async fn requests(
    state: Arc<AppState>,
    mut context: RequestContext,
    format: Format,
) -> HandlerResult {
    let city = context.city(&state)?;
    if let Some(ids) = context.params.take("service_request_id") {
        // Ids override whatever else is asked.
        let extended = context.params.take("extensions").as_deref() == Some("true");
        context.params.pass_over();
        let context = finished(context)?;
        return by_ids(state, city, context, format, &ids, extended).await;
    }
    let wanted = ListRequest::take(&mut context.params, &city)?;
    let extended = context.params.flag("extensions");
    let mut context = finished(context)?;
    // The last 90 days begin a minute later every minute.
    context.stamp = (city.now().as_second() / 60).unsigned_abs();
    let (work, own) = (state.clone(), city.clone());
    let media_type = format.media_type();
    let answer =
        fresh(&state, context, &city, media_type, CostClass::Long, move |snapshot, context| {
            let stored = if wanted.updated == (None, None) {
                let page = wanted.page(snapshot);
                let ids: Vec<&str> = page.iter().map(|address| snapshot.id(*address)).collect();
                work.app.reader().get_many(own.id(), &ids)?
            } else {
                wanted.changed(&work, &own, snapshot)?
            };
            told(&work, &own, context, format, &stored, extended)
        });
    Ok(answer.await?)
}

fn told(
    state: &AppState,
    city: &City,
    context: &RequestContext,
    format: Format,
    stored: &[StoredReport],
    extended: bool,
) -> Result<Vec<u8>> {
    let (catalogue, base) = (city.catalogue(), context.base(state));
    let telling = RequestRenderer {
        catalogue: &catalogue,
        language: context.language,
        extended,
        base: &base,
    };
    let list = stored.iter().map(|stored| document::request(stored, &telling)).collect();
    format.write("service_requests", &Node::List("request", list))
}

async fn by_ids(
    state: Arc<AppState>,
    city: Arc<City>,
    context: RequestContext,
    format: Format,
    ids: &str,
    extended: bool,
) -> HandlerResult {
    let ids: Vec<String> = ids.split(',').map(|id| id.trim().to_owned()).collect();
    if ids.len() > IDS_MAX {
        let message = message!("{IDS_MAX} numéros au plus", "{IDS_MAX} ids at most");
        let refusal = crate::error::Refusal::new("service_request_id", ids.len(), message);
        return Err(Error::from(refusal).into());
    }
    let work = (state.clone(), city.clone());
    let media_type = format.media_type();
    let answer =
        fresh(&state, context, &city, media_type, CostClass::Long, move |snapshot, context| {
            let known: Vec<&str> =
                ids.iter().map(String::as_str).filter(|id| snapshot.find(id).is_some()).collect();
            let stored = work.0.app.reader().get_many(work.1.id(), &known)?;
            told(&work.0, &work.1, context, format, &stored, extended)
        });
    Ok(answer.await?)
}

/// `GET /open311/v2/requests/{id}.{xml,json}`
pub async fn request(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    mut context: RequestContext,
) -> HandlerResult {
    let (id, format) = split(&name)?;
    speak(&mut context);
    let city = context.city(&state)?;
    let extended = context.params.flag("extensions");
    let context = finished(context)?;
    let stored = state.app.find_report(&city, id).await?;
    let tag = context.tag(&state, stored.revision);
    Ok(settled(&context, format.media_type(), &tag, || {
        told(&state, &city, &context, format, &[stored], extended)
    })?)
}

/// `GET /open311/v2/tokens/{token}.{xml,json}`: every request has its id at once, and that is its
/// token.
pub async fn token(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    mut context: RequestContext,
) -> HandlerResult {
    let (token, format) = split(&name)?;
    speak(&mut context);
    let city = context.city(&state)?;
    let context = finished(context)?;
    let stored = state.app.find_report(&city, token).await?;
    let fields = Node::Fields(vec![
        ("service_request_id", Node::text(stored.report.id.as_str())),
        ("token", Node::text(token)),
    ]);
    let list = Node::List("request", vec![fields]);
    let tag = context.tag(&state, stored.revision);
    Ok(settled(&context, format.media_type(), &tag, || format.write("service_requests", &list))?)
}

/// Does a key open the service? Where none was set, any does.
fn opened(state: &AppState, key: Option<&str>) -> Result<()> {
    let keys = &state.public_config.open311_keys;
    // Digests take the same time to compare wherever they differ.
    let is =
        |known: &String, key: &str| blake3::hash(known.as_bytes()) == blake3::hash(key.as_bytes());
    if key.is_some_and(|key| keys.is_empty() || keys.iter().any(|known| is(known, key))) {
        return Ok(());
    }
    let message = match key {
        None => message!("Il manque une clé (api_key).", "An api_key is missing."),
        Some(_) => message!("Cette clé (api_key) n’est pas connue.", "This api_key is not known."),
    };
    Err(Error::new(ErrorKind::Forbidden, message))
}

/// `POST /open311/v2/requests.{xml,json}`
pub async fn post(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    mut context: RequestContext,
    request: Request,
) -> HandlerResult {
    let (what, format) = split(&name)?;
    if what != "requests" {
        return Err(Error::not_found(what).into());
    }
    let shown = context.params.take("api_key");
    speak(&mut context);
    let dedupe = Dedupe::take(&mut context.params);
    let header = reports::idempotency_key(request.headers())?;
    let parts = media::form(&state, request).await?;
    let mut form = Form::new(parts.fields);
    opened(&state, form.take("api_key").or(shown).as_deref())?;
    if let Some(id) = form.take("jurisdiction_id") {
        context.jurisdiction = Some(id);
    }
    let city = context.city(&state)?;
    finished(context)?;
    let fields = form.fingerprint();
    let photos = media::photos(&state, parts.files).await?;
    let taken = photos.iter().find_map(|photo| photo.position).map(|at| (at.lon(), at.lat()));
    let paths: Vec<String> = photos.iter().map(|photo| media::path(&photo.name())).collect();
    // The same fields with another photo are another request.
    let whole = format!("{fields} {}", paths.join(" "));
    let fingerprint = blake3::hash(whole.as_bytes()).to_hex()[..32].to_owned();
    let sent = form.read(paths.clone(), taken)?;
    let linked = sent.draft.details.media.iter().filter(|url| !paths.contains(url));
    media::known(&state, linked).await?;
    if !photos.is_empty() {
        // None is kept of a report that is refused.
        city.admits(&sent.draft).map_err(unknown_service)?;
    }
    for photo in photos {
        state.public_config.photo_store.put(photo).await?;
    }
    let key = sent.idempotency_key.or(header);
    let idempotency = key.map(|key| Idempotency { key, fingerprint });
    let judge = dedupe.judge(&city, &state.model);
    let submitted = state.app.submit(&city, sent.draft, idempotency, judge).await;
    let stored = match submitted.map_err(unknown_service)? {
        SubmitOutcome::Stored { stored, .. } => stored,
        SubmitOutcome::NeedsConfirmation(report) => {
            return Err(dedupe.refusal(&state, &city, &report)?.into());
        }
    };
    let parent = stored.report.parent.as_ref().map(|parent| parent.as_str());
    let more = parent.map(|id| ("parent_service_request_id", Node::text(id)));
    let node = document::submitted(&stored, sent.account, more.into_iter().collect());
    let body = format.write("service_requests", &node)?;
    let mut response: Response = tagged(format.media_type(), "", body);
    response.headers_mut().remove(axum::http::header::ETAG);
    Ok(response)
}

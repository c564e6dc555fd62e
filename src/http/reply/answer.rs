//! Responses from a city's snapshot, with their ETag.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::domain::{Interrupt, View};
use crate::error::{Error, Result};
use crate::http::reply::etag::Variant;
use crate::http::request::call::Call;
use crate::http::request::context::RequestContext;
use crate::http::state::AppState;
use crate::index::Snapshot;
use crate::usecase::City;

/// Media type of JSON.
pub const JSON: &str = "application/json";
/// Media type of newline-delimited JSON.
pub const NDJSON: &str = "application/x-ndjson";

/// Responses with texts differ by language, and compressed ones by encoding.
const VARY: &str = "accept-language, accept-encoding";

/// Initial capacity of a JSON body, in bytes; enough for most short lists.
const JSON_BYTES: usize = 8 << 10;

/// How expensive a response is, which decides where it is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostClass {
    /// Microseconds: computed on the thread that read the request.
    Quick,
    /// Milliseconds: computed in the pool of queries, where it may have to wait.
    Long,
    /// Perhaps seconds: computed in a pool of its own, so that it does not delay others.
    Heavy,
}

/// A body, and the header fields of its response besides the usual ones.
pub type BodyWithHeaders = (Vec<u8>, HeaderMap);

/// What the body of a response is computed from.
pub struct ResponseInputs<'a> {
    /// The state that all handlers share.
    pub state: &'a AppState,
    /// The city.
    pub city: &'a City,
    /// The city at one revision.
    pub snapshot: &'a Snapshot,
    /// Language and address of the request.
    pub context: &'a RequestContext,
    /// Is raised when nobody waits for the response any more.
    pub interrupt: &'a Interrupt,
}

impl<R: Send + 'static> Call<R> {
    /// Responds from the city's newest snapshot with the body that `compute` returns for the
    /// parameters, or with 304 if the client has the response of the same revision.
    ///
    /// # Errors
    /// Those of `compute`; unavailable.
    pub async fn respond(
        self,
        media_type: &'static str,
        cost: CostClass,
        compute: impl FnOnce(&ResponseInputs<'_>, R) -> Result<Vec<u8>> + Send + 'static,
    ) -> Result<Response> {
        let compute = move |inputs: &ResponseInputs<'_>, request| {
            compute(inputs, request).map(|body| (body, HeaderMap::new()))
        };
        self.respond_with_headers(media_type, cost, compute).await
    }

    /// As [`Self::respond`], with further header fields that `compute` returns beside the body. A
    /// 304 does not have them.
    ///
    /// # Errors
    /// Those of `compute`; unavailable.
    pub async fn respond_with_headers(
        self,
        media_type: &'static str,
        cost: CostClass,
        compute: impl FnOnce(&ResponseInputs<'_>, R) -> Result<BodyWithHeaders> + Send + 'static,
    ) -> Result<Response> {
        if let Some(known) = self.known_response() {
            return Ok(known);
        }
        let Self { state, city, context, request } = self;
        let (shared, own, view) = (state.clone(), city.clone(), context.view);
        let respond = move |snapshot: &Snapshot, interrupt: &Interrupt| {
            let (state, city, context) = (&*shared, &*own, &context);
            let inputs = ResponseInputs { state, city, snapshot, context, interrupt };
            Ok(inputs.response(media_type, compute(&inputs, request)?))
        };
        match cost {
            CostClass::Quick => respond(&*state.app.snapshot(&city, view)?, &Interrupt::default()),
            CostClass::Long => state.app.query((&city, view), respond).await,
            CostClass::Heavy => state.app.query_heavy((&city, view), respond).await,
        }
    }

    /// As [`Self::respond_with_headers`], for work whose cost is known only once it has begun: it
    /// begins as `CostClass::Long`. Where `compute` then returns `None`, it begins again as
    /// `CostClass::Heavy`.
    ///
    /// # Errors
    /// Those of `compute`; unavailable.
    pub async fn respond_where_it_fits(
        self,
        media_type: &'static str,
        compute: impl Fn(&ResponseInputs<'_>, &R, CostClass) -> Result<Option<BodyWithHeaders>>
        + Send
        + Sync
        + 'static,
    ) -> Result<Response>
    where
        R: Sync,
    {
        if let Some(known) = self.known_response() {
            return Ok(known);
        }
        let Self { state, city, context, request } = self;
        let place = (&*city, context.view);
        let shared = Arc::new((state.clone(), city.clone(), context, request, compute));
        let respond = |cost| {
            let shared = shared.clone();
            move |snapshot: &Snapshot, interrupt: &Interrupt| {
                let (state, city, context, request, compute) = &*shared;
                let inputs = ResponseInputs { state, city, snapshot, context, interrupt };
                let computed = compute(&inputs, request, cost)?;
                Ok(computed.map(|computed| inputs.response(media_type, computed)))
            }
        };
        if let Some(response) = state.app.query(place, respond(CostClass::Long)).await? {
            return Ok(response);
        }
        let response = state.app.query_heavy(place, respond(CostClass::Heavy)).await?;
        response.ok_or_else(|| Error::internal("heavy work found no place"))
    }

    /// 304, where the client has the response of the newest revision.
    fn known_response(&self) -> Option<Response> {
        let Self { state, city, context, .. } = self;
        if !context.has_if_none_match_tags() {
            return None;
        }
        let tag = context.etag(state, city.snapshots(context.view).load().revision());
        (context.has_etag(&tag) && city.progress().ready).then(|| not_modified(tag))
    }
}

impl ResponseInputs<'_> {
    /// The response with a body and header fields, or 304.
    fn response(&self, media_type: &'static str, (body, headers): BodyWithHeaders) -> Response {
        let tag = self.context.etag(self.state, self.snapshot.revision());
        // `*` holds for every response but for an error, which is known only now.
        if self.context.has_etag(&tag) {
            return not_modified(tag);
        }
        let mut response = response_with_etag(media_type, &tag, body);
        response.headers_mut().extend(headers);
        response
    }
}

/// Responds with `body` and this ETag, or with 304 if the client has the response with this ETag.
/// What the response is about must be known to exist.
///
/// # Errors
/// Those of `body`.
pub fn conditional_response(
    context: &RequestContext,
    media_type: &'static str,
    tag: String,
    body: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<Response> {
    if context.has_etag(&tag) {
        return Ok(not_modified(tag));
    }
    Ok(response_with_etag(media_type, &tag, body()?))
}

/// 304: the client has the response with this ETag. It has the headers by which caches keep the
/// response (RFC 9110, section 15.4.5).
pub fn not_modified(tag: String) -> Response {
    let mut response = (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    insert_cache_headers(&mut response);
    response
}

fn insert_cache_headers(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static(VARY));
}

/// A response whose body depends on who asks, where the city does not show everything to everybody:
/// caches keep that of a crew for nobody else.
pub fn of_view(mut response: Response, view: View, variant: Variant) -> Response {
    if variant.view.is_none() {
        return response;
    }
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("authorization, cookie"));
    let is_kept = headers.get(header::CACHE_CONTROL).is_none_or(|value| value != "no-store");
    if view == View::Crew && is_kept {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    response
}

/// A response to a request with the cookie of a session: caches keep it for nobody else.
pub fn of_session(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("cookie"));
    let is_kept = headers.get(header::CACHE_CONTROL).is_none_or(|value| value != "no-store");
    if is_kept {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    response
}

/// A response with an ETag.
pub fn response_with_etag(media_type: &'static str, tag: &str, body: Vec<u8>) -> Response {
    let mut response = response_without_etag(media_type, body);
    if let Ok(tag) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// A response without an ETag; caches must revalidate it.
pub fn response_without_etag(media_type: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    insert_cache_headers(&mut response);
    response
}

/// The JSON of a value.
///
/// # Errors
/// Internal: the value has no JSON form.
pub fn to_json(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    let mut body = Vec::with_capacity(JSON_BYTES);
    serde_json::to_writer(&mut body, value).map_err(Error::internal)?;
    Ok(body)
}

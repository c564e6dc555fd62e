//! Middleware that writes the body of every error response, including those that axum and its
//! layers produce themselves.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::{Error, ErrorKind};
use crate::http::access::Access;
use crate::http::around::rates::{RATE_LIMIT, RATE_LIMIT_POLICY, RateClass, RateVerdict};
use crate::http::around::security;
use crate::http::open311;
use crate::http::reply::problem::{Problem, malformed, too_large};
use crate::http::request::auth::{Authorization, KeyCheck};
use crate::http::request::client_address::{ClientAddress, Passage};
use crate::http::request::context::language_of;
use crate::http::request::head::RequestHead;
use crate::http::request::host;
use crate::http::state::AppState;
use crate::i18n::Language;
use crate::message;
use crate::usecase::{for_client, present_client};

/// Headers of responses that pages of other origins may read.
pub const EXPOSED: [HeaderName; 11] = [
    header::CONTENT_DISPOSITION,
    header::CONTENT_LANGUAGE,
    header::ETAG,
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
    RATE_LIMIT,
    RATE_LIMIT_POLICY,
    HeaderName::from_static("content-crs"),
    HeaderName::from_static("idempotency-replayed"),
    HeaderName::from_static("pointchaud-left-out"),
];

/// Headers of an error response of a layer that stay when its body is replaced.
const KEPT_OF_ERRORS: [HeaderName; 5] = [
    header::ALLOW,
    // Of 415: the media types that the operation reads (RFC 9110, section 15.5.16).
    header::ACCEPT,
    header::VARY,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
];

/// Seconds after which a request that found no memory may come again.
const MEMORY_RETRY_S: u64 = 5;

/// Counts a request against the rates of its client, answers it or refuses it, and adds the headers
/// that every response has.
pub async fn around(
    State(state): State<Arc<AppState>>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(KeyCheck::default());
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let class = state.rates().and_then(|rates| rates.class(request.method(), route));
    let mut verdict = match state.rates() {
        Some(rates) => {
            let head = RequestHead::from(&request);
            rates.check(class, || known_key(&state.access, &head), &head)
        }
        None => RateVerdict::default(),
    };
    let is_tls = request.extensions().get::<Passage>().is_some_and(|passage| passage.is_tls);
    let refusal = verdict.refusal().or_else(|| {
        let needs_memory = class.is_some_and(RateClass::needs_memory);
        let refusal = needs_memory.then(|| state.app.check_memory().err())??;
        verdict.retry_after_s = Some(MEMORY_RETRY_S);
        Some(refusal)
    });
    let client = request.extensions().get::<ClientAddress>().map(|client| client.0);
    let is_refused = refusal.is_some();
    let is_public = is_refused && state.rates().is_some_and(|rates| rates.is_public(route));
    let mut response = for_client(client, explain(state, request, next, refusal)).await;
    let headers = response.headers_mut();
    if is_public {
        // The layer that lets pages of other origins read responses was not reached.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        let names = HeaderValue::from_static("retry-after,ratelimit,ratelimit-policy");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, names);
    }
    verdict.mark(headers);
    let is_shared = headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    security::add_headers(headers, is_shared, is_tls);
    response
}

/// The name of the key of a request or of its session, if it is right.
fn known_key(access: &Access, head: &RequestHead<'_>) -> Option<String> {
    Authorization::of(head, access).known_key(access).map(|key| key.name.clone())
}

/// Replaces the body of an error response by a problem document (or an Open311 error document) in
/// the reader's language, and logs the cause of internal errors.
async fn explain(
    state: Arc<AppState>,
    request: Request,
    next: Next,
    refusal: Option<Error>,
) -> Response {
    let uri = request.uri().clone();
    let accept = request.headers().get(header::ACCEPT_LANGUAGE).cloned();
    let (method, began) = (request.method().clone(), Instant::now());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let checked = host::check(request.version(), request.headers());
    // No operation is concerned, so no operation says which origins may read the error.
    let is_of_none = route.is_none() || checked.is_err();
    let response = match checked.and_then(|()| refusal.map_or(Ok(()), Err)) {
        Ok(()) => {
            let response = next.run(request).await;
            state.response_budget.hold(present_client(), response).into_response()
        }
        Err(error) => error.into_response(),
    };
    let route = route.as_ref().map(MatchedPath::as_str);
    state.metrics.count(&method, route, response.status(), began.elapsed());
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let known = response.extensions().get::<Arc<Error>>().cloned();
    if !failed || known.is_none() && is_explained(&response) {
        return labelled(response, || language_of(&uri, accept.as_ref()));
    }
    let path = uri.path();
    let language = language_of(&uri, accept.as_ref());
    let in_open311 = path.starts_with("/open311/");
    let code = response.status();
    let code = if in_open311 { open311::status(code) } else { code };
    let error = known.unwrap_or_else(|| Arc::new(of_status(code, path)));
    if error.kind == ErrorKind::Internal {
        tracing::error!(path, cause = ?error.cause, "internal error");
    }
    let (media_type, body) = match in_open311 {
        true => open311::format::failure(path, &error, code.as_u16(), language),
        false => {
            let problem = Problem::new(&error, code, language);
            let problem = if path.starts_with("/ogc") { problem.for_ogc() } else { problem };
            ("application/problem+json", problem.to_json())
        }
    };
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = code;
    let headers = answer.headers_mut();
    for (name, value) in response.headers() {
        // Without its permission a page of another origin could not read why it was refused.
        if KEPT_OF_ERRORS.contains(name) {
            headers.append(name, value.clone());
        }
    }
    if is_of_none && !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        permit_all_origins(headers);
    }
    add_headers_of(headers, code, error.kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.code()));
    answer
}

/// Adds what a client should know of an error besides its document.
fn add_headers_of(headers: &mut HeaderMap, code: StatusCode, kind: ErrorKind) {
    headers.append(header::VARY, HeaderValue::from_static("accept-language"));
    if code == StatusCode::NOT_ACCEPTABLE {
        headers.append(header::VARY, HeaderValue::from_static("accept"));
    }
    if code == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let ErrorKind::TooMany(seconds) = kind {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if code == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
}

/// Lets pages of other origins read a response, as those of public operations.
fn permit_all_origins(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let names = EXPOSED.map(|name| name.as_str().to_owned()).join(",");
    if let Ok(names) = HeaderValue::from_str(&names) {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, names);
    }
}

/// A response with its language as `Content-Language`, if it has a body that differs by language.
fn labelled(mut response: Response, language: impl FnOnce() -> Language) -> Response {
    let has_body = ![StatusCode::NOT_MODIFIED, StatusCode::NO_CONTENT].contains(&response.status());
    let mut vary = response.headers().get_all(header::VARY).iter();
    let is_in_language = |value: &HeaderValue| {
        let list = value.to_str().unwrap_or_default();
        list.split(',').any(|name| name.trim().eq_ignore_ascii_case("accept-language"))
    };
    if has_body && vary.any(is_in_language) {
        let code = HeaderValue::from_static(language().code());
        response.headers_mut().insert(header::CONTENT_LANGUAGE, code);
    }
    response
}

/// Does this error response already have a JSON body? `/readyz` answers 503 with one.
fn is_explained(response: &Response) -> bool {
    let media_type = response.headers().get(header::CONTENT_TYPE);
    media_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}

/// The error for a status without body that axum or a layer produced.
fn of_status(code: StatusCode, path: &str) -> Error {
    match code {
        StatusCode::NOT_FOUND => Error::not_found(path),
        StatusCode::METHOD_NOT_ALLOWED => Error::new(
            ErrorKind::Invalid,
            message!(
                "« {path} » n’accepte pas cette méthode.",
                "'{path}' does not support this method."
            ),
        ),
        // Every refusal of a handler has an error of its own; this one is the router's.
        StatusCode::FORBIDDEN => Error::new(
            ErrorKind::Forbidden,
            message!(
                "Une page d’un autre site ne peut pas faire cette requête.",
                "A page of another site cannot make this request."
            ),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        StatusCode::GATEWAY_TIMEOUT => Error::new(
            ErrorKind::Unavailable,
            message!("La réponse a pris trop de temps.", "The answer took too long."),
        ),
        code if code.is_client_error() => malformed(),
        code => Error::internal(format!("bare status {code}")),
    }
}

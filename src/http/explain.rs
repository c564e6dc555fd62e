//! Middleware that writes the body of every error response, including those that axum and its
//! layers produce themselves.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::{Error, ErrorKind};
use crate::http::open311;
use crate::http::reply::problem::{Problem, malformed, too_large};
use crate::http::request::context::language_of;
use crate::http::request::host;
use crate::http::state::AppState;
use crate::i18n::Language;
use crate::message;

/// Headers of an error response of a layer that stay when its body is replaced.
const KEPT_OF_ERRORS: [HeaderName; 4] = [
    header::ALLOW,
    header::VARY,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
];

/// Replaces the body of an error response by a problem document (or an Open311 error document) in
/// the reader's language, and logs the cause of internal errors.
pub async fn explain(State(state): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let accept = request.headers().get(header::ACCEPT_LANGUAGE).cloned();
    let (method, began) = (request.method().clone(), Instant::now());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = match host::check(request.version(), request.headers()) {
        Ok(()) => next.run(request).await,
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
    if code == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let ErrorKind::TooMany(seconds) = error.kind {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if code == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.code()));
    answer
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
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Error::new(
            ErrorKind::Unavailable,
            message!("La réponse a pris trop de temps.", "The answer took too long."),
        ),
        code if code.is_client_error() => malformed(),
        code => Error::internal(format!("bare status {code}")),
    }
}

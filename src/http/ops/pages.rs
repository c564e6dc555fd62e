//! The pages, embedded in the program.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;
use serde_json::{Value, json};

use crate::http::operation::Operation;
use crate::http::reply::response_budget::EmbeddedBody;
use crate::http::state::AppState;

/// The files that `build.rs` builds from `static/`, each also compressed with brotli.
#[derive(RustEmbed)]
#[folder = "$OUT_DIR/page"]
struct PageFiles;

/// The pages.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::page("/config.json", get(config)),
        Operation::page("/", get(index)),
        Operation::page("/signaler", get(report)),
        Operation::page("/suivi", get(tracking)).with_alias("/suivi/{id}"),
        Operation::page("/importer", get(import)),
        Operation::page("/journal", get(audit)),
        Operation::page("/revision", get(review)),
        Operation::page("/docs", get(docs)),
        Operation::page("/assets/{*path}", get(asset)),
    ]
}

/// `GET /config.json`: settings that the map page reads first. The default jurisdiction is `null`
/// while there is no city.
async fn config(State(state): State<Arc<AppState>>) -> Json<Value> {
    let city = state.app.city(None).ok();
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "default_jurisdiction": city.as_ref().map(|city| city.id().as_str()),
        "basemap": state.page.basemap,
    }))
}

/// `GET /`: the map.
async fn index(State(state): State<Arc<AppState>>, headers: HeaderMap) -> Response {
    page("index.html", &state, &headers)
}

/// `GET /signaler`: the form for a new report.
async fn report(State(state): State<Arc<AppState>>, headers: HeaderMap) -> Response {
    page("report-form.html", &state, &headers)
}

/// `GET /suivi` and `/suivi/{id}`: the state of a report, for its sender.
async fn tracking(State(state): State<Arc<AppState>>, headers: HeaderMap) -> Response {
    page("tracking.html", &state, &headers)
}

/// `GET /importer`: the import of a file, for crews.
async fn import(State(state): State<Arc<AppState>>, headers: HeaderMap) -> Response {
    page("import-page.html", &state, &headers)
}

/// `GET /journal`: the audit, for supervisors.
async fn audit(State(state): State<Arc<AppState>>, headers: HeaderMap) -> Response {
    page("audit-page.html", &state, &headers)
}

/// `GET /revision`: texts that wait for a person, for who may decide about them.
async fn review(State(state): State<Arc<AppState>>, headers: HeaderMap) -> Response {
    page("review-page.html", &state, &headers)
}

/// `GET /docs`: the API reference, in which requests can be tried.
async fn docs(headers: HeaderMap) -> Response {
    let mut response = file("api-docs.html", "no-cache", &headers);
    // Swagger UI uses inline styles.
    let policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                  connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
                  frame-ancestors 'self'";
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn page(name: &str, state: &AppState, headers: &HeaderMap) -> Response {
    let mut response = file(name, "no-cache", headers);
    let tiles = state.page.basemap.as_deref().and_then(origin).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; \
         connect-src 'self' {tiles}; img-src 'self' data: {tiles}; manifest-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    Some(format!("{scheme}://{}", rest.split('/').next()?))
}

/// `GET /assets/…`: file names contain a digest of the contents, so browsers may cache them
/// forever.
async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    file(&format!("assets/{path}"), "public, max-age=31536000, immutable", &headers)
}

fn file(path: &str, cache: &'static str, headers: &HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let brotli = accepts.is_some_and(|list| list.split(',').any(|e| e.trim().starts_with("br")));
    let packed = if brotli { PageFiles::get(&format!("{path}.br")) } else { None };
    let encoded = packed.is_some();
    let Some(found) = packed.or_else(|| PageFiles::get(path)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let body = match found.data {
        Cow::Borrowed(embedded) => Body::from(embedded),
        Cow::Owned(read) => Body::from(read),
    };
    let mut response = Response::new(body);
    response.extensions_mut().insert(EmbeddedBody);
    let answer = response.headers_mut();
    let media_type = match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let nosniff = HeaderValue::from_static("nosniff");
    answer.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    if encoded {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

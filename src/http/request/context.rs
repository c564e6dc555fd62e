//! What every answer has: its language, its freshness, and problem documents for all that fails,
//! also for what axum and its layers refuse on their own.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::http::reply::problem::problem;
use crate::http::request::params::Params;
use crate::http::{AppState, open311};
use crate::i18n::Language;
use crate::index::Snapshot;
use crate::message;
use crate::usecase::City;

/// What a handler knows of a question.
pub struct RequestContext {
    /// Its parameters, without `lang` and `jurisdiction_id`.
    pub params: Params,
    /// The reader's language.
    pub language: Language,
    /// The jurisdiction named.
    pub jurisdiction: Option<String>,
    /// Path and query as asked, for links.
    pub uri: axum::http::Uri,
    /// What else the answer depends on beside the revision; 0 where nothing.
    pub stamp: u64,
    if_none_match: Option<String>,
    host: Option<String>,
}

impl FromRequestParts<Arc<AppState>> for RequestContext {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &Arc<AppState>,
    ) -> std::result::Result<Self, ApiError> {
        let mut params = Params::parse(parts.uri.query().unwrap_or_default());
        // What handlers take is held against what is declared, where that costs nobody time.
        if cfg!(debug_assertions)
            && let Some(route) = parts.extensions.get::<MatchedPath>()
        {
            params.at(parts.method.as_str(), route.as_str());
        }
        let language = match params.take("lang").as_deref() {
            None => accepted(parts.headers.get(header::ACCEPT_LANGUAGE)),
            Some("fr") => Language::French,
            Some("en") => Language::English,
            Some(other) => {
                let message = message!("doit être fr ou en", "must be fr or en");
                return Err(ApiError(Refusal::new("lang", other, message).into()));
            }
        };
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let host = text(header::HOST).filter(|host| is_host(host)).map(str::to_owned);
        let if_none_match = parts.headers.get(header::IF_NONE_MATCH);
        Ok(Self {
            jurisdiction: params.take("jurisdiction_id"),
            params,
            language,
            uri: parts.uri.clone(),
            stamp: 0,
            host,
            if_none_match: if_none_match.and_then(|tag| tag.to_str().ok()).map(str::to_owned),
        })
    }
}

/// Is this a host, with a port perhaps, and nothing else?
fn is_host(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b);
    !text.is_empty() && text.bytes().all(fits)
}

/// The first of our languages in `Accept-Language` by its weight; French where none is named.
fn accepted(header: Option<&HeaderValue>) -> Language {
    let header = header.and_then(|value| value.to_str().ok());
    let mut best = (0.0, Language::French);
    for item in header.unwrap_or_default().split(',') {
        let mut parts = item.split(';');
        let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f64>().ok());
        let weight = weight.unwrap_or(1.0);
        let language = match tag.split('-').next() {
            Some("fr") => Language::French,
            Some("en") => Language::English,
            _ => continue,
        };
        if weight > best.0 {
            best = (weight, language);
        }
    }
    best.1
}

impl RequestContext {
    /// The city asked.
    ///
    /// # Errors
    /// Not found.
    pub fn city(&self, state: &AppState) -> Result<Arc<City>> {
        state.app.city(self.jurisdiction.as_deref())
    }

    /// Address of this service as the reader knows it, without a slash at its end.
    pub fn base(&self, state: &AppState) -> String {
        match (&state.public_config.public_url, &self.host) {
            (Some(url), _) => url.trim_end_matches('/').to_owned(),
            (None, Some(host)) => format!("http://{host}"),
            (None, None) => String::new(),
        }
    }

    /// Tag of an answer that is true of `revision`.
    pub fn tag(&self, state: &AppState, revision: u64) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let (epoch, language) = (&state.app.epoch, self.language.code());
        let stamp = if self.stamp > 0 { format!("-{}", self.stamp) } else { String::new() };
        format!("W/\"{epoch}-{revision}{stamp}-{language}-{version}\"")
    }

    /// Does the reader have the answer with this tag already?
    pub fn has(&self, tag: &str) -> bool {
        let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        self.if_none_match.as_deref().is_some_and(|list| {
            list.trim() == "*" || list.split(',').any(|known| weak(known) == weak(tag))
        })
    }

    /// The same question from `cursor` on.
    pub fn next_page(&self, cursor: &str) -> String {
        let query = self.uri.query().unwrap_or_default();
        let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "cursor");
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        let query = pairs.extend_pairs(kept).append_pair("cursor", cursor).finish();
        format!("{}?{query}", self.uri.path())
    }
}

const JSON_BYTES: usize = 8 << 10;

/// How long the answer to a question may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostClass {
    /// Some microseconds: it is answered where it arrives.
    Quick,
    /// More: it waits its turn on the bounded pool.
    Long,
}

/// Answers from a city's newest snapshot, or 304 where the reader has the answer of this revision.
/// `compute` gives the body.
///
/// # Errors
/// Whatever `compute` answers; unavailable.
pub async fn fresh(
    state: &Arc<AppState>,
    context: RequestContext,
    city: &City,
    media_type: &'static str,
    effort: CostClass,
    compute: impl FnOnce(&Snapshot, &RequestContext) -> Result<Vec<u8>> + Send + 'static,
) -> Result<Response> {
    if context.if_none_match.is_some() {
        let tag = context.tag(state, city.shown().load().revision());
        if context.has(&tag) && city.progress().ready {
            return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
        }
    }
    if effort == CostClass::Quick {
        let snapshot = state.app.snapshot(city)?;
        let body = compute(&snapshot, &context)?;
        return Ok(tagged(media_type, &context.tag(state, snapshot.revision()), body));
    }
    let answer = state.app.query(city, move |snapshot| {
        Ok((snapshot.revision(), compute(snapshot, &context)?, context))
    });
    let (revision, body, context) = answer.await?;
    Ok(tagged(media_type, &context.tag(state, revision), body))
}

/// An answer with its tag.
pub fn tagged(media_type: &'static str, tag: &str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.append(header::VARY, HeaderValue::from_static("accept-language"));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// An answer that is true as long as its tag is, or 304 where the reader has it.
///
/// # Errors
/// Whatever `body` answers.
pub fn settled(
    context: &RequestContext,
    media_type: &'static str,
    tag: &str,
    body: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<Response> {
    if context.has(tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag.to_owned())]).into_response());
    }
    Ok(tagged(media_type, tag, body()?))
}

/// JSON bytes.
///
/// # Errors
/// A value that JSON cannot hold; internal.
pub fn to_json(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    // Room for a short list from the start: most answers never move.
    let mut body = Vec::with_capacity(JSON_BYTES);
    serde_json::to_writer(&mut body, value).map_err(Error::internal)?;
    Ok(body)
}

/// An error on its way to [`explain`], which knows the reader's language.
pub struct ApiError(pub Error);

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = status(self.0.kind).into_response();
        response.extensions_mut().insert(Arc::new(self.0));
        response
    }
}

/// A handler's answer.
pub type HandlerResult = std::result::Result<Response, ApiError>;

/// Status code of each kind of error.
pub fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Stale => StatusCode::PRECONDITION_FAILED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Writes the problem document of everything that failed, in the reader's language, and logs
/// causes.
pub async fn explain(State(state): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let accept = request.headers().get(header::ACCEPT_LANGUAGE).cloned();
    let response = next.run(request).await;
    state.metrics.count(response.status().as_u16());
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let told = response.extensions().get::<Arc<Error>>().cloned();
    if !failed || told.is_none() && is_ours(&response) {
        return response;
    }
    let path = uri.path();
    let asked = Params::parse(uri.query().unwrap_or_default()).take("lang");
    let language = match asked.as_deref() {
        Some("en") => Language::English,
        Some("fr") => Language::French,
        _ => accepted(accept.as_ref()),
    };
    let in_open311 = path.starts_with("/open311/");
    let code = response.status();
    let code = if in_open311 { open311::status(code) } else { code };
    let error = told.unwrap_or_else(|| Arc::new(untold(code, path)));
    if error.kind == ErrorKind::Internal {
        tracing::error!(path, cause = ?error.cause, "internal error");
    }
    let (media_type, body) = match in_open311 {
        true => open311::failure(path, &error, code.as_u16(), language),
        false => {
            let mut problem = problem(&error, code.as_u16(), language);
            if path.starts_with("/ogc") {
                // What OGC API – Features 1.0 calls them.
                problem["code"] = problem["type"].clone();
                problem["description"] = problem["detail"].clone();
            }
            ("application/problem+json", problem.to_string().into_bytes())
        }
    };
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = code;
    let headers = answer.headers_mut();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        headers.insert(header::ALLOW, allow.clone());
    }
    if code == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.code()));
    answer
}

/// An answer that says more than its status on purpose (readiness).
fn is_ours(response: &Response) -> bool {
    let media_type = response.headers().get(header::CONTENT_TYPE);
    media_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}

/// The error behind a bare status of axum or of a layer.
fn untold(code: StatusCode, path: &str) -> Error {
    match code {
        StatusCode::NOT_FOUND => Error::not_found(path),
        StatusCode::METHOD_NOT_ALLOWED => Error::new(
            ErrorKind::Invalid,
            message!(
                "« {path} » n’accepte pas cette méthode.",
                "'{path}' does not take this method."
            ),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Error::new(
            ErrorKind::TooLarge,
            message!("Le corps de la requête est trop grand.", "The request's body is too large."),
        ),
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Error::new(
            ErrorKind::Unavailable,
            message!("La réponse a pris trop de temps.", "The answer took too long."),
        ),
        code if code.is_client_error() => Error::new(
            ErrorKind::Invalid,
            message!(
                "La requête est mal formée ou incomplète.",
                "The request is malformed or cut short."
            ),
        ),
        code => Error::internal(format!("bare status {code}")),
    }
}

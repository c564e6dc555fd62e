//! The format of a document, JSON or HTML, by `f` or `Accept`; and links that keep the parameters
//! of the request.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde::Serialize;

use crate::domain::Interrupt;
use crate::error::{Error, Result};
use crate::http::ogc::collection::COLLECTION;
use crate::http::ogc::html;
use crate::http::ogc::link::{Link, link, link_header};
use crate::http::openapi::content::{Content, text};
use crate::http::operation::HandlerResult;
use crate::http::reply::answer::{CostClass, JSON, ResponseInputs, to_json};
use crate::http::request::accept::chosen;
use crate::http::request::call::Call;
use crate::http::request::context::RequestContext;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{Optional, Parameter, query};
use crate::http::request::words::Choice;
use crate::http::state::AppState;
use crate::i18n::Language;
use crate::index::Snapshot;
use crate::usecase::City;

/// Media type of GeoJSON.
pub const GEOJSON: &str = "application/geo+json";
/// Media type of a JSON Schema.
pub const SCHEMA: &str = "application/schema+json";
/// Media type of HTML.
const HTML: &str = "text/html; charset=utf-8";
/// The same without its charset, as it is negotiated.
const HTML_NAME: &str = "text/html";

/// The format of a response; `true` is HTML.
pub const FORMAT: Parameter<Choice<bool>, Optional> =
    query("f", Choice(&[("json", false), ("html", true)]))
        .optional()
        .example("json")
        .described("Format de la réponse.", "Format of the response.");

/// The content of a document in both formats.
pub fn json_or_html(json: Content) -> [Content; 2] {
    [json, text(HTML_NAME)]
}

request! {
    /// The parameters of a document without any of its own.
    pub struct FormRequest {
        f: Option<bool> = FORMAT,
    }
}

request! {
    /// One collection.
    pub struct CollectionRequest {
        id: String = COLLECTION,
        f: Option<bool> = FORMAT,
    }
}

/// The format of a response, and the addresses for its links.
pub struct Representation {
    /// HTML instead of JSON?
    pub is_html: bool,
    /// The address of `/ogc`.
    pub root: String,
    /// `?jurisdiction_id=…` if the request names a city, otherwise empty.
    pub suffix: String,
    /// The address of the licence of the city's data, if it is known.
    pub licence: Option<String>,
}

impl Representation {
    /// The format that `f` names, otherwise the one that `Accept` prefers; `plain` is the media
    /// type of the JSON, which is also sent to clients that ask for `application/json`. Sets the
    /// ETag variant.
    ///
    /// # Errors
    /// Not acceptable: `Accept` allows neither format.
    pub fn choose(
        (f, plain): (Option<bool>, &'static str),
        (state, city): (&AppState, &City),
        context: &mut RequestContext,
        headers: &HeaderMap,
    ) -> Result<Self> {
        let is_html = match f {
            Some(is_html) => is_html,
            None => chosen(headers, &[&[plain, JSON], &[HTML_NAME]])? == 1,
        };
        context.variant.html = is_html;
        let suffix = context.jurisdiction.as_deref().map_or_else(String::new, |id| {
            let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
            format!("?jurisdiction_id={id}")
        });
        let licence = state.public_config.licences.of(city.id().as_str()).map(str::to_owned);
        Ok(Self { is_html, root: format!("{}/ogc", context.base(state)), suffix, licence })
    }

    /// The link to the licence of the city's data, if it is known.
    pub fn licence_link(&self, language: Language) -> Option<Link> {
        let title = language.of("Licence", "License");
        self.licence.as_deref().map(|url| link("license", "", url, title))
    }

    /// The media type of the response; `plain` is that of its JSON.
    pub fn media_type(&self, plain: &'static str) -> &'static str {
        if self.is_html { HTML } else { plain }
    }

    /// A document in this format.
    ///
    /// # Errors
    /// A value that JSON cannot hold.
    pub fn write(&self, title: &str, body: &impl Serialize, language: Language) -> Result<Vec<u8>> {
        if !self.is_html {
            return to_json(body);
        }
        let body = serde_json::to_value(body).map_err(Error::internal)?;
        Ok(html::page(title, &body, language).into_bytes())
    }

    /// The absolute address of a path under `/ogc`.
    pub fn href(&self, path: &str) -> String {
        format!("{}{path}{}", self.root, self.suffix)
    }

    /// The public address of the service.
    pub fn host(&self) -> &str {
        self.root.strip_suffix("/ogc").unwrap_or_default()
    }

    /// Links to the response itself and to its other format. `plain` is the media type of its JSON.
    pub fn self_and_alternate_links(&self, context: &RequestContext, plain: &str) -> Vec<Link> {
        let address = |f: &str| format!("{}{}", self.host(), context.path_with_query("f", f));
        let (rel_json, rel_html) =
            if self.is_html { ("alternate", "self") } else { ("self", "alternate") };
        vec![
            link(rel_json, plain, &address("json"), "JSON"),
            link(rel_html, HTML_NAME, &address("html"), "HTML"),
        ]
    }

    /// Adds the headers of content negotiation and, for HTML, a policy that allows no scripts.
    pub fn with_security_headers(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("accept"));
        if self.is_html {
            let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'";
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
            headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
        response
    }
}

/// What a document is generated from.
pub struct DocumentInputs<'a> {
    /// The state that all handlers share.
    pub state: &'a AppState,
    /// The city.
    pub city: &'a City,
    /// Its snapshot.
    pub snapshot: &'a Snapshot,
    /// The request.
    pub context: &'a RequestContext,
    /// The format of the response.
    pub form: &'a Representation,
    /// Is raised when nobody waits for the response any more.
    pub interrupt: &'a Interrupt,
}

impl<'a> DocumentInputs<'a> {
    /// These inputs with the format of the response.
    pub fn new(inputs: &ResponseInputs<'a>, form: &'a Representation) -> Self {
        let ResponseInputs { state, city, snapshot, context, interrupt } = *inputs;
        Self { state, city, snapshot, context, form, interrupt }
    }
}

/// The header fields of a response with these links.
pub fn headers_of(links: &[Link]) -> HeaderMap {
    link_header(links).map(|links| (header::LINK, links)).into_iter().collect()
}

/// Responds with a document from a city's snapshot. `make` returns its title and its JSON.
///
/// # Errors
/// Those of `make`.
pub async fn document<R: Send + 'static, D: Serialize>(
    mut call: Call<R>,
    f: Option<bool>,
    headers: HeaderMap,
    plain: &'static str,
    make: impl FnOnce(&DocumentInputs<'_>) -> Result<(String, D)> + Send + 'static,
) -> HandlerResult {
    let place = (&*call.state, &*call.city);
    let form = Representation::choose((f, plain), place, &mut call.context, &headers)?;
    let form = Arc::new(form);
    let shape = form.clone();
    let media_type = form.media_type(plain);
    let answer = call.respond_with_headers(media_type, CostClass::Long, move |inputs, _| {
        let (title, body) = make(&DocumentInputs::new(inputs, &shape))?;
        let links = serde_json::to_value(&body).map_err(Error::internal)?["links"].take();
        let links: Vec<Link> = serde_json::from_value(links).unwrap_or_default();
        let body = shape.write(&title, &body, inputs.context.language)?;
        Ok((body, headers_of(&links)))
    });
    Ok(form.with_security_headers(answer.await?))
}

//! The parts of a request that all operations use: language, jurisdiction, address and
//! `If-None-Match`.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Uri, header};

use crate::domain::{Actor, JurisdictionId, Permission, View};
use crate::error::{Refusal, Result};
use crate::http::reply::etag::{Variant, matches_if_none_match, weak_tag};
use crate::http::request::accept::weighted;
use crate::http::request::audience::Audience;
use crate::http::request::caller::Caller;
use crate::http::request::client_address::Passage;
use crate::http::request::common::LANGUAGES;
use crate::http::request::reader::{Pairs, joined};
use crate::http::state::AppState;
use crate::i18n::Language;
use crate::message;
use crate::usecase::City;

/// The parts of a request that all operations use.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The language of the texts in the response.
    pub language: Language,
    /// The parameter `jurisdiction_id`, if given.
    pub jurisdiction: Option<String>,
    /// Path and query string of the request, for links.
    pub uri: Uri,
    /// For whom the response is.
    pub view: View,
    /// What the response depends on besides the revision of the data, for its ETag.
    pub variant: Variant,
    /// Who sends it; known when the request is authorized.
    pub caller: Caller,
    operation: &'static str,
    address: Option<IpAddr>,
    if_none_match: Option<String>,
    host: Option<String>,
    scheme: &'static str,
}

impl RequestContext {
    /// Reads the headers, and takes `lang` and `jurisdiction_id` out of the query pairs.
    ///
    /// # Errors
    /// `lang` is not a language of the service.
    pub fn read(parts: &Parts, pairs: &mut Pairs) -> Result<Self> {
        let language = match pairs.take("lang") {
            None => accepted(parts.headers.get(header::ACCEPT_LANGUAGE)),
            Some(text) => LANGUAGES.find(&text).ok_or_else(|| {
                let message = message!("doit être fr ou en", "must be fr or en");
                Refusal::new("lang", text, message)
            })?,
        };
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let passage = parts.extensions.get::<Passage>();
        let host = passage.and_then(|passage| passage.host.as_deref()).or(text(header::HOST));
        let host = host.filter(|host| is_host(host)).map(str::to_owned);
        let scheme = passage.map_or("http", Passage::scheme);
        Ok(Self {
            scheme,
            language,
            jurisdiction: pairs.take("jurisdiction_id"),
            uri: parts.uri.clone(),
            view: View::default(),
            variant: Variant::default(),
            caller: Caller::default(),
            operation: "",
            address: None,
            if_none_match: joined(&parts.headers, header::IF_NONE_MATCH.as_str()),
            host,
        })
    }

    /// The city that the request names, or the default city. The response's ETag depends on it.
    ///
    /// # Errors
    /// Not found; none is named where GeoReport v2 requires it.
    pub fn city(&mut self, state: &AppState, method: &Method) -> Result<Arc<City>> {
        let named = self.jurisdiction.as_deref();
        let city = match needs_name(method, self.uri.path()) {
            true => state.app.unambiguous_city(named)?,
            false => state.app.city(named)?,
        };
        self.variant.city = Some(city.number());
        Ok(city)
    }

    /// Sets who sends the request, which is about this city. The response's ETag depends on
    /// whether it has what is not public. Operations that are restricted answer from the crew's
    /// view, also to programs of this machine, whose other requests read what the public reads.
    ///
    /// # Errors
    /// Forbidden: the key is for other cities.
    pub fn set_caller(
        &mut self,
        caller: Caller,
        audience: Audience,
        city: Option<&JurisdictionId>,
    ) -> Result<()> {
        caller.check_city(audience, city)?;
        self.variant.private = city.is_some_and(|city| caller.may(Permission::ReadPrivate, city));
        if self.variant.private && matches!(audience, Audience::Holders(_)) {
            self.view = View::Crew;
        }
        self.caller = caller;
        Ok(())
    }

    /// Sets by which operation and from which address the request came.
    pub fn set_origin(&mut self, operation: &'static str, address: Option<IpAddr>) {
        (self.operation, self.address) = (operation, address);
    }

    /// Who sends the request, for the audit.
    pub fn actor(&self) -> Actor {
        self.actor_of(&self.caller)
    }

    /// Who sends the request, where another part of it says so than the header.
    pub fn actor_of(&self, caller: &Caller) -> Actor {
        caller.actor(self.operation, self.address)
    }

    /// The public address of the service without a trailing slash; empty if it is not known.
    pub fn base(&self, state: &AppState) -> String {
        match (&state.public_config.public_url, &self.host) {
            (Some(url), _) => url.trim_end_matches('/').to_owned(),
            (None, Some(host)) => format!("{}://{host}", self.scheme),
            (None, None) => String::new(),
        }
    }

    /// The weak ETag of a response at a revision of the data.
    pub fn etag(&self, state: &AppState, revision: u64) -> String {
        weak_tag(&state.app.epoch, revision, self.variant, self.language)
    }

    /// Does `If-None-Match` list tags? `*` is none.
    pub fn has_if_none_match_tags(&self) -> bool {
        self.if_none_match.as_deref().is_some_and(|list| list.trim() != "*")
    }

    /// Does `If-None-Match` list this ETag?
    pub fn has_etag(&self, tag: &str) -> bool {
        self.if_none_match.as_deref().is_some_and(|list| matches_if_none_match(list, tag))
    }

    /// The path and query string of the request with one parameter replaced.
    pub fn path_with_query(&self, name: &str, value: &str) -> String {
        let query = self.uri.query().unwrap_or_default();
        let kept = form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known != name);
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        let query = pairs.extend_pairs(kept).append_pair(name, value).finish();
        format!("{}?{query}", self.uri.path())
    }

    /// The path and query string of the page that starts after `cursor`.
    pub fn next_page(&self, cursor: &str) -> String {
        self.path_with_query("cursor", cursor)
    }
}

/// Must a request to this path name one of several cities? GeoReport v2 requires it of all requests
/// but discovery. A new service request may name it in its body, which is read later.
fn needs_name(method: &Method, path: &str) -> bool {
    let is_discovery = path.starts_with("/open311/v2/discovery.");
    path.starts_with("/open311/") && !is_discovery && method != Method::POST
}

/// Is this a host name or address with an optional port? Links are built from it, so other
/// characters are not accepted.
fn is_host(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b);
    !text.is_empty() && text.bytes().all(fits)
}

/// The language of a response by its request alone, which may have invalid parameters.
pub fn language_of(uri: &Uri, accept_language: Option<&HeaderValue>) -> Language {
    let query = uri.query().unwrap_or_default().as_bytes();
    let asked = |name: &str| {
        form_urlencoded::parse(query).find(|(known, _)| known == name).map(|(_, value)| value)
    };
    let is_open311 = uri.path().starts_with("/open311/");
    let locale = asked("locale").filter(|_| is_open311).and_then(|locale| of_locale(&locale));
    locale
        .or_else(|| asked("lang").and_then(|word| LANGUAGES.find(&word)))
        .unwrap_or_else(|| accepted(accept_language))
}

/// The language of a locale such as `fr_CA`; `None` if it is none of the service's.
pub fn of_locale(locale: &str) -> Option<Language> {
    match locale.to_ascii_lowercase().get(..2) {
        Some("fr") => Some(Language::French),
        Some("en") => Some(Language::English),
        _ => None,
    }
}

/// The language with the greatest weight in `Accept-Language` among those of the service; French if
/// none of them is listed.
fn accepted(header: Option<&HeaderValue>) -> Language {
    let header = header.and_then(|value| value.to_str().ok());
    let mut best = (0.0, Language::French);
    for item in weighted(header.unwrap_or_default()) {
        let language = match item.name.split('-').next().map(str::to_ascii_lowercase).as_deref() {
            Some("fr") => Language::French,
            Some("en") => Language::English,
            _ => continue,
        };
        if item.weight > best.0 {
            best = (item.weight, language);
        }
    }
    best.1
}

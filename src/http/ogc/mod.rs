//! OGC API – Features, Part 1 (core, GeoJSON, HTML, OpenAPI 3.0) and Part 3 (filtering), and
//! OGC API – Tiles, Part 1: `/ogc`.

pub mod cql;
pub(crate) mod document;
mod items;
mod tiles;
pub(crate) mod tilesets;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde_json::{Value, json};

pub use items::{item, items};
pub use tiles::{grid, grids, set, sets, tile};

use crate::domain::Filter;
use crate::error::{Error, Result};
use crate::http::AppState;
use crate::http::ogc::document::{CONFORMANCE, link};
use crate::http::request::context::{CostClass, HandlerResult, RequestContext, fresh, to_json};
use crate::http::v1::proximity::finished;
use crate::http::v1::{hexes, hotspots};
use crate::i18n::Language;
use crate::index::Snapshot;
use crate::ingest::boundaries;
use crate::place::BBox;
use crate::query;
use crate::usecase::City;

/// A box, and the first and the last second.
type Extent = (Option<BBox>, Option<(i64, i64)>);

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const GEOJSON: &str = "application/geo+json";
const SCHEMA: &str = "application/schema+json";

/// A collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OgcCollection {
    /// Every report.
    Reports,
    /// Every problem once.
    Incidents,
    /// Where there is significantly more.
    Hotspots,
    /// Cells and their counts.
    HexAnswer,
    /// A loaded set of boundaries.
    Boundaries(String),
}

impl OgcCollection {
    /// All that a city has.
    pub fn all(snapshot: &Snapshot) -> Vec<Self> {
        let sets =
            snapshot.boundary_sets().iter().map(|set| Self::Boundaries(set.set().name.clone()));
        [Self::Reports, Self::Incidents, Self::Hotspots, Self::HexAnswer]
            .into_iter()
            .chain(sets)
            .collect()
    }

    fn parse(city: &City, id: &str) -> Result<Self> {
        let all = Self::all(&city.shown().load());
        all.into_iter().find(|kind| kind.id() == id).ok_or_else(|| Error::not_found(id))
    }

    /// Are its features reports?
    pub fn is_of_reports(&self) -> bool {
        matches!(self, Self::Reports | Self::Incidents)
    }

    /// Its name in paths.
    pub fn id(&self) -> &str {
        match self {
            Self::Reports => "reports",
            Self::Incidents => "incidents",
            Self::Hotspots => "hotspots",
            Self::HexAnswer => "hexes",
            Self::Boundaries(name) => name,
        }
    }

    fn about(&self, language: Language) -> (String, String) {
        let (title, description) = document::about(self.id()).unwrap_or_else(|| {
            let name = self.id();
            let description =
                crate::message!("Secteurs de la ville : {name}.", "Areas of the city: {name}.");
            (crate::message!("{name}", "{name}"), description)
        });
        (language.pick(&title).to_owned(), language.pick(&description).to_owned())
    }

    fn title(&self, language: Language) -> String {
        self.about(language).0
    }

    /// The features of a small collection.
    fn areas(
        &self,
        own: &(Arc<AppState>, Arc<City>),
        snapshot: &Snapshot,
        language: Language,
    ) -> Result<Vec<Value>> {
        let (state, city) = own;
        match self {
            Self::Hotspots => {
                let all = Filter::default();
                hotspots::standing_features(state, city, snapshot, &all, language)
            }
            Self::Boundaries(name) => {
                let set = snapshot.boundary_set(name).ok_or_else(|| Error::not_found(name))?;
                Ok(boundaries::features(set.set()))
            }
            _ => hexes::plain_features(snapshot, &state.app.limits, language),
        }
    }

    /// The box and the span of time around its features.
    fn extent(
        &self,
        own: &(Arc<AppState>, Arc<City>),
        snapshot: &Snapshot,
        context: &RequestContext,
    ) -> Result<Extent> {
        if !self.is_of_reports() {
            return Ok((document::extent(&self.areas(own, snapshot, context.language)?), None));
        }
        let incidents = *self == Self::Incidents;
        let filter = Filter { approximate: true, incidents, ..Filter::default() };
        let compiled = snapshot.compiled(&filter);
        Ok((query::extent(snapshot, &compiled), query::time_span(snapshot, &compiled)))
    }
}

/// In which form an answer is wanted, and how links keep what was asked.
struct OgcForm {
    html: bool,
    /// Address of `/ogc`.
    root: String,
    /// `?jurisdiction_id=…` where one was named.
    more: String,
}

impl OgcForm {
    /// `f=json|html`, else what `Accept` puts first.
    fn take(context: &mut RequestContext, state: &AppState, headers: &HeaderMap) -> Self {
        let known = |word: &str| ["json", "html"].contains(&word).then(|| word == "html");
        let asked = context.params.word("f", "json, html", known);
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let html = asked.unwrap_or_else(|| {
            let kinds = accept.unwrap_or_default().split(',');
            let mut kinds = kinds.map(|kind| kind.split(';').next().unwrap_or_default().trim());
            kinds.find(|kind| *kind == "text/html" || kind.ends_with("json") || *kind == "*/*")
                == Some("text/html")
        });
        let more = context.jurisdiction.as_deref().map_or_else(String::new, |id| {
            let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
            format!("?jurisdiction_id={id}")
        });
        if html {
            // The two forms have two tags.
            context.stamp = 1;
        }
        Self { html, root: format!("{}/ogc", context.base(state)), more }
    }

    fn media_type(&self, plain: &'static str) -> &'static str {
        if self.html { HTML } else { plain }
    }

    fn write(&self, title: &str, body: &Value, language: Language) -> Result<Vec<u8>> {
        match self.html {
            true => Ok(document::html(title, body, language).into_bytes()),
            false => to_json(body),
        }
    }

    fn href(&self, path: &str) -> String {
        format!("{}{path}{}", self.root, self.more)
    }

    /// The answer itself and its other form.
    fn both(&self, context: &RequestContext, plain: &str) -> Vec<Value> {
        let address = |f: &str| {
            let query = context.uri.query().unwrap_or_default();
            let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "f");
            let mut pairs = form_urlencoded::Serializer::new(String::new());
            let query = pairs.extend_pairs(kept).append_pair("f", f).finish();
            let host = self.root.strip_suffix("/ogc").unwrap_or_default();
            format!("{host}{}?{query}", context.uri.path())
        };
        let (rel_json, rel_html) =
            if self.html { ("alternate", "self") } else { ("self", "alternate") };
        vec![
            link(rel_json, plain, &address("json"), "JSON"),
            link(rel_html, "text/html", &address("html"), "HTML"),
        ]
    }
}

/// What a page without scripts may do.
fn secured(form: &OgcForm, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    if form.html {
        let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'";
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    response
}

/// Answers with a document that is made from a city's snapshot.
async fn document(
    state: Arc<AppState>,
    mut context: RequestContext,
    headers: HeaderMap,
    plain: &'static str,
    make: impl FnOnce(
        &(Arc<AppState>, Arc<City>),
        &Snapshot,
        &RequestContext,
        &OgcForm,
    ) -> Result<(String, Value)>
    + Send
    + 'static,
) -> HandlerResult {
    let city = context.city(&state)?;
    let form = Arc::new(OgcForm::take(&mut context, &state, &headers));
    let context = finished(context)?;
    let (own, shape) = ((state.clone(), city.clone()), form.clone());
    let media_type = form.media_type(plain);
    let answer =
        fresh(&state, context, &city, media_type, CostClass::Long, move |snapshot, context| {
            let (title, body) = make(&own, snapshot, context, &shape)?;
            shape.write(&title, &body, context.language)
        });
    Ok(secured(&form, answer.await?))
}

/// `GET /ogc`
pub async fn landing(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    document(state, context, headers, JSON, |(_, city), _, context, form| {
        let name = &city.jurisdiction.name;
        let (title, description) = match context.language {
            Language::French => {
                (format!("Demandes 311 – {name}"), "Demandes, incidents, points chauds.")
            }
            Language::English => {
                (format!("311 requests – {name}"), "Reports, incidents, hotspots.")
            }
        };
        let api = "application/vnd.oai.openapi+json;version=3.0";
        let docs = format!("{}/docs", form.root.strip_suffix("/ogc").unwrap_or_default());
        let mut links = form.both(context, JSON);
        links.extend([
            link("service-desc", api, &form.href("/api"), "OpenAPI 3.0"),
            link("service-doc", "text/html", &docs, "API"),
            link("conformance", JSON, &form.href("/conformance"), "Conformance"),
            link("data", JSON, &form.href("/collections"), "Collections"),
            link(tilesets::GRIDS, JSON, &form.href("/tileMatrixSets"), "Tile matrix sets"),
        ]);
        let body = json!({ "title": title, "description": description, "links": links });
        Ok((title, body))
    })
    .await
}

/// `GET /ogc/conformance`
pub async fn conformance(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    document(state, context, headers, JSON, |_, _, context, form| {
        let links = form.both(context, JSON);
        Ok(("Conformance".into(), json!({ "conformsTo": CONFORMANCE, "links": links })))
    })
    .await
}

fn described(
    own: &(Arc<AppState>, Arc<City>),
    snapshot: &Snapshot,
    context: &RequestContext,
    form: &OgcForm,
    kind: &OgcCollection,
) -> Result<Value> {
    let about = kind.about(context.language);
    let texts = (about.0.as_str(), about.1.as_str());
    let url = format!("{}/collections/{}", form.root, kind.id());
    let extent = kind.extent(own, snapshot, context)?;
    let mut body = document::collection(kind.id(), texts, extent, &url, &form.more);
    if let (Some(_), Some(links)) = (kind.layer(), body["links"].as_array_mut()) {
        let tiles = form.href(&format!("/collections/{}/tiles", kind.id()));
        links.push(link(tilesets::VECTOR, JSON, &tiles, "MVT"));
    }
    Ok(body)
}

/// `GET /ogc/collections`
pub async fn collections(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    document(state, context, headers, JSON, |own, snapshot, context, form| {
        let all = OgcCollection::all(snapshot);
        let list = all.iter().map(|kind| described(own, snapshot, context, form, kind));
        let list = list.collect::<Result<Vec<_>>>()?;
        let body = json!({ "links": form.both(context, JSON), "collections": list });
        Ok(("Collections".into(), body))
    })
    .await
}

/// `GET /ogc/collections/{id}`
pub async fn collection(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    let kind = OgcCollection::parse(&*context.city(&state)?, &id)?;
    document(state, context, headers, JSON, move |own, snapshot, context, form| {
        let mut body = described(own, snapshot, context, form, &kind)?;
        if let Some(links) = body["links"].as_array_mut() {
            let alternate =
                form.both(context, JSON).into_iter().filter(|l| l["rel"] == "alternate");
            links.extend(alternate);
        }
        Ok((kind.title(context.language), body))
    })
    .await
}

/// `GET /ogc/collections/{id}/queryables`
pub async fn queryables(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    let kind = OgcCollection::parse(&*context.city(&state)?, &id)?;
    document(state, context, headers, SCHEMA, move |own, snapshot, context, form| {
        let url = format!("{}/collections/{}", form.root, kind.id());
        let title = kind.title(context.language);
        let body = match kind.is_of_reports() {
            true => document::report_queryables(&url, &title),
            false => document::area_queryables(
                &url,
                &title,
                &kind.areas(own, snapshot, context.language)?,
            ),
        };
        Ok((title, body))
    })
    .await
}

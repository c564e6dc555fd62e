//! OGC API – Features, Part 1 (core, GeoJSON, HTML, OpenAPI 3.0) and Part 3 (filtering), and
//! OGC API – Tiles, Part 1: `/ogc`.

mod items;
mod tiles;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde_json::{Value, json};

pub use items::{item, items};
pub use tiles::{grid, grids, set, sets, tile};

use super::answer::{Answer, Ask, Effort, fresh, to_json};
use super::queries::finished;
use super::{Site, hexes, hotspots};
use crate::app::City;
use crate::error::{Error, Result};
use crate::format::boundaries;
use crate::format::json::Language;
use crate::format::ogc::{self, CONFORMANCE, link};
use crate::format::tilesets;
use crate::place::BBox;
use crate::query::{self, Snapshot};
use crate::report::Filter;

/// A box, and the first and the last second.
type Extent = (Option<BBox>, Option<(i64, i64)>);

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const GEOJSON: &str = "application/geo+json";
const SCHEMA: &str = "application/schema+json";

/// A collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Every report.
    Reports,
    /// Every problem once.
    Incidents,
    /// Where there is significantly more.
    Hotspots,
    /// Cells and their counts.
    Hexes,
    /// A loaded set of boundaries.
    Boundaries(String),
}

impl Kind {
    /// All that a city has.
    pub fn all(snapshot: &Snapshot) -> Vec<Self> {
        let sets = snapshot.zones().iter().map(|set| Self::Boundaries(set.set().name.clone()));
        [Self::Reports, Self::Incidents, Self::Hotspots, Self::Hexes]
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
            Self::Hexes => "hexes",
            Self::Boundaries(name) => name,
        }
    }

    fn about(&self, language: Language) -> (String, String) {
        let (title, description) = ogc::about(self.id()).unwrap_or_else(|| {
            let name = self.id();
            let description =
                crate::words!("Secteurs de la ville : {name}.", "Areas of the city: {name}.");
            (crate::words!("{name}", "{name}"), description)
        });
        (language.pick(&title).to_owned(), language.pick(&description).to_owned())
    }

    fn title(&self, language: Language) -> String {
        self.about(language).0
    }

    /// The features of a small collection.
    fn areas(
        &self,
        own: &(Arc<Site>, Arc<City>),
        snapshot: &Snapshot,
        language: Language,
    ) -> Result<Vec<Value>> {
        let (site, city) = own;
        match self {
            Self::Hotspots => {
                let all = Filter::default();
                hotspots::standing_features(site, city, snapshot, &all, language)
            }
            Self::Boundaries(name) => {
                let set = snapshot.zone_set(name).ok_or_else(|| Error::not_found(name))?;
                Ok(boundaries::features(set.set()))
            }
            _ => hexes::plain_features(snapshot, &site.app.limits, language),
        }
    }

    /// The box and the span of time around its features.
    fn extent(
        &self,
        own: &(Arc<Site>, Arc<City>),
        snapshot: &Snapshot,
        ask: &Ask,
    ) -> Result<Extent> {
        if !self.is_of_reports() {
            return Ok((ogc::extent(&self.areas(own, snapshot, ask.language)?), None));
        }
        let incidents = *self == Self::Incidents;
        let filter = Filter { approximate: true, incidents, ..Filter::default() };
        let sieve = snapshot.sieve(&filter);
        Ok((query::extent(snapshot, &sieve), query::span(snapshot, &sieve)))
    }
}

/// In which form an answer is wanted, and how links keep what was asked.
struct Form {
    html: bool,
    /// Address of `/ogc`.
    root: String,
    /// `?jurisdiction_id=…` where one was named.
    more: String,
}

impl Form {
    /// `f=json|html`, else what `Accept` puts first.
    fn take(ask: &mut Ask, site: &Site, headers: &HeaderMap) -> Self {
        let known = |word: &str| ["json", "html"].contains(&word).then(|| word == "html");
        let asked = ask.params.word("f", "json, html", known);
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let html = asked.unwrap_or_else(|| {
            let kinds = accept.unwrap_or_default().split(',');
            let mut kinds = kinds.map(|kind| kind.split(';').next().unwrap_or_default().trim());
            kinds.find(|kind| *kind == "text/html" || kind.ends_with("json") || *kind == "*/*")
                == Some("text/html")
        });
        let more = ask.jurisdiction.as_deref().map_or_else(String::new, |id| {
            let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
            format!("?jurisdiction_id={id}")
        });
        if html {
            // The two forms have two tags.
            ask.stamp = 1;
        }
        Self { html, root: format!("{}/ogc", ask.base(site)), more }
    }

    fn media_type(&self, plain: &'static str) -> &'static str {
        if self.html { HTML } else { plain }
    }

    fn write(&self, title: &str, body: &Value, language: Language) -> Result<Vec<u8>> {
        match self.html {
            true => Ok(ogc::html(title, body, language).into_bytes()),
            false => to_json(body),
        }
    }

    fn href(&self, path: &str) -> String {
        format!("{}{path}{}", self.root, self.more)
    }

    /// The answer itself and its other form.
    fn both(&self, ask: &Ask, plain: &str) -> Vec<Value> {
        let address = |f: &str| {
            let query = ask.uri.query().unwrap_or_default();
            let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "f");
            let mut pairs = form_urlencoded::Serializer::new(String::new());
            let query = pairs.extend_pairs(kept).append_pair("f", f).finish();
            let host = self.root.strip_suffix("/ogc").unwrap_or_default();
            format!("{host}{}?{query}", ask.uri.path())
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
fn secured(form: &Form, mut response: Response) -> Response {
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
    site: Arc<Site>,
    mut ask: Ask,
    headers: HeaderMap,
    plain: &'static str,
    make: impl FnOnce(&(Arc<Site>, Arc<City>), &Snapshot, &Ask, &Form) -> Result<(String, Value)>
    + Send
    + 'static,
) -> Answer {
    let city = ask.city(&site)?;
    let form = Arc::new(Form::take(&mut ask, &site, &headers));
    let ask = finished(ask)?;
    let (own, shape) = ((site.clone(), city.clone()), form.clone());
    let media_type = form.media_type(plain);
    let answer = fresh(&site, ask, &city, media_type, Effort::Long, move |snapshot, ask| {
        let (title, body) = make(&own, snapshot, ask, &shape)?;
        shape.write(&title, &body, ask.language)
    });
    Ok(secured(&form, answer.await?))
}

/// `GET /ogc`
pub async fn landing(State(site): State<Arc<Site>>, ask: Ask, headers: HeaderMap) -> Answer {
    document(site, ask, headers, JSON, |(_, city), _, ask, form| {
        let name = &city.jurisdiction.name;
        let (title, description) = match ask.language {
            Language::French => {
                (format!("Demandes 311 – {name}"), "Demandes, incidents, points chauds.")
            }
            Language::English => {
                (format!("311 requests – {name}"), "Reports, incidents, hotspots.")
            }
        };
        let api = "application/vnd.oai.openapi+json;version=3.0";
        let docs = format!("{}/docs", form.root.strip_suffix("/ogc").unwrap_or_default());
        let mut links = form.both(ask, JSON);
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
pub async fn conformance(State(site): State<Arc<Site>>, ask: Ask, headers: HeaderMap) -> Answer {
    document(site, ask, headers, JSON, |_, _, ask, form| {
        let links = form.both(ask, JSON);
        Ok(("Conformance".into(), json!({ "conformsTo": CONFORMANCE, "links": links })))
    })
    .await
}

fn described(
    own: &(Arc<Site>, Arc<City>),
    snapshot: &Snapshot,
    ask: &Ask,
    form: &Form,
    kind: &Kind,
) -> Result<Value> {
    let about = kind.about(ask.language);
    let texts = (about.0.as_str(), about.1.as_str());
    let url = format!("{}/collections/{}", form.root, kind.id());
    let extent = kind.extent(own, snapshot, ask)?;
    let mut body = ogc::collection(kind.id(), texts, extent, &url, &form.more);
    if let (Some(_), Some(links)) = (kind.layer(), body["links"].as_array_mut()) {
        let tiles = form.href(&format!("/collections/{}/tiles", kind.id()));
        links.push(link(tilesets::VECTOR, JSON, &tiles, "MVT"));
    }
    Ok(body)
}

/// `GET /ogc/collections`
pub async fn collections(State(site): State<Arc<Site>>, ask: Ask, headers: HeaderMap) -> Answer {
    document(site, ask, headers, JSON, |own, snapshot, ask, form| {
        let all = Kind::all(snapshot);
        let list = all.iter().map(|kind| described(own, snapshot, ask, form, kind));
        let list = list.collect::<Result<Vec<_>>>()?;
        let body = json!({ "links": form.both(ask, JSON), "collections": list });
        Ok(("Collections".into(), body))
    })
    .await
}

/// `GET /ogc/collections/{id}`
pub async fn collection(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    ask: Ask,
    headers: HeaderMap,
) -> Answer {
    let kind = Kind::parse(&*ask.city(&site)?, &id)?;
    document(site, ask, headers, JSON, move |own, snapshot, ask, form| {
        let mut body = described(own, snapshot, ask, form, &kind)?;
        if let Some(links) = body["links"].as_array_mut() {
            let alternate = form.both(ask, JSON).into_iter().filter(|l| l["rel"] == "alternate");
            links.extend(alternate);
        }
        Ok((kind.title(ask.language), body))
    })
    .await
}

/// `GET /ogc/collections/{id}/queryables`
pub async fn queryables(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    ask: Ask,
    headers: HeaderMap,
) -> Answer {
    let kind = Kind::parse(&*ask.city(&site)?, &id)?;
    document(site, ask, headers, SCHEMA, move |own, snapshot, ask, form| {
        let url = format!("{}/collections/{}", form.root, kind.id());
        let title = kind.title(ask.language);
        let body = match kind.is_of_reports() {
            true => ogc::report_queryables(&url, &title),
            false => ogc::area_queryables(&url, &title, &kind.areas(own, snapshot, ask.language)?),
        };
        Ok((title, body))
    })
    .await
}

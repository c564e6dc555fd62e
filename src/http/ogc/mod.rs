//! OGC API – Features, Part 1 (core, GeoJSON, HTML, OpenAPI 3.0), Part 2 (coordinate reference
//! systems) and Part 3 (filtering), the drafts of Part 5 (schemas), Part 6 (property selection) and
//! Part 8 (sorting), and OGC API – Tiles, Part 1: `/ogc`.

mod api;
mod area_items;
pub mod collection;
pub mod cql;
mod cql_conditions;
mod cql_context;
mod cql_geometry;
mod cql_limits;
mod cql_records;
mod cql_values;
mod crs;
mod datetime;
mod features;
mod filter_crs;
mod html;
mod items;
mod items_request;
mod link;
mod paging;
mod queryables;
mod representation;
mod schema;
mod search;
mod tiles;
mod tilesets;

use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Result;
use crate::export::geojson::instant;
use crate::http::ogc::collection::OgcCollection;
use crate::http::ogc::crs::Crs;
use crate::http::ogc::link::{CRS84, Link, link};
use crate::http::ogc::queryables::{Properties, Queryables};
use crate::http::ogc::representation::{
    CollectionRequest, DocumentInputs, FormRequest, GEOJSON, SCHEMA, document, json_or_html,
};
use crate::http::openapi::content::{json, of};
use crate::http::openapi::description::Tag;
use crate::http::openapi::document::MEDIA_TYPE as OPENAPI;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::JSON;
use crate::http::request::call::Call;
use crate::i18n::Language;

/// The conformance classes of the service.
const CONFORMANCE: [&str; 35] = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/core-roles-features",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/returnables-and-receivables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/sortables",
    "http://www.opengis.net/spec/ogcapi-features-6/0.0/conf/properties",
    "http://www.opengis.net/spec/ogcapi-features-8/0.0/conf/sorting",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/property-property",
    "http://www.opengis.net/spec/cql2/1.0/conf/arithmetic",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
];

/// The operations.
pub fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::get("/ogc", "ogc_landing", Tag::Ogc, landing)
            .described("Page d’accueil.", "Landing page.")
            .responds_with(&json_or_html(json::<Landing<'_>>()))
            .with_alias("/ogc/"),
        Operation::get("/ogc/conformance", "ogc_conformance", Tag::Ogc, conformance)
            .described("Classes de conformité.", "Conformance classes.")
            .responds_with(&json_or_html(json::<Conformance>())),
        Operation::get("/ogc/collections", "ogc_collections", Tag::Ogc, collections)
            .described("Les collections.", "The collections.")
            .responds_with(&json_or_html(json::<Collections>())),
        Operation::get("/ogc/collections/{id}", "ogc_collection", Tag::Ogc, one_collection)
            .described("Une collection.", "A collection.")
            .responds_with(&json_or_html(json::<CollectionOut>())),
        Operation::get("/ogc/collections/{id}/queryables", "ogc_queryables", Tag::Ogc, queryables)
            .described("Propriétés utilisables dans un filtre.", "Properties that filters can use.")
            .responds_with(&json_or_html(of::<Queryables>(SCHEMA))),
    ];
    all.extend(schema::operations());
    all.extend(api::operations());
    all.extend(items::operations());
    all.extend(search::operations());
    all.extend(tiles::operations());
    all.into_iter().map(Operation::negotiated).collect()
}

/// The landing page.
#[derive(Debug, Serialize, JsonSchema)]
struct Landing<'a> {
    title: String,
    description: &'a str,
    links: Vec<Link>,
}

async fn landing(call: Call<FormRequest>, headers: HeaderMap) -> HandlerResult {
    let f = call.request.f;
    document(call, f, headers, JSON, |inputs| {
        let DocumentInputs { city, context, form, .. } = inputs;
        let name = &city.jurisdiction().name;
        let (title, description) = match context.language {
            Language::French => {
                (format!("Demandes 311 – {name}"), "Demandes, incidents, points chauds.")
            }
            Language::English => {
                (format!("311 requests – {name}"), "Reports, incidents, hotspots.")
            }
        };
        let docs = format!("{}/docs", form.host());
        let mut links = form.self_and_alternate_links(context, JSON);
        links.extend([
            link("service-desc", OPENAPI, &form.href("/api"), "OpenAPI 3.0"),
            link("service-doc", "text/html", &docs, "API"),
            link("conformance", JSON, &form.href("/conformance"), "Conformance"),
            link("data", JSON, &form.href("/collections"), "Collections"),
            link(tilesets::GRIDS, JSON, &form.href("/tileMatrixSets"), "Tile matrix sets"),
        ]);
        links.extend(form.licence_link(context.language));
        Ok((title.clone(), Landing { title, description, links }))
    })
    .await
}

/// The conformance classes of the service.
#[derive(Debug, Serialize, JsonSchema)]
struct Conformance {
    #[serde(rename = "conformsTo")]
    conforms_to: Vec<&'static str>,
    links: Vec<Link>,
}

async fn conformance(call: Call<FormRequest>, headers: HeaderMap) -> HandlerResult {
    let f = call.request.f;
    document(call, f, headers, JSON, |inputs| {
        let links = inputs.form.self_and_alternate_links(inputs.context, JSON);
        let body = Conformance { conforms_to: CONFORMANCE.to_vec(), links };
        Ok(("Conformance".into(), body))
    })
    .await
}

/// The collections of a city.
#[derive(Debug, Serialize, JsonSchema)]
struct Collections {
    links: Vec<Link>,
    collections: Vec<CollectionOut>,
}

/// The metadata of a collection.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OgcCollection")]
struct CollectionOut {
    id: String,
    title: String,
    description: String,
    #[serde(rename = "itemType")]
    item_type: &'static str,
    /// The systems that `crs` and `bbox-crs` take.
    crs: Vec<&'static str>,
    #[serde(rename = "storageCrs")]
    storage_crs: &'static str,
    /// Omitted while the collection has no features.
    #[serde(skip_serializing_if = "Option::is_none")]
    extent: Option<ExtentOut>,
    links: Vec<Link>,
}

/// The extent of a collection's features.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct ExtentOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    spatial: Option<SpatialExtent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temporal: Option<TemporalExtent>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct SpatialExtent {
    bbox: [[f64; 4]; 1],
    crs: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct TemporalExtent {
    interval: [[String; 2]; 1],
    trs: &'static str,
}

/// The metadata of a collection.
fn described(inputs: &DocumentInputs<'_>, collection: &OgcCollection) -> Result<CollectionOut> {
    let DocumentInputs { state, city, snapshot, context, form, .. } = inputs;
    let (id, language) = (collection.id(), context.language);
    let (title, description) = (collection.title(language), collection.description(language));
    let (bbox, span) = collection.extent((state, city), snapshot, language)?;
    let spatial =
        bbox.map(|b| SpatialExtent { bbox: [[b.west, b.south, b.east, b.north]], crs: CRS84 });
    let temporal = span.map(|(from, to)| TemporalExtent {
        interval: [[instant(from), instant(to)]],
        trs: "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
    });
    let is_any = spatial.is_some() || temporal.is_some();
    let path = format!("/collections/{id}");
    let items = form.href(&format!("{path}/items"));
    let separator = if form.suffix.is_empty() { '?' } else { '&' };
    let resource = |rel: &str, name: &str, title: &str| {
        let rel = format!("http://www.opengis.net/def/rel/ogc/1.0/{rel}");
        link(&rel, SCHEMA, &form.href(&format!("{path}/{name}")), title)
    };
    let mut links = vec![
        link("self", JSON, &form.href(&path), &title),
        link("items", GEOJSON, &items, &title),
        link("items", "text/html", &format!("{items}{separator}f=html"), &title),
        resource("queryables", "queryables", "Queryables"),
        resource("sortables", "sortables", "Sortables"),
        resource("schema", "schema", "Schema"),
    ];
    links.extend(form.licence_link(language));
    if collection.layer().is_some() {
        let tiles = form.href(&format!("{path}/tiles"));
        links.push(link(tilesets::VECTOR, JSON, &tiles, "MVT"));
    }
    Ok(CollectionOut {
        id: id.to_owned(),
        title,
        description,
        item_type: "feature",
        crs: Crs::uris(),
        storage_crs: CRS84,
        extent: is_any.then_some(ExtentOut { spatial, temporal }),
        links,
    })
}

async fn collections(call: Call<FormRequest>, headers: HeaderMap) -> HandlerResult {
    let f = call.request.f;
    document(call, f, headers, JSON, |inputs| {
        let all = OgcCollection::all(inputs.snapshot);
        let list = all.iter().map(|collection| described(inputs, collection));
        let collections = list.collect::<Result<Vec<_>>>()?;
        let links = inputs.form.self_and_alternate_links(inputs.context, JSON);
        Ok(("Collections".into(), Collections { links, collections }))
    })
    .await
}

async fn one_collection(call: Call<CollectionRequest>, headers: HeaderMap) -> HandlerResult {
    let collection = OgcCollection::find(&call.city, &call.request.id)?;
    let f = call.request.f;
    document(call, f, headers, JSON, move |inputs| {
        let mut body = described(inputs, &collection)?;
        let both = inputs.form.self_and_alternate_links(inputs.context, JSON).into_iter();
        body.links.extend(both.filter(|link| link.rel == "alternate"));
        Ok((collection.title(inputs.context.language), body))
    })
    .await
}

async fn queryables(call: Call<CollectionRequest>, headers: HeaderMap) -> HandlerResult {
    let collection = OgcCollection::find(&call.city, &call.request.id)?;
    let f = call.request.f;
    document(call, f, headers, SCHEMA, move |inputs| {
        let DocumentInputs { context, form, .. } = inputs;
        let title = collection.title(context.language);
        let url = format!("{}/collections/{}", form.root, collection.id());
        let schema = Properties::of(&collection).schema(&url, title.clone(), context.language);
        Ok((title, schema))
    })
    .await
}

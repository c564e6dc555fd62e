//! The features of a collection, page by page.

use std::sync::Arc;

use axum::http::HeaderMap;
use serde_json::Value;

use crate::domain::{Filter, StoredReport};
use crate::error::{Error, Result};
use crate::http::ogc::collection::{COLLECTION, OgcCollection};
use crate::http::ogc::cql_records::{AreaRecord, StoredReports};
use crate::http::ogc::features::{AnyFeature, FeaturePage, PageHead, report};
use crate::http::ogc::items_request::{
    AreaParameters, ItemSelection, ItemsRequest, PageCursor, PageParameters,
};
use crate::http::ogc::link::{Link, link};
use crate::http::ogc::queryables::Properties;
use crate::http::ogc::representation::{
    DocumentInputs, FORMAT, GEOJSON, Representation, json_or_html,
};
use crate::http::ogc::{cql, html};
use crate::http::openapi::content::geojson;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, JSON, to_json};
use crate::http::reply::geometry::touches;
use crate::http::request::call::Call;
use crate::http::request::context::RequestContext;
use crate::http::request::parameter::path;
use crate::http::request::parameter::request;
use crate::http::request::reader::unknown;
use crate::http::request::types::PathSegment;
use crate::http::request::values::cursor_after;
use crate::http::v1::reports::answer::labels;
use crate::i18n::Language;
use crate::query::{self, Condition, Cursor, ItemsQuery};
use crate::usecase::reports::check_areas;

/// Limit of the number of pages that one request skips because all their reports were recorded
/// after the client fetched its first page.
const PAGES_SKIPPED_MAX: usize = 32;

/// The operations.
pub fn operations() -> Vec<Operation> {
    let (items_path, item_path) =
        ("/ogc/collections/{id}/items", "/ogc/collections/{id}/items/{feature}");
    vec![
        Operation::get(items_path, "ogc_items", Tag::Ogc, items)
            .described("Les entités d’une collection.", "The features of a collection.")
            .responds_with(&json_or_html(geojson::<FeaturePage<'_>>()))
            .with_area_parameters::<AreaParameters>(),
        Operation::get(item_path, "ogc_item", Tag::Ogc, item)
            .described("Une entité.", "A feature.")
            .responds_with(&json_or_html(geojson::<AnyFeature>())),
    ]
}

/// The links of a page; `next` is the cursor of the next page.
fn links(
    form: &Representation,
    context: &RequestContext,
    collection: &OgcCollection,
    next: Option<String>,
) -> Vec<Link> {
    let mut links = form.self_and_alternate_links(context, GEOJSON);
    if let Some(cursor) = next {
        let href = format!("{}{}", form.host(), context.next_page(&cursor));
        let media_type = form.media_type(GEOJSON).split(';').next().unwrap_or_default();
        links.push(link("next", media_type, &href, "Next"));
    }
    let href = form.href(&format!("/collections/{}", collection.id()));
    links.push(link("collection", JSON, &href, &collection.title(context.language)));
    links
}

/// A page of a collection of reports.
fn report_items(
    inputs: &DocumentInputs<'_>,
    collection: &OgcCollection,
    page: &PageParameters,
    (filter, condition): (&Filter, &Condition),
) -> Result<Vec<u8>> {
    let DocumentInputs { state, city, snapshot, context, form, interrupt } = inputs;
    check_areas(snapshot, filter)?;
    let compiled = snapshot.compiled(filter);
    let catalogue = city.catalogue();
    let source = StoredReports::new((state, city), &catalogue, context.language);
    let began = page.after.as_ref().map_or(snapshot.revision(), |after| after.key.began);
    let (mut after, mut skipped) = (page.after.clone(), 0);
    let (stored, matched, next) = loop {
        let items = ItemsQuery {
            bbox: page.bbox,
            condition,
            after: after.map(|Cursor { key, id }| Cursor { key: key.requested, id }),
            limit: page.limit,
        };
        let (found, matched) = query::items(snapshot, &compiled, items, &source, interrupt)?;
        let ids: Vec<&str> = found.items.iter().map(|address| snapshot.id(*address)).collect();
        let mut stored = state.app.reader().get_many(city.id(), &ids)?;
        stored.retain(|stored| stored.created_revision <= began);
        after = found.items.last().filter(|_| found.more).map(|last| Cursor {
            key: PageCursor { requested: snapshot.requested(*last), began },
            id: snapshot.id(*last).to_owned(),
        });
        // Clients take an empty page for the last one, so pages without reports are skipped. The
        // limit bounds the work for a cursor that a client made up.
        skipped += 1;
        if !stored.is_empty() || after.is_none() || skipped == PAGES_SKIPPED_MAX {
            break (stored, matched, after.map(|Cursor { key, id }| cursor_after(key, &id)));
        }
    };
    let counts = match collection {
        OgcCollection::Incidents => {
            let ids: Vec<&str> = stored.iter().map(|stored| stored.report.id.as_str()).collect();
            state.app.reader().children_counts(city.id(), &ids)?
        }
        _ => Vec::new(),
    };
    let links = links(form, context, collection, next);
    let (as_of, made_at) = (snapshot.revision(), city.now().as_second());
    PageHead::new((matched, stored.len()), as_of, made_at, &links).write(|out| {
        for (n, stored) in stored.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            let labels = labels(stored, city, &catalogue, context.language);
            report(out, stored, &labels, counts.get(n).map(|n| n + 1), None)?;
        }
        Ok(())
    })
}

/// Does a feature of a collection of areas meet the conditions of the request?
fn passes(
    feature: &Value,
    page: &PageParameters,
    condition: Option<&Condition>,
    properties: &[(String, String)],
) -> bool {
    let has = |(name, value): &(String, String)| match &feature["properties"][name] {
        Value::String(text) => text == value,
        Value::Null => false,
        other => *other.to_string() == **value,
    };
    let is_inside = page.bbox.as_ref().is_none_or(|bbox| touches(feature, bbox));
    is_inside
        && properties.iter().all(has)
        && condition.is_none_or(|one| one.truth(&AreaRecord::new(feature)) == Some(true))
}

/// A page of a collection of areas.
fn area_items(
    inputs: &DocumentInputs<'_>,
    collection: &OgcCollection,
    page: &PageParameters,
    properties: &[(String, String)],
) -> Result<Vec<u8>> {
    let DocumentInputs { state, city, snapshot, context, form, interrupt } = inputs;
    let expr = page.expr.as_ref();
    let condition = expr.map(|expr| cql::condition_on(expr, Properties::of(collection)));
    let condition = condition.transpose()?;
    let mut found = Vec::new();
    let wanted = (*snapshot, page.bbox.as_ref());
    for feature in collection.areas((state, city), wanted, context.language)? {
        interrupt.check()?;
        if passes(&feature, page, condition.as_ref(), properties) {
            found.push(feature);
        }
    }
    let matched = found.len() as u64;
    let id = |feature: &Value| feature["id"].as_str().unwrap_or_default().to_owned();
    found.sort_by_key(id);
    if let Some(after) = &page.after {
        found.retain(|feature| id(feature) > after.id);
    }
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let cursor = PageCursor { requested: 0, began: snapshot.revision() };
    let next = found.last().filter(|_| more).map(|last| cursor_after(cursor, &id(last)));
    let links = links(form, context, collection, next);
    let (as_of, made_at) = (snapshot.revision(), city.now().as_second());
    PageHead::new((matched, found.len()), as_of, made_at, &links).write(|out| {
        let texts: Vec<String> = found.iter().map(Value::to_string).collect();
        out.extend_from_slice(texts.join(",").as_bytes());
        Ok(())
    })
}

/// Refuses query parameters that are not properties of these areas.
fn check_properties(properties: &[(String, String)], collection: &OgcCollection) -> Result<()> {
    let known = Properties::of(collection);
    let is_unknown = |(name, _): &&(String, String)| !known.names().any(|known| known == name);
    let refused: Vec<_> =
        properties.iter().filter(is_unknown).map(|(name, value)| unknown(name, value)).collect();
    if refused.is_empty() { Ok(()) } else { Err(Error::refused(refused)) }
}

/// Converts a JSON body to the format of the response.
fn in_form(
    form: &Representation,
    collection: &OgcCollection,
    body: Vec<u8>,
    language: Language,
) -> Result<Vec<u8>> {
    if !form.is_html {
        return Ok(body);
    }
    let body: Value = serde_json::from_slice(&body).map_err(Error::internal)?;
    Ok(html::page(&collection.title(language), &body, language).into_bytes())
}

async fn items(mut call: Call<ItemsRequest>, headers: HeaderMap) -> HandlerResult {
    let Call { state, city, context, request } = &mut call;
    let form = Arc::new(Representation::choose(request.page.f, context, state, &headers));
    if let ItemSelection::Areas(properties) = &request.selection {
        check_properties(properties, &request.collection)?;
        context.variant.examinations = Some(state.watch.city(&state.app, city)?.examinations());
    }
    let shape = form.clone();
    let answer = call.respond(form.media_type(GEOJSON), CostClass::Long, move |inputs, request| {
        let ItemsRequest { collection, page, selection } = request;
        let inputs = DocumentInputs::new(inputs, &shape);
        let body = match &selection {
            ItemSelection::Reports(filter, condition) => {
                report_items(&inputs, &collection, &page, (filter, condition))?
            }
            ItemSelection::Areas(properties) => {
                area_items(&inputs, &collection, &page, properties)?
            }
        };
        in_form(&shape, &collection, body, inputs.context.language)
    });
    Ok(form.with_security_headers(answer.await?))
}

request! {
    /// One feature.
    pub struct ItemRequest {
        collection: String = COLLECTION,
        id: String = path("feature", PathSegment, "4RX-7KM-PH")
            .described("Identifiant de l’entité.", "Id of the feature."),
        f: Option<bool> = FORMAT,
    }
}

async fn item(mut call: Call<ItemRequest>, headers: HeaderMap) -> HandlerResult {
    let Call { state, city, context, request } = &mut call;
    let collection = OgcCollection::find(city, &request.collection)?;
    let form = Arc::new(Representation::choose(request.f, context, state, &headers));
    let mut found = None;
    if collection.is_of_reports() {
        let id = &request.id;
        let stored = state.app.find_report(city, id).await?;
        // `find_report` also accepts other spellings of an id, which are not ids of features. A
        // duplicate is not a feature of the collection of incidents.
        let is_it = stored.report.id.as_str() == id.as_str()
            && (collection == OgcCollection::Reports || stored.report.parent.is_none());
        if !is_it {
            return Err(Error::not_found(id));
        }
        found = Some(stored);
    }
    let shape = form.clone();
    let answer = call.respond(
        form.media_type(GEOJSON),
        CostClass::Long,
        move |inputs, ItemRequest { id, .. }| {
            let inputs = DocumentInputs::new(inputs, &shape);
            let DocumentInputs { state, city, snapshot, context, form, .. } = inputs;
            let links = links(form, context, &collection, None);
            let body = match &found {
                Some(stored) => one_report(&inputs, stored, &collection, &links)?,
                None => {
                    let areas =
                        collection.areas((state, city), (snapshot, None), context.language)?;
                    let mut found = areas.into_iter().find(|feature| feature["id"] == *id);
                    let feature = found.as_mut().ok_or_else(|| Error::not_found(&id))?;
                    feature["links"] = serde_json::to_value(links).map_err(Error::internal)?;
                    to_json(feature)?
                }
            };
            in_form(form, &collection, body, context.language)
        },
    );
    Ok(form.with_security_headers(answer.await?))
}

/// The feature of a single report.
fn one_report(
    inputs: &DocumentInputs<'_>,
    stored: &StoredReport,
    collection: &OgcCollection,
    links: &[Link],
) -> Result<Vec<u8>> {
    let DocumentInputs { state, city, context, .. } = inputs;
    let id = stored.report.id.as_str();
    let count = match collection {
        OgcCollection::Incidents => {
            let counts = state.app.reader().children_counts(city.id(), &[id])?;
            counts.first().map(|count| count + 1)
        }
        _ => None,
    };
    let catalogue = city.catalogue();
    let labels = labels(stored, city, &catalogue, context.language);
    let mut out = Vec::new();
    report(&mut out, stored, &labels, count, Some(links))?;
    Ok(out)
}

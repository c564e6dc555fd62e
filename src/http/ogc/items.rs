//! The features of a collection, page by page.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::domain::{Filter, StoredReport};
use crate::error::{Error, Result};
use crate::http::ogc::area_items::{AreaPage, area_items};
use crate::http::ogc::collection::OgcCollection;
use crate::http::ogc::cql_records::{StoredReports, WorkCost};
use crate::http::ogc::crs::Crs;
use crate::http::ogc::features::{AnyFeature, FeaturePage, FeatureParts, PageHead, report};
use crate::http::ogc::html;
use crate::http::ogc::items_request::{
    AreaParameters, ItemRequest, ItemSelection, ItemsRequest, PageRequest,
};
use crate::http::ogc::link::{Link, link};
use crate::http::ogc::paging::{PageCursor, SortWord, cursor_beside};
use crate::http::ogc::representation::{
    DocumentInputs, GEOJSON, Representation, SCHEMA, headers_of, json_or_html,
};
use crate::http::openapi::content::geojson;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{BodyWithHeaders, CostClass, JSON, to_json};
use crate::http::request::call::Call;
use crate::http::request::context::RequestContext;
use crate::http::v1::reports::answer::labels;
use crate::i18n::Language;
use crate::index::DocAddress;
use crate::place::Position;
use crate::query::{self, Condition, ListKey, PagePlace, PositionTest, SortedItemsQuery};
use crate::usecase::reports::check_areas;

/// Limit of the number of pages that one request skips because all their reports were recorded
/// after the client fetched its first page.
const PAGES_SKIPPED_MAX: usize = 32;

/// Reports that are read or written between two looks at the interrupt.
const PAGE_STEP: usize = 100;
/// How many times as much as in JSON a report costs in an HTML page.
const HTML_COST: usize = 5;

/// The header with the coordinate reference system of a response (OGC API – Features, Part 2).
const CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");

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

/// The pages beside a page.
#[derive(Default)]
struct Neighbours {
    next: Option<PageCursor>,
    prev: Option<PageCursor>,
}

/// The links of a page or a feature. `order` is the order of the list.
fn links(
    (form, context): (&Representation, &RequestContext),
    collection: &OgcCollection,
    neighbours: &Neighbours,
    order: &[SortWord],
) -> Vec<Link> {
    let mut links = form.self_and_alternate_links(context, GEOJSON);
    let media_type = form.media_type(GEOJSON).split(';').next().unwrap_or_default();
    let Neighbours { next, prev } = neighbours;
    for (rel, title, cursor) in [("next", "Next", next), ("prev", "Previous", prev)] {
        if let Some(cursor) = cursor {
            let href = format!("{}{}", form.host(), context.next_page(&cursor.text(order)));
            links.push(link(rel, media_type, &href, title));
        }
    }
    let path = format!("/collections/{}", collection.id());
    let title = collection.title(context.language);
    links.push(link("collection", JSON, &form.href(&path), &title));
    links.push(link("describedby", SCHEMA, &form.href(&format!("{path}/schema")), "Schema"));
    links.extend(form.licence_link(context.language));
    links
}

/// The header fields of a response with features in a system.
fn headers(links: &[Link], crs: Crs) -> HeaderMap {
    let mut headers = headers_of(links);
    if let Ok(value) = HeaderValue::from_str(&format!("<{}>", crs.uri())) {
        headers.insert(CONTENT_CRS, value);
    }
    headers
}

/// A page of reports and what is beside it.
struct ReportPage {
    stored: Vec<StoredReport>,
    matched: u64,
    neighbours: Neighbours,
}

/// Reads a page of reports. Clients take an empty page for the last one, so pages without reports
/// of the revision at which the client began are skipped.
fn read_reports(
    inputs: &DocumentInputs<'_>,
    page: &PageRequest,
    (filter, condition): (&Filter, &Condition),
    cost: &WorkCost,
) -> Result<ReportPage> {
    let DocumentInputs { state, city, snapshot, context, interrupt, form } = inputs;
    let catalogue = city.catalogue();
    let source = StoredReports::new((state, city), &catalogue, context, cost);
    check_areas(snapshot, filter)?;
    let compiled = snapshot.compiled(filter);
    let cursor = page.paging.cursor.as_ref();
    let began = cursor.map_or(snapshot.revision(), |cursor| cursor.began);
    let is_backwards = cursor.is_some_and(|cursor| cursor.is_backwards);
    let (order, mut place) = (page.paging.terms(), page.paging.place().unwrap_or_default());
    let bbox = page.bbox.as_ref();
    let is_inside = |at: Position| bbox.is_none_or(|bbox| bbox.contains(at));
    let inside: PositionTest<'_> = &is_inside;
    let mut skipped = 0;
    loop {
        let query = SortedItemsQuery {
            bbox: bbox.map(|bbox| bbox.cover),
            inside: bbox.filter(|bbox| bbox.is_projected()).map(|_| inside),
            condition,
            order: &order,
            place,
            limit: page.limit,
        };
        let (found, matched) = query::sorted_items(snapshot, &compiled, query, &source, interrupt)?;
        let ids: Vec<&str> = found.items.iter().map(|address| snapshot.id(*address)).collect();
        let each = if form.is_html { HTML_COST } else { 1 };
        cost.add(query::reading_cost(ids.len() * each))?;
        let mut stored = Vec::with_capacity(ids.len());
        for ids in ids.chunks(PAGE_STEP) {
            interrupt.check()?;
            stored.extend(state.app.stored(city, context.view, ids)?);
        }
        stored.retain(|stored| stored.created_revision <= began);
        let key = |address: &DocAddress| ListKey::of(snapshot, &order, *address);
        let (first, last) = (found.items.first().map(key), found.items.last().map(key));
        let further = match is_backwards {
            true => first.clone().map(PagePlace::Before),
            false => last.clone().map(PagePlace::After),
        };
        // The limit bounds the work for a cursor that a client made up.
        skipped += 1;
        if let Some(further) = further.filter(|_| found.more && stored.is_empty())
            && skipped < PAGES_SKIPPED_MAX
        {
            place = further;
            continue;
        }
        let (has_next, has_prev) = match is_backwards {
            true => (true, found.more),
            false => (found.more, cursor.is_some()),
        };
        let beside = |key, is_backwards| cursor_beside(key, began, is_backwards);
        let next = last.filter(|_| has_next).map(|key| beside(key, false));
        let prev = first.filter(|_| has_prev).map(|key| beside(key, true));
        return Ok(ReportPage { stored, matched, neighbours: Neighbours { next, prev } });
    }
}

/// A page of a collection of reports, with its header fields.
fn report_items(
    inputs: &DocumentInputs<'_>,
    collection: &OgcCollection,
    page: &PageRequest,
    conditions: (&Filter, &Condition),
    cost: &WorkCost,
) -> Result<BodyWithHeaders> {
    let DocumentInputs { state, city, snapshot, context, form, interrupt } = inputs;
    let found = read_reports(inputs, page, conditions, cost)?;
    let ReportPage { stored, matched, neighbours } = found;
    let counts = match collection {
        OgcCollection::Incidents => {
            let ids: Vec<&str> = stored.iter().map(|stored| stored.report.id.as_str()).collect();
            let mut counts = Vec::with_capacity(ids.len());
            for ids in ids.chunks(PAGE_STEP) {
                interrupt.check()?;
                counts.extend(state.app.children_counts(city, context.view, ids)?);
            }
            counts
        }
        _ => Vec::new(),
    };
    let links = links((form, context), collection, &neighbours, &page.paging.order);
    let (as_of, made_at) = (snapshot.revision(), city.now().as_second());
    let head = PageHead::new((matched, stored.len()), as_of, made_at, &links);
    let catalogue = city.catalogue();
    let write = |out: &mut Vec<u8>, n: usize, stored: &StoredReport| {
        let labels = labels(stored, city, &catalogue, context.language);
        let incident = counts.get(n).map(|n| n + 1);
        report(out, (stored, &labels), &page.parts, incident, None)
    };
    let headers = headers(&links, page.parts.crs);
    if form.is_html {
        let mut rows = stored.iter().enumerate().map(|(n, stored)| {
            let mut feature = Vec::new();
            write(&mut feature, n, stored)?;
            serde_json::from_slice(&feature).map_err(Error::internal)
        });
        return Ok((html_page(inputs, collection, &head, &mut rows)?, headers));
    }
    let body = head.write(|out| {
        for (n, stored) in stored.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            if n % PAGE_STEP == 0 {
                interrupt.check()?;
            }
            write(out, n, stored)?;
        }
        Ok(())
    })?;
    Ok((body, headers))
}

/// A page of a collection of areas, with its header fields.
fn page_of_areas(
    inputs: &DocumentInputs<'_>,
    collection: &OgcCollection,
    page: &PageRequest,
    properties: &[(String, String)],
) -> Result<BodyWithHeaders> {
    let DocumentInputs { city, snapshot, context, form, interrupt, .. } = inputs;
    let AreaPage { features, matched, next, prev } =
        area_items(inputs, collection, page, properties)?;
    let neighbours = Neighbours { next, prev };
    let links = links((form, context), collection, &neighbours, &page.paging.order);
    let (as_of, made_at) = (snapshot.revision(), city.now().as_second());
    let head = PageHead::new((matched, features.len()), as_of, made_at, &links);
    let headers = headers(&links, page.parts.crs);
    if form.is_html {
        let mut rows = features.into_iter().map(Ok);
        return Ok((html_page(inputs, collection, &head, &mut rows)?, headers));
    }
    let body = head.write(|out| {
        for (n, feature) in features.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            if n % PAGE_STEP == 0 {
                interrupt.check()?;
            }
            serde_json::to_writer(&mut *out, feature).map_err(Error::internal)?;
        }
        Ok(())
    })?;
    Ok((body, headers))
}

/// A page of features as HTML.
///
/// # Errors
/// Those of the features; interrupted.
fn html_page(
    inputs: &DocumentInputs<'_>,
    collection: &OgcCollection,
    head: &PageHead<'_>,
    features: &mut dyn Iterator<Item = Result<Value>>,
) -> Result<Vec<u8>> {
    let DocumentInputs { context, interrupt, .. } = inputs;
    let head = serde_json::from_slice(&head.write(|_| Ok(()))?).map_err(Error::internal)?;
    let title = collection.title(context.language);
    let page = html::page_of_features(&title, &head, (features, interrupt), context.language)?;
    Ok(page.into_bytes())
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

/// Responds with a page of a collection.
///
/// # Errors
/// Not acceptable; those of the store and of the background watch.
pub async fn items(mut call: Call<ItemsRequest>, headers: HeaderMap) -> HandlerResult {
    let Call { state, city, context, request } = &mut call;
    let place = (&**state, &**city);
    let form = Representation::choose((request.page.f, GEOJSON), place, context, &headers)?;
    context.view = request.collection.view(context.view);
    if !request.collection.is_of_reports() {
        context.variant.examinations = Some(state.watch.city(&state.app, city)?.examinations());
    }
    let form = Arc::new(form);
    let shape = form.clone();
    let media_type = form.media_type(GEOJSON);
    let answer = call.respond_where_it_fits(media_type, move |inputs, request, class| {
        let ItemsRequest { collection, page, selection } = request;
        let inputs = DocumentInputs::new(inputs, &shape);
        let cost = WorkCost::new(class);
        let page = match selection {
            ItemSelection::Reports(filter, condition) => {
                report_items(&inputs, collection, page, (filter, condition), &cost)
            }
            ItemSelection::Areas(properties) => {
                page_of_areas(&inputs, collection, page, properties)
            }
        };
        cost.fitted(page)
    });
    Ok(form.with_security_headers(answer.await?))
}

async fn item(mut call: Call<ItemRequest>, headers: HeaderMap) -> HandlerResult {
    let Call { state, city, context, request } = &mut call;
    let form =
        Representation::choose((request.f, GEOJSON), (&**state, &**city), context, &headers)?;
    let form = Arc::new(form);
    let collection = &request.collection;
    context.view = collection.view(context.view);
    let mut found = None;
    if collection.is_of_reports() {
        let id = &request.id;
        let stored = state.app.find_report(city, context.view, id).await?;
        // `find_report` also accepts other spellings of an id, which are not ids of features. A
        // duplicate is not a feature of the collection of incidents.
        let is_it = stored.report.id.as_str() == id.as_str()
            && (*collection == OgcCollection::Reports || stored.report.parent.is_none());
        if !is_it {
            return Err(Error::not_found(id));
        }
        found = Some(stored);
    }
    let shape = form.clone();
    let media_type = form.media_type(GEOJSON);
    let answer = call.respond_with_headers(media_type, CostClass::Long, move |inputs, request| {
        let ItemRequest { collection, id, parts, .. } = request;
        let inputs = DocumentInputs::new(inputs, &shape);
        let DocumentInputs { state, city, snapshot, context, form, .. } = inputs;
        let links = links((form, context), &collection, &Neighbours::default(), &[]);
        let body = match &found {
            Some(stored) => one_report(&inputs, stored, (&collection, &parts), &links)?,
            None => {
                let areas = collection.areas((state, city), (snapshot, None), context.language)?;
                let mut found = areas.into_iter().find(|feature| feature["id"] == *id);
                let feature = found.as_mut().ok_or_else(|| Error::not_found(&id))?;
                parts.apply(feature);
                feature["links"] = serde_json::to_value(&links).map_err(Error::internal)?;
                to_json(feature)?
            }
        };
        let body = in_form(form, &collection, body, context.language)?;
        Ok((body, self::headers(&links, parts.crs)))
    });
    Ok(form.with_security_headers(answer.await?))
}

/// The feature of a single report.
fn one_report(
    inputs: &DocumentInputs<'_>,
    stored: &StoredReport,
    (collection, parts): (&OgcCollection, &FeatureParts),
    links: &[Link],
) -> Result<Vec<u8>> {
    let DocumentInputs { state, city, context, .. } = inputs;
    let id = stored.report.id.as_str();
    let count = match collection {
        OgcCollection::Incidents => {
            let counts = state.app.children_counts(city, context.view, &[id])?;
            counts.first().map(|count| count + 1)
        }
        _ => None,
    };
    let catalogue = city.catalogue();
    let labels = labels(stored, city, &catalogue, context.language);
    let mut out = Vec::new();
    report(&mut out, (stored, &labels), parts, count, Some(links))?;
    Ok(out)
}

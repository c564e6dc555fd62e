//! The features of a collection, page by page.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::Value;

use crate::domain::{Filter, ReportTime, StoredReport};
use crate::error::{Error, Refusal, Result};
use crate::http::AppState;
use crate::http::ogc::document::{CRS84, ItemsPage, link};
use crate::http::ogc::{GEOJSON, JSON, OgcCollection, OgcForm, cql, document, secured};
use crate::http::request::context::{CostClass, HandlerResult, RequestContext, fresh, to_json};
use crate::http::request::params::{Params, cursor_after};
use crate::http::v1::proximity::finished;
use crate::http::v1::reports::names;
use crate::i18n::Language;
use crate::index::Snapshot;
use crate::message;
use crate::place::BBox;
use crate::query;
use crate::query::{Comparison, Condition, Cursor, ItemsQuery, TextProperty};
use crate::usecase::City;
use crate::usecase::reports::check_areas;

/// Features in a page where none are asked for.
const LIMIT: usize = 100;
/// Features in a page at most; who asks for more gets so many.
pub const LIMIT_MAX: usize = 10_000;

/// Pages of nothing but what has come since that are passed over, at most.
const PAGES_PASSED_MAX: usize = 32;

/// Where a walk through the pages has come to, and what there was when it began.
#[derive(Clone, Copy)]
struct PageCursor {
    /// When the last report seen was made, in seconds since 1970.
    requested: i64,
    /// The city's revision at the first page.
    began: u64,
}

impl fmt::Display for PageCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.requested, self.began)
    }
}

impl FromStr for PageCursor {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let read = text.split_once('.').and_then(|(requested, began)| {
            Some(Self { requested: requested.parse().ok()?, began: began.parse().ok()? })
        });
        read.ok_or(())
    }
}

/// What is asked of a collection.
struct ItemsRequest {
    limit: usize,
    bbox: Option<BBox>,
    after: Option<Cursor<PageCursor>>,
    filter: Filter,
    condition: Condition,
    /// Of a small collection: what its properties must be, and the filter as it was read.
    equal: Vec<(String, String)>,
    expr: Option<cql::Expr>,
}

impl ItemsRequest {
    fn take(params: &mut Params, city: &City, kind: &OgcCollection) -> Result<Self> {
        let limit = limit(params);
        let bbox = bbox(params);
        for name in ["crs", "bbox-crs", "filter-crs"] {
            let known = |crs: &str| (crs == CRS84).then_some(());
            params.word(name, CRS84, known);
        }
        let after = params.cursor::<PageCursor>();
        let time = params.take("datetime");
        let expr = filter(params)?;
        let mut asked = Self {
            limit,
            bbox,
            after,
            filter: Filter::default(),
            condition: Condition::Constant(true),
            equal: Vec::new(),
            expr,
        };
        let time = time.map(|text| interval(params, text, city)).unwrap_or_default();
        if !kind.is_of_reports() {
            return Ok(asked);
        }
        asked.filter = Filter {
            approximate: true,
            incidents: *kind == OgcCollection::Incidents,
            ..params.filter(city)
        };
        let (from, before) = time;
        let filter = &mut asked.filter;
        filter.from = filter.from.max(from);
        filter.before = filter.before.into_iter().chain(before).min();
        let mut all = Vec::new();
        // Status, nature and channel were taken with the filter.
        for (property, name) in TextProperty::ALL {
            if let Some(value) = params.take(name) {
                all.push(Condition::Text(property, Comparison::Equal, value, false));
            }
        }
        if let Some(expr) = &asked.expr {
            all.push(cql::condition(expr)?);
        }
        asked.condition = Condition::All(all);
        asked.condition.narrow(&mut asked.filter);
        Ok(asked)
    }
}

/// `limit`: a whole number from 1; more than the most is the most.
fn limit(params: &mut Params) -> usize {
    let Some(text) = params.take("limit") else { return LIMIT };
    match text.parse::<u64>() {
        Ok(limit) if limit >= 1 => limit.min(LIMIT_MAX as u64) as usize,
        _ => {
            let message = message!("doit être un entier d’au moins 1", "must be an integer from 1");
            params.refuse("limit", text, message);
            LIMIT
        }
    }
}

/// `bbox` of four numbers, or of six with heights, which say nothing here.
fn bbox(params: &mut Params) -> Option<BBox> {
    let text = params.take("bbox")?;
    let parts: Vec<&str> = text.split(',').collect();
    let flat = match parts.as_slice() {
        [w, s, low, e, n, high]
            if low.trim().parse::<f64>().is_ok_and(f64::is_finite)
                && high.trim().parse::<f64>().is_ok_and(f64::is_finite) =>
        {
            [*w, *s, *e, *n].join(",")
        }
        _ => text,
    };
    params.put("bbox", flat);
    params.bbox()
}

/// `filter` in the language that `filter-lang` names; without it, what begins with a brace is JSON.
fn filter(params: &mut Params) -> Result<Option<cql::Expr>> {
    let language = |word: &str| match word {
        "cql2-text" => Some(false),
        "cql2-json" => Some(true),
        _ => None,
    };
    let is_json = params.word("filter-lang", "cql2-text, cql2-json", language);
    let Some(text) = params.take("filter") else { return Ok(None) };
    let is_json = is_json.unwrap_or_else(|| text.trim_start().starts_with('{'));
    Ok(Some(cql::parse(&text, is_json)?))
}

/// `datetime`: an instant or a day, or an interval of them, open or with a duration (RFC 3339,
/// ISO 8601). First second, and the second after the last.
fn interval(params: &mut Params, text: String, city: &City) -> (Option<i64>, Option<i64>) {
    let when = |text: &str| ReportTime::parse(text, city.zone()).ok();
    let open = |text: &str| text.is_empty() || text == "..";
    let read = match text.split_once('/') {
        None => when(&text).map(|at| (Some(at.second()), Some(at.last_second() + 1))),
        Some((from, to)) if open(from) && open(to) => Some((None, None)),
        Some((from, to)) if open(from) => when(to).map(|to| (None, Some(to.last_second() + 1))),
        Some((from, to)) if open(to) => when(from).map(|from| (Some(from.second()), None)),
        Some((from, to)) => when(from).and_then(|start| {
            let end = match to.starts_with('P') {
                true => later(start, to)?,
                false => when(to)?.last_second(),
            };
            (end >= start.second()).then_some((Some(start.second()), Some(end + 1)))
        }),
    };
    read.unwrap_or_else(|| {
        let message = message!(
            "doit être un instant ou un intervalle comme 2026-03-01T00:00:00Z/..",
            "must be an instant or an interval such as 2026-03-01T00:00:00Z/.."
        );
        params.refuse("datetime", text, message);
        (None, None)
    })
}

fn later(start: ReportTime, duration: &str) -> Option<i64> {
    let span: Span = duration.parse().ok()?;
    let at = Timestamp::from_second(start.second()).ok()?.to_zoned_datetime(TimeZone::UTC);
    Some(at.checked_add(span).ok()?.timestamp().as_second())
}

type Own = (Arc<AppState>, Arc<City>);

/// The links of a page; `next` is the cursor of the one after it.
fn links(
    form: &OgcForm,
    context: &RequestContext,
    kind: &OgcCollection,
    next: Option<String>,
) -> Vec<Value> {
    let mut links = form.both(context, GEOJSON);
    let host = form.root.strip_suffix("/ogc").unwrap_or_default();
    if let Some(cursor) = next {
        let href = format!("{host}{}", context.next_page(&cursor));
        let media_type = form.media_type(GEOJSON).split(';').next().unwrap_or_default();
        links.push(link("next", media_type, &href, "Next"));
    }
    let collection = form.href(&format!("/collections/{}", kind.id()));
    links.push(link("collection", JSON, &collection, &kind.title(context.language)));
    links
}

fn report_items(
    own: &Own,
    snapshot: &Snapshot,
    context: &RequestContext,
    form: &OgcForm,
    (kind, question): (&OgcCollection, &ItemsRequest),
) -> Result<Vec<u8>> {
    let (state, city) = own;
    check_areas(snapshot, &question.filter)?;
    let compiled = snapshot.compiled(&question.filter);
    let began = question.after.as_ref().map_or(snapshot.revision(), |after| after.key.began);
    let (mut after, mut passed) = (question.after.clone(), 0);
    let (stored, matched, next) = loop {
        let items = ItemsQuery {
            bbox: question.bbox,
            condition: &question.condition,
            after: after.map(|Cursor { key, id }| Cursor { key: key.requested, id }),
            limit: question.limit,
        };
        let (page, matched) = query::items(snapshot, &compiled, items);
        let ids: Vec<&str> = page.items.iter().map(|address| snapshot.id(*address)).collect();
        let mut stored = state.app.reader().get_many(city.id(), &ids)?;
        stored.retain(|stored| stored.created_revision <= began);
        after = page.items.last().filter(|_| page.more).map(|last| Cursor {
            key: PageCursor { requested: snapshot.requested(*last), began },
            id: snapshot.id(*last).to_owned(),
        });
        // Clients take an empty page for the last one; a cursor may be made up, though.
        passed += 1;
        if !stored.is_empty() || after.is_none() || passed == PAGES_PASSED_MAX {
            break (stored, matched, after.map(|Cursor { key, id }| cursor_after(key, &id)));
        }
    };
    let counts = match kind {
        OgcCollection::Incidents => {
            let ids: Vec<&str> = stored.iter().map(|stored| stored.report.id.as_str()).collect();
            state.app.reader().children_counts(city.id(), &ids)?
        }
        _ => Vec::new(),
    };
    let links = links(form, context, kind, next);
    let at = city.now().as_second();
    let (as_of, returned) = (snapshot.revision(), stored.len());
    let head = ItemsPage { matched, returned, as_of, at, links: &links };
    head.write(|out| {
        let catalogue = city.catalogue();
        for (n, stored) in stored.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            let names = names(stored, city, &catalogue, context.language);
            document::report(out, stored, &names, counts.get(n).map(|n| n + 1), None)?;
        }
        Ok(())
    })
}

fn passes(feature: &Value, question: &ItemsRequest) -> Result<bool> {
    let is = |(name, value): &(String, String)| match &feature["properties"][name] {
        Value::String(text) => text == value,
        Value::Null => false,
        other => *other.to_string() == **value,
    };
    let placed = question.bbox.as_ref().is_none_or(|bbox| document::touches(feature, bbox));
    if !placed || !question.equal.iter().all(is) {
        return Ok(false);
    }
    match &question.expr {
        None => Ok(true),
        Some(expr) => Ok(cql::matches(expr, feature)?),
    }
}

fn area_items(
    own: &Own,
    snapshot: &Snapshot,
    context: &RequestContext,
    form: &OgcForm,
    (kind, question): (&OgcCollection, &ItemsRequest),
) -> Result<Vec<u8>> {
    let mut found = Vec::new();
    for feature in kind.areas(own, snapshot, context.language)? {
        if passes(&feature, question)? {
            found.push(feature);
        }
    }
    let matched = found.len() as u64;
    let id = |feature: &Value| feature["id"].as_str().unwrap_or_default().to_owned();
    found.sort_by_key(id);
    if let Some(after) = &question.after {
        found.retain(|feature| id(feature) > after.id);
    }
    let more = found.len() > question.limit;
    found.truncate(question.limit);
    let walk = PageCursor { requested: 0, began: snapshot.revision() };
    let next = found.last().filter(|_| more).map(|last| cursor_after(walk, &id(last)));
    let links = links(form, context, kind, next);
    let at = own.1.now().as_second();
    let (as_of, returned) = (snapshot.revision(), found.len());
    ItemsPage { matched, returned, as_of, at, links: &links }.write(|out| {
        let texts: Vec<String> = found.iter().map(Value::to_string).collect();
        out.extend_from_slice(texts.join(",").as_bytes());
        Ok(())
    })
}

/// Properties of a small collection that must have a value: those that it can be asked for.
fn equalities(params: &mut Params, areas: &[Value]) -> Vec<(String, String)> {
    let schema = document::area_queryables("", "", areas);
    let names = schema["properties"].as_object().into_iter().flat_map(|object| object.keys());
    let given = |name: &String| Some((name.clone(), params.property(name)?));
    names.filter(|name| name.as_str() != cql::GEOMETRY).filter_map(given).collect()
}

fn shown(
    form: &OgcForm,
    kind: &OgcCollection,
    body: Vec<u8>,
    language: Language,
) -> Result<Vec<u8>> {
    if !form.html {
        return Ok(body);
    }
    let body: Value = serde_json::from_slice(&body).map_err(Error::internal)?;
    Ok(document::html(&kind.title(language), &body, language).into_bytes())
}

/// `GET /ogc/collections/{id}/items`
pub async fn items(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    mut context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    let city = context.city(&state)?;
    let kind = Arc::new(OgcCollection::parse(&city, &id)?);
    let form = Arc::new(OgcForm::take(&mut context, &state, &headers));
    let own = (state.clone(), city.clone());
    let mut question = ItemsRequest::take(&mut context.params, &city, &kind)?;
    if !kind.is_of_reports() {
        let (work, of, language) = (own.clone(), kind.clone(), context.language);
        let areas = state.app.query(&city, move |snapshot| of.areas(&work, snapshot, language));
        question.equal = equalities(&mut context.params, &areas.await?);
        context.stamp += 2 * state.watch.city(&state.app, &city)?.examinations();
    }
    let context = finished(context)?;
    let shape = form.clone();
    let media_type = form.media_type(GEOJSON);
    let answer =
        fresh(&state, context, &city, media_type, CostClass::Long, move |snapshot, context| {
            let asked = (&*kind, &question);
            let body = match kind.is_of_reports() {
                true => report_items(&own, snapshot, context, &shape, asked)?,
                false => area_items(&own, snapshot, context, &shape, asked)?,
            };
            shown(&shape, &kind, body, context.language)
        });
    Ok(secured(&form, answer.await?))
}

/// `GET /ogc/collections/{id}/items/{featureId}`
pub async fn item(
    State(state): State<Arc<AppState>>,
    Path((collection, id)): Path<(String, String)>,
    mut context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    let city = context.city(&state)?;
    let kind = Arc::new(OgcCollection::parse(&city, &collection)?);
    let form = Arc::new(OgcForm::take(&mut context, &state, &headers));
    let context = finished(context)?;
    let found = match kind.is_of_reports() {
        true => Some(state.app.find_report(&city, &id).await?).filter(|stored| {
            // Its id is what the path says, letter by letter; a duplicate is no incident.
            stored.report.id.as_str() == id
                && (*kind == OgcCollection::Reports || stored.report.parent.is_none())
        }),
        false => None,
    };
    if kind.is_of_reports() && found.is_none() {
        return Err(Error::not_found(&id).into());
    }
    let (own, shape) = ((state.clone(), city.clone()), form.clone());
    let media_type = form.media_type(GEOJSON);
    let answer =
        fresh(&state, context, &city, media_type, CostClass::Long, move |snapshot, context| {
            let links = Value::from(links(&shape, context, &kind, None));
            let body = match &found {
                Some(stored) => alone(&own, stored, context, &kind, &links)?,
                None => {
                    let areas = kind.areas(&own, snapshot, context.language)?;
                    let mut found = areas.into_iter().find(|feature| feature["id"] == *id);
                    let feature = found.as_mut().ok_or_else(|| Error::not_found(&id))?;
                    feature["links"] = links;
                    to_json(feature)?
                }
            };
            shown(&shape, &kind, body, context.language)
        });
    Ok(secured(&form, answer.await?))
}

fn alone(
    own: &Own,
    stored: &StoredReport,
    context: &RequestContext,
    kind: &OgcCollection,
    links: &Value,
) -> Result<Vec<u8>> {
    let (state, city) = own;
    let id = stored.report.id.as_str();
    let count = match kind {
        OgcCollection::Incidents => {
            let counts = state.app.reader().children_counts(city.id(), &[id])?;
            counts.first().map(|count| count + 1)
        }
        _ => None,
    };
    let catalogue = city.catalogue();
    let names = names(stored, city, &catalogue, context.language);
    let mut out = Vec::new();
    document::report(&mut out, stored, &names, count, Some(links))?;
    Ok(out)
}

impl From<Refusal> for crate::http::request::context::ApiError {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.into())
    }
}

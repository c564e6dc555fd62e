//! Nearest, within, counts.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use jiff::tz::TimeZone;

use super::Site;
use super::answer::{Answer, Ask, Effort, Fail, fresh, to_json};
use super::params::cursor_after;
use super::reports::{body_of, checked_areas};
use crate::app::City;
use crate::error::{Error, Refusal, Result};
use crate::format::facts::facts_collection;
use crate::format::geojson::{Collection, MEDIA_TYPE, polygons};
use crate::format::{answers, json};
use crate::place::{CIRCUMFERENCE_M, Meters};
use crate::query::{self, Found, Handle, Page, Snapshot, ZoneSet};
use crate::report::{Filter, days_between};
use crate::words;

/// Results of a quick question at most.
const QUICK_ROWS: usize = 100;
/// Radius of a quick question at most, in metres.
const QUICK_M: f64 = 500.0;

impl Effort {
    /// The effort of a question about the neighbourhood of a place: quick where the filter is one
    /// that the index has trees for, so that little is looked at that is not answered.
    fn of(filter: &Filter, rows: usize, radius_m: f64) -> Self {
        let is_short = rows <= QUICK_ROWS && radius_m <= QUICK_M;
        if is_short && filter.is_plain() { Self::Quick } else { Self::Long }
    }
}

/// A page of facts, as JSON; `of` tells handle and distance of an item.
fn page_of<T>(
    snapshot: &Snapshot,
    page: &Page<T>,
    next: Option<String>,
    zone: &TimeZone,
    of: impl Fn(&T) -> (Handle, Option<Meters>),
) -> Result<Vec<u8>> {
    let mut head = Collection::new(snapshot.revision(), Vec::new());
    head.number_returned = page.items.len();
    (head.truncated, head.next) = (page.more, next);
    let found = page.items.iter().map(|item| {
        let (handle, distance) = of(item);
        (snapshot.view(handle), distance)
    });
    facts_collection(&head, found, zone).map_err(Error::internal)
}

fn far(found: &Found) -> (Handle, Option<Meters>) {
    (found.handle, Some(found.distance))
}

/// `GET /api/v1/nearest?lon&lat&k&max_m`
pub async fn nearest(State(site): State<Arc<Site>>, mut ask: Ask) -> Answer {
    let city = ask.city(&site)?;
    let params = &mut ask.params;
    let at = params.position();
    let k = params.count("k", 10, site.app.limits.rows_max);
    let max = Meters(params.meters_or("max_m", CIRCUMFERENCE_M));
    let mut filter = params.filter(&city);
    filter.bbox = params.bbox();
    let ask = finished(ask)?;
    let Some(at) = at else { return Err(unreachable_refusal()) };
    let zone = city.zone().clone();
    let effort = Effort::of(&filter, k, max.0.min(QUICK_M));
    let answer = fresh(&site, ask, &city, MEDIA_TYPE, effort, move |snapshot, _| {
        checked_areas(snapshot, &filter)?;
        let found = query::nearest(snapshot, &snapshot.sieve(&filter), at, k, max);
        page_of(snapshot, &found, None, &zone, far)
    });
    Ok(answer.await?)
}

/// `GET /api/v1/within?lon&lat&radius_m`
pub async fn within_radius(State(site): State<Arc<Site>>, mut ask: Ask) -> Answer {
    let city = ask.city(&site)?;
    let params = &mut ask.params;
    let at = params.position();
    let radius = params.meters("radius_m", CIRCUMFERENCE_M);
    let limit = params.limit(&site.app.limits);
    let after = params.cursor::<f64>();
    let mut filter = params.filter(&city);
    filter.bbox = params.bbox();
    let ask = finished(ask)?;
    let (Some(at), Some(radius)) = (at, radius) else { return Err(unreachable_refusal()) };
    let zone = city.zone().clone();
    let effort = Effort::of(&filter, limit, radius);
    let answer = fresh(&site, ask, &city, MEDIA_TYPE, effort, move |snapshot, ask| {
        checked_areas(snapshot, &filter)?;
        let sieve = snapshot.sieve(&filter);
        let found = query::within_radius(snapshot, &sieve, at, Meters(radius), after, limit);
        let next =
            found.items.last().filter(|_| found.more).map(|last| {
                ask.next_page(&cursor_after(last.distance.0, snapshot.id(last.handle)))
            });
        page_of(snapshot, &found, next, &zone, far)
    });
    Ok(answer.await?)
}

/// `POST /api/v1/within` with a Polygon or MultiPolygon
pub async fn within_polygon(
    State(site): State<Arc<Site>>,
    mut ask: Ask,
    body: std::result::Result<Bytes, BytesRejection>,
) -> Answer {
    let city = ask.city(&site)?;
    let shape = polygons(&json::any(&body_of(body)?)?).map_err(crate::error::Error::from)?;
    let params = &mut ask.params;
    let limit = params.limit(&site.app.limits);
    let after = params.cursor::<i64>();
    let filter = params.filter(&city);
    let ask = finished(ask)?;
    let zone = city.zone().clone();
    let answer = fresh(&site, ask, &city, MEDIA_TYPE, Effort::Long, move |snapshot, ask| {
        checked_areas(snapshot, &filter)?;
        let sieve = snapshot.sieve(&filter);
        let found = query::within_polygon(snapshot, &sieve, &shape, after, limit);
        let next = next_newest(snapshot, &found, ask);
        page_of(snapshot, &found, next, &zone, |handle| (*handle, None))
    });
    Ok(answer.await?)
}

/// `GET /api/v1/stats`
pub async fn stats(State(site): State<Arc<Site>>, mut ask: Ask) -> Answer {
    let city = ask.city(&site)?;
    let mut filter = ask.params.filter(&city);
    filter.bbox = ask.params.bbox();
    let by = ask.params.take("areas");
    let ask = finished(ask)?;
    let days_max = site.app.limits.days_max;
    let (answering, watched) = (city.clone(), site.watch.city(&site.app, &city)?);
    let mut ask = ask;
    ask.stamp = watched.looks();
    let answer =
        fresh(&site, ask, &city, "application/json", Effort::Long, move |snapshot, ask| {
            checked_areas(snapshot, &filter)?;
            let by = zone_set(snapshot, by.as_deref())?;
            let mut counted = counted(snapshot, (&filter, by), &answering, days_max, ask);
            let services = filter.services.as_deref();
            let alerts = watched.alerts().map(|found| {
                let named = found
                    .alerts
                    .iter()
                    .filter(|alert| services.is_none_or(|list| list.contains(&alert.service)));
                named.count()
            });
            counted["hotspots"] = watched.standing_now(services).into();
            counted["alerts"] = alerts.into();
            to_json(&counted)
        });
    Ok(answer.await?)
}

/// The set of boundaries of this name.
fn zone_set<'a>(snapshot: &'a Snapshot, name: Option<&str>) -> Result<Option<&'a ZoneSet>> {
    let Some(name) = name else { return Ok(None) };
    let Some(set) = snapshot.zone_set(name) else {
        let words = words!(
            "n’est pas un découpage de cette ville ; voir /api/v1/boundaries",
            "is not a set of this city's areas; see /api/v1/boundaries"
        );
        return Err(Refusal::new("areas", name, words).into());
    };
    Ok(Some(set))
}

fn counted(
    snapshot: &Snapshot,
    (filter, by): (&Filter, Option<&ZoneSet>),
    city: &City,
    days_max: usize,
    ask: &Ask,
) -> serde_json::Value {
    let sieve = snapshot.sieve(filter);
    let days = query::span(snapshot, &sieve)
        .map(|(first, last)| days_between(first, last, city.zone(), days_max));
    let (starts, dates): (Vec<i64>, Vec<_>) = days.unwrap_or_default().into_iter().unzip();
    let counts = query::stats(snapshot, &sieve, &starts, by);
    answers::stats(&counts, &dates, snapshot.revision(), &city.catalogue(), ask.language)
}

/// The page behind a list ordered newest first.
pub fn next_newest(snapshot: &Snapshot, page: &Page<Handle>, ask: &Ask) -> Option<String> {
    let last = page.items.last().filter(|_| page.more)?;
    let cursor = cursor_after(snapshot.requested(*last), snapshot.id(*last));
    Some(ask.next_page(&cursor))
}

/// The question once all its parameters have been taken.
pub fn finished(mut ask: Ask) -> Result<Ask> {
    let params = std::mem::replace(&mut ask.params, super::params::Params::parse(""));
    params.finish()?;
    Ok(ask)
}

/// A required parameter that is absent has been refused by `finished` already.
pub fn unreachable_refusal() -> Fail {
    Fail(crate::error::Error::internal("a required parameter was neither taken nor refused"))
}

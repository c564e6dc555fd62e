//! Hotspots: ranked, explained, each with its identity and its life.

pub(crate) mod answer;

use std::sync::Arc;

use axum::extract::{Path, State};

use crate::domain::{Filter, HotspotTrack, ServiceCode};
use crate::error::{Error, Result};
use crate::export::areas::{AreaCollection, AreaFeature, WindowOut};
use crate::export::geojson::MEDIA_TYPE;
use crate::http::AppState;
use crate::http::request::context::{CostClass, HandlerResult, RequestContext, fresh, to_json};
use crate::http::v1::hexes::answer::no_test;
use crate::http::v1::hexes::bounded;
use crate::http::v1::hotspots::answer::{self as out, HotspotOut, SingleFeature};
use crate::http::v1::proximity::finished;
use crate::http::v1::reports::checked_areas;
use crate::http::v1::sentences::{SentenceNames, streets};
use crate::i18n::Language;
use crate::query;
use crate::query::{
    Exposure, Hotspot, HotspotQuery, Hotspots, Priority, Snapshot, UntestableReason,
};
use crate::usecase::City;
use crate::usecase::watch::{
    CityWatch, newest, standing, standing_filter, standing_name, standing_service,
};

/// Days of the window where none are asked for.
const DAYS: u32 = 30;
/// Addresses read to name a hotspot's streets.
const ADDRESSES: usize = 30;

/// What is asked.
struct HotspotsRequest {
    filter: Filter,
    /// As asked; its times are set where the newest report is known.
    query: HotspotQuery,
    days: u32,
    /// Each service on its own.
    by_service: bool,
    limit: usize,
    cells_max: usize,
}

fn read(context: &mut RequestContext, state: &AppState) -> Result<HotspotsRequest> {
    let city = context.city(state)?;
    let params = &mut context.params;
    let (resolution, k, exposure) = params.hexagons(Exposure::Reports);
    let level = |word: &str| match word {
        "99" => Some(0.01),
        "95" => Some(0.05),
        "90" => Some(0.1),
        _ => None,
    };
    let rate = params.word("level", "99, 95, 90", level).unwrap_or(0.05);
    let by = |word: &str| match word {
        "service" => Some(true),
        "all" => Some(false),
        _ => None,
    };
    let by_service = params.word("by", "service, all", by).unwrap_or(true);
    let days = params.number("days", 1, 366).unwrap_or(DAYS);
    let limit = params.count("limit", 20, state.app.limits.hotspots_max);
    let bbox = params.bbox();
    let incidents = params.counts_incidents().unwrap_or(true);
    let filter = Filter { bbox, incidents, ..params.filter(&city) };
    let query = HotspotQuery { resolution, k, exposure, rate, from: 0, before: 0 };
    Ok(HotspotsRequest {
        filter,
        query,
        days,
        by_service,
        limit,
        cells_max: state.app.limits.hex_cells_max,
    })
}

impl HotspotsRequest {
    /// The window: up to `to`, else up to the newest report; from `from`, else so many days.
    fn timed(&self, snapshot: &Snapshot) -> HotspotQuery {
        let before = self.filter.before.or_else(|| newest(snapshot)).unwrap_or(0);
        let from = self.filter.from.unwrap_or(before - i64::from(self.days) * 86_400);
        // From a day after the newest report on there is nothing yet.
        HotspotQuery { from, before: before.max(from + 1), ..self.query.clone() }
    }

    /// The name under which its hotspots are followed: the standing question's, where it is asked
    /// as that one is.
    fn name(&self, services: &str) -> String {
        let Self { filter, query, days, .. } = self;
        let HotspotQuery { resolution, k, exposure, rate, .. } = query;
        // The box chooses among hotspots; they are the same ones.
        let rest = Filter { services: None, bbox: None, ..filter.clone() };
        let usual = standing(0);
        let is_standing = rest == standing_filter()
            && (*resolution, *k, *exposure) == (usual.resolution, usual.k, usual.exposure)
            && *rate == usual.rate
            && i64::from(*days) * 86_400 == usual.before - usual.from
            && self.by_service;
        if is_standing {
            return standing_name(services);
        }
        let by = if self.by_service { "each" } else { "all" };
        format!("{by} of {services} {rest:?} {resolution} {k:?} {exposure:?} {rate} {days}")
    }
}

/// A hotspot with its number.
struct NumberedHotspot {
    hotspot: Hotspot,
    number: u64,
    priority: Priority,
}

/// The hotspots asked for, most urgent first, and how they were found.
fn find(
    snapshot: &Snapshot,
    question: &HotspotsRequest,
    city: &City,
    watched: &CityWatch,
) -> std::result::Result<(Vec<NumberedHotspot>, HotspotQuery, Hotspots), UntestableReason> {
    let context = question.timed(snapshot);
    // The box chooses among hotspots; it does not cut the city that they are found in.
    let filter = Filter { bbox: None, ..question.filter.clone() };
    let found: Vec<(String, Hotspots)> = if question.by_service {
        let found = query::hotspots_by_service(snapshot, &filter, &context)?;
        found.into_iter().map(|(code, hotspots)| (code.to_string(), hotspots)).collect()
    } else {
        let codes = filter.services.iter().flatten().map(|code| code.as_str());
        let names = codes.collect::<Vec<_>>().join(",");
        vec![(names, query::hotspots(snapshot, &filter, &context)?)]
    };
    let how = found.first().map(|(_, one)| Hotspots { found: Vec::new(), ..one.clone() });
    let total = found.iter().map(|(_, one)| one.total).sum();
    let catalogue = city.catalogue();
    let severity = |number: u16| catalogue.severity(snapshot.service_name(number));
    let mut named = Vec::new();
    for (services, hotspots) in found {
        let numbers = watched.follow(&question.name(&services), &hotspots.found, context.before);
        named.extend(hotspots.found.into_iter().zip(numbers).map(|(hotspot, number)| {
            let priority = Priority::of(&hotspot, context.before, severity);
            NumberedHotspot { hotspot, number, priority }
        }));
    }
    if let Some(bbox) = &question.filter.bbox {
        named.retain(|one| one.hotspot.cells.iter().any(|cell| cell.is_in(bbox)));
    }
    named.sort_by(|a, b| {
        let urgent = b.priority.total().total_cmp(&a.priority.total());
        urgent.then(a.number.cmp(&b.number))
    });
    let how = how.map(|how| Hotspots { total, ..how }).ok_or(UntestableReason::NoReports)?;
    Ok((named, context, how))
}

/// Where most of these reports are, by their addresses: some of them are read.
pub fn streets_of(state: &AppState, city: &City, members: &[&str]) -> Result<Vec<String>> {
    let step = members.len().div_ceil(ADDRESSES).max(1);
    let ids: Vec<&str> = members.iter().step_by(step).copied().collect();
    let stored = state.app.reader().get_many(city.id(), &ids)?;
    Ok(streets(stored.iter().filter_map(|stored| stored.report.address.as_deref())))
}

/// What a handler needs to tell of hotspots.
struct HotspotRenderer<'a> {
    state: &'a AppState,
    city: &'a City,
    snapshot: &'a Snapshot,
    language: Language,
}

impl HotspotRenderer<'_> {
    fn feature(
        &self,
        one: &NumberedHotspot,
        rank: Option<usize>,
        context: &HotspotQuery,
    ) -> Result<AreaFeature<serde_json::Value>> {
        let Self { state, city, snapshot, language } = self;
        let catalogue = city.catalogue();
        let speech =
            SentenceNames { catalogue: &catalogue, zone: city.zone(), language: *language };
        let members = one.hotspot.members.iter();
        let ids: Vec<&str> = members.map(|address| snapshot.id(*address)).collect();
        let told = HotspotOut {
            hotspot: &one.hotspot,
            number: one.number,
            rank,
            priority: one.priority,
            streets: streets_of(state, city, &ids)?,
            days: (context.before - context.from) as f64 / 86_400.0,
        };
        Ok(out::hotspot(snapshot, &told, &speech))
    }
}

fn list_answer(
    telling: &HotspotRenderer<'_>,
    question: &HotspotsRequest,
    watched: &CityWatch,
) -> Result<Vec<u8>> {
    let HotspotRenderer { city, snapshot, language, .. } = telling;
    checked_areas(snapshot, &question.filter)?;
    bounded(snapshot, question.query.resolution, question.cells_max)?;
    let revision = snapshot.revision();
    let (found, context, how) = match find(snapshot, question, city, watched) {
        Ok(found) => found,
        Err(reason) => {
            let reason = no_test(reason, *language);
            let head = serde_json::json!({
                "window": null,
                "statistic": { "available": false, "reason": reason },
                "total": 0,
            });
            let none: Vec<AreaFeature<serde_json::Value>> = Vec::new();
            return to_json(&AreaCollection::new(revision, head, 0, none));
        }
    };
    let matched = found.len() as u64;
    let shown = found.iter().take(question.limit).zip(1..);
    let features: Result<Vec<_>> =
        shown.map(|(one, rank)| telling.feature(one, Some(rank), &context)).collect();
    let head = serde_json::json!({
        "window": WindowOut::new(context.from, context.before),
        "statistic": {
            "available": true,
            "resolution": context.resolution,
            "k": how.k,
            "cells": how.cells,
            "exposure": context.exposure.as_str(),
            "false_discovery_rate": context.rate,
        },
        "total": how.total,
    });
    to_json(&AreaCollection::new(revision, head, matched, features?))
}

/// `GET /api/v1/hotspots?by&days&level&resolution&k&exposure&bbox`
pub async fn list(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let question = read(&mut context, &state)?;
    let context = finished(context)?;
    let watched = state.watch.city(&state.app, &city)?;
    let own = (state.clone(), city.clone());
    let answer =
        fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, context| {
            let (state, city) = &own;
            let telling = HotspotRenderer { state, city, snapshot, language: context.language };
            list_answer(&telling, &question, &watched)
        });
    Ok(answer.await?)
}

/// The features of the standing question, the hotspots of each service that are there now, under a
/// filter; whatever that says, each problem counts once.
///
/// # Errors
/// The store; the watch.
pub fn standing_features(
    state: &AppState,
    city: &City,
    snapshot: &Snapshot,
    filter: &Filter,
    language: Language,
) -> Result<Vec<serde_json::Value>> {
    let watched = state.watch.city(&state.app, city)?;
    let question = HotspotsRequest {
        filter: Filter { incidents: standing_filter().incidents, ..filter.clone() },
        query: standing(0),
        days: DAYS,
        by_service: true,
        limit: state.app.limits.hotspots_max,
        cells_max: usize::MAX,
    };
    let Ok((found, context, _)) = find(snapshot, &question, city, &watched) else {
        return Ok(Vec::new());
    };
    let telling = HotspotRenderer { state, city, snapshot, language };
    let shown = found.iter().take(question.limit).zip(1..);
    let feature = |(one, rank)| {
        serde_json::to_value(telling.feature(one, Some(rank), &context)?).map_err(Error::internal)
    };
    shown.map(feature).collect()
}

/// A hotspot as it is now, if its question is a standing one and it is still there.
fn now(
    telling: &HotspotRenderer<'_>,
    track: &HotspotTrack,
    watched: &CityWatch,
) -> Result<Option<AreaFeature<serde_json::Value>>> {
    let code = standing_service(&track.question);
    let Some(service) = code.and_then(ServiceCode::new) else { return Ok(None) };
    let question = HotspotsRequest {
        filter: Filter { services: Some(vec![service]), ..standing_filter() },
        query: standing(0),
        days: DAYS,
        by_service: true,
        limit: 1,
        cells_max: usize::MAX,
    };
    let Ok((found, context, _)) = find(telling.snapshot, &question, telling.city, watched) else {
        return Ok(None);
    };
    let one = found.iter().find(|one| one.number == track.number);
    one.map(|one| telling.feature(one, None, &context)).transpose()
}

/// `GET /api/v1/hotspots/{id}`
pub async fn one(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let context = finished(context)?;
    let watched = state.watch.city(&state.app, &city)?;
    let number: Option<u64> = id.parse().ok();
    let track = number.and_then(|number| watched.track(number));
    let track = track.ok_or_else(|| Error::not_found(&id))?;
    let own = (state.clone(), city.clone());
    let answer =
        fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, context| {
            let (state, city) = &own;
            let telling = HotspotRenderer { state, city, snapshot, language: context.language };
            let feature = match now(&telling, &track, &watched)? {
                Some(feature) => {
                    // Looking at it may have added to its life.
                    let track = watched.track(track.number).unwrap_or(track);
                    feature.with("history", out::life(&track)).with("ended", track.ended.into())
                }
                None => out::followed(&track),
            };
            to_json(&SingleFeature::new(snapshot.revision(), feature))
        });
    Ok(answer.await?)
}

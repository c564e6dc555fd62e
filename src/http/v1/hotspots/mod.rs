//! Hotspots: ranked, explained, each with its identity and its life.

pub(crate) mod answer;

use std::sync::Arc;

use axum::extract::{Path, State};

use crate::domain::{Filter, HotspotTrack};
use crate::error::{Error, Result};
use crate::export::areas::{AreaCollection, AreaFeature, WindowOut};
use crate::export::geojson::MEDIA_TYPE;
use crate::http::AppState;
use crate::http::request::context::{CostClass, HandlerResult, RequestContext, fresh, to_json};
use crate::http::v1::hexes::answer::no_test;
use crate::http::v1::hexes::bounded;
use crate::http::v1::hotspots::answer::{self as out, HotspotOut, SingleFeature};
use crate::http::v1::proximity::finished;
use crate::http::v1::sentences::SentenceNames;
use crate::i18n::Language;
use crate::index::Snapshot;
use crate::query::{Exposure, HotspotQuery};
use crate::usecase::City;
use crate::usecase::hotspots::{FoundHotspots, HotspotSearch, NumberedHotspot, current_hotspot};
use crate::usecase::reports::check_areas;
use crate::usecase::watch::CityWatch;

/// Days of the window where none are asked for.
const DAYS: u32 = 30;

/// What is asked.
struct HotspotsRequest {
    search: HotspotSearch,
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
    let search = HotspotSearch { filter, query, days, by_service };
    Ok(HotspotsRequest { search, limit, cells_max: state.app.limits.hex_cells_max })
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
        query: &HotspotQuery,
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
            streets: state.app.streets_of(city, &ids)?,
            days: (query.before - query.from) as f64 / 86_400.0,
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
    check_areas(snapshot, &question.search.filter)?;
    bounded(snapshot, question.search.query.resolution, question.cells_max)?;
    let revision = snapshot.revision();
    let FoundHotspots { hotspots, query, test } =
        match question.search.find(snapshot, city, watched) {
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
    let matched = hotspots.len() as u64;
    let shown = hotspots.iter().take(question.limit).zip(1..);
    let features: Result<Vec<_>> =
        shown.map(|(one, rank)| telling.feature(one, Some(rank), &query)).collect();
    let head = serde_json::json!({
        "window": WindowOut::new(query.from, query.before),
        "statistic": {
            "available": true,
            "resolution": query.resolution,
            "k": test.k,
            "cells": test.cells,
            "exposure": query.exposure.as_str(),
            "false_discovery_rate": query.rate,
        },
        "total": test.total,
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
    let search = HotspotSearch::standing(filter);
    let Ok(FoundHotspots { hotspots, query, .. }) = search.find(snapshot, city, &watched) else {
        return Ok(Vec::new());
    };
    let telling = HotspotRenderer { state, city, snapshot, language };
    let shown = hotspots.iter().take(state.app.limits.hotspots_max).zip(1..);
    let feature = |(one, rank)| {
        serde_json::to_value(telling.feature(one, Some(rank), &query)?).map_err(Error::internal)
    };
    shown.map(feature).collect()
}

/// A hotspot as it is now, if its question is a standing one and it is still there.
fn now(
    telling: &HotspotRenderer<'_>,
    track: &HotspotTrack,
    watched: &CityWatch,
) -> Result<Option<AreaFeature<serde_json::Value>>> {
    let found = current_hotspot(telling.snapshot, telling.city, track, watched);
    found.map(|(one, query)| telling.feature(&one, None, &query)).transpose()
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

//! Hotspots: ranked, explained, each with its identity and its life.

use std::sync::Arc;

use axum::extract::{Path, State};

use super::Site;
use super::answer::{Answer, Ask, Effort, fresh, to_json};
use super::hexes::bounded;
use super::queries::finished;
use super::reports::checked_areas;
use crate::app::City;
use crate::error::{Error, Result};
use crate::format::areas::{AreaCollection, AreaFeature, WindowOut};
use crate::format::geojson::MEDIA_TYPE;
use crate::format::hexes::no_test;
use crate::format::hotspots::{self as out, HotspotOut, Lone};
use crate::format::json::Language;
use crate::format::sentences::{Speech, streets};
use crate::query::{self, Exposure, Hotspot, HotspotAsk, Hotspots, NoTest, Priority, Snapshot};
use crate::report::{Filter, ServiceCode, Track};
use crate::watch::{CityWatch, newest, standing, standing_filter, standing_name, standing_service};

/// Days of the window where none are asked for.
const DAYS: u32 = 30;
/// Addresses read to name a hotspot's streets.
const ADDRESSES: usize = 30;

/// What is asked.
struct Question {
    filter: Filter,
    /// As asked; its times are set where the newest report is known.
    ask: HotspotAsk,
    days: u32,
    /// Each service on its own.
    by_service: bool,
    limit: usize,
    cells_max: usize,
}

fn read(ask: &mut Ask, site: &Site) -> Result<Question> {
    let city = ask.city(site)?;
    let params = &mut ask.params;
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
    let limit = params.count("limit", 20, site.app.limits.hotspots_max);
    let bbox = params.bbox();
    let incidents = params.counts_incidents().unwrap_or(true);
    let filter = Filter { bbox, incidents, ..params.filter(&city) };
    let ask = HotspotAsk { resolution, k, exposure, rate, from: 0, before: 0 };
    Ok(Question { filter, ask, days, by_service, limit, cells_max: site.app.limits.hex_cells_max })
}

impl Question {
    /// The window: up to `to`, else up to the newest report; from `from`, else so many days.
    fn timed(&self, snapshot: &Snapshot) -> HotspotAsk {
        let before = self.filter.before.or_else(|| newest(snapshot)).unwrap_or(0);
        let from = self.filter.from.unwrap_or(before - i64::from(self.days) * 86_400);
        // From a day after the newest report on there is nothing yet.
        HotspotAsk { from, before: before.max(from + 1), ..self.ask.clone() }
    }

    /// The name under which its hotspots are followed: the standing question's, where it is asked
    /// as that one is.
    fn name(&self, services: &str) -> String {
        let Self { filter, ask, days, .. } = self;
        let HotspotAsk { resolution, k, exposure, rate, .. } = ask;
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
struct Named {
    hotspot: Hotspot,
    number: u64,
    priority: Priority,
}

/// The hotspots asked for, most urgent first, and how they were found.
fn find(
    snapshot: &Snapshot,
    question: &Question,
    city: &City,
    watched: &CityWatch,
) -> std::result::Result<(Vec<Named>, HotspotAsk, Hotspots), NoTest> {
    let ask = question.timed(snapshot);
    // The box chooses among hotspots; it does not cut the city that they are found in.
    let filter = Filter { bbox: None, ..question.filter.clone() };
    let found: Vec<(String, Hotspots)> = if question.by_service {
        let found = query::hotspots_by_service(snapshot, &filter, &ask)?;
        found.into_iter().map(|(code, hotspots)| (code.to_string(), hotspots)).collect()
    } else {
        let codes = filter.services.iter().flatten().map(|code| code.as_str());
        let names = codes.collect::<Vec<_>>().join(",");
        vec![(names, query::hotspots(snapshot, &filter, &ask)?)]
    };
    let how = found.first().map(|(_, one)| Hotspots { found: Vec::new(), ..one.clone() });
    let total = found.iter().map(|(_, one)| one.total).sum();
    let catalogue = city.catalogue();
    let severity = |number: u16| catalogue.severity(snapshot.service_name(number));
    let mut named = Vec::new();
    for (services, hotspots) in found {
        let numbers = watched.follow(&question.name(&services), &hotspots.found, ask.before);
        named.extend(hotspots.found.into_iter().zip(numbers).map(|(hotspot, number)| {
            let priority = Priority::of(&hotspot, ask.before, severity);
            Named { hotspot, number, priority }
        }));
    }
    if let Some(bbox) = &question.filter.bbox {
        named.retain(|one| one.hotspot.cells.iter().any(|cell| cell.is_in(bbox)));
    }
    named.sort_by(|a, b| {
        let urgent = b.priority.total().total_cmp(&a.priority.total());
        urgent.then(a.number.cmp(&b.number))
    });
    let how = how.map(|how| Hotspots { total, ..how }).ok_or(NoTest::NoReports)?;
    Ok((named, ask, how))
}

/// Where most of these reports are, by their addresses: some of them are read.
pub fn streets_of(site: &Site, city: &City, members: &[&str]) -> Result<Vec<String>> {
    let step = members.len().div_ceil(ADDRESSES).max(1);
    let ids: Vec<&str> = members.iter().step_by(step).copied().collect();
    let stored = site.app.reader().get_many(city.id(), &ids)?;
    Ok(streets(stored.iter().filter_map(|stored| stored.report.address.as_deref())))
}

/// What a handler needs to tell of hotspots.
struct Telling<'a> {
    site: &'a Site,
    city: &'a City,
    snapshot: &'a Snapshot,
    language: Language,
}

impl Telling<'_> {
    fn feature(
        &self,
        one: &Named,
        rank: Option<usize>,
        ask: &HotspotAsk,
    ) -> Result<AreaFeature<serde_json::Value>> {
        let Self { site, city, snapshot, language } = self;
        let catalogue = city.catalogue();
        let speech = Speech { catalogue: &catalogue, zone: city.zone(), language: *language };
        let members = one.hotspot.members.iter();
        let ids: Vec<&str> = members.map(|handle| snapshot.id(*handle)).collect();
        let told = HotspotOut {
            hotspot: &one.hotspot,
            number: one.number,
            rank,
            priority: one.priority,
            streets: streets_of(site, city, &ids)?,
            days: (ask.before - ask.from) as f64 / 86_400.0,
        };
        Ok(out::hotspot(snapshot, &told, &speech))
    }
}

fn list_answer(telling: &Telling<'_>, question: &Question, watched: &CityWatch) -> Result<Vec<u8>> {
    let Telling { city, snapshot, language, .. } = telling;
    checked_areas(snapshot, &question.filter)?;
    bounded(snapshot, question.ask.resolution, question.cells_max)?;
    let revision = snapshot.revision();
    let (found, ask, how) = match find(snapshot, question, city, watched) {
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
        shown.map(|(one, rank)| telling.feature(one, Some(rank), &ask)).collect();
    let head = serde_json::json!({
        "window": WindowOut::new(ask.from, ask.before),
        "statistic": {
            "available": true,
            "resolution": ask.resolution,
            "k": how.k,
            "cells": how.cells,
            "exposure": ask.exposure.as_str(),
            "false_discovery_rate": ask.rate,
        },
        "total": how.total,
    });
    to_json(&AreaCollection::new(revision, head, matched, features?))
}

/// `GET /api/v1/hotspots?by&days&level&resolution&k&exposure&bbox`
pub async fn list(State(site): State<Arc<Site>>, mut ask: Ask) -> Answer {
    let city = ask.city(&site)?;
    let question = read(&mut ask, &site)?;
    let ask = finished(ask)?;
    let watched = site.watch.city(&site.app, &city)?;
    let own = (site.clone(), city.clone());
    let answer = fresh(&site, ask, &city, MEDIA_TYPE, Effort::Long, move |snapshot, ask| {
        let (site, city) = &own;
        let telling = Telling { site, city, snapshot, language: ask.language };
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
    site: &Site,
    city: &City,
    snapshot: &Snapshot,
    filter: &Filter,
    language: Language,
) -> Result<Vec<serde_json::Value>> {
    let watched = site.watch.city(&site.app, city)?;
    let question = Question {
        filter: Filter { incidents: standing_filter().incidents, ..filter.clone() },
        ask: standing(0),
        days: DAYS,
        by_service: true,
        limit: site.app.limits.hotspots_max,
        cells_max: usize::MAX,
    };
    let Ok((found, ask, _)) = find(snapshot, &question, city, &watched) else {
        return Ok(Vec::new());
    };
    let telling = Telling { site, city, snapshot, language };
    let shown = found.iter().take(question.limit).zip(1..);
    let feature = |(one, rank)| {
        serde_json::to_value(telling.feature(one, Some(rank), &ask)?).map_err(Error::internal)
    };
    shown.map(feature).collect()
}

/// A hotspot as it is now, if its question is a standing one and it is still there.
fn now(
    telling: &Telling<'_>,
    track: &Track,
    watched: &CityWatch,
) -> Result<Option<AreaFeature<serde_json::Value>>> {
    let code = standing_service(&track.question);
    let Some(service) = code.and_then(ServiceCode::new) else { return Ok(None) };
    let question = Question {
        filter: Filter { services: Some(vec![service]), ..standing_filter() },
        ask: standing(0),
        days: DAYS,
        by_service: true,
        limit: 1,
        cells_max: usize::MAX,
    };
    let Ok((found, ask, _)) = find(telling.snapshot, &question, telling.city, watched) else {
        return Ok(None);
    };
    let one = found.iter().find(|one| one.number == track.number);
    one.map(|one| telling.feature(one, None, &ask)).transpose()
}

/// `GET /api/v1/hotspots/{id}`
pub async fn one(State(site): State<Arc<Site>>, Path(id): Path<String>, ask: Ask) -> Answer {
    let city = ask.city(&site)?;
    let ask = finished(ask)?;
    let watched = site.watch.city(&site.app, &city)?;
    let number: Option<u64> = id.parse().ok();
    let track = number.and_then(|number| watched.track(number));
    let track = track.ok_or_else(|| Error::not_found(&id))?;
    let own = (site.clone(), city.clone());
    let answer = fresh(&site, ask, &city, MEDIA_TYPE, Effort::Long, move |snapshot, ask| {
        let (site, city) = &own;
        let telling = Telling { site, city, snapshot, language: ask.language };
        let feature = match now(&telling, &track, &watched)? {
            Some(feature) => {
                // Looking at it may have added to its life.
                let track = watched.track(track.number).unwrap_or(track);
                feature.with("history", out::life(&track)).with("ended", track.ended.into())
            }
            None => out::followed(&track),
        };
        to_json(&Lone::new(snapshot.revision(), feature))
    });
    Ok(answer.await?)
}

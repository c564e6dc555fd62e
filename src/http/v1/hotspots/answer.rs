//! Hotspots, density clusters, alerts and recurrences as GeoJSON.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::domain::HotspotTrack;
use crate::export::areas::{AreaFeature, AreaGeometry, drawn, figure, ring, shape};
use crate::export::geojson::instant;
use crate::http::v1::hexes;
use crate::http::v1::sentences::SentenceNames;
use crate::index::{DocAddress, Snapshot};
use crate::place::Hex;
use crate::query::{Alert, DensityCluster, Hotspot, Priority, Recurrence, trend_direction};

/// Tracking numbers told of one feature at most; `count` tells how many there are.
const MEMBERS_MAX: usize = 200;

/// The outline of cells.
pub fn outline(cells: &[Hex]) -> Option<AreaGeometry> {
    let polygons = Hex::outline(cells).into_iter();
    shape(polygons.map(|rings| rings.iter().map(|corners| ring(corners)).collect()).collect())
}

fn members(snapshot: &Snapshot, members: &[DocAddress]) -> Vec<String> {
    members.iter().take(MEMBERS_MAX).map(|address| snapshot.id(*address).to_owned()).collect()
}

fn counts(snapshot: &Snapshot, services: &[(u16, u64)]) -> Map<String, Value> {
    let named = services.iter();
    named.map(|(number, n)| (snapshot.service_code(*number).to_owned(), json!(n))).collect()
}

fn trend_word(trend_direction: i8) -> &'static str {
    match trend_direction {
        1 => "growing",
        -1 => "shrinking",
        _ => "steady",
    }
}

/// What a hotspot is told with.
pub struct HotspotOut<'a> {
    /// The hotspot.
    pub hotspot: &'a Hotspot,
    /// Its number.
    pub number: u64,
    /// Its place in the list, from 1; none on its own.
    pub rank: Option<usize>,
    /// How urgent it is.
    pub priority: Priority,
    /// Streets where most of it is.
    pub streets: Vec<String>,
    /// Length of the window in days.
    pub days: f64,
}

/// The feature of a hotspot.
pub fn hotspot(
    snapshot: &Snapshot,
    out: &HotspotOut<'_>,
    speech: &SentenceNames<'_>,
) -> AreaFeature<Value> {
    let HotspotOut { hotspot, number, rank, priority, streets, days } = out;
    let codes: Vec<&str> =
        hotspot.services.iter().map(|(number, _)| snapshot.service_code(*number)).collect();
    let first = codes.first().copied().unwrap_or_default();
    let areas: Vec<&str> =
        hotspot.areas.iter().filter_map(|area| snapshot.area_name(*area)).take(3).collect();
    let ratio = hotspot.count as f64 / hotspot.expected.max(1e-9);
    let properties = json!({
        "hotspot_id": number,
        "rank": rank,
        "service_code": first,
        "service_name": speech.service(first),
        "class": hexes::answer::class_word(hotspot.class()),
        "explanation": speech.hotspot(hotspot, &codes, *days, streets),
        "count": hotspot.count,
        "open": hotspot.open,
        "expected": figure(hotspot.expected),
        "ratio": figure(ratio),
        "excess": figure(hotspot.count as f64 - hotspot.expected),
        "usual": hotspot.usual.map(figure),
        "last_year": hotspot.last_year,
        "z": figure(hotspot.z),
        "q": figure(hotspot.q),
        "since_datetime": instant(hotspot.since),
        "oldest_open_datetime": hotspot.oldest_open.map(instant),
        "trend": trend_word(trend_direction(hotspot.trend)),
        "priority": figure(priority.total()),
        "priority_parts": {
            "excess": figure(priority.excess),
            "open": figure(priority.open),
            "age": figure(priority.age),
            "trend": figure(priority.trend),
            "severity": figure(priority.severity),
        },
        "services": counts(snapshot, &hotspot.services),
        "areas": areas,
        "streets": streets,
        "cells": hotspot.cells.iter().map(Hex::to_string).collect::<Vec<_>>(),
        "service_request_ids": members(snapshot, &hotspot.members),
    });
    AreaFeature::new(number.to_string(), outline(&hotspot.cells), properties)
}

/// The life of a hotspot, oldest first.
pub fn life(track: &HotspotTrack) -> Value {
    let steps = track.steps.iter().map(|step| {
        let (event, other) = step.event.word();
        json!({
            "at": instant(step.at),
            "event": event,
            "other_hotspot_id": other,
            "count": step.count,
            "cells": step.cells,
        })
    });
    steps.collect()
}

/// The feature of a hotspot of which only its life is known.
pub fn followed(track: &HotspotTrack) -> AreaFeature<Value> {
    let properties = json!({
        "hotspot_id": track.number,
        "question": track.question,
        "count": track.count,
        "seen_datetime": instant(track.seen),
        "ended": track.ended,
        "cells": track.cells.iter().map(Hex::to_string).collect::<Vec<_>>(),
        "history": life(track),
    });
    AreaFeature::new(track.number.to_string(), outline(&track.cells), properties)
}

impl AreaFeature<Value> {
    /// The feature with one more property.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.properties[name] = value;
        self
    }
}

/// The feature of a density cluster; `rank` from 1 is its id.
pub fn density(
    snapshot: &Snapshot,
    cluster: &DensityCluster,
    rank: usize,
    with_members: bool,
) -> AreaFeature<Value> {
    let corners: Vec<[f64; 2]> = cluster.hull.iter().map(|corner| drawn(*corner)).collect();
    let geometry = match corners.as_slice() {
        [] => None,
        [one] => Some(AreaGeometry::Point(*one)),
        [_, _] => Some(AreaGeometry::LineString(corners)),
        _ => Some(AreaGeometry::Polygon(vec![ring(&cluster.hull)])),
    };
    let mut properties = json!({
        "cluster": rank,
        "count": cluster.count,
        "open": cluster.open,
        "core": cluster.core,
        "centroid": drawn(cluster.centroid),
        "oldest_open_datetime": cluster.oldest_open.map(instant),
        "services": counts(snapshot, &cluster.services),
    });
    if let Some(persistence) = cluster.persistence {
        properties["persistence"] = json!(figure(persistence));
    }
    if with_members {
        properties["service_request_ids"] = json!(members(snapshot, &cluster.members));
    }
    AreaFeature::new(rank.to_string(), geometry, properties)
}

/// The feature of an alert that ends at the second `at`.
pub fn alert(
    alert: &Alert,
    at: i64,
    streets: &[String],
    speech: &SentenceNames<'_>,
) -> AreaFeature<Value> {
    let days = (at - alert.from) / 86_400;
    let cell = alert.cells.first().map(Hex::to_string).unwrap_or_default();
    let id = format!("{}-{cell}-{days}", alert.service);
    let properties = json!({
        "service_code": alert.service.as_str(),
        "service_name": speech.service(alert.service.as_str()),
        "explanation": speech.alert(alert, days, streets),
        "from": instant(alert.from),
        "days": days,
        "count": alert.count,
        "expected": figure(alert.expected),
        "ratio": figure(f64::from(alert.count) / alert.expected.max(1e-9)),
        "log_likelihood_ratio": figure(alert.ratio),
        "p": figure(alert.p),
        "recurrence_days": figure(alert.recurrence_days),
        "service_request_ids": &alert.members[..alert.members.len().min(MEMBERS_MAX)],
        "level": if alert.recurrence_days >= 365.0 { "alert" } else { "watch" },
        "streets": streets,
    });
    AreaFeature::new(id, outline(&alert.cells), properties)
}

/// The feature of a place where repairs did not last.
pub fn recurrence(
    snapshot: &Snapshot,
    place: &Recurrence,
    address: Option<&str>,
    speech: &SentenceNames<'_>,
) -> AreaFeature<Value> {
    let code = snapshot.service_code(place.service);
    let first = place.members.first().map(|address| snapshot.id(*address)).unwrap_or_default();
    let ends = (place.members.first(), place.members.last());
    let time =
        |address: Option<&DocAddress>| address.map(|address| instant(snapshot.requested(*address)));
    let properties = json!({
        "service_code": code,
        "service_name": speech.service(code),
        "address": address,
        "failed_fixes": place.failed,
        "shortest_days": figure(place.shortest_s as f64 / 86_400.0),
        "chronic": place.is_chronic,
        "count": place.members.len(),
        "open": place.open,
        "first_datetime": time(ends.0),
        "last_datetime": time(ends.1),
        "service_request_ids": members(snapshot, &place.members),
    });
    let center = AreaGeometry::Point(drawn(place.center));
    AreaFeature::new(first.to_owned(), Some(center), properties)
}

/// One feature on its own, true of a revision.
#[derive(Serialize)]
pub struct SingleFeature {
    as_of: u64,
    #[serde(flatten)]
    feature: AreaFeature<Value>,
}

impl SingleFeature {
    /// The feature, true of revision `as_of`.
    pub fn new(as_of: u64, feature: AreaFeature<Value>) -> Self {
        Self { as_of, feature }
    }
}

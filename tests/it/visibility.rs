//! Attacks on what services that are not exact hide, and the public index compared with one that
//! is built from scratch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pointchaud::domain::{Filter, View};
use pointchaud::index::Snapshot;
use pointchaud::place::{H3Cell, Position, distance};
use pointchaud::store::Reader;
use pointchaud::usecase::City;
use serde_json::{Value, json};

use crate::common::filing::{ago, file, id, regroup};
use crate::common::private_city::{POLICIES, PrivateCity, private_city, set};
use crate::common::{Client, Folder, LocalService, eventually};

/// The reports of `street` nearest to a place: number, position and distance.
fn nearest(client: &Client, lon: f64, lat: f64) -> Vec<(String, Position, f64)> {
    let path = format!("/api/v1/nearest?lon={lon}&lat={lat}&service=graffiti&k=50&max_m=3000");
    let found = client.get(&path).json();
    let one = |feature: &Value| {
        let at = &feature["geometry"]["coordinates"];
        let at = Position::new(at[0].as_f64().unwrap(), at[1].as_f64().unwrap()).unwrap();
        let far = feature["properties"]["distance_m"].as_f64().unwrap();
        (feature["id"].as_str().unwrap().to_owned(), at, far)
    };
    found["features"].as_array().unwrap().iter().map(one).collect()
}

fn position(city: &PrivateCity, service: &str) -> (String, Position) {
    let one = city.planted.iter().find(|one| one.service == service).unwrap();
    (one.id.clone(), Position::new(one.lon_lat.0, one.lon_lat.1).unwrap())
}

#[test]
fn averaging_and_trilateration_find_the_public_point_alone() {
    let city = private_city();
    let (id, real) = position(&city, "graffiti");
    let [lon, lat] = H3Cell::of(real.lon(), real.lat(), 10).unwrap().center();
    let shown = Position::new(lon, lat).unwrap();
    assert!(distance(real, shown).0 > 1.0, "the test needs a report beside its public point");
    let mut seen = BTreeSet::new();
    for n in 0..60 {
        let (east, north) = (f64::from(n % 8) - 3.5, f64::from(n / 8) - 3.5);
        let from = Position::new(real.lon() + east / 3e3, real.lat() + north / 4e3).unwrap();
        let found = nearest(&city.public, from.lon(), from.lat());
        let (_, at, far) = found.iter().find(|(known, ..)| *known == id).unwrap();
        seen.insert(format!("{at:?}"));
        // Every distance is that to the public point: circles meet there and nowhere else.
        assert!((far - distance(from, shown).0).abs() < 0.01, "{far}");
        // A circle that ends just before the public point misses it, wherever the report is.
        let within = |radius: f64| {
            let (lon, lat) = (from.lon(), from.lat());
            let path = format!(
                "/api/v1/within?lon={lon}&lat={lat}&radius_m={radius}&service=graffiti&limit=100"
            );
            let list = city.public.get(&path).json();
            let all = list["features"].as_array().unwrap_or_else(|| panic!("{path}: {list}"));
            all.iter().any(|one| one["id"] == *id)
        };
        let far = distance(from, shown).0;
        assert!(within(far + 0.5) && !within((far - 0.5).max(0.1)), "{far}");
    }
    assert_eq!(seen.len(), 1, "the same point in every answer: {seen:?}");
}

/// How many reports of a service a client counts in a box.
fn counted(client: &Client, service: &str, bbox: [f64; 4]) -> u64 {
    let [west, south, east, north] = bbox;
    let path = format!("/api/v1/stats?service={service}&bbox={west},{south},{east},{north}");
    let found = client.get(&path).json();
    found["total"].as_u64().unwrap_or_else(|| panic!("{path}: {found}"))
}

/// Where the westernmost, southernmost, easternmost and northernmost report of a service is, found
/// by counts in boxes that are halved again and again; `None` where nothing is counted at all.
fn found_by_boxes(client: &Client, service: &str) -> Option<[f64; 4]> {
    let whole = [-71.6, 46.6, -70.9, 47.1];
    let all = counted(client, service, whole);
    if all == 0 {
        return None;
    }
    let edge = |side: usize| {
        // Moving this side inwards to `outer` loses nothing, to `inner` loses a report.
        let (mut outer, mut inner) = (whole[side], whole[(side + 2) % 4]);
        for _ in 0..26 {
            let middle = f64::midpoint(outer, inner);
            let mut cut = whole;
            cut[side] = middle;
            match counted(client, service, cut) == all {
                true => outer = middle,
                false => inner = middle,
            }
        }
        outer
    };
    Some([0, 1, 2, 3].map(edge))
}

/// Where the reports of a service are, each found by the distances that `nearest` tells from three
/// places; empty where it lists none.
fn found_by_distances(client: &Client, service: &str, at: Position) -> Vec<Position> {
    let corners = [(-0.01, -0.01), (0.012, -0.008), (0.0, 0.011)];
    let from = corners.map(|(x, y)| Position::new(at.lon() + x, at.lat() + y).unwrap());
    let mut far: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for from in from {
        let (lon, lat) = (from.lon(), from.lat());
        let path = format!("/api/v1/nearest?lon={lon}&lat={lat}&service={service}&k=50&max_m=9000");
        for one in client.get(&path).json()["features"].as_array().unwrap() {
            let metres = one["properties"]["distance_m"].as_f64().unwrap();
            far.entry(one["id"].as_str().unwrap().into()).or_default().push(metres);
        }
    }
    // Descent by ever smaller steps to where all three distances are as they were answered.
    let place = |answered: &Vec<f64>| {
        let wrong = |at: Position| -> f64 {
            from.iter().zip(answered).map(|(from, far)| (distance(*from, at).0 - far).powi(2)).sum()
        };
        let (mut best, mut step) = (at, 0.01);
        while step > 1e-9 {
            let moves = [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)];
            let next = moves.map(|(x, y)| Position::new(best.lon() + x, best.lat() + y).unwrap());
            let better = next.into_iter().min_by(|a, b| wrong(*a).total_cmp(&wrong(*b))).unwrap();
            if wrong(better) < wrong(best) { best = better } else { step /= 2.0 }
        }
        best
    };
    far.values().filter(|known| known.len() == 3).map(place).collect()
}

/// The reports of a service that any list around a place has.
fn listed_around(client: &Client, service: &str, at: Position) -> usize {
    let (lon, lat) = (at.lon(), at.lat());
    let mut count = 0;
    for radius in [1, 30, 100, 1_000, 20_000] {
        let path =
            format!("/api/v1/within?lon={lon}&lat={lat}&radius_m={radius}&service={service}");
        count += client.get(&path).json()["features"].as_array().unwrap().len();
    }
    let around = format!("{},{},{},{}", lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01);
    for path in [
        format!("/api/v1/reports?service={service}&bbox={around}"),
        format!("/api/v1/clusters?service={service}&bbox={around}&zoom=18"),
    ] {
        count += client.get(&path).json()["features"].as_array().unwrap().len();
    }
    count
}

#[test]
fn trilateration_finds_no_place_of_a_service_of_cell() {
    const SERVICE: &str = "batiment-insalubre";
    let city = private_city();
    let places: Vec<Position> = planted_at(&city, SERVICE);
    let near = |at: Position| places.iter().map(|real| distance(at, *real).0).fold(1e9, f64::min);
    // The attack works: with the crews' key it finds every report to less than a metre.
    let crew = found_by_distances(&city.crew, SERVICE, places[0]);
    assert_eq!(crew.len(), places.len());
    assert!(crew.iter().all(|at| near(*at) < 1.0), "{crew:?}");
    let [west, south, ..] = found_by_boxes(&city.crew, SERVICE).unwrap();
    let least = |of: fn(&Position) -> f64| places.iter().map(of).fold(f64::MAX, f64::min);
    assert!((west - least(|at| at.lon())).abs() < 1e-6, "{west}");
    assert!((south - least(|at| at.lat())).abs() < 1e-6, "{south}");
    assert!(listed_around(&city.crew, SERVICE, places[0]) > 0);

    // The public finds one point, the centre of a cell, whatever it asks.
    assert_eq!(found_by_distances(&city.public, SERVICE, places[0]), []);
    assert_eq!(listed_around(&city.public, SERVICE, places[0]), 0);
    let [west, south, east, north] = found_by_boxes(&city.public, SERVICE).unwrap();
    assert!((east - west).abs() < 1e-6 && (north - south).abs() < 1e-6, "{west} {east}");
    let found = Position::new(west, south).unwrap();
    let is_center = (6..=9).any(|resolution| {
        let [lon, lat] = H3Cell::of(west, south, resolution).unwrap().center();
        distance(found, Position::new(lon, lat).unwrap()).0 < 1.0
    });
    assert!(is_center && near(found) > 5.0, "{found:?}, {} m", near(found));
}

#[test]
fn trilateration_finds_nothing_of_a_hidden_service() {
    const SERVICE: &str = "seringue";
    let city = private_city();
    let places = planted_at(&city, SERVICE);
    let near = |at: Position| places.iter().map(|real| distance(at, *real).0).fold(1e9, f64::min);
    let crew = found_by_distances(&city.crew, SERVICE, places[0]);
    assert!(crew.len() == places.len() && crew.iter().all(|at| near(*at) < 1.0), "{crew:?}");
    assert!(found_by_boxes(&city.crew, SERVICE).is_some());
    assert_eq!(found_by_distances(&city.public, SERVICE, places[0]), []);
    assert_eq!(found_by_boxes(&city.public, SERVICE), None);
    assert_eq!(listed_around(&city.public, SERVICE, places[0]), 0);
    // Nor by what all services together count around the place, with it and without it.
    let (at, mut seen) = (places[0], BTreeSet::new());
    let other: Vec<&str> =
        POLICIES.iter().map(|(code, _)| *code).filter(|c| *c != SERVICE).collect();
    for half in [1e-5, 1e-4, 1e-3, 1e-2] {
        let bbox = [at.lon() - half, at.lat() - half, at.lon() + half, at.lat() + half];
        let all: Vec<&str> = POLICIES.iter().map(|(code, _)| *code).collect();
        let [with, without] =
            [all.join(","), other.join(",")].map(|codes| counted(&city.public, &codes, bbox));
        assert_eq!(with, without, "{half}");
        seen.insert(with);
    }
    assert!(seen.len() > 1, "some boxes have reports, and some have not: {seen:?}");
}

fn planted_at(city: &PrivateCity, service: &str) -> Vec<Position> {
    let own = city.planted.iter().filter(|one| one.service == service);
    own.map(|one| Position::new(one.lon_lat.0, one.lon_lat.1).unwrap()).collect()
}

/// Hexagons of a service with their counts.
fn hexes(client: &Client, service: &str) -> Vec<(String, u64)> {
    let path = format!(
        "/api/v1/hexes?resolution=10&service={service}&bbox=-71.6,46.6,-70.9,47.1&count=reports"
    );
    let found = client.get(&path).json();
    let all = found["features"].as_array().unwrap_or_else(|| panic!("{found}"));
    let one = |one: &Value| {
        (one["id"].as_str().unwrap().to_owned(), one["properties"]["count"].as_u64().unwrap())
    };
    let mut all: Vec<_> = all.iter().map(one).collect();
    all.sort();
    all
}

#[test]
fn differences_of_counts_do_not_tell_the_place_of_a_new_report() {
    let city = private_city();
    let total = |service: &str| {
        let path = format!("/api/v1/stats?service={service}");
        city.public.get(&path).json()["total"].as_u64().unwrap()
    };
    let before = hexes(&city.public, "batiment-insalubre");
    assert_eq!(before.iter().map(|(_, n)| n).sum::<u64>(), 6, "{before:?}");
    // Beside the others and far from them: the new report is counted where there are others.
    for (n, lon, lat) in [(1, -71.2084, 46.8143), (2, -71.2120, 46.8150), (3, -71.2003, 46.8111)] {
        let body = json!({ "service_code": "batiment-insalubre", "lon": lon, "lat": lat,
            "requested_datetime": ago(n) });
        id(&city.public.post("/api/v1/reports", &body.to_string()));
        let after = hexes(&city.public, "batiment-insalubre");
        let places = |list: &[(String, u64)]| -> Vec<String> {
            list.iter().map(|(cell, _)| cell.clone()).collect()
        };
        assert_eq!(places(&after), places(&before), "no new place");
        assert_eq!(after.iter().map(|(_, n)| n).sum::<u64>(), 6 + n as u64);
        assert_eq!(total("batiment-insalubre"), 6 + n as u64);
    }
    // One of a hidden service changes no count, neither its own nor that of all the others.
    let all = |query: &str| {
        let found = city.public.get(&format!("/api/v1/stats?{query}")).json();
        found["total"].as_u64().unwrap()
    };
    let (whole, open) = (all(""), all("status=open"));
    let body = json!({ "service_code": "seringue", "lon": -71.2081, "lat": 46.8140 });
    id(&city.public.post("/api/v1/reports", &body.to_string()));
    assert_eq!((all(""), all("status=open"), total("seringue")), (whole, open, 0));
    // Each service and all of them: nothing is left over for the hidden one.
    let sum: u64 = POLICIES.iter().map(|(service, _)| total(service)).sum();
    assert_eq!(sum, all(""));
}

#[test]
fn a_hidden_report_is_never_proposed_and_never_chosen() {
    let city = private_city();
    let (hidden, at) = position(&city, "seringue");
    let (street, _) = position(&city, "graffiti");
    let ask = |client: &Client, service: &str| {
        let (lon, lat) = (at.lon(), at.lat());
        client.get(&format!("/api/v1/duplicates?lon={lon}&lat={lat}&service={service}&limit=20"))
    };
    let text = |answer: crate::common::Answer| String::from_utf8(answer.body).unwrap();
    assert!(text(ask(&city.crew, "seringue")).contains(&hidden));
    for service in ["seringue", "graffiti", "batiment-insalubre"] {
        assert!(!text(ask(&city.public, service)).contains(&hidden), "{service}");
    }
    let found = text(ask(&city.public, "graffiti"));
    assert!(found.contains(&street) || found.contains("graffiti"), "{found}");
    let body = json!({ "service_code": "seringue", "lon": at.lon(), "lat": at.lat() }).to_string();
    let chosen = city.public.post(&format!("/api/v1/reports?dedupe=warn&confirm={hidden}"), &body);
    assert!(chosen.status >= 400, "{chosen:?}");
    let filed = city.public.post("/api/v1/reports?dedupe=attach", &body);
    assert!(!text(filed).contains(&hidden));
}

/// The fields of every report of a snapshot.
fn all(snapshot: &Snapshot, with_ids: bool) -> BTreeSet<String> {
    let filter = Filter { approximate: true, ..Filter::default() };
    let mut found = BTreeSet::new();
    let mut n = 0;
    snapshot.scan(&snapshot.compiled(&filter), |batch| {
        batch.slots().each(|slot| {
            let view = snapshot.view(batch.address(slot));
            n += 1;
            found.insert(match with_ids {
                true => format!("{view:?}"),
                false => {
                    format!("{n} {} {:?} {}", view.service, view.status, view.requested)
                }
            });
        });
    });
    found
}

/// The public lists of a running city and of one that is read from the store anew.
fn assert_as_rebuilt(service: &LocalService, folder: &Folder, step: &str) {
    let own = service.app.city(None).unwrap();
    let reader = Reader::open(&folder.file("city.db")).unwrap();
    let base = service.app.catalogues().of(own.id());
    let clock = own.clock().clone();
    let fresh = City::new((*own.jurisdiction()).clone(), base, &reader, clock).unwrap();
    fresh.boot(&reader).unwrap();
    let both = |view: View| [&*own, &fresh].map(|city| city.snapshots(view).load());
    let [kept, built] = both(View::Listed);
    assert_eq!(all(&kept, true), all(&built, true), "{step}");
    assert_eq!(kept.revision(), built.revision(), "{step}");
    let [kept, built] = both(View::Counted);
    assert_eq!(kept.len(), built.len(), "{step}");
    assert_eq!(all(&kept, false).len(), all(&built, false).len(), "{step}");
}

#[test]
fn the_public_index_is_that_of_a_fresh_start_whatever_happens() {
    let folder = Folder::new("visibility");
    let service = LocalService::start(&folder);
    let city = service.app.city(None).unwrap();
    let shares = || {
        let load = |view| city.snapshots(view).load();
        Arc::ptr_eq(&load(View::Crew), &load(View::Listed))
            && Arc::ptr_eq(&load(View::Crew), &load(View::Counted))
    };
    let mut ids: Vec<String> = Vec::new();
    for n in 0..24 {
        let code = POLICIES[n % 4].0;
        ids.push(file(&service, code, 30 + n as i64, n as f64));
    }
    assert!(shares(), "where everything is exact one index serves all");
    set(&service, &folder, &POLICIES);
    assert!(!shares());
    assert_as_rebuilt(&service, &folder, "policies set");
    assert_eq!(city.snapshots(View::Listed).load().len(), 12);
    assert_eq!(city.snapshots(View::Counted).load().len(), 18);

    changes_are_followed(&service, &folder, &ids);

    // Other policies while it runs, and none at last.
    set(&service, &folder, &[("graffiti", "hidden"), ("seringue", "exact")]);
    assert_as_rebuilt(&service, &folder, "other policies");
    let exact = POLICIES.map(|(code, _)| (code, "exact"));
    set(&service, &folder, &exact);
    eventually("one index serves all again", shares);
}

/// Reports move between services and places, are merged and come in a batch.
fn changes_are_followed(service: &LocalService, folder: &Folder, ids: &[String]) {
    let patch = |id: &str, body: Value| {
        let path = format!("/api/v1/reports/{id}");
        let headers = [("Content-Type", "application/json")];
        let answer = service.ask("PATCH", &path, &headers, body.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    for (n, to) in
        [(0, "seringue"), (1, "batiment-insalubre"), (2, "graffiti"), (3, "nid-de-poule")]
    {
        patch(&ids[n], json!({ "service_code": to }));
        assert_as_rebuilt(service, folder, to);
    }
    assert_eq!(service.get(&format!("/api/v1/reports/{}", ids[0])).status, 404);
    assert_eq!(service.get(&format!("/api/v1/reports/{}", ids[3])).status, 200);
    patch(&ids[5], json!({ "lon": -71.25, "lat": 46.83 }));
    assert_as_rebuilt(service, folder, "moved");

    // A duplicate of a report that is hidden does not tell it; it does once that is shown again.
    let (parent, child) = (&ids[4], &ids[8]);
    assert_eq!(regroup(service, parent, "merge", json!({ "reports": [child] })).status, 200);
    assert_as_rebuilt(service, folder, "merged");
    let is_named = || {
        let answer = service.get(&format!("/api/v1/reports/{child}")).body;
        String::from_utf8(answer).unwrap().contains(parent.as_str())
    };
    assert!(is_named());
    patch(parent, json!({ "service_code": "seringue" }));
    assert!(!is_named());
    assert_as_rebuilt(service, folder, "the original is hidden");
    for path in ["reports/{}/history", "incidents/{}"] {
        let path = format!("/api/v1/{}", path.replace("{}", child));
        let body = String::from_utf8(service.get(&path).body).unwrap();
        assert!(!body.contains(parent.as_str()), "{path}: {body}");
    }
    patch(parent, json!({ "service_code": "nid-de-poule" }));
    assert!(is_named());
    assert_as_rebuilt(service, folder, "the original is shown again");

    // A batch.
    let line = |n: usize| {
        let code = POLICIES[n % 4].0;
        json!({ "service_code": code, "lon": -71.22, "lat": 46.82 }).to_string() + "\n"
    };
    let lines: String = (0..40).map(line).collect();
    let headers = [("Content-Type", "application/x-ndjson")];
    let answer = service.ask("POST", "/api/v1/reports/batch", &headers, lines.as_bytes());
    assert!(answer.status < 300, "{answer:?}");
    assert_as_rebuilt(service, folder, "batch");
}

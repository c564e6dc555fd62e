//! Attacks on what services that are not exact hide, and the public index compared with one that
//! is built from scratch.

use std::collections::BTreeSet;
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

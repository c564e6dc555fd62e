//! Hotspots, hexagons, alerts and recurrences under filters, and what is usual at a place, through
//! the front door.

use crate::common::filing::ago;
use crate::common::{Client, Folder, LocalService};
use crate::hotspots::{row, send};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// A city of three areas in which two potholes' places and one of graffiti are hot.
fn city_with_areas(service: &Client) {
    let mut rng = ChaCha8Rng::seed_from_u64(14);
    let mut rows = Vec::new();
    let mut add = |kind: &str, (lon, lat): (f64, f64), hours: i64| {
        let area = ["Limoilou", "Sillery", "Beauport"][((lon + 71.32) / 0.04) as usize % 3];
        let mut row = row(kind, (lon, lat), hours);
        row["area"] = json!(area);
        row["channel"] = json!(if hours % 3 == 0 { "app" } else { "phone" });
        rows.push(row);
    };
    for n in 0..3_000 {
        let kind = ["nid-de-poule", "lampadaire", "graffiti", "fuite-eau"][n % 4];
        let at = (rng.random_range(-71.32..-71.20), rng.random_range(46.80..46.86));
        add(kind, at, rng.random_range(24..8_600));
    }
    let places = [("nid-de-poule", -71.300), ("nid-de-poule", -71.228), ("graffiti", -71.215)];
    for n in 0..75 {
        let (kind, lon) = places[n % 3];
        let near = |rng: &mut ChaCha8Rng| rng.random_range(-1e-3..1e-3);
        let at = (lon + near(&mut rng), 46.83 + near(&mut rng));
        add(kind, at, rng.random_range(1..200));
    }
    send(service, &rows);
}

/// The features of a collection by id, without the rank in the list.
fn by_id(answer: &Value) -> Vec<Value> {
    let mut features = answer["features"].as_array().unwrap().clone();
    for feature in &mut features {
        feature["properties"].as_object_mut().unwrap().remove("rank");
    }
    features.sort_by_key(|feature| feature["id"].to_string());
    features
}

#[test]
fn area_box_and_service_select_among_the_hotspots_of_the_city() {
    let folder = Folder::new("hot-areas");
    let service = LocalService::start(&folder);
    city_with_areas(&service);
    let whole = service.get("/api/v1/hotspots").json();
    let all = by_id(&whole);
    assert_eq!(all.len(), 3, "{whole}");
    for (filter, places) in [
        ("area=Limoilou", 1),
        ("area=Sillery", 0),
        ("area=Beauport", 2),
        ("area=Limoilou,Beauport", 3),
        ("area=Beauport&service=graffiti", 1),
        ("bbox=-71.31,46.82,-71.29,46.84", 1),
        ("service=graffiti", 1),
        ("service=graffiti&area=Limoilou", 0),
    ] {
        let cut = service.get(&format!("/api/v1/hotspots?{filter}")).json();
        let found = by_id(&cut);
        assert_eq!(found.len(), places, "{filter}: {cut}");
        assert!(found.iter().all(|one| all.contains(one)), "{filter}: {found:?}");
    }
    // A box as small as a doorway finds the hotspot whose hexagon it lies in or touches.
    for feature in whole["features"].as_array().unwrap() {
        let mut ring = &feature["geometry"]["coordinates"];
        while !ring[0][0].is_number() {
            ring = &ring[0];
        }
        let (lon, lat) = (ring[0][0].as_f64().unwrap(), ring[0][1].as_f64().unwrap());
        let (w, s, e, n) = (lon - 1e-5, lat - 1e-5, lon + 1e-5, lat + 1e-5);
        let cut = service.get(&format!("/api/v1/hotspots?bbox={w},{s},{e},{n}")).json();
        let id = &feature["id"];
        let found = cut["features"].as_array().unwrap();
        assert!(found.iter().any(|one| one["id"] == *id), "{id}: {cut}");
    }
    // The statuses, channels and natures define the population: other hotspots, with other numbers.
    for filter in ["status=open", "channel=phone", "status=open&channel=phone", "count=reports"] {
        let found = by_id(&service.get(&format!("/api/v1/hotspots?{filter}")).json());
        assert!(!found.is_empty() && found.iter().all(|one| !all.contains(one)), "{filter}");
        let area = service.get(&format!("/api/v1/hotspots?{filter}&area=Limoilou")).json();
        let area = by_id(&area);
        assert!(area.len() < found.len() && area.iter().all(|one| found.contains(one)));
    }
    // What a hotspot is, is shown.
    let statistic = &whole["statistic"];
    assert_eq!(
        (&statistic["count_min"], &statistic["ratio_min"], &statistic["recent_days"]),
        (&json!(5), &json!(1.5), &json!(14.0))
    );
    for one in &all {
        let of = &one["properties"];
        assert!(of["count"].as_u64().unwrap() >= 5);
        // Where less than one report is expected, a ratio says little and is null.
        let is_strong = of["ratio"].as_f64().map(|ratio| ratio >= 1.5);
        assert_eq!(is_strong, (of["expected"].as_f64().unwrap() >= 1.0).then_some(true));
        assert_eq!(of["population"], "year");
        let ring = of["ring_cells"].as_array().unwrap();
        assert!(
            !ring.is_empty() && of["cells"].as_array().unwrap().iter().all(|c| !ring.contains(c))
        );
        // The excess began less than nine days ago, and there is no earlier year.
        let since = of["since_datetime"].as_str().unwrap();
        assert!(since >= ago(220).as_str(), "{since}");
        assert_eq!((&of["usual"], &of["last_year"]), (&json!(null), &json!(null)));
    }
    let bad = service.get("/api/v1/hotspots?area=Atlantide");
    assert_eq!((bad.status, bad.fields()), (400, vec!["area".to_owned()]));
}

#[test]
fn hexagons_alerts_and_recurrences_are_those_of_the_city_in_an_area() {
    let folder = Folder::new("hex-areas");
    let service = LocalService::start(&folder);
    city_with_areas(&service);
    service.examine();
    for path in [
        "hexes?resolution=9&exposure=reports&service=nid-de-poule",
        "hexes?resolution=8&from=2026-08-01&empty=true",
        "hexes?resolution=9&status=open&exposure=reports&steps=6&channel=app",
        "alerts?lang=en",
        "recurrences?radius_m=400&within_days=300",
    ] {
        let all = by_id(&service.get(&format!("/api/v1/{path}")).json());
        for area in ["Limoilou", "Sillery,Beauport"] {
            let found = by_id(&service.get(&format!("/api/v1/{path}&area={area}")).json());
            assert!(found.iter().all(|one| all.contains(one)), "{path} {area}");
            assert!(
                !found.is_empty() && found.len() < all.len() || path.contains("recurr"),
                "{path}"
            );
        }
        let bad = service.get(&format!("/api/v1/{path}&area=Atlantide"));
        assert_eq!((bad.status, bad.fields()), (400, vec!["area".to_owned()]), "{path}");
    }
    for path in [
        "alerts?status=open&channel=app&nature=intervention&from=2026-01-01&approximate=true",
        "dbscan?eps_m=100&min_points=5&area=Limoilou,Sillery&status=open&channel=app",
        "recurrences?status=open&channel=app&area=Limoilou&count=incidents",
    ] {
        assert_eq!(service.get(&format!("/api/v1/{path}")).status, 200, "{path}");
    }
    // What an alert cannot take is named.
    for (query, field) in [("count=reports", "count"), ("days=3", "days"), ("q=x", "q")] {
        let bad = service.get(&format!("/api/v1/alerts?{query}"));
        assert_eq!((bad.status, bad.fields()), (400, vec![field.to_owned()]), "{query}");
    }
    // A hexagon without a report is not hot, whatever its neighbours are.
    let path = "hexes?resolution=9&exposure=reports&service=graffiti&from=2026-09-20&empty=true";
    let hexes = service.get(&format!("/api/v1/{path}")).json();
    let of = |hex: &Value| hex["properties"].clone();
    let hexes: Vec<Value> = hexes["features"].as_array().unwrap().iter().map(of).collect();
    let is_hot = |hex: &&Value| hex["class"].as_str().is_some_and(|c| c.starts_with("hot"));
    assert!(hexes.iter().any(|hex| is_hot(&hex)));
    assert!(hexes.iter().filter(is_hot).all(|hex| hex["count"].as_u64() > Some(0)));
    let ring: Vec<&Value> = hexes.iter().filter(|hex| hex["ring"] == true).collect();
    assert!(!ring.is_empty() && ring.iter().all(|hex| hex["class"] == "none" && hex["count"] == 0));
}

#[test]
fn what_is_usual_is_the_mean_of_the_same_weeks_of_earlier_years() {
    let folder = Folder::new("usual");
    let service = LocalService::start(&folder);
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut rows = Vec::new();
    // Three years of everything everywhere, so that the first two windows are complete.
    for n in 0..3_000 {
        let kind = ["nid-de-poule", "lampadaire", "graffiti", "fuite-eau"][n % 4];
        let at = (rng.random_range(-71.32..-71.20), rng.random_range(46.80..46.82));
        rows.push(row(kind, at, rng.random_range(24..3 * 8_766)));
    }
    // At one place 20 now, 6 in the same weeks last year, 2 the year before; 40 in last year's
    // winter, which is another season.
    let spot = |rows: &mut Vec<Value>, count: i64, days: i64| {
        for n in 0..count {
            let at = (-71.26 + n as f64 * 5e-5, 46.85);
            rows.push(row("nid-de-poule", at, days * 24 + 2 + n * 24 % 600));
        }
    };
    spot(&mut rows, 20, 0);
    spot(&mut rows, 6, 364);
    spot(&mut rows, 2, 728);
    spot(&mut rows, 40, 364 - 200);
    // Only now at another place.
    for n in 0..20 {
        rows.push(row("graffiti", (-71.22 + f64::from(n) * 5e-5, 46.85), i64::from(n) * 12 + 1));
    }
    send(&service, &rows);
    let found = service.get("/api/v1/hotspots?lang=en").json();
    let of = |code: &str| {
        let features = found["features"].as_array().unwrap();
        let mut one = features.iter().filter(|one| one["properties"]["service_code"] == code);
        one.next().unwrap_or_else(|| panic!("{found}"))["properties"].clone()
    };
    let potholes = of("nid-de-poule");
    assert_eq!(
        (&potholes["count"], &potholes["usual"], &potholes["usual_years"], &potholes["last_year"]),
        (&json!(20), &json!(4.0), &json!(2), &json!(6)),
        "{potholes}"
    );
    let text = potholes["explanation"].as_str().unwrap();
    assert!(
        text.contains("; 5 times the usual number here (4); 6 in the same weeks last year;"),
        "{text}"
    );
    let graffiti = of("graffiti");
    assert_eq!((&graffiti["usual"], &graffiti["last_year"]), (&json!(0.0), &json!(0)));
    assert!(graffiti["explanation"].as_str().unwrap().contains("; usually none here;"));
    let ratio = graffiti["count"].as_f64().unwrap() / graffiti["expected"].as_f64().unwrap();
    let given = graffiti["ratio"].as_f64();
    assert!(given.is_none_or(|given| (given / ratio - 1.0).abs() < 1e-3), "{graffiti}");
    assert_eq!(given.is_some(), graffiti["expected"].as_f64().unwrap() >= 1.0, "{graffiti}");
    // Reports that are closed today were open at that time: nothing is said of what is usual.
    let open = service.get("/api/v1/hotspots?status=open").json();
    for one in open["features"].as_array().unwrap() {
        assert_eq!(one["properties"]["usual"], json!(null));
    }
}

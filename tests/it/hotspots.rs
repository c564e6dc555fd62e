//! Hotspots, hexagons, alerts, density and recurrence through the front door.

use crate::common::filing::ago;
use crate::common::{Answer, Client, Folder, LocalService, Service, data_or_skip, done};
use geojson::{FeatureCollection, GeoJson};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

const BURST: (f64, f64) = (-71.2600, 46.8300);

pub fn row(service: &str, (lon, lat): (f64, f64), hours: i64) -> Value {
    json!({
        "service_code": service, "lon": lon, "lat": lat, "requested_datetime": ago(hours),
        "address": "12 rue des Érables, Limoilou",
    })
}

/// A year of four services all over a city, and potholes that have just begun in one place.
fn city(service: &Client) {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut rows = Vec::new();
    for n in 0..2_400 {
        let kind = ["nid-de-poule", "lampadaire", "graffiti", "fuite-eau"][n % 4];
        let at = (rng.random_range(-71.32..-71.20), rng.random_range(46.80..46.86));
        rows.push(row(kind, at, rng.random_range(24..8_600)));
    }
    burst(&mut rng, &mut rows, 24);
    send(service, &rows);
}

fn burst(rng: &mut ChaCha8Rng, rows: &mut Vec<Value>, count: usize) {
    for _ in 0..count {
        let at = (BURST.0 + rng.random_range(-1e-3..1e-3), BURST.1 + rng.random_range(-1e-3..1e-3));
        rows.push(row("nid-de-poule", at, rng.random_range(1..100)));
    }
}

pub fn send(service: &Client, rows: &[Value]) {
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    let answer = service.post("/api/v1/reports/batch", &lines.join("\n"));
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Twelve potholes at one place within as many hours: a hotspot.
pub fn send_hotspot(service: &Client) {
    let place = |n: i64| (-71.26 + n as f64 * 1e-4, 46.83);
    let rows: Vec<Value> = (1..13).map(|n| row("nid-de-poule", place(n), n)).collect();
    send(service, &rows);
}

/// The collection of an answer, as a reader of GeoJSON that we did not write takes it.
fn collection(answer: &Answer) -> FeatureCollection {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.header("content-type"), Some("application/geo+json"));
    let text = std::str::from_utf8(&answer.body).unwrap();
    assert!(!text.contains("NaN") && !text.contains("Infinity"));
    let read = text.parse::<GeoJson>().unwrap();
    let collection = FeatureCollection::try_from(read).unwrap();
    for feature in &collection.features {
        let geometry = feature.geometry.as_ref().expect("a geometry");
        geo::Geometry::<f64>::try_from(geometry).expect("a geometry that holds");
    }
    collection
}

/// The pothole hotspot over the burst.
fn over_burst(answer: &Value) -> Option<Value> {
    let features = answer["features"].as_array().unwrap();
    let found = features.iter().find(|feature| {
        let of = &feature["properties"];
        of["service_code"] == "nid-de-poule" && of["count"].as_u64().unwrap() >= 20
    });
    found.map(|feature| feature["properties"].clone())
}

#[test]
fn a_burst_becomes_a_hotspot_that_keeps_its_name_and_its_life() {
    let folder = Folder::new("hotspots");
    let service = LocalService::start(&folder);
    city(&service);
    let answer = service.get("/api/v1/hotspots");
    collection(&answer);
    let first = over_burst(&answer.json()).expect("the burst");
    let id = first["hotspot_id"].as_u64().unwrap();
    // All is drawn from one seed, so that the figures are always the same.
    assert_eq!(
        ["count", "expected", "z"].map(|name| first[name].as_f64().unwrap()),
        [25.0, 1.334, 17.62],
        "{first}"
    );
    let explanation = first["explanation"].as_str().unwrap();
    for part in ["Nid-de-poule\u{a0}: ", "demandes en 30 jours", "attendue", "rue des Érables"] {
        assert!(explanation.contains(part), "{explanation}");
    }
    let english = service.get("/api/v1/hotspots?lang=en").json();
    let explanation = over_burst(&english).unwrap()["explanation"].as_str().unwrap().to_owned();
    assert!(
        explanation.contains("requests in 30 days") && explanation.contains("expected"),
        "{explanation}"
    );
    let parts = first["priority_parts"].as_object().unwrap().values();
    let sum: f64 = parts.map(|part| part.as_f64().unwrap()).sum();
    assert!((sum - first["priority"].as_f64().unwrap()).abs() < 0.1);
    // Other questions have hotspots of their own.
    let week = over_burst(&service.get("/api/v1/hotspots?days=7").json()).unwrap();
    assert_ne!(week["hotspot_id"].as_u64(), Some(id));
    let again = over_burst(&service.get("/api/v1/hotspots?days=7").json()).unwrap();
    assert_eq!(week["hotspot_id"], again["hotspot_id"]);

    // A box chooses among hotspots: they are the same ones.
    let boxed = over_burst(&service.get("/api/v1/hotspots?bbox=-71.27,46.82,-71.25,46.84").json());
    assert_eq!(boxed.expect("the burst in its box")["hotspot_id"].as_u64(), Some(id));
    let elsewhere = service.get("/api/v1/hotspots?bbox=-71.21,46.80,-71.20,46.81").json();
    assert!(over_burst(&elsewhere).is_none());

    // More of it: the same hotspot, grown; and it is written down.
    let mut rows = Vec::new();
    burst(&mut ChaCha8Rng::seed_from_u64(9), &mut rows, 30);
    send(&service, &rows);
    let grown = over_burst(&service.get("/api/v1/hotspots").json()).unwrap();
    assert_eq!(grown["hotspot_id"].as_u64(), Some(id));
    let events = |service: &Client| -> Vec<String> {
        let one = service.get(&format!("/api/v1/hotspots/{id}")).json();
        let history = one["properties"]["history"].as_array().unwrap().clone();
        history.iter().map(|step| step["event"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(events(&service), ["born", "grew"]);
    // The background watch finds nothing new, and stores the two events.
    service.examine();
    assert_eq!(events(&service), ["born", "grew"]);
    // After a new start the hotspot has the same id and the same history.
    drop(service);
    let service = LocalService::start(&folder);
    assert_eq!(events(&service), ["born", "grew"]);
    let after = over_burst(&service.get("/api/v1/hotspots").json()).unwrap();
    assert_eq!(after["hotspot_id"].as_u64(), Some(id));
    let stats = service.get("/api/v1/stats?service=nid-de-poule").json();
    assert_eq!(stats["hotspots"], 1, "{stats}");
}

#[test]
fn what_has_just_begun_raises_an_alert_without_being_asked() {
    let folder = Folder::new("alerts");
    let service = LocalService::start(&folder);
    city(&service);
    // Before the first examination the answer says that there was none.
    let before = service.get("/api/v1/alerts");
    assert_eq!(collection(&before).features.len(), 0);
    assert_eq!(before.json()["scanned"], false);
    service.examine();
    let after = service.get("/api/v1/alerts");
    assert_eq!(collection(&after).features.len(), 1);
    assert_eq!(after.json()["scanned"], true);
    let answer = service.get("/api/v1/alerts?service=nid-de-poule");
    collection(&answer);
    let alert = answer.json()["features"][0]["properties"].clone();
    assert_eq!(
        (&alert["service_code"], &alert["level"]),
        (&json!("nid-de-poule"), &json!("alert"))
    );
    assert_eq!(
        ["days", "count", "expected"].map(|name| alert[name].as_f64().unwrap()),
        [4.0, 24.0, 1.534],
        "{alert}"
    );
    assert!(alert["recurrence_days"].as_f64().unwrap() > 365.0);
    assert!(alert["explanation"].as_str().unwrap().contains("le hasard"));
    let none = service.get("/api/v1/alerts?service=graffiti").json();
    assert_eq!(none["features"].as_array().unwrap().len(), 0);
    let stats = service.get("/api/v1/stats").json();
    assert_eq!(stats["alerts"], 1, "{stats}");
}

#[test]
fn hexagons_tell_counts_classes_and_trends() {
    let folder = Folder::new("hexes");
    let service = Service::start(&folder, &[]);
    city(&service);
    let path = "/api/v1/hexes?resolution=8&empty=true";
    let all = collection(&service.get(path));
    let json = service.get(path).json();
    assert_eq!(json["cells"].as_u64().unwrap() as usize, all.features.len());
    let counted: i64 =
        all.features.iter().map(|f| f.property("count").unwrap().as_i64().unwrap()).sum();
    assert_eq!((counted, json["total"].as_i64().unwrap()), (2_424, 2_424));
    assert_eq!(json["statistic"]["available"], true);
    let burst = "nid-de-poule";
    for query in [
        format!("resolution=9&service={burst}&exposure=reports"),
        format!("resolution=8&service={burst}&k=1&permutations=199&seed=3"),
        format!("resolution=8&service={burst}&steps=12"),
    ] {
        let found = collection(&service.get(&format!("/api/v1/hexes?{query}")));
        let hot = found.features.iter().filter(|feature| {
            feature.property("class").and_then(Value::as_str).is_some_and(|c| c.starts_with("hot"))
        });
        assert!(hot.count() > 0, "{query}");
    }
    let seeded = format!("/api/v1/hexes?resolution=8&service={burst}&permutations=199&seed=3");
    assert_eq!(service.get(&seeded).body, service.get(&seeded).body);
    // A box chooses what is answered; what is hot does not depend on it.
    let boxed = service.get(&format!("{path}&bbox=-71.30,46.80,-71.25,46.84")).json();
    let whole = service.get(path).json();
    for feature in boxed["features"].as_array().unwrap() {
        let same = whole["features"].as_array().unwrap();
        assert!(same.contains(feature));
    }
    assert_eq!(boxed["cells"], whole["cells"]);
    let few = service.get("/api/v1/hexes?resolution=11&limit=5").json();
    assert_eq!((few["truncated"].clone(), few["numberReturned"].clone()), (json!(true), json!(5)));
}

#[test]
fn too_little_to_judge_is_said_and_not_judged() {
    let folder = Folder::new("few");
    let service = Service::start(&folder, &[]);
    let none = service.get("/api/v1/hexes?lang=en").json();
    assert_eq!(none["statistic"]["available"], false);
    assert_eq!(none["statistic"]["reason"], "No requests match these filters.");
    for path in
        ["hotspots", "dbscan?eps_m=50&min_points=5", "hdbscan?min_cluster_size=5", "recurrences"]
    {
        let answer = service.get(&format!("/api/v1/{path}"));
        assert!(collection(&answer).features.is_empty(), "{path}");
    }
    let rows: Vec<Value> = (0..9).map(|_| row("graffiti", (-71.2, 46.8), 5)).collect();
    send(&service, &rows);
    let few = service.get("/api/v1/hexes?lang=en").json();
    assert_eq!(few["statistic"]["available"], false);
    assert!(few["statistic"]["reason"].as_str().unwrap().contains("Fewer than 30 hexagons"));
    let only = &few["features"][0]["properties"];
    assert_eq!(
        (&only["count"], &only["z"], &only["class"]),
        (&json!(9), &json!(null), &json!(null))
    );
    let spot = service.get("/api/v1/dbscan?eps_m=50&min_points=5&members=true");
    let spot = collection(&spot).features.remove(0);
    assert_eq!(spot.property("count"), Some(&json!(9)));
}

#[test]
fn what_came_back_after_its_repair_is_told_and_pickups_only_where_named() {
    let header = "case_enquiry_id,open_dt,closed_dt,case_status,case_title,type,reason,\
                  neighborhood,location,latitude,longitude,source";
    let mut lines = vec![header.to_owned()];
    for (n, kind) in
        ["Request for Pothole Repair", "Schedule a Bulk Item Pickup"].iter().enumerate()
    {
        let visits = [
            ("2011-07-01 10:00:00", "2011-07-02 10:00:00", "Closed"),
            // Within the hour: the same visit.
            ("2011-07-02 10:30:00", "2011-07-10 10:00:00", "Closed"),
            ("2011-07-20 10:00:00", "2011-07-21 10:00:00", "Closed"),
            ("2011-09-01 10:00:00", "", "Open"),
        ];
        for (m, (open, closed, status)) in visits.iter().enumerate() {
            lines.push(format!(
                "{n}{m},{open},{closed},{status},Case,{kind},Highway Maintenance,Fenway,9 Main St,\
                 42.34,-71.09,Self Service"
            ));
        }
    }
    let folder = Folder::new("again");
    let file = folder.with("again.csv", lines.join("\n"));
    done(&folder, &["import", file.to_str().unwrap(), "--profile", "boston"]);
    let service = Service::start(&folder, &[]);
    let path = "/api/v1/recurrences?jurisdiction_id=boston.gov&chronic_from=2";
    let answer = service.get(path);
    assert_eq!(collection(&answer).features.len(), 1);
    let found = answer.json();
    // All three repairs failed: after 18 and 10 days and, the last, after 42.
    assert_eq!((&found["repairs"], &found["failed_fixes"]), (&json!(3), &json!(3)));
    let place = &found["features"][0]["properties"];
    assert_eq!(
        (&place["failed_fixes"], &place["chronic"], &place["count"]),
        (&json!(3), &json!(true), &json!(4))
    );
    assert_eq!(place["shortest_days"], 10.0);
    assert_eq!(found["services_left_out"], json!(["schedule-a-bulk-item-pickup"]));
    let named = service.get(&format!("{path}&service=schedule-a-bulk-item-pickup")).json();
    assert_eq!(named["failed_fixes"], 3);
    let soon = service.get(&format!("{path}&within_days=15")).json();
    assert_eq!(soon["failed_fixes"], 1);
}

#[test]
fn a_period_after_the_newest_report_is_empty_and_told_as_asked() {
    let folder = Folder::new("after");
    let service = Service::start(&folder, &[]);
    city(&service);
    let from = ago(-24);
    for by in ["service", "all"] {
        let found = service.get(&format!("/api/v1/hotspots?lang=en&by={by}&from={from}")).json();
        assert_eq!(found["statistic"]["reason"], "No requests match these filters.", "{by}");
        assert_eq!(found["features"], json!([]));
    }
}

#[test]
fn every_bad_value_is_named() {
    let folder = Folder::new("bad-hot");
    let service = Service::start(&folder, &[]);
    for (path, field) in [
        ("hexes?resolution=5", "resolution"),
        ("hexes?resolution=12", "resolution"),
        ("hexes?resolution=x", "resolution"),
        ("hexes?k=0", "k"),
        ("hexes?k=4", "k"),
        ("hexes?permutations=5", "permutations"),
        ("hexes?permutations=999&exposure=reports", "permutations"),
        ("hexes?exposure=people", "exposure"),
        ("hexes?steps=2", "steps"),
        ("hexes?seed=-1", "seed"),
        ("hexes?bbox=1,2,3", "bbox"),
        ("hexes?colour=red", "colour"),
        ("hotspots?level=50", "level"),
        ("hotspots?by=street", "by"),
        ("hotspots?days=0", "days"),
        ("hotspots?count=things", "count"),
        ("dbscan?eps_m=0&min_points=5", "eps_m"),
        ("dbscan?eps_m=-3&min_points=5", "eps_m"),
        ("dbscan?eps_m=NaN&min_points=5", "eps_m"),
        ("dbscan?eps_m=50&min_points=0", "min_points"),
        ("dbscan?eps_m=50", "min_points"),
        ("hdbscan?min_cluster_size=1", "min_cluster_size"),
        ("hdbscan", "min_cluster_size"),
        ("recurrences?radius_m=0", "radius_m"),
        ("recurrences?within_days=0", "within_days"),
        ("alerts?service=licorne", "service"),
    ] {
        let answer = service.get(&format!("/api/v1/{path}"));
        assert_eq!((answer.status, answer.fields()), (400, vec![field.to_owned()]), "{path}");
    }
    for id in ["0", "999", "x"] {
        assert_eq!(service.get(&format!("/api/v1/hotspots/{id}")).status, 404, "{id}");
    }
    // The whole Earth at the finest resolution is bounded by what there is, and says what it left.
    let world = service.get("/api/v1/hexes?resolution=11&bbox=-180,-90,180,90");
    assert_eq!(world.status, 200);
}

#[test]
fn real_requests_of_boston_have_all_of_it() {
    let Some(file) = data_or_skip("boston-311-2011-jul-oct.csv") else { return };
    let folder = Folder::new("boston");
    done(&folder, &["import", file.to_str().unwrap(), "--jurisdiction", "boston.gov"]);
    let service = Service::start(&folder, &[]);
    for path in [
        "hexes?resolution=8&empty=true",
        "hexes?resolution=9&service=proprete&exposure=reports&steps=8",
        "hotspots?limit=5",
        "hotspots?by=all&service=voirie&days=60",
        "dbscan?eps_m=40&min_points=8",
        "hdbscan?min_cluster_size=25&from=2011-10-15",
        "recurrences?limit=10",
    ] {
        let answer = service.get(&format!("/api/v1/{path}&jurisdiction_id=boston.gov"));
        let features = collection(&answer).features;
        assert!(!features.is_empty() || path.contains("by=all"), "{path}");
        let first = features.first().and_then(|feature| feature.properties.clone());
        println!(
            "{path}: {} features, {}",
            features.len(),
            json!(first).to_string().chars().take(400).collect::<String>()
        );
    }
}

//! Areas of reports that move, and names of areas that hold commas: lists, cards, counts and the
//! `area` filter say the same.

use serde_json::{Value, json};

use crate::common::filing::{id, ids};
use crate::common::{Folder, LocalService, add_boundaries, done};

fn file(service: &LocalService, lon: f64, area: Option<&str>) -> String {
    let body = json!({
        "service_code": "nid-de-poule", "lon": lon, "lat": 46.82, "area": area,
    });
    let mut body = body.as_object().unwrap().clone();
    body.retain(|_, value| !value.is_null());
    id(&service.post("/api/v1/reports", &Value::from(body).to_string()))
}

fn change(service: &LocalService, report: &str, change: Value) -> Value {
    let path = format!("/api/v1/reports/{report}");
    let json = [("Content-Type", "application/json")];
    let answer = service.ask("PATCH", &path, &json, change.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// The area of a report by its card, after checks that lists, filters and counts agree with it.
fn area_of(service: &LocalService, report: &str, all: &[&str]) -> Option<String> {
    let card = service.get(&format!("/api/v1/reports/{report}")).json();
    let area = card["properties"]["area"].as_str().map(str::to_owned);
    let list = service.get("/api/v1/reports").json();
    let listed = list["features"].as_array().unwrap().iter().find(|one| one["id"] == report);
    assert_eq!(listed.unwrap()["properties"]["area"], card["properties"]["area"]);
    let stats = service.get("/api/v1/stats").json();
    for name in all {
        let filter = format!("area={}", name.replace(' ', "%20"));
        let answer = service.get(&format!("/api/v1/reports?{filter}"));
        // An area of which there never was a report, or none is left, may be unknown.
        let found = if answer.status == 400 { json!({ "features": [] }) } else { answer.json() };
        let is_in = area.as_deref() == Some(name);
        assert_eq!(ids(&found).contains(&report), is_in, "{report} in {name}");
        let counted = stats["area"].as_array().unwrap().iter().find(|one| one["name"] == *name);
        let count = counted.map_or(0, |one| one["count"].as_u64().unwrap());
        assert_eq!(count, ids(&found).len() as u64, "{name}: {stats}");
    }
    area
}

#[test]
fn a_report_that_moves_is_in_the_area_of_its_new_place() {
    let folder = Folder::new("moves");
    let service = LocalService::start(&folder);
    let all = ["Est", "Ouest"];
    let report = file(&service, -71.20, Some("Est"));
    file(&service, -71.21, Some("Est"));
    let neighbour = file(&service, -71.30, Some("Ouest"));
    let area = |report: &str| area_of(&service, report, &all);
    assert_eq!(area(&report).as_deref(), Some("Est"));
    // Without boundaries: the area of the nearest report, if one is near.
    let moved = change(&service, &report, json!({ "lon": -71.3005, "lat": 46.82 }));
    assert_eq!(moved["properties"]["area"], "Ouest");
    assert_eq!(area(&report).as_deref(), Some("Ouest"));
    change(&service, &report, json!({ "lon": -71.3005, "lat": 46.82, "status": "in_progress" }));
    assert_eq!(area(&report).as_deref(), Some("Ouest"), "it did not move");
    change(&service, &report, json!({ "status": "open" }));
    assert_eq!(area(&report).as_deref(), Some("Ouest"), "it did not move");
    change(&service, &report, json!({ "lon": -72.0, "lat": 46.9 }));
    assert_eq!(area(&report), None, "nothing shows which area that is");
    let history = service.get(&format!("/api/v1/reports/{report}/history")).json();
    let fields: Vec<&Value> = history["history"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|step| step["fields"].as_array().into_iter().flatten())
        .filter(|field| field["field"] == "area")
        .collect();
    let steps: Vec<_> = fields.iter().map(|field| (&field["before"], &field["after"])).collect();
    assert_eq!(steps, [(&json!("Est"), &json!("Ouest")), (&json!("Ouest"), &Value::Null)]);
    // With boundaries: the area of the same set that holds the position.
    add_boundaries(&folder, "moities");
    crate::common::eventually("the set is known", || {
        service.get("/api/v1/stats?areas=moities").status == 200
    });
    change(&service, &neighbour, json!({ "lon": -71.22, "lat": 46.9 }));
    assert_eq!(area(&neighbour).as_deref(), Some("Est"));
    change(&service, &neighbour, json!({ "lon": -71.26, "lat": 46.9 }));
    assert_eq!(area(&neighbour).as_deref(), Some("Ouest"));
    change(&service, &neighbour, json!({ "lon": -73.0, "lat": 46.9 }));
    let card = service.get(&format!("/api/v1/reports/{neighbour}")).json();
    assert_eq!(card["properties"]["area"], Value::Null, "outside of all areas");
}

#[test]
fn a_report_without_an_area_gets_that_of_the_place_to_which_it_moves() {
    let folder = Folder::new("moves-back");
    let service = LocalService::start(&folder);
    let all = ["Est", "Ouest"];
    file(&service, -71.20, Some("Est"));
    let report = file(&service, -71.40, None);
    let area = || area_of(&service, &report, &all);
    assert_eq!(area(), None);
    change(&service, &report, json!({ "lon": -71.2002, "lat": 46.82 }));
    assert_eq!(area().as_deref(), Some("Est"), "the area of its neighbour");
    change(&service, &report, json!({ "lon": -72.0, "lat": 46.9 }));
    assert_eq!(area(), None);
    change(&service, &report, json!({ "lon": -71.2001, "lat": 46.82 }));
    assert_eq!(area().as_deref(), Some("Est"), "there and back");
}

/// Three areas whose names are parts of one another.
const NAMES: &str = r#"{"type":"FeatureCollection","features":[
  {"type":"Feature","properties":{"name":"North, South"},"geometry":{"type":"Polygon",
   "coordinates":[[[-71.25,46.7],[-71.2,46.7],[-71.2,47.0],[-71.25,47.0],[-71.25,46.7]]]}},
  {"type":"Feature","properties":{"name":"North"},"geometry":{"type":"Polygon",
   "coordinates":[[[-71.30,46.7],[-71.25,46.7],[-71.25,47.0],[-71.30,47.0],[-71.30,46.7]]]}},
  {"type":"Feature","properties":{"name":"South"},"geometry":{"type":"Polygon",
   "coordinates":[[[-71.35,46.7],[-71.30,46.7],[-71.30,47.0],[-71.35,47.0],[-71.35,46.7]]]}}]}"#;

#[test]
fn an_area_is_named_in_quotes_where_its_name_holds_a_comma() {
    let folder = Folder::new("area-names");
    folder.with("names.geojson", NAMES);
    let service = LocalService::start(&folder);
    done(&folder, &["boundaries", "add", "names.geojson", "--name", "parts"]);
    crate::common::eventually("the set is known", || {
        service.get("/api/v1/stats?areas=parts").status == 200
    });
    let both = file(&service, -71.22, None);
    let north = file(&service, -71.27, None);
    let south = file(&service, -71.32, None);
    let found = |area: &str| {
        let area = area.replace('"', "%22").replace(' ', "%20");
        let answer = service.get(&format!("/api/v1/reports?area={area}")).json();
        let mut found: Vec<String> = ids(&answer).into_iter().map(str::to_owned).collect();
        found.sort();
        found
    };
    let sorted = |ids: &[&String]| {
        let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(found("\"North, South\""), sorted(&[&both]));
    assert_eq!(found("\"parts:North, South\""), sorted(&[&both]));
    assert_eq!(found("\"North\",\"South\""), sorted(&[&north, &south]));
    assert_eq!(found("North,\"South\""), sorted(&[&north, &south]));
    assert_eq!(found("\"North, South\",South"), sorted(&[&both, &south]));
    // Without quotes parts side by side that make a name are that name.
    assert_eq!(found("North, South"), sorted(&[&both]));
    assert_eq!(found("South,North"), sorted(&[&north, &south]));
    let unknown = service.get("/api/v1/reports?area=%22North,%20West%22&lang=en");
    assert_eq!((unknown.status, unknown.fields()), (400, vec!["area".to_owned()]));
    assert!(unknown.json().to_string().contains("North, West"), "{unknown:?}");
    let counts = service.get("/api/v1/stats?areas=parts&fields=area").json();
    for area in counts["area"].as_array().unwrap() {
        let name = format!("\"{}\"", area["name"].as_str().unwrap());
        assert_eq!(found(&name).len() as u64, area["count"].as_u64().unwrap(), "{name}");
    }
}

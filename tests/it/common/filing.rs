//! Reports made at one place, and what the answers say of them. Times are relative to [`NOW`].

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::{Answer, Client, Folder, LocalService, NOW};

/// The service on an empty store.
pub fn empty() -> (Folder, LocalService) {
    let folder = Folder::new("duplicates");
    let service = LocalService::start(&folder);
    (folder, service)
}

pub fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

pub fn parent(answer: &Value) -> Option<&str> {
    answer["properties"]["parent_service_request_id"].as_str()
}

pub fn ids(answer: &Value) -> Vec<&str> {
    let features = answer["features"].as_array().unwrap();
    features.iter().map(|feature| feature["id"].as_str().unwrap()).collect()
}

/// The time that many hours before [`NOW`].
pub fn ago(hours: i64) -> String {
    let now: Timestamp = NOW.parse().unwrap();
    now.checked_sub(hours.hours()).unwrap().to_string()
}

/// Files a report of `hours` ago, `metres` north of the same spot.
pub fn file(service: &Client, code: &str, hours: i64, north_m: f64) -> String {
    let lat = 46.8139 + north_m / 111_195.0;
    let body = json!({
        "service_code": code, "lon": -71.2080, "lat": lat, "requested_datetime": ago(hours),
        "address": "12 rue Cartier",
    });
    id(&service.post("/api/v1/reports", &body.to_string()))
}

pub fn regroup(service: &Client, id: &str, what: &str, body: Value) -> Answer {
    service.post(&format!("/api/v1/incidents/{id}/{what}"), &body.to_string())
}

/// The search for duplicates of a pothole at the place where [`file`] makes reports.
pub const HERE: &str = "/api/v1/duplicates?lon=-71.2080&lat=46.8139&service=nid-de-poule";

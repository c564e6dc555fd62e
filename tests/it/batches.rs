//! Batches of reports: `POST /api/v1/reports/batch`.

use serde_json::{Value, json};

use crate::common::{Answer, Folder, Service, demo_city};

const POTHOLE: &str = r#"{"service_code":"nid-de-poule","lon":-71.2080,"lat":46.8139}"#;

fn demo() -> (Folder, Service) {
    let folder = demo_city("batches", 3_000, 5);
    let service = Service::start(&folder, &[]);
    (folder, service)
}

/// The objects of an answer in newline-delimited JSON.
fn lines(answer: &Answer) -> Vec<Value> {
    let text = std::str::from_utf8(&answer.body).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_batch_answers_every_row_and_is_harmless_twice() {
    let (_folder, service) = demo();
    let before = service.get("/api/v1/stats").json()["total"].as_u64().unwrap();
    let body = format!(
        "{POTHOLE}\n\n{{\"service_code\":\"licorne\"}}\r\nnot json\n{}\n[]",
        POTHOLE.replace("nid-de-poule", "lampadaire")
    );
    let key = [("idempotency-key", "lot-1"), ("accept-language", "en")];
    let send = |body: &str| service.ask("POST", "/api/v1/reports/batch", &key, body.as_bytes());
    let answer = send(&body);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let rows = lines(&answer);
    let statuses: Vec<(u64, u64)> = rows
        .iter()
        .map(|row| (row["row"].as_u64().unwrap(), row["status"].as_u64().unwrap()))
        .collect();
    assert_eq!(statuses, [(1, 201), (3, 400), (4, 400), (5, 201), (6, 400)]);
    assert_eq!(rows[1]["errors"][0]["field"], "service_code");
    assert_eq!(rows[1]["errors"][0]["value"], "licorne");
    assert_eq!(rows[2]["errors"][0]["field"], "body");
    for row in [&rows[0], &rows[3]] {
        let id = row["service_request_id"].as_str().unwrap();
        assert_eq!(service.get(&format!("/api/v1/reports/{id}")).status, 200);
    }
    // Acknowledged is visible, and sent again is the same.
    let total = || service.get("/api/v1/stats").json()["total"].as_u64().unwrap();
    assert_eq!(total(), before + 2);
    assert_eq!(lines(&send(&body)), rows);
    assert_eq!(total(), before + 2);
    // The same key for another batch: each row that would be filed says why it is not.
    let other = lines(&send(POTHOLE));
    assert_eq!((other.len(), &other[0]["status"]), (1, &json!(409)));
    assert_eq!(lines(&send("")), Vec::<Value>::new());
    let unknown = service.ask("POST", "/api/v1/reports/batch?colour=red", &[], POTHOLE.as_bytes());
    assert_eq!((unknown.status, unknown.fields()), (400, vec!["colour".to_owned()]));
}

#[test]
fn a_batch_of_several_commits_comes_whole() {
    let (_folder, service) = demo();
    let body = format!("{POTHOLE}\n").repeat(20_000);
    let rows = lines(&service.post("/api/v1/reports/batch", &body));
    let ids: std::collections::HashSet<&str> =
        rows.iter().filter_map(|row| row["service_request_id"].as_str()).collect();
    assert_eq!((rows.len(), ids.len()), (20_000, 20_000));
    let near = "/api/v1/nearest?lon=-71.2080&lat=46.8139&k=1000&service=nid-de-poule";
    let near = service.get(near).json();
    assert!(near["truncated"].as_bool().unwrap());
    assert!(near["features"][999]["properties"]["distance_m"].as_f64().unwrap() < 1e-3);
}

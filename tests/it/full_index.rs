//! A city whose index has no more room for ids: writes that need more are refused with the reason,
//! as a whole, and everything else goes on.

use crate::common::{Folder, LocalService, eventually};
use pointchaud::config::Limits;
use pointchaud::domain::JurisdictionId;
use pointchaud::store::Reader;
use serde_json::Value;

const REASON: &str = "The index of this city is full: the ids of its reports would take more than";

/// A service whose cities hold this many bytes of ids.
fn limited(name: &str, id_bytes_max: u64) -> (Folder, LocalService) {
    let folder = Folder::new(name);
    let service =
        LocalService::start_limited(&folder, Limits { id_bytes_max, ..Limits::default() });
    (folder, service)
}

fn count(service: &LocalService) -> u64 {
    service.get("/api/v1/stats").json()["total"].as_u64().unwrap()
}

const REPORT: &str = r#"{"service_code":"graffiti","lon":-71.21,"lat":46.81}"#;

#[test]
fn a_write_for_whose_id_there_is_no_room_is_refused_with_the_reason() {
    // Tracking numbers have ten bytes.
    let (_folder, service) = limited("full-write", 35);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let created = service.post("/api/v1/reports", REPORT);
        assert_eq!(created.status, 201, "{created:?}");
        ids.push(created.json()["id"].as_str().unwrap().to_owned());
    }
    assert!(ids.iter().all(|id| id.len() == 10), "{ids:?}");
    let refused = service.post("/api/v1/reports?lang=en", REPORT);
    let problem = refused.json();
    assert_eq!(
        (refused.status, problem["type"].as_str()),
        (413, Some("urn:pointchaud:problem:too-large"))
    );
    assert_eq!(problem["detail"], format!("{REASON} 35 bytes."));
    let french = service.post("/api/v1/reports?lang=fr", REPORT).json();
    let sentence =
        "L’index de cette ville est plein : les numéros de ses demandes prendraient plus de";
    assert_eq!(french["detail"], format!("{sentence} 35 octets."));
    let form = "api_key=k&service_code=graffiti&lat=46.81&long=-71.21";
    let path = "/open311/v2/requests.json?lang=en";
    let open311 = service.ask("POST", path, &[], form.as_bytes());
    assert_eq!((open311.status, open311.json()[0]["code"].as_u64()), (413, Some(413)));
    assert_eq!(open311.json()[0]["description"], format!("{REASON} 35 bytes."));
    // A change needs no room.
    let path = format!("/api/v1/reports/{}", ids[0]);
    let changed = service.ask("PATCH", &path, &[], br#"{"status":"closed"}"#);
    assert_eq!((changed.status, count(&service)), (200, 3), "{changed:?}");
}

#[test]
fn a_batch_for_whose_ids_there_is_no_room_is_refused_as_a_whole() {
    let (_folder, service) = limited("full-batch", 45);
    assert_eq!(service.post("/api/v1/reports", REPORT).status, 201);
    let lines = |count: usize| vec![REPORT; count].join("\n");
    let answer = service.post("/api/v1/reports/batch?lang=en", &lines(4));
    let text = String::from_utf8(answer.body).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 4);
    for row in rows {
        assert_eq!(row["status"], 413, "{text}");
        assert_eq!(row["detail"], format!("{REASON} 45 bytes."));
    }
    assert_eq!(count(&service), 1, "no row of the batch was written");
    // Three more fit.
    let answer = service.post("/api/v1/reports/batch", &lines(3));
    let text = String::from_utf8(answer.body).unwrap();
    assert_eq!(text.matches("\"status\":201").count(), 3, "{text}");
    assert_eq!(count(&service), 4);
}

/// A file of the Open311 layout with these ids.
fn file(ids: &[&str]) -> String {
    let row = |id: &&str| format!("{id},2026-03-01T08:30:00Z,Graffiti,46.81,-71.21\n");
    let rows: String = ids.iter().map(row).collect();
    format!("service_request_id,requested_datetime,service_name,lat,long\n{rows}")
}

/// Imports a file into Québec and returns the progress at its end.
fn import(service: &LocalService, content: String) -> Value {
    let city = r#"{"jurisdiction":"ville.quebec.qc.ca","category":"service_name"}"#;
    let kept = service.post("/api/v1/imports?name=rows.csv", &content).json();
    let path = format!("/api/v1/imports/{}", kept["id"].as_str().unwrap());
    service.ask("PATCH", &path, &[], city.as_bytes());
    let started = service.post(&format!("{path}/run"), "");
    assert_eq!(started.status, 202, "{started:?}");
    let progress = || service.get(&format!("{path}?lang=en")).json();
    eventually("the import has ended", || {
        ["done", "failed"].contains(&progress()["state"].as_str().unwrap())
    });
    progress()
}

#[test]
fn an_import_for_whose_ids_there_is_no_room_is_refused_with_the_reason() {
    let (folder, service) = limited("full-import", 20);
    // Bytes count, not characters: six, seven and seven of them.
    let first = import(&service, file(&["éé-1", "abc-002", "abc-003"]));
    assert_eq!((&first["state"], count(&service)), (&Value::from("done"), 3), "{first}");
    let further = import(&service, file(&["éé-1", "abc-002", "z"]));
    assert_eq!(further["state"], "failed", "{further}");
    assert!(further.to_string().contains(&format!("{REASON} 20 bytes.")), "{further}");
    assert_eq!(count(&service), 3, "nothing of the file was written");
    // What is stored already takes no further room, however often it comes.
    let again = import(&service, file(&["abc-003", "abc-002", "éé-1", "abc-002"]));
    assert_eq!((&again["state"], count(&service)), (&Value::from("done"), 3), "{again}");
    // Nor is an index refused that is below the usual limit.
    let reader = Reader::open(&folder.file("city.db")).unwrap();
    reader.check_id_bytes(&JurisdictionId::new("ville.quebec.qc.ca").unwrap()).unwrap();
}

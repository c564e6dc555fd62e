//! The HTTP surface through its front door: the running program, spoken to over a socket.

use std::io::Write;
use std::net::TcpStream;

use crate::common::{Folder, Service, demo_city, done, eventually, program};
use serde_json::{Value, json};

const POTHOLE: &str = r#"{"service_code":"nid-de-poule","lon":-71.2080,"lat":46.8139}"#;

fn demo() -> (Folder, Service) {
    let folder = demo_city("http", 3_000, 5);
    let service = Service::start(&folder, &[]);
    (folder, service)
}

fn ids(answer: &Value) -> Vec<String> {
    let features = answer["features"].as_array().unwrap();
    features.iter().map(|feature| feature["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_report_goes_in_and_is_found_everywhere_at_once() {
    let (_folder, service) = demo();
    let answer = service.post("/api/v1/reports", POTHOLE);
    assert_eq!(answer.status, 201, "{answer:?}");
    let report = answer.json();
    let id = report["id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 10);
    assert_eq!(answer.header("location"), Some(format!("/api/v1/reports/{id}").as_str()));
    assert_eq!(report["properties"]["service_name"], "Nid-de-poule");
    assert_eq!(report["properties"]["channel"], "web");

    for spelling in [id.clone(), id.to_lowercase().replace('-', ""), id.replace('-', "%20")] {
        assert_eq!(service.get(&format!("/api/v1/reports/{spelling}")).json()["id"], *id);
    }
    let near =
        service.get("/api/v1/nearest?lon=-71.2080&lat=46.8139&k=1&service=nid-de-poule").json();
    assert_eq!(ids(&near), std::slice::from_ref(&id));
    assert_eq!(near["features"][0]["properties"]["distance_m"], 0.0);
    let within = service.get("/api/v1/within?lon=-71.2080&lat=46.8139&radius_m=1").json();
    assert!(ids(&within).contains(&id));
    let square = r#"{"type":"Polygon","coordinates":[[[-71.2081,46.8138],[-71.2079,46.8138],[-71.2079,46.8140],[-71.2081,46.8140],[-71.2081,46.8138]]]}"#;
    assert!(ids(&service.post("/api/v1/within", square).json()).contains(&id));
    assert_eq!(ids(&service.get("/api/v1/reports?limit=1").json()), [id]);
}

#[test]
fn a_change_leaves_its_history_and_a_stale_one_is_refused() {
    let (_folder, service) = demo();
    let created = service.post("/api/v1/reports", POTHOLE);
    let path = created.header("location").unwrap().to_owned();
    let tag = created.header("etag").unwrap().to_owned();
    let patch = |headers: &[(&str, &str)], body: &str| {
        service.ask("PATCH", &path, headers, body.as_bytes())
    };
    let progress =
        patch(&[("If-Match", &tag)], r#"{"status":"in_progress","assignee":"Équipe 3"}"#);
    assert_eq!(progress.status, 200, "{progress:?}");
    assert_eq!(progress.json()["properties"]["assignee"], "Équipe 3");
    assert_eq!(patch(&[("If-Match", &tag)], r#"{"status":"closed"}"#).status, 412);
    let closed = patch(&[], r#"{"status":"closed","closed_reason":"done"}"#);
    assert_eq!(closed.json()["properties"]["closed_reason"], "done");
    let history = service.get(&format!("{path}/history")).json();
    let steps = history["history"].as_array().unwrap();
    assert_eq!(steps.len(), 3);
    assert_eq!(steps[0]["event"], "created");
    let status = json!({"field": "status", "before": "open", "after": "in_progress"});
    assert!(steps[1]["fields"].as_array().unwrap().contains(&status), "{steps:?}");
    for (body, field) in [
        (r#"{"status":"done"}"#, "status"),
        (r#"{"closed_reason":"done","status":"open"}"#, "closed_reason"),
        (r#"{"service_code":"licorne"}"#, "service_code"),
        (r#"{"colour":"red"}"#, "colour"),
        (r#"{}"#, "body"),
    ] {
        let answer = patch(&[], body);
        assert_eq!((answer.status, answer.fields()), (400, vec![field.to_owned()]), "{body}");
    }
    assert_eq!(patch(&[("If-Match", "yesterday")], r#"{"status":"open"}"#).fields(), ["If-Match"]);
    assert_eq!(
        service.ask("PATCH", "/api/v1/reports/nobody", &[], br#"{"status":"open"}"#).status,
        404
    );
}

#[test]
fn a_request_sent_twice_makes_one_report() {
    let (_folder, service) = demo();
    let key = [("Idempotency-Key", "phone-1")];
    let first = service.ask("POST", "/api/v1/reports", &key, POTHOLE.as_bytes());
    let again = service.ask("POST", "/api/v1/reports", &key, POTHOLE.as_bytes());
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other = POTHOLE.replace("46.8139", "46.8140");
    assert_eq!(service.ask("POST", "/api/v1/reports", &key, other.as_bytes()).status, 409);
    let long = "k".repeat(201);
    let long = [("Idempotency-Key", long.as_str())];
    let refused = service.ask("POST", "/api/v1/reports", &long, POTHOLE.as_bytes());
    assert_eq!(refused.fields(), ["Idempotency-Key"]);
}

#[test]
fn every_bad_value_is_named_in_the_language_asked_for() {
    let (_folder, service) = demo();
    for (path, fields) in [
        ("/api/v1/nearest", vec!["lon", "lat"]),
        ("/api/v1/nearest?lon=NaN&lat=46", vec!["lon"]),
        ("/api/v1/nearest?lon=-71&lat=91", vec!["lat"]),
        ("/api/v1/nearest?lon=-71&lat=46&k=0", vec!["k"]),
        ("/api/v1/nearest?lon=-71&lat=46&k=100000", vec!["k"]),
        ("/api/v1/nearest?lon=-71&lat=46&max_m=-1", vec!["max_m"]),
        ("/api/v1/nearest?lon=-71&lat=46&service=licorne", vec!["service"]),
        ("/api/v1/nearest?lon=-71&lat=46&lat=47", vec!["lat"]),
        ("/api/v1/within?lon=-71&lat=46", vec!["radius_m"]),
        ("/api/v1/within?lon=-71&lat=46&radius_m=1e9", vec!["radius_m"]),
        ("/api/v1/clusters?bbox=-72,46,-71,47", vec!["zoom"]),
        ("/api/v1/clusters?bbox=-72,47,-71,46&zoom=3", vec!["bbox"]),
        ("/api/v1/clusters?bbox=-72,46,-71&zoom=23", vec!["bbox", "zoom"]),
        ("/api/v1/clusters?bbox=-272,46,-71,47&zoom=3", vec!["bbox"]),
        ("/api/v1/clusters/3-1", vec!["cluster_id"]),
        ("/api/v1/clusters/3-900-1", vec!["cluster_id"]),
        ("/api/v1/reports?status=done,open", vec!["status"]),
        ("/api/v1/reports?from=hier", vec!["from"]),
        ("/api/v1/reports?from=2026-02-02&to=2026-02-01", vec!["to"]),
        ("/api/v1/reports?limit=0", vec!["limit"]),
        ("/api/v1/reports?limit=5000", vec!["limit"]),
        ("/api/v1/reports?cursor=x", vec!["cursor"]),
        ("/api/v1/reports?approximate=yes", vec!["approximate"]),
        ("/api/v1/reports?area=Atlantide", vec!["area"]),
        ("/api/v1/reports?unknown=1", vec!["unknown"]),
        ("/api/v1/stats?lang=de", vec!["lang"]),
    ] {
        let answer = service.get(path);
        assert_eq!(
            (answer.status, answer.fields()),
            (400, fields.iter().map(|f| f.to_string()).collect()),
            "{path}"
        );
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    let french = service.get("/api/v1/nearest?lon=-71&lat=46&k=0").json();
    assert_eq!(french["errors"][0]["reason"], "doit être un entier entre 1 et 1\u{a0}000");
    for path in ["/api/v1/nearest?lon=-71&lat=46&k=0&lang=en", "/api/v1/nearest?lon=-71&lat=46&k=0"]
    {
        let english =
            service.ask("GET", path, &[("Accept-Language", "de, en-CA;q=0.8, fr;q=0.5")], b"");
        assert_eq!(english.json()["errors"][0]["reason"], "must be an integer between 1 and 1,000");
    }
    let unknown = |language: &str| {
        let path = format!("/api/v1/reports?service=lampadaire,xx&lang={language}");
        service.get(&path).json()["errors"][0].clone()
    };
    assert_eq!(
        [unknown("fr"), unknown("en")],
        [
            "n’est ni un service ni un groupe de cette ville ; voir /api/v1/services",
            "is neither a service nor a group of this city; see /api/v1/services",
        ]
        .map(|reason| json!({ "field": "service", "value": "xx", "reason": reason }))
    );
    assert_eq!(service.get("/api/v1/reports?jurisdiction_id=gotham.gov").status, 404);
    assert_eq!(service.get("/nowhere").status, 404);
    let method = service.ask("DELETE", "/api/v1/reports", &[], b"");
    assert_eq!(
        (method.status, method.header("content-type")),
        (405, Some("application/problem+json"))
    );
    let mistyped = service.get("/api/v1/reports/4RX-7KM-P2?lang=en");
    assert_eq!(mistyped.status, 404);
    assert!(mistyped.json()["detail"].as_str().unwrap().contains("copied wrongly"), "{mistyped:?}");
}

#[test]
fn bad_bodies_are_refused_and_the_service_goes_on() {
    let (_folder, service) = demo();
    let long = format!(r#"{{"service_code":"nid-de-poule","description":"{}"}}"#, "x".repeat(5000));
    for (body, status, field) in [
        (r#"{"service_code":"licorne"}"#, 400, "service_code"),
        (r#"{"service_code":"nid-de-poule","lon":-71}"#, 400, "lat"),
        (r#"{"service_code":"nid-de-poule","lon":"-71","lat":46}"#, 400, "lon"),
        (r#"{"service_code":"nid-de-poule","lon":-71,"lat":146}"#, 400, "lat"),
        (
            r#"{"service_code":"nid-de-poule","requested_datetime":"2999-01-01"}"#,
            400,
            "requested_datetime",
        ),
        (
            r#"{"service_code":"nid-de-poule","requested_datetime":"1900-01-01"}"#,
            400,
            "requested_datetime",
        ),
        (r#"{"service_code":7}"#, 400, "service_code"),
        (r#"["service_code"]"#, 400, "body"),
        (r#"{"service_code":"#, 400, "body"),
        ("", 400, "body"),
        (&long, 400, "description"),
    ] {
        let answer = service.post("/api/v1/reports", body);
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        assert!(answer.fields().contains(&field.to_owned()), "{body}: {:?}", answer.fields());
    }
    let invalid = service.ask("POST", "/api/v1/reports", &[], b"{\"service_code\":\"\xff\"}");
    assert_eq!(invalid.status, 400);
    let huge = format!(r#"{{"description":"{}"}}"#, "x".repeat(2 << 20));
    assert_eq!(service.post("/api/v1/reports", &huge).status, 413);
    for (shape, field) in [
        (r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}"#, "coordinates"),
        (r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}"#, "coordinates"),
        (r#"{"type":"LineString","coordinates":[[0,0],[1,1]]}"#, "type"),
    ] {
        assert_eq!(service.post("/api/v1/within", shape).fields(), [field], "{shape}");
    }

    // A body cut short, headers without end, too many headers, no HTTP at all.
    let mut cut = TcpStream::connect(service.address).unwrap();
    cut.write_all(b"POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"ser")
        .unwrap();
    drop(cut);
    let status = |request: &str| service.raw(request.as_bytes()).expect("an answer").status;
    let start = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    // As many bytes as the service reads of a request's headers, and a few less.
    let endless = format!("{start}X: {}", "y".repeat(32 << 10));
    assert_eq!(status(&endless[..32 << 10]), 431);
    assert_eq!(status(&format!("{start}X: {}\r\n\r\n", "y".repeat(30 << 10))), 200);
    let many = |n: usize| (0..n).map(|n| format!("X-{n}: y\r\n")).collect::<String>();
    assert_eq!(status(&format!("{start}{}\r\n", many(62))), 200, "64 headers");
    assert_eq!(status(&format!("{start}{}\r\n", many(63))), 431, "65 headers");
    assert_eq!(status("\x16\x03\x01 hello\r\n\r\n"), 400);
    assert_eq!(service.get("/healthz").status, 200);
}

#[test]
fn an_answer_already_known_is_not_sent_again() {
    let (_folder, service) = demo();
    for path in [
        "/api/v1/reports?limit=3",
        "/api/v1/clusters?bbox=-72,46,-71,47&zoom=9",
        "/api/v1/nearest?lon=-71.2&lat=46.8",
        "/api/v1/stats",
        "/api/v1/services",
    ] {
        let first = service.get(path);
        let tag = first.header("etag").unwrap_or_else(|| panic!("{path}: no ETag")).to_owned();
        let again = service.ask("GET", path, &[("If-None-Match", &tag)], b"");
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        let english = [("If-None-Match", &*tag), ("Accept-Language", "en")];
        assert_eq!(
            service.ask("GET", path, &english, b"").status,
            200,
            "{path} in another language"
        );
        if path != "/api/v1/services" {
            service.post("/api/v1/reports", POTHOLE);
            let changed = service.ask("GET", path, &[("If-None-Match", &tag)], b"");
            assert_eq!(changed.status, 200, "{path} after a change");
        }
    }
}

#[test]
fn answers_are_compressed_and_open_to_other_origins() {
    let (_folder, service) = demo();
    for encoding in ["br", "gzip"] {
        let headers = [("Accept-Encoding", encoding), ("Origin", "https://app.example")];
        let answer = service.ask("GET", "/api/v1/reports", &headers, b"");
        assert_eq!(answer.header("content-encoding"), Some(encoding));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    let preflight = [
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "content-type,idempotency-key"),
    ];
    let answer = service.ask("OPTIONS", "/api/v1/reports", &preflight, b"");
    assert_eq!(answer.status, 200);
    assert!(answer.header("access-control-allow-headers").unwrap().contains("idempotency-key"));
}

#[test]
fn pages_follow_one_another_to_the_end() {
    let (_folder, service) = demo();
    let total = service.get("/api/v1/stats?service=voirie").json()["total"].as_u64().unwrap();
    let mut found = Vec::new();
    let mut path = Some("/api/v1/reports?service=voirie&limit=7".to_owned());
    while let Some(next) = path {
        let page = service.get(&next).json();
        found.extend(ids(&page));
        path = page["next"].as_str().map(str::to_owned);
    }
    assert!(total > 20);
    assert_eq!(found.len() as u64, total);
    let distinct: std::collections::HashSet<_> = found.iter().collect();
    assert_eq!(distinct.len(), found.len());

    let radius = "/api/v1/within?lon=-71.2&lat=46.8&radius_m=20037508&limit=1000";
    let exact = service.get("/api/v1/stats").json()["exact"].as_u64().unwrap();
    let (mut near, mut path) = (0, Some(radius.to_owned()));
    while let Some(next) = path {
        let page = service.get(&next).json();
        near += ids(&page).len() as u64;
        path = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(near, exact, "the radius of the Earth holds everything that has a place");
}

#[test]
fn clusters_lead_down_to_their_reports() {
    let (_folder, service) = demo();
    let filter = "status=open,in_progress,closed&service=voirie,neige";
    let top = service.get(&format!("/api/v1/clusters?bbox=-180,-90,180,90&zoom=8&{filter}")).json();
    let located = service.get(&format!("/api/v1/stats?{filter}")).json()["exact"].as_u64().unwrap();
    assert_eq!(top["numberMatched"].as_u64().unwrap(), located);
    let counts = top["features"].as_array().unwrap().iter();
    let sum: u64 = counts.map(|f| f["properties"]["count"].as_u64().unwrap_or(1)).sum();
    assert_eq!(sum, located);
    let cluster = &top["features"][0];
    let (id, count) =
        (cluster["id"].as_str().unwrap(), cluster["properties"]["count"].as_u64().unwrap());
    assert_eq!(service.get(&format!("/api/v1/clusters/{id}?{filter}")).json(), *cluster);
    let children = service.get(&format!("/api/v1/clusters/{id}/children?{filter}")).json();
    assert!(children["features"].as_array().unwrap().len() > 1);
    assert_eq!(children["numberMatched"].as_u64().unwrap(), count);
    let reports = service.get(&format!("/api/v1/clusters/{id}/reports?{filter}&limit=1000")).json();
    assert_eq!(ids(&reports).len() as u64, count.min(1000));
    let services = cluster["properties"]["services"].as_object().unwrap();
    assert_eq!(services.values().map(|n| n.as_u64().unwrap()).sum::<u64>(), count);
    assert_eq!(service.get("/api/v1/clusters/8-0-0").status, 404);
}

#[test]
fn a_day_of_the_filter_is_a_day_of_the_city() {
    let folder = Folder::new("days");
    let service = Service::start(&folder, &[]);
    for (time, day) in [("2026-03-01T04:59:59Z", "02-28"), ("2026-03-01T05:00:00Z", "03-01")] {
        let body = format!(r#"{{"service_code":"graffiti","requested_datetime":"{time}"}}"#);
        assert_eq!(service.post("/api/v1/reports", &body).status, 201);
        let path = format!("/api/v1/stats?from=2026-{day}&to=2026-{day}");
        assert_eq!(service.get(&path).json()["total"], 1, "{time}");
    }
    let days = &service.get("/api/v1/stats").json()["day"];
    assert_eq!(
        *days,
        json!([{"date": "2026-02-28", "count": 1}, {"date": "2026-03-01", "count": 1}])
    );
}

#[test]
fn cities_live_side_by_side_and_imports_show_up_while_serving() {
    let folder = Folder::new("cities");
    let service = Service::start(&folder, &[]);
    let rows = "case_enquiry_id,open_dt,closed_dt,case_status,case_title,type,latitude,longitude\n\
                1,2011-07-01 01:00:00,,Open,x,Pothole,42.3,-71.1\n\
                2,2011-07-01 01:00:00,,Open,x,Pothole,42.3594,-71.0587\n";
    let file = folder.with("b.csv", rows);
    done(&folder, &["import", file.to_str().unwrap()]);
    let boston = "jurisdiction_id=boston.gov";
    eventually("the import shows", || {
        let stats = service.get(&format!("/api/v1/stats?{boston}"));
        stats.status == 200 && stats.json()["total"] == 2
    });
    let near = format!("/api/v1/nearest?lon=-71.06&lat=42.36&{boston}");
    assert_eq!(ids(&service.get(&near).json()), ["1"], "a default point is no place");
    assert_eq!(ids(&service.get(&format!("{near}&approximate=true")).json()), ["2", "1"]);
    assert_eq!(service.get("/api/v1/stats").json()["total"], 0);
    let cities = service.get("/api/v1/jurisdictions").json();
    assert_eq!(cities["jurisdictions"].as_array().unwrap().len(), 2);
    assert_eq!(
        service.get(&format!("/api/v1/services?{boston}")).json()["services"][0]["service_code"],
        "pothole"
    );
    // A report posted here after another process wrote has its place in line.
    assert_eq!(service.post("/api/v1/reports", POTHOLE).status, 201);
    assert_eq!(service.get("/api/v1/stats").json()["total"], 1);
}

#[test]
fn open_to_the_network_nothing_changes_without_the_key() {
    let folder = Folder::new("key");
    let service = Service::start(&folder, &["--crew-key", "sésame-ouvre-toi-42"]);
    let path = service.post("/api/v1/reports", POTHOLE).header("location").unwrap().to_owned();
    let close = br#"{"status":"closed"}"#;
    assert_eq!(service.ask("PATCH", &path, &[], close).status, 401);
    assert_eq!(
        service.ask("PATCH", &path, &[("Authorization", "Bearer sesame-ouvre-toi")], close).status,
        401
    );
    let key = [("Authorization", "Bearer sésame-ouvre-toi-42")];
    assert_eq!(service.ask("PATCH", &path, &key, close).status, 200);
}

#[test]
fn the_store_failing_is_told_without_its_reasons() {
    let (folder, service) = demo();
    // Another program renames a column while the service runs.
    let db = rusqlite::Connection::open(folder.file("city.db")).unwrap();
    db.execute_batch("ALTER TABLE report RENAME COLUMN description TO description_gone;").unwrap();
    let answer = service.get("/api/v1/reports?limit=1&lang=en");
    assert_eq!(answer.status, 500);
    let body = answer.json();
    assert_eq!(body["detail"], "Internal error.");
    assert!(!body.to_string().contains("column"), "{body}");
    let write = service.post("/api/v1/reports?lang=en", POTHOLE);
    assert_eq!(write.status, 503, "{write:?}");
    assert!(!write.json().to_string().contains("column"));
    assert_eq!(service.get("/healthz").status, 200);
}

#[test]
fn a_polite_stop_finishes_what_is_under_way() {
    let folder = Folder::new("stop");
    let mut service = Service::start(&folder, &[]);
    service.post("/api/v1/reports", POTHOLE);
    let pid = service.child.id().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    let mut status = None;
    eventually("the service stops", || {
        status = service.child.try_wait().unwrap();
        status.is_some()
    });
    assert!(status.unwrap().success());
    assert!(done(&folder, &["check"]).contains("1 report,"));
}

#[test]
fn settings_that_make_no_sense_are_refused_at_the_start() {
    let folder = Folder::new("settings");
    for (arguments, word) in [
        (vec!["serve", "--store", "mysql:x"], "sqlite:FILE"),
        (vec!["serve", "--listen", "nowhere"], "--listen"),
        (vec!["serve", "--crew-key", ""], "--crew-key"),
        (vec!["serve", "--crew-key", "               "], "--crew-key"),
        (vec!["serve", "--crew-key", "quebec-2026"], "fewer than 16"),
        (vec!["export", "--format", "pdf"], "gpkg, geoparquet"),
        (vec!["export", "--jurisdiction", "GOTHAM"], "lower-case"),
        (vec!["generate", "--until", "demain"], "--until"),
        (vec!["check", "--store", "sqlite:nothing.db"], "does not exist"),
    ] {
        let output = program(&folder).args(&arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(word), "{arguments:?}: {error}");
    }
}

//! Requests that are wrong in small ways, and answers that say so: conditions, empty values, nulls,
//! bytes that are no UTF-8, keys, and the headers of errors.

use std::io::{Read, Write};
use std::net::TcpStream;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::common::{Answer, Client, Folder, LocalService, Service, demo_city, done};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const POTHOLE: &str = r#"{"service_code":"nid-de-poule","lon":-71.2080,"lat":46.8139}"#;
const ITEMS: &str = "/ogc/collections/reports/items";

fn demo() -> (Folder, LocalService) {
    let folder = demo_city("letters", 500, 5);
    let service = LocalService::start(&folder);
    (folder, service)
}

/// The names in all lines of a header, in small letters.
fn names(answer: &Answer, header: &str) -> Vec<String> {
    let lines = answer.head.lines().filter_map(|line| line.split_once(':'));
    let lines = lines.filter(|(name, _)| name.eq_ignore_ascii_case(header));
    lines
        .flat_map(|(_, value)| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect()
}

fn in_languages(service: &Client, method: &str, path: &str, body: &str) -> [String; 2] {
    ["fr", "en"].map(|language| {
        let headers = [JSON, ("Accept-Language", language)];
        let answer = service.ask(method, path, &headers, body.as_bytes());
        assert!(answer.status >= 400, "{path} {body}: {answer:?}");
        answer.json()["detail"].as_str().unwrap().to_owned()
    })
}

#[test]
fn if_match_is_a_condition_of_reading_a_report() {
    let (_folder, service) = demo();
    let created = service.post("/api/v1/reports", POTHOLE);
    let path = created.header("location").unwrap().to_owned();
    let tag = created.header("etag").unwrap().to_owned();
    for method in ["GET", "HEAD"] {
        let status_of = |value: &str| {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                 If-Match: {value}\r\n\r\n"
            );
            let mut stream = TcpStream::connect(service.address).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
        };
        for (value, status) in [
            (tag.clone(), 200),
            ("*".into(), 200),
            (format!("\"x\", {tag}"), 200),
            (format!("W/{tag}"), 412),
            ("\"x\"".into(), 412),
            ("yesterday".into(), 400),
        ] {
            assert_eq!(status_of(&value), status, "{method} {value}");
        }
    }
    // If-Match comes first (RFC 9110, section 13.2.2).
    let both = [("If-Match", "\"x\""), ("If-None-Match", tag.as_str())];
    assert_eq!(service.ask("GET", &path, &both, b"").status, 412);
    let patch = |value: &str, language: &str| {
        let headers = [JSON, ("If-Match", value), ("Accept-Language", language)];
        let answer = service.ask("PATCH", &path, &headers, br#"{"assignee":"x"}"#);
        assert_eq!(answer.status, 412, "{value}: {answer:?}");
        answer.json()["detail"].as_str().unwrap().to_owned()
    };
    for value in [format!("W/{tag}"), "\"x\"".into()] {
        assert!(patch(&value, "en").contains("No tag of 'If-Match'"), "{value}");
        assert!(patch(&value, "fr").contains("Aucune étiquette"), "{value}");
    }
    let changed = service.ask("PATCH", &path, &[JSON], br#"{"assignee":"x"}"#);
    assert_eq!(changed.status, 200);
    let said = patch(&tag, "en");
    assert!(said.contains("has changed") && !said.contains("not 0"), "{said}");
    assert_eq!(service.ask("GET", &path, &[("If-Match", &tag)], b"").status, 412);
}

#[test]
fn errors_vary_by_language_and_pages_of_other_origins_read_them() {
    let (_folder, service) = demo();
    let origin = ("Origin", "https://app.example");
    for (path, status) in [
        ("/nowhere", 404),
        ("/api/v1/nowhere", 404),
        ("/api/v1/reports?limit=0", 400),
        ("/api/v1/reports/nobody", 404),
        ("/open311/v2/services/nothing.json", 404),
        ("/ogc/collections/nothing", 404),
    ] {
        let answer = service.ask("GET", path, &[origin], b"");
        assert_eq!(answer.status, status, "{path}");
        assert!(names(&answer, "vary").contains(&"accept-language".into()), "{path}: {answer:?}");
        let allowed = names(&answer, "access-control-allow-origin");
        assert_eq!(allowed, ["*"], "{path}: {answer:?}");
        let exposed = names(&answer, "access-control-expose-headers");
        assert!(exposed.contains(&"content-language".into()), "{path}: {exposed:?}");
    }
    let request = "GET /api/v1/services HTTP/1.1\r\nHost: a b\r\nOrigin: https://app.example\r\n\
                   Connection: close\r\n\r\n";
    let answer = service.raw(request.as_bytes()).unwrap();
    assert_eq!((answer.status, answer.fields()), (400, vec!["Host".to_owned()]));
    assert_eq!(names(&answer, "access-control-allow-origin"), ["*"]);
    let answer = service.ask("GET", "/ogc", &[("Accept", "image/png")], b"");
    let vary = names(&answer, "vary");
    assert_eq!(answer.status, 406);
    assert!(["accept", "accept-language"].iter().all(|one| vary.contains(&(*one).into())));
    let html = service.ask("GET", "/ogc", &[("Accept", "text/html")], b"");
    assert!(names(&html, "vary").contains(&"accept".into()));
}

#[test]
fn an_empty_value_and_an_empty_item_are_refused_by_name() {
    let (_folder, service) = demo();
    for (path, name) in [
        (ITEMS, "datetime"),
        (ITEMS, "filter"),
        (ITEMS, "sortby"),
        (ITEMS, "properties"),
        ("/api/v1/reports", "area"),
        ("/api/v1/reports", "service"),
        ("/api/v1/reports", "bbox"),
        ("/api/v1/stats", "status"),
        ("/api/v1/stats", "fields"),
        ("/api/v1/stats", "lang"),
    ] {
        for query in [format!("{name}="), name.to_owned()] {
            let answer = service.get(&format!("{path}?{query}"));
            assert_eq!(
                (answer.status, answer.fields()),
                (400, vec![name.into()]),
                "{path}?{query}"
            );
        }
    }
    for (name, value) in [
        ("area", ","),
        ("area", "Limoilou,"),
        ("service", ",nid-de-poule"),
        ("status", "open,,closed"),
        ("channel", ","),
        ("nature", "intervention,%20"),
    ] {
        for path in ["/api/v1/stats", "/api/v1/clusters", ITEMS] {
            let path = format!("{path}?bbox=-72,46,-71,47&{name}={value}");
            let path = if path.contains("clusters") { format!("{path}&zoom=9") } else { path };
            let answer = service.get(&path);
            assert_eq!(answer.status, 400, "{path}: {answer:?}");
            assert!(answer.fields().contains(&name.to_owned()), "{path}: {answer:?}");
        }
    }
    let search = "/ogc/collections/reports/search";
    for body in [r#"{"filter":""}"#, r#"{"sortby":[]}"#] {
        assert_eq!(service.post(search, body).status, 400, "{body}");
    }
    // Clients of Open311 send the empty fields of their forms.
    for query in ["status=&service_code=&start_date=&_=", "lat=&long="] {
        let answer = service.get(&format!("/open311/v2/requests.json?{query}"));
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
    }
}

#[test]
fn bytes_that_are_no_utf8_are_refused_by_name() {
    let (_folder, service) = demo();
    for name in ["foo", "_", "status"] {
        let answer = service.get(&format!("/open311/v2/requests.json?{name}=%ff"));
        assert_eq!(answer.status, 400, "{name}: {answer:?}");
        assert!(answer.json()[0]["description"].as_str().unwrap().contains(name), "{answer:?}");
        assert_eq!(service.get(&format!("/api/v1/stats?{name}=%ff")).fields(), [name]);
    }
    assert_eq!(service.get("/open311/v2/requests.json?foo=1").status, 200);
    let body = b"{\"service_code\":\"graffiti\",\"lon\":-71.2,\"lat\":46.8,\"address\":\"\xff\"}";
    let headers = [JSON, ("Accept-Language", "en")];
    let answer = service.ask("POST", "/api/v1/reports", &headers, body);
    let said = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(answer.status == 400 && said.contains("UTF-8"), "{said}");
}

#[test]
fn null_clears_a_field_or_is_refused_by_name() {
    let (_folder, service) = demo();
    let created = service.post("/api/v1/reports", POTHOLE);
    let path = created.header("location").unwrap().to_owned();
    let patch = |body: Value| service.ask("PATCH", &path, &[JSON], body.to_string().as_bytes());
    assert_eq!(patch(json!({ "assignee": "Équipe 1", "address": "12 rue Cartier" })).status, 200);
    let cleared = patch(json!({ "assignee": null, "address": null }));
    assert_eq!(cleared.status, 200, "{cleared:?}");
    let properties = cleared.json()["properties"].clone();
    assert!(properties["assignee"].is_null() && properties["address"].is_null(), "{properties}");
    let history = service.get(&format!("{path}/history")).json();
    let last = history["history"].as_array().unwrap().last().unwrap().to_string();
    assert!(last.contains("assignee") && last.contains("address"), "{last}");
    for name in ["status", "closed_reason", "service_code", "lon", "children"] {
        let answer = patch(json!({ name: null, "assignee": "x" }));
        assert_eq!((answer.status, answer.fields()), (400, vec![name.to_owned()]), "{answer:?}");
    }
    assert!(service.get(&path).json()["properties"]["assignee"].is_null());
}

#[test]
fn an_update_is_not_older_than_its_request() {
    let (_folder, service) = demo();
    let created = service.post("/api/v1/reports", POTHOLE).json();
    let (id, properties) = (created["id"].as_str().unwrap(), &created["properties"]);
    let requested = properties["requested_datetime"].as_str().unwrap();
    let send = |updated: &str| {
        let form = format!(
            "api_key=k&service_request_id={id}&status=open&updated_datetime={}",
            updated.replace('+', "%2B")
        );
        service.ask("POST", "/open311/v2/servicerequestupdates.json", &[FORM], form.as_bytes())
    };
    for early in ["2001-01-01", "2010-06-01T00:00:00Z"] {
        let answer = send(early);
        assert_eq!(answer.status, 400, "{early}: {answer:?}");
        let said = answer.json()[0]["description"].as_str().unwrap().to_owned();
        assert!(said.contains("updated_datetime") && said.contains(requested), "{said}");
    }
    assert_eq!(send(requested).status, 200, "of the same second");
    assert_eq!(send(&requested[..10]).status, 200, "of the same day");
}

#[test]
fn an_update_with_a_wrong_key_is_forbidden() {
    let folder = demo_city("letters-key", 100, 5);
    let key = "0123456789abcdef0123456789abcdef";
    let service = Service::start(&folder, &["--crew-key", key]);
    let created = service.post("/api/v1/reports", POTHOLE).json();
    let id = created["id"].as_str().unwrap();
    let form = format!("api_key=k&service_request_id={id}&status=closed");
    let send = |bearer: Option<&str>| {
        let bearer = bearer.map(|bearer| ("Authorization", bearer));
        let headers: Vec<_> = [FORM].into_iter().chain(bearer).collect();
        let path = "/open311/v2/servicerequestupdates.json";
        service.ask("POST", path, &headers, form.as_bytes()).status
    };
    let status = || {
        let report = service.get(&format!("/api/v1/reports/{id}")).json();
        report["properties"]["status"].as_str().unwrap().to_owned()
    };
    let wrong = format!("Bearer {}", key.replace('0', "1"));
    assert!([401, 403].contains(&send(Some(&wrong))));
    assert!([401, 403].contains(&send(Some(key))), "the scheme is missing");
    let updates = format!("/open311/v2/servicerequestupdates.json?service_request_id={id}");
    assert_eq!(service.get(&updates).json().as_array().unwrap().len(), 0, "nothing is recorded");
    assert_eq!(send(None), 200);
    assert_eq!(status(), "open", "the status of another sender is only kept");
    assert_eq!(send(Some(&format!("Bearer {key}"))), 200);
    assert_eq!(status(), "closed");
}

#[test]
fn rings_that_do_not_close_are_told_in_plain_words() {
    let (_folder, service) = demo();
    for ring in [
        "[]",
        "[[0,0]]",
        "[[0,0],[1,0],[0,0]]",
        "[[0,0],[1,0],[1,1],[0,1]]",
        "[[-71.3,46.8],[-71.2,46.8],[-71.2,46.9],[-71.3,46.9]]",
    ] {
        let body = format!(r#"{{"type":"Polygon","coordinates":[{ring}]}}"#);
        let [fr, en] = in_languages(&service, "POST", "/api/v1/within", &body);
        for said in [&fr, &en] {
            assert!(!said.contains("Some") && !said.contains("None"), "{ring}: {said}");
        }
        assert!(fr.contains("anneau") && en.contains("ring"), "{ring}: {fr} / {en}");
    }
    let open = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0.5,1]]]}"#;
    let [_, en] = in_languages(&service, "POST", "/api/v1/within", open);
    assert!(en.contains("[0, 0] … [0.5, 1]"), "{en}");
}

#[test]
fn a_body_of_another_media_type_is_answered_with_those_that_are_read() {
    let (_folder, service) = demo();
    for (path, wanted) in [
        ("/api/v1/reports", "application/json"),
        ("/api/v1/within", "application/geo+json"),
        ("/open311/v2/requests.json", "application/x-www-form-urlencoded"),
    ] {
        let answer = service.ask("POST", path, &[("Content-Type", "text/plain")], b"x");
        assert_eq!(answer.status, 415, "{path}");
        assert!(names(&answer, "accept").contains(&wanted.to_owned()), "{path}: {answer:?}");
    }
}

/// Two requests: one at a default point of its source, one at its own place.
#[test]
fn ogc_leaves_approximate_places_out_where_it_is_asked_to() {
    let folder = Folder::new("letters-approximate");
    let rows = "case_enquiry_id,open_dt,closed_dt,case_status,case_title,type,latitude,longitude\n\
                1,2011-07-01 01:00:00,,Open,x,Pothole,42.3,-71.1\n\
                2,2011-07-01 01:00:00,,Open,x,Pothole,42.3594,-71.0587\n";
    folder.with("b.csv", rows);
    done(&folder, &["import", "b.csv"]);
    let service = LocalService::start(&folder);
    let count = |query: &str| {
        let city = "jurisdiction_id=boston.gov&bbox=-72,42,-71,43";
        let items = service.get(&format!("{ITEMS}?{city}{query}")).json();
        let stats = service.get(&format!("/api/v1/stats?{city}{query}")).json();
        (items["numberMatched"].as_u64().unwrap(), stats["total"].as_u64().unwrap())
    };
    assert_eq!(count("&approximate=false"), (1, 1));
    assert_eq!(count("&approximate=true"), (2, 2));
    assert_eq!(count("").0, 2, "the collection has every report");
}

#[test]
fn ids_of_a_hotspot_that_are_left_out_are_counted() {
    let folder = demo_city("letters-ids", 20_000, 5);
    let service = LocalService::start(&folder);
    let page = service.get("/api/v1/hotspots?days=366&by=all&exposure=none&count=reports").json();
    let mut most = 0;
    for feature in page["features"].as_array().unwrap() {
        let properties = &feature["properties"];
        let listed = properties["service_request_ids"].as_array().unwrap().len() as u64;
        let left_out = properties["service_request_ids_left_out"].as_u64().unwrap();
        assert_eq!(listed + left_out, properties["count"].as_u64().unwrap(), "{properties}");
        assert!(left_out == 0 || listed == 200, "{listed}");
        most = most.max(left_out);
    }
    assert!(most > 0, "no hotspot is large enough");
    let document = service.get("/api/openapi.json").json();
    let schema = &document["components"]["schemas"]["Hotspot"]["properties"];
    assert_eq!(schema["service_request_ids"]["maxItems"], 200);
}

#[test]
fn a_geopackage_has_the_names_of_the_other_exports() {
    let (folder, service) = demo();
    let csv = String::from_utf8(service.get("/api/v1/export.csv").body).unwrap();
    let header = csv.lines().next().unwrap().trim_start_matches('\u{feff}');
    let wanted = header.split(',').filter(|name| !["lon", "lat"].contains(name));
    let file = folder.with("all.gpkg", service.get("/api/v1/export.gpkg").body);
    let db = Connection::open(file).unwrap();
    let mut statement = db.prepare("SELECT name, type FROM pragma_table_info('reports')").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let columns: Vec<(String, String)> = rows.map(Result::unwrap).collect();
    for name in wanted {
        assert!(columns.iter().any(|(known, _)| known == name), "{name}: {columns:?}");
    }
    assert!(columns.contains(&("revision".into(), "INTEGER".into())), "{columns:?}");
    let sql = r#"SELECT count(*) FROM reports WHERE typeof(revision) = 'integer' AND "group" > ''"#;
    assert_eq!(db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap(), 500);
}

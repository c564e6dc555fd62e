//! HTTP to the letter: conditional requests, hosts, media types, languages, as RFC 9110 and RFC
//! 9112 have them.

use crate::common::{Answer, Client, Folder, LocalService, demo_city};

const POTHOLE: &str = r#"{"service_code":"nid-de-poule","lon":-71.2080,"lat":46.8139}"#;
const JSON: (&str, &str) = ("Content-Type", "application/json");

fn demo() -> (Folder, LocalService) {
    let folder = demo_city("letter", 1_000, 5);
    // Its clock stands still: some tags are of a minute.
    let service = LocalService::start(&folder);
    (folder, service)
}

/// The names in all lines of `Vary`, sorted.
fn vary(answer: &Answer) -> Vec<String> {
    let lines = answer.head.lines().filter_map(|line| line.split_once(':'));
    let lines = lines.filter(|(name, _)| name.eq_ignore_ascii_case("vary"));
    let mut names: Vec<String> = lines
        .flat_map(|(_, value)| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Paths of responses of every kind that has an ETag, of one city.
fn tagged(service: &Client) -> Vec<String> {
    let list = service.get("/api/v1/reports?limit=1").json();
    let id = list["features"][0]["id"].as_str().unwrap().to_owned();
    [
        "/api/v1/reports?limit=3",
        "/api/v1/reports/ID",
        "/api/v1/reports/ID/history",
        "/api/v1/incidents/ID",
        "/api/v1/stats",
        "/api/v1/services",
        "/api/v1/hotspots",
        "/api/openapi.json",
        "/open311/v2/services.json",
        "/open311/v2/discovery.xml",
        "/open311/v2/servicerequestupdates.json",
        "/open311/v2/requests/ID.xml",
        "/ogc/collections",
        "/ogc/collections/reports/items?limit=2",
        "/tiles/reports.json",
        "/tiles/reports/8/77/90.mvt",
        "/tiles/hexes/8/77/90.mvt",
    ]
    .map(|path| path.replace("ID", &id))
    .to_vec()
}

#[test]
fn a_304_has_the_headers_by_which_caches_keep_the_response() {
    let (_folder, service) = demo();
    for path in tagged(&service) {
        for encoding in ["identity", "gzip", "br"] {
            let accept = ("Accept-Encoding", encoding);
            let first = service.ask("GET", &path, &[accept], b"");
            assert_eq!(first.status, 200, "{path}");
            let tag = first.header("etag").unwrap_or_else(|| panic!("{path}: no ETag")).to_owned();
            let again = service.ask("GET", &path, &[accept, ("If-None-Match", &tag)], b"");
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
            for name in ["etag", "cache-control"] {
                assert_eq!(again.header(name), first.header(name), "{path}: {name}");
                assert!(first.header(name).is_some(), "{path}: {name}");
            }
            assert_eq!(vary(&again), vary(&first), "{path} {encoding}");
            assert!(vary(&first).contains(&"accept-encoding".to_owned()), "{path}");
            assert_eq!(again.header("content-language"), None, "{path}: there is no content");
        }
    }
}

#[test]
fn one_strong_tag_is_of_one_sequence_of_bytes() {
    let (_folder, service) = demo();
    let mut strong = 0;
    for path in tagged(&service) {
        let ask = |encoding| service.ask("GET", &path, &[("Accept-Encoding", encoding)], b"");
        let plain = ask("identity");
        for encoding in ["gzip", "br", "gzip, br;q=0.5"] {
            let packed = ask(encoding);
            let tag = packed.header("etag").unwrap();
            if !tag.starts_with("W/") && plain.header("etag") == Some(tag) {
                assert_eq!(packed.body, plain.body, "{path} {encoding}: {tag}");
                strong += 1;
            }
        }
    }
    assert!(strong >= 3, "one report has a strong tag, for If-Match");
}

#[test]
fn if_none_match_takes_lists_lines_and_any() {
    let (_folder, service) = demo();
    for path in tagged(&service) {
        let tag = service.get(&path).header("etag").unwrap().to_owned();
        let opaque = tag.trim_start_matches("W/");
        let ask = |values: &[&str]| {
            let headers: Vec<_> = values.iter().map(|value| ("If-None-Match", *value)).collect();
            service.ask("GET", &path, &headers, b"").status
        };
        assert_eq!(ask(&["*"]), 304, "{path}");
        assert_eq!(ask(&[opaque]), 304, "{path}: the comparison is weak");
        assert_eq!(ask(&[&format!("W/{opaque}")]), 304, "{path}: the comparison is weak");
        assert_eq!(ask(&[&format!("\"a,b\", , {tag}")]), 304, "{path}");
        assert_eq!(ask(&["\"a\"", &tag]), 304, "{path}: two lines");
        assert_eq!(ask(&["\"a\"", "\"*\""]), 200, "{path}");
        assert_eq!(ask(&[opaque.trim_matches('"')]), 200, "{path}: no quotes, no tag");
    }
    // What would be an error without the condition is one with it.
    for (path, status) in [
        ("/api/v1/reports?area=Atlantide", 400),
        ("/api/v1/reports/nobody", 404),
        ("/api/v1/hexes?resolution=6&area=Atlantide", 400),
        ("/open311/v2/services/nothing.json", 404),
        ("/tiles/nothing/3/0/0.mvt", 404),
        ("/ogc/collections/nothing", 404),
    ] {
        let any = service.ask("GET", path, &[("If-None-Match", "*")], b"");
        assert_eq!(any.status, status, "{path}");
    }
}

#[test]
fn if_match_takes_lists_and_compares_strongly() {
    let (_folder, service) = demo();
    let created = service.post("/api/v1/reports", POTHOLE);
    let path = created.header("location").unwrap().to_owned();
    let mut tag = created.header("etag").unwrap().to_owned();
    let mut n = 0;
    let mut patch = |name: &str, values: &[&str]| {
        n += 1;
        let mut headers: Vec<_> = values.iter().map(|value| (name, *value)).collect();
        headers.push(JSON);
        let body = format!(r#"{{"assignee":"Équipe {n}"}}"#);
        service.ask("PATCH", &path, &headers, body.as_bytes())
    };
    let other_store = tag.replacen('"', "\"f", 1);
    for (values, status) in [
        (vec!["TAG"], 200),
        (vec!["\"a,b\", TAG"], 200),
        (vec!["\"a\"", "TAG"], 200),
        (vec!["\"a\", \"b\"", "\"c\",TAG , \"d\""], 200),
        (vec!["*"], 200),
        (vec!["W/TAG"], 412),
        (vec!["\"a\""], 412),
        (vec!["W/\"a\", \"\""], 412),
        (vec![other_store.as_str()], 412),
        (vec!["TAG", "TAG x"], 400),
        (vec!["yesterday"], 400),
        (vec!["\"a\" \"b\""], 400),
        (vec!["*", "TAG"], 400),
    ] {
        let values: Vec<String> = values.iter().map(|value| value.replace("TAG", &tag)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let answer = patch("If-Match", &values);
        assert_eq!(answer.status, status, "{values:?}: {answer:?}");
        if status == 200 {
            tag = answer.header("etag").unwrap().to_owned();
        }
    }
    assert_eq!(patch("If-None-Match", &["*"]).status, 412, "it exists");
    assert_eq!(patch("If-None-Match", &["\"a\"", &tag]).status, 412);
    assert_eq!(patch("If-None-Match", &["\"a\""]).status, 200);
}

#[test]
fn a_request_has_one_valid_host() {
    let (_folder, service) = demo();
    let ask = |version: &str, hosts: &[&str]| {
        let lines: String = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect();
        let request =
            format!("GET /api/v1/services HTTP/{version}\r\n{lines}Connection: close\r\n\r\n");
        service.raw(request.as_bytes()).expect("an answer")
    };
    for (version, hosts, status) in [
        ("1.1", vec![], 400),
        ("1.1", vec![""], 400),
        ("1.1", vec!["localhost", "localhost"], 400),
        ("1.1", vec!["a b"], 400),
        ("1.1", vec!["user@localhost"], 400),
        ("1.1", vec!["localhost:port"], 400),
        ("1.1", vec!["localhost:80:80"], 400),
        ("1.1", vec!["localhost:70000"], 400),
        ("1.1", vec!["[::1"], 400),
        ("1.1", vec!["localhost/x"], 400),
        ("1.1", vec!["a.example, b.example"], 400),
        ("1.1", vec!["localhost"], 200),
        ("1.1", vec!["[::1]:8311"], 200),
        ("1.1", vec!["city.example."], 200),
        ("1.0", vec![], 200),
        ("1.0", vec!["localhost", "localhost"], 400),
    ] {
        let answer = ask(version, &hosts);
        assert_eq!(answer.status, status, "HTTP/{version} {hosts:?}: {answer:?}");
        if status == 400 {
            assert_eq!(answer.fields(), ["Host"], "{hosts:?}");
        }
    }
}

#[test]
fn a_body_of_another_media_type_is_refused() {
    let (_folder, service) = demo();
    let square = r#"{"type":"Polygon","coordinates":[[[-71.3,46.8],[-71.2,46.8],[-71.2,46.9],
                    [-71.3,46.8]]]}"#;
    let id = service.post("/api/v1/reports", POTHOLE).json()["id"].as_str().unwrap().to_owned();
    let report = format!("/api/v1/reports/{id}");
    let form = "api_key=k&service_code=graffiti&lat=46.81&long=-71.21";
    let question = r#"{"service":"graffiti","lon":-71.21,"lat":46.81}"#;
    let others = ["text/plain", "application/xml", "application/json; charset=latin1", "json", ""];
    let json = ["application/json", "Application/JSON;charset=\"UTF-8\""];
    let ndjson = ["application/x-ndjson", "application/jsonl", "application/json"];
    for (method, path, body, own) in [
        ("POST", "/api/v1/reports", POTHOLE, &json[..]),
        ("PATCH", report.as_str(), r#"{"assignee":"x"}"#, &json[..]),
        ("POST", "/api/v1/within", square, &["application/geo+json", "application/json"][..]),
        ("POST", "/api/v1/reports/batch", POTHOLE, &ndjson[..]),
        ("POST", "/api/v1/duplicates/batch", question, &ndjson[..]),
        ("POST", "/open311/v2/requests.json", form, &["application/x-www-form-urlencoded"][..]),
    ] {
        let ask =
            |kind: &str| service.ask(method, path, &[("Content-Type", kind)], body.as_bytes());
        for kind in own {
            assert!(ask(kind).status < 300, "{path} {kind}: {:?}", ask(kind));
        }
        assert!(service.ask(method, path, &[], body.as_bytes()).status < 300, "{path}: none");
        for kind in others {
            let refused = ask(kind);
            assert_eq!(refused.status, 415, "{path} {kind}: {refused:?}");
            let text = String::from_utf8_lossy(&refused.body).into_owned();
            assert!(text.contains(own[0]), "{path} {kind} names those that are read: {text}");
        }
        let packed = [("Content-Type", own[0]), ("Content-Encoding", "gzip")];
        assert_eq!(service.ask(method, path, &packed, body.as_bytes()).status, 415, "{path}: gzip");
        let twice = [("Content-Type", own[0]), ("Content-Type", own[0])];
        assert_eq!(service.ask(method, path, &twice, body.as_bytes()).status, 415, "{path}: twice");
    }
    let of_form = [("Content-Type", "application/x-www-form-urlencoded")];
    let refused = service.ask("POST", "/api/v1/reports", &of_form, POTHOLE.as_bytes());
    assert_eq!(refused.status, 415, "a form of another site's page can be sent without asking");
    assert_eq!(refused.json()["type"], "urn:pointchaud:problem:unsupported-media-type");
    assert_eq!(service.ask("POST", "/api/v1/reports", &of_form, b"").status, 415);
    // A refusal with a body that is still being sent is an answer all the same.
    let large = vec![b'x'; 900_000];
    assert_eq!(service.ask("POST", "/api/v1/reports", &of_form, &large).status, 415);
}

#[test]
fn a_member_given_twice_is_refused_by_name() {
    let (_folder, service) = demo();
    let id = service.post("/api/v1/reports", POTHOLE).json()["id"].as_str().unwrap().to_owned();
    let report = format!("/api/v1/reports/{id}");
    let merge = format!("/api/v1/incidents/{id}/merge");
    for (method, path, body, name) in [
        (
            "POST",
            "/api/v1/reports",
            r#"{"service_code":"graffiti","lon":1,"lat":2,"lat":2}"#,
            "lat",
        ),
        (
            "POST",
            "/api/v1/reports",
            r#"{"service_code":"graffiti","attributes":{"etat":"a","etat":"b"}}"#,
            "etat",
        ),
        ("PATCH", report.as_str(), r#"{"status":"open","stat\u0075s":"closed"}"#, "status"),
        ("POST", merge.as_str(), r#"{"reports":[],"author":"a","author":"b"}"#, "author"),
        (
            "POST",
            "/api/v1/within",
            r#"{"type":"Polygon","type":"MultiPolygon","coordinates":[]}"#,
            "type",
        ),
    ] {
        let answer = service.ask(method, path, &[JSON], body.as_bytes());
        assert_eq!((answer.status, answer.fields()), (400, vec![name.to_owned()]), "{path} {body}");
    }
    let lines = format!("{POTHOLE}\n{{\"service_code\":\"a\",\"service_code\":\"b\"}}\n");
    let answer = service.post("/api/v1/reports/batch", &lines);
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.lines().nth(1).unwrap().contains("service_code"), "{text}");
}

#[test]
fn answers_with_texts_name_their_language() {
    let (_folder, service) = demo();
    let language = |path: &str, accept: &str| {
        let answer = service.ask("GET", path, &[("Accept-Language", accept)], b"");
        answer.header("content-language").map(str::to_owned)
    };
    for path in [
        "/api/v1/services",
        "/api/v1/reports?limit=1",
        "/api/v1/hotspots",
        "/api/v1/reports/nobody",
        "/open311/v2/services.xml",
        "/ogc/collections",
        "/tiles/hexes.json",
        "/api/openapi.json",
    ] {
        assert_eq!(language(path, "en-CA, fr;q=0.5").as_deref(), Some("en"), "{path}");
        assert_eq!(language(path, "de").as_deref(), Some("fr"), "{path}");
        let joint = if path.contains('?') { "&" } else { "?" };
        let asked = language(&format!("{path}{joint}lang=en"), "fr");
        assert_eq!(asked.as_deref(), Some("en"), "{path}");
    }
    for path in ["services.json", "requests.json?status=done", "services/nothing.json"] {
        let joint = if path.contains('?') { "&" } else { "?" };
        let path = format!("/open311/v2/{path}{joint}locale=en_CA");
        assert_eq!(language(&path, "fr").as_deref(), Some("en"), "{path}");
    }
}

#[test]
fn pages_of_other_origins_read_what_they_need() {
    let (_folder, service) = demo();
    let origin = ("Origin", "https://app.example");
    let answer = service.ask("GET", "/api/v1/reports?limit=1", &[origin], b"");
    let exposed = answer.header("access-control-expose-headers").unwrap().to_ascii_lowercase();
    for name in ["etag", "location", "content-language", "retry-after", "idempotency-replayed"] {
        assert!(exposed.split(',').any(|one| one.trim() == name), "{name}: {exposed}");
    }
    let preflight = [origin, ("Access-Control-Request-Method", "POST")];
    let answer = service.ask("OPTIONS", "/api/v1/reports", &preflight, b"");
    assert_eq!(answer.header("access-control-max-age"), Some("86400"));
    let refused = service.ask("GET", "/api/v1/reports?limit=0", &[origin], b"");
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
}

//! The OpenAPI document against the running service: every parameter that it names is known, every
//! example works, and every operation that the router has is in it.

use crate::common::{Answer, Folder, Service, add_boundaries, demo_city, done, eventually, jpeg};
use crate::hotspots::send_hotspot;
use crate::schemas::fits;
use serde_json::Value;

pub fn demo() -> (Folder, Service) {
    let folder = demo_city("openapi", 2_000, 5);
    let service = Service::start_with_key(&folder);
    (folder, service)
}

fn encoded(text: &str) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.~".contains(b);
    text.bytes()
        .map(|b| if plain(&b) { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}

pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(shown).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The path of an operation with the examples of what is in it, `id` for reports.
fn path_of(route: &str, operation: &Value, id: &str) -> String {
    let mut path = route.to_owned();
    for parameter in operation["parameters"].as_array().unwrap() {
        if parameter["in"] == "path" {
            let name = parameter["name"].as_str().unwrap();
            let example = shown(&parameter["example"]).replace("4RX-7KM-PH", id);
            assert_ne!(example, "null", "{route} has no example of {name}");
            path = path.replace(&format!("{{{name}}}"), &example);
        }
    }
    path
}

/// Holds an answer of the API against what the document says of it; was there something to hold?
fn documented(document: &Value, operation: &Value, answer: &Answer, path: &str) -> bool {
    let media_type = answer.header("content-type").unwrap_or_default();
    let content = &operation["responses"][answer.status.to_string()]["content"];
    let schema = &content[media_type.split(';').next().unwrap()]["schema"];
    if path.starts_with("/api/v1/") && media_type.contains("json") {
        assert!(schema.is_object(), "{path}: {media_type} is not documented");
        fits(document, schema, &answer.json(), path).unwrap();
        return schema["type"].is_null();
    }
    false
}

#[test]
fn answers_are_what_the_document_says() {
    let (_folder, service) = demo();
    let document = service.get("/api/openapi.json").json();
    let square = "[[[-71.4,46.7],[-71.1,46.7],[-71.1,47.0],[-71.4,47.0],[-71.4,46.7]]]";
    let at = r#""service_code":"nid-de-poule","lon":-71.21,"lat":46.81"#;
    let send = |method: &str, route: &str, path: &str, body: &str| {
        let answer = service.ask(method, path, &[], body.as_bytes());
        assert!(answer.status < 300, "{path}: {answer:?}");
        let operation = &document["paths"][route][method.to_lowercase()];
        assert!(documented(&document, operation, &answer, path), "{path}");
        answer.json()
    };
    let (all, one) = ("/api/v1/reports", "/api/v1/reports/{id}");
    for _ in 0..2 {
        send("POST", all, "/api/v1/reports?dedupe=attach", &format!("{{{at}}}"));
    }
    // Without a position: all that can be null is null.
    send("POST", all, "/api/v1/reports?dedupe=off", r#"{"service_code":"nid-de-poule"}"#);
    let asked = send("POST", all, "/api/v1/reports?dedupe=warn", &format!("{{{at}}}"));
    assert_eq!(asked["created"], false, "{asked}");
    let polygon = format!(r#"{{"type":"Polygon","coordinates":{square}}}"#);
    send("POST", "/api/v1/within", "/api/v1/within?limit=500", &polygon);
    let id = asked["features"][0]["id"].as_str().unwrap();
    let change = r#"{"status":"closed","closed_reason":"done"}"#;
    send("PATCH", one, &format!("/api/v1/reports/{id}"), change);
    for (route, path) in [
        (all, "/api/v1/reports?limit=1000".to_owned()),
        ("/api/v1/reports/{id}/history", format!("/api/v1/reports/{id}/history")),
        ("/api/v1/incidents/{id}", format!("/api/v1/incidents/{id}")),
        ("/api/v1/hexes", "/api/v1/hexes?resolution=8&steps=6&permutations=99&empty=true".into()),
        ("/api/v1/hexes", "/api/v1/hexes?service=neige&from=2030-01-01".into()),
        ("/api/v1/hotspots", "/api/v1/hotspots?service=neige&from=2030-01-01".into()),
        ("/api/v1/stats", "/api/v1/stats?service=neige&from=2030-01-01".into()),
        ("/api/v1/dbscan", "/api/v1/dbscan?eps_m=200&min_points=4&members=true".into()),
    ] {
        send("GET", route, &path, "");
    }
}

#[test]
fn every_example_of_the_document_works() {
    let folder = demo_city("openapi", 2_000, 5);
    add_boundaries(&folder, "quartiers");
    let service = Service::start_with_key(&folder);
    send_hotspot(&service);
    let list = service.get("/api/v1/reports?limit=1").json();
    let id = list["features"][0]["id"].as_str().unwrap().to_owned();
    let photo =
        service.ask("POST", "/api/v1/media", &[("Content-Type", "image/jpeg")], &jpeg(40, 30));
    let photo = photo.json()["media_url"].as_str().unwrap().to_owned();
    // An import that has begun, with a refused row.
    let rows = "service_request_id,requested_datetime,service_name,lat,long\n1,hier,Trou,,\n";
    let import = service.post("/api/v1/imports?name=rows.csv", rows).json();
    let import = import["id"].as_str().unwrap().to_owned();
    let city = br#"{"jurisdiction":"ville.quebec.qc.ca"}"#;
    service.ask("PATCH", &format!("/api/v1/imports/{import}"), &[], city);
    assert_eq!(service.post(&format!("/api/v1/imports/{import}/run"), "").status, 202);
    let rows_path = format!("/api/v1/imports/{import}/refused");
    eventually("a row is refused", || service.get(&rows_path).status == 200);
    let document = service.get("/api/openapi.json").json();
    assert_eq!(document["openapi"], "3.0.3");
    assert!(document["components"]["schemas"]["Feature"].is_object());
    let (mut asked, mut held) = (0, 0);
    for (route, methods) in document["paths"].as_object().unwrap() {
        let Some(operation) = methods.get("get") else { continue };
        // The number of a report and the name of a photo are drawn at random: those of the examples
        // are replaced. Everything else of the examples is in the generated city.
        let path = match route.as_str() {
            "/media/{name}" => photo.clone(),
            _ if route.starts_with("/api/v1/imports/{id}") => route.replace("{id}", &import),
            _ => path_of(route, operation, &id),
        };
        let parameters = operation["parameters"].as_array().unwrap();
        let query: Vec<&Value> = parameters.iter().filter(|one| one["in"] == "query").collect();
        let pair = |one: &Value| {
            format!("{}={}", one["name"].as_str().unwrap(), encoded(&shown(&one["example"])))
        };
        let needed: Vec<String> =
            query.iter().filter(|one| one["required"] == true).map(|one| pair(one)).collect();
        let needed = needed.join("&");
        let known = |status: u16| operation["responses"].get(status.to_string()).is_some();
        let answer = service.get(&format!("{path}?{needed}"));
        assert!(answer.status < 300 && known(answer.status), "{path}: {answer:?}");
        if documented(&document, operation, &answer, &path) {
            held += 1;
        }
        for one in query.iter().filter(|one| !one["example"].is_null()) {
            // One by one: a parameter that nobody takes would be refused by name.
            let path = match one["name"].as_str() {
                // These three go together.
                Some("lat" | "long" | "radius") if route.starts_with("/open311") => {
                    format!("{path}?lat=46.81&long=-71.21&radius=500")
                }
                _ => format!("{path}?{needed}&{}", pair(one)),
            };
            if one["required"] == true || route == "/api/v1/hexes" && one["name"] == "permutations"
            {
                continue;
            }
            let answer = service.get(&path);
            assert!(answer.status < 300, "{path}: {answer:?}");
            asked += 1;
        }
    }
    assert!(asked > 300 && held > 22, "{asked} {held}");
}

/// What no parameter is ever to break on, separated by `|`. The first is empty.
const NONSENSE: &str =
    "|☃|-1|99999999999999999999|NaN|1e308|a,b;c'\"<>&%|../../etc/passwd|\u{0}\u{1}";

/// Paths whose answers are the same in every city.
const OF_NO_CITY: [&str; 4] =
    ["/api/v1/jurisdictions", "/api/v1/imports", "/api/v1/session", "/api/openapi.json"];

#[test]
fn nonsense_is_refused_by_name_and_breaks_nothing() {
    let (_folder, service) = demo();
    let list = service.get("/api/v1/reports?limit=1").json();
    let id = list["features"][0]["id"].as_str().unwrap().to_owned();
    let document = service.get("/api/openapi.json").json();
    let (mut asked, mut refused) = (0, 0);
    for (route, methods) in document["paths"].as_object().unwrap() {
        let Some(operation) = methods.get("get") else { continue };
        let path = path_of(route, operation, &id);
        let parameters = operation["parameters"].as_array().unwrap();
        let query: Vec<&Value> = parameters.iter().filter(|one| one["in"] == "query").collect();
        for one in &query {
            let name = one["name"].as_str().unwrap();
            let others = query.iter().filter(|other| other["required"] == true && *other != one);
            let named = |other: &&Value| {
                let example = encoded(&shown(&other["example"]));
                format!("{}={example}", other["name"].as_str().unwrap())
            };
            let others = others.map(named).collect::<Vec<_>>().join("&");
            for value in NONSENSE.split('|') {
                let path = format!("{path}?{others}&{name}={}", encoded(value));
                let status = service.get(&path).status;
                assert!([200, 201, 204, 400, 403, 404].contains(&status), "{path}: {status}");
                refused += usize::from(status == 400);
                asked += 1;
            }
            let twice = format!("{path}?{others}&{name}=1&{name}=2");
            let answer = service.get(&twice);
            // The first value names a city, or a service of Open311, that there is not.
            let is_of_city = !OF_NO_CITY.iter().any(|path| route.starts_with(path));
            let is_unknown = name == "jurisdiction_id" && is_of_city
                || (route.as_str(), name) == ("/open311/v2/{name}", "service_code");
            let expected = if is_unknown { 404 } else { 400 };
            assert_eq!(answer.status, expected, "{twice}: {answer:?}");
        }
        if query.is_empty() {
            continue;
        }
        let answer = service.get(&format!("{path}?licorne=1&licorne=2"));
        let text = String::from_utf8_lossy(&answer.body);
        // Clients of Open311 send parameters of their own.
        let expected = if route.starts_with("/open311/") { 200 } else { 400 };
        let is_named = expected == 200 || text.contains("licorne");
        assert!(answer.status == expected && is_named, "{path}: {text}");
    }
    assert!(asked > 2_000 && refused > asked / 3, "{refused} of {asked}");
}

#[test]
fn every_route_is_in_the_document() {
    let (_folder, service) = demo();
    let document = service.get("/api/openapi.json").json();
    let paths = document["paths"].as_object().unwrap();
    let mut routes = pointchaud::http::paths();
    routes.sort_unstable();
    routes.dedup();
    // Pages are for people; what is not here is not part of the API.
    let pages = [
        "/",
        "/signaler",
        "/suivi",
        "/suivi/{id}",
        "/importer",
        "/journal",
        "/revision",
        "/docs",
        "/assets/{*path}",
        "/config.json",
        "/ogc/",
    ];
    let mut count = 0;
    for route in routes.into_iter().filter(|route| !pages.contains(route)) {
        assert!(paths.contains_key(route), "{route} is not in the document");
        count += 1;
    }
    assert_eq!(count, paths.len(), "the document has paths that the router has not");
    let part = service.get("/ogc/api");
    assert_eq!(part.header("content-type"), Some("application/vnd.oai.openapi+json;version=3.0"));
    let part = part.json();
    assert!(part["servers"][0]["url"].as_str().unwrap().ends_with("/ogc"));
    let paths = part["paths"].as_object().unwrap();
    let items = |id: &str| &paths[&format!("/collections/{id}/items")]["get"]["parameters"];
    let takes =
        |id: &str, name: &str| items(id).as_array().unwrap().iter().any(|p| p["name"] == name);
    assert!(paths.contains_key("/") && paths.keys().all(|path| !path.contains("{id}")));
    assert!(takes("reports", "status") && takes("hexes", "limit") && !takes("hexes", "status"));
    let english = service.get("/api/openapi.json?lang=en").json();
    let texts = |document: &Value| document["paths"]["/api/v1/nearest"]["get"]["summary"].clone();
    assert_ne!(texts(&document), texts(&english));
}

/// Values of a parameter that its schema forbids.
fn forbidden(schema: &Value) -> Vec<String> {
    let mut values = Vec::new();
    if schema["enum"].is_array() || schema["pattern"].is_string() || schema["type"] == "boolean" {
        values.push("licorne".into());
    }
    if schema["type"] == "integer" || schema["type"] == "number" {
        values.push("licorne".into());
    }
    if let Some(min) = schema["minimum"].as_f64() {
        values.push((min - 1.0).to_string());
    }
    // The largest whole number of JSON stands for one that JSON cannot hold.
    let max = schema["maximum"].as_f64().filter(|max| *max < 9e15);
    if let Some(max) = max
        && schema["x-clamped"] != true
    {
        values.push((max + 1.0).to_string());
    }
    values
}

#[test]
fn what_the_document_forbids_is_refused_by_name_and_value() {
    let (_folder, service) = demo();
    let list = service.get("/api/v1/reports?limit=1").json();
    let id = list["features"][0]["id"].as_str().unwrap().to_owned();
    let document = service.get("/api/openapi.json?lang=en").json();
    let (mut operations, mut asked) = (0, 0);
    for (route, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let path = path_of(route, operation, &id);
            let parameters = operation["parameters"].as_array().unwrap();
            let query: Vec<&Value> = parameters.iter().filter(|one| one["in"] == "query").collect();
            if query.is_empty() {
                continue;
            }
            operations += 1;
            let refused = |name: &str, value: &str| {
                let others = query.iter().filter(|one| one["required"] == true);
                let others = others.filter(|one| one["name"] != name);
                let pairs: Vec<String> = others
                    .map(|one| {
                        let example = encoded(&shown(&one["example"]));
                        format!("{}={example}", one["name"].as_str().unwrap())
                    })
                    .chain([format!("{name}={}", encoded(value)), "lang=en".into()])
                    .collect();
                let pairs: Vec<String> = match name {
                    "lang" => pairs.into_iter().filter(|pair| pair != "lang=en").collect(),
                    _ => pairs,
                };
                let path = format!("{path}?{}", pairs.join("&"));
                let answer = service.ask(&method.to_uppercase(), &path, &[], b"{}");
                assert_eq!(answer.status, 400, "{path}: {answer:?}");
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                let is_named = match route.starts_with("/open311/") {
                    true => text.contains(name) && text.contains(value),
                    false => answer.json()["errors"].as_array().unwrap().iter().any(|one| {
                        let reason = one["reason"].as_str().unwrap();
                        one["field"] == name && one["value"] == value && !reason.is_empty()
                    }),
                };
                assert!(is_named, "{method} {path}: {text}");
            };
            if !route.starts_with("/open311/") {
                refused("licorne", "1");
                asked += 1;
            }
            for one in &query {
                let name = one["name"].as_str().unwrap();
                for value in forbidden(&one["schema"]) {
                    refused(name, &value);
                    asked += 1;
                }
            }
        }
    }
    assert!(operations > 50 && asked > 350, "{operations} operations, {asked} requests");
}

#[test]
fn the_command_prints_the_document_that_is_served() {
    let (folder, service) = demo();
    for language in ["fr", "en"] {
        let printed = done(&folder, &["openapi", "--lang", language]);
        let mut printed: Value = serde_json::from_str(&printed).unwrap();
        let mut served = service.get(&format!("/api/openapi.json?lang={language}")).json();
        // Where the service is stands in the one that is served.
        printed["servers"].take();
        served["servers"].take();
        assert_eq!(printed, served);
    }
}

#[test]
fn the_headers_of_the_document_are_read_and_no_others() {
    let (_folder, service) = demo();
    let list = service.get("/api/v1/reports?limit=1").json();
    let id = list["features"][0]["id"].as_str().unwrap().to_owned();
    let document = service.get("/api/openapi.json?lang=en").json();
    let forbidden = [("Idempotency-Key", "k".repeat(201)), ("If-Match", "licorne".to_owned())];
    let mut count = 0;
    for (route, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let path = path_of(route, operation, &id);
            let parameters = operation["parameters"].as_array().unwrap();
            for (name, value) in &forbidden {
                let is_declared =
                    parameters.iter().any(|one| one["in"] == "header" && one["name"] == *name);
                let header = [(*name, value.as_str())];
                let answer = service.ask(&method.to_uppercase(), &path, &header, b"{}");
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                let is_refused = answer.status == 400 && text.contains(name);
                assert_eq!(is_refused, is_declared, "{method} {path}, {name}: {text}");
                count += usize::from(is_declared);
            }
        }
    }
    assert_eq!(count, 6, "three create reports, one changes and one reads them, one erases");
}

#[test]
fn an_answer_with_a_documented_etag_is_304_the_second_time() {
    let (_folder, service) = demo();
    let list = service.get("/api/v1/reports?limit=1").json();
    let id = list["features"][0]["id"].as_str().unwrap().to_owned();
    let document = service.get("/api/openapi.json?lang=en").json();
    let mut count = 0;
    for (route, methods) in document["paths"].as_object().unwrap() {
        let operation = &methods["get"];
        if operation["responses"]["304"].is_null() {
            continue;
        }
        let parameters = operation["parameters"].as_array().unwrap();
        assert!(parameters.iter().any(|one| one["name"] == "If-None-Match"), "{route}");
        let path = path_of(route, operation, &id);
        let first = service.get(&path);
        if let (200, Some(tag)) = (first.status, first.header("etag")) {
            let again = service.ask("GET", &path, &[("If-None-Match", tag)], b"");
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
            count += 1;
        }
    }
    assert!(count > 25, "{count} operations have an ETag");
}

/// Every description and summary of a document with its path.
fn descriptions(at: &str, value: &Value, to: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                match inner.as_str() {
                    Some(text) if name == "description" || name == "summary" => {
                        to.push((at.to_owned(), text.to_owned()));
                    }
                    _ if name == "example" => {}
                    _ => descriptions(&format!("{at}/{name}"), inner, to),
                }
            }
        }
        Value::Array(list) => {
            for (n, inner) in list.iter().enumerate() {
                descriptions(&format!("{at}/{n}"), inner, to);
            }
        }
        _ => {}
    }
}

#[test]
fn every_description_is_in_both_languages() {
    let folder = Folder::new("openapi-languages");
    let [french, english] = ["fr", "en"].map(|language| {
        let printed = done(&folder, &["openapi", "--lang", language]);
        let mut all = Vec::new();
        descriptions("", &serde_json::from_str(&printed).unwrap(), &mut all);
        all
    });
    assert!(english.len() > 900, "only {} descriptions", english.len());
    assert_eq!(french.len(), english.len());
    // Words that both languages have.
    let same = ["ok", "Photos", "Longitude", "Latitude", "Zoom.", "RFC 3339."];
    let names = ["Open311 GeoReport v2", "GeoReport v2; attribute[CODE]=…, attribute[CODE][]=…"];
    for ((at, french), (_, english)) in french.iter().zip(&english) {
        let is_name = same.contains(&french.as_str()) || names.contains(&french.as_str());
        assert!(french != english || is_name, "{at}: {french}");
    }
}

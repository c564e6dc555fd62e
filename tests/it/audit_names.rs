//! Names of employees, planted by every operation that changes something: no `GET` operation says
//! them to the public, in any format, and holders of keys read them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::{Answer, Folder, Service, done, eventually};

const QUEBEC: &str = "ville.quebec.qc.ca";
const JSON: &str = "application/json";

/// Names of keys, the name that a supervisor gave, and those of who was assigned.
const NAMES: [&str; 7] =
    ["zzanne", "zzmarie", "zzchantal", "zzroot", "zzluc", "zzpaul", "zzpierre"];

/// A service in whose store every name was planted, with the reports that have them.
struct NamedCity {
    _folder: Folder,
    service: Service,
    chief: String,
    ids: Vec<String>,
}

fn ask(service: &Service, key: &str, request: (&str, &str, &str), body: &[u8]) -> Answer {
    let (method, path, kind) = request;
    let bearer = format!("Bearer {key}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
    let headers = if key.is_empty() { &headers[1..] } else { &headers[..] };
    service.ask(method, path, headers, body)
}

fn named_city() -> NamedCity {
    let folder = Folder::new("names");
    done(&folder, &["city", "add", QUEBEC]);
    let roles = ["agent", "crew", "supervisor", "admin"];
    let keys: Vec<String> = NAMES
        .iter()
        .zip(roles)
        .map(|(name, role)| {
            let words = ["key", "create", "--name", name, "--role", role];
            done(&folder, &words).trim().to_owned()
        })
        .collect();
    let service = Service::start(&folder, &[]);
    let send = |key: usize, method: &str, path: &str, body: Value| -> Value {
        let request = (method, path, JSON);
        let answer = ask(&service, &keys[key], request, body.to_string().as_bytes());
        assert!(answer.status < 300, "{method} {path}: {answer:?}");
        answer.json()
    };
    let file = |key: usize| -> String {
        let body = json!({ "service_code": "graffiti", "lon": -71.2081, "lat": 46.814,
                           "description": "Mur" });
        send(key, "POST", "/api/v1/reports", body)["id"].as_str().unwrap().to_owned()
    };
    let ids: Vec<String> = (0..4).map(file).collect();
    let report = |n: usize| format!("/api/v1/reports/{}", ids[n]);
    send(1, "PATCH", &report(0), json!({ "status": "in_progress", "assignee": "zzpaul" }));
    send(0, "PATCH", &report(1), json!({ "assignee": "zzpierre" }));
    send(0, "PATCH", &report(1), json!({ "assignee": null }));
    let incident = |what: &str| format!("/api/v1/incidents/{}/{what}", ids[0]);
    let members = json!({ "reports": [ids[2]], "author": "zzluc" });
    let made = send(2, "POST", &incident("merge"), members);
    let change = made["changes"].as_array().unwrap().last().unwrap()["change_id"].clone();
    send(2, "POST", &incident("undo"), json!({ "change_id": change, "author": "zzluc" }));
    send(2, "POST", &incident("merge"), json!({ "reports": [ids[3]] }));
    let update =
        format!("api_key=any&jurisdiction_id={QUEBEC}&service_request_id={}&status=closed", ids[1]);
    let form = "application/x-www-form-urlencoded";
    let path = "/open311/v2/servicerequestupdates.json";
    let sent = ask(&service, &keys[1], ("POST", path, form), update.as_bytes());
    assert_eq!(sent.status, 200, "{sent:?}");
    let table = b"id,created,status,category,latitude,longitude\n\
        k1,2026-03-01 08:30:00,open,graffiti,46.81,-71.21\n";
    let sent = ask(&service, &keys[3], ("POST", "/api/v1/imports?name=a.csv", "text/csv"), table);
    let import = format!("/api/v1/imports/{}", sent.json()["id"].as_str().unwrap());
    send(3, "PATCH", &import, json!({ "jurisdiction": QUEBEC }));
    send(3, "POST", &format!("{import}/run"), json!({}));
    eventually("the import ends", || service.get("/api/v1/reports/k1").status == 200);
    let chief = keys[2].clone();
    NamedCity { _folder: folder, service, chief, ids }
}

/// The requests of a `GET` operation: with what it needs, and with each other parameter.
fn requests(route: &str, operation: &Value, ids: &[String]) -> Vec<String> {
    const EXAMPLE: &str = "4RX-7KM-PH";
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let parameters = operation["parameters"].as_array().unwrap();
    let mut paths = vec![route.to_owned()];
    for one in parameters.iter().filter(|one| one["in"] == "path") {
        let name = format!("{{{}}}", one["name"].as_str().unwrap());
        let example = text(&one["example"]);
        let values: Vec<String> = match example.contains(EXAMPLE) {
            true => ids.iter().map(|id| example.replace(EXAMPLE, id)).collect(),
            // Open311 names its format in the path.
            false if example.ends_with(".json") => {
                vec![example.replace(".json", ".xml"), example.clone()]
            }
            false => vec![example],
        };
        paths = paths
            .iter()
            .flat_map(|path| values.iter().map(|value| path.replace(&name, value)))
            .collect();
    }
    let pair = |one: &Value| {
        let example = text(&one["example"]);
        let example: String = form_urlencoded::byte_serialize(example.as_bytes()).collect();
        format!("{}={example}", one["name"].as_str().unwrap())
    };
    let query = || parameters.iter().filter(|one| one["in"] == "query");
    let needed: Vec<String> = query().filter(|one| one["required"] == true).map(pair).collect();
    let needed = needed.join("&");
    let mut all = Vec::new();
    for path in paths {
        all.push(format!("{path}?{needed}"));
        let others = query().filter(|one| one["required"] != true && !one["example"].is_null());
        all.extend(others.map(|one| format!("{path}?{needed}&{}", pair(one))));
        for extra in ["extensions=true", "f=html"] {
            all.push(format!("{path}?{needed}&{extra}"));
        }
    }
    all
}

fn names_in(answer: &Answer) -> Vec<&'static str> {
    let has = |name: &&str| {
        memchr::memmem::find(&answer.body, name.as_bytes()).is_some() || answer.head.contains(*name)
    };
    NAMES.iter().copied().filter(has).collect()
}

#[test]
fn no_operation_tells_the_public_the_name_of_an_employee() {
    let city = named_city();
    let document = city.service.get("/api/openapi.json").json();
    let mut paths: Vec<String> = Vec::new();
    for (route, methods) in document["paths"].as_object().unwrap() {
        if let Some(operation) = methods.get("get") {
            paths.extend(requests(route, operation, &city.ids));
        }
    }
    paths.extend(["reports", "clusters", "hexes"].map(|layer| {
        format!("/tiles/{layer}/12/{}/{}.mvt", (-71.2081_f64 + 180.0) as i64 * 4096 / 360, 1443)
    }));
    assert!(paths.len() > 300, "only {} requests", paths.len());
    let mut read = BTreeSet::new();
    for path in &paths {
        let answer = city.service.get(path);
        assert!(answer.status < 500, "{path}: {answer:?}");
        assert_eq!(names_in(&answer), Vec::<&str>::new(), "{path}");
        let known = ask(&city.service, &city.chief, ("GET", path, JSON), b"");
        read.extend(names_in(&known));
        // Where a holder of a key reads a name, no cache takes one response for the other.
        if !names_in(&known).is_empty() && answer.status == 200 {
            let tags = [&answer, &known].map(|one| one.header("etag").map(str::to_owned));
            assert!(tags[0].is_none() || tags[0] != tags[1], "{path}: one tag for two responses");
        }
    }
    // The test can fail: holders of keys read all of them.
    assert_eq!(read, BTreeSet::from(NAMES), "names that nobody reads");
}

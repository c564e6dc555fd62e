//! The OpenAPI document: links between its operations, for tests that go from one to the next, and
//! limits of its parameters.

use std::collections::HashMap;

use crate::common::{LocalService, demo_city};
use crate::hotspots::send_hotspot;
use crate::openapi::{demo, shown};

#[test]
fn links_lead_from_answers_to_operations_that_work() {
    let folder = demo_city("links", 2_000, 5);
    let service = LocalService::start(&folder);
    let document = service.get("/api/openapi.json").json();
    let mut paths = HashMap::new();
    for (route, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            paths.insert(operation["operationId"].as_str().unwrap(), (route, method, operation));
        }
    }
    let report = r#"{"service_code":"nid-de-poule","lon":-71.21,"lat":46.81}"#;
    let form = "api_key=k&service_code=graffiti&lat=46.81&long=-71.21";
    let rows = "service_request_id,requested_datetime,service_name,lat,long\n1,hier,Trou,,\n";
    send_hotspot(&service);
    service.examine();
    let mut followed = 0;
    for (id, path, body) in [
        ("create_report", "/api/v1/reports", report),
        ("open311_post", "/open311/v2/requests.json", form),
        ("create_import", "/api/v1/imports?name=rows.csv", rows),
        ("reports", "/api/v1/reports", ""),
        ("hotspots", "/api/v1/hotspots", ""),
    ] {
        let (_, method, operation) = paths[id];
        let answer = service.ask(&method.to_uppercase(), path, &[], body.as_bytes());
        let links = &operation["responses"][answer.status.to_string()]["links"];
        for link in links.as_object().unwrap_or_else(|| panic!("{id} has no links")).values() {
            let to = link["operationId"].as_str().unwrap();
            let (route, method, operation) = paths[to];
            let (name, expression) = link["parameters"].as_object().unwrap().iter().next().unwrap();
            let pointer = expression.as_str().unwrap().strip_prefix("$response.body#").unwrap();
            let json = answer.json();
            let value = json.pointer(pointer).unwrap_or_else(|| panic!("{id}: no {pointer}"));
            let declared = operation["parameters"].as_array().unwrap().iter();
            let in_path = declared.filter(|one| one["in"] == "path");
            assert!(in_path.into_iter().any(|one| one["name"] == **name), "{to} has no {name}");
            if method == "get" {
                let path = route.replace(&format!("{{{name}}}"), &shown(value));
                assert_eq!(service.get(&path).status, 200, "{id} to {to}: {path}");
            }
            followed += 1;
        }
    }
    let responses = paths.values().flat_map(|(.., one)| one["responses"].as_object().unwrap());
    let linked = responses.filter_map(|(_, response)| response["links"].as_object());
    let links: usize = linked.map(serde_json::Map::len).sum();
    assert_eq!(followed, links, "each link was followed");
}

#[test]
fn examples_have_the_form_that_their_schemas_ask_for() {
    let (_folder, service) = demo();
    let document = service.get("/api/openapi.json").json();
    let mut checked = 0;
    for (route, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            for one in operation["parameters"].as_array().unwrap() {
                let schema = &one["schema"];
                let name = one["name"].as_str().unwrap();
                let is_bounded = |edge: &str| {
                    let is_number = schema["type"] == "integer" || schema["type"] == "number";
                    !is_number || schema[edge].is_number()
                };
                assert!(is_bounded("minimum") && is_bounded("maximum"), "{route}: {name}");
                let Some(example) = one["example"].as_f64() else { continue };
                let (low, high) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
                let fits =
                    low.is_none_or(|low| example >= low) && high.is_none_or(|high| example <= high);
                assert!(fits, "{route}: {name} {example}");
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "{checked}");
}

//! Private values planted in a city whose services are shown in different ways: no `GET` operation
//! tells the public any of them, with any parameter and in any format, and crews read them all.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::private_city::{PrivateCity, private_city};
use crate::common::{Answer, Client};

fn shown(example: &Value) -> String {
    example.as_str().map_or_else(|| example.to_string(), str::to_owned)
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Values of a parameter that are tried besides the example.
fn values_of(name: &str, city: &PrivateCity) -> Vec<String> {
    match name {
        "service" | "service_code" => {
            let mut codes: Vec<&str> = city.planted.iter().map(|one| one.service).collect();
            codes.dedup();
            codes.into_iter().map(str::to_owned).collect()
        }
        "bbox" => vec!["-71.3,46.7,-71.1,46.9".into()],
        "service_request_id" | "exclude" => city.planted.iter().map(|one| one.id.clone()).collect(),
        "limit" => vec!["100".into()],
        "zoom" => ["5", "12", "16"].map(str::to_owned).to_vec(),
        "count" => vec!["reports".into()],
        _ => Vec::new(),
    }
}

/// The requests of a `GET` operation: with the parameters that it needs, and with each other one
/// beside them.
fn requests(route: &str, operation: &Value, city: &PrivateCity) -> Vec<String> {
    const EXAMPLE: &str = "4RX-7KM-PH";
    let parameters = operation["parameters"].as_array().unwrap();
    let mut paths = vec![route.to_owned()];
    for one in parameters.iter().filter(|one| one["in"] == "path") {
        let name = format!("{{{}}}", one["name"].as_str().unwrap());
        let example = shown(&one["example"]);
        let fill = |path: &String| -> Vec<String> {
            if !example.contains(EXAMPLE) {
                return vec![path.replace(&name, &example)];
            }
            let of = |id: &str| path.replace(&name, &example.replace(EXAMPLE, id));
            city.planted.iter().map(|one| of(&one.id)).collect()
        };
        paths = paths.iter().flat_map(fill).collect();
    }
    let query: Vec<&Value> = parameters.iter().filter(|one| one["in"] == "query").collect();
    let pair =
        |one: &Value, value: &str| format!("{}={}", one["name"].as_str().unwrap(), encoded(value));
    let needed = query.iter().filter(|one| one["required"] == true);
    let needed: Vec<String> = needed.map(|one| pair(one, &shown(&one["example"]))).collect();
    let needed = needed.join("&");
    let mut all = Vec::new();
    for (n, path) in paths.iter().enumerate() {
        all.push(format!("{path}?{needed}"));
        // The parameters of operations on one report are tried with a few of them.
        for one in query.iter().filter(|_| n % 6 == 0) {
            let mut values = values_of(one["name"].as_str().unwrap(), city);
            values.extend((!one["example"].is_null()).then(|| shown(&one["example"])));
            let is_needed = one["required"] == true;
            all.extend(
                values
                    .iter()
                    .filter(|_| !is_needed)
                    .map(|value| format!("{path}?{needed}&{}", pair(one, value))),
            );
        }
    }
    all
}

/// Tiles of the layers of reports at several zooms around the planted places.
fn tiles() -> Vec<String> {
    let mut all = Vec::new();
    for zoom in [0_u32, 6, 10, 12, 14, 16] {
        let side = f64::from(1_u32 << zoom);
        let x = ((-71.2081 + 180.0) / 360.0 * side) as u32;
        let lat = 46.814_f64.to_radians();
        let y = ((1.0 - lat.tan().asinh() / std::f64::consts::PI) / 2.0 * side) as u32;
        for layer in ["reports", "clusters", "hexes", "hotspots", "hotspot_members"] {
            if zoom <= 14 || layer == "reports" {
                all.push(format!("/tiles/{layer}/{zoom}/{x}/{y}.mvt"));
            }
        }
    }
    all
}

/// The canaries in an answer, also as the bytes of the numbers that they are.
fn found<'a>(answer: &Answer, path: &str, canaries: &[&'a str]) -> Vec<&'a str> {
    let has = |needle: &[u8]| memchr::memmem::find(&answer.body, needle).is_some();
    let is_in = |canary: &&&str| {
        // A refusal repeats what was asked.
        let is_asked = path.contains(**canary);
        let number: Option<f64> = canary.parse().ok();
        !is_asked
            && (has(canary.as_bytes())
                || answer.head.contains(**canary)
                || number.is_some_and(|n| has(&n.to_le_bytes()) || has(&n.to_be_bytes())))
    };
    canaries.iter().filter(is_in).copied().collect()
}

/// Asks every request and returns the canaries found, each with the first request that has it.
fn leaked<'a>(client: &Client, paths: &[String], canaries: &[&'a str]) -> Vec<(&'a str, String)> {
    let mut known = BTreeSet::new();
    let mut all = Vec::new();
    for path in paths {
        let answer = client.get(path);
        assert!(answer.status < 500, "{path}: {answer:?}");
        for canary in found(&answer, path, canaries) {
            if known.insert(canary) {
                all.push((canary, path.clone()));
            }
        }
    }
    all
}

#[test]
fn no_operation_tells_the_public_a_private_value() {
    let city = private_city();
    let document = city.public.get("/api/openapi.json").json();
    let mut paths = tiles();
    for (route, methods) in document["paths"].as_object().unwrap() {
        // Imports are for crews; their files are those that crews sent.
        let Some(operation) = methods.get("get") else { continue };
        paths.extend(requests(route, operation, &city));
    }
    assert!(paths.len() > 800, "only {} requests", paths.len());
    let canaries = city.planted.iter().flat_map(|one| one.canaries.iter().map(String::as_str));
    let canaries: Vec<&str> = canaries.collect();
    assert!(canaries.len() > 100, "{canaries:?}");
    assert_eq!(leaked(&city.public, &paths, &canaries), []);

    // The test can fail: a crew reads them.
    let crew = leaked(&city.crew, &paths, &canaries);
    let read: BTreeSet<&str> = crew.iter().map(|(canary, _)| *canary).collect();
    let secret = |canary: &&&str| !canary.contains('@') && !read.contains(**canary);
    assert_eq!(canaries.iter().filter(secret).collect::<Vec<_>>(), Vec::<&&str>::new());
    for path in paths.iter().filter(|path| path.starts_with("/api/v1/reports?")) {
        let private = city.crew.get(path);
        if private.status == 200 {
            assert_eq!(private.header("cache-control"), Some("private, no-cache"), "{path}");
            assert!(private.head.to_lowercase().contains("authorization, cookie"), "{path}");
            assert_ne!(private.header("etag"), city.public.get(path).header("etag"), "{path}");
        }
    }
}

#[test]
fn each_policy_leaves_what_it_says() {
    let city = private_city();
    let count = |client: &Client, query: &str| {
        client.get(&format!("/api/v1/stats?{query}")).json()["total"].as_u64().unwrap()
    };
    let listed = |client: &Client, service: &str| {
        let list = client.get(&format!("/api/v1/reports?service={service}&limit=100")).json();
        list["features"].as_array().unwrap().clone()
    };
    for (service, counted, single) in [
        ("nid-de-poule", 6, 6),
        ("graffiti", 6, 6),
        ("batiment-insalubre", 6, 0),
        ("seringue", 0, 0),
    ] {
        assert_eq!(count(&city.crew, &format!("service={service}")), 6, "{service}");
        assert_eq!(count(&city.public, &format!("service={service}")), counted, "{service}");
        assert_eq!(listed(&city.crew, service).len(), 6, "{service}");
        assert_eq!(listed(&city.public, service).len(), single, "{service}");
    }
    for one in &city.planted {
        let is_listed = ["nid-de-poule", "graffiti"].contains(&one.service);
        let path = format!("/api/v1/reports/{}", one.id);
        assert_eq!(city.public.get(&path).status == 200, is_listed, "{}", one.service);
        assert_eq!(city.crew.get(&path).status, 200);
    }
    let street = &listed(&city.public, "graffiti")[0];
    assert_eq!(street["properties"]["address"], "rue Cartier");
    assert_eq!(street["properties"]["description"], Value::Null);
    // What is exact is as the crew reads it.
    assert_eq!(listed(&city.public, "nid-de-poule"), listed(&city.crew, "nid-de-poule"));
}

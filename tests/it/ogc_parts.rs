//! OGC API – Features: `datetime` and `Accept` by their grammars, schemas, links; and that nothing
//! depends on whether a collection is empty today.

use std::collections::BTreeSet;

use crate::common::{Folder, LocalService, Service, add_boundaries, demo_city, run};
use crate::hotspots::send_hotspot;
use serde_json::Value;

pub const ITEMS: &str = "/ogc/collections/reports/items";
pub const EPSG: &str = "http://www.opengis.net/def/crs/EPSG/0";
pub const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

pub fn demo() -> (Folder, LocalService) {
    let folder = demo_city("ogc-parts", 2_000, 5);
    add_boundaries(&folder, "moities");
    let service = LocalService::start(&folder);
    (folder, service)
}

pub fn matched(service: &LocalService, path: &str) -> u64 {
    let answer = service.get(path);
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()["numberMatched"].as_u64().unwrap()
}

pub fn features(page: &Value) -> &Vec<Value> {
    page["features"].as_array().unwrap()
}

pub fn ids(page: &Value) -> Vec<String> {
    features(page).iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// The path of a link of a page.
pub fn link(page: &Value, rel: &str) -> Option<String> {
    let links = page["links"].as_array().unwrap();
    let href = links.iter().find(|link| link["rel"] == rel)?["href"].as_str().unwrap();
    Some(href.split_once("/ogc").map(|(_, rest)| format!("/ogc{rest}")).unwrap())
}

#[test]
fn datetime_is_refused_by_name_value_and_reason() {
    let (_folder, service) = demo();
    for (value, reason) in [
        ("2026-03-01T00:00:00", "without an offset"),
        ("2026-03-01T00:00:00/..", "without an offset"),
        ("/", "open at both ends"),
        ("../..", "open at both ends"),
        ("/..", "open at both ends"),
        ("../", "open at both ends"),
        ("2026-03-02/2026-03-01", "ends before it begins"),
        ("2026-03-01/2026-03-02/..", "more than one slash"),
        ("2026-02-30", "neither an instant"),
        ("..", "neither an instant"),
    ] {
        for collection in ["reports", "incidents", "hexes", "moities"] {
            let path = format!("/ogc/collections/{collection}/items?lang=en&datetime={value}");
            let answer = service.get(&path);
            assert_eq!((answer.status, answer.fields()), (400, vec!["datetime".into()]), "{path}");
            let error = answer.json()["errors"][0].clone();
            assert_eq!(error["value"], value);
            assert!(error["reason"].as_str().unwrap().contains(reason), "{path}: {error}");
        }
    }
    let count = |value: &str| matched(&service, &format!("{ITEMS}?limit=1&datetime={value}"));
    let all = count("../2026-12-31");
    let (before, after) = (count("../2026-03-01T04:59:59z"), count("2026-03-01t00:00:00-05:00/.."));
    assert!(before > 0 && after > 0);
    assert_eq!(before + after, all);
    assert_eq!(count("/2026-03-01T04:59:59Z"), before);
    assert_eq!(count("2026-03-01T05:00:00Z/"), after);
    // A date is the day of the city, also on the day on which clocks change.
    for day in ["2026-03-08", "2026-06-15"] {
        let same = format!("/api/v1/stats?approximate=true&from={day}&to={day}");
        assert_eq!(count(day), service.get(&same).json()["total"].as_u64().unwrap(), "{day}");
        assert!(count(day) > 0, "{day}");
    }
}

#[test]
fn what_a_collection_offers_does_not_depend_on_its_features() {
    let (_folder, full) = demo();
    let empty_folder = Folder::new("ogc-empty");
    let empty = LocalService::start(&empty_folder);
    send_hotspot(&full);
    full.examine();
    assert!(matched(&full, "/ogc/collections/hotspots/items") > 0);
    assert_eq!(matched(&empty, "/ogc/collections/hotspots/items"), 0);
    let without_address = |service: &LocalService, path: &str| {
        let text = String::from_utf8(service.get(path).body).unwrap();
        text.replace(&service.address.to_string(), "HOST")
    };
    for collection in ["reports", "incidents", "hotspots", "hexes"] {
        for resource in ["queryables", "sortables", "schema"] {
            let path = format!("/ogc/collections/{collection}/{resource}");
            assert_eq!(without_address(&full, &path), without_address(&empty, &path), "{path}");
        }
        let of = |service: &LocalService| {
            let document = service.get("/ogc/api").json();
            let path = format!("/collections/{collection}/items");
            document["paths"][&path]["get"]["parameters"].clone()
        };
        assert_eq!(of(&full), of(&empty), "{collection}");
        // A property of today's features is taken while there are none.
        let query = match collection {
            "hotspots" => "service_code=nid-de-poule",
            "hexes" => "class=hot99",
            _ => "status=open",
        };
        let path = format!("/ogc/collections/{collection}/items?{query}");
        assert_eq!(matched(&empty, &path), 0);
        assert_eq!(full.get(&path).status, 200);
        let about = empty.get(&format!("/ogc/collections/{collection}")).json();
        assert!(about["extent"].is_null(), "{about}");
        let about = full.get(&format!("/ogc/collections/{collection}")).json();
        assert_eq!(about["extent"]["spatial"]["bbox"][0].as_array().unwrap().len(), 4);
    }
    assert_eq!(empty.get("/ogc/collections/hotspots/items?licorne=1").fields(), ["licorne"]);
}

#[test]
fn schemas_have_the_properties_of_the_features_and_their_roles() {
    let (_folder, service) = demo();
    send_hotspot(&service);
    service.examine();
    for (collection, id) in [
        ("reports", "service_request_id"),
        ("incidents", "service_request_id"),
        ("hotspots", "hotspot_id"),
        ("hexes", "h3"),
        ("moities", "name"),
    ] {
        let base = format!("/ogc/collections/{collection}");
        let answer = service.get(&format!("{base}/schema"));
        assert_eq!(answer.header("content-type"), Some("application/schema+json"));
        let schema = answer.json();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(schema["$id"].as_str().unwrap().ends_with(&format!("{base}/schema")));
        let properties = schema["properties"].as_object().unwrap();
        let role = |role: &str| {
            let mut with = properties.iter().filter(|(_, one)| one["x-ogc-role"] == role);
            let name = with.next().map(|(name, _)| name.as_str());
            assert!(with.next().is_none(), "{collection}: {role} once");
            name
        };
        assert_eq!((role("id"), role("primary-geometry")), (Some(id), Some("geometry")));
        let instant = id == "service_request_id";
        assert_eq!(role("primary-instant"), instant.then_some("requested_datetime"));
        assert!(properties.values().all(|one| one["readOnly"] == true && one["title"].is_string()));
        let page = service.get(&format!("{base}/items?limit=200")).json();
        let mut seen = BTreeSet::new();
        for feature in features(&page) {
            let own = feature["properties"].as_object().unwrap();
            for (name, value) in own {
                assert!(properties.contains_key(name), "{collection}: {name}");
                assert!(fits(&properties[name], value), "{collection}: {name} {value}");
                seen.insert(name.clone());
            }
            for name in schema["required"].as_array().unwrap() {
                assert!(!own[name.as_str().unwrap()].is_null(), "{collection}: {name}");
            }
        }
        let optional = ["geometry", "ring", "oldest_open_datetime"];
        let unseen = properties
            .keys()
            .find(|name| !seen.contains(*name) && !optional.contains(&name.as_str()));
        assert_eq!(unseen, None, "{collection}");
        // What filters can name is what features have: each text, number and truth of them.
        let queryables = service.get(&format!("{base}/queryables")).json();
        let own = properties.iter().filter(|(name, schema)| {
            *name != "reports" && !["array", "object"].iter().any(|kind| schema["type"] == *kind)
        });
        let own: BTreeSet<&String> = own.map(|(name, _)| name).collect();
        let queryables = queryables["properties"].as_object().unwrap();
        let known: BTreeSet<&String> = queryables.keys().collect();
        assert_eq!(known, own, "{collection}");
        let part = service.get(&format!("{base}/sortables")).json();
        for name in part["properties"].as_object().unwrap().keys() {
            assert!(properties.contains_key(name), "{collection}: {name}");
        }
        let about = service.get(&base).json();
        let rels: Vec<&str> =
            about["links"].as_array().unwrap().iter().map(|l| l["rel"].as_str().unwrap()).collect();
        for name in ["schema", "sortables", "queryables"] {
            let rel = format!("http://www.opengis.net/def/rel/ogc/1.0/{name}");
            assert!(rels.contains(&rel.as_str()), "{rel}");
        }
        assert_eq!(link(&page, "describedby").unwrap(), format!("{base}/schema"));
    }
}

/// Does a value fit the type and the words of a property's schema? Null always does.
fn fits(schema: &Value, value: &Value) -> bool {
    let is_word = |words: &Vec<Value>| words.contains(value);
    let has_type = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    };
    value.is_null() || has_type && schema["enum"].as_array().is_none_or(is_word)
}

#[test]
fn accept_is_followed_by_its_weights_on_every_path() {
    let (_folder, service) = demo();
    let document = service.get("/ogc/api").json();
    let id = ids(&service.get(&format!("{ITEMS}?limit=1")).json())[0].clone();
    let ask = |path: &str, accept: &str| service.ask("GET", path, &[("Accept", accept)], b"");
    let mut count = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        if item["get"].is_null() || path.contains("incidents/items/") {
            continue;
        }
        let feature = match path.split('/').nth(2) {
            Some("reports") => id.as_str(),
            Some("moities") => "Est",
            _ if path.contains("{feature}") => continue,
            _ => "",
        };
        let path = path.replace("{feature}", feature).replace("{grid}", "WebMercatorQuad");
        let path = path.replace("{z}", "8").replace("{y}", "90").replace("{x}", "77");
        let path = format!("/ogc{}", path.trim_end_matches('/'));
        let plain = ask(&path, "*/*");
        assert!(plain.status == 200 || plain.status == 204, "{path}: {plain:?}");
        let refused = ask(&path, "image/png, application/xml;q=0.5");
        assert_eq!((refused.status, refused.fields()), (406, vec!["Accept".into()]), "{path}");
        let media_type = plain.header("content-type").unwrap_or("application/vnd").to_owned();
        let reason = refused.json()["errors"][0]["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains(&media_type), "{path}: {reason}");
        assert_eq!(refused.json()["status"], 406);
        assert_eq!(ask(&path, "*/*;q=0").status, 406, "{path}");
        let is_json = media_type.contains("json");
        if is_json && item["get"]["responses"]["200"]["content"]["text/html"].is_object() {
            let html = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
            for accept in [html, "text/*", "*/*;q=0.1,text/html;q=0.2", "application/json;q=0,*/*"]
            {
                let answer = ask(&path, accept);
                // A GeoJSON document is no `application/json`: to refuse that leaves it.
                let is_html = answer.header("content-type").unwrap().starts_with("text/html");
                let keeps = accept.starts_with("application") && media_type != "application/json";
                assert!(answer.status == 200 && is_html != keeps, "{path} {accept}");
                let mut lines = answer.head.lines();
                assert!(lines.any(|line| line.eq_ignore_ascii_case("vary: accept")), "{path}");
            }
            let joint = if path.contains('?') { '&' } else { '?' };
            let answer = ask(&format!("{path}{joint}f=json"), "text/html");
            assert_eq!(answer.header("content-type"), Some(media_type.as_str()), "{path}");
            let answer = ask(&format!("{path}{joint}f=html"), "image/png");
            assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{path}");
        }
        if is_json {
            let answer = ask(&path, "text/html;q=0.2, application/json;q=0.3");
            assert_eq!(answer.header("content-type"), Some(media_type.as_str()), "{path}");
        }
        count += 1;
    }
    assert!(count > 25, "{count} paths");
}

#[test]
fn links_are_headers_too() {
    let (_folder, service) = demo();
    for path in [
        "/ogc".to_owned(),
        "/ogc/conformance".into(),
        "/ogc/collections".into(),
        "/ogc/collections/reports".into(),
        format!("{ITEMS}?limit=5"),
        "/ogc/collections/hexes/items?limit=5".into(),
    ] {
        let answer = service.get(&path);
        let header = answer.header("link").unwrap_or_else(|| panic!("{path}")).to_owned();
        let links = answer.json()["links"].as_array().unwrap().clone();
        assert!(links.len() >= 2);
        for link in &links {
            let (rel, href) = (link["rel"].as_str().unwrap(), link["href"].as_str().unwrap());
            assert!(header.contains(&format!("<{href}>; rel=\"{rel}\"")), "{path}: {link}");
        }
        assert_eq!(header.matches("; rel=").count(), links.len(), "{path}");
    }
    let long = format!("{ITEMS}?limit=5&filter=status%3D'{}'", "a".repeat(4_000));
    let answer = service.get(&long);
    assert!(answer.status == 200 && answer.header("link").is_none());
    let other = service.ask("GET", "/ogc", &[("Origin", "https://app.example")], b"");
    let exposed = other.header("access-control-expose-headers").unwrap().to_ascii_lowercase();
    assert!(exposed.contains("link") && exposed.contains("content-crs"), "{exposed}");
}

#[test]
fn the_licence_of_the_data_is_linked() {
    let folder = demo_city("ogc-licence", 100, 5);
    let licence = "https://creativecommons.org/licenses/by/4.0/deed.fr";
    let service = Service::start(&folder, &["--licence", licence]);
    for path in ["/ogc", "/ogc/collections/reports", ITEMS, "/ogc/collections/hexes/items"] {
        let answer = service.get(path);
        let body = answer.json();
        let links = body["links"].as_array().unwrap();
        let link = links.iter().find(|link| link["rel"] == "license").unwrap();
        assert_eq!(link["href"], licence, "{path}");
        assert!(answer.header("link").unwrap().contains(&format!("<{licence}>; rel=\"license\"")));
    }
    drop(service);
    let other = format!("boston.gov={licence}");
    let service = Service::start(&folder, &["--licence", &other]);
    let body = service.get("/ogc").json();
    assert!(body["links"].as_array().unwrap().iter().all(|link| link["rel"] != "license"));
    drop(service);
    let refused = run(&folder, &["serve", "--licence", "CC-BY"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--licence"), "{refused:?}");
}

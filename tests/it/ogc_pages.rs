//! OGC API – Features: systems by reference, order, selection of properties, search by a body.

use std::collections::BTreeSet;

use crate::common::LocalService;
use crate::ogc_parts::{CRS84, EPSG, ITEMS, demo, features, ids, link, matched};
use serde_json::{Value, json};

/// All ids of a page and of the pages after it, and the pages.
fn follow(service: &LocalService, first: &str) -> (Vec<String>, Vec<Value>) {
    let (mut all, mut pages) = (Vec::new(), vec![service.get(first).json()]);
    loop {
        let page = pages.last().unwrap();
        all.extend(ids(page));
        let Some(next) = link(page, "next") else { return (all, pages) };
        let next = service.get(&next).json();
        pages.push(next);
    }
}

#[test]
fn geometries_and_boxes_are_in_the_systems_that_are_asked_for() {
    let (_folder, service) = demo();
    let plain = service.get(&format!("{ITEMS}?limit=500"));
    assert_eq!(plain.header("content-crs"), Some(format!("<{CRS84}>").as_str()));
    let plain = plain.json();
    let about = service.get("/ogc/collections/reports").json();
    assert_eq!(about["storageCrs"], CRS84);
    let systems: Vec<&str> =
        about["crs"].as_array().unwrap().iter().map(|uri| uri.as_str().unwrap()).collect();
    for code in [4326, 3857, 32188] {
        assert!(systems.contains(&format!("{EPSG}/{code}").as_str()), "{code}");
    }
    for system in systems {
        let answer = service.get(&format!("{ITEMS}?limit=500&crs={system}"));
        assert_eq!(answer.header("content-crs"), Some(format!("<{system}>").as_str()));
        let page = answer.json();
        assert_eq!(ids(&page), ids(&plain));
        for (one, known) in features(&page).iter().zip(features(&plain)) {
            let pair = |one: &Value| {
                let pair = one["geometry"]["coordinates"].as_array()?;
                Some((pair[0].as_f64()?, pair[1].as_f64()?))
            };
            let (Some((lon, lat)), Some((a, b))) = (pair(known), pair(one)) else {
                assert!(pair(known).is_none() || !system.ends_with("4326"), "{one}");
                continue;
            };
            if system.ends_with("/4326") {
                assert_eq!((a, b), (lat, lon));
            }
            if system.ends_with("/3857") {
                let (x, y) = (lon.to_radians() * 6_378_137.0, lat.to_radians().tan().asinh());
                assert!((a - x).abs() < 0.01 && (b - y * 6_378_137.0).abs() < 0.01, "{one}");
            }
        }
    }
    // The same box in three systems; of a projected box no corner is lost.
    let count = |query: &str| matched(&service, &format!("{ITEMS}?limit=1&{query}"));
    let known = count("bbox=-71.3,46.78,-71.2,46.86");
    assert!(known > 50);
    let turned = format!("bbox=46.78,-71.3,46.86,-71.2&bbox-crs={EPSG}/4326");
    assert_eq!(count(&turned), known);
    let x = |lon: f64| lon.to_radians() * 6_378_137.0;
    let y = |lat: f64| lat.to_radians().tan().asinh() * 6_378_137.0;
    let (west, south, east, north) = (x(-71.3), y(46.78), x(-71.2), y(46.86));
    let mercator = format!("bbox={west},{south},{east},{north}&bbox-crs={EPSG}/3857");
    assert_eq!(count(&mercator), known);
    let within = format!("BBOX({west},{south},{east},{north})&filter-crs={EPSG}/3857");
    let filter =
        |text: &str| format!("filter=S_INTERSECTS(geometry,{}", text.replacen('&', ")&", 1));
    let inside = count("filter=S_INTERSECTS(geometry,BBOX(-71.3,46.78,-71.2,46.86))");
    assert_eq!(count(&filter(&within)), inside);
    let turned = format!("BBOX(46.78,-71.3,46.86,-71.2)&filter-crs={EPSG}/4326");
    assert_eq!(count(&filter(&turned)), inside);
    projected_boxes_are_exact(&service);
    unknown_systems_and_boxes_are_refused(&service);
    let one = format!("{ITEMS}/{}?crs={EPSG}/4326", ids(&plain)[0]);
    let answer = service.get(&one);
    assert_eq!(answer.header("content-crs"), Some(format!("<{EPSG}/4326>").as_str()));
    let area = format!("/ogc/collections/moities/items/Est?crs={EPSG}/4326");
    let corner = service.get(&area).json()["geometry"]["coordinates"][0][0][0].clone();
    assert!(corner[0].as_f64().unwrap() > 0.0 && corner[1].as_f64().unwrap() < 0.0, "{corner}");
}

fn unknown_systems_and_boxes_are_refused(service: &LocalService) {
    for (query, field) in [
        ("crs=EPSG:3857".to_owned(), "crs"),
        (format!("crs={EPSG}/1"), "crs"),
        ("bbox-crs=x".to_owned(), "bbox-crs"),
        (format!("bbox=1,2,3&bbox-crs={EPSG}/3857"), "bbox"),
        (format!("bbox=3,2,1,4&bbox-crs={EPSG}/3857"), "bbox"),
        (format!("bbox=46.78,-71.3,146.86,-71.2&bbox-crs={EPSG}/4326"), "bbox"),
        ("filter-crs=x".to_owned(), "filter-crs"),
    ] {
        let answer = service.get(&format!("{ITEMS}?{query}"));
        assert_eq!((answer.status, answer.fields()), (400, vec![field.to_owned()]), "{query}");
    }
}

/// A box in MTM has the features whose coordinates in that system lie in it, and those without.
fn projected_boxes_are_exact(service: &LocalService) {
    let system = format!("{EPSG}/32187");
    let page = service.get(&format!("{ITEMS}?limit=10000&crs={system}")).json();
    let places: Vec<Option<(f64, f64)>> = features(&page)
        .iter()
        .map(|one| {
            let pair = one["geometry"]["coordinates"].as_array()?;
            Some((pair[0].as_f64()?, pair[1].as_f64()?))
        })
        .collect();
    let (x, y) = places.iter().flatten().copied().next().unwrap();
    for reach in [500.0, 3_000.0, 15_000.0, 1e7] {
        let (west, south, east, north) = (x - reach, y - reach, x + reach, y + reach);
        let is_in = |place: &Option<(f64, f64)>| {
            place.is_none_or(|(x, y)| x >= west && x <= east && y >= south && y <= north)
        };
        let known = places.iter().filter(|place| is_in(place)).count();
        let query = format!("bbox={west},{south},{east},{north}&bbox-crs={system}");
        let found = matched(service, &format!("{ITEMS}?limit=1&{query}"));
        assert_eq!(found, known as u64, "{reach} m");
    }
    let hexes = format!("/ogc/collections/hexes/items?limit=1&bbox-crs={system}");
    let all = matched(service, &format!("{hexes}&bbox=-1e7,-1e7,1e7,1e7"));
    let some = format!("{hexes}&bbox={},{},{},{}", x - 900.0, y - 900.0, x + 900.0, y + 900.0);
    assert!((1..all).contains(&matched(service, &some)));
}

#[test]
fn pages_are_sorted_and_lead_forwards_and_back() {
    let (_folder, service) = demo();
    let text = |one: &Value, name: &str| one["properties"][name].as_str().map(str::to_owned);
    for (collection, sortby, names) in [
        ("reports", "service_code,-requested_datetime", ["service_code", "requested_datetime"]),
        ("incidents", "-closed_datetime,status", ["closed_datetime", "status"]),
        ("reports", "%2Bchannel,-service_request_id", ["channel", "service_request_id"]),
        ("hexes", "class,-h3", ["class", "h3"]),
        ("moities", "-name", ["name", "set"]),
    ] {
        let first = format!("/ogc/collections/{collection}/items?limit=170&sortby={sortby}");
        let (all, pages) = follow(&service, &first);
        let count = pages[0]["numberMatched"].as_u64().unwrap() as usize;
        let distinct: BTreeSet<&String> = all.iter().collect();
        assert_eq!((all.len(), distinct.len()), (count, count), "{first}");
        let rows: Vec<&Value> = pages.iter().flat_map(features).collect();
        let descending: Vec<bool> = sortby.split(',').map(|word| word.starts_with('-')).collect();
        for pair in rows.windows(2) {
            for (name, is_descending) in names.iter().zip(&descending) {
                let (a, b) = (text(pair[0], name), text(pair[1], name));
                let is_ordered = match (&a, &b) {
                    (Some(a), Some(b)) if *is_descending => a >= b,
                    (Some(a), Some(b)) => a <= b,
                    (a, b) => a.is_some() || b.is_none(),
                };
                assert!(is_ordered, "{first}: {a:?} before {b:?}");
                if a != b {
                    break;
                }
            }
        }
        // Every page but the first leads back to the one before.
        assert!(link(&pages[0], "prev").is_none());
        for pair in pages.windows(2) {
            let back = service.get(&link(&pair[1], "prev").unwrap()).json();
            assert_eq!(ids(&back), ids(&pair[0]), "{first}");
            assert_eq!(ids(&service.get(&link(&back, "next").unwrap()).json()), ids(&pair[1]));
        }
    }
    let (_, pages) = follow(&service, &format!("{ITEMS}?limit=900"));
    let back = service.get(&link(&pages[2], "prev").unwrap()).json();
    assert_eq!(ids(&back), ids(&pages[1]));
    for (collection, bad) in [
        ("reports", "licorne"),
        ("reports", "geometry"),
        ("reports", "description"),
        ("reports", "status,-status"),
        ("reports", "status,channel,nature,area,accuracy"),
        ("reports", ","),
        ("reports", "--status"),
        ("hexes", "trend"),
        ("moities", "h3"),
    ] {
        let answer = service.get(&format!("/ogc/collections/{collection}/items?sortby={bad}"));
        assert_eq!(answer.status, 400, "{bad}");
        assert!(answer.fields().iter().all(|field| field == "sortby"), "{bad}: {answer:?}");
    }
    for cursor in ["1.1~x", "1~1~x", "1~%5B%5D~x", "x", "1~nul~x"] {
        let answer = service.get(&format!("{ITEMS}?sortby=status&cursor={cursor}"));
        assert_eq!((answer.status, answer.fields()), (400, vec!["cursor".into()]), "{cursor}");
    }
}

#[test]
fn next_links_keep_every_parameter() {
    let (_folder, service) = demo();
    let query = format!(
        "limit=5&sortby=-service_code&properties=status,revision&skipGeometry=true&lang=en\
         &crs={EPSG}/4326&filter=status%3D'open'&datetime=2026-01-01T00:00:00Z/.."
    );
    let first = service.get(&format!("{ITEMS}?{query}")).json();
    let next = service.get(&link(&first, "next").unwrap());
    assert_eq!(next.header("content-crs"), Some(format!("<{EPSG}/4326>").as_str()));
    assert_eq!(next.header("content-language"), Some("en"));
    let next = next.json();
    assert_eq!(
        (next["numberMatched"].clone(), ids(&next).len()),
        (first["numberMatched"].clone(), 5)
    );
    for feature in features(&next) {
        let names: Vec<&String> = feature["properties"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["status", "revision"]);
        assert_eq!(feature["properties"]["status"], "open");
        assert!(feature["geometry"].is_null() && feature["id"].is_string());
    }
    assert!(ids(&first).iter().all(|id| !ids(&next).contains(id)));
}

#[test]
fn features_have_the_properties_that_are_asked_for() {
    let (_folder, service) = demo();
    let one = |path: &str| {
        let answer = service.get(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let body = answer.json();
        let feature = if body["features"].is_array() { body["features"][0].clone() } else { body };
        let names = feature["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        (names, feature["geometry"].is_null())
    };
    let hexes = "/ogc/collections/hexes/items";
    let incidents = "/ogc/collections/incidents/items";
    let is_null = false;
    assert_eq!(
        one(&format!("{hexes}?properties=h3,count")),
        (vec!["h3".into(), "count".into()], is_null)
    );
    assert_eq!(one(&format!("{incidents}?properties=reports")).0, ["reports"]);
    assert_eq!(one(&format!("{incidents}?properties=revision,reports")).0, ["reports", "revision"]);
    let id = ids(&service.get(&format!("{ITEMS}?limit=1")).json())[0].clone();
    assert_eq!(one(&format!("{ITEMS}/{id}?properties=status")).0, ["status"]);
    assert!(one(&format!("{hexes}?skipGeometry=true")).1);
    assert!(one(&format!("{ITEMS}/{id}?skipGeometry=true")).1);
    let area = "/ogc/collections/moities/items/Est?skipGeometry=true&properties=name";
    assert_eq!(one(area), (vec!["name".into()], true));
    for (path, field) in [
        (format!("{ITEMS}?properties=licorne"), "properties"),
        (format!("{ITEMS}?properties=status,,area"), "properties"),
        (format!("{ITEMS}?properties=reports"), "properties"),
        (format!("{ITEMS}/{id}?properties=geometry"), "properties"),
        (format!("{hexes}?properties=status"), "properties"),
        (format!("{ITEMS}?skipGeometry=1"), "skipGeometry"),
        (format!("{ITEMS}?limit=0"), "limit"),
        (format!("{ITEMS}?limit=-1"), "limit"),
        (format!("{ITEMS}?limit=5&limit=5"), "limit"),
        (format!("{ITEMS}?sortby=status&sortby=status"), "sortby"),
        (format!("{ITEMS}?bbox=1,2,3,4&bbox=1,2,3,4"), "bbox"),
        (format!("{ITEMS}?skipgeometry=true"), "skipgeometry"),
        (format!("{ITEMS}/{id}?sortby=status"), "sortby"),
        (format!("{hexes}?status=open"), "status"),
    ] {
        let answer = service.get(&path);
        assert_eq!((answer.status, answer.fields()), (400, vec![field.to_owned()]), "{path}");
    }
    // More than the limit is no error, as OGC API – Features says.
    let all = service.get(&format!("{ITEMS}?limit=10001&properties=status")).json();
    assert_eq!(all["numberReturned"], 2_000);
}

#[test]
fn a_search_by_body_gives_what_the_address_gives() {
    let (_folder, service) = demo();
    let search = "/ogc/collections/reports/search";
    let filter = json!({ "op": "=", "args": [{ "property": "status" }, "open"] });
    let body = json!({
        "filter": filter, "filter-lang": "cql2-json", "bbox": [-71.4, 46.7, -71.1, 47.0],
        "datetime": "2026-01-01T00:00:00Z/..", "limit": 5, "sortby": ["-service_code"],
        "properties": ["status", "service_code"], "skipGeometry": true,
    });
    let query = "filter=status%3D'open'&bbox=-71.4,46.7,-71.1,47.0&datetime=2026-01-01T00:00:00Z/..\
                 &limit=5&sortby=-service_code&properties=status,service_code&skipGeometry=true";
    let known = service.get(&format!("{ITEMS}?{query}")).json();
    let answer = service.post(search, &body.to_string());
    assert_eq!(answer.status, 200, "{answer:?}");
    let page = answer.json();
    assert_eq!(page["features"], known["features"]);
    assert_eq!(page["numberMatched"], known["numberMatched"]);
    let next = service.get(&link(&page, "next").unwrap()).json();
    assert_eq!(next["features"], service.get(&link(&known, "next").unwrap()).json()["features"]);
    // A condition that no address would hold.
    let words: Vec<String> = (0..900).map(|n| format!("licorne-{n}")).collect();
    let long = json!({ "op": "not", "args": [{ "op": "in",
        "args": [{ "property": "service_code" }, words] }] });
    let all = service.post(search, &json!({ "filter": long, "limit": 1 }).to_string()).json();
    assert_eq!(all["numberMatched"], 2_000);
    let hexes = service.post("/ogc/collections/hexes/search", r#"{"class": "hot99", "limit": 3}"#);
    let same = service.get("/ogc/collections/hexes/items?class=hot99&limit=3").json();
    assert_eq!(hexes.json()["features"], same["features"]);
    let html = service.post(&format!("{search}?f=html"), r#"{"limit": 3}"#);
    assert!(html.header("content-type").unwrap().starts_with("text/html"));
    for (body, field) in [
        (r#"{"limit": "5"}"#, "limit"),
        (r#"{"limit": 0}"#, "limit"),
        (r#"{"bbox": [1, 2, 3]}"#, "bbox"),
        (r#"{"filter": {"op": "=", "args": []}}"#, "filter"),
        (r#"{"filter": 5}"#, "filter"),
        (r#"{"sortby": ["licorne"]}"#, "sortby"),
        (r#"{"properties": ["licorne"]}"#, "properties"),
        (r#"{"datetime": "../.."}"#, "datetime"),
        (r#"{"crs": "EPSG:3857"}"#, "crs"),
        (r#"{"licorne": {"a": 1}}"#, "licorne"),
        (r#"{"limit": 5, "limit": 5}"#, "limit"),
        (r#"{"f": "html"}"#, "f"),
        ("[]", "body"),
        ("", "body"),
        ("{", "body"),
    ] {
        let answer = service.post(search, body);
        assert_eq!((answer.status, answer.fields()), (400, vec![field.to_owned()]), "{body}");
        assert!(answer.json()["code"].is_string());
    }
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(service.ask("POST", search, &form, b"limit=5").status, 415);
    assert_eq!(service.post(&format!("{search}?limit=5"), "{}").fields(), ["limit"]);
    assert_eq!(service.post("/ogc/collections/nothing/search", "{}").status, 404);
    let png = [("Accept", "image/png")];
    assert_eq!(service.ask("POST", search, &png, b"{}").status, 406);
}

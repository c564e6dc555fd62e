//! OGC API – Features: pages that are exact while others write, conditions that mean what they say,
//! boundaries as collections.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::common::{Folder, Service, add_boundaries, demo_city, done, eventually, run};
use serde_json::Value;

const ITEMS: &str = "/ogc/collections/reports/items";
const POTHOLE: &str = r#"{"service_code":"nid-de-poule","lon":-71.2080,"lat":46.8139}"#;

fn demo() -> (Folder, Service) {
    let folder = demo_city("ogc", 3_000, 5);
    add_boundaries(&folder, "moities");
    let service = Service::start(&folder, &[]);
    (folder, service)
}

fn link(page: &Value, rel: &str) -> Option<String> {
    let links = page["links"].as_array().unwrap();
    let link = links.iter().find(|link| link["rel"] == rel)?;
    assert!(link["type"].is_string());
    let href = link["href"].as_str().unwrap();
    Some(href.split_once("/ogc").map(|(_, rest)| format!("/ogc{rest}")).unwrap())
}

fn ids(page: &Value) -> Vec<String> {
    let features = page["features"].as_array().unwrap();
    features.iter().map(|feature| feature["id"].as_str().unwrap().to_owned()).collect()
}

/// All ids behind a page and the pages after it.
fn follow(service: &Service, first: &str) -> (u64, Vec<String>) {
    let mut page = service.get(first).json();
    let matched = page["numberMatched"].as_u64().unwrap();
    let mut all = ids(&page);
    while let Some(next) = link(&page, "next") {
        page = service.get(&next).json();
        all.extend(ids(&page));
    }
    (matched, all)
}

/// Tells another thread to end, where its maker ends or fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn pages_give_each_report_once_while_others_write() {
    let (_folder, service) = demo();
    let (stop, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        // Whatever comes of this, the other one must not wait for ever.
        let _end = End(&stop);
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let made = service.post("/api/v1/reports", POTHOLE);
                let path = made.header("location").unwrap().to_owned();
                let close = service.ask("PATCH", &path, &[], br#"{"status":"closed"}"#);
                assert_eq!(close.status, 200);
                written.fetch_add(1, Ordering::Relaxed);
            }
        });
        let walk = |_| {
            let before = written.load(Ordering::Relaxed);
            eventually("the other thread writes", || written.load(Ordering::Relaxed) > before);
            follow(&service, &format!("{ITEMS}?limit=97"))
        };
        let walks: Vec<(u64, Vec<String>)> = (0..5).map(walk).collect();
        for (matched, all) in &walks {
            let distinct: BTreeSet<&String> = all.iter().collect();
            assert_eq!(distinct.len(), all.len(), "no report comes twice");
            assert_eq!(all.len() as u64, *matched, "none is left out, and none has come between");
        }
        assert!(walks[4].0 > walks[0].0, "the other one writes");
    });
}

#[test]
fn what_is_recorded_between_two_pages_comes_on_none_of_them() {
    let (_folder, service) = demo();
    // More than a page of the present second, and some of the months before.
    let now = POTHOLE.to_owned() + "\n";
    let lines: Vec<String> = (1..9)
        .map(|month| {
            let day = format!("2026-{month:02}-01T08:00:00Z");
            let more = format!(",\"requested_datetime\":\"{day}\"}}\n");
            now.repeat(9) + &POTHOLE.replace('}', &more)
        })
        .collect();
    let burst = lines.concat();
    let record = || {
        let answer = service.post("/api/v1/reports/batch", &burst);
        let answer = String::from_utf8(answer.body).unwrap();
        assert_eq!(answer.matches("service_request_id").count(), 80, "{answer}");
    };
    record();
    for path in [
        format!("{ITEMS}?limit=50&status=open"),
        format!("{ITEMS}?limit=7&bbox=-71.3,46.8,-71.2,46.9"),
    ] {
        let (_, before) = follow(&service, &path);
        assert!(before.len() > 60, "{path}: {}", before.len());
        let mut page = service.get(&path).json();
        let mut all = ids(&page);
        while let Some(next) = link(&page, "next") {
            if all.len() < 200 {
                record();
            }
            page = service.get(&next).json();
            assert!(!ids(&page).is_empty(), "clients take an empty page for the last one");
            all.extend(ids(&page));
        }
        assert!(all == before, "{path}: {} of {}", all.len(), before.len());
    }
}

#[test]
fn a_cursor_that_nobody_was_given_does_not_keep_the_service_busy() {
    let (_folder, service) = demo();
    let page = service.get(&format!("{ITEMS}?limit=1&cursor=1999999999.0~x")).json();
    assert_eq!((ids(&page).len(), page["numberMatched"].as_u64()), (0, Some(3000)));
    assert!(link(&page, "next").is_some());
    for cursor in ["1999999999~x", "1.x~x", ".1~x", "1.1", "1.-1~x"] {
        let answer = service.get(&format!("{ITEMS}?cursor={cursor}"));
        assert_eq!((answer.status, answer.fields()), (400, vec!["cursor".to_owned()]));
    }
}

#[test]
fn filters_agree_with_the_rest_of_the_api() {
    let (_folder, service) = demo();
    let count = |query: &str| {
        let answer = service.get(&format!("{ITEMS}?limit=1&{query}"));
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        answer.json()["numberMatched"].as_u64().unwrap()
    };
    let total = |query: &str| {
        let stats = service.get(&format!("/api/v1/stats?approximate=true&{query}")).json();
        stats["total"].as_u64().unwrap()
    };
    let same = [
        ("status=open", "status=open"),
        ("filter=status%3D'open'", "status=open"),
        ("filter=status%3C%3E'closed'", "status=open,in_progress"),
        (
            "filter=service_code%20IN%20('nid-de-poule','lampadaire')",
            "service=nid-de-poule,lampadaire",
        ),
        ("service_code=lampadaire", "service=lampadaire"),
        ("datetime=2026-03-01T00:00:00Z/..", "from=2026-03-01T00:00:00Z"),
        (
            "filter=requested_datetime%3E%3DTIMESTAMP('2026-03-01T00:00:00Z')",
            "from=2026-03-01T00:00:00Z",
        ),
        ("datetime=2026-03-01T00:00:00Z/P10D", "from=2026-03-01T00:00:00Z&to=2026-03-11T00:00:00Z"),
        (
            "filter=S_INTERSECTS(geometry,BBOX(-71.3,46.78,-71.2,46.86))",
            "bbox=-71.3,46.78,-71.2,46.86",
        ),
        ("area=Est", "area=Est"),
        (
            "filter-lang=cql2-json&filter=%7B%22op%22:%22%3D%22,%22args%22:[%7B%22property%22:%22channel%22%7D,%22phone%22]%7D",
            "channel=phone",
        ),
    ];
    for (query, other) in same {
        assert_eq!(count(query), total(other), "{query}");
        assert!(count(query) > 0, "{query}");
    }
    // Those without a place lie in every box.
    let placed = total("bbox=-71.3,46.78,-71.2,46.86");
    let nowhere = service.get("/api/v1/stats").json()["unlocated"].as_u64().unwrap();
    assert_eq!(count("bbox=-71.3,46.78,-71.2,46.86"), placed + nowhere);
    assert_eq!(count("bbox=-71.3,46.78,0,-71.2,46.86,100"), placed + nowhere);
    assert!(service.get(&format!("{ITEMS}?limit=999999")).json()["numberReturned"] == 3000);
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let (_folder, service) = demo();
    for bad in [
        "limit=0",
        "limit=x",
        "limit=1.5",
        "bbox=1,2,3",
        "bbox=a,b,c,d",
        "bbox=0,10,1,5",
        "datetime=x",
        "datetime=2026-03-02/2026-03-01",
        "datetime=2026-03-01/Pnever",
        "filter=licorne%3D1",
        "filter=status%3D",
        "filter-lang=sql",
        "crs=EPSG:4326",
        "cursor=x",
        "licorne=1",
        "f=xml",
    ] {
        let answer = service.get(&format!("{ITEMS}?{bad}"));
        assert_eq!(answer.status, 400, "{bad}: {answer:?}");
        assert!(answer.json()["code"].is_string() && answer.json()["description"].is_string());
    }
    let deep = format!("{}status%3D'open'{}", "(".repeat(4_000), ")".repeat(4_000));
    assert_eq!(service.get(&format!("{ITEMS}?filter={deep}")).status, 400);
    for absent in ["/ogc/collections/x", "/ogc/collections/x/items", &format!("{ITEMS}/nobody")] {
        assert_eq!(service.get(absent).status, 404, "{absent}");
    }
}

#[test]
fn boundaries_filter_and_count_as_a_look_at_each_report_does() {
    let (folder, service) = demo();
    let all = service.get("/api/v1/within?lon=-71.2&lat=46.8&radius_m=90000&limit=1000").json();
    let east = |feature: &Value| feature["geometry"]["coordinates"][0].as_f64().unwrap() >= -71.25;
    let expected: BTreeSet<String> = all["features"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|feature| east(feature))
        .map(|feature| feature["id"].as_str().unwrap().to_owned())
        .collect();
    let within = "/api/v1/within?lon=-71.2&lat=46.8&radius_m=90000&limit=1000&area=moities:Est";
    let found: BTreeSet<String> = ids(&service.get(within).json()).into_iter().collect();
    let near: BTreeSet<String> = ids(&all).into_iter().collect();
    assert_eq!(found.intersection(&near).cloned().collect::<BTreeSet<_>>(), expected);
    let stats = service.get("/api/v1/stats?areas=moities").json();
    let counted = |name: &str| {
        let areas = stats["area"].as_array().unwrap();
        areas.iter().find(|area| area["name"] == name).unwrap()["count"].as_u64().unwrap()
    };
    for name in ["Est", "Ouest"] {
        let one = service.get(&format!("/api/v1/stats?area={name}")).json();
        assert_eq!(one["total"].as_u64().unwrap(), counted(name));
    }
    // What comes in later lies in its area, too; and a set that is replaced beside the service is
    // seen.
    let before = counted("Est");
    service.post("/api/v1/reports", POTHOLE);
    let now = service.get("/api/v1/stats?area=Est").json()["total"].as_u64().unwrap();
    assert_eq!(now, before + 1);
    let collection = service.get("/ogc/collections/moities/items?name=Est").json();
    assert_eq!(
        (&collection["numberMatched"], ids(&collection)),
        (&1.into(), vec!["Est".to_owned()])
    );
    assert_eq!(service.get("/api/v1/boundaries").json()["boundaries"][0]["areas"], 2);
    assert_eq!(service.get("/api/v1/stats?area=Nulle-part").fields(), ["area"]);
    assert_eq!(service.get("/api/v1/stats?areas=nulle-part").fields(), ["areas"]);
    done(&folder, &["boundaries", "remove", "moities"]);
    eventually("the set is gone", || service.get("/api/v1/stats?area=Est").status == 400);
    folder.with(
        "bad.geojson",
        r#"{"type":"FeatureCollection","features":[{"type":"Feature",
        "properties":{"NOM":"x"},"geometry":{"type":"Point","coordinates":[0,0]}}]}"#,
    );
    let refused = run(&folder, &["boundaries", "add", "bad.geojson", "--name", "x"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("feature 1"), "{refused:?}");
}

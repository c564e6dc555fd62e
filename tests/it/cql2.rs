//! CQL2 filters against what their words mean: filters of the standard's kinds one by one, in the
//! index and through the service.

use crate::common::filing::empty;
use crate::common::world::at;
use crate::common::{Client, Folder, Service, add_boundaries, demo_city};
use pointchaud::domain::{
    Accuracy, Change, Channel, Event, Filter, IndexedFields, Interrupt, Nature, ReportId,
    ServiceCode, Status, TextSketch,
};
use pointchaud::error::Result;
use pointchaud::http::ogc::cql;
use pointchaud::index::{Index, Snapshot};
use pointchaud::query::{self, Condition, ItemsQuery, ReportSource, ServiceLabels};
use serde_json::{Value, json};

/// A city without a store.
pub struct IndexAlone;

impl ReportSource for IndexAlone {
    fn jurisdiction(&self) -> &str {
        "ville"
    }

    fn labels(&self, code: &str) -> ServiceLabels {
        ServiceLabels { name: format!("Nom de {code}"), group: "voirie".into() }
    }

    fn hold(&self, _: &Condition, _: &[&str]) -> Result<Vec<bool>> {
        panic!("the index decides these conditions")
    }
}

/// Ids of the reports that a filter holds of, in order.
pub fn found(snapshot: &Snapshot, text: &str) -> Vec<String> {
    let expr = cql::parse(text, text.starts_with('{')).unwrap_or_else(|e| panic!("{text}: {e}"));
    let condition = cql::condition(&expr).unwrap_or_else(|e| panic!("{text}: {e}"));
    let mut filter = Filter { approximate: true, ..Filter::default() };
    condition.narrow(&mut filter);
    let compiled = snapshot.compiled(&filter);
    let ask = ItemsQuery { bbox: None, condition: &condition, after: None, limit: 100_000 };
    let never = Interrupt::default();
    let (page, matched) = query::items(snapshot, &compiled, ask, &IndexAlone, &never).unwrap();
    assert_eq!(page.items.len() as u64, matched, "{text}");
    let mut ids: Vec<String> =
        page.items.iter().map(|address| snapshot.id(*address).to_owned()).collect();
    ids.sort();
    ids
}

/// One open report of 2026-03-01T13:30:00Z at 71.25° W, 46.8125° N.
pub fn one_report() -> std::sync::Arc<Snapshot> {
    let mut index = Index::default();
    let facts = IndexedFields {
        id: ReportId::new("4RX-7KM-PH").unwrap(),
        service: ServiceCode::new("nid-de-poule").unwrap(),
        status: Status::Open,
        reason: None,
        nature: Nature::Intervention,
        channel: Channel::App,
        requested: 1_772_371_800,
        day_only: false,
        closed: None,
        closed_day_only: false,
        position: Some(at(-71.25, 46.8125)),
        accuracy: Accuracy::Exact,
        area: Some("Limoilou".into()),
        parent: None,
        sketch: TextSketch::default(),
    };
    index.apply(vec![Change { revision: 1, event: Event::Put(facts) }]);
    index.reader().load()
}

#[test]
fn filters_mean_what_they_say() {
    let snapshot = one_report();
    let holds = |text: &str| found(&snapshot, text).len() == 1;
    for text in [
        "status = 'open'",
        "'open' = status",
        "status <> 'closed' AND NOT (service_code = 'lampadaire')",
        "service_code LIKE 'nid%'",
        "CASEI(area) = CASEI('LIMOILOU')",
        "ACCENTI(area) = ACCENTI('Lîmoïlou')",
        "service_code IN ('lampadaire', 'nid-de-poule')",
        "service_name = 'Nom de nid-de-poule' AND \"group\" = 'voirie'",
        "jurisdiction_id = 'ville'",
        "service_request_id = '4RX-7KM-PH' AND parent_service_request_id IS NULL",
        "service_request_id LIKE '4RX%'",
        "requested_datetime > TIMESTAMP('2026-03-01T00:00:00Z')",
        "requested_datetime = DATE('2026-03-01')",
        "requested_datetime BETWEEN DATE('2026-02-01') AND DATE('2026-03-01')",
        "requested_datetime < TIMESTAMP('2026-03-01T13:30:00.5Z')",
        "closed_datetime IS NULL AND closed_reason IS NULL",
        "T_DURING(requested_datetime, INTERVAL('2026-03-01','2026-03-02'))",
        "T_AFTER(requested_datetime, DATE('2026-02-28'))",
        "T_EQUALS(requested_datetime, DATE('2026-03-01'))",
        "T_STARTS(requested_datetime, INTERVAL('2026-03-01T13:30:00Z','..'))",
        "T_INTERSECTS(requested_datetime, INTERVAL('..','2026-03-02'))",
        "S_INTERSECTS(geometry, BBOX(-71.3,46.8,-71.2,46.9))",
        "S_WITHIN(geometry, POLYGON((-71.3 46.8,-71.2 46.8,-71.2 46.9,-71.3 46.9,-71.3 46.8)))",
        "S_INTERSECTS(geometry, POINT(-71.25 46.8125))",
        "S_INTERSECTS(geometry, LINESTRING(-71.3 46.8125, -71.2 46.8125))",
        "S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(0 0), POINT(-71.25 46.8125)))",
        "S_TOUCHES(geometry, BBOX(-71.25,46.8,-71.2,46.9))",
        "S_EQUALS(geometry, MULTIPOINT((-71.25 46.8125)))",
        "NOT S_DISJOINT(geometry, BBOX(-71.3,46.8,-71.2,46.9))",
        "S_WITHIN(geometry, geometry)",
        "lon < lat AND lon + lat < -24 AND (lat * 2) div 10 = 9 AND lon % 71 = -0.25",
        "service_code > status OR service_code <= status",
        r#"{"op":"=","args":[{"property":"status"},"open"]}"#,
        r#"{"op":"and","args":[{"op":"like","args":[{"property":"area"},"L%"]},
            {"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[-72,46,-71,47]}]}]}"#,
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "closed_reason = 'done'",
        "NOT (closed_reason = 'done')",
        "closed_reason <> 'done'",
        "closed_datetime > requested_datetime OR closed_datetime <= requested_datetime",
        "status = 'closed' OR area = 'limoilou'",
        "CASEI(area) = 'LIMOILOU'",
        "ACCENTI(area) = ACCENTI('LIMOILOU')",
        "requested_datetime < DATE('2026-03-01')",
        "S_DISJOINT(geometry, BBOX(-71.3,46.8,-71.2,46.9))",
        "S_WITHIN(geometry, BBOX(-71.25,46.8,-71.2,46.9))",
        "S_CROSSES(geometry, LINESTRING(-71.3 46.8125, -71.2 46.8125))",
        "S_OVERLAPS(geometry, BBOX(-71.3,46.8,-71.2,46.9))",
        "geometry IS NULL",
        "NOT (parent_service_request_id = 'x')",
    ] {
        assert!(!holds(text), "{text}");
    }
}

/// What depends on NULL is unknown, and so is its negation: neither finds anything, and IS NULL says
/// so. In text and in JSON.
#[test]
fn null_is_unknown_everywhere() {
    let snapshot = one_report();
    let holds = |text: &str| found(&snapshot, text).len() == 1;
    for unknown in [
        "NULL",
        "status = NULL",
        "NULL = NULL",
        "NULL <> 1",
        "closed_reason = 'done'",
        "closed_reason = NULL",
        "closed_reason IN ('done', 'duplicate')",
        "status IN ('closed', NULL)",
        "NULL IN ('a')",
        "closed_reason LIKE '%'",
        "status LIKE NULL",
        "NULL LIKE 'a%'",
        "closed_datetime BETWEEN DATE('2026-01-01') AND DATE('2026-12-31')",
        "requested_datetime BETWEEN DATE('2026-01-01') AND NULL",
        "lon + NULL > 1",
        "lon / 0 > 1",
        "lon % 0 = 0",
        "CASEI(NULL) = 'a'",
        "CASEI(closed_reason) = 'a'",
        "T_AFTER(closed_datetime, DATE('2026-01-01'))",
        "T_DURING(INTERVAL(requested_datetime, closed_datetime), INTERVAL('2026-01-01','..'))",
        "T_AFTER(NULL, DATE('2026-01-01'))",
        "T_AFTER(INTERVAL(requested_datetime, '2026-01-01'), DATE('2025-01-01'))",
        "T_INTERSECTS(INTERVAL(requested_datetime, '2026-01-01'), INTERVAL('2025-01-01', '..'))",
        "S_INTERSECTS(geometry, NULL)",
        "NULL AND TRUE",
        "NULL OR FALSE",
        "(closed_reason = 'done') = TRUE",
    ] {
        assert!(!holds(unknown), "{unknown}");
        assert!(!holds(&format!("NOT ({unknown})")), "NOT ({unknown})");
        assert!(holds(&format!("({unknown}) IS NULL")), "({unknown}) IS NULL");
        assert!(holds(&format!("({unknown}) OR status = 'open'")), "{unknown}");
        assert!(!holds(&format!("({unknown}) AND status = 'open'")), "{unknown}");
        assert!(holds(&format!("NOT (({unknown}) AND status = 'closed')")), "{unknown}");
        let json = cql::parse(unknown, false).unwrap().to_json().unwrap();
        for (op, expected) in [("not", false), ("isNull", true)] {
            let json = format!(r#"{{"op":"{op}","args":[{json}]}}"#);
            assert_eq!(holds(&json), expected, "{json}");
        }
    }
}

#[test]
fn constants_are_evaluated() {
    let snapshot = one_report();
    let holds = |text: &str| found(&snapshot, text).len() == 1;
    for (text, expected) in [
        ("TRUE", true),
        ("FALSE", false),
        ("NOT FALSE", true),
        ("1=1", true),
        ("1 = 2", false),
        ("'a'='b'", false),
        ("'a' < 'b'", true),
        ("2 + 2 = 4 AND 7 div 2 = 3 AND 7 % 4 = 3 AND 2 ^ 10 = 1024", true),
        ("TRUE = FALSE", false),
        ("(1 = 1) = (2 = 2)", true),
        ("(1 = 1) <> (1 = 2)", true),
        ("'a' IN ('a', 'b')", true),
        ("'abc' LIKE 'a%'", true),
        ("5 BETWEEN 1 AND 10", true),
        ("NULL IS NULL", true),
        ("'a' IS NULL", false),
        ("DATE('2026-03-01') < DATE('2026-03-02')", true),
        ("DATE('2026-03-01') = TIMESTAMP('2026-03-01T08:00:00Z')", true),
        ("S_INTERSECTS(POINT(0 0), BBOX(-1,-1,1,1))", true),
        ("S_CROSSES(LINESTRING(-2 0, 2 0), BBOX(-1,-1,1,1))", true),
        ("S_OVERLAPS(BBOX(0,0,2,2), BBOX(1,1,3,3))", true),
        ("S_CONTAINS(BBOX(0,0,2,2), POINT(1 1))", true),
        ("S_EQUALS(BBOX(0,0,1,1), POLYGON((0 0,1 0,1 1,0 1,0 0)))", true),
        (
            "T_MEETS(INTERVAL('2026-01-01','2026-01-02T00:00:00Z'), \
          INTERVAL('2026-01-02T00:00:00Z','..'))",
            true,
        ),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
    assert!(!found(&snapshot, "FALSE OR status = 'open'").is_empty());
}

const REPORTS: &str = "/ogc/collections/reports";

pub fn demo() -> (Folder, Service) {
    let folder = demo_city("cql2", 3_000, 7);
    add_boundaries(&folder, "moities");
    let service = Service::start(&folder, &[]);
    (folder, service)
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

pub fn ask(service: &Client, collection: &str, filter: &str) -> (u16, Value) {
    let path = format!("/ogc/collections/{collection}/items?limit=10&filter={}", encoded(filter));
    let answer = service.ask("GET", &path, &[("accept-language", "en")], b"");
    (answer.status, answer.json())
}

#[test]
fn every_public_property_is_queryable_and_listed() {
    let (_folder, service) = demo();
    let schema = service.get(&format!("{REPORTS}/queryables")).json();
    let properties = schema["properties"].as_object().unwrap();
    for (name, one) in properties.iter().filter(|(name, _)| *name != "geometry") {
        let (status, page) = ask(&service, "reports", &format!("\"{name}\" IS NOT NULL"));
        assert_eq!(status, 200, "{name}: {page}");
        let matched = page["numberMatched"].as_u64().unwrap();
        let (_, absent) = ask(&service, "reports", &format!("\"{name}\" IS NULL"));
        assert_eq!(matched + absent["numberMatched"].as_u64().unwrap(), 3_000, "{name}");
        assert!(one["description"].is_string() && one["type"].is_string(), "{name}");
    }
    let feature = &service.get(&format!("{REPORTS}/items?limit=1")).json()["features"][0];
    for name in feature["properties"].as_object().unwrap().keys() {
        assert!(properties.contains_key(name), "{name}");
    }
    assert_eq!(properties["status"]["enum"], json!(["open", "in_progress", "closed"]));
    assert_eq!(properties["updated_datetime"]["format"], "date-time");
    assert_eq!(properties["lon"]["type"], "number");
    assert_eq!(properties["geometry"]["format"], "geometry-point");
    let french =
        service.ask("GET", &format!("{REPORTS}/queryables"), &[("accept-language", "fr")], b"");
    assert_eq!(french.json()["properties"]["status"]["description"], "État");
}

#[test]
fn queryables_do_not_depend_on_the_features_there_are() {
    let (_folder, service) = demo();
    let (_empty_folder, empty) = empty();
    for collection in ["reports", "incidents", "hotspots", "hexes"] {
        let path = format!("/ogc/collections/{collection}/queryables");
        let (full, none) = (service.get(&path).json(), empty.get(&path).json());
        assert_eq!(full["properties"], none["properties"], "{collection}");
        assert!(full["properties"].as_object().unwrap().len() > 3, "{collection}");
        let name = full["properties"].as_object().unwrap().keys().next().unwrap().clone();
        for service in [&*service, &*empty] {
            assert_eq!(ask(service, collection, &format!("{name} IS NOT NULL")).0, 200);
            assert_eq!(ask(service, collection, "licorne IS NULL").0, 400, "{collection}");
        }
    }
}

#[test]
fn what_is_not_queryable_is_refused_with_what_is() {
    let (_folder, service) = demo();
    for filter in [
        "licorne IS NULL",
        "NOT (licorne IS NOT NULL)",
        "status = 'open' OR licorne = 1",
        "CASEI(licorne) LIKE 'a%'",
        "S_WITHIN(licorne, BBOX(0,0,1,1))",
        "T_DURING(licorne, INTERVAL('..','2026-01-01'))",
        "licorne + 1 > 2",
        "status IN ('open', licorne)",
    ] {
        for collection in ["reports", "hexes", "moities"] {
            let (status, problem) = ask(&service, collection, filter);
            assert_eq!(status, 400, "{collection} {filter}");
            let text = problem.to_string();
            assert!(text.contains("geometry"), "{collection} {filter}: {text}");
        }
        let (_, problem) = ask(&service, "reports", filter);
        let text = problem.to_string();
        assert!(text.contains("licorne") && text.contains("source_status"), "{filter}: {text}");
        assert!(!text.contains("reduce"), "{filter}: {text}");
    }
}

/// Areas are evaluated with the same logic as reports.
#[test]
fn areas_are_filtered_like_reports() {
    let (_folder, service) = demo();
    for (collection, filter, matched) in [
        ("moities", "name = 'Est'", 1),
        ("moities", "name = 'Est' OR NULL", 1),
        ("moities", "name = NULL", 0),
        ("moities", "NOT (name = NULL)", 0),
        ("moities", "CASEI(name) LIKE CASEI('OUE%')", 1),
        ("moities", "S_CONTAINS(geometry, POINT(-71.2 46.8))", 1),
        ("moities", "S_INTERSECTS(geometry, POINT(-71.25 46.8))", 2),
        ("moities", "S_TOUCHES(geometry, BBOX(-71.6,46.7,-71.25,47.0))", 1),
        ("moities", "S_OVERLAPS(geometry, BBOX(-71.3,46.8,-71.2,46.9))", 2),
        ("moities", "S_CROSSES(LINESTRING(-71.4 46.8, -71.2 46.8), geometry)", 2),
        ("moities", "S_DISJOINT(geometry, BBOX(0,0,1,1))", 2),
        ("moities", "1 = 1 AND TRUE", 2),
    ] {
        let (status, page) = ask(&service, collection, filter);
        assert_eq!((status, &page["numberMatched"]), (200, &json!(matched)), "{filter}: {page}");
    }
    let (_, all) = ask(&service, "hexes", "TRUE");
    let (_, none) = ask(&service, "hexes", "count / 0 > 1 OR NOT (count / 0 > 1)");
    let (_, some) = ask(&service, "hexes", "open * 2 > count");
    let (_, rest) = ask(&service, "hexes", "NOT (open * 2 > count)");
    let number = |page: &Value| page["numberMatched"].as_u64().unwrap();
    assert_eq!((number(&none), number(&some) + number(&rest)), (0, number(&all)));
    assert!(number(&some) > 0 && number(&rest) > 0);
}

#[test]
fn boxes_reach_the_antimeridian_and_may_have_no_width() {
    let (_folder, service) = demo();
    let located = ask(&service, "reports", "geometry IS NOT NULL").1["numberMatched"].clone();
    for filter in [
        "S_INTERSECTS(geometry, BBOX(-180,-90,180,90))",
        "S_WITHIN(geometry, BBOX(-180,-90,180,90))",
        "S_INTERSECTS(geometry, BBOX(-180,0,-10,90))",
        "S_INTERSECTS(geometry, BBOX(100,-90,-60,90))",
        "S_DISJOINT(geometry, BBOX(100,-90,180,90))",
        "S_DISJOINT(geometry, BBOX(0,-90,0,90))",
        "S_DISJOINT(geometry, BBOX(180,-90,-180,90))",
    ] {
        let (status, page) = ask(&service, "reports", filter);
        assert_eq!((status, &page["numberMatched"]), (200, &located), "{filter}: {page}");
    }
    let page = service
        .get(&format!("{REPORTS}/items?limit=50&filter={}", encoded("geometry IS NOT NULL")));
    let feature = &page.json()["features"][0];
    let (lon, lat) =
        (&feature["geometry"]["coordinates"][0], &feature["geometry"]["coordinates"][1]);
    for filter in [
        format!("S_INTERSECTS(geometry, BBOX({lon},{lat},{lon},{lat}))"),
        format!("S_INTERSECTS(geometry, BBOX({lon},46,{lon},48))"),
        format!("S_INTERSECTS(geometry, BBOX(-72,{lat},-70,{lat}))"),
    ] {
        let (_, page) = ask(&service, "reports", &filter);
        assert!(page.to_string().contains(feature["id"].as_str().unwrap()), "{filter}");
    }
}

#[test]
fn the_conformance_classes_are_those_that_hold() {
    let (_folder, service) = demo();
    let classes = service.get("/ogc/conformance").json()["conformsTo"].to_string();
    for (class, filter) in [
        ("basic-cql2", "status = 'open' AND NOT (area IS NULL) OR TRUE"),
        (
            "advanced-comparison-operators",
            "area LIKE 'L%' OR lon BETWEEN -80 AND 0 OR lat IN (1, 2)",
        ),
        ("case-insensitive-comparison", "CASEI(area) = CASEI('x')"),
        ("accent-insensitive-comparison", "ACCENTI(area) = ACCENTI('é')"),
        ("basic-spatial-functions", "S_INTERSECTS(geometry, BBOX(-80,40,-70,50))"),
        ("basic-spatial-functions-plus", "S_INTERSECTS(geometry, LINESTRING(-80 40, -70 50))"),
        ("spatial-functions", "S_CROSSES(geometry, LINESTRING(-80 40, -70 50))"),
        ("temporal-functions", "T_METBY(requested_datetime, INTERVAL('..','2026-01-01'))"),
        ("property-property", "lon < lat"),
        ("arithmetic", "lon * 2 - 1 < lat ^ 2"),
    ] {
        assert!(classes.contains(&format!("/cql2/1.0/conf/{class}\"")), "{class}: {classes}");
        assert_eq!(ask(&service, "reports", filter).0, 200, "{filter}");
    }
    for (class, filter) in
        [("array-functions", "A_CONTAINS(area, ('a', 'b'))"), ("functions", "avg(lon) < 4")]
    {
        assert!(!classes.contains(&format!("/cql2/1.0/conf/{class}\"")), "{class}: {classes}");
        assert_eq!(ask(&service, "reports", filter).0, 400, "{filter}");
    }
}

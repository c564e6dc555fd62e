//! CQL2 filters against what their words mean, report by report: filters of the standard's kinds
//! one by one, and random ones on worlds of any layout.

use crate::common::world::{SERVICES, World, at, layouts, world};
use pointchaud::domain::{
    Accuracy, Change, Channel, Event, Filter, IndexedFields, Nature, ReportId, ServiceCode, Status,
    TextSketch,
};
use pointchaud::http::ogc::cql;
use pointchaud::index::Index;
use pointchaud::place::BBox;
use pointchaud::query;
use pointchaud::query::ItemsQuery;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Ids of the reports that a filter holds of, in order.
fn found(snapshot: &pointchaud::index::Snapshot, text: &str) -> Vec<String> {
    let expr = cql::parse(text, text.starts_with('{')).unwrap_or_else(|e| panic!("{text}: {e}"));
    let condition = cql::condition(&expr).unwrap_or_else(|e| panic!("{text}: {e}"));
    let mut filter = Filter { approximate: true, ..Filter::default() };
    condition.narrow(&mut filter);
    let compiled = snapshot.compiled(&filter);
    let ask = ItemsQuery { bbox: None, condition: &condition, after: None, limit: 100_000 };
    let (page, matched) = query::items(snapshot, &compiled, ask);
    assert_eq!(page.items.len() as u64, matched, "{text}");
    let mut ids: Vec<String> =
        page.items.iter().map(|address| snapshot.id(*address).to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn filters_mean_what_they_say() {
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
    let snapshot = index.reader().load();
    let holds = |text: &str| found(&snapshot, text).len() == 1;
    for text in [
        "status = 'open'",
        "'open' = status",
        "status <> 'closed' AND NOT (service_code = 'lampadaire')",
        "service_code LIKE 'nid%'",
        "CASEI(area) = CASEI('LIMOILOU')",
        "service_code IN ('lampadaire', 'nid-de-poule')",
        "service_request_id = '4RX-7KM-PH' AND parent_service_request_id IS NULL",
        "service_request_id LIKE '4RX%'",
        "requested_datetime > TIMESTAMP('2026-03-01T00:00:00Z')",
        "requested_datetime = DATE('2026-03-01')",
        "requested_datetime BETWEEN DATE('2026-02-01') AND DATE('2026-03-01')",
        "closed_datetime IS NULL AND closed_reason IS NULL",
        "T_DURING(requested_datetime, INTERVAL('2026-03-01','2026-03-02'))",
        "T_AFTER(requested_datetime, DATE('2026-02-28'))",
        "T_INTERSECTS(requested_datetime, INTERVAL('..','2026-03-02'))",
        "S_INTERSECTS(geometry, BBOX(-71.3,46.8,-71.2,46.9))",
        "S_WITHIN(geometry, POLYGON((-71.3 46.8,-71.2 46.8,-71.2 46.9,-71.3 46.9,-71.3 46.8)))",
        "S_INTERSECTS(geometry, POINT(-71.25 46.8125))",
        "NOT S_DISJOINT(geometry, BBOX(-71.3,46.8,-71.2,46.9))",
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
        "status = 'closed' OR area = 'limoilou'",
        "requested_datetime < DATE('2026-03-01')",
        "S_DISJOINT(geometry, BBOX(-71.3,46.8,-71.2,46.9))",
        "geometry IS NULL",
        "NOT (parent_service_request_id = 'x')",
    ] {
        assert!(!holds(text), "{text}");
    }
}

type Truth = Option<bool>;
/// What a filter says of a report, by the words of the standard.
type Meaning = Box<dyn Fn(&IndexedFields) -> Truth>;

fn instant(second: i64) -> String {
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

/// Something that is said of one property.
fn atom(rng: &mut ChaCha8Rng) -> (String, Meaning) {
    let second = 1_700_000_000 + rng.random_range(-20..620);
    match rng.random_range(0..11) {
        0 => {
            let code = SERVICES[rng.random_range(0..4)];
            let say = move |f: &IndexedFields| Some(f.service.as_str() == code);
            (format!("service_code = '{code}'"), Box::new(say))
        }
        1 => {
            let word = Status::ALL[rng.random_range(0..3)];
            let say = move |f: &IndexedFields| Some(f.status != word);
            (format!("status <> '{word}'"), Box::new(say))
        }
        2 => {
            let say = |f: &IndexedFields| f.reason.map(|reason| reason.as_str() == "done");
            ("closed_reason = 'done'".into(), Box::new(say))
        }
        3 => {
            let message = ["app", "phone"];
            let say = move |f: &IndexedFields| Some(message.contains(&f.channel.as_str()));
            ("channel IN ('app', 'phone')".into(), Box::new(say))
        }
        4 => {
            let say = |f: &IndexedFields| f.area.as_ref().map(|area| area.starts_with('L'));
            ("area LIKE 'L%'".into(), Box::new(say))
        }
        5 => ("area IS NULL".into(), Box::new(|f: &IndexedFields| Some(f.area.is_none()))),
        6 => {
            let say =
                |f: &IndexedFields| f.parent.as_ref().map(|parent| parent.as_str() > "r00000");
            ("parent_service_request_id > 'r00000'".into(), Box::new(say))
        }
        7 => {
            let say = move |f: &IndexedFields| Some(f.requested >= second);
            let text = format!("requested_datetime >= TIMESTAMP('{}')", instant(second));
            (text, Box::new(say))
        }
        8 => {
            let say = move |f: &IndexedFields| f.closed.map(|closed| closed < second);
            (format!("closed_datetime < TIMESTAMP('{}')", instant(second)), Box::new(say))
        }
        9 => {
            let (west, south) = (rng.random_range(-180.0..170.0), rng.random_range(-90.0..80.0));
            let bbox = BBox::new(west, south, west + 10.0, south + 9.0).unwrap();
            let say = move |f: &IndexedFields| f.position.map(|place| bbox.contains(place));
            let text = format!(
                "S_INTERSECTS(geometry, BBOX({},{},{},{}))",
                bbox.west, bbox.south, bbox.east, bbox.north
            );
            (text, Box::new(say))
        }
        _ => {
            let say = |f: &IndexedFields| f.position.map(|_| f.accuracy == Accuracy::Exact);
            ("accuracy = 'exact'".into(), Box::new(say))
        }
    }
}

fn sentence(rng: &mut ChaCha8Rng, depth: u32) -> (String, Meaning) {
    if depth == 0 {
        return atom(rng);
    }
    let (a, says_a) = sentence(rng, depth - 1);
    let (b, says_b) = sentence(rng, depth - 1);
    match rng.random_range(0..4) {
        0 => (format!("NOT ({a})"), Box::new(move |f| says_a(f).map(|truth| !truth))),
        1 => {
            let say = move |f: &IndexedFields| match (says_a(f), says_b(f)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
            (format!("({a}) OR ({b})"), Box::new(say))
        }
        _ => {
            let say = move |f: &IndexedFields| match (says_a(f), says_b(f)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
            (format!("({a}) AND ({b})"), Box::new(say))
        }
    }
}

fn scanned(world: &World, meaning: &Meaning) -> Vec<String> {
    let holds = world.facts.iter().filter(|facts| meaning(facts) == Some(true));
    let mut ids: Vec<String> = holds.map(|facts| facts.id.to_string()).collect();
    ids.sort();
    ids
}

#[test]
fn random_filters_equal_a_scan() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (mut some, mut all) = (0, 0);
    for (name, places) in layouts(&mut rng) {
        let world = world(&mut rng, places);
        for n in 0..60 {
            let (text, meaning) = sentence(&mut rng, n % 4);
            let expected = scanned(&world, &meaning);
            assert_eq!(found(&world.snapshot, &text), expected, "{name}: {text}");
            all += 1;
            some += u32::from(!expected.is_empty());
        }
    }
    assert!(some * 2 > all, "{some} of {all} found anything");
}

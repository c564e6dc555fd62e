//! Random CQL2 expressions, as text and JSON, against an evaluation row by row that knows nothing of
//! the compiler: in the index, on worlds of any layout, and through the service, on all properties.

use std::collections::HashMap;

use crate::common::cql::{Plain, PlainType, Row};
use crate::common::cql_random::Vocabulary;
use crate::common::world::{World, layouts, world};
use crate::common::{Service, demo_city};
use crate::cql2::found;
use pointchaud::domain::{IndexedFields, ReportTime};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

fn text(text: &str) -> Plain {
    Plain::Text(text.to_owned())
}

/// What the index has of a report.
fn row(facts: &IndexedFields) -> Row {
    let code = facts.service.as_str();
    let time = |second: i64| Plain::Time(second, second);
    let at = facts.position.map(|at| (at.lon(), at.lat()));
    let values = [
        ("service_request_id", text(facts.id.as_str())),
        ("jurisdiction_id", text("ville")),
        ("service_code", text(code)),
        ("service_name", text(&format!("Nom de {code}"))),
        ("group", text("voirie")),
        ("status", text(facts.status.as_str())),
        ("closed_reason", facts.reason.map_or(Plain::Null, |reason| text(reason.as_str()))),
        ("nature", text(facts.nature.as_str())),
        ("channel", text(facts.channel.as_str())),
        ("requested_datetime", time(facts.requested)),
        ("closed_datetime", facts.closed.map_or(Plain::Null, time)),
        ("lon", at.map_or(Plain::Null, |at| Plain::Number(at.0))),
        ("lat", at.map_or(Plain::Null, |at| Plain::Number(at.1))),
        ("accuracy", at.map_or(Plain::Null, |_| text(facts.accuracy.as_str()))),
        ("area", facts.area.as_deref().map_or(Plain::Null, text)),
        (
            "parent_service_request_id",
            facts.parent.as_ref().map_or(Plain::Null, |parent| text(parent.as_str())),
        ),
    ];
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Row { id: facts.id.to_string(), values, at }
}

fn properties_of_the_index() -> Vec<(String, PlainType)> {
    let texts = [
        "service_request_id",
        "jurisdiction_id",
        "service_code",
        "service_name",
        "group",
        "status",
        "closed_reason",
        "nature",
        "channel",
        "accuracy",
        "area",
        "parent_service_request_id",
    ];
    let typed = |names: &[&str], one: PlainType| {
        names.iter().map(|name| ((*name).to_owned(), one)).collect::<Vec<_>>()
    };
    [
        typed(&texts, PlainType::Text),
        typed(&["lon", "lat"], PlainType::Number),
        typed(&["requested_datetime", "closed_datetime"], PlainType::Time),
    ]
    .concat()
}

fn expected(rows: &[Row], holds: impl Fn(&Row) -> bool) -> Vec<String> {
    let mut ids: Vec<String> =
        rows.iter().filter(|row| holds(row)).map(|row| row.id.clone()).collect();
    ids.sort();
    ids
}

#[test]
fn random_filters_equal_a_scan() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let properties = properties_of_the_index();
    let (mut some, mut all) = (0, 0);
    for (name, places) in layouts(&mut rng) {
        let World { facts, snapshot, .. } = world(&mut rng, places);
        let rows: Vec<Row> = facts.iter().map(row).collect();
        let vocabulary = Vocabulary { properties: &properties, rows: &rows };
        for n in 0..40 {
            let formula = vocabulary.formula(&mut rng, n % 4);
            let expected = expected(&rows, |row| formula.truth(row) == Some(true));
            let (text, json) = (formula.text(), formula.json().to_string());
            assert_eq!(found(&snapshot, &text), expected, "{name}: {text}");
            // CQL2 JSON of a constant is no object, which the service takes for text.
            if json.starts_with('{') {
                assert_eq!(found(&snapshot, &json), expected, "{name}: {json}");
            }
            all += 1;
            some += u32::from(!expected.is_empty() && expected.len() < rows.len());
        }
    }
    assert!(some * 4 > all, "{some} of {all} found some and not all");
}

fn type_of(schema: &Value) -> PlainType {
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (_, Some("date-time")) => PlainType::Time,
        (Some("number" | "integer"), _) => PlainType::Number,
        _ => PlainType::Text,
    }
}

/// A feature as the service shows it.
fn shown_row(feature: &Value, properties: &[(String, PlainType)]) -> Row {
    let corner = |n: usize| feature["geometry"]["coordinates"][n].as_f64();
    let at = corner(0).zip(corner(1));
    let zone = jiff::tz::TimeZone::get("America/Toronto").unwrap();
    let mut values = HashMap::new();
    for (name, one) in properties {
        let value = match (&feature["properties"][name], one) {
            (Value::String(text), PlainType::Time) => {
                let second = ReportTime::parse(text, &zone).unwrap().second();
                Plain::Time(second, second)
            }
            (Value::String(text), _) => Plain::Text(text.clone()),
            (Value::Number(number), _) => Plain::Number(number.as_f64().unwrap()),
            _ => Plain::Null,
        };
        values.insert(name.clone(), value);
    }
    if let Some((lon, lat)) = at {
        values.insert("lon".into(), Plain::Number(lon));
        values.insert("lat".into(), Plain::Number(lat));
    }
    Row { id: feature["id"].as_str().unwrap().to_owned(), values, at }
}

#[test]
fn random_filters_on_all_properties_equal_a_look_at_every_feature() {
    const ITEMS: &str = "/ogc/collections/reports/items?limit=10000";
    let folder = demo_city("cql2-random", 1_500, 13);
    let service = Service::start(&folder, &[]);
    let schema = service.get("/ogc/collections/reports/queryables").json();
    let listed = schema["properties"].as_object().unwrap().iter();
    let properties: Vec<(String, PlainType)> = listed
        .filter(|(name, _)| *name != "geometry")
        .map(|(name, schema)| (name.clone(), type_of(schema)))
        .collect();
    let page = service.get(ITEMS).json();
    let features = page["features"].as_array().unwrap();
    let rows: Vec<Row> = features.iter().map(|one| shown_row(one, &properties)).collect();
    assert_eq!(rows.len(), 1_500);
    let vocabulary = Vocabulary { properties: &properties, rows: &rows };
    let mut rng = ChaCha8Rng::seed_from_u64(17);
    let mut some = 0;
    for n in 0..60 {
        let formula = vocabulary.formula(&mut rng, n % 3);
        let expected = expected(&rows, |row| formula.truth(row) == Some(true));
        for (language, filter) in
            [("cql2-text", formula.text()), ("cql2-json", formula.json().to_string())]
        {
            let encoded: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
            let answer = service.get(&format!("{ITEMS}&filter-lang={language}&filter={encoded}"));
            assert_eq!(answer.status, 200, "{filter}: {}", answer.json());
            let page = answer.json();
            let features = page["features"].as_array().unwrap().iter();
            let mut ids: Vec<String> =
                features.map(|one| one["id"].as_str().unwrap().to_owned()).collect();
            ids.sort();
            assert_eq!(ids, expected, "{filter}");
            assert_eq!(page["numberMatched"], expected.len(), "{filter}");
        }
        some += u32::from(!expected.is_empty() && expected.len() < rows.len());
    }
    assert!(some > 20, "{some} found some and not all");
}

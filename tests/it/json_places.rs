//! Places of JSON whose numbers are texts, or whose geometry is the text of one.

use crate::common::Folder;
use crate::place_columns::{exported, import};

/// Twenty records around a place, joined as `whole` says: `#` is the list of records.
fn document(whole: &str, record: impl Fn(&str, &str, u32) -> String) -> String {
    let records = (10..30).map(|n| record(&format!("5.2{n}"), &format!("52.1{n}"), n));
    whole.replace('#', &records.collect::<Vec<_>>().join(","))
}

/// The members of a request beside its place.
fn members(n: u32) -> String {
    format!(
        r#""nummer":"V{n}","aangemaakt":"2025-03-02T08:{n}:00Z","categorie":"Kuil","status":"Open""#
    )
}

fn comma(text: &str) -> String {
    text.replace('.', ",")
}

fn feature(geometry: &str, n: u32) -> String {
    let members = members(n);
    format!(r#"{{"type":"Feature","geometry":{geometry},"properties":{{{members}}}}}"#)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn point(lon: &str, lat: &str) -> String {
    format!(r#"{{"type":"Point","coordinates":[{lon},{lat}]}}"#)
}

#[test]
fn numbers_may_be_texts_and_geometries_may_be_texts() {
    let features = r#"{"type":"FeatureCollection","features":[#]}"#;
    type Layout<'a> = (&'a str, &'a str, Box<dyn Fn(&str, &str, u32) -> String + 'a>);
    let layouts: Vec<Layout<'_>> = vec![
        (
            "texts in coordinates",
            features,
            Box::new(|lon, lat, n| feature(&point(&quoted(lon), &quoted(lat)), n)),
        ),
        (
            "decimal commas in coordinates",
            features,
            Box::new(|lon, lat, n| feature(&point(&quoted(&comma(lon)), &quoted(&comma(lat))), n)),
        ),
        (
            "a geometry as a text",
            features,
            Box::new(|lon, lat, n| feature(&quoted(&point(lon, lat)), n)),
        ),
        (
            "a geometry as WKT",
            features,
            Box::new(|lon, lat, n| feature(&quoted(&format!("POINT ({lon} {lat})")), n)),
        ),
        (
            "a member with the text of a geometry",
            "[#]",
            Box::new(|lon, lat, n| {
                format!(r#"{{{},"geometry":{}}}"#, members(n), quoted(&point(lon, lat)))
            }),
        ),
        (
            "a nested point of texts",
            r#"{"results":[#]}"#,
            Box::new(|lon, lat, n| {
                let point = point(&quoted(lon), &quoted(lat));
                format!(r#"{{{},"location":{point}}}"#, members(n))
            }),
        ),
        (
            "decimal commas in members",
            "[#]",
            Box::new(|lon, lat, n| {
                let (lon, lat) = (comma(lon), comma(lat));
                format!(r#"{{{},"lat":"{lat}","lon":"{lon}"}}"#, members(n))
            }),
        ),
        (
            "texts in a point of ArcGIS",
            r#"{"features":[#]}"#,
            Box::new(|lon, lat, n| {
                let geometry = format!(r#"{{"x":"{lon}","y":"{lat}"}}"#);
                format!(r#"{{"attributes":{{{}}},"geometry":{geometry}}}"#, members(n))
            }),
        ),
    ];
    for (layout, whole, record) in layouts {
        let folder = Folder::new("json");
        let (code, summary, said) = import(&folder, "a.json", document(whole, record));
        assert_eq!((code, summary["added"].as_u64()), (Some(0), Some(20)), "{layout}: {said}");
        let rows = exported(&folder);
        let row = rows.iter().find(|row| row["service_request_id"] == "V10").unwrap();
        assert_eq!((&*row["lon"], &*row["lat"]), ("5.21", "52.11"), "{layout}");
    }
}

#[test]
fn texts_that_are_no_geometry_are_refused_and_missing_ones_are_none() {
    let folder = Folder::new("json");
    let features = r#"{"type":"FeatureCollection","features":[#]}"#;
    let text = document(features, |lon, lat, n| {
        let geometry = match n {
            10 => r#""""#.to_owned(),
            11 => r#""null""#.to_owned(),
            12 => r#""over there""#.to_owned(),
            13 => r#"{"type":"Point","coordinates":["east","north"]}"#.to_owned(),
            _ => format!(r#"{{"type":"Point","coordinates":["{lon}","{lat}"]}}"#),
        };
        let members = members(n);
        format!(r#"{{"type":"Feature","geometry":{geometry},"properties":{{{members}}}}}"#)
    });
    let (code, summary, said) = import(&folder, "a.json", text);
    let count = |name: &str| summary[name].as_u64();
    assert_eq!((code, count("refused"), count("added")), (Some(3), Some(2), Some(18)), "{said}");
    assert_eq!(count("without_position"), Some(2), "{said}");
    assert_eq!(summary["without_position_by_reason"], serde_json::json!({ "empty cell": 2 }));
}

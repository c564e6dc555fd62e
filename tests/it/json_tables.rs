//! JSON that spreads a table in other ways than a list of objects: lists below their names, one list
//! or object for each column, an object of records; and columns without any value.

use serde_json::{Value, json};

use crate::common::{Folder, done};
use crate::place_columns::{CITY, exported, import};

const NAMES: [&str; 6] = ["case_id", "opened", "category", "status", "lat", "lon"];

fn cells(n: u32) -> [Value; 6] {
    [
        json!(format!("J{n}")),
        json!(format!("2026-10-01T10:{n}:00Z")),
        json!(if n.is_multiple_of(2) { "Pothole" } else { "Graffiti" }),
        json!("open"),
        if n == 20 { Value::Null } else { json!(52.1 + f64::from(n) / 1_000.0) },
        if n == 20 { Value::Null } else { json!(5.2 + f64::from(n) / 1_000.0) },
    ]
}

fn rows() -> Vec<Vec<Value>> {
    (10..50).map(|n| cells(n).to_vec()).collect()
}

fn object(cells: &[Value]) -> Value {
    NAMES.iter().map(|name| (*name).to_owned()).zip(cells.iter().cloned()).collect()
}

fn records() -> Vec<Value> {
    rows().iter().map(|cells| object(cells)).collect()
}

/// The table below its names.
fn with_header() -> Vec<Vec<Value>> {
    let names = NAMES.iter().map(|name| json!(name)).collect();
    [vec![names], rows()].concat()
}

/// One member for each column, made from its values.
fn by_column(of: impl Fn(Vec<Value>) -> Value) -> Value {
    let column = |at: usize| of(rows().iter().map(|row| row[at].clone()).collect());
    NAMES.iter().enumerate().map(|(at, name)| ((*name).to_owned(), column(at))).collect()
}

/// Values under the numbers of their rows, as pandas writes them.
fn numbered(values: Vec<Value>) -> Value {
    values.into_iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect()
}

/// Values under the ids of their rows.
fn keyed(values: Vec<Value>) -> Value {
    let named = values.into_iter().zip(10..).map(|(value, n)| (format!("K{n}"), value));
    named.collect()
}

#[test]
fn tables_of_every_orientation_are_read_alike() {
    let folder = Folder::new("json-tables");
    let (_, summary, said) = import(&folder, "a.json", json!(records()).to_string());
    assert_eq!(summary["added"], 40, "{said}");
    let wanted = exported(&folder);
    let texts: Vec<Vec<Value>> = with_header()
        .into_iter()
        .map(|row| row.into_iter().map(|cell| json!(cell.to_string().replace('"', ""))).collect())
        .collect();
    let index: Vec<usize> = (0..40).collect();
    let cut = |value: Value| value.to_string().replace("},", "},\n");
    for (document, format) in [
        (json!(with_header()), "JSON, lists below their names"),
        (json!({ "values": with_header() }), "JSON, lists below their names, in 'values'"),
        (
            json!({ "range": "A1:F41", "majorDimension": "ROWS", "values": texts }),
            "JSON, lists below their names, in 'values'",
        ),
        (json!({ "columns": NAMES, "index": index, "data": rows() }), "JSON, records in 'data'"),
        (
            json!({ "result": { "fields": NAMES, "rows": rows() } }),
            "JSON, records in 'result.rows'",
        ),
        (by_column(numbered), "JSON, an object of columns"),
        (by_column(Value::Array), "JSON, an object of columns"),
        (json!({ "data": by_column(Value::Array) }), "JSON, an object of columns, in 'data'"),
        (numbered(records()), "JSON, an object of records"),
        (keyed(records()), "JSON, an object of records"),
        (json!({ "requests": keyed(records()) }), "JSON, an object of records, in 'requests'"),
    ] {
        let folder = Folder::new("json-tables");
        let text = cut(document);
        let (code, summary, said) = import(&folder, "a.json", &text);
        assert_eq!((code, &summary["added"]), (Some(0), &40.into()), "{format}: {said}");
        let read_as = summary["read_as"].as_str().unwrap();
        assert!(read_as.starts_with(&format!("{format}, UTF-8")), "{read_as}");
        assert_eq!(exported(&folder), wanted, "{format}");
    }
}

#[test]
fn the_names_of_members_are_ids_where_the_records_have_none() {
    let bare = |mut record: Value| {
        record.as_object_mut().unwrap().remove("case_id");
        record
    };
    let of = |records: Vec<Value>| keyed(records.into_iter().map(bare).collect());
    let mut columns = by_column(keyed);
    columns.as_object_mut().unwrap().remove("case_id");
    for document in [of(records()), columns] {
        let folder = Folder::new("json-tables");
        let (code, summary, said) = import(&folder, "a.json", document.to_string());
        assert_eq!((code, &summary["added"]), (Some(0), &40.into()), "{said}");
        let reports = exported(&folder);
        assert!(reports.iter().any(|one| one["service_request_id"] == "K33"), "{reports:?}");
    }
}

#[test]
fn columns_that_do_not_fit_together_stop_the_reading() {
    let mut uneven = by_column(numbered);
    uneven["status"].as_object_mut().unwrap().remove("39");
    let mut other = by_column(numbered);
    let status = other["status"].as_object_mut().unwrap();
    status.remove("39");
    status.insert("57".to_owned(), json!("open"));
    for (document, word) in [(uneven, "same length"), (other, "same rows")] {
        let folder = Folder::new("json-tables");
        let (code, _, said) = import(&folder, "a.json", document.to_string());
        assert_ne!(code, Some(0), "{said}");
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn what_has_no_records_is_named_for_what_it_is() {
    for (document, word) in [
        (json!(rows()), "without the names of their columns"),
        (json!({ "values": rows() }), "without the names of their columns"),
        (json!([1, 2, 3]), "a list of texts or numbers"),
        (json!({ "type": "Topology", "objects": {}, "arcs": [[[0, 0], [1, 1]]] }), "TopoJSON"),
        (json!({ "type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]] }), "a geometry"),
        (json!({ "type": "Point", "coordinates": [5.1, 52.1] }), "a geometry"),
    ] {
        let (code, _, said) = import(&Folder::new("json-tables"), "a.json", document.to_string());
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(word), "{document}: {said}");
    }
}

#[test]
fn columns_without_a_value_are_listed() {
    let with_nulls = |name: &str, value: Value| {
        let one = |mut record: Value| {
            record[name] = value.clone();
            record
        };
        json!(records().into_iter().map(one).collect::<Vec<_>>())
    };
    let feature = |n: u32| {
        let point = json!({ "type": "Point", "coordinates": [5.2, 52.1] });
        let mut properties = object(&cells(n));
        properties["closed_at"] = Value::Null;
        json!({ "type": "Feature", "properties": properties, "geometry": point })
    };
    let features: Vec<Value> = (10..50).map(feature).collect();
    for document in [
        with_nulls("closed_at", Value::Null),
        with_nulls("closed_at", json!([])),
        json!({ "type": "FeatureCollection", "features": features }),
    ] {
        let folder = Folder::new("json-tables");
        let file = folder.with("a.json", document.to_string());
        let arguments = ["inspect", file.to_str().unwrap(), "--output", "a.toml"];
        let said = done(&folder, &[&arguments[..], &CITY].concat());
        assert!(said.contains("closed_at"), "{said}");
    }
}

#[test]
fn lists_beside_the_descriptions_of_their_columns_are_read() {
    let fields = |types: [&str; 6]| {
        let all = NAMES.iter().zip(types);
        json!(all.map(|(name, kind)| json!({ "type": kind, "id": name })).collect::<Vec<_>>())
    };
    let fields = fields(["text", "timestamp", "text", "text", "float8", "float8"]);
    for document in [
        json!({ "help": "h", "success": true, "result": { "fields": fields, "records": rows(),
                "records_format": "lists", "total": 40 } }),
        json!({ "fields": fields, "records": rows() }),
        json!({ "data": rows(), "columns": fields }),
    ] {
        let folder = Folder::new("json-tables");
        let (code, summary, said) = import(&folder, "a.json", document.to_string());
        assert_eq!((code, &summary["added"]), (Some(0), &40.into()), "{said}");
        let reports = exported(&folder);
        assert!(reports.iter().all(|one| ["Pothole", "Graffiti"].contains(&&*one["service_name"])));
    }
    let text = "J1,2026-10-01,Pothole,open,52.1,5.2\n";
    let csv = json!({ "result": { "fields": fields, "records_format": "csv", "records": text } });
    let few = json!({ "fields": [{ "id": "case_id" }, { "id": "opened" }], "records": rows() });
    for (document, words) in
        [(csv, "ask for records_format=objects"), (few, "has 6 values for 2 columns")]
    {
        let folder = Folder::new("json-tables");
        let (code, _, said) = import(&folder, "a.json", document.to_string());
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn results_of_sparql_are_read_by_their_values() {
    let written = |kind: &str, value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        json!({ "type": kind, "value": text, "datatype": "xsd:string" })
    };
    let binding = |n: u32| -> Value {
        let kinds = ["uri", "typed-literal", "literal", "literal", "literal", "bnode"];
        let cells = cells(n);
        let bound = NAMES.iter().zip(kinds).zip(&cells).filter(|(_, value)| !value.is_null());
        bound.map(|((name, kind), value)| ((*name).to_owned(), written(kind, value))).collect()
    };
    let bindings: Vec<Value> = (10..50).map(binding).collect();
    let document = json!({ "head": { "vars": NAMES }, "results": { "bindings": bindings } });
    let folder = Folder::new("json-tables");
    let (code, summary, said) = import(&folder, "a.json", document.to_string());
    assert_eq!((code, &summary["added"]), (Some(0), &40.into()), "{said}");
    assert_eq!(summary["without_position"], 1, "{said}");
    let reports = exported(&folder);
    assert!(reports.iter().all(|one| ["Pothole", "Graffiti"].contains(&&*one["service_name"])));
}

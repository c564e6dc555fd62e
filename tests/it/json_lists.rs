//! JSON with several lists of records, and records within an object of their own.

use serde_json::{Value, json};

use crate::common::Folder;
use crate::place_columns::{exported, import};

/// A request; `more` are further members.
fn record(n: u32, more: Value) -> Value {
    let mut record = json!({
        "nummer": format!("L{n}"), "aangemaakt": format!("2025-03-02T08:{n}:00Z"),
        "lat": 52.1 + f64::from(n) / 1_000.0, "lon": 5.2,
    });
    let all = record.as_object_mut().unwrap();
    all.extend(more.as_object().cloned().unwrap_or_default());
    record
}

fn records(numbers: std::ops::Range<u32>, more: &Value) -> Vec<Value> {
    numbers.map(|n| record(n, more.clone())).collect()
}

/// What was imported: the summary, what was said, and how many reports have this text in a field.
fn counted(document: &Value, field: &str, text: &str) -> (Value, String, usize) {
    let folder = Folder::new("lists");
    let (code, summary, said) = import(&folder, "a.json", document.to_string());
    assert_eq!(code, Some(0), "{said}");
    let count = exported(&folder).iter().filter(|one| one[field] == text).count();
    (summary, said, count)
}

#[test]
fn lists_with_the_same_members_are_read_one_after_the_other() {
    let kuil = json!({ "categorie": "Kuil" });
    let (few, many) = (records(10..17, &kuil), records(20..40, &kuil));
    // The names of the lists are the statuses where the records have none.
    for document in [
        json!({ "Open": few, "Afgehandeld": many }),
        json!({ "result": { "Open": few, "Afgehandeld": many }, "generated": "2025-04-01" }),
        json!({ "Open": { "items": few }, "Afgehandeld": { "items": many } }),
        json!({ "done": many, "open": few }),
    ] {
        let (summary, said, closed) = counted(&document, "status", "closed");
        assert_eq!((&summary["added"], closed), (&27.into(), 20), "{said}");
        assert!(said.contains("2 lists of records"), "{said}");
    }
    let with_status = json!({ "categorie": "Kuil", "status": "Open" });
    let (a, b, c) = (
        records(10..14, &with_status),
        records(20..30, &with_status),
        records(30..40, &with_status),
    );
    for document in [
        json!({ "2024": a, "2025": b, "2026": c }),
        json!({ "requests": a, "archive": b, "older": c }),
        json!({ "2025": { "maart": a, "april": b }, "2026": { "maart": c } }),
    ] {
        let (summary, said, open) = counted(&document, "status", "open");
        assert_eq!((&summary["added"], open), (&24.into(), 24), "{said}");
    }
    // Names of categories are a doubt.
    let document = json!({ "Kuil": records(10..14, &with_status_alone()), "Graffiti":
        records(20..30, &with_status_alone()) });
    let (code, _, said) = import(&Folder::new("lists"), "a.json", document.to_string());
    assert!(code == Some(2) && said.contains("category: perhaps '*list'"), "{said}");
}

fn with_status_alone() -> Value {
    json!({ "status": "Open" })
}

#[test]
fn lists_of_other_records_are_named_with_their_counts() {
    let with_status = json!({ "categorie": "Kuil", "status": "Open" });
    let places = (0..5).map(|n| json!({ "id": n, "address": "A 1", "latitude": 52.1, "zone": 1 }));
    let places: Vec<Value> = places.collect();
    let document = json!({ "cases": records(10..20, &with_status), "depots": places });
    let (code, _, said) = import(&Folder::new("lists"), "a.json", document.to_string());
    assert!(code != Some(0) && said.contains("'depots' (5)") && said.contains("'cases' (10)"));
    assert!(said.contains("2 lists of records"), "{said}");
    // Descriptions of columns beside a list of a usual name are none.
    let fields = json!([{ "id": "nummer", "type": "text" }, { "id": "status", "type": "text" }]);
    let document = json!({ "fields": fields, "records": records(10..20, &with_status) });
    assert_eq!(counted(&document, "status", "open").2, 10);
}

#[test]
fn an_object_around_the_members_hides_no_names() {
    let inner = |n: u32| {
        let is_open = n.is_multiple_of(2);
        record(
            n,
            json!({ "categorie": "Kuil", "status": if is_open { "Open" } else { "Gesloten" } }),
        )
    };
    let all = |wrap: &dyn Fn(Value, u32) -> Value| -> Vec<Value> {
        (10..30).map(|n| wrap(inner(n), n)).collect()
    };
    for document in [
        json!({ "data": all(&|one, n| json!({ "type": "request", "id": n, "attributes": one })) }),
        json!({ "hits": { "hits": all(&|one, n| json!({ "_id": n, "_score": 1.5, "_source": one })) } }),
        json!(all(&|one, n| json!({ "uid": format!("u{n}"), "properties": one }))),
        json!(all(&|one, _| json!({ "record": { "values": one } }))),
    ] {
        let (summary, said, closed) = counted(&document, "status", "closed");
        assert_eq!((&summary["added"], closed), (&20.into(), 10), "{said}");
        assert_eq!(summary["without_position"], 0, "{said}");
        assert_eq!(summary["rows_without_id"], 0, "{said}");
    }
}

#[test]
fn an_object_with_a_place_keeps_its_other_members() {
    let of = |object: &dyn Fn(&str, bool) -> Value, name: &str| -> Value {
        let one = |n: u32| {
            let (lat, is_closed) = (format!("52.1{n}"), n.is_multiple_of(2));
            json!({ "nummer": format!("L{n}"), "aangemaakt": format!("2025-03-02T08:{n}:00Z"),
                    "categorie": "Kuil", "kanaal": "Web", name: object(&lat, is_closed) })
        };
        json!((10..30).map(one).collect::<Vec<_>>())
    };
    for name in ["details", "info", "extra"] {
        let document = of(
            &|lat, is_closed| {
                let closed = if is_closed { json!("2025-03-05T10:00:00Z") } else { Value::Null };
                json!({ "status": if is_closed { "closed" } else { "open" }, "closed_at": closed,
                        "latitude": lat, "longitude": "5.2" })
            },
            name,
        );
        let (summary, said, closed) = counted(&document, "status", "closed");
        assert_eq!((&summary["without_position"], closed), (&0.into(), 10), "{name}: {said}");
        let times = counted(&document, "closed_datetime", "2025-03-05T10:00:00Z").2;
        assert_eq!(times, 10, "{name}: {said}");
    }
    for name in ["location", "place", "standort"] {
        let document = of(
            &|lat, _| {
                json!({ "type": "Point", "coordinates": [5.2, lat.parse::<f64>().unwrap()],
                        "address": "Dorpsstraat 1", "state": "UT" })
            },
            name,
        );
        let (summary, said, count) = counted(&document, "address", "Dorpsstraat 1");
        assert_eq!((&summary["without_position"], count), (&0.into(), 20), "{name}: {said}");
    }
}

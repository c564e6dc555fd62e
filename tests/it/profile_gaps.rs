//! Files of a built-in layout with further columns: what the layout does not name is listed, and
//! used where it surely is the status, the closing or the place.

use serde_json::json;

use crate::common::{Folder, run};
use crate::place_columns::{CITY, exported, import};

/// A table in the words of Open311; `more` writes the cells of the further columns.
fn bulk(columns: &str, more: impl Fn(u32) -> String) -> String {
    let row = |n: u32| format!("B{n},2025-03-02 08:{n}:00,Kuil,52.1{n},5.2{n},{}\n", more(n));
    let rows: String = (10..40).map(row).collect();
    format!("service_request_id,requested_datetime,service_name,lat,long,{columns}\n{rows}")
}

#[test]
fn statuses_and_closings_of_other_names_are_used_and_said() {
    let word = |n: u32| if n.is_multiple_of(3) { "closed" } else { "open" };
    let end = |n: u32| match n.is_multiple_of(3) {
        true => "2025-03-09 10:00:00",
        false => "",
    };
    for (status, closed) in [
        ("status_description", "closed_on"),
        ("state", "resolved_on"),
        ("request_status", "completion_date"),
        ("Statut", "Date de fermeture"),
    ] {
        let text = bulk(&format!("{status},{closed},reporter_shoe"), |n| {
            format!("{},{},{}", word(n), end(n), n % 7)
        });
        let folder = Folder::new("gaps");
        let (code, summary, said) = import(&folder, "a.csv", &text);
        assert_eq!((code, &summary["added"]), (Some(0), &30.into()), "{said}");
        assert_eq!(summary["profile"], "open311-bulk", "{said}");
        let notes = summary["notes"].to_string();
        assert!(notes.contains(&format!("'{status}' → status")), "{notes}");
        assert!(notes.contains(&format!("'{closed}' → closed")), "{notes}");
        assert_eq!(summary["columns_left_out"], json!(["reporter_shoe"]), "{said}");
        let ended = exported(&folder).into_iter();
        let ended =
            ended.filter(|one| one["status"] == "closed" && !one["closed_datetime"].is_empty());
        assert_eq!(ended.count(), 10, "{status}: {said}");
    }
}

#[test]
fn a_column_that_the_layout_covers_is_left_out_and_listed() {
    let text = bulk("status,detailed_status,service_subtype", |n| {
        format!("{},unable to fix,K{}", if n % 2 == 0 { "open" } else { "closed" }, n % 3)
    });
    let folder = Folder::new("gaps");
    let (code, summary, said) = import(&folder, "a.csv", &text);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        summary["columns_left_out"],
        json!(["detailed_status", "service_subtype"]),
        "{said}"
    );
    let file = folder.file("a.csv");
    let text = crate::common::done(
        &folder,
        &["import", file.to_str().unwrap(), "--jurisdiction", "valmeer.example"],
    );
    assert!(text.contains("2 columns left out: 'detailed_status', 'service_subtype'"), "{text}");
}

/// Places in other columns than the empty ones that the layout names; a status in doubt.
#[test]
fn places_of_other_columns_are_used_and_what_is_unsure_is_asked() {
    let empty = |text: String| {
        let place = |n: u32| (format!(",52.1{n},5.2{n},"), ",,,".to_owned());
        (10..40).map(place).fold(text, |text, (given, none)| text.replace(&given, &none))
    };
    let text = empty(bulk("status,geom", |n| format!("open,POINT (5.2{n} 52.1{n})")));
    let folder = Folder::new("gaps");
    let (code, summary, said) = import(&folder, "a.csv", &text);
    assert_eq!((code, &summary["without_position"]), (Some(0), &0.into()), "{said}");
    let text = empty(bulk("status,x_rd,y_rd", |n| format!("open,{},463000", 155_000 + n)));
    let (code, summary, said) = import(&Folder::new("gaps"), "a.csv", &text);
    let asks = code == Some(2) && said.contains("--projection");
    assert!(asks || summary["without_position"] == 0, "{code:?} {said}");
    let text = bulk("status_code", |n| format!("{}", 7 + n % 2));
    let (code, _, said) = import(&Folder::new("gaps"), "a.csv", &text);
    assert!(code == Some(2) && said.contains("status: perhaps 'status_code'"), "{code:?} {said}");
}

/// A collection of points; `more` writes the further properties of each.
fn points(feature_id: impl Fn(u32) -> String, more: impl Fn(u32) -> String) -> String {
    let feature = |n: u32| {
        format!(
            "{{\"type\":\"Feature\",{}\"properties\":{{\"created_at\":\"2025-03-02T08:{n}:00Z\",\
             \"category\":\"Kuil\",{}}},\"geometry\":{{\"type\":\"Point\",\
             \"coordinates\":[5.2{n},52.1{n}]}}}}",
            feature_id(n),
            more(n)
        )
    };
    let features: Vec<String> = (10..40).map(feature).collect();
    format!("{{\"type\":\"FeatureCollection\",\"features\":[{}]}}", features.join(","))
}

#[test]
fn properties_with_ids_keep_the_requests_of_geojson_apart() {
    for name in ["case_no", "SR_NUMBER", "Ticket", "meldingsnummer", "reference", "Request ID"] {
        let folder = Folder::new("gaps");
        for (status, added, updated) in [("open", 30, 0), ("closed", 0, 30)] {
            let more = |n: u32| format!("\"{name}\":\"K{}\",\"state\":\"{status}\"", 500 + 7 * n);
            let (code, summary, said) =
                import(&folder, "a.geojson", points(|_| String::new(), more));
            assert_eq!((code, &summary["profile"]), (Some(0), &"geojson".into()), "{said}");
            assert_eq!(summary["added"], added, "{name} {status}: {said}");
            assert_eq!(summary["updated"], updated, "{name} {status}: {said}");
        }
    }
    // Feature numbers of each file's rows.
    let folder = Folder::new("gaps");
    let number = |n: u32| format!("\"id\":{},", n - 9);
    for (from, day) in [(500, "2025-03-02"), (900, "2025-03-03")] {
        let more = |n: u32| format!("\"case_no\":\"K{}\",\"state\":\"open\"", from + n);
        let text = points(number, more).replace("2025-03-02", day);
        let (code, summary, said) = import(&folder, "a.geojson", text);
        assert_eq!((code, &summary["added"]), (Some(0), &30.into()), "{said}");
    }
}

/// Thirty features whose properties have these further members.
fn features(more: &str) -> String {
    let feature = |n: u32| {
        let point = format!(r#"{{"type":"Point","coordinates":[5.2{n},52.1{n}]}}"#);
        let more = more.replace('#', &n.to_string());
        let own = format!(r#""id":"F{n}","created_at":"2025-03-02T08:{n}:00Z",{more}"#);
        format!(r#"{{"type":"Feature","geometry":{point},"properties":{{{own}}}}}"#)
    };
    let all = (10..40).map(feature).collect::<Vec<_>>().join(",");
    format!(r#"{{"type":"FeatureCollection","features":[{all}]}}"#)
}

#[test]
fn objects_under_the_names_of_a_layout_are_unfolded() {
    let category = r#""category":{"id":3,"name":"Kuil","parent":{"name":"Wegen #"}}"#;
    let status = r#""status":{"id":2,"name":"Closed"}"#;
    let address = r#""address":{"street":"Dorpsstraat #","city":"Valmeer"}"#;
    for (more, closed) in [
        (format!("{category},\"status\":\"open\""), false),
        (format!("{category},{status}"), true),
        (format!("\"category\":\"Kuil\",{status}"), true),
        (format!("\"category\":\"Kuil\",\"status\":\"open\",{address}"), false),
    ] {
        let folder = Folder::new("gaps");
        let (code, _, said) = import(&folder, "a.geojson", features(&more));
        assert_eq!(code, Some(0), "{more}: {said}");
        for one in exported(&folder) {
            assert_eq!(one["service_name"], "Kuil", "{more}: {said}");
            assert_eq!(one["status"] == "closed", closed, "{more}: {said}");
            assert!(!one["address"].contains('{'), "{more}: {said}");
            assert!(one["lat"].starts_with("52.1"), "{more}: {said}");
        }
    }
}

#[test]
fn an_object_is_no_name_of_a_category() {
    let folder = Folder::new("gaps");
    let file = folder.with("a.geojson", features(r#""category":{"nl":"Kuil","fr":"Trou"}"#));
    let arguments = ["import", file.to_str().unwrap(), "--profile", "geojson"];
    let output = run(&folder, &[&arguments[..], &CITY].concat());
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("is a JSON object and no name"), "{said}");
}

//! Later files whose ids are not those of the reports in the store: ids that begin again, that are
//! written otherwise, or that are missing. Real updates go on by themselves.

use std::fmt::Write;

use serde_json::json;

use crate::common::{Folder, LocalService, done, run};
use crate::imports;
use crate::place_columns::{exported, import};

/// So many rows: key, opening, category, status and place, each by its number.
struct KnownFile {
    key: &'static str,
    month: u32,
    id: fn(u32) -> String,
    category: fn(u32) -> &'static str,
    status: &'static str,
    degrees: f64,
}

/// The id of a row by its number.
type IdOf = fn(u32) -> String;

const USUAL: KnownFile = KnownFile {
    key: "Case No",
    month: 3,
    id: |n| n.to_string(),
    category: |n| ["Kuil", "Lamp", "Afval"][n as usize % 3],
    status: "Open",
    degrees: 52.1,
};

impl KnownFile {
    fn table(&self) -> String {
        let key = if self.key.is_empty() { String::new() } else { format!("{},", self.key) };
        let mut text = format!("{key}opened,category,status,lat,lon\n");
        for n in 1..=30 {
            let id = if key.is_empty() { String::new() } else { format!("{},", (self.id)(n)) };
            let (month, category, status) = (self.month, (self.category)(n), self.status);
            let (lat, lon) = (self.degrees + f64::from(n * 7 % 30) / 500.0, 5.2);
            let day = n % 28 + 1;
            let _ = writeln!(
                text,
                "{id}2025-{month:02}-{day:02} 08:{n:02}:00,{category},{status},{lat:.4},{lon}"
            );
        }
        text
    }
}

#[test]
fn ids_that_begin_again_are_a_doubt() {
    for key in ["Case No", "ID", "OBJECTID", "FID", "N°", "Lfd. Nr.", "Folio"] {
        let others: fn(u32) -> &'static str = |n| ["Lamp", "Afval", "Boom", "Kuil"][n as usize % 4];
        // The same categories in the same order may be a correction of times and places.
        for (category, status) in [(USUAL.category, 0), (others, 2)] {
            let folder = Folder::new("known");
            let first = KnownFile { key, ..USUAL }.table();
            let (code, _, said) = import(&folder, "a.csv", &first);
            assert_eq!(code, Some(0), "{key}: {said}");
            let next = KnownFile { key, month: 4, degrees: 52.3, category, ..USUAL };
            let (code, _, said) = import(&folder, "b.csv", next.table());
            assert_eq!(code, Some(status), "{key}: {said}");
            let is_named = said.contains("30 of the first 30 rows whose id is in the store");
            assert_eq!(is_named, status == 2, "{key}: {said}");
        }
    }
}

#[test]
fn the_owner_says_what_becomes_of_ids_that_begin_again() {
    let folder = Folder::new("known");
    import(&folder, "a.csv", USUAL.table());
    let other = |n: u32| ["Boom", "Kuil", "Lamp", "Afval"][n as usize % 4];
    let next = KnownFile { month: 4, degrees: 52.3, category: other, ..USUAL }.table();
    let file = folder.with("b.csv", &next);
    let arguments = ["import", file.to_str().unwrap(), "--jurisdiction", "valmeer.example"];
    for (words, added, updated) in
        [(&["--ids", "contents", "--dry-run"][..], 30, 0), (&["--ids", "keep"], 0, 30)]
    {
        let output = run(&folder, &[&arguments[..], words].concat());
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {said}");
        assert!(said.contains(&format!("{added} added, {updated} updated")), "{words:?}: {said}");
    }
    let mapping = "extends = 'geojson'\nids = 'sometimes'\n";
    let mapping = folder.with("m.toml", mapping);
    let words = ["--mapping", mapping.to_str().unwrap()];
    let output = run(&folder, &[&arguments[..], &words].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("ids 'sometimes': keep | contents"), "{said}");
}

#[test]
fn a_file_of_one_category_that_begins_again_is_a_doubt() {
    let folder = Folder::new("known");
    let one = KnownFile { category: |_| "Kuil", ..USUAL };
    import(&folder, "a.csv", one.table());
    let (code, _, said) =
        import(&folder, "b.csv", KnownFile { month: 4, degrees: 52.3, ..one }.table());
    assert_eq!(code, Some(2), "{said}");
}

#[test]
fn real_updates_go_on_by_themselves() {
    for (change, what) in [
        (KnownFile { status: "Closed", ..USUAL }, "closing"),
        (KnownFile { degrees: 52.105, ..USUAL }, "places"),
        (KnownFile { month: 4, ..USUAL }, "times"),
        (KnownFile { category: |_| "Boom", ..USUAL }, "categories"),
        (KnownFile { degrees: 53.0, category: |_| "Boom", ..USUAL }, "places and categories"),
        (KnownFile { degrees: 53.0, month: 5, ..USUAL }, "places and times"),
    ] {
        let folder = Folder::new("known");
        import(&folder, "a.csv", USUAL.table());
        let (code, summary, said) = import(&folder, "b.csv", change.table());
        assert_eq!((code, &summary["updated"]), (Some(0), &30.into()), "{what}: {said}");
    }
}

#[test]
fn ids_that_are_written_otherwise_are_a_doubt() {
    let writings: [(&str, IdOf, IdOf); 7] = [
        ("zeros lost", |n| format!("{n:08}"), |n| n.to_string()),
        ("decimals", |n| (10_000 + n).to_string(), |n| format!("{}.0", 10_000 + n)),
        ("groups", |n| (10_000 + n).to_string(), |n| format!("\"10,{n:03}\"")),
        ("case", |n| format!("SR{n:04}"), |n| format!("sr{n:04}")),
        ("prefix", |n| format!("{n:05}"), |n| format!("SR-{n:05}")),
        ("year", |n| format!("2025-{n:05}"), |n| format!("{n:05}/2025")),
        ("others", |n| format!("T{n}"), |n| format!("{:x}", u64::from(n) * 7_919_193_007)),
    ];
    for (what, first, then) in writings {
        let folder = Folder::new("known");
        import(&folder, "a.csv", KnownFile { id: first, ..USUAL }.table());
        let later = KnownFile { id: then, status: "Closed", ..USUAL }.table();
        let (code, _, said) = import(&folder, "b.csv", &later);
        assert_eq!(code, Some(2), "{what}: {said}");
        assert!(said.contains("30 of 30 reports of the store that were compared"), "{said}");
        assert_eq!(exported(&folder).len(), 30, "{what}");
        let file = folder.file("b.csv");
        let city = ["--jurisdiction", "valmeer.example", "--ids", "keep"];
        done(&folder, &[&["import", file.to_str().unwrap()][..], &city].concat());
        assert_eq!(exported(&folder).len(), 60, "{what}");
    }
}

#[test]
fn a_later_file_without_ids_is_a_doubt_where_it_has_the_same_requests() {
    let folder = Folder::new("known");
    import(&folder, "a.csv", USUAL.table());
    let (code, _, said) = import(&folder, "b.csv", KnownFile { key: "", ..USUAL }.table());
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("the file has no ids"), "{said}");
    // Another month is other requests.
    let next = KnownFile { key: "", month: 4, ..USUAL }.table();
    let (code, summary, said) = import(&folder, "c.csv", next);
    assert_eq!((code, &summary["added"]), (Some(0), &30.into()), "{said}");
}

#[test]
fn new_ids_of_new_requests_are_no_doubt() {
    let folder = Folder::new("known");
    import(&folder, "a.csv", USUAL.table());
    let next = KnownFile { id: |n| (n + 30).to_string(), month: 4, ..USUAL };
    let (code, summary, said) = import(&folder, "b.csv", next.table());
    assert_eq!((code, &summary["added"]), (Some(0), &30.into()), "{said}");
    // Two sources of one city at the same time.
    let other = KnownFile { id: |n| format!("B{n}"), degrees: 52.2, ..USUAL };
    let (code, summary, said) = import(&folder, "c.csv", other.table());
    assert_eq!((code, &summary["added"]), (Some(0), &30.into()), "{said}");
}

#[test]
fn an_import_in_the_browser_shows_the_doubt_and_takes_the_answer() {
    let folder = Folder::new("known");
    let service = LocalService::start(&folder);
    let city = json!({ "jurisdiction": "valmeer.example", "time_zone": "Europe/Amsterdam" });
    let sent = imports::send(&service, "a.csv", USUAL.table()).json();
    imports::change(&service, &sent["id"], &city);
    assert_eq!(imports::run(&service, &sent["id"])["summary"]["added"], 30);
    let category: fn(u32) -> &'static str = |n| ["Boom", "Kuil", "Lamp", "Afval"][n as usize % 4];
    let next = KnownFile { month: 4, degrees: 52.3, category, ..USUAL }.table();
    let sent = imports::send(&service, "b.csv", next).json();
    let answer = imports::change(&service, &sent["id"], &city).json();
    let doubts = answer["doubts"].to_string();
    assert!(doubts.contains("30 of the first 30") && !doubts.contains("--"), "{doubts}");
    let refused = imports::change(&service, &sent["id"], &json!({ "ids": "some" }));
    assert_eq!((refused.status, refused.fields()), (400, vec!["ids".to_owned()]));
    for ids in ["contents", "keep"] {
        let answer = imports::change(&service, &sent["id"], &json!({ "ids": ids })).json();
        assert_eq!((&answer["doubts"], &answer["choices"]["ids"]), (&json!([]), &json!(ids)));
    }
    assert_eq!(imports::run(&service, &sent["id"])["summary"]["updated"], 30);
}

//! What the answers about imports say: times before a zone is chosen, names of members, counts.

use serde_json::{Value, json};

use crate::common::{Folder, LocalService, run as run_program};
use crate::imports::{at, change, run, send, valmeer};

/// The properties of the first row of a preview.
fn first_row(answer: &Value) -> &Value {
    &answer["rows"]["features"][0]["properties"]
}

#[test]
fn times_are_shown_as_written_until_a_zone_is_chosen() {
    let folder = Folder::new("answers");
    let service = LocalService::start(&folder);
    let rows = |n: u32| format!("V{n};{n}.03.2025 08:30;14.04.2025 9.05 Uhr;Kuil;Gesloten\n");
    let header = "nummer;aangemaakt;gesloten op;categorie;status\n";
    let text = header.to_owned() + &(10..30).map(rows).collect::<String>();
    let sent = send(&service, "a.csv", text).json();
    assert_eq!(sent["needs"], json!(["jurisdiction", "time_zone"]));
    let row = first_row(&sent);
    assert_eq!(row["requested_datetime"], "10.03.2025 08:30");
    assert_eq!(row["closed_datetime"], "14.04.2025 9.05 Uhr");
    let zone = json!({ "time_zone": "Europe/Amsterdam" });
    let answer = change(&service, &sent["id"], &zone).json();
    assert_eq!(first_row(&answer)["requested_datetime"], "2025-03-10T07:30:00Z");
    assert_eq!(first_row(&answer)["closed_datetime"], "2025-04-14T07:05:00Z");
    // Times with an offset need no zone.
    let text = text_with_offsets();
    let sent = send(&service, "b.csv", text).json();
    assert_eq!(first_row(&sent)["requested_datetime"], "2025-03-10T07:30:00Z");
}

fn text_with_offsets() -> String {
    let rows = |n: u32| format!("V{n},2025-03-{n}T08:30:00+01:00,Kuil,Open\n");
    "nummer,aangemaakt,categorie,status\n".to_owned() + &(10..30).map(rows).collect::<String>()
}

#[test]
fn sentences_name_members_and_no_options_of_the_command() {
    let folder = Folder::new("answers");
    let service = LocalService::start(&folder);
    let city = json!({ "jurisdiction": "valmeer.example", "time_zone": "America/Toronto" });
    let table = |columns: &str, cells: &dyn Fn(u32) -> String| {
        let rows: String = (10..30).map(|n| format!("V{n},Kuil,Open,{}\n", cells(n))).collect();
        format!("nummer,categorie,status,{columns}\n{rows}")
    };
    for (text, member) in [
        (table("aangemaakt", &|n| format!("05/0{}/2025 08:{n}", n % 9 + 1)), "date_order"),
        (table("aangemaakt,x,y", &|n| format!("2025-03-02,91{n}44.5,504{n}01.5")), "projection"),
        (table("aangemaakt,lat,lon", &|n| format!("2025-03-02,46.8{n},71.2{n}")), "negate"),
    ] {
        let sent = send(&service, "a.csv", text).json();
        let id = sent["id"].as_str().unwrap();
        for language in ["fr", "en"] {
            let path = format!("/api/v1/imports/{id}?lang={language}");
            let answer = service.ask("PATCH", &path, &[], city.to_string().as_bytes()).json();
            let doubts = answer["doubts"].to_string();
            assert!(doubts.contains(member) && !doubts.contains("--"), "{member}: {doubts}");
        }
        at(&service, "POST", &sent["id"], "/run?lang=en");
        let end = eventual(&service, &sent["id"], "en")["error"].to_string();
        assert!(end.contains(member) && !end.contains("--"), "{member}: {end}");
        at(&service, "DELETE", &sent["id"], "");
    }
    let sent = send(&service, "a.csv", "caf\u{e9}").json();
    assert!(!sent.to_string().contains("--"), "{sent}");
}

/// The state of an import once it no longer runs.
fn eventual(service: &LocalService, id: &Value, language: &str) -> Value {
    let state = || at(service, "GET", id, &format!("?lang={language}")).json();
    crate::common::eventually("the import has ended", || state()["state"] != "running");
    state()
}

#[test]
fn a_missing_sign_is_added_by_its_member() {
    let folder = Folder::new("answers");
    let service = LocalService::start(&folder);
    let rows = |n: u32| format!("V{n},2025-03-02 08:{n},Kuil,Open,46.8{n},71.2{n}\n");
    let text = "nummer,aangemaakt,categorie,status,lat,lon\n".to_owned()
        + &(10..30).map(rows).collect::<String>();
    let sent = send(&service, "a.csv", text).json();
    let city = json!({ "jurisdiction": "v.example", "time_zone": "America/Toronto" });
    change(&service, &sent["id"], &city);
    let refused = change(&service, &sent["id"], &json!({ "negate": "east" }));
    assert_eq!((refused.status, refused.fields()), (400, vec!["negate".to_owned()]));
    let answer = change(&service, &sent["id"], &json!({ "negate": "lon" })).json();
    assert_eq!((&answer["doubts"], &answer["choices"]["negate"]), (&json!([]), &json!("lon")));
    let place = &answer["rows"]["features"][0]["geometry"]["coordinates"];
    assert_eq!(*place, json!([-71.21, 46.81]));
    assert_eq!(run(&service, &sent["id"])["summary"]["added"], 20);
}

#[test]
fn a_whole_file_was_read_and_a_row_counts_once_for_each_reason() {
    let folder = Folder::new("answers");
    let service = LocalService::start(&folder);
    let text = valmeer("categorie", 40)
        + "V98,gisteren,put,Open,north,5.2\nV99,eergisteren,put,Open,north,5.2\n";
    let bytes = text.len();
    let sent = send(&service, "a.csv", &text).json();
    let city = json!({ "jurisdiction": "valmeer.example", "time_zone": "Europe/Amsterdam" });
    change(&service, &sent["id"], &city);
    let done = run(&service, &sent["id"]);
    assert_eq!((&done["bytes_read"], &done["rows"]), (&json!(bytes), &json!(42)));
    assert_eq!(done["refused"], 2);
    let counts: Vec<u64> =
        done["reasons"].as_array().unwrap().iter().map(|r| r["count"].as_u64().unwrap()).collect();
    assert_eq!(counts, [2, 2], "{}", done["reasons"]);
    let file = folder.with("a.csv", text);
    let arguments = ["import", file.to_str().unwrap(), "--jurisdiction", "a.example"];
    let output =
        run_program(&folder, &[&arguments[..], &["--time-zone", "Europe/Amsterdam"]].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("2 refused"), "{said}");
    assert!(said.contains("refused, by field and reason (some rows have several):"), "{said}");
}

#[test]
fn dates_that_stand_for_none_and_serials_are_named_for_what_they_are() {
    let folder = Folder::new("answers");
    let rows = |n: u32| {
        let day = match n {
            10 => "9999-12-31 23:59:59",
            11 => "0001-01-01",
            12 => "1900-01-01 00:00",
            _ => "2025-03-02 08:30",
        };
        format!("V{n},{day},Kuil,Open\n")
    };
    let header = "nummer,aangemaakt,categorie,status\n";
    let text = header.to_owned() + &(10..40).map(rows).collect::<String>();
    let (code, summary, said) = crate::place_columns::import(&folder, "a.csv", text);
    assert_eq!((code, summary["refused"].as_u64()), (Some(3), Some(3)), "{said}");
    assert!(said.contains("is a date that stands for a missing one"), "{said}");
    let folder = Folder::new("answers");
    let text = header.to_owned()
        + &(10..40)
            .map(|n| format!("V{n},4574{}{},Kuil,Open\n", n % 3, [".5", ""][n % 2]))
            .collect::<String>();
    let (_, summary, said) = crate::place_columns::import(&folder, "a.csv", text);
    let times = &summary["times"];
    assert_eq!(times["spreadsheet serial"], 15, "{said}");
    assert_eq!(times["spreadsheet serial with a time of day"], 15, "{said}");
}

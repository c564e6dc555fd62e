//! Imports through the API: a file is sent, looked at, corrected, run and removed.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{Answer, Folder, LocalService, Service, done, eventually};

const ROWS: usize = 40;

/// Requests of an invented city, under a header of no known layout. Nothing follows
/// from the first letters of the column of categories.
pub fn valmeer(categories: &str, rows: usize) -> String {
    let header =
        format!("meldingsnummer,aanmaakdatum,{categories},status,breedtegraad,lengtegraad\n");
    let rows = (0..rows).map(|n| {
        let (minute, status) = (n % 60, if n % 2 == 0 { "Gesloten" } else { "Open" });
        let (lat, lon) = (52.1 + n as f64 * 1e-6, 5.2 + n as f64 * 1e-6);
        format!("V{n},2025-03-02 08:{minute:02}:00,put,{status},{lat:.6},{lon:.6}\n")
    });
    header + &rows.collect::<String>()
}

pub fn send(service: &LocalService, name: &str, bytes: impl AsRef<[u8]>) -> Answer {
    let path = format!("/api/v1/imports?lang=en&name={name}");
    service.ask("POST", &path, &[], bytes.as_ref())
}

pub fn change(service: &LocalService, id: &Value, body: &Value) -> Answer {
    let path = format!("/api/v1/imports/{}?lang=en", id.as_str().unwrap());
    service.ask("PATCH", &path, &[], body.to_string().as_bytes())
}

pub fn at(service: &LocalService, method: &str, id: &Value, rest: &str) -> Answer {
    service.ask(method, &format!("/api/v1/imports/{}{rest}", id.as_str().unwrap()), &[], b"")
}

/// Runs an import to its end; its last state.
pub fn run(service: &LocalService, id: &Value) -> Value {
    let begun = at(service, "POST", id, "/run?lang=en");
    assert_eq!(begun.status, 202, "{begun:?}");
    let state = || at(service, "GET", id, "?lang=en").json();
    eventually("the import has ended", || state()["state"] != "running");
    state()
}

fn column<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let columns = answer["columns"].as_array().unwrap();
    columns.iter().find(|column| column["name"] == name).unwrap()
}

#[test]
fn the_end_of_an_import_says_what_was_noticed_in_its_rows() {
    let folder = Folder::new("imports");
    let service = LocalService::start(&folder);
    let text = valmeer("categorie", ROWS)
        + "V98,2025-03-02 09:00:00,put,Wibble,52.1,5.2\nV99,2025-03-02 09:00:00,put,Open,n/a,n/a\n";
    let sent = send(&service, "valmeer.csv", &text).json();
    let id = &sent["id"];
    let city = json!({ "jurisdiction": "valmeer.example", "time_zone": "Europe/Amsterdam" });
    change(&service, id, &city);
    let done = run(&service, id);
    assert_eq!(done["state"], "done", "{done}");
    let notes = done["notes"].to_string();
    for part in [
        "status words not known: 1 'Wibble' → open",
        "without a position: 1 marked 'n/a'",
        "times: 42 2026-05-27 14:05 (local)",
    ] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
    let french = at(&service, "GET", id, "?lang=fr").json()["notes"].to_string();
    assert!(french.contains("mots d’état inconnus : 1 « Wibble » → open"), "{french}");
}

fn files_left(folder: &Folder) -> usize {
    std::fs::read_dir(folder.file("city.imports")).map_or(0, Iterator::count)
}

#[test]
fn a_file_of_unknown_layout_is_corrected_and_imported_as_the_command_does() {
    let folder = Folder::new("imports");
    let service = LocalService::start(&folder);
    let text = valmeer("kwrx", ROWS) + "V99,gisteren,put,Open,52.1,5.2\n";
    let sent = send(&service, "valmeer.csv", &text);
    assert_eq!(sent.status, 201, "{sent:?}");
    let sent = sent.json();
    let id = &sent["id"];
    assert_eq!(sent["needs"], json!(["jurisdiction", "time_zone"]));
    assert!(sent["format"].as_str().unwrap().starts_with("CSV, UTF-8"), "{sent}");
    assert_eq!(column(&sent, "aanmaakdatum")["field"], "requested");
    assert!(column(&sent, "aanmaakdatum")["certainty"].as_f64().unwrap() > 0.7);
    assert_eq!(column(&sent, "kwrx")["field"], Value::Null);
    assert_eq!(column(&sent, "kwrx")["examples"], json!(["put"]));
    assert!(sent["doubts"].to_string().contains("category"), "{}", sent["doubts"]);
    assert!(sent["fields"].as_array().unwrap().contains(&json!("category")));

    // Not before everything is decided.
    let refused = at(&service, "POST", id, "/run?lang=en");
    assert_eq!((refused.status, refused.fields()), (400, vec!["columns".to_owned()]));
    let decided = json!({ "columns": [{ "name": "kwrx", "field": "category" }] });
    let answer = change(&service, id, &decided).json();
    assert_eq!(answer["doubts"], json!([]));
    assert_eq!(column(&answer, "kwrx")["field"], "category");
    assert_eq!(column(&answer, "kwrx")["declared"], true);
    let refused = at(&service, "POST", id, "/run?lang=en");
    let missing = ["jurisdiction", "time_zone"].map(str::to_owned).to_vec();
    assert_eq!((refused.status, refused.fields()), (400, missing));

    let city = json!({ "jurisdiction": "valmeer.example", "time_zone": "Europe/Amsterdam" });
    let answer = change(&service, id, &city).json();
    assert_eq!((&answer["needs"], &answer["jurisdiction"]), (&json!([]), &city["jurisdiction"]));
    let rows = answer["rows"]["features"].as_array().unwrap();
    assert_eq!(rows.len(), ROWS + 1);
    let first = &rows[0];
    assert_eq!(first["geometry"]["coordinates"], json!([5.2, 52.1]));
    assert_eq!(first["properties"]["service_name"], "put");
    assert_eq!(first["properties"]["status"], "closed");
    assert_eq!(first["properties"]["requested_datetime"], "2025-03-02T07:00:00Z");
    let last = &rows[ROWS]["properties"]["refusals"][0];
    assert_eq!(
        (&last["field"], &last["value"]),
        (&json!("requested_datetime"), &json!("gisteren"))
    );

    ends_with_one_refused(&service, &folder, id, text.len());

    // The running service shows the city.
    let count = || {
        let found = service.get("/api/v1/reports?limit=1000&jurisdiction_id=valmeer.example");
        if found.status == 200 { found.json()["features"].as_array().unwrap().len() } else { 0 }
    };
    eventually("the city is shown", || count() == ROWS);

    assert_eq!(digest(&folder), digest_by_command(&text), "the command gives the same store");
}

/// Runs the import of [`ROWS`] good rows and a bad one, of so many bytes.
fn ends_with_one_refused(service: &LocalService, folder: &Folder, id: &Value, bytes: usize) {
    let ended = run(service, id);
    assert_eq!((&ended["state"], &ended["error"]), (&json!("done"), &Value::Null));
    assert_eq!((&ended["rows"], &ended["bytes_read"]), (&json!(ROWS + 1), &json!(bytes)));
    assert_eq!(
        (&ended["summary"]["added"], &ended["summary"]["refused"]),
        (&json!(ROWS), &json!(1))
    );
    assert_eq!(ended["reasons"][0]["count"], 1);
    let refused = at(service, "GET", id, "/refused");
    assert!(String::from_utf8(refused.body).unwrap().contains("gisteren"));
    let packed = [("Accept-Encoding", "br")];
    let path = format!("/api/v1/imports/{}/refused", id.as_str().unwrap());
    let packed = service.ask("GET", &path, &packed, b"");
    assert_eq!(packed.header("content-encoding"), Some("br"), "{packed:?}");
    // The file of refused rows is all that is left.
    let left = std::fs::read_dir(folder.file("city.imports").join(id.as_str().unwrap())).unwrap();
    assert_eq!(left.count(), 1);
    assert_eq!(at(service, "POST", id, "/run").status, 409);
    assert_eq!(change(service, id, &json!({})).status, 409);
}

/// The digest of the invented city in the store of a folder.
fn digest(folder: &Folder) -> String {
    let output = done(folder, &["check"]);
    let line = output.lines().find(|line| line.starts_with("valmeer.example")).expect(&output);
    line.rsplit(' ').next().unwrap().to_owned()
}

/// The digest of the city whose file the command imports with a mapping.
fn digest_by_command(text: &str) -> String {
    let folder = Folder::new("imports");
    let file = folder.with("valmeer.csv", text);
    let mapping = "[columns]\nid = ['meldingsnummer']\nrequested = ['aanmaakdatum']\n\
        category = ['kwrx']\nstatus = ['status']\nlat = ['breedtegraad']\nlon = ['lengtegraad']\n";
    folder.with("mapping.toml", mapping);
    let city = ["import", file.to_str().unwrap(), "--jurisdiction", "valmeer.example"];
    let mapped = ["--mapping", "mapping.toml", "--time-zone", "Europe/Amsterdam"];
    crate::common::run(&folder, &[&city[..], &mapped[..]].concat());
    digest(&folder)
}

#[test]
fn a_column_of_a_built_in_layout_can_be_read_as_something_else() {
    let folder = Folder::new("imports");
    let service = LocalService::start(&folder);
    let text = "case_enquiry_id,open_dt,closed_dt,case_status,case_title,type,reason,latitude,\
                longitude,plaats\n1,2011-07-01 01:32:33,,Open,T,Pothole,Street,42.3,-71.1,Kade 1\n";
    let sent = send(&service, "boston.csv", text).json();
    assert_eq!((&sent["profile"], &sent["jurisdiction"]), (&json!("boston"), &json!("boston.gov")));
    assert_eq!((&sent["time_zone"], &sent["needs"]), (&json!("America/New_York"), &json!([])));
    assert_eq!(column(&sent, "type")["field"], "category");
    assert_eq!(column(&sent, "plaats")["field"], Value::Null);
    let columns = json!([{ "name": "plaats", "field": "address" }, { "name": "reason" },
        { "name": "type", "field": null }, { "name": "case_title", "field": "category" }]);
    let answer = change(&service, &sent["id"], &json!({ "columns": columns })).json();
    assert_eq!(column(&answer, "type")["field"], Value::Null);
    let row = &answer["rows"]["features"][0]["properties"];
    assert_eq!(
        (&row["address"], &row["service_name"]),
        (&json!("Kade 1"), &json!("T")),
        "{answer}"
    );
    assert_eq!(answer["profile"], "boston");
    assert_eq!(run(&service, &sent["id"])["summary"]["added"], 1);
}

#[test]
fn what_is_declared_is_refused_by_name_or_taken() {
    let folder = Folder::new("imports");
    let service = LocalService::start(&folder);
    let sent = send(&service, "valmeer.csv", valmeer("kwrx", ROWS)).json();
    let id = &sent["id"];
    for (body, field) in [
        (json!({ "jurisdiction": "Valmeer!" }), "jurisdiction"),
        (json!({ "jurisdiction": "a.example", "time_zone": "Mars/Olympus" }), "time_zone"),
        (json!({ "columns": [{ "name": "nope", "field": "id" }] }), "columns"),
        (json!({ "columns": [{ "name": "kwrx", "field": "nope" }] }), "columns"),
        (json!({ "columns": [{ "name": "kwrx", "licorne": 1 }] }), "columns"),
        (json!({ "date_order": "ydm" }), "date_order"),
        (json!({ "delimiter": ";;" }), "delimiter"),
        (json!({ "projection": "EPSG:1" }), "projection"),
        (json!({ "encoding": "klingon" }), "encoding"),
        (json!({ "licorne": 1 }), "licorne"),
    ] {
        let answer = change(&service, id, &body);
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(answer.fields().contains(&field.to_owned()), "{body}: {}", answer.json());
        assert!(!answer.json().to_string().contains("city.imports"), "{}", answer.json());
    }
    // What was refused was not kept.
    let answer = change(&service, id, &json!({})).json();
    assert_eq!(answer["choices"]["jurisdiction"], Value::Null);
    let answer = change(&service, id, &json!({ "category": "Gaten" })).json();
    assert_eq!(answer["rows"]["features"][0]["properties"]["service_name"], "Gaten");
    assert_eq!((&answer["doubts"], &answer["choices"]["category"]), (&json!([]), &json!("Gaten")));
    let back = change(&service, id, &json!({ "category": "" })).json();
    assert_ne!(back["doubts"], json!([]));
    // Another delimiter makes other columns.
    let one = change(&service, id, &json!({ "delimiter": ";" })).json();
    assert_eq!(one["columns"].as_array().unwrap().len(), 1, "{one}");
}

#[test]
fn dates_that_may_be_either_wait_until_somebody_says_their_order() {
    let folder = Folder::new("imports");
    let service = LocalService::start(&folder);
    let rows = "id,datum,categorie\n1,05/06/2025 08:00,put\n2,04/03/2025 09:00,put\n";
    let sent = send(&service, "dates.csv", rows).json();
    let id = &sent["id"];
    assert!(sent["doubts"].to_string().contains("05/06/2025"), "{sent}");
    assert_eq!(sent["rows"]["features"], json!([]));
    let city = json!({ "date_order": "dmy", "jurisdiction": "a.example", "time_zone": "UTC" });
    let answer = change(&service, id, &city).json();
    let row = &answer["rows"]["features"][0]["properties"];
    assert_eq!(row["requested_datetime"], "2025-06-05T08:00:00Z", "{answer}");
    assert_eq!(run(&service, id)["summary"]["added"], 2);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_leaves_nothing() {
    let folder = Folder::new("imports");
    let service = LocalService::start(&folder);
    for (bytes, word) in [(&b""[..], "empty"), (b" \n", "empty"), (b"%PDF-1.7 x", "PDF")] {
        let answer = send(&service, "report.csv", bytes);
        assert_eq!(answer.status, 400, "{answer:?}");
        let text = answer.json().to_string();
        assert!(text.contains(word) && !text.contains("city.imports"), "{text}");
    }
    assert_eq!(files_left(&folder), 0);
    assert_eq!(service.get("/api/v1/imports").json()["imports"], json!([]));
}

#[test]
fn an_upload_that_is_too_large_or_breaks_off_leaves_nothing() {
    let folder = Folder::new("imports");
    let limits = pointchaud::config::Limits {
        import_bytes_max: 2_000,
        ..pointchaud::config::Limits::default()
    };
    let service = LocalService::start_limited(&folder, limits);
    assert_eq!(service.get("/api/v1/imports").json()["bytes_max"], 2_000);
    let large = valmeer("categorie", 100);
    assert_eq!(send(&service, "large.csv", &large).status, 413);
    // Without a length beforehand, too.
    let chunk = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let head =
        "POST /api/v1/imports?name=a.csv HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    let request = format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}");
    assert_eq!(service.raw(request.as_bytes()).unwrap().status, 413);
    assert_eq!(files_left(&folder), 0);
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.write_all(format!("{head}Content-Length: 1000\r\n\r\nhalf").as_bytes()).unwrap();
    eventually("the upload has begun", || files_left(&folder) == 1);
    drop(stream);
    eventually("nothing is left", || files_left(&folder) == 0);
    assert_eq!(service.get("/api/v1/imports").json()["imports"], json!([]));
}

#[test]
fn few_imports_are_kept_for_an_hour_and_a_new_process_keeps_none() {
    let folder = Folder::new("imports");
    let service = LocalService::start(&folder);
    let ids: Vec<Value> = (0..6)
        .map(|_| send(&service, "a.csv", valmeer("categorie", 3)).json()["id"].clone())
        .collect();
    let listed = service.get("/api/v1/imports").json();
    let listed: Vec<&Value> =
        listed["imports"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(listed, ids[2..].iter().collect::<Vec<_>>());
    assert_eq!(files_left(&folder), 4);
    assert_eq!(at(&service, "GET", &ids[0], "").status, 404);
    assert_eq!(at(&service, "DELETE", &ids[2], "").status, 204);
    assert_eq!(at(&service, "GET", &ids[2], "").status, 404);
    assert_eq!(files_left(&folder), 3);
    service.clock.advance(Duration::from_secs(3_599));
    assert_eq!(at(&service, "GET", &ids[5], "").status, 200);
    service.clock.advance(Duration::from_secs(2));
    assert_eq!(at(&service, "GET", &ids[5], "").status, 404);
    assert_eq!(files_left(&folder), 0);
    send(&service, "a.csv", valmeer("categorie", 3));
    drop(service);
    std::fs::create_dir_all(folder.file("city.imports/left")).unwrap();
    let _service = LocalService::start(&folder);
    assert_eq!(files_left(&folder), 0);
}

#[test]
fn a_running_import_shows_how_far_it_is_and_can_be_ended() {
    let folder = Folder::new("imports");
    let service = LocalService::start(&folder);
    let sent = send(&service, "large.csv", valmeer("categorie", 300_000)).json();
    let id = &sent["id"];
    let other = send(&service, "small.csv", valmeer("categorie", 3)).json();
    let city = json!({ "jurisdiction": "valmeer.example", "time_zone": "Europe/Amsterdam" });
    for id in [id, &other["id"]] {
        assert_eq!(change(&service, id, &city).json()["needs"], json!([]));
    }
    assert_eq!(at(&service, "POST", id, "/run").status, 202);
    let state = || at(&service, "GET", id, "").json();
    eventually("rows are read", || state()["rows"].as_u64() > Some(0));
    let now = state();
    assert_eq!((&now["state"], &now["summary"]), (&json!("running"), &Value::Null), "{now}");
    let bytes = |name: &str| now[name].as_u64().unwrap();
    assert!(0 < bytes("bytes_read") && bytes("bytes_read") <= bytes("bytes_total"), "{now}");
    assert!(now["rows"].as_u64() < Some(300_000), "{now}");
    // One runs at a time; nor is it removed after an hour.
    assert_eq!(at(&service, "POST", &other["id"], "/run").status, 409);
    assert_eq!(at(&service, "POST", id, "/run").status, 409);
    service.clock.advance(Duration::from_secs(4_000));
    assert_eq!(state()["state"], "running");
    assert_eq!(at(&service, "DELETE", id, "").status, 204);
    assert_eq!(at(&service, "GET", id, "").status, 404);
    eventually("its files are gone", || files_left(&folder) == 0);
    // Then another one may run.
    let again = send(&service, "small.csv", valmeer("categorie", 3)).json();
    change(&service, &again["id"], &city);
    assert_eq!(run(&service, &again["id"])["state"], "done");
}

#[test]
fn nobody_imports_without_the_crew_key() {
    let folder = Folder::new("imports");
    let service = Service::start(&folder, &["--crew-key", "sesame-ouvre-toi"]);
    let id = "/api/v1/imports/00000000000000000000000000000000";
    let csv = valmeer("categorie", 3);
    for (method, path, with_key) in [
        ("GET", "/api/v1/imports".to_owned(), 200),
        ("POST", "/api/v1/imports?name=a.csv".to_owned(), 201),
        ("GET", id.to_owned(), 404),
        ("PATCH", id.to_owned(), 404),
        ("POST", format!("{id}/run"), 404),
        ("GET", format!("{id}/refused"), 404),
        ("DELETE", id.to_owned(), 404),
    ] {
        let body = if path.contains("name") { csv.as_bytes() } else { b"{}" };
        for headers in [&[][..], &[("Authorization", "Bearer open")]] {
            let answer = service.ask(method, &path, headers, body);
            assert_eq!(answer.status, 401, "{method} {path}: {answer:?}");
        }
        let answer =
            service.ask(method, &path, &[("Authorization", "Bearer sesame-ouvre-toi")], body);
        assert_eq!(answer.status, with_key, "{method} {path}: {answer:?}");
    }
}

#[test]
fn what_a_file_does_not_say_is_named_when_it_is_sent() {
    let folder = Folder::new("imports");
    let service = LocalService::start(&folder);
    let row = |n: u64, cells: &[&str]| crate::readers::sheet_row(n, cells);
    let header = ["nummer", "aangemaakt", "categorie", "lat", "lon"];
    let sheet = |name: &str| {
        let cells = [name, "2025-03-02 08:00:00", "Kuil", "52.1", "5.2"];
        row(1, &header) + &row(2, &cells) + &row(3, &cells)
    };
    let (first, second) = (sheet("A1"), sheet("B1"));
    let book = crate::readers::workbook_of(&[("2025", &first), ("2026", &second)]);
    let refused = send(&service, "two.xlsx", &book);
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.json().to_string().contains("'sheet' chooses one"), "{refused:?}");
    let sent = send(&service, "two.xlsx&sheet=2026", &book).json();
    assert_eq!(sent["choices"]["sheet"], "2026", "{sent}");
    assert_eq!(sent["columns"][0]["examples"], json!(["B1"]), "{sent}");
    let text = "nummer!aangemaakt!categorie!plaats\nA1!2025-03-02 08:00:00!Stra\u{df}e!x\n";
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let sent = send(&service, "a.csv&delimiter=!&encoding=windows-1252", latin).json();
    assert_eq!(sent["choices"]["delimiter"], "!", "{sent}");
    assert_eq!(sent["columns"][2]["examples"], json!(["Straße"]), "{sent}");
    for bad in ["a.csv&delimiter=xx", "a.csv&encoding=klingon"] {
        assert_eq!(send(&service, bad, text).status, 400, "{bad}");
    }
}

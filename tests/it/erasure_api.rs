//! Erasures over the API, and one that is killed in the middle.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use pointchaud::domain::{ErasableField, ReportTime};
use pointchaud::usecase::erasure::{Eraser, ErasureTarget, to_the_end};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::common::*;

const EMAIL: &str = "zenobie.planted@exemple.ca";
const FORM: &[(&str, &str)] = &[("Content-Type", "application/x-www-form-urlencoded")];
const PATH: &str = "/api/v1/erasures";

/// Files a report with a contact and returns its id.
fn file(service: &Client, email: &str, more: &str) -> String {
    let body = format!(
        "api_key=k&service_code=graffiti&lat=46.81&long=-71.21&first_name=Zenobie\
         &email={email}&phone=4185550199{more}"
    );
    let answer = service.ask("POST", "/open311/v2/requests.json", FORM, body.as_bytes());
    answer.json()[0]["service_request_id"].as_str().unwrap().to_owned()
}

fn erase(service: &Client, body: &Value) -> Value {
    let answer = service.post(PATH, &body.to_string());
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

/// The files of a store, and what is beside them, whose bytes hold these.
fn files_with(folder: &Folder, needle: &[u8]) -> Vec<String> {
    let mut folders = vec![folder.0.clone()];
    let mut found = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap_or_default();
            if memchr::memmem::find(&bytes, needle).is_some() {
                found.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn an_admin_erases_a_person_and_reads_what_was_erased() {
    let folder = Folder::new("erase-api");
    let service = Service::start_with_key(&folder);
    let jpeg = jpeg(60, 40);
    let photo = service.ask("POST", "/api/v1/media", &[("Content-Type", "image/jpeg")], &jpeg);
    let url = photo.json()["media_url"].as_str().unwrap().to_owned();
    // The whole address of the service, as some applications write it.
    let whole = format!("http://{}{url}", service.address);
    let one = file(&service, EMAIL, &format!("&description=SecretPlanted&media_url={whole}"));
    let other = file(&service, "b@exemple.ca", "&description=Reste");
    let trial = erase(&service, &json!({ "contact": EMAIL, "dry_run": true }));
    assert_eq!(trial["service_request_ids"], json!([one]));
    assert_eq!((&trial["dry_run"], &trial["removed"]["contacts"]), (&json!(true), &json!(0)));
    assert_eq!(erase(&service, &json!({ "report": one, "dry_run": true }))["reports"], 1);
    assert!(!files_with(&folder, b"SecretPlanted").is_empty(), "a trial erases nothing");

    let done_by = erase(&service, &json!({ "contact": EMAIL.to_uppercase() }));
    assert_eq!(done_by["kind"], "contact");
    assert_eq!(done_by["service_request_ids"], json!([one]));
    let removed =
        json!({ "contacts": 1, "photos": 1, "descriptions": 1, "answers": 0, "history": 0 });
    assert_eq!(done_by["removed"], removed);
    for (name, value) in [("complete", true), ("rewritten", true), ("dry_run", false)] {
        assert_eq!(done_by[name], value, "{name}");
    }
    assert_eq!((&done_by["photo_files"], service.get(&url).status), (&json!(1), 404));
    assert_eq!(files_with(&folder, b"SecretPlanted"), none());
    let report = service.get(&format!("/api/v1/reports/{one}")).json();
    assert!(report["properties"]["description"].is_null() && report["geometry"].is_object());
    assert_eq!(service.get(&format!("/api/v1/reports/{one}/contact")).json(), json!({}));
    let kept = service.get(&format!("/api/v1/reports/{other}/contact")).json();
    assert_eq!(kept["email"], "b@exemple.ca");

    let again = erase(&service, &json!({ "contact": EMAIL }));
    assert_eq!((&again["reports"], &again["complete"]), (&json!(0), &json!(true)));
    erase(&service, &json!({ "report": other, "fields": ["description"] }));
    let list = service.get(PATH).json();
    let list = list["erasures"].as_array().unwrap();
    let said: Vec<_> = list.iter().map(|one| (&one["kind"], &one["service_request_id"])).collect();
    let [report, contact, one, other] =
        [json!("report"), json!("contact"), json!(one), json!(other)];
    assert_eq!(said, [(&report, &other), (&contact, &one)], "newest first");
    assert_eq!(list[1]["removed"], removed);
    assert_eq!(list[0]["fields"], json!(["description"]));
    let all = service.get(PATH);
    assert!(!String::from_utf8_lossy(&all.body).contains("exemple.ca"), "{all:?}");
}

#[test]
fn the_list_of_erasures_comes_in_pages_and_by_report_and_time() {
    let folder = Folder::new("erase-pages");
    let service = Service::start_with_key(&folder);
    let ids: Vec<String> = (0..5).map(|_| file(&service, EMAIL, "")).collect();
    erase(&service, &json!({ "contact": EMAIL }));
    let (mut path, mut seen) = (format!("{PATH}?limit=2"), Vec::new());
    loop {
        let page = service.get(&path).json();
        let list = page["erasures"].as_array().unwrap();
        assert!((1..=2).contains(&list.len()));
        seen.extend(list.iter().map(|one| one["service_request_id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    seen.sort();
    let mut sorted = ids.clone();
    sorted.sort();
    assert_eq!(seen, sorted);
    let count = |query: &str| {
        service.get(&format!("{PATH}?{query}")).json()["erasures"].as_array().unwrap().len()
    };
    assert_eq!(count(&format!("service_request_id={}", ids[0])), 1);
    assert_eq!((count("from=2020-01-01"), count("from=2999-01-01")), (5, 0));
}

#[test]
fn an_erasure_that_is_sent_again_with_its_key_gets_the_same_answer() {
    let folder = Folder::new("erase-again");
    let service = Service::start_with_key(&folder);
    file(&service, EMAIL, "");
    let send = |key: &str, body: &Value| {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
        service.ask("POST", PATH, &headers, body.to_string().as_bytes())
    };
    let body = json!({ "contact": EMAIL });
    let first = send("0d9f5b5e-1", &body);
    assert_eq!((first.status, first.header("idempotency-replayed")), (200, None));
    let second = send("0d9f5b5e-1", &body);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(second.json(), first.json());
    assert_eq!(first.json()["reports"], 1);
    let other = send("0d9f5b5e-1", &json!({ "contact": "b@exemple.ca" }));
    assert_eq!(other.status, 409, "{other:?}");
    // Neither the key nor a digest that could be tried is in the store.
    drop(service);
    let digest = blake3::hash(body.to_string().as_bytes()).to_hex();
    for text in ["0d9f5b5e-1", &digest[..32], EMAIL] {
        assert_eq!(files_with(&folder, text.as_bytes()), none(), "{text}");
    }
}

#[test]
fn an_erasure_that_names_nothing_or_too_much_is_refused_by_name() {
    let folder = Folder::new("erase-refused");
    let service = Service::start_with_key(&folder);
    let id = file(&service, EMAIL, "");
    let refused = |body: Value, status: u16, field: &str| {
        let answer = service.post(PATH, &body.to_string());
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        assert!(field.is_empty() || answer.fields().contains(&field.to_owned()), "{answer:?}");
    };
    refused(json!({}), 400, "report");
    refused(json!({ "report": id, "contact": EMAIL }), 400, "report");
    refused(json!({ "contact": " " }), 400, "contact");
    refused(json!({ "older_than": "soon" }), 400, "older_than");
    refused(json!({ "older_than": "2999-01-01" }), 400, "older_than");
    refused(json!({ "report": id, "fields": [] }), 400, "fields");
    refused(json!({ "report": id, "fields": ["name"] }), 400, "fields");
    refused(json!({ "report": id, "dry_run": "no" }), 400, "dry_run");
    refused(json!({ "report": id, "all": true }), 400, "all");
    refused(json!({ "report": "no-such-report" }), 404, "");
    assert_eq!(service.get(&format!("/api/v1/reports/{id}/contact")).json()["email"], EMAIL);
}

#[test]
fn without_any_key_nothing_is_erased_also_from_this_machine() {
    let folder = Folder::new("erase-open");
    let service = LocalService::start(&folder);
    let body = json!({ "older_than": "1d" }).to_string();
    for answer in [service.get(PATH), service.post(PATH, &body)] {
        assert_eq!(answer.status, 403, "{answer:?}");
    }
}

/// A city of `count` reports with a description, an old value in the history, and a contact each,
/// and a photo for every fortieth. Returns the names of the photos.
fn planted(folder: &Folder, count: u32) -> Vec<String> {
    let db = Connection::open(folder.file("city.db")).unwrap();
    let planted = "INSERT INTO report_contact SELECT j.jurisdiction_id, service_request_id,
        'Zenobie', NULL, service_request_id || '@exemple.ca', NULL, NULL, NULL
        FROM report JOIN jurisdiction j ON j.number = report.jurisdiction";
    assert_eq!(db.execute(planted, []).unwrap(), count as usize);
    db.execute_batch(
        "UPDATE report SET description = 'SecretPlanted ' || service_request_id;
         INSERT INTO report_change SELECT j.jurisdiction_id, service_request_id,
            change_key % 1000000, 'description', 'SecretPlanted before', 'SecretPlanted after', 'crew',
            '2026-01-01T00:00:00Z' FROM report JOIN jurisdiction j ON j.number = jurisdiction",
    )
    .unwrap();
    std::fs::create_dir_all(folder.file("city.media")).unwrap();
    let mut photos = Vec::new();
    let ids: Vec<String> = {
        let mut all = db.prepare("SELECT service_request_id FROM report ORDER BY 1").unwrap();
        all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for (n, id) in ids.iter().enumerate().step_by(40) {
        let name = format!("{n:032x}.jpg");
        for file in [name.clone(), name.replace(".jpg", "-320.jpg")] {
            folder.with(&format!("city.media/{file}"), "SecretPhoto");
        }
        let url = format!("/media/{name}");
        let update = "UPDATE report SET media_url = ? WHERE service_request_id = ?";
        db.execute(update, [&url, id]).unwrap();
        photos.push(name);
    }
    drop(db);
    // A command that writes encrypts the contacts.
    done(folder, &["city", "set", "ville.quebec.qc.ca", "--name", "Québec"]);
    photos
}

fn count(folder: &Folder, sql: &str) -> i64 {
    let db = Connection::open(folder.file("city.db")).unwrap();
    db.busy_timeout(Duration::from_secs(30)).unwrap();
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// One encrypted address, as its bytes are in the file.
fn sealed(folder: &Folder) -> Vec<u8> {
    let db = Connection::open(folder.file("city.db")).unwrap();
    let sql = "SELECT email FROM private_contact ORDER BY service_request_id DESC LIMIT 1";
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn assert_all_is_gone(folder: &Folder, photos: &[String], sealed: &[u8], reports: i64) {
    for table in ["private_contact", "report_contact", "erased_photo"] {
        assert_eq!(count(folder, &format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    for needle in [&b"SecretPlanted"[..], b"SecretPhoto", b"@exemple.ca", sealed] {
        assert_eq!(files_with(folder, needle), none(), "{}", String::from_utf8_lossy(needle));
    }
    for name in photos {
        assert!(!Path::new(&folder.file("city.media")).join(name).exists(), "{name}");
    }
    // Every report was erased once, and none is half erased.
    let once = "SELECT count(DISTINCT service_request_id) FROM erasure";
    assert_eq!(
        (count(folder, once), count(folder, "SELECT count(*) FROM erasure")),
        (reports, reports)
    );
    assert_eq!(count(folder, "SELECT count(*) FROM report WHERE removed = 0"), reports);
}

const REPORTS: u32 = 3_000;

#[test]
fn an_erasure_killed_in_the_middle_is_completed_by_the_same_request() {
    let folder = demo_city("erase-killed", REPORTS, 5);
    let photos = planted(&folder, REPORTS);
    let sealed = sealed(&folder);
    assert!(!files_with(&folder, &sealed).is_empty(), "the bytes are found where they are");
    let key = "0123456789abcdef0123456789abcdef";
    let mut kills = 0;
    for part in [1, 2] {
        let service = Service::start_with_key(&folder);
        let address = service.address;
        let asked = std::thread::spawn(move || {
            let bearer = format!("Bearer {key}");
            let headers =
                [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
            ask(address, "POST", PATH, &headers, br#"{"older_than":"1d"}"#)
        });
        let some = i64::from(REPORTS) * part / 5;
        eventually("a part is erased", || count(&folder, "SELECT count(*) FROM erasure") >= some);
        service.kill();
        let is_cut = asked.join().unwrap().is_none();
        let done = count(&folder, "SELECT count(*) FROM erasure");
        kills += u32::from(is_cut && done < i64::from(REPORTS));
    }
    assert!(kills > 0, "no erasure was cut");
    let service = Service::start_with_key(&folder);
    // Later reports than yesterday's are erased one by one.
    let mut rest = erase(&service, &json!({ "older_than": "1d" }));
    while rest["complete"] == false {
        rest = erase(&service, &json!({ "older_than": "1d" }));
    }
    drop(service);
    done(&folder, &["erase", "--older-than", "2100-01-01"]);
    assert_all_is_gone(&folder, &photos, &sealed, REPORTS.into());
}

#[test]
fn the_command_killed_in_the_middle_is_completed_by_the_same_command() {
    let folder = demo_city("erase-command-killed", REPORTS, 6);
    let photos = planted(&folder, REPORTS);
    let sealed = sealed(&folder);
    let words = ["erase", "--older-than", "2100-01-01"];
    let mut child = program(&folder).args(words).stdout(Stdio::null()).spawn().unwrap();
    eventually("a part is erased", || count(&folder, "SELECT count(*) FROM erasure") >= 400);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(count(&folder, "SELECT count(*) FROM erasure") < REPORTS.into(), "it was cut");
    assert!(!files_with(&folder, b"SecretPlanted").is_empty(), "it was cut");
    done(&folder, &words);
    assert_all_is_gone(&folder, &photos, &sealed, REPORTS.into());
}

#[test]
fn a_large_erasure_lets_other_writes_through_and_goes_on_where_it_was_stopped() {
    let folder = demo_city("erase-large", 1_000, 7);
    let db = Connection::open(folder.file("city.db")).unwrap();
    db.execute("UPDATE report SET description = 'SecretPlanted'", []).unwrap();
    drop(db);
    let service = LocalService::start(&folder);
    let city = service.app.city(None).unwrap();
    let before = "2100-01-01T00:00:00Z".parse().map(ReportTime::instant).ok();
    let target = ErasureTarget { before, ..ErasureTarget::default() };
    let erased = || count(&folder, "SELECT count(*) FROM erasure");
    // Before each part a report is filed, which is answered although the erasure has not ended.
    let (parts, seen) = (Cell::new(0), RefCell::new(Vec::new()));
    let stops_after_three = || {
        let body = r#"{"service_code":"graffiti","lon":-71.2,"lat":46.8}"#;
        assert_eq!(service.post("/api/v1/reports", body).status, 201);
        seen.borrow_mut().push(erased());
        parts.set(parts.get() + 1);
        parts.get() <= 3
    };
    let erase = |goes_on: &dyn Fn() -> bool| {
        let eraser = Eraser {
            reader: service.app.reader(),
            writer: service.app.writer(),
            jurisdiction: city.id(),
            catalogue: city.catalogue(),
            author: "marie".into(),
            goes_on,
        };
        eraser.erase(&target, ErasableField::ALL, false).unwrap()
    };
    let first = erase(&stops_after_three);
    let done = first.reports.len();
    assert!(first.is_partial && (3..1_000).contains(&done), "{done}");
    let part = done as i64 / 3;
    assert_eq!(*seen.borrow(), [0, part, 2 * part, 3 * part], "each part is durable by itself");
    let second = erase(&to_the_end);
    assert!(!second.is_partial);
    assert_eq!((done + second.reports.len()) as i64, erased());
    assert_eq!(second.counts.descriptions as usize, 1_000 - done);
    let left = "SELECT count(*) FROM report WHERE description IS NOT NULL";
    assert_eq!(count(&folder, left), 0);
    drop(service);
}

#[test]
fn erased_bytes_leave_the_log_once_no_reader_needs_it() {
    let folder = Folder::new("erase-log");
    let service = Service::start_with_key(&folder);
    let id = file(&service, EMAIL, "&description=SecretPlanted");
    let reader = Connection::open(folder.file("city.db")).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let known: i64 = reader.query_row("SELECT count(*) FROM report", [], |row| row.get(0)).unwrap();
    assert_eq!(known, 1);
    erase(&service, &json!({ "report": id }));
    assert!(!files_with(&folder, b"SecretPlanted").is_empty(), "the reader needs it");
    // Writes do not wait for the reader.
    file(&service, EMAIL, "");
    reader.execute_batch("COMMIT").unwrap();
    drop(reader);
    eventually("the log is emptied", || files_with(&folder, b"SecretPlanted") == none());
}

//! Contacts encrypted in the store, and what was erased gone from its files.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::common::*;

const EMAIL: &str = "zenobie.planted@exemple.ca";
const FORM: &[(&str, &str)] = &[("Content-Type", "application/x-www-form-urlencoded")];
const ENGLISH: &[(&str, &str)] = &[("Accept-Language", "en")];

/// Files a report with a contact and returns its id.
fn file(service: &Client, email: &str, description: &str) -> String {
    let body = format!(
        "api_key=k&service_code=graffiti&lat=46.81&long=-71.21&first_name=Zenobie\
         &email={email}&phone=4185550199&description={description}"
    );
    let answer = service.ask("POST", "/open311/v2/requests.json", FORM, body.as_bytes());
    let answer: Value = answer.json();
    answer[0]["service_request_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn contact(service: &Client, id: &str) -> Answer {
    service.ask("GET", &format!("/api/v1/reports/{id}/contact"), ENGLISH, b"")
}

/// The files below a folder whose bytes hold a text.
fn files_with(folder: &Folder, text: &str) -> Vec<String> {
    let mut folders = vec![folder.0.clone()];
    let mut found = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path)
                .is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
            {
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
fn a_contact_is_in_no_file_and_is_read_with_its_key_alone() {
    let folder = Folder::new("sealed");
    let service = Service::start_with_key(&folder);
    let id = file(&service, EMAIL, "tag");
    assert_eq!(files_with(&folder, EMAIL), none());
    assert_eq!(files_with(&folder, "Zenobie"), none());
    assert_eq!(contact(&service, &id).json()["email"], EMAIL);
    drop(service);

    // Without its keys the service starts and says what is missing; nothing replaces the file.
    let (keys, aside) = (folder.file("city.keys"), folder.file("aside"));
    std::fs::rename(&keys, &aside).unwrap();
    let service = Service::start_with_key(&folder);
    let answer = contact(&service, &id);
    assert_eq!(answer.status, 503);
    let detail = answer.json()["detail"].to_string();
    assert!(detail.contains("--private-keys") && !detail.contains("city.keys"), "{detail}");
    let body = b"api_key=k&service_code=graffiti&lat=46.81&long=-71.21&email=a%40b.ca";
    let refused = service.ask("POST", "/open311/v2/requests.json", FORM, body);
    assert_eq!(refused.status, 503, "a contact that cannot be encrypted is not stored");
    let plain = b"api_key=k&service_code=graffiti&lat=46.81&long=-71.21";
    assert!(service.ask("POST", "/open311/v2/requests.json", FORM, plain).status < 300);
    assert!(!keys.exists());

    // Other keys under the same number do not open it; the right ones do again.
    folder.with("city.keys", format!("1 {}\n", "ab".repeat(32)));
    assert_eq!(contact(&service, &id).status, 503);
    std::fs::rename(&aside, &keys).unwrap();
    assert_eq!(contact(&service, &id).json()["email"], EMAIL);
}

#[test]
fn a_contact_moved_to_another_report_or_cut_is_refused() {
    let folder = Folder::new("swapped");
    let service = Service::start_with_key(&folder);
    let (one, two) = (file(&service, EMAIL, "tag"), file(&service, "b@exemple.ca", "tag"));
    let db = Connection::open(folder.file("city.db")).unwrap();
    let swap = "UPDATE private_contact SET email = (SELECT email FROM private_contact
                WHERE service_request_id = ?1) WHERE service_request_id = ?2";
    db.execute(swap, [&one, &two]).unwrap();
    assert_eq!(contact(&service, &two).status, 503);
    assert_eq!(contact(&service, &one).json()["email"], EMAIL);
    for bytes in [0, 3, 20, 30] {
        let cut = "UPDATE private_contact SET email = substr(email, 1, ?) WHERE email NOT NULL";
        db.execute(cut, [30 - bytes]).unwrap();
        assert_eq!(contact(&service, &one).status, 503);
    }
    assert_eq!(service.get("/readyz").status, 200);
}

#[test]
fn keys_are_rotated_while_the_service_runs() {
    let folder = Folder::new("rotated");
    let service = Service::start_with_key(&folder);
    let old = file(&service, EMAIL, "tag");
    let said = done(&folder, &["private-key", "rotate"]);
    assert!(said.contains("key 2: 1 contact"), "{said}");
    let new = file(&service, "b@exemple.ca", "tag");
    let listed = done(&folder, &["private-key", "list"]);
    assert!(listed.contains("key 1: 0 contacts") && listed.contains("key 2: 2"), "{listed}");
    done(&folder, &["private-key", "drop"]);
    assert_eq!(contact(&service, &old).json()["email"], EMAIL);
    assert_eq!(contact(&service, &new).json()["email"], "b@exemple.ca");
}

#[test]
fn contacts_of_an_older_store_are_encrypted_and_leave_the_files() {
    let folder = demo_city("older", 300, 4);
    let db = Connection::open(folder.file("city.db")).unwrap();
    let planted = "INSERT INTO report_contact SELECT j.jurisdiction_id, service_request_id,
        'Zenobie', NULL, service_request_id || ?, NULL, NULL, NULL
        FROM report JOIN jurisdiction j ON j.number = report.jurisdiction";
    assert_eq!(db.execute(planted, [EMAIL]).unwrap(), 300);
    let id: String =
        db.query_row("SELECT service_request_id FROM report", [], |row| row.get(0)).unwrap();
    drop(db);
    assert_eq!(files_with(&folder, EMAIL), ["city.db"]);
    // Any command that writes does it.
    done(&folder, &["city", "set", "ville.quebec.qc.ca", "--name", "Québec"]);
    assert_eq!(files_with(&folder, EMAIL), none());
    assert_eq!(files_with(&folder, "Zenobie"), none());
    let service = Service::start_with_key(&folder);
    assert_eq!(contact(&service, &id).json()["email"], format!("{id}{EMAIL}"));
    done(&folder, &["check"]);
}

#[test]
fn an_erased_report_keeps_its_place_and_loses_its_texts_photos_and_contact() {
    let folder = Folder::new("erased");
    let service = Service::start_with_key(&folder);
    let jpeg = jpeg(60, 40);
    let photo = service.ask("POST", "/api/v1/media", &[("Content-Type", "image/jpeg")], &jpeg);
    let url =
        photo.json()["media_url"].as_str().unwrap_or_else(|| panic!("{}", photo.status)).to_owned();
    let id = file(&service, EMAIL, &format!("SecretPlanted&media_url={url}"));
    let other = file(&service, "b@exemple.ca", "Reste");
    let before = service.get(&format!("/api/v1/reports/{id}")).json();
    assert_eq!(files_with(&folder, "SecretPlanted").len().min(1), 1);
    let trial = done(&folder, &["erase", "--contact", &EMAIL.to_uppercase(), "--dry-run"]);
    assert!(trial.contains(&id) && !trial.contains(&other), "{trial}");
    assert_eq!(contact(&service, &id).json()["email"], EMAIL, "a trial erases nothing");

    done(&folder, &["erase", "--contact", EMAIL]);
    for text in ["SecretPlanted", EMAIL] {
        assert_eq!(files_with(&folder, text), none(), "{text}");
    }
    assert_eq!(service.get(&url).status, 404, "the photo is gone");
    let path = format!("/api/v1/reports/{id}");
    eventually("the service has read the erasure", || {
        service.get(&path).json()["properties"]["description"].is_null()
    });
    let after = service.get(&path).json();
    assert_eq!(after["geometry"], before["geometry"]);
    for name in ["service_code", "requested_datetime", "status"] {
        assert_eq!(after["properties"][name], before["properties"][name], "{name}");
    }
    assert_eq!(contact(&service, &id).json(), json!({}));
    let history = service.get(&format!("{path}/history")).json();
    let last = history["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["fields"][0], json!({ "field": "erased", "before": null, "after": null }));
    assert_eq!(contact(&service, &other).json()["email"], "b@exemple.ca");
    done(&folder, &["check"]);
    let again = done(&folder, &["erase", "--contact", EMAIL]);
    assert!(again.contains("0 reports"), "{again}");
}

#[test]
fn old_values_of_a_history_are_erased_too() {
    let folder = Folder::new("erased-history");
    // The columns of our own exports, which an import takes at their word.
    let csv = |text: &str| {
        format!(
            "service_request_id,service_code,status,requested_datetime,lat,lon,description\n\
             7,graffiti,open,2026-01-01T12:00:00Z,46.81,-71.21,{text}\n"
        )
    };
    let city = ["--jurisdiction", "ville.quebec.qc.ca"];
    done(&folder, &["city", "add", "ville.quebec.qc.ca"]);
    let import = |name: &str, text: &str| {
        folder.with(name, csv(text));
        done(&folder, &[&["import", name][..], &city].concat());
    };
    import("a.csv", "Un grand dessin sur le mur : FirstPlanted");
    import("b.csv", "Un grand dessin sur le mur : SecondPlanted");
    let said = done(&folder, &["erase", "--report", "7", "--fields", "description"]);
    assert!(said.contains("1 report"), "{said}");
    for text in ["FirstPlanted", "SecondPlanted"] {
        let found = files_with(&folder, text);
        assert!(!found.iter().any(|name| name.starts_with("city.")), "{text}: {found:?}");
    }
    // What was erased does not come back with its source, not even where the source changed.
    import("b.csv", "Un grand dessin sur le mur : SecondPlanted");
    import("c.csv", "Un grand dessin sur le mur : ThirdPlanted");
    let found = files_with(&folder, "Planted");
    assert!(!found.iter().any(|name| name.starts_with("city.")), "{found:?}");
    done(&folder, &["check"]);
}

#[test]
fn a_manifest_erases_again_in_a_restored_backup() {
    let folder = Folder::new("manifest");
    let service = Service::start_with_key(&folder);
    let id = file(&service, EMAIL, "SecretPlanted");
    drop(service);
    let db = Connection::open(folder.file("city.db")).unwrap();
    db.execute("VACUUM INTO ?", [folder.file("backup").to_str().unwrap()]).unwrap();
    drop(db);
    done(&folder, &["erase", "--report", &id]);
    let list = done(&folder, &["erase", "--list"]);
    assert!(list.contains(&id) && !list.contains("Planted"), "{list}");
    folder.with("list.txt", &list);
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.file(&format!("city.db{end}")));
    }
    std::fs::rename(folder.file("backup"), folder.file("city.db")).unwrap();
    assert_eq!(files_with(&folder, "SecretPlanted"), ["city.db"]);
    done(&folder, &["erase", "--from", "list.txt"]);
    assert_eq!(files_with(&folder, "SecretPlanted"), none());
    folder.with("bad.txt", "nothing\n");
    assert_eq!(run(&folder, &["erase", "--from", "bad.txt"]).status.code(), Some(2));
}

#[test]
fn what_a_city_keeps_no_longer_is_erased() {
    let folder = Folder::new("retained");
    let service = Service::start_with_key(&folder);
    let id = file(&service, EMAIL, "SecretPlanted");
    drop(service);
    let city = "ville.quebec.qc.ca";
    let bad = ["city", "set", city, "--retain", "names=2y"];
    assert_eq!(run(&folder, &bad).status.code(), Some(2));
    let keep = ["city", "set", city, "--retain", "contact=2y", "--retain", "description=none"];
    assert!(done(&folder, &keep).contains("contact is kept 2y"));
    assert!(done(&folder, &["erase", "--expired"]).contains("0 reports"));
    let db = Connection::open(folder.file("city.db")).unwrap();
    let old = "UPDATE report SET requested_datetime = '2020-01-01T12:00:00Z'";
    assert_eq!(db.execute(old, []).unwrap(), 1);
    drop(db);
    // The service does it once a day, the first time at its start.
    let service = Service::start_with_key(&folder);
    eventually("the contact expires", || contact(&service, &id).json() == json!({}));
    let report = service.get(&format!("/api/v1/reports/{id}")).json();
    assert_eq!(report["properties"]["description"], "SecretPlanted");
    drop(service);
    assert!(done(&folder, &["erase", "--older-than", "5y"]).contains("1 report"));
    assert_eq!(files_with(&folder, "SecretPlanted"), none());
    assert_eq!(run(&folder, &["erase"]).status.code(), Some(2), "nothing was named");
}

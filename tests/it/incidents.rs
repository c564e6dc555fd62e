//! Incidents: how reports come together, are parted, and stay so.

use std::process::Stdio;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use crate::common::filing::{HERE, empty, file, id, ids, parent, regroup};
use crate::common::{Folder, LocalService, NOW, Service, ask, done, eventually, program, run};
use serde_json::{Value, json};

#[test]
fn two_phones_in_the_same_moment_make_one_incident() {
    const PHONES: usize = 64;
    let (_folder, service) = empty();
    let start = Arc::new(Barrier::new(PHONES));
    let phones: Vec<_> = (0..PHONES)
        .map(|n| {
            let (start, address) = (start.clone(), service.address);
            std::thread::spawn(move || {
                let key = format!("phone-{n}");
                // Phones stand some metres apart.
                let lon = -71.2080 + (n % 8) as f64 * 1e-5;
                let body = json!({"service_code": "nid-de-poule", "lon": lon, "lat": 46.8139});
                start.wait();
                let path = "/api/v1/reports?dedupe=attach";
                let send = || {
                    let headers = [("Idempotency-Key", key.as_str())];
                    ask(address, "POST", path, &headers, body.to_string().as_bytes()).unwrap()
                };
                // Everybody sends twice: a retry makes no second report.
                let (first, again) = (send(), send());
                assert_eq!(id(&first), id(&again));
                assert_eq!(again.header("idempotency-replayed"), Some("true"));
                first.json()
            })
        })
        .collect();
    let reports: Vec<Value> = phones.into_iter().map(|phone| phone.join().unwrap()).collect();
    let originals: Vec<&Value> = reports.iter().filter(|one| parent(one).is_none()).collect();
    assert_eq!(originals.len(), 1, "{originals:?}");
    let original = originals[0]["id"].as_str().unwrap();
    let others = reports.iter().filter_map(parent);
    assert!(others.into_iter().all(|parent| parent == original));
    let incident = service.get(&format!("/api/v1/incidents/{original}")).json();
    assert_eq!((&incident["reports"], &incident["open"]), (&json!(PHONES), &json!(PHONES)));
    assert_eq!(service.get("/api/v1/stats").json()["total"], PHONES);
    assert_eq!(service.get("/api/v1/stats?count=incidents").json()["total"], 1);
    assert_eq!(ids(&service.get(HERE).json()), [original], "an incident is printed once");
}

#[test]
fn what_comes_back_after_a_repair_is_a_new_incident() {
    let (folder, service) = empty();
    let first = file(&service, "nid-de-poule", 30, 0.0);
    let body = json!({
        "service_code": "nid-de-poule", "lon": -71.2080, "lat": 46.8139,
        "address": "12 rue Cartier", "description": "Trou profond",
    });
    let post = || service.post("/api/v1/reports?dedupe=attach", &body.to_string()).json();
    let child = post();
    assert_eq!(parent(&child), Some(first.as_str()));
    let close = r#"{"status":"closed","closed_reason":"done"}"#;
    let path = format!("/api/v1/reports/{first}");
    assert_eq!(service.ask("PATCH", &path, &[], close.as_bytes()).status, 200);
    // The child is still open, but its incident is not.
    service.clock.advance(Duration::from_secs(1));
    let new = post();
    assert_eq!(parent(&new), None, "{new}");
    assert!(!new["properties"]["duplicates"].as_array().unwrap().is_empty(), "it is printed of it");
    let again = post();
    assert_eq!(parent(&again), new["id"].as_str());
    drop(service);
    done(&folder, &["dedupe"]);
    let service = LocalService::start(&folder);
    let after = service.get(&format!("/api/v1/reports/{}", new["id"].as_str().unwrap())).json();
    assert_eq!(parent(&after), None, "nor does a history think so");
}

fn digest(folder: &Folder) -> String {
    let checked = done(folder, &["check"]);
    let line = checked.lines().find(|line| line.contains("ville.quebec")).unwrap();
    line.rsplit(' ').next().unwrap().to_owned()
}

/// All reports as they are exported, without their revisions.
fn exported(folder: &Folder) -> String {
    done(folder, &["export", "--format", "csv", "-o", "out.csv"]);
    let table = std::fs::read_to_string(folder.file("out.csv")).unwrap();
    let (header, _) = table.split_once('\n').unwrap();
    assert!(header.ends_with(",revision"), "{header}");
    let rows = table.lines().map(|row| row.rsplit_once(',').unwrap().0);
    rows.collect::<Vec<_>>().join("\n")
}

#[test]
fn undoing_restores_what_was_to_the_byte() {
    let (folder, service) = empty();
    let [a, b, c, d] = [50, 40, 30, 20].map(|hours| file(&service, "nid-de-poule", hours, 1.0));
    regroup(&service, &c, "merge", json!({"reports": [d]})).json();
    let before = (exported(&folder), digest(&folder));
    let merged =
        regroup(&service, &a, "merge", json!({"reports": [b, c], "author": "Marie, équipe 3"}));
    assert_eq!(merged.status, 200, "{merged:?}");
    let merged = merged.json();
    assert_eq!((&merged["incident_id"], &merged["reports"]), (&json!(a), &json!(4)));
    let change = merged["changes"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&change["kind"], &change["author"]), (&json!("merge"), &json!("Marie, équipe 3")));
    assert_eq!(change["members"].as_array().unwrap().len(), 3, "c brought d along");
    for child in [&b, &c, &d] {
        let report = service.get(&format!("/api/v1/reports/{child}")).json();
        assert_eq!(parent(&report), Some(a.as_str()));
        let near = service.get("/api/v1/nearest?lon=-71.208&lat=46.8139&k=9").json();
        let found = near["features"].as_array().unwrap();
        let there = found.iter().find(|one| one["id"] == *child.as_str()).unwrap();
        assert_eq!(parent(there), Some(a.as_str()), "the index says so too");
    }
    assert_ne!(exported(&folder), before.0);
    let undo = |id: &str, change: &Value| {
        regroup(&service, id, "undo", json!({"change_id": change["change_id"]}))
    };
    let undone = undo(&b, &change);
    assert_eq!(undone.status, 200, "{undone:?}");
    assert_eq!((exported(&folder), digest(&folder)), before);
    assert_eq!(undo(&b, &change).status, 409, "once is enough");
    let history = service.get(&format!("/api/v1/incidents/{c}")).json()["changes"].clone();
    let last = history.as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["kind"], &last["undoes"]), (&json!("undo"), &change["change_id"]));
    // An undoing is a change like others.
    assert_eq!(undo(&c, &last).status, 200);
    let again = service.get(&format!("/api/v1/incidents/{a}")).json();
    assert_eq!(again["reports"], 4);
    let tag = service.get(&format!("/api/v1/incidents/{a}"));
    let tag = tag.header("etag").unwrap().to_owned();
    let split = regroup(&service, &a, "split", json!({"reports": [d]})).json();
    assert_eq!(split["reports"], 3);
    let last = split["changes"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["kind"], &last["members"][0]["before"]), (&json!("split"), &json!(a)));
    let headers = [("If-None-Match", tag.as_str())];
    let fresh = service.ask("GET", &format!("/api/v1/incidents/{a}"), &headers, b"");
    assert_eq!(fresh.status, 200, "what left it changed it");
    let last = history.as_array().unwrap().last().unwrap().clone();
    assert_eq!(undo(&c, &last).status, 409, "d has moved since");
}

#[test]
fn impossible_changes_of_incidents_change_nothing() {
    let (folder, service) = empty();
    let [a, b, c] = [50, 40, 30].map(|hours| file(&service, "nid-de-poule", hours, 1.0));
    regroup(&service, &a, "merge", json!({"reports": [b]})).json();
    let before = exported(&folder);
    for (id, what, body, status) in [
        (&a, "merge", json!({"reports": [a]}), 409),
        (&b, "merge", json!({"reports": [a]}), 409),
        (&a, "merge", json!({"reports": [b]}), 409),
        (&a, "merge", json!({"reports": [c, "XXX"]}), 404),
        (&a, "merge", json!({"reports": [c, c]}), 400),
        (&a, "merge", json!({"reports": []}), 400),
        (&a, "merge", json!({"reports": [3]}), 400),
        (&a, "merge", json!({"reports": [c], "author": ""}), 400),
        (&a, "merge", json!({"reports": [c], "colour": 1}), 400),
        (&a, "split", json!({"reports": [c]}), 409),
        (&a, "split", json!({"reports": [b, c]}), 409),
        (&c, "split", json!({"reports": [c]}), 409),
        (&a, "undo", json!({"change_id": 999}), 404),
        (&a, "undo", json!({"change_id": "x"}), 400),
    ] {
        let answer = regroup(&service, id, what, body.clone());
        assert_eq!(answer.status, status, "{what} {body}: {answer:?}");
    }
    assert_eq!(regroup(&service, "XXX", "merge", json!({"reports": [a]})).status, 404);
    assert_eq!(service.get("/api/v1/incidents/XXX").status, 404);
    assert_eq!(exported(&folder), before);
}

#[test]
fn incidents_survive_a_kill_and_keep_their_changes() {
    let folder = Folder::new("incident-kill");
    let service = Service::start(&folder, &[]);
    let [a, b] = [50, 40].map(|hours| file(&service, "nid-de-poule", hours, 1.0));
    let merged = regroup(&service, &a, "merge", json!({"reports": [b]})).json();
    service.kill();
    let service = Service::start(&folder, &[]);
    let after = service.get(&format!("/api/v1/incidents/{b}")).json();
    assert_eq!(after, merged);
    let found = service.get(&format!("{HERE}&at={NOW}")).json();
    assert_eq!(ids(&found), [&a], "the index holds the incident from the start");
}

#[test]
fn closing_an_original_offers_to_close_its_duplicates() {
    let (_folder, service) = empty();
    let [a, b, c] = [50, 40, 30].map(|hours| file(&service, "nid-de-poule", hours, 1.0));
    regroup(&service, &a, "merge", json!({"reports": [b, c]})).json();
    let patch =
        |body: &str| service.ask("PATCH", &format!("/api/v1/reports/{a}"), &[], body.as_bytes());
    assert_eq!(patch(r#"{"status":"open","children":"close"}"#).fields(), ["children"]);
    let closed = patch(r#"{"status":"closed"}"#).json();
    let mut open: Vec<&str> = closed["properties"]["open_children"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    open.sort_unstable();
    let mut both = [b.as_str(), c.as_str()];
    both.sort_unstable();
    assert_eq!(open, both);
    let closed = patch(r#"{"status":"closed","children":"close"}"#).json();
    assert_eq!(closed["properties"].get("open_children"), None);
    for child in [&b, &c] {
        let report = service.get(&format!("/api/v1/reports/{child}")).json();
        let fields = &report["properties"];
        assert_eq!(
            (&fields["status"], &fields["closed_reason"]),
            (&json!("closed"), &json!("duplicate"))
        );
        let history = service.get(&format!("/api/v1/reports/{child}/history")).json();
        assert_eq!(history["history"].as_array().unwrap().len(), 3, "made, merged, closed");
    }
}

#[test]
fn what_a_source_says_of_its_duplicates_is_kept() {
    let folder = Folder::new("labels");
    let line = |id: &str, day: &str, state: &str| {
        format!("{id},{day} 10:00:00,,{state},,Graffiti Removal,42.3323,-71.1008,1 Pontiac St\n")
    };
    let header = "case_enquiry_id,open_dt,closed_dt,case_status,closure_reason,case_title,type,latitude,\
         longitude,location\n";
    let known = "Closed,Case Closed Duplicate of Existing Case 101000316476";
    let rows = [
        line("101000316476", "2011-08-19", "Open,"),
        line("101000323505", "2011-09-01", known),
        line("101000323999", "2011-09-02", "Closed,Case Closed Duplicate of Existing Case 999"),
    ];
    folder.with("boston.csv", format!("{header}{}", rows.concat()));
    done(&folder, &["import", "boston.csv"]);
    let service = Service::start(&folder, &[]);
    let get = |path: &str| service.get(&format!("{path}jurisdiction_id=boston.gov")).json();
    let child = get("/api/v1/reports/101000323505?");
    assert_eq!(parent(&child), Some("101000316476"));
    let incident = get("/api/v1/incidents/101000323505?");
    assert_eq!(ids(&incident), ["101000316476", "101000323505"]);
    assert_eq!(get("/api/v1/stats?count=incidents&")["total"], 1);
    let asked = "/api/v1/duplicates?lon=-71.1008&lat=42.3323&service=graffiti-removal&";
    assert_eq!(ids(&get(&format!("{asked}at=2011-09-03&")))[0], "101000316476");
    // What is known of duplicates can be learned from and scored.
    let own = ["evaluate", "duplicates", "--jurisdiction", "boston.gov"];
    assert!(done(&folder, &own).contains("| all | 1 |"));
}

#[test]
fn an_import_keeps_what_was_brought_together_here() {
    let folder = Folder::new("keep");
    let header =
        "case_enquiry_id,open_dt,closed_dt,case_status,case_title,type,latitude,longitude\n";
    let rows = |second: &str| {
        format!(
            "{header}11110001,2011-08-19 10:00:00,,Open,,Graffiti Removal,42.3323,-71.1008\n\
             11110002,2011-08-20 10:00:00,{second},,Graffiti Removal,42.3323,-71.1008\n"
        )
    };
    folder.with("boston.csv", rows(",Open"));
    done(&folder, &["import", "boston.csv"]);
    let service = Service::start(&folder, &[]);
    let city = "jurisdiction_id=boston.gov";
    let body = json!({"reports": ["11110002"]}).to_string();
    let merge = format!("/api/v1/incidents/11110001/merge?{city}");
    assert_eq!(service.post(&merge, &body).status, 200);
    service.kill();
    folder.with("boston.csv", rows("2011-08-22 10:00:00,Closed"));
    let printed = done(&folder, &["import", "boston.csv"]);
    assert!(printed.contains("1 updated"), "{printed}");
    let service = Service::start(&folder, &[]);
    let after = service.get(&format!("/api/v1/reports/11110002?{city}")).json();
    assert_eq!(after["properties"]["status"], "closed");
    assert_eq!(parent(&after), Some("11110001"));
}

#[test]
fn an_incident_of_thousands_is_moved_whole() {
    let (_folder, service) = empty();
    let [a, b] = [90, 80].map(|hours| file(&service, "nid-de-poule", hours, 1.0));
    let line = json!({"service_code": "nid-de-poule", "lon": -71.2080, "lat": 46.8139}).to_string();
    let made = service.post("/api/v1/reports/batch", &vec![line; 1_500].join("\n"));
    let made = String::from_utf8(made.body).unwrap();
    let made: Vec<Value> = made.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for part in made.chunks(1_000) {
        let ids: Vec<&Value> = part.iter().map(|row| &row["service_request_id"]).collect();
        assert_eq!(regroup(&service, &b, "merge", json!({"reports": ids})).status, 200);
    }
    let moved = regroup(&service, &a, "merge", json!({"reports": [b]})).json();
    assert_eq!((&moved["reports"], &moved["truncated"]), (&json!(1_502), &json!(true)));
    assert_eq!(service.get("/api/v1/stats?count=incidents").json()["total"], 1);
    let last = made[1_499]["service_request_id"].as_str().unwrap();
    assert_eq!(parent(&service.get(&format!("/api/v1/reports/{last}")).json()), Some(a.as_str()));
}

#[test]
fn a_history_is_grouped_the_same_whether_killed_or_not() {
    let folder = Folder::new("dedupe");
    let generate = ["generate", "--reports", "30000", "--seed", "8", "--until", "2026-11-01"];
    for store in ["sqlite:city.db", "sqlite:other.db"] {
        done(&folder, &[&generate[..], &["--store", store]].concat());
    }
    let whole = ["dedupe", "--store", "sqlite:other.db", "--review", "whole.csv"];
    let printed = done(&folder, &whole);
    assert!(printed.contains("attached to"), "{printed}");
    let mut killed = program(&folder)
        .args(["dedupe", "--review", "review.csv"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // Whether it is killed in the middle or after its end, what follows must hold.
    eventually("the review is begun", || folder.file("review.csv").exists());
    killed.kill().unwrap();
    killed.wait().unwrap();
    let rest = done(&folder, &["dedupe", "--review", "review.csv"]);
    let digest_of = |store: &str| {
        let checked = done(&folder, &["check", "--store", store]);
        checked.lines().find_map(|line| Some(line.split_once("digest ")?.1.to_owned())).unwrap()
    };
    assert_eq!(digest_of("sqlite:city.db"), digest_of("sqlite:other.db"), "{rest}");
    let read = |name: &str| std::fs::read_to_string(folder.file(name)).unwrap();
    assert_eq!(read("review.csv"), read("whole.csv"));
    // Again, there is nothing left to do; the review is one of labelled pairs.
    assert!(done(&folder, &whole).contains("0 reports attached"));
    let scored = done(&folder, &["evaluate", "duplicates", "--pairs", "review.csv"]);
    assert!(scored.contains("| all |"), "{scored}");
    let bad = run(&folder, &["dedupe", "--since", "hier"]);
    assert!(String::from_utf8_lossy(&bad.stderr).contains("--since"));
}

#[test]
fn a_street_of_potholes_is_no_one_incident() {
    let folder = Folder::new("chain");
    let service = LocalService::start(&folder);
    // Twelve in a row, 30 m apart, an hour after one another: each resembles the one before.
    let files: Vec<String> =
        (0..12).map(|n| file(&service, "nid-de-poule", 20 - n, 30.0 * n as f64)).collect();
    drop(service);
    done(&folder, &["dedupe"]);
    let service = LocalService::start(&folder);
    let place = |id: &str| {
        service.get(&format!("/api/v1/reports/{id}")).json()["geometry"]["coordinates"][1]
            .as_f64()
            .unwrap()
    };
    let mut attached = 0;
    for id in &files {
        let report = service.get(&format!("/api/v1/reports/{id}")).json();
        let Some(original) = parent(&report) else { continue };
        attached += 1;
        let metres = (place(id) - place(original)).abs() * 111_195.0;
        assert!(metres <= 100.0, "{id} is {metres} m from its original");
        let above = service.get(&format!("/api/v1/reports/{original}")).json();
        assert_eq!(parent(&above), None, "an original is nobody's duplicate");
    }
    assert!((4..=10).contains(&attached), "{attached} attached");
    // Taken back one by one like any other change.
    let child = files
        .iter()
        .find(|id| parent(&service.get(&format!("/api/v1/reports/{id}")).json()).is_some());
    let incident = service.get(&format!("/api/v1/incidents/{}", child.unwrap())).json();
    let change = &incident["changes"][0];
    assert_eq!((&change["author"], &change["kind"]), (&json!("dedupe"), &json!("merge")));
    let undone =
        regroup(&service, child.unwrap(), "undo", json!({"change_id": change["change_id"]}));
    assert_eq!(undone.json()["reports"], 1);
}

//! Duplicates and incidents through the front door.

mod common;

use std::sync::{Arc, Barrier};

use common::{Answer, Folder, Service, ask, done, run, shared};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

const POTHOLE: &str = r#"{"service_code":"nid-de-poule","lon":-71.2080,"lat":46.8139,
    "description":"Gros trou devant le dépanneur"}"#;

fn empty() -> (Folder, Service) {
    let folder = Folder::new("duplicates");
    let service = Service::start(&folder, &[]);
    (folder, service)
}

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn parent(answer: &Value) -> Option<&str> {
    answer["properties"]["parent_service_request_id"].as_str()
}

fn ids(answer: &Value) -> Vec<&str> {
    let features = answer["features"].as_array().unwrap();
    features.iter().map(|feature| feature["id"].as_str().unwrap()).collect()
}

fn ago(hours: i64) -> String {
    Timestamp::now().checked_sub(hours.hours()).unwrap().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Files a report so many hours ago, so many metres north of the same spot.
fn file(service: &Service, code: &str, hours: i64, north_m: f64) -> String {
    let lat = 46.8139 + north_m / 111_195.0;
    let body = json!({
        "service_code": code, "lon": -71.2080, "lat": lat, "requested_datetime": ago(hours),
        "address": "12 rue Cartier",
    });
    id(&service.post("/api/v1/reports", &body.to_string()))
}

const HERE: &str = "/api/v1/duplicates?lon=-71.2080&lat=46.8139&service=nid-de-poule";

#[test]
fn the_likeliest_comes_first_with_reasons_in_words_and_numbers() {
    let (_folder, service) = empty();
    let near = file(&service, "nid-de-poule", 5, 3.0);
    let far = file(&service, "nid-de-poule", 200, 120.0);
    let other = file(&service, "chaussee-degradee", 5, 3.0);
    let elsewhere = file(&service, "graffiti", 1, 8.0);
    file(&service, "graffiti", 1, 60.0);
    file(&service, "nid-de-poule", 1, 900.0);
    let answer = service.get(&format!("{HERE}&address=30+rue+Cartier&limit=10")).json();
    assert_eq!(ids(&answer)[0], near);
    let mut all = ids(&answer);
    let mut wanted = [near.as_str(), &far, &other, &elsewhere];
    all.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(all, wanted, "within reach: 300 m of its group, 30 m of other groups");
    let first = &answer["features"][0]["properties"];
    assert_eq!(
        (&first["decision"], &answer["decision"]),
        (&json!("duplicate"), &json!("duplicate"))
    );
    let why = &first["reasons"];
    assert!((why["distance_m"].as_f64().unwrap() - 3.0).abs() < 0.05, "{why}");
    assert!((why["hours"].as_f64().unwrap() - 5.0).abs() < 0.1);
    assert_eq!((&why["service"], &why["same_street"]), (&json!("same"), &json!(true)));
    assert_eq!(why["open"], true);
    let sentence = first["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("Au même endroit (3 m), il y a 5 h, même service, même rue"));
    let english = service.get(&format!("{HERE}&lang=en")).json();
    let sentence = english["features"][0]["properties"]["sentence"].as_str().unwrap().to_owned();
    assert!(sentence.starts_with("At the same place (3 m), 5 h ago, same service"), "{sentence}");
    let probability = |answer: &Value| answer["probability"].as_f64().unwrap();
    let [plain, said, elsewhere] = ["", "&text=dépanneur", "&address=3+rue+Crémazie"]
        .map(|more| probability(&service.get(&format!("{HERE}{more}")).json()));
    assert!(said == plain && elsewhere < plain, "{plain} {said} {elsewhere}");
}

#[test]
fn only_what_existed_then_is_told() {
    let (_folder, service) = empty();
    let old = file(&service, "nid-de-poule", 100, 0.0);
    let new = file(&service, "nid-de-poule", 10, 0.0);
    let close = r#"{"status":"closed","closed_reason":"done"}"#;
    let path = format!("/api/v1/reports/{old}");
    assert_eq!(service.ask("PATCH", &path, &[], close.as_bytes()).status, 200);
    let at = |hours: i64| service.get(&format!("{HERE}&at={}", ago(hours))).json();
    assert!(ids(&at(101)).is_empty());
    let before = at(50);
    assert_eq!(ids(&before), [&old]);
    let was_open = |answer: &Value| answer["features"][0]["properties"]["reasons"]["open"].clone();
    assert_eq!(was_open(&before), true, "it was closed only now");
    assert_eq!(ids(&at(0))[0], new);
    let without = service.get(&format!("{HERE}&exclude={new}")).json();
    assert_eq!(ids(&without), [&old]);
    assert_eq!(was_open(&without), false);
}

#[test]
fn ten_thousand_on_one_spot_are_weighed_and_the_original_is_told() {
    let (_folder, service) = empty();
    let line = |hours: i64| {
        json!({"service_code": "nid-de-poule", "lon": -71.2080, "lat": 46.8139,
               "requested_datetime": ago(hours)})
        .to_string()
    };
    let first = file(&service, "nid-de-poule", 300, 0.0);
    let lines: Vec<String> = (0..10_000).map(|n| line(200 - n / 100)).collect();
    assert_eq!(service.post("/api/v1/reports/batch", &lines.join("\n")).status, 200);
    let answer = service.get(HERE).json();
    assert_eq!(answer["weighed"], 10_001);
    assert_eq!(answer["truncated"], false);
    assert_eq!(ids(&answer).len(), 5);
    assert_eq!(ids(&answer)[0], first, "the only one that none was before");
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let (_folder, service) = empty();
    let long = "mot+".repeat(4_000);
    let here = "lon=-71.2&lat=46.8&service=nid-de-poule";
    for (query, field) in [
        ("lat=46.8&service=nid-de-poule", "lon"),
        ("lon=-71.2&service=nid-de-poule", "lat"),
        ("lon=-71.2&lat=95&service=nid-de-poule", "lat"),
        ("lon=-71.2&lat=46.8", "service"),
        (&format!("{here}&at=2099-01-01"), "at"),
        (&format!("{here}&at=hier"), "at"),
        (&format!("{here}&accuracy_m=-1"), "accuracy_m"),
        (&format!("{here}&text={long}"), "text"),
        (&format!("{here}&exclude=XXX"), "exclude"),
        (&format!("{here}&limit=0"), "limit"),
        (&format!("{here}&colour=red"), "colour"),
    ] {
        let answer = service.get(&format!("/api/v1/duplicates?{query}"));
        assert_eq!((answer.status, answer.fields()), (400, vec![field.to_owned()]), "{query}");
    }
    let unknown =
        service.get("/api/v1/duplicates?lon=-71.2&lat=46.8&service=nids+de+poule&lang=en");
    let reason = unknown.json()["errors"][0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("perhaps nid-de-poule"), "{reason}");
    let huge = format!("/api/v1/duplicates?{here}&text={}", "a".repeat(1 << 20));
    let answer = service.get(&huge);
    assert!([400, 414, 431].contains(&answer.status), "{}", answer.status);
    // In a batch every line has its answer, and a bad one does not touch the others.
    let good = r#"{"lon":-71.2,"lat":46.8,"service":"nid-de-poule"}"#;
    let bad = r#"{"lon":-71.2,"lat":46.8,"service":"nid-de-poule","text":3}"#;
    let endless = format!(r#"{{"text":"{}"}}"#, "a".repeat(1 << 20));
    let body = [good, bad, "", "{", good, &endless].join("\n");
    let answer = service.post("/api/v1/duplicates/batch", &body);
    let text = String::from_utf8(answer.body).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<(u64, u64)> = lines
        .iter()
        .map(|line| (line["row"].as_u64().unwrap(), line["status"].as_u64().unwrap_or(200)))
        .collect();
    assert_eq!(told, [(1, 200), (2, 400), (4, 400), (5, 200), (6, 413)]);
    assert_eq!(service.get("/readyz").status, 200);
}

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
    assert_eq!(ids(&service.get(HERE).json()), [original], "an incident is told once");
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
    // The child is open still, but its incident is not.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let new = post();
    assert_eq!(parent(&new), None, "{new}");
    assert!(!new["properties"]["duplicates"].as_array().unwrap().is_empty(), "it is told of it");
    let again = post();
    assert_eq!(parent(&again), new["id"].as_str());
    drop(service);
    done(&folder, &["dedupe"]);
    let service = Service::start(&folder, &[]);
    let after = service.get(&format!("/api/v1/reports/{}", new["id"].as_str().unwrap())).json();
    assert_eq!(parent(&after), None, "nor does a history think so");
}

#[test]
fn whoever_is_asked_chooses_with_the_same_key() {
    let (_folder, service) = empty();
    let first = id(&service.post("/api/v1/reports?dedupe=warn", POTHOLE));
    let send = |key: &str, query: &str| {
        let headers = [("Idempotency-Key", key)];
        service.ask("POST", &format!("/api/v1/reports?{query}"), &headers, POTHOLE.as_bytes())
    };
    let asked = send("a", "dedupe=warn");
    assert_eq!(asked.status, 200, "{asked:?}");
    assert_eq!(
        (&asked.json()["created"], ids(&asked.json())),
        (&json!(false), vec![first.as_str()])
    );
    assert_eq!(service.get("/api/v1/stats").json()["total"], 1, "nothing was made");
    let same = send("a", &format!("dedupe=warn&confirm={first}"));
    assert_eq!(parent(&same.json()), Some(first.as_str()));
    let again = send("a", &format!("dedupe=warn&confirm={first}"));
    assert_eq!(id(&again), id(&same), "the key was used up by the choice");
    let new = send("b", "dedupe=warn&confirm=new");
    assert_eq!(parent(&new.json()), None);
    assert!(!new.json()["properties"]["duplicates"].as_array().unwrap().is_empty());
    // Who confirms a duplicate confirms its incident.
    let child = id(&same);
    let third = send("c", &format!("confirm={child}"));
    assert_eq!(parent(&third.json()), Some(first.as_str()));
    let nowhere = send("d", "confirm=XXX");
    assert_eq!(nowhere.status, 404);
    assert_eq!(send("e", "dedupe=perhaps").fields(), ["dedupe"]);
    assert_eq!(service.get("/api/v1/stats").json()["total"], 4);
}

fn digest(folder: &Folder) -> String {
    let checked = done(folder, &["check"]);
    let line = checked.lines().find(|line| line.contains("ville.quebec")).unwrap();
    line.rsplit(' ').next().unwrap().to_owned()
}

/// All reports as they are exported, without their revisions.
fn exported(folder: &Folder) -> String {
    done(folder, &["export", "--format", "csv", "-o", "out.csv"]);
    std::fs::read_to_string(folder.file("out.csv")).unwrap()
}

fn regroup(service: &Service, id: &str, what: &str, body: Value) -> Answer {
    service.post(&format!("/api/v1/incidents/{id}/{what}"), &body.to_string())
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
    let (folder, service) = empty();
    let [a, b] = [50, 40].map(|hours| file(&service, "nid-de-poule", hours, 1.0));
    let merged = regroup(&service, &a, "merge", json!({"reports": [b]})).json();
    service.kill();
    let service = Service::start(&folder, &[]);
    let after = service.get(&format!("/api/v1/incidents/{b}")).json();
    assert_eq!(after, merged);
    assert_eq!(ids(&service.get(HERE).json()), [&a], "the index knows it from the start");
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
fn the_labels_of_boston_come_with_it_and_its_duplicates_are_found() {
    let Some(reports) = shared("boston-311-2011-jul-oct.csv") else { return };
    let Some(pairs) = shared("boston-duplicate-pairs-jul-oct.csv") else { return };
    let folder = Folder::new("boston");
    done(&folder, &["import", reports.to_str().unwrap()]);
    let arguments =
        ["evaluate", "duplicates", "--jurisdiction", "boston.gov", "--from", "2011-09-01"];
    let pairs = pairs.to_str().unwrap();
    let told = done(&folder, &[&arguments[..], &["--pairs", pairs]].concat());
    let numbers = |line: &str| -> Vec<f64> {
        line.split('|').filter_map(|cell| cell.trim().parse().ok()).collect()
    };
    let row = |name: &str| -> (Vec<f64>, Vec<f64>) {
        let at = told.lines().position(|line| line.starts_with(&format!("| {name} |"))).unwrap();
        let mut lines = told.lines().skip(at);
        (numbers(lines.next().unwrap()), numbers(lines.next().unwrap()))
    };
    let (ours, rule) = row("all");
    let [pairs_asked, first, five, mrr, ..] = ours[..] else { panic!("{ours:?}") };
    assert!(pairs_asked > 550.0, "{ours:?}");
    assert!(first >= 0.83 && five >= 0.93 && mrr >= 0.87, "{ours:?}");
    assert!(first > rule[0] && five > rule[1] && mrr > rule[2], "{rule:?}");
    for service in ["Street Light Outages", "Major System Failure", "Graffiti Removal"] {
        let (ours, rule) = row(service);
        assert!(ours[0] >= 30.0 && ours[1] > rule[0] && ours[3] > rule[2], "{service}: {ours:?}");
    }
    let error = told.lines().find(|line| line.starts_with("Expected calibration error")).unwrap();
    let error = error.split_whitespace().nth(3).unwrap().trim_end_matches(';');
    assert!(error.parse::<f64>().unwrap() <= 0.05, "{error}");
    // Of the staff's own labels this file tells only that there is one.
    let service = Service::start(&folder, &[]);
    let child = service.get("/api/v1/reports/101000323505?jurisdiction_id=boston.gov").json();
    assert_eq!(child["properties"]["closed_reason"], "duplicate");
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
    let told = done(&folder, &["import", "boston.csv"]);
    assert!(told.contains("1 updated"), "{told}");
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
fn a_model_can_be_trained_and_used() {
    let folder = Folder::new("train");
    done(&folder, &["generate", "--reports", "20000", "--seed", "3"]);
    let truth: Value =
        serde_json::from_slice(&std::fs::read(folder.file("city.truth.json")).unwrap()).unwrap();
    let mut pairs = String::from("child_id,parent_id\n");
    for repeat in truth["repeats"].as_array().unwrap() {
        let [child, parent] = ["child", "parent"].map(|key| repeat[key].as_str().unwrap());
        pairs += &format!("{child},{parent}\n");
    }
    folder.with("pairs.csv", pairs);
    done(&folder, &["train", "duplicates", "--pairs", "pairs.csv", "--out", "model.toml"]);
    let by_truth = ["train", "duplicates", "--pairs", "city.truth.json", "--out", "truth.toml"];
    done(&folder, &by_truth);
    let read = |name: &str| std::fs::read_to_string(folder.file(name)).unwrap();
    assert_eq!(read("truth.toml"), read("model.toml"));
    let evaluate = ["evaluate", "duplicates", "--pairs", "pairs.csv"];
    let told = done(&folder, &[&evaluate[..], &["--model", "model.toml"]].concat());
    assert!(told.contains("labelled duplicates among"), "{told}");
    let service = Service::start(&folder, &["--model", "model.toml"]);
    assert_eq!(service.get(HERE).status, 200);
    for (arguments, named) in [
        (vec!["--pairs", "absent.csv"], "--pairs"),
        (vec!["--pairs", "model.toml"], "--pairs"),
        (vec!["--pairs", "pairs.csv", "--model", "pairs.csv"], "--model"),
        (vec!["--pairs", "pairs.csv", "--from", "hier"], "--from"),
        (vec!["--pairs", "pairs.csv", "--jurisdiction", "nowhere.ca"], "nowhere.ca"),
    ] {
        let output = run(&folder, &[&evaluate[..2], &arguments[..]].concat());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(named), "{arguments:?}: {error}");
    }
}

#[test]
fn a_history_is_grouped_the_same_whether_killed_or_not() {
    let folder = Folder::new("dedupe");
    let generate = ["generate", "--reports", "30000", "--seed", "8", "--until", "2026-11-01"];
    for store in ["sqlite:city.db", "sqlite:other.db"] {
        done(&folder, &[&generate[..], &["--store", store]].concat());
    }
    let whole = ["dedupe", "--store", "sqlite:other.db", "--review", "whole.csv"];
    let told = done(&folder, &whole);
    assert!(told.contains("attached to"), "{told}");
    let mut killed = common::program(&folder)
        .args(["dedupe", "--review", "review.csv"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !folder.file("review.csv").exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    std::thread::sleep(std::time::Duration::from_millis(8));
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
    let service = Service::start(&folder, &[]);
    // Twelve in a row, 30 m apart, an hour after one another: each resembles the one before.
    let files: Vec<String> =
        (0..12).map(|n| file(&service, "nid-de-poule", 20 - n, 30.0 * n as f64)).collect();
    service.kill();
    done(&folder, &["dedupe"]);
    let service = Service::start(&folder, &[]);
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

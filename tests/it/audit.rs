//! The audit: every change and every read of private data leaves a line, in the same transaction,
//! and nobody changes a line.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::common::audited_city::{AuditedCity, FORM, JSON, OTHER, QUEBEC, fields, said};
use crate::common::{done, eventually, jpeg};

#[test]
fn a_day_of_crew_work_is_read_back_line_by_line() {
    let city = AuditedCity::start("audit-day");
    let id = city.file("&email=canari%40exemple.ca&description=Devant%20le%20garage");
    let other = city.file("");
    let report = format!("/api/v1/reports/{id}");
    let contact = city.get("anne", &format!("{report}/contact"));
    assert_eq!(contact.json()["email"], "canari@exemple.ca");
    city.send("marie", "PATCH", &report, &json!({ "status": "in_progress", "address": "1 rue A" }));
    let update = format!(
        "api_key=any&jurisdiction_id={QUEBEC}&service_request_id={id}&status=IN_PROGRESS\
         &updated_datetime=2099-01-01T00:00:00Z&description=Appeler%20Mme%20Zzz"
    );
    let sent = city.ask(
        "marie",
        "POST",
        "/open311/v2/servicerequestupdates.json",
        (FORM, update.replace("2099-01-01T00:00:00Z", &Timestamp::now().to_string()).as_bytes()),
    );
    assert_eq!(sent.status, 200, "{sent:?}");
    let merge = json!({ "reports": [other], "author": "Luc" });
    city.send("chantal", "POST", &format!("/api/v1/incidents/{id}/merge"), &merge);
    let table = b"id,created,status,category,latitude,longitude\n\
        i1,2026-03-01 08:30:00,open,graffiti,46.81,-71.21\n\
        i2,2026-03-02 08:30:00,open,graffiti,46.82,-71.22\n";
    done_by_cli(&city, table);

    let words = city.lines("").iter().map(said).collect::<Vec<_>>();
    let line = |a: &str, b: &str, c: &str, d: &str| [a, b, c, d].map(str::to_owned);
    let key = |name: &str| line("pointchaud key", "key create", "key", name);
    let expected = [
        line("pointchaud city", "city add", "city", QUEBEC),
        key("anne"),
        key("marie"),
        key("chantal"),
        key("root"),
        line("public", "open311_post", "report", &id),
        line("public", "open311_post", "report", &other),
        line("anne", "contact", "report", &id),
        line("marie", "change_report", "report", &id),
        line("marie", "open311_post", "report", &id),
        line("chantal", "merge", "incident", &id),
        line("pointchaud import", "import", "import", ""),
        line("pointchaud city", "city set", "city", QUEBEC),
        line("pointchaud key", "key rotate", "key", "anne"),
        line("pointchaud key", "key revoke", "key", "anne"),
    ];
    assert_eq!(words, expected);
    let lines = city.lines("");
    assert_eq!(fields(&lines[5]), [("contact".into(), "-".into(), "-".into())]);
    assert!(lines[5]["address"].is_null() && lines[5]["role"].is_null(), "{}", lines[5]);
    assert_eq!(lines[8]["address"], "127.0.0.1");
    assert_eq!(lines[8]["role"], "crew");
    let changed = fields(&lines[8]);
    assert!(changed.contains(&("status".into(), "open".into(), "in_progress".into())));
    assert!(changed.contains(&("address".into(), "-".into(), "1 rue A".into())), "{changed:?}");
    assert_eq!(fields(&lines[9])[0].2, "Appeler Mme Zzz");
    assert_eq!(lines[10]["fields"][0]["service_request_id"], json!(other));
    assert_eq!(lines[10]["fields"][0]["after"], json!(id));
    assert_eq!(fields(&lines[11])[0], ("added".into(), "-".into(), "2".into()));
    assert!(fields(&lines[12]).contains(&("name".into(), "Québec".into(), "Kebek".into())));
    erased_values_are_in_no_line(&city, &id);
}

/// What is done on the command line that day.
fn done_by_cli(city: &AuditedCity, table: &[u8]) {
    let folder = &city.folder;
    folder.with("day.csv", table);
    done(folder, &["import", "day.csv", "--jurisdiction", QUEBEC]);
    done(folder, &["city", "set", QUEBEC, "--name", "Kebek"]);
    done(folder, &["key", "rotate", "anne"]);
    done(folder, &["key", "revoke", "anne"]);
}

fn erased_values_are_in_no_line(city: &AuditedCity, id: &str) {
    done(&city.folder, &["erase", "--report", id, "--jurisdiction", QUEBEC]);
    let lines = city.lines(&format!("report={id}"));
    let last = lines.last().unwrap();
    assert_eq!(said(last)[..2], ["pointchaud erase".to_owned(), "erase".to_owned()]);
    let names: Vec<String> = fields(last).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["answers", "contact", "description", "history", "photos"]);
    let answers = [city.get("chantal", "/api/v1/audit"), city.get("chantal", "/api/v1/audit.csv")];
    for answer in answers {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        for value in ["Zzz", "garage", "canari"] {
            assert!(!text.contains(value), "{value}: {text}");
        }
    }
    // Nor in the table: only names of fields were ever there.
    let db = city.sql();
    for (table, columns) in [("audit", 12), ("audit_field", 4)] {
        let mut statement = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for n in 0..columns {
                let value: rusqlite::types::Value = row.get(n).unwrap();
                assert!(!format!("{value:?}").contains("canari"), "{table}");
            }
        }
    }
}

/// Operations by other methods than `GET` that change nothing and read nothing private.
const READS: [&str; 3] = ["within_polygon", "duplicates_batch", "ogc_search"];
/// Those that leave no line, with the reason.
const WITHOUT_LINE: [(&str, &str); 1] =
    [("create_media", "a photo is part of nothing until a report names it, whose line says so")];

/// A request of each changing operation, by its id, that does something.
fn do_it(city: &AuditedCity, operation: &str) -> bool {
    let graffiti = json!({ "service_code": "graffiti", "lon": -71.2, "lat": 46.8 });
    let incident = |what: &str, id: &str, body: &Value| {
        city.send("chantal", "POST", &format!("/api/v1/incidents/{id}/{what}"), body).json()
    };
    let import = || {
        let table = b"id,created,status,category,latitude,longitude\n\
            j1,2026-03-01 08:30:00,open,graffiti,46.81,-71.21\n";
        let sent = city.ask("root", "POST", "/api/v1/imports?name=a.csv", ("text/csv", table));
        assert_eq!(sent.status, 201, "{sent:?}");
        let path = format!("/api/v1/imports/{}", sent.json()["id"].as_str().unwrap());
        city.send("root", "PATCH", &path, &json!({ "jurisdiction": QUEBEC }));
        path
    };
    match operation {
        "create_report" => drop(city.send("", "POST", "/api/v1/reports", &graffiti)),
        "create_reports" => drop(city.ask(
            "anne",
            "POST",
            "/api/v1/reports/batch",
            ("application/x-ndjson", graffiti.to_string().as_bytes()),
        )),
        "change_report" => {
            let id = city.file("");
            let change = json!({ "status": "closed", "closed_reason": "done" });
            city.send("marie", "PATCH", &format!("/api/v1/reports/{id}"), &change);
        }
        "merge" | "split" | "undo" => {
            let (id, other) = (city.file(""), city.file(""));
            let members = json!({ "reports": [other] });
            let merged = incident("merge", &id, &members);
            let change = &merged["changes"].as_array().unwrap().last().unwrap()["change_id"];
            match operation {
                "split" => drop(incident("split", &id, &members)),
                "undo" => drop(incident("undo", &id, &json!({ "change_id": change }))),
                _ => {}
            }
        }
        "create_import" | "change_import" => drop(import()),
        "run_import" => {
            city.send("root", "POST", &format!("{}/run", import()), &json!({}));
            eventually("the import ends", || {
                city.lines("operation=run_import").iter().any(|line| line["revision"].is_u64())
            });
        }
        "delete_import" => drop(city.ask("root", "DELETE", &import(), (JSON, b""))),
        "open311_post" => drop(city.file("")),
        "log_in" => {
            let secret = &city.keys.iter().find(|(name, _)| *name == "marie").unwrap().1;
            city.send("", "POST", "/api/v1/session", &json!({ "key": secret }));
        }
        "log_out" => {
            let answer = city.ask("marie", "DELETE", "/api/v1/session?all=true", (JSON, b""));
            assert_eq!(answer.status, 204, "{answer:?}");
        }
        "create_erasure" => {
            let id = city.file("&description=perdu");
            city.send("root", "POST", "/api/v1/erasures", &json!({ "report": id }));
        }
        "review_report" => {
            let id = city.file("&description=appelez+Mme+Tremblay+au+418-555-0199");
            let path = format!("/api/v1/reports/{id}");
            let revision = city.get("chantal", &path).json()["properties"]["revision"].clone();
            let decision = json!({ "decision": "publish", "revision": revision });
            city.send("chantal", "PUT", &format!("/api/v1/review/{id}"), &decision);
        }
        _ => return false,
    }
    true
}

#[test]
fn every_changing_operation_leaves_a_line() {
    let city = AuditedCity::start("audit-operations");
    let document = city.service.get("/api/openapi.json?lang=en").json();
    let mut count = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let is_exempt = WITHOUT_LINE.iter().any(|(known, _)| *known == id);
            if method == "get" || READS.contains(&id) || is_exempt {
                continue;
            }
            let before = city.lines(&format!("operation={id}")).len();
            assert!(do_it(&city, id), "{method} {path} ({id}) is new: does it leave a line?");
            let after = city.lines(&format!("operation={id}"));
            assert!(after.len() > before, "{method} {path} ({id}) left no line");
            count += 1;
        }
    }
    assert!(count >= 11, "{count} operations");
    // Photos leave none, as the table says.
    let sent = city.ask("marie", "POST", "/api/v1/media", ("image/jpeg", &jpeg(20, 20)));
    assert_eq!(sent.status, 201, "{sent:?}");
    assert!(city.lines("operation=create_media").is_empty());
}

#[test]
fn a_read_of_contacts_and_of_refused_rows_leaves_a_line_before_it_is_answered() {
    let city = AuditedCity::start("audit-reads");
    let id = city.file("&email=canari%40exemple.ca");
    let path = format!("/api/v1/reports/{id}/contact");
    for n in 1..=3 {
        assert_eq!(city.get("anne", &path).status, 200);
        assert_eq!(city.lines("operation=contact&actor=anne").len(), n);
    }
    // Refused reads are no reads.
    assert_eq!(city.get("marie", &path).status, 403);
    assert_eq!(city.get("anne", "/api/v1/reports/none/contact").status, 404);
    assert_eq!(city.lines("operation=contact").len(), 3);
    let line = &city.lines("operation=contact")[0];
    assert!(line["revision"].is_null() && line["fields"].as_array().unwrap().is_empty());
    assert_eq!(city.lines(&format!("report={id}")).len(), 4, "the filing and the reads");
}

#[test]
fn without_its_line_nothing_is_changed_and_nothing_is_read() {
    let city = AuditedCity::start("audit-fault");
    let id = city.file("&email=canari%40exemple.ca");
    let path = format!("/api/v1/reports/{id}");
    let db = city.sql();
    let fault = "CREATE TRIGGER fault BEFORE INSERT ON audit
                 BEGIN SELECT RAISE(ABORT, 'a fault of the test'); END";
    db.execute_batch(fault).unwrap();
    let read = city.get("anne", &format!("{path}/contact"));
    assert_eq!(read.status, 503, "{read:?}");
    assert!(!String::from_utf8_lossy(&read.body).contains("canari"));
    let change = json!({ "status": "in_progress" }).to_string();
    let changed = city.ask("marie", "PATCH", &path, (JSON, change.as_bytes()));
    assert_eq!(changed.status, 503, "{changed:?}");
    let filed = json!({ "service_code": "graffiti", "lon": -71.2, "lat": 46.8 }).to_string();
    let filed = city.ask("", "POST", "/api/v1/reports", (JSON, filed.as_bytes()));
    assert_eq!(filed.status, 503, "{filed:?}");
    db.execute_batch("DROP TRIGGER fault").unwrap();
    assert_eq!(city.get("", &path).json()["properties"]["status"], "open");
    assert_eq!(city.get("", "/api/v1/stats?fields=total").json()["total"], 1);
    assert_eq!(city.ask("marie", "PATCH", &path, (JSON, change.as_bytes())).status, 200);
    assert_eq!(city.get("anne", &format!("{path}/contact")).status, 200);
}

#[test]
fn kill_9_separates_no_change_from_its_line() {
    let city = AuditedCity::start("audit-kill");
    let filed = json!({ "service_code": "graffiti", "lon": -71.2, "lat": 46.8 }).to_string();
    let AuditedCity { folder, service, .. } = city;
    let (address, acknowledged) = (service.address, AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let headers = [("Content-Type", JSON)];
                while crate::common::ask(
                    address,
                    "POST",
                    "/api/v1/reports",
                    &headers,
                    filed.as_bytes(),
                )
                .is_some_and(|answer| answer.status == 201)
                {
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        eventually("reports are filed", || acknowledged.load(Ordering::Relaxed) > 60);
        service.kill();
    });
    let db = Connection::open(folder.file("city.db")).unwrap();
    let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    // Every revision of the city is of exactly one line, and no line is of a revision that is lost.
    let revision = one("SELECT revision FROM jurisdiction WHERE number = 1");
    let covered = "SELECT sum(revision - first_revision + 1) FROM audit WHERE city = 1";
    assert!(revision > 60, "{revision}");
    assert_eq!(one(covered), revision);
    assert_eq!(one("SELECT max(revision) FROM audit WHERE city = 1"), revision);
    assert_eq!(one("SELECT count(*) FROM report"), revision);
}

#[test]
fn lines_are_only_added() {
    let city = AuditedCity::start("audit-append");
    city.file("&email=a%40b.ca");
    let db = city.sql();
    let count = |table: &str| -> i64 {
        db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    let before = (count("audit"), count("audit_field"));
    for sql in [
        "UPDATE audit SET actor = 'nobody'",
        "UPDATE audit SET at = at + 1 WHERE number = 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE number = 1",
        "INSERT OR REPLACE INTO audit (number, at, actor, operation, subject)
         VALUES (1, 0, 'nobody', '', 'report')",
        "UPDATE audit_field SET after = ''",
        "DELETE FROM audit_field",
        "INSERT OR REPLACE INTO audit_field SELECT number, field, '', '' FROM audit_field",
    ] {
        let refused = db.execute(sql, []).unwrap_err().to_string();
        assert!(refused.contains("of the audit"), "{sql}: {refused}");
    }
    assert_eq!((count("audit"), count("audit_field")), before);
    // A city that is removed leaves its lines.
    done(&city.folder, &["city", "remove", OTHER, "--yes"]);
    assert_eq!(count("audit"), before.0 + 1);
}

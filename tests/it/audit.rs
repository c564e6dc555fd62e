//! The audit: every change and every read of private data leaves a line, in the same transaction,
//! for supervisors of the city, and nobody changes a line.

use std::collections::BTreeSet;
use std::fs;

use jiff::{SignedDuration, Timestamp};
use pointchaud::domain::RetentionPeriod;
use pointchaud::store::{NoListener, Reader, Writer};
use pointchaud::usecase::audit::erase_older;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::common::{Answer, Folder, Service, done, eventually, jpeg, run};

const QUEBEC: &str = "ville.quebec.qc.ca";
const OTHER: &str = "city.example";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A service on two cities with a key of each role.
struct AuditedCity {
    folder: Folder,
    service: Service,
    keys: Vec<(&'static str, String)>,
}

/// Creates a key and returns its secret.
fn create(folder: &Folder, name: &str, role: &str, more: &[&str]) -> String {
    let words = [&["key", "create", "--name", name, "--role", role], more].concat();
    done(folder, &words).trim().to_owned()
}

impl AuditedCity {
    fn start(name: &str) -> Self {
        let folder = Folder::new(name);
        done(&folder, &["city", "add", QUEBEC]);
        done(&folder, &["city", "add", OTHER, "--time-zone", "Europe/Paris"]);
        let holders =
            [("anne", "agent"), ("marie", "crew"), ("chantal", "supervisor"), ("root", "admin")];
        let keys = holders.map(|(name, role)| (name, create(&folder, name, role, &[]))).to_vec();
        let service = Service::start(&folder, &[]);
        Self { folder, service, keys }
    }

    /// A request with the key of this name, or without one where the name is empty.
    fn ask(&self, who: &str, method: &str, path: &str, (kind, body): (&str, &[u8])) -> Answer {
        let key = self.keys.iter().find(|(name, _)| *name == who).map(|(_, secret)| secret);
        let bearer = key.map(|secret| format!("Bearer {secret}"));
        let mut headers = vec![("Content-Type", kind), ("Accept-Language", "en")];
        headers.extend(bearer.iter().map(|bearer| ("Authorization", bearer.as_str())));
        self.service.ask(method, path, &headers, body)
    }

    fn get(&self, who: &str, path: &str) -> Answer {
        self.ask(who, "GET", path, (JSON, b""))
    }

    fn send(&self, who: &str, method: &str, path: &str, body: &Value) -> Answer {
        let answer = self.ask(who, method, path, (JSON, body.to_string().as_bytes()));
        assert!(answer.status < 300, "{method} {path}: {answer:?}");
        answer
    }

    /// Files a report by Open311, without a key of the service; its number.
    fn file(&self, more: &str) -> String {
        let form = format!(
            "api_key=any&jurisdiction_id={QUEBEC}&service_code=graffiti&lat=46.81&long=-71.21{more}"
        );
        let answer = self.ask("", "POST", "/open311/v2/requests.json", (FORM, form.as_bytes()));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()[0]["service_request_id"].as_str().unwrap().to_owned()
    }

    /// Lines as the supervisor reads them, oldest first.
    fn lines(&self, query: &str) -> Vec<Value> {
        let answer = self.get("chantal", &format!("/api/v1/audit?limit=1000&{query}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut lines = answer.json()["lines"].as_array().unwrap().clone();
        lines.reverse();
        lines
    }

    fn sql(&self) -> Connection {
        let db = Connection::open(self.folder.file("city.db")).unwrap();
        db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        db
    }
}

/// Actor, operation, subject and its id of a line.
fn said(line: &Value) -> [String; 4] {
    ["actor", "operation", "subject", "subject_id"]
        .map(|name| line[name].as_str().unwrap_or_default().to_owned())
}

/// Field, value before and value after of what a line names.
fn fields(line: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let fields = line["fields"].as_array().unwrap().iter();
    fields.map(|one| (text(&one["field"]), text(&one["before"]), text(&one["after"]))).collect()
}

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
        let of = json!({ "jurisdiction": QUEBEC });
        city.send("root", "PATCH", &path, &of);
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
    let address = service.address;
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
                {}
            });
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
        service.kill();
    });
    let db = Connection::open(folder.file("city.db")).unwrap();
    let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    // Every revision of the city is of exactly one line, and no line is of a revision that is lost.
    let revision = one("SELECT revision FROM jurisdiction WHERE number = 1");
    let covered = "SELECT sum(revision - first_revision + 1) FROM audit WHERE city = 1";
    assert!(revision > 20, "{revision}");
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

#[test]
fn old_lines_are_erased_by_the_command_alone_which_leaves_a_line() {
    let city = AuditedCity::start("audit-old");
    city.file("");
    let refused = run(&city.folder, &["audit", "--erase-older-than", "89d"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(String::from_utf8(refused.stderr).unwrap().contains("at least 90 days"));
    let none = done(&city.folder, &["audit", "--erase-older-than", "2y"]);
    assert_eq!(none, "erased 0 lines\n");
    let path = city.folder.file("city.db");
    let (writer, _thread) = Writer::start(&path, NoListener).unwrap();
    let lines = city.lines("").len() as u64;
    let period = RetentionPeriod::parse("100d").unwrap();
    let later = Timestamp::now() + SignedDuration::from_hours(24 * 200);
    let erased = erase_older(&writer, ("--erase-older-than", period), later).unwrap();
    // One of the other city, and all but the newest.
    assert_eq!(erased, lines + 1 - 1);
    let left = city.lines("");
    assert_eq!(said(left.last().unwrap())[2], "audit");
    assert_eq!(fields(left.last().unwrap())[1].2, erased.to_string());
    assert_eq!(left.len(), 2);
    let number = left.last().unwrap()["number"].as_u64().unwrap();
    assert!(number > lines, "no number is given twice");
}

#[test]
fn lines_are_for_supervisors_of_the_city() {
    let mut city = AuditedCity::start("audit-cities");
    let id = city.file("");
    let own = create(&city.folder, "own", "supervisor", &["--jurisdiction", OTHER]);
    city.keys.push(("own", own));
    let change = json!({ "service_code": "graffiti", "lon": 2.3, "lat": 48.8 });
    let there = format!("/api/v1/reports?jurisdiction_id={OTHER}");
    let made = city.ask("own", "POST", &there, (JSON, change.to_string().as_bytes()));
    for path in ["/api/v1/audit", "/api/v1/audit.csv"] {
        for who in ["anne", "marie"] {
            assert_eq!(city.get(who, path).status, 403, "{who} {path}");
        }
        assert_eq!(city.get("", path).status, 401, "{path}");
        assert_eq!(city.get("own", &format!("{path}?jurisdiction_id={QUEBEC}")).status, 403);
        let text = |who: &str, of: &str| {
            let answer = city.get(who, &format!("{path}?jurisdiction_id={of}"));
            assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
            String::from_utf8(answer.body).unwrap()
        };
        let theirs = text("own", OTHER);
        assert!(!theirs.contains(&id) && !theirs.contains("key create"), "{theirs}");
        assert!(theirs.contains(OTHER), "{theirs}");
        assert!(!text("chantal", OTHER).contains(&id));
        assert!(text("chantal", QUEBEC).contains(&id));
        assert!(text("root", QUEBEC).contains("key create"));
    }
    assert!([201, 400].contains(&made.status), "{made:?}");
}

#[test]
fn a_city_that_is_added_again_has_not_the_lines_of_the_first_one() {
    let city = AuditedCity::start("audit-again");
    let of_other = format!("jurisdiction_id={OTHER}");
    assert_eq!(city.lines(&format!("{of_other}&operation=city+add")).len(), 1);
    done(&city.folder, &["city", "remove", OTHER, "--yes"]);
    done(&city.folder, &["city", "add", OTHER, "--time-zone", "Europe/Paris"]);
    let has_one = || city.get("chantal", &format!("/api/v1/audit?{of_other}")).status == 200;
    eventually("the city is there", has_one);
    assert_eq!(city.lines(&format!("{of_other}&operation=city+add")).len(), 1);
    let all = done(&city.folder, &["audit", "--operation", "city add"]);
    assert_eq!(
        all.matches(&format!("\"city add\",{OTHER}")).count()
            + all.matches(&format!("city add,{OTHER}")).count(),
        6,
        "{all}"
    );
}

#[test]
fn filters_and_pages_select_the_same_lines() {
    let city = AuditedCity::start("audit-filters");
    let ids: Vec<String> = (0..7).map(|_| city.file("")).collect();
    for id in &ids {
        let path = format!("/api/v1/reports/{id}");
        city.send("marie", "PATCH", &path, &json!({ "status": "in_progress" }));
    }
    let numbers = |lines: &[Value]| -> Vec<u64> {
        lines.iter().map(|line| line["number"].as_u64().unwrap()).collect()
    };
    let all = city.lines("");
    assert!(numbers(&all).is_sorted());
    for limit in [1, 3, 100] {
        let mut path = Some(format!("/api/v1/audit?limit={limit}"));
        let mut found = Vec::new();
        while let Some(next) = path.take() {
            let page = city.get("chantal", &next).json();
            found.extend(page["lines"].as_array().unwrap().clone());
            path = page["next"].as_str().map(str::to_owned);
        }
        found.reverse();
        assert_eq!(numbers(&found), numbers(&all), "limit {limit}");
    }
    let passing = |query: &str, passes: &dyn Fn(&Value) -> bool| {
        let wanted: Vec<Value> = all.iter().filter(|line| passes(line)).cloned().collect();
        assert!(!wanted.is_empty() && wanted.len() < all.len(), "{query}");
        assert_eq!(numbers(&city.lines(query)), numbers(&wanted), "{query}");
    };
    passing("actor=marie", &|line| line["actor"] == "marie");
    passing("actor=public", &|line| line["actor"] == "public");
    passing("operation=open311_post", &|line| line["operation"] == "open311_post");
    passing("actor=marie&operation=change_report", &|line| line["actor"] == "marie");
    passing(&format!("report={}", ids[3]), &|line| line["subject_id"] == json!(ids[3]));
    let spelt = ids[3].to_lowercase().replace('-', "");
    passing(&format!("report={spelt}"), &|line| line["subject_id"] == json!(ids[3]));
    passing(&format!("report={}&actor=marie", ids[0]), &|line| {
        line["subject_id"] == json!(ids[0]) && line["actor"] == "marie"
    });
    assert!(city.lines("actor=nobody").is_empty() && city.lines("to=2020-01-01").is_empty());
    assert!(city.lines("from=2099-01-01").is_empty());
    assert_eq!(city.lines("from=2020-01-01&to=2099-01-01").len(), all.len());
    // A time in the middle parts the lines in two.
    let middle: Timestamp = all[9]["at"].as_str().unwrap().parse().unwrap();
    let second = middle.as_second();
    let cut = Timestamp::from_second(second).unwrap();
    let at = |line: &Value| line["at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let late = all.iter().filter(|line| at(line) >= cut).count();
    assert_eq!(city.lines(&format!("from={cut}")).len(), late);
    let refused = city.get("chantal", "/api/v1/audit?from=2026-02-01&to=2026-01-01");
    assert_eq!((refused.status, refused.fields()), (400, vec!["to".to_owned()]));
    for (query, field) in [("cursor=0", "cursor"), ("from=hier", "from"), ("limit=1001", "limit")] {
        let refused = city.get("chantal", &format!("/api/v1/audit?{query}"));
        assert_eq!((refused.status, refused.fields()), (400, vec![field.to_owned()]));
    }
}

#[test]
fn the_file_has_every_line_and_no_formula() {
    let city = AuditedCity::start("audit-file");
    let id = city.file("");
    let path = format!("/api/v1/reports/{id}");
    city.send("marie", "PATCH", &path, &json!({ "address": "=HYPERLINK(\"http://a\")" }));
    let answer = city.get("chantal", "/api/v1/audit.csv");
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    let name = answer.header("content-disposition").unwrap();
    assert!(name.contains(QUEBEC) && name.contains(".csv"), "{name}");
    let numbers = |bytes: &[u8]| -> BTreeSet<String> {
        let mut table = csv::Reader::from_reader(bytes);
        let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
        assert!(!rows.iter().flatten().any(|cell| cell.starts_with('=')));
        rows.iter().map(|row| row[0].to_owned()).collect()
    };
    let of_api = numbers(&answer.body);
    assert_eq!(of_api.len(), city.lines("").len());
    assert!(String::from_utf8_lossy(&answer.body).contains("'=HYPERLINK"));
    // The command writes those of all cities, to a file that others cannot read.
    assert_eq!(done(&city.folder, &["audit", "--out", "audit.csv"]), "");
    let written = numbers(&fs::read(city.folder.file("audit.csv")).unwrap());
    assert!(written.is_superset(&of_api) && written.len() == of_api.len() + 1, "{written:?}");
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(city.folder.file("audit.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let one = done(&city.folder, &["audit", "--report", &id, "--jurisdiction", QUEBEC]);
    assert_eq!(one.lines().count(), 3, "{one}");
    let refused = run(&city.folder, &["audit", "--from", "hier"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("--from"));
}

#[test]
fn a_store_of_an_earlier_version_begins_its_audit_at_once() {
    let folder = Folder::new("audit-earlier");
    let db = Connection::open(folder.file("city.db")).unwrap();
    let migrations =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sqlite/migrations");
    let mut files: Vec<_> =
        fs::read_dir(migrations).unwrap().map(|one| one.unwrap().path()).collect();
    files.sort();
    for file in &files[..10] {
        db.execute_batch(&fs::read_to_string(file).unwrap()).unwrap();
    }
    let city = format!(
        "INSERT INTO meta VALUES ('epoch', 'abc');
         INSERT INTO jurisdiction (jurisdiction_id, name, time_zone, revision, number)
         VALUES ('{QUEBEC}', 'Québec', 'America/Toronto', 7, 1);
         PRAGMA user_version = 10;"
    );
    db.execute_batch(&city).unwrap();
    drop(db);
    done(&folder, &["city", "set", QUEBEC, "--name", "Kebek"]);
    let reader = Reader::open(&folder.file("city.db")).unwrap();
    let lines = reader.audit(&Default::default(), None, 10).unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!((&*lines[0].actor, &*lines[0].operation), ("pointchaud city", "city set"));
}

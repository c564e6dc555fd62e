//! The audit is read by supervisors of its city: filters, pages, files, and how long it is kept.

use std::collections::BTreeSet;
use std::fs;

use jiff::{SignedDuration, Timestamp};
use pointchaud::domain::RetentionPeriod;
use pointchaud::store::{NoListener, Reader, Writer};
use pointchaud::usecase::audit::erase_older;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::common::audited_city::{AuditedCity, JSON, OTHER, QUEBEC, create, fields, said};
use crate::common::{Folder, done, eventually, run};

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
    // The command has the lines of both: name and time zone of each.
    let all = done(&city.folder, &["audit", "--operation", "city add"]);
    assert_eq!(all.matches(&format!(",city add,{OTHER},")).count(), 4, "{all}");
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

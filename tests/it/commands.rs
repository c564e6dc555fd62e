//! The command line as people use it: options in any order, pipes that close, questions on a
//! terminal, and what a refused command leaves.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::common::{Folder, any_python_or_skip, done, program, run};
use crate::downloads::{Server, send};

const TABLE: &str = "id,created_at,category,latitude,longitude\n\
                     a1,2026-03-01T08:30:00,Pothole,46.81,-71.21\n\
                     a2,2026-03-02T08:30:00,Graffiti,46.82,-71.22\n";

#[test]
fn options_of_city_come_before_or_after_its_verb() {
    let folder = Folder::new("commands");
    let store = format!("sqlite:{}", folder.file("other.db").display());
    let add = ["city", "--store", &store, "add", "city.example", "--time-zone", "Europe/Paris"];
    assert!(done(&folder, &add).contains("added city.example"));
    for list in [["city", "--store", &store, "list"], ["city", "list", "--store", &store]] {
        assert!(done(&folder, &list).contains("city.example"), "{list:?}");
    }
}

#[test]
fn what_is_refused_leaves_no_store() {
    let folder = Folder::new("commands");
    folder.with("a.csv", TABLE);
    for refused in [
        &["import", "a.csv"][..],
        &["import", "a.csv", "--jurisdiction", "city.example"],
        &["import", "a.csv", "--jurisdiction", "city.example", "--time-zone", "Mars/Olympus"],
        &["import", "missing.csv"],
        &["city", "add", "city.example", "--time-zone", "Mars/Olympus"],
        &["city", "list"],
    ] {
        let output = run(&folder, refused);
        assert_eq!(output.status.code(), Some(2), "{refused:?}");
        assert!(!folder.file("city.db").exists(), "{refused:?}");
    }
}

#[test]
fn a_reader_that_goes_is_no_failure() {
    let folder = Folder::new("commands");
    folder.with("a.csv", TABLE);
    let import =
        ["import", "a.csv", "--jurisdiction", "city.example", "--time-zone", "Europe/Paris"];
    for arguments in [&["inspect", "a.csv"][..], &import, &["city", "list"], &["check"]] {
        let mut child = program(&folder)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
        assert!(!error.contains("panicked"), "{arguments:?}: {error}");
    }
    assert!(done(&folder, &["city", "list"]).contains("2 reports"), "the import was finished");
    // An export is of no use to a reader that has gone.
    for arguments in [&["export", "--format", "csv"][..], &["openapi"]] {
        let mut child = program(&folder)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(141), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn an_inspection_reads_an_address_and_leaves_nothing_of_it() {
    let folder = Folder::new("commands");
    let server = Server::start(|_, _, stream| send(stream, "200 OK", "", TABLE.as_bytes()));
    let output = done(&folder, &["inspect", &server.url]);
    assert!(output.contains("read as CSV") && output.contains("city.mapping.toml"), "{output}");
    assert!(!folder.file("city.db.downloads").exists());
    for other in ["ftp://a.example/x.csv", "s3://bucket/x.csv"] {
        for command in ["inspect", "import"] {
            let output = run(&folder, &[command, other]);
            let error = String::from_utf8(output.stderr).unwrap();
            assert!(error.contains("which is not read: download the file"), "{error}");
        }
    }
}

/// A refused file of a server that knows versions is not downloaded again by the corrected command.
#[test]
fn a_download_that_was_refused_is_taken_up_by_the_next_command() {
    let server = Server::start(|request, _, stream| {
        let length = TABLE.len();
        let version = "etag: \"v1\"\r\n";
        if request.contains(&format!("range: bytes={length}-")) {
            let headers = format!("{version}content-range: bytes */{length}\r\n");
            return send(stream, "416 Range Not Satisfiable", &headers, b"");
        }
        send(stream, "200 OK", &format!("{version}content-length: {length}\r\n"), TABLE.as_bytes());
    });
    let folder = Folder::new("commands");
    let refused = run(&folder, &["import", &server.url]);
    assert_eq!(refused.status.code(), Some(2));
    let before = server.requests().len();
    let city = ["--jurisdiction", "city.example", "--time-zone", "Europe/Paris"];
    let output = done(&folder, &[&["import", &server.url][..], &city].concat());
    assert!(output.contains("2 added"), "{output}");
    let second = server.requests().split_off(before);
    assert!(second[0].contains("range: bytes="), "the part is used: {second:?}");
    let left = std::fs::read_dir(folder.file("city.db.downloads")).unwrap().flatten();
    let names: Vec<_> = left.map(|file| file.file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| name.ends_with(".imported.json")), "{names:?}");
}

/// A dry run on a store of an older schema compares with a copy of it, and leaves it as it is.
#[test]
fn a_dry_run_reads_a_store_of_an_older_schema() {
    let folder = Folder::new("commands");
    folder.with("a.csv", TABLE);
    let path = folder.file("city.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(include_str!("../../src/store/sqlite/migrations/0001_city.sql")).unwrap();
    db.execute_batch(
        "PRAGMA user_version = 1;
         INSERT INTO meta VALUES ('epoch', 'abc');
         INSERT INTO jurisdiction VALUES
            ('city.example', 'City', 'Europe/Paris', NULL, NULL, NULL, NULL, 0);",
    )
    .unwrap();
    drop(db);
    let before = std::fs::read(&path).unwrap();
    let dry_run = ["import", "a.csv", "--dry-run", "--jurisdiction", "city.example"];
    let output = done(&folder, &dry_run);
    assert!(output.contains("2 added"), "{output}");
    assert_eq!(std::fs::read(&path).unwrap(), before, "the store is as it was");
    // A newer schema is refused.
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(db);
    let output = run(&folder, &dry_run);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && error.contains("use a newer one"), "{error}");
}

/// A person at a terminal is asked for what the file does not say; the answers are typed by a
/// script that holds the other end of a pseudo-terminal.
#[test]
fn questions_are_asked_on_a_terminal_and_answered() {
    let Some(python) = any_python_or_skip() else { return };
    let folder = Folder::new("commands");
    folder.with(
        "a.csv",
        TABLE.replace("2026-03-01", "03/04/2026").replace("2026-03-02", "04/05/2026"),
    );
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/terminal.py");
    let mut typing = Command::new(python);
    typing.arg(script).arg(env!("CARGO_BIN_EXE_pointchaud")).current_dir(&folder.0);
    let store = format!("sqlite:{}", folder.file("city.db").display());
    typing.args(["import", "a.csv", "--store", &store]);
    typing
        .env("ANSWERS", "City of the file=city.example\nTime zone=Europe/Paris\nOrder of dates=1");
    let mut child = typing.stdout(Stdio::piped()).spawn().unwrap();
    let lines: Vec<String> =
        BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).collect();
    let text = lines.join("\n");
    assert!(child.wait().unwrap().success(), "{text}");
    assert!(text.contains("1) day/month/year") && text.contains("2 added"), "{text}");
    let exported = done(&folder, &["export", "--format", "csv"]);
    assert!(exported.contains("2026-04-03T"), "3 April: {exported}");
}

#[test]
fn generate_says_what_became_of_the_reports_that_were_there() {
    let folder = Folder::new("generate");
    let generate = |until: &str| {
        done(&folder, &["generate", "--reports", "30", "--seed", "5", "--until", until])
    };
    let first = generate("2026-10-01");
    assert!(first.contains("30 reports: 30 added, 0 changed, 0 unchanged\n"), "{first}");
    assert!(generate("2026-10-01").contains("0 added, 0 changed, 30 unchanged\n"));
    let again = generate("2026-10-20");
    assert!(again.contains("30 reports: 0 added, 30 changed, 0 unchanged"), "{again}");
    let text = done(&folder, &["export", "--format", "csv"]);
    assert_eq!(text.lines().count(), 31, "{text}");
}

#[test]
fn training_on_few_labels_says_how_many_are_needed() {
    let folder = Folder::new("train");
    done(&folder, &["generate", "--reports", "3000", "--seed", "5"]);
    let truth = std::fs::read(folder.file("city.truth.json")).unwrap();
    let truth: serde_json::Value = serde_json::from_slice(&truth).unwrap();
    let pair = |repeat: &serde_json::Value| {
        let [child, parent] = ["child", "parent"].map(|key| repeat[key].as_str().unwrap());
        format!("{child},{parent}\n")
    };
    let rows: String = truth["repeats"].as_array().unwrap().iter().take(5).map(pair).collect();
    let pairs = folder.with("pairs.csv", format!("child_id,parent_id\n{rows}"));
    let pairs = pairs.to_str().unwrap();
    let output = run(&folder, &["train", "duplicates", "--pairs", pairs, "--out", "m.toml"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("too few labelled duplicates: "), "{said}");
    assert!(said.contains("at least 10 in one group of services"), "{said}");
}

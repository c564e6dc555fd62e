//! What an import says at its end, its exit status, and what it leaves undone when asked to.

use crate::common::{Folder, done_at_home as done, run_at_home as run};

const HEADER: &str =
    "service_request_id,requested_datetime,updated_datetime,service_name,status,lat,lon";

/// A file of rows under [`HEADER`].
fn file(folder: &Folder, name: &str, rows: &[&str]) -> String {
    let path = folder.with(name, format!("{HEADER}\n{}\n", rows.join("\n")));
    path.to_str().unwrap().to_owned()
}

const GOOD: &str = "a1,2026-10-01T10:00:00Z,2026-10-05T10:00:00Z,Pothole,open,46.81,-71.21";
const BAD: &str = "a2,whenever,,Pothole,open,46.81,-71.21";

/// The exit status and the standard output.
fn status(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(folder, arguments);
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn every_row_is_counted_by_what_became_of_it() {
    let folder = Folder::new("summary");
    let first = file(&folder, "1.csv", &[GOOD, &GOOD.replace("a1", "a0")]);
    done(&folder, &["import", &first]);
    let rows = [
        GOOD,
        &GOOD.replace("a1", "a0").replace("10-05", "10-04").replace("open", "closed"),
        &GOOD.replace("a1", "b1").replace("46.81,-71.21", ","),
        &GOOD.replace("a1", "b2").replace("46.81,-71.21", "#N/A,#N/A"),
        &GOOD.replace("a1", "b3").replace("46.81,-71.21", "0,0"),
        &GOOD.replace("a1", "b4").replace("46.81,-71.21", "48.85,2.35"),
        &GOOD.replace("a1", "b5").replace("open", "Wibble"),
        &GOOD.replace("a1", "b5").replace("10-05", "10-06"),
        BAD,
        "a3,later,,Pothole,open,46.81,-71.21",
        "a4,2026-10-01T10:00:00Z,,Pothole,open,46.81,-971.21",
    ];
    let second = file(&folder, "2.csv", &rows);
    let (code, output) = status(&folder, &["import", &second]);
    assert_eq!(code, Some(3), "{output}");
    for part in [
        "  11 rows in ",
        "  5 added, 0 updated, 1 unchanged, 3 refused\n",
        "  1 older than what is stored, and not written\n",
        "  1 row repeats an id: the newest update of each id is taken\n",
        "  3 without a position, 0 at a default point, 1 outside the city's extent\n",
        "    without a position: 1 empty cell, 1 marked '#N/A', 1 at 0, 0 or an empty geometry\n",
        "  refused, by field and reason:\n    2 requested_datetime: ",
        "('whenever', 'later')\n    1 lon: must be a number between -… and … degrees ('-971.21')",
        "2.refused.csv",
        "  times: 17 2026-05-27 14:05Z\n",
        "status words not known: 1 'Wibble' read as open",
    ] {
        let part = part.replace("between -… and …", "between -180 and 180");
        assert!(output.contains(&part), "{part}: {output}");
    }
}

#[test]
fn the_exit_status_says_how_much_was_usable() {
    let folder = Folder::new("summary");
    let good = file(&folder, "good.csv", &[GOOD]);
    let some = file(&folder, "some.csv", &[GOOD, BAD]);
    let none = file(&folder, "none.csv", &[BAD]);
    let empty = file(&folder, "empty.csv", &[]);
    for (files, code) in [
        (vec![&good], 0),
        (vec![&good], 0),
        (vec![&some], 3),
        (vec![&none], 1),
        (vec![&empty], 1),
        (vec![&none, &empty], 1),
        (vec![&good, &none], 3),
        (vec![&good, &some], 3),
    ] {
        let arguments: Vec<&str> =
            ["import"].into_iter().chain(files.iter().map(|file| file.as_str())).collect();
        assert_eq!(status(&folder, &arguments).0, Some(code), "{files:?}");
    }
    assert_eq!(status(&folder, &["import", &good, "--summary", "xml"]).0, Some(2));
    let help = done(&folder, &["import", "--help"]);
    for code in ["0  ", "1  ", "2  ", "3  ", "130"] {
        assert!(help.contains(&format!("\n  {code}")), "{code}: {help}");
    }
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let folder = Folder::new("summary");
    let path = file(&folder, "rows.csv", &[GOOD, &GOOD.replace("a1", "a5"), BAD]);
    let (code, output) = status(&folder, &["import", &path, "--dry-run"]);
    assert_eq!(code, Some(3), "{output}");
    assert!(output.contains("  would be: 2 added, 0 updated, 0 unchanged, 1 refused"), "{output}");
    assert!(output.contains("nothing is written into the store"), "{output}");
    assert!(!folder.file("city.db").exists(), "no store was made");

    let city = ["--jurisdiction", "other.example", "--time-zone", "America/New_York"];
    done(&folder, &["import", &path]);
    let before = (done(&folder, &["check"]), done(&folder, &["export", "--format", "csv"]));
    let newer = GOOD.replace("10-05", "10-07").replace("open", "closed");
    let older = GOOD.replace("a1", "a5").replace("10-05", "10-01").replace("open", "closed");
    let path = file(&folder, "next.csv", &[&newer, &older, &GOOD.replace("a1", "a6")]);
    let (code, dry) = status(&folder, &["import", &path, "--dry-run"]);
    assert_eq!(code, Some(0), "{dry}");
    assert!(dry.contains("  would be: 1 added, 1 updated, 0 unchanged, 0 refused"), "{dry}");
    assert!(dry.contains("1 older than what is stored"), "{dry}");
    let other = status(&folder, &[&["import", &path, "--dry-run"], &city[..]].concat());
    assert!(other.1.contains("  would be: 3 added, 0 updated"), "{}", other.1);
    let after = (done(&folder, &["check"]), done(&folder, &["export", "--format", "csv"]));
    assert_eq!(after, before, "neither a report nor a city");
    let real = done(&folder, &["import", &path]);
    let line = |text: &str| {
        text.lines()
            .find(|line| line.contains(" added, "))
            .map(|line| line.replace("would be: ", ""))
    };
    assert_eq!(line(&real), line(&dry));
}

#[test]
fn strict_imports_all_or_nothing() {
    let folder = Folder::new("summary");
    let good = file(&folder, "good.csv", &[GOOD]);
    let odd = file(&folder, "odd.csv", &[&GOOD.replace("open", "Wibble")]);
    let some = file(&folder, "some.csv", &[GOOD, BAD]);
    for (files, reason) in [
        (vec![&some], "some.csv: 1 row refused"),
        (vec![&odd], "odd.csv: 1 status word not known: 'Wibble'"),
        (vec![&good, &some], "some.csv: 1 row refused"),
    ] {
        let mut arguments = vec!["import", "--strict"];
        arguments.extend(files.iter().map(|file| file.as_str()));
        let output = run(&folder, &arguments);
        assert_eq!(output.status.code(), Some(1), "{files:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("nothing was imported (--strict): "), "{error}");
        assert!(error.contains(reason), "{error}");
        assert!(!folder.file("city.db").exists(), "{files:?}");
    }
    assert_eq!(status(&folder, &["import", "--strict", &good]).0, Some(0));
    assert!(done(&folder, &["check"]).contains("1 report,"));
}

#[test]
fn the_summary_is_also_json() {
    let folder = Folder::new("summary");
    let path = file(&folder, "rows.csv", &[GOOD, BAD, &GOOD.replace("46.81,-71.21", "-,-")]);
    let (code, output) = status(&folder, &["import", &path, "--summary", "json"]);
    assert_eq!(code, Some(3), "{output}");
    let summary: serde_json::Value = serde_json::from_str(&output).unwrap();
    for (name, count) in [("rows", 3), ("added", 1), ("repeated", 1), ("refused", 1)] {
        assert_eq!(summary[name], count, "{name}: {summary}");
    }
    assert_eq!(summary["refusals"][0]["field"], "requested_datetime");
    assert_eq!(summary["refusals"][0]["count"], 1);
    // Where something is to be decided first, the line says what.
    let ambiguous = "01/02/2026 10:00:00,,Pothole,open,46.81,-71.21";
    let path = file(&folder, "days.csv", &[&format!("a1,{ambiguous}"), &format!("a2,{ambiguous}")]);
    let (code, output) = status(&folder, &["import", &path, "--summary", "json"]);
    assert_eq!(code, Some(2), "{output}");
    let summary: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert!(summary["error"].as_str().unwrap().contains("--date-order dmy"), "{summary}");
    // And which option has a value that is refused.
    let (_, output) =
        status(&folder, &["import", &path, "--summary", "json", "--date-order", "ydm"]);
    let summary: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(summary["refused"][0]["field"], "--date-order", "{summary}");
}

#[test]
fn counts_of_callers_become_reports_of_one_incident() {
    let folder = Folder::new("summary");
    let mapping = "name = 'calls'\njurisdiction = 'calls.test'\ntime_zone = 'America/Toronto'\n\
                   [columns]\nid = ['sr']\nrequested = ['opened']\ncategory = ['kind']\n\
                   lon = ['x']\nlat = ['y']\ncallers = ['number of calls']\n";
    let mapping = folder.with("m.toml", mapping.replace("number of calls", "number_of_calls"));
    let rows = "sr,opened,kind,x,y,Number of calls\n\
                c1,2026-10-01T10:00:00Z,Pothole,-71.21,46.81,3\n\
                c2,2026-10-01T10:00:00Z,Pothole,-71.22,46.82,\n\
                c3,2026-10-01T10:00:00Z,Pothole,-71.23,46.83,many\n";
    let file = folder.with("calls.csv", rows);
    let arguments = ["import", file.to_str().unwrap(), "--mapping", mapping.to_str().unwrap()];
    let (code, output) = status(&folder, &arguments);
    assert_eq!(code, Some(3), "{output}");
    assert!(output.contains("  2 added, 0 updated, 0 unchanged, 1 refused"), "{output}");
    assert!(output.contains("  2 reports of further callers, as duplicates"), "{output}");
    assert!(output.contains("1 callers: is not a number of callers"), "{output}");
    assert!(status(&folder, &arguments).1.contains("  0 added, 0 updated, 2 unchanged, 1 refused"));
    assert!(done(&folder, &["check"]).contains("calls.test: 4 reports"));
    let service = crate::common::Service::start(&folder, &[]);
    for (count, total) in [("reports", 4), ("incidents", 2)] {
        let path = format!("/api/v1/stats?jurisdiction_id=calls.test&count={count}");
        assert_eq!(service.get(&path).json()["total"], total, "{count}");
    }
}

/// The text and the JSON of a dry run over a file.
fn said(file: &str, content: &str, extra: &[&str]) -> (String, serde_json::Value) {
    let folder = Folder::new("summary");
    let path = folder.with(file, content);
    let arguments = [&["import", path.to_str().unwrap(), "--dry-run"], extra].concat();
    let text = status(&folder, &arguments).1;
    let json = status(&folder, &[&arguments[..], &["--summary", "json"]].concat()).1;
    (text, serde_json::from_str(&json).unwrap())
}

#[test]
fn what_is_concluded_without_a_status_is_said() {
    let zurich = "service_code,e,n,date\nAbfall,2683000,1248000,2020-05-06\n";
    let montreal = "ID_UNIQUE,NATURE,ACTI_NOM,DDS_DATE_CREATION,DERNIER_STATUT,LOC_LONG,LOC_LAT\n\
                    1,Requete,Nid-de-poule,2020-05-06T10:00:00,,-73.6,45.5\n";
    let nyc = "Unique Key,Created Date,Complaint Type,Latitude,Longitude\n\
               1,05/16/2020 10:00:00 AM,Noise,40.7,-73.9\n";
    for (content, reason, read_as) in [
        (zurich, "without a column of statuses", "closed"),
        (montreal, "with an empty status", "closed"),
        (nyc, "without a column of statuses", "open"),
    ] {
        let (text, json) = said("f.csv", content, &[]);
        assert!(text.contains(&format!("  1 row {reason}, read as {read_as}\n")), "{text}");
        let one = &json["without_status"][0];
        assert_eq!((&one["reason"], &one["count"]), (&reason.into(), &1.into()), "{json}");
        assert_eq!(one["read_as"], read_as);
    }
    let rows = ["", "N/A", "-", "N/A"].map(|word| GOOD.replace("open", word).replace("a1", ""));
    let (text, _) = said("f.csv", &format!("{HEADER}\n{}\n", rows.join("\n")), &[]);
    for line in ["2 rows with the status 'N/A'", "1 row with the status '-'", "an empty status"] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn closing_times_that_are_not_kept_are_said() {
    let row = |id: &str, status: &str| {
        format!("{id},2026-10-01T10:00:00Z,2026-10-02T10:00:00Z,Pothole,{status},46.81,-71.21\n")
    };
    let header = HEADER.replace("updated", "closed");
    let rows = [row("a", "open"), row("b", "In progress"), row("c", "open"), row("d", "closed")];
    let (text, json) = said("f.csv", &format!("{header}\n{}", rows.concat()), &[]);
    assert!(text.contains("  2 closing times not kept, because the status is open\n"), "{text}");
    assert!(text.contains("1 closing time not kept, because the status is in_progress"), "{text}");
    assert_eq!(json["closing_times_not_kept"]["open"], 2, "{json}");
    assert_eq!(json["closed_by_closing_time"], 0);
}

#[test]
fn exchanged_coordinates_are_counted() {
    let content = format!("{HEADER}\n{GOOD}\n{}\n", GOOD.replace("46.81,-71.21", "-71.21,46.81"));
    let city = ["--jurisdiction", "ville.quebec.qc.ca"];
    for (extra, count) in [(&["--fix-swapped"][..], 1), (&[][..], 0)] {
        let (text, json) =
            said("f.csv", &content.replacen("Z,Pothole", "Z,Hole", 1), &[&city, extra].concat());
        assert_eq!(json["exchanged_coordinates"], count, "{json}");
        let is_said = text.contains("1 row whose latitude and longitude were exchanged");
        assert_eq!(is_said, count > 0, "{text}");
    }
}

#[test]
fn the_json_has_every_word_and_how_the_file_was_read() {
    let rows: String = (0..40)
        .map(|n| format!("w{n},2026-10-01T10:00:00Z,,Pothole,Wibble {n},46.81,-71.21\n"))
        .collect();
    let known = "k,2026-10-01T10:00:00Z,,Pothole,Erledigt,46.81,-71.21\n";
    let (text, json) = said("f.csv", &format!("{HEADER}\n{rows}{known}"), &[]);
    assert!(text.contains("; 28 more, which --summary json lists"), "{text}");
    assert_eq!(json["status_words_not_known"].as_array().unwrap().len(), 40);
    assert_eq!(json["status_words"][0]["word"], "Erledigt", "{json}");
    assert_eq!(json["columns"]["category"][0], "service_name", "{json}");
    let table = "City requests\nnumber;category;created;status;position\n\
                 1;Pothole;25.05.2026 10:00;open;46.81, -71.21\n\
                 2;Pothole;26.05.2026 10:00;open;46.82, -71.22\n\
                 3;Light;27.05.2026 10:00;closed;46.83, -71.23\n";
    let city = ["--jurisdiction", "c.example", "--time-zone", "America/Toronto"];
    let (_, json) = said("g.csv", table, &city);
    let column = |name: &str| {
        let columns = json["columns"].as_array().unwrap();
        columns.iter().find(|column| column["name"] == name).unwrap().clone()
    };
    assert_eq!(column("created")["field"], "requested", "{json}");
    assert!(column("position")["certainty"].as_f64().unwrap() > 0.5, "{json}");
    let notes = json["notes"].as_array().unwrap();
    assert!(notes.iter().any(|note| note.as_str().unwrap().contains("above the header")), "{json}");
}

#[test]
fn names_that_differ_have_services_of_their_own() {
    let names = ["Straße", "Strasse", "Café", "Cafe", "Łąka", "Laka", "🌳", "🚗", "!!!", "???"];
    let rows: String = (1..)
        .zip(names)
        .map(|(n, name)| format!("{n},2026-10-01T10:00:00Z,,{name},open,46.81,-71.21\n"))
        .collect();
    for city in ["ville.quebec.qc.ca", "other.example"] {
        let folder = Folder::new("summary");
        let path = folder.with("f.csv", format!("{HEADER}\n{rows}"));
        let city = ["--jurisdiction", city, "--time-zone", "America/Toronto"];
        done(&folder, &[&["import", path.to_str().unwrap()], &city[..]].concat());
        let text = done(&folder, &["export", "--format", "csv", "--jurisdiction", city[1]]);
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let header = table.headers().unwrap().clone();
        let at = |name: &str| header.iter().position(|has| has == name).unwrap();
        let (code, name) = (at("service_code"), at("service_name"));
        let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
        let codes: std::collections::HashSet<&str> = rows.iter().map(|row| &row[code]).collect();
        assert_eq!(codes.len(), names.len(), "{text}");
        assert!(names.iter().all(|one| rows.iter().any(|row| &row[name] == *one)), "{text}");
    }
}

#[test]
fn times_are_shown_as_they_are_written_and_mixtures_are_said() {
    let file = |times: &[(&str, u32)]| {
        let rows = times.iter().flat_map(|(time, count)| vec![*time; *count as usize]);
        let rows = (0..).zip(rows).map(|(n, time)| {
            GOOD.replace("a1", &format!("a{n}")).replacen(
                "2026-10-01T10:00:00Z,2026-10-05T10:00:00Z",
                &format!("{time},"),
                1,
            ) + "\n"
        });
        format!("{HEADER}\n{}", rows.collect::<String>())
    };
    let city = ["--jurisdiction", "t.example", "--time-zone", "America/Toronto"];
    for (times, shown) in [
        (&[("2026-05-27", 3)][..], "  times: 3 2026-05-27\n"),
        (&[("20260527", 3)], "  times: 3 20260527\n"),
        (&[("2026-05-27 14:05 EDT", 2)], "  times: 2 2026-05-27 14:05 EDT\n"),
        (&[("2026-05-27T14:05:00-04:00", 2)], "  times: 2 2026-05-27 14:05+02:00\n"),
        (&[("2026-05-27 14:05", 2)], "  times: 2 2026-05-27 14:05 (local)\n"),
        (&[("05/27/2026 02:05 PM", 2)], "  times: 2 05/27/2026 02:05 PM (local)\n"),
        (&[("1570320355", 2)], "  times: 2 epoch seconds\n"),
    ] {
        let (text, json) = said("f.csv", &file(times), &city);
        assert!(text.contains(shown), "{shown}: {text}");
        assert!(!text.contains("without: those"), "{text}");
        assert_eq!(json["times"][shown[11..].trim_end()], times[0].1, "{json}");
    }
    for zoned in ["2026-05-27T14:05:00Z", "2026-05-27T14:05:00+00:00", "2026-05-27 14:05 EDT"] {
        let mixed = [(zoned, 6), ("2026-05-27T14:05:00", 2), ("2026-05-27", 1)];
        let (text, json) = said("f.csv", &file(&mixed), &city);
        let sentence = "requested: 6 times with Z, an offset or a zone, 2 without: those are read \
                        as local time of America/Toronto";
        assert!(text.contains(sentence), "{text}");
        assert!(json["notes"].as_array().unwrap().contains(&sentence.into()), "{json}");
    }
}

#[test]
fn statuses_are_counted_of_admitted_rows_alone() {
    let header = HEADER.replace("updated", "closed");
    let row = |id: &str, closed: &str, status: &str| {
        format!("{id},2026-10-01T10:00:00Z,{closed},Pothole,{status},46.81,-71.21\n")
    };
    let (good, early) = ("2026-10-02T10:00:00Z", "2026-09-01T10:00:00Z");
    let rows = [
        row("a", good, ""),
        row("b", early, ""),
        row("c", early, ""),
        row("d", good, "Wibble"),
        row("e", early, "Wibble"),
        row("f", "", "N/A"),
        row("g", "", "N/A").replace("46.81", "north"),
        row("h", good, "open"),
        row("i", good, "open").replace("Pothole", ""),
    ];
    let (text, json) = said("f.csv", &format!("{header}\n{}", rows.concat()), &[]);
    assert_eq!((&json["refused"], &json["added"]), (&5.into(), &4.into()), "{text}");
    assert_eq!(json["closed_by_closing_time"], 2, "{text}");
    assert_eq!(json["status_words_not_known"][0]["count"], 1, "{text}");
    assert_eq!(json["without_status"][0]["count"], 1, "{text}");
    assert_eq!(json["closing_times_not_kept"]["open"], 1, "{text}");
}

#[test]
fn many_words_that_are_known_stay_known() {
    let folder = Folder::new("summary");
    let row = |n: u32| {
        let status = format!("Closed by operator {n}");
        GOOD.replace("a1", &format!("w{n}")).replace("open", &status)
    };
    let rows: Vec<String> = (0..1_200).map(row).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let path = file(&folder, "many.csv", &rows);
    let (code, output) = status(&folder, &["import", "--strict", &path]);
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("200 '… (closed"), "{output}");
    assert!(!output.contains("not known"), "{output}");
}

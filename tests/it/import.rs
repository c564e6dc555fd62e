//! Import and export through the program: real open data where it is at hand, and every oddity.

use crate::common::{Folder, data_or_skip, done, refused_rows, run};

/// The numbers in the summary line of an import: added, updated, unchanged, refused.
fn counts(output: &str) -> [u64; 4] {
    let line = output.lines().find(|line| line.contains(" added, ")).expect(output);
    let numbers: Vec<u64> = line.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    numbers.try_into().unwrap()
}

fn digest(folder: &Folder, jurisdiction: &str) -> String {
    let output = done(folder, &["check"]);
    assert!(output.ends_with("ok\n"), "{output}");
    let line = output.lines().find(|line| line.starts_with(jurisdiction)).expect(&output);
    line.rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn real_files_come_in_whole_and_twice_adds_nothing() {
    for (file, extra, rows) in [
        ("boston-311-2011-jul-oct.csv", vec!["--jurisdiction", "boston.gov"], 41_827),
        ("montreal/montreal-311-vermine-2016-2019.csv", vec![], 2_761),
        ("montreal/montreal-311-nids-de-poule-sample-2026.csv", vec![], 16),
        ("zurich-zueriwieneu-cleaned.csv", vec![], 62_245),
        ("nyc-311-1000-2024.csv", vec![], 1_000),
        ("nyc-311-qsv-100.csv", vec![], 100),
        (
            "syracuse-potholes-filled-2016-swapped.csv",
            vec![
                "--fix-swapped",
                "--mapping",
                concat!(env!("CARGO_MANIFEST_DIR"), "/data/mappings/syracuse-potholes.toml"),
            ],
            7_538,
        ),
    ] {
        let Some(path) = data_or_skip(file) else { continue };
        let folder = Folder::new("import");
        let mut arguments = vec!["import", path.to_str().unwrap()];
        arguments.extend(extra);
        let [added, updated, unchanged, refused] = counts(&done(&folder, &arguments));
        assert_eq!((added + refused, updated, unchanged), (rows, 0, 0), "{file}");
        assert!(refused * 100 < rows, "{file}: {refused} refused");
        assert_eq!(counts(&done(&folder, &arguments)), [0, 0, added, refused], "{file} again");
        assert!(done(&folder, &["check"]).ends_with("ok\n"));
    }
}

#[test]
fn exports_read_back_to_the_same_digest() {
    let folder = Folder::new("export");
    let rows = "case_enquiry_id,open_dt,closed_dt,case_status,closure_reason,case_title,type,reason,\
                neighborhood,location,latitude,longitude,source\n\
        1,2011-07-01 01:32:33,,Open,,\"He said \"\"N/A\"\", then\nleft\",Street Light Outages,\
                Street Lights,\"Allston / Brighton\",\"1, A St\",42.2715,-71.0772,Self Service\n\
        2,2011-07-01 01:32:33,2011-07-02 01:32:33,Closed,Case Closed Duplicate of Existing Case \
                101000295999,T,Graffiti Removal,Graffiti,,B St,42.3594,-71.0587,Twitter\n\
        3,2011-11-06 01:30:00,,Open,,N/A,Pothole,,,,,,\n";
    let source = folder.with("boston.csv", rows);
    done(&folder, &["import", source.to_str().unwrap()]);
    done(&folder, &["generate", "--reports", "2000", "--until", "2026-11-01"]);
    for jurisdiction in ["boston.gov", "ville.quebec.qc.ca"] {
        let before = digest(&folder, jurisdiction);
        for format in ["csv", "geojson"] {
            let other = Folder::new("export");
            let file = other.file(&format!("out.{format}"));
            let file = file.to_str().unwrap();
            done(
                &folder,
                &["export", "--jurisdiction", jurisdiction, "--format", format, "-o", file],
            );
            let output = done(&other, &["import", file, "--jurisdiction", jurisdiction]);
            assert_eq!(counts(&output)[3], 0, "{output}");
            assert_eq!(digest(&other, jurisdiction), before, "{jurisdiction} by {format}");
        }
    }
}

const HEADER: &str =
    "case_enquiry_id,open_dt,closed_dt,case_status,case_title,type,latitude,longitude";

/// Imports rows under Boston's header; the summary and the refused rows.
fn boston(rows: impl AsRef<[u8]>, extra: &[&str]) -> ([u64; 4], String) {
    let folder = Folder::new("rows");
    let mut text = format!("{HEADER}\n").into_bytes();
    text.extend_from_slice(rows.as_ref());
    let file = folder.with("rows.csv", text);
    let mut arguments = vec!["import", file.to_str().unwrap()];
    arguments.extend(extra);
    let output = done(&folder, &arguments);
    assert!(done(&folder, &["check"]).ends_with("ok\n"));
    (counts(&output), refused_rows(&folder, "rows.refused.csv"))
}

#[test]
fn each_bad_row_is_refused_with_its_reason_and_the_rest_goes_on() {
    let long = "x".repeat(1 << 20);
    let rows = format!(
        "1,2011-07-01 01:00:00,,Open,fine,Pothole,42.3,-71.1\n\
         2,hier,,Open,bad date,Pothole,42.3,-71.1\n\
         3,1900-01-01 00:00:00,,Open,old,Pothole,42.3,-71.1\n\
         4,2100-01-01 00:00:00,,Open,future,Pothole,42.3,-71.1\n\
         5,2011-07-02 01:00:00,2011-07-01 01:00:00,Closed,backwards,Pothole,42.3,-71.1\n\
         6,2011-07-01 01:00:00,,Open,{long},Pothole,42.3,-71.1\n\
         7,2011-07-01 01:00:00,,Open,far,Pothole,95.0,-191.1\n\
         8,2011-07-01 01:00:00,,Open,text,Pothole,north,-71.1\n\
         9,2011-07-01 01:00:00,,Open,ragged,Pothole\n\
         1,2011-07-01 01:00:00,,Open,repeated id,Pothole,42.3,-71.1\n\
         10,2011-07-01 01:00:00,,Open,no service,,42.3,-71.1\n\
         11,2011-07-01 01:00:00,,Open,swapped,Pothole,-71.1,42.3\n\
         12,2011-07-01 01:00:00,,Open,half a place,Pothole,42.3,\n\
         13,2011-07-01 01:00:00,,Open,fine too,Pothole,,\n\
         14,2011-07-01 01:00:00,,Open,null island,Pothole,0,0\n\
         15,2011-07-01 01:00:00,,Open,no category,N/A,42.3,-71.1\n\
         16,NULL,,Open,no time,Pothole,42.3,-71.1\n\
         17,2011-07-01 01:00:00,,Open,a dash,-,42.3,-71.1\n"
    );
    let (counts, refused) = boston(&rows, &[]);
    assert_eq!(counts, [3, 0, 0, 14]);
    for (row, field, reason) in [
        ("3", "requested_datetime", "is neither a date"),
        ("4", "requested_datetime", "is before 1970"),
        ("5", "requested_datetime", "is in the future"),
        ("6", "closed_datetime", "is before the request was created"),
        ("7", "description", "has 1048576 characters; 4000 at most"),
        ("8", "lon", "must be a number between -180 and 180 degrees"),
        ("9", "lat", "is not a number"),
        ("10", "row", "the row has 6 columns; the header has 8"),
        ("12", "service_name", "the cell is empty"),
        ("13", "lon, lat", "look swapped"),
        ("14", "lon", "is missing"),
        ("17", "service_name", "is missing: 'N/A' means no value"),
        ("18", "requested_datetime", "is missing: 'NULL' means no value"),
        ("19", "service_name", "is missing: '-' means no value"),
    ] {
        let line = refused.lines().find(|line| line.starts_with(&format!("{row},{field},")));
        let line = line.unwrap_or_else(|| panic!("row {row} {field} is not in\n{refused}"));
        assert!(line.contains(reason), "{line}");
    }
    let (counts, _) =
        boston("11,2011-07-01 01:00:00,,Open,swapped,Pothole,-71.1,42.3\n", &["--fix-swapped"]);
    assert_eq!(counts, [1, 0, 0, 0]);
}

fn rows_of_latin_1() -> &'static [u8] {
    b"1,2011-07-01 01:00:00,,Open,caf\xe9,Pothole,42.3,-71.1\r\n\
      2,2011-07-01 01:00:00,,Open,\"two\r\nlines\",Pothole,42.3,-71.1\r\n"
}

#[test]
fn bytes_that_are_not_text_line_ends_and_marks() {
    let rows = rows_of_latin_1();
    assert_eq!(boston(rows, &[]).0, [2, 0, 0, 0], "one encoding for the whole file");
    let utf_8 = "0,2011-07-01 01:00:00,,Open,café à côté,Pothole,42.3,-71.1\r\n";
    let (counts, refused) = boston([utf_8.as_bytes(), rows].concat(), &[]);
    assert_eq!(counts, [2, 0, 0, 1]);
    assert!(refused.contains("3,case_title,caf\u{fffd},is not UTF-8"), "{refused}");

    let folder = Folder::new("bom");
    let text = format!(
        "\u{feff}{}\r\n1;2011-07-01 01:00:00;;Open;x;Pothole;42.3;-71.1\r\n",
        HEADER.replace(',', ";")
    );
    let file = folder.with("bom.csv", text);
    assert_eq!(counts_of(&folder, file.to_str().unwrap()), [1, 0, 0, 0]);

    // A column of row numbers without a name comes first.
    let file = folder.with(
        "index.csv",
        format!(",{HEADER}\n0,9,2011-07-01 01:00:00,,Open,x,Pothole,42.3,-71.1\n"),
    );
    assert_eq!(counts_of(&folder, file.to_str().unwrap()), [1, 0, 0, 0]);
}

fn counts_of(folder: &Folder, file: &str) -> [u64; 4] {
    counts(&done(folder, &["import", file]))
}

#[test]
fn files_that_are_none_are_refused_by_name() {
    let folder = Folder::new("files");
    for (file, extra, reason) in [
        (folder.with("empty.csv", ""), vec![], "is empty"),
        (folder.with("blank.csv", "\n \n"), vec![], "is empty"),
        (folder.0.clone(), vec![], "is a directory"),
        (folder.file("nowhere.csv"), vec![], "no such file"),
        (folder.with("other.csv", "a,b\n1,2\n"), vec![], "No column is recognised"),
        (
            folder.with("a.csv", "a,b\n1,2\n"),
            vec!["--profile", "boston"],
            "is not of profile 'boston'",
        ),
        (
            folder.with("b.csv", "a,b\n1,2\n"),
            vec!["--profile", "gotham"],
            "auto | montreal | boston",
        ),
        (folder.with("c.json", "{\"features\": [{\"type\": \"Feature\"}, "), vec![], "stopped: "),
        (folder.with("d.json", "[1, 2]"), vec![], "stopped: "),
        (folder.with("e.png", b"\x89PNG\r\n\x1a\n\0\0\0"), vec![], "'file'"),
    ] {
        let mut arguments = vec!["import", file.to_str().unwrap()];
        arguments.extend(extra);
        let output = run(&folder, &arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{file:?}: {error}");
        assert!(error.contains(reason), "{file:?}: {error}");
        assert!(!error.contains("panicked"), "{error}");
    }
}

#[test]
fn files_that_cannot_be_written_and_stores_that_are_not_there_are_refused_by_name() {
    let folder = Folder::new("unwritable");
    done(&folder, &["generate", "--reports", "20", "--seed", "5"]);
    let at = folder.file("nowhere/file");
    let at = at.to_str().unwrap();
    let source = folder.with(
        "a.csv",
        "service_request_id,requested_datetime,service_name,lat,long\n1,soon,x,99,0\n",
    );
    let source = source.to_str().unwrap();
    let as_csv = format!("{at}.csv");
    for arguments in [
        vec!["export", "--format", "geojson", "--output", at],
        vec!["export", "--format", "gpkg", "--output", at],
        vec!["generate", "--reports", "20", "--output", &as_csv],
        vec!["dedupe", "--review", at],
        vec!["import", source, "--refused", at, "--jurisdiction", "ville.quebec.qc.ca"],
    ] {
        let output = run(&folder, &arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains("cannot be written"), "{arguments:?}: {error}");
        assert!(error.contains("nowhere/file"), "{arguments:?}: {error}");
    }
    let missing = folder.file("missing.db");
    let store = format!("sqlite:{}", missing.display());
    for command in [vec!["export"], vec!["check"], vec!["dedupe"], vec!["boundaries", "list"]] {
        let mut arguments = command;
        arguments.extend(["--store", &store]);
        let output = run(&folder, &arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains("'--store'") && error.contains("does not exist"), "{error}");
        assert!(!missing.exists(), "{arguments:?} has made the store");
    }
}

#[test]
fn features_one_by_one() {
    let folder = Folder::new("features");
    let feature = |id: &str, geometry: &str, more: &str| {
        format!(
            r#"{{"type":"Feature","id":"{id}","geometry":{geometry},"properties":{{"service_name":"Trou","requested_datetime":"2026-03-01T08:00:00Z"{more}}}}}"#
        )
    };
    let features = [
        feature("a", r#"{"type":"Point","coordinates":[-71.2,46.8,97.5]}"#, ""),
        feature("b", "null", r#","status":"closed","area":"Limoilou""#),
        feature("c", r#"{"type":"LineString","coordinates":[[0,0],[1,1]]}"#, ""),
        feature("d", r#"{"type":"Point","coordinates":["x",46.8]}"#, ""),
        feature("e", r#"{"type":"Point","coordinates":[-71.2,146.8]}"#, ""),
        "17".to_owned(),
    ];
    let text = format!(
        r#"{{"type":"FeatureCollection","bbox":[-72,46,-71,47],"features":[{}]}}"#,
        features.join(",")
    );
    folder.with("some.geojson", text);
    let import = ["import", "some.geojson", "--jurisdiction", "ville.quebec.qc.ca"];
    assert_eq!(counts(&done(&folder, &import)), [2, 0, 0, 4]);
    let refused = refused_rows(&folder, "some.refused.csv");
    for line in ["3,geometry.type,LineString", "4,geometry.coordinates", "5,lat,146.8", "6,type"] {
        assert!(refused.contains(line), "{line} is not in {refused}");
    }
}

#[test]
fn rows_without_an_id_keep_theirs_from_run_to_run_and_twins_stay_two() {
    let folder = Folder::new("anonymous");
    let row = "2016-06-27,2016,Graffiti,2683920,1245604\n";
    let file = folder.with("z.csv", format!("date,year,service_code,e,n\n{row}{row}{row}"));
    assert_eq!(counts_of(&folder, file.to_str().unwrap()), [3, 0, 0, 0]);
    assert_eq!(counts_of(&folder, file.to_str().unwrap()), [0, 0, 3, 0]);
    let out = done(&folder, &["export", "--jurisdiction", "stadt-zuerich.ch", "--format", "csv"]);
    assert!(out.contains(",2016-06-27,"), "a day stays a day: {out}");
    assert!(out.contains(",8.54"), "Swiss metres become degrees: {out}");
}

#[test]
fn a_mapping_file_may_send_categories_to_known_services() {
    let folder = Folder::new("mapping");
    let mapping = "extends = 'boston'\n[services]\n'Street Light Outages' = 'lampadaire'\n";
    let mapping = folder.with("m.toml", mapping);
    let rows = "1,2011-07-01 01:00:00,,Open,x,Street Light Outages,42.3,-71.1\n";
    let file = folder.with("b.csv", format!("{HEADER}\n{rows}"));
    let arguments = ["import", file.to_str().unwrap(), "--mapping", mapping.to_str().unwrap()];
    done(&folder, &arguments);
    let out = done(&folder, &["export", "--jurisdiction", "boston.gov", "--format", "csv"]);
    assert!(out.contains("1,lampadaire,open"), "{out}");

    let wrong = folder.with("w.toml", "[columns]\nid = ['nope']\n");
    let file = folder.with("w.csv", "a,b\n1,2\n");
    let arguments = ["import", file.to_str().unwrap(), "--mapping", wrong.to_str().unwrap()];
    let output = run(&folder, &arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("none of its columns in the file"), "{error}");
}

/// A child may be older than its parent, a street's midpoint gathers many reports, and the borough
/// that must act is spelt otherwise than the borough where the trouble is.
#[test]
fn older_children_snapped_points_and_boroughs_in_two_spellings_come_in_as_they_are() {
    let folder = Folder::new("oddities");
    let header = "ID_UNIQUE,NATURE,ACTI_NOM,ARRONDISSEMENT,ARRONDISSEMENT_GEO,DDS_DATE_CREATION,\
                  LOC_LONG,LOC_LAT,DERNIER_STATUT";
    let geo = "Mercier-Hochelaga-Maisonneuve";
    let row = |id: usize| {
        format!(
            "26-{id},Requete,Nid-de-poule,Mercier - Hochelaga-Maisonneuve,{geo},\
             2026-01-02T17:02:28,-73.5109327627592,45.5963781950085,Urgente\n"
        )
    };
    let file = folder.with("m.csv", format!("{header}\n{}{}{}", row(1), row(2), row(3)));
    assert_eq!(counts_of(&folder, file.to_str().unwrap()), [3, 0, 0, 0]);
    let out = done(&folder, &["export", "--jurisdiction", "montreal.ca", "--format", "csv"]);
    assert_eq!(out.matches(&format!(",{geo},")).count(), 3, "{out}");
    assert!(!out.contains("Mercier - "), "{out}");

    let header = "SR_NUMBER,SR_TYPE,STATUS,CREATED_DATE,CLOSED_DATE,DUPLICATE,PARENT_SR_NUMBER";
    let child =
        "SR19-1,Pothole,Completed,03/01/2019 08:00:00 AM,03/02/2019 08:00:00 AM,true,SR19-2";
    let parent = "SR19-2,Pothole,Open,03/01/2019 09:00:00 AM,,false,";
    let file = folder.with("c.csv", format!("{header}\n{child}\n{parent}\n"));
    assert_eq!(counts_of(&folder, file.to_str().unwrap()), [2, 0, 0, 0]);
    let out = done(&folder, &["export", "--jurisdiction", "chicago.gov", "--format", "csv"]);
    assert!(out.contains("SR19-1,pothole,closed,duplicate,Completed"), "{out}");
    assert!(out.contains(",SR19-2,"), "{out}");
}

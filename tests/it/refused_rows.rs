//! The file of refused rows, corrected and imported again by the same command: the store is then
//! as if the source had been correct.

use crate::common::{Folder, done_at_home as done, run_at_home as run};
use crate::readers::workbook;

/// Imports `wrong`, corrects its refused rows, imports them by the same command, and compares the
/// store with that of `wrong` corrected beforehand. Each fault is a pair of a text and its
/// correction. Returns the refused rows as they were written.
fn corrected(
    name: &str,
    wrong: &[u8],
    right: &[u8],
    faults: &[(&str, &str)],
    extra: &[&str],
) -> String {
    let folder = Folder::new("refused");
    let file = folder.with(name, wrong);
    let output = run(&folder, &[&["import", file.to_str().unwrap()], extra].concat());
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{name}: {printed}{error}");
    let path = folder.file(&format!("{}.refused.csv", name.rsplit_once('.').unwrap().0));
    let refused = std::fs::read_to_string(&path).unwrap();
    let text = faults.iter().fold(refused.clone(), |text, (bad, good)| text.replace(bad, good));
    std::fs::write(&path, text).unwrap();
    let again = run(&folder, &[&["import", path.to_str().unwrap()], extra].concat());
    let printed = String::from_utf8_lossy(&again.stdout).into_owned();
    let error = String::from_utf8_lossy(&again.stderr);
    assert_eq!(again.status.code(), Some(0), "{name}: {printed}{error}\n{refused}");

    let wanted = Folder::new("refused");
    let file = wanted.with(name, right);
    let output = run(&wanted, &[&["import", file.to_str().unwrap()], extra].concat());
    assert_eq!(output.status.code(), Some(0), "{name}");
    assert_eq!(done(&folder, &["check"]), done(&wanted, &["check"]), "{name}: {refused}");
    refused
}

/// A text with faults, corrected beforehand and afterwards.
fn text(name: &str, wrong: &str, faults: &[(&str, &str)], extra: &[&str]) -> String {
    let right = faults.iter().fold(wrong.to_owned(), |text, (bad, good)| text.replace(bad, good));
    corrected(name, wrong.as_bytes(), right.as_bytes(), faults, extra)
}

const HEADER: &str =
    "service_request_id,requested_datetime,service_name,status,lat,lon,description";

#[test]
fn tables_are_corrected_in_their_own_columns() {
    let rows = format!(
        "{HEADER}\r\n\
         a1,2026-10-01T10:00:00Z,Pothole,open,46.81,-71.21,\"two\r\nlines, one cell\"\r\n\
         a2,soonish,Pothole,open,north,-71.21,\"He said \"\"no\"\", then\r\nleft\"\r\n\
         a3,2026-10-03T10:00:00Z,Éclairage,open,46.82,-71.22,été\r\n\
         a4,2026-10-04T10:00:00Z,Pothole,open,46.83,-971.23,\r\n"
    );
    let faults = [("soonish", "2026-10-02T10:00:00Z"), ("north", "46.8"), ("-971.23", "-71.23")];
    let refused = text("a.csv", &rows, &faults, &[]);
    let mut table = csv::Reader::from_reader(refused.as_bytes());
    let header: Vec<String> = table.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header[8..].join(","), HEADER, "{refused}");
    let lines: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(lines.len(), 2, "one line for a row, however many values were refused");
    let start = |line: &csv::StringRecord| line.iter().take(4).collect::<Vec<_>>().join(";");
    assert_eq!(start(&lines[0]), "2;4;lat | requested_datetime;north | soonish");
    assert_eq!(start(&lines[1]), "4;7;lon;-971.23", "the fourth row begins in line seven");

    let semicolons = rows.replace(", one", " one").replace(", then", " then").replace(',', ";");
    text("b.csv", &semicolons, &faults, &["--delimiter", ";"]);
    let latin: Vec<u8> = rows.chars().map(|sign| u8::try_from(u32::from(sign)).unwrap()).collect();
    let right = faults.iter().fold(rows.clone(), |text, (bad, good)| text.replace(bad, good));
    let right: Vec<u8> = right.chars().map(|sign| u8::try_from(u32::from(sign)).unwrap()).collect();
    corrected("c.csv", &latin, &right, &faults, &["--encoding", "windows-1252"]);
}

#[test]
fn what_all_rows_decide_is_kept_for_the_refused_ones() {
    let mapping = "name = 'm'\njurisdiction = 'x.test'\ntime_zone = 'America/Toronto'\n\
                   [columns]\nid = ['sr']\nrequested = ['opened']\ncategory = ['kind']\n\
                   point = ['where']\n";
    let folder = Folder::new("refused");
    let mapping = folder.with("m.toml", mapping);
    // Alone, the refused row would be read as May 2, or be asked about.
    let rows = "sr,opened,kind,where\n\
                e1,13/02/2026,Pothole,\"-120.21, 46.81\"\n\
                e2,05/02/2026,Pothole,over there\n";
    let mut days = rows.to_owned();
    for n in 10..22 {
        days += &format!("f{n},{n}/02/2026 00:00,Pothole,\"-120.2{n}, 46.81\"\n");
    }
    days = days
        .replace("13/02/2026,", "13/02/2026 00:00,")
        .replace("05/02/2026,", "05/02/2026 00:00,");
    for rows in [rows, &days] {
        let faults = [("over there", "\"-71.5, 46.9\"")];
        let extra = ["--mapping", mapping.to_str().unwrap()];
        let refused = text("e.csv", rows, &faults, &extra);
        assert!(
            refused.contains("date_order=dmy; point_order=lon,lat") || refused.contains("days=")
        );
    }
}

#[test]
fn sheets_are_corrected_as_tables() {
    let sheet = |lat: &str| {
        let lines = [
            "service_request_id,requested_datetime,service_name,status,lat,lon".to_owned(),
            "x1,2026-10-01T10:00:00Z,Pothole,open,46.81,-71.21".to_owned(),
            format!("x2,2026-10-02T10:00:00Z,Pothole,open,{lat},-71.22"),
        ];
        let row = |(number, line): (usize, &String)| {
            let cell = |text: &str| format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#);
            let cells: String = line.split(',').map(cell).collect();
            format!("<row r=\"{}\">{cells}</row>", number + 3)
        };
        workbook(&lines.iter().enumerate().map(row).collect::<String>())
    };
    let refused = corrected("x.xlsx", &sheet("near"), &sheet("46.82"), &[("near", "46.82")], &[]);
    assert!(refused.contains("\n2,5,lat,near,"), "row 2 stands in row 5 of the sheet: {refused}");
}

#[test]
fn records_and_features_are_corrected_as_tables() {
    let record = |id: &str, lat: &str, more: &str| {
        format!(
            r#"{{"service_request_id":"{id}","requested_datetime":"2026-10-01T10:00:00Z","service_name":"Pothole","status":"open","lat":{lat},"long":-71.21{more}}}"#
        )
    };
    let array = format!(
        "[{},{},{}]",
        record("j1", "46.81", ""),
        record("j2", "\"far\"", ""),
        record("j3", "\"far\"", ",\"zipcode\":\"G1R\",\"description\":\"new, later\"")
    );
    text("j.json", &array, &[("far", "46.9")], &[]);
    let lines = array.trim_matches(['[', ']']).replace("},{", "}\n{");
    text("l.ndjson", &lines, &[("far", "46.9")], &[]);
    let feature = |id: &str, date: &str, more: &str| {
        format!(
            r#"{{"type":"Feature","id":"{id}","properties":{{"date":"{date}","category":"Pothole"{more}}},"geometry":{{"type":"Point","coordinates":[-71.2,46.8]}}}}"#
        )
    };
    let features = format!(
        r#"{{"type":"FeatureCollection","features":[{},{},{}]}}"#,
        feature("g1", "2026-10-01T10:00:00Z", ""),
        feature("g2", "someday", ""),
        feature("g3", "someday", r#","description":"Trou, profond""#)
    );
    text("g.geojson", &features, &[("someday", "2026-10-02T10:00:00Z")], &[]);
}

#[test]
fn a_recognised_file_is_corrected_by_the_same_command() {
    let rows: String = (10..50)
        .map(|n| {
            let status = if n % 2 == 0 { "Gesloten" } else { "Open" };
            let date =
                if n == 30 { "binnenkort".to_owned() } else { format!("2025-03-02 08:{n}:00") };
            format!("V{n},{date},Kuil,{status},52.1{n},5.2{n}\n")
        })
        .collect();
    let rows =
        format!("meldingsnummer,aanmaakdatum,categorie,status,breedtegraad,lengtegraad\n{rows}");
    let extra = ["--jurisdiction", "valmeer.example", "--time-zone", "Europe/Amsterdam"];
    text("v.csv", &rows, &[("binnenkort", "2025-03-02 08:30:00")], &extra);
}

#[test]
fn rows_that_are_not_corrected_stay_refused_and_sources_are_never_overwritten() {
    let folder = Folder::new("refused");
    let rows = format!(
        "{HEADER}\na1,2026-10-01T10:00:00Z,Pothole,open,46.81,-71.21,x\n\
         a2,2026-10-01T10:00:00Z\nTotal,2,,,,,\n{HEADER}\n\
         a3,2026-10-01T10:00:00Z,Pothole,open,46.81,-71.21,x,y,z\n"
    );
    let file = folder.with("r.csv", rows);
    done(&folder, &["import", file.to_str().unwrap()]);
    let before = std::fs::read_to_string(folder.file("r.refused.csv")).unwrap();
    assert!(before.contains("\"a3,2026-10-01T10:00:00Z,Pothole,open,46.81,-71.21,x,y,z\""));
    // The row of nine cells lost two of them, and is a row now.
    let again = done(&folder, &["import", "r.refused.csv"]);
    assert!(again.contains("1 added, 0 updated, 0 unchanged, 3 refused"), "{again}\n{before}");
    let output = run(&folder, &["import", "r.refused.csv", "--refused", "r.refused.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(folder.file("r.refused.csv")).unwrap(), before);
}

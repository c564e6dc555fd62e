//! Sources that are other than usual: geometries that are no points, one feature alone, titles of
//! several cells above the header, JSON of programs that do not keep to it, and cut files.

use std::io::Write;

use crate::common::{Folder, LocalService, done, run};
use crate::downloads::{Server, send};
use crate::place_columns::{CITY, exported, import, import_as};
use crate::readers::{sheet_row, workbook_of};

/// A feature of GeoJSON with this number and geometry.
fn feature(number: u32, geometry: &str) -> String {
    format!(
        r#"{{"type":"Feature","id":"F{number}","properties":{{"date":"2026-10-01T10:{number}:00Z","category":"Pothole","tags":["a","b"]}},"geometry":{geometry}}}"#
    )
}

fn collection(features: &[String]) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

#[test]
fn geometries_that_are_no_points_are_named_for_what_they_are() {
    let polygon =
        r#"{"type":"Polygon","coordinates":[[[5.1,52.1],[5.2,52.1],[5.2,52.2],[5.1,52.1]]]}"#;
    let line = r#"{"type":"LineString","coordinates":[[5.1,52.1],[5.2,52.1]]}"#;
    let point = r#"{"type":"Point","coordinates":[5.1,52.1]}"#;
    let all = |kinds: &[&str]| {
        let of = |n: u32| kinds[n as usize % kinds.len()];
        (10..30).map(|n| feature(n, of(n))).collect::<Vec<String>>()
    };
    let rings = r#"{"attributes":{"id":"1","date":"2026-10-01T10:00:00Z","category":"Pothole"},"geometry":{"rings":[[[5.1,52.1],[5.2,52.1],[5.1,52.1]]]}}"#;
    for (text, words) in [
        (collection(&all(&[polygon])), "the geometry is polygons"),
        (collection(&all(&[line])), "the geometry is lines"),
        (collection(&all(&[polygon, line])), "the geometry is lines and polygons"),
        (all(&[polygon]).join("\n"), "the geometry is polygons"),
        (feature(10, polygon), "the geometry is polygons"),
        (format!(r#"{{"geometryType":"p","features":[{rings},{rings}]}}"#), "polygons"),
    ] {
        let folder = Folder::new("odd");
        let (code, _, said) = import(&folder, "a.geojson", &text);
        assert_eq!(code, Some(2), "{text}: {said}");
        assert!(said.contains(words) && said.contains("pointchaud files points"), "{said}");
        let path = folder.file("a.geojson");
        let inspected = run(&folder, &["inspect", path.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&inspected.stderr).into_owned();
        assert!(said.contains(words), "{said}");
    }
    // Some among points are refused row by row.
    let folder = Folder::new("odd");
    let (code, summary, said) = import(&folder, "a.geojson", collection(&all(&[point, polygon])));
    assert_eq!((code, &summary["added"], &summary["refused"]), (Some(3), &10.into(), &10.into()));
    assert!(said.contains("is not a Point"), "{said}");
}

#[test]
fn features_are_named_for_their_layout_and_one_alone_is_a_row() {
    let point = r#"{"type":"Point","coordinates":[5.123,52.145]}"#;
    let pretty = |text: &str| {
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(text).unwrap())
    };
    let attributes = r#"{"attributes":{"OBJECTID":7,"date":"2026-10-01T10:00:00Z","category":"Pothole"},"geometry":{"x":5.123,"y":52.145}}"#;
    let record = r#"{"id":"r1","date":"2026-10-01T10:00:00Z","category":"Pothole","lat":52.145,"lon":5.123}"#;
    for (text, format) in [
        (feature(10, point), "GeoJSON, a single feature"),
        (pretty(&feature(10, point)).unwrap(), "GeoJSON, a single feature"),
        (collection(&[feature(10, point)]), "GeoJSON, UTF-8"),
        (format!(r#"{{"features":[{attributes}]}}"#), "ArcGIS JSON"),
        (record.to_owned(), "JSON, a single record"),
        (pretty(record).unwrap(), "JSON, a single record"),
    ] {
        let folder = Folder::new("odd");
        let (code, summary, said) = import(&folder, "a.json", &text);
        assert_eq!((code, &summary["added"]), (Some(0), &1.into()), "{text}: {said}");
        assert!(summary["read_as"].as_str().unwrap().starts_with(format), "{said}");
        let report = &exported(&folder)[0];
        assert_eq!((&*report["lat"], &*report["lon"]), ("52.145", "5.123"), "{text}");
    }
}

const NAMES: &str = "request_id;created;category;status;lat;lon";

fn rows(count: u32) -> Vec<String> {
    let row = |n: u32| format!("V{n};2025-03-02 08:{n}:00;Pothole;open;52.1{n};5.2{n}");
    (10..10 + count).map(row).collect()
}

#[test]
fn titles_of_several_cells_are_above_the_header() {
    let titles: [&[&str]; 6] = [
        &["City of Valmeer;Department of works;2025-03-31"],
        &["City of Valmeer;Department of works;2025-03-31;;;"],
        &["Valmeer", "Department;Public works", "Period;2025-03-01;2025-03-31"],
        &["Stad Valmeer;Openbare werken;Maart 2025;v2;intern;"],
        &["Report;Requests;by;day;and kind;p. 1"],
        &["Exported;2025-03-31;by;J. Doe;page;1"],
    ];
    for title in titles {
        for count in [1, 3, 40] {
            let lines: Vec<String> = title.iter().map(|line| (*line).to_owned()).collect();
            let lines = [lines, vec![NAMES.to_owned()], rows(count)].concat();
            let cells =
                |(line, n): (&String, u64)| sheet_row(n, &line.split(';').collect::<Vec<&str>>());
            let sheet: String = lines.iter().zip(1..).map(cells).collect();
            let csv = lines.join("\n").into_bytes();
            for (name, content) in [("a.csv", csv), ("a.xlsx", workbook_of(&[("All", &sheet)]))] {
                let folder = Folder::new("odd");
                let (code, summary, said) = import(&folder, name, content);
                assert_eq!(code, Some(0), "{title:?} {count} {name}: {said}");
                assert_eq!(summary["added"], count, "{title:?} {count} {name}: {said}");
                let lines = if title.len() == 1 { "line" } else { "lines" };
                let note = format!("{} {lines} above the header not read", title.len());
                assert!(summary["notes"].to_string().contains(&note), "{said}");
            }
        }
    }
    // A line that names the delimiter is used, not passed over.
    let folder = Folder::new("odd");
    let text = format!("sep=;\n{NAMES}\n{}", rows(5).join("\n"));
    let (_, summary, said) = import(&folder, "a.csv", text);
    assert_eq!(summary["added"], 5, "{said}");
    assert!(!said.contains("above the header"), "{said}");
}

/// Twenty records with the members that `more` writes.
fn records(more: impl Fn(u32) -> String) -> Vec<String> {
    let record = |n: u32| {
        format!(
            r#"{{"id":"J{n}","date":"2026-10-01T10:{n}:00Z","category":"Pothole",{}}}"#,
            more(n)
        )
    };
    (10..30).map(record).collect()
}

#[test]
fn numbers_that_are_none_are_absent_and_counted() {
    let all = records(|n| match n % 4 {
        0 => r#""lat":NaN,"lon":NaN"#.to_owned(),
        1 => r#""lat":Infinity,"lon":-Infinity"#.to_owned(),
        _ => format!(r#""lat":52.1{n},"lon":5.2{n},"note":"NaN Infinity""#),
    });
    for text in [
        format!("[{}]", all.join(",\n")),
        format!(r#"{{"count":NaN,"records":[{}]}}"#, all.join(",")),
        all.join("\n"),
    ] {
        let folder = Folder::new("odd");
        let (code, summary, said) = import(&folder, "a.json", &text);
        assert_eq!((code, &summary["added"]), (Some(0), &20.into()), "{said}");
        assert_eq!(summary["without_position"], 10, "{said}");
        assert!(said.contains("20 number(s) NaN or Infinity read as absent"), "{said}");
    }
    // Of a point of GeoJSON or of ArcGIS.
    let points = (10..30).map(|n| match n % 2 {
        0 => feature(n, r#"{"type":"Point","coordinates":[NaN, NaN]}"#),
        _ => feature(n, &format!(r#"{{"type":"Point","coordinates":[5.2{n}, 52.1{n}]}}"#)),
    });
    let folder = Folder::new("odd");
    let text = collection(&points.collect::<Vec<String>>());
    let (_, summary, said) = import(&folder, "a.json", text);
    assert_eq!(
        (&summary["added"], &summary["without_position"]),
        (&20.into(), &10.into()),
        "{said}"
    );
    let (code, _, said) = import(&Folder::new("odd"), "a.json", r#"[{"lat": nope}]"#);
    assert!(code == Some(2), "{said}");
}

#[test]
fn names_that_come_twice_and_lists_are_not_read_in_silence() {
    let place = |n: u32| format!(r#""lat":52.1{n},"lon":5.2{n}"#);
    let status = |n: u32, value: &str| format!(r#""status":{value},{}"#, place(n));
    for (odd, refusal) in [
        (r#""open","status":"closed""#, Some("comes twice in the record")),
        (r#"["open","closed"]"#, Some("is a list of values")),
        (r#"["closed"]"#, None),
        ("[]", None),
        (r#""closed","status":"closed""#, None),
    ] {
        let folder = Folder::new("odd");
        let all = records(|n| status(n, if n % 4 == 0 { odd } else { r#""open""# }));
        let text = format!("[{}]", all.join(","));
        let (_, summary, said) = import(&folder, "a.json", text);
        let refused = if refusal.is_some() { 5 } else { 0 };
        assert_eq!(summary["refused"], refused, "{odd}: {said}");
        if let Some(reason) = refusal {
            assert_eq!(summary["refusals"][0]["reason"].as_str().unwrap().find(reason), Some(0));
            continue;
        }
        let closed = exported(&folder).iter().filter(|one| one["status"] == "closed").count();
        assert_eq!(closed, if odd == "[]" { 0 } else { 5 }, "{odd}: {said}");
    }
    // The array of records itself.
    let all = records(place);
    let (half, rest) = all.split_at(10);
    let text = format!(r#"{{"records":[{}],"records":[{}]}}"#, half.join(","), rest.join(","));
    let (code, _, said) = import(&Folder::new("odd"), "a.json", text);
    assert!(code == Some(2) && said.contains("'records' several times"), "{said}");
}

#[test]
fn lines_that_end_in_a_carriage_return_keep_their_numbers() {
    let bad = "V99;gisteren;Pothole;open;52.1;5.2".to_owned();
    let noted = "V98;2025-03-02 08:00:00;\"Pot\nhole\";open;52.1;5.2".to_owned();
    for (end, quoted) in [("\r", false), ("\r", true), ("\r\n", true), ("\n", true)] {
        let first = if quoted { noted.clone() } else { rows(1)[0].clone() };
        let lines = [vec![NAMES.to_owned(), first, bad.clone()], rows(20)].concat();
        let folder = Folder::new("odd");
        let (code, summary, said) = import(&folder, "a.csv", lines.join(end));
        assert_eq!((code, &summary["refused"]), (Some(3), &1.into()), "{end:?}: {said}");
        let refused = crate::common::refused_rows(&folder, "a.refused.csv");
        // Row 2; its line is one further where a cell has a line feed that ends lines.
        let line = if quoted && end != "\r" { 4 } else { 3 };
        assert!(refused.starts_with(&format!("{line},")), "{end:?} {quoted}: {refused}");
    }
}

/// The file of a demo city in this format.
fn demo(folder: &Folder, format: &str) -> Vec<u8> {
    let name = format!("out.{format}");
    done(folder, &["export", "--format", format, "-o", &name]);
    std::fs::read(folder.file(&name)).unwrap()
}

#[test]
fn cut_files_are_named_for_what_they_are() {
    let folder = Folder::new("odd");
    done(&folder, &["generate", "--reports", "300", "--seed", "5"]);
    let csv = demo(&folder, "csv");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&csv).unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("a.csv", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&csv).unwrap();
    let lines: Vec<Vec<&str>> = NAMES.split('\n').map(|line| line.split(';').collect()).collect();
    let sheet: String = lines.iter().zip(1..).map(|(cells, n)| sheet_row(n, cells)).collect();
    let more: String = rows(50)
        .iter()
        .zip(2..)
        .map(|(row, n)| sheet_row(n, &row.split(';').collect::<Vec<_>>()))
        .collect();
    for (name, bytes, kind) in [
        ("a.parquet", demo(&folder, "geoparquet"), "arquet"),
        ("a.gpkg", demo(&folder, "gpkg"), "GeoPackage"),
        ("a.fgb", demo(&folder, "fgb"), "FlatGeobuf"),
        ("a.csv.gz", gzip.finish().unwrap(), "gzip"),
        ("a.zip", zip.finish().unwrap().into_inner(), "zip"),
        ("a.xlsx", workbook_of(&[("All", &(sheet + &more))]), "zip"),
        ("a.geojson", demo(&folder, "geojson"), "JSON"),
    ] {
        for part in [10, 30, 50, 70, 90, 99] {
            let cut = &bytes[..bytes.len() * part / 100];
            let (code, _, said) = import(&Folder::new("odd"), name, cut);
            assert!(matches!(code, Some(1 | 2)), "{name} {part} %: {code:?} {said}");
            assert!(said.contains(kind), "{name} {part} %: {said}");
        }
    }
}

#[test]
fn geometries_with_broken_bytes_are_refused_rows() {
    let folder = Folder::new("odd");
    done(&folder, &["generate", "--reports", "60", "--seed", "5"]);
    std::fs::write(folder.file("b.gpkg"), demo(&folder, "gpkg")).unwrap();
    let path = folder.file("b.gpkg");
    let db = rusqlite::Connection::open(&path).unwrap();
    let (table, column): (String, String) = db
        .query_row("SELECT table_name, column_name FROM gpkg_geometry_columns", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    // The triggers of the spatial index call functions that only GeoPackage programs have.
    let triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'";
    let mut statement = db.prepare(triggers).unwrap();
    let names = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let names: Vec<String> = names.map(Result::unwrap).collect();
    drop(statement);
    for name in names {
        db.execute_batch(&format!("DROP TRIGGER \"{name}\"")).unwrap();
    }
    for (bytes, row) in [("x'47500001'", 3), ("x'00'", 5), ("x'4750000100000000010100'", 7)] {
        let change = format!("UPDATE \"{table}\" SET \"{column}\" = {bytes} WHERE rowid = {row}");
        assert_eq!(db.execute(&change, []).unwrap(), 1);
    }
    drop(db);
    let bytes = std::fs::read(&path).unwrap();
    let quebec = ["--jurisdiction", "quebec.example", "--time-zone", "America/Toronto"];
    let (code, summary, said) = import_as(&quebec, &Folder::new("odd"), "b.gpkg", bytes);
    assert_eq!((code, &summary["refused"]), (Some(3), &3.into()), "{said}");
    assert!(said.contains("is not a geometry"), "{said}");
    // Hexadecimal EWKB in a table.
    let good = "0101000020E6100000CDCCCCCCCCCC51C0C3F5285C8F624740";
    let row = |n: u32| {
        let hex = if n.is_multiple_of(5) { &good[..30] } else { good };
        format!("V{n},2025-03-02 08:{n}:00,Pothole,open,{hex}\n")
    };
    let table: String = (10..40).map(row).collect();
    let text = format!("number,created,category,status,the_geom\n{table}");
    let (code, summary, said) = import_as(&quebec, &Folder::new("odd"), "a.csv", text);
    assert_eq!((code, &summary["refused"]), (Some(3), &6.into()), "{said}");
}

#[test]
fn the_page_says_that_a_file_has_no_rows() {
    let folder = Folder::new("odd");
    let service = LocalService::start(&folder);
    for (name, text) in [("a.csv", NAMES), ("b.json", "[]"), ("c.geojson", &*collection(&[]))] {
        let path = format!("/api/v1/imports?lang=en&name={name}");
        let answer = service.ask("POST", &path, &[], text.as_bytes());
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.json().to_string().contains("has no rows"), "{answer:?}");
        let french = service.ask("POST", &path.replace("=en", "=fr"), &[], text.as_bytes());
        assert!(french.json().to_string().contains("aucune ligne"), "{french:?}");
    }
}

#[test]
fn a_download_that_fails_leaves_no_folder() {
    let page = b"<!doctype html><title>Sign in</title>";
    for (status, headers, body) in
        [("404 Not Found", "", &b""[..]), ("200 OK", "content-type: text/html\r\n", page)]
    {
        let server = Server::start(move |_, _, stream| send(stream, status, headers, body));
        let folder = Folder::new("odd");
        let output = run(&folder, &[&["import", server.url.as_str()][..], &CITY].concat());
        assert!(!output.status.success(), "{status}");
        assert!(!folder.file("city.db.downloads").exists(), "{status}");
    }
}

#[test]
fn the_finer_level_of_categories_does_not_depend_on_the_rows() {
    for count in [1, 3, 25, 60, 600] {
        let row = |n: u32| {
            let (kind, finer) = (n % 7, if n.is_multiple_of(5) { 99 } else { n % 40 });
            let (hour, minute) = (n / 60 % 24, n % 60);
            format!(
                "D{n};2025-03-02 {hour:02}:{minute:02}:00;Type {kind};Sous {finer};48.8{n};2.3{n}\n"
            )
        };
        let table: String = (100..100 + count).map(row).collect();
        let folder = Folder::new("odd");
        let text = format!("id_demande;date_creation;type;soustype;lat;lon\n{table}");
        let (_, summary, said) = import(&folder, "a.csv", text);
        assert_eq!(summary["added"], count, "{count}: {said}");
        let reports = exported(&folder);
        assert!(reports.iter().all(|one| one["service_name"].contains("Sous")), "{count}: {said}");
    }
}

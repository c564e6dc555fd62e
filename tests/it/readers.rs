//! Files as cities publish them: containers, encodings, delimiters, and quotes that are not closed.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::common::{Folder, done, refused_rows, run};

const HEADER: &str = "service_request_id,requested_datetime,service_name,status,lat,lon,area";
const ROWS: &str = "l1,2026-10-01T10:00:00Z,Éclairage défectueux,open,46.81,-71.21,Montcalm\n\
                    l2,2026-10-02T10:00:00Z,Nid-de-poule à réparer,open,46.82,-71.22,Limoilou\n";

/// Imports a file; what the program printed.
fn import(name: &str, content: impl AsRef<[u8]>, extra: &[&str]) -> (Folder, String) {
    let folder = Folder::new("readers");
    let file = folder.with(name, content);
    let city = ["--jurisdiction", "ville.quebec.qc.ca"];
    let mut arguments = vec!["import", file.to_str().unwrap()];
    arguments.extend(city);
    arguments.extend(extra);
    let output = done(&folder, &arguments);
    (folder, output)
}

/// Why a file is not imported at all.
fn refusal(name: &str, content: impl AsRef<[u8]>) -> String {
    let folder = Folder::new("readers");
    let file = folder.with(name, content);
    let output = run(&folder, &["import", file.to_str().unwrap()]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(!error.contains("panicked"), "{error}");
    error
}

fn export(folder: &Folder) -> String {
    done(folder, &["export", "--format", "csv"])
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

fn zip(files: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, content) in files {
        archive.start_file(*name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn one_table_comes_in_alike_through_every_container_and_encoding() {
    let text = format!("{HEADER}\n{ROWS}");
    let (folder, _) = import("plain.csv", &text, &[]);
    let wanted = export(&folder);
    assert!(wanted.contains("Éclairage défectueux"), "{wanted}");
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let delimited = |delimiter: &str| text.replace(',', delimiter).into_bytes();
    let deflated = zip::CompressionMethod::Deflated;
    for (name, content, word) in [
        ("mark.csv", [b"\xef\xbb\xbf", text.as_bytes()].concat(), "UTF-8"),
        ("utf16.csv", [b"\xff\xfe".to_vec(), utf_16.clone()].concat(), "UTF-16LE"),
        ("unmarked.csv", utf_16, "UTF-16LE"),
        ("latin.csv", latin.clone(), "windows-1252"),
        ("pipe.csv", delimited("|"), "CSV"),
        ("tab.tsv", delimited("\t"), "CSV"),
        ("semicolon.csv", delimited(";"), "CSV"),
        ("sep.csv", [b"sep=;\r\n".to_vec(), delimited(";")].concat(), "CSV"),
        ("crlf.csv", text.replace('\n', "\r\n").into_bytes(), "CSV"),
        ("cr.csv", text.replace('\n', "\r").into_bytes(), "CSV"),
        ("title.csv", format!("Export 2026\n\n{text}").into_bytes(), "CSV"),
        ("a.csv.gz", gzip(text.as_bytes()), "gzip"),
        ("without-a-name", gzip(&latin), "windows-1252, gzip"),
        (
            "two.gz",
            [gzip(HEADER.as_bytes()), gzip(format!("\n{ROWS}").as_bytes())].concat(),
            "gzip",
        ),
        ("a.zip", zip(&[("in/a.csv", text.as_bytes())], deflated), "zip"),
        (
            "b.zip",
            zip(&[("__MACOSX/._a.csv", b"x"), ("a.csv", &latin)], zip::CompressionMethod::Stored),
            "windows-1252, zip",
        ),
    ] {
        let (folder, output) = import(name, content, &[]);
        assert!(output.contains("2 added, 0 updated, 0 unchanged, 0 refused"), "{name}: {output}");
        assert!(output.contains(word), "{name}: {output}");
        assert_eq!(export(&folder), wanted, "{name}");
    }
}

#[test]
fn an_open_quote_is_named_and_swallows_no_row() {
    for (open, note) in [
        (&[21][..], "1 quote opened and not closed, in line 22: taken as a character"),
        (&[21, 33], "2 quotes opened and not closed, the first in line 22: taken as characters"),
    ] {
        let mut text = format!("{},description\n", HEADER.replace(",area", ""));
        for n in 1..=40 {
            let description = if open.contains(&n) { "\"never closed" } else { "fine" };
            text += &format!(
                "q{n},2026-10-01T10:00:00Z,Pothole,open,46.80{n:02},-71.20{n:02},{description}\n"
            );
        }
        let (_, output) = import("quote.csv", text, &[]);
        assert!(output.contains("40 added, 0 updated, 0 unchanged, 0 refused"), "{output}");
        assert!(output.contains(note), "{output}");
    }
}

#[test]
fn rows_that_are_none_are_refused_and_nameless_columns_let_go() {
    let row = "v1,2026-10-01T10:00:00Z,Pothole,open,46.81,-71.21,A";
    let second = row.replace("v1", "v2");
    let text = format!("{HEADER},\n{row}\n{HEADER}\n{second},\nTotal,2,,,,,\n");
    let (folder, output) = import("f14.csv", text, &[]);
    assert!(output.contains("2 added, 0 updated, 0 unchanged, 2 refused"), "{output}");
    let refused = refused_rows(&folder, "f14.refused.csv");
    assert!(refused.starts_with("3,row,,repeats the header"), "{refused}");
    assert!(refused.contains("\n5,row,Total,is a row of totals"), "{refused}");
}

#[test]
fn records_of_every_json_layout() {
    let record = r#"{"service_request_id":"j1","requested_datetime":"2026-10-01T10:00:00Z","service_name":"Pothole","status":"open","lat":46.81,"lon":-71.21}"#;
    for text in [
        format!("[{record}]"),
        format!("{{\"service_requests\":[{record}]}}"),
        format!("{{\"total_count\":1,\"results\":[{record}]}}"),
        format!(
            "{{\"help\":\"x\",\"result\":{{\"fields\":[{{\"id\":\"a\"}}],\"records\":[{record}]}}}}"
        ),
        format!("{{\"records\":[{{\"recordid\":\"r\",\"fields\":{record}}}]}}"),
        format!("{{\"features\":[{{\"attributes\":{record}}}]}}"),
        format!("{record}\n"),
    ] {
        let (_, output) = import("a.json", &text, &[]);
        assert!(output.contains("1 added, 0 updated, 0 unchanged, 0 refused"), "{text}: {output}");
    }
    let feature = |id: &str, x: &str| {
        format!(
            r#"{{"type":"Feature","properties":{{"id":"{id}","date":"2026-10-01T10:00:00Z","category":"Pothole"}},"geometry":{{"type":"MultiPoint","coordinates":[[{x},46.81]]}}}}"#
        )
    };
    let lines = format!("{}\n{}\n", feature("n1", "-71.21"), feature("n2", "-71.22"));
    let separated = format!("\u{1e}{}\n\u{1e}{}\n", feature("n1", "-71.2"), feature("n2", "-71.3"));
    for text in [lines, separated] {
        let (folder, output) = import("a.geojsonl", &text, &[]);
        assert!(output.contains("2 added, 0 updated, 0 unchanged, 0 refused"), "{output}");
        assert!(export(&folder).contains("46.81"), "{output}");
    }
}

#[test]
fn features_of_another_reference_system_are_placed() {
    let text = r#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::32188"}},"features":[
        {"type":"Feature","properties":{"id":"g1","date":"2026-10-01T10:00:00Z","category":"Pothole"},
         "geometry":{"type":"Point","coordinates":[304800,5000000]}}]}"#;
    let (folder, output) = import("crs.geojson", text, &[]);
    assert!(output.contains("1 added"), "{output}");
    assert!(export(&folder).contains("-73.5"), "{}", export(&folder));
    let unknown = text.replace("EPSG::32188", "EPSG::99999");
    assert!(refusal("crs.geojson", unknown).contains("99999"));
}

#[test]
fn archives_that_are_none_are_refused_with_a_word() {
    let deflated = zip::CompressionMethod::Deflated;
    let text = format!("{HEADER}\n{ROWS}");
    let two = zip(&[("a.csv", text.as_bytes()), ("b.csv", text.as_bytes())], deflated);
    assert!(refusal("two.zip", two).contains("2 files (a.csv, b.csv)"));
    let climbing = zip(&[("../../a.csv", text.as_bytes())], deflated);
    assert!(refusal("climbing.zip", climbing).contains("leads out of its folder"));
    let shape = zip(&[("a.shp", b"x"), ("a.dbf", b"y")], deflated);
    assert!(refusal("shape.zip", shape).contains("shapefile"));
    let whole = gzip(text.repeat(50).as_bytes());
    assert!(refusal("cut.gz", &whole[..whole.len() / 2]).contains("'file'"));
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(text.as_bytes()).unwrap();
    for _ in 0..100 {
        bomb.write_all(&vec![b'0'; 1 << 20]).unwrap();
    }
    let error = refusal("bomb.gz", bomb.finish().unwrap());
    assert!(error.contains("unpacks to more than 250 times"), "{error}");
    let wide = (0..10_000).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    assert!(refusal("wide.csv", format!("{wide}\n1\n")).contains("has 10000 columns"));
    assert!(refusal("page.csv", "<!DOCTYPE html><html></html>").contains("HTML page"));
}

/// A workbook with one sheet of these rows behind an empty one.
pub fn workbook(rows: &str) -> Vec<u8> {
    workbook_of(&[("Notes", "<row r=\"1\"/>"), ("Demandes", rows)])
}

/// A workbook of sheets, each with its name and its rows.
pub fn workbook_of(sheets: &[(&str, &str)]) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let numbered = || sheets.iter().zip(1..);
    let list: String = numbered()
        .map(|((name, _), n)| format!(r#"<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>"#))
        .collect();
    let targets: String = numbered()
        .map(|(_, n)| {
            format!(r#"<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>"#)
        })
        .collect();
    let mut parts = vec![
        (
            "[Content_Types].xml".to_owned(),
            format!(
                r#"<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#
            ),
        ),
        (
            "_rels/.rels".to_owned(),
            format!(
                r#"<Relationships xmlns="{package}/relationships"><Relationship Id="r0" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/workbook.xml".to_owned(),
            format!(
                r#"<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{list}</sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            format!(r#"<Relationships xmlns="{package}/relationships">{targets}</Relationships>"#),
        ),
    ];
    parts.extend(numbered().map(|((_, rows), n)| {
        let sheet =
            format!(r#"<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>"#);
        (format!("xl/worksheets/sheet{n}.xml"), sheet)
    }));
    let parts: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    zip(&parts, zip::CompressionMethod::Deflated)
}

/// A row of a sheet; cells that are numbers are numbers there, too.
pub fn sheet_row(number: u64, cells: &[&str]) -> String {
    let cell = |(at, text): (usize, &&str)| {
        let column = char::from(b'A' + u8::try_from(at).unwrap());
        match text.parse::<f64>() {
            Ok(value) => format!(r#"<c r="{column}{number}"><v>{value}</v></c>"#),
            Err(_) => {
                format!(r#"<c r="{column}{number}" t="inlineStr"><is><t>{text}</t></is></c>"#)
            }
        }
    };
    let cells: String = cells.iter().enumerate().map(cell).collect();
    format!("<row r=\"{number}\">{cells}</row>")
}

#[test]
fn sheets_of_workbooks() {
    let split = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let mut rows = sheet_row(1, &["Demandes de la ville"]);
    let lines = [HEADER, ROWS.lines().next().unwrap(), ROWS.lines().nth(1).unwrap()];
    for (at, line) in lines.iter().enumerate() {
        let cells = split(line);
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        rows += &sheet_row(3 + at as u64, &cells);
    }
    rows += &(7..200_000).map(|n| format!("<row r=\"{n}\"/>")).collect::<String>();
    let book = workbook(&rows);
    let (folder, output) = import("plain.csv", format!("{HEADER}\n{ROWS}"), &[]);
    assert!(output.contains("2 added"), "{output}");
    let wanted = export(&folder);
    for extra in [vec![], vec!["--sheet", "Demandes"]] {
        let (folder, output) = import("a.xlsx", &book, &extra);
        assert!(output.contains("2 added, 0 updated, 0 unchanged, 0 refused"), "{output}");
        assert!(output.contains("sheet 'Demandes'"), "{output}");
        assert_eq!(export(&folder), wanted);
    }
    let folder = Folder::new("readers");
    let file = folder.with("a.xlsx", &book);
    let output = run(&folder, &["import", file.to_str().unwrap(), "--sheet", "Nope"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("has no sheet 'Nope'; there is Notes, Demandes"), "{error}");
    assert!(refusal("cut.xlsx", &book[..book.len() - 100]).contains("damaged zip archive"));
}

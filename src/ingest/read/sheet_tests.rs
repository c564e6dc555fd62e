//! How often the sheet of a workbook is read, and the workbook opened.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::ingest::read::header::LOOK_ROWS;
use crate::ingest::read::row::{Row, RowReader};
use crate::ingest::read::sheet::{Sheet, SheetReader};

/// A workbook with one sheet of so many rows of a header and numbers, with an empty cell in each of
/// the rows below.
fn workbook(rows: usize, wide: usize, empty: usize) -> PathBuf {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let path = format!("pointchaud-sheet-{}-{number}.xlsx", std::process::id());
    let path = std::env::temp_dir().join(path);
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let text = "x".repeat(wide);
    let cell = |column: char, row: usize, text: &str| {
        format!(r#"<c r="{column}{row}" t="inlineStr"><is><t>{text}</t></is></c>"#)
    };
    let filled = (1..=rows).map(|row| {
        let cells =
            ['A', 'B', 'C'].map(|column| cell(column, row, &format!("{column}{row}{text}")));
        format!(r#"<row r="{row}">{}</row>"#, cells.concat())
    });
    let below = (rows + 1..=rows + empty).map(|row| {
        format!(r#"<row r="{row}"><c r="A{row}" t="inlineStr"><is><t> </t></is></c></row>"#)
    });
    let data: String = filled.chain(below).collect();
    let relation = |id: &str, kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"{id}\" \
             Type=\"{office}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let book = format!(
        "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>\
         <sheet name=\"All\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
    );
    let sheet = format!("<worksheet xmlns=\"{main}\"><sheetData>{data}</sheetData></worksheet>");
    let parts = [
        ("_rels/.rels", relation("r0", "officeDocument", "xl/workbook.xml")),
        ("xl/workbook.xml", book),
        ("xl/_rels/workbook.xml.rels", relation("r1", "worksheet", "worksheets/sheet1.xml")),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, text) in parts {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    path
}

/// The rows below the header, each with its first cell.
fn rows(path: &Path, sheet: &Sheet) -> Vec<(u64, String)> {
    let mut reader = SheetReader::open(path, sheet).unwrap();
    let (mut row, mut all) = (Row::default(), Vec::new());
    while reader.next(&mut row).unwrap() {
        all.push((row.number, row.cells.get(0).unwrap_or_default().to_owned()));
    }
    all
}

#[test]
fn a_sheet_of_few_rows_is_read_once() {
    for (count, named) in [(9, None), (LOOK_ROWS, None), (9, Some("All")), (300, None)] {
        let path = workbook(count, 0, 5_000);
        let sheet = Sheet::choose(&path, named).unwrap();
        // The look over a sheet of many rows, or over none, ends early: another reading finds the
        // rows.
        let first = (count > LOOK_ROWS || named.is_some()).then(|| rows(&path, &sheet));
        // What is known of the sheet needs no file any more.
        std::fs::remove_file(&path).unwrap();
        let again = rows(&path, &sheet);
        assert_eq!(again.len(), count - 1, "{count}");
        assert_eq!(again.last().unwrap(), &(count as u64, format!("A{count}")));
        assert!(first.is_none_or(|first| first == again), "{count}");
    }
}

#[test]
fn the_rows_of_a_large_sheet_are_read_anew_and_the_empty_ones_below_are_not() {
    let path = workbook(100, 40_000, 5_000);
    let sheet = Sheet::choose(&path, None).unwrap();
    let first = rows(&path, &sheet);
    let known = sheet.whole().unwrap();
    assert_eq!((known.last, known.rows.is_none()), (100, true));
    assert_eq!((first.len(), &rows(&path, &sheet)), (99, &first));
    // The workbook with its texts stays open for the next reading; one beside another opens it
    // anew.
    std::fs::remove_file(&path).unwrap();
    let held = SheetReader::open(&path, &sheet).unwrap();
    assert!(SheetReader::open(&path, &sheet).is_err());
    drop(held);
    assert_eq!(rows(&path, &sheet), first);
}

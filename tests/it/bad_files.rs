//! Files that would take the machine down, or of which half would be believed.

use std::io::Write;
use std::time::Duration;

use jiff::tz::TimeZone;
use pointchaud::ingest::{ReadOptions, SourceFile};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::{Folder, run};

const HEADER: &str = "service_request_id,requested_datetime,service_name,lat,long,description";

/// The exit status of an import, and all that it said.
fn import(name: &str, bytes: impl AsRef<[u8]>) -> (Option<i32>, String) {
    let folder = Folder::new("bad");
    let file = folder.with(name, bytes);
    let file = file.to_str().unwrap();
    let output = run(&folder, &["import", file, "--jurisdiction", "city.example"]);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(!said.contains("panicked"), "{name}: {said}");
    (output.status.code(), said)
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_file_that_changes_while_it_is_read_is_not_taken() {
    let folder = Folder::new("bad");
    let row = |n: u32| format!("{n},2026-10-01T10:00:00Z,Pothole,46.8,-71.2,x\n");
    let rows: String = (0..20_000).map(row).collect();
    let path = folder.with("a.csv", format!("{HEADER}\n{rows}"));
    let read = |change: &dyn Fn()| {
        let source = SourceFile::open(&path, "auto", None, &ReadOptions::default()).unwrap();
        let mut count = 0;
        source.read(TimeZone::UTC, None, false, &mut |_| {
            count += 1;
            if count == 10 {
                change();
            }
            true
        })
    };
    assert!(read(&|| {}).is_ok());
    let append = || {
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(row(7).as_bytes()).unwrap();
    };
    let error = read(&append).unwrap_err().to_string();
    assert!(error.contains("changed while it was read"), "{error}");
    // Of the same size, written anew: another time of modification, however coarse the clock of
    // the file system is.
    let text = std::fs::read(&path).unwrap();
    let written = std::fs::metadata(&path).unwrap().modified().unwrap();
    let again = || {
        std::fs::write(&path, &text).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(written + Duration::from_secs(10)).unwrap();
    };
    let error = read(&again).unwrap_err().to_string();
    assert!(error.contains("changed while it was read"), "{error}");
    let gone = || std::fs::remove_file(&path).unwrap();
    assert!(read(&gone).is_err());
}

#[test]
fn a_cell_of_100_mb_is_refused_and_the_rest_goes_on() {
    let good = "2,2026-10-01T10:00:00Z,Pothole,46.8,-71.2,x";
    let long = "x".repeat(100 << 20);
    let text = format!("{HEADER}\n1,2026-10-01T10:00:00Z,Pothole,46.8,-71.2,{long}\n{good}\n");
    let (_, said) = import("long.csv", text);
    assert!(said.contains("1 added") && said.contains("1 refused"), "{said}");
}

#[test]
fn workbooks_that_unpack_to_far_more_are_refused_before_they_are_read() {
    let texts = vec![b'x'; 97 << 20];
    let book = zip(&[("xl/workbook.xml", b"<a/>"), ("xl/sharedStrings.xml", &texts)]);
    assert!(book.len() < 1 << 20);
    let (code, said) = import("texts.xlsx", book);
    assert!(code == Some(2) && said.contains("more than 96 MiB of texts"), "{said}");
    let sheet = vec![b' '; 100 << 20];
    let book = zip(&[("xl/workbook.xml", b"<a/>"), ("xl/worksheets/sheet1.xml", &sheet)]);
    let (code, said) = import("sheet.xlsx", book);
    assert!(code == Some(2) && said.contains("unpacks to more than 250 times"), "{said}");
}

#[test]
fn archives_whose_checksum_is_wrong_are_refused_whole() {
    let text = format!("{HEADER}\n1,2026-10-01T10:00:00Z,Pothole,46.8,-71.2,x\n");
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("a.csv", stored).unwrap();
    archive.write_all(text.as_bytes()).unwrap();
    let mut bytes = archive.finish().unwrap().into_inner();
    let at = bytes.windows(7).position(|seven| seven == b"Pothole").unwrap();
    bytes[at] = b'p';
    let (code, said) = import("a.zip", &bytes);
    assert!(code == Some(2) && said.contains("checksum of the zip archive is wrong"), "{said}");
}

#[test]
fn rubbish_is_refused_by_a_word() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    for (name, start) in [
        ("a.csv", &b""[..]),
        ("a.xlsx", b"PK\x03\x04"),
        ("a.gz", b"\x1f\x8b\x08\0"),
        ("a.gpkg", b"SQLite format 3\0"),
        ("a.parquet", b"PAR1"),
        ("a.json", b"[{"),
    ] {
        let rubbish: Vec<u8> = (0..50_000).map(|_| rng.random()).collect();
        let (code, said) = import(name, [start, &rubbish].concat());
        assert!(code == Some(2) && said.contains("pointchaud: "), "{name}: {code:?} {said}");
    }
}

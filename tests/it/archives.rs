//! Files that strangers send: archives of every kind, texts with bytes that do not belong there. Each
//! is read, or named for what it is; nothing panics and no row is lost in silence.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::common::{Folder, run};

const CITY: [&str; 4] = ["--jurisdiction", "city.example", "--time-zone", "America/Toronto"];

fn table() -> Vec<u8> {
    let row = |n| format!("r{n},2026-03-01T08:30:00Z,Pothole,46.81,-71.21\n");
    let rows: String = (0..20).map(row).collect();
    format!("id,created_at,category,latitude,longitude\n{rows}").into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zip(files: &[(&str, &[u8])], is_large: bool) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().large_file(is_large);
    for (name, bytes) in files {
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A zip archive whose file is marked as encrypted, in both of its headers.
fn encrypted() -> Vec<u8> {
    let mut bytes = zip(&[("a.csv", &table())], false);
    bytes[6] |= 1;
    let central = bytes.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    bytes[central + 8] |= 1;
    bytes
}

/// A tar archive of one file.
fn tar(bytes: &[u8]) -> Vec<u8> {
    let mut archive = vec![0; 512];
    archive[..5].copy_from_slice(b"a.csv");
    archive[257..263].copy_from_slice(b"ustar\0");
    archive.extend_from_slice(bytes);
    archive
}

/// Imports a file; the exit status with everything that was printed.
fn import(name: &str, bytes: &[u8]) -> (Option<i32>, String) {
    let folder = Folder::new("archives");
    folder.with(name, bytes);
    let output = run(&folder, &[&["import", name][..], &CITY].concat());
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(!text.contains("panicked"), "{name}: {text}");
    let has_store = folder.file("city.db").exists();
    let is_imported = matches!(output.status.code(), Some(0 | 3));
    assert_eq!(has_store, is_imported, "{name}: a refused file leaves no store: {text}");
    assert!(!folder.file("a.mapping.toml").exists(), "{name}: {text}");
    (output.status.code(), text)
}

#[test]
fn archives_are_unpacked_or_named() {
    let table = table();
    let once = zip(&[("a.csv", &table)], false);
    let refused: [(&str, Vec<u8>, &str); 9] = [
        ("a.gz", gzip(&gzip(&table)), "an archive in an archive"),
        ("a.zip", zip(&[("a.csv.gz", &gzip(&table))], false), "an archive in an archive"),
        ("a.zip", zip(&[("a.zip", &once)], false), "an archive in an archive"),
        ("a.zip", zip(&[("a.csv", &table), ("b.csv", &table)], false), "of 2 files (a.csv, b.csv)"),
        ("a.zip", zip(&[], false), "an empty zip archive"),
        ("a.zip", encrypted(), "protected by a password"),
        ("a.tar", tar(&table), "a tar archive"),
        ("a.tar.gz", gzip(&tar(&table)), "a tar archive"),
        ("a.csv.gz", gzip(&table)[..60].to_vec(), "cannot be read to its end"),
    ];
    for (name, bytes, word) in refused {
        let (status, text) = import(name, &bytes);
        assert!(status == Some(2) && text.contains(word), "{name}: {text}");
    }
    let mac = zip(&[("a.csv", &table), ("__MACOSX/._a.csv", b"x")], false);
    for bytes in [once, zip(&[("a.csv", &table)], true), mac, gzip(&table)] {
        let (status, text) = import("a.bin", &bytes);
        assert!(status == Some(0) && text.contains("20 added"), "{text}");
    }
}

#[test]
fn bytes_that_do_not_belong_there_cost_no_row_in_silence() {
    let table = table();
    let marked = |text: &[u8]| [b"\xef\xbb\xbf", text].concat();
    let record = |n: u32| {
        format!(
            r#"{{"id":{n},"created_at":"2026-03-01T08:30:00Z","category":"Hole","lat":46.8,"lon":-71.2}}"#
        )
    };
    let records: Vec<String> = (0..20).map(record).collect();
    let array = format!("[{}]", records.join(","));
    let mut lines = records.clone();
    lines[0].truncate(9);
    let broken_first = lines.join("\n");
    let with_nul = String::from_utf8(table.clone()).unwrap().replacen("Pothole", "Pot\0hole", 1);
    for (name, bytes, status, word) in [
        ("marked.csv", marked(&table), 0, "20 added"),
        ("marked.json", marked(array.as_bytes()), 0, "20 added"),
        ("marked.ndjson", marked(records.join("\n").as_bytes()), 0, "20 added"),
        (
            "broken.ndjson",
            broken_first.into_bytes(),
            3,
            "19 added, 0 updated, 0 unchanged, 1 refused",
        ),
        ("nul.csv", with_nul.into_bytes(), 3, "1 category: contains a NUL byte"),
        ("padded.csv", [&table[..], &[0; 64]].concat(), 3, "20 added"),
        (
            "old.csv",
            table.iter().map(|b| if *b == b'\n' { b'\r' } else { *b }).collect(),
            0,
            "20 added",
        ),
    ] {
        let (found, text) = import(name, &bytes);
        assert!(found == Some(status) && text.contains(word), "{name} {found:?}: {text}");
    }
}

#[test]
fn texts_beside_the_only_table_of_an_archive_are_passed_over() {
    for papers in [&["README.txt"][..], &["LICENSE", "docs/notes.pdf"], &["metadata.json"]] {
        let (csv, text) = (table(), b"About the data".to_vec());
        let mut files: Vec<(&str, &[u8])> = papers.iter().map(|name| (*name, &*text)).collect();
        files.insert(papers.len() / 2, ("requests.csv", &csv));
        let (code, said) = import("a.zip", &zip(&files, false));
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("20 added"), "{said}");
        assert!(said.contains(&format!("zip; passed over: {}", papers.join(", "))), "{said}");
    }
    // Of two tables nobody knows which is meant, and texts alone are no data.
    for names in [["a.csv", "b.csv"], ["README.txt", "notes.md"]] {
        let csv = table();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &*csv)).collect();
        let (code, said) = import("a.zip", &zip(&files, false));
        assert_ne!(code, Some(0), "{said}");
        assert!(said.contains("is a zip archive of 2 files"), "{said}");
    }
}

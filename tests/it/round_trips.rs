//! Every export is read back to a store of the same digest, through every container and encoding.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::{Folder, done};

const CITY: &str = "odd.example";

/// Words of texts; those of the second list are in Windows-1252, too.
const ANY: [&str; 19] = [
    "Парк",
    "日本",
    "🕳️",
    "\"quoted\"",
    "it's",
    "a,b;c|d",
    "tab\there",
    "two\nlines",
    "three\r\nlines",
    "N/A",
    "=1+1",
    "'=1+1",
    "''-x",
    "＝1",
    "a;=b",
    "@x\n+y\n-1",
    "\\back",
    "<b>&amp;",
    "null",
];
const WESTERN: [&str; 10] = [
    "éclairage",
    "défectueux",
    "l’école",
    "œuvre",
    "Straße",
    "\"entre guillemets\"",
    "niño",
    "deux\nlignes",
    "à côté",
    "10 €",
];

fn text(rng: &mut ChaCha8Rng, words: &[&str]) -> String {
    let count = rng.random_range(0..6);
    let words: Vec<&str> = (0..count).map(|_| *words.choose(rng).unwrap()).collect();
    words.join(" ")
}

/// A time: an instant, a day, or none.
fn time(rng: &mut ChaCha8Rng, days: std::ops::Range<i64>, may_miss: bool) -> String {
    let day = rng.random_range(days);
    let at = jiff::Timestamp::from_second(day * 86_400 + rng.random_range(0..86_400)).unwrap();
    match rng.random_range(0..4) {
        0 if may_miss => String::new(),
        1 => at.to_string()[..10].to_owned(),
        _ => at.to_string(),
    }
}

/// A table in the words of Open311 of odd reports, all of them admissible.
fn reports(seed: u64, words: &[&str]) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut table = csv::Writer::from_writer(Vec::new());
    let header = "service_request_id,service_code,service_name,status,closed_reason,source_status,\
                  nature,channel,requested_datetime,updated_datetime,closed_datetime,lon,lat,\
                  accuracy,address,area,description,parent_service_request_id,assignee,address_id,\
                  zipcode,service_notice,expected_datetime,attributes,media_url";
    table.write_record(header.split(',')).unwrap();
    for n in 0..60 {
        let rng = &mut rng;
        let one = |rng: &mut ChaCha8Rng, of: &[&str]| (*of.choose(rng).unwrap()).to_owned();
        let status = one(rng, &["open", "in_progress", "closed"]);
        let is_closed = status == "closed";
        let reason = match is_closed {
            true => one(rng, &["", "done", "duplicate", "refused", "cancelled"]),
            false => String::new(),
        };
        let closed = if is_closed { time(rng, 20_200..20_400, true) } else { String::new() };
        let is_placed = rng.random_bool(0.8);
        let degrees = |degrees: f64| if is_placed { degrees.to_string() } else { String::new() };
        let attributes = format!("depth={}\nkind=a\nkind=b", one(rng, &["12 cm", "é=ü", "x,y"]));
        let parent = if n > 0 && rng.random_bool(0.2) { "no 0".into() } else { String::new() };
        table
            .write_record([
                format!("no {n}"),
                one(rng, &["pothole", "light", "park-2"]),
                one(rng, &["Pothole", "Street light", "Park"]),
                status,
                reason,
                text(rng, words),
                one(rng, &["complaint", "intervention", "comment"]),
                one(rng, &["phone", "web", "app"]),
                time(rng, 20_000..20_100, false),
                time(rng, 20_200..20_300, true),
                closed,
                degrees(rng.random_range(-180.0..180.0)),
                degrees(rng.random_range(-90.0..90.0)),
                one(rng, &["exact", "approximate"]),
                text(rng, words),
                text(rng, words),
                text(rng, words),
                parent,
                text(rng, words),
                one(rng, &["", "A-1"]),
                one(rng, &["", "G1R 4P5"]),
                text(rng, &words[..3]),
                time(rng, 20_200..20_400, true),
                if rng.random_bool(0.4) { attributes } else { String::new() },
                one(rng, &["", "https://city.example/a.jpg\nhttps://city.example/b.jpg"]),
            ])
            .unwrap();
    }
    String::from_utf8(table.into_inner().unwrap()).unwrap()
}

fn digest(folder: &Folder) -> String {
    let output = done(folder, &["check"]);
    let line = output.lines().find(|line| line.starts_with(CITY)).expect(&output);
    line.rsplit(' ').next().unwrap().to_owned()
}

/// Imports a file into an empty store; its digest.
fn reimported(name: &str, bytes: &[u8], extra: &[&str]) -> String {
    let folder = Folder::new("again");
    let file = folder.with(name, bytes);
    let mut arguments = vec!["import", file.to_str().unwrap(), "--jurisdiction", CITY];
    arguments.extend(extra);
    arguments.extend(["--time-zone", "America/Toronto", "--negate", "none"]);
    let output = done(&folder, &arguments);
    let refused = folder.file(&format!("{}.refused.csv", name.rsplit_once('.').unwrap().0));
    let refused = std::fs::read_to_string(refused).unwrap_or_default();
    assert!(output.contains("60 added") && output.contains(" 0 refused"), "{output}{refused}");
    digest(&folder)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zip(name: &str, bytes: &[u8], method: zip::CompressionMethod) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    archive.start_file(name, options).unwrap();
    archive.write_all(bytes).unwrap();
    archive.finish().unwrap().into_inner()
}

/// The same table with another delimiter and other ends of lines.
fn rewritten(text: &str, delimiter: u8, terminator: csv::Terminator) -> String {
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut table = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(terminator)
        .from_writer(Vec::new());
    for row in rows.byte_records() {
        table.write_byte_record(&row.unwrap()).unwrap();
    }
    String::from_utf8(table.into_inner().unwrap()).unwrap()
}

/// The encodings of a text, each with its name.
fn encoded(text: &str, is_western: bool) -> Vec<(&'static str, Vec<u8>)> {
    let utf_16 = |big: bool| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    };
    let mut all = vec![
        ("UTF-8", text.as_bytes().to_vec()),
        ("UTF-8 with a mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("UTF-16LE", utf_16(false)),
        ("UTF-16BE", utf_16(true)),
    ];
    if is_western {
        let (bytes, _, is_lossy) = encoding_rs::WINDOWS_1252.encode(text);
        assert!(!is_lossy);
        all.push(("Windows-1252", bytes.into_owned()));
    }
    all
}

/// The city of odd reports, and its digest.
fn city(seed: u64, words: &[&str]) -> (Folder, String) {
    let folder = Folder::new("odd");
    let file = folder.with("odd.csv", reports(seed, words));
    let file = file.to_str().unwrap();
    // Its places lie anywhere on Earth.
    let zone = ["--jurisdiction", CITY, "--time-zone", "America/Toronto", "--negate", "none"];
    let output = done(&folder, &[&["import", file][..], &zone].concat());
    let refused = std::fs::read_to_string(folder.file("odd.refused.csv")).unwrap_or_default();
    assert!(output.contains("60 added") && output.contains(" 0 refused"), "{output}{refused}");
    let digest = digest(&folder);
    (folder, digest)
}

fn exported(folder: &Folder, format: &str) -> Vec<u8> {
    let file = folder.file(&format!("out.{format}"));
    let file = file.to_str().unwrap();
    done(folder, &["export", "--jurisdiction", CITY, "--format", format, "-o", file]);
    std::fs::read(file).unwrap()
}

#[test]
fn every_export_reads_back_through_every_container() {
    for seed in [1, 2] {
        let (folder, wanted) = city(seed, &[&ANY[..], &WESTERN].concat());
        for format in ["csv", "geojson", "geojsonl", "gpkg", "geoparquet", "fgb"] {
            let bytes = exported(&folder, format);
            let name = format!("out.{format}");
            assert_eq!(reimported(&name, &bytes, &[]), wanted, "{format}, seed {seed}");
            if seed > 1 {
                continue;
            }
            let stored = zip(&name, &bytes, zip::CompressionMethod::Stored);
            let deflated = zip(&name, &bytes, zip::CompressionMethod::Deflated);
            for (container, packed) in
                [("out.gz", gzip(&bytes)), ("stored.zip", stored), ("deflated.zip", deflated)]
            {
                assert_eq!(reimported(container, &packed, &[]), wanted, "{format} {container}");
            }
        }
    }
}

#[test]
fn csv_reads_back_in_every_encoding_and_spelling() {
    for (seed, words, is_western) in
        [(3, [&ANY[..], &WESTERN].concat(), false), (4, WESTERN.to_vec(), true)]
    {
        let (folder, wanted) = city(seed, &words);
        let text = String::from_utf8(exported(&folder, "csv")).unwrap();
        for (encoding, bytes) in encoded(&text, is_western) {
            assert_eq!(reimported("out.csv", &bytes, &[]), wanted, "{encoding}, seed {seed}");
        }
        for delimiter in [b';', b'\t'] {
            let other = rewritten(&text, delimiter, csv::Terminator::CRLF);
            let sign = char::from(delimiter);
            assert_eq!(reimported("out.csv", other.as_bytes(), &[]), wanted, "{sign:?}");
            let packed = gzip(&encoded(&other, false)[2].1);
            assert_eq!(reimported("out.gz", &packed, &[]), wanted, "{sign:?}, UTF-16, gzip");
        }
    }
}

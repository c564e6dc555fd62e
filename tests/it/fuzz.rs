//! Seeded mutations of small valid files of every format, read to the end: no panic of ours, and an
//! end in bounded time. Run by hand:
//!
//! `FUZZ_SECONDS=600 cargo test --test it fuzz -- --ignored --nocapture`

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::tz::TimeZone;
use pointchaud::ingest::{ReadOptions, SourceFile};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::{Folder, done};
use crate::readers::workbook;

/// Longest time for one file.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pieces that break readers: ends, signs of formats, great numbers, odd places and times.
const PIECES: [&[u8]; 26] = [
    b"\"",
    b",",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\u0000",
    b"\\ud800",
    b"9999999999999999999999",
    b"-1e400",
    b"NaN",
    b"0000-00-00",
    b"24:00:60",
    b"POINT (",
    b"null",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"<row r=\"4294967295\">",
    b"r=\"XFE1\"",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"GP\0\x0f",
];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Small files of every format.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let folder = Folder::new("fuzz");
    done(&folder, &["generate", "--reports", "30", "--seed", "5"]);
    let exported = |format: &str| {
        let name = format!("out.{format}");
        done(&folder, &["export", "--format", format, "-o", &name]);
        std::fs::read(folder.file(&name)).unwrap()
    };
    let csv = exported("csv");
    let head = csv.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(4).unwrap().0;
    let small = csv[..head].to_vec();
    let record = r#"{"id":"j1","date":"2026-10-01T10:00:00Z","category":"Trou","lat":46.81,"lon":-71.21,"a":{"b":[1,{"c":2}]}}"#;
    let feature = r#"{"type":"Feature","id":"n1","properties":{"date":"01/02/2026","category":"Trou"},"geometry":{"type":"MultiPoint","coordinates":[[-71.2,46.81]]}}"#;
    let crs = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::2950"}}"#;
    let cell =
        |at: &str, text: &str| format!(r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let sheet = format!(
        "<row r=\"1\">{}{}</row><row r=\"2\">{}{}</row>",
        cell("A1", "date"),
        cell("B1", "category"),
        cell("A2", "2026-10-01"),
        cell("B2", "Trou"),
    );
    let places = "id;date;type;place\n1;27.05.2026 14:05;Trou;SRID=4326;POINT Z (1 2 3)\n\
                  2;2014-Jul-01;Trou;12 rue X (46.81, -71.21)\n3;1751328000000;Trou;{'lat': 1}\n\
                  4;45000.5;Trou;45° 30' N 73° 30' W\n5;1er août 2014, 14 h;Trou;0101000000\n";
    vec![
        ("a.csv", small.clone()),
        ("b.csv", places.as_bytes().to_vec()),
        ("c.csv", small.iter().flat_map(|byte| [*byte, 0]).collect()),
        ("d.gz", gzip(&small)),
        (
            "e.json",
            format!("{{\"result\":{{\"total\":2,\"records\":[{record},{record}]}}}}").into(),
        ),
        ("f.json", format!("{record}\n{record}\n").into()),
        ("l.json", br#"[["id","date","category"],["j1","2026-10-01",null],[2]]"#.to_vec()),
        ("m.json", format!("{{\"a1\":{record},\"a2\":{record}}}").into()),
        (
            "n.json",
            br#"{"id":{"0":"j1","1":"j2"},"date":{"0":"2026-10-01","1":null},"category":{"0":"Trou","1":"x"}}"#.to_vec(),
        ),
        ("o.json", br#"{"id":["j1","j2"],"date":["2026-10-01",null],"category":["Trou",[1]]}"#.to_vec()),
        ("p.csv", br#""id,date,category"
"1,2026-10-01,""Trou, a"""
"2,2026-10-01,Trou""#.to_vec()),
        ("g.geojson", format!("{{{crs},\"features\":[{feature},{feature}]}}").into()),
        ("h.geojson", exported("geojson")),
        ("i.xlsx", workbook(&sheet)),
        ("j.gpkg", exported("gpkg")),
        ("k.parquet", exported("geoparquet")),
        ("q.fgb", exported("fgb")),
    ]
}

pub fn mutate(rng: &mut ChaCha8Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..=bytes.len().saturating_sub(1));
        let to = (at + rng.random_range(0..200)).min(bytes.len());
        match rng.random_range(0..8) {
            _ if bytes.is_empty() => return,
            0 => bytes[at] ^= 1 << rng.random_range(0..8),
            1 => bytes[at] = rng.random(),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..to)),
            4 => {
                let piece = bytes[at..to].to_vec();
                let into = rng.random_range(0..=bytes.len());
                bytes.splice(into..into, piece);
            }
            5 => {
                let piece = *PIECES.choose(rng).unwrap();
                bytes.splice(at..at, piece.iter().copied());
            }
            6 => {
                let piece = *PIECES.choose(rng).unwrap();
                let end = (at + piece.len()).min(bytes.len());
                bytes.splice(at..end, piece.iter().copied());
            }
            _ => bytes[at..to].fill(rng.random()),
        }
    }
}

/// Reads a file as an import does, or a look; how many rows there were.
fn read(path: &std::path::Path, is_start_only: bool) -> u64 {
    let options = ReadOptions { is_start_only, ..ReadOptions::default() };
    let Ok(source) = SourceFile::open(path, "auto", None, &options) else { return 0 };
    let mut rows = 0;
    let _damage = source.read(TimeZone::UTC, None, true, &mut |_| {
        rows += 1;
        true
    });
    rows
}

#[test]
#[ignore = "runs for FUZZ_SECONDS, 60 by default"]
fn fuzz_the_readers() {
    let seconds = std::env::var("FUZZ_SECONDS").map_or(60, |text| text.parse().unwrap());
    let seed = std::env::var("FUZZ_SEED").map_or(1, |text| text.parse().unwrap());
    let (mut rng, seeds) = (ChaCha8Rng::seed_from_u64(seed), seeds());
    let folder = Folder::new("fuzz");
    // A library may panic in a thread that reads ahead: that is an error of the file. Ours may not.
    let (ours, theirs) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicU64::new(0)));
    let (found, counted) = (ours.clone(), theirs.clone());
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        match place.starts_with("src/") || std::thread::current().name().is_some() {
            true => found.lock().unwrap().push(format!("{place}: {panic}")),
            false => drop(counted.fetch_add(1, Ordering::SeqCst)),
        }
    }));
    let began = Instant::now();
    let (mut files, mut rows, mut slowest) = (0_u64, 0, (Duration::ZERO, ""));
    while began.elapsed() < Duration::from_secs(seconds) {
        let (name, bytes) = seeds.choose(&mut rng).unwrap();
        let mut mutated = bytes.clone();
        mutate(&mut rng, &mut mutated);
        let path = folder.with(name, &mutated);
        let one = Instant::now();
        let is_start_only = rng.random_bool(0.3);
        let read = catch_unwind(AssertUnwindSafe(|| read(&path, is_start_only)));
        let panics = ours.lock().unwrap().clone();
        if !panics.is_empty() || read.is_err() || one.elapsed() > PATIENCE {
            let kept = std::env::temp_dir().join(format!("fuzz-{seed}-{files}-{name}"));
            std::fs::write(&kept, &mutated).unwrap();
            let (kept, time) = (kept.display(), one.elapsed());
            let _ = std::panic::take_hook();
            panic!("{kept} after {time:?}: {panics:?}");
        }
        files += 1;
        rows += read.unwrap_or_default();
        if one.elapsed() > slowest.0 {
            slowest = (one.elapsed(), name);
        }
    }
    let _ = std::panic::take_hook();
    let theirs = theirs.load(Ordering::SeqCst);
    println!(
        "{files} files, {rows} rows, {theirs} panics of libraries reported as damage, slowest {slowest:?}"
    );
    assert!(files > 10 && rows > 10, "{files} files of {rows} rows: an empty proof");
}

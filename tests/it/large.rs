//! Large files in every text container: how much memory their import takes, and how long their
//! inspection. Run by hand, on a program that is built with optimisation:
//! `LARGE_ROWS=1000000 cargo test --release --test it large:: -- --ignored --nocapture`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::common::{Folder, program};

/// Peak memory of an import, in MiB.
const MEMORY_MAX: u64 = 300;
/// Time of an inspection.
const INSPECTION_MAX: Duration = Duration::from_secs(2);

const HEADER: &str = "id,created_at,closed_at,status,category,address,latitude,longitude";

/// The cells of a row: the same numbers give the same file again.
fn cells(n: u64) -> [String; 8] {
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let (day, hour, minute) = (mixed % 28 + 1, mixed / 28 % 24, mixed / 700 % 60);
    let month = mixed / 40_000 % 12 + 1;
    let category = ["Pothole", "Graffiti", "Street light", "Noise", "Tree"][(mixed % 5) as usize];
    let closed = mixed.is_multiple_of(3);
    [
        format!("r{n:08}"),
        format!("2025-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z"),
        if closed { format!("2026-{month:02}-{day:02}T12:00:00Z") } else { String::new() },
        if closed { "closed" } else { "open" }.to_owned(),
        category.to_owned(),
        format!("{} Main Street", mixed % 9_999),
        format!("42.{:06}", 250_000 + mixed % 150_000),
        format!("-71.{:06}", mixed / 7 % 120_000),
    ]
}

fn object(n: u64) -> String {
    let pairs =
        HEADER.split(',').zip(cells(n)).map(|(name, cell)| format!("\"{name}\":\"{cell}\""));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

fn feature(n: u64) -> String {
    let [.., latitude, longitude] = cells(n);
    format!(
        r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[{longitude},{latitude}]}},"properties":{}}}"#,
        object(n)
    )
}

fn write(kind: &str, rows: u64, out: &mut dyn Write) -> std::io::Result<()> {
    let table = |out: &mut dyn Write| {
        writeln!(out, "{HEADER}")?;
        (0..rows).try_for_each(|n| writeln!(out, "{}", cells(n).join(",")))
    };
    let list = |out: &mut dyn Write, record: fn(u64) -> String| {
        (0..rows).try_for_each(|n| write!(out, "{}{}", if n == 0 { "" } else { ",\n" }, record(n)))
    };
    match kind {
        "csv" => table(out),
        "csv.gz" => {
            let mut packed = GzEncoder::new(out, Compression::fast());
            table(&mut packed)?;
            packed.finish().map(|_| ())
        }
        "ndjson" => (0..rows).try_for_each(|n| writeln!(out, "{}", object(n))),
        "json" => {
            write!(out, "[")?;
            list(out, object)?;
            write!(out, "]")
        }
        _ => {
            write!(out, r#"{{"type":"FeatureCollection","features":["#)?;
            list(out, feature)?;
            write!(out, "]}}")
        }
    }
}

fn made(folder: &Folder, kind: &str, rows: u64) -> String {
    let name = format!("large.{kind}");
    let file = File::create(folder.file(&name)).unwrap();
    if kind == "zip" {
        let mut archive = ZipWriter::new(file);
        archive.start_file("large.csv", SimpleFileOptions::default()).unwrap();
        write("csv", rows, &mut archive).unwrap();
        archive.finish().unwrap();
    } else {
        let mut out = BufWriter::with_capacity(1 << 18, file);
        write(kind, rows, &mut out).unwrap();
        out.flush().unwrap();
    }
    name
}

/// How long a command took, and the most memory that it had, in MiB.
fn measured(folder: &Folder, arguments: &[&str]) -> (Duration, u64) {
    let began = Instant::now();
    let mut child = program(folder).args(arguments).stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or_default() >> 10);
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(ended.success(), "{arguments:?}");
    (began.elapsed(), peak)
}

#[test]
#[ignore = "makes and imports files of LARGE_ROWS rows, 1,000,000 by default"]
fn memory_and_time_are_bounded_whatever_the_size() {
    let rows = std::env::var("LARGE_ROWS").map_or(1_000_000, |text| text.parse().unwrap());
    for kind in ["csv", "csv.gz", "zip", "ndjson", "json", "geojson"] {
        let folder = Folder::new("large");
        let file = made(&folder, kind, rows);
        let (inspection, _) = measured(&folder, &["inspect", &file]);
        let (import, peak) =
            measured(&folder, &["import", &file, "--jurisdiction", "city.example"]);
        println!("{kind}: inspected in {inspection:?}, imported in {import:?}, {peak} MiB");
        assert!(peak <= MEMORY_MAX, "{kind}: {peak} MiB");
        assert!(inspection <= INSPECTION_MAX, "{kind}: {inspection:?}");
    }
}

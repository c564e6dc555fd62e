//! Large files in every container: how much memory their import takes, and how long their inspection.
//! Run by hand, for the times on a program that is built with optimisation:
//! `LARGE_ROWS=1000000 cargo test --release --test it large:: -- --ignored --nocapture`.
//! `LARGE_KINDS=csv,xlsx` limits the run to these containers.

use std::fs::File;
use std::io::{BufWriter, Cursor, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::common::{Folder, program};
use crate::readers::workbook_of;

/// Peak memory of an import, in MiB.
const MEMORY_MAX: u64 = 300;
/// Time of an inspection.
const INSPECTION_MAX: Duration = Duration::from_secs(2);

/// The namespace of the parts of a workbook.
const SHEETS: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

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
        format!("2024-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z"),
        if closed { format!("2025-{month:02}-{day:02}T12:00:00Z") } else { String::new() },
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
        "columns.json" => by_column(rows, out),
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

/// One list of values for each column.
fn by_column(rows: u64, out: &mut dyn Write) -> std::io::Result<()> {
    write!(out, "{{")?;
    for (at, name) in HEADER.split(',').enumerate() {
        write!(out, "{}\"{name}\":[", if at == 0 { "" } else { "," })?;
        for n in 0..rows {
            write!(out, "{}\"{}\"", if n == 0 { "" } else { "," }, cells(n)[at])?;
        }
        write!(out, "]")?;
    }
    write!(out, "}}")
}

/// A workbook whose texts are in the sheet, or in the table of texts as Excel writes them.
fn workbook(rows: u64, is_shared: bool, file: File) -> std::io::Result<()> {
    let mut archive = ZipWriter::new(BufWriter::new(file));
    let options = SimpleFileOptions::default();
    // All parts but the sheet.
    let mut small = zip::ZipArchive::new(Cursor::new(workbook_of(&[("All", "")])))?;
    for at in 0..small.len() - 1 {
        archive.raw_copy_file(small.by_index_raw(at)?)?;
    }
    let header = HEADER.split(',').map(str::to_owned).collect::<Vec<_>>();
    let row = |n: u64| if n == 0 { header.clone() } else { cells(n - 1).to_vec() };
    archive.start_file("xl/worksheets/sheet1.xml", options)?;
    write!(archive, "<worksheet xmlns=\"{SHEETS}\"><sheetData>")?;
    for n in 0..=rows {
        write!(archive, "<row r=\"{}\">", n + 1)?;
        for (at, text) in (0_u64..).zip(row(n)) {
            match is_shared {
                true => write!(archive, "<c t=\"s\"><v>{}</v></c>", n * 8 + at)?,
                false => write!(archive, "<c t=\"inlineStr\"><is><t>{text}</t></is></c>")?,
            }
        }
        write!(archive, "</row>")?;
    }
    write!(archive, "</sheetData></worksheet>")?;
    if is_shared {
        archive.start_file("xl/sharedStrings.xml", options)?;
        write!(archive, "<sst xmlns=\"{SHEETS}\">")?;
        for text in (0..=rows).flat_map(row) {
            write!(archive, "<si><t>{text}</t></si>")?;
        }
        write!(archive, "</sst>")?;
    }
    archive.finish()?.flush()
}

/// A layer or a Parquet file as this service exports it.
fn exported(folder: &Folder, kind: &str, rows: u64) -> String {
    let csv = made(folder, "csv", rows);
    let city = ["--jurisdiction", "city.example"];
    let store = ["--store", "sqlite:source.db"];
    measured(folder, &[&["import", &csv][..], &store, &city].concat());
    let (name, format) = (format!("large.{kind}"), kind.replace("parquet", "geoparquet"));
    let export = ["export", "--format", &format, "-o", &name];
    let export = [&export[..], &store].concat();
    measured(folder, &[&export[..], &city].concat());
    name
}

fn made(folder: &Folder, kind: &str, rows: u64) -> String {
    let name = format!("large.{kind}");
    if ["gpkg", "parquet", "fgb"].contains(&kind) {
        return exported(folder, kind, rows);
    }
    let file = File::create(folder.file(&name)).unwrap();
    if kind.ends_with("xlsx") {
        workbook(rows, kind == "shared.xlsx", file).unwrap();
    } else if kind == "zip" {
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
    let kinds = "csv,csv.gz,zip,ndjson,json,geojson,columns.json,gpkg,parquet,fgb,xlsx,shared.xlsx";
    let kinds = std::env::var("LARGE_KINDS").unwrap_or_else(|_| kinds.to_owned());
    let mut exceeded = Vec::new();
    for kind in kinds.split(',') {
        let folder = Folder::new("large");
        let file = made(&folder, kind, rows);
        let (inspection, _) = measured(&folder, &["inspect", &file]);
        let (import, peak) =
            measured(&folder, &["import", &file, "--jurisdiction", "city.example"]);
        println!("{kind}: inspected in {inspection:?}, imported in {import:?}, {peak} MiB");
        if peak > MEMORY_MAX || (inspection > INSPECTION_MAX && !cfg!(debug_assertions)) {
            exceeded.push(format!("{kind}: {peak} MiB, inspected in {inspection:?}"));
        }
    }
    assert!(exceeded.is_empty(), "{exceeded:?}");
}

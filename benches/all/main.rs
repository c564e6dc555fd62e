//! All that is asked of the program's speed, beside its peers, in one run and one table.
//!
//! `cargo bench` is the quick run, a few minutes: 100 thousand and 1 million reports, the peers
//! that are libraries; `cargo bench -- --protocols` takes the protocols alone. `cargo bench --
//! --full` takes the other peers and 10 million reports too, and writes `BENCH.md`. It reports; it
//! does not judge.

mod city;
mod clock;
mod clusters;
mod counting;
mod duplicates;
mod hotspots;
mod live;
mod peers;
mod protocols;
mod proximity;
mod service;
mod table;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use peers::Peers;
use table::{Row, Target};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Why figures grow as they do, by the beginning of their names.
const CAUSES: &[(&str, &str)] = &[
    ("10 nearest", "the table of squares leads to the place; memory farther away answers later"),
    ("all within 50", "the circle holds as many times more reports"),
    ("all within 500", "the circle holds as many times more reports"),
    ("duplicates'", "the circle holds as many times more reports"),
    ("likely", "as many times more reports are within reach"),
    ("a whole city", "each report weighs as many times more others"),
    ("hexes", "every report is looked at once, every hexagon asked for its neighbours"),
    ("Gi*", "every hexagon is asked for its neighbours"),
    ("DBSCAN", "more reports are within reach of each other: cells fill up"),
    ("hotspots", "every report's time is looked at twice"),
    ("clusters", "every report in view is looked at once; from zoom 12 on fewer are in view"),
    ("index memory", "the same columns and trees for each report"),
    ("resident", "what the process holds beside the index weighs less"),
    ("boot", "every row is read and decoded once"),
];

fn memory(size: usize, before: usize) -> Row {
    Row {
        reports: size,
        work: "index memory, all views, a report".into(),
        unit: "B",
        ours: (counting::live_bytes() - before) as f64 / size as f64,
        p99: None,
        peer: Some(("rstar, positions alone".into(), 76.0)),
        target: Some(Target::Most(100.0)),
    }
}

/// The rows of one size in process.
fn in_process(size: usize, peers: &Peers, postgis: Option<f64>, times: usize, rows: &mut Vec<Row>) {
    eprintln!("{size} reports, in process…");
    let points = city::points(size);
    let before = counting::live_bytes();
    let index = city::index(&points);
    rows.push(memory(size, before));
    rows.extend(proximity::rows(&points, &index, times));
    rows.extend(duplicates::rows(&points, &index, times));
    rows.extend(clusters::rows(&points, &index, peers));
    rows.extend(hotspots::rows(&points, &index, peers, postgis));
}

/// The best peers that are databases, beside the rows already taken.
fn databases(figures: &HashMap<String, f64>, rows: &mut Vec<Row>) -> Option<f64> {
    for (work, name) in [
        ("likely duplicates: search", "candidates"),
        ("10 nearest, any", "nearest"),
        ("all within 50 m", "within50"),
        ("all within 500 m", "within500"),
        ("duplicates'", "candidates"),
    ] {
        let ours = rows.iter().find(|row| row.reports == 1_000_000 && row.work.starts_with(work));
        if let (Some(ours), Some(theirs)) = (ours.cloned(), figures.get(name)) {
            let peer = Some(("PostGIS, heap ordered".to_owned(), *theirs));
            // A table of candidates is what PostGIS gives; nobody scores them there.
            let target = work.starts_with("duplicates'").then_some(Target::Ratio(25.0));
            rows.push(Row { peer, target, ..ours });
        }
    }
    figures.get("insert16").copied()
}

fn run(full: bool, folder: &Path) -> (Vec<Row>, Vec<String>) {
    let peers = Peers::find(folder, full);
    let mut rows = Vec::new();
    let times = if full { 100_000 } else { 40_000 };
    in_process(100_000, &peers, None, times, &mut rows);
    let figures = match full {
        true => {
            eprintln!("PostGIS…");
            peers.postgis(&city::points(1_000_000))
        }
        false => HashMap::new(),
    };
    in_process(1_000_000, &peers, figures.get("dbscan").copied(), times, &mut rows);
    let pg = databases(&figures, &mut rows);
    eprintln!("the program…");
    rows.extend(service::ingest(folder, &peers, 1_000_000));
    let store = folder.join("city.db");
    rows.extend(service::boot(1_000_000, &store));
    let seconds = if full { 4 } else { 2 };
    rows.extend(service::http(folder, 1_000_000, &store, pg, seconds));
    rows.extend(protocols::rows(folder, 1_000_000, &store, seconds));
    rows.push(live::visible(folder, &city::points(1_000_000)));
    rows.extend(live::rows(&store, 1_000_000));
    if full {
        in_process(10_000_000, &peers, None, times, &mut rows);
        eprintln!("a store of 10 million…");
        for size in [100_000, 10_000_000] {
            let store = service::store(folder, size);
            rows.extend(service::boot(size, &store));
        }
    }
    (rows, peers.missing)
}

/// The protocols alone, on a city of a million reports.
fn protocols_alone() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    fs::create_dir_all(&folder).expect("the target folder can be written");
    let store = service::store(&folder, 1_000_000);
    println!("{}", table::markdown(&protocols::rows(&folder, 1_000_000, &store, 2)));
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().next().unwrap_or_default().replace("MemTotal:", "");
    let kernel = said("uname", &["-sr"]);
    format!(
        "{}, {cores} cores, {} of memory, {kernel}",
        model.trim_matches([' ', ':', '\t']),
        memory.trim()
    )
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--constant") {
        let bytes = arguments.get(at + 1).and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
        return service::constant(bytes);
    }
    if arguments.iter().any(|argument| argument == "--protocols") {
        return protocols_alone();
    }
    let full = arguments.iter().any(|argument| argument == "--full");
    let began = Instant::now();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    fs::create_dir_all(&folder).expect("the target folder can be written");
    let (rows, missing) = run(full, &folder);
    let mut text = String::new();
    let kind = if full { "A full run" } else { "A quick run" };
    let today = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let _ = writeln!(
        text,
        "# Speed, beside the best peers\n\n{kind} of `make bench` on {today}: {}; {}; {}; in {:.0} \
         minutes.\n\nOurs and the peer's are taken in turns in the same minute. Medians of five \
         rounds (three over HTTP); p99 of single runs. A ratio above 1 says how many times better \
         ours is. Peers in process are given planar points without filters, updates or deletes; \
         ours measures on the sphere and has all three. ✗ marks what is asked and missed.\n",
        machine(),
        said("rustc", &["--version"]),
        said("psql", &["--version"]),
        began.elapsed().as_secs_f64() / 60.0,
    );
    for reason in &missing {
        let _ = writeln!(text, "Not installed — {reason}.\n");
    }
    text += &table::markdown(&rows);
    let _ = writeln!(text, "\n## Growth\n\n{}", table::growth(&rows, CAUSES));
    println!("{text}");
    let path = match full {
        true => Path::new(env!("CARGO_MANIFEST_DIR")).join("BENCH.md"),
        false => folder.join("BENCH.md"),
    };
    fs::write(&path, text).expect("the table can be written");
    eprintln!("written to {}", path.display());
}

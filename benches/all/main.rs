//! All measurements of the program's speed beside its peers, in one run and one table.
//!
//! - `cargo bench --bench all`: a few minutes, 100 thousand and 1 million reports.
//! - `cargo bench --bench all -- --full`: 10 million reports and the slow peers too; rewrites
//!   `BENCH.md` if every row was measured.
//! - `cargo bench --bench all -- --protocols`: the standard protocols and the exports alone.
//! - `cargo test --bench all`, or `-- --smoke`: every row on tiny data, in seconds and without an
//!   optimised build. It shows that the rows still run; its figures say nothing of speed.
//!
//! Missed targets are marked; they are no failure. The exit status is 1 if a row could not be
//! measured because it panicked or returned an error.

mod allocator;
mod api;
mod areas;
mod city;
mod clusters;
mod concurrent_writes;
mod counts;
mod duplicates;
mod growth;
mod hexes;
mod hotspots;
mod load;
mod machine;
mod peers;
mod protocols;
mod proximity;
mod row;
mod server;
mod service;
mod settings;
mod table;
mod timing;
mod trees;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use peers::{Figures, Peers};
use row::{Row, Target, size};
use settings::{Mode, Settings};
use table::Table;

#[global_allocator]
static ALLOCATOR: allocator::Counting = allocator::Counting;

/// The rows of one size in process.
fn in_process(
    table: &mut Table,
    settings: &Settings,
    reports: usize,
    peers: &Peers,
    postgis: &Figures,
) {
    eprintln!("{} reports, in process…", size(reports));
    table.group(reports, "the city in process", |table| {
        let points = city::points(reports);
        let before = allocator::settled_bytes();
        let index = city::index(&points);
        let bytes = allocator::live_bytes().checked_sub(before);
        let bytes = bytes.ok_or("memory was freed elsewhere while the index was built")?;
        proximity::measure(table, settings, &points, &index, bytes);
        duplicates::measure(table, settings, &points, &index);
        clusters::measure(table, settings, &points, &index, peers);
        counts::measure(table, settings, &points, &index);
        areas::measure(table, settings, &points, &index);
        hexes::measure(table, settings, &points, &index, peers);
        let dbscan_ms = postgis.get("dbscan").copied();
        hotspots::measure(table, settings, &points, &index, peers, dbscan_ms);
        Ok(())
    });
}

/// Repeats rows already measured beside PostGIS.
fn beside_postgis(table: &mut Table, settings: &Settings, figures: &Figures) {
    for (work, name) in [
        ("likely duplicates: search", "candidates"),
        ("10 nearest, any", "nearest"),
        ("all within 50 m", "within50"),
        ("all within 500 m", "within500"),
        ("duplicates'", "candidates"),
    ] {
        let is_row = |row: &&Row| settings.is_city(row.reports) && row.work.starts_with(work);
        let ours = table.rows.iter().find(is_row).cloned();
        if let (Some(ours), Some(theirs)) = (ours, figures.get(name)) {
            let row = Row { target: None, ..ours.peer("PostGIS, heap ordered", Some(*theirs)) };
            // PostGIS returns candidates; only that row compares the same work.
            let is_same_work = work.starts_with("duplicates'");
            let target = Target::Ratio(25.0);
            table.add(if is_same_work { row.target(1_000_000, target) } else { row });
        }
    }
}

/// The program itself: import, boot, HTTP, writes.
fn program(table: &mut Table, settings: &Settings, peers: &Peers, postgis: &Figures) {
    eprintln!("the program…");
    let (reports, store) = (settings.city, settings.folder.join("city.db"));
    service::import(table, settings, peers, reports, &store);
    service::boot(table, settings, reports, &store);
    // The rows that write come last, so that the others see the number of reports they name.
    protocols::measure(table, settings, reports, &store);
    load::measure(table, settings, reports, &store, postgis.get("insert16").copied());
    concurrent_writes::measure(table, settings, reports, &store);
}

fn everything(table: &mut Table, settings: &Settings, peers: &Peers) {
    in_process(table, settings, settings.small, peers, &Figures::new());
    let mut postgis = Figures::new();
    table.group(settings.city, "PostGIS", |_| {
        postgis = peers.postgis(&city::points(settings.city))?;
        Ok(())
    });
    in_process(table, settings, settings.city, peers, &postgis);
    beside_postgis(table, settings, &postgis);
    program(table, settings, peers, &postgis);
    let Some(large) = settings.large else { return };
    in_process(table, settings, large, peers, &Figures::new());
    for reports in [settings.small, large] {
        eprintln!("a store of {} reports…", size(reports));
        table.group(reports, "a generated store", |table| {
            let store = service::generate(settings, reports)?;
            service::boot(table, settings, reports, &store);
            Ok(())
        });
    }
}

/// Prints what failed and writes the table to its file.
fn finish(table: &mut Table, settings: &Settings) -> ExitCode {
    if !table.failed.is_empty() {
        table.print(&format!("\n{} rows failed:\n", table.failed.len()));
        for line in table.failed.clone() {
            table.print(&format!("- {line}"));
        }
    }
    let is_complete = table.failed.is_empty();
    let path = match settings.mode {
        Mode::Full if is_complete => Path::new(env!("CARGO_MANIFEST_DIR")).join("BENCH.md"),
        _ => settings.folder.join("BENCH.md"),
    };
    match fs::write(&path, &table.text) {
        Ok(()) => eprintln!("written to {}", path.display()),
        Err(error) => eprintln!("{} cannot be written: {error}", path.display()),
    }
    // With REQUIRE_PEERS=1 what is not installed is a failure too, as in the other tests.
    let requires_peers = std::env::var("REQUIRE_PEERS").is_ok_and(|value| value == "1");
    if is_complete && (table.skipped.is_empty() || !requires_peers) {
        return ExitCode::SUCCESS;
    }
    for line in &table.failed {
        eprintln!("failed: {line}");
    }
    for line in table.skipped.iter().filter(|_| requires_peers) {
        eprintln!("required and absent: {line}");
    }
    ExitCode::FAILURE
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--constant") {
        let bytes = arguments.get(at + 1).and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
        server::serve_constant(bytes);
        return ExitCode::SUCCESS;
    }
    table::record_panics();
    table::check_isolation();
    let (settings, began) = (Settings::new(Mode::from_arguments(&arguments)), Instant::now());
    fs::create_dir_all(&settings.folder).expect("the target folder can be written");
    let peers = Peers::find(&settings);
    let mut table = Table::default();
    table.print(&machine::heading(settings.mode));
    for (reason, is_required) in &peers.absent {
        table.print(&format!("Not installed: {reason}.\n"));
        if *is_required {
            table.skipped.push(reason.clone());
        }
    }
    table.header();
    if settings.mode == Mode::Protocols {
        table.group(settings.city, "a generated store", |table| {
            let store = service::generate(&settings, settings.city)?;
            protocols::measure(table, &settings, settings.city, &store);
            Ok(())
        });
    } else {
        everything(&mut table, &settings, &peers);
        growth::print(&mut table, &settings);
    }
    table.print(&format!("\nMeasured in {:.1} minutes.", began.elapsed().as_secs_f64() / 60.0));
    finish(&mut table, &settings)
}

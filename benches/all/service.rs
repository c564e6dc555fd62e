//! The program as it is run: import and boot.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::peers::Peers;
use crate::row::{Row, Target};
use crate::server::{Server, run};
use crate::settings::Settings;
use crate::table::{Outcome, Table};
use crate::timing::quantile;

/// SQLite alone: the columns of a CSV file into one table with its key, in one transaction. Returns
/// seconds.
fn sqlite(folder: &Path, csv: &Path) -> Outcome<f64> {
    let path = folder.join("plain.db");
    remove(&path);
    let began = Instant::now();
    let mut db = rusqlite::Connection::open(&path)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    let mut reader = csv::Reader::from_path(csv)?;
    let width = reader.headers()?.len();
    let columns: Vec<String> = (0..width).map(|n| format!("c{n} TEXT")).collect();
    db.execute(&format!("CREATE TABLE report ({}, PRIMARY KEY (c0))", columns.join(", ")), [])?;
    let transaction = db.transaction()?;
    let marks = vec!["?"; width].join(", ");
    {
        let mut insert = transaction.prepare(&format!("INSERT INTO report VALUES ({marks})"))?;
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record)? {
            insert.execute(rusqlite::params_from_iter(record.iter()))?;
        }
    }
    transaction.commit()?;
    drop(db);
    let seconds = began.elapsed().as_secs_f64();
    remove(&path);
    Ok(seconds)
}

/// Imports a generated CSV file into a store until it can be queried. The store stays for the rows
/// that follow.
pub fn import(table: &mut Table, settings: &Settings, peers: &Peers, reports: usize, store: &Path) {
    let csv = settings.folder.join("city.csv");
    let work = "CSV to durable and queryable";
    let mut seconds = None;
    table.measure(reports, work, || {
        let (file, target) = (csv.display().to_string(), format!("sqlite:{}", store.display()));
        run(&["generate", "--reports", &reports.to_string(), "-o", &file])?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..settings.rounds() {
            remove(store);
            let import = run(&["import", &file, "--store", &target])?;
            ours.push(import + Server::program(settings, store)?.boot_s);
            theirs.push(sqlite(&settings.folder, &csv)?);
        }
        let ours = quantile(&mut ours, 0.5);
        seconds = Some(ours);
        let row = Row::new(reports, work, "s", ours).target(1_000_000, Target::AtMost(5.0));
        Ok(row.peer("SQLite, one table", Some(quantile(&mut theirs, 0.5))))
    });
    if let Some(seconds) = seconds {
        table.measure(reports, "CSV to durable and queryable, beside DuckDB", || {
            let theirs = peers.duckdb(&csv)?;
            let row = Row::new(reports, work, "s", seconds).peer("DuckDB, one table", theirs);
            Ok(if theirs.is_some() { vec![row] } else { Vec::new() })
        });
    }
}

fn remove(store: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", store.display()));
    }
}

/// Generates a store of `reports` reports over the last year.
pub fn generate(settings: &Settings, reports: usize) -> Outcome<PathBuf> {
    let path = settings.folder.join(format!("city-{reports}.db"));
    remove(&path);
    let store = format!("sqlite:{}", path.display());
    run(&["generate", "--reports", &reports.to_string(), "--store", &store])?;
    Ok(path)
}

/// Boot time and memory of the service on a store.
pub fn boot(table: &mut Table, settings: &Settings, reports: usize, store: &Path) {
    table.group(reports, "boot and resident memory", |table| {
        let server = Server::program(settings, store)?;
        let row = Row::new(reports, "boot to ready", "s", server.boot_s)
            .target(1_000_000, Target::AtMost(1.5))
            .target(10_000_000, Target::AtMost(15.0));
        table.add(row);
        // The segments read at boot are merged in the background.
        settings.settle((reports / 500_000) as u64 + 1);
        let bytes = server.resident()? / reports as f64;
        table.add(Row::new(reports, "resident memory, a report", "B", bytes));
        Ok(())
    });
}

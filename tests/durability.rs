//! Nothing acknowledged is lost, nothing is there twice, whenever the process dies.

#[allow(dead_code)] // This binary needs only a part of the shared helpers.
#[path = "it/common/mod.rs"]
mod common;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Folder, Service, ask, done, eventually, program};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How often the process is killed; `KILLS` asks for another number.
fn kills() -> usize {
    std::env::var("KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(50)
}

/// A file of `count` rows to import.
fn rows(folder: &Folder, count: usize) -> PathBuf {
    let header =
        "case_enquiry_id,open_dt,closed_dt,case_status,case_title,type,latitude,longitude\n";
    let row = |n| {
        format!("i{n},2026-03-01 08:00:00,,Open,trou {n},Pothole,42.3{:04},-71.1\n", n % 10_000)
    };
    folder.with("rows.csv", header.to_owned() + &(0..count).map(row).collect::<String>())
}

#[test]
fn kill_9_under_64_connections_and_an_import_loses_nothing_acknowledged() {
    let folder = Folder::new("kill");
    let mut rng = ChaCha8Rng::seed_from_u64(99);
    // What was acknowledged: idempotency key to tracking number. Keys sent without an answer are
    // sent again after the restart, as a phone would.
    let acknowledged: Arc<Mutex<HashMap<String, String>>> = Arc::default();
    let unanswered: Arc<Mutex<Vec<String>>> = Arc::default();
    let sent = Arc::new(AtomicUsize::new(0));
    let source = rows(&folder, 30_000);

    for round in 0..kills() {
        let service = Service::start(&folder, &[]);
        let address = service.address;
        let mut import = program(&folder)
            .args(["import", source.to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..64)
            .map(|_| {
                let (stop, sent) = (stop.clone(), sent.clone());
                let (acknowledged, unanswered) = (acknowledged.clone(), unanswered.clone());
                std::thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let again = unanswered.lock().unwrap().pop();
                        let key = again.unwrap_or_else(|| {
                            format!("key-{}", sent.fetch_add(1, Ordering::SeqCst))
                        });
                        let body = format!(
                            r#"{{"service_code":"graffiti","lon":-71.2,"lat":46.8,"description":"{key}"}}"#
                        );
                        let headers = [("Idempotency-Key", key.as_str())];
                        let answer = ask(address, "POST", "/api/v1/reports", &headers, body.as_bytes());
                        match answer.filter(|answer| answer.status == 201) {
                            Some(answer) => {
                                let id = answer.json()["id"].as_str().unwrap().to_owned();
                                let before = acknowledged.lock().unwrap().insert(key, id.clone());
                                assert!(before.is_none_or(|before| before == id));
                            }
                            None => unanswered.lock().unwrap().push(key),
                        }
                    }
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(rng.random_range(20..500)));
        service.kill();
        import.kill().unwrap();
        import.wait().unwrap();
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().for_each(|client| client.join().unwrap());
        if round % 10 == 9 || round + 1 == kills() {
            verify(&folder, &acknowledged.lock().unwrap());
        }
    }
    assert!(acknowledged.lock().unwrap().len() > 10 * kills(), "hardly anything was acknowledged");

    // The import, taken up once more, comes to its end and leaves each row once.
    let output = done(&folder, &["import", source.to_str().unwrap()]);
    assert!(output.contains(" 0 refused"), "{output}");
    assert!(done(&folder, &["check"]).contains("boston.gov: 30000 reports"));
}

/// Every acknowledged report is there under its number, none twice, and the store is whole.
fn verify(folder: &Folder, acknowledged: &HashMap<String, String>) {
    let output = done(folder, &["check"]);
    assert!(output.ends_with("ok\n"), "{output}");
    let export = done(folder, &["export", "--format", "csv"]);
    let mut table = csv::Reader::from_reader(export.as_bytes());
    let column = table.headers().unwrap().iter().position(|name| name == "description").unwrap();
    let mut stored: HashMap<String, String> = HashMap::new();
    for row in table.records() {
        let row = row.unwrap();
        let before = stored.insert(row[column].to_owned(), row[0].to_owned());
        assert!(before.is_none(), "{} is there twice", &row[column]);
    }
    for (key, id) in acknowledged {
        assert_eq!(stored.get(key), Some(id), "{key} was acknowledged");
    }
}

#[test]
fn an_import_stopped_in_the_middle_takes_up_where_it_was() {
    let folder = Folder::new("resume");
    let source = rows(&folder, 200_000);
    let source = source.to_str().unwrap();
    let mut import =
        program(&folder).args(["import", source]).stdout(Stdio::null()).spawn().unwrap();
    let log_bytes = || folder.file("city.db-wal").metadata().map_or(0, |meta| meta.len());
    eventually("the import writes", || log_bytes() >= 1_000_000);
    let pid = import.id().to_string();
    std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert_eq!(import.wait().unwrap().code(), Some(130), "Ctrl-C stops cleanly");
    let output = done(&folder, &["import", source]);
    assert!(output.contains("written by an earlier, interrupted run"), "{output}");
    assert!(done(&folder, &["check"]).contains("boston.gov: 200000 reports"));
}

#[test]
fn a_full_disk_acknowledges_nothing_and_loses_nothing() {
    // The shell's limit on file sizes stands for the full disk: writes fail, the process lives.
    let folder = Folder::new("full");
    let service = Service::start(&folder, &[]);
    assert_eq!(service.post("/api/v1/reports", r#"{"service_code":"graffiti"}"#).status, 201);
    drop(service);
    let program = env!("CARGO_BIN_EXE_pointchaud");
    let script = format!(
        "trap '' XFSZ; ulimit -f 400; exec '{program}' serve --listen 127.0.0.1:0 --basemap none"
    );
    let child = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(&folder.0)
        .env("POINTCHAUD_STORE", "sqlite:city.db")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let service = Service::of(child);
    let body = format!(r#"{{"service_code":"graffiti","description":"{}"}}"#, "x".repeat(3_000));
    let (mut taken, mut turned_away) = (1, 0);
    for _ in 0..400 {
        match service.post("/api/v1/reports", &body).status {
            201 => taken += 1,
            503 => turned_away += 1,
            other => panic!("status {other}"),
        }
    }
    assert!(turned_away > 0, "the disk never filled");
    assert_eq!(service.get("/healthz").status, 200);
    drop(service);
    let output = done(&folder, &["check"]);
    assert!(output.contains(&format!("{taken} reports")), "{taken} were acknowledged: {output}");
}

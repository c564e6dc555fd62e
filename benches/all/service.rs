//! The program as it is run: import, boot, HTTP under load, durable writes.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::clock::quantile;
use crate::peers::Peers;
use crate::table::{Row, Target};

const PROGRAM: &str = env!("CARGO_BIN_EXE_pointchaud");

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> f64 {
    let began = Instant::now();
    let mut program = Command::new(PROGRAM);
    program.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(program.status().is_ok_and(|status| status.success()), "{arguments:?} failed");
    began.elapsed().as_secs_f64()
}

/// A program that serves, and where.
pub struct Server {
    child: Child,
    address: SocketAddr,
    /// Seconds until it answered questions.
    pub boot_s: f64,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(command: &mut Command, ready: &str) -> Self {
        let began = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("its output is ours");
        BufReader::new(out).read_line(&mut line).expect("it says where it listens");
        let address = line.trim().rsplit("http://").next().unwrap_or_default();
        let address = address.trim_end_matches('/').parse().expect("an address");
        let mut server = Self { child, address, boot_s: 0.0 };
        while !server.get(ready).starts_with(b"HTTP/1.1 200") {
            std::thread::sleep(Duration::from_millis(5));
        }
        server.boot_s = began.elapsed().as_secs_f64();
        server
    }

    /// The program on a store.
    pub fn program(store: &Path) -> Self {
        let store = format!("sqlite:{}", store.display());
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--basemap", "none", "--store"];
        Self::start(Command::new(PROGRAM).args(arguments).arg(store), "/readyz")
    }

    /// This binary as a constant answer of so many bytes.
    pub fn constant(bytes: usize) -> Self {
        let own = std::env::current_exe().expect("this binary");
        Self::start(Command::new(own).args(["--constant", &bytes.to_string()]), "/")
    }

    /// Resident memory, in bytes.
    pub fn resident(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
        kib.unwrap_or(f64::NAN) * 1024.0
    }

    fn send(&self, request: &[u8]) -> Vec<u8> {
        let Ok(mut stream) = TcpStream::connect(self.address) else { return Vec::new() };
        let mut answer = Vec::new();
        let _ = stream.write_all(request);
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    /// The whole answer to a question, head and all.
    pub fn get(&self, path: &str) -> Vec<u8> {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
    }

    fn post(&self, path: &str, body: &[u8]) -> Vec<u8> {
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        self.send(&[head.as_bytes(), body].concat())
    }

    /// What `wrk` says: requests a second, and the median latency in milliseconds.
    pub fn wrk(&self, script: &Path, clients: usize, seconds: usize) -> Option<(f64, f64)> {
        let output = Command::new("wrk")
            .args(["-t1", &format!("-c{clients}"), &format!("-d{seconds}s"), "--latency", "-s"])
            .arg(script)
            .arg(format!("http://{}", self.address))
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!text.contains("Non-2xx"), "{text}");
        let after = |label: &str| {
            text.lines().find_map(|line| line.trim().strip_prefix(label)).map(str::trim)
        };
        let latency = after("50%")?;
        let digits = latency.trim_end_matches(|c: char| c.is_alphabetic());
        let scale = match &latency[digits.len()..] {
            "us" => 1e-3,
            "s" => 1e3,
            _ => 1.0,
        };
        Some((after("Requests/sec:")?.parse().ok()?, digits.parse::<f64>().ok()? * scale))
    }
}

/// Serves one answer to everything: what HTTP costs here without any work.
pub fn constant(bytes: usize) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("constant: http://{}/", listener.local_addr().expect("its address"));
        let body = axum::body::Bytes::from(vec![b'x'; bytes]);
        let answer = move || {
            let body = body.clone();
            async move { body }
        };
        let router = axum::Router::new().fallback(answer);
        axum::serve(listener, router).await.expect("it serves");
    });
}

/// A script of `wrk`.
pub fn script(folder: &Path, name: &str, lua: &str) -> PathBuf {
    let path = folder.join(format!("{name}.lua"));
    fs::write(&path, lua).expect("the folder can be written");
    path
}

fn asking(url: &str) -> String {
    format!(
        "math.randomseed(7)\nrequest = function()\n  local lon = -71.35 + math.random() * 0.2\n  \
         local lat = 46.78 + math.random() * 0.1\n  \
         return wrk.format('GET', string.format('{url}', lon, lat))\nend\n"
    )
}

/// A row without a peer.
pub fn row(reports: usize, work: &str, unit: &'static str, ours: f64) -> Row {
    Row { reports, work: work.into(), unit, ours, p99: None, peer: None, target: None }
}

/// HTTP questions of 64 connections beside a constant answer of the same size, turn by turn.
fn questions(folder: &Path, size: usize, server: &Server, seconds: usize) -> Vec<Row> {
    let asked = [
        ("nearest", "/api/v1/nearest?lon=%.6f&lat=%.6f&k=10&status=open"),
        ("within 50 m", "/api/v1/within?lon=%.6f&lat=%.6f&radius_m=50"),
        ("duplicates", "/api/v1/duplicates?lon=%.6f&lat=%.6f&service=nid-de-poule&text=gros+trou"),
    ];
    let mut rows = Vec::new();
    for (name, url) in asked {
        let lua = script(folder, "ask", &asking(url));
        let sample = url.replacen("%.6f", "-71.25", 1).replacen("%.6f", "46.82", 1);
        let bytes = server.get(&sample).len();
        let constant = Server::constant(bytes);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            ours.extend(server.wrk(&lua, 64, seconds).map(|taken| taken.0));
            theirs.extend(constant.wrk(&lua, 64, seconds).map(|taken| taken.0));
        }
        if ours.is_empty() {
            return rows;
        }
        let work = format!("HTTP {name}, 64 connections");
        rows.push(Row {
            peer: Some((format!("axum, constant {bytes} B"), quantile(&mut theirs, 0.5))),
            target: Some(Target::Ratio(0.6)),
            ..row(size, &work, "/s", quantile(&mut ours, 0.5))
        });
    }
    rows
}

/// Median time of one fdatasync after 4 KiB, in milliseconds.
fn fdatasync(folder: &Path) -> f64 {
    let mut file = fs::File::create(folder.join("sync.bin")).expect("the folder can be written");
    let mut taken: Vec<f64> = (0..1_000)
        .map(|_| {
            file.write_all(&[7; 4_096]).expect("the disk has room");
            let began = Instant::now();
            file.sync_data().expect("the disk answers");
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    quantile(&mut taken, 0.5)
}

fn batch_body(rows: usize) -> String {
    let row = |n: usize| {
        let (lon, lat) = (n * 7_919 % 2_000, n * 104_729 % 1_000);
        format!(
            "{{\"service_code\":\"nid-de-poule\",\"lon\":-71.{},\"lat\":46.{},\"description\":\
             \"Trou profond devant le {} de la rue des Érables\"}}\n",
            2_000 + lon,
            7_800 + lat,
            n % 900
        )
    };
    (0..rows).map(row).collect()
}

fn writes(
    folder: &Path,
    size: usize,
    server: &Server,
    pg: Option<f64>,
    seconds: usize,
) -> Vec<Row> {
    let lua = script(
        folder,
        "post",
        "math.randomseed(7)\nwrk.method = 'POST'\nrequest = function()\n  return wrk.format(nil, \
         '/api/v1/reports', nil, string.format('{\"service_code\":\"nid-de-poule\",\"lon\":%.6f,\
         \"lat\":%.6f,\"description\":\"Trou profond\"}', -71.35 + math.random() * 0.2, \
         46.78 + math.random() * 0.1))\nend\n",
    );
    let mut rows = Vec::new();
    let (mut ours, mut sync) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        sync.push(fdatasync(folder));
        ours.extend(server.wrk(&lua, 1, seconds).map(|taken| taken.1));
    }
    if !ours.is_empty() {
        rows.push(Row {
            peer: Some(("fdatasync of 4 KiB".into(), quantile(&mut sync, 0.5))),
            target: Some(Target::Ratio(0.5)),
            ..row(size, "durable POST, 1 client", "ms", quantile(&mut ours, 0.5))
        });
        let mut ours: Vec<f64> =
            (0..3).filter_map(|_| server.wrk(&lua, 16, seconds)).map(|taken| taken.0).collect();
        rows.push(Row {
            peer: pg.map(|rate| ("PostgreSQL, 16 clients, no HTTP".into(), rate)),
            target: Some(Target::Least(15_000.0)),
            ..row(size, "durable POST, 16 clients", "/s", quantile(&mut ours, 0.5))
        });
    }
    let body = batch_body(200_000);
    let mut rates: Vec<f64> = (0..3)
        .map(|_| {
            let began = Instant::now();
            let answer = server.post("/api/v1/reports/batch", body.as_bytes());
            let seconds = began.elapsed().as_secs_f64();
            let made = answer.split(|byte| *byte == b'\n').filter(|line| {
                line.starts_with(b"{") && line.windows(12).any(|part| part == b"\"status\":201")
            });
            assert_eq!(made.count(), 200_000, "every row is answered");
            200_000.0 / seconds
        })
        .collect();
    rows.push(Row {
        target: Some(Target::Least(200_000.0)),
        ..row(size, "durable batch of 200,000 in one request", "/s", quantile(&mut rates, 0.5))
    });
    rows
}

/// SQLite alone: the columns of a CSV file into one table with its key, one transaction.
fn sqlite(folder: &Path, csv: &Path) -> f64 {
    let path = folder.join("plain.db");
    let _ = fs::remove_file(&path);
    let began = Instant::now();
    let mut db = rusqlite::Connection::open(&path).expect("a file");
    db.pragma_update(None, "journal_mode", "WAL").expect("a pragma");
    db.pragma_update(None, "synchronous", "FULL").expect("a pragma");
    let columns: Vec<String> = (0..21).map(|n| format!("c{n} TEXT")).collect();
    let table = format!("CREATE TABLE report ({}, PRIMARY KEY (c0))", columns.join(", "));
    db.execute(&table, []).expect("a table");
    let tx = db.transaction().expect("a transaction");
    let marks = vec!["?"; 21].join(", ");
    {
        let mut insert = tx.prepare(&format!("INSERT INTO report VALUES ({marks})")).expect("SQL");
        let mut reader = csv::Reader::from_path(csv).expect("the generated file");
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).expect("well-formed") {
            insert.execute(rusqlite::params_from_iter(record.iter())).expect("a row");
        }
    }
    tx.commit().expect("a commit");
    drop(db);
    let seconds = began.elapsed().as_secs_f64();
    let _ = fs::remove_file(&path);
    seconds
}

/// Import of a generated CSV file, to durable and queryable.
pub fn ingest(folder: &Path, peers: &Peers, reports: usize) -> Vec<Row> {
    let (csv, store) = (folder.join("city.csv"), folder.join("city.db"));
    let file = csv.display().to_string();
    run(&["generate", "--reports", &reports.to_string(), "-o", &file]);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        remove(&store);
        let store = format!("sqlite:{}", store.display());
        let import = run(&["import", &file, "--store", &store]);
        let server = Server::program(&folder.join("city.db"));
        ours.push(import + server.boot_s);
        drop(server);
        theirs.push(sqlite(folder, &csv));
    }
    let ours = quantile(&mut ours, 0.5);
    let work = "CSV to durable and queryable";
    let target = (reports == 1_000_000).then_some(Target::Most(5.0));
    let peer = Some(("SQLite, one table".to_owned(), quantile(&mut theirs, 0.5)));
    let mut rows = vec![Row { peer, target, ..row(reports, work, "s", ours) }];
    if let Some(seconds) = peers.duckdb(&csv) {
        let peer = Some(("DuckDB, one table".to_owned(), seconds));
        rows.push(Row { peer, ..rows[0].clone() });
    }
    rows
}

fn remove(store: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", store.display()));
    }
}

/// A store of the generated city, made if [`ingest`] has not.
pub fn store(folder: &Path, reports: usize) -> PathBuf {
    let path = folder.join(format!("city-{reports}.db"));
    remove(&path);
    let store = format!("sqlite:{}", path.display());
    run(&["generate", "--reports", &reports.to_string(), "--store", &store]);
    path
}

/// Boot and memory of a store.
pub fn boot(reports: usize, store: &Path) -> Vec<Row> {
    let server = Server::program(store);
    let most = match reports {
        1_000_000 => Some(1.5),
        10_000_000 => Some(15.0),
        _ => None,
    };
    // Runs of the boot are merged beside the first questions.
    std::thread::sleep(Duration::from_secs((reports / 500_000) as u64 + 1));
    vec![
        Row { target: most.map(Target::Most), ..row(reports, "boot to ready", "s", server.boot_s) },
        row(reports, "resident memory, a report", "B", server.resident() / reports as f64),
    ]
}

/// Questions and writes over HTTP.
pub fn http(folder: &Path, size: usize, store: &Path, pg: Option<f64>, seconds: usize) -> Vec<Row> {
    let server = Server::program(store);
    std::thread::sleep(Duration::from_secs(3));
    let mut rows = questions(folder, size, &server, seconds);
    rows.extend(writes(folder, size, &server, pg, seconds));
    rows
}

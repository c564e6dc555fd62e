//! Programs of their own: the service, its commands, and a constant HTTP answer to compare with.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::settings::Settings;
use crate::table::{Outcome, Skipped};
use crate::timing::quantile;

const PROGRAM: &str = env!("CARGO_BIN_EXE_pointchaud");
/// How long a server may take until it is ready: reading ten million reports takes fifteen seconds.
const START_S: u64 = 300;

/// Runs a command of the program to its end; returns seconds.
pub fn run(arguments: &[&str]) -> Outcome<f64> {
    let began = Instant::now();
    let output = Command::new(PROGRAM).args(arguments).stdout(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(began.elapsed().as_secs_f64());
    }
    let reason = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = reason.lines().rev().take(3).collect::<Vec<_>>().join(" / ");
    Err(format!("`pointchaud {}` failed: {last}", arguments.join(" ")).into())
}

/// An answer over HTTP.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, body: bytes[end + 4..].to_vec() })
    }

    /// The answer, or an error with the beginning of its body when the status is another one.
    pub fn expect(self, status: u16, request: &str) -> Outcome<Self> {
        if self.status == status {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(&self.body[..self.body.len().min(600)]).into_owned();
        Err(format!("{request} was answered {}: {body}", self.status).into())
    }
}

/// A running server. It is killed when dropped.
pub struct Server {
    child: Child,
    address: SocketAddr,
    /// Seconds from the start of the process until it was ready.
    pub boot_s: f64,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts a server that prints its address in its first line, and waits until `ready` is
    /// answered with 200.
    fn start(command: &mut Command, ready: &str, log: &Path) -> Outcome<Self> {
        let began = Instant::now();
        let log_file = fs::File::create(log)?;
        let mut child = command.stdout(Stdio::piped()).stderr(log_file).spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.as_mut().ok_or("no standard output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().rsplit("http://").next().unwrap_or_default();
        let Ok(address) = address.trim_end_matches('/').parse() else {
            let _ = child.kill();
            let _ = child.wait();
            let log = fs::read_to_string(log).unwrap_or_default();
            return Err(format!("the server did not start: {line} {log}").into());
        };
        let mut server = Self { child, address, boot_s: 0.0 };
        while server.get(ready).is_none_or(|answer| answer.status != 200) {
            if began.elapsed() > Duration::from_secs(START_S) {
                return Err(format!("{ready} was not answered 200 in {START_S} s").into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        server.boot_s = began.elapsed().as_secs_f64();
        Ok(server)
    }

    /// Serves a store.
    pub fn program(settings: &Settings, store: &Path) -> Outcome<Self> {
        let store = format!("sqlite:{}", store.display());
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--basemap", "none", "--store"];
        let mut command = Command::new(PROGRAM);
        Self::start(
            command.args(arguments).arg(store),
            "/readyz",
            &settings.folder.join("server.log"),
        )
    }

    /// Serves a constant answer with a body of that many bytes, by this very binary.
    pub fn constant(settings: &Settings, bytes: usize) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--constant", &bytes.to_string()]);
        Self::start(&mut command, "/", &settings.folder.join("constant.log"))
    }

    /// Resident memory, in bytes.
    pub fn resident(&self) -> Outcome<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
        Ok(kib.ok_or("the process has no VmRSS")? * 1024.0)
    }

    /// Sends a request on a connection of its own. HTTP/1.0, so that the body is never in chunks.
    fn send(&self, head: &str, body: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        let mut answer = Vec::new();
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        stream.read_to_end(&mut answer).ok()?;
        Answer::parse(&answer)
    }

    /// The answer to a GET, none when there was no connection or no answer.
    pub fn get(&self, path: &str) -> Option<Answer> {
        self.send(&format!("GET {path} HTTP/1.0\r\nhost: x\r\n\r\n"), &[])
    }

    /// The answer to a GET that must succeed.
    pub fn get_ok(&self, path: &str) -> Outcome<Answer> {
        self.get(path).ok_or_else(|| format!("GET {path}: no answer"))?.expect(200, path)
    }

    /// The answer to a POST.
    pub fn post(&self, path: &str, body: &[u8]) -> Outcome<Answer> {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.0\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        Ok(self.send(&head, body).ok_or_else(|| format!("POST {path}: no answer"))?)
    }

    /// Puts load on the server with `wrk` in one thread.
    pub fn load(&self, script: &Path, clients: usize, seconds: usize) -> Outcome<Load> {
        let output = Command::new("wrk")
            .args(["-t1", &format!("-c{clients}"), &format!("-d{seconds}s"), "--latency", "-s"])
            .arg(script)
            .arg(format!("http://{}", self.address))
            .output()
            .map_err(|_| Skipped("wrk is not installed".into()))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if text.contains("Non-2xx") || !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("requests of wrk failed: {text} {error}").into());
        }
        Load::parse(&text).ok_or_else(|| format!("wrk printed no figures: {text}").into())
    }
}

/// What a load of requests measured.
pub struct Load {
    /// Requests answered a second.
    pub rate: f64,
    /// Median latency in milliseconds.
    pub median_ms: f64,
}

impl Load {
    fn parse(text: &str) -> Option<Self> {
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
        let median_ms = digits.parse::<f64>().ok()? * scale;
        Some(Self { rate: after("Requests/sec:")?.parse().ok()?, median_ms })
    }
}

/// Median rates of 64 connections to the server and to a constant answer of the same size, in
/// turns.
pub fn beside_constant(
    settings: &Settings,
    server: &Server,
    script: &Path,
    bytes: usize,
) -> Outcome<(f64, f64)> {
    let constant = Server::constant(settings, bytes)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..settings.rounds() {
        ours.push(server.load(script, 64, settings.load_seconds())?.rate);
        theirs.push(constant.load(script, 64, settings.load_seconds())?.rate);
    }
    Ok((quantile(&mut ours, 0.5), quantile(&mut theirs, 0.5)))
}

/// Serves one answer to every request: the cost of HTTP here without any work.
pub fn serve_constant(bytes: usize) {
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

/// Writes a script for `wrk`.
pub fn script(settings: &Settings, name: &str, lua: &str) -> Outcome<PathBuf> {
    let path = settings.folder.join(format!("{name}.lua"));
    fs::write(&path, lua)?;
    Ok(path)
}

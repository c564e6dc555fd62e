//! Downloads of `pointchaud import http://…`, from a server that answers as each test scripts it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{Folder, done, run};

const CITY: [&str; 4] = ["--jurisdiction", "city.example", "--time-zone", "America/Toronto"];

/// A server: each request is answered by the script and the connection is closed.
pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `answer` gets the request and its number from 0, and writes what it wants.
    pub fn start(answer: impl Fn(&str, usize, &mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/city.csv", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut text = Vec::new();
                while !text.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    if stream.read(&mut byte).unwrap_or(0) == 0 {
                        break;
                    }
                    text.push(byte[0]);
                }
                let text = String::from_utf8(text).unwrap().to_ascii_lowercase();
                let number = {
                    let mut all = seen.lock().unwrap();
                    all.push(text.clone());
                    all.len() - 1
                };
                answer(&text, number, &mut stream);
            }
        });
        Self { url, requests }
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

pub fn send(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    // The client may have gone.
    let _gone = write!(stream, "HTTP/1.1 {status}\r\n{headers}connection: close\r\n\r\n");
    let _gone = stream.write_all(body);
}

fn table(rows: usize) -> Vec<u8> {
    let row = |n| format!("r{n},2026-03-01T08:30:00Z,Pothole,46.81,-71.21\n");
    let rows: String = (0..rows).map(row).collect();
    format!("id,created_at,category,latitude,longitude\n{rows}").into_bytes()
}

/// The start of the range that a request asks for.
fn range(request: &str) -> Option<usize> {
    let line = request.lines().find_map(|line| line.strip_prefix("range: bytes="))?;
    line.trim_end_matches('-').parse().ok()
}

fn refusal(folder: &Folder, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_broken_download_is_taken_up_and_an_unchanged_file_is_not_fetched() {
    let body = table(3_000);
    let length = body.len();
    let server = Server::start(move |request, number, stream| {
        let version = "etag: \"v1\"\r\nlast-modified: Sun, 01 Mar 2026 00:00:00 GMT\r\n";
        if request.contains("if-none-match: \"v1\"") {
            return send(stream, "304 Not Modified", version, b"");
        }
        let from = range(request).filter(|_| request.contains("if-range: \"v1\"")).unwrap_or(0);
        let rest = &body[from..];
        let headers = format!("{version}content-length: {}\r\n", rest.len());
        // Each of the first three connections breaks after a quarter.
        let sent = if number < 3 { &rest[..length / 4] } else { rest };
        match from {
            0 => send(stream, "200 OK", &headers, sent),
            _ => {
                let end = length - 1;
                let headers = format!("{headers}content-range: bytes {from}-{end}/{length}\r\n");
                send(stream, "206 Partial Content", &headers, sent);
            }
        }
    });
    let folder = Folder::new("download");
    let import = [&["import", &server.url][..], &CITY].concat();
    let output = done(&folder, &import);
    assert!(output.contains("3000 added"), "{output}");
    let ranges: Vec<_> = server.requests().iter().map(|request| range(request)).collect();
    let quarter = length / 4;
    assert_eq!(ranges, [None, Some(quarter), Some(2 * quarter), Some(3 * quarter)]);
    let output = done(&folder, &import);
    assert!(output.contains("unchanged since Sun, 01 Mar 2026"), "{output}");
    assert_eq!(server.requests().len(), 5);
    // Another way of reading, or another store, is another import.
    let output = done(&folder, &[&import[..], &["--fix-swapped"]].concat());
    assert!(output.contains("3000 unchanged"), "{output}");
    std::fs::remove_file(folder.file("city.db")).unwrap();
    let output = done(&folder, &import);
    assert!(output.contains("3000 added"), "{output}");
    let left = std::fs::read_dir(folder.file("city.db.downloads")).unwrap();
    let is_part = |name: &str| name.ends_with(".part") || name.ends_with(".part.json");
    assert!(left.flatten().all(|file| !is_part(&file.file_name().to_string_lossy())));
}

#[test]
fn a_part_of_another_version_is_thrown_away() {
    let bodies = [table(500), table(800)];
    let server = Server::start(move |request, number, stream| {
        let (body, tag) = if number == 0 { (&bodies[0], "a") } else { (&bodies[1], "b") };
        let headers = format!("etag: \"{tag}\"\r\ncontent-length: {}\r\n", body.len());
        let sent = if number == 0 { &body[..body.len() / 2] } else { &body[..] };
        assert!(number == 0 || request.contains("if-range: \"a\""), "{request}");
        send(stream, "200 OK", &headers, sent);
    });
    let folder = Folder::new("download");
    let output = done(&folder, &[&["import", &server.url][..], &CITY].concat());
    assert!(output.contains("800 added"), "{output}");
}

#[test]
fn answers_that_are_no_file_are_named() {
    let folder = Folder::new("download");
    let page = Server::start(|_, _, stream| {
        let body = b"<!DOCTYPE html><html><title>Sign in</title></html>";
        send(stream, "200 OK", "content-type: text/csv\r\n", body);
    });
    let error = refusal(&folder, &["import", &page.url]);
    assert!(error.contains("answers with a web page (Sign in), not a file"), "{error}");
    let missing = Server::start(|_, _, stream| send(stream, "404 Not Found", "", b""));
    let error = refusal(&folder, &["import", &missing.url]);
    assert!(error.contains("404") && missing.requests().len() == 1, "{error}");
    let long = Server::start(|_, _, stream| {
        send(stream, "200 OK", "content-length: 3000000\r\n", b"id\n");
    });
    let error = refusal(&folder, &["import", &long.url, "--max-download", "2"]);
    assert!(error.contains("longer than 2 MiB"), "{error}");
    let endless = Server::start(|_, _, stream| {
        send(stream, "200 OK", "", b"id,created_at\n");
        while stream.write_all(&[b'x'; 1 << 16]).is_ok() {}
    });
    let error = refusal(&folder, &["import", &endless.url, "--max-download", "2"]);
    assert!(error.contains("longer than 2 MiB"), "{error}");
    let error = refusal(&folder, &["import", "http://[", "--max-download", "2"]);
    assert!(error.contains("is not a URL"), "{error}");
}

/// A server that sends nothing more is left after the patience, and asked five times in all.
#[test]
fn a_download_that_stands_still_ends() {
    let server = Server::start(|_, _, stream| {
        send(stream, "200 OK", "content-length: 100\r\n", b"id\n");
        let held = stream.try_clone().unwrap();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(60));
            drop(held);
        });
    });
    let folder = Folder::new("download");
    let error = refusal(&folder, &["import", &server.url, "--download-patience-s", "1"]);
    assert!(error.contains("no data in 1 s"), "{error}");
    assert_eq!(server.requests().len(), 5);
}

#[test]
fn redirects_lead_only_to_public_addresses() {
    let to = |target: &'static str| {
        Server::start(move |_, _, stream| {
            send(stream, "302 Found", &format!("location: {target}\r\n"), b"");
        })
    };
    let folder = Folder::new("download");
    for target in ["http://169.254.169.254/latest", "http://10.0.0.1/", "http://[::1]/"] {
        let error = refusal(&folder, &["import", &to(target).url]);
        assert!(error.contains("leads to a private address"), "{target}: {error}");
    }
    let round = to("/city.csv");
    let error = refusal(&folder, &["import", &round.url]);
    assert!(error.contains("more than 5 redirects"), "{error}");
    assert_eq!(round.requests().len(), 6);
    // The user's own address is allowed, and so is another one on the same machine by its name.
    let body = table(3);
    let own = Server::start(move |request, _, stream| match request.contains("get /city.csv") {
        true => send(stream, "302 Found", "location: /moved.csv\r\n", b""),
        false => send(stream, "200 OK", "", &body),
    });
    let output = done(&folder, &[&["import", &own.url][..], &CITY].concat());
    assert!(output.contains("3 added"), "{output}");
}

#[test]
fn it_comes_back_until_interrupted() {
    let server = Server::start(move |_, number, stream| {
        match number {
            // A failure in between does not end it.
            1 => send(stream, "404 Not Found", "", b""),
            _ => send(stream, "200 OK", "", &table(number + 1)),
        }
    });
    let folder = Folder::new("download");
    let mut child = crate::common::program(&folder)
        .args([&["import", &server.url, "--every", "1s"][..], &CITY].concat())
        .spawn()
        .unwrap();
    crate::common::eventually("it has come back", || server.requests().len() >= 4);
    child.kill().unwrap();
    child.wait().unwrap();
    let out = done(&folder, &["export", "--jurisdiction", "city.example", "--format", "csv"]);
    assert!(out.contains("r2,"), "{out}");
    let error = refusal(&folder, &["import", &server.url, "--every", "soon"]);
    assert!(error.contains("is not a time such as"), "{error}");
}

#[test]
fn the_password_of_an_address_is_never_printed() {
    let server = Server::start(|_, number, stream| match number {
        0 => send(stream, "200 OK", "", &table(20)),
        _ => send(stream, "403 Forbidden", "", b""),
    });
    let address = server.url.replace("http://", "http://someone:verysecret@");
    for (address, part) in [
        (address.clone(), "city.csv: profile"),
        (address, "could not be downloaded"),
        ("ftp://someone:verysecret@host.example/a.csv".to_owned(), "not read"),
        ("http://someone:very/secret@host.example/a.csv".to_owned(), "is not a URL"),
    ] {
        let folder = Folder::new("downloads");
        let output = run(&folder, &[&["import", &address][..], &CITY].concat());
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains(part) && !said.contains("secret"), "{said}");
    }
}

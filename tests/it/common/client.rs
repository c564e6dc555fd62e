//! A client of the service that sends exactly the bytes it is given, one request a connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long an answer is waited for. It ends a test that would hang; no test depends on its length.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(120);

/// A client of the service at an address.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    pub address: SocketAddr,
    /// The crew key that it sends with every request.
    pub key: Option<&'static str>,
}

impl Client {
    /// Sends bytes as they are and reads until the connection ends; `None` without a whole answer.
    pub fn raw(&self, bytes: &[u8]) -> Option<Answer> {
        exchange(self.address, bytes)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    /// Posts JSON.
    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &[("Content-Type", "application/json")], body.as_bytes())
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let bearer = self.key.map(|key| format!("Bearer {key}"));
        let key = bearer.iter().map(|bearer| ("Authorization", bearer.as_str()));
        let headers: Vec<(&str, &str)> = headers.iter().copied().chain(key).collect();
        ask(self.address, method, path, &headers, body).expect("an answer")
    }
}

/// An answer of the service.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The fields that a problem document names.
    pub fn fields(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }
}

/// Sends bytes to an address and reads until the connection ends. `None` where the service is not
/// there, or where it closes the connection before a whole answer came.
fn exchange(address: SocketAddr, bytes: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(ANSWER_TIME_MAX)).unwrap();
    // A service that refuses a request may answer and close before it has read all of it.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    assert!(!read.is_err_and(|error| is_timeout(&error)), "no answer within {ANSWER_TIME_MAX:?}");
    parse(&answer)
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}

/// One request on a connection of its own; `None` where the connection breaks.
pub fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Answer> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request += &format!("Host: {address}\r\n");
    }
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() || method == "POST" {
        request += &format!("Content-Length: {}\r\n", body.len());
    }
    let mut bytes = (request + "\r\n").into_bytes();
    bytes.extend_from_slice(body);
    exchange(address, &bytes)
}

/// Parses a whole HTTP/1.1 answer; `None` where it is cut short.
fn parse(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = answer[end + 4..].to_vec();
    let mut parsed = Answer { status, head, body };
    if parsed.header("transfer-encoding").is_some_and(|value| value == "chunked") {
        parsed.body = unchunk(&parsed.body)?;
    }
    let length = parsed.header("content-length").and_then(|value| value.parse().ok());
    let is_whole = length.is_none_or(|length: usize| parsed.body.len() >= length);
    (is_whole || status == 304).then_some(parsed)
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        let start = line + 2;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(start..start + size)?);
        rest = rest.get(start + size + 2..)?;
    }
}

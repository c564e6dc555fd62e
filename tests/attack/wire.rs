//! Requests as bytes, from any address of this machine, so that a limit for each address does not
//! count those who attack and those who ask together.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any answer takes; it only ends a test that would hang.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection from 127.0.`from`. Where the system knows no such address, from any.
pub fn connect(to: SocketAddr, from: [u8; 2]) -> Option<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        let _ = socket.bind(SocketAddr::from(([127, 0, from[0], from[1]], 0)));
        socket.connect(to).await?.into_std()
    });
    let stream = stream.ok()?;
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    Some(stream)
}

/// An answer: its status and everything that came.
pub struct Answer {
    pub status: u16,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// Sends a request and reads until the connection ends; `None` without an answer.
pub fn exchange(to: SocketAddr, from: [u8; 2], request: &[u8]) -> Option<Answer> {
    let mut stream = connect(to, from)?;
    // A service that refuses a request may answer and close before it has read all of it.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let status = String::from_utf8_lossy(bytes.get(9..12)?).parse().ok()?;
    Some(Answer { status, bytes })
}

/// A request without a body.
pub fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").into_bytes()
}

/// A request with a body of a media type, and further lines of its head.
pub fn send(method: &str, target: &str, kind: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let host = if head.contains("Host:") { "" } else { "Host: 127.0.0.1\r\n" };
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\n{host}Connection: close\r\nContent-Type: {kind}\r\n{head}\
         Content-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

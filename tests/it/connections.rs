//! Connections that send nothing, send half of something or read nothing end, and cannot keep
//! others out.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use pointchaud::config::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::common::*;

/// Longer than any wait of a test; it only ends one that would hang.
const PATIENCE: Duration = Duration::from_secs(300);

fn open(to: SocketAddr, first: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(first).unwrap();
    stream
}

/// A connection from 127.0.0.`last`: all of these addresses are this machine.
fn open_from(last: u8, to: SocketAddr, first: &[u8]) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
        socket.connect(to).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    (&stream).write_all(first).unwrap();
    stream
}

/// Reads until the server closes the connection: how many bytes came.
fn read_to_end(mut stream: TcpStream) -> usize {
    let (mut count, mut buffer) = (0, vec![0; 1 << 16]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return count,
            Ok(more) => count += more,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return count,
            Err(error) => panic!("still open after {count} bytes: {error}"),
        }
    }
}

#[test]
fn a_connection_that_waits_too_long_is_closed() {
    let folder = demo_city("connections", 2_000, 5);
    let second = Duration::from_secs(1);
    let limits = Limits {
        header_time_max: second,
        request_time_max: second,
        write_time_max: second,
        ..Limits::default()
    };
    let service = LocalService::start_limited(&folder, limits);
    let to = service.address;
    let request = "GET /api/v1/reports?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n";
    let length = service.get("/api/v1/reports?limit=1000").body.len();
    let copies = (64 << 20) / length;
    let unread = open(to, request.repeat(copies).as_bytes());
    let silent = open(to, b"");
    let half = open(to, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Half: ");
    let idle = open(to, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    let body =
        open(to, b"POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{");
    assert_eq!(read_to_end(silent), 0);
    // The others may get an answer before the end.
    read_to_end(half);
    assert!(read_to_end(idle) > 0);
    read_to_end(body);
    eventually("the connection that takes no bytes is closed", || {
        // A byte more is refused once the other side has closed.
        (&unread).write_all(b"x").is_err()
    });
    assert_eq!(service.get("/healthz").status, 200);
}

#[test]
fn http_2_without_tls_is_not_spoken() {
    let folder = Folder::new("h2");
    let service = Service::start(&folder, &[]);
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let mut stream = open(service.address, preface);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert_eq!(String::from_utf8_lossy(&answer), "", "the connection is closed without an answer");
}

#[test]
fn silent_connections_leave_room_for_requests() {
    let folder = Folder::new("silent");
    let serve = "ulimit -n 1024; exec \"$0\" serve --listen 127.0.0.1:0 --basemap none";
    let child = Command::new("sh")
        .args(["-c", serve, env!("CARGO_BIN_EXE_pointchaud")])
        .current_dir(&folder.0)
        .env("POINTCHAUD_STORE", "sqlite:city.db")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let service = Service::of(child);
    // The service and this process have limits of their own: this one needs more.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let mut silent = Vec::new();
    let half = b"POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{";
    for n in 0..1_500_u32 {
        // From several addresses of this machine, as one has a quarter of the places.
        silent.push(open_from(
            (n % 8) as u8 + 2,
            service.address,
            if n % 2 == 0 { half } else { b"" },
        ));
        if n % 100 == 99 {
            assert_eq!(service.get("/healthz").status, 200, "beside {n} silent connections");
        }
    }
    assert_eq!(service.get("/readyz").status, 200);
}

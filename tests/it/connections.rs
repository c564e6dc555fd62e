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

/// Reads one response of a body with a known length.
fn read_response(stream: &mut TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "closed after {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
        if body.len() >= length.parse().unwrap() {
            return text;
        }
    }
}

#[test]
fn a_connection_that_has_rested_serves_its_next_request() {
    let folder = demo_city("rested", 200, 5);
    let service = LocalService::start(&folder);
    let rest = Duration::from_millis(700);
    let get = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut stream = open(service.address, b"");
    for pause in [rest, Duration::ZERO, rest, rest] {
        std::thread::sleep(pause);
        stream.write_all(get.as_bytes()).unwrap();
        assert!(read_response(&mut stream).starts_with("HTTP/1.1 200 "));
    }
    // A head that comes in parts, with rests between them, and two requests at once.
    for part in [&get[..9], &get[9..30], &get[30..]] {
        std::thread::sleep(rest);
        stream.write_all(part.as_bytes()).unwrap();
    }
    assert!(read_response(&mut stream).starts_with("HTTP/1.1 200 "));
    stream.write_all(format!("{get}{}", &get[..20]).as_bytes()).unwrap();
    assert!(read_response(&mut stream).starts_with("HTTP/1.1 200 "));
    std::thread::sleep(rest);
    stream.write_all(&get.as_bytes()[20..]).unwrap();
    assert!(read_response(&mut stream).starts_with("HTTP/1.1 200 "));
    // A body that the service does not read is never taken for a request: what follows the refused
    // request is either read as its body or not at all.
    let body = get.repeat(3);
    let head = format!(
        "POST /api/v1/nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    assert!(read_response(&mut stream).starts_with("HTTP/1.1 404 "));
    std::thread::sleep(rest);
    let _ = stream.write_all(body.as_bytes());
    std::thread::sleep(rest);
    stream.set_read_timeout(Some(rest)).unwrap();
    let mut more = [0; 64];
    let answered = stream.read(&mut more).unwrap_or(0);
    assert_eq!(answered, 0, "{}", String::from_utf8_lossy(&more[..answered]));
}

/// Resident memory of a process, in kB.
fn resident_kb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn idle_connections_cost_little_memory() {
    const COUNT: u64 = 2_000;
    let folder = demo_city("cheap", 200, 5);
    let service = Service::start(&folder, &[]);
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let get = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (what, first) in [("silent", &b""[..]), ("kept alive", get)] {
        // The service reads and computes by itself when it has started.
        let mut before = 0;
        eventually("the service has settled", || {
            std::thread::sleep(Duration::from_secs(1));
            let known = std::mem::replace(&mut before, resident_kb(service.child.id()));
            before <= known + 500
        });
        let mut kept = Vec::new();
        for n in 0..COUNT {
            let mut stream = open_from((n % 8) as u8 + 2, service.address, first);
            if !first.is_empty() {
                assert!(read_response(&mut stream).starts_with("HTTP/1.1 200 "));
            }
            kept.push(stream);
        }
        // 5 kB each: 50 MB for 10,000; and what the service may do by itself meanwhile. With the
        // buffers of the protocol they would cost 19 kB each.
        let most = before + COUNT * 5 + 12_000;
        eventually(&format!("{what}: connections cost 5 kB each at most"), || {
            resident_kb(service.child.id()) <= most
        });
        let mut last = kept.pop().unwrap();
        last.write_all(get).unwrap();
        assert!(read_response(&mut last).starts_with("HTTP/1.1 200 "), "{what}");
    }
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

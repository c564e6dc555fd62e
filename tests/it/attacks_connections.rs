//! Attacks by connections: slow bodies, responses that nobody takes, requests that are cancelled at
//! once. What they can hold is bounded, and others are served meanwhile.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use pointchaud::config::Limits;

use crate::common::*;
use crate::tls::{connect, get, runtime, start};

const SECOND: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(60);

/// The resident memory of this process, in MiB.
fn resident_mebibytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

/// Sends the bytes of a body one by one until the service answers or closes.
fn drip(mut stream: TcpStream, head: &str) -> String {
    stream.write_all(head.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let (began, mut answer) = (Instant::now(), Vec::new());
    while began.elapsed() < PATIENCE {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                if stream.write_all(b" ").is_err() {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    assert!(began.elapsed() < PATIENCE, "the connection is still open");
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_body_that_comes_too_slowly_is_answered_by_408_and_our_own_slowness_by_504() {
    let folder = demo_city("slow", 500, 3);
    let limits = Limits { request_time_max: SECOND, ..Limits::default() };
    let service = LocalService::start_limited(&folder, limits);
    let stream = || TcpStream::connect(service.address).unwrap();
    let head = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: en\r\n\
             Content-Type: application/json\r\nContent-Length: 500\r\n\r\n"
        )
    };
    for path in ["/api/v1/reports", "/api/v1/within"] {
        let answer = drip(stream(), &head(path));
        assert!(answer.starts_with("HTTP/1.1 408 "), "{path}: {answer}");
        assert!(answer.contains("urn:pointchaud:problem:too-slow"), "{path}: {answer}");
        assert!(answer.contains("took too long to arrive"), "{path}: {answer}");
    }
    // What is streamed has a least rate, which a byte every tenth of a second is far below.
    let answer = drip(stream(), &head("/api/v1/imports?name=a.csv"));
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let ndjson = head("/api/v1/reports/batch").replace("/json", "/x-ndjson");
    for path in ["reports", "duplicates"] {
        let answer = drip(stream(), &ndjson.replace("reports", path));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
        assert!(answer.contains("took too long to arrive"), "{path}: {answer}");
    }
    // A file of which nothing comes for too long, although its start came.
    let mut silent = stream();
    silent.set_read_timeout(Some(PATIENCE)).unwrap();
    silent.write_all((head("/api/v1/imports?name=a.csv") + "id,type\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = silent.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(service.get("/api/v1/reports").status, 200);
}

#[test]
fn requests_that_are_cancelled_at_once_end_the_connection() {
    let folder = demo_city("reset", 2_000, 3);
    let (service, files) = start(&folder, Limits::default());
    runtime().block_on(async {
        let (send, connection) = connect(service.address, &files, 65_535).await;
        let mut sent = 0;
        let mut send = send;
        while sent < 20_000 {
            let Ok(ready) = send.clone().ready().await else { break };
            send = ready;
            let Ok((answer, mut body)) = send.send_request(get("/api/v1/stats"), true) else {
                break;
            };
            body.send_reset(h2::Reason::CANCEL);
            drop(answer);
            sent += 1;
            if sent % 10 == 0 {
                tokio::task::yield_now().await;
            }
        }
        assert!(sent < 20_000, "the connection took {sent} cancelled requests");
        drop(send);
        let ended = tokio::time::timeout(PATIENCE, connection).await;
        assert!(ended.is_ok(), "the connection is open");
        // Others are served.
        let (mut send, _connection) = connect(service.address, &files, 65_535).await;
        let (answer, _) = send.send_request(get("/api/v1/stats"), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), 200);
    });
}

#[test]
fn responses_that_nobody_takes_end_the_connection_and_hold_little() {
    let folder = demo_city("stalled", 5_000, 3);
    let limits = Limits { write_time_max: 2 * SECOND, ..Limits::default() };
    let (service, files) = start(&folder, limits);
    let before = resident_mebibytes();
    runtime().block_on(async {
        // Without a window nothing but heads can be sent.
        for window in [0, 1_000] {
            let mut connections = Vec::new();
            for _ in 0..10 {
                let (send, connection) = connect(service.address, &files, window).await;
                let mut send = send.ready().await.unwrap();
                let mut answers = Vec::new();
                for _ in 0..20 {
                    let request = get("/api/v1/reports?limit=1000");
                    let (answer, _) = send.send_request(request, true).unwrap();
                    answers.push(answer);
                }
                connections.push((send, connection, answers));
            }
            let mut open = Vec::new();
            for (send, connection, answers) in connections {
                let mut bodies = Vec::new();
                for answer in answers {
                    // Kept, and not read.
                    bodies.extend(answer.await.ok());
                }
                open.push((send, connection, bodies));
            }
            for (send, connection, bodies) in open {
                let ended = tokio::time::timeout(PATIENCE, connection).await;
                assert!(ended.is_ok(), "window {window}: still open");
                drop((send, bodies));
            }
        }
    });
    let held = resident_mebibytes().saturating_sub(before);
    assert!(held < 300, "{held} MiB");
}

#[test]
fn streams_that_are_fed_a_byte_at_a_time_end_the_connection() {
    let folder = demo_city("fed", 2_000, 3);
    let limits = Limits { write_time_max: 2 * SECOND, ..Limits::default() };
    let (service, files) = start(&folder, limits);
    runtime().block_on(async {
        // A window of two bytes is renewed whenever one of them is taken.
        let (mut send, connection) = connect(service.address, &files, 2).await;
        let mut readers = Vec::new();
        for _ in 0..20 {
            send = send.ready().await.unwrap();
            let (answer, _) = send.send_request(get("/api/v1/reports?limit=100"), true).unwrap();
            readers.push(tokio::spawn(async move {
                let mut body = answer.await.ok()?.into_body();
                while let Some(Ok(chunk)) = body.data().await {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    body.flow_control().release_capacity(chunk.len()).ok()?;
                }
                Some(())
            }));
        }
        let ended = tokio::time::timeout(PATIENCE, connection).await;
        assert!(ended.is_ok(), "still open");
        readers.iter().for_each(tokio::task::JoinHandle::abort);
    });
}

#[test]
fn a_client_that_reads_slowly_but_reads_is_served() {
    let folder = demo_city("reader", 5_000, 3);
    let limits = Limits { write_time_max: SECOND, ..Limits::default() };
    let (service, files) = start(&folder, limits);
    runtime().block_on(async {
        let (mut send, _connection) = connect(service.address, &files, 65_535).await;
        let (answer, _) = send.send_request(get("/api/v1/reports?limit=1000"), true).unwrap();
        let mut body = answer.await.unwrap().into_body();
        let mut count = 0;
        while let Some(chunk) = body.data().await {
            let chunk = chunk.expect("the body goes on");
            count += chunk.len();
            tokio::time::sleep(Duration::from_millis(100)).await;
            body.flow_control().release_capacity(chunk.len()).unwrap();
        }
        assert!(count > 100_000, "{count}");
    });
}

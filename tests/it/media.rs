//! Photos in a bucket, against a server of S3's protocol that nobody here wrote (moto; skipped
//! aloud where it is not installed), and uploads that are too much.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::common::{Service, ask, demo_city, eventually, jpeg, peer_or_skip, python_or_skip, run};
use serde_json::json;

const JPEG: &[(&str, &str)] = &[("Content-Type", "image/jpeg")];

fn photo() -> Vec<u8> {
    jpeg(640, 480)
}

/// moto's server with a bucket `photos`, until it is dropped.
struct Bucket {
    child: Child,
    address: SocketAddr,
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bucket() -> Option<Bucket> {
    let program = python_or_skip("moto")?.with_file_name("moto_server");
    peer_or_skip(program.exists().then_some(()), "moto")?;
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let child = Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &free.port().to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let bucket = Bucket { child, address: free };
    let create = || ask(free, "PUT", "/photos", &[("Content-Length", "0")], b"");
    eventually("moto answers", || create().is_some());
    Some(bucket)
}

#[test]
fn a_bucket_keeps_photos_and_its_absence_is_reported() {
    let Some(bucket) = bucket() else { return };
    let folder = demo_city("bucket", 200, 5);
    let endpoint = format!("http://{}", bucket.address);
    let variables = [
        ("AWS_ENDPOINT", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "ca-central-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let place = ["--media", "s3://photos/ville/2026"];
    let service = Service::start_with(&folder, &place, &variables);
    // Another one that knows nothing but the bucket.
    let other = demo_city("bucket-other", 10, 6);
    let second = Service::start_with(&other, &place, &variables);
    let kept = service.ask("POST", "/api/v1/media", JPEG, &photo());
    assert_eq!(kept.status, 201, "{kept:?}");
    let kept = kept.json();
    for (url, wide) in [("media_url", 640), ("thumbnail_url", 320)] {
        let url = kept[url].as_str().unwrap();
        let served = service.get(url);
        assert_eq!((served.status, served.header("content-type")), (200, Some("image/jpeg")));
        assert_eq!(image::load_from_memory(&served.body).unwrap().width(), wide);
        assert!(second.get(url).body == served.body, "another service reads the same bucket");
    }
    let url = &kept["media_url"];
    let body = json!({ "service_code": "lampadaire", "lon": -71.2, "lat": 46.8, "media_url": url });
    assert_eq!(service.post("/api/v1/reports", &body.to_string()).status, 201);
    assert_eq!(service.get("/media/00000000000000000000000000000000.jpg").status, 404);

    drop(bucket);
    let gone = service.ask("POST", "/api/v1/media?lang=en", JPEG, &photo());
    assert_eq!(gone.status, 503, "{gone:?}");
    let message = String::from_utf8_lossy(&gone.body).into_owned();
    assert!(message.contains("The photos are not accessible"), "{message}");
    assert!(!message.contains("photos/ville") && !message.contains("127.0.0.1"), "{message}");
    // Everything else goes on.
    assert_eq!(service.get("/api/v1/reports?limit=1").status, 200);
}

#[test]
fn a_bucket_without_a_region_or_a_name_is_refused_at_the_start() {
    let folder = demo_city("nobucket", 10, 5);
    for place in ["s3://", "s3:///x"] {
        let output = run(&folder, &["serve", "--listen", "127.0.0.1:0", "--media", place]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && message.contains("--media"), "{place}: {message}");
    }
}

#[test]
fn a_hundred_megabytes_are_refused_and_are_never_held() {
    let folder = demo_city("large", 200, 5);
    let service = Service::start(&folder, &[]);
    let memory = || {
        let path = format!("/proc/{}/status", service.child.id());
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM 0 kB");
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    let before = memory();
    let piece = vec![b'x'; 1 << 20];
    for (path, kind) in [
        ("/api/v1/media", "image/jpeg"),
        ("/api/v1/media", "multipart/form-data; boundary=x"),
        ("/open311/v2/requests.json", "multipart/form-data; boundary=x"),
        ("/open311/v2/requests.json", "application/x-www-form-urlencoded"),
        ("/api/v1/reports", "application/json"),
        ("/api/v1/within", "application/json"),
    ] {
        for declared in [true, false] {
            let mut stream = TcpStream::connect(service.address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let length = match declared {
                true => "Content-Length: 104857600".to_owned(),
                false => "Transfer-Encoding: chunked".to_owned(),
            };
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\n\
                 {length}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
            let opening: &[u8] = b"--x\r\nContent-Disposition: form-data; name=\"media\"; \
                                   filename=\"a\"\r\n\r\n";
            for n in 0..100 {
                let body = if n == 0 { opening } else { &piece };
                let sent = match declared {
                    true => stream.write_all(body),
                    false => write!(stream, "{:x}\r\n", body.len())
                        .and_then(|()| stream.write_all(body))
                        .and_then(|()| stream.write_all(b"\r\n")),
                };
                if sent.is_err() {
                    break;
                }
            }
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            let text = String::from_utf8_lossy(&answer);
            let status = text.split(' ').nth(1).unwrap_or("none");
            assert_eq!(status, "413", "{path} {kind} {declared}: {text}");
        }
    }
    assert!(memory() < before + 64, "{before} MB, then {} MB", memory());
    assert_eq!(service.get("/healthz").status, 200);
}

#[test]
fn a_body_that_says_it_is_too_long_is_refused_before_it_is_sent() {
    let folder = demo_city("declared", 10, 5);
    let service = Service::start(&folder, &[]);
    for (path, kind) in [
        ("/api/v1/media", "image/jpeg"),
        ("/api/v1/media", "multipart/form-data; boundary=x"),
        ("/open311/v2/requests.json", "multipart/form-data; boundary=x"),
    ] {
        let mut stream = TcpStream::connect(service.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: 104857600\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 413"), "{path} {kind}: {answer}");
    }
}

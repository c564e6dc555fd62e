//! HTTPS: certificates, HTTP/2 with its limits, and what happens to those who do not keep them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::Request;
use h2::client::SendRequest;
use pointchaud::config::Limits;
use pointchaud::http::{Listening, TlsFiles};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use tokio::task::JoinHandle;

use crate::common::*;

const SECOND: Duration = Duration::from_secs(1);

/// A new self-signed certificate for `localhost` in a folder.
pub fn certificate(folder: &Folder) -> TlsFiles {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let certificate = folder.with("tls.crt", made.cert.pem());
    let key = folder.with("tls.key", made.signing_key.serialize_pem());
    TlsFiles { certificate, key }
}

/// The service with HTTPS and these limits.
pub fn start(folder: &Folder, limits: Limits) -> (LocalService, TlsFiles) {
    let files = certificate(folder);
    let tls = Some(Arc::new(files.load().unwrap()));
    let listening = Listening { limits, tls, ..Listening::default() };
    (LocalService::start_listening(folder, listening), files)
}

/// What curl prints for a path: the version of HTTP, then the head and the body.
pub fn curl(service: &LocalService, files: &TlsFiles, more: &[&str], path: &str) -> Option<String> {
    let port = service.address.port();
    let resolve = format!("localhost:{port}:127.0.0.1");
    let certificate = files.certificate.to_str().unwrap();
    let out = Command::new("curl")
        .args(["-s", "-i", "--max-time", "30", "--cacert", certificate, "--resolve", &resolve])
        .args(more)
        .arg(format!("https://localhost:{port}{path}"))
        .output();
    let out = peer_or_skip(out.ok(), "curl")?;
    Some(String::from_utf8_lossy(&out.stdout).into_owned())
}

type Connection = (SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>);

/// An HTTP/2 connection to the service.
pub async fn connect(to: SocketAddr, files: &TlsFiles, window: u32) -> Connection {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&files.certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = tokio::net::TcpStream::connect(to).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window);
    let (send, connection) = builder.handshake(stream).await.unwrap();
    (send, tokio::spawn(connection))
}

pub fn get(path: &str) -> Request<()> {
    Request::get(format!("https://localhost{path}")).body(()).unwrap()
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn https_speaks_http_1_and_2_and_says_so() {
    let folder = Folder::new("tls");
    let (service, files) = start(&folder, Limits::default());
    for (option, version) in [("--http2", "HTTP/2 200"), ("--http1.1", "HTTP/1.1 200")] {
        let Some(answer) = curl(&service, &files, &[option], "/ogc?f=json") else { return };
        assert!(answer.starts_with(version), "{option}: {answer}");
        let head = answer.to_ascii_lowercase();
        assert!(head.contains("strict-transport-security: max-age=31536000"), "{answer}");
        let own = format!("\"https://localhost:{}/ogc", service.address.port());
        assert!(answer.contains(&own), "links are secure: {answer}");
    }
    // TLS 1.1 is refused.
    let old = curl(&service, &files, &["--tls-max", "1.1"], "/healthz").unwrap();
    assert_eq!(old, "");
}

#[test]
fn http_without_tls_is_answered_and_closed() {
    let folder = Folder::new("plain");
    let (service, _) = start(&folder, Limits::default());
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(answer.contains("Ce port parle HTTPS") && answer.contains("speaks HTTPS"), "{answer}");
}

#[test]
fn a_new_certificate_is_used_without_a_restart() {
    let folder = Folder::new("reload");
    let (service, files) = start(&folder, Limits::default());
    let old = folder.with("old.crt", std::fs::read(&files.certificate).unwrap());
    let old = TlsFiles { certificate: old, key: files.key.clone() };
    let Some(answer) = curl(&service, &old, &[], "/healthz") else { return };
    assert!(answer.contains(" 200"), "{answer}");
    // A broken file changes nothing.
    std::fs::write(&files.certificate, "broken").unwrap();
    std::thread::sleep(3 * SECOND);
    assert!(curl(&service, &old, &[], "/healthz").unwrap().contains(" 200"));
    let files = certificate(&folder);
    eventually("the new certificate is shown", || {
        curl(&service, &files, &[], "/healthz").unwrap().contains(" 200")
    });
    assert_eq!(curl(&service, &old, &[], "/healthz").unwrap(), "", "the old one is not");
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused_at_the_start() {
    let folder = Folder::new("certificate");
    let files = certificate(&folder);
    let other = Folder::new("other");
    let other = certificate(&other);
    let start = |certificate: &str, key: &str| {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--tls-cert", certificate];
        let out = run(&folder, &[&arguments[..], &["--tls-key", key]].concat());
        assert_eq!(out.status.code(), Some(2));
        String::from_utf8_lossy(&out.stderr).into_owned()
    };
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let (own, key) = (text(&files.certificate), text(&files.key));
    let missing = start("nowhere.crt", &key);
    assert!(missing.contains("--tls-cert") && missing.contains("nowhere.crt"), "{missing}");
    let foreign = start(&own, &text(&other.key));
    assert!(foreign.contains("--tls-key") && foreign.contains("does not belong"), "{foreign}");
    let out = run(&folder, &["serve", "--tls-cert", &own]);
    assert_eq!(out.status.code(), Some(2), "a certificate alone");
}

#[test]
fn silent_and_idle_connections_end_under_tls_too() {
    let folder = Folder::new("idle");
    let limits =
        Limits { header_time_max: SECOND, tls_handshake_time_max: SECOND, ..Limits::default() };
    let (service, files) = start(&folder, limits);
    for first in [&b""[..], b"\x16\x03\x01"] {
        let mut silent = TcpStream::connect(service.address).unwrap();
        silent.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        silent.write_all(first).unwrap();
        assert_eq!(silent.read(&mut [0; 16]).unwrap_or(0), 0, "{first:?}");
    }
    runtime().block_on(async {
        // One that never sends a request, and one that has sent one.
        for requests in 0..2 {
            let (mut send, connection) = connect(service.address, &files, 65_535).await;
            for _ in 0..requests {
                let (answer, _) = send.send_request(get("/healthz"), true).unwrap();
                assert_eq!(answer.await.unwrap().status(), 200);
            }
            let ended = tokio::time::timeout(60 * SECOND, connection).await;
            assert!(ended.is_ok(), "still open after {requests} requests");
        }
    });
}

#[test]
fn a_connection_has_so_many_requests_at_a_time_and_headers_so_long() {
    let folder = Folder::new("streams");
    let (service, files) = start(&folder, Limits { http2_streams_max: 7, ..Limits::default() });
    runtime().block_on(async {
        let (send, _connection) = connect(service.address, &files, 65_535).await;
        let mut send = send.ready().await.unwrap();
        let (answer, _) = send.send_request(get("/healthz"), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), 200);
        assert_eq!(send.current_max_send_streams(), 7);
        let mut long = get("/healthz");
        long.headers_mut().insert("x-long", "x".repeat(40_000).parse().unwrap());
        let (answer, _) = send.send_request(long, true).unwrap();
        let refused = answer.await.map(|answer| answer.status().as_u16());
        assert!(refused.as_ref().map_or(true, |status| *status == 431), "{refused:?}");
    });
    // The address in the target and another one in `Host` are refused.
    let header = ["-H", "Host: evil.example", "--http2"];
    let Some(answer) = curl(&service, &files, &header, "/healthz") else { return };
    assert!(answer.contains(" 200") || answer.contains(" 400"), "{answer}");
}

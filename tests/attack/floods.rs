//! Floods of HTTP/2 frames, which is spoken under TLS alone. Each ends its connection, and costs
//! others neither time nor memory.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;

use crate::common::{Folder, demo_city, program};
use crate::frames::{Flood, floods, preface};
use crate::{setting, target};

/// A flood that has not ended its connection after this time has failed to be stopped.
const FLOOD_MAX: Duration = Duration::from_secs(60);
/// How long requests without a pause are sent. They need not end the connection: they are counted
/// by the rates.
const REQUESTS_TIME: Duration = Duration::from_secs(3);
/// Memory above that of the idle service, in MB, while a flood goes on.
const FLOOD_MB_MAX: u64 = 64;
/// Connections that one flood uses at the same time.
const FLOODERS: usize = 2;

struct SecureTarget {
    child: Child,
    address: SocketAddr,
    roots: RootCertStore,
    folder: Folder,
}

impl Drop for SecureTarget {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl SecureTarget {
    fn start() -> Self {
        let folder = demo_city("floods", setting("ATTACK_REPORTS", 10_000) as u32, 5);
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        let certificate = folder.with("tls.crt", made.cert.pem());
        let key = folder.with("tls.key", made.signing_key.serialize_pem());
        let mut child = program(&folder)
            .args(["serve", "--listen", "127.0.0.1:0", "--basemap", "none"])
            .args(["--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(File::create(folder.file("errors.txt")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit("https://").next().unwrap().trim_end_matches('/');
        let address = address.parse().unwrap_or_else(|_| panic!("no address in '{line}'"));
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&certificate).unwrap()).unwrap();
        let target = Self { child, address, roots, folder };
        crate::common::eventually("the service is ready", || {
            target.ask("/readyz").is_some_and(|(status, _)| status == 200)
        });
        target
    }

    fn config(&self, protocol: &[u8]) -> Arc<ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_root_certificates(self.roots.clone()).with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config)
    }

    /// Asks with a connection of its own, by HTTP/1.1: the status, and how long it took.
    fn ask(&self, path: &str) -> Option<(u16, Duration)> {
        let began = Instant::now();
        let stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(FLOOD_MAX)).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(self.config(b"http/1.1"), name).unwrap();
        let mut stream = StreamOwned::new(client, stream);
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let status = String::from_utf8_lossy(bytes.get(9..12)?).parse().ok()?;
        Some((status, began.elapsed()))
    }
}

/// Sends a flood on one connection, until the service ends it; how many bytes were sent. `None`
/// where it did not end in this time.
async fn send(
    (address, config): (SocketAddr, Arc<ClientConfig>),
    flood: Flood,
    time: Duration,
) -> Option<usize> {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = tokio_rustls::TlsConnector::from(config).connect(name, stream).await.unwrap();
    let (mut reader, mut writer) = tokio::io::split(stream);
    // Answers are taken, so that the service is never the one that waits.
    let reading = tokio::spawn(async move {
        let mut buffer = vec![0; 1 << 16];
        while reader.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
    });
    let sending = async {
        let mut chunk = [preface(), flood.first.clone()].concat();
        let (mut sent, mut n) = (0, 0);
        while !reading.is_finished() && writer.write_all(&chunk).await.is_ok() {
            let _ = writer.flush().await;
            sent += chunk.len();
            chunk = (0..100).flat_map(|more| (flood.repeated)(n + more)).collect();
            n += 100;
        }
        sent
    };
    tokio::time::timeout(time, sending).await.ok()
}

/// Sends a flood on several connections at the same time.
async fn send_all(target: &SecureTarget, flood: &Flood) -> Vec<Option<usize>> {
    let time = if flood.are_requests { REQUESTS_TIME } else { FLOOD_MAX };
    let one = || tokio::spawn(send((target.address, target.config(b"h2")), flood.clone(), time));
    let all: Vec<_> = (0..FLOODERS).map(|_| one()).collect();
    let mut sent = Vec::new();
    for one in all {
        sent.push(one.await.unwrap());
    }
    sent
}

/// Somebody else asks until `stop`: how long it took each time, shortest first, and how often there
/// was no answer or another one than 200.
fn ask_until(target: &SecureTarget, stop: &AtomicBool) -> (Vec<Duration>, usize) {
    let (mut times, mut failures) = (Vec::new(), 0);
    while !stop.load(Ordering::Relaxed) || times.len() + failures < 5 {
        match target.ask("/api/v1/nearest?lon=-71.208&lat=46.8139&k=20") {
            Some((200, time)) => times.push(time),
            _ => failures += 1,
        }
        std::thread::sleep(Duration::from_millis(15));
    }
    times.sort_unstable();
    (times, failures)
}

/// What is wrong after a flood, in a sentence each; prints what was measured.
fn under(target: &SecureTarget, runtime: &Runtime, flood: &Flood, idle_mb: u64) -> Vec<String> {
    let p99_max = Duration::from_millis(setting("ATTACK_P99_MS", 2_000));
    let process = target.child.id();
    target::reset_peak(process);
    let (stop, began) = (AtomicBool::new(false), Instant::now());
    let (sent, (times, failures)) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask_until(target, &stop));
        let sent = runtime.block_on(send_all(target, flood));
        stop.store(true, Ordering::Relaxed);
        (sent, asking.join().unwrap())
    });
    let seconds = began.elapsed().as_secs_f64();
    let quantile = |share: f64| {
        let at = (times.len().saturating_sub(1) as f64 * share).ceil() as usize;
        times.get(at).copied().unwrap_or(Duration::MAX)
    };
    let (p50, p99) = (quantile(0.5), quantile(0.99));
    let mb = target::memory_mb(process, "VmHWM:");
    let most = sent.iter().flatten().max().map_or("-".into(), ToString::to_string);
    println!("{:<32} {most:>10} {seconds:>6.1} {p50:>9.1?} {p99:>9.1?} {mb:>5}", flood.name);
    let mut wrong = Vec::new();
    if !flood.are_requests && sent.contains(&None) {
        wrong.push("its connection did not end".into());
    }
    if failures > 0 || p99 > p99_max {
        wrong.push(format!("{failures} failures of others, p99 {p99:?}"));
    }
    if mb > idle_mb + FLOOD_MB_MAX {
        wrong.push(format!("{mb} MB, idle {idle_mb}"));
    }
    wrong.into_iter().map(|wrong| format!("{}: {wrong}", flood.name)).collect()
}

#[test]
fn floods_of_frames_end_their_connection_and_hold_up_nobody() {
    let target = SecureTarget::start();
    let runtime = Runtime::new().unwrap();
    let idle_mb = target::memory_mb(target.child.id(), "VmRSS:");
    println!(
        "flood, most bytes of a connection that ended, seconds, p50, p99, MB (idle {idle_mb})"
    );
    let violations: Vec<String> =
        floods().iter().flat_map(|flood| under(&target, &runtime, flood, idle_mb)).collect();
    let errors = std::fs::read_to_string(target.folder.file("errors.txt")).unwrap();
    assert!(!errors.contains("panicked"), "{errors}");
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

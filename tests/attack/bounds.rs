//! What one client asks for is bounded, in time and in memory, and keeps no other client waiting.
//! Bounds are shares of what the attackers themselves notice, so that they hold on a busy machine.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::common::{eventually, jpeg};
use crate::target::Target;
use crate::wire::{exchange, get, send};

/// The one client that asks for much.
const ATTACKER: [u8; 2] = [2, 1];
const OTHER: [u8; 2] = [1, 1];

/// Terms of a condition, with `OR` between them and as part of an address.
pub fn terms(count: usize, term: impl Fn(usize) -> String) -> String {
    let list: Vec<String> = (0..count).map(term).collect();
    list.join(" OR ").replace('%', "%25").replace(' ', "%20")
}

/// What waits for the store: reports by their texts.
fn costly_items() -> Vec<Vec<u8>> {
    let items =
        |filter: String| get(&format!("/ogc/collections/reports/items?limit=1&filter={filter}"));
    vec![
        items(terms(240, |n| format!("description LIKE '%{n}zz%'"))),
        items(terms(190, |n| format!("CASEI(address) LIKE '%{n}zz%'"))),
        items("assignee%20IS%20NOT%20NULL".into()),
    ]
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// What the loops of one client notice until `others` have asked: the times of their requests.
fn while_asked(
    target: &Target,
    loops: usize,
    requests: &[Vec<u8>],
    others: impl FnOnce(),
) -> Vec<Duration> {
    let (stop, times) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for n in 0..loops {
            let (stop, times) = (&stop, &times);
            scope.spawn(move || {
                let mut turns = requests.iter().cycle().skip(n);
                while !stop.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    let _ = exchange(target.address(), ATTACKER, turns.next().unwrap());
                    times.lock().unwrap().push(began.elapsed());
                }
            });
        }
        // All of them ask by now.
        std::thread::sleep(Duration::from_secs(2));
        others();
        stop.store(true, Ordering::Relaxed);
    });
    times.into_inner().unwrap()
}

/// How long somebody else waits for an answer with this status.
fn asked(target: &Target, request: &[u8], status: u16) -> Duration {
    let began = Instant::now();
    let answer = exchange(target.address(), OTHER, request).unwrap();
    assert_eq!(answer.status, status, "{}", answer.text());
    began.elapsed()
}

#[test]
fn eight_loops_of_one_address_keep_no_other_from_lists_and_statistics() {
    let target = Target::start(10_000);
    let mut waited = Vec::new();
    let mut noticed = while_asked(&target, 8, &costly_items(), || {
        for _ in 0..3 {
            for path in [
                "/api/v1/stats",
                "/api/v1/reports",
                "/open311/v2/requests.json",
                "/ogc/collections/reports/items?limit=10",
                "/ogc/collections/reports/items?limit=10&filter=status%3D'open'",
            ] {
                waited.push(asked(&target, &get(path), 200));
            }
        }
    });
    let (longest, usual) = (waited.iter().max().unwrap(), median(&mut noticed));
    assert!(*longest * 2 < usual, "others waited {longest:?}, the attackers {usual:?}");
}

#[test]
fn a_condition_that_costs_too_much_is_refused_with_the_reason() {
    let target = Target::start(45_000);
    let filter = terms(190, |n| format!("CASEI(address) LIKE '%{n}zz%'"));
    let path = format!("/ogc/collections/reports/items?limit=1&filter={filter}&lang=en");
    let answer = target.service.get(&path);
    assert_eq!(answer.status, 400, "{answer:?}");
    let text = answer.json().to_string();
    assert!(text.contains(" whole reports, ") && text.contains("has to read 4"), "{text}");
    let narrow = path
        .replace("filter=", "filter=service_code%3D'graffiti'%20AND%20(")
        .replace("&lang", ")&lang");
    assert_eq!(target.service.get(&narrow).status, 200, "a service of it is answered");
}

#[test]
fn clusterings_of_one_address_do_not_keep_the_photo_of_another_waiting() {
    let target = Target::start(10_000);
    let cluster = vec![get("/api/v1/hdbscan?min_cluster_size=5&min_samples=5")];
    let photo = send("POST", "/api/v1/media", "image/jpeg", "", &jpeg(64, 48));
    let other = get("/api/v1/hexes?permutations=99&resolution=7");
    let mut waited = Vec::new();
    let mut noticed = while_asked(&target, 12, &cluster, || {
        for _ in 0..5 {
            waited.push(asked(&target, &photo, 201));
        }
        waited.push(asked(&target, &other, 200));
    });
    let (longest, usual) = (waited.iter().max().unwrap(), median(&mut noticed));
    assert!(*longest * 2 < usual, "others waited {longest:?}, the attackers {usual:?}");
}

/// A connection of a client whose system keeps little of what it does not read.
fn narrow_connection(to: SocketAddr, from: [u8; 2]) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        let _ = socket.bind(SocketAddr::from(([127, 0, from[0], from[1]], 0)));
        socket.connect(to).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    stream
}

#[test]
fn responses_that_are_hardly_read_share_a_budget_and_end_by_the_least_rate() {
    // A page of all reports has about 8 MB.
    let options = ["--responses-bytes-max", "12M", "--write-time-max", "5"];
    let target = Target::start_with(10_000, &options);
    let page = get("/ogc/collections/reports/items?limit=10000");
    let mut slow = narrow_connection(target.address(), ATTACKER);
    slow.write_all(&page).unwrap();
    let mut first = [0; 12];
    slow.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let refused = exchange(target.address(), OTHER, &page).unwrap();
    assert_eq!(refused.status, 503);
    let text = refused.text().to_ascii_lowercase();
    assert!(text.contains("retry-after: ") && !text.contains("\"features\""), "{text}");
    // Short answers have room.
    assert!(asked(&target, &get("/api/v1/reports?limit=10"), 200) < Duration::from_secs(60));
    // The first client goes on reading, 600 bytes a second, until it is left.
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut bytes = [0; 60];
            while !stop.load(Ordering::Relaxed) && slow.read(&mut bytes).is_ok_and(|n| n > 0) {
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        eventually("the page is answered", || {
            exchange(target.address(), OTHER, &page).is_some_and(|answer| answer.status == 200)
        });
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn an_html_page_whose_reader_has_left_is_not_written_to_its_end() {
    let target = Target::start(10_000);
    // The service also works by itself now and then: one quiet attempt of three is a proof.
    let attempts = (0..3).map(|_| work_after_leaving(&target));
    let mut seen = Vec::new();
    for (further, whole) in attempts {
        if further < whole / 3 {
            return;
        }
        seen.push((further, whole));
    }
    panic!("after it had left, of the whole page: {seen:?}");
}

/// Processor time that goes on after the reader of a page has left, and that of the whole page.
fn work_after_leaving(target: &Target) -> (Duration, Duration) {
    settle(target);
    let page = get("/ogc/collections/reports/items?limit=10000&f=html");
    let before = target.processor_time();
    assert_eq!(exchange(target.address(), OTHER, &page).unwrap().status, 200);
    let whole = target.processor_time() - before;
    let before = target.processor_time();
    let mut reader = narrow_connection(target.address(), OTHER);
    reader.write_all(&page).unwrap();
    eventually("a part of the page is made", || target.processor_time() - before > whole / 4);
    drop(reader);
    let left = target.processor_time();
    // What goes on is seen by its processor time, until as much as the rest would take has passed.
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) && target.processor_time() - left < whole / 3 {
        std::thread::sleep(Duration::from_millis(50));
    }
    (target.processor_time() - left, whole)
}

/// Waits until the service has nothing to do.
fn settle(target: &Target) {
    let mut known = target.processor_time();
    eventually("the service is idle", || {
        std::thread::sleep(Duration::from_millis(500));
        let before = std::mem::replace(&mut known, target.processor_time());
        known - before < Duration::from_millis(20)
    });
}
